/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/signal/fingerprint.h"
#include "common/signal/kdf.h"
#include "common/signal/message.h"
#include "common/signal/xeddsa.h"
#include "tests/interop/signal_peer.h"

const char *
cmd_version(void *peer, json_t *req, json_t *reply)
{
	json_object_set_new(
	    reply, "version", json_string("sotto " SOTTO_VERSION));
	return NULL;
}

/* Both sides of a safety number; the ids are the caller's to free. */
struct sides {
	struct fingerprint_side local, remote;
	uint8_t *lid, *rid;
	uint32_t version, iterations;
};

static bool
sides_get(struct sides *s, json_t *req)
{
	memset(s, 0, sizeof(*s));
	s->local.id = s->lid = peer_bytes(req, "lid", &s->local.idlen);
	s->remote.id = s->rid = peer_bytes(req, "rid", &s->remote.idlen);
	s->version = peer_u32(req, "version", FINGERPRINT_VERSION);
	s->iterations = peer_u32(req, "iterations", FINGERPRINT_ITERATIONS);
	return s->lid != NULL && s->rid != NULL &&
	       get_identity(req, "lkey", &s->local.key) &&
	       get_identity(req, "rkey", &s->remote.key);
}

static void
sides_clear(struct sides *s)
{
	free(s->lid);
	free(s->rid);
}

const char *
cmd_fingerprint(void *peer, json_t *req, json_t *reply)
{
	char digits[FINGERPRINT_DIGITS + 1];
	struct buf scan;
	struct sides s;
	int r = ERR_FORMAT;

	buf_init(&scan, FINGERPRINT_SCAN_MAX);
	if (sides_get(&s, req))
		r = fingerprint_display(
		    digits, &s.local, &s.remote, s.iterations);
	if (r == 0)
		r = fingerprint_scan_pack(
		    &scan, &s.local, &s.remote, s.version, s.iterations);
	sides_clear(&s);
	if (r == 0) {
		json_object_set_new(reply, "display", json_string(digits));
		peer_put(reply, "scan", scan.p, scan.len);
	}
	buf_clear(&scan);
	return r == 0 ? NULL : err_name(r);
}

const char *
cmd_compare(void *peer, json_t *req, json_t *reply)
{
	struct sides s;
	uint8_t *scan;
	size_t len;
	int r = ERR_FORMAT;

	scan = peer_bytes(req, "scan", &len);
	if (sides_get(&s, req) && scan != NULL)
		r = fingerprint_scan_compare(
		    scan, len, &s.local, &s.remote, s.version, s.iterations);
	sides_clear(&s);
	free(scan);
	if (r != 0 && r != ERR_AUTH)
		return err_name(r);
	json_object_set_new(reply, "match", json_boolean(r == 0));
	return NULL;
}

const char *
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

const char *
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

const char *
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

const char *
cmd_keygen(void *peer, json_t *req, json_t *reply)
{
	struct ec_pair own;

	ec_generate(&own, &signal_rng_system);
	peer_put(reply, "priv", own.sk.k, EC_LEN);
	put_public(reply, "pub", &own.pk);
	return NULL;
}

const char *
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

const char *
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
