/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfers against the relay's own server, and against one that behaves badly. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "media/transfer/curl_fns.h"
#include "media/transfer/transfer.h"
#include "relay/blobs/http.h"
#include "tests/unit/test.h"

#define NOW_S  1700000000
#define SIZE   ((size_t)3 * 1024 * 1024 + 17)
#define WAIT_S 30

static const uint8_t secret[BLOB_SECRET_LEN] =
    "the server's own secret........";

static uint64_t
wall(void *arg)
{
	(void)arg;
	return (uint64_t)NOW_S * 1000;
}

static const struct relay_clock clock_still = {wall, wall, NULL};

struct site {
	char dir[64], up[96], down[96];
	struct blob_dir *d;
	struct blob_http *h;
	char listen[32]; /* the same port again after a restart */
	struct media_hub *hub;
	struct media_hub_opts opts;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool woken;
	struct media_event ended[16]; /* in order */
	size_t n_ended;
	unsigned progress, waiting;
	uint64_t last_done;
	uint8_t *bytes;
	struct blob_digest digest;
};

static void
wake(void *ctx)
{
	struct site *s = ctx;

	pthread_mutex_lock(&s->lock);
	s->woken = true;
	pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

static void
digest_of(const uint8_t *p, size_t len, struct blob_digest *d)
{
	struct blob_hash *h;

	assert_ok(blob_hash_new(&h));
	assert_ok(blob_hash_add(h, p, len));
	assert_ok(blob_hash_end(h, d));
	blob_hash_free(h);
}

static void
write_file(const char *path, const uint8_t *p, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
serve(struct site *s)
{
	const struct blob_http_env env = {.dir = s->d,
	    .secret = secret,
	    .listen = s->listen,
	    .clock = &clock_still};

	assert_ok(blob_http_start(&s->h, &env));
	(void)snprintf(
	    s->listen, sizeof(s->listen), "127.0.0.1:%u", blob_http_port(s->h));
}

static void
open_hub(struct site *s)
{
	assert_ok(media_hub_new(&s->hub, &s->opts));
}

static int
setup(void **state)
{
	static struct site s;

	memset(&s, 0, sizeof(s));
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.cond, NULL);
	(void)snprintf(s.dir, sizeof(s.dir), "/tmp/sotto-transfer-XXXXXX");
	assert_non_null(mkdtemp(s.dir));
	(void)snprintf(s.up, sizeof(s.up), "%s/up", s.dir);
	(void)snprintf(s.down, sizeof(s.down), "%s/down", s.dir);
	assert_ok(blob_dir_open(&s.d, s.dir));
	(void)snprintf(s.listen, sizeof(s.listen), "127.0.0.1:0");
	serve(&s);
	s.opts = (struct media_hub_opts){.curl = &media_curl_linked,
	    .wake = wake,
	    .ctx = &s,
	    .backoff_ms = 20,
	    .tries = 6};
	s.bytes = malloc(SIZE);
	assert_non_null(s.bytes);
	randombytes_buf(s.bytes, SIZE);
	digest_of(s.bytes, SIZE, &s.digest);
	write_file(s.up, s.bytes, SIZE);
	open_hub(&s);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct site *s = *state;
	char cmd[100];

	media_hub_free(s->hub);
	blob_http_stop(s->h);
	blob_dir_close(s->d);
	free(s->bytes);
	pthread_cond_destroy(&s->cond);
	pthread_mutex_destroy(&s->lock);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", s->dir);
	return system(cmd);
}

/* ---- acting ------------------------------------------------------------------------ */

static struct blob_locator
locator(uint8_t n)
{
	struct blob_locator l;

	memset(l.b, n, sizeof(l.b));
	return l;
}

static const char *
url_of(const struct site *s, enum blob_verb verb, uint8_t n, uint64_t size)
{
	static char url[300];
	struct blob_grant g = {.verb = verb,
	    .locator = locator(n),
	    .size = size,
	    .expires_s = NOW_S + 60};
	char path[BLOB_PATH_CAP];

	blob_path(secret, &g, path);
	(void)snprintf(url, sizeof(url), "http://%s%s", s->listen, path);
	return url;
}

static uint64_t
upload(struct site *s, uint8_t n, bool begun)
{
	const struct media_job job = {.way = MEDIA_UP,
	    .url = url_of(s, BLOB_VERB_PUT, n, SIZE),
	    .path = s->up,
	    .size = SIZE,
	    .begun = begun};
	uint64_t id;

	assert_ok(media_start(s->hub, &job, &id));
	return id;
}

static uint64_t
download(struct site *s, const char *url, const struct blob_digest *d)
{
	const struct media_job job = {.way = MEDIA_DOWN,
	    .url = url,
	    .path = s->down,
	    .size = SIZE,
	    .digest = *d};
	uint64_t id;

	assert_ok(media_start(s->hub, &job, &id));
	return id;
}

static void
on_event(void *arg, const struct media_event *ev)
{
	struct site *s = arg;

	s->progress += ev->kind == MEDIA_PROGRESS;
	s->waiting += ev->kind == MEDIA_WAITING;
	s->last_done = ev->done;
	assert_true(ev->done <= ev->size);
	if (ev->kind == MEDIA_DONE || ev->kind == MEDIA_FAILED) {
		assert_true(s->n_ended < ARRAY_LEN(s->ended));
		s->ended[s->n_ended++] = *ev;
	}
}

static void
listen_once(struct site *s)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += WAIT_S;
	pthread_mutex_lock(&s->lock);
	while (!s->woken)
		assert_int_equal(
		    pthread_cond_timedwait(&s->cond, &s->lock, &t), 0);
	s->woken = false;
	pthread_mutex_unlock(&s->lock);
	media_hub_events(s->hub, on_event, s);
}

/* Until n have ended; the result of the last. */
static int
wait_ended(struct site *s, size_t n)
{
	while (s->n_ended < n)
		listen_once(s);
	return s->ended[n - 1].err;
}

static uint64_t
bytes_there(struct site *s, uint8_t n, bool *whole)
{
	struct blob_locator l = locator(n);
	uint64_t bytes;

	assert_ok(blob_dir_look(s->d, &l, &bytes, whole));
	return bytes;
}

static void
keep(struct site *s, uint8_t n, const uint8_t *p, size_t len, size_t have)
{
	struct blob_locator l = locator(n);
	struct blob_put *put;
	uint64_t at;
	bool whole;

	assert_ok(blob_put_begin(s->d, &l, len, 0, &put, &at));
	assert_ok(blob_put_write(put, p, have));
	assert_ok(blob_put_end(put, &whole, &at));
}

static void
expect_down(struct site *s)
{
	size_t len;
	char *p = read_text_file(s->down, &len);

	assert_int_equal(len, SIZE);
	assert_memory_equal(p, s->bytes, SIZE);
	free(p);
}

static off_t
length(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* ---- a server of bad manners ---------------------------------------------------------- */

/* Answers each connection in turn with the next text, then closes. */
struct rude {
	const char *const *answers;
	size_t n, served;
	const uint8_t *body; /* sent behind each */
	size_t body_len;
	int fd;
	uint16_t port;
	pthread_t thread;
};

static void *
be_rude(void *arg)
{
	struct rude *r = arg;
	char in[4096];
	int c;

	for (; r->served < r->n; r->served++) {
		c = accept(r->fd, NULL, NULL);
		if (c < 0)
			break;
		(void)recv(c, in, sizeof(in), 0);
		(void)send(c, r->answers[r->served],
		    strlen(r->answers[r->served]), MSG_NOSIGNAL);
		if (r->body_len > 0)
			(void)send(c, r->body, r->body_len, MSG_NOSIGNAL);
		(void)shutdown(c, SHUT_WR);
		while (recv(c, in, sizeof(in), 0) > 0)
			;
		close(c);
	}
	return NULL;
}

static void
rude_start(struct rude *r)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(r->fd, 16), 0);
	assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &len), 0);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, be_rude, r), 0);
}

static void
rude_stop(struct rude *r)
{
	(void)shutdown(r->fd, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->fd);
}

static const char *
rude_url(const struct rude *r)
{
	static char url[64];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", r->port);
	return url;
}

/* ---- what goes well --------------------------------------------------------------------- */

static void
test_transfer__up_and_down(void **state)
{
	struct site *s = *state;
	bool whole;

	upload(s, 1, false);
	assert_ok(wait_ended(s, 1));
	assert_int_equal(s->ended[0].done, SIZE);
	assert_int_equal(bytes_there(s, 1, &whole), SIZE);
	assert_true(whole);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 2));
	expect_down(s);
	assert_int_equal(s->waiting, 0);
	/* It is all there already. */
	upload(s, 1, true);
	assert_ok(wait_ended(s, 3));
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 4));
}

static void
test_transfer__goes_on_with_what_another_process_left(void **state)
{
	struct site *s = *state;
	bool whole;

	keep(s, 1, s->bytes, SIZE, 1000000);
	upload(s, 1, true);
	assert_ok(wait_ended(s, 1));
	assert_int_equal(bytes_there(s, 1, &whole), SIZE);
	assert_true(whole);
	/* Not told that it had begun: it finds out. */
	keep(s, 2, s->bytes, SIZE, 1000000);
	upload(s, 2, false);
	assert_ok(wait_ended(s, 2));
	assert_int_equal(bytes_there(s, 2, &whole), SIZE);
	assert_int_equal(s->waiting, 0);
	/* All of it came, but it was not put in its place. */
	keep(s, 3, s->bytes, SIZE + 1, SIZE);
	upload(s, 3, true);
	assert_ok(wait_ended(s, 3));
	(void)bytes_there(s, 3, &whole);
	assert_true(whole);
	write_file(s->down, s->bytes, 1234567);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 4));
	expect_down(s);
	/* What was left is longer than it can be. */
	write_file(s->down, s->bytes, SIZE);
	assert_int_equal(truncate(s->down, SIZE + 5), 0);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 5));
	expect_down(s);
}

/* From its beginning on: what is told first is a part of it. */
static void
test_download__keeps_to_its_share(void **state)
{
	struct site *s = *state;

	upload(s, 1, false);
	assert_ok(wait_ended(s, 1));
	s->last_done = 0;
	media_hub_limit(s->hub, 0, 1000000);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	while (s->last_done == 0 && s->n_ended == 1)
		listen_once(s);
	assert_int_equal(s->n_ended, 1);
	assert_in_range(s->last_done, 1, SIZE / 2);
	media_hub_limit(s->hub, 0, 0);
	assert_ok(wait_ended(s, 2));
	expect_down(s);
}

static void
test_transfer__survives_the_server(void **state)
{
	struct site *s = *state;
	bool whole;

	media_hub_limit(s->hub, 2000000, 2000000);
	upload(s, 1, false);
	while (s->progress == 0 || s->last_done == 0)
		listen_once(s);
	blob_http_stop(s->h);
	s->h = NULL;
	while (s->waiting == 0)
		listen_once(s);
	assert_int_equal(s->n_ended, 0);
	media_hub_limit(s->hub, 0, 0);
	serve(s);
	assert_ok(wait_ended(s, 1));
	assert_int_equal(bytes_there(s, 1, &whole), SIZE);
	assert_true(whole);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 2));
	expect_down(s);
}

static void
test_transfer__pause_resume_cancel(void **state)
{
	struct site *s = *state;
	uint64_t id, there;
	bool whole;

	media_hub_limit(s->hub, 1000000, 0);
	id = upload(s, 1, false);
	while (s->progress == 0 || s->last_done == 0)
		listen_once(s);
	media_pause(s->hub, id);
	/* One that is started behind it is not held up. */
	media_hub_limit(s->hub, 0, 0);
	upload(s, 2, false);
	assert_ok(wait_ended(s, 1));
	assert_int_equal(s->ended[0].id, id + 1);
	there = bytes_there(s, 1, &whole);
	assert_true(there > 0 && there < SIZE);
	media_resume(s->hub, id);
	assert_ok(wait_ended(s, 2));
	assert_int_equal(bytes_there(s, 1, &whole), SIZE);
	media_hub_limit(s->hub, 1000000, 0);
	id = upload(s, 3, false);
	media_cancel(s->hub, id);
	assert_err(wait_ended(s, 3), ERR_CLOSED);
	media_cancel(s->hub, id);
	media_resume(s->hub, 12345);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
test_transfer__bandwidth_is_shared(void **state)
{
	struct site *s = *state;
	uint64_t begin = now_ms();

	/* Two of 3 MiB at 4 MB/s together. */
	media_hub_limit(s->hub, 4000000, 0);
	upload(s, 1, false);
	upload(s, 2, false);
	assert_ok(wait_ended(s, 2));
	assert_ok(s->ended[0].err);
	assert_true(now_ms() - begin > 1000);
}

static void
test_transfer__small_ones_do_not_wait(void **state)
{
	struct site *s = *state;
	struct media_job job = {.way = MEDIA_UP, .path = s->up, .size = SIZE};
	char small[100];
	uint64_t id;

	media_hub_free(s->hub);
	s->opts.parallel = 1;
	s->opts.up_bytes_s = 500000;
	open_hub(s);
	upload(s, 1, false);
	upload(s, 2, false);
	(void)snprintf(small, sizeof(small), "%s/small", s->dir);
	write_file(small, s->bytes, 5000);
	job.path = small;
	job.size = 5000;
	job.url = url_of(s, BLOB_VERB_PUT, 3, 5000);
	assert_ok(media_start(s->hub, &job, &id));
	assert_ok(wait_ended(s, 1));
	assert_int_equal(s->ended[0].id, id);
}

/* ---- what goes wrong -------------------------------------------------------------------- */

static void
test_download__other_bytes_are_nobodys(void **state)
{
	struct site *s = *state;
	struct blob_digest other = s->digest;

	keep(s, 1, s->bytes, SIZE, SIZE);
	other.b[0] ^= 1;
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &other);
	assert_err(wait_ended(s, 1), ERR_AUTH);
	assert_int_equal(length(s->down), 0);
}

/* A crash has left rubbish: it is noticed, and fetched again, once. */
static void
test_download__rubbish_that_was_left_is_replaced(void **state)
{
	struct site *s = *state;
	uint8_t *rubbish = calloc(1, SIZE);

	assert_non_null(rubbish);
	keep(s, 1, s->bytes, SIZE, SIZE);
	write_file(s->down, rubbish, 1000000);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 1));
	expect_down(s);
	write_file(s->down, rubbish, SIZE);
	download(s, url_of(s, BLOB_VERB_GET, 1, SIZE), &s->digest);
	assert_ok(wait_ended(s, 2));
	expect_down(s);
	free(rubbish);
}

static void
test_transfer__says_why_it_failed(void **state)
{
	struct site *s = *state;
	const struct media_job job = {.way = MEDIA_DOWN,
	    .url = "http://127.0.0.1:1/",
	    .path = "/proc/none",
	    .size = 10};
	struct media_job bad = job;
	char url[300];
	uint64_t id;

	(void)snprintf(
	    url, sizeof(url), "%s", url_of(s, BLOB_VERB_GET, 1, SIZE));
	download(s, url, &s->digest); /* nothing there */
	assert_err(wait_ended(s, 1), ERR_NOTFOUND);
	url[strlen(url) - 1] ^= 1;
	download(s, url, &s->digest);
	assert_err(wait_ended(s, 2), ERR_EXPIRED);
	assert_int_equal(s->waiting, 0);
	assert_ok(media_start(s->hub, &job, &id));
	assert_err(wait_ended(s, 3), ERR_IO);
	bad.way = MEDIA_UP; /* no such file */
	assert_ok(media_start(s->hub, &bad, &id));
	assert_err(wait_ended(s, 4), ERR_IO);
	bad.path = s->up; /* another size than was said */
	assert_ok(media_start(s->hub, &bad, &id));
	assert_err(wait_ended(s, 5), ERR_IO);
	bad.size = SIZE;
	/* In our own folder: were it believed, this is where it would write. */
	(void)snprintf(url, sizeof(url), "file://%s.elsewhere", s->up);
	bad.url = url;
	assert_ok(media_start(s->hub, &bad, &id));
	assert_err(wait_ended(s, 6), ERR_TIMEOUT);
	assert_int_equal(access(url + strlen("file://"), F_OK), -1);
	bad.size = 0;
	assert_err(media_start(s->hub, &bad, &id), ERR_RANGE);
}

static void
test_transfer__gives_up_in_the_end(void **state)
{
	struct site *s = *state;
	char url[300];

	(void)snprintf(
	    url, sizeof(url), "%s", url_of(s, BLOB_VERB_GET, 1, SIZE));
	blob_http_stop(s->h);
	s->h = NULL;
	download(s, url, &s->digest);
	assert_err(wait_ended(s, 1), ERR_TIMEOUT);
	assert_int_equal(s->waiting, 6);
}

static void
test_download__bad_servers_do_no_harm(void **state)
{
	static const char endless[] = "HTTP/1.1 200 OK\r\n\r\n";
	static const char busy[] = "HTTP/1.1 503 no\r\nConnection: close\r\n"
				   "Content-Length: 0\r\n\r\n";
	static const char elsewhere[] = "HTTP/1.1 302 no\r\n"
					"Location: http://127.0.0.1:1/\r\n"
					"Connection: close\r\n"
					"Content-Length: 0\r\n\r\n";
	static const char *const answers[] = {endless, busy, elsewhere};
	uint8_t *flood = calloc(1, SIZE + 100000);
	struct site *s = *state;
	struct rude r = {.answers = answers,
	    .n = 1,
	    .body = flood,
	    .body_len = SIZE + 100000};

	assert_non_null(flood);
	rude_start(&r);
	download(s, rude_url(&r), &s->digest);
	assert_err(wait_ended(s, 1), ERR_AUTH);
	assert_int_equal(length(s->down), 0);
	rude_stop(&r);
	r = (struct rude){.answers = answers + 1, .n = 2};
	rude_start(&r);
	download(s, rude_url(&r), &s->digest);
	assert_err(wait_ended(s, 2), ERR_DENIED);
	assert_int_equal(s->waiting, 1);
	rude_stop(&r);
	free(flood);
}

/* Asked for a part, it sends all. */
static void
test_download__a_server_without_ranges(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
	    "3145745\r\n\r\n"};
	struct site *s = *state;
	struct rude r = {
	    .answers = answers, .n = 1, .body = s->bytes, .body_len = SIZE};

	write_file(s->down, s->bytes, 1000);
	rude_start(&r);
	download(s, rude_url(&r), &s->digest);
	assert_ok(wait_ended(s, 1));
	expect_down(s);
	rude_stop(&r);
}

/* A bucket knows no offsets: each try is the whole. */
static void
test_upload__in_one_begins_anew(void **state)
{
	static const char busy[] = "HTTP/1.1 503 no\r\nConnection: close\r\n"
				   "Content-Length: 0\r\n\r\n";
	static const char fine[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
				   "Content-Length: 0\r\n\r\n";
	static const char *const answers[] = {busy, fine};
	struct site *s = *state;
	struct rude r = {.answers = answers, .n = 2};
	struct media_job job = {.way = MEDIA_UP, .in_one = true};
	char small[100];
	uint64_t id;

	(void)snprintf(small, sizeof(small), "%s/small", s->dir);
	write_file(small, s->bytes, 2000);
	rude_start(&r);
	job.path = small;
	job.size = 2000;
	job.url = rude_url(&r);
	assert_ok(media_start(s->hub, &job, &id));
	assert_ok(wait_ended(s, 1));
	assert_int_equal(s->waiting, 1);
	rude_stop(&r);
}

static void
test_media_url__is_the_relays_or_absolute(void **state)
{
	char out[64];

	(void)state;
	assert_ok(media_url(":7788/b/x", "relay.example", out, sizeof(out)));
	assert_string_equal(out, "http://relay.example:7788/b/x");
	assert_ok(media_url(":7788/b/x", "::1", out, sizeof(out)));
	assert_string_equal(out, "http://[::1]:7788/b/x");
	assert_ok(media_url("https://m.example/b", "r", out, sizeof(out)));
	assert_string_equal(out, "https://m.example/b");
	assert_err(
	    media_url("file:///nowhere/x", "r", out, sizeof(out)), ERR_FORMAT);
	assert_err(media_url("", "r", out, sizeof(out)), ERR_FORMAT);
	assert_err(media_url(":7788/b/x", "r", out, 10), ERR_RANGE);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_transfer__up_and_down),
	    CASE(test_transfer__goes_on_with_what_another_process_left),
	    CASE(test_download__keeps_to_its_share),
	    CASE(test_transfer__survives_the_server),
	    CASE(test_transfer__pause_resume_cancel),
	    CASE(test_transfer__bandwidth_is_shared),
	    CASE(test_transfer__small_ones_do_not_wait),
	    CASE(test_download__other_bytes_are_nobodys),
	    CASE(test_download__rubbish_that_was_left_is_replaced),
	    CASE(test_transfer__says_why_it_failed),
	    CASE(test_transfer__gives_up_in_the_end),
	    CASE(test_download__bad_servers_do_no_harm),
	    CASE(test_download__a_server_without_ranges),
	    CASE(test_upload__in_one_begins_anew),
	    cmocka_unit_test(test_media_url__is_the_relays_or_absolute),
	};

	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
