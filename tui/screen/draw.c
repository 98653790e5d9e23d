/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>
#include <term.h>

#include "common/text.h"
#include "tui/screen/catch.h"
#include "tui/screen/draw.h"
#include "tui/screen/raster.h"

#define OVER_MAX      4096 /* clusters written afterwards in one frame */
#define OVER_TEXT_MAX (256 * 1024)
#define PICS_MAX      64 /* pictures in one frame */
#define LATER_MAX     (64 * 1024)
#define OUT_MAX	      (1024 * 1024)
#define DRAW_LINE_MAX 1024 /* bytes of a formatted line */

/* A cluster that ncurses' cells cannot be trusted with. */
struct over {
	int y, x, w;
	int excess; /* cells it may take beyond w on some terminals */
	enum style st;
	size_t at, len; /* in the frame's text */
};

/* Rows of a picture, written afterwards, too. */
struct pic {
	struct raster *r; /* borrowed for the frame */
	int y, x; /* of the picture's first row, in view or not */
};

/* What a cell holds, besides what ncurses knows. */
struct cell {
	uint8_t style;
	bool second; /* the right half of a wide character */
	uint8_t pic; /* 1 + index into pics, 0 none */
	uint16_t over; /* 1 + index into overs, 0 none */
};

struct draw {
	draw_out_fn *out_fn;
	void *out_ctx;
	struct catch *catch; /* NULL: ncurses writes by itself */
	struct theme theme;
	bool sync, clusters;
	int rows, cols;
	struct cell *cells; /* rows * cols */
	uint64_t *seen; /* per row: hash of the overs last shown */
	bool *touched; /* per row: ncurses sends something in this frame */
	struct over overs[OVER_MAX];
	size_t novers;
	struct pic pics[PICS_MAX];
	size_t npics;
	struct buf later; /* for the terminal, behind the frame */
	struct buf text; /* bytes of the overs */
	struct buf out;
	bool redraw;
	int cur_y, cur_x; /* wanted; -1: hidden */
	int shown_y, shown_x; /* as last sent */
};

/* ---- life ------------------------------------------------------------------------ */

static int
resize(struct draw *d, int rows, int cols)
{
	size_t n = (size_t)rows * (size_t)cols;
	struct cell *cells = calloc(n, sizeof(*cells));
	uint64_t *seen = calloc((size_t)rows + 1, sizeof(*seen));
	bool *touched = calloc((size_t)rows + 1, sizeof(*touched));

	if (cells == NULL || seen == NULL || touched == NULL) {
		free(cells);
		free(seen);
		free(touched);
		return ERR_NOMEM;
	}
	free(d->cells);
	free(d->seen);
	free(d->touched);
	d->cells = cells;
	d->seen = seen;
	d->touched = touched;
	d->rows = rows;
	d->cols = cols;
	d->redraw = true;
	return 0;
}

int
draw_new(struct draw **out, draw_out_fn *fn, void *ctx)
{
	struct draw *d = calloc(1, sizeof(*d));
	int r;

	if (d == NULL)
		return ERR_NOMEM;
	d->out_fn = fn;
	d->out_ctx = ctx;
	d->shown_y = d->shown_x = -2;
	buf_init(&d->text, OVER_TEXT_MAX);
	buf_init(&d->out, OUT_MAX);
	buf_init(&d->later, LATER_MAX);
	assert(stdscr != NULL);
	r = resize(d, getmaxy(stdscr), getmaxx(stdscr));
	if (r != 0) {
		free(d);
		return r;
	}
	idlok(stdscr, FALSE); /* rows stay where the overs think they are */
	idcok(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	scrollok(stdscr, FALSE);
	draw_set_theme(d, DEPTH_MONO, false, false);
	*out = d;
	return 0;
}

void
draw_free(struct draw *d)
{
	if (d == NULL)
		return;
	catch_free(d->catch);
	buf_clear(&d->text);
	buf_clear(&d->out);
	buf_clear(&d->later);
	free(d->cells);
	free(d->seen);
	free(d->touched);
	free(d);
}

int
draw_catch(struct draw *d, int fd)
{
	assert(d->catch == NULL);
	return catch_new(&d->catch, fd);
}

void
draw_set_theme(struct draw *d, enum theme_depth depth, bool light, bool ascii)
{
	const struct theme_look *l;
	int i;

	theme_set(&d->theme, depth, light, ascii);
	d->redraw = true;
	if (depth == DEPTH_MONO)
		return;
	for (i = 0; i < ST_COUNT; i++) {
		l = &d->theme.look[i];
		init_extended_pair(i + 1, l->fg, l->bg);
	}
}

const struct theme *
draw_theme(const struct draw *d)
{
	return &d->theme;
}

void
draw_set_terminal(struct draw *d, bool sync, bool clusters)
{
	d->sync = sync;
	d->clusters = clusters;
}

void
draw_size(const struct draw *d, int *rows, int *cols)
{
	*rows = d->rows;
	*cols = d->cols;
}

void
draw_redraw(struct draw *d)
{
	d->redraw = true;
}

/* ---- cells ------------------------------------------------------------------------ */

static const struct {
	unsigned ta;
	attr_t a;
} attr_rows[] = {
    {TA_BOLD, A_BOLD},
    {TA_DIM, A_DIM},
    {TA_UNDER, A_UNDERLINE},
    {TA_REVERSE, A_REVERSE},
    {TA_ITALIC, A_ITALIC},
};

static attr_t
attrs_of(const struct draw *d, enum style st)
{
	attr_t a = A_NORMAL;
	size_t i;

	for (i = 0; i < ARRAY_LEN(attr_rows); i++) {
		if (d->theme.look[st].attrs & attr_rows[i].ta)
			a |= attr_rows[i].a;
	}
	return a;
}

static short
pair_of(const struct draw *d, enum style st)
{
	return d->theme.depth == DEPTH_MONO ? 0 : (short)(st + 1);
}

static void
use_style(const struct draw *d, enum style st)
{
	attr_set(attrs_of(d, st), pair_of(d, st), NULL);
}

static struct cell *
cell_at(const struct draw *d, int y, int x)
{
	return &d->cells[(size_t)y * (size_t)d->cols + (size_t)x];
}

/* What is drawn over a cluster takes it away, whole. */
static void
over_kill(struct draw *d, size_t i)
{
	struct over *o = &d->overs[i];
	int x;

	for (x = o->x; x < o->x + o->w; x++)
		cell_at(d, o->y, x)->over = 0;
	o->w = 0;
}

/* What is left of a wide character when its other half is drawn over. */
static void
half_blank(struct draw *d, int y, int x)
{
	struct cell *c = cell_at(d, y, x);
	enum style st = (enum style)c->style;

	c->second = false;
	use_style(d, st); /* mvhline() takes the window's attributes */
	mvhline(y, x, ' ', 1);
}

/* w cells at y, x are about to be drawn; they are on the screen. */
static void
claim(struct draw *d, int y, int x, int w, enum style st)
{
	struct cell *c;
	int i;

	if (w > 0 && cell_at(d, y, x)->second)
		half_blank(d, y, x - 1);
	if (w > 0 && x + w < d->cols && cell_at(d, y, x + w)->second)
		half_blank(d, y, x + w);
	for (i = 0; i < w; i++) {
		c = cell_at(d, y, x + i);
		if (c->over != 0)
			over_kill(d, c->over - 1u);
		c->pic = 0;
		c->style = (uint8_t)st;
		c->second = false;
	}
}

static void
blanks(struct draw *d, int y, int x, int w, enum style st)
{
	claim(d, y, x, w, st);
	use_style(d, st); /* mvhline() takes the window's attributes */
	mvhline(y, x, ' ', w);
}

/* ---- clusters --------------------------------------------------------------------- */

/* Wide on every terminal: ideographs, kana, hangul, full-width forms. */
static bool
is_plain_wide(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} rows[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff},
	    {0x3400, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa960, 0xa97c},
	    {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	    {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x20000, 0x3fffd}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (cp >= rows[i].from && cp <= rows[i].to)
			return cp != 0x3030 && cp != 0x303d && cp != 0x3297 &&
			       cp != 0x3299; /* these four are emoji */
	}
	return false;
}

/* wcwidth() that takes controls for nothing. */
static int
cp_width(uint32_t cp)
{
	int w = wcwidth((wchar_t)cp);

	return w < 0 ? 0 : w;
}

/*
 * Look at a cluster of w cells. True when ncurses and every terminal agree on
 * it; otherwise *excess is what a terminal that adds up code points may take
 * beyond w.
 */
static bool
is_plain(const char *s, size_t len, int w, int *excess)
{
	uint32_t cp = 0;
	size_t i, n;
	int sum = 0, marks = 0;
	bool plain = true;

	for (i = 0; i < len; i += n) {
		n = text_codepoint(s + i, len - i, &cp);
		sum += cp_width(cp);
		if (i == 0) {
			plain = cp_width(cp) == w &&
				(w == 1 ? cp < 0x1f000 : is_plain_wide(cp));
			continue;
		}
		if (cp == 0xfe0f || cp == 0x200d || cp == 0x20e3)
			plain = false;
		if (cp == 0xfe0f)
			sum++; /* some terminals widen what comes before */
		marks++;
	}
	*excess = sum > w ? sum - w : 0;
	return plain && *excess == 0 && marks < CCHARW_MAX;
}

static void
over_add(struct draw *d, int y, int x, int w, int excess, const char *s,
    size_t len, enum style st)
{
	struct over *o;
	int i;

	blanks(d, y, x, w, st);
	if (d->novers == OVER_MAX || buf_put(&d->text, s, len) != 0)
		return;
	o = &d->overs[d->novers++];
	*o = (struct over){.y = y, .x = x, .w = w, .excess = excess, .st = st};
	o->len = len;
	o->at = d->text.len - len;
	for (i = 0; i < w; i++)
		cell_at(d, y, x + i)->over = (uint16_t)d->novers;
}

/* ---- text ------------------------------------------------------------------------- */

struct run { /* plain clusters that go to ncurses together */
	const char *s;
	size_t len;
	int x, w;
};

static void
run_flush(struct draw *d, int y, struct run *r, enum style st)
{
	if (r->len > 0) {
		claim(d, y, r->x, r->w, st);
		use_style(d, st);
		mvaddnstr(y, r->x, r->s, (int)r->len);
	}
	r->len = 0;
	r->w = 0;
}

static void
run_add(struct run *r, const char *s, size_t len, int x, int w)
{
	if (r->len == 0) {
		r->s = s;
		r->x = x;
	}
	r->len += len;
	r->w += w;
}

/* One cluster at x; it fits. */
static void
put_cluster(struct draw *d, int y, int x, const char *s, size_t len, int w,
    enum style st, struct run *run)
{
	int excess;

	if ((unsigned char)s[0] < 0x20) { /* a tab; other controls are 0 wide */
		run_flush(d, y, run, st);
		blanks(d, y, x, w, st);
	} else if (is_plain(s, len, w, &excess)) {
		run_add(run, s, len, x, w);
		if (w == 2) {
			run_flush(d, y, run, st);
			cell_at(d, y, x + 1)->second = true;
		}
	} else {
		run_flush(d, y, run, st);
		over_add(d, y, x, w, excess, s, len, st);
	}
}

int
draw_text(struct draw *d, int y, int x, int w, const char *s, size_t len,
    enum style st)
{
	struct run run = {0};
	int col = 0, cells;
	size_t n;

	if (y < 0 || y >= d->rows || x < 0)
		return 0;
	if (w > d->cols - x)
		w = d->cols - x;
	for (; len > 0; s += n, len -= n, col += cells) {
		n = text_grapheme(s, len, col, &cells);
		if (col + cells > w)
			break;
		if (cells > 0)
			put_cluster(d, y, x + col, s, n, cells, st, &run);
		else
			run_flush(d, y, &run, st);
	}
	run_flush(d, y, &run, st);
	return col;
}

int
draw_str(struct draw *d, int y, int x, int w, const char *s, enum style st)
{
	return draw_text(d, y, x, w, s, strlen(s), st);
}

int
draw_sign(struct draw *d, int y, int x, enum sign sign, enum style st)
{
	return draw_str(d, y, x, d->cols, theme_sign(&d->theme, sign), st);
}

int
draw_printf(
    struct draw *d, int y, int x, int w, enum style st, const char *fmt, ...)
{
	char line[DRAW_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return draw_elide(d, y, x, w, line, st);
}

/* text_elide() with a sign the font has; cells is what it takes. */
static size_t
elide(const struct draw *d, char *out, size_t cap, const char *s, int w,
    int *cells)
{
	static const char dots[] = "\xe2\x80\xa6";
	size_t len = strlen(s), n;

	*cells = 0;
	if (w <= 0)
		return 0;
	n = text_elide(out, cap, s, len, w, cells);
	if (d->theme.ascii && n >= 3 && (n != len || memcmp(out, s, n) != 0) &&
	    memcmp(out + n - 3, dots, 3) == 0) {
		n -= 2;
		out[n - 1] = '>';
	}
	return n;
}

int
draw_elide(struct draw *d, int y, int x, int w, const char *s, enum style st)
{
	char line[DRAW_LINE_MAX];
	int cells;
	size_t n = elide(d, line, sizeof(line), s, w, &cells);

	return draw_text(d, y, x, w, line, n, st);
}

int
draw_right(struct draw *d, int y, int x, int w, const char *s, enum style st)
{
	char line[DRAW_LINE_MAX];
	int cells;
	size_t n = elide(d, line, sizeof(line), s, w, &cells);

	return draw_text(d, y, x + w - cells, cells, line, n, st);
}

/* ---- areas ------------------------------------------------------------------------ */

void
draw_fill(struct draw *d, struct box b, enum style st)
{
	int y, x = b.x < 0 ? 0 : b.x, w = b.w;

	if (w > d->cols - x)
		w = d->cols - x;
	for (y = b.y < 0 ? 0 : b.y; w > 0 && y < b.y + b.h && y < d->rows; y++)
		blanks(d, y, x, w, st);
}

void
draw_hline(struct draw *d, int y, int x, int w, enum style st)
{
	while (w-- > 0)
		x += draw_sign(d, y, x, SIGN_HLINE, st);
}

void
draw_vline(struct draw *d, int y, int x, int h, enum style st)
{
	while (h-- > 0)
		draw_sign(d, y++, x, SIGN_VLINE, st);
}

struct box
draw_frame(struct draw *d, struct box b, const char *title)
{
	int right = b.x + b.w - 1, bottom = b.y + b.h - 1;

	draw_fill(d, b, ST_BOX);
	draw_hline(d, b.y, b.x, b.w, ST_FRAME);
	draw_hline(d, bottom, b.x, b.w, ST_FRAME);
	draw_vline(d, b.y, b.x, b.h, ST_FRAME);
	draw_vline(d, b.y, right, b.h, ST_FRAME);
	draw_sign(d, b.y, b.x, SIGN_CORNER_TL, ST_FRAME);
	draw_sign(d, b.y, right, SIGN_CORNER_TR, ST_FRAME);
	draw_sign(d, bottom, b.x, SIGN_CORNER_BL, ST_FRAME);
	draw_sign(d, bottom, right, SIGN_CORNER_BR, ST_FRAME);
	if (title != NULL && b.w > 8)
		draw_printf(d, b.y, b.x + 2, b.w - 4, ST_TITLE, " %s ", title);
	return (struct box){b.y + 1, b.x + 2, b.h - 2, b.w - 4};
}

int
draw_wrapped(struct draw *d, struct box b, const char *s, enum style st)
{
	struct text_wrap w;
	struct text_line l;
	int y = 0;

	text_wrap_init(&w, s, strlen(s), b.w);
	while (y < b.h && text_wrap_next(&w, &l))
		draw_text(d, b.y + y++, b.x, b.w, s + l.start, l.len, st);
	return y;
}

/* ---- pictures --------------------------------------------------------------------- */

void
draw_raster(struct draw *d, int y, int x, int h, struct raster *r, int skip)
{
	int w = raster_cols(r), i, row;

	if (d->npics == PICS_MAX || x < 0)
		return;
	if (w > d->cols - x)
		w = d->cols - x;
	if (h > raster_rows(r) - skip)
		h = raster_rows(r) - skip;
	/* A strip is whole or not at all. */
	if (w < 1 || (raster_is_strip(r) && w < raster_cols(r)))
		return;
	d->pics[d->npics++] = (struct pic){r, y - skip, x};
	for (row = y < 0 ? 0 : y; row < y + h && row < d->rows - 1; row++) {
		blanks(d, row, x, w, ST_TEXT);
		for (i = 0; i < w; i++)
			cell_at(d, row, x + i)->pic = (uint8_t)d->npics;
	}
}

int
draw_later(struct draw *d, const void *p, size_t len)
{
	return buf_put(&d->later, p, len);
}

/* ---- the frame --------------------------------------------------------------------- */

void
draw_begin(struct draw *d)
{
	int rows = getmaxy(stdscr), cols = getmaxx(stdscr);

	assert(rows > 0 && cols > 0);
	if ((rows != d->rows || cols != d->cols) && resize(d, rows, cols) != 0)
		return;
	memset(d->cells, 0, (size_t)rows * (size_t)cols * sizeof(d->cells[0]));
	d->novers = d->npics = 0;
	buf_reset(&d->text);
	d->cur_y = d->cur_x = -1;
	attr_set(A_NORMAL, 0, NULL);
	erase();
}

void
draw_cursor(struct draw *d, int y, int x)
{
	if (y < 0 || y >= d->rows || x < 0)
		return;
	d->cur_y = y;
	d->cur_x = x < d->cols ? x : d->cols - 1;
}

static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n-- > 0)
		h = (h ^ *b++) * 0x100000001b3;
	return h;
}

/* A cell of a picture: which one, and which part of it. */
static uint64_t
mix_pic(const struct draw *d, uint64_t h, int y, int x)
{
	const struct pic *p = &d->pics[cell_at(d, y, x)->pic - 1];
	uint8_t what[16];

	put_be32(what, raster_id(p->r));
	put_be32(what + 4, (uint32_t)(y - p->y));
	put_be32(what + 8, (uint32_t)(x - p->x));
	put_be32(what + 12, (uint32_t)x);
	return mix(h ^ 0xcbf29ce484222325, what, sizeof(what));
}

/* A number for everything written afterwards in a row; 0: nothing. */
static uint64_t
row_hash(const struct draw *d, int y)
{
	const struct over *o;
	uint64_t h = 0;
	uint8_t place[3];
	int x;

	for (x = 0; x < d->cols; x++) {
		if (cell_at(d, y, x)->pic != 0)
			h = mix_pic(d, h, y, x);
		if (cell_at(d, y, x)->over == 0)
			continue;
		o = &d->overs[cell_at(d, y, x)->over - 1];
		place[0] = (uint8_t)x;
		place[1] = (uint8_t)(x >> 8);
		place[2] = (uint8_t)o->st;
		h = mix(h ^ 0xcbf29ce484222325, place, sizeof(place));
		h = mix(h, d->text.p + o->at, o->len);
		x += o->w - 1;
	}
	return h;
}

/* Rows whose overs changed are sent whole: ncurses sees only blanks there. */
static bool
mark_rows(struct draw *d)
{
	bool any = false;
	uint64_t h;
	int y;

	for (y = 0; y < d->rows; y++) {
		h = row_hash(d, y);
		d->touched[y] = d->redraw || h != d->seen[y];
		if (h != d->seen[y])
			wredrawln(stdscr, y, 1);
		d->seen[y] = h;
		any |= d->touched[y];
	}
	return any;
}

static bool
mark_touched(struct draw *d)
{
	bool any = false;
	int y;

	for (y = 0; y < d->rows; y++) {
		if (is_linetouched(newscr, y))
			d->touched[y] = true;
		any |= d->touched[y];
	}
	return any;
}

/* ---- writing the overs --------------------------------------------------------------- */

static struct draw *put_draw; /* of put_byte(); ncurses hands no context */

static void
flush(struct draw *d)
{
	if (d->out.len > 0)
		d->out_fn(d->out_ctx, d->out.p, d->out.len);
	buf_reset(&d->out);
}

static void
emit(void *ctx, const void *p, size_t n)
{
	struct draw *d = ctx;

	if (d->out.len + n > OUT_MAX)
		flush(d);
	if (buf_put(&d->out, p, n) != 0)
		d->redraw = true; /* the next frame makes good for it */
}

static int
put_byte(int c)
{
	uint8_t byte = (uint8_t)c;

	emit(put_draw, &byte, 1);
	return c;
}

static void
emit_move(int y, int x)
{
	tputs(tiparm(cursor_address, y, x), 1, put_byte);
}

static void
emit_style(const struct draw *d, enum style st)
{
	vid_puts(attrs_of(d, st), pair_of(d, st), NULL, put_byte);
}

/* Write again what ncurses has in n cells from x on: a terminal may just have
 * covered them. */
static void
emit_cells(struct draw *d, int y, int x, int n)
{
	wchar_t wc[CCHARW_MAX + 1];
	char utf8[4];
	cchar_t cc;
	attr_t a;
	short pair;
	enum style st, last = ST_COUNT;
	int i, j;
	size_t len;

	emit_move(y, x);
	for (i = 0; i < n && x + i < d->cols; i++) {
		if (cell_at(d, y, x + i)->second ||
		    mvin_wch(y, x + i, &cc) == ERR ||
		    getcchar(&cc, wc, &a, &pair, NULL) == ERR)
			continue;
		st = (enum style)cell_at(d, y, x + i)->style;
		if (st != last)
			emit_style(d, st);
		last = st;
		for (j = 0; wc[j] != L'\0' && j < CCHARW_MAX; j++) {
			len = text_encode(utf8, (uint32_t)wc[j]);
			emit(d, utf8, len);
		}
	}
}

static void
emit_over(struct draw *d, const struct over *o)
{
	const char *s = (const char *)d->text.p + o->at;
	size_t len = o->len;
	int excess = d->clusters ? 0 : o->excess;

	emit_move(o->y, o->x);
	emit_style(d, o->st);
	if (o->x + o->w + excess > d->cols) {
		/* It could wrap into the next row: only its first sign. */
		len = text_codepoint(s, len, NULL);
		excess = 0;
	}
	emit(d, s, len);
	if (excess > 0)
		emit_cells(d, o->y, o->x + o->w, excess);
}

/* A strip is written whole; what covers it is then written again. */
static void
emit_strip(struct draw *d, int y, const struct pic *p)
{
	int w = raster_cols(p->r), x;

	emit_move(y, p->x);
	raster_row(p->r, y - p->y, 0, w, emit, d);
	for (x = p->x; x < p->x + w; x++) {
		if (cell_at(d, y, x)->pic == 0)
			emit_cells(d, y, x, 1);
	}
}

/* The cells of one picture from x on; returns how many. */
static int
emit_pic(struct draw *d, int y, int x, const struct pic *last)
{
	uint8_t which = cell_at(d, y, x)->pic;
	const struct pic *p = &d->pics[which - 1];
	int n = 1;

	while (x + n < d->cols && cell_at(d, y, x + n)->pic == which)
		n++;
	raster_send(p->r, emit, d);
	vid_puts(A_NORMAL, 0, NULL, put_byte);
	if (raster_is_strip(p->r)) {
		if (p != last)
			emit_strip(d, y, p);
	} else {
		emit_move(y, x);
		raster_row(p->r, y - p->y, x - p->x, n, emit, d);
	}
	return n;
}

/* Before the overs: one may stand in a box over a picture. */
static bool
emit_pics(struct draw *d)
{
	const struct pic *last;
	bool any = false;
	int y, x;

	put_draw = d;
	for (y = 0; y < d->rows; y++) {
		last = NULL;
		for (x = 0; d->touched[y] && x < d->cols; x++) {
			if (cell_at(d, y, x)->pic == 0)
				continue;
			any = true;
			x += emit_pic(d, y, x, last) - 1;
			last = &d->pics[cell_at(d, y, x)->pic - 1];
		}
	}
	return any;
}

static void
emit_overs(struct draw *d)
{
	const struct over *o;
	bool any = emit_pics(d);
	int y, x;

	put_draw = d;
	for (y = 0; y < d->rows; y++) {
		for (x = 0; d->touched[y] && x < d->cols; x++) {
			if (cell_at(d, y, x)->over == 0)
				continue;
			o = &d->overs[cell_at(d, y, x)->over - 1];
			emit_over(d, o);
			any = true;
			x += o->w - 1;
		}
	}
	if (!any)
		return;
	vid_puts(A_NORMAL, 0, NULL, put_byte);
	/* ncurses believes the cursor is where it left it. */
	emit_move(getcury(curscr), getcurx(curscr));
}

static void
show_cursor(struct draw *d)
{
	int was = d->shown_y, is = d->cur_y;

	if ((was < 0) != (is < 0) || was == -2)
		curs_set(is < 0 ? 0 : 1);
	d->shown_y = d->cur_y;
	d->shown_x = d->cur_x;
}

/* What ncurses writes goes into the frame, or at once behind what is there. */
static void
ncurses_draw(struct draw *d)
{
	if (d->catch != NULL)
		catch_begin(d->catch);
	else
		flush(d);
	show_cursor(d);
	doupdate();
	if (d->catch != NULL)
		catch_end(d->catch, emit, d);
}

void
draw_end(struct draw *d)
{
	static const char sync_on[] = "\033[?2026h", sync_off[] = "\033[?2026l";
	bool moved = d->cur_y != d->shown_y || d->cur_x != d->shown_x;
	bool any = mark_rows(d);

	if (d->redraw)
		clearok(curscr, TRUE);
	wmove(stdscr, d->cur_y < 0 ? 0 : d->cur_y, d->cur_x < 0 ? 0 : d->cur_x);
	wnoutrefresh(stdscr);
	any |= mark_touched(d);
	if (!any && !moved && d->later.len == 0)
		return;
	d->redraw = false;
	if (d->sync)
		emit(d, sync_on, sizeof(sync_on) - 1);
	ncurses_draw(d);
	emit_overs(d);
	if (d->later.len > 0)
		emit(d, d->later.p, d->later.len);
	buf_reset(&d->later);
	if (d->sync)
		emit(d, sync_off, sizeof(sync_off) - 1);
	flush(d);
}

/* ---- for tests ------------------------------------------------------------------------ */

static int
dump_pic(const struct draw *d, int y, int x, struct buf *text)
{
	const struct pic *p = &d->pics[cell_at(d, y, x)->pic - 1];
	char utf8[4];
	size_t n = text_encode(utf8, raster_char(p->r, y - p->y, x - p->x));

	return buf_put(text, utf8, n);
}

int
draw_dump(struct draw *d, int y, struct buf *text)
{
	wchar_t wc[CCHARW_MAX + 1];
	const struct over *o;
	char utf8[4];
	cchar_t cc;
	attr_t a;
	short pair;
	size_t len, keep = text->len;
	int x, j, r = 0;

	for (x = 0; x < d->cols && r == 0; x++) {
		if (cell_at(d, y, x)->over != 0) {
			o = &d->overs[cell_at(d, y, x)->over - 1];
			r = buf_put(text, d->text.p + o->at, o->len);
			x += o->w - 1;
			keep = text->len;
			continue;
		}
		if (cell_at(d, y, x)->pic != 0) {
			r = dump_pic(d, y, x, text);
			keep = text->len;
			continue;
		}
		if (cell_at(d, y, x)->second)
			continue;
		mvin_wch(y, x, &cc);
		getcchar(&cc, wc, &a, &pair, NULL);
		for (j = 0; r == 0 && wc[j] != L'\0'; j++) {
			len = text_encode(utf8, (uint32_t)wc[j]);
			r = buf_put(text, utf8, len);
		}
		if (wc[0] != L' ')
			keep = text->len;
	}
	if (r == 0)
		text->len = keep;
	return r;
}

enum style
draw_style_at(const struct draw *d, int y, int x)
{
	return (enum style)cell_at(d, y, x)->style;
}

bool
draw_cursor_at(const struct draw *d, int *y, int *x)
{
	*y = d->cur_y;
	*x = d->cur_x;
	return d->cur_y >= 0;
}
