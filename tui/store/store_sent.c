/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_sent.c — what was sent and is no message, and what was sent again. */
#include "tui/store/store_sent.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"

#define LOOK_EVERY 64 /* rows, before their bytes are summed up */
#define LARGE	   4096 /* bytes: at once */

void
store_sent_clear(struct store_sent *v)
{
	if (v->content != NULL)
		sodium_memzero(v->content, v->len);
	free(v->content);
	memset(v, 0, sizeof(*v));
}

static int
forget_same(struct store *s, const struct store_sent *v)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM sent WHERE about = ? AND account = ?");
	q_blob(&q, v->about, STORE_ID_LEN);
	q_blob(&q, v->account, STORE_ID_LEN);
	return q_run(&q);
}

static int
insert(struct store *s, const struct store_sent *v, int64_t *id)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT INTO sent(message_id, account, about, sent_ms, len,"
	    " content) VALUES(?, ?, ?, ?, ?, ?)");
	q_blob(&q, v->message_id, STORE_ID_LEN);
	q_blob(&q, v->account, STORE_ID_LEN);
	if (v->has_about)
		q_blob(&q, v->about, STORE_ID_LEN);
	else
		q_text(&q, NULL);
	q_time(&q, v->sent_ms);
	q_int(&q, (int64_t)v->len);
	q_blob(&q, v->content, v->len);
	r = q_run(&q);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

/* Ids grow by one a row: no row has to be counted. */
static int
keep_rows(struct store *s, int64_t last)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM sent WHERE id <= ?");
	q_int(&q, last - STORE_SENT_MAX);
	return q_run(&q);
}

static int
keep_bytes(struct store *s)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM sent WHERE id <= (SELECT max(id) FROM"
	    " (SELECT id, sum(len) OVER (ORDER BY id DESC) AS total FROM sent)"
	    " WHERE total > ?)");
	q_int(&q, STORE_SENT_BYTES_MAX);
	return q_run(&q);
}

int
store_sent_add(struct store *s, const struct store_sent *v, bool newest)
{
	struct tx tx;
	int64_t id;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	if (newest && v->has_about)
		r = forget_same(s, v);
	if (r == 0)
		r = insert(s, v, &id);
	if (r == 0)
		r = keep_rows(s, id);
	if (r == 0 && (id % LOOK_EVERY == 0 || v->len > LARGE))
		r = keep_bytes(s);
	return tx_leave(s, &tx, r);
}

int
store_sent_get(struct store *s, const uint8_t message_id[static STORE_ID_LEN],
    const uint8_t *account, struct store_sent *out)
{
	struct store_sent v = {.len = 0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT id, message_id, account, about, sent_ms, content FROM sent"
	    " WHERE message_id = ?1 AND (?2 IS NULL OR account = ?2)"
	    " ORDER BY id LIMIT 1");
	q_blob(&q, message_id, STORE_ID_LEN);
	if (account != NULL)
		q_blob(&q, account, STORE_ID_LEN);
	else
		q_text(&q, NULL);
	found = q_row(&q);
	if (found) {
		v.id = q_get_int(&q, 0);
		q_get_bytes(&q, 1, v.message_id, STORE_ID_LEN);
		q_get_bytes(&q, 2, v.account, STORE_ID_LEN);
		v.has_about = !q_is_null(&q, 3);
		if (v.has_about)
			q_get_bytes(&q, 3, v.about, STORE_ID_LEN);
		v.sent_ms = q_get_time(&q, 4);
		v.content = q_dup_blob(&q, 5, &v.len);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "it is not in the log");
	if (r == 0)
		*out = v;
	else
		store_sent_clear(&v);
	return r;
}

int
store_again_get(struct store *s, const uint8_t message_id[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    uint32_t *times)
{
	struct query q;
	uint32_t n = 0;
	int r;

	q_begin(&q, s,
	    "SELECT times FROM sent_again WHERE message_id = ? AND account = ?"
	    " AND device = ?");
	q_blob(&q, message_id, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	if (q_row(&q))
		n = (uint32_t)q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*times = n;
	return r;
}

int
store_again_add(struct store *s, const uint8_t message_id[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    uint64_t now_ms)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO sent_again(message_id, account, device, times,"
	    " last_ms) VALUES(?, ?, ?, 1, ?)"
	    " ON CONFLICT(message_id, account, device) DO UPDATE"
	    " SET times = times + 1, last_ms = excluded.last_ms");
	q_blob(&q, message_id, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	q_time(&q, now_ms);
	return q_run(&q);
}

int
store_sent_prune(struct store *s, uint64_t before_ms)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	q_begin(&q, s, "DELETE FROM sent WHERE sent_ms < ?");
	q_time(&q, before_ms);
	r = q_run(&q);
	if (r == 0) {
		q_begin(&q, s, "DELETE FROM sent_again WHERE last_ms < ?");
		q_time(&q, before_ms);
		r = q_run(&q);
	}
	if (r == 0)
		r = keep_bytes(s);
	return tx_leave(s, &tx, r);
}
