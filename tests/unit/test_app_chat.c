/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be set for a chat: keys and words in, commands and drawings out. */
#include "tests/unit/screen_rig.h"
#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

static int
setup(void **state)
{
	static struct rig r;

	rig_open(&r, 24, 80, NULL);
	rig_main(&r);
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	rig_close(*state);
	return 0;
}

#define assert_log(r, text) assert_string_equal(rig_log(r), text)

static void
give(struct rig *r, struct chat_row c)
{
	rig_event(
	    r, (struct engine_event){.kind = EV_CHAT, .chats = &c, .n = 1});
}

static struct chat_row
ann(void)
{
	return rig_chat(1, "Ann Example", RIG_NOW - 2 * MINUTE, "See you", 0);
}

/* ---- details ---------------------------------------------------------------------- */

static void
test_details__keys_set_what_they_say(void **state)
{
	struct rig *r = *state;
	struct chat_row c = ann();

	rig_press(r, "Alt-I");
	assert_true(rig_shows(r, "never compared"));
	rig_log(r);
	rig_press(r, "p");
	assert_log(r, "pin 1 1; ");
	c.pinned_ms = RIG_NOW;
	c.muted_until_ms = ENGINE_EVER;
	give(r, c);
	rig_press(r, "p m a u");
	assert_log(r, "pin 1 0; mute 1 0; archive 1 1; unread 1 1; ");
	c.muted_until_ms = 0;
	give(r, c);
	rig_press(r, "m Down Enter");
	assert_log(r, "mute 1 1795559400000; ");
	rig_press(r, "t Down Down Enter");
	assert_log(r, "timer 1 300; ");
	rig_press(r, "n Ctrl-U");
	rig_type(r, "Anna");
	rig_press(r, "Enter");
	assert_log(r, "rename 1 Anna; ");
	rig_press(r, "v");
	assert_log(r, "safety 1; ");
}

static void
test_details__enter_takes_the_marked_line(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Alt-I");
	rig_log(r);
	rig_press(r, "Down Enter"); /* the number: nothing to set */
	assert_log(r, "");
	rig_press(r, "Down Down Down Down Enter");
	assert_log(r, "pin 1 1; ");
}

static void
test_details__what_cannot_be_undone_is_asked(void **state)
{
	struct rig *r = *state;
	struct chat_row c = ann();

	rig_press(r, "Alt-I");
	rig_log(r);
	rig_press(r, "b n c n d Esc");
	assert_log(r, "");
	rig_press(r, "b y c y");
	assert_log(r, "block 1 1; clear 1; ");
	c.blocked = true;
	give(r, c);
	assert_true(rig_shows(r, "Blocked        yes"));
	rig_log(r);
	rig_press(r, "b"); /* back at once */
	assert_log(r, "block 1 0; ");
	rig_press(r, "d y");
	assert_log(r, "delete chat 1; ");
	assert_false(app_is_open(r->app, &view_details));
}

static void
test_details__of_the_marked_chat_in_the_list(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Tab Down Alt-I p");
	assert_non_null(strstr(rig_log(r), "pin 2 1; "));
	assert_int_equal(r->app->open, 1);
}

static void
test_details__close_when_the_chat_is_gone(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Alt-I");
	rig_log(r);
	rig_event(r, (struct engine_event){.kind = EV_CHAT_GONE, .chat = 1});
	assert_int_equal(r->app->nviews, 1);
	assert_int_equal(r->app->open, 2); /* what is first now */
	assert_log(r, "before 2 0 100; ");
	assert_null(model_find(&r->app->m, 1));
}

static void
test_chat_cleared__its_pages_are_asked_for_anew(void **state)
{
	struct rig *r = *state;

	rig_event(r, (struct engine_event){.kind = EV_CHAT_CLEARED, .chat = 2});
	assert_log(r, "");
	rig_event(r, (struct engine_event){.kind = EV_CHAT_CLEARED, .chat = 1});
	assert_log(r, "before 1 0 100; ");
	assert_int_equal(r->app->hist.n, 0);
}

/* ---- blocked ----------------------------------------------------------------------- */

static void
test_blocked__nothing_is_sent(void **state)
{
	struct rig *r = *state;
	struct chat_row c = ann();

	c.blocked = true;
	give(r, c);
	assert_true(rig_shows(r, "Blocked: nothing comes"));
	rig_type(r, "hello");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_string_equal(composer_text(&r->app->comp), "hello");
	assert_true(rig_shows(r, "you have blocked them"));
}

/* ---- the list ------------------------------------------------------------------------ */

static void
test_list__pinned_first_archived_behind_a_line(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(6, "Emil", RIG_NOW - 400 * DAY, "old", 12);

	c.archived = true;
	give(r, c);
	c = rig_chat(4, "Taro", RIG_NOW - 3 * DAY, "x", 0);
	c.pinned_ms = 1;
	give(r, c);
	assert_int_equal(r->app->m.v[0]->id, 4);
	assert_int_equal(model_shown(&r->app->m), 5);
	assert_true(rig_shows(r, "Archived 1, 12 new"));
	assert_false(rig_shows(r, "Emil"));
	rig_press(r, "Tab End Enter");
	assert_true(rig_shows(r, "Emil"));
	rig_press(r, "Down Enter");
	assert_int_equal(r->app->open, 6);
	rig_press(r, "Tab Up Enter");
	assert_false(rig_shows(r, "12  "));
	rig_press(r, "Alt-1");
	assert_int_equal(r->app->open, 4);
	rig_press(r, "Alt-6"); /* no chat: a line that folds */
	assert_int_equal(r->app->open, 4);
}

static void
test_list__stepping_leaves_archived_ones_out(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(6, "Emil", RIG_NOW - 400 * DAY, "old", 12);

	c.archived = true;
	give(r, c);
	rig_press(r, "Ctrl-P");
	assert_int_equal(r->app->open, 5);
	rig_press(r, "Ctrl-N");
	assert_int_equal(r->app->open, 1);
}

static void
test_muted__does_not_call(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(2, "B", RIG_NOW - 3 * HOUR, "Tickets?", 3);
	struct msg_row m =
	    rig_msg(20, 2, false, RIG_NOW, MSG_RECEIVED, "Tickets?");

	c.muted_until_ms = RIG_NOW + HOUR;
	give(r, c);
	rig_log(r);
	rig_event(r, (struct engine_event){
			 .kind = EV_MSG_NEW, .chat = 2, .msgs = &m, .n = 1});
	assert_log(r, ""); /* no bell */
	rig_press(r, "Alt-A");
	assert_int_equal(r->app->open, 6);
	assert_int_equal(model_unread(&r->app->m, r->wall), 12);
	rig_wait(r, 2 * HOUR);
	assert_int_equal(model_unread(&r->app->m, r->wall), 15);
	m.id = 21;
	rig_event(r, (struct engine_event){
			 .kind = EV_MSG_NEW, .chat = 2, .msgs = &m, .n = 1});
	assert_non_null(strstr(rig_log(r), "bell; "));
}

static void
test_marked_unread__ends_when_it_is_opened_not_before(void **state)
{
	struct rig *r = *state;
	struct chat_row c = ann();
	struct msg_row m = rig_msg(30, 3, false, RIG_NOW, MSG_RECEIVED, "x");

	c.marked_unread = true; /* the open one: it stays so */
	give(r, c);
	rig_log(r);
	rig_screen(r);
	assert_null(strstr(rig_log(r), "read"));
	c = rig_chat(3, "Cara", RIG_NOW - DAY, "x", 0);
	c.marked_unread = true;
	give(r, c);
	rig_press(r, "Alt-3");
	rig_answer(
	    r, (struct engine_event){.kind = EV_PAGE, .msgs = &m, .n = 1});
	rig_screen(r);
	assert_non_null(strstr(rig_log(r), "read 3 30; "));
}

/* ---- words --------------------------------------------------------------------------- */

static void
test_commands__take_times_and_names(void **state)
{
	static const struct {
		const char *typed, *asked;
	} rows[] = {
	    {"/timer 1d", "timer 1 86400; "},
	    {"/timer off", "timer 1 0; "},
	    {"/mute 8h", "mute 1 1795559400000; "},
	    {"/rename Anna Lind", "rename 1 Anna Lind; "},
	    {"/once the safe is 4711", "once 1 the safe is 4711; "},
	    {"/timer 1y", ""},
	    {"/timer 99w", ""},
	    {"/pin", "pin 1 1; "},
	    {"/archive", "archive 1 1; "},
	    {"/notes", "to self; "},
	};
	struct rig *r = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		rig_type(r, rows[i].typed);
		rig_log(r);
		rig_press(r, "Enter");
		assert_log(r, rows[i].asked);
		assert_string_equal(composer_text(&r->app->comp), "");
	}
}

static void
test_notes__open_when_they_are_there(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(9, "Note to self", 0, "", 0);

	c.to_self = true;
	rig_press(r, "Alt-N");
	assert_log(r, "to self; ");
	rig_answer(r, (struct engine_event){
			  .kind = EV_CONTACT, .chat = 9, .chats = &c, .n = 1});
	assert_int_equal(r->app->open, 9);
	rig_press(r, "Alt-I v b");
	assert_null(strstr(rig_log(r), "safety"));
	assert_false(app_is_open(r->app, &view_ask));
}

static void
test_once__goes_by_a_key_and_comes_back_when_refused(void **state)
{
	struct rig *r = *state;

	rig_type(r, "secret");
	rig_log(r);
	rig_press(r, "Alt-V");
	assert_log(r, "once 1 secret; ");
	assert_string_equal(composer_text(&r->app->comp), "");
	rig_answer(r, (struct engine_event){
			  .kind = EV_ERROR, .code = ERR_IO, .text = lit("no")});
	assert_string_equal(composer_text(&r->app->comp), "secret");
}

static void
test_report__takes_the_picked_ones(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up k k Space k k Space !");
	rig_log(r);
	rig_press(r, "Enter"); /* no */
	assert_log(r, "");
	rig_press(r, "! Down Down Enter");
	assert_log(r, "report 1: 4,6 block 1; ");
	rig_press(r, "Ctrl-Up k k ! Down Enter");
	assert_log(r, "report 1: 6 block 0; ");
}

static void
test_when_span__words_and_back(void **state)
{
	static const struct {
		const char *s;
		uint64_t want;
	} good[] = {{"off", 0}, {"0", 0}, {"30", 30}, {"30s", 30}, {"5m", 300},
	    {"5 minutes", 300}, {"1 week", 604800}, {"4w", 2419200},
	    {"2 days", 172800}, {"1d", 86400}};
	static const char *const bad[] = {
	    "", "x", "-1", "1y", "1 fortnight", "1x", "99999999d", "1s1"};
	char out[WHEN_CAP];
	uint64_t s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(when_parse_span(good[i].s, &s));
		assert_int_equal(s, good[i].want);
	}
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(when_parse_span(bad[i], &s));
	assert_string_equal(when_span(out, 604800), "1 week");
	assert_string_equal(when_span(out, 90), "90 seconds");
	assert_string_equal(when_span(out, 28800), "8 hours");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_details__keys_set_what_they_say),
	    T(test_details__enter_takes_the_marked_line),
	    T(test_details__what_cannot_be_undone_is_asked),
	    T(test_details__of_the_marked_chat_in_the_list),
	    T(test_details__close_when_the_chat_is_gone),
	    T(test_chat_cleared__its_pages_are_asked_for_anew),
	    T(test_blocked__nothing_is_sent),
	    T(test_list__pinned_first_archived_behind_a_line),
	    T(test_list__stepping_leaves_archived_ones_out),
	    T(test_muted__does_not_call),
	    T(test_marked_unread__ends_when_it_is_opened_not_before),
	    T(test_commands__take_times_and_names),
	    T(test_notes__open_when_they_are_there),
	    T(test_once__goes_by_a_key_and_comes_back_when_refused),
	    T(test_report__takes_the_picked_ones),
	    cmocka_unit_test(test_when_span__words_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
