/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/store/cache.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_MIN 1024 /* more than one account can have */

static uint32_t
slots(const struct cache *c)
{
	return 2 * c->cap;
}

/* Ids are random, but whoever registers many accounts chooses among them. */
static uint32_t
mix(const struct cache *c, uint64_t v)
{
	v = (v ^ c->seed) * UINT64_C(0x9e3779b97f4a7c15);
	v ^= v >> 32;
	v *= UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(v >> 32) & (slots(c) - 1);
}

static uint32_t
id_slot(const struct cache *c, const struct account_id *id)
{
	uint32_t s = mix(c, get_be64(id->b));

	while (c->by_id[s] != 0 &&
	       memcmp(&c->accounts[c->by_id[s] - 1].id, id, sizeof(*id)) != 0)
		s = (s + 1) & (slots(c) - 1);
	return s;
}

static uint32_t
dev_slot(const struct cache *c, store_dev dev)
{
	uint32_t s = mix(c, dev);

	while (c->by_dev[s] != 0 && c->devices[c->by_dev[s] - 1].dev != dev)
		s = (s + 1) & (slots(c) - 1);
	return s;
}

int
cache_init(struct cache *c, uint32_t cap)
{
	memset(c, 0, sizeof(*c));
	for (c->cap = CACHE_MIN; c->cap < cap;)
		c->cap *= 2;
	randombytes_buf(&c->seed, sizeof(c->seed));
	c->accounts = calloc(c->cap, sizeof(*c->accounts));
	c->devices = calloc(c->cap, sizeof(*c->devices));
	c->by_id = calloc(slots(c), sizeof(*c->by_id));
	c->by_dev = calloc(slots(c), sizeof(*c->by_dev));
	if (c->accounts != NULL && c->devices != NULL && c->by_id != NULL &&
	    c->by_dev != NULL)
		return 0;
	cache_clear(c);
	return ERR_NOMEM;
}

void
cache_clear(struct cache *c)
{
	free(c->accounts);
	free(c->devices);
	free(c->by_id);
	free(c->by_dev);
	memset(c, 0, sizeof(*c));
}

struct cache_account *
cache_account(struct cache *c, const struct account_id *id)
{
	uint32_t i = c->by_id[id_slot(c, id)];

	return i == 0 || c->accounts[i - 1].dead ? NULL : &c->accounts[i - 1];
}

struct cache_device *
cache_device(struct cache *c, store_dev dev)
{
	uint32_t i = c->by_dev[dev_slot(c, dev)];
	struct cache_device *d;

	if (i == 0)
		return NULL;
	d = &c->devices[i - 1];
	return c->accounts[d->account].dead ? NULL : d;
}

struct cache_device *
cache_devices(struct cache *c, struct cache_account *a)
{
	return &c->devices[a->first];
}

struct cache_account *
cache_add(struct cache *c, const struct cache_account *a,
    const struct cache_device *v, uint32_t n)
{
	struct cache_account *dst;
	uint32_t i;

	if (c->n_accounts == c->cap || c->cap - c->n_devices < n)
		cache_forget(c);
	dst = &c->accounts[c->n_accounts];
	*dst = *a;
	dst->dead = false;
	dst->first = c->n_devices;
	dst->n = n;
	for (i = 0; i < n; i++) {
		struct cache_device *d = &c->devices[c->n_devices];

		*d = v[i];
		d->account = c->n_accounts;
		/* a dead account's device of the same number is replaced */
		c->by_dev[dev_slot(c, d->dev)] = ++c->n_devices;
	}
	c->by_id[id_slot(c, &dst->id)] = ++c->n_accounts;
	return dst;
}

void
cache_drop(struct cache *c, struct cache_account *a)
{
	(void)c;
	a->dead = true;
}

void
cache_forget(struct cache *c)
{
	memset(c->by_id, 0, slots(c) * sizeof(*c->by_id));
	memset(c->by_dev, 0, slots(c) * sizeof(*c->by_dev));
	c->n_accounts = c->n_devices = 0;
}
