/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.h — bounded byte buffers: one that grows up to a maximum it is born
 * with, and a cursor that reads without ever leaving its bytes.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

struct buf {
	uint8_t *p; /* heap, owned; NULL while empty */
	size_t len;
	size_t cap;
	size_t max; /* never grows beyond */
};

/* Start empty; the buffer will never hold more than max bytes. */
void buf_init(struct buf *b, size_t max);

/* Wipe and free the storage; usable again with the same maximum. */
void buf_clear(struct buf *b);

/* Wipe the contents, keep the storage. */
void buf_reset(struct buf *b);

/*
 * Room for n more bytes behind len. Storage that moves is wiped where it was.
 * Returns 0; ERR_FULL over the maximum; ERR_NOMEM. Unchanged on error.
 */
int buf_reserve(struct buf *b, size_t n) MUST_USE;

/* Append; 0, ERR_FULL or ERR_NOMEM. Numbers are big-endian. */
int buf_put(struct buf *b, const void *p, size_t n) MUST_USE;
int buf_put_u8(struct buf *b, uint8_t v) MUST_USE;
int buf_put_u16(struct buf *b, uint16_t v) MUST_USE;
int buf_put_u32(struct buf *b, uint32_t v) MUST_USE;
int buf_put_u64(struct buf *b, uint64_t v) MUST_USE;

/* Append formatted text without its NUL; 0, ERR_FULL, ERR_NOMEM, ERR_FORMAT. */
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3) MUST_USE;

/* Drop the first n bytes (n <= len). */
void buf_drop(struct buf *b, size_t n);

/* Give the bytes away: the caller frees *p. The buffer is empty afterwards. */
void buf_detach(struct buf *b, uint8_t **p, size_t *len);

/* Reads from bytes it borrows; every getter returns 0 or ERR_RANGE and moves
 * only on success. */
struct cur {
	const uint8_t *p;
	size_t left;
};

struct cur cur_of(const void *p, size_t len);
int cur_get_u8(struct cur *c, uint8_t *v) MUST_USE;
int cur_get_u16(struct cur *c, uint16_t *v) MUST_USE;
int cur_get_u32(struct cur *c, uint32_t *v) MUST_USE;
int cur_get_u64(struct cur *c, uint64_t *v) MUST_USE;
int cur_get(struct cur *c, void *out, size_t n) MUST_USE;
/* Borrow n bytes in place. */
int cur_borrow(struct cur *c, const uint8_t **p, size_t n) MUST_USE;

/* Big-endian numbers in place. */
uint16_t get_be16(const uint8_t *p);
uint32_t get_be32(const uint8_t *p);
uint64_t get_be64(const uint8_t *p);
void put_be16(uint8_t *p, uint16_t v);
void put_be32(uint8_t *p, uint32_t v);
void put_be64(uint8_t *p, uint64_t v);

#endif
