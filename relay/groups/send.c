/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send.c — SEND_GROUP and SEND_STATUS: one body for many devices. */
#include <string.h>

#include "relay/groups/groups.h"
#include "relay/groups/out.h"
#include "relay/session/task.h"

/* ---- the answer -------------------------------------------------------------------- */

static void
answer_sent(struct conn *c, const struct out *o, bool stale)
{
	Sotto__Relay__SendGroupResponse resp =
	    SOTTO__RELAY__SEND_GROUP_RESPONSE__INIT;
	const struct op_fan_out *op = &o->u.fan;

	resp.server_time_ms =
	    stale ? relay_clock_wall(o->sl->sv->clock) : op->server_ms;
	resp.stale = stale;
	resp.version = op->version;
	resp.devices_digest = pb_view(op->digest, sizeof(op->digest));
	resp.full_queues = op->fan.full;
	conn_reply(c, &o->rq, &resp.base);
}

static void
refuse_denied(struct conn *c, const struct out *o)
{
	if (o->u.fan.unlisted)
		conn_refuse(c, &o->rq, ERR_STATE,
		    "no device list names this device yet", 0);
	else
		conn_refuse(c, &o->rq, ERR_DENIED,
		    "only admins may write in this group", 0);
}

static void
answer(struct conn *c, const struct out *o, int result)
{
	switch (result) {
	case 0:
	case ERR_STATE:
		answer_sent(c, o, result != 0);
		break;
	case ERR_NOTFOUND:
		if (o->u.fan.sender_device == 0)
			session_revoked(c, &o->rq);
		else
			conn_refuse(
			    c, &o->rq, result, "there is no such group", 0);
		break;
	case ERR_DENIED:
		refuse_denied(c, o);
		break;
	case ERR_FULL:
		conn_refuse(c, &o->rq, result,
		    "those are more devices than one message may go to", 0);
		break;
	default:
		session_store_failed(c, &o->rq, result);
		break;
	}
}

static void
mail_out(struct out *o)
{
	const struct op_fan_out *op = &o->u.fan;
	struct store_row *row = &o->parcel.row;

	*row = (struct store_row){
	    .server_ms = op->server_ms,
	    .sender_account = op->sender_account,
	    .sender_device = op->sender_device,
	    .in_group = op->has_group,
	    .expires_ms = op->expires_ms,
	};
	memcpy(row->message_id, op->message_id, sizeof(row->message_id));
	if (op->has_group)
		memcpy(row->group_id, op->group.b, sizeof(row->group_id));
	o->parcel.ephemeral = op->check_only;
	out_mail(o, &op->fan, op->type, op->body, op->len);
}

static void
on_fanned(struct store_op *op)
{
	struct out *o = op->ctx;
	struct conn *c = out_done(o);

	if (op->result == 0)
		mail_out(o);
	if (c != NULL)
		answer(c, o, op->result);
	parcel_unref(&o->parcel);
}

/* ---- the request --------------------------------------------------------------------- */

struct sent {
	ProtobufCBinaryData digest, message_id, body;
	uint32_t type;
};

static int
check_sent(const struct conn *c, const struct sent *s, const char **text)
{
	*text = "a message id has 16 bytes and a digest 32";
	if (s->message_id.len != STORE_MESSAGE_ID_LEN || s->digest.len != 32)
		return ERR_FORMAT;
	*text = "that type is the relay's own";
	if (s->type >= STORE_TYPE_GROUP_ENTRY)
		return ERR_FORMAT;
	*text = "the message is empty";
	if (s->body.len == 0)
		return ERR_FORMAT;
	*text = "the message is too large";
	return s->body.len > net_conf(conn_loop(c))->envelope_max ? ERR_RANGE
								  : 0;
}

/* Checked and paid for, with its body behind extra bytes; NULL: answered. */
static struct out *
begin(struct conn *c, const struct net_request *rq, const struct sent *s,
    size_t extra, enum limit_class class)
{
	const char *text;
	struct out *o;
	int r;

	r = check_sent(c, s, &text);
	if (r != 0) {
		conn_refuse(c, rq, r, text, 0);
		return NULL;
	}
	if (session_limit(c, rq, LIMIT_SEND, 1) != 0 ||
	    session_limit(c, rq, class, 1) != 0)
		return NULL;
	o = out_new(
	    c, rq, STORE_FAN_OUT, on_fanned, extra, s->body.data, s->body.len);
	if (o == NULL)
		return NULL;
	o->u.fan.sender = session_of(c)->dev;
	o->u.fan.type = s->type;
	o->u.fan.body = (uint8_t *)o->block + extra;
	o->u.fan.len = (uint32_t)s->body.len;
	memcpy(o->u.fan.digest, s->digest.data, s->digest.len);
	memcpy(o->u.fan.message_id, s->message_id.data, s->message_id.len);
	return o;
}

void
on_send_group_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SendGroupRequest *req = (const void *)msg;
	const struct sent s = {
	    req->devices_digest, req->message_id, req->ciphertext, req->type};
	struct out *o;

	if (req->group_id.len != GROUP_ID_LEN) {
		conn_refuse(c, rq, ERR_FORMAT, "a group id has 16 bytes", 0);
		return;
	}
	o = begin(c, rq, &s, 0, LIMIT_GROUP_SEND);
	if (o == NULL)
		return;
	o->u.fan.has_group = true;
	memcpy(o->u.fan.group.b, req->group_id.data, GROUP_ID_LEN);
	o->u.fan.version = req->version;
	o->u.fan.check_only = req->ephemeral;
	out_submit(o);
}

void
on_send_status_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SendStatusRequest *req = (const void *)msg;
	const struct sent s = {
	    req->devices_digest, req->message_id, req->ciphertext, req->type};
	struct account_id *v;
	struct out *o;
	size_t i;

	if (!accounts_ok(c, rq, req->accounts, req->n_accounts))
		return;
	o = begin(c, rq, &s, req->n_accounts * sizeof(*v), LIMIT_STATUS);
	if (o == NULL)
		return;
	v = o->block;
	for (i = 0; i < req->n_accounts; i++)
		memcpy(v[i].b, req->accounts[i].data, sizeof(v[i].b));
	o->u.fan.accounts = v;
	o->u.fan.n_accounts = req->n_accounts;
	out_submit(o);
}
