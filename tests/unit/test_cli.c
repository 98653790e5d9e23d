/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the command line that need no engine. */
#include "tests/unit/test.h"
#include "tui/cli/args.h"
#include "tui/cli/json.h"

/* ---- json ---------------------------------------------------------------- */

static void
test_json__writes_nested_values_with_commas(void **state)
{
	const uint8_t id[] = {0x00, 0xfe};
	struct json j;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	json_begin(&j, &b);
	json_obj(&j);
	json_kv_str(&j, "text", "hi");
	json_kv_u64(&j, "max", UINT64_MAX);
	json_kv_i64(&j, "min", INT64_MIN);
	json_kv_bool(&j, "yes", true);
	json_kv_str(&j, "none", NULL);
	json_kv_hex(&j, "id", id, sizeof(id));
	json_key(&j, "list");
	json_arr(&j);
	json_u64(&j, 1);
	json_bool(&j, false);
	json_obj(&j);
	json_close(&j);
	json_arr(&j);
	json_close(&j);
	json_null(&j);
	json_i64(&j, -1);
	json_hex(&j, id, 0);
	json_close(&j);
	json_key(&j, "k");
	json_strn(&j, "abc", 1);
	assert_ok(json_end(&j)); /* closes what is open */
	assert_ok(buf_put_u8(&b, '\0'));
	assert_string_equal((char *)b.p,
	    "{\"text\":\"hi\",\"max\":18446744073709551615,"
	    "\"min\":-9223372036854775808,\"yes\":true,\"none\":null,"
	    "\"id\":\"00fe\",\"list\":[1,false,{},[],null,-1,\"\"],"
	    "\"k\":\"a\"}");
	buf_clear(&b);
}

static void
test_json__escapes_what_a_terminal_would_obey(void **state)
{
	static const char s[] = "q\" b\\ n\n t\t e\033[2J d\177 c\xc2\x9b "
				"bad\xff \xe2\x82 \u00e9\U0001f600 z\0z";
	struct json j;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	json_begin(&j, &b);
	json_obj(&j);
	json_key(&j, "\"");
	json_strn(&j, s, sizeof(s) - 1);
	assert_ok(json_end(&j));
	assert_ok(buf_put_u8(&b, '\0'));
	assert_string_equal((char *)b.p,
	    "{\"\\\"\":\"q\\\" b\\\\ n\\n t\\t e\\u001b[2J d\\u007f "
	    "c\\u009b bad\ufffd \ufffd\ufffd \u00e9\U0001f600 z\\u0000z\"}");
	buf_clear(&b);
}

static void
test_json__refuses_calls_that_make_no_value(void **state)
{
	struct json j;
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 1000);
	json_begin(&j, &b);
	assert_err(json_end(&j), ERR_STATE); /* nothing */
	json_begin(&j, &b);
	json_u64(&j, 1);
	json_u64(&j, 2); /* two at the top */
	assert_err(json_end(&j), ERR_STATE);
	json_begin(&j, &b);
	json_obj(&j);
	json_u64(&j, 1); /* no key */
	assert_err(json_end(&j), ERR_STATE);
	json_begin(&j, &b);
	json_obj(&j);
	json_key(&j, "a");
	json_key(&j, "b"); /* no value */
	assert_err(json_end(&j), ERR_STATE);
	json_begin(&j, &b);
	json_obj(&j);
	json_key(&j, "a");
	assert_err(json_end(&j), ERR_STATE);
	json_begin(&j, &b);
	json_arr(&j);
	json_key(&j, "a"); /* not in an object */
	assert_err(json_end(&j), ERR_STATE);
	json_begin(&j, &b);
	json_close(&j);
	assert_err(json_end(&j), ERR_STATE);
	json_begin(&j, &b);
	for (i = 0; i < JSON_DEPTH_MAX; i++)
		json_arr(&j);
	assert_int_equal(j.err, 0);
	json_arr(&j);
	assert_err(json_end(&j), ERR_STATE);
	buf_clear(&b);
	buf_init(&b, 4);
	json_begin(&j, &b);
	json_str(&j, "hello");
	json_close(&j); /* the first error stays */
	assert_err(json_end(&j), ERR_FULL);
	buf_clear(&b);
}

/* ---- args ---------------------------------------------------------------- */

struct opts {
	bool help, version;
	char *profile;
};

static const struct conf_row prog_rows[] = {
    {.name = "help",
	.letter = 'h',
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct opts, help),
	.doc = "Show this."},
    {.name = "version",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct opts, version),
	.doc = "Show the version."},
    {.name = "profile",
	.letter = 'p',
	.type = CONF_STRING,
	.off = offsetof(struct opts, profile),
	.def = "default",
	.doc = "Which profile."},
};

struct send_opts {
	bool json;
	uint64_t timeout_ms;
};

static const struct conf_row send_rows[] = {
    {.name = "json",
	.letter = 'j',
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, json),
	.doc = "Print JSON."},
    {.name = "timeout",
	.letter = 't',
	.type = CONF_DURATION,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, timeout_ms),
	.def = "30s",
	.doc = "How long to wait."},
};

static int
do_nothing(void *ctx, const struct cli_args *args)
{
	(void)ctx;
	return args->argc;
}

static const struct cli_cmd cmds[] = {
    {.name = "", .args = "", .help = "Talk on the screen", .fn = do_nothing},
    {.name = "send",
	.args = "NUMBER [TEXT|-]",
	.help = "Send a message",
	.more = "The text comes from the arguments or from standard input.",
	.min_args = 1,
	.max_args = 2,
	.rows = send_rows,
	.nrows = ARRAY_LEN(send_rows),
	.size = sizeof(struct send_opts),
	.fn = do_nothing},
    {.name = "list", .args = "", .help = "List chats", .fn = do_nothing},
};

static const struct conf_spec prog = {.prog = "sotto",
    .prefix = "SOTTO",
    .about = "Talks in private.",
    .rows = prog_rows,
    .nrows = ARRAY_LEN(prog_rows),
    .size = sizeof(struct opts)};

static const struct cli_spec spec = {
    .prog = &prog, .cmds = cmds, .ncmds = ARRAY_LEN(cmds)};

/* Literals where the system hands out char *. */
#define PARSE(run, ...)                                                        \
	parse_words(                                                           \
	    (run), (const char *const[]){"/bin/sotto", __VA_ARGS__, NULL})

static int
parse_words(struct cli_run *run, const char *const *words)
{
	struct conf_src src = {.argv = (char *const *)(const void *)words};

	while (words[src.argc] != NULL)
		src.argc++;
	return cli_parse(&spec, &src, run);
}

static void
test_cli_parse__options_stand_anywhere(void **state)
{
	const struct send_opts *own;
	const struct opts *opts;
	struct cli_run run;

	(void)state;
	assert_ok(PARSE(
	    &run, "-p", "work", "send", "--timeout", "5s", "+49", "-j", "hi"));
	assert_string_equal(run.cmd->name, "send");
	opts = run.args.opts;
	own = run.args.own;
	assert_string_equal(opts->profile, "work");
	assert_true(own->json);
	assert_int_equal(own->timeout_ms, 5000);
	assert_int_equal(run.args.argc, 2);
	assert_string_equal(run.args.argv[0], "+49");
	assert_string_equal(run.args.argv[1], "hi");
	assert_string_equal(run.args.prog, "sotto");
	cli_clear(&run);
	assert_ok(PARSE(&run, "send", "+49", "--profile=p", "--", "--json"));
	opts = run.args.opts;
	own = run.args.own;
	assert_string_equal(opts->profile, "p");
	assert_false(own->json);
	assert_int_equal(own->timeout_ms, 30000);
	assert_string_equal(run.args.argv[1], "--json");
	cli_clear(&run);
	assert_ok(PARSE(&run, "send", "+49", "-"));
	assert_string_equal(run.args.argv[1], "-");
	cli_clear(&run);
	assert_ok(PARSE(&run, "--profile", "send", "list"));
	assert_string_equal(run.cmd->name, "list");
	assert_null(run.args.own);
	cli_clear(&run);
	assert_ok(PARSE(&run, NULL));
	assert_string_equal(run.cmd->name, "");
	assert_int_equal(run.args.argc, 0);
	cli_clear(&run);
}

static void
test_cli_parse__help_needs_no_arguments(void **state)
{
	struct cli_run run;

	(void)state;
	assert_ok(PARSE(&run, "send", "--help"));
	assert_string_equal(run.cmd->name, "send");
	assert_true(((const struct opts *)run.args.opts)->help);
	cli_clear(&run);
	assert_ok(PARSE(&run, "--version", "list", "x"));
	cli_clear(&run);
}

#define assert_refused(sentence, ...)                                          \
	do {                                                                   \
		struct cli_run run_;                                           \
		assert_err(PARSE(&run_, __VA_ARGS__), ERR_CONFIG);             \
		assert_string_equal(run_.why.text, (sentence));                \
		cli_clear(&run_);                                              \
	} while (0)

static void
test_cli_parse__errors_help_on(void **state)
{
	struct cli_run run;
	const struct conf_src none = {0};

	(void)state;
	assert_refused(
	    "sned: no such command; did you mean send?", "sned", "+49");
	assert_refused("dance: no such command; try --help", "dance");
	assert_refused("\u241b[2J: no such command; try --help", "\033[2J");
	assert_refused(": no such command; try --help", "");
	assert_refused("send: an argument is missing; usage: sotto send NUMBER "
		       "[TEXT|-]",
	    "send");
	assert_refused("send: too many arguments; usage: sotto send NUMBER "
		       "[TEXT|-]",
	    "send", "+49", "a", "b");
	assert_refused(
	    "list: too many arguments; usage: sotto list ", "list", "x");
	assert_refused(
	    "--jsn: unknown; did you mean --json?", "send", "+49", "--jsn");
	assert_refused("--profle: unknown; did you mean --profile?", "send",
	    "+49", "--profle");
	assert_refused("--json: unknown", "--json", "send", "+49");
	assert_refused("-x: unknown", "send", "+49", "-x");
	assert_refused("--timeout: a value is missing", "send", "--timeout");
	assert_refused("--timeout: soon is no time (500ms, 30s, 5m, 12h, 7d)",
	    "send", "--timeout=soon", "+49");
	assert_refused("--profile: a value is missing", "list", "--profile");
	assert_err(cli_parse(&spec, &none, &run), ERR_CONFIG);
	cli_clear(&run);
}

static void
test_cli_exit__every_code_has_its_row(void **state)
{
	(void)state;
	assert_int_equal(cli_exit_of(0), CLI_EXIT_OK);
	assert_int_equal(cli_exit_of(ERR_AUTH), CLI_EXIT_LOCKED);
	assert_int_equal(cli_exit_of(ERR_BUSY), CLI_EXIT_BUSY);
	assert_int_equal(cli_exit_of(ERR_RATE), CLI_EXIT_REFUSED);
	assert_int_equal(cli_exit_of(ERR_UNTRUSTED), CLI_EXIT_UNTRUSTED);
	assert_int_equal(cli_exit_of(ERR_NOMEM), CLI_EXIT_FAILURE);
	assert_int_equal(cli_exit_of(-9999), CLI_EXIT_FAILURE);
}

static void
test_cli_print_help__program_and_command(void **state)
{
	struct buf b;
	const char *s;

	(void)state;
	buf_init(&b, 65536);
	assert_ok(cli_print_help(&spec, NULL, &b));
	assert_ok(buf_put_u8(&b, '\0'));
	s = (const char *)b.p;
	assert_ptr_equal(
	    strstr(s, "Usage: sotto [OPTION...] [COMMAND]\nTalks in "), s);
	assert_non_null(strstr(s, "\nCommands:\n  sotto\n          Talk on the "
				  "screen\n  sotto send NUMBER [TEXT|-]\n"));
	assert_non_null(strstr(s, "  -p, --profile TEXT\n"));
	buf_reset(&b);
	assert_ok(cli_print_help(&spec, cli_find(&spec, "send"), &b));
	assert_ok(buf_put_u8(&b, '\0'));
	s = (const char *)b.p;
	assert_ptr_equal(
	    strstr(s, "Usage: sotto send [OPTION...] NUMBER [TEXT|-]\n"
		      "Send a message\n\nThe text comes"),
	    s);
	assert_non_null(strstr(s, "  -t, --timeout TIME\n"));
	assert_null(strstr(s, "--profile TEXT"));
	assert_null(cli_find(&spec, "sen"));
	buf_clear(&b);
}

static int
parse_and_write(void *arg)
{
	struct cli_run run;
	struct json j;
	struct buf b;
	int r;

	(void)arg;
	buf_init(&b, 65536);
	r = PARSE(&run, "-p", "x", "send", "-j", "+49");
	if (r == 0)
		r = cli_print_help(&spec, run.cmd, &b);
	if (r == 0)
		r = cli_print_help(&spec, NULL, &b);
	cli_clear(&run);
	if (r == 0) {
		json_begin(&j, &b);
		json_str(&j, "x");
		r = json_end(&j);
	}
	buf_clear(&b);
	return r;
}

static void
test_cli__survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(alloc_sweep(parse_and_write, NULL) > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json__writes_nested_values_with_commas),
	    cmocka_unit_test(test_json__escapes_what_a_terminal_would_obey),
	    cmocka_unit_test(test_json__refuses_calls_that_make_no_value),
	    cmocka_unit_test(test_cli_parse__options_stand_anywhere),
	    cmocka_unit_test(test_cli_parse__help_needs_no_arguments),
	    cmocka_unit_test(test_cli_parse__errors_help_on),
	    cmocka_unit_test(test_cli_exit__every_code_has_its_row),
	    cmocka_unit_test(test_cli_print_help__program_and_command),
	    cmocka_unit_test(test_cli__survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
