/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_chat.c — conversations. */
#include "tui/store/store_chat.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/query.h"

#define CHAT_ROWS                                                              \
	"SELECT c.id, c.kind, c.peer,"                                         \
	" coalesce(nullif(k.name, ''), nullif(k.profile_name, ''),"            \
	"  nullif(c.title, ''), k.phone, ''),"                                 \
	" coalesce(k.phone, ''), coalesce(k.trust, 0),"                        \
	" coalesce(k.blocked, 0), c.unread, c.read_id, c.created_ms,"          \
	" coalesce(k.seen_ms, 0), c.last_id, c.last_ms, c.last_dir,"           \
	" c.last_kind, c.last_state, c.last_text, coalesce(d.text, ''),"       \
	" c.muted_until_ms, c.pinned_ms, c.archived, c.expire_s,"              \
	" c.unread_mark"                                                       \
	" FROM chat AS c"                                                      \
	" LEFT JOIN contact AS k ON c.kind = 1 AND k.account = c.peer"         \
	" LEFT JOIN draft AS d ON d.chat = c.id"

/* Of the chat table, whose name in the query is c, with its dot. */
#define CHAT_ORDER(c)                                                          \
	" ORDER BY " c "pinned_ms = 0, " c "pinned_ms DESC, " c                \
	"active_ms DESC, " c "id DESC"

void
store_chat_clear(struct store_chat *c)
{
	free(c->title);
	free(c->last_text);
	free(c->draft);
	memset(c, 0, sizeof(*c));
}

void
store_chats_clear(struct store_chats *c)
{
	for (size_t i = 0; i < c->n; i++)
		store_chat_clear(&c->v[i]);
	free(c->v);
	memset(c, 0, sizeof(*c));
}

static void
read_chat(struct query *q, struct store_chat *c)
{
	int i = 0;

	memset(c, 0, sizeof(*c));
	c->id = q_get_int(q, i++);
	c->kind = q_get_int(q, i++);
	q_get_bytes(q, i++, c->peer, sizeof(c->peer));
	c->title = q_dup_text(q, i++);
	q_get_text(q, i++, c->phone, sizeof(c->phone));
	c->trust = q_get_int(q, i++);
	c->blocked = q_get_int(q, i++) != 0;
	c->unread = (uint32_t)q_get_int(q, i++);
	c->read_up_to = q_get_int(q, i++);
	c->created_ms = q_get_time(q, i++);
	c->seen_ms = q_get_time(q, i++);
	c->last_id = q_get_int(q, i++);
	c->last_ms = q_get_time(q, i++);
	c->last_dir = q_get_int(q, i++);
	c->last_kind = q_get_int(q, i++);
	c->last_state = q_get_int(q, i++);
	c->last_text = q_dup_text(q, i++);
	c->draft = q_dup_text(q, i++);
	c->muted_until_ms = q_get_time(q, i++);
	c->pinned_ms = q_get_time(q, i++);
	c->archived = q_get_int(q, i++) != 0;
	c->expire_s = (uint32_t)q_get_int(q, i++);
	c->unread_mark = q_get_int(q, i) != 0;
}

int
store_chat_find(struct store *s, enum store_chat_kind kind,
    const uint8_t peer[static STORE_ID_LEN], int64_t *chat)
{
	int64_t id = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT id FROM chat WHERE kind = ? AND peer = ?");
	q_int(&q, kind);
	q_blob(&q, peer, STORE_ID_LEN);
	if (q_row(&q))
		id = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && id == 0)
		r = store_fail(s, ERR_NOTFOUND, "no such chat");
	if (r == 0)
		*chat = id;
	return r;
}

int
store_chat_open(struct store *s, enum store_chat_kind kind,
    const uint8_t peer[static STORE_ID_LEN], uint64_t now_ms, int64_t *chat)
{
	struct query q;
	int r = store_chat_find(s, kind, peer, chat);

	if (r != ERR_NOTFOUND)
		return r;
	q_begin(&q, s,
	    "INSERT INTO chat(kind, peer, created_ms, active_ms)"
	    " VALUES(?1, ?2, ?3, ?3)");
	q_int(&q, kind);
	q_blob(&q, peer, STORE_ID_LEN);
	q_time(&q, now_ms);
	r = q_run(&q);
	if (r == 0)
		*chat = sqlite3_last_insert_rowid(s->db);
	return r;
}

int
store_chat_get(struct store *s, int64_t chat, struct store_chat *out)
{
	struct store_chat c;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, CHAT_ROWS " WHERE c.id = ?");
	q_int(&q, chat);
	found = q_row(&q);
	if (found)
		read_chat(&q, &c);
	r = q_end(&q);
	if (r == 0 && !found)
		return store_fail(s, ERR_NOTFOUND, "no such chat");
	if (r == 0)
		*out = c;
	else if (found)
		store_chat_clear(&c);
	return r;
}

int
store_chat_kind(struct store *s, int64_t chat, enum store_chat_kind *kind,
    uint8_t peer[static STORE_ID_LEN])
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT kind, peer FROM chat WHERE id = ?");
	q_int(&q, chat);
	found = q_row(&q);
	if (found) {
		*kind = q_get_int(&q, 0);
		q_get_bytes(&q, 1, peer, STORE_ID_LEN);
	}
	r = q_end(&q);
	return r == 0 && !found ? store_fail(s, ERR_NOTFOUND, "no such chat")
				: r;
}

static int
read_chats(struct query *q, struct store_chats *out)
{
	struct store_chats list = {0};
	int r;

	while (q_row(q)) {
		q->r = rows_grow(&list.v, list.n, sizeof(*list.v));
		if (q->r == 0)
			read_chat(q, &list.v[list.n++]);
	}
	r = q_end(q);
	if (r == 0)
		*out = list;
	else
		store_chats_clear(&list);
	return r;
}

int
store_chat_list(struct store *s, struct store_chats *out)
{
	struct query q;

	q_begin(&q, s, CHAT_ROWS CHAT_ORDER("c."));
	return read_chats(&q, out);
}

/* The names and drafts of the others are not looked up. */
int
store_chat_top(struct store *s, uint32_t n, struct store_chats *out)
{
	struct query q;

	q_begin(&q, s,
	    CHAT_ROWS " WHERE c.id IN (SELECT id FROM chat" CHAT_ORDER(
		"") " LIMIT ?)" CHAT_ORDER("c."));
	q_int(&q, n);
	return read_chats(&q, out);
}

int
store_chat_set_draft(
    struct store *s, int64_t chat, const char *text, uint64_t now_ms)
{
	struct query q;

	if (text == NULL || text[0] == '\0') {
		q_begin(&q, s, "DELETE FROM draft WHERE chat = ?");
		q_int(&q, chat);
		return q_run(&q);
	}
	if (strlen(text) > STORE_TEXT_MAX || !text_is_utf8(text, strlen(text)))
		return store_fail(s, ERR_RANGE, "the draft is no fit text");
	q_begin(&q, s, "INSERT OR REPLACE INTO draft VALUES(?, ?, ?)");
	q_int(&q, chat);
	q_text(&q, text);
	q_time(&q, now_ms);
	return q_run(&q);
}

int
store_chat_set(
    struct store *s, int64_t chat, enum store_chat_setting what, uint64_t value)
{
	/* A statement is found by the address of its text. */
	static const char *const sql[] = {
	    [STORE_CHAT_MUTED_UNTIL_MS] =
		"UPDATE chat SET muted_until_ms = ? WHERE id = ?",
	    [STORE_CHAT_PINNED_MS] =
		"UPDATE chat SET pinned_ms = ? WHERE id = ?",
	    [STORE_CHAT_ARCHIVED] = "UPDATE chat SET archived = ? WHERE id = ?",
	    [STORE_CHAT_EXPIRE_S] = "UPDATE chat SET expire_s = ? WHERE id = ?",
	    [STORE_CHAT_UNREAD_MARK] =
		"UPDATE chat SET unread_mark = ? WHERE id = ?",
	};
	struct query q;

	if (what == STORE_CHAT_EXPIRE_S && value > UINT32_MAX)
		return store_fail(s, ERR_RANGE, "the timer is too long");
	q_begin(&q, s, sql[what]);
	q_time(&q, what == STORE_CHAT_ARCHIVED || what == STORE_CHAT_UNREAD_MARK
		       ? value != 0
		       : value);
	q_int(&q, chat);
	return q_run_one(&q);
}

int
store_chat_unread(struct store *s, uint64_t *n)
{
	uint64_t sum = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT coalesce(sum(unread), 0) FROM chat WHERE unread > 0");
	if (q_row(&q))
		sum = (uint64_t)q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*n = sum;
	return r;
}
