/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "relay/admin/words.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copy one word from p (not at a blank) to *out, which moves behind its NUL.
 * Returns where it ended, NULL on an open quote or a NUL. */
static const char *
take_word(const char *p, const char *end, char **out)
{
	char quote = '\0';

	for (; p < end; p++) {
		if (*p == '\0')
			return NULL;
		if (quote == '\0' && is_blank(*p))
			break;
		if (quote == '\0' && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else if (*p == quote) {
			quote = '\0';
		} else if (*p == '\\' && quote != '\'') {
			if (++p == end || *p == '\0')
				return NULL;
			*(*out)++ = *p;
		} else {
			*(*out)++ = *p;
		}
	}
	if (quote != '\0')
		return NULL;
	*(*out)++ = '\0';
	return p;
}

int
words_split(const char *line, size_t len, struct words *w)
{
	const char *p = line, *end = line + len;
	struct words got = {.n = 0};
	char *out;
	int r = 0;

	/* Every word is at most as long as it is quoted, and all but the last
	 * have a blank behind them for the NUL. */
	got.text = malloc(len + 1);
	if (got.text == NULL)
		return ERR_NOMEM;
	out = got.text;
	while (r == 0) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			break;
		if (got.n == WORDS_MAX) {
			r = ERR_FULL;
			break;
		}
		got.v[got.n++] = out;
		p = take_word(p, end, &out);
		if (p == NULL)
			r = ERR_FORMAT;
	}
	if (r != 0) {
		sodium_memzero(got.text, len + 1);
		free(got.text);
		return r;
	}
	*w = got;
	return 0;
}

void
words_clear(struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		sodium_memzero(w->v[i], strlen(w->v[i]));
	free(w->text);
	*w = (struct words){.n = 0};
}

int
words_quote(struct buf *b, const char *word)
{
	size_t at = b->len;
	const char *p;
	int r;

	r = buf_put(b, at == 0 ? "\"" : " \"", at == 0 ? 1 : 2);
	for (p = word; r == 0 && *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			r = buf_put_u8(b, '\\');
		if (r == 0)
			r = buf_put_u8(b, (uint8_t)*p);
	}
	if (r == 0)
		r = buf_put_u8(b, '"');
	if (r != 0)
		b->len = at;
	return r;
}
