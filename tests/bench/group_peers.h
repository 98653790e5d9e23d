/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_peers.h — the devices of group_people.h, connected: what comes for them
 * is opened with real sessions and sender keys, and counted. One thread of
 * their own plays all of them.
 *
 * Texts are to be "1", "2", 3 ... : a device that sees one twice, or misses one
 * between its first and its last, is counted as wrong.
 */
#ifndef TESTS_BENCH_GROUP_PEERS_H
#define TESTS_BENCH_GROUP_PEERS_H

#include <stdint.h>

#include "common/uri.h"

struct peers;

struct peers_count {
	uint64_t ready; /* connected, and their queue was empty once */
	uint64_t texts; /* opened, of all devices */
	uint64_t keys; /* sender keys that came */
	uint64_t papers; /* welcomes and shares of the secret */
	uint64_t entries; /* signed changes */
	uint64_t wrong; /* did not open, out of order, twice, or a gap */
	uint64_t bytes; /* of ciphertext */
};

/* sender: the account and device whose messages come. Ends the program when
 * something cannot be done. */
struct peers *peers_new(
    const struct uri *relay, const uint8_t sender[static 16], uint32_t device);
void peers_free(struct peers *p);

/* Connect all; returns when all are ready. */
void peers_connect(struct peers *p);
/* Wait until so many texts were opened, by all devices together. */
void peers_wait(struct peers *p, uint64_t texts);
void peers_count(struct peers *p, struct peers_count *out);
/* The first and last text that a device has opened; 0: none. */
void peers_range(
    struct peers *p, uint32_t device, uint32_t *first, uint32_t *last);

#endif
