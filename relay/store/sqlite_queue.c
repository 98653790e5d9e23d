/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_queue.c — messages: check whom they are for, append, read, forget. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- send: check -------------------------------------------------------------- */

static void
set_add(struct device_set *s, uint32_t id)
{
	s->w[id / 64] |= UINT64_C(1) << (id % 64);
}

static bool
set_empty(const struct device_set *s)
{
	return (s->w[0] | s->w[1]) == 0;
}

/* The target's envelopes by device id; ERR_RANGE sizes, a device twice. */
static int
envelopes_by_id(const struct store_target *t, struct device_set *ids)
{
	const struct store_envelope *e;
	size_t i;

	memset(ids, 0, sizeof(*ids));
	if (t->n > STORE_DEVICE_MAX)
		return ERR_RANGE;
	for (i = 0; i < t->n; i++) {
		e = &t->v[i];
		if (e->device_id < 1 || e->device_id > STORE_DEVICE_MAX ||
		    e->len > STORE_BODY_MAX ||
		    device_set_has(ids, e->device_id))
			return ERR_RANGE;
		set_add(ids, e->device_id);
	}
	return 0;
}

static void
compare(struct store_target *t, const struct device_set *ids,
    const struct cache_device *live, uint32_t n, store_dev sender)
{
	struct device_set known = {{0}};
	struct store_envelope *e;
	uint32_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		if (live[i].dev == sender)
			continue;
		set_add(&known, live[i].device_id);
		if (!device_set_has(ids, live[i].device_id)) {
			set_add(&t->missing, live[i].device_id);
			continue;
		}
		for (k = 0; t->v[k].device_id != live[i].device_id; k++)
			;
		e = &t->v[k];
		e->dev = live[i].dev;
		if (e->registration_id != live[i].registration_id)
			set_add(&t->reregistered, e->device_id);
	}
	t->extra.w[0] = ids->w[0] & ~known.w[0];
	t->extra.w[1] = ids->w[1] & ~known.w[1];
	t->stale = !set_empty(&t->missing) || !set_empty(&t->extra) ||
		   !set_empty(&t->reregistered);
}

/* One account: fill in its devs, or what is stale. */
static int
check_target(struct backend *b, struct op_send *o, struct store_target *t)
{
	struct cache_account *a;
	struct device_set ids;
	int r;

	t->stale = t->gone = false;
	memset(&t->missing, 0, sizeof(t->missing));
	memset(&t->extra, 0, sizeof(t->extra));
	memset(&t->reregistered, 0, sizeof(t->reregistered));
	r = envelopes_by_id(t, &ids);
	if (r == 0)
		r = known_account(b, &t->account, &a);
	if (r == ERR_NOTFOUND || (r == 0 && a->banned)) {
		t->stale = t->gone = true;
		return 0;
	}
	if (r != 0)
		return r;
	if (a->stamp == b->stamp)
		return ERR_RANGE; /* twice in one send */
	a->stamp = b->stamp;
	compare(t, &ids, cache_devices(&b->cache, a), a->n, o->sender);
	return 0;
}

static int
check_sender(struct backend *b, struct op_send *o)
{
	struct cache_account *a;
	struct cache_device *d;
	int r;

	r = known_device(b, o->sender, &d);
	if (r != 0)
		return r;
	a = &b->cache.accounts[d->account];
	o->sender_account = a->id;
	o->sender_device = d->device_id;
	return a->banned ? ERR_NOTFOUND : 0;
}

static int
check_targets(struct backend *b, struct op_send *o)
{
	bool stale = false;
	size_t i;
	int r;

	if (o->n > STORE_ACCOUNTS_MAX)
		return ERR_RANGE;
	b->stamp++;
	for (i = 0; i < o->n; i++) {
		r = check_target(b, o, &o->v[i]);
		if (r != 0)
			return r;
		stale |= o->v[i].stale;
	}
	return stale ? ERR_STATE : 0;
}

static int
check_room(struct backend *b, struct op_send *o)
{
	struct cache_device *d;
	size_t i, k;
	int r;

	for (i = 0; i < o->n; i++)
		for (k = 0; k < o->v[i].n; k++) {
			r = known_queue(b, o->v[i].v[k].dev, &d);
			if (r != 0)
				return r;
			if (d->queued >= b->opts.queue_max)
				return ERR_FULL;
		}
	return 0;
}

/* ---- send: append -------------------------------------------------------------- */

struct row_in {
	store_dev dev;
	uint64_t seq, sent_ms;
	const struct account_id *sender_account;
	uint32_t sender_device, type, len;
	const uint8_t *message_id, *body;
};

static int
row_add(struct backend *b, const struct row_in *in)
{
	sqlite3_stmt *q = sql(b, SQL_QUEUE_ADD);

	bind_u64(q, 1, in->seq);
	bind_u64(q, 2, in->dev);
	bind_u64(q, 3, in->sent_ms);
	bind_blob(q, 4, in->sender_account->b, STORE_ACCOUNT_ID_LEN);
	bind_u64(q, 5, in->sender_device);
	bind_blob(q, 6, in->message_id, STORE_MESSAGE_ID_LEN);
	bind_u64(q, 7, in->type);
	bind_blob(q, 8, in->body, in->len);
	b->did.rows_in++;
	return sql_run(b, q);
}

/* All checks are behind us: what fails now breaks the transaction, and with
 * it the rows before this one. */
static int
envelope_add(struct backend *b, struct op_send *o, struct store_envelope *e)
{
	struct row_in in = {
	    .dev = e->dev,
	    .sent_ms = o->server_ms,
	    .sender_account = &o->sender_account,
	    .sender_device = o->sender_device,
	    .type = e->type,
	    .len = e->len,
	    .message_id = o->message_id,
	    .body = e->body,
	};
	struct cache_device *d;
	uint64_t tag;
	int r;

	tag = recent_tag(&b->recent, e->dev, &o->sender_account,
	    o->sender_device, o->message_id);
	e->seq = recent_find(&b->recent, tag);
	e->prev_seq = 0;
	e->repeat = e->seq != 0;
	if (e->repeat)
		return 0;
	r = known_queue(b, e->dev, &d);
	if (r != 0)
		return r;
	in.seq = atomic_fetch_add(&b->seq->next, 1);
	r = row_add(b, &in);
	if (r != 0)
		return r;
	recent_add(&b->recent, tag, in.seq);
	e->seq = in.seq;
	e->prev_seq = d->last_seq;
	d->last_seq = in.seq;
	d->queued++;
	return 0;
}

int
run_send(struct backend *b, struct op_send *o)
{
	size_t i, k;
	int r;

	r = check_sender(b, o);
	if (r == 0)
		r = check_targets(b, o);
	if (r != 0 || o->check_only)
		return r;
	r = check_room(b, o);
	if (r != 0)
		return r;
	o->server_ms = b->now_ms;
	for (i = 0; i < o->n; i++)
		for (k = 0; k < o->v[i].n && r == 0; k++)
			r = envelope_add(b, o, &o->v[i].v[k]);
	return r;
}

int
run_queue_put(struct backend *b, struct op_queue_put *o)
{
	struct row_in in = {
	    .dev = o->dev,
	    .seq = o->seq,
	    .sent_ms = o->server_ms,
	    .sender_account = &o->sender_account,
	    .sender_device = o->sender_device,
	    .type = o->type,
	    .len = o->len,
	    .message_id = o->message_id,
	    .body = o->body,
	};
	struct cache_device *d;
	uint64_t tag;
	int r;

	if (o->len > STORE_BODY_MAX || o->seq == 0 ||
	    o->seq >= atomic_load(&b->seq->next))
		return ERR_RANGE;
	tag = recent_tag(&b->recent, o->dev, &o->sender_account,
	    o->sender_device, o->message_id);
	if (recent_find(&b->recent, tag) != 0)
		return ERR_DUP;
	r = known_queue(b, o->dev, &d);
	if (r == 0 && d->queued >= b->opts.queue_max)
		r = ERR_FULL;
	if (r == 0)
		r = row_add(b, &in);
	if (r != 0)
		return r == ERR_EXISTS ? ERR_DUP : r;
	recent_add(&b->recent, tag, o->seq);
	if (d->last_seq < o->seq)
		d->last_seq = o->seq;
	d->queued++;
	return 0;
}

/* ---- acknowledge, read, count -------------------------------------------------- */

int
run_queue_ack(struct backend *b, struct op_queue_ack *o)
{
	sqlite3_stmt *q = sql(b, SQL_QUEUE_ACK);
	int r;

	bind_u64(q, 1, o->dev);
	bind_u64(q, 2, o->seq < INT64_MAX ? o->seq : INT64_MAX);
	r = sql_run(b, q);
	if (r != 0)
		return r;
	o->deleted = (uint64_t)sqlite3_changes(b->w);
	b->did.rows_acked += o->deleted;
	queue_shrunk(b, o->dev, o->deleted);
	return 0;
}

/* Room for max rows; kept for the next read. */
static int
read_prepare(struct op_queue_read *o)
{
	struct store_row *v;

	o->n = 0;
	o->more = false;
	o->data.max = (size_t)o->max_bytes + STORE_BODY_MAX;
	buf_reset(&o->data);
	if (o->cap >= o->max_rows)
		return 0;
	v = realloc(o->v, o->max_rows * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	o->v = v;
	o->cap = o->max_rows;
	return 0;
}

static int
read_row(
    struct backend *b, sqlite3_stmt *q, struct store_row *v, struct buf *data)
{
	int r;

	v->seq = col_u64(q, 0);
	v->server_ms = col_u64(q, 1);
	v->sender_device = col_u32(q, 3);
	v->type = col_u32(q, 5);
	v->len = (uint32_t)sqlite3_column_bytes(q, 6);
	r = col_bytes(b, q, 2, v->sender_account.b, STORE_ACCOUNT_ID_LEN);
	if (r == 0)
		r = col_bytes(b, q, 4, v->message_id, STORE_MESSAGE_ID_LEN);
	return r != 0 ? r : buf_put(data, sqlite3_column_blob(q, 6), v->len);
}

static bool
read_is_full(const struct op_queue_read *o, sqlite3_stmt *q)
{
	size_t len = (size_t)sqlite3_column_bytes(q, 6);

	return o->n == o->max_rows ||
	       (o->n > 0 && o->data.len + len > o->max_bytes);
}

static int
read_rows(struct backend *b, struct op_queue_read *o)
{
	sqlite3_stmt *q = sql(b, SQL_QUEUE_READ);
	int r;

	bind_u64(q, 1, o->dev);
	bind_u64(q, 2, o->after_seq < INT64_MAX ? o->after_seq : INT64_MAX);
	while ((r = sql_step(b, q)) == ROW) {
		o->more = read_is_full(o, q);
		if (o->more)
			break;
		r = read_row(b, q, &o->v[o->n], &o->data);
		if (r != 0)
			break;
		o->n++;
	}
	sql_end(q);
	return r < 0 ? r : 0;
}

int
run_queue_read(struct backend *b, struct op_queue_read *o)
{
	struct cache_device *d;
	const uint8_t *p;
	size_t i;
	int r;

	if (o->max_rows == 0 || o->max_rows > STORE_PAGE_MAX)
		return ERR_RANGE;
	r = read_prepare(o);
	if (r == 0)
		r = known_queue(b, o->dev, &d);
	if (r == 0)
		r = read_rows(b, o);
	if (r != 0)
		return r;
	p = o->data.p;
	for (i = 0; i < o->n; p += o->v[i].len, i++)
		o->v[i].body = p;
	o->upto = o->after_seq;
	if (o->n > 0)
		o->upto = o->v[o->n - 1].seq;
	if (!o->more && d->last_seq > o->upto)
		o->upto = d->last_seq;
	b->did.rows_out += o->n;
	return 0;
}

int
run_queue_count(struct backend *b, struct op_queue_count *o)
{
	struct cache_device *d;
	int r;

	r = known_queue(b, o->dev, &d);
	if (r == 0)
		o->count = d->queued;
	return r;
}

/* ---- sweep --------------------------------------------------------------------- */

#define SWEEP_ROWS  1000
#define SHRINK_PART 4 /* give pages back when a quarter of them is free */

/* The last of the max oldest rows that has expired; 0: none has. */
static int
last_expired(struct backend *b, uint32_t max, uint64_t before, uint64_t *seq)
{
	sqlite3_stmt *q = sql(b, SQL_QUEUE_OLD);
	int r;

	*seq = 0;
	bind_u64(q, 1, max);
	while ((r = sql_step(b, q)) == ROW)
		if (col_u64(q, 1) < before)
			*seq = col_u64(q, 0);
	sql_end(q);
	return r;
}

/* Seqs grow with time, so what has expired is at the head of the log. */
static int
sweep_queue(struct backend *b, uint32_t max, uint64_t *gone)
{
	sqlite3_stmt *q = sql(b, SQL_QUEUE_SWEEP);
	uint64_t before, upto;
	int r;

	*gone = 0;
	if (b->now_ms <= b->opts.queue_ttl_ms)
		return 0;
	before = b->now_ms - b->opts.queue_ttl_ms;
	r = last_expired(b, max, before, &upto);
	if (r != 0 || upto == 0)
		return r;
	bind_u64(q, 1, upto);
	bind_u64(q, 2, before);
	while ((r = sql_step(b, q)) == ROW) {
		queue_shrunk(b, col_u64(q, 0), 1);
		(*gone)++;
	}
	sql_end(q);
	b->did.rows_expired += *gone;
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
	int r;

	r = sweep_queue(b, max, &o->messages);
	if (r == 0)
		r = sweep_rows(b, SQL_OTP_SWEEP, max, &o->attempts);
	if (r == 0)
		r = sweep_rows(b, SQL_INVITE_SWEEP, max, &o->invites);
	if (r != 0)
		return r;
	o->more = o->messages == max || o->attempts == max || o->invites == max;
	return shrink(b, &o->more);
}
