/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp.c — datagrams by the batch. Neighbours of equal length with one
 * destination leave as one call that the system cuts (UDP_SEGMENT), where it
 * can.
 */
#include <errno.h>
#include <netinet/udp.h>

#include "relay/turn/priv.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define SEGMENT_LEN_MAX 1400 /* that every way to a client should take */

struct control {
	_Alignas(struct cmsghdr) uint8_t
	    b[CMSG_SPACE(sizeof(union local)) + CMSG_SPACE(sizeof(uint16_t))];
};

/* ---- in --------------------------------------------------------------------------- */

static void
local_of(struct msghdr *m, union local *out)
{
	struct cmsghdr *c;

	memset(out, 0, sizeof(*out));
	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			memcpy(&out->in, CMSG_DATA(c), sizeof(out->in));
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			memcpy(&out->in6, CMSG_DATA(c), sizeof(out->in6));
	}
}

void
udp_readable(struct worker *w, struct listener *l)
{
	struct mmsghdr m[RECV_CLIENTS];
	struct iovec v[RECV_CLIENTS];
	union sa from[RECV_CLIENTS];
	struct control control[RECV_CLIENTS];
	uint16_t slot[RECV_CLIENTS];
	struct from f = {.listener = l};
	int i, n, got;

	for (n = 0; n < RECV_CLIENTS; n++) {
		slot[n] = slot_take(w);
		if (slot[n] == SLOT_NONE)
			break;
		v[n] = (struct iovec){slot_bytes(w, slot[n]), SLOT_MAX};
		m[n].msg_hdr = (struct msghdr){.msg_name = &from[n],
		    .msg_namelen = sizeof(from[n]),
		    .msg_iov = &v[n],
		    .msg_iovlen = 1};
		if (l->any) {
			m[n].msg_hdr.msg_control = &control[n];
			m[n].msg_hdr.msg_controllen = sizeof(control[n]);
		}
	}
	got = recvmmsg(l->w.fd, m, (unsigned)n, MSG_DONTWAIT, NULL);
	for (i = 0; i < got && i < n; i++) {
		f.addr = from[i];
		if (l->any)
			local_of(&m[i].msg_hdr, &f.local);
		path_from_client(
		    w, &f, slot_bytes(w, slot[i]), m[i].msg_len, slot[i]);
	}
	for (i = got > 0 ? got : 0; i < n; i++)
		slot_give(w, slot[i]);
	path_flush(w);
}

/* ---- out ---------------------------------------------------------------------------- */

static void
add_control(struct msghdr *m, struct control *c, int level, int type,
    const void *p, size_t len)
{
	struct cmsghdr *h;

	m->msg_control = c;
	h = (struct cmsghdr *)(void *)(c->b + m->msg_controllen);
	h->cmsg_level = level;
	h->cmsg_type = type;
	h->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(h), p, len);
	m->msg_controllen += CMSG_SPACE(len);
}

/* Answers leave from the address that was asked. */
static void
add_local(struct msghdr *m, struct control *c, const struct listener *from,
    const union local *local)
{
	union local l = *local;

	if (from == NULL || !from->any)
		return;
	if (from->addr.sa.sa_family == AF_INET) {
		l.in.ipi_ifindex = 0;
		add_control(m, c, IPPROTO_IP, IP_PKTINFO, &l.in, sizeof(l.in));
	} else {
		add_control(
		    m, c, IPPROTO_IPV6, IPV6_PKTINFO, &l.in6, sizeof(l.in6));
	}
}

/* How many from d on leave in one call: equal lengths, the last may be less. */
static size_t
run_of(const struct worker *w, const struct listener *from,
    struct dgram *const *d, size_t n)
{
	size_t i = 1;

	if (w->no_segments || d[0]->len > SEGMENT_LEN_MAX || d[0]->len == 0)
		return 1;
	while (i < n && i < SEGMENTS_MAX && d[i - 1]->len == d[0]->len &&
	       d[i]->len <= d[0]->len && d[i]->len > 0 &&
	       sa_equal(&d[i]->to, &d[0]->to) &&
	       local_equal(from, &d[i]->local, &d[0]->local))
		i++;
	return i;
}

static void
send_one(int fd, const struct listener *from, struct dgram *d)
{
	struct iovec v = {d->p, d->len};
	struct msghdr m = {.msg_name = &d->to,
	    .msg_namelen = sa_len(&d->to),
	    .msg_iov = &v,
	    .msg_iovlen = 1};
	struct control c;

	add_local(&m, &c, from, &d->local);
	(void)sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

struct packed {
	struct mmsghdr m[OUT_MAX];
	struct iovec v[OUT_MAX];
	struct control control[OUT_MAX];
	size_t first[OUT_MAX], count[OUT_MAX]; /* which datagrams */
	unsigned n;
};

static void
pack(const struct worker *w, const struct listener *from,
    struct dgram *const *d, size_t n, struct packed *p)
{
	size_t at, run, i;
	struct msghdr *m;
	uint16_t len;

	p->n = 0;
	for (at = 0; at < n; at += run) {
		run = run_of(w, from, d + at, n - at);
		for (i = at; i < at + run; i++)
			p->v[i] = (struct iovec){d[i]->p, d[i]->len};
		m = &p->m[p->n].msg_hdr;
		*m = (struct msghdr){.msg_name = &d[at]->to,
		    .msg_namelen = sa_len(&d[at]->to),
		    .msg_iov = &p->v[at],
		    .msg_iovlen = run};
		add_local(m, &p->control[p->n], from, &d[at]->local);
		if (run > 1) {
			len = (uint16_t)d[at]->len;
			add_control(m, &p->control[p->n], SOL_UDP, UDP_SEGMENT,
			    &len, sizeof(len));
		}
		p->first[p->n] = at;
		p->count[p->n] = run;
		p->n++;
	}
}

/* What did not leave as one leaves one by one; a single one is lost. */
static void
send_apart(struct worker *w, int fd, const struct listener *from,
    struct dgram *const *d, size_t n)
{
	size_t i;

	if (n < 2 || errno == EAGAIN)
		return;
	if (errno == EIO || errno == EINVAL || errno == ENOPROTOOPT)
		w->no_segments = true;
	for (i = 0; i < n; i++)
		send_one(fd, from, d[i]);
}

void
udp_send(struct worker *w, int fd, const struct listener *from,
    struct dgram *const *d, size_t n)
{
	struct packed p;
	unsigned at = 0;
	int sent;

	if (n == 1) {
		send_one(fd, from, d[0]);
		return;
	}
	pack(w, from, d, n, &p);
	while (at < p.n) {
		sent = sendmmsg(
		    fd, p.m + at, p.n - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			at += (unsigned)sent;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		send_apart(w, fd, from, d + p.first[at], p.count[at]);
		at++;
	}
}

void
udp_flush(struct worker *w)
{
	struct dgram *d[OUT_MAX];
	size_t i, n = w->n_to_clients;

	if (n == 0)
		return;
	for (i = 0; i < n; i++)
		d[i] = &w->to_clients[i];
	udp_send(w, w->out->w.fd, w->out, d, n);
	for (i = 0; i < n; i++)
		slot_give(w, w->to_clients[i].slot);
	w->n_to_clients = 0;
}

void
udp_to_client(struct worker *w, struct listener *l, const union sa *to,
    const union local *local, uint8_t *p, size_t len, uint16_t slot)
{
	struct dgram *d;

	if (w->n_to_clients == OUT_MAX || (w->n_to_clients > 0 && w->out != l))
		udp_flush(w);
	d = &w->to_clients[w->n_to_clients++];
	w->out = l;
	d->to = *to;
	d->local = *local;
	d->p = p;
	d->len = (uint32_t)len;
	d->slot = slot;
}
