/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions between two peers: conversations, limits, records. The whole
 * program runs once for each session version.
 */
#include "tests/unit/session_pair.h"

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

/* A repeated handshake is known also when no session is current. */
static void
test_session__a_repeat_of_an_archived_handshake(void **state)
{
	struct peer a, b;
	struct buf made;
	struct sent s;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	arrives(&b, say(&a, "first"));
	s = say(&a, "second");
	assert_ok(session_archive(b.record.p, b.record.len, &made));
	commit(&b, &made);
	arrives(&b, s);
	assert_int_equal(b.handshakes, 1);
	assert_int_equal(info(&b).archived, 0);
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
	i.version = 4; /* an older one is renewed in any case */
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
	i.version = 4;
	assert_false(session_needs_renewal(&i, UINT64_MAX));
	i.has_current = false;
	assert_true(session_needs_renewal(&i, 0));
	i.has_current = true;
	i.version = 3;
	assert_true(session_needs_renewal(&i, 0));
	a.local.now_ms = 0; /* a clock set back is no reason to refuse */
	arrives(&b, say(&a, "yesterday"));
	bye(&a, &b);
}

/* ---- limits --------------------------------------------------------------- */

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

/* SPQR counts an epoch's messages whatever chain they are in. */
static void
test_session__the_limit_over_two_chains(void **state)
{
	struct peer a, b;
	uint32_t more;

	for (more = 0; more < 2; more++) {
		acquainted(&a, &b);
		arrives(&b, say(&a, "x"));
		jump(&a, 20000);
		arrives(&a, say(&b, "x"));
		jump(&a, jump_max() - 20000 + more);
		if (version >= 4 && more > 0)
			refused(&b, say(&a, "too far"), ERR_RANGE);
		else
			arrives(&b, say(&a, "in a new chain"));
		bye(&a, &b);
	}
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

/* Cut anywhere, a record opens nothing. */
static void
test_session_record__damage_opens_nothing(void **state)
{
	struct buf whole;
	struct peer a, b;
	struct sent s;

	acquainted(&a, &b);
	s = say(&a, "x");
	whole = b.record;
	for (size_t n = 1; n < whole.len; n++) {
		buf_init(&b.record, whole.len);
		assert_ok(buf_put(&b.record, whole.p, n));
		/* cut right behind the format number: an empty record */
		hear_not(
		    &b, s.type, s.p, s.len, n == 2 ? ERR_NOTFOUND : ERR_FORMAT);
		buf_clear(&b.record);
	}
	b.record = whole;
	hear(&b, &s);
	lost(&s);
	bye(&a, &b);
}

/* A session inside is of an unknown kind, or its post-quantum part is: nothing
 * is sealed or opened with it. */
static void
damage_inside(bool pq)
{
	ProtobufCBinaryData packed;
	struct session_sealed sealed;
	struct peer a, b;
	struct record rec;
	struct sent s, first;
	struct state st;
	uint8_t *at;

	acquainted(&a, &b);
	s = say(&a, "x");
	start(&a, &b, 1);
	first = say(&a, "y");
	assert_ok(record_load(&rec, b.record.p, b.record.len));
	packed = record_session(&rec, 0);
	assert_ok(state_load(&st, packed.data, packed.len));
	at = b.record.p + ((pq ? st.pq.p : packed.data) - b.record.p);
	state_clear(&st);
	record_clear(&rec);
	at[1] ^= 8; /* version of a session, format of the part */
	assert_err(session_encrypt(&b.local, b.record.p, b.record.len,
		       (const uint8_t *)"x", 1, &sealed),
	    ERR_VERSION);
	hear_not(&b, s.type, s.p, s.len, ERR_VERSION);
	if (!pq) /* is it of this session? */
		hear_not(&b, first.type, first.p, first.len, ERR_VERSION);
	at[1] ^= 8;
	hear(&b, &s);
	hear(&b, &first);
	lost(&s);
	lost(&first);
	bye(&a, &b);
}

static void
test_session_record__damage_inside(void **state)
{
	damage_inside(false);
	if (version >= 4)
		damage_inside(true);
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
	assert_true(runs > 8);
	first = say(&p[0], "skipped");
	jump(&p[0], 30);
	late.s = say(&p[0], "thirty keys are put aside");
	assert_true(alloc_sweep(decrypt_late, &late) > 7);
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
	    T(test_session__a_repeat_of_an_archived_handshake),
	    T(test_session__nothing_to_encrypt_or_decrypt_with),
	    T(test_session__thirty_days_without_an_answer),
	    T(test_session__jump_of_25000_and_not_one_more),
	    T(test_session__the_same_limit_in_a_fresh_chain),
	    T(test_session__the_limit_over_two_chains),
	    T(test_session__2000_late_messages_and_not_one_more),
	    T(test_session__the_oldest_late_key_goes_first),
	    T(test_session__five_chains_and_not_one_more),
	    T(test_session__forty_archived_sessions_and_not_one_more),
	    T(test_session__record_never_grows_over_its_maximum),
	    T(test_session__a_chain_ends_before_its_counter_does),
	    T(test_session_record__damage_is_an_error_everywhere),
	    T(test_session_record__damage_opens_nothing),
	    T(test_session_record__damage_inside),
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
