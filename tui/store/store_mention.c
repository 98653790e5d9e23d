/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/store/store_mention.h"

#include "tui/store/message_int.h"

static int
put_one(struct store *s, int64_t id, const struct store_mention *m)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO mention(message, start, len, account)"
	    " VALUES(?, ?, ?, ?)");
	q_int(&q, id);
	q_int(&q, m->start);
	q_int(&q, m->len);
	q_blob(&q, m->account, STORE_ID_LEN);
	return q_run(&q);
}

static int
replace(struct store *s, int64_t id, const struct store_mention *v, size_t n,
    bool me)
{
	struct query q;
	size_t i;
	int r;

	q_begin(
	    &q, s, "UPDATE message SET flags = (flags & ~80) | ? WHERE id = ?");
	q_int(&q, (n > 0 ? STORE_MSG_MENTIONS : 0) |
		      (n > 0 && me ? STORE_MSG_MENTIONS_ME : 0));
	q_int(&q, id);
	r = q_run_one(&q);
	if (r != 0)
		return r;
	q_begin(&q, s, "DELETE FROM mention WHERE message = ?");
	q_int(&q, id);
	r = q_run(&q);
	for (i = 0; r == 0 && i < n; i++)
		r = put_one(s, id, &v[i]);
	return r;
}

int
store_mention_set(struct store *s, int64_t id, const struct store_mention *v,
    size_t n, bool me)
{
	struct tx tx;
	int r;

	if (n > STORE_MENTIONS_MAX)
		return store_fail(s, ERR_RANGE, "too many are named");
	r = tx_enter(s, &tx);
	return r == 0 ? tx_leave(s, &tx, replace(s, id, v, n, me)) : r;
}

int
store_mention_get(struct store *s, int64_t id,
    struct store_mention v[static STORE_MENTIONS_MAX], size_t *n)
{
	struct query q;
	size_t k = 0;
	int r;

	q_begin(&q, s,
	    "SELECT start, len, account FROM mention WHERE message = ?"
	    " ORDER BY start");
	q_int(&q, id);
	for (; k < STORE_MENTIONS_MAX && q_row(&q); k++) {
		v[k].start = (uint32_t)q_get_int(&q, 0);
		v[k].len = (uint32_t)q_get_int(&q, 1);
		q_get_bytes(&q, 2, v[k].account, STORE_ID_LEN);
	}
	r = q_end(&q);
	if (r == 0)
		*n = k;
	return r;
}

int
store_mention_unread(struct store *s, int64_t chat, bool *yes)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT 1 FROM message AS m JOIN chat AS c ON c.id = m.chat"
	    " WHERE m.chat = ? AND m.flags & 16 <> 0 AND m.dir = 0 AND m.kind "
	    "<> 3"
	    " AND (m.sort, m.id) > (c.read_sort, c.read_id) LIMIT 1");
	q_int(&q, chat);
	found = q_row(&q);
	r = q_end(&q);
	if (r == 0)
		*yes = found;
	return r;
}
