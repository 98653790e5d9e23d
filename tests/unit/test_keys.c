/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/signal/keys.h"
#include "common/signal/prekey.h"
#include "tests/unit/test.h"

static void
count_fill(void *ctx, void *out, size_t n)
{
	uint8_t *next = ctx;

	memset(out, (*next)++, n);
}

static void
test_keys__encodings_come_back(void **state)
{
	struct identity_key_pair id;
	struct identity_pk id_back;
	struct ec_pair ec;
	struct ec_pk ec_back;
	uint8_t b[EC_PUBLIC_LEN];

	identity_generate(&id, &signal_rng_system);
	identity_pk_put(b, &id.pk);
	assert_int_equal(b[0], 5);
	assert_ok(identity_pk_get(&id_back, b, sizeof(b)));
	assert_true(identity_pk_equal(&id.pk, &id_back));
	id_back.u[31] ^= 1;
	assert_false(identity_pk_equal(&id.pk, &id_back));
	ec_generate(&ec, &signal_rng_system);
	ec_pk_put(b, &ec.pk);
	assert_ok(ec_pk_get(&ec_back, b, sizeof(b)));
	assert_true(ec_pk_equal(&ec.pk, &ec_back));
	ec_back.u[0] ^= 1;
	assert_false(ec_pk_equal(&ec.pk, &ec_back));
}

static void
test_keys__refuse_other_lengths_and_types(void **state)
{
	uint8_t b[KEM_PUBLIC_LEN + 1] = {EC_TYPE};
	struct ec_pk ec, ec_was;
	struct kem_pk kem = {{7}};
	size_t n;

	memset(&ec, 0x11, sizeof(ec));
	ec_was = ec;
	for (n = 0; n <= 64; n++) {
		if (n != EC_PUBLIC_LEN)
			assert_err(ec_pk_get(&ec, b, n), ERR_RANGE);
	}
	b[0] = 0x08;
	assert_err(ec_pk_get(&ec, b, EC_PUBLIC_LEN), ERR_FORMAT);
	assert_memory_equal(&ec, &ec_was, sizeof(ec));
	assert_err(kem_pk_get(&kem, b, KEM_PUBLIC_LEN - 1), ERR_RANGE);
	assert_err(kem_pk_get(&kem, b, KEM_PUBLIC_LEN + 1), ERR_RANGE);
	b[0] = 0x0a; /* ML-KEM-1024 */
	assert_err(kem_pk_get(&kem, b, KEM_PUBLIC_LEN), ERR_FORMAT);
	assert_int_equal(kem.b[0], 7);
	b[0] = KEM_TYPE;
	assert_ok(kem_pk_get(&kem, b, KEM_PUBLIC_LEN));
	assert_int_equal(kem.b[0], KEM_TYPE);
}

static void
test_keys__private_bytes_are_clamped(void **state)
{
	struct identity_key_pair id;
	struct ec_pair ec;
	uint8_t k[EC_LEN];

	memset(k, 0xff, sizeof(k));
	assert_ok(ec_from_private(&ec, k));
	assert_int_equal(ec.sk.k[0], 0xf8);
	assert_int_equal(ec.sk.k[31], 0x7f);
	assert_ok(identity_from_private(&id, k));
	assert_memory_equal(id.pk.u, ec.pk.u, EC_LEN);
	memset(k, 0, sizeof(k));
	assert_ok(ec_from_private(&ec, k));
	assert_int_equal(ec.sk.k[31], 0x40);
}

static void
test_keys__generation_uses_the_randomness_it_was_handed(void **state)
{
	uint8_t next = 9;
	const struct signal_rng rng = {count_fill, &next};
	struct ec_pair a, b;
	uint8_t k[EC_LEN];

	ec_generate(&a, &rng);
	assert_int_equal(next, 10);
	memset(k, 9, sizeof(k));
	assert_ok(ec_from_private(&b, k));
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
test_ec_agree__both_sides_and_no_zero(void **state)
{
	struct ec_pair a, b;
	struct ec_pk zero = {{0}}, one = {{1}};
	uint8_t x[EC_LEN], y[EC_LEN], was[EC_LEN];

	ec_generate(&a, &signal_rng_system);
	ec_generate(&b, &signal_rng_system);
	assert_ok(ec_agree(x, &a.sk, &b.pk));
	assert_ok(ec_agree(y, &b.sk, &a.pk));
	assert_memory_equal(x, y, EC_LEN);
	memcpy(was, x, EC_LEN);
	assert_err(ec_agree(x, &a.sk, &zero), ERR_FORMAT);
	assert_err(ec_agree(x, &a.sk, &one), ERR_FORMAT);
	assert_memory_equal(x, was, EC_LEN);
}

static void
test_ec_pk_check__only_the_prime_order_subgroup(void **state)
{
	struct ec_pair a;
	struct ec_pk bad;
	int i, refused = 0;

	for (i = 0; i < 20; i++) {
		ec_generate(&a, &signal_rng_system);
		assert_ok(ec_pk_check(&a.pk));
		bad = a.pk;
		bad.u[31] |= 0x80; /* the same number to X25519 */
		assert_err(ec_pk_check(&bad), ERR_FORMAT);
	}
	/* random numbers: 7 of 8 on the curve carry a small component, half of
	 * all are on the twist; one in 16 is sound */
	for (i = 0; i < 400; i++) {
		randombytes_buf(bad.u, EC_LEN);
		bad.u[31] &= 0x7f;
		refused += ec_pk_check(&bad) != 0;
	}
	assert_in_range(refused, 320, 399);
	memset(&bad, 0, sizeof(bad));
	assert_err(ec_pk_check(&bad), ERR_FORMAT);
	bad.u[0] = 1;
	assert_err(ec_pk_check(&bad), ERR_FORMAT);
}

/* ---- pre-keys ------------------------------------------------------------- */

static struct pre_key_bundle
fresh_bundle(struct identity_key_pair *id)
{
	struct pre_key_bundle b = {0};
	struct signed_pre_key spk;

	identity_generate(id, &signal_rng_system);
	signed_pre_key_generate(&spk, 7, id, 99, &signal_rng_system);
	assert_int_equal(spk.id, 7);
	assert_int_equal(spk.created_ms, 99);
	b.identity = id->pk;
	b.signed_key = spk.pair.pk;
	memcpy(b.signed_sig, spk.sig, SIGNATURE_LEN);
	return b;
}

static void
test_pre_key_bundle_check__both_signatures(void **state)
{
	struct identity_key_pair id;
	struct pre_key_bundle b = fresh_bundle(&id);

	assert_ok(pre_key_bundle_check(&b));
	b.signed_key.u[3] ^= 1;
	assert_err(pre_key_bundle_check(&b), ERR_AUTH);
	b.signed_key.u[3] ^= 1;
	b.has_kyber = true;
	b.kyber.b[0] = KEM_TYPE;
	assert_err(pre_key_bundle_check(&b), ERR_AUTH);
}

static void
test_pre_key_records__come_back_and_refuse_the_rest(void **state)
{
	struct identity_key_pair id;
	struct signed_pre_key s, s2;
	struct one_time_pre_key o, o2;
	struct kyber_pre_key *k, *k2;
	uint8_t big[PREKEY_RECORD_MAX + 1] = {0};
	struct buf b;
	size_t n;

	identity_generate(&id, &signal_rng_system);
	buf_init(&b, PREKEY_RECORD_MAX);
	signed_pre_key_generate(&s, 1, &id, 2, &signal_rng_system);
	assert_ok(signed_pre_key_pack(&b, &s));
	assert_ok(signed_pre_key_unpack(&s2, b.p, b.len));
	assert_int_equal(s2.id, 1);
	assert_int_equal(s2.created_ms, 2);
	assert_memory_equal(&s2.pair, &s.pair, sizeof(s.pair));
	assert_memory_equal(s2.sig, s.sig, SIGNATURE_LEN);
	for (n = 0; n < b.len; n++)
		assert_true(n == 136 || /* the time may be missing */
			    signed_pre_key_unpack(&s2, b.p, n) == ERR_FORMAT);
	assert_err(one_time_pre_key_unpack(&o2, big, sizeof(big)), ERR_RANGE);
	buf_reset(&b);
	one_time_pre_key_generate(&o, 0, &signal_rng_system);
	assert_ok(one_time_pre_key_pack(&b, &o));
	assert_err(signed_pre_key_unpack(&s2, b.p, b.len), ERR_FORMAT);
	assert_ok(one_time_pre_key_unpack(&o2, b.p, b.len));
	assert_memory_equal(&o2.pair, &o.pair, sizeof(o.pair));
	for (n = 0; n < b.len; n++)
		assert_err(one_time_pre_key_unpack(&o2, b.p, n), ERR_FORMAT);
	buf_reset(&b);
	k = calloc(2, sizeof(*k));
	assert_non_null(k);
	k2 = k + 1;
	k->id = 3;
	k->last_resort = true;
	k->pk.b[0] = k->sk.b[0] = KEM_TYPE;
	k->sk.b[KEM_SECRET_LEN - 1] = 9;
	assert_ok(kyber_pre_key_pack(&b, k));
	assert_ok(kyber_pre_key_unpack(k2, b.p, b.len));
	assert_memory_equal(k2->sk.b, k->sk.b, KEM_SECRET_LEN);
	assert_true(k2->last_resort);
	assert_err(one_time_pre_key_unpack(&o2, b.p, b.len), ERR_FORMAT);
	buf_reset(&b);
	k->sk.b[0] = 0x07;
	assert_ok(kyber_pre_key_pack(&b, k));
	assert_err(kyber_pre_key_unpack(k2, b.p, b.len), ERR_FORMAT);
	free(k);
	buf_clear(&b);
}

/* The longest of the three: it does not fit into what a decoder has at once. */
static int
pack_unpack_once(void *arg)
{
	static struct kyber_pre_key k;
	struct buf b;
	int r;

	kyber_pre_key_generate(&k, 5, false, arg, 1, &signal_rng_system);
	buf_init(&b, PREKEY_RECORD_MAX);
	r = kyber_pre_key_pack(&b, &k);
	if (r == 0)
		r = kyber_pre_key_unpack(&k, b.p, b.len);
	buf_clear(&b);
	return r;
}

static void
test_pre_key_records__allocation_failures(void **state)
{
	struct identity_key_pair me;

	identity_generate(&me, &signal_rng_system);
	assert_int_equal(alloc_sweep(pack_unpack_once, &me), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys__encodings_come_back),
	    cmocka_unit_test(test_keys__refuse_other_lengths_and_types),
	    cmocka_unit_test(test_keys__private_bytes_are_clamped),
	    cmocka_unit_test(
		test_keys__generation_uses_the_randomness_it_was_handed),
	    cmocka_unit_test(test_ec_agree__both_sides_and_no_zero),
	    cmocka_unit_test(test_ec_pk_check__only_the_prime_order_subgroup),
	    cmocka_unit_test(test_pre_key_bundle_check__both_signatures),
	    cmocka_unit_test(
		test_pre_key_records__come_back_and_refuse_the_rest),
	    cmocka_unit_test(test_pre_key_records__allocation_failures),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
