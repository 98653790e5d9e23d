/* SPDX-License-Identifier: GPL-3.0-or-later */
/* These functions have successors in OpenSSL 3, but no state of those can be
 * copied without an allocation, which costs more than the hash. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>

#include <sodium.h>

#include "common/signal/hmac.h"

#define BLOCK 64

void
hmac_init(struct hmac *h, const uint8_t *key, size_t len)
{
	uint8_t pad[BLOCK] = {0};
	size_t i;

	if (len > BLOCK) {
		SHA256_Init(&h->inner);
		SHA256_Update(&h->inner, key, len);
		SHA256_Final(pad, &h->inner);
	} else if (len > 0) {
		memcpy(pad, key, len);
	}
	for (i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	SHA256_Init(&h->inner);
	SHA256_Update(&h->inner, pad, BLOCK);
	for (i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&h->outer);
	SHA256_Update(&h->outer, pad, BLOCK);
	sodium_memzero(pad, sizeof(pad));
}

void
hmac_update(struct hmac *h, const uint8_t *p, size_t len)
{
	SHA256_Update(&h->inner, p, len);
}

void
hmac_final(struct hmac *h, uint8_t out[static HMAC_LEN])
{
	uint8_t inner[HMAC_LEN];

	SHA256_Final(inner, &h->inner);
	SHA256_Update(&h->outer, inner, sizeof(inner));
	SHA256_Final(out, &h->outer);
	sodium_memzero(inner, sizeof(inner));
	sodium_memzero(h, sizeof(*h));
}
