/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_group_wait.c — what waits for its turn: own changes, entries, welcomes
 * and secrets that came, and such as members are owed. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/store/query.h"
#include "tui/store/store_group.h"

/* Heap with secrets in it. */
static void
wipe(uint8_t **p, size_t len)
{
	if (*p != NULL)
		sodium_memzero(*p, len);
	free(*p);
	*p = NULL;
}

static int
nothing(struct store *s)
{
	return store_fail(s, ERR_NOTFOUND, "nothing waits for this group");
}

/* ---- own changes -------------------------------------------------------------- */

void
store_change_clear(struct store_change *c)
{
	wipe(&c->intent, c->intent_len);
	wipe(&c->entry, c->entry_len);
	wipe(&c->record, c->record_len);
	memset(c, 0, sizeof(*c));
}

int
store_change_count(
    struct store *s, const uint8_t group[static STORE_ID_LEN], size_t *n)
{
	size_t count = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT count(*) FROM group_change WHERE group_id = ?");
	q_blob(&q, group, STORE_ID_LEN);
	if (q_row(&q))
		count = (size_t)q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*n = count;
	return r;
}

static void
bind_made(struct query *q, const struct store_change *c)
{
	q_int(q, c->version);
	q_blob(q, c->entry, c->entry_len);
	q_blob(q, c->record, c->record_len);
	q_int(q, c->tries);
}

int
store_change_add(struct store *s, const struct store_change *c, int64_t *id)
{
	struct query q;
	size_t n;
	int r = store_change_count(s, c->group, &n);

	if (r != 0)
		return r;
	if (n >= STORE_GROUP_CHANGES_MAX)
		return store_fail(s, ERR_FULL, "too many changes wait");
	q_begin(&q, s,
	    "INSERT INTO group_change(group_id, intent, version, entry,"
	    " record, tries)"
	    " VALUES(?, ?, ?, nullif(?, x''), nullif(?, x''), ?)");
	q_blob(&q, c->group, sizeof(c->group));
	q_blob(&q, c->intent, c->intent_len);
	bind_made(&q, c);
	r = q_run(&q);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

int
store_change_first(struct store *s, const uint8_t group[static STORE_ID_LEN],
    struct store_change *out)
{
	struct store_change c = {0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT id, intent, version, entry, record, tries"
	    " FROM group_change WHERE group_id = ? ORDER BY id LIMIT 1");
	q_blob(&q, group, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		memcpy(c.group, group, sizeof(c.group));
		c.id = q_get_int(&q, 0);
		c.intent = q_dup_blob(&q, 1, &c.intent_len);
		c.version = (uint32_t)q_get_int(&q, 2);
		if (!q_is_null(&q, 3))
			c.entry = q_dup_blob(&q, 3, &c.entry_len);
		if (!q_is_null(&q, 4))
			c.record = q_dup_blob(&q, 4, &c.record_len);
		c.tries = (uint32_t)q_get_int(&q, 5);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = nothing(s);
	if (r == 0)
		*out = c;
	else
		store_change_clear(&c);
	return r;
}

int
store_change_put(struct store *s, const struct store_change *c)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE group_change SET version = ?, entry = nullif(?, x''),"
	    " record = nullif(?, x''),"
	    " tries = ?, intent = ? WHERE id = ?");
	bind_made(&q, c);
	q_blob(&q, c->intent, c->intent_len);
	q_int(&q, c->id);
	return q_run_one(&q);
}

int
store_change_delete(struct store *s, int64_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM group_change WHERE id = ?");
	q_int(&q, id);
	return q_run_one(&q);
}

/* ---- entries ------------------------------------------------------------------- */

int
store_entry_hold(struct store *s, const uint8_t group[static STORE_ID_LEN],
    uint32_t version, const void *entry, size_t len)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR IGNORE INTO group_entry(group_id, version, entry)"
	    " SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM group_entry"
	    "  WHERE group_id = ?1) < ?4");
	q_blob(&q, group, STORE_ID_LEN);
	q_int(&q, version);
	q_blob(&q, entry, len);
	q_int(&q, STORE_GROUP_HELD_MAX);
	return q_run(&q);
}

int
store_entry_first(struct store *s, const uint8_t group[static STORE_ID_LEN],
    int64_t *id, uint32_t *version, uint8_t **p, size_t *len)
{
	uint8_t *b = NULL;
	int64_t row = 0;
	uint32_t at = 0;
	size_t n = 0;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT id, version, entry FROM group_entry WHERE group_id = ?"
	    " ORDER BY version, id LIMIT 1");
	q_blob(&q, group, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		row = q_get_int(&q, 0);
		at = (uint32_t)q_get_int(&q, 1);
		b = q_dup_blob(&q, 2, &n);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = nothing(s);
	if (r != 0) {
		free(b);
		return r;
	}
	*id = row;
	*version = at;
	*p = b;
	*len = n;
	return 0;
}

int
store_entry_next(struct store *s, const uint8_t group[static STORE_ID_LEN],
    int64_t after, int64_t *id, uint8_t **p, size_t *len)
{
	uint8_t *b = NULL;
	int64_t row = 0;
	size_t n = 0;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT id, entry FROM group_entry WHERE group_id = ?"
	    " AND id > ? ORDER BY id LIMIT 1");
	q_blob(&q, group, STORE_ID_LEN);
	q_int(&q, after);
	found = q_row(&q);
	if (found) {
		row = q_get_int(&q, 0);
		b = q_dup_blob(&q, 1, &n);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = nothing(s);
	if (r != 0) {
		free(b);
		return r;
	}
	*id = row;
	*p = b;
	*len = n;
	return 0;
}

int
store_entry_delete(struct store *s, int64_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM group_entry WHERE id = ?");
	q_int(&q, id);
	return q_run(&q);
}

/* ---- papers --------------------------------------------------------------------- */

static int
trim_papers(struct store *s, const uint8_t group[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM group_paper WHERE group_id = ?1 AND id <="
	    " (SELECT id FROM group_paper WHERE group_id = ?1"
	    "  ORDER BY id DESC LIMIT 1 OFFSET ?2)");
	q_blob(&q, group, STORE_ID_LEN);
	q_int(&q, STORE_GROUP_PAPERS_MAX);
	return q_run(&q);
}

int
store_paper_add(struct store *s, const uint8_t group[static STORE_ID_LEN],
    enum store_paper kind, const uint8_t from[static STORE_ID_LEN],
    const void *p, size_t len)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT INTO group_paper(group_id, kind, account, paper)"
	    " VALUES(?, ?, ?, ?)");
	q_blob(&q, group, STORE_ID_LEN);
	q_int(&q, kind);
	q_blob(&q, from, STORE_ID_LEN);
	q_blob(&q, p, len);
	r = q_run(&q);
	return r == 0 ? trim_papers(s, group) : r;
}

int
store_paper_last(struct store *s, const uint8_t group[static STORE_ID_LEN],
    enum store_paper kind, int64_t *id, uint8_t from[static STORE_ID_LEN],
    uint8_t **p, size_t *len)
{
	uint8_t account[STORE_ID_LEN];
	uint8_t *b = NULL;
	int64_t row = 0;
	size_t n = 0;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT id, account, paper FROM group_paper"
	    " WHERE group_id = ? AND kind = ? ORDER BY id DESC LIMIT 1");
	q_blob(&q, group, STORE_ID_LEN);
	q_int(&q, kind);
	found = q_row(&q);
	if (found) {
		row = q_get_int(&q, 0);
		q_get_bytes(&q, 1, account, sizeof(account));
		b = q_dup_blob(&q, 2, &n);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = nothing(s);
	if (r != 0) {
		wipe(&b, n);
		return r;
	}
	*id = row;
	memcpy(from, account, sizeof(account));
	*p = b;
	*len = n;
	return 0;
}

int
store_paper_delete(struct store *s, int64_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM group_paper WHERE id = ?");
	q_int(&q, id);
	return q_run(&q);
}

int
store_paper_drop(struct store *s, const uint8_t group[static STORE_ID_LEN],
    enum store_paper kind)
{
	struct query q;

	q_begin(
	    &q, s, "DELETE FROM group_paper WHERE group_id = ? AND kind = ?");
	q_blob(&q, group, STORE_ID_LEN);
	q_int(&q, kind);
	return q_run(&q);
}

/* ---- owed ------------------------------------------------------------------------ */

int
store_owed_put(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], enum store_owed what)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO group_owed(group_id, account, what)"
	    " VALUES(?1, ?2, ?3) ON CONFLICT(group_id, account)"
	    " DO UPDATE SET what = max(what, ?3)");
	q_blob(&q, group, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, what);
	return q_run(&q);
}

int
store_owed_take(struct store *s, const uint8_t group[static STORE_ID_LEN],
    uint8_t account[static STORE_ID_LEN], enum store_owed *what)
{
	uint8_t who[STORE_ID_LEN];
	int64_t kind = 0;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT account, what FROM group_owed"
	    " WHERE group_id = ? AND what > 0 LIMIT 1");
	q_blob(&q, group, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, who, sizeof(who));
		kind = q_get_int(&q, 1);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		return nothing(s);
	if (r != 0)
		return r;
	q_begin(&q, s,
	    "UPDATE group_owed SET what = 0"
	    " WHERE group_id = ? AND account = ?");
	q_blob(&q, group, STORE_ID_LEN);
	q_blob(&q, who, sizeof(who));
	r = q_run(&q);
	if (r != 0)
		return r;
	memcpy(account, who, sizeof(who));
	*what =
	    kind == STORE_OWED_WELCOME ? STORE_OWED_WELCOME : STORE_OWED_SHARE;
	return 0;
}

int
store_helped_get(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint64_t *ms)
{
	uint64_t at = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT helped_ms FROM group_owed"
	    " WHERE group_id = ? AND account = ?");
	q_blob(&q, group, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	if (q_row(&q))
		at = q_get_time(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*ms = at;
	return r;
}

int
store_helped_put(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint64_t ms)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO group_owed(group_id, account, what, helped_ms)"
	    " VALUES(?1, ?2, 0, ?3) ON CONFLICT(group_id, account)"
	    " DO UPDATE SET helped_ms = ?3");
	q_blob(&q, group, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	q_time(&q, ms);
	return q_run(&q);
}
