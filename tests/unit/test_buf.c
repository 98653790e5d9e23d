/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/buf.h"
#include "tests/unit/test.h"

static void
test_buf_put__grows_to_its_maximum_and_no_further(void **state)
{
	uint8_t bytes[100];
	struct buf b;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	buf_init(&b, 150);
	assert_ok(buf_put(&b, bytes, 100));
	assert_err(buf_put(&b, bytes, 51), ERR_FULL);
	assert_int_equal(b.len, 100);
	assert_ok(buf_put(&b, bytes, 50));
	assert_err(buf_put_u8(&b, 1), ERR_FULL);
	assert_err(buf_reserve(&b, SIZE_MAX), ERR_FULL);
	assert_int_equal(b.len, 150);
	assert_true(b.cap <= 150);
	buf_clear(&b);
	assert_null(b.p);
	assert_int_equal(b.max, 150);
}

static void
test_buf_put__numbers_read_back_by_a_cursor(void **state)
{
	struct buf b;
	struct cur c;
	uint8_t v8, tail[3];
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	(void)state;
	buf_init(&b, 100);
	assert_ok(buf_put_u8(&b, 0xfe));
	assert_ok(buf_put_u16(&b, 0xfedc));
	assert_ok(buf_put_u32(&b, 0xfedcba98));
	assert_ok(buf_put_u64(&b, 0xfedcba9876543210));
	assert_ok(buf_put(&b, "abc", 3));
	assert_int_equal(b.p[1], 0xfe); /* big-endian */
	c = cur_of(b.p, b.len);
	assert_ok(cur_get_u8(&c, &v8));
	assert_ok(cur_get_u16(&c, &v16));
	assert_ok(cur_get_u32(&c, &v32));
	assert_ok(cur_get_u64(&c, &v64));
	assert_ok(cur_get(&c, tail, 3));
	assert_int_equal(v8, 0xfe);
	assert_int_equal(v16, 0xfedc);
	assert_int_equal(v32, 0xfedcba98);
	assert_true(v64 == 0xfedcba9876543210);
	assert_memory_equal(tail, "abc", 3);
	assert_int_equal(c.left, 0);
	buf_clear(&b);
}

static void
test_cur_get__short_input_changes_nothing(void **state)
{
	static const uint8_t seven[7] = {1, 2, 3, 4, 5, 6, 7};
	struct cur c = cur_of(seven, sizeof(seven));
	uint64_t v = 42;
	const uint8_t *p = NULL;

	(void)state;
	assert_err(cur_get_u64(&c, &v), ERR_RANGE);
	assert_err(cur_borrow(&c, &p, 8), ERR_RANGE);
	assert_true(v == 42);
	assert_null(p);
	assert_int_equal(c.left, 7);
	assert_ptr_equal(c.p, seven);
}

static void
test_buf_printf__appends_text_without_its_nul(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 12);
	assert_ok(buf_printf(&b, "%s-%d", "abc", 7));
	assert_int_equal(b.len, 5);
	assert_err(buf_printf(&b, "%s", "1234567"), ERR_FULL);
	assert_memory_equal(b.p, "abc-7", 5);
	buf_clear(&b);
}

static void
test_buf_drop__keeps_the_rest_and_detach_gives_it_away(void **state)
{
	struct buf b;
	uint8_t *p;
	size_t len;

	(void)state;
	buf_init(&b, 100);
	assert_ok(buf_put(&b, "hello world", 11));
	buf_drop(&b, 6);
	assert_int_equal(b.len, 5);
	buf_detach(&b, &p, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(p, "world", 5);
	assert_null(b.p);
	free(p);
	buf_reset(&b);
	buf_clear(&b);
}

static int
put_many(void *arg)
{
	struct buf b;
	int i, r = 0;

	(void)arg;
	buf_init(&b, 1000);
	for (i = 0; i < 50 && r == 0; i++)
		r = buf_put(&b, "0123456789", 10);
	buf_clear(&b);
	return r;
}

static void
test_buf_put__survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(alloc_sweep(put_many, NULL) >= 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buf_put__grows_to_its_maximum_and_no_further),
	    cmocka_unit_test(test_buf_put__numbers_read_back_by_a_cursor),
	    cmocka_unit_test(test_cur_get__short_input_changes_nothing),
	    cmocka_unit_test(test_buf_printf__appends_text_without_its_nul),
	    cmocka_unit_test(
		test_buf_drop__keeps_the_rest_and_detach_gives_it_away),
	    cmocka_unit_test(test_buf_put__survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
