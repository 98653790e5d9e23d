/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kdf.h — internal: HKDF, the chain and root steps, message keys and
 * AES-256-CBC as the Signal protocol uses them. docs/crypto.md §4.
 */
#ifndef COMMON_SIGNAL_KDF_H
#define COMMON_SIGNAL_KDF_H

#include "common/buf.h"
#include "common/signal/keys.h"

#define KDF_LEN	   32 /* bytes of every chain, root and seed */
#define CBC_BLOCK  16
#define CBC_IV_LEN 16

struct root_key {
	uint8_t b[KDF_LEN];
};
struct chain_key {
	uint8_t b[KDF_LEN];
};
struct message_seed {
	uint8_t b[KDF_LEN]; /* what a skipped message is remembered by */
};
struct message_keys {
	uint8_t cipher[32];
	uint8_t mac[32];
	uint8_t iv[CBC_IV_LEN];
};

/* HMAC-SHA256 of msg under a key of any length. */
void kdf_hmac(uint8_t out[static KDF_LEN], const uint8_t *key, size_t keylen,
    const uint8_t *msg, size_t len);

/*
 * HKDF-SHA256, RFC 5869. salt may be NULL: 32 zero bytes. outlen is at most
 * 255 * 32.
 */
void kdf_hkdf(uint8_t *out, size_t outlen, const uint8_t *salt, size_t saltlen,
    const uint8_t *ikm, size_t ikmlen, const char *info);

/* The same with any bytes as info. */
void kdf_hkdf_bytes(uint8_t *out, size_t outlen, const uint8_t *salt,
    size_t saltlen, const uint8_t *ikm, size_t ikmlen, const uint8_t *info,
    size_t infolen);

/* Root step: HKDF(root, dh, "WhisperRatchet", 64). next may be root. */
void kdf_root_step(struct root_key *next, struct chain_key *chain,
    const struct root_key *root, const uint8_t dh[static EC_LEN]);

/* The seed of the message at this place of the chain (NULL: not wanted), and
 * the next place. next may be ck. */
void kdf_chain_step(struct message_seed *seed, struct chain_key *next,
    const struct chain_key *ck);

/* pq_salt: 32 bytes from the post-quantum ratchet, or NULL. */
void kdf_message_keys(struct message_keys *out, const struct message_seed *seed,
    const uint8_t *pq_salt);

/* Group messages: "WhisperGroup", the IV first; mac is left zero. */
void kdf_group_keys(struct message_keys *out, const struct message_seed *seed);

/*
 * AES-256-CBC with PKCS#7 padding; appends to out.
 * cbc_seal returns 0, ERR_RANGE, ERR_FULL, ERR_NOMEM.
 * cbc_open also ERR_FORMAT: no whole blocks, or padding wrong (call only after
 * the MAC holds). out is unchanged on error.
 */
int cbc_seal(struct buf *out, const uint8_t key[static 32],
    const uint8_t iv[static CBC_IV_LEN], const uint8_t *pt,
    size_t len) MUST_USE;
int cbc_open(struct buf *out, const uint8_t key[static 32],
    const uint8_t iv[static CBC_IV_LEN], const uint8_t *ct,
    size_t len) MUST_USE;

#endif
