/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backups on the screen. */
#include "tests/unit/screen_rig.h"
#include "tui/screen/app_int.h"

#define CODE "1234 5678 9012 3456"

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

static struct backup_row
row(void)
{
	return (struct backup_row){
	    .to = lit("/media/stick/sotto"),
	    .credentials = lit(""),
	    .code = lit(""),
	    .why = lit(""),
	    .every_days = 7,
	    .keep = 3,
	    .has_code = true,
	    .last_ms = RIG_NOW - 86400000,
	    .next_ms = RIG_NOW + 6ull * 86400000,
	};
}

static void
answer(struct rig *r, struct backup_row b)
{
	rig_answer(r, (struct engine_event){.kind = EV_BACKUP, .backup = &b});
}

/* By itself; said NULL: it goes on. */
static void
moves(struct rig *r, struct backup_row b, int code, const char *said)
{
	rig_event(r, (struct engine_event){.kind = EV_BACKUP,
			 .backup = &b,
			 .code = code,
			 .text = said != NULL ? lit(said) : NULL});
}

static void
open_view(struct rig *r, struct backup_row b)
{
	uint64_t tag;

	rig_press(r, "F9");
	tag = r->tag;
	assert_log(r, "backup; ");
	r->tag = tag;
	answer(r, b);
}

static void
test_backup__is_shown_made_and_called_off(void **state)
{
	struct rig *r = *state;
	struct backup_row b = row();

	open_view(r, b);
	rig_golden(r, "backup-80x24");
	rig_press(r, "b");
	assert_log(r, "backup now; ");
	b.doing = BACKUP_IS_MADE;
	b.done = 1200;
	b.total = 4000;
	answer(r, b);
	assert_true(rig_shows(r, "Making it   1200 of 4000 messages"));
	b.doing = BACKUP_IS_SENT;
	moves(r, b, 0, NULL);
	assert_true(rig_shows(r, "Sending it  30 %"));
	rig_press(r, "Esc"); /* calls it off, and stays */
	assert_log(r, "backup cancel; ");
	b.doing = BACKUP_AT_REST;
	moves(r, b, ERR_CLOSED, "Called off.");
	assert_true(rig_shows(r, "Called off."));
	rig_press(r, "v");
	assert_log(r, "backup verify; ");
	rig_press(r, "Esc");
	assert_int_equal(r->app->nviews, 1);
}

/* Whoever has closed the list still hears how it ended. */
static void
test_backup__its_end_is_said_anywhere(void **state)
{
	struct rig *r = *state;
	struct backup_row b = row();

	b.doing = BACKUP_IS_MADE;
	moves(r, b, 0, NULL);
	b.doing = BACKUP_AT_REST;
	b.failed_ms = RIG_NOW;
	b.why = lit("the stick is not there");
	moves(
	    r, b, ERR_SYS, "The backup was not made: the stick is not there.");
	assert_true(rig_shows(r, "The backup was not made"));
	open_view(r, b);
	assert_true(rig_shows(r, "Failed"));
	assert_true(rig_shows(r, "the stick is not there"));
	rig_press(r, "q");
	assert_int_equal(r->app->nviews, 1);
}

/* The first schedule shows the code; later it is shown after a question. */
static void
test_backup__a_schedule_and_its_code(void **state)
{
	struct rig *r = *state;
	struct backup_row b = row();

	b.to = lit("");
	b.has_code = false;
	b.every_days = 1;
	b.keep = 7;
	open_view(r, b);
	assert_true(rig_shows(r, "no backups are made"));
	rig_press(r, "b"); /* nowhere to: where? */
	rig_type(r, "/media/stick");
	rig_press(r, "Tab Tab Right Tab Ctrl-U");
	rig_type(r, "12");
	rig_golden(r, "backup-set-80x24");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "backups in /media/stick with - every 7 keep 12; ");
	rig_answer(r, (struct engine_event){.kind = EV_ERROR,
			  .code = ERR_NOTFOUND,
			  .text = lit("/media/stick: not there")});
	assert_true(rig_shows(r, "/media/stick: not there"));
	rig_press(r, "Enter");
	b = row();
	b.code = lit(CODE);
	answer(r, b);
	assert_true(rig_shows(r, CODE));
	assert_true(rig_shows(r, "nobody can help"));
	rig_press(r, "Esc");
	assert_false(rig_shows(r, CODE));
	rig_log(r);
	rig_press(r, "r n");
	assert_log(r, "");
	rig_press(r, "r y");
	assert_log(r, "backup code; ");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_backup__is_shown_made_and_called_off),
	    T(test_backup__its_end_is_said_anywhere),
	    T(test_backup__a_schedule_and_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
