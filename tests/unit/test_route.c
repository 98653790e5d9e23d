/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>

#include "relay/route/route.h"
#include "tests/unit/test.h"

static struct route_place
place(uint16_t loop, uint32_t slot, uint32_t gen)
{
	return (struct route_place){.loop = loop, .conn = {slot, gen}};
}

static void
test_route_set__tells_where_it_was(void **state)
{
	struct route_place a = place(0, 3, 1), b = place(1, 4, 2), got;
	struct route *r;
	bool had;

	(void)state;
	assert_ok(route_new(&r));
	assert_false(route_get(r, 7, &got));
	assert_ok(route_set(r, 7, &a, &got, &had));
	assert_false(had);
	assert_ok(route_set(r, 7, &b, &got, &had));
	assert_true(had);
	assert_int_equal(got.loop, 0);
	assert_int_equal(got.conn.slot, 3);
	assert_true(route_get(r, 7, &got));
	assert_int_equal(got.loop, 1);
	assert_int_equal(got.conn.gen, 2);
	assert_int_equal(route_count(r), 1);
	route_free(r);
}

static void
test_route_del__leaves_one_that_has_moved(void **state)
{
	struct route_place a = place(0, 3, 1), b = place(1, 4, 2), got;
	struct route *r;
	bool had;

	(void)state;
	assert_ok(route_new(&r));
	assert_ok(route_set(r, 7, &a, &got, &had));
	assert_ok(route_set(r, 7, &b, &got, &had));
	route_del(r, 7, &a);
	assert_true(route_get(r, 7, &got));
	route_del(r, 8, &b);
	route_del(r, 7, &b);
	assert_false(route_get(r, 7, &got));
	assert_int_equal(route_count(r), 0);
	route_free(r);
}

static void
test_route__thousands_come_and_go(void **state)
{
	enum { N = 20000 };
	struct route_place p, got;
	struct route *r;
	store_dev dev;
	bool had;

	(void)state;
	assert_ok(route_new(&r));
	for (dev = 1; dev <= N; dev++) {
		p = place(0, (uint32_t)dev, 1);
		assert_ok(route_set(r, dev, &p, &got, &had));
		assert_false(had);
	}
	assert_int_equal(route_count(r), N);
	for (dev = 1; dev <= N; dev += 2) {
		p = place(0, (uint32_t)dev, 1);
		route_del(r, dev, &p);
	}
	for (dev = 1; dev <= N; dev++) {
		assert_int_equal(route_get(r, dev, &got), dev % 2 == 0);
		if (dev % 2 == 0)
			assert_int_equal(got.conn.slot, dev);
	}
	for (dev = 2; dev <= N; dev += 2) {
		p = place(0, (uint32_t)dev, 1);
		route_del(r, dev, &p);
	}
	assert_int_equal(route_count(r), 0);
	route_free(r);
}

static int
fill(void *arg)
{
	struct route_place p = place(0, 1, 1), old;
	struct route *r;
	store_dev dev;
	bool had;
	int rc;

	(void)arg;
	rc = route_new(&r);
	if (rc != 0)
		return rc;
	for (dev = 1; rc == 0 && dev < 2000; dev++)
		rc = route_set(r, dev, &p, &old, &had);
	route_free(r);
	return rc;
}

static void
test_route_set__survives_running_out_of_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(fill, NULL) > 64);
}

static void *
hammer(void *arg)
{
	struct route_place p = place(1, 1, 1), old;
	struct route *r = arg;
	store_dev dev;
	bool had;
	int i;

	for (i = 0; i < 20; i++) {
		for (dev = 1; dev < 1000; dev++)
			if (route_set(r, dev, &p, &old, &had) != 0)
				return (void *)1;
		for (dev = 1; dev < 1000; dev++)
			route_del(r, dev, &p);
	}
	return NULL;
}

static void
test_route__two_threads_do_not_lose_count(void **state)
{
	pthread_t t[2];
	struct route *r;
	void *failed;
	size_t i;

	(void)state;
	assert_ok(route_new(&r));
	for (i = 0; i < 2; i++)
		assert_ok(pthread_create(&t[i], NULL, hammer, r));
	for (i = 0; i < 2; i++) {
		assert_ok(pthread_join(t[i], &failed));
		assert_null(failed);
	}
	assert_int_equal(route_count(r), 0);
	route_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_route_set__tells_where_it_was),
	    cmocka_unit_test(test_route_del__leaves_one_that_has_moved),
	    cmocka_unit_test(test_route__thousands_come_and_go),
	    cmocka_unit_test(test_route_set__survives_running_out_of_memory),
	    cmocka_unit_test(test_route__two_threads_do_not_lose_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
