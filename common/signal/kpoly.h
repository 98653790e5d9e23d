/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kpoly.h — internal: polynomials of degree 255 modulo 3329, as Kyber and
 * ML-KEM use them. docs/crypto.md §5.2. Source: FIPS 203, §4.
 *
 * Constant time except kpoly_uniform(), whose input is public. Coefficients
 * are signed and small; what a function wants and leaves is told with it.
 */
#ifndef COMMON_SIGNAL_KPOLY_H
#define COMMON_SIGNAL_KPOLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/signal/keccak.h"

#define KPOLY_N	    256
#define KPOLY_BYTES 384 /* 12 bits a coefficient */

struct kpoly {
	int16_t c[KPOLY_N];
};

/* A place in the matrix, as it is hashed. */
struct kpoly_at {
	uint8_t x, y;
};

/* Into the NTT domain and back; the way back multiplies by 2^16, which undoes
 * the factor of kpoly_inner(). Input and output at most Q in size. */
void kpoly_ntt(struct kpoly *p);
void kpoly_invntt(struct kpoly *p);

/* Sum of the k products a[i] * b[i] in the NTT domain, times 2^-16. out is
 * neither a nor b. */
void kpoly_inner(struct kpoly *out, const struct kpoly *a,
    const struct kpoly *b, unsigned k);

/* Multiply by 2^16. */
void kpoly_to_montgomery(struct kpoly *p);

/* Each coefficient between -Q/2 and Q/2. */
void kpoly_reduce(struct kpoly *p);

/* p = p + a, and p = a - p; not reduced. */
void kpoly_add(struct kpoly *p, const struct kpoly *a);
void kpoly_sub_from(struct kpoly *p, const struct kpoly *a);

/* 12 bits a coefficient; get returns false when one is not below Q. */
void kpoly_put(uint8_t out[static KPOLY_BYTES], const struct kpoly *p);
bool kpoly_get(struct kpoly *p, const uint8_t in[static KPOLY_BYTES]);

/* Rounded to d bits a coefficient (1..11): 32 * d bytes. */
void kpoly_compress(uint8_t *out, const struct kpoly *p, unsigned d);
void kpoly_decompress(struct kpoly *p, const uint8_t *in, unsigned d);

/* n (1..4) at once: p[i] uniform from SHAKE128(rho || at[i]), in the NTT
 * domain. */
void kpoly_uniform(struct kpoly *p, unsigned n, const uint8_t rho[static 32],
    const struct kpoly_at *at);

/* n (1..4) at once: p[i] centred binomial, eta = 2, from SHAKE256(seed ||
 * nonce + i). */
void kpoly_noise(
    struct kpoly *p, unsigned n, const uint8_t seed[static 32], uint8_t nonce);

#endif
