/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo_peer.c — Debian's libomemo-c (session version 3) behind the JSON lines
 * of tests/interop/README.md. Its cryptography is libsodium and OpenSSL, which
 * it asks its caller for. Aborts when the library breaks its own promises.
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

#include "common/ossl.h"
#include "tests/interop/peer_json.h"

#define VERSION	    3
#define RECORDS_MAX 4096

/* One store for everything: records named by kind and id or address. */
struct record {
	char name[96];
	signal_buffer *value;
};

struct me {
	signal_context *lib;
	signal_protocol_store_context *store;
	ec_key_pair *identity;
	uint32_t reg;
	struct record record[RECORDS_MAX];
	size_t n;
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* ---- cryptography it asks for --------------------------------------------- */

static int
random_bytes(uint8_t *data, size_t len, void *ctx)
{
	randombytes_buf(data, len);
	return 0;
}

static int
hmac_init(void **h, const uint8_t *key, size_t len, void *ctx)
{
	crypto_auth_hmacsha256_state *st = malloc(sizeof(*st));

	if (st == NULL)
		return SG_ERR_NOMEM;
	crypto_auth_hmacsha256_init(st, key, len);
	*h = st;
	return 0;
}

static int
hmac_update(void *h, const uint8_t *data, size_t len, void *ctx)
{
	crypto_auth_hmacsha256_update(h, data, len);
	return 0;
}

static int
hmac_final(void *h, signal_buffer **out, void *ctx)
{
	uint8_t mac[32];

	crypto_auth_hmacsha256_final(h, mac);
	*out = signal_buffer_create(mac, sizeof(mac));
	return *out == NULL ? SG_ERR_NOMEM : 0;
}

static int
sha_init(void **h, void *ctx)
{
	crypto_hash_sha512_state *st = malloc(sizeof(*st));

	if (st == NULL)
		return SG_ERR_NOMEM;
	crypto_hash_sha512_init(st);
	*h = st;
	return 0;
}

static int
sha_update(void *h, const uint8_t *data, size_t len, void *ctx)
{
	crypto_hash_sha512_update(h, data, len);
	return 0;
}

static int
sha_final(void *h, signal_buffer **out, void *ctx)
{
	uint8_t sum[64];

	crypto_hash_sha512_final(h, sum);
	crypto_hash_sha512_init(h);
	*out = signal_buffer_create(sum, sizeof(sum));
	return *out == NULL ? SG_ERR_NOMEM : 0;
}

static void
hash_cleanup(void *h, void *ctx)
{
	free(h);
}

static int
cipher(signal_buffer **out, int how, int encrypt, const uint8_t *key,
    const uint8_t *iv, const uint8_t *in, size_t len)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t *p = malloc(len + 16);
	int n = 0, tail = 0, r = SG_ERR_UNKNOWN;

	if (how != SG_CIPHER_AES_CBC_PKCS5 || c == NULL || p == NULL)
		goto out;
	if (EVP_CipherInit_ex(c, EVP_aes_256_cbc(), NULL, key, iv, encrypt) &&
	    EVP_CipherUpdate(c, p, &n, in, (int)len) &&
	    EVP_CipherFinal_ex(c, p + n, &tail)) {
		*out = signal_buffer_create(p, (size_t)(n + tail));
		r = 0;
	}
out:
	EVP_CIPHER_CTX_free(c);
	free(p);
	return r;
}

static int
encrypt_fn(signal_buffer **out, int how, const uint8_t *key, size_t keylen,
    const uint8_t *iv, size_t ivlen, const uint8_t *in, size_t len, void *ctx)
{
	return keylen == 32 && ivlen == 16
		   ? cipher(out, how, 1, key, iv, in, len)
		   : SG_ERR_UNKNOWN;
}

static int
decrypt_fn(signal_buffer **out, int how, const uint8_t *key, size_t keylen,
    const uint8_t *iv, size_t ivlen, const uint8_t *in, size_t len, void *ctx)
{
	return keylen == 32 && ivlen == 16
		   ? cipher(out, how, 0, key, iv, in, len)
		   : SG_ERR_UNKNOWN;
}

/* ---- its store ------------------------------------------------------------ */

static struct record *
find(struct me *me, const char *name)
{
	size_t i;

	for (i = 0; i < me->n; i++) {
		if (strcmp(me->record[i].name, name) == 0)
			return &me->record[i];
	}
	return NULL;
}

static int
put(struct me *me, const char *name, const uint8_t *p, size_t len)
{
	struct record *r = find(me, name);

	if (r == NULL) {
		must(me->n < RECORDS_MAX);
		r = &me->record[me->n++];
		snprintf(r->name, sizeof(r->name), "%s", name);
	} else {
		signal_buffer_free(r->value);
	}
	r->value = signal_buffer_create(p, len);
	must(r->value != NULL);
	return 0;
}

static int
take(struct me *me, const char *name)
{
	struct record *r = find(me, name);

	if (r == NULL)
		return 0;
	signal_buffer_free(r->value);
	*r = me->record[--me->n];
	return 1;
}

static const char *
session_name(const signal_protocol_address *a)
{
	static char name[96];

	snprintf(name, sizeof(name), "session %.*s.%d", (int)a->name_len,
	    a->name, (int)a->device_id);
	return name;
}

static const char *
key_name(const char *kind, uint32_t id)
{
	static char name[96];

	snprintf(name, sizeof(name), "%s %u", kind, id);
	return name;
}

static int
load(struct me *me, const char *name, signal_buffer **out)
{
	struct record *r = find(me, name);

	if (r == NULL)
		return 0;
	*out = signal_buffer_copy(r->value);
	must(*out != NULL);
	return 1;
}

static int
load_session(signal_buffer **record, signal_buffer **user,
    const signal_protocol_address *a, void *ctx)
{
	return load(ctx, session_name(a), record);
}

static int
sub_devices(signal_int_list **out, const char *name, size_t len, void *ctx)
{
	*out = signal_int_list_alloc();
	return 0;
}

static int
store_session(const signal_protocol_address *a, uint8_t *p, size_t len,
    uint8_t *user, size_t user_len, void *ctx)
{
	return put(ctx, session_name(a), p, len);
}

static int
contains_session(const signal_protocol_address *a, void *ctx)
{
	return find(ctx, session_name(a)) != NULL;
}

static int
delete_session(const signal_protocol_address *a, void *ctx)
{
	return take(ctx, session_name(a));
}

static int
delete_all(const char *name, size_t len, void *ctx)
{
	return 0;
}

#define KEY_STORE(kind, label)                                                 \
	static int load_##kind(signal_buffer **out, uint32_t id, void *ctx)    \
	{                                                                      \
		return load(ctx, key_name(label, id), out)                     \
			   ? SG_SUCCESS                                        \
			   : SG_ERR_INVALID_KEY_ID;                            \
	}                                                                      \
	static int store_##kind(                                               \
	    uint32_t id, uint8_t *p, size_t len, void *ctx)                    \
	{                                                                      \
		return put(ctx, key_name(label, id), p, len);                  \
	}                                                                      \
	static int contains_##kind(uint32_t id, void *ctx)                     \
	{                                                                      \
		return find(ctx, key_name(label, id)) != NULL;                 \
	}                                                                      \
	static int remove_##kind(uint32_t id, void *ctx)                       \
	{                                                                      \
		take(ctx, key_name(label, id));                                \
		return 0;                                                      \
	}
KEY_STORE(pre_key, "pre")
KEY_STORE(signed_pre_key, "signed")
#undef KEY_STORE

static int
identity_pair(signal_buffer **pub, signal_buffer **priv, void *ctx)
{
	struct me *me = ctx;

	ec_public_key_serialize(pub, ec_key_pair_get_public(me->identity));
	ec_private_key_serialize(priv, ec_key_pair_get_private(me->identity));
	return 0;
}

static int
registration_id(void *ctx, uint32_t *id)
{
	struct me *me = ctx;

	*id = me->reg;
	return 0;
}

static int
save_identity(
    const signal_protocol_address *a, uint8_t *p, size_t len, void *ctx)
{
	return 0;
}

static int
trusted(const signal_protocol_address *a, uint8_t *p, size_t len, void *ctx)
{
	return 1;
}

static void
destroyed(void *ctx)
{
}

static void
set_up(struct me *me)
{
	const signal_crypto_provider crypto = {random_bytes, hmac_init,
	    hmac_update, hmac_final, hash_cleanup, sha_init, sha_update,
	    sha_final, hash_cleanup, encrypt_fn, decrypt_fn, NULL};
	const signal_protocol_session_store sessions = {load_session,
	    sub_devices, store_session, contains_session, delete_session,
	    delete_all, destroyed, me};
	const signal_protocol_pre_key_store pre = {load_pre_key, store_pre_key,
	    contains_pre_key, remove_pre_key, destroyed, me};
	const signal_protocol_signed_pre_key_store sig = {load_signed_pre_key,
	    store_signed_pre_key, contains_signed_pre_key,
	    remove_signed_pre_key, destroyed, me};
	const signal_protocol_identity_key_store id = {identity_pair,
	    registration_id, save_identity, trusted, destroyed, me};

	must(signal_context_create(&me->lib, me) == 0);
	must(signal_context_set_crypto_provider(me->lib, &crypto) == 0);
	must(signal_protocol_store_context_create(&me->store, me->lib) == 0);
	signal_protocol_store_context_set_session_store(me->store, &sessions);
	signal_protocol_store_context_set_pre_key_store(me->store, &pre);
	signal_protocol_store_context_set_signed_pre_key_store(me->store, &sig);
	signal_protocol_store_context_set_identity_key_store(me->store, &id);
}

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

	must(ec_public_key_serialize(&b, pk) == 0);
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
	struct me *me = peer;
	signal_buffer *priv;

	must(curve_generate_key_pair(me->lib, &me->identity) == 0);
	me->reg = peer_u32(req, "reg", 1);
	put_public(reply, "identity_pub", ec_key_pair_get_public(me->identity));
	must(ec_private_key_serialize(
		 &priv, ec_key_pair_get_private(me->identity)) == 0);
	put_buffer(reply, "identity_priv", priv);
	return NULL;
}

static void
make_signed(struct me *me, uint32_t id, json_t *reply)
{
	session_signed_pre_key *k;
	signal_buffer *sig, *rec, *pub;
	ec_key_pair *pair;

	must(curve_generate_key_pair(me->lib, &pair) == 0);
	must(ec_public_key_serialize(&pub, ec_key_pair_get_public(pair)) == 0);
	must(curve_calculate_signature(me->lib, &sig,
		 ec_key_pair_get_private(me->identity), signal_buffer_data(pub),
		 signal_buffer_len(pub)) == 0);
	must(session_signed_pre_key_create(&k, id, 1, pair,
		 signal_buffer_data(sig), signal_buffer_len(sig),
		 signal_buffer_data(sig), signal_buffer_len(sig)) == 0);
	must(session_signed_pre_key_serialize(&rec, k) == 0);
	put(me, key_name("signed", id), signal_buffer_data(rec),
	    signal_buffer_len(rec));
	signal_buffer_free(rec);
	peer_put_u32(reply, "spreid", id);
	put_buffer(reply, "spre", pub);
	put_buffer(reply, "spresig", sig);
	SIGNAL_UNREF(k);
	SIGNAL_UNREF(pair);
}

static void
make_one_time(struct me *me, uint32_t id, json_t *reply)
{
	session_pre_key *k;
	signal_buffer *rec;
	ec_key_pair *pair;

	must(curve_generate_key_pair(me->lib, &pair) == 0);
	must(session_pre_key_create(&k, id, pair) == 0);
	must(session_pre_key_serialize(&rec, k) == 0);
	put(me, key_name("pre", id), signal_buffer_data(rec),
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
	struct me *me = peer;

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
get_public(struct me *me, json_t *o, const char *name)
{
	ec_public_key *pk = NULL;
	uint8_t b[33];

	if (peer_fixed(o, name, b, sizeof(b)))
		must(curve_decode_point(&pk, b, sizeof(b), me->lib) == 0);
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
	struct me *me = peer;
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
	must(session_pre_key_bundle_create(&bundle, peer_u32(o, "reg", 0), 1,
		 peer_u32(o, "preid", 0), pre, peer_u32(o, "spreid", 0), spre,
		 sig, sizeof(sig), identity) == 0);
	must(session_builder_create(&builder, me->store, &a, me->lib) == 0);
	session_builder_set_version(builder, VERSION);
	r = session_builder_process_pre_key_bundle(builder, bundle);
	session_builder_free(builder);
	SIGNAL_UNREF(bundle);
	SIGNAL_UNREF(identity);
	SIGNAL_UNREF(spre);
	if (pre != NULL)
		SIGNAL_UNREF(pre);
	return r == 0 ? NULL : "refused";
}

static const char *
cmd_encrypt(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
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
	must(session_cipher_create(&c, me->store, &a, me->lib) == 0);
	session_cipher_set_version(c, VERSION);
	r = session_cipher_encrypt(c, msg, len, &m);
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
open_pre_key(struct me *me, session_cipher *c, const uint8_t *ct, size_t len,
    signal_buffer **plain)
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
open_signal(struct me *me, session_cipher *c, const uint8_t *ct, size_t len,
    signal_buffer **plain)
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
put_keys_left(struct me *me, json_t *reply)
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
	struct me *me = peer;
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
	must(session_cipher_create(&c, me->store, &a, me->lib) == 0);
	session_cipher_set_version(c, VERSION);
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
	struct me *me = peer;
	signal_protocol_address a;
	struct record *r;

	if (!get_address(req, "with", &a))
		return "bad request";
	r = find(me, session_name(&a));
	if (r == NULL)
		peer_put(reply, "record", "", 0);
	else
		peer_put(reply, "record", signal_buffer_data(r->value),
		    signal_buffer_len(r->value));
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
};

int
main(void)
{
	static struct me me;

	if (sodium_init() < 0)
		return 2;
	set_up(&me);
	return peer_serve(commands, ARRAY_LEN(commands), &me);
}
