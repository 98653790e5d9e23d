/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

static void
test_err_str__every_code_has_a_sentence_of_its_own(void **state)
{
	static const int codes[] = {
#define X(name, value, text) ERR_##name,
		ERR_LIST(X)
#undef X
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(codes); i++) {
		assert_true(codes[i] < 0);
		assert_string_not_equal(err_str(codes[i]), "unknown error");
		for (j = 0; j < i; j++) {
			assert_int_not_equal(codes[i], codes[j]);
			assert_string_not_equal(
			    err_str(codes[i]), err_str(codes[j]));
		}
	}
}

static void
test_err_name__is_the_constant_without_its_prefix(void **state)
{
	(void)state;
	assert_string_equal(err_name(ERR_AUTH), "AUTH");
	assert_string_equal(err_name(0), "NONE");
	assert_string_equal(err_name(-9999), "UNKNOWN");
	assert_string_equal(err_str(-9999), "unknown error");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_err_str__every_code_has_a_sentence_of_its_own),
	    cmocka_unit_test(test_err_name__is_the_constant_without_its_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
