/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c — `sotto`. */
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "tui/base/child_env.h"
#include "tui/cli/cli.h"

int
main(int argc, char **argv)
{
	/* Two threads that rarely meet: one heap for both is smaller, and a
	 * second one grows by a page at a time. */
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
	child_env_lean();
	return cli_main(argc, argv);
}
