/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_pair.h — two peers in one process, for the tests of sessions. Every
 * refused message is checked to leave the record as it was and the outputs
 * untouched.
 */
#ifndef TESTS_UNIT_SESSION_PAIR_H
#define TESTS_UNIT_SESSION_PAIR_H

#include <sodium.h>

#include "common/signal/message.h"
#include "common/signal/session.h"
#include "common/signal/spqr.h"
#include "common/signal/state.h"
#include "tests/unit/test.h"

#define ONE_TIME 4
#define DAY_MS	 (24ull * 3600 * 1000)

/* Of the sessions they make. */
static uint8_t version = 3;

/* What the tests themselves choose at random: the same in every run. */
static inline uint32_t
pick(uint32_t n)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(x >> 33) % n;
}

struct peer {
	struct identity_key_pair identity;
	struct signed_pre_key signed_key;
	struct one_time_pre_key one_time[ONE_TIME];
	struct kyber_pre_key kyber;
	int left[ONE_TIME]; /* not used up yet */
	struct signal_local local;
	struct buf record; /* of the one peer it talks to */
	int handshakes;
	int heard;
};

struct sent {
	enum signal_type type;
	uint8_t *p;
	size_t len;
	char text[32];
	int stamp; /* how much the sender had heard */
};

static inline int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	struct peer *me = ctx;

	if (id != me->signed_key.id)
		return ERR_NOTFOUND;
	*out = me->signed_key;
	return 0;
}

static inline int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	struct peer *me = ctx;

	if (id >= ONE_TIME || !me->left[id])
		return ERR_NOTFOUND;
	*out = me->one_time[id];
	return 0;
}

static inline int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	struct peer *me = ctx;

	if (id != me->kyber.id)
		return ERR_NOTFOUND;
	*out = me->kyber;
	return 0;
}

static inline struct signal_prekeys
keys_of(struct peer *me)
{
	return (struct signal_prekeys){
	    signed_get, one_time_get, version >= 4 ? kyber_get : NULL, me};
}

static inline void
peer_init(struct peer *me, uint32_t registration_id)
{
	uint32_t i;

	memset(me, 0, sizeof(*me));
	identity_generate(&me->identity, &signal_rng_system);
	signed_pre_key_generate(
	    &me->signed_key, 9, &me->identity, 1, &signal_rng_system);
	for (i = 0; i < ONE_TIME; i++) {
		one_time_pre_key_generate(
		    &me->one_time[i], i, &signal_rng_system);
		me->left[i] = 1;
	}
	if (version >= 4)
		kyber_pre_key_generate(
		    &me->kyber, 70, true, &me->identity, 1, &signal_rng_system);
	me->local = (struct signal_local){
	    .identity = &me->identity,
	    .registration_id = registration_id,
	    .rng = &signal_rng_system,
	    .now_ms = DAY_MS,
	    .min_version = version,
	};
	buf_init(&me->record, 0);
}

static inline struct pre_key_bundle
bundle_of(const struct peer *me, int one_time)
{
	struct pre_key_bundle b = {
	    .registration_id = me->local.registration_id,
	    .identity = me->identity.pk,
	    .signed_id = me->signed_key.id,
	    .signed_key = me->signed_key.pair.pk,
	};

	memcpy(b.signed_sig, me->signed_key.sig, SIGNATURE_LEN);
	if (one_time >= 0) {
		b.has_one_time = true;
		b.one_time_id = (uint32_t)one_time;
		b.one_time = me->one_time[one_time].pair.pk;
	}
	if (version >= 4) {
		b.has_kyber = true;
		b.kyber_id = me->kyber.id;
		b.kyber = me->kyber.pk;
		memcpy(b.kyber_sig, me->kyber.sig, SIGNATURE_LEN);
	}
	return b;
}

/* The stored record becomes the one a call made. */
static inline void
commit(struct peer *me, struct buf *made)
{
	buf_clear(&me->record);
	me->record = *made;
	buf_init(made, 0);
}

static inline void
start(struct peer *me, const struct peer *with, int one_time)
{
	struct pre_key_bundle b = bundle_of(with, one_time);
	struct buf made;

	assert_ok(
	    session_start(&me->local, me->record.p, me->record.len, &b, &made));
	commit(me, &made);
}

static inline struct sent
say(struct peer *me, const char *text)
{
	struct session_sealed made;
	struct sent s;

	assert_ok(session_encrypt(&me->local, me->record.p, me->record.len,
	    (const uint8_t *)text, strlen(text), &made));
	commit(me, &made.record);
	s.type = made.type;
	s.stamp = me->heard;
	snprintf(s.text, sizeof(s.text), "%s", text);
	/* exact size: a sanitizer sees the first byte too many */
	s.len = made.ciphertext.len;
	s.p = malloc(s.len);
	assert_non_null(s.p);
	memcpy(s.p, made.ciphertext.p, s.len);
	session_sealed_clear(&made);
	return s;
}

static inline void
hear(struct peer *me, const struct sent *s)
{
	struct signal_prekeys keys = keys_of(me);
	struct session_opened got;

	assert_ok(session_decrypt(&me->local, me->record.p, me->record.len,
	    &keys, s->type, s->p, s->len, &got));
	assert_int_equal(got.plaintext.len, strlen(s->text));
	if (got.plaintext.len > 0)
		assert_memory_equal(got.plaintext.p, s->text, strlen(s->text));
	assert_int_equal(got.version, version);
	if (got.new_session) {
		me->handshakes++;
		if (got.used_one_time)
			me->left[got.one_time_id] = 0;
		assert_int_equal(got.used_kyber, version >= 4);
		assert_int_equal(got.kyber_id, me->kyber.id);
	}
	me->heard++;
	commit(me, &got.record);
	session_opened_clear(&got);
}

/* Nothing random is drawn for what is refused. */
static inline void
no_randomness(void *ctx, void *out, size_t n)
{
	fail_msg("%zu random bytes for a refused message", n);
}

/* Refused with this code; nothing changes. */
static inline void
hear_not(struct peer *me, enum signal_type type, const uint8_t *p, size_t len,
    int code)
{
	const struct signal_rng none = {no_randomness, NULL};
	struct signal_local local = me->local;
	struct signal_prekeys keys = keys_of(me);
	struct session_opened got, was;
	struct buf before;

	local.rng = &none;
	memset(&got, 0xa5, sizeof(got));
	memcpy(&was, &got, sizeof(was));
	buf_init(&before, SESSION_RECORD_MAX);
	assert_ok(buf_put(&before, me->record.p, me->record.len));
	assert_err(session_decrypt(&local, me->record.p, me->record.len, &keys,
		       type, p, len, &got),
	    code);
	assert_memory_equal(&got, &was, sizeof(got));
	assert_int_equal(before.len, me->record.len);
	if (before.len > 0)
		assert_memory_equal(before.p, me->record.p, before.len);
	buf_clear(&before);
}

static inline void
lost(struct sent *s)
{
	free(s->p);
}

static inline void
arrives(struct peer *me, struct sent s)
{
	hear(me, &s);
	lost(&s);
}

static inline void
refused(struct peer *me, struct sent s, int code)
{
	hear_not(me, s.type, s.p, s.len, code);
	lost(&s);
}

static inline void
peer_clear(struct peer *me)
{
	buf_clear(&me->record);
}

static inline struct session_info
info(const struct peer *me)
{
	struct session_info i;

	assert_ok(session_info(me->record.p, me->record.len, &i));
	return i;
}

/* Alice and Bob, after one message each way. */
static inline void
acquainted(struct peer *a, struct peer *b)
{
	peer_init(a, 100);
	peer_init(b, 200);
	start(a, b, 0);
	arrives(b, say(a, "hello"));
	arrives(a, say(b, "hello yourself"));
}

static inline void
bye(struct peer *a, struct peer *b)
{
	peer_clear(a);
	peer_clear(b);
}

static inline void
jump_pq(struct state *s, uint32_t n)
{
	uint8_t key[KDF_LEN];
	uint32_t number;

	assert_ok(state_pq_open(s));
	while (n-- > 0)
		assert_ok(spqr_chain_send(
		    &s->spqr.chain, s->spqr.epoch - 1, &number, key));
}

/* SPQR counts from 1, so its limit is reached one message before. */
static inline uint32_t
jump_max(void)
{
	return version >= 4 ? SESSION_JUMP_MAX - 1 : SESSION_JUMP_MAX;
}

/* Encrypt n messages and drop them. */
static inline void
jump(struct peer *me, uint32_t n)
{
	struct record rec;
	struct state s;
	ProtobufCBinaryData packed;
	struct buf made;

	/* thousands of records would be written for nothing: move the chain */
	assert_ok(record_load(&rec, me->record.p, me->record.len));
	packed = record_session(&rec, 0);
	assert_ok(state_load(&s, packed.data, packed.len));
	if (state_has_pq(&s))
		jump_pq(&s, n);
	s.sending_index += n;
	while (n-- > 0)
		kdf_chain_step(NULL, &s.sending, &s.sending);
	assert_ok(record_store(&rec, &s, 0, &made));
	state_clear(&s);
	record_clear(&rec);
	commit(me, &made);
}

#endif
