/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_wrap.c — where lines end and where a cursor may stand. */
#include <utf8proc.h>

#include "common/text.h"

/* ---- lines --------------------------------------------------------------- */

/* A cluster as a line sees it. */
struct piece {
	size_t len;
	int width;
	uint32_t cp; /* its first code point */
	int category;
	bool blank; /* a line may end behind it */
};

/* Blanks that keep words together are not blanks here. */
static bool
is_blank(uint32_t cp, int category)
{
	if (cp == '\t')
		return true;
	return category == UTF8PROC_CATEGORY_ZS && cp != 0xa0 && cp != 0x2007 &&
	       cp != 0x202f;
}

static struct piece
piece_at(const char *s, size_t len, int col)
{
	struct piece p;

	p.len = text_grapheme(s, len, col, &p.width);
	text_codepoint(s, len, &p.cp);
	p.category = utf8proc_category((utf8proc_int32_t)p.cp);
	p.blank = is_blank(p.cp, p.category);
	return p;
}

static bool
is_hangul(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x11ff) ||
	       (cp >= 0xac00 && cp <= 0xd7ff) || (cp >= 0xa960 && cp <= 0xa97f);
}

/* Ideographs, kana, emoji: no blanks between their words. */
static bool
stands_alone(const struct piece *p)
{
	return p->width == 2 && !is_hangul(p->cp);
}

static bool
opens(const struct piece *p)
{
	return p->category == UTF8PROC_CATEGORY_PS ||
	       p->category == UTF8PROC_CATEGORY_PI;
}

static bool
closes(const struct piece *p)
{
	return p->category == UTF8PROC_CATEGORY_PE ||
	       p->category == UTF8PROC_CATEGORY_PF ||
	       p->category == UTF8PROC_CATEGORY_PO || p->cp == 0x30fc ||
	       p->cp == 0x3005;
}

static bool
may_break_between(const struct piece *a, const struct piece *b)
{
	return (stands_alone(a) || stands_alone(b)) && !opens(a) && !closes(b);
}

void
text_wrap_init(struct text_wrap *w, const char *s, size_t len, int width)
{
	*w = (struct text_wrap){
	    .s = s, .len = len, .width = width < 1 ? 1 : width};
}

/* The line under way, and where it could end. */
struct filling {
	size_t drawn; /* end of what is drawn */
	int width; /* cells of that */
	bool hangs; /* blanks stick out over the edge */
	size_t break_at, break_drawn;
	int break_width;
};

static void
mark_break(struct filling *f, size_t at)
{
	f->break_at = at;
	f->break_drawn = f->drawn;
	f->break_width = f->width;
}

static bool
end_line(struct text_wrap *w, struct text_line *line, size_t drawn, int width,
    size_t next, bool hard)
{
	*line = (struct text_line){.start = w->pos,
	    .len = drawn - w->pos,
	    .next = next,
	    .width = width,
	    .hard = hard};
	w->pos = next;
	return true;
}

/* The piece at `at` does not fit: end before it, at the best place. */
static bool
end_early(struct text_wrap *w, struct text_line *line, const struct filling *f,
    size_t at, const struct piece *p)
{
	if (f->break_at > w->pos)
		return end_line(w, line, f->break_drawn, f->break_width,
		    f->break_at, false);
	if (at > w->pos)
		return end_line(w, line, f->drawn, f->width, at, false);
	/* wider than the line: skipped */
	w->done = at + p->len == w->len;
	return end_line(w, line, at, 0, at + p->len, w->done);
}

bool
text_wrap_next(struct text_wrap *w, struct text_line *line)
{
	struct filling f = {.drawn = w->pos};
	struct piece p, prev = {0};
	size_t at = w->pos;

	if (w->done)
		return false;
	for (; at < w->len; at += p.len, prev = p) {
		p = piece_at(w->s + at, w->len - at, f.width);
		if (w->s[at + p.len - 1] == '\n')
			return end_line(
			    w, line, f.drawn, f.width, at + p.len, true);
		if (p.blank) {
			f.hangs = f.hangs || p.width > w->width - f.width;
			if (!f.hangs) {
				f.width += p.width;
				f.drawn = at + p.len;
			}
			mark_break(&f, at + p.len);
			continue;
		}
		if (at > w->pos && may_break_between(&prev, &p) && !f.hangs)
			mark_break(&f, at);
		if (f.hangs || p.width > w->width - f.width)
			return end_early(w, line, &f, at, &p);
		f.width += p.width;
		f.drawn = at + p.len;
	}
	w->done = true;
	return end_line(w, line, f.drawn, f.width, w->len, true);
}

size_t
text_wrap_count(const char *s, size_t len, int width)
{
	struct text_wrap w;
	struct text_line l;
	size_t n = 0;

	text_wrap_init(&w, s, len, width);
	while (text_wrap_next(&w, &l))
		n++;
	return n;
}

/* ---- cursor -------------------------------------------------------------- */

/* Start of the code point that ends at pos > 0; a bad byte is one alone. */
static size_t
codepoint_before(const char *s, size_t pos, uint32_t *cp)
{
	size_t back;

	for (back = 1; back <= 4 && back <= pos; back++) {
		if (((unsigned char)s[pos - back] & 0xc0) == 0x80)
			continue;
		if (text_codepoint(s + pos - back, back, cp) == back)
			return pos - back;
		break;
	}
	*cp = 0xfffd;
	return pos - 1;
}

/* Out of the middle of a code point to its end. */
static size_t
codepoint_end(const char *s, size_t len, size_t pos)
{
	size_t back, n;

	for (back = 1; back <= 3 && back <= pos; back++) {
		n = text_codepoint(s + pos - back, len - (pos - back), NULL);
		if (n > back)
			return pos - back + n;
	}
	return pos;
}

/* True when a cluster always ends between a and b, whatever was before. */
static bool
always_breaks(uint32_t a, uint32_t b)
{
	const int ca = utf8proc_get_property((utf8proc_int32_t)a)->boundclass;
	const int cb = utf8proc_get_property((utf8proc_int32_t)b)->boundclass;

	if (ca == UTF8PROC_BOUNDCLASS_PREPEND)
		return false;
	switch (cb) {
	case UTF8PROC_BOUNDCLASS_OTHER:
	case UTF8PROC_BOUNDCLASS_CONTROL:
		return true;
	case UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC:
		return ca != UTF8PROC_BOUNDCLASS_ZWJ;
	case UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR:
		return ca != UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR;
	case UTF8PROC_BOUNDCLASS_L:
	case UTF8PROC_BOUNDCLASS_LV:
	case UTF8PROC_BOUNDCLASS_LVT:
		return ca != UTF8PROC_BOUNDCLASS_L;
	default:
		return false;
	}
}

/* A boundary before pos from which counting forward is safe. */
static size_t
anchor_before(const char *s, size_t pos)
{
	size_t at, before;
	uint32_t a, b;

	at = codepoint_before(s, pos, &b);
	while (at > 0) {
		before = codepoint_before(s, at, &a);
		if (always_breaks(a, b))
			break;
		at = before;
		b = a;
	}
	return at;
}

size_t
text_next(const char *s, size_t len, size_t pos)
{
	return pos >= len ? len
			  : pos + text_grapheme(s + pos, len - pos, 0, NULL);
}

size_t
text_prev(const char *s, size_t len, size_t pos)
{
	size_t at, next;

	if (pos == 0)
		return 0;
	pos = pos > len ? len : codepoint_end(s, len, pos);
	at = anchor_before(s, pos);
	while ((next = text_next(s, len, at)) < pos)
		at = next;
	return at;
}

static bool
is_word(const char *s, size_t len)
{
	uint32_t cp;
	int cat;

	if (text_codepoint(s, len, &cp) == 0)
		return false;
	cat = utf8proc_category((utf8proc_int32_t)cp);
	return cat >= UTF8PROC_CATEGORY_LU && cat <= UTF8PROC_CATEGORY_PC;
}

static bool
is_space(const char *s, size_t len)
{
	uint32_t cp;

	text_codepoint(s, len, &cp);
	return cp == '\n' || is_blank(cp, utf8proc_category((int32_t)cp));
}

size_t
text_word_next(const char *s, size_t len, size_t pos)
{
	while (pos < len && !is_word(s + pos, len - pos))
		pos = text_next(s, len, pos);
	while (pos < len && is_word(s + pos, len - pos))
		pos = text_next(s, len, pos);
	return pos > len ? len : pos;
}

/* Back over clusters that are (or are not) what the test says. */
static size_t
skip_back(const char *s, size_t len, size_t pos,
    bool (*test)(const char *s, size_t len), bool wanted)
{
	size_t at;

	while (pos > 0) {
		at = text_prev(s, len, pos);
		if (test(s + at, len - at) != wanted)
			break;
		pos = at;
	}
	return pos;
}

size_t
text_word_prev(const char *s, size_t len, size_t pos)
{
	pos = skip_back(s, len, pos > len ? len : pos, is_word, false);
	return skip_back(s, len, pos, is_word, true);
}

size_t
text_blank_prev(const char *s, size_t len, size_t pos)
{
	pos = skip_back(s, len, pos > len ? len : pos, is_space, true);
	return skip_back(s, len, pos, is_space, false);
}
