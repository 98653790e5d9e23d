/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/pb.h"

/* Room for structs and field tables beside the bytes themselves. */
#define PB_FACTOR 4
#define PB_BASE	  8192

/* In front of each allocation: how much to wipe. */
union head {
	size_t size;
	max_align_t align;
};

static void *
mem_alloc(void *data, size_t n)
{
	struct pb_mem *mem = data;
	union head *h;

	if (n > mem->left) {
		mem->error = ERR_RANGE;
		return NULL;
	}
	h = malloc(sizeof(*h) + n);
	if (h == NULL) {
		mem->error = ERR_NOMEM;
		return NULL;
	}
	h->size = n;
	mem->left -= n;
	return h + 1;
}

static void
mem_free(void *data, void *p)
{
	union head *h;

	(void)data;
	if (p == NULL)
		return;
	h = (union head *)p - 1;
	sodium_memzero(p, h->size);
	free(h);
}

int
pb_unpack(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **out)
{
	*out = NULL;
	*mem = (struct pb_mem){
	    .alloc = {mem_alloc, mem_free, mem},
	    .left = PB_BASE + PB_FACTOR * len,
	};
	*out = protobuf_c_message_unpack(type, &mem->alloc, len, p);
	if (*out != NULL)
		return 0;
	return mem->error != 0 ? mem->error : ERR_FORMAT;
}

void
pb_free(struct pb_mem *mem, ProtobufCMessage *m)
{
	if (m != NULL)
		protobuf_c_message_free_unpacked(m, &mem->alloc);
}

int
pb_pack(struct buf *out, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	int r;

	r = buf_reserve(out, n);
	if (r != 0)
		return r;
	if (n > 0)
		out->len += protobuf_c_message_pack(m, out->p + out->len);
	return 0;
}

ProtobufCBinaryData
pb_bytes(const void *p, size_t len)
{
	union {
		const void *in;
		uint8_t *out;
	} same = {.in = p};

	return (ProtobufCBinaryData){.len = len, .data = same.out};
}

int
pb_fixed(void *out, size_t len, ProtobufCBinaryData field)
{
	if (field.len != len)
		return ERR_FORMAT;
	memcpy(out, field.data, len);
	return 0;
}
