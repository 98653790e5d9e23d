/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/backup/code.h"
#include "tests/unit/test.h"

static void
test_backup_code__is_read_back_as_it_is_shown(void **state)
{
	char shown[BACKUP_CODE_SHOWN + 1];
	struct backup_code c, got;
	size_t n, i;

	(void)state;
	for (i = 0; i < 200; i++) {
		backup_code_make(&c, &backup_rng_system);
		assert_int_equal(strlen(c.digits), BACKUP_CODE_DIGITS);
		assert_int_equal(
		    strspn(c.digits, "0123456789"), BACKUP_CODE_DIGITS);
		backup_code_show(&c, shown);
		assert_int_equal(strlen(shown), BACKUP_CODE_SHOWN);
		assert_ok(backup_code_read(&got, shown, &n));
		assert_int_equal(n, BACKUP_CODE_DIGITS);
		assert_string_equal(got.digits, c.digits);
	}
}

/* Every wrong digit and every swap of two neighbours is noticed. */
static void
test_backup_code_read__notices_typing_errors(void **state)
{
	struct backup_code c, got;
	char text[BACKUP_CODE_DIGITS + 1];
	size_t i;
	char d;

	(void)state;
	memset(&got, 0x5a, sizeof(got));
	backup_code_make(&c, &backup_rng_system);
	for (i = 0; i < BACKUP_CODE_DIGITS; i++) {
		for (d = '0'; d <= '9'; d++) {
			memcpy(text, c.digits, sizeof(text));
			text[i] = d;
			if (d != c.digits[i])
				assert_err(backup_code_read(&got, text, NULL),
				    ERR_AUTH);
		}
		memcpy(text, c.digits, sizeof(text));
		if (i + 1 == BACKUP_CODE_DIGITS || text[i] == text[i + 1])
			continue;
		text[i] = c.digits[i + 1];
		text[i + 1] = c.digits[i];
		assert_err(backup_code_read(&got, text, NULL), ERR_AUTH);
	}
	assert_int_equal(got.digits[0], 0x5a);
}

static void
test_backup_code_read__says_how_many_digits_there_were(void **state)
{
	struct backup_code c, got;
	char text[200];
	size_t n = 0;

	(void)state;
	backup_code_make(&c, &backup_rng_system);
	assert_err(backup_code_read(&got, "", &n), ERR_RANGE);
	assert_int_equal(n, 0);
	assert_err(backup_code_read(&got, "12-34\t5", &n), ERR_RANGE);
	assert_int_equal(n, 5);
	snprintf(text, sizeof(text), "%s0", c.digits);
	assert_err(backup_code_read(&got, text, &n), ERR_RANGE);
	assert_int_equal(n, 65);
	snprintf(text, sizeof(text), " %.20s-%.20s\n%s\r", c.digits,
	    c.digits + 20, c.digits + 40);
	assert_ok(backup_code_read(&got, text, NULL));
	text[3] = 'x';
	assert_err(backup_code_read(&got, text, NULL), ERR_FORMAT);
}

/* A known answer: the digits of a counter, and the check by hand (Python:
 * 98 - int(digits + "00") % 97). */
struct counter {
	uint8_t next;
};

static void
count(void *ctx, void *out, size_t n)
{
	struct counter *c = ctx;
	uint8_t *p = out;

	while (n-- > 0)
		*p++ = c->next++;
}

static void
test_backup_code_make__known_answer(void **state)
{
	struct counter c = {245}; /* 250..255 are drawn again */
	struct backup_rng rng = {count, &c};
	struct backup_code code;

	(void)state;
	backup_code_make(&code, &rng);
	assert_string_equal(code.digits, "56789012345678901234567890123456"
					 "78901234567890123456789012345667");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_backup_code__is_read_back_as_it_is_shown),
	    cmocka_unit_test(test_backup_code_read__notices_typing_errors),
	    cmocka_unit_test(
		test_backup_code_read__says_how_many_digits_there_were),
	    cmocka_unit_test(test_backup_code_make__known_answer),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
