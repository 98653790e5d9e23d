/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hot.h — which of the newest messages are for whom, in memory. They lie on
 * disk in one log ("fresh"), in order of arrival and without an index: most
 * are acknowledged within a second and never need one. Those that are not
 * settle into a table clustered by device (sqlite_settle.c).
 *
 * Bounded; nothing is allocated after hot_init(). Each device's messages are
 * chained in order of arrival, which is their order of seq.
 */
#ifndef RELAY_STORE_HOT_H
#define RELAY_STORE_HOT_H

#include "relay/store/store.h"

struct hot_row {
	uint64_t seq;
	store_dev dev;
	uint64_t sent_ms;
	uint64_t shared; /* the body it shares with others; 0: its own */
	uint32_t len; /* bytes of its own body */
	uint32_t next; /* of the same device: its place + 1; 0 none */
	bool live; /* false: acknowledged, or its device is gone */
};

struct hot_device {
	store_dev dev;
	uint32_t first, last; /* places + 1 */
	uint32_t live; /* rows */
};

struct hot {
	struct hot_row *ring; /* row i at i & (cap - 1) */
	struct hot_device *devices; /* pool; unused ones chained by first */
	uint32_t *table; /* 2 * cap slots: place in devices + 1; 0 free */
	uint32_t unused; /* head of that chain: place + 1 */
	uint32_t cap; /* a power of two */
	uint32_t n_devices; /* with live rows */
	uint64_t added, dropped; /* rows dropped..added are here */
};

/* 0 or ERR_NOMEM. cap is a power of two. */
int hot_init(struct hot *h, uint32_t cap) MUST_USE;
void hot_clear(struct hot *h);
void hot_reset(struct hot *h);

static inline uint32_t
hot_count(const struct hot *h)
{
	return (uint32_t)(h->added - h->dropped);
}

/* Not when hot_count() is cap. A dead row only waits to be dropped. */
void hot_add(struct hot *h, const struct hot_row *row);

/* NULL: the device has no live row here. Valid until the next change. */
const struct hot_device *hot_find(const struct hot *h, store_dev dev);

/* The row at a place + 1; 0 gives NULL. */
const struct hot_row *hot_at(const struct hot *h, uint32_t place);

/* The device's rows up to and with seq are dead; how many. */
uint32_t hot_ack(struct hot *h, store_dev dev, uint64_t seq);

/* The n-th oldest row of all, from 0; NULL when there are not as many. */
const struct hot_row *hot_nth(const struct hot *h, uint32_t n);

/* Drop the oldest row; there is one. */
void hot_drop(struct hot *h);

#endif
