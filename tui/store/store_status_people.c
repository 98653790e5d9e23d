/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_status_people.c — status posts: whom they are for, who saw them, and
 * which views of ours are to be told. */
#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"
#include "tui/store/store_outbox.h"
#include "tui/store/store_status.h"

/* ---- whom a post went to ------------------------------------------------------ */

static int
add_to(
    struct store *s, int64_t post, const uint8_t account[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR IGNORE INTO status_to(status, account) VALUES(?, ?)");
	q_int(&q, post);
	q_blob(&q, account, STORE_ID_LEN);
	return q_run(&q);
}

int
store_status_audience_put(struct store *s, int64_t post,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n)
{
	struct query q;
	struct tx tx;
	size_t i;
	int r;

	if (n > STORE_STATUS_AUDIENCE)
		return store_fail(s, ERR_RANGE, "too many people for a post");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	q_begin(&q, s, "DELETE FROM status_to WHERE status = ?");
	q_int(&q, post);
	r = q_run(&q);
	for (i = 0; r == 0 && i < n; i++)
		r = add_to(s, post, accounts[i]);
	return tx_leave(s, &tx, r);
}

int
store_status_audience(
    struct store *s, int64_t post, uint8_t (**v)[STORE_ID_LEN], size_t *n)
{
	uint8_t(*list)[STORE_ID_LEN] = NULL;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT account FROM status_to WHERE status = ? ORDER BY account");
	q_int(&q, post);
	while (q_row(&q)) {
		q.r = rows_grow(&list, len, sizeof(*list));
		if (q.r != 0)
			break;
		q_get_bytes(&q, 0, list[len++], STORE_ID_LEN);
	}
	r = q_end(&q);
	if (r != 0) {
		free(list);
		return r;
	}
	*v = list;
	*n = len;
	return 0;
}

int
store_status_audience_has(struct store *s, int64_t post,
    const uint8_t account[static STORE_ID_LEN], bool *has)
{
	struct query q;
	bool found;
	int r;

	q_begin(
	    &q, s, "SELECT 1 FROM status_to WHERE status = ? AND account = ?");
	q_int(&q, post);
	q_blob(&q, account, STORE_ID_LEN);
	found = q_row(&q);
	r = q_end(&q);
	if (r == 0)
		*has = found;
	return r;
}

int
store_status_audience_drop(
    struct store *s, const uint8_t account[static STORE_ID_LEN])
{
	struct query q;

	/* STORE_STATUS_SENT is 1: whom a post has gone to stays true */
	q_begin(&q, s,
	    "DELETE FROM status_to WHERE account = ? AND status IN"
	    " (SELECT id FROM status WHERE state IN (0, 2))");
	q_blob(&q, account, STORE_ID_LEN);
	return q_run(&q);
}

/* ---- who saw it ---------------------------------------------------------------- */

int
store_status_view_put(
    struct store *s, int64_t post, const struct store_viewer *v, bool *news)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT OR IGNORE INTO status_view(status, account, viewed_ms)"
	    " VALUES(?, ?, ?)");
	q_int(&q, post);
	q_blob(&q, v->account, STORE_ID_LEN);
	q_time(&q, v->viewed_ms);
	r = q_run_one(&q);
	if (r == 0 || r == ERR_NOTFOUND)
		*news = r == 0;
	return r == ERR_NOTFOUND ? 0 : r;
}

int
store_status_views(
    struct store *s, int64_t post, struct store_viewer **v, size_t *n)
{
	struct store_viewer *list = NULL;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT account, viewed_ms FROM status_view WHERE status = ?"
	    " ORDER BY viewed_ms DESC, account");
	q_int(&q, post);
	while (q_row(&q)) {
		q.r = rows_grow(&list, len, sizeof(*list));
		if (q.r != 0)
			break;
		q_get_bytes(&q, 0, list[len].account, STORE_ID_LEN);
		list[len++].viewed_ms = q_get_time(&q, 1);
	}
	r = q_end(&q);
	if (r != 0) {
		free(list);
		return r;
	}
	*v = list;
	*n = len;
	return 0;
}

/* ---- views of ours -------------------------------------------------------------- */

int
store_status_owe(struct store *s, const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR IGNORE INTO status_owed(account, message_id)"
	    " VALUES(?, ?)");
	q_blob(&q, account, STORE_ID_LEN);
	q_blob(&q, message_id, STORE_ID_LEN);
	return q_run(&q);
}

int
store_status_owed(struct store *s, uint8_t account[static STORE_ID_LEN])
{
	uint8_t found[STORE_ID_LEN];
	struct query q;
	bool any;
	int r;

	q_begin(&q, s,
	    "SELECT account FROM status_owed AS d WHERE NOT EXISTS"
	    " (SELECT 1 FROM outbox AS o WHERE o.account = d.account"
	    "  AND o.line = ?1 AND o.line > 0) ORDER BY id LIMIT 1");
	q_int(&q, STORE_LINE_VIEW);
	any = q_row(&q);
	if (any)
		q_get_bytes(&q, 0, found, sizeof(found));
	r = q_end(&q);
	if (r == 0 && !any)
		r = store_fail(s, ERR_NOTFOUND, "no view is owed");
	if (r == 0)
		memcpy(account, found, sizeof(found));
	return r;
}

int
store_status_take_owed(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint8_t (*ids)[STORE_ID_LEN],
    size_t max, size_t *n)
{
	int64_t last = 0;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT id, message_id FROM status_owed WHERE account = ?"
	    " ORDER BY id LIMIT ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, (int64_t)max);
	while (len < max && q_row(&q)) {
		last = q_get_int(&q, 0);
		q_get_bytes(&q, 1, ids[len++], STORE_ID_LEN);
	}
	r = q_end(&q);
	if (r == 0 && len > 0) {
		q_begin(&q, s,
		    "DELETE FROM status_owed WHERE account = ? AND id <= ?");
		q_blob(&q, account, STORE_ID_LEN);
		q_int(&q, last);
		r = q_run(&q);
	}
	if (r == 0)
		*n = len;
	return r;
}

/* ---- people ---------------------------------------------------------------------- */

/* A contact: see the header. STORE_TRUST_VERIFIED is 1, CHANGED was that. */
#define PEOPLE                                                                 \
	"SELECT c.account, NOT c.blocked AND"                                  \
	"  (c.name <> '' OR c.trust IN (1, 2) OR coalesce(p.wrote, 0)),"       \
	" coalesce(p.marks, 0)"                                                \
	" FROM contact AS c LEFT JOIN status_person AS p"                      \
	"  ON p.account = c.account"

static void
read_person(struct query *q, struct store_status_person *p)
{
	int64_t marks = q_get_int(q, 2);

	*p = (struct store_status_person){.contact = q_get_int(q, 1) != 0,
	    .but = (marks & STORE_STATUS_BUT) != 0,
	    .only = (marks & STORE_STATUS_ONLY) != 0,
	    .muted = (marks & STORE_STATUS_MUTED) != 0};
	q_get_bytes(q, 0, p->account, STORE_ID_LEN);
}

int
store_status_people(struct store *s, struct store_status_person **v, size_t *n)
{
	struct store_status_person *list = NULL, p;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    PEOPLE " WHERE c.account NOT IN (SELECT account FROM self)"
		   " ORDER BY c.account");
	while (q_row(&q)) {
		read_person(&q, &p);
		if (!p.contact && !p.but && !p.only && !p.muted)
			continue;
		q.r = rows_grow(&list, len, sizeof(*list));
		if (q.r != 0)
			break;
		list[len++] = p;
	}
	r = q_end(&q);
	if (r != 0) {
		free(list);
		return r;
	}
	*v = list;
	*n = len;
	return 0;
}

int
store_status_person(struct store *s, const uint8_t account[static STORE_ID_LEN],
    struct store_status_person *out)
{
	struct store_status_person p = {.contact = false};
	struct query q;
	int r;

	memcpy(p.account, account, STORE_ID_LEN);
	q_begin(&q, s, PEOPLE " WHERE c.account = ?");
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		read_person(&q, &p);
	r = q_end(&q);
	if (r == 0)
		*out = p;
	return r;
}

int
store_status_mark(struct store *s, const uint8_t account[static STORE_ID_LEN],
    enum store_status_mark mark, bool on)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO status_person(account, marks)"
	    " VALUES(?1, iif(?3, ?2, 0)) ON CONFLICT(account)"
	    " DO UPDATE SET marks = iif(?3, marks | ?2, marks & ~?2)");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, mark);
	q_int(&q, on);
	return q_run(&q);
}

int
store_status_list_put(struct store *s, enum store_status_mark list,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n)
{
	struct query q;
	struct tx tx;
	size_t i;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "UPDATE status_person SET marks = marks & ~?1 WHERE marks & ?1");
	q_int(&q, list);
	r = q_run(&q);
	for (i = 0; r == 0 && i < n; i++)
		r = store_status_mark(s, accounts[i], list, true);
	return tx_leave(s, &tx, r);
}
