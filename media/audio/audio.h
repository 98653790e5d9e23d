/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audio.h — microphones and loudspeakers: 48 kHz, mono, 16 bit, in frames of
 * 10 ms. Only in child processes: the libraries behind it are opened when they
 * are needed, and never in the one that holds keys.
 *
 * A device's id begins with what it is reached through:
 *	pulse:NAME   PulseAudio, or PipeWire in its place; "pulse:" the default
 *	alsa:NAME    ALSA; "alsa:" is "alsa:default"
 *	file:PATH    a WAV file of this very format, played or written in time
 *	null:        silence, and what swallows everything, in time
 * No id at all: PulseAudio's default, and ALSA's when no server answers.
 */
#ifndef MEDIA_AUDIO_AUDIO_H
#define MEDIA_AUDIO_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define AUDIO_HZ       48000
#define AUDIO_FRAME    480 /* samples: 10 ms */
#define AUDIO_FRAME_MS 10
#define AUDIO_DELAY_MS 40 /* of buffer asked for */
#define AUDIO_ID_MAX   512 /* bytes, NUL included */
#define AUDIO_NAME_MAX 256
#define AUDIO_LIST_MAX 64 /* devices */

enum audio_dir {
	AUDIO_IN, /* a microphone */
	AUDIO_OUT, /* a loudspeaker */
};

struct audio_device {
	char id[AUDIO_ID_MAX];
	char name[AUDIO_NAME_MAX]; /* for people; not sanitised */
	bool is_default;
};

/* What a person is told, with what to do; "" when there is nothing to tell. */
struct audio_why {
	char text[256];
};

struct audio; /* heap, owned by the caller, used by one thread */

/*
 * Devices that are there now; neither files nor null.
 *   out  receives at most cap, the default first
 * Returns how many were written; ERR_NOTFOUND no sound system answers; ERR_NOMEM.
 */
int audio_list(enum audio_dir dir, struct audio_device *out, size_t cap,
    struct audio_why *why) MUST_USE;

/*
 *   id  NULL or "": the default
 * Returns 0; ERR_NOTFOUND no sound system, no such device or file; ERR_BUSY
 * somebody else has it; ERR_DENIED; ERR_FORMAT a bad id, or a file of another
 * format; ERR_IO; ERR_NOMEM. why is filled on every error.
 */
int audio_open(struct audio **a, enum audio_dir dir, const char *id,
    struct audio_why *why) MUST_USE;
void audio_close(struct audio *a); /* what is not yet heard is dropped */

/*
 * One frame from a microphone.
 * Returns 0; ERR_TIMEOUT nothing came in that time; ERR_CLOSED the device has
 * gone, or the file has ended; ERR_IO.
 */
int audio_read(struct audio *a, int16_t frame[static AUDIO_FRAME],
    int timeout_ms) MUST_USE;

/* One frame to a loudspeaker, waiting for room; the same errors. */
int audio_write(struct audio *a, const int16_t frame[static AUDIO_FRAME],
    int timeout_ms) MUST_USE;

/* Wait until all has been heard. 0, ERR_TIMEOUT, ERR_CLOSED, ERR_IO. */
int audio_drain(struct audio *a, int timeout_ms) MUST_USE;

/* Milliseconds between a sample's being written and its being heard, or its
 * sounding and its being read; 0 when that is not known. */
int audio_delay_ms(struct audio *a);

/* Why the last call failed; valid until the next one. */
const char *audio_why(const struct audio *a);

#endif
