/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c — a passphrase from a command's first line of output. */
#include "tui/store/command.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tui/base/child_env.h"

static int
start(const char *command, int out, pid_t *pid)
{
	char sh[] = "sh", c[] = "-c";
	/* posix_spawn's argument is not const; it does not write to it. */
	union {
		const char *in;
		char *out;
	} text = {.in = command};
	char *const argv[] = {sh, c, text.out, NULL};
	char **env = child_env(environ);
	posix_spawn_file_actions_t fa;
	int r = ERR_SYS;

	if (env == NULL || posix_spawn_file_actions_init(&fa) != 0) {
		free(env);
		return ERR_NOMEM;
	}
	if (posix_spawn_file_actions_addopen(
		&fa, 0, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_adddup2(&fa, out, 1) == 0 &&
	    posix_spawn_file_actions_addopen(
		&fa, 2, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn(pid, "/bin/sh", &fa, NULL, argv, env) == 0)
		r = 0;
	posix_spawn_file_actions_destroy(&fa);
	free(env);
	return r;
}

/* Read to the end, so that the command is not stopped by a closed pipe; keep
 * what fits up to the first newline. */
static int
first_line(int fd, char *out, size_t cap)
{
	char block[256];
	size_t len = 0;
	bool done = false;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_SYS;
		for (ssize_t i = 0; i < n && !done; i++) {
			done = block[i] == '\n';
			if (!done && len < cap)
				out[len++] = block[i];
		}
	}
	sodium_memzero(block, sizeof(block));
	if (len > 0 && len <= cap && out[len - 1] == '\r')
		len--;
	if (len == cap)
		return ERR_RANGE;
	out[len] = '\0';
	return memchr(out, '\0', len) != NULL ? ERR_RANGE : 0;
}

static int
finish(pid_t pid)
{
	int st = 0;

	while (waitpid(pid, &st, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

int
command_line(const char *command, char *out, size_t cap, int *status)
{
	int fds[2];
	pid_t pid;
	int r, st;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return ERR_SYS;
	r = start(command, fds[1], &pid);
	close(fds[1]);
	if (r == 0) {
		r = first_line(fds[0], out, cap);
		st = finish(pid);
		if (status != NULL)
			*status = st;
		if (r == 0 && (st != 0 || out[0] == '\0'))
			r = ERR_IO;
	}
	close(fds[0]);
	if (r != 0)
		sodium_memzero(out, cap);
	return r;
}
