/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vfs_probe.c — does this key open what is on disk? Asked under the profile's
 * lock before SQLite sees the files; reads only, and never through SQLite.
 */
#include "tui/store/vfs_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"

#define PROBE_MAX 64 /* pages, frames or records to try */
#define COPY_STEP 65536

struct probe {
	struct vfs_keys *keys; /* sodium_malloc */
	uint8_t frame[SEALED_FRAME];
};

/* 0 all n bytes are there; ERR_NOTFOUND fewer; ERR_IO. */
static int
read_at(int fd, void *p, size_t n, off_t off)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k =
		    pread(fd, (char *)p + got, n - got, off + (off_t)got);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return ERR_IO;
		if (k == 0)
			return ERR_NOTFOUND;
		got += (size_t)k;
	}
	return 0;
}

static int
open_suffixed(const char *path, const char *suffix, int flags, int *fd)
{
	char *name;
	int n = asprintf(&name, "%s%s", path, suffix);

	if (n < 0)
		return ERR_NOMEM;
	*fd = open(name, flags | O_CLOEXEC, 0600);
	free(name);
	if (*fd >= 0)
		return 0;
	return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
}

/* The three ways to try one piece: 0 it opened, ERR_AUTH, ERR_NOTFOUND the
 * file ends, ERR_IO. */
typedef int try_fn(struct probe *p, int fd, uint32_t i);

static int
try_page(struct probe *p, int fd, uint32_t i)
{
	int r = read_at(fd, p->frame, VFS_PAGE, (off_t)i * VFS_PAGE);

	return r != 0 ? r : page_unseal(p->frame, i + 1, p->keys);
}

static int
try_record(struct probe *p, int fd, uint32_t i)
{
	uint8_t *page = p->frame + 4;
	struct seal_ad ad;
	int r;

	r = read_at(
	    fd, p->frame, 4 + VFS_PAGE, JOURNAL_HEADER + (off_t)i * RECORD);
	if (r != 0)
		return r;
	ad = ad_page(ROLE_RECORD, get_be32(p->frame), p->keys->salt);
	return unseal(page, page, PAGE_TEXT, &ad, p->keys->journal);
}

static int
try_frame(struct probe *p, int fd, uint32_t i)
{
	uint8_t *page = p->frame + SEALED_HEADER;
	uint8_t head[WAL_HEADER];
	struct seal_ad ad;
	int r;

	r = read_at(fd, head, sizeof(head), 0);
	if (r == 0)
		r = read_at(fd, p->frame, SEALED_FRAME,
		    WAL_HEADER + (off_t)i * SEALED_FRAME);
	if (r != 0)
		return r;
	ad = ad_frame(ROLE_FRAME_HEADER, i, head + 16);
	r = unseal(p->frame, p->frame, FRAME_HEADER, &ad, p->keys->wal);
	if (r != 0)
		return r;
	ad = ad_frame(ROLE_FRAME_PAGE, i, head + 16);
	return unseal(page, page, PAGE_TEXT, &ad, p->keys->wal);
}

/* 0 one of the first pieces opened; ERR_NOTFOUND none; ERR_IO, ERR_NOMEM. */
static int
try_file(struct probe *p, const char *path, const char *suffix, try_fn *try)
{
	int fd = -1;
	int r = open_suffixed(path, suffix, O_RDONLY, &fd);

	for (uint32_t i = 0; r == 0 && i < PROBE_MAX; i++) {
		r = try(p, fd, i);
		if (r == 0)
			goto out;
		if (r == ERR_AUTH)
			r = 0;
	}
	if (r == 0)
		r = ERR_NOTFOUND;
out:
	if (fd >= 0)
		close(fd);
	return r;
}

static int
probe_new(
    const char *path, const uint8_t key[static VFS_KEY_LEN], struct probe **out)
{
	struct probe *p = NULL;
	uint8_t salt[SALT_LEN];
	int fd = -1;
	int r;

	r = open_suffixed(path, "", O_RDONLY, &fd);
	if (r == 0)
		r = read_at(fd, salt, sizeof(salt), 0);
	if (fd >= 0)
		close(fd);
	if (r != 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ERR_NOMEM;
	p->keys = sodium_malloc(sizeof(*p->keys));
	if (p->keys == NULL) {
		free(p);
		return ERR_NOMEM;
	}
	memcpy(p->keys->store, key, VFS_KEY_LEN);
	keys_derive(p->keys, salt);
	*out = p;
	return 0;
}

static void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	sodium_free(p->keys);
	sodium_memzero(p->frame, sizeof(p->frame));
	free(p);
}

int
vfs_probe(const char *path, const uint8_t key[static VFS_KEY_LEN])
{
	static const struct {
		const char *suffix;
		try_fn *try;
	} kinds[] = {
	    {"", try_page}, {"-wal", try_frame}, {"-journal", try_record}};
	struct probe *p = NULL;
	int r;

	if (sodium_init() < 0)
		return ERR_INTERNAL;
	r = probe_new(path, key, &p);
	if (r != 0)
		return r;
	r = ERR_NOTFOUND;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && r == ERR_NOTFOUND; i++)
		r = try_file(p, path, kinds[i].suffix, kinds[i].try);
	probe_free(p);
	return r == ERR_NOTFOUND ? ERR_AUTH : r;
}

/* ---- a log that SQLite would cut -------------------------------------------------- */

static int
copy_all(int from, int to)
{
	uint8_t *p = malloc(COPY_STEP);
	ssize_t n = 1;
	int r = 0;

	if (p == NULL)
		return ERR_NOMEM;
	for (off_t at = 0; r == 0 && n > 0; at += n) {
		n = pread(from, p, COPY_STEP, at);
		if (n < 0 || (n > 0 && write(to, p, (size_t)n) != n))
			r = ERR_IO;
	}
	if (r == 0 && fsync(to) != 0)
		r = ERR_IO;
	free(p);
	return r;
}

/* Is there a whole frame that does not open? */
static int
wal_is_bad(struct probe *p, int fd, bool *bad)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < UINT32_MAX; i++)
		r = try_frame(p, fd, i);
	*bad = r == ERR_AUTH;
	return r == ERR_AUTH || r == ERR_NOTFOUND ? 0 : r;
}

int
vfs_keep_bad_wal(const char *path, const uint8_t key[static VFS_KEY_LEN])
{
	struct probe *p = NULL;
	int from = -1, to = -1;
	bool bad = false;
	int r;

	r = open_suffixed(path, "-wal", O_RDONLY, &from);
	if (r == ERR_NOTFOUND)
		return 0;
	if (r == 0)
		r = probe_new(path, key, &p);
	if (r == 0)
		r = wal_is_bad(p, from, &bad);
	if (r == 0 && bad) {
		r = open_suffixed(path, "-wal.kept",
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, &to);
		if (r == 0)
			r = copy_all(from, to);
	}
	probe_free(p);
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) != 0 && r == 0)
		r = ERR_IO;
	return r == 0 && bad ? 1 : r;
}
