/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/signal/keccak_avx2.h"
#include "common/signal/keccak.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2	  __attribute__((target("avx2")))
#define XOR(a, b) _mm256_xor_si256((a), (b))
#define ROTL(v, n)                                                             \
	_mm256_or_si256(                                                       \
	    _mm256_slli_epi64((v), (n)), _mm256_srli_epi64((v), 64 - (n)))

/* Theta's part of each column. */
AVX2 static void
theta(__m256i d[static 5], const __m256i a[static 25])
{
	__m256i c[5];
	unsigned x;

	for (x = 0; x < 5; x++)
		c[x] = XOR(XOR(XOR(a[x], a[x + 5]), XOR(a[x + 10], a[x + 15])),
		    a[x + 20]);
	for (x = 0; x < 5; x++)
		d[x] = XOR(c[(x + 4) % 5], ROTL(c[(x + 1) % 5], 1));
}

/* Rho and pi, as in keccak.c. */
AVX2 static void
rho_pi(
    __m256i b[static 25], const __m256i a[static 25], const __m256i d[static 5])
{
#define MOVE(to, from, n) b[to] = ROTL(XOR(a[from], d[(from) % 5]), n)
	b[0] = XOR(a[0], d[0]);
	MOVE(1, 6, 44);
	MOVE(2, 12, 43);
	MOVE(3, 18, 21);
	MOVE(4, 24, 14);
	MOVE(5, 3, 28);
	MOVE(6, 9, 20);
	MOVE(7, 10, 3);
	MOVE(8, 16, 45);
	MOVE(9, 22, 61);
	MOVE(10, 1, 1);
	MOVE(11, 7, 6);
	MOVE(12, 13, 25);
	MOVE(13, 19, 8);
	MOVE(14, 20, 18);
	MOVE(15, 4, 27);
	MOVE(16, 5, 36);
	MOVE(17, 11, 10);
	MOVE(18, 17, 15);
	MOVE(19, 23, 56);
	MOVE(20, 2, 62);
	MOVE(21, 8, 55);
	MOVE(22, 14, 39);
	MOVE(23, 15, 41);
	MOVE(24, 21, 2);
#undef MOVE
}

AVX2 static void
chi(__m256i a[static 25], const __m256i b[static 25])
{
	unsigned y, x;

	for (y = 0; y < 25; y += 5) {
		for (x = 0; x < 5; x++)
			a[y + x] = XOR(
			    b[y + x], _mm256_andnot_si256(b[y + (x + 1) % 5],
					  b[y + (x + 2) % 5]));
	}
}

AVX2 void
keccak4_permute(struct keccak4 *st)
{
	__m256i a[25], b[25], d[5];
	unsigned i;

	for (i = 0; i < 25; i++)
		a[i] = _mm256_loadu_si256((const __m256i *)st->lane[i]);
	for (i = 0; i < 24; i++) {
		theta(d, a);
		rho_pi(b, a, d);
		chi(a, b);
		a[0] =
		    XOR(a[0], _mm256_set1_epi64x((long long)keccak_round[i]));
	}
	for (i = 0; i < 25; i++)
		_mm256_storeu_si256((__m256i *)st->lane[i], a[i]);
}
#endif
