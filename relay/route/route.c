/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "relay/route/route.h"

#define STRIPES	   64 /* a power of two */
#define STRIPE_CAP 16 /* places of a stripe at first */

/* Open addressing, linear probing; dev 0 is free. 24 bytes. */
struct entry {
	store_dev dev;
	struct slab_ref conn;
	uint16_t loop;
};

struct stripe {
	_Alignas(64) pthread_mutex_t lock; /* no two in one cache line */
	struct entry *v;
	size_t mask, used;
};

struct route {
	struct stripe stripe[STRIPES];
};

/* Devs are small consecutive numbers of our own: spreading them is enough. */
static uint64_t
spread(store_dev dev)
{
	uint64_t h = dev * 0x9e3779b97f4a7c15u;

	return h ^ h >> 32;
}

static struct stripe *
stripe_of(struct route *r, store_dev dev)
{
	return &r->stripe[spread(dev) % STRIPES];
}

static size_t
home_of(const struct stripe *s, store_dev dev)
{
	return (size_t)(spread(dev) / STRIPES) & s->mask;
}

static struct entry *
find(struct stripe *s, store_dev dev)
{
	size_t i = home_of(s, dev);

	while (s->v[i].dev != 0 && s->v[i].dev != dev)
		i = (i + 1) & s->mask;
	return &s->v[i];
}

static int
resize(struct stripe *s, size_t cap)
{
	struct entry *old = s->v;
	size_t i, n = s->mask + 1;
	struct entry *v = calloc(cap, sizeof(*v));

	if (v == NULL)
		return ERR_NOMEM;
	s->v = v;
	s->mask = cap - 1;
	for (i = 0; i < n; i++)
		if (old[i].dev != 0)
			*find(s, old[i].dev) = old[i];
	free(old);
	return 0;
}

int
route_new(struct route **out)
{
	struct route *r = aligned_alloc(64, sizeof(*r));
	size_t i;

	if (r == NULL)
		return ERR_NOMEM;
	memset(r, 0, sizeof(*r));
	for (i = 0; i < STRIPES; i++) {
		struct stripe *s = &r->stripe[i];

		pthread_mutex_init(&s->lock, NULL);
		s->mask = STRIPE_CAP - 1;
		s->v = calloc(STRIPE_CAP, sizeof(*s->v));
		if (s->v == NULL) {
			route_free(r);
			return ERR_NOMEM;
		}
	}
	*out = r;
	return 0;
}

void
route_free(struct route *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < STRIPES; i++) {
		pthread_mutex_destroy(&r->stripe[i].lock);
		free(r->stripe[i].v);
	}
	free(r);
}

static struct route_place
place_of(const struct entry *e)
{
	return (struct route_place){.conn = e->conn, .loop = e->loop};
}

int
route_set(struct route *r, store_dev dev, const struct route_place *here,
    struct route_place *old, bool *had)
{
	struct stripe *s = stripe_of(r, dev);
	struct entry *e;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	/* At most three quarters full. */
	if (s->used + 1 > (s->mask + 1) / 4 * 3)
		rc = resize(s, (s->mask + 1) * 2);
	if (rc == 0) {
		e = find(s, dev);
		*had = e->dev != 0;
		*old = place_of(e);
		s->used += e->dev == 0;
		*e = (struct entry){dev, here->conn, here->loop};
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* Free cell i: whoever was pushed past it moves up. */
static void
close_gap(struct stripe *s, size_t i)
{
	size_t j = i;

	for (;;) {
		size_t home;

		j = (j + 1) & s->mask;
		if (s->v[j].dev == 0)
			break;
		home = home_of(s, s->v[j].dev);
		if (((j - home) & s->mask) < ((j - i) & s->mask))
			continue;
		s->v[i] = s->v[j];
		i = j;
	}
	s->v[i] = (struct entry){0};
}

static bool
is_at(const struct entry *e, const struct route_place *p)
{
	return e->dev != 0 && e->loop == p->loop &&
	       e->conn.slot == p->conn.slot && e->conn.gen == p->conn.gen;
}

void
route_del(struct route *r, store_dev dev, const struct route_place *here)
{
	struct stripe *s = stripe_of(r, dev);
	struct entry *e;

	pthread_mutex_lock(&s->lock);
	e = find(s, dev);
	if (is_at(e, here)) {
		close_gap(s, (size_t)(e - s->v));
		s->used--;
		/* Best effort: a table too large still works. */
		if (s->mask + 1 > STRIPE_CAP && s->used < (s->mask + 1) / 8)
			(void)resize(s, (s->mask + 1) / 2);
	}
	pthread_mutex_unlock(&s->lock);
}

bool
route_get(struct route *r, store_dev dev, struct route_place *out)
{
	struct stripe *s = stripe_of(r, dev);
	struct entry *e;
	bool found;

	pthread_mutex_lock(&s->lock);
	e = find(s, dev);
	found = e->dev != 0;
	if (found)
		*out = place_of(e);
	pthread_mutex_unlock(&s->lock);
	return found;
}

size_t
route_count(struct route *r)
{
	size_t i, n = 0;

	for (i = 0; i < STRIPES; i++) {
		pthread_mutex_lock(&r->stripe[i].lock);
		n += r->stripe[i].used;
		pthread_mutex_unlock(&r->stripe[i].lock);
	}
	return n;
}
