/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer_session.h — the ratchet records of other people's devices: read, kept
 * within bounds, set aside. docs/crypto.md §8. */
#ifndef TUI_ENGINE_PEER_SESSION_H
#define TUI_ENGINE_PEER_SESSION_H

#include "tui/engine/impl.h"

#define PEER_SESSIONS_MAX (4u << 20) /* bytes of all records of an account */

/*
 * The record as it is stored; rec is initialised by the call and the caller
 * clears it. Without a record, or with one that is damaged, rec is empty and
 * info all zeros: what is damaged only a new session can replace.
 * Returns 0; what the store returns; ERR_NOMEM. On error rec is empty.
 */
int peer_session_get(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    struct buf *rec, struct session_info *info) MUST_USE;

/* In a transaction. */
int peer_session_put(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    const struct buf *rec) MUST_USE;

/* May it be sent with? If not, a bundle must be fetched first. */
bool peer_session_usable(const struct session_info *info);

/* Send nothing more with the current session; late messages still open. In a
 * transaction. */
int peer_session_archive(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], uint32_t device) MUST_USE;

#endif
