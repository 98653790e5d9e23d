/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/proto/content.pb-c.h"
#include "relay/keys/keys.h"
#include "relay/keys/upload.h"
#include "relay/session/task.h"

/* ---- LOOKUP -------------------------------------------------------------------------- */

static void
answer_lookup(struct conn *c, const struct task *t)
{
	Sotto__Relay__LookupResponse resp = SOTTO__RELAY__LOOKUP_RESPONSE__INIT;
	Sotto__Relay__LookupResponse__Entry v[STORE_LOOKUP_MAX];
	Sotto__Relay__LookupResponse__Entry *ptr[STORE_LOOKUP_MAX];
	size_t i;

	for (i = 0; i < t->u.lookup.n; i++) {
		struct store_lookup *l = &t->u.lookup.v[i];
		Sotto__Relay__LookupResponse__Entry *e = &v[resp.n_entries];

		if (!l->found)
			continue;
		sotto__relay__lookup_response__entry__init(e);
		e->phone = l->phone;
		e->account_id = pb_view(l->account.b, sizeof(l->account.b));
		ptr[resp.n_entries++] = e;
	}
	resp.entries = ptr;
	conn_reply(c, &t->rq, &resp.base);
}

static void
on_looked_up(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	answer_lookup(c, t);
	task_free(t);
}

void
on_lookup_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__LookupRequest *req = (const void *)msg;
	struct store_lookup *v;
	struct task *t;
	size_t i;

	if (req->n_phones == 0 || req->n_phones > STORE_LOOKUP_MAX) {
		conn_refuse(
		    c, rq, ERR_RANGE, "1 to 256 phone numbers, please", 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_LOOKUP, (uint32_t)req->n_phones) != 0)
		return;
	t = task_new(c, rq, STORE_LOOKUP, on_looked_up);
	if (t == NULL)
		return;
	v = t->block = calloc(req->n_phones, sizeof(*v));
	if (v == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		task_free(t);
		return;
	}
	/* What is too long for a number stays empty and is not found. */
	for (i = 0; i < req->n_phones; i++)
		if (strlen(req->phones[i]) < sizeof(v[i].phone))
			memcpy(
			    v[i].phone, req->phones[i], strlen(req->phones[i]));
	t->u.lookup.v = v;
	t->u.lookup.n = req->n_phones;
	task_submit(t);
}

/* ---- GET_KEYS ------------------------------------------------------------------------ */

static void
answer_devices(struct conn *c, const struct task *t)
{
	Sotto__Relay__GetKeysResponse resp =
	    SOTTO__RELAY__GET_KEYS_RESPONSE__INIT;
	const struct op_devices *op = &t->u.devices;
	uint32_t ids[STORE_DEVICE_MAX];
	size_t i;

	for (i = 0; i < op->n; i++)
		ids[i] = op->v[i].device_id;
	resp.device_ids = ids;
	resp.n_device_ids = op->n;
	resp.device_list = pb_view(op->device_list.p, op->device_list.len);
	conn_reply(c, &t->rq, &resp.base);
}

static void
on_devices(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	answer_devices(c, t);
	task_free(t);
}

struct bundle {
	Sotto__Relay__PreKeyBundle msg;
	Sotto__Relay__SignedPreKey signed_key;
	Sotto__Relay__OneTimePreKey one_time;
	Sotto__Relay__KyberPreKey kyber;
};

static void
fill_bundle(struct bundle *b, const struct store_bundle *in)
{
	sotto__relay__pre_key_bundle__init(&b->msg);
	sotto__relay__signed_pre_key__init(&b->signed_key);
	sotto__relay__one_time_pre_key__init(&b->one_time);
	sotto__relay__kyber_pre_key__init(&b->kyber);
	b->msg.device_id = in->device_id;
	b->msg.registration_id = in->registration_id;
	b->msg.identity_key = pb_view(in->identity_pk, sizeof(in->identity_pk));
	b->signed_key.id = in->signed_key.id;
	b->signed_key.public_key =
	    pb_view(in->signed_key.pk, in->signed_key.pk_len);
	b->signed_key.signature =
	    pb_view(in->signed_key.sig, in->signed_key.sig_len);
	b->msg.signed_pre_key = &b->signed_key;
	b->kyber.id = in->kyber.id;
	b->kyber.public_key = pb_view(in->kyber.pk, in->kyber.pk_len);
	b->kyber.signature = pb_view(in->kyber.sig, in->kyber.sig_len);
	b->msg.kyber_pre_key = &b->kyber;
	if (in->one_time.pk == NULL)
		return;
	b->one_time.id = in->one_time.id;
	b->one_time.public_key = pb_view(in->one_time.pk, in->one_time.pk_len);
	b->msg.one_time_pre_key = &b->one_time;
}

static void
answer_bundles(struct conn *c, const struct task *t)
{
	Sotto__Relay__GetKeysResponse resp =
	    SOTTO__RELAY__GET_KEYS_RESPONSE__INIT;
	Sotto__Relay__PreKeyBundle *ptr[STORE_DEVICE_MAX];
	uint32_t ids[STORE_DEVICE_MAX];
	const struct op_keys_take *op = &t->u.take;
	struct bundle *v = malloc((op->n + 1) * sizeof(*v));
	size_t i;

	if (v == NULL) {
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
		return;
	}
	for (i = 0; i < op->n && i < STORE_DEVICE_MAX; i++) {
		fill_bundle(&v[i], &op->v[i]);
		ptr[i] = &v[i].msg;
		ids[i] = op->v[i].device_id;
	}
	resp.bundles = ptr;
	resp.n_bundles = resp.n_device_ids = i;
	resp.device_ids = ids;
	resp.device_list = pb_view(op->device_list.p, op->device_list.len);
	conn_reply(c, &t->rq, &resp.base);
	free(v);
}

static void
on_taken(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	answer_bundles(c, t);
	task_free(t);
}

/* The devices asked for; false: no such numbers. */
static bool
read_ids(const Sotto__Relay__GetKeysRequest *req, struct device_set *set)
{
	size_t i;

	for (i = 0; i < req->n_device_ids; i++) {
		uint32_t id = req->device_ids[i];

		if (id == 0 || id > STORE_DEVICE_MAX)
			return false;
		set->w[id / 64] |= 1ULL << id % 64;
	}
	return true;
}

static void
list_devices(struct conn *c, const struct net_request *rq,
    const struct account_id *account)
{
	struct task *t = task_new(c, rq, STORE_DEVICES, on_devices);

	if (t == NULL)
		return;
	t->u.devices.account = *account;
	task_submit(t);
}

static void
take_keys(struct conn *c, const struct net_request *rq,
    const struct account_id *account, const struct device_set *set)
{
	struct task *t = task_new(c, rq, STORE_KEYS_TAKE, on_taken);

	if (t == NULL)
		return;
	t->u.take.account = *account;
	t->u.take.devices = *set;
	t->u.take.but = session_of(c)->dev; /* of one's own account: others */
	task_submit(t);
}

void
on_get_keys_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__GetKeysRequest *req = (const void *)msg;
	struct device_set set = {{0, 0}};
	struct account_id account;
	uint32_t cost = 1;

	if (req->account_id.len != sizeof(account.b) || !read_ids(req, &set)) {
		conn_refuse(
		    c, rq, ERR_FORMAT, "no such account or device number", 0);
		return;
	}
	if (!req->list_only && req->n_device_ids > 1)
		cost = (uint32_t)req->n_device_ids;
	if (session_limit(c, rq, LIMIT_GET_KEYS, cost) != 0)
		return;
	memcpy(account.b, req->account_id.data, sizeof(account.b));
	if (req->list_only)
		list_devices(c, rq, &account);
	else if (session_limit_pair(c, rq, LIMIT_KEYS_OF, account.b, cost) == 0)
		take_keys(c, rq, &account, &set);
}

/* ---- PUT_KEYS ------------------------------------------------------------------------ */

static void
on_put(struct store_op *op)
{
	Sotto__Relay__PutKeysResponse resp =
	    SOTTO__RELAY__PUT_KEYS_RESPONSE__INIT;
	struct task *t = op->ctx;
	struct conn *c = task_done(t, true);

	if (c == NULL)
		return;
	resp.one_time_pre_keys_left = t->u.put.one_time_left;
	resp.kyber_pre_keys_left = t->u.put.kyber_left;
	conn_reply(c, &t->rq, &resp.base);
	task_free(t);
}

void
on_put_keys_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__PutKeysRequest *req = (const void *)msg;
	const char *text;
	struct task *t;
	int r;

	if (req->pre_keys == NULL) {
		conn_refuse(c, rq, ERR_FORMAT, "no keys were given", 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_PUT_KEYS, 1) != 0)
		return;
	t = task_new(c, rq, STORE_KEYS_PUT, on_put);
	if (t == NULL)
		return;
	r = upload_copy(req->pre_keys, &t->u.put.keys, &t->block, &text);
	if (r != 0) {
		conn_refuse(c, rq, r, text, 0);
		task_free(t);
		return;
	}
	t->u.put.dev = session_of(c)->dev;
	task_submit(t);
}

/* ---- SET_DEVICE_LIST -------------------------------------------------------------------- */

static void
on_set(struct store_op *op)
{
	Sotto__Relay__Empty empty = SOTTO__RELAY__EMPTY__INIT;
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	conn_reply(c, &t->rq, &empty.base);
	task_free(t);
}

/* A list of this account that could be one. Whoever reads it verifies the
 * signature, we only look for what is plainly wrong. */
static bool
list_ok(const Sotto__Content__DeviceList *l, const struct account_id *account)
{
	size_t i;

	if (l->account_id.len != sizeof(account->b) ||
	    memcmp(l->account_id.data, account->b, sizeof(account->b)) != 0 ||
	    l->version == 0 || l->n_devices > STORE_DEVICE_MAX)
		return false;
	for (i = 0; i < l->n_devices; i++)
		if (l->devices[i]->identity_key.len != STORE_IDENTITY_PK_LEN)
			return false;
	return true;
}

static Sotto__Content__DeviceList *
list_open(const ProtobufCBinaryData *bytes)
{
	Sotto__Content__SignedDeviceList *sl;
	Sotto__Content__DeviceList *l = NULL;

	sl = sotto__content__signed_device_list__unpack(
	    NULL, bytes->len, bytes->data);
	if (sl != NULL && sl->signature.len == 64)
		l = sotto__content__device_list__unpack(
		    NULL, sl->list.len, sl->list.data);
	if (sl != NULL)
		sotto__content__signed_device_list__free_unpacked(sl, NULL);
	return l;
}

static int
check_list(const struct session *s, const ProtobufCBinaryData *list,
    Sotto__Content__DeviceList **l, const char **text)
{
	*l = NULL;
	*text = NULL;
	if (s->device_id != 1) {
		*text = "only the primary device signs the device list";
		return ERR_DENIED;
	}
	if (list->len > STORE_DEVICE_LIST_MAX)
		return ERR_RANGE;
	*l = list_open(list);
	if (*l != NULL && list_ok(*l, &s->account))
		return 0;
	*text = "that is no device list of this account";
	return ERR_FORMAT;
}

/* The list's bytes and whom it names, in one block. */
static int
fill_list(struct conn *c, struct task *t, const ProtobufCBinaryData *bytes,
    const Sotto__Content__DeviceList *l)
{
	struct op_device_list_set *o = &t->u.set;
	struct store_listed *v;
	size_t i;

	v = t->block = calloc(1, l->n_devices * sizeof(*v) + bytes->len);
	if (v == NULL) {
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
		task_free(t);
		return ERR_NOMEM;
	}
	for (i = 0; i < l->n_devices; i++) {
		v[i].device_id = l->devices[i]->device_id;
		memcpy(v[i].identity_pk, l->devices[i]->identity_key.data,
		    sizeof(v[i].identity_pk));
	}
	memcpy(v + i, bytes->data, bytes->len);
	o->account = session_of(c)->account;
	o->version = l->version;
	o->v = v;
	o->n = l->n_devices;
	o->list = (const uint8_t *)(v + i);
	o->len = bytes->len;
	return 0;
}

void
on_set_device_list_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SetDeviceListRequest *req = (const void *)msg;
	Sotto__Content__DeviceList *l;
	const char *text;
	struct task *t;
	int r;

	if (session_limit(c, rq, LIMIT_PUT_KEYS, 1) != 0)
		return;
	r = check_list(session_of(c), &req->device_list, &l, &text);
	if (r != 0)
		conn_refuse(c, rq, r, text, 0);
	t = r == 0 ? task_new(c, rq, STORE_DEVICE_LIST_SET, on_set) : NULL;
	if (t != NULL && fill_list(c, t, &req->device_list, l) == 0)
		task_submit(t);
	if (l != NULL)
		sotto__content__device_list__free_unpacked(l, NULL);
}
