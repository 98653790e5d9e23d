/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/log.h"
#include "common/text.h"
#include "tests/unit/test.h"

struct caught {
	char line[LOG_LINE_MAX + 1];
	size_t len;
	int lines;
	enum log_level level;
};

static void
catch_line(void *arg, enum log_level level, const char *line, size_t len)
{
	struct caught *c = arg;

	assert_true(len <= LOG_LINE_MAX);
	memcpy(c->line, line, len);
	c->line[len] = '\0';
	c->len = len;
	c->level = level;
	c->lines++;
}

static uint64_t
fixed_clock(void *arg)
{
	return *(const uint64_t *)arg;
}

static uint64_t now = 1795506012345;

static struct log
logger(struct caught *c, enum log_format format)
{
	memset(c, 0, sizeof(*c));
	return (struct log){.level = LOG_LEVEL_INFO,
	    .format = format,
	    .sink = catch_line,
	    .sink_arg = c,
	    .clock = fixed_clock,
	    .clock_arg = &now};
}

static void
test_log_write__one_line_of_typed_values(void **state)
{
	const uint8_t id[] = {0x00, 0xab, 0xff};
	struct caught c;
	struct log lg = logger(&c, LOG_FORMAT_KV);

	(void)state;
	log_info(&lg, "listening", LOG_STR("on", "tcp"), LOG_U64("port", 443),
	    LOG_I64("skew", -3), LOG_BOOL("tls", false),
	    LOG_ERR("err", ERR_AUTH), LOG_HEX("id", id, sizeof(id)),
	    LOG_STR("none", NULL), LOG_STRN("part", "abcdef", 3));
	assert_string_equal(c.line,
	    "ts=2026-11-24T07:40:12.345Z level=info event=listening on=tcp "
	    "port=443 skew=-3 tls=false err=AUTH id=00abff none=- part=abc\n");
	assert_int_equal(c.level, LOG_LEVEL_INFO);
	lg.format = LOG_FORMAT_JSON;
	log_warn(&lg, "two words", LOG_STR("on", "tcp"), LOG_U64("port", 443),
	    LOG_I64("skew", -3), LOG_BOOL("tls", true), LOG_STR("none", NULL),
	    LOG_STR("empty", ""));
	assert_string_equal(c.line,
	    "{\"ts\":\"2026-11-24T07:40:12.345Z\",\"level\":\"warn\","
	    "\"event\":\"two words\",\"on\":\"tcp\",\"port\":443,\"skew\":-3,"
	    "\"tls\":true,\"none\":null,\"empty\":\"\"}\n");
	lg.clock = NULL;
	log_error(&lg, "bare", LOG_NONE);
	assert_string_equal(
	    c.line, "{\"level\":\"error\",\"event\":\"bare\"}\n");
	assert_int_equal(c.lines, 3);
}

static void
test_log_write__levels_and_missing_sinks(void **state)
{
	struct caught c;
	struct log lg = logger(&c, LOG_FORMAT_KV);

	(void)state;
	log_debug(&lg, "quiet", LOG_NONE);
	assert_int_equal(c.lines, 0);
	assert_false(log_enabled(&lg, LOG_LEVEL_DEBUG));
	lg.level = LOG_LEVEL_DEBUG;
	log_debug(&lg, "loud", LOG_NONE);
	assert_int_equal(c.lines, 1);
	lg.sink = NULL;
	log_error(&lg, "nowhere", LOG_NONE);
	log_error(NULL, "nowhere", LOG_NONE);
	assert_false(log_enabled(NULL, LOG_LEVEL_ERROR));
	assert_int_equal(c.lines, 1);
	assert_string_equal(log_level_str(LOG_LEVEL_DEBUG), "debug");
	assert_string_equal(log_level_str((enum log_level)99), "?");
}

static void
test_log_write__values_cannot_forge_lines_or_fields(void **state)
{
	const char *evil = "x\" admin=true\r\nts=1 \033[2J\\ \x9b\u202e";
	struct caught c;
	struct log lg = logger(&c, LOG_FORMAT_KV);

	(void)state;
	lg.clock = NULL;
	log_info(&lg, "in", LOG_STR("name", evil), LOG_STR("next", "a=b"));
	assert_string_equal(c.line,
	    "level=info event=in name=\"x\\\" admin=true\u21b5ts=1 "
	    "\u241b[2J\\\\ \ufffd\" next=\"a=b\"\n");
	lg.format = LOG_FORMAT_JSON;
	log_info(&lg, evil, LOG_STR("name", evil));
	assert_string_equal(c.line,
	    "{\"level\":\"info\",\"event\":\"x\\\" admin=true\u21b5ts=1 "
	    "\u241b[2J\\\\ \ufffd\",\"name\":\"x\\\" admin=true\u21b5ts=1 "
	    "\u241b[2J\\\\ \ufffd\"}\n");
	lg.format = LOG_FORMAT_KV;
	log_info(&lg, "e", LOG_STR("lead", " x"));
	assert_string_equal(c.line, "level=info event=e lead=\" x\"\n");
	log_info(&lg, "e", LOG_STR("empty", ""));
	assert_string_equal(c.line, "level=info event=e empty=\"\"\n");
}

static void
test_log_write__is_bounded_and_stays_well_formed(void **state)
{
	char big[4096];
	size_t i;
	struct caught c;
	struct log lg = logger(&c, LOG_FORMAT_JSON);

	(void)state;
	memset(big, '"', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info(&lg, "big", LOG_STR("a", big), LOG_STR("b", big),
	    LOG_STR("c", big), LOG_U64("d", 4));
	assert_true(c.len <= LOG_LINE_MAX);
	assert_true(text_is_utf8(c.line, c.len));
	assert_non_null(strstr(c.line, "\u2026\",\"truncated\":true}\n"));
	assert_null(strstr(c.line, "\"c\":"));
	assert_null(strstr(c.line, "\"d\":"));
	lg.format = LOG_FORMAT_KV;
	memset(big, 'x', sizeof(big) - 1);
	log_info(&lg, "big", LOG_STR("a", big), LOG_U64("d", 4));
	assert_non_null(strstr(c.line, "x\u2026 d=4\n"));
	assert_null(strstr(c.line, "truncated"));
	assert_int_equal(strspn(strstr(c.line, "xx"), "x"), LOG_VALUE_MAX - 3);
	log_info(&lg, "big", LOG_HEX("h", (const uint8_t *)big, sizeof(big)));
	assert_int_equal(strspn(strstr(c.line, "7878"), "78"), 64);
	/* a line that is full to its last byte is whole */
	for (i = 1; i < LOG_VALUE_MAX; i++) {
		big[i] = '\0';
		log_info(&lg, "e", LOG_STR("a", big), LOG_STR("b", big),
		    LOG_STR("c", big), LOG_STR("d", big), LOG_STR("e", big));
		assert_int_equal(c.line[c.len - 1], '\n');
		assert_int_equal(strstr(c.line, "truncated=true") != NULL,
		    strstr(c.line, " e=x") == NULL);
		big[i] = 'x';
	}
}

#define assert_addr(in, want)                                                  \
	do {                                                                   \
		log_info(&lg, "e", LOG_ADDR("a", (in)));                       \
		assert_string_equal(                                           \
		    c.line, "level=info event=e a=" want "\n");                \
	} while (0)

static void
test_log_write__shortens_what_identifies_people(void **state)
{
	struct caught c;
	struct log lg = logger(&c, LOG_FORMAT_KV);

	(void)state;
	lg.clock = NULL;
	assert_addr("192.0.2.17", "192.0.2.x");
	assert_addr("192.0.2.17:4433", "192.0.2.x");
	assert_addr("[2001:db8:1:2::3]:443", "2001:db8:1::/48");
	assert_addr("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48");
	assert_addr("2001:db8::1", "2001:db8::/48");
	assert_addr("::1", "::/48");
	assert_addr("::ffff:192.0.2.17", "192.0.2.x");
	assert_addr("[::ffff:192.0.2.17]:5", "192.0.2.x");
	assert_addr("host.example:5", "?");
	assert_addr("host:5", "?");
	assert_addr("1.2.3.4.5", "?");
	assert_addr("", "?");
	assert_addr(NULL, "?");
	log_info(&lg, "e", LOG_PHONE("to", "+491701234567"),
	    LOG_PHONE("from", "hello"), LOG_PHONE("no", NULL));
	assert_string_equal(
	    c.line, "level=info event=e to=+49\u202667 from=? no=?\n");
}

static void
test_log_time__is_utc_by_the_calendar(void **state)
{
	static const struct {
		uint64_t ms;
		const char *want;
	} v[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {951782400000, "2000-02-29T00:00:00.000Z"},
	    {951868799999, "2000-02-29T23:59:59.999Z"},
	    {1709164800000, "2024-02-29T00:00:00.000Z"},
	    {1735689599999, "2024-12-31T23:59:59.999Z"},
	    {4107542400000, "2100-03-01T00:00:00.000Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z"},
	    {UINT64_MAX, "9999-12-31T23:59:59.999Z"},
	};
	char out[LOG_TIME_CAP];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++)
		assert_string_equal(log_time(out, v[i].ms), v[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_write__one_line_of_typed_values),
	    cmocka_unit_test(test_log_write__levels_and_missing_sinks),
	    cmocka_unit_test(
		test_log_write__values_cannot_forge_lines_or_fields),
	    cmocka_unit_test(test_log_write__is_bounded_and_stays_well_formed),
	    cmocka_unit_test(test_log_write__shortens_what_identifies_people),
	    cmocka_unit_test(test_log_time__is_utc_by_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
