/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pb.h — internal: protobuf-c with memory that is bounded, wiped when freed,
 * and told apart from bad input when it runs out.
 */
#ifndef COMMON_SIGNAL_PB_H
#define COMMON_SIGNAL_PB_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "common/buf.h"

#define PB_FIRST 2048 /* enough for most messages, so that none is asked for */

/* The memory of one decoded message: first, then one block. */
struct pb_mem {
	ProtobufCAllocator alloc;
	uint8_t *block; /* NULL: not needed yet */
	size_t size; /* of the block */
	size_t used, first_used;
	int error; /* 0; ERR_RANGE wanted more than its bound; ERR_NOMEM */
	_Alignas(max_align_t) uint8_t first[PB_FIRST]; /* not initialised */
};

/*
 * Decode; *out is freed with pb_free() and the same mem. The memory is bounded
 * by a small multiple of len, so a message made of many tiny unknown fields is
 * refused. Returns 0; ERR_FORMAT; ERR_RANGE; ERR_NOMEM. On error *out is NULL.
 */
int pb_unpack(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **out) MUST_USE;

/*
 * The same for what need not be copied: bytes fields point into p, which
 * outlives the message. For records, which are large; unknown fields take no
 * memory. Types of numbers, bytes and messages only.
 */
int pb_borrow(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **out) MUST_USE;

/* Wipe and free; NULL is fine. */
void pb_free(struct pb_mem *mem, ProtobufCMessage *m);

/* The memory of a message of len bytes; wipe and free it. Between the two it
 * stays where it is. */
void pb_mem_begin(struct pb_mem *mem, size_t len);
void pb_mem_end(struct pb_mem *mem);

/* Append the encoding: 0, ERR_FULL, ERR_NOMEM; out unchanged on error. */
int pb_pack(struct buf *out, const ProtobufCMessage *m) MUST_USE;

/* A bytes field that borrows; protobuf-c wants a pointer it will not write. */
ProtobufCBinaryData pb_bytes(const void *p, size_t len);

/* Copy a field of exactly len bytes: 0 or ERR_FORMAT, out unchanged. */
int pb_fixed(void *out, size_t len, ProtobufCBinaryData field) MUST_USE;

#endif
