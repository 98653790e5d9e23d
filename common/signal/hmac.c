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

/* After the pads alone: what SHA-256 makes of 64 times 0x36, and 0x5c. */
static const struct hmac ZERO_KEY = {
    .inner = {.h = {0xf454dead, 0x9725214f, 0x90daf2a0, 0xdf1228ea, 0x64e5750f,
		  0xa3924181, 0x824a932b, 0xf8e04e32},
	.Nl = 8 * BLOCK,
	.md_len = HMAC_LEN},
    .outer = {.h = {0xd385480f, 0x7abb6477, 0x37c9c538, 0x5dd82467, 0x8e043a72,
		  0x753434b0, 0xdeb82818, 0x361d45a6},
	.Nl = 8 * BLOCK,
	.md_len = HMAC_LEN},
};

void
hmac_init_zero(struct hmac *h)
{
	*h = ZERO_KEY;
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
