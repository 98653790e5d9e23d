/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_clear.h — a chat's messages, or the chat itself, are deleted here. */
#ifndef TUI_STORE_STORE_CLEAR_H
#define TUI_STORE_STORE_CLEAR_H

#include "tui/store/store_chat.h"

/*
 * Delete what others wrote up to and including the message `last`, in the
 * chat's order (0: what is read of that, and is not newer by their clocks), and
 * what we wrote, notes too, up to and including up_to_ms. 0; ERR_NOTFOUND no
 * such chat.
 */
int store_chat_clear_messages(
    struct store *s, int64_t chat, int64_t last, uint64_t up_to_ms) MUST_USE;

/* The last message of the chat that is no note, and the latest clock of what we
 * wrote; 0: there is none. */
int store_chat_latest(
    struct store *s, int64_t chat, int64_t *last, uint64_t *sent_ms) MUST_USE;

/* The chat goes, with its draft. ERR_STATE messages are left. */
int store_chat_delete(struct store *s, int64_t chat) MUST_USE;

#endif
