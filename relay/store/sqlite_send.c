/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_send.c — messages come in: check whom they are for, append. */
#include <stdatomic.h>
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- send: check -------------------------------------------------------------- */

static void
set_add(struct device_set *s, uint32_t id)
{
	s->w[id / 64] |= UINT64_C(1) << (id % 64);
}

static bool
set_empty(const struct device_set *s)
{
	return (s->w[0] | s->w[1]) == 0;
}

/* The target's envelopes by device id; ERR_RANGE sizes, a device twice. */
static int
envelopes_by_id(const struct store_target *t, struct device_set *ids)
{
	const struct store_envelope *e;
	size_t i;

	memset(ids, 0, sizeof(*ids));
	if (t->n > STORE_DEVICE_MAX)
		return ERR_RANGE;
	for (i = 0; i < t->n; i++) {
		e = &t->v[i];
		if (e->device_id < 1 || e->device_id > STORE_DEVICE_MAX ||
		    e->len > STORE_BODY_MAX ||
		    device_set_has(ids, e->device_id))
			return ERR_RANGE;
		set_add(ids, e->device_id);
	}
	return 0;
}

static void
compare(struct store_target *t, const struct device_set *ids,
    const struct cache_device *live, uint32_t n, store_dev sender)
{
	struct device_set known = {{0}};
	struct store_envelope *e;
	uint32_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		if (live[i].dev == sender || !live[i].listed)
			continue;
		set_add(&known, live[i].device_id);
		if (!device_set_has(ids, live[i].device_id)) {
			set_add(&t->missing, live[i].device_id);
			continue;
		}
		for (k = 0; t->v[k].device_id != live[i].device_id; k++)
			;
		e = &t->v[k];
		e->dev = live[i].dev;
		if (e->registration_id != live[i].registration_id)
			set_add(&t->reregistered, e->device_id);
	}
	t->extra.w[0] = ids->w[0] & ~known.w[0];
	t->extra.w[1] = ids->w[1] & ~known.w[1];
	t->stale = !set_empty(&t->missing) || !set_empty(&t->extra) ||
		   !set_empty(&t->reregistered);
}

/* One account: fill in its devs, or what is stale. */
static int
check_target(struct backend *b, struct op_send *o, struct store_target *t)
{
	struct cache_account *a;
	struct device_set ids;
	int r;

	t->stale = t->gone = false;
	memset(&t->missing, 0, sizeof(t->missing));
	memset(&t->extra, 0, sizeof(t->extra));
	memset(&t->reregistered, 0, sizeof(t->reregistered));
	r = envelopes_by_id(t, &ids);
	if (r == 0)
		r = known_account(b, &t->account, &a);
	if (r == ERR_NOTFOUND || (r == 0 && a->banned)) {
		t->stale = t->gone = true;
		return 0;
	}
	if (r != 0)
		return r;
	if (a->stamp == b->stamp)
		return ERR_RANGE; /* twice in one send */
	a->stamp = b->stamp;
	compare(t, &ids, cache_devices(&b->cache, a), a->n, o->sender);
	return 0;
}

int
sender_check(struct backend *b, store_dev sender, struct account_id *account,
    uint32_t *device_id)
{
	struct cache_account *a;
	struct cache_device *d;
	int r;

	r = known_device(b, sender, &d);
	if (r != 0)
		return r;
	a = &b->cache.accounts[d->account];
	if (a->banned)
		return ERR_NOTFOUND;
	*account = a->id;
	*device_id = d->device_id;
	return d->listed ? 0 : ERR_DENIED;
}

static int
check_targets(struct backend *b, struct op_send *o)
{
	bool stale = false;
	size_t i;
	int r;

	if (o->n > STORE_ACCOUNTS_MAX)
		return ERR_RANGE;
	b->stamp++;
	for (i = 0; i < o->n; i++) {
		r = check_target(b, o, &o->v[i]);
		if (r != 0)
			return r;
		stale |= o->v[i].stale;
	}
	return stale ? ERR_STATE : 0;
}

static int
check_room(struct backend *b, struct op_send *o)
{
	struct cache_device *d;
	size_t i, k;
	int r;

	for (i = 0; i < o->n; i++)
		for (k = 0; k < o->v[i].n; k++) {
			r = known_queue(b, o->v[i].v[k].dev, &d);
			if (r != 0)
				return r;
			if (queue_length(b, d) >= b->opts.queue_max)
				return ERR_FULL;
		}
	return 0;
}

/* ---- send: append -------------------------------------------------------------- */

int
row_add(struct backend *b, const struct row_in *in, struct cache_device *d)
{
	struct hot_row hot = {.seq = in->seq,
	    .dev = in->dev,
	    .sent_ms = in->sent_ms,
	    .len = in->len,
	    .shared = in->shared,
	    .live = true};
	sqlite3_stmt *q = sql(b, SQL_FRESH_ADD);
	int r;

	bind_u64(q, 1, in->seq);
	bind_u64(q, 2, in->dev);
	bind_u64(q, 3, in->sent_ms);
	bind_blob(q, 4, in->sender_account->b, STORE_ACCOUNT_ID_LEN);
	bind_u64(q, 5, in->sender_device);
	bind_blob(q, 6, in->message_id, STORE_MESSAGE_ID_LEN);
	bind_u64(q, 7, in->type);
	if (in->shared != 0) {
		sqlite3_bind_null(q, 8);
		bind_u64(q, 9, in->shared);
	} else {
		bind_blob(q, 8, in->body, in->len);
		sqlite3_bind_null(q, 9);
	}
	r = sql_run(b, q);
	if (r != 0)
		return r;
	b->did.rows_in++;
	hot_add(&b->hot, &hot);
	recent_add(&b->recent, in->tag, in->seq);
	d->last_seq = in->seq;
	return 0;
}

int
row_next(struct backend *b, struct row_in *in, struct store_envelope *e)
{
	struct cache_device *d;
	int r;

	r = hot_room(b);
	if (r == 0)
		r = known_queue(b, e->dev, &d);
	if (r != 0)
		return r;
	e->prev_seq = d->last_seq;
	e->seq = in->seq = atomic_fetch_add(&b->seq->next, 1);
	in->dev = e->dev;
	return row_add(b, in, d);
}

/* All checks are behind us: what fails now breaks the transaction, and with
 * it the rows before this one. */
static int
envelope_add(struct backend *b, struct op_send *o, struct store_envelope *e)
{
	struct row_in in = {
	    .dev = e->dev,
	    .sent_ms = o->server_ms,
	    .sender_account = &o->sender_account,
	    .sender_device = o->sender_device,
	    .type = e->type,
	    .len = e->len,
	    .message_id = o->message_id,
	    .body = e->body,
	};

	in.tag = recent_tag(&b->recent, e->dev, &o->sender_account,
	    o->sender_device, o->message_id);
	e->seq = recent_find(&b->recent, in.tag);
	e->prev_seq = 0;
	e->repeat = e->seq != 0;
	return e->repeat ? 0 : row_next(b, &in, e);
}

int
run_send(struct backend *b, struct op_send *o)
{
	size_t i, k;
	int r;

	r = sender_check(b, o->sender, &o->sender_account, &o->sender_device);
	if (r == 0)
		r = check_targets(b, o);
	if (r != 0 || o->check_only)
		return r;
	r = check_room(b, o);
	if (r != 0)
		return r;
	o->server_ms = b->now_ms;
	for (i = 0; i < o->n; i++)
		for (k = 0; k < o->v[i].n && r == 0; k++)
			r = envelope_add(b, o, &o->v[i].v[k]);
	return r;
}

int
run_queue_put(struct backend *b, struct op_queue_put *o)
{
	struct row_in in = {
	    .dev = o->dev,
	    .seq = o->seq,
	    .sent_ms = o->server_ms,
	    .sender_account = &o->sender_account,
	    .sender_device = o->sender_device,
	    .type = o->type,
	    .len = o->len,
	    .message_id = o->message_id,
	    .body = o->body,
	};
	struct cache_device *d;
	int r;

	if (o->len > STORE_BODY_MAX || o->seq >= atomic_load(&b->seq->next))
		return ERR_RANGE;
	in.tag = recent_tag(&b->recent, o->dev, &o->sender_account,
	    o->sender_device, o->message_id);
	if (recent_find(&b->recent, in.tag) != 0)
		return ERR_DUP;
	r = hot_room(b);
	if (r == 0)
		r = known_queue(b, o->dev, &d);
	if (r != 0)
		return r;
	if (o->seq <= d->last_seq)
		return ERR_RANGE; /* it would be acknowledged unseen */
	if (queue_length(b, d) >= b->opts.queue_max)
		return ERR_FULL;
	r = row_add(b, &in, d);
	return r == ERR_EXISTS ? ERR_RANGE : r;
}
