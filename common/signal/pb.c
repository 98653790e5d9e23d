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

/* A piece behind those there are; NULL: no room. */
static void *
piece(uint8_t *from, size_t size, size_t *used, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	uint8_t *p = from + *used;

	if (n > size - *used)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	n = (n + PIECE_GAP + align - 1) / align * align;
	*used += n < size - *used ? n : size - *used;
	return p;
}

static void *
mem_alloc(void *data, size_t n)
{
	struct pb_mem *mem = data;
	void *p = piece(mem->first, sizeof(mem->first), &mem->first_used, n);

	if (p != NULL)
		return p;
	if (mem->block == NULL) {
		mem->block = malloc(mem->size);
		if (mem->block == NULL) {
			mem->error = ERR_NOMEM;
			return NULL;
		}
		ASAN_POISON_MEMORY_REGION(mem->block, mem->size);
	}
	p = piece(mem->block, mem->size, &mem->used, n);
	if (p == NULL)
		mem->error = ERR_RANGE;
	return p;
}

/* They go all at once. */
static void
mem_free(void *data, void *p)
{
	(void)data;
	(void)p;
}

void
pb_mem_begin(struct pb_mem *mem, size_t len)
{
	mem->alloc = (ProtobufCAllocator){mem_alloc, mem_free, mem};
	mem->block = NULL;
	mem->size = PB_BASE + PB_FACTOR * len;
	mem->used = mem->first_used = 0;
	mem->error = 0;
	ASAN_POISON_MEMORY_REGION(mem->first, sizeof(mem->first));
}

void
pb_mem_end(struct pb_mem *mem)
{
	ASAN_UNPOISON_MEMORY_REGION(mem->first, sizeof(mem->first));
	sodium_memzero(mem->first, mem->first_used);
	if (mem->block == NULL)
		return;
	ASAN_UNPOISON_MEMORY_REGION(mem->block, mem->size);
	sodium_memzero(mem->block, mem->used);
	free(mem->block);
	mem->block = NULL;
}

int
pb_unpack(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, ProtobufCMessage **out)
{
	pb_mem_begin(mem, len);
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
