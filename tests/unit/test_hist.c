/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>

#include "tests/unit/test.h"
#include "tui/screen/hist.h"

#define T0     1795530600000ull /* 2026-11-24 14:30 UTC */
#define MINUTE 60000ull

static struct msg_row
row(int64_t id, const char *text)
{
	return (struct msg_row){.id = id,
	    .chat = 1,
	    .sent_ms = T0 + (uint64_t)id,
	    .received_ms = T0 + (uint64_t)id,
	    .state = MSG_RECEIVED,
	    .text = lit(text)};
}

/* Messages from..to of one line each. */
static void
page(struct hist *h, enum hist_want want, int64_t from, int64_t to, bool before,
    bool after)
{
	static struct msg_row rows[400];
	size_t n = 0;

	for (; from <= to; from++)
		rows[n++] = row(from, "x");
	h->want = want;
	assert_ok(hist_page(h, rows, n, before, after));
	assert_int_equal(h->want, WANT_NOTHING);
}

static int
setup(void **state)
{
	static struct hist h;

	setenv("TZ", "UTC", 1);
	tzset();
	hist_init(&h);
	hist_open(&h, 1);
	hist_resize(&h, 40, 10);
	*state = &h;
	return 0;
}

static int
teardown(void **state)
{
	hist_clear(*state);
	return 0;
}

/* The ids in view, "3:0 4:2" id and line of the first. */
static void
expect_view(struct hist *h, int64_t first, int line, int64_t bottom)
{
	size_t i;
	int at;

	assert_true(hist_first_in_view(h, &i, &at));
	assert_int_equal(h->v[i].id, first);
	assert_int_equal(at, line);
	assert_int_equal(hist_bottom_id(h), bottom);
}

static void
test_hist_page__the_latest_shows_its_end(void **state)
{
	struct hist *h = *state;

	page(h, WANT_LATEST, 1, 30, true, false);
	assert_int_equal(hist_total(h), 31); /* and the date */
	assert_true(hist_at_end(h));
	expect_view(h, 21, 0, 30);
}

static void
test_hist_page__few_messages_stand_at_the_bottom(void **state)
{
	struct hist *h = *state;

	page(h, WANT_LATEST, 1, 3, false, false);
	expect_view(h, 1, 6, 3); /* date, 1, 2, 3: lines 6 to 9 */
	assert_false(hist_scroll(h, 5));
}

static void
test_hist_scroll__stops_at_both_ends(void **state)
{
	struct hist *h = *state;

	page(h, WANT_LATEST, 1, 30, false, false);
	assert_true(hist_scroll(h, 5));
	expect_view(h, 16, 0, 25);
	assert_true(hist_scroll(h, 100));
	expect_view(h, 1, 0, 9); /* the date takes a line */
	assert_false(hist_scroll(h, 1));
	assert_true(hist_scroll(h, -1000));
	assert_true(hist_at_end(h));
}

static void
test_hist_page__older_ones_go_in_front_and_the_view_stays(void **state)
{
	struct hist *h = *state;

	page(h, WANT_LATEST, 101, 130, true, false);
	hist_scroll(h, 18);
	assert_true(hist_needs_before(h));
	expect_view(h, 103, 0, 112);
	page(h, WANT_BEFORE, 1, 100, true, false);
	expect_view(h, 103, 0, 112);
	assert_int_equal(h->n, 130);
	assert_false(hist_needs_before(h));
	hist_scroll(h, 10);
	expect_view(h, 93, 0, 102);
}

static void
test_hist_page__overlapping_pages_hold_each_message_once(void **state)
{
	struct hist *h = *state;
	size_t i;

	page(h, WANT_LATEST, 50, 60, true, true);
	page(h, WANT_BEFORE, 40, 55, true, true);
	page(h, WANT_AFTER, 58, 70, true, false);
	assert_int_equal(h->n, 31);
	for (i = 0; i < h->n; i++)
		assert_int_equal(h->v[i].id, 40 + (int64_t)i);
}

static void
test_hist_page__the_far_end_is_let_go(void **state)
{
	struct hist *h = *state;
	int64_t to = 10000, from;

	page(h, WANT_LATEST, to - 99, to, true, false);
	for (from = to - 199; h->n < HIST_MAX; from -= 100) {
		hist_scroll(h, 1000);
		page(h, WANT_BEFORE, from, from + 99, true, false);
	}
	hist_scroll(h, 1000);
	page(h, WANT_BEFORE, from, from + 99, true, false);
	assert_int_equal(h->n, HIST_MAX);
	assert_true(h->more_after);
	assert_int_equal(h->v[0].id, from);
	assert_int_equal(h->v[h->n - 1].id, to - 100);
	assert_false(hist_at_end(h));
	hist_to_end(h);
	assert_true(hist_needs_after(h));
	page(h, WANT_AFTER, to - 99, to, true, false);
	assert_int_equal(h->n, HIST_MAX);
	assert_true(h->more_before);
	assert_int_equal(h->v[h->n - 1].id, to);
	hist_scroll(h, -1000);
	assert_true(hist_at_end(h));
}

static void
test_hist_add__at_the_end_the_view_follows_else_it_stays(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(31, "new");

	page(h, WANT_LATEST, 1, 30, false, false);
	assert_ok(hist_add(h, &m));
	expect_view(h, 22, 0, 31);
	hist_scroll(h, 5);
	expect_view(h, 17, 0, 26);
	m = row(32, "a text\nof three\nlines");
	assert_ok(hist_add(h, &m));
	expect_view(h, 17, 0, 26);
}

static void
test_hist_add__known_ids_are_replaced(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(30, "now it\nhas a text");

	page(h, WANT_LATEST, 1, 30, false, false);
	assert_ok(hist_add(h, &m));
	assert_int_equal(h->n, 30);
	assert_string_equal(h->v[29].text, "now it\nhas a text");
	assert_int_equal(hist_total(h), 32);
}

/* Roomy: a deleted message is a line of its own, with a blank above and below. */
static void
test_hist_add__the_gap_below_a_deleted_message_counts(void **state)
{
	struct hist *h = *state;
	struct msg_row gone = row(25, "This message was deleted.");

	hist_resize(h, 40, 20);
	page(h, WANT_LATEST, 1, 30, true, false);
	assert_int_equal(hist_total(h), 31);
	gone.kind = MSG_DELETED;
	assert_ok(hist_add(h, &gone));
	assert_int_equal(hist_total(h), 33);
	expect_view(h, 13, 0, 30);
	assert_true(hist_scroll(h, 3));
	gone.kind = MSG_TEXT;
	assert_ok(hist_add(h, &gone));
	assert_int_equal(hist_bottom_id(h), 27);
	assert_int_equal(hist_total(h), 31);
}

static void
test_hist_add__waits_while_the_end_is_not_loaded(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(99, "new");

	page(h, WANT_LATEST, 1, 30, false, true);
	assert_ok(hist_add(h, &m));
	assert_int_equal(h->n, 30);
}

static void
test_hist_drop__the_rest_stays_where_it_is(void **state)
{
	struct hist *h = *state;
	struct msg_row m[4] = {
	    row(1, "a"), row(2, "b"), row(3, "c"), row(4, "d")};

	hist_resize(h, 40, 2);
	h->want = WANT_LATEST;
	assert_ok(hist_page(h, m, 4, false, false));
	assert_true(hist_scroll(h, 2)); /* the last two are below the view */
	h->selected = 3;
	h->marker = 3;
	hist_drop(h, 3);
	assert_int_equal(h->n, 3);
	assert_int_equal(h->scroll, 1);
	assert_int_equal(h->selected, 0);
	assert_int_equal(h->marker, 4);
	assert_string_equal(h->v[2].text, "d");
	hist_drop(h, 3);
	hist_drop(h, 4);
	assert_int_equal(h->marker, 0);
	assert_int_equal(h->scroll, 0);
	hist_drop(h, 1);
	assert_int_equal(h->n, 1);
	assert_int_equal(hist_bottom_id(h), 2);
}

static void
test_hist_state__only_goes_forward(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(1, "mine");

	m.outgoing = true;
	m.state = MSG_PENDING;
	assert_ok(hist_add(h, &m));
	assert_true(hist_state(h, 1, MSG_DELIVERED));
	assert_false(hist_state(h, 1, MSG_SENT)); /* a late answer */
	assert_int_equal(h->v[0].state, MSG_DELIVERED);
	assert_false(hist_state(h, 1, MSG_DELIVERED));
	assert_true(hist_state(h, 1, MSG_READ));
	assert_false(hist_state(h, 7, MSG_READ));
}

static void
test_hist_state__a_failed_one_can_be_sent_again(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(1, "mine");
	int lines;

	m.outgoing = true;
	m.state = MSG_PENDING;
	assert_ok(hist_add(h, &m));
	lines = hist_total(h);
	assert_true(hist_state(h, 1, MSG_FAILED));
	assert_int_equal(hist_total(h), lines + 1); /* what to do about it */
	assert_true(hist_state(h, 1, MSG_PENDING));
	assert_int_equal(hist_total(h), lines);
}

static void
test_hist_layout__separates_days_and_speakers(void **state)
{
	struct hist *h = *state;
	struct msg_row m[4] = {
	    row(1, "a"), row(2, "b"), row(3, "c"), row(4, "d")};
	struct layout l;

	hist_resize(h, 40, 20); /* high enough for blank lines */
	m[1].sent_ms = m[1].received_ms = T0 + 12 * 60 * MINUTE;
	m[2].sent_ms = m[2].received_ms = m[1].sent_ms + 1;
	m[3].sent_ms = m[3].received_ms = m[1].sent_ms + 2;
	m[2].outgoing = true;
	h->want = WANT_LATEST;
	assert_ok(hist_page(h, m, 4, false, false));
	hist_layout(h, 0, &l);
	assert_int_equal(l.date, 1);
	hist_layout(h, 1, &l);
	assert_int_equal(l.date, 1); /* the next day */
	assert_int_equal(l.gap, 0);
	hist_layout(h, 2, &l);
	assert_int_equal(l.date, 0);
	assert_int_equal(l.gap, 1); /* somebody else */
	hist_layout(h, 3, &l);
	assert_int_equal(l.gap, 1);
}

static void
test_hist_layout__the_time_goes_where_it_fits(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(1, "short");
	struct layout l;

	/* 40 cells: lines of at most 37 */
	assert_ok(hist_add(h, &m));
	hist_layout(h, 0, &l);
	assert_int_equal(l.wrap, 37);
	assert_int_equal(l.meta, 0);
	assert_int_equal(l.inner, 5 + 2 + 5);
	m = row(2, "this line leaves no room for a time");
	assert_ok(hist_add(h, &m));
	hist_layout(h, 1, &l);
	assert_int_equal(l.lines, 1);
	assert_int_equal(l.meta, 1);
	assert_int_equal(l.inner, 35);
	m.id = 3;
	m.outgoing = true;
	assert_ok(hist_add(h, &m));
	hist_layout(h, 2, &l);
	assert_int_equal(hist_meta_width(&h->v[2], false), 9);
}

static void
test_hist__a_senders_clock_that_runs_ahead_is_not_believed(void **state)
{
	struct hist *h = *state;
	struct msg_row m = row(1, "from the future");

	m.sent_ms = T0 + 1000000 * MINUTE;
	m.received_ms = T0;
	assert_ok(hist_add(h, &m));
	assert_true(h->v[0].ms == T0);
	assert_true(h->v[0].sent_ms == m.sent_ms);
}

static void
test_hist_resize__the_message_at_the_bottom_stays(void **state)
{
	struct hist *h = *state;
	struct msg_row m[30];
	int i;

	for (i = 0; i < 30; i++)
		m[i] = row(i + 1, "words that wrap in a narrow window only");
	h->want = WANT_LATEST;
	assert_ok(hist_page(h, m, 30, false, false));
	hist_resize(h, 80, 10);
	hist_scroll(h, 12);
	assert_int_equal(hist_bottom_id(h), 18);
	hist_resize(h, 22, 10);
	assert_int_equal(hist_bottom_id(h), 18);
	hist_resize(h, 200, 10);
	assert_int_equal(hist_bottom_id(h), 18);
	hist_to_end(h);
	hist_resize(h, 22, 10);
	assert_true(hist_at_end(h));
	hist_resize(h, 0, 0); /* nothing breaks */
	hist_total(h);
}

static void
test_hist_marker__is_above_the_first_of_the_new(void **state)
{
	struct hist *h = *state;
	struct msg_row m[6];
	size_t i;
	int line;

	for (i = 0; i < 6; i++)
		m[i] = row((int64_t)i + 1, "x");
	m[4].outgoing = true;
	h->want = WANT_LATEST;
	assert_ok(hist_page(h, m, 6, true, false));
	hist_set_marker(h, 2);
	assert_int_equal(h->marker, 4); /* 4 and 6; 5 is our own */
	hist_set_marker(h, 50); /* more than is loaded */
	assert_int_equal(h->marker, 1);
	hist_set_marker(h, 0);
	assert_int_equal(h->marker, 0);
	page(h, WANT_LATEST, 1, 100, true, false);
	hist_set_marker(h, 30);
	hist_show_marker(h);
	assert_true(hist_first_in_view(h, &i, &line));
	assert_int_equal(h->v[i].id, 71);
	assert_int_equal(line, 0);
	hist_set_marker(h, 3);
	hist_show_marker(h);
	assert_true(hist_at_end(h)); /* all of it fits */
}

static void
test_hist_show__brings_a_message_into_the_middle(void **state)
{
	struct hist *h = *state;
	size_t i;
	int line;

	page(h, WANT_LATEST, 1, 100, false, false);
	assert_true(hist_show(h, 50));
	assert_true(hist_first_in_view(h, &i, &line));
	assert_int_equal(h->v[i].id, 46); /* lines 0 to 9: 50 is the fifth */
	assert_true(hist_show(h, 55)); /* in view already: nothing moves */
	assert_true(hist_first_in_view(h, &i, &line));
	assert_int_equal(h->v[i].id, 46);
	assert_true(hist_show(h, 56));
	assert_true(hist_first_in_view(h, &i, &line));
	assert_int_equal(h->v[i].id, 52);
	assert_true(hist_show(h, 1));
	assert_true(hist_show(h, 100));
	assert_false(hist_show(h, 101));
}

static void
test_hist_neighbour__steps_through_the_messages(void **state)
{
	struct hist *h = *state;

	assert_int_equal(hist_neighbour(h, -1), 0);
	page(h, WANT_LATEST, 1, 3, false, false);
	assert_int_equal(hist_neighbour(h, -1), 3);
	h->selected = 3;
	assert_int_equal(hist_neighbour(h, -1), 2);
	assert_int_equal(hist_neighbour(h, 1), 0);
	h->selected = 1;
	assert_int_equal(hist_neighbour(h, -1), 0);
	assert_int_equal(hist_neighbour(h, 1), 2);
}

/* Whatever is done: the view is inside the lines, the ids ascend. */
static void
test_hist__random_walks_keep_the_view_inside(void **state)
{
	struct hist *h = *state;
	uint32_t seed = 12345;
	int64_t next = 501;
	struct msg_row m;
	size_t i;
	int step;

	page(h, WANT_LATEST, 401, 500, true, false);
	for (step = 0; step < 3000; step++) {
		seed = seed * 1664525 + 1013904223;
		switch (seed >> 24 & 7) {
		case 0:
			m = row(next++, seed & 64 ? "a\nb\nc" : "d");
			m.outgoing = seed & 128;
			assert_ok(hist_add(h, &m));
			break;
		case 1:
			hist_resize(h, (int)(seed >> 8 & 63) + 1,
			    (int)(seed >> 16 & 31) + 1);
			break;
		case 2:
			if (h->v[0].id > 50)
				page(h, WANT_BEFORE, h->v[0].id - 50,
				    h->v[0].id - 1, true, h->more_after);
			break;
		case 3:
			if (h->more_after)
				page(h, WANT_AFTER, h->v[h->n - 1].id + 1,
				    next - 1 < h->v[h->n - 1].id + 60
					? next - 1
					: h->v[h->n - 1].id + 60,
				    h->more_before,
				    next - 1 > h->v[h->n - 1].id + 60);
			break;
		default:
			hist_scroll(h, (int)(seed >> 8 & 63) - 32);
			break;
		}
		assert_true(h->scroll >= 0);
		assert_true(
		    h->scroll == 0 || h->scroll <= hist_total(h) - h->view);
		assert_true(h->n <= HIST_MAX);
		for (i = 1; i < h->n; i++)
			assert_true(h->v[i - 1].id < h->v[i].id);
	}
}

static int
alloc_step(void *arg)
{
	struct msg_row m = row(9, "nine");
	struct msg_row rows[2] = {row(1, "one"), row(2, "two")};
	struct hist h;
	int r;

	(void)arg;
	hist_init(&h);
	h.want = WANT_LATEST;
	r = hist_page(&h, rows, 2, false, false);
	if (r != 0)
		assert_int_equal(h.n, 0);
	if (r == 0) {
		r = hist_add(&h, &m);
		assert_int_equal(h.n, r == 0 ? 3 : 2);
	}
	hist_clear(&h);
	return r;
}

static void
test_hist__out_of_memory_changes_nothing(void **state)
{
	(void)state;
	assert_true(alloc_sweep(alloc_step, NULL) >= 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_hist_page__the_latest_shows_its_end),
	    T(test_hist_page__few_messages_stand_at_the_bottom),
	    T(test_hist_scroll__stops_at_both_ends),
	    T(test_hist_page__older_ones_go_in_front_and_the_view_stays),
	    T(test_hist_page__overlapping_pages_hold_each_message_once),
	    T(test_hist_page__the_far_end_is_let_go),
	    T(test_hist_add__at_the_end_the_view_follows_else_it_stays),
	    T(test_hist_add__known_ids_are_replaced),
	    T(test_hist_add__the_gap_below_a_deleted_message_counts),
	    T(test_hist_add__waits_while_the_end_is_not_loaded),
	    T(test_hist_drop__the_rest_stays_where_it_is),
	    T(test_hist_state__only_goes_forward),
	    T(test_hist_state__a_failed_one_can_be_sent_again),
	    T(test_hist_layout__separates_days_and_speakers),
	    T(test_hist_layout__the_time_goes_where_it_fits),
	    T(test_hist__a_senders_clock_that_runs_ahead_is_not_believed),
	    T(test_hist_resize__the_message_at_the_bottom_stays),
	    T(test_hist_marker__is_above_the_first_of_the_new),
	    T(test_hist_show__brings_a_message_into_the_middle),
	    T(test_hist_neighbour__steps_through_the_messages),
	    T(test_hist__random_walks_keep_the_view_inside),
	    T(test_hist__out_of_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
