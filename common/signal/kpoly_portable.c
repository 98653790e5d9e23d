/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kpoly_portable.c — for every processor. */
#include <string.h>

#include <sodium.h>

#include "common/signal/kpoly_ops.h"

/* FIPS 203, appendix A. */
/* clang-format off */
const int16_t kpoly_zeta[128] = {
    -1044,  -758,  -359, -1517,  1493,  1422,   287,   202,
     -171,   622,  1577,   182,   962, -1202, -1474,  1468,
      573, -1325,   264,   383,  -829,  1458, -1602,  -130,
     -681,  1017,   732,   608, -1542,   411,  -205, -1571,
     1223,   652,  -552,  1015, -1293,  1491,  -282, -1544,
      516,    -8,  -320,  -666, -1618, -1162,   126,  1469,
     -853,   -90,  -271,   830,   107, -1421,  -247,  -951,
     -398,   961, -1508,  -725,   448, -1065,   677, -1275,
    -1103,   430,   555,   843, -1251,   871,  1550,   105,
      422,   587,   177,  -235,  -291,  -460,  1574,  1653,
     -246,   778,  1159,  -147,  -777,  1483,  -602,  1119,
    -1590,   644,  -872,   349,   418,   329,  -156,   -75,
      817,  1097,   603,   610,  1322, -1285, -1465,   384,
    -1215,  -136,  1218, -1335,  -874,   220, -1187, -1659,
    -1185, -1530, -1278,   794, -1510,  -854,  -870,   478,
     -108,  -308,   996,   991,   958, -1460,  1522,  1628,
};
/* clang-format on */

/* a * 2^-16 mod Q, for |a| < Q * 2^15; the result is between -Q and Q. */
static int16_t
montgomery(int32_t a)
{
	int16_t t = (int16_t)((uint32_t)a * (uint32_t)KPOLY_QINV);

	return (int16_t)((a - (int32_t)t * KPOLY_Q) >> 16);
}

/* a mod Q, between -Q/2 and Q/2: by multiplication, never by division. */
static int16_t
barrett(int16_t a)
{
	int16_t t = (int16_t)((KPOLY_BARRETT * (int32_t)a + (1 << 25)) >> 26);

	return (int16_t)(a - t * KPOLY_Q);
}

static int16_t
mul(int16_t a, int16_t b)
{
	return montgomery((int32_t)a * b);
}

static void
reduce(struct kpoly *p)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = barrett(p->c[i]);
}

static void
ntt(struct kpoly *p)
{
	unsigned len, start, j, k = 1;
	int16_t zeta, t;

	for (len = 128; len >= 2; len >>= 1) {
		for (start = 0; start < KPOLY_N; start += 2 * len) {
			zeta = kpoly_zeta[k++];
			for (j = start; j < start + len; j++) {
				t = mul(zeta, p->c[j + len]);
				p->c[j + len] = (int16_t)(p->c[j] - t);
				p->c[j] = (int16_t)(p->c[j] + t);
			}
		}
	}
	reduce(p);
}

static void
invntt(struct kpoly *p)
{
	unsigned len, start, j, k = 127;
	int16_t zeta, t;

	for (len = 2; len <= 128; len <<= 1) {
		for (start = 0; start < KPOLY_N; start += 2 * len) {
			zeta = kpoly_zeta[k--];
			for (j = start; j < start + len; j++) {
				t = p->c[j];
				p->c[j] = barrett((int16_t)(t + p->c[j + len]));
				p->c[j + len] =
				    mul(zeta, (int16_t)(p->c[j + len] - t));
			}
		}
	}
	for (j = 0; j < KPOLY_N; j++)
		p->c[j] = mul(p->c[j], KPOLY_INVNTT_END);
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

static void
inner(
    struct kpoly *out, const struct kpoly *a, const struct kpoly *b, unsigned k)
{
	unsigned i, j;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < k; i++) {
		for (j = 0; j < KPOLY_N / 4; j++) {
			int16_t zeta = kpoly_zeta[64 + j];

			base_mul(&out->c[4 * j], &a[i].c[4 * j], &b[i].c[4 * j],
			    zeta);
			base_mul(&out->c[4 * j + 2], &a[i].c[4 * j + 2],
			    &b[i].c[4 * j + 2], (int16_t)-zeta);
		}
	}
	reduce(out);
}

static void
to_montgomery(struct kpoly *p)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++)
		p->c[i] = mul(p->c[i], KPOLY_R2);
}

/* ---- sampling ------------------------------------------------------------- */

unsigned
kpoly_reject(struct kpoly *p, unsigned n, const uint8_t *b, size_t len)
{
	uint16_t v[2];
	unsigned i;

	for (; len >= 3; b += 3, len -= 3) {
		v[0] = (uint16_t)(b[0] | (b[1] & 15) << 8);
		v[1] = (uint16_t)(b[1] >> 4 | b[2] << 4);
		for (i = 0; i < 2 && n < KPOLY_N; i++) {
			p->c[n] = (int16_t)v[i];
			n += v[i] < KPOLY_Q;
		}
	}
	return n;
}

static void
uniform_one(struct kpoly *p, const uint8_t rho[static 32], struct kpoly_at at)
{
	uint8_t block[SHAKE128_RATE];
	struct keccak st;
	unsigned n = 0;

	keccak_init(&st, SHAKE128_RATE);
	keccak_absorb(&st, rho, 32);
	keccak_absorb(&st, (const uint8_t[]){at.x, at.y}, 2);
	keccak_finish(&st, KECCAK_XOF);
	while (n < KPOLY_N) { /* public: the time may depend on it */
		keccak_squeeze(&st, block, sizeof(block));
		n = kpoly_reject(p, n, block, sizeof(block));
	}
}

static void
uniform(struct kpoly *p, unsigned n, const uint8_t rho[static 32],
    const struct kpoly_at *at)
{
	unsigned i;

	for (i = 0; i < n; i++)
		uniform_one(&p[i], rho, at[i]);
}

static void
noise_one(struct kpoly *p, const uint8_t seed[static 32], uint8_t nonce)
{
	uint8_t b[KPOLY_NOISE_LEN];
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

static void
noise(struct kpoly *p, unsigned n, const uint8_t seed[static 32], uint8_t nonce)
{
	unsigned i;

	for (i = 0; i < n; i++)
		noise_one(&p[i], seed, (uint8_t)(nonce + i));
}

const struct kpoly_ops kpoly_portable = {
    .ntt = ntt,
    .invntt = invntt,
    .inner = inner,
    .to_montgomery = to_montgomery,
    .reduce = reduce,
    .uniform = uniform,
    .noise = noise,
};
