/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/handshake.h"
#include "common/signal/kem.h"

#define X3DH_LABEL  "WhisperText"
#define PQXDH_LABEL "WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024"

/* 32 bytes of 0xFF, up to four agreements, and in version 4 the KEM's. */
struct secret {
	uint8_t b[6 * EC_LEN];
	size_t len;
};

static void
secret_init(struct secret *x)
{
	memset(x->b, 0xff, EC_LEN);
	x->len = EC_LEN;
}

static int
secret_agree(struct secret *x, const struct ec_sk *sk, const struct ec_pk *pk)
{
	int r;

	r = ec_agree(x->b + x->len, sk, pk);
	if (r == 0)
		x->len += EC_LEN;
	return r;
}

/* Where the post-quantum ratchet begins. */
static void
pq_begin(struct state *s, const struct signal_local *local,
    const uint8_t secret[static KDF_LEN])
{
	spqr_init(&s->spqr, s->initiator, local->spqr_optional, secret);
	s->pq_open = true;
}

/* Root and chain; version 4 has 32 bytes more for the post-quantum ratchet. */
static void
secret_expand(struct state *s, const struct signal_local *local,
    const struct secret *x, struct chain_key *chain)
{
	uint8_t okm[3 * KDF_LEN];

	kdf_hkdf(okm, sizeof(okm), NULL, 0, x->b, x->len,
	    s->version >= 4 ? PQXDH_LABEL : X3DH_LABEL);
	memcpy(s->root.b, okm, KDF_LEN);
	memcpy(chain->b, okm + KDF_LEN, KDF_LEN);
	if (s->version >= 4)
		pq_begin(s, local, okm + 2 * KDF_LEN);
	sodium_memzero(okm, sizeof(okm));
}

/* Encapsulate to the peer's Kyber key; the ciphertext waits for the message. */
static int
secret_encaps(struct secret *x, const struct pre_key_bundle *peer,
    struct pending *pending, const struct signal_rng *rng)
{
	uint8_t random[KEM_MSG_LEN];
	int r;

	rng->fill(rng->ctx, random, sizeof(random));
	pending->has_kyber = true;
	pending->kyber_id = peer->kyber_id;
	pending->kyber_ct[0] = KEM_TYPE;
	r = kem_encaps(&kem_kyber1024, pending->kyber_ct + 1, x->b + x->len,
	    peer->kyber.b + 1, random);
	if (r == 0)
		x->len += KEM_SS_LEN;
	sodium_memzero(random, sizeof(random));
	return r;
}

static int
secret_decaps(struct secret *x, const struct pre_key_message *m,
    const struct signal_prekeys *keys)
{
	struct kyber_pre_key k;
	int r;

	if (keys->kyber_get == NULL)
		return ERR_NOTFOUND;
	r = keys->kyber_get(keys->ctx, m->kyber_id, &k);
	if (r == 0) {
		kem_decaps(
		    &kem_kyber1024, x->b + x->len, m->kyber_ct + 1, k.sk.b + 1);
		x->len += KEM_SS_LEN;
	}
	sodium_memzero(&k, sizeof(k));
	return r;
}

static void
pending_set(struct state *s, const struct pre_key_bundle *peer)
{
	s->is_pending = true;
	s->pending.signed_id = peer->signed_id;
	s->pending.has_one_time = peer->has_one_time;
	s->pending.one_time_id = peer->one_time_id;
}

/* DH1..DH4 as the initiator computes them. */
static int
initiator_secret(struct secret *x, const struct signal_local *local,
    const struct ec_pair *base, const struct pre_key_bundle *peer)
{
	struct ec_sk identity = identity_as_ec_sk(&local->identity->sk);
	struct ec_pk remote = identity_as_ec_pk(&peer->identity);
	int r;

	secret_init(x);
	r = secret_agree(x, &identity, &peer->signed_key);
	if (r == 0)
		r = secret_agree(x, &base->sk, &remote);
	if (r == 0)
		r = secret_agree(x, &base->sk, &peer->signed_key);
	if (r == 0 && peer->has_one_time)
		r = secret_agree(x, &base->sk, &peer->one_time);
	sodium_memzero(&identity, sizeof(identity));
	return r;
}

/* The first ratchet step: the signed pre-key is the peer's ratchet key. */
static int
initiator_ratchet(struct state *s, const struct ec_pk *theirs,
    const struct chain_key *chain, const struct signal_rng *rng)
{
	uint8_t dh[EC_LEN];
	int r;

	state_add_chain(s, theirs, chain);
	ec_generate(&s->ratchet, rng);
	r = ec_agree(dh, &s->ratchet.sk, theirs);
	if (r == 0)
		kdf_root_step(&s->root, &s->sending, &s->root, dh);
	sodium_memzero(dh, sizeof(dh));
	return r;
}

int
handshake_start(struct state *s, const struct signal_local *local,
    const struct pre_key_bundle *peer)
{
	struct chain_key chain;
	struct ec_pair base;
	struct secret x;
	int r;

	s->version = peer->has_kyber ? 4 : 3;
	s->initiator = true;
	s->local = local->identity->pk;
	s->remote = peer->identity;
	s->local_registration_id = local->registration_id;
	s->remote_registration_id = peer->registration_id;
	s->created_ms = local->now_ms;
	pending_set(s, peer);
	ec_generate(&base, local->rng);
	s->base_key = base.pk;
	r = initiator_secret(&x, local, &base, peer);
	if (r == 0 && peer->has_kyber)
		r = secret_encaps(&x, peer, &s->pending, local->rng);
	if (r == 0) {
		secret_expand(s, local, &x, &chain);
		r = initiator_ratchet(s, &peer->signed_key, &chain, local->rng);
	}
	sodium_memzero(&x, sizeof(x));
	sodium_memzero(&base, sizeof(base));
	sodium_memzero(&chain, sizeof(chain));
	return r;
}

/* The same DH1..DH4 from the other side. */
static int
responder_secret(struct secret *x, const struct signal_local *local,
    const struct pre_key_message *m, const struct signed_pre_key *signed_key,
    const struct one_time_pre_key *one_time)
{
	struct ec_sk identity = identity_as_ec_sk(&local->identity->sk);
	struct ec_pk remote = identity_as_ec_pk(&m->identity);
	int r;

	secret_init(x);
	r = secret_agree(x, &signed_key->pair.sk, &remote);
	if (r == 0)
		r = secret_agree(x, &identity, &m->base_key);
	if (r == 0)
		r = secret_agree(x, &signed_key->pair.sk, &m->base_key);
	if (r == 0 && m->has_one_time)
		r = secret_agree(x, &one_time->pair.sk, &m->base_key);
	sodium_memzero(&identity, sizeof(identity));
	return r;
}

int
handshake_accept(struct state *s, const struct signal_local *local,
    const struct pre_key_message *m, const struct signal_prekeys *keys)
{
	struct signed_pre_key signed_key = {0};
	struct one_time_pre_key one_time = {0};
	struct secret x;
	int r;

	/* a crafted base key could leak bits of our private keys, or make
	 * one session look like two */
	r = ec_pk_check(&m->base_key);
	if (r == 0)
		r = keys->signed_get(keys->ctx, m->signed_id, &signed_key);
	if (r == 0 && m->has_one_time)
		r = keys->one_time_get(keys->ctx, m->one_time_id, &one_time);
	if (r == 0)
		r = responder_secret(&x, local, m, &signed_key, &one_time);
	if (r == 0 && m->has_kyber)
		r = secret_decaps(&x, m, keys);
	if (r != 0)
		goto out;
	s->version = m->version;
	s->local = local->identity->pk;
	s->remote = m->identity;
	s->local_registration_id = local->registration_id;
	s->remote_registration_id = m->registration_id;
	s->created_ms = local->now_ms;
	s->base_key = m->base_key;
	s->ratchet = signed_key.pair;
	secret_expand(s, local, &x, &s->sending);
out:
	sodium_memzero(&x, sizeof(x));
	sodium_memzero(&signed_key, sizeof(signed_key));
	sodium_memzero(&one_time, sizeof(one_time));
	return r;
}
