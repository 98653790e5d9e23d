/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_outbox.c — what is still to be sent. */
#include "tui/store/store_outbox.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"

#define COLUMNS                                                                \
	"id, message, message_id, attempts, created_ms, next_ms, request,"     \
	" line, account, device"

void
store_outgoing_clear(struct store_outgoing *o)
{
	free(o->request);
	memset(o, 0, sizeof(*o));
}

int
store_outbox_add(struct store *s, const struct store_outgoing *o, int64_t *id)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT INTO outbox(message, message_id, attempts, created_ms,"
	    " next_ms, request, line, account, device)"
	    " VALUES(?, ?, 0, ?, ?, ?, ?, ?, ?)");
	q_int(&q, o->message);
	q_blob(&q, o->message_id, sizeof(o->message_id));
	q_time(&q, o->created_ms);
	q_time(&q, o->next_ms);
	q_blob(&q, o->request, o->len);
	q_int(&q, o->line);
	q_blob(&q, o->account, sizeof(o->account));
	q_int(&q, o->device);
	r = q_run(&q);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

static int
first_row(struct query *q, struct store_outgoing *out)
{
	struct store *s = q->s;
	struct store_outgoing o = {0};
	bool found = q_row(q);
	int r;

	if (found) {
		o.id = q_get_int(q, 0);
		o.message = q_get_int(q, 1);
		q_get_bytes(q, 2, o.message_id, sizeof(o.message_id));
		o.attempts = (uint32_t)q_get_int(q, 3);
		o.created_ms = q_get_time(q, 4);
		o.next_ms = q_get_time(q, 5);
		o.request = q_dup_blob(q, 6, &o.len);
		o.line = q_get_int(q, 7);
		if (!q_is_null(q, 8))
			q_get_bytes(q, 8, o.account, sizeof(o.account));
		o.device = (uint32_t)q_get_int(q, 9);
	}
	r = q_end(q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "nothing to send");
	if (r == 0)
		*out = o;
	else
		store_outgoing_clear(&o);
	return r;
}

int
store_outbox_next(
    struct store *s, int64_t after, uint64_t now_ms, struct store_outgoing *out)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT " COLUMNS " FROM outbox WHERE id > ? AND next_ms <= ?"
	    " ORDER BY id LIMIT 1");
	q_int(&q, after);
	q_time(&q, now_ms > INT64_MAX ? INT64_MAX : now_ms);
	return first_row(&q, out);
}

int
store_outbox_get(struct store *s, int64_t id, struct store_outgoing *out)
{
	struct query q;

	q_begin(&q, s, "SELECT " COLUMNS " FROM outbox WHERE id = ?");
	q_int(&q, id);
	return first_row(&q, out);
}

int
store_outbox_find(
    struct store *s, const uint8_t message_id[static STORE_ID_LEN], int64_t *id)
{
	int64_t found = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT id FROM outbox WHERE message_id = ?");
	q_blob(&q, message_id, STORE_ID_LEN);
	if (q_row(&q))
		found = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0 && found == 0)
		r = store_fail(s, ERR_NOTFOUND, "not in the outbox");
	if (r == 0)
		*id = found;
	return r;
}

int
store_outbox_drop_message(struct store *s, int64_t message)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM outbox WHERE message = ? AND message <> 0");
	q_int(&q, message);
	return q_run(&q);
}

int
store_outbox_replace(
    struct store *s, int64_t id, const void *request, size_t len)
{
	struct query q;

	q_begin(&q, s, "UPDATE outbox SET request = ? WHERE id = ?");
	q_blob(&q, request, len);
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_outbox_failed(struct store *s, int64_t id, uint64_t next_ms)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE outbox SET attempts = attempts + 1, next_ms = ?"
	    " WHERE id = ?");
	q_time(&q, next_ms);
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_outbox_delete(struct store *s, int64_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM outbox WHERE id = ?");
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_outbox_stat(struct store *s, uint64_t *n, uint64_t *next_ms)
{
	uint64_t count = 0, next = UINT64_MAX;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT count(*), min(next_ms) FROM outbox");
	if (q_row(&q)) {
		count = (uint64_t)q_get_int(&q, 0);
		if (count > 0)
			next = q_get_time(&q, 1);
	}
	r = q_end(&q);
	if (r == 0) {
		*n = count;
		*next_ms = next;
	}
	return r;
}
