/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History from one device of an account to another. */
#include "tests/unit/engine_rig.h"
#include "tui/engine/draft.h"
#include "tui/engine/history.h"
#include "tui/store/store_action.h"

#define MANY 700 /* messages: more parts than may be on their way */

struct home {
	struct er_net net;
	struct er_person *anna, *ben; /* first devices */
	struct er_person *laptop, *phone; /* Anna's second, third */
};

static void
say(struct home *h, struct er_person *from, struct er_person *to,
    const char *text)
{
	assert_true(er_say(from, to, text));
	er_run(&h->net);
}

/* A past of both directions, and then a new device. */
static void
begin(struct home *h)
{
	memset(h, 0, sizeof(*h));
	er_init(&h->net);
	h->anna = er_add(&h->net, 1);
	h->ben = er_add(&h->net, 2);
	say(h, h->anna, h->ben, "one");
	say(h, h->ben, h->anna, "two");
	say(h, h->anna, h->ben, "three");
	er_read(h->anna, h->ben);
	er_run(&h->net);
	h->laptop = er_add_blank(&h->net, 3);
	er_link(&h->net, h->laptop, h->anna, "laptop");
}

static void
end(struct home *h)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (h->net.p[i].e != NULL) {
			assert_int_equal(h->net.p[i].fatal, 0);
			assert_ok(store_check(h->net.p[i].e->store));
		}
	er_clear(&h->net);
}

static void
give(struct er_person *p, uint32_t device, uint32_t days, uint32_t messages)
{
	struct cmd *c;

	alloc_spare(1);
	c = cmd_new(CMD_HISTORY_SEND, 9, NULL, NULL, NULL);
	alloc_spare(0);
	assert_non_null(c);
	c->n = device;
	c->id = days;
	c->chat = messages;
	cmd_history_send(p->e, c);
	cmd_free(c);
}

static enum store_transfer_state
state_of(struct er_person *p, uint32_t device, bool incoming)
{
	struct store_transfer t;
	enum store_transfer_state s;

	if (store_transfer_get(p->e->store, device, incoming, &t) != 0)
		return 0;
	s = t.state;
	store_transfer_clear(&t);
	return s;
}

/* A long past in Anna's store, older than what was said. */
static void
fill(struct home *h, unsigned n, uint64_t ago_ms)
{
	static char text[400];
	int64_t chat = er_chat(h->anna, h->ben), id;
	unsigned i;

	assert_ok(txn_begin(h->anna->e));
	for (i = 0; i < n; i++) {
		struct store_message m = {.chat = chat,
		    .device = 1,
		    .dir = i % 2 ? STORE_OUT : STORE_IN,
		    .state = i % 2 ? STORE_MSG_READ : STORE_MSG_RECEIVED,
		    .sent_ms = engine_now_ms(),
		    .received_ms = engine_now_ms() - ago_ms};

		snprintf(text, sizeof(text), "%0390u", i);
		m.text = text;
		memcpy(m.message_id, id_of(1000 + i).b, STORE_ID_LEN);
		memcpy(m.account, i % 2 ? h->anna->account : h->ben->account,
		    STORE_ID_LEN);
		assert_ok(store_message_add(h->anna->e->store, &m, &id));
	}
	assert_ok(txn_end(h->anna->e, 0));
}

/* The same messages in the same order on both. */
static void
assert_same(struct home *h, struct er_person *a, struct er_person *b, size_t n)
{
	struct store_messages x, y;
	size_t i;

	assert_ok(store_message_before(
	    a->e->store, er_chat(a, h->ben), 0, STORE_PAGE_MAX, &x));
	assert_ok(store_message_before(
	    b->e->store, er_chat(b, h->ben), 0, STORE_PAGE_MAX, &y));
	assert_int_equal(x.n, n);
	assert_int_equal(y.n, n);
	for (i = 0; i < n; i++) {
		assert_memory_equal(
		    x.v[i].message_id, y.v[i].message_id, STORE_ID_LEN);
		assert_string_equal(x.v[i].text, y.v[i].text);
		assert_int_equal(x.v[i].state, y.v[i].state);
	}
	store_messages_clear(&x);
	store_messages_clear(&y);
}

static void
test_history__none_unless_it_is_sent(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	assert_shows(h.laptop, h.ben, "");
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	assert_shows(h.laptop, h.ben,
	    "delivered:one received:two "
	    "delivered:three");
	assert_int_equal(state_of(h.anna, 2, false), STORE_TRANSFER_WHOLE);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
	/* once more: nothing is there twice */
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	assert_shows(h.laptop, h.ben,
	    "delivered:one received:two "
	    "delivered:three");
	end(&h);
}

static void
test_history__an_amount(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	fill(&h, 1, 3 * 24 * 3600 * 1000ull);
	give(h.anna, 2, 0, 1);
	er_run(&h.net);
	assert_shows(h.laptop, h.ben, "delivered:three");
	give(h.anna, 2, 1, 0);
	er_run(&h.net);
	assert_shows(h.laptop, h.ben,
	    "delivered:one received:two "
	    "delivered:three");
	end(&h);
}

static void
ask(struct er_person *p, uint32_t device)
{
	er_cmd(p, CMD_HISTORY_ASK, NULL, NULL, 0, device);
}

/* A person decides; the answer is the one to that question. */
static void
test_history__asked_for(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	ask(h.laptop, 1);
	er_run(&h.net);
	assert_int_equal(state_of(h.anna, 2, false), STORE_TRANSFER_ASKED);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_ASKING);
	assert_shows(h.laptop, h.ben, "");
	er_cmd(h.anna, CMD_HISTORY_CANCEL, NULL, NULL, 0, 2);
	er_run(&h.net);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_ENDED);
	ask(h.laptop, 1);
	er_run(&h.net);
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
	assert_shows(h.laptop, h.ben,
	    "delivered:one received:two "
	    "delivered:three");
	end(&h);
}

/* What is on the relay is bounded, and everything goes on after an end. */
static void
test_history__goes_on_after_a_restart_of_either(void **state)
{
	struct er_item *it;
	struct home h;
	size_t n, rounds;

	(void)state;
	begin(&h);
	fill(&h, MANY, 0);
	er_stop(h.laptop);
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	for (n = 0, it = h.laptop->queue; it != NULL; it = it->next)
		n += it->msg.ciphertext.len > HISTORY_PART_MAX;
	assert_int_equal(n, HISTORY_WINDOW);
	for (rounds = 0;
	     rounds < 200 && state_of(h.anna, 2, false) != STORE_TRANSFER_WHOLE;
	     rounds++) {
		er_stop(h.anna);
		er_start(h.laptop);
		er_turn(&h.net);
		er_stop(h.laptop);
		er_start(h.anna);
		er_turn(&h.net);
		er_turn(&h.net);
		er_turn(&h.net);
	}
	assert_in_range(rounds, 2, 199);
	er_start(h.laptop);
	er_run(&h.net);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
	assert_same(&h, h.anna, h.laptop, MANY + 3);
	end(&h);
}

static void
drop_parts(struct er_net *net, struct er_person *from, struct er_person *to,
    Sotto__Relay__DeliverEvent__Item *it)
{
	(void)net;
	(void)from;
	(void)to;
	if (it->ciphertext.len > HISTORY_PART_MAX)
		it->ciphertext.data[it->ciphertext.len - 1] ^= 1;
}

static void
make_old(struct er_person *p, uint32_t device, bool incoming, uint64_t ms)
{
	struct store_transfer t;

	assert_ok(store_transfer_get(p->e->store, device, incoming, &t));
	t.touched_ms -= ms;
	assert_ok(store_transfer_put(p->e->store, &t));
	store_transfer_clear(&t);
}

static void
reconnect(struct home *h, struct er_person *p)
{
	er_online(p, false);
	er_online(p, true);
	er_run(&h->net);
}

/* Parts that do not open are sent again. */
static void
test_history__lost_parts_come_again(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	fill(&h, MANY, 0);
	give(h.anna, 2, 0, 0);
	er_turn(&h.net);
	while (state_of(h.laptop, 1, true) != STORE_TRANSFER_RECEIVING)
		er_turn(&h.net);
	h.net.bend = drop_parts;
	er_run(&h.net);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_RECEIVING);
	h.net.bend = NULL;
	reconnect(&h, h.laptop);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_RECEIVING);
	make_old(h.laptop, 1, true, HISTORY_QUIET_MS);
	make_old(h.anna, 2, false, HISTORY_QUIET_MS);
	reconnect(&h, h.laptop);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
	assert_int_equal(state_of(h.anna, 2, false), STORE_TRANSFER_WHOLE);
	assert_same(&h, h.anna, h.laptop, MANY + 3);
	end(&h);
}

static void
test_history__called_off_by_either(void **state)
{
	struct home h;
	struct er_person *by;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(&h);
		fill(&h, MANY, 0);
		give(h.anna, 2, 0, 0);
		while (state_of(h.laptop, 1, true) != STORE_TRANSFER_RECEIVING)
			er_turn(&h.net);
		by = i == 0 ? h.anna : h.laptop;
		er_cmd(by, CMD_HISTORY_CANCEL, NULL, NULL, 0, i == 0 ? 2 : 1);
		er_run(&h.net);
		assert_int_equal(
		    state_of(h.laptop, 1, true), STORE_TRANSFER_ENDED);
		assert_int_equal(
		    state_of(h.anna, 2, false), STORE_TRANSFER_ENDED);
		end(&h);
	}
}

/* The third device gets no word of it, and takes none unasked but of the
 * first. */
static void
test_history__is_for_one_device(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	h.phone = er_add_blank(&h.net, 4);
	er_link(&h.net, h.phone, h.anna, "phone");
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
	assert_int_equal(state_of(h.phone, 1, true), 0);
	assert_shows(h.phone, h.ben, "");
	give(h.laptop, 3, 0, 0);
	er_run(&h.net);
	assert_shows(h.phone, h.ben, "");
	assert_int_equal(state_of(h.laptop, 3, false), STORE_TRANSFER_ENDED);
	ask(h.phone, 2);
	er_run(&h.net);
	give(h.laptop, 3, 0, 0);
	er_run(&h.net);
	assert_shows(h.phone, h.ben,
	    "delivered:one received:two "
	    "delivered:three");
	end(&h);
}

/* An edit that came before its message waits for it. */
static void
test_history__what_came_early_happens(void **state)
{
	struct store_early early = {
	    .kind = STORE_EARLY_EDIT, .text = lit("two, or so")};
	struct store_messages page;
	struct home h;

	(void)state;
	begin(&h);
	assert_ok(store_message_before(
	    h.anna->e->store, er_chat(h.anna, h.ben), 0, 2, &page));
	memcpy(early.author, h.ben->account, STORE_ID_LEN);
	memcpy(early.actor, h.ben->account, STORE_ID_LEN);
	memcpy(early.message_id, page.v[0].message_id, STORE_ID_LEN);
	early.when_ms = page.v[0].sent_ms + 1;
	store_messages_clear(&page);
	assert_ok(store_early_put(h.laptop->e->store, &early, engine_now_ms()));
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	assert_shows(h.laptop, h.ben,
	    "delivered:one received:two, or so "
	    "delivered:three");
	end(&h);
}

/* Of somebody else it is nothing. */
static void
test_history__of_others_is_nothing(void **state)
{
	Sotto__Content__History m = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryAsk a = SOTTO__CONTENT__HISTORY_ASK__INIT;
	struct outbox_for whom = {.only_device = 0};
	struct draft d = {0};
	struct home h;
	uint8_t id[STORE_ID_LEN] = {1};

	(void)state;
	begin(&h);
	whom.account = h.anna->account;
	m.transfer_id = (ProtobufCBinaryData){sizeof(id), id};
	m.step_case = SOTTO__CONTENT__HISTORY__STEP_ASK;
	m.ask = &a;
	draft_init(&d);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_HISTORY;
	d.c.history = &m;
	assert_ok(txn_begin(h.ben->e));
	assert_ok(txn_end(h.ben->e, draft_send(h.ben->e, &d, &whom)));
	outbox_kick(h.ben->e);
	er_run(&h.net);
	assert_int_equal(state_of(h.anna, 1, false), 0);
	/* nor to a device that is none of ours, or to oneself */
	er_cmd(h.anna, CMD_HISTORY_ASK, NULL, NULL, 0, 1);
	assert_string_equal(h.anna->why, "There is no other device 1.");
	er_cmd(h.anna, CMD_HISTORY_SEND, NULL, NULL, 0, 7);
	assert_string_equal(h.anna->why, "There is no other device 7.");
	end(&h);
}

/* Records that make no sense end it, and nothing stands still. */
static void
test_history__nonsense_ends_it(void **state)
{
	Sotto__Content__History m = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryPart p = SOTTO__CONTENT__HISTORY_PART__INIT;
	uint8_t id[STORE_ID_LEN] = {1}, bytes[9] = {0, 0, 0, 5, 9, 9, 9, 9, 9};
	struct home h;

	(void)state;
	begin(&h);
	p.data = (ProtobufCBinaryData){sizeof(bytes), bytes};
	m.step_case = SOTTO__CONTENT__HISTORY__STEP_PART;
	m.part = &p;
	assert_ok(txn_begin(h.anna->e));
	assert_ok(txn_end(h.anna->e, history_tell(h.anna->e, 2, id, &m)));
	outbox_kick(h.anna->e);
	er_run(&h.net);
	assert_int_equal(state_of(h.laptop, 1, true), STORE_TRANSFER_ENDED);
	say(&h, h.ben, h.anna, "go on");
	assert_shows(h.laptop, h.ben, "received:go on");
	end(&h);
}

/* A removed device keeps nothing under way. */
static void
test_history__ends_with_the_device(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	fill(&h, MANY, 0);
	er_stop(h.laptop);
	give(h.anna, 2, 0, 0);
	er_run(&h.net);
	assert_int_equal(state_of(h.anna, 2, false), STORE_TRANSFER_SENDING);
	er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0, 2);
	er_run(&h.net);
	assert_int_equal(state_of(h.anna, 2, false), 0);
	h.laptop->removed = false;
	er_start(h.laptop);
	end(&h);
}

/* ---- memory -------------------------------------------------------------------------- */

static bool
try_failing(struct home *h, long n)
{
	bool failed;

	alloc_fail_at(n);
	give(h->anna, 2, 0, 0);
	er_run(&h->net);
	failed = alloc_failed();
	alloc_fail_at(-1);
	return failed;
}

static void
start_again(struct home *h, struct er_person *p)
{
	p->fatal = 0;
	er_stop(p);
	er_start(p);
	er_run(&h->net);
}

static void
test_history__without_memory_works_later(void **state)
{
	struct store_transfer none = {.device = 1, .incoming = true};
	bool failed = true;
	struct home h;
	long n;

	(void)state;
	begin(&h);
	for (n = 0; failed; n += 7) {
		failed = try_failing(&h, n);
		if (!failed)
			assert_int_equal(
			    state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
		start_again(&h, h.anna);
		start_again(&h, h.laptop);
		if (state_of(h.laptop, 1, true) != STORE_TRANSFER_WHOLE ||
		    state_of(h.anna, 2, false) != STORE_TRANSFER_WHOLE) {
			give(h.anna, 2, 0, 0);
			er_run(&h.net);
		}
		assert_int_equal(
		    state_of(h.laptop, 1, true), STORE_TRANSFER_WHOLE);
		assert_shows(h.laptop, h.ben,
		    "delivered:one received:two "
		    "delivered:three");
		none.state = STORE_TRANSFER_ENDED;
		assert_ok(store_transfer_put(h.laptop->e->store, &none));
	}
	assert_true(n > 50);
	end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_history__none_unless_it_is_sent),
	    cmocka_unit_test(test_history__an_amount),
	    cmocka_unit_test(test_history__asked_for),
	    cmocka_unit_test(test_history__goes_on_after_a_restart_of_either),
	    cmocka_unit_test(test_history__lost_parts_come_again),
	    cmocka_unit_test(test_history__called_off_by_either),
	    cmocka_unit_test(test_history__is_for_one_device),
	    cmocka_unit_test(test_history__what_came_early_happens),
	    cmocka_unit_test(test_history__of_others_is_nothing),
	    cmocka_unit_test(test_history__nonsense_ends_it),
	    cmocka_unit_test(test_history__ends_with_the_device),
	    cmocka_unit_test(test_history__without_memory_works_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
