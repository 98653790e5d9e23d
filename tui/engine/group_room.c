/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_room.c — which devices a group has, and giving them our sender key. */
#include "tui/engine/group_room.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/peer_session.h"

#define ASK_AGAIN_MS 5000 /* after an error of the relay's */
#define NO_GROUP_MS  60000 /* it says that we are no member */

/* ---- the devices ------------------------------------------------------------- */

struct asking {
	struct engine *e;
	uint8_t group[STORE_ID_LEN];
};

static int
by_account_and_device(const void *a, const void *b)
{
	const struct room_place *x = a, *y = b;
	int c = memcmp(x->account, y->account, STORE_ID_LEN);

	return c != 0 ? c : (x->device > y->device) - (x->device < y->device);
}

static size_t
count_devices(const Sotto__Relay__GroupDevicesResponse *res)
{
	size_t i, n = 0;

	for (i = 0; i < res->n_accounts; i++)
		n += res->accounts[i]->n_devices;
	return n;
}

static int
take_devices(
    struct group_room *g, const Sotto__Relay__GroupDevicesResponse *res)
{
	const Sotto__Relay__AccountDevices *a;
	size_t i, k, n = count_devices(res);
	struct room_place *v;

	if (res->digest.len != sizeof(g->digest) || n > ROOM_DEVICES_MAX)
		return ERR_FORMAT;
	v = calloc(n + 1, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	for (i = n = 0; i < res->n_accounts; i++) {
		a = res->accounts[i];
		for (k = 0; k < a->n_devices; k++) {
			if (a->account_id.len != STORE_ID_LEN) {
				free(v);
				return ERR_FORMAT;
			}
			memcpy(v[n].account, a->account_id.data, STORE_ID_LEN);
			v[n].device = a->devices[k]->device_id;
			v[n++].registration_id = a->devices[k]->registration_id;
		}
	}
	qsort(v, n, sizeof(*v), by_account_and_device);
	free(g->places);
	g->places = v;
	g->n_places = n;
	g->version = res->version;
	memcpy(g->digest, res->digest.data, sizeof(g->digest));
	g->known = true;
	g->settled = false;
	g->n_without = 0;
	g->shown = g->total = 0;
	return 0;
}

static void
ask_later(struct engine *e, struct group_room *g, uint32_t ms)
{
	g->hold_until_ms = engine_now_ms() + ms;
	outbox_wake_in(e, ms);
}

static void
on_devices(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__GroupDevicesResponse *res;
	struct asking *a = ctx;
	struct engine *e = a->e;
	struct group_room *g = group_room_get(e, a->group);
	int r = reply->err;

	free(a);
	if (g == NULL)
		return;
	g->asking = false;
	if (r == 0) {
		res = sotto__relay__group_devices_response__unpack(
		    NULL, reply->len, reply->body);
		r = res == NULL ? ERR_FORMAT : take_devices(g, res);
		if (res != NULL)
			sotto__relay__group_devices_response__free_unpacked(
			    res, NULL);
	}
	if (r == 0)
		outbox_kick(e);
	else if (reply->from_relay || reply->err == 0)
		ask_later(e, g,
		    reply->retry_after_ms > 0 ? reply->retry_after_ms
		    : r == ERR_NOTFOUND	      ? NO_GROUP_MS
					      : ASK_AGAIN_MS);
}

static int
ask_group(struct engine *e, struct group_room *g, struct asking *a)
{
	Sotto__Relay__GroupDevicesRequest req =
	    SOTTO__RELAY__GROUP_DEVICES_REQUEST__INIT;

	req.group_id = (ProtobufCBinaryData){STORE_ID_LEN, g->id};
	return ask_relay(e, METHOD_GROUP_DEVICES, &req.base, on_devices, a);
}

static int
ask_audience(struct engine *e, struct group_room *g, struct asking *a)
{
	Sotto__Relay__AudienceDevicesRequest req =
	    SOTTO__RELAY__AUDIENCE_DEVICES_REQUEST__INIT;
	ProtobufCBinaryData *v = calloc(g->n_accounts + 1, sizeof(*v));
	size_t i;
	int r;

	if (v == NULL)
		return ERR_NOMEM;
	for (i = 0; i < g->n_accounts; i++)
		v[i] = (ProtobufCBinaryData){STORE_ID_LEN, g->accounts[i]};
	req.accounts = v;
	req.n_accounts = g->n_accounts;
	r = ask_relay(e, METHOD_AUDIENCE_DEVICES, &req.base, on_devices, a);
	free(v);
	return r;
}

void
group_room_ask(struct engine *e, struct group_room *g)
{
	struct asking *a;

	if (g->asking || engine_now_ms() < g->hold_until_ms)
		return;
	a = malloc(sizeof(*a));
	if (a == NULL)
		return; /* the next turn asks */
	a->e = e;
	memcpy(a->group, g->id, STORE_ID_LEN);
	g->asking =
	    (g->status ? ask_audience(e, g, a) : ask_group(e, g, a)) == 0;
	if (!g->asking)
		free(a);
}

/* ---- who lacks our key ------------------------------------------------------- */

static int
compare_given(const struct room_place *p, const struct store_given *v)
{
	int c = memcmp(p->account, v->account, STORE_ID_LEN);

	return c != 0 ? c : (p->device > v->device) - (p->device < v->device);
}

static int
compare_accounts(const void *a, const void *b)
{
	return memcmp(a, b, STORE_ID_LEN);
}

/* May this account have our key, whatever the relay says? */
static bool
is_member(const struct engine *e, const struct group_room *g,
    const struct group_view *v, const uint8_t *account)
{
	if (v != NULL)
		return group_public_find(&v->pub, account, NULL);
	return own_account(e, account) ||
	       (g->n_accounts > 0 &&
		   bsearch(account, g->accounts, g->n_accounts, STORE_ID_LEN,
		       compare_accounts) != NULL);
}

static bool
is_without(const struct group_room *g, const uint8_t *account)
{
	size_t i;

	for (i = 0; i < g->n_without; i++)
		if (memcmp(g->without[i], account, STORE_ID_LEN) == 0)
			return true;
	return false;
}

/* What there is to do. */
struct work {
	bool *lacks; /* of each place */
	size_t accounts; /* that lack it */
	bool stray; /* somebody has it who should not */
};

/* Both lists are in the same order. */
static void
compare_lists(struct engine *e, const struct group_room *g,
    const struct group_view *view, const struct store_given *v, size_t n,
    struct work *w)
{
	const struct room_place *p = g->places;
	const uint8_t *last = NULL;
	size_t i = 0, k = 0;
	bool ours, same;
	int c;

	if (p == NULL) { /* no devices: nobody should have it */
		w->stray = n > 0;
		return;
	}
	while (i < g->n_places || k < n) {
		c = i == g->n_places ? 1
		    : k == n	     ? -1
				     : compare_given(&p[i], &v[k]);
		if (c > 0) {
			w->stray = true; /* no device of the group any more */
			k++;
			continue;
		}
		ours = own_account(e, p[i].account) &&
		       p[i].device == e->self.device;
		same = c == 0 && p[i].registration_id == v[k].registration_id;
		if (c == 0 && (!same || !is_member(e, g, view, p[i].account)))
			w->stray = true;
		w->lacks[i] =
		    !same && !ours && is_member(e, g, view, p[i].account);
		if (w->lacks[i] && (last == NULL || memcmp(last, p[i].account,
							STORE_ID_LEN) != 0))
			w->accounts++;
		if (w->lacks[i])
			last = p[i].account;
		k += c == 0;
		i++;
	}
}

static int
look(struct engine *e, const struct group_room *g,
    const struct group_view *view, struct work *w)
{
	struct store_given *v = NULL;
	size_t n = 0;
	int r = store_given_list(e->store, g->id, &v, &n);

	if (r != 0)
		return r;
	*w = (struct work){.lacks = calloc(g->n_places + 1, sizeof(*w->lacks))};
	if (w->lacks == NULL)
		r = ERR_NOMEM;
	else
		compare_lists(e, g, view, v, n, w);
	free(v);
	return r;
}

/* Our key, and who lacks it; a new key when somebody has the old one who
 * should not. */
static int
look_and_rotate(struct engine *e, const struct group_room *g,
    const struct group_view *view, struct work *w)
{
	struct store_own_key k;
	int r = sender_keys_current(e, g->id, &k, NULL);

	if (r == 0)
		r = look(e, g, view, w);
	if (r != 0 || !w->stray)
		return r;
	free(w->lacks);
	w->lacks = NULL;
	r = store_own_key_delete(e->store, g->id);
	if (r == 0)
		r = sender_keys_current(e, g->id, &k, NULL);
	return r == 0 ? look(e, g, view, w) : r;
}

/* ---- giving it --------------------------------------------------------------- */

static size_t
fetching(const struct engine *e)
{
	size_t i, n = 0;

	for (i = 0; i < FETCHES_MAX; i++)
		n += e->fetches[i].used;
	return n;
}

/* Is there a session with this very device? */
static int
session_there(struct engine *e, const struct room_place *p, bool *yes)
{
	struct session_info info;
	struct store_device d;
	struct buf rec;
	int r = store_device_get(e->store, p->account, p->device, &d);

	*yes = false;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (!d.active || d.registration_id != p->registration_id)
		return 0;
	r = peer_session_get(e, p->account, p->device, &rec, &info);
	*yes = r == 0 && peer_session_usable(&info);
	buf_clear(&rec);
	return r;
}

/* The devices of one account, places[0..n). *ready: each has a session; else
 * their keys are fetched, when there is room for that. */
static int
sessions_there(struct engine *e, const struct group_room *g,
    const struct room_place *places, size_t n, bool *ready)
{
	uint32_t ids[127];
	size_t i, len = 0;
	bool yes;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		if (own_account(e, places[i].account) &&
		    places[i].device == e->self.device)
			continue;
		r = session_there(e, &places[i], &yes);
		if (r == 0 && !yes && len < ARRAY_LEN(ids))
			ids[len++] = places[i].device;
	}
	*ready = r == 0 && len == 0;
	if (r == 0 && len > 0 && fetching(e) < ROOM_FETCHES_MAX &&
	    engine_now_ms() >= g->hold_until_ms)
		keys_fetch_quietly(e, places[0].account, ids, len);
	return r;
}

static int
send_key(struct engine *e, const struct group_room *g,
    const struct room_place *places, size_t n, const struct buf *key)
{
	Sotto__Content__SenderKey sk = SOTTO__CONTENT__SENDER_KEY__INIT;
	const struct outbox_for whom = {.account = places[0].account};
	struct store_given given;
	struct draft d = {0};
	size_t i;
	int r;

	draft_init(&d);
	sk.distribution = (ProtobufCBinaryData){key->len, key->p};
	sk.status = g->status;
	if (!g->status)
		d.c.group_id = (ProtobufCBinaryData){
		    STORE_ID_LEN, (uint8_t *)(uintptr_t)g->id};
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_SENDER_KEY;
	d.c.sender_key = &sk;
	r = draft_send(e, &d, &whom);
	if (r == 0)
		r = store_outbox_find(e->store, d.id, &given.row);
	for (i = 0; r == 0 && i < n; i++) {
		if (own_account(e, places[i].account) &&
		    places[i].device == e->self.device)
			continue;
		memcpy(given.account, places[i].account, STORE_ID_LEN);
		given.device = places[i].device;
		given.registration_id = places[i].registration_id;
		r = store_given_put(e->store, g->id, &given);
	}
	return r;
}

static int
is_doubted(struct engine *e, const uint8_t *account, bool *yes)
{
	struct store_contact c;
	int r = store_contact_get(e->store, account, &c);

	*yes = r == 0 && c.trust == STORE_TRUST_CHANGED;
	return r == ERR_NOTFOUND ? 0 : r;
}

struct giving {
	struct buf key; /* the distribution message, once it is needed */
	size_t rows; /* on their way */
	size_t left; /* accounts that still lack it */
};

/* One account that lacks it. */
static int
give(struct engine *e, struct group_room *g, const struct room_place *places,
    size_t n, struct giving *gv)
{
	bool doubted, ready;
	int r = is_doubted(e, places[0].account, &doubted);

	if (r != 0)
		return r;
	if (doubted) {
		g->n_doubted++;
		return 0;
	}
	gv->left++;
	if (gv->rows >= ROOM_ROWS_MAX || uv_hrtime() >= e->slice_end_ns)
		return 0;
	r = sessions_there(e, g, places, n, &ready);
	if (r != 0 || !ready)
		return r;
	if (gv->key.len == 0)
		r = sender_keys_distribution(e, g->id, &gv->key);
	if (r == 0)
		r = send_key(e, g, places, n, &gv->key);
	gv->rows++;
	gv->left--;
	return r;
}

static int
give_all(struct engine *e, struct group_room *g, const struct work *w,
    struct giving *gv)
{
	const struct room_place *p = g->places;
	size_t i, end;
	bool lacks;
	int r = store_given_waiting(e->store, g->id, &gv->rows);

	g->n_doubted = 0;
	for (i = 0; r == 0 && p != NULL && i < g->n_places; i = end) {
		lacks = false;
		for (end = i;
		     end < g->n_places &&
		     memcmp(p[end].account, p[i].account, STORE_ID_LEN) == 0;
		     end++)
			lacks |= w->lacks[end];
		if (lacks && !is_without(g, p[i].account))
			r = give(e, g, p + i, end - i, gv);
	}
	return r;
}

static void
tell_progress(struct engine *e, struct group_room *g, size_t left)
{
	struct engine_event *ev;
	int64_t chat;

	if (left > g->total)
		g->total = (uint32_t)left;
	if (g->status || g->total < ROOM_SHOWN ||
	    group_chat(e, g->id, &chat) != 0)
		return;
	if (g->total - left == g->shown && left > 0)
		return;
	g->shown = g->total - (uint32_t)left;
	ev = event_new(e, EV_GROUP_KEYS, 0);
	if (ev == NULL)
		return;
	ev->chat = chat;
	ev->done = g->shown;
	ev->total = g->total;
	event_post(e, ev);
	if (left == 0)
		g->shown = g->total = 0;
}

static int
settle(struct engine *e, struct group_room *g, const struct group_view *v,
    struct giving *gv)
{
	struct work w = {.lacks = NULL};
	int r = look_and_rotate(e, g, v, &w);

	if (r == 0)
		r = give_all(e, g, &w, gv);
	free(w.lacks);
	return r;
}

int
group_room_settle(
    struct engine *e, struct group_room *g, const struct group_view *v)
{
	struct giving gv = {.rows = 0};
	int r;

	g->sliced = uv_hrtime() >= e->slice_end_ns;
	if (g->sliced) {
		outbox_wake(e);
		return 0;
	}
	buf_init(&gv.key, SENDER_KEY_DISTRIBUTION_MAX);
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, settle(e, g, v, &gv));
	buf_clear(&gv.key);
	if (r != 0)
		return r;
	g->settled = gv.left == 0 && gv.rows == 0;
	tell_progress(e, g, gv.left + gv.rows);
	g->sliced = gv.left > 0 && gv.rows < ROOM_ROWS_MAX &&
		    uv_hrtime() >= e->slice_end_ns;
	if (g->sliced)
		outbox_wake(e);
	return 0;
}

/* ---- those who cannot have it ------------------------------------------------ */

static void
add_without(struct group_room *g, const uint8_t account[static STORE_ID_LEN])
{
	uint8_t(*v)[STORE_ID_LEN];

	if (is_without(g, account))
		return;
	v = realloc(g->without, (g->n_without + 1) * sizeof(*v));
	if (v == NULL)
		return; /* it is tried again, and fails again */
	g->without = v;
	memcpy(v[g->n_without++], account, STORE_ID_LEN);
}

void
group_send_no_keys(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t retry_ms)
{
	struct group_room *g;

	for (g = e->rooms; g != NULL; g = g->next) {
		if (retry_ms == 0)
			add_without(g, account);
		else if (!g->settled)
			g->hold_until_ms = engine_now_ms() + retry_ms;
	}
	outbox_wake_in(e, retry_ms);
}

int
group_send_row_failed(
    struct engine *e, int64_t row, const uint8_t account[static STORE_ID_LEN])
{
	uint8_t group[STORE_ID_LEN];
	struct group_room *g;
	int r = store_given_drop_row(e->store, row, group);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	g = group_room_get(e, group);
	if (g == NULL)
		return ERR_NOMEM;
	add_without(g, account);
	return 0;
}

int
group_send_key_lost(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device)
{
	struct group_room *g = group_room_get(e, group);

	if (g == NULL)
		return ERR_NOMEM;
	g->settled = false;
	return store_given_drop(e->store, group, account, device);
}

int
group_keys_rotate(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    enum group_rotate why)
{
	struct group_room *g = group_room_get(e, group);

	(void)why;
	if (g == NULL)
		return ERR_NOMEM;
	g->known = g->settled = false;
	return store_own_key_delete(e->store, group);
}
