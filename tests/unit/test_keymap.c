/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tui/screen/composer.h"
#include "tui/screen/keymap.h"

/* Call fn for each alternative of each row. */
typedef void alt_fn(const struct keymap_row *row, const char *s, size_t n);

static void
each_alternative(alt_fn *fn)
{
	const char *s, *end;
	size_t i;

	for (i = 0; i < keymap_nrows; i++) {
		for (s = keymap_rows[i].keys; s != NULL; s = end) {
			end = strstr(s, ", ");
			fn(&keymap_rows[i], s,
			    end != NULL ? (size_t)(end - s) : strlen(s));
			end = end != NULL ? end + 2 : NULL;
		}
	}
}

/* "Ctrl-X Ctrl-E", "Alt-1..9" -> the keys to press; digit for the range. */
static void
parse(const char *s, size_t n, struct key_prefix *prefix, struct key *key)
{
	const char *blank = memchr(s, ' ', n);

	*prefix = (struct key_prefix){0};
	*key = (struct key){.type = KT_PRESS};
	if (blank != NULL) {
		assert_true(key_parse(
		    s, (size_t)(blank - s), &prefix->code, &prefix->mods));
		n -= (size_t)(blank + 1 - s);
		s = blank + 1;
	}
	if (n > 3 && s[n - 2] == '.' && s[n - 3] == '.')
		n -= 3;
	assert_true(key_parse(s, n, &key->code, &key->mods));
}

static void
finds_itself(const struct keymap_row *row, const char *s, size_t n)
{
	struct key_prefix prefix;
	struct key key;

	parse(s, n, &prefix, &key);
	/* A second row with the same key would never be reached. */
	assert_int_equal(
	    keymap_find(row->ctx, &prefix, &key, NULL), row->action);
	if (prefix.code != 0) {
		struct key first = {.code = prefix.code, .mods = prefix.mods};

		assert_true(keymap_is_prefix(row->ctx, &first));
		assert_int_equal(
		    keymap_find(row->ctx, NULL, &first, NULL), ACT_NONE);
	}
}

static void
test_keymap__every_key_of_every_row_leads_to_its_action(void **state)
{
	(void)state;
	each_alternative(finds_itself);
}

static void
test_keymap__every_row_is_complete(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < keymap_nrows; i++) {
		const struct keymap_row *r = &keymap_rows[i];

		assert_int_equal(r->action, i + 1);
		assert_true(strlen(r->keys) > 0);
		assert_true(strlen(r->help) >= 2);
		assert_true(
		    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", r->help[0]) != NULL);
		assert_true(r->help[strlen(r->help) - 1] != '.');
		assert_true(strlen(r->label) <= 24);
		assert_non_null(keymap_ctx_title(r->ctx));
		if (i > 0) /* contexts in one piece, for help and docs */
			assert_true(r->ctx >= keymap_rows[i - 1].ctx);
	}
}

static void
not_of_readline(const struct keymap_row *row, const char *s, size_t n)
{
	struct key_prefix prefix;
	struct key key;

	if (row->ctx != CTX_COMPOSER)
		return;
	parse(s, n, &prefix, &key);
	if (prefix.code == 0)
		assert_int_equal(
		    keymap_find(CTX_EDIT, NULL, &key, NULL), ACT_NONE);
}

static void
test_keymap__the_composer_takes_no_key_of_readline(void **state)
{
	(void)state;
	each_alternative(not_of_readline);
}

static void
test_keymap_find__a_range_tells_its_digit(void **state)
{
	struct key key = {.code = '7', .mods = MOD_ALT};
	int digit = 0;

	(void)state;
	assert_int_equal(keymap_find(CTX_MAIN, NULL, &key, &digit), ACT_CHAT_N);
	assert_int_equal(digit, 7);
	key.code = '0';
	assert_int_equal(keymap_find(CTX_MAIN, NULL, &key, &digit), ACT_NONE);
	key = (struct key){.code = K_F1};
	assert_int_equal(keymap_find(CTX_GLOBAL, NULL, &key, &digit), ACT_HELP);
	assert_int_equal(digit, 0);
}

static void
test_keymap_find__other_contexts_and_modifiers_do_not_match(void **state)
{
	struct key key = {.code = 'k', .mods = MOD_CTRL};

	(void)state;
	assert_int_equal(keymap_find(CTX_EDIT, NULL, &key, NULL), ACT_KILL_END);
	assert_int_equal(keymap_find(CTX_MAIN, NULL, &key, NULL), ACT_PALETTE);
	assert_int_equal(keymap_find(CTX_FORM, NULL, &key, NULL), ACT_NONE);
	key.mods = MOD_CTRL | MOD_ALT;
	assert_int_equal(keymap_find(CTX_MAIN, NULL, &key, NULL), ACT_NONE);
}

static void
test_keymap_short__is_what_the_bar_shows(void **state)
{
	char out[KEYS_NAME_CAP];

	(void)state;
	assert_string_equal(keymap_short(out, ACT_PALETTE), "^K");
	assert_string_equal(keymap_short(out, ACT_HELP), "F1");
	assert_string_equal(keymap_short(out, ACT_NEXT_UNREAD), "Alt-A");
	assert_string_equal(keymap_short(out, ACT_EDITOR), "Ctrl-X Ctrl-E");
	assert_string_equal(keymap_short(out, ACT_NONE), "");
}

/* ---- docs/tui.md ------------------------------------------------------------ */

#define DOC "docs/tui.md"

/*
 * What stands between <!-- name --> and <!-- /name --> is text. With
 * SOTTO_GOLDEN in the environment it is written there.
 */
static void
expect_in_doc(const char *name, const char *text)
{
	char from[40], to[40], *doc, *a, *b;
	size_t len;
	FILE *f;

	snprintf(from, sizeof(from), "<!-- %s -->\n", name);
	snprintf(to, sizeof(to), "<!-- /%s -->\n", name);
	doc = read_text_file(DOC, &len);
	a = strstr(doc, from);
	b = strstr(doc, to);
	assert_non_null(a);
	assert_non_null(b);
	a += strlen(from);
	if (getenv("SOTTO_GOLDEN") != NULL) {
		f = fopen(DOC, "w");
		assert_non_null(f);
		fprintf(f, "%.*s%s%s", (int)(a - doc), doc, text, b);
		assert_ok(fclose(f));
	} else {
		assert_int_equal(b - a, strlen(text));
		assert_memory_equal(a, text, strlen(text));
	}
	free(doc);
}

static void
test_keymap_markdown__is_the_table_in_the_manual(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	assert_ok(keymap_markdown(&b));
	assert_ok(buf_put_u8(&b, 0));
	expect_in_doc("keys", (const char *)b.p);
	buf_clear(&b);
}

static void
test_commands__are_those_in_the_manual(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 65536);
	assert_ok(buf_printf(&b, "| command | what it does |\n|---|---|\n"));
	for (i = 0; i < ncommands; i++)
		assert_ok(buf_printf(&b, "| `/%s%s%s` | %s |\n",
		    commands[i].word, commands[i].args[0] != '\0' ? " " : "",
		    commands[i].args, commands[i].help));
	assert_ok(buf_put_u8(&b, 0));
	expect_in_doc("commands", (const char *)b.p);
	buf_clear(&b);
}

static int
markdown_step(void *arg)
{
	struct buf b;
	int r;

	(void)arg;
	buf_init(&b, 65536);
	r = keymap_markdown(&b);
	buf_clear(&b);
	return r;
}

static void
test_keymap_markdown__out_of_memory_is_told(void **state)
{
	(void)state;
	assert_true(alloc_sweep(markdown_step, NULL) > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_keymap__every_key_of_every_row_leads_to_its_action),
	    cmocka_unit_test(test_keymap__every_row_is_complete),
	    cmocka_unit_test(
		test_keymap__the_composer_takes_no_key_of_readline),
	    cmocka_unit_test(test_keymap_find__a_range_tells_its_digit),
	    cmocka_unit_test(
		test_keymap_find__other_contexts_and_modifiers_do_not_match),
	    cmocka_unit_test(test_keymap_short__is_what_the_bar_shows),
	    cmocka_unit_test(test_keymap_markdown__is_the_table_in_the_manual),
	    cmocka_unit_test(test_commands__are_those_in_the_manual),
	    cmocka_unit_test(test_keymap_markdown__out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
