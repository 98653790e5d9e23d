/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "relay/abuse/cidr.h"

/* "24" -> 24, at most max. */
static int
parse_bits(const char *s, unsigned max, unsigned *out)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; s[i] != '\0'; i++) {
		if (s[i] < '0' || s[i] > '9' || i == 3)
			return ERR_FORMAT;
		n = n * 10 + (unsigned)(s[i] - '0');
	}
	if (i == 0)
		return ERR_FORMAT;
	if (n > max)
		return ERR_RANGE;
	*out = n;
	return 0;
}

/* True when every bit of the first `bits` is equal. */
static bool
same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool
zero_behind(const uint8_t net[static 16], unsigned bits)
{
	unsigned i;

	for (i = bits; i < 128; i++)
		if (net[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int
cidr_parse(const char *text, struct cidr *out)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct cidr c = {.bits = 0};
	unsigned max, bits;
	int r;

	if (len == 0 || len >= sizeof(host))
		return ERR_FORMAT;
	memcpy(host, text, len);
	host[len] = '\0';
	r = net_addr_parse(host, &c.net);
	if (r != 0)
		return r;
	max = strchr(host, ':') == NULL ? 32 : 128;
	bits = max;
	if (slash != NULL) {
		r = parse_bits(slash + 1, max, &bits);
		if (r != 0)
			return r;
	}
	c.bits = (uint8_t)(bits + 128 - max);
	if (!zero_behind(c.net.ip, c.bits))
		return ERR_RANGE;
	*out = c;
	return 0;
}

bool
cidr_match(const struct cidr *c, const struct net_addr *a)
{
	return same_prefix(a->ip, c->net.ip, c->bits);
}
