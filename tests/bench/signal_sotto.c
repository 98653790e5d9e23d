/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_sotto [3] — common/signal under tests/bench/bench_signal.py. Two devices in
 * one process; records are bytes before and after each call, as they are for
 * everybody who stores them. With 3, sessions of version 3 (no Kyber, no SPQR),
 * which is what libomemo-c has.
 */
#include <string.h>

#include <sodium.h>

#include "common/signal/kem.h"
#include "common/signal/sender_key.h"
#include "common/signal/session.h"
#include "common/signal/xeddsa.h"
#include "tests/bench/signal_side.h"

struct device {
	struct identity_key_pair identity;
	struct signal_local local;
	struct buf record; /* of its session with the other */
};

static struct device alice, bob;
static struct pre_key_bundle bundle; /* bob's */
static struct signed_pre_key signed_key;
static struct one_time_pre_key one_time;
static struct kyber_pre_key kyber;

static int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	*out = signed_key;
	return 0;
}

static int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	*out = one_time;
	return 0;
}

static int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	*out = kyber;
	return 0;
}

static const struct signal_prekeys keys = {
    signed_get, one_time_get, kyber_get, NULL};

static void
device_init(struct device *d, uint32_t registration_id)
{
	identity_generate(&d->identity, &signal_rng_system);
	d->local = (struct signal_local){
	    .identity = &d->identity,
	    .registration_id = registration_id,
	    .rng = &signal_rng_system,
	    .now_ms = 1000,
	    .min_version = 3,
	};
	buf_init(&d->record, SESSION_RECORD_MAX);
}

static void
bundle_init(int has_kyber)
{
	signed_pre_key_generate(
	    &signed_key, 1, &bob.identity, 1, &signal_rng_system);
	one_time_pre_key_generate(&one_time, 2, &signal_rng_system);
	kyber_pre_key_generate(
	    &kyber, 3, true, &bob.identity, 1, &signal_rng_system);
	bundle = (struct pre_key_bundle){
	    .registration_id = 2,
	    .identity = bob.identity.pk,
	    .signed_id = 1,
	    .signed_key = signed_key.pair.pk,
	    .has_one_time = true,
	    .one_time_id = 2,
	    .one_time = one_time.pair.pk,
	    .has_kyber = has_kyber,
	    .kyber_id = 3,
	    .kyber = kyber.pk,
	};
	memcpy(bundle.signed_sig, signed_key.sig, SIGNATURE_LEN);
	memcpy(bundle.kyber_sig, kyber.sig, SIGNATURE_LEN);
}

/* The new record in place of the stored one. */
static void
commit(struct buf *record, struct buf *made)
{
	buf_clear(record);
	*record = *made;
	buf_init(made, 0);
}

/* One message; adds the time of both calls, and the bytes. */
static void
message(struct device *from, struct device *to, struct side_result *out)
{
	struct session_sealed sealed;
	struct session_opened opened;
	double t0 = side_now(), t1, t2;

	side_must(session_encrypt(&from->local, from->record.p,
		      from->record.len, side_text, SIDE_TEXT_LEN, &sealed) == 0,
	    "encrypt");
	commit(&from->record, &sealed.record);
	t1 = side_now();
	side_must(session_decrypt(&to->local, to->record.p, to->record.len,
		      &keys, sealed.type, sealed.ciphertext.p,
		      sealed.ciphertext.len, &opened) == 0,
	    "decrypt");
	commit(&to->record, &opened.record);
	t2 = side_now();
	side_must(opened.plaintext.len == SIDE_TEXT_LEN, "text");
	out->first_s += t1 - t0;
	out->second_s += t2 - t1;
	out->bytes += (double)sealed.ciphertext.len;
	session_sealed_clear(&sealed);
	session_opened_clear(&opened);
}

static void
start(void)
{
	struct buf made;

	buf_clear(&alice.record);
	buf_clear(&bob.record);
	side_must(
	    session_start(&alice.local, NULL, 0, &bundle, &made) == 0, "start");
	commit(&alice.record, &made);
}

static void
handshake(unsigned count, struct side_result *out)
{
	double t0;

	while (count-- > 0) {
		t0 = side_now();
		start();
		out->first_s += side_now() - t0;
		message(&alice, &bob, out);
	}
	out->first_s += out->second_s;
	out->second_s = 0;
}

/* Both have heard from each other. */
static void
acquaint(void)
{
	struct side_result unused = {0};

	start();
	message(&alice, &bob, &unused);
	message(&bob, &alice, &unused);
}

static void
ping_pong(unsigned count, struct side_result *out)
{
	unsigned i;

	acquaint();
	for (i = 0; i < count; i++)
		message(i % 2 ? &bob : &alice, i % 2 ? &alice : &bob, out);
}

static void
one_way(unsigned count, struct side_result *out)
{
	acquaint();
	while (count-- > 0)
		message(&alice, &bob, out);
}

static void
group_commit(struct buf *record, struct sender_key_result *made)
{
	commit(record, &made->record);
	sender_key_result_clear(made);
}

static void
group_message(const struct sender_key_name *name, struct buf *own,
    struct buf *theirs, struct side_result *out)
{
	struct sender_key_result sealed, opened;
	double t0 = side_now(), t1, t2;

	side_must(sender_key_encrypt(name, own->p, own->len, side_text,
		      SIDE_TEXT_LEN, &signal_rng_system, &sealed) == 0,
	    "group encrypt");
	commit(own, &sealed.record);
	t1 = side_now();
	side_must(sender_key_decrypt(name, theirs->p, theirs->len,
		      sealed.bytes.p, sealed.bytes.len, &opened) == 0,
	    "group decrypt");
	commit(theirs, &opened.record);
	t2 = side_now();
	side_must(opened.bytes.len == SIDE_TEXT_LEN, "group text");
	out->first_s += t1 - t0;
	out->second_s += t2 - t1;
	out->bytes += (double)sealed.bytes.len;
	sender_key_result_clear(&sealed);
	sender_key_result_clear(&opened);
}

static void
group(unsigned count, struct side_result *out)
{
	const struct sender_key_name name = {.device = 1};
	struct sender_key_result made, taken;
	struct buf own, theirs;

	buf_init(&own, SENDER_KEY_RECORD_MAX);
	buf_init(&theirs, SENDER_KEY_RECORD_MAX);
	side_must(sender_key_distribute(
		      &name, NULL, 0, &signal_rng_system, &made) == 0 &&
		      sender_key_process(&name, NULL, 0, made.bytes.p,
			  made.bytes.len, &taken) == 0,
	    "distribute");
	group_commit(&own, &made);
	group_commit(&theirs, &taken);
	while (count-- > 0)
		group_message(&name, &own, &theirs, out);
	buf_clear(&own);
	buf_clear(&theirs);
}

/* Signing, and checking. */
static void
sign(unsigned count, struct side_result *out)
{
	uint8_t sig[SIGNATURE_LEN];
	double t0, t1;

	while (count-- > 0) {
		t0 = side_now();
		xeddsa_sign(sig, &bob.identity, side_text, SIDE_TEXT_LEN,
		    &signal_rng_system);
		t1 = side_now();
		side_must(xeddsa_verify(sig, &bob.identity.pk, side_text,
			      SIDE_TEXT_LEN) == 0,
		    "verify");
		out->first_s += t1 - t0;
		out->second_s += side_now() - t1;
	}
}

/* X25519, and a Kyber key pair. */
static void
agree(unsigned count, struct side_result *out)
{
	static uint8_t pk[KYBER1024_PK], sk[KYBER1024_SK];
	uint8_t seed[KEM_SEED_LEN], ss[EC_LEN];
	double t0, t1;

	while (count-- > 0) {
		t0 = side_now();
		side_must(
		    ec_agree(ss, &signed_key.pair.sk, &one_time.pair.pk) == 0,
		    "agree");
		t1 = side_now();
		randombytes_buf(seed, sizeof(seed));
		kem_keypair(&kem_kyber1024, pk, sk, seed);
		out->first_s += t1 - t0;
		out->second_s += side_now() - t1;
	}
}

int
main(int argc, char **argv)
{
	static const struct side_row rows[] = {
	    {"handshake", handshake},
	    {"ping-pong", ping_pong},
	    {"one-way", one_way},
	    {"group", group},
	    {"sign", sign},
	    {"agree", agree},
	};

	if (sodium_init() < 0)
		return 2;
	device_init(&alice, 1);
	device_init(&bob, 2);
	bundle_init(argc < 2 || strcmp(argv[1], "3") != 0);
	return side_serve(rows, ARRAY_LEN(rows));
}
