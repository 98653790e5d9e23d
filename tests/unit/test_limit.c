/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <sodium.h>

#include "relay/abuse/limit.h"
#include "tests/unit/test.h"

#define HOUR (3600u * 1000)

/* One class, one kind: 5 tokens a minute, so one comes back every 12 s. */
static struct limit *
limiter(void)
{
	struct limit_rates rates = {0};
	struct limit *l;

	assert_ok(limit_new(&l, LIMIT_ENTRIES_MIN));
	assert_ok(limit_rate_parse("5/1m", &rates.r[LIMIT_SEND][0]));
	assert_ok(limit_rate_parse("2/1m", &rates.r[LIMIT_SEND][2]));
	limit_set_rates(l, &rates);
	return l;
}

static struct limit_key
account(uint32_t n)
{
	uint8_t id[LIMIT_ACCOUNT_LEN] = {0};

	memcpy(id, &n, sizeof(n));
	return limit_key_account(id);
}

static struct limit_key
address(const char *text)
{
	struct net_addr a;

	assert_ok(net_addr_parse(text, &a));
	return limit_key_address(&a);
}

static void
test_limit_take__burst_then_one_by_one(void **state)
{
	struct limit *l = limiter();
	struct limit_key k = account(1);
	uint32_t after = 7;
	int i;

	for (i = 0; i < 5; i++)
		assert_ok(limit_take(l, LIMIT_SEND, &k, 1, 1000, &after));
	assert_int_equal(after, 7);
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 1000, &after), ERR_RATE);
	assert_int_equal(after, 12000);
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 12999, &after), ERR_RATE);
	assert_int_equal(after, 1);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 1, 13000, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 13000, NULL), ERR_RATE);
	/* A minute later it is full and no fuller. */
	for (i = 0; i < 5; i++)
		assert_ok(limit_take(l, LIMIT_SEND, &k, 1, HOUR, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, HOUR, NULL), ERR_RATE);
	limit_free(l);
}

static void
test_limit_take__cost_is_all_or_none_and_at_most_the_burst(void **state)
{
	struct limit *l = limiter();
	struct limit_key k = account(1);
	uint32_t after = 0;

	assert_ok(limit_take(l, LIMIT_SEND, &k, 3, 0, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &k, 3, 0, &after), ERR_RATE);
	assert_int_equal(after, 12000);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 2, 0, NULL));
	assert_ok(limit_take(l, LIMIT_SEND, &k, 1000, 60000, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 60000, NULL), ERR_RATE);
	limit_free(l);
}

static void
test_limit_take__keys_classes_and_kinds_are_apart(void **state)
{
	struct limit *l = limiter();
	struct limit_key a = account(1), b = account(2);
	struct limit_key number = limit_key_number("+491701234567");
	int i;

	assert_ok(limit_take(l, LIMIT_SEND, &a, 5, 0, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &a, 1, 0, NULL), ERR_RATE);
	assert_ok(limit_take(l, LIMIT_SEND, &b, 5, 0, NULL));
	/* Not limited: no rate. */
	for (i = 0; i < 100; i++) {
		assert_ok(limit_take(l, LIMIT_LOOKUP, &a, 1, 0, NULL));
		assert_ok(limit_take(l, LIMIT_SEND, &number, 1, 0, NULL));
	}
	limit_free(l);
}

static void
test_limit_key_address__v6_by_64_and_mapped_is_v4(void **state)
{
	struct limit *l = limiter();
	struct limit_key a = address("2001:db8:1:2::1");
	struct limit_key a2 = address("2001:db8:1:2:ffff::9");
	struct limit_key b = address("2001:db8:1:3::1");
	struct limit_key v4 = address("192.0.2.1");
	struct limit_key mapped = address("::ffff:192.0.2.1");
	struct limit_key v4b = address("192.0.2.2");

	assert_ok(limit_take(l, LIMIT_SEND, &a, 2, 0, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &a2, 1, 0, NULL), ERR_RATE);
	assert_ok(limit_take(l, LIMIT_SEND, &b, 1, 0, NULL));
	assert_ok(limit_take(l, LIMIT_SEND, &v4, 2, 0, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &mapped, 1, 0, NULL), ERR_RATE);
	assert_ok(limit_take(l, LIMIT_SEND, &v4b, 1, 0, NULL));
	limit_free(l);
}

static void
test_limit_take_all__refusal_gives_the_others_back(void **state)
{
	struct limit *l = limiter();
	struct limit_key k[2] = {account(1), address("192.0.2.1")};
	uint32_t after = 0;

	assert_ok(limit_take(l, LIMIT_SEND, &k[1], 2, 0, NULL));
	assert_err(limit_take_all(l, LIMIT_SEND, k, 2, 1, 0, &after), ERR_RATE);
	assert_int_equal(after, 30000);
	assert_ok(limit_take(l, LIMIT_SEND, &k[0], 5, 0, NULL));
	limit_free(l);
}

static void
test_limit_refund__gives_back_and_never_more_than_full(void **state)
{
	struct limit *l = limiter();
	struct limit_key k = account(1);

	limit_refund(l, LIMIT_SEND, &k, 5, 0);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 5, 100000, NULL));
	limit_refund(l, LIMIT_SEND, &k, 1, 100000);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 1, 100000, NULL));
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 100000, NULL), ERR_RATE);
	limit_free(l);
}

/* However many keys somebody makes up, his own debt stays: and what the crowd
 * gets beyond the table is bounded too. */
static void
test_limit_take__a_flood_of_keys_forgets_no_debt(void **state)
{
	struct limit *l = limiter();
	struct limit_key k = account(0);
	struct limit_stats st;
	uint32_t i, passed = 0, n = 50 * LIMIT_ENTRIES_MIN;

	assert_ok(limit_take(l, LIMIT_SEND, &k, 5, 0, NULL));
	for (i = 1; i <= n; i++) {
		struct limit_key f = account(i);

		if (limit_take(l, LIMIT_SEND, &f, 5, 0, NULL) == 0)
			passed++;
	}
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 0, NULL), ERR_RATE);
	limit_stats(l, &st);
	assert_int_equal(st.entries, LIMIT_ENTRIES_MIN);
	assert_true(passed <= st.entries + 64);
	assert_true(passed > st.entries / 2);
	assert_int_equal(st.shared + st.entries, n + 1);
	/* A minute later everybody is welcome again. */
	k = account(n + 1);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 5, 60000, NULL));
	limit_free(l);
}

static void
test_limit_set_rates__new_rates_hold_at_once(void **state)
{
	struct limit *l = limiter();
	struct limit_rates rates = {0};
	struct limit_key k = account(1);

	assert_ok(limit_take(l, LIMIT_SEND, &k, 5, 0, NULL));
	assert_ok(limit_rate_parse("100/1m", &rates.r[LIMIT_SEND][0]));
	limit_set_rates(l, &rates);
	assert_err(limit_take(l, LIMIT_SEND, &k, 1, 0, NULL), ERR_RATE);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 10, 6000, NULL));
	assert_ok(limit_rate_parse("off", &rates.r[LIMIT_SEND][0]));
	limit_set_rates(l, &rates);
	assert_ok(limit_take(l, LIMIT_SEND, &k, 1000, 6000, NULL));
	limit_free(l);
}

#define CROWD 4000u /* keys */

struct crowd {
	struct limit *l;
	unsigned passed[2];
};

/* Both threads meet at the same keys at about the same time. */
static void
one_of_two(struct crowd *c, int who)
{
	struct limit_key k;
	uint32_t i;

	for (i = 0; i < 10 * CROWD; i++) {
		k = account(i / 10);
		c->passed[who] +=
		    limit_take(c->l, LIMIT_SEND, &k, 1, 0, NULL) == 0;
	}
}

static void *
crowd_first(void *arg)
{
	one_of_two(arg, 0);
	return NULL;
}

static void
test_limit_take__two_threads_get_no_token_twice(void **state)
{
	struct limit_rates rates = {0};
	struct crowd c = {0};
	pthread_t t;

	assert_ok(limit_new(&c.l, 16 * CROWD));
	assert_ok(limit_rate_parse("5/1m", &rates.r[LIMIT_SEND][0]));
	limit_set_rates(c.l, &rates);
	assert_int_equal(pthread_create(&t, NULL, crowd_first, &c), 0);
	one_of_two(&c, 1);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(c.passed[0] + c.passed[1], CROWD * 5);
	limit_free(c.l);
}

static void
test_limit_rate_parse__good_and_bad(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint32_t burst;
		uint64_t per_ms;
	} rows[] = {
	    {"60/1m", 0, 60, 60000},
	    {"10/h", 0, 10, HOUR},
	    {"1/500ms", 0, 1, 500},
	    {"3/2d", 0, 3, 48 * (uint64_t)HOUR},
	    {"1000000/1s", 0, 1000000, 1000},
	    {"off", 0, 0, 1},
	    {"", ERR_FORMAT, 0, 0},
	    {"60", ERR_FORMAT, 0, 0},
	    {"60/", ERR_FORMAT, 0, 0},
	    {"60/1", ERR_FORMAT, 0, 0},
	    {"60/1w", ERR_FORMAT, 0, 0},
	    {"/1m", ERR_FORMAT, 0, 0},
	    {"-1/1m", ERR_FORMAT, 0, 0},
	    {"60/1m ", ERR_FORMAT, 0, 0},
	    {"0/1m", ERR_RANGE, 0, 0},
	    {"1/0s", ERR_RANGE, 0, 0},
	    {"1000001/1s", ERR_RANGE, 0, 0},
	    {"1/367d", ERR_RANGE, 0, 0},
	    {"99999999999999999999/1m", ERR_RANGE, 0, 0},
	};
	struct limit_rate rate;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		rate = (struct limit_rate){.burst = 42, .per_ms = 43};
		assert_err(limit_rate_parse(rows[i].text, &rate), rows[i].r);
		assert_int_equal(
		    rate.burst, rows[i].r == 0 ? rows[i].burst : 42);
		assert_int_equal(
		    rate.per_ms, rows[i].r == 0 ? rows[i].per_ms : 43);
	}
}

static void
test_limit_rates_default__every_row_is_set(void **state)
{
	struct limit_rates rates;

	limit_rates_default(&rates);
#define X(class, kind, row, def, doc)                                          \
	assert_true(rates.r[LIMIT_##class][LIMIT_BY_##kind].burst > 0);
	LIMIT_ROWS(X)
#undef X
	assert_int_equal(rates.r[LIMIT_CONNECT][LIMIT_BY_ACCOUNT].burst, 0);
	assert_string_equal(limit_class_str(LIMIT_GET_KEYS), "get-keys");
	assert_string_equal(limit_class_str(LIMIT_CLASS_COUNT), "?");
}

static int
make_one(void *arg)
{
	struct limit *l;
	int r = limit_new(&l, LIMIT_ENTRIES_MIN);

	if (r == 0)
		limit_free(l);
	return r;
}

static void
test_limit_new__out_of_memory_and_range(void **state)
{
	struct limit *l = NULL;

	assert_int_equal(alloc_sweep(make_one, NULL), 2);
	assert_err(limit_new(&l, LIMIT_ENTRIES_MIN - 1), ERR_RANGE);
	assert_null(l);
	limit_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limit_take__burst_then_one_by_one),
	    cmocka_unit_test(
		test_limit_take__cost_is_all_or_none_and_at_most_the_burst),
	    cmocka_unit_test(test_limit_take__keys_classes_and_kinds_are_apart),
	    cmocka_unit_test(test_limit_key_address__v6_by_64_and_mapped_is_v4),
	    cmocka_unit_test(
		test_limit_take_all__refusal_gives_the_others_back),
	    cmocka_unit_test(
		test_limit_refund__gives_back_and_never_more_than_full),
	    cmocka_unit_test(test_limit_take__a_flood_of_keys_forgets_no_debt),
	    cmocka_unit_test(test_limit_set_rates__new_rates_hold_at_once),
	    cmocka_unit_test(test_limit_take__two_threads_get_no_token_twice),
	    cmocka_unit_test(test_limit_rate_parse__good_and_bad),
	    cmocka_unit_test(test_limit_rates_default__every_row_is_set),
	    cmocka_unit_test(test_limit_new__out_of_memory_and_range),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
