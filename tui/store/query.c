/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query.c — statements, their cache, and errors in words. */
#include "tui/store/query.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors --------------------------------------------------------------------- */

int
store_fail(struct store *s, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
	return code;
}

/* Extended codes first: the plain one is the low byte of each. */
static const struct {
	int rc;
	int code;
	const char *text; /* NULL: SQLite's own */
} sql_errors[] = {
    {SQLITE_IOERR_NOMEM, ERR_NOMEM, "out of memory"},
    {SQLITE_IOERR_DATA, ERR_IO,
	"a page of the store does not open: damaged or forged"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, ERR_NOTFOUND, "no such row"},
    {SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS, "exists already"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS, "exists already"},
    {SQLITE_CONSTRAINT_ROWID, ERR_EXISTS, "exists already"},
    {SQLITE_CONSTRAINT, ERR_RANGE, NULL},
    {SQLITE_NOMEM, ERR_NOMEM, "out of memory"},
    {SQLITE_FULL, ERR_FULL, "the disk is full"},
    {SQLITE_TOOBIG, ERR_RANGE, NULL},
    {SQLITE_BUSY, ERR_BUSY, "the store is in use by another process"},
    {SQLITE_READONLY, ERR_IO, "the store cannot be written"},
    {SQLITE_IOERR, ERR_IO, NULL},
    {SQLITE_CANTOPEN, ERR_IO, NULL},
    {SQLITE_CORRUPT, ERR_FORMAT, "the store is damaged"},
    {SQLITE_NOTADB, ERR_FORMAT, "the store is damaged"},
};

int
store_sql_error(struct store *s, int rc)
{
	int extended = sqlite3_extended_errcode(s->db);

	if ((extended & 0xff) != (rc & 0xff))
		extended = rc;
	for (size_t i = 0; i < ARRAY_LEN(sql_errors); i++) {
		int want = sql_errors[i].rc;

		if (want != extended && want != (extended & 0xff))
			continue;
		return store_fail(s, sql_errors[i].code, "%s",
		    sql_errors[i].text != NULL ? sql_errors[i].text
					       : sqlite3_errmsg(s->db));
	}
	return store_fail(
	    s, ERR_INTERNAL, "%s (%d)", sqlite3_errmsg(s->db), extended);
}

int
store_exec(struct store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_sql_error(s, rc);
}

/* ---- prepared statements ----------------------------------------------------------- */

static struct cached *
cache_slot(struct store *s, const char *sql)
{
	size_t i = ((uintptr_t)sql >> 3) * 2654435761u;

	for (size_t n = 0; n < CACHE_SLOTS; n++, i++) {
		struct cached *c = &s->cache[i % CACHE_SLOTS];

		if (c->sql == sql || c->sql == NULL)
			return c;
	}
	return NULL;
}

void
store_cache_clear(struct store *s)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		sqlite3_finalize(s->cache[i].st);
		s->cache[i].sql = NULL;
		s->cache[i].st = NULL;
	}
}

void
q_begin(struct query *q, struct store *s, const char *sql)
{
	struct cached *c = cache_slot(s, sql);
	int rc;

	memset(q, 0, sizeof(*q));
	q->s = s;
	/* SQLite has ended the transaction; what comes now would not be in it. */
	if (s->in_tx && sqlite3_get_autocommit(s->db)) {
		q->r = store_fail(s, s->tx_error != 0 ? s->tx_error : ERR_STATE,
		    "the transaction has failed before");
		return;
	}
	assert(c != NULL); /* there are fewer literals than slots */
	if (c->st == NULL) {
		rc = sqlite3_prepare_v3(
		    s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &c->st, NULL);
		if (rc != SQLITE_OK) {
			q->r = store_sql_error(s, rc);
			return;
		}
		c->sql = sql;
	}
	assert(!sqlite3_stmt_busy(c->st));
	q->st = c->st;
}

static void
bound(struct query *q, int rc)
{
	if (rc != SQLITE_OK && q->r == 0)
		q->r = store_sql_error(q->s, rc);
}

void
q_int(struct query *q, int64_t v)
{
	if (q->st != NULL)
		bound(q, sqlite3_bind_int64(q->st, ++q->bound, v));
}

void
q_time(struct query *q, uint64_t ms)
{
	if (ms > INT64_MAX && q->r == 0)
		q->r = store_fail(q->s, ERR_RANGE, "a time is out of range");
	q_int(q, (int64_t)(ms & INT64_MAX));
}

void
q_blob(struct query *q, const void *p, size_t len)
{
	if (q->st != NULL)
		bound(q, sqlite3_bind_blob64(q->st, ++q->bound,
			     len > 0 ? p : "", len, SQLITE_STATIC));
}

void
q_text(struct query *q, const char *text)
{
	if (q->st != NULL)
		bound(q, sqlite3_bind_text(
			     q->st, ++q->bound, text, -1, SQLITE_STATIC));
}

bool
q_row(struct query *q)
{
	int rc;

	if (q->r != 0)
		return false;
	rc = sqlite3_step(q->st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		q->r = store_sql_error(q->s, rc);
	return rc == SQLITE_ROW;
}

int
q_end(struct query *q)
{
	if (q->st != NULL) {
		sqlite3_reset(q->st);
		sqlite3_clear_bindings(q->st);
		q->st = NULL;
	}
	/* SQLite ends a transaction by itself after some errors. */
	if (q->r != 0 && q->s->in_tx && sqlite3_get_autocommit(q->s->db) &&
	    q->s->tx_error == 0)
		q->s->tx_error = q->r;
	return q->r;
}

int
q_run(struct query *q)
{
	while (q_row(q))
		;
	return q_end(q);
}

int
q_run_one(struct query *q)
{
	struct store *s = q->s;
	int r = q_run(q);

	if (r == 0 && sqlite3_changes(s->db) == 0)
		r = store_fail(s, ERR_NOTFOUND, "no such row");
	return r;
}

/* ---- columns -------------------------------------------------------------------- */

static void
misfit(struct query *q, int col)
{
	if (q->r == 0)
		q->r = store_fail(q->s, ERR_FORMAT, "column %s makes no sense",
		    sqlite3_column_name(q->st, col));
}

int64_t
q_get_int(struct query *q, int col)
{
	return sqlite3_column_int64(q->st, col);
}

uint64_t
q_get_time(struct query *q, int col)
{
	int64_t v = sqlite3_column_int64(q->st, col);

	if (v < 0)
		misfit(q, col);
	return v < 0 ? 0 : (uint64_t)v;
}

bool
q_is_null(struct query *q, int col)
{
	return sqlite3_column_type(q->st, col) == SQLITE_NULL;
}

void
q_get_bytes(struct query *q, int col, void *out, size_t len)
{
	const void *p = sqlite3_column_blob(q->st, col);

	if (p == NULL || (size_t)sqlite3_column_bytes(q->st, col) != len) {
		memset(out, 0, len);
		misfit(q, col);
		return;
	}
	memcpy(out, p, len);
}

size_t
q_get_upto(struct query *q, int col, void *out, size_t cap)
{
	const void *p = sqlite3_column_blob(q->st, col);
	size_t n = (size_t)sqlite3_column_bytes(q->st, col);

	if (n > cap || (n > 0 && p == NULL)) {
		misfit(q, col);
		return 0;
	}
	if (n > 0)
		memcpy(out, p, n);
	return n;
}

void
q_get_text(struct query *q, int col, char *out, size_t cap)
{
	const unsigned char *p = sqlite3_column_text(q->st, col);
	size_t n = (size_t)sqlite3_column_bytes(q->st, col);

	if (p == NULL && !q_is_null(q, col) && q->r == 0)
		q->r = store_fail(q->s, ERR_NOMEM, "out of memory");
	if (n >= cap)
		misfit(q, col);
	if (p == NULL || n >= cap)
		n = 0;
	if (n > 0)
		memcpy(out, p, n);
	memset(out + n, 0, cap - n);
}

uint8_t *
q_dup_blob(struct query *q, int col, size_t *len)
{
	const void *p = sqlite3_column_blob(q->st, col);
	size_t n = (size_t)sqlite3_column_bytes(q->st, col);
	uint8_t *copy = malloc(n + 1);

	if (copy == NULL || (p == NULL && n > 0)) {
		free(copy);
		if (q->r == 0)
			q->r = store_fail(q->s, ERR_NOMEM, "out of memory");
		return NULL;
	}
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	*len = n;
	return copy;
}

char *
q_dup_text(struct query *q, int col)
{
	size_t len;

	/* sqlite3_column_blob() of a text column is its UTF-8. */
	return (char *)q_dup_blob(q, col, &len);
}

void
q_put_blob(struct query *q, int col, struct buf *out)
{
	const void *p = sqlite3_column_blob(q->st, col);
	size_t n = (size_t)sqlite3_column_bytes(q->st, col);
	int r = n > 0 && p == NULL ? ERR_NOMEM : 0;

	if (r == 0 && n > 0)
		r = buf_put(out, p, n);
	if (r != 0 && q->r == 0)
		q->r = store_fail(q->s, r, "%s", err_str(r));
}

/* ---- transactions ---------------------------------------------------------------- */

int
tx_enter(struct store *s, struct tx *tx)
{
	tx->own = !s->in_tx;
	tx->changes = sqlite3_total_changes64(s->db);
	return tx->own ? store_begin(s) : 0;
}

int
tx_leave(struct store *s, const struct tx *tx, int r)
{
	char why[sizeof(s->error)];

	if (!tx->own) {
		if (r != 0 && s->tx_error == 0 &&
		    sqlite3_total_changes64(s->db) != tx->changes)
			s->tx_error = r;
		return r;
	}
	if (r == 0)
		return store_commit(s);
	memcpy(why, s->error, sizeof(why));
	store_rollback(s);
	memcpy(s->error, why, sizeof(why));
	return r;
}

/* Capacity is the power of two from 8 on that holds n. */
int
rows_grow(void *v, size_t n, size_t size)
{
	void *old, *more;

	if (n != 0 && (n < 8 || (n & (n - 1)) != 0))
		return 0;
	memcpy(&old, v, sizeof(old));
	more = realloc(old, (n == 0 ? 8 : 2 * n) * size);
	if (more == NULL)
		return ERR_NOMEM;
	memcpy(v, &more, sizeof(more));
	return 0;
}
