/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stretch.h — speech played faster or slower at its own pitch: WSOLA.
 *
 * Pieces of 20 ms are laid over each other by half, each taken from where it
 * goes best with the one before, at most 5 ms from where the speed puts it.
 * Source: W. Verhelst, M. Roelands, "An overlap-add technique based on waveform
 * similarity (WSOLA) for high quality time-scale modification of speech",
 * ICASSP 1993.
 */
#ifndef MEDIA_AUDIO_STRETCH_H
#define MEDIA_AUDIO_STRETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "media/audio/audio.h"

#define STRETCH_MIN  50 /* percent of the speed */
#define STRETCH_MAX  200
#define STRETCH_STEP (AUDIO_HZ / 100) /* samples that come out at once */
#define STRETCH_SEEK (AUDIO_HZ / 200) /* to either side */
#define STRETCH_ROOM                                                           \
	(4 * STRETCH_STEP + 2 * STRETCH_SEEK + AUDIO_FRAME) /* samples kept */

struct stretch {
	int percent;
	size_t len; /* of in */
	size_t at; /* in in: where the next piece should begin */
	bool begun;
	bool exact; /* the last piece was found where the speed put it */
	int16_t in[STRETCH_ROOM];
	int16_t tail[STRETCH_STEP]; /* the second half of the last piece */
};

/* percent is brought into STRETCH_MIN..STRETCH_MAX; 100 from the start changes
 * nothing, not a bit. */
void stretch_init(struct stretch *s, int percent);

/* Another speed from the next piece on. */
void stretch_set(struct stretch *s, int percent);

/* How many samples there is room for. */
size_t stretch_room(const struct stretch *s);

/* n at most stretch_room(). */
void stretch_put(struct stretch *s, const int16_t *samples, size_t n);

/* STRETCH_STEP samples; false: more have to be put first. */
bool stretch_get(struct stretch *s, int16_t out[static STRETCH_STEP]) MUST_USE;

#endif
