/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/buf.h"
#include "media/tiny.h"

#define TINY_VERSION 1

static uint32_t
wider(unsigned v, unsigned bits)
{
	return v << (8 - bits) | v >> (2 * bits - 8);
}

int
tiny_read(struct tiny *t, const uint8_t *p, size_t len)
{
	int w, h, i;
	unsigned v;

	if (len < 3)
		return ERR_FORMAT;
	if (p[0] != TINY_VERSION)
		return ERR_VERSION;
	w = p[1];
	h = p[2];
	if (w < 1 || w > TINY_SIDE_MAX || h < 1 || h > TINY_SIDE_MAX ||
	    len != 3 + 2 * (size_t)w * (size_t)h)
		return ERR_FORMAT;
	t->w = w;
	t->h = h;
	for (i = 0, p += 3; i < w * h; i++, p += 2) {
		v = get_be16(p);
		t->px[i] = wider(v >> 11, 5) << 16 |
			   wider(v >> 5 & 0x3f, 6) << 8 | wider(v & 0x1f, 5);
	}
	return 0;
}

size_t
tiny_write(uint8_t out[static TINY_BYTES_MAX], const struct tiny *t)
{
	uint8_t *p = out + 3;
	uint32_t c;
	int i;

	out[0] = TINY_VERSION;
	out[1] = (uint8_t)t->w;
	out[2] = (uint8_t)t->h;
	for (i = 0; i < t->w * t->h; i++, p += 2) {
		c = t->px[i];
		put_be16(
		    p, (uint16_t)((c >> 19 & 0x1f) << 11 |
				  (c >> 10 & 0x3f) << 5 | (c >> 3 & 0x1f)));
	}
	return (size_t)(p - out);
}
