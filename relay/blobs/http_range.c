/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_range.c — RFC 9110 §14: which bytes. */
#include <stdlib.h>
#include <string.h>

#include "relay/blobs/http_priv.h"

/* Decimal digits, up to 18 of them. */
static int
get_number(const char **p, uint64_t *out)
{
	uint64_t v = 0;
	int n;

	for (n = 0; **p >= '0' && **p <= '9'; n++, ++*p) {
		if (n == 18)
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(**p - '0');
	}
	*out = v;
	return n > 0 ? 0 : ERR_FORMAT;
}

int
http_length_read(const char *text, uint64_t *len)
{
	uint64_t n;

	if (get_number(&text, &n) != 0 || *text != '\0')
		return ERR_FORMAT;
	*len = n;
	return 0;
}

/* "-n": the last n bytes. */
static int
suffix(const char *p, uint64_t size, uint64_t *from, uint64_t *len)
{
	uint64_t n;

	if (get_number(&p, &n) != 0 || *p != '\0')
		return ERR_NOTFOUND;
	if (n == 0 || size == 0)
		return ERR_RANGE;
	*len = n < size ? n : size;
	*from = size - *len;
	return 0;
}

/* Several ranges are no range to us, which the standard allows. */
int
http_range_read(const char *text, uint64_t size, uint64_t *from, uint64_t *len)
{
	uint64_t a, b = UINT64_MAX;
	const char *p = text;

	if (p == NULL || strncmp(p, "bytes=", 6) != 0)
		return ERR_NOTFOUND;
	p += 6;
	if (*p == '-')
		return suffix(p + 1, size, from, len);
	if (get_number(&p, &a) != 0 || *p++ != '-')
		return ERR_NOTFOUND;
	if (*p != '\0' && (get_number(&p, &b) != 0 || *p != '\0' || b < a))
		return ERR_NOTFOUND;
	if (a >= size)
		return ERR_RANGE;
	*from = a;
	*len = (b < size - 1 ? b : size - 1) - a + 1;
	return 0;
}

int
http_content_range_read(
    const char *text, uint64_t *from, uint64_t *len, uint64_t *size)
{
	uint64_t a, b, n;
	const char *p = text;

	if (strncmp(p, "bytes ", 6) != 0)
		return ERR_FORMAT;
	p += 6;
	if (strncmp(p, "*/", 2) == 0) {
		p += 2;
		if (get_number(&p, &n) != 0 || *p != '\0')
			return ERR_FORMAT;
		*from = *size = n;
		*len = 0;
		return 0;
	}
	if (get_number(&p, &a) != 0 || *p++ != '-' || get_number(&p, &b) != 0 ||
	    *p++ != '/' || get_number(&p, &n) != 0 || *p != '\0' || b < a ||
	    b >= n)
		return ERR_FORMAT;
	*from = a;
	*len = b - a + 1;
	*size = n;
	return 0;
}
