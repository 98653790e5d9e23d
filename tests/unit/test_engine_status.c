/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status posts between engines: who sees them, who does not, what is told, and
 * that nothing is left. docs/status.md. */
#include <sodium.h>

#include "common/proto/method.h"
#include "common/signal/sender_key.h"
#include "tests/unit/engine_rig.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group.h"
#include "tui/engine/group_room.h"
#include "tui/engine/status.h"
#include "tui/engine/timer.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"
#include "tui/store/store_repair.h"

static struct er_net net;
static struct er_person *ann, *ben, *cat, *dan, *pad; /* pad: Ann's other one */

/* ---- people, and what they see -------------------------------------------------- */

static void
friends(struct er_person *a, struct er_person *b)
{
	assert_true(er_say(a, b, "hello"));
	er_run(&net);
	assert_true(er_say(b, a, "well, hello"));
	er_run(&net);
}

/* Ann, her pad, Ben and Cat know each other; Dan has only written to Ann. */
static void
begin(void)
{
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	cat = er_add(&net, 3);
	dan = er_add(&net, 4);
	pad = er_add_blank(&net, 5);
	er_link(&net, pad, ann, "pad");
	friends(ann, ben);
	friends(ann, cat);
	assert_true(er_say(dan, ann, "buy this"));
	er_run(&net);
}

static void
end(void)
{
	er_clear(&net);
}

/* "2:text*" is Ben's, not seen; "sent:text 3/1" own, for 3, seen by 1. */
static const char *
shows(struct er_person *p)
{
	static const char *const names[] = {"pending", "sent", "failed"};
	static char line[4][2000];
	static unsigned turn;
	char *out = line[turn++ % 4];
	struct store_statuses l;
	size_t at = 0;

	out[0] = '\0';
	alloc_spare(1);
	assert_ok(store_status_page(p->e->store, 0, &l));
	for (size_t i = 0; i < l.n; i++) {
		const struct store_status *st = &l.v[i];
		const char *gap = at > 0 ? " " : "";

		if (own_account(p->e, st->account))
			at += (size_t)snprintf(out + at, 2000 - at,
			    "%s%s:%s %u/%u", gap, names[st->state], st->text,
			    st->audience, st->views);
		else
			at += (size_t)snprintf(out + at, 2000 - at, "%s%u:%s%s",
			    gap, st->account[15], st->text,
			    st->seen ? "" : "*");
	}
	store_statuses_clear(&l);
	alloc_spare(0);
	return out;
}
#define assert_posts(p, text) assert_string_equal(shows(p), text)

static void
give(struct er_person *p, enum cmd_kind kind, const char *text, int64_t id,
    const struct er_person *who, uint32_t n)
{
	static cmd_fn *const fns[] = {
#define X(name, need, fn) [CMD_##name] = fn,
		ENGINE_CMDS(X)
#undef X
	};
	struct cmd *c;

	alloc_spare(1);
	c = cmd_new(kind, 9, text, NULL, NULL);
	assert_non_null(c);
	c->id = id;
	c->n = n;
	if (who != NULL) {
		memcpy(c->key[0], who->account, STORE_ID_LEN);
		c->data = malloc(STORE_ID_LEN);
		assert_non_null(c->data);
		memcpy(c->data, who->account, STORE_ID_LEN);
		c->data_len = STORE_ID_LEN;
	}
	alloc_spare(0);
	fns[kind](p->e, c);
	alloc_spare(1);
	cmd_free(c);
	alloc_spare(0);
}

static void
post(struct er_person *p, const char *text)
{
	give(p, CMD_STATUS_POST, text, 0, NULL, 0);
}

/* The only, or first, post of a person here. */
static int64_t
post_of(struct er_person *p, const struct er_person *of)
{
	struct store_statuses l;
	int64_t id = 0;

	alloc_spare(1);
	assert_ok(store_status_page(p->e->store, 0, &l));
	for (size_t i = l.n; i-- > 0;)
		if (memcmp(l.v[i].account, of->account, STORE_ID_LEN) == 0)
			id = l.v[i].id;
	store_statuses_clear(&l);
	alloc_spare(0);
	assert_true(id != 0);
	return id;
}

static void
see(struct er_person *p, const struct er_person *of)
{
	give(p, CMD_STATUS_SEE, NULL, post_of(p, of), NULL, 0);
}

static void
set_audience(
    struct er_person *p, enum status_mode mode, const struct er_person *who)
{
	give(p, CMD_STATUS_SET_AUDIENCE, NULL, 0, who, mode);
}

static void
sql(struct er_person *p, const char *text)
{
	assert_ok(store_exec(p->e->store, text));
}

/* As if all had been posted a day ago. */
static void
a_day_later(struct er_person *p)
{
	sql(p, "UPDATE status SET posted_ms = posted_ms - 86400000,"
	       " expires_ms = expires_ms - 86400000");
	timer_run(p->e);
	er_run(&net);
}

static uint64_t
count(struct er_person *p, const char *query)
{
	uint64_t n = 0;
	struct query q;

	q_begin(&q, p->e->store, query);
	if (q_row(&q))
		n = q_get_time(&q, 0);
	assert_ok(q_end(&q));
	return n;
}

/* ---- who sees them ------------------------------------------------------------------ */

static void
test_status__is_for_contacts(void **state)
{
	(void)state;
	begin();
	post(ann, "at the lake");
	assert_posts(ann, "pending:at the lake 2/0");
	er_run(&net);
	assert_posts(ann, "sent:at the lake 2/0");
	assert_posts(pad, "sent:at the lake 2/0");
	assert_posts(ben, "1:at the lake*");
	assert_posts(cat, "1:at the lake*");
	assert_posts(dan, "");
	assert_int_equal(ben->posts, 1);
	assert_int_equal(dan->posts, 0);
	/* no chat has anything of it */
	assert_shows(ben, ann, "received:hello delivered:well, hello");
	end();
}

static void
test_status__of_strangers_is_none(void **state)
{
	(void)state;
	begin();
	post(dan, "buy this"); /* Dan wrote to Ann; Ann never to Dan */
	er_run(&net);
	assert_posts(dan, "sent:buy this 1/0");
	assert_posts(ann, "");
	assert_int_equal(ann->posts, 0);
	assert_int_equal(count(ann, "SELECT count(*) FROM unreadable"), 0);
	assert_int_equal(count(ann, "SELECT count(*) FROM sender_key_peer"), 0);
	/* once they are a contact, what they post is seen */
	assert_true(er_say(ann, dan, "no"));
	er_run(&net);
	post(dan, "still here");
	er_run(&net);
	assert_posts(ann, "4:still here*");
	end();
}

static void
test_status__only_for_the_chosen(void **state)
{
	(void)state;
	begin();
	set_audience(ann, STATUS_ONLY, cat);
	post(ann, "for cat");
	er_run(&net);
	assert_posts(ben, "");
	assert_posts(cat, "1:for cat*");
	set_audience(ann, STATUS_BUT, cat);
	post(ann, "not for cat");
	er_run(&net);
	assert_posts(ben, "1:not for cat*");
	assert_posts(cat, "1:for cat*");
	set_audience(ann, STATUS_ALL, NULL);
	post(ann, "for all");
	er_run(&net);
	assert_posts(ben, "1:not for cat* 1:for all*");
	assert_posts(cat, "1:for cat* 1:for all*");
	end();
}

static void
test_status__for_nobody_is_refused(void **state)
{
	(void)state;
	begin();
	set_audience(ann, STATUS_ONLY, NULL);
	post(ann, "hello?");
	er_run(&net);
	assert_int_equal(ann->errors, 1);
	assert_string_equal(
	    ann->why, "Nobody would see it. Look at who sees your posts.");
	assert_posts(ann, "");
	end();
}

/* ---- who does not, though they have a key --------------------------------------------- */

/* A copy of the key that p has of somebody's posts: an attacker's. */
struct loot {
	struct store_peer_key key;
	struct buf record;
};

static void
steal(struct er_person *p, const struct er_person *of, struct loot *l)
{
	struct store_own_key k;
	struct buf own;

	alloc_spare(1);
	buf_init(&own, SENDER_KEY_RECORD_MAX);
	buf_init(&l->record, SENDER_KEY_RECORD_MAX);
	assert_ok(store_own_key_get(of->e->store, store_status_list, &k, &own));
	memcpy(l->key.account, of->account, STORE_ID_LEN);
	l->key.device = of->device;
	memcpy(l->key.distribution, k.distribution, STORE_ID_LEN);
	assert_ok(store_peer_key_get(p->e->store, &l->key, &l->record));
	buf_clear(&own);
	alloc_spare(0);
}

/* Posts as they pass the relay. */
static struct {
	size_t n, len[64];
	uint8_t b[64][2048];
	struct er_person *garble; /* what is for them comes to nothing */
	uint64_t expires_ms; /* not 0: the relay says so */
	const uint8_t *group; /* not NULL: it puts it into this group */
} tap;

static void
on_item(struct er_net *n, struct er_person *from, struct er_person *to,
    Sotto__Relay__DeliverEvent__Item *it)
{
	(void)n;
	(void)from;
	if (it->type != SIGNAL_SENDER_KEY_MESSAGE)
		return;
	if (tap.n < 64 && it->ciphertext.len <= sizeof(tap.b[0])) {
		memcpy(tap.b[tap.n], it->ciphertext.data, it->ciphertext.len);
		tap.len[tap.n++] = it->ciphertext.len;
	}
	if (tap.garble == to)
		it->ciphertext.data[it->ciphertext.len - 1] ^= 1;
	if (tap.expires_ms != 0)
		it->expires_ms = tap.expires_ms;
	if (tap.group != NULL) {
		it->group_id.data = malloc(STORE_ID_LEN);
		assert_non_null(it->group_id.data);
		it->group_id.len = STORE_ID_LEN;
		memcpy(it->group_id.data, tap.group, STORE_ID_LEN);
	}
}

static void
tapped(void)
{
	memset(&tap, 0, sizeof(tap));
	net.bend = on_item;
}

/* Can the last post that passed be opened with a stolen key? */
static bool
opens(const struct loot *l)
{
	struct sender_key_name name = {.device = l->key.device};
	struct sender_key_result res;
	struct distribution_id id;
	int r;

	assert_true(tap.n > 0);
	memcpy(name.account, l->key.account, STORE_ID_LEN);
	memcpy(name.distribution.b, l->key.distribution, STORE_ID_LEN);
	assert_ok(
	    sender_key_message_peek(tap.b[tap.n - 1], tap.len[tap.n - 1], &id));
	r = sender_key_decrypt(&name, l->record.p, l->record.len,
	    tap.b[tap.n - 1], tap.len[tap.n - 1], &res);
	if (r == 0)
		sender_key_result_clear(&res);
	return r == 0;
}

static void
test_status__who_was_taken_off_reads_nothing_after(void **state)
{
	struct loot l;

	(void)state;
	begin();
	tapped();
	post(ann, "one");
	er_run(&net);
	steal(ben, ann, &l);
	post(ann, "two");
	er_run(&net);
	assert_true(opens(&l)); /* still for Ben */
	set_audience(ann, STATUS_BUT, ben);
	post(ann, "three");
	er_run(&net);
	assert_posts(cat, "1:one* 1:two* 1:three*");
	assert_posts(ben, "1:one* 1:two*");
	assert_false(opens(&l));
	buf_clear(&l.record);
	end();
}

static void
test_status__who_is_blocked_reads_nothing_after(void **state)
{
	struct loot l;

	(void)state;
	begin();
	tapped();
	post(ann, "one");
	post(ben, "mine");
	er_run(&net);
	assert_posts(ann, "sent:one 2/0 2:mine*");
	steal(ben, ann, &l);
	er_cmd(ann, CMD_BLOCK, NULL, NULL, er_chat(ann, ben), 1);
	er_run(&net);
	assert_posts(ann, "sent:one 2/0"); /* nor is anything of theirs there */
	post(ann, "two");
	post(ben, "mine too");
	er_run(&net);
	assert_posts(cat, "1:one* 1:two*");
	assert_posts(ben, "1:one* sent:mine 1/0 sent:mine too 1/0");
	assert_posts(ann, "sent:one 2/0 sent:two 1/0");
	assert_false(opens(&l));
	buf_clear(&l.record);
	end();
}

/* Sealed, and not yet sent, when Ben was taken off. */
static void
test_status__what_has_not_left_is_not_for_them(void **state)
{
	struct loot l;

	(void)state;
	begin();
	tapped();
	post(ann, "one");
	er_run(&net);
	steal(ben, ann, &l);
	er_online(ann, false);
	post(ann, "two");
	set_audience(ann, STATUS_ONLY, cat);
	assert_posts(ann, "sent:one 2/0 pending:two 1/0");
	er_online(ann, true);
	er_run(&net);
	assert_posts(cat, "1:one* 1:two*");
	assert_posts(ben, "1:one*");
	assert_false(opens(&l));
	buf_clear(&l.record);
	end();
}

static void
test_status__a_newcomer_reads_nothing_from_before(void **state)
{
	struct loot l;
	size_t first;

	(void)state;
	begin();
	set_audience(ann, STATUS_ONLY, ben);
	tapped();
	post(ann, "one");
	er_run(&net);
	first = tap.n;
	set_audience(ann, STATUS_ALL, NULL);
	post(ann, "two");
	er_run(&net);
	assert_posts(cat, "1:two*");
	steal(cat, ann, &l);
	tap.n = first;
	assert_false(opens(&l));
	buf_clear(&l.record);
	end();
}

/* The relay names a device that the audience does not have. */
static void
test_status__a_relay_adds_nobody(void **state)
{
	(void)state;
	begin();
	net.ghost = dan;
	assert_true(er_say(dan, ann, "am I in?"));
	post(ann, "not for dan");
	er_run(&net);
	assert_posts(ben, "1:not for dan*");
	assert_posts(dan, "");
	assert_int_equal(count(dan, "SELECT count(*) FROM sender_key_peer"), 0);
	end();
}

/* Who has the relay's help, and asks for what was not for them. */
static void
test_status__who_asks_must_have_been_in_it(void **state)
{
	Sotto__Content__RetryRequest rq = SOTTO__CONTENT__RETRY_REQUEST__INIT;
	ProtobufCBinaryData id;
	struct store_status st;
	struct draft d = {0};

	(void)state;
	begin();
	set_audience(ann, STATUS_ONLY, ben);
	post(ann, "for ben");
	er_run(&net);
	assert_ok(store_status_get(ann->e->store, post_of(ann, ann), &st));
	id = (ProtobufCBinaryData){STORE_ID_LEN, st.message_id};
	rq.message_ids = &id;
	rq.n_message_ids = 1;
	rq.count = 1;
	rq.device_id = ann->device;
	assert_ok(txn_begin(cat->e));
	draft_init(&d);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RETRY;
	d.c.retry = &rq;
	assert_ok(draft_send(
	    cat->e, &d, &(struct outbox_for){.account = ann->account}));
	assert_ok(txn_end(cat->e, 0));
	outbox_kick(cat->e);
	er_run(&net);
	assert_posts(cat, "");
	store_status_clear(&st);
	end();
}

/* ---- on its way -------------------------------------------------------------------------- */

static void
test_status__the_next_one_costs_one_request(void **state)
{
	unsigned sends;

	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	tapped();
	sends = ann->sends;
	post(ann, "two");
	er_run(&net);
	assert_int_equal(tap.n, 3); /* the same bytes to each of the others */
	assert_memory_equal(tap.b[0], tap.b[1], tap.len[0]);
	assert_int_equal(
	    ann->sends, sends + 2); /* and whom it went to, to pad */
	end();
}

static void
test_status__waits_for_who_is_not_there(void **state)
{
	(void)state;
	begin();
	er_online(ann, false);
	post(ann, "one");
	er_run(&net);
	assert_posts(ann, "pending:one 2/0");
	er_online(ben, false);
	er_online(ann, true);
	er_run(&net);
	assert_posts(ben, "");
	er_online(ben, true);
	er_run(&net);
	assert_posts(ben, "1:one*");
	end();
}

static void
test_status__what_does_not_open_is_sent_again(void **state)
{
	(void)state;
	begin();
	tapped();
	tap.garble = ben;
	post(ann, "one");
	er_run(&net);
	assert_posts(ben, "1:one*");
	assert_posts(cat, "1:one*");
	/* no chat shows that something waits */
	assert_shows(ben, ann, "received:hello delivered:well, hello");
	assert_int_equal(count(ben, "SELECT count(*) FROM unreadable"), 0);
	tap.garble = NULL;
	post(ann, "two");
	er_run(&net);
	assert_posts(ben, "1:one* 1:two*");
	end();
}

static void
test_status__its_end_is_sent_again(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	tapped();
	tap.garble = ben;
	give(ann, CMD_STATUS_DELETE, NULL, post_of(ann, ann), NULL, 0);
	er_run(&net);
	assert_posts(ben, "");
	end();
}

static void
test_status__a_new_machine_reads_it(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	er_anew(cat); /* other keys, and nothing in the store */
	friends(cat, ann);
	post(ann, "two");
	er_run(&net);
	assert_posts(cat, "1:two*");
	assert_posts(ben, "1:one* 1:two*");
	end();
}

static void
test_status__a_limit_holds_no_messages_up(void **state)
{
	(void)state;
	begin();
	net.status_err = ERR_RATE;
	post(ann, "one");
	er_run(&net);
	assert_true(er_say(ann, ben, "hi"));
	er_run(&net);
	assert_shows(
	    ben, ann, "received:hello delivered:well, hello received:hi");
	assert_posts(ann, "pending:one 2/0");
	net.status_err = 0;
	group_room_get(ann->e, store_status_list)->hold_until_ms = 0;
	outbox_kick(ann->e);
	er_run(&net);
	assert_posts(ben, "1:one*");
	end();
}

static void
test_status__what_is_refused_can_be_sent_again(void **state)
{
	(void)state;
	begin();
	net.status_err = ERR_DENIED;
	post(ann, "one");
	er_run(&net);
	assert_posts(ann, "failed:one 2/0");
	net.status_err = 0;
	give(ann, CMD_STATUS_RETRY, NULL, post_of(ann, ann), NULL, 0);
	er_run(&net);
	assert_posts(ann, "sent:one 2/0");
	assert_posts(ben, "1:one*");
	give(ann, CMD_STATUS_RETRY, NULL, post_of(ann, ann), NULL, 0);
	assert_int_equal(ann->errors, 1); /* and not twice */
	end();
}

static void
again(struct er_person *p)
{
	er_stop(p);
	er_start(p);
}

/* Ended after each number of turns: everybody gets it once, and no place of a
 * chain seals two posts. */
static void
test_status__ended_at_any_turn(void **state)
{
	(void)state;
	for (unsigned turns = 0; turns < 12; turns++) {
		begin();
		tapped();
		post(ann, "one");
		for (unsigned i = 0; i < turns; i++)
			er_turn(&net);
		again(ann);
		post(ann, "two");
		for (unsigned i = 0; i < turns; i++)
			er_turn(&net);
		again(ann);
		er_run(&net);
		assert_posts(ann, "sent:one 2/0 sent:two 2/0");
		assert_posts(pad, "sent:one 2/0 sent:two 2/0");
		assert_posts(ben, "1:one* 1:two*");
		assert_posts(cat, "1:one* 1:two*");
		for (size_t i = 0; i < tap.n; i++)
			for (size_t k = i + 1; k < tap.n; k++)
				if (memcmp(tap.b[i], tap.b[k], 28) == 0)
					assert_memory_equal(tap.b[i], tap.b[k],
					    tap.len[i] < tap.len[k]
						? tap.len[i]
						: tap.len[k]);
		end();
	}
}

static void
test_status__an_answer_that_got_lost(void **state)
{
	(void)state;
	begin();
	net.lose_answers = true;
	post(ann, "one");
	er_run(&net);
	assert_posts(ann, "pending:one 2/0");
	net.lose_answers = false;
	er_online(ann, false);
	er_online(ann, true);
	er_run(&net);
	assert_posts(ann, "sent:one 2/0");
	assert_posts(ben, "1:one*");
	end();
}

/* ---- views ----------------------------------------------------------------------------------- */

static void
test_status__views_are_told_to_who_posted(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	see(ben, ann);
	see(ben, ann);
	er_run(&net);
	assert_posts(ben, "1:one");
	assert_posts(ann, "sent:one 2/1");
	assert_posts(pad, "sent:one 2/1");
	see(cat, ann);
	er_run(&net);
	assert_posts(ann, "sent:one 2/2");
	end();
}

static void
test_status__views_are_told_together(void **state)
{
	unsigned sends;

	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	post(ann, "two");
	er_run(&net);
	post(ann, "three");
	er_run(&net);
	er_online(ben, false);
	see(ben, ann);
	give(ben, CMD_STATUS_SEE, NULL, post_of(ben, ann) + 1, NULL, 0);
	give(ben, CMD_STATUS_SEE, NULL, post_of(ben, ann) + 2, NULL, 0);
	sends = ben->sends;
	er_online(ben, true);
	er_run(&net);
	assert_int_equal(ben->sends, sends + 1);
	assert_posts(ann, "sent:one 2/1 sent:two 2/1 sent:three 2/1");
	end();
}

static void
test_status__views_are_not_told_without_receipts(void **state)
{
	(void)state;
	begin();
	ben->e->self.read_receipts = false;
	post(ann, "one");
	er_run(&net);
	see(ben, ann);
	er_run(&net);
	assert_posts(ben, "1:one");
	assert_posts(ann, "sent:one 2/0");
	end();
}

static void
say_seen(struct er_person *p, const struct er_person *to, const uint8_t *id,
    uint64_t when_ms)
{
	Sotto__Content__StatusSeen seen = SOTTO__CONTENT__STATUS_SEEN__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	const struct outbox_for whom = {.account = to->account};
	ProtobufCBinaryData v = {STORE_ID_LEN, (uint8_t *)(uintptr_t)id};
	struct draft d = {0};

	seen.message_ids = &v;
	seen.n_message_ids = 1;
	seen.when_ms = when_ms;
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_SEEN;
	s.seen = &seen;
	assert_ok(txn_begin(p->e));
	draft_init(&d);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	assert_ok(draft_send(p->e, &d, &whom));
	assert_ok(txn_end(p->e, 0));
	outbox_kick(p->e);
	er_run(&net);
}

/* Who was not in the audience has not seen it, whatever they say; nor does
 * anybody see it in the future. */
static void
test_status__views_are_believed_of_the_audience(void **state)
{
	struct store_viewer *v = NULL;
	struct store_status st;
	size_t n = 0;

	(void)state;
	begin();
	set_audience(ann, STATUS_ONLY, ben);
	post(ann, "for ben");
	er_run(&net);
	assert_ok(store_status_get(ann->e->store, post_of(ann, ann), &st));
	say_seen(cat, ann, st.message_id, engine_now_ms());
	assert_posts(ann, "sent:for ben 1/0");
	say_seen(ben, ann, st.message_id, engine_now_ms() + 1000000);
	assert_posts(ann, "sent:for ben 1/1");
	assert_ok(store_status_views(ann->e->store, st.id, &v, &n));
	assert_true(v[0].viewed_ms <= engine_now_ms());
	free(v);
	store_status_clear(&st);
	end();
}

/* ---- their end -------------------------------------------------------------------------------- */

static void
test_status__is_over_after_a_day(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	see(ben, ann);
	er_run(&net);
	a_day_later(ann);
	a_day_later(ben);
	assert_posts(ann, "");
	assert_posts(ben, "");
	assert_int_equal(ben->posts_gone, 1);
	assert_int_equal(count(ann, "SELECT count(*) FROM status_view"), 0);
	assert_int_equal(count(ann, "SELECT count(*) FROM status_to"), 0);
	assert_false(uv_is_active((uv_handle_t *)&ben->e->expiry));
	end();
}

/* No turn of the loop is spent on waiting for it. */
static void
test_status__waits_with_one_timer(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	assert_true(uv_is_active((uv_handle_t *)&ben->e->expiry));
	assert_true(uv_timer_get_due_in(&ben->e->expiry) > 3500000);
	end();
}

static void
test_status__what_waits_a_day_is_over(void **state)
{
	(void)state;
	begin();
	er_online(ann, false);
	post(ann, "one");
	a_day_later(ann);
	er_online(ann, true);
	er_run(&net);
	assert_posts(ann, "");
	assert_posts(ben, "");
	assert_int_equal(count(ann, "SELECT count(*) FROM outbox"), 0);
	end();
}

static void
say_post(struct er_person *p, const struct er_person *to, uint64_t sent_ms)
{
	Sotto__Content__StatusPost m = SOTTO__CONTENT__STATUS_POST__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	const struct outbox_for whom = {.account = to->account};
	struct draft d = {0};
	char text[] = "hi\x1b[31m\ntwo";

	m.text = text;
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_POST;
	s.post = &m;
	assert_ok(txn_begin(p->e));
	draft_init(&d);
	d.c.sent_ms = sent_ms;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	assert_ok(draft_send(p->e, &d, &whom));
	assert_ok(txn_end(p->e, 0));
	outbox_kick(p->e);
	er_run(&net);
}

static void
test_status__a_clock_that_lies_gains_nothing(void **state)
{
	const uint64_t day = STORE_STATUS_LIFE_MS;
	struct store_status st;

	(void)state;
	begin();
	say_post(ann, ben, engine_now_ms() + 10 * day);
	assert_ok(store_status_get(ben->e->store, post_of(ben, ann), &st));
	assert_true(st.expires_ms <= engine_now_ms() + day);
	assert_true(st.posted_ms <= engine_now_ms());
	assert_null(strchr(st.text, '\x1b')); /* and what they write is tame */
	store_status_clear(&st);
	say_post(ann, cat, engine_now_ms() - day - 1); /* it is over */
	assert_posts(cat, "");
	end();
}

static void
test_status__ends_when_the_relay_says(void **state)
{
	struct store_status st;

	(void)state;
	begin();
	tapped();
	tap.expires_ms = engine_now_ms() + 5000000;
	post(ann, "one");
	er_run(&net);
	assert_ok(store_status_get(ben->e->store, post_of(ben, ann), &st));
	assert_int_equal(st.expires_ms, tap.expires_ms);
	store_status_clear(&st);
	tap.expires_ms = 1; /* a relay without a clock */
	post(ann, "two");
	er_run(&net);
	assert_posts(ben, "1:one* 1:two*");
	end();
}

static void
test_status__can_be_taken_back(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	er_online(cat, false);
	set_audience(ann, STATUS_ONLY, cat); /* Ben had it all the same */
	give(ann, CMD_STATUS_DELETE, NULL, post_of(ann, ann), NULL, 0);
	er_run(&net);
	assert_posts(ann, "");
	assert_posts(pad, "");
	assert_posts(ben, "");
	er_online(cat, true);
	er_run(&net);
	assert_posts(cat, "");
	assert_int_equal(ben->posts_gone, 1);
	end();
}

/* Ben, who is not in the audience any more, is told that the first one ended;
 * with what he is given for that he reads nothing after. */
static void
test_status__an_end_gives_no_key_for_later(void **state)
{
	struct loot l;

	(void)state;
	begin();
	tapped();
	post(ann, "one");
	er_run(&net);
	set_audience(ann, STATUS_ONLY, cat);
	post(ann, "two");
	er_run(&net);
	give(ann, CMD_STATUS_DELETE, NULL, post_of(ann, ann), NULL, 0);
	er_run(&net);
	assert_posts(ben, "");
	steal(ben, ann, &l);
	post(ann, "three");
	er_run(&net);
	assert_posts(cat, "1:two* 1:three*");
	assert_false(opens(&l));
	buf_clear(&l.record);
	end();
}

static void
test_status__taken_back_before_it_left(void **state)
{
	(void)state;
	begin();
	er_online(ann, false);
	post(ann, "one");
	give(ann, CMD_STATUS_DELETE, NULL, post_of(ann, ann), NULL, 0);
	er_online(ann, true);
	er_run(&net);
	assert_posts(ann, "");
	assert_posts(ben, "");
	assert_int_equal(ben->posts, 0);
	end();
}

static void
test_status__nobody_takes_back_what_others_posted(void **state)
{
	Sotto__Content__StatusGone g = SOTTO__CONTENT__STATUS_GONE__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	struct store_status st;
	struct draft d = {0};

	(void)state;
	begin();
	friends(ben, cat);
	post(ann, "one");
	er_run(&net);
	assert_ok(store_status_get(ben->e->store, post_of(ben, ann), &st));
	g.message_id = (ProtobufCBinaryData){STORE_ID_LEN, st.message_id};
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_GONE;
	s.gone = &g;
	assert_ok(txn_begin(cat->e));
	draft_init(&d);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	assert_ok(draft_send(
	    cat->e, &d, &(struct outbox_for){.account = ben->account}));
	assert_ok(txn_end(cat->e, 0));
	outbox_kick(cat->e);
	er_run(&net);
	assert_posts(ben, "1:one*");
	give(ben, CMD_STATUS_DELETE, NULL, st.id, NULL, 0);
	er_run(&net);
	assert_string_equal(ben->why, "That post is not one of yours.");
	assert_posts(ben, "1:one*");
	store_status_clear(&st);
	end();
}

/* ---- answers ------------------------------------------------------------------------------------ */

/* What the last message in a chat quotes. */
static struct store_quote
quoted(struct er_person *p, const struct er_person *with)
{
	struct store_messages page;
	struct store_quote q;

	assert_ok(
	    store_message_before(p->e->store, er_chat(p, with), 0, 1, &page));
	assert_int_equal(page.n, 1);
	assert_ok(store_quote_get(p->e->store, page.v[0].id, &q));
	store_messages_clear(&page);
	return q;
}

static void
test_status__an_answer_goes_to_the_chat(void **state)
{
	struct store_quote q;

	(void)state;
	begin();
	post(ann, "at the lake");
	er_run(&net);
	give(ben, CMD_STATUS_REPLY, "cold?", post_of(ben, ann), NULL, 0);
	er_run(&net);
	assert_shows(
	    ann, ben, "delivered:hello received:well, hello received:cold?");
	assert_shows(
	    ben, ann, "received:hello delivered:well, hello delivered:cold?");
	q = quoted(ann, ben);
	assert_true(q.status);
	assert_string_equal(q.text, "at the lake");
	assert_memory_equal(q.account, ann->account, STORE_ID_LEN);
	q = quoted(pad, ben);
	assert_string_equal(q.text, "at the lake");
	/* with the post its words go */
	a_day_later(ann);
	a_day_later(ben);
	assert_string_equal(quoted(ann, ben).text, "");
	assert_string_equal(quoted(ben, ann).text, "");
	assert_int_equal(
	    count(ann, "SELECT count(*) FROM quote WHERE text <> ''"), 0);
	end();
}

static void
test_status__an_answer_to_what_is_over_has_no_words_of_it(void **state)
{
	(void)state;
	begin();
	post(ann, "at the lake");
	er_run(&net);
	er_online(ann, false);
	give(ben, CMD_STATUS_REPLY, "cold?", post_of(ben, ann), NULL, 0);
	er_run(&net);
	a_day_later(ann);
	er_online(ann, true);
	er_run(&net);
	assert_true(quoted(ann, ben).status);
	assert_string_equal(quoted(ann, ben).text, "");
	end();
}

static void
test_status__own_ones_are_not_answered(void **state)
{
	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	give(ann, CMD_STATUS_REPLY, "me", post_of(ann, ann), NULL, 0);
	assert_string_equal(ann->why, "");
	er_run(&net);
	assert_string_equal(ann->why, "That post is one of yours.");
	give(ann, CMD_STATUS_REPLY, "me", 4711, NULL, 0);
	er_run(&net);
	assert_string_equal(ann->why, "That post is gone.");
	end();
}

/* ---- several devices ------------------------------------------------------------------------------ */

static void
test_status__any_device_posts_and_takes_back(void **state)
{
	(void)state;
	begin();
	post(pad, "from the pad");
	er_run(&net);
	assert_posts(ann, "sent:from the pad 2/0");
	assert_posts(ben, "1:from the pad*");
	see(ben, ann);
	er_run(&net);
	assert_posts(ann, "sent:from the pad 2/1");
	assert_posts(pad, "sent:from the pad 2/1");
	give(ann, CMD_STATUS_DELETE, NULL, post_of(ann, ann), NULL, 0);
	er_run(&net);
	assert_posts(pad, "");
	assert_posts(ben, "");
	assert_posts(cat, "");
	end();
}

static void
test_status__seen_on_one_is_seen_on_all(void **state)
{
	(void)state;
	begin();
	post(ben, "hi");
	er_run(&net);
	assert_posts(pad, "2:hi*");
	see(ann, ben);
	er_run(&net);
	assert_posts(pad, "2:hi");
	assert_posts(ben, "sent:hi 1/1");
	see(pad, ben); /* not told again */
	er_run(&net);
	assert_posts(ben, "sent:hi 1/1");
	end();
}

static bool
mutes(struct er_person *p, const struct er_person *who)
{
	struct store_status_person k;

	assert_ok(store_status_person(p->e->store, who->account, &k));
	return k.muted;
}

static void
test_status__settings_are_the_same_on_all(void **state)
{
	(void)state;
	begin();
	set_audience(ann, STATUS_ONLY, cat);
	give(ann, CMD_STATUS_MUTE, NULL, 0, ben, 1);
	er_run(&net);
	assert_true(mutes(ann, ben) && mutes(pad, ben));
	post(pad, "for cat");
	er_run(&net);
	assert_posts(ben, "");
	assert_posts(cat, "1:for cat*");
	give(pad, CMD_STATUS_MUTE, NULL, 0, ben, 0);
	set_audience(pad, STATUS_ALL, NULL);
	er_run(&net);
	assert_false(mutes(ann, ben) || mutes(pad, ben));
	post(ann, "for all");
	er_run(&net);
	assert_posts(ben, "1:for all*");
	end();
}

static void
test_status__a_new_device_knows_the_settings(void **state)
{
	(void)state;
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	cat = er_add(&net, 3);
	friends(ann, ben);
	friends(ann, cat);
	set_audience(ann, STATUS_BUT, ben);
	give(ann, CMD_STATUS_MUTE, NULL, 0, cat, 1);
	pad = er_add_blank(&net, 5);
	er_link(&net, pad, ann, "pad");
	assert_true(mutes(pad, cat));
	/* it has written to nobody itself */
	assert_true(er_say(pad, cat, "new here"));
	assert_true(er_say(pad, ben, "new here"));
	er_run(&net);
	post(pad, "not for ben");
	er_run(&net);
	assert_posts(ben, "");
	assert_posts(cat, "1:not for ben*");
	end();
}

static void
test_status__a_device_that_came_meanwhile_reads_it(void **state)
{
	(void)state;
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	friends(ann, ben);
	post(ben, "one");
	er_run(&net);
	pad = er_add_blank(&net, 5);
	er_link(&net, pad, ann, "pad");
	assert_true(er_say(ann, ben, "hi")); /* so that pad knows Ben */
	er_run(&net);
	post(ben, "two");
	er_run(&net);
	assert_posts(ann, "2:one* 2:two*");
	assert_posts(pad, "2:two*");
	end();
}

/* ---- what is not a post ---------------------------------------------------------------------------- */

static void
test_status__put_into_a_group_it_is_nothing(void **state)
{
	const uint8_t group[STORE_ID_LEN] = {7};

	(void)state;
	begin();
	tapped();
	tap.group = group;
	post(ann, "one");
	er_run(&net);
	assert_posts(ben, "");
	assert_shows(ben, ann, "received:hello delivered:well, hello");
	end();
}

/* Its key is kept beside those of groups, so no group can have that name. */
static void
test_status__no_group_has_its_name(void **state)
{
	struct store_group g = {.chat = 1};

	(void)state;
	begin();
	memcpy(g.id, store_status_list, STORE_ID_LEN);
	assert_err(store_group_put(ann->e->store, &g), ERR_RANGE);
	assert_ok(txn_begin(ann->e));
	assert_ok(group_entry_take(ann->e, store_status_list, g.id, 1));
	assert_ok(txn_end(ann->e, 0));
	end();
}

static void
test_status__a_later_kind_says_so(void **state)
{
	struct store_status st = {.kind = 9, .text = lit("from the sea")};
	struct status_row row;

	(void)state;
	begin();
	memcpy(st.account, ann->account, STORE_ID_LEN);
	assert_ok(status_row_from(ben->e, &row, &st));
	assert_int_equal(row.kind, STATUS_OTHER);
	assert_string_equal(
	    row.text, "A post that this version cannot show.\nfrom the sea");
	assert_string_equal(row.name, "Person 1");
	status_row_clear(&row);
	end();
}

/* ---- answers to a front ------------------------------------------------------------------------------- */

static struct engine_event *
asked(struct er_person *p, enum cmd_kind kind, int64_t id,
    enum engine_event_kind want)
{
	struct engine_event *ev;

	while ((ev = engine_next(p->e)) != NULL)
		engine_event_free(ev);
	give(p, kind, NULL, id, NULL, 0);
	while ((ev = engine_next(p->e)) != NULL && ev->kind != want)
		engine_event_free(ev);
	assert_non_null(ev);
	assert_int_equal(ev->tag, 9);
	return ev;
}

static void
test_status__the_list_has_ours_and_the_newest_first(void **state)
{
	struct engine_event *ev;

	(void)state;
	begin();
	post(ben, "ben 1");
	er_run(&net);
	post(cat, "cat");
	er_run(&net);
	sql(ann, "UPDATE status SET posted_ms = posted_ms - 5000"
		 " WHERE text = 'ben 1'");
	post(ann, "ann");
	er_run(&net);
	ev = asked(ann, CMD_STATUSES, 0, EV_STATUSES);
	assert_int_equal(ev->n, 3);
	assert_string_equal(ev->statuses[0].text, "ann");
	assert_true(ev->statuses[0].own);
	assert_null(ev->statuses[0].name);
	assert_string_equal(ev->statuses[1].text, "cat");
	assert_string_equal(ev->statuses[1].name, "Person 3");
	assert_string_equal(ev->statuses[2].text, "ben 1");
	engine_event_free(ev);
	end();
}

static void
test_status__viewers_have_names(void **state)
{
	struct engine_event *ev;

	(void)state;
	begin();
	post(ann, "one");
	er_run(&net);
	see(ben, ann);
	er_run(&net);
	ev = asked(
	    ann, CMD_STATUS_VIEWERS, post_of(ann, ann), EV_STATUS_VIEWERS);
	assert_int_equal(ev->n_viewers, 1);
	assert_string_equal(ev->viewers[0].name, "Person 2");
	assert_int_equal(ev->statuses[0].views, 1);
	engine_event_free(ev);
	end();
}

static void
test_status__the_audience_has_names(void **state)
{
	struct engine_event *ev;

	(void)state;
	begin();
	set_audience(ann, STATUS_BUT, ben);
	ev = asked(ann, CMD_STATUS_AUDIENCE, 0, EV_STATUS_AUDIENCE);
	assert_int_equal(ev->status_audience->mode, STATUS_BUT);
	assert_int_equal(ev->status_audience->n_people, 2);
	assert_int_equal(ev->status_audience->sees, 1);
	assert_string_equal(ev->status_audience->people[0].name, "Person 2");
	assert_true(ev->status_audience->people[0].but);
	assert_false(ev->status_audience->people[0].sees);
	assert_true(ev->status_audience->people[1].sees);
	engine_event_free(ev);
	end();
}

/* ---- short of memory --------------------------------------------------------------------------------- */

static void
recover(struct er_person *p)
{
	if (p->e->failed) {
		again(p);
		return;
	}
	p->e->outbox_hold_ms = p->e->receipts_full_ms = 0;
	er_online(p, false);
	er_online(p, true);
	assert_false(store_in_transaction(p->e->store));
}

/* An allocation fails somewhere between posting and the last view: each post
 * arrives once all the same. */
static void
test_status__without_memory_it_leaves_later(void **state)
{
	struct er_person *all[4];
	bool failed = true;
	unsigned said = 0, i;
	char text[16];

	(void)state;
	begin();
	all[0] = ann, all[1] = ben, all[2] = cat, all[3] = pad;
	for (long n = 0; failed && said < 70; n += 1 + n / 8) {
		snprintf(text, sizeof(text), "m%u", said++);
		set_audience(ann, said % 2 ? STATUS_BUT : STATUS_ALL,
		    said % 2 ? cat : NULL); /* a new key each time */
		post(ann, text);
		alloc_fail_at(n);
		er_run(&net);
		failed = alloc_failed();
		alloc_fail_at(-1);
		for (i = 0; i < 4; i++)
			recover(all[i]);
		er_run(&net);
		assert_int_equal(
		    count(ben, "SELECT count(*) FROM status"), said);
	}
	assert_true(said > 20); /* it failed so often */
	assert_int_equal(count(cat, "SELECT count(*) FROM status"), said / 2);
	assert_int_equal(
	    count(pad, "SELECT count(*) FROM status WHERE state = 1"), said);
	end();
}

/* A command without memory is refused, and changes nothing. */
static void
test_status__commands_without_memory(void **state)
{
	static const enum cmd_kind kinds[] = {CMD_STATUSES, CMD_STATUS_SEE,
	    CMD_STATUS_VIEWERS, CMD_STATUS_AUDIENCE, CMD_STATUS_POST,
	    CMD_STATUS_REPLY, CMD_STATUS_SET_AUDIENCE, CMD_STATUS_DELETE};
	unsigned failures = 0;

	(void)state;
	begin();
	post(ann, "mine");
	post(ben, "theirs");
	er_run(&net);
	see(ben, ann);
	er_run(&net);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const bool own = kinds[i] == CMD_STATUS_VIEWERS ||
				 kinds[i] == CMD_STATUS_DELETE;
		const int64_t id = post_of(ann, own ? ann : ben);
		bool failed = true;

		for (long n = 0; failed && n < 400; n++) {
			alloc_fail_at(n);
			give(ann, kinds[i], "text", id, cat, STATUS_BUT);
			failed = alloc_failed();
			alloc_fail_at(-1);
			assert_false(store_in_transaction(ann->e->store));
			failures += failed;
			if (failed)
				recover(ann);
		}
		assert_false(failed);
	}
	assert_true(failures > 50);
	er_run(&net);
	assert_posts(ben, "1:text* sent:theirs 1/1");
	end();
}

#define T(f) cmocka_unit_test(f)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_status__is_for_contacts),
	    T(test_status__of_strangers_is_none),
	    T(test_status__only_for_the_chosen),
	    T(test_status__for_nobody_is_refused),
	    T(test_status__who_was_taken_off_reads_nothing_after),
	    T(test_status__who_is_blocked_reads_nothing_after),
	    T(test_status__what_has_not_left_is_not_for_them),
	    T(test_status__a_newcomer_reads_nothing_from_before),
	    T(test_status__a_relay_adds_nobody),
	    T(test_status__who_asks_must_have_been_in_it),
	    T(test_status__the_next_one_costs_one_request),
	    T(test_status__waits_for_who_is_not_there),
	    T(test_status__what_does_not_open_is_sent_again),
	    T(test_status__its_end_is_sent_again),
	    T(test_status__a_new_machine_reads_it),
	    T(test_status__a_limit_holds_no_messages_up),
	    T(test_status__what_is_refused_can_be_sent_again),
	    T(test_status__ended_at_any_turn),
	    T(test_status__an_answer_that_got_lost),
	    T(test_status__views_are_told_to_who_posted),
	    T(test_status__views_are_told_together),
	    T(test_status__views_are_not_told_without_receipts),
	    T(test_status__views_are_believed_of_the_audience),
	    T(test_status__is_over_after_a_day),
	    T(test_status__waits_with_one_timer),
	    T(test_status__what_waits_a_day_is_over),
	    T(test_status__a_clock_that_lies_gains_nothing),
	    T(test_status__ends_when_the_relay_says),
	    T(test_status__can_be_taken_back),
	    T(test_status__an_end_gives_no_key_for_later),
	    T(test_status__taken_back_before_it_left),
	    T(test_status__nobody_takes_back_what_others_posted),
	    T(test_status__an_answer_goes_to_the_chat),
	    T(test_status__an_answer_to_what_is_over_has_no_words_of_it),
	    T(test_status__own_ones_are_not_answered),
	    T(test_status__any_device_posts_and_takes_back),
	    T(test_status__seen_on_one_is_seen_on_all),
	    T(test_status__settings_are_the_same_on_all),
	    T(test_status__a_new_device_knows_the_settings),
	    T(test_status__a_device_that_came_meanwhile_reads_it),
	    T(test_status__put_into_a_group_it_is_nothing),
	    T(test_status__no_group_has_its_name),
	    T(test_status__a_later_kind_says_so),
	    T(test_status__the_list_has_ours_and_the_newest_first),
	    T(test_status__viewers_have_names),
	    T(test_status__the_audience_has_names),
	    T(test_status__without_memory_it_leaves_later),
	    T(test_status__commands_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
