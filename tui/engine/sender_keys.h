/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sender_keys.h — sender keys: ours, one a group, and those that other devices
 * gave us. docs/groups.md §10.
 *
 * A key of another device is kept under (account, device, distribution) with
 * the group it was given for and the identity of the device that gave it; it
 * opens nothing else. Our own is sealed with once a message and never twice at
 * the same place: the chain moves in the transaction that keeps the ciphertext.
 */
#ifndef TUI_ENGINE_SENDER_KEYS_H
#define TUI_ENGINE_SENDER_KEYS_H

#include "common/signal/sender_key.h"
#include "tui/engine/impl.h"
#include "tui/store/store_sender_key.h"

/* When a key is not sealed with any more; these settings may say otherwise. */
#define SENDER_KEYS_MESSAGES	 1000
#define SENDER_KEYS_DAYS	 7
#define SENDER_KEYS_SET_MESSAGES "group_key_messages"
#define SENDER_KEYS_SET_DAYS	 "group_key_days"

/* ---- ours; each in a transaction ------------------------------------------------ */

/* The key that we have. ERR_NOTFOUND. */
int sender_keys_own(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    struct store_own_key *out) MUST_USE;

/* Our key for this group, made when there is none or it has done its work.
 * *fresh (may be NULL): it is a new one, which nobody has. */
int sender_keys_current(struct engine *e,
    const uint8_t group[static STORE_ID_LEN], struct store_own_key *out,
    bool *fresh) MUST_USE;

/* The distribution message, from the chain's present place on. out is
 * initialised by the call. */
int sender_keys_distribution(struct engine *e,
    const uint8_t group[static STORE_ID_LEN], struct buf *out) MUST_USE;

/* Seal with it. k: the key, messages is the place it was sealed at. ERR_NOTFOUND
 * there is none; ERR_FULL it is at its end. out is initialised by the call. */
int sender_keys_seal(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    const uint8_t *pt, size_t len, struct store_own_key *k,
    struct buf *out) MUST_USE;

/* ---- theirs; each in a transaction ----------------------------------------------- */

/* Which device of whom, for which group. */
struct sender_keys_of {
	const uint8_t *account; /* STORE_ID_LEN bytes, borrowed */
	uint32_t device;
	const uint8_t *group; /* STORE_ID_LEN bytes, borrowed */
};

/*
 * A distribution message came over that device's own session.
 * Returns 0; ERR_FORMAT, ERR_RANGE, ERR_VERSION malformed; ERR_DENIED this
 * distribution was given for another group before; others.
 */
int sender_keys_take(struct engine *e, const struct sender_keys_of *of,
    const uint8_t *msg, size_t len) MUST_USE;

/*
 * Open a message that came to of->group from that device.
 * Returns 0; ERR_NOTFOUND its key never came; ERR_DENIED the key was given for
 * another group, or the device is none of the account any more: nobody wrote
 * it; ERR_AUTH, ERR_DUP, ERR_RANGE, ERR_FORMAT and others of
 * sender_key_decrypt(). out is initialised by the call.
 */
int sender_keys_open(struct engine *e, const struct sender_keys_of *of,
    const uint8_t *ct, size_t len, struct buf *out) MUST_USE;

#endif
