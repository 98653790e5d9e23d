/* SPDX-License-Identifier: GPL-3.0-or-later */
/* camera_y4m.c — a recording as a source: YUV4MPEG2, whose brightness comes
 * first in each frame. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/camera_int.h"

#define MAGIC	 "YUV4MPEG2 "
#define LINE_CAP 256

struct y4m {
	FILE *in;
	uint32_t w, h;
	size_t luma, rest; /* bytes of a frame */
	uint8_t *p; /* one frame's luma */
};

/* Bytes of colour for each picture of w x h. */
static size_t
colour_bytes(const char *kind, size_t w, size_t h)
{
	if (strncmp(kind, "mono", 4) == 0)
		return 0;
	if (strncmp(kind, "444", 3) == 0)
		return 2 * w * h;
	if (strncmp(kind, "422", 3) == 0)
		return 2 * ((w + 1) / 2) * h;
	return 2 * ((w + 1) / 2) * ((h + 1) / 2);
}

static bool
number(const char *s, uint32_t *n)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	*n = v <= CAMERA_SIDE_MAX ? (uint32_t)v : 0;
	return end != s && v > 0;
}

/* "W640 H480 F30:1 C420jpeg"; deeper samples than of 8 bits are refused. */
static int
read_head(struct y4m *y)
{
	char line[LINE_CAP], *word, *rest;
	const char *kind = "420";

	if (fgets(line, sizeof(line), y->in) == NULL ||
	    strncmp(line, MAGIC, strlen(MAGIC)) != 0 ||
	    strchr(line, '\n') == NULL)
		return ERR_FORMAT;
	rest = line + strlen(MAGIC);
	while ((word = strsep(&rest, " \n")) != NULL) {
		if ((word[0] == 'W' && !number(word + 1, &y->w)) ||
		    (word[0] == 'H' && !number(word + 1, &y->h)))
			return ERR_FORMAT;
		if (word[0] == 'C')
			kind = word + 1;
	}
	if (strchr(kind, 'p') != NULL && strstr(kind, "jpeg") == NULL &&
	    strstr(kind, "paldv") == NULL && strstr(kind, "mpeg2") == NULL)
		return ERR_FORMAT; /* 420p10 */
	if (y->w == 0 || y->h == 0)
		return ERR_RANGE;
	y->luma = (size_t)y->w * y->h;
	y->rest = colour_bytes(kind, y->w, y->h);
	return 0;
}

static bool
skip(FILE *in, size_t n)
{
	uint8_t part[4096];
	size_t k;

	for (; n > 0; n -= k) {
		k = n < sizeof(part) ? n : sizeof(part);
		if (fread(part, 1, k, in) != k)
			return false;
	}
	return true;
}

static int
y4m_frame(void *source, int wait_ms, struct buf *picture)
{
	struct y4m *y = source;
	char line[LINE_CAP];

	(void)wait_ms;
	if (fgets(line, sizeof(line), y->in) == NULL)
		return ERR_CLOSED;
	if (strncmp(line, "FRAME", 5) != 0 || strchr(line, '\n') == NULL ||
	    fread(y->p, 1, y->luma, y->in) != y->luma || !skip(y->in, y->rest))
		return ERR_FORMAT;
	return camera_pgm(picture, y->p, y->luma, y->w, y->h, y->w, 1);
}

static void
y4m_free(void *source)
{
	struct y4m *y = source;

	fclose(y->in);
	free(y->p);
	free(y);
}

int
camera_y4m_open(int fd, const struct camera_ops **ops, void **source)
{
	static const struct camera_ops y4m_ops = {y4m_frame, y4m_free};
	struct y4m *y = calloc(1, sizeof(*y));
	int r = 0, own = -1;

	if (y == NULL)
		return ERR_NOMEM;
	/* The caller closes its own where this fails. */
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	y->in = own >= 0 ? fdopen(own, "rb") : NULL;
	if (y->in == NULL) {
		if (own >= 0)
			close(own);
		free(y);
		return ERR_SYS;
	}
	r = read_head(y);
	if (r == 0 && (y->p = malloc(y->luma)) == NULL)
		r = ERR_NOMEM;
	if (r != 0) {
		y4m_free(y);
		return r;
	}
	close(fd);
	*ops = &y4m_ops;
	*source = y;
	return 0;
}
