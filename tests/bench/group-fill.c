/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group-fill FOLDER — the people of group_people.h as a relay knows them:
 * registered, linked, listed, with their keys, in a new store in FOLDER.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/link/link.h"
#include "relay/store/ops_account.h"
#include "tests/bench/group_people.h"
#include "tui/engine/devicelist.h"

/* The keys of one device as the store takes them. */
struct upload {
	uint8_t identity[STORE_IDENTITY_PK_LEN];
	uint8_t signed_pk[EC_PUBLIC_LEN];
	uint8_t one_pk[PEOPLE_KEYS][EC_PUBLIC_LEN];
	struct store_key one[PEOPLE_KEYS], kyber[PEOPLE_KEYS];
};

/* One account on its way: one operation after the other. */
struct maker {
	struct filling *f;
	uint32_t account;
	struct person_device *d[2];
	struct upload up[2];
	struct buf list;
	struct store_listed listed[2];
	store_dev primary;
	union {
		struct store_op op;
		struct op_otp_put put;
		struct op_register reg;
		struct op_link_reserve reserve;
		struct op_link_finish finish;
		struct op_device_list_set set;
	} u;
};

struct filling {
	struct store *s;
	struct store_sink sink;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned wakes;
	uint32_t started, done;
};

#define MAKERS 64

static NORETURN void
die(const char *what, int err)
{
	(void)fprintf(stderr, "group-fill: %s: %s\n", what, err_str(err));
	exit(1);
}

static void
begin(struct maker *m, enum store_kind kind, void (*done)(struct store_op *op))
{
	store_op_init(&m->u.op, kind, &m->f->sink, done, m);
}

static struct maker *
ended(struct store_op *op, const char *what)
{
	if (op->result != 0)
		die(what, op->result);
	return op->ctx;
}

static struct store_keys
keys_of(struct upload *up, const struct person_device *d)
{
	struct store_keys k = {.one_time = up->one,
	    .n_one_time = PEOPLE_KEYS,
	    .kyber = up->kyber,
	    .n_kyber = PEOPLE_KEYS};
	size_t i;

	identity_pk_put(up->identity, &d->identity.pk);
	ec_pk_put(up->signed_pk, &d->signed_key.pair.pk);
	k.signed_key = (struct store_key){d->signed_key.id, up->signed_pk,
	    sizeof(up->signed_pk), d->signed_key.sig, SIGNATURE_LEN};
	k.last_resort =
	    (struct store_key){d->last_resort.id, d->last_resort.pk.b,
		KEM_PUBLIC_LEN, d->last_resort.sig, SIGNATURE_LEN};
	for (i = 0; i < PEOPLE_KEYS; i++) {
		ec_pk_put(up->one_pk[i], &d->one_time[i].pair.pk);
		up->one[i] = (struct store_key){
		    d->one_time[i].id, up->one_pk[i], EC_PUBLIC_LEN, NULL, 0};
		up->kyber[i] =
		    (struct store_key){d->kyber[i].id, d->kyber[i].pk.b,
			KEM_PUBLIC_LEN, d->kyber[i].sig, SIGNATURE_LEN};
	}
	return k;
}

/* ---- the device list ------------------------------------------------------------ */

static void
add_entry(struct devicelist *l, const struct person_device *d,
    const struct person_device *primary)
{
	struct devicelist_entry *v = &l->v[l->n++];
	struct link_bond bond = {.device = d->device,
	    .primary = primary->identity.pk,
	    .companion = d->identity.pk};

	v->device = d->device;
	v->identity = d->identity.pk;
	v->added_ms = PEOPLE_ADDED_MS;
	memcpy(bond.account, l->account, sizeof(bond.account));
	if (d != primary)
		link_bond_sign(v->countersignature, &bond, &d->identity,
		    &signal_rng_system);
}

static void
make_list(struct maker *m)
{
	struct devicelist l = {.version = 1, .issued_ms = PEOPLE_ADDED_MS};
	uint32_t i;
	int r;

	person_account(l.account, m->account);
	for (i = 0; i < person_devices(m->account); i++) {
		add_entry(&l, m->d[i], m->d[0]);
		m->listed[i].device_id = m->d[i]->device;
		memcpy(m->listed[i].identity_pk, m->up[i].identity,
		    sizeof(m->up[i].identity));
	}
	buf_init(&m->list, DEVICELIST_MAX);
	r = devicelist_sign(
	    &m->list, &l, &m->d[0]->identity, &signal_rng_system);
	if (r != 0)
		die("list", r);
}

/* ---- one account, step by step ---------------------------------------------------- */

static void start_one(struct maker *m);

static void
on_listed(struct store_op *op)
{
	struct maker *m = ended(op, "list");

	buf_clear(&m->list);
	m->f->done++;
	start_one(m);
}

static void
set_list(struct maker *m)
{
	struct op_device_list_set *s = &m->u.set;

	make_list(m);
	begin(m, STORE_DEVICE_LIST_SET, on_listed);
	person_account(s->account.b, m->account);
	s->version = 1;
	s->list = m->list.p;
	s->len = m->list.len;
	s->v = m->listed;
	s->n = person_devices(m->account);
	store_submit(m->f->s, &s->op);
}

static void
on_finished(struct store_op *op)
{
	set_list(ended(op, "finish"));
}

static void
on_reserved(struct store_op *op)
{
	struct maker *m = ended(op, "reserve");
	struct op_link_finish *f = &m->u.finish;

	if (m->u.reserve.device_id != m->d[1]->device)
		die("another device number", ERR_STATE);
	begin(m, STORE_LINK_FINISH, on_finished);
	memcpy(f->noise_pk, m->d[1]->noise.pk.b, sizeof(f->noise_pk));
	f->registration_id = m->d[1]->registration_id;
	f->keys = keys_of(&m->up[1], m->d[1]);
	memcpy(f->identity_pk, m->up[1].identity, sizeof(f->identity_pk));
	store_submit(m->f->s, &f->op);
}

static void
on_registered(struct store_op *op)
{
	struct maker *m = ended(op, "register");
	struct op_link_reserve *v = &m->u.reserve;

	m->primary = m->u.reg.dev;
	if (person_devices(m->account) == 1) {
		set_list(m);
		return;
	}
	begin(m, STORE_LINK_RESERVE, on_reserved);
	v->primary = m->primary;
	memcpy(v->noise_pk, m->d[1]->noise.pk.b, sizeof(v->noise_pk));
	v->expires_ms = UINT64_MAX / 2;
	store_submit(m->f->s, &v->op);
}

static void
on_put(struct store_op *op)
{
	struct maker *m = ended(op, "attempt");
	uint8_t token[STORE_TOKEN_LEN];
	struct op_register *r = &m->u.reg;

	memcpy(token, m->u.put.token, sizeof(token));
	begin(m, STORE_REGISTER, on_registered);
	*r = (struct op_register){.op = r->op};
	memcpy(r->token, token, sizeof(r->token));
	person_account(r->new_account.b, m->account);
	memcpy(r->noise_pk, m->d[0]->noise.pk.b, sizeof(r->noise_pk));
	r->registration_id = m->d[0]->registration_id;
	r->keys = keys_of(&m->up[0], m->d[0]);
	memcpy(r->identity_pk, m->up[0].identity, sizeof(r->identity_pk));
	store_submit(m->f->s, &r->op);
}

static void
start_one(struct maker *m)
{
	struct op_otp_put *p = &m->u.put;
	uint32_t i;

	if (m->f->started == PEOPLE)
		return;
	m->account = m->f->started++;
	for (i = 0; i < person_devices(m->account); i++)
		person_device_make(m->d[i], person_first(m->account) + i);
	memset(&m->u, 0, sizeof(m->u));
	begin(m, STORE_OTP_PUT, on_put);
	randombytes_buf(p->token, sizeof(p->token));
	snprintf(
	    p->phone, sizeof(p->phone), "+49170%07u", 1000000 + m->account);
	p->expires_ms = UINT64_MAX / 2;
	p->attempts = 1;
	store_submit(m->f->s, &p->op);
}

/* ---- all of them ------------------------------------------------------------------- */

static void
wake(void *ctx)
{
	struct filling *f = ctx;

	pthread_mutex_lock(&f->lock);
	f->wakes++;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->lock);
}

static void
fill(struct filling *f)
{
	struct maker *m = calloc(MAKERS, sizeof(*m));
	size_t i;

	if (m == NULL)
		die("memory", ERR_NOMEM);
	for (i = 0; i < MAKERS; i++) {
		m[i].f = f;
		m[i].d[0] = malloc(sizeof(*m[i].d[0]));
		m[i].d[1] = malloc(sizeof(*m[i].d[1]));
		if (m[i].d[0] == NULL || m[i].d[1] == NULL)
			die("memory", ERR_NOMEM);
		start_one(&m[i]);
	}
	while (f->done < PEOPLE) {
		pthread_mutex_lock(&f->lock);
		while (f->wakes == 0)
			pthread_cond_wait(&f->cond, &f->lock);
		f->wakes = 0;
		pthread_mutex_unlock(&f->lock);
		store_sink_drain(&f->sink);
	}
	for (i = 0; i < MAKERS; i++) {
		free(m[i].d[0]);
		free(m[i].d[1]);
	}
	free(m);
}

int
main(int argc, char **argv)
{
	struct filling f = {.started = 0};
	struct store_opts opts = {.dir = argc == 2 ? argv[1] : NULL};
	struct store_why why;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	if (sodium_init() < 0)
		return 1;
	pthread_mutex_init(&f.lock, NULL);
	pthread_cond_init(&f.cond, NULL);
	r = store_sink_init(&f.sink, wake, &f);
	if (r == 0)
		r = store_open(&f.s, &opts, &why);
	if (r != 0)
		die("store", r);
	fill(&f);
	store_free(f.s);
	store_sink_clear(&f.sink);
	return 0;
}
