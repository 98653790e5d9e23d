/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_group.c — groups. What waits beside them: store_group_wait.c. */
#include "tui/store/store_group.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/store/query.h"
#include "tui/store/store_status.h"

#define GROUP_COLUMNS                                                          \
	"id, chat, standing, version, wanted, todo, attempts, next_ms,"        \
	" alarm, alarm_version, alarm_ms, alarm_accepted, asked_ms, asked,"    \
	" token, failed"
#define GROUP_COLUMNS_N 16

void
store_group_clear(struct store_group *g)
{
	if (g->record != NULL)
		sodium_memzero(g->record, g->len);
	free(g->record);
	sodium_memzero(g, sizeof(*g));
}

static void
read_group(struct query *q, struct store_group *g)
{
	int i = 0;

	memset(g, 0, sizeof(*g));
	q_get_bytes(q, i++, g->id, sizeof(g->id));
	g->chat = q_get_int(q, i++);
	g->standing = q_get_int(q, i++);
	g->version = (uint32_t)q_get_int(q, i++);
	g->wanted = (uint32_t)q_get_int(q, i++);
	g->todo = (uint32_t)q_get_int(q, i++);
	g->attempts = (uint32_t)q_get_int(q, i++);
	g->next_ms = q_get_time(q, i++);
	g->alarm = (int)q_get_int(q, i++);
	g->alarm_version = (uint32_t)q_get_int(q, i++);
	g->alarm_ms = q_get_time(q, i++);
	g->alarm_accepted = q_get_int(q, i++) != 0;
	g->asked_ms = q_get_time(q, i++);
	g->asked = (uint32_t)q_get_int(q, i++);
	g->has_token = !q_is_null(q, i);
	if (g->has_token)
		q_get_bytes(q, i, g->token, sizeof(g->token));
	i++;
	q_get_text(q, i, g->failed, sizeof(g->failed));
}

static int
no_group(struct store *s)
{
	return store_fail(s, ERR_NOTFOUND, "no such group");
}

int
store_group_get(struct store *s, const uint8_t id[static STORE_ID_LEN],
    struct store_group *out)
{
	struct store_group g = {0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT " GROUP_COLUMNS ", record FROM group_row WHERE id = ?");
	q_blob(&q, id, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		read_group(&q, &g);
		if (!q_is_null(&q, GROUP_COLUMNS_N))
			g.record = q_dup_blob(&q, GROUP_COLUMNS_N, &g.len);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = no_group(s);
	if (r == 0)
		*out = g;
	else
		store_group_clear(&g);
	return r;
}

int
store_group_peek(struct store *s, const uint8_t id[static STORE_ID_LEN],
    struct store_group *out)
{
	struct store_group g = {0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT " GROUP_COLUMNS " FROM group_row WHERE id = ?");
	q_blob(&q, id, STORE_ID_LEN);
	found = q_row(&q);
	if (found)
		read_group(&q, &g);
	r = q_end(&q);
	if (r == 0 && !found)
		r = no_group(s);
	if (r == 0)
		*out = g;
	return r;
}

int
store_group_by_chat(
    struct store *s, int64_t chat, uint8_t id[static STORE_ID_LEN])
{
	uint8_t found_id[STORE_ID_LEN];
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT id FROM group_row WHERE chat = ?");
	q_int(&q, chat);
	found = q_row(&q);
	if (found)
		q_get_bytes(&q, 0, found_id, sizeof(found_id));
	r = q_end(&q);
	if (r == 0 && !found)
		r = no_group(s);
	if (r == 0)
		memcpy(id, found_id, sizeof(found_id));
	return r;
}

int
store_group_put(struct store *s, const struct store_group *g)
{
	struct query q;

	if (memcmp(g->id, store_status_list, STORE_ID_LEN) == 0)
		return store_fail(s, ERR_RANGE, "no group can have that id");
	q_begin(&q, s,
	    "INSERT INTO group_row(id, chat, standing, wanted, todo, attempts,"
	    " next_ms, alarm, alarm_version, alarm_ms, alarm_accepted,"
	    " asked_ms, asked, token, failed)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, x''), ?)"
	    " ON CONFLICT(id) DO UPDATE SET chat = excluded.chat,"
	    " standing = excluded.standing, wanted = excluded.wanted,"
	    " todo = excluded.todo, attempts = excluded.attempts,"
	    " next_ms = excluded.next_ms, alarm = excluded.alarm,"
	    " alarm_version = excluded.alarm_version,"
	    " alarm_ms = excluded.alarm_ms,"
	    " alarm_accepted = excluded.alarm_accepted,"
	    " asked_ms = excluded.asked_ms, asked = excluded.asked,"
	    " token = excluded.token, failed = excluded.failed");
	q_blob(&q, g->id, sizeof(g->id));
	q_int(&q, g->chat);
	q_int(&q, g->standing);
	q_int(&q, g->wanted);
	q_int(&q, g->todo);
	q_int(&q, g->attempts);
	q_time(&q, g->next_ms);
	q_int(&q, g->alarm);
	q_int(&q, g->alarm_version);
	q_time(&q, g->alarm_ms);
	q_int(&q, g->alarm_accepted);
	q_time(&q, g->asked_ms);
	q_int(&q, g->asked);
	q_blob(&q, g->has_token ? g->token : NULL,
	    g->has_token ? sizeof(g->token) : 0);
	q_text(&q, g->failed);
	return q_run(&q);
}

int
store_group_put_record(struct store *s, const uint8_t id[static STORE_ID_LEN],
    uint32_t version, const void *record, size_t len)
{
	struct query q;
	int r;

	if (len > STORE_GROUP_RECORD_MAX)
		return store_fail(s, ERR_RANGE, "a group's record is too long");
	q_begin(
	    &q, s, "UPDATE group_row SET version = ?, record = ? WHERE id = ?");
	q_int(&q, version);
	q_blob(&q, record, len);
	q_blob(&q, id, STORE_ID_LEN);
	r = q_run_one(&q);
	return r == ERR_NOTFOUND ? no_group(s) : r;
}

int
store_group_list(struct store *s, struct store_group **v, size_t *n)
{
	struct store_group *list = NULL;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT " GROUP_COLUMNS " FROM group_row ORDER BY id");
	while (q_row(&q)) {
		q.r = rows_grow(&list, len, sizeof(*list));
		if (q.r == 0)
			read_group(&q, &list[len++]);
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
store_group_due(struct store *s, uint64_t now_ms,
    uint8_t id[static STORE_ID_LEN], uint64_t *wait_ms)
{
	uint8_t found_id[STORE_ID_LEN];
	uint64_t next_ms = 0;
	struct query q;
	bool found;
	int r;

	*wait_ms = 0;
	q_begin(&q, s,
	    "SELECT id, next_ms FROM group_row WHERE todo > 0"
	    " ORDER BY next_ms LIMIT 1");
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, found_id, sizeof(found_id));
		next_ms = q_get_time(&q, 1);
	}
	r = q_end(&q);
	if (r != 0)
		return r;
	if (found && next_ms > now_ms)
		*wait_ms = next_ms - now_ms;
	if (!found || next_ms > now_ms)
		return store_fail(s, ERR_NOTFOUND, "nothing is to be done");
	memcpy(id, found_id, sizeof(found_id));
	return 0;
}

int
store_group_retry(struct store *s)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE group_row SET next_ms = 0, attempts = 0"
	    " WHERE todo > 0 AND attempts > 0");
	return q_run(&q);
}

int
store_chat_set_title(struct store *s, int64_t chat, const char *title)
{
	struct query q;

	if (strlen(title) > STORE_TEXT_MAX ||
	    !text_is_utf8(title, strlen(title)))
		return store_fail(s, ERR_RANGE, "the title is no fit text");
	q_begin(&q, s, "UPDATE chat SET title = ? WHERE id = ?");
	q_text(&q, title);
	q_int(&q, chat);
	return q_run_one(&q);
}
