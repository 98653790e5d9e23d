/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_session.c — one ratchet record per device we talk to. */
#include "tui/store/store_session.h"

#include "tui/store/query.h"

int
store_session_get(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, struct buf *out)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT record FROM session WHERE account = ? AND device = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	found = q_row(&q);
	if (found)
		q_put_blob(&q, 0, out);
	r = q_end(&q);
	return r == 0 && !found ? store_fail(s, ERR_NOTFOUND, "no session") : r;
}

int
store_session_put(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const void *record, size_t len, uint64_t now_ms)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO session(account, device, record, updated_ms)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT(account, device)"
	    " DO UPDATE SET record = ?3, updated_ms = ?4");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	q_blob(&q, record, len);
	q_time(&q, now_ms);
	return q_run(&q);
}

static int
session_bytes(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint64_t *bytes)
{
	struct query q;

	*bytes = 0;
	q_begin(&q, s,
	    "SELECT coalesce(sum(length(record)), 0) FROM session"
	    " WHERE account = ?");
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		*bytes = (uint64_t)q_get_int(&q, 0);
	return q_end(&q);
}

static int
drop_oldest(
    struct store *s, const uint8_t account[static STORE_ID_LEN], uint32_t keep)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM session WHERE rowid = (SELECT rowid FROM session"
	    " WHERE account = ? AND device <> ?"
	    " ORDER BY updated_ms, device LIMIT 1)");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, keep);
	return q_run_one(&q);
}

int
store_session_bound(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t keep, uint64_t max)
{
	uint64_t bytes = 0;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = session_bytes(s, account, &bytes);
	while (r == 0 && bytes > max) {
		r = drop_oldest(s, account, keep);
		if (r == ERR_NOTFOUND) { /* only the kept one is left */
			r = 0;
			break;
		}
		if (r == 0)
			r = session_bytes(s, account, &bytes);
	}
	return tx_leave(s, &tx, r);
}

int
store_session_delete(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM session WHERE account = ? AND device = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	return q_run(&q);
}

int
store_session_devices(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t *devices, size_t max,
    size_t *n)
{
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT device FROM session WHERE account = ?"
	    " ORDER BY device");
	q_blob(&q, account, STORE_ID_LEN);
	for (; q_row(&q); len++) {
		if (len < max)
			devices[len] = (uint32_t)q_get_int(&q, 0);
	}
	r = q_end(&q);
	if (r == 0)
		*n = len;
	return r;
}
