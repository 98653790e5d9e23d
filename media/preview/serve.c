/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/proto/preview.pb-c.h"
#include "common/text.h"
#include "media/preview.h"
#include "media/preview/qr.h"
#include "media/preview/render.h"
#include "media/preview/serve.h"
#include "media/preview/sound.h"
#include "media/preview/strip.h"
#include "media/preview_int.h"
#include "media/stream.h"

static int
respond(int fd, const Sotto__Preview__Response *res)
{
	size_t len = sotto__preview__response__get_packed_size(res);
	struct buf b;
	int r;

	buf_init(&b, 4 + PREVIEW_ANSWER_MAX);
	r = buf_reserve(&b, 4 + len);
	if (r == 0)
		r = buf_put_u32(&b, (uint32_t)len);
	if (r == 0) {
		b.len += sotto__preview__response__pack(res, b.p + b.len);
		r = stream_write(fd, b.p, b.len);
	}
	buf_clear(&b);
	return r;
}

/* ---- what is answered ----------------------------------------------------------- */

typedef int answer_fn(
    const struct preview_ask *ask, struct preview_answer *out);

/* A QR code may hold any bytes; only text goes on. */
static int
read_qr(const struct preview_ask *ask, struct preview_answer *out)
{
	struct buf text;
	int r;

	buf_init(&text, PREVIEW_QR_MAX + 1);
	r = qr_read(ask->file, ask->len, &text);
	if (r == 0 && !text_is_utf8((const char *)text.p, text.len))
		r = ERR_NOTFOUND;
	if (r == 0)
		r = buf_put_u8(&text, 0);
	if (r == 0)
		buf_detach(&text, (uint8_t **)&out->text, &out->len);
	buf_clear(&text);
	out->len = 0;
	return r == ERR_FULL ? ERR_RANGE : r;
}

static int
strip(const struct preview_ask *ask, struct preview_answer *out)
{
	struct buf b;
	int r;

	buf_init(&b, PREVIEW_FILE_MAX + 64);
	r = strip_file(ask->file, ask->len, &b);
	if (r == 0)
		buf_detach(&b, &out->data, &out->len);
	buf_clear(&b);
	return r == ERR_FULL ? ERR_RANGE : r;
}

static answer_fn *const answers[] = {
    [PREVIEW_READ_QR] = read_qr,
    [PREVIEW_RENDER] = render_draw,
    [PREVIEW_SCALE] = render_scale,
    [PREVIEW_TINY] = render_tiny,
    [PREVIEW_STRIP] = strip,
    [PREVIEW_SOUND] = sound_look,
    [PREVIEW_PCM] = sound_pcm,
};

/* ---- from and to the wire ---------------------------------------------------------- */

static void
take_draw(struct preview_ask *ask, const Sotto__Preview__Draw *d)
{
	ask->file = d->file.data;
	ask->len = d->file.len;
	ask->cols = (int)d->cols;
	ask->rows = (int)d->rows;
	ask->cell_w = (int)d->cell_w;
	ask->cell_h = (int)d->cell_h;
	ask->look = (enum preview_look)d->look;
	ask->colours = d->colours;
	ask->ground = d->ground;
	ask->part =
	    (struct preview_part){d->part_x, d->part_y, d->part_w, d->part_h};
}

static int
take(struct preview_ask *ask, const Sotto__Preview__Request *req)
{
	static const struct {
		int body;
		enum preview_what what;
	} rows[] = {
	    {SOTTO__PREVIEW__REQUEST__BODY_READ_QR, PREVIEW_READ_QR},
	    {SOTTO__PREVIEW__REQUEST__BODY_RENDER, PREVIEW_RENDER},
	    {SOTTO__PREVIEW__REQUEST__BODY_SCALE, PREVIEW_SCALE},
	    {SOTTO__PREVIEW__REQUEST__BODY_TINY, PREVIEW_TINY},
	    {SOTTO__PREVIEW__REQUEST__BODY_STRIP, PREVIEW_STRIP},
	    {SOTTO__PREVIEW__REQUEST__BODY_SOUND, PREVIEW_SOUND},
	    {SOTTO__PREVIEW__REQUEST__BODY_PCM, PREVIEW_PCM},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].body == (int)req->body_case)
			break;
	if (i == ARRAY_LEN(rows))
		return ERR_FORMAT;
	*ask = (struct preview_ask){.what = rows[i].what};
	switch (ask->what) {
	case PREVIEW_RENDER:
		take_draw(ask, req->render);
		break;
	case PREVIEW_SCALE:
		take_draw(ask, req->scale);
		break;
	case PREVIEW_PCM:
		ask->file = req->pcm->file.data;
		ask->len = req->pcm->file.len;
		ask->from_ms = req->pcm->from_ms;
		break;
	default: /* the others are bytes, and share their place */
		ask->file = req->read_qr.data;
		ask->len = req->read_qr.len;
		break;
	}
	return preview_check(ask);
}

/* Cells as bytes; the caller frees. NULL without memory. */
static uint8_t *
pack_cells(const struct preview_answer *a, size_t n)
{
	uint8_t *bytes = malloc(12 * n), *p = bytes;
	size_t i;

	for (i = 0; bytes != NULL && i < n; i++, p += 12) {
		put_be32(p, a->cells[i].cp);
		put_be32(p + 4, a->cells[i].fg);
		put_be32(p + 8, a->cells[i].bg);
	}
	return bytes;
}

/* What was found, into a message that borrows it. strips and cells are the
 * caller's to free. */
static int
fill(Sotto__Preview__Response *res, struct preview_answer *a,
    enum preview_what what, ProtobufCBinaryData **strips, uint8_t **cells)
{
	size_t n = (size_t)a->cols * (size_t)a->rows;
	int i;

	if (a->cells != NULL) {
		*cells = pack_cells(a, n);
		if (*cells == NULL)
			return ERR_NOMEM;
		res->cells = (ProtobufCBinaryData){12 * n, *cells};
	}
	if (a->strips != NULL) {
		*strips = calloc((size_t)a->rows, sizeof(**strips));
		if (*strips == NULL)
			return ERR_NOMEM;
		for (i = 0; i < a->rows; i++)
			(*strips)[i] = (ProtobufCBinaryData){
			    a->strips[i].len, a->strips[i].p};
		res->strips = *strips;
		res->n_strips = (size_t)a->rows;
	}
	res->data = what == PREVIEW_SOUND
			? (ProtobufCBinaryData){sizeof(a->bars), a->bars}
			: (ProtobufCBinaryData){a->len, a->data};
	res->width = a->width;
	res->height = a->height;
	res->cols = (uint32_t)a->cols;
	res->rows = (uint32_t)a->rows;
	res->pixel_w = a->pixel_w;
	res->pixel_h = a->pixel_h;
	res->duration_ms = a->duration_ms;
	if (a->text != NULL)
		res->text = a->text;
	return 0;
}

static int
answer(int fd, const uint8_t *p, size_t len)
{
	Sotto__Preview__Response res = SOTTO__PREVIEW__RESPONSE__INIT;
	Sotto__Preview__Request *req =
	    sotto__preview__request__unpack(NULL, len, p);
	ProtobufCBinaryData *strips = NULL;
	struct preview_answer out = {0};
	struct preview_ask ask;
	uint8_t *cells = NULL;
	int r;

	if (req == NULL)
		return ERR_FORMAT;
	r = take(&ask, req);
	if (r == 0) {
		res.code = answers[ask.what](&ask, &out);
		if (res.code == 0)
			r = fill(&res, &out, ask.what, &strips, &cells);
	}
	if (r == 0)
		r = respond(fd, &res);
	free(cells);
	free(strips);
	preview_answer_clear(&out);
	sotto__preview__request__free_unpacked(req, NULL);
	return r;
}

int
serve(int fd)
{
	uint8_t be[4];
	struct buf b;
	uint32_t len;
	int r;

	buf_init(&b, PREVIEW_REQUEST_MAX);
	while ((r = stream_read(fd, be, sizeof(be))) == 0) {
		len = get_be32(be);
		buf_reset(&b);
		r = buf_reserve(&b, len);
		if (r == 0)
			r = stream_read(fd, b.p, len);
		if (r == 0)
			r = answer(fd, b.p, len);
		if (r != 0)
			break;
	}
	buf_clear(&b);
	return r == ERR_CLOSED ? 0 : r == ERR_FULL ? ERR_RANGE : r;
}
