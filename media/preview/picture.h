/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.h — picture files to pixels, with limits. Only inside the sandbox. */
#ifndef MEDIA_PREVIEW_PICTURE_H
#define MEDIA_PREVIEW_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "common/base.h"

#define PICTURE_SIDE_MAX   16384 /* pixels */
#define PICTURE_PIXELS_MAX (32 * 1024 * 1024)

/* Load the decoders, before the sandbox. */
void picture_warm_up(void);

struct picture {
	GdkPixbuf *pix; /* upright; g_object_unref() it */
	int w, h; /* of the file, upright; pix may be smaller */
};

/*
 * Decode a whole file. Turned as its metadata says.
 *   side  pixels of the longer side that are of use: it may come smaller than
 *         it is, but not smaller than that; 0: all
 * Returns 0; ERR_FORMAT unknown or broken; ERR_RANGE too many pixels.
 */
int picture_decode(
    const uint8_t *p, size_t len, int side, struct picture *out) MUST_USE;

#endif
