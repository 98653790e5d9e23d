/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SFrame: known answers, and what a server or a thief can do to packets. */
#include <stdbool.h>
#include <stdlib.h>

#include <sodium.h>

#include "calls/sframe.h"
#include "tests/unit/test.h"

#define TEXT "draft-ietf-sframe-enc"
#define META "IETF SFrame WG"
#define KID  0x123
#define CTR  0x4567

static const uint8_t base[16] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t *const meta = (const uint8_t *)META;
static const uint8_t *const text = (const uint8_t *)TEXT;

static struct sframe_key *
key_new(uint64_t kid)
{
	struct sframe_key *k = NULL;

	assert_ok(sframe_key_new(
	    &k, SFRAME_AES_256_GCM_SHA512_128, kid, base, sizeof(base)));
	return k;
}

/* ---- known answers -------------------------------------------------------------- */

/* RFC 9605, appendix C.3. */
static void
test_sframe_seal__known_answers(void **state)
{
	static const struct {
		enum sframe_suite suite;
		const char *hex;
	} row[] = {
	    {SFRAME_AES_128_GCM_SHA256_128,
		"9901234567b7412c2513a1b66dbb48841bbaf17f598751176ad847681a69c6"
		"d0b091c07018ce4adb34eb"},
	    {SFRAME_AES_256_GCM_SHA512_128,
		"990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21"
		"353c1cc24d56ceabced279"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint8_t out[sizeof(TEXT) + SFRAME_OVERHEAD], want[64], back[64];
		struct sframe_key *k = NULL;
		size_t len = 0;
		size_t n = hex_bytes(row[i].hex, want, sizeof(want));

		assert_ok(
		    sframe_key_new(&k, row[i].suite, KID, base, sizeof(base)));
		assert_ok(sframe_seal_at(
		    k, CTR, meta, strlen(META), text, strlen(TEXT), out, &len));
		assert_int_equal(len, n);
		assert_memory_equal(out, want, n);
		assert_ok(
		    sframe_open(k, meta, strlen(META), out, len, back, &n));
		assert_int_equal(n, strlen(TEXT));
		assert_memory_equal(back, TEXT, n);
		sframe_key_free(k);
	}
}

/* Appendix C.1, some of them. */
static void
test_sframe_header__is_as_short_as_it_can_be(void **state)
{
	static const struct {
		uint64_t kid, ctr;
		const char *hex;
	} row[] = {
	    {0, 0, "00"},
	    {0, 1, "01"},
	    {7, 7, "77"},
	    {0, 8, "0808"},
	    {0, 255, "08ff"},
	    {0, 256, "090100"},
	    {8, 0, "8008"},
	    {0x123, 0x4567, "9901234567"},
	    {UINT64_MAX, UINT64_MAX, "ffffffffffffffffffffffffffffffffff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint8_t h[SFRAME_HEADER_MAX];
		char hex[2 * SFRAME_HEADER_MAX + 1];
		uint64_t kid, ctr;
		size_t n = sframe_header_put(h, row[i].kid, row[i].ctr);

		sodium_bin2hex(hex, sizeof(hex), h, n);
		assert_string_equal(hex, row[i].hex);
		assert_int_equal(sframe_header_get(h, n, &kid, &ctr), (int)n);
		assert_true(kid == row[i].kid && ctr == row[i].ctr);
		for (size_t cut = 0; cut < n; cut++)
			assert_int_equal(
			    sframe_header_get(h, cut, &kid, &ctr), ERR_FORMAT);
	}
}

/* Computed by an HKDF of Python's hmac module from base: RFC 5869, SHA-512. */
static void
test_sframe_ratchet__known_answer(void **state)
{
	uint8_t next[SFRAME_BASE_MAX], again[SFRAME_BASE_MAX];
	char hex[2 * SFRAME_BASE_MAX + 1];

	(void)state;
	assert_int_equal(sframe_ratchet(SFRAME_AES_256_GCM_SHA512_128, base,
			     sizeof(base), next),
	    64);
	sodium_bin2hex(hex, sizeof(hex), next, 64);
	assert_string_equal(hex,
	    "895fe5603750295ccbe0d5ed9745617b46e9cf9b428179b8f29f3147492bb08f"
	    "aa190560720ee0e4570760b64e7d5931120c391b7c7becc429ea35a9d07475aa");
	assert_int_equal(sframe_ratchet(SFRAME_AES_128_GCM_SHA256_128, base,
			     sizeof(base), next),
	    32);
	sodium_bin2hex(hex, sizeof(hex), next, 32);
	assert_string_equal(hex,
	    "fb75d8d5782da6c6cbf18ac43eca5da9e47f7e6ac7926a78e486226bd2af0f87");
	assert_int_equal(
	    sframe_ratchet(SFRAME_AES_128_GCM_SHA256_128, next, 32, again), 32);
	assert_memory_not_equal(again, next, 32);
	assert_int_equal(
	    sframe_ratchet((enum sframe_suite)1, base, 16, next), ERR_RANGE);
	assert_int_equal(
	    sframe_ratchet(SFRAME_AES_128_GCM_SHA256_128, base, 0, next),
	    ERR_RANGE);
}

/* ---- packets ----------------------------------------------------------------------- */

static size_t
seal_next(struct sframe_key *k, uint8_t out[static 64])
{
	size_t len = 0;

	assert_ok(sframe_seal(k, meta, strlen(META), text, 9, out, &len));
	return len;
}

static int
open_one(struct sframe_key *k, const uint8_t *p, size_t n)
{
	uint8_t out[64];
	size_t len = 99;
	int r;

	memset(out, 0x5a, sizeof(out));
	r = sframe_open(k, meta, strlen(META), p, n, out, &len);
	if (r != 0) {
		assert_int_equal(len, 99);
		/* nothing of the text, whatever was tried */
		assert_memory_not_equal(out, text, 9);
	} else {
		assert_int_equal(len, 9);
		assert_memory_equal(out, text, 9);
	}
	return r;
}

static void
test_sframe_open__every_damage_is_noticed(void **state)
{
	struct sframe_key *a = key_new(5), *b = key_new(5);
	uint8_t p[64], other[] = "another text that is not authenticated";
	size_t n = seal_next(a, p), len;

	(void)state;
	for (size_t bit = 0; bit < n * 8; bit++) {
		int r;

		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = open_one(b, p, n);
		assert_true(
		    r == ERR_AUTH || r == ERR_NOTFOUND || r == ERR_FORMAT);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < n; cut++)
		assert_true(open_one(b, p, cut) != 0);
	assert_int_equal(
	    sframe_open(b, other, 10, p, n, other + 16, &len), ERR_AUTH);
	assert_int_equal(
	    sframe_open(b, NULL, 0, p, n, other + 16, &len), ERR_AUTH);
	/* none of it has used the counter up */
	assert_ok(open_one(b, p, n));
	sframe_key_free(a);
	sframe_key_free(b);
}

static void
test_sframe_open__another_key_is_told_by_its_id(void **state)
{
	struct sframe_key *a = key_new(5), *b = key_new(6);
	uint8_t p[64];
	size_t n = seal_next(a, p);

	(void)state;
	assert_int_equal(sframe_key_id(b), 6);
	assert_int_equal(open_one(b, p, n), ERR_NOTFOUND);
	sframe_key_free(a);
	sframe_key_free(b);
}

static size_t
seal_as(struct sframe_key *k, uint64_t ctr, uint8_t out[static 64])
{
	size_t len = 0;

	assert_ok(
	    sframe_seal_at(k, ctr, meta, strlen(META), text, 9, out, &len));
	return len;
}

static void
test_sframe_open__in_any_order_and_each_once(void **state)
{
	struct sframe_key *a = key_new(0), *b = key_new(0);
	static const uint64_t order[] = {3, 0, 1, 2, 70, 64, 5, 1023, 1024,
	    1500, 477, 5000, 3977, UINT64_MAX};
	uint8_t p[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		size_t n = seal_as(a, order[i], p);

		assert_ok(open_one(b, p, n));
		assert_int_equal(open_one(b, p, n), ERR_DUP);
	}
	/* 5000 back is too old to tell; so is everything before it */
	assert_int_equal(open_one(b, p, seal_as(a, 5000, p)), ERR_DUP);
	assert_int_equal(open_one(b, p, seal_as(a, 4, p)), ERR_DUP);
	sframe_key_free(a);
	sframe_key_free(b);
}

/* Against a model that remembers all counters. */
static void
test_sframe_open__random_walk(void **state)
{
	struct sframe_key *a = key_new(0), *b = key_new(0);
	static bool seen[8192];
	uint64_t top = 0;
	uint8_t p[64];

	(void)state;
	srandom(7);
	for (size_t i = 0; i < 5000; i++) {
		uint64_t ctr = top + (uint64_t)random() % 40;
		bool old;

		ctr -= ctr > 30 ? (uint64_t)random() % 30 : 0;
		if (i % 50 == 0 && top < 7000)
			ctr = top + 100;
		if (i % 7 == 0)
			ctr = (uint64_t)random() % (top + 1);
		if (ctr >= ARRAY_LEN(seen))
			break;
		old = top >= SFRAME_WINDOW && ctr <= top - SFRAME_WINDOW;
		assert_int_equal(open_one(b, p, seal_as(a, ctr, p)),
		    seen[ctr] || old ? ERR_DUP : 0);
		seen[ctr] = true;
		if (ctr > top)
			top = ctr;
	}
	sframe_key_free(a);
	sframe_key_free(b);
}

static void
test_sframe_seal__counts_and_bounds(void **state)
{
	struct sframe_key *k = key_new(1);
	static uint8_t big[SFRAME_TEXT_MAX + 1],
	    out[SFRAME_TEXT_MAX + SFRAME_OVERHEAD + 1],
	    back[SFRAME_TEXT_MAX + SFRAME_OVERHEAD];
	uint64_t kid, ctr;
	size_t len, n;

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		assert_ok(sframe_seal(k, NULL, 0, NULL, 0, out, &len));
		assert_true(sframe_header_get(out, len, &kid, &ctr) > 0);
		assert_true(kid == 1 && ctr == i);
		assert_ok(sframe_open(k, NULL, 0, out, len, back, &n));
		assert_int_equal(n, 0);
	}
	assert_ok(sframe_seal(k, NULL, 0, big, SFRAME_TEXT_MAX, out, &len));
	assert_ok(sframe_open(k, NULL, 0, out, len, back, &n));
	assert_int_equal(n, SFRAME_TEXT_MAX);
	assert_int_equal(
	    sframe_seal(k, NULL, 0, big, sizeof(big), out, &len), ERR_RANGE);
	assert_int_equal(
	    sframe_seal(k, big, SFRAME_META_MAX + 1, big, 1, out, &len),
	    ERR_RANGE);
	assert_int_equal(
	    sframe_open(k, NULL, 0, out, sizeof(out), back, &n), ERR_FORMAT);
	sframe_key_free(k);
	k = NULL;
	assert_int_equal(
	    sframe_key_new(&k, (enum sframe_suite)3, 1, base, 16), ERR_RANGE);
	assert_int_equal(sframe_key_new(&k, SFRAME_AES_256_GCM_SHA512_128, 1,
			     base, SFRAME_BASE_MAX + 1),
	    ERR_RANGE);
	assert_null(k);
	sframe_key_free(NULL);
}

static int
make_and_use(void *arg)
{
	struct sframe_key *k = NULL;
	uint8_t out[64];
	size_t len;
	int r = sframe_key_new(
	    &k, SFRAME_AES_128_GCM_SHA256_128, 1, base, sizeof(base));

	(void)arg;
	if (r == 0)
		r = sframe_seal(k, NULL, 0, text, 9, out, &len);
	sframe_key_free(k);
	return r == ERR_INTERNAL ? ERR_NOMEM : r;
}

static void
test_sframe__runs_out_of_memory_cleanly(void **state)
{
	(void)state;
	assert_true(alloc_sweep(make_and_use, NULL) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sframe_seal__known_answers),
	    cmocka_unit_test(test_sframe_header__is_as_short_as_it_can_be),
	    cmocka_unit_test(test_sframe_ratchet__known_answer),
	    cmocka_unit_test(test_sframe_open__every_damage_is_noticed),
	    cmocka_unit_test(test_sframe_open__another_key_is_told_by_its_id),
	    cmocka_unit_test(test_sframe_open__in_any_order_and_each_once),
	    cmocka_unit_test(test_sframe_open__random_walk),
	    cmocka_unit_test(test_sframe_seal__counts_and_bounds),
	    cmocka_unit_test(test_sframe__runs_out_of_memory_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
