/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child that has been taken over could answer: none of it is believed. */
#include "common/proto/preview.pb-c.h"
#include "media/preview_int.h"
#include "media/tiny.h"
#include "tests/unit/test.h"

static const struct preview_ask blocks = {.what = PREVIEW_RENDER,
    .look = LOOK_BLOCKS,
    .colours = 256,
    .cols = 2,
    .rows = 1,
    .cell_w = 10,
    .cell_h = 20};

static Sotto__Preview__Response
response(void)
{
	Sotto__Preview__Response r;

	sotto__preview__response__init(&r);
	r.width = r.height = 10;
	r.cols = 2;
	r.rows = 1;
	return r;
}

static int
unpack(const struct preview_ask *ask, const Sotto__Preview__Response *res)
{
	static uint8_t bytes[65536];
	struct preview_answer a, same;
	size_t len = sotto__preview__response__get_packed_size(res);
	int r;

	assert_true(len <= sizeof(bytes));
	sotto__preview__response__pack(res, bytes);
	memset(&a, 0x5a, sizeof(a));
	same = a;
	r = preview_unpack(ask, bytes, len, &a);
	if (r == 0)
		preview_answer_clear(&a);
	else /* written on success only */
		assert_memory_equal(&a, &same, sizeof(a));
	return r;
}

static int
unpack_cells(uint32_t cp, uint32_t fg, uint32_t bg)
{
	Sotto__Preview__Response res = response();
	uint8_t cells[24] = {0};

	put_be32(cells, ' ');
	put_be32(cells + 12, cp);
	put_be32(cells + 16, fg);
	put_be32(cells + 20, bg);
	res.cells = (ProtobufCBinaryData){sizeof(cells), cells};
	return unpack(&blocks, &res);
}

static void
test_preview_unpack__cells_hold_blocks_and_colours_only(void **state)
{
	(void)state;
	assert_ok(unpack_cells(0x2580, 255, PREVIEW_DEFAULT));
	assert_ok(unpack_cells('~', 0, 0));
	assert_err(unpack_cells(0x1b, 0, 0), ERR_CLOSED);
	assert_err(unpack_cells(0x9b, 0, 0), ERR_CLOSED);
	assert_err(unpack_cells(0x7f, 0, 0), ERR_CLOSED);
	assert_err(unpack_cells(0x202e, 0, 0), ERR_CLOSED);
	assert_err(unpack_cells(0x4e00, 0, 0), ERR_CLOSED); /* two cells wide */
	assert_err(unpack_cells(' ', 256, 0), ERR_CLOSED);
	assert_err(unpack_cells(' ', 0, 0x10000), ERR_CLOSED);
}

static void
test_preview_unpack__sizes_are_those_asked_for(void **state)
{
	Sotto__Preview__Response res = response();
	uint8_t cells[36] = {0};

	(void)state;
	put_be32(cells, ' ');
	put_be32(cells + 12, ' ');
	put_be32(cells + 24, ' ');
	res.cells = (ProtobufCBinaryData){24, cells};
	assert_ok(unpack(&blocks, &res));
	res.cells.len = 23;
	assert_err(unpack(&blocks, &res), ERR_CLOSED);
	res.cells.len = 36; /* three columns where two fit */
	res.cols = 3;
	assert_err(unpack(&blocks, &res), ERR_CLOSED);
	res.cols = 1;
	res.rows = 2;
	res.cells.len = 24;
	assert_err(unpack(&blocks, &res), ERR_CLOSED);
	res = response();
	res.cells = (ProtobufCBinaryData){24, cells};
	res.width = 70000;
	assert_err(unpack(&blocks, &res), ERR_CLOSED);
	res.width = 0;
	assert_err(unpack(&blocks, &res), ERR_CLOSED);
}

static int
unpack_sixels(const void *p, size_t len, size_t n)
{
	struct preview_ask ask = blocks;
	Sotto__Preview__Response res = response();
	ProtobufCBinaryData strips[2] = {
	    {len, (uint8_t *)(uintptr_t)p}, {len, (uint8_t *)(uintptr_t)p}};

	ask.look = LOOK_SIXEL;
	res.n_strips = n;
	res.strips = strips;
	return unpack(&ask, &res);
}

static void
test_preview_unpack__sixels_cannot_end_their_string(void **state)
{
	static const char good[] = "\"1;1;20;24#0;2;100;0;0#0!20~-$";
	char bad[sizeof(good)];
	int c;

	(void)state;
	assert_ok(unpack_sixels(good, sizeof(good) - 1, 1));
	assert_err(unpack_sixels(good, sizeof(good) - 1, 2), ERR_CLOSED);
	assert_err(unpack_sixels(good, sizeof(good), 1), ERR_CLOSED); /* NUL */
	for (c = 0; c < 256; c++) {
		memcpy(bad, good, sizeof(bad));
		bad[9] = (char)c;
		if (c < 0x20 || c > 0x7e)
			assert_err(
			    unpack_sixels(bad, sizeof(bad) - 1, 1), ERR_CLOSED);
	}
}

static void
test_preview_unpack__pixels_are_as_many_as_they_say(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_SCALE, .cols = 2, .rows = 2};
	Sotto__Preview__Response res = response();
	uint8_t px[64] = {0};

	(void)state;
	res.data = (ProtobufCBinaryData){16, px};
	res.pixel_w = res.pixel_h = 2;
	assert_ok(unpack(&ask, &res));
	res.pixel_h = 3;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	res.data.len = 24;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	res.pixel_w = 4; /* as many, in another shape */
	res.pixel_h = 1;
	res.data.len = 16;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	res.pixel_w = 2;
	res.pixel_h = 0;
	res.data.len = 0;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
}

static void
test_preview_unpack__other_answers(void **state)
{
	struct preview_ask ask = {.what = PREVIEW_TINY, .len = 5};
	Sotto__Preview__Response res = response();
	uint8_t bytes[PREVIEW_BARS + 64] = {1, 1, 1, 0, 0};

	(void)state;
	res.data = (ProtobufCBinaryData){5, bytes};
	assert_ok(unpack(&ask, &res));
	res.data.len = 4;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	ask.what = PREVIEW_STRIP; /* it can only become less */
	assert_ok(unpack(&ask, &res));
	res.data.len = 0;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	res.data.len = 5 + 65;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	ask.what = PREVIEW_SOUND;
	res.data.len = PREVIEW_BARS;
	assert_ok(unpack(&ask, &res));
	res.data.len--;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	ask.what = PREVIEW_PCM;
	assert_err(unpack(&ask, &res), ERR_CLOSED); /* half a sample */
	res.data.len--;
	res.duration_ms = PREVIEW_SOUND_MS + 1;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	ask.what = PREVIEW_READ_QR;
	res = response();
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	res.text = lit("text");
	assert_ok(unpack(&ask, &res));
	res.code = ERR_NOTFOUND;
	assert_err(unpack(&ask, &res), ERR_NOTFOUND);
	res.code = ERR_AUTH; /* nothing a child may say */
	assert_err(unpack(&ask, &res), ERR_CLOSED);
	res.code = 77;
	assert_err(unpack(&ask, &res), ERR_CLOSED);
}

static int
step(void *arg)
{
	const struct preview_ask *ask = arg;
	uint8_t cells[24] = {0}, bytes[256], file[16] = {0};
	Sotto__Preview__Response res = response();
	struct preview_ask whole = *ask;
	struct preview_answer a;
	ProtobufCBinaryData strip = {2, file};
	struct buf b;
	size_t len;
	int r;

	put_be32(cells, ' ');
	put_be32(cells + 12, ' ');
	memcpy(file, "~~", 2);
	res.cells = (ProtobufCBinaryData){24, cells};
	res.strips = &strip;
	res.n_strips = 1;
	len = sotto__preview__response__pack(&res, bytes);
	whole.file = file;
	whole.len = sizeof(file);
	buf_init(&b, 1024);
	r = preview_pack(&b, &whole);
	buf_clear(&b);
	if (r != 0)
		return r;
	r = preview_unpack(ask, bytes, len, &a);
	if (r == 0)
		preview_answer_clear(&a);
	return r == ERR_CLOSED && alloc_failed() ? ERR_NOMEM : r;
}

static void
test_preview_unpack__out_of_memory(void **state)
{
	struct preview_ask ask = blocks;

	(void)state;
	assert_true(alloc_sweep(step, &ask) > 1);
	ask.look = LOOK_SIXEL;
	assert_true(alloc_sweep(step, &ask) > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_preview_unpack__cells_hold_blocks_and_colours_only),
	    cmocka_unit_test(test_preview_unpack__sizes_are_those_asked_for),
	    cmocka_unit_test(
		test_preview_unpack__sixels_cannot_end_their_string),
	    cmocka_unit_test(
		test_preview_unpack__pixels_are_as_many_as_they_say),
	    cmocka_unit_test(test_preview_unpack__other_answers),
	    cmocka_unit_test(test_preview_unpack__out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
