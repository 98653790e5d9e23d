/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/admin/words.h"
#include "tests/unit/test.h"

static void
assert_words(const char *line, size_t n, const char *const *want)
{
	struct words w;
	size_t i;

	assert_ok(words_split(line, strlen(line), &w));
	assert_int_equal(w.n, n);
	for (i = 0; i < n; i++)
		assert_string_equal(w.v[i], want[i]);
	assert_null(w.v[n]);
	words_clear(&w);
	assert_int_equal(w.n, 0);
}

#define WORDS(...)                                                             \
	(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),              \
	    (const char *[])                                                   \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

static void
test_words_split__quotes_and_blanks(void **state)
{
	assert_words("", 0, NULL);
	assert_words(" \t\r\n", 0, NULL);
	assert_words("a", WORDS("a"));
	assert_words("  a  b\tc\n", WORDS("a", "b", "c"));
	assert_words(
	    "invite --note \"for mum\"", WORDS("invite", "--note", "for mum"));
	assert_words("a\"b c\"d 'e \\ f'", WORDS("ab cd", "e \\ f"));
	assert_words("\"\" ''", WORDS("", ""));
	assert_words("a\\ b \\\" \"\\\\\" \"'\" '\"'",
	    WORDS("a b", "\"", "\\", "'", "\""));
	assert_words("$HOME `id` * ; |", WORDS("$HOME", "`id`", "*", ";", "|"));
}

static void
test_words_split__refuses(void **state)
{
	static const char nul[] = {'a', '\0', 'b'};
	static const char nul2[] = {'\\', '\0'};
	char many[2 * (WORDS_MAX + 1)];
	struct words w = {.n = 99};
	size_t i;

	assert_err(words_split("\"a", 2, &w), ERR_FORMAT);
	assert_err(words_split("a 'b", 4, &w), ERR_FORMAT);
	assert_err(words_split("a\\", 2, &w), ERR_FORMAT);
	assert_err(words_split(nul, sizeof(nul), &w), ERR_FORMAT);
	assert_err(words_split(nul2, sizeof(nul2), &w), ERR_FORMAT);
	for (i = 0; i < sizeof(many); i += 2) {
		many[i] = 'x';
		many[i + 1] = ' ';
	}
	assert_err(words_split(many, sizeof(many), &w), ERR_FULL);
	assert_int_equal(w.n, 99);
	assert_ok(words_split(many, sizeof(many) - 2, &w));
	assert_int_equal(w.n, WORDS_MAX);
	words_clear(&w);
}

static void
test_words_quote__reads_back(void **state)
{
	static const char *const want[] = {
	    "", "two words", "\"", "\\", "a'b", "\t", "+49"};
	struct buf b;
	size_t i;

	buf_init(&b, 256);
	for (i = 0; i < ARRAY_LEN(want); i++)
		assert_ok(words_quote(&b, want[i]));
	assert_ok(buf_put_u8(&b, 0));
	assert_words((char *)b.p, ARRAY_LEN(want), want);
	buf_clear(&b);

	buf_init(&b, 8);
	assert_ok(words_quote(&b, "a"));
	assert_err(words_quote(&b, "bcde"), ERR_FULL);
	assert_int_equal(b.len, 3);
	buf_clear(&b);
}

static int
split_once(void *arg)
{
	struct words w;
	int r = words_split("a b", 3, &w);

	if (r == 0)
		words_clear(&w);
	return r;
}

static void
test_words_split__out_of_memory(void **state)
{
	assert_int_equal(alloc_sweep(split_once, NULL), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words_split__quotes_and_blanks),
	    cmocka_unit_test(test_words_split__refuses),
	    cmocka_unit_test(test_words_quote__reads_back),
	    cmocka_unit_test(test_words_split__out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
