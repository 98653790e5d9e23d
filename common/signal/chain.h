/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain.h — internal: a receiving chain and the seeds of messages that are
 * late. Used by sessions and by sender keys. docs/crypto.md §6.
 */
#ifndef COMMON_SIGNAL_CHAIN_H
#define COMMON_SIGNAL_CHAIN_H

#include "common/buf.h"
#include "common/signal/kdf.h"

#define CHAIN_JUMP_MAX	  25000 /* messages ahead */
#define CHAIN_SKIPPED_MAX 2000 /* seeds kept */
#define SKIPPED_ENTRY	  (4 + KDF_LEN) /* index, big-endian, and seed */

struct chain {
	struct ec_pk ratchet; /* sessions: the peer's key it belongs to */
	struct chain_key key;
	uint32_t index; /* of the next message */
	struct buf skipped; /* SKIPPED_ENTRY bytes each, oldest first */
};

/*
 * Keys put aside by number, SKIPPED_ENTRY bytes each, oldest first; also the
 * post-quantum chains'. take: 0, or ERR_DUP when it is not there. add: 0,
 * ERR_NOMEM. trim drops the oldest so that n more make CHAIN_SKIPPED_MAX at
 * most.
 */
void skipped_init(struct buf *b);
int skipped_take(
    struct buf *b, uint32_t number, uint8_t key[static KDF_LEN]) MUST_USE;
int skipped_add(
    struct buf *b, uint32_t number, const uint8_t key[static KDF_LEN]) MUST_USE;
void skipped_trim(struct buf *b, uint32_t n);
/* As they were stored, into an empty buffer: 0, ERR_FORMAT, ERR_NOMEM. */
int skipped_restore(struct buf *b, const uint8_t *p, size_t len) MUST_USE;

void chain_init(struct chain *c, const struct chain_key *key, uint32_t index);
void chain_clear(struct chain *c);

/* Seeds as they were stored, into a fresh chain: 0, ERR_FORMAT, ERR_NOMEM. */
int chain_restore(struct chain *c, const uint8_t *skipped, size_t len) MUST_USE;

/*
 * The seed of message `counter`; the chain moves behind it and remembers what
 * it skipped. Returns 0; ERR_DUP taken before, or so late that it is
 * forgotten; ERR_RANGE too far ahead; ERR_NOMEM. The chain may be half
 * advanced after an error: callers drop it.
 */
int chain_take(
    struct chain *c, uint32_t counter, struct message_seed *seed) MUST_USE;

#endif
