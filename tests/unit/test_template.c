/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/admin/template.h"
#include "tests/unit/test.h"

static const struct template_values values = {
    .v = {"+491701234567", "491701234567", "012345",
	"A \"B\" \\ & <C>\n\x7f\x01ü"},
};

static void
assert_rendered(const char *tmpl, enum template_kind kind, const char *want)
{
	struct buf b;

	buf_init(&b, 1024);
	assert_ok(template_render(&b, tmpl, kind, &values));
	assert_ok(buf_put_u8(&b, 0));
	assert_string_equal((char *)b.p, want);
	buf_clear(&b);
}

static void
test_template_render__escapes_for_the_place(void **state)
{
	assert_rendered("", TEMPLATE_PLAIN, "");
	assert_rendered(
	    "to={digits}&m={code}", TEMPLATE_PLAIN, "to=491701234567&m=012345");
	assert_rendered("https://h/{phone}?q={relay}", TEMPLATE_URL,
	    "https://h/"
	    "%2B491701234567?q=A%20%22B%22%20%5C%20%26%20%3CC%3E%0A%7F%01"
	    "%C3%BC");
	assert_rendered("{\"to\":\"{phone}\",\"t\":\"{relay}\"}", TEMPLATE_JSON,
	    "{\"to\":\"+491701234567\",\"t\":\"A \\\"B\\\" \\\\ & \\u003cC>\\n"
	    "\\u007f\\u0001ü\"}");
	assert_rendered("<c a='{relay}'/>", TEMPLATE_XML,
	    "<c a='A &#34;B&#34; \\ &#38; &#60;C&#62;&#10;\x7fü'/>");
	assert_rendered("X: {relay}", TEMPLATE_HEADER, "X: A \"B\" \\ & <C>ü");
}

static void
test_template_render__other_braces_stay(void **state)
{
	assert_rendered("{}{ {code{code}", TEMPLATE_PLAIN, "{}{ {code012345");
	assert_rendered(
	    "{A} {a1} {\"code\"}", TEMPLATE_PLAIN, "{A} {a1} {\"code\"}");
	assert_rendered("{{code}}", TEMPLATE_PLAIN, "{012345}");
}

static void
test_template_check__says_what_is_wrong(void **state)
{
	static char longer[TEMPLATE_MAX + 2];
	unsigned fields = 0;
	char bad[128] = "";

	assert_ok(template_check("{code} {phone} {code}", &fields, bad, 128));
	assert_int_equal(fields, 1 << TEMPLATE_F_code | 1 << TEMPLATE_F_phone);
	assert_string_equal(bad, "");
	assert_err(
	    template_check("a {number} b", &fields, bad, 128), ERR_FORMAT);
	assert_string_equal(
	    bad, "{number} is none of {phone}, {digits}, {code}, {relay}");
	assert_int_equal(fields, 1 << TEMPLATE_F_code | 1 << TEMPLATE_F_phone);
	memset(longer, 'x', TEMPLATE_MAX + 1);
	assert_err(template_check(longer, NULL, bad, 128), ERR_RANGE);
	assert_string_equal(bad, "it is over 4096 bytes long");
	assert_err(template_check("{x}", NULL, NULL, 0), ERR_FORMAT);
}

static void
test_template_render__leaves_the_buffer_on_error(void **state)
{
	struct buf b;

	buf_init(&b, 16);
	assert_ok(buf_put(&b, "abc", 3));
	assert_err(template_render(&b, "{number}", TEMPLATE_PLAIN, &values),
	    ERR_FORMAT);
	assert_err(
	    template_render(&b, "{phone}{phone}", TEMPLATE_PLAIN, &values),
	    ERR_FULL);
	assert_err(template_escape(&b, TEMPLATE_URL, "äöüäöü", 12), ERR_FULL);
	assert_int_equal(b.len, 3);
	buf_clear(&b);
}

static void
test_template_kind_of__content_types(void **state)
{
	assert_int_equal(template_kind_of("application/json"), TEMPLATE_JSON);
	assert_int_equal(
	    template_kind_of("Application/vnd.x+JSON; charset=utf-8"),
	    TEMPLATE_JSON);
	assert_int_equal(template_kind_of("application/x-www-form-urlencoded"),
	    TEMPLATE_URL);
	assert_int_equal(template_kind_of("text/xml"), TEMPLATE_XML);
	assert_int_equal(template_kind_of("text/plain"), TEMPLATE_PLAIN);
}

static int
render_once(void *arg)
{
	struct buf b;
	int r;

	buf_init(&b, 4096);
	r = template_render(
	    &b, "{phone} {code} {relay}", TEMPLATE_JSON, &values);
	buf_clear(&b);
	return r;
}

static void
test_template_render__out_of_memory(void **state)
{
	assert_true(alloc_sweep(render_once, NULL) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_template_render__escapes_for_the_place),
	    cmocka_unit_test(test_template_render__other_braces_stay),
	    cmocka_unit_test(test_template_check__says_what_is_wrong),
	    cmocka_unit_test(test_template_render__leaves_the_buffer_on_error),
	    cmocka_unit_test(test_template_kind_of__content_types),
	    cmocka_unit_test(test_template_render__out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
