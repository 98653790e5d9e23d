/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_qr.c — any text as a code: a picture of the right size with a light
 * margin, the same every time; or a refusal that draws nothing.
 */
#include <assert.h>
#include <string.h>

#include "common/qr/qr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
picture(const struct qr *q)
{
	unsigned x, y, last = q->side - QR_QUIET - 1;

	assert(q->side <= QR_SIDE_MAX && q->rows == (q->side + 1) / 2);
	assert((q->side - 2 * QR_QUIET) % 4 == 1); /* 21, 25, 29 … */
	for (y = 0; y < q->side; y++)
		for (x = 0; x < q->side; x++) {
			const uint8_t dark = q->dark[y * q->side + x];

			assert(dark <= 1);
			if (x < QR_QUIET || y < QR_QUIET || x > last ||
			    y > last)
				assert(!dark);
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct qr q, again;
	static char text[4096];
	struct buf out;
	int r;

	if (len >= sizeof(text))
		return 0;
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	memset(&q, 0x33, sizeof(q));
	memcpy(&again, &q, sizeof(q));
	r = qr_make(&q, text);
	if (r != 0) {
		assert(r == ERR_RANGE);
		assert(memcmp(&q, &again, sizeof(q)) == 0);
		return 0;
	}
	assert(text[0] != '\0');
	picture(&q);
	assert(qr_make(&again, text) == 0 && again.side == q.side);
	assert(memcmp(again.dark, q.dark, (size_t)q.side * q.side) == 0);
	buf_init(&out, 64 * 1024);
	assert(qr_draw(&q, false, &out) == 0);
	assert(out.len > 0 && out.p[out.len - 1] == '\n');
	buf_clear(&out);
	return 0;
}
