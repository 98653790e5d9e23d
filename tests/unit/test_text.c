/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>

#include "common/text.h"
#include "tests/unit/test.h"

#define ZWJ "\u200d"

/* ---- cells --------------------------------------------------------------- */

static void
test_text_width__what_a_grapheme_aware_terminal_draws(void **state)
{
	/* the vectors a survey of terminals and wcswidth() gave */
	static const struct {
		const char *s;
		int width;
		int clusters;
	} v[] = {
	    {"\U0001f468" ZWJ "\U0001f469" ZWJ "\U0001f467" ZWJ "\U0001f466", 2,
		1}, /* family */
	    {"\u2764\ufe0f", 2, 1}, /* heart as emoji */
	    {"\u2764", 1, 1}, /* heart as text */
	    {"\U0001f1ee\U0001f1ea", 2, 1}, /* flag */
	    {"\U0001f1ee\U0001f1ea\U0001f1e9\U0001f1ea", 4, 2}, /* two flags */
	    {"\U0001f44d\U0001f3fd", 2, 1}, /* skin tone */
	    {"\u261d\U0001f3fd", 2, 1}, /* ... on a narrow base */
	    {"1\ufe0f\u20e3", 2, 1}, /* keycap */
	    {"e\u0301", 1, 1}, /* accent */
	    {"\U0001f3f3\ufe0f" ZWJ "\U0001f308", 2, 1}, /* rainbow flag */
	    {"\U0001f3f3" ZWJ "\U0001f308", 2, 1},
	    {"\u1112\u1161\u11ab", 2, 1}, /* Hangul jamo */
	    {"\u0e01\u0e33", 2, 1}, /* Thai, spacing am */
	    {"\u0915\u094d\u0937\u093f", 3, 2}, /* Devanagari */
	    {"\U0001f62e" ZWJ "\U0001f4a8", 2, 1}, /* exhaling */
	    {"a\u200bb", 2, 3}, /* zero width space */
	    {"\uff76\uff9e", 2, 1}, /* half-width kana, voiced */
	    {"\u6f22\u5b57", 4, 2},
	    {"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067"
	     "\U000e007f",
		2, 1}, /* flag of England */
	    {"abc", 3, 3},
	    {"\u1000\u103b\u102c\u1038", 4, 3}, /* Burmese */
	    {"a\ufe0f", 1, 1}, /* no emoji, no matter what */
	    {"0\ufe0f", 2, 1},
	    {"9\ufe0f", 2, 1},
	    {"#\ufe0f", 2, 1},
	    {"*\ufe0f", 2, 1},
	    {"/\ufe0f:\ufe0f", 2, 2},
	    {"\u2764\u0301", 1, 1},
	    {"\U0001f1ee", 1, 1}, /* half a flag */
	    {"\uff76\uff9e\uff9e", 2, 1},
	    {"\u0915\u093f\u093f\u093f", 2, 1},
	    {"a\177b", 2, 3},
	    {"\u0600\u0661", 2, 1}, /* number sign and a digit */
	    {"\x80\xff", 2, 2}, /* bad bytes are U+FFFD each */
	    {"\xe2\x82", 2, 2},
	    {"", 0, 0},
	};
	size_t i, at, n, len;
	int w, sum, clusters;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		len = strlen(v[i].s);
		assert_int_equal(text_width(v[i].s, len), v[i].width);
		sum = clusters = 0;
		for (at = 0; at < len; at += n, clusters++) {
			n = text_grapheme(v[i].s + at, len - at, 0, &w);
			assert_true(n > 0);
			sum += w;
		}
		assert_int_equal(sum, v[i].width);
		assert_int_equal(clusters, v[i].clusters);
	}
}

static void
test_text_width__tabs_go_to_the_next_stop(void **state)
{
	int w;

	(void)state;
	assert_int_equal(text_width("\t", 1), 8);
	assert_int_equal(text_width("abc\tx", 5), 9);
	assert_int_equal(text_width("12345678\t", 9), 16);
	assert_int_equal(text_grapheme("\t", 1, 7, &w), 1);
	assert_int_equal(w, 1);
	assert_int_equal(text_width("a\r\nb\n", 5), 2);
	assert_int_equal(text_grapheme("", 0, 0, &w), 0);
}

static void
test_text_grapheme__a_long_cluster_is_one(void **state)
{
	char s[1 + 2 * 1000];
	size_t i;

	(void)state;
	s[0] = 'a';
	for (i = 0; i < 1000; i++)
		memcpy(s + 1 + 2 * i, "\u0301", 2);
	assert_int_equal(text_grapheme(s, sizeof(s), 0, NULL), sizeof(s));
	assert_int_equal(text_width(s, sizeof(s)), 1);
}

static void
test_text_codepoint__bad_bytes_go_one_by_one(void **state)
{
	static const char *const bad[] = {"\xc0\x80", "\xed\xa0\x80", "\xf5",
	    "\xf4\x90\x80\x80", "\xe2\x28\xa1", "\x80"};
	uint32_t cp;
	char enc[4];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
		    text_codepoint(bad[i], strlen(bad[i]), &cp), 1);
		assert_int_equal(cp, 0xfffd);
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	}
	assert_int_equal(text_codepoint("\U0001f600x", 5, &cp), 4);
	assert_int_equal(cp, 0x1f600);
	assert_int_equal(text_codepoint("\U0001f600", 3, &cp), 1);
	assert_int_equal(text_codepoint("x", 0, &cp), 0);
	assert_false(text_is_utf8("a\0b", 3));
	assert_true(text_is_utf8("a\u00e9\U0001f600", 7));
	assert_int_equal(text_encode(enc, 0xd800), 0);
	assert_int_equal(text_encode(enc, 0xdfff), 0);
	assert_int_equal(text_encode(enc, 0x10ffff), 4);
	assert_int_equal(text_encode(enc, 0x110000), 0);
	assert_int_equal(text_encode(enc, 0x20ac), 3);
	assert_memory_equal(enc, "\u20ac", 3);
}

/* ---- cutting ------------------------------------------------------------- */

#define assert_cut(s, w, bytes, cells)                                         \
	do {                                                                   \
		int got_ = -1;                                                 \
		assert_int_equal(                                              \
		    text_cut((s), strlen(s), (w), &got_), (bytes));            \
		assert_int_equal(got_, (cells));                               \
	} while (0)

static void
test_text_cut__never_splits_a_cluster(void **state)
{
	const char *s = "a\u6f22e\u0301\U0001f44d\U0001f3fdz";
	int cells;

	(void)state;
	assert_cut(s, 0, 0, 0);
	assert_cut(s, 1, 1, 1);
	assert_cut(s, 2, 1, 1); /* the ideograph needs two */
	assert_cut(s, 3, 4, 3);
	assert_cut(s, 4, 7, 4);
	assert_cut(s, 5, 7, 4);
	assert_cut(s, 6, 15, 6);
	assert_cut(s, 99, 16, 7);
	assert_cut(s, -1, 0, 0);
	assert_int_equal(text_cut_left(s, strlen(s), 3, &cells), 7);
	assert_int_equal(cells, 3);
	assert_int_equal(text_cut_left(s, strlen(s), 2, &cells), 15);
	assert_int_equal(cells, 1);
	assert_int_equal(text_cut_left(s, strlen(s), 99, NULL), 0);
}

#define assert_elide(s, w, cap, want, cells)                                   \
	do {                                                                   \
		char out_[64];                                                 \
		int got_ = -1;                                                 \
		size_t n_ =                                                    \
		    text_elide(out_, (cap), (s), strlen(s), (w), &got_);       \
		assert_string_equal(out_, (want));                             \
		assert_int_equal(n_, strlen(want));                            \
		assert_int_equal(got_, (cells));                               \
	} while (0)

static void
test_text_elide__says_that_something_is_missing(void **state)
{
	(void)state;
	assert_elide("hello", 5, 64, "hello", 5);
	assert_elide("hello", 4, 64, "hel\u2026", 4);
	assert_elide("hello", 1, 64, "\u2026", 1);
	assert_elide("hello", 0, 64, "", 0);
	assert_elide("a\u6f22\u5b57", 3, 64, "a\u2026", 2);
	assert_elide("hello", 99, 5, "h\u2026", 2); /* few bytes */
	assert_elide("hello", 99, 3, "he", 2); /* no room for the dots */
	assert_elide("hello", 99, 1, "", 0);
	assert_elide("e\u0301e\u0301e\u0301", 2, 64, "e\u0301\u2026", 2);
	assert_elide("", 0, 64, "", 0);
}

/* ---- sanitising ---------------------------------------------------------- */

#define assert_clean(mode, in, want)                                           \
	do {                                                                   \
		const char in_[] = in;                                         \
		char out_[TEXT_SANITIZE_CAP(sizeof(in_))];                     \
		size_t n_ = text_sanitize(                                     \
		    out_, sizeof(out_), in_, sizeof(in_) - 1, (mode));         \
		assert_string_equal(out_, (want));                             \
		assert_int_equal(n_, strlen(want));                            \
		assert_true(text_is_clean(out_, n_, (mode)));                  \
		assert_int_equal(text_is_clean(in_, sizeof(in_) - 1, (mode)),  \
		    strcmp(in_, out_) == 0 && strlen(in_) == sizeof(in_) - 1); \
	} while (0)

static void
test_text_sanitize__controls_become_visible(void **state)
{
	(void)state;
	assert_clean(TEXT_LINE, "\033[31mred\033]0;x\a",
	    "\u241b[31mred\u241b]0;x\u2407");
	assert_clean(TEXT_LINE, "a\0b", "a\u2400b");
	assert_clean(TEXT_LINE, "a\177b\b", "a\u2421b\u2408");
	assert_clean(TEXT_LINE,
	    "\xc2\x9b"
	    "31m\xc2\x80\xc2\x9f",
	    "\ufffd31m\ufffd\ufffd");
	assert_clean(TEXT_LINE, "\x9b\x1b", "\ufffd\u241b"); /* raw C1 byte */
	assert_clean(TEXT_LINE, "\001\037", "\u2401\u241f");
	assert_clean(TEXT_MULTI, "\v\f\033", "\u240b\u240c\u241b");
	assert_clean(TEXT_LINE, "plain text", "plain text");
	assert_clean(TEXT_LINE, "", "");
}

static void
test_text_sanitize__line_ends_by_mode(void **state)
{
	(void)state;
	assert_clean(TEXT_LINE, "a\nb\r\nc\rd\te", "a b c d e");
	assert_clean(TEXT_LINE,
	    "a\xc2\x85"
	    "b\u2028c\u2029d",
	    "a b c d");
	assert_clean(TEXT_LINE_NL, "a\nb\r\nc", "a\u21b5b\u21b5c");
	assert_clean(TEXT_MULTI, "a\nb\r\nc\rd\te\n", "a\nb\nc\nd\te\n");
	assert_clean(TEXT_MULTI,
	    "a\xc2\x85"
	    "b\u2028c\u2029\r",
	    "a\nb\nc\n\n");
}

static void
test_text_sanitize__direction_and_invisible_characters_go(void **state)
{
	(void)state;
	assert_clean(TEXT_LINE, "annexe\u202egpj.exe", "annexegpj.exe");
	assert_clean(TEXT_LINE,
	    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e"
	    "\u200f\u061c+49",
	    "+49");
	assert_clean(TEXT_LINE,
	    "a\u200bb\u2060c\ufeff\u00ad\u180e\u2061\u206a\ufff9\u115f\u3164"
	    "\uffa0\U000e0001\U0001d173",
	    "abc");
	assert_clean(TEXT_LINE, "\u0634\u0644\u0627\u0645", /* RTL stays */
	    "\u0634\u0644\u0627\u0645");
	assert_clean(TEXT_LINE, "\ufdd0\uffff\U0001fffe", "\ufffd\ufffd\ufffd");
	assert_clean(
	    TEXT_LINE, "\xc3(\xed\xa0\x80", "\ufffd(\ufffd\ufffd\ufffd");
}

static void
test_text_sanitize__joiners_only_where_they_mean_something(void **state)
{
	(void)state;
	assert_clean(TEXT_LINE, "pay" ZWJ "pal\u200c!" ZWJ, "paypal!");
	assert_clean(TEXT_LINE, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647",
	    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647"); /* Persian */
	assert_clean(TEXT_LINE, "\u0915\u094d" ZWJ "\u0937",
	    "\u0915\u094d" ZWJ "\u0937");
	assert_clean(TEXT_LINE, "\U0001f62e" ZWJ ZWJ "\U0001f4a8",
	    "\U0001f62e" ZWJ "\U0001f4a8");
	assert_clean(TEXT_LINE, "\U0001f62e" ZWJ, "\U0001f62e");
	assert_clean(TEXT_LINE, "\u0645\u200c", "\u0645");
	assert_clean(TEXT_LINE, "e\u0301" ZWJ "x", "e\u0301x");
	assert_clean(TEXT_LINE,
	    "\U0001f468" ZWJ "\u2764\ufe0f" ZWJ "\U0001f469\U0001f3fd" ZWJ
	    "\U0001f466",
	    "\U0001f468" ZWJ "\u2764\ufe0f" ZWJ "\U0001f469\U0001f3fd" ZWJ
	    "\U0001f466");
	assert_clean(TEXT_LINE, "a\ufe0fb\ufe01*\ufe01", "ab*");
	assert_clean(TEXT_LINE, "1\ufe0f\u20e3\u2764\ufe0f\ufe0f",
	    "1\ufe0f\u20e3\u2764\ufe0f");
	assert_clean(TEXT_LINE, "a\U000e0067\U000e007f", "a");
	assert_clean(TEXT_LINE, "\U0001f3f4\U000e0067\U000e0062\U000e007f",
	    "\U0001f3f4\U000e0067\U000e0062\U000e007f");
	assert_clean(
	    TEXT_LINE, "\u0661\u0600", "\u0661"); /* nothing to number */
}

static void
test_text_sanitize__marks_need_a_base(void **state)
{
	(void)state;
	assert_clean(TEXT_LINE, "\u0301x", "\u25cc\u0301x");
	assert_clean(TEXT_MULTI, "a\n\u0301", "a\n\u25cc\u0301");
	assert_clean(TEXT_MULTI, "\t\u0488", "\t\u25cc\u0488");
	assert_clean(TEXT_LINE, "\ufe0f\u034fx", "x");
	assert_clean(TEXT_LINE, "\U0001f3fd", "\ufffd");
	assert_clean(TEXT_LINE, "a\U0001f3fd", "a\ufffd");
	assert_clean(
	    TEXT_LINE, "\u261d\ufe0f\U0001f3fd", "\u261d\ufe0f\U0001f3fd");
	assert_clean(TEXT_LINE, "\u1038", "\u1038");
	assert_clean(TEXT_LINE, "\u0e33", "\u0e33"); /* a letter, not a mark */
}

/* Repeats unit n times behind base and returns the code points that stay. */
static size_t
flood(const char *base, const char *unit, size_t n)
{
	char in[8192], out[TEXT_SANITIZE_CAP(8192)];
	size_t i, ulen = strlen(unit), len = strlen(base), points = 0;

	memcpy(in, base, len);
	for (i = 0; i < n; i++, len += ulen)
		memcpy(in + len, unit, ulen);
	in[len++] = 'z';
	len = text_sanitize(out, sizeof(out), in, len, TEXT_LINE);
	assert_int_equal(out[len - 1], 'z'); /* what follows is not eaten */
	assert_true(text_is_clean(out, len, TEXT_LINE));
	for (i = 0; i < len; i++)
		points += ((unsigned char)out[i] & 0xc0) != 0x80;
	return points - 1;
}

static void
test_text_sanitize__floods_of_marks_are_capped(void **state)
{
	(void)state;
	assert_int_equal(flood("a", "\u0301", 1000), 1 + TEXT_STACK_MAX);
	assert_int_equal(flood("a", "\u0331\u0301", 500), 1 + TEXT_STACK_MAX);
	assert_int_equal(flood("\u1000", "\u103d", 500), 1 + TEXT_MARKS_MAX);
	assert_int_equal(flood("", "\u0600", 500), TEXT_CLUSTER_MAX - 1);
	assert_int_equal(flood("", "\u1100", 500), TEXT_CLUSTER_MAX);
	/* an emoji in the middle carries marks of its own */
	assert_clean(TEXT_LINE,
	    "\u2764\u0301\u0301\u0301\u0301\ufe0f" ZWJ
	    "\u2764\u0301\u0301\u0301\u0301\u0301",
	    "\u2764\u0301\u0301\u0301\u0301\ufe0f" ZWJ
	    "\u2764\u0301\u0301\u0301\u0301");
	/* one cluster as long as it may be, the rest emoji of their own */
	assert_int_equal(flood("\U0001f469", ZWJ "\U0001f469", 39),
	    1 + 39 + 39 - 39 / (TEXT_CLUSTER_MAX / 2));
}

static void
test_text_sanitize__cuts_between_clusters(void **state)
{
	const char in[] = "ab\u0301\u6f22\U0001f62e" ZWJ "\U0001f4a8";
	char out[64];
	size_t cap, n, i, len = sizeof(in) - 1;

	(void)state;
	for (cap = 1; cap <= sizeof(out); cap++) {
		memset(out, '#', sizeof(out));
		n = text_sanitize(out, cap, in, len, TEXT_LINE);
		assert_true(n < cap);
		assert_int_equal(out[n], '\0');
		for (i = cap; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
		assert_true(text_is_clean(out, n, TEXT_LINE));
		assert_true(n == 0 || n == 1 || n == 4 || n == 7 || n == len);
		assert_true(n == len || cap <= len);
	}
}

#define assert_file(in, want)                                                  \
	do {                                                                   \
		char out_[40];                                                 \
		size_t n_ =                                                    \
		    text_filename(out_, sizeof(out_), (in), strlen(in));       \
		assert_string_equal(out_, (want));                             \
		assert_int_equal(n_, strlen(want));                            \
	} while (0)

static void
test_text_filename__is_a_harmless_name_in_this_folder(void **state)
{
	(void)state;
	assert_file("photo.jpg", "photo.jpg");
	assert_file("../../etc/passwd", "_.._etc_passwd");
	assert_file("/etc/passwd", "_etc_passwd");
	assert_file("..", "file");
	assert_file("", "file");
	assert_file("-rf", "rf");
	assert_file("file.123456789012345", "file.123456789012345");
	assert_file("-\u0301-\u0301a", "a");
	assert_file(".bashrc", "bashrc");
	assert_file("~", "file");
	assert_file("C:\\x\\y.txt. ", "C__x_y.txt");
	assert_file("a\033]0;b\a\n.txt", "a\u241b]0;b\u2407 .txt");
	assert_file("gpj\u202eexe.txt", "gpjexe.txt");
	assert_file("*\ufe0f?", "__");
	assert_file("\u0915\u094d" ZWJ ". ", "\u0915\u094d");
	assert_file("a.\u0600 ", "a");
	assert_file("a very long name that does not fit in here at all.tar",
	    "a very long name that does not fit .tar");
	assert_file("\U0001f468\U0001f3fd" ZWJ "\U0001f469\U0001f3fd" ZWJ
		    "\U0001f467\U0001f3fd" ZWJ
		    "\U0001f466\U0001f3fd.verylongtail",
	    "file");
}

static void
test_text_filename__keeps_the_end_of_endless_names(void **state)
{
	char in[3000], out[40];
	size_t n;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in + sizeof(in) - 5, "y.tar", 5);
	n = text_filename(out, sizeof(out), in, sizeof(in));
	assert_int_equal(n, 39);
	assert_string_equal(out + 34, "x.tar");
	memset(in, '.', sizeof(in) - 3);
	assert_int_equal(text_filename(out, sizeof(out), in, sizeof(in)), 3);
	assert_string_equal(out, "tar");
}

/* ---- lines --------------------------------------------------------------- */

/* Lines of s as "a|b|c" of what is drawn. */
static const char *
wrapped(const char *s, int width)
{
	static char out[512];
	struct text_wrap w;
	struct text_line l;
	size_t n = 0, lines = 0, next = 0, len = strlen(s);

	text_wrap_init(&w, s, len, width);
	while (text_wrap_next(&w, &l)) {
		assert_int_equal(l.start, next); /* no gap */
		assert_true(l.start + l.len <= l.next);
		assert_true(l.width <= width);
		assert_int_equal(text_width(s + l.start, l.len), l.width);
		if (lines++ > 0)
			out[n++] = '|';
		memcpy(out + n, s + l.start, l.len);
		n += l.len;
		next = l.next;
	}
	assert_int_equal(next, len);
	assert_int_equal(text_wrap_count(s, len, width), lines);
	out[n] = '\0';
	return out;
}

static void
test_text_wrap__at_blanks_then_inside_words(void **state)
{
	(void)state;
	assert_string_equal(wrapped("", 5), "");
	assert_string_equal(wrapped("hello", 5), "hello");
	assert_string_equal(wrapped("hello world", 5), "hello|world");
	assert_string_equal(wrapped("hello world", 8), "hello |world");
	assert_string_equal(wrapped("hello   world", 6), "hello |world");
	assert_string_equal(wrapped("a bc def", 4), "a bc|def");
	assert_string_equal(wrapped("abcdefghij", 4), "abcd|efgh|ij");
	assert_string_equal(wrapped("a abcdefghij", 4), "a |abcd|efgh|ij");
	assert_string_equal(wrapped("ab   ", 3), "ab ");
	assert_string_equal(wrapped("a\u00a0b c", 3), "a\u00a0b|c");
	assert_string_equal(wrapped("ab", -3 + 4), "a|b");
	assert_string_equal(wrapped("a\tb", 9), "a\tb");
	assert_string_equal(wrapped("a\tb", 8), "a\t|b");
	assert_string_equal(wrapped("a\tb", 4), "a|b");
}

static void
test_text_wrap__at_line_ends(void **state)
{
	(void)state;
	assert_string_equal(wrapped("a\nb", 5), "a|b");
	assert_string_equal(wrapped("a\n\nb\n", 5), "a||b|");
	assert_string_equal(wrapped("\n", 5), "|");
	assert_string_equal(wrapped("abc\nd", 3), "abc|d");
	assert_string_equal(wrapped("abc \nd", 3), "abc|d");
}

static void
test_text_wrap__ideographs_and_emoji(void **state)
{
	(void)state;
	assert_string_equal(
	    wrapped("\u6f22\u5b57\u6f22", 4), "\u6f22\u5b57|\u6f22");
	assert_string_equal(
	    wrapped("\u6f22\u5b57\u6f22", 5), "\u6f22\u5b57|\u6f22");
	/* a full stop does not begin a line, a bracket does not end one */
	assert_string_equal(
	    wrapped("\u6f22\u5b57\u3002", 4), "\u6f22|\u5b57\u3002");
	assert_string_equal(
	    wrapped("\u6f22\u300c\u5b57", 4), "\u6f22|\u300c\u5b57");
	assert_string_equal(wrapped("\u6f22ab", 3), "\u6f22|ab");
	assert_string_equal(wrapped("ab\u6f22", 3), "ab|\u6f22");
	/* Korean has blanks */
	assert_string_equal(
	    wrapped("\ud55c \uad6d\uc5b4", 5), "\ud55c |\uad6d\uc5b4");
	assert_string_equal(
	    wrapped("\U0001f44d\U0001f3fd\U0001f44d\U0001f3fd", 3),
	    "\U0001f44d\U0001f3fd|\U0001f44d\U0001f3fd");
	assert_string_equal(wrapped("a\u6f22b", 1), "a||b"); /* skipped */
	assert_string_equal(wrapped("\u6f22", 1), "");
}

static void
test_text_wrap__marks_the_hard_ends(void **state)
{
	struct text_wrap w;
	struct text_line l;

	(void)state;
	text_wrap_init(&w, "ab cd\ne", 7, 2);
	assert_true(text_wrap_next(&w, &l));
	assert_false(l.hard);
	assert_int_equal(l.next, 3);
	assert_true(text_wrap_next(&w, &l));
	assert_true(l.hard);
	assert_true(text_wrap_next(&w, &l));
	assert_true(l.hard);
	assert_false(text_wrap_next(&w, &l));
	assert_false(text_wrap_next(&w, &l));
}

/* ---- cursor -------------------------------------------------------------- */

#define FAMILY_IN_AB                                                           \
	"a\U0001f468" ZWJ "\U0001f469" ZWJ "\U0001f467" ZWJ "\U0001f466b"
#define SEVEN_FLAG_LETTERS                                                     \
	"\U0001f1ee\U0001f1ea\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7"         \
	"\U0001f1eb"

static void
test_text_prev__undoes_next(void **state)
{
	static const char *const v[] = {
	    "abc",
	    FAMILY_IN_AB,
	    SEVEN_FLAG_LETTERS,
	    "e\u0301\u0301x\r\ny\n\nz",
	    "\u1112\u1161\u11ab\u1100\u1161",
	    "\x80\xff\xe2\x82z\xf0\x9f\x98",
	    "\u0600\u0661\u0600x",
	    "\u0301\u0301a",
	    "1\ufe0f\u20e3",
	    "\u1100\uac00\uac01",
	};
	size_t i, len, at, next;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		len = strlen(v[i]);
		for (at = 0; at < len; at = next) {
			next = text_next(v[i], len, at);
			assert_true(next > at);
			assert_int_equal(text_prev(v[i], len, next), at);
			/* from inside a cluster to its start */
			if (next - at > 1)
				assert_int_equal(
				    text_prev(v[i], len, at + 1), at);
		}
		assert_int_equal(text_next(v[i], len, len), len);
		assert_int_equal(text_prev(v[i], len, 0), 0);
	}
}

static void
test_text_word__next_previous_and_blank(void **state)
{
	const char *s = "  don't stop, caf\u00e9 \u6f22!";
	size_t len = strlen(s);

	(void)state;
	assert_int_equal(text_word_next(s, len, 0), 5);
	assert_int_equal(text_word_next(s, len, 5), 7);
	assert_int_equal(text_word_next(s, len, 7), 12);
	assert_int_equal(text_word_next(s, len, 12), 19);
	assert_int_equal(text_word_next(s, len, 23), len);
	assert_int_equal(text_word_next(s, len, 99), len);
	assert_int_equal(text_word_prev(s, len, len), 20);
	assert_int_equal(text_word_prev(s, len, 20), 14);
	assert_int_equal(text_word_prev(s, len, 13), 8);
	assert_int_equal(text_word_prev(s, len, 8), 6);
	assert_int_equal(text_word_prev(s, len, 2), 0);
	assert_int_equal(text_blank_prev(s, len, 8), 2);
	assert_int_equal(text_blank_prev(s, len, len), 20);
	assert_int_equal(text_blank_prev(s, len, 2), 0);
	assert_int_equal(text_blank_prev("a\nb", 3, 3), 2);
}

/* A megabyte of the worst shapes in one go: quadratic code would not end. */
static void
test_text__long_text_is_linear(void **state)
{
	static char s[1 << 20], out[TEXT_SANITIZE_CAP(1 << 20)];
	static const char *const units[] = {"\u0301", "\u200b", "a", " ",
	    "\U0001f1ee", "\x80", "\u0600", "\u1100", "\u200d", "a\u200b"};
	size_t i, at, ulen;

	(void)state;
	for (i = 0; i < ARRAY_LEN(units); i++) {
		ulen = strlen(units[i]);
		for (at = 0; at + ulen <= sizeof(s); at += ulen)
			memcpy(s + at, units[i], ulen);
		memset(s + at, 'x', sizeof(s) - at);
		text_sanitize(out, sizeof(out), s, sizeof(s), TEXT_MULTI);
		assert_true(text_wrap_count(s, sizeof(s), 80) >= 1);
		assert_true(text_width(s, sizeof(s)) >= 0);
		assert_true(text_prev(s, sizeof(s), sizeof(s)) < sizeof(s));
		assert_int_equal(
		    text_word_next(s, sizeof(s), sizeof(s)), sizeof(s));
	}
}

static void
test_text_digits__as_people_type_a_code(void **state)
{
	static const struct {
		const char *in, *out;
		int r;
	} rows[] = {{"123456", "123456", 0}, {" 123-456\n", "123456", 0},
	    {"12.34\t56\r\n", "123456", 0}, {"", "", 0}, {"- ", "", 0},
	    {"12a456", NULL, ERR_FORMAT}, {"12\xd9\xa1", NULL, ERR_FORMAT},
	    {"1234567", NULL, ERR_RANGE}};
	char out[7];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(out, sizeof(out), "was");
		assert_int_equal(text_digits(out, sizeof(out), rows[i].in,
				     strlen(rows[i].in)),
		    rows[i].r);
		assert_string_equal(out, rows[i].r == 0 ? rows[i].out : "was");
	}
	assert_int_equal(
	    text_digits(out, sizeof(out), "1\0002", 3), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_text_width__what_a_grapheme_aware_terminal_draws),
	    cmocka_unit_test(test_text_width__tabs_go_to_the_next_stop),
	    cmocka_unit_test(test_text_grapheme__a_long_cluster_is_one),
	    cmocka_unit_test(test_text_codepoint__bad_bytes_go_one_by_one),
	    cmocka_unit_test(test_text_cut__never_splits_a_cluster),
	    cmocka_unit_test(test_text_elide__says_that_something_is_missing),
	    cmocka_unit_test(test_text_sanitize__controls_become_visible),
	    cmocka_unit_test(test_text_sanitize__line_ends_by_mode),
	    cmocka_unit_test(
		test_text_sanitize__direction_and_invisible_characters_go),
	    cmocka_unit_test(
		test_text_sanitize__joiners_only_where_they_mean_something),
	    cmocka_unit_test(test_text_sanitize__marks_need_a_base),
	    cmocka_unit_test(test_text_sanitize__floods_of_marks_are_capped),
	    cmocka_unit_test(test_text_sanitize__cuts_between_clusters),
	    cmocka_unit_test(
		test_text_filename__is_a_harmless_name_in_this_folder),
	    cmocka_unit_test(
		test_text_filename__keeps_the_end_of_endless_names),
	    cmocka_unit_test(test_text_wrap__at_blanks_then_inside_words),
	    cmocka_unit_test(test_text_wrap__at_line_ends),
	    cmocka_unit_test(test_text_digits__as_people_type_a_code),
	    cmocka_unit_test(test_text_wrap__ideographs_and_emoji),
	    cmocka_unit_test(test_text_wrap__marks_the_hard_ends),
	    cmocka_unit_test(test_text_prev__undoes_next),
	    cmocka_unit_test(test_text_word__next_previous_and_blank),
	    cmocka_unit_test(test_text__long_text_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
