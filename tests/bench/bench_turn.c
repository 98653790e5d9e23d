/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_turn.c — load for a TURN server that runs already: clients with one
 * channel each to one peer, both ends here. Says what the server's processor
 * time a packet is (all threads, /proc/PID/task/.../schedstat), counted by what
 * has arrived. tests/bench/turn.sh runs it beside coturn.
 *   bench_turn PID SERVER-IP PEER-IP SECRET up|down BYTES BURST RATE SECONDS
 *   bench_turn PID SERVER-IP PEER-IP SECRET memory ALLOCATIONS
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/stun/cred.h"
#include "common/stun/stun.h"

#define CLIENTS	  50
#define BATCH	  32
#define BYTES_MAX 1400
#define CHANNEL	  0x4000

struct client {
	int fd;
	struct sockaddr_in relayed;
	char nonce[128], realm[128];
};

static struct sockaddr_in server, peer;
static int peer_fd;
static const char *secret;
static uint32_t serial;
static char name[TURN_NAME_CAP];

static void NORETURN
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
udp(const char *from, struct sockaddr_in *out)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
	struct timeval wait = {.tv_sec = 3};

	inet_pton(AF_INET, from, &a.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (out != NULL && getsockname(fd, (struct sockaddr *)out, &len) != 0)
		die("getsockname");
	return fd;
}

/* ---- requests -------------------------------------------------------------------- */

static void
text_of(const struct stun_msg *m, uint16_t type, char out[static 128])
{
	struct stun_attr a;

	if (stun_find(m, type, &a) && a.len < 128) {
		memcpy(out, a.v, a.len);
		out[a.len] = '\0';
	}
}

static void
sign(struct stun_out *o, const struct client *c)
{
	char password[TURN_PASSWORD_CAP];
	struct stun_key k;

	turn_cred_password(
	    password, secret, strlen(secret), name, strlen(name));
	stun_key_long(&k, STUN_MD5, name, strlen(name), c->realm, password);
	stun_put_text(o, STUN_ATTR_USERNAME, name);
	stun_put_text(o, STUN_ATTR_REALM, c->realm);
	stun_put_text(o, STUN_ATTR_NONCE, c->nonce);
	stun_put_mac(o, k.b, k.len);
}

static void
fill(struct stun_out *o, uint16_t method)
{
	struct stun_addr a = {STUN_IPV4, ntohs(peer.sin_port), {0}};

	memcpy(a.ip, &peer.sin_addr, 4);
	if (method == STUN_ALLOCATE)
		stun_put_u32(o, STUN_ATTR_REQUESTED_TRANSPORT, 17u << 24);
	if (method == STUN_REFRESH)
		stun_put_u32(o, STUN_ATTR_LIFETIME, 0);
	if (method == STUN_CHANNEL_BIND) {
		stun_put_u32(o, STUN_ATTR_CHANNEL_NUMBER, CHANNEL << 16);
		stun_put_addr(o, STUN_ATTR_XOR_PEER_ADDRESS, &a);
	}
}

static void
ask(struct client *c, uint16_t method)
{
	uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42};
	uint8_t p[1024], in[2048];
	struct stun_addr addr;
	struct stun_attr a;
	struct stun_out o;
	struct stun_msg m;
	ssize_t n;
	int i;

	for (i = 0; i < 3; i++) {
		serial++;
		memcpy(tid + 4, &serial, sizeof(serial));
		stun_begin(&o, p, sizeof(p), STUN_REQUEST, method, tid);
		fill(&o, method);
		if (c->nonce[0] != '\0')
			sign(&o, c);
		if (send(c->fd, p, stun_end(&o), 0) < 0)
			die("send");
		do /* data of the load may still be there */
			n = recv(c->fd, in, sizeof(in), 0);
		while (n > 0 && in[0] >= CHANNEL >> 8);
		if (n < 0 || stun_read(&m, in, (size_t)n) != 0)
			die("no answer");
		if (m.class == STUN_SUCCESS)
			break;
		text_of(&m, STUN_ATTR_REALM, c->realm);
		text_of(&m, STUN_ATTR_NONCE, c->nonce);
	}
	if (i == 3) {
		fprintf(stderr, "method %u: error %u\n", method,
		    stun_error_code(&m));
		exit(1);
	}
	if (method != STUN_ALLOCATE ||
	    !stun_find(&m, STUN_ATTR_XOR_RELAYED_ADDRESS, &a) ||
	    stun_get_addr(&m, &a, &addr) != 0)
		return;
	c->relayed.sin_family = AF_INET;
	c->relayed.sin_port = htons(addr.port);
	memcpy(&c->relayed.sin_addr, addr.ip, 4);
}

static void
client_open(struct client *c)
{
	char from[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &peer.sin_addr, from, sizeof(from));
	c->fd = udp(from, NULL);
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) != 0)
		die("connect");
	ask(c, STUN_ALLOCATE);
	ask(c, STUN_CHANNEL_BIND);
}

/* ---- the server's figures ---------------------------------------------------------- */

static uint64_t
cpu_ns(const char *pid)
{
	char path[600];
	unsigned long long ns;
	uint64_t sum = 0;
	struct dirent *e;
	FILE *f;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	d = opendir(path);
	if (d == NULL)
		die(path);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid,
		    e->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1)
			sum += ns;
		fclose(f);
	}
	closedir(d);
	return sum;
}

static long
rss_kib(const char *pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	f = fopen(path, "r");
	if (f == NULL)
		die(path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* ---- load ------------------------------------------------------------------------------ */

static uint64_t
drain(int fd)
{
	static uint8_t bytes[BATCH][BYTES_MAX + 64];
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];
	uint64_t got = 0;
	int i, n;

	do {
		memset(m, 0, sizeof(m));
		for (i = 0; i < BATCH; i++) {
			v[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
			m[i].msg_hdr.msg_iov = &v[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
		got += n > 0 ? (uint64_t)n : 0;
	} while (n == BATCH);
	return got;
}

/* A burst from one client, or to it. */
static uint64_t
burst(const struct client *c, int up, size_t bytes, int n)
{
	static uint8_t p[BYTES_MAX + 4];
	struct mmsghdr m[BATCH];
	struct iovec v = {up ? p : p + 4, up ? bytes + 4 : bytes};
	int i, sent;

	p[0] = CHANNEL >> 8;
	p[1] = CHANNEL & 0xff;
	p[2] = (uint8_t)(bytes >> 8);
	p[3] = (uint8_t)bytes;
	memset(m, 0, sizeof(m));
	for (i = 0; i < n; i++) {
		m[i].msg_hdr.msg_iov = &v;
		m[i].msg_hdr.msg_iovlen = 1;
		if (up)
			continue;
		m[i].msg_hdr.msg_name = (void *)(uintptr_t)&c->relayed;
		m[i].msg_hdr.msg_namelen = sizeof(c->relayed);
	}
	sent = sendmmsg(up ? c->fd : peer_fd, m, (unsigned)n, 0);
	return sent > 0 ? (uint64_t)sent : 0;
}

static uint64_t
take(struct client *c, int up)
{
	uint64_t got = 0;
	int i;

	if (up)
		return drain(peer_fd);
	for (i = 0; i < CLIENTS; i++)
		got += drain(c[i].fd);
	return got;
}

static void
load(struct client *c, char **argv)
{
	int up = strcmp(argv[5], "up") == 0, at = 0;
	size_t bytes = strtoul(argv[6], NULL, 10);
	int n = (int)strtol(argv[7], NULL, 10);
	double rate = strtod(argv[8], NULL), s = strtod(argv[9], NULL);
	uint64_t sent = 0, got = 0, cpu = cpu_ns(argv[1]);
	double start = now(), t;

	if (bytes > BYTES_MAX || n < 1 || n > BATCH) {
		errno = EINVAL;
		die("bytes, burst");
	}
	while ((t = now() - start) < s) {
		if ((double)sent < t * rate) {
			sent += burst(&c[at], up, bytes, n);
			at = (at + 1) % CLIENTS;
		}
		if (up || at == 0)
			got += take(c, up);
	}
	while (now() - start < s + 0.2)
		got += take(c, up);
	cpu = cpu_ns(argv[1]) - cpu;
	printf("%-4s %4zu B burst %2d: %7.0f/s sent, %5.2f %% lost, "
	       "%5.2f us of the server's processor a packet\n",
	    argv[5], bytes, n, (double)sent / s,
	    100.0 - 100.0 * (double)got / (double)sent,
	    (double)cpu / 1000.0 / (double)got);
}

static void
memory(const char *pid, const char *count)
{
	size_t n = strtoul(count, NULL, 10), i;
	struct client *c = calloc(n, sizeof(*c));
	long before;
	double start;

	if (c == NULL)
		die("memory");
	client_open(&c[0]); /* what comes once comes before */
	before = rss_kib(pid);
	start = now();
	for (i = 1; i < n; i++)
		client_open(&c[i]);
	printf("%zu allocations with a channel: %.2f KiB each, %.0f/s\n", n,
	    (double)(rss_kib(pid) - before) / (double)(n - 1),
	    (double)(n - 1) / (now() - start));
	for (i = 0; i < n; i++)
		ask(&c[i], STUN_REFRESH);
	free(c);
}

int
main(int argc, char **argv)
{
	static struct client c[CLIENTS];
	struct rlimit lim;
	int i;

	if (argc < 7 || (strcmp(argv[5], "memory") != 0 && argc != 10)) {
		fprintf(stderr, "usage: see tests/bench/bench_turn.c\n");
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
	secret = argv[4];
	if (turn_cred_name(name, (uint64_t)time(NULL) + 3600, "bench") != 0)
		die("name");
	server.sin_family = AF_INET;
	server.sin_port = htons(3478);
	inet_pton(AF_INET, argv[2], &server.sin_addr);
	peer_fd = udp(argv[3], &peer);
	if (strcmp(argv[5], "memory") == 0) {
		memory(argv[1], argv[6]);
		return 0;
	}
	for (i = 0; i < CLIENTS; i++)
		client_open(&c[i]);
	load(c, argv);
	for (i = 0; i < CLIENTS; i++)
		ask(&c[i], STUN_REFRESH);
	return 0;
}
