/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h — the channel between a trusted device and a new one, through a relay
 * that can read none of it. docs/crypto.md, "Linking".
 *
 * Noise_IK_25519_ChaChaPoly_SHA256 (common/noise/noise.h): the new device is
 * the responder, its static key is that of the offer it shows; the trusted
 * device is the initiator, its static key is made for the occasion. So the
 * trusted device reaches nobody but the device whose code it has read. The new
 * device cannot know who read its code: people compare a short code, made from
 * the handshake's hash (Noise §11.2). An attacker who answers in the trusted
 * device's place has fixed his messages before the new device's ephemeral key
 * is drawn, so he cannot search for one that gives the code of another
 * channel, and the trusted device shows none, as its handshake does not end.
 *
 * Without I/O. Messages are opaque bytes for link_send and its event, in order.
 */
#ifndef COMMON_LINK_LINK_H
#define COMMON_LINK_LINK_H

#include "common/link/offer.h"
#include "common/signal/keys.h"

#define LINK_CODE_LEN	 6 /* digits */
#define LINK_PAYLOAD_MAX (48 * 1024) /* bytes in one message */

/* The caller's storage; fields belong to link.c. (A connection to a relay is
 * struct link, tui/net/link.h.) */
struct link_channel {
	struct noise_keypair s;
	struct noise_handshake hs;
	struct noise_cipher tx, rx;
	uint8_t hash[NOISE_HASH_LEN];
	uint8_t state;
};

/*
 * The new device: make the key of this linking. The mailbox is the relay's.
 * Returns 0; ERR_STATE never with a generator that works. *o is what to show.
 */
int link_ask(struct link_channel *l,
    const uint8_t mailbox[static LINK_MAILBOX_LEN], const struct noise_rng *rng,
    struct link_offer *o) MUST_USE;

/* The trusted device: answer an offer. It writes the first message. 0. */
int link_answer(struct link_channel *l, const struct link_offer *o,
    const struct noise_rng *rng) MUST_USE;

/*
 * Append the next message with a payload of len bytes to out. The trusted
 * device writes first, then the new one; from then on both as they like.
 * Returns 0; ERR_STATE not our turn, or failed; ERR_RANGE too long; ERR_FULL,
 * ERR_NOMEM: nothing changed; ERR_AUTH the offer's key is none.
 */
int link_write(struct link_channel *l, const void *payload, size_t len,
    struct buf *out) MUST_USE;

/*
 * Open the peer's next message and append its payload to out.
 * Returns 0; ERR_STATE not its turn; ERR_AUTH, ERR_RANGE not from the peer:
 * the linking has failed and has to begin anew; ERR_FULL, ERR_NOMEM: nothing
 * changed.
 */
int link_read(struct link_channel *l, const uint8_t *msg, size_t len,
    struct buf *out) MUST_USE;

/* The code both screens show. 0; ERR_STATE before both first messages. */
int link_code(
    const struct link_channel *l, char code[static LINK_CODE_LEN + 1]) MUST_USE;

/* Wipe everything. Safe on zeroed memory, and twice. */
void link_clear(struct link_channel *l);

/* ---- the companion's side of the device list --------------------------------- */

/* What a companion signs: that this identity key is device `device` of this
 * account, whose primary has that key. */
struct link_bond {
	uint8_t account[16];
	uint32_t device;
	struct identity_pk primary;
	struct identity_pk companion;
};

/* XEdDSA over "sotto device link\0" || account || be32 device || primary (33)
 * || companion (33). key is the pair of b->companion. */
void link_bond_sign(uint8_t sig[static SIGNATURE_LEN],
    const struct link_bond *b, const struct identity_key_pair *key,
    const struct signal_rng *rng);

/* 0; ERR_AUTH; ERR_NOMEM. */
int link_bond_verify(const uint8_t sig[static SIGNATURE_LEN],
    const struct link_bond *b) MUST_USE;

#endif
