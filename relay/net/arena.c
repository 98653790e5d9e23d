/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <sodium.h>

#include "common/base.h"
#include "relay/net/arena.h"

#define BLOCK ((size_t)16 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t cap, used;
	_Alignas(max_align_t) unsigned char bytes[];
};

static void *
pb_alloc(void *ctx, size_t n)
{
	return arena_take(ctx, n);
}

static void
pb_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){
	    .pb = {.alloc = pb_alloc, .free = pb_free, .allocator_data = a},
	    .max = max,
	};
}

static struct arena_block *
add_block(struct arena *a, size_t n)
{
	size_t cap = n > BLOCK ? n : BLOCK;
	struct arena_block *b;

	if (cap > a->max || a->total > a->max - cap) {
		a->err = ERR_RANGE;
		return NULL;
	}
	b = malloc(sizeof(*b) + cap);
	if (b == NULL) {
		a->err = ERR_NOMEM;
		return NULL;
	}
	b->cap = cap;
	b->used = 0;
	b->next = a->head;
	a->head = b;
	a->total += cap;
	return b;
}

void *
arena_take(struct arena *a, size_t n)
{
	size_t align = _Alignof(max_align_t);
	struct arena_block *b = a->head;
	void *p;

	if (n > a->max) {
		a->err = ERR_RANGE;
		return NULL;
	}
	n = (n + align - 1) / align * align;
	if (b == NULL || b->cap - b->used < n)
		b = add_block(a, n);
	if (b == NULL)
		return NULL;
	p = b->bytes + b->used;
	b->used += n;
	return p;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b = a->head, *next, *keep = NULL;

	for (; b != NULL; b = next) {
		next = b->next;
		sodium_memzero(b->bytes, b->used);
		if (keep == NULL && b->cap == BLOCK) {
			keep = b;
			continue;
		}
		free(b);
	}
	a->head = keep;
	a->total = 0;
	a->err = 0;
	if (keep == NULL)
		return;
	keep->next = NULL;
	keep->used = 0;
	a->total = keep->cap;
}

void
arena_clear(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	arena_init(a, a->max);
}
