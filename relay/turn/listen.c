/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listen.c — the sockets of turn-listen; which addresses are ours. */
#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "relay/turn/priv.h"

#define BUFFER_BYTES (4 * 1024 * 1024)
#define BACKLOG	     256
#define FREE_TRIES   32 /* for a port that both UDP and TCP have */

/* ---- our addresses --------------------------------------------------------------- */

/* The address that packets to the internet leave from; none is sent. */
static bool
route_address(int family, union sa *out)
{
	/* a.root-servers.net: any public address would do */
	static const struct stun_addr roots[2] = {
	    {STUN_IPV4, 53, {198, 41, 0, 4}},
	    {STUN_IPV6, 53,
		{0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [14] = 0x02, 0x30}},
	};
	union sa to, from;
	socklen_t len = sizeof(from);
	bool ok;
	int fd;

	memset(&from, 0, sizeof(from));
	sa_of_stun(&to, &roots[family == AF_INET6]);
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ok = connect(fd, &to.sa, sa_len(&to)) == 0 &&
	     getsockname(fd, &from.sa, &len) == 0;
	close(fd);
	if (!ok)
		return false;
	sa_set_port(&from, 0);
	*out = from;
	return true;
}

static bool
is_any(const struct net_addr *a)
{
	static const uint8_t zeros[16];

	return net_addr_is_ipv4(a) ? memcmp(a->ip + 12, zeros, 4) == 0
				   : memcmp(a->ip, zeros, 16) == 0;
}

/* The addresses of turn-listen where there is no turn-relay-address. */
static void
default_relay(struct turn *t)
{
	const struct conf_list *l = &t->conf->turn_listen;
	char host[CONF_HOST_CAP];
	struct net_addr a;
	uint16_t port;
	bool v6;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (conf_addr_split(l->v[i], host, &port) != 0 ||
		    net_addr_parse(host, &a) != 0 || is_any(&a))
			continue;
		v6 = !net_addr_is_ipv4(&a);
		if (t->relay[v6].sa.sa_family == 0)
			sa_of_net(&t->relay[v6], &a, 0);
	}
	if (t->relay[0].sa.sa_family == 0 && t->relay[1].sa.sa_family == 0) {
		(void)route_address(AF_INET, &t->relay[0]);
		(void)route_address(AF_INET6, &t->relay[1]);
	}
}

static int
own_addresses(struct turn *t)
{
	struct ifaddrs *all, *i;
	size_t n = 0;

	if (getifaddrs(&all) != 0)
		return ERR_SYS;
	for (i = all; i != NULL; i = i->ifa_next)
		n++;
	t->own = calloc(n + 1, sizeof(*t->own));
	for (i = all; t->own != NULL && i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL &&
		    (i->ifa_addr->sa_family == AF_INET ||
			i->ifa_addr->sa_family == AF_INET6))
			t->own[t->n_own++] = net_addr_of(i->ifa_addr);
	freeifaddrs(all);
	return t->own != NULL ? 0 : ERR_NOMEM;
}

int
listen_addresses(struct turn *t, char why[static TURN_WHY_CAP])
{
	const struct turn_conf *c = &t->conf->turn;
	size_t i;
	int r;

	for (i = 0; i < 2; i++) {
		if (c->has_relay[i])
			sa_of_net(&t->relay[i], &c->relay[i], 0);
		if (c->has_external[i])
			sa_of_net(&t->external[i], &c->external[i], 0);
	}
	if (!c->has_relay[0] && !c->has_relay[1])
		default_relay(t);
	if (t->relay[0].sa.sa_family == 0 && t->relay[1].sa.sa_family == 0) {
		snprintf(why, TURN_WHY_CAP,
		    "turn-relay-address: this machine has no address on the "
		    "internet, so it must be set");
		return ERR_CONFIG;
	}
	for (i = 0; i < 2; i++)
		if (t->external[i].sa.sa_family != 0 &&
		    t->relay[i].sa.sa_family == 0) {
			snprintf(why, TURN_WHY_CAP,
			    "turn-external-address: there is no relay address "
			    "of its kind");
			return ERR_CONFIG;
		}
	r = own_addresses(t);
	if (r != 0)
		snprintf(why, TURN_WHY_CAP, "%s", err_str(r));
	return r;
}

/* ---- sockets -------------------------------------------------------------------------- */

static void
set(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int
open_socket(const struct turn *t, int type, const union sa *addr, bool any)
{
	int fd, family = addr->sa.sa_family;

	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (t->n_workers > 1)
		set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (type == SOCK_STREAM) {
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	} else {
		set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
		set(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
		if (any && family == AF_INET)
			set(fd, IPPROTO_IP, IP_PKTINFO, 1);
		else if (any)
			set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	}
	if (bind(fd, &addr->sa, sa_len(addr)) == 0 &&
	    (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return fd;
	close(fd);
	return -1;
}

static void
listener_set(struct worker *w, enum watch_kind kind, int fd,
    const union sa *addr, bool any)
{
	struct listener *l = &w->listeners[w->n_listeners++];

	l->w.kind = kind;
	l->w.fd = fd;
	l->worker = w;
	l->addr = *addr;
	l->any = any && kind == WATCH_UDP;
}

/* UDP and TCP on one port; 0 is any that both can have. */
static int
open_pair(struct worker *w, union sa *addr, bool any)
{
	union sa got = *addr;
	socklen_t len;
	int udp, tcp, i;

	for (i = 0; i < (sa_port(addr) == 0 ? FREE_TRIES : 1); i++) {
		udp = open_socket(w->t, SOCK_DGRAM, addr, any);
		if (udp < 0)
			return ERR_SYS;
		len = sizeof(got);
		if (getsockname(udp, &got.sa, &len) != 0) {
			close(udp);
			return ERR_SYS;
		}
		tcp = open_socket(w->t, SOCK_STREAM, &got, any);
		if (tcp >= 0) {
			*addr = got;
			listener_set(w, WATCH_UDP, udp, addr, any);
			listener_set(w, WATCH_TCP, tcp, addr, any);
			return 0;
		}
		close(udp);
	}
	return ERR_SYS;
}

/* "*" is both kinds of address; a machine may lack one. */
static int
open_host(struct worker *w, const char *host, uint16_t *port)
{
	const struct stun_addr any[2] = {
	    {.family = STUN_IPV4}, {.family = STUN_IPV6}};
	struct net_addr a;
	union sa addr;
	int i, r, opened = 0;

	if (strcmp(host, "*") != 0) {
		if (net_addr_parse(host, &a) != 0)
			return ERR_FORMAT;
		sa_of_net(&addr, &a, *port);
		r = open_pair(w, &addr, is_any(&a));
		*port = r == 0 ? sa_port(&addr) : *port;
		return r;
	}
	for (i = 0; i < 2; i++) {
		sa_of_stun(&addr, &any[i]);
		sa_set_port(&addr, *port);
		r = open_pair(w, &addr, true);
		if (r == 0) {
			*port = sa_port(&addr);
			opened++;
		} else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) {
			return r;
		}
	}
	return opened > 0 ? 0 : ERR_SYS;
}

static int
watch_all(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->n_listeners; i++)
		if (worker_watch(w, &w->listeners[i].w, EPOLLIN) != 0)
			return ERR_SYS;
	return 0;
}

int
listen_open(struct turn *t, char why[static TURN_WHY_CAP])
{
	const struct conf_list *l = &t->conf->turn_listen;
	char host[CONF_HOST_CAP];
	struct worker *w;
	uint16_t port;
	size_t i;
	int r;

	for (w = t->workers; w < t->workers + t->n_workers; w++) {
		w->listeners = calloc(l->n * 4, sizeof(*w->listeners));
		if (w->listeners == NULL)
			return ERR_NOMEM;
		for (i = 0; i < l->n; i++) {
			r = conf_addr_split(l->v[i], host, &port);
			if (w > t->workers)
				port = t->ports[i];
			if (r == 0)
				r = open_host(w, host, &port);
			if (r != 0) {
				snprintf(why, TURN_WHY_CAP,
				    "turn-listen %s: %s", l->v[i],
				    r == ERR_SYS ? strerror(errno)
						 : err_str(r));
				return r;
			}
			t->ports[i] = port;
		}
		t->n_ports = l->n;
		r = watch_all(w);
		if (r != 0)
			return r;
	}
	return 0;
}
