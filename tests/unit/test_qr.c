/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/qr/qr.h"
#include "tests/unit/test.h"

#define OFFER                                                                  \
	"SOTTO:LINK/1/AAAQEAYEAUDAOCAJBIFQYDIOB7YO73XN5TV6V2PI47TOLZHD"        \
	"4LQ6BX663XONXWWZ3DL5NVOU2PJNC"

static struct qr q;

/* A linking code and three lines of text fit 80x24. */
static void
test_qr_make__a_linking_code_fits_a_small_terminal(void **state)
{
	(void)state;
	assert_ok(qr_make(&q, OFFER));
	assert_int_equal(q.side, 33 + 2 * QR_QUIET);
	assert_int_equal(q.rows, 21);
}

/* The finder patterns: 7x7, a ring and a core, in three corners. */
static void
assert_finder(unsigned left, unsigned top)
{
	unsigned x, y, d, ex, ey;

	for (y = 0; y < 7; y++)
		for (x = 0; x < 7; x++) {
			ex = x > 3 ? x - 3 : 3 - x;
			ey = y > 3 ? y - 3 : 3 - y;
			d = ex > ey ? ex : ey; /* distance from the middle */
			assert_int_equal(
			    q.dark[(top + y) * q.side + left + x], d != 2);
		}
}

static void
test_qr_make__has_its_three_finders_and_its_quiet_zone(void **state)
{
	unsigned x, y;

	(void)state;
	assert_ok(qr_make(&q, "hello"));
	assert_finder(QR_QUIET, QR_QUIET);
	assert_finder(q.side - QR_QUIET - 7, QR_QUIET);
	assert_finder(QR_QUIET, q.side - QR_QUIET - 7);
	for (y = 0; y < q.side; y++)
		for (x = 0; x < q.side; x++)
			if (x < QR_QUIET || y < QR_QUIET ||
			    x >= q.side - QR_QUIET || y >= q.side - QR_QUIET)
				assert_int_equal(q.dark[y * q.side + x], 0);
}

static void
test_qr_draw__two_modules_a_character(void **state)
{
	struct buf b, inv;
	unsigned x, row, upper, lower;
	const char *c;

	(void)state;
	buf_init(&b, 65536);
	buf_init(&inv, 65536);
	assert_ok(qr_make(&q, "hello"));
	for (row = 0; row < q.rows; row++)
		for (x = 0; x < q.side; x++) {
			upper = q.dark[2 * row * q.side + x];
			lower = 2 * row + 1 < q.side
				    ? q.dark[(2 * row + 1) * q.side + x]
				    : 0;
			c = qr_cell(&q, x, row, true);
			assert_string_equal(c, upper && lower ? "█"
					       : upper	      ? "▀"
					       : lower	      ? "▄"
							      : " ");
			c = qr_cell(&q, x, row, false);
			assert_string_equal(c, upper && lower ? " "
					       : upper	      ? "▄"
					       : lower	      ? "▀"
							      : "█");
		}
	assert_ok(qr_draw(&q, false, &b));
	assert_ok(qr_draw(&q, true, &inv));
	assert_int_equal(b.p[b.len - 1], '\n');
	assert_memory_equal(b.p, "█", 3);
	assert_memory_equal(inv.p, " ", 1);
	buf_clear(&b);
	buf_clear(&inv);
}

static void
test_qr_make__limits(void **state)
{
	char text[QR_TEXT_MAX + 2];
	struct buf small;

	(void)state;
	q.side = 7;
	assert_err(qr_make(&q, ""), ERR_RANGE);
	memset(text, 'x', sizeof(text));
	text[QR_TEXT_MAX + 1] = '\0';
	assert_err(qr_make(&q, text), ERR_RANGE);
	assert_int_equal(q.side, 7);
	text[QR_TEXT_MAX] = '\0';
	assert_ok(qr_make(&q, text));
	assert_true(q.side <= QR_SIDE_MAX);
	buf_init(&small, 10);
	assert_err(qr_draw(&q, false, &small), ERR_FULL);
	buf_clear(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_qr_make__a_linking_code_fits_a_small_terminal),
	    cmocka_unit_test(
		test_qr_make__has_its_three_finders_and_its_quiet_zone),
	    cmocka_unit_test(test_qr_draw__two_modules_a_character),
	    cmocka_unit_test(test_qr_make__limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
