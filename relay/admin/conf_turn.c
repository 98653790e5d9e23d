/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/admin/conf.h"

static int
derive_nets(const struct conf_list *l, struct cidr **out, size_t *n,
    const char *row, struct conf_err *why)
{
	size_t i;

	*n = 0;
	if (l->n == 0)
		return 0;
	*out = calloc(l->n, sizeof(**out));
	if (*out == NULL)
		return ERR_NOMEM;
	for (i = 0; i < l->n; i++)
		if (cidr_parse(l->v[i], &(*out)[i]) != 0)
			return conf_wrong(why, row,
			    "an entry looks like 192.0.2.7, 10.0.0.0/8 or "
			    "fd00::/8");
	*n = l->n;
	return 0;
}

/* One of each kind at most. */
static int
derive_addresses(const struct conf_list *l, struct net_addr out[2], bool has[2],
    const char *row, struct conf_err *why)
{
	struct net_addr a;
	size_t i;
	bool v6;

	for (i = 0; i < l->n; i++) {
		if (net_addr_parse(l->v[i], &a) != 0)
			return conf_wrong(why, row,
			    "an entry looks like 192.0.2.7 or "
			    "2001:db8::7");
		v6 = !net_addr_is_ipv4(&a);
		if (has[v6])
			return conf_wrong(why, row,
			    "one IPv4 and one IPv6 address are enough");
		out[v6] = a;
		has[v6] = true;
	}
	return 0;
}

static bool
port_of(const char *s, const char *end, uint16_t *out)
{
	unsigned long n = 0;

	if (s == end || end - s > 5)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (unsigned long)(*s - '0');
	}
	*out = (uint16_t)n;
	return n >= 1024 && n <= UINT16_MAX;
}

static int
derive_ports(struct relay_conf *c, struct conf_err *why)
{
	const char *s = c->turn_ports, *dash = strchr(s, '-');
	struct turn_conf *t = &c->turn;

	if (dash == NULL || !port_of(s, dash, &t->port_min) ||
	    !port_of(dash + 1, dash + 1 + strlen(dash + 1), &t->port_max) ||
	    t->port_max - t->port_min < 15)
		return conf_wrong(why, "turn-ports",
		    "it looks like 49152-65535: at least 16 ports from 1024 "
		    "on");
	return 0;
}

static int
check_server(const struct relay_conf *c, struct conf_err *why)
{
	size_t i;

	for (i = 0; i < c->turn_server.n; i++)
		if ((strncmp(c->turn_server.v[i], "turn:", 5) != 0 &&
			strncmp(c->turn_server.v[i], "turns:", 6) != 0) ||
		    strlen(c->turn_server.v[i]) > 256)
			return conf_wrong(why, "turn-server",
			    "an entry looks like "
			    "turn:turn.example.org:3478?transport=udp");
	if (c->turn_server.n > 0 && c->turn_secret == NULL)
		return conf_wrong(why, "turn-server",
		    "it needs turn-secret, the one it shares with us");
	if (c->turn_server.n > 0 && c->turn_listen.n > 0)
		return conf_wrong(why, "turn-server",
		    "either that one, or ours by turn-listen");
	return 0;
}

static int
check_listen(const struct relay_conf *c, struct conf_err *why)
{
	char host[CONF_HOST_CAP];
	struct net_addr a;
	uint16_t port;
	size_t i;

	for (i = 0; i < c->turn_listen.n; i++)
		if (conf_addr_split(c->turn_listen.v[i], host, &port) != 0 ||
		    (strcmp(host, "*") != 0 && net_addr_parse(host, &a) != 0))
			return conf_wrong(why, "turn-listen",
			    "it must be *:PORT or ADDRESS:PORT");
	if ((c->turn_tls_cert == NULL) != (c->turn_tls_key == NULL))
		return conf_wrong(
		    why, "turn-tls-cert", "certificate and key go together");
	return 0;
}

int
turn_conf_derive(struct relay_conf *c, struct conf_err *why)
{
	struct turn_conf *t = &c->turn;
	int r;

	memset(t, 0, sizeof(*t));
	t->quota = c->turn_quota;
	if (limit_rate_parse(c->turn_unauthenticated, &t->rate) != 0)
		return conf_wrong(why, "turn-unauthenticated",
		    "a rate looks like 60/1m, 10/1h or off");
	r = derive_ports(c, why);
	if (r == 0)
		r = check_server(c, why);
	if (r == 0)
		r = check_listen(c, why);
	if (r == 0)
		r = derive_addresses(&c->turn_relay_address, t->relay,
		    t->has_relay, "turn-relay-address", why);
	if (r == 0)
		r = derive_addresses(&c->turn_external_address, t->external,
		    t->has_external, "turn-external-address", why);
	if (r == 0)
		r = derive_nets(&c->turn_peers_allow, &t->allow, &t->n_allow,
		    "turn-peers-allow", why);
	if (r == 0)
		r = derive_nets(&c->turn_peers_deny, &t->deny, &t->n_deny,
		    "turn-peers-deny", why);
	return r;
}

void
turn_conf_clear(struct turn_conf *t)
{
	free(t->allow);
	free(t->deny);
	memset(t, 0, sizeof(*t));
}
