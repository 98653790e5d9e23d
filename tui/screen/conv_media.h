/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_media.h — drawing what a bubble says of its file, above the caption. */
#ifndef TUI_SCREEN_CONV_MEDIA_H
#define TUI_SCREEN_CONV_MEDIA_H

#include "tui/screen/app.h"

/* Lines it takes. */
int conv_media_lines(const struct layout *l);
/* Line i behind the picture; below 0, where that is, nothing. */
void conv_media_line(struct app *a, int y, int x, const struct item *it,
    const struct layout *l, int i);
/* The rows of its small picture that are in view b; y is its first one. */
void conv_media_picture(struct app *a, const struct box *b, int y, int x,
    const struct item *it, const struct layout *l);

#endif
