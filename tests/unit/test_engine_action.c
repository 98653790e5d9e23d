/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to messages after they were written: by whom it may be, and
 * that both sides come to see the same. */
#include "tests/unit/engine_rig.h"
#include "tui/engine/action.h"
#include "tui/engine/draft.h"
#include "tui/store/store_action.h"

struct fixture {
	struct er_net net;
	struct er_person *anna, *ben, *eve;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	er_init(&f->net);
	f->anna = er_add(&f->net, 1);
	f->ben = er_add(&f->net, 2);
	f->eve = er_add(&f->net, 3);
	assert_true(er_say(f->anna, f->ben, "first"));
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:first");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->anna->fatal + f->ben->fatal + f->eve->fatal, 0);
	assert_ok(store_check(f->anna->e->store));
	assert_ok(store_check(f->ben->e->store));
	er_clear(&f->net);
	free(f);
	return 0;
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

static int64_t
newest_id(struct er_person *p, const struct er_person *with)
{
	struct store_message m = newest(p, with);
	int64_t id = m.id;

	store_message_clear(&m);
	return id;
}

/* Give a command as the front does; false: refused. */
static bool
order(struct er_person *p, cmd_fn *fn, int64_t id, const char *text,
    int64_t chat, uint32_t n)
{
	struct cmd *c = cmd_new(CMD_EDIT, 7, text, NULL, NULL);
	unsigned before = p->errors;

	assert_non_null(c);
	c->id = id;
	c->chat = chat;
	c->n = n;
	fn(p->e, c);
	cmd_free(c);
	er_run(p->net);
	return p->errors == before;
}

static void
test_action__an_edit_reaches_the_other_side(void **state)
{
	struct fixture *f = *state;
	struct store_message m;

	assert_true(order(
	    f->anna, cmd_edit, newest_id(f->anna, f->ben), "second", 0, 0));
	assert_shows(f->anna, f->ben, "delivered:second");
	assert_shows(f->ben, f->anna, "received:second");
	m = newest(f->ben, f->anna);
	assert_true(m.edited_ms != 0);
	store_message_clear(&m);
	/* Not of what somebody else wrote. */
	assert_false(order(
	    f->ben, cmd_edit, newest_id(f->ben, f->anna), "forged", 0, 0));
	assert_shows(f->ben, f->anna, "received:second");
}

static void
test_action__a_deletion_for_everyone(void **state)
{
	struct fixture *f = *state;
	struct store_message m;

	assert_false(
	    order(f->ben, cmd_retract, newest_id(f->ben, f->anna), NULL, 0, 0));
	assert_true(order(
	    f->anna, cmd_retract, newest_id(f->anna, f->ben), NULL, 0, 0));
	m = newest(f->ben, f->anna);
	assert_int_equal(m.kind, STORE_MSG_DELETED);
	assert_string_equal(m.text, "");
	store_message_clear(&m);
	m = newest(f->anna, f->ben);
	assert_int_equal(m.kind, STORE_MSG_DELETED);
	store_message_clear(&m);
	/* Nothing is left to do it to. */
	assert_false(
	    order(f->anna, cmd_edit, newest_id(f->anna, f->ben), "x", 0, 0));
	assert_false(
	    order(f->ben, cmd_react, newest_id(f->ben, f->anna), "x", 0, 0));
}

/* What a message's row says of reactions; static storage. */
static const char *
reactions(struct er_person *p, const struct er_person *with)
{
	static char text[128];
	struct store_message m = newest(p, with);
	struct msg_row row;

	assert_ok(msg_row_from(p->e, &row, &m));
	snprintf(text, sizeof(text), "%s",
	    row.reactions != NULL ? row.reactions : "");
	msg_row_clear(&row);
	store_message_clear(&m);
	return text;
}

static void
test_action__reactions_of_both(void **state)
{
	struct fixture *f = *state;

	assert_true(
	    order(f->ben, cmd_react, newest_id(f->ben, f->anna), "👍", 0, 0));
	assert_string_equal(reactions(f->anna, f->ben), "👍");
	assert_true(
	    order(f->anna, cmd_react, newest_id(f->anna, f->ben), "👍", 0, 0));
	assert_string_equal(reactions(f->ben, f->anna), "👍 2");
	assert_true(order(
	    f->ben, cmd_react, newest_id(f->ben, f->anna), "❤️", 0, 0));
	assert_string_equal(reactions(f->anna, f->ben), "👍  ❤️");
	assert_true(
	    order(f->anna, cmd_react, newest_id(f->anna, f->ben), "", 0, 0));
	assert_string_equal(reactions(f->ben, f->anna), "❤️");
	assert_false(order(
	    f->ben, cmd_react, newest_id(f->ben, f->anna), "two words", 0, 0));
	assert_false(
	    order(f->ben, cmd_react, newest_id(f->ben, f->anna), "\x1b", 0, 0));
}

/* An action in somebody's name is what the session says it is: Eve knows the
 * ids of a message between two others, and can do nothing to it. */
static void
test_action__nobody_reaches_into_anothers_chat(void **state)
{
	struct fixture *f = *state;
	Sotto__Content__Retract retract = SOTTO__CONTENT__RETRACT__INIT;
	Sotto__Content__Reaction reaction = SOTTO__CONTENT__REACTION__INIT;
	struct outbox_for whom = {.account = f->ben->account};
	struct store_message m = newest(f->anna, f->ben);
	struct draft d = {0};

	assert_true(er_say(f->eve, f->ben, "hello"));
	er_run(&f->net);
	retract.message_id = (ProtobufCBinaryData){16, m.message_id};
	draft_init(&d);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RETRACT;
	d.c.retract = &retract;
	assert_ok(txn_begin(f->eve->e));
	assert_ok(txn_end(f->eve->e, draft_send(f->eve->e, &d, &whom)));
	reaction.message_id = retract.message_id;
	reaction.author_account = (ProtobufCBinaryData){16, m.account};
	reaction.emoji = (char *)(uintptr_t) "x";
	draft_init(&d);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_REACTION;
	d.c.reaction = &reaction;
	assert_ok(txn_begin(f->eve->e));
	assert_ok(txn_end(f->eve->e, draft_send(f->eve->e, &d, &whom)));
	outbox_kick(f->eve->e);
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:first");
	assert_string_equal(reactions(f->ben, f->anna), "");
	store_message_clear(&m);
}

/* Ben's queue in reverse: what is done to a message comes before it. */
static void
turn_round(struct er_person *p)
{
	struct er_item *it = p->queue, *next, *out = NULL;
	uint64_t seq = 0, n = 0;

	for (; it != NULL; it = next) {
		next = it->next;
		it->next = out;
		out = it;
		seq = it->msg.seq > seq ? it->msg.seq : seq;
		n++;
	}
	for (it = out; it != NULL; it = it->next)
		it->msg.seq = seq - --n;
	p->queue = out;
}

static void
test_action__what_comes_before_its_message_waits(void **state)
{
	struct fixture *f = *state;

	f->net.deaf = true;
	assert_true(er_say(f->anna, f->ben, "typo"));
	er_run(&f->net);
	assert_true(order(
	    f->anna, cmd_edit, newest_id(f->anna, f->ben), "no typo", 0, 0));
	assert_true(
	    order(f->anna, cmd_react, newest_id(f->anna, f->ben), "x", 0, 0));
	turn_round(f->ben);
	f->net.deaf = false;
	er_run(&f->net);
	assert_shows(f->ben, f->anna, "received:first received:no typo");
	assert_string_equal(reactions(f->ben, f->anna), "x");
}

/* Of messages that never come nothing is kept for ever. */
static void
test_action__what_waits_in_vain_goes(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->ben->e->store;
	struct store_early a = {.kind = STORE_EARLY_RETRACT}, *v = NULL;
	size_t n = 0;

	memcpy(a.author, f->anna->account, STORE_ID_LEN);
	memcpy(a.actor, f->anna->account, STORE_ID_LEN);
	memset(a.message_id, 1, STORE_ID_LEN);
	assert_ok(store_early_put(s, &a, 1));
	memset(a.message_id, 2, STORE_ID_LEN);
	assert_ok(store_early_put(s, &a, engine_now_ms()));
	account_upkeep(f->ben->e);
	er_run(&f->net);
	memset(a.message_id, 1, STORE_ID_LEN);
	assert_ok(store_early_take(s, a.author, a.message_id, &v, &n));
	assert_int_equal(n, 0);
	store_earlies_free(v, n);
	memset(a.message_id, 2, STORE_ID_LEN);
	assert_ok(store_early_take(s, a.author, a.message_id, &v, &n));
	assert_int_equal(n, 1);
	store_earlies_free(v, n);
}

static void
test_action__answers_and_forwards(void **state)
{
	struct fixture *f = *state;
	struct store_message m;
	struct msg_row row;
	int64_t first = newest_id(f->ben, f->anna);

	assert_true(order(f->ben, cmd_send_text, first, "an answer",
	    er_chat(f->ben, f->anna), 0));
	m = newest(f->anna, f->ben);
	assert_ok(msg_row_from(f->anna->e, &row, &m));
	assert_string_equal(row.text, "an answer");
	assert_string_equal(row.quote, "first");
	assert_string_equal(row.quote_from, "You");
	assert_true(row.quote_id != 0 && row.quote_id != row.id);
	assert_false(row.forwarded);
	msg_row_clear(&row);
	store_message_clear(&m);
	/* On to Eve, who sees that it is, and not what it answered. */
	assert_true(order(f->anna, cmd_forward, newest_id(f->anna, f->ben),
	    NULL, er_chat(f->anna, f->eve), 0));
	m = newest(f->eve, f->anna);
	assert_ok(msg_row_from(f->eve->e, &row, &m));
	assert_string_equal(row.text, "an answer");
	assert_true(row.forwarded);
	assert_null(row.quote);
	msg_row_clear(&row);
	store_message_clear(&m);
	/* A message of another chat cannot be answered in this one. */
	assert_false(order(
	    f->ben, cmd_send_text, 999, "x", er_chat(f->ben, f->anna), 0));
}

static void
test_action__stars_and_forgets_here_only(void **state)
{
	struct fixture *f = *state;
	int64_t id = newest_id(f->ben, f->anna);
	unsigned sends = f->ben->sends;
	struct store_message m;

	assert_true(order(f->ben, cmd_star, id, NULL, 0, 1));
	m = newest(f->ben, f->anna);
	assert_true(m.starred);
	store_message_clear(&m);
	assert_true(order(f->ben, cmd_forget, id, NULL, 0, 0));
	assert_shows(f->ben, f->anna, "");
	assert_shows(f->anna, f->ben, "delivered:first");
	assert_false(order(f->ben, cmd_forget, id, NULL, 0, 0));
	assert_int_equal(f->ben->sends, sends);
}

/* The store's clock stands at the time of the message plus 16 minutes. */
static void
test_action__an_edit_that_is_too_late_changes_nothing(void **state)
{
	struct fixture *f = *state;
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	Sotto__Content__Edit edit = SOTTO__CONTENT__EDIT__INIT;
	struct store_message m = newest(f->ben, f->anna);
	struct action_by by = {.account = m.account, .chat = m.chat};

	edit.message_id = (ProtobufCBinaryData){16, m.message_id};
	edit.text = (char *)(uintptr_t) "too late";
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_EDIT;
	c.edit = &edit;
	by.sent_ms = m.sent_ms + ACTION_EDIT_MS + 1;
	assert_ok(txn_begin(f->ben->e));
	assert_ok(txn_end(f->ben->e, action_take(f->ben->e, &by, &c)));
	assert_shows(f->ben, f->anna, "received:first");
	by.sent_ms--;
	assert_ok(txn_begin(f->ben->e));
	assert_ok(txn_end(f->ben->e, action_take(f->ben->e, &by, &c)));
	assert_shows(f->ben, f->anna, "received:too late");
	store_message_clear(&m);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_action__an_edit_reaches_the_other_side),
	    T(test_action__a_deletion_for_everyone),
	    T(test_action__reactions_of_both),
	    T(test_action__nobody_reaches_into_anothers_chat),
	    T(test_action__what_comes_before_its_message_waits),
	    T(test_action__what_waits_in_vain_goes),
	    T(test_action__answers_and_forwards),
	    T(test_action__stars_and_forgets_here_only),
	    T(test_action__an_edit_that_is_too_late_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
