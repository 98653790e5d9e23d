/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/conf.h"
#include "tests/unit/test.h"

struct sample {
	bool help, mouse;
	uint32_t queue_max;
	uint64_t seed, limit, wait_ms;
	char *name, *token, *dir;
	int policy;
	struct conf_list listen, tags;
};

static const char *const policies[] = {"invite", "open", "closed", NULL};

/* Literals where the system hands out char *. */
#define STRINGS(a) ((char *const *)(const void *)(a))

#define AT(f) .off = offsetof(struct sample, f)
static const struct conf_row rows[] = {
    {.name = "help",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.letter = 'h',
	AT(help),
	.doc = "Say what there is."},
    {.name = "queue-max",
	.type = CONF_U32,
	.letter = 'q',
	AT(queue_max),
	.min = 1,
	.max = 100000,
	.def = "1000",
	.unit = "messages",
	.group = "Queue",
	.doc = "Undelivered messages held per device."},
    {.name = "seed", .type = CONF_U64, AT(seed), .def = "7", .doc = "A seed."},
    {.name = "limit",
	.type = CONF_SIZE,
	.flags = CONF_NO_RELOAD,
	AT(limit),
	.min = 1024,
	.def = "64KiB",
	.doc = "Bytes a message may have."},
    {.name = "wait",
	.type = CONF_DURATION,
	AT(wait_ms),
	.max = 3600000,
	.def = "30s",
	.doc = "How long to wait."},
    {.name = "name",
	.type = CONF_STRING,
	AT(name),
	.max = 16,
	.def = "\"relay #1\"",
	.group = "Who",
	.doc = "A name with *stars*."},
    {.name = "token",
	.type = CONF_STRING,
	.flags = CONF_SECRET,
	AT(token),
	.min = 4,
	.doc = "A secret."},
    {.name = "dir",
	.type = CONF_PATH,
	.letter = 'd',
	AT(dir),
	.def = "/var/lib/x",
	.doc = "A folder."},
    {.name = "policy",
	.type = CONF_ENUM,
	AT(policy),
	.choices = policies,
	.def = "open",
	.doc = "Who may."},
    {.name = "listen",
	.type = CONF_ADDRS,
	AT(listen),
	.min = 1,
	.max = 3,
	.def = "127.0.0.1:7000, [::1]:7000",
	.doc = "Where to listen."},
    {.name = "tags", .type = CONF_LIST, AT(tags), .doc = "Tags."},
    {.name = "mouse",
	.type = CONF_BOOL,
	.letter = 'm',
	AT(mouse),
	.def = "yes",
	.doc = "Use the mouse."},
};

static const struct conf_spec spec = {.prog = "sample",
    .prefix = "SOTTO_SAMPLE",
    .about = "Shows how settings work.",
    .rows = rows,
    .nrows = ARRAY_LEN(rows),
    .size = sizeof(struct sample)};

static int
load_text(const char *text, struct sample *s, struct conf_err *why)
{
	const struct conf_src src = {
	    .file_name = "file", .text = text, .text_len = strlen(text)};

	return conf_load(&spec, &src, s, NULL, why);
}

static void
test_conf_load__defaults_come_from_the_rows(void **state)
{
	const struct conf_src none = {0};
	struct sample s;

	(void)state;
	assert_ok(conf_load(&spec, &none, &s, NULL, NULL));
	assert_int_equal(s.queue_max, 1000);
	assert_int_equal(s.seed, 7);
	assert_int_equal(s.limit, 65536);
	assert_int_equal(s.wait_ms, 30000);
	assert_string_equal(s.name, "relay #1"); /* # inside stays */
	assert_null(s.token);
	assert_string_equal(s.dir, "/var/lib/x");
	assert_int_equal(s.policy, 1);
	assert_int_equal(s.listen.n, 2);
	assert_string_equal(s.listen.v[1], "[::1]:7000");
	assert_int_equal(s.tags.n, 0);
	assert_true(s.mouse);
	assert_false(s.help);
	conf_clear(&spec, &s);
	assert_null(s.name);
	assert_int_equal(s.queue_max, 0);
	conf_clear(&spec, &s);
}

static void
test_conf_load__reads_a_file(void **state)
{
	static const char text[] = "\xef\xbb\xbf# comment\r\n"
				   "\n"
				   "  queue-max = 5   # five\r\n"
				   "limit=2MiB\n"
				   "wait = 1m30s\n"
				   "name = \" a \\\"b\\\\ #c \" # quoted\n"
				   "token = ab#c\n"
				   "policy\t=\tclosed\n"
				   "listen = *:1, \"[::1]:2\" # two\n"
				   "listen = host.example:3\n"
				   "tags = \"a,b\" , c d\n"
				   "mouse = off"; /* no line end */
	struct sample s;
	struct conf_err why;
	int r;

	(void)state;
	r = load_text(text, &s, &why);
	assert_string_equal(why.text, "");
	assert_ok(r);
	assert_int_equal(s.queue_max, 5);
	assert_int_equal(s.limit, 2 << 20);
	assert_int_equal(s.wait_ms, 90000);
	assert_string_equal(s.name, " a \"b\\ #c ");
	assert_string_equal(s.token, "ab#c");
	assert_int_equal(s.policy, 2);
	assert_int_equal(s.listen.n, 3); /* replaces the defaults */
	assert_string_equal(s.listen.v[0], "*:1");
	assert_string_equal(s.listen.v[1], "[::1]:2");
	assert_string_equal(s.listen.v[2], "host.example:3");
	assert_int_equal(s.tags.n, 2);
	assert_string_equal(s.tags.v[0], "a,b");
	assert_string_equal(s.tags.v[1], "c d");
	assert_false(s.mouse);
	conf_clear(&spec, &s);
}

static void
test_conf_load__edges_of_a_line(void **state)
{
	struct sample s;

	(void)state;
	assert_ok(load_text("wait = 0\nname = a b\t# c\ntags =\t\n", &s, NULL));
	assert_int_equal(s.wait_ms, 0);
	assert_string_equal(s.name, "a b");
	assert_int_equal(s.tags.n, 0);
	conf_clear(&spec, &s);
	assert_ok(load_text("wait = 1h\nlimit = 1T\nname = a\t\n\n", &s, NULL));
	assert_int_equal(s.wait_ms, 3600000);
	assert_true(s.limit == 1ULL << 40);
	assert_string_equal(s.name, "a");
	conf_clear(&spec, &s);
	assert_err(load_text("name = \001", &s, NULL), ERR_CONFIG);
	assert_err(load_text("name = \177", &s, NULL), ERR_CONFIG);
}

static void
test_conf_load__errors_say_where_and_what(void **state)
{
	static const struct {
		const char *text, *why;
	} v[] = {
	    {"\n# x\nqueue-max = 0\n", "file:3: queue-max: 0 is below 1"},
	    {"queue-max = 100001", "file:1: queue-max: 100001 is above 100000"},
	    {"queue-max = abc", "file:1: queue-max: abc is no number"},
	    {"queue-max = -1", "file:1: queue-max: -1 is no number"},
	    {"queue-max =", "file:1: queue-max: \"\" is no number"},
	    {"queue-max = 1\nqueue-max = 2",
		"file:2: queue-max: already set in line 1"},
	    {"qeue-max = 1",
		"file:1: qeue-max: unknown; did you mean queue-max?"},
	    {"nonsense = 1", "file:1: nonsense: unknown"},
	    {"help = yes", "file:1: help: can only be given as a flag"},
	    {"[section]", "file:1: a line is: name = value"},
	    {" = 1", "file:1: a name is missing before ="},
	    {"seed = 18446744073709551616",
		"file:1: seed: 18446744073709551616 is no number"},
	    {"limit = 1", "file:1: limit: 1 is below 1KiB"},
	    {"limit = 5 potatoes",
		"file:1: limit: 5 potatoes is no size (4096, 64KiB, 10MiB, "
		"1GiB)"},
	    {"limit = 99999999999TiB",
		"file:1: limit: 99999999999TiB is no size (4096, 64KiB, "
		"10MiB, 1GiB)"},
	    {"wait = 30",
		"file:1: wait: 30 is no time (500ms, 30s, 5m, 12h, 7d)"},
	    {"wait = 2h", "file:1: wait: 2h is above 1h"},
	    {"wait = 1h1", "file:1: wait: 1h1 is no time (500ms, 30s, 5m, "
			   "12h, 7d)"},
	    {"name = 12345678901234567",
		"file:1: name: 12345678901234567 is longer than 16 bytes"},
	    {"name = a\033[31m",
		"file:1: name: a\u241b[31m has control characters or is not "
		"UTF-8"},
	    {"name = \"a", "file:1: name: the closing quote is missing"},
	    {"name = \"a\\n\"",
		"file:1: name: inside quotes \\ stands before \" or \\"},
	    {"name = \"a\\", "file:1: name: inside quotes \\ stands before "
			     "\" or \\"},
	    {"name = \"a\" b",
		"file:1: name: something stands behind the quotes"},
	    {"token = abc", "file:1: token: the value is shorter than 4 bytes"},
	    {"dir =", "file:1: dir: a path is needed"},
	    {"policy = some",
		"file:1: policy: some is none of invite, open, closed"},
	    {"mouse = maybe", "file:1: mouse: maybe is neither yes nor no"},
	    {"listen = a", "file:1: listen: a is no address (host:port, "
			   "[::1]:443, *:443)"},
	    {"listen = a:1, b:2, c:3, d:4",
		"file:1: listen: more than 3 values"},
	    {"listen = a:1,", "file:1: listen: an item of the list is empty"},
	    {"listen = \"a:1\" b:2",
		"file:1: listen: a comma is missing in the list"},
	    {"listen =", "listen: at least 1 value is needed"},
	};
	struct sample s, before;
	struct conf_err why;
	size_t i;

	(void)state;
	memset(&s, 0x5a, sizeof(s));
	before = s;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		assert_err(load_text(v[i].text, &s, &why), ERR_CONFIG);
		assert_string_equal(why.text, v[i].why);
		assert_memory_equal(&s, &before, sizeof(s));
		assert_err(load_text(v[i].text, &s, NULL), ERR_CONFIG);
	}
}

static void
test_conf_load__a_value_may_not_be_endless(void **state)
{
	char text[CONF_VALUE_MAX + 64];
	struct sample s;
	struct conf_err why;
	int n;

	(void)state;
	n = snprintf(text, sizeof(text), "tags = ");
	memset(text + n, 'x', CONF_VALUE_MAX);
	text[n + CONF_VALUE_MAX] = '\0';
	assert_err(load_text(text, &s, &why), ERR_CONFIG);
	assert_string_equal(
	    why.text, "file:1: tags: the value is longer than 4096 bytes");
	text[n + CONF_VALUE_MAX - 1] = '\0';
	assert_ok(load_text(text, &s, &why));
	conf_clear(&spec, &s);
}

static void
test_conf_load__flags_beat_environment_beats_file(void **state)
{
	static const char text[] = "queue-max = 1\nseed = 1\nlimit = 1KiB\n"
				   "tags = f\nlisten = f:1";
	const char *env[] = {"PATH=/bin", "SOTTO_SAMPLE_SEED=2",
	    "SOTTO_SAMPLE_LIMIT=2KiB", "SOTTO_SAMPLE_TAGS=e,\"e,2\"",
	    "SOTTO_SAMPLE_QUEUE_MAX=", /* empty: unset */
	    "SOTTO_SAMPLE_HELP=yes", /* only a flag */
	    "SOTTO_SAMPLE_NAME=\"q\" # kept", "SOTTO_SAMPLE_UNKNOWN=x", NULL};
	const char *argv[] = {"sample", "--limit=4KiB", "--tags", "a",
	    "--tags=b,c", "-hd", "/x", "-q9", "--no-mouse", "run", "--seed",
	    "5"};
	const struct conf_src src = {.file_name = "file",
	    .text = text,
	    .text_len = sizeof(text) - 1,
	    .env = STRINGS(env),
	    .argv = STRINGS(argv),
	    .argc = ARRAY_LEN(argv)};
	struct sample s;
	struct conf_err why;
	int rest = -1;

	(void)state;
	assert_ok(conf_load(&spec, &src, &s, &rest, &why));
	assert_int_equal(rest, 9);
	assert_int_equal(s.queue_max, 9);
	assert_int_equal(s.seed, 2);
	assert_int_equal(s.limit, 4096);
	assert_int_equal(s.tags.n, 3);
	assert_string_equal(s.tags.v[0], "a");
	assert_string_equal(s.tags.v[2], "c");
	assert_int_equal(s.listen.n, 1);
	assert_string_equal(s.name, "\"q\" # kept");
	assert_string_equal(s.dir, "/x");
	assert_true(s.help);
	assert_false(s.mouse);
	conf_clear(&spec, &s);
	/* the word is not wanted here */
	rest = 42;
	assert_err(conf_load(&spec, &src, &s, NULL, &why), ERR_CONFIG);
	assert_string_equal(why.text, "run: unexpected argument");
}

#define assert_flag_error(want, ...)                                           \
	do {                                                                   \
		const char *argv_[] = {"sample", __VA_ARGS__};                 \
		const struct conf_src src_ = {                                 \
		    .argv = STRINGS(argv_), .argc = ARRAY_LEN(argv_)};         \
		int rest_ = 42;                                                \
		assert_err(                                                    \
		    conf_load(&spec, &src_, &s, &rest_, &why), ERR_CONFIG);    \
		assert_string_equal(why.text, (want));                         \
		assert_int_equal(rest_, 42);                                   \
	} while (0)

static void
test_conf_load__flag_errors_name_the_flag(void **state)
{
	const char *env[] = {"SOTTO_SAMPLE_QUEUE_MAX=0", NULL};
	const struct conf_src src = {.env = STRINGS(env)};
	struct sample s;
	struct conf_err why;

	(void)state;
	assert_flag_error("--queue-max: 0 is below 1", "--queue-max=0");
	assert_flag_error("--queue-max: a value is missing", "--queue-max");
	assert_flag_error("-q: a value is missing", "-hq");
	assert_flag_error("-x: unknown", "-x");
	assert_flag_error(
	    "--queue-mx: unknown; did you mean --queue-max?", "--queue-mx=3");
	assert_flag_error("--no-seed: unknown", "--no-seed");
	assert_flag_error("--no-mouse: unknown", "--no-mouse=yes");
	assert_flag_error("--\u241b[2J: unknown", "--\033[2J");
	assert_flag_error(
	    "--token: the value is shorter than 4 bytes", "--token", "geh");
	assert_err(conf_load(&spec, &src, &s, NULL, &why), ERR_CONFIG);
	assert_string_equal(why.text, "SOTTO_SAMPLE_QUEUE_MAX: 0 is below 1");
}

static void
test_conf_load__rest_begins_behind_the_flags(void **state)
{
	const char *a[] = {"sample", "--", "--seed", "5"},
		   *b[] = {"sample", "-"}, *c[] = {"sample"},
		   *d[] = {"sample", "-m"};
	struct conf_src src = {.argv = STRINGS(a), .argc = 4};
	struct sample s;
	int rest;

	(void)state;
	assert_ok(conf_load(&spec, &src, &s, &rest, NULL));
	assert_int_equal(rest, 2);
	assert_int_equal(s.seed, 7);
	conf_clear(&spec, &s);
	src = (struct conf_src){.argv = STRINGS(b), .argc = 2};
	assert_ok(conf_load(&spec, &src, &s, &rest, NULL));
	assert_int_equal(rest, 1);
	conf_clear(&spec, &s);
	src = (struct conf_src){.argv = STRINGS(c), .argc = 1};
	assert_ok(conf_load(&spec, &src, &s, &rest, NULL));
	assert_int_equal(rest, 1);
	conf_clear(&spec, &s);
	src = (struct conf_src){.argv = STRINGS(d), .argc = 2};
	assert_ok(conf_load(&spec, &src, &s, NULL, NULL));
	conf_clear(&spec, &s);
}

/* ---- what is printed ----------------------------------------------------- */

static void
test_conf_print_sample__parses_to_the_defaults(void **state)
{
	const struct conf_src none = {0};
	struct sample defaults, s;
	struct conf_err why;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 65536);
	assert_ok(conf_load(&spec, &none, &defaults, NULL, NULL));
	assert_ok(conf_print_sample(&spec, &b));
	assert_ok(buf_put_u8(&b, '\0'));
	assert_ok(load_text((char *)b.p, &s, &why));
	assert_true(conf_equal(&spec, &s, &defaults));
	conf_clear(&spec, &s);
	assert_non_null(strstr((char *)b.p,
	    "\n# ---- Queue ----\n\n# Undelivered messages held per device. "
	    "1 to 100000 messages; default 1000.\n#queue-max = 1000\n"));
	assert_non_null(strstr((char *)b.p, "#token =\n"));
	assert_null(strstr((char *)b.p, "help"));
	/* and so does every value in it, but for what has none */
	for (i = 1; i + 1 < b.len; i++)
		if (b.p[i - 1] == '\n' && b.p[i] == '#' && b.p[i + 1] != ' ' &&
		    strncmp((char *)b.p + i, "#token", 6) != 0)
			b.p[i] = ' ';
	assert_ok(load_text((char *)b.p, &s, &why));
	assert_true(conf_equal(&spec, &s, &defaults));
	conf_clear(&spec, &s);
	conf_clear(&spec, &defaults);
	buf_clear(&b);
}

static void
test_conf_print_values__load_again_to_the_same(void **state)
{
	static const char text[] = "queue-max = 5\nlimit = 1536\nwait = 90s\n"
				   "name = \" a \\\"#, \"\ntags = \"a,b\", c\n"
				   "policy = invite\nmouse = no\n"
				   "seed = 18446744073709551615\n";
	struct sample a, b;
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	assert_ok(load_text(text, &a, NULL));
	assert_ok(conf_print_values(&spec, &a, &out));
	assert_ok(buf_put_u8(&out, '\0'));
	assert_ok(load_text((char *)out.p, &b, NULL));
	assert_true(conf_equal(&spec, &a, &b));
	assert_non_null(strstr((char *)out.p, "limit = 1536\n"));
	assert_non_null(strstr((char *)out.p, "wait = 90s\n"));
	assert_non_null(strstr((char *)out.p, "listen = 127.0.0.1:7000, "));
	conf_clear(&spec, &b);
	/* any one field makes a difference */
	assert_ok(load_text("token = hush-hush", &b, NULL));
	assert_false(conf_equal(&spec, &a, &b));
	buf_reset(&out);
	assert_ok(conf_print_values(&spec, &b, &out));
	assert_ok(buf_put_u8(&out, '\0'));
	assert_null(strstr((char *)out.p, "hush"));
	assert_non_null(strstr((char *)out.p, "# token is set, and secret\n"));
	conf_clear(&spec, &b);
	conf_clear(&spec, &a);
	buf_clear(&out);
}

static void
test_conf_equal__sees_every_type(void **state)
{
	static const char *const other[] = {"queue-max = 2", "seed = 2",
	    "limit = 2KiB", "wait = 2s", "name = b", "token = abcd", "dir = b",
	    "policy = invite", "listen = 127.0.0.1:7000, [::1]:7001",
	    "tags = a", "mouse = no"};
	struct sample a, b;
	size_t i;

	(void)state;
	assert_ok(load_text("", &a, NULL));
	for (i = 0; i < ARRAY_LEN(other); i++) {
		assert_ok(load_text(other[i], &b, NULL));
		assert_false(conf_equal(&spec, &a, &b));
		assert_true(conf_equal(&spec, &b, &b));
		conf_clear(&spec, &b);
	}
	conf_clear(&spec, &a);
}

static void
test_conf_print_help__shows_flags_ranges_and_defaults(void **state)
{
	struct buf b;
	const char *s, *line;

	(void)state;
	buf_init(&b, 65536);
	assert_ok(conf_print_help(&spec, &b));
	assert_ok(buf_put_u8(&b, '\0'));
	s = (const char *)b.p;
	assert_ptr_equal(strstr(s, "Usage: sample [OPTION...]\n"), s);
	assert_non_null(strstr(s, "\nOptions:\n  -h, --help\n"));
	assert_non_null(strstr(s, "\nQueue:\n  -q, --queue-max N\n"));
	assert_non_null(strstr(s, "      --limit SIZE\n"));
	assert_non_null(strstr(s, "At least 1KiB; default 64KiB. A change\n    "
				  "      needs a restart.\n"));
	assert_non_null(strstr(s, "0 to 1h; default 30s."));
	assert_non_null(
	    strstr(s, "One of invite, open, closed; default open."));
	assert_non_null(strstr(s, "  -m, --mouse, --no-mouse\n"));
	assert_non_null(strstr(s, "A secret. Default: none."));
	for (line = s; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 79);
	buf_clear(&b);
}

static void
test_conf_print_scdoc__escapes_its_marks(void **state)
{
	struct buf b;
	const char *s;

	(void)state;
	buf_init(&b, 65536);
	assert_ok(conf_print_scdoc(&spec, &b));
	assert_ok(buf_put_u8(&b, '\0'));
	s = (const char *)b.p;
	assert_non_null(strstr(s,
	    "## Queue\n\n*queue-max* = _N_\n\tUndelivered messages held per "
	    "device\\. 1 to 100000 messages; default 1000\\.\n\n"));
	assert_non_null(strstr(s, "A name with \\*stars\\*\\. "));
	assert_null(strstr(s, "help"));
	buf_reset(&b);
	assert_ok(conf_print_scdoc_flags(&spec, &b));
	assert_ok(buf_put_u8(&b, '\0'));
	assert_string_equal(
	    (const char *)b.p, "*-h*, *--help*\n\tSay what there is\\.\n\n");
	buf_clear(&b);
}

static void
test_conf_addr_split__host_and_port(void **state)
{
	static const char *const bad[] = {"", "a", ":1", "a:", "a:b", "a:65536",
	    "a:-1", "a:1 ", "a b:1", "::1:443", "[::1]", "[::1]443", "[]:1",
	    "[a]:1", "[::1:1", "a/b:1", "a:00080x", "a@b:1"};
	char host[CONF_HOST_CAP] = "old", big[CONF_HOST_CAP + 3];
	uint16_t port = 9;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_err(conf_addr_split(bad[i], host, &port), ERR_FORMAT);
	memset(big, 'a', CONF_HOST_CAP);
	memcpy(big + CONF_HOST_CAP, ":1", 3);
	assert_err(conf_addr_split(big, host, &port), ERR_FORMAT);
	assert_string_equal(host, "old");
	assert_int_equal(port, 9);
	assert_ok(conf_addr_split("[2001:db8::1]:65535", host, &port));
	assert_string_equal(host, "2001:db8::1");
	assert_int_equal(port, 65535);
	assert_ok(conf_addr_split("*:0", host, &port));
	assert_string_equal(host, "*");
	assert_int_equal(port, 0);
	assert_ok(conf_addr_split(big + 1, host, &port));
	assert_int_equal(strlen(host), CONF_HOST_CAP - 1);
}

/* ---- memory -------------------------------------------------------------- */

static int
load_and_print(void *arg)
{
	static const char text[] = "tags = a, b, \"c\"\nname = x\n"
				   "token = secret";
	struct sample s;
	struct buf b;
	int r;

	(void)arg;
	buf_init(&b, 65536);
	r = load_text(text, &s, NULL);
	if (r != 0)
		return r;
	r = conf_print_sample(&spec, &b);
	if (r == 0)
		r = conf_print_help(&spec, &b);
	if (r == 0)
		r = conf_print_scdoc(&spec, &b);
	if (r == 0)
		r = conf_print_values(&spec, &s, &b);
	buf_clear(&b);
	conf_clear(&spec, &s);
	return r;
}

static void
test_conf__survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(alloc_sweep(load_and_print, NULL) > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_conf_load__defaults_come_from_the_rows),
	    cmocka_unit_test(test_conf_load__reads_a_file),
	    cmocka_unit_test(test_conf_load__edges_of_a_line),
	    cmocka_unit_test(test_conf_load__errors_say_where_and_what),
	    cmocka_unit_test(test_conf_load__a_value_may_not_be_endless),
	    cmocka_unit_test(test_conf_load__flags_beat_environment_beats_file),
	    cmocka_unit_test(test_conf_load__flag_errors_name_the_flag),
	    cmocka_unit_test(test_conf_load__rest_begins_behind_the_flags),
	    cmocka_unit_test(test_conf_print_sample__parses_to_the_defaults),
	    cmocka_unit_test(test_conf_print_values__load_again_to_the_same),
	    cmocka_unit_test(test_conf_equal__sees_every_type),
	    cmocka_unit_test(
		test_conf_print_help__shows_flags_ranges_and_defaults),
	    cmocka_unit_test(test_conf_print_scdoc__escapes_its_marks),
	    cmocka_unit_test(test_conf_addr_split__host_and_port),
	    cmocka_unit_test(test_conf__survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
