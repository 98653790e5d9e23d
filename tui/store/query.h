/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * query.h — one SQL statement on its way: prepared once per store, bound in
 * order, stepped, read. Errors stick: after the first one every step is
 * refused, and q_end() returns it. Every q_begin() has one q_end() or q_run().
 */
#ifndef TUI_STORE_QUERY_H
#define TUI_STORE_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "tui/store/store.h"

#define CACHE_SLOTS 256 /* prepared statements, a power of two */

struct cached {
	const char *sql; /* a literal: found by its address */
	sqlite3_stmt *st;
};

struct store {
	sqlite3 *db;
	struct cached cache[CACHE_SLOTS];
	struct lock *lock; /* NULL: the caller's */
	struct keyfile *keyfile; /* sodium_malloc */
	char *key_path;
	bool fast_kdf;
	bool in_tx;
	int tx_error; /* a half-done change in this transaction: no commit */
	char error[256];
};

struct query {
	struct store *s;
	sqlite3_stmt *st;
	int bound; /* parameters so far */
	int r; /* 0 or the first error */
};

/* sql is a string literal; its statement must not be running already. */
void q_begin(struct query *q, struct store *s, const char *sql);
void q_int(struct query *q, int64_t v);
void q_time(struct query *q, uint64_t ms); /* ERR_RANGE above INT64_MAX */
void q_blob(struct query *q, const void *p, size_t len); /* borrowed */
void q_text(struct query *q, const char *text); /* borrowed; NULL is NULL */

/* True: a row is there. False: no more, or an error. */
bool q_row(struct query *q);
int q_end(struct query *q) MUST_USE;
/* Step to the end, then q_end(). */
int q_run(struct query *q) MUST_USE;
/* q_run() that must change a row: else ERR_NOTFOUND. */
int q_run_one(struct query *q) MUST_USE;

/* Columns of the current row; a value of the wrong shape is ERR_FORMAT. */
int64_t q_get_int(struct query *q, int col);
uint64_t q_get_time(struct query *q, int col);
void q_get_bytes(struct query *q, int col, void *out, size_t len); /* exact */
/* Its length, at most cap; 0 for none. */
size_t q_get_upto(struct query *q, int col, void *out, size_t cap);
bool q_is_null(struct query *q, int col);
void q_get_text(struct query *q, int col, char *out, size_t cap);
char *q_dup_text(struct query *q, int col); /* heap; NULL is "" */
void q_put_blob(struct query *q, int col, struct buf *out); /* append */
/* Heap, len may be 0. */
uint8_t *q_dup_blob(struct query *q, int col, size_t *len);

/* An error of ours for the store's sentence; returns code. */
int store_fail(struct store *s, int code, const char *fmt, ...) PRINTF(3, 4);
/* SQLite's last error as a code of ours, with its sentence. */
int store_sql_error(struct store *s, int rc);
/* Run fixed SQL without results. */
int store_exec(struct store *s, const char *sql) MUST_USE;
void store_cache_clear(struct store *s);

/*
 * Changes of several statements are atomic: in a transaction of their own when
 * none is open; inside the caller's, a failure half-way forbids its commit (one
 * before the first change does not).
 *     r = tx_enter(s, &tx);  if (r != 0) return r;
 *     ...
 *     return tx_leave(s, &tx, r);
 */
struct tx {
	bool own;
	sqlite3_int64 changes; /* total so far, when it began */
};
int tx_enter(struct store *s, struct tx *tx) MUST_USE;
int tx_leave(struct store *s, const struct tx *tx, int r) MUST_USE;

/* A growing array of rows: room for one more in *v. 0 or ERR_NOMEM. */
int rows_grow(void *v, size_t n, size_t size) MUST_USE;

#endif
