/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "media/preview/libchafa.h"
#include "media/preview/picture.h"
#include "media/preview/render.h"
#include "media/tiny.h"

#define SYMBOL_PX 8 /* libchafa looks at so many pixels of a cell, squared */
#define BAND	  6 /* rows of pixels in a row of sixels */

/* ---- the part that is wanted, at its size --------------------------------------- */

struct region {
	int x, y, w, h;
};

static int
part_of(int side, uint32_t n)
{
	return (int)((uint64_t)(unsigned)side * n / 65536);
}

/* Inside a w by h picture; never empty. */
static struct region
region_of(const struct preview_part *p, int w, int h)
{
	struct region r = {0, 0, w, h};

	if (p->w == 0 || p->h == 0)
		return r;
	r.x = part_of(w, p->x < 65535 ? p->x : 65535);
	r.y = part_of(h, p->y < 65535 ? p->y : 65535);
	r.w = part_of(w, p->w);
	r.h = part_of(h, p->h);
	if (r.w < 1)
		r.w = 1;
	if (r.h < 1)
		r.h = 1;
	if (r.w > w - r.x)
		r.w = w - r.x;
	if (r.h > h - r.y)
		r.h = h - r.y;
	return r;
}

/* How many pixels of the longer side matter to a result of w by h. */
static int
useful_side(const struct preview_ask *ask, int w, int h)
{
	uint32_t least = ask->part.w < ask->part.h ? ask->part.w : ask->part.h;
	int64_t side = w > h ? w : h;

	if (least > 0 && least < 65536)
		side = side * 65536 / least;
	return side > PICTURE_SIDE_MAX ? 0 : (int)side;
}

/* What is transparent gets the ground's colour. */
static GdkPixbuf *
scaled(const GdkPixbuf *src, int w, int h, uint32_t ground)
{
	return gdk_pixbuf_composite_color_simple(
	    src, w, h, GDK_INTERP_BILINEAR, 255, 16, ground, ground);
}

/* The wanted part of what was decoded. */
static GdkPixbuf *
cut(const struct picture *pic, const struct preview_part *part)
{
	struct region r = region_of(part, gdk_pixbuf_get_width(pic->pix),
	    gdk_pixbuf_get_height(pic->pix));

	return gdk_pixbuf_new_subpixbuf(pic->pix, r.x, r.y, r.w, r.h);
}

/* ---- cells ---------------------------------------------------------------------- */

static ChafaCanvasMode
mode_of(uint32_t colours)
{
	switch (colours) {
	case 0:
		return CHAFA_CANVAS_MODE_FGBG;
	case 16:
		return CHAFA_CANVAS_MODE_INDEXED_16;
	case 256:
		return CHAFA_CANVAS_MODE_INDEXED_256;
	default:
		return CHAFA_CANVAS_MODE_TRUECOLOR;
	}
}

static uint32_t
is_light(uint32_t rgb)
{
	return (rgb >> 16 & 255) * 30 + (rgb >> 8 & 255) * 59 +
		   (rgb & 255) * 11 >
	       128 * 100;
}

static ChafaCanvas *
canvas_new(const struct preview_ask *ask, int cols, int rows)
{
	ChafaCanvasConfig *cfg = chafa_canvas_config_new();
	ChafaSymbolMap *map = chafa_symbol_map_new();
	ChafaCanvas *cv;

	if (ask->look == LOOK_ASCII)
		chafa_symbol_map_add_by_tags(map, CHAFA_SYMBOL_TAG_ASCII);
	else
		chafa_symbol_map_add_by_tags(
		    map, CHAFA_SYMBOL_TAG_VHALF | CHAFA_SYMBOL_TAG_SPACE);
	chafa_canvas_config_set_geometry(cfg, cols, rows);
	chafa_canvas_config_set_canvas_mode(cfg, mode_of(ask->colours));
	chafa_canvas_config_set_symbol_map(cfg, map);
	chafa_canvas_config_set_fg_only_enabled(cfg, ask->look == LOOK_ASCII);
	chafa_canvas_config_set_bg_color(cfg, ask->ground);
	chafa_canvas_config_set_fg_color(
	    cfg, is_light(ask->ground) ? 0x000000 : 0xffffff);
	if (ask->colours == 0)
		chafa_canvas_config_set_dither_mode(
		    cfg, CHAFA_DITHER_MODE_ORDERED);
	cv = chafa_canvas_new(cfg);
	chafa_symbol_map_unref(map);
	chafa_canvas_config_unref(cfg);
	return cv;
}

static void
draw_pixels(ChafaCanvas *cv, const GdkPixbuf *pix)
{
	chafa_canvas_draw_all_pixels(cv,
	    gdk_pixbuf_get_n_channels(pix) == 4 ? CHAFA_PIXEL_RGBA8_UNASSOCIATED
						: CHAFA_PIXEL_RGB8,
	    gdk_pixbuf_read_pixels(pix), gdk_pixbuf_get_width(pix),
	    gdk_pixbuf_get_height(pix), gdk_pixbuf_get_rowstride(pix));
}

/* libchafa has numbers of its own behind the palette. */
static uint32_t
colour_of(int raw, uint32_t colours)
{
	return raw < 0 || (uint32_t)raw >= (colours > 0 ? colours : 0)
		   ? PREVIEW_DEFAULT
		   : (uint32_t)raw;
}

static int
draw_cells(const struct preview_ask *ask, const GdkPixbuf *part,
    struct preview_answer *out)
{
	GdkPixbuf *pix = scaled(
	    part, out->cols * SYMBOL_PX, out->rows * SYMBOL_PX, ask->ground);
	struct preview_cell *c;
	ChafaCanvas *cv;
	int x, y, fg, bg;

	c = calloc((size_t)out->cols * (size_t)out->rows, sizeof(*c));
	out->cells = c;
	if (pix == NULL || c == NULL) {
		g_clear_object(&pix);
		return ERR_NOMEM;
	}
	cv = canvas_new(ask, out->cols, out->rows);
	draw_pixels(cv, pix);
	g_object_unref(pix);
	for (y = 0; y < out->rows; y++) {
		for (x = 0; x < out->cols; x++, c++) {
			chafa_canvas_get_raw_colors_at(cv, x, y, &fg, &bg);
			c->cp = chafa_canvas_get_char_at(cv, x, y);
			c->fg = colour_of(fg, ask->colours);
			c->bg = colour_of(bg, ask->colours);
		}
	}
	chafa_canvas_unref(cv);
	return 0;
}

/* ---- strips --------------------------------------------------------------------- */

static int
keep(struct preview_bytes *b, const void *p, size_t len)
{
	b->p = malloc(len > 0 ? len : 1);
	if (b->p == NULL)
		return ERR_NOMEM;
	memcpy(b->p, p, len);
	b->len = len;
	return 0;
}

/* The pixels of one row of cells, with clear ones below up to a whole row of
 * sixels: nothing is drawn into the next row of cells. */
static GdkPixbuf *
sixel_strip(const GdkPixbuf *pix, int y, int h)
{
	int w = gdk_pixbuf_get_width(pix);
	GdkPixbuf *strip = gdk_pixbuf_new(
	    GDK_COLORSPACE_RGB, TRUE, 8, w, (h + BAND - 1) / BAND * BAND);

	if (strip != NULL) {
		gdk_pixbuf_fill(strip, 0);
		gdk_pixbuf_copy_area(pix, 0, y, w, h, strip, 0, 0);
	}
	return strip;
}

static ChafaCanvas *
sixel_canvas(int cols, int cell_w, int h)
{
	ChafaCanvasConfig *cfg = chafa_canvas_config_new();
	ChafaCanvas *cv;

	chafa_canvas_config_set_geometry(cfg, cols, 1);
	chafa_canvas_config_set_cell_geometry(cfg, cell_w, h);
	chafa_canvas_config_set_pixel_mode(cfg, CHAFA_PIXEL_MODE_SIXELS);
	chafa_canvas_config_set_canvas_mode(cfg, CHAFA_CANVAS_MODE_TRUECOLOR);
	cv = chafa_canvas_new(cfg);
	chafa_canvas_config_unref(cfg);
	return cv;
}

/* What stands between the introduction and the end of a sixel string. */
static int
keep_body(struct preview_bytes *b, const GString *s)
{
	const char *q = strchr(s->str, 'q');
	const char *end = q != NULL ? strchr(q, '\033') : NULL;

	if (end == NULL)
		return ERR_FORMAT;
	return keep(b, q + 1, (size_t)(end - q - 1));
}

static int
draw_sixel_row(const struct preview_ask *ask, const GdkPixbuf *pix, int row,
    struct preview_bytes *b)
{
	GdkPixbuf *strip = sixel_strip(pix, row * ask->cell_h, ask->cell_h);
	ChafaTermInfo *ti;
	ChafaCanvas *cv;
	GString *s;
	int r;

	if (strip == NULL)
		return ERR_NOMEM;
	ti = chafa_term_db_get_fallback_info(chafa_term_db_get_default());
	cv = sixel_canvas(gdk_pixbuf_get_width(pix) / ask->cell_w, ask->cell_w,
	    gdk_pixbuf_get_height(strip));
	draw_pixels(cv, strip);
	s = chafa_canvas_print(cv, ti);
	r = keep_body(b, s);
	g_string_free(s, TRUE);
	chafa_canvas_unref(cv);
	chafa_term_info_unref(ti);
	g_object_unref(strip);
	return r;
}

static int
draw_png_row(const struct preview_ask *ask, GdkPixbuf *pix, int row,
    struct preview_bytes *b)
{
	GdkPixbuf *strip = gdk_pixbuf_new_subpixbuf(
	    pix, 0, row * ask->cell_h, gdk_pixbuf_get_width(pix), ask->cell_h);
	gchar *png = NULL;
	gsize len = 0;
	int r = ERR_NOMEM;

	if (strip != NULL && gdk_pixbuf_save_to_buffer(strip, &png, &len, "png",
				 NULL, "compression", "1", NULL))
		r = keep(b, png, len);
	g_free(png);
	g_clear_object(&strip);
	return r;
}

static int
keep_rgb(struct preview_answer *out, const GdkPixbuf *pix, int n)
{
	const guint8 *p = gdk_pixbuf_read_pixels(pix);
	int w = gdk_pixbuf_get_width(pix), h = gdk_pixbuf_get_height(pix);
	int have = gdk_pixbuf_get_n_channels(pix), x, y;
	int stride = gdk_pixbuf_get_rowstride(pix);
	uint8_t *o = malloc((size_t)w * (size_t)h * (size_t)n);

	if (o == NULL)
		return ERR_NOMEM;
	out->data = o;
	out->pixel_w = (uint32_t)w;
	out->pixel_h = (uint32_t)h;
	for (y = 0; y < h; y++, p += stride) {
		for (x = 0; x < w; x++, o += n) {
			memcpy(o, p + x * have, 3);
			if (n == 4)
				o[3] = have == 4 ? p[x * 4 + 3] : 255;
		}
	}
	out->len = (size_t)(o - out->data);
	return 0;
}

static int
draw_strips(const struct preview_ask *ask, const GdkPixbuf *part,
    struct preview_answer *out)
{
	GdkPixbuf *pix;
	int i, r = 0;

	if ((int64_t)out->cols * ask->cell_w * out->rows * ask->cell_h >
	    PREVIEW_DRAWN_MAX)
		return ERR_RANGE;
	pix = scaled(part, out->cols * ask->cell_w, out->rows * ask->cell_h,
	    ask->ground);
	if (pix == NULL)
		return ERR_NOMEM;
	if (ask->look != LOOK_PIXELS) {
		out->strips = calloc((size_t)out->rows, sizeof(*out->strips));
		r = out->strips != NULL ? 0 : ERR_NOMEM;
	}
	for (i = 0; r == 0 && out->strips != NULL && i < out->rows; i++) {
		if (ask->look == LOOK_SIXEL)
			r = draw_sixel_row(ask, pix, i, &out->strips[i]);
		else
			r = draw_png_row(ask, pix, i, &out->strips[i]);
	}
	if (ask->look == LOOK_PIXELS)
		r = keep_rgb(out, pix, 3);
	g_object_unref(pix);
	return r;
}

/* ---- what is asked ---------------------------------------------------------------- */

static void
note_size(struct preview_answer *out, const struct picture *pic)
{
	out->width = (uint32_t)pic->w;
	out->height = (uint32_t)pic->h;
}

int
render_draw(const struct preview_ask *ask, struct preview_answer *out)
{
	bool cells = ask->look == LOOK_BLOCKS || ask->look == LOOK_ASCII;
	int px_w = cells ? SYMBOL_PX : ask->cell_w;
	int px_h = cells ? SYMBOL_PX : ask->cell_h;
	struct picture pic;
	struct region whole;
	GdkPixbuf *part;
	int r = picture_decode(ask->file, ask->len,
	    useful_side(ask, ask->cols * px_w, ask->rows * px_h), &pic);

	if (r != 0)
		return r;
	note_size(out, &pic);
	out->look = ask->look;
	whole = region_of(&ask->part, pic.w, pic.h);
	preview_fit((uint32_t)whole.w, (uint32_t)whole.h, ask->cell_w,
	    ask->cell_h, ask->cols, ask->rows, &out->cols, &out->rows);
	if (ask->part.w != 0 &&
	    ask->part.w < 65536) /* zoomed: as large as fits */
		preview_fit((uint32_t)whole.w * 1000, (uint32_t)whole.h * 1000,
		    ask->cell_w, ask->cell_h, ask->cols, ask->rows, &out->cols,
		    &out->rows);
	part = cut(&pic, &ask->part);
	if (part == NULL)
		r = ERR_NOMEM;
	else
		r = cells ? draw_cells(ask, part, out)
			  : draw_strips(ask, part, out);
	g_clear_object(&part);
	g_object_unref(pic.pix);
	return r;
}

int
render_scale(const struct preview_ask *ask, struct preview_answer *out)
{
	struct picture pic;
	GdkPixbuf *pix;
	int w, h;
	int r = picture_decode(
	    ask->file, ask->len, useful_side(ask, ask->cols, ask->rows), &pic);

	if (r != 0)
		return r;
	note_size(out, &pic);
	preview_fit((uint32_t)pic.w, (uint32_t)pic.h, 1, 1, ask->cols,
	    ask->rows, &w, &h);
	pix = gdk_pixbuf_scale_simple(pic.pix, w, h, GDK_INTERP_BILINEAR);
	r = pix != NULL ? keep_rgb(out, pix, 4) : ERR_NOMEM;
	g_clear_object(&pix);
	g_object_unref(pic.pix);
	return r;
}

/* The average of the pixels below each small one: nothing is lost that a
 * sample here and there would miss. */
int
render_tiny(const struct preview_ask *ask, struct preview_answer *out)
{
	struct picture pic;
	struct tiny t;
	GdkPixbuf *pix;
	const guint8 *p;
	int r = picture_decode(ask->file, ask->len, 4 * TINY_SIDE_MAX, &pic);
	int i, n, stride;

	if (r != 0)
		return r;
	note_size(out, &pic);
	preview_fit((uint32_t)pic.w, (uint32_t)pic.h, 1, 1, TINY_SIDE_MAX,
	    TINY_SIDE_MAX, &t.w, &t.h);
	pix = scaled(pic.pix, t.w, t.h, 0x808080);
	g_object_unref(pic.pix);
	out->data = malloc(TINY_BYTES_MAX);
	if (pix == NULL || out->data == NULL) {
		g_clear_object(&pix);
		return ERR_NOMEM;
	}
	n = gdk_pixbuf_get_n_channels(pix);
	stride = gdk_pixbuf_get_rowstride(pix);
	for (i = 0; i < t.w * t.h; i++) {
		p = gdk_pixbuf_read_pixels(pix) +
		    (size_t)(i / t.w) * (size_t)stride + i % t.w * n;
		t.px[i] = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
	}
	out->len = tiny_write(out->data, &t);
	g_object_unref(pix);
	return 0;
}

/* A picture of each look, so that nothing is set up inside. */
void
render_warm_up(void)
{
	static const uint8_t pnm[] = "P6 2 2 255\n\0\0\0abcdef\377\377\377";
	static const struct {
		enum preview_look look;
		uint32_t colours;
	} rows[] = {{LOOK_BLOCKS, 1 << 24}, {LOOK_BLOCKS, 256},
	    {LOOK_BLOCKS, 16}, {LOOK_BLOCKS, 0}, {LOOK_ASCII, 1 << 24},
	    {LOOK_ASCII, 256}, {LOOK_ASCII, 16}, {LOOK_ASCII, 0},
	    {LOOK_SIXEL, 256}, {LOOK_PNG, 0}};
	struct preview_answer out;
	struct preview_ask ask;
	size_t i;

	chafa_set_n_threads(1); /* no thread can be started inside */
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		ask = (struct preview_ask){.what = PREVIEW_RENDER,
		    .file = pnm,
		    .len = sizeof(pnm) - 1,
		    .cols = 2,
		    .rows = 2,
		    .cell_w = 10,
		    .cell_h = 20,
		    .look = rows[i].look,
		    .colours = rows[i].colours};
		memset(&out, 0, sizeof(out));
		(void)!render_draw(&ask, &out);
		preview_answer_clear(&out);
	}
}
