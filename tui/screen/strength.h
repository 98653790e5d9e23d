/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strength.h — how hard a passphrase is to guess, roughly and unflattering. */
#ifndef TUI_SCREEN_STRENGTH_H
#define TUI_SCREEN_STRENGTH_H

#include <stddef.h>

#define STRENGTH_MIN_CHARS 6 /* shorter ones are refused */

enum strength {
	STRENGTH_NONE,
	STRENGTH_WEAK,
	STRENGTH_FAIR,
	STRENGTH_GOOD,
	STRENGTH_STRONG
};

/* Estimated bits; repetition, runs like "abc" and what everybody uses count
 * little, words at most STRENGTH_WORD_BITS each. */
unsigned strength_bits(const char *s, size_t len);
enum strength strength_of(const char *s, size_t len);
const char *strength_word(enum strength st); /* "weak"; "" for none */

#endif
