/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qr_box.c — a text as a QR code on the screen, beside the text itself. */
#include <stdlib.h>

#include <sodium.h>

#include "common/qr/qr.h"
#include "tui/screen/views.h"

#define TEXT_MIN 16 /* cells beside the code, or else the text goes below */

static void
draw_qr(struct app *a, int y, int x, const struct qr *q, bool inverse)
{
	unsigned row, col;

	for (row = 0; row < q->rows; row++) {
		for (col = 0; col < q->side; col++)
			draw_str(a->draw, y + (int)row, x + (int)col, 1,
			    qr_cell(q, col, row, inverse), ST_QR);
	}
}

struct box
qr_box(struct app *a, struct box b, const char *text, bool inverse)
{
	struct qr *q = malloc(sizeof(*q));
	int w, h;

	if (q == NULL || qr_make(q, text) != 0) {
		free(q);
		return b;
	}
	w = (int)q->side;
	h = (int)q->rows;
	if (w > b.w || h > b.h || draw_theme(a->draw)->ascii) {
		/* No room: the text alone does. */
	} else if (b.w - w - 2 >= TEXT_MIN) {
		draw_qr(a, b.y, b.x, q, inverse);
		b.x += w + 2;
		b.w -= w + 2;
	} else {
		draw_qr(a, b.y, b.x + (b.w - w) / 2, q, inverse);
		b.y += h;
		b.h -= h;
	}
	sodium_memzero(q, sizeof(*q));
	free(q);
	return b;
}
