/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * theme.h — what things look like: one row per style, for no colour at all,
 * 16 colours and 256 or more, on dark and on light ground; and the few signs
 * beyond ASCII, with what stands for them where the font has none.
 *
 * Colour never carries meaning alone: what a style says is also said by a
 * sign, a word or a place.
 */
#ifndef TUI_SCREEN_THEME_H
#define TUI_SCREEN_THEME_H

#include <stdbool.h>
#include <stdint.h>

/* Attributes, independent of ncurses. */
enum { TA_BOLD = 1, TA_DIM = 2, TA_UNDER = 4, TA_REVERSE = 8, TA_ITALIC = 16 };

#define DEF (-1) /* the terminal's own colour */

/*
 * style, attributes without colour,
 * 16 colours: dark fg, bg, light fg, bg, attributes,
 * 256 and true: dark fg, bg, light fg, bg, attributes
 */
#define STYLES(X)                                                              \
	X(TEXT, 0, DEF, DEF, DEF, DEF, 0, DEF, DEF, DEF, DEF, 0)               \
	X(DIM, TA_DIM, DEF, DEF, DEF, DEF, TA_DIM, 0x949494, DEF, 0x6c6c6c,    \
	    DEF, 0)                                                            \
	X(STRONG, TA_BOLD, DEF, DEF, DEF, DEF, TA_BOLD, DEF, DEF, DEF, DEF,    \
	    TA_BOLD)                                                           \
	X(HEADER, TA_REVERSE, 7, 4, 7, 4, 0, 0xdadada, 0x303030, 0x1c1c1c,     \
	    0xdadada, 0)                                                       \
	X(HEADER_STRONG, TA_REVERSE | TA_BOLD, 7, 4, 7, 4, TA_BOLD, 0xffffff,  \
	    0x303030, 0x000000, 0xdadada, TA_BOLD)                             \
	X(HEADER_DIM, TA_REVERSE, 7, 4, 7, 4, 0, 0xa8a8a8, 0x303030, 0x585858, \
	    0xdadada, 0)                                                       \
	X(HEADER_GOOD, TA_REVERSE | TA_BOLD, 2, 4, 7, 4, TA_BOLD, 0x87d787,    \
	    0x303030, 0x005f00, 0xdadada, TA_BOLD)                             \
	X(HEADER_WARN, TA_REVERSE | TA_BOLD, 3, 4, 7, 4, TA_BOLD, 0xffd75f,    \
	    0x303030, 0x870000, 0xdadada, TA_BOLD)                             \
	X(BAR, 0, DEF, DEF, DEF, DEF, 0, 0xa8a8a8, 0x262626, 0x585858,         \
	    0xe4e4e4, 0)                                                       \
	X(BAR_KEY, TA_BOLD, DEF, DEF, DEF, DEF, TA_BOLD, 0xffffff, 0x262626,   \
	    0x000000, 0xe4e4e4, TA_BOLD)                                       \
	X(BAR_GOOD, 0, 2, DEF, 2, DEF, 0, 0x87d787, 0x262626, 0x005f00,        \
	    0xe4e4e4, 0)                                                       \
	X(BAR_WARN, TA_BOLD, 3, DEF, 1, DEF, TA_BOLD, 0xffd75f, 0x262626,      \
	    0x870000, 0xe4e4e4, TA_BOLD)                                       \
	X(LIST_OPEN, TA_REVERSE, 7, 4, 7, 4, 0, 0xeeeeee, 0x3a3a3a, 0x000000,  \
	    0xd0d0d0, 0)                                                       \
	X(LIST_OPEN_DIM, TA_REVERSE, 7, 4, 7, 4, 0, 0xb2b2b2, 0x3a3a3a,        \
	    0x4e4e4e, 0xd0d0d0, 0)                                             \
	X(LIST_MARK, TA_REVERSE | TA_BOLD, 0, 6, 7, 4, TA_BOLD, 0x000000,      \
	    0x87afd7, 0xffffff, 0x005f87, 0)                                   \
	X(LIST_MARK_DIM, TA_REVERSE, 0, 6, 7, 4, 0, 0x262626, 0x87afd7,        \
	    0xe4e4e4, 0x005f87, 0)                                             \
	X(UNREAD, TA_REVERSE | TA_BOLD, 0, 2, 7, 2, TA_BOLD, 0x000000,         \
	    0x87d787, 0xffffff, 0x005f00, TA_BOLD)                             \
	X(TYPING, TA_BOLD, 2, DEF, 2, DEF, 0, 0x87d787, DEF, 0x005f00, DEF,    \
	    TA_ITALIC)                                                         \
	X(DRAFT, TA_UNDER, 3, DEF, 1, DEF, 0, 0xd7af5f, DEF, 0x875f00, DEF, 0) \
	X(THEIRS, 0, DEF, DEF, DEF, DEF, 0, DEF, DEF, DEF, DEF, 0)             \
	X(OWN, 0, 6, DEF, 4, DEF, 0, 0xe4e4e4, 0x2b3a42, 0x1c1c1c, 0xd7f5d7,   \
	    0)                                                                 \
	X(OWN_META, TA_DIM, DEF, DEF, DEF, DEF, TA_DIM, 0xa8a8a8, 0x2b3a42,    \
	    0x585858, 0xd7f5d7, 0)                                             \
	X(OWN_READ, TA_BOLD, 6, DEF, 4, DEF, TA_BOLD, 0x5fd7ff, 0x2b3a42,      \
	    0x005faf, 0xd7f5d7, TA_BOLD)                                       \
	X(OWN_FAILED, TA_BOLD | TA_UNDER, 1, DEF, 1, DEF, TA_BOLD, 0xff8787,   \
	    0x2b3a42, 0xaf0000, 0xd7f5d7, TA_BOLD)                             \
	X(READ, TA_BOLD, 6, DEF, 4, DEF, TA_BOLD, 0x5fd7ff, DEF, 0x005faf,     \
	    DEF, TA_BOLD)                                                      \
	X(DATE, TA_BOLD, DEF, DEF, DEF, DEF, 0, 0x949494, DEF, 0x6c6c6c, DEF,  \
	    0)                                                                 \
	X(MARKER, TA_BOLD, 2, DEF, 2, DEF, TA_BOLD, 0x87d787, DEF, 0x005f00,   \
	    DEF, TA_BOLD)                                                      \
	X(NOTE, TA_DIM, 3, DEF, 5, DEF, 0, 0xd7af87, DEF, 0x875f00, DEF, 0)    \
	X(GOOD, TA_BOLD, 2, DEF, 2, DEF, 0, 0x87d787, DEF, 0x005f00, DEF, 0)   \
	X(WARN, TA_BOLD, 3, DEF, 1, DEF, TA_BOLD, 0xffd75f, DEF, 0x870000,     \
	    DEF, TA_BOLD)                                                      \
	X(ERROR, TA_BOLD | TA_UNDER, 1, DEF, 1, DEF, TA_BOLD, 0xff8787, DEF,   \
	    0xaf0000, DEF, TA_BOLD)                                            \
	X(MATCH, TA_UNDER | TA_BOLD, 0, 3, 0, 3, 0, 0x000000, 0xffd75f,        \
	    0x000000, 0xffd75f, 0)                                             \
	X(FIELD, TA_UNDER, DEF, DEF, DEF, DEF, TA_UNDER, 0xdadada, 0x303030,   \
	    0x1c1c1c, 0xe4e4e4, 0)                                             \
	X(FIELD_FOCUS, TA_UNDER | TA_BOLD, 7, 4, 7, 4, TA_BOLD, 0xffffff,      \
	    0x4e4e4e, 0x000000, 0xffffd7, 0)                                   \
	X(HINT, TA_DIM, DEF, DEF, DEF, DEF, TA_DIM, 0x949494, DEF, 0x6c6c6c,   \
	    DEF, TA_ITALIC)                                                    \
	X(FRAME, 0, DEF, DEF, DEF, DEF, 0, 0x767676, DEF, 0x949494, DEF, 0)    \
	X(BOX, 0, DEF, DEF, DEF, DEF, 0, DEF, DEF, DEF, DEF, 0)                \
	X(TITLE, TA_BOLD, 6, DEF, 4, DEF, TA_BOLD, 0x87afd7, DEF, 0x005f87,    \
	    DEF, TA_BOLD)                                                      \
	X(COMPOSER, 0, DEF, DEF, DEF, DEF, 0, DEF, DEF, DEF, DEF, 0)           \
	X(QR, 0, 7, 0, 7, 0, 0, 0xffffff, 0x000000, 0xffffff, 0x000000, 0)     \
	X(WHO_1, TA_BOLD, 6, DEF, 4, DEF, TA_BOLD, 0x5fafd7, DEF, 0x005f87,    \
	    DEF, TA_BOLD)                                                      \
	X(WHO_2, TA_BOLD, 2, DEF, 2, DEF, TA_BOLD, 0x87af5f, DEF, 0x5f5f00,    \
	    DEF, TA_BOLD)                                                      \
	X(WHO_3, TA_BOLD, 3, DEF, 1, DEF, TA_BOLD, 0xd7af5f, DEF, 0x875f00,    \
	    DEF, TA_BOLD)                                                      \
	X(WHO_4, TA_BOLD, 5, DEF, 5, DEF, TA_BOLD, 0xd787af, DEF, 0x870087,    \
	    DEF, TA_BOLD)                                                      \
	X(WHO_5, TA_BOLD, 6, DEF, 4, DEF, TA_BOLD, 0xaf87ff, DEF, 0x5f00af,    \
	    DEF, TA_BOLD)                                                      \
	X(WHO_6, TA_BOLD, 1, DEF, 1, DEF, TA_BOLD, 0xff875f, DEF, 0xaf5f00,    \
	    DEF, TA_BOLD)                                                      \
	X(PROMPT, TA_BOLD, 6, DEF, 4, DEF, TA_BOLD, 0x87afd7, DEF, 0x005f87,   \
	    DEF, TA_BOLD)

enum style {
#define X(name, ...) ST_##name,
	STYLES(X)
#undef X
};
#define ST_COUNT (ST_PROMPT + 1)

/* sign, text, where the font has only ASCII */
#define SIGNS(X)                                                               \
	X(PENDING, "\xe2\x97\xb7", "o") /* a clock */                          \
	X(SENT, "\xe2\x9c\x93", "v")                                           \
	X(DELIVERED, "\xe2\x9c\x93\xe2\x9c\x93", "vv")                         \
	X(READ, "\xe2\x9c\x93\xe2\x9c\x93\xe2\x97\x89", "vv*")                 \
	X(FAILED, "\xe2\x9c\x97", "x")                                         \
	X(LOCK, "\xf0\x9f\x94\x92", "#")                                       \
	X(LOCK_OPEN, "\xf0\x9f\x94\x93", "!")                                  \
	X(VERIFIED, "\xe2\x9c\x93", "v")                                       \
	X(CHANGED, "!", "!")                                                   \
	X(ONLINE, "\xe2\x97\x8f", "*")                                         \
	X(CONNECTING, "\xe2\x97\x8c", "~")                                     \
	X(OFFLINE, "\xe2\x97\x8b", "o")                                        \
	X(HLINE, "\xe2\x94\x80", "-")                                          \
	X(VLINE, "\xe2\x94\x82", "|")                                          \
	X(CORNER_TL, "\xe2\x94\x8c", "+")                                      \
	X(CORNER_TR, "\xe2\x94\x90", "+")                                      \
	X(CORNER_BL, "\xe2\x94\x94", "+")                                      \
	X(CORNER_BR, "\xe2\x94\x98", "+")                                      \
	X(MARK, "\xe2\x96\xb8", ">") /* the marked entry of a list */          \
	X(PROMPT, "\xe2\x80\xba", ">")                                         \
	X(UP, "\xe2\x86\x91", "^")                                             \
	X(DOWN, "\xe2\x86\x93", "v")                                           \
	X(ELLIPSIS, "\xe2\x80\xa6", "<")                                       \
	X(DOT, "\xc2\xb7", "-")                                                \
	X(SECRET, "\xe2\x80\xa2", "*")                                         \
	X(FULL, "\xe2\x96\x88", "#")                                           \
	X(EMPTY, "\xe2\x96\x91", ".")                                          \
	X(QUOTE, "\xe2\x96\x8f", "|")                                          \
	X(FORWARDED, "\xe2\x86\xaa", ">")                                      \
	X(EDITED, "\xe2\x9c\x8e", "e")                                         \
	X(STAR, "\xe2\x98\x85", "*")                                           \
	X(TIMER, "\xe2\x97\x94", "t")                                          \
	X(PICKED, "+", "+")                                                    \
	X(PINNED, "\xf0\x9f\x93\x8c", "^")                                     \
	X(MUTED, "\xf0\x9f\x94\x95", "m")                                      \
	X(FOLDED, "+", "+")                                                    \
	X(UNFOLDED, "-", "-")                                                  \
	X(GROUP, "&", "&")                                                     \
	X(REPLY, "\xe2\x86\xb3", ">")

enum sign {
#define X(name, utf8, ascii) SIGN_##name,
	SIGNS(X)
#undef X
};
#define SIGN_COUNT (SIGN_REPLY + 1)

enum theme_depth { DEPTH_MONO, DEPTH_16, DEPTH_256, DEPTH_RGB };

struct theme_look {
	unsigned attrs; /* TA_* */
	int fg, bg; /* colour numbers for ncurses, -1 default */
};

struct theme {
	enum theme_depth depth;
	bool light;
	bool ascii;
	struct theme_look look[ST_COUNT];
};

void theme_set(struct theme *t, enum theme_depth depth, bool light, bool ascii);

/* NUL-terminated, static storage. */
const char *theme_sign(const struct theme *t, enum sign sign);

/* The nearest of the 256 colours of xterm (16..255) to 0xRRGGBB. */
int theme_nearest(int rgb);

/* True for a background (0..255 each) on which dark text reads better. */
bool theme_is_light(int red, int green, int blue);

#endif
