/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * code.h — the recovery code of a backup: 64 decimal digits, which a person
 * writes on paper. 62 are drawn at random (205 bits), the last two check them
 * (ISO/IEC 7064, MOD 97-10): a wrong or swapped digit is noticed at once.
 */
#ifndef COMMON_BACKUP_CODE_H
#define COMMON_BACKUP_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define BACKUP_CODE_DIGITS 64
#define BACKUP_CODE_SHOWN  (BACKUP_CODE_DIGITS + 15) /* groups of four */

/* Digits and a NUL. Wipe with sodium_memzero. */
struct backup_code {
	char digits[BACKUP_CODE_DIGITS + 1];
};

/* Where random bytes come from; never fails. */
struct backup_rng {
	void (*fill)(void *ctx, void *out, size_t n);
	void *ctx;
};

/* libsodium's generator (call sodium_init() first): what programs pass. */
extern const struct backup_rng backup_rng_system;

void backup_code_make(struct backup_code *c, const struct backup_rng *rng);

/* "1234 5678 ...": 16 groups, with a NUL. */
void backup_code_show(
    const struct backup_code *c, char out[static BACKUP_CODE_SHOWN + 1]);

/*
 * Read what a person typed or pasted: white space and dashes are skipped.
 * Returns 0; ERR_FORMAT something other than digits; ERR_RANGE too few or too
 * many; ERR_AUTH the check digits do not fit: a typing error. c is unchanged
 * on error. *n (may be NULL) is set to the number of digits that were there.
 */
int backup_code_read(
    struct backup_code *c, const char *text, size_t *n) MUST_USE;

#endif
