/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/camera_int.h"

#define DEVICES_MAX 64 /* /dev/video0 to 63 */

struct camera {
	const struct camera_ops *ops;
	void *source;
};

const char *
camera_sentence(int code)
{
	static const struct {
		int code;
		const char *words;
	} rows[] = {
	    {ERR_NOTFOUND, "there is no camera"},
	    {ERR_DENIED, "this user may not use the camera"},
	    {ERR_BUSY, "another program uses the camera"},
	    {ERR_FORMAT, "this is no camera that can be used"},
	    {ERR_RANGE, "the camera's pictures are too large"},
	    {ERR_TIMEOUT, "no picture comes from the camera"},
	    {ERR_CLOSED, "the camera is gone, or the recording has ended"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return rows[i].words;
	return err_str(code);
}

int
camera_pgm(struct buf *out, const uint8_t *p, size_t len, uint32_t w,
    uint32_t h, size_t stride, size_t step)
{
	uint32_t x, y;
	uint8_t *to;
	int r;

	if (w < 1 || h < 1 || w > CAMERA_SIDE_MAX || h > CAMERA_SIDE_MAX ||
	    step < 1 || stride > len || stride < (w - 1) * step + 1 ||
	    len < (h - 1) * stride + (w - 1) * step + 1)
		return ERR_RANGE;
	r = buf_printf(out, "P5\n%u %u\n255\n", w, h);
	if (r == 0)
		r = buf_reserve(out, (size_t)w * h);
	if (r != 0)
		return r;
	to = out->p + out->len;
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			*to++ = p[y * stride + x * step];
	out->len += (size_t)w * h;
	return 0;
}

static int
code_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ENOTDIR:
		return ERR_NOTFOUND;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	case EBUSY:
		return ERR_BUSY;
	default:
		return ERR_SYS;
	}
}

/* Nothing that merely has such a name is waited for. */
static int
open_one(struct camera *c, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	struct stat st;

	if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EISDIR))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return code_of_errno();
	if (fstat(fd, &st) != 0)
		r = ERR_SYS;
	else if (S_ISCHR(st.st_mode))
		r = camera_v4l2_open(fd, &c->ops, &c->source);
	else if (S_ISREG(st.st_mode))
		r = camera_y4m_open(fd, &c->ops, &c->source);
	else
		r = ERR_FORMAT;
	if (r != 0)
		close(fd);
	return r;
}

/* Cameras have further devices that give no pictures: those are passed over,
 * and what is wrong with a real one is what is told. */
static int
open_first(struct camera *c)
{
	int i, r, why = ERR_NOTFOUND;
	char path[32];

	for (i = 0; i < DEVICES_MAX; i++) {
		snprintf(path, sizeof(path), "/dev/video%d", i);
		r = open_one(c, path);
		if (r == 0)
			return 0;
		if (r != ERR_NOTFOUND && r != ERR_FORMAT)
			why = r;
	}
	return why;
}

int
camera_open(struct camera **out, const char *source)
{
	struct camera *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return ERR_NOMEM;
	r = source == NULL || source[0] == '\0' ? open_first(c)
						: open_one(c, source);
	if (r != 0)
		free(c);
	else
		*out = c;
	return r;
}

int
camera_frame(struct camera *c, int wait_ms, struct buf *picture)
{
	buf_reset(picture);
	return c->ops->frame(c->source, wait_ms, picture);
}

void
camera_free(struct camera *c)
{
	if (c == NULL)
		return;
	c->ops->free(c->source);
	free(c);
}
