/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/link/link.h"
#include "tests/unit/test.h"
#include "tui/engine/devicelist.h"

static const uint8_t account[16] = "an account of 16";
static struct identity_key_pair primary, companion;

/* The companion's agreement to be what the list says it is. */
static void
countersign(struct devicelist *l, size_t i)
{
	struct link_bond b = {
	    .device = l->v[i].device,
	    .primary = primary.pk,
	    .companion = companion.pk,
	};

	memcpy(b.account, l->account, sizeof(b.account));
	link_bond_sign(
	    l->v[i].countersignature, &b, &companion, &signal_rng_system);
}

static struct devicelist
two_devices(void)
{
	struct devicelist l = {.version = 7, .issued_ms = 1234, .n = 2};

	memcpy(l.account, account, sizeof(account));
	l.v[0] = (struct devicelist_entry){
	    .device = 1, .identity = primary.pk, .added_ms = 11};
	l.v[1] = (struct devicelist_entry){
	    .device = 5, .identity = companion.pk, .added_ms = 22};
	l.v[1].name_len = 6;
	memcpy(l.v[1].name, "sealed", 6);
	countersign(&l, 1);
	return l;
}

static void
test_devicelist_open__reads_what_the_primary_signed(void **state)
{
	struct devicelist l = two_devices(), got = {0};
	struct buf b;

	(void)state;
	buf_init(&b, DEVICELIST_MAX);
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	assert_ok(devicelist_open(&got, account, b.p, b.len));
	assert_int_equal(got.version, 7);
	assert_int_equal(got.n, 2);
	assert_true(identity_pk_equal(
	    &devicelist_find(&got, 5)->identity, &companion.pk));
	assert_int_equal(devicelist_find(&got, 5)->added_ms, 22);
	assert_int_equal(devicelist_find(&got, 5)->name_len, 6);
	assert_memory_equal(devicelist_find(&got, 5)->name, "sealed", 6);
	assert_null(devicelist_find(&got, 2));
	buf_clear(&b);
}

static void
test_devicelist_open__every_flipped_byte_is_refused(void **state)
{
	struct devicelist l = two_devices(), got = {0};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, DEVICELIST_MAX);
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	for (i = 0; i < b.len; i++) {
		b.p[i] ^= 1;
		assert_int_not_equal(
		    devicelist_open(&got, account, b.p, b.len), 0);
		b.p[i] ^= 1;
	}
	for (i = 0; i < b.len; i++)
		assert_int_not_equal(devicelist_open(&got, account, b.p, i), 0);
	assert_int_equal(got.n, 0);
	buf_clear(&b);
}

static void
test_devicelist_open__refuses_lists_that_cannot_be(void **state)
{
	static const uint8_t other[16] = "some other accnt";
	struct devicelist l = two_devices(), got = {0};
	struct buf b;

	(void)state;
	buf_init(&b, DEVICELIST_MAX);
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	assert_err(devicelist_open(&got, other, b.p, b.len), ERR_AUTH);
	buf_reset(&b);
	assert_ok(devicelist_sign(&b, &l, &companion, &signal_rng_system));
	assert_err(devicelist_open(&got, account, b.p, b.len), ERR_AUTH);
	buf_reset(&b);
	l.v[1].device = 1; /* twice */
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	assert_err(devicelist_open(&got, account, b.p, b.len), ERR_FORMAT);
	buf_reset(&b);
	l.v[0].device = 2; /* no primary */
	l.v[1].device = 3;
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	assert_err(devicelist_open(&got, account, b.p, b.len), ERR_FORMAT);
	l.n = 0;
	assert_err(
	    devicelist_sign(&b, &l, &primary, &signal_rng_system), ERR_RANGE);
	assert_int_equal(got.n, 0);
	buf_clear(&b);
}

/* A primary cannot list a key whose owner did not agree to it. */
static void
test_devicelist_open__companions_must_agree(void **state)
{
	struct devicelist l = two_devices(), got = {0};
	struct buf b;

	(void)state;
	buf_init(&b, DEVICELIST_MAX);
	l.v[1].device = 6; /* agreed to be 5 */
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	assert_err(devicelist_open(&got, account, b.p, b.len), ERR_AUTH);
	buf_reset(&b);
	l = two_devices();
	memset(l.v[1].countersignature, 0, SIGNATURE_LEN);
	assert_ok(devicelist_sign(&b, &l, &primary, &signal_rng_system));
	assert_err(devicelist_open(&got, account, b.p, b.len), ERR_AUTH);
	assert_int_equal(got.n, 0);
	buf_clear(&b);
}

static int
sign_and_open(void *arg)
{
	struct devicelist l = two_devices(), got;
	struct buf b;
	int r;

	(void)arg;
	buf_init(&b, DEVICELIST_MAX);
	r = devicelist_sign(&b, &l, &primary, &signal_rng_system);
	buf_clear(&b);
	(void)got;
	return r;
}

static void
test_devicelist_sign__survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(alloc_sweep(sign_and_open, NULL) >= 3);
}

static int
make_keys(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	identity_generate(&primary, &signal_rng_system);
	identity_generate(&companion, &signal_rng_system);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_devicelist_open__reads_what_the_primary_signed),
	    cmocka_unit_test(
		test_devicelist_open__every_flipped_byte_is_refused),
	    cmocka_unit_test(
		test_devicelist_open__refuses_lists_that_cannot_be),
	    cmocka_unit_test(test_devicelist_open__companions_must_agree),
	    cmocka_unit_test(
		test_devicelist_sign__survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
