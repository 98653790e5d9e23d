/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/net/guests.h"
#include "relay/net/proxy.h"
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <sodium.h>

#define SIG "0d0a0d0a000d0a515549540a"

/* From the format in §2.2 of the specification: version 2, PROXY, TCP/IPv4,
 * 12 bytes of addresses: 192.0.2.7:51000 to 198.51.100.1:443. */
#define V4 SIG "21 11 000c c0000207 c6336401 c738 01bb"
/* The same by IPv6 with a TLV (type 4, NOOP, 3 bytes) behind. */
#define V6                                                                     \
	SIG "21 21 002a 20010db8000000000000000000000001"                      \
	    "20010db8000000000000000000000002 c738 01bb 04 0003 000000"

static void
test_proxy_parse__reads_the_peer(void **state)
{
	static const struct {
		const char *hex, *text;
	} good[] = {
	    {V4, "192.0.2.7:51000"},
	    {V6, "[2001:db8::1]:51000"},
	};
	char text[NET_ADDR_CAP];
	struct proxy_header h;
	uint8_t b[128];
	size_t i, n, used;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		n = hex_bytes(good[i].hex, b, sizeof(b) - 5);
		memcpy(b + n, "later", 5);
		assert_ok(proxy_parse(b, n + 5, &h, &used));
		assert_int_equal(used, n);
		assert_true(h.known);
		assert_string_equal(net_addr_text(&h.peer, text), good[i].text);
	}
}

static void
test_proxy_parse__every_truncation_asks_for_more(void **state)
{
	struct proxy_header h = {.known = true};
	uint8_t b[128];
	size_t n, len, used = 99;

	(void)state;
	len = hex_bytes(V6, b, sizeof(b));
	for (n = 0; n < len; n++)
		assert_err(proxy_parse(b, n, &h, &used), ERR_AGAIN);
	assert_int_equal(used, 99);
	assert_true(h.known);
}

static void
test_proxy_parse__keeps_the_sockets_address_when_none_is_given(void **state)
{
	static const char *const hex[] = {
	    SIG "20 00 0000", /* LOCAL: the balancer's own check */
	    SIG "20 11 000c c0000207 c6336401 c738 01bb",
	    SIG "21 00 0000", /* UNSPEC */
	    SIG "21 31 0003 616263", /* a unix socket, shortened */
	    SIG "21 12 000c c0000207 c6336401 c738 01bb", /* UDP */
	};
	struct proxy_header h;
	uint8_t b[128];
	size_t i, n, used;

	(void)state;
	for (i = 0; i < ARRAY_LEN(hex); i++) {
		n = hex_bytes(hex[i], b, sizeof(b));
		h.known = true;
		assert_ok(proxy_parse(b, n, &h, &used));
		assert_int_equal(used, n);
		assert_false(h.known);
	}
}

static void
test_proxy_parse__refuses_the_rest(void **state)
{
	static const struct {
		const char *hex;
		int want;
	} bad[] = {
	    {"00", ERR_FORMAT}, /* with the very first byte */
	    {"50524f585920", ERR_FORMAT}, /* version 1 */
	    {"5354 01 01", ERR_FORMAT}, /* a client without balancer */
	    {"0d0a0d0a000d0a515549540b", ERR_FORMAT},
	    {SIG "11", ERR_VERSION}, /* version 1 in binary */
	    {SIG "22 11 000c", ERR_VERSION}, /* unknown command */
	    {SIG "21 11 000b c0000207 c6336401 c738 01", ERR_FORMAT},
	    {SIG "21 21 000c c0000207 c6336401 c738 01bb", ERR_FORMAT},
	    {SIG "21 11 ffff", ERR_RANGE},
	};
	struct proxy_header h = {.known = true};
	uint8_t b[128];
	size_t i, n, used = 99;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		n = hex_bytes(bad[i].hex, b, sizeof(b));
		assert_err(proxy_parse(b, n, &h, &used), bad[i].want);
	}
	assert_int_equal(used, 99);
	assert_true(h.known);
}

static struct net_addr
addr(const char *ip, uint16_t port)
{
	struct net_addr a;

	assert_ok(net_addr_parse(ip, &a));
	a.port = port;
	return a;
}

static void
test_guests_enter__counts_by_address_and_by_64(void **state)
{
	struct net_addr a = addr("192.0.2.7", 1), b = addr("192.0.2.8", 1);
	struct net_addr c = addr("2001:db8::1", 1);
	struct net_addr d = addr("2001:db8::ffff", 2);
	struct net_addr e = addr("2001:db8:0:1::1", 2);
	struct guests *g;

	(void)state;
	assert_ok(guests_new(&g, 100));
	assert_ok(guests_enter(g, &a, 2));
	assert_ok(guests_enter(g, &a, 2));
	assert_err(guests_enter(g, &a, 2), ERR_FULL);
	assert_ok(guests_enter(g, &b, 2));
	guests_leave(g, &a);
	assert_ok(guests_enter(g, &a, 2));
	assert_ok(guests_enter(g, &c, 1));
	assert_err(guests_enter(g, &d, 1), ERR_FULL);
	assert_ok(guests_enter(g, &e, 1));
	guests_free(g);
}

static void
test_guests_enter__is_bounded_and_forgets(void **state)
{
	struct guests *g;
	struct net_addr a = addr("10.0.0.0", 1);
	unsigned i, round, n = 0;

	(void)state;
	assert_ok(guests_new(&g, 500));
	for (round = 0; round < 4; round++) {
		for (i = 0, n = 0; i < 1000; i++) {
			a.ip[14] = (uint8_t)(i >> 8);
			a.ip[15] = (uint8_t)i;
			a.ip[13] = (uint8_t)round;
			n += guests_enter(g, &a, 3) == 0;
		}
		assert_int_equal(n, 500);
		for (i = 0; i < 500; i++) {
			a.ip[14] = (uint8_t)(i >> 8);
			a.ip[15] = (uint8_t)i;
			guests_leave(g, &a);
		}
	}
	guests_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proxy_parse__reads_the_peer),
	    cmocka_unit_test(test_proxy_parse__every_truncation_asks_for_more),
	    cmocka_unit_test(
		test_proxy_parse__keeps_the_sockets_address_when_none_is_given),
	    cmocka_unit_test(test_proxy_parse__refuses_the_rest),
	    cmocka_unit_test(test_guests_enter__counts_by_address_and_by_64),
	    cmocka_unit_test(test_guests_enter__is_bounded_and_forgets),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
