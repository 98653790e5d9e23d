/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/net/slab.h"
#include "tests/unit/test.h"

struct item {
	struct slab_item head;
	int value;
};

static void
test_slab_get__finds_what_is_there_and_nothing_else(void **state)
{
	struct slab_ref old, none = {0, 0}, far = {1000000, 1};
	struct item *a, *b;
	struct slab s;

	(void)state;
	slab_init(&s, sizeof(struct item));
	assert_null(slab_get(&s, none));
	a = slab_new(&s);
	assert_non_null(a);
	a->value = 7;
	old = slab_ref(a);
	assert_ptr_equal(slab_get(&s, old), a);
	assert_null(slab_get(&s, none));
	assert_null(slab_get(&s, far));
	slab_free(&s, a);
	assert_null(slab_get(&s, old));
	b = slab_new(&s);
	assert_int_equal(b->head.slot, old.slot);
	assert_int_equal(b->value, 0);
	assert_null(slab_get(&s, old));
	slab_clear(&s);
}

static void
test_slab_new__items_stay_and_chunks_go_back(void **state)
{
	enum { N = 1000 };
	struct slab_ref ref[N];
	struct item *p[N];
	struct slab s;
	uint32_t slot;
	size_t i, seen = 0;

	(void)state;
	slab_init(&s, sizeof(struct item));
	for (i = 0; i < N; i++) {
		p[i] = slab_new(&s);
		p[i]->value = (int)i;
		ref[i] = slab_ref(p[i]);
	}
	for (i = 0; i < N; i++)
		assert_ptr_equal(slab_get(&s, ref[i]), p[i]);
	for (i = 0; i < N; i++)
		if (i % 100 != 0)
			slab_free(&s, p[i]);
	assert_int_equal(s.used, N / 100);
	for (i = 0; i < N; i++) {
		if (i % 100 != 0)
			assert_null(slab_get(&s, ref[i]));
		else
			assert_int_equal(p[i]->value, i);
	}
	for (slot = 0; slab_next(&s, &slot) != NULL; slot++)
		seen++;
	assert_int_equal(seen, N / 100);
	slab_clear(&s);
}

static void
test_slab_next__survives_the_item_being_freed(void **state)
{
	struct slab s;
	struct item *it;
	uint32_t slot;
	size_t i, seen = 0;

	(void)state;
	slab_init(&s, sizeof(struct item));
	for (i = 0; i < 200; i++)
		assert_non_null(slab_new(&s));
	for (slot = 0; (it = slab_next(&s, &slot)) != NULL; slot++) {
		slab_free(&s, it);
		seen++;
	}
	assert_int_equal(seen, 200);
	assert_int_equal(s.used, 0);
	slab_clear(&s);
}

static int
fill(void *arg)
{
	struct slab s;
	int i, r = 0;

	(void)arg;
	slab_init(&s, sizeof(struct item));
	for (i = 0; r == 0 && i < 200; i++)
		if (slab_new(&s) == NULL)
			r = ERR_NOMEM;
	slab_clear(&s);
	return r;
}

static void
test_slab_new__survives_running_out_of_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(fill, NULL) >= 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_slab_get__finds_what_is_there_and_nothing_else),
	    cmocka_unit_test(test_slab_new__items_stay_and_chunks_go_back),
	    cmocka_unit_test(test_slab_next__survives_the_item_being_freed),
	    cmocka_unit_test(test_slab_new__survives_running_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
