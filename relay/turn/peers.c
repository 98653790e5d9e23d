/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peers.c — addresses, and which of them clients may reach through us. */
#include "relay/turn/priv.h"

bool
sa_same_ip(const union sa *a, const union sa *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16) == 0;
}

bool
sa_equal(const union sa *a, const union sa *b)
{
	return sa_same_ip(a, b) && sa_port(a) == sa_port(b);
}

uint16_t
sa_port(const union sa *a)
{
	return ntohs(
	    a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

void
sa_set_port(union sa *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else
		a->in6.sin6_port = htons(port);
}

socklen_t
sa_len(const union sa *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

void
sa_of_stun(union sa *out, const struct stun_addr *a)
{
	memset(out, 0, sizeof(*out));
	if (a->family == STUN_IPV4) {
		out->in.sin_family = AF_INET;
		memcpy(&out->in.sin_addr, a->ip, 4);
	} else {
		out->in6.sin6_family = AF_INET6;
		memcpy(&out->in6.sin6_addr, a->ip, 16);
	}
	sa_set_port(out, a->port);
}

void
sa_to_stun(struct stun_addr *out, const union sa *a)
{
	memset(out, 0, sizeof(*out));
	out->port = sa_port(a);
	if (a->sa.sa_family == AF_INET) {
		out->family = STUN_IPV4;
		memcpy(out->ip, &a->in.sin_addr, 4);
	} else {
		out->family = STUN_IPV6;
		memcpy(out->ip, &a->in6.sin6_addr, 16);
	}
}

void
sa_of_net(union sa *out, const struct net_addr *a, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (net_addr_is_ipv4(a)) {
		out->in.sin_family = AF_INET;
		memcpy(&out->in.sin_addr, a->ip + 12, 4);
	} else {
		out->in6.sin6_family = AF_INET6;
		memcpy(&out->in6.sin6_addr, a->ip, 16);
	}
	sa_set_port(out, port);
}

bool
local_equal(
    const struct listener *l, const union local *a, const union local *b)
{
	if (l == NULL || !l->any)
		return true;
	if (l->addr.sa.sa_family == AF_INET)
		return a->in.ipi_spec_dst.s_addr == b->in.ipi_spec_dst.s_addr;
	return memcmp(&a->in6.ipi6_addr, &b->in6.ipi6_addr, 16) == 0;
}

/* ---- which peers ------------------------------------------------------------------ */

/* Networks that are nobody's address on the internet, or lead back to ours:
 * IANA's special-purpose registries (RFC 6890). */
static const struct {
	uint8_t ip[16];
	uint8_t bits;
} special[] = {
#define V4(a, b, c, d, n)                                                      \
	{                                                                      \
		{[10] = 0xff, 0xff, (a), (b), (c), (d)}, 96 + (n)              \
	}
    V4(0, 0, 0, 0, 8),
    V4(10, 0, 0, 0, 8),
    V4(100, 64, 0, 0, 10),
    V4(127, 0, 0, 0, 8),
    V4(169, 254, 0, 0, 16),
    V4(172, 16, 0, 0, 12),
    V4(192, 0, 0, 0, 24),
    V4(192, 0, 2, 0, 24),
    V4(192, 88, 99, 0, 24),
    V4(192, 168, 0, 0, 16),
    V4(198, 18, 0, 0, 15),
    V4(198, 51, 100, 0, 24),
    V4(203, 0, 113, 0, 24),
    V4(224, 0, 0, 0, 4),
    V4(240, 0, 0, 0, 4),
#undef V4
    /* IPv6: all but 2000::/3, and in that what holds IPv4 addresses. */
    {{0x00}, 3},
    {{0x40}, 2},
    {{0x80}, 1},
    {{0x20, 0x01, 0x00}, 23},
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02}, 16},
};

static bool
is_special(const struct net_addr *a)
{
	bool v4 = net_addr_is_ipv4(a);
	struct cidr c;
	size_t i;

	for (i = 0; i < ARRAY_LEN(special); i++) {
		memset(&c, 0, sizeof(c));
		memcpy(c.net.ip, special[i].ip, sizeof(c.net.ip));
		c.bits = special[i].bits;
		/* ::/3 holds the mapped ones, which have rows of their own */
		if (v4 == (c.bits >= 96) && cidr_match(&c, a))
			return true;
	}
	return false;
}

static bool
in_list(const struct cidr *v, size_t n, const struct net_addr *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cidr_match(&v[i], a))
			return true;
	return false;
}

static bool
is_relay(const struct turn *t, const union sa *peer)
{
	return sa_same_ip(peer, &t->relay[0]) || sa_same_ip(peer, &t->relay[1]);
}

bool
peer_allowed(const struct turn *t, const union sa *peer)
{
	const struct turn_conf *c = &t->conf->turn;
	struct net_addr a = net_addr_of(&peer->sa);
	size_t i;

	/* Two who are both relayed by us meet at our relay sockets, and
	 * nothing else of ours is reached. */
	if (is_relay(t, peer))
		return a.port == 0 ||
		       (a.port >= c->port_min && a.port <= c->port_max);
	if (in_list(c->deny, c->n_deny, &a))
		return false;
	if (in_list(c->allow, c->n_allow, &a))
		return true;
	for (i = 0; i < t->n_own; i++)
		if (memcmp(t->own[i].ip, a.ip, sizeof(a.ip)) == 0)
			return false;
	return !is_special(&a);
}

static void
replace_ip(union sa *peer, const union sa *by)
{
	uint16_t port = sa_port(peer);

	*peer = *by;
	sa_set_port(peer, port);
}

void
peer_inward(const struct turn *t, union sa *peer)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (t->external[i].sa.sa_family != 0 &&
		    sa_same_ip(peer, &t->external[i]))
			replace_ip(peer, &t->relay[i]);
}

void
peer_outward(const struct turn *t, union sa *peer)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (t->external[i].sa.sa_family != 0 &&
		    sa_same_ip(peer, &t->relay[i]))
			replace_ip(peer, &t->external[i]);
}
