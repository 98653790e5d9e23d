/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_still.c — how a picture or a video looks while it is not here yet. Both
 * are asked of children, which may take seconds: not on the engine's thread. */
#include <string.h>
#include <sys/stat.h>

#include "media/preview.h"
#include "media/still.h"
#include "media/stream.h"
#include "media/tiny.h"
#include "tui/engine/media_int.h"

#define STILL_SIDE (4 * TINY_SIDE_MAX) /* pixels, to be made smaller */

void
media_add_tiny(struct media_task *t, const uint8_t *p, size_t len)
{
	struct preview_ask q = {.what = PREVIEW_TINY, .file = p, .len = len};
	struct preview_answer a = {.data = NULL};

	if (preview_run(&q, &a) != 0)
		return;
	t->row.width = a.width;
	t->row.height = a.height;
	if (a.len <= sizeof(t->row.tiny)) {
		memcpy(t->row.tiny, a.data, a.len);
		t->row.tiny_len = a.len;
	}
	preview_answer_clear(&a);
}

struct video {
	struct media_task *t;
	int fd;
};

static int
read_part(void *ctx, uint64_t at, uint8_t *p, size_t len)
{
	const struct video *v = ctx;

	return atomic_load(&v->t->stop) ? ERR_CLOSED
					: stream_read_at(v->fd, at, p, len);
}

void
media_add_still(struct media_task *t, int fd)
{
	struct video v = {.t = t, .fd = fd};
	struct still_source source = {.read = read_part, .ctx = &v};
	struct still s = {.picture = NULL};
	struct stat st;

	if (fstat(fd, &st) != 0 || st.st_size <= 0)
		return;
	source.size = (uint64_t)st.st_size;
	if (still_run(&source, STILL_SIDE, &s) != 0)
		return;
	media_add_tiny(t, s.picture, s.len);
	/* the video's, not those of its picture */
	t->row.width = s.width;
	t->row.height = s.height;
	t->row.duration_ms = s.duration_ms;
	still_clear(&s);
}
