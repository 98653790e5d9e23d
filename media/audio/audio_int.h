/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audio_int.h — what a back end gives to audio.c. */
#ifndef MEDIA_AUDIO_AUDIO_INT_H
#define MEDIA_AUDIO_AUDIO_INT_H

#include "media/audio/audio.h"

#define AUDIO_FRAME_BYTES (AUDIO_FRAME * 2)

struct audio {
	const struct audio_ops *ops;
	enum audio_dir dir;
	void *state; /* the back end's, set by its open() */
	struct audio_why why;
};

/* As the functions of audio.h. open() fills a->why on error and has cleaned up
 * by then. */
struct audio_ops {
	const char *prefix; /* without the colon */
	/* NULL: there is nothing to choose from */
	int (*list)(enum audio_dir dir, struct audio_device *out, size_t cap,
	    struct audio_why *why);
	int (*open)(struct audio *a, const char *name);
	void (*close)(struct audio *a);
	int (*read)(struct audio *a, int16_t *frame, int timeout_ms);
	int (*write)(struct audio *a, const int16_t *frame, int timeout_ms);
	int (*drain)(struct audio *a, int timeout_ms);
	int (*delay_ms)(struct audio *a);
};

extern const struct audio_ops audio_pulse, audio_alsa, audio_file, audio_null;

/* The sentence into why; returns code. */
int audio_fail(struct audio_why *why, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A monotonic clock. */
int64_t audio_now_us(void);

#endif
