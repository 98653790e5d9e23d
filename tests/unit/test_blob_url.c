/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "relay/blobs/http_priv.h"
#include "tests/unit/test.h"

#define NOW 1700000000

static const uint8_t secret[BLOB_SECRET_LEN] =
    "a secret of the relay's own....";
static const struct account_id ann = {"ann's account id"};

static struct blob_grant
grant(void)
{
	struct blob_grant g = {
	    .verb = BLOB_VERB_PUT, .size = 70000, .expires_s = NOW + 60};

	memset(g.locator.b, 0xab, sizeof(g.locator.b));
	blob_account_tag(secret, &ann, g.account);
	return g;
}

static int
read_path(const char *path)
{
	struct blob_grant g;

	return blob_path_read(secret, path, NOW, &g);
}

static void
test_blob_path__is_read_as_it_was_made(void **state)
{
	struct blob_grant g = grant(), got;
	char path[BLOB_PATH_CAP];

	(void)state;
	blob_path(secret, &g, path);
	assert_int_equal(strncmp(path,
			     "/b/abababababababababababababababab/"
			     "p-11170-6553f13c-",
			     53),
	    0);
	memset(&got, 0, sizeof(got));
	assert_ok(blob_path_read(secret, path, NOW, &got));
	assert_int_equal(got.verb, g.verb);
	assert_int_equal(got.size, g.size);
	assert_int_equal(got.expires_s, g.expires_s);
	assert_memory_equal(got.account, g.account, BLOB_TAG);
	assert_memory_equal(got.locator.b, g.locator.b, STORE_LOCATOR_LEN);
}

static void
test_blob_path__fits_whatever_the_numbers(void **state)
{
	struct blob_grant g = grant(), got;
	char path[BLOB_PATH_CAP];

	(void)state;
	g.size = g.expires_s = UINT64_MAX;
	blob_path(secret, &g, path);
	assert_ok(blob_path_read(secret, path, NOW, &got));
	assert_int_equal(got.size, UINT64_MAX);
}

static void
test_blob_path_read__refuses_every_other_path(void **state)
{
	struct blob_grant g = grant();
	char path[BLOB_PATH_CAP];
	size_t i, len;
	char was;

	(void)state;
	blob_path(secret, &g, path);
	len = strlen(path);
	for (i = 0; i < len; i++) {
		was = path[i];
		path[i] = was == '0' ? '1' : '0';
		assert_true(read_path(path) != 0);
		path[i] = was == 'a' ? 'A' : '\0';
		assert_true(read_path(path) != 0);
		path[i] = was;
	}
	path[len] = '0';
	path[len + 1] = '\0';
	assert_err(read_path(path), ERR_FORMAT);
	assert_err(read_path(""), ERR_FORMAT);
	assert_err(read_path("/b/"), ERR_FORMAT);
	assert_err(read_path("/b/../../etc/passwd"), ERR_FORMAT);
}

static void
test_blob_path_read__holds_for_one_thing_only(void **state)
{
	struct blob_grant g = grant(), got;
	uint8_t other[BLOB_SECRET_LEN];
	char path[BLOB_PATH_CAP];

	(void)state;
	blob_path(secret, &g, path);
	memcpy(other, secret, sizeof(other));
	other[0] ^= 1;
	assert_err(blob_path_read(other, path, NOW, &got), ERR_AUTH);
	assert_ok(blob_path_read(secret, path, NOW + 59, &got));
	assert_err(blob_path_read(secret, path, NOW + 60, &got), ERR_EXPIRED);
	/* Upload is not download. */
	path[36] = 'g';
	assert_err(read_path(path), ERR_AUTH);
	path[36] = 'p';
	path[38] = '2'; /* a larger blob */
	assert_err(read_path(path), ERR_AUTH);
}

static void
test_blob_account_tag__names_nobody(void **state)
{
	uint8_t a[BLOB_TAG], b[BLOB_TAG], other[BLOB_SECRET_LEN] = {1};

	(void)state;
	blob_account_tag(secret, &ann, a);
	blob_account_tag(other, &ann, b);
	assert_memory_not_equal(a, b, BLOB_TAG);
	assert_memory_not_equal(a, ann.b, BLOB_TAG);
}

static void
test_http_range_read__takes_what_is_there(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t from, len;
	} v[] = {
	    {"bytes=0-0", 0, 0, 1},
	    {"bytes=10-19", 0, 10, 10},
	    {"bytes=10-", 0, 10, 90},
	    {"bytes=10-1000", 0, 10, 90},
	    {"bytes=-1", 0, 99, 1},
	    {"bytes=-1000", 0, 0, 100},
	    {"bytes=99-", 0, 99, 1},
	    {"bytes=100-", ERR_RANGE, 0, 0},
	    {"bytes=-0", ERR_RANGE, 0, 0},
	    {"bytes=5-4", ERR_NOTFOUND, 0, 0},
	    {"bytes=0-1,5-6", ERR_NOTFOUND, 0, 0},
	    {"bytes=", ERR_NOTFOUND, 0, 0},
	    {"bytes=-", ERR_NOTFOUND, 0, 0},
	    {"bytes=a-b", ERR_NOTFOUND, 0, 0},
	    {"bytes=1234567890123456789-", ERR_NOTFOUND, 0, 0},
	    {"lines=1-2", ERR_NOTFOUND, 0, 0},
	};
	uint64_t from, len;
	size_t i;

	(void)state;
	assert_err(http_range_read(NULL, 100, &from, &len), ERR_NOTFOUND);
	for (i = 0; i < ARRAY_LEN(v); i++) {
		from = len = 0;
		assert_err(
		    http_range_read(v[i].text, 100, &from, &len), v[i].err);
		assert_int_equal(from, v[i].from);
		assert_int_equal(len, v[i].len);
	}
}

static void
test_http_content_range_read__takes_one_form(void **state)
{
	static const char *const bad[] = {"", "bytes 0-9", "bytes 0-9/*",
	    "bytes 9-0/10", "bytes 0-10/10", "bytes 0-9/10 ", "bytes=0-9/10",
	    "bytes -9/10", "bytes */", "bytes */1x",
	    "bytes 0-9/10000000000000000000"};
	uint64_t from, len, size;
	size_t i;

	(void)state;
	assert_ok(http_content_range_read("bytes 3-9/10", &from, &len, &size));
	assert_int_equal(from, 3);
	assert_int_equal(len, 7);
	assert_int_equal(size, 10);
	assert_ok(http_content_range_read("bytes */10", &from, &len, &size));
	assert_int_equal(from, 10);
	assert_int_equal(len, 0);
	assert_int_equal(size, 10);
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_err(http_content_range_read(bad[i], &from, &len, &size),
		    ERR_FORMAT);
	assert_ok(http_length_read("0", &len));
	assert_err(http_length_read("-1", &len), ERR_FORMAT);
	assert_err(http_length_read("", &len), ERR_FORMAT);
	assert_err(http_length_read("1 ", &len), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_blob_path__is_read_as_it_was_made),
	    cmocka_unit_test(test_blob_path__fits_whatever_the_numbers),
	    cmocka_unit_test(test_blob_path_read__refuses_every_other_path),
	    cmocka_unit_test(test_blob_path_read__holds_for_one_thing_only),
	    cmocka_unit_test(test_blob_account_tag__names_nobody),
	    cmocka_unit_test(test_http_range_read__takes_what_is_there),
	    cmocka_unit_test(test_http_content_range_read__takes_one_form),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
