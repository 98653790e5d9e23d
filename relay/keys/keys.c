/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/proto/content.pb-c.h"
#include "relay/keys/keys.h"
#include "relay/keys/upload.h"

/* An operation of one of these methods, and who waits for it. */
struct job {
	struct service_loop *sl;
	struct net_request rq;
	void *block; /* what the operation borrows; free() */
	union {
		struct store_op op;
		struct op_lookup lookup;
		struct op_devices devices;
		struct op_keys_take take;
		struct op_keys_put put;
		struct op_device_list_set set;
	} u;
};

static struct job *
job_new(struct conn *c, const struct net_request *rq, enum store_kind kind,
    void (*done)(struct store_op *op))
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		return NULL;
	}
	j->sl = service_of(c);
	j->rq = *rq;
	store_op_init(&j->u.op, kind, &j->sl->sink, done, j);
	return j;
}

static void
job_free(struct job *j)
{
	store_op_clear(&j->u.op);
	free(j->block);
	free(j);
}

static void
job_submit(struct job *j)
{
	store_submit(j->sl->sv->store, &j->u.op);
}

/* The connection when there is an answer to be made of results; otherwise the
 * peer was told, or is gone, and the job is freed. */
static struct conn *
job_done(struct job *j)
{
	struct conn *c = conn_of(j->sl->net, j->rq.conn);

	if (c != NULL && j->u.op.result != 0)
		session_store_failed(c, &j->rq, j->u.op.result);
	if (c == NULL || j->u.op.result != 0) {
		job_free(j);
		return NULL;
	}
	return c;
}

static ProtobufCBinaryData
bytes_of(const void *p, size_t len)
{
	/* protobuf-c's bytes are not const; it only reads them. */
	return (ProtobufCBinaryData){
	    .len = len, .data = (uint8_t *)(uintptr_t)p};
}

/* ---- LOOKUP -------------------------------------------------------------------------- */

static void
answer_lookup(struct conn *c, const struct job *j)
{
	Sotto__Relay__LookupResponse resp = SOTTO__RELAY__LOOKUP_RESPONSE__INIT;
	Sotto__Relay__LookupResponse__Entry v[STORE_LOOKUP_MAX];
	Sotto__Relay__LookupResponse__Entry *ptr[STORE_LOOKUP_MAX];
	size_t i;

	for (i = 0; i < j->u.lookup.n; i++) {
		struct store_lookup *l = &j->u.lookup.v[i];
		Sotto__Relay__LookupResponse__Entry *e = &v[resp.n_entries];

		if (!l->found)
			continue;
		sotto__relay__lookup_response__entry__init(e);
		e->phone = l->phone;
		e->account_id = bytes_of(l->account.b, sizeof(l->account.b));
		ptr[resp.n_entries++] = e;
	}
	resp.entries = ptr;
	conn_reply(c, &j->rq, &resp.base);
}

static void
on_looked_up(struct store_op *op)
{
	struct job *j = op->ctx;
	struct conn *c = job_done(j);

	if (c == NULL)
		return;
	answer_lookup(c, j);
	job_free(j);
}

void
on_lookup_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__LookupRequest *req = (const void *)msg;
	struct store_lookup *v;
	struct job *j;
	size_t i;

	if (req->n_phones == 0 || req->n_phones > STORE_LOOKUP_MAX) {
		conn_refuse(
		    c, rq, ERR_RANGE, "1 to 256 phone numbers, please", 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_LOOKUP, (uint32_t)req->n_phones) != 0)
		return;
	j = job_new(c, rq, STORE_LOOKUP, on_looked_up);
	if (j == NULL)
		return;
	v = j->block = calloc(req->n_phones, sizeof(*v));
	if (v == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		job_free(j);
		return;
	}
	/* What is too long for a number stays empty and is not found. */
	for (i = 0; i < req->n_phones; i++)
		if (strlen(req->phones[i]) < sizeof(v[i].phone))
			memcpy(
			    v[i].phone, req->phones[i], strlen(req->phones[i]));
	j->u.lookup.v = v;
	j->u.lookup.n = req->n_phones;
	job_submit(j);
}

/* ---- GET_KEYS ------------------------------------------------------------------------ */

static void
answer_devices(struct conn *c, const struct job *j)
{
	Sotto__Relay__GetKeysResponse resp =
	    SOTTO__RELAY__GET_KEYS_RESPONSE__INIT;
	const struct op_devices *op = &j->u.devices;
	uint32_t ids[STORE_DEVICE_MAX];
	size_t i;

	for (i = 0; i < op->n; i++)
		ids[i] = op->v[i].device_id;
	resp.device_ids = ids;
	resp.n_device_ids = op->n;
	resp.device_list = bytes_of(op->device_list.p, op->device_list.len);
	conn_reply(c, &j->rq, &resp.base);
}

static void
on_devices(struct store_op *op)
{
	struct job *j = op->ctx;
	struct conn *c = job_done(j);

	if (c == NULL)
		return;
	answer_devices(c, j);
	job_free(j);
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
	b->msg.identity_key =
	    bytes_of(in->identity_pk, sizeof(in->identity_pk));
	b->signed_key.id = in->signed_key.id;
	b->signed_key.public_key =
	    bytes_of(in->signed_key.pk, in->signed_key.pk_len);
	b->signed_key.signature =
	    bytes_of(in->signed_key.sig, in->signed_key.sig_len);
	b->msg.signed_pre_key = &b->signed_key;
	b->kyber.id = in->kyber.id;
	b->kyber.public_key = bytes_of(in->kyber.pk, in->kyber.pk_len);
	b->kyber.signature = bytes_of(in->kyber.sig, in->kyber.sig_len);
	b->msg.kyber_pre_key = &b->kyber;
	if (in->one_time.pk == NULL)
		return;
	b->one_time.id = in->one_time.id;
	b->one_time.public_key = bytes_of(in->one_time.pk, in->one_time.pk_len);
	b->msg.one_time_pre_key = &b->one_time;
}

static void
answer_bundles(struct conn *c, const struct job *j)
{
	Sotto__Relay__GetKeysResponse resp =
	    SOTTO__RELAY__GET_KEYS_RESPONSE__INIT;
	Sotto__Relay__PreKeyBundle *ptr[STORE_DEVICE_MAX];
	uint32_t ids[STORE_DEVICE_MAX];
	const struct op_keys_take *op = &j->u.take;
	struct bundle *v = malloc((op->n + 1) * sizeof(*v));
	size_t i;

	if (v == NULL) {
		conn_refuse(c, &j->rq, ERR_NOMEM, NULL, 0);
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
	resp.device_list = bytes_of(op->device_list.p, op->device_list.len);
	conn_reply(c, &j->rq, &resp.base);
	free(v);
}

static void
on_taken(struct store_op *op)
{
	struct job *j = op->ctx;
	struct conn *c = job_done(j);

	if (c == NULL)
		return;
	answer_bundles(c, j);
	job_free(j);
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
	struct job *j = job_new(c, rq, STORE_DEVICES, on_devices);

	if (j == NULL)
		return;
	j->u.devices.account = *account;
	job_submit(j);
}

static void
take_keys(struct conn *c, const struct net_request *rq,
    const struct account_id *account, const struct device_set *set)
{
	struct job *j = job_new(c, rq, STORE_KEYS_TAKE, on_taken);

	if (j == NULL)
		return;
	j->u.take.account = *account;
	j->u.take.devices = *set;
	j->u.take.but = session_of(c)->dev; /* of one's own account: others */
	job_submit(j);
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
	else
		take_keys(c, rq, &account, &set);
}

/* ---- PUT_KEYS ------------------------------------------------------------------------ */

static void
on_put(struct store_op *op)
{
	Sotto__Relay__PutKeysResponse resp =
	    SOTTO__RELAY__PUT_KEYS_RESPONSE__INIT;
	struct job *j = op->ctx;
	struct conn *c = conn_of(j->sl->net, j->rq.conn);

	if (c != NULL && op->result == ERR_NOTFOUND) {
		session_revoked(c, &j->rq);
		job_free(j);
		return;
	}
	c = job_done(j);
	if (c == NULL)
		return;
	resp.one_time_pre_keys_left = j->u.put.one_time_left;
	resp.kyber_pre_keys_left = j->u.put.kyber_left;
	conn_reply(c, &j->rq, &resp.base);
	job_free(j);
}

void
on_put_keys_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__PutKeysRequest *req = (const void *)msg;
	const char *text;
	struct job *j;
	int r;

	if (req->pre_keys == NULL) {
		conn_refuse(c, rq, ERR_FORMAT, "no keys were given", 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_PUT_KEYS, 1) != 0)
		return;
	j = job_new(c, rq, STORE_KEYS_PUT, on_put);
	if (j == NULL)
		return;
	r = upload_copy(req->pre_keys, &j->u.put.keys, &j->block, &text);
	if (r != 0) {
		conn_refuse(c, rq, r, text, 0);
		job_free(j);
		return;
	}
	j->u.put.dev = session_of(c)->dev;
	job_submit(j);
}

/* ---- SET_DEVICE_LIST -------------------------------------------------------------------- */

static void
on_set(struct store_op *op)
{
	Sotto__Relay__Empty empty = SOTTO__RELAY__EMPTY__INIT;
	struct job *j = op->ctx;
	struct conn *c = job_done(j);

	if (c == NULL)
		return;
	conn_reply(c, &j->rq, &empty.base);
	job_free(j);
}

/* The version inside a signed list of this account; 0: it is none. Whoever
 * reads it verifies the signature, we only look for what is plainly wrong. */
static uint32_t
version_of(const ProtobufCBinaryData *bytes, const struct account_id *account)
{
	Sotto__Content__SignedDeviceList *sl;
	Sotto__Content__DeviceList *l = NULL;
	uint32_t version = 0;

	sl = sotto__content__signed_device_list__unpack(
	    NULL, bytes->len, bytes->data);
	if (sl == NULL)
		return 0;
	if (sl->signature.len == 64)
		l = sotto__content__device_list__unpack(
		    NULL, sl->list.len, sl->list.data);
	if (l != NULL && l->account_id.len == sizeof(account->b) &&
	    memcmp(l->account_id.data, account->b, sizeof(account->b)) == 0 &&
	    l->n_devices <= STORE_DEVICE_MAX)
		version = l->version;
	if (l != NULL)
		sotto__content__device_list__free_unpacked(l, NULL);
	sotto__content__signed_device_list__free_unpacked(sl, NULL);
	return version;
}

static int
check_list(const struct session *s, const ProtobufCBinaryData *list,
    uint32_t *version, const char **text)
{
	*text = NULL;
	if (s->device_id != 1) {
		*text = "only the primary device signs the device list";
		return ERR_DENIED;
	}
	if (list->len > STORE_DEVICE_LIST_MAX)
		return ERR_RANGE;
	*version = version_of(list, &s->account);
	if (*version != 0)
		return 0;
	*text = "that is no device list of this account";
	return ERR_FORMAT;
}

void
on_set_device_list_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SetDeviceListRequest *req = (const void *)msg;
	const struct session *s = session_of(c);
	uint32_t version;
	const char *text;
	struct job *j;
	int r;

	if (session_limit(c, rq, LIMIT_PUT_KEYS, 1) != 0)
		return;
	r = check_list(s, &req->device_list, &version, &text);
	if (r != 0) {
		conn_refuse(c, rq, r, text, 0);
		return;
	}
	j = job_new(c, rq, STORE_DEVICE_LIST_SET, on_set);
	if (j == NULL)
		return;
	j->block = malloc(req->device_list.len);
	if (j->block == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		job_free(j);
		return;
	}
	memcpy(j->block, req->device_list.data, req->device_list.len);
	j->u.set.account = s->account;
	j->u.set.version = version;
	j->u.set.list = j->block;
	j->u.set.len = req->device_list.len;
	job_submit(j);
}
