/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/group_cache.h"

int
group_cache_init(struct group_cache *g)
{
	g->bytes = 0;
	randombytes_buf(g->key, sizeof(g->key));
	g->slots = calloc(GROUP_CACHE_SLOTS, sizeof(*g->slots));
	return g->slots != NULL ? 0 : ERR_NOMEM;
}

void
group_cache_clear(struct group_cache *g)
{
	if (g->slots != NULL)
		group_cache_forget(g);
	free(g->slots);
	g->slots = NULL;
}

static struct group_slot *
slot_of(struct group_cache *g, const struct group_id *id)
{
	uint8_t h[crypto_shorthash_BYTES];

	static_assert(sizeof(g->key) == crypto_shorthash_KEYBYTES, "");
	crypto_shorthash(h, id->b, sizeof(id->b), g->key);
	return &g->slots[h[0] % GROUP_CACHE_SLOTS];
}

static void
unknow(struct group_cache *g, struct group_slot *s)
{
	if (s->known)
		g->bytes -= s->n * sizeof(*s->v);
	free(s->v);
	s->v = NULL;
	s->n = 0;
	s->known = false;
}

static void
vacate(struct group_cache *g, struct group_slot *s)
{
	if (s->row == 0)
		return;
	unknow(g, s);
	g->bytes -= s->record.len;
	buf_clear(&s->record);
	memset(s, 0, sizeof(*s));
}

struct group_slot *
group_cache_find(struct group_cache *g, const struct group_id *id)
{
	struct group_slot *s = slot_of(g, id);

	return s->row != 0 && memcmp(&s->id, id, sizeof(*id)) == 0 ? s : NULL;
}

/* Room for so many more bytes. */
static void
make_room(struct group_cache *g, size_t bytes)
{
	if (g->bytes + bytes > GROUP_CACHE_BYTES)
		group_cache_forget(g);
}

struct group_slot *
group_cache_put(struct group_cache *g, const struct group_id *id, int64_t row,
    struct buf *record)
{
	struct group_slot *s = slot_of(g, id);

	vacate(g, s);
	make_room(g, record->len);
	s->id = *id;
	s->row = row;
	s->record = *record;
	g->bytes += record->len;
	buf_init(record, 0);
	return s;
}

/* Over the maximum by this one alone: the next put sees to it. */
void
group_cache_know(struct group_cache *g, struct group_slot *s,
    struct store_place *v, size_t n, const uint8_t digest[static 32])
{
	unknow(g, s);
	s->v = v;
	s->n = n;
	s->known = true;
	memcpy(s->digest, digest, sizeof(s->digest));
	g->bytes += n * sizeof(*v);
}

void
group_cache_drop(struct group_cache *g, const struct group_id *id)
{
	struct group_slot *s = group_cache_find(g, id);

	if (s != NULL)
		vacate(g, s);
}

void
group_cache_forget(struct group_cache *g)
{
	size_t i;

	for (i = 0; i < GROUP_CACHE_SLOTS; i++)
		vacate(g, &g->slots[i]);
}

void
group_cache_changed(struct group_cache *g, const struct account_id *id)
{
	struct group_public v;
	struct group_slot *s;
	size_t i;

	for (i = 0; i < GROUP_CACHE_SLOTS; i++) {
		s = &g->slots[i];
		if (s->known &&
		    (group_public_open(&v, s->record.p, s->record.len) != 0 ||
			group_public_find(&v, id->b, NULL)))
			unknow(g, s);
	}
}
