/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recent.h — which messages were queued lately, so that a repeated send is
 * recognised without an index on disk: 64-bit tags with their seqs, the newest
 * max of them, found in constant time.
 *
 * A tag is a keyed hash of (receiving device, sending device, message id). Two
 * different messages with one tag would lose the second; the key is random and
 * secret, so that is chance alone: 2^-46 a message at the default size.
 */
#ifndef RELAY_STORE_RECENT_H
#define RELAY_STORE_RECENT_H

#include "relay/store/store.h"

struct recent_entry {
	uint64_t tag, seq;
};

struct recent {
	uint8_t key[16];
	struct recent_entry *ring; /* entry i at i & (cap - 1) */
	uint32_t *table; /* 2 * cap slots: ring index + 1, 0 free */
	size_t cap, max; /* powers of two */
	uint64_t added, dropped; /* entries dropped..added are alive */
};

/* max is rounded up to a power of two. 0 or ERR_NOMEM. The key is random; a
 * caller that adds saved entries puts theirs in its place first. */
int recent_init(struct recent *r, size_t max) MUST_USE;
void recent_clear(struct recent *r);

uint64_t recent_tag(const struct recent *r, store_dev dev,
    const struct account_id *sender, uint32_t sender_device,
    const uint8_t id[static STORE_MESSAGE_ID_LEN]);

/* The seq of that tag, 0 when it is not among the newest. */
uint64_t recent_find(const struct recent *r, uint64_t tag);

/* Remember; the oldest gives way. Never fails (it grows while it can). */
void recent_add(struct recent *r, uint64_t tag, uint64_t seq);

/*
 * Entries first.. as they lie in memory, to be saved; returns how many until
 * the ring's end or r->added. Their bytes are this machine's.
 */
size_t recent_piece(
    const struct recent *r, uint64_t first, const struct recent_entry **p);

/* Forget all that was added since r->added had this value. */
void recent_undo(struct recent *r, uint64_t added);

#endif
