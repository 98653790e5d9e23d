/* SPDX-License-Identifier: GPL-3.0-or-later */
/* camera_v4l2.c — a camera of Linux: capture into buffers that are mapped. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/camera_int.h"

#ifdef __linux__
#include <linux/videodev2.h>

#define WIDTH	640 /* asked for: enough for a code that fills a third of it */
#define HEIGHT	480
#define BUFFERS 4

/* Formats that have the brightness in one piece, and whole JPEG files; what is
 * least work comes first. */
static const struct format {
	uint32_t fourcc;
	size_t step; /* bytes from sample to sample; 0: a JPEG file */
} formats[] = {
    {V4L2_PIX_FMT_GREY, 1},
    {V4L2_PIX_FMT_YUYV, 2},
    {V4L2_PIX_FMT_NV12, 1},
    {V4L2_PIX_FMT_YUV420, 1},
    {V4L2_PIX_FMT_MJPEG, 0},
    {V4L2_PIX_FMT_JPEG, 0},
};

struct v4l2 {
	int fd;
	const struct format *format;
	uint32_t w, h, stride;
	struct {
		uint8_t *p;
		size_t len;
	} map[BUFFERS];
	uint32_t n; /* mapped */
};

static int
xioctl(int fd, unsigned long what, void *arg)
{
	int r;

	do
		r = ioctl(fd, what, arg);
	while (r < 0 && errno == EINTR);
	return r;
}

static int
code_of_errno(void)
{
	switch (errno) {
	case EBUSY:
		return ERR_BUSY;
	case ENODEV:
	case EIO:
		return ERR_CLOSED;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	case ENOTTY:
	case EINVAL:
		return ERR_FORMAT;
	default:
		return ERR_SYS;
	}
}

static int
can_capture(int fd)
{
	struct v4l2_capability cap = {0};
	uint32_t can;

	if (xioctl(fd, VIDIOC_QUERYCAP, &cap) < 0)
		return code_of_errno();
	can = (cap.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? cap.device_caps
							     : cap.capabilities;
	return (can & V4L2_CAP_VIDEO_CAPTURE) != 0 &&
		       (can & V4L2_CAP_STREAMING) != 0
		   ? 0
		   : ERR_FORMAT;
}

/* A driver answers with what it has instead: that is no yes. */
static int
choose_format(struct v4l2 *v)
{
	struct v4l2_format f;
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats); i++) {
		memset(&f, 0, sizeof(f));
		f.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
		f.fmt.pix.width = WIDTH;
		f.fmt.pix.height = HEIGHT;
		f.fmt.pix.pixelformat = formats[i].fourcc;
		f.fmt.pix.field = V4L2_FIELD_ANY;
		if (xioctl(v->fd, VIDIOC_S_FMT, &f) < 0) {
			if (errno != EINVAL)
				return code_of_errno();
			continue;
		}
		if (f.fmt.pix.pixelformat != formats[i].fourcc)
			continue;
		v->format = &formats[i];
		v->w = f.fmt.pix.width;
		v->h = f.fmt.pix.height;
		v->stride = f.fmt.pix.bytesperline;
		if (v->stride == 0)
			v->stride = v->w * (uint32_t)formats[i].step;
		return v->w > 0 && v->h > 0 && v->w <= CAMERA_SIDE_MAX &&
			       v->h <= CAMERA_SIDE_MAX
			   ? 0
			   : ERR_RANGE;
	}
	return ERR_FORMAT;
}

static int
queue(struct v4l2 *v, uint32_t i)
{
	struct v4l2_buffer b = {.index = i,
	    .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
	    .memory = V4L2_MEMORY_MMAP};

	return xioctl(v->fd, VIDIOC_QBUF, &b) < 0 ? code_of_errno() : 0;
}

static int
map_one(struct v4l2 *v, uint32_t i)
{
	struct v4l2_buffer b = {.index = i,
	    .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
	    .memory = V4L2_MEMORY_MMAP};
	void *p;

	if (xioctl(v->fd, VIDIOC_QUERYBUF, &b) < 0)
		return code_of_errno();
	if (b.length < 1 || b.length > CAMERA_FRAME_MAX * 4u)
		return ERR_RANGE;
	p = mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd,
	    (off_t)b.m.offset);
	if (p == MAP_FAILED)
		return ERR_SYS;
	v->map[i].p = p;
	v->map[i].len = b.length;
	v->n = i + 1;
	return queue(v, i);
}

static int
start(struct v4l2 *v)
{
	struct v4l2_requestbuffers req = {.count = BUFFERS,
	    .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
	    .memory = V4L2_MEMORY_MMAP};
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE, r = 0;
	uint32_t i;

	if (xioctl(v->fd, VIDIOC_REQBUFS, &req) < 0)
		return code_of_errno();
	if (req.count < 1)
		return ERR_SYS;
	for (i = 0; r == 0 && i < req.count && i < BUFFERS; i++)
		r = map_one(v, i);
	if (r == 0 && xioctl(v->fd, VIDIOC_STREAMON, &type) < 0)
		r = code_of_errno();
	return r;
}

/* The newest one that is there; older ones go back unseen. 0, ERR_AGAIN. */
static int
dequeue(struct v4l2 *v, uint32_t *index, size_t *len)
{
	struct v4l2_buffer b;
	bool have = false;
	unsigned i;
	int r;

	for (i = 0; i < 2 * BUFFERS;
	     i++) { /* a driver may be quicker than we */
		memset(&b, 0, sizeof(b));
		b.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
		b.memory = V4L2_MEMORY_MMAP;
		if (xioctl(v->fd, VIDIOC_DQBUF, &b) < 0) {
			if (have || errno == EAGAIN)
				break;
			return code_of_errno();
		}
		if (have && (r = queue(v, *index)) != 0)
			return r;
		if (b.index >= v->n)
			return ERR_SYS;
		have = true;
		*index = b.index;
		*len = b.bytesused <= v->map[b.index].len ? b.bytesused
							  : v->map[b.index].len;
	}
	return have ? 0 : ERR_AGAIN;
}

static int
v4l2_frame(void *source, int wait_ms, struct buf *picture)
{
	struct v4l2 *v = source;
	struct pollfd p = {.fd = v->fd, .events = POLLIN};
	uint32_t i = 0;
	size_t len = 0;
	int n, r, q;

	n = poll(&p, 1, wait_ms);
	if (n < 0 && errno != EINTR)
		return ERR_SYS;
	if (n <= 0)
		return ERR_TIMEOUT;
	r = dequeue(v, &i, &len);
	if (r == ERR_AGAIN)
		return (p.revents & (POLLERR | POLLHUP)) != 0 ? ERR_CLOSED
							      : ERR_TIMEOUT;
	if (r != 0)
		return r;
	r = v->format->step == 0 ? buf_put(picture, v->map[i].p, len)
				 : camera_pgm(picture, v->map[i].p, len, v->w,
				       v->h, v->stride, v->format->step);
	q = queue(v, i);
	/* One that came in half is followed by a whole one. */
	return r == ERR_RANGE ? ERR_TIMEOUT : r != 0 ? r : q;
}

/* All but the descriptor. */
static void
stop(struct v4l2 *v)
{
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

	(void)xioctl(v->fd, VIDIOC_STREAMOFF, &type);
	while (v->n > 0) {
		v->n--;
		munmap(v->map[v->n].p, v->map[v->n].len);
	}
}

static void
v4l2_free(void *source)
{
	struct v4l2 *v = source;

	stop(v);
	close(v->fd);
	free(v);
}

int
camera_v4l2_open(int fd, const struct camera_ops **ops, void **source)
{
	static const struct camera_ops v4l2_ops = {v4l2_frame, v4l2_free};
	struct v4l2 *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL)
		return ERR_NOMEM;
	v->fd = fd;
	r = can_capture(fd);
	if (r == 0)
		r = choose_format(v);
	if (r == 0)
		r = start(v);
	if (r != 0) {
		if (v->format != NULL)
			stop(v);
		free(v);
		return r;
	}
	*ops = &v4l2_ops;
	*source = v;
	return 0;
}

#else

int
camera_v4l2_open(int fd, const struct camera_ops **ops, void **source)
{
	(void)fd;
	(void)ops;
	(void)source;
	return ERR_FORMAT;
}

#endif
