/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_prepare.c — a file becomes what is sent: without what a picture tells
 * besides itself, with its small picture or its waveform, sealed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "media/preview.h"
#include "media/stream.h"
#include "tui/engine/media_int.h"

#define CANNOT_STRIP                                                           \
	"What this picture tells besides itself (where it was taken, say) "    \
	"cannot be removed. Send it as it is, as the original, or not at all."
#define TOO_LARGE_TO_STRIP                                                     \
	"A picture of more than 32 MiB cannot be rid of what it tells "        \
	"besides itself. Send it as it is, as the original, or not at all."
#define NO_ANSWER   "The program that reads pictures did not answer. Try again."
#define SOURCE_GONE "The file is not there any more."

/* ---- on a thread of the pool ------------------------------------------------------ */

static int
say(struct media_task *t, int r, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s", why);
	return r;
}

static int
read_file(int fd, struct buf *b)
{
	struct stat st;
	size_t want;
	int r;

	if (fstat(fd, &st) != 0 || st.st_size <= 0 ||
	    st.st_size > PREVIEW_FILE_MAX)
		return ERR_RANGE;
	want = (size_t)st.st_size;
	r = buf_reserve(b, want);
	if (r == 0)
		r = stream_read_at(fd, 0, b->p, want);
	if (r == 0)
		b->len = want;
	return r;
}

/* Bytes as a file that is on no disk. */
static int
memory_file(const uint8_t *p, size_t len)
{
	int fd = memfd_create("sotto", MFD_CLOEXEC);
	size_t at = 0;
	ssize_t n;

	while (fd >= 0 && at < len) {
		n = pwrite(fd, p + at, len - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	return fd;
}

static bool
looks_like_picture(const struct buf *b)
{
	static const struct {
		const char *magic;
		size_t at, len;
	} known[] = {
	    {"\xff\xd8\xff", 0, 3}, /* JPEG */
	    {"\x89PNG\r\n\x1a\n", 0, 8},
	    {"GIF8", 0, 4},
	    {"WEBP", 8, 4},
	    {"ftypheic", 4, 8},
	    {"ftypavif", 4, 8},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (b->len >= known[i].at + known[i].len &&
		    memcmp(b->p + known[i].at, known[i].magic, known[i].len) ==
			0)
			return true;
	return false;
}

/* *fd: what is sealed in place of the file. */
static int
strip(struct media_task *t, const struct buf *b, int *fd)
{
	struct preview_ask q = {
	    .what = PREVIEW_STRIP, .file = b->p, .len = b->len};
	struct preview_answer a = {.data = NULL};
	int r = preview_run(&q, &a);

	if (r != 0)
		return say(t, r,
		    r == ERR_FORMAT || r == ERR_RANGE ? CANNOT_STRIP
						      : NO_ANSWER);
	close(*fd);
	*fd = memory_file(a.data, a.len);
	preview_answer_clear(&a);
	return *fd < 0 ? ERR_SYS : 0;
}

static int
picture(struct media_task *t, const struct buf *b, int *fd)
{
	int r = 0;

	if ((t->row.flags & STORE_MEDIA_ORIGINAL) == 0)
		r = strip(t, b, fd);
	if (r == 0 && t->row.kind == MEDIA_KIND_PHOTO)
		media_add_tiny(t, b->p, b->len);
	return r;
}

static int
sound(struct media_task *t, const struct buf *b)
{
	struct preview_ask q = {
	    .what = PREVIEW_SOUND, .file = b->p, .len = b->len};
	struct preview_answer a = {.data = NULL};
	int r = preview_run(&q, &a);

	if (r != 0)
		return t->row.kind == MEDIA_KIND_VOICE
			   ? say(t, r, "That is no voice note (Ogg Opus).")
			   : 0;
	t->row.duration_ms = a.duration_ms;
	t->row.has_bars = t->row.kind == MEDIA_KIND_VOICE;
	memcpy(t->row.bars, a.bars, sizeof(t->row.bars));
	preview_answer_clear(&a);
	return 0;
}

/* What it is, and what it must not tell. */
static int
look(struct media_task *t, int *fd)
{
	const bool photo = strncmp(t->row.mime, "image/", 6) == 0;
	struct buf b;
	int r;

	buf_init(&b, PREVIEW_FILE_MAX);
	r = read_file(*fd, &b);
	if (r == ERR_RANGE) /* empty, or large */
		r = photo && t->row.size > 0 &&
			    (t->row.flags & STORE_MEDIA_ORIGINAL) == 0
			? say(t, ERR_RANGE, TOO_LARGE_TO_STRIP)
			: 0;
	else if (r == 0 && (photo || looks_like_picture(&b)))
		r = picture(t, &b, fd);
	else if (r == 0 && (t->row.kind == MEDIA_KIND_VOICE ||
			       t->row.kind == MEDIA_KIND_AUDIO))
		r = sound(t, &b);
	if (r == 0 && t->row.kind == MEDIA_KIND_VIDEO)
		media_add_still(t, *fd);
	if (b.p != NULL)
		sodium_memzero(b.p, b.len);
	buf_clear(&b);
	return r;
}

static bool
goes_on(void *arg, uint64_t done, uint64_t size)
{
	struct media_task *t = arg;

	(void)done;
	(void)size;
	return !atomic_load(&t->stop);
}

static int
seal(struct media_task *t, int fd)
{
	struct media_seal s;
	int r;

	(void)unlink(t->to); /* of a try that a crash has ended */
	r = media_seal_file(fd, t->to, BLOB_SIZE_MAX, goes_on, t, &s);
	if (r != 0)
		return r;
	memcpy(t->row.key, s.key.b, sizeof(t->row.key));
	memcpy(t->row.digest, s.digest.b, sizeof(t->row.digest));
	t->row.size = s.size;
	t->row.sealed_size = s.sealed_size;
	sodium_memzero(&s, sizeof(s));
	return 0;
}

/* Sealed anew: nobody sees that two chats have the same. It passes through a
 * file without a name, in the private folder. */
static int
open_other(struct media_task *t)
{
	struct media_seal s = {
	    .size = t->other.size, .sealed_size = t->other.sealed_size};
	char name[PATH_MAX];
	int fd = -1, r;

	memcpy(s.key.b, t->other.key, sizeof(s.key.b));
	memcpy(s.digest.b, t->other.digest, sizeof(s.digest.b));
	if (s.size <= PREVIEW_FILE_MAX) {
		fd = memfd_create("sotto", MFD_CLOEXEC);
	} else if (snprintf(name, sizeof(name), "%.*s.open", PATH_MAX - 8,
		       t->to) < PATH_MAX) {
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		(void)unlink(name);
	}
	if (fd < 0)
		return -1;
	r = media_open_file(t->from, &s, fd, goes_on, t);
	sodium_memzero(&s, sizeof(s));
	if (r != 0 || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void
media_prepare_run(struct media_task *t)
{
	int fd =
	    t->forward ? open_other(t) : open(t->from, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		t->r = say(t, ERR_NOTFOUND, SOURCE_GONE);
		return;
	}
	t->r = t->forward ? 0 : look(t, &fd);
	if (t->r == 0)
		t->r = seal(t, fd);
	if (fd >= 0)
		close(fd);
}

/* ---- on the engine's --------------------------------------------------------------- */

static void
fail(struct engine *e, struct store_media *row, const char *why)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, media_fail(e, row, STORE_MEDIA_FAILED, why));
	if (r != 0 && r != ERR_NOTFOUND)
		media_kick(e);
}

/* A row that came from another message: its file is the source. */
static bool
find_source(struct engine *e, struct media_task *t, const char *source)
{
	int64_t id;

	if (source[0] != '=') {
		snprintf(t->from, sizeof(t->from), "%s", source);
		return true;
	}
	id = strtoll(source + 1, NULL, 10);
	if (store_media_get(e->store, id, &t->other) != 0 ||
	    t->other.state != STORE_MEDIA_HERE)
		return false;
	t->forward = true;
	media_path(e->media, t->other.file, false, t->from);
	return true;
}

void
media_prepare_start(struct engine *e, struct store_media *row)
{
	struct media_task *t = media_task_new(TASK_PREPARE, row->message);

	if (t == NULL)
		return;
	t->row = *row;
	media_path(e->media, row->file, false, t->to);
	if (!find_source(e, t, row->source)) {
		fail(e, row, SOURCE_GONE);
		media_task_free(t);
		return;
	}
	media_task_start(e, t);
}

static const char *
words_of(const struct media_task *t)
{
	return t->why[0] != '\0'   ? t->why
	       : t->r == ERR_FULL  ? "There is no room on this disk."
	       : t->r == ERR_RANGE ? "The file changed while it was read."
	       : t->r == ERR_IO	   ? "The file cannot be read."
				   : err_str(t->r);
}

void
media_prepare_done(struct media_task *t)
{
	struct engine *e = t->e;
	struct store_media now;
	int r = store_media_get(e->store, t->message, &now);

	if (r != 0 || now.state != STORE_MEDIA_PREPARED) {
		(void)unlink(t->to); /* it was deleted meanwhile */
		return;
	}
	if (t->r != 0) {
		fail(e, &now, words_of(t));
		return;
	}
	t->row.flags = now.flags | STORE_MEDIA_SEALED;
	t->row.state = STORE_MEDIA_SENT;
	if ((now.flags & STORE_MEDIA_DISCARD) == 0)
		t->row.source[0] = '\0';
	if (media_save_now(e, &t->row) != 0)
		(void)unlink(t->to);
	sodium_memzero(&now, sizeof(now));
	media_kick(e);
}
