/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timer.h — disappearing messages: the timer of a chat, and what happens when
 * the time of a message has come. docs/protocol.md §6.7.
 */
#ifndef TUI_ENGINE_TIMER_H
#define TUI_ENGINE_TIMER_H

#include "tui/engine/impl.h"

/* Somebody has set the timer of a chat. */
struct timer_set {
	const uint8_t *account; /* who; STORE_ID_LEN bytes, borrowed */
	uint32_t expire_s; /* 0: off */
	uint64_t stamp; /* store_clock.h */
};

/* The newest counts, whatever order they come in; a line in the chat says what
 * changed. In a transaction. */
int timer_take(
    struct engine *e, int64_t chat, const struct timer_set *set) MUST_USE;

/* That line; also for groups, whose timer is part of them. In a transaction. */
int timer_note(struct engine *e, int64_t chat,
    const uint8_t account[static STORE_ID_LEN], uint32_t expire_s) MUST_USE;

/* Delete those whose time has come, and look again when the next one's comes.
 * Cheap when nothing is due. Not in a transaction. */
void timer_run(struct engine *e);

#endif
