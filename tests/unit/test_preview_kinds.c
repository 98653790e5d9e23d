/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the real child makes of real files: pictures for terminals, small ones,
 * files without metadata, sound. */
#include "media/tiny.h"
#include "tests/unit/media_help.h"

static struct preview_ask
look(enum preview_look l, uint32_t colours)
{
	return (struct preview_ask){.what = PREVIEW_RENDER,
	    .look = l,
	    .colours = colours,
	    .cols = 40,
	    .rows = 12,
	    .cell_w = 10,
	    .cell_h = 20};
}

static unsigned
light(uint32_t rgb)
{
	return (rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255);
}

/* ---- for terminals ---------------------------------------------------------------- */

static void
test_render__half_blocks_show_the_picture_upright(void **state)
{
	struct preview_answer a;
	struct preview_cell *c;

	(void)state;
	assert_ok(media_ask(MEDIA "photo.jpg", look(LOOK_BLOCKS, 1 << 24), &a));
	assert_int_equal(a.width, 240); /* turned */
	assert_int_equal(a.height, 320);
	assert_int_equal(a.rows, 12);
	assert_int_equal(a.cols, 18); /* 240 x 320 in cells of 1:2 */
	c = &a.cells[a.cols - 1]; /* the white corner is at the right now */
	assert_true(light(c->bg == PREVIEW_DEFAULT ? c->fg : c->bg) > 690);
	assert_true(light(a.cells[0].bg) < 690);
	assert_true(c->cp == ' ' || (c->cp >= 0x2580 && c->cp <= 0x2588));
	preview_answer_clear(&a);
}

static void
test_render__colours_are_those_asked_for(void **state)
{
	static const uint32_t colours[] = {0, 16, 256, 1 << 24};
	struct preview_answer a;
	unsigned inks;
	size_t i;
	int j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(colours); i++) {
		assert_ok(media_ask(
		    MEDIA "photo.jpg", look(LOOK_ASCII, colours[i]), &a));
		for (inks = 0, j = 0; j < a.cols * a.rows; j++) {
			assert_int_equal(a.cells[j].bg, PREVIEW_DEFAULT);
			inks += a.cells[j].cp > ' ';
			if (colours[i] == 0)
				assert_int_equal(
				    a.cells[j].fg, PREVIEW_DEFAULT);
		}
		assert_true(inks > 20);
		preview_answer_clear(&a);
	}
}

static void
test_render__strips_of_sixels_and_png(void **state)
{
	struct preview_answer a;
	int i;

	(void)state;
	assert_ok(media_ask(MEDIA "photo.png", look(LOOK_SIXEL, 256), &a));
	assert_int_equal(a.cols, 16);
	assert_int_equal(a.rows, 6);
	for (i = 0; i < a.rows; i++) {
		/* 20 pixels, and up to the next row of sixels */
		assert_memory_equal(a.strips[i].p, "\"1;1;160;24#", 12);
		assert_false(
		    media_holds(a.strips[i].p, a.strips[i].len, "\033"));
		assert_true(a.strips[i].len > 200);
	}
	preview_answer_clear(&a);
	assert_ok(media_ask(MEDIA "photo.png", look(LOOK_PNG, 0), &a));
	assert_int_equal(a.rows, 6);
	for (i = 0; i < a.rows; i++)
		assert_memory_equal(a.strips[i].p, "\x89PNG", 4);
	preview_answer_clear(&a);
	assert_ok(media_ask(MEDIA "photo.png", look(LOOK_PIXELS, 0), &a));
	assert_int_equal(a.len, 160 * 120 * 3);
	preview_answer_clear(&a);
}

static void
test_render__a_part_is_shown_as_large_as_fits(void **state)
{
	struct preview_ask ask = look(LOOK_BLOCKS, 1 << 24);
	struct preview_answer a;
	int i, bright = 0;

	(void)state;
	/* the upper right corner: 60 x 60 pixels of 240 x 320 */
	ask.part = (struct preview_part){49152, 0, 16384, 12288};
	assert_ok(media_ask(MEDIA "photo.jpg", ask, &a));
	assert_int_equal(a.rows, 12);
	assert_int_equal(a.cols, 24);
	for (i = 0; i < a.cols; i++)
		bright += light(a.cells[i].bg) > 690;
	assert_true(bright > 12); /* the white corner is 40 of its 60 pixels */
	preview_answer_clear(&a);
}

static void
test_render__what_is_transparent_gets_the_ground(void **state)
{
	struct preview_ask ask = look(LOOK_PIXELS, 0);
	struct preview_answer a;

	(void)state;
	ask.ground = 0x00ff00;
	assert_ok(media_ask(MEDIA "clear.png", ask, &a));
	assert_true(a.data[1] > 110 && a.data[1] < 140);
	preview_answer_clear(&a);
}

static void
test_render__other_kinds_of_files(void **state)
{
	struct preview_answer a;

	(void)state;
	assert_ok(
	    media_ask(MEDIA "moving.gif", look(LOOK_BLOCKS, 1 << 24), &a));
	assert_int_equal(a.width, 40);
	assert_true((a.cells[0].bg >> 16) > 200); /* the first frame is red */
	preview_answer_clear(&a);
	assert_err(
	    media_ask("README.md", look(LOOK_BLOCKS, 256), &a), ERR_FORMAT);
	assert_err(media_ask(MEDIA "voice.opus", look(LOOK_BLOCKS, 256), &a),
	    ERR_FORMAT);
}

static void
test_render__bombs_and_large_ones(void **state)
{
	struct preview_answer a;
	int r;

	(void)state;
	assert_err(
	    media_ask("tests/vectors/qr/bomb.png", look(LOOK_BLOCKS, 256), &a),
	    ERR_RANGE);
	r = media_ask(MEDIA "large.png", look(LOOK_BLOCKS, 256), &a);
	assert_ok(r);
	assert_int_equal(a.width, 5600);
	preview_answer_clear(&a);
}

static void
test_preview_check__refuses_what_makes_no_sense(void **state)
{
	struct preview_ask ask = look(LOOK_BLOCKS, 7);
	struct preview_answer a;

	(void)state;
	assert_err(media_ask(MEDIA "photo.png", ask, &a), ERR_RANGE);
	ask = look(LOOK_BLOCKS, 256);
	ask.cols = PREVIEW_CELLS_MAX + 1;
	assert_err(media_ask(MEDIA "photo.png", ask, &a), ERR_RANGE);
	ask = look(LOOK_BLOCKS, 256);
	ask.cell_h = 0;
	assert_err(media_ask(MEDIA "photo.png", ask, &a), ERR_RANGE);
	ask = look(LOOK_PIXELS, 0); /* more pixels than are drawn at once */
	ask.cols = ask.rows = 500;
	ask.cell_w = ask.cell_h = 100;
	assert_err(media_ask(MEDIA "large.png", ask, &a), ERR_RANGE);
}

static void
test_preview_fit__keeps_the_shape(void **state)
{
	static const struct {
		uint32_t w, h;
		int cols, rows; /* of at most 40 x 12 cells of 10 x 20 */
	} v[] = {{100, 100, 10, 5}, {4000, 3000, 32, 12}, {3000, 4000, 18, 12},
	    {4000, 100, 40, 1}, {1, 1, 1, 1}, {100, 60000, 1, 12},
	    {60000, 1, 40, 1}, {400, 240, 40, 12}};
	size_t i;
	int cols, rows;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		preview_fit(v[i].w, v[i].h, 10, 20, 40, 12, &cols, &rows);
		assert_int_equal(cols, v[i].cols);
		assert_int_equal(rows, v[i].rows);
	}
}

/* ---- pixels, the small one -------------------------------------------------------- */

static void
test_scale__to_at_most_so_many_pixels(void **state)
{
	struct preview_ask ask = {
	    .what = PREVIEW_SCALE, .cols = 100, .rows = 100};
	struct preview_answer a;

	(void)state;
	assert_ok(media_ask(MEDIA "photo.jpg", ask, &a));
	assert_int_equal(a.pixel_w, 75);
	assert_int_equal(a.pixel_h, 100);
	assert_int_equal(a.len, 75 * 100 * 4);
	assert_int_equal(a.data[3], 255);
	preview_answer_clear(&a);
}

static void
test_tiny__is_small_and_looks_alike(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_TINY};
	struct preview_answer a;
	struct tiny t, same;
	uint8_t again[TINY_BYTES_MAX];

	(void)state;
	assert_ok(media_ask(MEDIA "photo.jpg", ask, &a));
	assert_true(a.len <= 1155);
	assert_ok(tiny_read(&t, a.data, a.len));
	assert_int_equal(t.w, 18);
	assert_int_equal(t.h, 24);
	assert_true(light(t.px[17]) > 680); /* the white corner */
	assert_true(light(t.px[0]) < 680);
	assert_int_equal(tiny_write(again, &t), a.len);
	assert_memory_equal(again, a.data, a.len);
	/* every other length, size and version is refused */
	same = t;
	assert_err(tiny_read(&t, a.data, a.len - 1), ERR_FORMAT);
	assert_err(tiny_read(&t, a.data, 2), ERR_FORMAT);
	again[1] = 25;
	assert_err(tiny_read(&t, again, a.len), ERR_FORMAT);
	again[1] = 0;
	assert_err(tiny_read(&t, again, a.len), ERR_FORMAT);
	again[0] = 2;
	assert_err(tiny_read(&t, again, a.len), ERR_VERSION);
	assert_memory_equal(&t, &same, sizeof(t));
	preview_answer_clear(&a);
}

/* ---- metadata ----------------------------------------------------------------------- */

static struct preview_answer
pixels_of(const uint8_t *p, size_t len)
{
	struct preview_ask ask = {.what = PREVIEW_SCALE,
	    .file = p,
	    .len = len,
	    .cols = 1000,
	    .rows = 1000};
	struct preview_answer a;

	assert_ok(preview_run(&ask, &a));
	return a;
}

static void
test_strip__nothing_but_the_picture_stays(void **state)
{
	static const char *const files[] = {MEDIA "photo.jpg",
	    MEDIA "photo.png", MEDIA "photo.webp", MEDIA "moving.gif"};
	struct preview_ask ask = {.what = PREVIEW_STRIP};
	struct preview_answer bare, twice, before, after;
	struct file f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(files); i++) {
		f = media_file(files[i]);
		assert_true(media_holds(f.p, f.len, "Secret"));
		assert_ok(media_ask(files[i], ask, &bare));
		assert_false(media_holds(bare.data, bare.len, "Secret"));
		assert_false(media_holds(bare.data, bare.len, "GPS"));
		assert_true(bare.len < f.len);
		/* pixel for pixel, and as upright as it was */
		before = pixels_of(f.p, f.len);
		after = pixels_of(bare.data, bare.len);
		assert_int_equal(before.width, after.width);
		assert_int_equal(before.len, after.len);
		assert_memory_equal(before.data, after.data, after.len);
		/* nothing is left to do */
		ask.file = bare.data;
		ask.len = bare.len;
		assert_ok(preview_run(&ask, &twice));
		assert_int_equal(twice.len, bare.len);
		assert_memory_equal(twice.data, bare.data, bare.len);
		preview_answer_clear(&bare);
		preview_answer_clear(&twice);
		preview_answer_clear(&before);
		preview_answer_clear(&after);
		free(f.p);
	}
}

static void
test_strip__which_way_is_up_stays(void **state)
{
	static const struct {
		const char *path;
		uint8_t up;
	} v[] = {{MEDIA "photo.jpg", 6}, {MEDIA "photo.png", 3},
	    {MEDIA "photo.webp", 8}};
	/* the one entry of the directory: tag, type, count */
	uint8_t want[] = {1, 0x12, 0, 3, 0, 0, 0, 1, 0, 0};
	struct preview_ask ask = {.what = PREVIEW_STRIP};
	struct preview_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		want[9] = v[i].up;
		assert_ok(media_ask(v[i].path, ask, &a));
		assert_non_null(memmem(a.data, a.len, want, sizeof(want)));
		preview_answer_clear(&a);
	}
}

/* A second kind of JFIF segment holds a picture of its own. */
static void
test_strip__a_thumbnail_of_jfif_goes(void **state)
{
	static const char extra[] = "\xff\xe0\0\x13JFXX\0\x10SecretThumb";
	struct preview_ask ask = {.what = PREVIEW_STRIP};
	struct file f = media_file(MEDIA "photo.jpg");
	size_t at = 2 + 18; /* behind JFIF's own */
	struct preview_answer a;
	uint8_t *p = malloc(f.len + sizeof(extra));

	(void)state;
	assert_non_null(p);
	memcpy(p, f.p, at);
	memcpy(p + at, extra, sizeof(extra) - 1);
	memcpy(p + at + sizeof(extra) - 1, f.p + at, f.len - at);
	ask.file = p;
	ask.len = f.len + sizeof(extra) - 1;
	assert_ok(preview_run(&ask, &a));
	assert_false(media_holds(a.data, a.len, "Secret"));
	preview_answer_clear(&a);
	free(p);
	free(f.p);
}

static void
test_strip__what_it_does_not_know_is_refused(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_STRIP};
	struct preview_answer a;

	(void)state;
	assert_err(media_ask("README.md", ask, &a), ERR_FORMAT);
	assert_err(media_ask(MEDIA "voice.opus", ask, &a), ERR_FORMAT);
}

/* ---- sound ----------------------------------------------------------------------------- */

static void
test_sound__length_and_loudness(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_SOUND};
	struct preview_answer a;
	int i;

	(void)state;
	assert_ok(media_ask(MEDIA "voice.opus", ask, &a));
	assert_in_range(a.duration_ms, 1990, 2010);
	for (i = 2; i < PREVIEW_BARS / 2 - 2; i++)
		assert_in_range(a.bars[i], 10, 60);
	for (i = PREVIEW_BARS / 2 + 2; i < PREVIEW_BARS - 2; i++)
		assert_in_range(a.bars[i], 220, 255);
	preview_answer_clear(&a);
	assert_err(media_ask(MEDIA "photo.jpg", ask, &a), ERR_FORMAT);
}

static void
test_pcm__from_anywhere(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_PCM};
	struct preview_answer a;

	(void)state;
	assert_ok(media_ask(MEDIA "voice.opus", ask, &a));
	assert_in_range(a.len, 2 * 48 * 1990, 2 * 48 * 2010);
	preview_answer_clear(&a);
	ask.from_ms = 1500;
	assert_ok(media_ask(MEDIA "voice.opus", ask, &a));
	assert_in_range(a.len, 2 * 48 * 490, 2 * 48 * 510);
	preview_answer_clear(&a);
	ask.from_ms = 2500;
	assert_err(media_ask(MEDIA "voice.opus", ask, &a), ERR_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_render__half_blocks_show_the_picture_upright),
	    cmocka_unit_test(test_render__colours_are_those_asked_for),
	    cmocka_unit_test(test_render__strips_of_sixels_and_png),
	    cmocka_unit_test(test_render__a_part_is_shown_as_large_as_fits),
	    cmocka_unit_test(test_render__what_is_transparent_gets_the_ground),
	    cmocka_unit_test(test_render__other_kinds_of_files),
	    cmocka_unit_test(test_render__bombs_and_large_ones),
	    cmocka_unit_test(test_preview_check__refuses_what_makes_no_sense),
	    cmocka_unit_test(test_preview_fit__keeps_the_shape),
	    cmocka_unit_test(test_scale__to_at_most_so_many_pixels),
	    cmocka_unit_test(test_tiny__is_small_and_looks_alike),
	    cmocka_unit_test(test_strip__nothing_but_the_picture_stays),
	    cmocka_unit_test(test_strip__which_way_is_up_stays),
	    cmocka_unit_test(test_strip__a_thumbnail_of_jfif_goes),
	    cmocka_unit_test(test_strip__what_it_does_not_know_is_refused),
	    cmocka_unit_test(test_sound__length_and_loudness),
	    cmocka_unit_test(test_pcm__from_anywhere),
	};

	return cmocka_run_group_tests(tests, media_find_child, NULL);
}
