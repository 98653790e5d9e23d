/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups as honest people use them: common/group/group.h. */
#include "tests/unit/group_forge.h"

static void
test_group__a_new_group_is_what_its_founder_said(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_CREATE, "Book club");
	struct group_member m;
	struct group_view v;

	snprintf(in.meta.about, sizeof(in.meta.about), "Tuesdays");
	in.meta.timer_s = 3600;
	in.meta.picture_len = 3;
	memcpy(in.meta.picture, "pic", 3);
	in.accounts = &w->p[1].account;
	in.n_accounts = 1;
	in.admins = &w->p[2].account;
	in.n_admins = 1;
	in.permissions.edit = GROUP_ADMINS;
	act(w, 0, &in);
	welcome(w, 0, 1);
	assert_agree(w, 0, 1);
	v = look(w, 1);
	assert_int_equal(v.pub.version, 1);
	assert_int_equal(v.pub.n_members, 3);
	assert_int_equal(v.pub.n_admins, 2);
	assert_string_equal(v.meta.name, "Book club");
	assert_string_equal(v.meta.about, "Tuesdays");
	assert_int_equal(v.meta.timer_s, 3600);
	assert_int_equal(v.meta.picture_len, 3);
	assert_memory_equal(v.meta.picture, "pic", 3);
	assert_true(group_public_find(&v.pub, w->p[1].account, &m));
	assert_int_equal(m.role, GROUP_MEMBER);
	assert_int_equal(m.since, 1);
	assert_true(group_public_is_admin(&v.pub, w->p[0].account));
	assert_true(group_public_is_admin(&v.pub, w->p[2].account));
	assert_false(group_public_find(&v.pub, w->p[3].account, NULL));
	assert_true(group_public_may_send(&v.pub, w->p[1].account));
	assert_true(group_public_may_add(&v.pub, w->p[1].account));
	assert_false(group_public_may_edit(&v.pub, w->p[1].account));
	assert_true(group_public_may_edit(&v.pub, w->p[2].account));
	assert_false(group_public_may_send(&v.pub, w->p[3].account));
	group_view_clear(&v);
	world_free(w);
}

static void
test_group__relay_and_members_come_to_the_same_bytes(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct group_view v;

	make_group(w, 4);
	in = about(w, GROUP_ADD, 5, 6);
	act(w, 2, &in);
	in = about(w, GROUP_PROMOTE, 5, -1);
	act(w, 0, (follow(w, 0), &in));
	in = named(GROUP_EDIT, "Better friends");
	act(w, 3, (follow(w, 3), &in));
	follow(w, 1);
	assert_agree(w, 1, 3);
	v = look(w, 1);
	assert_string_equal(v.meta.name, "Better friends");
	assert_memory_equal(v.pub.head - 1, /* begins the record */
	    w->relay.p, w->relay.len);
	group_view_clear(&v);
	world_free(w);
}

/* ---- welcomes and keys -------------------------------------------------------- */

static void
test_group__a_welcome_needs_the_record_the_member_saw(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct buf told, after;
	enum group_why why;

	make_group(w, 3);
	in = about(w, GROUP_ADD, 4, -1);
	act(w, 0, &in);
	assert_ok(group_welcome(w->p[0].record.p, w->p[0].record.len, &told));
	in = named(GROUP_EDIT, "Meanwhile");
	act(w, 0, &in);
	memset(&after, 0x5a, sizeof(after));
	assert_err(group_welcome_take(NULL, 0, told.p, told.len, w->relay.p,
		       w->relay.len, &after, &why),
	    ERR_AUTH);
	assert_int_equal(after.len, (size_t)0x5a5a5a5a5a5a5a5a);
	/* who followed the chain from its beginning needs only the key */
	follow(w, 4);
	assert_ok(group_welcome_take(w->p[4].record.p, w->p[4].record.len,
	    told.p, told.len, NULL, 0, &after, &why));
	put_record(&w->p[4].record, &after);
	assert_agree(w, 0, 4);
	assert_err(group_welcome_take(w->p[4].record.p, w->p[4].record.len,
		       told.p, told.len, NULL, 0, &after, &why),
	    ERR_DUP);
	buf_clear(&told);
	world_free(w);
}

static void
test_group__a_welcome_says_which_group_it_is_for(void **state)
{
	struct world *w = world_new(), *x = world_new();
	uint8_t id[GROUP_ID_LEN];
	struct buf told, share_, after;
	enum group_why why;
	struct group_view v;
	uint32_t n = 0;

	make_group(w, 2);
	x->counter = 1000;
	make_group(x, 2);
	assert_ok(group_welcome(w->p[0].record.p, w->p[0].record.len, &told));
	assert_ok(
	    group_key_share(w->p[0].record.p, w->p[0].record.len, &share_));
	v = look(w, 1);
	assert_ok(group_welcome_peek(told.p, told.len, id, &n));
	assert_memory_equal(id, v.pub.id, GROUP_ID_LEN);
	assert_int_equal(n, 1);
	assert_ok(group_key_peek(share_.p, share_.len, id, &n));
	assert_memory_equal(id, v.pub.id, GROUP_ID_LEN);
	assert_int_equal(n, 1);
	assert_err(
	    group_welcome_take(x->p[1].record.p, x->p[1].record.len, told.p,
		told.len, w->relay.p, w->relay.len, &after, &why),
	    ERR_AUTH);
	assert_err(group_key_take(x->p[1].record.p, x->p[1].record.len,
		       share_.p, share_.len, &after, NULL),
	    ERR_AUTH);
	assert_err(
	    group_welcome_peek(told.p, told.len - 1, id, &n), ERR_FORMAT);
	assert_err(
	    group_key_peek(share_.p, share_.len - 1, id, &n), ERR_FORMAT);
	group_view_clear(&v);
	buf_clear(&told);
	buf_clear(&share_);
	world_free(w);
	world_free(x);
}

static void
test_group__who_is_removed_cannot_read_what_comes(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct group_view v;

	make_group(w, 3);
	in = about(w, GROUP_REMOVE, 2, -1);
	act(w, 0, &in);
	in = named(GROUP_EDIT, "Without 2");
	act(w, 0, &in);
	follow(w, 1);
	follow(w, 2); /* it may see that, if the relay lets it */
	v = look(w, 2);
	assert_false(v.has_secret);
	assert_false(v.meta_current);
	assert_string_equal(v.meta.name, "Friends");
	group_view_clear(&v);
	v = look(w, 1); /* so far neither can who stays */
	assert_false(v.has_secret);
	assert_false(v.meta_current);
	group_view_clear(&v);
	assert_err(try_share(w, 2, 1), ERR_NOTFOUND); /* 2 has none to give */
	share(w, 0, 1);
	assert_agree(w, 0, 1);
	assert_err(try_share(w, 0, 1), ERR_DUP);
	world_free(w);
}

static void
test_group__without_the_key_nothing_is_sealed(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	enum group_why why;

	make_group(w, 3);
	in = about(w, GROUP_PROMOTE, 1, -1);
	act(w, 0, &in);
	in = about(w, GROUP_REMOVE, 2, -1);
	act(w, 0, &in);
	follow(w, 1);
	in = named(GROUP_EDIT, "x");
	assert_err(try_act(w, 1, &in, &why), ERR_NOTFOUND);
	in = about(w, GROUP_REMOVE, 0, -1);
	assert_err(try_act(w, 1, &in, &why), ERR_NOTFOUND);
	assert_err(try_share(w, 1, 0), ERR_NOTFOUND);
	in = about(w, GROUP_ADD, 4, -1); /* that needs none */
	act(w, 1, &in);
	in = (struct group_intent){.kind = GROUP_REKEY, .epoch = 2};
	act(w, 1, &in); /* the founder's device is lost: a new secret */
	follow(w, 0);
	share(w, 1, 0);
	assert_agree(w, 0, 1);
	world_free(w);
}

static void
test_group__a_key_may_come_before_its_entry(void **state)
{
	struct world *w = world_new();
	struct group_intent in;

	make_group(w, 4);
	in = about(w, GROUP_REMOVE, 3, -1);
	act(w, 0, &in);
	share(w, 0, 1);
	assert_err(try_share(w, 0, 1), ERR_DUP);
	follow(w, 1);
	assert_agree(w, 0, 1);
	/* and one that is over is not wanted */
	assert_err(try_share(w, 2, 1), ERR_EXPIRED);
	world_free(w);
}

/* A share for an epoch, with bytes of one's own. */
static int
bogus_share(struct world *w, int to, uint32_t epoch, uint8_t byte)
{
	struct buf *rec = &w->p[to].record, told, after;
	uint8_t *p;
	int r;

	assert_ok(group_key_share(w->p[2].record.p, w->p[2].record.len, &told));
	p = told.p + 2 + GROUP_ID_LEN; /* tag, length, id; then the epoch */
	assert_int_equal(p[0], 2 << 3);
	p[1] = (uint8_t)epoch;
	p[4] = byte;
	r = group_key_take(rec->p, rec->len, told.p, told.len, &after, NULL);
	if (r == 0)
		put_record(rec, &after);
	buf_clear(&told);
	return r;
}

static void
test_group__a_wrong_key_is_refused_at_last(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct group_view v;
	int i;

	make_group(w, 4);
	assert_err(bogus_share(w, 1, 1, 0xbb), ERR_AUTH);
	assert_err(bogus_share(w, 1, 10, 0xbb), ERR_RANGE);
	assert_ok(bogus_share(w, 1, 2, 0xbb)); /* cannot be known yet */
	in = about(w, GROUP_REMOVE, 3, -1);
	act(w, 0, &in);
	share(w, 0, 1);
	follow(w, 1);
	assert_agree(w, 0, 1); /* the right one was used */

	for (i = 0; i < 20; i++) /* so many that the right one is pushed out */
		assert_ok(bogus_share(w, 2, 2, (uint8_t)i));
	follow(w, 2);
	v = look(w, 2);
	assert_false(v.has_secret);
	group_view_clear(&v);
	share(w, 0, 2); /* it asks */
	assert_agree(w, 0, 2);
	world_free(w);
}

static void
test_group__who_left_is_locked_out_by_the_next_admin(void **state)
{
	struct world *w = world_new();
	struct group_intent in = {.kind = GROUP_LEAVE};
	struct group_view v;

	make_group(w, 3);
	act(w, 2, &in);
	follow(w, 0);
	follow(w, 1);
	assert_agree(w, 0, 1);
	v = look(w, 0);
	assert_true(v.pub.rekey_due);
	assert_int_equal(v.pub.epoch, 1);
	group_view_clear(&v);
	in.kind = GROUP_REKEY;
	act(w, 0, &in);
	v = look(w, 0);
	assert_false(v.pub.rekey_due);
	assert_int_equal(v.pub.epoch, 2);
	assert_int_equal(v.pub.epoch_version, 3);
	assert_string_equal(v.meta.name, "Friends");
	group_view_clear(&v);
	follow(w, 2);
	v = look(w, 2);
	assert_false(v.has_secret);
	group_view_clear(&v);
	world_free(w);
}

static void
test_group__who_is_back_begins_where_they_are_welcomed(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	struct group_member m;
	struct group_view v;

	make_group(w, 3);
	in = about(w, GROUP_REMOVE, 2, -1);
	act(w, 0, &in);
	in = named(GROUP_EDIT, "Without 2");
	act(w, 0, &in);
	in = about(w, GROUP_ADD, 2, -1);
	act(w, 0, &in);
	welcome(w, 0, 2);
	assert_agree(w, 0, 2);
	v = look(w, 2);
	assert_true(group_public_find(&v.pub, w->p[2].account, &m));
	assert_int_equal(m.since, 4);
	group_view_clear(&v);
	in = named(GROUP_EDIT, "With 2");
	act(w, 2, &in);
	follow(w, 0);
	assert_agree(w, 0, 2);
	world_free(w);
}

/* ---- links ----------------------------------------------------------------------- */

static void
by_link(struct world *w, int who)
{
	buf_clear(&w->p[who].record);
	assert_ok(
	    group_from_public(w->relay.p, w->relay.len, &w->p[who].record));
}

static struct group_intent
with_token(enum group_kind kind, uint8_t byte, bool approval)
{
	struct group_intent in = {
	    .kind = kind, .has_token = true, .approval = approval};

	memset(in.token, byte, sizeof(in.token));
	return in;
}

static void
test_group__an_open_link_lets_people_in(void **state)
{
	struct world *w = world_new();
	struct group_intent in = with_token(GROUP_LINK, 7, false);
	struct group_view v;

	make_group(w, 2);
	act(w, 0, &in);
	by_link(w, 5);
	in = with_token(GROUP_JOIN, 8, false);
	act_not(w, 5, &in, GROUP_WHY_PROOF);
	in = with_token(GROUP_JOIN, 7, false);
	act(w, 5, &in);
	v = look(w, 5);
	assert_false(v.has_secret);
	assert_int_equal(v.meta_version, 0);
	group_view_clear(&v);
	follow(w, 0);
	welcome(w, 0, 5);
	assert_agree(w, 0, 5);
	in = about(w, GROUP_REMOVE, 5, -1); /* who knows the link */
	act(w, 0, &in);
	by_link(w, 5);
	in = with_token(GROUP_JOIN, 7, false);
	act_not(w, 5, &in, GROUP_WHY_NO_LINK);
	world_free(w);
}

static void
test_group__a_link_with_approval_lets_people_ask(void **state)
{
	struct world *w = world_new();
	struct group_intent in = with_token(GROUP_LINK, 7, true);
	struct group_view v;
	int i;

	make_group(w, 2);
	act(w, 0, &in);
	for (i = 5; i < 8; i++) {
		by_link(w, i);
		in = with_token(GROUP_JOIN, 7, false);
		act_not(w, i, &in, GROUP_WHY_NO_LINK);
		in = with_token(GROUP_REQUEST, 7, false);
		act(w, i, &in);
	}
	follow(w, 0);
	v = look(w, 0);
	assert_int_equal(v.pub.n_requests, 3);
	assert_true(group_public_asked(&v.pub, w->p[6].account));
	assert_false(group_public_find(&v.pub, w->p[6].account, NULL));
	group_view_clear(&v);
	in = about(w, GROUP_APPROVE, 6, -1);
	act(w, 0, &in);
	in = about(w, GROUP_DECLINE, 5, -1);
	act(w, 0, &in);
	in = about(w, GROUP_DECLINE, 7, -1);
	follow(w, 7);
	act(w, 7, &in); /* changed their mind */
	follow(w, 0);
	welcome(w, 0, 6);
	assert_agree(w, 0, 6);
	v = look(w, 0);
	assert_int_equal(v.pub.n_requests, 0);
	assert_int_equal(v.pub.n_members, 3);
	group_view_clear(&v);
	world_free(w);
}

/* ---- metadata ---------------------------------------------------------------------- */

static void
test_group__an_edit_keeps_what_it_does_not_name(void **state)
{
	struct world *w = world_new();
	struct group_intent in = {.kind = GROUP_EDIT};
	struct group_view v;

	make_group(w, 2);
	in.fields = GROUP_F_ABOUT | GROUP_F_TIMER | GROUP_F_PICTURE;
	in.meta.timer_s = 60;
	in.meta.picture_len = 2;
	memcpy(in.meta.picture, "ab", 2);
	snprintf(in.meta.about, sizeof(in.meta.about), "What it is about");
	act(w, 1, &in);
	in.fields = GROUP_F_PICTURE;
	in.meta = (struct group_meta){0};
	act(w, 1, &in);
	follow(w, 0);
	v = look(w, 0);
	assert_string_equal(v.meta.name, "Friends");
	assert_string_equal(v.meta.about, "What it is about");
	assert_int_equal(v.meta.timer_s, 60);
	assert_int_equal(v.meta.picture_len, 0);
	group_view_clear(&v);
	world_free(w);
}

static void
test_group__metadata_that_is_not_sound_is_not_sent(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "\xff");
	enum group_why why;

	make_group(w, 1);
	assert_err(try_act(w, 0, &in, &why), ERR_RANGE);
	in = named(GROUP_EDIT, "x");
	in.fields |= GROUP_F_TIMER;
	in.meta.timer_s = GROUP_TIMER_MAX_S + 1;
	assert_err(try_act(w, 0, &in, &why), ERR_RANGE);
	in = named(GROUP_EDIT, "");
	memset(in.meta.name, 'x', sizeof(in.meta.name)); /* without an end */
	assert_err(try_act(w, 0, &in, &why), ERR_RANGE);
	in.meta.name[GROUP_NAME_MAX] = '\0';
	act(w, 0, &in);
	in.fields = GROUP_F_PICTURE;
	in.meta.picture_len = GROUP_PICTURE_MAX + 1;
	assert_err(try_act(w, 0, &in, &why), ERR_RANGE);
	in.fields = GROUP_F_ABOUT | GROUP_F_PICTURE;
	in.meta.picture_len = GROUP_PICTURE_MAX; /* the longest there is */
	memset(in.meta.about, 'x', GROUP_ABOUT_MAX);
	act(w, 0, &in);
	world_free(w);
}

static void
test_group__the_length_of_a_name_does_not_show(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "x");

	make_group(w, 1);
	act(w, 0, &in);
	in = named(GROUP_EDIT, "A name that is quite a bit longer than x");
	act(w, 0, &in);
	assert_int_equal(w->entries[1].len, w->entries[2].len);
	world_free(w);
}

static void
test_group__metadata_that_does_not_open_leaves_the_former(void **state)
{
	struct world *w = world_new();
	struct group_entry e;
	enum group_meta_state meta;
	struct group_intent in;
	struct group_view v;
	enum group_why why;
	struct buf entry, after, *rec = &w->p[1].record;

	make_group(w, 3);
	e = forge(w, 2, GROUP_EDIT);
	entry = forge_sign(w, 2, &e);
	assert_ok(relay_take(w, &entry, &why)); /* it cannot know */
	assert_ok(group_apply(rec->p, rec->len, entry.p, entry.len, &w->keys,
	    &after, &meta, &why));
	assert_int_equal(meta, GROUP_META_BAD);
	put_record(rec, &after);
	v = look(w, 1);
	assert_string_equal(v.meta.name, "Friends");
	assert_true(v.has_secret);
	assert_false(v.meta_current);
	group_view_clear(&v);
	in = named(GROUP_EDIT, "Repaired");
	act(w, 1, &in);
	follow(w, 0);
	assert_agree(w, 0, 1);
	buf_clear(&entry);
	world_free(w);
}

static void
test_group__apply_tells_what_became_of_the_metadata(void **state)
{
	struct world *w = world_new();
	struct group_intent in = named(GROUP_EDIT, "New");
	struct buf after, *rec = &w->p[1].record;
	const enum group_meta_state expected[] = {
	    GROUP_META_OPENED, GROUP_META_KEPT, GROUP_META_WAITS};
	enum group_meta_state meta;
	enum group_why why;
	size_t i;

	make_group(w, 3);
	act(w, 0, &in);
	in = about(w, GROUP_ADD, 4, -1);
	act(w, 0, &in);
	in = about(w, GROUP_REMOVE, 2, -1);
	act(w, 0, &in);
	for (i = 0; i < 3; i++) {
		assert_ok(group_apply(rec->p, rec->len, w->entries[i + 1].p,
		    w->entries[i + 1].len, &w->keys, &after, &meta, &why));
		assert_int_equal(meta, expected[i]);
		put_record(rec, &after);
	}
	world_free(w);
}

/* ---- heads ----------------------------------------------------------------------- */

static void
test_group__heads_tell_who_is_where(void **state)
{
	struct world *w = world_new();
	struct group_intent in;
	enum group_place place;
	struct group_entry e;
	enum group_why why;
	uint8_t wrong[GROUP_HASH_LEN] = {0};
	char name[16];
	uint32_t i;

	make_group(w, 1);
	for (i = 0; i < GROUP_HEADS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		in = named(GROUP_EDIT, name);
		act(w, 0, &in);
	}
	for (i = 1; i <= w->n_entries; i++) {
		assert_ok(group_entry_open(
		    &e, w->entries[i - 1].p, w->entries[i - 1].len, &why));
		assert_ok(group_compare_head(
		    w->p[0].record.p, w->p[0].record.len, i, e.hash, &place));
		assert_int_equal(
		    place, i == w->n_entries ? GROUP_SAME : GROUP_THEY_BEHIND);
		group_entry_clear(&e);
		assert_ok(group_compare_head(
		    w->p[0].record.p, w->p[0].record.len, i, wrong, &place));
		assert_int_equal(place, w->n_entries - i <= GROUP_HEADS_MAX
					    ? GROUP_FORKED
					    : GROUP_THEY_BEHIND);
	}
	assert_ok(group_compare_head(
	    w->p[0].record.p, w->p[0].record.len, i, wrong, &place));
	assert_int_equal(place, GROUP_THEY_AHEAD);
	world_free(w);
}

/* ---- odds and ends --------------------------------------------------------------- */

static void
test_group__reasons_have_words(void **state)
{
	assert_string_equal(group_why_name(GROUP_WHY_FORK), "FORK");
	assert_string_equal(group_why_str(GROUP_WHY_FULL), "the group is full");
	assert_string_equal(group_why_name((enum group_why)99), "?");
	assert_string_equal(group_why_str((enum group_why)99), "?");
}

static void
test_group__a_damaged_record_is_refused(void **state)
{
	struct world *w = world_new();
	struct buf rec, after;
	struct group_view v;
	enum group_why why;
	size_t len;

	make_group(w, 3);
	rec = w->p[0].record;
	for (len = 1; len < rec.len; len++)
		if (group_view_open(&v, rec.p, len) == 0)
			group_view_clear(
			    &v); /* fields at the end are missing */
	for (len = 1; len < w->relay.len; len++) {
		struct group_public pub;

		assert_err(
		    group_public_open(&pub, w->relay.p, len), ERR_FORMAT);
		assert_err(group_public_apply(w->relay.p, len, w->entries[0].p,
			       w->entries[0].len, &w->keys, &after, &why),
		    ERR_FORMAT);
	}
	w->relay.p[0]++;
	assert_err(
	    group_from_public(w->relay.p, w->relay.len, &after), ERR_VERSION);
	world_free(w);
}

int
main(void)
{
#define T(name) cmocka_unit_test(test_group__##name)
	const struct CMUnitTest tests[] = {
	    T(a_new_group_is_what_its_founder_said),
	    T(relay_and_members_come_to_the_same_bytes),
	    T(a_welcome_needs_the_record_the_member_saw),
	    T(a_welcome_says_which_group_it_is_for),
	    T(who_is_removed_cannot_read_what_comes),
	    T(without_the_key_nothing_is_sealed),
	    T(a_key_may_come_before_its_entry),
	    T(a_wrong_key_is_refused_at_last),
	    T(who_left_is_locked_out_by_the_next_admin),
	    T(who_is_back_begins_where_they_are_welcomed),
	    T(an_open_link_lets_people_in),
	    T(a_link_with_approval_lets_people_ask),
	    T(an_edit_keeps_what_it_does_not_name),
	    T(metadata_that_is_not_sound_is_not_sent),
	    T(the_length_of_a_name_does_not_show),
	    T(metadata_that_does_not_open_leaves_the_former),
	    T(apply_tells_what_became_of_the_metadata),
	    T(heads_tell_who_is_where),
	    T(reasons_have_words),
	    T(a_damaged_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
