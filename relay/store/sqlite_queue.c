/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_queue.c — a device's messages: acknowledge, read, count. Older ones
 * have settled, newer ones are fresh; each is in one of the two. */
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- acknowledge -------------------------------------------------- */

/* What DELETE ... RETURNING length(body), shared_body yields: all rows are gone
 * by the time the first is told. */
static int
deleted(struct backend *b, sqlite3_stmt *q, uint64_t *rows, uint64_t *bytes)
{
	int r, released = 0;

	while ((r = sql_step(b, q)) == ROW) {
		(*rows)++;
		*bytes += col_u64(q, 0);
		if (released == 0)
			released = shared_release(b, col_u64(q, 1));
	}
	sql_end(q);
	return r != 0 ? r : released;
}

int
shared_release(struct backend *b, uint64_t shared)
{
	sqlite3_stmt *q = sql(b, SQL_SHARED_DROP);

	if (shared == 0)
		return 0;
	bind_u64(q, 1, shared);
	return sql_run(b, q);
}

int
settled_went(struct backend *b, store_dev dev, sqlite3_stmt *q, uint64_t *rows)
{
	struct cache_device *d = cache_device(&b->cache, dev);
	sqlite3_stmt *state = sql(b, SQL_STATE_ADD);
	uint64_t bytes = 0;
	int r;

	*rows = 0;
	r = deleted(b, q, rows, &bytes);
	if (r != 0 || *rows == 0)
		return r;
	if (d != NULL && d->queue_known)
		d->settled -= *rows;
	bind_u64(state, 1, dev);
	sqlite3_bind_int64(state, 2, -(int64_t)*rows);
	sqlite3_bind_int64(state, 3, -(int64_t)bytes);
	return sql_run(b, state);
}

static int
ack_settled(struct backend *b, store_dev dev, uint64_t seq, uint64_t *rows)
{
	sqlite3_stmt *q = sql(b, SQL_SETTLED_ACK);

	bind_u64(q, 1, dev);
	bind_u64(q, 2, seq);
	return settled_went(b, dev, q, rows);
}

/* They stay in the log until settle() comes by; a note says that they are
 * nobody's any more. */
static int
ack_fresh(struct backend *b, store_dev dev, uint64_t seq, uint64_t *rows)
{
	sqlite3_stmt *q = sql(b, SQL_STATE_ACK);
	uint32_t n;

	n = hot_ack(&b->hot, dev, seq);
	*rows += n;
	if (n == 0)
		return 0;
	bind_u64(q, 1, dev);
	bind_u64(q, 2, seq);
	return sql_run(b, q);
}

int
run_queue_ack(struct backend *b, struct op_queue_ack *o)
{
	struct cache_device *d;
	uint64_t seq;
	int r;

	o->deleted = 0;
	r = known_queue(b, o->dev, &d);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	/* Never above what there is: what comes later is not acknowledged. */
	seq = o->seq < d->last_seq ? o->seq : d->last_seq;
	if (d->settled > 0)
		r = ack_settled(b, o->dev, seq, &o->deleted);
	if (r == 0)
		r = ack_fresh(b, o->dev, seq, &o->deleted);
	b->did.rows_acked += o->deleted;
	return r;
}

int
device_erase(struct backend *b, store_dev dev)
{
	uint64_t rows;
	int r;

	r = ack_settled(b, dev, INT64_MAX, &rows);
	return r != 0 ? r : fresh_erase(b, dev);
}

/* ---- read -------------------------------------------------------------------- */

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
read_group(struct backend *b, sqlite3_stmt *q, struct store_row *v)
{
	v->in_group = sqlite3_column_type(q, 7) != SQLITE_NULL;
	if (!v->in_group)
		return 0;
	return col_bytes(b, q, 7, v->group_id, sizeof(v->group_id));
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
	v->expires_ms = col_u64(q, 8);
	r = read_group(b, q, v);
	if (r == 0)
		r = col_bytes(
		    b, q, 2, v->sender_account.b, STORE_ACCOUNT_ID_LEN);
	if (r == 0)
		r = col_bytes(b, q, 4, v->message_id, STORE_MESSAGE_ID_LEN);
	return r != 0 ? r : buf_put(data, sqlite3_column_blob(q, 6), v->len);
}

/* The statement's row, when there is room for it. */
static int
read_next(struct backend *b, struct op_queue_read *o, sqlite3_stmt *q)
{
	size_t len = (size_t)sqlite3_column_bytes(q, 6);
	uint64_t expires_ms = col_u64(q, 8);
	int r;

	if (expires_ms != 0 && expires_ms <= b->now_ms)
		return 0; /* the next sweep takes it */
	o->more = o->n == o->max_rows ||
		  (o->n > 0 && o->data.len + len > o->max_bytes);
	if (o->more)
		return 0;
	r = read_row(b, q, &o->v[o->n], &o->data);
	o->n += r == 0;
	return r;
}

static int
read_settled(struct backend *b, struct op_queue_read *o, uint64_t after)
{
	sqlite3_stmt *q = sql(b, SQL_SETTLED_READ);
	int r;

	bind_u64(q, 1, o->dev);
	bind_u64(q, 2, after);
	while ((r = sql_step(b, q)) == ROW) {
		r = read_next(b, o, q);
		if (r != 0 || o->more)
			break;
	}
	sql_end(q);
	return r;
}

static int
read_fresh(struct backend *b, struct op_queue_read *o)
{
	const struct hot_device *d = hot_find(&b->hot, o->dev);
	const struct hot_row *row;
	sqlite3_stmt *q = sql(b, SQL_FRESH_GET);
	int r = 0;

	row = d == NULL ? NULL : hot_at(&b->hot, d->first);
	for (; row != NULL && r == 0 && !o->more;
	     row = hot_at(&b->hot, row->next)) {
		if (row->seq <= o->after_seq)
			continue;
		bind_u64(q, 1, row->seq);
		r = sql_step(b, q);
		if (r == ROW)
			r = read_next(b, o, q);
		else if (r == 0)
			r = ERR_INTERNAL; /* memory and disk differ */
		sql_end(q);
	}
	return r;
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
	if (r == 0 && d->settled > 0 && o->after_seq < d->last_seq)
		r = read_settled(b, o, o->after_seq);
	if (r == 0)
		r = read_fresh(b, o);
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
		o->count = queue_length(b, d);
	return r;
}
