/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "relay/abuse/limit.h"

#define WAYS	  8 /* buckets of a set: two cache lines */
#define STRIPES	  64
#define NS_PER_MS 1000000ULL

/*
 * The generic cell rate algorithm: a bucket is the time at which it will be
 * full again. Once that has passed it says nothing any more, so its place is
 * free for anybody.
 */
struct bucket {
	uint64_t tag; /* the key's hash */
	uint64_t full_ns;
};

struct set {
	struct bucket b[WAYS];
};

/* A lock, and the buckets for newcomers to those of its sets that hold nothing
 * but debts. */
struct stripe {
	pthread_mutex_t lock;
	uint64_t refused, shared;
	uint64_t shared_full_ns[LIMIT_CLASS_COUNT][LIMIT_KIND_COUNT];
};

struct limit {
	struct stripe stripes[STRIPES];
	/* Written by limit_set_rates() while others read: each alone is
	 * whole, and a mixed pair lasts for one call. */
	_Atomic uint32_t burst[LIMIT_CLASS_COUNT][LIMIT_KIND_COUNT];
	_Atomic uint64_t per_ns[LIMIT_CLASS_COUNT][LIMIT_KIND_COUNT];
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	struct set *sets;
	size_t mask; /* sets - 1 */
};

static const char *const class_words[] = {
#define X(name, word, doc) word,
    LIMIT_CLASSES(X)
#undef X
};

const char *
limit_class_str(enum limit_class c)
{
	return c < LIMIT_CLASS_COUNT ? class_words[c] : "?";
}

/* ---- rates ----------------------------------------------------------------- */

static const struct {
	const char *word;
	uint64_t ms;
} units[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 3600 * 1000},
    {"d", 24 * 3600 * 1000},
};

/* Digits at *s; at most max. */
static int
parse_number(const char **s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	const char *p = *s;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > max)
			return ERR_RANGE;
	}
	if (p == *s)
		return ERR_FORMAT;
	*s = p;
	*out = n;
	return 0;
}

static uint64_t
unit_ms(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(word, units[i].word) == 0)
			return units[i].ms;
	return 0;
}

int
limit_time_parse(const char *text, uint64_t *ms)
{
	uint64_t count = 1, unit;
	int r;

	if (*text >= '0' && *text <= '9') {
		r = parse_number(&text, LIMIT_PER_MAX_MS, &count);
		if (r != 0)
			return r;
	}
	unit = unit_ms(text);
	if (unit == 0)
		return ERR_FORMAT;
	if (count == 0 || count > LIMIT_PER_MAX_MS / unit)
		return ERR_RANGE;
	*ms = count * unit;
	return 0;
}

int
limit_rate_parse(const char *text, struct limit_rate *out)
{
	uint64_t burst, per_ms;
	int r;

	if (strcmp(text, "off") == 0) {
		*out = (struct limit_rate){.burst = 0, .per_ms = 1};
		return 0;
	}
	r = parse_number(&text, LIMIT_BURST_MAX, &burst);
	if (r != 0)
		return r;
	if (*text++ != '/')
		return ERR_FORMAT;
	r = limit_time_parse(text, &per_ms);
	if (r != 0)
		return r;
	if (burst == 0)
		return ERR_RANGE;
	out->burst = (uint32_t)burst;
	out->per_ms = per_ms;
	return 0;
}

void
limit_rates_default(struct limit_rates *out)
{
	int r = 0;

	memset(out, 0, sizeof(*out));
#define X(class, kind, row, def, doc)                                          \
	r |= limit_rate_parse(def, &out->r[LIMIT_##class][LIMIT_BY_##kind]);
	LIMIT_ROWS(X)
#undef X
	assert(r == 0);
	(void)r;
}

/* ---- keys ------------------------------------------------------------------ */

static struct limit_key
key_of(enum limit_kind kind, const void *p, size_t len)
{
	struct limit_key k = {.kind = kind, .len = (uint8_t)len};

	assert(len <= sizeof(k.b));
	memcpy(k.b, p, len);
	return k;
}

struct limit_key
limit_key_account(const uint8_t id[static LIMIT_ACCOUNT_LEN])
{
	return key_of(LIMIT_BY_ACCOUNT, id, LIMIT_ACCOUNT_LEN);
}

struct limit_key
limit_key_number(const char *e164)
{
	return key_of(LIMIT_BY_NUMBER, e164, strnlen(e164, 23));
}

struct limit_key
limit_key_address(const struct net_addr *a)
{
	struct net_addr site = net_addr_site(a);

	return key_of(LIMIT_BY_ADDRESS, site.ip, sizeof(site.ip));
}

/* ---- the table --------------------------------------------------------------- */

int
limit_new(struct limit **out, size_t entries)
{
	struct limit_rates rates;
	struct limit *l;
	size_t i, n = 1;

	if (entries < LIMIT_ENTRIES_MIN || entries > SIZE_MAX / 64)
		return ERR_RANGE;
	while (n * WAYS < entries)
		n *= 2;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR_NOMEM;
	l->sets = calloc(n, sizeof(*l->sets));
	if (l->sets == NULL) {
		free(l);
		return ERR_NOMEM;
	}
	l->mask = n - 1;
	crypto_shorthash_keygen(l->hash_key);
	for (i = 0; i < STRIPES; i++)
		pthread_mutex_init(&l->stripes[i].lock, NULL);
	limit_rates_default(&rates);
	limit_set_rates(l, &rates);
	*out = l;
	return 0;
}

void
limit_free(struct limit *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < STRIPES; i++)
		pthread_mutex_destroy(&l->stripes[i].lock);
	free(l->sets);
	sodium_memzero(l->hash_key, sizeof(l->hash_key));
	free(l);
}

void
limit_set_rates(struct limit *l, const struct limit_rates *rates)
{
	const struct limit_rate *rate;
	int c, k;

	for (c = 0; c < LIMIT_CLASS_COUNT; c++)
		for (k = 0; k < LIMIT_KIND_COUNT; k++) {
			rate = &rates->r[c][k];
			atomic_store_explicit(&l->per_ns[c][k],
			    rate->per_ms * NS_PER_MS, memory_order_relaxed);
			atomic_store_explicit(
			    &l->burst[c][k], rate->burst, memory_order_relaxed);
		}
}

/* What a call needs to know; cost and time in nanoseconds. */
struct take {
	enum limit_class c;
	enum limit_kind k;
	uint64_t tag;
	uint64_t cost_ns, per_ns, now_ns;
};

/* False: there is no such limit. */
static bool
take_init(struct take *t, struct limit *l, enum limit_class c,
    const struct limit_key *key, uint32_t cost, uint64_t now_ms)
{
	uint8_t in[2 + sizeof(key->b)] = {(uint8_t)c, (uint8_t)key->kind};
	uint8_t hash[crypto_shorthash_BYTES];
	uint32_t burst;

	assert(c < LIMIT_CLASS_COUNT && key->kind < LIMIT_KIND_COUNT);
	burst =
	    atomic_load_explicit(&l->burst[c][key->kind], memory_order_relaxed);
	if (burst == 0)
		return false;
	memcpy(in + 2, key->b, key->len);
	crypto_shorthash(hash, in, 2 + (size_t)key->len, l->hash_key);
	memcpy(&t->tag, hash, sizeof(t->tag));
	t->c = c;
	t->k = key->kind;
	t->now_ns = now_ms * NS_PER_MS;
	t->per_ns = atomic_load_explicit(
	    &l->per_ns[c][key->kind], memory_order_relaxed);
	t->cost_ns = t->per_ns / burst * (cost < burst ? cost : burst);
	return true;
}

static struct stripe *
stripe_of(struct limit *l, const struct take *t)
{
	return &l->stripes[(t->tag & l->mask) % STRIPES];
}

/* The key's bucket, or a free one made the key's; NULL: all are in debt. */
static uint64_t *
own_bucket(struct limit *l, const struct take *t)
{
	struct set *s = &l->sets[t->tag & l->mask];
	struct bucket *spare = NULL;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (s->b[i].full_ns <= t->now_ns)
			spare = &s->b[i];
		else if (s->b[i].tag == t->tag)
			return &s->b[i].full_ns;
	}
	if (spare == NULL)
		return NULL;
	spare->tag = t->tag;
	return &spare->full_ns;
}

static uint32_t
wait_ms(uint64_t ns)
{
	uint64_t ms = (ns + NS_PER_MS - 1) / NS_PER_MS;

	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

int
limit_take(struct limit *l, enum limit_class c, const struct limit_key *key,
    uint32_t cost, uint64_t now_ms, uint32_t *retry_after_ms)
{
	struct take t;
	struct stripe *st;
	uint64_t *full, next, over = 0;

	if (!take_init(&t, l, c, key, cost, now_ms))
		return 0;
	st = stripe_of(l, &t);
	pthread_mutex_lock(&st->lock);
	full = own_bucket(l, &t);
	if (full == NULL) {
		st->shared++;
		full = &st->shared_full_ns[t.c][t.k];
	}
	next = (*full > t.now_ns ? *full : t.now_ns) + t.cost_ns;
	if (next - t.now_ns > t.per_ns) {
		over = next - t.now_ns - t.per_ns;
		st->refused++;
	} else {
		*full = next;
	}
	pthread_mutex_unlock(&st->lock);
	if (over == 0)
		return 0;
	if (retry_after_ms != NULL)
		*retry_after_ms = wait_ms(over);
	return ERR_RATE;
}

void
limit_refund(struct limit *l, enum limit_class c, const struct limit_key *key,
    uint32_t cost, uint64_t now_ms)
{
	struct take t;
	struct stripe *st;
	uint64_t *full;

	if (!take_init(&t, l, c, key, cost, now_ms))
		return;
	st = stripe_of(l, &t);
	pthread_mutex_lock(&st->lock);
	full = own_bucket(l, &t);
	if (full == NULL)
		full = &st->shared_full_ns[t.c][t.k];
	*full = *full > t.cost_ns ? *full - t.cost_ns : 0;
	pthread_mutex_unlock(&st->lock);
}

int
limit_take_all(struct limit *l, enum limit_class c,
    const struct limit_key *keys, size_t n, uint32_t cost, uint64_t now_ms,
    uint32_t *retry_after_ms)
{
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		r = limit_take(l, c, &keys[i], cost, now_ms, retry_after_ms);
		if (r == 0)
			continue;
		while (i-- > 0)
			limit_refund(l, c, &keys[i], cost, now_ms);
		return r;
	}
	return 0;
}

void
limit_stats(struct limit *l, struct limit_stats *out)
{
	size_t i;

	*out = (struct limit_stats){.entries = (l->mask + 1) * WAYS};
	for (i = 0; i < STRIPES; i++) {
		pthread_mutex_lock(&l->stripes[i].lock);
		out->refused += l->stripes[i].refused;
		out->shared += l->stripes[i].shared;
		pthread_mutex_unlock(&l->stripes[i].lock);
	}
}
