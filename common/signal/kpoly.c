/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/kpoly.h"
#include "common/signal/kpoly_ops.h"

#define Q KPOLY_Q

/* ---- what depends on the processor ---------------------------------------- */

static const struct kpoly_ops *used; /* set by tests only */

void
kpoly_use(const struct kpoly_ops *ops)
{
	used = ops;
}

static const struct kpoly_ops *
ops(void)
{
	const struct kpoly_ops *best = used != NULL ? used : kpoly_avx2();

	return best != NULL ? best : &kpoly_portable;
}

void
kpoly_ntt(struct kpoly *p)
{
	ops()->ntt(p);
}

void
kpoly_invntt(struct kpoly *p)
{
	ops()->invntt(p);
}

void
kpoly_inner(
    struct kpoly *out, const struct kpoly *a, const struct kpoly *b, unsigned k)
{
	ops()->inner(out, a, b, k);
}

void
kpoly_to_montgomery(struct kpoly *p)
{
	ops()->to_montgomery(p);
}

void
kpoly_reduce(struct kpoly *p)
{
	ops()->reduce(p);
}

void
kpoly_uniform(struct kpoly *p, unsigned n, const uint8_t rho[static 32],
    const struct kpoly_at *at)
{
	ops()->uniform(p, n, rho, at);
}

void
kpoly_noise(
    struct kpoly *p, unsigned n, const uint8_t seed[static 32], uint8_t nonce)
{
	ops()->noise(p, n, seed, nonce);
}

/* ---- what does not -------------------------------------------------------- */

/* a mod Q, between -Q/2 and Q/2: by multiplication, never by division. */
static int16_t
barrett(int16_t a)
{
	int16_t t = (int16_t)((KPOLY_BARRETT * (int32_t)a + (1 << 25)) >> 26);

	return (int16_t)(a - t * Q);
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
