/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "relay/abuse/cidr.h"

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

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
	struct cidr c = {.net = {0}};
	unsigned max = 128, bits;
	int r;

	if (len == 0 || len >= sizeof(host))
		return ERR_FORMAT;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, c.net + 12) == 1) {
		memcpy(c.net, v4_mapped, sizeof(v4_mapped));
		max = 32;
	} else if (inet_pton(AF_INET6, host, c.net) != 1) {
		return ERR_FORMAT;
	}
	bits = max;
	if (slash != NULL) {
		r = parse_bits(slash + 1, max, &bits);
		if (r != 0)
			return r;
	}
	c.bits = (uint8_t)(bits + 128 - max);
	if (!zero_behind(c.net, c.bits))
		return ERR_RANGE;
	*out = c;
	return 0;
}

bool
cidr_bytes(const struct sockaddr *sa, uint8_t out[static 16])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		memcpy(out, v4_mapped, sizeof(v4_mapped));
		memcpy(out + 12, &in.sin_addr, 4);
		return true;
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out, &in6.sin6_addr, 16);
		return true;
	default:
		return false;
	}
}

bool
cidr_match(const struct cidr *c, const struct sockaddr *sa)
{
	uint8_t b[16];

	return cidr_bytes(sa, b) && same_prefix(b, c->net, c->bits);
}
