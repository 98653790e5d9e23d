/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/preview.h"

static int
at_least_one(uint64_t n)
{
	return n < 1 ? 1 : (int)n;
}

void
preview_fit(uint32_t w, uint32_t h, int cell_w, int cell_h, int max_cols,
    int max_rows, int *cols, int *rows)
{
	/* In units of 1 / (cell_w * cell_h): no fraction is lost. */
	uint64_t cw = (uint64_t)w * (unsigned)cell_h;
	uint64_t ch = (uint64_t)h * (unsigned)cell_w;
	uint64_t all = (uint64_t)(unsigned)cell_w * (unsigned)cell_h;
	uint64_t c = (cw + all / 2) / all, r = (ch + all / 2) / all;

	if (c > (unsigned)max_cols || r > (unsigned)max_rows) {
		if (cw * (unsigned)max_rows > ch * (unsigned)max_cols) {
			c = (unsigned)max_cols;
			r = (ch * c + cw / 2) / cw;
		} else {
			r = (unsigned)max_rows;
			c = (cw * r + ch / 2) / ch;
		}
	}
	*cols = at_least_one(c);
	*rows = at_least_one(r);
	if (*cols > max_cols)
		*cols = max_cols;
	if (*rows > max_rows)
		*rows = max_rows;
}
