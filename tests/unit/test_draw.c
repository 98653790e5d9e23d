/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns hold whatever the terminal makes of an emoji. */
#include <sys/stat.h>
#include <unistd.h>

#include <curses.h>
#include <sodium.h>

#include "common/text.h"
#include "tests/unit/screen_rig.h"
#include "tui/screen/direct.h"

#include <term.h> /* last: its macros are plain words */

#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91" \
	"\xa7"
#define HEART "\xe2\x9d\xa4\xef\xb8\x8f"
#define FLAG  "\xf0\x9f\x87\xae\xf0\x9f\x87\xaa"

static int
setup(void **state)
{
	static struct rig r;

	rig_open(&r, 5, 40, NULL);
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	rig_close(*state);
	return 0;
}

/* What the frame sends to the terminal. */
static const char *
sent(struct rig *r)
{
	static char out[65536];
	off_t from = lseek(fileno(r->out), 0, SEEK_END);
	ssize_t n;

	draw_end(r->draw);
	n = pread(fileno(r->out), out, sizeof(out) - 1, from);
	assert_true(n >= 0);
	out[n] = '\0';
	return out;
}

static void
frame(struct rig *r, const char *text)
{
	draw_begin(r->draw);
	draw_str(r->draw, 1, 2, 30, text, ST_TEXT);
	draw_cursor(r->draw, 0, 0);
}

static void
expect_row(struct rig *r, int y, const char *text)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_ok(draw_dump(r->draw, y, &b));
	assert_ok(buf_put_u8(&b, 0));
	assert_string_equal((char *)b.p, text);
	buf_clear(&b);
}

static void
test_draw_text__an_emoji_stands_at_its_own_place(void **state)
{
	struct rig *r = *state;
	const char *out;

	frame(r, "a" FAMILY "b");
	out = sent(r);
	/* ncurses leaves two blanks; the family is put there by a move, and
	 * what a terminal may have drawn it over is written again. */
	assert_non_null(strstr(out, "a  b"));
	out = strstr(out, "\033[2;4H");
	assert_non_null(out);
	out = strstr(out, FAMILY);
	assert_non_null(out);
	assert_non_null(strstr(out, "\033[2;6H"));
	assert_non_null(strstr(strstr(out, "\033[2;6H"), "b"));
	expect_row(r, 1, "  a" FAMILY "b");
}

static void
test_draw_text__a_terminal_that_measures_clusters_needs_no_repair(void **state)
{
	struct rig *r = *state;

	draw_set_terminal(r->draw, true, true);
	frame(r, "a" FAMILY "b");
	assert_null(strstr(sent(r), "\033[2;6H"));
}

static void
test_draw_end__a_frame_is_wrapped_when_the_terminal_can(void **state)
{
	struct rig *r = *state;
	const char *out;

	draw_set_terminal(r->draw, true, false);
	frame(r, "x" HEART);
	out = sent(r);
	assert_memory_equal(out, "\033[?2026h", 8);
	assert_string_equal(out + strlen(out) - 8, "\033[?2026l");
	frame(r, "x" HEART);
	assert_string_equal(sent(r), ""); /* nothing new: nothing at all */
}

static void
test_draw_end__another_emoji_in_the_same_cells_is_sent(void **state)
{
	struct rig *r = *state;

	frame(r, "x" HEART "y");
	sent(r);
	frame(r, "x" FLAG "y");
	assert_non_null(strstr(sent(r), FLAG));
	frame(r, "x  y"); /* the flag must go */
	assert_non_null(strstr(sent(r), "x  y"));
	expect_row(r, 1, "  x  y");
}

static void
test_draw_end__a_change_in_the_row_sends_its_emoji_again(void **state)
{
	struct rig *r = *state;

	frame(r, HEART " one");
	sent(r);
	frame(r, HEART " two");
	assert_non_null(strstr(sent(r), HEART));
	/* a change elsewhere does not */
	draw_begin(r->draw);
	draw_str(r->draw, 1, 2, 30, HEART " two", ST_TEXT);
	draw_str(r->draw, 3, 0, 30, "other row", ST_TEXT);
	draw_cursor(r->draw, 0, 0);
	assert_null(strstr(sent(r), HEART));
}

static void
test_draw_text__what_is_drawn_over_an_emoji_takes_all_of_it_away(void **state)
{
	struct rig *r = *state;

	draw_begin(r->draw);
	draw_str(r->draw, 1, 0, 30, "abc" FAMILY "d", ST_TEXT);
	draw_str(r->draw, 1, 4, 10, "XY", ST_TEXT); /* its second half */
	draw_end(r->draw);
	expect_row(r, 1, "abc XY");
	draw_begin(r->draw);
	draw_str(r->draw, 1, 0, 30, "ab\xe6\x97\xa5\xe6\x9c\xac", ST_TEXT);
	draw_str(r->draw, 1, 3, 10, "|", ST_TEXT);
	draw_end(r->draw);
	expect_row(r, 1, "ab |\xe6\x9c\xac");
}

static void
test_draw_text__at_the_right_edge_nothing_wraps(void **state)
{
	struct rig *r = *state;
	const char *out;

	draw_begin(r->draw);
	draw_str(r->draw, 1, 38, 10, FAMILY "x", ST_TEXT);
	draw_str(r->draw, 2, 39, 10, FAMILY, ST_TEXT); /* no room */
	draw_str(r->draw, 3, 39, 10, "\xe6\x97\xa5", ST_TEXT);
	draw_str(r->draw, 9, 0, 10, "below", ST_TEXT);
	draw_str(r->draw, -1, 0, 10, "above", ST_TEXT);
	out = sent(r);
	/* drawn six wide it would end in the next row: its first sign only */
	assert_null(strstr(out, FAMILY));
	assert_non_null(strstr(out, "\xf0\x9f\x91\xa8"));
	expect_row(r, 2, "");
	expect_row(r, 3, "");
}

static void
test_draw_elide__and_right(void **state)
{
	struct rig *r = *state;

	draw_begin(r->draw);
	assert_int_equal(draw_elide(r->draw, 0, 0, 5, "abcdefgh", ST_TEXT), 5);
	assert_int_equal(draw_right(r->draw, 1, 0, 10, "abc", ST_TEXT), 3);
	assert_int_equal(draw_elide(r->draw, 2, 0, 0, "abc", ST_TEXT), 0);
	assert_int_equal(
	    draw_text(r->draw, 3, 0, 20, "a\tb\n\033c", 6, ST_TEXT), 10);
	draw_end(r->draw);
	expect_row(r, 0, "abcd\xe2\x80\xa6");
	expect_row(r, 1, "       abc");
	expect_row(r, 2, "");
	expect_row(r, 3, "a       bc");
}

static void
test_draw_frame__and_wrapped_text(void **state)
{
	struct rig *r = *state;
	struct box in;

	draw_begin(r->draw);
	in = draw_frame(r->draw, (struct box){0, 0, 5, 14}, "T");
	assert_int_equal(in.y, 1);
	assert_int_equal(in.w, 10);
	assert_int_equal(
	    draw_wrapped(r->draw, in, "one two three four", ST_TEXT), 2);
	draw_end(r->draw);
	expect_row(r, 0,
	    "\xe2\x94\x8c\xe2\x94\x80 T \xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
	    "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
	    "\xe2\x94\x90");
	expect_row(r, 1, "\xe2\x94\x82 one two    \xe2\x94\x82");
	expect_row(r, 2, "\xe2\x94\x82 three four \xe2\x94\x82");
}

static void
test_draw_theme__without_colour_everything_is_still_told_apart(void **state)
{
	struct rig *r = *state;
	const char *out;

	draw_set_theme(r->draw, DEPTH_MONO, false, true);
	draw_begin(r->draw);
	draw_str(r->draw, 0, 0, 10, "unread", ST_UNREAD);
	draw_sign(r->draw, 1, 0, SIGN_READ, ST_OWN_READ);
	draw_sign(r->draw, 1, 10, SIGN_DELIVERED, ST_OWN_META);
	out = sent(r);
	assert_null(strstr(out, "[38;5")); /* no colour */
	assert_null(strstr(out, "[48;5"));
	assert_non_null(strstr(out, ";7m")); /* reverse */
	expect_row(r, 1, "vv*       vv");
}

static void
test_theme_nearest__finds_the_exact_ones(void **state)
{
	(void)state;
	assert_int_equal(theme_nearest(0x000000), 16);
	assert_int_equal(theme_nearest(0xffffff), 231);
	assert_int_equal(theme_nearest(0x5fd7ff), 81);
	assert_int_equal(theme_nearest(0x303030), 236);
	assert_int_equal(theme_nearest(0x949494), 246);
	assert_true(theme_is_light(255, 255, 255));
	assert_true(theme_is_light(253, 246, 227)); /* solarized light */
	assert_false(theme_is_light(0, 43, 54)); /* solarized dark */
}

/* ---- true colour ---------------------------------------------------------------- */

static void
test_direct_entry__is_the_terminals_own_with_direct_colour(void **state)
{
	struct buf b;
	char env[32768];
	int err;

	(void)state;
	assert_int_equal(setupterm("xterm-256color", 1, &err), OK);
	buf_init(&b, 16384);
	assert_ok(direct_entry(&b, "test-direct"));
	del_curterm(cur_term);
	memcpy(env, "hex:", 4);
	sodium_bin2hex(env + 4, sizeof(env) - 4, b.p, b.len);
	setenv("TERMINFO", env, 1);
	assert_int_equal(setupterm("test-direct", 1, &err), OK);
	unsetenv("TERMINFO");
	assert_int_equal(tigetnum("colors"), 0x1000000);
	assert_int_equal(tigetflag("RGB"), 1);
	assert_int_equal(tigetflag("ccc"), 0); /* the palette is left alone */
	assert_null(tigetstr("initc"));
	assert_null(tigetstr("oc"));
	assert_string_equal(
	    tiparm(tigetstr("setaf"), 0x123456), "\033[38;2;18;52;86m");
	assert_string_equal(tiparm(tigetstr("setab"), 3), "\033[43m");
	assert_string_equal(tigetstr("smcup"), "\033[?1049h\033[22;0;0t");
	assert_string_equal(tiparm(tigetstr("cup"), 1, 2), "\033[2;3H");
	del_curterm(cur_term);
	buf_clear(&b);
}

static int
entry_step(void *arg)
{
	struct buf b;
	int r;

	(void)arg;
	buf_init(&b, 16384);
	r = direct_entry(&b, "test-direct");
	buf_clear(&b);
	return r;
}

static void
test_direct_entry__out_of_memory_is_told(void **state)
{
	int err;

	(void)state;
	assert_int_equal(setupterm("xterm-256color", 1, &err), OK);
	assert_true(alloc_sweep(entry_step, NULL) > 3);
	del_curterm(cur_term);
}

struct calls {
	unsigned n;
	struct buf all;
};

static void
count_out(void *ctx, const void *p, size_t len)
{
	struct calls *c = ctx;

	c->n++;
	assert_ok(buf_put(&c->all, p, len));
}

static void
test_draw_catch__a_frame_leaves_in_one_call(void **state)
{
	static const char on[] = "\033[?2026h", off[] = "\033[?2026l";
	struct rig *r = *state;
	struct calls c = {0};
	struct draw *d;
	off_t before;

	buf_init(&c.all, 65536);
	assert_ok(draw_new(&d, count_out, &c));
	draw_set_theme(d, DEPTH_256, false, false);
	draw_set_terminal(d, true, false);
	assert_ok(draw_catch(d, fileno(r->out)));
	before = lseek(fileno(r->out), 0, SEEK_END);
	draw_begin(d);
	draw_str(d, 1, 2, 30, "first " HEART, ST_TEXT);
	draw_str(d, 3, 5, 30, "second", ST_ERROR);
	draw_str(d, 4, 9, 30, "third", ST_TEXT);
	draw_cursor(d, 2, 2);
	draw_end(d);
	assert_int_equal(c.n, 1);
	assert_int_equal(lseek(fileno(r->out), 0, SEEK_END), before);
	assert_memory_equal(c.all.p, on, sizeof(on) - 1);
	assert_memory_equal(
	    c.all.p + c.all.len - (sizeof(off) - 1), off, sizeof(off) - 1);
	assert_ok(buf_put_u8(&c.all, 0));
	assert_non_null(strstr((char *)c.all.p, "first"));
	assert_non_null(strstr((char *)c.all.p, "third"));
	draw_end(d); /* nothing new: nothing leaves */
	assert_int_equal(c.n, 1);
	draw_free(d);
	buf_clear(&c.all);
	assert_int_equal(write(fileno(r->out), "x", 1), 1); /* as it was */
	assert_int_equal(lseek(fileno(r->out), 0, SEEK_END), before + 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_draw_text__an_emoji_stands_at_its_own_place),
	    T(test_draw_text__a_terminal_that_measures_clusters_needs_no_repair),
	    T(test_draw_end__a_frame_is_wrapped_when_the_terminal_can),
	    T(test_draw_catch__a_frame_leaves_in_one_call),
	    T(test_draw_end__another_emoji_in_the_same_cells_is_sent),
	    T(test_draw_end__a_change_in_the_row_sends_its_emoji_again),
	    T(test_draw_text__what_is_drawn_over_an_emoji_takes_all_of_it_away),
	    T(test_draw_text__at_the_right_edge_nothing_wraps),
	    T(test_draw_elide__and_right),
	    T(test_draw_frame__and_wrapped_text),
	    T(test_draw_theme__without_colour_everything_is_still_told_apart),
	    cmocka_unit_test(test_theme_nearest__finds_the_exact_ones),
	    cmocka_unit_test(
		test_direct_entry__is_the_terminals_own_with_direct_colour),
	    cmocka_unit_test(test_direct_entry__out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
