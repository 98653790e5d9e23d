/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SOTTO_LIBEXECDIR
#define SOTTO_LIBEXECDIR "/usr/local/libexec/sotto"
#endif

void
child_path(const char *program, char path[static CHILD_PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, CHILD_PATH_MAX - 1);
	size_t len = strlen(program) + 1;
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL &&
		    (size_t)(slash - path) + 1 + len <= CHILD_PATH_MAX) {
			memcpy(slash + 1, program, len);
			if (access(path, X_OK) == 0)
				return;
		}
	}
	snprintf(path, CHILD_PATH_MAX, "%s/%s", SOTTO_LIBEXECDIR, program);
}

static int
spawn(const char *path, const char *program, int fd, pid_t *pid)
{
	char *argv[] = {(char *)(uintptr_t)program, NULL};
	char *envp[] = {(char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	int e;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&at) != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return ENOMEM;
	}
	sigemptyset(&none);
	sigfillset(&all);
	e = posix_spawnattr_setsigmask(&at, &none);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(&at, &all);
	if (e == 0)
		e = posix_spawnattr_setflags(
		    &at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, fd, 0);
	if (e == 0)
		e = posix_spawn_file_actions_addopen(
		    &fa, 1, "/dev/null", O_WRONLY, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, 1, 2);
	if (e == 0)
		e = posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	if (e == 0)
		e = posix_spawn(pid, path, &fa, &at, argv, envp);
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return e;
}

int
child_start(const char *path, const char *program, pid_t *pid, int *fd)
{
	char found[CHILD_PATH_MAX];
	int fds[2], e;

	if (path == NULL) {
		child_path(program, found);
		path = found;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return ERR_SYS;
	e = spawn(path, program, fds[1], pid);
	close(fds[1]);
	if (e != 0) {
		close(fds[0]);
		errno = e;
		return ERR_SYS;
	}
	*fd = fds[0];
	return 0;
}

/* ---- talking with one --------------------------------------------------------- */

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
child_open(
    struct child *c, const char *path, const char *program, int timeout_ms)
{
	c->deadline_ms = now_ms() + timeout_ms;
	return child_start(path, program, &c->pid, &c->fd);
}

void
child_close(struct child *c)
{
	int e = errno;

	close(c->fd);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = e;
}

/* Until the socket is ready for events, or the time is up. */
static int
child_wait(const struct child *c, short events)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int64_t left;
	int n;

	do {
		left = c->deadline_ms - now_ms();
		if (left <= 0)
			return ERR_TIMEOUT;
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n == 0 ? ERR_TIMEOUT : ERR_SYS;
}

int
child_write(const struct child *c, const uint8_t *p, size_t len)
{
	ssize_t n;
	int r;

	while (len > 0) {
		r = child_wait(c, POLLOUT);
		if (r != 0)
			return r;
		n = send(c->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return ERR_CLOSED;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
child_read(const struct child *c, uint8_t *p, size_t len)
{
	ssize_t n;
	int r;

	while (len > 0) {
		r = child_wait(c, POLLIN);
		if (r != 0)
			return r;
		n = recv(c->fd, p, len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return ERR_CLOSED;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
