/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits, deletions, reactions and what devices of one account tell each other,
 * when it does not open: asked for, sent again, done once. */
#include "tests/unit/engine_rig.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/peer_session.h"
#include "tui/engine/repair.h"
#include "tui/engine/sentlog.h"
#include "tui/engine/sync.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"
#include "tui/store/store_repair.h"
#include "tui/store/store_sent.h"

struct fixture {
	struct er_net net;
	struct er_person *anna, *ben;
	struct er_person *laptop; /* Anna's second, in some tests */
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

	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (f->net.p[i].e != NULL) {
			assert_int_equal(f->net.p[i].fatal, 0);
			assert_ok(store_check(f->net.p[i].e->store));
		}
	er_clear(&f->net);
	free(f);
	return 0;
}

static void
add_laptop(struct fixture *f)
{
	f->laptop = er_add_blank(&f->net, 3);
	er_link(&f->net, f->laptop, f->anna, "laptop");
}

static void
meet(struct fixture *f)
{
	assert_true(er_say(f->anna, f->ben, "first"));
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:first");
}

static void
garble(struct buf *rec)
{
	memset(rec->p, 0xff, rec->len);
}

static uint64_t
waiting(struct er_person *p, const struct er_person *of)
{
	uint64_t some, all;

	assert_ok(
	    store_unreadable_count(p->e->store, of->account, &some, &all));
	return some;
}

/* The newest message of a chat; the caller clears it. */
static struct store_message
newest(struct er_person *p, const struct er_person *with)
{
	struct store_messages page;
	struct store_message m;

	assert_ok(
	    store_message_before(p->e->store, er_chat(p, with), 0, 1, &page));
	assert_int_equal(page.n, 1);
	m = page.v[0];
	page.v[0].text = NULL;
	store_messages_clear(&page);
	return m;
}

/* Give a command about the newest message, as the front does. */
static void
order(struct er_person *p, const struct er_person *with, cmd_fn *fn,
    const char *text, uint32_t n)
{
	struct store_message m = newest(p, with);
	struct cmd *c = cmd_new(CMD_EDIT, 7, text, NULL, NULL);
	unsigned before = p->errors;

	assert_non_null(c);
	c->id = m.id;
	c->n = n;
	fn(p->e, c);
	cmd_free(c);
	store_message_clear(&m);
	assert_int_equal(p->errors, before);
}

static char *
reaction(struct er_person *p, const struct er_person *with)
{
	static char text[STORE_EMOJI_MAX + 1];
	struct store_message m = newest(p, with);
	struct store_reaction *v = NULL;
	size_t n = 0;

	assert_ok(store_reaction_list(p->e->store, m.id, &v, &n));
	assert_true(n <= 1);
	snprintf(text, sizeof(text), "%s", n == 1 ? v[0].emoji : "");
	free(v);
	store_message_clear(&m);
	return text;
}

/* How many contents a person's log has; the last one's id. */
static int64_t
logged(struct er_person *p, uint8_t id[static STORE_ID_LEN])
{
	int64_t n = 0;
	struct query q;

	q_begin(&q, p->e->store,
	    "SELECT count(*) OVER (), message_id FROM sent ORDER BY id DESC"
	    " LIMIT 1");
	if (q_row(&q)) {
		n = q_get_int(&q, 0);
		q_get_bytes(&q, 1, id, STORE_ID_LEN);
	}
	assert_ok(q_end(&q));
	return n;
}

/* ---- what is done to messages -------------------------------------------------- */

static void
test_sentlog__an_edit_that_did_not_open_comes(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_break(f->ben, f->anna, garble);
	order(f->anna, f->ben, cmd_edit, "second", 0);
	f->net.slow = f->ben; /* nobody hears that he cannot */
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:first waiting:");
	f->net.slow = NULL;
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:second");
	assert_int_equal(waiting(f->ben, f->anna), 0);
}

static void
test_sentlog__so_do_a_reaction_and_a_deletion(void **state)
{
	struct fixture *f = *state;
	struct store_message m;

	meet(f);
	er_break(f->ben, f->anna, garble);
	order(f->anna, f->ben, cmd_react, "x", 0);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:first");
	assert_string_equal(reaction(f->ben, f->anna), "x");
	er_break(f->ben, f->anna, garble);
	order(f->anna, f->ben, cmd_retract, NULL, 0);
	er_run(&f->net);
	m = newest(f->ben, f->anna);
	assert_int_equal(m.kind, STORE_MSG_DELETED);
	store_message_clear(&m);
	assert_int_equal(waiting(f->ben, f->anna), 0);
}

/* Whatever order they come in, the last one made counts. */
static void
test_sentlog__of_many_the_last_counts(void **state)
{
	struct fixture *f = *state;
	char text[8];

	meet(f);
	er_break(f->ben, f->anna, garble);
	for (unsigned i = 1; i <= 9; i++) {
		const uint64_t now_ms = engine_now_ms();

		snprintf(text, sizeof(text), "%u", i);
		f->net.clock++;
		order(f->anna, f->ben, cmd_react, text, 0);
		while (engine_now_ms() == now_ms)
			; /* no two at one time */
		if (i % 3 == 0)
			(void)er_turn(&f->net);
	}
	er_run(&f->net);
	assert_string_equal(reaction(f->ben, f->anna), "9");
	assert_shows(f->ben, f->anna, "received:first");
	assert_int_equal(waiting(f->ben, f->anna), 0);
}

static void
test_sentlog__survives_the_end_of_both_processes(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_break(f->ben, f->anna, garble);
	f->ben->e->outbox_hold_ms = UINT64_MAX / 2;
	order(f->anna, f->ben, cmd_edit, "second", 0);
	er_run(&f->net);
	er_stop(f->ben);
	er_stop(f->anna);
	er_start(f->anna);
	er_start(f->ben);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:second");
}

/* ---- one's own devices ------------------------------------------------------------ */

static void
test_sentlog__the_copy_of_an_action_comes_to_ones_own(void **state)
{
	struct fixture *f = *state;

	add_laptop(f);
	meet(f);
	assert_shows(f->laptop, f->ben, "delivered:first");
	er_break(f->laptop, f->anna, garble);
	order(f->anna, f->ben, cmd_edit, "second", 0);
	er_run(&f->net);
	assert_shows(f->laptop, f->ben, "delivered:second");
	assert_shows(f->ben, f->anna, "received:second");
	assert_int_equal(waiting(f->laptop, f->anna), 0);
}

static void
test_sentlog__syncs_come_to_ones_own(void **state)
{
	struct fixture *f = *state;
	struct store_message m;

	add_laptop(f);
	meet(f);
	er_break(f->laptop, f->anna, garble);
	order(f->anna, f->ben, cmd_star, NULL, 1);
	er_run(&f->net);
	m = newest(f->laptop, f->ben);
	assert_true(m.starred);
	store_message_clear(&m);
	assert_int_equal(waiting(f->laptop, f->anna), 0);
}

/* More than a stranger may have waiting. */
static void
test_sentlog__many_copies_come_to_ones_own(void **state)
{
	struct fixture *f = *state;
	char text[8], want[1024] = "delivered:first";
	size_t at = strlen(want);

	add_laptop(f);
	meet(f);
	er_break(f->laptop, f->anna, garble);
	f->net.slow = f->laptop;
	for (unsigned i = 0; i < 2 * REPAIR_STRANGER_MAX; i++) {
		snprintf(text, sizeof(text), "m%u", i);
		assert_true(er_say(f->anna, f->ben, text));
		at += (size_t)snprintf(
		    want + at, sizeof(want) - at, " sent:%s", text);
	}
	er_run(&f->net);
	assert_int_equal(waiting(f->laptop, f->anna), 2 * REPAIR_STRANGER_MAX);
	f->net.slow = NULL;
	er_run(&f->net);
	assert_shows(f->laptop, f->ben, want);
}

static void
set_draft(struct fixture *f, const char *text)
{
	int64_t chat = er_chat(f->anna, f->ben);
	uint64_t t0 = engine_now_ms();

	er_cmd(f->anna, CMD_SET_DRAFT, text, NULL, chat, 0);
	for (size_t i = 0; i < SYNC_DRAFTS; i++)
		if (f->anna->e->drafting[i].chat != 0)
			f->anna->e->drafting[i].due_ms = t0;
	outbox_kick(f->anna->e);
}

/* What was written and thrown away is in no log. */
static void
test_sentlog__of_a_draft_only_that_it_was_told(void **state)
{
	struct fixture *f = *state;
	uint8_t id[STORE_ID_LEN];
	struct store_sent row;
	Sotto__Content__Content *c;
	struct store_chat chat;
	int64_t before;

	add_laptop(f);
	meet(f);
	before = logged(f->anna, id);
	er_break(f->laptop, f->anna, garble);
	set_draft(f, "do not tell");
	f->net.slow = f->laptop;
	er_run(&f->net);
	assert_int_equal(logged(f->anna, id), before + 1);
	assert_ok(store_sent_get(f->anna->e->store, id, NULL, &row));
	assert_ok(content_open(row.content, row.len, &c));
	assert_int_equal(c->sync->what_case, SOTTO__CONTENT__SYNC__WHAT_DRAFT);
	assert_string_equal(c->sync->draft->text, "");
	content_free(c);
	store_sent_clear(&row);
	set_draft(f, "tell");
	er_run(&f->net); /* this one says it all */
	assert_int_equal(logged(f->anna, id), before + 1);
	f->net.slow = NULL;
	er_run(&f->net);
	assert_ok(store_chat_get(
	    f->laptop->e->store, er_chat(f->laptop, f->ben), &chat));
	assert_string_equal(chat.draft, "tell");
	store_chat_clear(&chat);
	assert_int_equal(waiting(f->laptop, f->anna), 0);
}

/* ---- who gets what, and how often ---------------------------------------------------- */

/* A request for one id, by p, of that device of `of`. */
static void
ask_for(struct er_person *p, const struct er_person *of, const uint8_t *id)
{
	Sotto__Content__RetryRequest rq = SOTTO__CONTENT__RETRY_REQUEST__INIT;
	const struct outbox_for to = {
	    .account = of->account, .line = STORE_LINE_RETRY, .device = 1};
	uint8_t copy[STORE_ID_LEN];
	ProtobufCBinaryData v = {STORE_ID_LEN, copy};
	struct draft d = {0};

	memcpy(copy, id, sizeof(copy));
	draft_init(&d);
	rq.message_ids = &v;
	rq.n_message_ids = 1;
	rq.count = 1;
	rq.device_id = 1;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RETRY;
	d.c.retry = &rq;
	assert_ok(txn_begin(p->e));
	assert_ok(draft_send(p->e, &d, &to));
	assert_ok(txn_end(p->e, 0));
	outbox_kick(p->e);
	er_run(p->net);
}

static void
test_sentlog__only_who_it_went_to_and_not_for_ever(void **state)
{
	struct fixture *f = *state;
	struct er_person *carl = er_add(&f->net, 4);
	uint8_t id[STORE_ID_LEN];
	uint32_t times = 9;

	meet(f);
	assert_true(er_say(f->anna, carl, "hello Carl"));
	order(f->anna, f->ben, cmd_edit, "for Ben alone", 0);
	er_run(&f->net);
	assert_true(logged(f->anna, id) > 0);
	f->anna->sends = 0;
	ask_for(carl, f->anna, id);
	assert_int_equal(f->anna->sends, 1); /* that there is nothing */
	assert_ok(
	    store_again_get(f->anna->e->store, id, carl->account, 1, &times));
	assert_int_equal(times, 0);
	assert_shows(carl, f->anna, "received:hello Carl");
	f->anna->sends = 0;
	for (unsigned i = 0; i < REPAIR_RESENDS_MAX + 3; i++)
		ask_for(f->ben, f->anna, id);
	assert_int_equal(f->anna->sends, REPAIR_RESENDS_MAX);
	assert_shows(f->ben, f->anna, "received:for Ben alone");
}

static void
test_sentlog__a_new_key_gets_nothing_from_before(void **state)
{
	struct fixture *f = *state;
	uint8_t id[STORE_ID_LEN];

	meet(f);
	order(f->anna, f->ben, cmd_edit, "before", 0);
	er_run(&f->net);
	assert_true(logged(f->anna, id) > 0);
	er_anew(f->ben); /* or whoever has his number now */
	assert_true(er_say(f->ben, f->anna, "it's me"));
	er_run(&f->net);
	f->anna->sends = 0;
	ask_for(f->ben, f->anna, id);
	assert_int_equal(f->anna->sends, 0);
}

static void
test_sentlog__a_deleted_text_is_in_no_log(void **state)
{
	struct fixture *f = *state;
	uint8_t id[STORE_ID_LEN];
	struct store_sent row;

	meet(f);
	order(f->anna, f->ben, cmd_edit, "a secret", 0);
	er_run(&f->net);
	assert_int_equal(logged(f->anna, id), 1);
	assert_ok(store_sent_get(f->anna->e->store, id, f->ben->account, &row));
	store_sent_clear(&row);
	order(f->anna, f->ben, cmd_retract, NULL, 0);
	er_run(&f->net);
	assert_err(
	    store_sent_get(f->anna->e->store, id, NULL, &row), ERR_NOTFOUND);
	assert_int_equal(logged(f->anna, id), 1); /* the deletion itself */
}

static void
test_sentlog__a_forgotten_text_is_in_no_log(void **state)
{
	struct fixture *f = *state;
	uint8_t id[STORE_ID_LEN];

	meet(f);
	order(f->anna, f->ben, cmd_edit, "a secret", 0);
	er_run(&f->net);
	assert_int_equal(logged(f->anna, id), 1);
	order(f->anna, f->ben, cmd_forget, NULL, 0);
	er_run(&f->net);
	assert_int_equal(logged(f->anna, id), 0);
}

/* ---- once --------------------------------------------------------------------------- */

static void
test_repair_other__says_what_has_come_before(void **state)
{
	struct fixture *f = *state;
	uint8_t id[STORE_ID_LEN], wire[STORE_ID_LEN];
	const struct repair_from from = {
	    .account = f->anna->account, .device = 1, .message_id = id};
	bool known = true;

	meet(f);
	order(f->anna, f->ben, cmd_react, "x", 0);
	er_run(&f->net);
	assert_int_equal(logged(f->anna, id), 1);
	assert_ok(repair_other(f->ben->e, &from, id, &known));
	assert_false(known); /* what it is asked with, the inbox knows */
	repair_wire_id(wire, id, 1);
	assert_ok(repair_other(f->ben->e, &from, wire, &known));
	assert_true(known); /* it opened the first time */
	memset(id, 9, sizeof(id)); /* this did not */
	repair_wire_id(wire, id, 1);
	assert_ok(repair_other(f->ben->e, &from, wire, &known));
	assert_false(known);
	repair_wire_id(wire, id, 2);
	assert_ok(repair_other(f->ben->e, &from, wire, &known));
	assert_true(known);
}

/* The answer does not open either: it is one thing that waits, not two. */
static void
test_sentlog__another_try_that_does_not_open(void **state)
{
	struct fixture *f = *state;

	meet(f);
	er_break(f->ben, f->anna, garble);
	order(f->anna, f->ben, cmd_react, "x", 0);
	while (f->anna->queue == NULL) /* he asks */
		(void)er_turn(&f->net);
	f->net.deaf = true;
	er_break(f->ben, f->anna, garble);
	f->net.deaf = false;
	er_run(&f->net);
	assert_string_equal(reaction(f->ben, f->anna), "x");
	assert_shows(f->ben, f->anna, "received:first");
	assert_int_equal(waiting(f->ben, f->anna), 0);
}

/* With nothing on the screen to know it by. */
static void
test_sentlog__another_try_between_ones_own(void **state)
{
	struct fixture *f = *state;
	struct store_message m;

	add_laptop(f);
	meet(f);
	er_break(f->laptop, f->anna, garble);
	order(f->anna, f->ben, cmd_star, NULL, 1);
	while (f->anna->queue == NULL) /* the laptop asks */
		(void)er_turn(&f->net);
	er_break(f->laptop, f->anna, garble);
	er_run(&f->net);
	m = newest(f->laptop, f->ben);
	assert_true(m.starred);
	store_message_clear(&m);
	assert_int_equal(waiting(f->laptop, f->anna), 0);
}

/* ---- no memory ------------------------------------------------------------------------ */

struct sweep {
	struct fixture *f;
	uint8_t id[STORE_ID_LEN];
};

static int
answer_step(void *arg)
{
	struct sweep *s = arg;
	struct engine *e = s->f->anna->e;
	const struct repair_from from = {
	    .account = s->f->ben->account, .device = 1, .message_id = s->id};
	bool found = false;
	int r;

	alloc_spare(1);
	r = txn_begin(e);
	alloc_spare(0);
	assert_ok(r);
	r = sentlog_answer(e, &from, s->id, &found);
	alloc_spare(1);
	if (r == 0)
		assert_true(found);
	assert_int_equal(
	    txn_end(e, r != 0 ? r : ERR_STATE), r != 0 ? r : ERR_STATE);
	alloc_spare(0);
	return r;
}

static void
test_sentlog__every_allocation_fails_once(void **state)
{
	struct fixture *f = *state;
	struct sweep s = {.f = f};

	meet(f);
	order(f->anna, f->ben, cmd_edit, "second", 0);
	er_run(&f->net);
	assert_int_equal(logged(f->anna, s.id), 1);
	assert_true(alloc_sweep(answer_step, &s) > 5);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_sentlog__an_edit_that_did_not_open_comes),
	    T(test_sentlog__so_do_a_reaction_and_a_deletion),
	    T(test_sentlog__of_many_the_last_counts),
	    T(test_sentlog__survives_the_end_of_both_processes),
	    T(test_sentlog__the_copy_of_an_action_comes_to_ones_own),
	    T(test_sentlog__syncs_come_to_ones_own),
	    T(test_sentlog__many_copies_come_to_ones_own),
	    T(test_sentlog__of_a_draft_only_that_it_was_told),
	    T(test_sentlog__only_who_it_went_to_and_not_for_ever),
	    T(test_sentlog__a_new_key_gets_nothing_from_before),
	    T(test_sentlog__a_deleted_text_is_in_no_log),
	    T(test_sentlog__a_forgotten_text_is_in_no_log),
	    T(test_repair_other__says_what_has_come_before),
	    T(test_sentlog__another_try_that_does_not_open),
	    T(test_sentlog__another_try_between_ones_own),
	    T(test_sentlog__every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
