/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edit.h — text being written: a cursor that moves by grapheme clusters,
 * readline's actions, cut and put back, undo and redo. No drawing.
 */
#ifndef TUI_SCREEN_EDIT_H
#define TUI_SCREEN_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "tui/screen/keymap.h"

#define EDIT_UNDO_MAX	    200 /* steps remembered */
#define EDIT_UNDO_BYTES_MAX ((size_t)512 * 1024)

enum {
	EDIT_MULTI = 1, /* several lines */
	EDIT_SECRET = 2, /* a passphrase: no undo, nothing cut is kept */
};

/* One change; undone by putting del back where ins is. */
struct edit_step {
	size_t pos;
	char *del, *ins; /* heap or NULL */
	size_t ndel, nins;
	size_t cur; /* the cursor before */
};

struct edit {
	struct buf text; /* always followed by a NUL once it has storage */
	size_t cur; /* bytes, a cluster boundary */
	unsigned flags;
	struct buf kill;
	struct edit_step *steps; /* EDIT_UNDO_MAX of them */
	size_t nsteps, done; /* recorded; those not undone */
	size_t step_bytes;
	bool sealed; /* the next change is a step of its own */
	bool killing; /* the last action cut: the next one adds to it */
	int err; /* why the last action did nothing: ERR_FULL, ERR_NOMEM */
	int goal; /* column Up and Down aim at, -1: take the cursor's */
};

/* max: bytes of text. */
void edit_init(struct edit *e, size_t max, unsigned flags);
void edit_clear(struct edit *e); /* wipes; usable again; a zeroed one too */

const char *edit_text(const struct edit *e); /* NUL-terminated, never NULL */
size_t edit_len(const struct edit *e);

/* Replace everything, forget the undo steps, cursor to the end. 0, ERR_FULL,
 * ERR_NOMEM (then unchanged). The text is cleaned like a paste. */
int edit_set(struct edit *e, const char *s, size_t n) MUST_USE;

/* Type one character. 0; ERR_FULL, ERR_NOMEM; ERR_FORMAT for a control. */
int edit_type(struct edit *e, uint32_t cp) MUST_USE;

/* Put in bytes from anywhere, made harmless by text_sanitize(); one undo step.
 * 0; ERR_FULL (nothing is put in), ERR_NOMEM. */
int edit_paste(struct edit *e, const char *s, size_t n) MUST_USE;

/* The bytes [from, to) become s; one undo step. 0, ERR_FULL, ERR_NOMEM. */
int edit_replace(
    struct edit *e, size_t from, size_t to, const char *s, size_t n) MUST_USE;

/*
 * One of the EDIT actions of the keymap. False when it is none or has nothing
 * to do where it may mean something else to others (KILL_END at the end).
 */
bool edit_act(struct edit *e, enum action a);

/* Up (dir -1) or down (1) one line of the text wrapped to width cells; false
 * on the first or last one. */
bool edit_row(struct edit *e, int width, int dir);

/* The cursor's line and column in the text wrapped to width. */
void edit_where(const struct edit *e, int width, int *row, int *col);

/* Put the cursor where a click on that line and column means. */
void edit_point(struct edit *e, int width, int row, int col);

#endif
