/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xeddsa.h — signatures by X25519 identity keys. docs/crypto.md §3.
 * Source: "The XEdDSA and VXEdDSA Signature Schemes", rev. 1; the sign bit of
 * the Edwards key travels in the top bit of the last byte, as Signal does it.
 */
#ifndef COMMON_SIGNAL_XEDDSA_H
#define COMMON_SIGNAL_XEDDSA_H

#include "common/signal/keys.h"

/*
 * Sign len bytes of msg. 64 random bytes are drawn. Constant time in the key.
 * Cannot fail. len may be 0 (msg may then be NULL).
 */
void xeddsa_sign(uint8_t sig[static SIGNATURE_LEN],
    const struct identity_key_pair *key, const uint8_t *msg, size_t len,
    const struct signal_rng *rng);

/*
 * Returns 0 when sig is right; ERR_AUTH when it is not, or when the key is of
 * small order, not canonical, or u = -1. Public data only.
 */
int xeddsa_verify(const uint8_t sig[static SIGNATURE_LEN],
    const struct identity_pk *key, const uint8_t *msg, size_t len) MUST_USE;

/*
 * Edwards y-coordinate (32 bytes, sign bit clear) of Montgomery u:
 * y = (u-1)/(u+1) mod 2^255-19. Public data.
 * Returns 0; ERR_FORMAT u not canonical or u = -1. y is unchanged on error.
 */
int mont_to_edwards(
    uint8_t y[static EC_LEN], const uint8_t u[static EC_LEN]) MUST_USE;

/*
 * The public key u of a clamped private key k. As X25519 with the base point,
 * by way of the Edwards curve, where the base point's multiples are known:
 * half the time. Constant time.
 */
void mont_base(uint8_t u[static EC_LEN], const uint8_t k[static EC_LEN]);

#endif
