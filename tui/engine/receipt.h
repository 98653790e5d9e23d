/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * receipt.h — ticks. What is owed is written down in the transaction that
 * stores or reads the message (tui/store/store_due.h) and leaves in one
 * receipt with many ids: at once when none is under way to that account, else
 * when the relay has that one. docs/protocol.md §6.3.
 */
#ifndef TUI_ENGINE_RECEIPT_H
#define TUI_ENGINE_RECEIPT_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"

#define RECEIPT_IDS_MAX 256 /* messages in one that we send */
/* However fast a conversation is, receipts leave room for what people write
 * below a relay's limit (600 a minute, unless its operator says otherwise). */
#define RECEIPT_BURST 60
#define RECEIPT_MS    250 /* after the burst, one in so long */

/* One that came from a device of an account. Only the person a message went
 * to may speak for it. In a transaction. */
int receipt_take(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const Sotto__Content__Receipt *rc) MUST_USE;

/*
 * Make receipts of what is owed. Returns 0; or after how many milliseconds
 * there is more to do.
 */
uint64_t receipts_flush(struct engine *e);

#endif
