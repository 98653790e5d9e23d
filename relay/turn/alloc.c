/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alloc.c — allocations: by client, permissions, channels, whose they are. */
#include <stdlib.h>
#include <sys/epoll.h>

#include <sodium.h>

#include "relay/turn/priv.h"

#define GROW 4

/* ---- users -------------------------------------------------------------------- */

static struct user **
user_place(struct turn *t, const uint8_t *who)
{
	struct user **p;
	uint16_t n;

	memcpy(&n, who, sizeof(n)); /* a hash already */
	p = &t->users[n % NAME_HASH_BUCKETS];
	while (*p != NULL && memcmp((*p)->who, who, WHO_LEN) != 0)
		p = &(*p)->next;
	return p;
}

static int
take_locked(struct turn *t, const uint8_t *who, struct user **out)
{
	struct user **p = user_place(t, who);

	if (*p == NULL) {
		*p = calloc(1, sizeof(**p));
		if (*p == NULL)
			return ERR_NOMEM;
		memcpy((*p)->who, who, WHO_LEN);
	}
	if ((*p)->allocations >= t->conf->turn.quota)
		return ERR_FULL;
	(*p)->allocations++;
	*out = *p;
	return 0;
}

int
user_take(struct turn *t, const uint8_t who[static WHO_LEN], struct user **out)
{
	int r;

	pthread_mutex_lock(&t->lock);
	r = take_locked(t, who, out);
	pthread_mutex_unlock(&t->lock);
	return r;
}

void
user_drop(struct turn *t, struct user *u)
{
	struct user **p;

	if (u == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	if (--u->allocations == 0) {
		p = user_place(t, u->who);
		*p = u->next;
		free(u);
	}
	pthread_mutex_unlock(&t->lock);
}

/* ---- the table ------------------------------------------------------------------ */

struct five { /* what a client is found by */
	const struct listener *listener;
	uint8_t ip[16];
	uint16_t port;
	uint8_t local[16];
};

static size_t
place(const struct worker *w, const struct listener *l, const union sa *client,
    const union local *local)
{
	struct five k;
	struct net_addr a = net_addr_of(&client->sa);
	uint64_t h;

	memset(&k, 0, sizeof(k));
	k.listener = l;
	memcpy(k.ip, a.ip, sizeof(k.ip));
	k.port = a.port;
	if (l->any && l->addr.sa.sa_family == AF_INET)
		memcpy(k.local, &local->in.ipi_spec_dst, 4);
	else if (l->any)
		memcpy(k.local, &local->in6.ipi6_addr, 16);
	crypto_shorthash(
	    (uint8_t *)&h, (const uint8_t *)&k, sizeof(k), w->seed);
	return (size_t)h & (w->places - 1);
}

struct alloc *
alloc_find(struct worker *w, const struct from *f)
{
	struct alloc *a;

	if (f->stream != NULL)
		return f->stream->alloc;
	a = w->table[place(w, f->listener, &f->addr, &f->local)];
	while (
	    a != NULL && (a->listener != f->listener || a->stream != NULL ||
			     !sa_equal(&a->client, &f->addr) ||
			     !local_equal(f->listener, &a->local, &f->local)))
		a = a->next;
	return a;
}

static size_t
place_of(const struct worker *w, const struct alloc *a)
{
	return place(w, a->listener, &a->client, &a->local);
}

/* Twice the places; with too little memory it stays as it is, only slower. */
static void
grow(struct worker *w)
{
	struct alloc **old = w->table, *a, *next;
	size_t n = w->places, i, at;

	w->table = calloc(2 * n, sizeof(struct alloc *));
	if (w->table == NULL) {
		w->table = old;
		return;
	}
	w->places = 2 * n;
	for (i = 0; i < n; i++)
		for (a = old[i]; a != NULL; a = next) {
			next = a->next;
			at = place_of(w, a);
			a->next = w->table[at];
			w->table[at] = a;
		}
	free(old);
}

static void
expired(struct worker *w, struct timer *t)
{
	struct alloc *a = LIST_OF(t, struct alloc, timer);

	if (a->expires_ms > w->now_ms)
		timer_set(w, t, a->expires_ms - w->now_ms);
	else
		alloc_free(w, a);
}

int
alloc_add(struct worker *w, struct alloc *a)
{
	size_t at;

	a->w.kind = WATCH_PEERS;
	a->first = a->last = SLOT_NONE;
	a->timer.fire = expired;
	if (worker_watch(w, &a->w, EPOLLIN) != 0)
		return ERR_SYS;
	if (w->used >= w->places)
		grow(w);
	at = place_of(w, a);
	a->next = w->table[at];
	w->table[at] = a;
	w->used++;
	if (a->stream != NULL)
		a->stream->alloc = a;
	w->counts.turn_allocations++;
	return 0;
}

void
alloc_free(struct worker *w, struct alloc *a)
{
	struct alloc **p = &w->table[place_of(w, a)];

	while (*p != a)
		p = &(*p)->next;
	*p = a->next;
	w->used--;
	w->counts.turn_allocations--;
	if (list_linked(&a->dirty))
		path_flush(w);
	worker_unwatch(w, &a->w);
	wheel_del(&w->wheel, &a->timer.node);
	user_drop(w->t, a->user);
	atomic_fetch_sub(&w->t->allocations, 1);
	if (a->stream != NULL)
		stream_idle(w, a->stream);
	sodium_memzero(&a->key, sizeof(a->key));
	free(a->permissions);
	free(a->channels);
	a->permissions = NULL;
	a->channels = NULL;
	list_add(&w->graves, &a->grave);
}

void
alloc_lifetime(struct worker *w, struct alloc *a, uint32_t seconds)
{
	a->expires_ms = w->now_ms + 1000ULL * seconds;
	timer_set(w, &a->timer, 1000ULL * seconds);
}

/* ---- permissions ---------------------------------------------------------------------- */

/* Room for one more in an array that grows by GROW. NULL: too little memory.
 */
static void *
room(void *v, size_t n, size_t size)
{
	return n % GROW == 0 ? realloc(v, (n + GROW) * size) : v;
}

static struct permission *
permission_of(const struct alloc *a, const uint8_t ip[static 16])
{
	size_t i;

	for (i = 0; i < a->n_permissions; i++)
		if (memcmp(a->permissions[i].ip, ip, 16) == 0)
			return &a->permissions[i];
	return NULL;
}

static struct permission *
expired_permission(const struct worker *w, const struct alloc *a)
{
	size_t i;

	for (i = 0; i < a->n_permissions; i++)
		if (a->permissions[i].until <= w->now_s)
			return &a->permissions[i];
	return NULL;
}

bool
permission_fits(const struct worker *w, const struct alloc *a, size_t n)
{
	size_t i, live = 0;

	for (i = 0; i < a->n_permissions; i++)
		live += a->permissions[i].until > w->now_s;
	return live + n <= PERMISSIONS_MAX;
}

static int
permission_slot(
    struct worker *w, struct alloc *a, const uint8_t *ip, struct permission **p)
{
	struct permission *v;

	*p = permission_of(a, ip);
	if (*p == NULL)
		*p = expired_permission(w, a);
	if (*p != NULL)
		return 0;
	if (a->n_permissions >= PERMISSIONS_MAX)
		return ERR_FULL;
	v = room(a->permissions, a->n_permissions, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	a->permissions = v;
	*p = &v[a->n_permissions++];
	return 0;
}

int
permission_add(struct worker *w, struct alloc *a, const union sa *peer)
{
	struct net_addr ip = net_addr_of(&peer->sa);
	struct permission *p;
	size_t i;
	int r;

	r = permission_slot(w, a, ip.ip, &p);
	if (r != 0)
		return r;
	memcpy(p->ip, ip.ip, sizeof(p->ip));
	p->until = w->now_s + PERMISSION_S;
	for (i = 0; i < a->n_channels; i++)
		if (sa_same_ip(&a->channels[i].peer, peer))
			a->channels[i].permitted = p->until;
	return 0;
}

bool
permission_has(
    const struct worker *w, const struct alloc *a, const union sa *peer)
{
	struct net_addr ip = net_addr_of(&peer->sa);
	const struct permission *p = permission_of(a, ip.ip);

	return p != NULL && p->until > w->now_s;
}

/* ---- channels ---------------------------------------------------------------------------- */

struct channel *
channel_by_number(
    const struct worker *w, const struct alloc *a, uint16_t number)
{
	size_t i;

	for (i = 0; i < a->n_channels; i++)
		if (a->channels[i].number == number &&
		    a->channels[i].until > w->now_s)
			return &a->channels[i];
	return NULL;
}

struct channel *
channel_by_peer(
    const struct worker *w, const struct alloc *a, const union sa *peer)
{
	size_t i;

	for (i = 0; i < a->n_channels; i++)
		if (a->channels[i].until > w->now_s &&
		    sa_equal(&a->channels[i].peer, peer))
			return &a->channels[i];
	return NULL;
}

static int
channel_slot(struct worker *w, struct alloc *a, struct channel **c)
{
	struct channel *v;
	size_t i;

	for (i = 0; i < a->n_channels; i++)
		if (a->channels[i].until <= w->now_s) {
			*c = &a->channels[i];
			return 0;
		}
	if (a->n_channels >= CHANNELS_MAX)
		return ERR_FULL;
	v = room(a->channels, a->n_channels, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	a->channels = v;
	*c = &v[a->n_channels++];
	memset(*c, 0, sizeof(**c));
	return 0;
}

int
channel_bind(
    struct worker *w, struct alloc *a, uint16_t number, const union sa *peer)
{
	struct channel *c = channel_by_number(w, a, number);
	struct channel *other = channel_by_peer(w, a, peer);
	int r;

	/* RFC 8656 §12.2 */
	if (c != other)
		return ERR_STATE;
	if (c == NULL) {
		r = channel_slot(w, a, &c);
		if (r != 0)
			return r;
		/* Whatever follows, an unfinished one has expired. */
		memset(c, 0, sizeof(*c));
	}
	r = permission_add(w, a, peer);
	if (r != 0)
		return r;
	c->peer = *peer;
	c->number = number;
	c->until = w->now_s + CHANNEL_S;
	c->permitted = w->now_s + PERMISSION_S;
	return 0;
}
