/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cache.h — accounts and their live devices in memory, for the writer thread
 * alone: what a send must check costs no query. A bounded pool; when it is
 * full everything is forgotten and read again as it is needed. Nothing is
 * allocated after cache_init().
 */
#ifndef RELAY_STORE_CACHE_H
#define RELAY_STORE_CACHE_H

#include "relay/store/store.h"

struct cache_device {
	store_dev dev;
	uint32_t account; /* index of its struct cache_account */
	uint32_t registration_id;
	uint32_t device_id;
	bool listed;
	bool queue_known; /* the two below are right */
	uint64_t last_seq; /* newest message queued; 0: none known */
	uint64_t settled; /* messages in the table of that name */
};

struct cache_account {
	struct account_id id;
	int64_t row;
	bool banned;
	bool dead; /* forgotten: never found again */
	uint64_t stamp; /* cache.h does not use it: marks of a caller */
	uint32_t first, n; /* its devices */
};

struct cache {
	struct cache_account *accounts;
	struct cache_device *devices;
	uint32_t *by_id, *by_dev; /* open addressing: index + 1 */
	uint32_t n_accounts, n_devices, cap;
	uint64_t seed; /* against chosen account ids */
};

/* Room for at least cap devices; 0 or ERR_NOMEM. */
int cache_init(struct cache *c, uint32_t cap) MUST_USE;
void cache_clear(struct cache *c);

/* NULL when it is not here. Valid until the next cache_add or cache_forget. */
struct cache_account *cache_account(
    struct cache *c, const struct account_id *id);
struct cache_device *cache_device(struct cache *c, store_dev dev);
struct cache_device *cache_devices(struct cache *c, struct cache_account *a);

/* Remember an account that is not here; its n <= STORE_DEVICE_MAX devices are
 * copied. Forgets all others first when they do not fit together. */
struct cache_account *cache_add(struct cache *c, const struct cache_account *a,
    const struct cache_device *v, uint32_t n);

/* One account has changed. */
void cache_drop(struct cache *c, struct cache_account *a);

/* Forget everything. */
void cache_forget(struct cache *c);

#endif
