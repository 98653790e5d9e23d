/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chat.h — what a person sets for a chat, on all devices of theirs. */
#ifndef TUI_ENGINE_CHAT_H
#define TUI_ENGINE_CHAT_H

#include "tui/engine/impl.h"

/*
 * Its messages are deleted here: store_clear.h says which. gone: the chat too,
 * when nothing is left of it. Told to the front. In a transaction.
 */
int chat_clear(struct engine *e, int64_t chat, int64_t last, uint64_t up_to_ms,
    bool gone) MUST_USE;

/* Open the chat with ourselves, and answer by EV_CONTACT. */
void chat_to_self(struct engine *e, uint64_t tag);

/* The person of this chat; told to the other devices. In a transaction, then
 * presence_start(). */
int chat_block(
    struct engine *e, const struct store_chat *chat, bool on) MUST_USE;

#endif
