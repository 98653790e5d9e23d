/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/queue/window.h"
#include "tests/unit/test.h"

static void
test_window_add__closes_by_bytes_and_by_messages(void **state)
{
	struct window w = {0};
	uint64_t seq;

	(void)state;
	assert_true(window_open(&w));
	assert_true(window_half(&w));
	window_add(&w, 1, WINDOW_BYTES / 2, 1);
	assert_true(window_half(&w));
	window_add(&w, 2, 1, 1);
	assert_false(window_half(&w));
	assert_true(window_open(&w));
	window_add(&w, 3, WINDOW_BYTES, 1); /* one may go over */
	assert_false(window_open(&w));
	assert_int_equal(window_room_bytes(&w), 0);
	window_ack(&w, 3);
	assert_int_equal(window_room_bytes(&w), WINDOW_BYTES);
	for (seq = 4; window_open(&w); seq++)
		window_add(&w, seq, 1, 1);
	assert_int_equal(seq, 4 + WINDOW_MESSAGES);
	assert_int_equal(window_room_messages(&w), 0);
}

static void
test_window_ack__gives_back_what_was_handed_out(void **state)
{
	struct window w = {0};

	(void)state;
	window_add(&w, 10, 100, 3);
	window_add(&w, 20, 200, 5);
	window_ack(&w, 9); /* the first page is not whole */
	assert_int_equal(w.bytes, 300);
	window_ack(&w, 10);
	assert_int_equal(w.bytes, 200);
	assert_int_equal(w.messages, 5);
	window_ack(&w, 5); /* late */
	assert_int_equal(w.messages, 5);
	window_ack(&w, 1000);
	assert_int_equal(w.bytes, 0);
	assert_int_equal(w.messages, 0);
	assert_int_equal(w.n, 0);
}

/* Against the plain way of counting; lumps may only be late, never early. */
static void
test_window_ack__is_never_early_and_ends_empty(void **state)
{
	struct window w = {0};
	uint64_t next = 1, acked = 0;
	uint32_t step;

	(void)state;
	for (step = 0; step < 5000; step++) {
		if (window_open(&w) && step % 3 != 0) {
			window_add(&w, next, 10, 1);
			next++;
		} else if (acked + 1 < next) {
			acked += 1 + step % (next - acked - 1);
			window_ack(&w, acked);
		}
		assert_true(w.messages >= next - 1 - acked);
		assert_int_equal(w.bytes, w.messages * 10);
	}
	window_ack(&w, next - 1);
	assert_int_equal(w.bytes, 0);
	assert_int_equal(w.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_window_add__closes_by_bytes_and_by_messages),
	    cmocka_unit_test(test_window_ack__gives_back_what_was_handed_out),
	    cmocka_unit_test(test_window_ack__is_never_early_and_ends_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
