/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ct_signal.c — our own primitives with their secrets marked undefined: run
 * under valgrind, every branch and every address that depends on a secret is
 * an error. Linked with --wrap=kpoly_uniform, whose input is public.
 *     valgrind -q --error-exitcode=1 ct_signal
 * Without valgrind it runs and proves nothing, and says so.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_UNDEFINED(p, len) ((void)(p), (void)(len), 0)
#define VALGRIND_MAKE_MEM_DEFINED(p, len)   ((void)(p), (void)(len), 0)
#define RUNNING_ON_VALGRIND		    0
#endif

#include "common/signal/kdf.h"
#include "common/signal/kem.h"
#include "common/signal/kpoly.h"

void __real_kpoly_uniform(
    struct kpoly *p, const uint8_t *rho, uint8_t x, uint8_t y);
void __wrap_kpoly_uniform(
    struct kpoly *p, const uint8_t *rho, uint8_t x, uint8_t y);

static void
secret(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

static void public(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

/* rho is published with the key. */
void
__wrap_kpoly_uniform(struct kpoly *p, const uint8_t *rho, uint8_t x, uint8_t y)
{
	uint8_t open[32];

	memcpy(open, rho, sizeof(open));
	public(open, sizeof(open));
	__real_kpoly_uniform(p, open, x, y);
}

static int
kem_once(const struct kem *kem)
{
	uint8_t pk[KYBER1024_PK], sk[KYBER1024_SK], ct[KEM_CT_MAX];
	uint8_t seed[KEM_SEED_LEN], m[KEM_MSG_LEN], a[32], b[32];
	int r;

	randombytes_buf(seed, sizeof(seed));
	randombytes_buf(m, sizeof(m));
	secret(seed, sizeof(seed));
	kem_keypair(kem, pk, sk, seed);
	public(pk, sizeof(pk));
	public(sk + kem->k * KPOLY_BYTES, kem->pk_len + 32); /* pk, H(pk) */
	secret(m, sizeof(m));
	r = kem_encaps(kem, ct, a, pk, m);
	public(ct, sizeof(ct));
	kem_decaps(kem, b, ct, sk);
	public(a, sizeof(a));
	public(b, sizeof(b));
	if (r != 0 || memcmp(a, b, sizeof(a)) != 0)
		return 1;
	ct[9] ^= 4; /* the way of a forged ciphertext */
	kem_decaps(kem, b, ct, sk);
	public(b, sizeof(b));
	return memcmp(a, b, sizeof(a)) == 0;
}

static void
kdf_once(void)
{
	struct root_key root;
	struct chain_key chain;
	struct message_seed seed;
	struct message_keys mk;
	uint8_t dh[EC_LEN];

	randombytes_buf(&root, sizeof(root));
	randombytes_buf(dh, sizeof(dh));
	secret(&root, sizeof(root));
	secret(dh, sizeof(dh));
	kdf_root_step(&root, &chain, &root, dh);
	kdf_chain_step(&seed, &chain, &chain);
	kdf_message_keys(&mk, &seed, root.b);
	kdf_group_keys(&mk, &seed);
}

int
main(void)
{
	int failed;

	if (sodium_init() < 0)
		return 2;
	failed = kem_once(&kem_kyber1024) | kem_once(&kem_mlkem768);
	kdf_once();
	if (!RUNNING_ON_VALGRIND)
		puts("not under valgrind: nothing was checked");
	printf("%d passed, %d failed\n", !failed, failed);
	return failed;
}
