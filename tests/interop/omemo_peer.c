/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo_peer.c — Debian's libomemo-c (session version 3) behind the JSON lines
 * of tests/interop/README.md.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <omemo/curve.h>
#include <omemo/key_helper.h>
#include <omemo/protocol.h>
#include <omemo/session_builder.h>
#include <omemo/session_cipher.h>
#include <omemo/session_pre_key.h>
#include <omemo/signal_protocol.h>

#include "tests/interop/peer_json.h"
#include "tests/lib/omemo_store.h"

/* ---- commands ------------------------------------------------------------- */

static void
put_buffer(json_t *o, const char *name, signal_buffer *b)
{
	peer_put(o, name, signal_buffer_data(b), signal_buffer_len(b));
	signal_buffer_free(b);
}

static void
put_public(json_t *o, const char *name, const ec_public_key *pk)
{
	signal_buffer *b;

	omemo_must(ec_public_key_serialize(&b, pk) == 0);
	put_buffer(o, name, b);
}

static const char *
cmd_version(void *peer, json_t *req, json_t *reply)
{
	json_object_set_new(reply, "version", json_string("libomemo-c"));
	return NULL;
}

static const char *
cmd_init(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	signal_buffer *priv;

	peer_seed(req);
	while (me->n > 0)
		signal_buffer_free(me->record[--me->n].value);
	if (me->identity != NULL)
		SIGNAL_UNREF(me->identity);
	omemo_must(curve_generate_key_pair(me->lib, &me->identity) == 0);
	me->reg = peer_u32(req, "reg", 1);
	put_public(reply, "identity_pub", ec_key_pair_get_public(me->identity));
	omemo_must(ec_private_key_serialize(
		       &priv, ec_key_pair_get_private(me->identity)) == 0);
	put_buffer(reply, "identity_priv", priv);
	return NULL;
}

static void
make_signed(struct omemo_store *me, uint32_t id, json_t *reply)
{
	session_signed_pre_key *k;
	signal_buffer *sig, *rec, *pub;
	ec_key_pair *pair;

	omemo_must(curve_generate_key_pair(me->lib, &pair) == 0);
	omemo_must(
	    ec_public_key_serialize(&pub, ec_key_pair_get_public(pair)) == 0);
	omemo_must(curve_calculate_signature(me->lib, &sig,
		       ec_key_pair_get_private(me->identity),
		       signal_buffer_data(pub), signal_buffer_len(pub)) == 0);
	omemo_must(session_signed_pre_key_create(&k, id, 1, pair,
		       signal_buffer_data(sig), signal_buffer_len(sig),
		       signal_buffer_data(sig), signal_buffer_len(sig)) == 0);
	omemo_must(session_signed_pre_key_serialize(&rec, k) == 0);
	omemo_put(me, omemo_key_name("signed", id), signal_buffer_data(rec),
	    signal_buffer_len(rec));
	signal_buffer_free(rec);
	peer_put_u32(reply, "spreid", id);
	put_buffer(reply, "spre", pub);
	put_buffer(reply, "spresig", sig);
	SIGNAL_UNREF(k);
	SIGNAL_UNREF(pair);
}

static void
make_one_time(struct omemo_store *me, uint32_t id, json_t *reply)
{
	session_pre_key *k;
	signal_buffer *rec;
	ec_key_pair *pair;

	omemo_must(curve_generate_key_pair(me->lib, &pair) == 0);
	omemo_must(session_pre_key_create(&k, id, pair) == 0);
	omemo_must(session_pre_key_serialize(&rec, k) == 0);
	omemo_put(me, omemo_key_name("pre", id), signal_buffer_data(rec),
	    signal_buffer_len(rec));
	signal_buffer_free(rec);
	peer_put_u32(reply, "preid", id);
	put_public(reply, "pre", ec_key_pair_get_public(pair));
	SIGNAL_UNREF(k);
	SIGNAL_UNREF(pair);
}

static const char *
cmd_bundle(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;

	if (peer_flag(req, "kyber", true))
		return "no kyber";
	peer_put_u32(reply, "reg", me->reg);
	peer_put_u32(reply, "dev", 1);
	put_public(reply, "identity", ec_key_pair_get_public(me->identity));
	make_signed(me, peer_u32(req, "spreid", 22), reply);
	if (peer_flag(req, "onetime", true))
		make_one_time(me, peer_u32(req, "preid", 31), reply);
	return NULL;
}

static ec_public_key *
get_public(struct omemo_store *me, json_t *o, const char *name)
{
	ec_public_key *pk = NULL;
	uint8_t b[33];

	if (peer_fixed(o, name, b, sizeof(b)))
		omemo_must(curve_decode_point(&pk, b, sizeof(b), me->lib) == 0);
	return pk;
}

/* The address lives as long as the request. */
static bool
get_address(json_t *req, const char *field, signal_protocol_address *a)
{
	json_t *o = json_object_get(req, field);

	a->name = json_string_value(json_object_get(o, "name"));
	if (a->name == NULL)
		return false;
	a->name_len = strlen(a->name);
	a->device_id = (int32_t)peer_u32(o, "dev", 1);
	return true;
}

static const char *
cmd_process(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	json_t *o = json_object_get(req, "bundle");
	ec_public_key *identity, *spre, *pre;
	session_pre_key_bundle *bundle;
	session_builder *builder;
	signal_protocol_address a;
	uint8_t sig[64];
	int r;

	identity = get_public(me, o, "identity");
	spre = get_public(me, o, "spre");
	pre = get_public(me, o, "pre");
	if (!get_address(req, "from", &a) || identity == NULL || spre == NULL ||
	    !peer_fixed(o, "spresig", sig, sizeof(sig)))
		return "bad request";
	omemo_must(
	    session_pre_key_bundle_create(&bundle, peer_u32(o, "reg", 0), 1,
		peer_u32(o, "preid", 0), pre, peer_u32(o, "spreid", 0), spre,
		sig, sizeof(sig), identity) == 0);
	omemo_must(
	    session_builder_create(&builder, me->store, &a, me->lib) == 0);
	session_builder_set_version(builder, OMEMO_VERSION);
	r = session_builder_process_pre_key_bundle(builder, bundle);
	session_builder_free(builder);
	SIGNAL_UNREF(bundle);
	SIGNAL_UNREF(identity);
	SIGNAL_UNREF(spre);
	if (pre != NULL)
		SIGNAL_UNREF(pre);
	return r == 0 ? NULL : "refused";
}

/* Field `skip`: so many messages are made before, and lost. */
static const char *
cmd_encrypt(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	uint32_t skip = peer_u32(req, "skip", 0);
	ciphertext_message *m = NULL;
	signal_protocol_address a;
	session_cipher *c;
	signal_buffer *b;
	uint8_t *msg;
	size_t len;
	int r;

	msg = peer_bytes(req, "msg", &len);
	if (!get_address(req, "to", &a) || msg == NULL)
		return "bad request";
	omemo_must(session_cipher_create(&c, me->store, &a, me->lib) == 0);
	session_cipher_set_version(c, OMEMO_VERSION);
	r = session_cipher_encrypt(c, msg, len, &m);
	while (r == 0 && skip-- > 0) {
		SIGNAL_UNREF(m);
		r = session_cipher_encrypt(c, msg, len, &m);
	}
	session_cipher_free(c);
	free(msg);
	if (r != 0)
		return "refused";
	b = ciphertext_message_get_serialized(m);
	peer_put_u32(reply, "type", (uint32_t)ciphertext_message_get_type(m));
	peer_put(reply, "ct", signal_buffer_data(b), signal_buffer_len(b));
	SIGNAL_UNREF(m);
	return NULL;
}

static int
open_pre_key(struct omemo_store *me, session_cipher *c, const uint8_t *ct,
    size_t len, signal_buffer **plain)
{
	pre_key_signal_message *m = NULL;
	int r;

	r = pre_key_signal_message_deserialize(&m, ct, len, me->lib);
	if (r == 0)
		r = session_cipher_decrypt_pre_key_signal_message(
		    c, m, NULL, plain);
	if (m != NULL)
		SIGNAL_UNREF(m);
	return r;
}

static int
open_signal(struct omemo_store *me, session_cipher *c, const uint8_t *ct,
    size_t len, signal_buffer **plain)
{
	signal_message *m = NULL;
	int r;

	r = signal_message_deserialize(&m, ct, len, me->lib);
	if (r == 0)
		r = session_cipher_decrypt_signal_message(c, m, NULL, plain);
	if (m != NULL)
		SIGNAL_UNREF(m);
	return r;
}

static void
put_keys_left(struct omemo_store *me, json_t *reply)
{
	json_t *left = json_array();
	unsigned id;
	size_t i;

	for (i = 0; i < me->n; i++) {
		if (sscanf(me->record[i].name, "pre %u", &id) == 1)
			json_array_append_new(left, json_integer(id));
	}
	json_object_set_new(reply, "prekeys_left", left);
	json_object_set_new(reply, "kyber_used", json_array());
}

static const char *
cmd_decrypt(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	bool pre_key = peer_u32(req, "type", 2) == 3;
	signal_buffer *plain = NULL;
	signal_protocol_address a;
	session_cipher *c;
	uint8_t *ct;
	size_t len;
	int r;

	ct = peer_bytes(req, "ct", &len);
	if (!get_address(req, "from", &a) || ct == NULL)
		return "bad request";
	omemo_must(session_cipher_create(&c, me->store, &a, me->lib) == 0);
	session_cipher_set_version(c, OMEMO_VERSION);
	r = pre_key ? open_pre_key(me, c, ct, len, &plain)
		    : open_signal(me, c, ct, len, &plain);
	session_cipher_free(c);
	free(ct);
	if (r != 0)
		return "refused";
	put_buffer(reply, "msg", plain);
	if (pre_key)
		put_keys_left(me, reply);
	return NULL;
}

static const char *
cmd_getsession(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	signal_protocol_address a;
	struct omemo_record *r;

	if (!get_address(req, "with", &a))
		return "bad request";
	r = omemo_find(me, omemo_session_name(&a));
	if (r == NULL)
		peer_put(reply, "record", "", 0);
	else
		peer_put(reply, "record", signal_buffer_data(r->value),
		    signal_buffer_len(r->value));
	return NULL;
}

static const char *
cmd_setsession(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	signal_protocol_address a;
	uint8_t *p;
	size_t len;
	int r;

	p = peer_bytes(req, "record", &len);
	if (!get_address(req, "with", &a) || p == NULL)
		return "bad request";
	r = omemo_put(me, omemo_session_name(&a), p, len);
	free(p);
	return r == 0 ? NULL : "refused";
}

/* Archive the session with a device. */
static const char *
cmd_archive(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	signal_protocol_address a;
	session_record *r;

	if (!get_address(req, "with", &a))
		return "bad request";
	if (signal_protocol_session_load_session(
		me->store, &r, &a, OMEMO_VERSION) != 0)
		return "no session";
	omemo_must(session_record_archive_current_state(r) == 0);
	omemo_must(
	    signal_protocol_session_store_session(me->store, &a, r) == 0);
	SIGNAL_UNREF(r);
	return NULL;
}

/* Over everything that a message can change. */
static const char *
cmd_digest(void *peer, json_t *req, json_t *reply)
{
	struct omemo_store *me = peer;
	crypto_generichash_state st;
	uint8_t sum[32];
	size_t i;

	crypto_generichash_init(&st, NULL, 0, sizeof(sum));
	for (i = 0; i < me->n; i++) {
		crypto_generichash_update(&st,
		    (const uint8_t *)me->record[i].name,
		    strlen(me->record[i].name) + 1);
		crypto_generichash_update(&st,
		    signal_buffer_data(me->record[i].value),
		    signal_buffer_len(me->record[i].value));
	}
	crypto_generichash_final(&st, sum, sizeof(sum));
	peer_put(reply, "digest", sum, sizeof(sum));
	return NULL;
}

static const struct peer_cmd commands[] = {
    {"version", cmd_version},
    {"init", cmd_init},
    {"bundle", cmd_bundle},
    {"process", cmd_process},
    {"encrypt", cmd_encrypt},
    {"decrypt", cmd_decrypt},
    {"getsession", cmd_getsession},
    {"setsession", cmd_setsession},
    {"archive", cmd_archive},
    {"digest", cmd_digest},
};

int
main(void)
{
	static struct omemo_store me;

	if (sodium_init() < 0)
		return 2;
	omemo_store_init(&me);
	return peer_serve(commands, ARRAY_LEN(commands), &me);
}
