/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.h — one outbox row: a content and its envelopes, one for each device of
 * the recipient; and beside it the copy for each other device of ours.
 * docs/protocol.md §6.
 */
#ifndef TUI_ENGINE_SEAL_H
#define TUI_ENGINE_SEAL_H

#include "common/proto/content.pb-c.h"
#include "common/proto/frame.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"

#define OUTGOING_MAX FRAME_BODY_MAX

/*
 * Make the envelopes that are missing, moving the ratchets of those devices.
 * Envelopes for devices that are gone or registered anew are dropped. Sets
 * o->ready. In a transaction.
 * Returns 0; ERR_NOTFOUND a device has no session to use, or no device is
 * known: its keys must be fetched first (keep what was made so far); others.
 */
int seal_missing(struct engine *e, Sotto__Content__Outgoing *o) MUST_USE;

/* Has a device come to be known since the envelopes of this row were made? The
 * relay would refuse it, and take what was sealed later before it. */
bool seal_behind(struct engine *e, const Sotto__Content__Outgoing *o) MUST_USE;

/* Must keys be fetched before o's own account_id can be sealed for? Then ids
 * are those devices, *n of them; 0: none is known, fetch all. */
#define SEAL_DEVICES_MAX 127
bool seal_waits(struct engine *e, const Sotto__Content__Outgoing *o,
    uint32_t ids[static SEAL_DEVICES_MAX], size_t *n);

/* Drop the envelope of one device of o's account; it will be made anew. */
void seal_drop(Sotto__Content__Outgoing *o, uint32_t device);

/* The SendRequest of a ready row, packed behind what is in out. */
int seal_request(struct buf *out, const Sotto__Content__Outgoing *o,
    const uint8_t message_id[static STORE_ID_LEN], bool ephemeral) MUST_USE;

#endif
