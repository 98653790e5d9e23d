/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drivers that send codes: real programs, a real HTTP server. */
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "relay/identity/otp.h"
#include "tests/unit/relay_store_help.h"

#define PHONE "+491701234567"
#define CODE  "012345"

struct fix {
	char dir[64];
	uv_loop_t loop;
	struct relay_conf *conf;
	struct otp *otps;
	struct log log;
	struct buf lines;
	int done, err, overs;
};

static void
on_line(void *arg, enum log_level level, const char *line, size_t len)
{
	struct fix *f = arg;

	assert_ok(buf_put(&f->lines, line, len));
}

static const char *
lines(struct fix *f)
{
	assert_ok(buf_put_u8(&f->lines, 0));
	f->lines.len--;
	return (char *)f->lines.p;
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/sotto-otp-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(uv_loop_init(&f->loop), 0);
	buf_init(&f->lines, 1 << 20);
	f->log = (struct log){
	    .level = LOG_LEVEL_DEBUG, .sink = on_line, .sink_arg = f};
	*state = f;
	return 0;
}

static void
on_over(void *arg)
{
	((struct fix *)arg)->overs++;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	otp_close(f->otps, true);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_null(f->otps);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	relay_conf_unref(f->conf);
	buf_clear(&f->lines);
	rig_remove_dir(f->dir);
	free(f);
	return 0;
}

/* Settings as flags, NULL-terminated. */
static void
configure(struct fix *f, ...)
{
	char prog[] = "sotto-relay", none[] = "--config=/dev/null";
	char *argv[16] = {prog, none, NULL};
	enum relay_conf_todo todo;
	struct conf_err why = {.text = ""};
	struct buf out;
	int argc = 2, r;
	va_list ap;

	va_start(ap, f);
	while ((argv[argc] = va_arg(ap, char *)) != NULL)
		argc++;
	va_end(ap);
	relay_conf_unref(f->conf);
	f->conf = NULL;
	buf_init(&out, 1);
	r = relay_conf_load(argc, argv, NULL, &f->conf, &todo, &out, &why);
	if (r != 0)
		fail_msg("%s", why.text);
	assert_ok(otp_new(&f->otps, &f->loop, f->conf, &f->log, on_over, f));
}
#define CONFIGURE(f, ...) configure((f), __VA_ARGS__, (char *)NULL)

static void
on_done(void *arg, int err)
{
	struct fix *f = arg;

	f->done++;
	f->err = err;
}

/* Send and wait; returns the result. */
static int
send_code(struct fix *f)
{
	f->done = 0;
	otp_send(f->otps, PHONE, CODE, on_done, f);
	while (f->done == 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->done, 1);
	return f->err;
}

static void
write_script(struct fix *f, const char *name, const char *text)
{
	char path[128];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_true(fprintf(fp, "#!/bin/sh\n%s\n", text) > 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static char *
read_out(struct fix *f, const char *name)
{
	char path[128];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return read_text_file(path, &len);
}

/* ---- none, log ----------------------------------------------------------------------- */

static void
test_otp_none__cannot_send(void **state)
{
	struct fix *f = *state;

	CONFIGURE(f, "--otp-driver=none");
	assert_false(otp_can_send(f->otps));
	assert_err(send_code(f), ERR_STATE);
}

static void
test_otp_log__writes_the_code_and_masks_the_number(void **state)
{
	struct fix *f = *state;

	CONFIGURE(f, "--otp-driver=log");
	assert_true(otp_can_send(f->otps));
	assert_ok(send_code(f));
	assert_non_null(strstr(lines(f), "code=" CODE));
	assert_null(strstr(lines(f), "1701234567"));
	assert_non_null(strstr(lines(f), "level=warn"));
}

/* ---- command ------------------------------------------------------------------------- */

static void
test_otp_command__arguments_stdin_and_environment(void **state)
{
	struct fix *f = *state;
	char flag[256], *out;

	write_script(f, "sms",
	    "cd \"${0%/*}\"\n"
	    "{ printf '[%s]' \"$@\"; cat; env | cut -d= -f1 | sort; } > out");
	(void)snprintf(flag, sizeof(flag),
	    "--otp-command=%s/sms --to {phone} 'a b' {digits}{code} "
	    "\"{relay}\" "
	    "\"\"",
	    f->dir);
	assert_int_equal(setenv("SOTTO_SECRET", "s3cret", 1), 0);
	CONFIGURE(f, "--otp-driver=command", flag, "--name=Tom's $(x) club");
	assert_ok(send_code(f));
	out = read_out(f, "out");
	assert_non_null(strstr(out, "[--to][" PHONE "][a b][491701234567" CODE
				    "][Tom's $(x) club][]" CODE "\n"));
	assert_non_null(strstr(out, "\nPATH\n"));
	assert_null(strstr(out, "SOTTO_SECRET"));
	free(out);
	assert_string_equal(lines(f), "");
}

static void
test_otp_command__failures_are_told_without_the_code(void **state)
{
	struct fix *f = *state;
	char flag[128];

	write_script(f, "sms",
	    "read code\n"
	    "echo \"no credit for $1 with $code\" >&2\nexit 3");
	(void)snprintf(
	    flag, sizeof(flag), "--otp-command=%s/sms {phone}", f->dir);
	CONFIGURE(f, "--otp-driver=command", flag);
	assert_err(send_code(f), ERR_IO);
	assert_non_null(strstr(lines(f), "no credit for"));
	assert_non_null(strstr(lines(f), "status=3"));
	assert_null(strstr(lines(f), CODE));
	assert_null(strstr(lines(f), "491701234567"));

	buf_reset(&f->lines);
	write_script(f, "sms", "kill -TERM $$");
	assert_err(send_code(f), ERR_IO);
	assert_non_null(strstr(lines(f), "signal=15"));

	buf_reset(&f->lines);
	CONFIGURE(
	    f, "--otp-driver=command", "--otp-command=/nowhere/at/all {phone}");
	assert_err(send_code(f), ERR_IO);
	assert_non_null(strstr(lines(f), "no such file"));
	otp_close(otp_next(f->otps), true);
}

static void
test_otp_command__chatty_and_deaf_programs(void **state)
{
	struct fix *f = *state;
	char flag[128];

	/* More on stderr than is kept, and nobody reads the code. */
	write_script(f, "sms",
	    "exec < /dev/null\n"
	    "head -c 300000 /dev/zero | tr '\\0' 'x' >&2\nexit 0");
	(void)snprintf(flag, sizeof(flag), "--otp-command=%s/sms", f->dir);
	CONFIGURE(f, "--otp-driver=command", flag);
	assert_ok(send_code(f));
}

/* Killed with its children: each of them holds the writing end of a pipe. */
static void
test_otp_command__takes_too_long(void **state)
{
	struct fix *f = *state;
	char flag[128], path[128], got[8];
	struct pollfd pfd = {.events = POLLIN};

	(void)snprintf(path, sizeof(path), "%s/alive", f->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	pfd.fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(pfd.fd >= 0);
	write_script(f, "sms",
	    "exec 9> \"${0%/*}/alive\"\n"
	    "tail -f /dev/null & echo up >&9\n"
	    "tail -f /dev/null");
	(void)snprintf(flag, sizeof(flag), "--otp-command=%s/sms", f->dir);
	CONFIGURE(f, "--otp-driver=command", flag, "--otp-timeout=2s");
	assert_err(send_code(f), ERR_TIMEOUT);
	assert_non_null(strstr(lines(f), "late=true"));
	assert_int_equal(read(pfd.fd, got, 3), 3);
	assert_int_equal(poll(&pfd, 1, 20000), 1);
	assert_int_equal(read(pfd.fd, got, 1), 0);
	close(pfd.fd);
}

static void
test_otp_close__ends_what_is_under_way(void **state)
{
	struct fix *f = *state;
	char flag[128];
	int i;

	write_script(f, "sms", "tail -f /dev/null");
	(void)snprintf(flag, sizeof(flag), "--otp-command=%s/sms", f->dir);
	CONFIGURE(f, "--otp-driver=command", flag);
	for (i = 0; i < 32; i++)
		otp_send(f->otps, PHONE, CODE, on_done, f);
	assert_int_equal(f->done, 0);
	otp_send(f->otps, PHONE, CODE, on_done, f);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->err, ERR_BUSY);
	otp_close(f->otps, true);
	assert_int_equal(f->done, 33);
	assert_int_equal(f->err, ERR_CLOSED);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(f->overs, 1);
	assert_null(f->otps);
}

static void
test_otp_close__lets_them_end(void **state)
{
	struct fix *f = *state;
	char flag[128];

	write_script(f, "sms", "exit 0");
	(void)snprintf(flag, sizeof(flag), "--otp-command=%s/sms", f->dir);
	CONFIGURE(f, "--otp-driver=command", flag);
	otp_send(f->otps, PHONE, CODE, on_done, f);
	otp_close(f->otps, false);
	otp_send(f->otps, PHONE, CODE, on_done, f);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->err, ERR_CLOSED);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(f->done, 2);
	assert_int_equal(f->err, 0);
	assert_int_equal(f->overs, 1);
}

/* ---- http ------------------------------------------------------------------------------ */

/* A gateway: remembers the last request, answers with what it is told. */
struct gateway {
	struct MHD_Daemon *mhd;
	uint16_t port;
	pthread_mutex_t lock;
	atomic_int requests;
	unsigned status[8]; /* of the n-th request; 0: the last one again */
	char method[16], url[512], head[1024];
	struct buf body;
};

static enum MHD_Result
on_header(void *arg, enum MHD_ValueKind kind, const char *k, const char *v)
{
	struct gateway *g = arg;
	size_t n = strlen(g->head);

	(void)snprintf(g->head + n, sizeof(g->head) - n, "%s%s=%s;",
	    kind == MHD_GET_ARGUMENT_KIND ? "?" : "", k, v ? v : "");
	return MHD_YES;
}

static enum MHD_Result
gateway_answer(struct gateway *g, struct MHD_Connection *c)
{
	static const char text[] = "thank you";
	struct MHD_Response *resp = MHD_create_response_from_buffer(
	    sizeof(text) - 1, (char *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	unsigned i = (unsigned)atomic_fetch_add(&g->requests, 1);
	enum MHD_Result r;

	while (i > 0 && g->status[i] == 0)
		i--;
	r = MHD_queue_response(c, g->status[i], resp);
	MHD_destroy_response(resp);
	return r;
}

static enum MHD_Result
on_gateway(void *arg, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **state)
{
	struct gateway *g = arg;

	pthread_mutex_lock(&g->lock);
	if (*state == NULL) {
		*state = g;
		(void)snprintf(g->method, sizeof(g->method), "%s", method);
		(void)snprintf(g->url, sizeof(g->url), "%s", url);
		g->head[0] = '\0';
		MHD_get_connection_values(
		    c, MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND, on_header, g);
		buf_reset(&g->body);
		pthread_mutex_unlock(&g->lock);
		return MHD_YES;
	}
	if (*len > 0) {
		assert_ok(buf_put(&g->body, data, *len));
		*len = 0;
		pthread_mutex_unlock(&g->lock);
		return MHD_YES;
	}
	pthread_mutex_unlock(&g->lock);
	return gateway_answer(g, c);
}

static void
gateway_start(struct gateway *g)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	memset(g, 0, sizeof(*g));
	g->status[0] = 200;
	pthread_mutex_init(&g->lock, NULL);
	buf_init(&g->body, 1 << 16);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g->mhd = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL,
	    on_gateway, g, MHD_OPTION_SOCK_ADDR, &in, MHD_OPTION_END);
	assert_non_null(g->mhd);
	g->port = MHD_get_daemon_info(g->mhd, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void
gateway_stop(struct gateway *g)
{
	MHD_stop_daemon(g->mhd);
	buf_clear(&g->body);
	pthread_mutex_destroy(&g->lock);
}

static const char *
body_text(struct gateway *g)
{
	assert_ok(buf_put_u8(&g->body, 0));
	return (char *)g->body.p;
}

#define URL(out, g, path)                                                      \
	snprintf((out), sizeof(out), "--otp-http-url=http://127.0.0.1:%u%s",   \
	    (g)->port, (path))

static void
test_otp_http__json(void **state)
{
	struct fix *f = *state;
	struct gateway g;
	char url[128];

	gateway_start(&g);
	(void)URL(url, &g, "/v1/send");
	CONFIGURE(f, "--otp-driver=http", url, "--name=Tom's \"club\"",
	    "--otp-http-headers=Authorization: Bearer abc, X-To: {phone}",
	    "--otp-http-body={\"to\": \"{phone}\", \"text\": \"{relay}: "
	    "{code}\"}");
	assert_ok(send_code(f));
	assert_string_equal(g.method, "POST");
	assert_string_equal(g.url, "/v1/send");
	assert_non_null(strstr(g.head, "Authorization=Bearer abc;"));
	assert_non_null(strstr(g.head, "X-To=" PHONE ";"));
	assert_non_null(strstr(g.head, "Content-Type=application/json;"));
	assert_non_null(strstr(g.head, "User-Agent=sotto-relay/"));
	assert_string_equal(body_text(&g),
	    "{\"to\": \"" PHONE "\", \"text\": \"Tom's \\\"club\\\": " CODE
	    "\"}");
	assert_int_equal(g.requests, 1);
	gateway_stop(&g);
	assert_string_equal(lines(f), "");
}

static void
test_otp_http__form_put_and_user(void **state)
{
	struct fix *f = *state;
	struct gateway g;
	char url[128];

	gateway_start(&g);
	(void)URL(url, &g, "/x");
	CONFIGURE(f, "--otp-driver=http", url, "--otp-http-method=PUT",
	    "--name=A & B=C", "--otp-http-user=me:s3cret",
	    "--otp-http-headers=content-type: "
	    "application/x-www-form-urlencoded",
	    "--otp-http-body=to={phone}&text={relay}+{code}");
	assert_ok(send_code(f));
	assert_string_equal(g.method, "PUT");
	/* base64("me:s3cret") */
	assert_non_null(strstr(g.head, "Authorization=Basic bWU6czNjcmV0;"));
	assert_non_null(
	    strstr(g.head, "content-type=application/x-www-form-urlencoded;"));
	assert_null(strstr(g.head, "application/json"));
	assert_string_equal(
	    body_text(&g), "to=%2B491701234567&text=A%20%26%20B%3DC+" CODE);
	gateway_stop(&g);
}

static void
test_otp_http__get_with_everything_in_the_url(void **state)
{
	struct fix *f = *state;
	struct gateway g;
	char url[160];

	gateway_start(&g);
	(void)URL(url, &g, "/send?to={phone}&text={relay}%20{code}");
	CONFIGURE(f, "--otp-driver=http", url, "--otp-http-method=GET",
	    "--name=A&B #1");
	assert_ok(send_code(f));
	assert_string_equal(g.method, "GET");
	assert_string_equal(g.url, "/send");
	assert_non_null(strstr(g.head, "?to=" PHONE ";"));
	assert_non_null(strstr(g.head, "?text=A&B #1 " CODE ";"));
	assert_null(strstr(g.head, "Content-Type"));
	assert_string_equal(body_text(&g), "");
	gateway_stop(&g);
}

static void
test_otp_http__tries_again_where_that_may_help(void **state)
{
	static const struct {
		unsigned status[4];
		int result, requests;
	} rows[] = {
	    {{500, 503, 200}, 0, 3},
	    {{429, 201}, 0, 2},
	    {{503}, ERR_IO, 3},
	    {{400}, ERR_IO, 1},
	    {{401}, ERR_IO, 1},
	    {{302}, ERR_IO, 1},
	    {{204}, 0, 1},
	};
	struct fix *f = *state;
	struct gateway g;
	char url[128];
	size_t i;

	gateway_start(&g);
	(void)URL(url, &g, "/{phone}/{code}");
	CONFIGURE(f, "--otp-driver=http", url, "--otp-http-retries=2",
	    "--otp-http-retry-delay=1ms");
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&f->lines);
		memset(g.status, 0, sizeof(g.status));
		memcpy(g.status, rows[i].status, sizeof(rows[i].status));
		g.requests = 0;
		assert_err(send_code(f), rows[i].result);
		assert_int_equal(g.requests, rows[i].requests);
		if (rows[i].result != 0) {
			assert_non_null(strstr(lines(f), "not sent"));
			assert_non_null(strstr(lines(f), "again=false"));
		}
		assert_null(strstr(lines(f), CODE));
		assert_null(strstr(lines(f), "1701234567"));
	}
	gateway_stop(&g);
}

static void
test_otp_http__nobody_there_and_never_an_answer(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	struct fix *f = *state;
	struct gateway g;
	char url[128];
	int s = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(s, 5), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&in, &len), 0);
	g.port = ntohs(in.sin_port);
	(void)URL(url, &g, "/{phone}/{code}");
	CONFIGURE(f, "--otp-driver=http", url, "--otp-timeout=200ms",
	    "--otp-http-retries=0");
	assert_err(send_code(f), ERR_TIMEOUT);
	/* Without the listener it is refused at once, and tried again. */
	close(s);
	CONFIGURE(f, "--otp-driver=http", url, "--otp-http-retries=1",
	    "--otp-http-retry-delay=1ms");
	buf_reset(&f->lines);
	assert_err(send_code(f), ERR_IO);
	assert_non_null(strstr(lines(f), "again=true"));
	otp_close(otp_next(f->otps), true);
}

static void
test_otp_http__closed_while_it_waits(void **state)
{
	struct fix *f = *state;
	struct gateway g;
	char url[128];

	gateway_start(&g);
	g.status[0] = 503;
	(void)URL(url, &g, "/{phone}/{code}");
	CONFIGURE(f, "--otp-driver=http", url, "--otp-http-retries=5",
	    "--otp-http-retry-delay=1m");
	otp_send(f->otps, PHONE, CODE, on_done, f);
	while (f->lines.len == 0) /* the first try has failed */
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	otp_send(f->otps, PHONE, CODE, on_done, f); /* one in flight */
	assert_int_equal(f->done, 0);
	otp_close(f->otps, true);
	assert_int_equal(f->done, 2);
	assert_int_equal(f->err, ERR_CLOSED);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(f->overs, 1);
	gateway_stop(&g);
}

/* ---- memory ---------------------------------------------------------------------------- */

static int
make_and_send(void *arg)
{
	struct fix *f = arg;
	struct otp *list = NULL;
	int r;

	f->done = 0;
	r = otp_new(&list, &f->loop, f->conf, &f->log, NULL, NULL);
	if (r != 0)
		return r;
	otp_send(list, PHONE, CODE, on_done, f);
	while (f->done == 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	otp_close(list, true);
	/* What keeps the loop alive besides is the fixture's own otp. */
	while (list != NULL)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	return f->err;
}

static void
test_otp__out_of_memory(void **state)
{
	struct fix *f = *state;
	char flag[128];

	write_script(f, "sms", "exit 0");
	(void)snprintf(
	    flag, sizeof(flag), "--otp-command=%s/sms {phone}", f->dir);
	CONFIGURE(f, "--otp-driver=command", flag);
	assert_true(alloc_sweep(make_and_send, f) >= 4);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_otp_none__cannot_send),
	    T(test_otp_log__writes_the_code_and_masks_the_number),
	    T(test_otp_command__arguments_stdin_and_environment),
	    T(test_otp_command__failures_are_told_without_the_code),
	    T(test_otp_command__chatty_and_deaf_programs),
	    T(test_otp_command__takes_too_long),
	    T(test_otp_close__ends_what_is_under_way),
	    T(test_otp_close__lets_them_end),
	    T(test_otp_http__json),
	    T(test_otp_http__form_put_and_user),
	    T(test_otp_http__get_with_everything_in_the_url),
	    T(test_otp_http__tries_again_where_that_may_help),
	    T(test_otp_http__nobody_there_and_never_an_answer),
	    T(test_otp_http__closed_while_it_waits),
	    T(test_otp__out_of_memory),
	};

	if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	(void)setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
