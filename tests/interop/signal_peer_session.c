/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/spqr.h"
#include "common/signal/state.h"
#include "tests/interop/signal_peer.h"

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

const char *
cmd_process(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct known *with = me_known(me, req, "from");
	struct pre_key_bundle b;
	struct buf made;
	int r;

	if (!me->ready || with == NULL ||
	    !get_bundle(json_object_get(req, "bundle"), &b))
		return "bad request";
	me->local.now_ms = peer_now_ms(req);
	r = session_start(
	    &me->local, with->record.p, with->record.len, &b, &made);
	if (r != 0)
		return err_name(r);
	known_commit(with, &made);
	return NULL;
}

/* Encrypt once more, over the result before. */
static int
seal(struct me *me, struct known *with, const uint8_t *msg, size_t len,
    struct session_sealed *made)
{
	int r = session_encrypt(
	    &me->local, with->record.p, with->record.len, msg, len, made);

	if (r == 0)
		known_commit(with, &made->record);
	return r;
}

/* Field `skip`: so many messages are made before, and lost. */
const char *
cmd_encrypt(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct known *with = me_known(me, req, "to");
	uint32_t skip = peer_u32(req, "skip", 0);
	struct session_sealed made;
	uint8_t *msg;
	size_t len;
	int r;

	msg = peer_bytes(req, "msg", &len);
	if (!me->ready || with == NULL || msg == NULL)
		return "bad request";
	me->local.now_ms = peer_now_ms(req);
	r = seal(me, with, msg, len, &made);
	while (r == 0 && skip-- > 0) {
		session_sealed_clear(&made);
		r = seal(me, with, msg, len, &made);
	}
	free(msg);
	if (r != 0)
		return err_name(r);
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

/* What a caller owes last-resort keys: all of ours are such. */
static bool
fresh(struct me *me, const struct session_opened *got)
{
	struct last_resort l = {
	    .kyber_id = got->kyber_id,
	    .signed_id = got->signed_id,
	    .base_key = got->base_key,
	};

	return !got->used_kyber || me_last_resort(me, &l);
}

const char *
cmd_decrypt(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	const struct signal_prekeys keys = me_prekeys(me);
	struct known *with = me_known(me, req, "from");
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
	me->local.now_ms = peer_now_ms(req);
	r = session_decrypt(&me->local, with->record.p, with->record.len, &keys,
	    type, ct, len, &got);
	free(ct);
	if (r != 0)
		return err_name(r);
	if (!fresh(me, &got)) {
		session_opened_clear(&got);
		return "last-resort key used again";
	}
	known_commit(with, &got.record);
	if (got.used_one_time)
		me_one_time_remove(me, got.one_time_id);
	peer_put(reply, "msg", got.plaintext.p, got.plaintext.len);
	if (type == SIGNAL_PRE_KEY_MESSAGE)
		put_keys_left(me, &got, reply);
	session_opened_clear(&got);
	return NULL;
}

const char *
cmd_getsession(void *peer, json_t *req, json_t *reply)
{
	struct known *with = me_known(peer, req, "with");

	if (with == NULL)
		return "bad request";
	peer_put(reply, "record", with->record.p, with->record.len);
	return NULL;
}

static int
put_epochs(struct state *s, json_t *reply)
{
	int r;

	peer_put_u32(reply, "pq", state_has_pq(s));
	if (!state_has_pq(s))
		return 0;
	r = state_pq_open(s);
	if (r == 0)
		peer_put_u32(reply, "epochs", (uint32_t)s->spqr.chain.newest);
	return r;
}

/* How many sessions are archived, and how many epochs SPQR has completed in
 * the current one. */
const char *
cmd_about(void *peer, json_t *req, json_t *reply)
{
	struct known *with = me_known(peer, req, "with");
	ProtobufCBinaryData packed;
	struct session_info info;
	struct record rec;
	struct state s;
	int r;

	if (with == NULL)
		return "bad request";
	r = session_info(with->record.p, with->record.len, &info);
	if (r == 0)
		r = record_load(&rec, with->record.p, with->record.len);
	if (r != 0)
		return err_name(r);
	peer_put_u32(reply, "archived", info.archived);
	peer_put_u32(reply, "version", info.version);
	packed = record_session(&rec, 0);
	r = packed.len == 0 ? ERR_NOTFOUND
			    : state_load(&s, packed.data, packed.len);
	record_clear(&rec);
	if (r != 0)
		return err_name(r);
	r = put_epochs(&s, reply);
	state_clear(&s);
	return r == 0 ? NULL : err_name(r);
}

const char *
cmd_setsession(void *peer, json_t *req, json_t *reply)
{
	struct known *with = me_known(peer, req, "with");
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

const char *
cmd_archive(void *peer, json_t *req, json_t *reply)
{
	struct known *with = me_known(peer, req, "with");
	struct buf made;
	int r;

	if (with == NULL)
		return "bad request";
	r = session_archive(with->record.p, with->record.len, &made);
	if (r != 0)
		return err_name(r);
	known_commit(with, &made);
	return NULL;
}

const char *
cmd_forget(void *peer, json_t *req, json_t *reply)
{
	struct known *with = me_known(peer, req, "with");

	if (with == NULL)
		return "bad request";
	buf_clear(&with->record);
	buf_init(&with->record, SESSION_RECORD_MAX);
	return NULL;
}
