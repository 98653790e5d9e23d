/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program sotto-relay: signals, restarts, kill -9. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/relay_client.h"
#include "tests/lib/tree.h"
#include "tests/unit/test.h"

enum { ANN, BOB, PEOPLE };

struct fixture {
	char dir[64];
	char conf[96]; /* its file of settings */
	char data[96];
	char program[PATH_MAX];
	pid_t pid; /* 0: not running */
	FILE *lines; /* its standard error */
	uint16_t port;
	struct rc_person p[PEOPLE];
};

/* ---- the process ---------------------------------------------------------------------- */

/* It lies beside the folder of this test. */
static void
find_program(struct fixture *f)
{
	char self[PATH_MAX - 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(f->program, sizeof(f->program), "%s/../sotto-relay", self);
}

static void
write_conf(const struct fixture *f, const char *name)
{
	FILE *file = fopen(f->conf, "w");

	assert_non_null(file);
	fprintf(file,
	    "name = %s\n"
	    "listen = 127.0.0.1:0\n"
	    "http-listen = off\n"
	    "blobs-listen = 127.0.0.1:0\n"
	    "threads = 2\n"
	    "registration = open\n"
	    "otp-driver = log\n"
	    "limit-send-account = off\n"
	    "limit-any-account = off\n"
	    "limit-any-address = off\n"
	    "data-dir = %s\n",
	    name, f->data);
	assert_int_equal(fclose(file), 0);
}

static FILE *
spawn(struct fixture *f, const char *notify, pid_t *pid)
{
	int fd[2];

	assert_ok(pipe2(fd, O_CLOEXEC));
	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		if (notify != NULL)
			setenv("NOTIFY_SOCKET", notify, 1);
		execl(f->program, "sotto-relay", "--config", f->conf,
		    (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	return fdopen(fd[0], "r");
}

/* Read its log up to a line that holds text; false at its end. */
static bool
wait_line(FILE *lines, const char *text, char line[static 2048])
{
	while (fgets(line, 2048, lines) != NULL)
		if (strstr(line, text) != NULL)
			return true;
	return false;
}

static void
start(struct fixture *f, const char *notify)
{
	char line[2048];
	const char *at;

	f->lines = spawn(f, notify, &f->pid);
	if (!wait_line(f->lines, "event=ready", line))
		fail_msg("%s does not start", f->program);
	at = strstr(line, " port=");
	assert_non_null(at);
	f->port = (uint16_t)strtoul(at + 6, NULL, 10);
	assert_non_null(strstr(line, "uri=sotto://127.0.0.1:"));
}

/* Wait for its end; the exit status, or -1 when a signal ended it. */
static int
reap(struct fixture *f)
{
	int status;

	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	fclose(f->lines);
	f->lines = NULL;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
setup(void **state)
{
	static struct fixture f;
	const char *tmp = getenv("TMPDIR");

	memset(&f, 0, sizeof(f));
	snprintf(f.dir, sizeof(f.dir), "%s/sotto-program-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.conf, sizeof(f.conf), "%s/conf", f.dir);
	snprintf(f.data, sizeof(f.data), "%s/data", f.dir);
	find_program(&f);
	write_conf(&f, "First");
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		(void)reap(f);
	}
	return tree_remove(f->dir);
}

/* ---- people --------------------------------------------------------------------------- */

static int
read_code(void *arg, char out[static 7])
{
	struct fixture *f = arg;
	char line[2048];

	if (!wait_line(f->lines, " code=", line))
		return ERR_NOTFOUND;
	memcpy(out, strstr(line, " code=") + 6, 6);
	out[6] = '\0';
	return 0;
}

static struct rc *
as(const struct fixture *f, const struct rc_person *p)
{
	const struct rc_opts o = {
	    .host = "127.0.0.1", .port = f->port, .me = &p->key};
	struct rc *c;

	assert_ok(rc_open(&c, &o));
	return c;
}

static void
register_all(struct fixture *f)
{
	struct rc *c;
	unsigned i;

	for (i = 0; i < PEOPLE; i++) {
		rc_person_make(&f->p[i], i);
		c = as(f, &f->p[i]);
		assert_ok(rc_register(c, &f->p[i], NULL, read_code, f, 0));
		rc_close(c);
	}
}

/* ---- signals -------------------------------------------------------------------------- */

static void
test_program__sigterm_drains_and_exits_0(void **state)
{
	struct fixture *f = *state;
	char reason[16];
	struct rc *c;

	start(f, NULL);
	register_all(f);
	c = as(f, &f->p[ANN]);
	assert_ok(kill(f->pid, SIGTERM));
	assert_ok(rc_wait_closed(c, reason, sizeof(reason)));
	assert_string_equal(reason, "drain");
	rc_close(c);
	assert_int_equal(reap(f), 0);
}

static void
test_program__a_second_sigterm_does_not_wait(void **state)
{
	struct fixture *f = *state;
	struct rc *c;
	char line[2048];

	start(f, NULL);
	register_all(f);
	c = as(f, &f->p[ANN]); /* says nothing and does not close */
	assert_ok(kill(f->pid, SIGTERM));
	assert_true(wait_line(f->lines, "event=draining", line));
	assert_ok(kill(f->pid, SIGTERM));
	assert_true(wait_line(f->lines, "event=stopped", line));
	assert_int_equal(reap(f), 0);
	rc_close(c);
}

static void
test_program__sighup_reads_the_settings_again(void **state)
{
	struct fixture *f = *state;
	char line[2048];
	struct rc *c;

	start(f, NULL);
	register_all(f);
	c = as(f, &f->p[ANN]);
	assert_string_equal(rc_hello(c)->relay_name, "First");
	rc_close(c);
	write_conf(f, "Second");
	assert_ok(kill(f->pid, SIGHUP));
	assert_true(wait_line(f->lines, "settings read again", line));
	c = as(f, &f->p[ANN]);
	assert_string_equal(rc_hello(c)->relay_name, "Second");
	rc_close(c);
	write_conf(f, "Third\nno such row");
	assert_ok(kill(f->pid, SIGHUP));
	assert_true(wait_line(f->lines, "the old settings stay", line));
	c = as(f, &f->p[ANN]);
	assert_string_equal(rc_hello(c)->relay_name, "Second");
	rc_close(c);
}

static void
test_program__tells_systemd(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char got[64];
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/notify", f->dir);
	assert_ok(bind(fd, (struct sockaddr *)(void *)&sa, sizeof(sa)));
	start(f, sa.sun_path);
	n = recv(fd, got, sizeof(got), 0);
	assert_int_equal(n, 7);
	assert_memory_equal(got, "READY=1", 7);
	assert_ok(kill(f->pid, SIGTERM));
	n = recv(fd, got, sizeof(got), 0);
	assert_int_equal(n, 10);
	assert_memory_equal(got, "STOPPING=1", 10);
	close(fd);
	assert_int_equal(reap(f), 0);
}

static void
test_program__one_relay_per_folder(void **state)
{
	struct fixture *f = *state;
	char line[2048];
	FILE *lines;
	pid_t pid;
	int status;

	start(f, NULL);
	lines = spawn(f, NULL, &pid);
	assert_true(wait_line(lines, "sotto-relay: ", line));
	assert_non_null(strstr(line, f->data));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	fclose(lines);
}

static void
test_program__says_what_is_wrong_with_its_settings(void **state)
{
	struct fixture *f = *state;
	char line[2048];
	int status;

	write_conf(f, "x\nqueue-max = 0");
	f->lines = spawn(f, NULL, &f->pid);
	assert_true(wait_line(f->lines, "conf:2: queue-max: ", line));
	status = reap(f);
	assert_int_equal(status, 1);
}

/* ---- kill -9 --------------------------------------------------------------------------- */

#define SENDS 2000

struct sender {
	struct fixture *f;
	uint32_t round;
	uint8_t answered[SENDS]; /* the relay has promised */
	uint32_t n;
};

/* Sends on and on, many at once, until the relay is gone. */
static void *
send_until_death(void *arg)
{
	struct sender *s = arg;
	struct rc *c = as(s->f, &s->f->p[ANN]);
	uint32_t i, done = 0;
	int r = 0;

	for (i = 0; r == 0 && i < SENDS; i++) {
		Sotto__Relay__SendRequest req =
		    SOTTO__RELAY__SEND_REQUEST__INIT;
		Sotto__Relay__AccountEnvelopes acc =
		    SOTTO__RELAY__ACCOUNT_ENVELOPES__INIT;
		Sotto__Relay__DeviceEnvelope env =
		    SOTTO__RELAY__DEVICE_ENVELOPE__INIT;
		Sotto__Relay__AccountEnvelopes *accs = &acc;
		Sotto__Relay__DeviceEnvelope *envs = &env;
		uint8_t id[RC_ID_LEN] = {0};
		struct rc_frame fr;

		memcpy(id, &i, sizeof(i));
		memcpy(id + 4, &s->round, sizeof(s->round));
		req.message_id.data = env.ciphertext.data = id;
		req.message_id.len = env.ciphertext.len = sizeof(id);
		req.accounts = &accs;
		req.n_accounts = acc.n_devices = 1;
		acc.account_id.data = s->f->p[BOB].account;
		acc.account_id.len = RC_ACCOUNT_LEN;
		acc.devices = &envs;
		env.device_id = 1;
		env.registration_id = s->f->p[BOB].registration_id;
		r = rc_put(c, FRAME_REQUEST, METHOD_SEND, 1000 + i, &req.base);
		/* 16 under way at a time */
		while (r == 0 && i + 1 - done >= 16) {
			r = rc_next(c, &fr);
			if (r == 0 && fr.kind == FRAME_RESPONSE) {
				s->answered[fr.id - 1000] = 1;
				done++;
				__atomic_store_n(&s->n, done, __ATOMIC_RELEASE);
			}
		}
	}
	rc_close(c);
	return NULL;
}

/* Everything that is waiting for Bob, marked in got; the number of repeats. */
static unsigned
take_all(struct rc *bob, uint8_t got[static SENDS])
{
	unsigned repeats = 0;
	bool empty = false;

	while (!empty) {
		Sotto__Relay__DeliverEvent *ev;
		uint32_t n;
		size_t i;

		assert_ok(rc_deliver(bob, &ev));
		for (i = 0; i < ev->n_items; i++) {
			memcpy(&n, ev->items[i]->message_id.data, sizeof(n));
			assert_true(n < SENDS);
			repeats += got[n];
			got[n] = 1;
		}
		if (ev->n_items > 0)
			assert_ok(rc_ack(bob, ev->items[ev->n_items - 1]->seq));
		empty = ev->queue_empty;
		sotto__relay__deliver_event__free_unpacked(ev, NULL);
	}
	return repeats;
}

static void
kill_round(struct fixture *f, uint32_t round)
{
	static struct sender s;
	static uint8_t got[SENDS];
	pthread_t t;
	struct rc *bob;
	uint32_t i;

	memset(&s, 0, sizeof(s));
	memset(got, 0, sizeof(got));
	s.f = f;
	s.round = round;
	assert_ok(pthread_create(&t, NULL, send_until_death, &s));
	while (__atomic_load_n(&s.n, __ATOMIC_ACQUIRE) < 1 + round * 150)
		sched_yield();
	assert_ok(kill(f->pid, SIGKILL));
	assert_int_equal(reap(f), -1);
	pthread_join(t, NULL);
	start(f, NULL);
	bob = as(f, &f->p[BOB]);
	assert_int_equal(take_all(bob, got), 0);
	for (i = 0; i < SENDS; i++)
		if (s.answered[i] && !got[i])
			fail_msg("message %u was promised and is lost", i);
	/* What it was handed and acknowledged does not come again. */
	assert_ok(rc_call(bob, METHOD_PING, NULL, NULL));
	rc_close(bob);
}

static void
test_program__kill_9_loses_nothing_promised(void **state)
{
	struct fixture *f = *state;
	uint32_t round;

	start(f, NULL);
	register_all(f);
	for (round = 0; round < 5; round++)
		kill_round(f, round);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_program__sigterm_drains_and_exits_0),
	    T(test_program__a_second_sigterm_does_not_wait),
	    T(test_program__sighup_reads_the_settings_again),
	    T(test_program__tells_systemd),
	    T(test_program__one_relay_per_folder),
	    T(test_program__says_what_is_wrong_with_its_settings),
	    T(test_program__kill_9_loses_nothing_promised),
	};

	if (sodium_init() < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
