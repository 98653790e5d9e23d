/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status_send.c — posts on their way out, and the views of those of others. */
#include <stdlib.h>
#include <string.h>

#include "common/proto/frame.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group_room.h"
#include "tui/engine/repair.h"
#include "tui/engine/status.h"
#include "tui/store/store_sent.h"

#define AGAIN_MS 5000 /* after an error of ours */

/* ---- a new row ----------------------------------------------------------------- */

static int
bytes_dup(ProtobufCBinaryData *out, const void *p, size_t len)
{
	out->data = malloc(len + 1);
	if (out->data == NULL)
		return ERR_NOMEM;
	memcpy(out->data, p, len);
	out->len = len;
	return 0;
}

static int
fill(Sotto__Content__Outgoing *o, const Sotto__Content__Content *c,
    const uint8_t (*to)[STORE_ID_LEN], size_t n)
{
	struct buf b;
	int r;

	o->status = true;
	buf_init(&b, CONTENT_MAX);
	r = content_seal(&b, c);
	if (r == 0)
		r = bytes_dup(&o->content, b.p, b.len);
	buf_clear(&b);
	if (r != 0 || n == 0)
		return r;
	o->status_to = calloc(n, sizeof(*o->status_to));
	if (o->status_to == NULL)
		return ERR_NOMEM;
	for (; r == 0 && o->n_status_to < n; o->n_status_to++)
		r = bytes_dup(&o->status_to[o->n_status_to], to[o->n_status_to],
		    STORE_ID_LEN);
	return r;
}

int
status_send_add(struct engine *e, const Sotto__Content__Content *c,
    const uint8_t (*to)[STORE_ID_LEN], size_t n)
{
	Sotto__Content__Outgoing *o = malloc(sizeof(*o));
	struct store_outgoing row = {
	    .line = STORE_LINE_STATUS, .created_ms = engine_now_ms()};
	struct buf b;
	int64_t id;
	int r;

	if (o == NULL)
		return ERR_NOMEM;
	sotto__content__outgoing__init(o);
	buf_init(&b, FRAME_BODY_MAX);
	r = fill(o, c, to, n);
	if (r == 0)
		r = pack_into(&b, &o->base);
	if (r == 0) {
		memcpy(row.message_id, c->message_id.data, STORE_ID_LEN);
		row.request = b.p;
		row.len = b.len;
		r = store_outbox_add(e->store, &row, &id);
	}
	buf_clear(&b);
	sotto__content__outgoing__free_unpacked(o, NULL);
	return r;
}

/* ---- a row on its way out -------------------------------------------------------- */

struct people {
	uint8_t (*v)[STORE_ID_LEN]; /* ascending; heap */
	size_t n;
};

/* Whom this row is for: a post by what the store says now, the end of one by
 * what it said then. */
static int
people_of(struct engine *e, const struct store_outgoing *row,
    const Sotto__Content__Outgoing *o, struct people *out)
{
	int64_t id;
	size_t i;
	int r =
	    store_status_find(e->store, e->self.account, row->message_id, &id);

	*out = (struct people){.n = 0};
	if (r == 0)
		return store_status_audience(e->store, id, &out->v, &out->n);
	if (r != ERR_NOTFOUND)
		return r;
	out->v = calloc(o->n_status_to + 1, sizeof(*out->v));
	if (out->v == NULL)
		return ERR_NOMEM;
	for (i = 0; i < o->n_status_to; i++)
		if (o->status_to[i].len == STORE_ID_LEN)
			memcpy(out->v[out->n++], o->status_to[i].data,
			    STORE_ID_LEN);
	return 0;
}

static struct group_room *
room_of(struct engine *e)
{
	struct group_room *g = group_room_get(e, store_status_list);

	if (g != NULL)
		g->status = true;
	return g;
}

/* The room is for these from now on. What is given, asked and settled for
 * others says nothing about them. */
static void
move_in(struct group_room *g, struct people *p)
{
	if (g->n_accounts == p->n &&
	    (p->n == 0 ||
		memcmp(g->accounts, p->v, p->n * sizeof(*p->v)) == 0)) {
		free(p->v);
		return;
	}
	free(g->accounts);
	g->accounts = p->v;
	g->n_accounts = p->n;
	g->known = g->settled = false;
}

static int
ready_now(struct engine *e, struct group_room *g, int64_t row,
    Sotto__Content__Outgoing *o, bool *ready)
{
	int r = 0;

	if (!g->known) {
		group_room_ask(e, g);
		return 0;
	}
	if (!g->settled)
		r = group_room_settle(e, g, NULL);
	return r == 0 && g->settled ? group_room_seal(e, g, row, o, NULL, ready)
				    : r;
}

int
status_send_ready(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, bool *ready)
{
	struct group_room *g = room_of(e);
	struct people p;
	int r;

	*ready = false;
	if (g == NULL)
		return ERR_NOMEM;
	/* One audience at a time: while the relay is asked for this one, a
	 * post for another one waits. */
	if (g->asking || engine_now_ms() < g->hold_until_ms) {
		g->wanted = true;
		return 0;
	}
	r = people_of(e, row, o, &p);
	if (r != 0)
		return r;
	move_in(g, &p);
	r = ready_now(e, g, row->id, o, ready);
	g->wanted = r == 0 && !*ready;
	return r;
}

int
status_send_request(struct engine *e, const struct store_outgoing *row,
    const Sotto__Content__Outgoing *o, struct buf *out)
{
	Sotto__Relay__SendStatusRequest req =
	    SOTTO__RELAY__SEND_STATUS_REQUEST__INIT;
	struct group_room *g = room_of(e);
	ProtobufCBinaryData *v;
	size_t i;
	int r;

	if (g == NULL)
		return ERR_NOMEM;
	v = calloc(g->n_accounts + 1, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	for (i = 0; i < g->n_accounts; i++)
		v[i] = (ProtobufCBinaryData){STORE_ID_LEN, g->accounts[i]};
	req.message_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)row->message_id};
	req.accounts = v;
	req.n_accounts = g->n_accounts;
	req.devices_digest =
	    (ProtobufCBinaryData){sizeof(g->digest), g->digest};
	req.type = SIGNAL_SENDER_KEY_MESSAGE;
	req.ciphertext = o->ciphertext;
	r = pack_into(out, &req.base);
	free(v);
	return r;
}

int
status_send_stale(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, const Sotto__Relay__SendGroupResponse *res)
{
	struct group_room *g = room_of(e);

	return g == NULL ? ERR_NOMEM : group_room_stale(e, g, row->id, o, res);
}

void
status_send_hold(struct engine *e, uint32_t ms)
{
	struct group_room *g = room_of(e);

	if (g == NULL)
		return;
	g->hold_until_ms = engine_now_ms() + (ms > 0 ? ms : AGAIN_MS);
	g->wanted = true;
	outbox_wake_in(e, g->hold_until_ms - engine_now_ms());
}

int
status_send_ended(struct engine *e, const struct store_outgoing *row,
    enum store_status_state state)
{
	struct store_status st = {.id = 0};
	bool moved = false;
	int64_t id;
	int r =
	    store_status_find(e->store, e->self.account, row->message_id, &id);

	if (r != 0) /* the end of a post; or it is over by now */
		return r == ERR_NOTFOUND ? 0 : r;
	r = store_status_set_state(e->store, id, state, &moved);
	if (r != 0 || !moved)
		return r;
	if (state == STORE_STATUS_SENT) {
		r = store_status_get(e->store, id, &st);
		if (r == 0)
			r = status_sync_sent(e, &st);
		store_status_clear(&st);
	}
	return r == 0 ? status_changed(e, id) : r;
}

/* ---- again ------------------------------------------------------------------------- */

/* What is asked for: a post, or what ended one. */
struct asked {
	int64_t post; /* 0: an end */
	uint64_t sent_ms;
	bool theirs; /* it went to them */
	struct buf content;
};

static int
post_again(struct engine *e, const struct repair_from *from, struct asked *a)
{
	Sotto__Content__StatusPost p = SOTTO__CONTENT__STATUS_POST__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	struct store_status st;
	struct draft d = {0};
	int r = store_status_get(e->store, a->post, &st);

	if (r != 0)
		return r;
	a->sent_ms = st.posted_ms;
	a->theirs = own_account(e, from->account);
	if (!a->theirs)
		r = store_status_audience_has(
		    e->store, a->post, from->account, &a->theirs);
	draft_init(&d);
	memcpy(d.id, st.message_id, sizeof(d.id));
	d.c.sent_ms = st.posted_ms;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_POST;
	s.post = &p;
	p.kind = st.kind;
	p.text = st.text;
	if (r == 0)
		r = content_seal(&a->content, &d.c);
	store_status_clear(&st);
	return r;
}

/* That a post is no more says nothing to whom it did not go. */
static int
end_again(struct engine *e, const uint8_t *id, struct asked *a)
{
	struct store_sent row;
	int r = store_sent_get(e->store, id, store_status_list, &row);

	if (r != 0)
		return r;
	a->sent_ms = row.sent_ms;
	a->theirs = true;
	r = buf_put(&a->content, row.content, row.len);
	store_sent_clear(&row);
	return r;
}

static int
send_again(struct engine *e, const struct repair_from *from, const uint8_t *id,
    const struct asked *a)
{
	const struct outbox_for to = {.account = from->account};
	uint8_t wire[STORE_ID_LEN];
	uint32_t times = 0;
	bool yes = false;
	int r = repair_may_have(e, from, a->sent_ms, &yes);

	if (r == 0 && yes)
		r = store_again_get(
		    e->store, id, from->account, from->device, &times);
	if (r != 0 || !yes || times >= REPAIR_RESENDS_MAX)
		return r;
	repair_wire_id(wire, id, times + 1);
	if (repair_under_way(e, wire))
		return 0;
	r = store_again_add(
	    e->store, id, from->account, from->device, engine_now_ms());
	/* What they could not open the next one they can. */
	if (r == 0)
		r = group_send_key_lost(
		    e, store_status_list, from->account, from->device);
	return r == 0 ? outbox_add(e, &to, &a->content, wire) : r;
}

int
status_send_asked(struct engine *e, const struct repair_from *from,
    const uint8_t message_id[static STORE_ID_LEN], bool *ours)
{
	struct asked a = {.post = 0};
	int r =
	    store_status_find(e->store, e->self.account, message_id, &a.post);

	buf_init(&a.content, CONTENT_MAX);
	if (r == 0)
		r = post_again(e, from, &a);
	else if (r == ERR_NOTFOUND)
		r = end_again(e, message_id, &a);
	*ours = r == 0;
	if (r == 0 && a.theirs)
		r = send_again(e, from, message_id, &a);
	buf_clear(&a.content);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* ---- views -------------------------------------------------------------------------- */

static int
tell_views(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint8_t (*ids)[STORE_ID_LEN], size_t n)
{
	Sotto__Content__StatusSeen seen = SOTTO__CONTENT__STATUS_SEEN__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	const struct outbox_for whom = {
	    .account = account, .line = STORE_LINE_VIEW};
	ProtobufCBinaryData v[STORE_STATUS_VIEW_IDS];
	struct draft d = {0};
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = (ProtobufCBinaryData){STORE_ID_LEN, ids[i]};
	draft_init(&d);
	seen.message_ids = v;
	seen.n_message_ids = n;
	seen.when_ms = d.c.sent_ms;
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_SEEN;
	s.seen = &seen;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	return draft_send(e, &d, &whom);
}

static int
flush_one(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	uint8_t ids[STORE_STATUS_VIEW_IDS][STORE_ID_LEN];
	size_t n;
	int r = store_status_take_owed(
	    e->store, account, ids, STORE_STATUS_VIEW_IDS, &n);

	return r == 0 && n > 0 ? tell_views(e, account, ids, n) : r;
}

uint64_t
status_flush(struct engine *e)
{
	uint8_t account[STORE_ID_LEN];
	int r;

	while (!e->failed && store_status_owed(e->store, account) == 0) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, flush_one(e, account));
		if (r != 0)
			return AGAIN_MS;
	}
	return 0;
}
