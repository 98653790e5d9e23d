/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * direct.h — true colour in ncurses. ncurses speaks 24-bit colour only to
 * terminal types that say so (xterm-direct, ...), whose entries are often not
 * installed and which no TERM names by default. Where COLORTERM says the
 * terminal can, the entry of TERM is taken as it is and given direct colour.
 */
#ifndef TUI_SCREEN_DIRECT_H
#define TUI_SCREEN_DIRECT_H

#include <curses.h>

#include "common/base.h"
#include "common/buf.h"

/* newterm() on stdin and out, a terminal, with direct colour where it has it.
 * NULL on failure. */
SCREEN *direct_newterm(FILE *out);

/*
 * The compiled entry of the terminal that setupterm() has loaded, named name,
 * with direct colour, in the format of term(5) with 32-bit numbers.
 * 0, ERR_FULL, ERR_NOMEM.
 */
int direct_entry(struct buf *out, const char *name) MUST_USE;

#endif
