/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/link/base32.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

int
base32_put(struct buf *out, const uint8_t *p, size_t n)
{
	uint32_t acc = 0; /* bits not written yet, at its low end */
	unsigned bits = 0;
	size_t i;
	int r = buf_reserve(out, BASE32_LEN(n));

	if (r != 0)
		return r;
	for (i = 0; i < n; i++) {
		acc = acc << 8 | p[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out->p[out->len++] =
			    (uint8_t)digits[acc >> (bits - 5) & 31];
		acc &= (1u << bits) - 1;
	}
	if (bits > 0)
		out->p[out->len++] = (uint8_t)digits[acc << (5 - bits) & 31];
	return 0;
}

static int
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* The two passes keep out untouched until all of the text has been seen. */
static int
walk(uint8_t *out, const char *text, size_t len)
{
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i;
	int v;

	for (i = 0; i < len; i++) {
		v = digit_value(text[i]);
		if (v < 0)
			return ERR_FORMAT;
		acc = acc << 5 | (uint32_t)v;
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		if (out != NULL)
			*out++ = (uint8_t)(acc >> bits);
		acc &= (1u << bits) - 1;
	}
	return acc == 0 ? 0 : ERR_FORMAT;
}

int
base32_get(uint8_t *out, size_t n, const char *text, size_t len)
{
	int r;

	if (len != BASE32_LEN(n))
		return ERR_RANGE;
	r = walk(NULL, text, len);
	return r != 0 ? r : walk(out, text, len);
}
