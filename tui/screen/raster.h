/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raster.h — a picture ready for one kind of terminal, row by row: what is to
 * be written where the cursor stands so that a row of cells shows its part.
 * No I/O; bytes go to a function. docs/adr/0020-pictures-in-the-child.md.
 *
 * Sources: the kitty graphics protocol (Unicode placeholders), iTerm2's inline
 * images, DEC sixel graphics, tmux(1) passthrough.
 */
#ifndef TUI_SCREEN_RASTER_H
#define TUI_SCREEN_RASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "media/preview.h"
#include "media/tiny.h"

/* How pictures are shown; the words of the setting, in this order. */
#define PICTURE_MODES(X)                                                       \
	X(AUTO, "auto")                                                        \
	X(OFF, "off")                                                          \
	X(ASCII, "ascii")                                                      \
	X(BLOCKS, "blocks")                                                    \
	X(SIXEL, "sixel")                                                      \
	X(ITERM, "iterm2")                                                     \
	X(KITTY, "kitty")

enum picture_mode {
#define X(name, word) PICTURE_##name,
	PICTURE_MODES(X)
#undef X
};

/* What a terminal has to draw on. */
struct raster_ground {
	enum picture_mode mode; /* ASCII ... KITTY */
	uint32_t colours; /* 0, 16, 256, 1 << 24 */
	int cell_w, cell_h; /* pixels; at least 1 */
	uint32_t rgb; /* behind what is transparent */
	bool tmux; /* kitty's sequences go through it */
};

struct raster; /* heap */

typedef void raster_out_fn(void *ctx, const void *p, size_t len);

/* Fill in how a picture is to be asked for: look, cells, colours, ground. The
 * cells' pixels become fewer where there would be too many of them. */
void raster_ask(
    const struct raster_ground *g, int cols, int rows, struct preview_ask *ask);

/*
 * What came back, taken over (a is zero then).
 *   id  1..0xffffff, of no other picture in this terminal
 * 0, ERR_NOMEM (a is as it was).
 */
int raster_new(struct raster **r, const struct raster_ground *g, uint32_t id,
    struct preview_answer *a) MUST_USE;
/* The small picture stretched over so many cells, in half blocks; with signs
 * where there are no colours. 0, ERR_NOMEM. */
int raster_of_tiny(struct raster **r, const struct raster_ground *g,
    uint32_t id, const struct tiny *t, int cols, int rows) MUST_USE;
void raster_free(struct raster *r);

int raster_cols(const struct raster *r);
int raster_rows(const struct raster *r);
uint32_t raster_id(const struct raster *r);
size_t raster_bytes(const struct raster *r); /* memory it takes */

/* A row is written whole, not cell by cell. */
bool raster_is_strip(const struct raster *r);

/* Once, before its rows: kitty gets the picture; then the pixels are freed. */
void raster_send(struct raster *r, raster_out_fn *out, void *ctx);
/* It is not shown any more. */
void raster_unsend(struct raster *r, raster_out_fn *out, void *ctx);

/* n cells of a row from column from on, where the cursor stands; colours are
 * the terminal's own afterwards. A strip is written whole with from 0. */
void raster_row(const struct raster *r, int row, int from, int n,
    raster_out_fn *out, void *ctx);

/* The character of a cell, for tests; '#' where pixels are. */
uint32_t raster_char(const struct raster *r, int row, int col);

/* A question behind tmux's back: its terminal gets the bytes. 0, ERR_FULL,
 * ERR_NOMEM. */
int raster_through_tmux(struct buf *b, const void *p, size_t len) MUST_USE;

#endif
