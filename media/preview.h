/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preview.h — questions about bytes that others made, answered by a child
 * process (sotto-preview) which holds no key, can open no file and no socket,
 * and whose crash or hang costs one answer. docs/architecture.md.
 *
 * Every call starts a child of its own, waits for it, and blocks meanwhile:
 * commands call it as it is, whoever has a loop from a worker thread.
 */
#ifndef MEDIA_PREVIEW_H
#define MEDIA_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define PREVIEW_REQUEST_MAX (32 * 1024 * 1024 + 64) /* bytes of a message */
#define PREVIEW_PICTURE_MAX (32 * 1024 * 1024) /* bytes of a picture file */
#define PREVIEW_ANSWER_MAX  (64 * 1024 * 1024)
#define PREVIEW_QR_MAX	    4096 /* bytes of text in a QR code */
#define PREVIEW_TIMEOUT_MS  10000 /* then the child is killed */

/*
 * The text of the QR code in a picture file (PNG, JPEG, GIF, BMP, ...).
 *   text  out, appended, UTF-8; from others: sanitise before it is shown
 * Returns 0; ERR_NOTFOUND there is no QR code; ERR_FORMAT no picture that can
 * be read; ERR_RANGE too large, or empty; ERR_TIMEOUT; ERR_CLOSED the child
 * died of it; ERR_SYS with errno: the child could not be started; ERR_NOMEM;
 * ERR_FULL text has no room.
 */
int preview_read_qr(
    const uint8_t *picture, size_t len, struct buf *text) MUST_USE;

/* Tests: the program to start instead, and how long to wait. NULL and 0: as
 * usual. */
void preview_override(const char *program, int timeout_ms);

#endif
