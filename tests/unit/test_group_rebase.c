/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conflicting changes: what is left of the one that came second. */
#include "tests/unit/group_help.h"

/* What 0 (admin) or 3 (member) wanted while somebody else was first. */
static int
rebased(struct world *w, int who, struct group_intent *in, enum group_why *why)
{
	follow(w, who);
	return group_rebase(w->p[who].record.p, w->p[who].record.len,
	    w->p[who].account, in, why);
}

static struct world *
two_admins(void)
{
	struct world *w = world_new();
	struct group_intent in;

	make_group(w, 5);
	in = about(w, GROUP_PROMOTE, 1, -1);
	act(w, 0, &in);
	follow(w, 1);
	return w;
}

#define first(w, in) act(w, 1, &(in)) /* 1 is quicker */

static void
test_group_rebase__only_those_are_added_who_are_missing(void **state)
{
	struct world *w = two_admins();
	struct group_intent a = about(w, GROUP_ADD, 7, 8), mine = a;
	struct group_intent other = about(w, GROUP_ADD, 7, -1);
	enum group_why why;
	struct group_view v;

	first(w, other);
	assert_ok(rebased(w, 0, &mine, &why));
	assert_int_equal(mine.n_accounts, 1);
	assert_memory_equal(
	    mine.accounts[0], w->p[8].account, GROUP_ACCOUNT_LEN);
	act(w, 0, &mine);
	v = look(w, 0);
	assert_int_equal(v.pub.n_members, 7);
	group_view_clear(&v);
	mine = about(w, GROUP_ADD, 7, 8);
	assert_err(rebased(w, 0, &mine, &why), ERR_DUP);
	assert_int_equal(mine.n_accounts, 2); /* unchanged */
	world_free(w);
}

static void
test_group_rebase__what_has_come_about_is_done(void **state)
{
	struct world *w = two_admins();
	const enum group_kind kinds[] = {
	    GROUP_REMOVE, GROUP_PROMOTE, GROUP_DEMOTE};
	struct group_intent first_, mine;
	enum group_why why;
	size_t i;

	for (i = 0; i < 3; i++) {
		first_ = about(w, kinds[i], i == 0 ? 4 : 2, -1);
		mine = about(w, kinds[i], i == 0 ? 4 : 2, -1);
		first(w, first_);
		assert_err(rebased(w, 0, &mine, &why), ERR_DUP);
		if (i == 0)
			share(w, 1, 0);
		mine = about(w, kinds[i], i == 0 ? 4 : 2, i == 0 ? 3 : 1);
		/* the rest is still wanted, except to promote an admin */
		assert_err(rebased(w, 0, &mine, &why), i == 1 ? ERR_DUP : 0);
	}
	world_free(w);
}

static void
test_group_rebase__who_lost_the_right_is_told(void **state)
{
	struct world *w = two_admins();
	struct group_intent other, mine = about(w, GROUP_REMOVE, 4, -1);
	enum group_why why;

	other = about(w, GROUP_DEMOTE, 0, -1);
	first(w, other);
	assert_err(rebased(w, 0, &mine, &why), ERR_DENIED);
	assert_why(why, NOT_ADMIN);
	other = about(w, GROUP_REMOVE, 0, -1);
	first(w, other);
	assert_err(rebased(w, 0, &mine, &why), ERR_DENIED);
	assert_why(why, NOT_MEMBER);
	mine = (struct group_intent){.kind = GROUP_LEAVE};
	assert_err(rebased(w, 0, &mine, &why), ERR_DUP);
	mine = named(GROUP_EDIT, "Mine");
	assert_err(rebased(w, 0, &mine, &why), ERR_DENIED);
	assert_why(why, NOT_MEMBER);
	assert_err(rebased(w, 3, &mine, &why), ERR_NOTFOUND); /* no key */
	other = (struct group_intent){.kind = GROUP_PERMIT,
	    .fields = GROUP_F_EDIT | GROUP_F_ADD,
	    .permissions = {0, GROUP_ADMINS, GROUP_ADMINS}};
	first(w, other);
	follow(w, 3);
	share(w, 1, 3);
	assert_err(rebased(w, 3, &mine, &why), ERR_DENIED);
	assert_why(why, NOT_PERMITTED);
	mine = about(w, GROUP_ADD, 9, -1);
	assert_err(rebased(w, 3, &mine, &why), ERR_DENIED);
	assert_why(why, NOT_PERMITTED);
	world_free(w);
}

static void
test_group_rebase__edits_of_different_things_both_hold(void **state)
{
	struct world *w = two_admins();
	struct group_intent other = named(GROUP_EDIT, "By the other");
	struct group_intent mine = {.kind = GROUP_EDIT,
	    .fields = GROUP_F_TIMER | GROUP_F_NAME,
	    .meta.timer_s = 60};
	enum group_why why;
	struct group_view v;

	snprintf(mine.meta.name, sizeof(mine.meta.name), "By the other");
	first(w, other);
	assert_ok(rebased(w, 0, &mine, &why));
	assert_int_equal(mine.fields, GROUP_F_TIMER);
	act(w, 0, &mine);
	v = look(w, 0);
	assert_string_equal(v.meta.name, "By the other");
	assert_int_equal(v.meta.timer_s, 60);
	group_view_clear(&v);
	assert_err(rebased(w, 0, &mine, &why), ERR_DUP);
	mine = named(GROUP_EDIT, "Mine"); /* the last one wins */
	assert_ok(rebased(w, 0, &mine, &why));
	world_free(w);
}

static void
test_group_rebase__permissions_are_merged(void **state)
{
	struct world *w = two_admins();
	struct group_intent other = {.kind = GROUP_PERMIT,
	    .fields = GROUP_F_SEND,
	    .permissions.send = GROUP_ADMINS};
	struct group_intent mine = {.kind = GROUP_PERMIT,
	    .fields = GROUP_F_SEND | GROUP_F_ADD,
	    .permissions = {GROUP_ADMINS, GROUP_ADMINS, GROUP_ADMINS}};
	enum group_why why;
	struct group_view v;

	first(w, other);
	assert_ok(rebased(w, 0, &mine, &why));
	assert_int_equal(mine.fields, GROUP_F_ADD);
	act(w, 0, &mine);
	v = look(w, 0);
	assert_int_equal(v.pub.permissions.send, GROUP_ADMINS);
	assert_int_equal(v.pub.permissions.edit, GROUP_EVERYBODY);
	assert_int_equal(v.pub.permissions.add, GROUP_ADMINS);
	group_view_clear(&v);
	world_free(w);
}

static void
test_group_rebase__links_and_those_who_come_by_them(void **state)
{
	struct world *w = two_admins();
	struct group_intent link = {.kind = GROUP_LINK, .has_token = true};
	struct group_intent mine = link, join = link,
			    none = {.kind = GROUP_LINK};
	enum group_why why;

	assert_err(rebased(w, 0, &none, &why), ERR_DUP);
	first(w, link);
	assert_err(rebased(w, 0, &mine, &why), ERR_DUP); /* the same token */
	mine.approval = true;
	assert_ok(rebased(w, 0, &mine, &why));
	assert_ok(rebased(w, 0, &none, &why));

	assert_ok(group_from_public(w->relay.p, w->relay.len, &w->p[7].record));
	join.kind = GROUP_JOIN;
	assert_ok(rebased(w, 7, &join, &why));
	link.approval = true;
	first(w, link);
	assert_err(rebased(w, 7, &join, &why), ERR_DENIED);
	assert_why(why, NO_LINK);
	join.kind = GROUP_REQUEST;
	assert_ok(rebased(w, 7, &join, &why));
	act(w, 7, &join);
	assert_err(rebased(w, 7, &join, &why), ERR_DUP);
	follow(w, 1);
	mine = about(w, GROUP_APPROVE, 7, -1);
	first(w, mine);
	assert_err(rebased(w, 7, &join, &why), ERR_DUP);
	assert_err(rebased(w, 0, &mine, &why), ERR_DUP);
	mine.kind = GROUP_DECLINE;
	assert_err(rebased(w, 0, &mine, &why), ERR_DUP);
	world_free(w);
}

static void
test_group_rebase__a_new_secret_is_made_once(void **state)
{
	struct world *w = two_admins();
	struct group_intent in = {.kind = GROUP_LEAVE};
	struct group_intent due = {.kind = GROUP_REKEY};
	struct group_intent first_epoch = {.kind = GROUP_REKEY, .epoch = 1};
	enum group_why why;

	assert_err(rebased(w, 0, &due, &why), ERR_DUP); /* nobody left */
	assert_ok(rebased(w, 0, &first_epoch, &why)); /* a device did */
	act(w, 4, (follow(w, 4), &in));
	assert_ok(rebased(w, 0, &due, &why));
	follow(w, 1);
	first(w, due);
	assert_err(rebased(w, 0, &due, &why), ERR_DUP);
	assert_err(rebased(w, 0, &first_epoch, &why), ERR_DUP);
	world_free(w);
}

static void
test_group_rebase__a_group_is_not_made_twice(void **state)
{
	struct world *w = two_admins();
	struct group_intent in = named(GROUP_CREATE, "Again");
	enum group_why why;

	assert_err(rebased(w, 0, &in, &why), ERR_DUP);
	world_free(w);
}

/* ---- intents ----------------------------------------------------------------- */

static void
test_group_rebase__intents_survive_the_outbox(void **state)
{
	struct world *w = world_new();
	struct group_intent in = about(w, GROUP_ADD, 3, 4), out, was;
	struct buf b;
	size_t i;

	in.admins = in.accounts + 1;
	in.n_accounts = in.n_admins = 1;
	in.fields = GROUP_F_TIMER;
	in.permissions.add = GROUP_ADMINS;
	in.has_token = in.approval = true;
	in.token[31] = 9;
	in.epoch = 5;
	in.meta.timer_s = 12;
	memcpy(in.meta.name, "name", 5);
	assert_ok(group_intent_pack(&in, &b));
	assert_ok(group_intent_unpack(&out, b.p, b.len));
	assert_int_equal(out.kind, GROUP_ADD);
	assert_int_equal(out.n_accounts, 1);
	assert_memory_equal(out.accounts[0], w->p[3].account, 16);
	assert_memory_equal(out.admins[0], w->p[4].account, 16);
	assert_int_equal(out.fields, GROUP_F_TIMER);
	assert_int_equal(out.permissions.add, GROUP_ADMINS);
	assert_true(out.has_token && out.approval);
	assert_int_equal(out.token[31], 9);
	assert_int_equal(out.epoch, 5);
	assert_memory_equal(&out.meta, &in.meta, sizeof(in.meta));
	group_intent_clear(&out);
	memset(&out, 0x5a, sizeof(out));
	memcpy(&was, &out, sizeof(was));
	for (i = 0; i < 3; i++) /* no kind: malformed */
		assert_err(group_intent_unpack(&out, b.p + 2, i), ERR_FORMAT);
	assert_err(
	    group_intent_unpack(&out, b.p, GROUP_INTENT_MAX + 1), ERR_RANGE);
	assert_memory_equal(&was, &out, sizeof(was));
	buf_clear(&b);
	in.n_accounts = GROUP_MEMBERS_MAX + 1;
	assert_err(group_intent_pack(&in, &b), ERR_RANGE);
	world_free(w);
}

static void
test_group_rebase__one_person_has_one_role(void **state)
{
	struct world *w = world_new();
	struct group_intent in = about(w, GROUP_ADD, 3, 3);
	enum group_why why;
	struct group_view v;

	make_group(w, 1);
	in.admins = in.accounts;
	in.n_admins = 1;
	assert_err(try_act(w, 0, &in, &why), ERR_RANGE);
	in.n_admins = 0; /* said twice is said once */
	act(w, 0, &in);
	v = look(w, 0);
	assert_int_equal(v.pub.n_members, 2);
	group_view_clear(&v);
	world_free(w);
}

int
main(void)
{
#define T(name) cmocka_unit_test(test_group_rebase__##name)
	const struct CMUnitTest tests[] = {
	    T(only_those_are_added_who_are_missing),
	    T(what_has_come_about_is_done),
	    T(who_lost_the_right_is_told),
	    T(edits_of_different_things_both_hold),
	    T(permissions_are_merged),
	    T(links_and_those_who_come_by_them),
	    T(a_new_secret_is_made_once),
	    T(a_group_is_not_made_twice),
	    T(intents_survive_the_outbox),
	    T(one_person_has_one_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
