/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages that were changed on their way, or that a peer should not have
 * written: refused, and the record stays as it was byte for byte. The whole
 * program runs once for each session version.
 */
#include "common/signal/xeddsa.h"
#include "tests/unit/session_pair.h"

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

/* Do something to the post-quantum state of a peer. */
static void
with_pq(struct peer *me, void (*change)(struct spqr *q))
{
	ProtobufCBinaryData packed;
	struct record rec;
	struct state s;
	struct buf made;

	assert_ok(record_load(&rec, me->record.p, me->record.len));
	packed = record_session(&rec, 0);
	assert_ok(state_load(&s, packed.data, packed.len));
	assert_ok(state_pq_open(&s));
	change(&s.spqr);
	assert_ok(record_store(&rec, &s, 0, &made));
	state_clear(&s);
	record_clear(&rec);
	commit(me, &made);
}

static struct {
	uint64_t epoch;
	enum spqr_step step;
	size_t in_n;
} seen;

static void
look(struct spqr *q)
{
	seen.epoch = q->epoch;
	seen.step = q->step;
	seen.in_n = q->in_n;
}

/* A part of one message in another, the other's MAC with it. */
static void
spliced(struct peer *me, const struct sent *s, const struct sent *donor)
{
	static const uint8_t none[32];
	static const struct mac_parties nobody;
	struct signal_message m, d, forged;
	struct buf out;
	int i;

	assert_ok(signal_message_parse(&m, s->p, s->len));
	assert_ok(signal_message_parse(&d, donor->p, donor->len));
	/* there is nothing to exchange in version 3 */
	for (i = version >= 4 ? 0 : 2; i < 5; i++) {
		memcpy(&forged, &m, offsetof(struct signal_message, pb));
		if (i == 0)
			forged.pq_ratchet_len = 0;
		if (i == 1) {
			forged.pq_ratchet = d.pq_ratchet;
			forged.pq_ratchet_len = d.pq_ratchet_len;
		}
		if (i == 2)
			forged.counter++;
		if (i == 3)
			forged.ratchet_key = me->identity.pk.u[0] & 1
						 ? me->one_time[0].pair.pk
						 : me->signed_key.pair.pk;
		if (i == 4) {
			forged.ciphertext = d.ciphertext;
			forged.ciphertext_len = d.ciphertext_len;
		}
		buf_init(&out, SIGNAL_MESSAGE_MAX);
		assert_ok(signal_message_put(&out, &forged, none, &nobody));
		memcpy(out.p + out.len - SIGNAL_MAC_LEN, m.mac, SIGNAL_MAC_LEN);
		hear_not(me, SIGNAL_MESSAGE, out.p, out.len,
		    i == 0 && version >= 4 ? ERR_VERSION : ERR_AUTH);
		buf_clear(&out);
	}
	signal_message_clear(&m);
	signal_message_clear(&d);
}

/* Every step of SPQR, both roles: what is changed is refused, then the right
 * message opens. */
static void
test_session_decrypt__mutated_through_two_epochs(void **state)
{
	struct peer p[2];
	struct sent s, donor = {.p = NULL};
	char text[32];
	int i, from;

	acquainted(&p[0], &p[1]);
	donor = say(&p[0], "never arrives");
	for (i = 0; i < 360; i++) {
		from = i & 1;
		snprintf(text, sizeof(text), "message %d", i);
		s = say(&p[from], text);
		mutate(&p[!from], &s, 12);
		if (from == 0)
			spliced(&p[1], &s, &donor);
		arrives(&p[!from], s);
	}
	if (version >= 4) {
		with_pq(&p[0], look);
		assert_true(seen.epoch >= 3);
	}
	lost(&donor);
	bye(&p[0], &p[1]);
}

/* The chunk that is sent next. */
static void
spoil_next(struct spqr *q)
{
	q->out[q->out_next % spqr_shape(q->step)->out * CHUNK_LEN] ^= 1;
}

/* The record as it is now; the peer's own copy goes on. */
static void
keep(struct buf *copy, const struct peer *me)
{
	buf_init(copy, SESSION_RECORD_MAX);
	assert_ok(buf_put(copy, me->record.p, me->record.len));
}

static void
exchange(struct peer p[static 2], int n)
{
	while (n-- > 0) {
		arrives(&p[1], say(&p[0], "x"));
		arrives(&p[0], say(&p[1], "y"));
	}
}

/* What a peer that lies about its part completes is refused, MAC or not; told
 * the truth, the session goes on. Of the header, the key and ct2. */
static void
test_session_decrypt__a_lying_peer_spoils_nothing(void **state)
{
	static const struct {
		int liar;
		enum spqr_step step; /* of the other, a chunk before the end */
		size_t in_n;
		int err;
	} rows[] = {
	    {0, SPQR_NO_HEADER_RECEIVED, SPQR_HDR_CHUNKS - 1, ERR_AUTH},
	    {0, SPQR_CT1_ACKNOWLEDGED, SPQR_EK_CHUNKS - 1, ERR_FORMAT},
	    {1, SPQR_EK_SENT_CT1_RECEIVED, SPQR_CT2_CHUNKS - 1, ERR_AUTH},
	};
	struct peer p[2], *liar, *other;
	struct buf before;
	uint8_t was = version;
	size_t row;

	version = 4;
	for (row = 0; row < ARRAY_LEN(rows); row++) {
		liar = &p[rows[row].liar];
		other = &p[!rows[row].liar];
		peer_init(&p[0], 100);
		peer_init(&p[1], 200);
		start(&p[0], &p[1], 0);
		do {
			exchange(p, 1);
			with_pq(other, look);
			assert_true(seen.epoch == 1);
		} while (
		    seen.step != rows[row].step || seen.in_n != rows[row].in_n);
		keep(&before, liar);
		with_pq(liar, spoil_next);
		refused(other, say(liar, "a lie"), rows[row].err);
		commit(liar, &before);
		arrives(other, say(liar, "the truth"));
		exchange(p, 60);
		with_pq(&p[0], look);
		assert_true(seen.epoch >= 2);
		bye(&p[0], &p[1]);
	}
	version = was;
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

/* An identity of small order agrees on nothing. */
static void
test_session_decrypt__an_unsound_identity(void **state)
{
	struct pre_key_message m;
	struct peer a, b;
	struct sent s;
	struct buf forged;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	s = say(&a, "x");
	assert_ok(pre_key_message_parse(&m, s.p, s.len));
	memset(&m.identity, 0, sizeof(m.identity));
	buf_init(&forged, SIGNAL_MESSAGE_MAX);
	assert_ok(pre_key_message_put(&forged, &m));
	pre_key_message_clear(&m);
	hear_not(&b, SIGNAL_PRE_KEY_MESSAGE, forged.p, forged.len, ERR_FORMAT);
	buf_clear(&forged);
	hear(&b, &s);
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

/* Whoever has no pre-keys, or none of Kyber, cannot be called. */
static void
test_session_decrypt__without_pre_keys(void **state)
{
	const struct signal_prekeys no_kyber = {
	    signed_get, one_time_get, NULL, NULL};
	struct signal_prekeys keys = no_kyber;
	struct session_opened got;
	struct peer a, b;
	struct sent s;

	peer_init(&a, 100);
	peer_init(&b, 200);
	keys.ctx = &b;
	start(&a, &b, 0);
	s = say(&a, "x");
	assert_err(
	    session_decrypt(&b.local, NULL, 0, NULL, s.type, s.p, s.len, &got),
	    ERR_NOTFOUND);
	if (version >= 4)
		assert_err(session_decrypt(&b.local, NULL, 0, &keys, s.type,
			       s.p, s.len, &got),
		    ERR_NOTFOUND);
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

/* Without the MAC's key one can still write any ratchet key and counter. */
static void
test_session_decrypt__impossible_headers(void **state)
{
	static const uint8_t none[32];
	static const struct mac_parties nobody;
	struct signal_message m, forged;
	struct peer a, b;
	struct sent s;
	struct buf out;
	int i;

	acquainted(&a, &b);
	arrives(&b, say(&a, "x"));
	s = say(&a, "y");
	assert_ok(signal_message_parse(&m, s.p, s.len));
	for (i = 0; i < 3; i++) {
		memcpy(&forged, &m, offsetof(struct signal_message, pb));
		if (i == 0) /* a key of small order */
			memset(&forged.ratchet_key, 0, EC_LEN);
		if (i == 1)
			forged.counter = UINT32_MAX;
		if (i == 2)
			forged.counter += SESSION_JUMP_MAX + 1;
		buf_init(&out, SIGNAL_MESSAGE_MAX);
		assert_ok(signal_message_put(&out, &forged, none, &nobody));
		hear_not(&b, s.type, out.p, out.len,
		    i == 0 ? ERR_FORMAT : ERR_RANGE);
		buf_clear(&out);
	}
	signal_message_clear(&m);
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

static void
test_session_start__refuses_bad_bundles(void **state)
{
	struct pre_key_bundle bundle;
	uint8_t key[EC_PUBLIC_LEN];
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
	/* signed or not, a key of small order is none */
	bundle = bundle_of(&b, 0);
	memset(&bundle.signed_key, 0, sizeof(bundle.signed_key));
	ec_pk_put(key, &bundle.signed_key);
	xeddsa_sign(bundle.signed_sig, &b.identity, key, sizeof(key),
	    &signal_rng_system);
	assert_err(session_start(&a.local, NULL, 0, &bundle, &out), ERR_FORMAT);
	bundle = bundle_of(&b, 0);
	assert_err(
	    session_start(&a.local, (const uint8_t *)"junk", 4, &bundle, &out),
	    ERR_FORMAT);
	assert_int_equal(out.len, 77);
	assert_null(out.p);
	bye(&a, &b);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_session_decrypt__mutated_messages_change_nothing),
	    T(test_session_decrypt__mutated_handshakes_change_nothing),
	    T(test_session_decrypt__mutated_through_two_epochs),
	    T(test_session_decrypt__a_lying_peer_spoils_nothing),
	    T(test_session_decrypt__every_truncation_is_refused),
	    T(test_session_decrypt__the_sender_cannot_be_swapped),
	    T(test_session_decrypt__an_unsound_identity),
	    T(test_session_decrypt__unsound_base_keys),
	    T(test_session_decrypt__versions),
	    T(test_session_decrypt__min_version_refuses_old_handshakes),
	    T(test_session_decrypt__a_pre_key_that_is_gone),
	    T(test_session_decrypt__the_kyber_key_matters),
	    T(test_session_decrypt__without_pre_keys),
	    T(test_session_decrypt__impossible_headers),
	    T(test_session_start__refuses_bad_bundles),
	};

	int failed;

	if (sodium_init() < 0)
		return 2;
	failed = cmocka_run_group_tests_name("version 3", tests, NULL, NULL);
	version = 4;
	return failed +
	       cmocka_run_group_tests_name("version 4", tests, NULL, NULL);
}
