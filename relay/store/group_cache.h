/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_cache.h — groups in memory, for the writer thread alone: the public
 * record, and which devices its members have now. A fixed number of places and
 * a bounded number of bytes; whatever is not here is read again.
 */
#ifndef RELAY_STORE_GROUP_CACHE_H
#define RELAY_STORE_GROUP_CACHE_H

#include "relay/store/store.h"

#define GROUP_CACHE_SLOTS 256
#define GROUP_CACHE_BYTES ((size_t)32 * 1024 * 1024)

struct group_slot {
	struct group_id id;
	int64_t row; /* 0: the place is free */
	struct buf record;
	bool known; /* the three below are right */
	struct store_place *v; /* heap */
	size_t n;
	uint8_t digest[32];
};

struct group_cache {
	struct group_slot *slots;
	size_t bytes;
	uint8_t key[16]; /* against chosen ids */
};

/* 0 or ERR_NOMEM. */
int group_cache_init(struct group_cache *g) MUST_USE;
void group_cache_clear(struct group_cache *g);

/* NULL: not here. Valid until the next put, drop or forget. */
struct group_slot *group_cache_find(
    struct group_cache *g, const struct group_id *id);

/* Remember a group; takes the record's storage. */
struct group_slot *group_cache_put(struct group_cache *g,
    const struct group_id *id, int64_t row, struct buf *record);

/* Its devices; takes v. */
void group_cache_know(struct group_cache *g, struct group_slot *s,
    struct store_place *v, size_t n, const uint8_t digest[static 32]);

void group_cache_drop(struct group_cache *g, const struct group_id *id);
void group_cache_forget(struct group_cache *g);

/* This account's devices have changed: so have those of its groups. */
void group_cache_changed(struct group_cache *g, const struct account_id *id);

#endif
