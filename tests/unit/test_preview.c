/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real child, asked about good, bad and hostile pictures; and children
 * that crash, hang or lie. */
#include <errno.h>
#include <unistd.h>

#include "media/preview.h"
#include "tests/unit/test.h"

#define QR "tests/vectors/qr/"

/* What the pictures say; qrencode made the first of them. */
#define TEXT                                                                   \
	"SOTTO:LINK/1/AAAQEAYEAUDAOCAJBIFQYDIOB7YO73XN5TV6V2PI47TOLZHD"        \
	"4LQ6BX663XONXWWZ3DL5NVOU2PJNC"

static char program[4096];

static int
ask_file(const char *path, struct buf *text)
{
	size_t len;
	char *p = read_text_file(path, &len);
	int r = preview_read_qr((const uint8_t *)p, len, text);

	free(p);
	return r;
}

static void
assert_reads(const char *path)
{
	struct buf text;

	buf_init(&text, PREVIEW_QR_MAX);
	assert_ok(ask_file(path, &text));
	assert_int_equal(text.len, strlen(TEXT));
	assert_memory_equal(text.p, TEXT, text.len);
	buf_clear(&text);
}

static void
test_preview_read_qr__screen_shots_and_photographs(void **state)
{
	(void)state;
	assert_reads(QR "link.png");
	assert_reads(QR "inverse.png");
	assert_reads(QR "photo.jpg");
}

static void
assert_fails(const char *path, int code)
{
	struct buf text;

	buf_init(&text, PREVIEW_QR_MAX);
	assert_err(ask_file(path, &text), code);
	assert_int_equal(text.len, 0);
	buf_clear(&text);
}

static void
test_preview_read_qr__says_what_is_wrong(void **state)
{
	struct buf text;

	(void)state;
	assert_fails(QR "blank.png", ERR_NOTFOUND);
	assert_fails("README.md", ERR_FORMAT);
	assert_fails(QR "bomb.png", ERR_RANGE); /* 60,000 x 60,000 pixels */
	buf_init(&text, PREVIEW_QR_MAX);
	assert_err(preview_read_qr((const uint8_t *)"", 0, &text), ERR_RANGE);
	assert_err(
	    preview_read_qr((const uint8_t *)"", SIZE_MAX, &text), ERR_RANGE);
	buf_init(&text, 3);
	assert_err(ask_file(QR "link.png", &text), ERR_FULL);
	buf_clear(&text);
}

/* Wherever a file is cut or changed, there is an answer, and no crash. */
static void
test_preview_read_qr__damaged_files(void **state)
{
	struct buf text;
	size_t len, i;
	char *p = read_text_file(QR "link.png", &len);
	int r;

	(void)state;
	buf_init(&text, PREVIEW_QR_MAX);
	for (i = 1; i < len; i += 41) {
		r = preview_read_qr((const uint8_t *)p, i, &text);
		/* Without its last chunk it is a picture still. */
		assert_true(r == ERR_FORMAT || r == ERR_NOTFOUND ||
			    (r == 0 && text.len == strlen(TEXT)));
		buf_reset(&text);
		p[i] ^= 0x55;
		buf_reset(&text);
		r = preview_read_qr((const uint8_t *)p, len, &text);
		assert_true(r == 0 || r == ERR_FORMAT || r == ERR_NOTFOUND ||
			    r == ERR_RANGE);
		p[i] ^= 0x55;
		buf_reset(&text);
	}
	buf_clear(&text);
	free(p);
}

static void
test_preview_read_qr__a_child_that_crashes_hangs_or_is_missing(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, PREVIEW_QR_MAX);
	preview_override("/bin/false", 0);
	assert_err(ask_file(QR "link.png", &text), ERR_CLOSED);
	preview_override("/bin/cat", 50); /* swallows it and says nothing */
	assert_err(ask_file(QR "link.png", &text), ERR_TIMEOUT);
	preview_override("/nonexistent/sotto-preview", 0);
	errno = 0;
	assert_err(ask_file(QR "link.png", &text), ERR_SYS);
	assert_int_equal(errno, ENOENT);
	preview_override(program, 0);
	buf_clear(&text);
}

/* build/tests/test_preview: the child is one folder up. */
static int
find_child(void **state)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 64);
	char *slash;

	(void)state;
	if (n <= 0)
		return -1;
	program[n] = '\0';
	slash = strrchr(program, '/');
	memcpy(slash, "/../sotto-preview", sizeof("/../sotto-preview"));
	preview_override(program, 0);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_preview_read_qr__screen_shots_and_photographs),
	    cmocka_unit_test(test_preview_read_qr__says_what_is_wrong),
	    cmocka_unit_test(test_preview_read_qr__damaged_files),
	    cmocka_unit_test(
		test_preview_read_qr__a_child_that_crashes_hangs_or_is_missing),
	};

	return cmocka_run_group_tests(tests, find_child, NULL);
}
