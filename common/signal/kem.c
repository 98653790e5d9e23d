/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/kem.h"
#include "common/signal/kpoly.h"

const struct kem kem_kyber1024 = {
    .k = 4,
    .du = 11,
    .dv = 5,
    .round3 = true,
    .pk_len = KYBER1024_PK,
    .sk_len = KYBER1024_SK,
    .ct_len = KYBER1024_CT,
};

const struct kem kem_mlkem768 = {
    .k = 3,
    .du = 10,
    .dv = 4,
    .round3 = false,
    .pk_len = MLKEM768_PK,
    .sk_len = MLKEM768_SK,
    .ct_len = MLKEM768_CT,
};

struct kvec {
	struct kpoly v[KEM_K_MAX];
};

/* Where things are in a secret key: s, pk, H(pk), z. */
static const uint8_t *
sk_pk(const struct kem *kem, const uint8_t *sk)
{
	return sk + kem->k * KPOLY_BYTES;
}

static const uint8_t *
sk_hash(const struct kem *kem, const uint8_t *sk)
{
	return sk_pk(kem, sk) + kem->pk_len;
}

/* Row i of the matrix, or of its transpose. */
static void
matrix_row(
    struct kvec *row, unsigned k, const uint8_t *rho, uint8_t i, bool transpose)
{
	struct kpoly_at at[KEM_K_MAX];
	unsigned j;

	for (j = 0; j < k; j++) {
		at[j].x = transpose ? i : (uint8_t)j;
		at[j].y = transpose ? (uint8_t)j : i;
	}
	kpoly_uniform(row->v, k, rho, at);
}

static void
noise_ntt(struct kvec *out, unsigned k, const uint8_t *seed, uint8_t nonce)
{
	unsigned i;

	kpoly_noise(out->v, k, seed, nonce);
	for (i = 0; i < k; i++)
		kpoly_ntt(&out->v[i]);
}

/* K-PKE.KeyGen (FIPS 203, algorithm 13): t = A s + e, rho. */
static void
pke_keypair(
    const struct kem *kem, uint8_t *pk, uint8_t *sk, const uint8_t d[static 32])
{
	uint8_t rs[64]; /* rho and sigma */
	struct kvec row, s, e;
	struct kpoly t;
	uint8_t i;

	sha3_512(rs, d, 32, &kem->k, kem->round3 ? 0 : 1);
	noise_ntt(&s, kem->k, rs + 32, 0);
	noise_ntt(&e, kem->k, rs + 32, kem->k);
	for (i = 0; i < kem->k; i++) {
		matrix_row(&row, kem->k, rs, i, false);
		kpoly_inner(&t, row.v, s.v, kem->k);
		kpoly_to_montgomery(&t);
		kpoly_add(&t, &e.v[i]);
		kpoly_put(pk + i * KPOLY_BYTES, &t);
		kpoly_put(sk + i * KPOLY_BYTES, &s.v[i]);
	}
	memcpy(pk + kem->k * KPOLY_BYTES, rs, 32);
	sodium_memzero(rs, sizeof(rs));
	sodium_memzero(&s, sizeof(s));
	sodium_memzero(&e, sizeof(e));
}

/* The first half of a ciphertext, which only needs rho. */
static void
pke_encrypt_u(const struct kem *kem, uint8_t *ct, struct kvec *y,
    const uint8_t *rho, const uint8_t coins[static 32])
{
	struct kvec row, e;
	struct kpoly u;
	uint8_t i;

	noise_ntt(y, kem->k, coins, 0);
	kpoly_noise(e.v, kem->k, coins, kem->k);
	for (i = 0; i < kem->k; i++) {
		matrix_row(&row, kem->k, rho, i, true);
		kpoly_inner(&u, row.v, y->v, kem->k);
		kpoly_invntt(&u);
		kpoly_add(&u, &e.v[i]);
		kpoly_compress(ct + 32u * kem->du * i, &u, kem->du);
	}
	sodium_memzero(&u, sizeof(u));
	sodium_memzero(&e, sizeof(e));
}

/* The second half: t and the message come in. */
static void
pke_encrypt_v(const struct kem *kem, uint8_t *ct, const struct kvec *y,
    const struct kvec *t, const uint8_t msg[static KEM_MSG_LEN],
    const uint8_t coins[static 32])
{
	struct kpoly v, e;

	kpoly_inner(&v, t->v, y->v, kem->k);
	kpoly_invntt(&v);
	kpoly_noise(&e, 1, coins, (uint8_t)(2 * kem->k));
	kpoly_add(&v, &e);
	kpoly_decompress(&e, msg, 1);
	kpoly_add(&v, &e);
	kpoly_compress(ct + 32u * kem->du * kem->k, &v, kem->dv);
	sodium_memzero(&v, sizeof(v));
	sodium_memzero(&e, sizeof(e));
}

/* K-PKE.Encrypt (algorithm 14); false when the public key is not reduced. */
static bool
pke_encrypt(const struct kem *kem, uint8_t *ct, const uint8_t *pk,
    const uint8_t msg[static KEM_MSG_LEN], const uint8_t coins[static 32])
{
	struct kvec t, y;
	bool reduced = true;
	unsigned i;

	for (i = 0; i < kem->k; i++)
		reduced &= kpoly_get(&t.v[i], pk + i * KPOLY_BYTES);
	pke_encrypt_u(kem, ct, &y, pk + kem->k * KPOLY_BYTES, coins);
	pke_encrypt_v(kem, ct, &y, &t, msg, coins);
	sodium_memzero(&y, sizeof(y));
	return reduced;
}

/* K-PKE.Decrypt (algorithm 15). */
static void
pke_decrypt(const struct kem *kem, uint8_t msg[static KEM_MSG_LEN],
    const uint8_t *ct, const uint8_t *sk)
{
	struct kvec s, u;
	struct kpoly v, w;
	unsigned i;

	for (i = 0; i < kem->k; i++) {
		(void)kpoly_get(&s.v[i], sk + i * KPOLY_BYTES);
		kpoly_decompress(&u.v[i], ct + 32u * kem->du * i, kem->du);
		kpoly_ntt(&u.v[i]);
	}
	kpoly_inner(&w, s.v, u.v, kem->k);
	kpoly_invntt(&w);
	kpoly_decompress(&v, ct + 32u * kem->du * kem->k, kem->dv);
	kpoly_sub_from(&w, &v);
	kpoly_compress(msg, &w, 1);
	sodium_memzero(&s, sizeof(s));
	sodium_memzero(&w, sizeof(w));
}

void
kem_keypair(const struct kem *kem, uint8_t *pk, uint8_t *sk,
    const uint8_t seed[static KEM_SEED_LEN])
{
	uint8_t *p = sk + kem->k * KPOLY_BYTES;

	pke_keypair(kem, pk, sk, seed);
	memcpy(p, pk, kem->pk_len);
	sha3_256(p + kem->pk_len, pk, kem->pk_len);
	memcpy(p + kem->pk_len + 32, seed + 32, 32);
}

/* Round 3 binds the ciphertext: ss = SHAKE256(K || H(ct)). */
static void
bind_ciphertext(const struct kem *kem, uint8_t ss[static KEM_SS_LEN],
    const uint8_t key[static 32], const uint8_t *ct)
{
	uint8_t h[32];

	sha3_256(h, ct, kem->ct_len);
	shake256(ss, KEM_SS_LEN, key, 32, h, sizeof(h));
}

int
kem_encaps(const struct kem *kem, uint8_t *ct, uint8_t ss[static KEM_SS_LEN],
    const uint8_t *pk, const uint8_t random[static KEM_MSG_LEN])
{
	uint8_t made[KEM_CT_MAX], m[32], h[32], kr[64]; /* K and coins */
	int r = 0;

	if (kem->round3)
		sha3_256(m, random, KEM_MSG_LEN);
	else
		memcpy(m, random, sizeof(m));
	sha3_256(h, pk, kem->pk_len);
	sha3_512(kr, m, sizeof(m), h, sizeof(h));
	if (!pke_encrypt(kem, made, pk, m, kr + 32) && !kem->round3) {
		r = ERR_FORMAT;
		goto out;
	}
	memcpy(ct, made, kem->ct_len);
	if (kem->round3)
		bind_ciphertext(kem, ss, kr, ct);
	else
		memcpy(ss, kr, KEM_SS_LEN);
out:
	sodium_memzero(m, sizeof(m));
	sodium_memzero(kr, sizeof(kr));
	return r;
}

/* out = differ ? other : out, without a branch; differ is 0 or 1. */
static void
choose(uint8_t out[static 32], const uint8_t other[static 32], uint8_t differ)
{
	uint8_t mask = (uint8_t)-differ;
	unsigned i;

	for (i = 0; i < 32; i++)
		out[i] ^= mask & (out[i] ^ other[i]);
}

/* 0 when equal, 1 when not. */
static uint8_t
differs(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint32_t acc = 0;
	size_t i;

	for (i = 0; i < len; i++)
		acc |= (uint32_t)(a[i] ^ b[i]);
	return (uint8_t)((0 - acc) >> 31);
}

void
kem_decaps(const struct kem *kem, uint8_t ss[static KEM_SS_LEN],
    const uint8_t *ct, const uint8_t *sk)
{
	const uint8_t *h = sk_hash(kem, sk), *z = h + 32;
	uint8_t again[KEM_CT_MAX], m[32], kr[64], reject[32], bad;

	pke_decrypt(kem, m, ct, sk);
	sha3_512(kr, m, sizeof(m), h, 32);
	(void)pke_encrypt(kem, again, sk_pk(kem, sk), m, kr + 32);
	bad = differs(ct, again, kem->ct_len);
	if (kem->round3) {
		choose(kr, z, bad);
		bind_ciphertext(kem, ss, kr, ct);
	} else {
		shake256(reject, sizeof(reject), z, 32, ct, kem->ct_len);
		choose(kr, reject, bad);
		memcpy(ss, kr, KEM_SS_LEN);
		sodium_memzero(reject, sizeof(reject));
	}
	sodium_memzero(m, sizeof(m));
	sodium_memzero(kr, sizeof(kr));
	sodium_memzero(again, sizeof(again));
}

/* ---- in parts ------------------------------------------------------------- */

void
kem_split(uint8_t hdr[static MLKEM768_HDR], uint8_t ek[static MLKEM768_EK],
    const uint8_t *pk)
{
	memcpy(hdr, pk + MLKEM768_EK, 32);
	sha3_256(hdr + 32, pk, MLKEM768_PK);
	memcpy(ek, pk, MLKEM768_EK);
}

void
kem_encaps_ct1(uint8_t ct1[static MLKEM768_CT1], uint8_t ss[static KEM_SS_LEN],
    const uint8_t hdr[static MLKEM768_HDR],
    const uint8_t random[static KEM_MSG_LEN])
{
	uint8_t kr[64];
	struct kvec y;

	sha3_512(kr, random, KEM_MSG_LEN, hdr + 32, 32);
	pke_encrypt_u(&kem_mlkem768, ct1, &y, hdr, kr + 32);
	memcpy(ss, kr, KEM_SS_LEN);
	sodium_memzero(kr, sizeof(kr));
	sodium_memzero(&y, sizeof(y));
}

int
kem_encaps_ct2(uint8_t ct2[static MLKEM768_CT2],
    const uint8_t hdr[static MLKEM768_HDR],
    const uint8_t ek[static MLKEM768_EK],
    const uint8_t random[static KEM_MSG_LEN])
{
	const struct kem *kem = &kem_mlkem768;
	uint8_t pk[MLKEM768_PK], ct[MLKEM768_CT], h[32], kr[64];
	bool reduced = true;
	struct kvec t, y;
	unsigned i;

	memcpy(pk, ek, MLKEM768_EK);
	memcpy(pk + MLKEM768_EK, hdr, 32);
	sha3_256(h, pk, sizeof(pk));
	for (i = 0; i < kem->k; i++)
		reduced &= kpoly_get(&t.v[i], ek + i * KPOLY_BYTES);
	if (!reduced || memcmp(h, hdr + 32, sizeof(h)) != 0) /* all public */
		return ERR_FORMAT;
	sha3_512(kr, random, KEM_MSG_LEN, hdr + 32, 32);
	noise_ntt(&y, kem->k, kr + 32, 0);
	pke_encrypt_v(kem, ct, &y, &t, random, kr + 32);
	memcpy(ct2, ct + MLKEM768_CT1, MLKEM768_CT2);
	sodium_memzero(kr, sizeof(kr));
	sodium_memzero(&y, sizeof(y));
	return 0;
}
