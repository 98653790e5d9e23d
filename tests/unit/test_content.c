/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tui/engine/content.h"

static uint8_t id16[16] = "0123456789abcdef";

static void
test_content_padded_len__few_sizes_little_waste(void **state)
{
	size_t len, padded, last = 0, sizes = 0;

	(void)state;
	for (len = 0; len < 60000; len++) {
		padded = content_padded_len(len);
		assert_true(padded > len); /* room for the mark */
		assert_true(padded >= last);
		assert_true(padded - len <= CONTENT_PAD_BLOCK ||
			    (padded - len) * 8 <= padded);
		sizes += padded != last;
		last = padded;
	}
	assert_true(sizes < 64);
	assert_int_equal(content_padded_len(0), 160);
	assert_int_equal(content_padded_len(159), 160);
	assert_int_equal(content_padded_len(160), 320);
}

static void
test_content_open__gives_back_what_was_sealed(void **state)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT, *got;
	Sotto__Content__Text text = SOTTO__CONTENT__TEXT__INIT;
	struct buf b;

	(void)state;
	text.text = (char *)(uintptr_t) "hi \xe2\x9d\xa4";
	c.message_id = (ProtobufCBinaryData){16, id16};
	c.sent_ms = 1700000000123;
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_TEXT;
	c.text = &text;
	buf_init(&b, CONTENT_MAX);
	assert_ok(content_seal(&b, &c));
	assert_int_equal(b.len, 160);
	assert_ok(content_open(b.p, b.len, &got));
	assert_string_equal(got->text->text, text.text);
	assert_true(got->sent_ms == c.sent_ms);
	content_free(got);
	buf_clear(&b);
}

static void
test_content_seal__bytes_are_those_of_the_document(void **state)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	Sotto__Content__Text text = SOTTO__CONTENT__TEXT__INIT;
	char hello[] = "Hello, Ben.", *hex;
	uint8_t want[200], id[16];
	struct buf b;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)i;
	hex = read_text_file("tests/vectors/protocol/content_text.hex", NULL);
	n = hex_bytes(strstr(hex, "0a10"), want, sizeof(want));
	text.text = hello;
	c.message_id = (ProtobufCBinaryData){sizeof(id), id};
	c.sent_ms = 1700000000000;
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_TEXT;
	c.text = &text;
	buf_init(&b, CONTENT_MAX);
	assert_ok(content_seal(&b, &c));
	assert_int_equal(b.len, n);
	assert_memory_equal(b.p, want, n);
	buf_clear(&b);
	free(hex);
}

static void
test_content_seal__a_status_post_is_that_of_the_document(void **state)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	Sotto__Content__Status status = SOTTO__CONTENT__STATUS__INIT;
	Sotto__Content__StatusPost post = SOTTO__CONTENT__STATUS_POST__INIT;
	char lake[] = "At the lake.", *hex;
	uint8_t want[200], id[16];
	struct buf b;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)i;
	hex = read_text_file("tests/vectors/protocol/content_status.hex", NULL);
	n = hex_bytes(strstr(hex, "0a10"), want, sizeof(want));
	post.text = lake;
	status.what_case = SOTTO__CONTENT__STATUS__WHAT_POST;
	status.post = &post;
	c.message_id = (ProtobufCBinaryData){sizeof(id), id};
	c.sent_ms = 1700000000000;
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	c.status = &status;
	buf_init(&b, CONTENT_MAX);
	assert_ok(content_seal(&b, &c));
	assert_int_equal(b.len, n);
	assert_memory_equal(b.p, want, n);
	buf_clear(&b);
	free(hex);
}

static void
test_content_open__refuses_bad_padding_and_ids(void **state)
{
	static const uint8_t zeros[160], noise[3] = {0xff, 0xff, 0x80};
	static const uint8_t no_id[2] = {0x80, 0}, unmarked[1] = {0x10};
	Sotto__Content__Content *got = NULL;

	(void)state;
	assert_err(content_open(zeros, sizeof(zeros), &got), ERR_FORMAT);
	assert_err(content_open(zeros, 0, &got), ERR_RANGE);
	assert_err(content_open(noise, sizeof(noise), &got), ERR_FORMAT);
	assert_err(content_open(unmarked, 1, &got), ERR_FORMAT);
	assert_err(content_open(no_id, sizeof(no_id), &got), ERR_FORMAT);
	assert_null(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_content_padded_len__few_sizes_little_waste),
	    cmocka_unit_test(test_content_open__gives_back_what_was_sealed),
	    cmocka_unit_test(
		test_content_seal__bytes_are_those_of_the_document),
	    cmocka_unit_test(
		test_content_seal__a_status_post_is_that_of_the_document),
	    cmocka_unit_test(test_content_open__refuses_bad_padding_and_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
