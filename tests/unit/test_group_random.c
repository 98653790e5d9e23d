/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Twelve people do to a group whatever comes to their mind, at once and from
 * wherever they stand; answers of the relay get lost, entries come twice and
 * out of order. In the end all must see the same group.
 */
#include "tests/unit/group_help.h"

#define PEOPLE 12
#define STEPS  3000

/* A change on its way: what the outbox would hold. */
struct pending {
	struct buf intent;
	struct group_proposal made; /* entry empty: not proposed yet */
};

struct play {
	struct world *w;
	struct pending pend[PEOPLE];
	uint64_t dice;
	int done, rebased, dropped, lost;
};

static uint32_t
roll(struct play *g, uint32_t n)
{
	g->dice ^= g->dice << 13;
	g->dice ^= g->dice >> 7;
	g->dice ^= g->dice << 17;
	return (uint32_t)(g->dice >> 33) % n;
}

static void
drop(struct pending *p)
{
	buf_clear(&p->intent);
	group_proposal_clear(&p->made);
}

/* ---- wishes ------------------------------------------------------------------ */

static struct group_intent
some_wish(struct play *g)
{
	static const enum group_kind kinds[] = {GROUP_ADD, GROUP_ADD, GROUP_ADD,
	    GROUP_REMOVE, GROUP_LEAVE, GROUP_PROMOTE, GROUP_PROMOTE,
	    GROUP_DEMOTE, GROUP_PERMIT, GROUP_LINK, GROUP_JOIN, GROUP_JOIN,
	    GROUP_REQUEST, GROUP_REQUEST, GROUP_APPROVE, GROUP_DECLINE,
	    GROUP_EDIT, GROUP_EDIT, GROUP_EDIT, GROUP_REKEY};
	enum group_kind kind = kinds[roll(g, ARRAY_LEN(kinds))];
	struct group_intent in;

	in = about(g->w, kind, (int)roll(g, PEOPLE), (int)roll(g, PEOPLE));
	if (kind == GROUP_ADD && roll(g, 2) == 0) {
		in.admins = in.accounts + 1;
		in.n_accounts = in.n_admins = 1;
	}
	if (kind == GROUP_LEAVE || kind == GROUP_PERMIT || kind == GROUP_LINK ||
	    kind == GROUP_JOIN || kind == GROUP_REQUEST || kind == GROUP_EDIT ||
	    kind == GROUP_REKEY)
		in.n_accounts = 0;
	in.fields = roll(g, 128);
	in.permissions.send = (enum group_who)(roll(g, 2) == 0);
	in.permissions.edit = (enum group_who)(roll(g, 4) == 0);
	in.permissions.add = (enum group_who)(roll(g, 4) == 0);
	in.meta.timer_s = roll(g, 3);
	snprintf(in.meta.name, sizeof(in.meta.name), "n%u", roll(g, 4));
	in.has_token = kind == GROUP_LINK ? roll(g, 4) > 0 : true;
	in.approval = in.has_token && kind == GROUP_LINK && roll(g, 2) == 0;
	in.token[0] = (uint8_t)roll(g, 2);
	return in;
}

/* Make the entry of a pending intent; what cannot be is dropped. */
static void
propose(struct play *g, int who)
{
	struct buf *rec = &g->w->p[who].record;
	struct group_actor me = world_actor(g->w, who);
	struct pending *p = &g->pend[who];
	struct group_intent in;
	enum group_why why;
	int r;

	group_proposal_clear(&p->made);
	assert_ok(group_intent_unpack(&in, p->intent.p, p->intent.len));
	r = group_propose(rec->p, rec->len, &me, &in, &p->made, &why);
	group_intent_clear(&in);
	if (r == 0)
		return;
	assert_true(r == ERR_DENIED || r == ERR_NOTFOUND || r == ERR_RANGE);
	drop(p);
}

static void
wish(struct play *g, int who)
{
	struct group_intent in = some_wish(g);

	if (g->w->p[who].record.len == 0 || g->pend[who].intent.len > 0)
		return;
	if (in.kind == GROUP_LEAVE && (who < 3 || roll(g, 2) == 0))
		return; /* or soon nobody is left */
	assert_ok(group_intent_pack(&in, &g->pend[who].intent));
	propose(g, who);
}

/* ---- following --------------------------------------------------------------- */

static void
take_one(struct play *g, int who, const struct buf *entry)
{
	struct buf *rec = &g->w->p[who].record, after;
	struct pending *p = &g->pend[who];
	enum group_why why;
	int r;

	if (p->made.entry.len == entry->len &&
	    memcmp(p->made.entry.p, entry->p, entry->len) == 0) {
		put_record(rec, &p->made.record); /* ours after all */
		drop(p);
		return;
	}
	r = group_apply(rec->p, rec->len, entry->p, entry->len, &g->w->keys,
	    &after, NULL, &why);
	if (r != 0)
		fail_msg("%s, %s", err_name(r), group_why_name(why));
	put_record(rec, &after);
}

static void
catch_up(struct play *g, int who)
{
	size_t i;

	for (i = version_of(g->w, who); i < g->w->n_entries; i++)
		take_one(g, who, &g->w->entries[i]);
}

/* The relay plays an entry at the wrong time. */
static void
disturb(struct play *g, int who)
{
	struct buf *rec = &g->w->p[who].record, after;
	uint32_t i = roll(g, (uint32_t)g->w->n_entries);
	uint32_t have = version_of(g->w, who);
	enum group_why why;
	int r;

	if (have == 0 || i == have)
		return;
	r = group_apply(rec->p, rec->len, g->w->entries[i].p,
	    g->w->entries[i].len, &g->w->keys, &after, NULL, &why);
	assert_int_equal(r, i < have ? ERR_DUP : ERR_AGAIN);
}

/* Twice the same question, twice the same answer. */
static int
rebase(struct play *g, int who, struct group_intent *in)
{
	struct buf *rec = &g->w->p[who].record, a, b;
	struct group_intent again;
	enum group_why why, why2;
	int r;

	assert_ok(group_intent_unpack(
	    &again, g->pend[who].intent.p, g->pend[who].intent.len));
	r = group_rebase(rec->p, rec->len, g->w->p[who].account, in, &why);
	assert_int_equal(r, group_rebase(rec->p, rec->len, g->w->p[who].account,
				&again, &why2));
	assert_int_equal(why, why2);
	assert_ok(group_intent_pack(in, &a));
	assert_ok(group_intent_pack(&again, &b));
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.p, b.p, a.len);
	buf_clear(&a);
	buf_clear(&b);
	group_intent_clear(&again);
	return r;
}

static void
try_again(struct play *g, int who)
{
	struct pending *p = &g->pend[who];
	struct group_intent in;
	int r;

	catch_up(g, who);
	if (p->intent.len == 0)
		return; /* it had been taken */
	assert_ok(group_intent_unpack(&in, p->intent.p, p->intent.len));
	r = rebase(g, who, &in);
	assert_true(
	    r == 0 || r == ERR_DUP || r == ERR_DENIED || r == ERR_NOTFOUND);
	if (r == 0) {
		g->rebased++;
		buf_clear(&p->intent);
		assert_ok(group_intent_pack(&in, &p->intent));
		propose(g, who);
		/* what rebase allows can be proposed, and that is valid */
		assert_true(p->made.entry.len > 0);
	} else {
		g->dropped++;
		drop(p);
	}
	group_intent_clear(&in);
}

/* ---- the relay ----------------------------------------------------------------- */

static void
check_relay(const struct world *w)
{
	struct group_public v;

	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	assert_true(v.n_members == 0 || v.n_admins > 0);
	assert_int_equal(v.version, w->n_entries);
}

static void
submit(struct play *g, int who)
{
	struct pending *p = &g->pend[who];
	enum group_why why;
	int r;

	if (p->made.entry.len == 0)
		return;
	r = relay_take(g->w, &p->made.entry, &why);
	if (r == ERR_EXISTS) {
		try_again(g, who);
		return;
	}
	if (r == ERR_DUP) /* the lost one, sent again */
		r = 0;
	if (r != 0)
		fail_msg("%s, %s", err_name(r), group_why_name(why));
	check_relay(g->w);
	g->done++;
	if (roll(g, 8) == 0) { /* the answer gets lost */
		g->lost++;
		return;
	}
	put_record(&g->w->p[who].record, &p->made.record);
	drop(p);
}

static bool
has_secret(struct play *g, int who)
{
	struct group_view v;
	bool has;

	if (g->w->p[who].record.len == 0)
		return false;
	v = look(g->w, who);
	has = v.has_secret;
	group_view_clear(&v);
	return has;
}

static void
hand_out_key(struct play *g, int who)
{
	int i, r;

	if (!has_secret(g, who) || !is_member(g->w, who))
		return;
	for (i = 0; i < PEOPLE; i++) {
		if (i == who || g->w->p[i].record.len == 0 ||
		    !is_member(g->w, i))
			continue;
		r = try_share(g->w, who, i);
		assert_true(r == 0 || r == ERR_DUP || r == ERR_EXPIRED ||
			    r == ERR_RANGE || r == ERR_AUTH);
	}
}

static void
step(struct play *g)
{
	int i, who = (int)roll(g, PEOPLE);

	switch (roll(g, 8)) {
	case 0:
	case 1:
	case 2:
		for (i = 0; i < 4; i++) /* most are not allowed */
			wish(g, who);
		break;
	case 3:
	case 4:
		submit(g, who);
		break;
	case 5:
		catch_up(g, who);
		break;
	case 6:
		hand_out_key(g, who);
		break;
	default:
		disturb(g, who);
	}
}

/* ---- the end ------------------------------------------------------------------- */

static int
first_admin(struct play *g)
{
	int i;

	for (i = 0; i < PEOPLE; i++)
		if (is_admin(g->w, i))
			return i;
	return -1;
}

static void
settle(struct play *g)
{
	struct group_intent in = {.kind = GROUP_REKEY};
	int i, admin;

	for (i = 0; i < PEOPLE; i++) {
		catch_up(g, i);
		drop(&g->pend[i]);
	}
	admin = first_admin(g);
	if (admin < 0)
		return;
	act(g->w, admin, &in); /* some secrets may be lost by now */
	for (i = 0; i < PEOPLE; i++)
		catch_up(g, i);
	hand_out_key(g, admin);
}

static void
assert_all_same(struct play *g)
{
	struct group_view v;
	int i, admin = first_admin(g);

	for (i = 0; i < PEOPLE; i++) { /* also those who are out */
		v = look(g->w, i);
		assert_memory_equal(
		    v.pub.head - 1, g->w->relay.p, g->w->relay.len);
		group_view_clear(&v);
		if (admin >= 0 && is_member(g->w, i))
			assert_agree(g->w, admin, i);
	}
	buf_clear(&g->w->p[0].record);
	follow(g->w, 0); /* and whoever reads it all anew */
	v = look(g->w, 0);
	assert_memory_equal(v.pub.head - 1, g->w->relay.p, g->w->relay.len);
	group_view_clear(&v);
}

static void
play(uint64_t seed)
{
	struct play g = {.w = world_new(), .dice = seed};
	int i;

	make_group(g.w, 5);
	for (i = 0; i < STEPS; i++)
		step(&g);
	settle(&g);
	assert_all_same(&g);
	print_message("seed %d: %d changes, %d rebased, %d dropped, %d lost\n",
	    (int)seed, g.done, g.rebased, g.dropped, g.lost);
	assert_true(
	    g.done > 50 && g.rebased > 20 && g.dropped > 5 && g.lost > 0);
	world_free(g.w);
}

static void
test_group_random__everybody_agrees_in_the_end(void **state)
{
	uint64_t seed;

	for (seed = 1; seed <= 8; seed++)
		play(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_group_random__everybody_agrees_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
