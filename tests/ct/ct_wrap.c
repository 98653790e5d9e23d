/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ct_wrap.c — where secrets become public, or go to a library whose constant
 * time is not ours to check: the linker sends these calls here (--wrap).
 */
#include <string.h>

#include <sodium.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_UNDEFINED(p, len) ((void)(p), (void)(len), 0)
#define VALGRIND_MAKE_MEM_DEFINED(p, len)   ((void)(p), (void)(len), 0)
#define RUNNING_ON_VALGRIND		    0
#endif

#include "common/signal/erasure.h"
#include "common/signal/kdf.h"
#include "common/signal/kem.h"
#include "common/signal/kpoly.h"
#include "tests/ct/ct.h"

#define WRAP(type, name, ...)                                                  \
	type __real_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__)

void
ct_secret(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

void
ct_public(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

bool
ct_checked(void)
{
	return RUNNING_ON_VALGRIND;
}

static void
fill(void *ctx, void *out, size_t n)
{
	(void)ctx;
	randombytes_buf(out, n);
	if (n > sizeof(uint32_t))
		ct_secret(out, n);
}

const struct signal_rng ct_rng = {fill, NULL};

/* ---- public by design ----------------------------------------------------- */

/* rho is published with the key. */
WRAP(void, kpoly_uniform, struct kpoly *p, unsigned n, const uint8_t *rho,
    const struct kpoly_at *at)
{
	uint8_t open[32];

	memcpy(open, rho, sizeof(open));
	ct_public(open, sizeof(open));
	__real_kpoly_uniform(p, n, open, at);
}

/* So is the key, also where it is made again from its seed; s and z are not. */
WRAP(void, kem_keypair, const struct kem *kem, uint8_t *pk, uint8_t *sk,
    const uint8_t *seed)
{
	__real_kem_keypair(kem, pk, sk, seed);
	ct_public(pk, kem->pk_len);
	ct_public(sk + kem->k * KPOLY_BYTES, kem->pk_len + 32); /* pk, H(pk) */
}

/* What is sent in chunks. */
WRAP(void, erasure_encode, uint8_t *out, const uint8_t *msg, size_t n,
    uint16_t x)
{
	uint8_t open[CHUNKS_MAX * CHUNK_LEN];

	memcpy(open, msg, n * CHUNK_LEN);
	ct_public(open, n * CHUNK_LEN);
	__real_erasure_encode(out, open, n, x);
}

/* Whether it is equal is what everybody learns. */
WRAP(int, sodium_memcmp, const void *a, const void *b, size_t len)
{
	int r = __real_sodium_memcmp(a, b, len);

	ct_public(&r, sizeof(r));
	return r;
}

/* ---- libraries ------------------------------------------------------------ */

/* A public key; and that an agreement is not zero. */
WRAP(int, crypto_scalarmult_base, unsigned char *q, const unsigned char *n)
{
	int r = __real_crypto_scalarmult_base(q, n);

	ct_public(q, EC_LEN);
	ct_public(&r, sizeof(r));
	return r;
}

WRAP(int, crypto_scalarmult, unsigned char *q, const unsigned char *n,
    const unsigned char *p)
{
	uint8_t k[EC_LEN];
	int r;

	memcpy(k, n, sizeof(k));
	ct_public(k, sizeof(k));
	r = __real_crypto_scalarmult(q, k, p);
	ct_secret(q, EC_LEN);
	return r;
}

/* A and R are in the signature; libsodium asks whether the scalar is zero. */
WRAP(int, crypto_scalarmult_ed25519_base_noclamp, unsigned char *q,
    const unsigned char *n)
{
	uint8_t k[EC_LEN];

	memcpy(k, n, sizeof(k));
	ct_public(k, sizeof(k));
	return __real_crypto_scalarmult_ed25519_base_noclamp(q, k);
}

/* Padding is only looked at behind a MAC or a signature, and the text's length
 * is no secret to who reads it. */
WRAP(int, cbc_open, struct buf *out, const uint8_t *key, const uint8_t *iv,
    const uint8_t *ct, size_t len)
{
	uint8_t k[32], v[CBC_IV_LEN];

	memcpy(k, key, sizeof(k));
	memcpy(v, iv, sizeof(v));
	ct_public(k, sizeof(k));
	ct_public(v, sizeof(v));
	return __real_cbc_open(out, k, v, ct, len);
}
