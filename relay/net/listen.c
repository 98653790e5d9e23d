/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listen.c — the listening sockets: one per address and loop, between which
 * the kernel deals the connections out. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "relay/net/priv.h"

/* ---- accepting ----------------------------------------------------------------- */

/* Out of descriptors or memory: the backlog keeps them until the next tick. */
static void
pause_accepting(struct net_loop *l, int err)
{
	log_warn(l->net->env.log, "cannot accept connections",
	    LOG_STR("why", strerror(err)));
	l->paused = true;
	listen_stop(l);
	loop_tick(l);
}

/* False: no more for now. */
static bool
accept_one(struct listener *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct net_addr peer;
	int fd;

	fd = accept4(
	    s->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		peer = net_addr_of((const struct sockaddr *)&ss);
		conn_accept(s->loop, fd, &peer);
		return true;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
		pause_accepting(s->loop, errno);
		return false;
	case EAGAIN:
		return false;
	default: /* that one has gone already */
		return true;
	}
}

static void
on_listener(uv_poll_t *p, int status, int events)
{
	struct listener *s =
	    (void *)((char *)p - offsetof(struct listener, poll));
	int i;

	(void)events;
	if (status < 0)
		return;
	for (i = 0; i < NET_ACCEPT_MAX && accept_one(s); i++)
		;
}

void
listen_start(struct net_loop *l)
{
	size_t i;

	for (i = 0; i < l->nlisteners; i++)
		if (uv_poll_start(
			&l->listeners[i].poll, UV_READABLE, on_listener) != 0)
			log_error(l->net->env.log, "cannot watch a listener",
			    LOG_U64("loop", l->index));
}

void
listen_stop(struct net_loop *l)
{
	size_t i;

	for (i = 0; i < l->nlisteners; i++)
		uv_poll_stop(&l->listeners[i].poll);
}

static void
on_closed(uv_handle_t *h)
{
	struct net_loop *l = h->loop->data;

	/* The last one frees them all. */
	if (--l->nlisteners > 0)
		return;
	free(l->listeners);
	l->listeners = NULL;
}

void
listen_close(struct net_loop *l)
{
	size_t i, n = l->nlisteners;

	for (i = 0; i < n; i++) {
		struct listener *s = &l->listeners[i];

		if (uv_is_closing((uv_handle_t *)&s->poll))
			continue;
		uv_close((uv_handle_t *)&s->poll, on_closed);
		close(s->fd);
	}
}

/* ---- binding ------------------------------------------------------------------- */

static int
fail(struct net_why *why, const char *addr, int err, const char *text)
{
	snprintf(why->text, sizeof(why->text), "cannot listen on %s: %s", addr,
	    text);
	return err;
}

static int
add_listener(struct net_loop *l, int fd)
{
	struct listener *v;
	size_t n = l->nlisteners;

	/* Handles must stay where they are: no realloc() once they exist. */
	if (l->listeners == NULL) {
		v = calloc(l->net->nports, sizeof(*v));
		if (v == NULL)
			return ERR_NOMEM;
		l->listeners = v;
	}
	v = &l->listeners[n];
	v->loop = l;
	v->fd = fd;
	if (uv_poll_init(&l->uv, &v->poll, fd) != 0)
		return ERR_SYS;
	l->nlisteners++;
	return 0;
}

/* A listening socket, or -1 with errno. */
static int
open_socket(const struct addrinfo *ai)
{
	int on = 1, off = 0, saved;
	int fd = socket(ai->ai_family,
	    ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
	    (ai->ai_family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ==
		    0) &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, NET_BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
port_of(int fd, uint16_t *port)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return ERR_SYS;
	*port = net_addr_of((const struct sockaddr *)&ss).port;
	return 0;
}

static void
set_port(struct addrinfo *ai, uint16_t port)
{
	if (ai->ai_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)ai->ai_addr)->sin6_port =
		    htons(port);
	else
		((struct sockaddr_in *)(void *)ai->ai_addr)->sin_port =
		    htons(port);
}

static int
bind_all(struct net *n, struct addrinfo *ai, uint16_t *port)
{
	size_t i;
	int fd, r;

	for (i = 0; i < n->nloops; i++) {
		fd = open_socket(ai);
		if (fd < 0)
			return ERR_SYS;
		r = add_listener(&n->loops[i], fd);
		if (r != 0) {
			close(fd);
			return r;
		}
		if (i > 0)
			continue;
		/* Port 0: the others take the one we were given. */
		r = port_of(fd, port);
		if (r != 0)
			return r;
		set_port(ai, *port);
	}
	return 0;
}

int
listen_bind(
    struct net *n, const char *addr, uint16_t *port, struct net_why *why)
{
	struct addrinfo hints = {
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM,
	};
	char host[CONF_HOST_CAP], service[8];
	struct addrinfo *ai = NULL;
	uint16_t want;
	int r;

	if (conf_addr_split(addr, host, &want) != 0)
		return fail(why, addr, ERR_CONFIG, "no such address");
	snprintf(service, sizeof(service), "%u", want);
	r = getaddrinfo(
	    strcmp(host, "*") == 0 ? NULL : host, service, &hints, &ai);
	if (r != 0)
		return fail(why, addr, ERR_CONFIG, gai_strerror(r));
	r = bind_all(n, ai, port);
	if (r != 0)
		r = fail(
		    why, addr, r, r == ERR_SYS ? strerror(errno) : err_str(r));
	freeaddrinfo(ai);
	return r;
}
