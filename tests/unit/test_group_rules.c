/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may do what in a group: common/group/step.c, docs/groups.md §4. */
#include "common/group/pub.h"
#include "tests/unit/group_forge.h"

/* 0 and 1 admins, 2 and 3 members, 4 waits for approval, 5 nobody. */
enum { BOSS, VICE, MEMBER, OTHER, ASKER, STRANGER };

static struct world *
usual_world(enum group_who who)
{
	struct world *w = world_new();
	struct group_intent in;
	uint8_t token[GROUP_TOKEN_LEN] = {0x70};

	make_group(w, 4);
	in = about(w, GROUP_PROMOTE, VICE, -1);
	act(w, BOSS, &in);
	in = (struct group_intent){.kind = GROUP_PERMIT,
	    .fields = GROUP_F_SEND | GROUP_F_EDIT | GROUP_F_ADD,
	    .permissions = {who, who, who}};
	act(w, BOSS, &in);
	in = (struct group_intent){
	    .kind = GROUP_LINK, .has_token = true, .approval = true};
	memcpy(in.token, token, sizeof(token));
	act(w, BOSS, &in);
	assert_ok(
	    group_from_public(w->relay.p, w->relay.len, &w->p[ASKER].record));
	in.kind = GROUP_REQUEST;
	act(w, ASKER, &in);
	return w;
}

static const struct {
	enum group_kind kind;
	int actor, whom; /* -1: names nobody */
	enum group_who who; /* what the group permits to whom */
	enum group_why why;
} rows[] = {
#define ROW(kind, actor, whom, who, why)                                       \
	{                                                                      \
		GROUP_##kind, actor, whom, GROUP_##who, GROUP_WHY_##why        \
	}
    ROW(CREATE, BOSS, STRANGER, EVERYBODY, MALFORMED),
    ROW(ADD, BOSS, STRANGER, ADMINS, NONE),
    ROW(ADD, MEMBER, STRANGER, EVERYBODY, NONE),
    ROW(ADD, MEMBER, STRANGER, ADMINS, NOT_PERMITTED),
    ROW(ADD, STRANGER, STRANGER, EVERYBODY, NOT_MEMBER),
    ROW(ADD, BOSS, MEMBER, EVERYBODY, ALREADY),
    ROW(ADD, BOSS, BOSS, EVERYBODY, ALREADY),
    ROW(ADD, BOSS, ASKER, EVERYBODY, NONE),
    ROW(ADD, BOSS, -1, EVERYBODY, MALFORMED),
    ROW(REMOVE, BOSS, MEMBER, EVERYBODY, NONE),
    ROW(REMOVE, BOSS, VICE, EVERYBODY, NONE),
    ROW(REMOVE, BOSS, BOSS, EVERYBODY, MALFORMED),
    ROW(REMOVE, BOSS, STRANGER, EVERYBODY, ABSENT),
    ROW(REMOVE, MEMBER, OTHER, EVERYBODY, NOT_ADMIN),
    ROW(REMOVE, STRANGER, MEMBER, EVERYBODY, NOT_MEMBER),
    ROW(REMOVE, ASKER, MEMBER, EVERYBODY, NOT_MEMBER),
    ROW(REMOVE, BOSS, -1, EVERYBODY, MALFORMED),
    ROW(LEAVE, BOSS, -1, EVERYBODY, NONE),
    ROW(LEAVE, MEMBER, -1, ADMINS, NONE),
    ROW(LEAVE, STRANGER, -1, EVERYBODY, NOT_MEMBER),
    ROW(LEAVE, MEMBER, OTHER, EVERYBODY, MALFORMED),
    ROW(PROMOTE, BOSS, MEMBER, EVERYBODY, NONE),
    ROW(PROMOTE, BOSS, VICE, EVERYBODY, ALREADY),
    ROW(PROMOTE, BOSS, STRANGER, EVERYBODY, ABSENT),
    ROW(PROMOTE, MEMBER, MEMBER, EVERYBODY, NOT_ADMIN),
    ROW(PROMOTE, STRANGER, STRANGER, EVERYBODY, NOT_MEMBER),
    ROW(DEMOTE, BOSS, VICE, EVERYBODY, NONE),
    ROW(DEMOTE, BOSS, BOSS, EVERYBODY, NONE),
    ROW(DEMOTE, BOSS, MEMBER, EVERYBODY, ALREADY),
    ROW(DEMOTE, BOSS, STRANGER, EVERYBODY, ABSENT),
    ROW(DEMOTE, MEMBER, BOSS, EVERYBODY, NOT_ADMIN),
    ROW(PERMIT, VICE, -1, ADMINS, NONE),
    ROW(PERMIT, MEMBER, -1, EVERYBODY, NOT_ADMIN),
    ROW(LINK, VICE, -1, ADMINS, NONE),
    ROW(LINK, MEMBER, -1, EVERYBODY, NOT_ADMIN),
    ROW(LINK, STRANGER, -1, EVERYBODY, NOT_MEMBER),
    ROW(JOIN, STRANGER, -1, EVERYBODY, NO_LINK), /* it wants approval */
    ROW(JOIN, MEMBER, -1, EVERYBODY, ALREADY),
    ROW(REQUEST, STRANGER, -1, EVERYBODY, NONE),
    ROW(REQUEST, MEMBER, -1, EVERYBODY, ALREADY),
    ROW(REQUEST, ASKER, -1, EVERYBODY, ALREADY),
    ROW(APPROVE, BOSS, ASKER, ADMINS, NONE),
    ROW(APPROVE, BOSS, STRANGER, EVERYBODY, ABSENT),
    ROW(APPROVE, MEMBER, ASKER, EVERYBODY, NOT_ADMIN),
    ROW(APPROVE, ASKER, ASKER, EVERYBODY, NOT_MEMBER),
    ROW(DECLINE, VICE, ASKER, EVERYBODY, NONE),
    ROW(DECLINE, ASKER, ASKER, EVERYBODY, NONE),
    ROW(DECLINE, BOSS, STRANGER, EVERYBODY, ABSENT),
    ROW(DECLINE, MEMBER, ASKER, EVERYBODY, NOT_ADMIN),
    ROW(DECLINE, STRANGER, ASKER, EVERYBODY, NOT_MEMBER),
    ROW(EDIT, MEMBER, -1, EVERYBODY, NONE),
    ROW(EDIT, MEMBER, -1, ADMINS, NOT_PERMITTED),
    ROW(EDIT, VICE, -1, ADMINS, NONE),
    ROW(EDIT, STRANGER, -1, EVERYBODY, NOT_MEMBER),
    ROW(REKEY, VICE, -1, ADMINS, NONE),
    ROW(REKEY, MEMBER, -1, EVERYBODY, NOT_ADMIN),
#undef ROW
};

static void
test_group_rules__every_kind_by_everybody(void **state)
{
	struct world *w[2] = {
	    usual_world(GROUP_EVERYBODY), usual_world(GROUP_ADMINS)};
	struct group_entry e;
	enum group_why why;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		e = forge(w[rows[i].who], rows[i].actor, rows[i].kind);
		if (rows[i].whom >= 0) {
			e.accounts = w[rows[i].who]->p[rows[i].whom].account;
			e.n_accounts = 1;
		}
		why = forge_why(w[rows[i].who], rows[i].actor, &e);
		if (why != rows[i].why)
			fail_msg("row %zu: %s instead of %s", i,
			    group_why_name(why), group_why_name(rows[i].why));
	}
	world_free(w[0]);
	world_free(w[1]);
}

/* Put one part in, or take it out. */
static void
flip(struct group_entry *e, int part, const uint8_t *bytes)
{
	switch (part) {
	case 0:
		e->admins = bytes;
		e->n_admins = !e->n_admins;
		break;
	case 1:
		e->has_permissions = !e->has_permissions;
		break;
	case 2:
		e->has_link = !e->has_link;
		break;
	case 3:
		e->proof = e->proof == NULL ? bytes : NULL;
		break;
	case 4:
		e->has_rekey = !e->has_rekey;
		e->epoch = 2;
		e->secret_hash = bytes;
		break;
	default:
		e->sealed = bytes;
		e->sealed_len = e->sealed_len > 0 ? 0 : ENTRY_SEALED_MIN;
	}
}

static void
test_group_rules__a_part_too_much_or_too_few_is_refused(void **state)
{
	struct world *w = usual_world(GROUP_EVERYBODY);
	uint8_t bytes[ENTRY_PROOF_LEN] = {1};
	struct group_entry e;
	int kind, part;

	for (kind = GROUP_ADD; kind <= GROUP_REKEY; kind++)
		for (part = 0; part < 6; part++) {
			e = forge(w, BOSS, (enum group_kind)kind);
			if (kind == GROUP_ADD || kind == GROUP_REMOVE ||
			    kind == GROUP_PROMOTE || kind == GROUP_DEMOTE ||
			    kind == GROUP_APPROVE || kind == GROUP_DECLINE) {
				e.accounts = w->p[MEMBER].account;
				e.n_accounts = 1;
			}
			if (kind == GROUP_ADD && part == 0)
				continue; /* it may have them */
			flip(&e, part, bytes);
			assert_why(forge_why(w, BOSS, &e), MALFORMED);
		}
	world_free(w);
}

static void
test_group_rules__only_an_admin_makes_admins(void **state)
{
	struct world *w = usual_world(GROUP_EVERYBODY);
	struct group_entry e = forge(w, MEMBER, GROUP_ADD);

	e.admins = w->p[STRANGER].account;
	e.n_admins = 1;
	assert_why(forge_why(w, MEMBER, &e), NOT_ADMIN);
	e = forge(w, VICE, GROUP_ADD);
	e.admins = w->p[STRANGER].account;
	e.n_admins = 1;
	assert_why(forge_why(w, VICE, &e), NONE);
	world_free(w);
}

static void
test_group_rules__the_last_admin_stays_one(void **state)
{
	struct world *w = world_new();
	struct group_intent in;

	make_group(w, 3);
	in = about(w, GROUP_DEMOTE, 0, -1);
	act_not(w, 0, &in, GROUP_WHY_LAST_ADMIN);
	in = about(w, GROUP_PROMOTE, 1, -1);
	act(w, 0, &in);
	in = about(w, GROUP_DEMOTE, 0, 1);
	act_not(w, 0, &in, GROUP_WHY_LAST_ADMIN);
	in = about(w, GROUP_DEMOTE, 0, -1);
	act(w, 0, &in);
	assert_false(is_admin(w, 0));
	assert_true(is_admin(w, 1));
	world_free(w);
}

static void
test_group_rules__who_is_there_longest_inherits(void **state)
{
	struct world *w = world_new();
	struct group_intent in, leave = {.kind = GROUP_LEAVE};
	int lower, higher;

	make_group(w, 3); /* 1 and 2 with the first entry */
	in = about(w, GROUP_ADD, 3, 4);
	act(w, 0, &in);
	act(w, 0, &leave);
	lower = memcmp(w->p[1].account, w->p[2].account, 16) < 0 ? 1 : 2;
	higher = 3 - lower;
	assert_true(is_admin(w, lower));
	assert_false(is_admin(w, higher));
	follow(w, lower);
	act(w, lower, &leave);
	assert_true(is_admin(w, higher)); /* rather than 3 or 4 */
	assert_false(is_admin(w, 3) || is_admin(w, 4));
	world_free(w);
}

static void
test_group_rules__with_the_last_member_a_group_ends(void **state)
{
	struct world *w = world_new();
	struct group_intent leave = {.kind = GROUP_LEAVE}, in;
	struct group_public v;
	struct group_entry e;

	make_group(w, 1);
	in = (struct group_intent){.kind = GROUP_LINK, .has_token = true};
	act(w, 0, &in);
	act(w, 0, &leave);
	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	assert_int_equal(v.n_members, 0);
	assert_int_equal(v.link, GROUP_LINK_NONE);
	in = about(w, GROUP_ADD, 0, -1);
	act_not(w, 0, &in, GROUP_WHY_ENDED);
	e = forge(w, 1, GROUP_JOIN);
	assert_why(forge_why(w, 1, &e), ENDED);
	world_free(w);
}

/* n members beside the founder, with accounts 1, 2, 3 ... */
static uint8_t (*many(size_t n))[GROUP_ACCOUNT_LEN]
{
	uint8_t(*list)[GROUP_ACCOUNT_LEN] = calloc(n, GROUP_ACCOUNT_LEN);
	size_t i;

	assert_non_null(list);
	for (i = 0; i < n; i++)
		put_be32(list[i], (uint32_t)(i + 1));
	return list;
}

static void
test_group_rules__a_group_has_1024_members_and_no_more(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_CREATE, "Everybody");
	struct group_public v;
	struct group_entry e;
	struct group_member m;

	in.accounts = many(GROUP_MEMBERS_MAX);
	in.n_accounts = GROUP_MEMBERS_MAX; /* and the founder */
	act_not(w, 0, &in, GROUP_WHY_FULL);
	in.n_accounts = GROUP_MEMBERS_MAX - 1;
	act(w, 0, &in);
	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	assert_int_equal(v.n_members, GROUP_MEMBERS_MAX);
	assert_true(group_public_find(&v, in.accounts[517], &m));
	assert_memory_equal(m.account, in.accounts[517], GROUP_ACCOUNT_LEN);
	e = forge(w, 0, GROUP_ADD);
	e.accounts = w->p[1].account;
	e.n_accounts = 1;
	assert_why(forge_why(w, 0, &e), FULL);
	free(in.accounts);
	in = (struct group_intent){.kind = GROUP_LINK, .has_token = true};
	in.token[0] = 0x70;
	act(w, 0, &in);
	e = forge(w, 1, GROUP_JOIN);
	assert_why(forge_why(w, 1, &e), FULL);
	world_free(w);
}

static void
test_group_rules__requests_are_bounded(void **state)
{
	struct world *w = usual_world(GROUP_EVERYBODY);
	struct pub *p;
	struct group_entry e = forge(w, STRANGER, GROUP_REQUEST);
	uint8_t id[GROUP_ACCOUNT_LEN] = {0};
	struct buf full;
	size_t i;

	assert_ok(pub_new(&p, w->relay.p, w->relay.len));
	for (i = p->n_requests; i < GROUP_REQUESTS_MAX; i++) {
		put_be32(id, (uint32_t)i);
		pub_put_request(p, id, 1);
	}
	buf_init(&full, GROUP_PUBLIC_MAX);
	assert_ok(pub_write(p, &full));
	put_record(&w->relay, &full);
	free(p);
	assert_why(forge_why(w, STRANGER, &e), FULL);
	e = forge(w, ASKER, GROUP_DECLINE); /* but one can still go */
	e.accounts = w->p[ASKER].account;
	e.n_accounts = 1;
	assert_why(forge_why(w, ASKER, &e), NONE);
	world_free(w);
}

static void
test_group_rules__a_new_link_forgets_who_asked_by_the_old(void **state)
{
	struct world *w = usual_world(GROUP_EVERYBODY);
	struct group_intent in = {.kind = GROUP_LINK, .has_token = true};
	struct group_public v;

	follow(w, VICE);
	act(w, VICE, &in);
	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	assert_int_equal(v.n_requests, 0);
	assert_int_equal(v.link, GROUP_LINK_OPEN);
	in.has_token = false;
	act(w, VICE, &in);
	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	assert_int_equal(v.link, GROUP_LINK_NONE);
	world_free(w);
}

static void
test_group_rules__the_epoch_goes_up_by_one(void **state)
{
	struct world *w = usual_world(GROUP_EVERYBODY);
	struct group_entry e = forge(w, BOSS, GROUP_REKEY);

	e.epoch = 1;
	assert_why(forge_why(w, BOSS, &e), EPOCH);
	e.epoch = 3;
	assert_why(forge_why(w, BOSS, &e), EPOCH);
	e.epoch = 2;
	assert_why(forge_why(w, BOSS, &e), NONE);
	world_free(w);
}

int
main(void)
{
#define T(name) cmocka_unit_test(test_group_rules__##name)
	const struct CMUnitTest tests[] = {
	    T(every_kind_by_everybody),
	    T(a_part_too_much_or_too_few_is_refused),
	    T(only_an_admin_makes_admins),
	    T(the_last_admin_stays_one),
	    T(who_is_there_longest_inherits),
	    T(with_the_last_member_a_group_ends),
	    T(a_group_has_1024_members_and_no_more),
	    T(requests_are_bounded),
	    T(a_new_link_forgets_who_asked_by_the_old),
	    T(the_epoch_goes_up_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
