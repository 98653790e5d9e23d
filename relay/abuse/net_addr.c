/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "relay/abuse/net_addr.h"

#define SITE_LEN 8 /* bytes: a /64 is one subscriber */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool
net_addr_is_ipv4(const struct net_addr *a)
{
	return memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

static void
set_ipv4(struct net_addr *a, const struct in_addr *in)
{
	memcpy(a->ip, mapped, sizeof(mapped));
	memcpy(a->ip + sizeof(mapped), in, sizeof(*in));
}

struct net_addr
net_addr_of(const struct sockaddr *sa)
{
	struct net_addr a = {.port = 0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		set_ipv4(&a, &v4.sin_addr);
		a.port = ntohs(v4.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof(v6));
		memcpy(a.ip, &v6.sin6_addr, sizeof(a.ip));
		a.port = ntohs(v6.sin6_port);
	}
	return a;
}

int
net_addr_parse(const char *text, struct net_addr *out)
{
	struct net_addr a = {.port = 0};
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		set_ipv4(&a, &v4);
	else if (inet_pton(AF_INET6, text, a.ip) != 1)
		return ERR_FORMAT;
	*out = a;
	return 0;
}

struct net_addr
net_addr_site(const struct net_addr *a)
{
	struct net_addr site = {.port = 0};

	memcpy(site.ip, a->ip,
	    net_addr_is_ipv4(a) ? sizeof(site.ip) : (size_t)SITE_LEN);
	return site;
}

const char *
net_addr_text(const struct net_addr *a, char out[static NET_ADDR_CAP])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (net_addr_is_ipv4(a)) {
		inet_ntop(AF_INET, a->ip + sizeof(mapped), ip, sizeof(ip));
		snprintf(out, NET_ADDR_CAP, "%s:%u", ip, a->port);
	} else {
		inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
		snprintf(out, NET_ADDR_CAP, "[%s]:%u", ip, a->port);
	}
	return out;
}
