/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/kpoly.h"

#define Q	   3329
#define QINV	   (-3327) /* Q * QINV = 1 mod 2^16 */
#define R2	   1353 /* 2^32 mod Q: into Montgomery form */
#define INVNTT_END 1441 /* 2^32 / 128 mod Q */

/* 17^bitrev(i) * 2^16 mod Q, between -Q/2 and Q/2 (FIPS 203, appendix A). */
static const int16_t ZETA[128] = {
    -1044,
    -758,
    -359,
    -1517,
    1493,
    1422,
    287,
    202,
    -171,
    622,
    1577,
    182,
    962,
    -1202,
    -1474,
    1468,
    573,
    -1325,
    264,
    383,
    -829,
    1458,
    -1602,
    -130,
    -681,
    1017,
    732,
    608,
    -1542,
    411,
    -205,
    -1571,
    1223,
    652,
    -552,
    1015,
    -1293,
    1491,
    -282,
    -1544,
    516,
    -8,
    -320,
    -666,
    -1618,
    -1162,
    126,
    1469,
    -853,
    -90,
    -271,
    830,
    107,
    -1421,
    -247,
    -951,
    -398,
    961,
    -1508,
    -725,
    448,
    -1065,
    677,
    -1275,
    -1103,
    430,
    555,
    843,
    -1251,
    871,
    1550,
    105,
    422,
    587,
    177,
    -235,
    -291,
    -460,
    1574,
    1653,
    -246,
    778,
    1159,
    -147,
    -777,
    1483,
    -602,
    1119,
    -1590,
    644,
    -872,
    349,
    418,
    329,
    -156,
    -75,
    817,
    1097,
    603,
    610,
    1322,
    -1285,
    -1465,
    384,
    -1215,
    -136,
    1218,
    -1335,
    -874,
    220,
    -1187,
    -1659,
    -1185,
    -1530,
    -1278,
    794,
    -1510,
    -854,
    -870,
    478,
    -108,
    -308,
    996,
    991,
    958,
    -1460,
    1522,
    1628,
};

/* a * 2^-16 mod Q, for |a| < Q * 2^15; the result is between -Q and Q. */
static int16_t
montgomery(int32_t a)
{
	int16_t t = (int16_t)((uint32_t)a * (uint32_t)QINV);

	return (int16_t)((a - (int32_t)t * Q) >> 16);
}

/* a mod Q, between -Q/2 and Q/2: by multiplication, never by division. */
static int16_t
barrett(int16_t a)
{
	int16_t t = (int16_t)((20159 * (int32_t)a + (1 << 25)) >> 26);

	return (int16_t)(a - t * Q);
}

static int16_t
mul(int16_t a, int16_t b)
{
	return montgomery((int32_t)a * b);
}

/* The representative between 0 and Q - 1. */
static uint16_t
positive(int16_t a)
{
	a = barrett(a);
	return (uint16_t)(a + ((a >> 15) & Q));
}

/* n / Q for n < 2^24, without a division (whose time may tell n). */
static uint32_t
div_q(uint32_t n)
{
	return (uint32_t)((n * (uint64_t)2642262849U) >> 43);
}

void
kpoly_ntt(struct kpoly *p)
{
	unsigned len, start, j, k = 1;
	int16_t zeta, t;

	for (len = 128; len >= 2; len >>= 1) {
		for (start = 0; start < KPOLY_N; start += 2 * len) {
			zeta = ZETA[k++];
			for (j = start; j < start + len; j++) {
				t = mul(zeta, p->c[j + len]);
				p->c[j + len] = (int16_t)(p->c[j] - t);
				p->c[j] = (int16_t)(p->c[j] + t);
			}
		}
	}
	kpoly_reduce(p);
}

void
kpoly_invntt(struct kpoly *p)
{
	unsigned len, start, j, k = 127;
	int16_t zeta, t;

	for (len = 2; len <= 128; len <<= 1) {
		for (start = 0; start < KPOLY_N; start += 2 * len) {
			zeta = ZETA[k--];
			for (j = start; j < start + len; j++) {
				t = p->c[j];
				p->c[j] = barrett((int16_t)(t + p->c[j + len]));
				p->c[j + len] =
				    mul(zeta, (int16_t)(p->c[j + len] - t));
			}
		}
	}
	for (j = 0; j < KPOLY_N; j++)
		p->c[j] = mul(p->c[j], INVNTT_END);
}

/* acc += a * b in Z_q[X] / (X^2 - zeta), the factor 2^-16 included. */
static void
base_mul(int16_t acc[static 2], const int16_t a[static 2],
    const int16_t b[static 2], int16_t zeta)
{
	acc[0] =
	    (int16_t)(acc[0] + mul(mul(a[1], b[1]), zeta) + mul(a[0], b[0]));
	acc[1] = (int16_t)(acc[1] + mul(a[0], b[1]) + mul(a[1], b[0]));
}

void
kpoly_inner(
    struct kpoly *out, const struct kpoly *a, const struct kpoly *b, unsigned k)
{
	unsigned i, j;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < k; i++) {
		for (j = 0; j < KPOLY_N / 4; j++) {
			int16_t zeta = ZETA[64 + j];

			base_mul(&out->c[4 * j], &a[i].c[4 * j], &b[i].c[4 * j],
			    zeta);
			base_mul(&out->c[4 * j + 2], &a[i].c[4 * j + 2],
			    &b[i].c[4 * j + 2], (int16_t)-zeta);
		}
	}
	kpoly_reduce(out);
}

void
kpoly_to_montgomery(struct kpoly *p)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = mul(p->c[i], R2);
}

void
kpoly_reduce(struct kpoly *p)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = barrett(p->c[i]);
}

void
kpoly_add(struct kpoly *p, const struct kpoly *a)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = (int16_t)(p->c[i] + a->c[i]);
}

void
kpoly_sub_from(struct kpoly *p, const struct kpoly *a)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = (int16_t)(a->c[i] - p->c[i]);
}

/* ---- bytes ---------------------------------------------------------------- */

/* d bits a coefficient, the lowest first. */
static void
bits_put(uint8_t *out, const uint16_t v[static KPOLY_N], unsigned d)
{
	uint32_t acc = 0;
	unsigned have = 0, i;

	for (i = 0; i < KPOLY_N; i++) {
		acc |= (uint32_t)v[i] << have;
		for (have += d; have >= 8; have -= 8, acc >>= 8)
			*out++ = (uint8_t)acc;
	}
}

static void
bits_get(uint16_t v[static KPOLY_N], const uint8_t *in, unsigned d)
{
	uint32_t acc = 0;
	unsigned have = 0, i;

	for (i = 0; i < KPOLY_N; i++) {
		for (; have < d; have += 8)
			acc |= (uint32_t)*in++ << have;
		v[i] = (uint16_t)(acc & ((1u << d) - 1));
		acc >>= d;
		have -= d;
	}
}

void
kpoly_put(uint8_t out[static KPOLY_BYTES], const struct kpoly *p)
{
	uint16_t v[KPOLY_N];
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		v[i] = positive(p->c[i]);
	bits_put(out, v, 12);
	sodium_memzero(v, sizeof(v));
}

bool
kpoly_get(struct kpoly *p, const uint8_t in[static KPOLY_BYTES])
{
	uint16_t v[KPOLY_N];
	uint32_t over = 0;
	unsigned i;

	bits_get(v, in, 12);
	for (i = 0; i < KPOLY_N; i++) {
		over |= (Q - 1 - (uint32_t)v[i]) >> 31;
		p->c[i] = barrett((int16_t)v[i]);
	}
	sodium_memzero(v, sizeof(v));
	return over == 0;
}

void
kpoly_compress(uint8_t *out, const struct kpoly *p, unsigned d)
{
	uint16_t v[KPOLY_N];
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		v[i] = (uint16_t)(div_q(((uint32_t)positive(p->c[i]) << d) +
					Q / 2) &
				  ((1u << d) - 1));
	bits_put(out, v, d);
	sodium_memzero(v, sizeof(v));
}

void
kpoly_decompress(struct kpoly *p, const uint8_t *in, unsigned d)
{
	uint16_t v[KPOLY_N];
	unsigned i;

	bits_get(v, in, d);
	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = barrett(
		    (int16_t)(((uint32_t)v[i] * Q + (1u << (d - 1))) >> d));
	sodium_memzero(v, sizeof(v));
}

/* ---- sampling ------------------------------------------------------------- */

void
kpoly_uniform(
    struct kpoly *p, const uint8_t rho[static 32], uint8_t x, uint8_t y)
{
	const uint8_t index[2] = {x, y};
	uint8_t block[SHAKE128_RATE];
	struct keccak st;
	unsigned n = 0, i;
	uint16_t a, b;

	keccak_init(&st, SHAKE128_RATE);
	keccak_absorb(&st, rho, 32);
	keccak_absorb(&st, index, sizeof(index));
	keccak_finish(&st, KECCAK_XOF);
	while (n < KPOLY_N) { /* public: the time may depend on it */
		keccak_squeeze(&st, block, sizeof(block));
		for (i = 0; i < sizeof(block) && n < KPOLY_N; i += 3) {
			a = (uint16_t)(block[i] | (block[i + 1] & 15) << 8);
			b = (uint16_t)(block[i + 1] >> 4 | block[i + 2] << 4);
			if (a < Q)
				p->c[n++] = (int16_t)a;
			if (b < Q && n < KPOLY_N)
				p->c[n++] = (int16_t)b;
		}
	}
}

void
kpoly_noise(struct kpoly *p, const uint8_t seed[static 32], uint8_t nonce)
{
	uint8_t b[KPOLY_N / 2];
	struct keccak st;
	unsigned i, sum;

	keccak_init(&st, SHAKE256_RATE);
	keccak_absorb(&st, seed, 32);
	keccak_absorb(&st, &nonce, 1);
	keccak_finish(&st, KECCAK_XOF);
	keccak_squeeze(&st, b, sizeof(b));
	for (i = 0; i < KPOLY_N; i += 2) {
		sum = (b[i / 2] & 0x55u) + ((b[i / 2] >> 1) & 0x55u);
		p->c[i] = (int16_t)((int)(sum & 3) - (int)(sum >> 2 & 3));
		p->c[i + 1] = (int16_t)((int)(sum >> 4 & 3) - (int)(sum >> 6));
	}
	sodium_memzero(b, sizeof(b));
	sodium_memzero(&st, sizeof(st));
}
