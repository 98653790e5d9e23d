/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * camera.h — frames of a camera as picture files, to be read by sotto-preview:
 * nothing here looks into a picture. A source is a V4L2 device or a YUV4MPEG2
 * file (what recorders write; for scripts and tests, by the same way).
 *
 * Everything here may wait for a device: not for a thread that draws.
 *
 * Sources: Linux' V4L2 API (capture, streaming by mmap); yuv4mpeg(5).
 */
#ifndef MEDIA_CAMERA_H
#define MEDIA_CAMERA_H

#include "common/base.h"
#include "common/buf.h"

#define CAMERA_SIDE_MAX	 4096 /* pixels; a larger picture is refused */
#define CAMERA_FRAME_MAX (CAMERA_SIDE_MAX * CAMERA_SIDE_MAX + 64) /* bytes */

struct camera; /* heap */

/*
 * Open a source and let it run.
 *   source  a device, a file; NULL or "": the first camera there is
 * Returns 0; ERR_NOTFOUND no camera, no such file; ERR_DENIED; ERR_BUSY;
 * ERR_FORMAT it is no camera and no recording; ERR_RANGE its pictures are too
 * large; ERR_SYS with errno; ERR_NOMEM. camera_sentence() has words for each.
 */
int camera_open(struct camera **c, const char *source) MUST_USE;
void camera_free(struct camera *c); /* NULL is fine */

/*
 * The newest picture: a PGM or JPEG file.
 *   wait_ms  for as long, where there is none yet
 *   picture  out; emptied first; room for CAMERA_FRAME_MAX
 * Returns 0; ERR_TIMEOUT none came; ERR_CLOSED the camera is gone, the
 * recording has ended; ERR_FORMAT the recording is cut; ERR_SYS with errno;
 * ERR_NOMEM; ERR_FULL.
 */
int camera_frame(struct camera *c, int wait_ms, struct buf *picture) MUST_USE;

/* What a code of these functions means to the person; static. */
const char *camera_sentence(int code);

#endif
