/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blob.h — sealed blobs: what a picture or a file is while it rests on a relay.
 * Without I/O: chunks in, chunks out, of any size in constant memory, in any
 * order. docs/media.md §1, docs/crypto.md §14.
 *
 *     head (88) | chunk 0 | chunk 1 | ... | the last chunk
 *
 * A chunk is BLOB_CHUNK bytes of content and a tag; the last one may be
 * shorter, none is empty. Content begins on a chunk and is padded with zeros to
 * one of few lengths; how long it is, the head says, sealed. Each chunk is
 * bound to the blob's key, its number and to being the last or not: chunks that
 * are changed, swapped, repeated, left out, added or taken from another blob do
 * not open.
 *
 * A key seals one blob, once: who must begin again takes a fresh one. Sealing
 * other content under the same key and salt would show both.
 */
#ifndef COMMON_BLOB_BLOB_H
#define COMMON_BLOB_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define BLOB_KEY_LEN	32
#define BLOB_SALT_LEN	16
#define BLOB_DIGEST_LEN 32 /* SHA-256 of all sealed bytes */
#define BLOB_HEAD_LEN	88
#define BLOB_TAG_LEN	16
#define BLOB_CHUNK	65536 /* bytes of content in a chunk */
#define BLOB_CHUNK_MAX	(BLOB_CHUNK + BLOB_TAG_LEN) /* the same, sealed */
#define BLOB_PAD_MIN	4096 /* no content is shorter, once padded */
#define BLOB_SIZE_MAX	((uint64_t)1 << 40) /* bytes of content; 1 TiB */

/* Wipe with sodium_memzero. */
struct blob_key {
	uint8_t b[BLOB_KEY_LEN];
};

struct blob_digest {
	uint8_t b[BLOB_DIGEST_LEN];
};

/* Where random bytes come from; never fails. */
struct blob_rng {
	void (*fill)(void *ctx, void *out, size_t n);
	void *ctx;
};

/* libsodium's generator (call sodium_init() first): what programs pass. */
extern const struct blob_rng blob_rng_system;

/* ---- lengths ------------------------------------------------------------------ */

/* What content of that size is padded to. size <= BLOB_SIZE_MAX. */
uint64_t blob_padded(uint64_t size);

/* How many bytes the blob has. size <= BLOB_SIZE_MAX. */
uint64_t blob_sealed_size(uint64_t size);

/* ---- sealing ------------------------------------------------------------------ */

struct blob_seal; /* heap, owned by the caller; holds keys */

/*
 * Begin a blob of `size` bytes of content.
 *   key   out: a fresh one, the only thing that opens the blob
 *   head  out: its first bytes
 * Returns 0; ERR_RANGE over BLOB_SIZE_MAX; ERR_NOMEM.
 */
int blob_seal_new(struct blob_seal **s, uint64_t size,
    const struct blob_rng *rng, struct blob_key *key,
    uint8_t head[static BLOB_HEAD_LEN]) MUST_USE;

/* How many bytes of content the next chunk takes: BLOB_CHUNK, less at the end
 * of the content, 0 for a chunk of padding alone. */
size_t blob_seal_wants(const struct blob_seal *s);

/*
 * Seal the next chunk.
 *   in   BLOB_CHUNK bytes, of which exactly the wanted are content; what is
 *        behind them is overwritten with the padding
 *   out  BLOB_CHUNK_MAX bytes, must not overlap in; *len of them are the chunk
 * Returns 0; ERR_NOTFOUND the last one was sealed already: the blob is whole;
 * ERR_NOMEM, after which the blob is lost.
 */
int blob_seal_next(struct blob_seal *s, uint8_t in[static BLOB_CHUNK],
    uint8_t out[static BLOB_CHUNK_MAX], size_t *len) MUST_USE;

/* The digest, when the blob is whole. Returns 0; ERR_STATE it is not. */
int blob_seal_end(const struct blob_seal *s, struct blob_digest *d) MUST_USE;

/* Wipes and frees; NULL is fine. */
void blob_seal_free(struct blob_seal *s);

/* ---- opening ------------------------------------------------------------------ */

struct blob_open; /* heap, owned by the caller; holds keys */

/*
 * Begin with a blob's first bytes and how many it has in all.
 * Returns 0; ERR_FORMAT no blob; ERR_VERSION made by a newer sotto; ERR_RANGE
 * it has not the length its head says: cut, or longer; ERR_AUTH another key's,
 * or changed; ERR_NOMEM.
 */
int blob_open_new(struct blob_open **o, const struct blob_key *key,
    const uint8_t head[static BLOB_HEAD_LEN], uint64_t sealed_size) MUST_USE;

/* Bytes of content, and how many chunks the blob has. */
uint64_t blob_open_size(const struct blob_open *o);
uint64_t blob_open_chunks(const struct blob_open *o);

/* Where chunk i of the blob is: from *at, *len bytes. i < blob_open_chunks(). */
void blob_open_where(
    const struct blob_open *o, uint64_t i, uint64_t *at, size_t *len);

/*
 * Open chunk i, in any order: content from byte i * BLOB_CHUNK on.
 *   in, len  the chunk, as blob_open_where() says; borrowed
 *   out      BLOB_CHUNK bytes, must not overlap in
 *   n        out: bytes of content; 0 for a chunk of padding alone
 * Returns 0; ERR_RANGE there is no such chunk, or it is not that long; ERR_AUTH
 * changed, or not this chunk: out holds zeros; ERR_FORMAT the padding is not
 * zeros: sealed by something that is no sotto; ERR_NOMEM.
 */
int blob_open_chunk(struct blob_open *o, uint64_t i, const uint8_t *in,
    size_t len, uint8_t out[static BLOB_CHUNK], size_t *n) MUST_USE;

/* Wipes and frees; NULL is fine. */
void blob_open_free(struct blob_open *o);

/* ---- digest ------------------------------------------------------------------- */

/* SHA-256, bytes as they come. */
struct blob_hash; /* heap, owned by the caller */

/* 0; ERR_NOMEM. */
int blob_hash_new(struct blob_hash **h) MUST_USE;
/* 0; ERR_NOMEM, after which the digest is lost. */
int blob_hash_add(struct blob_hash *h, const void *p, size_t len) MUST_USE;
/* The digest; nothing can be added afterwards. 0; ERR_NOMEM. */
int blob_hash_end(struct blob_hash *h, struct blob_digest *d) MUST_USE;
void blob_hash_free(struct blob_hash *h);

#endif
