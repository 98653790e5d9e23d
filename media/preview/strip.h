/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strip.h — picture files without what they tell besides the picture: where
 * and when it was taken, with what, by whom, thumbnails of what was cut away,
 * whatever was put behind its end. The coded picture itself is copied as it
 * is; only which way is up is kept. Pure: bytes in, bytes out.
 *
 * What stays is listed, not what goes: a segment nobody knows is dropped.
 * Sources: ITU-T T.81 annex B, Exif 2.32 §4, PNG third edition §11, RIFF/WebP
 * container specification, GIF89a.
 */
#ifndef MEDIA_PREVIEW_STRIP_H
#define MEDIA_PREVIEW_STRIP_H

#include "common/buf.h"

/*
 * JPEG, PNG, WebP and GIF.
 *   out  appended
 * Returns 0; ERR_FORMAT another kind, or broken; ERR_FULL, ERR_NOMEM.
 */
int strip_file(const uint8_t *p, size_t len, struct buf *out) MUST_USE;

/* The formats; each file begins as it should. */
int strip_jpeg(struct cur c, struct buf *out) MUST_USE;
int strip_png(struct cur c, struct buf *out) MUST_USE;
int strip_webp(struct cur c, struct buf *out) MUST_USE;
int strip_gif(struct cur c, struct buf *out) MUST_USE;

/* Which way is up, 1..8, in a TIFF structure as EXIF has it; 1 when it does
 * not say. */
int exif_orientation(const uint8_t *p, size_t len);

#define EXIF_UP_LEN 26
/* A TIFF structure that says nothing else. */
void exif_up(uint8_t out[static EXIF_UP_LEN], int orientation);

#endif
