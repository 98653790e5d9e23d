/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/relay_load.h"

#define WINDOW_MAX  1024
#define BUF_MAX	    (64u << 20)
#define PENDING_MAX 256 /* connections being opened at once */
#define SAMPLES_MAX (1u << 22)

struct samples {
	uint32_t *us; /* tenths of a microsecond */
	size_t n;
};

struct load {
	const struct load_proto *proto;
	int ep;
	struct peer **peers[2];
	uint32_t n[2], ready[2];
	struct samples ack, e2e;
	uint64_t acked, got, sent;
	uint32_t window, receivers;
	bool sending;
};

void
load_die(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t
load_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- samples -------------------------------------------------------------------------- */

static void
sample(struct samples *s, uint64_t ns)
{
	if (s->n < SAMPLES_MAX)
		s->us[s->n++] = (uint32_t)(ns / 100);
}

static int
compare(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void
percentiles(struct samples *s, uint64_t *p50, uint64_t *p99)
{
	*p50 = *p99 = 0;
	if (s->n == 0)
		return;
	qsort(s->us, s->n, sizeof(s->us[0]), compare);
	*p50 = (uint64_t)s->us[s->n / 2] * 100;
	*p99 = (uint64_t)s->us[s->n * 99 / 100] * 100;
}

/* ---- peers ---------------------------------------------------------------------------- */

struct load *
load_new(const struct load_proto *proto)
{
	struct load *l = calloc(1, sizeof(*l));

	if (l == NULL)
		load_die("memory");
	l->proto = proto;
	l->ep = epoll_create1(EPOLL_CLOEXEC);
	l->ack.us = malloc(SAMPLES_MAX * sizeof(uint32_t));
	l->e2e.us = malloc(SAMPLES_MAX * sizeof(uint32_t));
	if (l->ep < 0 || l->ack.us == NULL || l->e2e.us == NULL)
		load_die("memory");
	return l;
}

void
load_free(struct load *l)
{
	load_close(l, LOAD_SENDER);
	load_close(l, LOAD_RECEIVER);
	close(l->ep);
	free(l->ack.us);
	free(l->e2e.us);
	free(l);
}

static void
watch(struct peer *p, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = p};
	int op = p->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (events == p->events)
		return;
	if (epoll_ctl(p->load->ep, op, p->fd, &ev) != 0)
		load_die("epoll_ctl");
	p->events = events;
}

static void
flush(struct peer *p)
{
	ssize_t n;

	if (p->load->proto->flush != NULL)
		p->load->proto->flush(p);
	if (p->out.len > 0) {
		n = send(p->fd, p->out.p, p->out.len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			load_die("send");
		if (n > 0)
			buf_drop(&p->out, (size_t)n);
		/* an idle client owns no buffer either */
		if (p->out.len == 0 && p->out.cap > 4096)
			buf_clear(&p->out);
	}
	watch(p, p->out.len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void
read_peer(struct peer *p)
{
	ssize_t n;

	if (buf_reserve(&p->in, 65536) != 0)
		load_die("memory");
	n = recv(p->fd, p->in.p + p->in.len, 65536, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		load_die("the server hung up");
	if (n < 0)
		return;
	p->in.len += (size_t)n;
	p->load->proto->input(p);
	if (p->in.len == 0)
		buf_clear(&p->in);
}

static void
dial(struct peer *p, bool spread)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct sockaddr_in me = {.sin_family = AF_INET};
	int on = 1;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		load_die("socket");
	(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	me.sin_addr.s_addr = htonl(0x7f010001u + (spread ? p->index % 200 : 0));
	sa.sin_port = htons(p->load->proto->port);
	inet_pton(AF_INET, p->load->proto->host, &sa.sin_addr);
	if (bind(p->fd, (struct sockaddr *)(void *)&me, sizeof(me)) != 0 ||
	    connect(p->fd, (struct sockaddr *)(void *)&sa, sizeof(sa)) != 0)
		load_die("connect");
	p->load->proto->open(p);
	flush(p);
}

static void
fill_window(struct peer *p)
{
	uint8_t body[LOAD_BODY];
	uint64_t now;

	while (p->load->sending && p->inflight < p->load->window) {
		now = load_now_ns();
		memset(body, 'x', sizeof(body));
		memcpy(body, &now, sizeof(now));
		p->load->proto->send(p, p->index % p->load->receivers, body);
		p->sent_ns[p->next++ % WINDOW_MAX] = now;
		p->inflight++;
		p->load->sent++;
	}
}

/* One round of events. */
static void
turn(struct load *l, int timeout_ms)
{
	struct epoll_event ev[256];
	int i, n = epoll_wait(l->ep, ev, 256, timeout_ms);

	for (i = 0; i < n; i++) {
		struct peer *p = ev[i].data.ptr;

		if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			read_peer(p);
		if (p->role == LOAD_SENDER && p->ready)
			fill_window(p);
		flush(p);
	}
}

static void
connect_one(struct load *l, enum load_role role, uint32_t i, bool spread)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		load_die("memory");
	l->peers[role][i] = p;
	p->load = l;
	p->role = role;
	p->index = i;
	buf_init(&p->in, BUF_MAX);
	buf_init(&p->out, BUF_MAX);
	if (role == LOAD_SENDER) {
		p->sent_ns = calloc(WINDOW_MAX, sizeof(uint64_t));
		if (p->sent_ns == NULL)
			load_die("memory");
	}
	dial(p, spread);
}

void
load_connect(struct load *l, enum load_role role, uint32_t n, bool spread)
{
	struct peer **v;

	v = realloc(l->peers[role], n * sizeof(struct peer *));
	if (v == NULL)
		load_die("memory");
	l->peers[role] = v;
	while (l->n[role] < n) {
		connect_one(l, role, l->n[role]++, spread);
		while (l->n[role] - l->ready[role] >= PENDING_MAX)
			turn(l, -1);
	}
	while (l->ready[role] < n)
		turn(l, -1);
}

void
load_close(struct load *l, enum load_role role)
{
	uint32_t i;

	for (i = 0; i < l->n[role]; i++) {
		struct peer *p = l->peers[role][i];

		l->proto->close(p);
		close(p->fd);
		buf_clear(&p->in);
		buf_clear(&p->out);
		free(p->sent_ns);
		free(p);
	}
	free(l->peers[role]);
	l->peers[role] = NULL;
	l->n[role] = l->ready[role] = 0;
}

/* ---- what protocols report -------------------------------------------------------------- */

void
load_ready(struct peer *p)
{
	p->ready = true;
	p->load->ready[p->role]++;
}

void
load_acked(struct peer *p, uint32_t n)
{
	uint64_t now = load_now_ns();

	while (n-- > 0) {
		sample(
		    &p->load->ack, now - p->sent_ns[p->first++ % WINDOW_MAX]);
		p->inflight--;
		p->load->acked++;
	}
}

void
load_got(struct peer *p, const uint8_t *body, size_t len)
{
	uint64_t then;

	if (len != LOAD_BODY)
		load_die("a message of another length");
	memcpy(&then, body, sizeof(then));
	sample(&p->load->e2e, load_now_ns() - then);
	p->load->got++;
}

/* ---- runs ------------------------------------------------------------------------------- */

static void
reset(struct load *l)
{
	l->ack.n = l->e2e.n = 0;
	l->acked = l->got = l->sent = 0;
}

static void
finish(struct load *l, uint64_t start, struct load_result *r)
{
	r->ns = load_now_ns() - start;
	r->sent = l->sent;
	r->acked = l->acked;
	r->got = l->got;
	percentiles(&l->ack, &r->ack_p50, &r->ack_p99);
	percentiles(&l->e2e, &r->e2e_p50, &r->e2e_p99);
}

void
load_run(struct load *l, uint32_t window, uint32_t ms, uint64_t max,
    uint32_t receivers, bool receive, struct load_result *r)
{
	uint64_t start = load_now_ns();
	uint64_t end = start + (uint64_t)ms * 1000000;
	uint32_t i;

	reset(l);
	l->window = window < WINDOW_MAX ? window : WINDOW_MAX;
	l->receivers = receivers;
	l->sending = true;
	for (i = 0; i < l->n[LOAD_SENDER]; i++) {
		fill_window(l->peers[LOAD_SENDER][i]);
		flush(l->peers[LOAD_SENDER][i]);
	}
	while (load_now_ns() < end && (max == 0 || l->sent < max))
		turn(l, 100);
	l->sending = false;
	while (l->acked < l->sent || (receive && l->got < l->sent))
		turn(l, 100);
	finish(l, start, r);
}

void
load_drain(struct load *l, uint64_t n, struct load_result *r)
{
	uint64_t start = load_now_ns();

	while (l->got < n)
		turn(l, 100);
	finish(l, start, r);
}

void
load_idle(struct load *l, uint32_t ms)
{
	uint64_t end = load_now_ns() + (uint64_t)ms * 1000000;

	while (load_now_ns() < end)
		turn(l, 10);
}
