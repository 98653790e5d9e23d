/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups as honest people use them: common/group/group.h. */
#include <sodium.h>

#include "tests/unit/group_help.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_group__a_new_group_is_what_its_founder_said),
	    cmocka_unit_test(
		test_group__relay_and_members_come_to_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
