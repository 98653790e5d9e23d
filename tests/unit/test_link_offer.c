/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/link/base32.h"
#include "common/link/offer.h"
#include "tests/unit/test.h"

/* RFC 4648 §10, without the padding. */
static const struct {
	const char *plain, *text;
} vectors[] = {
    {"", ""},
    {"f", "MY"},
    {"fo", "MZXQ"},
    {"foo", "MZXW6"},
    {"foob", "MZXW6YQ"},
    {"fooba", "MZXW6YTB"},
    {"foobar", "MZXW6YTBOI"},
};

static void
test_base32__rfc_4648_vectors(void **state)
{
	uint8_t back[8];
	struct buf b;
	size_t i, n;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		n = strlen(vectors[i].plain);
		buf_reset(&b);
		assert_ok(base32_put(&b, (const uint8_t *)vectors[i].plain, n));
		assert_int_equal(b.len, BASE32_LEN(n));
		assert_memory_equal(b.p == NULL ? (const void *)"" : b.p,
		    vectors[i].text, b.len);
		assert_ok(base32_get(
		    back, n, vectors[i].text, strlen(vectors[i].text)));
		assert_memory_equal(back, vectors[i].plain, n);
	}
	buf_clear(&b);
}

static void
test_base32_get__refuses_and_leaves_out_alone(void **state)
{
	uint8_t out[3] = {9, 9, 9};

	(void)state;
	assert_err(base32_get(out, 3, "MZXW", 4), ERR_RANGE);
	assert_err(base32_get(out, 3, "MZXW66", 6), ERR_RANGE);
	assert_err(base32_get(out, 3, "MZXW1", 5), ERR_FORMAT);
	assert_err(base32_get(out, 3, "MZX=6", 5), ERR_FORMAT);
	assert_err(base32_get(out, 3, "MZXW7", 5), ERR_FORMAT); /* a bit more */
	assert_memory_equal(out, "\t\t\t", 3);
	assert_ok(base32_get(out, 3, "mzXw6", 5));
	assert_memory_equal(out, "foo", 3);
}

static struct link_offer
sample(void)
{
	struct link_offer o;
	size_t i;

	for (i = 0; i < sizeof(o.mailbox); i++)
		o.mailbox[i] = (uint8_t)i;
	for (i = 0; i < sizeof(o.key.b); i++)
		o.key.b[i] = (uint8_t)(0xf0 - i);
	return o;
}

/* The same text stands in docs/protocol.md. */
#define TEXT                                                                   \
	"SOTTO:LINK/1/AAAQEAYEAUDAOCAJBIFQYDIOB7YO73XN5TV6V2PI47TOLZH"         \
	"D4LQ6BX663XONXWWZ3DL5NVOU2PJNC"

static void
test_link_offer__round_trip(void **state)
{
	const struct link_offer o = sample();
	struct link_offer back = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	assert_ok(link_offer_format(&o, &b));
	assert_int_equal(b.len, strlen(TEXT));
	assert_memory_equal(b.p, TEXT, b.len);
	assert_ok(link_offer_parse(TEXT, &back, NULL));
	assert_memory_equal(&back, &o, sizeof(o));
	buf_clear(&b);
}

static void
test_link_offer_parse__takes_wrapped_and_lower_case(void **state)
{
	const struct link_offer o = sample();
	struct link_offer back = {0};
	char text[256], *p = text;
	const char *t;
	size_t i = 0;

	(void)state;
	for (t = TEXT; *t != '\0'; t++) {
		*p++ = *t >= 'A' && *t <= 'Z' ? (char)(*t + 32) : *t;
		if (++i % 20 == 0)
			p = stpcpy(p, " \r\n\t");
	}
	*p = '\0';
	assert_ok(link_offer_parse(text, &back, NULL));
	assert_memory_equal(&back, &o, sizeof(o));
}

static void
assert_refused(const char *text, int code, const char *word)
{
	struct link_offer o, before;
	const char *why = NULL;

	memset(&o, 0x5a, sizeof(o));
	before = o;
	assert_err(link_offer_parse(text, &o, &why), code);
	assert_memory_equal(&o, &before, sizeof(o));
	assert_non_null(why);
	if (strstr(why, word) == NULL)
		fail_msg("%s: %s", text, why);
	assert_err(link_offer_parse(text, &o, NULL), code);
}

static void
test_link_offer_parse__says_what_is_wrong(void **state)
{
	char text[LINK_OFFER_MAX + 100];

	(void)state;
	assert_refused("", ERR_FORMAT, "no linking code");
	assert_refused("sotto://example.org/", ERR_FORMAT, "no linking code");
	assert_refused("SOTTO:LINK/", ERR_FORMAT, "damaged");
	assert_refused("SOTTO:LINK/1/", ERR_FORMAT, "damaged");
	assert_refused("SOTTO:LINK/1/AAAA", ERR_FORMAT, "damaged");
	assert_refused("SOTTO:LINK/2/AAAA", ERR_VERSION, "newer");
	assert_refused(TEXT "A", ERR_FORMAT, "damaged");
	snprintf(text, sizeof(text), "%s", TEXT);
	text[strlen(text) - 1] = '\0';
	assert_refused(text, ERR_FORMAT, "damaged");
	snprintf(text, sizeof(text), "%s", TEXT);
	text[30] = '8';
	assert_refused(text, ERR_FORMAT, "damaged");
	memset(text, 'A', sizeof(text));
	memcpy(text, TEXT, strlen(TEXT));
	text[sizeof(text) - 1] = '\0';
	assert_refused(text, ERR_FORMAT, "no linking code");
}

static int
format_once(void *arg)
{
	const struct link_offer o = sample();
	struct buf b;
	int r;

	(void)arg;
	buf_init(&b, 256);
	r = link_offer_format(&o, &b);
	assert_int_equal(b.len, r == 0 ? strlen(TEXT) : 0);
	buf_clear(&b);
	return r;
}

static void
test_link_offer_format__out_of_memory_or_room(void **state)
{
	const struct link_offer o = sample();
	struct buf b;

	(void)state;
	assert_true(alloc_sweep(format_once, NULL) > 0);
	buf_init(&b, strlen(TEXT) - 1);
	assert_err(link_offer_format(&o, &b), ERR_FULL);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_base32__rfc_4648_vectors),
	    cmocka_unit_test(test_base32_get__refuses_and_leaves_out_alone),
	    cmocka_unit_test(test_link_offer__round_trip),
	    cmocka_unit_test(
		test_link_offer_parse__takes_wrapped_and_lower_case),
	    cmocka_unit_test(test_link_offer_parse__says_what_is_wrong),
	    cmocka_unit_test(test_link_offer_format__out_of_memory_or_room),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
