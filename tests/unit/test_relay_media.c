/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blobs through a real relay: asked for over Noise, carried over HTTP. */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/blob/blob.h"
#include "common/buf.h"
#include "relay/blobs/backend.h"
#include "tests/lib/relay_calls.h"
#include "tests/unit/test.h"

enum { ANN, BOB, PEOPLE };

#define SIZE 300000

struct fixture {
	struct rig g;
	struct who p[PEOPLE];
	struct rc *c[PEOPLE];
};

static const char *const flags[] = {"--blobs-limit", "1MiB", "--blobs-quota",
    "1MiB", "--disk-free-min", "1MiB", NULL};

static int
start(void **state, const char *const *args)
{
	static struct fixture f;
	unsigned i;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rig_start(&f.g, args);
	for (i = 0; i < PEOPLE; i++) {
		who_make(&f.g, &f.p[i], i);
		f.c[i] = rig_connect(&f.g, &f.p[i].p);
	}
	*state = &f;
	return 0;
}

static int
setup(void **state)
{
	return start(state, flags);
}

static int
setup_off(void **state)
{
	static const char *const off[] = {"--blobs", "off", NULL};

	return start(state, off);
}

static int
setup_full(void **state)
{
	static const char *const full[] = {
	    "--disk-free-min", "1048576GiB", NULL};

	return start(state, full);
}

/* A real S3 server, when there is one on this machine. */
static struct {
	pid_t pid;
	int in;
	char dir[64], url[64];
} s3;

static bool
s3_start(void)
{
	char *const argv[] = {lit("/usr/bin/python3"),
	    lit("tests/lib/s3_server.py"), s3.dir, lit("eu-central-1"),
	    lit("box"), NULL};
	int in[2], out[2];
	FILE *said;

	(void)snprintf(s3.dir, sizeof(s3.dir), "/tmp/sotto-s3-XXXXXX");
	assert_non_null(mkdtemp(s3.dir));
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	s3.pid = fork();
	if (s3.pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s3.in = in[1];
	said = fdopen(out[0], "r");
	assert_non_null(said);
	if (fgets(s3.url, sizeof(s3.url), said) == NULL)
		s3.url[0] = '\0';
	s3.url[strcspn(s3.url, "\n")] = '\0';
	(void)fclose(said);
	return strncmp(s3.url, "http://", 7) == 0;
}

static void
s3_stop(void)
{
	char cmd[100];

	close(s3.in);
	assert_int_equal(waitpid(s3.pid, NULL, 0), s3.pid);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", s3.dir);
	assert_int_equal(system(cmd), 0);
}

static int
setup_s3(void **state)
{
	const char *const args[] = {"--blobs", "s3", "--blobs-s3-url", s3.url,
	    "--blobs-s3-region", "eu-central-1", "--blobs-s3-bucket", "box",
	    "--blobs-s3-key-id", "test:tester", "--blobs-s3-secret", "testing",
	    NULL};

	*state = NULL;
	return s3_start() ? start(state, args) : 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	unsigned i;

	for (i = 0; i < PEOPLE; i++) {
		rc_close(f->c[i]);
		who_clear(&f->p[i]);
	}
	rig_clear(&f->g);
	return 0;
}

static int
teardown_s3(void **state)
{
	if (*state != NULL)
		(void)teardown(state);
	s3_stop();
	return 0;
}

/* ---- asking ---------------------------------------------------------------------- */

static int
upload(struct fixture *f, int who, uint64_t size, ProtobufCBinaryData locator,
    Sotto__Relay__UploadMediaResponse **resp)
{
	Sotto__Relay__UploadMediaRequest req =
	    SOTTO__RELAY__UPLOAD_MEDIA_REQUEST__INIT;

	req.size = size;
	req.locator = locator;
	return calls_ask(f->c[who], METHOD_UPLOAD_MEDIA, &req.base,
	    &sotto__relay__upload_media_response__descriptor, resp);
}

static int
stored(struct fixture *f, int who, ProtobufCBinaryData locator, uint64_t *until)
{
	Sotto__Relay__MediaStoredRequest req =
	    SOTTO__RELAY__MEDIA_STORED_REQUEST__INIT;
	Sotto__Relay__MediaStoredResponse *resp;
	int r;

	req.locator = locator;
	r = calls_ask(f->c[who], METHOD_MEDIA_STORED, &req.base,
	    &sotto__relay__media_stored_response__descriptor, &resp);
	if (r != 0)
		return r;
	*until = resp->expires_ms;
	calls_free(resp);
	return 0;
}

static int
fetch(struct fixture *f, int who, ProtobufCBinaryData locator,
    Sotto__Relay__GetMediaResponse **resp)
{
	Sotto__Relay__GetMediaRequest req =
	    SOTTO__RELAY__GET_MEDIA_REQUEST__INIT;

	req.locator = locator;
	return calls_ask(f->c[who], METHOD_GET_MEDIA, &req.base,
	    &sotto__relay__get_media_response__descriptor, resp);
}

static int
delivered(struct fixture *f, int who, ProtobufCBinaryData locator)
{
	Sotto__Relay__MediaDeliveredRequest req =
	    SOTTO__RELAY__MEDIA_DELIVERED_REQUEST__INIT;

	req.locator = locator;
	return calls_do(f->c[who], METHOD_MEDIA_DELIVERED, &req.base);
}

static int
drop(struct fixture *f, int who, ProtobufCBinaryData locator)
{
	Sotto__Relay__DeleteMediaRequest req =
	    SOTTO__RELAY__DELETE_MEDIA_REQUEST__INIT;

	req.locator = locator;
	return calls_do(f->c[who], METHOD_DELETE_MEDIA, &req.base);
}

/* ---- carrying --------------------------------------------------------------------- */

static size_t
keep(char *p, size_t size, size_t n, void *arg)
{
	return buf_put(arg, p, size * n) == 0 ? size * n : 0;
}

/* GET, or PUT of body, by a URL as the relay gives it; the status. */
static long
http(const char *url, const struct buf *body, struct buf *out)
{
	char full[2100];
	CURL *c = curl_easy_init();
	long status = 0;
	FILE *in = NULL;

	assert_non_null(c);
	(void)snprintf(full, sizeof(full), "%s%s",
	    url[0] == ':' ? "http://127.0.0.1" : "", url);
	curl_easy_setopt(c, CURLOPT_URL, full);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	if (body != NULL) {
		in = fmemopen(body->p, body->len, "r");
		assert_non_null(in);
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_READDATA, in);
		curl_easy_setopt(
		    c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body->len);
	}
	assert_int_equal(curl_easy_perform(c), CURLE_OK);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	if (in != NULL)
		(void)fclose(in);
	return status;
}

static long
put(const char *url, const struct buf *body)
{
	struct buf out;
	long status;

	buf_init(&out, 4096);
	status = http(url, body, &out);
	buf_clear(&out);
	return status;
}

static void
random_buf(struct buf *b, size_t n)
{
	buf_init(b, n);
	assert_ok(buf_reserve(b, n));
	randombytes_buf(b->p, n);
	b->len = n;
}

/* Ann uploads; the locator is the response's. */
static Sotto__Relay__UploadMediaResponse *
give_as(struct fixture *f, const struct buf *body, long status)
{
	Sotto__Relay__UploadMediaResponse *up;
	uint64_t until;

	assert_ok(upload(f, ANN, body->len, calls_bytes("", 0), &up));
	assert_int_equal(put(up->url, body), status);
	assert_ok(stored(f, ANN, up->locator, &until));
	return up;
}

static Sotto__Relay__UploadMediaResponse *
give(struct fixture *f, const struct buf *body)
{
	return give_as(f, body, 201);
}

/* Into a bucket. */
static Sotto__Relay__UploadMediaResponse *
give_in_one(struct fixture *f, const struct buf *body)
{
	return give_as(f, body, 200);
}

/* ---- cases ------------------------------------------------------------------------- */

static void
test_media__goes_from_one_to_another(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up;
	Sotto__Relay__GetMediaResponse *way;
	struct buf body, out;
	uint64_t until = 0, again = 0;

	random_buf(&body, SIZE);
	buf_init(&out, SIZE);
	assert_ok(upload(f, ANN, SIZE, calls_bytes("", 0), &up));
	assert_int_equal(up->locator.len, 16);
	assert_false(up->stored);
	assert_err(fetch(f, BOB, up->locator, &way), ERR_AGAIN);
	assert_err(stored(f, ANN, up->locator, &until), ERR_AGAIN);
	assert_int_equal(put(up->url, &body), 201);
	assert_err(stored(f, BOB, up->locator, &until), ERR_NOTFOUND);
	assert_ok(stored(f, ANN, up->locator, &until));
	assert_ok(stored(f, ANN, up->locator, &again));
	assert_int_equal(until, again);
	assert_ok(fetch(f, BOB, up->locator, &way));
	assert_int_equal(way->size, SIZE);
	assert_int_equal(way->expires_ms, until);
	assert_int_equal(http(way->url, NULL, &out), 200);
	assert_int_equal(out.len, SIZE);
	assert_memory_equal(out.p, body.p, SIZE);
	calls_free(way);
	calls_free(up);
	buf_clear(&body);
	buf_clear(&out);
}

static void
test_media__an_upload_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up, *more;
	struct buf body;

	random_buf(&body, SIZE);
	assert_ok(upload(f, ANN, SIZE, calls_bytes("", 0), &up));
	rc_close(f->c[ANN]);
	rc_close(f->c[BOB]);
	rig_stop(&f->g);
	rig_start(&f->g, flags);
	f->c[ANN] = rig_connect(&f->g, &f->p[ANN].p);
	f->c[BOB] = rig_connect(&f->g, &f->p[BOB].p);
	assert_err(upload(f, BOB, 0, up->locator, &more), ERR_NOTFOUND);
	assert_ok(upload(f, ANN, 0, up->locator, &more));
	assert_memory_equal(more->locator.data, up->locator.data, 16);
	assert_int_equal(put(more->url, &body), 201);
	calls_free(more);
	/* Not marked yet: the way is still told. */
	assert_ok(upload(f, ANN, 0, up->locator, &more));
	assert_false(more->stored);
	assert_int_equal(put(more->url, &body), 200);
	calls_free(more);
	calls_free(up);
	buf_clear(&body);
}

static void
test_media__limit_and_quota(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up, *other;

	assert_err(
	    upload(f, ANN, (1 << 20) + 1, calls_bytes("", 0), &up), ERR_RANGE);
	assert_err(upload(f, ANN, 0, calls_bytes("", 0), &up), ERR_RANGE);
	assert_err(upload(f, ANN, 0, calls_bytes("abc", 3), &up), ERR_FORMAT);
	assert_ok(upload(f, ANN, 1 << 20, calls_bytes("", 0), &up));
	assert_err(upload(f, ANN, 1, calls_bytes("", 0), &other), ERR_FULL);
	assert_ok(upload(f, BOB, 1, calls_bytes("", 0), &other));
	calls_free(other);
	assert_ok(drop(f, ANN, up->locator));
	assert_ok(upload(f, ANN, 1, calls_bytes("", 0), &other));
	calls_free(other);
	calls_free(up);
}

static void
test_media__only_its_owner_drops_it(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up;
	Sotto__Relay__GetMediaResponse *way;
	struct buf body, out;

	random_buf(&body, 1000);
	buf_init(&out, 4096);
	up = give(f, &body);
	assert_err(drop(f, BOB, up->locator), ERR_NOTFOUND);
	assert_err(delivered(f, BOB, up->locator), ERR_NOTFOUND);
	assert_ok(fetch(f, BOB, up->locator, &way));
	assert_ok(drop(f, ANN, up->locator));
	assert_err(drop(f, ANN, up->locator), ERR_NOTFOUND);
	rig_wait_metric(METRIC_blobs_removed, 1);
	/* A URL that is still good leads nowhere. */
	while (http(way->url, NULL, &out) == 200)
		buf_reset(&out);
	calls_free(way);
	assert_err(fetch(f, BOB, up->locator, &way), ERR_NOTFOUND);
	calls_free(up);
	buf_clear(&body);
	buf_clear(&out);
}

static void
test_media__delivered_is_sooner_over(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up;
	Sotto__Relay__GetMediaResponse *before, *after;
	const uint64_t day = UINT64_C(24) * 3600 * 1000;
	struct buf body;

	random_buf(&body, 1000);
	up = give(f, &body);
	assert_ok(fetch(f, BOB, up->locator, &before));
	assert_ok(delivered(f, ANN, up->locator));
	assert_ok(fetch(f, BOB, up->locator, &after));
	/* 60 days, then 30. */
	assert_true(before->expires_ms - after->expires_ms <= 30 * day);
	assert_true(before->expires_ms - after->expires_ms > 29 * day);
	calls_free(before);
	calls_free(after);
	calls_free(up);
	buf_clear(&body);
}

static void
test_media__off_is_said(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up;
	Sotto__Relay__GetMediaResponse *way;

	assert_err(upload(f, ANN, 1, calls_bytes("", 0), &up), ERR_STATE);
	assert_err(fetch(f, ANN, calls_bytes("0123456789abcdef", 16), &way),
	    ERR_STATE);
}

static void
test_media__a_full_disk_is_said_before(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up;

	assert_err(upload(f, ANN, 1, calls_bytes("", 0), &up), ERR_IO);
}

static void
test_media__in_a_bucket(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__UploadMediaResponse *up;
	Sotto__Relay__GetMediaResponse *way;
	struct buf body, more, out;
	uint64_t until = 0;

	if (f == NULL)
		skip(); /* no python3-swift */
	random_buf(&body, SIZE);
	random_buf(&more, SIZE + 1);
	buf_init(&out, SIZE);
	assert_ok(upload(f, ANN, SIZE, calls_bytes("", 0), &up));
	assert_true(up->in_one);
	assert_err(stored(f, ANN, up->locator, &until), ERR_AGAIN);
	/* The URL is for that length, and nothing else. */
	assert_int_equal(put(up->url, &more), 403);
	assert_int_equal(put(up->url, &body), 200);
	assert_ok(stored(f, ANN, up->locator, &until));
	assert_int_equal(http(up->url, NULL, &out), 403);
	buf_reset(&out);
	assert_ok(fetch(f, BOB, up->locator, &way));
	assert_int_equal(http(way->url, NULL, &out), 200);
	assert_int_equal(out.len, SIZE);
	assert_memory_equal(out.p, body.p, SIZE);
	assert_int_equal(put(way->url, &body), 403);
	assert_ok(drop(f, ANN, up->locator));
	do
		buf_reset(&out);
	while (http(way->url, NULL, &out) == 200);
	calls_free(way);
	calls_free(up);
	buf_clear(&body);
	buf_clear(&more);
	buf_clear(&out);
}

static void
count(void *arg, const struct blob_locator *l)
{
	unsigned *n = arg;

	(void)l;
	++*n;
}

/* What the sweep looks at: objects that are old enough. */
static void
test_media__a_bucket_is_listed(void **state)
{
	struct fixture *f = *state;
	const struct blobs_env env = {
	    .conf = f != NULL ? f->g.conf : NULL, .clock = &relay_clock_system};
	struct blob_backend *be = NULL;
	char why[BLOBS_WHY_MAX];
	struct buf body;
	unsigned n = 0;
	int i;

	if (f == NULL)
		skip(); /* no python3-swift */
	random_buf(&body, 100);
	for (i = 0; i < 3; i++)
		calls_free(give_in_one(f, &body));
	assert_ok(blob_backend_s3(&be, &env, why));
	assert_ok(be->ops->walk(be, 1000, count, &n));
	assert_int_equal(n, 0);
	assert_ok(be->ops->walk(be, UINT64_MAX, count, &n));
	assert_int_equal(n, 3);
	be->ops->close(be);
	buf_clear(&body);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_media__goes_from_one_to_another),
	    CASE(test_media__an_upload_goes_on_after_a_restart),
	    CASE(test_media__limit_and_quota),
	    CASE(test_media__only_its_owner_drops_it),
	    CASE(test_media__delivered_is_sooner_over),
	    cmocka_unit_test_setup_teardown(
		test_media__in_a_bucket, setup_s3, teardown_s3),
	    cmocka_unit_test_setup_teardown(
		test_media__a_bucket_is_listed, setup_s3, teardown_s3),
	    cmocka_unit_test_setup_teardown(
		test_media__off_is_said, setup_off, teardown),
	    cmocka_unit_test_setup_teardown(
		test_media__a_full_disk_is_said_before, setup_full, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
