/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"

#define BUF_FIRST 64 /* smallest storage worth asking for */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_clear(struct buf *b)
{
	if (b->p != NULL)
		sodium_memzero(b->p, b->cap);
	free(b->p);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	if (b->p != NULL)
		sodium_memzero(b->p, b->len);
	b->len = 0;
}

static size_t
next_cap(const struct buf *b, size_t need)
{
	size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;

	/* most are written once, by somebody who knows how long it will be */
	if (b->cap == 0 && need > BUF_FIRST)
		return need;
	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	return cap > b->max ? b->max : cap;
}

int
buf_reserve(struct buf *b, size_t n)
{
	uint8_t *p;
	size_t cap;

	if (n > b->max || b->len > b->max - n)
		return ERR_FULL;
	if (b->len + n <= b->cap)
		return 0;
	cap = next_cap(b, b->len + n);
	p = malloc(cap);
	if (p == NULL)
		return ERR_NOMEM;
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		sodium_memzero(b->p, b->cap);
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
	return 0;
}

int
buf_put(struct buf *b, const void *p, size_t n)
{
	int r;

	if (n == 0)
		return 0;
	r = buf_reserve(b, n);
	if (r != 0)
		return r;
	memcpy(b->p + b->len, p, n);
	b->len += n;
	return 0;
}

int
buf_put_u8(struct buf *b, uint8_t v)
{
	return buf_put(b, &v, 1);
}

int
buf_put_u16(struct buf *b, uint16_t v)
{
	uint8_t be[2];

	put_be16(be, v);
	return buf_put(b, be, sizeof(be));
}

int
buf_put_u32(struct buf *b, uint32_t v)
{
	uint8_t be[4];

	put_be32(be, v);
	return buf_put(b, be, sizeof(be));
}

int
buf_put_u64(struct buf *b, uint64_t v)
{
	uint8_t be[8];

	put_be64(be, v);
	return buf_put(b, be, sizeof(be));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return ERR_FORMAT;
	/* vsnprintf writes a NUL; it lands in spare room and is not counted. */
	r = buf_reserve(b, (size_t)n + 1);
	if (r != 0)
		return r;
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->p, b->p + n, b->len);
	sodium_memzero(b->p + b->len, n);
}

void
buf_detach(struct buf *b, uint8_t **p, size_t *len)
{
	*p = b->p;
	*len = b->len;
	buf_init(b, b->max);
}

struct cur
cur_of(const void *p, size_t len)
{
	return (struct cur){.p = p, .left = len};
}

int
cur_borrow(struct cur *c, const uint8_t **p, size_t n)
{
	if (n > c->left)
		return ERR_RANGE;
	*p = c->p;
	c->p += n;
	c->left -= n;
	return 0;
}

int
cur_get(struct cur *c, void *out, size_t n)
{
	const uint8_t *p;

	if (cur_borrow(c, &p, n) != 0)
		return ERR_RANGE;
	if (n > 0)
		memcpy(out, p, n);
	return 0;
}

int
cur_get_u8(struct cur *c, uint8_t *v)
{
	return cur_get(c, v, 1);
}

int
cur_get_u16(struct cur *c, uint16_t *v)
{
	const uint8_t *p;

	if (cur_borrow(c, &p, 2) != 0)
		return ERR_RANGE;
	*v = get_be16(p);
	return 0;
}

int
cur_get_u32(struct cur *c, uint32_t *v)
{
	const uint8_t *p;

	if (cur_borrow(c, &p, 4) != 0)
		return ERR_RANGE;
	*v = get_be32(p);
	return 0;
}

int
cur_get_u64(struct cur *c, uint64_t *v)
{
	const uint8_t *p;

	if (cur_borrow(c, &p, 8) != 0)
		return ERR_RANGE;
	*v = get_be64(p);
	return 0;
}

uint16_t
get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

uint64_t
get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

void
put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

void
put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}
