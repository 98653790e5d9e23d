/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pb_borrow.c — protobuf messages read where they are. The tables are those that
 * protobuf-c makes; what is taken and refused is the same as with its own
 * decoder (tests/fuzz/fuzz_pb_borrow.c; only that a bool is a number and nothing
 * else, and no field has number 0), yet nothing is copied.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "common/signal/pb.h"

#define FIELDS_MAX 64 /* of one type: bits of a word */

/* The longest varint of a number; of a tag or a length. */
#define NUMBER_MAX 10
#define SHORT_MAX  5

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct in {
	const uint8_t *p;
	size_t left;
};

struct field {
	uint32_t tag;
	enum wire wire;
	uint64_t number; /* VARINT */
	struct in bytes; /* BYTES */
};

static int
get_varint(struct in *in, unsigned max, uint64_t *v)
{
	uint64_t x = 0;
	unsigned shift;
	uint8_t b;

	for (shift = 0; shift < 7 * max && in->left > 0; shift += 7) {
		b = *in->p++;
		in->left--;
		x |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*v = x;
			return 0;
		}
	}
	return ERR_FORMAT;
}

static int
get_bytes(struct in *in, uint64_t n, struct in *out)
{
	if (n > in->left)
		return ERR_FORMAT;
	*out = (struct in){in->p, (size_t)n};
	in->p += n;
	in->left -= (size_t)n;
	return 0;
}

static int
get_field(struct in *in, struct field *f)
{
	uint64_t key, n;
	int r = get_varint(in, SHORT_MAX, &key);

	if (r != 0)
		return r;
	if (key >> 3 == 0)
		return ERR_FORMAT;
	f->tag = (uint32_t)(key >> 3);
	f->wire = key & 7;
	switch (f->wire) {
	case VARINT:
		return get_varint(in, NUMBER_MAX, &f->number);
	case FIXED64:
		return get_bytes(in, 8, &f->bytes);
	case BYTES:
		r = get_varint(in, SHORT_MAX, &n);
		return r == 0 ? get_bytes(in, n, &f->bytes) : r;
	case FIXED32:
		return get_bytes(in, 4, &f->bytes);
	default: /* groups: never in use */
		return ERR_FORMAT;
	}
}

/* The index of a tag's field, looked for from *at on: they come in order.
 * n_fields: unknown. */
static unsigned
find(const ProtobufCMessageDescriptor *type, uint32_t tag, unsigned at)
{
	unsigned i;

	for (i = at; i < type->n_fields; i++)
		if (type->fields[i].id == tag)
			return i;
	for (i = 0; i < at; i++)
		if (type->fields[i].id == tag)
			return i;
	return type->n_fields;
}

/* A member of a struct whose type only its table tells. */
static void
member_put(void *m, unsigned offset, const void *p, size_t len)
{
	memcpy((uint8_t *)m + offset, p, len);
}

static void
member_get(const void *m, unsigned offset, void *p, size_t len)
{
	memcpy(p, (const uint8_t *)m + offset, len);
}

static int message_borrow(
    struct pb_mem *mem, ProtobufCMessage *m, struct in in);

/* A message that came in two parts is one. */
static int
child_borrow(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    struct in in, ProtobufCMessage **child)
{
	ProtobufCMessage *c = *child;

	if (c == NULL) {
		c = mem->alloc.alloc(mem, type->sizeof_message);
		if (c == NULL)
			return mem->error;
		type->message_init(c);
	}
	*child = c;
	return message_borrow(mem, c, in);
}

/* One more in an array; its room doubles. */
static int
array_grow(struct pb_mem *mem, void **array, size_t n, size_t size)
{
	void *more;

	if ((n & (n - 1)) != 0) /* full at 0, 1, 2, 4, 8 … */
		return 0;
	more = mem->alloc.alloc(mem, (n == 0 ? 1 : 2 * n) * size);
	if (more == NULL)
		return mem->error;
	if (n > 0)
		memcpy(more, *array, n * size);
	*array = more;
	return 0;
}

static int
add_one(struct pb_mem *mem, ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *d, const struct field *f)
{
	const bool bytes = d->type == PROTOBUF_C_TYPE_BYTES;
	const size_t size =
	    bytes ? sizeof(ProtobufCBinaryData) : sizeof(ProtobufCMessage *);
	ProtobufCBinaryData b = pb_bytes(f->bytes.p, f->bytes.left);
	ProtobufCMessage *child = NULL;
	void *array;
	size_t n;
	int r;

	if (f->wire != BYTES)
		return ERR_FORMAT;
	member_get(m, d->quantifier_offset, &n, sizeof(n));
	member_get(m, d->offset, &array, sizeof(array));
	r = array_grow(mem, &array, n, size);
	if (r == 0 && !bytes)
		r = child_borrow(mem, d->descriptor, f->bytes, &child);
	if (r != 0)
		return r;
	memcpy((uint8_t *)array + n * size,
	    bytes ? (const void *)&b : (const void *)&child, size);
	n++;
	member_put(m, d->quantifier_offset, &n, sizeof(n));
	member_put(m, d->offset, &array, sizeof(array));
	return 0;
}

static int
put_number(
    ProtobufCMessage *m, const ProtobufCFieldDescriptor *d, uint64_t number)
{
	const uint32_t u32 = (uint32_t)number;
	const protobuf_c_boolean yes = number != 0;

	switch (d->type) {
	case PROTOBUF_C_TYPE_UINT32:
		member_put(m, d->offset, &u32, sizeof(u32));
		return 0;
	case PROTOBUF_C_TYPE_UINT64:
		member_put(m, d->offset, &number, sizeof(number));
		return 0;
	case PROTOBUF_C_TYPE_BOOL:
		member_put(m, d->offset, &yes, sizeof(yes));
		return 0;
	default:
		return ERR_FORMAT;
	}
}

static int
put_bytes(struct pb_mem *mem, ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *d, struct in bytes)
{
	const ProtobufCBinaryData b = pb_bytes(bytes.p, bytes.left);
	ProtobufCMessage *child;
	int r;

	switch (d->type) {
	case PROTOBUF_C_TYPE_BYTES:
		member_put(m, d->offset, &b, sizeof(b));
		return 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		member_get(m, d->offset, &child, sizeof(child));
		r = child_borrow(mem, d->descriptor, bytes, &child);
		if (r == 0)
			member_put(m, d->offset, &child, sizeof(child));
		return r;
	default:
		return ERR_FORMAT;
	}
}

static int
put_field(struct pb_mem *mem, ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *d, const struct field *f)
{
	static const protobuf_c_boolean yes = 1;
	int r;

	if (d->label == PROTOBUF_C_LABEL_REPEATED)
		return add_one(mem, m, d, f);
	if (f->wire == VARINT)
		r = put_number(m, d, f->number);
	else if (f->wire == BYTES)
		r = put_bytes(mem, m, d, f->bytes);
	else
		r = ERR_FORMAT;
	if (r == 0 && d->label == PROTOBUF_C_LABEL_OPTIONAL &&
	    d->type != PROTOBUF_C_TYPE_MESSAGE)
		member_put(m, d->quantifier_offset, &yes, sizeof(yes));
	return r;
}

static bool
has_required(const ProtobufCMessageDescriptor *type, uint64_t seen)
{
	unsigned i;

	for (i = 0; i < type->n_fields; i++)
		if (type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED &&
		    (seen >> i & 1) == 0)
			return false;
	return true;
}

static int
message_borrow(struct pb_mem *mem, ProtobufCMessage *m, struct in in)
{
	const ProtobufCMessageDescriptor *type = m->descriptor;
	unsigned at = 0;
	struct field f = {.tag = 0};
	uint64_t seen = 0;
	int r;

	assert(type->n_fields <= FIELDS_MAX);
	while (in.left > 0) {
		r = get_field(&in, &f);
		if (r != 0)
			return r;
		at = find(type, f.tag, at < type->n_fields ? at : 0);
		if (at == type->n_fields)
			continue; /* a later program's */
		r = put_field(mem, m, &type->fields[at], &f);
		if (r != 0)
			return r;
		seen |= (uint64_t)1 << at;
	}
	return has_required(type, seen) ? 0 : ERR_FORMAT;
}

int
pb_borrow(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **out)
{
	ProtobufCMessage *m = NULL;
	int r;

	*out = NULL;
	pb_mem_begin(mem, len);
	r = child_borrow(mem, type, (struct in){p, len}, &m);
	if (r != 0)
		pb_mem_end(mem);
	else
		*out = m;
	return r;
}
