/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/blob/priv.h"
#include "common/buf.h"

struct blob_open {
	EVP_CIPHER_CTX *cipher;
	struct plan plan;
};

static int
check_prefix(const uint8_t *p)
{
	static const uint8_t zeros[6];

	if (memcmp(p, MAGIC, MAGIC_LEN) != 0)
		return ERR_FORMAT;
	if (p[MAGIC_LEN] != VERSION || p[MAGIC_LEN + 1] != CHUNK_BITS ||
	    memcmp(p + MAGIC_LEN + 2, zeros, sizeof(zeros)) != 0)
		return ERR_VERSION;
	return 0;
}

/* The head says, sealed, how long the content is; the blob must be as long as
 * follows from it. */
static int
take_size(struct blob_open *o, const uint8_t *p, uint64_t sealed_size)
{
	uint8_t be[8];
	uint64_t size;
	int r;

	r = part_open(o->cipher, PART_SIZE, 0, p, sizeof(be), be);
	if (r != 0)
		return r;
	size = get_be64(be);
	if (size > BLOB_SIZE_MAX || blob_sealed_size(size) != sealed_size)
		return ERR_RANGE;
	plan_of(&o->plan, size);
	return 0;
}

int
blob_open_new(struct blob_open **out, const struct blob_key *key,
    const uint8_t head[static BLOB_HEAD_LEN], uint64_t sealed_size)
{
	struct blob_open *o;
	struct blob_keys k;
	int r;

	r = check_prefix(head);
	if (r != 0)
		return r;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return ERR_NOMEM;
	blob_derive(&k, key, head);
	if (sodium_memcmp(k.commit, head + PREFIX_LEN, sizeof(k.commit)) != 0)
		r = ERR_AUTH;
	if (r == 0) {
		o->cipher = blob_cipher(k.chunk, false);
		r = o->cipher != NULL ? 0 : ERR_NOMEM;
	}
	sodium_memzero(&k, sizeof(k));
	if (r == 0)
		r = take_size(o, head + SIZE_AT, sealed_size);
	if (r == 0)
		*out = o;
	else
		blob_open_free(o);
	return r;
}

uint64_t
blob_open_size(const struct blob_open *o)
{
	return o->plan.size;
}

uint64_t
blob_open_chunks(const struct blob_open *o)
{
	return o->plan.chunks;
}

void
blob_open_where(
    const struct blob_open *o, uint64_t i, uint64_t *at, size_t *len)
{
	size_t content;

	*at = BLOB_HEAD_LEN + i * BLOB_CHUNK_MAX;
	*len = plan_chunk(&o->plan, i, &content) + BLOB_TAG_LEN;
}

int
blob_open_chunk(struct blob_open *o, uint64_t i, const uint8_t *in, size_t len,
    uint8_t out[static BLOB_CHUNK], size_t *n)
{
	size_t content, want;
	int r;

	if (i >= o->plan.chunks)
		return ERR_RANGE;
	want = plan_chunk(&o->plan, i, &content);
	if (len != want + BLOB_TAG_LEN)
		return ERR_RANGE;
	r = part_open(o->cipher, part_of(&o->plan, i), i, in, want, out);
	if (r == 0 && !sodium_is_zero(out + content, want - content)) {
		sodium_memzero(out, want);
		r = ERR_FORMAT;
	}
	if (r == 0)
		*n = content;
	return r;
}

void
blob_open_free(struct blob_open *o)
{
	if (o == NULL)
		return;
	EVP_CIPHER_CTX_free(o->cipher);
	sodium_memzero(o, sizeof(*o));
	free(o);
}
