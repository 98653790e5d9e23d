/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/still.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "media/child.h"
#include "media/still_int.h"

#define PROGRAM	   "sotto-still"
#define SIDE_MIN   16
#define ERRORS_MAX 64 /* -code of an answer */

static const char *program_override;
static int timeout_override;

void
still_override(const char *program, int timeout_ms)
{
	program_override = program;
	timeout_override = timeout_ms;
}

void
still_clear(struct still *s)
{
	free(s->picture);
	*s = (struct still){0};
}

/* A part of the video, if it is one and not too much by now. */
static int
give(const struct child *c, const struct still_source *source, uint64_t *given)
{
	uint8_t ask[STILL_READ_LEN], be[4], *part;
	uint64_t at;
	uint32_t len;
	int r = child_read(c, ask, sizeof(ask));

	if (r != 0)
		return r;
	at = get_be64(ask);
	len = get_be32(ask + 8);
	*given += len;
	if (len == 0 || len > STILL_READ_MAX || at >= source->size ||
	    len > source->size - at)
		return ERR_CLOSED;
	if (*given > STILL_READS_MAX)
		return ERR_FORMAT;
	part = malloc(len);
	if (part == NULL)
		return ERR_NOMEM;
	r = source->read(source->ctx, at, part, len);
	put_be32(be, len);
	if (r == 0)
		r = child_write(c, be, sizeof(be));
	if (r == 0)
		r = child_write(c, part, len);
	free(part);
	return r;
}

static int
code_of(uint32_t minus)
{
	switch (-(int)(minus < ERRORS_MAX ? minus : 0)) {
	case ERR_FORMAT:
		return ERR_FORMAT;
	case ERR_RANGE:
		return ERR_RANGE;
	case ERR_NOMEM:
		return ERR_NOMEM;
	default:
		return ERR_CLOSED;
	}
}

/* The picture, as a file; what is said of it is believed within bounds. */
static int
take(const struct child *c, int side, struct still *out)
{
	uint8_t head[STILL_ANSWER_LEN];
	struct still s = {0};
	uint32_t w, h;
	int n, r = child_read(c, head, sizeof(head));

	if (r != 0)
		return r;
	if (get_be32(head) != 0)
		return code_of(get_be32(head));
	s.duration_ms = get_be32(head + 4);
	s.width = get_be32(head + 8);
	s.height = get_be32(head + 12);
	w = get_be32(head + 16);
	h = get_be32(head + 20);
	if (s.width == 0 || s.height == 0 || s.width > STILL_VIDEO_SIDE ||
	    s.height > STILL_VIDEO_SIDE || w == 0 || h == 0 ||
	    w > (uint32_t)side || h > (uint32_t)side)
		return ERR_CLOSED;
	s.len = 3 * (size_t)w * h;
	s.picture = malloc(32 + s.len);
	if (s.picture == NULL)
		return ERR_NOMEM;
	n = snprintf((char *)s.picture, 32, "P6\n%u %u\n255\n", w, h);
	r = child_read(c, s.picture + n, s.len);
	s.len += (size_t)n;
	if (r == 0)
		*out = s;
	else
		still_clear(&s);
	return r;
}

static int
converse(const struct child *c, const struct still_source *source, int side,
    struct still *out)
{
	uint8_t head[STILL_HEAD_LEN], what;
	uint64_t given = 0;
	int r;

	put_be64(head, source->size);
	put_be32(head + 8, (uint32_t)side);
	r = child_write(c, head, sizeof(head));
	while (r == 0 && (r = child_read(c, &what, 1)) == 0) {
		if (what == STILL_ANSWER)
			return take(c, side, out);
		r = what == STILL_READ ? give(c, source, &given) : ERR_CLOSED;
	}
	return r;
}

int
still_run(const struct still_source *source, int side, struct still *out)
{
	struct child c;
	int r;

	if (side < SIDE_MIN || side > STILL_SIDE_MAX || source->size == 0 ||
	    source->size > INT64_MAX)
		return ERR_RANGE;
	r = child_open(&c, program_override, PROGRAM,
	    timeout_override > 0 ? timeout_override : STILL_TIMEOUT_MS);
	if (r != 0)
		return r;
	r = converse(&c, source, side, out);
	child_close(&c);
	return r;
}
