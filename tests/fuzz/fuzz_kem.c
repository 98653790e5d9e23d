/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as ciphertext, public key, secret key or parts of a key. The first
 * byte chooses the scheme and which.
 */
#include "common/signal/keccak.h"
#include "common/signal/kem.h"
#include "tests/fuzz/signal_pair.h"

#define Q 3329

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t seed[KEM_SEED_LEN] = {1, 2, 3};
static const uint8_t random_m[KEM_MSG_LEN] = {4, 5, 6};

/* The input's bytes, then zeros. */
static void
fill_from(uint8_t *out, size_t n, const uint8_t *data, size_t len)
{
	memset(out, 0, n);
	if (len > 0)
		memcpy(out, data, len < n ? len : n);
}

/* The secret of a forged ciphertext, by the book. */
static void
rejection(const struct kem *kem, uint8_t ss[static 32], const uint8_t *ct)
{
	uint8_t h[32];

	sha3_256(h, ct, kem->ct_len);
	if (kem->round3)
		shake256(ss, 32, seed + 32, 32, h, sizeof(h));
	else
		shake256(ss, 32, seed + 32, 32, ct, kem->ct_len);
}

static void
ciphertext(const struct kem *kem, const uint8_t *data, size_t len)
{
	uint8_t pk[KYBER1024_PK], sk[KYBER1024_SK], good[KEM_CT_MAX];
	uint8_t ct[KEM_CT_MAX], ss[32], got[32];

	kem_keypair(kem, pk, sk, seed);
	fuzz_need(kem_encaps(kem, good, ss, pk, random_m) == 0);
	fill_from(ct, kem->ct_len, data, len);
	if (memcmp(ct, good, kem->ct_len) != 0)
		rejection(kem, ss, ct);
	kem_decaps(kem, got, ct, sk);
	fuzz_need(memcmp(got, ss, sizeof(ss)) == 0);
}

static bool
reduced(const uint8_t *p, size_t len)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < len; i += 3) {
		ok &= (p[i] | (p[i + 1] & 15) << 8) < Q;
		ok &= (p[i + 1] >> 4 | p[i + 2] << 4) < Q;
	}
	return ok;
}

static void
public_key(const struct kem *kem, const uint8_t *data, size_t len)
{
	uint8_t pk[KYBER1024_PK], ct[KEM_CT_MAX], ss[32], was[KEM_CT_MAX];
	int r;

	fill_from(pk, kem->pk_len, data, len);
	memset(ct, 0x66, sizeof(ct));
	memset(ss, 0x66, sizeof(ss));
	memset(was, 0x66, sizeof(was));
	r = kem_encaps(kem, ct, ss, pk, random_m);
	if (kem->round3 || reduced(pk, kem->pk_len - 32)) {
		fuzz_need(r == 0);
		return;
	}
	fuzz_need(r == ERR_FORMAT);
	fuzz_need(memcmp(ct, was, sizeof(ct)) == 0);
	fuzz_need(memcmp(ss, was, sizeof(ss)) == 0);
}

static void
secret_key(const struct kem *kem, const uint8_t *data, size_t len)
{
	uint8_t sk[KYBER1024_SK], ct[KEM_CT_MAX] = {1}, a[32], b[32];

	fill_from(sk, kem->sk_len, data, len);
	kem_decaps(kem, a, ct, sk);
	kem_decaps(kem, b, ct, sk);
	fuzz_need(memcmp(a, b, sizeof(a)) == 0);
}

/* In parts as in one piece; a header that is not the key's is refused. */
static void
parts(const struct kem *kem, const uint8_t *data, size_t len)
{
	uint8_t pk[MLKEM768_PK], hdr[MLKEM768_HDR], ek[MLKEM768_EK];
	uint8_t ct[MLKEM768_CT], whole[MLKEM768_CT], a[32], b[32];

	(void)kem;
	fill_from(pk, sizeof(pk), data, len);
	kem_split(hdr, ek, pk);
	kem_encaps_ct1(ct, a, hdr, random_m);
	memset(ct + MLKEM768_CT1, 0x66, MLKEM768_CT2);
	if (kem_encaps(&kem_mlkem768, whole, b, pk, random_m) != 0) {
		fuzz_need(kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek,
			      random_m) == ERR_FORMAT);
		fuzz_need(ct[MLKEM768_CT1] == 0x66);
		return;
	}
	fuzz_need(kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek, random_m) == 0);
	fuzz_need(memcmp(ct, whole, sizeof(ct)) == 0);
	fuzz_need(memcmp(a, b, sizeof(a)) == 0);
	fill_from(hdr, sizeof(hdr), data, len); /* rho is not that */
	fuzz_need(
	    kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek, random_m) == ERR_FORMAT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	void (*const tries[])(const struct kem *kem, const uint8_t *data,
	    size_t len) = {ciphertext, public_key, secret_key, parts};

	if (len > 0)
		tries[data[0] >> 1 & 3](
		    data[0] & 1 ? &kem_mlkem768 : &kem_kyber1024, data + 1,
		    len - 1);
	return 0;
}
