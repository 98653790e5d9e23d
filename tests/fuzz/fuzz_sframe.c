/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_sframe.c — bytes of a server's do not open, and what a header says is
 * what its own encoding says. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "calls/sframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t out[SFRAME_TEXT_MAX + SFRAME_OVERHEAD];
	static const uint8_t base[16] = {1};
	uint8_t h[SFRAME_HEADER_MAX], sealed[64];
	uint64_t kid, ctr, kid2, ctr2;
	struct sframe_key *k = NULL;
	size_t n;
	int r;

	r = sframe_header_get(data, len, &kid, &ctr);
	if (r < 0)
		return 0;
	assert((size_t)r <= len);
	n = sframe_header_put(h, kid, ctr);
	assert(n <= (size_t)r);
	assert(sframe_header_get(h, n, &kid2, &ctr2) == (int)n);
	assert(kid == kid2 && ctr == ctr2);
	assert(sframe_key_new(&k, SFRAME_AES_256_GCM_SHA512_128, kid, base,
		   sizeof(base)) == 0);
	assert(sframe_open(k, NULL, 0, data, len, out, &n) != 0);
	/* which has changed nothing */
	assert(sframe_seal_at(k, ctr, NULL, 0, data, 1, sealed, &n) == 0);
	assert(sframe_open(k, NULL, 0, sealed, n, out, &n) == 0);
	assert(n == 1 && out[0] == data[0]);
	sframe_key_free(k);
	return 0;
}
