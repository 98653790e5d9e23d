/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_group.c — groups in the store, and what waits beside them. */
#include "tests/unit/store_help.h"
#include "tui/store/store_group.h"

struct one_group {
	struct store_fixture in;
	struct store_group g;
};

static int
setup(void **state)
{
	struct one_group *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->in.dir = dir_new();
	f->in.s = store_at(f->in.dir);
	memcpy(f->g.id, id_of(7).b, STORE_ID_LEN);
	assert_ok(store_chat_open(
	    f->in.s, STORE_CHAT_GROUP, f->g.id, 1000, &f->g.chat));
	f->g.standing = STORE_GROUP_MEMBER;
	assert_ok(store_group_put(f->in.s, &f->g));
	*state = f;
	return 0;
}

static void
test_store_group__row_comes_back(void **state)
{
	struct one_group *f = *state;
	struct store_group g, *v = NULL;
	uint8_t id[STORE_ID_LEN];
	size_t n = 0;

	assert_ok(store_group_peek(f->in.s, f->g.id, &g));
	assert_false(g.has_token);
	assert_memory_equal(&g, &f->g, sizeof(g));
	f->g.standing = STORE_GROUP_LEFT;
	f->g.wanted = 9;
	f->g.alarm = 5;
	f->g.alarm_version = 8;
	f->g.alarm_ms = 77;
	f->g.alarm_accepted = true;
	f->g.asked = 2;
	f->g.asked_ms = 55;
	f->g.has_token = true;
	memset(f->g.token, 0xa5, sizeof(f->g.token));
	memcpy(f->g.failed, "no", 3);
	assert_ok(store_group_put(f->in.s, &f->g));
	assert_ok(store_group_peek(f->in.s, f->g.id, &g));
	assert_memory_equal(&g, &f->g, sizeof(g));
	assert_ok(store_group_by_chat(f->in.s, f->g.chat, id));
	assert_memory_equal(id, f->g.id, sizeof(id));
	assert_int_equal(
	    store_group_by_chat(f->in.s, f->g.chat + 1, id), ERR_NOTFOUND);
	assert_int_equal(
	    store_group_peek(f->in.s, id_of(8).b, &g), ERR_NOTFOUND);
	assert_ok(store_group_list(f->in.s, &v, &n));
	assert_int_equal(n, 1);
	assert_memory_equal(v, &f->g, sizeof(*v));
	free(v);
}

static void
test_store_group__record_stays_when_the_row_changes(void **state)
{
	struct one_group *f = *state;
	struct store_group g;

	assert_int_equal(store_group_put_record(f->in.s, id_of(8).b, 1, "x", 1),
	    ERR_NOTFOUND);
	assert_ok(store_group_put_record(f->in.s, f->g.id, 3, "record", 6));
	assert_ok(store_group_put(f->in.s, &f->g));
	assert_ok(store_group_get(f->in.s, f->g.id, &g));
	assert_int_equal(g.version, 3);
	assert_int_equal(g.len, 6);
	assert_memory_equal(g.record, "record", 6);
	store_group_clear(&g);
	assert_null(g.record);
}

static void
test_store_group__due_is_the_earliest(void **state)
{
	struct one_group *f = *state;
	struct store_group b = {.standing = STORE_GROUP_MEMBER,
	    .todo = STORE_GROUP_ENTRIES,
	    .next_ms = 500};
	uint8_t id[STORE_ID_LEN];
	uint64_t wait_ms = 9;

	assert_int_equal(
	    store_group_due(f->in.s, 1000, id, &wait_ms), ERR_NOTFOUND);
	assert_int_equal(wait_ms, 0);
	memcpy(b.id, id_of(9).b, STORE_ID_LEN);
	assert_ok(
	    store_chat_open(f->in.s, STORE_CHAT_GROUP, b.id, 1000, &b.chat));
	assert_ok(store_group_put(f->in.s, &b));
	assert_int_equal(
	    store_group_due(f->in.s, 400, id, &wait_ms), ERR_NOTFOUND);
	assert_int_equal(wait_ms, 100);
	f->g.todo = STORE_GROUP_PROPOSE;
	f->g.next_ms = 300;
	assert_ok(store_group_put(f->in.s, &f->g));
	assert_ok(store_group_due(f->in.s, 600, id, &wait_ms));
	assert_memory_equal(id, f->g.id, sizeof(id));
}

static void
test_store_group__changes_keep_their_order(void **state)
{
	struct one_group *f = *state;
	uint8_t one[] = {1}, two[] = {2, 2};
	struct store_change c = {.intent = one, .intent_len = 1}, got;
	int64_t first, id;
	size_t n;

	memcpy(c.group, f->g.id, STORE_ID_LEN);
	assert_int_equal(
	    store_change_first(f->in.s, f->g.id, &got), ERR_NOTFOUND);
	assert_ok(store_change_add(f->in.s, &c, &first));
	c.intent = two;
	c.intent_len = 2;
	assert_ok(store_change_add(f->in.s, &c, &id));
	assert_ok(store_change_first(f->in.s, f->g.id, &got));
	assert_int_equal(got.id, first);
	assert_int_equal(got.intent_len, 1);
	assert_null(got.entry);
	store_change_clear(&got);
	c = (struct store_change){.id = first,
	    .intent = one,
	    .intent_len = 1,
	    .version = 4,
	    .entry = two,
	    .entry_len = 2,
	    .record = one,
	    .record_len = 1,
	    .tries = 3};
	assert_ok(store_change_put(f->in.s, &c));
	assert_ok(store_change_first(f->in.s, f->g.id, &got));
	assert_int_equal(got.version, 4);
	assert_int_equal(got.entry_len, 2);
	assert_int_equal(got.record_len, 1);
	assert_int_equal(got.tries, 3);
	store_change_clear(&got);
	assert_ok(store_change_delete(f->in.s, first));
	assert_ok(store_change_first(f->in.s, f->g.id, &got));
	assert_int_equal(got.id, id);
	store_change_clear(&got);
	memcpy(c.group, f->g.id, STORE_ID_LEN);
	for (n = 1; n < STORE_GROUP_CHANGES_MAX; n++)
		assert_ok(store_change_add(f->in.s, &c, &id));
	assert_int_equal(store_change_add(f->in.s, &c, &id), ERR_FULL);
	assert_ok(store_change_count(f->in.s, f->g.id, &n));
	assert_int_equal(n, STORE_GROUP_CHANGES_MAX);
}

static void
test_store_group__entries_wait_in_order_and_are_bounded(void **state)
{
	struct one_group *f = *state;
	uint32_t version, i;
	int64_t id;
	uint8_t *p;
	size_t len, n = 0;

	assert_ok(store_entry_hold(f->in.s, f->g.id, 5, "five", 4));
	assert_ok(store_entry_hold(f->in.s, f->g.id, 4, "four", 4));
	assert_ok(store_entry_hold(f->in.s, f->g.id, 4, "four", 4));
	for (i = 0; i < 2 * STORE_GROUP_HELD_MAX; i++)
		assert_ok(store_entry_hold(f->in.s, f->g.id, 10 + i, "x", 1));
	assert_ok(store_entry_first(f->in.s, f->g.id, &id, &version, &p, &len));
	assert_int_equal(version, 4);
	assert_int_equal(len, 4);
	free(p);
	assert_ok(store_entry_delete(f->in.s, id));
	assert_ok(store_entry_first(f->in.s, f->g.id, &id, &version, &p, &len));
	assert_int_equal(version, 5);
	free(p);
	for (;
	     store_entry_first(f->in.s, f->g.id, &id, &version, &p, &len) == 0;
	     n++) {
		free(p);
		assert_ok(store_entry_delete(f->in.s, id));
	}
	assert_int_equal(n, STORE_GROUP_HELD_MAX - 1);
}

static void
test_store_group__papers_are_newest_first_and_bounded(void **state)
{
	struct one_group *f = *state;
	uint8_t from[STORE_ID_LEN], *p, i;
	size_t len, n = 0;
	int64_t id;

	for (i = 0; i < 3 * STORE_GROUP_PAPERS_MAX; i++)
		assert_ok(store_paper_add(
		    f->in.s, f->g.id, STORE_PAPER_WELCOME, id_of(i).b, &i, 1));
	while (store_paper_last(f->in.s, f->g.id, STORE_PAPER_WELCOME, &id,
		   from, &p, &len) == 0) {
		assert_int_equal(p[0], --i);
		assert_memory_equal(from, id_of(i).b, sizeof(from));
		assert_ok(store_paper_delete(f->in.s, id));
		free(p);
		n++;
	}
	assert_int_equal(n, STORE_GROUP_PAPERS_MAX);
	assert_ok(store_paper_add(
	    f->in.s, f->g.id, STORE_PAPER_SHARE, id_of(1).b, "s", 1));
	assert_ok(store_paper_drop(f->in.s, f->g.id, STORE_PAPER_SHARE));
	assert_int_equal(store_paper_last(f->in.s, f->g.id, STORE_PAPER_SHARE,
			     &id, from, &p, &len),
	    ERR_NOTFOUND);
}

static void
test_store_group__a_welcome_is_more_than_a_share(void **state)
{
	struct one_group *f = *state;
	uint8_t who[STORE_ID_LEN];
	enum store_owed what;
	uint64_t ms = 1;

	assert_ok(store_helped_put(f->in.s, f->g.id, id_of(1).b, 4711));
	assert_int_equal(
	    store_owed_take(f->in.s, f->g.id, who, &what), ERR_NOTFOUND);
	assert_ok(
	    store_owed_put(f->in.s, f->g.id, id_of(1).b, STORE_OWED_WELCOME));
	assert_ok(
	    store_owed_put(f->in.s, f->g.id, id_of(1).b, STORE_OWED_SHARE));
	assert_ok(store_owed_take(f->in.s, f->g.id, who, &what));
	assert_int_equal(what, STORE_OWED_WELCOME);
	assert_memory_equal(who, id_of(1).b, sizeof(who));
	assert_int_equal(
	    store_owed_take(f->in.s, f->g.id, who, &what), ERR_NOTFOUND);
	assert_ok(store_helped_get(f->in.s, f->g.id, id_of(1).b, &ms));
	assert_int_equal(ms, 4711);
	assert_ok(store_helped_get(f->in.s, f->g.id, id_of(2).b, &ms));
	assert_int_equal(ms, 0);
}

static void
test_store_group__title_is_the_chats(void **state)
{
	struct one_group *f = *state;
	struct store_chat c;

	assert_ok(store_chat_set_title(f->in.s, f->g.chat, "Walkers"));
	assert_int_equal(
	    store_chat_set_title(f->in.s, f->g.chat, "\xff"), ERR_RANGE);
	assert_int_equal(
	    store_chat_set_title(f->in.s, f->g.chat + 1, "x"), ERR_NOTFOUND);
	assert_ok(store_chat_get(f->in.s, f->g.chat, &c));
	assert_string_equal(c.title, "Walkers");
	store_chat_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_store_group__row_comes_back, setup, fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__record_stays_when_the_row_changes, setup,
		fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__due_is_the_earliest, setup, fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__changes_keep_their_order, setup, fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__entries_wait_in_order_and_are_bounded, setup,
		fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__papers_are_newest_first_and_bounded, setup,
		fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__a_welcome_is_more_than_a_share, setup,
		fixture_end),
	    cmocka_unit_test_setup_teardown(
		test_store_group__title_is_the_chats, setup, fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
