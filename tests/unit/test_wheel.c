/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/net/wheel.h"
#include "tests/unit/test.h"

#define NODES 64

struct fixture {
	struct wheel w;
	struct wheel_node n[NODES];
	unsigned fired[NODES];
	unsigned total;
	struct wheel_node *drop; /* dropped by the first that fires */
	uint64_t again_ms; /* the first that fires is set once more */
	uint64_t now;
};

static void
fire(void *ctx, struct wheel_node *n)
{
	struct fixture *f = ctx;

	f->fired[n - f->n]++;
	f->total++;
	if (f->drop != NULL)
		wheel_del(&f->w, f->drop);
	f->drop = NULL;
	if (f->again_ms > 0)
		wheel_set(&f->w, n, f->now, f->again_ms);
	f->again_ms = 0;
}

static void
run(struct fixture *f, uint64_t now)
{
	f->now = now;
	wheel_run(&f->w, now, fire, f);
}

static void
test_wheel_run__fires_not_before_and_soon_after(void **state)
{
	struct fixture f = {.total = 0};
	uint64_t t;

	(void)state;
	wheel_init(&f.w, 5000);
	wheel_set(&f.w, &f.n[0], 5050, 1000);
	for (t = 5050; t < 6050; t += 10) {
		run(&f, t);
		assert_int_equal(f.total, 0);
	}
	run(&f, 6050 + 2 * WHEEL_TICK_MS);
	assert_int_equal(f.total, 1);
	assert_int_equal(f.w.armed, 0);
	run(&f, 100000);
	assert_int_equal(f.total, 1);
}

static void
test_wheel_set__moves_and_del_drops(void **state)
{
	struct fixture f = {.total = 0};

	(void)state;
	wheel_init(&f.w, 0);
	wheel_set(&f.w, &f.n[0], 0, 1000);
	wheel_set(&f.w, &f.n[0], 0, 3000);
	wheel_set(&f.w, &f.n[1], 0, 1000);
	assert_int_equal(f.w.armed, 2);
	wheel_del(&f.w, &f.n[1]);
	wheel_del(&f.w, &f.n[1]);
	assert_int_equal(f.w.armed, 1);
	run(&f, 2000);
	assert_int_equal(f.total, 0);
	run(&f, 4000);
	assert_int_equal(f.fired[0], 1);
	assert_int_equal(f.fired[1], 0);
}

static void
test_wheel_run__waits_many_turns_for_far_deadlines(void **state)
{
	const uint64_t turn = (uint64_t)WHEEL_SLOTS * WHEEL_TICK_MS;
	struct fixture f = {.total = 0};
	uint64_t t;

	(void)state;
	wheel_init(&f.w, 0);
	wheel_set(&f.w, &f.n[0], 0, 3 * turn + 500);
	for (t = 0; t < 3 * turn + 500; t += 70)
		run(&f, t);
	assert_int_equal(f.total, 0);
	run(&f, 3 * turn + 500 + 2 * WHEEL_TICK_MS);
	assert_int_equal(f.total, 1);
}

static void
test_wheel_run__a_long_sleep_loses_nothing(void **state)
{
	const uint64_t turn = (uint64_t)WHEEL_SLOTS * WHEEL_TICK_MS;
	struct fixture f = {.total = 0};
	size_t i;

	(void)state;
	wheel_init(&f.w, 0);
	for (i = 0; i < NODES; i++)
		wheel_set(&f.w, &f.n[i], 0, i * turn / 8);
	run(&f, 100 * turn);
	assert_int_equal(f.total, NODES);
	for (i = 0; i < NODES; i++)
		assert_int_equal(f.fired[i], 1);
}

static void
test_wheel_run__who_fires_may_drop_and_set(void **state)
{
	struct fixture f = {.total = 0};

	(void)state;
	wheel_init(&f.w, 0);
	wheel_set(&f.w, &f.n[0], 0, 1000);
	wheel_set(&f.w, &f.n[1], 0, 1000); /* the same slot */
	f.drop = &f.n[1];
	f.again_ms = 1000;
	run(&f, 1000 + 2 * WHEEL_TICK_MS);
	assert_int_equal(f.fired[0], 1);
	assert_int_equal(f.fired[1], 0);
	assert_int_equal(f.w.armed, 1);
	run(&f, 5000);
	assert_int_equal(f.fired[0], 2);
	assert_int_equal(f.w.armed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wheel_run__fires_not_before_and_soon_after),
	    cmocka_unit_test(test_wheel_set__moves_and_del_drops),
	    cmocka_unit_test(
		test_wheel_run__waits_many_turns_for_far_deadlines),
	    cmocka_unit_test(test_wheel_run__a_long_sleep_loses_nothing),
	    cmocka_unit_test(test_wheel_run__who_fires_may_drop_and_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
