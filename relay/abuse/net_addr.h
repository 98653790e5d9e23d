/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net_addr.h — a peer's address in 18 bytes. Socket addresses become one of
 * these where they come in; limits, settings and logs know no other.
 */
#ifndef RELAY_ABUSE_NET_ADDR_H
#define RELAY_ABUSE_NET_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/base.h"

#define NET_ADDR_CAP 64 /* for net_addr_text() */

/* IPv4 is kept as ::ffff:a.b.c.d. */
struct net_addr {
	uint8_t ip[16];
	uint16_t port; /* host order */
};

/* All zero for a family that is neither IPv4 nor IPv6. */
struct net_addr net_addr_of(const struct sockaddr *sa);

/* "192.0.2.1", "2001:db8::1", with port 0. 0, or ERR_FORMAT. */
int net_addr_parse(const char *text, struct net_addr *out) MUST_USE;

bool net_addr_is_ipv4(const struct net_addr *a);

/* Who counts as one: the address, of IPv6 its first 64 bits; no port. */
struct net_addr net_addr_site(const struct net_addr *a);

/* "192.0.2.1:443", "[2001:db8::1]:443"; returns out. */
const char *net_addr_text(
    const struct net_addr *a, char out[static NET_ADDR_CAP]);

#endif
