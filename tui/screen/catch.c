/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/screen/catch.h"

#define PART (16 * 1024) /* bytes handed on at once */

struct catch
{
	int fd; /* ncurses' */
	int tty; /* the same open file, kept */
	int mem;
	bool on;
};

int
catch_new(struct catch **out, int fd)
{
	struct catch *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return ERR_NOMEM;
	c->fd = fd;
	c->tty = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	c->mem = memfd_create("frame", MFD_CLOEXEC);
	if (c->tty < 0 || c->mem < 0) {
		catch_free(c);
		return ERR_SYS;
	}
	*out = c;
	return 0;
}

void
catch_free(struct catch *c)
{
	if (c == NULL)
		return;
	if (c->tty >= 0)
		close(c->tty);
	if (c->mem >= 0)
		close(c->mem);
	free(c);
}

static int
lead(int from, int to)
{
	int r;

	do
		r = dup3(from, to, O_CLOEXEC);
	while (r < 0 && errno == EINTR);
	return r < 0 ? ERR_SYS : 0;
}

void
catch_begin(struct catch *c)
{
	c->on = lseek(c->mem, 0, SEEK_SET) == 0 && lead(c->mem, c->fd) == 0;
}

void
catch_end(struct catch *c, catch_out_fn *out, void *ctx)
{
	char part[PART];
	off_t at = 0, end;
	ssize_t n;

	if (!c->on)
		return;
	c->on = false;
	lead(c->tty, c->fd);
	end = lseek(c->mem, 0, SEEK_CUR); /* one offset, ncurses moved it */
	while (at < end) {
		n = end - at < PART ? (ssize_t)(end - at) : PART;
		n = pread(c->mem, part, (size_t)n, at);
		if (n <= 0)
			break;
		out(ctx, part, (size_t)n);
		at += n;
	}
	sodium_memzero(part, at < PART ? (size_t)at : PART);
}
