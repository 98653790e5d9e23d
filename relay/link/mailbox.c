/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/link/mailbox.h"

enum { NEW, TRUSTED, SIDES };

struct blob {
	uint8_t *p; /* heap */
	size_t len;
};

struct side {
	bool known;
	struct noise_public key;
	struct route_place place;
	struct blob v[MAILBOX_BLOBS]; /* for this side; [i] has number i + 1 */
	uint32_t n;
};

struct mailbox {
	struct mailbox_id id;
	uint64_t until_ms; /* 0: the place is free */
	struct side side[SIDES];
	size_t bytes;
};

struct mailboxes {
	pthread_mutex_t lock;
	struct mailbox *v; /* MAILBOX_MANY */
	size_t bytes;
};

int
mailboxes_new(struct mailboxes **out)
{
	struct mailboxes *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return ERR_NOMEM;
	m->v = calloc(MAILBOX_MANY, sizeof(*m->v));
	if (m->v == NULL) {
		free(m);
		return ERR_NOMEM;
	}
	pthread_mutex_init(&m->lock, NULL);
	*out = m;
	return 0;
}

static void
vacate(struct mailboxes *m, struct mailbox *b)
{
	uint32_t i, k;

	for (i = 0; i < SIDES; i++)
		for (k = 0; k < b->side[i].n; k++)
			free(b->side[i].v[k].p);
	m->bytes -= b->bytes;
	memset(b, 0, sizeof(*b));
}

void
mailboxes_free(struct mailboxes *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < MAILBOX_MANY; i++)
		vacate(m, &m->v[i]);
	free(m->v);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static bool
is_side(const struct side *s, const struct noise_public *key)
{
	return s->known && memcmp(s->key.b, key->b, sizeof(key->b)) == 0;
}

/* The live one of that id; NULL. */
static struct mailbox *
find(struct mailboxes *m, const struct mailbox_id *id, uint64_t now_ms)
{
	struct mailbox *found = NULL;
	size_t i;

	for (i = 0; i < MAILBOX_MANY; i++)
		if (m->v[i].until_ms > now_ms &&
		    sodium_memcmp(&m->v[i].id, id, sizeof(*id)) == 0)
			found = &m->v[i];
	return found;
}

/* That caller's side, also the one it takes; NULL: it has none. */
static struct side *
side_of(struct mailbox *b, const struct mailbox_side *who, bool may_join)
{
	struct side *t = &b->side[TRUSTED];
	int i;

	for (i = 0; i < SIDES; i++)
		if (is_side(&b->side[i], who->key))
			return &b->side[i];
	if (!may_join || !who->device || t->known)
		return NULL;
	t->known = true;
	t->key = *who->key;
	return t;
}

/* ---- opening ----------------------------------------------------------------------- */

/* A free place; what has expired or is of the same key makes one. */
static struct mailbox *
place_for(struct mailboxes *m, const struct noise_public *key, uint64_t now_ms)
{
	struct mailbox *free_one = NULL;
	size_t i;

	for (i = 0; i < MAILBOX_MANY; i++) {
		struct mailbox *b = &m->v[i];

		if (b->until_ms <= now_ms || is_side(&b->side[NEW], key))
			vacate(m, b);
		if (b->until_ms == 0)
			free_one = b;
	}
	return free_one;
}

int
mailbox_open(struct mailboxes *m, const struct mailbox_side *who,
    uint64_t now_ms, struct mailbox_id *id)
{
	struct mailbox *b;
	int r = ERR_FULL;

	pthread_mutex_lock(&m->lock);
	b = place_for(m, who->key, now_ms);
	if (b != NULL) {
		randombytes_buf(b->id.b, sizeof(b->id.b));
		b->until_ms = now_ms + MAILBOX_LIFE_MS;
		b->side[NEW].known = true;
		b->side[NEW].key = *who->key;
		b->side[NEW].place = who->place;
		*id = b->id;
		r = 0;
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}

int
mailbox_attach(struct mailboxes *m, const struct mailbox_id *id,
    const struct mailbox_side *who, uint32_t after, uint64_t now_ms,
    uint64_t *left_ms, mailbox_blob_fn *each, void *arg)
{
	struct mailbox *b;
	struct side *s;
	uint32_t i;

	pthread_mutex_lock(&m->lock);
	b = find(m, id, now_ms);
	s = b != NULL ? side_of(b, who, false) : NULL;
	if (s != NULL) {
		s->place = who->place;
		*left_ms = b->until_ms - now_ms;
		for (i = after; i < s->n; i++)
			each(arg, i + 1, s->v[i].p, s->v[i].len);
	}
	pthread_mutex_unlock(&m->lock);
	return s != NULL ? 0 : ERR_NOTFOUND;
}

/* ---- messages ---------------------------------------------------------------------- */

static int
blob_add(struct mailboxes *m, struct mailbox *b, struct side *to,
    const uint8_t *p, size_t len)
{
	struct blob *v = &to->v[to->n];

	if (to->n == MAILBOX_BLOBS || b->bytes + len > MAILBOX_BYTES ||
	    m->bytes + len > MAILBOX_BYTES_ALL)
		return ERR_FULL;
	v->p = malloc(len);
	if (v->p == NULL)
		return ERR_NOMEM;
	memcpy(v->p, p, len);
	v->len = len;
	b->bytes += len;
	m->bytes += len;
	to->n++;
	return 0;
}

static int
put(struct mailboxes *m, struct mailbox *b, const struct mailbox_side *who,
    const uint8_t *blob, size_t len, struct route_place *to, uint32_t *number)
{
	struct side *from = side_of(b, who, true), *other;
	int r;

	if (from == NULL)
		return ERR_NOTFOUND;
	from->place = who->place;
	other = &b->side[from == &b->side[NEW] ? TRUSTED : NEW];
	if (!other->known)
		return ERR_STATE;
	r = blob_add(m, b, other, blob, len);
	if (r != 0)
		return r;
	*to = other->place;
	*number = other->n;
	return 0;
}

int
mailbox_put(struct mailboxes *m, const struct mailbox_id *id,
    const struct mailbox_side *who, uint64_t now_ms, const uint8_t *blob,
    size_t len, struct route_place *to, uint32_t *number)
{
	struct mailbox *b;
	int r;

	if (len == 0 || len > MAILBOX_BLOB_MAX)
		return ERR_RANGE;
	pthread_mutex_lock(&m->lock);
	b = find(m, id, now_ms);
	r = b != NULL ? put(m, b, who, blob, len, to, number) : ERR_NOTFOUND;
	pthread_mutex_unlock(&m->lock);
	return r;
}

int
mailbox_owner(struct mailboxes *m, const struct mailbox_id *id,
    const struct mailbox_side *who, uint64_t now_ms, struct noise_public *out,
    uint64_t *left_ms)
{
	struct mailbox *b;
	int r = ERR_NOTFOUND;

	pthread_mutex_lock(&m->lock);
	b = find(m, id, now_ms);
	if (b != NULL && is_side(&b->side[TRUSTED], who->key)) {
		*out = b->side[NEW].key;
		*left_ms = b->until_ms - now_ms;
		r = 0;
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}

size_t
mailboxes_count(struct mailboxes *m, uint64_t now_ms)
{
	size_t i, n = 0;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < MAILBOX_MANY; i++)
		n += m->v[i].until_ms > now_ms;
	pthread_mutex_unlock(&m->lock);
	return n;
}
