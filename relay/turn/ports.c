/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ports.c — relay sockets, and those that are kept for somebody. */
#include <unistd.h>

#include <sodium.h>

#include "relay/turn/priv.h"

#define TRIES 64

static int
bound(const union sa *addr)
{
	int fd, off = IP_PMTUDISC_DONT;

	fd = socket(
	    addr->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* Longer ones are cut on their way, not refused. */
	if (addr->sa.sa_family == AF_INET)
		(void)setsockopt(
		    fd, IPPROTO_IP, IP_MTU_DISCOVER, &off, sizeof(off));
	if (bind(fd, &addr->sa, sa_len(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A random port of the range, even when asked for, with one behind it. */
static bool
pick(const struct turn *t, bool even, bool pair, uint16_t *port)
{
	uint32_t lo = t->conf->turn.port_min, hi = t->conf->turn.port_max, p;

	p = lo + randombytes_uniform(hi - lo + 1);
	if (even && (p & 1) != 0)
		p = p > lo ? p - 1 : p + 1;
	if (p > hi || (pair && p == hi))
		return false;
	*port = (uint16_t)p;
	return true;
}

int
port_open(
    struct turn *t, int family, bool even, int *fd, union sa *addr, int *second)
{
	union sa a = t->relay[family == AF_INET6];
	uint16_t port;
	int one, two, i;

	for (i = 0; i < TRIES; i++) {
		if (!pick(t, even, second != NULL, &port))
			continue;
		sa_set_port(&a, port);
		one = bound(&a);
		if (one < 0)
			continue;
		if (second != NULL) {
			sa_set_port(&a, (uint16_t)(port + 1));
			two = bound(&a);
			if (two < 0) {
				close(one);
				continue;
			}
			*second = two;
		}
		sa_set_port(&a, port);
		*fd = one;
		*addr = a;
		return 0;
	}
	return ERR_FULL;
}

int
port_reserve(struct turn *t, int fd, const union sa *addr, uint64_t now_ms,
    uint8_t token[static TOKEN_LEN])
{
	struct reservation *r = NULL;
	size_t i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < RESERVATIONS_MAX && r == NULL; i++)
		if (t->reserved[i].fd < 0)
			r = &t->reserved[i];
	if (r != NULL) {
		randombytes_buf(r->token, sizeof(r->token));
		memcpy(token, r->token, TOKEN_LEN);
		r->fd = fd;
		r->addr = *addr;
		r->expires_ms = now_ms + RESERVATION_MS;
	}
	pthread_mutex_unlock(&t->lock);
	return r != NULL ? 0 : ERR_FULL;
}

int
port_claim(struct turn *t, const uint8_t token[static TOKEN_LEN],
    uint64_t now_ms, int *fd, union sa *addr)
{
	struct reservation *r;
	int rc = ERR_NOTFOUND;
	size_t i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < RESERVATIONS_MAX; i++) {
		r = &t->reserved[i];
		if (r->fd < 0 || r->expires_ms <= now_ms ||
		    sodium_memcmp(r->token, token, TOKEN_LEN) != 0)
			continue;
		*fd = r->fd;
		*addr = r->addr;
		r->fd = -1;
		rc = 0;
		break;
	}
	pthread_mutex_unlock(&t->lock);
	return rc;
}

void
port_expire(struct turn *t, uint64_t now_ms)
{
	struct reservation *r;
	size_t i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < RESERVATIONS_MAX; i++) {
		r = &t->reserved[i];
		if (r->fd >= 0 && r->expires_ms <= now_ms) {
			close(r->fd);
			r->fd = -1;
		}
	}
	pthread_mutex_unlock(&t->lock);
}
