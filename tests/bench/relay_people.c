/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tests/bench/relay_people.h"

#define CHUNK 512 /* operations under way at once */

/* One person: an attempt, then the registration it allows. */
struct maker {
	struct op_otp_put put;
	struct op_register reg;
	uint32_t i;
	struct making *m;
};

struct making {
	struct people *p;
	struct store *s;
	struct store_sink sink;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned wakes;
	uint32_t started, done;
	struct maker *maker;
};

static const uint8_t curve_pk[33] = {5, 1};
static const uint8_t kyber_pk[1569] = {8, 1};
static const uint8_t signature[64] = {1};

static NORETURN void
die(const char *what, int err)
{
	(void)fprintf(stderr, "people: %s: %s\n", what, err_str(err));
	exit(1);
}

void
people_key(struct noise_keypair *kp, uint32_t i)
{
	struct noise_secret sk;

	crypto_generichash(
	    sk.b, sizeof(sk.b), (const uint8_t *)&i, sizeof(i), NULL, 0);
	if (noise_keypair_of(kp, &sk) != 0)
		die("key", ERR_FORMAT);
}

static void start_one(struct maker *mk);

static void
on_registered(struct store_op *op)
{
	struct maker *mk = op->ctx;

	if (op->result != 0)
		die("register", op->result);
	mk->m->p->account[mk->i] = mk->reg.account;
	mk->m->done++;
	start_one(mk);
}

static void
on_put(struct store_op *op)
{
	struct maker *mk = op->ctx;
	struct noise_keypair kp;
	struct op_register *r = &mk->reg;

	if (op->result != 0)
		die("attempt", op->result);
	store_op_init(&r->op, STORE_REGISTER, &mk->m->sink, on_registered, mk);
	memcpy(r->token, mk->put.token, sizeof(r->token));
	randombytes_buf(r->new_account.b, sizeof(r->new_account.b));
	people_key(&kp, mk->i);
	memcpy(r->noise_pk, kp.pk.b, sizeof(r->noise_pk));
	memcpy(r->identity_pk, curve_pk, sizeof(r->identity_pk));
	r->registration_id = PEOPLE_REGISTRATION_ID;
	r->keys.signed_key = (struct store_key){
	    1, curve_pk, sizeof(curve_pk), signature, sizeof(signature)};
	r->keys.last_resort = (struct store_key){
	    1, kyber_pk, sizeof(kyber_pk), signature, sizeof(signature)};
	store_submit(mk->m->s, &r->op);
}

static void
start_one(struct maker *mk)
{
	struct making *m = mk->m;

	if (m->started == m->p->n)
		return;
	mk->i = m->started++;
	store_op_init(&mk->put.op, STORE_OTP_PUT, &m->sink, on_put, mk);
	randombytes_buf(mk->put.token, sizeof(mk->put.token));
	snprintf(mk->put.phone, sizeof(mk->put.phone), "+49170%07u",
	    1000000 + mk->i);
	mk->put.expires_ms = UINT64_MAX / 2;
	mk->put.attempts = 1;
	store_submit(m->s, &mk->put.op);
}

static void
wake(void *ctx)
{
	struct making *m = ctx;

	pthread_mutex_lock(&m->lock);
	m->wakes++;
	pthread_cond_signal(&m->cond);
	pthread_mutex_unlock(&m->lock);
}

static void
wait_all(struct making *m)
{
	while (m->done < m->p->n) {
		pthread_mutex_lock(&m->lock);
		while (m->wakes == 0)
			pthread_cond_wait(&m->cond, &m->lock);
		m->wakes = 0;
		pthread_mutex_unlock(&m->lock);
		store_sink_drain(&m->sink);
	}
}

void
people_make(struct people *p, const char *dir, uint32_t n)
{
	const struct store_opts opts = {.dir = dir};
	struct making m = {.p = p};
	struct store_why why;
	uint32_t i;
	int r;

	p->n = n;
	p->account = calloc(n, sizeof(*p->account));
	m.maker = calloc(CHUNK, sizeof(*m.maker));
	if (p->account == NULL || m.maker == NULL)
		die("memory", ERR_NOMEM);
	pthread_mutex_init(&m.lock, NULL);
	pthread_cond_init(&m.cond, NULL);
	r = store_sink_init(&m.sink, wake, &m);
	if (r == 0)
		r = store_open(&m.s, &opts, &why);
	if (r != 0)
		die("store", r);
	for (i = 0; i < CHUNK; i++) {
		m.maker[i].m = &m;
		start_one(&m.maker[i]);
	}
	wait_all(&m);
	store_free(m.s);
	store_sink_clear(&m.sink);
	pthread_cond_destroy(&m.cond);
	pthread_mutex_destroy(&m.lock);
	free(m.maker);
}

void
people_free(struct people *p)
{
	free(p->account);
	p->account = NULL;
}
