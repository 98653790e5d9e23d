/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_session.h — one ratchet record per device we talk to. */
#ifndef TUI_STORE_STORE_SESSION_H
#define TUI_STORE_STORE_SESSION_H

#include "common/buf.h"
#include "tui/store/store.h"

/* Append the record to out (secret: buf_clear wipes). Returns 0; ERR_NOTFOUND;
 * ERR_FULL out's maximum. */
int store_session_get(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    struct buf *out) MUST_USE;
/* Insert or replace. */
int store_session_put(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    const void *record, size_t len, uint64_t now_ms) MUST_USE;
/* While the records of an account are over max bytes, the one that was not
 * used for the longest time goes, but never that of device `keep`. */
int store_session_bound(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t keep,
    uint64_t max) MUST_USE;
/* Returns 0 also when there was none. */
int store_session_delete(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device) MUST_USE;

/* Devices of an account with a session, ascending; at most max ids go to
 * devices, *n says how many there are. */
int store_session_devices(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t *devices, size_t max,
    size_t *n) MUST_USE;

#endif
