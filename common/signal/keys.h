/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h — the key types of the Signal protocol: curve keys, identity keys,
 * KEM keys, and the randomness that is handed in. docs/crypto.md §2.
 *
 * A curve public key is 33 bytes on the wire: 0x05 and the little-endian
 * u-coordinate of Curve25519. A Kyber1024 public key is 1,569: 0x08 first.
 */
#ifndef COMMON_SIGNAL_KEYS_H
#define COMMON_SIGNAL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define EC_LEN	      32 /* bytes of a private key or a bare u-coordinate */
#define EC_PUBLIC_LEN 33 /* encoded public key */
#define EC_TYPE	      0x05
#define SIGNATURE_LEN 64 /* XEdDSA, xeddsa.h */

#define KEM_TYPE       0x08 /* Kyber1024, round 3 */
#define KEM_PUBLIC_LEN 1569 /* encoded: type byte first, in all three */
#define KEM_SECRET_LEN 3169
#define KEM_CT_LEN     1569
#define KEM_SHARED_LEN 32

/* Where random bytes come from; never fails. */
struct signal_rng {
	void (*fill)(void *ctx, void *out, size_t n);
	void *ctx;
};

/* libsodium's generator (call sodium_init() first): what programs pass. */
extern const struct signal_rng signal_rng_system;

/* Ephemeral, ratchet and pre-keys. Distinct from identity keys, so that a
 * mix-up does not compile. */
struct ec_pk {
	uint8_t u[EC_LEN];
};
struct ec_sk {
	uint8_t k[EC_LEN]; /* clamped */
};
struct ec_pair {
	struct ec_sk sk;
	struct ec_pk pk;
};

/* A device's long-term identity. */
struct identity_pk {
	uint8_t u[EC_LEN];
};
struct identity_sk {
	uint8_t k[EC_LEN]; /* clamped */
};
struct identity_key_pair {
	struct identity_sk sk;
	struct identity_pk pk;
};

/* Kyber pre-keys, encoded (type byte first). */
struct kem_pk {
	uint8_t b[KEM_PUBLIC_LEN];
};
struct kem_sk {
	uint8_t b[KEM_SECRET_LEN];
};

/* A fresh key pair. The caller wipes it (sodium_memzero) after use. */
void identity_generate(
    struct identity_key_pair *out, const struct signal_rng *rng);
void ec_generate(struct ec_pair *out, const struct signal_rng *rng);

/*
 * Rebuild a pair from 32 private bytes, which are clamped.
 * Returns 0; ERR_FORMAT when the public key comes out zero. out is unchanged
 * on error.
 */
int identity_from_private(
    struct identity_key_pair *out, const uint8_t k[static EC_LEN]) MUST_USE;
int ec_from_private(
    struct ec_pair *out, const uint8_t k[static EC_LEN]) MUST_USE;

/* 33-byte encoding. */
void identity_pk_put(
    uint8_t out[static EC_PUBLIC_LEN], const struct identity_pk *pk);
void ec_pk_put(uint8_t out[static EC_PUBLIC_LEN], const struct ec_pk *pk);

/*
 * Decode exactly 33 bytes; trailing bytes are refused.
 * Returns 0; ERR_RANGE wrong length; ERR_FORMAT wrong type byte. out is
 * unchanged on error. Whether u is a sound point is checked where it is used.
 */
int identity_pk_get(
    struct identity_pk *out, const uint8_t *p, size_t len) MUST_USE;
int ec_pk_get(struct ec_pk *out, const uint8_t *p, size_t len) MUST_USE;

/* Decode exactly KEM_PUBLIC_LEN bytes of type 0x08; errors as above. */
int kem_pk_get(struct kem_pk *out, const uint8_t *p, size_t len) MUST_USE;

/* Equality of public keys; constant time although they are public. */
bool identity_pk_equal(
    const struct identity_pk *a, const struct identity_pk *b);
bool ec_pk_equal(const struct ec_pk *a, const struct ec_pk *b);

/*
 * A received key is sound when u is canonical (below 2^255-19) and its point
 * is on the curve and has prime order. Public data. docs/crypto.md §2.3.
 * Returns 0; ERR_FORMAT it is not; ERR_NOMEM.
 */
int ec_pk_check(const struct ec_pk *pk) MUST_USE;

/*
 * X25519. Returns 0; ERR_FORMAT when the shared secret is zero (a peer's key
 * of small order). out is unchanged on error. Constant time in the secrets.
 */
int ec_agree(uint8_t out[static EC_LEN], const struct ec_sk *sk,
    const struct ec_pk *pk) MUST_USE;

/* Views of the same curve keys for a handshake, which mixes the two kinds. */
struct ec_pk identity_as_ec_pk(const struct identity_pk *pk);
struct ec_sk identity_as_ec_sk(const struct identity_sk *sk);

#endif
