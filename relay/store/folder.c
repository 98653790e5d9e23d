/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "relay.lock"

static int PRINTF(3, 4)
    refuse(struct store_why *why, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return code;
}

static int
errno_code(void)
{
	return errno == EACCES || errno == EPERM || errno == EROFS ? ERR_DENIED
								   : ERR_SYS;
}

static int
make_private(const char *dir, struct store_why *why)
{
	struct stat st;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return refuse(why, errno_code(), "cannot make %s: %s", dir,
		    strerror(errno));
	if (stat(dir, &st) != 0)
		return refuse(
		    why, errno_code(), "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return refuse(why, ERR_DENIED, "%s is not a folder", dir);
	if ((st.st_mode & 077) != 0)
		return refuse(why, ERR_DENIED,
		    "%s may be entered by others (mode %03o): "
		    "chmod 700 it, or choose another folder",
		    dir, (unsigned)(st.st_mode & 0777));
	return 0;
}

/* The pid in the lock file; 0 unknown. */
static long
read_pid(int fd)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

static int
write_pid(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n
		   ? 0
		   : ERR_SYS;
}

static int
open_private(const char *path, int *out, struct store_why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd >= 0 && fchmod(fd, 0600) == 0) {
		*out = fd;
		return 0;
	}
	r = refuse(why, errno_code(), "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

/* dir/name on the heap. */
static char *
join(const char *dir, const char *name)
{
	size_t n = strlen(dir) + 1 + strlen(name) + 1;
	char *path = malloc(n);

	if (path != NULL)
		snprintf(path, n, "%s/%s", dir, name);
	return path;
}

static int
lock_file(int fd, const char *dir, struct store_why *why)
{
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return refuse(why, errno == EWOULDBLOCK ? ERR_BUSY : ERR_SYS,
		    "%s is in use by another relay (process %ld)", dir,
		    read_pid(fd));
	if (write_pid(fd) != 0)
		return refuse(
		    why, ERR_SYS, "%s/" LOCK_NAME ": %s", dir, strerror(errno));
	return 0;
}

static int
take_lock(const char *dir, int *lock, struct store_why *why)
{
	char *path = join(dir, LOCK_NAME);
	int fd = -1, r;

	if (path == NULL)
		return ERR_NOMEM;
	r = open_private(path, &fd, why);
	free(path);
	if (r != 0)
		return r;
	r = lock_file(fd, dir, why);
	if (r == 0)
		*lock = fd;
	else
		close(fd);
	return r;
}

static int
make_file(const char *dir, const char *name, char **path, struct store_why *why)
{
	char *p = join(dir, name);
	int fd = -1, r;

	if (p == NULL)
		return ERR_NOMEM;
	r = open_private(p, &fd, why);
	if (r != 0) {
		free(p);
		return r;
	}
	close(fd);
	*path = p;
	return 0;
}

int
folder_open(const char *dir, const char *name, int *lock, char **path,
    struct store_why *why)
{
	int r, fd;

	r = make_private(dir, why);
	if (r != 0)
		return r;
	r = take_lock(dir, &fd, why);
	if (r != 0)
		return r;
	r = make_file(dir, name, path, why);
	if (r != 0)
		close(fd);
	else
		*lock = fd;
	return r;
}

int
folder_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return ERR_SYS;
	r = fsync(fd);
	close(fd);
	return r == 0 ? 0 : ERR_SYS;
}
