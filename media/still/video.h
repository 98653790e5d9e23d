/* SPDX-License-Identifier: GPL-3.0-or-later */
/* video.h — one frame of a video as pixels. Only inside the sandbox. */
#ifndef MEDIA_STILL_VIDEO_H
#define MEDIA_STILL_VIDEO_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/* How the video is read: 0, or an error and then never again. */
struct video_source {
	uint64_t size;
	int (*read)(void *ctx, uint64_t at, uint8_t *p, size_t len);
	void *ctx;
};

struct video_still {
	uint32_t duration_ms; /* 0: unknown */
	uint32_t video_w, video_h; /* upright */
	uint32_t w, h; /* of rgb, upright */
	uint8_t *rgb; /* heap, 3 * w * h */
};

/* What is found out about the machine, before the sandbox. */
void video_warm_up(void);

/*
 *   side  of the picture at most, pixels
 * 0; ERR_FORMAT; ERR_RANGE frames larger than STILL_VIDEO_SIDE; ERR_NOMEM.
 */
int video_still(const struct video_source *source, int side,
    struct video_still *out) MUST_USE;

#endif
