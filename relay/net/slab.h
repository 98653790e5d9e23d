/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slab.h — items of one size that keep their place, named by slot and
 * generation. A name whose item is gone finds nothing, even when the slot has
 * been used again. Chunks that have emptied go back to the system.
 */
#ifndef RELAY_NET_SLAB_H
#define RELAY_NET_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/net/list.h"

#define SLAB_CHUNK 64 /* items in one allocation */

struct slab_ref {
	uint32_t slot, gen; /* gen 0 names nothing */
};

/* Every item starts with it. */
struct slab_item {
	uint32_t slot, gen; /* gen 0: free */
};

struct slab_chunk;

struct slab {
	size_t size; /* of an item */
	struct slab_chunk **v;
	uint32_t chunks; /* places in v, some of them empty */
	uint32_t used; /* items */
	uint32_t gen; /* of the last item given out */
	struct list free; /* chunks with room */
};

/* size: bytes of an item, struct slab_item included. */
void slab_init(struct slab *s, size_t size);

/* Frees the storage of all items. */
void slab_clear(struct slab *s);

/* A zeroed item but for its head; NULL: out of memory. */
void *slab_new(struct slab *s);
void slab_free(struct slab *s, void *item);

static inline struct slab_ref
slab_ref(const void *item)
{
	const struct slab_item *i = item;

	return (struct slab_ref){i->slot, i->gen};
}

/* The item, or NULL when it is gone. */
void *slab_get(const struct slab *s, struct slab_ref ref);

/* The first used item at or behind a slot, which is moved there; NULL: no
 * more. The item may be freed before the next call, with *slot + 1. */
void *slab_next(const struct slab *s, uint32_t *slot);

#endif
