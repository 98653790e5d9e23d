/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fe.h — internal: numbers modulo 2^255 - 19, as far as the two forms of a
 * curve point need them; libsodium has them but does not show them.
 * docs/crypto.md §3. Constant time; no allocation, no failure.
 */
#ifndef COMMON_SIGNAL_FE_H
#define COMMON_SIGNAL_FE_H

#include <stdint.h>

#define FE_LEN 32

/* Five limbs of 51 bits, and up to two bits more between operations. */
struct fe {
	uint64_t v[5];
};

/* Little-endian; the top bit is left out, a number of p or more is reduced. */
void fe_get(struct fe *out, const uint8_t b[static FE_LEN]);

/* The one encoding below p. */
void fe_put(uint8_t out[static FE_LEN], const struct fe *a);

/* out may be an operand. Operands are results of the functions here, of sums
 * and differences one at most. */
void fe_add(struct fe *out, const struct fe *a, const struct fe *b);
void fe_sub(struct fe *out, const struct fe *a, const struct fe *b);
void fe_mul(struct fe *out, const struct fe *a, const struct fe *b);

/* 1 / a, and 0 of 0: a^(p - 2). */
void fe_invert(struct fe *out, const struct fe *a);

#endif
