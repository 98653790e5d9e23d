/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/store/hot.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
mask(const struct hot *h)
{
	return 2 * h->cap - 1;
}

/* Devs are numbered in order; neighbours should not share a run. */
static uint32_t
home(const struct hot *h, store_dev dev)
{
	return (uint32_t)((dev * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask(h);
}

static uint32_t
slot_of(const struct hot *h, store_dev dev)
{
	uint32_t s = home(h, dev);

	while (h->table[s] != 0 && h->devices[h->table[s] - 1].dev != dev)
		s = (s + 1) & mask(h);
	return s;
}

/* Free slot s and close the gap it leaves in its run. */
static void
slot_free(struct hot *h, uint32_t s)
{
	uint32_t next, at;

	for (next = (s + 1) & mask(h); h->table[next] != 0;
	     next = (next + 1) & mask(h)) {
		at = home(h, h->devices[h->table[next] - 1].dev);
		if (((next - at) & mask(h)) < ((next - s) & mask(h)))
			continue; /* it would move before its home */
		h->table[s] = h->table[next];
		s = next;
	}
	h->table[s] = 0;
}

int
hot_init(struct hot *h, uint32_t cap)
{
	memset(h, 0, sizeof(*h));
	h->cap = cap;
	h->ring = calloc(cap, sizeof(*h->ring));
	h->devices = calloc(cap, sizeof(*h->devices));
	h->table = calloc(2 * (size_t)cap, sizeof(*h->table));
	if (h->ring == NULL || h->devices == NULL || h->table == NULL) {
		hot_clear(h);
		return ERR_NOMEM;
	}
	hot_reset(h);
	return 0;
}

void
hot_clear(struct hot *h)
{
	free(h->ring);
	free(h->devices);
	free(h->table);
	memset(h, 0, sizeof(*h));
}

void
hot_reset(struct hot *h)
{
	uint32_t i;

	memset(h->table, 0, 2 * (size_t)h->cap * sizeof(*h->table));
	for (i = 0; i < h->cap; i++)
		h->devices[i].first = i + 2 <= h->cap ? i + 2 : 0;
	h->unused = 1;
	h->n_devices = 0;
	h->added = h->dropped = 0;
}

/* The device's entry, made when it has none. */
static struct hot_device *
device_for(struct hot *h, store_dev dev)
{
	uint32_t s = slot_of(h, dev);
	struct hot_device *d;

	if (h->table[s] != 0)
		return &h->devices[h->table[s] - 1];
	h->table[s] = h->unused; /* as many entries as rows: never 0 here */
	d = &h->devices[h->unused - 1];
	h->unused = d->first;
	*d = (struct hot_device){.dev = dev};
	h->n_devices++;
	return d;
}

static void
device_forget(struct hot *h, struct hot_device *d)
{
	slot_free(h, slot_of(h, d->dev));
	h->n_devices--;
	d->dev = 0;
	d->first = h->unused;
	h->unused = (uint32_t)(d - h->devices) + 1;
}

void
hot_add(struct hot *h, const struct hot_row *row)
{
	uint32_t i = (uint32_t)(h->added++ & (h->cap - 1));
	struct hot_device *d;

	h->ring[i] = *row;
	h->ring[i].next = 0;
	if (!row->live)
		return;
	d = device_for(h, row->dev);
	if (d->live++ == 0)
		d->first = i + 1;
	else
		h->ring[d->last - 1].next = i + 1;
	d->last = i + 1;
}

const struct hot_device *
hot_find(const struct hot *h, store_dev dev)
{
	uint32_t i = h->table[slot_of(h, dev)];

	return i == 0 ? NULL : &h->devices[i - 1];
}

const struct hot_row *
hot_at(const struct hot *h, uint32_t place)
{
	return place == 0 ? NULL : &h->ring[place - 1];
}

/* The first row of the chain is dead. */
static void
chain_pop(struct hot *h, struct hot_device *d)
{
	struct hot_row *row = &h->ring[d->first - 1];

	row->live = false;
	d->first = row->next;
	d->live--;
}

uint32_t
hot_ack(struct hot *h, store_dev dev, uint64_t seq)
{
	uint32_t i = h->table[slot_of(h, dev)], n = 0;
	struct hot_device *d;

	if (i == 0)
		return 0;
	d = &h->devices[i - 1];
	for (; d->live > 0 && h->ring[d->first - 1].seq <= seq; n++)
		chain_pop(h, d);
	if (d->live == 0)
		device_forget(h, d);
	return n;
}

const struct hot_row *
hot_nth(const struct hot *h, uint32_t n)
{
	return n < hot_count(h) ? &h->ring[(h->dropped + n) & (h->cap - 1)]
				: NULL;
}

void
hot_drop(struct hot *h)
{
	const struct hot_row *row = hot_nth(h, 0);

	/* When it lives it is the first of its chain: chains are in order. */
	if (row->live)
		hot_ack(h, row->dev, row->seq);
	h->dropped++;
}
