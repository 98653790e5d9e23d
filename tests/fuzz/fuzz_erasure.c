/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chunks: from any values at any n places comes a message whose chunks at
 * these places are those values.
 *     n || n times: place (2 bytes) || 32 bytes
 */
#include "common/signal/erasure.h"
#include "tests/fuzz/signal_pair.h"

#define ENTRY (2 + CHUNK_LEN)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A place nobody has: the next free one. */
static uint16_t
free_place(const struct chunk *c, size_t n, uint16_t x)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (c[i].x == x)
			return free_place(c, n, (uint16_t)(x + 1));
	}
	return x;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t in[1 + CHUNKS_MAX * ENTRY] = {0}; /* what is missing is zero */
	uint8_t msg[CHUNKS_MAX * CHUNK_LEN], again[CHUNK_LEN];
	struct chunk c[CHUNKS_MAX];
	size_t i, n;

	if (len > 0)
		memcpy(in, data, len < sizeof(in) ? len : sizeof(in));
	n = in[0] % CHUNKS_MAX + 1u;
	for (i = 0; i < n; i++) {
		c[i].x = free_place(c, i, get_be16(in + 1 + i * ENTRY));
		memcpy(c[i].b, in + 3 + i * ENTRY, CHUNK_LEN);
	}
	memset(msg, 0xee, sizeof(msg));
	erasure_decode(msg, c, n);
	for (i = 0; i < n; i++) {
		erasure_encode(again, msg, n, c[i].x);
		fuzz_need(memcmp(again, c[i].b, CHUNK_LEN) == 0);
	}
	for (i = n * CHUNK_LEN; i < sizeof(msg); i++)
		fuzz_need(msg[i] == 0xee);
	return 0;
}
