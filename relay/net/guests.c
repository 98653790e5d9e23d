/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relay/net/guests.h"

/* Open addressing with linear probing; a cell with n 0 is free. */
struct cell {
	uint8_t ip[16];
	uint32_t n;
};

struct guests {
	pthread_mutex_t lock;
	uint8_t secret
	    [crypto_shorthash_KEYBYTES]; /* places are no secret to aim at */
	size_t mask;
	size_t max, used; /* addresses */
	struct cell cell[];
};

int
guests_new(struct guests **out, size_t max)
{
	size_t cap = 16;
	struct guests *g;

	while (cap < max + max / 2)
		cap *= 2;
	g = calloc(1, sizeof(*g) + cap * sizeof(g->cell[0]));
	if (g == NULL)
		return ERR_NOMEM;
	g->mask = cap - 1;
	g->max = max;
	randombytes_buf(g->secret, sizeof(g->secret));
	pthread_mutex_init(&g->lock, NULL);
	*out = g;
	return 0;
}

void
guests_free(struct guests *g)
{
	if (g == NULL)
		return;
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static size_t
home_of(const struct guests *g, const uint8_t ip[static 16])
{
	uint8_t h[crypto_shorthash_BYTES];
	uint64_t n;

	crypto_shorthash(h, ip, 16, g->secret);
	memcpy(&n, h, sizeof(n));
	return (size_t)n & g->mask;
}

/* The cell of ip, or the free one where it would go. */
static struct cell *
find(struct guests *g, const uint8_t ip[static 16])
{
	size_t i = home_of(g, ip);

	while (g->cell[i].n != 0 && memcmp(g->cell[i].ip, ip, 16) != 0)
		i = (i + 1) & g->mask;
	return &g->cell[i];
}

int
guests_enter(struct guests *g, const struct net_addr *a, uint32_t limit)
{
	struct net_addr site = net_addr_site(a);
	struct cell *c;
	int r = 0;

	pthread_mutex_lock(&g->lock);
	c = find(g, site.ip);
	if (c->n >= limit || (c->n == 0 && g->used >= g->max)) {
		r = ERR_FULL;
	} else {
		if (c->n++ == 0) {
			memcpy(c->ip, site.ip, sizeof(c->ip));
			g->used++;
		}
	}
	pthread_mutex_unlock(&g->lock);
	return r;
}

/* Close the gap at i: move up whoever was pushed past it. */
static void
close_gap(struct guests *g, size_t i)
{
	size_t j = i;

	for (;;) {
		size_t home;

		j = (j + 1) & g->mask;
		if (g->cell[j].n == 0)
			break;
		home = home_of(g, g->cell[j].ip);
		if (((j - home) & g->mask) < ((j - i) & g->mask))
			continue;
		g->cell[i] = g->cell[j];
		i = j;
	}
	memset(&g->cell[i], 0, sizeof(g->cell[i]));
}

void
guests_leave(struct guests *g, const struct net_addr *a)
{
	struct net_addr site = net_addr_site(a);
	struct cell *c;

	pthread_mutex_lock(&g->lock);
	c = find(g, site.ip);
	assert(c->n > 0);
	if (--c->n == 0) {
		g->used--;
		close_gap(g, (size_t)(c - g->cell));
	}
	pthread_mutex_unlock(&g->lock);
}
