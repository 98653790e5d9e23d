/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spqr_chain.h — internal: SPQR's message keys: a chain for each direction and
 * epoch. docs/crypto.md §11.1.
 */
#ifndef COMMON_SIGNAL_SPQR_CHAIN_H
#define COMMON_SIGNAL_SPQR_CHAIN_H

#include <stdbool.h>

#include "common/signal/chain.h"

/* The one before the sending epoch, the sending one, and the next. */
#define SPQR_EPOCHS_MAX 3

struct spqr_line {
	uint32_t counter; /* keys taken; the first is number 1 */
	bool open; /* false: next is gone, nothing more is sent */
	uint8_t next[KDF_LEN];
	struct buf skipped;
};

struct spqr_chain {
	bool initiator;
	uint8_t root[KDF_LEN];
	uint64_t newest; /* epoch of the last pair of lines */
	uint64_t sending; /* epoch last sent with */
	size_t n; /* lines, oldest epoch first */
	struct spqr_line send[SPQR_EPOCHS_MAX];
	struct spqr_line recv[SPQR_EPOCHS_MAX];
};

/* Epoch 0, from the handshake's secret. */
void spqr_chain_init(
    struct spqr_chain *c, bool initiator, const uint8_t secret[static KDF_LEN]);
void spqr_chain_clear(struct spqr_chain *c);

/* The next epoch's lines: 0; ERR_STATE there are SPQR_EPOCHS_MAX already. */
int spqr_chain_add(
    struct spqr_chain *c, const uint8_t secret[static KDF_LEN]) MUST_USE;

/* False: there are no keys of this epoch any more, or not yet. */
bool spqr_chain_has(const struct spqr_chain *c, uint64_t epoch);

/*
 * The next key to send with, and its number. Older epochs but one go when the
 * epoch is new. Returns 0; ERR_STATE no such epoch, or an older one than
 * before; ERR_FULL the line is at its end.
 */
int spqr_chain_send(struct spqr_chain *c, uint64_t epoch, uint32_t *number,
    uint8_t key[static KDF_LEN]) MUST_USE;

/*
 * The key of a message that came. Returns 0; ERR_DUP taken before, or so old
 * that it is gone; ERR_RANGE over CHAIN_JUMP_MAX ahead; ERR_AUTH no such epoch
 * yet; ERR_NOMEM. The chain may be half advanced after an error: callers drop
 * it.
 */
int spqr_chain_recv(struct spqr_chain *c, uint64_t epoch, uint32_t number,
    uint8_t key[static KDF_LEN]) MUST_USE;

#endif
