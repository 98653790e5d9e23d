/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/e164.h"
#include "tests/unit/test.h"

#define assert_number(typed, home, want)                                       \
	do {                                                                   \
		char out_[E164_CAP];                                           \
		enum e164_reason why_ = E164_EMPTY;                            \
		assert_ok(e164_parse(out_, (typed), (home), &why_));           \
		assert_int_equal(why_, E164_OK);                               \
		assert_string_equal(out_, (want));                             \
		assert_true(e164_valid(out_));                                 \
	} while (0)

#define assert_refused(typed, home, reason, code)                              \
	do {                                                                   \
		char out_[E164_CAP] = "unchanged";                             \
		enum e164_reason why_ = E164_OK;                               \
		assert_err(e164_parse(out_, (typed), (home), &why_), (code));  \
		assert_int_equal(why_, (reason));                              \
		assert_string_equal(out_, "unchanged");                        \
		assert_true(strlen(e164_reason_str(why_)) > 10);               \
		assert_false(e164_valid(typed));                               \
	} while (0)

static void
test_e164_parse__takes_what_people_type(void **state)
{
	(void)state;
	assert_number("+49 170 1234567", 0, "+491701234567");
	assert_number("+49-170-123.45/67", 0, "+491701234567");
	assert_number("  +49 (170) 123 45 67 ", 0, "+491701234567");
	assert_number("0049 170 1234567", 0, "+491701234567");
	assert_number("+49 (0) 170 1234567", 0, "+491701234567");
	assert_number("+49(0)1701234567", 0, "+491701234567");
	assert_number("+49 0170 1234567", 0, "+491701234567");
	assert_number("tel:+49-170-1234567", 0, "+491701234567");
	assert_number("\u202a+49\u00a0170\u20111234567\u202c", 0,
	    "+491701234567"); /* out of an address book */
	assert_number("\uff0b\uff14\uff19 \uff11\uff17\uff10 1234567", 0,
	    "+491701234567"); /* full-width */
	assert_number("+\u0664\u0669 170 \u06f1234567", 0, "+491701234567");
}

static void
test_e164_parse__national_numbers_get_the_home_code(void **state)
{
	(void)state;
	assert_number("0170 1234567", 49, "+491701234567");
	assert_number("170 1234567", 49, "+491701234567");
	assert_number("(0)170 1234567", 49, "+491701234567");
	assert_number("+44 20 7946 0958", 49, "+442079460958");
	assert_number("020 7946 0958", 44, "+442079460958");
	assert_number("(212) 555-0123", 1, "+12125550123");
	assert_number("1-212-555-0123", 1, "+12125550123");
	assert_number("011 49 170 1234567", 1, "+491701234567");
	assert_number("06 12345678", 39, "+390612345678"); /* Italy: 0 stays */
	assert_number("8 (912) 345-67-89", 7, "+79123456789");
	assert_number("800 555 3535", 7, "+78005553535"); /* 8 is no trunk */
	assert_number("06 20 123 4567", 36, "+36201234567");
	assert_number("201234567", 36, "+36201234567");
	assert_number("0612345678", 33, "+33612345678");
	assert_number("+49 1234567890123", 0, "+491234567890123"); /* 15 */
	assert_number("+49\u2212170\u00b71234567", 0, "+491701234567");
}

static void
test_e164_parse__refuses_nonsense_with_a_reason(void **state)
{
	char long_input[E164_INPUT_MAX + 2];

	(void)state;
	assert_refused("", 49, E164_EMPTY, ERR_FORMAT);
	assert_refused(" - ()", 49, E164_EMPTY, ERR_FORMAT);
	assert_refused("+", 49, E164_EMPTY, ERR_FORMAT);
	assert_refused("0800-FLOWERS", 49, E164_LETTERS, ERR_FORMAT);
	assert_refused("+49 170 12345\u00e9", 0, E164_LETTERS, ERR_FORMAT);
	assert_refused("+49 170 \u6f22", 0, E164_LETTERS, ERR_FORMAT);
	assert_refused("00", 49, E164_SHORT, ERR_RANGE);
	assert_refused("+49*170#", 0, E164_CHARS, ERR_FORMAT);
	assert_refused("+49 170\n1234567", 0, E164_CHARS, ERR_FORMAT);
	assert_refused("+49 170 1234567\xff", 0, E164_CHARS, ERR_FORMAT);
	assert_refused("++49 1701234567", 0, E164_PLUS, ERR_FORMAT);
	assert_refused("49+1701234567", 0, E164_PLUS, ERR_FORMAT);
	assert_refused("+49 (170 1234567", 0, E164_BRACKETS, ERR_FORMAT);
	assert_refused("+49 170) 1234567", 0, E164_BRACKETS, ERR_FORMAT);
	assert_refused("+49 ((170)) 1234567", 0, E164_BRACKETS, ERR_FORMAT);
	assert_refused("+49 17", 0, E164_SHORT, ERR_RANGE);
	assert_refused("+1 212 555 012", 0, E164_SHORT, ERR_RANGE);
	assert_refused("+1 212 555 01234", 0, E164_LONG, ERR_RANGE);
	assert_refused("+49 12345678901234", 0, E164_LONG, ERR_RANGE);
	assert_refused("+0 170 1234567", 0, E164_COUNTRY, ERR_NOTFOUND);
	assert_refused("+999 170 1234567", 0, E164_COUNTRY, ERR_NOTFOUND);
	assert_refused("+210 1234567", 0, E164_COUNTRY, ERR_NOTFOUND);
	assert_refused("0170 1234567", 0, E164_HOME, ERR_CONFIG);
	assert_refused("0170 1234567", 999, E164_HOME, ERR_CONFIG);
	assert_refused("+1 112 555 0123", 0, E164_SHAPE, ERR_FORMAT);
	assert_refused("+44 00 7946 0958", 0, E164_SHAPE, ERR_FORMAT);
	memset(long_input, '1', sizeof(long_input) - 1);
	long_input[sizeof(long_input) - 1] = '\0';
	assert_refused(long_input, 49, E164_LONG, ERR_RANGE);
	long_input[E164_INPUT_MAX] = '\0';
	assert_refused(long_input, 49, E164_LONG, ERR_RANGE);
}

static void
test_e164_valid__only_the_canonical_form(void **state)
{
	(void)state;
	assert_true(e164_valid("+491701234567"));
	assert_true(e164_valid("+12025550123"));
	assert_true(e164_valid("+6834000")); /* Niue, the shortest */
	assert_false(e164_valid(""));
	assert_false(e164_valid("+"));
	assert_false(e164_valid("491701234567"));
	assert_false(e164_valid("+49 1701234567"));
	assert_false(e164_valid("+4917012345678901"));
	assert_false(e164_valid("+4901701234567"));
	assert_false(e164_valid("+9991701234567"));
}

/* ITU-T E.164, list of assigned codes: every one- to three-digit code. */
static void
test_e164_country__codes_are_free_of_prefixes(void **state)
{
	const char *name;
	unsigned cc, known = 0;

	(void)state;
	for (cc = 0; cc < 1000; cc++) {
		if (!e164_country_known(cc))
			continue;
		known++;
		if (cc >= 10)
			assert_false(e164_country_known(cc / 10));
		if (cc >= 100)
			assert_false(e164_country_known(cc / 100));
	}
	assert_in_range(known, 200, 260);
	assert_false(e164_country_known(0));
	assert_false(e164_country_known(999));
	assert_int_equal(e164_country("+35312345678", &name), 353);
	assert_string_equal(name, "Ireland");
	assert_int_equal(e164_country("353", &name), 0);
	assert_string_equal(name, "");
}

static void
test_e164_format__groups_by_country_and_masks_for_logs(void **state)
{
	char out[E164_FORMAT_CAP], mask[E164_MASK_CAP];

	(void)state;
	assert_string_equal(
	    e164_format(out, "+491701234567"), "+49 170 1234567");
	assert_string_equal(
	    e164_format(out, "+33612345678"), "+33 6 12 34 56 78");
	assert_string_equal(
	    e164_format(out, "+12025550123"), "+1 202 555 0123");
	assert_string_equal(e164_format(out, "+6834000"), "+683 4000");
	assert_string_equal(e164_format(out, "x\033[31m"), "x\u241b[31m");
	assert_string_equal(e164_mask(mask, "+491701234567"), "+49\u202667");
	assert_string_equal(e164_mask(mask, "+6834000"), "+683\u202600");
	assert_string_equal(e164_mask(mask, "0170 1234567"), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_e164_parse__takes_what_people_type),
	    cmocka_unit_test(
		test_e164_parse__national_numbers_get_the_home_code),
	    cmocka_unit_test(test_e164_parse__refuses_nonsense_with_a_reason),
	    cmocka_unit_test(test_e164_valid__only_the_canonical_form),
	    cmocka_unit_test(test_e164_country__codes_are_free_of_prefixes),
	    cmocka_unit_test(
		test_e164_format__groups_by_country_and_masks_for_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
