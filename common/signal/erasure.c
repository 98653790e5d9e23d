/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "common/buf.h"
#include "common/signal/erasure.h"

#define COLUMNS (CHUNK_LEN / 2)

/* x^16 = x^12 + x^3 + x + 1 */
static uint32_t
fold(uint32_t p)
{
	uint32_t hi = p >> 16;

	return (p & 0xffff) ^ hi ^ hi << 1 ^ hi << 3 ^ hi << 12;
}

uint16_t
erasure_mul(uint16_t a, uint16_t b)
{
	uint32_t p = 0;
	unsigned i;

	for (i = 0; i < 16; i++)
		p ^= ((uint32_t)a << i) & (0u - ((uint32_t)b >> i & 1));
	/* each fold takes at least four bits off */
	return (uint16_t)fold(fold(fold(fold(p))));
}

/* a^(2^16 - 2); 0 of 0. */
static uint16_t
inverse(uint16_t a)
{
	uint16_t r = 1;
	unsigned i;

	for (i = 0; i < 15; i++) {
		a = erasure_mul(a, a);
		r = erasure_mul(r, a);
	}
	return r;
}

/* Lagrange's interpolation through n places, apart from the values there. */
struct basis {
	size_t n;
	uint16_t x[CHUNKS_MAX];
	uint16_t scale[CHUNKS_MAX]; /* 1 / product of (x_i - x_j) */
};

static void
basis_scale(struct basis *b)
{
	size_t i, j;
	uint16_t d;

	for (i = 0; i < b->n; i++) {
		d = 1;
		for (j = 0; j < b->n; j++) {
			if (j != i)
				d = erasure_mul(d, b->x[i] ^ b->x[j]);
		}
		b->scale[i] = inverse(d);
	}
}

/* How much of each value there is in the value at x. */
static void
basis_weights(const struct basis *b, uint16_t x, uint16_t w[static CHUNKS_MAX])
{
	uint16_t before = 1, after = 1;
	size_t i;

	for (i = 0; i < b->n; i++) {
		w[i] = erasure_mul(before, b->scale[i]);
		before = erasure_mul(before, x ^ b->x[i]);
	}
	for (i = b->n; i-- > 0;) {
		w[i] = erasure_mul(w[i], after);
		after = erasure_mul(after, x ^ b->x[i]);
	}
}

/* acc += w * chunk, column by column. */
static void
add_weighted(uint16_t acc[static COLUMNS],
    const uint8_t chunk[static CHUNK_LEN], uint16_t w)
{
	unsigned i;

	for (i = 0; i < COLUMNS; i++)
		acc[i] ^= erasure_mul(get_be16(chunk + 2 * i), w);
}

static void
columns_put(uint8_t out[static CHUNK_LEN], const uint16_t acc[static COLUMNS])
{
	unsigned i;

	for (i = 0; i < COLUMNS; i++)
		put_be16(out + 2 * i, acc[i]);
}

void
erasure_encode(
    uint8_t out[static CHUNK_LEN], const uint8_t *msg, size_t n, uint16_t x)
{
	uint16_t w[CHUNKS_MAX], acc[COLUMNS] = {0};
	struct basis b = {.n = n};
	size_t i;

	assert(n > 0 && n <= CHUNKS_MAX);
	if (x < n) {
		memcpy(out, msg + (size_t)x * CHUNK_LEN, CHUNK_LEN);
		return;
	}
	for (i = 0; i < n; i++)
		b.x[i] = (uint16_t)i;
	basis_scale(&b);
	basis_weights(&b, x, w);
	for (i = 0; i < n; i++)
		add_weighted(acc, msg + i * CHUNK_LEN, w[i]);
	columns_put(out, acc);
}

void
erasure_decode(uint8_t *msg, const struct chunk *c, size_t n)
{
	uint16_t w[CHUNKS_MAX] = {0}, acc[COLUMNS], x;
	bool have[CHUNKS_MAX] = {false};
	struct basis b = {.n = n};
	size_t i;

	assert(n > 0 && n <= CHUNKS_MAX);
	for (i = 0; i < n; i++) {
		b.x[i] = c[i].x;
		if (c[i].x >= n)
			continue;
		have[c[i].x] = true;
		memcpy(msg + (size_t)c[i].x * CHUNK_LEN, c[i].b, CHUNK_LEN);
	}
	basis_scale(&b);
	for (x = 0; x < (uint16_t)n; x++) {
		if (have[x])
			continue;
		basis_weights(&b, x, w);
		memset(acc, 0, sizeof(acc));
		for (i = 0; i < n; i++)
			add_weighted(acc, c[i].b, w[i]);
		columns_put(msg + (size_t)x * CHUNK_LEN, acc);
	}
}
