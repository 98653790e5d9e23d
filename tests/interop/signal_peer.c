/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_peer.c — our Signal protocol behind JSON lines, so that it can be
 * driven against other implementations. tests/interop/README.md.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "common/signal/fingerprint.h"
#include "common/signal/kdf.h"
#include "common/signal/message.h"
#include "common/signal/sender_key.h"
#include "common/signal/session.h"
#include "common/signal/spqr.h"
#include "common/signal/state.h"
#include "common/signal/xeddsa.h"
#include "tests/interop/peer_json.h"

#define PEERS_MAX 64
#define KEYS_MAX  1024

struct known {
	char address[80];
	struct buf record;
};

struct group {
	struct sender_key_name name;
	struct buf record;
};

struct me {
	uint8_t account[ACCOUNT_ID_LEN];
	uint32_t device;
	struct group group[PEERS_MAX];
	size_t ngroups;
	struct identity_key_pair identity;
	struct signal_local local;
	bool ready;
	struct known peer[PEERS_MAX];
	size_t npeers;
	struct signed_pre_key signed_key[KEYS_MAX];
	size_t nsigned;
	struct one_time_pre_key one_time[KEYS_MAX];
	size_t none_time;
	struct kyber_pre_key kyber[KEYS_MAX];
	size_t nkyber;
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
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

static void
one_time_remove(struct me *me, uint32_t id)
{
	size_t i, kept = 0;

	for (i = 0; i < me->none_time; i++) {
		if (me->one_time[i].id != id)
			me->one_time[kept++] = me->one_time[i];
	}
	me->none_time = kept;
}

static struct known *
known(struct me *me, json_t *req, const char *field)
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

static void
commit(struct known *with, struct buf *made)
{
	buf_clear(&with->record);
	with->record = *made;
	buf_init(made, 0);
}

/* 16 bytes of a UUID with its dashes. */
static bool
get_uuid(json_t *o, const char *field, uint8_t out[static 16])
{
	const char *s = json_string_value(json_object_get(o, field));
	size_t n = 0;

	return s != NULL &&
	       sodium_hex2bin(out, 16, s, strlen(s), "-", &n, NULL) == 0 &&
	       n == 16;
}

/* Our own record of a distribution, or that of the device in field `from`. */
static struct group *
group(struct me *me, json_t *from, const struct distribution_id *id)
{
	struct sender_key_name name = {
	    .device = me->device, .distribution = *id};
	size_t i;

	memcpy(name.account, me->account, ACCOUNT_ID_LEN);
	if (from != NULL) {
		if (!get_uuid(from, "name", name.account))
			return NULL;
		name.device = peer_u32(from, "dev", 1);
	}
	for (i = 0; i < me->ngroups; i++) {
		if (memcmp(&me->group[i].name, &name, sizeof(name)) == 0)
			return &me->group[i];
	}
	if (me->ngroups == PEERS_MAX)
		return NULL;
	me->group[me->ngroups].name = name;
	buf_init(&me->group[me->ngroups].record, SENDER_KEY_RECORD_MAX);
	return &me->group[me->ngroups++];
}

static void
group_commit(struct group *g, struct sender_key_result *made)
{
	buf_clear(&g->record);
	g->record = made->record;
	buf_init(&made->record, 0);
	sender_key_result_clear(made);
}

/* ---- commands ------------------------------------------------------------- */

static const char *
cmd_version(void *peer, json_t *req, json_t *reply)
{
	json_object_set_new(
	    reply, "version", json_string("sotto " SOTTO_VERSION));
	return NULL;
}

static const char *
cmd_init(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	uint8_t k[EC_LEN], pub[EC_PUBLIC_LEN];

	if (peer_fixed(req, "identity", k, sizeof(k))) {
		if (identity_from_private(&me->identity, k) != 0)
			return "bad identity";
	} else {
		identity_generate(&me->identity, &signal_rng_system);
	}
	if (!get_uuid(req, "name", me->account))
		return "bad name";
	me->device = peer_u32(req, "dev", 1);
	me->ngroups = 0;
	me->local = (struct signal_local){
	    .identity = &me->identity,
	    .registration_id = peer_u32(req, "reg", 1),
	    .rng = &signal_rng_system,
	    .min_version = 3,
	    .spqr_optional = peer_flag(req, "pqoptional", false),
	};
	me->ready = true;
	me->npeers = me->nsigned = me->none_time = me->nkyber = 0;
	identity_pk_put(pub, &me->identity.pk);
	peer_put(reply, "identity_pub", pub, sizeof(pub));
	peer_put(reply, "identity_priv", me->identity.sk.k, EC_LEN);
	return NULL;
}

static void
put_public(json_t *o, const char *name, const struct ec_pk *pk)
{
	uint8_t b[EC_PUBLIC_LEN];

	ec_pk_put(b, pk);
	peer_put(o, name, b, sizeof(b));
}

static const char *
cmd_bundle(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct signed_pre_key *s = &me->signed_key[me->nsigned];
	struct one_time_pre_key *o = &me->one_time[me->none_time];
	struct kyber_pre_key *k = &me->kyber[me->nkyber];
	uint8_t pub[EC_PUBLIC_LEN];
	json_t *priv = json_object();

	if (me->nsigned == KEYS_MAX || me->none_time == KEYS_MAX ||
	    me->nkyber == KEYS_MAX)
		return "full";
	signed_pre_key_generate(s, peer_u32(req, "spreid", 22), &me->identity,
	    now_ms(), &signal_rng_system);
	me->nsigned++;
	peer_put_u32(reply, "reg", me->local.registration_id);
	peer_put_u32(reply, "dev", 1);
	identity_pk_put(pub, &me->identity.pk);
	peer_put(reply, "identity", pub, sizeof(pub));
	peer_put_u32(reply, "spreid", s->id);
	put_public(reply, "spre", &s->pair.pk);
	peer_put(reply, "spresig", s->sig, SIGNATURE_LEN);
	peer_put(priv, "identity", me->identity.sk.k, EC_LEN);
	peer_put(priv, "spre", s->pair.sk.k, EC_LEN);
	if (peer_flag(req, "onetime", true)) {
		one_time_pre_key_generate(
		    o, peer_u32(req, "preid", 31), &signal_rng_system);
		me->none_time++;
		peer_put_u32(reply, "preid", o->id);
		put_public(reply, "pre", &o->pair.pk);
		peer_put(priv, "pre", o->pair.sk.k, EC_LEN);
	}
	if (peer_flag(req, "kyber", true)) {
		kyber_pre_key_generate(k, peer_u32(req, "kyid", 55), true,
		    &me->identity, now_ms(), &signal_rng_system);
		me->nkyber++;
		peer_put_u32(reply, "kyid", k->id);
		peer_put(reply, "kyber", k->pk.b, KEM_PUBLIC_LEN);
		peer_put(reply, "kybersig", k->sig, SIGNATURE_LEN);
		peer_put(priv, "kyber", k->sk.b, KEM_SECRET_LEN);
	}
	if (peer_flag(req, "priv", false))
		json_object_set(reply, "priv", priv);
	json_decref(priv);
	return NULL;
}

static bool
get_public(json_t *o, const char *name, struct ec_pk *pk)
{
	uint8_t b[EC_PUBLIC_LEN];

	return peer_fixed(o, name, b, sizeof(b)) &&
	       ec_pk_get(pk, b, sizeof(b)) == 0;
}

static bool
get_identity(json_t *o, const char *name, struct identity_pk *pk)
{
	uint8_t b[EC_PUBLIC_LEN];

	return peer_fixed(o, name, b, sizeof(b)) &&
	       identity_pk_get(pk, b, sizeof(b)) == 0;
}

static bool
get_bundle(json_t *o, struct pre_key_bundle *b)
{
	memset(b, 0, sizeof(*b));
	b->registration_id = peer_u32(o, "reg", 0);
	b->signed_id = peer_u32(o, "spreid", 0);
	b->has_one_time = json_object_get(o, "pre") != NULL;
	b->one_time_id = peer_u32(o, "preid", 0);
	b->has_kyber = json_object_get(o, "kyber") != NULL;
	b->kyber_id = peer_u32(o, "kyid", 0);
	if (b->has_kyber &&
	    (!peer_fixed(o, "kyber", b->kyber.b, KEM_PUBLIC_LEN) ||
		b->kyber.b[0] != KEM_TYPE ||
		!peer_fixed(o, "kybersig", b->kyber_sig, SIGNATURE_LEN)))
		return false;
	return get_identity(o, "identity", &b->identity) &&
	       get_public(o, "spre", &b->signed_key) &&
	       peer_fixed(o, "spresig", b->signed_sig, SIGNATURE_LEN) &&
	       (!b->has_one_time || get_public(o, "pre", &b->one_time));
}

static const char *
cmd_process(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct known *with = known(me, req, "from");
	struct pre_key_bundle b;
	struct buf made;
	int r;

	if (!me->ready || with == NULL ||
	    !get_bundle(json_object_get(req, "bundle"), &b))
		return "bad request";
	me->local.now_ms = now_ms();
	r = session_start(
	    &me->local, with->record.p, with->record.len, &b, &made);
	if (r != 0)
		return err_name(r);
	commit(with, &made);
	return NULL;
}

static const char *
cmd_encrypt(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct known *with = known(me, req, "to");
	struct session_sealed made;
	uint8_t *msg;
	size_t len;
	int r;

	msg = peer_bytes(req, "msg", &len);
	if (!me->ready || with == NULL || msg == NULL)
		return "bad request";
	me->local.now_ms = now_ms();
	r = session_encrypt(
	    &me->local, with->record.p, with->record.len, msg, len, &made);
	free(msg);
	if (r != 0)
		return err_name(r);
	commit(with, &made.record);
	peer_put_u32(reply, "type", (uint32_t)made.type);
	peer_put(reply, "ct", made.ciphertext.p, made.ciphertext.len);
	session_sealed_clear(&made);
	return NULL;
}

static void
put_keys_left(struct me *me, const struct session_opened *got, json_t *reply)
{
	json_t *left = json_array(), *used = json_array();
	size_t i;

	for (i = 0; i < me->none_time; i++)
		json_array_append_new(left, json_integer(me->one_time[i].id));
	if (got->used_kyber)
		json_array_append_new(used, json_integer(got->kyber_id));
	json_object_set_new(reply, "prekeys_left", left);
	json_object_set_new(reply, "kyber_used", used);
}

static const char *
cmd_decrypt(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	const struct signal_prekeys keys = {
	    signed_get, one_time_get, kyber_get, me};
	struct known *with = known(me, req, "from");
	enum signal_type type = peer_u32(req, "type", 0) == 3
				    ? SIGNAL_PRE_KEY_MESSAGE
				    : SIGNAL_MESSAGE;
	struct session_opened got;
	uint8_t *ct;
	size_t len;
	int r;

	ct = peer_bytes(req, "ct", &len);
	if (!me->ready || with == NULL || ct == NULL)
		return "bad request";
	me->local.now_ms = now_ms();
	r = session_decrypt(&me->local, with->record.p, with->record.len, &keys,
	    type, ct, len, &got);
	free(ct);
	if (r != 0)
		return err_name(r);
	commit(with, &got.record);
	if (got.used_one_time)
		one_time_remove(me, got.one_time_id);
	peer_put(reply, "msg", got.plaintext.p, got.plaintext.len);
	if (type == SIGNAL_PRE_KEY_MESSAGE)
		put_keys_left(me, &got, reply);
	session_opened_clear(&got);
	return NULL;
}

static const char *
cmd_getsession(void *peer, json_t *req, json_t *reply)
{
	struct known *with = known(peer, req, "with");

	if (with == NULL)
		return "bad request";
	peer_put(reply, "record", with->record.p, with->record.len);
	return NULL;
}

/* How many epochs SPQR has completed: 0 without it. */
static const char *
cmd_epochs(void *peer, json_t *req, json_t *reply)
{
	struct known *with = known(peer, req, "with");
	ProtobufCBinaryData packed;
	struct record rec;
	struct state s;
	struct spqr q;
	int r;

	if (with == NULL)
		return "bad request";
	r = record_load(&rec, with->record.p, with->record.len);
	if (r != 0)
		return err_name(r);
	packed = record_session(&rec, 0);
	r = state_load(&s, packed.data, packed.len);
	record_clear(&rec);
	if (r != 0)
		return err_name(r);
	peer_put_u32(reply, "pq", s.pq.len > 0);
	r = s.pq.len > 0 ? spqr_load(&q, s.pq.p, s.pq.len) : 0;
	if (r == 0 && s.pq.len > 0) {
		peer_put_u32(reply, "epochs", (uint32_t)q.chain.newest);
		spqr_clear(&q);
	}
	state_clear(&s);
	return r == 0 ? NULL : err_name(r);
}

static const char *
cmd_setsession(void *peer, json_t *req, json_t *reply)
{
	struct known *with = known(peer, req, "with");
	struct session_info info;
	uint8_t *p;
	size_t len;
	int r;

	p = peer_bytes(req, "record", &len);
	if (with == NULL || p == NULL)
		return "bad request";
	r = session_info(p, len, &info);
	if (r == 0) {
		buf_clear(&with->record);
		with->record.max = SESSION_RECORD_MAX;
		r = buf_put(&with->record, p, len);
	}
	free(p);
	return r == 0 ? NULL : err_name(r);
}

static const char *
cmd_archive(void *peer, json_t *req, json_t *reply)
{
	struct known *with = known(peer, req, "with");
	struct buf made;
	int r;

	if (with == NULL)
		return "bad request";
	r = session_archive(with->record.p, with->record.len, &made);
	if (r != 0)
		return err_name(r);
	commit(with, &made);
	return NULL;
}

static const char *
cmd_skdm(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g;
	int r;

	if (!get_uuid(req, "dist", id.b) || (g = group(me, NULL, &id)) == NULL)
		return "bad request";
	r = sender_key_distribute(
	    &g->name, g->record.p, g->record.len, &signal_rng_system, &made);
	if (r != 0)
		return err_name(r);
	peer_put(reply, "skdm", made.bytes.p, made.bytes.len);
	group_commit(g, &made);
	return NULL;
}

static const char *
cmd_skprocess(void *peer, json_t *req, json_t *reply)
{
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g = NULL;
	uint8_t *msg;
	size_t len;
	int r;

	msg = peer_bytes(req, "skdm", &len);
	if (msg == NULL)
		return "bad request";
	r = sender_key_distribution_peek(msg, len, &id);
	if (r == 0)
		g = group(peer, json_object_get(req, "from"), &id);
	if (r == 0 && g == NULL)
		r = ERR_FULL;
	if (r == 0)
		r = sender_key_process(
		    &g->name, g->record.p, g->record.len, msg, len, &made);
	free(msg);
	if (r != 0)
		return err_name(r);
	group_commit(g, &made);
	return NULL;
}

static const char *
cmd_gencrypt(void *peer, json_t *req, json_t *reply)
{
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g;
	uint8_t *msg;
	size_t len;
	int r;

	if (!get_uuid(req, "dist", id.b) ||
	    (g = group(peer, NULL, &id)) == NULL)
		return "bad request";
	msg = peer_bytes(req, "msg", &len);
	if (msg == NULL)
		return "bad request";
	r = sender_key_encrypt(&g->name, g->record.p, g->record.len, msg, len,
	    &signal_rng_system, &made);
	free(msg);
	if (r != 0)
		return err_name(r);
	peer_put_u32(reply, "type", SIGNAL_SENDER_KEY_MESSAGE);
	peer_put(reply, "ct", made.bytes.p, made.bytes.len);
	group_commit(g, &made);
	return NULL;
}

static const char *
cmd_gdecrypt(void *peer, json_t *req, json_t *reply)
{
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g = NULL;
	uint8_t *ct;
	size_t len;
	int r;

	ct = peer_bytes(req, "ct", &len);
	if (ct == NULL)
		return "bad request";
	r = sender_key_message_peek(ct, len, &id);
	if (r == 0)
		g = group(peer, json_object_get(req, "from"), &id);
	if (r == 0 && g == NULL)
		r = ERR_FULL;
	if (r == 0)
		r = sender_key_decrypt(
		    &g->name, g->record.p, g->record.len, ct, len, &made);
	free(ct);
	if (r != 0)
		return err_name(r);
	peer_put(reply, "msg", made.bytes.p, made.bytes.len);
	group_commit(g, &made);
	return NULL;
}

static const char *
cmd_fingerprint(void *peer, json_t *req, json_t *reply)
{
	struct fingerprint_side local = {0}, remote = {0};
	uint32_t n = peer_u32(req, "iterations", FINGERPRINT_ITERATIONS);
	char digits[FINGERPRINT_DIGITS + 1];
	uint8_t *lid, *rid;
	struct buf scan;
	int r = ERR_FORMAT;

	buf_init(&scan, FINGERPRINT_SCAN_MAX);
	local.id = lid = peer_bytes(req, "lid", &local.idlen);
	remote.id = rid = peer_bytes(req, "rid", &remote.idlen);
	if (lid != NULL && rid != NULL &&
	    get_identity(req, "lkey", &local.key) &&
	    get_identity(req, "rkey", &remote.key))
		r = fingerprint_display(digits, &local, &remote, n);
	if (r == 0)
		r = fingerprint_scan_pack(&scan, &local, &remote,
		    peer_u32(req, "version", FINGERPRINT_VERSION), n);
	free(lid);
	free(rid);
	if (r == 0) {
		json_object_set_new(reply, "display", json_string(digits));
		peer_put(reply, "scan", scan.p, scan.len);
	}
	buf_clear(&scan);
	return r == 0 ? NULL : err_name(r);
}

static const char *
cmd_sign(void *peer, json_t *req, json_t *reply)
{
	struct identity_key_pair key;
	uint8_t k[EC_LEN], sig[SIGNATURE_LEN], *msg;
	size_t len;

	if (!peer_fixed(req, "priv", k, sizeof(k)) ||
	    identity_from_private(&key, k) != 0)
		return "bad key";
	msg = peer_bytes(req, "msg", &len);
	if (msg == NULL)
		return "bad request";
	xeddsa_sign(sig, &key, msg, len, &signal_rng_system);
	free(msg);
	peer_put(reply, "sig", sig, sizeof(sig));
	return NULL;
}

static const char *
cmd_verify(void *peer, json_t *req, json_t *reply)
{
	struct identity_pk pk;
	uint8_t sig[SIGNATURE_LEN], *msg;
	size_t len;
	int r;

	if (!get_identity(req, "pub", &pk) ||
	    !peer_fixed(req, "sig", sig, sizeof(sig)))
		return "bad request";
	msg = peer_bytes(req, "msg", &len);
	if (msg == NULL)
		return "bad request";
	r = xeddsa_verify(sig, &pk, msg, len);
	free(msg);
	json_object_set_new(reply, "valid", json_boolean(r == 0));
	return NULL;
}

static const char *
cmd_agree(void *peer, json_t *req, json_t *reply)
{
	struct ec_pair own;
	struct ec_pk pk;
	uint8_t k[EC_LEN], ss[EC_LEN];
	int r;

	if (!peer_fixed(req, "priv", k, sizeof(k)) ||
	    ec_from_private(&own, k) != 0 || !get_public(req, "pub", &pk))
		return "bad request";
	r = ec_agree(ss, &own.sk, &pk);
	if (r != 0)
		return err_name(r);
	peer_put(reply, "ss", ss, sizeof(ss));
	return NULL;
}

static const char *
cmd_keygen(void *peer, json_t *req, json_t *reply)
{
	struct ec_pair own;

	ec_generate(&own, &signal_rng_system);
	peer_put(reply, "priv", own.sk.k, EC_LEN);
	put_public(reply, "pub", &own.pk);
	return NULL;
}

static const char *
cmd_hkdf(void *peer, json_t *req, json_t *reply)
{
	uint8_t okm[8160], *ikm, *salt, *info;
	size_t ikmlen, saltlen = 0, infolen, len = peer_u32(req, "len", 32);
	const char *err = "bad request";

	ikm = peer_bytes(req, "ikm", &ikmlen);
	salt = peer_bytes(req, "salt", &saltlen);
	info = peer_bytes(req, "info", &infolen);
	if (ikm != NULL && info != NULL && len <= sizeof(okm) &&
	    memchr(info, 0, infolen) == NULL) {
		info[infolen] = 0;
		kdf_hkdf(
		    okm, len, salt, saltlen, ikm, ikmlen, (const char *)info);
		peer_put(reply, "okm", okm, len);
		err = NULL;
	}
	free(ikm);
	free(salt);
	free(info);
	return err;
}

static const char *
parse_signal(const uint8_t *ct, size_t len, json_t *reply)
{
	struct signal_message m;
	int r = signal_message_parse(&m, ct, len);

	if (r != 0)
		return err_name(r);
	peer_put_u32(reply, "v", m.version);
	peer_put_u32(reply, "counter", m.counter);
	peer_put(reply, "body", m.ciphertext, m.ciphertext_len);
	signal_message_clear(&m);
	return NULL;
}

static const char *
parse_pre_key(const uint8_t *ct, size_t len, json_t *reply)
{
	struct pre_key_message m;
	int r = pre_key_message_parse(&m, ct, len);

	if (r != 0)
		return err_name(r);
	peer_put_u32(reply, "v", m.version);
	if (m.has_one_time)
		peer_put_u32(reply, "preid", m.one_time_id);
	peer_put_u32(reply, "spreid", m.signed_id);
	peer_put_u32(reply, "reg", m.registration_id);
	pre_key_message_clear(&m);
	return NULL;
}

static const char *
cmd_parse(void *peer, json_t *req, json_t *reply)
{
	uint8_t *ct;
	size_t len;
	const char *err;

	ct = peer_bytes(req, "ct", &len);
	if (ct == NULL)
		return "bad request";
	err = peer_u32(req, "type", 2) == 3 ? parse_pre_key(ct, len, reply)
					    : parse_signal(ct, len, reply);
	free(ct);
	return err;
}

static const struct peer_cmd commands[] = {
    {"version", cmd_version},
    {"init", cmd_init},
    {"bundle", cmd_bundle},
    {"process", cmd_process},
    {"encrypt", cmd_encrypt},
    {"decrypt", cmd_decrypt},
    {"getsession", cmd_getsession},
    {"epochs", cmd_epochs},
    {"setsession", cmd_setsession},
    {"archive", cmd_archive},
    {"fingerprint", cmd_fingerprint},
    {"sign", cmd_sign},
    {"verify", cmd_verify},
    {"agree", cmd_agree},
    {"keygen", cmd_keygen},
    {"skdm", cmd_skdm},
    {"skprocess", cmd_skprocess},
    {"gencrypt", cmd_gencrypt},
    {"gdecrypt", cmd_gdecrypt},
    {"hkdf", cmd_hkdf},
    {"parse", cmd_parse},
};

int
main(void)
{
	static struct me me;

	if (sodium_init() < 0)
		return 2;
	return peer_serve(commands, ARRAY_LEN(commands), &me);
}
