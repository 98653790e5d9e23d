/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c — sotto-still: started by sotto, with one socket as descriptor 0, for
 * one picture out of one video. media/still_int.h says what is spoken.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "media/preview/sandbox.h"
#include "media/still.h"
#include "media/still/video.h"
#include "media/still_int.h"
#include "media/stream.h"

/* FFmpeg brings a hundred libraries; all of them are mapped. */
#define MEMORY_BYTES (1536ull * 1024 * 1024)

static int
read_part(void *ctx, uint64_t at, uint8_t *p, size_t len)
{
	uint8_t ask[1 + STILL_READ_LEN] = {STILL_READ}, be[4];
	size_t n;
	int r = 0;

	(void)ctx;
	for (; r == 0 && len > 0; p += n, at += n, len -= n) {
		n = len < STILL_READ_MAX ? len : STILL_READ_MAX;
		put_be64(ask + 1, at);
		put_be32(ask + 9, (uint32_t)n);
		r = stream_write(0, ask, sizeof(ask));
		if (r == 0)
			r = stream_read(0, be, sizeof(be));
		if (r == 0 && get_be32(be) != n)
			r = ERR_IO;
		if (r == 0)
			r = stream_read(0, p, n);
	}
	return r;
}

static int
answer(int code, const struct video_still *s)
{
	uint8_t head[1 + STILL_ANSWER_LEN] = {STILL_ANSWER};
	int r;

	put_be32(head + 1, (uint32_t)-code);
	put_be32(head + 5, s->duration_ms);
	put_be32(head + 9, s->video_w);
	put_be32(head + 13, s->video_h);
	put_be32(head + 17, s->w);
	put_be32(head + 21, s->h);
	r = stream_write(0, head, sizeof(head));
	if (r == 0 && code == 0)
		r = stream_write(0, s->rgb, 3 * (size_t)s->w * s->h);
	return r;
}

static int
serve(void)
{
	struct video_source source = {.read = read_part};
	struct video_still s = {0};
	uint8_t head[STILL_HEAD_LEN];
	int r = stream_read(0, head, sizeof(head));

	if (r != 0)
		return r;
	source.size = get_be64(head);
	return answer(video_still(&source, (int)get_be32(head + 8), &s), &s);
}

int
main(int argc, char **argv)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("sotto-still %s\n", SOTTO_VERSION) < 0;
	if (argc != 1 || getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
		fputs(
		    "sotto-still is started by sotto, not by people\n", stderr);
		return 2;
	}
	video_warm_up();
	if (sandbox_enter(MEMORY_BYTES) != 0)
		return 3;
	/* Without what exit() does: it would need more system calls. */
	_exit(serve() == 0 ? 0 : 1);
}
