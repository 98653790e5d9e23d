/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/conf.h"
#include "relay/admin/tcp.h"

static int
try_listen(const struct addrinfo *ai, int backlog)
{
	int s, one = 1, off = 0;

	s = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return -1;
	if (ai->ai_family == AF_INET6)
		(void)setsockopt(
		    s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(s, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(s, backlog) != 0) {
		close(s);
		return -1;
	}
	return s;
}

/* For "every address" the IPv6 one first, which takes IPv4 as well. */
static int
listen_any(const struct addrinfo *list, int backlog, bool every)
{
	const struct addrinfo *ai;
	int s = -1;

	for (ai = list; every && ai != NULL && s < 0; ai = ai->ai_next)
		if (ai->ai_family == AF_INET6)
			s = try_listen(ai, backlog);
	return s >= 0 || list == NULL ? s : try_listen(list, backlog);
}

int
tcp_listen(const char *text, int backlog, int *fd)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	char host[CONF_HOST_CAP], service[8];
	struct addrinfo *ai;
	uint16_t port;
	bool every;
	int s;

	if (conf_addr_split(text, host, &port) != 0)
		return ERR_FORMAT;
	(void)snprintf(service, sizeof(service), "%u", (unsigned)port);
	every = strcmp(host, "*") == 0;
	if (getaddrinfo(every ? NULL : host, service, &hints, &ai) != 0)
		return ERR_FORMAT;
	s = listen_any(ai, backlog, every);
	freeaddrinfo(ai);
	if (s < 0)
		return ERR_SYS;
	*fd = s;
	return 0;
}

uint16_t
tcp_port(int fd)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return 0;
	memcpy(&in, &ss, sizeof(in));
	memcpy(&in6, &ss, sizeof(in6));
	return ntohs(ss.ss_family == AF_INET6 ? in6.sin6_port : in.sin_port);
}
