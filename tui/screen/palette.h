/* SPDX-License-Identifier: GPL-3.0-or-later */
/* palette.h — the order of the palette's entries. */
#ifndef TUI_SCREEN_PALETTE_H
#define TUI_SCREEN_PALETTE_H

#include "tui/screen/model.h"
#include "tui/screen/views.h"

/*
 * Entries for what was typed, best first: by how well the letters match, more
 * for what was visited lately. Nothing typed: the chats in the order of their
 * visits, the open one last of them, then the commands.
 *   v  receives at most PALETTE_MAX entries
 * Returns how many.
 */
int palette_rank(struct palette_entry *v, const struct model *m, int64_t open,
    const char *query);

#endif
