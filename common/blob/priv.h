/* SPDX-License-Identifier: GPL-3.0-or-later */
/* priv.h — what sealing and opening share. docs/crypto.md §14. */
#ifndef COMMON_BLOB_PRIV_H
#define COMMON_BLOB_PRIV_H

#include <stdbool.h>

#include <sodium.h>

#include "common/blob/blob.h"
#include "common/ossl.h"

#define MAGIC	   "SOTTOBLB"
#define MAGIC_LEN  8
#define VERSION	   1
#define CHUNK_BITS 16
#define PREFIX_LEN (MAGIC_LEN + 8 + BLOB_SALT_LEN) /* what the keys hang on */
#define COMMIT_LEN 32
#define SIZE_AT	   (PREFIX_LEN + COMMIT_LEN)
#define NONCE_LEN  12

/* What a nonce is for. */
enum part { PART_CHUNK = 0, PART_LAST = 1, PART_SIZE = 2 };

/* The keys of one blob. */
struct blob_keys {
	uint8_t chunk[BLOB_KEY_LEN];
	uint8_t commit[COMMIT_LEN];
};

/* Content, padded, and how it is cut. */
struct plan {
	uint64_t size, padded, chunks;
};

void plan_of(struct plan *p, uint64_t size);

/* Bytes of chunk i before sealing, and how many of them are content. */
size_t plan_chunk(const struct plan *p, uint64_t i, size_t *content);

void blob_derive(struct blob_keys *k, const struct blob_key *key,
    const uint8_t prefix[static PREFIX_LEN]);

/* A context for one direction under a key; NULL: no memory. */
EVP_CIPHER_CTX *blob_cipher(const uint8_t key[static BLOB_KEY_LEN], bool seal);

/* len bytes and a tag behind them. 0; ERR_NOMEM. */
int part_seal(EVP_CIPHER_CTX *c, enum part part, uint64_t i, const uint8_t *in,
    size_t len, uint8_t *out) MUST_USE;

/* in has len + BLOB_TAG_LEN bytes. 0; ERR_AUTH; ERR_NOMEM. out then holds
 * zeros. */
int part_open(EVP_CIPHER_CTX *c, enum part part, uint64_t i, const uint8_t *in,
    size_t len, uint8_t *out) MUST_USE;

/* The number of the last chunk has a nonce of its own kind. */
static inline enum part
part_of(const struct plan *p, uint64_t i)
{
	return i + 1 == p->chunks ? PART_LAST : PART_CHUNK;
}

#endif
