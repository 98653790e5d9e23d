/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_status.c — posts and their end. Whom they are for, and who saw them:
 * store_status_people.c. */
#include "tui/store/store_status.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/query.h"

const uint8_t store_status_list[STORE_ID_LEN] = "status posts";

#define COLUMNS                                                                \
	"s.id, s.account, s.device, s.message_id, s.state, s.kind, s.text,"    \
	" s.media, s.posted_ms, s.expires_ms, s.seen,"                         \
	" (SELECT count(*) FROM status_to AS t WHERE t.status = s.id),"        \
	" (SELECT count(*) FROM status_view AS w WHERE w.status = s.id)"

static int
no_post(struct store *s)
{
	return store_fail(s, ERR_NOTFOUND, "no such post");
}

void
store_status_clear(struct store_status *st)
{
	if (st->text != NULL)
		sodium_memzero(st->text, strlen(st->text));
	if (st->media != NULL)
		sodium_memzero(st->media, st->media_len);
	free(st->text);
	free(st->media);
	memset(st, 0, sizeof(*st));
}

void
store_statuses_clear(struct store_statuses *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		store_status_clear(&list->v[i]);
	free(list->v);
	*list = (struct store_statuses){.n = 0};
}

static void
read_post(struct query *q, struct store_status *st)
{
	*st = (struct store_status){.id = q_get_int(q, 0)};
	q_get_bytes(q, 1, st->account, STORE_ID_LEN);
	st->device = (uint32_t)q_get_int(q, 2);
	q_get_bytes(q, 3, st->message_id, STORE_ID_LEN);
	st->state = q_get_int(q, 4);
	st->kind = (uint32_t)q_get_int(q, 5);
	st->text = q_dup_text(q, 6);
	if (!q_is_null(q, 7))
		st->media = q_dup_blob(q, 7, &st->media_len);
	st->posted_ms = q_get_time(q, 8);
	st->expires_ms = q_get_time(q, 9);
	st->seen = q_get_int(q, 10) != 0;
	st->audience = (uint32_t)q_get_int(q, 11);
	st->views = (uint32_t)q_get_int(q, 12);
}

/* ---- adding ------------------------------------------------------------------ */

static int
insert(struct store *s, const struct store_status *st)
{
	const char *text = st->text != NULL ? st->text : "";
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT INTO status(account, device, message_id, state, kind,"
	    " text, media, posted_ms, expires_ms, seen)"
	    " VALUES(?, ?, ?, ?, ?, ?, nullif(?, x''), ?, ?, ?)"
	    " ON CONFLICT DO NOTHING");
	q_blob(&q, st->account, STORE_ID_LEN);
	q_int(&q, st->device);
	q_blob(&q, st->message_id, STORE_ID_LEN);
	q_int(&q, st->state);
	q_int(&q, st->kind);
	q_text(&q, text);
	q_blob(&q, st->media, st->media_len);
	q_time(&q, st->posted_ms);
	q_time(&q, st->expires_ms);
	q_int(&q, st->seen);
	r = q_run_one(&q);
	return r == ERR_NOTFOUND
		   ? store_fail(s, ERR_EXISTS, "that post is there already")
		   : r;
}

/* So that nobody can fill the store. */
static int
check_room(struct store *s, const uint8_t account[static STORE_ID_LEN])
{
	int64_t n = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT count(*) FROM status WHERE account = ?");
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		n = q_get_int(&q, 0);
	r = q_end(&q);
	return r == 0 && n >= STORE_STATUS_OF_ONE_MAX
		   ? store_fail(s, ERR_FULL, "too many posts of one account")
		   : r;
}

int
store_status_add(struct store *s, const struct store_status *st, int64_t *id)
{
	const char *text = st->text != NULL ? st->text : "";
	int64_t fresh = 0;
	struct tx tx;
	int r;

	if (strlen(text) > STORE_STATUS_TEXT_MAX ||
	    !text_is_utf8(text, strlen(text)) ||
	    st->media_len > STORE_STATUS_MEDIA_MAX)
		return store_fail(s, ERR_RANGE, "the post is no fit text");
	r = tx_enter(s, &tx);
	if (r != 0)
		return r;
	r = check_room(s, st->account);
	if (r == 0)
		r = insert(s, st);
	if (r == 0)
		fresh = sqlite3_last_insert_rowid(s->db);
	r = tx_leave(s, &tx, r);
	if (r == 0)
		*id = fresh;
	return r;
}

/* ---- reading ----------------------------------------------------------------- */

int
store_status_get(struct store *s, int64_t id, struct store_status *out)
{
	struct store_status st = {.id = 0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT " COLUMNS " FROM status AS s WHERE s.id = ?");
	q_int(&q, id);
	found = q_row(&q);
	if (found)
		read_post(&q, &st);
	r = q_end(&q);
	if (r == 0 && !found)
		r = no_post(s);
	if (r == 0)
		*out = st;
	else
		store_status_clear(&st);
	return r;
}

int
store_status_find(struct store *s, const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], int64_t *id)
{
	int64_t got = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT id FROM status WHERE message_id = ? AND account = ?");
	q_blob(&q, message_id, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		got = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && got == 0)
		r = no_post(s);
	if (r == 0)
		*id = got;
	return r;
}

int
store_status_page(struct store *s, uint64_t now_ms, struct store_statuses *out)
{
	struct store_statuses list = {.n = 0};
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT " COLUMNS " FROM status AS s WHERE s.expires_ms > ?"
	    " ORDER BY s.account, s.posted_ms, s.id");
	q_time(&q, now_ms);
	while (q_row(&q)) {
		q.r = rows_grow(&list.v, list.n, sizeof(*list.v));
		if (q.r != 0)
			break;
		read_post(&q, &list.v[list.n++]);
	}
	r = q_end(&q);
	if (r == 0)
		*out = list;
	else
		store_statuses_clear(&list);
	return r;
}

/* ---- changing ---------------------------------------------------------------- */

/* Is it there? */
static int
check_post(struct store *s, int64_t id)
{
	bool found;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT 1 FROM status WHERE id = ?");
	q_int(&q, id);
	found = q_row(&q);
	r = q_end(&q);
	return r == 0 && !found ? no_post(s) : r;
}

/* The rest of an UPDATE: *changed, whether it found something to change. */
static int
run_changing(struct store *s, struct query *q, int64_t id, bool *changed)
{
	int r = q_run_one(q);

	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	if (r == ERR_NOTFOUND) {
		r = check_post(s, id);
		if (r == 0 && changed != NULL)
			*changed = false;
		return r;
	}
	if (changed != NULL)
		*changed = true;
	return 0;
}

int
store_status_set_state(
    struct store *s, int64_t id, enum store_status_state state, bool *moved)
{
	struct query q;

	/* 0, 1, 2: enum store_status_state */
	q_begin(&q, s,
	    "UPDATE status SET state = ?2 WHERE id = ?1"
	    " AND iif(?2 = 0, state = 2, state = 0 AND ?2 IN (1, 2))");
	q_int(&q, id);
	q_int(&q, state);
	return run_changing(s, &q, id, moved);
}

int
store_status_see(struct store *s, int64_t id, bool *news)
{
	struct query q;

	q_begin(&q, s, "UPDATE status SET seen = 1 WHERE id = ? AND seen = 0");
	q_int(&q, id);
	return run_changing(s, &q, id, news);
}

int
store_status_delete(struct store *s, int64_t id)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "UPDATE quote SET text = '' WHERE status AND EXISTS"
	    " (SELECT 1 FROM status AS s WHERE s.id = ?"
	    "  AND s.message_id = quote.message_id"
	    "  AND s.account = quote.account)");
	q_int(&q, id);
	r = q_run(&q);
	if (r == 0) {
		q_begin(&q, s, "DELETE FROM status WHERE id = ?");
		q_int(&q, id);
		r = q_run_one(&q);
		if (r == ERR_NOTFOUND)
			r = no_post(s);
	}
	return tx_leave(s, &tx, r);
}

/* ---- their end ----------------------------------------------------------------- */

int
store_status_expired(struct store *s, uint64_t now_ms, int64_t *id)
{
	int64_t got = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT id FROM status WHERE expires_ms <= ?"
	    " ORDER BY expires_ms LIMIT 1");
	q_time(&q, now_ms);
	if (q_row(&q))
		got = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && got == 0)
		r = store_fail(s, ERR_NOTFOUND, "no post is over");
	if (r == 0)
		*id = got;
	return r;
}

int
store_status_next_expiry(struct store *s, uint64_t *next_ms, uint64_t *last_ms)
{
	uint64_t next = 0, last = 0;
	struct query q;
	int r;

	/* each by the index */
	q_begin(&q, s,
	    "SELECT coalesce((SELECT min(expires_ms) FROM status), 0),"
	    " coalesce((SELECT max(expires_ms) FROM status), 0)");
	if (q_row(&q)) {
		next = q_get_time(&q, 0);
		last = q_get_time(&q, 1);
	}
	r = q_end(&q);
	if (r == 0) {
		*next_ms = next;
		*last_ms = last;
	}
	return r;
}

int
store_status_clamp(struct store *s, uint64_t now_ms)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE status SET expires_ms = ?1, posted_ms = min(posted_ms, ?2)"
	    " WHERE expires_ms > ?1");
	q_time(&q, now_ms + STORE_STATUS_LIFE_MS);
	q_time(&q, now_ms);
	return q_run(&q);
}
