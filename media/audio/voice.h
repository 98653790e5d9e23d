/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * voice.h — a voice note while it is recorded: Opus in Ogg, the level, and the
 * bars that are drawn of it. Source: RFC 7845 (Ogg Opus), by libopusenc.
 */
#ifndef MEDIA_AUDIO_VOICE_H
#define MEDIA_AUDIO_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "media/audio/audio.h"

#define VOICE_BITRATE 24000 /* bits a second: speech, full band, one channel */
#define VOICE_BARS    64
#define VOICE_MAX_MS  (60 * 60 * 1000)
#define VOICE_PEAK_MS 50 /* of sound in one peak, while it is recorded */

struct voice; /* heap */

/* A piece of the file, in order; 0, or what voice_put() shall return. */
typedef int voice_sink_fn(void *ctx, const uint8_t *p, size_t len);

struct voice_facts {
	uint32_t duration_ms;
	uint8_t bars[VOICE_BARS]; /* loudness, 0..255 */
};

/*
 *   max_ms  1..VOICE_MAX_MS; other numbers are brought there
 * 0, ERR_NOMEM, ERR_INTERNAL the encoder does not start, what sink returned.
 */
int voice_new(
    struct voice **v, uint32_t max_ms, voice_sink_fn *sink, void *ctx) MUST_USE;
void voice_free(struct voice *v);

/* Returns 0; ERR_FULL max_ms are in it: finish; what sink returned;
 * ERR_NOMEM; ERR_INTERNAL. */
int voice_put(
    struct voice *v, const int16_t frame[static AUDIO_FRAME]) MUST_USE;

/* The rest of the file. ERR_STATE there was not a single frame. */
int voice_finish(struct voice *v, struct voice_facts *out) MUST_USE;

uint32_t voice_ms(const struct voice *v); /* recorded so far */

/* The loudest sample of a frame on the scale of the bars: 0..255, with more
 * room for what is quiet, as speech is. */
uint8_t voice_level(const int16_t frame[static AUDIO_FRAME]);

#endif
