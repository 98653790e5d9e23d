/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relay/net/list.h"
#include "relay/presence/presence.h"

#define TABLE_FIRST 64 /* buckets; a power of two */

struct entry;

/* A connection that has set or watches something. */
struct viewer {
	struct list link; /* in self->here */
	struct list links;
	struct entry *self; /* its own account */
	struct route_place conn;
	bool present; /* it has set its presence, and is not away */
};

/* It watches an account. */
struct link {
	struct list of_entry; /* in entry->watchers */
	struct list of_viewer; /* in viewer->links */
	struct entry *entry;
	struct viewer *viewer;
	struct presence_view told;
};

/* An account. */
struct entry {
	struct entry *next; /* in its bucket */
	struct account_id id;
	struct list watchers;
	struct list here; /* its own connections */
	bool share, share_last_seen;
	struct account_id *allowed; /* sorted */
	size_t n_allowed;
	size_t present; /* of here */
	uint64_t last_seen_ms;
};

struct presence {
	pthread_mutex_t lock;
	uint8_t secret[crypto_shorthash_KEYBYTES];
	struct entry **bucket;
	size_t mask, entries, links;
};

/* ---- table ----------------------------------------------------------------------------- */

static size_t
bucket_of(const struct presence *p, const struct account_id *id)
{
	uint8_t h[crypto_shorthash_BYTES];
	uint64_t n;

	crypto_shorthash(h, id->b, sizeof(id->b), p->secret);
	memcpy(&n, h, sizeof(n));
	return (size_t)n & p->mask;
}

static int
same_id(const struct account_id *a, const struct account_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static struct entry *
find(struct presence *p, const struct account_id *id)
{
	struct entry *e = p->bucket[bucket_of(p, id)];

	while (e != NULL && !same_id(&e->id, id))
		e = e->next;
	return e;
}

/* Best effort: a table too small still works. */
static void
grow(struct presence *p)
{
	size_t i, old = p->mask + 1;
	struct entry **was = p->bucket;
	struct entry **v;

	if (p->entries < old)
		return;
	v = calloc(old * 2, sizeof(struct entry *));
	if (v == NULL)
		return;
	p->bucket = v;
	p->mask = old * 2 - 1;
	for (i = 0; i < old; i++) {
		struct entry *e, *next;

		for (e = was[i]; e != NULL; e = next) {
			size_t b = bucket_of(p, &e->id);

			next = e->next;
			e->next = v[b];
			v[b] = e;
		}
	}
	free(was);
}

static int
find_or_make(
    struct presence *p, const struct account_id *id, struct entry **out)
{
	struct entry *e = find(p, id);
	size_t b;

	if (e != NULL) {
		*out = e;
		return 0;
	}
	if (p->entries >= PRESENCE_ENTRIES_MAX)
		return ERR_FULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return ERR_NOMEM;
	grow(p);
	b = bucket_of(p, id);
	e->id = *id;
	list_init(&e->watchers);
	list_init(&e->here);
	e->next = p->bucket[b];
	p->bucket[b] = e;
	p->entries++;
	*out = e;
	return 0;
}

static void
entry_free(struct entry *e)
{
	free(e->allowed);
	free(e);
}

/* Forget an account nothing is known of and nobody asks about. */
static void
drop_if_idle(struct presence *p, struct entry *e)
{
	struct entry **at = &p->bucket[bucket_of(p, &e->id)];

	if (!list_empty(&e->watchers) || !list_empty(&e->here) ||
	    (e->share && e->share_last_seen))
		return;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	p->entries--;
	entry_free(e);
}

int
presence_new(struct presence **out)
{
	struct presence *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return ERR_NOMEM;
	p->bucket = calloc(TABLE_FIRST, sizeof(struct entry *));
	if (p->bucket == NULL) {
		free(p);
		return ERR_NOMEM;
	}
	p->mask = TABLE_FIRST - 1;
	randombytes_buf(p->secret, sizeof(p->secret));
	pthread_mutex_init(&p->lock, NULL);
	*out = p;
	return 0;
}

static void
free_viewers(struct entry *e)
{
	struct list *v, *l;

	while ((v = list_pop(&e->here)) != NULL) {
		struct viewer *viewer = LIST_OF(v, struct viewer, link);

		while ((l = list_pop(&viewer->links)) != NULL)
			free(LIST_OF(l, struct link, of_viewer));
		free(viewer);
	}
}

void
presence_free(struct presence *p)
{
	struct entry *e, *next;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i <= p->mask; i++) {
		for (e = p->bucket[i]; e != NULL; e = next) {
			next = e->next;
			free_viewers(e);
			entry_free(e);
		}
	}
	free(p->bucket);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

size_t
presence_entries(struct presence *p)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->entries;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* ---- connections ----------------------------------------------------------------------- */

static bool
same_place(const struct route_place *a, const struct route_place *b)
{
	return a->loop == b->loop && a->conn.slot == b->conn.slot &&
	       a->conn.gen == b->conn.gen;
}

static struct viewer *
find_viewer(struct entry *e, const struct route_place *conn)
{
	struct list *n;

	for (n = e->here.next; n != &e->here; n = n->next) {
		struct viewer *v = LIST_OF(n, struct viewer, link);

		if (same_place(&v->conn, conn))
			return v;
	}
	return NULL;
}

static int
find_or_make_viewer(struct presence *p, const struct account_id *account,
    const struct route_place *conn, struct viewer **out)
{
	struct entry *e;
	struct viewer *v;
	int r;

	r = find_or_make(p, account, &e);
	if (r != 0)
		return r;
	v = find_viewer(e, conn);
	if (v == NULL) {
		v = calloc(1, sizeof(*v));
		if (v == NULL) {
			drop_if_idle(p, e);
			return ERR_NOMEM;
		}
		v->self = e;
		v->conn = *conn;
		list_init(&v->links);
		list_add(&e->here, &v->link);
	}
	*out = v;
	return 0;
}

static void
drop_links(struct presence *p, struct list *links)
{
	struct list *n;

	while ((n = list_pop(links)) != NULL) {
		struct link *l = LIST_OF(n, struct link, of_viewer);

		list_del(&l->of_entry);
		p->links--;
		drop_if_idle(p, l->entry);
		free(l);
	}
}

/* ---- what whom is told ----------------------------------------------------------------- */

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct account_id));
}

static bool
is_allowed(const struct entry *e, const struct account_id *viewer)
{
	return e->n_allowed > 0 && bsearch(viewer, e->allowed, e->n_allowed,
				       sizeof(*viewer), compare_ids) != NULL;
}

static struct presence_view
view_of(const struct entry *e, const struct account_id *viewer)
{
	struct presence_view v = {false, 0};

	if (!e->share || !is_allowed(e, viewer))
		return v;
	v.online = e->present > 0;
	if (e->share_last_seen && !v.online)
		v.last_seen_ms = e->last_seen_ms;
	return v;
}

static void
tell_one(struct link *l, presence_tell_fn *tell, void *arg)
{
	/* The links of a list that was emptied are not those filled in since. */
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	struct presence_view v = view_of(l->entry, &l->viewer->self->id);

	if (v.online == l->told.online &&
	    v.last_seen_ms == l->told.last_seen_ms)
		return;
	l->told = v;
	tell(arg, &l->viewer->conn, &l->entry->id, &v);
}

static void
tell_watchers(struct entry *e, presence_tell_fn *tell, void *arg)
{
	struct list *n;

	for (n = e->watchers.next; n != &e->watchers; n = n->next)
		tell_one(LIST_OF(n, struct link, of_entry), tell, arg);
}

static void
set_present(struct viewer *v, bool present, uint64_t now_ms)
{
	struct entry *e = v->self;

	if (present == v->present)
		return;
	v->present = present;
	e->present += present ? 1 : (size_t)-1;
	if (e->present == 0)
		e->last_seen_ms = now_ms;
}

/* ---- set, watch, gone ------------------------------------------------------------------ */

/* A sorted copy without repeats; *out is NULL for none. */
static int
sorted_ids(const struct account_id *ids, size_t n, struct account_id **out,
    size_t *n_out)
{
	struct account_id *v;
	size_t i, k = 0;

	*out = NULL;
	*n_out = 0;
	if (n == 0)
		return 0;
	v = malloc(n * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	memcpy(v, ids, n * sizeof(*v));
	qsort(v, n, sizeof(*v), compare_ids);
	for (i = 0; i < n; i++)
		if (k == 0 || compare_ids(&v[k - 1], &v[i]) != 0)
			v[k++] = v[i];
	*out = v;
	*n_out = k;
	return 0;
}

int
presence_set(struct presence *p, const struct account_id *account,
    const struct route_place *conn, const struct presence_rules *rules,
    bool away, uint64_t now_ms, presence_tell_fn *tell, void *arg)
{
	struct account_id *allowed;
	struct viewer *v;
	size_t n;
	int r;

	if (rules->n_allowed > PRESENCE_ALLOWED_MAX)
		return ERR_RANGE;
	r = sorted_ids(rules->allowed, rules->n_allowed, &allowed, &n);
	if (r != 0)
		return r;
	pthread_mutex_lock(&p->lock);
	r = find_or_make_viewer(p, account, conn, &v);
	if (r == 0) {
		free(v->self->allowed);
		v->self->allowed = allowed;
		v->self->n_allowed = n;
		v->self->share = rules->share;
		v->self->share_last_seen = rules->share_last_seen;
		set_present(v, !away, now_ms);
		tell_watchers(v->self, tell, arg);
	}
	pthread_mutex_unlock(&p->lock);
	if (r != 0)
		free(allowed);
	return r;
}

static int
add_link(struct presence *p, struct viewer *v, const struct account_id *id,
    struct list *links)
{
	struct entry *e;
	struct link *l;
	int r;

	if (p->links >= PRESENCE_LINKS_MAX)
		return ERR_FULL;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR_NOMEM;
	r = find_or_make(p, id, &e);
	if (r != 0) {
		free(l);
		return r;
	}
	l->entry = e;
	l->viewer = v;
	list_add(&e->watchers, &l->of_entry);
	list_add(links, &l->of_viewer);
	p->links++;
	return 0;
}

/* The new links beside the old ones, which go when all is well. */
static int
replace_links(struct presence *p, struct viewer *v,
    const struct account_id *ids, size_t n)
{
	struct list fresh;
	size_t i;
	int r = 0;

	list_init(&fresh);
	for (i = 0; r == 0 && i < n; i++)
		r = add_link(p, v, &ids[i], &fresh);
	if (r == 0) {
		drop_links(p, &v->links);
		list_splice(&v->links, &fresh);
	} else {
		drop_links(p, &fresh);
	}
	return r;
}

/* A connection that neither set nor watches anything is not kept. */
static void
drop_viewer_if_idle(struct presence *p, struct viewer *v)
{
	struct entry *e = v->self;

	if (v->present || !list_empty(&v->links))
		return;
	list_del(&v->link);
	free(v);
	drop_if_idle(p, e);
}

int
presence_watch(struct presence *p, const struct account_id *viewer,
    const struct route_place *conn, const struct account_id *accounts, size_t n,
    presence_tell_fn *tell, void *arg)
{
	struct account_id *ids;
	struct viewer *v;
	struct list *node;
	int r;

	if (n > PRESENCE_WATCHED_MAX)
		return ERR_RANGE;
	r = sorted_ids(accounts, n, &ids, &n);
	if (r != 0)
		return r;
	pthread_mutex_lock(&p->lock);
	r = find_or_make_viewer(p, viewer, conn, &v);
	if (r == 0) {
		r = replace_links(p, v, ids, n);
		if (r == 0)
			for (node = v->links.next; node != &v->links;
			     node = node->next)
				tell_one(LIST_OF(node, struct link, of_viewer),
				    tell, arg);
		drop_viewer_if_idle(p, v);
	}
	pthread_mutex_unlock(&p->lock);
	free(ids);
	return r;
}

void
presence_gone(struct presence *p, const struct account_id *account,
    const struct route_place *conn, uint64_t now_ms, presence_tell_fn *tell,
    void *arg)
{
	struct entry *e;
	struct viewer *v = NULL;

	pthread_mutex_lock(&p->lock);
	e = find(p, account);
	if (e != NULL)
		v = find_viewer(e, conn);
	if (v != NULL) {
		drop_links(p, &v->links);
		set_present(v, false, now_ms);
		tell_watchers(e, tell, arg);
		drop_viewer_if_idle(p, v);
	}
	pthread_mutex_unlock(&p->lock);
}
