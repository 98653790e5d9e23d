/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pictures.h — the pictures of the screen: what is in view is fetched, drawn by
 * the child and kept while it is of use; what is not in view costs nothing. No
 * I/O: files and the child are asked for through struct picture_host, answers
 * are handed in.
 *
 * A picture has a key, chosen by whoever shows it (a message's id, or what
 * pictures_file_key() gives for a path). It can be shown at several sizes and
 * in parts at once.
 *
 *	pictures_begin(ps);                      each frame
 *	pictures_draw(ps, draw, &what);          what is in view
 *	pictures_end(ps, draw);                  asks for what is missing
 */
#ifndef TUI_SCREEN_PICTURES_H
#define TUI_SCREEN_PICTURES_H

#include "tui/screen/draw.h"
#include "tui/screen/raster.h"

#define PICTURES_MAX	   48 /* kept drawn */
#define PICTURES_BYTES_MAX (6 * 1024 * 1024)

struct picture_host {
	/* The terminal has not been asked yet what it knows of pictures: do.
	 * pictures_set_ground() follows, at once or later. */
	void (*ask_terminal)(void *ctx);
	/* Bring the file with that key: pictures_file() follows, at once or
	 * later, once. path is NULL unless pictures_file_key() made the key. */
	void (*load)(void *ctx, uint64_t key, const char *path);
	/* Ask the child: pictures_answer() follows later. 0 or an error. */
	int (*ask)(void *ctx, const struct preview_ask *ask);
	/* Something in view looks different: draw a frame. */
	void (*changed)(void *ctx);
};

struct pictures; /* heap */

/* host and ctx are borrowed. 0, ERR_NOMEM. */
int pictures_new(
    struct pictures **ps, const struct picture_host *host, void *ctx) MUST_USE;
void pictures_free(struct pictures *ps);

/* What the terminal can; everything is drawn afresh if it is something else. */
void pictures_set_ground(struct pictures *ps, const struct raster_ground *g);
/* The terminal has lost what it was sent (Ctrl-L, another screen). */
void pictures_lost(struct pictures *ps);
bool pictures_are_off(const struct pictures *ps);

/* A key for a file of this machine. */
uint64_t pictures_file_key(const char *path);

/* The cells that a picture of w x h pixels takes, of at most so many. */
void pictures_fit(const struct pictures *ps, uint32_t w, uint32_t h,
    int max_cols, int max_rows, int *cols, int *rows);

struct picture_view {
	uint64_t key;
	const char *path; /* of pictures_file_key(); NULL: another key */
	struct box box; /* where; the picture is in its middle */
	int skip, h; /* rows skip..skip + h of the box are in view; h 0: all */
	struct preview_part part; /* zero: the whole */
	const struct tiny *tiny; /* until the file is here; may be NULL */
	bool tiny_only; /* the file is not asked for */
};

enum picture_state { PICTURE_COMING, PICTURE_SHOWN, PICTURE_FAILED };

void pictures_begin(struct pictures *ps);
/* Draw it, or what there is of it; otherwise a word in the middle. */
enum picture_state pictures_draw(
    struct pictures *ps, struct draw *d, const struct picture_view *v);
void pictures_end(struct pictures *ps, struct draw *d);

/* Its size in pixels, once it has been drawn. */
bool pictures_size(
    const struct pictures *ps, uint64_t key, uint32_t *w, uint32_t *h);

/* ---- answers ------------------------------------------------------------------ */

/* The file that was asked for; borrowed. NULL: there is none, and why. */
void pictures_file(
    struct pictures *ps, uint64_t key, const uint8_t *p, size_t len, int code);
/* The child's; taken over. NULL: code says why. */
void pictures_answer(
    struct pictures *ps, int code, struct preview_answer *answer);

#endif
