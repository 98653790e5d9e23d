/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kem.h — internal: Kyber1024 as of round 3 (PQXDH) and ML-KEM-768 (FIPS 203),
 * one implementation with parameters. docs/crypto.md §5.2.
 *
 * Constant time in every secret. Keys and ciphertexts here are bare: the type
 * byte of the wire format is added in prekey.c and handshake.c.
 */
#ifndef COMMON_SIGNAL_KEM_H
#define COMMON_SIGNAL_KEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define KEM_K_MAX    4
#define KEM_SEED_LEN 64 /* d || z */
#define KEM_MSG_LEN  32
#define KEM_SS_LEN   32
#define KYBER1024_PK 1568
#define KYBER1024_SK 3168
#define KYBER1024_CT 1568
#define MLKEM768_PK  1184
#define MLKEM768_SK  2400
#define MLKEM768_CT  1088
#define KEM_CT_MAX   KYBER1024_CT

struct kem {
	uint8_t k; /* module rank */
	uint8_t du, dv; /* bits a coefficient of the two halves */
	bool round3; /* hashing of the round-3 submission */
	size_t pk_len, sk_len, ct_len;
};

extern const struct kem kem_kyber1024; /* round 3, not ML-KEM-1024 */
extern const struct kem kem_mlkem768;

/*
 * A key pair from 64 random bytes (FIPS 203, algorithm 16: d || z).
 * pk and sk have room for pk_len and sk_len bytes.
 */
void kem_keypair(const struct kem *kem, uint8_t *pk, uint8_t *sk,
    const uint8_t seed[static KEM_SEED_LEN]);

/*
 * A shared secret and its ciphertext (ct_len bytes) from 32 random bytes.
 * Returns 0; ERR_FORMAT when the public key is not reduced, which FIPS 203
 * wants to be refused (ML-KEM only). Outputs unchanged on error.
 */
int kem_encaps(const struct kem *kem, uint8_t *ct,
    uint8_t ss[static KEM_SS_LEN], const uint8_t *pk,
    const uint8_t random[static KEM_MSG_LEN]) MUST_USE;

/*
 * The shared secret of a ciphertext; of a forged one, a pseudo-random value
 * that only the key's owner can compute (implicit rejection). Cannot fail.
 */
void kem_decaps(const struct kem *kem, uint8_t ss[static KEM_SS_LEN],
    const uint8_t *ct, const uint8_t *sk);

/*
 * ML-KEM-768 in parts, as SPQR sends it: the header is enough for the first
 * half of a ciphertext, the second needs the rest of the key. Together they
 * are the ordinary key and ciphertext. docs/crypto.md §11.4.
 */
#define MLKEM768_HDR 64 /* rho || H(pk) */
#define MLKEM768_EK  1152 /* the key without rho */
#define MLKEM768_CT1 960
#define MLKEM768_CT2 128

/* The two parts of a public key of MLKEM768_PK bytes. */
void kem_split(uint8_t hdr[static MLKEM768_HDR], uint8_t ek[static MLKEM768_EK],
    const uint8_t *pk);

/* First half and shared secret, from 32 random bytes which are kept for the
 * second. */
void kem_encaps_ct1(uint8_t ct1[static MLKEM768_CT1],
    uint8_t ss[static KEM_SS_LEN], const uint8_t hdr[static MLKEM768_HDR],
    const uint8_t random[static KEM_MSG_LEN]);

/* Returns 0; ERR_FORMAT ek does not belong to the header, or is not reduced:
 * ct2 is unchanged then. */
int kem_encaps_ct2(uint8_t ct2[static MLKEM768_CT2],
    const uint8_t hdr[static MLKEM768_HDR],
    const uint8_t ek[static MLKEM768_EK],
    const uint8_t random[static KEM_MSG_LEN]) MUST_USE;

#endif
