/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h — a passphrase from a command's first line of output. */
#ifndef TUI_STORE_COMMAND_H
#define TUI_STORE_COMMAND_H

#include <stddef.h>

#include "common/base.h"

/*
 * Run `sh -c command` with no input and its errors thrown away; put the first
 * line it says, without its end, into out. The caller wipes out.
 *   status  out, may be NULL: with ERR_IO the exit status
 * Returns 0; ERR_IO it failed or said nothing; ERR_RANGE a line of cap bytes
 * or more; ERR_SYS it could not be run.
 */
int command_line(
    const char *command, char *out, size_t cap, int *status) MUST_USE;

#endif
