/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pb_put.h — internal: protobuf messages written field by field, in one go and
 * where they belong; the same bytes as from protobuf-c's tables, which want
 * every message filled in first and packed apart from the one around it. For
 * records of sessions and for messages, which are written for every text.
 *
 * A function that puts a message is called twice: once to count, once to write
 * into the room there is then. Fields go in the order of their numbers.
 */
#ifndef COMMON_SIGNAL_PB_PUT_H
#define COMMON_SIGNAL_PB_PUT_H

#include <string.h>

#include "common/buf.h"

struct pb_out {
	uint8_t *p; /* NULL: only counts */
	size_t len;
};

/* What puts one message. */
typedef void pb_put_fn(struct pb_out *o, const void *message);

static inline void
pb_put_raw(struct pb_out *o, const void *p, size_t len)
{
	if (o->p != NULL && len > 0)
		memcpy(o->p + o->len, p, len);
	o->len += len;
}

static inline void
pb_put_byte(struct pb_out *o, uint8_t b)
{
	if (o->p != NULL)
		o->p[o->len] = b;
	o->len++;
}

static inline void
pb_put_varint(struct pb_out *o, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		pb_put_byte(o, (uint8_t)(v | 0x80));
	pb_put_byte(o, (uint8_t)v);
}

/* uint32, uint64, bool. */
static inline void
pb_put_number(struct pb_out *o, uint32_t field, uint64_t v)
{
	pb_put_varint(o, field << 3);
	pb_put_varint(o, v);
}

/* What precedes len bytes. */
static inline void
pb_put_prefix(struct pb_out *o, uint32_t field, size_t len)
{
	pb_put_varint(o, field << 3 | 2);
	pb_put_varint(o, len);
}

static inline void
pb_put_bytes(struct pb_out *o, uint32_t field, const void *p, size_t len)
{
	pb_put_prefix(o, field, len);
	pb_put_raw(o, p, len);
}

/* How long a message is. */
static inline size_t
pb_put_size(pb_put_fn *put, const void *message)
{
	struct pb_out counted = {NULL, 0};

	put(&counted, message);
	return counted.len;
}

/* A message inside another; len: its pb_put_size(), when that is known. */
static inline void
pb_put_sized(struct pb_out *o, uint32_t field, pb_put_fn *put,
    const void *message, size_t len)
{
	pb_put_prefix(o, field, len);
	if (o->p != NULL)
		put(o, message);
	else
		o->len += len;
}

static inline void
pb_put_child(
    struct pb_out *o, uint32_t field, pb_put_fn *put, const void *message)
{
	pb_put_sized(o, field, put, message, pb_put_size(put, message));
}

/* Append: 0, ERR_FULL, ERR_NOMEM; out unchanged on error. */
static inline MUST_USE int
pb_put(struct buf *out, pb_put_fn *put, const void *message)
{
	struct pb_out o = {NULL, 0};
	int r = buf_reserve(out, pb_put_size(put, message));

	if (r != 0)
		return r;
	o.p = out->p + out->len;
	put(&o, message);
	out->len += o.len;
	return 0;
}

#endif
