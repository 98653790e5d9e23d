/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * erasure.h — internal: a message as any number of chunks of which any n give
 * it back. docs/crypto.md §11.3.
 *
 * Sixteen columns of symbols of GF(2^16), big-endian; a column is a polynomial
 * of degree n - 1 whose values at 0..n-1 are the message, and chunk x is the
 * value of each at x. Not constant time: what is sent in chunks is public.
 */
#ifndef COMMON_SIGNAL_ERASURE_H
#define COMMON_SIGNAL_ERASURE_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_LEN    32
#define CHUNKS_MAX   36 /* a message's longest, in chunks */
#define ERASURE_POLY 0x1100b /* of the field */

struct chunk {
	uint16_t x;
	uint8_t b[CHUNK_LEN];
};

/* Product in the field. */
uint16_t erasure_mul(uint16_t a, uint16_t b);

/* Chunk x of a message of n chunks (1..CHUNKS_MAX); it is n * 32 bytes. */
void erasure_encode(
    uint8_t out[static CHUNK_LEN], const uint8_t *msg, size_t n, uint16_t x);

/* The message from n chunks with different x. */
void erasure_decode(uint8_t *msg, const struct chunk *c, size_t n);

#endif
