/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/prekeys.h"
#include "tui/store/store_prekey.h"

/* ---- making ------------------------------------------------------------------ */

/* Store a packed key and wipe it. */
static int
put_packed(
    struct engine *e, const struct store_prekey *row, struct buf *b, int packed)
{
	int r = packed;

	if (r == 0)
		r = store_prekey_put(e->store, row, b->p, b->len);
	buf_clear(b);
	return r;
}

static int
put_signed(struct engine *e)
{
	struct store_prekey row = {
	    .kind = STORE_PREKEY_SIGNED, .created_ms = engine_now_ms()};
	struct signed_pre_key k;
	struct buf b;
	int r = store_prekey_next_id(e->store, row.kind, &row.id);

	if (r != 0)
		return r;
	buf_init(&b, PREKEY_RECORD_MAX);
	signed_pre_key_generate(
	    &k, row.id, &e->keys->identity, row.created_ms, &signal_rng_system);
	r = put_packed(e, &row, &b, signed_pre_key_pack(&b, &k));
	sodium_memzero(&k, sizeof(k));
	return r;
}

static int
put_one_time(struct engine *e)
{
	struct store_prekey row = {
	    .kind = STORE_PREKEY_ONE_TIME, .created_ms = engine_now_ms()};
	struct one_time_pre_key k;
	struct buf b;
	int r = store_prekey_next_id(e->store, row.kind, &row.id);

	if (r != 0)
		return r;
	buf_init(&b, PREKEY_RECORD_MAX);
	one_time_pre_key_generate(&k, row.id, &signal_rng_system);
	r = put_packed(e, &row, &b, one_time_pre_key_pack(&b, &k));
	sodium_memzero(&k, sizeof(k));
	return r;
}

static int
put_kyber(struct engine *e, bool last_resort)
{
	struct store_prekey row = {.kind = STORE_PREKEY_KYBER,
	    .last_resort = last_resort,
	    .created_ms = engine_now_ms()};
	struct kyber_pre_key k;
	struct buf b;
	int r = store_prekey_next_id(e->store, row.kind, &row.id);

	if (r != 0)
		return r;
	buf_init(&b, PREKEY_RECORD_MAX);
	kyber_pre_key_generate(&k, row.id, last_resort, &e->keys->identity,
	    row.created_ms, &signal_rng_system);
	r = put_packed(e, &row, &b, kyber_pre_key_pack(&b, &k));
	sodium_memzero(&k, sizeof(k));
	return r;
}

static int
put_last_resort(struct engine *e)
{
	return put_kyber(e, true);
}

static int
put_kyber_one_time(struct engine *e)
{
	return put_kyber(e, false);
}

/* A signed or last-resort key, unless there is a young one. */
static int
rotate(
    struct engine *e, enum store_prekey_kind kind, int (*put)(struct engine *))
{
	struct store_prekey row;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_newest(e->store, kind, &row, &b);
	buf_clear(&b);
	if (r == 0 && row.created_ms + PREKEYS_ROTATE_MS > engine_now_ms())
		return 0;
	return r == 0 || r == ERR_NOTFOUND ? put(e) : r;
}

/* One-time keys of a kind until `pool` of them wait to be uploaded. */
static int
fill(struct engine *e, enum store_prekey_kind kind, uint32_t pool,
    int (*put)(struct engine *))
{
	struct store_prekey *v = NULL;
	size_t i, n = 0, waiting = 0;
	int r = store_prekey_list(e->store, kind, true, &v, &n);

	for (i = 0; r == 0 && i < n; i++)
		waiting += !v[i].last_resort;
	for (; r == 0 && waiting < pool; waiting++)
		r = put(e);
	free(v);
	return r;
}

int
prekeys_make(struct engine *e, uint32_t pool)
{
	uint64_t now = engine_now_ms();
	int r = rotate(e, STORE_PREKEY_SIGNED, put_signed);

	if (r == 0)
		r = rotate(e, STORE_PREKEY_KYBER, put_last_resort);
	if (r == 0 && now > PREKEYS_KEEP_MS)
		r = store_prekey_expire(e->store, now - PREKEYS_KEEP_MS);
	if (r == 0)
		r = fill(e, STORE_PREKEY_ONE_TIME, pool, put_one_time);
	if (r == 0)
		r = fill(e, STORE_PREKEY_KYBER, pool, put_kyber_one_time);
	return r;
}

/* ---- publishing -------------------------------------------------------------- */

static ProtobufCBinaryData
keep(struct prekeys_upload *up, const void *p, size_t len)
{
	ProtobufCBinaryData d = {len, up->bytes + up->used};

	memcpy(d.data, p, len);
	up->used += len;
	return d;
}

static int
collect_signed(struct engine *e, struct prekeys_upload *up)
{
	struct store_prekey row;
	struct signed_pre_key k;
	uint8_t pub[EC_PUBLIC_LEN];
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_newest(e->store, STORE_PREKEY_SIGNED, &row, &b);
	if (r != 0 || row.uploaded)
		goto out;
	r = signed_pre_key_unpack(&k, b.p, b.len);
	if (r != 0)
		goto out;
	ec_pk_put(pub, &k.pair.pk);
	sotto__relay__signed_pre_key__init(&up->signed_key);
	up->signed_key.id = row.id;
	up->signed_key.public_key = keep(up, pub, sizeof(pub));
	up->signed_key.signature = keep(up, k.sig, sizeof(k.sig));
	up->msg.signed_pre_key = &up->signed_key;
	sodium_memzero(&k, sizeof(k));
out:
	buf_clear(&b);
	return r;
}

static int
collect_one_time(
    struct engine *e, struct prekeys_upload *up, const struct store_prekey *row)
{
	Sotto__Relay__OneTimePreKey *m = &up->keys[up->msg.n_one_time_pre_keys];
	struct one_time_pre_key k;
	uint8_t pub[EC_PUBLIC_LEN];
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(e->store, row->kind, row->id, NULL, &b);
	if (r == 0)
		r = one_time_pre_key_unpack(&k, b.p, b.len);
	buf_clear(&b);
	if (r != 0)
		return r;
	ec_pk_put(pub, &k.pair.pk);
	sodium_memzero(&k, sizeof(k));
	sotto__relay__one_time_pre_key__init(m);
	m->id = row->id;
	m->public_key = keep(up, pub, sizeof(pub));
	up->ptrs[up->msg.n_one_time_pre_keys++] = m;
	return 0;
}

static int
collect_kyber(
    struct engine *e, struct prekeys_upload *up, const struct store_prekey *row)
{
	Sotto__Relay__KyberPreKey *m =
	    row->last_resort ? &up->last_resort
			     : &up->kyber[up->msg.n_kyber_pre_keys];
	struct kyber_pre_key k;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(e->store, row->kind, row->id, NULL, &b);
	if (r == 0)
		r = kyber_pre_key_unpack(&k, b.p, b.len);
	buf_clear(&b);
	if (r != 0)
		return r;
	sotto__relay__kyber_pre_key__init(m);
	m->id = row->id;
	m->public_key = keep(up, k.pk.b, sizeof(k.pk.b));
	m->signature = keep(up, k.sig, sizeof(k.sig));
	sodium_memzero(&k, sizeof(k));
	if (row->last_resort)
		up->msg.kyber_last_resort = m;
	else
		up->kyber_ptrs[up->msg.n_kyber_pre_keys++] = m;
	return 0;
}

static int
make_room(struct prekeys_upload *up, size_t one_time, size_t kyber)
{
	up->keys = calloc(one_time + 1, sizeof(*up->keys));
	up->ptrs = calloc(one_time + 1, sizeof(*up->ptrs));
	up->kyber = calloc(kyber + 1, sizeof(*up->kyber));
	up->kyber_ptrs = calloc(kyber + 1, sizeof(*up->kyber_ptrs));
	up->bytes = malloc((one_time + 1) * (EC_PUBLIC_LEN + SIGNATURE_LEN) +
			   (kyber + 1) * (KEM_PUBLIC_LEN + SIGNATURE_LEN));
	up->msg.one_time_pre_keys = up->ptrs;
	up->msg.kyber_pre_keys = up->kyber_ptrs;
	return up->keys != NULL && up->ptrs != NULL && up->kyber != NULL &&
		       up->kyber_ptrs != NULL && up->bytes != NULL
		   ? 0
		   : ERR_NOMEM;
}

int
prekeys_collect(struct engine *e, struct prekeys_upload *up)
{
	struct store_prekey *v = NULL, *kv = NULL;
	size_t i, n = 0, kn = 0;
	int r;

	*up = (struct prekeys_upload){0};
	sotto__relay__pre_keys__init(&up->msg);
	r = store_prekey_list(e->store, STORE_PREKEY_ONE_TIME, true, &v, &n);
	if (r == 0)
		r = store_prekey_list(
		    e->store, STORE_PREKEY_KYBER, true, &kv, &kn);
	if (r == 0)
		r = make_room(up, n, kn);
	if (r == 0)
		r = collect_signed(e, up);
	for (i = 0; r == 0 && i < n; i++)
		r = collect_one_time(e, up, &v[i]);
	for (i = 0; r == 0 && i < kn; i++)
		r = collect_kyber(e, up, &kv[i]);
	free(v);
	free(kv);
	if (r != 0)
		prekeys_release(up);
	return r;
}

bool
prekeys_nothing(const struct prekeys_upload *up)
{
	return up->msg.signed_pre_key == NULL &&
	       up->msg.kyber_last_resort == NULL &&
	       up->msg.n_one_time_pre_keys == 0 &&
	       up->msg.n_kyber_pre_keys == 0;
}

void
prekeys_release(struct prekeys_upload *up)
{
	free(up->keys);
	free(up->ptrs);
	free(up->kyber);
	free(up->kyber_ptrs);
	free(up->bytes);
	*up = (struct prekeys_upload){0};
}

int
prekeys_uploaded(struct engine *e)
{
	int r = store_prekey_uploaded(e->store, STORE_PREKEY_SIGNED);

	if (r == 0)
		r = store_prekey_uploaded(e->store, STORE_PREKEY_ONE_TIME);
	if (r == 0)
		r = store_prekey_uploaded(e->store, STORE_PREKEY_KYBER);
	return r;
}

/* ---- lending ------------------------------------------------------------------ */

static int
lend_signed(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	struct engine *e = ctx;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(e->store, STORE_PREKEY_SIGNED, id, NULL, &b);
	if (r == 0)
		r = signed_pre_key_unpack(out, b.p, b.len);
	buf_clear(&b);
	return r;
}

static int
lend_one_time(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	struct engine *e = ctx;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(e->store, STORE_PREKEY_ONE_TIME, id, NULL, &b);
	if (r == 0)
		r = one_time_pre_key_unpack(out, b.p, b.len);
	buf_clear(&b);
	return r;
}

static int
lend_kyber(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	struct engine *e = ctx;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(e->store, STORE_PREKEY_KYBER, id, NULL, &b);
	if (r == 0)
		r = kyber_pre_key_unpack(out, b.p, b.len);
	buf_clear(&b);
	return r;
}

struct signal_prekeys
prekeys_lender(struct engine *e)
{
	return (struct signal_prekeys){
	    .signed_get = lend_signed,
	    .one_time_get = lend_one_time,
	    .kyber_get = lend_kyber,
	    .ctx = e,
	};
}

/* ---- spending ------------------------------------------------------------------- */

static int
spend_kyber(struct engine *e, const struct session_opened *o)
{
	uint8_t base[EC_PUBLIC_LEN];
	struct store_prekey row;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(
	    e->store, STORE_PREKEY_KYBER, o->kyber_id, &row, &b);
	buf_clear(&b);
	if (r != 0)
		return r;
	if (!row.last_resort)
		return store_prekey_delete(
		    e->store, STORE_PREKEY_KYBER, o->kyber_id);
	ec_pk_put(base, &o->base_key);
	return store_prekey_spend_last_resort(
	    e->store, o->kyber_id, o->signed_id, base);
}

int
prekeys_spend(struct engine *e, const struct session_opened *o)
{
	int r = 0;

	if (!o->new_session)
		return 0;
	if (o->used_one_time)
		r = store_prekey_delete(
		    e->store, STORE_PREKEY_ONE_TIME, o->one_time_id);
	if (r == 0 && o->used_kyber)
		r = spend_kyber(e, o);
	return r;
}
