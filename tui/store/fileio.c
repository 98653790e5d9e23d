/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fileio.c — small files read whole and replaced in one step. */
#include "tui/store/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *p = malloc(n);

	if (p != NULL)
		snprintf(p, n, "%s/%s", dir, name);
	return p;
}

static void
close_quietly(int fd)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
}

/* All of a file into p, which has room for cap; *len says how much it was. */
static int
read_fd(int fd, uint8_t *p, size_t cap, size_t *len)
{
	size_t got = 0;
	ssize_t n = 1;

	while (got < cap && n != 0) {
		n = read(fd, p + got, cap - got);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return ERR_SYS;
		else
			got += (size_t)n;
	}
	*len = got;
	return 0;
}

int
file_read(const char *path, size_t max, uint8_t **p, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *all;
	size_t n = 0;
	int r;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	all = malloc(max + 1);
	r = all == NULL ? ERR_NOMEM : read_fd(fd, all, max + 1, &n);
	if (r == 0 && n > max)
		r = ERR_RANGE;
	close_quietly(fd);
	if (r == 0) {
		*p = all;
		*len = n;
		return 0;
	}
	if (all != NULL)
		sodium_memzero(all, n);
	free(all);
	return r;
}

static int
write_fd(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return ERR_SYS;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) == 0 ? 0 : ERR_SYS;
}

int
file_replace(const char *path, const void *p, size_t len)
{
	size_t n = strlen(path) + sizeof(".tmp");
	char *tmp = malloc(n);
	int fd = -1;
	int r = ERR_SYS;

	if (tmp == NULL)
		return ERR_NOMEM;
	snprintf(tmp, n, "%s.tmp", path);
	if (unlink(tmp) != 0 && errno != ENOENT)
		goto out;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	r = write_fd(fd, p, len);
	if (close(fd) != 0 && r == 0)
		r = ERR_SYS;
	if (r == 0 && rename(tmp, path) != 0)
		r = ERR_SYS;
	if (r == 0)
		r = file_sync_dir(path);
	else
		unlink(tmp);
out:
	free(tmp);
	return r;
}

int
file_sync_dir(const char *path)
{
	char *dir = strdup(path);
	char *slash;
	int fd, r;

	if (dir == NULL)
		return ERR_NOMEM;
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*(slash == dir ? slash + 1 : slash) = '\0';
	fd =
	    open(slash != NULL ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd >= 0 && fsync(fd) == 0 ? 0 : ERR_SYS;
	close_quietly(fd);
	free(dir);
	return r;
}

off_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
}
