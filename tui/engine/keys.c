/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.c — other people's pre-key bundles: fetched, checked against the signed
 * device list, turned into sessions. A relay that adds, swaps or rolls back a
 * device is refused here. docs/protocol.md §7.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/devices.h"
#include "tui/engine/group_send.h"
#include "tui/engine/peer_session.h"

#define KEYS_REFUSED_MS 60000 /* then it is tried again */
#define KEYS_AGAIN_MS	5000 /* where a relay names no time */
#define KEYS_SLICE_NS	(4ull * 1000 * 1000) /* of one turn of the loop */

bool
keys_fetching(
    const struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	size_t i;

	for (i = 0; i < FETCHES_MAX; i++)
		if (e->fetches[i].used &&
		    memcmp(e->fetches[i].account, account, STORE_ID_LEN) == 0)
			return true;
	return false;
}

/* ---- reading a bundle ------------------------------------------------------------ */

static int
copy_signature(uint8_t out[static SIGNATURE_LEN], const ProtobufCBinaryData *b)
{
	if (b->len != SIGNATURE_LEN)
		return ERR_FORMAT;
	memcpy(out, b->data, SIGNATURE_LEN);
	return 0;
}

static int
read_bundle(struct pre_key_bundle *b, const Sotto__Relay__PreKeyBundle *m)
{
	const Sotto__Relay__SignedPreKey *s = m->signed_pre_key;
	const Sotto__Relay__OneTimePreKey *o = m->one_time_pre_key;
	const Sotto__Relay__KyberPreKey *k = m->kyber_pre_key;
	int r;

	*b = (struct pre_key_bundle){.registration_id = m->registration_id};
	if (s == NULL)
		return ERR_FORMAT;
	r = identity_pk_get(
	    &b->identity, m->identity_key.data, m->identity_key.len);
	if (r == 0)
		r = ec_pk_get(
		    &b->signed_key, s->public_key.data, s->public_key.len);
	if (r == 0)
		r = copy_signature(b->signed_sig, &s->signature);
	b->signed_id = s->id;
	if (r == 0 && o != NULL) {
		r = ec_pk_get(
		    &b->one_time, o->public_key.data, o->public_key.len);
		b->has_one_time = true;
		b->one_time_id = o->id;
	}
	if (r == 0 && k != NULL) {
		r = kem_pk_get(
		    &b->kyber, k->public_key.data, k->public_key.len);
		if (r == 0)
			r = copy_signature(b->kyber_sig, &k->signature);
		b->has_kyber = true;
		b->kyber_id = k->id;
	}
	return r;
}

/* ---- the device list ------------------------------------------------------------- */

static const Sotto__Relay__PreKeyBundle *
bundle_of(const Sotto__Relay__GetKeysResponse *res, uint32_t device)
{
	size_t i;

	for (i = 0; i < res->n_bundles; i++)
		if (res->bundles[i]->device_id == device)
			return res->bundles[i];
	return NULL;
}

/*
 * The list that holds for this answer. Between registering and publishing it
 * an account has none: then only its primary may be there.
 */
static int
list_of(struct devicelist *l, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Relay__GetKeysResponse *res)
{
	const Sotto__Relay__PreKeyBundle *b;

	if (res->device_list.len > 0)
		return devicelist_open(
		    l, account, res->device_list.data, res->device_list.len);
	b = bundle_of(res, DEVICELIST_PRIMARY);
	if (b == NULL || res->n_bundles != 1)
		return ERR_AUTH;
	*l = (struct devicelist){.n = 1};
	memcpy(l->account, account, STORE_ID_LEN);
	l->v[0].device = DEVICELIST_PRIMARY;
	return identity_pk_get(
	    &l->v[0].identity, b->identity_key.data, b->identity_key.len);
}

/* Every device the relay names must be vouched for, with this very key. */
static int
check_bundles(
    const struct devicelist *l, const Sotto__Relay__GetKeysResponse *res)
{
	const struct devicelist_entry *d;
	struct identity_pk key;
	size_t i;

	for (i = 0; i < res->n_bundles; i++) {
		d = devicelist_find(l, res->bundles[i]->device_id);
		if (d == NULL ||
		    identity_pk_get(&key, res->bundles[i]->identity_key.data,
			res->bundles[i]->identity_key.len) != 0 ||
		    !identity_pk_equal(&key, &d->identity))
			return ERR_AUTH;
	}
	for (i = 0; i < res->n_device_ids; i++)
		if (devicelist_find(l, res->device_ids[i]) == NULL)
			return ERR_AUTH;
	return 0;
}

/* ---- sessions ----------------------------------------------------------------------- */

/* The device's row, for the keys it has now. */
static int
save_device(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const struct pre_key_bundle *b)
{
	struct store_device d = {.device = device,
	    .registration_id = b->registration_id,
	    .active = true,
	    .added_ms = engine_now_ms()};
	struct store_device old;
	int r = store_device_get(e->store, account, device, &old);

	memcpy(d.account, account, STORE_ID_LEN);
	identity_pk_put(d.identity, &b->identity);
	if (r == 0 && memcmp(old.identity, d.identity, STORE_PUB_LEN) == 0)
		d.added_ms = old.added_ms;
	return r == 0 || r == ERR_NOTFOUND ? store_device_put(e->store, &d) : r;
}

static int
start_session(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Relay__PreKeyBundle *m)
{
	struct signal_local local = engine_local(e);
	struct session_info info;
	struct pre_key_bundle b;
	struct buf rec, out;
	int r = read_bundle(&b, m);

	if (r != 0)
		return r;
	r = peer_session_get(e, account, m->device_id, &rec, &info);
	if (r != 0)
		return r;
	r = session_start(&local, rec.p, rec.len, &b, &out);
	buf_clear(&rec);
	if (r != 0)
		return r;
	r = peer_session_put(e, account, m->device_id, &out);
	buf_clear(&out);
	return r == 0 ? save_device(e, account, m->device_id, &b) : r;
}

/* Devices we knew that the list has no more get nothing from now on. */
static int
retire_devices(struct engine *e, const struct devicelist *l)
{
	struct store_device *v = NULL;
	size_t i, n = 0;
	int r = store_device_list(e->store, l->account, &v, &n);

	for (i = 0; r == 0 && i < n; i++) {
		if (!v[i].active || devicelist_find(l, v[i].device) != NULL)
			continue;
		v[i].active = false;
		r = store_device_put(e->store, &v[i]);
	}
	free(v);
	return r;
}

/* The list that we have of an account. ERR_NOTFOUND. */
static int
known_list(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    struct devicelist *l)
{
	uint8_t *p = NULL;
	size_t len = 0;
	int r = store_contact_get_device_list(e->store, account, &p, &len);

	if (r == 0)
		r = devicelist_open(l, account, p, len);
	free(p);
	return r;
}

/* A calm line, where there is a conversation and a device has come to those
 * that were there. */
static int
note_added(struct engine *e, const struct devicelist *l)
{
	struct devicelist before;
	int64_t chat;
	size_t i, added = 0;
	int r = known_list(e, l->account, &before);

	for (i = 0; r == 0 && i < l->n; i++)
		added += devicelist_find(&before, l->v[i].device) == NULL;
	if (r == 0 && added > 0)
		r = store_chat_find(
		    e->store, STORE_CHAT_PERSON, l->account, &chat);
	if (r == 0 && added > 0)
		r = note_add(e, chat, STORE_MSG_NOTE,
		    added == 1 ? "They have added a device."
			       : "They have added devices.");
	/* no list before, or no conversation: nothing to tell */
	return r == ERR_NOTFOUND || r == ERR_AUTH || r == ERR_FORMAT ? 0 : r;
}

static int
remember_list(struct engine *e, struct store_contact *c,
    const struct devicelist *l, const Sotto__Relay__GetKeysResponse *res)
{
	int r;

	if (res->device_list.len == 0)
		return 0;
	if (own_account(e, c->account))
		r = devices_take(e, l);
	else
		r = l->version > c->list_version ? note_added(e, l) : 0;
	if (r != 0)
		return r;
	c->list_version = l->version;
	return store_contact_put_device_list(e->store, c->account, l->version,
	    res->device_list.data, res->device_list.len);
}

/* Whoever signed the list: a new key of theirs is told, another one than our
 * own primary's is refused. */
static int
check_primary(
    struct engine *e, struct store_contact *c, const struct devicelist *l)
{
	const struct identity_pk *pk =
	    &devicelist_find(l, DEVICELIST_PRIMARY)->identity;
	struct identity_pk ours;
	int r;

	if (!own_account(e, c->account))
		return contact_identity(e, c, pk);
	r = devices_primary(e, &ours);
	return r != 0 ? r : identity_pk_equal(pk, &ours) ? 0 : ERR_AUTH;
}

static int
take_keys(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Relay__GetKeysResponse *res)
{
	struct store_contact c;
	struct devicelist l;
	size_t i;
	int r = list_of(&l, account, res);

	if (r == 0)
		r = check_bundles(&l, res);
	if (r == 0)
		r = contact_ensure(e, account, NULL, NULL, &c);
	if (r != 0)
		return r;
	if (l.version < c.list_version)
		return ERR_AUTH; /* rolled back */
	r = check_primary(e, &c, &l);
	if (r == 0)
		r = remember_list(e, &c, &l, res);
	if (r == 0)
		r = retire_devices(e, &l);
	for (i = 0; r == 0 && i < res->n_bundles; i++)
		r = start_session(e, account, res->bundles[i]);
	return r;
}

static bool
names(const Sotto__Relay__GetKeysResponse *res, uint32_t device)
{
	size_t i;

	for (i = 0; i < res->n_device_ids; i++)
		if (res->device_ids[i] == device)
			return true;
	return false;
}

/*
 * Devices that the relay says are gone while the list, the newest that it has,
 * still names them: hidden, or removed a moment ago. Told once for each, and
 * forgotten: should the relay name it again, it gets messages again.
 */
static int
note_hidden(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Relay__GetKeysResponse *res)
{
	struct store_device d;
	struct devicelist l;
	int64_t chat;
	size_t i, hidden = 0;
	int r = known_list(e, account, &l);

	for (i = 0; r == 0 && i < l.n; i++) {
		if (names(res, l.v[i].device) ||
		    store_device_get(e->store, account, l.v[i].device, &d) !=
			0 ||
		    d.active)
			continue;
		r = store_device_delete(e->store, account, d.device);
		hidden++;
	}
	if (r == 0 && hidden > 0)
		r = store_chat_find(
		    e->store, STORE_CHAT_PERSON, account, &chat);
	if (r == 0 && hidden > 0)
		r = note_add(e, chat, STORE_MSG_NOTE,
		    "Warning: the relay says that a device of theirs is gone, "
		    "but they have not removed it. What you write does not "
		    "reach it. If this stays so, ask them.");
	return r == ERR_NOTFOUND || r == ERR_AUTH || r == ERR_FORMAT ? 0 : r;
}

/* The list with the names of all devices, in a transaction. */
static int
take_list(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Relay__GetKeysResponse *res)
{
	int r = take_keys(e, account, res);

	return r != 0 || own_account(e, account) ? r
						 : note_hidden(e, account, res);
}

/* ---- asking -------------------------------------------------------------------------- */

static void
keys_refused(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    int err, uint32_t retry_ms)
{
	if (own_account(e, account) && err == ERR_AUTH) {
		reply_error(e, 0, err,
		    "The relay shows devices of your account that your first "
		    "device has not signed. Nothing is sent to them.");
		outbox_hold(e, KEYS_REFUSED_MS);
	} else if (err == ERR_NOTFOUND)
		outbox_account_gone(e, account,
		    "They have left this relay: the message was not sent.");
	else if (err == ERR_AUTH || err == ERR_FORMAT)
		outbox_account_gone(e, account,
		    "The relay offers keys for them that do not check out, so "
		    "nothing was sent. If it happens again, ask them to "
		    "compare safety numbers with you in person.");
	else
		outbox_hold(e, retry_ms);
}

/* Their keys cannot be had, or not now; a group does without. */
static void
group_keys_refused(
    struct engine *e, const struct fetch *f, int err, uint32_t retry_ms)
{
	const bool never = err == 0 || err == ERR_NOTFOUND || err == ERR_AUTH ||
			   err == ERR_FORMAT;

	group_send_no_keys(e, f->account,
	    never	   ? 0
	    : retry_ms > 0 ? retry_ms
			   : KEYS_AGAIN_MS);
}

/* The answer to one, taken or not. */
static void
fetched(struct fetch *f, int r, uint32_t retry_ms)
{
	struct engine *e = f->e;

	f->used = false;
	if (f->quiet && (r != 0 || (f->asked > 0 && !f->had)))
		group_keys_refused(e, f, r, retry_ms);
	else if (r != 0)
		keys_refused(e, f->account, r, retry_ms);
	else if (f->asked > 0 && !f->had)
		outbox_hold(e, 0); /* those devices have none to give */
	else
		outbox_kick(e);
}

/* In a transaction. */
static int
take_answer(struct fetch *f)
{
	Sotto__Relay__GetKeysResponse *res =
	    sotto__relay__get_keys_response__unpack(
		NULL, f->answer.len, f->answer.p);
	int r;

	if (res == NULL)
		return ERR_FORMAT;
	f->had = res->n_bundles > 0;
	r = take_keys(f->e, f->account, res);
	sotto__relay__get_keys_response__free_unpacked(res, NULL);
	return r;
}

static void
take_alone(struct fetch *f)
{
	int r = txn_begin(f->e);

	if (r == 0)
		r = txn_end(f->e, take_answer(f));
	buf_clear(&f->answer);
	fetched(f, r, 0);
}

/* All that have come, or as many as fit into a slice of time, share a
 * transaction. Its result; *n: how many there were. */
static int
take_together(
    struct engine *e, struct fetch *took[static FETCHES_MAX], size_t *n)
{
	const uint64_t end_ns = uv_hrtime() + KEYS_SLICE_NS;
	size_t i;
	int r = txn_begin(e);

	*n = 0;
	if (r != 0)
		return r;
	for (i = 0; r == 0 && i < FETCHES_MAX; i++) {
		if (e->fetches[i].answer.len == 0)
			continue;
		if (*n > 0 && uv_hrtime() >= end_ns)
			break;
		took[(*n)++] = &e->fetches[i];
		r = take_answer(&e->fetches[i]);
	}
	return txn_end(e, r);
}

void
keys_turn(struct engine *e)
{
	struct fetch *took[FETCHES_MAX];
	size_t i, n = 0;
	int r;

	for (i = 0; i < FETCHES_MAX; i++)
		n += e->fetches[i].answer.len > 0;
	if (n == 0 || e->failed)
		return;
	r = take_together(e, took, &n);
	for (i = 0; i < n && !e->failed; i++) {
		if (r != 0) { /* which of them was it? */
			take_alone(took[i]);
			continue;
		}
		buf_clear(&took[i]->answer);
		fetched(took[i], 0, 0);
	}
	outbox_wake(e); /* there may be more */
}

void
keys_lock(struct engine *e)
{
	size_t i;

	for (i = 0; i < FETCHES_MAX; i++) {
		buf_clear(&e->fetches[i].answer);
		e->fetches[i].used = false;
	}
}

/* A relay may answer many at once: they are taken turn by turn. */
static void
on_keys(void *ctx, const struct link_reply *reply)
{
	struct fetch *f = ctx;
	int r = reply->err;

	if (r != 0 && !reply->from_relay) {
		f->used = false;
		return; /* asked again when the connection is back */
	}
	if (r == 0) {
		buf_init(&f->answer, FRAME_BODY_MAX);
		r = reply->len == 0
			? ERR_FORMAT
			: buf_put(&f->answer, reply->body, reply->len);
	}
	if (r == 0)
		outbox_wake(f->e);
	else
		fetched(f, r, reply->retry_after_ms);
}

void
keys_fetch(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const uint32_t *ids, size_t n)
{
	Sotto__Relay__GetKeysRequest req = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;
	uint32_t want[2 * 127];
	struct fetch *f = NULL;
	size_t i;

	if (keys_fetching(e, account))
		return;
	for (i = 0; i < FETCHES_MAX && f == NULL; i++)
		if (!e->fetches[i].used)
			f = &e->fetches[i];
	if (f == NULL || n > ARRAY_LEN(want))
		return; /* the outbox asks again at its next turn */
	f->e = e;
	memcpy(f->account, account, STORE_ID_LEN);
	req.account_id = (ProtobufCBinaryData){STORE_ID_LEN, f->account};
	for (i = 0; i < n; i++)
		want[i] = ids[i];
	req.device_ids = want;
	req.n_device_ids = n;
	f->asked = n;
	f->quiet = false;
	f->used = ask_relay(e, METHOD_GET_KEYS, &req.base, on_keys, f) == 0;
}

void
keys_fetch_quietly(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const uint32_t *ids, size_t n)
{
	size_t i;

	if (keys_fetching(e, account))
		return;
	keys_fetch(e, account, ids, n);
	for (i = 0; i < FETCHES_MAX; i++)
		if (e->fetches[i].used &&
		    memcmp(e->fetches[i].account, account, STORE_ID_LEN) == 0)
			e->fetches[i].quiet = true;
}

/* ---- the list alone ------------------------------------------------------------------ */

struct list_fetch {
	struct engine *e;
	keys_list_fn *done;
	uint8_t account[STORE_ID_LEN];
};

static void
on_list(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__GetKeysResponse *res = NULL;
	struct list_fetch *f = ctx;
	struct engine *e = f->e;
	int r = reply->err;

	if (r == 0) {
		res = sotto__relay__get_keys_response__unpack(
		    NULL, reply->len, reply->body);
		r = res == NULL ? ERR_FORMAT : txn_begin(e);
	}
	if (res != NULL) {
		if (r == 0 && res->device_list.len > 0)
			r = txn_end(e, take_list(e, f->account, res));
		else if (r == 0)
			r = txn_end(e, 0);
		sotto__relay__get_keys_response__free_unpacked(res, NULL);
	}
	if (r == ERR_AUTH && own_account(e, f->account))
		keys_refused(e, f->account, r, 0);
	if (f->done != NULL)
		f->done(e, r);
	free(f);
}

int
keys_fetch_list(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    keys_list_fn *done)
{
	Sotto__Relay__GetKeysRequest req = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;
	struct list_fetch *f = calloc(1, sizeof(*f));
	int r;

	if (f == NULL)
		return ERR_NOMEM;
	f->e = e;
	f->done = done;
	memcpy(f->account, account, STORE_ID_LEN);
	req.account_id = (ProtobufCBinaryData){STORE_ID_LEN, f->account};
	req.list_only = true;
	r = ask_relay(e, METHOD_GET_KEYS, &req.base, on_list, f);
	if (r != 0)
		free(f);
	return r;
}

/* ---- who a message is from ------------------------------------------------------------ */

static int
listed(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const struct identity_pk *identity)
{
	const struct devicelist_entry *v;
	struct devicelist l;
	int r = known_list(e, account, &l);

	if (r != 0)
		return r == ERR_AUTH || r == ERR_FORMAT ? ERR_NOTFOUND : r;
	v = devicelist_find(&l, device);
	return v != NULL && identity_pk_equal(&v->identity, identity)
		   ? 0
		   : ERR_NOTFOUND;
}

int
keys_vouched(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const struct identity_pk *identity)
{
	uint8_t key[STORE_PUB_LEN];
	struct identity_pk ours;
	struct store_device d;
	int r;

	if (device == DEVICELIST_PRIMARY) {
		if (!own_account(e, account))
			return 0;
		r = devices_primary(e, &ours);
		return r == 0 && identity_pk_equal(&ours, identity) ? 0
								    : ERR_AUTH;
	}
	identity_pk_put(key, identity);
	r = store_device_get(e->store, account, device, &d);
	if (r == 0 && memcmp(d.identity, key, sizeof(key)) == 0)
		return d.active ? 0 : ERR_AUTH; /* it was removed */
	return r == 0 || r == ERR_NOTFOUND
		   ? listed(e, account, device, identity)
		   : r;
}

int
keys_of_device(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	const struct devicelist_entry *v;
	struct devicelist l;
	int r = own_account(e, account) ? devices_list(e, &l)
					: known_list(e, account, &l);

	if (r == ERR_AUTH || r == ERR_FORMAT)
		r = ERR_NOTFOUND;
	if (r != 0)
		return r == ERR_NOTFOUND ? ERR_BUSY : r;
	v = devicelist_find(&l, device);
	if (v != NULL)
		*out = v->identity;
	return v != NULL		   ? 0
	       : l.version >= list_version ? ERR_NOTFOUND
					   : ERR_BUSY;
}
