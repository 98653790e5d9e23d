/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small parts of the screen: list of chats, palette's order, times,
 * passphrases, settings. */
#include <time.h>

#include "common/text.h"
#include "tests/unit/test.h"
#include "tui/screen/palette.h"
#include "tui/screen/prefs.h"
#include "tui/screen/strength.h"
#include "tui/screen/when.h"

#define NOW 1795530600000ull /* Tue 24 Nov 2026 14:30:00 UTC */
#define DAY 86400000ull

static struct chat_row
row(int64_t id, const char *title, uint64_t last_ms, uint32_t unread)
{
	return (struct chat_row){.chat = id,
	    .title = lit(title),
	    .phone = lit("+491701234567"),
	    .last_ms = last_ms,
	    .unread = unread};
}

static void
put(struct model *m, int64_t id, const char *title, uint64_t last_ms,
    uint32_t unread)
{
	struct chat_row r = row(id, title, last_ms, unread);

	assert_non_null(model_put(m, &r, NOW, 0));
}

static void
expect_order(const struct model *m, const char *ids)
{
	char got[64] = "";
	size_t i, n = 0;

	for (i = 0; i < m->n; i++)
		n += (size_t)snprintf(
		    got + n, sizeof(got) - n, "%d ", (int)m->v[i]->id);
	assert_string_equal(got, ids);
}

static void
test_model_put__keeps_the_latest_first(void **state)
{
	struct chat_row c;
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, 1, "a", 100, 0);
	put(&m, 2, "b", 300, 0);
	put(&m, 3, "c", 200, 0);
	expect_order(&m, "2 3 1 ");
	put(&m, 1, "a", 400, 0);
	expect_order(&m, "1 2 3 ");
	put(&m, 1, "a", 50, 0); /* its last message was deleted */
	expect_order(&m, "2 3 1 ");
	put(&m, 4, "new", 0, 0); /* empty: as if written to now */
	expect_order(&m, "4 2 3 1 ");
	put(&m, 2, "b", NOW + 1, 0);
	model_visit(&m, model_find(&m, 4));
	c = row(4, "new", 0, 0);
	assert_non_null(model_put(&m, &c, NOW + 2, 0));
	expect_order(&m, "2 4 3 1 "); /* still as old as it was */
	assert_true(model_find(&m, 4)->visited == 1);
	model_clear(&m);
}

static void
test_model_put_all__forgets_what_is_gone_and_keeps_visits(void **state)
{
	struct chat_row rows[2] = {row(2, "b", 10, 0), row(5, "e", 20, 7)};
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, 1, "a", 100, 0);
	put(&m, 2, "b", 300, 0);
	model_visit(&m, model_find(&m, 2));
	assert_ok(model_put_all(&m, rows, 2, NOW, 0));
	expect_order(&m, "5 2 ");
	assert_true(model_find(&m, 2)->visited == 1);
	assert_int_equal(model_unread(&m, 0), 7);
	assert_null(model_find(&m, 1));
	model_clear(&m);
}

static void
test_model_next_unread__goes_round(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	assert_null(model_next_unread(&m, 0, 0));
	put(&m, 1, "a", 400, 1);
	put(&m, 2, "b", 300, 0);
	put(&m, 3, "c", 200, 1);
	assert_int_equal(model_next_unread(&m, 0, 0)->id, 1);
	assert_int_equal(model_next_unread(&m, 1, 0)->id, 3);
	assert_int_equal(model_next_unread(&m, 2, 0)->id, 3);
	assert_int_equal(model_next_unread(&m, 3, 0)->id, 1);
	put(&m, 3, "c", 200, 0);
	assert_null(model_next_unread(&m, 1, 0));
	model_clear(&m);
}

static int
model_step(void *arg)
{
	struct chat_row rows[2] = {row(1, "a", 10, 0), row(2, "b", 20, 7)};
	struct engine_self self = {.name = lit("me")};
	struct model m;
	int r = 0;

	(void)arg;
	model_init(&m);
	if (model_put(&m, &rows[0], NOW, 0) == NULL) {
		r = ERR_NOMEM;
		assert_int_equal(m.n, 0);
	}
	if (r == 0) {
		r = model_put_all(&m, rows, 2, NOW, 0);
		assert_int_equal(m.n, r == 0 ? 2 : 1);
	}
	if (r == 0)
		r = model_set_draft(m.v[0], "x");
	if (r == 0)
		r = model_set_self(&m, &self);
	model_clear(&m);
	return r;
}

static void
test_model__out_of_memory_changes_nothing(void **state)
{
	(void)state;
	assert_true(alloc_sweep(model_step, NULL) > 10);
}

/* ---- palette ------------------------------------------------------------------ */

static struct palette_entry entries[PALETTE_MAX];

static void
test_palette_rank__letters_first_then_recency(void **state)
{
	struct model m;
	int n;

	(void)state;
	model_init(&m);
	put(&m, 1, "Anna Berg", 100, 0);
	put(&m, 2, "Bernd Annen", 300, 0);
	put(&m, 3, "Johanna", 200, 0);
	n = palette_rank(entries, &m, 0, "anna");
	assert_true(n >= 2);
	assert_int_equal(entries[0].chat, 1); /* the start of a word */
	n = palette_rank(entries, &m, 0, "joanna"); /* one slip */
	assert_true(n >= 1);
	assert_int_equal(entries[0].chat, 3);
	assert_int_equal(palette_rank(entries, &m, 0, "zzzz"), 0);
	put(&m, 4, "Anna Beck", 90, 0);
	model_visit(&m, model_find(&m, 4));
	palette_rank(entries, &m, 0, "anna be");
	assert_int_equal(entries[0].chat, 4); /* visited lately */
	model_clear(&m);
}

static void
test_palette_rank__nothing_typed_shows_the_visited_then_commands(void **state)
{
	struct model m;
	int n;

	(void)state;
	model_init(&m);
	put(&m, 1, "a", 100, 0);
	put(&m, 2, "b", 300, 0);
	put(&m, 3, "c", 200, 0);
	model_visit(&m, model_find(&m, 1));
	model_visit(&m, model_find(&m, 3));
	n = palette_rank(entries, &m, 3, "");
	assert_int_equal(n, 3 + (int)ncommands);
	assert_int_equal(entries[0].chat, 1); /* visited */
	assert_int_equal(entries[1].chat, 2); /* latest */
	assert_int_equal(entries[2].chat, 3); /* where one is */
	assert_int_equal(entries[3].kind, PALETTE_COMMAND);
	model_clear(&m);
}

static void
test_palette_rank__numbers_find_people_or_start_chats(void **state)
{
	struct model m;
	int n;

	(void)state;
	model_init(&m);
	put(&m, 1, "Anna", 100, 0);
	n = palette_rank(entries, &m, 0, "1701234");
	assert_int_equal(entries[0].kind, PALETTE_CHAT);
	assert_int_equal(entries[n - 1].kind, PALETTE_NUMBER);
	n = palette_rank(entries, &m, 0, "+49 (30) 99");
	assert_int_equal(n, 1);
	assert_int_equal(entries[0].kind, PALETTE_NUMBER);
	assert_int_equal(palette_rank(entries, &m, 0, "99x99"), 0);
	model_clear(&m);
}

static void
test_palette_rank__of_thousands_the_best_are_kept(void **state)
{
	struct model m;
	char title[32];
	int i;

	(void)state;
	model_init(&m);
	for (i = 1; i <= 2000; i++) {
		snprintf(title, sizeof(title), "Somebody %d", i);
		put(&m, i, title, (uint64_t)(5000 - i), 0);
	}
	put(&m, 3000, "Zed", 1, 0);
	assert_int_equal(palette_rank(entries, &m, 0, "somebody"), PALETTE_MAX);
	assert_int_equal(entries[0].chat, 1);
	palette_rank(entries, &m, 0, "zed");
	assert_int_equal(entries[0].chat, 3000);
	model_clear(&m);
}

/* ---- times ---------------------------------------------------------------------- */

static void
zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void
test_when__is_what_people_say(void **state)
{
	static const struct {
		uint64_t ago;
		const char *brief, *day, *seen;
	} rows[] = {
	    {0, "14:30", "Today", "today at 14:30"},
	    {14 * 3600000, "00:30", "Today", "today at 00:30"},
	    {15 * 3600000, "Yest.", "Yesterday", "yesterday at 23:30"},
	    {2 * DAY, "Sun", "Sunday 22 November", "on 22 November"},
	    {6 * DAY, "Wed", "Wednesday 18 November", "on 18 November"},
	    {7 * DAY, "17 Nov", "Tuesday 17 November", "on 17 November"},
	    {328 * DAY, "2025", "31 December 2025", "on 31 December"},
	};
	char out[WHEN_CAP];
	size_t i;

	(void)state;
	zone("UTC");
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t t = NOW - rows[i].ago;

		assert_string_equal(when_short(out, t, NOW), rows[i].brief);
		assert_true(text_width(out, strlen(out)) <= 6);
		assert_string_equal(when_day(out, t, NOW), rows[i].day);
		assert_string_equal(when_seen(out, t, NOW), rows[i].seen);
	}
	assert_string_equal(when_clock(out, NOW), "14:30");
	assert_string_equal(when_full(out, NOW), "24 November 2026, 14:30:00");
	/* a clock that runs ahead of ours */
	assert_string_equal(when_short(out, NOW + 2 * DAY, NOW), "14:30");
}

static void
test_when__days_are_local_and_follow_the_calendar(void **state)
{
	uint64_t t;
	char out[WHEN_CAP];

	(void)state;
	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_string_equal(when_clock(out, NOW), "15:30");
	/* the night of 25 October 2026 has 25 hours */
	t = 1792969200000ull; /* 25 Oct 2026 23:00 UTC = 26 Oct 00:00 */
	assert_false(when_same_day(t - 1, t));
	assert_true(when_same_day(t, t + DAY - 1));
	assert_true(when_same_day(t - 25 * 3600000ull, t - 1));
	zone("UTC");
	/* leap day and turn of the year */
	t = 1835395200000ull; /* 29 Feb 2028 00:00 */
	assert_string_equal(when_day(out, t, t + DAY), "Yesterday");
	t = 1830297600000ull; /* 1 Jan 2028 00:00 */
	assert_string_equal(when_day(out, t - 1, t), "Yesterday");
}

/* ---- passphrases ------------------------------------------------------------------ */

static void
test_strength__orders_passphrases(void **state)
{
	static const struct {
		const char *s;
		enum strength st;
	} rows[] = {
	    {"", STRENGTH_NONE},
	    {"password", STRENGTH_WEAK},
	    {"Password1", STRENGTH_WEAK},
	    {"aaaaaaaaaaaaaaaaaaaa", STRENGTH_WEAK},
	    {"abcdefghijklmnop", STRENGTH_WEAK},
	    {"12345678", STRENGTH_WEAK},
	    {"hunter2", STRENGTH_WEAK},
	    {"one two three", STRENGTH_FAIR},
	    {"correct horse battery staple", STRENGTH_GOOD},
	    {"tr0ub4dor&3", STRENGTH_STRONG},
	    {"seven quiet otters swim past old piers", STRENGTH_STRONG},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
		    strength_of(rows[i].s, strlen(rows[i].s)), rows[i].st);
	}
	assert_string_equal(strength_word(STRENGTH_GOOD), "good");
}

/* ---- settings ----------------------------------------------------------------------- */

static void
test_prefs__are_read_as_they_were_written(void **state)
{
	struct prefs p, q;
	struct buf b;
	char why[200];

	(void)state;
	prefs_defaults(&p);
	assert_int_equal(p.notify, NOTIFY_PRIVATE);
	p.notify = NOTIFY_FULL;
	p.theme = THEME_LIGHT;
	p.mouse = true;
	buf_init(&b, 4096);
	assert_ok(prefs_write(&p, &b));
	prefs_defaults(&q);
	assert_ok(
	    prefs_parse(&q, "f", (const char *)b.p, b.len, why, sizeof(why)));
	assert_int_equal(q.notify, NOTIFY_FULL);
	assert_int_equal(q.theme, THEME_LIGHT);
	assert_true(q.mouse);
	buf_clear(&b);
}

static void
test_prefs__a_bad_file_says_where_and_changes_nothing(void **state)
{
	static const char text[] = "mouse = yes\nnotify = loud\n";
	struct prefs p;
	char why[200];

	(void)state;
	prefs_defaults(&p);
	assert_err(
	    prefs_parse(&p, "f", text, sizeof(text) - 1, why, sizeof(why)),
	    ERR_CONFIG);
	assert_non_null(strstr(why, "f:2: notify"));
	assert_false(p.mouse);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_model_put__keeps_the_latest_first),
	    cmocka_unit_test(
		test_model_put_all__forgets_what_is_gone_and_keeps_visits),
	    cmocka_unit_test(test_model_next_unread__goes_round),
	    cmocka_unit_test(test_model__out_of_memory_changes_nothing),
	    cmocka_unit_test(test_palette_rank__letters_first_then_recency),
	    cmocka_unit_test(
		test_palette_rank__nothing_typed_shows_the_visited_then_commands),
	    cmocka_unit_test(
		test_palette_rank__numbers_find_people_or_start_chats),
	    cmocka_unit_test(test_palette_rank__of_thousands_the_best_are_kept),
	    cmocka_unit_test(test_when__is_what_people_say),
	    cmocka_unit_test(test_when__days_are_local_and_follow_the_calendar),
	    cmocka_unit_test(test_strength__orders_passphrases),
	    cmocka_unit_test(test_prefs__are_read_as_they_were_written),
	    cmocka_unit_test(
		test_prefs__a_bad_file_says_where_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
