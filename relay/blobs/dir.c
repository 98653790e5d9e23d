/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "relay/blobs/dir.h"
#include "relay/blobs/url.h"

#define TMP	  "tmp"
#define SYNC_AT	  ((uint64_t)32 << 20) /* bytes written, then to the disk */
#define PLACE_CAP (3 + BLOB_NAME_CAP) /* "ab/<name>", and its NUL */

struct blob_dir {
	int fd; /* of the folder */
	int tmp; /* of tmp/ in it */
};

struct blob_put {
	struct blob_dir *dir;
	struct blob_locator locator;
	int fd;
	uint64_t size, at, synced;
};

static int
code_of(int e)
{
	if (e == ENOSPC || e == EDQUOT || e == EFBIG)
		return ERR_FULL;
	return e == ENOMEM ? ERR_NOMEM : ERR_IO;
}

static void
place_of(const struct blob_locator *l, char out[static PLACE_CAP])
{
	char name[BLOB_NAME_CAP];

	blob_name(l, name);
	(void)snprintf(out, PLACE_CAP, "%.2s/%s", name, name);
}

/* ---- the folder --------------------------------------------------------------- */

static int
open_folder(int at, const char *path)
{
	if (mkdirat(at, path, 0700) != 0 && errno != EEXIST)
		return -1;
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
blob_dir_open(struct blob_dir **out, const char *path)
{
	struct blob_dir *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR_NOMEM;
	d->tmp = -1;
	d->fd = open_folder(AT_FDCWD, path);
	if (d->fd >= 0)
		d->tmp = open_folder(d->fd, TMP);
	if (d->tmp < 0) {
		blob_dir_close(d);
		return ERR_SYS;
	}
	*out = d;
	return 0;
}

void
blob_dir_close(struct blob_dir *d)
{
	int e = errno;

	if (d == NULL)
		return;
	if (d->tmp >= 0)
		close(d->tmp);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
	errno = e;
}

static int
size_at(int at, const char *path, uint64_t *size)
{
	struct stat st;

	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return ERR_IO;
	*size = (uint64_t)st.st_size;
	return 0;
}

int
blob_dir_look(struct blob_dir *d, const struct blob_locator *l, uint64_t *bytes,
    bool *whole)
{
	char place[PLACE_CAP];
	uint64_t n = 0;
	int r;

	place_of(l, place);
	r = size_at(d->fd, place, &n);
	*whole = r == 0;
	if (r == ERR_NOTFOUND)
		r = size_at(d->tmp, place + 3, &n);
	if (r == ERR_NOTFOUND)
		r = 0;
	*bytes = n;
	return r;
}

uint64_t
blob_dir_free_bytes(const struct blob_dir *d)
{
	struct statvfs st;

	if (fstatvfs(d->fd, &st) != 0)
		return UINT64_MAX;
	return (uint64_t)st.f_bavail * st.f_frsize;
}

/* ---- uploads ------------------------------------------------------------------ */

/* The file, locked; what is there already is *at. */
static int
open_part(struct blob_dir *d, const char *name, int *out, uint64_t *at)
{
	struct stat st;
	int fd, r = 0;

	fd = openat(
	    d->tmp, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return code_of(errno);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		r = errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO;
	else if (fstat(fd, &st) != 0)
		r = ERR_IO;
	/* Whoever had the lock may have moved it meanwhile. */
	else if (st.st_nlink == 0)
		r = ERR_BUSY;
	if (r != 0) {
		close(fd);
		return r;
	}
	*at = (uint64_t)st.st_size;
	*out = fd;
	return 0;
}

static int
check_begin(struct blob_dir *d, const struct blob_locator *l, uint64_t size,
    uint64_t offset, uint64_t *at)
{
	bool whole;
	int r = blob_dir_look(d, l, at, &whole);

	if (r == 0 && whole)
		return ERR_EXISTS;
	if (r == 0 && (*at != offset || offset > size))
		return ERR_RANGE;
	if (r == 0 && blob_dir_free_bytes(d) < size - offset)
		return ERR_FULL;
	return r;
}

int
blob_put_begin(struct blob_dir *d, const struct blob_locator *l, uint64_t size,
    uint64_t offset, struct blob_put **out, uint64_t *at)
{
	char name[BLOB_NAME_CAP];
	struct blob_put *p;
	int r;

	r = check_begin(d, l, size, offset, at);
	if (r != 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ERR_NOMEM;
	*p = (struct blob_put){.dir = d, .locator = *l, .fd = -1, .size = size};
	blob_name(l, name);
	r = open_part(d, name, &p->fd, at);
	if (r == 0 && (*at != offset || *at > size))
		r = ERR_RANGE;
	/* Not O_APPEND: what a full disk cut short is written over. */
	if (r == 0 && lseek(p->fd, (off_t)offset, SEEK_SET) < 0)
		r = ERR_IO;
	p->at = p->synced = offset;
	if (r == 0)
		*out = p;
	else
		blob_put_leave(p);
	return r;
}

static int
write_all(int fd, const uint8_t *p, size_t len, uint64_t *done)
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
		*done += (uint64_t)n;
	}
	return 0;
}

int
blob_put_write(struct blob_put *p, const void *data, size_t len)
{
	int r;

	if (len > p->size - p->at)
		return ERR_RANGE;
	r = write_all(p->fd, data, len, &p->at);
	/* Little by little, so that the end has little to wait for. */
	if (r == 0 && p->at - p->synced >= SYNC_AT) {
		p->synced = p->at;
		if (fdatasync(p->fd) != 0)
			r = code_of(errno);
	}
	return r;
}

static int
sync_folder(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd >= 0 && fsync(fd) == 0 ? 0 : ERR_IO;

	if (fd >= 0)
		close(fd);
	return r;
}

/* Where it is found from now on, whatever happens to the power. */
static int
move(struct blob_dir *d, const struct blob_locator *l)
{
	char place[PLACE_CAP], folder[3];

	place_of(l, place);
	(void)snprintf(folder, sizeof(folder), "%.2s", place);
	if (mkdirat(d->fd, folder, 0700) == 0) {
		if (fsync(d->fd) != 0)
			return code_of(errno);
	} else if (errno != EEXIST) {
		return code_of(errno);
	}
	if (renameat(d->tmp, place + 3, d->fd, place) != 0)
		return code_of(errno);
	return sync_folder(d->fd, folder);
}

int
blob_put_end(struct blob_put *p, bool *whole, uint64_t *at)
{
	int r = 0;

	*at = p->at;
	*whole = p->at == p->size;
	if (fsync(p->fd) != 0)
		r = code_of(errno);
	if (r == 0 && *whole)
		r = move(p->dir, &p->locator);
	blob_put_leave(p);
	return r;
}

void
blob_put_leave(struct blob_put *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd); /* and with it the lock */
	free(p);
}

/* ---- the rest ----------------------------------------------------------------- */

int
blob_dir_read(
    struct blob_dir *d, const struct blob_locator *l, int *fd, uint64_t *size)
{
	char place[PLACE_CAP];
	struct stat st;
	int f;

	place_of(l, place);
	f = openat(d->fd, place, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (f < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	if (fstat(f, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(f);
		return ERR_IO;
	}
	*fd = f;
	*size = (uint64_t)st.st_size;
	return 0;
}

int
blob_dir_remove(struct blob_dir *d, const struct blob_locator *l)
{
	char place[PLACE_CAP];
	int r = 0;

	place_of(l, place);
	if (unlinkat(d->fd, place, 0) != 0 && errno != ENOENT)
		r = ERR_IO;
	if (unlinkat(d->tmp, place + 3, 0) != 0 && errno != ENOENT)
		r = ERR_IO;
	return r;
}

struct walk {
	uint64_t before_s;
	void (*fn)(void *arg, const struct blob_locator *l);
	void *arg;
};

static void
walk_entry(const struct walk *w, int at, const char *name)
{
	struct blob_locator l;
	struct stat st;

	if (blob_name_read(name, &l) == 0 &&
	    fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (uint64_t)st.st_mtime < w->before_s)
		w->fn(w->arg, &l);
}

static int
walk_folder(struct blob_dir *d, const char *folder, const struct walk *w)
{
	int fd = openat(d->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : ERR_IO;
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return ERR_IO;
	}
	while ((e = readdir(dir)) != NULL)
		walk_entry(w, fd, e->d_name);
	closedir(dir);
	return 0;
}

int
blob_dir_walk(struct blob_dir *d, uint64_t before_s,
    void (*fn)(void *arg, const struct blob_locator *l), void *arg)
{
	const struct walk w = {before_s, fn, arg};
	char folder[3];
	unsigned i;
	int r;

	r = walk_folder(d, TMP, &w);
	for (i = 0; r == 0 && i < 256; i++) {
		(void)snprintf(folder, sizeof(folder), "%02x", i);
		r = walk_folder(d, folder, &w);
	}
	return r;
}
