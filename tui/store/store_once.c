/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/store/store_once.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/store/message_int.h"

int
store_once_put(struct store *s, int64_t id, const char *text)
{
	struct query q;

	if (strlen(text) > STORE_TEXT_MAX || !text_is_utf8(text, strlen(text)))
		return store_fail(s, ERR_RANGE, "the message is no fit text");
	q_begin(&q, s,
	    "INSERT INTO once(message, text)"
	    " SELECT id, ?2 FROM message WHERE id = ?1 AND kind = 4");
	q_int(&q, id);
	q_text(&q, text);
	return q_run_one(&q);
}

static void
wipe(char *text)
{
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
}

int
store_once_get(struct store *s, int64_t id, char **text)
{
	char *got = NULL;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT text FROM once WHERE message = ?");
	q_int(&q, id);
	if (q_row(&q))
		got = q_dup_text(&q, 0);
	r = q_end(&q);
	if (r == 0 && got == NULL)
		r = store_fail(s, ERR_NOTFOUND, "nothing is left to look at");
	if (r == 0)
		*text = got;
	else
		wipe(got);
	return r;
}

int
store_once_drop(struct store *s, int64_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM once WHERE message = ?");
	q_int(&q, id);
	return q_run(&q);
}

int
store_once_prune(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM once WHERE message IN (SELECT m.id"
	    " FROM once AS o JOIN message AS m ON m.id = o.message"
	    " WHERE m.dir = 1 AND m.received_ms < ?)");
	q_time(&q, before_ms);
	return q_run(&q);
}

int
store_once_opened(struct store *s, int64_t id, bool *changed)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	*changed = false;
	if (r != 0)
		return r;
	r = store_once_drop(s, id);
	if (r == 0) {
		q_begin(&q, s,
		    "UPDATE message SET flags = flags | 4"
		    " WHERE id = ? AND kind = 4 AND flags & 4 = 0");
		q_int(&q, id);
		r = q_run(&q);
		*changed = r == 0 && sqlite3_changes(s->db) > 0;
	}
	return tx_leave(s, &tx, r);
}
