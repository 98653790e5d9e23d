/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "relay/abuse/net_addr.h"
#include "tests/unit/test.h"

static void
test_net_addr_of__reads_socket_addresses(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in6 v6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(7786)};
	struct sockaddr un = {.sa_family = AF_UNIX};
	static const struct net_addr none;
	char text[NET_ADDR_CAP];
	struct net_addr a;

	assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &v4.sin_addr), 1);
	a = net_addr_of((const struct sockaddr *)(void *)&v4);
	assert_true(net_addr_is_ipv4(&a));
	assert_string_equal(net_addr_text(&a, text), "192.0.2.7:443");
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &v6.sin6_addr), 1);
	a = net_addr_of((const struct sockaddr *)(void *)&v6);
	assert_false(net_addr_is_ipv4(&a));
	assert_string_equal(net_addr_text(&a, text), "[2001:db8::7]:7786");
	a = net_addr_of(&un);
	assert_memory_equal(&a, &none, sizeof(a));
}

static void
test_net_addr_parse__both_kinds_and_mapped_is_v4(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"192.0.2.7", "192.0.2.7:0"},
	    {"::ffff:192.0.2.7", "192.0.2.7:0"},
	    {"::1", "[::1]:0"},
	    {"2001:DB8:0::7", "[2001:db8::7]:0"},
	};
	char text[NET_ADDR_CAP];
	struct net_addr a;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(net_addr_parse(rows[i].in, &a));
		assert_string_equal(net_addr_text(&a, text), rows[i].out);
	}
}

static void
test_net_addr_parse__refuses_and_changes_nothing(void **state)
{
	static const char *const bad[] = {"", "192.0.2", "192.0.2.256", "::g",
	    "192.0.2.7:443", "[::1]", "localhost", "2001:db8::/32"};
	struct net_addr a, before;
	size_t i;

	memset(&a, 0x5a, sizeof(a));
	before = a;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		assert_err(net_addr_parse(bad[i], &a), ERR_FORMAT);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static bool
same_site(const char *x, const char *y)
{
	struct net_addr a, b;

	assert_ok(net_addr_parse(x, &a));
	assert_ok(net_addr_parse(y, &b));
	a.port = 1;
	b.port = 2;
	a = net_addr_site(&a);
	b = net_addr_site(&b);
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void
test_net_addr_site__v4_whole_and_v6_by_64(void **state)
{
	assert_true(same_site("192.0.2.7", "192.0.2.7"));
	assert_true(same_site("192.0.2.7", "::ffff:192.0.2.7"));
	assert_false(same_site("192.0.2.7", "192.0.2.6"));
	assert_true(same_site("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	assert_false(same_site("2001:db8:1:2::1", "2001:db8:1:3::1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_net_addr_of__reads_socket_addresses),
	    cmocka_unit_test(test_net_addr_parse__both_kinds_and_mapped_is_v4),
	    cmocka_unit_test(test_net_addr_parse__refuses_and_changes_nothing),
	    cmocka_unit_test(test_net_addr_site__v4_whole_and_v6_by_64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
