/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups between engines: changes, conflicts, links, crashes, and a relay that
 * lies. docs/groups.md §9. */
#include <sodium.h>

#include "common/proto/method.h"
#include "tests/unit/engine_rig_groups.h"
#include "tui/engine/group_int.h"

static struct er_net net;
static struct er_person *ann, *ben, *cat;
static uint8_t gid[GROUP_ID_LEN];

/* They know each other's names. */
static void
know(struct er_person *a, struct er_person *b)
{
	struct er_person *const v[] = {a, b};
	struct store_contact c;
	char name[32];

	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "Person %u", v[1 - i]->n);
		assert_ok(txn_begin(v[i]->e));
		assert_ok(
		    contact_ensure(v[i]->e, v[1 - i]->account, NULL, name, &c));
		assert_ok(txn_end(v[i]->e, 0));
	}
}

static int
setup(void **state)
{
	(void)state;
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	cat = er_add(&net, 3);
	know(ann, ben);
	know(ann, cat);
	know(ben, cat);
	memset(gid, 0, sizeof(gid));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	er_clear(&net);
	return 0;
}

/* ---- what people do --------------------------------------------------------------- */

static int64_t
chat_of(struct er_person *p)
{
	int64_t chat = 0;

	assert_ok(store_chat_find(p->e->store, STORE_CHAT_GROUP, gid, &chat));
	return chat;
}

/* As a front gives it; not run yet. */
static void
give(struct er_person *p, const struct group_intent *in)
{
	struct cmd *c;
	struct buf b;

	alloc_spare(1);
	assert_ok(group_intent_pack(in, &b));
	c = cmd_new(CMD_GROUP_CHANGE, 9, NULL, NULL, NULL);
	assert_non_null(c);
	buf_detach(&b, &c->data, &c->data_len);
	c->chat = in->kind == GROUP_CREATE ? 0 : chat_of(p);
	alloc_spare(0);
	cmd_group_change(p->e, c);
	alloc_spare(1);
	cmd_free(c);
	alloc_spare(0);
}

static void
give_who(struct er_person *p, enum group_kind kind, const struct er_person *a,
    const struct er_person *b)
{
	uint8_t who[2][GROUP_ACCOUNT_LEN];
	struct group_intent in = {.kind = kind, .accounts = who};

	if (a != NULL)
		memcpy(who[in.n_accounts++], a->account, GROUP_ACCOUNT_LEN);
	if (b != NULL)
		memcpy(who[in.n_accounts++], b->account, GROUP_ACCOUNT_LEN);
	if (kind == GROUP_CREATE)
		snprintf(in.meta.name, sizeof(in.meta.name), "Rowing");
	give(p, &in);
}

static void
act(struct er_person *p, enum group_kind kind, const struct er_person *a)
{
	give_who(p, kind, a, NULL);
	er_run(&net);
}

static void
rename_to(struct er_person *p, const char *name)
{
	struct group_intent in = {.kind = GROUP_EDIT, .fields = GROUP_F_NAME};

	snprintf(in.meta.name, sizeof(in.meta.name), "%s", name);
	give(p, &in);
}

/* Ann's group of two or three. */
static void
create(const struct er_person *a, const struct er_person *b)
{
	give_who(ann, GROUP_CREATE, a, b);
	er_run(&net);
	assert_non_null(er_group_last(&net, 0));
	memcpy(gid, er_group_last(&net, 0)->id, sizeof(gid));
}

/* ---- what is seen -------------------------------------------------------------------- */

static struct store_group
row_of(struct er_person *p)
{
	struct store_group g = {0};

	assert_ok(store_group_peek(p->e->store, gid, &g));
	return g;
}

static const char *
title_of(struct er_person *p)
{
	static char title[4][300];
	static unsigned turn;
	char *out = title[turn++ % 4];
	struct store_chat c;

	assert_ok(store_chat_get(p->e->store, chat_of(p), &c));
	snprintf(out, sizeof(title[0]), "%s", c.title);
	store_chat_clear(&c);
	return out;
}

/* The lines of our own making, with a bar between. */
static const char *
notes(struct er_person *p)
{
	static char text[4][4096];
	static unsigned turn;
	char *out = text[turn++ % 4];
	struct store_messages page;
	size_t at = 0;

	out[0] = '\0';
	assert_ok(store_message_before(
	    p->e->store, chat_of(p), 0, STORE_PAGE_MAX, &page));
	for (size_t i = 0; i < page.n; i++)
		if (page.v[i].dir == STORE_NOTE)
			at += (size_t)snprintf(out + at, sizeof(text[0]) - at,
			    "%s%s", at > 0 ? "|" : "", page.v[i].text);
	store_messages_clear(&page);
	return out;
}

#define assert_members(p, text) assert_string_equal(er_members((p), gid), text)
#define assert_last_note(p, want)                                              \
	do {                                                                   \
		const char *all_ = notes(p), *last_ = strrchr(all_, '|');      \
		assert_string_equal(last_ != NULL ? last_ + 1 : all_, want);   \
	} while (0)

static bool
has_secret(struct er_person *p)
{
	struct group_view v;
	bool has;

	assert_ok(group_view_get(p->e, gid, &v));
	has = v.has_secret && v.meta_current;
	group_view_clear(&v);
	return has;
}

/* Nothing is left to do, and nobody is alarmed. */
static void
assert_settled(struct er_person *p)
{
	struct store_group g = row_of(p);

	assert_int_equal(g.todo, 0);
	assert_int_equal(g.alarm, 0);
	assert_int_equal(p->fatal, 0);
}

/* ---- changes ---------------------------------------------------------------------------- */

static void
test_group__made_and_seen_by_all(void **state)
{
	(void)state;
	create(ben, cat);
	assert_members(ann, "1* 2 3");
	assert_members(ben, "1* 2 3");
	assert_members(cat, "1* 2 3");
	assert_string_equal(title_of(ben), "Rowing");
	assert_string_equal(notes(ann), "You created the group.");
	assert_string_equal(notes(ben), "Person 1 added you.");
	assert_true(has_secret(ben) && has_secret(cat));
	assert_int_equal(row_of(ben).standing, STORE_GROUP_MEMBER);
	assert_settled(ann);
	assert_settled(ben);
	assert_settled(cat);
}

static void
test_group__changes_are_told_in_words(void **state)
{
	struct group_intent in = {.kind = GROUP_PERMIT,
	    .fields = GROUP_F_SEND,
	    .permissions = {.send = GROUP_ADMINS}};
	struct group_intent timer = {.kind = GROUP_EDIT,
	    .fields = GROUP_F_TIMER,
	    .meta = {.timer_s = 14 * 86400}};
	const char *why;
	struct store_chat c;

	(void)state;
	create(ben, NULL);
	act(ann, GROUP_ADD, cat);
	assert_last_note(ann, "You added Person 3.");
	assert_last_note(cat, "Person 1 added you.");
	assert_members(ben, "1* 2 3");
	act(ann, GROUP_PROMOTE, ben);
	assert_last_note(ben, "Person 1 made you admin.");
	rename_to(ben, "Rowing\x1b[2J!");
	er_run(&net);
	assert_string_equal(
	    strstr(title_of(ann), "\x1b") == NULL ? "" : "esc", "");
	assert_int_equal(strncmp(title_of(ann), "Rowing", 6), 0);
	assert_null(strstr(notes(ann), "\x1b"));
	give(ben, &timer);
	er_run(&net);
	assert_last_note(
	    ann, "Person 2 set messages to disappear after 2 weeks.");
	assert_ok(store_chat_get(cat->e->store, chat_of(cat), &c));
	assert_int_equal(c.expire_s, 14 * 86400);
	store_chat_clear(&c);
	give(ben, &in);
	er_run(&net);
	assert_last_note(cat, "Only admins may write now.");
	assert_int_equal(group_may_send(cat->e, gid, &why), ERR_DENIED);
	assert_ok(group_may_send(ben->e, gid, &why));
	act(ann, GROUP_DEMOTE, ben);
	assert_last_note(ben, "Person 1 took the admin's rights from you.");
	assert_members(cat, "1* 2 3");
}

static void
test_group__who_is_removed_gets_no_secret(void **state)
{
	const char *why;
	struct group_view v;

	(void)state;
	create(ben, cat);
	act(ann, GROUP_REMOVE, ben);
	assert_members(ann, "1* 3");
	assert_members(cat, "1* 3");
	assert_int_equal(row_of(ben).standing, STORE_GROUP_REMOVED);
	assert_last_note(ben, "Person 1 removed you.");
	assert_last_note(cat, "Person 1 removed Person 2.");
	assert_int_equal(group_may_send(ben->e, gid, &why), ERR_DENIED);
	assert_true(has_secret(cat));
	assert_ok(group_view_get(ben->e, gid, &v));
	assert_false(v.has_secret);
	group_view_clear(&v);
	rename_to(cat, "After Ben");
	er_run(&net);
	assert_string_equal(title_of(ann), "After Ben");
	assert_string_equal(title_of(ben), "Rowing");
	act(ann, GROUP_ADD, ben);
	assert_members(ben, "1* 2 3");
	assert_true(has_secret(ben));
	assert_string_equal(title_of(ben), "After Ben");
}

static void
test_group__leaving_brings_a_new_secret(void **state)
{
	struct group_view v;

	(void)state;
	create(ben, cat);
	act(ben, GROUP_LEAVE, NULL);
	assert_int_equal(row_of(ben).standing, STORE_GROUP_LEFT);
	assert_last_note(ben, "You left.");
	assert_last_note(cat, "Person 2 left.");
	assert_members(ann, "1* 3");
	assert_ok(group_view_get(cat->e, gid, &v));
	assert_int_equal(v.pub.epoch, 2);
	assert_false(v.pub.rekey_due);
	assert_true(v.has_secret);
	group_view_clear(&v);
	assert_settled(ann);
	assert_settled(cat);
}

static void
test_group__what_is_not_allowed_says_why(void **state)
{
	(void)state;
	create(ben, cat);
	act(ben, GROUP_REMOVE, cat);
	assert_string_equal(
	    ben->why, "Not changed: only an admin can do that.");
	assert_members(ann, "1* 2 3");
	assert_settled(ben);
}

/* ---- links -------------------------------------------------------------------------------- */

static const char *
link_of(struct er_person *p)
{
	static char text[GROUP_LINK_TEXT_MAX];
	struct store_group g = row_of(p);
	struct buf b;

	assert_true(g.has_token);
	buf_init(&b, sizeof(text));
	assert_ok(group_link_format(p->e, gid, g.token, &b));
	snprintf(text, sizeof(text), "%.*s", (int)b.len, (char *)b.p);
	buf_clear(&b);
	return text;
}

static void
make_link(struct er_person *p, bool approval)
{
	const struct group_intent in = {
	    .kind = GROUP_LINK, .has_token = true, .approval = approval};

	give(p, &in);
	er_run(&net);
}

static void
test_group__joined_by_an_open_link(void **state)
{
	(void)state;
	create(ben, NULL);
	make_link(ann, false);
	assert_last_note(ben, "Person 1 made an invite link.");
	assert_false(row_of(ben).has_token);
	er_cmd(cat, CMD_GROUP_JOIN, link_of(ann), NULL, 0, 0);
	er_run(&net);
	assert_members(cat, "1* 2 3");
	assert_members(ben, "1* 2 3");
	assert_last_note(cat, "You joined by the invite link.");
	assert_true(has_secret(cat));
	assert_string_equal(title_of(cat), "Rowing");
	assert_settled(cat);
	er_cmd(cat, CMD_GROUP_JOIN, link_of(ann), NULL, 0, 0);
	assert_string_equal(cat->why, "You are in this group already.");
}

static void
test_group__a_link_with_approval(void **state)
{
	(void)state;
	create(ben, NULL);
	make_link(ann, true);
	er_cmd(cat, CMD_GROUP_JOIN, link_of(ann), NULL, 0, 0);
	er_run(&net);
	assert_int_equal(row_of(cat).standing, STORE_GROUP_ASKED);
	assert_members(ann, "1* 2");
	act(ann, GROUP_APPROVE, cat);
	assert_members(cat, "1* 2 3");
	assert_int_equal(row_of(cat).standing, STORE_GROUP_MEMBER);
	assert_last_note(cat, "Person 1 let you in.");
	assert_true(has_secret(cat));
	assert_settled(cat);
}

static void
test_group__a_withdrawn_link_lets_nobody_in(void **state)
{
	const struct group_intent off = {.kind = GROUP_LINK};
	char link[GROUP_LINK_TEXT_MAX];

	(void)state;
	create(ben, NULL);
	make_link(ann, false);
	snprintf(link, sizeof(link), "%s", link_of(ann));
	give(ann, &off);
	er_run(&net);
	er_cmd(cat, CMD_GROUP_JOIN, link, NULL, 0, 0);
	er_run(&net);
	assert_int_equal(row_of(cat).standing, STORE_GROUP_FAILED);
	assert_non_null(strstr(cat->why, "not valid any more"));
	assert_members(ann, "1* 2");
	er_cmd(cat, CMD_GROUP_JOIN, "hello", NULL, 0, 0);
	assert_string_equal(cat->why, "That is no invite link of a group.");
	er_cmd(cat, CMD_GROUP_JOIN,
	    "sotto://elsewhere/"
	    "?group="
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    NULL, 0, 0);
	assert_string_equal(
	    cat->why, "That group is on another relay: elsewhere.");
}

static void
test_group__admins_know_the_link(void **state)
{
	(void)state;
	create(ben, NULL);
	make_link(ann, false);
	act(ann, GROUP_PROMOTE, ben);
	assert_true(row_of(ben).has_token);
	act(ann, GROUP_ADD, cat);
	assert_false(row_of(cat).has_token);
}

/* ---- conflicts, crashes, no network ------------------------------------------------------------ */

static void
test_group__two_at_once_agree(void **state)
{
	(void)state;
	create(ben, NULL);
	act(ann, GROUP_PROMOTE, ben);
	give_who(ann, GROUP_ADD, cat, NULL);
	rename_to(ben, "By Ben");
	er_run(&net);
	assert_members(ann, "1* 2* 3");
	assert_members(ben, "1* 2* 3");
	assert_members(cat, "1* 2* 3");
	assert_string_equal(title_of(ann), "By Ben");
	assert_string_equal(title_of(ben), "By Ben");
	assert_string_equal(title_of(cat), "By Ben");
	assert_settled(ann);
	assert_settled(ben);
	assert_settled(cat);
}

static void
test_group__what_came_about_already_is_done(void **state)
{
	(void)state;
	create(ben, NULL);
	act(ann, GROUP_PROMOTE, ben);
	give_who(ann, GROUP_ADD, cat, NULL);
	give_who(ben, GROUP_ADD, cat, NULL);
	er_run(&net);
	assert_members(ann, "1* 2* 3");
	assert_members(ben, "1* 2* 3");
	assert_int_equal(ann->errors + ben->errors, 0);
	assert_settled(ann);
	assert_settled(ben);
}

static void
test_group__offline_it_waits(void **state)
{
	(void)state;
	create(ben, NULL);
	er_online(ann, false);
	give_who(ann, GROUP_ADD, cat, NULL);
	rename_to(ann, "Later");
	er_run(&net);
	assert_members(ann, "1* 2");
	rename_to(ben, "Meanwhile");
	er_run(&net);
	er_online(ann, true);
	er_run(&net);
	assert_members(ann, "1* 2 3");
	assert_members(ben, "1* 2 3");
	assert_members(cat, "1* 2 3");
	assert_string_equal(title_of(cat), "Later");
	assert_settled(ann);
}

static void
test_group__a_crash_before_the_answer_changes_nothing(void **state)
{
	(void)state;
	create(ben, NULL);
	net.lose_answers = true;
	give_who(ann, GROUP_ADD, cat, NULL);
	for (int i = 0; i < 3; i++)
		er_turn(&net);
	er_stop(ann);
	net.lose_answers = false;
	er_start(ann);
	er_run(&net);
	assert_members(ann, "1* 2 3");
	assert_members(cat, "1* 2 3");
	assert_true(has_secret(cat));
	assert_int_equal(er_group_last(&net, 0)->n, 2);
	assert_settled(ann);
}

static void
test_group__a_lost_answer_and_others_since(void **state)
{
	(void)state;
	create(ben, cat);
	act(ann, GROUP_PROMOTE, ben);
	net.lose_answers = true;
	act(ann, GROUP_REMOVE, cat);
	net.lose_answers = false;
	er_online(ann, false);
	rename_to(ben, "Since");
	er_run(&net);
	er_online(ann, true);
	er_run(&net);
	assert_members(ann, "1* 2*");
	assert_members(ben, "1* 2*");
	assert_true(has_secret(ann) && has_secret(ben));
	assert_settled(ann);
	assert_settled(ben);
}

static void
test_group__made_offline_and_after_a_crash(void **state)
{
	(void)state;
	er_online(ann, false);
	give_who(ann, GROUP_CREATE, ben, NULL);
	er_stop(ann);
	er_start(ann);
	er_run(&net);
	assert_non_null(er_group_last(&net, 0));
	memcpy(gid, er_group_last(&net, 0)->id, sizeof(gid));
	assert_members(ann, "1* 2");
	assert_members(ben, "1* 2");
	assert_int_equal(row_of(ann).standing, STORE_GROUP_MEMBER);
}

/* The queue of who was away is gone: GROUP_LIST tells, and the chain. */
static void
test_group__what_moved_meanwhile(void **state)
{
	(void)state;
	create(ben, cat);
	er_online(ben, false);
	rename_to(ann, "One");
	er_run(&net);
	act(ann, GROUP_REMOVE, cat);
	while (ben->queue != NULL) {
		struct er_item *it = ben->queue;

		ben->queue = it->next;
		free(it->msg.message_id.data);
		free(it->msg.sender_account.data);
		free(it->msg.ciphertext.data);
		if (it->msg.group_id.len > 0)
			free(it->msg.group_id.data);
		free(it);
	}
	er_online(ben, true);
	er_run(&net);
	assert_members(ben, "1* 2");
	assert_true((row_of(ben).todo & STORE_GROUP_ASK_KEY) != 0);
}

/* ---- several devices ------------------------------------------------------------------------------ */

static void
test_group__all_devices_agree(void **state)
{
	struct er_person *pad;

	(void)state;
	create(ben, NULL);
	pad = er_add_blank(&net, 7);
	er_link(&net, pad, ann, "pad");
	assert_members(pad, "1* 2");
	assert_string_equal(title_of(pad), "Rowing");
	assert_true(has_secret(pad));
	assert_settled(pad);
	act(pad, GROUP_ADD, cat);
	assert_members(ann, "1* 2 3");
	assert_members(cat, "1* 2 3");
	assert_true(has_secret(cat));
	act(ann, GROUP_REMOVE, ben);
	assert_members(pad, "1* 3");
	assert_true(has_secret(pad));
	make_link(pad, false);
	assert_true(row_of(ann).has_token);
	assert_settled(ann);
	assert_settled(pad);
}

/* ---- a relay that lies -------------------------------------------------------------------------------- */

/* The newest entry of the chain, with other bytes. */
static void
forge_ghost(struct er_person *signer, const struct er_person *actor)
{
	struct er_group *g = er_group_last(&net, 0);
	uint8_t who[1][GROUP_ACCOUNT_LEN];
	struct group_intent in = {
	    .kind = GROUP_ADD, .accounts = who, .n_accounts = 1};
	const struct group_actor me = {.account = actor->account,
	    .device = 1,
	    .list_version = 1,
	    .identity = &signer->e->keys->identity,
	    .now_ms = engine_now_ms(),
	    .rng = &signal_rng_system};
	struct group_proposal p;
	struct store_group row;
	enum group_why why;

	memcpy(who[0], id_of(66).b, sizeof(who[0]));
	assert_ok(store_group_get(ann->e->store, gid, &row));
	assert_ok(group_propose(row.record, row.len, &me, &in, &p, &why));
	store_group_clear(&row);
	er_group_forge(&net, g, p.entry.p, p.entry.len);
	er_group_ghost(g, who[0]);
	group_proposal_clear(&p);
}

static void
assert_alarm(struct er_person *p, int alarm)
{
	const char *why;

	assert_int_equal(row_of(p).alarm, alarm);
	assert_non_null(strstr(notes(p), group_alarm_text(alarm)));
	assert_int_equal(group_may_send(p->e, gid, &why), ERR_UNTRUSTED);
	assert_string_equal(why, group_alarm_text(alarm));
}

static void
test_group__a_ghost_is_seen(void **state)
{
	const char *why;

	(void)state;
	create(ben, NULL);
	forge_ghost(cat, ann); /* in Ann's name, by another key */
	er_run(&net);
	assert_members(ben, "1* 2");
	assert_alarm(ben, GROUP_WHY_SIGNATURE);
	er_online(ben, false);
	er_online(ben, true);
	er_run(&net);
	assert_int_equal(row_of(ben).alarm, GROUP_WHY_SIGNATURE);
	assert_ptr_equal(strstr(strstr(notes(ben), "Warning") + 1, "Warning"),
	    NULL); /* told once */
	er_cmd(ben, CMD_GROUP_ACCEPT, NULL, NULL, chat_of(ben), 0);
	assert_ok(group_may_send(ben->e, gid, &why));
	assert_true(group_overridden(ben->e, gid));
}

static void
test_group__a_ghost_for_newcomers_is_seen(void **state)
{
	uint8_t ghost[STORE_ID_LEN];

	(void)state;
	create(ben, NULL);
	give_who(ann, GROUP_ADD, cat, NULL);
	while (er_group_last(&net, 0)->n < 2)
		er_turn(&net);
	memcpy(ghost, id_of(66).b, sizeof(ghost));
	er_group_ghost(er_group_last(&net, 0), ghost);
	er_run(&net);
	assert_members(cat, "1* 2 3"); /* the chain has no ghost */
	assert_int_equal(row_of(cat).alarm, GROUP_ALARM_RECORD);
	assert_non_null(strstr(notes(cat), "Warning"));
}

static void
test_group__two_stories_are_seen(void **state)
{
	Sotto__Content__GroupHead head = SOTTO__CONTENT__GROUP_HEAD__INIT;
	enum group_place place = GROUP_SAME;
	struct group_view v;

	(void)state;
	create(ben, cat);
	er_group_fork(&net, er_group_last(&net, 0));
	cat->world = 1;
	rename_to(ann, "Here");
	er_run(&net);
	act(ann, GROUP_PROMOTE, ben);
	rename_to(cat, "There");
	er_run(&net);
	assert_string_equal(title_of(ben), "Here");
	assert_string_equal(title_of(cat), "There");
	assert_ok(group_view_get(cat->e, gid, &v));
	head.version = v.pub.version;
	head.hash = (ProtobufCBinaryData){
	    GROUP_HASH_LEN, (uint8_t *)(uintptr_t)v.pub.head};
	assert_ok(txn_begin(ben->e));
	assert_ok(group_head_seen(ben->e, gid, cat->account, &head, &place));
	assert_ok(txn_end(ben->e, 0));
	group_view_clear(&v);
	assert_int_equal(place, GROUP_FORKED);
	assert_alarm(ben, GROUP_WHY_FORK);
}

static void
test_group__what_is_hidden_is_seen(void **state)
{
	Sotto__Content__GroupHead head = SOTTO__CONTENT__GROUP_HEAD__INIT;
	enum group_place place = GROUP_SAME;
	struct group_view v;

	(void)state;
	create(ben, cat);
	er_group_fork(&net, er_group_last(&net, 0));
	ben->world = 1; /* nothing happens there any more */
	rename_to(ann, "News");
	er_run(&net);
	assert_ok(group_view_get(ann->e, gid, &v));
	head.version = v.pub.version;
	head.hash = (ProtobufCBinaryData){
	    GROUP_HASH_LEN, (uint8_t *)(uintptr_t)v.pub.head};
	assert_ok(txn_begin(ben->e));
	assert_ok(group_head_seen(ben->e, gid, ann->account, &head, &place));
	assert_ok(txn_end(ben->e, 0));
	group_view_clear(&v);
	assert_int_equal(place, GROUP_THEY_AHEAD);
	er_run(&net);
	assert_alarm(ben, GROUP_ALARM_HIDDEN);
}

/* ---- secrets that are missing ---------------------------------------------------------------------------- */

static void
test_group__a_missing_secret_is_asked_for(void **state)
{
	struct store_group g;
	struct group_public pub;
	struct group_view v;
	struct buf rec;

	(void)state;
	create(ben, cat);
	assert_ok(store_group_get(ben->e->store, gid, &g));
	assert_ok(group_view_open(&v, g.record, g.len));
	pub = v.pub;
	(void)pub;
	assert_ok(group_from_public(er_group_last(&net, 0)->record.p,
	    er_group_last(&net, 0)->record.len, &rec));
	assert_ok(store_group_put_record(
	    ben->e->store, gid, v.pub.version, rec.p, rec.len));
	buf_clear(&rec);
	group_view_clear(&v);
	g.todo = STORE_GROUP_ASK_KEY;
	g.asked_ms = 1;
	assert_ok(store_group_put(ben->e->store, &g));
	store_group_clear(&g);
	assert_false(has_secret(ben));
	groups_wake(ben->e);
	er_run(&net);
	assert_true(has_secret(ben));
	assert_settled(ben);
}

static void
test_group__strangers_are_told_nothing(void **state)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	Sotto__Content__Group m = SOTTO__CONTENT__GROUP__INIT;
	unsigned sends;

	(void)state;
	create(ben, NULL);
	m.group_id = (ProtobufCBinaryData){GROUP_ID_LEN, gid};
	m.ask_key = m.ask_welcome = true;
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_GROUP;
	c.group = &m;
	assert_ok(txn_begin(cat->e));
	assert_ok(group_tell(cat->e, gid, ann->account, &c));
	assert_ok(txn_end(cat->e, 0));
	outbox_kick(cat->e);
	sends = ann->sends;
	er_run(&net);
	assert_int_equal(ann->sends, sends);
	assert_int_equal(store_group_peek(cat->e->store, gid,
			     &(struct store_group){.chat = 0}),
	    ERR_NOTFOUND);
}

/* ---- without memory ------------------------------------------------------------------------------------------ */

static void
recover(struct er_person *p)
{
	if (p->e->failed) {
		p->fatal = 0;
		er_stop(p);
		er_start(p);
	} else {
		p->e->outbox_hold_ms = p->e->receipts_full_ms = 0;
		er_online(p, false);
		er_online(p, true);
	}
}

/* One change with the n-th allocation failing; true if it was reached. */
static bool
change_failing(enum group_kind kind, const char *after, long n)
{
	struct er_person *const v[] = {ann, ben, cat};
	bool failed;

	alloc_fail_at(n);
	give_who(ann, kind, cat, NULL);
	er_run(&net);
	failed = alloc_failed();
	alloc_fail_at(-1);
	for (size_t i = 0; i < 3; i++)
		recover(v[i]);
	er_run(&net);
	if (strcmp(er_members(ann, gid), after) != 0) /* it was refused */
		act(ann, kind, cat);
	assert_members(ann, after);
	assert_members(ben, after);
	assert_members(cat, after);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(row_of(v[i]).alarm, 0);
	return failed;
}

static void
test_group__without_memory_works_later(void **state)
{
	bool failed = true;
	long n = 0;

	(void)state;
	create(ben, cat);
	for (; failed; n += 11) {
		failed = change_failing(GROUP_REMOVE, "1* 2", n);
		failed |= change_failing(GROUP_ADD, "1* 2 3", n);
	}
	assert_true(n > 200);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_group__##name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(made_and_seen_by_all),
	    T(changes_are_told_in_words),
	    T(who_is_removed_gets_no_secret),
	    T(leaving_brings_a_new_secret),
	    T(what_is_not_allowed_says_why),
	    T(joined_by_an_open_link),
	    T(a_link_with_approval),
	    T(a_withdrawn_link_lets_nobody_in),
	    T(admins_know_the_link),
	    T(two_at_once_agree),
	    T(what_came_about_already_is_done),
	    T(offline_it_waits),
	    T(a_crash_before_the_answer_changes_nothing),
	    T(a_lost_answer_and_others_since),
	    T(made_offline_and_after_a_crash),
	    T(what_moved_meanwhile),
	    T(all_devices_agree),
	    T(a_ghost_is_seen),
	    T(a_ghost_for_newcomers_is_seen),
	    T(two_stories_are_seen),
	    T(what_is_hidden_is_seen),
	    T(a_missing_secret_is_asked_for),
	    T(strangers_are_told_nothing),
	    T(without_memory_works_later),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
