/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h — text as people see it: hostile text made harmless, grapheme
 * clusters, cells on a screen, cutting, wrapping, words.
 *
 * Text is bytes and a length in bytes, not NUL-terminated unless said;
 * offsets are bytes, widths are terminal cells. Nothing here allocates and
 * everything is linear in the text. All functions accept any bytes: a byte
 * that is not UTF-8 counts as one U+FFFD. Text from anyone else passes
 * text_sanitize() before it is drawn or logged.
 *
 * Source: UAX #29 (clusters), UAX #11 (East Asian width), UTS #51 (emoji),
 * the tables of utf8proc.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define TEXT_TAB	 8 /* cells between tab stops */
#define TEXT_CLUSTER_MAX 32 /* code points text_sanitize leaves in a cluster */
#define TEXT_STACK_MAX	 4 /* stacking accents (class >= 200) on one base */
#define TEXT_MARKS_MAX	 10 /* marks of any kind on one base */

/* Bytes text_sanitize() can need for len bytes of input, NUL included. */
#define TEXT_SANITIZE_CAP(len) (3 * (len) + 1)

enum text_mode {
	TEXT_LINE, /* one line: line ends and tabs become a space */
	TEXT_LINE_NL, /* one line: line ends become U+21B5, tabs a space */
	TEXT_MULTI, /* several lines: \n and \t stay; CRLF, CR, NEL, LS, PS
			become \n */
};

/*
 * Make text from anyone printable. The output is valid UTF-8 in which
 *   - C0 controls (ESC with them) and DEL are their visible pictures (␛),
 *     C1 controls, noncharacters and bad bytes U+FFFD;
 *   - bidi overrides, embeddings, isolates and marks, zero-width and other
 *     invisible format characters are gone; ZWJ and ZWNJ stay only where a
 *     script or an emoji needs them;
 *   - no cluster carries more marks than TEXT_STACK_MAX, TEXT_MARKS_MAX, and
 *     none can join with what is printed before or after the text.
 * Idempotent.
 *   out, cap  at most cap - 1 bytes and a NUL, cut between clusters when cap
 *             is too small (TEXT_SANITIZE_CAP(len) never is); cap >= 1; may
 *             not overlap s
 * Returns the length written, without the NUL.
 */
size_t text_sanitize(
    char *out, size_t cap, const char *s, size_t len, enum text_mode mode);

/* True when text_sanitize() would change nothing. */
bool text_is_clean(const char *s, size_t len, enum text_mode mode);

/*
 * A name for a file from what somebody else calls it: one clean line without
 * '/', '\\' and other separators, no leading dot or dash, never empty, "." or
 * "..", at most cap - 1 bytes (cap >= 32) with its extension kept.
 * Returns the length written, without the NUL.
 */
size_t text_filename(char *out, size_t cap, const char *s, size_t len);

/* True when the bytes are valid UTF-8 without NUL. */
bool text_is_utf8(const char *s, size_t len);

/*
 * The first code point. Returns its bytes (1..4), 0 when len is 0; a bad byte
 * is U+FFFD of one byte. cp may be NULL.
 */
size_t text_codepoint(const char *s, size_t len, uint32_t *cp);

/* Encode a scalar value, returns 1..4 bytes, 0 when it is none. */
size_t text_encode(char out[4], uint32_t cp);

/*
 * The first grapheme cluster.
 *   col    the column it starts in; only a tab cares
 *   width  out, cells: 0..2, a tab 1..TEXT_TAB; may be NULL
 * Returns its bytes; 0 when len is 0.
 */
size_t text_grapheme(const char *s, size_t len, int col, int *width);

/* Cells of the whole text, tabs counted from its start; at most INT_MAX.
 * Line ends and other controls count 0. */
int text_width(const char *s, size_t len);

/*
 * Bytes of the longest run of whole clusters from the start that fits into
 * width cells; *cells (may be NULL) is what they take.
 */
size_t text_cut(const char *s, size_t len, int width, int *cells);

/* Like text_cut(), from the end: the offset where the run that fits starts. */
size_t text_cut_left(const char *s, size_t len, int width, int *cells);

/*
 * Copy what fits into width cells; if something is left out the last cell is
 * an ellipsis (U+2026). Writes at most cap - 1 bytes and a NUL (cap >= 1).
 * Returns the length written; *cells (may be NULL) is what it takes.
 */
size_t text_elide(
    char *out, size_t cap, const char *s, size_t len, int width, int *cells);

/*
 * Wrapping: lines of at most width cells, in order.
 *	struct text_wrap w;
 *	struct text_line l;
 *
 *	text_wrap_init(&w, s, len, cols);
 *	while (text_wrap_next(&w, &l))
 *		draw(s + l.start, l.len);
 * Lines end at \n, after blanks, at ideographs (not before closing or after
 * opening punctuation), else inside a word between clusters. [start, next)
 * of the lines cover the text without a gap; [start, start + len) is what to
 * draw: without the \n and without blanks that hang over the edge. There is at
 * least one line; text that ends in \n has an empty last one. A cluster wider
 * than the whole line is skipped.
 */
struct text_wrap {
	const char *s; /* borrowed */
	size_t len;
	size_t pos;
	int width;
	bool done;
};

struct text_line {
	size_t start;
	size_t len;
	size_t next; /* where the following line starts */
	int width; /* cells of [start, start + len) */
	bool hard; /* ended by \n or by the end of the text */
};

/* width < 1 counts as 1. The text is borrowed until the last _next. */
void text_wrap_init(struct text_wrap *w, const char *s, size_t len, int width);
bool text_wrap_next(struct text_wrap *w, struct text_line *line);

/* Number of lines text_wrap_next() gives. */
size_t text_wrap_count(const char *s, size_t len, int width);

/*
 * Boundaries around pos (0..len), for a cursor. Each returns an offset that is
 * a cluster boundary; 0 and len at the ends.
 */
size_t text_next(const char *s, size_t len, size_t pos);
size_t text_prev(const char *s, size_t len, size_t pos);
/* The end of the next word, the start of the previous (letters and digits). */
size_t text_word_next(const char *s, size_t len, size_t pos);
size_t text_word_prev(const char *s, size_t len, size_t pos);
/* The start of the previous word, words being what blanks separate. */
size_t text_blank_prev(const char *s, size_t len, size_t pos);

/*
 * The digits of a code as people type or paste it: blanks, dashes and dots
 * between them are dropped.
 *   out   cap bytes, NUL-terminated; written on success only
 * Returns 0; ERR_FORMAT something else is in it; ERR_RANGE more digits than
 * cap - 1.
 */
int text_digits(char *out, size_t cap, const char *s, size_t n) MUST_USE;

#endif
