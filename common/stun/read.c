/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/stun/priv.h"

struct rule {
	uint16_t type;
	uint16_t min, max;
	uint16_t of; /* the length is a multiple of it */
};

static const struct rule rules[] = {
#define X(name, type, min, max, of) {(type), (min), (max), (of)},
    STUN_ATTRS(X)
#undef X
};

static const struct rule *
rule_of(uint16_t type)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

/* An attribute that lies within the message, header and padding. */
static bool
attr_at(const struct stun_msg *m, size_t at, struct stun_attr *a)
{
	if (m->len - at < 4)
		return false;
	a->type = get16(m->p + at);
	a->len = get16(m->p + at + 2);
	a->v = m->p + at + 4;
	return padded(a->len) <= m->len - at - 4;
}

static bool
length_is_right(const struct stun_attr *a)
{
	const struct rule *r = rule_of(a->type);

	return r == NULL ||
	       (a->len >= r->min && a->len <= r->max && a->len % r->of == 0);
}

/* RFC 8489 §14.5 to §14.7: what may follow the codes. */
static int
note(struct stun_msg *m, const struct stun_attr *a, size_t at)
{
	bool more = at + 4 + padded(a->len) < m->len;

	switch (a->type) {
	case STUN_ATTR_MESSAGE_INTEGRITY:
		if (m->mac == 0 && m->mac256 == 0) {
			m->mac = at;
			m->end = at;
		}
		return 0;
	case STUN_ATTR_MESSAGE_INTEGRITY_SHA256:
		if (m->mac256 == 0) {
			m->mac256 = at;
			if (m->mac == 0)
				m->end = at;
		}
		return 0;
	case STUN_ATTR_FINGERPRINT:
		if (more || stun_crc(m->p, at) != get32(a->v))
			return ERR_FORMAT;
		m->fingerprint = true;
		if (m->end > at)
			m->end = at;
		return 0;
	default:
		return 0;
	}
}

int
stun_read(struct stun_msg *m, const uint8_t *p, size_t len)
{
	struct stun_msg next = {.p = p, .len = len, .end = len};
	struct stun_attr a;
	uint16_t type;
	size_t at;

	if (len < STUN_HEADER || len > STUN_MSG_MAX || (p[0] & 0xc0) != 0 ||
	    get16(p + 2) % 4 != 0 || get16(p + 2) != len - STUN_HEADER)
		return ERR_FORMAT;
	type = get16(p);
	/* §5: the class is two bits amid the method */
	next.class = (uint8_t)((type >> 4 & 1) | (type >> 7 & 2));
	next.method = (uint16_t)((type & 0x000f) | (type >> 1 & 0x0070) |
				 (type >> 2 & 0x0f80));
	next.cookie = get32(p + 4) == STUN_COOKIE;
	for (at = STUN_HEADER; at < len; at += 4 + padded(a.len)) {
		if (!attr_at(&next, at, &a) || !length_is_right(&a) ||
		    note(&next, &a, at) != 0)
			return ERR_FORMAT;
	}
	*m = next;
	return 0;
}

size_t
stun_framed_len(const uint8_t p[static 4])
{
	switch (p[0] & 0xc0) {
	case 0x00:
		return get16(p + 2) % 4 == 0
			   ? (size_t)STUN_HEADER + get16(p + 2)
			   : 0;
	case 0x40:
		return STUN_CHANNEL_HEAD + padded(get16(p + 2));
	default:
		return 0;
	}
}

bool
stun_next(const struct stun_msg *m, size_t *at, struct stun_attr *a)
{
	if (*at == 0)
		*at = STUN_HEADER;
	if (*at >= m->end || !attr_at(m, *at, a))
		return false;
	*at += 4 + padded(a->len);
	return true;
}

bool
stun_find(const struct stun_msg *m, uint16_t type, struct stun_attr *a)
{
	size_t at = 0;
	struct stun_attr each;

	while (stun_next(m, &at, &each)) {
		if (each.type != type)
			continue;
		*a = each;
		return true;
	}
	return false;
}

const uint8_t *
stun_tid(const struct stun_msg *m)
{
	return m->p + 4;
}

uint32_t
stun_u32(const struct stun_attr *a)
{
	return get32(a->v);
}

int
stun_get_addr(
    const struct stun_msg *m, const struct stun_attr *a, struct stun_addr *out)
{
	struct stun_addr next = {.family = a->v[1]};
	size_t n = next.family == STUN_IPV4 ? 4 : 16, i;

	if ((next.family != STUN_IPV4 && next.family != STUN_IPV6) ||
	    a->len != 4 + n)
		return ERR_FORMAT;
	next.port = (uint16_t)(get16(a->v + 2) ^ get16(m->p + 4));
	for (i = 0; i < n; i++)
		next.ip[i] = a->v[4 + i] ^ m->p[4 + i];
	*out = next;
	return 0;
}

unsigned
stun_error_code(const struct stun_msg *m)
{
	struct stun_attr a;
	unsigned class, number;

	if (!stun_find(m, STUN_ATTR_ERROR_CODE, &a))
		return 0;
	class = a.v[2] & 7;
	number = a.v[3];
	return class >= 3 && class <= 6 && number < 100 ? class * 100 + number
							: 0;
}

size_t
stun_unknown(const struct stun_msg *m, uint16_t *out, size_t cap)
{
	struct stun_attr a;
	size_t at = 0, n = 0;

	while (stun_next(m, &at, &a)) {
		if (a.type >= STUN_OPTIONAL || rule_of(a.type) != NULL)
			continue;
		if (n < cap)
			out[n] = a.type;
		n++;
	}
	return n;
}
