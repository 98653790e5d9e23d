/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/signal/spqr_message.h"

bool
spqr_has_chunk(enum spqr_type type)
{
	return type != SPQR_NONE && type != SPQR_CT1_ACK;
}

static uint8_t *
varint_put(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/* At most max; 0 or ERR_FORMAT. */
static int
varint_get(struct cur *c, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	unsigned shift;
	uint8_t b;

	for (shift = 0;; shift += 7) {
		/* the tenth has one bit left, and none follows */
		if (cur_get_u8(c, &b) != 0 || (shift == 63 && b > 1))
			return ERR_FORMAT;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			break;
	}
	if (v > max)
		return ERR_FORMAT;
	*out = v;
	return 0;
}

size_t
spqr_message_put(
    uint8_t out[static SPQR_MESSAGE_MAX], const struct spqr_message *m)
{
	uint8_t *p = out;

	*p++ = SPQR_VERSION;
	p = varint_put(p, m->epoch);
	p = varint_put(p, m->number);
	*p++ = (uint8_t)m->type;
	if (spqr_has_chunk(m->type)) {
		p = varint_put(p, m->chunk.x);
		memcpy(p, m->chunk.b, CHUNK_LEN);
		p += CHUNK_LEN;
	}
	return (size_t)(p - out);
}

int
spqr_message_get(struct spqr_message *m, const uint8_t *p, size_t len)
{
	struct cur c = cur_of(p, len);
	struct spqr_message got = {.epoch = 0};
	uint64_t v;
	uint8_t b;

	if (cur_get_u8(&c, &b) != 0)
		return ERR_FORMAT;
	if (b != SPQR_VERSION)
		return ERR_VERSION;
	if (varint_get(&c, UINT64_MAX, &got.epoch) != 0 || got.epoch == 0 ||
	    varint_get(&c, UINT32_MAX, &v) != 0 || cur_get_u8(&c, &b) != 0 ||
	    b > SPQR_CT2)
		return ERR_FORMAT;
	got.number = (uint32_t)v;
	got.type = (enum spqr_type)b;
	if (spqr_has_chunk(got.type)) {
		if (varint_get(&c, UINT16_MAX, &v) != 0 ||
		    cur_get(&c, got.chunk.b, CHUNK_LEN) != 0)
			return ERR_FORMAT;
		got.chunk.x = (uint16_t)v;
	}
	*m = got;
	return 0;
}
