/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_search.c — full text over messages. */
#include "tui/store/store_search.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/message_int.h"

#define EXPR_MAX  8192 /* quoting can double what was typed, and more */
#define WORDS_MAX 32
/* highlight() puts these around a match. */
#define OPEN  '\x01'
#define CLOSE '\x02'

/* ---- from what people type to an FTS5 expression -------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Characters of one text, not bytes: a prefix of a single letter would match
 * half of everything. */
static size_t
letters(const char *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}

/* An FTS5 string: nothing but the quote has a meaning in it. */
static int
put_string(struct buf *out, const char *p, size_t len)
{
	int r = buf_put_u8(out, '"');

	for (size_t i = 0; i < len && r == 0; i++) {
		if (p[i] == '"')
			continue; /* a separator either way */
		r = buf_put_u8(out, (uint8_t)p[i]);
	}
	return r == 0 ? buf_put_u8(out, '"') : r;
}

static int
put_term(struct buf *out, const char *p, size_t len, bool phrase)
{
	int r = buf_printf(out, out->len == 0 ? "{text} : (" : " AND ");

	if (r == 0)
		r = put_string(out, p, len);
	if (r == 0 && !phrase && letters(p, len) >= 2)
		r = buf_put_u8(out, '*');
	return r;
}

/* Something that unicode61 makes a token of? A term without one would match
 * nothing and so would everything it is joined with. ASCII is decided here;
 * what other characters are is left to the tokenizer. */
static bool
has_token(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x80 || (c >= '0' && c <= '9') ||
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			return true;
	}
	return false;
}

/* The next word or phrase; NULL at the end. */
static const char *
next_term(const char **at, size_t *len, bool *phrase)
{
	const char *p = *at, *start;

	while (is_blank(*p))
		p++;
	if (*p == '\0')
		return NULL;
	*phrase = *p == '"';
	start = *phrase ? ++p : p;
	while (*p != '\0' && *p != '"' && (*phrase || !is_blank(*p)))
		p++;
	*len = (size_t)(p - start);
	*at = *phrase && *p == '"' ? p + 1 : p;
	return start;
}

int
store_search_expr(const char *query, int64_t chat, struct buf *out)
{
	const char *at = query, *p;
	size_t len, words = 0;
	bool phrase;
	int r = 0;

	while (r == 0 && words < WORDS_MAX &&
	       (p = next_term(&at, &len, &phrase)) != NULL) {
		if (!has_token(p, len))
			continue;
		r = put_term(out, p, len, phrase);
		words++;
	}
	if (r == 0 && words > 0)
		r = buf_put_u8(out, ')');
	if (r == 0 && words > 0 && chat != 0)
		r = buf_printf(out, " AND {chat} : \"%lld\"", (long long)chat);
	return r;
}

/* ---- hits ------------------------------------------------------------------------- */

void
store_hits_clear(struct store_hits *h)
{
	for (size_t i = 0; i < h->n; i++) {
		store_message_clear(&h->v[i].msg);
		free(h->v[i].title);
	}
	free(h->v);
	memset(h, 0, sizeof(*h));
}

/*
 * Where the first match is: the marked text is the text with OPEN before and
 * CLOSE after each match, so walking both side by side finds the marks even in
 * a text that has such bytes itself.
 */
static void
find_mark(const char *text, const char *marked, uint32_t *off, uint32_t *len)
{
	size_t i = 0, j;

	while (text[i] != '\0' && text[i] == marked[i])
		i++;
	*off = 0;
	*len = 0;
	if (marked[i] != OPEN)
		return;
	for (j = i; text[j] != '\0' && text[j] == marked[j + 1]; j++)
		;
	*off = (uint32_t)i;
	*len = (uint32_t)(j - i);
}

static void
push_hit(struct query *q, struct store_hits *hits)
{
	struct store_hit *h;
	char *marked;

	q->r = rows_grow(&hits->v, hits->n, sizeof(*hits->v));
	if (q->r != 0)
		return;
	h = &hits->v[hits->n++];
	memset(h, 0, sizeof(*h));
	read_message(q, &h->msg);
	h->title = q_dup_text(q, MESSAGE_COLUMNS_N);
	marked = q_dup_text(q, MESSAGE_COLUMNS_N + 1);
	if (marked != NULL && h->msg.text != NULL)
		find_mark(h->msg.text, marked, &h->mark_off, &h->mark_len);
	free(marked);
}

static int
run(struct store *s, const char *expr, int64_t before, size_t n,
    struct store_hits *hits)
{
	struct query q;

	/* CROSS JOIN keeps the index outside: it walks newest first and stops
	 * when the page is full. */
	q_begin(&q, s,
	    "SELECT " MESSAGE_COLUMNS ","
	    " coalesce(nullif(k.name, ''), nullif(k.profile_name, ''),"
	    "  nullif(c.title, ''), k.phone, ''),"
	    " highlight(message_fts, 0, char(1), char(2))"
	    " FROM message_fts CROSS JOIN message AS m"
	    "  ON m.id = message_fts.rowid"
	    " JOIN chat AS c ON c.id = m.chat"
	    " LEFT JOIN contact AS k ON c.kind = 1 AND k.account = c.peer"
	    " WHERE message_fts MATCH ? AND message_fts.rowid < ?"
	    " ORDER BY message_fts.rowid DESC LIMIT ?");
	q_text(&q, expr);
	q_int(&q, before > 0 ? before : INT64_MAX);
	q_int(&q, (int64_t)n + 1);
	while (!hits->more && q_row(&q)) {
		if (hits->n == n)
			hits->more = true;
		else
			push_hit(&q, hits);
	}
	return q_end(&q);
}

int
store_search(struct store *s, int64_t chat, const char *query, int64_t before,
    size_t n, struct store_hits *out)
{
	struct store_hits hits = {0};
	size_t len = strlen(query);
	struct buf expr;
	int r;

	if (len > STORE_QUERY_MAX || !text_is_utf8(query, len) || n == 0 ||
	    n > STORE_PAGE_MAX)
		return store_fail(s, ERR_RANGE, "the search cannot be made");
	buf_init(&expr, EXPR_MAX);
	r = store_search_expr(query, chat, &expr);
	if (r == 0)
		r = buf_put_u8(&expr, '\0');
	if (r != 0)
		store_fail(s, r, "%s", err_str(r));
	if (r == 0 && expr.len > 1)
		r = run(s, (const char *)expr.p, before, n, &hits);
	buf_clear(&expr);
	if (r == 0)
		*out = hits;
	else
		store_hits_clear(&hits);
	return r;
}
