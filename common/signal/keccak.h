/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keccak.h — internal: SHA-3 and SHAKE (FIPS 202), with as many squeezes as a
 * caller likes, which OpenSSL 3.0 does not have. Constant time in its input.
 */
#ifndef COMMON_SIGNAL_KECCAK_H
#define COMMON_SIGNAL_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#define SHAKE128_RATE 168
#define SHAKE256_RATE 136
#define SHA3_256_RATE 136
#define SHA3_512_RATE 72
#define KECCAK_XOF    0x1f /* domain bytes */
#define KECCAK_SHA3   0x06

/* Iota's constants. */
extern const uint64_t keccak_round[24];

struct keccak {
	uint64_t lane[25];
	unsigned rate; /* bytes */
	unsigned at; /* in the rate */
};

void keccak_init(struct keccak *st, unsigned rate);
void keccak_absorb(struct keccak *st, const uint8_t *p, size_t len);
/* Once, between the last absorb and the first squeeze. */
void keccak_finish(struct keccak *st, uint8_t domain);
void keccak_squeeze(struct keccak *st, uint8_t *out, size_t len);

/* One or two inputs at once; b may be NULL with blen 0. */
void sha3_256(uint8_t out[static 32], const uint8_t *a, size_t alen);
void sha3_512(uint8_t out[static 64], const uint8_t *a, size_t alen,
    const uint8_t *b, size_t blen);
void shake256(uint8_t *out, size_t len, const uint8_t *a, size_t alen,
    const uint8_t *b, size_t blen);

#endif
