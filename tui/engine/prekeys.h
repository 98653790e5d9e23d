/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prekeys.h — our own pre-keys: making, publishing, and lending them to a
 * handshake that arrives. */
#ifndef TUI_ENGINE_PREKEYS_H
#define TUI_ENGINE_PREKEYS_H

#include "common/proto/relay.pb-c.h"
#include "common/signal/prekey.h"
#include "tui/engine/impl.h"

#define PREKEYS_POOL	  100 /* one-time keys on the relay */
#define PREKEYS_LOW	  20 /* refilled below */
#define PREKEYS_ROTATE_MS (7ull * 24 * 3600 * 1000)
/* A signed key stays readable as long as a relay keeps messages, and a bit. */
#define PREKEYS_KEEP_MS (37ull * 24 * 3600 * 1000)

/*
 * Make what is missing: a signed and a last-resort Kyber pre-key when there is
 * none younger than a week, and one-time keys of both kinds until `pool` of
 * each wait to be uploaded. In a transaction.
 */
int prekeys_make(struct engine *e, uint32_t pool) MUST_USE;

/* What has not been uploaded yet, as a message. Released after packing. */
struct prekeys_upload {
	Sotto__Relay__PreKeys msg; /* points into the rest */
	Sotto__Relay__SignedPreKey signed_key;
	Sotto__Relay__KyberPreKey last_resort;
	Sotto__Relay__OneTimePreKey *keys, **ptrs;
	Sotto__Relay__KyberPreKey *kyber, **kyber_ptrs;
	uint8_t *bytes; /* all public keys and signatures */
	size_t used, cap;
};

int prekeys_collect(struct engine *e, struct prekeys_upload *up) MUST_USE;
void prekeys_release(struct prekeys_upload *up);
bool prekeys_nothing(const struct prekeys_upload *up);

/*
 * The relay has what was collected. For an upload beside an account that
 * exists this is said before it is sent: if the answer is lost, the keys are
 * wasted, but a one-time key is never offered twice. In a transaction.
 */
int prekeys_uploaded(struct engine *e) MUST_USE;

/* Read-only access for session_decrypt(); lives as long as e. */
struct signal_prekeys prekeys_lender(struct engine *e);

/*
 * A handshake arrived: its one-time keys go, and its use of a last-resort key
 * is remembered. In the transaction that stores the message.
 * Returns 0; ERR_DUP this very handshake was there before.
 */
int prekeys_spend(struct engine *e, const struct session_opened *o) MUST_USE;

#endif
