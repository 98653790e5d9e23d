/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices on the screen: list, link from both sides, remove. */
#include "tests/unit/screen_rig.h"
#include "tui/screen/app_int.h"

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

#define assert_log(r, text) assert_string_equal(rig_log(r), text)

static void
give_devices(struct rig *r)
{
	struct device_row d[] = {
	    {.id = 1, .name = lit("laptop"), .this_one = true, .listed = true},
	    {.id = 2, .name = lit("desk"), .listed = true},
	};

	rig_answer(r, (struct engine_event){
			  .kind = EV_DEVICES, .devices = d, .n = ARRAY_LEN(d)});
}

static void
open_devices(struct rig *r)
{
	uint64_t tag;

	rig_press(r, "F6");
	tag = r->tag;
	assert_log(r, "devices; history; ");
	r->tag = tag;
	give_devices(r);
}

static void
done(struct rig *r)
{
	rig_answer(r, (struct engine_event){.kind = EV_DONE});
}

/* ---- the list ---------------------------------------------------------------------- */

static void
test_devices__are_named_and_removed_after_a_question(void **state)
{
	struct rig *r = *state;

	open_devices(r);
	assert_true(rig_shows(r, "this one, the first"));
	rig_log(r);
	rig_press(r, "Down r Ctrl-U");
	rig_type(r, "at home");
	rig_press(r, "Enter");
	assert_log(r, "device 2 is at home; ");
	done(r);
	assert_log(r, "devices; "); /* what it is now */
	give_devices(r);
	rig_press(r, "d n");
	assert_log(r, "");
	rig_press(r, "d");
	assert_true(rig_shows(r, "desk leaves your account"));
	rig_log(r);
	rig_press(r, "y");
	assert_log(r, "remove device 2; ");
}

static void
test_devices__what_fails_is_said(void **state)
{
	struct rig *r = *state;

	rig_press(r, "F6");
	rig_event(r, (struct engine_event){.kind = EV_ERROR,
			 .tag = r->app->vs->devices.tag,
			 .code = ERR_IO,
			 .text = lit("the relay does not answer")});
	assert_true(rig_shows(r, "The relay does not answer."));
	rig_press(r, "r d h Down"); /* nothing is marked: nothing happens */
	assert_null(strstr(rig_log(r), "device "));
	rig_press(r, "Esc");
	assert_int_equal(r->app->nviews, 1);
}

static void
test_devices__history_is_offered_asked_for_and_shown(void **state)
{
	struct rig *r = *state;
	struct history_row h = {.device = 2, .state = HISTORY_ASKED};

	rig_event(r,
	    (struct engine_event){.kind = EV_HISTORY, .history = &h, .n = 1});
	assert_true(rig_shows(r, "Device 2 asks for your history"));
	open_devices(r);
	assert_true(rig_shows(r, "asks for history: h answers"));
	rig_press(r, "Down h Enter");
	assert_non_null(strstr(rig_log(r), "history to 2 30 days; "));
	rig_press(r, "h Down Down Down Enter");
	assert_log(r, "history from 2 0 days; ");
	rig_press(r, "h Down Down Down Down Enter");
	assert_log(r, "no history 2; ");
	h.state = HISTORY_SENDING;
	h.done = 7;
	h.total = 9;
	rig_event(r,
	    (struct engine_event){.kind = EV_HISTORY, .history = &h, .n = 1});
	assert_true(rig_shows(r, "history goes: 7 of 9"));
	h.state = HISTORY_ENDED;
	h.text = lit("the other device refused");
	rig_event(r,
	    (struct engine_event){.kind = EV_HISTORY, .history = &h, .n = 1});
	assert_true(rig_shows(r, "the other device refused"));
}

/* ---- the trusted side ---------------------------------------------------------------- */

static void
to_question(struct rig *r)
{
	open_devices(r);
	rig_press(r, "l");
	rig_paste(r, "SOTTO:LINK/1/ABC");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "link answer SOTTO:LINK/1/ABC; ");
	rig_press(r, "y"); /* too early */
	assert_log(r, "");
	rig_answer(r, (struct engine_event){.kind = EV_LINK_CODE,
			  .text = lit("123456"),
			  .name = lit("hall")});
	assert_true(rig_shows(r, "123 456"));
	assert_true(rig_shows(r, "hall"));
	rig_log(r);
}

static void
test_link__yes_links_and_offers_history(void **state)
{
	struct rig *r = *state;

	to_question(r);
	rig_press(r, "y y");
	assert_log(r, "link confirm 1; "); /* once */
	rig_answer(r, (struct engine_event){.kind = EV_DONE, .device = 3});
	assert_false(app_is_open(r->app, &view_link));
	assert_true(rig_shows(r, "What shall the new device get?"));
	rig_log(r);
	rig_press(r, "Up Enter"); /* "nothing" is marked */
	assert_log(r, "history to 3 0 days; ");
}

static void
test_link__no_and_esc_call_it_off(void **state)
{
	struct rig *r = *state;

	to_question(r);
	rig_press(r, "n");
	assert_log(r, "link confirm 0; ");
	assert_false(app_is_open(r->app, &view_link));
	rig_press(r, "l");
	rig_paste(r, "SOTTO:LINK/1/ABC");
	rig_press(r, "Enter");
	rig_log(r);
	rig_press(r, "Esc");
	assert_log(r, "link cancel; ");
}

static void
test_link__what_fails_is_said_and_over(void **state)
{
	struct rig *r = *state;

	to_question(r);
	rig_event(r, (struct engine_event){.kind = EV_LINK_ENDED,
			 .code = ERR_DENIED,
			 .text = lit("the new device gave up")});
	assert_true(rig_shows(r, "The new device gave up."));
	rig_log(r);
	rig_press(r, "y Esc");
	assert_log(r, "");
}

/* A picture of 2 x 2 cells. */
static struct preview_answer
picture(void)
{
	struct preview_answer p = {
	    .look = LOOK_BLOCKS, .width = 2, .height = 4, .cols = 2, .rows = 2};
	int i;

	p.cells = calloc(4, sizeof(p.cells[0]));
	assert_non_null(p.cells);
	for (i = 0; i < 4; i++)
		p.cells[i] = (struct preview_cell){
		    .cp = 0x2580, .fg = PREVIEW_DEFAULT, .bg = PREVIEW_DEFAULT};
	return p;
}

static void
test_link__a_camera_shows_what_it_sees_until_there_is_a_code(void **state)
{
	struct rig *r = *state;
	struct preview_answer p = picture();

	open_devices(r);
	rig_press(r, "l");
	rig_log(r);
	rig_press(r, "F3");
	assert_log(r, "camera; ");
	assert_int_equal(r->asked.look, LOOK_BLOCKS);
	app_camera_picture(r->app, &p);
	preview_answer_clear(&p);
	assert_true(rig_shows(r, "\xe2\x96\x80\xe2\x96\x80"));
	rig_golden(r, "camera");
	assert_false(app_camera_text(r->app, "WIFI:S:home;;"));
	assert_true(rig_shows(r, "not one of a new device"));
	assert_log(r, "");
	assert_true(app_camera_text(r->app, "SOTTO:LINK/1/ABC"));
	assert_log(r, "camera off; link answer SOTTO:LINK/1/ABC; ");
	assert_false(app_is_open(r->app, &view_camera));
	assert_true(app_is_open(r->app, &view_link));
	/* What comes late finds nobody. */
	p = picture();
	app_camera_picture(r->app, &p);
	preview_answer_clear(&p);
	assert_false(app_camera_text(r->app, "SOTTO:LINK/1/ABC"));
	app_camera_ended(r->app, ERR_CLOSED);
	assert_log(r, "");
}

static void
test_link__a_camera_that_fails_says_why_and_esc_ends_it(void **state)
{
	struct rig *r = *state;

	open_devices(r);
	rig_press(r, "l F3");
	rig_log(r);
	app_camera_ended(r->app, ERR_BUSY);
	assert_true(rig_shows(r, "Another program uses the camera."));
	rig_press(r, "Esc");
	assert_log(r, "camera off; ");
	assert_false(app_is_open(r->app, &view_camera));
}

static void
in_pictures(struct rig *r)
{
	char *path = realpath("tests/vectors/qr", NULL);

	assert_non_null(path);
	snprintf(r->app->folder, sizeof(r->app->folder), "%s", path);
	free(path);
}

static void
test_link__a_picture_file_is_chosen_and_read(void **state)
{
	struct rig *r = *state;

	in_pictures(r);
	open_devices(r);
	rig_press(r, "l F2");
	rig_type(r, "link.png");
	rig_log(r);
	app_qr(r->app, 0, "SOTTO:LINK/1/ABC"); /* nothing was chosen yet */
	assert_log(r, "");
	rig_press(r, "Enter");
	assert_log(r, "read qr link.png; ");
	app_qr(r->app, 0, "SOTTO:LINK/1/ABC");
	assert_log(r, "link answer SOTTO:LINK/1/ABC; ");
	app_qr(r->app, 0, "SOTTO:LINK/1/ABC"); /* twice is not once */
	assert_log(r, "");
}

static void
test_link__a_picture_without_its_code_says_so(void **state)
{
	static const struct {
		int code;
		const char *text, *says;
	} rows[] = {
	    {0, "WIFI:S:home;;", "not one of a new device"},
	    {ERR_NOTFOUND, NULL, "no code in this picture"},
	    {ERR_FORMAT, NULL, "no picture that can be read"},
	    {ERR_SYS, NULL, "file cannot be read"},
	    {ERR_CLOSED, NULL, "could not be looked at"},
	};
	struct rig *r = *state;
	size_t i;

	in_pictures(r);
	open_devices(r);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		rig_press(r, "l F2");
		rig_type(r, "link.png");
		rig_press(r, "Enter");
		rig_log(r);
		app_qr(r->app, rows[i].code, rows[i].text);
		assert_log(r, "");
		assert_true(rig_shows(r, rows[i].says));
	}
}

/* ---- the new device ------------------------------------------------------------------- */

static void
fill(struct rig *r)
{
	app_start(r->app, false, NULL);
	rig_press(r, "F6");
	rig_paste(r, "sotto://relay.example/?invite=abc");
	rig_press(r, "Enter Ctrl-U");
	rig_type(r, "desk");
	rig_press(r, "Enter");
	rig_type(r, "three quiet otters");
	rig_press(r, "Enter");
}

static void
test_link_new__from_the_form_to_the_chats(void **state)
{
	struct rig *r = *state;
	struct engine_self self = {.registered = true, .device = 2};

	fill(r);
	rig_type(r, "three quiet otters");
	rig_press(r, "Enter");
	assert_log(r, "unlock three quiet otters; ");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	assert_log(r, "link sotto://relay.example/?invite=abc as desk; ");
	assert_int_equal(
	    edit_len(&r->app->vs->link_new.fields[LN_PASS].edit), 0);
	rig_answer(r, (struct engine_event){.kind = EV_LINK_OFFER,
			  .text = lit("SOTTO:LINK/1/X")});
	assert_true(rig_shows(r, "SOTTO:LINK/1/X"));
	rig_log(r);
	rig_press(r, "y i");
	assert_log(r, "copy SOTTO:LINK/1/X; ");
	assert_true(r->app->vs->link_new.inverse);
	rig_event(r,
	    (struct engine_event){.kind = EV_LINK_CODE, .text = lit("123456")});
	assert_true(rig_shows(r, "123 456"));
	rig_log(r);
	rig_event(
	    r, (struct engine_event){.kind = EV_REGISTERED, .self = self});
	assert_log(r, "chats; ");
	assert_int_equal(r->app->nviews, 1);
	assert_true(rig_shows(r, "Linked."));
}

static void
test_link_new__mistakes_are_said_before_anything_is_made(void **state)
{
	struct rig *r = *state;

	fill(r);
	rig_type(r, "three quiet otter");
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "passphrases differ"));
	rig_press(r, "Up Up Up Ctrl-U");
	rig_type(r, "http://x");
	rig_log(r);
	rig_press(r, "Down Down Down Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "sotto://"));
}

static void
test_link_new__refused_or_closed_it_can_begin_again(void **state)
{
	struct rig *r = *state;

	fill(r);
	rig_type(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_log(r);
	rig_answer(r, (struct engine_event){.kind = EV_ERROR,
			  .code = ERR_IO,
			  .text = lit("the relay does not answer")});
	assert_true(rig_shows(r, "The relay does not answer."));
	rig_press(r, "Tab Enter");
	assert_non_null(strstr(rig_log(r), "link sotto://"));
	rig_answer(r, (struct engine_event){.kind = EV_LINK_OFFER,
			  .text = lit("SOTTO:LINK/1/X")});
	rig_press(r, "Esc");
	assert_non_null(strstr(rig_log(r), "link cancel; "));
	/* Back where one registers; the store is there already. */
	assert_true(app_is_open(r->app, &view_first_run));
	assert_false(rig_shows(r, "Passphrase"));
}

/* ---- removed --------------------------------------------------------------------------- */

static void
test_removed__offers_to_wipe_and_starts_afresh(void **state)
{
	struct rig *r = *state;

	rig_type(r, "precious");
	rig_event(r, (struct engine_event){.kind = EV_REMOVED});
	assert_true(rig_shows(r, "This device was removed"));
	rig_log(r);
	rig_press(r, "w n");
	assert_log(r, "");
	rig_press(r, "w y");
	assert_log(r, "wipe; ");
	done(r);
	assert_true(app_is_open(r->app, &view_first_run));
	assert_int_equal(r->app->m.n, 0);
	assert_int_equal(r->app->hist.n, 0);
	assert_string_equal(composer_text(&r->app->comp), "");
}

static void
test_removed__what_is_here_can_still_be_read(void **state)
{
	struct rig *r = *state;

	rig_event(r, (struct engine_event){.kind = EV_REMOVED});
	rig_press(r, "Esc");
	assert_true(rig_shows(r, "See you at the harbour"));
	assert_int_equal(r->app->nviews, 1);
}

/* ---- the account ------------------------------------------------------------------------ */

static void
test_account__pin_number_and_end(void **state)
{
	struct rig *r = *state;
	struct engine_self self = {.registered = true, .pin_set = true};

	rig_press(r, "F8 Enter");
	rig_type(r, "123");
	rig_press(r, "Enter");
	assert_log(r, "");
	assert_true(rig_shows(r, "4 characters or more"));
	rig_press(r, "F8 Enter");
	rig_type(r, "1234");
	assert_false(rig_shows(r, "1234 ")); /* a secret */
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "pin 1234; ");
	rig_answer(r, (struct engine_event){.kind = EV_SELF, .self = self});
	assert_true(rig_shows(r, "Your number has a PIN."));
	rig_log(r);
	rig_press(r, "F8 Down Enter n F8 Down Enter y");
	assert_log(r, "pin none; ");
	rig_press(r, "F8 Down Down Enter");
	rig_type(r, "+49 170 99");
	rig_press(r, "Enter");
	assert_log(r, "number +49 170 99; ");
	rig_answer(r, (struct engine_event){.kind = EV_CODE_SENT, .digits = 6});
	rig_type(r, "123456");
	rig_press(r, "Enter");
	assert_log(r, "number code 123456; ");
	rig_answer(r, (struct engine_event){.kind = EV_SELF, .self = self});
	assert_true(rig_shows(r, "That is your number now."));
	rig_log(r);
	rig_press(r, "F8 Down Down Down Enter Enter"); /* nothing typed */
	assert_log(r, "");
	rig_press(r, "F8 Down Down Down Enter");
	rig_type(r, "+49 170 98");
	rig_press(r, "Enter");
	assert_log(r, "delete account +49 170 98; ");
	rig_answer(r, (struct engine_event){.kind = EV_ERROR,
			  .code = ERR_DENIED,
			  .text = lit("that is not your number")});
	assert_true(rig_shows(r, "That is not your number."));
}

static void
test_account__the_pin_is_asked_for_now_and_then(void **state)
{
	struct rig *r = *state;
	struct engine_self self = {.registered = true, .pin_set = true};

	rig_press(r, "F8 Down Down Down Down Enter");
	rig_type(r, "1234");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "check pin 1234; ");
	rig_answer(r, (struct engine_event){.kind = EV_SELF, .self = self});
	assert_true(rig_shows(r, "That is the PIN."));
	self.pin_ask = true;
	rig_event(r, (struct engine_event){.kind = EV_UNLOCKED, .self = self});
	assert_true(rig_shows(r, "still know the PIN"));
}

static void
test_account__the_passphrase_is_changed(void **state)
{
	struct rig *r = *state;
	const char *const typed[] = {"old one", "new one", "new two"};
	size_t i;

	rig_press(r, "F8 Down Down Down Down Down Enter");
	for (i = 0; i < 3; i++) {
		rig_type(r, typed[i]);
		assert_false(rig_shows(r, typed[i]));
		rig_log(r);
		rig_press(r, "Enter");
		assert_log(r, "");
	}
	assert_true(rig_shows(r, "differ"));
	assert_int_equal(r->app->passphrase[0][0], 0);
	rig_press(r, "F8 Down Down Down Down Down Enter");
	for (i = 0; i < 3; i++) {
		rig_type(r, typed[i == 2 ? 1 : i]);
		rig_log(r);
		rig_press(r, "Enter");
	}
	assert_log(r, "passphrase old one to new one; ");
	assert_int_equal(r->app->passphrase[1][0], 0);
	rig_answer(r, (struct engine_event){.kind = EV_DONE});
	assert_true(rig_shows(r, "The passphrase is changed."));
}

static void
test_first_run__a_number_with_a_pin_asks_for_it(void **state)
{
	struct rig *r = *state;

	rig_first_run(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_answer(r, (struct engine_event){.kind = EV_CODE_SENT, .digits = 6});
	rig_type(r, "123456");
	rig_press(r, "Enter");
	rig_log(r);
	rig_answer(r, (struct engine_event){.kind = EV_ERROR,
			  .code = ERR_AUTH,
			  .locked = true,
			  .tries_left = 5,
			  .text = lit("this number has a PIN")});
	assert_true(rig_shows(r, "Your number has a PIN"));
	rig_type(r, "4711");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "verify 123456 pin 4711; ");
}

#define A(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define M(name) cmocka_unit_test_setup_teardown(name, setup_main, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    M(test_devices__are_named_and_removed_after_a_question),
	    M(test_devices__what_fails_is_said),
	    M(test_devices__history_is_offered_asked_for_and_shown),
	    M(test_link__yes_links_and_offers_history),
	    M(test_link__no_and_esc_call_it_off),
	    M(test_link__what_fails_is_said_and_over),
	    M(test_link__a_camera_shows_what_it_sees_until_there_is_a_code),
	    M(test_link__a_camera_that_fails_says_why_and_esc_ends_it),
	    M(test_link__a_picture_file_is_chosen_and_read),
	    M(test_link__a_picture_without_its_code_says_so),
	    A(test_link_new__from_the_form_to_the_chats),
	    A(test_link_new__mistakes_are_said_before_anything_is_made),
	    A(test_link_new__refused_or_closed_it_can_begin_again),
	    M(test_account__pin_number_and_end),
	    M(test_account__the_pin_is_asked_for_now_and_then),
	    M(test_account__the_passphrase_is_changed),
	    A(test_first_run__a_number_with_a_pin_asks_for_it),
	    M(test_removed__offers_to_wipe_and_starts_afresh),
	    M(test_removed__what_is_here_can_still_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
