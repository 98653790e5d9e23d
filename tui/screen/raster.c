/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/raster.h"
#include "tui/screen/theme.h"

#define CHUNK	   4096 /* bytes of base64 in one of kitty's sequences */
#define DIACRITICS 297 /* rows, columns that placeholders can name */
#define UPPER_HALF 0x2580

struct raster {
	struct raster_ground g;
	enum picture_mode mode; /* of this one: a small picture is cells */
	uint32_t id;
	struct preview_answer a;
	bool sent;
};

/* ---- writing ------------------------------------------------------------------------- */

struct sink {
	raster_out_fn *out;
	void *ctx;
};

static void
put(const struct sink *s, const void *p, size_t n)
{
	s->out(s->ctx, p, n);
}

static void putf(const struct sink *s, const char *fmt, ...) PRINTF(2, 3);

static void
putf(const struct sink *s, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(n > 0 && (size_t)n < sizeof(text));
	put(s, text, (size_t)n);
}

static void
put_base64(const struct sink *s, const uint8_t *p, size_t len)
{
	char text[CHUNK + 1];
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < CHUNK / 4 * 3 ? len : CHUNK / 4 * 3;
		sodium_bin2base64(
		    text, sizeof(text), p, n, sodium_base64_VARIANT_ORIGINAL);
		put(s, text, strlen(text));
	}
}

/* ---- life ------------------------------------------------------------------------------- */

static enum preview_look
look_of(enum picture_mode mode)
{
	switch (mode) {
	case PICTURE_ASCII:
		return LOOK_ASCII;
	case PICTURE_SIXEL:
		return LOOK_SIXEL;
	case PICTURE_ITERM:
		return LOOK_PNG;
	case PICTURE_KITTY:
		return LOOK_PIXELS;
	default:
		return LOOK_BLOCKS;
	}
}

static int
clamp(int v, int min, int max)
{
	return v < min ? min : v > max ? max : v;
}

void
raster_ask(
    const struct raster_ground *g, int cols, int rows, struct preview_ask *ask)
{
	int most = g->mode == PICTURE_KITTY ? DIACRITICS : PREVIEW_CELLS_MAX;

	ask->what = PREVIEW_RENDER;
	ask->look = look_of(g->mode);
	ask->colours = g->colours;
	ask->ground = g->rgb;
	ask->cols = clamp(cols, 1, most);
	ask->rows = clamp(rows, 1, most);
	ask->cell_w = clamp(g->cell_w, 1, PREVIEW_CELL_PX_MAX);
	ask->cell_h = clamp(g->cell_h, 1, PREVIEW_CELL_PX_MAX);
	while ((int64_t)ask->cols * ask->cell_w * ask->rows * ask->cell_h >
		   PREVIEW_DRAWN_MAX &&
	       ask->cell_w > 1 && ask->cell_h > 1) {
		ask->cell_w = (ask->cell_w + 1) / 2;
		ask->cell_h = (ask->cell_h + 1) / 2;
	}
}

int
raster_new(struct raster **out, const struct raster_ground *g, uint32_t id,
    struct preview_answer *a)
{
	struct raster *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->g = *g;
	r->mode = g->mode;
	r->id = id & 0xffffff;
	r->a = *a;
	memset(a, 0, sizeof(*a));
	*out = r;
	return 0;
}

void
raster_free(struct raster *r)
{
	if (r == NULL)
		return;
	preview_answer_clear(&r->a);
	free(r);
}

int
raster_cols(const struct raster *r)
{
	return r->a.cols;
}

int
raster_rows(const struct raster *r)
{
	return r->a.rows;
}

uint32_t
raster_id(const struct raster *r)
{
	return r->id;
}

size_t
raster_bytes(const struct raster *r)
{
	size_t n = sizeof(*r) + r->a.len;
	int i;

	if (r->a.cells != NULL)
		n += (size_t)r->a.cols * (size_t)r->a.rows *
		     sizeof(r->a.cells[0]);
	for (i = 0; r->a.strips != NULL && i < r->a.rows; i++)
		n += r->a.strips[i].len;
	return n;
}

bool
raster_is_strip(const struct raster *r)
{
	return r->mode == PICTURE_SIXEL || r->mode == PICTURE_ITERM;
}

/* ---- the small picture -------------------------------------------------------------------- */

static uint32_t
ink_of(uint32_t rgb, uint32_t colours)
{
	static const uint8_t bits[8] = {0, 4, 2, 6, 1, 5, 3, 7};

	switch (colours) {
	case 0:
		return PREVIEW_DEFAULT;
	case 16: /* the eight plain ones: blue is the lowest bit of rgb */
		return bits[(rgb >> 23 & 1) << 2 | (rgb >> 15 & 1) << 1 |
			    (rgb >> 7 & 1)];
	case 256:
		return (uint32_t)theme_nearest(rgb);
	default:
		return rgb;
	}
}

static uint32_t
tiny_at(const struct tiny *t, int y, int of_y, int x, int of_x)
{
	return t->px[y * t->h / of_y * t->w + x * t->w / of_x];
}

static struct preview_cell
tiny_cell(const struct raster_ground *g, uint32_t top, uint32_t low)
{
	static const char dark_to_light[] = " .:-=+*#%@";
	unsigned sum = (top >> 16 & 255) + (top >> 8 & 255) + (top & 255) +
		       (low >> 16 & 255) + (low >> 8 & 255) + (low & 255);

	if (g->mode == PICTURE_ASCII || g->colours == 0)
		return (struct preview_cell){
		    (uint32_t)(uint8_t)dark_to_light[sum * 9 / (6 * 255)],
		    ink_of(top, g->colours), PREVIEW_DEFAULT};
	return (struct preview_cell){
	    UPPER_HALF, ink_of(top, g->colours), ink_of(low, g->colours)};
}

int
raster_of_tiny(struct raster **out, const struct raster_ground *g, uint32_t id,
    const struct tiny *t, int cols, int rows)
{
	struct preview_answer a = {
	    .look = LOOK_BLOCKS, .cols = cols, .rows = rows};
	int x, y, r;

	a.cells = calloc((size_t)cols * (size_t)rows, sizeof(*a.cells));
	if (a.cells == NULL)
		return ERR_NOMEM;
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++)
			a.cells[y * cols + x] =
			    tiny_cell(g, tiny_at(t, 2 * y, 2 * rows, x, cols),
				tiny_at(t, 2 * y + 1, 2 * rows, x, cols));
	r = raster_new(out, g, id, &a);
	if (r == 0)
		(*out)->mode = PICTURE_BLOCKS;
	preview_answer_clear(&a);
	return r;
}

/* ---- cells --------------------------------------------------------------------------------- */

/* base: 38 for letters, 48 for what is behind them. */
static void
put_ink(const struct sink *s, uint32_t c, uint32_t colours, int base)
{
	if (c == PREVIEW_DEFAULT)
		putf(s, "\033[%dm", base + 1);
	else if (colours == 16)
		putf(s, "\033[%um",
		    (unsigned)base - 8 + (c & 7) + (c > 7 ? 60 : 0));
	else if (colours == 256)
		putf(s, "\033[%d;5;%um", base, (unsigned)c);
	else
		putf(s, "\033[%d;2;%u;%u;%um", base, (unsigned)(c >> 16 & 255),
		    (unsigned)(c >> 8 & 255), (unsigned)(c & 255));
}

static void
put_cells(
    const struct raster *r, int row, int from, int n, const struct sink *s)
{
	const struct preview_cell *c = &r->a.cells[row * r->a.cols + from];
	uint32_t fg = PREVIEW_DEFAULT, bg = PREVIEW_DEFAULT;
	char utf8[4];

	for (; n > 0; n--, c++) {
		if (c->fg != fg && c->cp != ' ') {
			put_ink(s, c->fg, r->g.colours, 38);
			fg = c->fg;
		}
		if (c->bg != bg) {
			put_ink(s, c->bg, r->g.colours, 48);
			bg = c->bg;
		}
		put(s, utf8, text_encode(utf8, c->cp));
	}
	if (fg != PREVIEW_DEFAULT || bg != PREVIEW_DEFAULT)
		putf(s, "\033[0m");
}

/* ---- kitty ---------------------------------------------------------------------------------- */

/* The marks that number rows and columns: the first code point of a run, and
 * how many. Source: the protocol's table of row and column diacritics. */
static const struct {
	uint32_t from;
	uint16_t n;
} marks[] = {
    {0x0305, 1},
    {0x030d, 2},
    {0x0310, 1},
    {0x0312, 1},
    {0x033d, 3},
    {0x0346, 1},
    {0x034a, 3},
    {0x0350, 3},
    {0x0357, 1},
    {0x035b, 1},
    {0x0363, 13},
    {0x0483, 5},
    {0x0592, 4},
    {0x0597, 3},
    {0x059c, 6},
    {0x05a8, 2},
    {0x05ab, 2},
    {0x05af, 1},
    {0x05c4, 1},
    {0x0610, 8},
    {0x0657, 5},
    {0x065d, 2},
    {0x06d6, 7},
    {0x06df, 4},
    {0x06e4, 1},
    {0x06e7, 2},
    {0x06eb, 2},
    {0x0730, 1},
    {0x0732, 2},
    {0x0735, 2},
    {0x073a, 1},
    {0x073d, 1},
    {0x073f, 3},
    {0x0743, 1},
    {0x0745, 1},
    {0x0747, 1},
    {0x0749, 2},
    {0x07eb, 7},
    {0x07f3, 1},
    {0x0816, 4},
    {0x081b, 9},
    {0x0825, 3},
    {0x0829, 5},
    {0x0951, 1},
    {0x0953, 2},
    {0x0f82, 2},
    {0x0f86, 2},
    {0x135d, 3},
    {0x17dd, 1},
    {0x193a, 1},
    {0x1a17, 1},
    {0x1a75, 8},
    {0x1b6b, 1},
    {0x1b6d, 7},
    {0x1cd0, 3},
    {0x1cda, 2},
    {0x1ce0, 1},
    {0x1dc0, 2},
    {0x1dc3, 7},
    {0x1dcb, 2},
    {0x1dd1, 22},
    {0x1dfe, 1},
    {0x20d0, 2},
    {0x20d4, 4},
    {0x20db, 2},
    {0x20e1, 1},
    {0x20e7, 1},
    {0x20e9, 1},
    {0x20f0, 1},
    {0x2cef, 3},
    {0x2de0, 32},
    {0xa66f, 1},
    {0xa67c, 2},
    {0xa6f0, 2},
    {0xa8e0, 18},
    {0xaab0, 1},
    {0xaab2, 2},
    {0xaab7, 2},
    {0xaabe, 2},
    {0xaac1, 1},
    {0xfe20, 7},
    {0x10a0f, 1},
    {0x10a38, 1},
    {0x1d185, 5},
    {0x1d1aa, 4},
    {0x1d242, 3},
};

static uint32_t
mark_of(int i)
{
	size_t k;

	for (k = 0; k < ARRAY_LEN(marks); k++) {
		if (i < marks[k].n)
			return marks[k].from + (uint32_t)i;
		i -= marks[k].n;
	}
	return marks[0].from;
}

static void
put_cp(const struct sink *s, uint32_t cp)
{
	char utf8[4];

	put(s, utf8, text_encode(utf8, cp));
}

/* The picture's number is the colour of the letters. */
static void
put_placeholders(
    const struct raster *r, int row, int from, int n, const struct sink *s)
{
	putf(s, "\033[38;2;%u;%u;%um", (unsigned)(r->id >> 16),
	    (unsigned)(r->id >> 8 & 255), (unsigned)(r->id & 255));
	for (; n > 0; n--, from++) {
		put_cp(s, 0x10eeee);
		put_cp(s, mark_of(row));
		put_cp(s, mark_of(from));
	}
	putf(s, "\033[39m");
}

static void
put_graphics(const struct raster *r, const char *keys, const void *p,
    size_t len, const struct sink *s)
{
	static const char end[] = "\033\\", esc_end[] = "\033\033\\";

	if (r->g.tmux)
		putf(s, "\033Ptmux;\033\033_G%s;", keys);
	else
		putf(s, "\033_G%s%s", keys, len > 0 ? ";" : "");
	put_base64(s, p, len);
	if (r->g.tmux)
		put(s, esc_end, sizeof(esc_end) - 1);
	put(s, end, sizeof(end) - 1);
}

void
raster_send(struct raster *r, raster_out_fn *out, void *ctx)
{
	const struct sink s = {out, ctx};
	const uint8_t *p = r->a.data;
	size_t left = r->a.len, n, most = CHUNK / 4 * 3;
	char keys[160];

	if (r->sent || r->mode != PICTURE_KITTY || p == NULL)
		return;
	snprintf(keys, sizeof(keys),
	    "a=T,U=1,q=2,f=24,t=d,i=%u,s=%u,v=%u,c=%d,r=%d,m=%d",
	    (unsigned)r->id, (unsigned)r->a.pixel_w, (unsigned)r->a.pixel_h,
	    r->a.cols, r->a.rows, left > most);
	do {
		n = left < most ? left : most;
		put_graphics(r, keys, p, n, &s);
		p += n;
		left -= n;
		snprintf(keys, sizeof(keys), "q=2,m=%d", left > most);
	} while (left > 0);
	r->sent = true;
	free(r->a.data); /* the terminal has it */
	r->a.data = NULL;
	r->a.len = 0;
}

void
raster_unsend(struct raster *r, raster_out_fn *out, void *ctx)
{
	const struct sink s = {out, ctx};
	char keys[64];

	if (!r->sent)
		return;
	snprintf(keys, sizeof(keys), "a=d,d=I,q=2,i=%u", (unsigned)r->id);
	put_graphics(r, keys, NULL, 0, &s);
	r->sent = false;
}

/* ---- strips --------------------------------------------------------------------------------- */

static void
put_strip(const struct raster *r, int row, const struct sink *s)
{
	const struct preview_bytes *b = &r->a.strips[row];

	if (r->mode == PICTURE_SIXEL) {
		/* pixels that are not drawn stay clear */
		putf(s, "\033P0;1;0q");
		put(s, b->p, b->len);
		putf(s, "\033\\");
		return;
	}
	putf(s,
	    "\033]1337;File=inline=1;size=%zu;width=%d;height=1;"
	    "preserveAspectRatio=0;doNotMoveCursor=1:",
	    b->len, r->a.cols);
	put_base64(s, b->p, b->len);
	putf(s, "\a");
}

void
raster_row(const struct raster *r, int row, int from, int n, raster_out_fn *out,
    void *ctx)
{
	const struct sink s = {out, ctx};

	assert(
	    row >= 0 && row < r->a.rows && from >= 0 && from + n <= r->a.cols);
	if (raster_is_strip(r)) {
		if (from == 0)
			put_strip(r, row, &s);
	} else if (r->mode == PICTURE_KITTY) {
		put_placeholders(r, row, from, n, &s);
	} else {
		put_cells(r, row, from, n, &s);
	}
}

uint32_t
raster_char(const struct raster *r, int row, int col)
{
	return r->a.cells != NULL ? r->a.cells[row * r->a.cols + col].cp : '#';
}

int
raster_through_tmux(struct buf *b, const void *p, size_t len)
{
	const uint8_t *q = p;
	int r = buf_put(b, "\033Ptmux;", 7);

	for (; r == 0 && len > 0; len--, q++) {
		if (*q == 0x1b)
			r = buf_put_u8(b, 0x1b);
		if (r == 0)
			r = buf_put_u8(b, *q);
	}
	return r == 0 ? buf_put(b, "\033\\", 2) : r;
}
