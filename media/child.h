/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.h — the programs that only sotto starts: where they are, and a way to
 * talk with one and wait for what it says. */
#ifndef MEDIA_CHILD_H
#define MEDIA_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

#define CHILD_PATH_MAX 4096

/* Beside the program that runs, as in a build folder; else where it was
 * installed. */
void child_path(const char *program, char path[static CHILD_PATH_MAX]);

/*
 * Start it with one descriptor, 0, a socket, and an environment that tells it
 * nothing.
 *   path     NULL: child_path(program)
 *   pid, fd  out; the caller waits for one and closes the other. fd blocks
 * 0; ERR_SYS with errno.
 */
int child_start(
    const char *path, const char *program, pid_t *pid, int *fd) MUST_USE;

/* ---- talking with one, until a deadline ------------------------------------- */

struct child {
	pid_t pid;
	int fd;
	int64_t deadline_ms; /* of CLOCK_MONOTONIC */
};

/* As child_start(); every later call gives up when timeout_ms are over. */
int child_open(struct child *c, const char *path, const char *program,
    int timeout_ms) MUST_USE;

/* Whatever it is doing, it ends. errno stays. */
void child_close(struct child *c);

/* All of it: 0; ERR_TIMEOUT; ERR_CLOSED it is gone; ERR_SYS. */
int child_write(const struct child *c, const uint8_t *p, size_t len) MUST_USE;
int child_read(const struct child *c, uint8_t *p, size_t len) MUST_USE;

#endif
