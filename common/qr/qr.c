/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include <qrencode.h>

#include "common/qr/qr.h"

int
qr_make(struct qr *q, const char *text)
{
	size_t len = strlen(text);
	unsigned x, y, w;
	QRcode *code;

	if (len < 1 || len > QR_TEXT_MAX)
		return ERR_RANGE;
	/* Case matters: without it lower case would be taken for capitals. */
	code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	if (code == NULL)
		return errno == ERANGE ? ERR_RANGE : ERR_NOMEM;
	w = (unsigned)code->width;
	q->side = w + 2 * QR_QUIET;
	q->rows = (q->side + 1) / 2;
	memset(q->dark, 0, sizeof(q->dark));
	for (y = 0; y < w; y++)
		for (x = 0; x < w; x++)
			q->dark[(y + QR_QUIET) * q->side + x + QR_QUIET] =
			    code->data[y * w + x] & 1;
	QRcode_free(code);
	return 0;
}

/* A line below the last is light, as the quiet zone is. */
static bool
is_dark(const struct qr *q, unsigned x, unsigned y)
{
	return y < q->side && q->dark[y * q->side + x] != 0;
}

const char *
qr_cell(const struct qr *q, unsigned x, unsigned row, bool inverse)
{
	static const char *const blocks[] = {" ", "▀", "▄", "█"};
	bool upper = is_dark(q, x, 2 * row) == inverse;
	bool lower = is_dark(q, x, 2 * row + 1) == inverse;

	return blocks[(upper ? 1 : 0) + (lower ? 2 : 0)];
}

int
qr_draw(const struct qr *q, bool inverse, struct buf *out)
{
	const char *cell;
	unsigned x, row;
	int r = 0;

	for (row = 0; row < q->rows; row++) {
		for (x = 0; r == 0 && x < q->side; x++) {
			cell = qr_cell(q, x, row, inverse);
			r = buf_put(out, cell, strlen(cell));
		}
		if (r == 0)
			r = buf_put_u8(out, '\n');
		if (r != 0)
			return r;
	}
	return 0;
}
