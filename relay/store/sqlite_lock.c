/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_lock.c — the registration lock, and reports. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- the registration lock ------------------------------------------------------------ */

struct pin {
	bool set;
	uint8_t hash[STORE_PIN_HASH_LEN];
	uint32_t wrong;
	uint64_t wait_until_ms, lapses_ms;
};

static int
pin_get(struct backend *b, int64_t account, struct pin *p)
{
	sqlite3_stmt *q = sql(b, SQL_PIN_GET);
	int r;

	memset(p, 0, sizeof(*p));
	sqlite3_bind_int64(q, 1, account);
	r = sql_step(b, q);
	if (r == ROW) {
		p->set = sqlite3_column_type(q, 0) != SQLITE_NULL;
		p->wrong = col_u32(q, 1);
		p->wait_until_ms = col_u64(q, 2);
		p->lapses_ms = col_u64(q, 3) + STORE_PIN_LAPSE_MS;
		r = 0;
		if (p->set)
			r = col_bytes(b, q, 0, p->hash, sizeof(p->hash));
	}
	sql_end(q);
	return r;
}

static int
pin_note(struct backend *b, int64_t account, const struct pin *p)
{
	sqlite3_stmt *q = sql(b, SQL_PIN_WRONG);

	bind_u64(q, 1, p->wrong);
	bind_u64(q, 2, p->wait_until_ms);
	sqlite3_bind_int64(q, 3, account);
	return sql_run(b, q);
}

/* One more wrong one; with the last the day begins. */
static int
pin_count(struct backend *b, int64_t account, struct pin *p)
{
	if (++p->wrong >= STORE_PIN_TRIES)
		p->wait_until_ms = b->now_ms + STORE_PIN_WAIT_MS;
	return pin_note(b, account, p);
}

static void
tell(const struct backend *b, const struct account_row *a, const struct pin *p,
    struct store_lock *l)
{
	l->locked = true;
	l->account = a->a.id;
	l->lapses_ms = p->lapses_ms;
	l->tries_left =
	    p->wrong < STORE_PIN_TRIES ? STORE_PIN_TRIES - p->wrong : 0;
	l->wait_ms =
	    p->wait_until_ms > b->now_ms ? p->wait_until_ms - b->now_ms : 0;
}

int
lock_check(struct backend *b, const struct account_row *a, const uint8_t *hash,
    struct store_lock *l)
{
	struct pin p;
	int r;

	r = pin_get(b, a->row, &p);
	if (r != 0 || !p.set || p.lapses_ms <= b->now_ms)
		return r;
	if (p.wrong >= STORE_PIN_TRIES && p.wait_until_ms <= b->now_ms) {
		p.wrong = 0; /* the day is over */
		p.wait_until_ms = 0;
	}
	if (p.wrong < STORE_PIN_TRIES && hash != NULL) {
		if (sodium_memcmp(hash, p.hash, sizeof(p.hash)) == 0)
			return 0;
		r = pin_count(b, a->row, &p);
	}
	tell(b, a, &p, l);
	return r != 0 ? r : ERR_AUTH;
}

/* ---- reports ---------------------------------------------------------------------------- */

int
run_report_add(struct backend *b, struct op_report_add *o)
{
	sqlite3_stmt *q = sql(b, SQL_REPORT_ADD);
	uint64_t n = 0;
	int r;

	if (o->len == 0 || o->len > STORE_REPORT_MAX)
		return ERR_RANGE;
	r = sql_number(b, sql(b, SQL_REPORT_COUNT), &n);
	if (r == 0 && n >= STORE_REPORTS_MAX)
		r = ERR_FULL;
	if (r != 0)
		return r;
	bind_u64(q, 1, b->now_ms);
	bind_blob(q, 2, o->blob, o->len);
	return sql_run(b, q);
}

int
run_report_del(struct backend *b, struct op_report_del *o)
{
	sqlite3_stmt *q = sql(b, SQL_REPORT_DEL);
	int r;

	bind_u64(q, 1, o->id);
	r = sql_run(b, q);
	return r == 0 && sqlite3_changes(b->w) == 0 ? ERR_NOTFOUND : r;
}
