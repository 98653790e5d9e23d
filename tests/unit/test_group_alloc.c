/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever allocates may fail, and then nothing has changed. */
#include "tests/unit/group_help.h"

static struct world *w;
static struct buf told;

static struct buf *
rec(int who)
{
	return &w->p[who].record;
}

/* 0 removes 3; 1 has not followed yet. */
static int
setup(void **state)
{
	struct group_intent in;

	(void)state;
	w = world_new();
	make_group(w, 4);
	in = about(w, GROUP_REMOVE, 3, -1);
	act(w, 0, &in);
	assert_ok(group_welcome(rec(0)->p, rec(0)->len, &told));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_clear(&told);
	world_free(w);
	return 0;
}

static int
step_apply(void *arg)
{
	enum group_why why;
	struct buf out;
	int r;

	(void)arg;
	r = group_apply(rec(1)->p, rec(1)->len, w->entries[1].p,
	    w->entries[1].len, &w->keys, &out, NULL, &why);
	if (r == 0)
		buf_clear(&out);
	return r;
}

static int
step_from_nothing(void *arg)
{
	enum group_why why;
	struct buf out;
	int r;

	(void)arg;
	r = group_apply(NULL, 0, w->entries[0].p, w->entries[0].len, &w->keys,
	    &out, NULL, &why);
	if (r == 0)
		buf_clear(&out);
	return r;
}

static int
step_propose(void *arg)
{
	struct group_actor me = world_actor(w, 0);
	struct group_proposal made;
	enum group_why why;
	int r;

	r = group_propose(rec(0)->p, rec(0)->len, &me, arg, &made, &why);
	if (r == 0)
		group_proposal_clear(&made);
	return r;
}

static int
step_rebase(void *arg)
{
	struct group_intent in = *(struct group_intent *)arg;
	enum group_why why;

	return group_rebase(rec(0)->p, rec(0)->len, w->p[0].account, &in, &why);
}

static int
step_welcome(void *arg)
{
	enum group_why why;
	struct buf out;
	int r;

	(void)arg;
	r = group_welcome_take(rec(1)->p, rec(1)->len, told.p, told.len,
	    w->relay.p, w->relay.len, &out, &why);
	if (r == 0)
		buf_clear(&out);
	return r;
}

static int
step_share(void *arg)
{
	struct buf share_, out;
	int r;

	(void)arg;
	r = group_key_share(rec(0)->p, rec(0)->len, &share_);
	if (r != 0)
		return r;
	r = group_key_take(
	    rec(1)->p, rec(1)->len, share_.p, share_.len, &out, NULL);
	if (r == 0)
		buf_clear(&out);
	buf_clear(&share_);
	return r;
}

static int
step_look(void *arg)
{
	struct group_view v;
	int r = group_view_open(&v, rec(1)->p, rec(1)->len);

	(void)arg;
	if (r == 0)
		group_view_clear(&v);
	return r;
}

static int
step_intent(void *arg)
{
	struct group_intent in;
	struct buf b;
	int r;

	r = group_intent_pack(arg, &b);
	if (r != 0)
		return r;
	r = group_intent_unpack(&in, b.p, b.len);
	if (r == 0)
		group_intent_clear(&in);
	buf_clear(&b);
	return r;
}

static int
step_from_public(void *arg)
{
	struct buf out;
	int r = group_from_public(w->relay.p, w->relay.len, &out);

	(void)arg;
	if (r == 0)
		buf_clear(&out);
	return r;
}

static void
test_group_alloc__reading_may_fail(void **state)
{
	assert_true(alloc_sweep(step_apply, NULL) > 9);
	assert_true(alloc_sweep(step_from_nothing, NULL) > 8);
	assert_true(alloc_sweep(step_welcome, NULL) > 5);
	assert_true(alloc_sweep(step_share, NULL) > 6);
	assert_true(alloc_sweep(step_look, NULL) > 1);
	assert_true(alloc_sweep(step_from_public, NULL) > 2);
	follow(w, 1); /* and afterwards everything is as it was */
	share(w, 0, 1);
	assert_agree(w, 0, 1);
}

static void
test_group_alloc__writing_may_fail(void **state)
{
	struct group_intent add = about(w, GROUP_ADD, 5, 6);
	struct group_intent out = about(w, GROUP_REMOVE, 2, -1);
	struct group_intent edit = named(GROUP_EDIT, "New");

	add.admins = add.accounts + 1;
	add.n_accounts = add.n_admins = 1;
	assert_true(alloc_sweep(step_propose, &add) > 10);
	assert_true(alloc_sweep(step_propose, &out) > 10);
	assert_true(alloc_sweep(step_propose, &edit) > 10);
	assert_true(alloc_sweep(step_rebase, &add) > 6);
	assert_true(alloc_sweep(step_rebase, &edit) > 5);
	assert_true(alloc_sweep(step_intent, &add) > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_group_alloc__reading_may_fail, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_group_alloc__writing_may_fail, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
