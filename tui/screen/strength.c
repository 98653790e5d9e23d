/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base.h"
#include "common/text.h"
#include "common/text_fuzzy.h"
#include "tui/screen/strength.h"

#define WORD_BITS   12 /* a word out of 4096 */
#define COMMON_BITS 4 /* what a well-known part adds */

/* Parts everybody tries first; folded. */
static const char *const common[] = {"password", "passwort", "passw0rd",
    "qwertz", "qwerty", "azerty", "asdf", "letmein", "welcome", "iloveyou",
    "admin", "dragon", "monkey", "football", "baseball", "master", "shadow",
    "sunshine", "princess", "secret", "geheim", "hallo", "hello", "login",
    "abc123", "sotto", "messenger", "19", "20"};

/* Bits of a character by the kind of characters used, times ten. */
static unsigned
bits10(bool lower, bool upper, bool digit, bool other)
{
	unsigned pool = (lower ? 26u : 0) + (upper ? 26u : 0) +
			(digit ? 10u : 0) + (other ? 33u : 0);
	static const struct {
		unsigned pool, bits10;
	} rows[] = {{10, 33}, {26, 47}, {36, 51}, {52, 57}, {62, 59}, {95, 65}};
	size_t i;

	for (i = 0; i + 1 < ARRAY_LEN(rows); i++) {
		if (pool <= rows[i].pool)
			break;
	}
	return rows[i].bits10;
}

/* Characters that add something: not the same again, not the next in a row. */
static unsigned
telling(const char *s, size_t len, unsigned *bits10_each, unsigned *words)
{
	bool lower = false, upper = false, digit = false, other = false;
	uint32_t cp, prev = 0;
	unsigned n = 0;
	size_t i, used;
	bool in_word = false;

	*words = 0;
	for (i = 0; i < len; i += used, prev = cp) {
		used = text_codepoint(s + i, len - i, &cp);
		lower |= cp >= 'a' && cp <= 'z';
		upper |= cp >= 'A' && cp <= 'Z';
		digit |= cp >= '0' && cp <= '9';
		other |= cp > ' ' && !(cp >= 'a' && cp <= 'z') &&
			 !(cp >= 'A' && cp <= 'Z') && !(cp >= '0' && cp <= '9');
		*words += !in_word && cp > ' ';
		in_word = cp > ' ';
		if (cp != prev && cp != prev + 1 && cp + 1 != prev)
			n++;
	}
	*bits10_each = bits10(lower, upper, digit, other);
	return n;
}

unsigned
strength_bits(const char *s, size_t len)
{
	unsigned each, words, n = telling(s, len, &each, &words), bits;
	size_t i, at;

	for (i = 0; i < ARRAY_LEN(common); i++) {
		if (!text_fold_find(s, len, common[i], strlen(common[i]), &at))
			continue;
		n = n > strlen(common[i]) ? n - (unsigned)strlen(common[i]) : 0;
		n++;
	}
	bits = n * each / 10;
	if (words >= 3 && bits > words * WORD_BITS + COMMON_BITS)
		bits = words * WORD_BITS + COMMON_BITS;
	return bits;
}

enum strength
strength_of(const char *s, size_t len)
{
	unsigned bits = strength_bits(s, len);

	if (len == 0)
		return STRENGTH_NONE;
	if (bits < 36)
		return STRENGTH_WEAK;
	if (bits < 50)
		return STRENGTH_FAIR;
	return bits < 64 ? STRENGTH_GOOD : STRENGTH_STRONG;
}

const char *
strength_word(enum strength st)
{
	static const char *const words[] = {
	    "", "weak", "fair", "good", "strong"};

	return words[st];
}
