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
	uint32_t p = 0, v = a;

	for (; b != 0; b >>= 1, v <<= 1)
		p ^= v & (0u - (b & 1u));
	while (p > 0xffff)
		p = fold(p);
	return (uint16_t)p;
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

/* The same for the places 0 to n - 1 and the n there are: what a sender needs
 * with every message. One wrong digit, and no decoding gives a message back. */
/* clang-format off */
static const uint16_t SCALE_3[3] = {
    0x8805, 0xf006, 0x7803,
};
static const uint16_t SCALE_5[5] = {
    0x5a02, 0xe806, 0x9c05, 0x136d, 0x3d6c,
};
static const uint16_t SCALE_30[30] = {
    0xf234, 0xf234, 0xe9e5, 0xe9e5, 0xaad2, 0xaad2, 0xb103, 0xb103, 0xeee3,
    0xeee3, 0xf532, 0xf532, 0xb605, 0xb605, 0xadd4, 0xadd4, 0x5fe0, 0x5fe0,
    0x4431, 0x4431, 0x0706, 0x0706, 0x1cd7, 0x1cd7, 0x4337, 0x4337, 0x58e6,
    0x58e6, 0x1bd1, 0x1bd1,
};
static const uint16_t SCALE_36[36] = {
    0xe256, 0xe256, 0xe256, 0xe256, 0x8b42, 0x8b42, 0x8b42, 0x8b42, 0xe983,
    0xe983, 0xe983, 0xe983, 0x3407, 0x3407, 0x3407, 0x3407, 0x3f36, 0x3f36,
    0x3f36, 0x3f36, 0x9591, 0x9591, 0x9591, 0x9591, 0x8492, 0x8492, 0x8492,
    0x8492, 0x807e, 0x807e, 0x807e, 0x807e, 0x1adb, 0x1adb, 0x1adb, 0x1adb,
};
/* clang-format on */

static const struct {
	size_t n;
	const uint16_t *scale;
} known[] = {{3, SCALE_3}, {5, SCALE_5}, {30, SCALE_30}, {36, SCALE_36}};

static void
basis_first(struct basis *b, size_t n)
{
	size_t i;

	b->n = n;
	for (i = 0; i < n; i++)
		b->x[i] = (uint16_t)i;
	for (i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].n != n)
			continue;
		memcpy(b->scale, known[i].scale, n * sizeof(b->scale[0]));
		return;
	}
	basis_scale(b);
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

/* w times each value of each of the four digits of a symbol. */
struct multiples {
	uint16_t of[4][16];
};

static void
multiples_make(struct multiples *m, uint16_t w)
{
	unsigned i, v;

	for (i = 0; i < 4; i++) {
		m->of[i][0] = 0;
		for (v = 1; v < 16; v++) {
			if ((v & (v - 1)) != 0) {
				m->of[i][v] = m->of[i][v & (v - 1)] ^
					      m->of[i][v & (0u - v)];
				continue;
			}
			m->of[i][v] = w;
			w = (uint16_t)fold((uint32_t)w << 1);
		}
	}
}

/* acc += w * chunk, column by column. */
static void
add_weighted(uint16_t acc[static COLUMNS],
    const uint8_t chunk[static CHUNK_LEN], uint16_t w)
{
	struct multiples m;
	unsigned i;

	multiples_make(&m, w);
	for (i = 0; i < COLUMNS; i++, chunk += 2)
		acc[i] ^= m.of[3][chunk[0] >> 4] ^ m.of[2][chunk[0] & 15] ^
			  m.of[1][chunk[1] >> 4] ^ m.of[0][chunk[1] & 15];
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
	struct basis b;
	size_t i;

	assert(n > 0 && n <= CHUNKS_MAX);
	if (x < n) {
		memcpy(out, msg + (size_t)x * CHUNK_LEN, CHUNK_LEN);
		return;
	}
	basis_first(&b, n);
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
