/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_blob.c — which blobs there are. The bytes are not here. */
#include <string.h>

#include "relay/store/sqlite.h"

struct blob_row {
	struct store_blob blob;
	int64_t account; /* 0: gone */
};

/* Columns as in BLOB_GET, without the account. */
static int
columns(struct backend *b, sqlite3_stmt *q, struct store_blob *out)
{
	out->size = col_u64(q, 1);
	out->expires_ms = col_u64(q, 2);
	out->stored = sqlite3_column_int(q, 3) != 0;
	col_text(q, 4, out->upload, sizeof(out->upload));
	return col_bytes(b, q, 0, out->locator.b, sizeof(out->locator.b));
}

/* ERR_NOTFOUND, also when it has expired or its account is gone. */
static int
find(struct backend *b, const struct blob_locator *l, struct blob_row *out)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_GET);
	int r;

	bind_blob(q, 1, l->b, sizeof(l->b));
	r = sql_step(b, q);
	if (r == ROW) {
		out->account = sqlite3_column_int64(q, 5);
		r = columns(b, q, &out->blob);
		if (r == 0 &&
		    (out->account == 0 || out->blob.expires_ms <= b->now_ms))
			r = ERR_NOTFOUND;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

/* The same, of this account. */
static int
find_own(struct backend *b, const struct blob_locator *l,
    const struct account_id *account, struct blob_row *out)
{
	struct cache_account *a;
	int r = known_account(b, account, &a);

	if (r == 0)
		r = find(b, l, out);
	return r == 0 && out->account != a->row ? ERR_NOTFOUND : r;
}

static int
used_by(struct backend *b, int64_t account, uint64_t *used)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_USED);

	sqlite3_bind_int64(q, 1, account);
	return sql_number(b, q, used);
}

int
run_blob_add(struct backend *b, struct op_blob_add *o)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_ADD);
	const struct store_blob *in = &o->blob;
	struct cache_account *a;
	int r;

	if (o->checked != 0)
		return o->checked;
	if (in->size == 0 || in->size > INT64_MAX)
		return ERR_RANGE;
	r = known_account(b, &o->account, &a);
	if (r == 0)
		r = used_by(b, a->row, &o->used);
	if (r != 0)
		return r;
	if (o->used > o->quota || in->size > o->quota - o->used)
		return ERR_FULL;
	bind_blob(q, 1, in->locator.b, sizeof(in->locator.b));
	sqlite3_bind_int64(q, 2, a->row);
	bind_u64(q, 3, in->size);
	bind_u64(q, 4, b->now_ms);
	bind_u64(q, 5, in->expires_ms);
	bind_text(q, 6, in->upload);
	return sql_run(b, q);
}

int
run_blob_get(struct backend *b, struct op_blob_get *o)
{
	struct cache_account *a;
	struct blob_row row;
	int r;

	r = find(b, &o->locator, &row);
	if (r != 0)
		return r;
	r = known_account(b, &o->asks, &a);
	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	o->own = r == 0 && row.account == a->row;
	o->blob = row.blob;
	return 0;
}

int
run_blob_stored(struct backend *b, struct op_blob_stored *o)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_STORED);
	struct blob_row row;
	int r;

	if (o->checked != 0)
		return o->checked;
	r = find_own(b, &o->locator, &o->account, &row);
	if (r != 0 || row.blob.stored)
		return r;
	bind_u64(q, 1, o->expires_ms);
	bind_blob(q, 2, o->locator.b, sizeof(o->locator.b));
	return sql_run(b, q);
}

int
run_blob_delivered(struct backend *b, struct op_blob_delivered *o)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_DELIVERED);
	struct blob_row row;
	int r;

	r = find_own(b, &o->locator, &o->account, &row);
	if (r != 0)
		return r;
	if (!row.blob.stored)
		return ERR_NOTFOUND;
	bind_u64(q, 1, o->expires_ms);
	bind_blob(q, 2, o->locator.b, sizeof(o->locator.b));
	return sql_run(b, q);
}

static int
erase(struct backend *b, const struct blob_locator *l)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_DEL);

	bind_blob(q, 1, l->b, sizeof(l->b));
	return sql_run(b, q);
}

int
run_blob_del(struct backend *b, struct op_blob_del *o)
{
	struct blob_row row;
	int r;

	r = find_own(b, &o->locator, &o->account, &row);
	if (r != 0)
		return r;
	o->blob = row.blob;
	return erase(b, &o->locator);
}

int
run_blob_expired(struct backend *b, struct op_blob_expired *o)
{
	sqlite3_stmt *q = sql(b, SQL_BLOB_EXPIRED);
	size_t i, n = 0;
	int r;

	o->n = 0;
	bind_u64(q, 1, b->now_ms);
	bind_u64(q, 2, STORE_BLOBS_GONE_MAX);
	while ((r = sql_step(b, q)) == ROW && n < STORE_BLOBS_GONE_MAX) {
		r = columns(b, q, &o->v[n++]);
		if (r != 0)
			break;
	}
	sql_end(q);
	if (r < 0)
		return r;
	r = guard_begin(b);
	if (r != 0)
		return r;
	for (i = 0; r == 0 && i < n; i++)
		r = erase(b, &o->v[i].locator);
	r = guard_end(b, r);
	o->n = r == 0 ? n : 0;
	return r;
}
