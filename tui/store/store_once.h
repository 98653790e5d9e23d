/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_once.h — texts that can be looked at once. The row in message has kind
 * STORE_MSG_ONCE and no text: whatever lists, searches, quotes, forwards or
 * copies messages never meets it. It stands in a table of its own until it is
 * taken; of an own one until somebody has it, as it may have to be sent again.
 */
#ifndef TUI_STORE_STORE_ONCE_H
#define TUI_STORE_STORE_ONCE_H

#include "tui/store/store.h"

/* ERR_RANGE no fit text; ERR_NOTFOUND no such message. */
int store_once_put(struct store *s, int64_t id, const char *text) MUST_USE;

/* *text: heap, the caller wipes it. ERR_NOTFOUND it is gone. */
int store_once_get(struct store *s, int64_t id, char **text) MUST_USE;

/* It is gone; again: 0. */
int store_once_drop(struct store *s, int64_t id) MUST_USE;

/* The same, and the row says that it was opened. *changed: it did not say so
 * before. ERR_NOTFOUND no such message. */
int store_once_opened(struct store *s, int64_t id, bool *changed) MUST_USE;

/* Own ones that nobody has had for so long. */
int store_once_prune(struct store *s, uint64_t before_ms) MUST_USE;

#endif
