/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real server on loopback, asked by libcurl and by a bare socket. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/buf.h"
#include "relay/admin/http.h"
#include "relay/admin/metrics.h"
#include "tests/unit/test.h"

struct got {
	long status;
	char type[128];
	struct buf body;
};

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	return buf_put(arg, p, size * n) == 0 ? size * n : 0;
}

static void
fetch(uint16_t port, const char *method, const char *path, struct got *g)
{
	CURL *c = curl_easy_init();
	char url[128], *type = NULL;

	assert_non_null(c);
	buf_clear(&g->body);
	(void)snprintf(
	    url, sizeof(url), "http://127.0.0.1:%u%s", (unsigned)port, path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, "POST") == 0)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "a=b");
	else
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &g->body);
	assert_int_equal(curl_easy_perform(c), CURLE_OK);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &g->status);
	curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
	(void)snprintf(g->type, sizeof(g->type), "%s", type ? type : "");
	curl_easy_cleanup(c);
	assert_ok(buf_put_u8(&g->body, 0));
}

static void
on_refresh(void *arg)
{
	++*(int *)arg;
	metrics_set(METRIC_accounts, 12);
}

struct fix {
	struct admin_http *h;
	uint16_t port;
	int refreshed;
	struct got g;
};

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	metrics_reset();
	buf_init(&f->g.body, 1 << 20);
	assert_ok(admin_http_start(
	    &f->h, "127.0.0.1:0", on_refresh, &f->refreshed, NULL));
	f->port = admin_http_port(f->h);
	assert_true(f->port != 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;
	int i;

	for (i = 0; i < HEALTH_FLAG_COUNT; i++)
		health_set((enum health_flag)i, false);
	admin_http_stop(f->h);
	buf_clear(&f->g.body);
	free(f);
	return 0;
}

static void
test_http_healthz__ok_and_reasons(void **state)
{
	struct fix *f = *state;

	fetch(f->port, "GET", "/healthz", &f->g);
	assert_int_equal(f->g.status, 200);
	assert_string_equal((char *)f->g.body.p, "ok\n");
	health_set(HEALTH_DRAINING, true);
	fetch(f->port, "GET", "/healthz", &f->g);
	assert_int_equal(f->g.status, 503);
	assert_string_equal((char *)f->g.body.p, "draining\n");
	health_set(HEALTH_STORE_FAILING, true);
	fetch(f->port, "GET", "/healthz", &f->g);
	assert_int_equal(f->g.status, 503);
	assert_string_equal((char *)f->g.body.p, "the store refuses writes\n");
	health_set(HEALTH_STORE_FAILING, false);
	health_set(HEALTH_DRAINING, false);
	fetch(f->port, "HEAD", "/healthz", &f->g);
	assert_int_equal(f->g.status, 200);
	assert_string_equal((char *)f->g.body.p, "");
}

static void
test_http_metrics__prometheus_text_of_now(void **state)
{
	struct fix *f = *state;

	metrics_add(METRIC_accepted, 41);
	fetch(f->port, "GET", "/metrics", &f->g);
	assert_int_equal(f->g.status, 200);
	assert_string_equal(
	    f->g.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_non_null(
	    strstr((char *)f->g.body.p, "\nsotto_relay_accepted_total 41\n"));
	assert_non_null(
	    strstr((char *)f->g.body.p, "\nsotto_relay_accounts 12\n"));
	assert_int_equal(f->refreshed, 1);
	metrics_add(METRIC_accepted, 1);
	fetch(f->port, "GET", "/metrics?x=1", &f->g);
	assert_non_null(
	    strstr((char *)f->g.body.p, "\nsotto_relay_accepted_total 42\n"));
}

static void
test_http__anything_else_is_refused(void **state)
{
	struct fix *f = *state;

	fetch(f->port, "GET", "/", &f->g);
	assert_int_equal(f->g.status, 404);
	fetch(f->port, "GET", "/metrics/", &f->g);
	assert_int_equal(f->g.status, 404);
	fetch(f->port, "POST", "/metrics", &f->g);
	assert_int_equal(f->g.status, 405);
	fetch(f->port, "DELETE", "/healthz", &f->g);
	assert_int_equal(f->g.status, 405);
	fetch(f->port, "POST", "/nowhere", &f->g);
	assert_int_equal(f->g.status, 404);
	assert_int_equal(f->refreshed, 0);
}

/* Send bytes, read until the server closes; returns the status it sent. */
static int
raw(uint16_t port, const char *p, size_t len)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval tv = {.tv_sec = 20};
	char got[512];
	ssize_t n, all = 0;
	int s = socket(AF_INET, SOCK_STREAM, 0), status = 0;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(s, (struct sockaddr *)&in, sizeof(in)), 0);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while (len > 0) {
		n = send(s, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		p += n;
		len -= (size_t)n;
	}
	shutdown(s, SHUT_WR);
	while (all < (ssize_t)sizeof(got) - 1 &&
	       (n = recv(s, got + all, sizeof(got) - 1 - (size_t)all, 0)) > 0)
		all += n;
	got[all] = '\0';
	(void)sscanf(got, "HTTP/1.%*d %d", &status);
	close(s);
	return status;
}

static void
test_http__junk_and_endless_headers_do_no_harm(void **state)
{
	struct fix *f = *state;
	size_t n = 64 * 1024;
	char *big = malloc(n);
	int status;

	memset(big, 'a', n);
	memcpy(big, "GET /healthz HTTP/1.1\r\nX: ", 26);
	status = raw(f->port, big, n);
	assert_true(status == 0 || status >= 400);
	memcpy(big, "GET /", 5);
	memset(big + 5, 'a', 21);
	status = raw(f->port, big, n);
	assert_true(status == 0 || status >= 400);
	memset(big, 0xff, n);
	status = raw(f->port, big, 1000);
	assert_true(status == 0 || status >= 400);
	free(big);
	fetch(f->port, "GET", "/healthz", &f->g);
	assert_int_equal(f->g.status, 200);
}

static void
test_http_start__refuses(void **state)
{
	struct fix *f = *state;
	struct admin_http *h = NULL;
	char taken[64];

	assert_err(
	    admin_http_start(&h, "nonsense", NULL, NULL, NULL), ERR_FORMAT);
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", f->port);
	assert_err(admin_http_start(&h, taken, NULL, NULL, NULL), ERR_SYS);
	assert_null(h);
	admin_http_stop(NULL);
}

static int
start_once(void *arg)
{
	struct admin_http *h;
	int r = admin_http_start(&h, "127.0.0.1:0", NULL, NULL, NULL);

	if (r == 0)
		admin_http_stop(h);
	return r;
}

static void
test_http_start__out_of_memory(void **state)
{
	assert_int_equal(alloc_sweep(start_once, NULL), 1);
}

static void
test_health_check_disk__by_the_room_there_is(void **state)
{
	health_check_disk("/", UINT64_MAX);
	assert_string_equal(health_reason(), "the disk is nearly full");
	health_check_disk("/", 0);
	assert_null(health_reason());
	health_check_disk("/nowhere/at/all", UINT64_MAX);
	assert_null(health_reason());
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_http_healthz__ok_and_reasons),
	    T(test_http_metrics__prometheus_text_of_now),
	    T(test_http__anything_else_is_refused),
	    T(test_http__junk_and_endless_headers_do_no_harm),
	    T(test_http_start__refuses),
	    T(test_http_start__out_of_memory),
	    T(test_health_check_disk__by_the_room_there_is),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
