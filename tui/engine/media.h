/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media.h — files inside messages: prepared, sealed, carried, kept and opened.
 * docs/media.md §4. */
#ifndef TUI_ENGINE_MEDIA_H
#define TUI_ENGINE_MEDIA_H

#define MEDIA_CARD_MAX 200 /* bytes of a card's name, number */
#define MEDIA_LAT_MAX  900000000 /* 90 degrees */
#define MEDIA_LON_MAX  1800000000

/* Of engine_files, in a command. */
enum files_flags {
	FILES_ORIGINAL = 1,
	FILES_AS_FILES = 2,
	FILES_VOICE = 4,
	FILES_ONCE = 8,
	FILES_DISCARD = 16,
};

#endif
