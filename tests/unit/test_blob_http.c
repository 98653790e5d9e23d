/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server over real sockets: what it does with good requests and bad ones. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/buf.h"
#include "relay/admin/metrics.h"
#include "relay/blobs/http.h"
#include "tests/unit/test.h"

#define NOW_S	  1700000000
#define WAIT_MS	  10000
#define REPLY_MAX (256 * 1024)

static const uint8_t secret[BLOB_SECRET_LEN] =
    "the server's own secret........";
static const struct blob_locator one = {{1, 2, 3}};

static uint64_t
wall(void *arg)
{
	(void)arg;
	return (uint64_t)NOW_S * 1000;
}

static const struct relay_clock clock_still = {wall, wall, NULL};

struct site {
	char path[64];
	struct blob_dir *d;
	struct blob_http *h;
	struct blob_http_env env;
};

static int
setup(void **state)
{
	static struct site s;

	memset(&s, 0, sizeof(s));
	metrics_reset();
	(void)snprintf(s.path, sizeof(s.path), "/tmp/sotto-http-XXXXXX");
	assert_non_null(mkdtemp(s.path));
	assert_ok(blob_dir_open(&s.d, s.path));
	s.env = (struct blob_http_env){.dir = s.d,
	    .secret = secret,
	    .listen = "127.0.0.1:0",
	    .clock = &clock_still};
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct site *s = *state;
	char cmd[100];

	blob_http_stop(s->h);
	blob_dir_close(s->d);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", s->path);
	return system(cmd);
}

static void
serve(struct site *s)
{
	assert_ok(blob_http_start(&s->h, &s->env));
}

/* ---- a client that says what it is told -------------------------------------------- */

static int
dial(const struct site *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(blob_http_port(s->h)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
say(int fd, const void *p, size_t len)
{
	assert_int_equal(send(fd, p, len, MSG_NOSIGNAL), len);
}

/* All it answers until it closes; bytes. */
static size_t
hear(int fd, char *out, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;
	ssize_t got;

	for (;;) {
		assert_true(n < cap - 1);
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		got = recv(fd, out + n, cap - 1 - n, 0);
		if (got < 0)
			assert_int_equal(errno, ECONNRESET);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	out[n] = '\0';
	close(fd);
	return n;
}

static const char *
path_of(enum blob_verb verb, uint64_t size)
{
	static char path[BLOB_PATH_CAP];
	struct blob_grant g = {.verb = verb,
	    .locator = one,
	    .size = size,
	    .expires_s = NOW_S + 60};

	blob_path(secret, &g, path);
	return path;
}

/* One request of any form; its answer is static, the status returned. */
static char reply[REPLY_MAX];

static int
ask_raw(const struct site *s, const char *head, const void *body, size_t len)
{
	int fd = dial(s), status = 0;

	say(fd, head, strlen(head));
	/* Who refuses by the header may have closed already. */
	if (len > 0)
		(void)send(fd, body, len, MSG_NOSIGNAL);
	hear(fd, reply, sizeof(reply));
	(void)sscanf(reply, "HTTP/1.1 %d", &status);
	return status;
}

static int
ask(const struct site *s, const char *method, const char *path,
    const char *headers, const void *body, size_t len)
{
	char head[1024];

	(void)snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, path, headers);
	return ask_raw(s, head, body, len);
}

static int
put(const struct site *s, const char *extra, const void *body, size_t len,
    uint64_t size)
{
	char headers[256];

	(void)snprintf(
	    headers, sizeof(headers), "Content-Length: %zu\r\n%s", len, extra);
	return ask(s, "PUT", path_of(BLOB_VERB_PUT, size), headers, body, len);
}

static int
get(const struct site *s, const char *headers)
{
	return ask(s, "GET", path_of(BLOB_VERB_GET, 10), headers, NULL, 0);
}

static void
expect_body(const char *want)
{
	const char *body = strstr(reply, "\r\n\r\n");

	assert_non_null(body);
	assert_string_equal(body + 4, want);
}

#define assert_header(text) assert_non_null(strstr(reply, text "\r\n"))

/* ---- what it is for --------------------------------------------------------------- */

static void
test_put_and_get__give_the_same_bytes(void **state)
{
	struct site *s = *state;

	serve(s);
	assert_int_equal(get(s, ""), 404);
	assert_int_equal(put(s, "", "0123456789", 10, 10), 201);
	assert_header("Upload-Offset: 10");
	assert_int_equal(get(s, ""), 200);
	assert_header("Content-Length: 10");
	assert_header("Connection: close");
	assert_header("X-Content-Type-Options: nosniff");
	expect_body("0123456789");
	/* Once more is no mistake: the answer may have been lost. */
	assert_int_equal(put(s, "", "0123456789", 10, 10), 200);
	assert_header("Upload-Offset: 10");
	assert_int_equal(metrics_get(METRIC_blobs_received), 1);
}

static void
test_get__ranges_and_conditions(void **state)
{
	struct site *s = *state;

	serve(s);
	assert_int_equal(put(s, "", "0123456789", 10, 10), 201);
	assert_int_equal(get(s, "Range: bytes=3-5\r\n"), 206);
	assert_header("Content-Range: bytes 3-5/10");
	expect_body("345");
	assert_int_equal(get(s, "Range: bytes=7-\r\n"), 206);
	expect_body("789");
	assert_int_equal(get(s, "Range: bytes=-2\r\n"), 206);
	expect_body("89");
	assert_int_equal(get(s, "Range: bytes=10-\r\n"), 416);
	assert_header("Content-Range: bytes */10");
	assert_int_equal(get(s, "Range: bytes=0-1,4-5\r\n"), 200);
	expect_body("0123456789");
	assert_header("ETag: \"01020300000000000000000000000000\"");
	assert_int_equal(get(s, "If-None-Match: "
				"\"01020300000000000000000000000000\"\r\n"),
	    304);
	expect_body("");
	assert_int_equal(get(s, "Range: bytes=3-5\r\nIf-Range: "
				"\"01020300000000000000000000000000\"\r\n"),
	    206);
	assert_int_equal(
	    get(s, "Range: bytes=3-5\r\nIf-Range: \"other\"\r\n"), 200);
	assert_int_equal(
	    ask(s, "HEAD", path_of(BLOB_VERB_GET, 10), "", NULL, 0), 200);
	assert_header("Content-Length: 10");
	expect_body("");
}

static void
test_put__goes_on_where_it_was_cut(void **state)
{
	struct site *s = *state;
	const char *path = path_of(BLOB_VERB_PUT, 10);
	char head[512];
	int fd;

	serve(s);
	assert_int_equal(ask(s, "HEAD", path, "", NULL, 0), 200);
	assert_header("Upload-Offset: 0");
	assert_header("Upload-Length: 10");
	/* The connection ends in the middle. */
	(void)snprintf(head, sizeof(head),
	    "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123",
	    path);
	fd = dial(s);
	say(fd, head, strlen(head));
	(void)shutdown(fd, SHUT_WR);
	hear(fd, reply, sizeof(reply));
	do
		assert_int_equal(ask(s, "HEAD", path, "", NULL, 0), 200);
	while (strstr(reply, "Upload-Offset: 4\r\n") == NULL);
	/* So does the relay. */
	blob_http_stop(s->h);
	serve(s);
	assert_int_equal(
	    put(s, "Content-Range: bytes 3-9/10\r\n", "3456789", 7, 10), 409);
	assert_header("Upload-Offset: 4");
	assert_int_equal(
	    put(s, "Content-Range: bytes 4-5/10\r\n", "45", 2, 10), 204);
	assert_header("Upload-Offset: 6");
	assert_int_equal(
	    put(s, "Content-Range: bytes 6-9/10\r\n", "6789", 4, 10), 201);
	assert_int_equal(get(s, ""), 200);
	expect_body("0123456789");
}

/* The relay ended after the last byte came, and before it was in its place. */
static void
test_put__is_finished_without_a_byte(void **state)
{
	struct site *s = *state;
	struct blob_put *p;
	uint64_t at;

	serve(s);
	assert_ok(blob_put_begin(s->d, &one, 10, 0, &p, &at));
	assert_ok(blob_put_write(p, "0123456789", 10));
	blob_put_leave(p);
	assert_int_equal(get(s, ""), 404);
	assert_int_equal(
	    put(s, "Content-Range: bytes */10\r\n", "", 0, 10), 201);
	assert_int_equal(get(s, ""), 200);
	expect_body("0123456789");
}

static void
test_put__one_at_a_time(void **state)
{
	struct site *s = *state;
	struct blob_put *p;
	uint64_t at;

	serve(s);
	assert_ok(blob_put_begin(s->d, &one, 10, 0, &p, &at));
	assert_int_equal(put(s, "", "0123456789", 10, 10), 409);
	assert_header("Retry-After: 2");
	blob_put_leave(p);
	assert_int_equal(put(s, "", "0123456789", 10, 10), 201);
}

static void
test_put__large_ones_stream(void **state)
{
	static char body[200 * 1024];
	struct site *s = *state;
	const char *got;

	serve(s);
	memset(body, 'x', sizeof(body));
	assert_int_equal(put(s, "", body, sizeof(body), sizeof(body)), 201);
	assert_int_equal(
	    ask(s, "GET", path_of(BLOB_VERB_GET, 1), "", NULL, 0), 200);
	got = strstr(reply, "\r\n\r\n");
	assert_int_equal(strlen(got + 4), sizeof(body));
}

/* ---- what it refuses --------------------------------------------------------------- */

static void
test_requests__without_a_good_url_get_nothing(void **state)
{
	struct blob_grant g = {.verb = BLOB_VERB_GET,
	    .locator = one,
	    .size = 10,
	    .expires_s = NOW_S};
	struct site *s = *state;
	char path[BLOB_PATH_CAP];

	serve(s);
	assert_int_equal(put(s, "", "0123456789", 10, 10), 201);
	blob_path(secret, &g, path);
	assert_int_equal(ask(s, "GET", path, "", NULL, 0), 403);
	assert_non_null(strstr(reply, "expired"));
	g.expires_s++;
	blob_path(secret, &g, path);
	assert_int_equal(ask(s, "GET", path, "", NULL, 0), 200);
	path[strlen(path) - 1] ^= 1;
	assert_int_equal(ask(s, "GET", path, "", NULL, 0), 403);
	assert_int_equal(ask(s, "GET", "/", "", NULL, 0), 404);
	assert_int_equal(
	    ask(s, "GET", "/b/../../../etc/passwd", "", NULL, 0), 404);
	assert_int_equal(
	    ask(s, "GET", "/b/%2e%2e/%2e%2e/etc/passwd", "", NULL, 0), 404);
	assert_null(strstr(reply, "root:"));
	assert_int_equal(metrics_get(METRIC_blob_requests_refused), 5);
}

static void
test_requests__do_what_the_url_is_for(void **state)
{
	struct site *s = *state;
	const char *up = path_of(BLOB_VERB_PUT, 10);

	serve(s);
	assert_int_equal(ask(s, "GET", up, "", NULL, 0), 403);
	assert_int_equal(ask(s, "DELETE", up, "", NULL, 0), 405);
	assert_int_equal(
	    ask(s, "POST", up, "Content-Length: 3\r\n", "abc", 3), 405);
	assert_header("Allow: GET, HEAD, PUT");
	assert_int_equal(put(s, "", "0123456789", 10, 10), 201);
	assert_int_equal(ask(s, "PUT", path_of(BLOB_VERB_GET, 10),
			     "Content-Length: 10\r\n", "9876543210", 10),
	    403);
	assert_int_equal(get(s, ""), 200);
	expect_body("0123456789");
}

static void
test_put__lengths_must_fit(void **state)
{
	struct site *s = *state;
	const char *up;
	uint64_t n;
	bool whole;

	serve(s);
	assert_int_equal(put(s, "", "01234567890", 11, 10), 400);
	assert_int_equal(
	    put(s, "Content-Range: bytes 0-3/11\r\n", "0123", 4, 10), 400);
	assert_int_equal(
	    put(s, "Content-Range: bytes 0-4/10\r\n", "0123", 4, 10), 400);
	assert_int_equal(
	    put(s, "Content-Range: nonsense\r\n", "0123", 4, 10), 400);
	up = path_of(BLOB_VERB_PUT, 10);
	assert_int_equal(ask(s, "PUT", up, "Transfer-Encoding: chunked\r\n",
			     "a\r\n0123456789\r\n0\r\n\r\n", 20),
	    411);
	assert_int_equal(
	    put(s, "Transfer-Encoding: chunked\r\n", "4\r\n0123\r\n0", 10, 10),
	    411);
	assert_ok(blob_dir_look(s->d, &one, &n, &whole));
	assert_int_equal(n, 0);
}

static void
test_put__says_when_there_is_no_room(void **state)
{
	struct site *s = *state;

	serve(s);
	assert_int_equal(ask(s, "PUT", path_of(BLOB_VERB_PUT, 1ULL << 58),
			     "Content-Length: 288230376151711744\r\n", "x", 1),
	    507);
	assert_header("Retry-After: 60");
	assert_int_equal(put(s, "", "0123456789", 10, 10), 201);
}

static void
test_requests__too_much_header_is_refused(void **state)
{
	static char huge[100 * 1024];
	struct site *s = *state;
	int status, n;

	serve(s);
	n = snprintf(huge, sizeof(huge),
	    "GET %s HTTP/1.1\r\nHost: x\r\nA: ", path_of(BLOB_VERB_GET, 10));
	memset(huge + n, 'a', sizeof(huge) - (size_t)n - 1);
	status = ask_raw(s, huge, NULL, 0);
	assert_true(status == 431 || status == 413 || status == 0);
	assert_int_equal(get(s, ""), 404); /* it is still there */
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A letter now and then: never silent, never done. */
static void
test_requests__slow_headers_are_cut(void **state)
{
	struct site *s = *state;
	uint64_t begin = now_ms();
	struct pollfd p = {.events = POLLIN};
	char c;

	s->env.header_ms = 300;
	serve(s);
	p.fd = dial(s);
	say(p.fd, "GET / HTTP/1.1\r\nX: ", 19);
	do {
		assert_true(now_ms() - begin < WAIT_MS);
		(void)send(p.fd, "a", 1, MSG_NOSIGNAL);
	} while (poll(&p, 1, 50) == 0);
	assert_true(recv(p.fd, &c, 1, 0) <= 0);
	assert_true(now_ms() - begin >= 250);
	close(p.fd);
	assert_int_equal(get(s, ""), 404);
}

static void
test_connections__of_one_address_are_few(void **state)
{
	struct site *s = *state;
	int a, b, c;

	s->env.per_address = 2;
	serve(s);
	a = dial(s);
	b = dial(s);
	c = dial(s);
	/* The third is closed at once. */
	assert_int_equal(hear(c, reply, sizeof(reply)), 0);
	close(a);
	close(b);
}

static void
test_blob_http_start__says_why_not(void **state)
{
	struct site *s = *state;
	struct blob_http *h = NULL;

	s->env.listen = "nonsense";
	assert_err(blob_http_start(&h, &s->env), ERR_FORMAT);
	s->env.listen = "127.0.0.1:0";
	s->env.cert = s->env.key = "/etc/passwd";
	assert_err(blob_http_start(&h, &s->env), ERR_CONFIG);
	s->env.cert = s->env.key = "/nowhere";
	assert_err(blob_http_start(&h, &s->env), ERR_CONFIG);
	assert_null(h);
}

/* ---- TLS ---------------------------------------------------------------------------- */

static size_t
keep(char *p, size_t size, size_t n, void *arg)
{
	return buf_put(arg, p, size * n) == 0 ? size * n : 0;
}

static void
test_get__over_tls(void **state)
{
	struct site *s = *state;
	char cert[80], key[80], cmd[400], url[300];
	struct buf body;
	struct blob_put *p;
	uint64_t at;
	bool whole;
	CURL *c;

	(void)snprintf(cert, sizeof(cert), "%s/cert.pem", s->path);
	(void)snprintf(key, sizeof(key), "%s/key.pem", s->path);
	(void)snprintf(cmd, sizeof(cmd),
	    "openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=x"
	    " -addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s"
	    " 2>/dev/null",
	    key, cert);
	assert_int_equal(system(cmd), 0);
	s->env.cert = cert;
	s->env.key = key;
	serve(s);
	assert_ok(blob_put_begin(s->d, &one, 4, 0, &p, &at));
	assert_ok(blob_put_write(p, "abcd", 4));
	assert_ok(blob_put_end(p, &whole, &at));
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s",
	    blob_http_port(s->h), path_of(BLOB_VERB_GET, 4));
	buf_init(&body, 100);
	c = curl_easy_init();
	assert_non_null(c);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CAINFO, cert);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &body);
	assert_int_equal(curl_easy_perform(c), CURLE_OK);
	assert_int_equal(body.len, 4);
	assert_memory_equal(body.p, "abcd", 4);
	curl_easy_cleanup(c);
	buf_clear(&body);
	/* Nothing in the clear. */
	assert_int_equal(get(s, ""), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_put_and_get__give_the_same_bytes),
	    CASE(test_get__ranges_and_conditions),
	    CASE(test_put__goes_on_where_it_was_cut),
	    CASE(test_put__is_finished_without_a_byte),
	    CASE(test_put__one_at_a_time),
	    CASE(test_put__large_ones_stream),
	    CASE(test_requests__without_a_good_url_get_nothing),
	    CASE(test_requests__do_what_the_url_is_for),
	    CASE(test_put__lengths_must_fit),
	    CASE(test_put__says_when_there_is_no_room),
	    CASE(test_requests__too_much_header_is_refused),
	    CASE(test_requests__slow_headers_are_cut),
	    CASE(test_connections__of_one_address_are_few),
	    CASE(test_blob_http_start__says_why_not),
	    CASE(test_get__over_tls),
	};

	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
