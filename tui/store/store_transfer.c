/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_transfer.c — how far history for, or from, another device is. */
#include "tui/store/store_transfer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"

#define COLUMNS                                                                \
	"device, incoming, transfer, state, days, messages, since_ms, part,"   \
	" acked, stage, last_id, until_id, contacts, done, total, touched_ms," \
	" why"

void
store_transfer_clear(struct store_transfer *t)
{
	if (t->rest != NULL)
		sodium_memzero(t->rest, t->rest_len);
	free(t->rest);
	*t = (struct store_transfer){.rest = NULL};
}

static enum store_transfer_state
state_of(int64_t v)
{
	return v >= STORE_TRANSFER_ASKED && v <= STORE_TRANSFER_ENDED
		   ? (enum store_transfer_state)v
		   : STORE_TRANSFER_ENDED;
}

static void
read_row(struct query *q, struct store_transfer *t)
{
	int c = 0;

	t->device = (uint32_t)q_get_int(q, c++);
	t->incoming = q_get_int(q, c++) != 0;
	q_get_bytes(q, c++, t->id, sizeof(t->id));
	t->state = state_of(q_get_int(q, c++));
	t->days = (uint32_t)q_get_int(q, c++);
	t->messages = (uint32_t)q_get_int(q, c++);
	t->since_ms = q_get_time(q, c++);
	t->part = (uint32_t)q_get_int(q, c++);
	t->acked = (uint32_t)q_get_int(q, c++);
	t->stage = (uint32_t)q_get_int(q, c++);
	t->last_id = q_get_int(q, c++);
	t->until_id = q_get_int(q, c++);
	t->contacts = q_get_time(q, c++);
	t->done = q_get_time(q, c++);
	t->total = q_get_time(q, c++);
	t->touched_ms = q_get_time(q, c++);
	q_get_text(q, c, t->why, sizeof(t->why));
}

int
store_transfer_get(
    struct store *s, uint32_t device, bool incoming, struct store_transfer *out)
{
	struct store_transfer t = {.rest = NULL};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT " COLUMNS ", rest FROM transfer"
	    " WHERE device = ? AND incoming = ?");
	q_int(&q, device);
	q_int(&q, incoming);
	found = q_row(&q);
	if (found) {
		read_row(&q, &t);
		t.rest = q_dup_blob(&q, 17, &t.rest_len);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no such transfer");
	if (r == 0)
		*out = t;
	else
		store_transfer_clear(&t);
	return r;
}

int
store_transfer_put(struct store *s, const struct store_transfer *t)
{
	struct query q;

	if (t->rest_len > STORE_TRANSFER_REST_MAX)
		return store_fail(
		    s, ERR_RANGE, "a transfer's rest is too long");
	q_begin(&q, s,
	    "INSERT OR REPLACE INTO transfer(" COLUMNS ", rest)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	q_int(&q, t->device);
	q_int(&q, t->incoming);
	q_blob(&q, t->id, sizeof(t->id));
	q_int(&q, t->state);
	q_int(&q, t->days);
	q_int(&q, t->messages);
	q_time(&q, t->since_ms);
	q_int(&q, t->part);
	q_int(&q, t->acked);
	q_int(&q, t->stage);
	q_int(&q, t->last_id);
	q_int(&q, t->until_id);
	q_time(&q, t->contacts);
	q_time(&q, t->done);
	q_time(&q, t->total);
	q_time(&q, t->touched_ms);
	q_text(&q, t->why);
	q_blob(&q, t->rest_len > 0 ? (const void *)t->rest : "", t->rest_len);
	return q_run(&q);
}

int
store_transfer_delete(struct store *s, uint32_t device, bool incoming)
{
	struct query q;

	q_begin(
	    &q, s, "DELETE FROM transfer WHERE device = ? AND incoming = ?");
	q_int(&q, device);
	q_int(&q, incoming);
	return q_run(&q);
}

int
store_transfer_list(struct store *s, struct store_transfer **v, size_t *n)
{
	struct store_transfer *list = NULL;
	size_t len = 0;
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT " COLUMNS " FROM transfer ORDER BY device, incoming");
	while (q_row(&q)) {
		q.r = rows_grow(&list, len, sizeof(*list));
		if (q.r != 0)
			break;
		list[len] = (struct store_transfer){.rest = NULL};
		read_row(&q, &list[len++]);
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

/* ---- parts ----------------------------------------------------------------------- */

int
store_part_put(struct store *s, uint32_t device, uint32_t part,
    const void *data, size_t len)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR REPLACE INTO transfer_part(device, part, data)"
	    " VALUES(?, ?, ?)");
	q_int(&q, device);
	q_int(&q, part);
	q_blob(&q, data, len);
	return q_run(&q);
}

int
store_part_get(struct store *s, uint32_t device, uint32_t part, struct buf *out)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT data FROM transfer_part WHERE device = ? AND part = ?");
	q_int(&q, device);
	q_int(&q, part);
	found = q_row(&q);
	if (found)
		q_put_blob(&q, 0, out);
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no such part");
	return r;
}

int
store_part_drop(struct store *s, uint32_t device, uint32_t below)
{
	struct query q;

	q_begin(
	    &q, s, "DELETE FROM transfer_part WHERE device = ? AND part < ?");
	q_int(&q, device);
	q_int(&q, below);
	return q_run(&q);
}
