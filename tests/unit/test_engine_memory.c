/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every allocation of the engine fails once, while it sends, receives, gives
 * receipts and repairs. What was accepted arrives once, what was refused says
 * so, and after a new start all goes on. Leaks are the sanitizer's to find.
 */
#include "tests/unit/engine_rig.h"
#include "tui/store/store_repair.h"

struct talk {
	struct er_net net;
	struct er_person *anna, *ben;
	unsigned said; /* accepted from Anna so far */
	unsigned refused, ended; /* clear errors, ends of the process */
};

static void
begin(struct talk *t)
{
	memset(t, 0, sizeof(*t));
	er_init(&t->net);
	t->anna = er_add(&t->net, 1);
	t->ben = er_add(&t->net, 2);
	assert_true(er_say(t->anna, t->ben, "m0"));
	t->said = 1;
	er_run(&t->net);
	assert_true(er_say(t->ben, t->anna, "ho"));
	er_run(&t->net);
}

static void
end(struct talk *t)
{
	assert_ok(store_check(t->anna->e->store));
	assert_ok(store_check(t->ben->e->store));
	er_clear(&t->net);
}

/* Nothing fails any more; whoever gave up begins again. */
static void
recover(struct talk *t, struct er_person *p)
{
	if (p->e->failed) {
		assert_int_equal(p->fatal, 1); /* and it was said */
		p->fatal = 0;
		t->ended++;
		er_stop(p);
		er_start(p);
	} else { /* pauses end, connections come back */
		p->e->outbox_hold_ms = p->e->receipts_full_ms = 0;
		er_online(p, false);
		er_online(p, true);
	}
	assert_false(store_in_transaction(p->e->store));
}

/* Everything Anna's engine accepted is with Ben, once, in order, with ticks. */
static void
check_all(struct talk *t)
{
	struct store_messages out, in;
	char want[16];
	size_t i, n = 0;

	assert_ok(store_message_after(t->anna->e->store,
	    er_chat(t->anna, t->ben), 0, STORE_PAGE_MAX, &out));
	assert_ok(store_message_after(t->ben->e->store,
	    er_chat(t->ben, t->anna), 0, STORE_PAGE_MAX, &in));
	for (i = 0; i < in.n; i++) {
		if (in.v[i].dir != STORE_IN)
			continue;
		snprintf(want, sizeof(want), "m%zu", n++);
		assert_int_equal(in.v[i].state, STORE_MSG_RECEIVED);
		assert_string_equal(in.v[i].text, want);
	}
	assert_int_equal(n, t->said);
	for (i = 0, n = 0; i < out.n; i++) {
		if (out.v[i].dir != STORE_OUT)
			continue;
		n++;
		assert_true(out.v[i].state == STORE_MSG_DELIVERED ||
			    out.v[i].state == STORE_MSG_READ);
	}
	assert_int_equal(n, t->said);
	store_messages_clear(&out);
	store_messages_clear(&in);
}

static bool
say_next(struct talk *t)
{
	char text[16];
	bool said;

	snprintf(text, sizeof(text), "m%u", t->said);
	said = er_say(t->anna, t->ben, text);
	return said;
}

/* Turns of the net until it is quiet, one of which fails. */
static void
run_failing(struct talk *t, long nth)
{
	alloc_fail_at(nth);
	er_run(&t->net);
}

/* Is the last text in Anna's store, whatever she was told? */
static bool
is_stored(struct talk *t)
{
	struct store_messages page;
	char text[16];
	bool yes;

	snprintf(text, sizeof(text), "m%u", t->said);
	assert_ok(store_message_before(
	    t->anna->e->store, er_chat(t->anna, t->ben), 0, 1, &page));
	yes = page.n == 1 && strcmp(page.v[0].text, text) == 0;
	store_messages_clear(&page);
	return yes;
}

static void
settle(struct talk *t)
{
	alloc_fail_at(-1);
	recover(t, t->anna);
	recover(t, t->ben);
	er_run(&t->net);
}

static void
test_engine__sending_without_memory_is_an_error_or_done(void **state)
{
	struct talk t;
	bool said, failed = true;
	long n;

	(void)state;
	begin(&t);
	for (n = 0; failed; n++) {
		alloc_fail_at(n);
		said = say_next(&t);
		failed = alloc_failed();
		alloc_fail_at(-1);
		assert_true(said || failed);
		t.refused += !said;
		/* a text that was refused may be there only when the engine
		 * came to its end: then nobody was told otherwise */
		assert_true(said == is_stored(&t) || t.anna->e->failed);
		t.said += is_stored(&t);
		settle(&t);
	}
	check_all(&t);
	assert_true(t.refused > 20);
	end(&t);
}

/* Everything behind the command: sealing, the request, delivery, the receipt,
 * the ticks. */
static void
test_engine__delivery_without_memory_loses_nothing(void **state)
{
	bool failed = true;
	struct talk t;
	long n;

	(void)state;
	begin(&t);
	for (n = 0; failed; n++) {
		assert_true(say_next(&t));
		t.said++;
		run_failing(&t, n);
		failed = alloc_failed();
		settle(&t);
	}
	assert_true(n > 80);
	check_all(&t);
	end(&t);
}

static void
test_engine__reading_without_memory_is_told_later(void **state)
{
	struct store_messages page;
	bool failed = true;
	struct talk t;
	long n;

	(void)state;
	begin(&t);
	for (n = 0; failed; n++) {
		assert_true(say_next(&t));
		t.said++;
		er_run(&t.net);
		alloc_fail_at(n);
		er_read(t.ben, t.anna);
		er_run(&t.net);
		failed = alloc_failed();
		settle(&t);
		er_read(t.ben, t.anna); /* the person looks again */
		er_run(&t.net);
	}
	t.ben->e->receipts_full_ms = 0;
	outbox_kick(t.ben->e);
	er_run(&t.net);
	check_all(&t);
	assert_ok(store_message_after(t.anna->e->store, er_chat(t.anna, t.ben),
	    0, STORE_PAGE_MAX, &page));
	for (size_t i = 0; i < page.n; i++)
		assert_true(page.v[i].dir != STORE_OUT ||
			    page.v[i].state == STORE_MSG_READ);
	store_messages_clear(&page);
	end(&t);
}

static void
garble(struct buf *rec)
{
	memset(rec->p, 0xff, rec->len);
}

/* A break, the request, fresh sessions on both sides, the answer. */
static void
test_engine__repair_without_memory_goes_on_later(void **state)
{
	const struct store_repair never = {.renewed_ms = 0};
	bool failed = true;
	struct talk t;
	long n;

	(void)state;
	begin(&t);
	for (n = 0; failed; n++) {
		er_break(t.ben, t.anna, garble);
		assert_ok(store_repair_put(
		    t.ben->e->store, t.anna->account, 1, &never));
		assert_true(say_next(&t));
		t.said++;
		run_failing(&t, n);
		failed = alloc_failed();
		settle(&t);
	}
	assert_true(n > 200);
	check_all(&t);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_engine__sending_without_memory_is_an_error_or_done),
	    cmocka_unit_test(
		test_engine__delivery_without_memory_loses_nothing),
	    cmocka_unit_test(test_engine__reading_without_memory_is_told_later),
	    cmocka_unit_test(test_engine__repair_without_memory_goes_on_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
