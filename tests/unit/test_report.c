/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's key and the reports sealed to it. */
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/admin/report.h"
#include "tests/unit/test.h"

struct fix {
	char dir[32], key[64];
	uint8_t pk[32];
	FILE *in, *out, *err;
};

/* Make the key; read the public one from what is printed. */
static int
setup(void **state)
{
	static struct fix f;
	char line[128] = "";
	size_t len = 0;

	snprintf(f.dir, sizeof(f.dir), "/tmp/report-XXXXXX");
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.key, sizeof(f.key), "%s/key", f.dir);
	f.in = tmpfile();
	f.out = tmpfile();
	f.err = tmpfile();
	assert_int_equal(report_keygen(f.key, f.out, f.err), 0);
	rewind(f.out);
	assert_non_null(fgets(line, sizeof(line), f.out));
	assert_int_equal(strncmp(line, "report-key = ", 13), 0);
	assert_int_equal(
	    sodium_base642bin(f.pk, sizeof(f.pk), line + 13, 43, NULL, &len,
		NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
	    0);
	fclose(f.out);
	f.out = tmpfile();
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	fclose(f->in);
	fclose(f->out);
	fclose(f->err);
	unlink(f->key);
	rmdir(f->dir);
	return 0;
}

/* What `ctl report` prints. */
static void
print_sealed(struct fix *f, const char *text, int damage)
{
	uint8_t blob[512];
	char line[128];
	size_t len = strlen(text) + crypto_box_SEALBYTES, at, n;

	assert_int_equal(
	    crypto_box_seal(blob, (const uint8_t *)text, strlen(text), f->pk),
	    0);
	blob[len - 1] ^= (uint8_t)damage;
	for (at = 0; at < len; at += n) {
		n = len - at < 57 ? len - at : 57;
		sodium_bin2base64(line, sizeof(line), blob + at, n,
		    sodium_base64_VARIANT_ORIGINAL);
		fprintf(f->in, "%s\n", line);
	}
	rewind(f->in);
}

static void
test_report__opens_with_its_key(void **state)
{
	static const char text[] =
	    "Somebody writes things that nobody should have to read, and goes "
	    "on after being asked to stop.";
	struct fix *f = *state;
	char got[256] = "";
	struct stat st;

	assert_int_equal(stat(f->key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	print_sealed(f, text, 0);
	assert_int_equal(report_open(f->key, f->in, f->out, f->err), 0);
	rewind(f->out);
	assert_int_equal(fread(got, 1, sizeof(got), f->out), strlen(text));
	assert_string_equal(got, text);
}

static void
test_report__refusals(void **state)
{
	struct fix *f = *state;

	/* The key is not written over. */
	assert_int_not_equal(report_keygen(f->key, f->out, f->err), 0);
	print_sealed(f, "text", 1);
	assert_int_not_equal(report_open(f->key, f->in, f->out, f->err), 0);
	rewind(f->in);
	assert_int_not_equal(
	    report_open("/dev/null", f->in, f->out, f->err), 0);
	rewind(f->in);
	fputs("no base64 at all!\n", f->in);
	rewind(f->in);
	assert_int_not_equal(report_open(f->key, f->in, f->out, f->err), 0);
	assert_int_equal(ftell(f->out), 0); /* nothing of it was shown */
	assert_true(ftell(f->err) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_report__opens_with_its_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_report__refusals, setup, teardown),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
