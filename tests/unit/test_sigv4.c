/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of version 4. The examples: Amazon S3 API Reference, "Signature
 * Calculations for the Authorization Header" and "Query Parameters". */
#include "common/aws/sigv4.h"
#include "tests/unit/test.h"

#define EMPTY                                                                  \
	"e3b0c44298fc1c149afbf4c8996fb924"                                     \
	"27ae41e4649b934ca495991b7852b855"
#define NOW_S 1369353600 /* 2013-05-24T00:00:00Z */

static struct sigv4
example(const char *method, const char *path)
{
	return (struct sigv4){
	    .key_id = "AKIAIOSFODNN7EXAMPLE",
	    .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	    .region = "us-east-1",
	    .now_s = NOW_S,
	    .method = method,
	    .host = "examplebucket.s3.amazonaws.com",
	    .path = path,
	};
}

/* The authorization line; the two others are checked here. */
static void
assert_signed(const struct sigv4 *s, const char *hash, const char *names,
    const char *signature)
{
	char line[512], second[128];
	struct buf b;
	const char *p;

	buf_init(&b, 4096);
	assert_ok(sigv4_headers(s, hash, &b));
	snprintf(line, sizeof(line),
	    "authorization: AWS4-HMAC-SHA256 Credential="
	    "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
	    "SignedHeaders=%s,Signature=%s",
	    names, signature);
	p = (const char *)b.p;
	assert_string_equal(p, line);
	snprintf(second, sizeof(second), "x-amz-content-sha256: %s", hash);
	p += strlen(p) + 1;
	assert_string_equal(p, second);
	p += strlen(p) + 1;
	assert_string_equal(p, "x-amz-date: 20130524T000000Z");
	assert_int_equal(p + strlen(p) + 1 - (const char *)b.p, b.len);
	buf_clear(&b);
}

static void
test_sigv4_headers__get_object(void **state)
{
	struct sigv4 s = example("GET", "/test.txt");
	const struct sigv4_pair range[] = {{"range", "bytes=0-9"}};

	(void)state;
	s.headers = range;
	s.n_headers = 1;
	assert_signed(&s, EMPTY, "host;range;x-amz-content-sha256;x-amz-date",
	    "f0e8bdb87c964420e857bd35b5d6ed31"
	    "0bd44f0170aba48dd91039c6036bdb41");
}

static void
test_sigv4_headers__put_object(void **state)
{
	static const char body[] = "Welcome to Amazon S3.";
	struct sigv4 s = example("PUT", "/test$file.text");
	const struct sigv4_pair headers[] = {
	    {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
	    {"date", "Fri, 24 May 2013 00:00:00 GMT"},
	};
	char hash[SIGV4_HASH_CAP];

	(void)state;
	s.headers = headers;
	s.n_headers = 2;
	sigv4_hash(hash, body, strlen(body));
	assert_signed(&s, hash,
	    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	    "98ad721746da40c64f1a55b78f14c238"
	    "d841ea1380cd77a1b5971af0ece108bd");
}

static void
test_sigv4_headers__bucket(void **state)
{
	struct sigv4 s = example("GET", "/");
	const struct sigv4_pair life[] = {{"lifecycle", ""}};
	const struct sigv4_pair list[] = {{"prefix", "J"}, {"max-keys", "2"}};

	(void)state;
	s.query = life;
	s.n_query = 1;
	assert_signed(&s, EMPTY, "host;x-amz-content-sha256;x-amz-date",
	    "fea454ca298b7da1c68078a5d1bdbfbb"
	    "e0d65c699e0f91ac7a200a0136783543");
	s.query = list;
	s.n_query = 2;
	assert_signed(&s, EMPTY, "host;x-amz-content-sha256;x-amz-date",
	    "34b48302e7b5fa45bde8084f4b7868a8"
	    "6f0a534bc59db6670ed5711ef69dc6f7");
}

static void
test_sigv4_target__is_encoded_and_sorted(void **state)
{
	struct sigv4 s = example("GET", "/a b/\xc3\xa4~$");
	const struct sigv4_pair q[] = {{"prefix", "a/b"}, {"list-type", "2"}};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_ok(sigv4_target(&s, &b));
	assert_string_equal((const char *)b.p, "/a%20b/%C3%A4~%24");
	buf_reset(&b);
	s.query = q;
	s.n_query = 2;
	assert_ok(sigv4_target(&s, &b));
	assert_string_equal(
	    (const char *)b.p, "/a%20b/%C3%A4~%24?list-type=2&prefix=a%2Fb");
	buf_clear(&b);
}

static void
test_sigv4_url__get_object(void **state)
{
	struct sigv4 s = example("GET", "/test.txt");
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_ok(sigv4_url(&s, 86400, &b));
	assert_string_equal((const char *)b.p,
	    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
	    "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
	    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
	    "&X-Amz-SignedHeaders=host&X-Amz-Signature="
	    "aeeed9bbccd4d02ee5c0109b86d86835"
	    "f995330da4c265957d157751f604d404");
	buf_clear(&b);
}

static void
test_sigv4__refuses_what_does_not_fit(void **state)
{
	struct sigv4 s = example("GET", "/");
	struct sigv4_pair many[SIGV4_QUERY_MAX + 1];
	char region[200];
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct sigv4_pair){"a", "b"};
	buf_init(&b, 4096);
	assert_err(sigv4_url(&s, 0, &b), ERR_RANGE);
	assert_err(sigv4_url(&s, SIGV4_EXPIRES_MAX + 1, &b), ERR_RANGE);
	s.query = many;
	s.n_query = ARRAY_LEN(many);
	assert_err(sigv4_headers(&s, EMPTY, &b), ERR_RANGE);
	s.n_query = SIGV4_QUERY_MAX;
	assert_ok(sigv4_url(&s, 60, &b));
	buf_reset(&b);
	s.headers = many;
	s.n_headers = SIGV4_HEADERS_MAX + 1;
	assert_err(sigv4_url(&s, 60, &b), ERR_RANGE);
	s.n_headers = 0;
	memset(region, 'r', sizeof(region) - 1);
	region[sizeof(region) - 1] = '\0';
	s.region = region;
	assert_err(sigv4_headers(&s, EMPTY, &b), ERR_RANGE);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	buf_init(&b, 10);
	s.region = "us-east-1";
	assert_err(sigv4_headers(&s, EMPTY, &b), ERR_FULL);
	buf_clear(&b);
}

static int
sign_both(void *ctx)
{
	struct sigv4 s = example("GET", "/a b");
	struct buf b;
	int r;

	(void)ctx;
	buf_init(&b, 4096);
	r = sigv4_headers(&s, EMPTY, &b);
	if (r == 0)
		r = sigv4_url(&s, 60, &b);
	buf_clear(&b);
	return r;
}

static void
test_sigv4__short_of_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(sign_both, NULL) >= 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sigv4_headers__get_object),
	    cmocka_unit_test(test_sigv4_headers__put_object),
	    cmocka_unit_test(test_sigv4_headers__bucket),
	    cmocka_unit_test(test_sigv4_target__is_encoded_and_sorted),
	    cmocka_unit_test(test_sigv4_url__get_object),
	    cmocka_unit_test(test_sigv4__refuses_what_does_not_fit),
	    cmocka_unit_test(test_sigv4__short_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
