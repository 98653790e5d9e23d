/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account.c — what an account has of devices, and what its first device
 * decides about it; and reports. */
#include <stdlib.h>
#include <string.h>

#include "relay/link/link.h"
#include "relay/session/task.h"

static void
answer_empty(struct conn *c, const struct net_request *rq)
{
	Sotto__Relay__Empty empty = SOTTO__RELAY__EMPTY__INIT;

	conn_reply(c, rq, &empty.base);
}

/* By the first device, within limits; false: answered. */
static bool
primary_only(struct conn *c, const struct net_request *rq)
{
	if (session_limit(c, rq, LIMIT_ACCOUNT, 1) != 0)
		return false;
	if (session_of(c)->device_id == 1)
		return true;
	conn_refuse(c, rq, ERR_DENIED, "only the primary device does that", 0);
	return false;
}

/* For operations whose answer says nothing. */
static void
on_done(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, true);

	if (c == NULL)
		return;
	answer_empty(c, &t->rq);
	task_free(t);
}

/* ---- OWN_DEVICES ----------------------------------------------------------------------- */

static void
answer_own(struct conn *c, const struct task *t)
{
	Sotto__Relay__OwnDevicesResponse resp =
	    SOTTO__RELAY__OWN_DEVICES_RESPONSE__INIT;
	Sotto__Relay__OwnDevicesResponse__Device v[STORE_DEVICE_MAX];
	Sotto__Relay__OwnDevicesResponse__Device *ptr[STORE_DEVICE_MAX];
	const struct op_own_devices *op = &t->u.own;
	size_t i;

	for (i = 0; i < op->n; i++) {
		sotto__relay__own_devices_response__device__init(&v[i]);
		v[i].device_id = op->v[i].device_id;
		v[i].registration_id = op->v[i].registration_id;
		v[i].added_ms = op->v[i].added_ms;
		v[i].seen_ms = op->v[i].seen_ms;
		v[i].listed = op->v[i].listed;
		ptr[i] = &v[i];
	}
	resp.devices = ptr;
	resp.n_devices = op->n;
	conn_reply(c, &t->rq, &resp.base);
}

static void
on_own(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, true);

	if (c == NULL)
		return;
	answer_own(c, t);
	task_free(t);
}

void
on_own_devices_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	struct task *t;

	(void)msg;
	if (session_limit(c, rq, LIMIT_GROUP_READ, 1) != 0)
		return;
	t = task_new(c, rq, STORE_OWN_DEVICES, on_own);
	if (t == NULL)
		return;
	t->u.own.account = session_of(c)->account;
	task_submit(t);
}

/* ---- REMOVE_DEVICE --------------------------------------------------------------------- */

/* Also when nobody waits for the answer any more: its sessions end. */
static void
on_removed(struct store_op *op)
{
	struct task *t = op->ctx;
	struct service_loop *sl = t->sl;
	struct store_devs gone = {.n = 1, .v = {t->u.revoke.dev}};
	bool removed = op->result == 0;
	struct conn *c = task_done(t, false);

	if (c != NULL) {
		answer_empty(c, &t->rq);
		task_free(t);
	}
	if (removed)
		session_kick(sl->sv, sl->net, &gone, CLOSE_REVOKED);
}

static const char *
may_not_remove(const struct session *s, uint32_t device)
{
	if (device == 1)
		return "the primary device goes with the account";
	if (s->device_id != 1 && device != s->device_id)
		return "only the primary removes other devices";
	return NULL;
}

void
on_remove_device_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__RemoveDeviceRequest *req = (const void *)msg;
	const struct session *s = session_of(c);
	const char *text = may_not_remove(s, req->device_id);
	struct task *t;

	if (session_limit(c, rq, LIMIT_ACCOUNT, 1) != 0)
		return;
	if (text != NULL) {
		conn_refuse(c, rq, ERR_DENIED, text, 0);
		return;
	}
	t = task_new(c, rq, STORE_DEVICE_REVOKE, on_removed);
	if (t == NULL)
		return;
	t->u.revoke.account = s->account;
	t->u.revoke.device_id = req->device_id;
	task_submit(t);
}

/* ---- SET_PIN --------------------------------------------------------------------------- */

void
on_set_pin_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SetPinRequest *req = (const void *)msg;
	struct task *t;

	if (!primary_only(c, rq))
		return;
	if (req->proof.len != 0 && req->proof.len != IDENTITY_PROOF_LEN) {
		conn_refuse(c, rq, ERR_FORMAT, "a proof has 32 bytes", 0);
		return;
	}
	t = task_new(c, rq, STORE_PIN_SET, on_done);
	if (t == NULL)
		return;
	t->u.pin.primary = session_of(c)->dev;
	t->u.pin.has_pin = req->proof.len != 0;
	if (t->u.pin.has_pin)
		identity_pin_hash(
		    t->sl->identity, req->proof.data, t->u.pin.hash);
	task_submit(t);
}

/* ---- CHANGE_NUMBER --------------------------------------------------------------------- */

static void
refuse_move(struct conn *c, const struct task *t)
{
	static const struct {
		int err;
		const char *text;
	} texts[] = {
	    {ERR_AUTH, "that code is not right"},
	    {ERR_EXPIRED, "that code is no good any more, ask for a new one"},
	    {ERR_EXISTS, "that number has an account already"},
	};
	const struct op_account_move *o = &t->u.move;
	int r = o->op.result;
	size_t i;

	if (r == ERR_NOTFOUND || (r == ERR_AUTH && o->attempts_left == 0))
		r = ERR_EXPIRED;
	for (i = 0; i < ARRAY_LEN(texts); i++)
		if (r == texts[i].err) {
			conn_refuse(c, &t->rq, r, texts[i].text, 0);
			return;
		}
	session_store_failed(c, &t->rq, r);
}

static void
on_moved(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = conn_of(t->sl->net, t->rq.conn);

	if (c != NULL && op->result == 0)
		answer_empty(c, &t->rq);
	else if (c != NULL && t->u.move.gone)
		session_revoked(c, &t->rq);
	else if (c != NULL)
		refuse_move(c, t);
	task_free(t);
}

void
on_change_number_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__ChangeNumberRequest *req = (const void *)msg;
	struct op_account_move *o;
	struct task *t;

	if (!primary_only(c, rq) || session_limit(c, rq, LIMIT_VERIFY, 1) != 0)
		return;
	t = task_new(c, rq, STORE_ACCOUNT_MOVE, on_moved);
	if (t == NULL)
		return;
	o = &t->u.move;
	if (identity_code_hash(
		t->sl->identity, &req->token, req->code, o->code_hash) != 0) {
		conn_refuse(c, rq, ERR_FORMAT, "a code has six digits", 0);
		task_free(t);
		return;
	}
	memcpy(o->token, req->token.data, sizeof(o->token));
	o->primary = session_of(c)->dev;
	task_submit(t);
}

/* ---- DELETE_ACCOUNT -------------------------------------------------------------------- */

static void
on_deleted(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = conn_of(t->sl->net, t->rq.conn);

	if (c != NULL && op->result == 0)
		answer_empty(c, &t->rq);
	else if (c != NULL &&
		 (op->result == ERR_DENIED || op->result == ERR_NOTFOUND))
		conn_refuse(c, &t->rq, ERR_DENIED,
		    "that is not this account's number", 0);
	else if (c != NULL)
		session_store_failed(c, &t->rq, op->result);
	if (op->result == 0)
		session_kick(
		    t->sl->sv, t->sl->net, &t->u.del.gone, CLOSE_REVOKED);
	task_free(t);
}

void
on_delete_account_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__DeleteAccountRequest *req = (const void *)msg;
	struct task *t;

	if (!primary_only(c, rq))
		return;
	if (strlen(req->phone) > STORE_PHONE_MAX || req->phone[0] != '+') {
		conn_refuse(c, rq, ERR_FORMAT, "that is no number", 0);
		return;
	}
	t = task_new(c, rq, STORE_ACCOUNT_DELETE, on_deleted);
	if (t == NULL ||
	    task_copy(c, t, req->phone, strlen(req->phone) + 1) != 0)
		return;
	t->u.del.phone = t->block;
	t->u.del.both = true;
	t->u.del.id = session_of(c)->account;
	task_submit(t);
}

/* ---- REPORT ---------------------------------------------------------------------------- */

static void
on_reported(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	metrics_add(METRIC_reports, 1);
	answer_empty(c, &t->rq);
	task_free(t);
}

void
on_report_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__ReportRequest *req = (const void *)msg;
	struct task *t;

	if (session_limit(c, rq, LIMIT_REPORT, 1) != 0)
		return;
	if (net_conf(conn_loop(c))->report_key == NULL) {
		conn_refuse(c, rq, ERR_STATE, "this relay takes no reports", 0);
		return;
	}
	if (req->blob.len == 0 || req->blob.len > STORE_REPORT_MAX) {
		conn_refuse(c, rq, ERR_RANGE, "that report is too long", 0);
		return;
	}
	t = task_new(c, rq, STORE_REPORT_ADD, on_reported);
	if (t == NULL || task_copy(c, t, req->blob.data, req->blob.len) != 0)
		return;
	t->u.report.blob = t->block;
	t->u.report.len = req->blob.len;
	task_submit(t);
}
