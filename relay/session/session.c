/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relay/session/session.h"

/* ---- online, offline ------------------------------------------------------------- */

struct route_place
session_place(const struct conn *c)
{
	return (struct route_place){
	    .conn = conn_ref(c),
	    .loop = (uint16_t)net_index(conn_loop(c)),
	};
}

struct kick_mail {
	struct net_mail mail;
	struct slab_ref conn;
	store_dev dev;
	enum close_reason why;
};

static void
on_kick(struct net_loop *l, struct net_mail *m)
{
	struct kick_mail *k = (void *)m;
	struct conn *c = conn_of(l, k->conn);

	if (c != NULL && session_of(c)->dev == k->dev)
		conn_goodbye(c, k->why);
	free(k);
}

static void
kick(struct service *sv, struct net_loop *from, store_dev dev,
    const struct route_place *where, enum close_reason why)
{
	struct kick_mail *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		/* It will be told by the first thing it asks for. */
		log_warn(sv->log, "a session could not be closed", LOG_NONE);
		return;
	}
	k->mail.fn = on_kick;
	k->conn = where->conn;
	k->dev = dev;
	k->why = why;
	net_post(from, net_loop_at(sv->net, where->loop), &k->mail);
}

void
session_kick(struct service *sv, struct net_loop *from,
    const struct store_devs *gone, enum close_reason why)
{
	struct route_place where;
	size_t i;

	for (i = 0; i < gone->n; i++)
		if (route_get(sv->route, gone->v[i], &where))
			kick(sv, from, gone->v[i], &where, why);
}

static void
go_offline(struct conn *c)
{
	struct service_loop *sl = service_of(c);
	struct session *s = session_of(c);
	struct route_place here = session_place(c);

	if (!s->online)
		return;
	s->online = false;
	route_del(sl->sv->route, s->dev, &here);
	metrics_add(METRIC_devices_online, -1);
	sl->sv->hooks->offline(c, s);
}

static void
go_online(struct conn *c)
{
	struct service_loop *sl = service_of(c);
	struct session *s = session_of(c);
	struct route_place here = session_place(c), old;
	bool had;

	if (route_set(sl->sv->route, s->dev, &here, &old, &had) != 0) {
		conn_close(c, CLOSE_ERROR);
		return;
	}
	if (had)
		kick(sl->sv, sl->net, s->dev, &old, CLOSE_REPLACED);
	s->online = true;
	s->sent_seq = 0;
	metrics_add(METRIC_devices_online, 1);
	sl->sv->hooks->online(c, s);
}

/* When all is known that must be: let it do what it may. */
static void
settle(struct conn *c)
{
	struct session *s = session_of(c);

	if (!s->greeted || !conn_confirmed(c) || s->online || !conn_live(c))
		return;
	conn_ready(c, s->dev != 0 ? ST_DEVICE : ST_GUEST);
	if (s->dev != 0)
		go_online(c);
}

/* ---- whose key is it? ------------------------------------------------------------ */

struct ident {
	struct op_device_by_key op;
	struct net_loop *loop;
	struct slab_ref conn;
};

static void
known(struct conn *c, struct ident *id)
{
	struct session *s = session_of(c);

	if (id->op.op.result == 0 && !id->op.revoked) {
		s->dev = id->op.dev;
		s->account = id->op.account;
		s->device_id = (uint8_t)id->op.device_id;
	}
	s->ident = id;
	conn_ready(c, 0);
}

static void
on_ident(struct store_op *op)
{
	struct ident *id = op->ctx;
	struct conn *c = conn_of(id->loop, id->conn);
	int r = op->result;

	if (c == NULL || !conn_live(c)) {
		free(id);
	} else if (r != 0 && r != ERR_NOTFOUND) {
		conn_close(c, CLOSE_ERROR);
		free(id);
	} else if (r == 0 && id->op.banned) {
		conn_goodbye(c, CLOSE_BANNED);
		free(id);
	} else {
		known(c, id);
	}
}

void
session_open(struct conn *c)
{
	struct service_loop *sl = service_of(c);
	struct ident *id = calloc(1, sizeof(*id));

	if (id == NULL) {
		conn_close(c, CLOSE_ERROR);
		return;
	}
	store_op_init(&id->op.op, STORE_DEVICE_BY_KEY, &sl->sink, on_ident, id);
	id->loop = sl->net;
	id->conn = conn_ref(c);
	memcpy(id->op.noise_pk, conn_key(c)->b, sizeof(id->op.noise_pk));
	store_submit(sl->sv->store, &id->op.op);
}

void
session_confirmed(struct conn *c)
{
	settle(c);
}

void
session_gone(struct conn *c)
{
	struct session *s = session_of(c);

	go_offline(c);
	free(s->ident);
	s->ident = NULL;
}

/* ---- limits ------------------------------------------------------------------------ */

static struct limit_key
address_key(const struct conn *c)
{
	return limit_key_address(conn_peer(c));
}

static int
take(struct service *sv, enum limit_class class, const struct limit_key *key,
    uint32_t cost, uint32_t *retry)
{
	int r = limit_take(
	    sv->limit, class, key, cost, relay_clock_mono(sv->clock), retry);

	if (r != 0)
		metrics_add1(METRIC_rate_limited, class, 1);
	return r;
}

static void
on_seen(struct store_op *op)
{
	free(op);
}

/* Once an hour, whatever it asks: registration locks and the list of devices
 * go by it. Not before the key is proven: a recorded opening could keep a lock
 * for ever. */
static void
note_seen(struct conn *c, struct session *s)
{
	struct service_loop *sl = service_of(c);
	uint64_t hours = relay_clock_wall(sl->sv->clock) / STORE_SEEN_MS;
	struct op_device_seen *op;

	if (!conn_confirmed(c) || s->seen_hour == (uint16_t)hours)
		return;
	op = malloc(sizeof(*op));
	if (op == NULL)
		return;
	s->seen_hour = (uint16_t)hours;
	store_op_init(&op->op, STORE_DEVICE_SEEN, &sl->sink, on_seen, op);
	op->dev = s->dev;
	store_submit(sl->sv->store, &op->op);
}

int
session_allow(struct conn *c, uint16_t method, uint32_t *retry_after_ms)
{
	struct service *sv = service_of(c)->sv;
	struct session *s = session_of(c);
	struct limit_key key = address_key(c);
	int r;

	(void)method;
	r = take(sv, LIMIT_ANY, &key, 1, retry_after_ms);
	if (r != 0 || s->dev == 0)
		return r;
	note_seen(c, s);
	key = limit_key_account(s->account.b);
	return take(sv, LIMIT_ANY, &key, 1, retry_after_ms);
}

int
session_limit(struct conn *c, const struct net_request *rq,
    enum limit_class class, uint32_t cost)
{
	struct service *sv = service_of(c)->sv;
	struct limit_key key = address_key(c);
	uint32_t retry = 0;
	int r;

	r = take(sv, class, &key, cost, &retry);
	if (r == 0) {
		key = limit_key_account(session_of(c)->account.b);
		r = take(sv, class, &key, cost, &retry);
	}
	if (r != 0)
		conn_refuse(c, rq, r, NULL, retry);
	return r;
}

int
session_limit_pair(struct conn *c, const struct net_request *rq,
    enum limit_class class, const uint8_t other[static LIMIT_ACCOUNT_LEN],
    uint32_t cost)
{
	struct service *sv = service_of(c)->sv;
	uint8_t pair[2 * LIMIT_ACCOUNT_LEN], id[LIMIT_ACCOUNT_LEN];
	struct limit_key key;
	uint32_t retry = 0;
	int r;

	memcpy(pair, session_of(c)->account.b, LIMIT_ACCOUNT_LEN);
	memcpy(pair + LIMIT_ACCOUNT_LEN, other, LIMIT_ACCOUNT_LEN);
	crypto_generichash(id, sizeof(id), pair, sizeof(pair), NULL, 0);
	key = limit_key_account(id);
	r = take(sv, class, &key, cost, &retry);
	if (r != 0)
		conn_refuse(c, rq, r, NULL, retry);
	return r;
}

/* ---- failures ------------------------------------------------------------------------ */

#define STORE_RETRY_MS 2000

void
session_store_failed(struct conn *c, const struct net_request *rq, int err)
{
	switch (err) {
	case ERR_IO:
	case ERR_NOMEM:
	case ERR_CLOSED:
	case ERR_BUSY:
		conn_refuse(c, rq, err, "the relay cannot do this right now",
		    STORE_RETRY_MS);
		break;
	default:
		conn_refuse(c, rq, err, NULL, 0);
		break;
	}
}

void
session_revoked(struct conn *c, const struct net_request *rq)
{
	conn_refuse(c, rq, ERR_DENIED, "this device was removed", 0);
	conn_goodbye(c, CLOSE_REVOKED);
}

/* ---- HELLO and PING ---------------------------------------------------------------------- */

static void
fill_hello(Sotto__Relay__HelloResponse *h, const struct conn *c,
    const struct session *s)
{
	const struct relay_conf *conf = net_conf(conn_loop(c));
	const struct op_device_by_key *op = &s->ident->op;
	const char *policy = registration_policy_str(conf->registration);

	h->server = (char *)(uintptr_t) "sotto-relay " SOTTO_VERSION;
	h->relay_name = conf->name;
	h->server_time_ms = relay_clock_wall(service_of(c)->sv->clock);
	h->registration = (char *)(uintptr_t)policy;
	h->envelope_max_bytes = (uint32_t)conf->envelope_max;
	if (conf->report_key != NULL) {
		h->report_key.data = (uint8_t *)(uintptr_t)conf->report_pk;
		h->report_key.len = sizeof(conf->report_pk);
	}
	h->device_removed = op->op.result == 0 && op->revoked;
	if (s->dev == 0)
		return;
	h->account_id.data = (uint8_t *)(uintptr_t)s->account.b;
	h->account_id.len = sizeof(s->account.b);
	h->device_id = s->device_id;
	h->device_listed = op->listed;
	h->one_time_pre_keys_left = op->one_time_left;
	h->kyber_pre_keys_left = op->kyber_left;
	h->queued_messages = op->queued;
}

void
on_hello_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__HelloRequest *req = (const void *)msg;
	Sotto__Relay__HelloResponse h = SOTTO__RELAY__HELLO_RESPONSE__INIT;
	struct session *s = session_of(c);

	if (s->greeted) {
		conn_refuse(c, rq, ERR_STATE, "hello was said already", 0);
		return;
	}
	if (req->protocol != SESSION_PROTOCOL) {
		conn_refuse(
		    c, rq, ERR_VERSION, "this relay speaks protocol 1", 0);
		return;
	}
	fill_hello(&h, c, s);
	conn_reply(c, rq, &h.base);
	s->greeted = true;
	free(s->ident);
	s->ident = NULL;
	settle(c);
}

void
on_ping_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__PingRequest *req = (const void *)msg;
	Sotto__Relay__PingResponse pong = SOTTO__RELAY__PING_RESPONSE__INIT;

	pong.echo = req->echo;
	conn_reply(c, rq, &pong.base);
}

/* ---- registration ------------------------------------------------------------------------- */

struct attempt {
	struct service_loop *sl;
	struct net_request rq;
};

static struct attempt *
attempt_new(struct conn *c, const struct net_request *rq)
{
	struct attempt *a = malloc(sizeof(*a));

	if (a == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		return NULL;
	}
	*a = (struct attempt){.sl = service_of(c), .rq = *rq};
	return a;
}

static void
on_registered(void *arg, int err, const struct identity_attempt *a,
    const struct identity_fail *fail)
{
	Sotto__Relay__RegisterResponse resp =
	    SOTTO__RELAY__REGISTER_RESPONSE__INIT;
	struct attempt *at = arg;
	struct conn *c = conn_of(at->sl->net, at->rq.conn);

	if (c == NULL) {
		free(at);
		return;
	}
	if (err != 0) {
		conn_refuse(c, &at->rq, err, fail->text, fail->retry_after_ms);
	} else {
		resp.token.data = (uint8_t *)(uintptr_t)a->token;
		resp.token.len = sizeof(a->token);
		resp.expires_ms = a->expires_ms;
		resp.code_digits = a->code_digits;
		resp.resend_after_ms = a->resend_after_ms;
		conn_reply(c, &at->rq, &resp.base);
	}
	free(at);
}

void
on_register_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__RegisterRequest *req = (const void *)msg;
	const struct session *s = session_of(c);
	struct attempt *a;

	if (req->change_number && s->device_id != 1) {
		conn_refuse(
		    c, rq, ERR_DENIED, "only the primary device does that", 0);
		return;
	}
	a = attempt_new(c, rq);
	if (a != NULL)
		identity_register(a->sl->identity, conn_peer(c), req,
		    req->change_number ? &s->account : NULL, on_registered, a);
}

void
session_adopt(struct conn *c, const struct account_id *account,
    uint32_t device_id, store_dev dev)
{
	struct session *s = session_of(c);

	if (!conn_live(c))
		return;
	go_offline(c);
	s->dev = dev;
	s->account = *account;
	s->device_id = (uint8_t)device_id;
	settle(c);
}

/* The code was right: what its owner must know to go on. */
static void
refuse_locked(struct conn *c, const struct net_request *rq,
    const struct identity_fail *fail)
{
	Sotto__Relay__RegistrationLock lock =
	    SOTTO__RELAY__REGISTRATION_LOCK__INIT;
	Sotto__Relay__Error e = SOTTO__RELAY__ERROR__INIT;

	lock.account_id.data = (uint8_t *)(uintptr_t)fail->lock->account.b;
	lock.account_id.len = sizeof(fail->lock->account.b);
	lock.tries_left = fail->lock->tries_left;
	lock.lapses_ms = fail->lock->lapses_ms;
	e.code = ERR_AUTH;
	e.text = (char *)(uintptr_t)fail->text;
	e.retry_after_ms = fail->retry_after_ms;
	e.lock = &lock;
	conn_error(c, rq, &e);
}

static void
on_verified(void *arg, int err, const struct identity_device *d,
    const struct identity_fail *fail)
{
	Sotto__Relay__VerifyOtpResponse resp =
	    SOTTO__RELAY__VERIFY_OTP_RESPONSE__INIT;
	struct attempt *at = arg;
	struct conn *c = conn_of(at->sl->net, at->rq.conn);

	if (err != 0 && c != NULL && fail->lock != NULL)
		refuse_locked(c, &at->rq, fail);
	else if (err != 0 && c != NULL)
		conn_refuse(c, &at->rq, err, fail->text, fail->retry_after_ms);
	if (err == 0 && c != NULL) {
		resp.account_id.data = (uint8_t *)(uintptr_t)d->account.b;
		resp.account_id.len = sizeof(d->account.b);
		resp.device_id = d->device_id;
		resp.replaced = d->replaced;
		conn_reply(c, &at->rq, &resp.base);
		session_adopt(c, &d->account, d->device_id, d->dev);
	}
	if (err == 0)
		session_kick(at->sl->sv, at->sl->net, d->gone, CLOSE_REVOKED);
	free(at);
}

void
on_verify_otp_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	struct attempt *a = attempt_new(c, rq);

	if (a != NULL)
		identity_verify(a->sl->identity, conn_peer(c), conn_key(c)->b,
		    (const void *)msg, on_verified, a);
}
