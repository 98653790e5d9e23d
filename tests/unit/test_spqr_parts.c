/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPQR's parts: message keys, authenticator and the bytes in a message. */
#include <sodium.h>

#include "common/signal/spqr_auth.h"
#include "common/signal/spqr_chain.h"
#include "common/signal/spqr_message.h"
#include "tests/unit/test.h"

static const uint8_t *
count_up(uint8_t *out, size_t n, unsigned from, unsigned modulus)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)((from + i) % modulus);
	return out;
}

static void
assert_key(const uint8_t key[static KDF_LEN], const char *hex)
{
	uint8_t want[KDF_LEN];

	assert_int_equal(hex_bytes(hex, want, sizeof(want)), KDF_LEN);
	assert_memory_equal(key, want, KDF_LEN);
}

/* Computed by an independent implementation (Python's hmac). */
static void
test_spqr_chain__known_answers(void **state)
{
	uint8_t secret[KDF_LEN], key[KDF_LEN];
	struct spqr_chain a, b;
	uint32_t n;

	count_up(secret, KDF_LEN, 0, 256);
	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	assert_ok(spqr_chain_send(&a, 0, &n, key));
	assert_int_equal(n, 1);
	assert_key(key, "4e95e19749223cd40e0790a3f65f4265a51834cdc72602a6eab133"
			"b015ed48d9");
	assert_ok(spqr_chain_recv(&b, 0, 2, key));
	assert_key(key, "9b631c6f2fb62b8af5bfed5e62b63a19ea39306e8a72a458ad298f"
			"ef4c18ebbc");
	assert_ok(spqr_chain_recv(&a, 0, 1, key));
	assert_key(key, "68a3239cc4fcb46bb4ce02eabb6d0656df3887c66ac6c8c12b49d8"
			"9f80ebd844");
	count_up(secret, KDF_LEN, 100, 256);
	assert_ok(spqr_chain_add(&b, secret));
	assert_ok(spqr_chain_send(&b, 1, &n, key));
	assert_int_equal(n, 1);
	assert_key(key, "cbd10e42e23d597edd81dd5eccdc1e196b3b3140c18416c0160dd1"
			"9d78eb28f4");
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
}

static void
test_spqr_auth__known_answers(void **state)
{
	uint8_t secret[KDF_LEN], second[KDF_LEN], mac[SPQR_MAC_LEN];
	uint8_t hdr[MLKEM768_HDR], ct1[MLKEM768_CT1], ct2[MLKEM768_CT2];
	struct spqr_auth a;

	spqr_auth_init(&a, count_up(secret, KDF_LEN, 0, 256));
	spqr_auth_header(mac, &a, 1, count_up(hdr, sizeof(hdr), 0, 256));
	assert_key(mac, "888b0ef96a09d169bb39ebf4966459bba6da4385116ce4d3eff917"
			"0e540b99ed");
	spqr_auth_update(&a, 1, count_up(second, KDF_LEN, 100, 256));
	spqr_auth_ciphertext(mac, &a, 1, count_up(ct1, sizeof(ct1), 0, 256),
	    count_up(ct2, sizeof(ct2), 0, 251));
	assert_key(mac, "14015c254cd80c44d60bbd0c89b4b5e3eeebddf41dd9053adb92ca"
			"797ceb399f");
	spqr_epoch_secret(mac, 258, secret);
	assert_key(mac, "3a8f58162a0b6a54265b89ccdb18dfc2951d388687bc1d4b399ce7"
			"1fe488264a");
}

static void
test_spqr_chain__limits(void **state)
{
	uint8_t secret[KDF_LEN] = {1}, key[KDF_LEN], other[KDF_LEN];
	struct spqr_chain a, b;
	uint32_t n, i;

	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	assert_err(spqr_chain_recv(&b, 0, CHAIN_JUMP_MAX + 1, key), ERR_RANGE);
	assert_err(spqr_chain_recv(&b, 0, 0, key), ERR_DUP);
	assert_err(spqr_chain_recv(&b, 1, 1, key), ERR_AUTH);
	assert_ok(spqr_chain_recv(&b, 0, CHAIN_JUMP_MAX, key));
	for (i = 0; i < CHAIN_JUMP_MAX; i++)
		assert_ok(spqr_chain_send(&a, 0, &n, other));
	assert_int_equal(n, CHAIN_JUMP_MAX);
	assert_memory_equal(key, other, KDF_LEN);
	assert_err(spqr_chain_recv(&b, 0, n, key), ERR_DUP);
	/* 2,000 before it are kept, each once */
	n -= CHAIN_SKIPPED_MAX;
	assert_err(spqr_chain_recv(&b, 0, n - 1, key), ERR_DUP);
	assert_ok(spqr_chain_recv(&b, 0, n, key));
	assert_err(spqr_chain_recv(&b, 0, n, key), ERR_DUP);
	assert_ok(spqr_chain_recv(&b, 0, CHAIN_JUMP_MAX - 1, key));
	a.send[0].counter = UINT32_MAX;
	assert_err(spqr_chain_send(&a, 0, &n, key), ERR_FULL);
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
}

static void
test_spqr_chain__epochs_come_and_go(void **state)
{
	uint8_t secret[KDF_LEN] = {1}, key[KDF_LEN], other[KDF_LEN];
	struct spqr_chain a, b;
	uint32_t n;

	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	assert_err(spqr_chain_send(&a, 1, &n, key), ERR_STATE);
	assert_ok(spqr_chain_send(&a, 0, &n, key)); /* late */
	assert_ok(spqr_chain_add(&a, secret));
	assert_ok(spqr_chain_add(&b, secret));
	assert_ok(spqr_chain_send(&a, 0, &n, other));
	assert_ok(spqr_chain_send(&a, 1, &n, other));
	assert_err(spqr_chain_send(&a, 0, &n, other), ERR_STATE);
	assert_ok(spqr_chain_recv(&b, 1, 1, key));
	assert_memory_equal(key, other, KDF_LEN);
	assert_ok(spqr_chain_recv(&b, 0, 1, key));
	/* sending in epoch 1, the lines of 0 still receive */
	assert_ok(spqr_chain_send(&b, 1, &n, other));
	assert_ok(spqr_chain_recv(&b, 0, 2, key));
	assert_ok(spqr_chain_add(&b, secret));
	assert_err(spqr_chain_add(&b, secret), ERR_STATE);
	assert_ok(spqr_chain_recv(&b, 0, 3, key));
	assert_ok(spqr_chain_send(&b, 2, &n, other));
	assert_err(spqr_chain_recv(&b, 0, 4, key), ERR_DUP);
	assert_ok(spqr_chain_recv(&b, 1, 2, key));
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
}

/* As libsignal writes them, tests/vectors/signal/v4_pqxdh_spqr.json. */
static void
test_spqr_message__known_bytes(void **state)
{
	static const struct {
		const char *hex;
		uint64_t epoch;
		uint32_t number;
		enum spqr_type type;
	} rows[] = {
	    {"01010100", 1, 1, SPQR_NONE},
	    {"0101070106"
	     "4555f72612db5e7a9b0b2afc7923331ba7cf5f37f237d9e5f092c4be982dcde9",
		1, 7, SPQR_HDR},
	    {"01808001ffffffff0f04", 16384, UINT32_MAX, SPQR_CT1_ACK},
	    {"01ffffffffffffffffff010005ffff03"
	     "4555f72612db5e7a9b0b2afc7923331ba7cf5f37f237d9e5f092c4be982dcde9",
		UINT64_MAX, 0, SPQR_CT1},
	};
	uint8_t p[128], out[SPQR_MESSAGE_MAX];
	struct spqr_message m, was;
	size_t i, n, len;

	memset(&was, 0x5a, sizeof(was));
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		len = hex_bytes(rows[i].hex, p, sizeof(p) - 1);
		assert_ok(spqr_message_get(&m, p, len));
		assert_true(m.epoch == rows[i].epoch);
		assert_int_equal(m.number, rows[i].number);
		assert_int_equal(m.type, rows[i].type);
		assert_int_equal(spqr_message_put(out, &m), len);
		assert_memory_equal(out, p, len);
		p[len] = 0x77; /* what follows is for the future */
		assert_ok(spqr_message_get(&m, p, len + 1));
		for (n = 0; n < len; n++) {
			m = was;
			assert_err(spqr_message_get(&m, p, n), ERR_FORMAT);
			assert_memory_equal(&m, &was, sizeof(m));
		}
	}
}

static void
test_spqr_message__refused(void **state)
{
	static const struct {
		const char *hex;
		int err;
	} rows[] = {
	    {"", ERR_FORMAT}, {"00010100", ERR_VERSION},
	    {"02010100", ERR_VERSION},
	    {"01000100", ERR_FORMAT}, /* there is no epoch 0 */
	    {"01010107", ERR_FORMAT}, /* no such type */
	    {"0101808080801000", ERR_FORMAT}, /* over 32 bits */
	    {"01ffffffffffffffffff020100", ERR_FORMAT}, /* over 64 */
	    {"01ffffffffffffffffffff010100", ERR_FORMAT},
	    {"010101018080044555f72612db5e7a9b0b2afc7923331ba7cf5f37f237d9e5f0"
	     "92c4be982dcde9",
		ERR_FORMAT}, /* chunk 65536 */
	};
	struct spqr_message m;
	uint8_t p[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_err(spqr_message_get(
			       &m, p, hex_bytes(rows[i].hex, p, sizeof(p))),
		    rows[i].err);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_spqr_chain__known_answers),
	    T(test_spqr_auth__known_answers),
	    T(test_spqr_chain__limits),
	    T(test_spqr_chain__epochs_come_and_go),
	    T(test_spqr_message__known_bytes),
	    T(test_spqr_message__refused),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
