/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_blob.c — bytes that nobody sealed do not open; damage to a sealed blob
 * is always noticed, wherever it is. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/blob/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Content of the fuzzer's; returns the blob's length. */
static size_t
seal(const uint8_t *data, size_t len, struct blob_key *key, uint8_t *blob)
{
	static uint8_t in[BLOB_CHUNK];
	size_t at = BLOB_HEAD_LEN, n;
	struct blob_seal *s;

	assert(blob_seal_new(&s, len, &blob_rng_system, key, blob) == 0);
	memcpy(in, data, blob_seal_wants(s));
	while (blob_seal_next(s, in, blob + at, &n) == 0)
		at += n;
	blob_seal_free(s);
	assert(at == blob_sealed_size(len));
	return at;
}

static int
open_all(const struct blob_key *key, const uint8_t *blob, size_t len,
    const uint8_t *data)
{
	static uint8_t out[BLOB_CHUNK];
	struct blob_open *o;
	uint64_t i, at;
	size_t sealed, n;
	int r;

	r = blob_open_new(&o, key, blob, len);
	if (r != 0)
		return r;
	for (i = 0; r == 0 && i < blob_open_chunks(o); i++) {
		blob_open_where(o, i, &at, &sealed);
		assert(at + sealed <= len);
		r = blob_open_chunk(o, i, blob + at, sealed, out, &n);
		assert(r != 0 || memcmp(out, data + i * BLOB_CHUNK, n) == 0);
	}
	blob_open_free(o);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t blob[BLOB_HEAD_LEN + 2 * BLOB_CHUNK_MAX];
	static const struct blob_key zero;
	struct blob_key key;
	size_t at, n;

	if (len < 3 || len > BLOB_CHUNK || sodium_init() < 0)
		return 0;
	if (len >= BLOB_HEAD_LEN)
		assert(open_all(&zero, data, len, data) != 0);
	n = seal(data, len, &key, blob);
	assert(open_all(&key, blob, n, data) == 0);
	at = ((size_t)data[0] << 8 | data[1]) * 31 % n;
	blob[at] ^= (uint8_t)(data[2] | 1);
	assert(open_all(&key, blob, n, data) != 0);
	return 0;
}
