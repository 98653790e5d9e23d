/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ratchet.h — internal: the Double Ratchet on a session in memory.
 * docs/crypto.md §6. Source: "The Double Ratchet Algorithm", rev. 1.
 *
 * Both calls may leave the state half advanced when they fail: callers work on
 * a state they loaded for this one message and drop it then.
 */
#ifndef COMMON_SIGNAL_RATCHET_H
#define COMMON_SIGNAL_RATCHET_H

#include "common/signal/message.h"
#include "common/signal/state.h"

/*
 * Append one Signal message to out. Random bytes are drawn when the
 * post-quantum ratchet begins a key or a ciphertext. Returns 0; ERR_FULL;
 * ERR_NOMEM; ERR_FORMAT, ERR_RANGE, ERR_VERSION its state is malformed.
 */
int ratchet_seal(struct state *s, const struct signal_rng *rng,
    const uint8_t *pt, size_t len, struct buf *out) MUST_USE;

/*
 * Open one Signal message and append its plaintext to out. Random bytes are
 * drawn for a new ratchet key only after the MAC has been verified.
 * Returns 0; ERR_AUTH; ERR_DUP; ERR_RANGE; ERR_FORMAT; ERR_VERSION the message
 * is not of the session's version, or lacks what the post-quantum ratchet
 * needs; ERR_NOMEM.
 */
int ratchet_open(struct state *s, const struct signal_message *m,
    const struct signal_rng *rng, struct buf *out) MUST_USE;

#endif
