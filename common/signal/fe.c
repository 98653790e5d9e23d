/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/signal/fe.h"

#define MASK ((1ull << 51) - 1)

/* ---- sums of products of limbs -------------------------------------------- */

#if defined(__SIZEOF_INT128__) && !defined(FE_NO_INT128)
__extension__ typedef unsigned __int128 wide;

static void
wide_add_product(wide *w, uint64_t a, uint64_t b)
{
	*w += (wide)a * b;
}

/* Take the low 51 bits out, move the others down. */
static uint64_t
wide_limb(wide *w)
{
	uint64_t low = (uint64_t)*w & MASK;

	*w >>= 51;
	return low;
}

static void
wide_add(wide *w, const wide *other)
{
	*w += *other;
}

/* When it is known to be below 2^64. */
static uint64_t
wide_small(const wide *w)
{
	return (uint64_t)*w;
}
#else
typedef struct {
	uint64_t lo, hi;
} wide;

static void
wide_add(wide *w, const wide *other)
{
	w->lo += other->lo;
	w->hi += other->hi + (w->lo < other->lo);
}

static void
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

static uint64_t
wide_limb(wide *w)
{
	uint64_t low = w->lo & MASK;

	w->lo = w->lo >> 51 | w->hi << 13;
	w->hi >>= 51;
	return low;
}

static uint64_t
wide_small(const wide *w)
{
	return w->lo;
}
#endif

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

void
fe_mul(struct fe *out, const struct fe *a, const struct fe *b)
{
	wide w[5];
	struct fe r;
	unsigned i, j;

	memset(w, 0, sizeof(w));
	for (i = 0; i < 5; i++) {
		for (j = 0; j < 5 - i; j++)
			wide_add_product(&w[i + j], a->v[i], b->v[j]);
		for (; j < 5; j++) /* 2^255 is 19 */
			wide_add_product(&w[i + j - 5], 19 * a->v[i], b->v[j]);
	}
	for (i = 0; i < 4; i++) {
		r.v[i] = wide_limb(&w[i]);
		wide_add(&w[i + 1], &w[i]);
	}
	r.v[4] = wide_limb(&w[4]);
	r.v[0] += 19 * wide_small(&w[4]); /* limbs of 52 bits: below 2^60 */
	carry(&r);
	*out = r;
}

/* out = a^(2^n) */
static void
square_n(struct fe *out, const struct fe *a, unsigned n)
{
	*out = *a;
	while (n-- > 0)
		fe_mul(out, out, out);
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
