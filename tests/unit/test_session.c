/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two peers in one process. Every refused message is checked to leave the
 * record as it was and the outputs untouched.
 */
#include <sodium.h>

#include "common/signal/message.h"
#include "common/signal/session.h"
#include "common/signal/spqr.h"
#include "common/signal/state.h"
#include "tests/unit/test.h"

#define ONE_TIME 4
#define DAY_MS	 (24ull * 3600 * 1000)

/* The whole program runs once for each session version. */
static uint8_t version = 3;

/* What the tests themselves choose at random: the same in every run. */
static uint32_t
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

static int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	struct peer *me = ctx;

	if (id != me->signed_key.id)
		return ERR_NOTFOUND;
	*out = me->signed_key;
	return 0;
}

static int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	struct peer *me = ctx;

	if (id >= ONE_TIME || !me->left[id])
		return ERR_NOTFOUND;
	*out = me->one_time[id];
	return 0;
}

static int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	struct peer *me = ctx;

	if (id != me->kyber.id)
		return ERR_NOTFOUND;
	*out = me->kyber;
	return 0;
}

static struct signal_prekeys
keys_of(struct peer *me)
{
	return (struct signal_prekeys){
	    signed_get, one_time_get, version >= 4 ? kyber_get : NULL, me};
}

static void
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

static struct pre_key_bundle
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
static void
commit(struct peer *me, struct buf *made)
{
	buf_clear(&me->record);
	me->record = *made;
	buf_init(made, 0);
}

static void
start(struct peer *me, const struct peer *with, int one_time)
{
	struct pre_key_bundle b = bundle_of(with, one_time);
	struct buf made;

	assert_ok(
	    session_start(&me->local, me->record.p, me->record.len, &b, &made));
	commit(me, &made);
}

static struct sent
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

static void
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
static void
no_randomness(void *ctx, void *out, size_t n)
{
	fail_msg("%zu random bytes for a refused message", n);
}

/* Refused with this code; nothing changes. */
static void
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

static void
lost(struct sent *s)
{
	free(s->p);
}

static void
arrives(struct peer *me, struct sent s)
{
	hear(me, &s);
	lost(&s);
}

static void
refused(struct peer *me, struct sent s, int code)
{
	hear_not(me, s.type, s.p, s.len, code);
	lost(&s);
}

static void
peer_clear(struct peer *me)
{
	buf_clear(&me->record);
}

static struct session_info
info(const struct peer *me)
{
	struct session_info i;

	assert_ok(session_info(me->record.p, me->record.len, &i));
	return i;
}

/* Alice and Bob, after one message each way. */
static void
acquainted(struct peer *a, struct peer *b)
{
	peer_init(a, 100);
	peer_init(b, 200);
	start(a, b, 0);
	arrives(b, say(a, "hello"));
	arrives(a, say(b, "hello yourself"));
}

static void
bye(struct peer *a, struct peer *b)
{
	peer_clear(a);
	peer_clear(b);
}

/* ---- conversations -------------------------------------------------------- */

static void
test_session__pre_key_messages_until_the_first_reply(void **state)
{
	struct session_info i_b;
	struct peer a, b;
	struct sent s;
	int i;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	assert_true(info(&a).unacknowledged);
	assert_true(info(&a).initiator);
	for (i = 0; i < 3; i++) {
		s = say(&a, "still no answer");
		assert_int_equal(s.type, SIGNAL_PRE_KEY_MESSAGE);
		arrives(&b, s);
	}
	assert_int_equal(b.handshakes, 1);
	assert_int_equal(b.left[0], 0);
	assert_false(info(&b).initiator);
	i_b = info(&b);
	assert_true(identity_pk_equal(&i_b.remote_identity, &a.identity.pk));
	assert_int_equal(info(&b).remote_registration_id, 100);
	assert_int_equal(info(&a).remote_registration_id, 200);
	s = say(&b, "an answer");
	assert_int_equal(s.type, SIGNAL_MESSAGE);
	arrives(&a, s);
	assert_false(info(&a).unacknowledged);
	s = say(&a, "thanks");
	assert_int_equal(s.type, SIGNAL_MESSAGE);
	arrives(&b, s);
	bye(&a, &b);
}

/* Random turns; messages overtake each other, get lost, come twice. */
static void
test_session__random_conversation(void **state)
{
	struct sent wire[2][64];
	size_t n[2] = {0, 0}, i, k, seen = 0;
	struct peer p[2];
	uint32_t to;
	char text[24];

	acquainted(&p[0], &p[1]);
	for (i = 0; i < 1500; i++) {
		to = pick(2);
		if (n[to] < 64 && pick(2) == 0) {
			snprintf(text, sizeof(text), "number %zu", i);
			wire[to][n[to]++] = say(&p[1 - to], text);
			continue;
		}
		if (n[to] == 0)
			continue;
		k = pick((uint32_t)n[to]);
		/* each hearing starts at most one chain, five are kept */
		if (pick(10) != 0 && p[1 - to].heard - wire[to][k].stamp < 5) {
			hear(&p[to], &wire[to][k]);
			seen++;
			if (pick(4) == 0)
				hear_not(&p[to], wire[to][k].type,
				    wire[to][k].p, wire[to][k].len, ERR_DUP);
		}
		lost(&wire[to][k]);
		wire[to][k] = wire[to][--n[to]];
	}
	assert_true(seen > 200);
	for (to = 0; to < 2; to++) {
		for (i = 0; i < n[to]; i++)
			lost(&wire[to][i]);
	}
	bye(&p[0], &p[1]);
}

static void
test_session__empty_and_largest_plaintext(void **state)
{
	struct session_sealed made;
	struct session_opened got;
	struct peer a, b;
	uint8_t *big = calloc(1, SESSION_PLAINTEXT_MAX + 1);
	struct signal_prekeys keys;

	assert_non_null(big);
	peer_init(&a, 1);
	peer_init(&b, 2);
	start(&a, &b, -1);
	arrives(&b, say(&a, ""));
	assert_err(session_encrypt(&a.local, a.record.p, a.record.len, big,
		       SESSION_PLAINTEXT_MAX + 1, &made),
	    ERR_RANGE);
	assert_ok(session_encrypt(&a.local, a.record.p, a.record.len, big,
	    SESSION_PLAINTEXT_MAX, &made));
	keys = keys_of(&b);
	assert_ok(session_decrypt(&b.local, b.record.p, b.record.len, &keys,
	    made.type, made.ciphertext.p, made.ciphertext.len, &got));
	assert_int_equal(got.plaintext.len, SESSION_PLAINTEXT_MAX);
	assert_memory_equal(got.plaintext.p, big, SESSION_PLAINTEXT_MAX);
	session_opened_clear(&got);
	session_sealed_clear(&made);
	free(big);
	bye(&a, &b);
}

/* Both write first: each answers in the other's session, then they meet. */
static void
test_session__simultaneous_start(void **state)
{
	struct peer a, b;
	struct sent from_a, from_b;
	int i;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 1);
	start(&b, &a, 1);
	from_a = say(&a, "me first");
	from_b = say(&b, "no, me");
	arrives(&a, from_b);
	arrives(&b, from_a);
	assert_int_equal(info(&a).archived, 1);
	assert_int_equal(info(&b).archived, 1);
	for (i = 0; i < 4; i++) {
		from_a = say(&a, "from a");
		from_b = say(&b, "from b");
		arrives(&a, from_b);
		arrives(&b, from_a);
	}
	arrives(&b, say(&a, "one at a time"));
	arrives(&a, say(&b, "settled"));
	arrives(&b, say(&a, "now"));
	assert_false(info(&a).unacknowledged);
	assert_false(info(&b).unacknowledged);
	assert_int_equal(info(&a).archived, 1);
	assert_int_equal(info(&b).archived, 1);
	assert_int_equal(a.handshakes + b.handshakes, 2);
	bye(&a, &b);
}

/* Envelopes of one handshake arrive in any order, also after newer ones. */
static void
test_session__repeated_envelopes_in_any_order(void **state)
{
	struct peer a, b;
	struct sent s[4];
	int i;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 2);
	for (i = 0; i < 4; i++)
		s[i] = say(&a, "again");
	hear(&b, &s[2]);
	hear(&b, &s[0]);
	arrives(&a, say(&b, "yes"));
	arrives(&b, say(&a, "good"));
	hear(&b, &s[3]);
	hear_not(&b, s[3].type, s[3].p, s[3].len, ERR_DUP);
	start(&b, &a, 0); /* b's session is archived now */
	hear(&b, &s[1]);
	assert_int_equal(b.handshakes, 1);
	assert_int_equal(info(&b).archived, 1);
	for (i = 0; i < 4; i++)
		lost(&s[i]);
	bye(&a, &b);
}

/* The peer lost everything and starts anew: both old and new decrypt. */
static void
test_session__a_new_handshake_archives_the_old_session(void **state)
{
	struct peer a, b;
	struct sent late;

	acquainted(&a, &b);
	late = say(&a, "on its way");
	buf_clear(&a.record);
	start(&a, &b, 1);
	arrives(&b, say(&a, "i lost my phone"));
	assert_int_equal(info(&b).archived, 1);
	assert_int_equal(b.handshakes, 2);
	arrives(&b, late);
	arrives(&b, say(&a, "the new session goes on"));
	arrives(&a, say(&b, "i see"));
	bye(&a, &b);
}

/* A repeat is a repeat, also when its session is not the current one. */
static void
test_session__a_duplicate_of_an_archived_session(void **state)
{
	struct peer a, b;
	struct sent s;

	acquainted(&a, &b);
	s = say(&a, "once");
	hear(&b, &s);
	start(&b, &a, 1);
	start(&b, &a, 2);
	hear_not(&b, s.type, s.p, s.len, ERR_DUP);
	lost(&s);
	bye(&a, &b);
}

static void
test_session__archive_and_promotion(void **state)
{
	struct session_sealed sealed;
	struct peer a, b;
	struct buf made;

	acquainted(&a, &b);
	assert_ok(session_archive(a.record.p, a.record.len, &made));
	commit(&a, &made);
	assert_false(info(&a).has_current);
	assert_int_equal(info(&a).archived, 1);
	assert_err(session_encrypt(&a.local, a.record.p, a.record.len,
		       (const uint8_t *)"x", 1, &sealed),
	    ERR_NOTFOUND);
	assert_ok(session_archive(a.record.p, a.record.len, &made));
	assert_int_equal(made.len, a.record.len);
	assert_memory_equal(made.p, a.record.p, made.len);
	buf_clear(&made);
	/* a late message makes it current again */
	arrives(&a, say(&b, "are you there?"));
	assert_true(info(&a).has_current);
	assert_int_equal(info(&a).archived, 0);
	arrives(&b, say(&a, "yes"));
	bye(&a, &b);
}

static void
test_session__nothing_to_encrypt_or_decrypt_with(void **state)
{
	struct session_sealed sealed;
	struct session_info i;
	struct peer a, b, c;
	struct sent s;

	acquainted(&a, &b);
	peer_init(&c, 3);
	assert_err(session_encrypt(
		       &c.local, NULL, 0, (const uint8_t *)"x", 1, &sealed),
	    ERR_NOTFOUND);
	refused(&c, say(&a, "not for c"), ERR_NOTFOUND);
	assert_ok(session_info(NULL, 0, &i));
	assert_false(i.has_current);
	s = say(&a, "x");
	hear_not(&b, SIGNAL_SENDER_KEY_MESSAGE, s.p, s.len, ERR_FORMAT);
	lost(&s);
	bye(&a, &b);
}

static void
test_session__thirty_days_without_an_answer(void **state)
{
	struct session_sealed sealed;
	struct session_info i;
	struct peer a, b;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	i = info(&a);
	assert_int_equal(i.created_ms, DAY_MS);
	a.local.now_ms = DAY_MS + SESSION_UNACKED_MAX_MS;
	assert_false(session_needs_renewal(&i, a.local.now_ms));
	arrives(&b, say(&a, "on the last day"));
	a.local.now_ms++;
	assert_true(session_needs_renewal(&i, a.local.now_ms));
	assert_err(session_encrypt(&a.local, a.record.p, a.record.len,
		       (const uint8_t *)"x", 1, &sealed),
	    ERR_EXPIRED);
	arrives(&a, say(&b, "back from a long journey"));
	arrives(&b, say(&a, "welcome"));
	i = info(&a);
	assert_false(session_needs_renewal(&i, UINT64_MAX));
	i.has_current = false;
	assert_true(session_needs_renewal(&i, 0));
	i.has_current = true;
	i.version = 2;
	assert_true(session_needs_renewal(&i, 0));
	a.local.now_ms = 0; /* a clock set back is no reason to refuse */
	arrives(&b, say(&a, "yesterday"));
	bye(&a, &b);
}

/* ---- limits --------------------------------------------------------------- */

static void
jump_pq(struct state *s, uint32_t n)
{
	uint8_t key[KDF_LEN];
	uint32_t number;
	struct spqr q;

	assert_ok(spqr_load(&q, s->pq.p, s->pq.len));
	while (n-- > 0)
		assert_ok(spqr_chain_send(&q.chain, q.epoch - 1, &number, key));
	buf_reset(&s->pq);
	assert_ok(spqr_store(&q, &s->pq));
	spqr_clear(&q);
}

/* SPQR counts from 1, so its limit is reached one message before. */
static uint32_t
jump_max(void)
{
	return version >= 4 ? SESSION_JUMP_MAX - 1 : SESSION_JUMP_MAX;
}

/* Encrypt n messages and drop them. */
static void
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
	if (s.pq.len > 0)
		jump_pq(&s, n);
	s.sending_index += n;
	while (n-- > 0)
		kdf_chain_step(NULL, &s.sending, &s.sending);
	assert_ok(record_store(&rec, &s, 0, &made));
	state_clear(&s);
	record_clear(&rec);
	commit(me, &made);
}

static void
test_session__jump_of_25000_and_not_one_more(void **state)
{
	struct peer a, b;
	struct sent s;

	acquainted(&a, &b);
	jump(&a, jump_max());
	arrives(&b, say(&a, "far ahead"));
	jump(&a, jump_max() + 1);
	s = say(&a, "too far");
	hear_not(&b, s.type, s.p, s.len, ERR_RANGE);
	bye(&a, &b);
	lost(&s);
}

static void
test_session__the_same_limit_in_a_fresh_chain(void **state)
{
	struct peer a, b;
	struct sent s;

	acquainted(&a, &b);
	arrives(&b, say(&a, "x"));
	arrives(&a, say(&b, "x")); /* a has a new chain, b has not seen it */
	jump(&a, SESSION_JUMP_MAX + 1);
	s = say(&a, "too far");
	hear_not(&b, s.type, s.p, s.len, ERR_RANGE);
	lost(&s);
	bye(&a, &b);
}

static void
test_session__2000_late_messages_and_not_one_more(void **state)
{
	struct peer a, b;
	struct sent first, second;

	acquainted(&a, &b);
	first = say(&a, "first");
	second = say(&a, "second");
	jump(&a, SESSION_SKIPPED_MAX - 1);
	arrives(&b, say(&a, "2001 later"));
	hear(&b, &second);
	hear_not(&b, first.type, first.p, first.len, ERR_DUP);
	lost(&first);
	lost(&second);
	bye(&a, &b);
}

/* Keys put aside at different times share the 2000 places. */
static void
test_session__the_oldest_late_key_goes_first(void **state)
{
	struct peer a, b;
	struct sent first, third;

	acquainted(&a, &b);
	first = say(&a, "first");
	arrives(&b, say(&a, "second"));
	third = say(&a, "third");
	jump(&a, SESSION_SKIPPED_MAX - 1);
	arrives(&b, say(&a, "2000 later"));
	hear_not(&b, first.type, first.p, first.len, ERR_DUP);
	hear(&b, &third);
	lost(&first);
	lost(&third);
	bye(&a, &b);
}

static void
test_session__five_chains_and_not_one_more(void **state)
{
	struct peer a, b;
	struct sent s[8];
	int i;

	acquainted(&a, &b);
	for (i = 0; i < 8; i++) {
		s[i] = say(&a, "held back");
		arrives(&b, say(&a, "ping"));
		arrives(&a, say(&b, "pong"));
	}
	/* chains 3..7 are the last five that b has seen */
	for (i = 7; i >= 3; i--)
		hear(&b, &s[i]);
	for (i = 2; i >= 0; i--)
		hear_not(&b, s[i].type, s[i].p, s[i].len, ERR_AUTH);
	for (i = 0; i < 8; i++)
		lost(&s[i]);
	bye(&a, &b);
}

static void
test_session__forty_archived_sessions_and_not_one_more(void **state)
{
	struct peer a, b;
	struct sent s[SESSION_ARCHIVED_MAX + 2];
	size_t i, n = ARRAY_LEN(s);

	peer_init(&a, 100);
	peer_init(&b, 200);
	for (i = 0; i < n; i++) {
		buf_clear(&a.record);
		start(&a, &b, -1);
		arrives(&b, say(&a, "hello again"));
		s[i] = say(&a, "late");
		s[i].type = SIGNAL_PRE_KEY_MESSAGE;
	}
	assert_int_equal(info(&b).archived, SESSION_ARCHIVED_MAX);
	assert_int_equal(b.handshakes, n);
	/* the signed pre-key is gone: a forgotten session stays forgotten */
	b.signed_key.id++;
	hear_not(&b, s[0].type, s[0].p, s[0].len, ERR_NOTFOUND);
	for (i = 1; i < n; i++)
		hear(&b, &s[i]);
	for (i = 0; i < n; i++)
		lost(&s[i]);
	bye(&a, &b);
}

/* Sessions full of skipped keys: the record stops growing, the newest stay. */
static void
test_session__record_never_grows_over_its_maximum(void **state)
{
	struct peer a, b;
	struct sent late = {0};
	int i, k;

	peer_init(&a, 100);
	peer_init(&b, 200);
	for (i = 0; i < 4; i++) {
		buf_clear(&a.record);
		start(&a, &b, -1);
		arrives(&b, say(&a, "hello"));
		arrives(&a, say(&b, "hello"));
		for (k = 0; k < 6; k++) {
			if (late.p != NULL)
				lost(&late);
			late = say(&a, "late");
			jump(&a, SESSION_SKIPPED_MAX - 1);
			arrives(&b, say(&a, "ping"));
			arrives(&a, say(&b, "pong"));
			assert_true(b.record.len <= SESSION_RECORD_MAX);
		}
	}
	assert_true(b.record.len > SESSION_RECORD_MAX / 2);
	assert_in_range(info(&b).archived, 1, 3);
	hear(&b, &late);
	lost(&late);
	bye(&a, &b);
}

static void
test_session__a_chain_ends_before_its_counter_does(void **state)
{
	struct session_sealed sealed;
	struct peer a, b;
	struct record rec;
	struct state s;
	ProtobufCBinaryData packed;
	struct buf made;

	acquainted(&a, &b);
	assert_ok(record_load(&rec, a.record.p, a.record.len));
	packed = record_session(&rec, 0);
	assert_ok(state_load(&s, packed.data, packed.len));
	s.sending_index = UINT32_MAX;
	assert_ok(record_store(&rec, &s, 0, &made));
	state_clear(&s);
	record_clear(&rec);
	commit(&a, &made);
	assert_err(session_encrypt(&a.local, a.record.p, a.record.len,
		       (const uint8_t *)"x", 1, &sealed),
	    ERR_FULL);
	bye(&a, &b);
}

/* ---- forgeries ------------------------------------------------------------ */

/* Any change to any message is refused and changes nothing. */
static void
mutate(struct peer *me, const struct sent *s, int rounds)
{
	struct signal_prekeys keys = keys_of(me);
	struct session_opened got, was;
	struct buf before;
	uint8_t *m;
	size_t len;
	int i, r;

	buf_init(&before, SESSION_RECORD_MAX);
	assert_ok(buf_put(&before, me->record.p, me->record.len));
	memset(&was, 0x3c, sizeof(was));
	for (i = 0; i < rounds; i++) {
		len = s->len;
		m = malloc(len + 1);
		assert_non_null(m);
		memcpy(m, s->p, len);
		switch (pick(4)) {
		case 0:
			m[pick((uint32_t)len)] ^= (uint8_t)(1 << pick(8));
			break;
		case 1:
			m[pick((uint32_t)len)] = (uint8_t)pick(256);
			break;
		case 2:
			len = pick((uint32_t)len);
			break;
		default:
			m[len++] = (uint8_t)pick(256);
		}
		if (len == s->len && memcmp(m, s->p, len) == 0)
			m[len / 2] ^= 1;
		memcpy(&got, &was, sizeof(got));
		r = session_decrypt(&me->local, me->record.p, me->record.len,
		    &keys, s->type, m, len, &got);
		if (r == 0) {
			/* only outside the MAC: the envelope's other fields */
			assert_int_equal(s->type, SIGNAL_PRE_KEY_MESSAGE);
			assert_memory_equal(
			    got.plaintext.p, s->text, strlen(s->text));
			session_opened_clear(&got);
		} else {
			assert_memory_equal(&got, &was, sizeof(got));
		}
		assert_memory_equal(before.p, me->record.p, before.len);
		assert_int_equal(before.len, me->record.len);
		free(m);
	}
	buf_clear(&before);
}

static void
test_session_decrypt__mutated_messages_change_nothing(void **state)
{
	struct peer a, b;
	struct sent s, late;

	acquainted(&a, &b);
	start(&a, &b, 1);
	arrives(&b, say(&a, "a second session"));
	late = say(&a, "skipped");
	s = say(&a, "in the chain");
	mutate(&b, &s, 1500); /* repeated envelope */
	hear(&b, &s);
	lost(&s);
	mutate(&b, &late, 1500);
	hear(&b, &late);
	lost(&late);
	arrives(&a, say(&b, "answer"));
	s = say(&a, "new ratchet key");
	mutate(&b, &s, 3000);
	s.p[s.len - 1] ^= 1; /* a new ratchet key, and a wrong MAC */
	hear_not(&b, s.type, s.p, s.len, ERR_AUTH);
	s.p[s.len - 1] ^= 1;
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

static void
test_session_decrypt__mutated_handshakes_change_nothing(void **state)
{
	struct peer a, b;
	struct sent s;

	acquainted(&a, &b); /* b has a record that could be spoilt */
	buf_clear(&a.record);
	start(&a, &b, 3);
	s = say(&a, "first message");
	mutate(&b, &s, 3000);
	assert_int_equal(b.left[3], 1);
	hear(&b, &s);
	assert_int_equal(b.left[3], 0);
	lost(&s);
	bye(&a, &b);
}

static void
test_session_decrypt__every_truncation_is_refused(void **state)
{
	struct session_opened got;
	struct signal_prekeys keys;
	struct peer a, b;
	struct sent s[2];
	size_t n;
	int i, r;

	peer_init(&a, 100);
	peer_init(&b, 200);
	keys = keys_of(&b);
	start(&a, &b, 0);
	s[0] = say(&a, "handshake");
	hear(&b, &s[0]);
	arrives(&a, say(&b, "answer"));
	s[1] = say(&a, "message");
	for (i = 0; i < 2; i++) {
		for (n = 0; n < s[i].len; n++) {
			uint8_t *m = malloc(n > 0 ? n : 1);

			assert_non_null(m);
			memcpy(m, s[i].p, n);
			r = session_decrypt(&b.local, b.record.p, b.record.len,
			    &keys, s[i].type, m, n, &got);
			assert_true(r < 0);
			free(m);
		}
		lost(&s[i]);
	}
	bye(&a, &b);
}

/* The MAC names both identities: a message moved between sessions fails. */
static void
test_session_decrypt__the_sender_cannot_be_swapped(void **state)
{
	struct pre_key_message m;
	struct peer a, b, mallory;
	struct sent s;
	struct buf forged;

	peer_init(&a, 100);
	peer_init(&b, 200);
	peer_init(&mallory, 300);
	start(&a, &b, 0);
	s = say(&a, "signed, alice");
	assert_ok(pre_key_message_parse(&m, s.p, s.len));
	m.identity = mallory.identity.pk;
	buf_init(&forged, SIGNAL_MESSAGE_MAX);
	assert_ok(pre_key_message_put(&forged, &m));
	pre_key_message_clear(&m);
	hear_not(&b, SIGNAL_PRE_KEY_MESSAGE, forged.p, forged.len, ERR_AUTH);
	hear(&b, &s);
	/* nor in a repeat of an envelope that is known already */
	hear_not(
	    &b, SIGNAL_PRE_KEY_MESSAGE, forged.p, forged.len, ERR_NOTFOUND);
	buf_clear(&forged);
	lost(&s);
	bye(&a, &b);
}

/* Put another base key into an envelope and expect it to be refused. */
static void
base_key_refused(struct peer *b, const struct sent *s, const uint8_t *u)
{
	struct pre_key_message m;
	struct buf forged;

	assert_ok(pre_key_message_parse(&m, s->p, s->len));
	memcpy(m.base_key.u, u, EC_LEN);
	buf_init(&forged, SIGNAL_MESSAGE_MAX);
	assert_ok(pre_key_message_put(&forged, &m));
	pre_key_message_clear(&m);
	hear_not(b, SIGNAL_PRE_KEY_MESSAGE, forged.p, forged.len, ERR_FORMAT);
	buf_clear(&forged);
}

static void
test_session_decrypt__unsound_base_keys(void **state)
{
	struct peer a, b;
	struct pre_key_message m;
	struct sent s;
	uint8_t u[EC_LEN] = {0};

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	s = say(&a, "x");
	base_key_refused(&b, &s, u);
	u[0] = 1;
	base_key_refused(&b, &s, u);
	/* the very key alice used, written with its top bit set */
	assert_ok(pre_key_message_parse(&m, s.p, s.len));
	memcpy(u, m.base_key.u, EC_LEN);
	pre_key_message_clear(&m);
	u[31] |= 0x80;
	base_key_refused(&b, &s, u);
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

static void
test_session_decrypt__versions(void **state)
{
	struct peer a, b;
	struct sent s;
	int v;

	acquainted(&a, &b);
	s = say(&a, "x");
	for (v = 0; v < 16; v++) {
		s.p[0] = (uint8_t)(v << 4 | 4);
		if (v != version)
			hear_not(&b, s.type, s.p, s.len, ERR_VERSION);
	}
	/* the low half is authenticated as received, and means nothing */
	s.p[0] = (uint8_t)(version << 4 | 3);
	hear_not(&b, s.type, s.p, s.len, ERR_AUTH);
	s.p[0] = (uint8_t)(version << 4 | 4);
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

static void
test_session_decrypt__min_version_refuses_old_handshakes(void **state)
{
	uint8_t was = version;
	struct pre_key_bundle bundle;
	struct peer a, b;
	struct sent s;
	struct buf out;

	version = 3;
	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	s = say(&a, "x");
	b.local.min_version = 4;
	hear_not(&b, s.type, s.p, s.len, ERR_VERSION);
	bundle = bundle_of(&a, 0);
	assert_err(
	    session_start(&b.local, NULL, 0, &bundle, &out), ERR_VERSION);
	b.local.min_version = 3;
	hear(&b, &s);
	b.local.min_version = 4; /* established sessions go on */
	arrives(&b, say(&a, "y"));
	lost(&s);
	bye(&a, &b);
	version = was;
}

static void
test_session_decrypt__a_pre_key_that_is_gone(void **state)
{
	struct peer a, b;
	struct sent s;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	s = say(&a, "x");
	b.left[0] = 0;
	hear_not(&b, s.type, s.p, s.len, ERR_NOTFOUND);
	b.left[0] = 1;
	b.signed_key.id = 10;
	hear_not(&b, s.type, s.p, s.len, ERR_NOTFOUND);
	b.signed_key.id = 9;
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

/* Without the right Kyber key a version 4 handshake proves nothing. */
static void
test_session_decrypt__the_kyber_key_matters(void **state)
{
	uint8_t was = version;
	struct peer a, b;
	struct sent s;

	version = 4;
	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	s = say(&a, "x");
	b.kyber.id = 71;
	hear_not(&b, s.type, s.p, s.len, ERR_NOTFOUND);
	b.kyber.id = 70;
	b.kyber.sk.b[100] ^= 1;
	hear_not(&b, s.type, s.p, s.len, ERR_AUTH);
	b.kyber.sk.b[100] ^= 1;
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
	version = was;
}

static void
test_session_start__refuses_bad_bundles(void **state)
{
	struct pre_key_bundle bundle;
	struct buf out = {.len = 77};
	struct peer a, b;

	peer_init(&a, 100);
	peer_init(&b, 200);
	bundle = bundle_of(&b, 0);
	bundle.signed_sig[0] ^= 1;
	assert_err(session_start(&a.local, NULL, 0, &bundle, &out), ERR_AUTH);
	bundle = bundle_of(&b, 0);
	bundle.signed_key = a.signed_key.pair.pk;
	assert_err(session_start(&a.local, NULL, 0, &bundle, &out), ERR_AUTH);
	if (version >= 4) {
		bundle = bundle_of(&b, 0);
		bundle.kyber.b[77] ^= 1;
		assert_err(
		    session_start(&a.local, NULL, 0, &bundle, &out), ERR_AUTH);
		bundle = bundle_of(&b, 0);
		bundle.has_kyber = false; /* somebody took it out */
		assert_err(session_start(&a.local, NULL, 0, &bundle, &out),
		    ERR_VERSION);
	}
	bundle = bundle_of(&b, 0);
	memset(&bundle.one_time, 0, sizeof(bundle.one_time));
	assert_err(session_start(&a.local, NULL, 0, &bundle, &out), ERR_FORMAT);
	bundle = bundle_of(&b, 0);
	assert_err(
	    session_start(&a.local, (const uint8_t *)"junk", 4, &bundle, &out),
	    ERR_FORMAT);
	assert_int_equal(out.len, 77);
	assert_null(out.p);
	bye(&a, &b);
}

/* ---- records -------------------------------------------------------------- */

static void
test_session_record__damage_is_an_error_everywhere(void **state)
{
	struct session_sealed sealed;
	struct session_info i;
	struct peer a, b;
	struct buf out;
	uint8_t *p;
	size_t n;
	int r;

	acquainted(&a, &b);
	for (n = 1; n < a.record.len; n++) {
		p = malloc(n);
		assert_non_null(p);
		memcpy(p, a.record.p, n);
		r = session_info(p, n, &i);
		/* cut right behind the format number: an empty record */
		assert_true(r < 0 || !i.has_current);
		r = session_encrypt(
		    &a.local, p, n, (const uint8_t *)"x", 1, &sealed);
		assert_true(r < 0);
		free(p);
	}
	a.record.p[1] = 2; /* format */
	assert_err(session_info(a.record.p, a.record.len, &i), ERR_VERSION);
	assert_err(
	    session_archive(a.record.p, a.record.len, &out), ERR_VERSION);
	p = calloc(1, SESSION_RECORD_MAX + 1);
	assert_non_null(p);
	assert_err(session_info(p, SESSION_RECORD_MAX + 1, &i), ERR_RANGE);
	free(p);
	bye(&a, &b);
}

static int
whole_handshake(void *arg)
{
	struct peer *p = arg;
	struct pre_key_bundle bundle = bundle_of(&p[1], 1);
	struct signal_prekeys keys = keys_of(&p[1]);
	struct session_sealed sealed = {0};
	struct session_opened opened = {0};
	struct session_info i;
	struct buf rec, archived;
	int r;

	buf_init(&rec, 0);
	buf_init(&archived, 0);
	r = session_start(
	    &p[0].local, p[0].record.p, p[0].record.len, &bundle, &rec);
	if (r == 0)
		r = session_encrypt(&p[0].local, rec.p, rec.len,
		    (const uint8_t *)"x", 1, &sealed);
	if (r == 0)
		r = session_decrypt(&p[1].local, p[1].record.p, p[1].record.len,
		    &keys, sealed.type, sealed.ciphertext.p,
		    sealed.ciphertext.len, &opened);
	if (r == 0)
		r = session_info(opened.record.p, opened.record.len, &i);
	if (r == 0)
		r = session_archive(
		    opened.record.p, opened.record.len, &archived);
	buf_clear(&rec);
	buf_clear(&archived);
	session_sealed_clear(&sealed);
	session_opened_clear(&opened);
	return r;
}

struct late {
	struct peer *me;
	struct sent s;
};

static int
decrypt_late(void *arg)
{
	struct late *late = arg;
	struct peer *me = late->me;
	struct signal_prekeys keys = keys_of(me);
	struct session_opened opened;
	int r;

	r = session_decrypt(&me->local, me->record.p, me->record.len, &keys,
	    late->s.type, late->s.p, late->s.len, &opened);
	if (r == 0)
		session_opened_clear(&opened);
	return r;
}

static void
test_session__allocation_failures(void **state)
{
	struct peer p[2];
	struct late late = {.me = &p[1]};
	struct sent first;
	int runs;

	acquainted(&p[0], &p[1]);
	runs = alloc_sweep(whole_handshake, p);
	assert_true(runs > 20);
	first = say(&p[0], "skipped");
	jump(&p[0], 30);
	late.s = say(&p[0], "thirty keys are put aside");
	assert_true(alloc_sweep(decrypt_late, &late) > 10);
	lost(&first);
	lost(&late.s);
	bye(&p[0], &p[1]);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_session__pre_key_messages_until_the_first_reply),
	    T(test_session__random_conversation),
	    T(test_session__empty_and_largest_plaintext),
	    T(test_session__simultaneous_start),
	    T(test_session__repeated_envelopes_in_any_order),
	    T(test_session__a_new_handshake_archives_the_old_session),
	    T(test_session__a_duplicate_of_an_archived_session),
	    T(test_session__archive_and_promotion),
	    T(test_session__nothing_to_encrypt_or_decrypt_with),
	    T(test_session__thirty_days_without_an_answer),
	    T(test_session__jump_of_25000_and_not_one_more),
	    T(test_session__the_same_limit_in_a_fresh_chain),
	    T(test_session__2000_late_messages_and_not_one_more),
	    T(test_session__the_oldest_late_key_goes_first),
	    T(test_session__five_chains_and_not_one_more),
	    T(test_session__forty_archived_sessions_and_not_one_more),
	    T(test_session__record_never_grows_over_its_maximum),
	    T(test_session__a_chain_ends_before_its_counter_does),
	    T(test_session_decrypt__mutated_messages_change_nothing),
	    T(test_session_decrypt__mutated_handshakes_change_nothing),
	    T(test_session_decrypt__every_truncation_is_refused),
	    T(test_session_decrypt__the_sender_cannot_be_swapped),
	    T(test_session_decrypt__unsound_base_keys),
	    T(test_session_decrypt__versions),
	    T(test_session_decrypt__min_version_refuses_old_handshakes),
	    T(test_session_decrypt__a_pre_key_that_is_gone),
	    T(test_session_decrypt__the_kyber_key_matters),
	    T(test_session_start__refuses_bad_bundles),
	    T(test_session_record__damage_is_an_error_everywhere),
	    T(test_session__allocation_failures),
	};

	int failed;

	if (sodium_init() < 0)
		return 2;
	failed = cmocka_run_group_tests_name("version 3", tests, NULL, NULL);
	version = 4;
	return failed +
	       cmocka_run_group_tests_name("version 4", tests, NULL, NULL);
}
