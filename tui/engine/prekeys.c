/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/prekeys.h"
#include "tui/store/store_prekey.h"

/* ---- making ------------------------------------------------------------------ */

static int
put_signed(struct engine *e)
{
	struct store_prekey row = {.kind = STORE_PREKEY_SIGNED};
	struct signed_pre_key k;
	struct buf b;
	int r = store_prekey_next_id(e->store, row.kind, &row.id);

	if (r != 0)
		return r;
	buf_init(&b, PREKEY_RECORD_MAX);
	row.created_ms = engine_now_ms();
	signed_pre_key_generate(
	    &k, row.id, &e->keys->identity, row.created_ms, &signal_rng_system);
	r = signed_pre_key_pack(&b, &k);
	if (r == 0)
		r = store_prekey_put(e->store, &row, b.p, b.len);
	sodium_memzero(&k, sizeof(k));
	buf_clear(&b);
	return r;
}

static int
put_one_time(struct engine *e, uint32_t id)
{
	struct store_prekey row = {.kind = STORE_PREKEY_ONE_TIME, .id = id};
	struct one_time_pre_key k;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	row.created_ms = engine_now_ms();
	one_time_pre_key_generate(&k, id, &signal_rng_system);
	r = one_time_pre_key_pack(&b, &k);
	if (r == 0)
		r = store_prekey_put(e->store, &row, b.p, b.len);
	sodium_memzero(&k, sizeof(k));
	buf_clear(&b);
	return r;
}

static int
signed_is_fresh(struct engine *e, bool *fresh)
{
	struct store_prekey row;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_newest(e->store, STORE_PREKEY_SIGNED, &row, &b);
	buf_clear(&b);
	*fresh = r == 0 && row.created_ms + PREKEYS_ROTATE_MS > engine_now_ms();
	return r == ERR_NOTFOUND ? 0 : r;
}

int
prekeys_make(struct engine *e, uint32_t pool)
{
	struct store_prekey *v = NULL;
	uint64_t now = engine_now_ms();
	uint32_t id;
	size_t n = 0;
	bool fresh;
	int r = signed_is_fresh(e, &fresh);

	if (r == 0 && !fresh)
		r = put_signed(e);
	if (r == 0 && now > PREKEYS_KEEP_MS)
		r = store_prekey_expire(e->store, now - PREKEYS_KEEP_MS);
	if (r == 0)
		r = store_prekey_list(
		    e->store, STORE_PREKEY_ONE_TIME, true, &v, &n);
	free(v);
	if (r == 0)
		r = store_prekey_next_id(e->store, STORE_PREKEY_ONE_TIME, &id);
	for (; r == 0 && n < pool; n++)
		r = put_one_time(e, id++);
	return r;
}

/* ---- publishing -------------------------------------------------------------- */

static int
collect_signed(struct engine *e, struct prekeys_upload *up)
{
	struct store_prekey row;
	struct signed_pre_key k;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_newest(e->store, STORE_PREKEY_SIGNED, &row, &b);
	if (r != 0 || row.uploaded)
		goto out;
	r = signed_pre_key_unpack(&k, b.p, b.len);
	if (r != 0)
		goto out;
	ec_pk_put(up->signed_pub, &k.pair.pk);
	memcpy(up->signed_sig, k.sig, sizeof(up->signed_sig));
	sodium_memzero(&k, sizeof(k));
	sotto__relay__signed_pre_key__init(&up->signed_key);
	up->signed_key.id = row.id;
	up->signed_key.public_key =
	    (ProtobufCBinaryData){EC_PUBLIC_LEN, up->signed_pub};
	up->signed_key.signature =
	    (ProtobufCBinaryData){SIGNATURE_LEN, up->signed_sig};
	up->msg.signed_pre_key = &up->signed_key;
out:
	buf_clear(&b);
	return r;
}

static int
collect_one_time(
    struct engine *e, struct prekeys_upload *up, uint32_t id, size_t i)
{
	uint8_t *pub = up->pubs + i * EC_PUBLIC_LEN;
	struct one_time_pre_key k;
	struct buf b;
	int r;

	buf_init(&b, PREKEY_RECORD_MAX);
	r = store_prekey_get(e->store, STORE_PREKEY_ONE_TIME, id, NULL, &b);
	if (r == 0)
		r = one_time_pre_key_unpack(&k, b.p, b.len);
	buf_clear(&b);
	if (r != 0)
		return r;
	ec_pk_put(pub, &k.pair.pk);
	sodium_memzero(&k, sizeof(k));
	sotto__relay__one_time_pre_key__init(&up->keys[i]);
	up->keys[i].id = id;
	up->keys[i].public_key = (ProtobufCBinaryData){EC_PUBLIC_LEN, pub};
	up->ptrs[i] = &up->keys[i];
	return 0;
}

int
prekeys_collect(struct engine *e, struct prekeys_upload *up)
{
	struct store_prekey *v = NULL;
	size_t i, n = 0;
	int r;

	*up = (struct prekeys_upload){0};
	sotto__relay__pre_keys__init(&up->msg);
	r = collect_signed(e, up);
	if (r == 0)
		r = store_prekey_list(
		    e->store, STORE_PREKEY_ONE_TIME, true, &v, &n);
	if (r != 0)
		return r;
	up->keys = calloc(n + 1, sizeof(*up->keys));
	up->ptrs = calloc(n + 1, sizeof(*up->ptrs));
	up->pubs = calloc(n + 1, EC_PUBLIC_LEN);
	if (up->keys == NULL || up->ptrs == NULL || up->pubs == NULL)
		r = ERR_NOMEM;
	for (i = 0; r == 0 && i < n; i++)
		r = collect_one_time(e, up, v[i].id, i);
	up->msg.one_time_pre_keys = up->ptrs;
	up->msg.n_one_time_pre_keys = n;
	free(v);
	if (r != 0)
		prekeys_release(up);
	return r;
}

void
prekeys_release(struct prekeys_upload *up)
{
	free(up->keys);
	free(up->ptrs);
	free(up->pubs);
	up->keys = NULL;
	up->ptrs = NULL;
	up->pubs = NULL;
}

int
prekeys_uploaded(struct engine *e, bool one_time)
{
	return store_prekey_uploaded(
	    e->store, one_time ? STORE_PREKEY_ONE_TIME : STORE_PREKEY_SIGNED);
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

struct signal_prekeys
prekeys_lender(struct engine *e)
{
	return (struct signal_prekeys){
	    .signed_get = lend_signed,
	    .one_time_get = lend_one_time,
	    .ctx = e,
	};
}
