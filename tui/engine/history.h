/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.h — the past for another device of ours: the records of a backup, cut
 * into parts that travel as messages between the two. docs/linking.md,
 * docs/adr/0014-history-in-messages.md.
 *
 * A part is made in the transaction that puts it into the outbox, and taken in
 * the transaction of the queue that brought it, so that a crash of either side
 * repeats nothing and loses nothing. At most HISTORY_WINDOW parts are on their
 * way: the receiver confirms what it has on disk. A person decides on the
 * sending side; a device takes what it has asked for, or what the first device
 * sends.
 */
#ifndef TUI_ENGINE_HISTORY_H
#define TUI_ENGINE_HISTORY_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_transfer.h"

#define HISTORY_PART_MAX  (48 * 1024) /* bytes of records in one message */
#define HISTORY_WINDOW	  4 /* parts that are not confirmed */
#define HISTORY_QUIET_MS  (10ull * 60 * 1000) /* then it is asked for again */
#define HISTORY_SILENT_MS (24ull * 3600 * 1000) /* then a part is sent again */

/* A device of ours says something about history. In a transaction. */
int history_take(struct engine *e, uint32_t device,
    const Sotto__Content__History *h) MUST_USE;

/* Make the next part, if one may be on its way; called at each turn of the
 * outbox. Wakes the outbox when there is more to do. */
void history_flush(struct engine *e);

/* The queue is empty: look at what got stuck. */
void history_upkeep(struct engine *e);

/* A device is not ours any more. In a transaction. */
int history_device_gone(struct engine *e, uint32_t device) MUST_USE;

/* ---- inside ---------------------------------------------------------------------- */

/* Tell that device; h has everything but its transfer_id. In a transaction. */
int history_tell(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN],
    const Sotto__Content__History *h) MUST_USE;
/* Keep it and tell the front. In a transaction. */
int history_keep(struct engine *e, struct store_transfer *t) MUST_USE;
/* It is over, for this reason; tell: the other side too. In a transaction. */
int history_end(struct engine *e, struct store_transfer *t, const char *why,
    bool tell) MUST_USE;

/* history_out.c; t is ours to send. In a transaction. */
int history_begin(struct engine *e, struct store_transfer *t) MUST_USE;
int history_got(struct engine *e, struct store_transfer *t,
    const Sotto__Content__HistoryGot *got) MUST_USE;
/* The first n parts that are not confirmed, once more. In a transaction. */
int history_again(
    struct engine *e, struct store_transfer *t, uint32_t n) MUST_USE;

/* history_in.c. In a transaction. */
int history_part(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN],
    const Sotto__Content__HistoryPart *part) MUST_USE;
int history_confirm(
    struct engine *e, const struct store_transfer *t, bool again) MUST_USE;

#endif
