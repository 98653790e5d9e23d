/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/store/recent.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define RECENT_MIN 1024

static struct recent_entry *
at(const struct recent *r, uint64_t i)
{
	return &r->ring[i & (r->cap - 1)];
}

static size_t
slots(const struct recent *r)
{
	return 2 * r->cap;
}

/* The slot of the tag, or the free one where it would go. */
static size_t
slot_of(const struct recent *r, uint64_t tag)
{
	size_t s = tag & (slots(r) - 1);

	while (r->table[s] != 0 && r->ring[r->table[s] - 1].tag != tag)
		s = (s + 1) & (slots(r) - 1);
	return s;
}

/* Free slot s and close the gap it leaves in its run. */
static void
slot_free(struct recent *r, size_t s)
{
	size_t mask = slots(r) - 1, next, home;

	for (next = s;;) {
		next = (next + 1) & mask;
		if (r->table[next] == 0)
			break;
		home = r->ring[r->table[next] - 1].tag & mask;
		if (((next - home) & mask) < ((next - s) & mask))
			continue; /* it would move before its home */
		r->table[s] = r->table[next];
		s = next;
	}
	r->table[s] = 0;
}

static int
resize(struct recent *r, size_t cap)
{
	struct recent old = *r;
	uint64_t i;

	r->ring = malloc(cap * sizeof(*r->ring));
	r->table = calloc(2 * cap, sizeof(*r->table));
	if (r->ring == NULL || r->table == NULL) {
		free(r->ring);
		free(r->table);
		*r = old;
		return ERR_NOMEM;
	}
	r->cap = cap;
	for (i = r->dropped; i < r->added; i++) {
		*at(r, i) = *at(&old, i);
		r->table[slot_of(r, at(r, i)->tag)] =
		    (uint32_t)(i & (cap - 1)) + 1;
	}
	free(old.ring);
	free(old.table);
	return 0;
}

int
recent_init(struct recent *r, size_t max)
{
	memset(r, 0, sizeof(*r));
	for (r->max = RECENT_MIN; r->max < max;)
		r->max *= 2;
	randombytes_buf(r->key, sizeof(r->key));
	return resize(r, RECENT_MIN);
}

void
recent_clear(struct recent *r)
{
	free(r->ring);
	free(r->table);
	sodium_memzero(r, sizeof(*r));
}

uint64_t
recent_tag(const struct recent *r, store_dev dev,
    const struct account_id *sender, uint32_t sender_device,
    const uint8_t id[static STORE_MESSAGE_ID_LEN])
{
	uint8_t
	    in[sizeof(dev) + STORE_ACCOUNT_ID_LEN + 1 + STORE_MESSAGE_ID_LEN];
	uint8_t *p = in;
	uint64_t tag;

	put_be64(p, dev);
	p += sizeof(dev);
	memcpy(p, sender->b, STORE_ACCOUNT_ID_LEN);
	p += STORE_ACCOUNT_ID_LEN;
	*p++ = (uint8_t)sender_device;
	memcpy(p, id, STORE_MESSAGE_ID_LEN);
	crypto_shorthash((uint8_t *)&tag, in, sizeof(in), r->key);
	return tag;
}

uint64_t
recent_find(const struct recent *r, uint64_t tag)
{
	uint32_t i = r->table[slot_of(r, tag)];

	return i == 0 ? 0 : r->ring[i - 1].seq;
}

static void
drop_oldest(struct recent *r)
{
	slot_free(r, slot_of(r, at(r, r->dropped)->tag));
	r->dropped++;
}

void
recent_add(struct recent *r, uint64_t tag, uint64_t seq)
{
	size_t s;

	if (r->added - r->dropped == r->cap &&
	    (r->cap == r->max || resize(r, 2 * r->cap) != 0))
		drop_oldest(r);
	s = slot_of(r, tag);
	if (r->table[s] != 0)
		return; /* two rows of one message: the first counts */
	*at(r, r->added) = (struct recent_entry){tag, seq};
	r->table[s] = (uint32_t)(r->added & (r->cap - 1)) + 1;
	r->added++;
}

size_t
recent_piece(
    const struct recent *r, uint64_t first, const struct recent_entry **p)
{
	size_t i = first & (r->cap - 1);
	uint64_t n = r->added - first;

	*p = &r->ring[i];
	return n < r->cap - i ? (size_t)n : r->cap - i;
}

void
recent_undo(struct recent *r, uint64_t added)
{
	while (r->added > added && r->added > r->dropped) {
		r->added--;
		slot_free(r, slot_of(r, at(r, r->added)->tag));
	}
}
