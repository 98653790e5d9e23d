/* SPDX-License-Identifier: GPL-3.0-or-later */
/* render.h — pictures for terminals, and small ones. Only inside the sandbox.
 * What is asked and what comes out: media/preview.h. */
#ifndef MEDIA_PREVIEW_RENDER_H
#define MEDIA_PREVIEW_RENDER_H

#include "media/preview.h"

/* Load what is loaded at run time, before the sandbox. */
void render_warm_up(void);

/*
 * out is zero and gets what belongs to the look; the caller clears it also
 * after an error. Returns 0; ERR_FORMAT, ERR_RANGE, ERR_NOMEM.
 */
int render_draw(
    const struct preview_ask *ask, struct preview_answer *out) MUST_USE;

/* RGBA of at most ask->cols x ask->rows pixels. The same errors. */
int render_scale(
    const struct preview_ask *ask, struct preview_answer *out) MUST_USE;

/* media/tiny.h. The same errors. */
int render_tiny(
    const struct preview_ask *ask, struct preview_answer *out) MUST_USE;

#endif
