/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text_fuzzy.h — comparing what people call the same: case and accents folded,
 * and the ranking of a palette (letters in order, one slip forgiven).
 * No allocation.
 */
#ifndef COMMON_TEXT_FUZZY_H
#define COMMON_TEXT_FUZZY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define FUZZY_QUERY_MAX 64 /* code points looked at in a query */
#define FUZZY_TEXT_MAX	256 /* code points looked at in a candidate */

/*
 * Case-folded, accents off ("Łódź" -> "lodz", "ß" -> "ss"), blanks one space.
 * At most cap - 1 bytes and a NUL (cap >= 1), cut between code points.
 * Returns the length written.
 */
size_t text_fold(char *out, size_t cap, const char *s, size_t len);

/* Order of two texts by their folded forms: < 0, 0, > 0. */
int text_fold_cmp(const char *a, size_t alen, const char *b, size_t blen);

/* True when the folded needle occurs in the folded text; *at (may be NULL) is
 * the byte offset in s of the first hit. An empty needle occurs at 0. */
bool text_fold_find(
    const char *s, size_t len, const char *needle, size_t nlen, size_t *at);

/* A query made ready once for many candidates. */
struct fuzzy_query {
	uint32_t cp[FUZZY_QUERY_MAX]; /* folded; 0 between terms */
	size_t n;
};

struct fuzzy_match {
	int score; /* > 0, higher is better; comparable for one query */
	size_t n; /* matched clusters */
	/* byte offsets in the candidate, ascending, for highlighting */
	uint32_t at[FUZZY_QUERY_MAX];
};

void fuzzy_prepare(struct fuzzy_query *q, const char *s, size_t len);

/*
 * Every term of the query (blanks separate them, in any order) must match:
 * its letters in order somewhere in the candidate, or the start of one of its
 * words with one letter wrong, missing, added or swapped (terms of 4 letters
 * and more). Starts of words, runs and exact prefixes rank higher, slips
 * lowest. An empty query matches everything with score 1.
 * m may be NULL. Returns the score, 0 when it does not match (m untouched).
 */
int fuzzy_match(const struct fuzzy_query *q, const char *s, size_t len,
    struct fuzzy_match *m);

/* True when a and b differ by at most one letter changed, added, missing or
 * swapped with its neighbour ("did you mean"). Folded. */
bool fuzzy_near(const char *a, size_t alen, const char *b, size_t blen);

#endif
