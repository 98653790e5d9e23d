/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_search.h — full text over messages. What a person types is never FTS5
 * syntax: words (all must be there, each may be a beginning when it has two
 * letters or more) and "quoted phrases". Case and accents do not matter.
 */
#ifndef TUI_STORE_STORE_SEARCH_H
#define TUI_STORE_STORE_SEARCH_H

#include "common/buf.h"
#include "tui/store/store_message.h"

#define STORE_QUERY_MAX 512 /* bytes typed */

struct store_hit {
	struct store_message msg;
	char *title; /* the chat's; heap */
	uint32_t mark_off; /* bytes: first match inside msg.text */
	uint32_t mark_len;
};

struct store_hits {
	struct store_hit *v; /* newest first */
	size_t n;
	bool more;
};

/*
 * Find messages.
 *   chat    0: in all of them
 *   before  0, or only messages with a smaller id (the next page of hits)
 *   n       at most so many, 1..STORE_PAGE_MAX
 * Returns 0, also with no hit (a query without words has none); ERR_RANGE
 * query too long or not UTF-8.
 */
int store_search(struct store *s, int64_t chat, const char *query,
    int64_t before, size_t n, struct store_hits *out) MUST_USE;
void store_hits_clear(struct store_hits *h);

/* The FTS5 expression of what was typed, for the text column and, with chat,
 * that chat; out is empty when there is no word. Public for tests and fuzz. */
int store_search_expr(
    const char *query, int64_t chat, struct buf *out) MUST_USE;

#endif
