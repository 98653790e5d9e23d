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
 * Make what is missing: a signed pre-key when there is none younger than a
 * week, and one-time keys until `pool` of them wait to be uploaded. In a
 * transaction.
 */
int prekeys_make(struct engine *e, uint32_t pool) MUST_USE;

/* What has not been uploaded yet, as a message. Released after packing. */
struct prekeys_upload {
	Sotto__Relay__PreKeys msg; /* points into the rest */
	Sotto__Relay__SignedPreKey signed_key;
	uint8_t signed_pub[EC_PUBLIC_LEN], signed_sig[SIGNATURE_LEN];
	Sotto__Relay__OneTimePreKey *keys;
	Sotto__Relay__OneTimePreKey **ptrs;
	uint8_t *pubs;
};

int prekeys_collect(struct engine *e, struct prekeys_upload *up) MUST_USE;
void prekeys_release(struct prekeys_upload *up);
/*
 * The relay has the signed key, or the one-time keys. One-time keys count as
 * uploaded from before they are sent: if the answer is lost they are wasted,
 * but never offered twice. In a transaction or alone.
 */
int prekeys_uploaded(struct engine *e, bool one_time) MUST_USE;

/* Read-only access for session_decrypt(); lives as long as e. */
struct signal_prekeys prekeys_lender(struct engine *e);

#endif
