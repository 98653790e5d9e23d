/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/fe.h"
#include "common/signal/xeddsa.h"

/* r = SHA512(0xFE 0xFF*31 || a || M || Z): the prefix sets it apart from every
 * other hash of the scheme, whose input starts with a curve point. */
static const uint8_t HASH1[32] = {
    0xfe,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
};

struct part {
	const uint8_t *p;
	size_t len;
};

/* SHA-512 of up to four parts, reduced modulo the group order. */
static void
hash_to_scalar(uint8_t out[static 32], const struct part part[static 4])
{
	crypto_hash_sha512_state st;
	uint8_t h[64];
	size_t i;

	crypto_hash_sha512_init(&st);
	for (i = 0; i < 4; i++) {
		if (part[i].len > 0)
			crypto_hash_sha512_update(&st, part[i].p, part[i].len);
	}
	crypto_hash_sha512_final(&st, h);
	crypto_core_ed25519_scalar_reduce(out, h);
	sodium_memzero(h, sizeof(h));
	sodium_memzero(&st, sizeof(st));
}

void
xeddsa_sign(uint8_t sig[static SIGNATURE_LEN],
    const struct identity_key_pair *key, const uint8_t *msg, size_t len,
    const struct signal_rng *rng)
{
	uint8_t A[32], R[32], z[64], r[32], h[32], s[32], wide[64] = {0};

	rng->fill(rng->ctx, z, sizeof(z));
	(void)crypto_scalarmult_ed25519_base_noclamp(A, key->sk.k);
	hash_to_scalar(r, (struct part[4]){{HASH1, 32}, {key->sk.k, EC_LEN},
			      {msg, len}, {z, sizeof(z)}});
	(void)crypto_scalarmult_ed25519_base_noclamp(R, r);
	hash_to_scalar(h, (struct part[4]){{R, 32}, {A, 32}, {msg, len}, {0}});
	/* s = h*a + r; the clamped scalar is above the order: reduce it first */
	memcpy(wide, key->sk.k, EC_LEN);
	crypto_core_ed25519_scalar_reduce(s, wide);
	crypto_core_ed25519_scalar_mul(s, h, s);
	crypto_core_ed25519_scalar_add(s, s, r);
	memcpy(sig, R, 32);
	memcpy(sig + 32, s, 32);
	sig[63] |= A[31] & 0x80;
	sodium_memzero(z, sizeof(z));
	sodium_memzero(r, sizeof(r));
	sodium_memzero(wide, sizeof(wide));
}

static const struct fe ONE = {{1}};

int
mont_to_edwards(uint8_t y[static EC_LEN], const uint8_t u[static EC_LEN])
{
	static const uint8_t zero[EC_LEN];
	uint8_t b[EC_LEN];
	struct fe n, d;

	fe_get(&n, u);
	fe_put(b, &n);
	if (memcmp(b, u, EC_LEN) != 0) /* not below p */
		return ERR_FORMAT;
	fe_add(&d, &n, &ONE);
	fe_put(b, &d);
	if (memcmp(b, zero, EC_LEN) == 0) /* u = -1 has no image */
		return ERR_FORMAT;
	fe_sub(&n, &n, &ONE);
	fe_invert(&d, &d);
	fe_mul(&n, &n, &d);
	fe_put(y, &n);
	return 0;
}

void
mont_base(uint8_t u[static EC_LEN], const uint8_t k[static EC_LEN])
{
	uint8_t A[EC_LEN];
	struct fe y, n, d;

	/* fails only for a zero result, which a clamped scalar cannot give */
	(void)crypto_scalarmult_ed25519_base_noclamp(A, k);
	fe_get(&y, A);
	fe_add(&n, &ONE, &y);
	fe_sub(&d, &ONE, &y);
	fe_invert(&d, &d);
	fe_mul(&n, &n, &d);
	fe_put(u, &n);
}

int
xeddsa_verify(const uint8_t sig[static SIGNATURE_LEN],
    const struct identity_pk *key, const uint8_t *msg, size_t len)
{
	uint8_t A[EC_LEN], ed[SIGNATURE_LEN];

	if (mont_to_edwards(A, key->u) != 0)
		return ERR_AUTH;
	memcpy(ed, sig, sizeof(ed));
	A[31] |= ed[63] & 0x80;
	ed[63] &= 0x7f;
	/* refuses s >= L, and A or R of small order */
	if (crypto_sign_verify_detached(ed, msg, len, A) != 0)
		return ERR_AUTH;
	return 0;
}
