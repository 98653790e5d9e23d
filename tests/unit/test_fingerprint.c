/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/signal/fingerprint.h"
#include "tests/unit/test.h"

/* libsignal, rust/protocol/src/fingerprint.rs. */
static const char ALICE_KEY[] =
    "06863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868";
static const char BOB_KEY[] =
    "f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b";
static const char DIGITS[] =
    "300354477692869396892869876765458257569162576843440918079131";
static const char ALICE_SCAN[] =
    "080112220a201e301a0353dce3dbe7684cb8336e85136cdc0ee96219494ada305d62a7bd"
    "61df1a220a20d62cbf73a11592015b6b9f1682ac306fea3aaf3885b84d12bca631e9d4fb"
    "3a4d";

static struct fingerprint_side
side(const char *id, const char *key)
{
	struct fingerprint_side s = {(const uint8_t *)id, strlen(id), {{0}}};

	hex_bytes(key, s.key.u, EC_LEN);
	return s;
}

static struct fingerprint_side
alice(void)
{
	return side("+14152222222", ALICE_KEY);
}

static struct fingerprint_side
bob(void)
{
	return side("+14153333333", BOB_KEY);
}

static void
test_fingerprint_display__recorded_digits_on_both_sides(void **state)
{
	struct fingerprint_side a = alice(), b = bob();
	char one[FINGERPRINT_DIGITS + 1], two[FINGERPRINT_DIGITS + 1];

	assert_ok(fingerprint_display(one, &a, &b, FINGERPRINT_ITERATIONS));
	assert_ok(fingerprint_display(two, &b, &a, FINGERPRINT_ITERATIONS));
	assert_string_equal(one, DIGITS);
	assert_string_equal(two, DIGITS);
}

static void
test_fingerprint_display__another_key_or_name_changes_it(void **state)
{
	struct fingerprint_side a = alice(), b = bob();
	char got[FINGERPRINT_DIGITS + 1];

	b.key.u[31] ^= 1;
	assert_ok(fingerprint_display(got, &a, &b, FINGERPRINT_ITERATIONS));
	assert_string_not_equal(got, DIGITS);
	b = bob();
	b.idlen--;
	assert_ok(fingerprint_display(got, &a, &b, FINGERPRINT_ITERATIONS));
	assert_string_not_equal(got, DIGITS);
}

static void
test_fingerprint_display__refuses_bad_arguments_and_writes_nothing(void **state)
{
	struct fingerprint_side a = alice(), b = bob();
	char got[FINGERPRINT_DIGITS + 1] = "untouched";
	uint8_t name[FINGERPRINT_ID_MAX + 1] = {0};

	assert_err(fingerprint_display(got, &a, &b, 0), ERR_RANGE);
	b.idlen = 0;
	assert_err(fingerprint_display(got, &a, &b, 1), ERR_RANGE);
	b.id = name;
	b.idlen = sizeof(name);
	assert_err(fingerprint_display(got, &a, &b, 1), ERR_RANGE);
	assert_string_equal(got, "untouched");
	b.idlen--;
	assert_ok(fingerprint_display(got, &a, &b, 1));
}

static void
test_fingerprint_scan__recorded_bytes(void **state)
{
	struct fingerprint_side a = alice(), b = bob();
	uint8_t want[FINGERPRINT_SCAN_MAX];
	struct buf got;
	size_t n = hex_bytes(ALICE_SCAN, want, sizeof(want));

	buf_init(&got, FINGERPRINT_SCAN_MAX);
	assert_ok(
	    fingerprint_scan_pack(&got, &a, &b, 1, FINGERPRINT_ITERATIONS));
	assert_int_equal(got.len, n);
	assert_memory_equal(got.p, want, n);
	buf_clear(&got);
}

static void
test_fingerprint_scan_compare__the_other_side_and_nobody_else(void **state)
{
	struct fingerprint_side a = alice(), b = bob();
	struct buf theirs;

	buf_init(&theirs, FINGERPRINT_SCAN_MAX);
	assert_err(fingerprint_scan_pack(&theirs, &b, &a, 2, 0), ERR_RANGE);
	assert_ok(fingerprint_scan_pack(&theirs, &b, &a, 2, 10));
	assert_ok(
	    fingerprint_scan_compare(theirs.p, theirs.len, &a, &b, 2, 10));
	/* our own code shown back to us */
	assert_err(
	    fingerprint_scan_compare(theirs.p, theirs.len, &b, &a, 2, 10),
	    ERR_AUTH);
	assert_err(
	    fingerprint_scan_compare(theirs.p, theirs.len, &a, &b, 1, 10),
	    ERR_VERSION);
	b.key.u[0] ^= 1;
	assert_err(
	    fingerprint_scan_compare(theirs.p, theirs.len, &a, &b, 2, 10),
	    ERR_AUTH);
	b.key.u[0] ^= 1;
	a.key.u[0] ^= 1; /* they hold another key of ours */
	assert_err(
	    fingerprint_scan_compare(theirs.p, theirs.len, &a, &b, 2, 10),
	    ERR_AUTH);
	a.key.u[0] ^= 1;
	b.idlen = 0;
	assert_err(
	    fingerprint_scan_compare(theirs.p, theirs.len, &a, &b, 2, 10),
	    ERR_RANGE);
	buf_clear(&theirs);
}

static void
test_fingerprint_scan_compare__malformed(void **state)
{
	struct fingerprint_side a = alice(), b = bob();
	/* a hash of 2 bytes where 32 belong */
	static const uint8_t small[] = {
	    0x08, 2, 0x12, 4, 0x0a, 2, 1, 2, 0x1a, 4, 0x0a, 2, 1, 2};
	uint8_t big[FINGERPRINT_SCAN_MAX + 1] = {0};
	struct buf theirs;
	size_t n;

	assert_err(fingerprint_scan_compare(small, sizeof(small), &a, &b, 2, 1),
	    ERR_FORMAT);
	assert_err(fingerprint_scan_compare(big, sizeof(big), &a, &b, 2, 1),
	    ERR_RANGE);
	buf_init(&theirs, FINGERPRINT_SCAN_MAX);
	assert_ok(fingerprint_scan_pack(&theirs, &b, &a, 2, 1));
	for (n = 0; n < theirs.len; n++)
		assert_err(fingerprint_scan_compare(theirs.p, n, &a, &b, 2, 1),
		    ERR_FORMAT);
	buf_clear(&theirs);
}

static int
scan_once(void *arg)
{
	struct fingerprint_side a = alice(), b = bob();
	struct buf theirs;
	int r;

	buf_init(&theirs, FINGERPRINT_SCAN_MAX);
	r = fingerprint_scan_pack(&theirs, &b, &a, 2, 1);
	if (r == 0)
		r = fingerprint_scan_compare(
		    theirs.p, theirs.len, &a, &b, 2, 1);
	buf_clear(&theirs);
	return r;
}

static void
test_fingerprint_scan__allocation_failures(void **state)
{
	assert_int_equal(alloc_sweep(scan_once, NULL), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_fingerprint_display__recorded_digits_on_both_sides),
	    cmocka_unit_test(
		test_fingerprint_display__another_key_or_name_changes_it),
	    cmocka_unit_test(
		test_fingerprint_display__refuses_bad_arguments_and_writes_nothing),
	    cmocka_unit_test(test_fingerprint_scan__recorded_bytes),
	    cmocka_unit_test(
		test_fingerprint_scan_compare__the_other_side_and_nobody_else),
	    cmocka_unit_test(test_fingerprint_scan_compare__malformed),
	    cmocka_unit_test(test_fingerprint_scan__allocation_failures),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
