/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_text.c — hostile text: what text_sanitize() lets through, and that
 * cutting, wrapping and walking agree with each other on any bytes.
 * First byte: mode; second: width.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/text.h"
#include "common/text_fuzzy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
allowed(uint32_t cp, enum text_mode mode)
{
	if (cp == '\n' || cp == '\t')
		return mode == TEXT_MULTI;
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return 0;
	if (cp == 0x61c || (cp >= 0x200e && cp <= 0x200f) ||
	    (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069))
		return 0; /* direction */
	return cp != 0x200b && cp != 0xfeff && cp != 0xad &&
	       (cp < 0x2028 || cp > 0x2029) && (cp & 0xfffe) != 0xfffe;
}

/* Every cluster of clean text can be seen, and has a bounded size. */
static void
check_clean(const char *s, size_t len, enum text_mode mode)
{
	size_t i, k, n, at, points;
	uint32_t cp;
	int w;

	assert(text_is_utf8(s, len));
	for (i = 0; i < len; i += n) {
		n = text_grapheme(s + i, len - i, 0, &w);
		points = 0;
		for (at = 0; at < n; at += k, points++) {
			k = text_codepoint(s + i + at, n - at, &cp);
			assert(allowed(cp, mode));
		}
		assert(points <= TEXT_CLUSTER_MAX);
		assert(s[i] == '\n' ? w == 0 : w >= 1);
	}
}

static void
check_sanitize(const char *s, size_t len, enum text_mode mode, size_t cap)
{
	char *a = malloc(TEXT_SANITIZE_CAP(len));
	char *b = malloc(TEXT_SANITIZE_CAP(len));
	size_t n, m;

	if (a == NULL || b == NULL)
		abort();
	n = text_sanitize(a, TEXT_SANITIZE_CAP(len), s, len, mode);
	check_clean(a, n, mode);
	m = text_sanitize(b, TEXT_SANITIZE_CAP(len), a, n, mode);
	assert(m == n && memcmp(a, b, n) == 0);
	assert(text_is_clean(a, n, mode));
	assert(
	    text_is_clean(s, len, mode) == (n == len && memcmp(a, s, n) == 0));
	if (cap > TEXT_SANITIZE_CAP(len))
		cap = TEXT_SANITIZE_CAP(len);
	m = text_sanitize(b, cap, s, len, mode);
	assert(m < cap && m <= n && memcmp(a, b, m) == 0);
	assert(text_is_clean(b, m, mode));
	free(a);
	free(b);
}

static void
check_lines(const char *s, size_t len, int width)
{
	struct text_wrap w;
	struct text_line l = {.next = 0};
	size_t at = 0, n;
	int cells;

	text_wrap_init(&w, s, len, width);
	while (text_wrap_next(&w, &l)) {
		assert(l.start == at && l.start + l.len <= l.next);
		assert(l.width <= (width < 1 ? 1 : width));
		assert(text_width(s + l.start, l.len) == l.width);
		at = l.next;
	}
	assert(at == len);
	n = text_cut(s, len, width, &cells);
	assert(n <= len && cells <= width && text_width(s, n) == cells);
	n = text_cut_left(s, len, width, &cells);
	assert(n <= len && cells <= width);
	assert(text_width(s + n, len - n) <= cells);
}

static void
check_cursor(const char *s, size_t len)
{
	size_t at, next, k;

	for (at = 0; at < len; at = next) {
		next = text_next(s, len, at);
		assert(next > at && next <= len);
		for (k = at + 1; k <= next; k++)
			assert(text_prev(s, len, k) == at);
		assert(text_word_next(s, len, at) > at);
		assert(text_word_prev(s, len, next) <= at);
		assert(text_blank_prev(s, len, next) <= at);
	}
}

static void
check_rest(const char *s, size_t len, int width, size_t cap)
{
	char out[128], digits[128];
	struct fuzzy_query q;
	struct fuzzy_match m;
	size_t n;
	int cells;

	n = text_elide(out, cap, s, len, width, &cells);
	assert(n < cap && cells <= width && strnlen(out, cap) <= n);
	n = text_filename(out, cap < 32 ? 32 : cap, s, len);
	assert(n > 0 && n < 128 && out[0] != '.' && out[0] != '-');
	assert(strchr(out, '/') == NULL && text_is_clean(out, n, TEXT_LINE));
	text_fold(out, cap, s, len);
	fuzzy_prepare(&q, s, len);
	if (fuzzy_match(&q, s, len, &m) > 0)
		for (n = 0; n < m.n; n++)
			assert(
			    m.at[n] < len && (n == 0 || m.at[n] > m.at[n - 1]));
	digits[0] = '?';
	if (text_digits(digits, cap, s, len) == 0) {
		assert(strspn(digits, "0123456789") == strlen(digits));
		assert(strlen(digits) < cap);
	} else {
		assert(digits[0] == '?');
	}
	n = len < 64 ? len : 64;
	assert(fuzzy_near(s, n, s, n));
	assert(fuzzy_near(s, n / 2, s, n) == fuzzy_near(s, n, s, n / 2));
	assert(text_fold_cmp(s, len, s, len) == 0);
	assert(text_fold_find(s, len, s, len, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data + 2;
	size_t cap;
	int width;

	if (len < 2 || len > 4096)
		return 0;
	len -= 2;
	width = data[1] % 90;
	cap = (size_t)data[1] % 120 + 1;
	check_sanitize(s, len, (enum text_mode)(data[0] % 3), cap);
	check_lines(s, len, width);
	check_cursor(s, len < 96 ? len : 96); /* quadratic on purpose */
	check_rest(s, len, width, cap);
	return 0;
}
