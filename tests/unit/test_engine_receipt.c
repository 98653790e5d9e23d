/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ticks: exact, few requests, and never lost. */
#include "tests/unit/engine_rig.h"
#include "tui/engine/receipt.h"

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
	/* both know each other's keys: what follows is only messages */
	assert_true(er_say(f->anna, f->ben, "hi"));
	er_run(&f->net);
	assert_shows(f->anna, f->ben, "delivered:hi");
	f->anna->sends = f->ben->sends = 0;
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

static void
say_many(struct fixture *f, unsigned n)
{
	char text[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "m %u", i);
		assert_true(er_say(f->anna, f->ben, text));
	}
}

/* How many of Anna's messages are in this state. */
static unsigned
count_state(struct fixture *f, enum store_msg_state state)
{
	struct store_messages page;
	unsigned n = 0;

	assert_ok(store_message_before(f->anna->e->store,
	    er_chat(f->anna, f->ben), 0, STORE_PAGE_MAX, &page));
	for (size_t i = 0; i < page.n; i++)
		n += page.v[i].state == state;
	store_messages_clear(&page);
	return n;
}

static void
test_receipt__one_for_all_that_came_together(void **state)
{
	struct fixture *f = *state;

	f->net.deaf = true;
	say_many(f, 40);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_SENT), 40);
	f->net.deaf = false;
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_DELIVERED), 41);
	assert_int_equal(f->ben->sends, 1);
}

static void
test_receipt__what_comes_meanwhile_waits_for_the_one_under_way(void **state)
{
	struct fixture *f = *state;

	f->net.slow = f->ben;
	for (unsigned i = 0; i < 6; i++) {
		say_many(f, 1);
		er_run(&f->net);
	}
	assert_int_equal(count_state(f, STORE_MSG_SENT), 6);
	f->net.slow = NULL;
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_DELIVERED), 7);
	assert_int_equal(f->ben->sends, 2);
}

static void
test_receipt__a_long_one_is_cut(void **state)
{
	struct fixture *f = *state;

	f->net.deaf = true;
	say_many(f, 2 * RECEIPT_IDS_MAX + 10);
	er_run(&f->net);
	/* all of the queue before the first receipt is made */
	f->ben->e->outbox_hold_ms = UINT64_MAX / 2;
	f->net.deaf = false;
	er_run(&f->net);
	assert_int_equal(f->ben->sends, 0);
	f->ben->e->outbox_hold_ms = 0;
	outbox_kick(f->ben->e);
	er_run(&f->net);
	assert_int_equal(f->ben->sends, 3);
	assert_int_equal(
	    count_state(f, STORE_MSG_DELIVERED), 2 * RECEIPT_IDS_MAX + 11);
}

static void
test_receipt__leaves_room_for_what_people_write(void **state)
{
	struct fixture *f = *state;
	unsigned i;

	for (i = 0; i < RECEIPT_BURST; i++) {
		say_many(f, 1);
		er_run(&f->net);
	}
	assert_true(f->ben->sends >= RECEIPT_BURST - 1);
	/* What the burst has left over goes too. */
	f->ben->e->receipts_full_ms = 0;
	outbox_kick(f->ben->e);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_SENT), 0);
	/* From here on no time passes, for this test. */
	for (i = 0; i < 20; i++) {
		f->ben->e->receipts_full_ms = UINT64_MAX / 2;
		say_many(f, 1);
		er_run(&f->net);
	}
	assert_int_equal(count_state(f, STORE_MSG_SENT), 20);
	f->ben->e->receipts_full_ms = UINT64_MAX / 2;
	/* what a person writes does not wait for that */
	assert_true(er_say(f->ben, f->anna, "fast, aren't you?"));
	er_run(&f->net);
	assert_non_null(
	    strstr(er_shows(f->anna, f->ben), "received:fast, aren't you?"));
	f->ben->e->receipts_full_ms = 0; /* the time has passed */
	outbox_kick(f->ben->e);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_SENT), 0);
}

static void
test_receipt__read_says_delivered_too(void **state)
{
	struct fixture *f = *state;

	f->ben->e->outbox_hold_ms = UINT64_MAX / 2;
	say_many(f, 5);
	er_run(&f->net);
	er_read(f->ben, f->anna);
	f->ben->e->outbox_hold_ms = 0;
	outbox_kick(f->ben->e);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_READ), 6);
	assert_int_equal(f->ben->sends, 1);
}

static void
test_receipt__read_stays_at_home_when_it_is_off(void **state)
{
	struct fixture *f = *state;

	f->ben->e->self.read_receipts = false;
	say_many(f, 2);
	er_run(&f->net);
	er_read(f->ben, f->anna);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_DELIVERED), 3);
	assert_int_equal(f->ben->sends, 1);
}

static void
test_receipt__survives_the_end_of_the_process(void **state)
{
	struct fixture *f = *state;

	f->ben->e->outbox_hold_ms = UINT64_MAX / 2;
	say_many(f, 3);
	er_run(&f->net);
	er_stop(f->ben); /* stored, and nothing told */
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_SENT), 3);
	er_start(f->ben);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_DELIVERED), 4);
	assert_int_equal(f->ben->sends, 1);
}

static void
test_receipt__goes_again_when_the_answer_was_lost(void **state)
{
	struct fixture *f = *state;

	f->net.slow = f->ben;
	say_many(f, 1);
	er_run(&f->net);
	er_online(f->ben, false); /* the request dies with the connection */
	f->net.slow = NULL;
	er_online(f->ben, true);
	say_many(f, 1);
	er_run(&f->net);
	assert_int_equal(count_state(f, STORE_MSG_DELIVERED), 3);
	assert_int_equal(f->ben->sends, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_receipt__one_for_all_that_came_together),
	    T(test_receipt__what_comes_meanwhile_waits_for_the_one_under_way),
	    T(test_receipt__a_long_one_is_cut),
	    T(test_receipt__leaves_room_for_what_people_write),
	    T(test_receipt__read_says_delivered_too),
	    T(test_receipt__read_stays_at_home_when_it_is_off),
	    T(test_receipt__survives_the_end_of_the_process),
	    T(test_receipt__goes_again_when_the_answer_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
