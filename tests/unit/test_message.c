/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/signal/message.h"
#include "tests/unit/test.h"

static const struct mac_parties WHO = {{{1}}, {{2}}};
static const uint8_t MAC_KEY[32] = {7};
static uint8_t kyber_ct[KEM_CT_LEN] = {KEM_TYPE};

static struct signal_message
some_signal(void)
{
	return (struct signal_message){
	    .version = 3,
	    .ratchet_key = {{9}},
	    .counter = 5,
	    .previous_counter = 0,
	    .ciphertext = (const uint8_t *)"0123456789abcdef",
	    .ciphertext_len = 16,
	};
}

static struct pre_key_message
some_pre_key(uint8_t version)
{
	return (struct pre_key_message){
	    .version = version,
	    .base_key = {{3}},
	    .identity = {{4}},
	    .message = (const uint8_t *)"inner",
	    .message_len = 5,
	    .signed_id = 0,
	    .has_kyber = version >= 4,
	    .kyber_ct = kyber_ct,
	};
}

static struct buf
packed_signal(void)
{
	struct signal_message m = some_signal();
	struct buf b;

	buf_init(&b, SIGNAL_MESSAGE_MAX);
	assert_ok(signal_message_put(&b, &m, MAC_KEY, &WHO));
	return b;
}

/* The bytes of the format, field by field (docs/crypto.md §7). */
static void
test_signal_message__is_written_in_field_order(void **state)
{
	struct buf b = packed_signal();
	uint8_t want[128];
	size_t n;

	n = hex_bytes(
	    "34 0a21 05 0900000000000000000000000000000000000000000000"
	    "000000000000000000 1005 1800 2210 "
	    "30313233343536373839616263646566",
	    want, sizeof(want));
	assert_int_equal(b.len, n + SIGNAL_MAC_LEN);
	assert_memory_equal(b.p, want, n);
	buf_clear(&b);
}

static void
test_signal_message__mac_covers_both_identities_in_their_order(void **state)
{
	const struct mac_parties turned = {WHO.receiver, WHO.sender};
	struct buf b = packed_signal();
	struct signal_message m;

	assert_ok(signal_message_parse(&m, b.p, b.len));
	assert_ok(signal_message_check(&m, MAC_KEY, &WHO));
	assert_err(signal_message_check(&m, MAC_KEY, &turned), ERR_AUTH);
	signal_message_clear(&m);
	buf_clear(&b);
}

static void
parse_fails(const char *hex, int code)
{
	uint8_t b[256];
	size_t n = hex_bytes(hex, b, sizeof(b));
	struct signal_message m;

	assert_err(signal_message_parse(&m, b, n), code);
}

#define KEY   "0a21 05 " ZEROS
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define MAC   "0000000000000000"

static void
test_signal_message_parse__refuses(void **state)
{
	parse_fails("", ERR_RANGE);
	parse_fails("34 00000000000000", ERR_RANGE); /* no room for a MAC */
	parse_fails("24" KEY "1000 220100" MAC, ERR_VERSION);
	parse_fails("54" KEY "1000 220100" MAC, ERR_VERSION);
	parse_fails("34 1000 220100" MAC, ERR_FORMAT); /* no key */
	parse_fails("34" KEY "220100" MAC, ERR_FORMAT); /* no counter */
	parse_fails("34" KEY "1000" MAC, ERR_FORMAT); /* no ciphertext */
	parse_fails("34" KEY "1000 2200" MAC, ERR_FORMAT); /* an empty one */
	/* a byte behind the key, one too few, another type */
	parse_fails("34 0a22 05" ZEROS "ff 1000 220100" MAC, ERR_FORMAT);
	parse_fails("34 0a20" ZEROS "1000 220100" MAC, ERR_FORMAT);
	parse_fails("34 0a21 06" ZEROS "1000 220100" MAC, ERR_FORMAT);
	/* a length beyond the end, a varint without one */
	parse_fails("34" KEY "1000 22ff00" MAC, ERR_FORMAT);
	parse_fails("34" KEY "10ffffffffffffffffffff01 220100" MAC, ERR_FORMAT);
}

static void
test_signal_message_parse__skips_unknown_fields(void **state)
{
	uint8_t b[256];
	struct signal_message m;
	size_t n = hex_bytes(
	    "44" KEY "1007 220100 2a0401010100 3a01ff" MAC, b, sizeof(b));

	assert_ok(signal_message_parse(&m, b, n));
	assert_int_equal(m.version, 4);
	assert_int_equal(m.counter, 7);
	assert_int_equal(m.previous_counter, 0);
	assert_int_equal(m.pq_ratchet_len, 4);
	signal_message_clear(&m);
}

/* Two bytes on the wire are dozens in memory: it must not be multiplied. */
static void
test_signal_message_parse__bounds_the_memory_of_unknown_fields(void **state)
{
	uint8_t *b = malloc(200000);
	struct signal_message m;
	size_t n, i;

	assert_non_null(b);
	n = hex_bytes("34" KEY "1000 220100", b, 200000);
	for (i = 0; i < 60000; i++, n += 3)
		memcpy(b + n, "\xf2\x7f\x00", 3); /* field 2046, empty */
	memset(b + n, 0, SIGNAL_MAC_LEN);
	assert_err(signal_message_parse(&m, b, n + SIGNAL_MAC_LEN), ERR_RANGE);
	free(b);
}

static void
test_signal_message_parse__length_limit(void **state)
{
	uint8_t *b = calloc(1, SIGNAL_MESSAGE_MAX + 1);
	struct pre_key_message p;
	struct signal_message m;

	assert_non_null(b);
	b[0] = 0x34;
	assert_err(
	    signal_message_parse(&m, b, SIGNAL_MESSAGE_MAX + 1), ERR_RANGE);
	assert_err(signal_message_parse(&m, b, SIGNAL_MESSAGE_MAX), ERR_FORMAT);
	assert_err(
	    pre_key_message_parse(&p, b, SIGNAL_MESSAGE_MAX + 1), ERR_RANGE);
	assert_err(pre_key_message_parse(&p, b, 0), ERR_RANGE);
	free(b);
}

/* ---- pre-key messages ----------------------------------------------------- */

static void
test_pre_key_message__comes_back(void **state)
{
	struct pre_key_message m, back;
	struct buf b;
	uint8_t v;

	for (v = 3; v <= 4; v++) {
		buf_init(&b, SIGNAL_MESSAGE_MAX);
		m = some_pre_key(v);
		m.has_one_time = true; /* 0 is an id like any other */
		m.registration_id = 77;
		assert_ok(pre_key_message_put(&b, &m));
		assert_int_equal(b.p[0], v << 4 | 4);
		assert_ok(pre_key_message_parse(&back, b.p, b.len));
		assert_true(back.has_one_time);
		assert_int_equal(back.one_time_id, 0);
		assert_int_equal(back.registration_id, 77);
		assert_int_equal(back.has_kyber, v == 4);
		assert_true(ec_pk_equal(&back.base_key, &m.base_key));
		pre_key_message_clear(&back);
		buf_clear(&b);
	}
}

/* Write with these Kyber fields and expect this answer. */
static void
kyber_fields(uint8_t version, int id, size_t ct_len, uint8_t type, int code)
{
	Sotto__Signal__PreKeySignalMessage pb =
	    SOTTO__SIGNAL__PRE_KEY_SIGNAL_MESSAGE__INIT;
	uint8_t key[EC_PUBLIC_LEN] = {EC_TYPE}, ct[KEM_CT_LEN + 1] = {type};
	struct pre_key_message m;
	struct buf b;

	buf_init(&b, SIGNAL_MESSAGE_MAX);
	pb.base_key = pb_bytes(key, sizeof(key));
	pb.identity_key = pb_bytes(key, sizeof(key));
	pb.message = pb_bytes("inner", 5);
	pb.has_kyber_pre_key_id = id;
	pb.has_kyber_ciphertext = ct_len > 0;
	pb.kyber_ciphertext = pb_bytes(ct, ct_len);
	assert_ok(buf_put_u8(&b, (uint8_t)(version << 4 | 4)));
	assert_ok(pb_pack(&b, &pb.base));
	assert_err(pre_key_message_parse(&m, b.p, b.len), code);
	if (code == 0)
		pre_key_message_clear(&m);
	buf_clear(&b);
}

static void
test_pre_key_message__kyber_fields_belong_to_version_4(void **state)
{
	kyber_fields(3, 0, 0, 0, 0);
	kyber_fields(4, 1, KEM_CT_LEN, KEM_TYPE, 0);
	kyber_fields(4, 0, 0, 0, ERR_FORMAT);
	kyber_fields(3, 1, KEM_CT_LEN, KEM_TYPE, ERR_FORMAT);
	kyber_fields(4, 1, 0, 0, ERR_FORMAT);
	kyber_fields(4, 0, KEM_CT_LEN, KEM_TYPE, ERR_FORMAT);
	kyber_fields(3, 0, KEM_CT_LEN, KEM_TYPE, ERR_FORMAT);
	kyber_fields(4, 1, KEM_CT_LEN - 1, KEM_TYPE, ERR_FORMAT);
	kyber_fields(4, 1, KEM_CT_LEN + 1, KEM_TYPE, ERR_FORMAT);
	kyber_fields(4, 1, KEM_CT_LEN, 0x0a, ERR_FORMAT);
}

static int
both_ways(void *arg)
{
	struct pre_key_message m = some_pre_key(4), back;
	struct signal_message s = some_signal(), s_back;
	static const uint8_t long_text[2 * PB_FIRST];
	struct buf b;
	int r;

	s.ciphertext = m.message = long_text; /* wants a block of its own */
	s.ciphertext_len = m.message_len = sizeof(long_text);
	buf_init(&b, SIGNAL_MESSAGE_MAX);
	r = pre_key_message_put(&b, &m);
	if (r == 0)
		r = pre_key_message_parse(&back, b.p, b.len);
	if (r == 0)
		pre_key_message_clear(&back);
	buf_reset(&b);
	if (r == 0)
		r = signal_message_put(&b, &s, MAC_KEY, &WHO);
	if (r == 0)
		r = signal_message_parse(&s_back, b.p, b.len);
	if (r == 0)
		signal_message_clear(&s_back);
	buf_clear(&b);
	return r;
}

static void
test_message__allocation_failures(void **state)
{
	assert_true(alloc_sweep(both_ways, NULL) > 3);
}

static void
test_message_put__a_full_buffer_stays_as_it_was(void **state)
{
	struct pre_key_message m = some_pre_key(4);
	struct signal_message s = some_signal();
	struct buf b;
	size_t max;

	for (max = 3; max < 60; max += 8) {
		buf_init(&b, max);
		assert_ok(buf_put(&b, "abc", 3));
		assert_err(signal_message_put(&b, &s, MAC_KEY, &WHO), ERR_FULL);
		assert_int_equal(b.len, 3);
		assert_err(pre_key_message_put(&b, &m), ERR_FULL);
		assert_int_equal(b.len, 3);
		assert_memory_equal(b.p, "abc", 3);
		buf_clear(&b);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_signal_message__is_written_in_field_order),
	    T(test_signal_message__mac_covers_both_identities_in_their_order),
	    T(test_signal_message_parse__refuses),
	    T(test_signal_message_parse__skips_unknown_fields),
	    T(test_signal_message_parse__bounds_the_memory_of_unknown_fields),
	    T(test_signal_message_parse__length_limit),
	    T(test_pre_key_message__comes_back),
	    T(test_pre_key_message__kyber_fields_belong_to_version_4),
	    T(test_message__allocation_failures),
	    T(test_message_put__a_full_buffer_stays_as_it_was),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
