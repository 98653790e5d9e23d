/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qr.h — the QR code in a picture. Only inside the sandbox. */
#ifndef MEDIA_PREVIEW_QR_H
#define MEDIA_PREVIEW_QR_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

/* Load what is loaded at run time, before the sandbox. */
void qr_warm_up(void);

/*
 * Append the text of the first QR code found. Returns 0; ERR_NOTFOUND none;
 * ERR_FORMAT, ERR_RANGE as picture_decode(); ERR_FULL; ERR_NOMEM.
 */
int qr_read(const uint8_t *picture, size_t len, struct buf *text) MUST_USE;

#endif
