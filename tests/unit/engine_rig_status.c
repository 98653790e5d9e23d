/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine_rig_status.c — status posts on the rig's relay. */
#include <sodium.h>

#include "common/proto/method.h"
#include "tests/unit/engine_rig.h"

#define DEVICES_MAX 8 /* of an account */

struct listing {
	Sotto__Relay__AccountDevices acc[ER_PEOPLE], *ptr[ER_PEOPLE];
	Sotto__Relay__AccountDevices__Device dev[ER_PEOPLE * DEVICES_MAX],
	    *dev_ptr[ER_PEOPLE * DEVICES_MAX];
	size_t n, n_dev;
	uint8_t digest[32];
};

static void
add_account(
    struct er_net *net, struct listing *l, const struct er_person *first)
{
	Sotto__Relay__AccountDevices *a = &l->acc[l->n];
	uint32_t d;

	sotto__relay__account_devices__init(a);
	a->account_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)first->account};
	a->devices = &l->dev_ptr[l->n_dev];
	for (d = 1; d < DEVICES_MAX; d++) {
		const struct er_person *p = er_device(net, &a->account_id, d);

		if (p == NULL || !p->listed)
			continue;
		l->dev_ptr[l->n_dev] = &l->dev[l->n_dev];
		sotto__relay__account_devices__device__init(&l->dev[l->n_dev]);
		l->dev[l->n_dev].device_id = d;
		l->dev[l->n_dev++].registration_id = p->registration_id;
		a->n_devices++;
	}
	if (a->n_devices > 0) {
		l->ptr[l->n] = a;
		l->n++;
	}
}

static bool
is_named(const struct er_person *p, const ProtobufCBinaryData *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].len == STORE_ID_LEN &&
		    memcmp(v[i].data, p->account, STORE_ID_LEN) == 0)
			return true;
	return false;
}

/* Those named, and the asker's own; ascending, as the rig numbers people. */
static void
list_devices(struct er_net *net, const struct er_person *asker,
    const ProtobufCBinaryData *v, size_t n, struct listing *l)
{
	crypto_hash_sha256_state h;
	unsigned who;
	size_t i;

	memset(l, 0, sizeof(*l));
	for (who = 1; who < 100; who++)
		for (i = 0; i < ER_PEOPLE; i++) {
			const struct er_person *p = &net->p[i];

			if (p->net != NULL && p->device == 1 &&
			    get_be32(p->account + 12) == who &&
			    (is_named(p, v, n) || p == net->ghost ||
				memcmp(p->account, asker->account,
				    STORE_ID_LEN) == 0))
				add_account(net, l, p);
		}
	crypto_hash_sha256_init(&h);
	for (i = 0; i < l->n_dev; i++)
		crypto_hash_sha256_update(&h,
		    (const uint8_t *)&l->dev[i].registration_id,
		    sizeof(l->dev[i].registration_id));
	crypto_hash_sha256_final(&h, l->digest);
}

static int
do_devices(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GroupDevicesResponse res =
	    SOTTO__RELAY__GROUP_DEVICES_RESPONSE__INIT;
	Sotto__Relay__AudienceDevicesRequest *req =
	    sotto__relay__audience_devices_request__unpack(
		NULL, rq->len, rq->body);
	struct listing l;

	assert_non_null(req);
	list_devices(net, rq->from, req->accounts, req->n_accounts, &l);
	res.digest = (ProtobufCBinaryData){sizeof(l.digest), l.digest};
	res.accounts = l.ptr;
	res.n_accounts = l.n;
	assert_ok(pack_into(out, &res.base));
	sotto__relay__audience_devices_request__free_unpacked(req, NULL);
	return 0;
}

static void
fan_out(struct er_net *net, struct er_request *rq, const struct listing *l,
    const Sotto__Relay__SendStatusRequest *req)
{
	Sotto__Relay__DeliverEvent__Item it =
	    SOTTO__RELAY__DELIVER_EVENT__ITEM__INIT;

	it.message_id = req->message_id;
	it.type = req->type;
	it.ciphertext = req->ciphertext;
	it.expires_ms = engine_now_ms() + 24ull * 3600 * 1000;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->acc[i].n_devices; k++) {
			struct er_person *to =
			    er_device(net, &l->acc[i].account_id,
				l->acc[i].devices[k]->device_id);

			if (to != rq->from)
				er_queue(net, rq->from, to, &it);
		}
}

static int
do_send(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__SendGroupResponse res =
	    SOTTO__RELAY__SEND_GROUP_RESPONSE__INIT;
	Sotto__Relay__SendStatusRequest *req =
	    sotto__relay__send_status_request__unpack(NULL, rq->len, rq->body);
	struct listing l;

	assert_non_null(req);
	rq->from->sends++;
	list_devices(net, rq->from, req->accounts, req->n_accounts, &l);
	res.devices_digest = (ProtobufCBinaryData){sizeof(l.digest), l.digest};
	res.stale =
	    req->devices_digest.len != sizeof(l.digest) ||
	    memcmp(req->devices_digest.data, l.digest, sizeof(l.digest)) != 0;
	if (!res.stale)
		fan_out(net, rq, &l, req);
	res.server_time_ms = engine_now_ms();
	assert_ok(pack_into(out, &res.base));
	sotto__relay__send_status_request__free_unpacked(req, NULL);
	return net->lose_answers ? ERR_CLOSED : 0;
}

bool
er_status_answer(struct er_net *net, struct er_request *rq,
    struct link_reply *rep, struct buf *out)
{
	switch (rq->method) {
	case METHOD_AUDIENCE_DEVICES:
		rep->err = do_devices(net, rq, out);
		return true;
	case METHOD_SEND_STATUS:
		rep->err = net->status_err != 0 ? net->status_err
						: do_send(net, rq, out);
		rep->retry_after_ms = net->status_err == ERR_RATE ? 60000 : 0;
		return true;
	default:
		return false;
	}
}
