/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be done with messages: keys in, commands and drawings out. */
#include "tests/unit/screen_rig.h"
#include "tui/screen/app_int.h"

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
#define composer(r)	    composer_text(&(r)->app->comp)

static void
change(struct rig *r, struct msg_row m)
{
	rig_event(r, (struct engine_event){.kind = EV_MSG_CHANGED,
			 .chat = m.chat,
			 .msg_id = m.id,
			 .msgs = &m,
			 .n = 1});
}

static void
refuse(struct rig *r, int code, const char *why)
{
	rig_answer(r, (struct engine_event){
			  .kind = EV_ERROR, .code = code, .text = lit(why)});
}

/* ---- answering ------------------------------------------------------------------ */

static void
test_reply__shows_what_is_answered_and_goes_with_it(void **state)
{
	struct rig *r = *state;

	rig_type(r, "half");
	rig_press(r, "Ctrl-Up k k r"); /* what Ann said last */
	assert_true(rig_shows(r, "Ann Example: See you at the harbour"));
	assert_string_equal(composer(r), "half"); /* the draft goes along */
	assert_false(r->app->selecting);
	rig_log(r);
	rig_type(r, " past nine");
	rig_press(r, "Enter");
	assert_log(r, "reply 1 half past nine to 6; ");
	assert_string_equal(composer(r), "");
	assert_int_equal(writing_kind(r->app), WRITE_NEW);
	rig_type(r, "next");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "send 1 next; ");
}

static void
test_reply__esc_leaves_it_and_the_text_stays(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up r");
	rig_type(r, "a thought");
	assert_true(rig_shows(r, "You: Or ten"));
	assert_true(rig_shows(r, "leave it"));
	rig_press(r, "Esc");
	assert_false(rig_shows(r, "You: Or ten"));
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "send 1 a thought; ");
}

static void
test_reply__belongs_to_its_chat(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up r Alt-2");
	assert_int_equal(writing_kind(r->app), WRITE_NEW);
	rig_log(r);
	rig_type(r, "to another");
	rig_press(r, "Enter");
	assert_non_null(strstr(rig_log(r), "send 2 to another; "));
	rig_press(r, "Alt-1");
	assert_int_equal(writing_kind(r->app), WRITE_REPLY);
}

static void
test_reply__notes_cannot_be_answered(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(8, 1, true, RIG_NOW, MSG_SENT, "Deleted");

	m.kind = MSG_DELETED;
	change(r, m);
	rig_press(r, "Ctrl-Up r");
	assert_int_equal(writing_kind(r->app), WRITE_NEW);
	assert_true(rig_shows(r, "This cannot be answered"));
}

/* ---- editing -------------------------------------------------------------------- */

static void
test_edit__takes_the_composer_and_gives_it_back(void **state)
{
	struct rig *r = *state;

	rig_type(r, "draft");
	rig_press(r, "Ctrl-Up e");
	assert_string_equal(composer(r), "Or ten");
	assert_true(rig_shows(r, "Editing: Or ten"));
	rig_log(r);
	rig_type(r, "!");
	rig_wait(r, 10000);
	assert_log(r, ""); /* neither a draft nor typing */
	rig_press(r, "Enter");
	assert_log(r, "edit 8 Or ten!; ");
	assert_string_equal(composer(r), "draft");
	rig_answer(r, (struct engine_event){.kind = EV_DONE});
	assert_null(r->app->sending);
}

static void
test_edit__esc_brings_the_draft_back_and_loses_nothing(void **state)
{
	struct rig *r = *state;

	rig_type(r, "draft");
	rig_press(r, "Ctrl-Up e");
	rig_type(r, " or eleven");
	rig_press(r, "Esc");
	assert_string_equal(composer(r), "draft");
	assert_int_equal(writing_kind(r->app), WRITE_NEW);
	rig_press(r, "Up");
	assert_string_equal(composer(r), "Or ten or eleven");
}

static void
test_edit__leaving_the_chat_leaves_it(void **state)
{
	struct rig *r = *state;

	rig_type(r, "draft");
	rig_press(r, "Ctrl-Up e");
	rig_type(r, "x");
	rig_press(r, "Alt-2 Alt-1");
	assert_string_equal(composer(r), "draft");
	assert_null(strstr(rig_log(r), "draft 1 Or ten"));
}

static void
test_edit__the_end_of_the_program_leaves_it(void **state)
{
	struct rig *r = *state;

	rig_type(r, "draft");
	rig_press(r, "Ctrl-Up e");
	assert_non_null(strstr(rig_log(r), "draft 1 draft; "));
	app_flush(r->app);
	assert_string_equal(composer(r), "draft");
	assert_log(r, "");
}

static void
test_edit__refused_says_why_and_keeps_the_text(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up e");
	rig_type(r, "!");
	rig_press(r, "Enter");
	refuse(r, ERR_STATE, "it is too late for that");
	assert_true(rig_shows(r, "Not changed. It is too late for that."));
	assert_null(r->app->sending);
	rig_press(r, "Up");
	assert_string_equal(composer(r), "Or ten!");
}

static void
test_edit__only_own_ones_and_not_for_ever(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up k k e");
	assert_true(rig_shows(r, "Only what you wrote"));
	rig_press(r, "k e"); /* 30 minutes old */
	assert_true(rig_shows(r, "older than 15 minutes"));
	assert_int_equal(writing_kind(r->app), WRITE_NEW);
}

/* A text that looks like a command is a text when it is an edit. */
static void
test_edit__a_slash_is_text(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up e Ctrl-U");
	rig_type(r, "/quit");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "edit 8 /quit; ");
	assert_false(r->app->quit);
}

/* ---- reacting --------------------------------------------------------------------- */

static void
test_react__by_number_by_mark_by_typing_and_back(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up +");
	assert_true(rig_shows(r, "React"));
	rig_log(r);
	rig_press(r, "3");
	assert_log(r, "react 8 \xf0\x9f\x98\x82; ");
	assert_false(app_is_open(r->app, &view_react));
	rig_press(r, "Ctrl-Up +");
	rig_press(r, "Right Enter");
	assert_log(r, "react 8 \xe2\x9d\xa4\xef\xb8\x8f; ");
	rig_press(r, "Ctrl-Up +");
	rig_type(r, "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9");
	rig_press(r, "Enter");
	assert_log(r, "react 8 \xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9; ");
	rig_press(r, "Ctrl-Up +");
	rig_type(r, "ab");
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "One emoji"));
	rig_press(r, "Esc + 0");
	assert_log(r, "react 8 ; ");
}

/* ---- deleting --------------------------------------------------------------------- */

static void
test_delete__for_me_can_be_thought_over(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up d");
	assert_true(rig_shows(r, "for everyone"));
	rig_log(r);
	rig_press(r, "m");
	assert_log(r, "");
	assert_false(rig_shows(r, "Or ten"));
	assert_true(rig_shows(r, "Deleted for you. u brings it back."));
	assert_int_equal(r->app->hist.selected, 7);
	rig_log(r);
	rig_press(r, "u");
	assert_log(r, "around 1 8 100; ");
	rig_wait(r, 60000);
	assert_log(r, "");
	rig_press(r, "d m");
	rig_wait(r, 5000);
	assert_log(r, "");
	rig_wait(r, 1100);
	assert_log(r, "forget 7; ");
	rig_press(r, "u");
	assert_true(rig_shows(r, "Nothing was deleted lately"));
}

static void
test_delete__is_done_when_the_program_ends_or_another_is_deleted(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up d m d m");
	assert_log(r, "forget 8; ");
	app_flush(r->app);
	assert_log(r, "forget 7; ");
}

static void
test_delete__for_everyone_is_for_own_ones(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up d");
	rig_log(r);
	rig_press(r, "e");
	assert_log(r, "retract 8; ");
	rig_press(r, "k k d");
	assert_false(rig_shows(r, "for everyone"));
	rig_log(r);
	rig_press(r, "e");
	assert_log(r, "");
	assert_true(rig_shows(r, "Only what you wrote"));
	rig_press(r, "Esc");
	assert_false(app_is_open(r->app, &view_delete));
	assert_log(r, "");
}

/* ---- picking, forwarding, starring, copying ------------------------------------------ */

static void
test_forward__several_messages_to_several_chats(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up Space k k Space f");
	assert_true(rig_shows(r, "Forward 2 to"));
	rig_type(r, "bj");
	rig_press(r, "Space Ctrl-U");
	rig_type(r, "emil");
	rig_press(r, "Space");
	assert_true(rig_shows(r, "(2)"));
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "forward 6,8 to 2,6; ");
	assert_int_equal(hist_npicked(&r->app->hist), 0);
	assert_false(r->app->selecting);
	rig_answer(r, (struct engine_event){.kind = EV_FORWARDED, .total = 4});
	assert_true(rig_shows(r, "Forwarded."));
}

static void
test_forward__enter_alone_takes_the_marked_chat(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up f");
	rig_type(r, "emil");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "forward 8 to 6; ");
}

static void
test_pick__toggles_and_esc_lets_go(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-Up Space Space");
	assert_int_equal(hist_npicked(&r->app->hist), 0);
	rig_press(r, "Space k Space y");
	assert_non_null(strstr(rig_log(r), "copy At nine?\nOr ten; "));
	rig_press(r, "Esc");
	assert_int_equal(hist_npicked(&r->app->hist), 0);
}

static void
test_pick__a_changed_message_stays_picked(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(8, 1, true, RIG_NOW, MSG_SENT, "Or twelve");

	rig_press(r, "Ctrl-Up Space");
	change(r, m);
	assert_int_equal(hist_npicked(&r->app->hist), 1);
}

static void
test_star__on_and_off(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(8, 1, true, RIG_NOW, MSG_SENT, "Or ten");

	rig_press(r, "Ctrl-Up s");
	assert_log(r, "star 8 1; ");
	m.starred = true;
	change(r, m);
	assert_true(rig_shows(r, "\xe2\x98\x85 14:30"));
	rig_log(r);
	rig_press(r, "Space k Space s"); /* one is, one is not: both */
	assert_log(r, "star 7 1; ");
	rig_press(r, "Esc Ctrl-Up s");
	assert_log(r, "star 8 0; ");
}

/* ---- the list of starred ones --------------------------------------------------------- */

static struct hit_row
hit(int64_t id, int64_t chat, const char *text)
{
	struct hit_row h = {
	    .msg = rig_msg(id, chat, false, RIG_NOW, MSG_RECEIVED, text)};

	h.msg.starred = true;
	return h;
}

static void
give_starred(struct rig *r, bool more)
{
	struct hit_row v[] = {hit(8, 1, "Or ten"), hit(500, 3, "a boat")};

	rig_answer(r, (struct engine_event){.kind = EV_HITS,
			  .hits = v,
			  .n = ARRAY_LEN(v),
			  .more_before = more});
}

static void
test_starred__jumps_and_comes_back(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-G");
	rig_type(r, "starred");
	rig_press(r, "Enter");
	assert_log(r, "starred 0 0 100; ");
	assert_true(rig_shows(r, "One moment"));
	give_starred(r, false);
	assert_true(rig_shows(r, "a boat"));
	rig_press(r, "Down Enter");
	assert_int_equal(r->app->open, 3);
	assert_int_equal(r->app->hist.selected, 500);
	assert_false(app_is_open(r->app, &view_starred));
	rig_press(r, "Alt-T"); /* the mark is where it was */
	give_starred(r, false);
	assert_int_equal(r->app->vs->starred.marked, 1);
	rig_press(r, "Esc Esc");
	assert_int_equal(r->app->open, 1);
}

static void
test_starred__a_star_comes_off_and_back(void **state)
{
	struct rig *r = *state;
	struct hit_row h = hit(8, 1, "Or ten");

	rig_press(r, "Alt-T");
	give_starred(r, false);
	rig_log(r);
	rig_press(r, "u"); /* nothing to undo */
	assert_log(r, "");
	rig_press(r, "s");
	assert_log(r, "star 8 0; ");
	h.msg.starred = false;
	change(r, h.msg);
	rig_press(r, "s"); /* it has none by now */
	assert_log(r, "");
	assert_true(rig_shows(r, "Or ten"));
	rig_press(r, "Down u");
	assert_log(r, "star 8 1; ");
	assert_int_equal(r->app->vs->starred.marked, 0);
	rig_press(r, "u");
	assert_log(r, "");
}

static void
test_starred__older_ones_are_asked_for_at_the_end(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Alt-T");
	give_starred(r, true);
	rig_log(r);
	rig_press(r, "Down");
	assert_log(r, "starred 0 500 100; ");
	rig_press(r, "Up Down"); /* they are on their way */
	assert_log(r, "");
	give_starred(r, false);
	assert_int_equal(r->app->vs->starred.n, 4);
	rig_press(r, "PgDn");
	assert_log(r, "");
}

static void
test_starred__of_one_chat_and_what_goes_goes(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Alt-I s");
	assert_log(r, "starred 1 0 100; ");
	assert_true(rig_shows(r, "Starred messages in Ann Example"));
	refuse(r, ERR_SYS, "No.");
	assert_true(rig_shows(r, "cannot be read"));
	rig_press(r, "Tab");
	assert_log(r, "starred 0 0 100; ");
	give_starred(r, false);
	rig_event(r,
	    (struct engine_event){.kind = EV_MSG_GONE, .chat = 1, .msg_id = 8});
	assert_int_equal(r->app->vs->starred.n, 1);
	rig_event(r, (struct engine_event){.kind = EV_CHAT_CLEARED, .chat = 3});
	assert_true(rig_shows(r, "Nothing is starred"));
	give_starred(r, false); /* to no question: not taken */
	assert_int_equal(r->app->vs->starred.n, 0);
}

/* ---- quotes, view-once, details --------------------------------------------------------- */

static void
test_open__jumps_to_what_is_answered_and_back(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(8, 1, true, RIG_NOW, MSG_SENT, "Or ten");

	rig_press(r, "Ctrl-Up Enter");
	assert_true(rig_shows(r, "answers no other message"));
	m.quote = lit("Shall we go");
	m.quote_from = lit("Ann Example");
	change(r, m);
	rig_press(r, "Enter");
	assert_true(rig_shows(r, "not on this device"));
	m.quote_id = 4;
	change(r, m);
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "around 1 4 100; ");
	assert_int_equal(r->app->hist.target, 4);
	rig_press(r, "Esc Esc");
	assert_log(r, "before 1 0 100; ");
}

static void
test_open__a_view_once_text_is_seen_once(void **state)
{
	struct rig *r = *state;
	struct msg_row m =
	    rig_msg(8, 1, false, RIG_NOW, MSG_RECEIVED, "To be seen once");
	struct msg_row text = m;

	m.kind = MSG_ONCE;
	change(r, m);
	rig_press(r, "Ctrl-Up");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "open_once 8; ");
	text.text = lit("the safe is 4711");
	rig_answer(
	    r, (struct engine_event){.kind = EV_ONCE, .msgs = &text, .n = 1});
	assert_true(rig_shows(r, "the safe is 4711"));
	rig_press(r, "Esc");
	assert_false(rig_shows(r, "4711"));
	assert_null(r->app->vs->read.text);
	m.opened = true;
	change(r, m);
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "has been looked at"));
}

static void
test_info__tells_who_has_it_and_what_it_said_before(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(8, 1, true, RIG_NOW, MSG_READ, "Or ten");
	struct receipt_row rc[] = {{.name = lit("Ann Example"),
				       .delivered_ms = RIG_NOW + 1000,
				       .read_ms = RIG_NOW + 2000},
	    {.name = lit("Emil")}};
	struct edit_row ed = {.written_ms = RIG_NOW, .text = lit("Or tin")};
	struct msg_info info = {.receipts = rc,
	    .n_receipts = 2,
	    .edits = &ed,
	    .n_edits = 1,
	    .edited_ms = RIG_NOW + 500};

	rig_press(r, "Ctrl-Up i");
	assert_log(r, "info 8; ");
	rig_answer(
	    r, (struct engine_event){
		   .kind = EV_MSG_INFO, .msgs = &m, .n = 1, .info = &info});
	assert_true(rig_shows(r, "delivered 24 November 2026, 14:30:01"));
	assert_true(rig_shows(r, "nothing told yet"));
	assert_true(rig_shows(r, "Or tin"));
	rig_press(r, "q");
	assert_int_equal(r->app->nviews, 1);
}

/* ---- timers --------------------------------------------------------------------------- */

static void
test_timer__what_is_left_is_shown_and_counts(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(8, 1, true, RIG_NOW, MSG_SENT, "Or ten");

	m.expire_s = 3600;
	change(r, m);
	assert_true(rig_shows(r, "\xe2\x97\x94"
				 "1h"));
	rig_wait(r, 0);
	assert_int_equal(app_tick(r->app), 0); /* it does not run yet */
	m.expires_ms = RIG_NOW + 90 * 1000;
	change(r, m);
	assert_true(rig_shows(r, "\xe2\x97\x94"
				 "1m"));
	assert_true(app_tick(r->app) != 0);
	rig_wait(r, 60500);
	assert_true(rig_shows(r, "\xe2\x97\x94"
				 "30s"));
	r->app->dirty = false;
	rig_wait(r, 100);
	assert_false(r->app->dirty);
	rig_wait(r, 1000);
	assert_true(r->app->dirty);
	assert_true(rig_shows(r, "\xe2\x97\x94"
				 "29s"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_reply__shows_what_is_answered_and_goes_with_it),
	    T(test_reply__esc_leaves_it_and_the_text_stays),
	    T(test_reply__belongs_to_its_chat),
	    T(test_reply__notes_cannot_be_answered),
	    T(test_edit__takes_the_composer_and_gives_it_back),
	    T(test_edit__esc_brings_the_draft_back_and_loses_nothing),
	    T(test_edit__leaving_the_chat_leaves_it),
	    T(test_edit__the_end_of_the_program_leaves_it),
	    T(test_edit__refused_says_why_and_keeps_the_text),
	    T(test_edit__only_own_ones_and_not_for_ever),
	    T(test_edit__a_slash_is_text),
	    T(test_react__by_number_by_mark_by_typing_and_back),
	    T(test_delete__for_me_can_be_thought_over),
	    T(test_delete__is_done_when_the_program_ends_or_another_is_deleted),
	    T(test_delete__for_everyone_is_for_own_ones),
	    T(test_forward__several_messages_to_several_chats),
	    T(test_forward__enter_alone_takes_the_marked_chat),
	    T(test_pick__toggles_and_esc_lets_go),
	    T(test_pick__a_changed_message_stays_picked),
	    T(test_star__on_and_off),
	    T(test_starred__jumps_and_comes_back),
	    T(test_starred__a_star_comes_off_and_back),
	    T(test_starred__older_ones_are_asked_for_at_the_end),
	    T(test_starred__of_one_chat_and_what_goes_goes),
	    T(test_open__jumps_to_what_is_answered_and_back),
	    T(test_open__a_view_once_text_is_seen_once),
	    T(test_info__tells_who_has_it_and_what_it_said_before),
	    T(test_timer__what_is_left_is_shown_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
