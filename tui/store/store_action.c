/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_action.c — edits, deletion for everyone, reactions, quotes. */
#include "tui/store/store_action.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/message_int.h"

static bool
fit_text(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	return n <= max && text_is_utf8(text, n);
}

/* What an action needs to know of its message. */
struct target {
	int64_t chat;
	int64_t kind;
	uint64_t written_ms; /* of the text that is shown */
};

static int
find_target(struct store *s, int64_t id, struct target *t)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT chat, kind, iif(edited_ms > 0, edited_ms, sent_ms)"
	    " FROM message WHERE id = ?");
	q_int(&q, id);
	found = q_row(&q);
	if (found) {
		t->chat = q_get_int(&q, 0);
		t->kind = q_get_int(&q, 1);
		t->written_ms = q_get_time(&q, 2);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no such message");
	if (r == 0 && t->kind == STORE_MSG_DELETED)
		r = store_fail(s, ERR_STATE, "the message was deleted");
	return r;
}

/* ---- edits ------------------------------------------------------------------------ */

static int
keep_text(struct store *s, int64_t id, uint64_t written_ms, const char *text)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR IGNORE INTO edit(message, written_ms, text)"
	    " VALUES(?, ?, ?)");
	q_int(&q, id);
	q_time(&q, written_ms);
	q_text(&q, text);
	return q_run(&q);
}

/* What was shown goes into the history, the new text takes its place. */
static int
replace_text(struct store *s, int64_t id, const struct target *t,
    const char *text, uint64_t edited_ms)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT OR IGNORE INTO edit(message, written_ms, text)"
	    " SELECT id, ?, text FROM message WHERE id = ?");
	q_time(&q, t->written_ms);
	q_int(&q, id);
	r = q_run(&q);
	if (r != 0)
		return r;
	q_begin(
	    &q, s, "UPDATE message SET text = ?, edited_ms = ? WHERE id = ?");
	q_text(&q, text);
	q_time(&q, edited_ms);
	q_int(&q, id);
	r = q_run(&q);
	return r != 0 ? r : message_refresh_last(s, t->chat);
}

int
store_message_edit(struct store *s, int64_t id, const char *text,
    uint64_t edited_ms, bool *changed)
{
	bool newer = false;
	struct target t = {0};
	struct tx tx;
	int r;

	if (!fit_text(text, STORE_TEXT_MAX))
		return store_fail(s, ERR_RANGE, "the message is no fit text");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = find_target(s, id, &t);
	if (r == 0 && t.kind != STORE_MSG_TEXT && t.kind != STORE_MSG_MEDIA)
		r = store_fail(s, ERR_STATE, "only a text can be edited");
	if (r == 0) {
		newer = edited_ms > t.written_ms;
		r = newer ? replace_text(s, id, &t, text, edited_ms)
			  : keep_text(s, id, edited_ms, text);
	}
	r = tx_leave(s, &tx, r);
	if (r == 0 && changed != NULL)
		*changed = newer;
	return r;
}

int
store_edit_list(struct store *s, int64_t id, struct store_edit **v, size_t *n)
{
	struct store_edit *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(&q, s,
	    "SELECT written_ms, text FROM edit WHERE message = ?"
	    " ORDER BY written_ms");
	q_int(&q, id);
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r != 0)
			break;
		rows[len].written_ms = q_get_time(&q, 0);
		rows[len++].text = q_dup_text(&q, 1);
	}
	r = q_end(&q);
	if (r != 0) {
		store_edits_free(rows, len);
		return r;
	}
	*v = rows;
	*n = len;
	return 0;
}

void
store_edits_free(struct store_edit *v, size_t n)
{
	while (n > 0)
		free(v[--n].text);
	free(v);
}

/* ---- deletion for everyone ----------------------------------------------------------- */

static int
forget(struct store *s, const char *sql, int64_t id)
{
	struct query q;

	q_begin(&q, s, sql);
	q_int(&q, id);
	return q_run(&q);
}

int
store_message_retract(struct store *s, int64_t id)
{
	struct target t = {0};
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = find_target(s, id, &t);
	if (r == ERR_STATE) /* it is gone already */
		return tx_leave(s, &tx, 0);
	if (r == 0)
		r = forget(s,
		    "UPDATE message SET kind = 3, text = '', edited_ms = 0,"
		    " starred = 0, reactions = 0, flags = 0,"
		    " state = iif(state = 6, 5, state) WHERE id = ?",
		    id);
	if (r == 0)
		r = forget(s, "DELETE FROM edit WHERE message = ?", id);
	if (r == 0)
		r = forget(s, "DELETE FROM reaction WHERE message = ?", id);
	if (r == 0)
		r = forget(s, "DELETE FROM quote WHERE message = ?", id);
	if (r == 0)
		r = forget(s, "DELETE FROM once WHERE message = ?", id);
	if (r == 0)
		r = store_quote_forget(s, id);
	if (r == 0)
		r = message_refresh_last(s, t.chat);
	return tx_leave(s, &tx, r);
}

/* ---- reactions ------------------------------------------------------------------------ */

static int
count_reactions(struct store *s, int64_t id)
{
	return forget(s,
	    "UPDATE message SET reactions = (SELECT count(*) FROM reaction"
	    " WHERE message = ?1 AND emoji <> '') WHERE id = ?1",
	    id);
}

int
store_reaction_put(struct store *s, int64_t id,
    const uint8_t account[static STORE_ID_LEN], const char *emoji,
    uint64_t when_ms, bool *changed)
{
	struct target t = {0};
	struct query q;
	struct tx tx;
	bool newer = false;
	int r;

	if (!fit_text(emoji, STORE_EMOJI_MAX))
		return store_fail(s, ERR_RANGE, "no fit reaction");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = find_target(s, id, &t);
	if (r == 0) {
		/* A reaction taken back stays as a row: an older one that
		 * comes late must not bring it back. */
		q_begin(&q, s,
		    "INSERT INTO reaction(message, account, emoji, when_ms)"
		    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE"
		    " SET emoji = ?3, when_ms = ?4 WHERE when_ms < ?4");
		q_int(&q, id);
		q_blob(&q, account, STORE_ID_LEN);
		q_text(&q, emoji);
		q_time(&q, when_ms);
		r = q_run(&q);
		newer = r == 0 && sqlite3_changes(s->db) > 0;
	}
	if (newer)
		r = count_reactions(s, id);
	r = tx_leave(s, &tx, r);
	if (r == 0 && changed != NULL)
		*changed = newer;
	return r;
}

int
store_reaction_list(
    struct store *s, int64_t id, struct store_reaction **v, size_t *n)
{
	struct store_reaction *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(&q, s,
	    "SELECT account, emoji, when_ms FROM reaction"
	    " WHERE message = ? AND emoji <> '' ORDER BY when_ms, account");
	q_int(&q, id);
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r != 0)
			break;
		rows[len].message = id;
		q_get_bytes(&q, 0, rows[len].account, STORE_ID_LEN);
		q_get_text(&q, 1, rows[len].emoji, sizeof(rows[len].emoji));
		rows[len++].when_ms = q_get_time(&q, 2);
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

/* ---- quotes ---------------------------------------------------------------------------- */

int
store_quote_put(struct store *s, int64_t id, const struct store_quote *quote)
{
	struct target t = {0};
	struct query q;
	int r;

	if (!fit_text(quote->text, STORE_QUOTE_MAX))
		return store_fail(s, ERR_RANGE, "the quote is no fit text");
	r = find_target(s, id, &t);
	if (r != 0)
		return r;
	q_begin(&q, s,
	    "INSERT OR REPLACE INTO quote(message, account, message_id, text,"
	    " status) VALUES(?, ?, ?, ?, ?)");
	q_int(&q, id);
	q_blob(&q, quote->account, STORE_ID_LEN);
	q_blob(&q, quote->message_id, STORE_ID_LEN);
	q_text(&q, quote->text);
	q_int(&q, quote->status);
	return q_run(&q);
}

int
store_quote_forget(struct store *s, int64_t id)
{
	struct store_message m;
	struct query q;
	int r = store_message_get(s, id, &m);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "UPDATE quote SET text = '' WHERE message_id = ? AND account = ?");
	q_blob(&q, m.message_id, STORE_ID_LEN);
	q_blob(&q, m.account, STORE_ID_LEN);
	r = q_run(&q);
	store_message_clear(&m);
	return r;
}

int
store_quote_get(struct store *s, int64_t id, struct store_quote *out)
{
	struct store_quote got;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT account, message_id, text, status FROM quote"
	    " WHERE message = ?");
	q_int(&q, id);
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, got.account, STORE_ID_LEN);
		q_get_bytes(&q, 1, got.message_id, STORE_ID_LEN);
		q_get_text(&q, 2, got.text, sizeof(got.text));
		got.status = q_get_int(&q, 3) != 0;
	}
	r = q_end(&q);
	if (r == 0 && !found)
		return store_fail(s, ERR_NOTFOUND, "it quotes nothing");
	if (r == 0)
		*out = got;
	return r;
}
