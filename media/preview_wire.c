/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preview_wire.c — questions to bytes, bytes to answers that can be trusted to
 * be no more than what was asked for. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto/preview.pb-c.h"
#include "common/text.h"
#include "media/preview_int.h"
#include "media/tiny.h"

#define CELL_LEN 12

/* ---- questions -------------------------------------------------------------------- */

static bool
is_in(int v, int from, int to)
{
	return v >= from && v <= to;
}

int
preview_check(const struct preview_ask *a)
{
	bool ok = a->len >= 1 && a->len <= PREVIEW_FILE_MAX;
	int side = a->what == PREVIEW_SCALE ? PREVIEW_DRAWN_MAX / 64
					    : PREVIEW_CELLS_MAX;

	if (a->what == PREVIEW_RENDER || a->what == PREVIEW_SCALE)
		ok = ok && is_in(a->cols, 1, side) && is_in(a->rows, 1, side);
	if (a->what == PREVIEW_SCALE)
		ok = ok && (int64_t)a->cols * a->rows <= PREVIEW_DRAWN_MAX;
	if (a->what == PREVIEW_RENDER)
		ok = ok && is_in(a->cell_w, 1, PREVIEW_CELL_PX_MAX) &&
		     is_in(a->cell_h, 1, PREVIEW_CELL_PX_MAX) &&
		     a->part.x <= 65535 && a->part.y <= 65535 &&
		     a->part.w <= 65536 && a->part.h <= 65536 &&
		     (a->colours == 0 || a->colours == 16 ||
			 a->colours == 256 || a->colours == 1 << 24) &&
		     a->ground <= 0xffffff && a->look <= LOOK_PIXELS;
	return ok ? 0 : ERR_RANGE;
}

int
preview_pack(struct buf *b, const struct preview_ask *a)
{
	ProtobufCBinaryData file = {a->len, (uint8_t *)(uintptr_t)a->file};
	Sotto__Preview__Request req;
	Sotto__Preview__Draw draw;
	Sotto__Preview__Pcm pcm;
	size_t len;
	int r;

	sotto__preview__request__init(&req);
	sotto__preview__draw__init(&draw);
	sotto__preview__pcm__init(&pcm);
	draw.file = pcm.file = file;
	draw.cols = (uint32_t)a->cols;
	draw.rows = (uint32_t)a->rows;
	draw.cell_w = (uint32_t)a->cell_w;
	draw.cell_h = (uint32_t)a->cell_h;
	draw.look = a->look;
	draw.colours = a->colours;
	draw.ground = a->ground;
	draw.part_x = a->part.x;
	draw.part_y = a->part.y;
	draw.part_w = a->part.w;
	draw.part_h = a->part.h;
	pcm.from_ms = a->from_ms;
	switch (a->what) {
#define X(what, BODY, member, value)                                           \
	case PREVIEW_##what:                                                   \
		req.body_case = SOTTO__PREVIEW__REQUEST__BODY_##BODY;          \
		req.member = (value);                                          \
		break;
		X(READ_QR, READ_QR, read_qr, file)
		X(RENDER, RENDER, render, &draw)
		X(SCALE, SCALE, scale, &draw)
		X(TINY, TINY, tiny, file)
		X(STRIP, STRIP, strip, file)
		X(SOUND, SOUND, sound, file)
		X(PCM, PCM, pcm, &pcm)
#undef X
	}
	len = sotto__preview__request__get_packed_size(&req);
	r = buf_reserve(b, 4 + len);
	if (r == 0)
		r = buf_put_u32(b, (uint32_t)len);
	if (r == 0)
		b->len += sotto__preview__request__pack(&req, b->p + b->len);
	return r;
}

/* ---- answers ------------------------------------------------------------------------ */

void
preview_answer_clear(struct preview_answer *a)
{
	int i;

	for (i = 0; a->strips != NULL && i < a->rows; i++)
		free(a->strips[i].p);
	free(a->strips);
	free(a->cells);
	free(a->data);
	free(a->text);
	memset(a, 0, sizeof(*a));
}

/* What a child may answer; anything else came from one that was taken over. */
static int
checked_code(int code)
{
	switch (code) {
	case 0:
	case ERR_NOTFOUND:
	case ERR_FORMAT:
	case ERR_RANGE:
	case ERR_NOMEM:
		return code;
	default:
		return ERR_CLOSED;
	}
}

static int
keep(uint8_t **to, size_t *len, const ProtobufCBinaryData *from)
{
	*to = malloc(from->len > 0 ? from->len : 1);
	if (*to == NULL)
		return ERR_NOMEM;
	if (from->len > 0)
		memcpy(*to, from->data, from->len);
	*len = from->len;
	return 0;
}

static bool
fits_look(const struct preview_cell *c, enum preview_look look, uint32_t max)
{
	bool sign = (c->cp >= ' ' && c->cp <= '~') ||
		    (look == LOOK_BLOCKS && c->cp >= 0x2580 && c->cp <= 0x259f);

	return sign && (c->fg < max || c->fg == PREVIEW_DEFAULT) &&
	       (c->bg < max || c->bg == PREVIEW_DEFAULT);
}

static int
take_cells(const struct preview_ask *ask, const Sotto__Preview__Response *res,
    struct preview_answer *out)
{
	size_t n = (size_t)out->cols * (size_t)out->rows, i;
	const uint8_t *p = res->cells.data;
	struct preview_cell *c;

	if (res->cells.len != n * CELL_LEN)
		return ERR_CLOSED;
	out->cells = calloc(n, sizeof(*out->cells));
	if (out->cells == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n; i++, p += CELL_LEN) {
		c = &out->cells[i];
		*c = (struct preview_cell){
		    get_be32(p), get_be32(p + 4), get_be32(p + 8)};
		if (!fits_look(c, ask->look, ask->colours))
			return ERR_CLOSED;
	}
	return 0;
}

/* Sixels are written to the terminal as they are: nothing in them may end the
 * string they stand in. PNG goes there in base64. */
static bool
is_sixels(const ProtobufCBinaryData *b)
{
	size_t i;
	uint8_t c;

	for (i = 0; i < b->len; i++) {
		c = b->data[i];
		if (!(c >= '?' && c <= '~') && !(c >= '0' && c <= '9') &&
		    strchr("\"#!$-;", c) == NULL)
			return false;
		if (c == '\0')
			return false;
	}
	return true;
}

static int
take_strips(const struct preview_ask *ask, const Sotto__Preview__Response *res,
    struct preview_answer *out)
{
	int i, r = 0;

	if (res->n_strips != (size_t)out->rows)
		return ERR_CLOSED;
	out->strips = calloc((size_t)out->rows, sizeof(*out->strips));
	if (out->strips == NULL)
		return ERR_NOMEM;
	for (i = 0; r == 0 && i < out->rows; i++) {
		if (ask->look == LOOK_SIXEL && !is_sixels(&res->strips[i]))
			r = ERR_CLOSED;
		else
			r = keep(&out->strips[i].p, &out->strips[i].len,
			    &res->strips[i]);
	}
	return r;
}

/* Raw pixels: as many as they say, no more than was asked for. */
static int
take_pixels(const Sotto__Preview__Response *res, uint64_t max_w, uint64_t max_h,
    unsigned bytes, struct preview_answer *out)
{
	if (res->pixel_w < 1 || res->pixel_w > max_w || res->pixel_h < 1 ||
	    res->pixel_h > max_h ||
	    res->data.len != (uint64_t)res->pixel_w * res->pixel_h * bytes)
		return ERR_CLOSED;
	out->pixel_w = res->pixel_w;
	out->pixel_h = res->pixel_h;
	return keep(&out->data, &out->len, &res->data);
}

static int
take_render(const struct preview_ask *ask, const Sotto__Preview__Response *res,
    struct preview_answer *out)
{
	if (res->cols < 1 || res->cols > (uint32_t)ask->cols || res->rows < 1 ||
	    res->rows > (uint32_t)ask->rows)
		return ERR_CLOSED;
	out->cols = (int)res->cols;
	out->rows = (int)res->rows;
	out->look = ask->look;
	switch (ask->look) {
	case LOOK_BLOCKS:
	case LOOK_ASCII:
		return take_cells(ask, res, out);
	case LOOK_SIXEL:
	case LOOK_PNG:
		return take_strips(ask, res, out);
	default:
		return take_pixels(res, (uint64_t)res->cols * ask->cell_w,
		    (uint64_t)res->rows * ask->cell_h, 3, out);
	}
}

static int
take_text(const Sotto__Preview__Response *res, struct preview_answer *out)
{
	size_t n = strlen(res->text);

	if (n < 1 || n > PREVIEW_QR_MAX || !text_is_utf8(res->text, n))
		return ERR_CLOSED;
	out->text = strdup(res->text);
	return out->text != NULL ? 0 : ERR_NOMEM;
}

static int
take_tiny(const Sotto__Preview__Response *res, struct preview_answer *out)
{
	struct tiny t;

	if (tiny_read(&t, res->data.data, res->data.len) != 0)
		return ERR_CLOSED;
	return keep(&out->data, &out->len, &res->data);
}

static int
take_sound(const struct preview_ask *ask, const Sotto__Preview__Response *res,
    struct preview_answer *out)
{
	size_t max = (size_t)PREVIEW_PCM_MS * 48 * 2;

	if (res->duration_ms > PREVIEW_SOUND_MS)
		return ERR_CLOSED;
	out->duration_ms = res->duration_ms;
	if (ask->what == PREVIEW_PCM) {
		if (res->data.len > max || res->data.len % 2 != 0)
			return ERR_CLOSED;
		return keep(&out->data, &out->len, &res->data);
	}
	if (res->data.len != sizeof(out->bars))
		return ERR_CLOSED;
	memcpy(out->bars, res->data.data, sizeof(out->bars));
	return 0;
}

static int
take(const struct preview_ask *ask, const Sotto__Preview__Response *res,
    struct preview_answer *out)
{
	bool picture = ask->what == PREVIEW_RENDER ||
		       ask->what == PREVIEW_SCALE || ask->what == PREVIEW_TINY;

	if (picture && (res->width < 1 || res->width > PREVIEW_SIDE_MAX ||
			   res->height < 1 || res->height > PREVIEW_SIDE_MAX))
		return ERR_CLOSED;
	out->width = res->width;
	out->height = res->height;
	switch (ask->what) {
	case PREVIEW_READ_QR:
		return take_text(res, out);
	case PREVIEW_RENDER:
		return take_render(ask, res, out);
	case PREVIEW_SCALE:
		return take_pixels(
		    res, (uint64_t)ask->cols, (uint64_t)ask->rows, 4, out);
	case PREVIEW_TINY:
		return take_tiny(res, out);
	case PREVIEW_STRIP:
		if (res->data.len < 1 || res->data.len > ask->len + 64)
			return ERR_CLOSED;
		return keep(&out->data, &out->len, &res->data);
	default:
		return take_sound(ask, res, out);
	}
}

int
preview_unpack(const struct preview_ask *ask, const uint8_t *p, size_t len,
    struct preview_answer *out)
{
	Sotto__Preview__Response *res =
	    sotto__preview__response__unpack(NULL, len, p);
	struct preview_answer a = {0};
	int r;

	if (res == NULL)
		return ERR_CLOSED;
	r = checked_code(res->code);
	if (r == 0)
		r = take(ask, res, &a);
	if (r == 0)
		*out = a;
	else
		preview_answer_clear(&a);
	sotto__preview__response__free_unpacked(res, NULL);
	return r;
}
