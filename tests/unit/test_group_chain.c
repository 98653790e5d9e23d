/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay that lies about a group, and members that do: what is refused, and
 * what is noticed. docs/groups.md §7. */
#include "common/group/pub.h"
#include "tests/unit/group_forge.h"

/* Person 1 gets an entry from the relay; must refuse it and stay as it was. */
static void
refuses(struct world *w, const struct buf *entry, int code, enum group_why why)
{
	struct buf *rec = &w->p[1].record, after, was;
	enum group_why got;
	int r;

	buf_init(&was, GROUP_RECORD_MAX);
	assert_ok(buf_put(&was, rec->p, rec->len));
	memset(&after, 0x5a, sizeof(after));
	r = group_apply(rec->p, rec->len, entry->p, entry->len, &w->keys,
	    &after, NULL, &got);
	if (r != code || got != why)
		fail_msg("%s, %s instead of %s, %s", err_name(r),
		    group_why_name(got), err_name(code), group_why_name(why));
	assert_int_equal(after.len, (size_t)0x5a5a5a5a5a5a5a5a);
	assert_memory_equal(was.p, rec->p, was.len);
	buf_clear(&was);
}

static struct world *
some_history(void)
{
	struct world *w = world_new();
	struct group_intent in;
	int i;

	make_group(w, 4);
	for (i = 5; i < 9; i++) {
		in = about(w, GROUP_ADD, i, -1);
		act(w, 0, &in);
	}
	return w;
}

/* ---- the relay --------------------------------------------------------------- */

static void
test_group_chain__a_dropped_entry_leaves_a_gap(void **state)
{
	struct world *w = some_history();

	refuses(w, &w->entries[2], ERR_AGAIN, GROUP_WHY_NONE);
	follow(w, 1);
	assert_agree(w, 0, 1);
	world_free(w);
}

static void
test_group_chain__a_repeated_entry_changes_nothing(void **state)
{
	struct world *w = some_history();
	size_t i;

	follow(w, 1);
	for (i = 0; i < w->n_entries; i++)
		refuses(w, &w->entries[i], ERR_DUP, GROUP_WHY_NONE);
	world_free(w);
}

static void
test_group_chain__reordered_entries_fit_in_one_order_only(void **state)
{
	struct world *w = some_history();
	struct buf *rec = &w->p[1].record, after;
	enum group_why why;
	size_t i, j;
	int r;

	for (i = 1; i < w->n_entries; i++) {
		for (j = i + 1; j < w->n_entries; j++)
			refuses(w, &w->entries[j], ERR_AGAIN, GROUP_WHY_NONE);
		r = group_apply(rec->p, rec->len, w->entries[i].p,
		    w->entries[i].len, &w->keys, &after, NULL, &why);
		assert_ok(r);
		put_record(rec, &after);
	}
	assert_agree(w, 0, 1);
	world_free(w);
}

static void
test_group_chain__every_flipped_bit_is_refused(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "x");
	struct buf after, *e, *rec = &w->p[1].record;
	enum group_why why;
	size_t i;
	int r;

	make_group(w, 2);
	act(w, 0, &in);
	e = &w->entries[1];
	for (i = 0; i < e->len; i++) { /* with the sealed part and signature */
		e->p[i] ^= (uint8_t)(1 << i % 8);
		r = group_apply(rec->p, rec->len, e->p, e->len, &w->keys,
		    &after, NULL, &why);
		if (r == 0) { /* the sign bit may be missing, xeddsa.h */
			assert_int_equal(i, e->len - 1);
			buf_clear(&after);
		} else if (r != ERR_AGAIN && r != ERR_DUP)
			assert_int_equal(r, ERR_DENIED);
		e->p[i] ^= (uint8_t)(1 << i % 8);
	}
	follow(w, 1);
	assert_agree(w, 0, 1);
	world_free(w);
}

static void
test_group_chain__another_form_of_the_signature_forks_nobody(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "x");
	struct group_entry a, b;
	enum group_why why;
	struct buf *e;

	make_group(w, 3);
	act(w, 0, &in);
	e = &w->entries[1];
	assert_ok(group_entry_open(&a, e->p, e->len, &why));
	follow(w, 1);
	e->p[e->len - 1] &= 0x7f; /* the paper's form: sign 0 */
	assert_ok(group_entry_open(&b, e->p, e->len, &why));
	assert_memory_equal(a.hash, b.hash, GROUP_HASH_LEN);
	group_entry_clear(&a);
	group_entry_clear(&b);
	refuses(w, e, ERR_DUP, GROUP_WHY_NONE);
	world_free(w);
}

static void
test_group_chain__a_truncated_entry_is_malformed(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "x");
	struct buf cut;

	make_group(w, 2);
	act(w, 0, &in);
	cut = w->entries[1];
	for (cut.len = 0; cut.len < w->entries[1].len; cut.len++)
		refuses(w, &cut, ERR_DENIED, GROUP_WHY_MALFORMED);
	world_free(w);
}

/* The relay has the public record and any account it likes to make; what it
 * does not have is a member's key. */
static void
test_group_chain__a_ghost_cannot_be_added(void **state)
{
	struct world *w = world_new();
	struct group_entry e;
	struct buf entry;

	make_group(w, 3);
	e = forge(w, 0, GROUP_ADD); /* in the founder's name */
	e.accounts = w->p[9].account;
	e.n_accounts = 1;
	entry = forge_sign(w, 9, &e);
	refuses(w, &entry, ERR_DENIED, GROUP_WHY_SIGNATURE);
	buf_clear(&entry);
	e.device = 99; /* a device it made up */
	entry = forge_sign(w, 9, &e);
	refuses(w, &entry, ERR_DENIED, GROUP_WHY_NO_DEVICE);
	buf_clear(&entry);
	e = forge(w, 9, GROUP_ADD); /* in its own */
	e.accounts = w->p[9].account;
	e.n_accounts = 1;
	entry = forge_sign(w, 9, &e);
	refuses(w, &entry, ERR_DENIED, GROUP_WHY_NOT_MEMBER);
	buf_clear(&entry);
	world_free(w);
}

static void
test_group_chain__a_ghost_in_the_relays_record_is_noticed(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct buf told, after, ghost;
	enum group_why why;
	struct pub *p;

	make_group(w, 3);
	in = about(w, GROUP_ADD, 4, -1);
	act(w, 0, &in);
	assert_ok(pub_new(&p, w->relay.p, w->relay.len));
	pub_put(p, w->p[9].account, GROUP_MEMBER, 1);
	buf_init(&ghost, GROUP_PUBLIC_MAX);
	assert_ok(pub_write(p, &ghost));
	free(p);
	assert_ok(group_welcome(w->p[0].record.p, w->p[0].record.len, &told));
	memset(&after, 0x5a, sizeof(after));
	assert_err(group_welcome_take(NULL, 0, told.p, told.len, ghost.p,
		       ghost.len, &after, &why),
	    ERR_AUTH);
	/* a newcomer by link learns with the next entry */
	buf_clear(&w->p[1].record);
	assert_ok(group_from_public(ghost.p, ghost.len, &w->p[1].record));
	in = about(w, GROUP_ADD, 5, -1);
	act(w, 0, &in);
	refuses(w, &w->entries[2], ERR_DENIED, GROUP_WHY_STATE);
	buf_clear(&told);
	buf_clear(&ghost);
	world_free(w);
}

/* Two halves of a group are shown different changes of the same version. */
static void
test_group_chain__a_fork_is_noticed_from_both_sides(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "This");
	struct group_actor me = world_actor(w, 2);
	struct group_proposal other;
	struct group_view v;
	enum group_place place;
	enum group_why why;

	make_group(w, 4);
	act(w, 0, &in);
	in = named(GROUP_EDIT, "That");
	assert_ok(group_propose(
	    w->p[2].record.p, w->p[2].record.len, &me, &in, &other, &why));
	put_record(&w->p[2].record, &other.record); /* "accepted" */
	follow(w, 1);

	/* an entry of the other half: proof in hand */
	refuses(w, &other.entry, ERR_DENIED, GROUP_WHY_FORK);
	/* a message of the other half names another head */
	v = look(w, 2);
	assert_ok(group_compare_head(w->p[1].record.p, w->p[1].record.len,
	    v.pub.version, v.pub.head, &place));
	assert_int_equal(place, GROUP_FORKED);
	/* and still when we are further */
	in = named(GROUP_EDIT, "More");
	act(w, 0, &in);
	follow(w, 1);
	assert_ok(group_compare_head(w->p[1].record.p, w->p[1].record.len,
	    v.pub.version, v.pub.head, &place));
	assert_int_equal(place, GROUP_FORKED);
	group_view_clear(&v);
	/* what comes next on one side does not fit on the other */
	assert_err(
	    group_apply(w->p[2].record.p, w->p[2].record.len, w->entries[2].p,
		w->entries[2].len, &w->keys, &w->p[5].record, NULL, &why),
	    ERR_DENIED);
	assert_why(why, FORK);
	group_proposal_clear(&other);
	world_free(w);
}

static void
test_group_chain__an_unsigned_other_story_proves_nothing(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "This");
	struct group_entry e;
	struct buf entry;

	make_group(w, 3);
	e = forge(w, 0, GROUP_EDIT);
	entry = forge_sign(w, 9, &e); /* not the founder's key */
	act(w, 0, &in);
	follow(w, 1);
	refuses(w, &entry, ERR_DENIED, GROUP_WHY_SIGNATURE);
	buf_clear(&entry);
	world_free(w);
}

static void
test_group_chain__a_rollback_is_noticed(void **state)
{
	struct world *w = some_history();
	struct buf old, told, after;
	struct group_view v;
	enum group_place place;
	enum group_why why;

	buf_init(&old, GROUP_PUBLIC_MAX);
	assert_ok(group_welcome(w->p[1].record.p, w->p[1].record.len, &told));
	v = look(w, 1); /* still at version 1 */
	assert_ok(buf_put(&old, v.pub.head - 1,
	    (size_t)(v.pub.sealed + v.pub.sealed_len - v.pub.head + 1)));
	group_view_clear(&v);
	follow(w, 1);
	/* an old welcome, played again with the record of then */
	assert_err(group_welcome_take(w->p[1].record.p, w->p[1].record.len,
		       told.p, told.len, old.p, old.len, &after, &why),
	    ERR_DUP);
	/* a member that is kept in the past */
	v = look(w, 1);
	assert_ok(group_compare_head(w->p[2].record.p, w->p[2].record.len,
	    v.pub.version, v.pub.head, &place));
	assert_int_equal(place, GROUP_THEY_AHEAD);
	group_view_clear(&v);
	v = look(w, 2);
	assert_ok(group_compare_head(w->p[1].record.p, w->p[1].record.len,
	    v.pub.version, v.pub.head, &place));
	assert_int_equal(place, GROUP_THEY_BEHIND);
	group_view_clear(&v);
	buf_clear(&told);
	buf_clear(&old);
	world_free(w);
}

static void
test_group_chain__an_entry_of_another_group_is_refused(void **state)
{
	struct world *w = world_new(), *x = world_new();
	struct group_intent in = named(GROUP_EDIT, "x");

	make_group(w, 3);
	x->counter = 1000;
	make_group(x, 3); /* the same people */
	act(x, 0, &in);
	refuses(w, &x->entries[1], ERR_DENIED, GROUP_WHY_OTHER_GROUP);
	refuses(w, &x->entries[0], ERR_DENIED, GROUP_WHY_OTHER_GROUP);
	world_free(w);
	world_free(x);
}

static void
test_group_chain__nothing_but_its_creation_begins_a_group(void **state)
{
	struct world *w = some_history();
	struct buf after;
	enum group_why why;

	assert_err(group_apply(NULL, 0, w->entries[1].p, w->entries[1].len,
		       &w->keys, &after, NULL, &why),
	    ERR_NOTFOUND);
	assert_err(group_public_apply(NULL, 0, w->entries[1].p,
		       w->entries[1].len, &w->keys, &after, &why),
	    ERR_NOTFOUND);
	buf_clear(&w->p[1].record);
	follow(w, 1); /* from the first on */
	share(w, 0, 1);
	assert_agree(w, 0, 1);
	world_free(w);
}

/* ---- members ----------------------------------------------------------------- */

static void
test_group_chain__an_actor_is_not_forged(void **state)
{
	struct world *w = world_new();
	struct group_entry e;

	make_group(w, 3);
	e = forge(w, 0, GROUP_PROMOTE); /* 2 says it is the founder */
	e.accounts = w->p[2].account;
	e.n_accounts = 1;
	assert_why(forge_why(w, 2, &e), SIGNATURE);
	e.device = 2; /* the founder's other device did not sign either */
	assert_why(forge_why(w, 0, &e), SIGNATURE);
	w->gone_device = 1;
	e.device = 1; /* one that was removed */
	assert_why(forge_why(w, 0, &e), NO_DEVICE);
	world_free(w);
}

static void
test_group_chain__who_is_removed_does_nothing_more(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct group_entry e;

	make_group(w, 3);
	in = about(w, GROUP_PROMOTE, 2, -1);
	act(w, 0, &in);
	in = about(w, GROUP_REMOVE, 2, -1);
	act(w, 0, &in);
	e = forge(w, 2, GROUP_EDIT);
	assert_why(forge_why(w, 2, &e), NOT_MEMBER);
	e = forge(w, 2, GROUP_REKEY);
	assert_why(forge_why(w, 2, &e), NOT_MEMBER);
	e = forge(w, 2, GROUP_ADD);
	e.accounts = w->p[2].account;
	e.n_accounts = 1;
	assert_why(forge_why(w, 2, &e), NOT_MEMBER);
	world_free(w);
}

static void
test_group_chain__places_in_the_chain_are_not_chosen(void **state)
{
	struct world *w = some_history();
	struct group_entry e = forge(w, 1, GROUP_EDIT);
	struct buf entry;
	enum group_why why;

	e.prev[7] ^= 1;
	assert_why(forge_why(w, 1, &e), FORK);
	e = forge(w, 1, GROUP_EDIT);
	e.version++;
	entry = forge_sign(w, 1, &e);
	assert_err(forge_try(w, &entry, &why), ERR_AGAIN);
	buf_clear(&entry);
	e.version -= 2;
	entry = forge_sign(w, 1, &e);
	assert_err(forge_try(w, &entry, &why), ERR_EXISTS);
	buf_clear(&entry);
	e.version = 0;
	entry = forge_sign(w, 1, &e);
	assert_err(forge_try(w, &entry, &why), ERR_DENIED);
	assert_why(why, MALFORMED);
	buf_clear(&entry);
	assert_err(forge_try(w, &w->entries[w->n_entries - 1], &why), ERR_DUP);
	assert_err(forge_try(w, &w->entries[0], &why), ERR_EXISTS);
	world_free(w);
}

static void
test_group_chain__a_wrong_state_is_refused(void **state)
{
	struct world *w = some_history();
	struct group_entry e = forge(w, 1, GROUP_EDIT);
	uint8_t wrong[GROUP_HASH_LEN] = {1};

	e.state_hash = wrong;
	assert_why(forge_why(w, 1, &e), STATE);
	world_free(w);
}

static void
test_group_chain__what_is_too_long_is_refused(void **state)
{
	struct world *w = some_history();
	uint8_t sealed[GROUP_SEALED_MAX + 1] = {0};
	struct group_entry e = forge(w, 1, GROUP_EDIT);
	struct buf entry;

	e.sealed = sealed;
	e.sealed_len = GROUP_SEALED_MAX;
	assert_why(forge_why(w, 1, &e), NONE);
	e.sealed_len = GROUP_SEALED_MAX + 1;
	/* the state it claims is not worth computing */
	e.state_hash = sealed;
	assert_why(forge_why(w, 1, &e), OVERSIZE);
	buf_init(&entry, GROUP_ENTRY_MAX + 1);
	assert_ok(buf_reserve(&entry, GROUP_ENTRY_MAX + 1));
	memset(entry.p, 0, GROUP_ENTRY_MAX + 1);
	entry.len = GROUP_ENTRY_MAX + 1;
	refuses(w, &entry, ERR_DENIED, GROUP_WHY_OVERSIZE);
	buf_clear(&entry);
	world_free(w);
}

static void
test_group_chain__unsound_fields_are_malformed(void **state)
{
	struct world *w = some_history();
	struct group_entry e, good = forge(w, 0, GROUP_ADD);
	uint8_t two[2][GROUP_ACCOUNT_LEN] = {{2}, {1}};

	good.accounts = two[0];
	e = good;
	e.n_accounts = 2; /* descending */
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e.n_accounts = 1;
	assert_why(forge_why(w, 0, &e), NONE);
	memcpy(two[1], two[0], GROUP_ACCOUNT_LEN);
	e.n_accounts = 2; /* twice the same */
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e.n_accounts = 1; /* in two roles */
	e.admins = two[0];
	e.n_admins = 1;
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e = good;
	e.n_accounts = 1;
	e.device = 0;
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e.device = 128;
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e = forge(w, 0, GROUP_PERMIT);
	e.permissions.send = (enum group_who)2;
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e = forge(w, 0, GROUP_EDIT);
	e.sealed_len = ENTRY_SEALED_MIN - 1;
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e = forge(w, 0, GROUP_LINK);
	e.link_key = (const uint8_t[GROUP_LINK_KEY_LEN]){0};
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e.link_key = NULL;
	e.approval = true; /* of no link */
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e = forge(w, 0, GROUP_EDIT);
	e.kind = (enum group_kind)0;
	assert_why(forge_why(w, 0, &e), MALFORMED);
	e.kind = (enum group_kind)(GROUP_REKEY + 1);
	assert_why(forge_why(w, 0, &e), UNKNOWN_KIND);
	world_free(w);
}

static void
test_group_chain__a_proof_counts_for_one_person_and_place(void **state)
{
	struct world *w = world_new();
	struct group_intent in = {.kind = GROUP_LINK, .has_token = true};
	struct group_entry e;
	uint8_t proof[ENTRY_PROOF_LEN];

	make_group(w, 3);
	in.token[0] = 0x70;
	act(w, 0, &in);
	e = forge(w, 5, GROUP_JOIN);
	assert_why(forge_why(w, 5, &e), NONE);
	memcpy(proof, e.proof, sizeof(proof));
	e = forge(w, 6, GROUP_JOIN); /* somebody saw it */
	e.proof = proof;
	assert_why(forge_why(w, 6, &e), PROOF);
	in = named(GROUP_EDIT, "x");
	act(w, 0, &in);
	e = forge(w, 5, GROUP_JOIN); /* or it is used later */
	e.proof = proof;
	assert_why(forge_why(w, 5, &e), PROOF);
	e = forge(w, 5, GROUP_REQUEST);
	assert_why(forge_why(w, 5, &e), NO_LINK); /* open: no need to ask */
	world_free(w);
}

/* An error of the caller's own is not an invalid entry. */
static int
broken_get(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	(void)ctx;
	(void)account;
	(void)device;
	(void)out;
	return list_version == 7 ? ERR_IO : ERR_INTERNAL;
}

static void
test_group_chain__a_lookup_that_fails_refuses_nothing(void **state)
{
	struct world *w = some_history();

	w->keys.get = broken_get;
	refuses(w, &w->entries[1], ERR_IO, GROUP_WHY_NONE);
	world_free(w);
}

int
main(void)
{
#define T(name) cmocka_unit_test(test_group_chain__##name)
	const struct CMUnitTest tests[] = {
	    T(a_dropped_entry_leaves_a_gap),
	    T(a_repeated_entry_changes_nothing),
	    T(reordered_entries_fit_in_one_order_only),
	    T(every_flipped_bit_is_refused),
	    T(another_form_of_the_signature_forks_nobody),
	    T(a_truncated_entry_is_malformed),
	    T(a_ghost_cannot_be_added),
	    T(a_ghost_in_the_relays_record_is_noticed),
	    T(a_fork_is_noticed_from_both_sides),
	    T(an_unsigned_other_story_proves_nothing),
	    T(a_rollback_is_noticed),
	    T(an_entry_of_another_group_is_refused),
	    T(nothing_but_its_creation_begins_a_group),
	    T(an_actor_is_not_forged),
	    T(who_is_removed_does_nothing_more),
	    T(places_in_the_chain_are_not_chosen),
	    T(a_wrong_state_is_refused),
	    T(what_is_too_long_is_refused),
	    T(unsound_fields_are_malformed),
	    T(a_proof_counts_for_one_person_and_place),
	    T(a_lookup_that_fails_refuses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
