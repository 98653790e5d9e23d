/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in the conversation: how they look, and what keys do with them. */
#include "media/tiny.h"
#include "tests/unit/screen_rig.h"
#include "tui/screen/hist_media.h"

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

static struct media_row
media(enum media_kind kind, const char *name, uint64_t size)
{
	return (struct media_row){.kind = kind,
	    .state = MEDIA_IS_HERE,
	    .name = lit(name),
	    .mime = lit(""),
	    .size = size};
}

/* As it is now, by EV_MSG_NEW or EV_MEDIA. */
static void
give(struct rig *r, enum engine_event_kind kind, int64_t id, bool outgoing,
    struct media_row *m, const char *caption)
{
	struct msg_row row = rig_msg(id, 1, outgoing, RIG_NOW,
	    outgoing ? MSG_PENDING : MSG_RECEIVED, caption);

	row.kind = MSG_MEDIA;
	row.media = m;
	rig_event(r, (struct engine_event){
			 .kind = kind, .chat = 1, .msgs = &row, .n = 1});
}

static void
expect_detail(const struct media_row *m, bool outgoing, const char *text)
{
	char out[HIST_MEDIA_CAP];

	assert_string_equal(hist_media_detail(out, m, outgoing), text);
}

/* ---- words ------------------------------------------------------------------------ */

static void
test_words__every_state_has_its_own(void **state)
{
	struct media_row m = media(MEDIA_KIND_PHOTO, "a.jpg", 1250000);

	(void)state;
	expect_detail(&m, true, "1.2 MB");
	expect_detail(&m, false, "1.2 MB, fetched");
	m.state = MEDIA_IS_PREPARED;
	expect_detail(&m, true, "1.2 MB, being prepared");
	m.state = MEDIA_IS_SENT;
	expect_detail(&m, true, "1.2 MB, waiting to be sent");
	m.done = 500000;
	expect_detail(&m, true, "1.2 MB, sending 40 %");
	m.paused = true;
	expect_detail(&m, true, "1.2 MB, paused at 40 %");
	m.paused = false;
	m.state = MEDIA_IS_FETCHED;
	expect_detail(&m, false, "1.2 MB, fetching 40 %");
	m.done = 2000000; /* about so many */
	expect_detail(&m, false, "1.2 MB, fetching 100 %");
	m.done = 0;
	expect_detail(&m, false, "1.2 MB, waiting to be fetched");
	m.state = MEDIA_IS_THERE;
	expect_detail(&m, false, "1.2 MB, not fetched yet");
	m.state = MEDIA_IS_GONE;
	expect_detail(&m, false, "1.2 MB, the relay has it no more");
	m.state = MEDIA_IS_FAILED;
	m.why = lit("The disk is full.");
	expect_detail(&m, true, "1.2 MB, failed: The disk is full.");
	expect_detail(&m, false, "1.2 MB, not fetched: The disk is full.");
}

static void
test_words__sizes_and_times(void **state)
{
	struct media_row m = media(MEDIA_KIND_VIDEO, "a.mp4", 999);

	(void)state;
	expect_detail(&m, true, "999 B");
	m.size = 9999;
	expect_detail(&m, true, "9.9 kB");
	m.size = UINT64_MAX;
	expect_detail(&m, true, "18 EB");
	m.size = 0; /* nothing is divided by it */
	m.duration_ms = 3725000;
	m.state = MEDIA_IS_SENT;
	m.done = 1;
	expect_detail(&m, true, "0 B, 1:02:05, sending 0 %");
}

static void
test_words__contacts_and_places_are_text(void **state)
{
	struct media_row m = {.kind = MEDIA_KIND_CONTACT,
	    .state = MEDIA_IS_HERE,
	    .contact_name = lit("Emil"),
	    .contact_phone = lit("+491701234506")};
	char out[HIST_MEDIA_CAP];

	(void)state;
	assert_string_equal(hist_media_title(out, &m), "Contact  Emil");
	expect_detail(&m, false, "+491701234506");
	m.kind = MEDIA_KIND_LOCATION;
	m.lat_e7 = -5000001;
	m.lon_e7 = 1800000000;
	assert_string_equal(hist_media_title(out, &m), "Location");
	expect_detail(&m, false, "-0.5000001, 180.0000000");
	m.kind = (enum media_kind)99; /* what a later version invents */
	m.name = lit("x");
	assert_string_equal(hist_media_title(out, &m), "File  x");
}

static void
test_box__keeps_the_shape_and_its_limits(void **state)
{
	uint8_t tiny[] = {1, 24, 12};
	struct media_row m = media(MEDIA_KIND_PHOTO, "", 1);
	int cols, rows;

	(void)state;
	assert_false(hist_media_box(&m, 80, &cols, &rows));
	m.tiny = tiny;
	m.tiny_len = sizeof(tiny);
	assert_true(hist_media_box(&m, 80, &cols, &rows));
	assert_int_equal(cols, 32);
	assert_int_equal(rows, 8);
	m.width = UINT32_MAX;
	m.height = 1;
	assert_true(hist_media_box(&m, 20, &cols, &rows));
	assert_int_equal(cols, 20);
	assert_int_equal(rows, 1);
	m.width = 1;
	m.height = UINT32_MAX;
	assert_true(hist_media_box(&m, 20, &cols, &rows));
	assert_int_equal(cols, 1);
	assert_int_equal(rows, 8);
	assert_false(hist_media_box(&m, 3, &cols, &rows));
}

static int
copy_step(void *arg)
{
	uint8_t tiny[] = {1, 1, 1, 0, 0};
	struct media_row m = media(MEDIA_KIND_PHOTO, "a.jpg", 1), *got;

	(void)arg;
	m.tiny = tiny;
	m.tiny_len = sizeof(tiny);
	m.why = lit("why");
	got = hist_media_copy(&m);
	if (got == NULL)
		return ERR_NOMEM;
	assert_string_equal(got->name, "a.jpg");
	assert_string_equal(got->why, "why");
	assert_memory_equal(got->tiny, tiny, sizeof(tiny));
	assert_null(got->contact_name);
	hist_media_free(got);
	return 0;
}

static void
test_copy__without_memory_is_none(void **state)
{
	(void)state;
	assert_true(alloc_sweep(copy_step, NULL) >= 4);
}

/* ---- on the screen ------------------------------------------------------------------- */

static void
test_screen__all_kinds(void **state)
{
	struct rig *r = *state;
	struct media_row photo = media(MEDIA_KIND_PHOTO,
	    "a photo with quite a long name that does not fit at all.jpg",
	    1250000);
	struct media_row voice = media(MEDIA_KIND_VOICE, "", 48000);
	struct media_row file = media(MEDIA_KIND_FILE, "report.pdf", 812);
	int i;

	photo.state = MEDIA_IS_SENT;
	photo.done = 500000;
	voice.duration_ms = 12000;
	voice.has_bars = true;
	for (i = 0; i < ENGINE_BARS; i++)
		voice.bars[i] = (uint8_t)(i * 4);
	file.state = MEDIA_IS_THERE;
	give(r, EV_MSG_NEW, 20, true, &photo, "At the harbour");
	give(r, EV_MSG_NEW, 21, false, &voice, "");
	give(r, EV_MSG_NEW, 22, false, &file, "");
	rig_golden(r, "media");
}

static void
test_screen__progress_moves(void **state)
{
	struct rig *r = *state;
	struct media_row file = media(MEDIA_KIND_FILE, "report.pdf", 1000);

	file.state = MEDIA_IS_THERE;
	give(r, EV_MSG_NEW, 20, false, &file, "");
	assert_true(rig_shows(r, "1.0 kB, not fetched yet"));
	file.state = MEDIA_IS_FETCHED;
	file.done = 100;
	give(r, EV_MEDIA, 20, false, &file, "");
	assert_true(rig_shows(r, "1.0 kB, fetching 10 %"));
	give(r, EV_MEDIA, 99, false, &file, ""); /* not loaded: not shown */
	assert_null(hist_find(&r->app->hist, 99));
}

static void
give_ground(struct rig *r, enum picture_mode mode)
{
	struct raster_ground g = {
	    .mode = mode, .colours = 256, .cell_w = 10, .cell_h = 20};

	pictures_set_ground(r->app->pictures, &g);
}

static void
test_screen__a_small_picture_unless_they_are_off(void **state)
{
	struct rig *r = *state;
	struct media_row m = media(MEDIA_KIND_PHOTO, "a.jpg", 1000);
	static struct tiny t = {.w = 24, .h = 24};
	uint8_t bytes[TINY_BYTES_MAX];
	const struct item *it;

	m.tiny_len = tiny_write(bytes, &t);
	m.tiny = bytes;
	m.state = MEDIA_IS_THERE;
	give(r, EV_MSG_NEW, 20, false, &m, "");
	assert_true(rig_shows(r, "Photo  a.jpg"));
	give_ground(r, PICTURE_BLOCKS);
	rig_log(r);
	assert_true(rig_shows(r, "Photo  a.jpg"));
	assert_string_equal(rig_log(r), ""); /* no file is asked for */
	it = hist_find(&r->app->hist, 20); /* and a blank line above */
	assert_int_equal(it->height, HIST_MEDIA_ROWS + 3);
	rig_golden(r, "media_tiny");
	rig_press(r, "Alt-PgUp"); /* half of it above or below the view */
	assert_non_null(rig_screen(r));
	give_ground(r, PICTURE_OFF);
	rig_press(r, "Alt-End");
	assert_true(rig_shows(r, "Photo  a.jpg"));
	assert_int_equal(hist_find(&r->app->hist, 20)->height, 3);
}

static void
test_screen__a_notice_says_what_came(void **state)
{
	struct rig *r = *state;
	struct media_row m = media(MEDIA_KIND_PHOTO, "a.jpg", 1000);
	struct msg_row row = rig_msg(20, 2, false, RIG_NOW, MSG_RECEIVED, "");

	row.kind = MSG_MEDIA;
	row.media = &m;
	r->app->prefs.notify = NOTIFY_FULL;
	r->app->focused = false;
	rig_log(r);
	rig_event(r, (struct engine_event){
			 .kind = EV_MSG_NEW, .chat = 2, .msgs = &row, .n = 1});
	assert_non_null(strstr(rig_log(r), "Photo  a.jpg"));
}

/* ---- keys ------------------------------------------------------------------------------ */

static void
test_keys__a_file_is_answered_and_starred_as_a_text_is(void **state)
{
	struct rig *r = *state;
	struct media_row m = media(MEDIA_KIND_FILE, "report.pdf", 1000);

	give(r, EV_MSG_NEW, 20, false, &m, "");
	rig_press(r, "Ctrl-Up s");
	assert_non_null(strstr(rig_log(r), "star 20 1; "));
	rig_press(r, "r");
	assert_true(rig_shows(r, "Ann Example: File  report.pdf"));
}

static void
expect_menu(struct rig *r, const struct media_row *m, bool outgoing,
    const char *keys, const char *log)
{
	struct media_row copy = *m;

	give(r, EV_MSG_NEW, 20, outgoing, &copy, "");
	rig_press(r, "Ctrl-Up Enter");
	rig_log(r);
	rig_press(r, keys);
	assert_string_equal(rig_log(r), log);
	rig_press(r, "Esc");
}

static void
test_menu__offers_what_its_state_allows(void **state)
{
	struct rig *r = *state;
	struct media_row m = media(MEDIA_KIND_FILE, "report.pdf", 1000);

	setenv("XDG_DOWNLOAD_DIR", "/d", 1);
	expect_menu(r, &m, false, "Enter", "save 20 /d; ");
	m.state = MEDIA_IS_THERE;
	expect_menu(r, &m, false, "Enter", "fetch 20; ");
	m.state = MEDIA_IS_FAILED;
	expect_menu(r, &m, false, "Enter", "fetch 20; ");
	m.state = MEDIA_IS_FETCHED;
	expect_menu(r, &m, false, "Enter", "pause 20; ");
	expect_menu(r, &m, false, "Down Enter", "cancel 20; ");
	m.paused = true;
	expect_menu(r, &m, false, "Enter", "resume 20; ");
	m.state = MEDIA_IS_GONE;
	expect_menu(r, &m, false, "Enter", "");
	m.kind = MEDIA_KIND_LOCATION;
	m.state = MEDIA_IS_HERE;
	expect_menu(r, &m, false, "Enter", "");
}

static void
test_menu__what_is_saved_to_be_opened_is_opened_once(void **state)
{
	struct rig *r = *state;
	struct media_row m = media(MEDIA_KIND_FILE, "report.pdf", 1000);
	struct engine_event saved = {
	    .kind = EV_MEDIA_SAVED, .msg_id = 20, .text = lit("/d/report.pdf")};

	setenv("XDG_DOWNLOAD_DIR", "/d", 1);
	expect_menu(r, &m, false, "Enter", "save 20 /d; ");
	rig_answer(r, saved);
	assert_string_equal(rig_log(r), "");
	expect_menu(r, &m, false, "Down Enter", "save 20 /d; ");
	rig_answer(r, saved);
	assert_string_equal(rig_log(r), "open /d/report.pdf; ");
	assert_true(rig_shows(r, "Saved: /d/report.pdf"));
	rig_answer(r, saved);
	assert_string_equal(rig_log(r), "");
}

/* What is opened once is lost when nothing shows it. */
static void
test_open__a_view_once_file_is_not_used_up(void **state)
{
	struct rig *r = *state;
	struct media_row m = media(MEDIA_KIND_PHOTO, "", 1000);
	struct msg_row row =
	    rig_msg(20, 1, false, RIG_NOW, MSG_RECEIVED, "Photo, once");

	row.kind = MSG_ONCE;
	row.media = &m;
	rig_event(r, (struct engine_event){
			 .kind = EV_MSG_NEW, .chat = 1, .msgs = &row, .n = 1});
	rig_press(r, "Ctrl-Up");
	rig_log(r);
	rig_press(r, "Enter");
	assert_string_equal(rig_log(r), "");
	assert_true(rig_shows(r, "cannot be shown here yet"));
}

#define screen_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words__every_state_has_its_own),
	    cmocka_unit_test(test_words__sizes_and_times),
	    cmocka_unit_test(test_words__contacts_and_places_are_text),
	    cmocka_unit_test(test_box__keeps_the_shape_and_its_limits),
	    cmocka_unit_test(test_copy__without_memory_is_none),
	    screen_test(test_screen__all_kinds),
	    screen_test(test_screen__progress_moves),
	    screen_test(test_screen__a_small_picture_unless_they_are_off),
	    screen_test(test_screen__a_notice_says_what_came),
	    screen_test(test_menu__offers_what_its_state_allows),
	    screen_test(test_menu__what_is_saved_to_be_opened_is_opened_once),
	    screen_test(test_open__a_view_once_file_is_not_used_up),
	    screen_test(test_keys__a_file_is_answered_and_starred_as_a_text_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
