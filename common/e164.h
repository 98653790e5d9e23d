/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * e164.h — phone numbers: what people type becomes "+" and 7 to 15 digits.
 * Source: ITU-T E.164 and its list of assigned country codes.
 */
#ifndef COMMON_E164_H
#define COMMON_E164_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

#define E164_DIGITS_MAX 15
#define E164_CAP	(1 + E164_DIGITS_MAX + 1) /* '+', digits, NUL */
#define E164_INPUT_MAX	128 /* bytes looked at; longer input is refused */
#define E164_FORMAT_CAP 32 /* for e164_format() */
#define E164_MASK_CAP	16 /* for e164_mask() */

/* One row per reason to refuse: name, code, what the person is told. */
#define E164_REASONS(X)                                                        \
	X(OK, ERR_NONE, "")                                                    \
	X(EMPTY, ERR_FORMAT, "no phone number was given")                      \
	X(CHARS, ERR_FORMAT,                                                   \
	    "a phone number has digits, spaces, dashes, dots and brackets")    \
	X(LETTERS, ERR_FORMAT, "a phone number has no letters")                \
	X(PLUS, ERR_FORMAT, "a + may stand only in front")                     \
	X(BRACKETS, ERR_FORMAT, "the brackets do not match")                   \
	X(SHORT, ERR_RANGE, "too few digits for a number of that country")     \
	X(LONG, ERR_RANGE, "too many digits for a number of that country")     \
	X(COUNTRY, ERR_NOTFOUND, "no country has that code")                   \
	X(HOME, ERR_CONFIG,                                                    \
	    "start with + and the country code, for example +49 for Germany")  \
	X(SHAPE, ERR_FORMAT, "no number of that country starts like this")

enum e164_reason {
#define X(name, code, text) E164_##name,
	E164_REASONS(X)
#undef X
};

/*
 * Understand a phone number.
 *   out   "+491701234567", written on success only
 *   s     what was typed: +CC, 00CC (011CC where home is 1), tel: URIs,
 *         national form with or without the trunk 0; spaces, dashes, dots,
 *         slashes, brackets, "(0)", digits of other scripts
 *   home  country calling code for national numbers, for example 49; 0 none
 *   why   out, the reason; may be NULL; E164_OK on success
 * Returns 0; ERR_FORMAT, ERR_RANGE, ERR_NOTFOUND, ERR_CONFIG by the reason.
 */
int e164_parse(char out[static E164_CAP], const char *s, unsigned home,
    enum e164_reason *why) MUST_USE;

/* What the person is told; never NULL, static storage. */
const char *e164_reason_str(enum e164_reason why);

/* True for the canonical form e164_parse() writes, and nothing else. */
bool e164_valid(const char *s);

/* True when it is an assigned country calling code (1..999). */
bool e164_country_known(unsigned cc);

/* The country calling code of a canonical number, 0 when there is none; *name
 * (may be NULL) is the country in English, static storage. */
unsigned e164_country(const char *e164, const char **name);

/* For people: "+49 170 1234567". Anything that is not canonical is copied as
 * text_sanitize() leaves it. Returns out. */
const char *e164_format(char out[static E164_FORMAT_CAP], const char *e164);

/* For logs: "+49…67", "?" when it is not canonical. Returns out. */
const char *e164_mask(char out[static E164_MASK_CAP], const char *e164);

#endif
