/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_timer.c — stars, disappearing messages, and actions that came before
 * their message. */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/message_int.h"
#include "tui/store/store_action.h"

/* The rest of a query of MESSAGE_COLUMNS; the list is given or freed. */
static int
collect(struct query *q, struct store_messages *out)
{
	struct store_messages list = {0};
	int r;

	while (q_row(q))
		push_message(q, &list);
	r = q_end(q);
	if (r == 0)
		*out = list;
	else
		store_messages_clear(&list);
	return r;
}

/* ---- stars ----------------------------------------------------------------------------- */

int
store_message_star(struct store *s, int64_t id, bool on)
{
	struct query q;

	q_begin(&q, s, "UPDATE message SET starred = ? WHERE id = ?");
	q_int(&q, on);
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_message_starred(struct store *s, int64_t chat, int64_t before, size_t n,
    struct store_messages *out)
{
	struct query q;
	int r;

	if (n == 0 || n > STORE_PAGE_MAX)
		return store_fail(s, ERR_RANGE, "a page has 1 to %d messages",
		    STORE_PAGE_MAX);
	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS " FROM message AS m"
	    " WHERE m.starred AND (?1 = 0 OR m.chat = ?1)"
	    " AND (?3 = 0 OR (m.sort, m.id) <"
	    "  (SELECT b.sort, b.id FROM message AS b WHERE b.id = ?3))"
	    " ORDER BY m.sort DESC, m.id DESC LIMIT ?2");
	q_int(&q, chat);
	q_int(&q, (int64_t)n + 1);
	q_int(&q, before);
	r = collect(&q, out);
	if (r == 0 && out->n > n) {
		store_message_clear(&out->v[--out->n]);
		out->more_before = true;
	}
	return r;
}

/* ---- timers ------------------------------------------------------------------------------ */

int
store_message_start_timer(struct store *s, int64_t id, uint64_t now_ms)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE message SET expires_ms = iif(expires_ms = 0 AND"
	    " expire_s > 0, ? + expire_s * 1000, expires_ms) WHERE id = ?");
	q_time(&q, now_ms);
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_message_start_read(struct store *s, int64_t chat, uint64_t now_ms)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE message SET expires_ms = ?2 + expire_s * 1000"
	    " WHERE chat = ?1 AND expire_s > 0 AND expires_ms = 0 AND dir = 0"
	    " AND (sort, id) <= (SELECT read_sort, read_id FROM chat"
	    "  WHERE id = ?1)");
	q_int(&q, chat);
	q_time(&q, now_ms);
	return q_run(&q);
}

int
store_message_expired(
    struct store *s, uint64_t now_ms, size_t n, struct store_messages *out)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS_NO_TEXT " FROM message AS m"
	    " WHERE m.expires_ms > 0 AND m.expires_ms <= ?"
	    " ORDER BY m.expires_ms LIMIT ?");
	q_time(&q, now_ms);
	q_int(&q, (int64_t)n);
	return collect(&q, out);
}

int
store_message_next_expiry(struct store *s, uint64_t *ms)
{
	uint64_t next = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT expires_ms FROM message WHERE expires_ms > 0"
	    " ORDER BY expires_ms LIMIT 1");
	if (q_row(&q))
		next = q_get_time(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*ms = next;
	return r;
}

/* ---- before their message ------------------------------------------------------------------ */

/* So that one account cannot fill the store. */
static int
bound_early(struct store *s, const uint8_t actor[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM early WHERE actor = ?1 AND id <= (SELECT id"
	    " FROM early WHERE actor = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)");
	q_blob(&q, actor, STORE_ID_LEN);
	q_int(&q, STORE_EARLY_MAX);
	return q_run(&q);
}

int
store_early_put(struct store *s, const struct store_early *e, uint64_t now_ms)
{
	const char *text = e->text != NULL ? e->text : "";
	struct query q;
	struct tx tx;
	int r;

	if (strlen(text) > STORE_TEXT_MAX || !text_is_utf8(text, strlen(text)))
		return store_fail(s, ERR_RANGE, "the message is no fit text");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	q_begin(&q, s,
	    "INSERT INTO early(kind, author, message_id, actor, when_ms, text,"
	    " added_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT DO UPDATE SET when_ms = ?5, text = ?6"
	    " WHERE when_ms < ?5");
	q_int(&q, e->kind);
	q_blob(&q, e->author, STORE_ID_LEN);
	q_blob(&q, e->message_id, STORE_ID_LEN);
	q_blob(&q, e->actor, STORE_ID_LEN);
	q_time(&q, e->when_ms);
	q_text(&q, text);
	q_time(&q, now_ms);
	r = q_run(&q);
	if (r == 0)
		r = bound_early(s, e->actor);
	return tx_leave(s, &tx, r);
}

static int
read_early(struct store *s, const uint8_t author[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], struct store_early **v,
    size_t *n)
{
	struct store_early *e;
	struct query q;

	q_begin(&q, s,
	    "SELECT kind, author, message_id, actor, when_ms, text FROM early"
	    " WHERE author = ? AND message_id = ? ORDER BY when_ms, id");
	q_blob(&q, author, STORE_ID_LEN);
	q_blob(&q, message_id, STORE_ID_LEN);
	while (q_row(&q)) {
		q.r = rows_grow(v, *n, sizeof(**v));
		if (q.r != 0)
			break;
		e = &(*v)[(*n)++];
		e->kind = q_get_int(&q, 0);
		q_get_bytes(&q, 1, e->author, STORE_ID_LEN);
		q_get_bytes(&q, 2, e->message_id, STORE_ID_LEN);
		q_get_bytes(&q, 3, e->actor, STORE_ID_LEN);
		e->when_ms = q_get_time(&q, 4);
		e->text = q_dup_text(&q, 5);
	}
	return q_end(&q);
}

int
store_early_take(struct store *s, const uint8_t author[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], struct store_early **v,
    size_t *n)
{
	struct store_early *rows = NULL;
	struct query q;
	struct tx tx;
	size_t len = 0;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = read_early(s, author, message_id, &rows, &len);
	if (r == 0 && len > 0) {
		q_begin(&q, s,
		    "DELETE FROM early WHERE author = ? AND message_id = ?");
		q_blob(&q, author, STORE_ID_LEN);
		q_blob(&q, message_id, STORE_ID_LEN);
		r = q_run(&q);
	}
	r = tx_leave(s, &tx, r);
	if (r != 0) {
		store_earlies_free(rows, len);
		return r;
	}
	*v = rows;
	*n = len;
	return 0;
}

void
store_earlies_free(struct store_early *v, size_t n)
{
	while (n > 0)
		free(v[--n].text);
	free(v);
}

int
store_early_prune(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM early WHERE added_ms < ?");
	q_time(&q, before_ms);
	return q_run(&q);
}
