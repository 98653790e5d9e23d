/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <string.h>

#include <utf8proc.h>

#include "common/text.h"

#define VS16	 0xfe0f /* "show as emoji" */
#define ELLIPSIS "\xe2\x80\xa6"

size_t
text_codepoint(const char *s, size_t len, uint32_t *cp)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	if (len == 0)
		return 0;
	n = utf8proc_iterate((const utf8proc_uint8_t *)s,
	    len < 4 ? (utf8proc_ssize_t)len : 4, &c);
	if (n <= 0) {
		n = 1;
		c = 0xfffd;
	}
	if (cp != NULL)
		*cp = (uint32_t)c;
	return (size_t)n;
}

size_t
text_encode(char out[4], uint32_t cp)
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	return (size_t)utf8proc_encode_char(
	    (utf8proc_int32_t)cp, (utf8proc_uint8_t *)out);
}

bool
text_is_utf8(const char *s, size_t len)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;
	size_t i;

	for (i = 0; i < len; i += (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)s + i,
		    len - i < 4 ? (utf8proc_ssize_t)(len - i) : 4, &c);
		if (n <= 0 || c == 0)
			return false;
	}
	return true;
}

/* Cells of a cluster while its code points come by. */
struct cells {
	uint32_t prev;
	int class; /* of prev */
	int width;
	int flags; /* regional indicators seen */
};

static int
capped(int width)
{
	return width > 2 ? 2 : width;
}

static bool
emoji_capable(const struct cells *c)
{
	return c->class == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
	       (c->prev >= '0' && c->prev <= '9') || c->prev == '#' ||
	       c->prev == '*';
}

/* Spacing marks stand beside their base, the parts of a syllable or of an
 * emoji sequence upon each other. */
static void
cells_add(struct cells *c, uint32_t cp)
{
	const utf8proc_property_t *p =
	    utf8proc_get_property((utf8proc_int32_t)cp);
	int w = p->charwidth;

	switch (p->boundclass) {
	case UTF8PROC_BOUNDCLASS_SPACINGMARK:
	case UTF8PROC_BOUNDCLASS_PREPEND:
		/* the tables give most of them no cell; terminals do */
		c->width = capped(c->width + (w > 0 ? w : 1));
		break;
	case UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR:
		c->width = ++c->flags > 1 ? 2 : capped(c->width + w);
		break;
	case UTF8PROC_BOUNDCLASS_EXTEND:
		if ((cp == VS16 && emoji_capable(c)) ||
		    p->category == UTF8PROC_CATEGORY_SK) /* skin tone */
			c->width = 2;
		else
			c->width = capped(c->width + w);
		break;
	default:
		if (p->category == UTF8PROC_CATEGORY_MC)
			w = 1; /* Burmese vowels that are no SPACINGMARK */
		if (c->class == UTF8PROC_BOUNDCLASS_PREPEND)
			c->width = capped(c->width + w);
		else if (w > c->width)
			c->width = w;
	}
	c->prev = cp;
	c->class = p->boundclass;
}

static int
tab_width(int col)
{
	return TEXT_TAB - (col < 0 ? 0 : col % TEXT_TAB);
}

/* Printable ASCII followed by the same, or by nothing, is a cluster alone. */
static bool
is_plain(const char *s, size_t len)
{
	return s[0] >= 0x20 && s[0] < 0x7f && (len == 1 || (s[1] & 0x80) == 0);
}

size_t
text_grapheme(const char *s, size_t len, int col, int *width)
{
	struct cells c = {0};
	utf8proc_int32_t state = 0;
	uint32_t cp, next;
	size_t n, step;

	if (len == 0)
		return 0;
	if (is_plain(s, len)) {
		if (width != NULL)
			*width = 1;
		return 1;
	}
	n = text_codepoint(s, len, &cp);
	for (;;) {
		cells_add(&c, cp);
		step = text_codepoint(s + n, len - n, &next);
		if (step == 0 ||
		    utf8proc_grapheme_break_stateful(
			(utf8proc_int32_t)cp, (utf8proc_int32_t)next, &state))
			break;
		n += step;
		cp = next;
	}
	if (width != NULL)
		*width = s[0] == '\t' ? tab_width(col) : c.width;
	return n;
}

int
text_width(const char *s, size_t len)
{
	size_t i = 0;
	int w, sum = 0;

	while (i < len) {
		i += text_grapheme(s + i, len - i, sum, &w);
		if (sum > INT_MAX - w)
			return INT_MAX;
		sum += w;
	}
	return sum;
}

size_t
text_cut(const char *s, size_t len, int width, int *cells)
{
	size_t n, i = 0;
	int w, sum = 0;

	while (i < len) {
		n = text_grapheme(s + i, len - i, sum, &w);
		if (w > width - sum)
			break;
		sum += w;
		i += n;
	}
	if (cells != NULL)
		*cells = sum;
	return i;
}

size_t
text_cut_left(const char *s, size_t len, int width, int *cells)
{
	size_t at, i = len;
	int w, sum = 0;

	while (i > 0) {
		at = text_prev(s, len, i);
		/* where its stop is depends on what we decide: take the most */
		text_grapheme(s + at, i - at, 0, &w);
		if (w > width - sum)
			break;
		sum += w;
		i = at;
	}
	if (cells != NULL)
		*cells = sum;
	return i;
}

/* The whole clusters of s that fit into room bytes. */
static size_t
fit_bytes(const char *s, size_t len, size_t room)
{
	size_t n, i = 0;

	if (len <= room)
		return len;
	while (i < len) {
		n = text_grapheme(s + i, len - i, 0, NULL);
		if (n > room - i)
			break;
		i += n;
	}
	return i;
}

size_t
text_elide(
    char *out, size_t cap, const char *s, size_t len, int width, int *cells)
{
	const size_t dots = sizeof(ELLIPSIS) - 1;
	size_t n;
	bool whole;

	n = text_cut(s, len, width, cells);
	whole = n == len && len < cap;
	if (!whole && width > 0 && cap > dots)
		n = fit_bytes(
		    s, text_cut(s, len, width - 1, NULL), cap - 1 - dots);
	else if (!whole)
		n = fit_bytes(s, n, cap - 1);
	memcpy(out, s, n);
	if (!whole && width > 0 && cap > dots) {
		memcpy(out + n, ELLIPSIS, dots);
		n += dots;
	}
	out[n] = '\0';
	if (cells != NULL)
		*cells = text_width(out, n);
	return n;
}

int
text_digits(char *out, size_t cap, const char *s, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			k++;
		else if (s[i] == '\0' || strchr(" -.\t\r\n", s[i]) == NULL)
			return ERR_FORMAT;
	}
	if (k >= cap)
		return ERR_RANGE;
	for (i = k = 0; i < n; i++)
		if (s[i] >= '0' && s[i] <= '9')
			out[k++] = s[i];
	out[k] = '\0';
	return 0;
}
