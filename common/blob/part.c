/* SPDX-License-Identifier: GPL-3.0-or-later */
/* part.c — lengths, keys and single sealed parts of a blob. */
#include <assert.h>
#include <string.h>

#include "common/blob/priv.h"
#include "common/buf.h"

/* ---- lengths ------------------------------------------------------------------ */

static unsigned
log2_of(uint64_t v)
{
	unsigned n = 0;

	while (v >>= 1)
		n++;
	return n;
}

/* Padmé: the more digits a length has, the more of the last ones are zero.
 * docs/media.md §1.3 bounds what it tells. */
uint64_t
blob_padded(uint64_t size)
{
	unsigned e, keep;
	uint64_t mask;

	if (size < BLOB_PAD_MIN)
		return BLOB_PAD_MIN;
	e = log2_of(size);
	assert(e >= 12);
	keep = log2_of(e) + 1;
	mask = ((uint64_t)1 << (e - keep)) - 1;
	return (size + mask) & ~mask;
}

void
plan_of(struct plan *p, uint64_t size)
{
	p->size = size;
	p->padded = blob_padded(size);
	p->chunks = (p->padded + BLOB_CHUNK - 1) / BLOB_CHUNK;
}

uint64_t
blob_sealed_size(uint64_t size)
{
	struct plan p;

	plan_of(&p, size);
	return BLOB_HEAD_LEN + p.padded + p.chunks * BLOB_TAG_LEN;
}

/* How much of [at, at + BLOB_CHUNK) lies below end. */
static size_t
overlap(uint64_t at, uint64_t end)
{
	if (at >= end)
		return 0;
	return end - at < BLOB_CHUNK ? (size_t)(end - at) : BLOB_CHUNK;
}

size_t
plan_chunk(const struct plan *p, uint64_t i, size_t *content)
{
	*content = overlap(i * BLOB_CHUNK, p->size);
	return overlap(i * BLOB_CHUNK, p->padded);
}

/* ---- keys --------------------------------------------------------------------- */

static void
rng_fill(void *ctx, void *out, size_t n)
{
	(void)ctx;
	randombytes_buf(out, n);
}

const struct blob_rng blob_rng_system = {rng_fill, NULL};

void
blob_derive(struct blob_keys *k, const struct blob_key *key,
    const uint8_t prefix[static PREFIX_LEN])
{
	static const uint8_t label[] = "sotto blob 1"; /* with its NUL */
	crypto_generichash_state st;
	uint8_t out[BLOB_KEY_LEN + COMMIT_LEN];

	crypto_generichash_init(&st, key->b, sizeof(key->b), sizeof(out));
	crypto_generichash_update(&st, label, sizeof(label));
	crypto_generichash_update(&st, prefix, PREFIX_LEN);
	crypto_generichash_final(&st, out, sizeof(out));
	memcpy(k->chunk, out, sizeof(k->chunk));
	memcpy(k->commit, out + sizeof(k->chunk), sizeof(k->commit));
	sodium_memzero(&st, sizeof(st));
	sodium_memzero(out, sizeof(out));
}

/* ---- parts -------------------------------------------------------------------- */

/* libcrypto's is several times as fast as libsodium's where a processor has
 * wide registers, and the bytes are the same. */
EVP_CIPHER_CTX *
blob_cipher(const uint8_t key[static BLOB_KEY_LEN], bool seal)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c != NULL && EVP_CipherInit_ex2(c, EVP_chacha20_poly1305(), key,
			     NULL, seal, NULL) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	return c;
}

/* The only place that makes nonces. */
static bool
begin(EVP_CIPHER_CTX *c, enum part part, uint64_t i)
{
	uint8_t nonce[NONCE_LEN] = {(uint8_t)part};

	put_be64(nonce + 4, i);
	return EVP_CipherInit_ex2(c, NULL, NULL, nonce, -1, NULL) == 1;
}

int
part_seal(EVP_CIPHER_CTX *c, enum part part, uint64_t i, const uint8_t *in,
    size_t len, uint8_t *out)
{
	int n = 0, tail = 0;

	if (!begin(c, part, i) ||
	    EVP_CipherUpdate(c, out, &n, in, (int)len) != 1 ||
	    EVP_CipherFinal_ex(c, out + n, &tail) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		c, EVP_CTRL_AEAD_GET_TAG, BLOB_TAG_LEN, out + len) != 1) {
		sodium_memzero(out, len + BLOB_TAG_LEN);
		return ERR_NOMEM;
	}
	return 0;
}

int
part_open(EVP_CIPHER_CTX *c, enum part part, uint64_t i, const uint8_t *in,
    size_t len, uint8_t *out)
{
	uint8_t tag[BLOB_TAG_LEN];
	int n = 0, tail = 0, r = ERR_NOMEM;

	memcpy(tag, in + len, sizeof(tag));
	if (begin(c, part, i) &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, BLOB_TAG_LEN, tag) ==
		1 &&
	    EVP_CipherUpdate(c, out, &n, in, (int)len) == 1)
		r = EVP_CipherFinal_ex(c, out + n, &tail) == 1 ? 0 : ERR_AUTH;
	if (r != 0)
		sodium_memzero(out, len);
	return r;
}
