/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/child.h"
#include "media/preview_int.h"

#define PROGRAM "sotto-preview"

static const char *program_override;
static int timeout_override;

void
preview_override(const char *program, int timeout_ms)
{
	program_override = program;
	timeout_override = timeout_ms;
}

int
preview_timeout(void)
{
	return timeout_override > 0 ? timeout_override : PREVIEW_TIMEOUT_MS;
}

/* It gets one descriptor, 0, and an environment that tells it nothing. */
static int
spawn(const char *path, int fd, pid_t *pid)
{
	char *argv[] = {(char *)(uintptr_t)PROGRAM, NULL};
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
preview_child_start(pid_t *pid, int *fd)
{
	char path[CHILD_PATH_MAX];
	int fds[2], e;

	if (program_override != NULL)
		snprintf(path, sizeof(path), "%s", program_override);
	else
		child_path(PROGRAM, path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return ERR_SYS;
	e = spawn(path, fds[1], pid);
	close(fds[1]);
	if (e != 0) {
		close(fds[0]);
		errno = e;
		return ERR_SYS;
	}
	*fd = fds[0];
	return 0;
}
