/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sqlite.c — opening, transactions and statements of the embedded store. WAL
 * with synchronous=FULL: a commit that returned is on disk. cache_spill=OFF:
 * SQLite before 3.50 can lose committed transactions when pages spilled into
 * the log are rolled back to a savepoint and the machine then crashes.
 */
#include "relay/store/sqlite.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/store/folder.h"
#include "relay/store/schema.h"

#define DB_NAME "relay.db"

/* Seqs are reserved on disk in pieces; a crash skips the rest of one. */
#define SEQ_RESERVE ((uint64_t)1 << 20)

static const char *const sql_text[SQL_COUNT] = {
#define X(name, text) [SQL_##name] = text,
    SQL_LIST(X)
#undef X
};

int
sqlite_code(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

/* ---- statements -------------------------------------------------------------- */

static int
break_off(struct backend *b, int rc)
{
	if (b->broken == 0) {
		b->broken = sqlite_code(rc);
		snprintf(b->reason, sizeof(b->reason), "%s",
		    sqlite3_errcode(b->w) == rc ? sqlite3_errmsg(b->w)
						: sqlite3_errstr(rc));
	}
	return b->broken;
}

int
sql_step(struct backend *b, sqlite3_stmt *q)
{
	int rc;

	if (b->broken != 0)
		return b->broken;
	rc = sqlite3_step(q);
	switch (rc & 0xff) {
	case SQLITE_ROW:
		return ROW;
	case SQLITE_DONE:
		return 0;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	default:
		return break_off(b, rc);
	}
}

void
sql_end(sqlite3_stmt *q)
{
	sqlite3_reset(q); /* its error is the step's, and dealt with */
}

int
sql_run(struct backend *b, sqlite3_stmt *q)
{
	int r;

	do
		r = sql_step(b, q);
	while (r == ROW);
	sql_end(q);
	return r;
}

int
sql_number(struct backend *b, sqlite3_stmt *q, uint64_t *v)
{
	int r = sql_step(b, q);

	if (r == ROW) {
		*v = col_u64(q, 0);
		r = 0;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

int
col_bytes(struct backend *b, sqlite3_stmt *q, int i, void *out, size_t n)
{
	const void *p = sqlite3_column_blob(q, i);

	if (p == NULL || (size_t)sqlite3_column_bytes(q, i) != n)
		return break_off(b, SQLITE_CORRUPT);
	memcpy(out, p, n);
	return 0;
}

void
col_text(sqlite3_stmt *q, int i, char *out, size_t cap)
{
	const unsigned char *p = sqlite3_column_text(q, i);

	snprintf(out, cap, "%s", p == NULL ? "" : (const char *)p);
}

int
guard_begin(struct backend *b)
{
	return sql_run(b, sql(b, SQL_SAVEPOINT));
}

int
guard_end(struct backend *b, int r)
{
	int e = 0;

	if (r != 0)
		e = sql_run(b, sql(b, SQL_UNDO));
	if (e == 0)
		e = sql_run(b, sql(b, SQL_RELEASE));
	return e != 0 ? e : r;
}

/* ---- transactions ------------------------------------------------------------ */

static void
undo_memory(struct backend *b)
{
	cache_forget(&b->cache);
	group_cache_forget(&b->groups);
	recent_undo(&b->recent, b->recent_mark);
	b->hot_stale = true;
	memset(&b->did, 0, sizeof(b->did));
	b->new_limit = 0;
}

static void
sqlite_rollback(struct backend *b)
{
	if (!sqlite3_get_autocommit(b->w)) {
		sqlite3_step(sql(b, SQL_ROLLBACK));
		sql_end(sql(b, SQL_ROLLBACK));
	}
	undo_memory(b);
}

static int
sqlite_begin(struct backend *b)
{
	int r;

	b->broken = 0;
	b->now_ms = b->opts.now_ms(b->opts.ctx);
	b->recent_mark = b->recent.added;
	r = sql_run(b, sql(b, SQL_BEGIN));
	if (r == 0 && b->hot_stale)
		r = hot_load(b);
	if (r != 0)
		sqlite_rollback(b);
	else
		b->hot_stale = false;
	return r;
}

static int
run_one(struct backend *b, struct store_op *op)
{
	switch (op->kind) {
#define RUN_WRITER(NAME, name)                                                 \
	case STORE_##NAME:                                                     \
		return run_##name(b, (struct op_##name *)op);
#define RUN_READER(NAME, name)
#define X(NAME, name, lane, doc) RUN_##lane(NAME, name)
		STORE_OPS(X)
#undef X
#undef RUN_WRITER
#undef RUN_READER
	default:
		return ERR_INTERNAL;
	}
}

static int
sqlite_run(struct backend *b, struct store_op *op)
{
	op->result = run_one(b, op);
	return b->broken;
}

/* Reserve the next piece when half of this one is used. It becomes durable
 * together with the rows that may use it already; whoever takes seqs beside us
 * gets none of it before. */
static int
reserve_seqs(struct backend *b)
{
	uint64_t next = atomic_load(&b->seq->next);
	uint64_t limit = atomic_load(&b->seq->limit);
	sqlite3_stmt *q = sql(b, SQL_SEQ_LIMIT);

	if (limit >= next + SEQ_RESERVE / 2)
		return 0;
	b->new_limit = next + SEQ_RESERVE;
	bind_u64(q, 1, b->new_limit);
	return sql_run(b, q);
}

/* What this transaction added, and no more than is remembered. */
static int
save_recent(struct backend *b)
{
	sqlite3_stmt *add = sql(b, SQL_RECENT_ADD);
	sqlite3_stmt *trim = sql(b, SQL_RECENT_TRIM);
	const struct recent_entry *p;
	uint64_t i = b->recent_mark;
	size_t n;
	int r = 0;

	if (i == b->recent.added)
		return 0;
	if (i < b->recent.dropped)
		i = b->recent.dropped;
	for (; i < b->recent.added && r == 0; i += n) {
		n = recent_piece(&b->recent, i, &p);
		bind_u64(add, 1, p->seq);
		bind_blob(add, 2, p, n * sizeof(*p));
		r = sql_run(b, add);
	}
	if (r != 0 || b->recent.dropped == 0)
		return r;
	(void)recent_piece(&b->recent, b->recent.dropped, &p);
	bind_u64(trim, 1, p->seq);
	return sql_run(b, trim);
}

static int
sqlite_commit(struct backend *b)
{
	int r;

	r = settle_some(b);
	if (r == 0)
		r = save_recent(b);
	if (r == 0)
		r = reserve_seqs(b);
	if (r == 0)
		r = sql_run(b, sql(b, SQL_COMMIT));
	if (r != 0) {
		sqlite_rollback(b);
		return r;
	}
	if (b->new_limit != 0)
		atomic_store(&b->seq->limit, b->new_limit);
	b->new_limit = 0;
	wal_after_commit(&b->wal, b->w);
	return 0;
}

static void
sqlite_read(struct backend *b, struct store_op *op)
{
	switch (op->kind) {
#define RUN_WRITER(NAME, name)
#define RUN_READER(NAME, name)                                                 \
	case STORE_##NAME:                                                     \
		op->result = read_##name(b, (struct op_##name *)op);           \
		break;
#define X(NAME, name, lane, doc) RUN_##lane(NAME, name)
		STORE_OPS(X)
#undef X
#undef RUN_WRITER
#undef RUN_READER
	default:
		op->result = ERR_INTERNAL;
		break;
	}
}

static void
sqlite_count(struct backend *b, struct store_metrics *m)
{
	m->rows_in += b->did.rows_in;
	m->rows_out += b->did.rows_out;
	m->rows_acked += b->did.rows_acked;
	m->rows_expired += b->did.rows_expired;
	memset(&b->did, 0, sizeof(b->did));
}

static const char *
sqlite_reason(struct backend *b)
{
	return b->reason;
}

/* ---- opening ----------------------------------------------------------------- */

static int
complain(sqlite3 *db, struct store_why *why, const char *doing)
{
	int rc = sqlite3_errcode(db) & 0xff;

	snprintf(
	    why->text, sizeof(why->text), "%s: %s", doing, sqlite3_errmsg(db));
	return rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT ? ERR_FORMAT
							   : sqlite_code(rc);
}

static int
exec(sqlite3 *db, const char *text, struct store_why *why)
{
	return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : complain(db, why, "cannot open the store");
}

int
sqlite_connect(const char *path, sqlite3 **out, struct store_why *why)
{
	sqlite3 *db = NULL;
	int r;

	if (sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_NOFOLLOW,
		NULL) != SQLITE_OK)
		r = complain(db, why, path);
	else
		r = exec(db,
		    "PRAGMA auto_vacuum = INCREMENTAL;"
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = FULL;"
		    "PRAGMA cache_spill = OFF;"
		    "PRAGMA cache_size = -16000;"
		    "PRAGMA temp_store = MEMORY;"
		    "PRAGMA secure_delete = FAST;"
		    "PRAGMA foreign_keys = ON;"
		    "PRAGMA trusted_schema = OFF",
		    why);
	if (r == 0)
		*out = db;
	else
		sqlite3_close(db);
	return r;
}

static int
prepare_all(struct backend *b, struct store_why *why)
{
	int i;

	for (i = 0; i < SQL_COUNT; i++)
		if (sqlite3_prepare_v3(b->w, sql_text[i], -1,
			SQLITE_PREPARE_PERSISTENT, &b->st[i],
			NULL) != SQLITE_OK)
			return complain(b->w, why, sql_text[i]);
	return 0;
}

static void
add_entries(struct recent *r, const void *blob, size_t bytes)
{
	struct recent_entry e;
	size_t i;

	for (i = 0; i + sizeof(e) <= bytes; i += sizeof(e)) {
		memcpy(&e, (const uint8_t *)blob + i, sizeof(e));
		recent_add(r, e.tag, e.seq);
	}
}

static int
load_recent_key(struct backend *b, struct store_why *why)
{
	sqlite3_stmt *q;
	int r = 0;

	if (sqlite3_prepare_v2(b->w,
		"SELECT value FROM meta WHERE name = 'recent_key'", -1, &q,
		NULL) != SQLITE_OK)
		return complain(b->w, why, "cannot read the store");
	if (sqlite3_step(q) == SQLITE_ROW &&
	    sqlite3_column_bytes(q, 0) == sizeof(b->recent.key))
		memcpy(b->recent.key, sqlite3_column_blob(q, 0),
		    sizeof(b->recent.key));
	else
		r = complain(b->w, why, "the store has no key for repeats");
	sqlite3_finalize(q);
	return r;
}

static int
load_recent(struct backend *b, struct store_why *why)
{
	sqlite3_stmt *q;
	int rc, r;

	r = load_recent_key(b, why);
	if (r != 0)
		return r;
	if (sqlite3_prepare_v2(b->w,
		"SELECT entries FROM recent ORDER BY first", -1, &q,
		NULL) != SQLITE_OK)
		return complain(b->w, why, "cannot read the store");
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		add_entries(&b->recent, sqlite3_column_blob(q, 0),
		    (size_t)sqlite3_column_bytes(q, 0));
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? 0
				 : complain(b->w, why, "cannot read the store");
}

/* As many places as there are fresh rows, or as usual. */
static int
load_hot(struct backend *b, struct store_why *why)
{
	sqlite3_stmt *q;
	uint32_t cap = HOT_ROWS;
	int r;

	if (sqlite3_prepare_v2(b->w, "SELECT count(*) FROM fresh", -1, &q,
		NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW) {
		sqlite3_finalize(q);
		return complain(b->w, why, "cannot read the queue");
	}
	while (cap < col_u64(q, 0) && cap < UINT32_MAX / 4)
		cap *= 2;
	sqlite3_finalize(q);
	r = hot_init(&b->hot, cap);
	if (r != 0)
		return r;
	r = hot_load(b);
	if (r != 0)
		complain(b->w, why, "cannot read the queue");
	return r;
}

static int
write_limit(struct backend *b, uint64_t limit)
{
	sqlite3_stmt *q = sql(b, SQL_SEQ_LIMIT);

	bind_u64(q, 1, limit);
	return sql_run(b, q);
}

/* Go on above every seq that may have been given out. */
static int
load_seq(struct backend *b, struct store_why *why)
{
	sqlite3_stmt *q;
	uint64_t last = 0;

	if (sqlite3_prepare_v2(b->w,
		"SELECT value FROM meta"
		" WHERE name = 'seq_limit'",
		-1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW) {
		sqlite3_finalize(q);
		return complain(b->w, why, "cannot read the store");
	}
	last = col_u64(q, 0);
	sqlite3_finalize(q);
	atomic_store(&b->seq->next, last + 1);
	atomic_store(&b->seq->limit, last + SEQ_RESERVE);
	if (write_limit(b, last + SEQ_RESERVE) != 0)
		return complain(b->w, why, "cannot write to the store");
	return 0;
}

static int
open_db(struct backend *b, struct store_why *why)
{
	int r;

	r = sqlite_connect(b->path, &b->w, why);
	if (r != 0)
		return r;
	r = schema_apply(b->w, schema_steps, schema_step_count,
	    b->opts.now_ms(b->opts.ctx), why);
	if (r == 0)
		r = folder_sync(b->opts.dir);
	if (r == 0)
		r = prepare_all(b, why);
	if (r == 0)
		r = load_recent(b, why);
	if (r == 0)
		r = load_hot(b, why);
	if (r == 0)
		r = load_seq(b, why);
	if (r == 0)
		r = sqlite_connect(b->path, &b->r, why);
	return r;
}

static void
close_db(struct backend *b)
{
	int i;

	for (i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(b->st[i]);
	sqlite3_close(b->r);
	sqlite3_close(b->w);
}

static void
backend_free(struct backend *b)
{
	cache_clear(&b->cache);
	group_cache_clear(&b->groups);
	recent_clear(&b->recent);
	hot_clear(&b->hot);
	free(b->moving);
	free(b->path);
	if (b->lock >= 0)
		close(b->lock);
	free(b);
}

static int
backend_new(struct backend **out, const struct store_opts *opts,
    struct store_seq *seq, struct store_why *why)
{
	struct backend *b = calloc(1, sizeof(*b));
	int r;

	if (b == NULL)
		return ERR_NOMEM;
	b->opts = *opts;
	b->seq = seq;
	b->lock = -1;
	r = cache_init(&b->cache, opts->cache_devices);
	if (r == 0)
		r = recent_init(&b->recent, opts->recent_rows);
	if (r == 0)
		r = group_cache_init(&b->groups);
	b->moving = calloc(SETTLE_MAX, sizeof(*b->moving));
	if (r == 0 && b->moving == NULL)
		r = ERR_NOMEM;
	if (r == 0)
		r = folder_open(opts->dir, DB_NAME, &b->lock, &b->path, why);
	if (r == 0)
		*out = b;
	else
		backend_free(b);
	return r;
}

/* Nobody asks SQLite how much memory it uses; counting costs a lock for every
 * allocation. Too late is no harm. */
static void
configure_once(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int
sqlite_open(struct backend **out, const struct store_opts *opts,
    struct store_seq *seq, struct store_why *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct backend *b;
	int r;

	pthread_once(&once, configure_once);
	r = backend_new(&b, opts, seq, why);
	if (r != 0)
		return r;
	r = open_db(b, why);
	if (r == 0)
		r = wal_start(&b->wal, b->w, b->path, why);
	if (r == 0) {
		*out = b;
		return 0;
	}
	close_db(b);
	backend_free(b);
	return r;
}

static void
sqlite_close(struct backend *b)
{
	wal_stop(&b->wal);
	/* Nothing is skipped at the next start. When it fails, a piece is. */
	b->broken = 0;
	(void)!write_limit(b, atomic_load(&b->seq->next) - 1);
	close_db(b);
	backend_free(b);
}

const struct backend_ops sqlite_backend = {
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .run = sqlite_run,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .read = sqlite_read,
    .count = sqlite_count,
    .reason = sqlite_reason,
};
