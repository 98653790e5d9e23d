/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_page.c — pages of a chat, what is read of it, and the reader's cursor. */
#include <stdlib.h>
#include <string.h>

#include "tui/store/message_int.h"

#define PAGE "SELECT " MESSAGE_COLUMNS " FROM message AS m WHERE m.chat = ?"

/* A place between messages. */
struct at {
	int64_t chat;
	int64_t sort;
	int64_t id;
};

int
message_sort(struct store *s, int64_t chat, int64_t id, int64_t *sort)
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT sort FROM message WHERE id = ? AND chat = ?");
	q_int(&q, id);
	q_int(&q, chat);
	found = q_row(&q);
	if (found)
		*sort = q_get_int(&q, 0);
	r = q_end(&q);
	return r == 0 && !found ? store_fail(s, ERR_NOTFOUND, "no such message")
				: r;
}

/* Append up to n rows of a PAGE query; *more: there was one beyond. */
static int
fetch(struct store *s, const char *sql, const struct at *at, size_t n,
    struct store_messages *list, bool *more)
{
	size_t end = list->n + n;
	struct query q;

	*more = false;
	q_begin(&q, s, sql);
	q_int(&q, at->chat);
	q_int(&q, at->sort);
	q_int(&q, at->id);
	q_int(&q, (int64_t)n + 1);
	while (!*more && q_row(&q)) {
		if (list->n == end)
			*more = true;
		else
			push_message(&q, list);
	}
	return q_end(&q);
}

static int
fetch_before(
    struct store *s, const struct at *at, size_t n, struct store_messages *list)
{
	int r = fetch(s,
	    PAGE " AND (m.sort, m.id) < (?, ?)"
		 " ORDER BY m.sort DESC, m.id DESC LIMIT ?",
	    at, n, list, &list->more_before);

	for (size_t i = 0; i < list->n / 2; i++) {
		struct store_message t = list->v[i];

		list->v[i] = list->v[list->n - 1 - i];
		list->v[list->n - 1 - i] = t;
	}
	return r;
}

static int
fetch_from(
    struct store *s, const struct at *at, size_t n, struct store_messages *list)
{
	return fetch(s,
	    PAGE " AND (m.sort, m.id) >= (?, ?)"
		 " ORDER BY m.sort, m.id LIMIT ?",
	    at, n, list, &list->more_after);
}

static int
check_n(struct store *s, size_t n)
{
	return n == 0 || n > STORE_PAGE_MAX
		   ? store_fail(s, ERR_RANGE, "a page has 1 to %d messages",
			 STORE_PAGE_MAX)
		   : 0;
}

static int
give(int r, struct store_messages *list, struct store_messages *out)
{
	if (r == 0)
		*out = *list;
	else
		store_messages_clear(list);
	return r;
}

int
store_message_before(struct store *s, int64_t chat, int64_t before, size_t n,
    struct store_messages *out)
{
	struct at at = {chat, INT64_MAX, INT64_MAX};
	struct store_messages list = {0};
	int r = check_n(s, n);

	if (r == 0 && before != 0) {
		at.id = before;
		r = message_sort(s, chat, before, &at.sort);
	}
	if (r == 0)
		r = fetch_before(s, &at, n, &list);
	list.more_after = before != 0;
	return give(r, &list, out);
}

int
store_message_after(struct store *s, int64_t chat, int64_t after, size_t n,
    struct store_messages *out)
{
	struct at at = {chat, INT64_MIN, 0};
	struct store_messages list = {0};
	int r = check_n(s, n);

	if (r == 0 && after != 0) {
		at.id = after + 1; /* same sort key, next id */
		r = message_sort(s, chat, after, &at.sort);
	}
	if (r == 0)
		r = fetch_from(s, &at, n, &list);
	list.more_before = after != 0;
	return give(r, &list, out);
}

int
store_message_around(struct store *s, int64_t chat, int64_t id, size_t n,
    struct store_messages *out)
{
	struct at at = {chat, 0, id};
	struct store_messages list = {0};
	int r = check_n(s, n);

	if (r == 0)
		r = message_sort(s, chat, id, &at.sort);
	if (r == 0)
		r = fetch_before(s, &at, n / 2, &list);
	if (r == 0)
		r = fetch_from(s, &at, n - n / 2, &list);
	return give(r, &list, out);
}

int
store_message_incoming(
    struct store *s, int64_t after, size_t n, struct store_messages *out)
{
	struct store_messages list = {0};
	struct query q;
	int r = check_n(s, n);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS " FROM message AS m"
	    " WHERE m.id > ? AND m.dir = 0 AND m.flags & 32 = 0 ORDER BY m.id "
	    "LIMIT ?");
	q_int(&q, after);
	q_int(&q, (int64_t)n + 1);
	while (!list.more_after && q_row(&q)) {
		if (list.n == n)
			list.more_after = true;
		else
			push_message(&q, &list);
	}
	r = q_end(&q);
	list.more_before = after > 0;
	return give(r, &list, out);
}

/* ---- read ------------------------------------------------------------------------- */

/* The newest unread ones up to `at`, ascending, without their text. */
static int
unread_up_to(struct store *s, const struct at *at, struct store_messages *list)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS_NO_TEXT
	    " FROM chat AS c JOIN message AS m ON m.chat = c.id"
	    " WHERE c.id = ? AND m.dir = 0"
	    " AND (m.sort, m.id) > (c.read_sort, c.read_id)"
	    " AND (m.sort, m.id) <= (?, ?)"
	    " ORDER BY m.sort DESC, m.id DESC LIMIT ?");
	q_int(&q, at->chat);
	q_int(&q, at->sort);
	q_int(&q, at->id);
	q_int(&q, STORE_PAGE_MAX + 1);
	while (!list->more_before && q_row(&q)) {
		if (list->n == STORE_PAGE_MAX)
			list->more_before = true;
		else
			push_message(&q, list);
	}
	r = q_end(&q);
	for (size_t i = 0; i < list->n / 2; i++) {
		struct store_message t = list->v[i];

		list->v[i] = list->v[list->n - 1 - i];
		list->v[list->n - 1 - i] = t;
	}
	return r;
}

static int
set_read(struct store *s, const struct at *at)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE chat SET read_sort = ?2, read_id = ?3,"
	    " unread = (SELECT count(*) FROM message AS m"
	    "  WHERE m.chat = ?1 AND m.dir = 0"
	    "  AND (m.sort, m.id) > (?2, ?3))"
	    " WHERE id = ?1 AND (read_sort, read_id) < (?2, ?3)");
	q_int(&q, at->chat);
	q_int(&q, at->sort);
	q_int(&q, at->id);
	return q_run(&q);
}

int
store_message_mark_read(
    struct store *s, int64_t chat, int64_t up_to, struct store_messages *newly)
{
	struct at at = {chat, 0, up_to};
	struct store_messages list = {0};
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = message_sort(s, chat, up_to, &at.sort);
	if (r == 0 && newly != NULL)
		r = unread_up_to(s, &at, &list);
	if (r == 0)
		r = set_read(s, &at);
	r = tx_leave(s, &tx, r);
	if (newly != NULL)
		return give(r, &list, newly);
	return r;
}
