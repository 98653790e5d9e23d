/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_receipt.c — who has got and read what; what came in before. */
#include <stdlib.h>
#include <string.h>

#include "tui/store/message_int.h"

int
store_receipt_put(struct store *s, int64_t id,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    enum store_msg_state state, uint64_t when_ms, bool *moved)
{
	bool read = state == STORE_MSG_READ, changed = false;
	struct tx tx;
	int r;

	if (state != STORE_MSG_DELIVERED && !read)
		return store_fail(s, ERR_STATE, "no state of a receipt");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = store_message_set_state(s, id, state, &changed);
	if (r == 0)
		r = store_receipt_note(s, id, account, device, state, when_ms);
	r = tx_leave(s, &tx, r);
	if (r == 0 && moved != NULL)
		*moved = changed;
	return r;
}

int
store_receipt_note(struct store *s, int64_t id,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    enum store_msg_state state, uint64_t when_ms)
{
	bool read = state == STORE_MSG_READ;
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO receipt(message, account, device, delivered_ms,"
	    " read_ms) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
	    " delivered_ms = iif(delivered_ms = 0, ?4, delivered_ms),"
	    " read_ms = iif(read_ms = 0, ?5, read_ms)");
	q_int(&q, id);
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	q_time(&q, read ? 0 : when_ms);
	q_time(&q, read ? when_ms : 0);
	return q_run(&q);
}

int
store_receipt_list(
    struct store *s, int64_t id, struct store_receipt **v, size_t *n)
{
	struct store_receipt *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(&q, s,
	    "SELECT account, device, delivered_ms, read_ms FROM receipt"
	    " WHERE message = ? ORDER BY account, device");
	q_int(&q, id);
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r != 0)
			break;
		memset(&rows[len], 0, sizeof(rows[len]));
		q_get_bytes(&q, 0, rows[len].account, STORE_ID_LEN);
		rows[len].device = (uint32_t)q_get_int(&q, 1);
		rows[len].delivered_ms = q_get_time(&q, 2);
		rows[len].read_ms = q_get_time(&q, 3);
		len++;
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

/* ---- what came in before ---------------------------------------------------------- */

int
store_inbox_add(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const uint8_t message_id[static STORE_ID_LEN],
    uint64_t now_ms)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT INTO inbox(account, device, message_id, received_ms)"
	    " VALUES(?, ?, ?, ?)");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	q_blob(&q, message_id, STORE_ID_LEN);
	q_time(&q, now_ms);
	r = q_run(&q);
	return r == ERR_EXISTS ? store_fail(s, ERR_DUP, "already received") : r;
}

int
store_inbox_has(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const uint8_t message_id[static STORE_ID_LEN], bool *has)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT 1 FROM inbox WHERE account = ? AND device = ?"
	    " AND message_id = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	q_blob(&q, message_id, STORE_ID_LEN);
	found = q_row(&q);
	r = q_end(&q);
	if (r == 0)
		*has = found;
	return r;
}

int
store_inbox_prune(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM inbox WHERE received_ms < ?");
	q_time(&q, before_ms);
	return q_run(&q);
}
