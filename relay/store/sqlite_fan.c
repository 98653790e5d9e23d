/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_fan.c — one body for many devices: who they are, and their rows. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite_group.h"

/* A fan-out and a SEND of one message id are two messages. */
#define FAN_TAG UINT64_C(0x67726f7570736f74)

/* ---- who -------------------------------------------------------------------------- */

struct places {
	struct store_place *v;
	size_t n, cap;
};

static int
places_room(struct places *p, size_t more)
{
	size_t cap = p->cap > 0 ? p->cap : 64;
	struct store_place *v;

	if (p->n + more > STORE_GROUP_DEVICES_MAX)
		return ERR_FULL;
	while (cap < p->n + more)
		cap *= 2;
	if (cap == p->cap)
		return 0;
	v = realloc(p->v, cap * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	p->v = v;
	p->cap = cap;
	return 0;
}

static int
add_account(struct backend *b, struct places *p, const struct account_id *id)
{
	const struct cache_device *d;
	struct cache_account *a;
	uint32_t i;
	int r;

	r = known_account(b, id, &a);
	if (r == ERR_NOTFOUND || (r == 0 && a->banned))
		return 0;
	if (r == 0)
		r = places_room(p, a->n);
	if (r != 0)
		return r;
	d = cache_devices(&b->cache, a);
	for (i = 0; i < a->n; i++)
		if (d[i].listed)
			p->v[p->n++] = (struct store_place){
			    .account = *id,
			    .device_id = d[i].device_id,
			    .registration_id = d[i].registration_id,
			    .dev = d[i].dev,
			};
	return 0;
}

int
audience_of(struct backend *b, const struct account_id *accounts, size_t n,
    struct store_place **v, size_t *n_out)
{
	struct places p = {NULL, 0, 0};
	size_t i;
	int r = 0;

	for (i = 0; i < n && r == 0; i++)
		r = add_account(b, &p, &accounts[i]);
	if (r != 0) {
		free(p.v);
		return r;
	}
	*v = p.v;
	*n_out = p.n;
	return 0;
}

void
audience_digest(uint8_t out[static 32], const struct store_place *v, size_t n)
{
	crypto_hash_sha256_state h;
	uint8_t number[8];
	size_t i;

	crypto_hash_sha256_init(&h);
	for (i = 0; i < n; i++) {
		put_be32(number, v[i].device_id);
		put_be32(number + 4, v[i].registration_id);
		crypto_hash_sha256_update(
		    &h, v[i].account.b, sizeof(v[i].account.b));
		crypto_hash_sha256_update(&h, number, sizeof(number));
	}
	crypto_hash_sha256_final(&h, out);
}

static int
by_account(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct account_id));
}

size_t
accounts_sort(struct account_id *v, size_t n)
{
	size_t i, kept = 0;

	qsort(v, n, sizeof(*v), by_account);
	for (i = 0; i < n; i++)
		if (kept == 0 || memcmp(&v[kept - 1], &v[i], sizeof(v[i])) != 0)
			v[kept++] = v[i];
	return kept;
}

/* Accounts of choice, and one's own. */
static int
chosen(struct backend *b, const struct account_id *accounts, size_t n,
    const struct account_id *own, struct store_place **v, size_t *n_out)
{
	struct account_id *all;
	int r;

	if (n > STORE_ACCOUNTS_MAX)
		return ERR_RANGE;
	all = malloc((n + 1) * sizeof(*all));
	if (all == NULL)
		return ERR_NOMEM;
	if (n > 0)
		memcpy(all, accounts, n * sizeof(*all));
	all[n] = *own;
	r = audience_of(b, all, accounts_sort(all, n + 1), v, n_out);
	free(all);
	return r;
}

/* Copy what belongs to a slot. */
static int
places_copy(struct store_place **out, const struct store_place *v, size_t n)
{
	*out = malloc((n + 1) * sizeof(**out));
	if (*out == NULL)
		return ERR_NOMEM;
	if (n > 0)
		memcpy(*out, v, n * sizeof(*v));
	return 0;
}

static int
read_group_audience(struct backend *b, struct op_audience *o)
{
	struct group_slot *s;
	struct group_public g;
	int r;

	r = member_group(b, &o->group, &o->asker, &s, &g);
	if (r == 0)
		r = group_audience(b, s, &g);
	if (r == 0)
		r = places_copy(&o->v, s->v, s->n);
	if (r != 0)
		return r;
	o->n = s->n;
	o->version = g.version;
	memcpy(o->digest, s->digest, sizeof(o->digest));
	return 0;
}

int
run_audience(struct backend *b, struct op_audience *o)
{
	int r;

	free(o->v);
	o->v = NULL;
	o->n = 0;
	o->version = 0;
	if (o->has_group)
		return read_group_audience(b, o);
	r = chosen(b, o->accounts, o->n_accounts, &o->asker, &o->v, &o->n);
	if (r == 0)
		audience_digest(o->digest, o->v, o->n);
	return r;
}

/* ---- rows ------------------------------------------------------------------------- */

static uint64_t
tag_of(struct backend *b, const struct row_in *in, store_dev dev)
{
	return FAN_TAG ^ recent_tag(&b->recent, dev, in->sender_account,
			     in->sender_device, in->message_id);
}

/* Whom it goes to; how many rows that makes, or an error. */
static int
look_at_queues(
    struct backend *b, const struct fan_in *in, struct store_fan *fan)
{
	struct store_envelope *e;
	struct cache_device *d;
	size_t i;
	int r, rows = 0;

	for (i = 0; i < fan->n; i++) {
		e = &fan->v[i];
		e->seq = recent_find(&b->recent, tag_of(b, &in->row, e->dev));
		e->repeat = e->seq != 0;
		if (e->repeat)
			continue;
		r = known_queue(b, e->dev, &d);
		if (r != 0)
			return r;
		if (queue_length(b, d) >= b->opts.queue_max) {
			e->dev = 0;
			fan->full++;
		} else {
			rows++;
		}
	}
	return rows;
}

static int
shared_add(
    struct backend *b, const struct fan_in *in, int rows, uint64_t *shared)
{
	sqlite3_stmt *q = sql(b, SQL_SHARED_ADD);
	int r;

	sqlite3_bind_int(q, 1, rows);
	bind_blob(q, 2, in->row.body, in->row.len);
	if (in->group != NULL)
		bind_blob(q, 3, in->group->b, sizeof(in->group->b));
	else
		sqlite3_bind_null(q, 3);
	bind_u64(q, 4, in->expires_ms);
	r = sql_run(b, q);
	if (r == 0)
		*shared = (uint64_t)sqlite3_last_insert_rowid(b->w);
	return r;
}

int
fan_alloc(struct store_fan *fan, size_t n)
{
	free(fan->v);
	fan->n = 0;
	fan->full = 0;
	fan->v = calloc(n + 1, sizeof(*fan->v));
	return fan->v != NULL ? 0 : ERR_NOMEM;
}

int
fan_rows(struct backend *b, const struct fan_in *in, struct store_fan *fan)
{
	struct row_in row = in->row;
	size_t i;
	int r;

	for (i = 0; i < in->n; i++)
		if (in->to[i].dev != in->but)
			fan->v[fan->n++].dev = in->to[i].dev;
	if (in->check_only)
		return 0;
	r = look_at_queues(b, in, fan);
	if (r <= 0)
		return r;
	r = shared_add(b, in, r, &row.shared);
	row.body = NULL;
	row.len = 0;
	for (i = 0; i < fan->n && r == 0; i++) {
		struct store_envelope *e = &fan->v[i];

		if (e->repeat || e->dev == 0)
			continue;
		row.tag = tag_of(b, &in->row, e->dev);
		r = row_next(b, &row, e);
	}
	return r;
}

/* ---- FAN_OUT ---------------------------------------------------------------------- */

/* Version and devices are what the sender thinks: 0, else ERR_STATE, told. */
static int
compare(struct op_fan_out *o, uint32_t version, const uint8_t digest[static 32])
{
	bool same = o->version == version &&
		    memcmp(o->digest, digest, sizeof(o->digest)) == 0;

	o->version = version;
	memcpy(o->digest, digest, sizeof(o->digest));
	return same ? 0 : ERR_STATE;
}

static int
fan_queue(struct backend *b, struct op_fan_out *o, const struct store_place *to,
    size_t n)
{
	struct fan_in in = {
	    .row = {.sent_ms = b->now_ms,
		.sender_account = &o->sender_account,
		.sender_device = o->sender_device,
		.type = o->type,
		.len = o->len,
		.message_id = o->message_id,
		.body = o->body},
	    .to = to,
	    .n = n,
	    .but = o->sender,
	    .group = o->has_group ? &o->group : NULL,
	    .check_only = o->check_only,
	};
	int r;

	r = fan_alloc(&o->fan, n);
	if (r != 0)
		return r;
	o->server_ms = b->now_ms;
	o->expires_ms = o->has_group ? 0 : b->now_ms + STORE_STATUS_MS;
	in.expires_ms = o->expires_ms;
	return fan_rows(b, &in, &o->fan);
}

static int
fan_group(struct backend *b, struct op_fan_out *o)
{
	struct group_slot *s;
	struct group_public g;
	int r;

	r = member_group(b, &o->group, &o->sender_account, &s, &g);
	if (r == 0 && o->version == g.version &&
	    !group_public_may_send(&g, o->sender_account.b))
		r = ERR_DENIED;
	if (r == 0)
		r = group_audience(b, s, &g);
	if (r == 0)
		r = compare(o, g.version, s->digest);
	return r != 0 ? r : fan_queue(b, o, s->v, s->n);
}

static int
fan_chosen(struct backend *b, struct op_fan_out *o)
{
	struct store_place *v = NULL;
	uint8_t digest[32];
	size_t n = 0;
	int r;

	r = chosen(b, o->accounts, o->n_accounts, &o->sender_account, &v, &n);
	if (r != 0)
		return r;
	audience_digest(digest, v, n);
	r = compare(o, o->version, digest);
	if (r == 0)
		r = fan_queue(b, o, v, n);
	free(v);
	return r;
}

int
run_fan_out(struct backend *b, struct op_fan_out *o)
{
	int r;

	o->sender_device = 0;
	o->unlisted = false;
	if (o->len > STORE_BODY_MAX)
		return ERR_RANGE;
	r = sender_check(b, o->sender, &o->sender_account, &o->sender_device);
	if (r != 0) {
		o->unlisted = r == ERR_DENIED;
		return r;
	}
	return o->has_group ? fan_group(b, o) : fan_chosen(b, o);
}
