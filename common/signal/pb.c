/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/pb.h"

/* Room for structs and field tables beside the bytes themselves. */
#define PB_FACTOR 4
#define PB_BASE	  8192

/* AddressSanitizer is to see the ends of the pieces of one block. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define PIECES_SEEN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(PIECES_SEEN)
#include <sanitizer/asan_interface.h>
#define PIECE_GAP 16
#else
#define PIECE_GAP			  0
#define ASAN_POISON_MEMORY_REGION(p, n)	  ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

/* Pieces of the block, one behind the other. */
static void *
mem_alloc(void *data, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct pb_mem *mem = data;
	uint8_t *p = mem->block + mem->used;

	if (n > mem->size - mem->used) {
		mem->error = ERR_RANGE;
		return NULL;
	}
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	n = (n + PIECE_GAP + align - 1) / align * align;
	mem->used += n < mem->size - mem->used ? n : mem->size - mem->used;
	return p;
}

/* They go with the block. */
static void
mem_free(void *data, void *p)
{
	(void)data;
	(void)p;
}

int
pb_mem_begin(struct pb_mem *mem, size_t len)
{
	*mem = (struct pb_mem){
	    .alloc = {mem_alloc, mem_free, mem},
	    .size = PB_BASE + PB_FACTOR * len,
	};
	mem->block = malloc(mem->size);
	if (mem->block == NULL)
		return ERR_NOMEM;
	ASAN_POISON_MEMORY_REGION(mem->block, mem->size);
	return 0;
}

void
pb_mem_end(struct pb_mem *mem)
{
	ASAN_UNPOISON_MEMORY_REGION(mem->block, mem->size);
	sodium_memzero(mem->block, mem->used);
	free(mem->block);
	mem->block = NULL;
}

int
pb_unpack(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **out)
{
	int r;

	*out = NULL;
	r = pb_mem_begin(mem, len);
	if (r != 0)
		return r;
	*out = protobuf_c_message_unpack(type, &mem->alloc, len, p);
	if (*out != NULL)
		return 0;
	pb_mem_end(mem);
	return mem->error != 0 ? mem->error : ERR_FORMAT;
}

void
pb_free(struct pb_mem *mem, ProtobufCMessage *m)
{
	if (m != NULL)
		pb_mem_end(mem);
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
