/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "relay/net/addr.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool
is_ipv4(const struct net_addr *a)
{
	return memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

struct net_addr
net_addr_of(const struct sockaddr *sa)
{
	struct net_addr a = {.port = 0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		memcpy(a.ip, mapped, sizeof(mapped));
		memcpy(a.ip + 12, &v4.sin_addr, 4);
		a.port = ntohs(v4.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof(v6));
		memcpy(a.ip, &v6.sin6_addr, 16);
		a.port = ntohs(v6.sin6_port);
	}
	return a;
}

socklen_t
net_addr_sockaddr(const struct net_addr *a, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memset(out, 0, sizeof(*out));
	if (is_ipv4(a)) {
		memcpy(&v4.sin_addr, a->ip + 12, 4);
		v4.sin_port = htons(a->port);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, a->ip, 16);
	v6.sin6_port = htons(a->port);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

const char *
net_addr_text(const struct net_addr *a, char out[static NET_ADDR_CAP])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (is_ipv4(a)) {
		inet_ntop(AF_INET, a->ip + 12, ip, sizeof(ip));
		snprintf(out, NET_ADDR_CAP, "%s:%u", ip, a->port);
	} else {
		inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
		snprintf(out, NET_ADDR_CAP, "[%s]:%u", ip, a->port);
	}
	return out;
}
