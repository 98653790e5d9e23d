/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay-bench — the relay beside mosquitto (QoS 1, persistence), on the same
 * machine, in turns, doing the same work; one line a figure, ratios at the
 * end. The relay's messages are on disk when acknowledged, and encrypted on
 * the way.
 *
 *   relay-bench [-r ROUNDS] [-s SECONDS] [-i IDLE] [-q QUEUED] [-n] FOLDER
 *     -n  without mosquitto; 0 leaves a part out
 * FOLDER holds sotto-relay; data go to a new folder below $TMPDIR.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "common/uri.h"
#include "relay/abuse/limit.h"
#include "tests/bench/relay_load.h"
#include "tests/bench/relay_people.h"
#include "tests/lib/tree.h"

#define PAIRS	   64
#define ROUNDS_MAX 16
#define ARGS_MAX   96

struct server {
	const char *name;
	struct load_proto proto;
	pid_t pid;
	char dir[128];
	FILE *lines;
};

static struct {
	unsigned rounds, seconds, idle, queued;
	bool rival;
	char program[PATH_MAX];
	char dir[96];
} opt = {
    .rounds = 3, .seconds = 4, .idle = 15000, .queued = 200000, .rival = true};

/* ---- processes -------------------------------------------------------------------------- */

static pid_t
spawn(char *const *argv, int err)
{
	pid_t pid = fork();

	if (pid < 0)
		load_die("fork");
	if (pid == 0) {
		if (err >= 0)
			dup2(err, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* User and system time so far, in seconds. */
static double
cpu_of(pid_t pid)
{
	char path[64], line[1024], *at;
	unsigned long user = 0, sys = 0;
	long hz;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		load_die(path);
	fclose(f);
	at = strrchr(line, ')');
	if (at == NULL ||
	    sscanf(at + 2,
		"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		&sys) != 2)
		load_die(path);
	hz = sysconf(_SC_CLK_TCK);
	return (double)(user + sys) / (double)hz;
}

/* Resident memory that is the process's own, in KiB. */
static long
rss_of(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		load_die(path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	fclose(f);
	return kib;
}

static void
stop(struct server *s)
{
	int status;

	kill(s->pid, SIGTERM);
	while (waitpid(s->pid, &status, 0) < 0)
		;
	s->pid = 0;
	if (s->lines != NULL)
		fclose(s->lines);
	s->lines = NULL;
}

/* ---- the relay ---------------------------------------------------------------------------- */

static void
relay_args(const char **argv, const char *data)
{
	static const char *const fixed[] = {
		"--config",
		"/dev/null",
		"--listen",
		"127.0.0.1:0",
		"--blobs",
		"off",
		"--http-listen",
		"off",
		"--threads",
		"2",
		"--connections-max",
		"100000",
		"--guests-per-address",
		"100000",
		"--queue-max",
		"1000000",
#define X(class, kind, row, def, doc) "--" row, "off",
		LIMIT_ROWS(X)
#undef X
		    "--data-dir",
	};
	size_t i;

	*argv++ = opt.program;
	for (i = 0; i < ARRAY_LEN(fixed); i++)
		*argv++ = fixed[i];
	*argv++ = data;
	*argv = NULL;
}

/* The relay tells where it is in its log. */
static void
read_uri(FILE *lines, struct uri *uri)
{
	char line[2048], *at = NULL;

	while (at == NULL && fgets(line, sizeof(line), lines) != NULL)
		at = strstr(line, " uri=");
	if (at == NULL)
		load_die("sotto-relay does not start");
	at += 5;
	at[strcspn(at, " \n")] = '\0';
	if (uri_parse(at, uri, NULL) != 0)
		load_die(at);
}

static void
start_relay(struct server *s, const struct people *people)
{
	const char *argv[ARGS_MAX];
	struct uri uri;
	int fd[2];

	relay_args(argv, s->dir);
	if (pipe2(fd, O_CLOEXEC) != 0)
		load_die("pipe");
	s->pid = spawn((char *const *)(uintptr_t)argv, fd[1]);
	close(fd[1]);
	s->lines = fdopen(fd[0], "r");
	read_uri(s->lines, &uri);
	load_sotto(&s->proto, people, uri.key, uri.port, PAIRS);
}

/* ---- mosquitto --------------------------------------------------------------- */

#define MQTT_PORT 18830

static void
write_mosquitto_conf(const struct server *s, const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		load_die(path);
	fprintf(f,
	    "listener %d 127.0.0.1\nallow_anonymous true\n"
	    "persistence true\npersistence_location %s/\n"
	    "max_queued_messages 0\nmax_queued_bytes 0\n"
	    "max_inflight_messages 1000\nset_tcp_nodelay true\n"
	    "log_dest none\n%s",
	    MQTT_PORT, s->dir, geteuid() == 0 ? "user root\n" : "");
	fclose(f);
}

static bool
listens(uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok;

	sa.sin_port = htons(port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = connect(fd, (struct sockaddr *)(void *)&sa, sizeof(sa)) == 0;
	close(fd);
	return ok;
}

static void
start_mosquitto(struct server *s)
{
	char path[200];
	const char *argv[] = {"/usr/sbin/mosquitto", "-c", path, NULL};
	int i;

	if (mkdir(s->dir, 0700) != 0 && errno != EEXIST)
		load_die(s->dir);
	snprintf(path, sizeof(path), "%s/m.conf", s->dir);
	write_mosquitto_conf(s, path);
	s->pid = spawn((char *const *)(uintptr_t)argv, -1);
	for (i = 0; i < 500 && !listens(MQTT_PORT); i++)
		usleep(10000);
	if (i == 500)
		load_die("mosquitto does not start");
	load_mqtt(&s->proto, MQTT_PORT);
}

/* ---- figures ------------------------------------------------------------------- */

#define FIGURES(X) /* name, unit, more is better */                            \
	X(RATE, "throughput", "msg/s", true)                                   \
	X(ACK50, "ack p50", "ms", false)                                       \
	X(ACK99, "ack p99", "ms", false)                                       \
	X(E2E50, "end to end p50", "ms", false)                                \
	X(E2E99, "end to end p99", "ms", false)                                \
	X(CPU, "CPU of the server", "us/msg", false)

enum figure {
#define X(id, name, unit, more) FIG_##id,
	FIGURES(X)
#undef X
	    FIG_COUNT
};

static const struct {
	const char *name, *unit;
	bool more;
} figures[] = {
#define X(id, name, unit, more) {name, unit, more},
    FIGURES(X)
#undef X
};

static int
compare(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static void
print(const char *server, const char *what, double v, const char *unit)
{
	printf(
	    "%-10s %-34s %12.*f %s\n", server, what, v < 100 ? 3 : 0, v, unit);
	fflush(stdout);
}

static void
print_ratio(const char *what, double ours, double theirs, bool more)
{
	if (!opt.rival || ours <= 0 || theirs <= 0)
		return;
	printf("%-10s %-34s %12.2f times %s\n", "ratio", what,
	    more ? ours / theirs : theirs / ours, "better");
	fflush(stdout);
}

/* ---- scenarios ------------------------------------------------------------------- */

struct bench {
	struct people people;
	struct server v[2]; /* ours, theirs */
	size_t n;
};

static void
throughput_once(struct server *s, unsigned window, double out[FIG_COUNT])
{
	struct load *l = load_new(&s->proto);
	struct load_result r;
	double cpu;

	load_connect(l, LOAD_RECEIVER, PAIRS, false);
	load_connect(l, LOAD_SENDER, PAIRS, false);
	load_run(l, window, 500, 0, PAIRS, true, &r); /* warm up */
	cpu = cpu_of(s->pid);
	load_run(l, window, opt.seconds * 1000, 0, PAIRS, true, &r);
	cpu = cpu_of(s->pid) - cpu;
	load_free(l);
	out[FIG_RATE] = (double)r.acked * 1e9 / (double)r.ns;
	out[FIG_ACK50] = (double)r.ack_p50 / 1e6;
	out[FIG_ACK99] = (double)r.ack_p99 / 1e6;
	out[FIG_E2E50] = (double)r.e2e_p50 / 1e6;
	out[FIG_E2E99] = (double)r.e2e_p99 / 1e6;
	out[FIG_CPU] = cpu * 1e6 / (double)r.acked;
}

static void
throughput(struct bench *b, unsigned window)
{
	double v[2][FIG_COUNT][ROUNDS_MAX], one[FIG_COUNT], m[2];
	char what[64];
	size_t round, i, f;

	for (round = 0; round < opt.rounds; round++) {
		for (i = 0; i < b->n; i++) {
			throughput_once(&b->v[i], window, one);
			for (f = 0; f < FIG_COUNT; f++)
				v[i][f][round] = one[f];
		}
	}
	for (f = 0; f < FIG_COUNT; f++) {
		snprintf(
		    what, sizeof(what), "w=%u %s", window, figures[f].name);
		for (i = 0; i < b->n; i++) {
			m[i] = median(v[i][f], opt.rounds);
			print(b->v[i].name, what, m[i], figures[f].unit);
		}
		if (b->n == 2)
			print_ratio(what, m[0], m[1], figures[f].more);
	}
}

/* Nobody is there to receive; then all come at once. */
static void
offline(struct bench *b)
{
	double rate[2] = {0}, drain[2] = {0}, rss[2] = {0};
	size_t i;

	for (i = 0; i < b->n; i++) {
		struct server *s = &b->v[i];
		struct load *l = load_new(&s->proto);
		struct load_result r;
		uint64_t start;
		long before;

		load_connect(l, LOAD_RECEIVER, PAIRS, false);
		load_close(l, LOAD_RECEIVER); /* now they have a queue */
		load_connect(l, LOAD_SENDER, PAIRS, false);
		before = rss_of(s->pid);
		load_run(l, 16, 600000, opt.queued, PAIRS, false, &r);
		rate[i] = (double)r.acked * 1e9 / (double)r.ns;
		rss[i] =
		    (double)(rss_of(s->pid) - before) * 1024 / (double)r.acked;
		load_close(l, LOAD_SENDER);
		start = load_now_ns();
		load_connect(l, LOAD_RECEIVER, PAIRS, false);
		load_drain(l, r.acked, &r);
		drain[i] =
		    (double)r.got * 1e9 / (double)(load_now_ns() - start);
		load_idle(l, 500); /* the last acknowledgements */
		load_free(l);
		print(s->name, "offline: enqueue", rate[i], "msg/s");
		print(s->name, "offline: memory", rss[i], "bytes/msg");
		print(s->name, "offline: drain", drain[i], "msg/s");
	}
	print_ratio("offline: enqueue", rate[0], rate[1], true);
	print_ratio("offline: drain", drain[0], drain[1], true);
}

/*
 * Memory of a connection: what the last third of them adds. The first ones
 * also fill caches of a fixed size (the database's pages), which do not grow
 * with the connections; "with caches" counts these too.
 */
static void
idle_once(struct server *s, double bytes[2], double *secs, double *cpu)
{
	const unsigned most = opt.idle - opt.idle / 3;
	struct load *l = load_new(&s->proto);
	long empty, between, all;
	uint64_t start;

	load_connect(l, LOAD_RECEIVER, 100, false); /* what is made once */
	load_close(l, LOAD_RECEIVER);
	load_idle(l, 500);
	empty = rss_of(s->pid);
	*cpu = cpu_of(s->pid);
	start = load_now_ns();
	load_connect(l, LOAD_RECEIVER, most, true);
	load_idle(l, 500);
	between = rss_of(s->pid);
	load_connect(l, LOAD_RECEIVER, opt.idle, true);
	*secs = (double)(load_now_ns() - start) / 1e9 - 0.5;
	load_idle(l, 500);
	*cpu = (cpu_of(s->pid) - *cpu) * 1e6 / (double)opt.idle;
	all = rss_of(s->pid);
	bytes[0] = (double)(all - between) * 1024 / (double)(opt.idle - most);
	bytes[1] = (double)(all - empty) * 1024 / (double)opt.idle;
	load_free(l);
}

static void
idle(struct bench *b)
{
	double bytes[2][2], secs[2] = {0}, cpu;
	size_t i;

	memset(bytes, 0, sizeof(bytes));
	for (i = 0; i < b->n; i++) {
		const char *name = b->v[i].name;

		idle_once(&b->v[i], bytes[i], &secs[i], &cpu);
		print(name, "idle connection: memory", bytes[i][0], "bytes");
		print(
		    name, "idle connection: with caches", bytes[i][1], "bytes");
		print(name, "idle connections: all there in", secs[i], "s");
		print(name, "idle connection: CPU to connect", cpu, "us");
	}
	print_ratio("idle connection: memory", bytes[0][0], bytes[1][0], false);
	print_ratio("idle connections: all there in", secs[0], secs[1], false);
}

/* ---- main ------------------------------------------------------------------------ */

static int
usage(void)
{
	(void)fprintf(stderr,
	    "usage: relay-bench [-r rounds] [-s seconds] [-i idle] "
	    "[-q queued] [-n] folder-of-sotto-relay\n");
	return 2;
}

static int
read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "r:s:i:q:n")) != -1) {
		unsigned n =
		    optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'r':
			opt.rounds = n;
			break;
		case 's':
			opt.seconds = n;
			break;
		case 'i':
			opt.idle = n;
			break;
		case 'q':
			opt.queued = n;
			break;
		case 'n':
			opt.rival = false;
			break;
		default:
			return usage();
		}
	}
	if (optind + 1 != argc || opt.rounds == 0 || opt.rounds > ROUNDS_MAX)
		return usage();
	snprintf(
	    opt.program, sizeof(opt.program), "%s/sotto-relay", argv[optind]);
	return 0;
}

static void
raise_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) != 0)
		return;
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) != 0 ||
	    lim.rlim_cur < opt.idle + 200)
		opt.idle = (unsigned)lim.rlim_cur / 2;
}

/* What memory was used before is no concern of the next figure; nor are the
 * sessions mosquitto would read back. The relay keeps its accounts. */
static void
restart(struct bench *b)
{
	stop(&b->v[0]);
	start_relay(&b->v[0], &b->people);
	if (b->n == 1)
		return;
	stop(&b->v[1]);
	(void)tree_remove(b->v[1].dir);
	start_mosquitto(&b->v[1]);
}

static void
run(struct bench *b)
{
	static const unsigned windows[] = {1, 4, 16};
	size_t i;

	/* First, while both are new: memory that was freed before would be
	 * used again and not be seen to grow. */
	if (opt.idle > 0) {
		idle(b);
		restart(b);
	}
	for (i = 0; opt.seconds > 0 && i < ARRAY_LEN(windows); i++)
		throughput(b, windows[i]);
	if (opt.queued > 0) {
		restart(b);
		offline(b);
	}
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	struct bench b = {.n = 1};
	size_t i;

	if (sodium_init() < 0 || read_options(argc, argv) != 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	snprintf(opt.dir, sizeof(opt.dir), "%s/sotto-bench-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(opt.dir) == NULL)
		load_die(opt.dir);
	b.v[0].name = "sotto";
	b.v[1].name = "mosquitto";
	snprintf(b.v[0].dir, sizeof(b.v[0].dir), "%s/sotto", opt.dir);
	snprintf(b.v[1].dir, sizeof(b.v[1].dir), "%s/mosquitto", opt.dir);
	people_make(&b.people, b.v[0].dir,
	    PAIRS + (opt.idle > PAIRS ? opt.idle : PAIRS));
	start_relay(&b.v[0], &b.people);
	if (opt.rival) {
		start_mosquitto(&b.v[1]);
		b.n = 2;
	}
	run(&b);
	for (i = 0; i < b.n; i++)
		stop(&b.v[i]);
	people_free(&b.people);
	(void)tree_remove(opt.dir);
	return 0;
}
