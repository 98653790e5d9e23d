/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/admin/conf.h"
#include "tests/unit/test.h"

#define TEXT_MAX (512 * 1024)

struct fix {
	char dir[64];
	char file[96];
	char flag[128];
	struct buf out;
	struct conf_err why, kept;
	struct relay_conf *c;
	enum relay_conf_todo todo;
};

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/sotto-test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->file, sizeof(f->file), "%s/r.conf", f->dir);
	(void)snprintf(f->flag, sizeof(f->flag), "--config=%s", f->file);
	buf_init(&f->out, TEXT_MAX);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	(void)unlink(f->file);
	(void)rmdir(f->dir);
	buf_clear(&f->out);
	relay_conf_unref(f->c);
	free(f);
	return 0;
}

static void
write_file(struct fix *f, const char *text)
{
	FILE *fp = fopen(f->file, "w");

	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
}

/* Flags behind the program's name, NULL-terminated. */
static int
load(struct fix *f, char *const *env, const char *a, const char *b)
{
	char prog[] = "sotto-relay", one[512], two[512];
	char *argv[4] = {prog, NULL, NULL, NULL};
	int argc = 1;

	if (a != NULL) {
		(void)snprintf(one, sizeof(one), "%s", a);
		argv[argc++] = one;
	}
	if (b != NULL) {
		(void)snprintf(two, sizeof(two), "%s", b);
		argv[argc++] = two;
	}
	relay_conf_unref(f->c);
	f->c = NULL;
	f->why.text[0] = '\0';
	buf_reset(&f->out);
	return relay_conf_load(
	    argc, argv, env, &f->c, &f->todo, &f->out, &f->why);
}

static const char *
out_text(struct fix *f)
{
	assert_ok(buf_put_u8(&f->out, 0));
	return (char *)f->out.p;
}

static void
test_relay_conf_load__defaults(void **state)
{
	struct fix *f = *state;

	write_file(f, "");
	assert_ok(load(f, NULL, f->flag, NULL));
	assert_int_equal(f->todo, RELAY_CONF_RUN);
	assert_string_equal(f->c->data_dir, "/var/lib/sotto-relay");
	assert_int_equal(f->c->listen.n, 1);
	assert_string_equal(f->c->listen.v[0], "*:7786");
	assert_string_equal(f->c->http_listen, "127.0.0.1:7787");
	assert_int_equal(f->c->registration, REGISTRATION_INVITE);
	assert_int_equal(f->c->otp_driver, OTP_DRIVER_NONE);
	assert_int_equal(f->c->otp_ttl_ms, 600000);
	assert_int_equal(f->c->otp_attempts, 5);
	assert_int_equal(f->c->message_ttl_ms, 30ULL * 24 * 3600 * 1000);
	assert_int_equal(
	    f->c->rates.r[LIMIT_SEND][LIMIT_BY_ACCOUNT].burst, 6000);
	assert_int_equal(
	    f->c->rates.r[LIMIT_SEND][LIMIT_BY_ACCOUNT].per_ms, 600000);
	assert_int_equal(f->c->log_level, LOG_LEVEL_INFO);
	assert_int_equal(f->c->log_format, LOG_FORMAT_KV);
}

static void
test_relay_conf_load__flag_over_env_over_file(void **state)
{
	struct fix *f = *state;
	char e1[] = "SOTTO_RELAY_QUEUE_MAX=200", e2[] = "SOTTO_RELAY_NAME=Env";
	char *env[] = {e1, e2, NULL};

	write_file(f, "queue-max = 100\nname = File\nregistration = open\n");
	assert_ok(load(f, env, f->flag, "--queue-max=300"));
	assert_int_equal(f->c->queue_max, 300);
	assert_string_equal(f->c->name, "Env");
	assert_int_equal(f->c->registration, REGISTRATION_OPEN);
}

static void
test_relay_conf_load__what_rows_cannot_check(void **state)
{
	static const struct {
		const char *file, *why;
	} bad[] = {
	    {"limit-send-account = lots\n",
		"limit-send-account: a rate looks like 60/1m, 10/1h or off"},
	    {"proxy-trusted = 10.0.0.0/8, nonsense\n", "proxy-trusted: "},
	    {"public-addr = a b\n", "public-addr: "},
	    {"http-listen = 127.0.0.1\n", "http-listen: "},
	    {"guests-max = 100\nconnections-max = 50\n",
		"guests-max: it is above connections-max"},
	    {"blobs-listen = 7788\n", "blobs-listen: it must be HOST:PORT"},
	    {"blobs-url = media.example.org\n", "blobs-url: it must begin"},
	    {"blobs-tls-cert = /c\n", "blobs-tls-cert: certificate and key"},
	    {"blobs-tls-cert = /c\nblobs-tls-key = /k\n",
		"blobs-tls-cert: say in blobs-url"},
	    {"blobs = s3\n", "blobs: s3 needs blobs-s3-url"},
	    {"blobs = s3\nblobs-s3-url = s3.example.org\n"
	     "blobs-s3-bucket = box\nblobs-s3-key-id = a\n"
	     "blobs-s3-secret = b\n",
		"blobs-s3-url: it must begin"},
	    {"blobs = s3\nblobs-s3-url = https://s3.example.org\n"
	     "blobs-s3-bucket = box\nblobs-s3-key-id = a\n"
	     "blobs-s3-secret = b\nblobs-limit = 6GiB\n",
		"blobs-limit: S3 takes 5GiB"},
	    {"otp-driver = command\n", "otp-driver: command needs otp-command"},
	    {"otp-driver = command\notp-command = \"sms 'a\"\n",
		"otp-command: a quote is open"},
	    {"otp-driver = command\notp-command = sms {number}\n",
		"otp-command: {number} is none of"},
	    {"otp-driver = command\notp-command = \" \"\n",
		"otp-command: it is empty"},
	    {"otp-driver = http\n", "otp-driver: http needs otp-http-url"},
	    {"otp-driver = http\notp-http-url = ftp://h/{phone}/{code}\n",
		"otp-http-url: it must begin with"},
	    {"otp-driver = http\notp-http-url = https://h/{phone}\n",
		"otp-http-url: URL, headers or body must hold"},
	    {"otp-driver = http\notp-http-url = https://h/{code}\n",
		"otp-http-url: URL, headers or body must hold"},
	    {"otp-driver = http\notp-http-url = https://h/{code}{phone}\n"
	     "otp-http-method = \"GET X\"\n",
		"otp-http-method: "},
	    {"otp-driver = http\notp-http-url = https://h/{code}{phone}\n"
	     "otp-http-headers = nonsense\n",
		"otp-http-headers: each must be Name: value"},
	    {"otp-driver = http\notp-http-url = https://h/{code}{phone}\n"
	     "otp-http-body = {text}\n",
		"otp-http-body: {text} is none of"},
	};
	struct fix *f = *state;
	char longer[256];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		write_file(f, bad[i].file);
		assert_err(load(f, NULL, f->flag, NULL), ERR_CONFIG);
		assert_null(f->c);
		if (strncmp(f->why.text, bad[i].why, strlen(bad[i].why)) != 0)
			fail_msg("%s -> %s", bad[i].file, f->why.text);
	}
	write_file(f, "");
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "--ctl-socket=/", 14);
	longer[200] = '\0';
	assert_err(load(f, NULL, f->flag, longer), ERR_CONFIG);
	assert_string_equal(f->why.text, "ctl-socket: the path is too long");
}

static void
test_relay_conf_load__drivers_that_are_right(void **state)
{
	struct fix *f = *state;

	write_file(f, "otp-driver = command\n"
		      "otp-command = /usr/bin/sms --to {phone}\n"
		      "limit-any-address = off\n");
	assert_ok(load(f, NULL, f->flag, NULL));
	assert_int_equal(f->c->otp_driver, OTP_DRIVER_COMMAND);
	assert_int_equal(f->c->rates.r[LIMIT_ANY][LIMIT_BY_ADDRESS].burst, 0);
	write_file(f,
	    "otp-driver = http\notp-http-url = https://h/sms\n"
	    "otp-http-headers = \"Authorization: Bearer x\", X-To: {digits}\n"
	    "otp-http-body = \"{\\\"text\\\": \\\"{code}\\\"}\"\n");
	assert_ok(load(f, NULL, f->flag, NULL));
	assert_int_equal(f->c->otp_http_headers.n, 2);
	assert_string_equal(
	    f->c->otp_http_headers.v[0], "Authorization: Bearer x");
	assert_string_equal(f->c->otp_http_body, "{\"text\": \"{code}\"}");
}

static void
test_relay_conf_load__the_file_that_is_asked_for_must_be_there(void **state)
{
	struct fix *f = *state;
	char big[300];
	FILE *fp;
	int i;

	assert_err(load(f, NULL, f->flag, NULL), ERR_IO);
	assert_non_null(strstr(f->why.text, "No such file"));
	assert_err(load(f, NULL, "--config=/tmp", NULL), ERR_IO);
	fp = fopen(f->file, "w");
	memset(big, '#', sizeof(big));
	for (i = 0; i < 1000; i++)
		assert_int_equal(fwrite(big, sizeof(big), 1, fp), 1);
	assert_int_equal(fclose(fp), 0);
	assert_err(load(f, NULL, f->flag, NULL), ERR_IO);
	assert_non_null(strstr(f->why.text, "too large"));
	write_file(f, "listen = 127.0.0.1:1\nqueue-max = 0\n");
	assert_err(load(f, NULL, f->flag, NULL), ERR_CONFIG);
	assert_non_null(strstr(f->why.text, "r.conf:2: queue-max: "));
}

static void
test_relay_conf_load__prints_what_is_asked(void **state)
{
	struct fix *f = *state;

	assert_ok(load(f, NULL, "--help", NULL));
	assert_int_equal(f->todo, RELAY_CONF_PRINTED);
	assert_null(f->c);
	assert_non_null(strstr(out_text(f), "--queue-max"));
	assert_ok(load(f, NULL, "--version", NULL));
	assert_string_equal(out_text(f), "sotto-relay " SOTTO_VERSION "\n");
	write_file(f, "otp-http-user = me:s3cret\n");
	assert_ok(load(f, NULL, f->flag, "--check-config"));
	assert_int_equal(f->todo, RELAY_CONF_PRINTED);
	assert_non_null(strstr(out_text(f), "queue-max"));
	assert_null(strstr((char *)f->out.p, "s3cret"));
	write_file(f, "otp-driver = http\n");
	assert_err(load(f, NULL, f->flag, "--check-config"), ERR_CONFIG);
}

/* A sample file is a file, and means the defaults. */
static void
test_relay_conf_load__the_sample_loads_as_the_defaults(void **state)
{
	struct fix *f = *state;
	struct relay_conf *def;

	write_file(f, "");
	assert_ok(load(f, NULL, f->flag, NULL));
	def = relay_conf_ref(f->c);
	assert_ok(load(f, NULL, "--sample-config", NULL));
	write_file(f, out_text(f));
	assert_ok(load(f, NULL, f->flag, NULL));
	assert_true(conf_equal(&relay_conf_spec, def, f->c));
	relay_conf_unref(def);
}

static void
test_relay_conf_reload__swaps_and_keeps_what_needs_a_restart(void **state)
{
	struct fix *f = *state;
	struct relay_conf *next = NULL;
	char prog[] = "sotto-relay";
	char *argv[] = {prog, f->flag, NULL};

	write_file(f, "envelope-max = 20KiB\nthreads = 2\n"
		      "listen = 127.0.0.1:1\n");
	assert_ok(load(f, NULL, f->flag, NULL));
	write_file(f, "envelope-max = 30KiB\nthreads = 5\n"
		      "listen = 127.0.0.1:1, 127.0.0.1:2\n"
		      "ctl-socket = /run/x\nproxy-trusted = 10.0.0.0/8\n"
		      "limit-send-account = 7/1s\n");
	assert_ok(
	    relay_conf_reload(f->c, 2, argv, NULL, &next, &f->kept, &f->why));
	assert_int_equal(next->envelope_max, 30 << 10);
	assert_int_equal(next->threads, 2);
	assert_int_equal(next->listen.n, 1);
	assert_string_equal(next->listen.v[0], "127.0.0.1:1");
	assert_null(next->ctl_socket);
	assert_int_equal(next->n_proxy_nets, 1);
	assert_int_equal(next->rates.r[LIMIT_SEND][LIMIT_BY_ACCOUNT].burst, 7);
	assert_string_equal(f->kept.text, "ctl-socket, threads, listen");
	assert_int_equal(f->c->envelope_max, 20 << 10);
	relay_conf_unref(next);

	next = NULL;
	write_file(f, "envelope-max = 3\n");
	assert_err(
	    relay_conf_reload(f->c, 2, argv, NULL, &next, &f->kept, &f->why),
	    ERR_CONFIG);
	assert_null(next);
	assert_non_null(strstr(f->why.text, "r.conf:1: envelope-max: "));
}

static bool
trusts(const struct relay_conf *c, const char *addr)
{
	struct net_addr a;

	assert_ok(net_addr_parse(addr, &a));
	return relay_conf_proxy_trusted(c, &a);
}

static void
test_relay_conf__proxies_and_paths(void **state)
{
	struct fix *f = *state;
	char path[64];

	write_file(f, "proxy-trusted = 10.0.0.0/8, 192.0.2.1\n"
		      "data-dir = /srv/r\n");
	assert_ok(load(f, NULL, f->flag, NULL));
	assert_true(trusts(f->c, "10.9.8.7"));
	assert_true(trusts(f->c, "192.0.2.1"));
	assert_false(trusts(f->c, "192.0.2.2"));
	assert_ok(relay_conf_ctl_path(f->c, path, sizeof(path)));
	assert_string_equal(path, "/srv/r/ctl");
	assert_err(relay_conf_ctl_path(f->c, path, 10), ERR_RANGE);
	assert_string_equal(
	    registration_policy_str(REGISTRATION_INVITE), "invite");
	assert_string_equal(registration_policy_str(3), "?");
	assert_string_equal(registration_policy_str(-1), "?");
	relay_conf_unref(NULL);
}

/* `sotto-relay --man-page > docs/man/sotto-relay.conf.5.scd` after a change. */
static void
test_relay_conf_man__is_what_is_committed(void **state)
{
	struct fix *f = *state;
	char *page;
	size_t len;

	assert_ok(relay_conf_man(&f->out));
	page = read_text_file("docs/man/sotto-relay.conf.5.scd", &len);
	assert_string_equal(out_text(f), page);
	free(page);
}

static int
load_once(void *arg)
{
	struct fix *f = arg;

	return load(f, NULL, f->flag, NULL);
}

static int
reload_once(void *arg)
{
	struct fix *f = arg;
	struct relay_conf *next = NULL;
	char prog[] = "sotto-relay";
	char *argv[] = {prog, f->flag, NULL};
	int r =
	    relay_conf_reload(f->c, 2, argv, NULL, &next, &f->kept, &f->why);

	relay_conf_unref(next);
	return r;
}

static void
test_relay_conf__out_of_memory(void **state)
{
	struct fix *f = *state;

	write_file(f, "otp-driver = command\notp-command = sms {phone}\n"
		      "proxy-trusted = 10.0.0.0/8\nctl-socket = /a\n");
	assert_true(alloc_sweep(load_once, f) > 20);
	assert_ok(load(f, NULL, f->flag, NULL));
	write_file(f, "listen = 127.0.0.1:1, 127.0.0.1:2\nctl-socket = /b\n");
	assert_true(alloc_sweep(reload_once, f) > 20);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_relay_conf_load__defaults),
	    T(test_relay_conf_load__flag_over_env_over_file),
	    T(test_relay_conf_load__what_rows_cannot_check),
	    T(test_relay_conf_load__drivers_that_are_right),
	    T(test_relay_conf_load__the_file_that_is_asked_for_must_be_there),
	    T(test_relay_conf_load__prints_what_is_asked),
	    T(test_relay_conf_load__the_sample_loads_as_the_defaults),
	    T(test_relay_conf_reload__swaps_and_keeps_what_needs_a_restart),
	    T(test_relay_conf__proxies_and_paths),
	    T(test_relay_conf_man__is_what_is_committed),
	    T(test_relay_conf__out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
