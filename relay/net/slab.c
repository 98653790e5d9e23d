/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relay/net/slab.h"

struct slab_chunk {
	struct list link; /* in slab.free while it has room */
	uint64_t used; /* bit per item */
	uint32_t index;
	_Alignas(max_align_t) uint8_t items[];
};

void
slab_init(struct slab *s, size_t size)
{
	size_t a = _Alignof(max_align_t);

	*s = (struct slab){.size = (size + a - 1) / a * a};
	list_init(&s->free);
}

void
slab_clear(struct slab *s)
{
	uint32_t i;

	for (i = 0; i < s->chunks; i++)
		free(s->v[i]);
	free(s->v);
	slab_init(s, s->size);
}

/* A place in v: one that is empty, or one more. */
static int
find_place(struct slab *s, uint32_t *index)
{
	struct slab_chunk **v;
	uint32_t i;

	for (i = 0; i < s->chunks; i++) {
		if (s->v[i] == NULL) {
			*index = i;
			return 0;
		}
	}
	v = realloc(
	    s->v, (s->chunks + (size_t)1) * sizeof(struct slab_chunk *));
	if (v == NULL)
		return ERR_NOMEM;
	v[s->chunks] = NULL;
	s->v = v;
	*index = s->chunks++;
	return 0;
}

static struct slab_chunk *
chunk_new(struct slab *s)
{
	struct slab_chunk *c;
	uint32_t index;

	if (find_place(s, &index) != 0)
		return NULL;
	c = malloc(sizeof(*c) + SLAB_CHUNK * s->size);
	if (c == NULL)
		return NULL;
	c->link = (struct list){0};
	c->used = 0;
	c->index = index;
	s->v[index] = c;
	list_add(&s->free, &c->link);
	return c;
}

static struct slab_item *
item_at(const struct slab *s, struct slab_chunk *c, unsigned bit)
{
	return (void *)(c->items + bit * s->size);
}

void *
slab_new(struct slab *s)
{
	struct slab_item *item;
	struct slab_chunk *c;
	unsigned bit;

	if (list_empty(&s->free)) {
		c = chunk_new(s);
		if (c == NULL)
			return NULL;
	} else {
		c = LIST_OF(s->free.next, struct slab_chunk, link);
	}
	bit = (unsigned)__builtin_ctzll(~c->used);
	c->used |= 1ULL << bit;
	if (c->used == UINT64_MAX)
		list_del(&c->link);
	item = item_at(s, c, bit);
	memset(item, 0, s->size);
	item->slot = c->index * SLAB_CHUNK + bit;
	if (++s->gen == 0)
		s->gen = 1;
	item->gen = s->gen;
	s->used++;
	return item;
}

void
slab_free(struct slab *s, void *p)
{
	struct slab_item *item = p;
	struct slab_chunk *c = s->v[item->slot / SLAB_CHUNK];

	assert(item->gen != 0);
	c->used &= ~(1ULL << item->slot % SLAB_CHUNK);
	sodium_memzero(item, s->size);
	s->used--;
	if (c->used == 0 && s->used > 0) {
		s->v[c->index] = NULL;
		list_del(&c->link);
		free(c);
	} else if (!list_linked(&c->link)) {
		list_add(&s->free, &c->link);
	}
}

void *
slab_get(const struct slab *s, struct slab_ref ref)
{
	uint32_t index = ref.slot / SLAB_CHUNK;
	unsigned bit = ref.slot % SLAB_CHUNK;
	struct slab_item *item;
	struct slab_chunk *c;

	c = index < s->chunks ? s->v[index] : NULL;
	if (c == NULL || (c->used >> bit & 1) == 0)
		return NULL;
	item = item_at(s, c, bit);
	return item->gen == ref.gen ? item : NULL;
}

void *
slab_next(const struct slab *s, uint32_t *slot)
{
	uint32_t i;

	for (i = *slot; i / SLAB_CHUNK < s->chunks; i++) {
		struct slab_chunk *c = s->v[i / SLAB_CHUNK];

		if (c == NULL || (c->used >> i % SLAB_CHUNK & 1) == 0)
			continue;
		*slot = i;
		return item_at(s, c, i % SLAB_CHUNK);
	}
	return NULL;
}
