/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_group [-m MESSAGES] [-ku] FOLDER — a group of 1,024 members with 1,536
 * devices. One of them is the real engine with its store, the relay is a real
 * process with its default limits for an account; the other 1,535 devices are
 * played with real sessions (group_peers.h): away while the engine is measured,
 * and connected at the end, when all that came is opened and counted.
 *   -k  keep the data
 *   -u  without the relay's limits for an account
 * FOLDER is the build folder. One line a figure.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/uri.h"
#include "relay/abuse/limit.h"
#include "tests/bench/group_peers.h"
#include "tests/bench/group_people.h"
#include "tests/lib/tree.h"
#include "tui/engine/engine.h"

#define PHONE	     "+491600000001"
#define PROBE_MS     5 /* between two questions of the front */
#define ONLINE_TEXTS 50
#define PROBES_MAX   200000
#define ARGS_MAX     32

enum tag { TAG_STEP = 1, TAG_PROBE = 2 };

static struct {
	unsigned messages;
	bool keep, unlimited;
	char build[PATH_MAX];
	char dir[96];
} opt = {.messages = 200};

static struct {
	pid_t pid;
	struct uri uri;
	char text[512]; /* of the URI */
} relay;

/* The front's side of the engine. */
static struct {
	struct engine *e;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool woken; /* under lock */
	int64_t chat; /* the group's */
	bool answered; /* to TAG_STEP */
	bool online;
	uint8_t account[ENGINE_ID_LEN];
	int64_t msg; /* the text on its way */
	double local_s, sent_s; /* when it was kept, and on the relay */
	bool probing;
	double probed_s, next_probe_s;
	double *waits; /* of the probes of this phase */
	size_t n_waits;
} front = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static NORETURN void
die(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench_group: %s: %s\n", what, why);
	if (relay.pid > 0)
		kill(relay.pid, SIGKILL);
	exit(1);
}

static void
must(int r, const char *what)
{
	if (r != 0)
		die(what, err_str(r));
}

static double
clock_s(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
now_s(void)
{
	return clock_s(CLOCK_MONOTONIC);
}

/* ---- what a phase costs ---------------------------------------------------------- */

struct cost {
	double wall_s, sender_s, relay_s; /* time; CPU of either */
	uint64_t out, in; /* bytes of the sender's connection */
	uint64_t disk; /* bytes that the relay has written */
};

static double
relay_cpu_s(void)
{
	char path[64], line[1024], *at;
	unsigned long user = 0, sys = 0;
	const long hz = sysconf(_SC_CLK_TCK);
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)relay.pid);
	f = fopen(path, "r");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		die(path, "not there");
	fclose(f);
	at = strrchr(line, ')');
	if (at == NULL ||
	    sscanf(at + 2,
		"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		&sys) != 2)
		die(path, "not understood");
	return (double)(user + sys) / (double)hz;
}

static uint64_t
relay_written(void)
{
	char path[64], line[128];
	unsigned long long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/io", (long)relay.pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "write_bytes: %llu", &n) == 1)
			break;
	fclose(f);
	return n;
}

/* The engine's connection is the one to the relay's port: the others of this
 * process are not there yet when it is looked for. */
static int
engine_fd(void)
{
	static int known = -1;
	struct sockaddr_in sa;
	socklen_t len;
	int fd;

	for (fd = 3; known < 0 && fd < 256; fd++) {
		len = sizeof(sa);
		if (getpeername(fd, (struct sockaddr *)(void *)&sa, &len) ==
			0 &&
		    sa.sin_family == AF_INET &&
		    ntohs(sa.sin_port) == relay.uri.port)
			known = fd;
	}
	return known;
}

static struct cost
cost_now(void)
{
	struct cost c = {.wall_s = now_s(),
	    .sender_s = clock_s(CLOCK_PROCESS_CPUTIME_ID),
	    .relay_s = relay_cpu_s(),
	    .disk = relay_written()};
	struct tcp_info ti = {0};
	socklen_t len = sizeof(ti);

	if (getsockopt(engine_fd(), IPPROTO_TCP, TCP_INFO, &ti, &len) == 0) {
		c.out = ti.tcpi_bytes_acked;
		c.in = ti.tcpi_bytes_received;
	}
	return c;
}

static void
print_cost(const char *what, const struct cost *a)
{
	struct cost b = cost_now();

	printf("%-28s %9.2f s   sender %7.2f s CPU   relay %6.2f s CPU   "
	       "out %9.1f KiB   in %8.1f KiB   relay's disk %8.1f KiB\n",
	    what, b.wall_s - a->wall_s, b.sender_s - a->sender_s,
	    b.relay_s - a->relay_s, (double)(b.out - a->out) / 1024,
	    (double)(b.in - a->in) / 1024, (double)(b.disk - a->disk) / 1024);
	fflush(stdout);
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_times(const char *what, double *v, size_t n)
{
	if (n == 0)
		return;
	qsort(v, n, sizeof(*v), compare);
	printf("%-28s p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms   of %zu\n",
	    what, v[n / 2] * 1e3, v[(n * 99) / 100] * 1e3, v[n - 1] * 1e3, n);
	fflush(stdout);
}

/* ---- processes -------------------------------------------------------------------- */

static pid_t
spawn(char *const *argv, const char *log)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		die("fork", "failed");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* not longer than this program */
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

/* What stands behind `mark` in the last line of the relay's log that has all
 * of them; waits for it. */
static void
log_find(const char *with, const char *mark, char *out, size_t cap)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	char path[160], line[2048], *at;
	bool found = false;
	int turn;
	FILE *f;

	snprintf(path, sizeof(path), "%s/relay.log", opt.dir);
	for (turn = 0; !found && turn < 2000; turn++) {
		f = fopen(path, "r");
		while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
			at = strstr(line, mark);
			if (at == NULL || strstr(line, with) == NULL)
				continue;
			at += strlen(mark);
			at[strcspn(at, " \n")] = '\0';
			found = true;
			snprintf(out, cap, "%s", at);
		}
		if (f != NULL)
			fclose(f);
		if (!found)
			nanosleep(&pause, NULL);
	}
	if (!found)
		die("the relay's log lacks", mark);
}

static void
start_relay(void)
{
	char program[PATH_MAX + 32], data[160], log[160];
	const char *const own[] = {"--limit-get-keys-account", "off",
	    "--limit-send-account", "off", "--limit-any-account", "off"};
	const char *argv[ARGS_MAX] = {program, "--config", "/dev/null",
	    "--listen", "127.0.0.1:0", "--http-listen", "off", "--blobs", "off",
	    "--registration", "open", "--otp-driver", "log",
	    "--guests-per-address", "10000",
	    /* everybody is at one address here */
	    "--limit-connect-address", "off", "--limit-handshake-address",
	    "off", "--limit-any-address", "off", "--data-dir", data, NULL};

	size_t i, n = 0;

	while (argv[n] != NULL)
		n++;
	for (i = 0; opt.unlimited && i < ARRAY_LEN(own); i++)
		argv[n++] = own[i];
	snprintf(program, sizeof(program), "%s/sotto-relay", opt.build);
	snprintf(data, sizeof(data), "%s/relay", opt.dir);
	snprintf(log, sizeof(log), "%s/relay.log", opt.dir);
	relay.pid = spawn((char *const *)(uintptr_t)argv, log);
	log_find("uri=", "uri=", relay.text, sizeof(relay.text));
	if (uri_parse(relay.text, &relay.uri, NULL) != 0)
		die("the relay's address", relay.text);
}

static void
fill_relay(void)
{
	char program[PATH_MAX + 32], data[160];
	char *argv[] = {program, data, NULL};
	int status = 1;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/tests/group-fill", opt.build);
	snprintf(data, sizeof(data), "%s/relay", opt.dir);
	mkdir(data, 0700);
	pid = spawn(argv, "/dev/stderr");
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die(program, "failed");
}

/* ---- the front ---------------------------------------------------------------------- */

static void
on_wake(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&front.lock);
	front.woken = true;
	pthread_cond_signal(&front.cond);
	pthread_mutex_unlock(&front.lock);
}

static void
on_probe(void)
{
	double s = now_s();

	if (front.n_waits < PROBES_MAX)
		front.waits[front.n_waits++] = s - front.probed_s;
	front.probing = false;
	front.next_probe_s = s + PROBE_MS / 1e3;
}

static void
on_event(const struct engine_event *ev)
{
	if (ev->kind == EV_FATAL)
		die("the engine ends", ev->text != NULL ? ev->text : "");
	if (ev->tag == TAG_PROBE) {
		on_probe();
		return;
	}
	if (ev->kind == EV_ERROR)
		die("the engine says", ev->text != NULL ? ev->text : "");
	if (ev->tag == TAG_STEP) {
		front.answered = true;
		if (ev->kind == EV_GROUP)
			front.chat = ev->groups[0].chat;
		if (ev->kind == EV_REGISTERED)
			memcpy(front.account, ev->self.account,
			    sizeof(front.account));
		if (ev->kind == EV_SENT_LOCALLY) {
			front.msg = ev->msgs[0].id;
			front.local_s = now_s();
		}
	}
	if (ev->kind == EV_CONN)
		front.online = ev->conn == CONN_ONLINE;
	if (ev->kind == EV_MSG_STATE && ev->msg_id == front.msg &&
	    ev->state == MSG_SENT)
		front.sent_s = now_s();
}

/* One turn: ask the engine what a key press would, take what it says. */
static void
front_turn(bool probe)
{
	struct engine_event *ev;
	struct timespec ts;

	if (probe && !front.probing && now_s() >= front.next_probe_s) {
		front.probing = true;
		front.probed_s = now_s();
		must(front.chat == 0 ? engine_chats_top(front.e, TAG_PROBE, 50)
				     : engine_page_before(front.e, TAG_PROBE,
					   front.chat, 0, 50),
		    "probe");
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&front.lock);
	if (!front.woken)
		pthread_cond_timedwait(&front.cond, &front.lock, &ts);
	front.woken = false;
	pthread_mutex_unlock(&front.lock);
	while ((ev = engine_next(front.e)) != NULL) {
		on_event(ev);
		engine_event_free(ev);
	}
}

static void
await_answer(bool probe)
{
	while (!front.answered)
		front_turn(probe);
	front.answered = false;
}

static void
flush(bool probe)
{
	must(engine_flush(front.e, TAG_STEP), "flush");
	await_answer(probe);
}

static void
start_engine(void)
{
	const struct engine_key key = {.passphrase = "bench"};
	struct engine_opts o = {.wake = on_wake, .fast_kdf = true};
	char dir[128], code[16];
	int pid;

	snprintf(dir, sizeof(dir), "%s/sender", opt.dir);
	mkdir(dir, 0700);
	o.dir = dir;
	must(engine_new(&front.e, &o, &pid), "engine");
	must(engine_unlock(front.e, TAG_STEP, &key), "unlock");
	await_answer(false);
	must(engine_register(front.e, TAG_STEP, relay.text, PHONE, "Bench"),
	    "register");
	await_answer(false);
	log_find("phone=", "code=", code, sizeof(code));
	must(engine_verify(front.e, TAG_STEP, code), "verify");
	await_answer(false);
	while (!front.online)
		front_turn(false);
	flush(false);
}

/* ---- the steps ------------------------------------------------------------------------ */

static void
create(void)
{
	uint8_t(*accounts)[ENGINE_ID_LEN] = calloc(PEOPLE, sizeof(*accounts));
	struct cost c = cost_now();
	uint32_t i;

	if (accounts == NULL)
		die("memory", "");
	for (i = 0; i < PEOPLE; i++)
		person_account(accounts[i], i);
	must(engine_group_create(front.e, TAG_STEP, "Bench", "", 0,
		 (const uint8_t(*)[ENGINE_ID_LEN])accounts, PEOPLE),
	    "create");
	free(accounts);
	await_answer(true);
	print_cost("create: relay has it", &c);
	c = cost_now();
	flush(true);
	print_cost("create: 1,023 welcomes", &c);
	print_times("  a chat opened meanwhile", front.waits, front.n_waits);
	front.n_waits = 0;
}

static uint32_t texts; /* sent so far */

/* One text; returns when the relay has it. */
static void
send_text(bool probe, double *local_s, double *sent_s)
{
	double start = now_s();
	char text[16];

	snprintf(text, sizeof(text), "%u", ++texts);
	front.msg = 0;
	front.sent_s = 0;
	must(engine_send_text(front.e, TAG_STEP, front.chat, text), "send");
	await_answer(probe);
	while (front.sent_s == 0)
		front_turn(probe);
	*local_s = front.local_s - start;
	*sent_s = front.sent_s - start;
}

static void
first_send(const char *what)
{
	struct cost c = cost_now();
	double local_s, sent_s;

	send_text(true, &local_s, &sent_s);
	print_cost(what, &c);
	printf("%-28s %9.3f ms\n", "  kept by the sender after", local_s * 1e3);
	print_times("  a chat opened meanwhile", front.waits, front.n_waits);
	front.n_waits = 0;
}

static void
steady(struct peers *peers, unsigned n, uint64_t devices)
{
	double *local = calloc(n, sizeof(*local));
	double *sent = calloc(n, sizeof(*sent));
	double *all = calloc(n, sizeof(*all));
	struct cost c = cost_now(), d;
	struct peers_count count;
	double start;
	unsigned i;

	if (local == NULL || sent == NULL || all == NULL)
		die("memory", "");
	for (i = 0; i < n; i++) {
		if (peers != NULL)
			peers_count(peers, &count);
		start = now_s();
		send_text(false, &local[i], &sent[i]);
		if (peers == NULL)
			continue;
		peers_wait(peers, count.texts + devices);
		all[i] = now_s() - start;
	}
	d = cost_now();
	print_cost(peers == NULL ? "steady, everybody away"
				 : "steady, everybody there",
	    &c);
	print_times("  kept by the sender", local, n);
	print_times("  on the relay", sent, n);
	if (peers != NULL)
		print_times("  on every device", all, n);
	else
		printf("%-28s %9.3f ms CPU   relay %9.3f ms CPU   "
		       "out %7.1f bytes   relay's disk %7.1f KiB\n",
		    "  a message", (d.sender_s - c.sender_s) / n * 1e3,
		    (d.relay_s - c.relay_s) / n * 1e3,
		    (double)(d.out - c.out) / n,
		    (double)(d.disk - c.disk) / n / 1024);
	fflush(stdout);
	free(local);
	free(sent);
	free(all);
}

static void
remove_one(void)
{
	struct cost c = cost_now();
	uint8_t account[1][ENGINE_ID_LEN];

	person_account(account[0], 0);
	must(
	    engine_group_act(front.e, TAG_STEP, front.chat, ENGINE_GROUP_REMOVE,
		(const uint8_t(*)[ENGINE_ID_LEN])account, 1),
	    "remove");
	await_answer(true);
	print_cost("removal: relay has it", &c);
	c = cost_now();
	flush(true);
	print_cost("removal: 1,022 secrets", &c);
	print_times("  a chat opened meanwhile", front.waits, front.n_waits);
	front.n_waits = 0;
}

/* Everybody opened everything, in order; who was removed, nothing after. */
static void
check(struct peers *peers, uint32_t before)
{
	struct peers_count c;
	uint32_t i, first, last, bad = 0;

	peers_count(peers, &c);
	for (i = 0; i < PEOPLE_DEVICES; i++) {
		peers_range(peers, i, &first, &last);
		bad += first != 1 || last != (i < 2 ? before : texts);
	}
	printf("%-28s %llu texts, %llu keys, %llu welcomes and secrets, "
	       "%llu changes opened; %llu wrong, %u devices not complete\n",
	    "check", (unsigned long long)c.texts, (unsigned long long)c.keys,
	    (unsigned long long)c.papers, (unsigned long long)c.entries,
	    (unsigned long long)c.wrong, bad);
	if (c.wrong != 0 || bad != 0)
		die("check", "failed");
}

static void
run(void)
{
	struct peers *peers;
	struct cost c;
	uint32_t before;

	create();
	first_send("first send: 1,535 devices");
	steady(NULL, opt.messages, 0);
	before = texts;
	remove_one();
	first_send("first send after removal");
	peers = peers_new(&relay.uri, front.account, 1);
	c = cost_now();
	peers_connect(peers);
	print_cost("everybody comes", &c);
	check(peers, before);
	steady(peers, ONLINE_TEXTS, PEOPLE_DEVICES - 2);
	check(peers, before);
	peers_free(peers);
}

int
main(int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "m:ku")) != -1)
		if (o == 'm')
			opt.messages = (unsigned)strtoul(optarg, NULL, 10);
		else if (o == 'k')
			opt.keep = true;
		else if (o == 'u')
			opt.unlimited = true;
	if (optind != argc - 1 || opt.messages == 0) {
		fprintf(
		    stderr, "usage: %s [-m MESSAGES] [-ku] FOLDER\n", argv[0]);
		return 2;
	}
	if (sodium_init() < 0 || realpath(argv[optind], opt.build) == NULL)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	snprintf(opt.dir, sizeof(opt.dir), "%s/sotto-group.XXXXXX",
	    getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(opt.dir) == NULL)
		die(opt.dir, "cannot be made");
	front.waits = calloc(PROBES_MAX, sizeof(*front.waits));
	if (front.waits == NULL)
		die("memory", "");
	fill_relay();
	start_relay();
	start_engine();
	run();
	engine_free(front.e);
	kill(relay.pid, SIGTERM);
	waitpid(relay.pid, NULL, 0);
	free(front.waits);
	if (opt.keep)
		printf("%s\n", opt.dir);
	else
		tree_remove(opt.dir);
	return 0;
}
