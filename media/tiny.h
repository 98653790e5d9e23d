/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tiny.h — the small picture that travels inside a message and is seen before
 * the file is here: a byte 1, width, height (1..TINY_SIDE_MAX), then 16 bits a
 * pixel (5 red, 6 green, 5 blue; big-endian), rows from the top. No compression:
 * there is nothing in it that a reader could trip over, so the client itself
 * may read it; a cell of a terminal shows two pixels, so 24 x 24 are 24 columns
 * and 12 rows. docs/protocol.md.
 */
#ifndef MEDIA_TINY_H
#define MEDIA_TINY_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define TINY_SIDE_MAX  24
#define TINY_BYTES_MAX (3 + 2 * TINY_SIDE_MAX * TINY_SIDE_MAX)

struct tiny {
	int w, h;
	uint32_t px[TINY_SIDE_MAX * TINY_SIDE_MAX]; /* 0xrrggbb */
};

/* 0; ERR_FORMAT, ERR_VERSION: t is unchanged. */
int tiny_read(struct tiny *t, const uint8_t *p, size_t len) MUST_USE;

/* Returns the bytes written. */
size_t tiny_write(uint8_t out[static TINY_BYTES_MAX], const struct tiny *t);

#endif
