/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/buf.h"
#include "relay/net/proxy.h"

static const uint8_t signature[12] = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum { CMD_LOCAL = 0x20, CMD_PROXY = 0x21 };
enum { FAM_TCP4 = 0x11, FAM_TCP6 = 0x21 };

/* Addresses as the spec lays them out: source, destination, ports. */
static const struct family {
	uint8_t code;
	uint8_t ip_len;
	uint16_t len; /* bytes of the address block */
} families[] = {{FAM_TCP4, 4, 12}, {FAM_TCP6, 16, 36}};

static int
read_peer(uint8_t code, const uint8_t *block, size_t len, struct net_addr *out)
{
	struct net_addr a = {.ip = {[10] = 0xff, [11] = 0xff}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(families); i++) {
		const struct family *f = &families[i];

		if (f->code != code)
			continue;
		if (len < f->len)
			return ERR_FORMAT;
		memcpy(a.ip + 16 - f->ip_len, block, f->ip_len);
		a.port = get_be16(block + 2 * (size_t)f->ip_len);
		*out = a;
		return 0;
	}
	return ERR_NOTFOUND;
}

/* The part of the signature that has come must match, so that a stranger is
 * turned away with his first byte. */
static int
check_start(const uint8_t *p, size_t len)
{
	size_t n = len < sizeof(signature) ? len : sizeof(signature);

	if (memcmp(p, signature, n) != 0)
		return ERR_FORMAT;
	if (len > 12 && p[12] != CMD_LOCAL && p[12] != CMD_PROXY)
		return ERR_VERSION;
	return len < PROXY_FIXED ? ERR_AGAIN : 0;
}

int
proxy_parse(
    const uint8_t *p, size_t len, struct proxy_header *out, size_t *used)
{
	struct proxy_header h = {.known = false};
	size_t block;
	int r;

	r = len == 0 ? ERR_AGAIN : check_start(p, len);
	if (r != 0)
		return r;
	block = get_be16(p + 14);
	if (PROXY_FIXED + block > PROXY_MAX)
		return ERR_RANGE;
	if (len < PROXY_FIXED + block)
		return ERR_AGAIN;
	if (p[12] == CMD_PROXY) {
		r = read_peer(p[13], p + PROXY_FIXED, block, &h.peer);
		if (r == ERR_FORMAT)
			return r;
		h.known = r == 0;
	}
	*out = h;
	*used = PROXY_FIXED + block;
	return 0;
}
