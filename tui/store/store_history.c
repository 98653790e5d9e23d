/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_history.c — messages of the past, out and in. */
#include "tui/store/store_history.h"

#include <string.h>

#include "common/text.h"
#include "tui/store/message_int.h"
#include "tui/store/store_chat.h"

static int
insert(struct store *s, const struct store_message *m)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO message(chat, sort, message_id, account, device,"
	    " dir, kind, state, sent_ms, received_ms, text, flags, expire_s,"
	    " edited_ms, expires_ms, starred)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	q_int(&q, m->chat);
	q_time(&q, m->received_ms); /* the sort key */
	q_blob(&q, m->message_id, sizeof(m->message_id));
	q_blob(&q, m->account, sizeof(m->account));
	q_int(&q, m->device);
	q_int(&q, m->dir);
	q_int(&q, m->kind);
	q_int(&q, m->state == STORE_MSG_PENDING ? STORE_MSG_FAILED : m->state);
	q_time(&q, m->sent_ms);
	q_time(&q, m->received_ms);
	q_text(&q, m->text != NULL ? m->text : "");
	q_int(&q, m->flags | STORE_MSG_HISTORY);
	q_int(&q, m->expire_s);
	q_time(&q, m->edited_ms);
	q_time(&q, m->expires_ms);
	q_int(&q, m->starred);
	return q_run(&q);
}

/* A note has no name: it is there when one of the same time says the same. */
static int
note_is_there(struct store *s, const struct store_message *m)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT 1 FROM message WHERE chat = ?1 AND received_ms = ?2"
	    " AND sort BETWEEN ?2 AND ?2 + 86400000"
	    " AND dir = ?3 AND kind = ?4 AND text = ?5");
	q_int(&q, m->chat);
	q_time(&q, m->received_ms);
	q_int(&q, STORE_NOTE);
	q_int(&q, m->kind);
	q_text(&q, m->text != NULL ? m->text : "");
	found = q_row(&q);
	r = q_end(&q);
	return r != 0 ? r : found ? ERR_EXISTS : 0;
}

/* The mark moves over a message that was read, unless something unread lies
 * before. */
static int
move_mark(struct store *s, const struct store_message *m, int64_t id)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE chat SET read_sort = ?2, read_id = ?3"
	    " WHERE id = ?1 AND (read_sort, read_id) < (?2, ?3)"
	    " AND NOT EXISTS (SELECT 1 FROM message AS m"
	    "  WHERE m.chat = ?1 AND m.dir = 0"
	    "  AND (m.sort, m.id) > (chat.read_sort, chat.read_id)"
	    "  AND (m.sort, m.id) < (?2, ?3))");
	q_int(&q, m->chat);
	q_time(&q, m->received_ms);
	q_int(&q, id);
	return q_run(&q);
}

/* The chat was active then, and has one more that is or is not read. */
static int
note_activity(
    struct store *s, const struct store_message *m, int64_t id, bool unread)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "UPDATE chat SET active_ms = max(active_ms, ?1) WHERE id = ?2");
	q_time(&q, m->received_ms);
	q_int(&q, m->chat);
	r = q_run_one(&q);
	if (r == 0 && !unread)
		r = move_mark(s, m, id);
	if (r != 0)
		return r;
	/* Unread is what lies behind the mark, also if some of the past does. */
	q_begin(&q, s,
	    "UPDATE chat SET unread = (SELECT count(*) FROM message AS m"
	    " WHERE m.chat = ?1 AND m.dir = 0"
	    " AND (m.sort, m.id) > (read_sort, read_id))"
	    " WHERE id = ?1 AND (unread > 0 OR ?2)");
	q_int(&q, m->chat);
	q_int(&q, unread);
	return q_run(&q);
}

int
store_history_add(
    struct store *s, const struct store_message *m, bool unread, int64_t *id)
{
	int64_t row = 0;
	struct tx tx;
	int r;

	if (m->text != NULL && (strlen(m->text) > STORE_TEXT_MAX ||
				   !text_is_utf8(m->text, strlen(m->text))))
		return store_fail(s, ERR_RANGE, "the message is no fit text");
	if (m->dir == STORE_NOTE) {
		r = note_is_there(s, m);
		if (r != 0)
			return r;
	}
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = insert(s, m);
	if (r == 0) {
		row = sqlite3_last_insert_rowid(s->db);
		r = note_activity(s, m, row, unread);
	}
	if (r == 0)
		r = message_refresh_last(s, m->chat);
	r = tx_leave(s, &tx, r);
	if (r == 0)
		*id = row;
	return r;
}

int
store_history_page(struct store *s, int64_t after, uint64_t since_ms, size_t n,
    struct store_messages *out)
{
	struct store_messages list = {0};
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS " FROM message AS m"
	    " WHERE m.id > ? AND m.received_ms >= ? ORDER BY m.id LIMIT ?");
	q_int(&q, after);
	q_time(&q, since_ms);
	q_int(&q, (int64_t)n + 1);
	while (!list.more_after && q_row(&q)) {
		if (list.n == n)
			list.more_after = true;
		else
			push_message(&q, &list);
	}
	r = q_end(&q);
	if (r == 0)
		*out = list;
	else
		store_messages_clear(&list);
	return r;
}

int
store_history_last(struct store *s, int64_t *id)
{
	struct query q;
	int64_t last = 0;
	int r;

	q_begin(&q, s, "SELECT coalesce(max(id), 0) FROM message");
	if (q_row(&q))
		last = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*id = last;
	return r;
}

int
store_history_newest(struct store *s, uint32_t n, uint64_t *since_ms)
{
	uint64_t since = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT received_ms FROM message ORDER BY received_ms DESC"
	    " LIMIT 1 OFFSET ?");
	q_int(&q, n > 0 ? (int64_t)n - 1 : 0);
	if (q_row(&q))
		since = q_get_time(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*since_ms = since;
	return r;
}

int
store_history_unread(
    struct store *s, const struct store_message *m, bool *unread)
{
	bool is = false;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT 1 FROM message AS m JOIN chat AS c ON c.id = m.chat"
	    " WHERE m.id = ? AND m.dir = 0"
	    " AND (m.sort, m.id) > (c.read_sort, c.read_id)");
	q_int(&q, m->id);
	is = q_row(&q);
	r = q_end(&q);
	if (r == 0)
		*unread = is;
	return r;
}

int
store_history_count(struct store *s, uint64_t since_ms, uint64_t *n)
{
	uint64_t count = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT count(*) FROM message WHERE received_ms >= ?");
	q_time(&q, since_ms);
	if (q_row(&q))
		count = (uint64_t)q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*n = count;
	return r;
}
