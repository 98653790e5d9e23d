/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshake.h — internal: X3DH (version 3) and PQXDH (version 4), both roles.
 * docs/crypto.md §5. Source: "The X3DH Key Agreement Protocol", rev. 1; "The
 * PQXDH Key Agreement Protocol", rev. 3.
 */
#ifndef COMMON_SIGNAL_HANDSHAKE_H
#define COMMON_SIGNAL_HANDSHAKE_H

#include "common/signal/message.h"
#include "common/signal/state.h"

/*
 * Fill a fresh state from a bundle whose signatures have been checked: of
 * version 4 when it has a Kyber key, else of version 3.
 * Returns 0; ERR_FORMAT a key of small order; ERR_NOMEM. The caller clears s
 * in any case.
 */
int handshake_start(struct state *s, const struct signal_local *local,
    const struct pre_key_bundle *peer) MUST_USE;

/*
 * Fill a fresh state from a pre-key message; the message inside is not opened
 * yet, so nothing is proven. Returns 0; ERR_FORMAT an unsound key; ERR_NOMEM;
 * an error of the callbacks. The caller clears s in any case.
 */
int handshake_accept(struct state *s, const struct signal_local *local,
    const struct pre_key_message *m,
    const struct signal_prekeys *keys) MUST_USE;

#endif
