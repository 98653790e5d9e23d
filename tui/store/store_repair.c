/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_repair.c — what did not open, what was sent again. */
#include "tui/store/store_repair.h"

#include <string.h>

#include "tui/store/query.h"
#include "tui/store/store_outbox.h"

/* ---- what did not open -------------------------------------------------------- */

int
store_unreadable_count(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint64_t *of_account,
    uint64_t *of_all)
{
	uint64_t some = 0, all = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT (SELECT count(*) FROM unreadable WHERE account = ?),"
	    " (SELECT count(*) FROM unreadable)");
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q)) {
		some = (uint64_t)q_get_int(&q, 0);
		all = (uint64_t)q_get_int(&q, 1);
	}
	r = q_end(&q);
	if (r == 0) {
		*of_account = some;
		*of_all = all;
	}
	return r;
}

int
store_unreadable_has(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], bool *has)
{
	bool found;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT 1 FROM unreadable WHERE account = ? AND message_id = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_blob(&q, message_id, STORE_ID_LEN);
	found = q_row(&q);
	r = q_end(&q);
	if (r == 0)
		*has = found;
	return r;
}

int
store_unreadable_add(
    struct store *s, const struct store_unreadable *u, uint32_t max)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO unreadable(account, message_id, device, asked, due,"
	    " first_ms, asked_ms) VALUES(?, ?, ?, ?, 1, ?, 0)"
	    " ON CONFLICT(account, message_id) DO UPDATE SET due = 1"
	    " WHERE asked < ?");
	q_blob(&q, u->account, STORE_ID_LEN);
	q_blob(&q, u->message_id, STORE_ID_LEN);
	q_int(&q, u->device);
	q_int(&q, u->asked);
	q_time(&q, u->first_ms);
	q_int(&q, max);
	return q_run(&q);
}

int
store_unreadable_remove(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], bool *had)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "DELETE FROM unreadable WHERE account = ? AND message_id = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_blob(&q, message_id, STORE_ID_LEN);
	r = q_run(&q);
	if (r == 0 && had != NULL)
		*had = sqlite3_changes(s->db) > 0;
	return r;
}

int
store_unreadable_again(struct store *s, const uint8_t *account, uint32_t device,
    uint32_t max, uint64_t before_ms)
{
	struct query q;

	if (account == NULL) {
		q_begin(&q, s,
		    "UPDATE unreadable SET due = 1 WHERE due = 0"
		    " AND asked < ? AND asked_ms < ?");
	} else {
		q_begin(&q, s,
		    "UPDATE unreadable SET due = 1 WHERE account = ?"
		    " AND device = ? AND due = 0 AND asked < ?"
		    " AND asked_ms < ?");
		q_blob(&q, account, STORE_ID_LEN);
		q_int(&q, device);
	}
	q_int(&q, max);
	q_time(&q, before_ms);
	return q_run(&q);
}

int
store_unreadable_device(
    struct store *s, const struct store_asking *after, struct store_asking *out)
{
	static const struct store_asking start = {.device = 0};
	struct store_asking found = {.device = 0};
	struct query q;
	bool any;
	int r;

	q_begin(&q, s,
	    "SELECT account, device FROM unreadable AS u WHERE due"
	    " AND (account, device) > (?1, ?2)"
	    " AND NOT EXISTS (SELECT 1 FROM outbox AS o"
	    "  WHERE o.account = u.account AND o.line = ?3 AND o.line > 0"
	    "  AND o.device = u.device)"
	    " ORDER BY account, device LIMIT 1");
	if (after == NULL)
		after = &start;
	q_blob(&q, after->account, STORE_ID_LEN);
	q_int(&q, after->device);
	q_int(&q, STORE_LINE_RETRY);
	any = q_row(&q);
	if (any) {
		q_get_bytes(&q, 0, found.account, STORE_ID_LEN);
		found.device = (uint32_t)q_get_int(&q, 1);
	}
	r = q_end(&q);
	if (r == 0 && !any)
		r = store_fail(s, ERR_NOTFOUND, "nobody is to be asked");
	if (r == 0)
		*out = found;
	return r;
}

static int
count_asked(struct store *s, const struct store_asking *whom, uint64_t now_ms,
    int64_t last)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE unreadable SET due = 0, asked = asked + 1, asked_ms = ?"
	    " WHERE account = ? AND device = ? AND due AND id <= ?");
	q_time(&q, now_ms);
	q_blob(&q, whom->account, STORE_ID_LEN);
	q_int(&q, whom->device);
	q_int(&q, last);
	return q_run(&q);
}

int
store_unreadable_take(struct store *s, const struct store_asking *whom,
    uint64_t now_ms, uint8_t (*ids)[STORE_ID_LEN], size_t max, size_t *n,
    uint32_t *asked)
{
	int64_t last = 0, most = 0;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT id, message_id, asked FROM unreadable WHERE account = ?"
	    " AND device = ? AND due ORDER BY id LIMIT ?");
	q_blob(&q, whom->account, STORE_ID_LEN);
	q_int(&q, whom->device);
	q_int(&q, (int64_t)max);
	while (len < max && q_row(&q)) {
		last = q_get_int(&q, 0);
		q_get_bytes(&q, 1, ids[len++], STORE_ID_LEN);
		if (q_get_int(&q, 2) > most)
			most = q_get_int(&q, 2);
	}
	r = q_end(&q);
	if (r == 0 && len > 0)
		r = count_asked(s, whom, now_ms, last);
	if (r == 0) {
		*n = len;
		*asked = (uint32_t)most + 1;
	}
	return r;
}

int
store_unreadable_prune(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM unreadable WHERE first_ms < ?");
	q_time(&q, before_ms);
	return q_run(&q);
}

/* ---- what we sent again --------------------------------------------------------- */

int
store_resent_get(
    struct store *s, int64_t message, uint32_t device, uint32_t *times)
{
	struct query q;
	uint32_t n = 0;
	int r;

	q_begin(
	    &q, s, "SELECT times FROM resent WHERE message = ? AND device = ?");
	q_int(&q, message);
	q_int(&q, device);
	if (q_row(&q))
		n = (uint32_t)q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*times = n;
	return r;
}

int
store_resent_add(struct store *s, int64_t message, uint32_t device)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO resent(message, device, times) VALUES(?, ?, 1)"
	    " ON CONFLICT(message, device) DO UPDATE SET times = times + 1");
	q_int(&q, message);
	q_int(&q, device);
	return q_run(&q);
}

/* ---- what was done for a device --------------------------------------------------- */

int
store_repair_get(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, struct store_repair *out)
{
	struct store_repair rp = {0};
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT renewed_ms, asks, answers, since_ms FROM repair"
	    " WHERE account = ? AND device = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	if (q_row(&q)) {
		rp.renewed_ms = q_get_time(&q, 0);
		rp.asks = (uint32_t)q_get_int(&q, 1);
		rp.answers = (uint32_t)q_get_int(&q, 2);
		rp.since_ms = q_get_time(&q, 3);
	}
	r = q_end(&q);
	if (r == 0)
		*out = rp;
	return r;
}

int
store_repair_put(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const struct store_repair *in)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO repair(account, device, renewed_ms, asks, answers,"
	    " since_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT(account, device) DO UPDATE SET renewed_ms = ?3,"
	    " asks = ?4, answers = ?5, since_ms = ?6");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	q_time(&q, in->renewed_ms);
	q_int(&q, in->asks);
	q_int(&q, in->answers);
	q_time(&q, in->since_ms);
	return q_run(&q);
}
