/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/stun/priv.h"

#define SOFT_XOR 0x5354554eu /* "STUN" */

static uint16_t
type_bits(enum stun_class c, uint16_t method)
{
	unsigned m = method, k = c;

	return (uint16_t)((m & 0x000f) | (m & 0x0070) << 1 | (m & 0x0f80) << 2 |
			  (k & 1) << 4 | (k & 2) << 7);
}

void
stun_begin(struct stun_out *o, void *p, size_t cap, enum stun_class c,
    uint16_t method, const uint8_t tid[static STUN_TID_LEN])
{
	o->p = p;
	o->cap = cap < STUN_MSG_MAX ? cap : STUN_MSG_MAX;
	o->len = STUN_HEADER;
	o->full = o->cap < STUN_HEADER;
	if (o->full)
		return;
	put16(o->p, type_bits(c, method));
	put16(o->p + 2, 0);
	memcpy(o->p + 4, tid, STUN_TID_LEN);
}

void
stun_answer(struct stun_out *o, void *p, size_t cap, enum stun_class c,
    const struct stun_msg *m)
{
	stun_begin(o, p, cap, c, m->method, stun_tid(m));
}

/* Room for a value, padded with zeros; NULL: full. */
static uint8_t *
room(struct stun_out *o, uint16_t type, size_t len)
{
	uint8_t *v;

	if (o->full || len > 65532 || o->cap - o->len < 4 + padded(len)) {
		o->full = true;
		return NULL;
	}
	v = o->p + o->len + 4;
	put16(v - 4, type);
	put16(v - 2, (unsigned)len);
	memset(v + len, 0, padded(len) - len);
	o->len += 4 + padded(len);
	put16(o->p + 2, (unsigned)(o->len - STUN_HEADER));
	return v;
}

void
stun_put(struct stun_out *o, uint16_t type, const void *value, size_t len)
{
	uint8_t *v = room(o, type, len);

	if (v != NULL && len > 0)
		memcpy(v, value, len);
}

void
stun_put_text(struct stun_out *o, uint16_t type, const char *text)
{
	stun_put(o, type, text, strlen(text));
}

void
stun_put_u32(struct stun_out *o, uint16_t type, uint32_t value)
{
	uint8_t v[4];

	put32(v, value);
	stun_put(o, type, v, sizeof(v));
}

/* The value of an address; the mask is the transaction id, or zeros. */
static size_t
addr_value(uint8_t v[static 20], const struct stun_addr *a, const uint8_t *mask)
{
	size_t n = a->family == STUN_IPV6 ? 16 : 4, i;

	v[0] = 0;
	v[1] = a->family == STUN_IPV6 ? STUN_IPV6 : STUN_IPV4;
	put16(v + 2, (unsigned)(a->port ^ get16(mask)));
	for (i = 0; i < n; i++)
		v[4 + i] = a->ip[i] ^ mask[i];
	return 4 + n;
}

void
stun_put_addr(struct stun_out *o, uint16_t type, const struct stun_addr *a)
{
	static const uint8_t zeros[STUN_TID_LEN];
	uint8_t v[20];

	if (o->full)
		return;
	stun_put(o, type, v,
	    addr_value(
		v, a, type == STUN_ATTR_MAPPED_ADDRESS ? zeros : o->p + 4));
}

const char *
stun_error_text(unsigned code)
{
	switch (code) {
#define X(name, number, text)                                                  \
	case number:                                                           \
		return text;
		STUN_ERRORS(X)
#undef X
	default:
		return "";
	}
}

void
stun_put_error(struct stun_out *o, enum stun_code code)
{
	const char *text = stun_error_text(code);
	size_t len = strlen(text);
	uint8_t *v = room(o, STUN_ATTR_ERROR_CODE, 4 + len);

	if (v == NULL)
		return;
	put16(v, 0);
	v[2] = (uint8_t)((unsigned)code / 100);
	v[3] = (uint8_t)((unsigned)code % 100);
	memcpy(v + 4, text, len);
}

void
stun_put_unknown(struct stun_out *o, const uint16_t *types, size_t n)
{
	uint8_t *v = room(o, STUN_ATTR_UNKNOWN_ATTRIBUTES, 2 * n);
	size_t i;

	for (i = 0; v != NULL && i < n; i++)
		put16(v + 2 * i, types[i]);
}

void
stun_put_mac(struct stun_out *o, const uint8_t *key, size_t len)
{
	size_t at = o->len;
	uint8_t *v = room(o, STUN_ATTR_MESSAGE_INTEGRITY, STUN_SHA1_LEN);

	if (v != NULL)
		stun_hmac_sha1(v, key, len, o->p, at, o->len - STUN_HEADER);
}

void
stun_put_mac256(struct stun_out *o, const uint8_t *key, size_t len)
{
	size_t at = o->len;
	uint8_t *v =
	    room(o, STUN_ATTR_MESSAGE_INTEGRITY_SHA256, STUN_SHA256_LEN);

	if (v != NULL)
		stun_hmac_sha256(v, key, len, o->p, at, o->len - STUN_HEADER);
}

void
stun_put_fingerprint(struct stun_out *o)
{
	size_t at = o->len;
	uint8_t *v = room(o, STUN_ATTR_FINGERPRINT, 4);

	if (v != NULL)
		put32(v, stun_crc(o->p, at));
}

size_t
stun_end(const struct stun_out *o)
{
	return o->full ? 0 : o->len;
}

size_t
stun_data_head(uint8_t head[static STUN_DATA_HEAD_MAX],
    const uint8_t tid[static STUN_TID_LEN], const struct stun_addr *peer,
    size_t data)
{
	size_t n;

	put16(head, type_bits(STUN_INDICATION, STUN_DATA));
	memcpy(head + 4, tid, STUN_TID_LEN);
	n = addr_value(head + STUN_HEADER + 4, peer, tid);
	put16(head + STUN_HEADER, STUN_ATTR_XOR_PEER_ADDRESS);
	put16(head + STUN_HEADER + 2, (unsigned)n);
	n += STUN_HEADER + 4;
	put16(head + n, STUN_ATTR_DATA_BYTES);
	put16(head + n + 2, (unsigned)data);
	n += 4;
	put16(head + 2, (unsigned)(n - STUN_HEADER + padded(data)));
	return n;
}

/* ---- FINGERPRINT ---------------------------------------------------------------- */

/* CRC-32 of ITU V.42, four bits at a time: messages are short and few. */
uint32_t
stun_crc(const uint8_t *p, size_t len)
{
	static const uint32_t half[16] = {0x00000000, 0x1db71064, 0x3b6e20c8,
	    0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
	    0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = 0xffffffff;
	size_t i;

	for (i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ half[crc & 15];
		crc = crc >> 4 ^ half[crc & 15];
	}
	return crc ^ 0xffffffff ^ SOFT_XOR;
}
