/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/signal/fe.h"

#define MASK ((1ull << 51) - 1)

/* ---- sums of products of limbs -------------------------------------------- */

#if defined(__SIZEOF_INT128__) && !defined(FE_NO_INT128)
__extension__ typedef unsigned __int128 wide;

static inline void
wide_add_product(wide *w, uint64_t a, uint64_t b)
{
	*w += (wide)a * b;
}

/* Take the low 51 bits out, move the others down. */
static inline uint64_t
wide_limb(wide *w)
{
	uint64_t low = (uint64_t)*w & MASK;

	*w >>= 51;
	return low;
}

static inline void
wide_add(wide *w, const wide *other)
{
	*w += *other;
}

/* When it is known to be below 2^64. */
static inline uint64_t
wide_small(const wide *w)
{
	return (uint64_t)*w;
}
#else
typedef struct {
	uint64_t lo, hi;
} wide;

static inline void
wide_add(wide *w, const wide *other)
{
	w->lo += other->lo;
	w->hi += other->hi + (w->lo < other->lo);
}

static inline void
wide_add_product(wide *w, uint64_t a, uint64_t b)
{
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32), mid2, high;
	wide p;

	mid2 = a0 * b1 + (uint32_t)mid;
	high = a1 * b1 + (mid >> 32) + (mid2 >> 32);
	p.lo = mid2 << 32 | (uint32_t)low;
	p.hi = high;
	wide_add(w, &p);
}

static inline uint64_t
wide_limb(wide *w)
{
	uint64_t low = w->lo & MASK;

	w->lo = w->lo >> 51 | w->hi << 13;
	w->hi >>= 51;
	return low;
}

static inline uint64_t
wide_small(const wide *w)
{
	return w->lo;
}
#endif

static inline wide
sum3(uint64_t a0, uint64_t b0, uint64_t a1, uint64_t b1, uint64_t a2,
    uint64_t b2)
{
	wide w;

	memset(&w, 0, sizeof(w));
	wide_add_product(&w, a0, b0);
	wide_add_product(&w, a1, b1);
	wide_add_product(&w, a2, b2);
	return w;
}

static inline wide
sum(uint64_t a0, uint64_t b0, uint64_t a1, uint64_t b1, uint64_t a2,
    uint64_t b2, uint64_t a3, uint64_t b3, uint64_t a4, uint64_t b4)
{
	wide w = sum3(a0, b0, a1, b1, a2, b2);

	wide_add_product(&w, a3, b3);
	wide_add_product(&w, a4, b4);
	return w;
}

/* ---- the field ------------------------------------------------------------ */

static uint64_t
le64(const uint8_t *p)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

void
fe_get(struct fe *out, const uint8_t b[static FE_LEN])
{
	out->v[0] = le64(b) & MASK;
	out->v[1] = le64(b + 6) >> 3 & MASK;
	out->v[2] = le64(b + 12) >> 6 & MASK;
	out->v[3] = le64(b + 19) >> 1 & MASK;
	out->v[4] = le64(b + 24) >> 12 & MASK;
}

/* Limbs below 2^51, except the lowest by the last carry. */
static void
carry(struct fe *a)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		a->v[i + 1] += a->v[i] >> 51;
		a->v[i] &= MASK;
	}
	a->v[0] += 19 * (a->v[4] >> 51);
	a->v[4] &= MASK;
}

void
fe_put(uint8_t out[static FE_LEN], const struct fe *a)
{
	struct fe t = *a;
	uint64_t q;
	unsigned i, bit;

	carry(&t);
	carry(&t);
	/* is it p or more? then adding 19 carries out of 255 bits */
	q = (t.v[0] + 19) >> 51;
	for (i = 1; i < 5; i++)
		q = (t.v[i] + q) >> 51;
	t.v[0] += 19 * q;
	for (i = 0; i < 4; i++) {
		t.v[i + 1] += t.v[i] >> 51;
		t.v[i] &= MASK;
	}
	t.v[4] &= MASK;
	for (i = 0; i < FE_LEN; i++) {
		bit = 8 * i;
		q = t.v[bit / 51] >> bit % 51;
		if (bit % 51 > 43 && bit / 51 < 4)
			q |= t.v[bit / 51 + 1] << (51 - bit % 51);
		out[i] = (uint8_t)q;
	}
}

void
fe_add(struct fe *out, const struct fe *a, const struct fe *b)
{
	unsigned i;

	for (i = 0; i < 5; i++)
		out->v[i] = a->v[i] + b->v[i];
}

void
fe_sub(struct fe *out, const struct fe *a, const struct fe *b)
{
	unsigned i;

	/* 4 p in between, so that no limb goes below 0 */
	for (i = 0; i < 5; i++)
		out->v[i] = a->v[i] + 4 * (MASK - (i == 0 ? 18 : 0)) - b->v[i];
	carry(out);
}

/* Carries from limb to limb; what leaves the highest comes in below, as 19. */
static inline void
wide_put(struct fe *out, wide w0, wide w1, wide w2, wide w3, wide w4)
{
	uint64_t v0 = wide_limb(&w0);

	wide_add(&w1, &w0);
	out->v[1] = wide_limb(&w1);
	wide_add(&w2, &w1);
	out->v[2] = wide_limb(&w2);
	wide_add(&w3, &w2);
	out->v[3] = wide_limb(&w3);
	wide_add(&w4, &w3);
	out->v[4] = wide_limb(&w4);
	v0 += 19 * wide_small(&w4); /* limbs of 52 bits: below 2^60 */
	out->v[1] += v0 >> 51;
	out->v[0] = v0 & MASK;
}

void
fe_mul(struct fe *out, const struct fe *a, const struct fe *b)
{
	const uint64_t *x = a->v, *y = b->v;
	/* 2^255 is 19 */
	const uint64_t y1 = 19 * y[1], y2 = 19 * y[2], y3 = 19 * y[3],
		       y4 = 19 * y[4];
	wide_put(out, sum(x[0], y[0], x[1], y4, x[2], y3, x[3], y2, x[4], y1),
	    sum(x[0], y[1], x[1], y[0], x[2], y4, x[3], y3, x[4], y2),
	    sum(x[0], y[2], x[1], y[1], x[2], y[0], x[3], y4, x[4], y3),
	    sum(x[0], y[3], x[1], y[2], x[2], y[1], x[3], y[0], x[4], y4),
	    sum(x[0], y[4], x[1], y[3], x[2], y[2], x[3], y[1], x[4], y[0]));
}

/* Six products the less. */
static void
square(struct fe *out, const struct fe *a)
{
	const uint64_t *x = a->v;
	const uint64_t d0 = 2 * x[0], d1 = 2 * x[1], d2 = 2 * x[2],
		       x3 = 19 * x[3], x4 = 19 * x[4];
	wide_put(out, sum3(x[0], x[0], d1, x4, d2, x3),
	    sum3(d0, x[1], d2, x4, x[3], x3),
	    sum3(d0, x[2], x[1], x[1], 2 * x[3], x4),
	    sum3(d0, x[3], d1, x[2], x[4], x4),
	    sum3(d0, x[4], d1, x[3], x[2], x[2]));
}

/* out = a^(2^n) */
static void
square_n(struct fe *out, const struct fe *a, unsigned n)
{
	*out = *a;
	while (n-- > 0)
		square(out, out);
}

/* out = a^(2^n) * b */
static void
square_mul(struct fe *out, const struct fe *a, unsigned n, const struct fe *b)
{
	struct fe t;

	square_n(&t, a, n);
	fe_mul(out, &t, b);
}

void
fe_invert(struct fe *out, const struct fe *a)
{
	struct fe a11, t, r; /* r: a to 2^k - 1, for growing k */

	square_n(&t, a, 3);
	fe_mul(&t, &t, a); /* 9 */
	square_mul(&a11, a, 1, &t); /* 2 + 9 */
	square_mul(&r, &a11, 1, &t); /* 22 + 9 = 2^5 - 1 */
	square_mul(&r, &r, 5, &r); /* 2^10 - 1 */
	t = r;
	square_mul(&r, &r, 10, &r); /* 2^20 - 1 */
	square_mul(&r, &r, 20, &r); /* 2^40 - 1 */
	square_mul(&t, &r, 10, &t); /* 2^50 - 1 */
	square_mul(&r, &t, 50, &t); /* 2^100 - 1 */
	square_mul(&r, &r, 100, &r); /* 2^200 - 1 */
	square_mul(&r, &r, 50, &t); /* 2^250 - 1 */
	square_mul(out, &r, 5, &a11); /* 2^255 - 32 + 11 = p - 2 */
}
