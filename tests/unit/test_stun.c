/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages of RFC 5769 and RFC 8489 Appendix B.1, byte for byte; and what
 * is no message. */
#include <sodium.h>

#include "common/stun/cred.h"
#include "common/stun/priv.h"
#include "tests/unit/test.h"

#define T(f) cmocka_unit_test(f)

static const char short_password[] = "VOkJxbRl1RmTxUk/WvJxBt";
/* What RFC 5769 §2.4 calls username, after SASLprep. */
static const char matrix[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83"
			     "\xe3\x82\xaf\xe3\x82\xb9";

/* RFC 5769 §2.1 */
static const char request[] =
    "00010058 2112a442 b7e7a701bc34d686fa87dfae"
    "80220010 5354554e207465737420636c69656e74"
    "00240004 6e0001ff 80290008 932ff9b151263b36"
    "00060009 6576746a3a683676 59202020"
    "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004 e57a3bcf";
/* §2.2 */
static const char answer4[] =
    "0101003c 2112a442 b7e7a701bc34d686fa87dfae"
    "8022000b 7465737420766563746f7220"
    "00200008 0001a147e112a643"
    "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004 c07d4c96";
/* §2.3 */
static const char answer6[] =
    "01010048 2112a442 b7e7a701bc34d686fa87dfae"
    "8022000b 7465737420766563746f7220"
    "00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014 a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004 c8fb0b4c";
/* §2.4 */
static const char long_term[] =
    "00010060 2112a442 78ad3433c6ad72c029da412e"
    "00060012 e3839ee38388e383aae38383e382afe382b90000"
    "0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    "0014000b 6578616d706c652e6f726700"
    "00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666";
/* RFC 8489 Appendix B.1, up to its code. Its length counts 20 bytes that are not
 * there, so it is no message, but the code is right for that length. */
#define B1_LENGTH 0x9c
static const char with_sha256[] =
    "0001009c 2112a442 78ad3433c6ad72c029da412e"
    "001e0020 4a3cf38fef6992bda952c6780417da0f"
    "24819415569e60b205c46e41407f1704"
    "00150029 6f624d61744a6f7332414141 43662f2f3439396b393534"
    "64364f4c33346f4c39465354 767936347341000000"
    "0014000b 6578616d706c652e6f726700";
static const char code_sha256[] = "e4686c8f0edeb59013e07090010a93ef"
				  "ccbccc544c0a45d9f830aa6d6f735a01";

static uint8_t bytes[2048];

static struct stun_msg
read_hex(const char *hex)
{
	struct stun_msg m;

	assert_ok(stun_read(&m, bytes, hex_bytes(hex, bytes, sizeof(bytes))));
	return m;
}

static bool
attr_is(const struct stun_msg *m, uint16_t type, const char *text)
{
	struct stun_attr a;

	return stun_find(m, type, &a) && a.len == strlen(text) &&
	       memcmp(a.v, text, a.len) == 0;
}

/* ---- reading -------------------------------------------------------------------- */

static void
test_stun_read__the_request_of_rfc_5769(void **state)
{
	struct stun_msg m = read_hex(request);
	struct stun_attr a;

	(void)state;
	assert_int_equal(m.method, STUN_BINDING);
	assert_int_equal(m.class, STUN_REQUEST);
	assert_true(m.cookie && m.fingerprint && m.mac != 0);
	assert_true(attr_is(&m, STUN_ATTR_SOFTWARE, "STUN test client"));
	assert_true(attr_is(&m, STUN_ATTR_USERNAME, "evtj:h6vY"));
	assert_true(stun_find(&m, STUN_ATTR_PRIORITY, &a));
	assert_int_equal(stun_u32(&a), 0x6e0001ff);
	assert_ok(stun_check(
	    &m, (const uint8_t *)short_password, strlen(short_password)));
	assert_err(stun_check(&m, (const uint8_t *)"VOkJ", 4), ERR_AUTH);
	assert_int_equal(stun_unknown(&m, NULL, 0), 0);
}

static void
check_answer(const char *hex, enum stun_family family, const char *ip)
{
	struct stun_msg m = read_hex(hex);
	struct stun_attr a;
	struct stun_addr addr;
	uint8_t want[16] = {0};

	(void)hex_bytes(ip, want, sizeof(want));
	assert_int_equal(m.class, STUN_SUCCESS);
	assert_true(m.fingerprint);
	assert_true(stun_find(&m, STUN_ATTR_XOR_MAPPED_ADDRESS, &a));
	assert_ok(stun_get_addr(&m, &a, &addr));
	assert_int_equal(addr.family, family);
	assert_int_equal(addr.port, 32853);
	assert_memory_equal(addr.ip, want, sizeof(want));
	assert_ok(stun_check(
	    &m, (const uint8_t *)short_password, strlen(short_password)));
}

static void
test_stun_read__the_answers_of_rfc_5769(void **state)
{
	(void)state;
	check_answer(answer4, STUN_IPV4, "c0000201");
	check_answer(answer6, STUN_IPV6, "20010db8123456780011223344556677");
}

static void
test_stun_key_long__rfc_5769(void **state)
{
	struct stun_msg m = read_hex(long_term);
	struct stun_key k;

	(void)state;
	stun_key_long(
	    &k, STUN_MD5, matrix, strlen(matrix), "example.org", "TheMatrIX");
	assert_int_equal(k.len, 16);
	assert_ok(stun_check(&m, k.b, k.len));
	k.b[0] ^= 1;
	assert_err(stun_check(&m, k.b, k.len), ERR_AUTH);
}

static void
test_stun_key_long__rfc_8489(void **state)
{
	uint8_t mac[STUN_SHA256_LEN], want[STUN_SHA256_LEN];
	size_t n = hex_bytes(with_sha256, bytes, sizeof(bytes));
	struct stun_key k;

	(void)state;
	(void)hex_bytes(code_sha256, want, sizeof(want));
	stun_key_long(&k, STUN_SHA256, matrix, strlen(matrix), "example.org",
	    "TheMatrIX");
	assert_int_equal(k.len, 32);
	stun_hmac_sha256(mac, k.b, k.len, bytes, n, B1_LENGTH);
	assert_memory_equal(mac, want, sizeof(want));
}

/* Each is the request of §2.1 with one thing wrong. */
static void
test_stun_read__refuses_lengths_that_do_not_fit(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t len; /* 0: all of it */
	} bad[] = {
	    {0, 0x40, 0}, /* ChannelData */
	    {3, 0x5c, 0}, /* longer than it is */
	    {3, 0x54, 0}, /* shorter */
	    {3, 0x59, 0}, /* no multiple of 4 */
	    {0, 0x00, 19}, /* no head */
	    {22, 0xff, 0}, /* SOFTWARE reaches beyond */
	    {22, 0x03, 0}, /* SOFTWARE is too long */
	    {43, 0x08, 0}, /* PRIORITY takes ICE-CONTROLLED's head */
	    {79, 0x10, 0}, /* MESSAGE-INTEGRITY of 16 bytes */
	    {103, 0x00, 0}, /* FINGERPRINT without value */
	    {107, 0x00, 0}, /* FINGERPRINT of something else */
	};
	struct stun_msg m = {.method = 77};
	size_t len, i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		len = hex_bytes(request, bytes, sizeof(bytes));
		bytes[bad[i].at] = bad[i].value;
		assert_err(
		    stun_read(&m, bytes, bad[i].len > 0 ? bad[i].len : len),
		    ERR_FORMAT);
		assert_int_equal(m.method, 77);
	}
}

/* Whoever asks for an attribute later relies on this. */
static void
test_stun_read__refuses_attributes_of_another_length(void **state)
{
	static const struct {
		uint16_t type, len;
	} bad[] = {{STUN_ATTR_LIFETIME, 3}, {STUN_ATTR_LIFETIME, 8},
	    {STUN_ATTR_CHANNEL_NUMBER, 0}, {STUN_ATTR_XOR_PEER_ADDRESS, 4},
	    {STUN_ATTR_XOR_PEER_ADDRESS, 10}, {STUN_ATTR_XOR_PEER_ADDRESS, 24},
	    {STUN_ATTR_MESSAGE_INTEGRITY, 16},
	    {STUN_ATTR_MESSAGE_INTEGRITY, 24},
	    {STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 12},
	    {STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 36}, {STUN_ATTR_USERNAME, 509},
	    {STUN_ATTR_REALM, 764}, {STUN_ATTR_RESERVATION_TOKEN, 7},
	    {STUN_ATTR_ERROR_CODE, 3}, {STUN_ATTR_REQUESTED_TRANSPORT, 1},
	    {STUN_ATTR_EVEN_PORT, 0}, {STUN_ATTR_DONT_FRAGMENT, 4},
	    {STUN_ATTR_FINGERPRINT, 0}};
	static const uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42};
	static const uint8_t zeros[800];
	struct stun_out o;
	struct stun_msg m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		stun_begin(
		    &o, bytes, sizeof(bytes), STUN_REQUEST, STUN_REFRESH, tid);
		stun_put(&o, bad[i].type, zeros, bad[i].len);
		assert_err(stun_read(&m, bytes, stun_end(&o)), ERR_FORMAT);
	}
}

static void
test_stun_read__every_truncation_is_refused(void **state)
{
	size_t len = hex_bytes(request, bytes, sizeof(bytes)), n;
	struct stun_msg m;

	(void)state;
	for (n = 0; n < len; n++)
		assert_err(stun_read(&m, bytes, n), ERR_FORMAT);
}

static void
test_stun_read__what_follows_the_code_does_not_count(void **state)
{
	static const uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42};
	struct stun_attr a;
	struct stun_out o;
	struct stun_msg m;

	(void)state;
	stun_begin(&o, bytes, sizeof(bytes), STUN_REQUEST, STUN_REFRESH, tid);
	stun_put_mac(&o, tid, sizeof(tid));
	stun_put_u32(&o, STUN_ATTR_LIFETIME, 0); /* nobody vouches for it */
	stun_put_fingerprint(&o);
	assert_ok(stun_read(&m, bytes, stun_end(&o)));
	assert_ok(stun_check(&m, tid, sizeof(tid)));
	assert_false(stun_find(&m, STUN_ATTR_LIFETIME, &a));
}

static void
test_stun_read__without_cookie(void **state)
{
	struct stun_msg m =
	    read_hex("00010000 11223344 b7e7a701bc34d686fa87dfae");

	(void)state;
	assert_false(m.cookie);
	assert_int_equal(m.method, STUN_BINDING);
	assert_int_equal(stun_tid(&m)[0], 0x11);
}

static void
test_stun_unknown__lists_what_must_be_understood(void **state)
{
	/* 0x7ffe, 0x0003, 0xfffe (optional) */
	struct stun_msg m = read_hex("0001000c 2112a442 b7e7a701bc34d686fa87df"
				     "ae 7ffe0000 00030000 fffe0000");
	uint16_t types[1];

	(void)state;
	assert_int_equal(stun_unknown(&m, types, 1), 2);
	assert_int_equal(types[0], 0x7ffe);
}

static void
test_stun_framed_len__messages_and_channels(void **state)
{
	static const uint8_t msg[4] = {0, 1, 0, 8}, odd[4] = {0, 1, 0, 7},
			     data[4] = {0x40, 0, 0, 5}, rtp[4] = {0x80};

	(void)state;
	assert_int_equal(stun_framed_len(msg), 28);
	assert_int_equal(stun_framed_len(odd), 0);
	assert_int_equal(stun_framed_len(data), 12);
	assert_int_equal(stun_framed_len(rtp), 0);
}

static void
test_stun_get_addr__family_and_length_go_together(void **state)
{
	struct stun_msg m = read_hex("0001000c 2112a442 b7e7a701bc34d686fa87df"
				     "ae 00120008 0002a147e112a643");
	struct stun_addr addr = {.port = 9};
	struct stun_attr a;

	(void)state;
	assert_true(stun_find(&m, STUN_ATTR_XOR_PEER_ADDRESS, &a));
	assert_err(stun_get_addr(&m, &a, &addr), ERR_FORMAT);
	bytes[25] = 3;
	assert_err(stun_get_addr(&m, &a, &addr), ERR_FORMAT);
	assert_int_equal(addr.port, 9);
	bytes[25] = 1;
	assert_ok(stun_get_addr(&m, &a, &addr));
}

/* ---- writing ----------------------------------------------------------------------- */

/* RFC 5769 §2.2 again; only its padding is another. */
static void
test_stun_put__makes_the_answer_of_rfc_5769(void **state)
{
	static const uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42, 0xb7,
	    0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
	const struct stun_addr addr = {STUN_IPV4, 32853, {192, 0, 2, 1}};
	uint8_t out[128], want[128];
	size_t n = hex_bytes(answer4, want, sizeof(want));
	struct stun_out o;
	struct stun_msg m;

	(void)state;
	stun_begin(&o, out, sizeof(out), STUN_SUCCESS, STUN_BINDING, tid);
	stun_put_text(&o, STUN_ATTR_SOFTWARE, "test vector");
	stun_put_addr(&o, STUN_ATTR_XOR_MAPPED_ADDRESS, &addr);
	assert_memory_equal(out + 4, want + 4, 31);
	assert_memory_equal(out + 36, want + 36, 12);
	stun_put_mac(
	    &o, (const uint8_t *)short_password, strlen(short_password));
	stun_put_fingerprint(&o);
	assert_int_equal(stun_end(&o), n);
	assert_ok(stun_read(&m, out, n));
	assert_true(m.fingerprint);
	assert_ok(stun_check(
	    &m, (const uint8_t *)short_password, strlen(short_password)));
}

static void
write_all(struct stun_out *o, uint8_t *p, size_t cap)
{
	static const uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42, 9};
	static const uint16_t types[] = {1, 2, 3};
	const struct stun_addr addr = {STUN_IPV6, 1, {0xfe, 0x80}};

	stun_begin(o, p, cap, STUN_ERROR, STUN_ALLOCATE, tid);
	stun_put_error(o, STUN_CODE_UNKNOWN_ATTRIBUTE);
	stun_put_unknown(o, types, ARRAY_LEN(types));
	stun_put_addr(o, STUN_ATTR_XOR_RELAYED_ADDRESS, &addr);
	stun_put_mac(o, tid, sizeof(tid));
	stun_put_mac256(o, tid, sizeof(tid));
	stun_put_fingerprint(o);
}

static void
test_stun_put__never_writes_past_the_end(void **state)
{
	uint8_t out[256];
	struct stun_out o;
	struct stun_msg m;
	size_t n, full;

	(void)state;
	write_all(&o, out, sizeof(out));
	full = stun_end(&o);
	assert_int_not_equal(full, 0);
	assert_ok(stun_read(&m, out, full));
	assert_int_equal(stun_error_code(&m), 420);
	for (n = 0; n < full; n++) {
		memset(out, 0xaa, sizeof(out));
		write_all(&o, out, n);
		assert_int_equal(stun_end(&o), 0);
		assert_int_equal(out[n], 0xaa);
	}
}

static void
test_stun_put_mac256__is_what_counts(void **state)
{
	static const uint8_t key[] = {1, 2, 3}, other[] = {3, 2, 1};
	static const uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42};
	struct stun_out o;
	struct stun_msg m;

	(void)state;
	stun_begin(&o, bytes, sizeof(bytes), STUN_REQUEST, STUN_REFRESH, tid);
	stun_put_mac(&o, other, sizeof(other));
	stun_put_mac256(&o, key, sizeof(key));
	assert_ok(stun_read(&m, bytes, stun_end(&o)));
	assert_ok(stun_check(&m, key, sizeof(key)));
	assert_err(stun_check(&m, other, sizeof(other)), ERR_AUTH);
	stun_begin(&o, bytes, sizeof(bytes), STUN_REQUEST, STUN_REFRESH, tid);
	assert_ok(stun_read(&m, bytes, stun_end(&o)));
	assert_err(stun_check(&m, key, sizeof(key)), ERR_NOTFOUND);
}

static void
check_data(const struct stun_addr *peer, size_t head_len)
{
	static const uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42, 5};
	uint8_t p[STUN_DATA_HEAD_MAX + 8] = {0};
	struct stun_addr got;
	struct stun_attr a;
	struct stun_msg m;

	assert_int_equal(stun_data_head(p, tid, peer, 5), head_len);
	memcpy(p + head_len, "hello", 5);
	assert_ok(stun_read(&m, p, head_len + 8));
	assert_int_equal(m.method, STUN_DATA);
	assert_int_equal(m.class, STUN_INDICATION);
	assert_true(attr_is(&m, STUN_ATTR_DATA_BYTES, "hello"));
	assert_true(stun_find(&m, STUN_ATTR_XOR_PEER_ADDRESS, &a));
	assert_ok(stun_get_addr(&m, &a, &got));
	assert_memory_equal(got.ip, peer->ip, 16);
	assert_int_equal(got.port, peer->port);
}

static void
test_stun_data_head__stands_before_the_bytes(void **state)
{
	const struct stun_addr four = {STUN_IPV4, 4711, {192, 0, 2, 9}};
	const struct stun_addr six = {STUN_IPV6, 4711, {0x20, 1, 0xd, 0xb8, 7}};

	(void)state;
	check_data(&four, 36);
	check_data(&six, 48);
}

/* ---- credentials -------------------------------------------------------------------- */

/* `printf %s 1700000000:ann | openssl dgst -sha1 -hmac north -binary | base64` */
static void
test_turn_cred__what_coturn_makes(void **state)
{
	char name[TURN_NAME_CAP], password[TURN_PASSWORD_CAP], long_name[97];
	uint64_t expires = 7;
	size_t who = 7;

	(void)state;
	assert_ok(turn_cred_name(name, 1700000000, "ann"));
	assert_string_equal(name, "1700000000:ann");
	turn_cred_password(password, "north", 5, name, strlen(name));
	assert_string_equal(password, "jeamH6dA5l2I9g3jmieza7CzEDo=");
	assert_ok(turn_cred_split(name, strlen(name), &expires, &who));
	assert_int_equal(expires, 1700000000);
	assert_string_equal(name + who, "ann");
	assert_ok(turn_cred_split("17", 2, &expires, &who));
	assert_int_equal(who, 2);
	assert_err(turn_cred_split("", 0, &expires, &who), ERR_FORMAT);
	assert_err(turn_cred_split("ann", 3, &expires, &who), ERR_FORMAT);
	assert_err(turn_cred_split("17ann", 5, &expires, &who), ERR_FORMAT);
	assert_err(
	    turn_cred_split("1234567890123:a", 15, &expires, &who), ERR_FORMAT);
	assert_int_equal(expires, 17);
	memset(long_name, 'a', 96);
	long_name[96] = '\0';
	assert_err(turn_cred_name(name, 1, long_name), ERR_RANGE);
	assert_string_equal(name, "1700000000:ann");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_stun_read__the_request_of_rfc_5769),
	    T(test_stun_read__the_answers_of_rfc_5769),
	    T(test_stun_key_long__rfc_5769),
	    T(test_stun_key_long__rfc_8489),
	    T(test_stun_read__refuses_lengths_that_do_not_fit),
	    T(test_stun_read__refuses_attributes_of_another_length),
	    T(test_stun_read__every_truncation_is_refused),
	    T(test_stun_read__what_follows_the_code_does_not_count),
	    T(test_stun_read__without_cookie),
	    T(test_stun_unknown__lists_what_must_be_understood),
	    T(test_stun_framed_len__messages_and_channels),
	    T(test_stun_get_addr__family_and_length_go_together),
	    T(test_stun_put__makes_the_answer_of_rfc_5769),
	    T(test_stun_put__never_writes_past_the_end),
	    T(test_stun_put_mac256__is_what_counts),
	    T(test_stun_data_head__stands_before_the_bytes),
	    T(test_turn_cred__what_coturn_makes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
