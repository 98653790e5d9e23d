/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "tests/interop/signal_peer.h"

uint64_t
peer_now_ms(json_t *req)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec + peer_u32(req, "later", 0)) * 1000 +
	       (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the store ------------------------------------------------------------ */

static int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	struct me *me = ctx;
	size_t i;

	for (i = me->nsigned; i-- > 0;) {
		if (me->signed_key[i].id == id) {
			*out = me->signed_key[i];
			return 0;
		}
	}
	return ERR_NOTFOUND;
}

static int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	struct me *me = ctx;
	size_t i;

	for (i = me->none_time; i-- > 0;) {
		if (me->one_time[i].id == id) {
			*out = me->one_time[i];
			return 0;
		}
	}
	return ERR_NOTFOUND;
}

static int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	struct me *me = ctx;
	size_t i;

	for (i = me->nkyber; i-- > 0;) {
		if (me->kyber[i].id == id) {
			*out = me->kyber[i];
			return 0;
		}
	}
	return ERR_NOTFOUND;
}

void
me_one_time_remove(struct me *me, uint32_t id)
{
	size_t i, kept = 0;

	for (i = 0; i < me->none_time; i++) {
		if (me->one_time[i].id != id)
			me->one_time[kept++] = me->one_time[i];
	}
	me->none_time = kept;
}

struct known *
me_known(struct me *me, json_t *req, const char *field)
{
	char address[sizeof(me->peer[0].address)];
	size_t i;

	if (!peer_address(req, field, address, sizeof(address)))
		return NULL;
	for (i = 0; i < me->npeers; i++) {
		if (strcmp(me->peer[i].address, address) == 0)
			return &me->peer[i];
	}
	if (me->npeers == PEERS_MAX)
		return NULL;
	memcpy(me->peer[me->npeers].address, address, sizeof(address));
	buf_init(&me->peer[me->npeers].record, SESSION_RECORD_MAX);
	return &me->peer[me->npeers++];
}

void
known_commit(struct known *with, struct buf *made)
{
	buf_clear(&with->record);
	with->record = *made;
	buf_init(made, 0);
}

bool
get_uuid(json_t *o, const char *field, uint8_t out[static 16])
{
	const char *s = json_string_value(json_object_get(o, field));
	size_t n = 0;

	return s != NULL &&
	       sodium_hex2bin(out, 16, s, strlen(s), "-", &n, NULL) == 0 &&
	       n == 16;
}

struct signal_prekeys
me_prekeys(struct me *me)
{
	return (struct signal_prekeys){signed_get, one_time_get, kyber_get, me};
}

bool
me_last_resort(struct me *me, const struct last_resort *l)
{
	size_t i;

	for (i = 0; i < me->nused; i++) {
		if (me->used[i].kyber_id == l->kyber_id &&
		    me->used[i].signed_id == l->signed_id &&
		    ec_pk_equal(&me->used[i].base_key, &l->base_key))
			return false;
	}
	if (me->nused == KEYS_MAX)
		return false;
	me->used[me->nused++] = *l;
	return true;
}

/* ---- commands ------------------------------------------------------------- */

static void
empty(struct me *me)
{
	size_t i;

	for (i = 0; i < me->npeers; i++)
		buf_clear(&me->peer[i].record);
	for (i = 0; i < me->ngroups; i++)
		buf_clear(&me->group[i].record);
	memset(me, 0, sizeof(*me));
}

const char *
cmd_init(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	uint8_t k[EC_LEN], pub[EC_PUBLIC_LEN];

	empty(me);
	peer_seed(req);
	if (!get_uuid(req, "name", me->account))
		return "bad name";
	if (!peer_fixed(req, "identity", k, sizeof(k)))
		identity_generate(&me->identity, &signal_rng_system);
	else if (identity_from_private(&me->identity, k) != 0)
		return "bad identity";
	me->device = peer_u32(req, "dev", 1);
	me->local = (struct signal_local){
	    .identity = &me->identity,
	    .registration_id = peer_u32(req, "reg", 1),
	    .rng = &signal_rng_system,
	    .min_version = (uint8_t)peer_u32(req, "oldest", 3),
	    .spqr_optional = peer_flag(req, "pqoptional", false),
	};
	me->ready = true;
	identity_pk_put(pub, &me->identity.pk);
	peer_put(reply, "identity_pub", pub, sizeof(pub));
	peer_put(reply, "identity_priv", me->identity.sk.k, EC_LEN);
	return NULL;
}

void
put_public(json_t *o, const char *name, const struct ec_pk *pk)
{
	uint8_t b[EC_PUBLIC_LEN];

	ec_pk_put(b, pk);
	peer_put(o, name, b, sizeof(b));
}

/* The newest signed key, or with again = false a newer one. */
static const struct signed_pre_key *
signed_key(struct me *me, json_t *req, bool again)
{
	struct signed_pre_key *k;

	if (again && me->nsigned > 0)
		return &me->signed_key[me->nsigned - 1];
	if (me->nsigned == KEYS_MAX)
		return NULL;
	k = &me->signed_key[me->nsigned++];
	signed_pre_key_generate(k, peer_u32(req, "spreid", 22), &me->identity,
	    peer_now_ms(req), &signal_rng_system);
	return k;
}

static const struct kyber_pre_key *
kyber_key(struct me *me, json_t *req, bool again)
{
	struct kyber_pre_key *k;

	if (again && me->nkyber > 0)
		return &me->kyber[me->nkyber - 1];
	if (me->nkyber == KEYS_MAX)
		return NULL;
	k = &me->kyber[me->nkyber++];
	kyber_pre_key_generate(k, peer_u32(req, "kyid", 55), true,
	    &me->identity, peer_now_ms(req), &signal_rng_system);
	return k;
}

static bool
put_one_time(struct me *me, json_t *req, json_t *priv, json_t *reply)
{
	struct one_time_pre_key *k;

	if (me->none_time == KEYS_MAX)
		return false;
	k = &me->one_time[me->none_time++];
	one_time_pre_key_generate(
	    k, peer_u32(req, "preid", 31), &signal_rng_system);
	peer_put_u32(reply, "preid", k->id);
	put_public(reply, "pre", &k->pair.pk);
	peer_put(priv, "pre", k->pair.sk.k, EC_LEN);
	return true;
}

static bool
put_bundle(struct me *me, json_t *req, json_t *priv, json_t *reply)
{
	bool again = peer_flag(req, "again", false);
	const struct signed_pre_key *s = signed_key(me, req, again);
	const struct kyber_pre_key *k;
	uint8_t pub[EC_PUBLIC_LEN];

	if (s == NULL)
		return false;
	peer_put_u32(reply, "reg", me->local.registration_id);
	peer_put_u32(reply, "dev", me->device);
	identity_pk_put(pub, &me->identity.pk);
	peer_put(reply, "identity", pub, sizeof(pub));
	peer_put_u32(reply, "spreid", s->id);
	put_public(reply, "spre", &s->pair.pk);
	peer_put(reply, "spresig", s->sig, SIGNATURE_LEN);
	peer_put(priv, "identity", me->identity.sk.k, EC_LEN);
	peer_put(priv, "spre", s->pair.sk.k, EC_LEN);
	if (peer_flag(req, "onetime", true) &&
	    !put_one_time(me, req, priv, reply))
		return false;
	if (!peer_flag(req, "kyber", true))
		return true;
	k = kyber_key(me, req, again);
	if (k == NULL)
		return false;
	peer_put_u32(reply, "kyid", k->id);
	peer_put(reply, "kyber", k->pk.b, KEM_PUBLIC_LEN);
	peer_put(reply, "kybersig", k->sig, SIGNATURE_LEN);
	peer_put(priv, "kyber", k->sk.b, KEM_SECRET_LEN);
	return true;
}

const char *
cmd_bundle(void *peer, json_t *req, json_t *reply)
{
	json_t *priv = json_object();
	bool ok = put_bundle(peer, req, priv, reply);

	if (peer_flag(req, "priv", false))
		json_object_set(reply, "priv", priv);
	json_decref(priv);
	return ok ? NULL : "full";
}

/* Over everything that a message can change. */
const char *
cmd_digest(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	crypto_generichash_state st;
	uint8_t sum[32];
	size_t i;

	crypto_generichash_init(&st, NULL, 0, sizeof(sum));
	for (i = 0; i < me->npeers; i++)
		crypto_generichash_update(
		    &st, me->peer[i].record.p, me->peer[i].record.len);
	for (i = 0; i < me->ngroups; i++)
		crypto_generichash_update(
		    &st, me->group[i].record.p, me->group[i].record.len);
	for (i = 0; i < me->none_time; i++)
		crypto_generichash_update(&st,
		    (const uint8_t *)&me->one_time[i].id, sizeof(uint32_t));
	crypto_generichash_update(
	    &st, (const uint8_t *)&me->nused, sizeof(me->nused));
	crypto_generichash_final(&st, sum, sizeof(sum));
	peer_put(reply, "digest", sum, sizeof(sum));
	return NULL;
}

bool
get_public(json_t *o, const char *name, struct ec_pk *pk)
{
	uint8_t b[EC_PUBLIC_LEN];

	return peer_fixed(o, name, b, sizeof(b)) &&
	       ec_pk_get(pk, b, sizeof(b)) == 0;
}

bool
get_identity(json_t *o, const char *name, struct identity_pk *pk)
{
	uint8_t b[EC_PUBLIC_LEN];

	return peer_fixed(o, name, b, sizeof(b)) &&
	       identity_pk_get(pk, b, sizeof(b)) == 0;
}
