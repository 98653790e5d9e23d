/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_admin.c — what the operator asks: invites, lists, counters, copies.
 * The read_ functions have a connection of their own and see what has been
 * committed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/store/schema.h"
#include "relay/store/sqlite.h"

/* ---- invites ------------------------------------------------------------------- */

int
run_invite_add(struct backend *b, struct op_invite_add *o)
{
	sqlite3_stmt *q = sql(b, SQL_INVITE_ADD);
	struct store_invite *i = &o->invite;

	if (i->token[0] == '\0' || i->uses == 0 ||
	    memchr(i->token, '\0', sizeof(i->token)) == NULL ||
	    memchr(i->note, '\0', sizeof(i->note)) == NULL)
		return ERR_RANGE;
	i->used = 0;
	i->created_ms = b->now_ms;
	bind_text(q, 1, i->token);
	bind_text(q, 2, i->note);
	bind_u64(q, 3, i->uses);
	bind_u64(q, 4, i->created_ms);
	bind_u64(q, 5, i->expires_ms);
	return sql_run(b, q);
}

int
run_invite_revoke(struct backend *b, struct op_invite_revoke *o)
{
	sqlite3_stmt *q = sql(b, SQL_INVITE_DEL);
	int r;

	bind_text(q, 1, o->token);
	r = sql_run(b, q);
	if (r == 0 && sqlite3_changes(b->w) == 0)
		r = ERR_NOTFOUND;
	return r;
}

/* ---- pages --------------------------------------------------------------------- */

/* One statement of the reader; errors are its alone. */
static int
reader_prepare(struct backend *b, const char *text, sqlite3_stmt **q)
{
	return sqlite_code(sqlite3_prepare_v2(b->r, text, -1, q, NULL));
}

static int
reader_end(sqlite3_stmt *q, int rc)
{
	sqlite3_finalize(q);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : sqlite_code(rc);
}

static void
invite_columns(sqlite3_stmt *q, void *item)
{
	struct store_invite *i = item;

	col_text(q, 1, i->token, sizeof(i->token));
	col_text(q, 2, i->note, sizeof(i->note));
	i->uses = col_u32(q, 3);
	i->used = col_u32(q, 4);
	i->created_ms = col_u64(q, 5);
	i->expires_ms = col_u64(q, 6);
}

static void
account_list_columns(sqlite3_stmt *q, void *item)
{
	struct store_account *a = item;
	const void *id = sqlite3_column_blob(q, 1);

	if (sqlite3_column_bytes(q, 1) == STORE_ACCOUNT_ID_LEN)
		memcpy(a->id.b, id, STORE_ACCOUNT_ID_LEN);
	phone_text(col_u64(q, 2), a->phone);
	a->created_ms = col_u64(q, 3);
	a->banned = sqlite3_column_int(q, 4) != 0;
	a->devices = col_u32(q, 5);
}

struct page {
	const char *text; /* ?1 after this row, ?2 how many; column 0 the row */
	size_t size; /* of an item */
	void (*columns)(sqlite3_stmt *q, void *item);
};

/* Fill up to max items; *next as in op_invite_list. */
static int
read_page(struct backend *b, const struct page *p, uint64_t after, uint32_t max,
    void *items, size_t *n, uint64_t *next)
{
	sqlite3_stmt *q;
	uint64_t last = 0;
	int rc, r;

	*n = 0;
	*next = 0;
	r = reader_prepare(b, p->text, &q);
	if (r != 0)
		return r;
	bind_u64(q, 1, after);
	bind_u64(q, 2, (uint64_t)max + 1);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		if (*n == max) {
			*next = last;
			break;
		}
		p->columns(q, (uint8_t *)items + *n * p->size);
		last = col_u64(q, 0);
		(*n)++;
	}
	return reader_end(q, rc);
}

int
read_invite_list(struct backend *b, struct op_invite_list *o)
{
	static const struct page page = {
	    "SELECT row, token, note, uses, used, created_ms, expires_ms"
	    " FROM invite WHERE row > ? ORDER BY row LIMIT ?",
	    sizeof(struct store_invite), invite_columns};

	if (o->max == 0 || o->max > STORE_PAGE_MAX)
		return ERR_RANGE;
	free(o->v);
	o->v = calloc(o->max, sizeof(*o->v));
	if (o->v == NULL)
		return ERR_NOMEM;
	return read_page(b, &page, o->after, o->max, o->v, &o->n, &o->next);
}

int
read_account_list(struct backend *b, struct op_account_list *o)
{
	static const struct page page = {
	    "SELECT row, id, phone, created_ms, banned, (SELECT count(*)"
	    " FROM device WHERE account = account.row)"
	    " FROM account WHERE row > ? ORDER BY row LIMIT ?",
	    sizeof(struct store_account), account_list_columns};

	if (o->max == 0 || o->max > STORE_PAGE_MAX)
		return ERR_RANGE;
	free(o->v);
	o->v = calloc(o->max, sizeof(*o->v));
	if (o->v == NULL)
		return ERR_NOMEM;
	return read_page(b, &page, o->after, o->max, o->v, &o->n, &o->next);
}

static void
report_columns(sqlite3_stmt *q, void *item)
{
	struct store_report *p = item;

	p->id = col_u64(q, 0);
	p->received_ms = col_u64(q, 1);
	p->len = col_u32(q, 2);
}

int
read_report_list(struct backend *b, struct op_report_list *o)
{
	static const struct page page = {
	    "SELECT row, received_ms, length(blob) FROM report"
	    " WHERE row > ? ORDER BY row LIMIT ?",
	    sizeof(struct store_report), report_columns};

	if (o->max == 0 || o->max > STORE_PAGE_MAX)
		return ERR_RANGE;
	free(o->v);
	o->v = calloc(o->max, sizeof(*o->v));
	if (o->v == NULL)
		return ERR_NOMEM;
	return read_page(b, &page, o->after, o->max, o->v, &o->n, &o->next);
}

int
read_report_get(struct backend *b, struct op_report_get *o)
{
	sqlite3_stmt *q;
	int rc, r;

	if (o->blob.max == 0)
		buf_init(&o->blob, STORE_REPORT_MAX);
	buf_reset(&o->blob);
	r = reader_prepare(
	    b, "SELECT received_ms, blob FROM report WHERE row = ?", &q);
	if (r != 0)
		return r;
	bind_u64(q, 1, o->id);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		o->received_ms = col_u64(q, 0);
		r = buf_put(&o->blob, sqlite3_column_blob(q, 1),
		    (size_t)sqlite3_column_bytes(q, 1));
	} else if (rc == SQLITE_DONE) {
		r = ERR_NOTFOUND;
	}
	rc = reader_end(q, rc);
	return r != 0 ? r : rc;
}

/* ---- counters ------------------------------------------------------------------ */

static uint64_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int
read_stats(struct backend *b, struct op_stats *o)
{
	sqlite3_stmt *q;
	int rc, r;

	r = reader_prepare(b,
	    "SELECT (SELECT count(*) FROM account),"
	    " (SELECT count(*) FROM account WHERE banned),"
	    " (SELECT count(*) FROM device),"
	    " f.rows + s.rows, f.bytes + s.bytes,"
	    " coalesce(min(f.oldest, s.oldest), f.oldest, s.oldest, 0),"
	    " (SELECT count(*) FROM one_time_key),"
	    " (SELECT count(*) FROM kyber_key),"
	    " (SELECT count(*) FROM invite), (SELECT count(*) FROM otp),"
	    " (SELECT count(*) FROM grp), (SELECT count(*) FROM report),"
	    " (SELECT page_count * page_size FROM pragma_page_count,"
	    " pragma_page_size), (SELECT max(version) FROM migration)"
	    " FROM (SELECT count(*) AS rows, total(length(f.body)) AS bytes,"
	    " min(f.sent_ms) AS oldest FROM fresh f LEFT JOIN queue_state q"
	    " ON q.dev = f.dev WHERE f.seq > coalesce(q.acked, 0)) AS f,"
	    " (SELECT total(q.rows) AS rows, total(q.bytes) AS bytes,"
	    " min((SELECT sent_ms FROM settled WHERE dev = q.dev"
	    " ORDER BY seq LIMIT 1)) AS oldest FROM queue_state q"
	    " WHERE q.rows > 0) AS s",
	    &q);
	if (r != 0)
		return r;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		uint64_t *const out[] = {&o->accounts, &o->banned, &o->devices,
		    &o->queued, &o->queued_bytes, &o->oldest_ms,
		    &o->one_time_keys, &o->kyber_keys, &o->invites,
		    &o->attempts, &o->groups, &o->reports, &o->disk_bytes};
		size_t i;

		for (i = 0; i < ARRAY_LEN(out); i++)
			*out[i] = col_u64(q, (int)i);
		o->schema_version = col_u32(q, (int)i);
	}
	return reader_end(q, rc);
}

/* ---- integrity and copies ------------------------------------------------------ */

/* 0 sound; ERR_FORMAT with the first complaint in text. */
static int
check_db(sqlite3 *db, const char *text, char *out, size_t cap)
{
	sqlite3_stmt *q;
	const char *said;
	int rc, r;

	r = sqlite_code(sqlite3_prepare_v2(db, text, -1, &q, NULL));
	if (r != 0)
		return r;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		said = (const char *)sqlite3_column_text(q, 0);
		if (said == NULL || strcmp(said, "ok") != 0) {
			snprintf(out, cap, "%s", said == NULL ? "?" : said);
			r = ERR_FORMAT;
		}
	} else if ((rc & 0xff) == SQLITE_CORRUPT) {
		snprintf(out, cap, "%s", sqlite3_errmsg(db));
		r = ERR_FORMAT;
	}
	sqlite3_finalize(q);
	if (r == 0 && rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = sqlite_code(rc);
	return r;
}

/* Each yields a complaint, or no row. */
static const char *const checks[] = {
    "PRAGMA integrity_check(1)",
    "SELECT 'orphan in ' || \"table\" FROM pragma_foreign_key_check LIMIT 1",
    "SELECT 'orphan in fresh' FROM fresh"
    " WHERE dev NOT IN (SELECT dev FROM device) LIMIT 1",
    "SELECT 'wrong count in queue_state' FROM queue_state q WHERE rows <>"
    " (SELECT count(*) FROM settled WHERE dev = q.dev) LIMIT 1",
    "SELECT 'settled without queue_state' FROM settled"
    " WHERE dev NOT IN (SELECT dev FROM queue_state) LIMIT 1",
    "SELECT 'body without rows' FROM shared_body s WHERE NOT EXISTS"
    " (SELECT 1 FROM fresh WHERE shared_body = s.id) AND NOT EXISTS"
    " (SELECT 1 FROM settled WHERE shared_body = s.id) LIMIT 1",
    "SELECT 'fresh without its body' FROM fresh WHERE shared_body"
    " IS NOT NULL AND shared_body NOT IN (SELECT id FROM shared_body) LIMIT 1",
    "SELECT 'group without members' FROM grp WHERE row NOT IN"
    " (SELECT grp FROM group_member) LIMIT 1",
    "SELECT 'group without its newest entry' FROM grp g WHERE NOT EXISTS"
    " (SELECT 1 FROM group_entry WHERE grp = g.row"
    " AND version = g.version) LIMIT 1",
    "SELECT 'seq beyond the limit' FROM meta WHERE name = 'seq_limit'"
    " AND value < (SELECT max(seq) FROM fresh) LIMIT 1",
};

static int
check_all(sqlite3 *db, char *out, size_t cap)
{
	size_t i;
	int r = 0;

	for (i = 0; i < ARRAY_LEN(checks) && r == 0; i++)
		r = check_db(db, checks[i], out, cap);
	return r;
}

int
read_check(struct backend *b, struct op_check *o)
{
	o->text[0] = '\0';
	return check_all(b->r, o->text, sizeof(o->text));
}

/* A consistent copy of this moment without free pages; writers go on. */
static int
copy_into(struct backend *b, const char *path)
{
	sqlite3_stmt *q;
	int rc, r;

	r = reader_prepare(b, "VACUUM INTO ?", &q);
	if (r != 0)
		return r;
	bind_text(q, 1, path);
	rc = sqlite3_step(q);
	return reader_end(q, rc);
}

static int
check_copy(const char *path)
{
	char text[STORE_WHY_MAX];
	sqlite3 *db = NULL;
	int r;

	r = sqlite_code(sqlite3_open_v2(
	    path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	if (r == 0)
		r = check_all(db, text, sizeof(text));
	sqlite3_close(db);
	return r;
}

static int
make_copy(struct backend *b, int fd, const char *path)
{
	int r;

	r = copy_into(b, path);
	if (r == 0)
		r = check_copy(path);
	if (r == 0 && fsync(fd) != 0)
		r = ERR_IO;
	return r;
}

int
read_backup(struct backend *b, struct op_backup *o)
{
	int fd, r;

	fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? ERR_EXISTS : ERR_SYS;
	r = make_copy(b, fd, o->path);
	close(fd);
	if (r == 0)
		o->bytes = file_size(o->path);
	else
		unlink(o->path);
	return r;
}
