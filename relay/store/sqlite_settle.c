/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sqlite_settle.c — the log's oldest rows leave it: what was acknowledged is
 * deleted with its neighbours, a whole page at a time, and the rest moves to
 * where its device finds it in one piece. And what has expired goes.
 */
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite.h"

#define SETTLE_MS    5000 /* rows this old settle when nothing else happens */
#define SETTLE_LEAST 1024 /* in one go, when there are many */

/* ---- settle -------------------------------------------------------------------- */

static int
by_device(const void *x, const void *y)
{
	const struct moving *p = x, *q = y;

	if (p->dev != q->dev)
		return p->dev < q->dev ? -1 : 1;
	return p->seq < q->seq ? -1 : p->seq > q->seq;
}

/* Put the rows n.. that share a device with it; how many, and their account
 * in queue_state. Negative: an error. */
static int
move_device(struct backend *b, const struct moving *v, size_t n)
{
	sqlite3_stmt *insert = sql(b, SQL_SETTLE),
		     *state = sql(b, SQL_STATE_ADD);
	struct cache_device *d = cache_device(&b->cache, v->dev);
	uint64_t bytes = 0;
	size_t i;
	int r;

	for (i = 0; i < n && v[i].dev == v->dev; i++) {
		bytes += v[i].len;
		bind_u64(insert, 1, v[i].seq);
		r = sql_run(b, insert);
		if (r != 0)
			return r;
	}
	if (d != NULL && d->queue_known)
		d->settled += i;
	bind_u64(state, 1, v->dev);
	bind_u64(state, 2, i);
	bind_u64(state, 3, bytes);
	r = sql_run(b, state);
	return r != 0 ? r : (int)i;
}

static int
move_rows(struct backend *b, size_t n)
{
	size_t i;
	int r;

	qsort(b->moving, n, sizeof(*b->moving), by_device);
	for (i = 0; i < n; i += (size_t)r) {
		r = move_device(b, b->moving + i, n - i);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The oldest n rows leave the log. */
static int
drop_rows(struct backend *b, uint32_t n)
{
	sqlite3_stmt *q = sql(b, SQL_FRESH_DEL);
	const struct hot_row *row;
	uint64_t shared = 0; /* rows of one body stand together */
	int r = 0;

	for (; n > 0 && r == 0; n--) {
		row = hot_nth(&b->hot, 0);
		if (row->shared != shared)
			r = shared_release(b, shared);
		shared = row->shared;
		bind_u64(q, 1, row->seq);
		if (r == 0)
			r = sql_run(b, q);
		hot_drop(&b->hot);
	}
	return r != 0 ? r : shared_release(b, shared);
}

int
settle(struct backend *b, uint32_t max, uint64_t upto_ms, uint32_t *done)
{
	const struct hot_row *row;
	size_t live = 0;
	uint32_t n;
	int r;

	if (max > SETTLE_MAX)
		max = SETTLE_MAX;
	for (n = 0; n < max; n++) {
		row = hot_nth(&b->hot, n);
		if (row == NULL || row->sent_ms > upto_ms)
			break;
		if (row->live)
			b->moving[live++] =
			    (struct moving){row->dev, row->seq, row->len};
	}
	*done = n;
	r = move_rows(b, live);
	return r != 0 ? r : drop_rows(b, n);
}

static int
settle_any(struct backend *b, uint32_t n)
{
	uint32_t done;

	return settle(b, n, UINT64_MAX, &done);
}

int
hot_room(struct backend *b)
{
	return hot_count(&b->hot) < b->hot.cap ? 0 : settle_any(b, SETTLE_MAX);
}

/* More than came; and when many devices have mail, so much that a page written
 * for one of them holds some rows. */
int
settle_some(struct backend *b)
{
	uint64_t n = 2 * b->did.rows_in, wide = 4 * (uint64_t)b->hot.n_devices;

	if (hot_count(&b->hot) < HOT_MANY)
		return 0;
	if (n < wide)
		n = wide;
	if (n < SETTLE_LEAST)
		n = SETTLE_LEAST;
	return settle_any(b, n < SETTLE_MAX ? (uint32_t)n : SETTLE_MAX);
}

int
hot_load(struct backend *b)
{
	sqlite3_stmt *q = sql(b, SQL_FRESH_ALL);
	struct hot_row row = {0};
	int r;

	hot_reset(&b->hot);
	while ((r = sql_step(b, q)) == ROW) {
		if (hot_count(&b->hot) == b->hot.cap) {
			r = ERR_INTERNAL;
			break;
		}
		row.seq = col_u64(q, 0);
		row.dev = col_u64(q, 1);
		row.sent_ms = col_u64(q, 2);
		row.len = col_u32(q, 3);
		row.live = sqlite3_column_int(q, 4) != 0;
		row.shared = col_u64(q, 5);
		hot_add(&b->hot, &row);
	}
	sql_end(q);
	return r;
}

/* ---- sweep --------------------------------------------------------------------- */

#define SWEEP_ROWS    1000
#define SWEEP_DEVICES 256 /* looked at in one sweep */
#define SWEEP_BODIES  64 /* with a time of their own, in one sweep */
#define SHRINK_PART   4 /* give pages back when a quarter of them is free */

/* Messages sent before this have expired; 0: none can have. */
static uint64_t
expired_before(const struct backend *b)
{
	return b->now_ms > b->opts.queue_ttl_ms
		   ? b->now_ms - b->opts.queue_ttl_ms
		   : 0;
}

/* What has expired settles too, and goes with the rest of its device's. */
static int
sweep_fresh(struct backend *b, uint32_t max, struct op_sweep *o)
{
	uint64_t upto = b->now_ms - SETTLE_MS, before = expired_before(b);
	uint32_t done;
	int r;

	r = settle(b, max, before > upto ? before : upto, &done);
	o->more |= done == max;
	return r;
}

/* The device's oldest settled message has expired: 1, not: 0, or an error. */
static int
has_expired(struct backend *b, store_dev dev, uint64_t before)
{
	sqlite3_stmt *q = sql(b, SQL_SETTLED_FIRST);
	int r;

	bind_u64(q, 1, dev);
	r = sql_step(b, q);
	if (r == ROW)
		r = col_u64(q, 0) < before;
	sql_end(q);
	return r;
}

static int
expire_device(struct backend *b, store_dev dev, uint64_t before, uint32_t max,
    uint64_t *gone)
{
	sqlite3_stmt *q = sql(b, SQL_SETTLED_EXPIRE);
	int r;

	*gone = 0;
	r = has_expired(b, dev, before);
	if (r <= 0)
		return r;
	bind_u64(q, 1, dev);
	bind_u64(q, 2, before);
	bind_u64(q, 3, max);
	return settled_went(b, dev, q, gone);
}

/* The next devices that have settled rows; n is in and out. */
static int
devices_after(struct backend *b, store_dev *v, size_t *n)
{
	sqlite3_stmt *q = sql(b, SQL_STATE_NEXT);
	size_t seen = 0, max = *n;
	int r;

	*n = 0;
	bind_u64(q, 1, b->swept);
	bind_u64(q, 2, max);
	while ((r = sql_step(b, q)) == ROW) {
		seen++;
		b->swept = col_u64(q, 0);
		if (col_u64(q, 1) > 0)
			v[(*n)++] = b->swept;
	}
	sql_end(q);
	if (seen < max)
		b->swept = 0; /* round */
	return r;
}

/* Some devices a sweep; a device that has more than max comes again at once. */
static int
sweep_settled(struct backend *b, uint32_t max, struct op_sweep *o)
{
	store_dev v[SWEEP_DEVICES];
	size_t n = SWEEP_DEVICES, i;
	uint64_t before = expired_before(b), gone;
	uint32_t left = max;
	int r;

	r = devices_after(b, v, &n);
	for (i = 0; r == 0 && i < n; i++) {
		r = expire_device(b, v[i], before, left, &gone);
		o->messages += gone;
		left -= (uint32_t)gone;
		if (left == 0) {
			b->swept = v[i] - 1;
			o->more = true;
			break;
		}
	}
	return r;
}

static int
sweep_rows(struct backend *b, enum sql which, uint32_t max, uint64_t *gone)
{
	sqlite3_stmt *q = sql(b, which);
	int r;

	bind_u64(q, 1, b->now_ms);
	bind_u64(q, 2, max);
	r = sql_run(b, q);
	if (r == 0)
		*gone = (uint64_t)sqlite3_changes(b->w);
	return r;
}

/* One row less for each device that has a body which expired. */
static int
uncount(struct backend *b, uint64_t shared, uint64_t *gone)
{
	sqlite3_stmt *q = sql(b, SQL_SETTLED_SHARED);
	sqlite3_stmt *state = sql(b, SQL_STATE_ADD);
	struct cache_device *d;
	int r;

	bind_u64(q, 1, shared);
	while ((r = sql_step(b, q)) == ROW) {
		d = cache_device(&b->cache, col_u64(q, 0));
		if (d != NULL && d->queue_known)
			d->settled -= col_u64(q, 1);
		*gone += col_u64(q, 1);
		bind_u64(state, 1, col_u64(q, 0));
		sqlite3_bind_int64(state, 2, -(int64_t)col_u64(q, 1));
		sqlite3_bind_int64(state, 3, 0);
		r = sql_run(b, state);
		if (r != 0)
			break;
	}
	sql_end(q);
	return r;
}

/* Bodies with a time of their own; rows of theirs that are fresh still settle
 * first. */
static int
sweep_shared(struct backend *b, uint32_t max, struct op_sweep *o)
{
	sqlite3_stmt *q = sql(b, SQL_SHARED_EXPIRED);
	sqlite3_stmt *del = sql(b, SQL_SETTLED_UNSHARE);
	uint64_t v[SWEEP_BODIES];
	size_t n = 0, i;
	int r;

	bind_u64(q, 1, b->now_ms);
	bind_u64(q, 2, max < SWEEP_BODIES ? max : SWEEP_BODIES);
	while ((r = sql_step(b, q)) == ROW && n < SWEEP_BODIES)
		v[n++] = col_u64(q, 0);
	sql_end(q);
	for (i = 0; r == 0 && i < n; i++) {
		r = uncount(b, v[i], &o->messages);
		bind_u64(del, 1, v[i]);
		if (r == 0)
			r = sql_run(b, del);
		if (r == 0)
			r = shared_release(b, v[i]);
	}
	return r;
}

/* Give a piece of the file back when much of it is empty. */
static int
shrink(struct backend *b, bool *more)
{
	sqlite3_stmt *q = sql(b, SQL_FREE_PAGES);
	uint64_t pages = 0, unused = 0;
	int r;

	r = sql_step(b, q);
	if (r == ROW) {
		unused = col_u64(q, 0);
		pages = col_u64(q, 1);
		r = 0;
	}
	sql_end(q);
	if (r != 0 || unused < 1024 || unused < pages / SHRINK_PART)
		return r;
	*more = true;
	return sql_run(b, sql(b, SQL_SHRINK));
}

int
run_sweep(struct backend *b, struct op_sweep *o)
{
	uint32_t max = o->max_rows > 0 ? o->max_rows : SWEEP_ROWS;
	uint64_t linking;
	int r;

	o->messages = 0;
	o->more = false;
	r = sweep_fresh(b, max, o);
	if (r == 0)
		r = sweep_settled(b, max, o);
	if (r == 0)
		r = sweep_shared(b, max, o);
	b->did.rows_expired += o->messages;
	if (r == 0)
		r = sweep_rows(b, SQL_LINKING_SWEEP, max, &linking);
	if (r == 0)
		r = sweep_rows(b, SQL_OTP_SWEEP, max, &o->attempts);
	if (r == 0)
		r = sweep_rows(b, SQL_INVITE_SWEEP, max, &o->invites);
	if (r != 0)
		return r;
	o->more |= o->attempts == max || o->invites == max;
	return shrink(b, &o->more);
}
