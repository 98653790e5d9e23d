/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/relay_store_help.h"
#include "tests/lib/tree.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- the rig ------------------------------------------------------------------- */

static uint64_t
rig_now(void *ctx)
{
	struct rig *r = ctx;
	uint64_t now;

	pthread_mutex_lock(&r->lock);
	while (r->gate) {
		r->at_gate = true;
		pthread_cond_broadcast(&r->some);
		pthread_cond_wait(&r->some, &r->lock);
	}
	r->at_gate = false;
	now = r->now_ms;
	pthread_mutex_unlock(&r->lock);
	return now;
}

static void
rig_trouble(void *ctx, const char *reason)
{
	struct rig *r = ctx;

	pthread_mutex_lock(&r->lock);
	r->troubles++;
	snprintf(
	    r->trouble, sizeof(r->trouble), "%s", reason == NULL ? "" : reason);
	pthread_mutex_unlock(&r->lock);
}

static void
rig_wake(void *ctx)
{
	struct rig *r = ctx;

	pthread_mutex_lock(&r->lock);
	r->wakes++;
	pthread_cond_broadcast(&r->some);
	pthread_mutex_unlock(&r->lock);
}

int
rig_sink_init(struct rig *r, struct store_sink *k)
{
	return store_sink_init(k, rig_wake, r);
}

void
rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/sotto-store-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->some, NULL);
	assert_ok(rig_sink_init(r, &r->sink));
	r->now_ms = RIG_START_MS;
	r->opts.dir = r->dir;
	r->opts.now_ms = rig_now;
	r->opts.trouble = rig_trouble;
	r->opts.ctx = r;
	r->opts.cache_devices = 1024;
	r->opts.recent_rows = 1024;
}

void
rig_open(struct rig *r)
{
	struct store_why why;
	int e = store_open(&r->s, &r->opts, &why);

	if (e != 0)
		fail_msg("store_open: %s (%s)", err_name(e), why.text);
	assert_string_equal(why.text, "");
}

void
rig_close(struct rig *r)
{
	store_free(r->s);
	r->s = NULL;
}

void
rig_reopen(struct rig *r)
{
	rig_close(r);
	rig_open(r);
}

void
rig_remove_dir(const char *dir)
{
	(void)tree_remove(dir);
}

void
rig_clear(struct rig *r)
{
	rig_close(r);
	store_sink_clear(&r->sink);
	pthread_cond_destroy(&r->some);
	pthread_mutex_destroy(&r->lock);
	rig_remove_dir(r->dir);
}

/* ---- operations ---------------------------------------------------------------- */

static void
on_done(struct store_op *op)
{
	op->ctx = op; /* seen by rig_done() */
}

bool
rig_done(const struct store_op *op)
{
	return op->ctx == op;
}

void
rig_init_op(struct rig *r, struct store_op *op, enum store_kind kind)
{
	store_op_init(op, kind, &r->sink, on_done, NULL);
}

void
rig_submit(struct rig *r, struct store_op *op)
{
	op->ctx = NULL;
	store_submit(r->s, op);
}

void
rig_wait_done(struct rig *r, struct store_sink *k, struct store_op *op)
{
	unsigned seen;

	for (;;) {
		pthread_mutex_lock(&r->lock);
		seen = r->wakes;
		pthread_mutex_unlock(&r->lock);
		store_sink_drain(k);
		if (rig_done(op))
			return;
		pthread_mutex_lock(&r->lock);
		while (r->wakes == seen)
			pthread_cond_wait(&r->some, &r->lock);
		pthread_mutex_unlock(&r->lock);
	}
}

void
rig_wait(struct rig *r, struct store_op *op)
{
	rig_wait_done(r, &r->sink, op);
}

int
rig_call(struct rig *r, struct store_op *op)
{
	rig_submit(r, op);
	rig_wait(r, op);
	return op->result;
}

void
rig_gate_close(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	r->gate = true;
	pthread_mutex_unlock(&r->lock);
}

void
rig_gate_wait(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->at_gate)
		pthread_cond_wait(&r->some, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void
rig_gate_open(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	r->gate = false;
	pthread_cond_broadcast(&r->some);
	pthread_mutex_unlock(&r->lock);
}

/* ---- people -------------------------------------------------------------------- */

static uint8_t bytes[STORE_KEY_MAX + 1]; /* what every key is made of */

static struct store_key
fake_key(uint32_t id, size_t pk_len, size_t sig_len)
{
	struct store_key k = {
	    .id = id, .pk = bytes + id % 97, .pk_len = pk_len};

	if (sig_len > 0) {
		k.sig = bytes + 1 + id % 89;
		k.sig_len = sig_len;
	}
	return k;
}

void
fake_keys(struct store_keys *k, struct store_key *one_time, size_t n1,
    struct store_key *kyber, size_t n2, uint32_t first)
{
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	memset(k, 0, sizeof(*k));
	k->signed_key = fake_key(first, 33, 64);
	k->last_resort = fake_key(first + 1, 1569, 64);
	for (i = 0; i < n1; i++)
		one_time[i] = fake_key(first + (uint32_t)i, 33, 0);
	for (i = 0; i < n2; i++)
		kyber[i] = fake_key(first + (uint32_t)i, 1569, 64);
	k->one_time = one_time;
	k->n_one_time = n1;
	k->kyber = kyber;
	k->n_kyber = n2;
}

int
put_attempt(struct rig *r, const char *phone, uint8_t token, const char *invite)
{
	struct op_otp_put o;

	rig_init_op(r, &o.op, STORE_OTP_PUT);
	memset(o.token, token, sizeof(o.token));
	memset(o.code_hash, token, sizeof(o.code_hash));
	snprintf(o.phone, sizeof(o.phone), "%s", phone);
	snprintf(o.invite, sizeof(o.invite), "%s", invite);
	o.expires_ms = r->now_ms + 600000;
	o.attempts = 3;
	return rig_call(r, &o.op);
}

void
fill_register(struct rig *r, struct op_register *o, uint8_t token, uint8_t who)
{
	rig_init_op(r, &o->op, STORE_REGISTER);
	memset(o->token, token, sizeof(o->token));
	memset(o->code_hash, token, sizeof(o->code_hash));
	memset(o->new_account.b, who, sizeof(o->new_account.b));
	memset(o->noise_pk, who, sizeof(o->noise_pk));
	memset(o->identity_pk, who, sizeof(o->identity_pk));
	o->registration_id = 1000 + who;
	fake_keys(&o->keys, NULL, 0, NULL, 0, 1);
}

void
join(struct rig *r, struct person *p, uint8_t who, size_t n)
{
	struct store_key one_time[STORE_POOL_MAX], kyber[STORE_POOL_MAX];
	struct op_register o;

	memset(p, 0, sizeof(*p));
	snprintf(p->phone, sizeof(p->phone), "+4917000%03u", who);
	assert_ok(put_attempt(r, p->phone, who, ""));
	fill_register(r, &o, who, who);
	fake_keys(&o.keys, one_time, n, kyber, n, 1);
	assert_ok(rig_call(r, &o.op));
	p->id = o.account;
	memcpy(p->noise_pk, o.noise_pk, sizeof(p->noise_pk));
	p->device_id = o.device_id;
	p->registration_id = o.registration_id;
	p->dev = o.dev;
}

int
reserve_device(struct rig *r, const struct person *p, uint8_t who, uint32_t *id)
{
	struct op_link_reserve o;
	int e;

	rig_init_op(r, &o.op, STORE_LINK_RESERVE);
	o.primary = p->dev;
	memset(o.noise_pk, who, sizeof(o.noise_pk));
	o.expires_ms = r->now_ms + 600000;
	e = rig_call(r, &o.op);
	if (e == 0)
		*id = o.device_id;
	return e;
}

int
finish_device(
    struct rig *r, const struct person *p, struct person *q, uint8_t who)
{
	struct op_link_finish o;
	int e;

	rig_init_op(r, &o.op, STORE_LINK_FINISH);
	memset(o.noise_pk, who, sizeof(o.noise_pk));
	memset(o.identity_pk, who, sizeof(o.identity_pk));
	o.registration_id = 1000 + who;
	fake_keys(&o.keys, NULL, 0, NULL, 0, 1);
	e = rig_call(r, &o.op);
	if (e != 0)
		return e;
	*q = *p;
	assert_memory_equal(&o.account, &p->id, sizeof(p->id));
	memcpy(q->noise_pk, o.noise_pk, sizeof(q->noise_pk));
	q->device_id = o.device_id;
	q->registration_id = o.registration_id;
	q->dev = o.dev;
	return 0;
}

/* A list of all devices there are: their identity keys are made of their
 * registration ids. */
void
list_devices(struct rig *r, const struct person *p, uint32_t version)
{
	struct store_listed v[STORE_DEVICE_MAX];
	struct op_device_list_set o;
	struct op_own_devices own;
	size_t i;

	rig_init_op(r, &own.op, STORE_OWN_DEVICES);
	own.account = p->id;
	assert_ok(rig_call(r, &own.op));
	rig_init_op(r, &o.op, STORE_DEVICE_LIST_SET);
	o.account = p->id;
	o.version = version;
	o.list = (const uint8_t *)"list";
	o.len = 4;
	for (i = 0; i < own.n; i++) {
		v[i].device_id = own.v[i].device_id;
		memset(v[i].identity_pk,
		    (uint8_t)(own.v[i].registration_id - 1000),
		    sizeof(v[i].identity_pk));
	}
	o.v = v;
	o.n = own.n;
	assert_ok(rig_call(r, &o.op));
}

void
join_device(
    struct rig *r, const struct person *p, struct person *q, uint8_t who)
{
	uint32_t id;

	assert_ok(reserve_device(r, p, who, &id));
	assert_ok(finish_device(r, p, q, who));
	assert_int_equal(q->device_id, id);
	list_devices(r, p, 1000 + id);
}

/* The target of that account among the first *n, or a new one. */
static struct store_target *
target_for(struct store_target *t, size_t *n, const struct account_id *id,
    struct store_envelope *v)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (memcmp(&t[i].account, id, sizeof(*id)) == 0)
			return &t[i];
	memset(&t[i], 0, sizeof(t[i]));
	t[i].account = *id;
	t[i].v = v;
	(*n)++;
	return &t[i];
}

/* Devices of one account stand together in to. */
int
send_to(struct rig *r, const struct person *from, uint8_t message,
    const struct person *const *to, size_t n, struct store_envelope *v)
{
	struct store_target t[16] = {0};
	struct op_send o;
	size_t i;

	rig_init_op(r, &o.op, STORE_SEND);
	o.sender = from->dev;
	memset(o.message_id, message, sizeof(o.message_id));
	o.v = t;
	for (i = 0; i < n; i++) {
		memset(&v[i], 0, sizeof(v[i]));
		v[i].device_id = to[i]->device_id;
		v[i].registration_id = to[i]->registration_id;
		v[i].type = 2;
		v[i].body = bytes;
		v[i].len = message;
		target_for(t, &o.n, &to[i]->id, &v[i])->n++;
	}
	return rig_call(r, &o.op);
}

int
send_one(struct rig *r, const struct person *from, const struct person *to,
    uint8_t message, uint64_t *seq)
{
	const struct person *const all[] = {to};
	struct store_envelope v;
	int e;

	e = send_to(r, from, message, all, 1, &v);
	if (e == 0 && seq != NULL)
		*seq = v.seq;
	return e;
}

uint64_t
queue_count(struct rig *r, store_dev dev)
{
	struct op_queue_count o;

	rig_init_op(r, &o.op, STORE_QUEUE_COUNT);
	o.dev = dev;
	assert_ok(rig_call(r, &o.op));
	return o.count;
}

void
ack(struct rig *r, store_dev dev, uint64_t seq)
{
	struct op_queue_ack o;

	rig_init_op(r, &o.op, STORE_QUEUE_ACK);
	o.dev = dev;
	o.seq = seq;
	assert_ok(rig_call(r, &o.op));
}

int
by_key(struct rig *r, const struct person *p, struct op_device_by_key *o)
{
	rig_init_op(r, &o->op, STORE_DEVICE_BY_KEY);
	memcpy(o->noise_pk, p->noise_pk, sizeof(o->noise_pk));
	return rig_call(r, &o->op);
}

void
stats(struct rig *r, struct op_stats *o)
{
	rig_init_op(r, &o->op, STORE_STATS);
	assert_ok(rig_call(r, &o->op));
}
