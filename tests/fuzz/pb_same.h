/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pb_same.h — pb_borrow() beside protobuf-c's own decoder: what one takes the
 * other takes, with the same meaning; and pb_put.h beside its encoder. Used by
 * fuzz targets and unit tests.
 */
#ifndef TESTS_FUZZ_PB_SAME_H
#define TESTS_FUZZ_PB_SAME_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto/signal.pb-c.h"
#include "common/signal/pb.h"

/* All records that are read in place, and a type with messages in it. */
static const ProtobufCMessageDescriptor *const pb_same_types[] = {
    &sotto__signal__session_record__descriptor,
    &sotto__signal__session__descriptor,
    &sotto__signal__pq_ratchet__descriptor,
    &sotto__signal__scannable_fingerprint__descriptor,
};
#define PB_SAME_TYPES (sizeof(pb_same_types) / sizeof(pb_same_types[0]))

/* What is not known is not compared: one of the two forgets it. */
static inline void
pb_same_forget(ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *d = m->descriptor->fields;
	unsigned i;
	size_t k, n;

	m->n_unknown_fields = 0;
	for (i = 0; i < m->descriptor->n_fields; i++, d++) {
		uint8_t *base = (uint8_t *)m;
		ProtobufCMessage **v, *one;

		if (d->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (d->label != PROTOBUF_C_LABEL_REPEATED) {
			memcpy(&one, base + d->offset, sizeof(one));
			if (one != NULL)
				pb_same_forget(one);
			continue;
		}
		memcpy(&n, base + d->quantifier_offset, sizeof(n));
		memcpy(&v, base + d->offset, sizeof(v));
		for (k = 0; k < n; k++)
			pb_same_forget(v[k]);
	}
}

static inline bool
pb_same_bytes(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, SIZE_MAX / 2);
	buf_init(&y, SIZE_MAX / 2);
	same = pb_pack(&x, a) == 0 && pb_pack(&y, b) == 0 && x.len == y.len &&
	       (x.len == 0 || memcmp(x.p, y.p, x.len) == 0);
	buf_clear(&x);
	buf_clear(&y);
	return same;
}

/* What we wrote field by field is what protobuf-c writes of it. */
static inline bool
pb_same_written(
    const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, len, p);
	struct buf again;
	bool same;

	if (m == NULL)
		return false;
	buf_init(&again, SIZE_MAX / 2);
	same = pb_pack(&again, m) == 0 && again.len == len &&
	       memcmp(again.p, p, len) == 0;
	buf_clear(&again);
	protobuf_c_message_free_unpacked(m, NULL);
	return same;
}

static inline uint64_t
pb_same_varint(const uint8_t **p, const uint8_t *end)
{
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; *p < end; shift += 7) {
		v |= (uint64_t)(**p & 0x7f) << (shift & 63);
		if (*(*p)++ < 0x80)
			break;
	}
	return v;
}

/* What pb_borrow() refuses and protobuf-c does not look at: a yes or no that is
 * written as another kind of field; field number 0 in more than one byte. */
static inline bool
pb_same_odd(
    const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len)
{
	const ProtobufCFieldDescriptor *d;
	const uint8_t *end = p + len;
	uint64_t tag, n;
	unsigned i, kind;

	while (p < end) {
		tag = pb_same_varint(&p, end);
		kind = tag & 7;
		tag >>= 3;
		if (tag == 0)
			return true;
		n = kind == 1 ? 8 : kind == 5 ? 4 : pb_same_varint(&p, end);
		n = kind == 0 ? 0 : n;
		n = n > (uint64_t)(end - p) ? (uint64_t)(end - p) : n;
		for (i = 0, d = type->fields; i < type->n_fields; i++, d++) {
			if (d->id != tag)
				continue;
			if (d->type == PROTOBUF_C_TYPE_BOOL && kind != 0)
				return true;
			if (d->type == PROTOBUF_C_TYPE_MESSAGE && kind == 2 &&
			    pb_same_odd(d->descriptor, p, (size_t)n))
				return true;
		}
		p += n;
	}
	return false;
}

/* *taken: both take it. Returns false when they differ. */
static inline bool
pb_same(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len,
    bool *taken)
{
	struct pb_mem mine, theirs;
	ProtobufCMessage *a, *b;
	int x = pb_borrow(&mine, type, p, len, &a);
	int y = pb_unpack(&theirs, type, p, len, &b);
	bool same;

	*taken = x == 0 && y == 0;
	if (*taken) {
		pb_same_forget(b);
		same = pb_same_bytes(a, b);
	} else if (x == 0) { /* what is not known takes them memory */
		same = y == ERR_RANGE;
	} else {
		same = y != 0 || pb_same_odd(type, p, len);
	}
	if (x == 0)
		pb_free(&mine, a);
	if (y == 0)
		pb_free(&theirs, b);
	return same;
}

#endif
