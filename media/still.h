/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * still.h — one picture out of a video that others made, and how long it is.
 * A child process (sotto-still) decodes it: it holds no key, can open nothing,
 * and asks for the parts of the video it needs, so a sealed blob of 2 GiB need be
 * opened only where the key frame lies.
 * docs/adr/0023-stills-of-videos.md.
 */
#ifndef MEDIA_STILL_H
#define MEDIA_STILL_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define STILL_SIDE_MAX	 1024 /* pixels of the picture's longer side */
#define STILL_READ_MAX	 (256 * 1024) /* bytes asked for at once */
#define STILL_READS_MAX	 (96u * 1024 * 1024) /* bytes asked for in all */
#define STILL_TIMEOUT_MS 10000 /* then the child is killed */

/* The video. read gives exactly len bytes (1..STILL_READ_MAX) from at on, all of
 * them within size: 0 or an error, which ends it all. */
struct still_source {
	uint64_t size; /* bytes, > 0 */
	int (*read)(void *ctx, uint64_t at, uint8_t *p, size_t len);
	void *ctx;
};

/* Owned by whoever gets it; still_clear(). */
struct still {
	uint8_t *picture; /* a PNM file (P6), for media/preview.h to draw */
	size_t len;
	uint32_t width, height; /* of the video, upright, in pixels */
	uint32_t duration_ms; /* 0: the file does not say */
};

/*
 * Ask and wait, on a thread that may. The picture is from early in the video,
 * where it is not dark, turned upright.
 *   side  pixels of its longer side at most, 16..STILL_SIDE_MAX
 *   out   written on success only
 * Returns 0; ERR_FORMAT no video that can be read; ERR_RANGE side or size, or
 * its frames are too large; ERR_TIMEOUT; ERR_CLOSED the child died of it, or
 * lied; ERR_NOMEM; ERR_SYS with errno: the child could not be started (a system
 * may come without it); what read returned.
 */
int still_run(
    const struct still_source *source, int side, struct still *out) MUST_USE;

void still_clear(struct still *s);

/* Tests: the program to start instead, and how long to wait. NULL and 0: as
 * usual. */
void still_override(const char *program, int timeout_ms);

#endif
