/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame.h — requests, responses and events as bytes. docs/protocol.md §3.
 *
 * A frame is an 11-byte header and a protobuf body:
 *     body length  u32, big-endian, 0..FRAME_BODY_MAX
 *     kind         u8, enum frame_kind
 *     method       u16, big-endian (common/proto/method.h)
 *     request id   u32, big-endian; 0 in events
 * Frames follow each other as one stream of bytes, which Noise transport
 * messages cut wherever they are full.
 */
#ifndef COMMON_PROTO_FRAME_H
#define COMMON_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define FRAME_HEADER   11
#define FRAME_BODY_MAX (1024 * 1024)

enum frame_kind {
	FRAME_REQUEST = 1, /* wants one RESPONSE or ERROR with its id */
	FRAME_RESPONSE = 2,
	FRAME_ERROR = 3, /* body: sotto.relay.Error */
	FRAME_EVENT = 4, /* one-way, either direction */
};

struct frame {
	enum frame_kind kind;
	uint16_t method;
	uint32_t id;
	const uint8_t *body; /* borrowed */
	size_t len; /* bytes in body */
};

/*
 * Append one frame to out.
 * Returns 0; ERR_RANGE body over FRAME_BODY_MAX or unknown kind; ERR_FULL;
 * ERR_NOMEM. Nothing is appended on error.
 */
int frame_put(struct buf *out, const struct frame *f) MUST_USE;

/*
 * Read the first frame of p[0..len); *used tells its whole size in bytes.
 * max bounds the body (a peer that is not yet known gets a smaller one).
 * f->body borrows from p.
 * Returns 0; ERR_AGAIN more bytes are needed; ERR_FORMAT unknown kind, a
 * request without id or an event with one; ERR_RANGE body over max. f and
 * used are unchanged on error.
 */
int frame_get(const uint8_t *p, size_t len, size_t max, struct frame *f,
    size_t *used) MUST_USE;

#endif
