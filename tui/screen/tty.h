/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tty.h — the terminal: put into the state the screen needs, asked what it
 * can do, and given back as it was on every exit, a crash included.
 *
 * There is one terminal. Its queries are answered by KT_REPLY events; nothing
 * here waits for them.
 */
#ifndef TUI_SCREEN_TTY_H
#define TUI_SCREEN_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"
#include "tui/screen/keys.h"
#include "tui/screen/picture_caps.h"
#include "tui/screen/theme.h"

struct tty; /* heap, one at a time */

struct tty_caps {
	enum theme_depth depth;
	bool ascii; /* the font or the locale has only ASCII */
	bool light; /* dark text on light ground */
	bool sync; /* synchronized output, mode 2026 */
	bool clusters; /* measures grapheme clusters, mode 2027 */
	bool answered; /* every query has been answered */
	struct picture_caps pictures;
};

/* No terminal, or one that cannot move its cursor: a sentence that says what
 * to do (static storage). NULL: tty_open() may try. */
const char *tty_unusable(void);

/* Take the terminal of stdin and stdout and start ncurses on it. 0, ERR_SYS,
 * ERR_NOMEM. */
int tty_open(struct tty **t) MUST_USE;

/* Give it back. NULL is fine. */
void tty_close(struct tty *t);

/* The file descriptor to read keys from: its own, set non-blocking freely. */
int tty_fd(const struct tty *t);

/* What ncurses writes to: nothing else does. */
int tty_curses_fd(const struct tty *t);

const struct tty_caps *tty_caps(const struct tty *t);

/*
 * Ask what it knows of pictures, once; before the first is shown, not at the
 * start. False: it cannot be asked, and what caps say is all there is.
 */
bool tty_ask_pictures(struct tty *t);

/* An answer has come; true when the caps changed. */
bool tty_reply(struct tty *t, const struct key *reply);

/* Give the terminal to a child or the shell for a while, take it again. */
void tty_leave(struct tty *t);
void tty_enter(struct tty *t);

/* The window has another size: tell ncurses. */
void tty_resize(struct tty *t);

/* Wheel and clicks; text can then be marked with Shift held down. */
void tty_mouse(struct tty *t, bool on);

/* Written at once. Texts are cleaned of what could end the sequence. */
void tty_write(struct tty *t, const void *p, size_t len);
void tty_bell(struct tty *t);
void tty_notify(struct tty *t, const char *title, const char *body);
void tty_title(struct tty *t, const char *title);
void tty_copy(struct tty *t, const char *s, size_t len); /* clipboard */

#endif
