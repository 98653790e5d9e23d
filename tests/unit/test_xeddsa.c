/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/signal/xeddsa.h"
#include "tests/unit/test.h"

/* A recorded signature: libsignal, rust/core/src/curve/curve25519.rs,
 * test_signature (the same bytes in every implementation of it). */
static const char PRIVATE[] =
    "c097248412e58bf05df487968205132794178e367637f5818f81e0e6ce73e865";
static const char PUBLIC[] =
    "ab7e717d4a163b7d9a1d8071dfe9dcf8cdcd1cea3339b6356be84d887e322c64";
static const char MESSAGE[] =
    "05edce9d9c415ca78cb7252e72c2c4a554d3eb29485a0e1d503118d1a82d99fb4a";
static const char SIGNATURE[] =
    "5de88ca9a89b4a115da79109c67c9c7464a3e4180274f1cb8c63c2984e286dfb"
    "ede82deb9dcd9fae0bfbb821569b3d9001bd8130cd11d486cef047bd60b86e88";

struct signed_text {
	struct identity_key_pair key;
	uint8_t msg[EC_PUBLIC_LEN];
	uint8_t sig[SIGNATURE_LEN];
};

static struct signed_text
recorded(void)
{
	struct signed_text t;
	uint8_t k[EC_LEN], pub[EC_LEN];

	hex_bytes(PRIVATE, k, sizeof(k));
	hex_bytes(PUBLIC, pub, sizeof(pub));
	assert_ok(identity_from_private(&t.key, k));
	assert_memory_equal(t.key.pk.u, pub, EC_LEN);
	hex_bytes(MESSAGE, t.msg, sizeof(t.msg));
	hex_bytes(SIGNATURE, t.sig, sizeof(t.sig));
	return t;
}

static void
test_xeddsa_verify__accepts_the_recorded_signature(void **state)
{
	struct signed_text t = recorded();

	assert_ok(xeddsa_verify(t.sig, &t.key.pk, t.msg, sizeof(t.msg)));
}

static void
test_xeddsa_verify__refuses_every_flipped_bit(void **state)
{
	struct signed_text t = recorded();
	size_t i;

	for (i = 0; i < 8 * sizeof(t.sig); i++) {
		t.sig[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_err(
		    xeddsa_verify(t.sig, &t.key.pk, t.msg, sizeof(t.msg)),
		    ERR_AUTH);
		t.sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < 8 * sizeof(t.msg); i++) {
		t.msg[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_err(
		    xeddsa_verify(t.sig, &t.key.pk, t.msg, sizeof(t.msg)),
		    ERR_AUTH);
		t.msg[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < 8 * EC_LEN; i++) {
		t.key.pk.u[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_err(
		    xeddsa_verify(t.sig, &t.key.pk, t.msg, sizeof(t.msg)),
		    ERR_AUTH);
		t.key.pk.u[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void
test_xeddsa_sign__is_verified_whatever_the_sign_of_the_key(void **state)
{
	struct identity_key_pair key;
	uint8_t sig[SIGNATURE_LEN], msg[200];
	int i, negative = 0;

	randombytes_buf(msg, sizeof(msg));
	for (i = 0; i < 64; i++) {
		identity_generate(&key, &signal_rng_system);
		xeddsa_sign(sig, &key, msg, (size_t)i, &signal_rng_system);
		assert_ok(xeddsa_verify(sig, &key.pk, msg, (size_t)i));
		negative += sig[63] >> 7;
	}
	/* both signs happen: 2^-63 that they do not */
	assert_in_range(negative, 1, 63);
}

static void
test_xeddsa_sign__an_empty_message(void **state)
{
	struct identity_key_pair key;
	uint8_t sig[SIGNATURE_LEN];

	identity_generate(&key, &signal_rng_system);
	xeddsa_sign(sig, &key, NULL, 0, &signal_rng_system);
	assert_ok(xeddsa_verify(sig, &key.pk, NULL, 0));
	assert_err(
	    xeddsa_verify(sig, &key.pk, (const uint8_t *)"x", 1), ERR_AUTH);
}

/* Published XEdDSA negates the key instead, so that the sign is 0. */
static void
test_xeddsa_verify__accepts_the_published_form(void **state)
{
	struct identity_key_pair key;
	uint8_t ed[32], wide[64] = {0}, a[32], A[32], r[32], R[32], h[32];
	uint8_t hash[64], sig[SIGNATURE_LEN];
	crypto_hash_sha512_state st;
	int i;

	for (i = 0; i < 16; i++) {
		identity_generate(&key, &signal_rng_system);
		memcpy(wide, key.sk.k, 32);
		crypto_core_ed25519_scalar_reduce(a, wide);
		(void)crypto_scalarmult_ed25519_base_noclamp(ed, key.sk.k);
		if (ed[31] & 0x80)
			crypto_core_ed25519_scalar_negate(a, a);
		(void)crypto_scalarmult_ed25519_base_noclamp(A, a);
		assert_int_equal(A[31] & 0x80, 0);
		crypto_core_ed25519_scalar_random(r);
		(void)crypto_scalarmult_ed25519_base_noclamp(R, r);
		crypto_hash_sha512_init(&st);
		crypto_hash_sha512_update(&st, R, 32);
		crypto_hash_sha512_update(&st, A, 32);
		crypto_hash_sha512_update(&st, (const uint8_t *)"m", 1);
		crypto_hash_sha512_final(&st, hash);
		crypto_core_ed25519_scalar_reduce(h, hash);
		crypto_core_ed25519_scalar_mul(h, h, a);
		crypto_core_ed25519_scalar_add(sig + 32, h, r);
		memcpy(sig, R, 32);
		assert_ok(xeddsa_verify(sig, &key.pk, (const uint8_t *)"m", 1));
	}
}

static void
test_xeddsa_verify__refuses_keys_that_are_no_keys(void **state)
{
	struct signed_text t = recorded();
	static const char *const bad[] = {
	    /* u = -1, u = p, u = p + 1, and points of small order: 0, 1 */
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		hex_bytes(bad[i], t.key.pk.u, EC_LEN);
		assert_err(
		    xeddsa_verify(t.sig, &t.key.pk, t.msg, sizeof(t.msg)),
		    ERR_AUTH);
	}
}

/* y = (u-1)/(u+1): libsodium goes the other way, from Edwards to u. */
static void
test_mont_to_edwards__agrees_with_the_way_back(void **state)
{
	uint8_t pk[32], sk[64], u[32], y[32];
	int i;

	for (i = 0; i < 64; i++) {
		assert_ok(crypto_sign_keypair(pk, sk));
		assert_ok(crypto_sign_ed25519_pk_to_curve25519(u, pk));
		assert_ok(mont_to_edwards(y, u));
		pk[31] &= 0x7f;
		assert_memory_equal(y, pk, 32);
	}
}

static void
test_mont_to_edwards__leaves_its_output_alone_on_error(void **state)
{
	uint8_t u[32], y[32], was[32];

	memset(y, 0x5a, sizeof(y));
	memcpy(was, y, sizeof(y));
	memset(u, 0xff, sizeof(u));
	assert_err(mont_to_edwards(y, u), ERR_FORMAT);
	u[31] = 0x7f;
	u[0] = 0xec; /* -1 */
	assert_err(mont_to_edwards(y, u), ERR_FORMAT);
	assert_memory_equal(y, was, sizeof(y));
	u[0] = 0xeb; /* -2 is fine: y = 3 */
	assert_ok(mont_to_edwards(y, u));
	assert_int_equal(y[0], 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_xeddsa_verify__accepts_the_recorded_signature),
	    cmocka_unit_test(test_xeddsa_verify__refuses_every_flipped_bit),
	    cmocka_unit_test(
		test_xeddsa_sign__is_verified_whatever_the_sign_of_the_key),
	    cmocka_unit_test(test_xeddsa_sign__an_empty_message),
	    cmocka_unit_test(test_xeddsa_verify__accepts_the_published_form),
	    cmocka_unit_test(test_xeddsa_verify__refuses_keys_that_are_no_keys),
	    cmocka_unit_test(test_mont_to_edwards__agrees_with_the_way_back),
	    cmocka_unit_test(
		test_mont_to_edwards__leaves_its_output_alone_on_error),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
