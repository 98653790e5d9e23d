/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/keccak.h"

const uint64_t keccak_round[24] = {
    0x0000000000000001,
    0x0000000000008082,
    0x800000000000808a,
    0x8000000080008000,
    0x000000000000808b,
    0x0000000080000001,
    0x8000000080008081,
    0x8000000000008009,
    0x000000000000008a,
    0x0000000000000088,
    0x0000000080008009,
    0x000000008000000a,
    0x000000008000808b,
    0x800000000000008b,
    0x8000000000008089,
    0x8000000000008003,
    0x8000000000008002,
    0x8000000000000080,
    0x000000000000800a,
    0x800000008000000a,
    0x8000000080008081,
    0x8000000000008080,
    0x0000000080000001,
    0x8000000080008008,
};

static uint64_t
rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

/* FIPS 202, §3.3. Lane x + 5y is a[x][y]; theta, rho and pi write b, chi and
 * iota go back to a. */
static void
permute(uint64_t a[static 25])
{
	uint64_t b[25], c[5], d[5];
	unsigned r, x, y;

	for (r = 0; r < 24; r++) {
		for (x = 0; x < 5; x++)
			c[x] =
			    a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
		d[0] = c[4] ^ rotl(c[1], 1);
		d[1] = c[0] ^ rotl(c[2], 1);
		d[2] = c[1] ^ rotl(c[3], 1);
		d[3] = c[2] ^ rotl(c[4], 1);
		d[4] = c[3] ^ rotl(c[0], 1);
		b[0] = a[0] ^ d[0];
		b[1] = rotl(a[6] ^ d[1], 44);
		b[2] = rotl(a[12] ^ d[2], 43);
		b[3] = rotl(a[18] ^ d[3], 21);
		b[4] = rotl(a[24] ^ d[4], 14);
		b[5] = rotl(a[3] ^ d[3], 28);
		b[6] = rotl(a[9] ^ d[4], 20);
		b[7] = rotl(a[10] ^ d[0], 3);
		b[8] = rotl(a[16] ^ d[1], 45);
		b[9] = rotl(a[22] ^ d[2], 61);
		b[10] = rotl(a[1] ^ d[1], 1);
		b[11] = rotl(a[7] ^ d[2], 6);
		b[12] = rotl(a[13] ^ d[3], 25);
		b[13] = rotl(a[19] ^ d[4], 8);
		b[14] = rotl(a[20] ^ d[0], 18);
		b[15] = rotl(a[4] ^ d[4], 27);
		b[16] = rotl(a[5] ^ d[0], 36);
		b[17] = rotl(a[11] ^ d[1], 10);
		b[18] = rotl(a[17] ^ d[2], 15);
		b[19] = rotl(a[23] ^ d[3], 56);
		b[20] = rotl(a[2] ^ d[2], 62);
		b[21] = rotl(a[8] ^ d[3], 55);
		b[22] = rotl(a[14] ^ d[4], 39);
		b[23] = rotl(a[15] ^ d[0], 41);
		b[24] = rotl(a[21] ^ d[1], 2);
		for (y = 0; y < 25; y += 5) {
			a[y] = b[y] ^ (~b[y + 1] & b[y + 2]);
			a[y + 1] = b[y + 1] ^ (~b[y + 2] & b[y + 3]);
			a[y + 2] = b[y + 2] ^ (~b[y + 3] & b[y + 4]);
			a[y + 3] = b[y + 3] ^ (~b[y + 4] & b[y]);
			a[y + 4] = b[y + 4] ^ (~b[y] & b[y + 1]);
		}
		a[0] ^= keccak_round[r];
	}
}

static uint64_t
le64(const uint8_t *p)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void
put_le64(uint8_t *p, uint64_t v)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void
xor_byte(struct keccak *st, unsigned at, uint8_t v)
{
	st->lane[at / 8] ^= (uint64_t)v << (8 * (at % 8));
}

void
keccak_init(struct keccak *st, unsigned rate)
{
	memset(st, 0, sizeof(*st));
	st->rate = rate;
}

void
keccak_absorb(struct keccak *st, const uint8_t *p, size_t len)
{
	while (len > 0) {
		if (st->at % 8 == 0 && len >= 8) {
			st->lane[st->at / 8] ^= le64(p);
			st->at += 8;
			p += 8;
			len -= 8;
		} else {
			xor_byte(st, st->at++, *p++);
			len--;
		}
		if (st->at == st->rate) {
			permute(st->lane);
			st->at = 0;
		}
	}
}

void
keccak_finish(struct keccak *st, uint8_t domain)
{
	xor_byte(st, st->at, domain);
	xor_byte(st, st->rate - 1, 0x80);
	st->at = st->rate; /* permute before the first byte comes out */
}

void
keccak_squeeze(struct keccak *st, uint8_t *out, size_t len)
{
	while (len > 0) {
		if (st->at == st->rate) {
			permute(st->lane);
			st->at = 0;
		}
		if (st->at % 8 == 0 && len >= 8) {
			put_le64(out, st->lane[st->at / 8]);
			st->at += 8;
			out += 8;
			len -= 8;
			continue;
		}
		*out++ = (uint8_t)(st->lane[st->at / 8] >> (8 * (st->at % 8)));
		st->at++;
		len--;
	}
}

static void
hash(uint8_t *out, size_t len, unsigned rate, uint8_t domain, const uint8_t *a,
    size_t alen, const uint8_t *b, size_t blen)
{
	struct keccak st;

	keccak_init(&st, rate);
	keccak_absorb(&st, a, alen);
	keccak_absorb(&st, b, blen);
	keccak_finish(&st, domain);
	keccak_squeeze(&st, out, len);
	sodium_memzero(&st, sizeof(st));
}

void
sha3_256(uint8_t out[static 32], const uint8_t *a, size_t alen)
{
	hash(out, 32, SHA3_256_RATE, KECCAK_SHA3, a, alen, NULL, 0);
}

void
sha3_512(uint8_t out[static 64], const uint8_t *a, size_t alen,
    const uint8_t *b, size_t blen)
{
	hash(out, 64, SHA3_512_RATE, KECCAK_SHA3, a, alen, b, blen);
}

void
shake256(uint8_t *out, size_t len, const uint8_t *a, size_t alen,
    const uint8_t *b, size_t blen)
{
	hash(out, len, SHAKE256_RATE, KECCAK_XOF, a, alen, b, blen);
}
