/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_omemo — libomemo-c (session version 3, no sender keys) under
 * tests/bench/bench_signal.py. Its store keeps records as bytes, as it asks for; its
 * cryptography is libsodium's and OpenSSL's, as ours.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <omemo/curve.h>
#include <omemo/protocol.h>
#include <omemo/session_builder.h>
#include <omemo/session_cipher.h>
#include <omemo/session_pre_key.h>

#include "common/base.h"
#include "tests/bench/signal_side.h"
#include "tests/lib/omemo_store.h"

struct device {
	struct omemo_store store;
	signal_protocol_address other;
};

static struct device alice, bob;
static session_pre_key_bundle *bundle; /* bob's */

static void
device_init(struct device *d, uint32_t reg, const char *other)
{
	d->other = (signal_protocol_address){other, strlen(other), 1};
	omemo_store_init(&d->store);
	d->store.reg = reg;
	side_must(
	    curve_generate_key_pair(d->store.lib, &d->store.identity) == 0,
	    "identity");
}

static void
keep(struct omemo_store *s, const char *kind, uint32_t id, signal_buffer *rec)
{
	omemo_put(s, omemo_key_name(kind, id), signal_buffer_data(rec),
	    signal_buffer_len(rec));
	signal_buffer_free(rec);
}

static void
bundle_init(struct omemo_store *s)
{
	session_signed_pre_key *sk;
	session_pre_key *k;
	signal_buffer *pub = NULL, *sig = NULL, *rec = NULL;
	ec_key_pair *signed_pair = NULL, *pair = NULL;

	side_must(curve_generate_key_pair(s->lib, &signed_pair) == 0 &&
		      curve_generate_key_pair(s->lib, &pair) == 0 &&
		      ec_public_key_serialize(
			  &pub, ec_key_pair_get_public(signed_pair)) == 0 &&
		      curve_calculate_signature(s->lib, &sig,
			  ec_key_pair_get_private(s->identity),
			  signal_buffer_data(pub), signal_buffer_len(pub)) == 0,
	    "keys");
	side_must(session_signed_pre_key_create(&sk, 1, 1, signed_pair,
		      signal_buffer_data(sig), signal_buffer_len(sig),
		      signal_buffer_data(sig), signal_buffer_len(sig)) == 0 &&
		      session_signed_pre_key_serialize(&rec, sk) == 0,
	    "signed pre-key");
	keep(s, "signed", 1, rec);
	side_must(session_pre_key_create(&k, 2, pair) == 0 &&
		      session_pre_key_serialize(&rec, k) == 0,
	    "one-time pre-key");
	keep(s, "pre", 2, rec);
	side_must(session_pre_key_bundle_create(&bundle, s->reg, 1, 2,
		      ec_key_pair_get_public(pair), 1,
		      ec_key_pair_get_public(signed_pair),
		      signal_buffer_data(sig), signal_buffer_len(sig),
		      ec_key_pair_get_public(s->identity)) == 0,
	    "bundle");
}

static int
open_any(struct device *to, session_cipher *c, ciphertext_message *m,
    signal_buffer **plain)
{
	signal_buffer *b = ciphertext_message_get_serialized(m);
	pre_key_signal_message *p;
	signal_message *s;
	int r;

	if (ciphertext_message_get_type(m) == CIPHERTEXT_PREKEY_TYPE) {
		r = pre_key_signal_message_deserialize(&p,
		    signal_buffer_data(b), signal_buffer_len(b), to->store.lib);
		if (r == 0)
			r = session_cipher_decrypt_pre_key_signal_message(
			    c, p, NULL, plain);
		SIGNAL_UNREF(p);
		return r;
	}
	r = signal_message_deserialize(
	    &s, signal_buffer_data(b), signal_buffer_len(b), to->store.lib);
	if (r == 0)
		r = session_cipher_decrypt_signal_message(c, s, NULL, plain);
	SIGNAL_UNREF(s);
	return r;
}

static session_cipher *
cipher(struct device *d)
{
	session_cipher *c;

	side_must(session_cipher_create(
		      &c, d->store.store, &d->other, d->store.lib) == 0,
	    "cipher");
	session_cipher_set_version(c, OMEMO_VERSION);
	return c;
}

static void
message(struct device *from, struct device *to, struct side_result *out)
{
	ciphertext_message *m;
	signal_buffer *plain;
	session_cipher *c;
	double t0 = side_now(), t1, t2;
	size_t len;

	c = cipher(from);
	side_must(session_cipher_encrypt(c, side_text, SIDE_TEXT_LEN, &m) == 0,
	    "encrypt");
	session_cipher_free(c);
	t1 = side_now();
	c = cipher(to);
	side_must(open_any(to, c, m, &plain) == 0, "decrypt");
	session_cipher_free(c);
	t2 = side_now();
	side_must(signal_buffer_len(plain) == SIDE_TEXT_LEN, "text");
	out->first_s += t1 - t0;
	out->second_s += t2 - t1;
	len = signal_buffer_len(ciphertext_message_get_serialized(m));
	out->bytes += (double)len;
	signal_buffer_bzero_free(plain);
	SIGNAL_UNREF(m);
}

static void
forget(struct device *d)
{
	signal_protocol_session_delete_session(d->store.store, &d->other);
}

static void
start(void)
{
	session_builder *b;

	side_must(session_builder_create(&b, alice.store.store, &alice.other,
		      alice.store.lib) == 0,
	    "builder");
	session_builder_set_version(b, OMEMO_VERSION);
	side_must(
	    session_builder_process_pre_key_bundle(b, bundle) == 0, "start");
	session_builder_free(b);
}

static void
handshake(unsigned count, struct side_result *out)
{
	signal_buffer *one_time =
	    signal_buffer_copy(omemo_find(&bob.store, "pre 2")->value);
	double t0;

	while (count-- > 0) {
		forget(&alice);
		forget(&bob);
		t0 = side_now();
		start();
		out->first_s += side_now() - t0;
		message(&alice, &bob, out);
		/* the library has removed it */
		omemo_put(&bob.store, "pre 2", signal_buffer_data(one_time),
		    signal_buffer_len(one_time));
	}
	signal_buffer_free(one_time);
	out->first_s += out->second_s;
	out->second_s = 0;
}

static void
acquaint(void)
{
	struct side_result unused = {0};

	handshake(1, &unused);
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
sign(unsigned count, struct side_result *out)
{
	ec_key_pair *pair = bob.store.identity;
	signal_buffer *sig;
	double t0, t1;

	while (count-- > 0) {
		t0 = side_now();
		side_must(curve_calculate_signature(bob.store.lib, &sig,
			      ec_key_pair_get_private(pair), side_text,
			      SIDE_TEXT_LEN) == 0,
		    "sign");
		t1 = side_now();
		side_must(curve_verify_signature(ec_key_pair_get_public(pair),
			      side_text, SIDE_TEXT_LEN, signal_buffer_data(sig),
			      signal_buffer_len(sig)) == 1,
		    "verify");
		out->first_s += t1 - t0;
		out->second_s += side_now() - t1;
		signal_buffer_free(sig);
	}
}

static void
agree(unsigned count, struct side_result *out)
{
	uint8_t *ss;
	double t0 = side_now();

	while (count-- > 0) {
		side_must(curve_calculate_agreement(&ss,
			      ec_key_pair_get_public(alice.store.identity),
			      ec_key_pair_get_private(bob.store.identity)) > 0,
		    "agree");
		free(ss);
	}
	out->first_s = side_now() - t0;
}

int
main(void)
{
	static const struct side_row rows[] = {
	    {"handshake", handshake},
	    {"ping-pong", ping_pong},
	    {"one-way", one_way},
	    {"sign", sign},
	    {"agree", agree},
	};

	if (sodium_init() < 0)
		return 2;
	device_init(&alice, 1, "bob");
	device_init(&bob, 2, "alice");
	bundle_init(&bob.store);
	return side_serve(rows, ARRAY_LEN(rows));
}
