/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/abuse/cidr.h"
#include "relay/abuse/clock.h"
#include "tests/unit/test.h"

static bool
matches(const char *net, const char *addr)
{
	struct net_addr a;
	struct cidr c;

	assert_ok(cidr_parse(net, &c));
	assert_ok(net_addr_parse(addr, &a));
	return cidr_match(&c, &a);
}

static void
test_cidr_match__inside_and_outside(void **state)
{
	assert_true(matches("127.0.0.1", "127.0.0.1"));
	assert_false(matches("127.0.0.1", "127.0.0.2"));
	assert_true(matches("10.0.0.0/8", "10.255.1.2"));
	assert_false(matches("10.0.0.0/8", "11.0.0.0"));
	assert_true(matches("192.0.2.128/25", "192.0.2.129"));
	assert_false(matches("192.0.2.128/25", "192.0.2.127"));
	assert_true(matches("10.0.0.0/8", "::ffff:10.1.2.3"));
	assert_true(matches("0.0.0.0/0", "203.0.113.9"));
	assert_false(matches("0.0.0.0/0", "2001:db8::1"));
	assert_true(matches("fd00::/8", "fdff::1"));
	assert_false(matches("fd00::/8", "fe80::1"));
	assert_true(matches("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(matches("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(matches("::1", "::1"));
	assert_true(matches("::/0", "2001:db8::1"));
}

static void
test_cidr_parse__refuses(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
	    {"", ERR_FORMAT},
	    {"/8", ERR_FORMAT},
	    {"example.org", ERR_FORMAT},
	    {"10.0.0.0/", ERR_FORMAT},
	    {"10.0.0.0/x", ERR_FORMAT},
	    {"10.0.0.0/0008", ERR_FORMAT},
	    {"10.0.0.0/-1", ERR_FORMAT},
	    {"10.0.0.0/33", ERR_RANGE},
	    {"fd00::/129", ERR_RANGE},
	    {"10.0.0.1/8", ERR_RANGE},
	    {"10.0.0", ERR_FORMAT},
	    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", ERR_FORMAT},
	};
	struct cidr c, before;
	size_t i;

	memset(&c, 0x5a, sizeof(c));
	before = c;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_err(cidr_parse(rows[i].text, &c), rows[i].r);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

static void
test_relay_clock_system__runs(void **state)
{
	const struct relay_clock *c = &relay_clock_system;
	uint64_t mono = relay_clock_mono(c);

	/* Later than this test was written, before the year 2500. */
	assert_in_range(
	    relay_clock_wall(c), 1700000000000ULL, 16725225600000ULL);
	assert_true(relay_clock_mono(c) >= mono);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cidr_match__inside_and_outside),
	    cmocka_unit_test(test_cidr_parse__refuses),
	    cmocka_unit_test(test_relay_clock_system__runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
