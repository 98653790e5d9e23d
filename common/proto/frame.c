/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/proto/frame.h"

static int
kind_known(unsigned kind)
{
	return kind >= FRAME_REQUEST && kind <= FRAME_EVENT;
}

int
frame_put(struct buf *out, const struct frame *f)
{
	uint8_t h[FRAME_HEADER];
	int r;

	if (f->len > FRAME_BODY_MAX || !kind_known(f->kind))
		return ERR_RANGE;
	r = buf_reserve(out, FRAME_HEADER + f->len);
	if (r != 0)
		return r;
	put_be32(h, (uint32_t)f->len);
	h[4] = (uint8_t)f->kind;
	put_be16(h + 5, f->method);
	put_be32(h + 7, f->id);
	r = buf_put(out, h, sizeof(h));
	return r != 0 ? r : buf_put(out, f->body, f->len);
}

int
frame_get(
    const uint8_t *p, size_t len, size_t max, struct frame *f, size_t *used)
{
	uint32_t body, id;
	unsigned kind;

	if (len < FRAME_HEADER)
		return ERR_AGAIN;
	body = get_be32(p);
	kind = p[4];
	id = get_be32(p + 7);
	/* Judged on the header alone: a bad frame never makes us buffer. */
	if (!kind_known(kind) || (kind == FRAME_EVENT) != (id == 0))
		return ERR_FORMAT;
	if (body > max || body > FRAME_BODY_MAX)
		return ERR_RANGE;
	if (len - FRAME_HEADER < body)
		return ERR_AGAIN;
	*f = (struct frame){
	    .kind = (enum frame_kind)kind,
	    .method = get_be16(p + 5),
	    .id = id,
	    .body = p + FRAME_HEADER,
	    .len = body,
	};
	*used = FRAME_HEADER + body;
	return 0;
}
