/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "tests/unit/test.h"

static const struct frame ping = {
    .kind = FRAME_REQUEST,
    .method = METHOD_PING,
    .id = 7,
    .body = (const uint8_t *)"abc",
    .len = 3,
};

static void
test_frame_put__bytes_are_those_of_the_document(void **state)
{
	struct buf b;
	uint8_t want[32];
	size_t n;

	(void)state;
	buf_init(&b, 100);
	assert_ok(frame_put(&b, &ping));
	n = hex_bytes("00000003 01 0002 00000007 616263", want, sizeof(want));
	assert_int_equal(b.len, n);
	assert_memory_equal(b.p, want, n);
	buf_clear(&b);
}

static void
test_frame_get__every_truncation_asks_for_more(void **state)
{
	struct frame f = {0};
	struct buf b;
	size_t n, used = 99;

	(void)state;
	buf_init(&b, 100);
	assert_ok(frame_put(&b, &ping));
	for (n = 0; n < b.len; n++) {
		assert_err(frame_get(b.p, n, 100, &f, &used), ERR_AGAIN);
		assert_int_equal(used, 99);
	}
	assert_ok(frame_get(b.p, b.len, 100, &f, &used));
	assert_int_equal(used, b.len);
	assert_int_equal(f.kind, FRAME_REQUEST);
	assert_int_equal(f.method, METHOD_PING);
	assert_int_equal(f.id, 7);
	assert_memory_equal(f.body, "abc", 3);
	buf_clear(&b);
}

static void
test_frame_get__bad_headers_are_refused_before_the_body_comes(void **state)
{
	static const struct {
		const char *hex;
		int want;
	} bad[] = {
	    {"00000003 00 0002 00000007", ERR_FORMAT}, /* kind 0 */
	    {"00000003 05 0002 00000007", ERR_FORMAT}, /* kind 5 */
	    {"00000003 01 0002 00000000", ERR_FORMAT}, /* request without id */
	    {"00000003 04 0064 00000007", ERR_FORMAT}, /* event with one */
	    {"00000065 01 0002 00000007", ERR_RANGE}, /* over max */
	    {"ffffffff 01 0002 00000007", ERR_RANGE},
	};
	struct frame f = {0};
	uint8_t h[FRAME_HEADER];
	size_t i, used = 0;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		hex_bytes(bad[i].hex, h, sizeof(h));
		assert_err(
		    frame_get(h, sizeof(h), 100, &f, &used), bad[i].want);
	}
	assert_int_equal(used, 0);
	assert_null(f.body);
}

static void
test_frame_put__refuses_what_get_would(void **state)
{
	struct frame f = ping;
	struct buf b;

	(void)state;
	buf_init(&b, 12);
	assert_err(frame_put(&b, &f), ERR_FULL);
	assert_int_equal(b.len, 0);
	f.len = FRAME_BODY_MAX + 1;
	assert_err(frame_put(&b, &f), ERR_RANGE);
	f = ping;
	f.kind = (enum frame_kind)9;
	assert_err(frame_put(&b, &f), ERR_RANGE);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void
test_method_find__knows_its_rows_and_no_others(void **state)
{
#define X(name, number, state, max, req, resp, doc) +1
	static const unsigned rows = METHODS(X);
#undef X
	unsigned n, known = 0;

	(void)state;
	for (n = 0; n <= UINT16_MAX; n++)
		known += method_find((uint16_t)n) != NULL;
	assert_int_equal(known, rows);
	assert_string_equal(method_find(METHOD_SEND)->name, "SEND");
	assert_string_equal(method_name(EVENT_DELIVER), "DELIVER");
	assert_string_equal(method_name(9999), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frame_put__bytes_are_those_of_the_document),
	    cmocka_unit_test(test_frame_get__every_truncation_asks_for_more),
	    cmocka_unit_test(
		test_frame_get__bad_headers_are_refused_before_the_body_comes),
	    cmocka_unit_test(test_frame_put__refuses_what_get_would),
	    cmocka_unit_test(test_method_find__knows_its_rows_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
