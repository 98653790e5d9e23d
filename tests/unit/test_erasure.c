/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any n different chunks of a message give it back. */
#include <stdbool.h>

#include <sodium.h>

#include "common/signal/erasure.h"
#include "tests/unit/test.h"

/* The same in every run. */
static uint32_t
pick(uint32_t n)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(x >> 33) % n;
}

/* Multiplication by the book: shift, and reduce at each step. */
static uint16_t
slow_mul(uint16_t a, uint16_t b)
{
	uint32_t p = 0, v = a;

	for (; b != 0; b >>= 1) {
		if (b & 1)
			p ^= v;
		v <<= 1;
		if (v & 0x10000)
			v ^= ERASURE_POLY;
	}
	return (uint16_t)p;
}

static void
test_erasure_mul__is_multiplication_in_the_field(void **state)
{
	uint32_t i;

	for (i = 0; i < 65536; i++) {
		uint16_t a = (uint16_t)i, b = (uint16_t)pick(65536);

		assert_int_equal(erasure_mul(a, b), slow_mul(a, b));
		assert_int_equal(erasure_mul(a, 0xffff), slow_mul(a, 0xffff));
	}
	assert_int_equal(erasure_mul(0x8000, 2), ERASURE_POLY & 0xffff);
}

static void
test_erasure_encode__the_first_chunks_are_the_message(void **state)
{
	uint8_t msg[CHUNKS_MAX * CHUNK_LEN], out[CHUNK_LEN];
	uint16_t x;

	randombytes_buf(msg, sizeof(msg));
	for (x = 0; x < CHUNKS_MAX; x++) {
		erasure_encode(out, msg, CHUNKS_MAX, x);
		assert_memory_equal(out, msg + x * CHUNK_LEN, CHUNK_LEN);
	}
}

/* Of one chunk every chunk is that one; of two, a straight line. */
static void
test_erasure_encode__later_chunks_lie_on_the_polynomial(void **state)
{
	uint8_t msg[2 * CHUNK_LEN], out[CHUNK_LEN];
	uint16_t a, b, v, x;
	unsigned i, k;

	randombytes_buf(msg, sizeof(msg));
	erasure_encode(out, msg, 1, 65535);
	assert_memory_equal(out, msg, CHUNK_LEN);
	for (k = 0; k < 200; k++) {
		x = (uint16_t)pick(65536);
		erasure_encode(out, msg, 2, x);
		for (i = 0; i < CHUNK_LEN; i += 2) {
			a = (uint16_t)(msg[i] << 8 | msg[i + 1]);
			b = (uint16_t)(msg[CHUNK_LEN + i] << 8 |
				       msg[CHUNK_LEN + i + 1]);
			v = a ^ slow_mul(a ^ b, x);
			assert_int_equal(out[i], v >> 8);
			assert_int_equal(out[i + 1], v & 255);
		}
	}
}

static bool
has(const struct chunk *c, size_t n, uint16_t x)
{
	while (n-- > 0) {
		if (c[n].x == x)
			return true;
	}
	return false;
}

/* Chunks from far and near, in any order. */
static void
test_erasure_decode__any_n_chunks(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 5, 30, 36};
	uint8_t msg[CHUNKS_MAX * CHUNK_LEN], got[CHUNKS_MAX * CHUNK_LEN];
	struct chunk c[CHUNKS_MAX];
	size_t n, i, have;
	unsigned round;
	uint16_t x;

	for (round = 0; round < 240; round++) {
		n = sizes[round % ARRAY_LEN(sizes)];
		randombytes_buf(msg, sizeof(msg));
		for (have = 0; have < n;) {
			x = (uint16_t)pick(
			    round % 3 == 0 ? (uint32_t)(2 * n) : 65536);
			if (has(c, have, x))
				continue;
			c[have].x = x;
			erasure_encode(c[have].b, msg, n, x);
			have++;
		}
		memset(got, 0xee, sizeof(got));
		erasure_decode(got, c, n);
		assert_memory_equal(got, msg, n * CHUNK_LEN);
		for (i = n * CHUNK_LEN; i < sizeof(got); i++)
			assert_int_equal(got[i], 0xee);
	}
}

/* One wrong bit in a chunk beyond the message spoils what it stands for. */
static void
test_erasure_decode__a_wrong_chunk_is_not_mended(void **state)
{
	uint8_t msg[3 * CHUNK_LEN], got[3 * CHUNK_LEN];
	struct chunk c[3] = {{.x = 7}, {.x = 0}, {.x = 2}};
	size_t i;

	randombytes_buf(msg, sizeof(msg));
	for (i = 0; i < 3; i++)
		erasure_encode(c[i].b, msg, 3, c[i].x);
	c[0].b[31] ^= 1;
	erasure_decode(got, c, 3);
	assert_memory_equal(got, msg, CHUNK_LEN);
	assert_memory_not_equal(got + CHUNK_LEN, msg + CHUNK_LEN, CHUNK_LEN);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_erasure_mul__is_multiplication_in_the_field),
	    T(test_erasure_encode__the_first_chunks_are_the_message),
	    T(test_erasure_encode__later_chunks_lie_on_the_polynomial),
	    T(test_erasure_decode__any_n_chunks),
	    T(test_erasure_decode__a_wrong_chunk_is_not_mended),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
