/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h — the bytes a terminal sends become key presses, pastes, mouse and
 * focus events, and answers to our queries. Sans-I/O: how the bytes are split
 * over calls makes no difference; only keys_timeout() knows of time.
 *
 * Understood: UTF-8, C0, ESC prefix for Alt, CSI and SS3 function keys of
 * xterm, rxvt, linux, tmux and kitty, CSI-u, modifyOtherKeys, bracketed paste,
 * mouse 1006 and X10, focus 1004, DA1, DECRPM, OSC 10/11, kitty flags, and what
 * terminals say about pictures.
 * Sources: ECMA-48; XTerm Control Sequences; the kitty keyboard protocol.
 */
#ifndef TUI_SCREEN_KEYS_H
#define TUI_SCREEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define KEYS_PASTE_MAX (1024 * 1024) /* bytes kept of one paste */
#define KEYS_SEQ_MAX   64 /* bytes of an escape sequence looked at */
#define KEYS_NAME_CAP  32 /* for key_format() */

/* Keys that are no character: name, how it is written. */
#define KEY_NAMES(X)                                                           \
	X(ESC, "Esc")                                                          \
	X(ENTER, "Enter")                                                      \
	X(TAB, "Tab")                                                          \
	X(BACKSPACE, "Backspace")                                              \
	X(UP, "Up")                                                            \
	X(DOWN, "Down")                                                        \
	X(LEFT, "Left")                                                        \
	X(RIGHT, "Right")                                                      \
	X(HOME, "Home")                                                        \
	X(END, "End")                                                          \
	X(PGUP, "PgUp")                                                        \
	X(PGDN, "PgDn")                                                        \
	X(INSERT, "Insert")                                                    \
	X(DELETE, "Delete")                                                    \
	X(F1, "F1")                                                            \
	X(F2, "F2")                                                            \
	X(F3, "F3")                                                            \
	X(F4, "F4")                                                            \
	X(F5, "F5")                                                            \
	X(F6, "F6")                                                            \
	X(F7, "F7")                                                            \
	X(F8, "F8")                                                            \
	X(F9, "F9")                                                            \
	X(F10, "F10")                                                          \
	X(F11, "F11")                                                          \
	X(F12, "F12")

enum key_name {
	K_NAMED = 0x110000, /* smaller codes are characters */
#define X(name, text) K_##name,
	KEY_NAMES(X)
#undef X
};

enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4, MOD_SUPER = 8 };

enum key_type {
	KT_PRESS, /* code, mods */
	KT_PASTE, /* text, len, cut */
	KT_MOUSE, /* mouse, mods, x, y */
	KT_FOCUS, /* on */
	KT_REPLY, /* reply, arg, text */
};

enum mouse_kind { MOUSE_LEFT, MOUSE_OTHER, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

enum reply_kind {
	REPLY_DA1, /* primary device attributes: every terminal answers;
			arg[0] 1: it knows sixels */
	REPLY_MODE, /* arg[0] the DEC mode, arg[1] its state (0: unknown) */
	REPLY_KITTY, /* arg[0] keyboard flags */
	REPLY_BACKGROUND, /* arg[0..2] red, green, blue, 0..255 */
	REPLY_CELL, /* arg[0] height, arg[1] width of a cell in pixels */
	REPLY_NAME, /* arg[0] enum reply_name */
	REPLY_GRAPHICS, /* kitty's graphics; arg[0] 1: it can */
	REPLY_ITERM, /* it knows iTerm2's questions, and so its pictures */
};

/* What XTVERSION says, as far as it matters. */
enum reply_name {
	NAME_OTHER,
	NAME_TMUX, /* a terminal in another one */
	NAME_PLACEHOLDERS, /* kitty 0.28, Ghostty: pictures as characters */
};

/*
 * One event. Characters: code is the character as typed ('A' has no SHIFT);
 * with MOD_CTRL letters are lower case and 0x00..0x1f never appear. Enter, Tab,
 * Esc and Backspace are names, whichever byte the terminal used.
 */
struct key {
	enum key_type type;
	uint32_t code; /* character or enum key_name */
	unsigned mods;
	enum mouse_kind mouse;
	int x, y; /* cells from 0 */
	bool on;
	enum reply_kind reply;
	int arg[3];
	/* A paste: line ends are \n, otherwise as it came (not sanitised, maybe
	 * not UTF-8). Borrowed until the next keys_ call. */
	const char *text;
	size_t len;
	bool cut; /* longer than KEYS_PASTE_MAX: the rest is gone */
};

struct keys {
	int state;
	bool alt; /* ESC came before what is being read */
	uint8_t seq[KEYS_SEQ_MAX];
	size_t n; /* bytes in seq */
	struct buf paste;
	bool paste_cut, paste_cr, paste_done;
	size_t paste_match; /* bytes of the end mark seen */
	struct key out[3]; /* ready events, oldest first */
	unsigned nout;
};

void keys_init(struct keys *k);
void keys_clear(struct keys *k); /* wipes; usable again */

/*
 * Take bytes until at least one event is ready. Returns how many were taken
 * (> 0 unless n is 0 or events wait). Fetch events with keys_next(), then go on
 * with the rest.
 */
size_t keys_feed(struct keys *k, const uint8_t *p, size_t n);

/* The oldest ready event; false when there is none. */
bool keys_next(struct keys *k, struct key *ev);

/*
 * Milliseconds after which what has been read so far stands for itself (a
 * lone ESC, an unfinished paste); 0 when nothing is half read.
 */
unsigned keys_wait_ms(const struct keys *k);

/* That time has passed without another byte. Events may become ready. */
void keys_timeout(struct keys *k);

/* "Ctrl-N", "Alt-Down", "a", "Space", "Shift-Enter". Returns out. */
const char *key_format(
    char out[static KEYS_NAME_CAP], uint32_t code, unsigned mods);

/* The opposite, of n bytes; false when it is no key. */
bool key_parse(const char *s, size_t n, uint32_t *code, unsigned *mods);

#endif
