/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_keys.c — pre-keys: a one-time key leaves the disk before it leaves
 * the relay. */
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite.h"

static bool
key_fits(const struct store_key *k, bool sig)
{
	return k->pk != NULL && k->pk_len >= 1 && k->pk_len <= STORE_KEY_MAX &&
	       (sig ? k->sig != NULL && k->sig_len >= 1 &&
			   k->sig_len <= STORE_KEY_MAX
		    : k->sig_len == 0);
}

static int
pool_check(const struct store_key *v, size_t n, bool sig)
{
	size_t i;

	if (n > STORE_POOL_MAX)
		return ERR_RANGE;
	for (i = 0; i < n; i++) {
		if (!key_fits(&v[i], sig))
			return ERR_RANGE;
		if (i > 0 && v[i].id <= v[i - 1].id)
			return ERR_FORMAT; /* they grow, within one too */
	}
	return 0;
}

static int
single_check(const struct store_key *k, bool needed)
{
	if (k->pk == NULL)
		return needed ? ERR_FORMAT : 0;
	return key_fits(k, true) ? 0 : ERR_RANGE;
}

int
keys_check(const struct store_keys *k, bool all)
{
	int r;

	r = single_check(&k->signed_key, all);
	if (r == 0)
		r = single_check(&k->last_resort, all);
	if (r == 0)
		r = pool_check(k->one_time, k->n_one_time, false);
	if (r == 0)
		r = pool_check(k->kyber, k->n_kyber, true);
	return r;
}

static int
single_set(
    struct backend *b, enum sql which, store_dev dev, const struct store_key *k)
{
	sqlite3_stmt *q = sql(b, which);

	if (k->pk == NULL)
		return 0;
	bind_u64(q, 1, k->id);
	bind_blob(q, 2, k->pk, k->pk_len);
	bind_blob(q, 3, k->sig, k->sig_len);
	bind_u64(q, 4, dev);
	return sql_run(b, q);
}

static int
one_time_add(struct backend *b, store_dev dev, const struct store_key *k)
{
	sqlite3_stmt *q = sql(b, SQL_ONE_TIME_ADD);

	bind_u64(q, 1, dev);
	bind_u64(q, 2, k->id);
	bind_blob(q, 3, k->pk, k->pk_len);
	return sql_run(b, q);
}

static int
kyber_add(struct backend *b, store_dev dev, const struct store_key *k)
{
	sqlite3_stmt *q = sql(b, SQL_KYBER_ADD);

	bind_u64(q, 1, dev);
	bind_u64(q, 2, k->id);
	bind_blob(q, 3, k->pk, k->pk_len);
	bind_blob(q, 4, k->sig, k->sig_len);
	return sql_run(b, q);
}

struct pool {
	enum sql count;
	int (*add)(struct backend *b, store_dev dev, const struct store_key *k);
};

/* Add the keys above *high, the highest id ever uploaded, and raise it. */
static int
pool_add(struct backend *b, const struct pool *pool, store_dev dev,
    const struct store_key *v, size_t n, int64_t *high)
{
	sqlite3_stmt *q = sql(b, pool->count);
	uint64_t have;
	size_t i;
	int r;

	for (i = 0; i < n && v[i].id <= *high; i++)
		;
	if (i == n)
		return 0;
	bind_u64(q, 1, dev);
	r = sql_number(b, q, &have);
	if (r == 0 && have + (n - i) > STORE_POOL_MAX)
		r = ERR_FULL;
	for (; i < n && r == 0; i++)
		r = pool->add(b, dev, &v[i]);
	if (r == 0)
		*high = v[n - 1].id;
	return r;
}

static int
high_get(struct backend *b, store_dev dev, int64_t high[static 2])
{
	sqlite3_stmt *q = sql(b, SQL_HIGH_GET);
	int r;

	bind_u64(q, 1, dev);
	r = sql_step(b, q);
	if (r == ROW) {
		high[0] = sqlite3_column_int64(q, 0);
		high[1] = sqlite3_column_int64(q, 1);
		r = 0;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

static int
high_set(struct backend *b, store_dev dev, const int64_t high[static 2])
{
	sqlite3_stmt *q = sql(b, SQL_HIGH_SET);

	sqlite3_bind_int64(q, 1, high[0]);
	sqlite3_bind_int64(q, 2, high[1]);
	bind_u64(q, 3, dev);
	return sql_run(b, q);
}

int
keys_write(struct backend *b, store_dev dev, const struct store_keys *k)
{
	static const struct pool one_time = {SQL_ONE_TIME_COUNT, one_time_add};
	static const struct pool kyber = {SQL_KYBER_COUNT, kyber_add};
	int64_t high[2];
	int r;

	r = high_get(b, dev, high);
	if (r == 0)
		r = single_set(b, SQL_SIGNED_SET, dev, &k->signed_key);
	if (r == 0)
		r = single_set(b, SQL_RESORT_SET, dev, &k->last_resort);
	if (r == 0)
		r = pool_add(
		    b, &one_time, dev, k->one_time, k->n_one_time, &high[0]);
	if (r == 0)
		r = pool_add(b, &kyber, dev, k->kyber, k->n_kyber, &high[1]);
	if (r == 0)
		r = high_set(b, dev, high);
	return r;
}

int
run_keys_put(struct backend *b, struct op_keys_put *o)
{
	struct op_keys_count count = {.dev = o->dev};
	int r;

	r = keys_check(&o->keys, false);
	if (r == 0)
		r = guard_begin(b);
	if (r != 0)
		return r;
	r = guard_end(b, keys_write(b, o->dev, &o->keys));
	if (r == 0)
		r = run_keys_count(b, &count);
	o->one_time_left = count.one_time_left;
	o->kyber_left = count.kyber_left;
	return r;
}

/* ---- take -------------------------------------------------------------------- */

/* Copy a key's bytes behind data; its pointers are set when all is there. */
static int
key_copy(
    struct buf *data, sqlite3_stmt *q, int col, bool sig, struct store_key *k)
{
	int r;

	memset(k, 0, sizeof(*k));
	k->id = col_u32(q, col);
	k->pk_len = (size_t)sqlite3_column_bytes(q, col + 1);
	r = buf_put(data, sqlite3_column_blob(q, col + 1), k->pk_len);
	if (r != 0 || !sig)
		return r;
	k->sig_len = (size_t)sqlite3_column_bytes(q, col + 2);
	return buf_put(data, sqlite3_column_blob(q, col + 2), k->sig_len);
}

/* The pool's oldest key, now off the disk. 0 taken, ERR_NOTFOUND empty. */
static int
pool_take(struct backend *b, enum sql which, store_dev dev, bool sig,
    struct buf *data, struct store_key *k)
{
	sqlite3_stmt *q = sql(b, which);
	int r;

	bind_u64(q, 1, dev);
	r = sql_step(b, q);
	if (r == ROW)
		r = key_copy(data, q, 0, sig, k);
	else if (r == 0)
		r = ERR_NOTFOUND;
	sql_end(q);
	return r;
}

static int
bundle_fixed(struct backend *b, store_dev dev, struct buf *data,
    struct store_bundle *v, bool resort)
{
	sqlite3_stmt *q = sql(b, SQL_BUNDLE);
	int r;

	bind_u64(q, 1, dev);
	r = sql_step(b, q);
	if (r == ROW) {
		r = col_bytes(b, q, 0, v->identity_pk, sizeof(v->identity_pk));
		if (r == 0 && resort)
			r = key_copy(data, q, 4, true, &v->kyber);
		else if (r == 0)
			r = key_copy(data, q, 1, true, &v->signed_key);
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

/* Bytes in this order: signed key, one-time key, Kyber key; fix_up() relies
 * on it. */
static int
bundle_take(struct backend *b, const struct cache_device *d, struct buf *data,
    struct store_bundle *v)
{
	int r;

	memset(v, 0, sizeof(*v));
	v->device_id = d->device_id;
	v->registration_id = d->registration_id;
	v->dev = d->dev;
	r = bundle_fixed(b, d->dev, data, v, false);
	if (r != 0)
		return r;
	r = pool_take(b, SQL_ONE_TIME_TAKE, d->dev, false, data, &v->one_time);
	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	r = pool_take(b, SQL_KYBER_TAKE, d->dev, true, data, &v->kyber);
	if (r == ERR_NOTFOUND)
		r = bundle_fixed(b, d->dev, data, v, true);
	return r;
}

static const uint8_t *
fix_up_key(struct store_key *k, const uint8_t *p)
{
	if (k->pk_len > 0)
		k->pk = p;
	if (k->sig_len > 0)
		k->sig = p + k->pk_len;
	return p + k->pk_len + k->sig_len;
}

/* The buffer moves no more: point into it. */
static void
fix_up(struct op_keys_take *o)
{
	const uint8_t *p = o->data.p;
	size_t i;

	for (i = 0; i < o->n; i++) {
		p = fix_up_key(&o->v[i].signed_key, p);
		p = fix_up_key(&o->v[i].one_time, p);
		p = fix_up_key(&o->v[i].kyber, p);
	}
}

static bool
asked_for(const struct op_keys_take *o, const struct cache_device *d)
{
	bool all = (o->devices.w[0] | o->devices.w[1]) == 0;

	return d->dev != o->but &&
	       (all || device_set_has(&o->devices, d->device_id));
}

static int
take_bundles(
    struct backend *b, struct op_keys_take *o, const struct op_devices *live)
{
	struct cache_device d;
	size_t i;
	int r = 0;

	for (i = 0; i < live->n && r == 0; i++) {
		d = (struct cache_device){
		    .dev = live->v[i].dev,
		    .device_id = live->v[i].device_id,
		    .registration_id = live->v[i].registration_id,
		};
		if (!asked_for(o, &d))
			continue;
		r = bundle_take(b, &d, &o->data, &o->v[o->n]);
		o->n += r == 0;
	}
	return r;
}

/* Room first: a key that cannot be handed out must not be spent. */
static int
take_prepare(struct op_keys_take *o, size_t n)
{
	const size_t bundle_max = 5 * STORE_KEY_MAX;

	free(o->v);
	o->n = 0;
	o->v = calloc(n > 0 ? n : 1, sizeof(*o->v));
	if (o->v == NULL)
		return ERR_NOMEM;
	if (o->data.max == 0)
		buf_init(&o->data, STORE_DEVICE_MAX * bundle_max);
	buf_reset(&o->data);
	return 0;
}

int
run_keys_take(struct backend *b, struct op_keys_take *o)
{
	struct op_devices live = {
	    .account = o->account, .device_list = o->device_list};
	int r;

	r = run_devices(b, &live);
	o->device_list = live.device_list; /* its memory may have moved */
	if (r != 0)
		return r;
	r = take_prepare(o, live.n);
	if (r == 0)
		r = guard_begin(b);
	if (r != 0)
		return r;
	r = guard_end(b, take_bundles(b, o, &live));
	if (r == 0)
		fix_up(o);
	return r;
}
