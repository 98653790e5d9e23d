/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_clock.h — of settings that several devices make: which one was made
 * last. A stamp is Unix milliseconds times 128 plus the number of the device,
 * so that two are never the same, and later than any that this device has seen.
 * docs/protocol.md §6.5.
 */
#ifndef TUI_STORE_STORE_CLOCK_H
#define TUI_STORE_STORE_CLOCK_H

#include "tui/store/store.h"

/* Numbers are on disk. Of a conversation (its account or group), a contact, a
 * message. */
enum store_clock_what {
	STORE_CLOCK_MUTED = 1,
	STORE_CLOCK_PINNED = 2,
	STORE_CLOCK_ARCHIVED = 3,
	STORE_CLOCK_TIMER = 4,
	STORE_CLOCK_UNREAD = 5,
	STORE_CLOCK_NAME = 6,
	STORE_CLOCK_BLOCKED = 7,
	STORE_CLOCK_STAR = 8,
	STORE_CLOCK_AUDIENCE = 9, /* of our own account: status posts */
	STORE_CLOCK_STATUS_MUTED = 10,
	STORE_CLOCK_DRAFT = 11, /* of a conversation */
	STORE_CLOCK_PROFILE = 12, /* of our own account: its name */
};

/* *stamp: of the last one; 0: never made. */
int store_clock_get(struct store *s, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t *stamp) MUST_USE;

/* A setting was made at stamp: *newer tells whether it counts, and then it is
 * remembered. 0 never counts. */
int store_clock_take(struct store *s, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t stamp, bool *newer) MUST_USE;

/* One is made here and now: it counts. */
int store_clock_tick(struct store *s, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t now_ms, uint32_t device) MUST_USE;

#endif
