/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hmac.h — internal: HMAC-SHA256 (RFC 2104). Its state is plain memory: copied
 * to use a key again, wiped when done.
 *
 * The compression is OpenSSL's, which uses the processor's SHA instructions
 * where there are some; libsodium's does not, and a message takes forty.
 */
#ifndef COMMON_SIGNAL_HMAC_H
#define COMMON_SIGNAL_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/sha.h>

#define HMAC_LEN 32

struct hmac {
	SHA256_CTX inner; /* the key's pad, then the message */
	SHA256_CTX outer; /* the key's other pad */
};

/* A key of any length. */
void hmac_init(struct hmac *h, const uint8_t *key, size_t len);
/* The key of 32 zero bytes: HKDF without a salt. Its two blocks are known. */
void hmac_init_zero(struct hmac *h);
void hmac_update(struct hmac *h, const uint8_t *p, size_t len);

/* The code; h is wiped. */
void hmac_final(struct hmac *h, uint8_t out[static HMAC_LEN]);

#endif
