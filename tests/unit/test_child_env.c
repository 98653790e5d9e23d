/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"
#include "tui/base/child_env.h"

static void
test_child_env__keeps_all_but_secrets(void **state)
{
	char home[] = "HOME=/h", pass[] = "SOTTO_PASSPHRASE=x",
	     pin[] = "SOTTO_PIN=1234", word[] = "SOTTO_BACKUP_PASSWORD=x",
	     code[] = "SOTTO_BACKUP_CODE=1",
	     tls[] = "GNUTLS_NO_IMPLICIT_INIT=1",
	     like[] = "SOTTO_PASSPHRASES=y", none[] = "SOTTO_PIN",
	     last[] = "A=";
	char *env[] = {
	    pass, home, pin, word, like, code, tls, none, last, NULL};
	char **out = child_env(env);

	(void)state;
	assert_non_null(out);
	assert_ptr_equal(out[0], home);
	assert_ptr_equal(out[1], like);
	assert_ptr_equal(out[2], none);
	assert_ptr_equal(out[3], last);
	assert_null(out[4]);
	free(out);
}

static void
test_child_env_lean__is_ours_alone(void **state)
{
	char **out;

	(void)state;
	child_env_lean();
	assert_string_equal(getenv("GNUTLS_NO_IMPLICIT_INIT"), "1");
	out = child_env(environ);
	assert_non_null(out);
	for (size_t i = 0; out[i] != NULL; i++)
		assert_null(strstr(out[i], "GNUTLS_NO"));
	free(out);
	assert_int_equal(unsetenv("GNUTLS_NO_IMPLICIT_INIT"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_child_env__keeps_all_but_secrets),
	    cmocka_unit_test(test_child_env_lean__is_ours_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
