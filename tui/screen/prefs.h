/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prefs.h — the screen's own settings, kept in screen.conf of the profile's
 * config folder. No I/O: text in, text out.
 */
#ifndef TUI_SCREEN_PREFS_H
#define TUI_SCREEN_PREFS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

enum notify_level {
	NOTIFY_NONE, /* nothing at all */
	NOTIFY_BELL, /* the terminal's bell */
	NOTIFY_PRIVATE, /* "New message", no name and no text */
	NOTIFY_SENDER, /* who, not what */
	NOTIFY_FULL, /* who and what */
};

enum theme_choice { THEME_AUTO, THEME_DARK, THEME_LIGHT, THEME_MONO };

struct prefs {
	int notify; /* enum notify_level */
	int theme; /* enum theme_choice */
	int pictures; /* enum picture_mode */
	bool mouse;
	bool notify_mentions; /* of muted groups, too */
};

/* The words of the choices, NULL-terminated. */
extern const char *const prefs_notify_words[], *const prefs_theme_words[],
						   *const prefs_picture_words[];

void prefs_defaults(struct prefs *p);

/* 0; ERR_CONFIG with a sentence in why (p unchanged); ERR_NOMEM. */
int prefs_parse(struct prefs *p, const char *name, const char *text, size_t len,
    char *why, size_t cap) MUST_USE;

/* The file; 0, ERR_FULL, ERR_NOMEM. */
int prefs_write(const struct prefs *p, struct buf *out) MUST_USE;

#endif
