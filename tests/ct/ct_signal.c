/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ct_signal.c — our own primitives, and whole conversations, with their
 * secrets marked undefined: run under valgrind, every branch and every address
 * that depends on a secret is an error. Linked with ct_wrap.c, which tells
 * where something becomes public.
 *     valgrind -q --error-exitcode=1 ct_signal
 * Without valgrind it runs and proves nothing, and says so.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/kdf.h"
#include "common/signal/kem.h"
#include "common/signal/kpoly_ops.h"
#include "common/signal/spqr_auth.h"
#include "common/signal/spqr_chain.h"
#include "common/signal/xeddsa.h"
#include "tests/ct/ct.h"

static int
kem_once(const struct kem *kem)
{
	uint8_t pk[KYBER1024_PK], sk[KYBER1024_SK], ct[KEM_CT_MAX];
	uint8_t seed[KEM_SEED_LEN], m[KEM_MSG_LEN], a[32], b[32];
	int r;

	randombytes_buf(seed, sizeof(seed));
	randombytes_buf(m, sizeof(m));
	ct_secret(seed, sizeof(seed));
	kem_keypair(kem, pk, sk, seed);
	ct_secret(m, sizeof(m));
	r = kem_encaps(kem, ct, a, pk, m);
	ct_public(ct, sizeof(ct));
	kem_decaps(kem, b, ct, sk);
	ct_public(a, sizeof(a));
	ct_public(b, sizeof(b));
	if (r != 0 || memcmp(a, b, sizeof(a)) != 0)
		return 1;
	ct[9] ^= 4; /* the way of a forged ciphertext */
	kem_decaps(kem, b, ct, sk);
	ct_public(b, sizeof(b));
	return memcmp(a, b, sizeof(a)) == 0;
}

static int
kdf_once(void)
{
	struct root_key root;
	struct chain_key chain;
	struct message_seed seed;
	struct message_keys mk;
	uint8_t dh[EC_LEN];

	randombytes_buf(&root, sizeof(root));
	randombytes_buf(dh, sizeof(dh));
	ct_secret(&root, sizeof(root));
	ct_secret(dh, sizeof(dh));
	kdf_root_step(&root, &chain, &root, dh);
	kdf_chain_step(&seed, &chain, &chain);
	kdf_message_keys(&mk, &seed, root.b);
	kdf_group_keys(&mk, &seed);
	return 0;
}

/* The parts of a ciphertext: the same bytes as the whole. */
static int
kem_parts_once(void)
{
	uint8_t pk[MLKEM768_PK], sk[MLKEM768_SK], hdr[MLKEM768_HDR];
	uint8_t ek[MLKEM768_EK], ct[MLKEM768_CT], whole[MLKEM768_CT];
	uint8_t seed[KEM_SEED_LEN], m[KEM_MSG_LEN], a[32], b[32];
	int r;

	ct_rng.fill(ct_rng.ctx, seed, sizeof(seed));
	ct_rng.fill(ct_rng.ctx, m, sizeof(m));
	kem_keypair(&kem_mlkem768, pk, sk, seed);
	kem_split(hdr, ek, pk);
	kem_encaps_ct1(ct, a, hdr, m);
	r = kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek, m);
	r |= kem_encaps(&kem_mlkem768, whole, b, pk, m);
	ct_public(ct, sizeof(ct));
	ct_public(whole, sizeof(whole));
	ct_public(a, sizeof(a));
	ct_public(b, sizeof(b));
	return r != 0 || memcmp(ct, whole, sizeof(ct)) != 0 ||
	       memcmp(a, b, sizeof(a)) != 0;
}

static int
spqr_once(void)
{
	uint8_t secret[KDF_LEN], mac[SPQR_MAC_LEN], key[KDF_LEN];
	uint8_t hdr[MLKEM768_HDR] = {1}, ct[MLKEM768_CT] = {2};
	struct spqr_auth auth;
	struct spqr_chain a, b;
	uint32_t n;
	int r;

	ct_rng.fill(ct_rng.ctx, secret, sizeof(secret));
	spqr_auth_init(&auth, secret);
	spqr_auth_header(mac, &auth, 1, hdr);
	spqr_epoch_secret(key, 1, secret);
	spqr_auth_update(&auth, 1, key);
	spqr_auth_ciphertext(mac, &auth, 1, ct, ct + MLKEM768_CT1);
	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	r = spqr_chain_add(&a, key) | spqr_chain_add(&b, key);
	r |= spqr_chain_send(&a, 1, &n, mac);
	r |= spqr_chain_recv(&b, 1, 9, key); /* eight are put aside */
	r |= spqr_chain_recv(&b, 1, n, key);
	ct_public(mac, sizeof(mac));
	ct_public(key, sizeof(key));
	r |= memcmp(mac, key, sizeof(key));
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
	return r != 0;
}

static int
xeddsa_once(void)
{
	struct identity_key_pair key;
	uint8_t sig[SIGNATURE_LEN], msg[50];

	identity_generate(&key, &ct_rng);
	ct_rng.fill(ct_rng.ctx, msg, sizeof(msg));
	xeddsa_sign(sig, &key, msg, sizeof(msg), &ct_rng);
	ct_public(sig, sizeof(sig));
	ct_public(msg, sizeof(msg));
	return xeddsa_verify(sig, &key.pk, msg, sizeof(msg)) != 0;
}

static int
kyber_once(void)
{
	return kem_once(&kem_kyber1024);
}

static int
mlkem_once(void)
{
	return kem_once(&kem_mlkem768);
}

int
main(void)
{
	int (*const tries[])(void) = {kyber_once, mlkem_once, kem_parts_once,
	    kdf_once, spqr_once, xeddsa_once, ct_conversation, ct_group};
	/* this processor's own instructions for polynomials, and plain C */
	const struct kpoly_ops *const ops[] = {NULL, &kpoly_portable};
	int passed = 0, failed = 0;
	size_t i;

	if (sodium_init() < 0)
		return 2;
	for (i = 0; i < ARRAY_LEN(ops) * ARRAY_LEN(tries); i++) {
		kpoly_use(ops[i / ARRAY_LEN(tries)]);
		if (tries[i % ARRAY_LEN(tries)]() == 0)
			passed++;
		else
			failed++;
	}
	if (!ct_checked())
		puts("not under valgrind: nothing was checked");
	printf("%d passed, %d failed\n", passed, failed);
	return failed;
}
