/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_due.c — receipts that are owed and not sealed yet. */
#include "tui/store/store_due.h"

#include <string.h>

#include "tui/store/query.h"
#include "tui/store/store_outbox.h"

int
store_due_put(struct store *s, const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], enum store_due_kind kind)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO receipt_due(account, message_id, kind)"
	    " VALUES(?1, ?2, ?3) ON CONFLICT(account, message_id)"
	    " DO UPDATE SET kind = max(kind, ?3)");
	q_blob(&q, account, STORE_ID_LEN);
	q_blob(&q, message_id, STORE_ID_LEN);
	q_int(&q, kind);
	return q_run(&q);
}

int
store_due_account(struct store *s, uint8_t account[static STORE_ID_LEN])
{
	uint8_t found[STORE_ID_LEN];
	struct query q;
	bool any;
	int r;

	q_begin(&q, s,
	    "SELECT account FROM (SELECT DISTINCT account FROM receipt_due)"
	    " AS d WHERE NOT EXISTS (SELECT 1 FROM outbox AS o"
	    "  WHERE o.account = d.account AND o.line = ?1 AND o.line > 0)"
	    " LIMIT 1");
	q_int(&q, STORE_LINE_RECEIPT);
	any = q_row(&q);
	if (any)
		q_get_bytes(&q, 0, found, sizeof(found));
	r = q_end(&q);
	if (r == 0 && !any)
		r = store_fail(s, ERR_NOTFOUND, "no receipt is owed");
	if (r == 0)
		memcpy(account, found, sizeof(found));
	return r;
}

/* The kind of the oldest one; -1: there is none. */
static int
first_kind(
    struct store *s, const uint8_t account[static STORE_ID_LEN], int64_t *kind)
{
	struct query q;

	*kind = -1;
	q_begin(&q, s,
	    "SELECT kind FROM receipt_due WHERE account = ?"
	    " ORDER BY id LIMIT 1");
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		*kind = q_get_int(&q, 0);
	return q_end(&q);
}

static int
forget(struct store *s, const uint8_t account[static STORE_ID_LEN],
    int64_t kind, int64_t last)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM receipt_due WHERE account = ? AND kind = ?"
	    " AND id <= ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, kind);
	q_int(&q, last);
	return q_run(&q);
}

int
store_due_take(struct store *s, const uint8_t account[static STORE_ID_LEN],
    enum store_due_kind *kind, uint8_t (*ids)[STORE_ID_LEN], size_t max,
    size_t *n)
{
	int64_t which, last = 0;
	size_t len = 0;
	struct query q;
	int r = first_kind(s, account, &which);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "SELECT id, message_id FROM receipt_due WHERE account = ?"
	    " AND kind = ? ORDER BY id LIMIT ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, which);
	q_int(&q, (int64_t)max);
	while (len < max && q_row(&q)) {
		last = q_get_int(&q, 0);
		q_get_bytes(&q, 1, ids[len++], STORE_ID_LEN);
	}
	r = q_end(&q);
	if (r == 0 && len > 0)
		r = forget(s, account, which, last);
	if (r == 0) {
		*kind = which == STORE_DUE_READ ? STORE_DUE_READ
						: STORE_DUE_DELIVERED;
		*n = len;
	}
	return r;
}

int
store_due_drop(struct store *s, const uint8_t account[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s, "DELETE FROM receipt_due WHERE account = ?");
	q_blob(&q, account, STORE_ID_LEN);
	return q_run(&q);
}
