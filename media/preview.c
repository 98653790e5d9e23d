/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preview.c — asking and waiting. */
#include <string.h>

#include "media/preview_int.h"

/* ---- one question ------------------------------------------------------------ */

/* Of a length that was announced; more than that is nobody's answer. */
static int
read_response(const struct child *c, struct buf *b)
{
	uint8_t be[4];
	uint32_t len;
	int r = child_read(c, be, sizeof(be));

	if (r != 0)
		return r;
	len = get_be32(be);
	if (len > PREVIEW_ANSWER_MAX)
		return ERR_CLOSED;
	r = buf_reserve(b, len);
	if (r == 0)
		r = child_read(c, b->p, len);
	if (r == 0)
		b->len = len;
	return r;
}

static int
exchange(const struct buf *request, struct buf *response)
{
	struct child c;
	int r = preview_child_open(&c);

	if (r != 0)
		return r;
	r = child_write(&c, request->p, request->len);
	if (r == 0)
		r = read_response(&c, response);
	child_close(&c);
	return r;
}

int
preview_run(const struct preview_ask *ask, struct preview_answer *out)
{
	struct buf request, response;
	int r = preview_check(ask);

	if (r != 0)
		return r;
	buf_init(&request, 4 + PREVIEW_REQUEST_MAX);
	buf_init(&response, PREVIEW_ANSWER_MAX);
	r = preview_pack(&request, ask);
	if (r == 0)
		r = exchange(&request, &response);
	if (r == 0)
		r = preview_unpack(ask, response.p, response.len, out);
	buf_clear(&request);
	buf_clear(&response);
	return r;
}

int
preview_read_qr(const uint8_t *picture, size_t len, struct buf *text)
{
	struct preview_ask ask = {
	    .what = PREVIEW_READ_QR, .file = picture, .len = len};
	struct preview_answer a;
	int r = preview_run(&ask, &a);

	if (r != 0)
		return r;
	r = buf_put(text, a.text, strlen(a.text));
	preview_answer_clear(&a);
	return r;
}
