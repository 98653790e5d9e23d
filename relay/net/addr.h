/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * addr.h — a peer's address in 18 bytes.
 */
#ifndef RELAY_NET_ADDR_H
#define RELAY_NET_ADDR_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_ADDR_CAP 64 /* for net_addr_text() */

/* IPv4 is kept as ::ffff:a.b.c.d. */
struct net_addr {
	uint8_t ip[16];
	uint16_t port; /* host order */
};

/* All zero for a family that is neither IPv4 nor IPv6. */
struct net_addr net_addr_of(const struct sockaddr *sa);

/* The same as a socket address: AF_INET where it is one. */
socklen_t net_addr_sockaddr(
    const struct net_addr *a, struct sockaddr_storage *out);

/* "192.0.2.1:443", "[2001:db8::1]:443"; returns out. */
const char *net_addr_text(
    const struct net_addr *a, char out[static NET_ADDR_CAP]);

#endif
