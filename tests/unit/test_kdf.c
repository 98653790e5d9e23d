/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/ossl.h"
#include "common/signal/handshake.h"
#include "common/signal/kdf.h"
#include "tests/unit/test.h"

static void
assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[256];

	assert_int_equal(hex_bytes(hex, want, sizeof(want)), len);
	assert_memory_equal(got, want, len);
}

/* RFC 5869, A.3. */
static void
test_kdf_hkdf__rfc5869_without_salt_and_info(void **state)
{
	uint8_t ikm[22], okm[42];

	memset(ikm, 0x0b, sizeof(ikm));
	kdf_hkdf(okm, sizeof(okm), NULL, 0, ikm, sizeof(ikm), "");
	assert_hex(okm, sizeof(okm),
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c"
	    "738d2d9d201395faa4b61a96c8");
}

/* RFC 5869, A.1: salt and info. */
static void
test_kdf_hkdf__rfc5869_with_salt_and_info(void **state)
{
	uint8_t ikm[22], salt[13], okm[42];
	size_t n;

	memset(ikm, 0x0b, sizeof(ikm));
	n = hex_bytes("000102030405060708090a0b0c", salt, sizeof(salt));
	kdf_hkdf(okm, sizeof(okm), salt, n, ikm, sizeof(ikm),
	    "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9");
	assert_hex(okm, sizeof(okm),
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ec"
	    "c4c5bf34007208d5b887185865");
}

static void
test_kdf_hkdf__a_short_output_is_the_start_of_a_long_one(void **state)
{
	uint8_t ikm[32] = {1}, all[96], part[96];
	size_t n;

	kdf_hkdf(all, sizeof(all), NULL, 0, ikm, sizeof(ikm), "label");
	for (n = 0; n <= sizeof(all); n++) {
		memset(part, 0, sizeof(part));
		kdf_hkdf(part, n, NULL, 0, ikm, sizeof(ikm), "label");
		assert_memory_equal(part, all, n);
	}
}

/* RFC 4231, test cases 1, 2 and 6: keys below, and above a block. */
static void
test_hmac__rfc4231(void **state)
{
	static const struct {
		const char *key, *msg, *mac;
	} cases[] = {
	    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cf"
		"f7"},
	    {"4a656665",
		"7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38"
		"43"},
	    {NULL, /* 131 times aa */
		"54657374205573696e67204c6172676572205468616e20426c6f636b2d5369"
		"7a65204b6579202d2048617368204b6579204669727374",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f"
		"54"},
	};
	uint8_t key[131], msg[64], mac[KDF_LEN];
	size_t i, keylen, len;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		memset(key, 0xaa, sizeof(key));
		keylen = cases[i].key == NULL
			     ? sizeof(key)
			     : hex_bytes(cases[i].key, key, sizeof(key));
		len = hex_bytes(cases[i].msg, msg, sizeof(msg));
		kdf_hmac(mac, key, keylen, msg, len);
		assert_hex(mac, sizeof(mac), cases[i].mac);
	}
}

/* libsignal, rust/protocol/src/ratchet/keys.rs, test_chain_key_derivation. */
static void
test_kdf_chain__recorded_keys(void **state)
{
	struct chain_key ck;
	struct message_seed seed;
	struct message_keys mk;

	hex_bytes(
	    "8ab72d6f4cc5ac0d387eaf463378ddb28edd07385b1cb01250c715982e7ad"
	    "48f",
	    ck.b, sizeof(ck.b));
	kdf_chain_step(&seed, &ck, &ck);
	kdf_message_keys(&mk, &seed, NULL);
	assert_hex(mk.cipher, 32,
	    "bf51e9d75e0e31031051f82a2491ffc084fa298b7793bd9db620056feb"
	    "f45217");
	assert_hex(mk.mac, 32,
	    "c6c77d6a73a354337a56435e34607dfe48e3ace14e77314dc6abc172e7"
	    "a7030b");
	assert_hex(ck.b, 32,
	    "28e8f8fee54b801eef7c5cfb2f17f32c7b334485bbb70fac6ec10342a2"
	    "46d15d");
}

static void
test_kdf_message_keys__the_post_quantum_key_is_the_salt(void **state)
{
	struct message_seed seed = {{1}};
	struct message_keys a, b;
	uint8_t salt[KDF_LEN] = {0}, okm[80];

	kdf_message_keys(&a, &seed, NULL);
	kdf_message_keys(&b, &seed, salt); /* zero salt is no salt */
	assert_memory_equal(&a, &b, sizeof(a));
	salt[31] = 1;
	kdf_message_keys(&b, &seed, salt);
	kdf_hkdf(okm, sizeof(okm), salt, sizeof(salt), seed.b, KDF_LEN,
	    "WhisperMessageKeys");
	assert_memory_equal(b.cipher, okm, 32);
	assert_memory_not_equal(a.cipher, b.cipher, 32);
}

/* The handshake with fixed keys: libsignal, rust/protocol/tests/ratchet.rs,
 * test_ratcheting_session_as_bob. */
static int
fixed_signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	uint8_t k[EC_LEN];

	*out = (struct signed_pre_key){.id = id};
	hex_bytes(
	    "583900131fb727998b7803fe6ac22cc591f342e4e42a8c8d5d78194209b8d"
	    "253",
	    k, sizeof(k));
	return ec_from_private(&out->pair, k);
}

static void
test_handshake_accept__recorded_chain_key(void **state)
{
	const struct signal_prekeys keys = {.signed_get = fixed_signed_get};
	struct identity_key_pair identity;
	struct signal_local local = {.identity = &identity};
	struct pre_key_message m = {.version = 3};
	uint8_t k[EC_LEN];
	struct state s;

	hex_bytes(
	    "4875cc69ddf8ea0719ec947d61081135868d5fd801f02c0225e516df21566"
	    "05e",
	    k, sizeof(k));
	assert_ok(identity_from_private(&identity, k));
	hex_bytes(
	    "472d1fb1a9862c3af6beaca8920277e2b26f4a79213ec7c906aeb35e03cf8"
	    "950",
	    m.base_key.u, EC_LEN);
	hex_bytes(
	    "b4a8455660ada65b401007f615e654041746432e3339c6875149bceefcb42"
	    "b4a",
	    m.identity.u, EC_LEN);
	state_init(&s);
	assert_ok(handshake_accept(&s, &local, &m, &keys));
	assert_hex(s.sending.b, KDF_LEN,
	    "9797caca53c989bbe229a40ca7727010eb2604fc14945d77958a0aeda0"
	    "88b44d");
	state_clear(&s);
}

/* ---- AES-256-CBC ---------------------------------------------------------- */

/* NIST SP 800-38A, F.2.5: the first block; the padding block is ours. */
static void
test_cbc_seal__recorded_block(void **state)
{
	uint8_t key[32], iv[16], pt[16];
	struct buf out;

	hex_bytes(
	    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914d"
	    "ff4",
	    key, sizeof(key));
	hex_bytes("000102030405060708090a0b0c0d0e0f", iv, sizeof(iv));
	hex_bytes("6bc1bee22e409f96e93d7e117393172a", pt, sizeof(pt));
	buf_init(&out, 64);
	assert_ok(cbc_seal(&out, key, iv, pt, sizeof(pt)));
	assert_int_equal(out.len, 32);
	assert_hex(out.p, 16, "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
	buf_clear(&out);
}

static void
test_cbc_open__every_length_comes_back(void **state)
{
	uint8_t key[32] = {3}, iv[16] = {4}, pt[70];
	struct buf ct, back;
	size_t n;

	randombytes_buf(pt, sizeof(pt));
	buf_init(&ct, 256);
	buf_init(&back, 256);
	for (n = 0; n < sizeof(pt); n++) {
		buf_reset(&ct);
		buf_reset(&back);
		assert_ok(cbc_seal(&ct, key, iv, pt, n));
		assert_int_equal(ct.len, n / 16 * 16 + 16);
		assert_ok(cbc_open(&back, key, iv, ct.p, ct.len));
		assert_int_equal(back.len, n);
		if (n > 0)
			assert_memory_equal(back.p, pt, n);
	}
	buf_clear(&ct);
	buf_clear(&back);
}

static void
test_cbc_open__refuses_what_is_no_padded_text(void **state)
{
	uint8_t key[32] = {3}, iv[16] = {4}, ct[32];
	struct buf out, sealed;

	buf_init(&out, 64);
	buf_init(&sealed, 64);
	assert_err(cbc_open(&out, key, iv, ct, 0), ERR_FORMAT);
	assert_ok(cbc_seal(&sealed, key, iv, (const uint8_t *)"abc", 3));
	assert_err(cbc_open(&out, key, iv, sealed.p, 15), ERR_FORMAT);
	iv[15] ^= 0x40; /* the last byte of the padding is 0x4d now */
	assert_err(cbc_open(&out, key, iv, sealed.p, 16), ERR_FORMAT);
	assert_int_equal(out.len, 0);
	iv[15] ^= 0x40;
	out.max = 8;
	assert_err(cbc_open(&out, key, iv, sealed.p, 16), ERR_FULL);
	assert_err(cbc_seal(&out, key, iv, ct, 9), ERR_FULL);
	buf_clear(&out);
	buf_clear(&sealed);
}

/* OpenSSL's memory, so that it fails when ours does. */
static void *
ossl_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return malloc(n);
}

static void *
ossl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return realloc(p, n);
}

static void
ossl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

/* One of a pair's allocations fails: an error and nothing appended, or the
 * library found a way around and the result is right. */
static int
one_failure(long n, int *refused)
{
	static const uint8_t key[32] = {3}, iv[16] = {4};
	struct buf ct, back;
	int r, hit;

	buf_init(&ct, 64);
	buf_init(&back, 64);
	alloc_fail_at(n);
	r = cbc_seal(&ct, key, iv, (const uint8_t *)"text", 4);
	if (r == 0) {
		assert_int_equal(ct.len, 16);
		r = cbc_open(&back, key, iv, ct.p, ct.len);
	} else {
		assert_int_equal(ct.len, 0);
	}
	hit = alloc_failed();
	alloc_fail_at(-1);
	if (r == 0) {
		assert_int_equal(back.len, 4);
		assert_memory_equal(back.p, "text", 4);
	} else {
		assert_true(hit && r == ERR_NOMEM);
		assert_int_equal(back.len, 0);
		(*refused)++;
	}
	buf_clear(&ct);
	buf_clear(&back);
	return hit;
}

static void
test_cbc__allocation_failures_of_the_library(void **state)
{
	int refused = 0;
	long n = 0;

	while (one_failure(n, &refused))
		n++;
	/* two buffers, two contexts, and what is inside them */
	assert_true(refused >= 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kdf_hkdf__rfc5869_without_salt_and_info),
	    cmocka_unit_test(test_kdf_hkdf__rfc5869_with_salt_and_info),
	    cmocka_unit_test(
		test_kdf_hkdf__a_short_output_is_the_start_of_a_long_one),
	    cmocka_unit_test(test_hmac__rfc4231),
	    cmocka_unit_test(test_kdf_chain__recorded_keys),
	    cmocka_unit_test(
		test_kdf_message_keys__the_post_quantum_key_is_the_salt),
	    cmocka_unit_test(test_handshake_accept__recorded_chain_key),
	    cmocka_unit_test(test_cbc_seal__recorded_block),
	    cmocka_unit_test(test_cbc_open__every_length_comes_back),
	    cmocka_unit_test(test_cbc_open__refuses_what_is_no_padded_text),
	    cmocka_unit_test(test_cbc__allocation_failures_of_the_library),
	};

	if (sodium_init() < 0 ||
	    CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) != 1)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
