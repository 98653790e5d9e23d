/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * content.h — the plaintext of a sealed message: content.proto, padded so
 * that its length says little. docs/protocol.md §6.
 *
 * Padding: the packed message, one byte 0x80, zeros up to the next size of
 * content_padded_len(). Removing it needs no secret-dependent branch beyond
 * the length that the reader learns anyway.
 */
#ifndef TUI_ENGINE_CONTENT_H
#define TUI_ENGINE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/proto/content.pb-c.h"

#define CONTENT_PAD_BLOCK 160 /* smallest step, bytes */
#define CONTENT_MAX	  (96 * 1024) /* packed and padded, bytes */

/*
 * The padded size of a content of len bytes: a multiple of CONTENT_PAD_BLOCK;
 * above 16 blocks, steps of an eighth of the next power of two, so that at
 * most 12.5 % is wasted and few distinct sizes exist.
 */
size_t content_padded_len(size_t len);

/* Pack and pad into out (reset first). 0, ERR_RANGE too long, ERR_NOMEM,
 * ERR_FULL. */
int content_seal(struct buf *out, const Sotto__Content__Content *c) MUST_USE;

/* Unpad and unpack; *c is freed by content_free(). 0; ERR_FORMAT; ERR_RANGE. */
int content_open(
    const uint8_t *p, size_t len, Sotto__Content__Content **c) MUST_USE;
void content_free(Sotto__Content__Content *c);

/* Does it become a row that people see: a text, or a file? */
bool content_is_message(const Sotto__Content__Content *c);

#endif
