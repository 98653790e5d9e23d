/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linking.c — LINK_OPEN, LINK_SEND, LINK_AUTHORIZE, LINK_FINISH. */
#include <stdlib.h>
#include <string.h>

#include "relay/keys/upload.h"
#include "relay/link/link.h"
#include "relay/link/mailbox.h"
#include "relay/session/task.h"

static struct mailbox_side
side_of(struct conn *c)
{
	return (struct mailbox_side){
	    .key = conn_key(c),
	    .device = session_of(c)->dev != 0,
	    .place = session_place(c),
	};
}

static uint64_t
now_of(const struct conn *c)
{
	return relay_clock_mono(service_of(c)->sv->clock);
}

static struct mailboxes *
boxes_of(const struct conn *c)
{
	return service_of(c)->sv->mailboxes;
}

/* False: the request was answered. */
static bool
read_id(struct conn *c, const struct net_request *rq,
    const ProtobufCBinaryData *in, struct mailbox_id *id)
{
	if (in->len != sizeof(id->b)) {
		conn_refuse(c, rq, ERR_FORMAT, "a mailbox has 16 bytes", 0);
		return false;
	}
	memcpy(id->b, in->data, sizeof(id->b));
	return true;
}

static void
refuse(struct conn *c, const struct net_request *rq, int err)
{
	static const struct {
		int err;
		const char *text;
	} texts[] = {
	    {ERR_NOTFOUND, "there is no such mailbox"},
	    {ERR_STATE, "nobody is on the other side yet"},
	    {ERR_FULL, "the mailbox is full"},
	    {ERR_RANGE, "that message is too long, or empty"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++)
		if (err == texts[i].err) {
			conn_refuse(c, rq, err, texts[i].text, 0);
			return;
		}
	conn_refuse(c, rq, err, NULL, 0);
}

/* ---- LINK events --------------------------------------------------------------------- */

static void
tell(struct conn *c, const struct mailbox_id *id, uint32_t number,
    const uint8_t *blob, size_t len)
{
	Sotto__Relay__LinkEvent ev = SOTTO__RELAY__LINK_EVENT__INIT;

	ev.mailbox = pb_view(id->b, sizeof(id->b));
	ev.number = number;
	ev.blob = pb_view(blob, len);
	(void)conn_event(c, EVENT_LINK, &ev.base);
}

struct link_mail {
	struct net_mail mail;
	struct slab_ref conn;
	struct mailbox_id id;
	uint32_t number;
	size_t len;
	uint8_t blob[];
};

static void
on_link_mail(struct net_loop *l, struct net_mail *mail)
{
	struct link_mail *m = (void *)mail;
	struct conn *c = conn_of(l, m->conn);

	if (c != NULL)
		tell(c, &m->id, m->number, m->blob, m->len);
	free(m);
}

/* Who is cut off, or a memory that is full: it is there when asked for. */
static void
mail(struct conn *c, const struct route_place *to, const struct mailbox_id *id,
    uint32_t number, const ProtobufCBinaryData *blob)
{
	struct service_loop *sl = service_of(c);
	struct link_mail *m = calloc(1, sizeof(*m) + blob->len);

	if (m == NULL)
		return;
	m->mail.fn = on_link_mail;
	m->conn = to->conn;
	m->id = *id;
	m->number = number;
	m->len = blob->len;
	memcpy(m->blob, blob->data, blob->len);
	net_post(sl->net, net_loop_at(sl->sv->net, to->loop), &m->mail);
}

/* ---- LINK_OPEN ----------------------------------------------------------------------- */

static void
answer_open(struct conn *c, const struct net_request *rq,
    const struct mailbox_id *id, uint64_t left_ms)
{
	Sotto__Relay__LinkOpenResponse resp =
	    SOTTO__RELAY__LINK_OPEN_RESPONSE__INIT;

	resp.mailbox = pb_view(id->b, sizeof(id->b));
	resp.expires_ms = relay_clock_wall(service_of(c)->sv->clock) + left_ms;
	conn_reply(c, rq, &resp.base);
}

/* What waits, told before the answer: a client drops what it has by number. */
struct replay {
	struct conn *c;
	const struct mailbox_id *id;
};

static void
on_waiting(void *arg, uint32_t number, const uint8_t *blob, size_t len)
{
	const struct replay *r = arg;

	tell(r->c, r->id, number, blob, len);
}

static void
open_again(struct conn *c, const struct net_request *rq,
    const Sotto__Relay__LinkOpenRequest *req)
{
	struct mailbox_side who = side_of(c);
	struct mailbox_id id;
	struct replay replay = {c, &id};
	uint64_t left_ms = 0;
	int r;

	if (!read_id(c, rq, &req->mailbox, &id))
		return;
	r = mailbox_attach(boxes_of(c), &id, &who, req->after, now_of(c),
	    &left_ms, on_waiting, &replay);
	if (!conn_live(c))
		return;
	if (r != 0)
		refuse(c, rq, r);
	else
		answer_open(c, rq, &id, left_ms);
}

void
on_link_open_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__LinkOpenRequest *req = (const void *)msg;
	struct mailbox_side who = side_of(c);
	struct mailbox_id id;

	if (session_limit(c, rq, LIMIT_LINK, 1) != 0)
		return;
	if (req->mailbox.len != 0) {
		open_again(c, rq, req);
		return;
	}
	if (who.device) {
		conn_refuse(c, rq, ERR_STATE, "this is a device already", 0);
		return;
	}
	if (mailbox_open(boxes_of(c), &who, now_of(c), &id) != 0)
		conn_refuse(c, rq, ERR_FULL,
		    "too many devices are being linked, try again later", 0);
	else
		answer_open(c, rq, &id, MAILBOX_LIFE_MS);
	metrics_set(METRIC_link_mailboxes,
	    (int64_t)mailboxes_count(boxes_of(c), now_of(c)));
}

/* ---- LINK_SEND ----------------------------------------------------------------------- */

void
on_link_send_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__LinkSendRequest *req = (const void *)msg;
	Sotto__Relay__Empty empty = SOTTO__RELAY__EMPTY__INIT;
	struct mailbox_side who = side_of(c);
	struct route_place to;
	struct mailbox_id id;
	uint32_t number = 0;
	int r;

	if (session_limit(c, rq, LIMIT_LINK, 1) != 0 ||
	    !read_id(c, rq, &req->mailbox, &id))
		return;
	r = mailbox_put(boxes_of(c), &id, &who, now_of(c), req->blob.data,
	    req->blob.len, &to, &number);
	if (r != 0) {
		refuse(c, rq, r);
		return;
	}
	mail(c, &to, &id, number, &req->blob);
	conn_reply(c, rq, &empty.base);
}

/* ---- LINK_AUTHORIZE ------------------------------------------------------------------ */

static void
on_reserved(struct store_op *op)
{
	Sotto__Relay__LinkAuthorizeResponse resp =
	    SOTTO__RELAY__LINK_AUTHORIZE_RESPONSE__INIT;
	struct task *t = op->ctx;
	struct conn *c = task_done(t, true);

	if (c == NULL)
		return;
	resp.device_id = t->u.reserve.device_id;
	resp.expires_ms = t->u.reserve.expires_ms;
	conn_reply(c, &t->rq, &resp.base);
	task_free(t);
}

void
on_link_authorize_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__LinkAuthorizeRequest *req = (const void *)msg;
	struct mailbox_side who = side_of(c);
	struct noise_public key;
	struct mailbox_id id;
	uint64_t left_ms = 0;
	struct task *t;
	int r;

	if (session_limit(c, rq, LIMIT_ACCOUNT, 1) != 0 ||
	    !read_id(c, rq, &req->mailbox, &id))
		return;
	if (session_of(c)->device_id != 1) {
		conn_refuse(
		    c, rq, ERR_DENIED, "only the primary device does that", 0);
		return;
	}
	r = mailbox_owner(boxes_of(c), &id, &who, now_of(c), &key, &left_ms);
	if (r != 0) {
		refuse(c, rq, r);
		return;
	}
	t = task_new(c, rq, STORE_LINK_RESERVE, on_reserved);
	if (t == NULL)
		return;
	t->u.reserve.primary = session_of(c)->dev;
	memcpy(t->u.reserve.noise_pk, key.b, sizeof(t->u.reserve.noise_pk));
	t->u.reserve.expires_ms = relay_clock_wall(t->sl->sv->clock) + left_ms;
	task_submit(t);
}

/* ---- LINK_FINISH --------------------------------------------------------------------- */

static void
on_finished(struct store_op *op)
{
	Sotto__Relay__LinkFinishResponse resp =
	    SOTTO__RELAY__LINK_FINISH_RESPONSE__INIT;
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);
	const struct op_link_finish *o = &t->u.finish;

	if (c == NULL)
		return;
	resp.account_id = pb_view(o->account.b, sizeof(o->account.b));
	resp.device_id = o->device_id;
	conn_reply(c, &t->rq, &resp.base);
	metrics_add(METRIC_devices_linked, 1);
	session_adopt(c, &o->account, o->device_id, o->dev);
	task_free(t);
}

void
on_link_finish_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__LinkFinishRequest *req = (const void *)msg;
	const char *text = "the request is not well formed";
	struct op_link_finish *o;
	struct task *t;
	int r = ERR_FORMAT;

	if (session_limit(c, rq, LIMIT_LINK, 1) != 0)
		return;
	if (session_of(c)->dev != 0) {
		conn_refuse(c, rq, ERR_STATE, "this is a device already", 0);
		return;
	}
	t = task_new(c, rq, STORE_LINK_FINISH, on_finished);
	if (t == NULL)
		return;
	o = &t->u.finish;
	if (upload_identity_ok(&req->identity_key) &&
	    req->registration_id != 0 && req->pre_keys != NULL)
		r = upload_copy(req->pre_keys, &o->keys, &t->block, &text);
	if (r != 0) {
		conn_refuse(c, rq, r, text, 0);
		task_free(t);
		return;
	}
	memcpy(o->noise_pk, conn_key(c)->b, sizeof(o->noise_pk));
	memcpy(o->identity_pk, req->identity_key.data, sizeof(o->identity_pk));
	o->registration_id = req->registration_id;
	task_submit(t);
}
