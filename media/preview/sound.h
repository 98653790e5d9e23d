/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sound.h — voice notes (Opus in Ogg) to samples. Only inside the sandbox. */
#ifndef MEDIA_PREVIEW_SOUND_H
#define MEDIA_PREVIEW_SOUND_H

#include "media/preview.h"

/* Duration and loudness: 0; ERR_FORMAT; ERR_RANGE longer than
 * PREVIEW_SOUND_MS; ERR_NOMEM. */
int sound_look(
    const struct preview_ask *ask, struct preview_answer *out) MUST_USE;

/* PREVIEW_PCM; the same errors, ERR_RANGE also from_ms behind the end. */
int sound_pcm(
    const struct preview_ask *ask, struct preview_answer *out) MUST_USE;

#endif
