/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chats and what is set for them, on two devices: block, timer, texts to be
 * viewed once, notes to oneself, deletion; and each without memory. */
#include "tests/unit/engine_rig.h"
#include "tui/engine/repair.h"
#include "tui/engine/timer.h"
#include "tui/store/store_action.h"
#include "tui/store/store_once.h"

struct home {
	struct er_net net;
	struct er_person *anna, *ben; /* first devices */
	struct er_person *laptop; /* Anna's second */
};

static int
setup(void **state)
{
	struct home *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	er_init(&h->net);
	h->anna = er_add(&h->net, 1);
	h->ben = er_add(&h->net, 2);
	h->laptop = er_add_blank(&h->net, 3);
	er_link(&h->net, h->laptop, h->anna, "laptop");
	assert_true(er_say(h->ben, h->anna, "hello"));
	er_run(&h->net);
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	struct home *h = *state;

	assert_int_equal(h->anna->fatal + h->ben->fatal + h->laptop->fatal, 0);
	assert_ok(store_check(h->anna->e->store));
	assert_ok(store_check(h->ben->e->store));
	assert_ok(store_check(h->laptop->e->store));
	er_clear(&h->net);
	free(h);
	return 0;
}

/* Give a command; its answer, which the caller frees. NULL: no memory. */
static struct engine_event *
ask(struct er_person *p, cmd_fn *fn, struct cmd *c)
{
	struct engine_event *ev, *answer = NULL;

	c->tag = 7;
	fn(p->e, c);
	while ((ev = engine_next(p->e)) != NULL) {
		if (ev->tag == 7 && answer == NULL) {
			answer = ev;
			continue;
		}
		p->fatal += ev->kind == EV_FATAL;
		engine_event_free(ev);
	}
	return answer;
}

/* The kind of the answer, when all has passed. */
static enum engine_event_kind
order(struct er_person *p, cmd_fn *fn, struct cmd c)
{
	struct engine_event *ev = ask(p, fn, &c);
	enum engine_event_kind kind;

	assert_non_null(ev);
	kind = ev->kind;
	engine_event_free(ev);
	er_run(p->net);
	return kind;
}

static struct store_message
newest(struct er_person *p, int64_t chat)
{
	struct store_messages page;
	struct store_message m;

	assert_ok(store_message_before(p->e->store, chat, 0, 1, &page));
	assert_int_equal(page.n, 1);
	m = page.v[0];
	page.v[0].text = NULL;
	store_messages_clear(&page);
	return m;
}

static int64_t
newest_id(struct er_person *p, int64_t chat)
{
	struct store_message m = newest(p, chat);
	int64_t id = m.id;

	store_message_clear(&m);
	return id;
}

static struct store_chat
chat_of(struct er_person *p, const struct er_person *with)
{
	struct store_chat c;

	assert_ok(store_chat_get(p->e->store, er_chat(p, with), &c));
	return c;
}

/* ---- block -------------------------------------------------------------------- */

static void
test_block__is_silent_and_on_all_devices(void **state)
{
	struct home *h = *state;
	int64_t chat = er_chat(h->laptop, h->ben);

	assert_int_equal(
	    order(h->anna, cmd_block,
		(struct cmd){.chat = er_chat(h->anna, h->ben), .n = 1}),
	    EV_DONE);
	assert_true(er_say(h->ben, h->anna, "dropped"));
	er_run(&h->net);
	assert_shows(h->anna, h->ben, "received:hello");
	assert_shows(h->laptop, h->ben, "received:hello");
	assert_shows(h->ben, h->anna, "delivered:hello sent:dropped");
	assert_false(er_say(h->laptop, h->ben, "no"));
	assert_int_equal(order(h->laptop, cmd_react,
			     (struct cmd){.id = newest_id(h->laptop, chat),
				 .s = {(char[]){"x"}}}),
	    EV_ERROR);
	assert_int_equal(
	    order(h->laptop, cmd_block, (struct cmd){.chat = chat, .n = 0}),
	    EV_DONE);
	assert_true(er_say(h->ben, h->anna, "taken"));
	er_run(&h->net);
	assert_shows(h->anna, h->ben, "received:hello received:taken");
}

/* ---- timer -------------------------------------------------------------------- */

static void
test_timer__is_told_and_the_later_one_counts(void **state)
{
	struct home *h = *state;
	struct store_chat c;

	assert_int_equal(
	    order(h->anna, cmd_set_timer,
		(struct cmd){.chat = er_chat(h->anna, h->ben), .n = 3600}),
	    EV_DONE);
	c = chat_of(h->ben, h->anna);
	assert_int_equal(c.expire_s, 3600);
	store_chat_clear(&c);
	c = chat_of(h->laptop, h->ben);
	assert_int_equal(c.expire_s, 3600);
	store_chat_clear(&c);
	/* both at once, and neither has heard of the other */
	h->net.deaf = true;
	order(h->anna, cmd_set_timer,
	    (struct cmd){.chat = er_chat(h->anna, h->ben), .n = 60});
	order(h->ben, cmd_set_timer,
	    (struct cmd){.chat = er_chat(h->ben, h->anna), .n = 86400});
	h->net.deaf = false;
	er_run(&h->net);
	er_online(h->anna, false);
	er_online(h->anna, true);
	er_online(h->ben, false);
	er_online(h->ben, true);
	er_run(&h->net);
	c = chat_of(h->anna, h->ben);
	assert_int_equal(c.expire_s, 86400);
	store_chat_clear(&c);
	c = chat_of(h->ben, h->anna);
	assert_int_equal(c.expire_s, 86400);
	store_chat_clear(&c);
}

/* As if it had been waiting for so long. */
static void
age(struct er_person *p, int64_t id)
{
	assert_ok(store_message_start_timer(p->e->store, id, 1));
}

static void
test_timer__what_expired_is_gone_and_said(void **state)
{
	struct home *h = *state;
	int64_t chat = er_chat(h->ben, h->anna), mine;
	struct store_message m;
	unsigned gone;

	order(h->anna, cmd_set_timer,
	    (struct cmd){.chat = er_chat(h->anna, h->ben), .n = 10});
	assert_true(er_say(h->anna, h->ben, "goes"));
	er_run(&h->net);
	m = newest(h->anna, er_chat(h->anna, h->ben));
	assert_int_not_equal(m.expires_ms, 0); /* since it was sent */
	mine = m.id;
	store_message_clear(&m);
	m = newest(h->ben, chat);
	assert_int_equal(m.expire_s, 10);
	assert_int_equal(m.expires_ms, 0); /* nobody has read it */
	store_message_clear(&m);
	m = newest(h->laptop, er_chat(h->laptop, h->ben));
	assert_int_not_equal(m.expires_ms, 0);
	store_message_clear(&m);
	timer_run(h->ben->e);
	assert_int_equal(newest_id(h->ben, chat), newest_id(h->ben, chat));
	age(h->ben, newest_id(h->ben, chat));
	gone = h->ben->gone;
	timer_run(h->ben->e);
	er_run(&h->net);
	assert_int_equal(h->ben->gone, gone + 1);
	assert_err(
	    store_message_get(h->anna->e->store, 9999, &m), ERR_NOTFOUND);
	assert_ok(store_message_get(h->anna->e->store, mine, &m));
	store_message_clear(&m);
	m = newest(h->ben, chat);
	assert_null(strstr(m.text, "goes"));
	store_message_clear(&m);
}

/* ---- to be viewed once ----------------------------------------------------------- */

static void
assert_no_text(struct er_person *p, int64_t id)
{
	char *text = NULL;

	assert_err(store_once_get(p->e->store, id, &text), ERR_NOTFOUND);
}

static void
test_once__is_opened_once_on_one_device(void **state)
{
	struct home *h = *state;
	int64_t at_ben = er_chat(h->ben, h->anna);
	int64_t id, there, mine;
	struct engine_event *ev;
	struct cmd c = {
	    .chat = at_ben, .flag = {true, false}, .s = {(char[]){"glimpse"}}};

	assert_int_equal(order(h->ben, cmd_send_text, c), EV_SENT_LOCALLY);
	mine = newest_id(h->ben, at_ben);
	assert_no_text(h->ben, mine); /* it was delivered */
	id = newest_id(h->anna, er_chat(h->anna, h->ben));
	there = newest_id(h->laptop, er_chat(h->laptop, h->ben));
	assert_int_equal(
	    order(h->anna, cmd_star, (struct cmd){.id = id, .n = 1}), EV_ERROR);
	assert_int_equal(
	    order(h->anna, cmd_forward,
		(struct cmd){.id = id, .chat = er_chat(h->anna, h->ben)}),
	    EV_ERROR);
	c = (struct cmd){.id = id};
	ev = ask(h->anna, cmd_open_once, &c);
	assert_non_null(ev);
	assert_int_equal(ev->kind, EV_ONCE);
	assert_string_equal(ev->msgs[0].text, "glimpse");
	engine_event_free(ev);
	assert_no_text(h->anna, id);
	er_run(&h->net);
	assert_no_text(h->laptop, there);
	assert_int_equal(
	    order(h->anna, cmd_open_once, (struct cmd){.id = id}), EV_ERROR);
	assert_int_equal(
	    order(h->laptop, cmd_open_once, (struct cmd){.id = there}),
	    EV_ERROR);
	assert_int_equal(
	    order(h->ben, cmd_open_once, (struct cmd){.id = mine}), EV_ERROR);
}

/* Asked for again when nothing is left of it: nothing is what they get. */
static void
test_once__is_not_sent_again_when_they_had_it(void **state)
{
	struct home *h = *state;
	Sotto__Content__RetryRequest rq = SOTTO__CONTENT__RETRY_REQUEST__INIT;
	struct cmd c = {.chat = er_chat(h->ben, h->anna),
	    .flag = {true, false},
	    .s = {(char[]){"glimpse"}}};
	struct store_message m;
	struct repair_from from;
	ProtobufCBinaryData id;

	assert_int_equal(order(h->ben, cmd_send_text, c), EV_SENT_LOCALLY);
	m = newest(h->ben, c.chat);
	id = (ProtobufCBinaryData){STORE_ID_LEN, m.message_id};
	rq.message_ids = &id;
	rq.n_message_ids = 1;
	rq.count = 1;
	rq.device_id = h->ben->e->self.device;
	from = (struct repair_from){.account = h->anna->account,
	    .device = 1,
	    .message_id = m.message_id};
	assert_ok(txn_begin(h->ben->e));
	assert_ok(txn_end(h->ben->e, repair_answer(h->ben->e, &from, &rq)));
	outbox_kick(h->ben->e);
	er_run(&h->net);
	store_message_clear(&m);
	m = newest(h->anna, er_chat(h->anna, h->ben));
	assert_int_equal(m.kind, STORE_MSG_ONCE);
	store_message_clear(&m);
}

static void
test_once__opened_elsewhere_before_it_came(void **state)
{
	struct home *h = *state;
	struct cmd c = {.chat = er_chat(h->ben, h->anna),
	    .flag = {true, false},
	    .s = {(char[]){"glimpse"}}};
	struct store_early early = {
	    .kind = STORE_EARLY_VIEWED, .text = (char[]){""}};
	uint8_t id[STORE_ID_LEN];
	struct store_message m;

	er_online(h->anna, false);
	assert_int_equal(order(h->ben, cmd_send_text, c), EV_SENT_LOCALLY);
	m = newest(h->laptop, er_chat(h->laptop, h->ben));
	memcpy(id, m.message_id, STORE_ID_LEN);
	store_message_clear(&m);
	memcpy(early.author, h->ben->account, STORE_ID_LEN);
	memcpy(early.message_id, id, STORE_ID_LEN);
	memcpy(early.actor, h->anna->account, STORE_ID_LEN);
	assert_ok(store_early_put(h->anna->e->store, &early, engine_now_ms()));
	er_online(h->anna, true);
	er_run(&h->net);
	m = newest(h->anna, er_chat(h->anna, h->ben));
	assert_int_equal(m.kind, STORE_MSG_ONCE);
	assert_true((m.flags & STORE_MSG_VIEWED) != 0);
	assert_no_text(h->anna, m.id);
	store_message_clear(&m);
}

/* ---- oneself --------------------------------------------------------------------- */

static void
test_notes__are_on_all_devices_and_sent_at_once(void **state)
{
	struct home *h = *state;
	struct engine_event *ev;
	struct store_message m;
	struct store_chat row;
	struct chat_row shown;
	struct cmd c = {.tag = 7};
	int64_t chat, there;

	ev = ask(h->anna, cmd_to_self, &c);
	assert_non_null(ev);
	assert_int_equal(ev->kind, EV_CONTACT);
	chat = ev->chat;
	engine_event_free(ev);
	assert_int_equal(
	    order(h->anna, cmd_send_text,
		(struct cmd){.chat = chat, .s = {(char[]){"buy bread"}}}),
	    EV_SENT_LOCALLY);
	m = newest(h->anna, chat);
	assert_int_equal(m.state, STORE_MSG_SENT);
	store_message_clear(&m);
	assert_ok(store_chat_find(
	    h->laptop->e->store, STORE_CHAT_PERSON, h->anna->account, &there));
	m = newest(h->laptop, there);
	assert_string_equal(m.text, "buy bread");
	assert_int_equal(m.dir, STORE_OUT);
	assert_int_equal(
	    order(h->laptop, cmd_edit,
		(struct cmd){.id = m.id, .s = {(char[]){"buy milk"}}}),
	    EV_DONE);
	store_message_clear(&m);
	m = newest(h->anna, chat);
	assert_string_equal(m.text, "buy milk");
	store_message_clear(&m);
	assert_ok(store_chat_get(h->anna->e->store, chat, &row));
	assert_ok(chat_row_from(h->anna->e, &shown, &row));
	assert_true(shown.to_self);
	assert_string_equal(shown.title, "Note to self");
	chat_row_clear(&shown);
	store_chat_clear(&row);
	assert_int_equal(
	    order(h->anna, cmd_block, (struct cmd){.chat = chat, .n = 1}),
	    EV_ERROR);
}

/* ---- deletion ---------------------------------------------------------------------- */

static void
test_clear__reaches_the_other_device_and_spares_what_is_new(void **state)
{
	struct home *h = *state;
	struct store_messages page;

	er_online(h->laptop, false);
	order(h->anna, cmd_clear_chat,
	    (struct cmd){.chat = er_chat(h->anna, h->ben)});
	assert_true(er_say(h->ben, h->anna, "new"));
	er_run(&h->net);
	er_online(h->laptop, true);
	er_run(&h->net);
	assert_shows(h->anna, h->ben, "received:new");
	assert_shows(h->laptop, h->ben, "received:new");
	order(h->laptop, cmd_delete_chat,
	    (struct cmd){.chat = er_chat(h->laptop, h->ben)});
	assert_ok(store_message_incoming(h->anna->e->store, 0, 10, &page));
	assert_int_equal(page.n, 0);
	store_messages_clear(&page);
}

static void
test_forget__reaches_the_other_device_also_early(void **state)
{
	struct home *h = *state;

	er_online(h->laptop, false);
	assert_true(er_say(h->ben, h->anna, "twice"));
	er_run(&h->net);
	order(h->anna, cmd_forget,
	    (struct cmd){.id = newest_id(h->anna, er_chat(h->anna, h->ben))});
	er_online(h->laptop, true);
	er_run(&h->net);
	assert_shows(h->laptop, h->ben, "received:hello");
}

/* Deleted here before it has left: it leaves, and nothing is stuck. */
static void
test_forget__of_what_waits_in_the_outbox(void **state)
{
	struct home *h = *state;

	er_online(h->anna, false);
	assert_true(er_say(h->anna, h->ben, "on its way"));
	order(h->anna, cmd_forget,
	    (struct cmd){.id = newest_id(h->anna, er_chat(h->anna, h->ben))});
	er_online(h->anna, true);
	er_run(&h->net);
	assert_true(er_say(h->anna, h->ben, "the next"));
	er_run(&h->net);
	assert_shows(h->anna, h->ben, "received:hello delivered:the next");
	assert_shows(h->ben, h->anna,
	    "delivered:hello received:on its way received:the next");
}

/* ---- without memory -------------------------------------------------------------- */

static const struct {
	cmd_fn *fn;
	struct cmd c; /* chat and id are filled in */
} swept[] = {
    {cmd_mute, {.ms = ENGINE_EVER}},
    {cmd_pin, {.n = 1}},
    {cmd_archive, {.n = 1}},
    {cmd_mark_unread, {.n = 1}},
    {cmd_set_timer, {.n = 60}},
    {cmd_starred, {.n = 5}},
    {cmd_msg_info, {.n = 0}},
    {cmd_to_self, {.n = 0}},
    {cmd_clear_chat, {.n = 0}},
};

/* Every allocation of each command fails once: an answer or the end is said,
 * no transaction is left open, and a new start finds a sound store. */
static void
test_chat__survives_every_failed_allocation(void **state)
{
	struct home *h = *state;
	int64_t chat = er_chat(h->anna, h->ben);
	int64_t id = newest_id(h->anna, chat);
	size_t i;

	for (i = 0; i < sizeof(swept) / sizeof(swept[0]); i++) {
		bool failed = true;
		long n;

		for (n = 0; failed && n < 400; n++) {
			struct cmd c = swept[i].c;
			struct engine_event *ev;

			c.chat = c.n == 5 ? 0 : chat;
			c.id = c.n == 5 ? 0 : id;
			alloc_fail_at(n);
			ev = ask(h->anna, swept[i].fn, &c);
			failed = alloc_failed();
			alloc_fail_at(-1);
			assert_true(ev != NULL || h->anna->e->failed);
			engine_event_free(ev);
			assert_false(store_in_transaction(h->anna->e->store));
			if (h->anna->e->failed) {
				h->anna->fatal = 0;
				er_stop(h->anna);
				er_start(h->anna);
			}
			assert_ok(store_check(h->anna->e->store));
		}
		assert_true(n > 2);
	}
	h->anna->fatal = 0;
	er_run(&h->net);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	    T(test_block__is_silent_and_on_all_devices),
	    T(test_timer__is_told_and_the_later_one_counts),
	    T(test_timer__what_expired_is_gone_and_said),
	    T(test_once__is_opened_once_on_one_device),
	    T(test_once__is_not_sent_again_when_they_had_it),
	    T(test_once__opened_elsewhere_before_it_came),
	    T(test_notes__are_on_all_devices_and_sent_at_once),
	    T(test_clear__reaches_the_other_device_and_spares_what_is_new),
	    T(test_forget__reaches_the_other_device_also_early),
	    T(test_forget__of_what_waits_in_the_outbox),
	    T(test_chat__survives_every_failed_allocation),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
