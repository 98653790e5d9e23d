/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base32.h — RFC 4648 §6 without padding. Its capitals and digits are what a
 * QR code packs densest, and what a person can read out.
 */
#ifndef COMMON_LINK_BASE32_H
#define COMMON_LINK_BASE32_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

/* Characters that n bytes take. */
#define BASE32_LEN(n) (((n)*8 + 4) / 5)

/* Append BASE32_LEN(n) capitals and digits. 0, ERR_FULL, ERR_NOMEM. */
int base32_put(struct buf *out, const uint8_t *p, size_t n) MUST_USE;

/*
 * Read exactly n bytes from BASE32_LEN(n) characters of either case.
 * Returns 0; ERR_RANGE another length; ERR_FORMAT a character that does not
 * belong there, or bits behind the last byte. out is written on success only.
 */
int base32_get(uint8_t *out, size_t n, const char *text, size_t len) MUST_USE;

#endif
