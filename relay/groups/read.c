/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c — what members ask about their groups, and senders about devices. */
#include <stdlib.h>
#include <string.h>

#include "relay/groups/groups.h"
#include "relay/session/task.h"

#define PROOF_LEN 64

/* The id of a request; false: answered. */
static bool
read_id(struct conn *c, const struct net_request *rq,
    const ProtobufCBinaryData *in, struct group_id *id)
{
	if (in->len != sizeof(id->b)) {
		conn_refuse(c, rq, ERR_FORMAT, "a group id has 16 bytes", 0);
		return false;
	}
	memcpy(id->b, in->data, sizeof(id->b));
	return true;
}

bool
accounts_ok(struct conn *c, const struct net_request *rq,
    const ProtobufCBinaryData *v, size_t n)
{
	size_t i;

	if (n > STORE_ACCOUNTS_MAX) {
		conn_refuse(c, rq, ERR_RANGE, "too many accounts", 0);
		return false;
	}
	for (i = 0; i < n; i++)
		if (v[i].len != STORE_ACCOUNT_ID_LEN) {
			conn_refuse(
			    c, rq, ERR_FORMAT, "an account id has 16 bytes", 0);
			return false;
		}
	return true;
}

/* ---- GROUP_ENTRIES ------------------------------------------------------------------ */

static void
on_entries(struct store_op *op)
{
	Sotto__Relay__GroupEntriesResponse resp =
	    SOTTO__RELAY__GROUP_ENTRIES_RESPONSE__INIT;
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	resp.version = t->u.entries.version;
	resp.more = t->u.entries.more;
	if (entries_view(
		&t->u.entries.entries, &resp.entries, &resp.n_entries) != 0)
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
	else
		conn_reply(c, &t->rq, &resp.base);
	free(resp.entries);
	task_free(t);
}

void
on_group_entries_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__GroupEntriesRequest *req = (const void *)msg;
	struct group_id id;
	struct task *t;

	if (!read_id(c, rq, &req->group_id, &id) ||
	    session_limit(c, rq, LIMIT_GROUP_READ, 1) != 0)
		return;
	t = task_new(c, rq, STORE_GROUP_ENTRIES, on_entries);
	if (t == NULL)
		return;
	t->u.entries.asker = session_of(c)->account;
	t->u.entries.group = id;
	t->u.entries.from_version = req->from_version;
	task_submit(t);
}

/* ---- GROUP_STATE -------------------------------------------------------------------- */

static void
on_state(struct store_op *op)
{
	Sotto__Relay__GroupStateResponse resp =
	    SOTTO__RELAY__GROUP_STATE_RESPONSE__INIT;
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	resp.state = pb_view(t->u.state.record.p, t->u.state.record.len);
	conn_reply(c, &t->rq, &resp.base);
	task_free(t);
}

void
on_group_state_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__GroupStateRequest *req = (const void *)msg;
	struct group_id id;
	struct task *t;

	if (!read_id(c, rq, &req->group_id, &id))
		return;
	if (req->proof.len != 0 && req->proof.len != PROOF_LEN) {
		conn_refuse(c, rq, ERR_FORMAT, "a proof has 64 bytes", 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_GROUP_READ, 1) != 0)
		return;
	t = task_new(c, rq, STORE_GROUP_STATE, on_state);
	if (t == NULL || task_copy(c, t, req->proof.data, req->proof.len) != 0)
		return;
	t->u.state.asker = session_of(c)->account;
	t->u.state.group = id;
	t->u.state.proof = req->proof.len > 0 ? t->block : NULL;
	task_submit(t);
}

/* ---- GROUP_LIST --------------------------------------------------------------------- */

static void
answer_list(struct conn *c, const struct task *t)
{
	Sotto__Relay__GroupListResponse resp =
	    SOTTO__RELAY__GROUP_LIST_RESPONSE__INIT;
	const struct op_group_list *op = &t->u.list;
	Sotto__Relay__GroupListResponse__Group *v;
	size_t i;

	v = malloc((op->n + 1) * sizeof(*v));
	resp.groups = malloc((op->n + 1) * sizeof(*resp.groups));
	if (v == NULL || resp.groups == NULL) {
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
		goto out;
	}
	for (i = 0; i < op->n; i++) {
		sotto__relay__group_list_response__group__init(&v[i]);
		v[i].group_id = pb_view(op->v[i].id.b, sizeof(op->v[i].id.b));
		v[i].version = op->v[i].version;
		resp.groups[i] = &v[i];
	}
	resp.n_groups = op->n;
	conn_reply(c, &t->rq, &resp.base);
out:
	free(v);
	free(resp.groups);
}

static void
on_list(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, true);

	if (c == NULL)
		return;
	answer_list(c, t);
	task_free(t);
}

void
on_group_list_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	struct task *t;

	(void)msg;
	if (session_limit(c, rq, LIMIT_GROUP_READ, 1) != 0)
		return;
	t = task_new(c, rq, STORE_GROUP_LIST, on_list);
	if (t == NULL)
		return;
	t->u.list.account = session_of(c)->account;
	task_submit(t);
}

/* ---- devices -------------------------------------------------------------------------- */

/* An answer with so many devices, and at most as many accounts. */
struct listing {
	Sotto__Relay__AccountDevices *accounts, **account_ptr;
	Sotto__Relay__AccountDevices__Device *devices, **device_ptr;
	size_t n; /* accounts */
};

static void
listing_clear(struct listing *l)
{
	free(l->accounts);
	free(l->account_ptr);
	free(l->devices);
	free(l->device_ptr);
}

static int
listing_init(struct listing *l, size_t n)
{
	l->n = 0;
	l->accounts = malloc((n + 1) * sizeof(*l->accounts));
	l->account_ptr = malloc((n + 1) * sizeof(*l->account_ptr));
	l->devices = malloc((n + 1) * sizeof(*l->devices));
	l->device_ptr = malloc((n + 1) * sizeof(*l->device_ptr));
	return l->accounts != NULL && l->account_ptr != NULL &&
		       l->devices != NULL && l->device_ptr != NULL
		   ? 0
		   : ERR_NOMEM;
}

/* Places of one account stand together. */
static void
listing_fill(struct listing *l, const struct store_place *v, size_t n)
{
	Sotto__Relay__AccountDevices *a = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (a == NULL || memcmp(v[i].account.b, v[i - 1].account.b,
				     sizeof(v[i].account.b)) != 0) {
			a = &l->accounts[l->n];
			sotto__relay__account_devices__init(a);
			a->account_id =
			    pb_view(v[i].account.b, sizeof(v[i].account.b));
			a->devices = &l->device_ptr[i];
			l->account_ptr[l->n++] = a;
		}
		sotto__relay__account_devices__device__init(&l->devices[i]);
		l->devices[i].device_id = v[i].device_id;
		l->devices[i].registration_id = v[i].registration_id;
		l->device_ptr[i] = &l->devices[i];
		a->n_devices++;
	}
}

static void
answer_audience(struct conn *c, const struct task *t)
{
	Sotto__Relay__GroupDevicesResponse resp =
	    SOTTO__RELAY__GROUP_DEVICES_RESPONSE__INIT;
	const struct op_audience *op = &t->u.audience;
	struct listing l;

	if (listing_init(&l, op->n) != 0) {
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
	} else {
		listing_fill(&l, op->v, op->n);
		resp.version = op->version;
		resp.digest = pb_view(op->digest, sizeof(op->digest));
		resp.accounts = l.account_ptr;
		resp.n_accounts = l.n;
		conn_reply(c, &t->rq, &resp.base);
	}
	listing_clear(&l);
}

static void
on_audience(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = task_done(t, false);

	if (c == NULL)
		return;
	answer_audience(c, t);
	task_free(t);
}

void
on_group_devices_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__GroupDevicesRequest *req = (const void *)msg;
	struct group_id id;
	struct task *t;

	if (!read_id(c, rq, &req->group_id, &id) ||
	    session_limit(c, rq, LIMIT_GROUP_READ, 1) != 0)
		return;
	t = task_new(c, rq, STORE_AUDIENCE, on_audience);
	if (t == NULL)
		return;
	t->u.audience.asker = session_of(c)->account;
	t->u.audience.has_group = true;
	t->u.audience.group = id;
	task_submit(t);
}

void
on_audience_devices_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__AudienceDevicesRequest *req = (const void *)msg;
	struct account_id *v;
	struct task *t;
	size_t i;

	if (!accounts_ok(c, rq, req->accounts, req->n_accounts) ||
	    session_limit(c, rq, LIMIT_GROUP_READ, 1) != 0)
		return;
	t = task_new(c, rq, STORE_AUDIENCE, on_audience);
	if (t == NULL)
		return;
	v = t->block = malloc((req->n_accounts + 1) * sizeof(*v));
	if (v == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		task_free(t);
		return;
	}
	for (i = 0; i < req->n_accounts; i++)
		memcpy(v[i].b, req->accounts[i].data, sizeof(v[i].b));
	t->u.audience.asker = session_of(c)->account;
	t->u.audience.accounts = v;
	t->u.audience.n_accounts = req->n_accounts;
	task_submit(t);
}
