/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.h — memory for one decoded message: taken piece by piece, given back
 * all at once, and bounded, because a small body can name a lot of fields.
 */
#ifndef RELAY_NET_ARENA_H
#define RELAY_NET_ARENA_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct arena_block;

struct arena {
	ProtobufCAllocator pb; /* hand &pb to protobuf-c */
	struct arena_block *head; /* the newest block */
	size_t max; /* bytes in all blocks */
	size_t total;
	int err; /* why a piece was refused: ERR_RANGE max, ERR_NOMEM; or 0 */
};

void arena_init(struct arena *a, size_t max);
void arena_clear(struct arena *a);

/* n bytes, aligned for anything; NULL: err is set. */
void *arena_take(struct arena *a, size_t n);

/* Wipe and give back everything; keeps one block of the usual size. */
void arena_reset(struct arena *a);

#endif
