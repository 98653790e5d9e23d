/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/store/store_clear.h"

#include "tui/store/message_int.h"

static int
count_unread(struct store *s, int64_t chat)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE chat SET unread = (SELECT count(*) FROM message AS m"
	    " WHERE m.chat = ?1 AND m.dir = 0"
	    " AND (m.sort, m.id) > (read_sort, read_id)) WHERE id = ?1");
	q_int(&q, chat);
	return q_run_one(&q);
}

int
store_chat_clear_messages(
    struct store *s, int64_t chat, int64_t last, uint64_t up_to_ms)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "DELETE FROM message WHERE chat = ?1 AND iif(dir > 0,"
	    " sent_ms <= ?2, iif(?3 > 0,"
	    "  (sort, id) <= (SELECT m.sort, m.id FROM message AS m"
	    "   WHERE m.id = ?3),"
	    "  sent_ms <= ?2 AND (sort, id) <= (SELECT read_sort, read_id"
	    "   FROM chat WHERE id = ?1)))");
	q_int(&q, chat);
	q_time(&q, up_to_ms);
	q_int(&q, last);
	r = q_run(&q);
	if (r == 0)
		r = count_unread(s, chat);
	if (r == 0)
		r = message_refresh_last(s, chat);
	return tx_leave(s, &tx, r);
}

int
store_chat_latest(
    struct store *s, int64_t chat, int64_t *last, uint64_t *sent_ms)
{
	uint64_t ms = 0;
	int64_t id = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT coalesce((SELECT id FROM message WHERE chat = ?1"
	    "  AND dir < 2 ORDER BY sort DESC, id DESC LIMIT 1), 0),"
	    " coalesce((SELECT max(sent_ms) FROM message WHERE chat = ?1"
	    "  AND dir > 0), 0)");
	q_int(&q, chat);
	if (q_row(&q)) {
		id = q_get_int(&q, 0);
		ms = q_get_time(&q, 1);
	}
	r = q_end(&q);
	if (r == 0) {
		*last = id;
		*sent_ms = ms;
	}
	return r;
}

int
store_chat_delete(struct store *s, int64_t chat)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "DELETE FROM chat WHERE id = ?1 AND NOT EXISTS"
	    " (SELECT 1 FROM message WHERE chat = ?1)");
	q_int(&q, chat);
	r = q_run_one(&q);
	return r == ERR_NOTFOUND
		   ? store_fail(s, ERR_STATE, "the chat is not empty")
		   : r;
}
