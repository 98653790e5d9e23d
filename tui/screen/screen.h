/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.h — the full-screen client: terminal, event loop and views around one
 * engine. Runs until the person quits. docs/tui.md.
 */
#ifndef TUI_SCREEN_SCREEN_H
#define TUI_SCREEN_SCREEN_H

#include "common/base.h"

struct screen_opts {
	const char *profile; /* NULL: the default one */
	/* How to unlock without asking; at most one is set. */
	const char *passphrase_command; /* its first line is the passphrase */
	const char *key_file;
	const char *country; /* home country calling code, "49"; may be NULL */
	const char *proxy; /* libcurl proxy URL; may be NULL */
};

/*
 * Show the client on the terminal of stdin and stdout. opts may be NULL.
 * Trouble before the first picture (no terminal, profile in use) goes to
 * stderr as one sentence. Returns the program's exit status.
 */
int screen_run(const struct screen_opts *opts) MUST_USE;

#endif
