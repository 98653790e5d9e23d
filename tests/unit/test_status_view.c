/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status posts on the screen: the line under the chats, and the view. */
#include "tests/unit/screen_rig.h"

static struct status_row
post(int64_t id, uint8_t author, const char *name, bool seen, const char *text)
{
	return (struct status_row){.id = id,
	    .author = {author},
	    .name = name != NULL ? lit(name) : NULL,
	    .phone = lit(""),
	    .own = name == NULL,
	    .seen = seen || name == NULL,
	    .text = lit(text),
	    .posted_ms = RIG_NOW - (uint64_t)(20 - id) * MINUTE,
	    .expires_ms = RIG_NOW + 20 * HOUR,
	    .state = MSG_SENT,
	    .audience = 12,
	    .views = 3};
}

/* What was asked for last, with these. */
static void
answer(struct rig *r, struct status_row *v, size_t n)
{
	rig_event(r, (struct engine_event){.kind = EV_STATUSES,
			 .tag = r->posts_tag,
			 .statuses = v,
			 .n = n});
}

static void
some_posts(struct status_row v[5])
{
	v[0] = post(1, 9, NULL, true, "Back from the mountains");
	v[1] = post(2, 1, "Ann", true, "Good morning");
	v[2] = post(3, 1, "Ann", false, "Lunch in the park, who comes?");
	v[3] = post(4, 1, "Ann", false, "Now it rains");
	v[4] = post(5, 3, "Cara", false, "A new job!");
}

static void
to_list(struct rig *r)
{
	rig_main(r);
	if (!r->app->show_list)
		rig_press(r, "Tab");
}

static void
test_status_strip__is_drawn_under_the_chats(void **state)
{
	static const struct {
		int rows, cols;
		const char *golden;
	} v[] = {{24, 80, "status_strip-80x24"}, {6, 20, "status_strip-20x6"}};
	struct status_row posts[5];
	struct rig r;
	size_t i;

	(void)state;
	some_posts(posts);
	for (i = 0; i < ARRAY_LEN(v); i++) {
		rig_open(&r, v[i].rows, v[i].cols, NULL);
		to_list(&r);
		answer(&r, posts, ARRAY_LEN(posts));
		rig_golden(&r, v[i].golden);
		rig_close(&r);
	}
}

static void
test_status_strip__is_not_there_when_nothing_is_new(void **state)
{
	struct status_row posts[5];
	struct rig r;
	char *before;

	(void)state;
	rig_open(&r, 24, 80, NULL);
	to_list(&r);
	before = strdup(rig_screen(&r));
	assert_non_null(before);
	answer(&r, NULL, 0);
	assert_string_equal(rig_screen(&r), before);
	some_posts(posts);
	posts[2].seen = posts[3].seen = true;
	posts[4].muted = true; /* comes, and is not pointed out */
	answer(&r, posts, ARRAY_LEN(posts));
	assert_string_equal(rig_screen(&r), before);
	posts[3].seen = false;
	answer(&r, posts, ARRAY_LEN(posts));
	assert_true(rig_shows(&r, "1 post: Ann"));
	free(before);
	rig_close(&r);
}

static void
test_status_strip__follows_what_happens(void **state)
{
	static const enum engine_event_kind kinds[] = {
	    EV_STATUS_NEW, EV_STATUS_CHANGED, EV_STATUS_GONE, EV_STATUS_MUTED};
	struct rig r;
	size_t i;
	int was;

	(void)state;
	rig_open(&r, 24, 80, NULL);
	to_list(&r);
	assert_int_equal(r.posts_asked, 1);
	answer(&r, NULL, 0);
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		was = r.posts_asked;
		rig_event(&r, (struct engine_event){.kind = kinds[i]});
		assert_int_equal(r.posts_asked, was + 1);
		answer(&r, NULL, 0);
	}
	/* While it is asked for: once more, and not once for each. */
	was = r.posts_asked;
	for (i = 0; i < 5; i++)
		rig_event(&r, (struct engine_event){.kind = EV_STATUS_NEW});
	assert_int_equal(r.posts_asked, was + 1);
	answer(&r, NULL, 0);
	assert_int_equal(r.posts_asked, was + 2);
	answer(&r, NULL, 0);
	assert_int_equal(r.posts_asked, was + 2);
	rig_close(&r);
}

static void
test_status_strip__opens_by_a_click(void **state)
{
	struct key ev = {
	    .type = KT_MOUSE, .mouse = MOUSE_LEFT, .y = 22, .x = 3};
	struct status_row posts[5];
	struct rig r;

	(void)state;
	rig_open(&r, 24, 80, NULL);
	to_list(&r);
	some_posts(posts);
	answer(&r, posts, ARRAY_LEN(posts));
	rig_screen(&r);
	app_key(r.app, &ev);
	assert_true(app_is_open(r.app, &view_status));
	rig_close(&r);
}
/* ---- the view ------------------------------------------------------------------ */

static char *
long_text(void)
{
	struct buf b;
	uint8_t *out;
	size_t len;
	int i;

	buf_init(&b, 4096);
	for (i = 1; i <= 40; i++)
		assert_ok(buf_printf(&b, "%sline %d", i > 1 ? "\n" : "", i));
	assert_ok(buf_put_u8(&b, 0));
	buf_detach(&b, &out, &len);
	return (char *)out;
}

static void
to_posts(struct rig *r, int rows, int cols, struct status_row *v, size_t n)
{
	rig_open(r, rows, cols, NULL);
	to_list(r);
	rig_press(r, "Alt-S");
	answer(r, v, n);
	rig_screen(r);
}

static void
test_status_view__is_drawn_as_before(void **state)
{
	static const struct {
		int rows, cols;
	} sizes[] = {{24, 80}, {6, 20}};
	char *text = long_text(), name[64];
	struct status_row v[3];
	struct rig r;
	size_t i;

	(void)state;
	v[0] = post(1, 9, NULL, true, "Back from the mountains");
	v[1] = post(2, 1, "Ann", false, text);
	v[2] = post(3, 3, "Cara", false, "A new job!");
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		to_posts(&r, sizes[i].rows, sizes[i].cols, v, 3);
		snprintf(name, sizeof(name), "status_long-%dx%d", sizes[i].cols,
		    sizes[i].rows);
		rig_golden(&r, name);
		rig_press(&r, "Left");
		snprintf(name, sizeof(name), "status_own-%dx%d", sizes[i].cols,
		    sizes[i].rows);
		rig_golden(&r, name);
		answer(&r, NULL, 0);
		snprintf(name, sizeof(name), "status_none-%dx%d", sizes[i].cols,
		    sizes[i].rows);
		rig_golden(&r, name);
		rig_close(&r);
	}
	free(text);
}

static void
test_status_view__a_long_post_is_read_to_its_end(void **state)
{
	char *text = long_text();
	struct status_row v[2];
	struct rig r;
	int i;

	(void)state;
	v[0] = post(2, 1, "Ann", false, text);
	v[1] = post(3, 3, "Cara", false, text);
	to_posts(&r, 24, 80, v, 2);
	assert_string_equal(rig_log(&r), "see 2; ");
	assert_true(rig_shows(&r, "line 1 "));
	assert_false(rig_shows(&r, "line 40"));
	rig_press(&r, "Down");
	assert_false(rig_shows(&r, "line 1 "));
	assert_true(rig_shows(&r, "line 2 "));
	for (i = 0; i < 10; i++) {
		rig_press(&r, "PgDn");
		rig_screen(&r);
	}
	assert_true(rig_shows(&r, "line 40"));
	/* The same post stays where it is read; the next begins at its top. */
	rig_event(&r, (struct engine_event){.kind = EV_STATUS_CHANGED});
	answer(&r, v, 2);
	assert_true(rig_shows(&r, "line 40"));
	rig_press(&r, "Right");
	assert_true(rig_shows(&r, "line 1 "));
	assert_string_equal(rig_log(&r), "see 3; ");
	rig_press(&r, "PgDn PgUp Up");
	assert_true(rig_shows(&r, "line 1 "));
	rig_close(&r);
	free(text);
}

static void
test_status_view__does_what_is_asked(void **state)
{
	struct status_row v[2];
	struct rig r;

	(void)state;
	v[0] = post(1, 9, NULL, true, "Mine");
	v[1] = post(3, 3, "Cara", true, "Hers");
	to_posts(&r, 24, 80, v, 2);
	rig_press(&r, "m Enter"); /* one's own is neither muted nor answered */
	assert_string_equal(rig_log(&r), "");
	rig_press(&r, "v d");
	assert_string_equal(rig_log(&r), "viewers 1; delete post 1; ");
	rig_press(&r, "Right v d m");
	assert_string_equal(rig_log(&r), "mute posts of 3 1; ");
	rig_press(&r, "Enter");
	rig_type(&r, "Well done");
	rig_press(&r, "Enter");
	assert_string_equal(rig_log(&r), "answer post 3 Well done; ");
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_strip__is_drawn_under_the_chats),
	    cmocka_unit_test(
		test_status_strip__is_not_there_when_nothing_is_new),
	    cmocka_unit_test(test_status_strip__follows_what_happens),
	    cmocka_unit_test(test_status_strip__opens_by_a_click),
	    cmocka_unit_test(test_status_view__is_drawn_as_before),
	    cmocka_unit_test(test_status_view__a_long_post_is_read_to_its_end),
	    cmocka_unit_test(test_status_view__does_what_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
