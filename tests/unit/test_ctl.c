/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: a real store, a loop on a thread of its own, and the
 * client as people run it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "common/uri.h"
#include "relay/admin/ctl_priv.h"
#include "relay/admin/http.h"
#include "relay/admin/metrics.h"
#include "tests/unit/relay_store_help.h"

#define NOBODY 65534

struct fix {
	struct rig rig;
	char path[128];
	uv_loop_t loop;
	uv_async_t wake, stop;
	uv_thread_t thread;
	struct store_sink sink;
	struct ctl *ctl;
	struct ctl_env env;
	struct relay_clock clock;
	struct relay_conf conf; /* only what the commands read */
	/* what the hooks saw */
	store_dev kicked;
	char kick_reason[32];
	int reload_result;
	char *out, *err; /* of the last run */
	size_t out_len, err_len;
};

static void
on_sink(void *arg)
{
	struct fix *f = arg;

	uv_async_send(&f->wake);
}

static void
on_wake(uv_async_t *a)
{
	struct fix *f = a->data;

	(void)store_sink_drain(&f->sink);
}

static void
on_stop(uv_async_t *a)
{
	struct fix *f = a->data;

	ctl_stop(f->ctl);
	uv_close((uv_handle_t *)&f->stop, NULL);
	uv_close((uv_handle_t *)&f->wake, NULL);
}

static void
run_loop(void *arg)
{
	struct fix *f = arg;

	uv_run(&f->loop, UV_RUN_DEFAULT);
}

static uint64_t
fix_now(void *arg)
{
	return RIG_START_MS;
}

static struct relay_conf *
fix_conf(void *arg)
{
	return &((struct fix *)arg)->conf;
}

static void
on_kick(void *arg, const struct store_devs *gone, const char *reason)
{
	struct fix *f = arg;

	f->kicked = gone->n > 0 ? gone->v[0] : 0;
	(void)snprintf(f->kick_reason, sizeof(f->kick_reason), "%s", reason);
}

static int
on_reload(void *arg, char *text, size_t cap)
{
	struct fix *f = arg;

	if (f->reload_result != 0)
		(void)snprintf(text, cap, "r.conf:3: name: it is too long");
	return f->reload_result;
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	size_t i;

	rig_init(&f->rig);
	rig_open(&f->rig);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(uv_async_init(&f->loop, &f->wake, on_wake), 0);
	assert_int_equal(uv_async_init(&f->loop, &f->stop, on_stop), 0);
	f->wake.data = f->stop.data = f;
	assert_ok(store_sink_init(&f->sink, on_sink, f));
	f->clock = (struct relay_clock){fix_now, fix_now, f};
	f->conf.home_country = 49;
	f->env = (struct ctl_env){.loop = &f->loop,
	    .store = f->rig.s,
	    .sink = &f->sink,
	    .clock = &f->clock,
	    .conf = fix_conf,
	    .kick = on_kick,
	    .reload = on_reload,
	    .arg = f,
	    .host = "127.0.0.1",
	    .port = 17786,
	    .started_ms = RIG_START_MS - 61000};
	for (i = 0; i < sizeof(f->env.relay_key); i++)
		f->env.relay_key[i] = (uint8_t)i;
	(void)snprintf(f->path, sizeof(f->path), "%s/ctl", f->rig.dir);
	assert_ok(ctl_start(&f->ctl, f->path, &f->env));
	assert_int_equal(uv_thread_create(&f->thread, run_loop, f), 0);
	metrics_reset();
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;
	struct stat st;

	uv_async_send(&f->stop);
	uv_thread_join(&f->thread);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	assert_int_equal(stat(f->path, &st), -1);
	rig_close(&f->rig);
	(void)store_sink_drain(&f->sink);
	store_sink_clear(&f->sink);
	rig_clear(&f->rig);
	free(f->out);
	free(f->err);
	free(f);
	return 0;
}

/* Run `sotto-relay ctl` with these words; returns the exit status. */
static int
ctl(struct fix *f, ...)
{
	char *argv[WORDS_MAX + 2];
	FILE *out, *err;
	int argc = 0, status;
	va_list ap;

	va_start(ap, f);
	while ((argv[argc] = va_arg(ap, char *)) != NULL)
		argc++;
	va_end(ap);
	free(f->out);
	free(f->err);
	f->out = f->err = NULL;
	out = open_memstream(&f->out, &f->out_len);
	err = open_memstream(&f->err, &f->err_len);
	status = ctl_client(argc, argv, f->path, out, err);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(err), 0);
	if (f->err_len > 0)
		print_message("%s", f->err);
	return status;
}
#define CTL(f, ...) ctl((f), __VA_ARGS__, (char *)NULL)

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void
test_ctl_invite__prints_a_link_that_works(void **state)
{
	struct fix *f = *state;
	const char *why;
	struct uri uri;

	assert_int_equal(CTL(f, "invite"), 0);
	assert_string_equal(f->err, "");
	assert_ok(uri_parse(f->out, &uri, &why));
	assert_string_equal(uri.host, "127.0.0.1");
	assert_int_equal(uri.port, 17786);
	assert_true(uri.has_key);
	assert_memory_equal(uri.key, f->env.relay_key, URI_KEY_LEN);
	assert_int_equal(strlen(uri.invite), 22);
	/* The store takes it once. */
	assert_ok(put_attempt(&f->rig, "+491700000001", 1, uri.invite));
	assert_err(put_attempt(&f->rig, "+491700000001", 2, "x"), ERR_NOTFOUND);
}

static void
test_ctl_invite__options_and_public_addr(void **state)
{
	struct fix *f = *state;
	char addr[] = "relay.example.org";

	f->conf.public_addr = addr;
	assert_int_equal(CTL(f, "--json", "invite", "--uses", "3",
			     "--expires=12h", "--note", "for mum"),
	    0);
	assert_has(f->out, "{\"link\": \"sotto://relay.example.org/?invite=");
	assert_has(f->out, "\"uses\": 3");
	assert_has(f->out, "\"expires\": 1700043200000}");
	assert_int_equal(CTL(f, "invite", "--expires", "never"), 0);
	assert_int_equal(CTL(f, "invites"), 0);
	assert_has(f->out, "for mum");
	assert_has(f->out, "never");
	assert_has(
	    f->out, "0       3       2023-11-14 22:13  2023-11-15 10:13");
	f->conf.public_addr = NULL;
}

static void
test_ctl_reports__list_print_drop(void **state)
{
	struct fix *f = *state;
	struct op_report_add o;
	uint8_t blob[100] = {0};

	assert_int_equal(CTL(f, "reports"), 0);
	assert_string_equal(f->out, "");
	rig_init_op(&f->rig, &o.op, STORE_REPORT_ADD);
	o.blob = blob;
	o.len = sizeof(blob);
	assert_ok(rig_call(&f->rig, &o.op));
	assert_int_equal(CTL(f, "reports", "--json"), 0);
	assert_string_equal(f->out,
	    "{\"report\": 1, \"received\": 1700000000000, "
	    "\"bytes\": 100}\n");
	assert_int_equal(CTL(f, "report", "1"), 0);
	assert_int_equal(f->out_len, 77 + 61); /* 57 and 43 bytes */
	assert_int_equal(strspn(f->out, "A"), 76);
	assert_int_equal(CTL(f, "report", "2"), 1);
	assert_int_equal(CTL(f, "report", "1x"), 1);
	assert_string_equal(
	    f->err, "sotto-relay ctl: there is no such report\n");
	assert_int_equal(CTL(f, "drop-report", "1"), 0);
	assert_int_equal(CTL(f, "drop-report", "1"), 1);
	assert_int_equal(CTL(f, "reports"), 0);
	assert_string_equal(f->out, "");
}

static void
test_ctl_invites__and_revoke(void **state)
{
	struct fix *f = *state;
	char token[64];

	assert_int_equal(CTL(f, "invites"), 0);
	assert_string_equal(f->out, "");
	assert_int_equal(CTL(f, "invite", "--json"), 0);
	assert_int_equal(sscanf(strstr(f->out, "\"token\": \""),
			     "\"token\": \"%63[^\"]", token),
	    1);
	assert_int_equal(CTL(f, "invites", "--json"), 0);
	assert_has(f->out, token);
	assert_int_equal(CTL(f, "revoke", "--", token), 0);
	assert_string_equal(f->out, "revoked\n");
	assert_int_equal(CTL(f, "invites"), 0);
	assert_string_equal(f->out, "");
	assert_int_equal(CTL(f, "revoke", "--", token), 1);
	assert_string_equal(
	    f->err, "sotto-relay ctl: there is no such invite\n");
}

static void
test_ctl_accounts__masked_unless_full(void **state)
{
	struct fix *f = *state;
	struct person a, b;

	join(&f->rig, &a, 1, 0);
	join(&f->rig, &b, 2, 0);
	assert_int_equal(CTL(f, "accounts"), 0);
	assert_has(
	    f->out, "number            registered        devices  banned");
	assert_null(strstr(f->out, a.phone));
	assert_int_equal(CTL(f, "accounts", "--full"), 0);
	assert_has(f->out, a.phone);
	assert_has(f->out, b.phone);
	assert_int_equal(CTL(f, "accounts", "--full", "--json", a.phone), 0);
	assert_has(f->out, a.phone);
	assert_null(strstr(f->out, b.phone));
	assert_has(f->out, "\"devices\": 1, \"banned\": false}\n");
	assert_int_equal(CTL(f, "accounts", "+999"), 0);
	assert_string_equal(f->out, "");
	assert_int_equal(CTL(f, "accounts", "anna"), 1);
	assert_has(f->err, "PREFIX is the beginning of a number");
	assert_int_equal(CTL(f, "accounts", "+1234567890123456789"), 1);
}

static void
test_ctl_ban__closes_and_forbids(void **state)
{
	struct fix *f = *state;
	struct op_device_by_key o;
	struct person a;

	join(&f->rig, &a, 1, 0);
	assert_int_equal(CTL(f, "ban", a.phone), 0);
	assert_has(f->out, "is banned\n");
	assert_null(strstr(f->out, a.phone));
	assert_int_equal(f->kicked, a.dev);
	assert_string_equal(f->kick_reason, "banned");
	assert_ok(by_key(&f->rig, &a, &o));
	assert_true(o.banned);
	f->kick_reason[0] = '\0';
	assert_int_equal(CTL(f, "unban", "--full", a.phone), 0);
	assert_has(f->out, a.phone);
	assert_string_equal(f->kick_reason, "");
	assert_ok(by_key(&f->rig, &a, &o));
	assert_false(o.banned);
	assert_int_equal(CTL(f, "ban", "0170 9999999"), 1);
	assert_string_equal(
	    f->err, "sotto-relay ctl: no account has that number\n");
	assert_int_equal(CTL(f, "ban", "abc"), 1);
	assert_has(f->err, "a phone number has no letters");
}

static void
test_ctl_delete__only_when_sure(void **state)
{
	struct fix *f = *state;
	struct op_device_by_key o;
	struct person a;
	int in = dup(0), null = open("/dev/null", O_RDONLY);

	join(&f->rig, &a, 1, 0);
	assert_true(dup2(null, 0) == 0);
	assert_int_equal(CTL(f, "delete", a.phone), 2);
	assert_has(f->err, "not done");
	assert_ok(by_key(&f->rig, &a, &o));
	assert_int_equal(CTL(f, "delete", "--yes", a.phone), 0);
	assert_int_equal(f->kicked, a.dev);
	assert_string_equal(f->kick_reason, "revoked");
	assert_int_equal(CTL(f, "accounts"), 0);
	assert_string_equal(f->out, "");
	assert_true(dup2(in, 0) == 0);
	close(in);
	close(null);
}

static void
test_ctl_stats__for_people_and_programs(void **state)
{
	struct fix *f = *state;
	struct person a;

	join(&f->rig, &a, 1, 3);
	metrics_add(METRIC_connections, 5);
	assert_int_equal(CTL(f, "stats"), 0);
	assert_has(f->out, "accounts                1\n");
	assert_has(f->out, "connections             5\n");
	assert_has(f->out, "uptime_s                61\n");
	assert_has(f->out, "health                  ok\n");
	health_set(HEALTH_DRAINING, true);
	assert_int_equal(CTL(f, "stats", "--json"), 0);
	health_set(HEALTH_DRAINING, false);
	assert_has(f->out, "\"health\": \"draining\"");
	assert_has(f->out, "\"devices\": 1");
	assert_int_equal(f->out[0], '{');
}

static void
test_ctl_backup__copies_what_can_be_opened(void **state)
{
	struct fix *f = *state;
	struct stat st;
	struct person a;
	char path[128];
	int here = open(".", O_RDONLY | O_DIRECTORY);

	join(&f->rig, &a, 1, 0);
	(void)snprintf(path, sizeof(path), "%s/copy.db", f->rig.dir);
	assert_int_equal(CTL(f, "backup", path), 0);
	assert_string_equal(f->out, "written and verified\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(CTL(f, "backup", path), 1);
	assert_has(f->err, "exists already");
	/* A relative path is meant from where the client stands. */
	assert_int_equal(chdir(f->rig.dir), 0);
	assert_int_equal(CTL(f, "backup", "--json", "second.db"), 0);
	assert_int_equal(stat("second.db", &st), 0);
	assert_has(f->out, "/second.db\", \"bytes\": ");
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_int_equal(CTL(f, "backup", "/nowhere/at/all"), 1);
	assert_has(f->err, "cannot write there");
}

static void
test_ctl_reload_and_check__say_what_they_found(void **state)
{
	struct fix *f = *state;

	assert_int_equal(CTL(f, "reload"), 0);
	assert_string_equal(f->out, "reloaded\n");
	f->reload_result = ERR_CONFIG;
	assert_int_equal(CTL(f, "reload"), 1);
	assert_string_equal(
	    f->err, "sotto-relay ctl: r.conf:3: name: it is too long\n");
	assert_int_equal(CTL(f, "check"), 0);
	assert_string_equal(f->out, "sound\n");
	assert_int_equal(CTL(f, "check", "--json"), 0);
	assert_string_equal(f->out, "{\"text\": \"sound\"}\n");
	health_set(HEALTH_STORE_FAILING, true);
	assert_int_equal(CTL(f, "check"), 1);
	health_set(HEALTH_STORE_FAILING, false);
	assert_has(f->err, "the store refuses writes");
}

static void
test_ctl__usage(void **state)
{
	static const struct {
		const char *words[4];
		const char *why;
	} rows[] = {
	    {{"frobnicate"}, "there is no command \"frobnicate\""},
	    {{"ban"}, "NUMBER is missing"},
	    {{"invite", "x"}, "\"x\" is one word too many"},
	    {{"invite", "--full"}, "invite has no option --full"},
	    {{"invite", "--uses"}, "--uses needs a value"},
	    {{"invite", "--uses", "0"}, "--uses: \"0\" is no number"},
	    {{"invite", "--uses=1000001"}, "--uses: \"1000001\" is no number"},
	    {{"invite", "--uses", "2x"}, "--uses: \"2x\" is no number"},
	    {{"invite", "--expires", "soon"}, "--expires: \"soon\""},
	    {{"invite", "--note", "a\x1b[2J"}, "--note: at most 128"},
	    {{"stats", "--json=yes"}, "--json=yes: no value"},
	    {{"--json"}, "which command?"},
	    {{"--socket"}, "--socket needs a path"},
	};
	struct fix *f = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(ctl(f, rows[i].words[0], rows[i].words[1],
				     rows[i].words[2], NULL),
		    2);
		assert_has(f->err, rows[i].why);
		assert_string_equal(f->out, "");
	}
	assert_int_equal(CTL(f, "--help"), 0);
	assert_has(f->out, "  delete NUMBER ");
	assert_has(f->out, "--expires TIME");
	assert_int_equal(CTL(f, "--socket", "/nowhere/ctl", "stats"), 3);
	assert_has(f->err, "no relay at /nowhere/ctl: No such file");
}

/* What main() calls: the socket is the one that the settings name. */
static void
test_ctl_main__finds_the_socket(void **state)
{
	struct fix *f = *state;
	char name[] = "ctl", flag[] = "--config", file[128], check[] = "check";
	char ban[] = "ban", who[] = "+491709999999", help[] = "--help";
	char *argv[] = {name, flag, file, check, NULL, NULL};
	char *helped[] = {name, help, NULL};
	FILE *fp;

	(void)snprintf(file, sizeof(file), "%s/r.conf", f->rig.dir);
	fp = fopen(file, "w");
	assert_non_null(fp);
	assert_true(fprintf(fp, "ctl-socket = %s\n", f->path) > 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(ctl_main(4, argv, NULL), 0);
	argv[3] = ban;
	argv[4] = who;
	assert_int_equal(ctl_main(5, argv, NULL), 1);
	fp = fopen(file, "a");
	assert_true(fprintf(fp, "bogus = 1\n") > 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(ctl_main(5, argv, NULL), 2);
	assert_int_equal(ctl_main(2, argv, NULL), 2);
	assert_int_equal(ctl_main(2, helped, NULL), 0);
	assert_int_equal(ctl_main(1, argv, NULL), 2);
}

/* The manual page knows every command and option. */
static void
test_ctl__everything_is_in_the_manual(void **state)
{
	struct fix *f = *state;
	const struct ctl_cmd *cmds;
	char name[64], *page;
	size_t i, n, len;

	page = read_text_file("docs/man/sotto-relay.8.scd", &len);
	cmds = ctl_cmds(&n);
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "*ctl %s*", cmds[i].name);
		assert_has(page, name);
	}
#define X(id, word, arg, help) assert_has(page, "*" word "*");
	CTL_OPTIONS(X)
#undef X
	for (i = 0; i < relay_conf_spec.nrows; i++) {
		const struct conf_row *row = &relay_conf_spec.rows[i];

		if ((row->flags & CONF_FLAG_ONLY) == 0)
			continue;
		(void)snprintf(name, sizeof(name), "*--%s*", row->name);
		assert_has(page, name);
	}
	free(page);
	(void)f;
}

/* ---- the socket itself ----------------------------------------------------------- */

static int
dial(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct timeval tv = {.tv_sec = 20};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(sun.sun_path, path, strlen(path));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (connect(s, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return s;
	close(s);
	return -1;
}

/* Send, then read until the relay closes. */
static size_t
ask(const char *path, const char *p, size_t len, char *got, size_t cap)
{
	int s = dial(path);
	size_t n = 0;
	ssize_t r;

	assert_true(s >= 0);
	(void)send(s, p, len, MSG_NOSIGNAL);
	while (n < cap - 1 && (r = recv(s, got + n, cap - 1 - n, 0)) > 0)
		n += (size_t)r;
	got[n] = '\0';
	close(s);
	return n;
}

static void
test_ctl_socket__bad_requests_are_refused(void **state)
{
	struct fix *f = *state;
	char big[CTL_LINE_MAX + 100], got[512];

	(void)ask(f->path, "stats \"x\n", 9, got, sizeof(got));
	assert_string_equal(got, "error FORMAT malformed data\n");
	(void)ask(f->path, "\n", 1, got, sizeof(got));
	assert_string_equal(got, "error FORMAT which command?\n");
	(void)ask(f->path, "a\0b\n", 4, got, sizeof(got));
	assert_string_equal(got, "error FORMAT malformed data\n");
	(void)ask(f->path, "backup rel\n", 11, got, sizeof(got));
	assert_string_equal(got, "error FORMAT PATH must begin with /\n");
	(void)ask(f->path, "check\nstats\n", 12, got, sizeof(got));
	assert_string_equal(got, " sound\nok\n");
	memset(big, 'a', sizeof(big));
	assert_int_equal(ask(f->path, big, sizeof(big), got, sizeof(got)), 0);
	assert_int_equal(CTL(f, "check"), 0);
}

/* More at once than there are places: the rest waits its turn. */
static void
test_ctl_socket__many_at_once(void **state)
{
	struct fix *f = *state;
	int s[CTL_CLIENTS_MAX + 6];
	char got[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = dial(f->path);
		assert_true(s[i] >= 0);
	}
	for (i = 0; i < ARRAY_LEN(s); i++) {
		assert_int_equal(send(s[i], "check\n", 6, MSG_NOSIGNAL), 6);
		assert_int_equal(recv(s[i], got, 10, MSG_WAITALL), 10);
		assert_memory_equal(got, " sound\nok\n", 10);
		close(s[i]);
	}
}

static void
test_ctl_socket__gone_before_the_answer(void **state)
{
	struct fix *f = *state;
	int i, s;

	for (i = 0; i < 20; i++) {
		s = dial(f->path);
		assert_true(s >= 0);
		assert_int_equal(send(s, "stats\n", 6, MSG_NOSIGNAL), 6);
		close(s);
	}
	assert_int_equal(CTL(f, "check"), 0);
}

static void
test_ctl_socket__mode_and_peer(void **state)
{
	struct fix *f = *state;
	struct stat st;
	pid_t pid;
	int status;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	if (geteuid() != 0)
		skip(); /* nobody else can be played */
	/* Even where the modes let everybody in, another user gets nothing. */
	assert_int_equal(chmod(f->rig.dir, 0755), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	pid = fork();
	if (pid == 0) {
		char got[64] = "";
		int s;

		if (setuid(NOBODY) != 0 || (s = dial(f->path)) < 0)
			_exit(3);
		(void)send(s, "check\n", 6, MSG_NOSIGNAL);
		_exit(recv(s, got, sizeof(got), 0) > 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(CTL(f, "check"), 0);
}

static void
test_ctl_start__stale_live_and_foreign_files(void **state)
{
	struct fix *f = *state;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct ctl *c = NULL;
	char path[160], longer[300];
	uv_loop_t loop;
	FILE *fp;
	int s;

	assert_int_equal(uv_loop_init(&loop), 0);
	f->env.loop = &loop;
	assert_err(ctl_start(&c, f->path, &f->env), ERR_BUSY);
	(void)snprintf(path, sizeof(path), "%s/other", f->rig.dir);
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_int_equal(fclose(fp), 0);
	assert_err(ctl_start(&c, path, &f->env), ERR_SYS);
	assert_int_equal(unlink(path), 0);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_err(ctl_start(&c, longer, &f->env), ERR_RANGE);
	assert_err(ctl_start(&c, "/nowhere/ctl", &f->env), ERR_SYS);
	assert_null(c);
	/* What a killed relay leaves behind is replaced. */
	memcpy(sun.sun_path, path, strlen(path));
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(s);
	assert_ok(ctl_start(&c, path, &f->env));
	ctl_stop(c);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	ctl_stop(NULL);
}

static int
start_once(void *arg)
{
	struct fix *f = arg;
	struct ctl *c;
	uv_loop_t loop;
	char path[160];
	int r;

	(void)snprintf(path, sizeof(path), "%s/other", f->rig.dir);
	assert_int_equal(uv_loop_init(&loop), 0);
	f->env.loop = &loop;
	r = ctl_start(&c, path, &f->env);
	if (r == 0)
		ctl_stop(c);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return r;
}

static void
test_ctl_start__out_of_memory(void **state)
{
	assert_int_equal(alloc_sweep(start_once, *state), 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_ctl_invite__prints_a_link_that_works),
	    T(test_ctl_invite__options_and_public_addr),
	    T(test_ctl_invites__and_revoke),
	    T(test_ctl_reports__list_print_drop),
	    T(test_ctl_accounts__masked_unless_full),
	    T(test_ctl_ban__closes_and_forbids),
	    T(test_ctl_delete__only_when_sure),
	    T(test_ctl_stats__for_people_and_programs),
	    T(test_ctl_backup__copies_what_can_be_opened),
	    T(test_ctl_reload_and_check__say_what_they_found),
	    T(test_ctl__usage),
	    T(test_ctl_main__finds_the_socket),
	    T(test_ctl__everything_is_in_the_manual),
	    T(test_ctl_socket__bad_requests_are_refused),
	    T(test_ctl_socket__many_at_once),
	    T(test_ctl_socket__gone_before_the_answer),
	    T(test_ctl_socket__mode_and_peer),
	    T(test_ctl_start__stale_live_and_foreign_files),
	    T(test_ctl_start__out_of_memory),
	};

	if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
