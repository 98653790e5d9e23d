/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_prekey.c — our private pre-keys. */
#include "tui/store/store_prekey.h"

#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"

#define COLUMNS "kind, id, last_resort, uploaded, created_ms, used_ms"

static void
read_info(struct query *q, struct store_prekey *k)
{
	memset(k, 0, sizeof(*k));
	k->kind = q_get_int(q, 0);
	k->id = (uint32_t)q_get_int(q, 1);
	k->last_resort = q_get_int(q, 2) != 0;
	k->uploaded = q_get_int(q, 3) != 0;
	k->created_ms = q_get_time(q, 4);
	k->used_ms = q_get_time(q, 5);
}

/* Numbers of spent keys must not be used again: the highest is remembered. */
static int
note_id(struct store *s, enum store_prekey_kind kind, uint32_t id)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO prekey_last(kind, id) VALUES(?1, ?2)"
	    " ON CONFLICT(kind) DO UPDATE SET id = max(id, ?2)");
	q_int(&q, kind);
	q_int(&q, id);
	return q_run(&q);
}

int
store_prekey_put(struct store *s, const struct store_prekey *k,
    const void *record, size_t len)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "INSERT INTO prekey(" COLUMNS ", record)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?)");
	q_int(&q, k->kind);
	q_int(&q, k->id);
	q_int(&q, k->last_resort);
	q_int(&q, k->uploaded);
	q_time(&q, k->created_ms);
	q_time(&q, k->used_ms);
	q_blob(&q, record, len);
	r = q_run(&q);
	if (r == 0)
		r = note_id(s, k->kind, k->id);
	return tx_leave(s, &tx, r);
}

/* The first row of COLUMNS and record. */
static int
first_key(struct query *q, struct store_prekey *info, struct buf *out)
{
	struct store *s = q->s;
	struct store_prekey k;
	bool found = q_row(q);
	int r;

	if (found) {
		read_info(q, &k);
		if (out != NULL)
			q_put_blob(q, 6, out);
	}
	r = q_end(q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no such pre-key");
	if (r == 0 && info != NULL)
		*info = k;
	return r;
}

int
store_prekey_get(struct store *s, enum store_prekey_kind kind, uint32_t id,
    struct store_prekey *info, struct buf *out)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT " COLUMNS ", record FROM prekey"
	    " WHERE kind = ? AND id = ?");
	q_int(&q, kind);
	q_int(&q, id);
	return first_key(&q, info, out);
}

int
store_prekey_newest(struct store *s, enum store_prekey_kind kind,
    struct store_prekey *info, struct buf *out)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT " COLUMNS ", record FROM prekey WHERE kind = ?"
	    " AND (kind = 1 OR last_resort)"
	    " ORDER BY created_ms DESC, rowid DESC LIMIT 1");
	q_int(&q, kind);
	return first_key(&q, info, out);
}

int
store_prekey_delete(struct store *s, enum store_prekey_kind kind, uint32_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM prekey WHERE kind = ? AND id = ?");
	q_int(&q, kind);
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_prekey_used(
    struct store *s, enum store_prekey_kind kind, uint32_t id, uint64_t now_ms)
{
	struct query q;

	q_begin(
	    &q, s, "UPDATE prekey SET used_ms = ? WHERE kind = ? AND id = ?");
	q_time(&q, now_ms);
	q_int(&q, kind);
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_prekey_uploaded(struct store *s, enum store_prekey_kind kind)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE prekey SET uploaded = 1 WHERE kind = ? AND"
	    " NOT uploaded");
	q_int(&q, kind);
	return q_run(&q);
}

int
store_prekey_list(struct store *s, enum store_prekey_kind kind, bool only_new,
    struct store_prekey **v, size_t *n)
{
	struct store_prekey *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(&q, s,
	    "SELECT " COLUMNS " FROM prekey WHERE kind = ?"
	    " AND NOT (uploaded AND ?) ORDER BY id");
	q_int(&q, kind);
	q_int(&q, only_new);
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r == 0)
			read_info(&q, &rows[len++]);
	}
	r = q_end(&q);
	if (r != 0) {
		free(rows);
		return r;
	}
	*v = rows;
	*n = len;
	return 0;
}

int
store_prekey_expire(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM prekey WHERE created_ms < ?"
	    " AND (kind = 1 OR last_resort)"
	    " AND EXISTS (SELECT 1 FROM prekey AS p"
	    "  WHERE p.kind = prekey.kind"
	    "  AND p.last_resort = prekey.last_resort"
	    "  AND (p.created_ms, p.rowid)"
	    "   > (prekey.created_ms, prekey.rowid))");
	q_time(&q, before_ms);
	return q_run(&q);
}

int
store_prekey_next_id(struct store *s, enum store_prekey_kind kind, uint32_t *id)
{
	int64_t next = 1;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT id + 1 FROM prekey_last WHERE kind = ?");
	q_int(&q, kind);
	if (q_row(&q))
		next = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && next > UINT32_MAX)
		r = store_fail(s, ERR_FULL, "pre-key numbers are used up");
	if (r == 0)
		*id = (uint32_t)next;
	return r;
}

int
store_prekey_spend_last_resort(struct store *s, uint32_t kyber_id,
    uint32_t signed_id, const uint8_t base_key[static STORE_PUB_LEN])
{
	struct query q;
	int r;

	q_begin(&q, s, "INSERT INTO last_resort_spent VALUES(?, ?, ?)");
	q_int(&q, kyber_id);
	q_int(&q, signed_id);
	q_blob(&q, base_key, STORE_PUB_LEN);
	r = q_run(&q);
	return r == ERR_EXISTS
		   ? store_fail(s, ERR_DUP, "this handshake was there before")
		   : r;
}
