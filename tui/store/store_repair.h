/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_repair.h — messages that did not open and were asked for again, what
 * we sent again, and how much of it was done for whom.
 */
#ifndef TUI_STORE_STORE_REPAIR_H
#define TUI_STORE_STORE_REPAIR_H

#include "tui/store/store.h"

/* ---- what did not open ------------------------------------------------------ */

struct store_unreadable {
	uint8_t account[STORE_ID_LEN]; /* the sender's */
	uint32_t device;
	uint8_t message_id[STORE_ID_LEN]; /* on the wire */
	uint32_t asked; /* how often */
	uint64_t first_ms;
};

/* How many wait, of one account and of all. */
int store_unreadable_count(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint64_t *of_account,
    uint64_t *of_all) MUST_USE;

/* Is it among them? */
int store_unreadable_has(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], bool *has) MUST_USE;

/* Remember it, to be asked for; if it was there, to be asked for again, unless
 * that was done max times. */
int store_unreadable_add(
    struct store *s, const struct store_unreadable *u, uint32_t max) MUST_USE;

/* It has come, or never will. *had may be NULL. */
int store_unreadable_remove(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], bool *had) MUST_USE;

/*
 * Ask again for those that were asked for less than max times and not since
 * before_ms: of one device, or with account NULL of everybody.
 */
int store_unreadable_again(struct store *s, const uint8_t *account,
    uint32_t device, uint32_t max, uint64_t before_ms) MUST_USE;

/* A device that is to be asked and has no row of STORE_LINE_RETRY in the
 * outbox; after (may be NULL): the next one behind it. ERR_NOTFOUND. */
struct store_asking {
	uint8_t account[STORE_ID_LEN];
	uint32_t device;
};
int store_unreadable_device(struct store *s, const struct store_asking *after,
    struct store_asking *out) MUST_USE;

/*
 * Up to max ids to ask this device for, oldest first; counts them as asked.
 *   asked  out, how often one of them was asked for, with this time
 * In a transaction: after an error it is rolled back.
 */
int store_unreadable_take(struct store *s, const struct store_asking *whom,
    uint64_t now_ms, uint8_t (*ids)[STORE_ID_LEN], size_t max, size_t *n,
    uint32_t *asked) MUST_USE;

/* Forget what is older. */
int store_unreadable_prune(struct store *s, uint64_t before_ms) MUST_USE;

/* ---- what we sent again ----------------------------------------------------- */

/* How often message (a local id) went to this device of its recipient again. */
int store_resent_get(struct store *s, int64_t message, uint32_t device,
    uint32_t *times) MUST_USE;
int store_resent_add(
    struct store *s, int64_t message, uint32_t device) MUST_USE;

/* ---- what was done for a device --------------------------------------------- */

struct store_repair {
	uint64_t renewed_ms; /* a session was begun anew; 0: never */
	uint32_t asks; /* requests we sent since since_ms */
	uint32_t answers; /* messages we sent again since since_ms */
	uint64_t since_ms;
};

/* All zeros when there is none. */
int store_repair_get(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    struct store_repair *out) MUST_USE;
int store_repair_put(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    const struct store_repair *in) MUST_USE;

#endif
