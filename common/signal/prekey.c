/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/proto/signal.pb-c.h"
#include "common/signal/kem.h"
#include "common/signal/pb.h"
#include "common/signal/prekey.h"
#include "common/signal/xeddsa.h"

int
pre_key_bundle_check(const struct pre_key_bundle *b)
{
	uint8_t key[EC_PUBLIC_LEN];
	int r;

	ec_pk_put(key, &b->signed_key);
	r = xeddsa_verify(b->signed_sig, &b->identity, key, sizeof(key));
	if (r == 0 && b->has_kyber)
		r = xeddsa_verify(
		    b->kyber_sig, &b->identity, b->kyber.b, KEM_PUBLIC_LEN);
	return r;
}

void
signed_pre_key_generate(struct signed_pre_key *out, uint32_t id,
    const struct identity_key_pair *identity, uint64_t now_ms,
    const struct signal_rng *rng)
{
	uint8_t key[EC_PUBLIC_LEN];

	out->id = id;
	out->created_ms = now_ms;
	ec_generate(&out->pair, rng);
	ec_pk_put(key, &out->pair.pk);
	xeddsa_sign(out->sig, identity, key, sizeof(key), rng);
}

void
one_time_pre_key_generate(
    struct one_time_pre_key *out, uint32_t id, const struct signal_rng *rng)
{
	out->id = id;
	ec_generate(&out->pair, rng);
}

void
kyber_pre_key_generate(struct kyber_pre_key *out, uint32_t id, bool last_resort,
    const struct identity_key_pair *identity, uint64_t now_ms,
    const struct signal_rng *rng)
{
	uint8_t seed[KEM_SEED_LEN];

	out->id = id;
	out->created_ms = now_ms;
	out->last_resort = last_resort;
	rng->fill(rng->ctx, seed, sizeof(seed));
	out->pk.b[0] = KEM_TYPE;
	out->sk.b[0] = KEM_TYPE;
	kem_keypair(&kem_kyber1024, out->pk.b + 1, out->sk.b + 1, seed);
	xeddsa_sign(out->sig, identity, out->pk.b, KEM_PUBLIC_LEN, rng);
	sodium_memzero(seed, sizeof(seed));
}

/* ---- records -------------------------------------------------------------- */

int
signed_pre_key_pack(struct buf *out, const struct signed_pre_key *k)
{
	Sotto__Signal__PreKeyRecord pb = SOTTO__SIGNAL__PRE_KEY_RECORD__INIT;

	pb.id = k->id;
	pb.private_key = pb_bytes(k->pair.sk.k, EC_LEN);
	pb.public_key = pb_bytes(k->pair.pk.u, EC_LEN);
	pb.has_signature = 1;
	pb.signature = pb_bytes(k->sig, SIGNATURE_LEN);
	pb.has_created_ms = 1;
	pb.created_ms = k->created_ms;
	return pb_pack(out, &pb.base);
}

int
one_time_pre_key_pack(struct buf *out, const struct one_time_pre_key *k)
{
	Sotto__Signal__PreKeyRecord pb = SOTTO__SIGNAL__PRE_KEY_RECORD__INIT;

	pb.id = k->id;
	pb.private_key = pb_bytes(k->pair.sk.k, EC_LEN);
	pb.public_key = pb_bytes(k->pair.pk.u, EC_LEN);
	return pb_pack(out, &pb.base);
}

int
kyber_pre_key_pack(struct buf *out, const struct kyber_pre_key *k)
{
	Sotto__Signal__PreKeyRecord pb = SOTTO__SIGNAL__PRE_KEY_RECORD__INIT;

	pb.id = k->id;
	pb.private_key = pb_bytes(k->sk.b, KEM_SECRET_LEN);
	pb.public_key = pb_bytes(k->pk.b, KEM_PUBLIC_LEN);
	pb.has_signature = 1;
	pb.signature = pb_bytes(k->sig, SIGNATURE_LEN);
	pb.has_created_ms = 1;
	pb.created_ms = k->created_ms;
	pb.has_last_resort = 1;
	pb.last_resort = k->last_resort;
	return pb_pack(out, &pb.base);
}

static int
record_unpack(struct pb_mem *mem, const uint8_t *p, size_t len,
    Sotto__Signal__PreKeyRecord **out)
{
	ProtobufCMessage *pb;
	int r;

	if (len > PREKEY_RECORD_MAX)
		return ERR_RANGE;
	r = pb_unpack(
	    mem, &sotto__signal__pre_key_record__descriptor, p, len, &pb);
	*out = (Sotto__Signal__PreKeyRecord *)pb;
	return r;
}

int
signed_pre_key_unpack(struct signed_pre_key *out, const uint8_t *p, size_t len)
{
	Sotto__Signal__PreKeyRecord *pb;
	struct signed_pre_key k;
	struct pb_mem mem;
	int r;

	r = record_unpack(&mem, p, len, &pb);
	if (r != 0)
		return r;
	k.id = pb->id;
	k.created_ms = pb->created_ms;
	if (pb_fixed(k.pair.sk.k, EC_LEN, pb->private_key) != 0 ||
	    pb_fixed(k.pair.pk.u, EC_LEN, pb->public_key) != 0 ||
	    pb_fixed(k.sig, SIGNATURE_LEN, pb->signature) != 0)
		r = ERR_FORMAT;
	else
		*out = k;
	pb_free(&mem, &pb->base);
	sodium_memzero(&k, sizeof(k));
	return r;
}

int
one_time_pre_key_unpack(
    struct one_time_pre_key *out, const uint8_t *p, size_t len)
{
	Sotto__Signal__PreKeyRecord *pb;
	struct one_time_pre_key k;
	struct pb_mem mem;
	int r;

	r = record_unpack(&mem, p, len, &pb);
	if (r != 0)
		return r;
	k.id = pb->id;
	if (pb_fixed(k.pair.sk.k, EC_LEN, pb->private_key) != 0 ||
	    pb_fixed(k.pair.pk.u, EC_LEN, pb->public_key) != 0)
		r = ERR_FORMAT;
	else
		*out = k;
	pb_free(&mem, &pb->base);
	sodium_memzero(&k, sizeof(k));
	return r;
}

int
kyber_pre_key_unpack(struct kyber_pre_key *out, const uint8_t *p, size_t len)
{
	Sotto__Signal__PreKeyRecord *pb;
	struct kyber_pre_key k;
	struct pb_mem mem;
	int r;

	r = record_unpack(&mem, p, len, &pb);
	if (r != 0)
		return r;
	k.id = pb->id;
	k.created_ms = pb->created_ms;
	k.last_resort = pb->last_resort;
	if (pb_fixed(k.sk.b, KEM_SECRET_LEN, pb->private_key) != 0 ||
	    pb_fixed(k.pk.b, KEM_PUBLIC_LEN, pb->public_key) != 0 ||
	    pb_fixed(k.sig, SIGNATURE_LEN, pb->signature) != 0 ||
	    k.pk.b[0] != KEM_TYPE || k.sk.b[0] != KEM_TYPE)
		r = ERR_FORMAT;
	else
		*out = k;
	pb_free(&mem, &pb->base);
	sodium_memzero(&k, sizeof(k));
	return r;
}
