/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/text.h"
#include "tests/unit/test.h"
#include "tui/screen/edit.h"

#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91" \
	"\xa7"

/* "ab|cd": the cursor is where the bar is. */
static void
start(struct edit *e, unsigned flags, const char *marked)
{
	const char *bar = strchr(marked, '|');
	char text[512];

	assert_non_null(bar);
	snprintf(
	    text, sizeof(text), "%.*s%s", (int)(bar - marked), marked, bar + 1);
	edit_init(e, 1000, flags);
	assert_ok(edit_set(e, text, strlen(text)));
	e->cur = (size_t)(bar - marked);
}

static void
expect(const struct edit *e, const char *marked)
{
	char got[1024];

	snprintf(got, sizeof(got), "%.*s|%s", (int)e->cur, edit_text(e),
	    edit_text(e) + e->cur);
	assert_string_equal(got, marked);
	assert_int_equal(strlen(edit_text(e)), edit_len(e));
}

struct act_row {
	enum action action;
	const char *before, *after;
};

static const struct act_row act_rows[] = {
    {ACT_LINE_START, "ab\ncd|e", "ab\n|cde"},
    {ACT_LINE_START, "ab|", "|ab"},
    {ACT_LINE_END, "a|b\ncd", "ab|\ncd"},
    {ACT_LINE_END, "ab\n|cd", "ab\ncd|"},
    {ACT_LEFT, "ab|", "a|b"},
    {ACT_LEFT, "|ab", "|ab"},
    {ACT_LEFT, "a" FAMILY "|b", "a|" FAMILY "b"},
    {ACT_RIGHT, "a|" FAMILY "b", "a" FAMILY "|b"},
    {ACT_RIGHT, "e\xcc\x81|", "e\xcc\x81|"},
    {ACT_RIGHT, "|e\xcc\x81x", "e\xcc\x81|x"},
    {ACT_WORD_LEFT, "one two|", "one |two"},
    {ACT_WORD_RIGHT, "|one two", "one| two"},
    {ACT_BACKSPACE, "a" FAMILY "|b", "a|b"},
    {ACT_BACKSPACE, "\xf0\x9f\x87\xae\xf0\x9f\x87\xaa|", "|"}, /* a flag */
    {ACT_BACKSPACE, "x1\xef\xb8\x8f\xe2\x83\xa3|", "x|"}, /* keycap */
    {ACT_BACKSPACE, "|a", "|a"},
    {ACT_BACKSPACE, "a\n|b", "a|b"},
    {ACT_DELETE, "a|" FAMILY "b", "a|b"},
    {ACT_DELETE, "a|", "a|"},
    {ACT_KILL_END, "a|b\nc", "a|\nc"},
    {ACT_KILL_END, "ab|\nc", "ab|c"},
    {ACT_KILL_START, "a\nbc|d", "a\n|d"},
    {ACT_KILL_BLANK, "see a/b-c|", "see |"},
    {ACT_KILL_WORD_LEFT, "see a-b|", "see a-|"},
    {ACT_KILL_WORD_RIGHT, "|one two", "| two"},
    {ACT_TRANSPOSE, "ab|", "ba|"},
    {ACT_TRANSPOSE, "a|b", "ba|"},
    {ACT_TRANSPOSE, "|ab", "|ab"},
    {ACT_TRANSPOSE, "a|" FAMILY, FAMILY "a|"},
    {ACT_TRANSPOSE, "a\n|b", "a\n|b"},
    {ACT_YANK, "ab|", "ab|"},
    {ACT_UNDO, "ab|", "ab|"},
    {ACT_REDO, "ab|", "ab|"},
};

static void
test_edit_act__does_what_readline_does(void **state)
{
	struct edit e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(act_rows); i++) {
		start(&e, EDIT_MULTI, act_rows[i].before);
		assert_true(edit_act(&e, act_rows[i].action));
		expect(&e, act_rows[i].after);
		edit_clear(&e);
	}
}

static void
test_edit_act__leaves_alone_what_is_not_its_own(void **state)
{
	struct edit e;

	(void)state;
	start(&e, EDIT_MULTI, "ab|");
	assert_false(edit_act(&e, ACT_KILL_END)); /* the palette's Ctrl-K */
	assert_false(edit_act(&e, ACT_SEND));
	assert_false(edit_act(&e, ACT_BACK)); /* Esc erases nothing */
	expect(&e, "ab|");
	edit_clear(&e);
}

static void
type(struct edit *e, const char *s)
{
	size_t n = strlen(s), used;
	uint32_t cp;

	for (; n > 0; s += used, n -= used) {
		used = text_codepoint(s, n, &cp);
		assert_ok(edit_type(e, cp));
	}
}

static void
test_edit_type__a_character_that_joins_moves_the_cursor_past_both(void **state)
{
	struct edit e;

	(void)state;
	start(&e, EDIT_MULTI, "a|\xe2\x80\x8dz");
	edit_clear(&e);
	start(&e, EDIT_MULTI, "|");
	type(&e, FAMILY);
	expect(&e, FAMILY "|");
	assert_true(edit_act(&e, ACT_BACKSPACE));
	expect(&e, "|");
	edit_clear(&e);
	/* a joiner typed in front of what it joins with */
	start(&e, EDIT_MULTI, "|\xf0\x9f\x91\xa9!");
	type(&e, "\xf0\x9f\x91\xa8\xe2\x80\x8d");
	expect(&e, "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9|!");
	edit_clear(&e);
	/* deleting takes a letter with its accent */
	edit_init(&e, 100, EDIT_MULTI);
	assert_ok(edit_set(&e, "xe\xcc\x81", 4));
	e.cur = 1;
	assert_true(edit_act(&e, ACT_DELETE));
	expect(&e, "x|");
	edit_clear(&e);
}

static void
test_edit_type__refuses_controls(void **state)
{
	struct edit e;

	(void)state;
	start(&e, 0, "a|");
	assert_err(edit_type(&e, 0x1b), ERR_FORMAT);
	assert_err(edit_type(&e, '\n'), ERR_FORMAT); /* one line only */
	assert_err(edit_type(&e, 0x85), ERR_FORMAT);
	assert_err(edit_type(&e, 0x7f), ERR_FORMAT);
	assert_err(edit_type(&e, 0xd800), ERR_FORMAT);
	expect(&e, "a|");
	edit_clear(&e);
}

static void
test_edit_paste__is_made_harmless(void **state)
{
	struct edit e;

	(void)state;
	start(&e, EDIT_MULTI, "<|>");
	assert_ok(edit_paste(&e, "a\033[31m\nb\xe2\x80\xae", 11));
	expect(&e, "<a\xe2\x90\x9b[31m\nb|>");
	edit_clear(&e);
	start(&e, 0, "<|>");
	assert_ok(edit_paste(&e, "a\nb", 3));
	expect(&e, "<a b|>");
	edit_clear(&e);
}

static void
test_edit_paste__too_long_changes_nothing(void **state)
{
	struct edit e;
	char big[200];

	(void)state;
	memset(big, 'x', sizeof(big));
	edit_init(&e, 100, EDIT_MULTI);
	assert_ok(edit_set(&e, "abc", 3));
	assert_err(edit_paste(&e, big, 98), ERR_FULL);
	expect(&e, "abc|");
	assert_ok(edit_paste(&e, big, 97));
	assert_err(edit_type(&e, 'y'), ERR_FULL);
	assert_int_equal(edit_len(&e), 100);
	assert_err(edit_set(&e, big, 101), ERR_FULL);
	assert_int_equal(edit_len(&e), 100);
	edit_clear(&e);
}

static void
test_edit_undo__goes_back_word_by_word_and_forth_again(void **state)
{
	struct edit e;

	(void)state;
	start(&e, EDIT_MULTI, "|");
	type(&e, "one two");
	assert_true(edit_act(&e, ACT_KILL_BLANK));
	expect(&e, "one |");
	edit_act(&e, ACT_UNDO);
	expect(&e, "one two|");
	edit_act(&e, ACT_UNDO);
	expect(&e, "one |");
	edit_act(&e, ACT_UNDO);
	expect(&e, "|");
	edit_act(&e, ACT_UNDO);
	expect(&e, "|");
	edit_act(&e, ACT_REDO);
	edit_act(&e, ACT_REDO);
	expect(&e, "one two|");
	edit_act(&e, ACT_REDO);
	expect(&e, "one |");
	edit_act(&e, ACT_UNDO);
	type(&e, "!"); /* a new change forgets what was undone */
	edit_act(&e, ACT_REDO);
	expect(&e, "one two!|");
	edit_act(&e, ACT_UNDO);
	edit_act(&e, ACT_UNDO);
	expect(&e, "one |");
	edit_clear(&e);
}

static void
test_edit_undo__a_paste_is_one_step(void **state)
{
	struct edit e;

	(void)state;
	start(&e, EDIT_MULTI, "|");
	type(&e, "a");
	assert_ok(edit_paste(&e, "long\ntext", 9));
	type(&e, "b");
	edit_act(&e, ACT_UNDO);
	expect(&e, "along\ntext|");
	edit_act(&e, ACT_UNDO);
	expect(&e, "a|");
	edit_clear(&e);
}

static void
test_edit_undo__is_bounded(void **state)
{
	struct edit e;
	char big[900];
	int i;

	(void)state;
	memset(big, 'x', sizeof(big));
	edit_init(&e, 1000, EDIT_MULTI);
	for (i = 0; i < 3 * EDIT_UNDO_MAX; i++) {
		assert_ok(edit_replace(
		    &e, 0, edit_len(&e), big, sizeof(big) - (size_t)(i % 2)));
	}
	assert_int_equal(e.nsteps, EDIT_UNDO_MAX);
	assert_true(e.step_bytes <= EDIT_UNDO_BYTES_MAX);
	for (i = 0; i < 3 * EDIT_UNDO_MAX; i++)
		edit_act(&e, ACT_UNDO);
	assert_int_equal(e.done, 0);
	edit_clear(&e);
	assert_int_equal(e.step_bytes, 0);
}

static void
test_edit_kill__what_is_cut_in_a_row_comes_back_together(void **state)
{
	struct edit e;

	(void)state;
	start(&e, EDIT_MULTI, "one two three|");
	edit_act(&e, ACT_KILL_BLANK);
	edit_act(&e, ACT_KILL_BLANK);
	expect(&e, "one |");
	edit_act(&e, ACT_YANK);
	expect(&e, "one two three|");
	edit_act(&e, ACT_LINE_START);
	edit_act(&e, ACT_KILL_WORD_RIGHT);
	edit_act(&e, ACT_KILL_END);
	expect(&e, "|");
	edit_act(&e, ACT_YANK);
	edit_act(&e, ACT_YANK);
	expect(&e, "one two threeone two three|");
	edit_clear(&e);
}

static void
test_edit_secret__nothing_of_a_passphrase_is_kept(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, 100, EDIT_SECRET);
	type(&e, "hunter2");
	edit_act(&e, ACT_KILL_START);
	expect(&e, "|");
	assert_int_equal(e.kill.len, 0);
	assert_int_equal(e.nsteps, 0);
	edit_act(&e, ACT_UNDO);
	expect(&e, "|");
	assert_memory_equal(e.text.p, "\0\0\0\0\0\0\0", 7);
	edit_clear(&e);
}

/* ---- lines -------------------------------------------------------------------- */

static void
test_edit_row__goes_up_and_down_wrapped_lines_keeping_its_column(void **state)
{
	struct edit e;
	int row, col;

	(void)state;
	/* width 6: "abcd " "efghij" "x" "" */
	start(&e, EDIT_MULTI, "abcd efgh|ij\nx\n");
	edit_where(&e, 6, &row, &col);
	assert_int_equal(row, 1);
	assert_int_equal(col, 4);
	assert_true(edit_row(&e, 6, 1));
	expect(&e, "abcd efghij\nx|\n");
	assert_true(edit_row(&e, 6, 1));
	expect(&e, "abcd efghij\nx\n|");
	assert_false(edit_row(&e, 6, 1));
	assert_true(edit_row(&e, 6, -1));
	assert_true(edit_row(&e, 6, -1));
	expect(&e, "abcd efgh|ij\nx\n");
	assert_true(edit_row(&e, 6, -1));
	expect(&e, "abcd| efghij\nx\n");
	assert_false(edit_row(&e, 6, -1));
	edit_clear(&e);
}

static void
test_edit_where__every_place_has_one_and_point_finds_it_again(void **state)
{
	static const char *const texts[] = {"", "a", "\n", "\n\n",
	    "abc def ghi jkl", "aaaaaaaaaaaaaaaaa", "a\nb\n\nc",
	    "x" FAMILY FAMILY FAMILY "y", "trailing blanks      and more",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe6\x96\x87"};
	struct edit e;
	size_t i, pos;
	int width, row, col;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		edit_init(&e, 200, EDIT_MULTI);
		assert_ok(edit_set(&e, texts[i], strlen(texts[i])));
		for (width = 2; width < 12; width++) {
			for (pos = 0;;
			     pos = text_next(texts[i], strlen(texts[i]), pos)) {
				e.cur = pos;
				edit_where(&e, width, &row, &col);
				edit_point(&e, width, row, col);
				assert_int_equal(e.cur, pos);
				if (pos == strlen(texts[i]))
					break;
			}
		}
		edit_clear(&e);
	}
}

static int
alloc_step(void *arg)
{
	struct edit e;
	int r;

	(void)arg;
	edit_init(&e, 200, EDIT_MULTI);
	r = edit_set(&e, "some words", 10);
	if (r == 0)
		r = edit_type(&e, 'x');
	if (r == 0)
		r = edit_type(&e, 'y');
	if (r == 0)
		r = edit_paste(&e, "zz", 2);
	if (r == 0) {
		edit_act(&e, ACT_KILL_START);
		r = e.err;
	}
	if (r == 0) {
		edit_act(&e, ACT_UNDO);
		edit_act(&e, ACT_REDO);
	}
	assert_int_equal(strlen(edit_text(&e)), edit_len(&e));
	edit_clear(&e);
	return r;
}

static int
kill_lost_step(void *arg)
{
	/* Losing what was cut for want of memory is not an error. */
	int r = alloc_step(arg);

	return alloc_failed() ? ERR_NOMEM : r;
}

static void
test_edit__out_of_memory_keeps_the_text_whole(void **state)
{
	(void)state;
	assert_true(alloc_sweep(kill_lost_step, NULL) > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edit_act__does_what_readline_does),
	    cmocka_unit_test(test_edit_act__leaves_alone_what_is_not_its_own),
	    cmocka_unit_test(
		test_edit_type__a_character_that_joins_moves_the_cursor_past_both),
	    cmocka_unit_test(test_edit_type__refuses_controls),
	    cmocka_unit_test(test_edit_paste__is_made_harmless),
	    cmocka_unit_test(test_edit_paste__too_long_changes_nothing),
	    cmocka_unit_test(
		test_edit_undo__goes_back_word_by_word_and_forth_again),
	    cmocka_unit_test(test_edit_undo__a_paste_is_one_step),
	    cmocka_unit_test(test_edit_undo__is_bounded),
	    cmocka_unit_test(
		test_edit_kill__what_is_cut_in_a_row_comes_back_together),
	    cmocka_unit_test(test_edit_secret__nothing_of_a_passphrase_is_kept),
	    cmocka_unit_test(
		test_edit_row__goes_up_and_down_wrapped_lines_keeping_its_column),
	    cmocka_unit_test(
		test_edit_where__every_place_has_one_and_point_finds_it_again),
	    cmocka_unit_test(test_edit__out_of_memory_keeps_the_text_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
