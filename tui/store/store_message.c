/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_message.c — adding messages, and what may change about them later. */
#include "tui/store/store_message.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/message_int.h"
#include "tui/store/store_chat.h"

void
store_message_clear(struct store_message *m)
{
	free(m->text);
	memset(m, 0, sizeof(*m));
}

void
store_messages_clear(struct store_messages *m)
{
	for (size_t i = 0; i < m->n; i++)
		store_message_clear(&m->v[i]);
	free(m->v);
	memset(m, 0, sizeof(*m));
}

void
read_message(struct query *q, struct store_message *m)
{
	int c = 0;

	memset(m, 0, sizeof(*m));
	m->id = q_get_int(q, c++);
	m->chat = q_get_int(q, c++);
	q_get_bytes(q, c++, m->message_id, sizeof(m->message_id));
	q_get_bytes(q, c++, m->account, sizeof(m->account));
	m->device = (uint32_t)q_get_int(q, c++);
	m->dir = q_get_int(q, c++);
	m->kind = q_get_int(q, c++);
	m->state = q_get_int(q, c++);
	m->sent_ms = q_get_time(q, c++);
	m->received_ms = q_get_time(q, c++);
	m->flags = (uint32_t)q_get_int(q, c++);
	m->expire_s = (uint32_t)q_get_int(q, c++);
	m->edited_ms = q_get_time(q, c++);
	m->expires_ms = q_get_time(q, c++);
	m->reactions = (uint32_t)q_get_int(q, c++);
	m->starred = q_get_int(q, c++) != 0;
	m->text = q_dup_text(q, c);
}

void
push_message(struct query *q, struct store_messages *list)
{
	q->r = rows_grow(&list->v, list->n, sizeof(*list->v));
	if (q->r != 0)
		store_fail(q->s, q->r, "out of memory");
	else
		read_message(q, &list->v[list->n++]);
}

/* ---- the chat's row ------------------------------------------------------------ */

/* What the list shows as the time: the sender's clock unless it is ahead. */
static uint64_t
shown_ms(const struct store_message *m)
{
	return m->sent_ms != 0 && m->sent_ms < m->received_ms ? m->sent_ms
							      : m->received_ms;
}

/* The first bytes of a text, whole characters. */
static void
cut_text(const char *text, char out[static STORE_LAST_MAX + 1])
{
	size_t n = strnlen(text, STORE_LAST_MAX + 1);

	if (n > STORE_LAST_MAX) {
		n = STORE_LAST_MAX;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

static int
set_last(
    struct store *s, int64_t chat, const struct store_message *m, int64_t sort)
{
	char cut[STORE_LAST_MAX + 1];
	struct query q;

	cut_text(m->text != NULL ? m->text : "", cut);
	q_begin(&q, s,
	    "UPDATE chat SET last_id = ?, last_sort = ?, last_ms = ?,"
	    " last_dir = ?, last_kind = ?, last_state = ?, last_text = ?"
	    " WHERE id = ?");
	q_int(&q, m->id);
	q_int(&q, sort);
	q_time(&q, shown_ms(m));
	q_int(&q, m->dir);
	q_int(&q, m->kind);
	q_int(&q, m->state);
	q_text(&q, cut);
	q_int(&q, chat);
	return q_run_one(&q);
}

int
message_refresh_last(struct store *s, int64_t chat)
{
	struct store_message m = {0};
	int64_t sort = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS ", m.sort FROM message AS m"
	    " WHERE m.chat = ? ORDER BY m.sort DESC, m.id DESC LIMIT 1");
	q_int(&q, chat);
	if (q_row(&q)) {
		read_message(&q, &m);
		sort = q_get_int(&q, MESSAGE_COLUMNS_N);
	}
	r = q_end(&q);
	if (r == 0)
		r = set_last(s, chat, &m, sort);
	store_message_clear(&m);
	return r;
}

static int
chat_sort(struct store *s, int64_t chat, int64_t *sort)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT last_sort FROM chat WHERE id = ?");
	q_int(&q, chat);
	found = q_row(&q);
	if (found)
		*sort = q_get_int(&q, 0);
	r = q_end(&q);
	return r == 0 && !found ? store_fail(s, ERR_NOTFOUND, "no such chat")
				: r;
}

/* ---- adding ---------------------------------------------------------------------- */

static int
insert(struct store *s, const struct store_message *m, int64_t sort)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO message(chat, sort, message_id, account, device,"
	    " dir, kind, state, sent_ms, received_ms, text, flags, expire_s)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	q_int(&q, m->chat);
	q_int(&q, sort);
	q_blob(&q, m->message_id, sizeof(m->message_id));
	q_blob(&q, m->account, sizeof(m->account));
	q_int(&q, m->device);
	q_int(&q, m->dir);
	q_int(&q, m->kind);
	q_int(&q, m->state);
	q_time(&q, m->sent_ms);
	q_time(&q, m->received_ms);
	q_text(&q, m->text != NULL ? m->text : "");
	q_int(&q, m->flags);
	q_int(&q, m->expire_s);
	return q_run(&q);
}

/* A live message is the chat's last, and unread when it came in; and the chat
 * is archived no more, unless it is muted and somebody else wrote. */
static int
note_activity(struct store *s, const struct store_message *m)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE chat SET active_ms = max(active_ms, ?1),"
	    " unread = unread + (?2 = 0),"
	    " archived = archived AND NOT (?2 = 1 OR"
	    "  (?2 = 0 AND muted_until_ms <= ?1)) WHERE id = ?3");
	q_time(&q, m->received_ms);
	q_int(&q, m->dir);
	q_int(&q, m->chat);
	return q_run_one(&q);
}

int
store_message_add(struct store *s, const struct store_message *m, int64_t *id)
{
	struct store_message row = *m;
	int64_t sort = 0;
	struct tx tx;
	int r;

	if (m->text != NULL && (strlen(m->text) > STORE_TEXT_MAX ||
				   !text_is_utf8(m->text, strlen(m->text))))
		return store_fail(s, ERR_RANGE, "the message is no fit text");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = chat_sort(s, m->chat, &sort);
	if (r == 0 && m->received_ms <= INT64_MAX &&
	    (int64_t)m->received_ms > sort)
		sort = (int64_t)m->received_ms;
	if (r == 0)
		r = insert(s, m, sort);
	if (r == 0) {
		row.id = sqlite3_last_insert_rowid(s->db);
		r = set_last(s, m->chat, &row, sort);
	}
	if (r == 0)
		r = note_activity(s, m);
	r = tx_leave(s, &tx, r);
	if (r == 0)
		*id = row.id;
	return r;
}

/* ---- finding --------------------------------------------------------------------- */

int
store_message_get(struct store *s, int64_t id, struct store_message *out)
{
	struct store_message m;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS " FROM message AS m WHERE m.id = ?");
	q_int(&q, id);
	found = q_row(&q);
	if (found)
		read_message(&q, &m);
	r = q_end(&q);
	if (r == 0 && !found)
		return store_fail(s, ERR_NOTFOUND, "no such message");
	if (r == 0)
		*out = m;
	else if (found)
		store_message_clear(&m);
	return r;
}

int
store_message_find(struct store *s, const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], int64_t *id)
{
	int64_t found = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT id FROM message WHERE message_id = ? AND account = ?"
	    " AND dir < 2");
	q_blob(&q, message_id, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		found = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && found == 0)
		r = store_fail(s, ERR_NOTFOUND, "no such message");
	if (r == 0)
		*id = found;
	return r;
}

int
store_message_find_any(
    struct store *s, const uint8_t message_id[static STORE_ID_LEN], int64_t *id)
{
	int64_t found = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT id FROM message WHERE message_id = ? AND dir < 2"
	    " ORDER BY id LIMIT 1");
	q_blob(&q, message_id, STORE_ID_LEN);
	if (q_row(&q))
		found = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && found == 0)
		r = store_fail(s, ERR_NOTFOUND, "no such message");
	if (r == 0)
		*id = found;
	return r;
}

/* ---- changing -------------------------------------------------------------------- */

/* A change that touched no row: is there no such message, or may it not? */
static int
why_not(struct store *s, int64_t id, bool outgoing)
{
	bool found, ours = false;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT dir FROM message WHERE id = ?");
	q_int(&q, id);
	found = q_row(&q);
	if (found)
		ours = q_get_int(&q, 0) == STORE_OUT;
	r = q_end(&q);
	if (r != 0)
		return r;
	if (!found)
		return store_fail(s, ERR_NOTFOUND, "no such message");
	return outgoing && ours ? 0
				: store_fail(s, ERR_STATE,
				      "the message is not in that state");
}

int
store_message_set_state(
    struct store *s, int64_t id, enum store_msg_state state, bool *moved)
{
	struct query q;
	struct tx tx;
	int r, n;

	if (state > STORE_MSG_FAILED)
		return store_fail(s, ERR_STATE, "no state of what we send");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	q_begin(&q, s,
	    "UPDATE message SET state = ?1 WHERE id = ?2 AND dir = 1 AND"
	    " CASE ?1 WHEN 4 THEN state = 0 WHEN 0 THEN state = 4"
	    " ELSE state = 4 OR state < ?1 END");
	q_int(&q, state);
	q_int(&q, id);
	r = q_run(&q);
	n = r == 0 ? sqlite3_changes(s->db) : 0;
	if (r == 0 && n == 0)
		r = why_not(s, id, true);
	if (r == 0 && n > 0) {
		q_begin(&q, s,
		    "UPDATE chat SET last_state = ?1 WHERE last_id = ?2"
		    " AND id = (SELECT chat FROM message WHERE id = ?2)");
		q_int(&q, state);
		q_int(&q, id);
		r = q_run(&q);
	}
	r = tx_leave(s, &tx, r);
	if (r == 0 && moved != NULL)
		*moved = n > 0;
	return r;
}

/* The chat of a message. */
static int
chat_of(struct store *s, int64_t id, int64_t *chat)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT chat FROM message WHERE id = ?");
	q_int(&q, id);
	found = q_row(&q);
	if (found)
		*chat = q_get_int(&q, 0);
	r = q_end(&q);
	return r == 0 && !found ? store_fail(s, ERR_NOTFOUND, "no such message")
				: r;
}

int
store_message_fill(struct store *s, int64_t id, enum store_msg_kind kind,
    const char *text, uint64_t sent_ms)
{
	int64_t chat = 0;
	struct query q;
	struct tx tx;
	int r;

	if (strlen(text) > STORE_TEXT_MAX || !text_is_utf8(text, strlen(text)))
		return store_fail(s, ERR_RANGE, "the message is no fit text");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = chat_of(s, id, &chat);
	if (r == 0) {
		q_begin(&q, s,
		    "UPDATE message SET state = 5, kind = ?, text = ?,"
		    " sent_ms = ? WHERE id = ? AND state = 6");
		q_int(&q, kind);
		q_text(&q, text);
		q_time(&q, sent_ms);
		q_int(&q, id);
		r = q_run_one(&q);
		if (r == ERR_NOTFOUND)
			r = why_not(s, id, false);
	}
	if (r == 0)
		r = message_refresh_last(s, chat);
	return tx_leave(s, &tx, r);
}

int
store_message_delete(struct store *s, int64_t id)
{
	int64_t chat = 0;
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = chat_of(s, id, &chat);
	if (r == 0) {
		q_begin(&q, s,
		    "UPDATE chat SET unread = unread - 1 WHERE id = ?1"
		    " AND EXISTS (SELECT 1 FROM message AS m"
		    "  WHERE m.id = ?2 AND m.dir = 0"
		    "  AND (m.sort, m.id) > (read_sort, read_id))");
		q_int(&q, chat);
		q_int(&q, id);
		r = q_run(&q);
	}
	if (r == 0) {
		q_begin(&q, s, "DELETE FROM message WHERE id = ?");
		q_int(&q, id);
		r = q_run_one(&q);
	}
	if (r == 0)
		r = message_refresh_last(s, chat);
	return tx_leave(s, &tx, r);
}
