/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cameras: recordings as they are; a V4L2 device played by this file, which
 * answers ioctl() and mmap() on a descriptor of the null device. */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/camera_int.h"
#include "media/preview.h"
#include "tests/unit/test.h"

#define NULL_DEVICE "/dev/null"

/* ---- the device ---------------------------------------------------------------- */

static struct {
	bool on; /* else the real functions */
	uint32_t fourcc; /* the only format it has */
	uint32_t w, h, stride;
	const uint8_t *bytes; /* of each frame */
	size_t len;
	unsigned long fails; /* this request, */
	int with; /* so */
	int ready; /* frames that wait */
	int queued, mapped;
	bool streams;
} dev;

int __real_ioctl(int fd, unsigned long what, ...);
int __wrap_ioctl(int fd, unsigned long what, ...);
void *__real_mmap(void *a, size_t n, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *a, size_t n, int prot, int flags, int fd, off_t off);
int __real_munmap(void *a, size_t n);
int __wrap_munmap(void *a, size_t n);

static uint8_t memory[4][4096];

void *
__wrap_mmap(void *a, size_t n, int prot, int flags, int fd, off_t off)
{
	if (!dev.on)
		return __real_mmap(a, n, prot, flags, fd, off);
	assert_true(off < 4 && n == sizeof(memory[0]));
	dev.mapped++;
	return memory[off];
}

int
__wrap_munmap(void *a, size_t n)
{
	if (!dev.on)
		return __real_munmap(a, n);
	dev.mapped--;
	return 0;
}

static int
dequeue(struct v4l2_buffer *b)
{
	if (dev.ready == 0) {
		errno = EAGAIN;
		return -1;
	}
	dev.ready--;
	dev.queued--;
	b->index = (uint32_t)dev.ready % 4;
	b->bytesused = (uint32_t)dev.len;
	memcpy(memory[b->index], dev.bytes, dev.len);
	return 0;
}

static int
answer(unsigned long what, void *arg)
{
	struct v4l2_capability *cap = arg;
	struct v4l2_format *f = arg;
	struct v4l2_buffer *b = arg;

	switch (what) {
	case VIDIOC_QUERYCAP:
		cap->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
		return 0;
	case VIDIOC_S_FMT:
		f->fmt.pix.pixelformat = dev.fourcc;
		f->fmt.pix.width = dev.w;
		f->fmt.pix.height = dev.h;
		f->fmt.pix.bytesperline = dev.stride;
		return 0;
	case VIDIOC_QUERYBUF:
		b->length = sizeof(memory[0]);
		b->m.offset = b->index;
		return 0;
	case VIDIOC_QBUF:
		dev.queued++;
		return 0;
	case VIDIOC_DQBUF:
		return dequeue(b);
	case VIDIOC_STREAMON:
		dev.streams = true;
		return 0;
	case VIDIOC_STREAMOFF:
		dev.streams = false;
		return 0;
	default:
		return 0;
	}
}

int
__wrap_ioctl(int fd, unsigned long what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!dev.on)
		return __real_ioctl(fd, what, arg);
	if (what == dev.fails) {
		errno = dev.with;
		return -1;
	}
	return answer(what, arg);
}

static void
plug(uint32_t fourcc, uint32_t w, uint32_t h, uint32_t stride,
    const uint8_t *bytes, size_t len)
{
	memset(&dev, 0, sizeof(dev));
	dev.on = true;
	dev.fourcc = fourcc;
	dev.w = w;
	dev.h = h;
	dev.stride = stride;
	dev.bytes = bytes;
	dev.len = len;
	dev.ready = 1;
}

static int
teardown(void **state)
{
	(void)state;
	memset(&dev, 0, sizeof(dev));
	return 0;
}

static void
assert_frame(const char *want, size_t len)
{
	struct camera *c = NULL;
	struct buf b;

	buf_init(&b, CAMERA_FRAME_MAX);
	assert_ok(camera_open(&c, NULL_DEVICE));
	assert_true(dev.streams);
	assert_ok(camera_frame(c, 1000, &b));
	assert_int_equal(b.len, len);
	assert_memory_equal(b.p, want, len);
	assert_int_equal(
	    dev.queued, 4); /* every buffer is the driver's again */
	camera_free(c);
	assert_false(dev.streams);
	assert_int_equal(dev.mapped, 0);
	buf_clear(&b);
}

static void
test_camera_v4l2__brightness_becomes_a_pgm_file(void **state)
{
	static const uint8_t yuyv[] = "a-b-..c-d-"; /* two bytes of padding */
	static const uint8_t grey[] = "abcd";

	(void)state;
	plug(V4L2_PIX_FMT_YUYV, 2, 2, 6, yuyv, 10);
	assert_frame("P5\n2 2\n255\nabcd", 15);
	plug(V4L2_PIX_FMT_GREY, 2, 2, 0, grey, 4);
	assert_frame("P5\n2 2\n255\nabcd", 15);
}

static void
test_camera_v4l2__a_jpeg_is_passed_on_and_the_newest_one_counts(void **state)
{
	static const uint8_t jpeg[] = "\xff\xd8\xff...";

	(void)state;
	plug(V4L2_PIX_FMT_MJPEG, 640, 480, 0, jpeg, 6);
	dev.ready = 3;
	assert_frame("\xff\xd8\xff...", 6);
	assert_int_equal(dev.ready, 0);
}

static void
test_camera_v4l2__what_a_driver_refuses_is_said(void **state)
{
	static const struct {
		unsigned long what;
		int with, code;
	} rows[] = {
	    {VIDIOC_QUERYCAP, ENOTTY, ERR_FORMAT},
	    {VIDIOC_S_FMT, EBUSY, ERR_BUSY},
	    {VIDIOC_S_FMT, EINVAL, ERR_FORMAT},
	    {VIDIOC_REQBUFS, EBUSY, ERR_BUSY},
	    {VIDIOC_QUERYBUF, EINVAL, ERR_FORMAT},
	    {VIDIOC_QBUF, EIO, ERR_CLOSED},
	    {VIDIOC_STREAMON, ENODEV, ERR_CLOSED},
	};
	struct camera *c = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		plug(V4L2_PIX_FMT_GREY, 2, 2, 2, (const uint8_t *)"abcd", 4);
		dev.fails = rows[i].what;
		dev.with = rows[i].with;
		assert_err(camera_open(&c, NULL_DEVICE), rows[i].code);
		assert_null(c);
		assert_int_equal(dev.mapped, 0);
	}
	plug(V4L2_PIX_FMT_H264, 2, 2, 2, (const uint8_t *)"abcd", 4);
	assert_err(camera_open(&c, NULL_DEVICE), ERR_FORMAT);
	plug(V4L2_PIX_FMT_GREY, CAMERA_SIDE_MAX + 1, 2, 2,
	    (const uint8_t *)"abcd", 4);
	assert_err(camera_open(&c, NULL_DEVICE), ERR_RANGE);
}

static void
test_camera_v4l2__unplugged_and_cut_frames(void **state)
{
	struct camera *c = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, CAMERA_FRAME_MAX);
	plug(V4L2_PIX_FMT_GREY, 2, 2, 2, (const uint8_t *)"abcd", 3);
	assert_ok(camera_open(&c, NULL_DEVICE));
	assert_err(camera_frame(c, 0, &b), ERR_TIMEOUT); /* a sample is short */
	assert_err(camera_frame(c, 0, &b), ERR_TIMEOUT); /* and none is left */
	dev.fails = VIDIOC_DQBUF;
	dev.with = ENODEV;
	assert_err(camera_frame(c, 0, &b), ERR_CLOSED);
	camera_free(c);
	buf_clear(&b);
}

/* ---- what is no camera ------------------------------------------------------------ */

static void
test_camera_open__nothing_there_and_no_camera(void **state)
{
	struct camera *c = NULL;

	(void)state;
	assert_err(camera_open(&c, "tests/vectors/no-such"), ERR_NOTFOUND);
	assert_err(camera_open(&c, "tests/vectors"), ERR_FORMAT);
	assert_err(camera_open(&c, NULL_DEVICE), ERR_FORMAT); /* ENOTTY */
	assert_err(camera_open(&c, "tests/vectors/qr/link.png"), ERR_FORMAT);
	assert_string_equal(
	    camera_sentence(ERR_NOTFOUND), "there is no camera");
	assert_string_equal(camera_sentence(ERR_NOMEM), err_str(ERR_NOMEM));
}

/* ---- recordings -------------------------------------------------------------------- */

static void
record(char path[static 64], const char *bytes, size_t len)
{
	int fd;

	snprintf(path, 64, "/tmp/sotto-camera-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static int
open_recording(struct camera **c, const char *bytes, size_t len)
{
	char path[64];
	int r;

	record(path, bytes, len);
	r = camera_open(c, path);
	unlink(path);
	return r;
}

static void
test_camera_y4m__frame_after_frame_then_the_end(void **state)
{
	static const char y4m[] = "YUV4MPEG2 W3 H2 F30:1 Ip A1:1 C420jpeg\n"
				  "FRAME\nabcdef....FRAME Ip\nghijkl....";
	struct camera *c = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, CAMERA_FRAME_MAX);
	assert_ok(open_recording(&c, y4m, sizeof(y4m) - 1));
	assert_ok(camera_frame(c, 0, &b));
	assert_int_equal(b.len, 17);
	assert_memory_equal(b.p, "P5\n3 2\n255\nabcdef", 17);
	assert_ok(camera_frame(c, 0, &b));
	assert_memory_equal(b.p, "P5\n3 2\n255\nghijkl", 17);
	assert_err(camera_frame(c, 0, &b), ERR_CLOSED);
	camera_free(c);
	assert_ok(open_recording(&c, y4m, sizeof(y4m) - 3)); /* cut */
	assert_ok(camera_frame(c, 0, &b));
	assert_err(camera_frame(c, 0, &b), ERR_FORMAT);
	camera_free(c);
	buf_clear(&b);
}

static void
test_camera_y4m__bad_heads(void **state)
{
	static const struct {
		const char *head;
		int code;
	} rows[] = {
	    {"", ERR_FORMAT},
	    {"YUV4MPEG2 W3 H2", ERR_FORMAT}, /* no end of the line */
	    {"YUV4MPEG2 W H2\n", ERR_FORMAT},
	    {"YUV4MPEG2 W0 H2\n", ERR_FORMAT},
	    {"YUV4MPEG2 F30:1\n", ERR_RANGE},
	    {"YUV4MPEG2 W4097 H2\n", ERR_RANGE},
	    {"YUV4MPEG2 W3 H2 C420p10\n", ERR_FORMAT},
	};
	struct camera *c = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_err(
		    open_recording(&c, rows[i].head, strlen(rows[i].head)),
		    rows[i].code);
	assert_null(c);
}

/* Through the child: a picture of it is a picture. */
static void
test_camera_y4m__the_child_draws_a_frame(void **state)
{
	static const char y4m[] = "YUV4MPEG2 W2 H2 Cmono\nFRAME\n\0\377\377";
	struct preview_ask ask = {.what = PREVIEW_RENDER,
	    .look = LOOK_BLOCKS,
	    .cols = 4,
	    .rows = 4,
	    .cell_w = 1,
	    .cell_h = 2,
	    .colours = 1 << 24};
	struct preview_answer a = {0};
	struct camera *c = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, CAMERA_FRAME_MAX);
	assert_ok(open_recording(&c, y4m, sizeof(y4m)));
	assert_ok(camera_frame(c, 0, &b));
	ask.file = b.p;
	ask.len = b.len;
	assert_ok(preview_run(&ask, &a));
	assert_int_equal(a.width, 2);
	assert_int_equal(a.height, 2);
	preview_answer_clear(&a);
	camera_free(c);
	buf_clear(&b);
}

/* sotto-preview of this build, beside the folder of the tests. */
static int
use_child(void **state)
{
	static char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 64);
	char *slash;

	(void)state;
	assert_true(n > 0);
	program[n] = '\0';
	slash = strrchr(program, '/');
	memcpy(slash, "/../sotto-preview", sizeof("/../sotto-preview"));
	preview_override(program, 0);
	return 0;
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_camera_v4l2__brightness_becomes_a_pgm_file),
	    T(test_camera_v4l2__a_jpeg_is_passed_on_and_the_newest_one_counts),
	    T(test_camera_v4l2__what_a_driver_refuses_is_said),
	    T(test_camera_v4l2__unplugged_and_cut_frames),
	    T(test_camera_open__nothing_there_and_no_camera),
	    T(test_camera_y4m__frame_after_frame_then_the_end),
	    T(test_camera_y4m__bad_heads),
	    T(test_camera_y4m__the_child_draws_a_frame),
	};

	return cmocka_run_group_tests(tests, use_child, NULL);
}
