/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_clean.c — hostile text made harmless. */
#include <string.h>

#include <utf8proc.h>

#include "common/text.h"

#define ZWNJ	      0x200c
#define ZWJ	      0x200d
#define CGJ	      0x034f
#define BAD	      0xfffd
#define DOTTED_CIRCLE 0x25cc /* carries a mark that has no base */
#define RETURN_SIGN   0x21b5
#define BLACK_FLAG    0x1f3f4 /* the base of flags spelled with tags */
#define NONE	      UINT32_MAX
#define NAME_MAX_IN   1024 /* bytes looked at of a file's name */

/* Code points go in one by one; what may stay is written, or compared. */
struct cleaner {
	char *out; /* NULL: compare with want */
	const char *want;
	size_t room; /* bytes that may be written or compared */
	size_t n;
	size_t cut; /* start of the open cluster */
	bool full; /* room is exhausted */
	bool differs;
	enum text_mode mode;
	/* the open cluster */
	uint32_t prev; /* NONE at the start */
	const utf8proc_property_t *prev_prop;
	utf8proc_int32_t state;
	unsigned points, marks, stack;
	bool flag; /* began with BLACK_FLAG */
};

static void
put(struct cleaner *c, uint32_t cp)
{
	char enc[4];
	size_t len = text_encode(enc, cp);

	if (c->full)
		return;
	if (len > c->room - c->n) {
		c->full = true;
		return;
	}
	if (c->out != NULL)
		memcpy(c->out + c->n, enc, len);
	else if (memcmp(c->want + c->n, enc, len) != 0)
		c->differs = true;
	c->n += len;
}

static bool
in(uint32_t cp, uint32_t lo, uint32_t hi)
{
	return cp >= lo && cp <= hi;
}

static bool
is_selector(uint32_t cp)
{
	return in(cp, 0xfe00, 0xfe0f) || in(cp, 0xe0100, 0xe01ef) ||
	       in(cp, 0x180b, 0x180d) || cp == 0x180f;
}

static bool
is_tag(uint32_t cp)
{
	return in(cp, 0xe0020, 0xe007f);
}

static bool
is_skin_tone(uint32_t cp)
{
	return in(cp, 0x1f3fb, 0x1f3ff);
}

static bool
is_mark(const utf8proc_property_t *p)
{
	return p->category == UTF8PROC_CATEGORY_MN ||
	       p->category == UTF8PROC_CATEGORY_MC ||
	       p->category == UTF8PROC_CATEGORY_ME;
}

/* A mark that joins what stands before it (some Burmese vowels do not). */
static bool
needs_base(const utf8proc_property_t *p)
{
	return is_mark(p) &&
	       (p->boundclass == UTF8PROC_BOUNDCLASS_EXTEND ||
		   p->boundclass == UTF8PROC_BOUNDCLASS_SPACINGMARK);
}

static bool
is_letter(const utf8proc_property_t *p)
{
	return p->category >= UTF8PROC_CATEGORY_LU &&
	       p->category <= UTF8PROC_CATEGORY_LO;
}

/* Invisible, and not one of those that only count as a mark. */
static bool
is_invisible(uint32_t cp, const utf8proc_property_t *p)
{
	if (p->category == UTF8PROC_CATEGORY_CF &&
	    p->boundclass == UTF8PROC_BOUNDCLASS_CONTROL)
		return true;
	return p->ignorable && !is_selector(cp) && !is_tag(cp) && cp != CGJ &&
	       cp != ZWJ && cp != ZWNJ;
}

/* A joiner is wanted after letters of the scripts that join or stack, and ZWJ
 * between emoji; never twice, never in plain Latin. */
static bool
joiner_ok(const struct cleaner *c, uint32_t cp)
{
	const utf8proc_property_t *p = c->prev_prop;

	if (c->prev == NONE || c->prev == ZWNJ)
		return false;
	if (c->prev >= 0x0600 && (is_letter(p) || is_mark(p)) &&
	    !is_selector(c->prev))
		return true;
	return cp == ZWJ &&
	       (p->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
		   c->prev == 0xfe0f || is_skin_tone(c->prev));
}

/* Selectors choose the shape of a symbol, a digit of a keycap, an ideograph;
 * behind a Latin letter or a blank they are only a way to look equal. */
static bool
selector_ok(const struct cleaner *c, uint32_t cp)
{
	if (c->prev == NONE || is_selector(c->prev))
		return false;
	if (c->prev > 0xa0)
		return true;
	return in(cp, 0xfe0e, 0xfe0f) &&
	       (in(c->prev, '0', '9') || c->prev == '#' || c->prev == '*');
}

static bool
tone_ok(const struct cleaner *c)
{
	return c->prev != NONE &&
	       (c->prev == 0xfe0f ||
		   c->prev_prop->boundclass ==
		       UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC);
}

/* What only makes sense behind the right neighbour. */
static bool
context_ok(const struct cleaner *c, uint32_t cp)
{
	if (cp == ZWJ || cp == ZWNJ)
		return joiner_ok(c, cp);
	if (is_tag(cp))
		return c->flag;
	if (is_selector(cp))
		return selector_ok(c, cp);
	return true;
}

/* May cp join the open cluster, as far as numbers go? */
static bool
count_ok(struct cleaner *c, uint32_t cp, const utf8proc_property_t *p)
{
	const bool opens =
	    cp == ZWJ || p->boundclass == UTF8PROC_BOUNDCLASS_PREPEND;

	/* leave a place for the base that these ask for */
	if (c->points >= TEXT_CLUSTER_MAX - (opens ? 1U : 0U))
		return false;
	if (p->boundclass != UTF8PROC_BOUNDCLASS_EXTEND &&
	    p->boundclass != UTF8PROC_BOUNDCLASS_SPACINGMARK) {
		if (cp != ZWJ)
			c->marks = c->stack = 0;
		return true;
	}
	if (c->marks >= TEXT_MARKS_MAX)
		return false;
	if (p->combining_class >= 200 && c->stack >= TEXT_STACK_MAX)
		return false;
	c->marks++;
	if (p->combining_class >= 200)
		c->stack++;
	return true;
}

static void
cluster_begin(struct cleaner *c, uint32_t cp)
{
	c->cut = c->n;
	c->state = 0;
	c->points = c->marks = c->stack = 0;
	c->flag = cp == BLACK_FLAG;
}

static void
emit(struct cleaner *c, uint32_t cp, const utf8proc_property_t *p)
{
	put(c, cp);
	c->prev = cp;
	c->prev_prop = p;
	c->points++;
}

static void
add(struct cleaner *c, uint32_t cp)
{
	const utf8proc_property_t *p =
	    utf8proc_get_property((utf8proc_int32_t)cp);
	utf8proc_int32_t state = c->state;

	if (is_invisible(cp, p) || !context_ok(c, cp))
		return;
	if (is_skin_tone(cp) && !tone_ok(c)) {
		add(c, BAD);
		return;
	}
	if (c->prev != NONE &&
	    !utf8proc_grapheme_break_stateful(
		(utf8proc_int32_t)c->prev, (utf8proc_int32_t)cp, &state)) {
		if (!count_ok(c, cp, p))
			return;
		c->state = state;
		emit(c, cp, p);
		return;
	}
	cluster_begin(c, cp);
	if (needs_base(p)) {
		if (p->ignorable)
			return;
		add(c, DOTTED_CIRCLE);
		add(c, cp);
		return;
	}
	emit(c, cp, p);
}

static uint32_t
line_end(enum text_mode mode)
{
	if (mode == TEXT_MULTI)
		return '\n';
	return mode == TEXT_LINE_NL ? RETURN_SIGN : ' ';
}

/* Controls become something to see; the rest is itself. */
static uint32_t
mapped(const struct cleaner *c, uint32_t cp)
{
	switch (cp) {
	case '\n':
	case '\r':
	case 0x85:
	case 0x2028:
	case 0x2029:
		return line_end(c->mode);
	case '\t':
		return c->mode == TEXT_MULTI ? '\t' : ' ';
	case 0x7f:
		return 0x2421;
	default:
		break;
	}
	if (cp < 0x20)
		return 0x2400 + cp;
	if (in(cp, 0x80, 0x9f) || in(cp, 0xfdd0, 0xfdef) ||
	    (cp & 0xfffe) == 0xfffe)
		return BAD;
	return cp;
}

static bool
is_ascii_print(char ch)
{
	return ch >= 0x20 && ch < 0x7f;
}

/* Runs of plain ASCII need none of the above: each is a cluster. */
static size_t
add_ascii(struct cleaner *c, const char *s, size_t len)
{
	size_t i;

	if (c->prev == NONE || c->prev >= 0x300)
		return 0;
	for (i = 0; i < len && is_ascii_print(s[i]) && !c->full; i++) {
		cluster_begin(c, (uint32_t)s[i]);
		put(c, (uint32_t)s[i]);
		c->prev = (uint32_t)s[i];
		c->points = 1;
	}
	if (i > 0)
		c->prev_prop = utf8proc_get_property((int32_t)c->prev);
	return i;
}

static void
clean(struct cleaner *c, const char *s, size_t len)
{
	size_t n, i = 0;
	uint32_t cp;

	c->prev = NONE;
	while (i < len && !c->full && !c->differs) {
		n = add_ascii(c, s + i, len - i);
		i += n;
		if (n > 0)
			continue;
		n = text_codepoint(s + i, len - i, &cp);
		if (cp == '\r' && i + 1 < len && s[i + 1] == '\n')
			n = 2;
		add(c, mapped(c, cp));
		i += n;
	}
	if (c->full)
		c->n = c->cut;
}

/* Length without what would join with the text printed behind. */
static size_t
without_openers(const char *s, size_t len)
{
	size_t at;
	uint32_t cp;

	while (len > 0) {
		for (at = len - 1; at > 0 && (s[at] & 0xc0) == 0x80; at--)
			;
		text_codepoint(s + at, len - at, &cp);
		if (cp != ZWJ && cp != ZWNJ &&
		    utf8proc_get_property((utf8proc_int32_t)cp)->boundclass !=
			UTF8PROC_BOUNDCLASS_PREPEND)
			break;
		len = at;
	}
	return len;
}

size_t
text_sanitize(
    char *out, size_t cap, const char *s, size_t len, enum text_mode mode)
{
	struct cleaner c = {.out = out, .room = cap - 1, .mode = mode};

	clean(&c, s, len);
	c.n = without_openers(out, c.n);
	out[c.n] = '\0';
	return c.n;
}

bool
text_is_clean(const char *s, size_t len, enum text_mode mode)
{
	struct cleaner c = {.want = s, .room = len, .mode = mode};

	clean(&c, s, len);
	return !c.full && !c.differs && c.n == len &&
	       without_openers(s, len) == len;
}

/* Separators and what shells and other systems take for something else. */
static void
replace_separators(char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] != '\0' && strchr("/\\:*?\"<>|", s[i]) != NULL)
			s[i] = '_';
}

/* Length of the extension with its dot, 0 when there is none worth keeping. */
static size_t
extension_len(const char *s, size_t len)
{
	size_t i;

	for (i = len; i > 1 && len - i < 16; i--)
		if (s[i - 1] == '.')
			return len - i + 1;
	return 0;
}

/* With the marks they may carry. */
static size_t
trim_front(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(".-~ ", s[i]) != NULL)
		i += text_grapheme(s + i, len - i, 0, NULL);
	return i;
}

static size_t
trim_back(const char *s, size_t len)
{
	size_t before;

	do {
		before = len;
		while (len > 0 && (s[len - 1] == '.' || s[len - 1] == ' '))
			len--;
		len = without_openers(s, len);
	} while (len != before);
	return len;
}

/* The stem of whole clusters, then the extension. */
static size_t
join_name(char *out, size_t cap, const char *s, size_t len)
{
	size_t ext = extension_len(s, len);
	size_t n, i = 0;

	while (i < len - ext) {
		n = text_grapheme(s + i, len - ext - i, 0, NULL);
		if (n > cap - 1 - ext - i)
			break;
		i += n;
	}
	i = without_openers(s, i);
	if (i == 0) { /* one huge cluster: do not hide the file */
		s = "file";
		i = 4;
		ext = 0;
	}
	memcpy(out, s, i);
	memcpy(out + i, s + len - ext, ext);
	out[i + ext] = '\0';
	return i + ext;
}

size_t
text_filename(char *out, size_t cap, const char *s, size_t len)
{
	char raw[NAME_MAX_IN], tmp[TEXT_SANITIZE_CAP(NAME_MAX_IN)];
	size_t at, n;

	/* longer than file systems know: the end has the extension */
	if (len > sizeof(raw)) {
		s += len - sizeof(raw);
		len = sizeof(raw);
	}
	memcpy(raw, s, len);
	replace_separators(raw, len);
	n = text_sanitize(tmp, sizeof(tmp), raw, len, TEXT_LINE);
	at = trim_front(tmp, n);
	n = trim_back(tmp, n);
	if (n <= at)
		return join_name(out, cap, "file", 4);
	return join_name(out, cap, tmp + at, n - at);
}
