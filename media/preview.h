/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preview.h — questions about bytes that others made, answered by a child
 * process (sotto-preview) which holds no key, can open no file and no socket,
 * and whose crash or hang costs one answer. docs/architecture.md,
 * docs/adr/0020-pictures-in-the-child.md.
 *
 * Two ways to ask: preview_ask() on a libuv loop, one child for many questions;
 * preview_run() waits, for commands and worker threads. Nothing that comes
 * back needs a decoder of this process; answers are checked, also against a
 * child that has been taken over.
 */
#ifndef MEDIA_PREVIEW_H
#define MEDIA_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define PREVIEW_FILE_MAX    (32 * 1024 * 1024) /* bytes of a file */
#define PREVIEW_PICTURE_MAX PREVIEW_FILE_MAX
#define PREVIEW_REQUEST_MAX (PREVIEW_FILE_MAX + 256) /* bytes of a message */
#define PREVIEW_ANSWER_MAX  (64 * 1024 * 1024)
#define PREVIEW_QR_MAX	    4096 /* bytes of text in a QR code */
#define PREVIEW_CELLS_MAX   500 /* columns, rows of a rendered picture */
#define PREVIEW_CELL_PX_MAX 100 /* pixels of a cell, one way */
#define PREVIEW_DRAWN_MAX   (2 * 1024 * 1024) /* pixels of a rendered picture */
#define PREVIEW_SIDE_MAX    65535 /* pixels, of what an answer claims */
#define PREVIEW_BARS	    64 /* of a waveform */
#define PREVIEW_SOUND_MS    (60 * 60 * 1000) /* a longer sound is refused */
#define PREVIEW_PCM_MS	    30000 /* of sound in one answer */
#define PREVIEW_TIMEOUT_MS  10000 /* then the child is killed */
#define PREVIEW_IDLE_MS	    10000 /* a child nobody asks ends */
#define PREVIEW_QUEUE_MAX   8 /* questions waiting at once */

enum preview_what {
	PREVIEW_READ_QR, /* text */
	PREVIEW_RENDER, /* a picture for a terminal: look, cols, rows, ... */
	PREVIEW_SCALE, /* RGBA of at most cols x rows pixels */
	PREVIEW_TINY, /* data: media/tiny.h */
	PREVIEW_STRIP, /* data: the file without metadata */
	PREVIEW_SOUND, /* Ogg Opus: duration_ms, bars */
	PREVIEW_PCM, /* Ogg Opus: duration_ms, data: from from_ms on, at most
			PREVIEW_PCM_MS; 48 kHz mono s16 little-endian */
};

/* How a picture is to be drawn. */
enum preview_look {
	LOOK_BLOCKS, /* half blocks in colours */
	LOOK_ASCII, /* letters and signs */
	LOOK_SIXEL, /* a strip of sixels a row */
	LOOK_PNG, /* a strip a row, as a PNG file */
	LOOK_PIXELS, /* RGB of the whole */
};

/* A part of a picture in 65536ths of it, for zooming; w and h at least 1. */
struct preview_part {
	uint32_t x, y, w, h;
};
#define PREVIEW_WHOLE ((struct preview_part){0, 0, 65536, 65536})

struct preview_ask {
	enum preview_what what;
	const uint8_t *file; /* borrowed for the call */
	size_t len; /* 1..PREVIEW_FILE_MAX */
	/* RENDER: at most so many cells, 1..PREVIEW_CELLS_MAX, each of so many
	 * pixels; the picture keeps its shape. SCALE: pixels. */
	int cols, rows, cell_w, cell_h;
	enum preview_look look;
	/* BLOCKS, ASCII, SIXEL: 0 (none), 16, 256 or 1 << 24. */
	uint32_t colours;
	uint32_t ground; /* 0xrrggbb behind what is transparent */
	struct preview_part part; /* zero: the whole */
	uint32_t from_ms; /* PCM */
};

#define PREVIEW_DEFAULT UINT32_MAX /* the terminal's own colour */

/* BLOCKS and ASCII: one cell. Colours are 0xrrggbb with 1 << 24 colours, else
 * numbers of the palette. */
struct preview_cell {
	uint32_t cp; /* ' '..'~' or, in BLOCKS, U+2580..U+259F */
	uint32_t fg, bg;
};

struct preview_bytes {
	uint8_t *p;
	size_t len;
};

/* Owned by whoever gets it; preview_answer_clear(). */
struct preview_answer {
	enum preview_look look;
	uint32_t width, height; /* of the picture, upright, in pixels */
	int cols, rows; /* RENDER */
	struct preview_cell *cells; /* cols * rows; BLOCKS and ASCII */
	struct preview_bytes *strips; /* rows; SIXEL (body) and PNG */
	uint32_t pixel_w, pixel_h; /* of data: PIXELS, SCALE */
	uint8_t *data;
	size_t len;
	uint32_t duration_ms;
	uint8_t bars[PREVIEW_BARS]; /* loudness, 0..255 */
	char *text; /* READ_QR; UTF-8, not sanitised */
};

void preview_answer_clear(struct preview_answer *a);

/*
 * Ask and wait, with a child of its own.
 *   out  written on success only
 * Returns 0; ERR_FORMAT no such file can be read; ERR_RANGE too large (picture,
 * sound, or what was asked), or empty; ERR_NOTFOUND there is no QR code;
 * ERR_TIMEOUT; ERR_CLOSED the child died of it, or lied; ERR_SYS with errno:
 * the child could not be started; ERR_NOMEM.
 */
int preview_run(
    const struct preview_ask *ask, struct preview_answer *out) MUST_USE;

/* ---- on a loop ------------------------------------------------------------- */

struct uv_loop_s; /* libuv's */
struct preview; /* heap; belongs to its loop's thread */

/* code as preview_run(); the answer is NULL unless it is 0, and the callee's to
 * keep (copy the struct, zero the original) or else cleared afterwards. */
typedef void preview_done_fn(
    void *ctx, uint64_t id, int code, struct preview_answer *answer);

/* Starts nothing yet. 0, ERR_NOMEM. */
int preview_new(struct preview **p, struct uv_loop_s *loop) MUST_USE;

/* The child is killed; nobody is called any more. The loop runs once more (it
 * usually does when it is closed) before the memory is gone. NULL is fine. */
void preview_free(struct preview *p);

/*
 * Ask; done is called later, never from in here. Questions are answered in
 * their order. A child that dies while it answers is asked once more, afresh,
 * if it had answered others before.
 *   id  out, may be NULL; for preview_cancel()
 * Returns 0; ERR_FULL PREVIEW_QUEUE_MAX wait already; ERR_RANGE; ERR_NOMEM.
 */
int preview_ask(struct preview *p, const struct preview_ask *ask,
    preview_done_fn *done, void *ctx, uint64_t *id) MUST_USE;

/* The answer is not wanted any more: done is not called. */
void preview_cancel(struct preview *p, uint64_t id);

/* ---- shorter ---------------------------------------------------------------- */

/*
 * The text of the QR code in a picture file (PNG, JPEG, GIF, BMP, ...).
 *   text  out, appended, UTF-8; from others: sanitise before it is shown
 * As preview_run(); ERR_FULL text has no room.
 */
int preview_read_qr(
    const uint8_t *picture, size_t len, struct buf *text) MUST_USE;

/* The cells that a picture of w x h pixels takes at most: the shape is kept,
 * nothing is drawn larger than it is. All arguments > 0. */
void preview_fit(uint32_t w, uint32_t h, int cell_w, int cell_h, int max_cols,
    int max_rows, int *cols, int *rows);

/* Tests: the program to start instead, and how long to wait. NULL and 0: as
 * usual. */
void preview_override(const char *program, int timeout_ms);

#endif
