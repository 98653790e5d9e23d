/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tui/net/mux.h"

static void
add(struct mux *m, uint32_t id, uint64_t deadline_ms)
{
	const struct request r = {.id = id, .deadline_ms = deadline_ms};

	assert_ok(mux_add(m, &r));
}

static void
assert_takes(struct request *r, uint32_t id)
{
	assert_non_null(r);
	assert_int_equal(r->id, id);
	free(r);
}

static void
test_mux_take__any_order_and_each_once(void **state)
{
	struct mux m;

	(void)state;
	mux_init(&m);
	add(&m, 1, MUX_NEVER);
	add(&m, 2, MUX_NEVER);
	add(&m, 3, MUX_NEVER);
	assert_takes(mux_take(&m, 3), 3); /* the last: the end moves */
	add(&m, 4, MUX_NEVER);
	assert_takes(mux_take(&m, 1), 1);
	assert_null(mux_take(&m, 1));
	assert_null(mux_take(&m, 9));
	assert_int_equal(m.n, 2);
	assert_takes(mux_take_first(&m), 2);
	assert_takes(mux_take_first(&m), 4);
	assert_null(mux_take_first(&m));
	add(&m, 5, MUX_NEVER); /* usable when it was emptied */
	assert_takes(mux_take(&m, 5), 5);
	assert_int_equal(m.n, 0);
}

static void
test_mux_take_expired__only_what_is_due(void **state)
{
	struct mux m;

	(void)state;
	mux_init(&m);
	assert_true(m.deadline_ms == MUX_NEVER);
	assert_null(mux_take_expired(&m, 1000));
	add(&m, 1, 300);
	add(&m, 2, MUX_NEVER);
	add(&m, 3, 100);
	assert_int_equal(m.deadline_ms, 100);
	assert_null(mux_take_expired(&m, 99));
	assert_takes(mux_take_expired(&m, 100), 3);
	assert_null(mux_take_expired(&m, 100));
	assert_int_equal(m.deadline_ms, 300);
	assert_takes(mux_take(&m, 1), 1);
	/* the deadline is that of one gone; it heals when looked at */
	assert_null(mux_take_expired(&m, 300));
	assert_true(m.deadline_ms == MUX_NEVER);
	mux_clear(&m);
}

static void
test_mux_move__keeps_order_and_the_earliest_deadline(void **state)
{
	struct mux a, b;

	(void)state;
	mux_init(&a);
	mux_init(&b);
	mux_move(&a, &b);
	assert_null(mux_take_first(&a));
	add(&a, 1, 50);
	add(&b, 2, 20);
	add(&b, 3, 70);
	mux_move(&a, &b);
	assert_int_equal(b.n, 0);
	assert_true(b.deadline_ms == MUX_NEVER);
	assert_int_equal(a.n, 3);
	assert_int_equal(a.deadline_ms, 20);
	add(&b, 9, 1);
	add(&a, 4, 90);
	assert_takes(mux_take_first(&a), 1);
	assert_takes(mux_take_first(&a), 2);
	assert_takes(mux_take_first(&a), 3);
	assert_takes(mux_take_first(&a), 4);
	assert_takes(mux_take_first(&b), 9);
}

static void
nobody(void *ctx, const struct link_reply *reply)
{
	(void)ctx;
	(void)reply;
}

static void
test_mux_forget__clears_the_callbacks_of_one_owner(void **state)
{
	int mine, yours;
	const struct request a = {.id = 1, .cb = nobody, .ctx = &mine};
	const struct request b = {.id = 2, .cb = nobody, .ctx = &yours};
	struct request *r;
	struct mux m;

	(void)state;
	mux_init(&m);
	assert_ok(mux_add(&m, &a));
	assert_ok(mux_add(&m, &b));
	mux_forget(&m, &mine);
	r = mux_take_first(&m);
	assert_null(r->cb);
	free(r);
	r = mux_take_first(&m);
	assert_true(r->cb == nobody);
	free(r);
}

static void
test_mux_add__has_a_limit_and_may_lack_memory(void **state)
{
	const struct request r = {.id = 7};
	struct mux m;
	int i;

	(void)state;
	mux_init(&m);
	alloc_fail_at(0);
	assert_err(mux_add(&m, &r), ERR_NOMEM);
	alloc_fail_at(-1);
	assert_int_equal(m.n, 0);
	for (i = 0; i < LINK_INFLIGHT_MAX; i++)
		assert_ok(mux_add(&m, &r));
	assert_err(mux_add(&m, &r), ERR_FULL);
	assert_int_equal(m.n, LINK_INFLIGHT_MAX);
	mux_clear(&m);
	assert_int_equal(m.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mux_take__any_order_and_each_once),
	    cmocka_unit_test(test_mux_take_expired__only_what_is_due),
	    cmocka_unit_test(
		test_mux_move__keeps_order_and_the_earliest_deadline),
	    cmocka_unit_test(
		test_mux_forget__clears_the_callbacks_of_one_owner),
	    cmocka_unit_test(test_mux_add__has_a_limit_and_may_lack_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
