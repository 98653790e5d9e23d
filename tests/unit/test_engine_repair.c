/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions that broke, folders that went back in time, people who begin anew,
 * and those who only send garbage. */
#include <sodium.h>

#include "tests/unit/engine_rig.h"
#include "tui/engine/draft.h"
#include "tui/engine/peer_session.h"
#include "tui/engine/repair.h"
#include "tui/store/store_repair.h"

struct fixture {
	struct er_net net;
	struct er_person *anna, *ben;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	er_init(&f->net);
	f->anna = er_add(&f->net, 1);
	f->ben = er_add(&f->net, 2);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->anna->fatal + f->ben->fatal, 0);
	assert_ok(store_check(f->anna->e->store));
	assert_ok(store_check(f->ben->e->store));
	er_clear(&f->net);
	free(f);
	return 0;
}

/* A conversation with something in both directions. */
static void
meet(struct fixture *f)
{
	assert_true(er_say(f->anna, f->ben, "hi"));
	er_run(&f->net);
	assert_true(er_say(f->ben, f->anna, "ho"));
	er_run(&f->net);
	assert_shows(f->anna, f->ben, "delivered:hi received:ho");
	assert_shows(f->ben, f->anna, "received:hi delivered:ho");
	f->anna->sends = f->ben->sends = 0;
	f->anna->fetches = f->ben->fetches = 0;
}

static uint64_t
waiting(struct er_person *p, const struct er_person *of)
{
	uint64_t some, all;

	assert_ok(
	    store_unreadable_count(p->e->store, of->account, &some, &all));
	return some;
}

/* ---- records that broke ------------------------------------------------------------ */

static void
garble(struct buf *rec)
{
	memset(rec->p, 0xff, rec->len);
}

static void
cut(struct buf *rec)
{
	rec->len /= 2;
}

static void
empty(struct buf *rec)
{
	rec->len = 0;
}

/* Still a record, but its keys are wrong ones. */
static void
twist(struct buf *rec)
{
	struct session_info info;

	size_t twisted = 0;

	for (size_t at = 0; at + 32 <= rec->len; at += 32) {
		for (size_t i = at; i < at + 32; i++)
			rec->p[i] ^= 0x5a;
		if (session_info(rec->p, rec->len, &info) == 0) {
			twisted++;
			continue;
		}
		for (size_t i = at; i < at + 32; i++)
			rec->p[i] ^= 0x5a;
	}
	assert_true(twisted > 0);
}

static void (*const breakages[])(struct buf *) = {garble, cut, empty, twist};

static void
test_repair__a_broken_receiver_shows_waiting_then_the_text(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(breakages); i++) {
		er_anew(f->ben);
		er_anew(f->anna);
		meet(f);
		er_break(f->ben, f->anna, breakages[i]);
		assert_true(er_say(f->anna, f->ben, "can you read?"));
		f->net.slow = f->ben; /* nobody hears that he cannot */
		er_run(&f->net);
		assert_shows(
		    f->ben, f->anna, "received:hi delivered:ho waiting:");
		assert_shows(f->anna, f->ben,
		    "delivered:hi received:ho sent:can you read?");
		f->ben->gone = 0;
		f->net.slow = NULL;
		er_run(&f->net);
		assert_shows(f->ben, f->anna,
		    "received:hi delivered:ho received:can you read?");
		assert_shows(f->anna, f->ben,
		    "delivered:hi received:ho delivered:can you read?");
		assert_int_equal(f->ben->gone, 1);
		assert_int_equal(waiting(f->ben, f->anna), 0);
		er_read(f->ben, f->anna);
		er_run(&f->net);
		assert_shows(
		    f->anna, f->ben, "read:hi received:ho read:can you read?");
		/* and on, both ways, without asking for keys again */
		f->anna->fetches = f->ben->fetches = 0;
		assert_true(er_say(f->ben, f->anna, "yes"));
		assert_true(er_say(f->anna, f->ben, "good"));
		er_run(&f->net);
		assert_shows(f->anna, f->ben,
		    "read:hi received:ho read:can you read? delivered:good "
		    "received:yes");
		assert_int_equal(f->anna->fetches + f->ben->fetches, 0);
	}
}

static void
test_repair__a_broken_sender_begins_anew_unasked(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(breakages); i++) {
		er_anew(f->ben);
		er_anew(f->anna);
		meet(f);
		er_break(f->anna, f->ben, breakages[i]);
		assert_true(er_say(f->anna, f->ben, "one"));
		er_run(&f->net);
		assert_true(er_say(f->anna, f->ben, "two"));
		er_run(&f->net);
		assert_shows(f->ben, f->anna,
		    "received:hi delivered:ho received:one received:two");
		assert_shows(f->anna, f->ben,
		    "delivered:hi received:ho delivered:one delivered:two");
	}
}

static void
test_repair__many_come_once_each_and_in_order(void **state)
{
	struct fixture *f = *state;
	char want[4096] = "received:hi delivered:ho", text[16];
	size_t at = strlen(want);

	meet(f);
	er_break(f->ben, f->anna, garble);
	for (unsigned i = 0; i < 150; i++) {
		snprintf(text, sizeof(text), "m%u", i);
		assert_true(er_say(f->anna, f->ben, text));
		at += (size_t)snprintf(
		    want + at, sizeof(want) - at, " received:%s", text);
		if (i % 40 == 0)
			(void)er_turn(&f->net);
	}
	er_run(&f->net);
	assert_shows(f->ben, f->anna, want);
	assert_int_equal(f->ben->fetches, 1);
	assert_true(f->ben->sends <= 20); /* requests and receipts */
}

static void
test_repair__asked_twice_comes_once(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_break(f->ben, f->anna, garble);
	assert_true(er_say(f->anna, f->ben, "once"));
	f->net.slow = f->anna;
	er_run(&f->net);
	f->net.slow = NULL;
	while (f->anna->queue == NULL) /* the first request is on its way */
		(void)er_turn(&f->net);
	assert_ok(store_unreadable_again(
	    f->ben->e->store, NULL, 0, 5, engine_now_ms() + 1));
	outbox_kick(f->ben->e);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho received:once");
	assert_shows(
	    f->anna, f->ben, "delivered:hi received:ho delivered:once");
}

static void
test_repair__survives_the_end_of_the_process(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_break(f->ben, f->anna, garble);
	f->ben->e->outbox_hold_ms = UINT64_MAX / 2;
	assert_true(er_say(f->anna, f->ben, "still there?"));
	er_run(&f->net);
	er_stop(f->ben); /* knows that it waits, and has told nobody */
	er_start(f->ben);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho waiting:");
	er_run(&f->net);
	assert_shows(
	    f->ben, f->anna, "received:hi delivered:ho received:still there?");
}

/* What did not open was a receipt: nothing stays on the screen. */
static void
test_repair__what_had_nothing_to_show_goes_away(void **state)
{
	struct fixture *f = *state;

	meet(f);
	assert_true(er_say(f->ben, f->anna, "tick?"));
	f->net.slow = f->anna; /* her receipt waits */
	er_run(&f->net);
	er_break(f->ben, f->anna, garble);
	f->net.slow = NULL;
	f->ben->gone = f->ben->fresh = 0;
	er_run(&f->net);
	assert_int_equal(f->ben->fresh, 1);
	assert_int_equal(f->ben->gone, 1);
	assert_int_equal(waiting(f->ben, f->anna), 0);
	assert_true(er_say(f->ben, f->anna, "next"));
	er_run(&f->net);
	assert_shows(f->ben, f->anna,
	    "received:hi delivered:ho delivered:tick? delivered:next");
}

static void
test_repair__without_an_answer_it_stays(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_break(f->ben, f->anna, garble);
	assert_true(er_say(f->anna, f->ben, "bye"));
	while (f->ben->queue == NULL)
		(void)er_turn(&f->net);
	er_stop(f->anna);
	er_run(&f->net);
	for (unsigned i = 0; i < 10; i++) { /* hours pass */
		assert_ok(store_unreadable_again(f->ben->e->store, NULL, 0,
		    REPAIR_ASKS_MAX, engine_now_ms() + 1));
		outbox_kick(f->ben->e);
		er_run(&f->net);
	}
	assert_shows(f->ben, f->anna, "received:hi delivered:ho waiting:");
	assert_int_equal(f->ben->sends, REPAIR_ASKS_MAX);
	er_start(f->anna);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho received:bye");
}

/* ---- folders that went back in time ---------------------------------------------------- */

static void
roll_back(struct fixture *f)
{
	char *old = dir_new();

	er_stop(f->ben);
	dir_copy(f->ben->dir, old);
	er_start(f->ben);
	for (unsigned i = 0; i < 6; i++) {
		assert_true(er_say(f->anna, f->ben, "lost a"));
		er_run(&f->net);
		assert_true(er_say(f->ben, f->anna, "lost b"));
		er_run(&f->net);
	}
	er_stop(f->ben);
	dir_free(f->ben->dir);
	f->ben->dir = old;
	er_start(f->ben);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho");
}

static void
test_repair__after_a_rollback_they_can_write_to_him(void **state)
{
	struct fixture *f = *state;

	meet(f);
	roll_back(f);
	assert_true(er_say(f->anna, f->ben, "one"));
	er_run(&f->net);
	assert_true(er_say(f->ben, f->anna, "two"));
	er_run(&f->net);
	assert_shows(f->ben, f->anna,
	    "received:hi delivered:ho received:one delivered:two");
	assert_non_null(
	    strstr(er_shows(f->anna, f->ben), "delivered:one received:two"));
	assert_null(strstr(er_shows(f->anna, f->ben), "waiting"));
}

static void
test_repair__after_a_rollback_he_can_write_to_them(void **state)
{
	struct fixture *f = *state;

	meet(f);
	roll_back(f);
	assert_true(er_say(f->ben, f->anna, "one"));
	assert_true(er_say(f->ben, f->anna, "two"));
	er_run(&f->net);
	assert_true(er_say(f->anna, f->ben, "three"));
	er_run(&f->net);
	assert_shows(f->ben, f->anna,
	    "received:hi delivered:ho delivered:one delivered:two "
	    "received:three");
	assert_non_null(strstr(er_shows(f->anna, f->ben),
	    "received:one received:two delivered:three"));
	assert_null(strstr(er_shows(f->anna, f->ben), "waiting"));
}

/* Sent before the copy was made back; the relay had it already. */
static void
test_repair__a_message_sent_again_after_a_rollback_is_there_once(void **state)
{
	struct fixture *f = *state;
	char *old = dir_new();

	meet(f);
	er_online(f->ben, false);
	assert_true(er_say(f->ben, f->anna, "again"));
	er_stop(f->ben);
	dir_copy(f->ben->dir, old);
	er_start(f->ben);
	er_run(&f->net);
	er_stop(f->ben);
	dir_free(f->ben->dir);
	f->ben->dir = old;
	er_start(f->ben);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho sent:again");
	assert_shows(
	    f->anna, f->ben, "delivered:hi received:ho received:again");
}

/* ---- people who begin anew ---------------------------------------------------------------- */

static void
test_repair__somebody_registered_anew_is_only_a_line(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_anew(f->ben);
	assert_true(er_say(f->anna, f->ben, "who are you?"));
	er_run(&f->net);
	assert_shows(f->anna, f->ben,
	    "delivered:hi received:ho delivered:who are you? note:");
	assert_shows(f->ben, f->anna, "received:who are you?");
	assert_true(er_say(f->ben, f->anna, "me"));
	er_run(&f->net);
	assert_shows(f->anna, f->ben,
	    "delivered:hi received:ho delivered:who are you? note: "
	    "received:me");
}

static void
test_repair__somebody_registered_anew_writes_first(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_anew(f->ben);
	assert_true(er_say(f->ben, f->anna, "me"));
	er_run(&f->net);
	assert_true(er_say(f->anna, f->ben, "you"));
	er_run(&f->net);
	assert_shows(f->anna, f->ben,
	    "delivered:hi received:ho note: received:me delivered:you");
	assert_shows(f->ben, f->anna, "delivered:me received:you");
}

static void
test_repair__both_begin_at_once(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3; i++) {
		assert_true(er_say(f->anna, f->ben, "a"));
		assert_true(er_say(f->ben, f->anna, "b"));
	}
	er_run(&f->net);
	assert_shows(f->anna, f->ben,
	    "delivered:a delivered:a delivered:a received:b received:b "
	    "received:b");
	assert_shows(f->ben, f->anna,
	    "delivered:b delivered:b delivered:b received:a received:a "
	    "received:a");
	f->anna->fetches = f->ben->fetches = 0;
	for (unsigned i = 0; i < 5; i++) {
		assert_true(er_say(f->anna, f->ben, "c"));
		er_run(&f->net);
		assert_true(er_say(f->ben, f->anna, "d"));
		er_run(&f->net);
	}
	assert_null(strstr(er_shows(f->anna, f->ben), "waiting"));
	assert_null(strstr(er_shows(f->ben, f->anna), "waiting"));
	assert_int_equal(f->anna->fetches + f->ben->fetches, 0);
	assert_int_equal(f->anna->gone + f->ben->gone, 0);
}

static void
test_repair__both_broke_at_once(void **state)
{
	struct fixture *f = *state;

	meet(f);
	assert_true(er_say(f->anna, f->ben, "a"));
	assert_true(er_say(f->ben, f->anna, "b"));
	while (f->anna->queue == NULL || f->ben->queue == NULL) {
		f->net.deaf = true;
		(void)er_turn(&f->net);
	}
	er_break(f->anna, f->ben, garble);
	er_break(f->ben, f->anna, garble);
	f->net.deaf = false;
	er_run(&f->net);
	assert_shows(
	    f->anna, f->ben, "delivered:hi received:ho delivered:a received:b");
	assert_shows(
	    f->ben, f->anna, "received:hi delivered:ho delivered:b received:a");
}

static void
test_peer_session_usable__only_what_is_renewed_after_quantum(void **state)
{
	struct fixture *f = *state;
	struct session_info info;
	struct buf rec;

	meet(f);
	assert_ok(
	    peer_session_get(f->anna->e, f->ben->account, 1, &rec, &info));
	buf_clear(&rec);
	assert_true(peer_session_usable(&info));
	info.post_quantum = false; /* of an earlier release */
	assert_false(peer_session_usable(&info));
	info.post_quantum = true;
	info.unacknowledged = true;
	assert_true(peer_session_usable(&info));
	info.created_ms -= SESSION_UNACKED_MAX_MS + 1;
	assert_false(peer_session_usable(&info));
	info.unacknowledged = false;
	info.version = 3;
	assert_false(peer_session_usable(&info));
}

static void
test_peer_session_archive__the_next_message_begins_anew(void **state)
{
	struct fixture *f = *state;

	meet(f);
	assert_ok(peer_session_archive(f->anna->e, f->ben->account, 1));
	assert_true(er_say(f->ben, f->anna, "late")); /* still opens */
	er_run(&f->net);
	assert_ok(peer_session_archive(f->anna->e, f->ben->account, 1));
	f->anna->fetches = 0;
	assert_true(er_say(f->anna, f->ben, "new"));
	er_run(&f->net);
	assert_int_equal(f->anna->fetches, 1);
	assert_shows(f->anna, f->ben,
	    "delivered:hi received:ho received:late delivered:new");
}

/* ---- those who only send garbage ------------------------------------------------------------ */

static void
make_noise(struct er_net *net, struct er_person *from, struct er_person *to,
    Sotto__Relay__DeliverEvent__Item *it)
{
	(void)net;
	(void)to;
	if (from->n == 1) /* Anna's connection is in bad hands */
		randombytes_buf(it->ciphertext.data, it->ciphertext.len);
}

static void
test_repair__garbage_of_a_stranger_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct store_contact c;
	int64_t chat;

	f->net.bend = make_noise;
	for (unsigned i = 0; i < 3 * REPAIR_STRANGER_MAX; i++) {
		assert_true(er_say(f->anna, f->ben, "x"));
		er_run(&f->net);
	}
	assert_err(store_chat_find(f->ben->e->store, STORE_CHAT_PERSON,
		       f->anna->account, &chat),
	    ERR_NOTFOUND);
	assert_int_equal(waiting(f->ben, f->anna), REPAIR_STRANGER_MAX);
	assert_true(f->ben->sends <= REPAIR_ASKS);
	assert_true(f->ben->fetches <= 2);
	assert_ok(store_contact_get(f->ben->e->store, f->anna->account, &c));
	/* it was a passing trouble: what is asked for comes */
	f->net.bend = NULL;
	assert_true(er_say(f->anna, f->ben, "sorry"));
	er_run(&f->net);
	assert_non_null(strstr(er_shows(f->ben, f->anna), "received:sorry"));
}

static void
test_repair__garbage_of_an_acquaintance_ends_too(void **state)
{
	struct fixture *f = *state;

	meet(f);
	f->net.bend = make_noise;
	for (unsigned i = 0; i < 40; i++)
		assert_true(er_say(f->anna, f->ben, "x"));
	er_run(&f->net); /* ends */
	assert_int_equal(waiting(f->ben, f->anna), 40);
	assert_true(f->ben->sends <= REPAIR_ASKS);
	assert_true(f->anna->sends <= 40 * (1 + REPAIR_RESENDS_MAX));
	f->net.bend = NULL;
	assert_true(er_say(f->anna, f->ben, "better"));
	er_run(&f->net);
	assert_non_null(strstr(er_shows(f->ben, f->anna), "received:better"));
}

static void
test_repair__is_asked_only_so_often_an_hour(void **state)
{
	struct fixture *f = *state;

	meet(f);
	f->net.bend = make_noise;
	for (unsigned i = 0; i < REPAIR_ASKS + 10; i++) {
		assert_true(er_say(f->anna, f->ben, "x"));
		er_run(&f->net);
	}
	assert_int_equal(f->ben->sends, REPAIR_ASKS);
	assert_int_equal(waiting(f->ben, f->anna), REPAIR_ASKS + 10);
}

static void
test_repair__garbage_of_somebody_blocked_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct store_contact c;

	meet(f);
	assert_ok(store_contact_get(f->ben->e->store, f->anna->account, &c));
	c.blocked = true;
	assert_ok(store_contact_put(f->ben->e->store, &c));
	f->net.bend = make_noise;
	assert_true(er_say(f->anna, f->ben, "x"));
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho");
	assert_int_equal(f->ben->sends, 0);
}

static void
test_repair__no_more_rows_than_allowed(void **state)
{
	struct fixture *f = *state;
	struct store_unreadable u = {.device = 1};
	struct repair_from from = {.account = f->anna->account,
	    .device = 1,
	    .message_id = u.message_id};
	unsigned shown = 0;
	bool show;

	meet(f);
	assert_ok(txn_begin(f->ben->e));
	for (unsigned i = 0; i < REPAIR_WAITING_MAX + 5; i++) {
		randombytes_buf(u.message_id, sizeof(u.message_id));
		assert_ok(repair_unreadable(f->ben->e, &from, &show));
		shown += show;
	}
	assert_ok(txn_end(f->ben->e, 0));
	assert_int_equal(shown, REPAIR_WAITING_MAX);
	assert_int_equal(waiting(f->ben, f->anna), REPAIR_WAITING_MAX);
}

/* ---- those who ask for what is not theirs ------------------------------------------------------ */

/* p asks `of` to send this again. */
static void
ask_for(struct er_person *p, const struct er_person *of, const uint8_t *id,
    uint32_t device)
{
	Sotto__Content__RetryRequest rq = SOTTO__CONTENT__RETRY_REQUEST__INIT;
	const struct outbox_for to = {.account = of->account};
	uint8_t copy[STORE_ID_LEN];
	ProtobufCBinaryData v = {STORE_ID_LEN, copy};
	struct draft d = {0};

	memcpy(copy, id, sizeof(copy));
	draft_init(&d);
	rq.message_ids = &v;
	rq.n_message_ids = 1;
	rq.count = 1;
	rq.device_id = device;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RETRY;
	d.c.retry = &rq;
	assert_ok(txn_begin(p->e));
	assert_ok(draft_send(p->e, &d, &to));
	assert_ok(txn_end(p->e, 0));
	outbox_kick(p->e);
	er_run(p->net);
}

/* Anna's last message to Ben. */
static void
last_id(struct fixture *f, uint8_t id[static STORE_ID_LEN])
{
	struct store_messages page;

	assert_ok(store_message_before(
	    f->anna->e->store, er_chat(f->anna, f->ben), 0, 1, &page));
	assert_int_equal(page.v[0].dir, STORE_OUT);
	memcpy(id, page.v[0].message_id, STORE_ID_LEN);
	store_messages_clear(&page);
}

static void
test_repair__only_who_it_went_to_is_answered_and_not_for_ever(void **state)
{
	struct fixture *f = *state;
	struct er_person *carl = er_add(&f->net, 3);
	uint8_t id[STORE_ID_LEN];

	meet(f);
	assert_true(er_say(f->anna, carl, "hello Carl"));
	assert_true(er_say(f->anna, f->ben, "for Ben alone"));
	er_run(&f->net);
	last_id(f, id);
	f->anna->sends = 0;
	ask_for(carl, f->anna, id, 1);
	assert_int_equal(f->anna->sends, 0);
	assert_shows(carl, f->anna, "received:hello Carl");
	ask_for(f->ben, f->anna, id, 2); /* not this device */
	assert_int_equal(f->anna->sends, 0);
	for (unsigned i = 0; i < REPAIR_RESENDS_MAX + 3; i++)
		ask_for(f->ben, f->anna, id, 1);
	assert_int_equal(f->anna->sends, REPAIR_RESENDS_MAX);
	assert_shows(
	    f->ben, f->anna, "received:hi delivered:ho received:for Ben alone");
}

static void
test_repair__a_new_key_gets_nothing_from_before(void **state)
{
	struct fixture *f = *state;
	uint8_t id[STORE_ID_LEN];

	meet(f);
	assert_true(er_say(f->anna, f->ben, "before"));
	er_run(&f->net);
	last_id(f, id);
	er_anew(f->ben); /* or whoever has his number now */
	assert_true(er_say(f->ben, f->anna, "it's me"));
	er_run(&f->net);
	ask_for(f->ben, f->anna, id, 1);
	assert_shows(f->ben, f->anna, "delivered:it's me");
	assert_true(er_say(f->anna, f->ben, "after"));
	er_run(&f->net);
	assert_null(strstr(er_shows(f->ben, f->anna), "before"));
}

static void
test_repair__nothing_old_is_sent_again(void **state)
{
	struct fixture *f = *state;
	char text[] = "long ago";
	struct store_message m = {.chat = er_chat(f->anna, f->ben),
	    .device = 1,
	    .dir = STORE_OUT,
	    .state = STORE_MSG_SENT,
	    .text = text};
	int64_t row;

	meet(f);
	memcpy(m.account, f->anna->account, STORE_ID_LEN);
	memset(m.message_id, 7, STORE_ID_LEN);
	m.sent_ms = m.received_ms = engine_now_ms() - REPAIR_AGE_MS - 1000;
	assert_ok(store_message_add(f->anna->e->store, &m, &row));
	ask_for(f->ben, f->anna, m.message_id, 1);
	assert_shows(f->ben, f->anna, "received:hi delivered:ho");
	memset(m.message_id, 8, STORE_ID_LEN);
	m.sent_ms = m.received_ms += 60000;
	assert_ok(store_message_add(f->anna->e->store, &m, &row));
	ask_for(f->ben, f->anna, m.message_id, 1);
	assert_shows(
	    f->ben, f->anna, "received:hi delivered:ho received:long ago");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_repair__a_broken_receiver_shows_waiting_then_the_text),
	    T(test_repair__a_broken_sender_begins_anew_unasked),
	    T(test_repair__many_come_once_each_and_in_order),
	    T(test_repair__asked_twice_comes_once),
	    T(test_repair__survives_the_end_of_the_process),
	    T(test_repair__what_had_nothing_to_show_goes_away),
	    T(test_repair__without_an_answer_it_stays),
	    T(test_repair__after_a_rollback_they_can_write_to_him),
	    T(test_repair__after_a_rollback_he_can_write_to_them),
	    T(test_repair__a_message_sent_again_after_a_rollback_is_there_once),
	    T(test_repair__somebody_registered_anew_is_only_a_line),
	    T(test_repair__somebody_registered_anew_writes_first),
	    T(test_repair__both_begin_at_once),
	    T(test_repair__both_broke_at_once),
	    T(test_peer_session_usable__only_what_is_renewed_after_quantum),
	    T(test_peer_session_archive__the_next_message_begins_anew),
	    T(test_repair__garbage_of_a_stranger_is_bounded),
	    T(test_repair__garbage_of_an_acquaintance_ends_too),
	    T(test_repair__is_asked_only_so_often_an_hour),
	    T(test_repair__garbage_of_somebody_blocked_is_dropped),
	    T(test_repair__no_more_rows_than_allowed),
	    T(test_repair__only_who_it_went_to_is_answered_and_not_for_ever),
	    T(test_repair__a_new_key_gets_nothing_from_before),
	    T(test_repair__nothing_old_is_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
