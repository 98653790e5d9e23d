/* SPDX-License-Identifier: GPL-3.0-or-later */
/* change.c — GROUP_CHANGE: a signed entry, for everybody it concerns. */
#include <stdlib.h>
#include <string.h>

#include "relay/groups/groups.h"
#include "relay/groups/out.h"
#include "relay/session/task.h"

/* ---- entries as a page has them --------------------------------------------------- */

int
entries_view(const struct buf *b, ProtobufCBinaryData **v, size_t *n)
{
	struct cur cur = cur_of(b->p, b->len);
	const uint8_t *p;
	uint32_t len;
	size_t count = 0;

	/* An entry is longer than 128 bytes, so these are enough. */
	*v = malloc((b->len / 64 + 1) * sizeof(**v));
	if (*v == NULL)
		return ERR_NOMEM;
	while (cur.left > 0 && count <= b->len / 64 &&
	       cur_get_u32(&cur, &len) == 0 && cur_borrow(&cur, &p, len) == 0)
		(*v)[count++] = pb_view(p, len);
	*n = count;
	return 0;
}

/* ---- the answer -------------------------------------------------------------------- */

static void
answer_done(struct conn *c, const struct out *o)
{
	Sotto__Relay__GroupChangeResponse resp =
	    SOTTO__RELAY__GROUP_CHANGE_RESPONSE__INIT;

	resp.server_time_ms = o->u.change.server_ms;
	resp.version = o->u.change.version;
	conn_reply(c, &o->rq, &resp.base);
}

static void
answer_conflict(struct conn *c, const struct out *o)
{
	Sotto__Relay__GroupChangeResponse resp =
	    SOTTO__RELAY__GROUP_CHANGE_RESPONSE__INIT;
	const struct op_group_change *op = &o->u.change;

	resp.server_time_ms = relay_clock_wall(o->sl->sv->clock);
	resp.version = op->version;
	resp.conflict = true;
	resp.more = op->more;
	if (entries_view(&op->entries, &resp.entries, &resp.n_entries) != 0) {
		conn_refuse(c, &o->rq, ERR_NOMEM, NULL, 0);
		return;
	}
	conn_reply(c, &o->rq, &resp.base);
	free(resp.entries);
}

static void
answer(struct conn *c, const struct out *o, int result)
{
	switch (result) {
	case 0:
		answer_done(c, o);
		break;
	case ERR_EXISTS:
		answer_conflict(c, o);
		break;
	case ERR_DENIED:
		conn_refuse(
		    c, &o->rq, result, group_why_str(o->u.change.why), 0);
		break;
	case ERR_AGAIN:
		conn_refuse(c, &o->rq, result,
		    "entries before this one are missing", 0);
		break;
	case ERR_NOTFOUND:
		if (o->u.change.sender_device == 0)
			session_revoked(c, &o->rq);
		else
			conn_refuse(
			    c, &o->rq, result, "there is no such group", 0);
		break;
	case ERR_FULL:
		conn_refuse(c, &o->rq, result, "too many groups or devices", 0);
		break;
	default:
		session_store_failed(c, &o->rq, result);
		break;
	}
}

/* ---- the change -------------------------------------------------------------------- */

static void
mail_out(struct out *o)
{
	const struct op_group_change *op = &o->u.change;
	struct store_row *row = &o->parcel.row;

	*row = (struct store_row){
	    .server_ms = op->server_ms,
	    .sender_account = op->sender_account,
	    .sender_device = op->sender_device,
	    .in_group = true,
	};
	memcpy(row->message_id, op->message_id, sizeof(row->message_id));
	memcpy(row->group_id, op->group.b, sizeof(row->group_id));
	out_mail(
	    o, &op->fan, STORE_TYPE_GROUP_ENTRY, op->entry, (uint32_t)op->len);
	metrics_add(METRIC_group_changes, 1);
}

static void
on_changed(struct store_op *op)
{
	struct out *o = op->ctx;
	struct conn *c = out_done(o);

	if (op->result == 0)
		mail_out(o);
	if (c != NULL)
		answer(c, o, op->result);
	parcel_unref(&o->parcel);
}

void
on_group_change_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__GroupChangeRequest *req = (const void *)msg;
	struct out *o;

	if (req->entry.len == 0 || req->entry.len > GROUP_ENTRY_MAX) {
		conn_refuse(c, rq, ERR_RANGE, "that is no entry", 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_GROUP_CHANGE, 1) != 0)
		return;
	o = out_new(c, rq, STORE_GROUP_CHANGE, on_changed, 0, req->entry.data,
	    req->entry.len);
	if (o == NULL)
		return;
	o->u.change.sender = session_of(c)->dev;
	o->u.change.entry = o->block;
	o->u.change.len = req->entry.len;
	out_submit(o);
}
