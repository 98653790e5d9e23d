/* SPDX-License-Identifier: GPL-3.0-or-later */
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

int
preview_child_start(pid_t *pid, int *fd)
{
	return child_start(program_override, PROGRAM, pid, fd);
}

int
preview_child_open(struct child *c)
{
	return child_open(c, program_override, PROGRAM, preview_timeout());
}
