/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kpoly_avx2.c — sixteen coefficients at a time, four hashes at a time, where
 * the processor has AVX2. Step by step what kpoly_portable.c does: the numbers
 * are the same in between, too.
 */
#include <string.h>

#include <sodium.h>

#include "common/signal/keccak_avx2.h"
#include "common/signal/kpoly_ops.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2	  __attribute__((target("avx2")))
#define PER	  16 /* coefficients of a vector */
#define SET(v)	  _mm256_set1_epi16(v)
#define LANES_MAX 4

AVX2 static __m256i
get(const int16_t *c)
{
	return _mm256_loadu_si256((const __m256i *)c);
}

AVX2 static void
put(int16_t *c, __m256i v)
{
	_mm256_storeu_si256((__m256i *)c, v);
}

/* a * b * 2^-16: the low halves are equal, so their difference has no carry. */
AVX2 static __m256i
mul(__m256i a, __m256i b)
{
	__m256i t =
	    _mm256_mullo_epi16(_mm256_mullo_epi16(a, b), SET(KPOLY_QINV));

	return _mm256_sub_epi16(
	    _mm256_mulhi_epi16(a, b), _mm256_mulhi_epi16(t, SET(KPOLY_Q)));
}

AVX2 static __m256i
barrett(__m256i a)
{
	__m256i t = _mm256_mulhi_epi16(a, SET(KPOLY_BARRETT));

	t = _mm256_srai_epi16(_mm256_add_epi16(t, SET(1 << 9)), 10);
	return _mm256_sub_epi16(a, _mm256_mullo_epi16(t, SET(KPOLY_Q)));
}

AVX2 static void
reduce(struct kpoly *p)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i += PER)
		put(p->c + i, barrett(get(p->c + i)));
}

AVX2 static void
scale(struct kpoly *p, int16_t by)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i += PER)
		put(p->c + i, mul(get(p->c + i), SET(by)));
}

AVX2 static void
to_montgomery(struct kpoly *p)
{
	scale(p, KPOLY_R2);
}

/* ---- the transform -------------------------------------------------------- */

/*
 * The layers of distance 8, 4 and 2 find both ends of their butterflies in the
 * same vector. Two vectors are taken apart into all first and all second ends,
 * and put together again.
 */
AVX2 static void
apart(__m256i *a, __m256i *b, unsigned len)
{
	__m256i v = *a, w = *b;

	switch (len) {
	case 8:
		*a = _mm256_permute2x128_si256(v, w, 0x20);
		*b = _mm256_permute2x128_si256(v, w, 0x31);
		return;
	case 4:
		*a = _mm256_unpacklo_epi64(v, w);
		*b = _mm256_unpackhi_epi64(v, w);
		return;
	default:
		*a = _mm256_blend_epi32(v, _mm256_slli_epi64(w, 32), 0xaa);
		*b = _mm256_blend_epi32(_mm256_srli_epi64(v, 32), w, 0xaa);
	}
}

/* Each is its own way back. */
#define together apart

/* Which of up to eight zetas (two bytes each) go with which coefficient. */
#define Z2(i)  2 * (i), 2 * (i) + 1
#define Z4(i)  Z2(i), Z2(i)
#define Z8(i)  Z4(i), Z4(i)
#define Z16(i) Z8(i), Z8(i)
struct zetas {
	uint8_t forth[32];
	uint8_t back[32]; /* the zetas run down */
};
static const struct zetas zetas_8 = {
    {Z16(0), Z16(1)},
    {Z16(1), Z16(0)},
};
static const struct zetas zetas_4 = {
    {Z8(0), Z8(2), Z8(1), Z8(3)},
    {Z8(3), Z8(1), Z8(2), Z8(0)},
};
static const struct zetas zetas_2 = {
    {Z4(0), Z4(4), Z4(1), Z4(5), Z4(2), Z4(6), Z4(3), Z4(7)},
    {Z4(7), Z4(3), Z4(6), Z4(2), Z4(5), Z4(1), Z4(4), Z4(0)},
};

AVX2 static __m256i
spread(const int16_t *zeta, unsigned n, const uint8_t where[static 32])
{
	int16_t z[8] = {0};

	memcpy(z, zeta, n * sizeof(z[0]));
	return _mm256_shuffle_epi8(
	    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)z)),
	    _mm256_loadu_si256((const __m256i *)where));
}

AVX2 static void
near_forth(struct kpoly *p, unsigned len, const struct zetas *where)
{
	unsigned n = PER / len, i; /* butterfly blocks of two vectors */
	const int16_t *zeta = kpoly_zeta + KPOLY_N / (2 * len);
	__m256i a, b, t;

	for (i = 0; i < KPOLY_N; i += 2 * PER, zeta += n) {
		a = get(p->c + i);
		b = get(p->c + i + PER);
		apart(&a, &b, len);
		t = mul(spread(zeta, n, where->forth), b);
		b = _mm256_sub_epi16(a, t);
		a = _mm256_add_epi16(a, t);
		together(&a, &b, len);
		put(p->c + i, a);
		put(p->c + i + PER, b);
	}
}

AVX2 static void
near_back(struct kpoly *p, unsigned len, const struct zetas *where)
{
	unsigned n = PER / len, i;
	const int16_t *zeta = kpoly_zeta + KPOLY_N / len;
	__m256i a, b, t;

	for (i = 0; i < KPOLY_N; i += 2 * PER) {
		zeta -= n;
		a = get(p->c + i);
		b = get(p->c + i + PER);
		apart(&a, &b, len);
		t = _mm256_sub_epi16(b, a);
		a = barrett(_mm256_add_epi16(a, b));
		b = mul(spread(zeta, n, where->back), t);
		together(&a, &b, len);
		put(p->c + i, a);
		put(p->c + i + PER, b);
	}
}

AVX2 static void
ntt(struct kpoly *p)
{
	unsigned len, start, j, k = 1;
	__m256i zeta, a, t;

	for (len = 128; len >= PER; len >>= 1) {
		for (start = 0; start < KPOLY_N; start += 2 * len) {
			zeta = SET(kpoly_zeta[k++]);
			for (j = start; j < start + len; j += PER) {
				a = get(p->c + j);
				t = mul(zeta, get(p->c + j + len));
				put(p->c + j + len, _mm256_sub_epi16(a, t));
				put(p->c + j, _mm256_add_epi16(a, t));
			}
		}
	}
	near_forth(p, 8, &zetas_8);
	near_forth(p, 4, &zetas_4);
	near_forth(p, 2, &zetas_2);
	reduce(p);
}

AVX2 static void
invntt(struct kpoly *p)
{
	unsigned len, start, j, k = 15;
	__m256i zeta, a, b;

	near_back(p, 2, &zetas_2);
	near_back(p, 4, &zetas_4);
	near_back(p, 8, &zetas_8);
	for (len = PER; len <= 128; len <<= 1) {
		for (start = 0; start < KPOLY_N; start += 2 * len) {
			zeta = SET(kpoly_zeta[k--]);
			for (j = start; j < start + len; j += PER) {
				a = get(p->c + j);
				b = get(p->c + j + len);
				put(p->c + j, barrett(_mm256_add_epi16(a, b)));
				put(p->c + j + len,
				    mul(zeta, _mm256_sub_epi16(b, a)));
			}
		}
	}
	scale(p, KPOLY_INVNTT_END);
}

/* ---- products ------------------------------------------------------------- */

/* zeta, -zeta by turns at the odd coefficients, 0 at the even ones. */
AVX2 static __m256i
zetas_odd(const int16_t zeta[static 4])
{
	static const uint8_t where[32] = {
	    Z4(0), Z4(0), Z4(1), Z4(1), Z4(2), Z4(2), Z4(3), Z4(3)};
	const __m256i sign = _mm256_set_epi16(
	    -1, 0, 1, 0, -1, 0, 1, 0, -1, 0, 1, 0, -1, 0, 1, 0);

	return _mm256_sign_epi16(spread(zeta, 4, where), sign);
}

/* Eight products of pairs in Z_q[X] / (X^2 -+ zeta), zeta as zetas_odd(). */
AVX2 static __m256i
pairs_mul(__m256i a, __m256i b, __m256i zeta)
{
	__m256i straight = mul(a, b); /* a0 b0, a1 b1 */
	__m256i swapped =
	    _mm256_or_si256(_mm256_slli_epi32(b, 16), _mm256_srli_epi32(b, 16));
	__m256i across = mul(a, swapped); /* a0 b1, a1 b0 */
	__m256i low = _mm256_add_epi16(
	    straight, _mm256_srli_epi32(mul(straight, zeta), 16));
	__m256i high = _mm256_add_epi16(across, _mm256_slli_epi32(across, 16));

	return _mm256_blend_epi16(low, high, 0xaa);
}

AVX2 static void
inner(
    struct kpoly *out, const struct kpoly *a, const struct kpoly *b, unsigned k)
{
	__m256i acc, zeta;
	unsigned i, j;

	for (j = 0; j < KPOLY_N; j += PER) {
		zeta = zetas_odd(kpoly_zeta + 64 + j / 4);
		acc = _mm256_setzero_si256();
		for (i = 0; i < k; i++)
			acc = _mm256_add_epi16(acc,
			    pairs_mul(get(a[i].c + j), get(b[i].c + j), zeta));
		put(out->c + j, barrett(acc));
	}
}

/* ---- sampling ------------------------------------------------------------- */

/* A hash's input of 32 bytes and one lane more, in one of four states. */
static void
absorb(struct keccak4 *st, unsigned which, const uint8_t in[static 32],
    uint64_t last, unsigned rate)
{
	unsigned i, k;

	for (i = 0; i < 4; i++) {
		st->lane[i][which] = 0;
		for (k = 0; k < 8; k++)
			st->lane[i][which] |= (uint64_t)in[8 * i + k]
					      << (8 * k);
	}
	for (; i < 25; i++)
		st->lane[i][which] = 0;
	st->lane[4][which] = last;
	st->lane[rate / 8 - 1][which] ^= 0x80ull << 56;
}

/* The first n lanes of one state; x86 is little-endian. */
static void
squeeze(uint8_t *out, const struct keccak4 *st, unsigned which, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		memcpy(out + 8 * i, &st->lane[i][which], 8);
}

static void
uniform(struct kpoly *p, unsigned n, const uint8_t rho[static 32],
    const struct kpoly_at *at)
{
	unsigned have[LANES_MAX] = {0}, i, least = 0;
	uint8_t block[SHAKE128_RATE];
	struct keccak4 st;
	uint64_t last;

	for (i = 0; i < LANES_MAX; i++) {
		last = (uint64_t)at[i < n ? i : 0].x |
		       (uint64_t)at[i < n ? i : 0].y << 8 |
		       (uint64_t)KECCAK_XOF << 16;
		absorb(&st, i, rho, last, SHAKE128_RATE);
	}
	while (least < KPOLY_N) { /* public: the time may depend on it */
		keccak4_permute(&st);
		least = KPOLY_N;
		for (i = 0; i < n; i++) {
			squeeze(block, &st, i, SHAKE128_RATE / 8);
			have[i] =
			    kpoly_reject(&p[i], have[i], block, sizeof(block));
			least = have[i] < least ? have[i] : least;
		}
	}
}

/* 64 coefficients from 32 bytes: two bits of each four are added, two taken
 * away. */
AVX2 static void
noise_part(int16_t *c, const uint8_t b[static 32])
{
	const __m256i m5 = _mm256_set1_epi8(0x55), m3 = _mm256_set1_epi8(0x33),
		      m2 = _mm256_set1_epi8(3), mf = _mm256_set1_epi8(0x0f);
	__m256i v = _mm256_loadu_si256((const __m256i *)b), sum, lo, hi;

	sum = _mm256_add_epi8(_mm256_and_si256(v, m5),
	    _mm256_and_si256(_mm256_srli_epi16(v, 1), m5));
	/* four bits each: first sum + 3 - second sum, which is not negative */
	v = _mm256_sub_epi8(_mm256_add_epi8(_mm256_and_si256(sum, m3), m3),
	    _mm256_and_si256(_mm256_srli_epi16(sum, 2), m3));
	lo = _mm256_sub_epi8(_mm256_and_si256(v, mf), m2);
	hi = _mm256_sub_epi8(_mm256_and_si256(_mm256_srli_epi16(v, 4), mf), m2);
	v = _mm256_unpacklo_epi8(lo, hi);
	hi = _mm256_unpackhi_epi8(lo, hi);
	put(c, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(v)));
	put(c + 16, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(hi)));
	put(c + 32, _mm256_cvtepi8_epi16(_mm256_extracti128_si256(v, 1)));
	put(c + 48, _mm256_cvtepi8_epi16(_mm256_extracti128_si256(hi, 1)));
}

static void
noise(struct kpoly *p, unsigned n, const uint8_t seed[static 32], uint8_t nonce)
{
	uint8_t b[KPOLY_NOISE_LEN];
	struct keccak4 st;
	unsigned i, j;

	for (i = 0; i < LANES_MAX; i++)
		absorb(&st, i, seed,
		    (uint8_t)(nonce + i) | (uint64_t)KECCAK_XOF << 8,
		    SHAKE256_RATE);
	keccak4_permute(&st);
	for (i = 0; i < n; i++) {
		squeeze(b, &st, i, sizeof(b) / 8);
		for (j = 0; j < 4; j++)
			noise_part(p[i].c + 64 * j, b + 32 * j);
	}
	sodium_memzero(b, sizeof(b));
	sodium_memzero(&st, sizeof(st));
}

const struct kpoly_ops *
kpoly_avx2(void)
{
	static const struct kpoly_ops ops = {
	    .ntt = ntt,
	    .invntt = invntt,
	    .inner = inner,
	    .to_montgomery = to_montgomery,
	    .reduce = reduce,
	    .uniform = uniform,
	    .noise = noise,
	};

	return __builtin_cpu_supports("avx2") ? &ops : NULL;
}
#else
const struct kpoly_ops *
kpoly_avx2(void)
{
	return NULL;
}
#endif
