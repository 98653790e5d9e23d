/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qr.h — a QR code as lines of half blocks: two modules a character, one above
 * the other, which makes them square on most terminals.
 */
#ifndef COMMON_QR_QR_H
#define COMMON_QR_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define QR_TEXT_MAX 1024 /* bytes of text */
#define QR_QUIET    4 /* light modules around it (ISO/IEC 18004 §5.3.8) */
#define QR_SIDE_MAX (177 + 2 * QR_QUIET)

/* With its quiet zone. */
struct qr {
	unsigned side; /* modules; also columns on screen */
	unsigned rows; /* lines on screen: two modules each */
	uint8_t dark[QR_SIDE_MAX * QR_SIDE_MAX]; /* side * side, row by row */
};

/*
 * Encode; error correction is low, the smallest code that holds the text.
 * Capitals and digits pack densest. Returns 0; ERR_RANGE empty, or too long;
 * ERR_NOMEM. Nothing is written on error.
 */
int qr_make(struct qr *q, const char *text) MUST_USE;

/*
 * One character of the drawing: " ", upper half, lower half, or full block,
 * static storage, UTF-8. Blocks stand for light modules, as on a terminal with
 * bright letters on a dark ground; inverse: for dark ones.
 */
const char *qr_cell(const struct qr *q, unsigned x, unsigned row, bool inverse);

/* All lines, each ended by a newline. 0, ERR_FULL, ERR_NOMEM. */
int qr_draw(const struct qr *q, bool inverse, struct buf *out) MUST_USE;

#endif
