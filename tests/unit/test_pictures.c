/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures on the screen: the bytes of each protocol, rows that scroll and are
 * covered, what is asked for and when; the viewer and the file picker. Answers
 * of the child are made up here, test_preview_kinds has real ones. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/screen_rig.h"
#include "tui/screen/picture_caps.h"
#include "tui/screen/raster.h"

/* ---- helpers -------------------------------------------------------------------------- */

static void
collect(void *ctx, const void *p, size_t len)
{
	assert_ok(buf_put(ctx, p, len));
}

static struct raster_ground
ground(enum picture_mode mode, uint32_t colours)
{
	return (struct raster_ground){
	    .mode = mode, .colours = colours, .cell_w = 10, .cell_h = 20};
}

/* A ramp from dark to light, with a bright corner at the upper left. */
static struct preview_answer
answer(const struct preview_ask *ask, int cols, int rows)
{
	static const char ramp[] = " .:-=+*#";
	struct preview_answer a = {.look = ask->look,
	    .width = (uint32_t)cols * 10,
	    .height = (uint32_t)rows * 20,
	    .cols = cols,
	    .rows = rows};
	int i, n = cols * rows;

	if (ask->look == LOOK_PIXELS) {
		a.pixel_w = (uint32_t)cols * 10;
		a.pixel_h = (uint32_t)rows * 20;
		a.len = (size_t)a.pixel_w * a.pixel_h * 3;
		a.data = calloc(1, a.len);
		return a;
	}
	if (ask->look == LOOK_SIXEL || ask->look == LOOK_PNG) {
		a.strips = calloc((size_t)rows, sizeof(*a.strips));
		for (i = 0; i < rows; i++) {
			a.strips[i].p = (uint8_t *)strdup("#0~~~");
			a.strips[i].p[2] = (uint8_t)('@' + i);
			a.strips[i].len = 5;
		}
		return a;
	}
	a.cells = calloc((size_t)n, sizeof(*a.cells));
	for (i = 0; i < n; i++) {
		a.cells[i].cp = ask->look == LOOK_ASCII
				    ? (uint32_t)ramp[i % cols * 8 / cols]
				    : (i == 0	  ? ' '
					  : i % 2 ? 0x2584u
						  : 0x2580u);
		a.cells[i].fg = (uint32_t)(16 + i % 200);
		a.cells[i].bg = ask->look == LOOK_ASCII
				    ? PREVIEW_DEFAULT
				    : (uint32_t)(i == 0 ? 231 : 17);
	}
	return a;
}

static struct raster *
raster(const struct raster_ground *g, int cols, int rows)
{
	struct preview_ask ask = {0};
	struct preview_answer a;
	struct raster *r;

	raster_ask(g, cols, rows, &ask);
	a = answer(&ask, cols, rows);
	assert_ok(raster_new(&r, g, 0x010203, &a));
	return r;
}

static const char *
text_of(struct buf *b)
{
	assert_ok(buf_put_u8(b, 0));
	b->len--;
	return (const char *)b->p;
}

static void
assert_row(struct raster *r, int row, int from, int n, const char *want)
{
	struct buf b;

	buf_init(&b, 65536);
	raster_row(r, row, from, n, collect, &b);
	assert_string_equal(text_of(&b), want);
	buf_clear(&b);
}

/* ---- bytes ---------------------------------------------------------------------------- */

static void
test_raster_row__cells_in_the_colours_there_are(void **state)
{
	struct raster_ground g = ground(PICTURE_BLOCKS, 256);
	struct raster *r = raster(&g, 3, 2);

	(void)state;
	assert_row(r, 0, 0, 3,
	    "\033[48;5;231m \033[38;5;17m\033[48;5;17m\xe2\x96\x84"
	    "\033[38;5;18m\xe2\x96\x80\033[0m");
	assert_row(r, 1, 2, 1, "\033[38;5;21m\033[48;5;17m\xe2\x96\x84\033[0m");
	raster_free(r);
	g = ground(PICTURE_BLOCKS, 1 << 24);
	r = raster(&g, 2, 1);
	assert_row(r, 0, 1, 1,
	    "\033[38;2;0;0;17m\033[48;2;0;0;17m\xe2\x96\x84\033[0m");
	raster_free(r);
	g = ground(PICTURE_ASCII, 256);
	r = raster(&g, 4, 1);
	assert_row(r, 0, 3, 1, "\033[38;5;19m*\033[0m");
	raster_free(r);
}

static void
test_raster_row__sixels_and_iterm_in_whole_strips(void **state)
{
	struct raster_ground g = ground(PICTURE_SIXEL, 256);
	struct raster *r = raster(&g, 3, 2);

	(void)state;
	assert_true(raster_is_strip(r));
	assert_row(r, 1, 0, 3, "\033P0;1;0q#0A~~\033\\");
	raster_free(r);
	g = ground(PICTURE_ITERM, 256);
	r = raster(&g, 3, 2);
	assert_row(r, 0, 0, 3,
	    "\033]1337;File=inline=1;size=5;width=3;height=1;"
	    "preserveAspectRatio=0;doNotMoveCursor=1:IzBAfn4=\a");
	raster_free(r);
}

static void
test_raster_send__kitty_gets_it_once_in_pieces(void **state)
{
	struct raster_ground g = ground(PICTURE_KITTY, 1 << 24);
	struct raster *r = raster(&g, 3, 2); /* 30 x 40 x 3 = 3600 bytes */
	struct buf b;
	const char *s;

	(void)state;
	buf_init(&b, 65536);
	raster_send(r, collect, &b);
	s = text_of(&b);
	assert_non_null(strstr(s,
	    "\033_Ga=T,U=1,q=2,f=24,t=d,i=66051,s=30,v=40,c=3,r=2,m=1;AAAA"));
	assert_non_null(strstr(s, "AAAA\033\\\033_Gq=2,m=0;AAAA"));
	assert_int_equal(b.len, strlen(s));
	assert_string_equal(s + b.len - 6, "AAAA\033\\");
	buf_reset(&b);
	raster_send(r, collect, &b); /* the terminal has it */
	assert_int_equal(b.len, 0);
	/* row 1, columns 1 and 2; the number as a colour */
	assert_row(r, 1, 1, 2,
	    "\033[38;2;1;2;3m"
	    "\xf4\x8e\xbb\xae\xcc\x8d\xcc\x8d"
	    "\xf4\x8e\xbb\xae\xcc\x8d\xcc\x8e\033[39m");
	raster_unsend(r, collect, &b);
	assert_string_equal(text_of(&b), "\033_Ga=d,d=I,q=2,i=66051\033\\");
	buf_reset(&b);
	raster_unsend(r, collect, &b);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	raster_free(r);
}

static void
test_raster_send__through_tmux(void **state)
{
	struct raster_ground g = ground(PICTURE_KITTY, 1 << 24);
	struct raster *r;
	struct buf b;
	const char *s;

	(void)state;
	g.tmux = true;
	r = raster(&g, 3, 2);
	buf_init(&b, 65536);
	raster_send(r, collect, &b);
	s = text_of(&b);
	assert_memory_equal(s, "\033Ptmux;\033\033_Ga=T,U=1", 18);
	/* every piece ends kitty's string, then tmux's */
	assert_non_null(
	    strstr(s, "AAAA\033\033\\\033\\\033Ptmux;\033\033_Gq="));
	buf_reset(&b);
	assert_ok(raster_through_tmux(&b, "\033[c\033\\", 5));
	assert_string_equal(
	    text_of(&b), "\033Ptmux;\033\033[c\033\033\\\033\\");
	buf_clear(&b);
	raster_free(r);
}

static void
test_raster_of_tiny__half_blocks_or_signs(void **state)
{
	struct raster_ground g = ground(PICTURE_KITTY, 1 << 24);
	struct tiny t = {.w = 1, .h = 2, .px = {0xff0000, 0x0000ff}};
	struct raster *r;

	(void)state;
	/* cells, whatever the large one will be */
	assert_ok(raster_of_tiny(&r, &g, 5, &t, 2, 1));
	assert_row(r, 0, 0, 1,
	    "\033[38;2;255;0;0m\033[48;2;0;0;255m\xe2\x96\x80\033[0m");
	assert_int_equal(raster_cols(r), 2);
	raster_free(r);
	g = ground(PICTURE_ASCII, 0);
	t.px[0] = t.px[1] = 0xffffff;
	assert_ok(raster_of_tiny(&r, &g, 5, &t, 2, 1));
	assert_row(r, 0, 0, 2, "@@");
	raster_free(r);
}

static void
test_raster_ask__fits_what_the_child_draws(void **state)
{
	static const enum picture_mode modes[] = {PICTURE_ASCII, PICTURE_BLOCKS,
	    PICTURE_SIXEL, PICTURE_ITERM, PICTURE_KITTY};
	struct raster_ground g;
	struct preview_ask ask;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(modes); i++) {
		g = ground(modes[i], 256);
		g.cell_w = g.cell_h = 500;
		memset(&ask, 0, sizeof(ask));
		raster_ask(&g, 5000, 400, &ask);
		assert_true(ask.cols <= PREVIEW_CELLS_MAX);
		assert_true(modes[i] != PICTURE_KITTY || ask.cols <= 297);
		assert_true(
		    (int64_t)ask.cols * ask.rows * ask.cell_w * ask.cell_h <=
		    PREVIEW_DRAWN_MAX);
		assert_true(ask.cell_w >= 1 && ask.cell_h >= 1);
	}
}

/* ---- what a terminal can ----------------------------------------------------------------- */

static enum picture_mode
mode_after(const struct key *replies, size_t n, enum theme_depth depth)
{
	struct picture_caps c = {.asked = true};
	struct raster_ground g;
	struct buf more;
	size_t i;

	buf_init(&more, 512);
	for (i = 0; i < n; i++)
		(void)!picture_caps_take(&c, &replies[i], &more);
	picture_caps_ground(&c, PICTURE_AUTO, depth, false, false, &g);
	/* tmux's terminal is asked behind its back */
	assert_int_equal(more.len > 0, c.tmux);
	buf_clear(&more);
	return g.mode;
}

#define R(what, a)                                                             \
	{                                                                      \
		.type = KT_REPLY, .reply = REPLY_##what, .arg = {(a) }         \
	}

static void
test_picture_caps__the_best_that_was_answered(void **state)
{
	static const struct {
		struct key r[6];
		size_t n;
		enum picture_mode mode;
	} v[] = {
	    {{R(DA1, 0)}, 1, PICTURE_BLOCKS},
	    {{R(DA1, 1)}, 1, PICTURE_SIXEL},
	    {{R(NAME, NAME_PLACEHOLDERS), R(GRAPHICS, 1), R(DA1, 0)}, 3,
		PICTURE_KITTY},
	    {{R(NAME, NAME_PLACEHOLDERS), R(GRAPHICS, 0), R(DA1, 0)}, 3,
		PICTURE_BLOCKS},
	    {{R(NAME, NAME_OTHER), R(GRAPHICS, 1), R(DA1, 1)}, 3,
		PICTURE_SIXEL},
	    {{R(ITERM, 0), R(DA1, 1)}, 2, PICTURE_ITERM},
	    {{R(NAME, NAME_TMUX), R(DA1, 0)}, 2, PICTURE_BLOCKS},
	    {{R(NAME, NAME_TMUX), R(DA1, 1)}, 2, PICTURE_SIXEL},
	    {{R(NAME, NAME_TMUX), R(ITERM, 0), R(DA1, 0)}, 3, PICTURE_BLOCKS},
	    {{R(NAME, NAME_TMUX), R(DA1, 0), R(KITTY, 0), R(GRAPHICS, 1)}, 4,
		PICTURE_KITTY},
	    {{R(NAME, NAME_TMUX), R(DA1, 0), R(GRAPHICS, 1)}, 3,
		PICTURE_BLOCKS},
	    {{R(KITTY, 0), R(GRAPHICS, 1), R(DA1, 0)}, 3, PICTURE_BLOCKS},
	};
	static const struct key kitty[] = {
	    R(NAME, NAME_PLACEHOLDERS), R(GRAPHICS, 1), R(DA1, 0)};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++)
		assert_int_equal(
		    mode_after(v[i].r, v[i].n, DEPTH_256), v[i].mode);
	assert_int_equal(mode_after(kitty, 3, DEPTH_MONO), PICTURE_ASCII);
}

static void
test_picture_caps__sizes_of_a_cell(void **state)
{
	struct picture_caps c = {0};
	struct raster_ground g;
	struct key k = R(CELL, 34);
	struct buf more;

	(void)state;
	buf_init(&more, 16);
	k.arg[1] = 17;
	assert_false(picture_caps_take(&c, &k, &more)); /* nobody asked */
	c.asked = true;
	assert_true(picture_caps_take(&c, &k, &more));
	picture_caps_ground(&c, PICTURE_SIXEL, DEPTH_RGB, true, false, &g);
	assert_int_equal(g.cell_w, 17);
	assert_int_equal(g.cell_h, 34);
	assert_int_equal(g.rgb, 0xffffff);
	assert_int_equal(g.colours, 1 << 24);
	k.arg[1] = 5000; /* no cell is so wide */
	assert_true(picture_caps_take(&c, &k, &more));
	picture_caps_ground(&c, PICTURE_OFF, DEPTH_16, false, true, &g);
	assert_int_equal(g.cell_w, PICTURE_CELL_W);
	assert_int_equal(g.mode, PICTURE_OFF);
}

/* ---- in a frame ------------------------------------------------------------------------------ */

static int
setup(void **state)
{
	static struct rig r;

	rig_open(&r, 8, 40, NULL);
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	rig_close(*state);
	return 0;
}

/* What the frame sends to the terminal. */
static const char *
sent(struct rig *r)
{
	static char out[262144];
	off_t from = lseek(fileno(r->out), 0, SEEK_END);
	ssize_t n;

	draw_end(r->draw);
	n = pread(fileno(r->out), out, sizeof(out) - 1, from);
	assert_true(n >= 0);
	out[n] = '\0';
	return out;
}

static void
frame(struct rig *r, struct raster *ra, int y, int skip, int h)
{
	draw_begin(r->draw);
	draw_raster(r->draw, y, 4, h, ra, skip);
}

static void
test_draw_raster__rows_stand_where_they_should(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = ground(PICTURE_SIXEL, 256);
	struct raster *ra = raster(&g, 3, 4);
	const char *out;

	frame(r, ra, 1, 0, 4);
	out = sent(r);
	assert_non_null(strstr(out, "\033[2;5H\033P0;1;0q#0@~~\033\\"));
	assert_non_null(strstr(out, "\033[5;5H\033P0;1;0q#0C~~\033\\"));
	frame(r, ra, 1, 0, 4);
	assert_string_equal(sent(r), ""); /* nothing new: nothing at all */
	frame(r, ra, 0, 2, 2); /* scrolled: its last two rows */
	out = sent(r);
	assert_non_null(strstr(out, "\033[1;5H\033P0;1;0q#0B~~"));
	assert_non_null(strstr(out, "\033[2;5H\033P0;1;0q#0C~~"));
	assert_null(strstr(out, "#0@~~"));
	/* where it was, blanks are written: the pixels must go */
	draw_begin(r->draw);
	out = sent(r);
	assert_null(strstr(out, "\033P"));
	assert_true(strlen(out) > 0);
	/* not into the last line, which would scroll */
	frame(r, ra, 6, 0, 4);
	out = sent(r);
	assert_non_null(strstr(out, "\033[7;5H\033P"));
	assert_null(strstr(out, "\033[8;5H\033P"));
	raster_free(ra);
}

static void
test_draw_raster__a_box_over_it_covers_it(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = ground(PICTURE_SIXEL, 256);
	struct raster *ra = raster(&g, 10, 3);
	const char *out;

	frame(r, ra, 1, 0, 3);
	draw_str(r->draw, 2, 6, 4, "over", ST_TEXT);
	out = sent(r);
	/* the strip is written whole, then what stands on it */
	out = strstr(out, "\033P0;1;0q#0A~~\033\\");
	assert_non_null(out);
	assert_non_null(strstr(out, "o"));
	assert_non_null(strstr(out, "\033[3;7H"));
	frame(r, ra, 1, 0, 3); /* and comes back when the box is gone */
	out = sent(r);
	assert_non_null(strstr(out, "#0A~~"));
	assert_null(strstr(out, "#0@~~")); /* its other rows were not touched */
	raster_free(ra);
}

static void
test_draw_raster__cells_are_written_around_what_covers_them(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = ground(PICTURE_KITTY, 256);
	struct raster *ra = raster(&g, 6, 2);
	const char *out;

	frame(r, ra, 1, 0, 2);
	draw_str(r->draw, 1, 6, 2, "XY", ST_STRONG);
	out = sent(r);
	/* sent once, before its first row */
	assert_non_null(strstr(out, "\033_Ga=T"));
	assert_non_null(strstr(out, "\033[2;5H\033[38;2;1;2;3m"));
	/* columns 4 and 5 behind the text: marks of row 0, column 4 */
	assert_non_null(strstr(
	    out, "\033[2;9H\033[38;2;1;2;3m\xf4\x8e\xbb\xae\xcc\x85\xcc\x92"));
	frame(r, ra, 1, 0, 2);
	out = sent(r);
	assert_null(strstr(out, "\033_G"));
	raster_free(ra);
}

static void
test_draw_raster__what_does_not_fit_is_cut(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = ground(PICTURE_BLOCKS, 256);
	struct raster *ra = raster(&g, 10, 2);

	draw_begin(r->draw);
	draw_raster(r->draw, 1, 36, 2, ra, 0); /* four columns are left */
	draw_raster(r->draw, -1, 0, 2, ra, 0); /* its second row is in view */
	draw_raster(r->draw, 30, 0, 2, ra, 0);
	assert_true(strlen(sent(r)) > 0);
	raster_free(ra);
	g = ground(PICTURE_SIXEL, 256);
	ra = raster(&g, 10, 2);
	draw_begin(r->draw);
	draw_raster(r->draw, 1, 36, 2, ra, 0); /* a strip is whole or not */
	assert_null(strstr(sent(r), "\033P"));
	raster_free(ra);
}

/* ---- what is asked for ----------------------------------------------------------------------- */

static const struct raster_ground blocks = {
    .mode = PICTURE_BLOCKS, .colours = 256, .cell_w = 10, .cell_h = 20};

/* The file comes, and the child's answer of at most cols x rows. */
static void
serve(struct rig *r, int cols, int rows)
{
	struct preview_answer a;

	pictures_file(r->app->pictures, r->picture, (const uint8_t *)"x", 1, 0);
	a = answer(&r->asked, cols < r->asked.cols ? cols : r->asked.cols,
	    rows < r->asked.rows ? rows : r->asked.rows);
	pictures_answer(r->app->pictures, 0, &a);
	preview_answer_clear(&a);
}

static void
viewer(struct rig *r, size_t n)
{
	static struct picture_item v[3];
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(v[i].name, sizeof(v[i].name), "photo %zu.jpg", i + 1);
		snprintf(v[i].path, sizeof(v[i].path), "/p/%zu.jpg", i + 1);
		v[i].key = pictures_file_key(v[i].path);
	}
	picture_begin(r->app, v, n, 0);
}

static void
test_pictures__the_terminal_is_asked_at_the_first_one(void **state)
{
	struct rig *r = *state;

	rig_main(r);
	app_draw(r->app);
	assert_string_equal(rig_log(r), ""); /* no picture, no question */
	viewer(r, 1);
	app_draw(r->app);
	assert_string_equal(rig_log(r), "ask terminal; ");
	app_draw(r->app);
	assert_string_equal(rig_log(r), "");
	pictures_set_ground(r->app->pictures, &blocks);
	app_draw(r->app);
	assert_string_equal(rig_log(r), "load /p/1.jpg; ");
	app_draw(r->app); /* one at a time */
	assert_string_equal(rig_log(r), "");
	serve(r, 20, 5);
	assert_string_equal(rig_log(r), "draw 40x6 as 0; ");
	assert_true(rig_shows(r, "\xe2\x96\x84\xe2\x96\x80"));
	assert_string_equal(rig_log(r), "");
}

static void
test_pictures__what_fails_says_so_and_is_not_asked_again(void **state)
{
	struct rig *r = *state;

	rig_main(r);
	pictures_set_ground(r->app->pictures, &blocks);
	viewer(r, 2);
	app_draw(r->app);
	pictures_file(r->app->pictures, r->picture, NULL, 0, ERR_SYS);
	rig_log(r);
	assert_true(rig_shows(r, "the file is not there"));
	assert_string_equal(rig_log(r), "");
	rig_press(r, "n");
	app_draw(r->app);
	pictures_file(r->app->pictures, r->picture, (const uint8_t *)"x", 1, 0);
	pictures_answer(r->app->pictures, ERR_FORMAT, NULL);
	assert_true(rig_shows(r, "no picture that can be shown"));
	/* the child has as much to do as it takes */
	rig_press(r, "+");
	r->refuse = ERR_FULL;
	app_draw(r->app);
	pictures_file(r->app->pictures, r->picture, (const uint8_t *)"x", 1, 0);
	assert_true(rig_shows(r, "it could not be shown") ||
		    rig_shows(r, "no picture that can be shown"));
	r->refuse = 0;
}

static void
test_pictures__what_is_not_in_view_is_not_fetched(void **state)
{
	struct rig *r = *state;

	rig_main(r);
	pictures_set_ground(r->app->pictures, &blocks);
	viewer(r, 3);
	app_draw(r->app);
	assert_string_equal(
	    rig_log(r) + strlen("ask terminal; "), "load /p/1.jpg; ");
	rig_press(r, "Space Space"); /* the third, before the first came */
	app_draw(r->app);
	assert_string_equal(rig_log(r), "");
	serve(r, 20, 5);
	rig_log(r);
	app_draw(r->app);
	assert_string_equal(rig_log(r), "load /p/3.jpg; "); /* not the 2nd */
	serve(r, 20, 5);
	rig_log(r);
	rig_press(r, "p p"); /* the first is there still */
	assert_true(rig_shows(r, "\xe2\x96\x84\xe2\x96\x80"));
	assert_string_equal(rig_log(r), "");
}

static void
test_pictures__an_answer_for_another_terminal_is_not_used(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = blocks;
	struct preview_answer a;

	rig_main(r);
	pictures_set_ground(r->app->pictures, &blocks);
	viewer(r, 1);
	app_draw(r->app);
	pictures_file(r->app->pictures, r->picture, (const uint8_t *)"x", 1, 0);
	a = answer(&r->asked, 20, 5);
	g.mode = PICTURE_SIXEL;
	pictures_set_ground(r->app->pictures, &g);
	pictures_answer(r->app->pictures, 0, &a);
	preview_answer_clear(&a);
	rig_log(r);
	app_draw(r->app);
	assert_string_equal(rig_log(r), "load /p/1.jpg; ");
	serve(r, 20, 5);
	assert_string_equal(rig_log(r), "draw 40x6 as 2; ");
	assert_true(rig_shows(r, "####"));
}

static void
test_pictures__kitty_forgets_what_is_gone(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = blocks;
	off_t from;
	char out[4096];
	ssize_t n;

	rig_main(r);
	g.mode = PICTURE_KITTY;
	pictures_set_ground(r->app->pictures, &g);
	viewer(r, 1);
	app_draw(r->app);
	serve(r, 20, 5);
	app_draw(r->app);
	pictures_set_ground(r->app->pictures, &blocks);
	from = lseek(fileno(r->out), 0, SEEK_END);
	app_draw(r->app);
	n = pread(fileno(r->out), out, sizeof(out) - 1, from);
	assert_true(n > 0);
	out[n] = '\0';
	assert_non_null(strstr(out, "\033_Ga=d,d=I,q=2,i="));
}

/* ---- the viewer -------------------------------------------------------------------------------- */

static void
test_view_picture__zoom_and_pan(void **state)
{
	struct rig *r = *state;

	rig_main(r);
	pictures_set_ground(r->app->pictures, &blocks);
	viewer(r, 2);
	app_draw(r->app);
	serve(r, 20, 5);
	rig_press(r, "+ +"); /* twice as large: the middle half */
	app_draw(r->app);
	serve(r, 40, 6);
	assert_int_equal(r->asked.part.w, 32768);
	assert_int_equal(r->asked.part.x, 16384);
	rig_press(r, "Left"); /* a quarter of what is shown */
	app_draw(r->app);
	serve(r, 40, 6);
	assert_int_equal(r->asked.part.x, 8192);
	rig_press(r, "Left Left Left Up Up Up Up"); /* the corner, not beyond */
	app_draw(r->app);
	serve(r, 40, 6);
	assert_int_equal(r->asked.part.x, 0);
	assert_int_equal(r->asked.part.y, 0);
	rig_press(r, "Right Right Right Right Right Right Down");
	app_draw(r->app);
	serve(r, 40, 6);
	assert_int_equal(r->asked.part.x, 32768);
	assert_int_equal(r->asked.part.y, 8192);
	assert_true(rig_shows(r, "2.0\xc3\x97"));
	rig_press(r, "0 Right"); /* whole again: the arrow turns the page */
	assert_true(rig_shows(r, "photo 2.jpg"));
	rig_press(r, "Right");
	assert_true(rig_shows(r, "2 of 2"));
	rig_press(r, "- - Left Left");
	assert_true(rig_shows(r, "1 of 2"));
	rig_log(r);
	rig_press(r, "o");
	assert_string_equal(rig_log(r), "open /p/1.jpg; ");
	rig_press(r, "Esc");
	assert_false(app_is_open(r->app, &view_picture));
}

static void
test_view_picture__off_is_off(void **state)
{
	struct rig *r = *state;
	struct raster_ground g = blocks;

	rig_main(r);
	g.mode = PICTURE_OFF;
	pictures_set_ground(r->app->pictures, &g);
	rig_log(r);
	viewer(r, 1);
	assert_true(rig_shows(r, "Pictures are off"));
	assert_string_equal(rig_log(r), "");
}

/* ---- the picker ---------------------------------------------------------------------------------- */

static char folder[] = "/tmp/sotto-files-XXXXXX";

static void
make_file(int dir, const char *name, size_t bytes)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_ok(ftruncate(fd, (off_t)bytes));
	close(fd);
}

static const char *const names[] = {"Anna at the pier.jpg", "boat.png",
    "letter.txt", "b\033[31mad.txt", ".hidden", "zeta.webp"};

static void
make_folder(void)
{
	size_t i;
	int dir;

	snprintf(folder, sizeof(folder), "/tmp/sotto-files-XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < ARRAY_LEN(names); i++)
		make_file(dir, names[i], 100 + i * i * 1000);
	assert_ok(mkdirat(dir, "more", 0700));
	assert_ok(mkfifoat(dir, "pipe", 0600)); /* not to be waited for */
	close(dir);
}

static void
remove_folder(void)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		unlinkat(dir, names[i], 0);
	unlinkat(dir, "pipe", 0);
	unlinkat(dir, "more", AT_REMOVEDIR);
	close(dir);
	assert_ok(rmdir(folder));
}

static char picked[2048];

static void
on_files(struct app *a, const char *const *paths, size_t n, int64_t arg)
{
	size_t i, at = 0;

	(void)a;
	assert_int_equal(arg, 7);
	picked[0] = '\0';
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(picked + at, sizeof(picked) - at, "%s ",
		    strrchr(paths[i], '/') + 1);
}

static void
pick_in(struct rig *r, size_t max)
{
	snprintf(r->app->folder, sizeof(r->app->folder), "%s", folder);
	files_begin(r->app, "Send files", max, on_files, 7);
	picked[0] = '\0';
}

static void
test_view_files__finds_picks_and_gives_paths(void **state)
{
	struct rig *r = *state;

	make_folder();
	rig_main(r);
	pictures_set_ground(r->app->pictures, &blocks);
	pick_in(r, 8);
	assert_true(rig_shows(r, "more/"));
	assert_false(rig_shows(r, "hidden"));
	assert_false(rig_shows(r, "pipe"));
	assert_false(rig_shows(r, "\033"));
	rig_type(r, "pier");
	assert_true(rig_shows(r, "Anna"));
	assert_false(rig_shows(r, "boat"));
	rig_press(r, "Enter"); /* the marked one */
	assert_string_equal(picked, "Anna at the pier.jpg ");
	assert_false(app_is_open(r->app, &view_files));
	pick_in(r, 2);
	rig_press(r, "Down Tab Tab Tab"); /* a third is too much */
	assert_true(rig_shows(r, "(2)"));
	assert_true(rig_shows(r, "No more than 2"));
	rig_press(r, "Enter");
	assert_string_equal(picked, "Anna at the pier.jpg b\033[31mad.txt ");
	pick_in(r, 1);
	rig_type(r, ".h");
	assert_true(rig_shows(r, ".hidden")); /* for who asks */
	rig_press(r, "Esc");
	assert_string_equal(picked, "");
	remove_folder();
}

static void
test_view_files__folders(void **state)
{
	struct rig *r = *state;

	make_folder();
	rig_main(r);
	pick_in(r, 1);
	rig_press(r, "Right"); /* into "more", the first */
	assert_true(rig_shows(r, "Nothing here"));
	rig_press(r, "Left");
	assert_true(rig_shows(r, "boat"));
	rig_press(r, "Enter");
	assert_true(rig_shows(r, "Nothing here"));
	rig_press(r, "Esc");
	/* where one was is where one begins */
	files_begin(r->app, "Send files", 1, on_files, 7);
	assert_true(rig_shows(r, "Nothing here"));
	rig_type(r, "/tmp/");
	assert_true(rig_shows(r, "/tmp"));
	rig_type(r, "no such folder/");
	assert_true(rig_shows(r, "Nothing here"));
	rig_press(r, "Ctrl-U");
	rig_paste(r, "/nonexistent/");
	assert_true(rig_shows(r, "cannot be read"));
	rig_press(r, "Esc");
	snprintf(r->app->folder, sizeof(r->app->folder), "/nonexistent");
	files_begin(r->app, "Send files", 1, on_files, 7);
	assert_true(app_is_open(r->app, &view_files)); /* at home instead */
	rig_press(r, "Esc");
	remove_folder();
}

static void
test_look__chosen_files_are_looked_at(void **state)
{
	struct rig *r = *state;

	make_folder();
	rig_main(r);
	pictures_set_ground(r->app->pictures, &blocks);
	snprintf(r->app->folder, sizeof(r->app->folder), "%s", folder);
	if (r->app->show_list)
		rig_press(r, "Esc");
	rig_press(r, "Alt-G Down Tab Down Tab");
	rig_press(r, "Enter");
	assert_true(app_is_open(r->app, &view_picture));
	assert_true(rig_shows(r, "Anna at the pier.jpg"));
	rig_press(r, "n");
	assert_true(rig_shows(r, "boat.png"));
	assert_true(rig_shows(r, "2 of 2"));
	rig_press(r, "Esc");
	rig_type(r, "/look");
	rig_press(r, "Enter Ctrl-O Down Ctrl-O");
	assert_true(rig_shows(r, "Anna at the pier.jpg"));
	rig_press(r, "Esc");
	assert_true(app_is_open(r->app, &view_files));
	remove_folder();
}

/* ---- as drawn before -------------------------------------------------------------------------------- */

static void
at_sizes(const char *name, void (*go)(struct rig *r))
{
	static const struct {
		int rows, cols;
	} sizes[] = {{6, 20}, {10, 40}, {24, 80}, {60, 200}};
	char golden[64];
	struct rig r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		rig_open(&r, sizes[i].rows, sizes[i].cols, NULL);
		rig_main(&r);
		go(&r);
		snprintf(golden, sizeof(golden), "%s-%dx%d", name,
		    sizes[i].cols, sizes[i].rows);
		rig_golden(&r, golden);
		rig_close(&r);
	}
}

static void
show_blocks(struct rig *r)
{
	pictures_set_ground(r->app->pictures, &blocks);
	viewer(r, 2);
	app_draw(r->app);
	serve(r, 60, 20);
}

static void
show_ascii(struct rig *r)
{
	struct raster_ground g = blocks;

	g.mode = PICTURE_ASCII;
	pictures_set_ground(r->app->pictures, &g);
	viewer(r, 2);
	app_draw(r->app);
	serve(r, 60, 20);
	rig_press(r, "+");
	app_draw(r->app);
	serve(r, 60, 20);
}

static void
show_files(struct rig *r)
{
	struct files_view *v = &r->app->vs->files;

	pictures_set_ground(r->app->pictures, &blocks);
	pick_in(r, 8);
	/* the same path in every run */
	snprintf(v->folder.path, sizeof(v->folder.path), "/home/mia/pictures");
	rig_press(r, "Down Tab Up");
	app_draw(r->app);
	if (r->picture != 0) /* there was room for a look at it */
		serve(r, 30, 8);
}

static void
test_view_picture__as_drawn_before(void **state)
{
	(void)state;
	at_sizes("picture_blocks", show_blocks);
	at_sizes("picture_ascii", show_ascii);
}

static void
test_view_files__as_drawn_before(void **state)
{
	(void)state;
	make_folder();
	at_sizes("files", show_files);
	remove_folder();
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_raster_row__cells_in_the_colours_there_are),
	    cmocka_unit_test(test_raster_row__sixels_and_iterm_in_whole_strips),
	    cmocka_unit_test(test_raster_send__kitty_gets_it_once_in_pieces),
	    cmocka_unit_test(test_raster_send__through_tmux),
	    cmocka_unit_test(test_raster_of_tiny__half_blocks_or_signs),
	    cmocka_unit_test(test_raster_ask__fits_what_the_child_draws),
	    cmocka_unit_test(test_picture_caps__the_best_that_was_answered),
	    cmocka_unit_test(test_picture_caps__sizes_of_a_cell),
	    T(test_draw_raster__rows_stand_where_they_should),
	    T(test_draw_raster__a_box_over_it_covers_it),
	    T(test_draw_raster__cells_are_written_around_what_covers_them),
	    T(test_draw_raster__what_does_not_fit_is_cut),
	    T(test_pictures__the_terminal_is_asked_at_the_first_one),
	    T(test_pictures__what_fails_says_so_and_is_not_asked_again),
	    T(test_pictures__what_is_not_in_view_is_not_fetched),
	    T(test_pictures__an_answer_for_another_terminal_is_not_used),
	    T(test_pictures__kitty_forgets_what_is_gone),
	    T(test_view_picture__zoom_and_pan),
	    T(test_view_picture__off_is_off),
	    T(test_view_files__finds_picks_and_gives_paths),
	    T(test_view_files__folders),
	    T(test_look__chosen_files_are_looked_at),
	    cmocka_unit_test(test_view_picture__as_drawn_before),
	    cmocka_unit_test(test_view_files__as_drawn_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
