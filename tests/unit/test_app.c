/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the screen does: keys and events in, commands and drawings out. */
#include <unistd.h>

#include "tests/unit/screen_rig.h"

static int
setup(void **state)
{
	static struct rig r;

	rig_open(&r, 24, 80, NULL);
	*state = &r;
	return 0;
}

static int
setup_main(void **state)
{
	setup(state);
	rig_main(*state);
	return 0;
}

static int
teardown(void **state)
{
	rig_close(*state);
	return 0;
}

static void
give_page(struct rig *r, int64_t chat, int64_t from, int64_t to, bool before)
{
	struct msg_row rows[200];
	size_t n = 0;

	for (; from <= to; from++)
		rows[n++] = rig_msg(
		    from, chat, false, RIG_NOW - HOUR, MSG_RECEIVED, "a line");
	rig_answer(r,
	    (struct engine_event){
		.kind = EV_PAGE, .msgs = rows, .n = n, .more_before = before});
}

static void
give_message(struct rig *r, int64_t id, int64_t chat, const char *text)
{
	struct msg_row m =
	    rig_msg(id, chat, false, RIG_NOW, MSG_RECEIVED, text);

	rig_event(r, (struct engine_event){
			 .kind = EV_MSG_NEW, .chat = chat, .msgs = &m, .n = 1});
}

static void
give_chat(struct rig *r, struct chat_row c)
{
	rig_event(
	    r, (struct engine_event){.kind = EV_CHAT, .chats = &c, .n = 1});
}

#define assert_log(r, text) assert_string_equal(rig_log(r), text)

/* ---- starting ---------------------------------------------------------------- */

static void
test_app_start__asks_for_chats_and_one_page_once(void **state)
{
	struct rig *r = *state;
	struct engine_self self = {.registered = true};
	struct chat_row c = rig_chat(7, "Ann", RIG_NOW, "hi", 0);

	app_start(r->app, true, NULL);
	rig_type(r, "pass word");
	rig_press(r, "Enter");
	assert_log(r, "unlock pass word; ");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED, .self = self});
	assert_log(r, "chats; ");
	rig_answer(
	    r, (struct engine_event){.kind = EV_CHATS, .chats = &c, .n = 1});
	assert_log(r, "before 7 0 100; ");
	give_page(r, 7, 1, 30, true);
	rig_screen(r);
	assert_log(r, "title Sotto; ");
}

static void
test_app_unlock__a_wrong_passphrase_is_said_and_wiped(void **state)
{
	struct rig *r = *state;

	app_start(r->app, true, NULL);
	rig_press(r, "Enter");
	assert_log(r, ""); /* nothing was typed */
	rig_type(r, "wrong");
	rig_press(r, "Enter");
	rig_press(r, "Enter"); /* once is enough */
	assert_log(r, "unlock wrong; ");
	assert_true(rig_shows(r, "Unlocking"));
	rig_answer(
	    r, (struct engine_event){.kind = EV_ERROR, .code = ERR_AUTH});
	assert_true(rig_shows(r, "Wrong passphrase"));
	assert_int_equal(edit_len(&r->app->vs->unlock.fields[0].edit), 0);
}

static void
test_app_unlock__an_unregistered_store_goes_on_with_the_form(void **state)
{
	struct rig *r = *state;
	struct engine_key key = {.command = "pass show sotto"};

	app_start(r->app, true, &key);
	assert_log(r, "unlock by key; chats; ");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	assert_true(rig_shows(r, "set up this device"));
	assert_false(rig_shows(r, "Passphrase"));
}

/* The key and the chats are asked for at once; one refusal is enough said. */
static void
test_app_unlock__a_refused_key_says_so_once(void **state)
{
	struct rig *r = *state;
	struct engine_key key = {.command = "pass show sotto"};

	app_start(r->app, true, &key);
	rig_answer(r, (struct engine_event){.kind = EV_ERROR,
			  .code = ERR_AUTH,
			  .text = (char *)"wrong key"});
	rig_event(r, (struct engine_event){.kind = EV_ERROR,
			 .tag = r->chats_tag,
			 .code = ERR_STATE,
			 .text = (char *)"The store is locked"});
	assert_true(rig_shows(r, "Wrong key."));
	assert_false(rig_shows(r, "is locked"));
	assert_false(app_settling(r->app));
	rig_event(r, (struct engine_event){.kind = EV_ERROR,
			 .code = ERR_IO,
			 .text = (char *)"the disk is full"});
	assert_string_equal(r->app->notice, "The disk is full.");
	rig_log(r);
	rig_type(r, "right");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){
			  .kind = EV_UNLOCKED, .self = {.registered = true}});
	assert_log(r, "unlock right; chats; ");
}

/* What a key opens is drawn when it is whole. */
static void
test_app_settling__until_chats_and_page_are_here(void **state)
{
	struct rig *r = *state;
	struct engine_key key = {.command = "pass show sotto"};
	struct chat_row c = rig_chat(7, "Ann", RIG_NOW, "hi", 0);

	assert_false(app_settling(r->app));
	app_start(r->app, true, &key);
	assert_true(app_settling(r->app));
	rig_answer(r, (struct engine_event){
			  .kind = EV_UNLOCKED, .self = {.registered = true}});
	assert_true(app_settling(r->app));
	assert_log(r, "unlock by key; chats; ");
	rig_event(
	    r, (struct engine_event){
		   .kind = EV_CHATS, .tag = r->chats_tag, .chats = &c, .n = 1});
	assert_true(app_settling(r->app));
	give_page(r, 7, 1, 30, true);
	assert_false(app_settling(r->app));
}

/* The first chats, the messages of one, then all chats; no title before. */
static void
test_app_chats__the_rest_comes_behind_the_first_page(void **state)
{
	struct rig *r = *state;
	struct engine_key key = {.command = "pass show sotto"};
	struct chat_row c[2] = {rig_chat(7, "Ann", RIG_NOW, "hi", 0),
	    rig_chat(8, "Bob", RIG_NOW - HOUR, "ho", 2)};

	app_start(r->app, true, &key);
	rig_answer(r, (struct engine_event){
			  .kind = EV_UNLOCKED, .self = {.registered = true}});
	rig_log(r);
	rig_event(r, (struct engine_event){.kind = EV_CHATS,
			 .tag = r->chats_tag,
			 .chats = c,
			 .n = 1,
			 .more_after = true});
	assert_log(r, "before 7 0 100; all chats; ");
	give_page(r, 7, 1, 30, true);
	assert_false(app_settling(r->app));
	assert_false(rig_shows(r, "Bob"));
	assert_log(r, "");
	rig_event(
	    r, (struct engine_event){
		   .kind = EV_CHATS, .tag = r->chats_tag, .chats = c, .n = 2});
	assert_true(rig_shows(r, "Bob"));
	assert_int_equal(r->app->open, 7);
	assert_log(r, "title (2) Sotto; ");
}

/* Whoever types the passphrase sees the form, and nothing waits for a list
 * without chats. */
static void
test_app_settling__not_before_a_form_nor_without_chats(void **state)
{
	struct rig *r = *state;

	app_start(r->app, true, NULL);
	assert_false(app_settling(r->app));
	rig_type(r, "x");
	rig_press(r, "Enter");
	assert_false(app_settling(r->app));
	rig_answer(r, (struct engine_event){
			  .kind = EV_UNLOCKED, .self = {.registered = true}});
	rig_event(
	    r, (struct engine_event){.kind = EV_CHATS, .tag = r->chats_tag});
	assert_false(app_settling(r->app));
}

static void
test_app_first_run__from_nothing_to_the_chats(void **state)
{
	struct rig *r = *state;
	struct engine_self self = {.registered = true};

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	assert_log(r, "unlock three quiet otters; ");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	assert_log(r, "register sotto://relay.example/?invite=abc "
		      "+49 170 1234567 Mia; ");
	rig_answer(
	    r, (struct engine_event){
		   .kind = EV_CODE_SENT, .digits = 6, .resend_after_ms = 2000});
	assert_true(rig_shows(r, "A code of 6 digits"));
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, ""); /* no code yet */
	rig_type(r, "123456");
	rig_press(r, "Enter");
	assert_log(r, "verify 123456; ");
	rig_answer(
	    r, (struct engine_event){.kind = EV_REGISTERED, .self = self});
	assert_log(r, "chats; ");
	assert_true(rig_shows(r, "Welcome"));
}

static void
test_app_first_run__what_is_wrong_is_said_before_anything_is_made(void **state)
{
	static const struct {
		int field;
		const char *text, *says;
	} rows[] = {
	    {FR_RELAY, "", "invite link or the relay's address"},
	    {FR_RELAY, "http://x", "sotto://"},
	    {FR_PHONE, "", "no phone number was given"},
	    {FR_PHONE, "0170 1234567", "start with + and the country code"},
	    {FR_PHONE, "+49 12", "too few digits"},
	    {FR_NAME, "", "name others will see"},
	    {FR_PASS, "short", "at least 6 characters"},
	    {FR_AGAIN, "three quiet other", "passphrases differ"},
	};
	struct rig *r = *state;
	struct first_run_view *v = &r->app->vs->first_run;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		rig_first_run(r, "three quiet otters");
		assert_ok(edit_set(&v->fields[rows[i].field].edit, rows[i].text,
		    strlen(rows[i].text)));
		rig_press(r, "Enter");
		assert_log(r, "");
		assert_true(rig_shows(r, rows[i].says));
		assert_int_equal(v->form.focus, rows[i].field);
		rig_log(r);
	}
}

static void
test_app_first_run__errors_keep_the_form_and_can_be_mended(void **state)
{
	struct rig *r = *state;
	char why[] = "the relay does not know this invite";

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_log(r);
	rig_answer(r, (struct engine_event){
			  .kind = EV_ERROR, .code = ERR_DENIED, .text = why});
	assert_true(rig_shows(r, "The relay does not know this invite."));
	assert_true(rig_shows(r, "+49 170 1234567"));
	/* The passphrase has done its work and is not kept. */
	assert_int_equal(
	    edit_len(&r->app->vs->first_run.fields[FR_PASS].edit), 0);
	rig_press(r, "Enter");
	assert_log(r, "title Sotto; register sotto://relay.example/?invite=abc "
		      "+49 170 1234567 Mia; ");
}

static void
test_app_first_run__the_code_may_be_typed_before_the_relay_answers(void **state)
{
	struct rig *r = *state;

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_log(r);
	rig_press(r, "Enter"); /* nothing typed: nothing is sent later */
	rig_type(r, "246810");
	rig_press(r, "Enter Enter");
	assert_log(r, "");
	rig_answer(r, (struct engine_event){.kind = EV_CODE_SENT, .digits = 6});
	assert_log(r, "verify 246810; ");
}

/* Where the relay cannot say that none will come. */
static void
test_app_first_run__a_code_that_may_not_come_is_told(void **state)
{
	struct rig *r = *state;
	char why[] = "This relay takes new people by invite only.";

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_answer(r, (struct engine_event){
			  .kind = EV_CODE_SENT, .digits = 6, .text = why});
	assert_true(rig_shows(r, "by invite only"));
	assert_false(rig_shows(r, "is on its way"));
}

/* What cannot be a code is not sent: each try counts. */
static void
test_app_first_run__the_code_takes_what_a_code_can_be(void **state)
{
	struct rig *r = *state;
	const struct edit *e = &r->app->vs->first_run.fields[FR_CODE].edit;

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_answer(r, (struct engine_event){.kind = EV_CODE_SENT, .digits = 6});
	rig_log(r);
	rig_type(r, "12a");
	assert_string_equal(edit_text(e), "12");
	assert_true(rig_shows(r, "Only digits belong here."));
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "The code has 6 digits; these are 2."));
	rig_type(r, " 3");
	assert_false(rig_shows(r, "these are 2"));
	rig_type(r, "-4567");
	assert_string_equal(edit_text(e), "123456");
	assert_true(rig_shows(r, "There are 6 digits, not more."));
	rig_log(r);
	rig_press(r, "Ctrl-U");
	rig_paste(r, "your code: 1\n");
	assert_string_equal(edit_text(e), "");
	rig_paste(r, "654-321\n");
	assert_string_equal(edit_text(e), "654321");
	rig_press(r, "Enter");
	assert_log(r, "verify 654321; ");
}

static void
test_app_first_run__a_link_goes_where_it_belongs(void **state)
{
	static const char link[] = "sotto://relay.example/?invite=xyz";
	struct rig *r = *state;
	struct first_run_view *v = &r->app->vs->first_run;

	rig_first_run(r, "three quiet otters");
	form_focus(&v->form, FR_NAME);
	rig_paste(r, link);
	assert_string_equal(form_text(&v->form, FR_NAME), "Mia");
	assert_string_equal(form_text(&v->form, FR_RELAY), link);
	assert_int_equal(v->form.focus, FR_RELAY);
	assert_true(rig_shows(r, "it went to the first field"));
	rig_log(r);
	/* typed by hand it is not taken for a name either */
	assert_ok(edit_set(&v->fields[FR_NAME].edit, link, sizeof(link) - 1));
	form_focus(&v->form, FR_AGAIN);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "That is a relay's link."));
	assert_int_equal(v->form.focus, FR_NAME);
}

static void
test_app_bar__tells_what_enter_does(void **state)
{
	struct rig *r = *state;

	rig_first_run(r, "three quiet otters");
	assert_true(rig_shows(r, "Enter set up"));
	rig_press(r, "Up");
	assert_true(rig_shows(r, "Enter go on"));
	rig_main(r);
	rig_press(r, "F4");
	assert_true(rig_shows(r, "Enter keep "));
	rig_press(r, "Esc F2");
	assert_true(rig_shows(r, "Enter start "));
}

static void
test_app_first_run__a_new_code_can_be_had_when_its_time_has_come(void **state)
{
	struct rig *r = *state;

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_answer(
	    r, (struct engine_event){
		   .kind = EV_CODE_SENT, .digits = 6, .resend_after_ms = 2500});
	rig_log(r);
	rig_wait(r, 0);
	assert_true(rig_shows(r, "new in 3s"));
	rig_log(r);
	rig_press(r, "Ctrl-R");
	assert_log(r, "");
	assert_true(rig_shows(r, "in 3 seconds"));
	rig_wait(r, 2600);
	assert_false(rig_shows(r, "new in"));
	rig_press(r, "Ctrl-R");
	assert_log(r, "register sotto://relay.example/?invite=abc "
		      "+49 170 1234567 Mia; ");
}

/* ---- writing and sending -------------------------------------------------------- */

static void
test_app_send__leaves_the_composer_and_comes_back_when_refused(void **state)
{
	struct rig *r = *state;
	char why[] = "the disk is full";

	rig_type(r, "hello");
	rig_press(r, "Enter");
	assert_log(r, "typing 1; send 1 hello; ");
	assert_string_equal(composer_text(&r->app->comp), "");
	rig_wait(r, 2000);
	assert_log(r, ""); /* the engine forgets the draft with the sending */
	rig_type(r, "next");
	rig_log(r);
	rig_answer(r, (struct engine_event){
			  .kind = EV_ERROR, .code = ERR_IO, .text = why});
	assert_string_equal(composer_text(&r->app->comp), "hello\nnext");
	assert_log(r, "draft 1 hello\nnext; ");
	assert_true(rig_shows(r, "Not sent. The disk is full."));
	assert_null(r->app->sending);
}

static void
test_app_send__is_shown_once_whatever_events_come(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(9, 1, true, RIG_NOW, MSG_PENDING, "hello");

	rig_type(r, "hello");
	rig_press(r, "Enter");
	rig_answer(r,
	    (struct engine_event){.kind = EV_SENT_LOCALLY, .msgs = &m, .n = 1});
	assert_null(r->app->sending);
	rig_event(
	    r, (struct engine_event){.kind = EV_MSG_NEW, .msgs = &m, .n = 1});
	assert_int_equal(r->app->hist.n, 9);
	rig_event(r, (struct engine_event){.kind = EV_MSG_STATE,
			 .chat = 1,
			 .msg_id = 9,
			 .state = MSG_READ});
	assert_int_equal(r->app->hist.v[8].state, MSG_READ);
}

static void
test_app_send__is_refused_while_a_verified_key_has_changed(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(1, "Ann", RIG_NOW, "x", 0);

	c.trust = TRUST_CHANGED;
	give_chat(r, c);
	rig_type(r, "hello");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_string_equal(composer_text(&r->app->comp), "hello");
	assert_true(rig_shows(r, "F3 shows it"));
	assert_true(rig_shows(r, "safety number changed"));
}

static void
test_app_send__blanks_alone_are_not_sent(void **state)
{
	struct rig *r = *state;

	rig_type(r, "  ");
	rig_press(r, "Alt-Enter Enter");
	assert_log(r, "typing 1; ");
}

static void
test_app_escape__never_erases(void **state)
{
	struct rig *r = *state;

	rig_type(r, "precious");
	rig_press(r, "Esc Esc Esc Ctrl-C Esc");
	assert_string_equal(composer_text(&r->app->comp), "precious");
	assert_false(r->app->quit);
}

static void
test_app_slash__a_mistyped_command_needs_a_second_enter(void **state)
{
	struct rig *r = *state;

	rig_type(r, "/serach boats");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "is no command"));
	rig_press(r, "Enter");
	assert_log(r, "send 1 /serach boats; ");
	rig_type(r, "/etc/hosts");
	rig_log(r);
	rig_press(r, "Enter"); /* a path is text */
	assert_log(r, "send 1 /etc/hosts; ");
	rig_type(r, "/help");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(app_is_open(r->app, &view_help));
}

static void
test_app_slash__commands_take_their_words_along(void **state)
{
	struct rig *r = *state;

	rig_type(r, "/se");
	rig_press(r, "Tab"); /* search or settings */
	assert_string_equal(composer_text(&r->app->comp), "/se");
	rig_type(r, "a");
	rig_press(r, "Tab");
	assert_string_equal(composer_text(&r->app->comp), "/search ");
	rig_type(r, "blue boat");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "search 1 blue boat 200; ");
	rig_press(r, "Esc");
	rig_type(r, "/new +49 170 99");
	rig_press(r, "Enter");
	assert_true(rig_shows(r, "New chat"));
	assert_true(rig_shows(r, "+49 170 99"));
}

static void
test_app_composer__recalls_what_was_sent(void **state)
{
	struct rig *r = *state;

	rig_type(r, "one");
	rig_press(r, "Enter");
	rig_type(r, "two");
	rig_press(r, "Enter");
	rig_type(r, "thr");
	rig_press(r, "Up");
	assert_string_equal(composer_text(&r->app->comp), "two");
	rig_press(r, "Up Up");
	assert_string_equal(composer_text(&r->app->comp), "one");
	rig_press(r, "Down Down");
	assert_string_equal(composer_text(&r->app->comp), "thr");
	rig_press(r, "Down");
	assert_string_equal(composer_text(&r->app->comp), "thr");
}

/* ---- drafts ------------------------------------------------------------------------ */

static void
test_app_draft__is_saved_at_each_pause_and_at_the_end(void **state)
{
	struct rig *r = *state;

	rig_type(r, "half a ");
	rig_log(r);
	rig_wait(r, 900);
	assert_log(r, "");
	rig_type(r, "thought");
	rig_wait(r, 900);
	assert_log(r, "");
	rig_wait(r, 200);
	assert_log(r, "draft 1 half a thought; ");
	rig_wait(r, 5000);
	assert_log(r, ""); /* once */
	rig_type(r, "!");
	rig_log(r);
	app_flush(r->app);
	assert_log(r, "draft 1 half a thought!; ");
}

static void
test_app_draft__typing_without_a_pause_is_saved_too(void **state)
{
	struct rig *r = *state;
	int i;

	for (i = 0; i < 11; i++) {
		rig_type(r, "x");
		rig_wait(r, 500);
	}
	assert_non_null(strstr(rig_log(r), "draft 1 xxxxxxxxxx"));
}

static void
test_app_draft__belongs_to_its_chat(void **state)
{
	struct rig *r = *state;

	rig_type(r, "for Ann");
	rig_press(r, "Alt-4");
	assert_non_null(strstr(rig_log(r), "draft 1 for Ann; before 4 0"));
	assert_string_equal(composer_text(&r->app->comp), "half a thought");
	rig_press(r, "Alt-1");
	assert_string_equal(composer_text(&r->app->comp), "for Ann");
	assert_null(strstr(rig_log(r), "draft 4")); /* unchanged */
}

static void
test_app_draft__a_recalled_text_does_not_replace_it(void **state)
{
	struct rig *r = *state;

	rig_type(r, "sent");
	rig_press(r, "Enter");
	rig_type(r, "mine");
	rig_wait(r, 2000);
	rig_press(r, "Up");
	rig_log(r);
	rig_wait(r, 2000);
	app_flush(r->app);
	assert_null(strstr(rig_log(r), "draft 1 sent"));
}

static void
test_app_typing__is_told_now_and_then(void **state)
{
	struct rig *r = *state;

	rig_type(r, "abc");
	assert_log(r, "typing 1; ");
	rig_wait(r, 3100);
	rig_log(r);
	rig_type(r, "d");
	assert_log(r, "typing 1; ");
}

/* ---- reading ------------------------------------------------------------------------- */

static void
test_app_read__is_what_was_on_the_screen_in_front_of_someone(void **state)
{
	struct rig *r = *state;
	struct key away = {.type = KT_FOCUS, .on = false},
		   back = {.type = KT_FOCUS, .on = true};

	app_key(r->app, &away);
	give_chat(r, rig_chat(1, "Ann", RIG_NOW, "new", 1));
	give_message(r, 9, 1, "new");
	rig_log(r);
	rig_screen(r);
	assert_null(strstr(rig_log(r), "read"));
	app_key(r->app, &back);
	rig_screen(r);
	assert_non_null(strstr(rig_log(r), "read 1 9; "));
	rig_screen(r);
	assert_log(r, ""); /* once */
}

static void
test_app_read__not_behind_another_view(void **state)
{
	struct rig *r = *state;

	rig_press(r, "F1");
	give_chat(r, rig_chat(1, "Ann", RIG_NOW, "new", 1));
	give_message(r, 9, 1, "new");
	rig_screen(r);
	assert_null(strstr(rig_log(r), "read"));
	rig_press(r, "Esc");
	rig_screen(r);
	assert_non_null(strstr(rig_log(r), "read 1 9; "));
}

static void
test_app_read__a_long_chat_only_as_far_as_it_was_seen(void **state)
{
	struct rig *r = *state;

	give_chat(r, rig_chat(2, "Bj\xc3\xb6rn", RIG_NOW, "x", 60));
	rig_press(r, "Alt-1");
	rig_log(r);
	give_page(r, 2, 101, 200, true);
	rig_screen(r);
	/* 60 are new: 141 is the first of them, at the top of 20 lines */
	assert_true(rig_shows(r, "60 new"));
	assert_non_null(strstr(rig_log(r), "read 2 159; "));
	rig_press(r, "PgDn");
	rig_screen(r);
	assert_non_null(strstr(rig_log(r), "read 2 177; "));
	rig_press(r, "Alt-End");
	rig_screen(r);
	assert_non_null(strstr(rig_log(r), "read 2 200; "));
}

static void
test_app_unread__alt_a_goes_round_them(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Alt-A");
	assert_int_equal(r->app->open, 2);
	rig_press(r, "Alt-A");
	assert_int_equal(r->app->open, 6);
	rig_press(r, "Alt-A");
	assert_int_equal(r->app->open, 2);
	rig_press(r, "Alt-/"); /* the one before */
	assert_int_equal(r->app->open, 6);
	rig_press(r, "Ctrl-N"); /* and round again */
	assert_int_equal(r->app->open, 1);
	rig_press(r, "Ctrl-P");
	assert_int_equal(r->app->open, 6);
	rig_press(r, "Alt-3");
	assert_int_equal(r->app->open, 3);
	rig_press(r, "Alt-9"); /* there are six */
	assert_int_equal(r->app->open, 3);
}

static void
test_app_scroll__asks_for_older_pages_only_when_needed(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Alt-3");
	rig_log(r);
	give_page(r, 3, 101, 200, true);
	rig_screen(r);
	rig_log(r);
	rig_press(r, "PgUp PgUp");
	assert_log(r, "");
	rig_press(r, "PgUp PgUp PgUp");
	assert_log(r, "before 3 101 100; ");
	rig_press(r, "PgUp"); /* it is on its way */
	assert_log(r, "");
	give_page(r, 3, 1, 100, false);
	rig_press(r, "Alt-Home");
	assert_log(r, "");
	assert_int_equal(hist_scroll(&r->app->hist, 1), 0);
	rig_press(r, "PgUp");
	assert_true(rig_shows(r, "This is the first message"));
}

/* ---- palette, search --------------------------------------------------------------- */

static void
test_app_ctrl_k__cuts_or_opens_the_palette(void **state)
{
	struct rig *r = *state;

	rig_type(r, "abc");
	rig_press(r, "Left Ctrl-K");
	assert_string_equal(composer_text(&r->app->comp), "ab");
	assert_false(app_is_open(r->app, &view_palette));
	rig_press(r, "Ctrl-K");
	assert_true(app_is_open(r->app, &view_palette));
	rig_type(r, "emil");
	rig_press(r, "Enter");
	assert_int_equal(r->app->open, 6);
}

static void
test_app_palette__runs_commands_and_starts_chats(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-G");
	rig_type(r, "settings");
	rig_press(r, "Enter");
	assert_true(app_is_open(r->app, &view_settings));
	assert_false(app_is_open(r->app, &view_palette));
	rig_press(r, "Esc Ctrl-G");
	rig_type(r, "+49 170 888");
	rig_press(r, "Enter");
	assert_true(app_is_open(r->app, &view_new_chat));
	rig_press(r, "Enter");
	assert_non_null(strstr(rig_log(r), "contact +49 170 888 -; "));
}

static void
test_app_new_chat__opens_when_its_row_has_come(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(50, "Zoe", 0, "", 0);

	rig_press(r, "F2");
	rig_type(r, "+49 170 1");
	rig_press(r, "Tab");
	rig_type(r, "Zoe");
	rig_press(r, "Enter");
	assert_log(r, "contact +49 170 1 Zoe; ");
	rig_answer(r, (struct engine_event){.kind = EV_CONTACT, .chat = 50});
	assert_false(app_is_open(r->app, &view_new_chat));
	assert_log(r, "all chats; ");
	assert_int_equal(r->app->open, 1);
	give_chat(r, c);
	assert_int_equal(r->app->open, 50);
	assert_log(r, "before 50 0 100; ");
	assert_int_equal(model_index(&r->app->m, 50), 0); /* on top */
}

static void
give_hit(struct rig *r, int64_t chat, int64_t id)
{
	struct hit_row h = {
	    .msg = rig_msg(id, chat, false, RIG_NOW, MSG_RECEIVED, "a boat"),
	    .mark_off = 2,
	    .mark_len = 4};

	rig_answer(
	    r, (struct engine_event){.kind = EV_HITS, .hits = &h, .n = 1});
}

static void
test_app_search__one_question_at_a_time(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-S");
	rig_type(r, "boat");
	assert_log(r, "search 1 b 200; ");
	give_hit(r, 1, 4);
	assert_log(r, "search 1 boat 200; ");
	give_hit(r, 1, 4);
	assert_log(r, "");
	rig_press(r, "Ctrl-S");
	assert_log(r, "search 0 boat 200; ");
	assert_true(rig_shows(r, "Search everywhere"));
}

static void
test_app_search__jumps_and_comes_back(void **state)
{
	struct rig *r = *state;

	rig_press(r, "Ctrl-S");
	rig_type(r, "b");
	give_hit(r, 3, 500);
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "around 3 500 100; ");
	assert_int_equal(r->app->open, 3);
	give_page(r, 3, 450, 550, true);
	assert_int_equal(r->app->hist.selected, 500);
	rig_screen(r);
	rig_log(r);
	rig_press(r, "Ctrl-S"); /* the hits are still there */
	assert_true(rig_shows(r, "a boat"));
	rig_press(r, "Esc Esc");
	assert_int_equal(r->app->open, 1);
	assert_non_null(strstr(rig_log(r), "before 1 0 100; "));
}

/* ---- safety number -------------------------------------------------------------------- */

static void
give_safety(struct rig *r, enum trust trust)
{
	struct engine_event ev = {.kind = EV_SAFETY, .trust = trust};

	memset(ev.safety, '7', ENGINE_SAFETY_LEN);
	rig_answer(r, ev);
}

static void
test_app_safety__compare_accept_take_back(void **state)
{
	struct rig *r = *state;

	rig_press(r, "F3 v");
	assert_log(r, "safety 1; "); /* nothing to compare yet */
	give_safety(r, TRUST_FIRST_USE);
	assert_true(rig_shows(r, "77777  77777"));
	rig_log(r);
	rig_press(r, "a"); /* nothing has changed */
	assert_log(r, "");
	rig_press(r, "v");
	assert_log(r, "trust 1 1; ");
	give_safety(r, TRUST_VERIFIED);
	assert_true(rig_shows(r, "Marked as verified"));
	rig_log(r);
	rig_press(r, "v");
	assert_log(r, "");
	rig_press(r, "u");
	assert_log(r, "trust 1 0; ");
	give_safety(r, TRUST_CHANGED);
	rig_press(r, "a");
	assert_log(r, "trust 1 0; ");
	rig_press(r, "Esc");
	assert_false(app_is_open(r->app, &view_safety));
}

/* ---- paste ---------------------------------------------------------------------------- */

static void
test_app_paste__few_lines_go_where_one_writes(void **state)
{
	struct rig *r = *state;

	rig_paste(r, "a\nb\nc\nd\ne\n");
	assert_false(app_is_open(r->app, &view_paste));
	assert_string_equal(composer_text(&r->app->comp), "a\nb\nc\nd\ne\n");
	assert_null(strstr(rig_log(r), "send"));
}

static void
test_app_paste__many_lines_are_asked_about(void **state)
{
	struct rig *r = *state;

	rig_type(r, "see: ");
	rig_paste(r, "1\n2\n3\n4\n5\n6\n");
	assert_true(app_is_open(r->app, &view_paste));
	rig_press(r, "Esc");
	assert_string_equal(composer_text(&r->app->comp), "see: ");
	rig_paste(r, "1\n2\n3\n4\n5\n6\n");
	rig_press(r, "e");
	assert_string_equal(
	    composer_text(&r->app->comp), "see: 1\n2\n3\n4\n5\n6");
	rig_press(r, "Ctrl-_");
	assert_string_equal(composer_text(&r->app->comp), "see: ");
	rig_log(r);
	rig_paste(r, "1\n2\n3\n4\n5\n6\n");
	rig_press(r, "Enter");
	assert_non_null(strstr(rig_log(r), "send 1 see: 1\n2\n3\n4\n5\n6; "));
	assert_string_equal(composer_text(&r->app->comp), "");
}

static void
test_app_paste__too_long_for_one_message_is_sent_in_parts(void **state)
{
	struct rig *r = *state;
	size_t n = 150 * 1000, i;
	char *big = malloc(n + 1);

	assert_non_null(big);
	for (i = 0; i < n; i++)
		big[i] = i % 100 == 99 ? '\n' : 'x';
	big[n] = '\0';
	rig_paste(r, big);
	assert_true(rig_shows(r, "Enter sends 3"));
	rig_press(r, "e"); /* does not fit */
	assert_true(app_is_open(r->app, &view_paste));
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "send 1 65500 bytes; send 1 65500 bytes; "
		      "send 1 18999 bytes; ");
	free(big);
}

/* ---- notifications ----------------------------------------------------------------------- */

static void
test_app_notify__says_little_unless_told_otherwise(void **state)
{
	struct rig *r = *state;
	struct key away = {.type = KT_FOCUS, .on = false};

	give_message(r, 9, 1, "seen at once");
	assert_null(strstr(rig_log(r), "bell"));
	give_message(r, 10, 2, "elsewhere"); /* focused: a bell will do */
	assert_log(r, "bell; ");
	rig_wait(r, 3000);
	app_key(r->app, &away);
	give_message(r, 11, 1, "secret");
	assert_log(r, "bell; notify Sotto/New message; ");
	give_message(r, 12, 1, "at once after"); /* no storm */
	assert_log(r, "");
	rig_wait(r, 3000);
	r->app->prefs.notify = NOTIFY_SENDER;
	give_message(r, 13, 1, "secret");
	assert_log(r, "bell; notify Sotto/Message from Ann Example; ");
	rig_wait(r, 3000);
	r->app->prefs.notify = NOTIFY_FULL;
	give_message(r, 14, 1, "two\nlines");
	assert_log(r, "bell; notify Sotto/Ann Example: two lines; ");
	rig_wait(r, 3000);
	r->app->prefs.notify = NOTIFY_NONE;
	give_message(r, 15, 1, "quiet");
	assert_log(r, "");
}

static void
test_app_notify__a_long_queue_is_told_once(void **state)
{
	struct rig *r = *state;
	struct key away = {.type = KT_FOCUS, .on = false};
	int i;

	app_key(r->app, &away);
	rig_event(
	    r, (struct engine_event){.kind = EV_SYNC, .done = 0, .total = 500});
	for (i = 0; i < 500; i++)
		give_message(r, 100 + i, 2, "old");
	assert_log(r, "");
	assert_true(rig_shows(r, "receiving 0 of 500"));
	rig_log(r);
	rig_event(r, (struct engine_event){.kind = EV_SYNC});
	assert_log(r, "bell; notify Sotto/500 new messages; ");
}

/* ---- the rest --------------------------------------------------------------------------- */

static void
test_app_draw__nothing_is_sent_when_nothing_changed(void **state)
{
	struct rig *r = *state;
	off_t at;

	rig_screen(r);
	fflush(r->out);
	at = lseek(fileno(r->out), 0, SEEK_CUR);
	rig_screen(r);
	rig_screen(r);
	assert_int_equal(lseek(fileno(r->out), 0, SEEK_CUR), at);
	rig_type(r, "x");
	rig_screen(r);
	assert_in_range(lseek(fileno(r->out), 0, SEEK_CUR) - at, 1, 150);
}

static void
test_app_tick__wakes_only_for_what_is_to_be_seen(void **state)
{
	struct rig *r = *state;
	struct chat_row c = rig_chat(2, "B", RIG_NOW, "x", 0);

	assert_int_equal(app_tick(r->app), 0);
	c.typing = true;
	give_chat(r, c);
	assert_int_equal(app_tick(r->app), r->mono + MODEL_TYPING_MS);
	assert_true(rig_shows(r, "typing"));
	rig_wait(r, MODEL_TYPING_MS);
	assert_false(rig_shows(r, "typing"));
	assert_int_equal(app_tick(r->app), 0);
	rig_event(r,
	    (struct engine_event){
		.kind = EV_CONN, .conn = CONN_OFFLINE, .retry_after_ms = 2500});
	assert_int_equal(app_tick(r->app), r->mono + 500);
	assert_true(rig_shows(r, "again in 3s"));
	rig_wait(r, 500);
	assert_true(r->app->dirty);
	assert_true(rig_shows(r, "again in 2s"));
	rig_wait(r, 2000);
	assert_int_equal(app_tick(r->app), 0);
	assert_false(rig_shows(r, "again in"));
}

static void
test_app_quit__ctrl_q_at_once_ctrl_c_twice(void **state)
{
	struct rig *r = *state;

	rig_press(r, "F1 Ctrl-C");
	assert_false(app_is_open(r->app, &view_help));
	rig_press(r, "Ctrl-C a Ctrl-C");
	assert_false(r->app->quit);
	rig_press(r, "Ctrl-C");
	assert_true(r->app->quit);
	r->app->quit = false;
	rig_press(r, "Ctrl-Q");
	assert_true(r->app->quit);
}

static void
test_app_chord__a_broken_pair_types_nothing(void **state)
{
	struct rig *r = *state;

	rig_type(r, "text");
	rig_log(r);
	rig_press(r, "Ctrl-X Ctrl-E");
	assert_log(r, "editor text; ");
	rig_press(r, "Ctrl-X q");
	assert_string_equal(composer_text(&r->app->comp), "text");
	app_edited(r->app, "edited\n", 7);
	assert_string_equal(composer_text(&r->app->comp), "edited");
}

static void
test_app_select__copy_details_retry(void **state)
{
	struct rig *r = *state;
	struct msg_row m = rig_msg(9, 1, true, RIG_NOW, MSG_FAILED, "lost");

	rig_event(
	    r, (struct engine_event){.kind = EV_MSG_NEW, .msgs = &m, .n = 1});
	rig_press(r, "Ctrl-Up");
	assert_int_equal(r->app->hist.selected, 9);
	rig_log(r);
	rig_press(r, "R");
	assert_log(r, "retry 9; ");
	rig_press(r, "k R");
	assert_log(r, "");
	rig_press(r, "k k y");
	assert_log(r, "copy See you at the harbour; ");
	rig_press(r, "i");
	assert_log(r, "info 6; ");
	rig_type(r, "z"); /* typing goes on where one writes */
	assert_string_equal(composer_text(&r->app->comp), "z");
	rig_log(r);
	rig_press(r, "Alt-R");
	assert_log(r, "retry 9; ");
}

static void
test_app_settings__are_sent_and_saved(void **state)
{
	struct rig *r = *state;

	rig_press(r, "F4 Tab Space Tab Tab Right Tab Left Enter");
	assert_log(r, "retheme; save; set_profile Mia 0 0; ");
	assert_int_equal(r->app->prefs.notify, NOTIFY_SENDER);
	assert_int_equal(r->app->prefs.theme, THEME_MONO);
	rig_answer(r, (struct engine_event){.kind = EV_DONE});
	assert_false(app_is_open(r->app, &view_settings));
	rig_press(r, "F4 Enter");
	assert_log(r, ""); /* nothing changed */
}

static void
test_app_relay_key__yes_and_no(void **state)
{
	struct rig *r = *state;
	char key[] = "abc";
	struct engine_event ev = {.kind = EV_RELAY_KEY, .text = key};

	rig_event(r, ev);
	rig_type(r, "x"); /* not an answer */
	assert_log(r, "");
	rig_press(r, "n");
	assert_log(r, "relay_key 0; ");
	rig_event(r, ev);
	rig_press(r, "y");
	assert_log(r, "relay_key 1; ");
	assert_int_equal(r->app->nviews, 1);
}

static void
test_app_fatal__says_so_and_can_only_quit(void **state)
{
	struct rig *r = *state;
	char why[] = "The store failed: disk full";

	rig_type(r, "draft");
	rig_event(r, (struct engine_event){.kind = EV_FATAL, .text = why});
	assert_true(rig_shows(r, "The store failed: disk full"));
	rig_log(r);
	rig_press(r, "F2 F3 Ctrl-K a Enter");
	assert_log(r, "");
	rig_press(r, "Ctrl-Q");
	assert_true(r->app->quit);
}

static void
test_app_refused__a_command_that_cannot_be_queued_is_told(void **state)
{
	struct rig *r = *state;

	r->refuse = ERR_NOMEM;
	rig_type(r, "hello");
	rig_press(r, "Enter");
	assert_string_equal(composer_text(&r->app->comp), "hello");
	assert_true(rig_shows(r, "Not done: out of memory"));
	rig_press(r, "F3 Alt-2 PgUp");
	r->refuse = 0;
}

static void
test_app_mouse__clicks_and_wheel(void **state)
{
	struct rig *r = *state;
	struct key click = {.type = KT_MOUSE, .mouse = MOUSE_LEFT, .x = 3};
	struct key wheel = {
	    .type = KT_MOUSE, .mouse = MOUSE_WHEEL_UP, .x = 50, .y = 8};

	rig_screen(r);
	click.y = 4; /* two lines each: the second chat */
	app_key(r->app, &click);
	assert_int_equal(r->app->open, 2);
	give_page(r, 2, 1, 100, false);
	rig_screen(r);
	app_key(r->app, &wheel);
	assert_int_equal(r->app->hist.scroll, 3);
	rig_type(r, "abcdef");
	rig_screen(r);
	click.y = 22;
	click.x = 25 + 2 + 3;
	app_key(r->app, &click);
	assert_int_equal(r->app->comp.edit.cur, 3);
	rig_log(r);
	rig_press(r, "Alt-M");
	assert_log(r, "mouse 1; save; ");
}

static void
test_app_resize__any_size_holds(void **state)
{
	static const int sizes[][2] = {{1, 1}, {2, 3}, {3, 10}, {6, 20},
	    {10, 40}, {100, 300}, {24, 80}, {5, 300}, {100, 20}};
	static const char *const opens[] = {
	    "", "F1", "F2", "F3", "F4", "Ctrl-G", "Ctrl-S"};
	struct rig *r = *state;
	size_t i, k;

	rig_paste(r, "a long text \xf0\x9f\x98\x85 to wrap and wrap again");
	for (k = 0; k < ARRAY_LEN(opens); k++) {
		rig_press(r, opens[k]);
		for (i = 0; i < ARRAY_LEN(sizes); i++) {
			rig_resize(r, sizes[i][0], sizes[i][1]);
			rig_screen(r);
			rig_press(r, "Down PgUp PgDn Up");
			rig_screen(r);
		}
		rig_press(r, "Ctrl-C");
	}
	rig_resize(r, 24, 80);
	assert_true(rig_shows(r, "See you at the harbour"));
}

/* A bit of everything. */
static void
use(struct rig *r)
{
	rig_main(r);
	rig_type(r, "hello \xf0\x9f\x98\x85");
	rig_press(r, "Alt-Enter Ctrl-W Ctrl-Y Ctrl-_ Enter Up Down");
	give_message(r, 20, 1, "new");
	give_chat(r, rig_chat(9, "Zoe", RIG_NOW, "x", 1));
	rig_press(r, "Alt-A");
	give_page(r, 9, 1, 30, true);
	rig_press(r, "Ctrl-S");
	rig_type(r, "b");
	give_hit(r, 1, 4);
	rig_press(r, "Enter Esc Ctrl-G");
	rig_type(r, "em");
	rig_press(r, "Enter F3 Esc F2 Esc F4 Esc");
	rig_paste(r, "1\n2\n3\n4\n5\n6\n7\n");
	app_draw(r->app);
	rig_press(r, "e");
	app_draw(r->app);
	app_flush(r->app);
}

static void
test_app__no_allocation_that_fails_breaks_it(void **state)
{
	struct rig r;
	long n;
	int failed = 1;

	(void)state;
	for (n = 0; failed; n++) {
		rig_open(&r, 24, 80, NULL);
		alloc_fail_at(n);
		use(&r);
		failed = alloc_failed();
		alloc_fail_at(-1);
		/* It still lives: what is typed now can be sent. */
		while (r.app->nviews > 1)
			rig_press(&r, "Ctrl-C");
		rig_log(&r);
		if (r.app->open != 0 && r.app->views[0] == &view_main) {
			if (r.app->selecting || r.app->focus_list)
				rig_press(&r, "Esc");
			rig_press(&r, "Ctrl-U");
			rig_type(&r, "on");
			rig_press(&r, "Enter");
			assert_non_null(strstr(rig_log(&r), "send"));
		}
		rig_close(&r);
	}
	assert_true(n > 100);
}

#define A(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define M(name) cmocka_unit_test_setup_teardown(name, setup_main, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    A(test_app_start__asks_for_chats_and_one_page_once),
	    A(test_app_unlock__a_wrong_passphrase_is_said_and_wiped),
	    A(test_app_unlock__an_unregistered_store_goes_on_with_the_form),
	    A(test_app_unlock__a_refused_key_says_so_once),
	    A(test_app_settling__until_chats_and_page_are_here),
	    A(test_app_chats__the_rest_comes_behind_the_first_page),
	    A(test_app_settling__not_before_a_form_nor_without_chats),
	    A(test_app_first_run__from_nothing_to_the_chats),
	    A(test_app_first_run__what_is_wrong_is_said_before_anything_is_made),
	    A(test_app_first_run__errors_keep_the_form_and_can_be_mended),
	    A(test_app_first_run__the_code_may_be_typed_before_the_relay_answers),
	    A(test_app_first_run__a_code_that_may_not_come_is_told),
	    A(test_app_first_run__the_code_takes_what_a_code_can_be),
	    A(test_app_first_run__a_link_goes_where_it_belongs),
	    A(test_app_bar__tells_what_enter_does),
	    A(test_app_first_run__a_new_code_can_be_had_when_its_time_has_come),
	    M(test_app_send__leaves_the_composer_and_comes_back_when_refused),
	    M(test_app_send__is_shown_once_whatever_events_come),
	    M(test_app_send__is_refused_while_a_verified_key_has_changed),
	    M(test_app_send__blanks_alone_are_not_sent),
	    M(test_app_escape__never_erases),
	    M(test_app_slash__a_mistyped_command_needs_a_second_enter),
	    M(test_app_slash__commands_take_their_words_along),
	    M(test_app_composer__recalls_what_was_sent),
	    M(test_app_draft__is_saved_at_each_pause_and_at_the_end),
	    M(test_app_draft__typing_without_a_pause_is_saved_too),
	    M(test_app_draft__belongs_to_its_chat),
	    M(test_app_draft__a_recalled_text_does_not_replace_it),
	    M(test_app_typing__is_told_now_and_then),
	    M(test_app_read__is_what_was_on_the_screen_in_front_of_someone),
	    M(test_app_read__not_behind_another_view),
	    M(test_app_read__a_long_chat_only_as_far_as_it_was_seen),
	    M(test_app_unread__alt_a_goes_round_them),
	    M(test_app_scroll__asks_for_older_pages_only_when_needed),
	    M(test_app_ctrl_k__cuts_or_opens_the_palette),
	    M(test_app_palette__runs_commands_and_starts_chats),
	    M(test_app_new_chat__opens_when_its_row_has_come),
	    M(test_app_search__one_question_at_a_time),
	    M(test_app_search__jumps_and_comes_back),
	    M(test_app_safety__compare_accept_take_back),
	    M(test_app_paste__few_lines_go_where_one_writes),
	    M(test_app_paste__many_lines_are_asked_about),
	    M(test_app_paste__too_long_for_one_message_is_sent_in_parts),
	    M(test_app_notify__says_little_unless_told_otherwise),
	    M(test_app_notify__a_long_queue_is_told_once),
	    M(test_app_draw__nothing_is_sent_when_nothing_changed),
	    M(test_app_tick__wakes_only_for_what_is_to_be_seen),
	    M(test_app_quit__ctrl_q_at_once_ctrl_c_twice),
	    M(test_app_chord__a_broken_pair_types_nothing),
	    M(test_app_select__copy_details_retry),
	    M(test_app_settings__are_sent_and_saved),
	    M(test_app_relay_key__yes_and_no),
	    M(test_app_fatal__says_so_and_can_only_quit),
	    M(test_app_refused__a_command_that_cannot_be_queued_is_told),
	    M(test_app_mouse__clicks_and_wheel),
	    M(test_app_resize__any_size_holds),
	    cmocka_unit_test(test_app__no_allocation_that_fails_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
