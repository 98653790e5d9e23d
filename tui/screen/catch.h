/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch.h — what ncurses writes, kept until the frame is whole. ncurses 6.4
 * flushes after each move of its cursor, a full picture is two hundred
 * writes; between two of them a terminal shows half a picture. So the file
 * descriptor it writes to leads to memory while it draws.
 */
#ifndef TUI_SCREEN_CATCH_H
#define TUI_SCREEN_CATCH_H

#include <stddef.h>

#include "common/base.h"

struct catch; /* heap */

typedef void catch_out_fn(void *ctx, const void *p, size_t len);

/*
 * fd is ncurses' own, nobody else's: between catch_begin() and catch_end() it
 * is not the terminal. Returns 0, ERR_SYS, ERR_NOMEM.
 */
int catch_new(struct catch **out, int fd) MUST_USE;
void catch_free(struct catch *c); /* fd stays; NULL is fine */

void catch_begin(struct catch *c);
/* fd is the terminal again; out gets what was written, in order. */
void catch_end(struct catch *c, catch_out_fn *out, void *ctx);

#endif
