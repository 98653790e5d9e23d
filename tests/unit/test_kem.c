/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include <sodium.h>

#include "common/signal/keccak.h"
#include "common/signal/kem.h"
#include "common/signal/kpoly.h"
#include "common/signal/kpoly_ops.h"
#include "tests/unit/test.h"

static void
assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[64];

	assert_int_equal(hex_bytes(hex, want, sizeof(want)), len);
	assert_memory_equal(got, want, len);
}

/* FIPS 202's example values for the empty message, and "abc". */
static void
test_keccak__known_answers(void **state)
{
	uint8_t h[64];
	const uint8_t *abc = (const uint8_t *)"abc";

	sha3_256(h, NULL, 0);
	assert_hex(h, 32,
	    "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80"
	    "f8434a");
	sha3_512(h, abc, 1, abc + 1, 2);
	assert_hex(h, 64,
	    "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240"
	    "d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592"
	    "f8274eec53f0");
	shake256(h, 32, NULL, 0, NULL, 0);
	assert_hex(h, 32,
	    "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646e"
	    "d5762f");
}

static void
test_keccak__squeezing_bit_by_bit_is_squeezing_at_once(void **state)
{
	uint8_t in[300], once[500], parts[500];
	struct keccak st;
	size_t i;

	randombytes_buf(in, sizeof(in));
	shake256(once, sizeof(once), in, 200, in + 200, 100);
	keccak_init(&st, SHAKE256_RATE);
	for (i = 0; i < sizeof(in); i++)
		keccak_absorb(&st, in + i, 1);
	keccak_finish(&st, KECCAK_XOF);
	for (i = 0; i < sizeof(parts); i += 4)
		keccak_squeeze(&st, parts + i, 4);
	assert_memory_equal(once, parts, sizeof(once));
}

static void
assert_sha256(const uint8_t *p, size_t len, json_t *c, const char *name)
{
	uint8_t h[32];

	crypto_hash_sha256(h, p, len);
	assert_hex(h, 32, json_string_value(json_object_get(c, name)));
}

static void
known_answer(const struct kem *kem, json_t *c, size_t flip)
{
	uint8_t pk[KYBER1024_PK], sk[KYBER1024_SK], ct[KEM_CT_MAX];
	uint8_t seed[KEM_SEED_LEN], m[KEM_MSG_LEN], ss[KEM_SS_LEN];

	hex_bytes(
	    json_string_value(json_object_get(c, "seed")), seed, sizeof(seed));
	hex_bytes(json_string_value(json_object_get(c, "m")), m, sizeof(m));
	kem_keypair(kem, pk, sk, seed);
	assert_sha256(pk, kem->pk_len, c, "pk_sha256");
	assert_sha256(sk, kem->sk_len, c, "sk_sha256");
	assert_ok(kem_encaps(kem, ct, ss, pk, m));
	assert_sha256(ct, kem->ct_len, c, "ct_sha256");
	assert_hex(ss, 32, json_string_value(json_object_get(c, "ss")));
	memset(ss, 0, sizeof(ss));
	kem_decaps(kem, ss, ct, sk);
	assert_hex(ss, 32, json_string_value(json_object_get(c, "ss")));
	ct[flip] ^= 1;
	kem_decaps(kem, ss, ct, sk);
	assert_hex(ss, 32, json_string_value(json_object_get(c, "reject_ss")));
}

static void
known_answers_with(
    const struct kpoly_ops *ops, const struct kem *kem, const char *path)
{
	json_t *doc = json_load_file(path, 0, NULL), *c;
	size_t i;

	assert_non_null(doc);
	kpoly_use(ops);
	json_array_foreach(json_object_get(doc, "cases"), i, c)
	{
		known_answer(kem, c,
		    (size_t)json_integer_value(json_object_get(doc, "flip")));
	}
	kpoly_use(NULL);
	assert_int_equal(i, 25);
	json_decref(doc);
}

/* For every processor, and for this one. */
static void
known_answers(const struct kem *kem, const char *path)
{
	known_answers_with(&kpoly_portable, kem, path);
	if (kpoly_avx2() != NULL)
		known_answers_with(kpoly_avx2(), kem, path);
}

static void
test_kem__kyber1024_round_3_known_answers(void **state)
{
	known_answers(
	    &kem_kyber1024, "tests/vectors/kem/kyber1024_round3.json");
}

static void
test_kem__mlkem768_known_answers(void **state)
{
	known_answers(&kem_mlkem768, "tests/vectors/kem/mlkem768.json");
}

/* Whatever bit is flipped, the secret is another and not the same twice. */
static void
every_flip_is_rejected(const struct kem *kem)
{
	uint8_t pk[KYBER1024_PK], sk[KYBER1024_SK], ct[KEM_CT_MAX];
	uint8_t seed[KEM_SEED_LEN], m[KEM_MSG_LEN];
	uint8_t ss[KEM_SS_LEN], bad[KEM_SS_LEN], last[KEM_SS_LEN] = {0};
	size_t i;

	randombytes_buf(seed, sizeof(seed));
	randombytes_buf(m, sizeof(m));
	kem_keypair(kem, pk, sk, seed);
	assert_ok(kem_encaps(kem, ct, ss, pk, m));
	for (i = 0; i < kem->ct_len; i += 7) {
		ct[i] ^= (uint8_t)(1 << i % 8);
		kem_decaps(kem, bad, ct, sk);
		assert_memory_not_equal(bad, ss, sizeof(ss));
		assert_memory_not_equal(bad, last, sizeof(ss));
		memcpy(last, bad, sizeof(last));
		ct[i] ^= (uint8_t)(1 << i % 8);
	}
	kem_decaps(kem, bad, ct, sk);
	assert_memory_equal(bad, ss, sizeof(ss));
}

static void
test_kem_decaps__forged_ciphertexts(void **state)
{
	every_flip_is_rejected(&kem_kyber1024);
	every_flip_is_rejected(&kem_mlkem768);
}

/* FIPS 203, §7.2: the modulus check of an encapsulation key. */
static void
test_kem_encaps__an_unreduced_key(void **state)
{
	uint8_t pk[MLKEM768_PK], sk[MLKEM768_SK], seed[KEM_SEED_LEN] = {1};
	uint8_t ct[MLKEM768_CT], ss[KEM_SS_LEN], m[KEM_MSG_LEN] = {2};
	uint8_t was[MLKEM768_CT];

	kem_keypair(&kem_mlkem768, pk, sk, seed);
	memset(ct, 0x22, sizeof(ct));
	memset(ss, 0x22, sizeof(ss));
	memset(was, 0x22, sizeof(was));
	pk[3] = 0x01; /* coefficient 2 becomes 3329 */
	pk[4] = (uint8_t)((pk[4] & 0xf0) | 0x0d);
	assert_err(kem_encaps(&kem_mlkem768, ct, ss, pk, m), ERR_FORMAT);
	assert_memory_equal(ct, was, sizeof(ct));
	assert_memory_equal(ss, was, sizeof(ss));
	pk[3] = 0x00; /* 3328 */
	assert_ok(kem_encaps(&kem_mlkem768, ct, ss, pk, m));
}

/* Rounding: decompress(compress(x)) is x up to half a step, for every x. */
static void
test_kpoly__compression_rounds_to_the_nearest(void **state)
{
	static const unsigned bits[] = {1, 4, 5, 10, 11};
	struct kpoly p, back;
	uint8_t b[32 * 12];
	size_t i, x;
	int d, want;

	for (i = 0; i < ARRAY_LEN(bits); i++) {
		for (x = 0; x < 3329; x++) {
			memset(&p, 0, sizeof(p));
			p.c[0] = (int16_t)x;
			kpoly_compress(b, &p, bits[i]);
			kpoly_decompress(&back, b, bits[i]);
			d = (int)x - back.c[0];
			d = (d % 3329 + 3329) % 3329;
			d = d > 1664 ? 3329 - d : d;
			want = (3329 + (2 << bits[i]) - 1) / (2 << bits[i]);
			assert_in_range(d, 0, want);
		}
	}
}

static void
test_kpoly__ntt_and_back(void **state)
{
	struct kpoly p, q, one, out;
	unsigned i;

	memset(&one, 0, sizeof(one));
	one.c[0] = 1;
	for (i = 0; i < KPOLY_N; i++)
		p.c[i] = (int16_t)((int)randombytes_uniform(3329) - 1664);
	q = p;
	kpoly_ntt(&q);
	kpoly_ntt(&one);
	kpoly_inner(&out, &q, &one, 1);
	kpoly_invntt(&out);
	kpoly_reduce(&out);
	assert_memory_equal(&out, &p, sizeof(p));
}

/* Small, at the edges, or anything that the portable code takes. */
static void
poly_pick(struct kpoly *p, unsigned round)
{
	unsigned i;

	for (i = 0; i < KPOLY_N; i++) {
		if (round == 0)
			p->c[i] = i % 2 ? KPOLY_Q : -KPOLY_Q;
		else
			p->c[i] = (int16_t)((int)randombytes_uniform(
						2 * KPOLY_Q + 1) -
					    KPOLY_Q);
	}
}

static void
assert_same_arithmetic(const struct kpoly_ops *a, const struct kpoly_ops *b)
{
	void (*const one[][2])(struct kpoly *) = {
	    {a->ntt, b->ntt},
	    {a->invntt, b->invntt},
	    {a->to_montgomery, b->to_montgomery},
	    {a->reduce, b->reduce},
	};
	struct kpoly p[4], q[4], x, y;
	unsigned round, i, k;

	for (round = 0; round < 200; round++) {
		for (i = 0; i < 4; i++) {
			poly_pick(&p[i], round);
			poly_pick(&q[i], round);
		}
		for (i = 0; i < ARRAY_LEN(one); i++) {
			x = y = p[i];
			one[i][0](&x);
			one[i][1](&y);
			assert_memory_equal(&x, &y, sizeof(x));
		}
		for (k = 1; k <= 4; k++) {
			a->inner(&x, p, q, k);
			b->inner(&y, p, q, k);
			assert_memory_equal(&x, &y, sizeof(x));
		}
	}
}

static void
assert_same_sampling(const struct kpoly_ops *a, const struct kpoly_ops *b)
{
	struct kpoly_at at[4];
	struct kpoly x[4], y[4];
	uint8_t seed[32];
	unsigned round, n;

	for (round = 0; round < 100; round++) {
		randombytes_buf(seed, sizeof(seed));
		randombytes_buf(at, sizeof(at));
		n = 1 + round % 4;
		memset(x, 0x55, sizeof(x));
		memset(y, 0x55, sizeof(y));
		a->uniform(x, n, seed, at);
		b->uniform(y, n, seed, at);
		assert_memory_equal(x, y, sizeof(x));
		a->noise(x, n, seed, (uint8_t)(254 + round));
		b->noise(y, n, seed, (uint8_t)(254 + round));
		assert_memory_equal(x, y, sizeof(x));
	}
}

/* Every number in between, not only what comes out in the end. */
static void
test_kpoly__the_same_on_every_processor(void **state)
{
	struct kpoly x, y;
	int i;

	if (kpoly_avx2() == NULL)
		skip();
	assert_same_arithmetic(&kpoly_portable, kpoly_avx2());
	assert_same_sampling(&kpoly_portable, kpoly_avx2());
	for (i = INT16_MIN; i <= INT16_MAX; i++) {
		x.c[i & 255] = y.c[i & 255] = (int16_t)i;
		if ((i & 255) != 255)
			continue;
		kpoly_portable.reduce(&x);
		kpoly_avx2()->reduce(&y);
		assert_memory_equal(&x, &y, sizeof(x));
	}
}

/* In parts: the same ciphertext and secret as at once. */
static void
test_kem__mlkem768_in_parts(void **state)
{
	uint8_t pk[MLKEM768_PK], sk[MLKEM768_SK], seed[KEM_SEED_LEN];
	uint8_t hdr[MLKEM768_HDR], ek[MLKEM768_EK], m[KEM_MSG_LEN];
	uint8_t ct[MLKEM768_CT], whole[MLKEM768_CT], was[MLKEM768_CT];
	uint8_t ss[32], want[32];
	int i;

	for (i = 0; i < 20; i++) {
		randombytes_buf(seed, sizeof(seed));
		randombytes_buf(m, sizeof(m));
		kem_keypair(&kem_mlkem768, pk, sk, seed);
		kem_split(hdr, ek, pk);
		assert_memory_equal(hdr, pk + MLKEM768_EK, 32);
		kem_encaps_ct1(ct, ss, hdr, m);
		assert_ok(kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek, m));
		assert_ok(kem_encaps(&kem_mlkem768, whole, want, pk, m));
		assert_memory_equal(ct, whole, sizeof(ct));
		assert_memory_equal(ss, want, sizeof(ss));
	}
	memcpy(was, ct, sizeof(ct));
	ek[700] ^= 1; /* not the header's key */
	assert_err(kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek, m), ERR_FORMAT);
	ek[0] = ek[1] = 0xff; /* not reduced, but the header's */
	memcpy(pk, ek, sizeof(ek));
	kem_split(hdr, ek, pk);
	assert_err(kem_encaps_ct2(ct + MLKEM768_CT1, hdr, ek, m), ERR_FORMAT);
	assert_memory_equal(ct, was, sizeof(ct));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keccak__known_answers),
	    cmocka_unit_test(
		test_keccak__squeezing_bit_by_bit_is_squeezing_at_once),
	    cmocka_unit_test(test_kem__kyber1024_round_3_known_answers),
	    cmocka_unit_test(test_kem__mlkem768_known_answers),
	    cmocka_unit_test(test_kem_decaps__forged_ciphertexts),
	    cmocka_unit_test(test_kem_encaps__an_unreduced_key),
	    cmocka_unit_test(test_kem__mlkem768_in_parts),
	    cmocka_unit_test(test_kpoly__compression_rounds_to_the_nearest),
	    cmocka_unit_test(test_kpoly__ntt_and_back),
	    cmocka_unit_test(test_kpoly__the_same_on_every_processor),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
