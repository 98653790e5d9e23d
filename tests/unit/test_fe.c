/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/signal/fe.h"
#include "common/signal/xeddsa.h"
#include "tests/unit/test.h"

/* The same without the compiler's 128-bit numbers, under other names. */
#define FE_NO_INT128
#define fe_get	  portable_get
#define fe_put	  portable_put
#define fe_add	  portable_add
#define fe_sub	  portable_sub
#define fe_mul	  portable_mul
#define fe_invert portable_invert
void portable_get(struct fe *out, const uint8_t b[static FE_LEN]);
void portable_put(uint8_t out[static FE_LEN], const struct fe *a);
void portable_add(struct fe *out, const struct fe *a, const struct fe *b);
void portable_sub(struct fe *out, const struct fe *a, const struct fe *b);
void portable_mul(struct fe *out, const struct fe *a, const struct fe *b);
void portable_invert(struct fe *out, const struct fe *a);
#include "common/signal/fe.c"
#undef fe_get
#undef fe_put
#undef fe_add
#undef fe_sub
#undef fe_mul
#undef fe_invert

/* Around 0, p and 2^255, and others. */
static void
pick(uint8_t b[static FE_LEN], unsigned i)
{
	static const uint8_t low[] = {0, 1, 2, 18, 19, 0xec, 0xed, 0xee, 0xff};

	if (i >= 2 * ARRAY_LEN(low)) {
		randombytes_buf(b, FE_LEN);
		b[31] &= 0x7f;
		return;
	}
	memset(b, i < ARRAY_LEN(low) ? 0 : 0xff, FE_LEN);
	b[0] = low[i % ARRAY_LEN(low)];
	b[31] &= 0x7f;
}

static void
assert_fe(const struct fe *a, const uint8_t want[static FE_LEN])
{
	uint8_t b[FE_LEN];

	fe_put(b, a);
	assert_memory_equal(b, want, FE_LEN);
}

static void
test_fe_put__one_encoding_below_p(void **state)
{
	static const uint8_t one[FE_LEN] = {1}, zero[FE_LEN];
	uint8_t p[FE_LEN], most[FE_LEN], last[FE_LEN];
	struct fe a;

	memset(p, 0xff, sizeof(p));
	p[31] = 0x7f;
	memcpy(most, p, sizeof(p));
	memcpy(last, p, sizeof(p));
	p[0] = 0xed;
	last[0] = 0xec;
	fe_get(&a, p);
	assert_fe(&a, zero);
	p[0]++;
	fe_get(&a, p);
	assert_fe(&a, one);
	fe_get(&a, last);
	assert_fe(&a, last);
	most[31] = 0xff; /* the top bit does not count: 2^255 - 1 is 18 */
	memset(last, 0, sizeof(last));
	last[0] = 18;
	fe_get(&a, most);
	assert_fe(&a, last);
}

/* a (a + b) - a b = a^2 and a (1/a) = 1, whatever the limbs are like. */
static void
test_fe__the_laws_of_a_field(void **state)
{
	static const uint8_t one[FE_LEN] = {1}, zero[FE_LEN];
	uint8_t x[FE_LEN], y[FE_LEN], want[FE_LEN];
	struct fe a, b, c, d;
	unsigned i, j;

	for (i = 0; i < 60; i++) {
		for (j = 0; j < 60; j++) {
			pick(x, i);
			pick(y, j);
			fe_get(&a, x);
			fe_get(&b, y);
			fe_add(&c, &a, &b);
			fe_mul(&c, &a, &c);
			fe_mul(&d, &a, &b);
			fe_sub(&c, &c, &d);
			fe_mul(&d, &a, &a);
			fe_put(want, &d);
			assert_fe(&c, want);
		}
		fe_put(want, &a);
		fe_invert(&b, &a);
		fe_mul(&c, &a, &b);
		assert_fe(&c, memcmp(want, zero, FE_LEN) == 0 ? zero : one);
	}
}

static void
test_fe__with_and_without_128_bit_numbers(void **state)
{
	uint8_t x[FE_LEN], y[FE_LEN];
	struct fe a, b, c, d;
	unsigned i, j;

	for (i = 0; i < 60; i++) {
		for (j = 0; j < 60; j++) {
			pick(x, i);
			pick(y, j);
			fe_get(&a, x);
			fe_get(&b, y);
			fe_add(&b, &a, &b);
			fe_mul(&c, &a, &b);
			portable_mul(&d, &a, &b);
			assert_memory_equal(&c, &d, sizeof(c));
		}
		fe_invert(&c, &a);
		portable_invert(&d, &a);
		assert_memory_equal(&c, &d, sizeof(c));
	}
}

static void
test_mont_base__is_x25519_with_the_base_point(void **state)
{
	uint8_t k[32], u[32], want[32];
	unsigned i;

	for (i = 0; i < 200; i++) {
		randombytes_buf(k, sizeof(k));
		if (i < 2)
			memset(k, i ? 0xff : 0, sizeof(k));
		k[0] &= 248;
		k[31] = (uint8_t)((k[31] & 127) | 64);
		assert_ok(crypto_scalarmult_base(want, k));
		mont_base(u, k);
		assert_memory_equal(u, want, sizeof(u));
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_fe_put__one_encoding_below_p),
	    T(test_fe__the_laws_of_a_field),
	    T(test_fe__with_and_without_128_bit_numbers),
	    T(test_mont_base__is_x25519_with_the_base_point),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
