/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draw.h — drawing into ncurses' screen so that every column is where the
 * program thinks it is, whatever width the terminal gives an emoji.
 *
 * Characters whose width all terminals agree on go into ncurses' cells. The
 * others (emoji, joined sequences, flags) leave blanks there and are written
 * afterwards, each at its own place by a cursor move, followed by whatever
 * stands behind it where a terminal might have drawn it too wide.
 *
 * One frame: draw_begin(), drawing, draw_end(). Coordinates are cells of the
 * whole screen, everything is clipped to it. Text must be clean
 * (text_sanitize); offsets and lengths are bytes.
 */
#ifndef TUI_SCREEN_DRAW_H
#define TUI_SCREEN_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "tui/screen/theme.h"

struct raster; /* raster.h */
struct draw; /* heap; there is one screen, ncurses' stdscr */

struct box {
	int y, x, h, w;
};

/* Where drawing ends up; write() of all len bytes to the terminal. */
typedef void draw_out_fn(void *ctx, const void *p, size_t len);

/*
 * ncurses has been started (initscr or newterm) in a UTF-8 locale.
 * Returns 0, ERR_NOMEM.
 */
int draw_new(struct draw **d, draw_out_fn *out, void *ctx) MUST_USE;
void draw_free(struct draw *d);

/*
 * A frame leaves in one call of out. fd is the one ncurses was started on and
 * nobody else's; draw_end() leads it elsewhere for a moment.
 * Returns 0; ERR_SYS, ERR_NOMEM: frames leave in pieces, as without it.
 */
int draw_catch(struct draw *d, int fd) MUST_USE;

/* Colours change from the next frame on. */
void draw_set_theme(
    struct draw *d, enum theme_depth depth, bool light, bool ascii);
const struct theme *draw_theme(const struct draw *d);

/* sync: wrap frames in ESC[?2026h/l; clusters: the terminal measures whole
 * grapheme clusters (mode 2027), nothing can be drawn too wide. */
void draw_set_terminal(struct draw *d, bool sync, bool clusters);

void draw_size(const struct draw *d, int *rows, int *cols);

/* The next frame repaints everything. */
void draw_redraw(struct draw *d);

void draw_begin(struct draw *d);
/* Show the frame; nothing is sent when nothing changed. */
void draw_end(struct draw *d);

/* The hardware cursor in this frame; without a call it is hidden. */
void draw_cursor(struct draw *d, int y, int x);

/* Text of one line, cut to w cells. Returns the cells taken. */
int draw_text(struct draw *d, int y, int x, int w, const char *s, size_t len,
    enum style st);
int draw_str(struct draw *d, int y, int x, int w, const char *s, enum style st);
int draw_sign(struct draw *d, int y, int x, enum sign sign, enum style st);
int draw_printf(struct draw *d, int y, int x, int w, enum style st,
    const char *fmt, ...) PRINTF(6, 7);

/* The same, with an ellipsis when something is left out. */
int draw_elide(
    struct draw *d, int y, int x, int w, const char *s, enum style st);

/* The same, right-aligned: the last cell is x + w - 1. */
int draw_right(
    struct draw *d, int y, int x, int w, const char *s, enum style st);

void draw_fill(struct draw *d, struct box b, enum style st);
void draw_hline(struct draw *d, int y, int x, int w, enum style st);
void draw_vline(struct draw *d, int y, int x, int h, enum style st);

/* Clear the box and frame it; title may be NULL. Returns the inside. */
struct box draw_frame(struct draw *d, struct box b, const char *title);

/* Wrapped text into the box from line skip on. Returns the lines drawn. */
int draw_wrapped(struct draw *d, struct box b, const char *s, enum style st);

/*
 * Rows of a picture, from row skip of it on, h of them; written when the frame
 * stands, what is drawn over it covers it. The picture is borrowed until the
 * next draw_begin(). Not into the last line: sixels could make it scroll.
 */
void draw_raster(
    struct draw *d, int y, int x, int h, struct raster *r, int skip);

/* Bytes for the terminal that belong to no cell, behind the next frame, or at
 * once when there is none. 0, ERR_FULL, ERR_NOMEM. */
int draw_later(struct draw *d, const void *p, size_t len) MUST_USE;

/*
 * What a row of the finished frame shows, for tests: text without trailing
 * blanks, and a letter per cell and style when styles is not NULL.
 * 0, ERR_FULL, ERR_NOMEM.
 */
int draw_dump(struct draw *d, int y, struct buf *text) MUST_USE;
/* The style of a cell of the last frame; ST_TEXT where nothing was drawn. */
enum style draw_style_at(const struct draw *d, int y, int x);
/* Where the cursor is; false when it is hidden. */
bool draw_cursor_at(const struct draw *d, int *y, int *x);

#endif
