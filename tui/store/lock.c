/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lock.c — one process per profile. */
#include "tui/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID_TEXT 24 /* bytes of the file, with room */

struct lock {
	int fd;
};

/* Who holds it, as far as the file says; 0 unknown. */
static int
read_pid(int fd)
{
	char text[PID_TEXT] = "";
	long pid = 0;
	char *end;

	if (pread(fd, text, sizeof(text) - 1, 0) > 0) {
		pid = strtol(text, &end, 10);
		if (*end != '\n' || pid < 0 || pid > 0x7fffffff)
			pid = 0;
	}
	return (int)pid;
}

static int
write_pid(int fd)
{
	char text[PID_TEXT];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return ERR_SYS;
	return 0;
}

/*
 * A lock of the open file: not lost when somebody else in this process closes
 * the same file, and one that a second open of ours runs into too.
 */
static int
lock_fd(int fd)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

#ifdef F_OFD_SETLK
	if (fcntl(fd, F_OFD_SETLK, &fl) == 0)
		return 0;
#else
	if (fcntl(fd, F_SETLK, &fl) == 0)
		return 0;
#endif
	return errno == EAGAIN || errno == EACCES ? ERR_BUSY : ERR_SYS;
}

static int
open_lock(const char *dir, int *fd)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, LOCK_NAME) < 0)
		return ERR_NOMEM;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(path);
	return *fd < 0 ? ERR_SYS : 0;
}

int
lock_take(const char *dir, struct lock **out, int *pid)
{
	struct lock *l = malloc(sizeof(*l));
	int fd = -1;
	int r;

	if (l == NULL)
		return ERR_NOMEM;
	r = open_lock(dir, &fd);
	if (r == 0)
		r = lock_fd(fd);
	if (r == ERR_BUSY && pid != NULL)
		*pid = read_pid(fd);
	if (r == 0)
		r = write_pid(fd);
	if (r == 0) {
		l->fd = fd;
		*out = l;
		return 0;
	}
	free(l);
	if (fd >= 0) {
		int e = errno;

		close(fd);
		errno = e;
	}
	return r;
}

/* The file stays: removing it would let two processes lock two files. */
void
lock_free(struct lock *l)
{
	if (l == NULL)
		return;
	if (ftruncate(l->fd, 0) != 0) {
		/* The pid stays in the file; without a lock it means nothing. */
	}
	close(l->fd);
	free(l);
}
