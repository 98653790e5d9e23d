/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/proto/content.pb-c.h"
#include "tests/lib/relay_calls.h"
#include "tests/unit/test.h"

ProtobufCBinaryData
calls_bytes(const void *p, size_t len)
{
	return (ProtobufCBinaryData){
	    .len = len, .data = (uint8_t *)(uintptr_t)p};
}

int
calls_ask(struct rc *c, uint16_t method, const ProtobufCMessage *req,
    const ProtobufCMessageDescriptor *type, void *resp)
{
	ProtobufCMessage *m;
	struct rc_frame f;
	int r;

	r = rc_call(c, method, req, &f);
	if (r != 0)
		return r;
	m = protobuf_c_message_unpack(type, NULL, f.len, f.body);
	assert_non_null(m);
	memcpy(resp, &m, sizeof(m));
	return 0;
}

void
calls_free(void *resp)
{
	if (resp != NULL)
		protobuf_c_message_free_unpacked(resp, NULL);
}

int
calls_do(struct rc *c, uint16_t method, const ProtobufCMessage *req)
{
	return rc_call(c, method, req, NULL);
}

/* ---- people ---------------------------------------------------------------------------- */

static void
make_keys(struct who *w, unsigned n)
{
	memset(w, 0, sizeof(*w));
	rc_person_make(&w->p, n);
	identity_generate(&w->key, &signal_rng_system);
	identity_pk_put(w->p.identity, &w->key.pk);
	buf_init(&w->record, GROUP_RECORD_MAX);
}

void
who_make(struct rig *g, struct who *w, unsigned n)
{
	const struct who *self = w;
	struct rc *c;

	make_keys(w, n);
	c = rig_connect(g, &w->p);
	assert_ok(rc_register(c, &w->p, NULL, rig_code, g, 2));
	w->list_version = 9;
	assert_ok(calls_list(c, w, &self, 1));
	rc_close(c);
}

void
who_clear(struct who *w)
{
	buf_clear(&w->record);
}

int
calls_list(struct rc *c, struct who *w, const struct who *const *v, size_t n)
{
	Sotto__Relay__SetDeviceListRequest req =
	    SOTTO__RELAY__SET_DEVICE_LIST_REQUEST__INIT;
	Sotto__Content__SignedDeviceList sl =
	    SOTTO__CONTENT__SIGNED_DEVICE_LIST__INIT;
	Sotto__Content__DeviceList l = SOTTO__CONTENT__DEVICE_LIST__INIT;
	Sotto__Content__DeviceList__Device d[CALLS_DEVICES];
	Sotto__Content__DeviceList__Device *ptr[CALLS_DEVICES];
	uint8_t list[2048], bytes[4096], sig[64] = {7};
	size_t i;

	assert_true(n <= CALLS_DEVICES);
	for (i = 0; i < n; i++) {
		sotto__content__device_list__device__init(&d[i]);
		d[i].device_id = v[i]->p.device_id;
		d[i].identity_key =
		    calls_bytes(v[i]->p.identity, sizeof(v[i]->p.identity));
		ptr[i] = &d[i];
	}
	l.account_id = calls_bytes(w->p.account, sizeof(w->p.account));
	l.version = ++w->list_version;
	l.devices = ptr;
	l.n_devices = n;
	sl.list.data = list;
	sl.list.len = sotto__content__device_list__pack(&l, list);
	sl.signature = calls_bytes(sig, sizeof(sig));
	req.device_list.data = bytes;
	req.device_list.len =
	    sotto__content__signed_device_list__pack(&sl, bytes);
	return calls_do(c, METHOD_SET_DEVICE_LIST, &req.base);
}

static void
finish(struct rc *c, struct who *d)
{
	Sotto__Relay__LinkFinishRequest req =
	    SOTTO__RELAY__LINK_FINISH_REQUEST__INIT;
	Sotto__Relay__LinkFinishResponse *resp;

	req.registration_id = d->p.registration_id;
	req.identity_key = calls_bytes(d->p.identity, sizeof(d->p.identity));
	req.pre_keys = rc_keys_make(1, 2, true);
	assert_ok(calls_ask(c, METHOD_LINK_FINISH, &req.base,
	    &sotto__relay__link_finish_response__descriptor, &resp));
	rc_keys_free(req.pre_keys);
	memcpy(d->p.account, resp->account_id.data, sizeof(d->p.account));
	d->p.device_id = resp->device_id;
	calls_free(resp);
}

void
who_link(struct rig *g, struct who *w, struct who *d, bool listed)
{
	Sotto__Relay__LinkOpenRequest open =
	    SOTTO__RELAY__LINK_OPEN_REQUEST__INIT;
	Sotto__Relay__LinkSendRequest send =
	    SOTTO__RELAY__LINK_SEND_REQUEST__INIT;
	Sotto__Relay__LinkAuthorizeRequest auth =
	    SOTTO__RELAY__LINK_AUTHORIZE_REQUEST__INIT;
	Sotto__Relay__LinkOpenResponse *box;
	Sotto__Relay__LinkAuthorizeResponse *given;
	const struct who *both[] = {w, d};
	struct rc *first = rig_connect(g, &w->p), *new;
	struct rc_frame f;

	make_keys(d, 0);
	memcpy(d->p.phone, w->p.phone, sizeof(d->p.phone));
	new = rig_connect(g, &d->p);
	assert_ok(calls_ask(new, METHOD_LINK_OPEN, &open.base,
	    &sotto__relay__link_open_response__descriptor, &box));
	send.mailbox = auth.mailbox = box->mailbox;
	send.blob = calls_bytes("hello", 5);
	assert_ok(calls_do(first, METHOD_LINK_SEND, &send.base));
	assert_ok(rc_event(new, EVENT_LINK, &f));
	assert_ok(calls_ask(first, METHOD_LINK_AUTHORIZE, &auth.base,
	    &sotto__relay__link_authorize_response__descriptor, &given));
	finish(new, d);
	assert_int_equal(d->p.device_id, given->device_id);
	assert_memory_equal(d->p.account, w->p.account, sizeof(w->p.account));
	if (listed)
		assert_ok(calls_list(first, w, both, 2));
	calls_free(box);
	calls_free(given);
	rc_close(new);
	rc_close(first);
}

/* ---- groups ---------------------------------------------------------------------------- */

static struct group_actor
actor_of(const struct who *w)
{
	return (struct group_actor){
	    .account = w->p.account,
	    .device = w->p.device_id,
	    .list_version = w->list_version,
	    .identity = &w->key,
	    .now_ms = 1700000000000,
	    .rng = &signal_rng_system,
	};
}

void
calls_propose(struct who *w, const struct group_intent *in, struct buf *entry,
    struct buf *next)
{
	struct group_actor me = actor_of(w);
	struct group_proposal made;
	enum group_why why;
	int r;

	r = group_propose(w->record.p, w->record.len, &me, in, &made, &why);
	if (r != 0)
		fail_msg("propose: %s, %s", err_name(r), group_why_name(why));
	*entry = made.entry;
	*next = made.record;
}

int
calls_change(struct rc *c, const struct buf *entry,
    Sotto__Relay__GroupChangeResponse **resp)
{
	Sotto__Relay__GroupChangeRequest req =
	    SOTTO__RELAY__GROUP_CHANGE_REQUEST__INIT;

	req.entry = calls_bytes(entry->p, entry->len);
	return calls_ask(c, METHOD_GROUP_CHANGE, &req.base,
	    &sotto__relay__group_change_response__descriptor, resp);
}

void
calls_act(struct rc *c, struct who *w, const struct group_intent *in)
{
	Sotto__Relay__GroupChangeResponse *resp;
	struct buf entry, next;

	calls_propose(w, in, &entry, &next);
	assert_ok(calls_change(c, &entry, &resp));
	assert_false(resp->conflict);
	calls_free(resp);
	buf_clear(&entry);
	buf_clear(&w->record);
	w->record = next;
}

/* Through a welcome, with the state the relay gives. */
static void
welcome(struct rc *c, const struct who *from, struct who *to)
{
	Sotto__Relay__GroupStateRequest req =
	    SOTTO__RELAY__GROUP_STATE_REQUEST__INIT;
	Sotto__Relay__GroupStateResponse *resp;
	uint8_t id[GROUP_ID_LEN];
	struct buf told, after;
	enum group_why why;
	uint32_t version;

	assert_ok(group_welcome(from->record.p, from->record.len, &told));
	assert_ok(group_welcome_peek(told.p, told.len, id, &version));
	req.group_id = calls_bytes(id, sizeof(id));
	assert_ok(calls_ask(c, METHOD_GROUP_STATE, &req.base,
	    &sotto__relay__group_state_response__descriptor, &resp));
	assert_ok(group_welcome_take(NULL, 0, told.p, told.len,
	    resp->state.data, resp->state.len, &after, &why));
	buf_clear(&to->record);
	to->record = after;
	buf_clear(&told);
	calls_free(resp);
}

void
calls_create(struct rc *c, struct who *w, struct who *const *others, size_t n,
    uint8_t id[static GROUP_ID_LEN])
{
	struct group_intent in = {.kind = GROUP_CREATE, .fields = GROUP_F_NAME};
	uint8_t list[8][GROUP_ACCOUNT_LEN];
	struct group_view v;
	size_t i;

	assert_true(n <= ARRAY_LEN(list));
	snprintf(in.meta.name, sizeof(in.meta.name), "Friends");
	for (i = 0; i < n; i++)
		memcpy(list[i], others[i]->p.account, GROUP_ACCOUNT_LEN);
	in.accounts = list;
	in.n_accounts = n;
	calls_act(c, w, &in);
	assert_ok(group_view_open(&v, w->record.p, w->record.len));
	memcpy(id, v.pub.id, GROUP_ID_LEN);
	group_view_clear(&v);
	for (i = 0; i < n; i++)
		welcome(c, w, others[i]);
}

struct everybody {
	const struct who *const *v;
	size_t n;
};

static int
key_of(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	const struct everybody *e = ctx;
	size_t i;

	(void)list_version;
	for (i = 0; i < e->n; i++)
		if (memcmp(e->v[i]->p.account, account, GROUP_ACCOUNT_LEN) ==
			0 &&
		    e->v[i]->p.device_id == device) {
			*out = e->v[i]->key.pk;
			return 0;
		}
	return ERR_NOTFOUND;
}

void
calls_follow(struct who *w, const struct who *const *all, size_t n,
    const uint8_t *entry, size_t len)
{
	struct everybody e = {all, n};
	const struct group_keys keys = {key_of, &e};
	enum group_why why = GROUP_WHY_NONE;
	struct buf after;
	int r;

	r = group_apply(
	    w->record.p, w->record.len, entry, len, &keys, &after, NULL, &why);
	if (r != 0)
		fail_msg("follow: %s, %s", err_name(r), group_why_name(why));
	buf_clear(&w->record);
	w->record = after;
}

int
calls_devices(struct rc *c, const uint8_t id[static GROUP_ID_LEN],
    Sotto__Relay__GroupDevicesResponse **resp)
{
	Sotto__Relay__GroupDevicesRequest req =
	    SOTTO__RELAY__GROUP_DEVICES_REQUEST__INIT;

	req.group_id = calls_bytes(id, GROUP_ID_LEN);
	return calls_ask(c, METHOD_GROUP_DEVICES, &req.base,
	    &sotto__relay__group_devices_response__descriptor, resp);
}

int
calls_send(struct rc *c, const uint8_t id[static GROUP_ID_LEN],
    uint32_t version, const uint8_t *digest, const void *message_id,
    const char *text, bool ephemeral, Sotto__Relay__SendGroupResponse **resp)
{
	Sotto__Relay__SendGroupRequest req =
	    SOTTO__RELAY__SEND_GROUP_REQUEST__INIT;
	Sotto__Relay__GroupDevicesResponse *dev = NULL;
	uint8_t random[RC_ID_LEN];
	int r;

	randombytes_buf(random, sizeof(random));
	if (digest == NULL)
		assert_ok(calls_devices(c, id, &dev));
	req.group_id = calls_bytes(id, GROUP_ID_LEN);
	req.version = version != 0 || dev == NULL ? version : dev->version;
	req.devices_digest =
	    dev != NULL ? dev->digest : calls_bytes(digest, 32);
	req.message_id =
	    calls_bytes(message_id != NULL ? message_id : random, RC_ID_LEN);
	req.type = 7;
	req.ciphertext = calls_bytes(text, strlen(text));
	req.ephemeral = ephemeral;
	r = calls_ask(c, METHOD_SEND_GROUP, &req.base,
	    &sotto__relay__send_group_response__descriptor, resp);
	calls_free(dev);
	return r;
}
