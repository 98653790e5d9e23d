/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to groups between engines: keys given, sealed once, opened by who
 * may; and by nobody else. docs/groups.md §10. */
#include <sodium.h>

#include "common/proto/method.h"
#include "common/signal/sender_key.h"
#include "tests/unit/engine_rig_groups.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group_room.h"
#include "tui/engine/mention.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"
#include "tui/store/store_group.h"
#include "tui/store/store_repair.h"
#include "tui/store/store_sender_key.h"
#include "tui/store/store_setting.h"

static struct er_net net;
static struct er_person *ann, *ben, *cat, *pad; /* pad: Ann's other device */
static uint8_t gid[GROUP_ID_LEN];

/* ---- a group ------------------------------------------------------------------- */

static void
give_cmd(struct er_person *p, enum group_kind kind, int64_t chat,
    const struct er_person *a, const struct er_person *b)
{
	uint8_t who[2][GROUP_ACCOUNT_LEN];
	struct group_intent in = {.kind = kind, .accounts = who};
	struct cmd *c = cmd_new(CMD_GROUP_CHANGE, 9, NULL, NULL, NULL);
	struct buf bytes;

	if (a != NULL)
		memcpy(who[in.n_accounts++], a->account, GROUP_ACCOUNT_LEN);
	if (b != NULL)
		memcpy(who[in.n_accounts++], b->account, GROUP_ACCOUNT_LEN);
	if (kind == GROUP_CREATE)
		snprintf(in.meta.name, sizeof(in.meta.name), "Rowing");
	assert_non_null(c);
	assert_ok(group_intent_pack(&in, &bytes));
	buf_detach(&bytes, &c->data, &c->data_len);
	c->chat = chat;
	cmd_group_change(p->e, c);
	cmd_free(c);
}

static int64_t
chat_of(struct er_person *p)
{
	int64_t chat;

	assert_ok(store_chat_find(p->e->store, STORE_CHAT_GROUP, gid, &chat));
	return chat;
}

static void
say(struct er_person *p, const char *text)
{
	er_cmd(p, CMD_SEND_TEXT, text, NULL, chat_of(p), 0);
}

/* The group's chat as one line, as er_shows() does it; people by number. */
static const char *
shows(struct er_person *p)
{
	static const char *const names[] = {
	    "pending", "sent", "delivered", "read", "failed", "", "waiting"};
	static char line[4][2000];
	static unsigned turn;
	char *out = line[turn++ % 4];
	struct store_messages page;
	size_t at = 0;

	out[0] = '\0';
	alloc_spare(1);
	assert_ok(store_message_before(p->e->store, chat_of(p), 0, 100, &page));
	for (size_t i = 0; i < page.n; i++) {
		const struct store_message *m = &page.v[i];
		const char *state = names[m->state];

		if (m->dir == STORE_NOTE)
			continue;
		at += (size_t)snprintf(out + at, 2000 - at, "%s%s%.0d",
		    at > 0 ? " " : "", state, 0);
		if (m->dir == STORE_IN)
			at += (size_t)snprintf(
			    out + at, 2000 - at, "%u", m->account[15]);
		at += (size_t)snprintf(out + at, 2000 - at, ":%s",
		    m->kind == STORE_MSG_DELETED ? "(deleted)"
		    : m->text != NULL		 ? m->text
						 : "");
	}
	store_messages_clear(&page);
	alloc_spare(0);
	return out;
}
#define assert_group(p, text) assert_string_equal(shows(p), text)

static void
act(struct er_person *p, enum group_kind kind, const struct er_person *who)
{
	give_cmd(p, kind, chat_of(p), who, NULL);
	er_run(&net);
}

/* Three people, four devices, one group. */
static void
begin(void)
{
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	cat = er_add(&net, 3);
	pad = er_add_blank(&net, 4);
	er_link(&net, pad, ann, "pad");
	give_cmd(ann, GROUP_CREATE, 0, ben, cat);
	er_run(&net);
	memcpy(gid, er_group_last(&net, 0)->id, sizeof(gid));
	assert_string_equal(er_members(cat, gid), "1* 2 3");
	assert_string_equal(er_members(pad, gid), "1* 2 3");
}

static void
end(void)
{
	er_clear(&net);
}

/* ---- both ways ----------------------------------------------------------------- */

/* Ann wrote to Ben, who has not answered; his name comes with the group. */
static void
test_group_receive__names_the_chat_of_two(void **state)
{
	struct store_contact c;

	(void)state;
	begin();
	assert_true(er_say(ann, ben, "are you in?"));
	er_run(&net);
	assert_ok(store_contact_get(ann->e->store, ben->account, &c));
	c.phone_known = true; /* by its number, which Ann had typed */
	snprintf(c.phone, sizeof(c.phone), "%s", ben->e->self.phone);
	assert_ok(store_contact_put(ann->e->store, &c));
	ann->title[0] = '\0';
	say(ben, "yes");
	er_run(&net);
	assert_group(ann, "2:yes");
	assert_string_equal(ann->title, "Person 2");
	end();
}

static void
test_group_send__everybody_reads_what_was_sealed_once(void **state)
{
	(void)state;
	begin();
	say(ann, "hello");
	er_run(&net);
	assert_group(ann, "delivered:hello");
	assert_group(ben, "1:hello");
	assert_group(cat, "1:hello");
	assert_group(pad, "delivered:hello");
	say(ben, "hi");
	er_run(&net);
	say(pad, "from the pad");
	er_run(&net);
	assert_group(cat, "1:hello 2:hi 1:from the pad");
	assert_group(ann, "delivered:hello 2:hi delivered:from the pad");
	end();
}

/* ---- helpers for what goes wrong ------------------------------------------------ */

/* A copy of every key that p has of others in this group: an attacker's. */
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
	assert_ok(store_own_key_get(of->e->store, gid, &k, &own));
	memcpy(l->key.account, of->account, STORE_ID_LEN);
	l->key.device = of->device;
	memcpy(l->key.distribution, k.distribution, STORE_ID_LEN);
	assert_ok(store_peer_key_get(p->e->store, &l->key, &l->record));
	buf_clear(&own);
	alloc_spare(0);
}

/* Group messages as they pass the relay. */
static struct {
	size_t n, len[64];
	uint8_t b[64][2048];
	struct er_person *lose; /* what is for them comes to nothing */
	unsigned bend;
	uint8_t other[GROUP_ID_LEN];
} tap;

static void
on_item(struct er_net *n, struct er_person *from, struct er_person *to,
    Sotto__Relay__DeliverEvent__Item *it)
{
	(void)n;
	(void)from;
	if (it->group_id.len == 0 || it->type == 64)
		return;
	if (tap.n < 64 && it->ciphertext.len <= sizeof(tap.b[0])) {
		memcpy(tap.b[tap.n], it->ciphertext.data, it->ciphertext.len);
		tap.len[tap.n++] = it->ciphertext.len;
	}
	if (tap.bend == 1 && to == tap.lose)
		it->ciphertext.data[it->ciphertext.len - 1] ^= 1;
	if (tap.bend == 2) /* put into another group */
		memcpy(it->group_id.data, tap.other, GROUP_ID_LEN);
}

/* Can the last message that passed be opened with a stolen key? */
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
distribution_of(struct er_person *p, uint8_t out[static STORE_ID_LEN])
{
	struct store_own_key k;
	struct buf rec;

	buf_init(&rec, SENDER_KEY_RECORD_MAX);
	assert_ok(store_own_key_get(p->e->store, gid, &k, &rec));
	memcpy(out, k.distribution, STORE_ID_LEN);
	buf_clear(&rec);
}

static bool
rotated(struct er_person *p, const uint8_t before[static STORE_ID_LEN])
{
	uint8_t now[STORE_ID_LEN];

	distribution_of(p, now);
	return memcmp(now, before, STORE_ID_LEN) != 0;
}

static void
tapped(void)
{
	memset(&tap, 0, sizeof(tap));
	net.bend = on_item;
}

/* ---- keys are given once ---------------------------------------------------------- */

static void
test_group_send__the_next_message_costs_one_request(void **state)
{
	unsigned sends, fetches;

	(void)state;
	begin();
	tapped();
	say(ann, "one");
	er_run(&net);
	sends = ann->sends;
	fetches = ann->fetches;
	tap.n = 0;
	say(ann, "two");
	er_run(&net);
	assert_int_equal(ann->sends, sends + 1);
	assert_int_equal(ann->fetches, fetches);
	assert_int_equal(tap.n, 3); /* the same bytes to each of the others */
	assert_memory_equal(tap.b[0], tap.b[1], tap.len[0]);
	assert_group(cat, "1:one 1:two");
	end();
}

static void
test_group_send__waits_offline_and_leaves_in_order(void **state)
{
	(void)state;
	begin();
	er_online(ann, false);
	say(ann, "one");
	say(ann, "two");
	assert_group(ann, "pending:one pending:two");
	er_online(cat, false);
	er_online(ann, true);
	er_run(&net);
	assert_group(ben, "1:one 1:two");
	assert_group(ann, "sent:one sent:two"); /* not all of them have it */
	er_online(cat, true);
	er_run(&net);
	assert_group(cat, "1:one 1:two");
	assert_group(ann, "delivered:one delivered:two");
	end();
}

/* ---- ticks ----------------------------------------------------------------------- */

static void
test_group_send__read_when_everybody_has_read(void **state)
{
	struct store_receipt *v = NULL;
	struct store_messages page;
	size_t n = 0;

	(void)state;
	begin();
	say(ann, "hello");
	er_run(&net);
	assert_ok(
	    store_message_before(ben->e->store, chat_of(ben), 0, 1, &page));
	ben->done = 0;
	{
		struct cmd *c = cmd_new(CMD_MARK_READ, 9, NULL, NULL, NULL);

		c->chat = chat_of(ben);
		c->id = page.v[0].id;
		cmd_mark_read(ben->e, c);
		cmd_free(c);
	}
	store_messages_clear(&page);
	er_run(&net);
	assert_group(ann, "delivered:hello");
	assert_group(pad, "delivered:hello");
	assert_ok(
	    store_message_before(cat->e->store, chat_of(cat), 0, 1, &page));
	{
		struct cmd *c = cmd_new(CMD_MARK_READ, 9, NULL, NULL, NULL);

		c->chat = chat_of(cat);
		c->id = page.v[0].id;
		cmd_mark_read(cat->e, c);
		cmd_free(c);
	}
	store_messages_clear(&page);
	er_run(&net);
	assert_group(ann, "read:hello");
	assert_group(pad, "read:hello");
	assert_ok(
	    store_message_before(ann->e->store, chat_of(ann), 0, 1, &page));
	assert_ok(store_receipt_list(ann->e->store, page.v[0].id, &v, &n));
	assert_int_equal(n, 2);
	free(v);
	store_messages_clear(&page);
	end();
}

/* ---- what else is done to messages ------------------------------------------------ */

static int64_t
last_of(struct er_person *p)
{
	struct store_messages page;
	int64_t id;

	assert_ok(store_message_before(p->e->store, chat_of(p), 0, 1, &page));
	assert_int_equal(page.n, 1);
	id = page.v[0].id;
	store_messages_clear(&page);
	return id;
}

static void
on_last(struct er_person *p, enum cmd_kind kind, const char *text, cmd_fn *fn)
{
	struct cmd *c = cmd_new(kind, 9, text, NULL, NULL);

	assert_non_null(c);
	c->id = last_of(p);
	fn(p->e, c);
	cmd_free(c);
}

static void
test_group_send__edit_react_retract(void **state)
{
	struct store_reaction *v = NULL;
	size_t n = 0;

	(void)state;
	begin();
	say(ann, "helo");
	er_run(&net);
	on_last(ann, CMD_EDIT, "hello", cmd_edit);
	er_run(&net);
	assert_group(cat, "1:hello");
	assert_group(pad, "delivered:hello");
	on_last(cat, CMD_REACT, "+", cmd_react);
	er_run(&net);
	assert_ok(store_reaction_list(pad->e->store, last_of(pad), &v, &n));
	assert_int_equal(n, 1);
	assert_memory_equal(v[0].account, cat->account, STORE_ID_LEN);
	free(v);
	on_last(ann, CMD_RETRACT, NULL, cmd_retract);
	er_run(&net);
	assert_group(ben, "1:(deleted)");
	assert_group(cat, "1:(deleted)");
	end();
}

static void
test_group_send__nobody_takes_back_what_others_wrote(void **state)
{
	unsigned errors;

	(void)state;
	begin();
	say(ben, "mine");
	er_run(&net);
	errors = ann->errors;
	on_last(ann, CMD_RETRACT, NULL, cmd_retract); /* an admin */
	er_run(&net);
	assert_int_equal(ann->errors, errors + 1);
	assert_group(ben, "delivered:mine");
	end();
}

/* ---- who is named ------------------------------------------------------------------ */

/* The last message as p sees it, and the names in it: "text [@Ben] [@Mia*]"; *
 * is p. */
static const char *
seen(struct er_person *p)
{
	static char out[4][400];
	static unsigned turn;
	char *line = out[turn++ % 4];
	struct store_message m;
	struct msg_row row;
	size_t at;

	assert_ok(store_message_get(p->e->store, last_of(p), &m));
	assert_ok(msg_row_from(p->e, &row, &m));
	at = (size_t)snprintf(line, 400, "%s", row.text);
	for (size_t i = 0; i < row.n_mentions; i++)
		at += (size_t)snprintf(line + at, 400 - at, " [%.*s%s]",
		    (int)row.mentions[i].len, row.text + row.mentions[i].off,
		    row.mentions[i].me ? "*" : "");
	if (row.mentions_me)
		snprintf(line + at, 400 - at, " !");
	msg_row_clear(&row);
	store_message_clear(&m);
	return line;
}

static void
call(struct er_person *p, const struct er_person *whom, const char *name)
{
	struct store_contact c;

	assert_ok(store_contact_get(p->e->store, whom->account, &c));
	snprintf(c.name, sizeof(c.name), "%s", name);
	snprintf(c.phone, sizeof(c.phone), "+4915550%05u", whom->n);
	c.phone_known = true;
	assert_ok(store_contact_put(p->e->store, &c));
}

/* Everybody has written, and is known by a name. */
static void
begin_known(void)
{
	begin();
	say(ann, "1");
	say(ben, "2");
	say(cat, "3");
	er_run(&net);
}

static void
test_group_mention__each_sees_their_own_name_for_them(void **state)
{
	bool unread;

	(void)state;
	begin_known();
	call(ann, ben, "The Boss");
	call(cat, ben, "Benny");
	say(ann, "hi @the boss, and @person 3!");
	er_run(&net);
	assert_string_equal(
	    seen(ann), "hi @The Boss, and @Person 3! [@The Boss] [@Person 3]");
	/* what Ann calls him is nobody's business */
	assert_string_equal(
	    seen(cat), "hi @Benny, and @Person 3! [@Benny] [@Person 3*] !");
	assert_string_equal(seen(ben),
	    "hi @Person 2, and @Person 3! [@Person 2*] [@Person 3] !");
	assert_group(ben, "delivered:2 1:1 3:3 1:hi @Person 2, and @Person 3!");
	/* her other device has it by the same ciphertext */
	assert_string_equal(
	    seen(pad), "hi @Person 2, and @Person 3! [@Person 2] [@Person 3]");
	assert_ok(store_mention_unread(ben->e->store, chat_of(ben), &unread));
	assert_true(unread);
	assert_ok(store_message_mark_read(
	    ben->e->store, chat_of(ben), last_of(ben), NULL));
	assert_ok(store_mention_unread(ben->e->store, chat_of(ben), &unread));
	assert_false(unread);
	end();
}

static void
test_group_mention__an_edit_names_others(void **state)
{
	bool unread;

	(void)state;
	begin_known();
	call(ann, cat, ""); /* her number alone */
	say(ann, "ask @Person 2");
	er_run(&net);
	on_last(ann, CMD_EDIT, "ask @+491555000003 then", cmd_edit);
	er_run(&net);
	assert_string_equal(seen(ben), "ask @Person 3 then [@Person 3]");
	assert_string_equal(seen(cat), "ask @Person 3 then [@Person 3*] !");
	assert_string_equal(seen(pad), "ask @Person 3 then [@Person 3]");
	on_last(ann, CMD_EDIT, "ask nobody", cmd_edit);
	er_run(&net);
	assert_string_equal(seen(cat), "ask nobody");
	on_last(ann, CMD_EDIT, "@Person 3", cmd_edit);
	er_run(&net);
	on_last(ann, CMD_RETRACT, NULL, cmd_retract);
	er_run(&net);
	assert_string_equal(seen(ann), "You deleted this message.");
	assert_ok(store_mention_unread(cat->e->store, chat_of(cat), &unread));
	assert_false(unread);
	end();
}

/* Words that look like it, and a name that two have. */
static void
test_group_mention__what_is_none(void **state)
{
	static const char *const texts[] = {"mail me@Person 2", "@",
	    "@ Person 2", "@Person 22", "@Personal", "@Nobody", "@Same",
	    "@Person 1"};

	(void)state;
	begin_known();
	call(ann, ben, "Same");
	call(ann, cat, "Same");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		say(ann, texts[i]);
		er_run(&net);
		assert_string_equal(seen(ben), texts[i]);
		assert_string_equal(seen(ann), texts[i]);
	}
	end();
}

static void
test_group_mention__a_forward_has_the_words_only(void **state)
{
	struct cmd *c;

	(void)state;
	begin_known();
	say(ann, "hi @Person 2");
	er_run(&net);
	c = cmd_new(CMD_FORWARD, 9, NULL, NULL, NULL);
	assert_non_null(c);
	c->id = last_of(ann);
	c->chat = chat_of(ann);
	cmd_forward(ann->e, c);
	cmd_free(c);
	er_run(&net);
	assert_string_equal(seen(ben), "hi @Person 2");
	end();
}

/* By somebody who makes them by hand. "h\xc3\xb6 @ab @cd" */
static void
test_group_mention__bad_ones_are_dropped(void **state)
{
	static const char text[] = "h\xc3\xb6 @ab @c\xc3\xb6";
	static const struct {
		uint32_t v[2][2]; /* start, length */
		size_t n, kept;
		const char *raw;
	} rows[] = {
	    {{{4, 3}, {8, 4}}, 2, 2, text},
	    {{{4, 3}, {8, 3}}, 2, 0, text}, /* half of a character */
	    {{{4, 3}, {8, 5}}, 2, 0, text}, /* beyond the end */
	    {{{4, 3}, {12, 2}}, 2, 0, text}, /* behind it */
	    {{{4, 3}, {UINT32_MAX, 2}}, 2, 0, text},
	    {{{4, UINT32_MAX}}, 1, 0, text},
	    {{{8, 4}, {4, 3}}, 2, 0, text}, /* out of order */
	    {{{4, 3}, {4, 3}}, 2, 0, text}, /* twice */
	    {{{4, 5}, {8, 4}}, 2, 0, text}, /* one in the other */
	    {{{4, 0}}, 1, 0, text}, {{{4, 1}}, 1, 0, text},
	    {{{3, 3}}, 1, 0, text}, /* no "@" */
	    {{{2, 3}}, 1, 0, text},
	    {{{4, 3}}, 1, 0, "\x1b[1m @ab"}, /* cleaned: other places */
	};
	struct mentions_wire w;
	struct store_mention v[2];
	struct mentions got;
	bool me;

	(void)state;
	begin_known();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t k = 0; k < rows[i].n; k++) {
			memcpy(v[k].account, cat->account, STORE_ID_LEN);
			v[k].start = rows[i].v[k][0];
			v[k].len = rows[i].v[k][1];
		}
		mentions_write(&w, v, rows[i].n);
		assert_ok(mentions_of_wire(ben->e, chat_of(ben), rows[i].raw,
		    text, w.list, rows[i].n, &got, &me));
		assert_int_equal(got.n, rows[i].kept);
		assert_false(me);
	}
	end();
}

static void
test_group_mention__only_members_and_not_too_many(void **state)
{
	Sotto__Content__Mention one[STORE_MENTIONS_MAX + 1],
	    *list[STORE_MENTIONS_MAX + 1];
	char text[3 * (STORE_MENTIONS_MAX + 1) + 1] = "";
	uint8_t stranger[STORE_ID_LEN] = {7};
	struct mentions got;
	bool me;

	(void)state;
	begin_known();
	for (uint32_t i = 0; i <= STORE_MENTIONS_MAX; i++) {
		sotto__content__mention__init(&one[i]);
		one[i].account_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, ben->account};
		one[i].start = 3 * i;
		one[i].length = 2;
		list[i] = &one[i];
		memcpy(text + (size_t)3 * i, "@x ", 4);
	}
	assert_ok(mentions_of_wire(ben->e, chat_of(ben), text, text, list,
	    STORE_MENTIONS_MAX + 1, &got, &me));
	assert_int_equal(got.n, 0);
	one[1].account_id.data = stranger;
	assert_ok(mentions_of_wire(ben->e, chat_of(ben), text, text, list,
	    STORE_MENTIONS_MAX, &got, &me));
	assert_int_equal(got.n, STORE_MENTIONS_MAX - 1);
	assert_int_equal(got.v[1].start, 6);
	assert_true(me);
	one[1].account_id.len = 15;
	assert_ok(mentions_of_wire(
	    ben->e, chat_of(ben), text, text, list, 2, &got, &me));
	assert_int_equal(got.n, 0);
	assert_false(me);
	end();
}

/* ---- who may put us in a group ----------------------------------------------------- */

static void
block(struct er_person *p, const struct er_person *whom, bool on)
{
	struct store_contact c = {.blocked = on};

	memcpy(c.account, whom->account, STORE_ID_LEN);
	assert_ok(store_contact_put(p->e->store, &c));
}

static bool
is_in(struct er_person *p)
{
	int64_t chat;

	return store_chat_find(p->e->store, STORE_CHAT_GROUP, gid, &chat) == 0;
}

static void
test_group_blocked__who_is_blocked_adds_nobody(void **state)
{
	(void)state;
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	cat = er_add(&net, 3);
	block(ben, ann, true);
	give_cmd(ann, GROUP_CREATE, 0, ben, cat);
	er_run(&net);
	memcpy(gid, er_group_last(&net, 0)->id, sizeof(gid));
	assert_true(is_in(cat));
	assert_false(is_in(ben));
	say(ann, "are you there?");
	say(cat, "Ben?");
	er_run(&net);
	assert_false(is_in(ben));
	act(ann, GROUP_REMOVE, ben);
	act(ann, GROUP_ADD, ben);
	assert_false(is_in(ben));
	act(ann, GROUP_PROMOTE, cat);
	act(ann, GROUP_REMOVE, ben);
	act(cat, GROUP_ADD, ben); /* whom he has nothing against */
	assert_true(is_in(ben));
	assert_string_equal(er_members(ben, gid), "1* 2 3*");
	end();
}

static void
test_group_blocked__a_group_that_was_there_stays(void **state)
{
	(void)state;
	begin();
	block(cat, ann, true);
	act(ann, GROUP_PROMOTE, ben);
	assert_string_equal(er_members(cat, gid), "1* 2* 3");
	say(ben, "hello");
	er_run(&net);
	assert_group(cat, "2:hello");
	end();
}

/* ---- rotation ---------------------------------------------------------------------- */

static void
test_group_send__who_was_removed_reads_nothing_after(void **state)
{
	uint8_t before[STORE_ID_LEN];
	struct loot loot;

	(void)state;
	begin();
	tapped();
	say(ann, "before");
	er_run(&net);
	distribution_of(ann, before);
	steal(cat, ann, &loot);
	say(ann, "still");
	er_run(&net);
	assert_true(opens(&loot)); /* the attack works while they are in it */
	assert_group(cat, "1:before 1:still");
	act(ann, GROUP_REMOVE, cat);
	say(ann, "after");
	er_run(&net);
	assert_true(rotated(ann, before));
	assert_false(opens(&loot));
	assert_group(ben, "1:before 1:still 1:after");
	assert_group(cat, "1:before 1:still");
	buf_clear(&loot.record);
	end();
}

static void
test_group_send__who_left_reads_nothing_after(void **state)
{
	struct loot loot;

	(void)state;
	begin();
	tapped();
	say(ben, "before");
	er_run(&net);
	steal(cat, ben, &loot);
	act(cat, GROUP_LEAVE, NULL);
	say(ben, "after");
	er_run(&net);
	assert_false(opens(&loot));
	assert_group(ann, "2:before 2:after");
	assert_group(cat, "2:before");
	buf_clear(&loot.record);
	end();
}

static void
test_group_send__a_newcomer_reads_nothing_from_before(void **state)
{
	struct er_person *dan;
	struct loot loot;
	size_t sealed;

	(void)state;
	begin();
	tapped();
	say(ann, "before");
	er_run(&net);
	sealed = tap.n;
	dan = er_add(&net, 5);
	act(ann, GROUP_ADD, dan);
	assert_string_equal(er_members(dan, gid), "1* 2 3 5");
	say(ann, "welcome");
	er_run(&net);
	assert_group(dan, "1:welcome");
	assert_group(ben, "1:before 1:welcome");
	steal(dan, ann, &loot);
	tap.n = sealed; /* what passed before they came, kept by a relay */
	assert_false(opens(&loot));
	/* and asking for it by its id helps nothing */
	buf_clear(&loot.record);
	end();
}

static void
test_group_send__a_removed_device_reads_nothing_after(void **state)
{
	uint8_t before[STORE_ID_LEN];
	struct loot loot;

	(void)state;
	begin();
	tapped();
	say(ben, "before");
	er_run(&net);
	distribution_of(ben, before);
	steal(pad, ben, &loot);
	er_cmd(ann, CMD_DEVICE_REMOVE, NULL, NULL, 0, pad->device);
	er_run(&net);
	assert_int_equal(pad->was_removed, 1);
	say(ben, "after");
	er_run(&net);
	assert_true(rotated(ben, before));
	assert_false(opens(&loot));
	assert_group(ann, "2:before 2:after");
	buf_clear(&loot.record);
	end();
}

static void
test_group_send__a_key_is_worn_out(void **state)
{
	uint8_t before[STORE_ID_LEN];

	(void)state;
	begin();
	assert_ok(
	    store_setting_put_int(ann->e->store, SENDER_KEYS_SET_MESSAGES, 2));
	say(ann, "one");
	er_run(&net);
	distribution_of(ann, before);
	say(ann, "two");
	er_run(&net);
	assert_false(rotated(ann, before));
	say(ann, "three");
	er_run(&net);
	assert_true(rotated(ann, before));
	assert_group(cat, "1:one 1:two 1:three");
	end();
}

/* ---- stale ------------------------------------------------------------------------- */

static void
test_group_send__a_device_that_came_meanwhile_reads_it(void **state)
{
	struct er_person *tab;

	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	tab = er_add_blank(&net, 6);
	er_link(&net, tab, ben, "tab");
	er_run(&net);
	assert_string_equal(er_members(tab, gid), "1* 2 3");
	say(ann, "two"); /* under what was known: the relay calls it stale */
	er_run(&net);
	assert_group(ann, "delivered:one delivered:two");
	assert_group(tab, "1:two");
	assert_group(ben, "1:one 1:two");
	end();
}

static void
test_group_send__a_member_on_a_new_machine(void **state)
{
	uint8_t before[STORE_ID_LEN];

	(void)state;
	begin();
	say(ben, "one");
	er_run(&net);
	distribution_of(ben, before);
	er_anew(cat);
	say(ben, "two");
	er_run(&net);
	assert_true(rotated(ben, before)); /* that device is no more */
	assert_group(ann, "2:one 2:two");
	end();
}

/* Somebody whose verified key changed goes without; the others do not wait. */
static void
test_group_send__who_is_not_trusted_goes_without(void **state)
{
	struct store_given *v = NULL;
	struct store_contact c;
	size_t n = 0;

	(void)state;
	begin();
	alloc_spare(1);
	if (store_contact_get(ann->e->store, cat->account, &c) != 0) {
		memset(&c, 0, sizeof(c));
		memcpy(c.account, cat->account, STORE_ID_LEN);
	}
	c.trust = STORE_TRUST_CHANGED;
	assert_ok(store_contact_put(ann->e->store, &c));
	alloc_spare(0);
	say(ann, "hello");
	er_run(&net);
	assert_group(ben, "1:hello");
	assert_group(cat, "waiting1:"); /* it is in their queue, sealed */
	assert_ok(store_given_list(ann->e->store, gid, &v, &n));
	assert_int_equal(n, 2);
	free(v);
	c.trust = STORE_TRUST_VERIFIED;
	assert_ok(store_contact_put(ann->e->store, &c));
	say(ann, "again");
	er_run(&net);
	assert_non_null(strstr(shows(cat), "1:again"));
	assert_ok(store_given_list(ann->e->store, gid, &v, &n));
	assert_int_equal(n, 3); /* and from now on they have the key */
	free(v);
	end();
}

/* ---- crash ------------------------------------------------------------------------- */

static void
again(struct er_person *p)
{
	er_stop(p);
	er_start(p);
}

/* Ended after each number of turns: everybody gets it once, and no place of a
 * chain seals two texts. */
static void
test_group_send__ended_at_any_turn(void **state)
{
	size_t i, k, same;

	(void)state;
	for (unsigned turns = 0; turns < 12; turns++) {
		begin();
		tapped();
		say(ann, "one");
		for (i = 0; i < turns; i++)
			er_turn(&net);
		again(ann);
		say(ann, "two");
		for (i = 0; i < turns; i++)
			er_turn(&net);
		again(ann);
		er_run(&net);
		assert_group(ben, "1:one 1:two");
		assert_group(cat, "1:one 1:two");
		assert_group(pad, "delivered:one delivered:two");
		assert_group(ann, "delivered:one delivered:two");
		/* equal headers (key, chain, place) have equal bytes */
		for (i = 0; i < tap.n; i++)
			for (k = i + 1; k < tap.n; k++) {
				same = memcmp(tap.b[i], tap.b[k], 28) == 0;
				if (same)
					assert_memory_equal(tap.b[i], tap.b[k],
					    tap.len[i] < tap.len[k]
						? tap.len[i]
						: tap.len[k]);
			}
		end();
	}
}

static void
test_group_send__ended_while_taking_it(void **state)
{
	(void)state;
	for (unsigned turns = 0; turns < 8; turns++) {
		begin();
		say(ann, "one");
		for (size_t i = 0; i < turns; i++)
			er_turn(&net);
		again(cat);
		er_run(&net);
		assert_group(cat, "1:one");
		say(cat, "two");
		er_run(&net);
		assert_group(ann, "delivered:one 3:two");
		end();
	}
}

static void
test_group_send__an_answer_that_got_lost(void **state)
{
	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	net.lose_answers = true;
	say(ann, "two");
	er_turn(&net);
	er_turn(&net);
	er_turn(&net);
	net.lose_answers = false;
	er_online(ann, false);
	er_online(ann, true);
	er_run(&net);
	assert_group(ben, "1:one 1:two");
	assert_group(ann, "delivered:one delivered:two");
	end();
}

/* ---- healing ----------------------------------------------------------------------- */

static void
test_group_send__what_does_not_open_is_sent_again(void **state)
{
	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	tapped();
	tap.bend = 1;
	tap.lose = cat;
	say(ann, "two");
	er_run(&net);
	assert_group(cat, "1:one 1:two");
	assert_group(ben, "1:one 1:two");
	assert_group(ann, "delivered:one delivered:two");
	/* no text: an edit heals too */
	on_last(ann, CMD_EDIT, "three", cmd_edit);
	er_run(&net);
	assert_group(cat, "1:one 1:three");
	end();
}

static void
test_group_send__a_lost_key_is_given_again(void **state)
{
	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	assert_ok(store_sender_keys_forget(cat->e->store, gid));
	say(ann, "two");
	er_run(&net);
	assert_group(cat, "1:one 1:two"); /* pairwise */
	tapped();
	say(ann, "three");
	er_run(&net);
	assert_group(cat, "1:one 1:two 1:three");
	assert_int_equal(tap.n, 3);
	end();
}

/* One answer is for all devices of an account: two that ask together get it. */
static void
test_group_send__both_devices_of_a_member_ask(void **state)
{
	struct er_person *tab;

	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	tab = er_add_blank(&net, 6);
	er_link(&net, tab, ben, "tab");
	say(ann, "two");
	er_run(&net);
	assert_group(tab, "1:two");
	assert_ok(store_sender_keys_forget(ben->e->store, gid));
	assert_ok(store_sender_keys_forget(tab->e->store, gid));
	er_online(ben, false);
	er_online(tab, false);
	say(ann, "three");
	er_run(&net);
	er_online(ann, false);
	er_online(ben, true);
	er_online(tab, true);
	er_run(&net);
	er_online(ann, true);
	er_run(&net);
	assert_group(ben, "1:one 1:two 1:three");
	assert_group(tab, "1:two 1:three");
	end();
}

/* Only what they were in it for. */
static void
test_group_send__a_newcomer_that_asks_gets_nothing(void **state)
{
	struct store_unreadable u = {.device = 1, .first_ms = engine_now_ms()};
	struct store_messages page;
	struct er_person *dan;

	(void)state;
	begin();
	say(ann, "before");
	er_run(&net);
	assert_ok(
	    store_message_before(ann->e->store, chat_of(ann), 0, 1, &page));
	memcpy(u.message_id, page.v[0].message_id, STORE_ID_LEN);
	store_messages_clear(&page);
	memcpy(u.account, ann->account, STORE_ID_LEN);
	dan = er_add(&net, 5);
	act(ann, GROUP_ADD, dan);
	say(ann, "after");
	er_run(&net);
	assert_ok(store_unreadable_add(dan->e->store, &u, 5));
	outbox_wake(dan->e);
	er_run(&net);
	assert_group(dan, "1:after");
	/* the same from a member brings it */
	assert_ok(store_unreadable_add(ben->e->store, &u, 5));
	assert_ok(store_message_delete(ben->e->store, last_of(ben) - 0));
	outbox_wake(ben->e);
	er_run(&net);
	assert_non_null(strstr(shows(ben), "1:before"));
	end();
}

/* ---- who is bound to what ---------------------------------------------------------- */

static void
test_group_receive__put_into_another_group_it_is_nothing(void **state)
{
	uint8_t first[GROUP_ID_LEN];

	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	memcpy(first, gid, sizeof(first));
	give_cmd(ann, GROUP_CREATE, 0, ben, cat);
	er_run(&net);
	memcpy(gid, er_group_last(&net, 0)->id, sizeof(gid));
	assert_memory_not_equal(first, gid, sizeof(gid));
	say(ann, "elsewhere");
	er_run(&net);
	tapped();
	tap.bend = 2;
	memcpy(tap.other, gid, sizeof(gid));
	memcpy(gid, first, sizeof(gid));
	say(ann, "two");
	er_run(&net);
	assert_group(cat, "1:one"); /* and not in the other one: */
	memcpy(gid, tap.other, sizeof(gid));
	assert_group(cat, "1:elsewhere");
	assert_group(ben, "1:elsewhere");
	end();
}

/* Sealed with a key for this group, a content that names another. */
static void
test_group_receive__the_content_names_its_group(void **state)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	Sotto__Content__Text text = SOTTO__CONTENT__TEXT__INIT;
	Sotto__Relay__SendGroupRequest req =
	    SOTTO__RELAY__SEND_GROUP_REQUEST__INIT;
	uint8_t id[STORE_ID_LEN] = {7}, wrong[STORE_ID_LEN] = {9};
	struct group_room *room;
	struct store_own_key k;
	struct buf pt, ct;
	char words[] = "forged";

	(void)state;
	for (unsigned honest = 0; honest < 2; honest++) {
		begin();
		say(ann, "one");
		er_run(&net);
		buf_init(&pt, CONTENT_MAX);
		c.message_id = (ProtobufCBinaryData){STORE_ID_LEN, id};
		c.sent_ms = 1;
		c.group_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, honest ? gid : wrong};
		text.text = words;
		c.body_case = SOTTO__CONTENT__CONTENT__BODY_TEXT;
		c.text = &text;
		assert_ok(content_seal(&pt, &c));
		assert_ok(txn_begin(ann->e));
		assert_ok(txn_end(ann->e,
		    sender_keys_seal(ann->e, gid, pt.p, pt.len, &k, &ct)));
		room = group_room_get(ann->e, gid);
		req.group_id = (ProtobufCBinaryData){STORE_ID_LEN, gid};
		req.version = room->version;
		req.devices_digest = (ProtobufCBinaryData){32, room->digest};
		req.message_id = c.message_id;
		req.type = SIGNAL_SENDER_KEY_MESSAGE;
		req.ciphertext = (ProtobufCBinaryData){ct.len, ct.p};
		assert_ok(ask_relay(
		    ann->e, METHOD_SEND_GROUP, &req.base, NULL, ann->e));
		buf_clear(&pt);
		buf_clear(&ct);
		er_run(&net);
		assert_group(cat, honest ? "1:one 1:forged" : "1:one");
		end();
	}
}

/* A key that was given for one group opens nothing in another. */
static void
test_sender_keys__are_for_one_group(void **state)
{
	const uint8_t other[STORE_ID_LEN] = {8};
	struct sender_keys_of of = {NULL, 1, NULL};
	struct buf msg, ct, pt;
	struct store_own_key k;

	(void)state;
	begin();
	say(ann, "one");
	er_run(&net);
	assert_ok(txn_begin(ann->e));
	assert_ok(sender_keys_distribution(ann->e, gid, &msg));
	assert_ok(
	    sender_keys_seal(ann->e, gid, (const uint8_t *)"x", 1, &k, &ct));
	assert_ok(txn_end(ann->e, 0));
	of.account = ann->account;
	of.group = other;
	assert_ok(txn_begin(cat->e));
	assert_err(sender_keys_take(cat->e, &of, msg.p, msg.len), ERR_DENIED);
	assert_err(
	    sender_keys_open(cat->e, &of, ct.p, ct.len, &pt), ERR_DENIED);
	of.account = ben->account; /* of whom there is none of this name */
	of.group = gid;
	assert_err(
	    sender_keys_open(cat->e, &of, ct.p, ct.len, &pt), ERR_NOTFOUND);
	of.account = ann->account;
	of.device = 2;
	assert_err(
	    sender_keys_open(cat->e, &of, ct.p, ct.len, &pt), ERR_NOTFOUND);
	of.device = 1;
	assert_ok(sender_keys_open(cat->e, &of, ct.p, ct.len, &pt));
	assert_int_equal(pt.len, 1);
	buf_clear(&pt);
	assert_err(sender_keys_open(cat->e, &of, ct.p, ct.len, &pt), ERR_DUP);
	assert_ok(txn_end(cat->e, 0));
	buf_clear(&msg);
	buf_clear(&ct);
	end();
}

/* With the relay's help somebody who is no member sends to the group. */
static void
test_group_receive__who_is_no_member_is_not_heard(void **state)
{
	struct er_group *g;
	struct buf before;

	(void)state;
	begin();
	say(cat, "one");
	er_run(&net);
	g = er_group_last(&net, 0);
	buf_init(&before, GROUP_PUBLIC_MAX);
	assert_ok(buf_put(&before, g->record.p, g->record.len));
	net.slow = NULL;
	er_online(cat, false); /* does not hear of it */
	act(ann, GROUP_REMOVE, cat);
	/* the relay lets them go on as if nothing had been */
	buf_reset(&g->record);
	assert_ok(buf_put(&g->record, before.p, before.len));
	{
		struct er_item *it;

		while ((it = cat->queue) != NULL) {
			cat->queue = it->next;
			free(it->msg.message_id.data);
			free(it->msg.sender_account.data);
			free(it->msg.ciphertext.data);
			free(it->msg.group_id.data);
			free(it);
		}
	}
	g->n--;
	er_online(cat, true);
	er_run(&net);
	say(cat, "still here");
	er_run(&net);
	assert_group(ben, "3:one");
	assert_group(ann, "3:one");
	g->n++;
	buf_clear(&before);
	end();
}

/* ---- short of memory ---------------------------------------------------------------- */

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

/* An allocation fails somewhere between asking for devices and the last tick,
 * with a new key each time: every text arrives once all the same. */
static void
test_group_send__without_memory_it_leaves_later(void **state)
{
	char text[16], want[4][2000] = {"", "", "", ""};
	struct er_person *all[4];
	bool failed = true;
	unsigned said = 0;
	size_t i;

	(void)state;
	begin();
	all[0] = ann, all[1] = ben, all[2] = cat, all[3] = pad;
	assert_ok(
	    store_setting_put_int(ann->e->store, SENDER_KEYS_SET_MESSAGES, 1));
	for (long n = 0; failed && said < 60; n += 1 + n / 8) {
		snprintf(text, sizeof(text), "m%u", said++);
		say(ann, text);
		alloc_fail_at(n);
		er_run(&net);
		failed = alloc_failed();
		alloc_fail_at(-1);
		for (i = 0; i < 4; i++)
			recover(all[i]);
		er_run(&net);
		for (i = 0; i < 4; i++) {
			size_t at = strlen(want[i]);

			snprintf(want[i] + at, sizeof(want[i]) - at, "%s%s:%s",
			    at > 0 ? " " : "",
			    i == 1 || i == 2 ? "1" : "delivered", text);
		}
	}
	assert_true(said > 20); /* it failed so often */
	for (i = 0; i < 4; i++)
		assert_group(all[i], want[i]);
	end();
}

static char *
last_line(struct er_person *p)
{
	static char out[200];
	struct chat_row row;
	struct store_chat c;

	assert_ok(store_chat_get(p->e->store, chat_of(p), &c));
	assert_ok(chat_row_from(p->e, &row, &c));
	snprintf(out, sizeof(out), "%s", row.last_text);
	chat_row_clear(&row);
	store_chat_clear(&c);
	return out;
}

/* The list of chats says who wrote the last message of a group. */
static void
test_group_view__the_last_message_has_its_author(void **state)
{
	(void)state;
	begin();
	say(ben, "hello");
	er_run(&net);
	assert_string_equal(last_line(cat), "Person 2: hello");
	assert_string_equal(last_line(ben), "hello");
	end();
}

/* A thousand rows may wait for keys and are looked at whenever some come. */
static void
test_outbox__rows_that_wait_for_keys_write_nothing(void **state)
{
	struct er_person *dan;
	unsigned i;
	int changes;

	(void)state;
	begin();
	dan = er_add(&net, 5);
	for (i = 0; i < FETCHES_MAX; i++)
		ann->e->fetches[i].used = true; /* for others */
	assert_true(er_say(ann, dan, "hello"));
	er_turn(&net);
	changes = sqlite3_total_changes(ann->e->store->db);
	for (i = 0; i < 5; i++) {
		outbox_kick(ann->e);
		er_turn(&net);
	}
	assert_int_equal(sqlite3_total_changes(ann->e->store->db), changes);
	for (i = 0; i < FETCHES_MAX; i++)
		ann->e->fetches[i].used = false;
	outbox_kick(ann->e);
	er_run(&net);
	assert_shows(ann, dan, "delivered:hello");
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_group_receive__names_the_chat_of_two),
	    cmocka_unit_test(
		test_group_send__everybody_reads_what_was_sealed_once),
	    cmocka_unit_test(
		test_group_send__the_next_message_costs_one_request),
	    cmocka_unit_test(
		test_group_send__waits_offline_and_leaves_in_order),
	    cmocka_unit_test(test_group_send__read_when_everybody_has_read),
	    cmocka_unit_test(test_group_send__edit_react_retract),
	    cmocka_unit_test(
		test_group_send__nobody_takes_back_what_others_wrote),
	    cmocka_unit_test(test_group_blocked__who_is_blocked_adds_nobody),
	    cmocka_unit_test(test_group_blocked__a_group_that_was_there_stays),
	    cmocka_unit_test(
		test_group_mention__each_sees_their_own_name_for_them),
	    cmocka_unit_test(test_group_mention__an_edit_names_others),
	    cmocka_unit_test(test_group_mention__what_is_none),
	    cmocka_unit_test(test_group_mention__a_forward_has_the_words_only),
	    cmocka_unit_test(test_group_mention__bad_ones_are_dropped),
	    cmocka_unit_test(test_group_mention__only_members_and_not_too_many),
	    cmocka_unit_test(
		test_group_send__who_was_removed_reads_nothing_after),
	    cmocka_unit_test(test_group_send__who_left_reads_nothing_after),
	    cmocka_unit_test(
		test_group_send__a_newcomer_reads_nothing_from_before),
	    cmocka_unit_test(
		test_group_send__a_removed_device_reads_nothing_after),
	    cmocka_unit_test(test_group_send__a_key_is_worn_out),
	    cmocka_unit_test(
		test_group_send__a_device_that_came_meanwhile_reads_it),
	    cmocka_unit_test(test_group_send__a_member_on_a_new_machine),
	    cmocka_unit_test(test_group_send__who_is_not_trusted_goes_without),
	    cmocka_unit_test(test_group_send__ended_at_any_turn),
	    cmocka_unit_test(test_group_send__ended_while_taking_it),
	    cmocka_unit_test(test_group_send__an_answer_that_got_lost),
	    cmocka_unit_test(test_group_send__what_does_not_open_is_sent_again),
	    cmocka_unit_test(test_group_send__a_lost_key_is_given_again),
	    cmocka_unit_test(test_group_send__both_devices_of_a_member_ask),
	    cmocka_unit_test(
		test_group_send__a_newcomer_that_asks_gets_nothing),
	    cmocka_unit_test(
		test_group_receive__put_into_another_group_it_is_nothing),
	    cmocka_unit_test(test_group_receive__the_content_names_its_group),
	    cmocka_unit_test(test_sender_keys__are_for_one_group),
	    cmocka_unit_test(test_group_receive__who_is_no_member_is_not_heard),
	    cmocka_unit_test(test_group_view__the_last_message_has_its_author),
	    cmocka_unit_test(
		test_outbox__rows_that_wait_for_keys_write_nothing),
	    cmocka_unit_test(test_group_send__without_memory_it_leaves_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
