/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * picture_caps.h — what a terminal knows of pictures: what to ask it, what its
 * answers mean, and how pictures are then shown. No I/O.
 */
#ifndef TUI_SCREEN_PICTURE_CAPS_H
#define TUI_SCREEN_PICTURE_CAPS_H

#include <stdbool.h>

#include "common/buf.h"
#include "tui/screen/keys.h"
#include "tui/screen/raster.h"
#include "tui/screen/theme.h"

#define PICTURE_CELL_W	10 /* pixels, of a terminal that does not say */
#define PICTURE_CELL_H	20
#define PICTURE_ASK_MS	250 /* then what has not been answered is not known */
#define PICTURE_TMUX_MS 750 /* tmux holds answers back for its escape-time */

struct picture_caps {
	bool asked;
	bool answered; /* the last question */
	bool sixel, iterm;
	bool graphics, placeholders; /* kitty's: both are needed */
	bool tmux; /* there is a terminal behind this one */
	int cell_w, cell_h; /* pixels; 0: not known */
};

/* The questions; the last one is answered by every terminal. 0, ERR_FULL,
 * ERR_NOMEM. */
int picture_caps_ask(struct buf *out) MUST_USE;

/* An answer has come; more gets questions that follow from it. True when
 * something is known that was not. */
bool picture_caps_take(
    struct picture_caps *c, const struct key *reply, struct buf *more);

/* Nothing more is to be waited for. */
bool picture_caps_complete(const struct picture_caps *c);

/* The wanted mode, or for AUTO the best that c, the colours and the font have.
 * ascii: nothing beyond it can be shown. */
void picture_caps_ground(const struct picture_caps *c, enum picture_mode wanted,
    enum theme_depth depth, bool light, bool ascii, struct raster_ground *out);

#endif
