/* SPDX-License-Identifier: GPL-3.0-or-later */
/* camera_int.h — the two kinds of sources behind camera.h. */
#ifndef MEDIA_CAMERA_INT_H
#define MEDIA_CAMERA_INT_H

#include <stdint.h>

#include "media/camera.h"

struct camera_ops {
	int (*frame)(void *source, int wait_ms, struct buf *picture);
	void (*free)(void *source);
};

/* Open descriptors, taken over on success only. As camera_open(). */
int camera_v4l2_open(
    int fd, const struct camera_ops **ops, void **source) MUST_USE;
int camera_y4m_open(
    int fd, const struct camera_ops **ops, void **source) MUST_USE;

/*
 * Brightness as a PGM file.
 *   p, len  w * h samples, step bytes apart, stride bytes a row
 * 0; ERR_RANGE they are not all there; ERR_FULL; ERR_NOMEM.
 */
int camera_pgm(struct buf *out, const uint8_t *p, size_t len, uint32_t w,
    uint32_t h, size_t stride, size_t step) MUST_USE;

#endif
