/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h — a line as words, quoted as in a shell, and no shell: blanks part
 * words, "..." and '...' keep them together, \ takes the next character as it
 * is (not inside '...'). Nothing is expanded.
 */
#ifndef RELAY_ADMIN_WORDS_H
#define RELAY_ADMIN_WORDS_H

#include <stddef.h>

#include "common/base.h"
#include "common/buf.h"

#define WORDS_MAX 32

struct words {
	size_t n;
	char *v[WORDS_MAX + 1]; /* NULL-terminated; point into text */
	char *text; /* heap, owned */
};

/*
 * Split len bytes. Returns 0; ERR_FORMAT an open quote, a \ at the end or a
 * NUL; ERR_FULL more than WORDS_MAX words; ERR_NOMEM. w is written on success
 * only; words_clear() wipes and frees it.
 */
int words_split(const char *line, size_t len, struct words *w) MUST_USE;
void words_clear(struct words *w);

/* Append one word so that words_split() reads it back, with a blank in front
 * unless b is empty. 0, ERR_FULL, ERR_NOMEM. */
int words_quote(struct buf *b, const char *word) MUST_USE;

#endif
