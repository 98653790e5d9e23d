/* SPDX-License-Identifier: GPL-3.0-or-later */
/* priv.h — what the files of this folder share. */
#ifndef COMMON_STUN_PRIV_H
#define COMMON_STUN_PRIV_H

#include <string.h>

#include "common/stun/stun.h"

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline size_t
padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* 0x5354554e XOR the CRC-32 of RFC 8489 §14.7, over the bytes as they are. */
uint32_t stun_crc(const uint8_t *p, size_t len);

/* HMAC over p[0..len), with `field` in place of the header's length. */
void stun_hmac_sha1(uint8_t out[static STUN_SHA1_LEN], const uint8_t *key,
    size_t key_len, const uint8_t *p, size_t len, size_t field);
void stun_hmac_sha256(uint8_t out[static STUN_SHA256_LEN], const uint8_t *key,
    size_t key_len, const uint8_t *p, size_t len, size_t field);
/* The same over any bytes. */
void stun_hmac_sha1_plain(uint8_t out[static STUN_SHA1_LEN], const void *key,
    size_t key_len, const void *p, size_t len);

#endif
