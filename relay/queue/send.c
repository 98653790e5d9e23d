/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send.c — the SEND method: into the store, then to whoever is connected. */
#include <stdlib.h>
#include <string.h>

#include "relay/queue/deliver.h"

#define BUSY_RETRY_MS 1000

/* ---- the answer -------------------------------------------------------------------- */

static size_t
list_devices(const struct device_set *set, uint32_t *v)
{
	size_t n = 0;
	uint32_t id;

	for (id = 1; id <= STORE_DEVICE_MAX; id++)
		if (device_set_has(set, id))
			v[n++] = id;
	return n;
}

struct stale {
	Sotto__Relay__StaleDevices msg;
	uint32_t missing[STORE_DEVICE_MAX], extra[STORE_DEVICE_MAX];
	uint32_t reregistered[STORE_DEVICE_MAX];
};

static void
fill_stale(struct stale *s, const struct store_target *t)
{
	sotto__relay__stale_devices__init(&s->msg);
	s->msg.account_id.data = (uint8_t *)(uintptr_t)t->account.b;
	s->msg.account_id.len = sizeof(t->account.b);
	s->msg.gone = t->gone;
	s->msg.missing = s->missing;
	s->msg.n_missing = list_devices(&t->missing, s->missing);
	s->msg.extra = s->extra;
	s->msg.n_extra = list_devices(&t->extra, s->extra);
	s->msg.reregistered = s->reregistered;
	s->msg.n_reregistered = list_devices(&t->reregistered, s->reregistered);
}

/* Some device list is not right: tell what is. */
static void
answer_stale(struct conn *c, const struct job *j)
{
	Sotto__Relay__SendResponse resp = SOTTO__RELAY__SEND_RESPONSE__INIT;
	Sotto__Relay__StaleDevices **ptr;
	struct stale *v;
	size_t i;

	v = malloc(j->op.n * sizeof(*v));
	ptr = malloc(j->op.n * sizeof(*ptr));
	if (v == NULL || ptr == NULL) {
		conn_refuse(c, &j->rq, ERR_NOMEM, NULL, BUSY_RETRY_MS);
		goto out;
	}
	for (i = 0; i < j->op.n; i++) {
		if (!j->op.v[i].stale)
			continue;
		fill_stale(&v[resp.n_stale], &j->op.v[i]);
		ptr[resp.n_stale] = &v[resp.n_stale].msg;
		resp.n_stale++;
	}
	resp.stale = ptr;
	resp.server_time_ms = relay_clock_wall(j->sl->sv->clock);
	conn_reply(c, &j->rq, &resp.base);
out:
	free(v);
	free(ptr);
}

static void
answer(struct conn *c, const struct job *j, int result)
{
	Sotto__Relay__SendResponse resp = SOTTO__RELAY__SEND_RESPONSE__INIT;

	switch (result) {
	case 0:
		resp.server_time_ms = j->op.server_ms;
		conn_reply(c, &j->rq, &resp.base);
		break;
	case ERR_STATE:
		answer_stale(c, j);
		break;
	case ERR_NOTFOUND:
		session_revoked(c, &j->rq);
		break;
	case ERR_DENIED:
		conn_refuse(c, &j->rq, ERR_STATE,
		    "no device list names this device yet", 0);
		break;
	case ERR_FULL:
		conn_refuse(
		    c, &j->rq, result, "the recipient's queue is full", 0);
		break;
	default:
		session_store_failed(c, &j->rq, result);
		break;
	}
}

/* ---- from the store to the devices --------------------------------------------------- */

static void
mail_out(struct job *j)
{
	j->parcel.row = (struct store_row){
	    .server_ms = j->op.server_ms,
	    .sender_account = j->op.sender_account,
	    .sender_device = j->op.sender_device,
	};
	memcpy(j->parcel.row.message_id, j->op.message_id,
	    sizeof(j->op.message_id));
	parcel_send(&j->parcel, j->sl, j->envelopes, j->n, j->mails);
}

static void
on_stored(struct store_op *op)
{
	struct job *j = op->ctx;
	struct conn *c = conn_of(j->sl->net, j->rq.conn);

	service_done(j->sl->sv, j->size);
	if (op->result == 0)
		mail_out(j);
	if (c != NULL)
		answer(c, j, op->result);
	job_unref(j);
}

/* ---- the request --------------------------------------------------------------------- */

/* Every account but one's own counts. */
static uint32_t
cost_of(const struct session *s, const struct job *j)
{
	uint32_t cost = 0;
	size_t i;

	for (i = 0; i < j->op.n; i++)
		cost += memcmp(j->op.v[i].account.b, s->account.b,
			    sizeof(s->account.b)) != 0;
	return cost > 0 ? cost : 1;
}

void
on_send_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	struct service_loop *sl = service_of(c);
	const struct session *s = session_of(c);
	const char *text;
	struct job *j;
	int r;

	r = job_new(
	    &j, (const void *)msg, net_conf(conn_loop(c))->envelope_max, &text);
	if (r != 0) {
		conn_refuse(c, rq, r, text, 0);
		return;
	}
	if (session_limit(c, rq, LIMIT_SEND, cost_of(s, j)) != 0) {
		job_unref(j);
		return;
	}
	if (!service_take(c, rq, j->size)) {
		job_unref(j);
		return;
	}
	j->sl = sl;
	j->rq = *rq;
	j->op.sender = s->dev;
	j->op.op.sink = &sl->sink;
	j->op.op.done = on_stored;
	store_submit(sl->sv->store, &j->op.op);
}
