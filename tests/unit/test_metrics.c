/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>

#include "relay/admin/metrics.h"
#include "tests/unit/test.h"

#define TEXT_MAX (256 * 1024)

static char *
printed(void)
{
	struct buf b;
	uint8_t *p;
	size_t len;

	buf_init(&b, TEXT_MAX);
	assert_ok(metrics_print(&b));
	assert_ok(buf_put_u8(&b, 0));
	buf_detach(&b, &p, &len);
	return (char *)p;
}

static void
assert_line(const char *text, const char *line)
{
	size_t n = strlen(line);
	const char *p;

	for (p = text; (p = strstr(p, line)) != NULL; p++)
		if ((p == text || p[-1] == '\n') && p[n] == '\n')
			return;
	fail_msg("no line \"%s\"", line);
}

static void
assert_no(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("there is \"%s\"", part);
}

static int
setup(void **state)
{
	metrics_reset();
	return 0;
}

static void
test_metrics_print__counters_and_gauges(void **state)
{
	char *text;

	metrics_add(METRIC_accepted, 3);
	metrics_add(METRIC_connections, 5);
	metrics_add(METRIC_connections, -2);
	metrics_set(METRIC_queued_messages, 77);
	metrics_set(METRIC_queued_messages, 78);
	metrics_set(METRIC_store_commits, 9);
	text = printed();
	assert_line(text, "# TYPE sotto_relay_accepted_total counter");
	assert_line(text, "sotto_relay_accepted_total 3");
	assert_line(text, "# TYPE sotto_relay_connections gauge");
	assert_line(text, "sotto_relay_connections 3");
	assert_line(text, "sotto_relay_queued_messages 78");
	assert_line(text, "sotto_relay_devices_online 0");
	assert_line(text, "sotto_relay_store_commits_total 9");
	assert_line(
	    text, "sotto_relay_build_info{version=\"" SOTTO_VERSION "\"} 1");
	free(text);
}

static void
test_metrics_print__labels_only_where_something_counted(void **state)
{
	char *text;

	metrics_add1(METRIC_closed, CLOSE_IDLE, 1);
	metrics_add1(METRIC_closed, CLOSE_REASON_COUNT + 7, 1);
	metrics_add1(METRIC_rate_limited, LIMIT_GET_KEYS, 4);
	metrics_add1(METRIC_otp, OTP_WITHHELD, 2);
	metrics_code(METRIC_handshakes, 0);
	metrics_code(METRIC_handshakes, ERR_AUTH);
	metrics_code(METRIC_handshakes, -1000);
	metrics_code(METRIC_handshakes, 5);
	text = printed();
	assert_line(text, "sotto_relay_closed_total{reason=\"idle\"} 1");
	assert_line(text, "sotto_relay_closed_total{reason=\"error\"} 1");
	assert_line(
	    text, "sotto_relay_rate_limited_total{class=\"get-keys\"} 4");
	assert_line(text, "sotto_relay_otp_total{result=\"withheld\"} 2");
	assert_line(text, "sotto_relay_handshakes_total{code=\"OK\"} 1");
	assert_line(text, "sotto_relay_handshakes_total{code=\"AUTH\"} 1");
	assert_line(text, "sotto_relay_handshakes_total{code=\"other\"} 2");
	assert_no(text, "reason=\"peer\"");
	free(text);
}

static void
test_metrics_request__counts_method_code_and_time(void **state)
{
	char *text;

	metrics_request(METHOD_SEND, 0, 90);
	metrics_request(METHOD_SEND, ERR_RATE, 101);
	metrics_request(9999, ERR_FORMAT, 20000000);
	text = printed();
	assert_line(
	    text, "sotto_relay_requests_total{method=\"SEND\",code=\"OK\"} 1");
	assert_line(text,
	    "sotto_relay_requests_total{method=\"SEND\",code=\"RATE\"} 1");
	assert_line(text,
	    "sotto_relay_requests_total{method=\"other\",code=\"FORMAT\"} 1");
#define H "sotto_relay_request_duration_seconds"
	assert_line(text, "# TYPE " H " histogram");
	assert_line(text, H "_bucket{method=\"SEND\",le=\"0.0001\"} 1");
	assert_line(text, H "_bucket{method=\"SEND\",le=\"0.00025\"} 2");
	assert_line(text, H "_bucket{method=\"SEND\",le=\"+Inf\"} 2");
	assert_line(text, H "_sum{method=\"SEND\"} 0.000191");
	assert_line(text, H "_count{method=\"SEND\"} 2");
	assert_line(text, H "_bucket{method=\"other\",le=\"10\"} 0");
	assert_line(text, H "_bucket{method=\"other\",le=\"+Inf\"} 1");
#undef H
	free(text);
	assert_int_equal(metrics_get(METRIC_requests), 3);
	assert_int_equal(metrics_get1(METRIC_requests, METRIC_METHOD_SEND), 2);
	assert_int_equal(metrics_get(METRIC_request_duration), 3);
}

/* Each line is a comment or `name{labels} number`. */
static void
test_metrics_print__every_line_is_well_formed(void **state)
{
	char *text, *line, *save = NULL, *end;
	size_t lines = 0, n;

	metrics_request(METHOD_PING, 0, 5);
	text = printed();
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save), lines++) {
		if (strncmp(line, "# HELP sotto_relay_", 19) == 0 ||
		    strncmp(line, "# TYPE sotto_relay_", 19) == 0)
			continue;
		n = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
		assert_true(n > 12);
		if (line[n] == '{') {
			end = strchr(line, '}');
			assert_non_null(end);
			n = (size_t)(end + 1 - line);
		}
		assert_int_equal(line[n], ' ');
		(void)strtod(line + n, &end);
		assert_true(end > line + n + 1 && *end == '\0');
	}
	assert_true(lines > 3 * METRIC_COUNT);
	free(text);
}

static void *
count_many(void *arg)
{
	int i;

	for (i = 0; i < 50000; i++) {
		metrics_add(METRIC_accepted, 1);
		metrics_request(METHOD_PING, 0, 2);
	}
	return NULL;
}

static void
test_metrics_add__threads_lose_nothing(void **state)
{
	pthread_t t[40]; /* more than there are slots */
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(
		    pthread_create(&t[i], NULL, count_many, NULL), 0);
	for (i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(metrics_get(METRIC_accepted), 40 * 50000);
	assert_int_equal(metrics_get(METRIC_request_duration), 40 * 50000);
}

static int
print_once(void *arg)
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MAX);
	r = metrics_print(&b);
	buf_clear(&b);
	return r;
}

static void
test_metrics_print__out_of_memory_and_room(void **state)
{
	struct buf b;

	assert_true(alloc_sweep(print_once, NULL) > 0);
	buf_init(&b, 1000);
	assert_err(metrics_print(&b), ERR_FULL);
	buf_clear(&b);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    T(test_metrics_print__counters_and_gauges),
	    T(test_metrics_print__labels_only_where_something_counted),
	    T(test_metrics_request__counts_method_code_and_time),
	    T(test_metrics_print__every_line_is_well_formed),
	    T(test_metrics_add__threads_lose_nothing),
	    T(test_metrics_print__out_of_memory_and_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
