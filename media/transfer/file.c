/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "media/transfer/file.h"

/* One chunk both ways; heap, as threads have small stacks. */
struct work {
	uint8_t plain[BLOB_CHUNK];
	uint8_t sealed[BLOB_CHUNK_MAX];
	media_progress_fn *fn;
	void *arg;
};

static struct work *
work_new(media_progress_fn *fn, void *arg)
{
	struct work *w = malloc(sizeof(*w));

	if (w != NULL) {
		w->fn = fn;
		w->arg = arg;
	}
	return w;
}

static void
work_free(struct work *w)
{
	if (w == NULL)
		return;
	sodium_memzero(w->plain, sizeof(w->plain));
	free(w);
}

static int
tell(const struct work *w, uint64_t done, uint64_t size)
{
	return w->fn == NULL || w->fn(w->arg, done, size) ? 0 : ERR_CLOSED;
}

/* ---- files -------------------------------------------------------------------- */

static int
code_of(int e)
{
	return e == ENOSPC || e == EDQUOT || e == EFBIG ? ERR_FULL : ERR_IO;
}

/* Exactly len bytes; ERR_RANGE: the file has fewer. */
static int
read_all(int fd, uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? ERR_IO : ERR_RANGE;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? code_of(errno) : ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
length_of(int fd, uint64_t *len)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return ERR_IO;
	*len = (uint64_t)st.st_size;
	return 0;
}

static int
sync_file(int fd)
{
	return fsync(fd) == 0 ? 0 : code_of(errno);
}

/* ---- sealing ------------------------------------------------------------------ */

static int
seal_chunks(
    struct work *w, struct blob_seal *s, int from, int to, uint64_t size)
{
	uint64_t done = 0;
	size_t want, len;
	int r = 0;

	while (r == 0) {
		want = blob_seal_wants(s);
		r = read_all(from, w->plain, want);
		if (r == 0)
			r = blob_seal_next(s, w->plain, w->sealed, &len);
		if (r == 0)
			r = write_all(to, w->sealed, len);
		done += want;
		if (r == 0)
			r = tell(w, done, size);
	}
	return r == ERR_NOTFOUND ? 0 : r; /* the last chunk was sealed */
}

/* One byte more than there was: somebody is writing to it. */
static int
check_end(int fd)
{
	uint8_t c;

	return read_all(fd, &c, 1) == ERR_RANGE ? 0 : ERR_RANGE;
}

static int
seal_into(
    struct work *w, int from, int to, uint64_t size, struct media_seal *out)
{
	uint8_t head[BLOB_HEAD_LEN];
	struct blob_seal *s = NULL;
	int r;

	r = blob_seal_new(&s, size, &blob_rng_system, &out->key, head);
	if (r == 0)
		r = write_all(to, head, sizeof(head));
	if (r == 0)
		r = seal_chunks(w, s, from, to, size);
	if (r == 0)
		r = check_end(from);
	if (r == 0)
		r = blob_seal_end(s, &out->digest);
	if (r == 0)
		r = sync_file(to);
	blob_seal_free(s);
	out->size = size;
	out->sealed_size = blob_sealed_size(size);
	return r;
}

int
media_seal_file(int from, const char *to, uint64_t max, media_progress_fn *fn,
    void *arg, struct media_seal *out)
{
	struct media_seal got;
	struct work *w;
	uint64_t size;
	int fd, r;

	r = length_of(from, &size);
	if (r != 0)
		return r;
	if (size > max || size > BLOB_SIZE_MAX)
		return ERR_RANGE;
	w = work_new(fn, arg);
	if (w == NULL)
		return ERR_NOMEM;
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		work_free(w);
		return errno == EEXIST ? ERR_EXISTS : code_of(errno);
	}
	r = seal_into(w, from, fd, size, &got);
	if (close(fd) != 0 && r == 0)
		r = ERR_IO;
	if (r == 0)
		*out = got;
	else
		(void)unlink(to);
	sodium_memzero(&got, sizeof(got));
	work_free(w);
	return r;
}

/* ---- opening ------------------------------------------------------------------ */

static int
check_digest(
    struct work *w, int from, uint64_t len, const struct blob_digest *want)
{
	struct blob_hash *h = NULL;
	struct blob_digest got;
	size_t n;
	int r;

	r = blob_hash_new(&h);
	for (; r == 0 && len > 0; len -= n) {
		n = len < sizeof(w->sealed) ? (size_t)len : sizeof(w->sealed);
		r = read_all(from, w->sealed, n);
		if (r == 0)
			r = blob_hash_add(h, w->sealed, n);
	}
	if (r == 0)
		r = blob_hash_end(h, &got);
	blob_hash_free(h);
	if (r == 0 && sodium_memcmp(got.b, want->b, sizeof(got.b)) != 0)
		r = ERR_AUTH;
	return r;
}

static int
open_chunks(struct work *w, struct blob_open *o, int from, int to)
{
	uint64_t i, at, done = 0;
	size_t len, n;
	int r = 0;

	for (i = 0; r == 0 && i < blob_open_chunks(o); i++) {
		blob_open_where(o, i, &at, &len);
		r = read_all(from, w->sealed, len);
		if (r == 0)
			r = blob_open_chunk(o, i, w->sealed, len, w->plain, &n);
		if (r == 0)
			r = write_all(to, w->plain, n);
		done += r == 0 ? n : 0;
		if (r == 0)
			r = tell(w, done, blob_open_size(o));
	}
	return r;
}

static int
open_from(struct work *w, int from, const struct media_seal *seal, int to)
{
	uint8_t head[BLOB_HEAD_LEN];
	struct blob_open *o = NULL;
	uint64_t len;
	int r;

	r = length_of(from, &len);
	if (r == 0 && (len != seal->sealed_size || len < BLOB_HEAD_LEN))
		r = ERR_RANGE;
	if (r == 0)
		r = check_digest(w, from, len, &seal->digest);
	if (r == 0 && lseek(from, 0, SEEK_SET) != 0)
		r = ERR_IO;
	if (r == 0)
		r = read_all(from, head, sizeof(head));
	if (r == 0)
		r = blob_open_new(&o, &seal->key, head, len);
	if (r == 0 && blob_open_size(o) != seal->size)
		r = ERR_RANGE;
	if (r == 0)
		r = open_chunks(w, o, from, to);
	if (r == 0)
		r = sync_file(to);
	blob_open_free(o);
	return r;
}

int
media_open_file(const char *from, const struct media_seal *seal, int to,
    media_progress_fn *fn, void *arg)
{
	struct work *w = work_new(fn, arg);
	int fd, r;

	if (w == NULL)
		return ERR_NOMEM;
	fd = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		work_free(w);
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	}
	r = open_from(w, fd, seal, to);
	close(fd);
	work_free(w);
	return r;
}
