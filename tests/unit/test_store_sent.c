/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_sent.c — what was sent and is no message: found, bounded, gone
 * with the message it is about. */
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"
#include "tui/store/store_message.h"
#include "tui/store/store_sent.h"

/* To account 1, about `about` (0: nothing), len bytes. */
static int
add(struct store *s, unsigned id, unsigned about, size_t len, bool newest)
{
	struct store_sent v = {.sent_ms = 1000 + id, .len = len};
	int r;

	memcpy(v.message_id, id_of(id).b, STORE_ID_LEN);
	memcpy(v.account, id_of(1).b, STORE_ID_LEN);
	v.has_about = about != 0;
	memcpy(v.about, id_of(about).b, STORE_ID_LEN);
	v.content = calloc(1, len);
	assert_non_null(v.content);
	v.content[0] = (uint8_t)id;
	r = store_sent_add(s, &v, newest);
	free(v.content);
	return r;
}

static bool
has(struct store *s, unsigned id)
{
	struct store_sent v;
	int r = store_sent_get(s, id_of(id).b, id_of(1).b, &v);

	if (r == ERR_NOTFOUND)
		return false;
	assert_ok(r);
	assert_int_equal(v.content[0], (uint8_t)id);
	assert_int_equal(v.sent_ms, 1000 + id);
	store_sent_clear(&v);
	return true;
}

static uint64_t
total(struct store *s, const char *what)
{
	uint64_t n = 0;
	struct query q;

	q_begin(&q, s,
	    strcmp(what, "rows") == 0
		? "SELECT count(*) FROM sent"
		: "SELECT coalesce(sum(length(content)), 0) FROM sent");
	if (q_row(&q))
		n = q_get_time(&q, 0);
	assert_ok(q_end(&q));
	return n;
}

static void
test_store_sent__is_found_by_whom_it_was_for(void **state)
{
	struct store *s = store_of(state);
	struct store_sent v;

	assert_ok(add(s, 7, 0, 20, false));
	assert_true(has(s, 7));
	assert_ok(store_sent_get(s, id_of(7).b, NULL, &v));
	assert_memory_equal(v.account, id_of(1).b, STORE_ID_LEN);
	assert_false(v.has_about);
	assert_int_equal(v.len, 20);
	store_sent_clear(&v);
	assert_err(store_sent_get(s, id_of(7).b, id_of(2).b, &v), ERR_NOTFOUND);
	assert_err(add(s, 7, 0, 30, false), ERR_EXISTS);
	assert_int_equal(total(s, "bytes"), 20);
}

static void
test_store_sent__the_newest_about_the_same(void **state)
{
	struct store *s = store_of(state);

	assert_ok(add(s, 1, 50, 20, true));
	assert_ok(add(s, 2, 51, 20, true));
	assert_ok(add(s, 3, 50, 20, true));
	assert_false(has(s, 1));
	assert_true(has(s, 2));
	assert_true(has(s, 3));
	assert_ok(add(s, 4, 50, 20, false)); /* an edit beside another */
	assert_true(has(s, 3));
	/* one that cannot be kept forgets nothing */
	assert_err(add(s, 4, 51, 20, true), ERR_EXISTS);
	assert_true(has(s, 2));
}

static void
test_store_sent__only_so_many_rows(void **state)
{
	struct store *s = store_of(state);

	assert_ok(store_begin(s));
	for (unsigned i = 1; i <= STORE_SENT_MAX + 10; i++)
		assert_ok(add(s, i, 0, 1, false));
	assert_ok(store_commit(s));
	assert_int_equal(total(s, "rows"), STORE_SENT_MAX);
	assert_false(has(s, 10));
	assert_true(has(s, 11));
}

static void
test_store_sent__only_so_many_bytes(void **state)
{
	struct store *s = store_of(state);

	for (unsigned i = 1; i <= 100; i++) {
		assert_ok(add(s, i, 0, 96 * 1024, false));
		assert_true(total(s, "bytes") <= STORE_SENT_BYTES_MAX);
	}
	assert_false(has(s, 1));
	assert_true(has(s, 100));
	assert_true(total(s, "bytes") > STORE_SENT_BYTES_MAX - 2 * 96 * 1024);
	/* small ones are summed up now and then */
	for (unsigned i = 101; i <= 400; i++)
		assert_ok(add(s, i, 0, 4000, false));
	assert_true(total(s, "bytes") <= STORE_SENT_BYTES_MAX + 64 * 4096);
	assert_ok(store_sent_prune(s, 0));
	assert_true(total(s, "bytes") <= STORE_SENT_BYTES_MAX);
}

static void
test_store_sent__goes_with_its_message(void **state)
{
	struct store *s = store_of(state);
	int64_t chat = chat_with(s, 1), ours, gone, theirs;

	ours = add_text(s, chat, STORE_OUT, 60, 1000, "ours");
	gone = add_text(s, chat, STORE_OUT, 61, 1000, "ours too");
	theirs = add_text(s, chat, STORE_IN, 62, 1000, "theirs");
	for (unsigned i = 0; i < 3; i++)
		assert_ok(add(s, 10 + i, 60 + i, 20, false));
	assert_ok(store_message_edit(s, ours, "edited", 2000, NULL));
	assert_true(has(s, 10));
	assert_ok(store_message_retract(s, ours));
	assert_false(has(s, 10));
	assert_true(has(s, 11));
	assert_ok(store_message_delete(s, gone));
	assert_false(has(s, 11));
	/* ids are the writer's: those of others say nothing about ours */
	assert_ok(store_message_retract(s, theirs));
	assert_ok(store_message_delete(s, theirs));
	assert_true(has(s, 12));
}

static void
test_store_sent__is_forgotten_with_age(void **state)
{
	struct store *s = store_of(state);
	uint32_t n;

	assert_ok(add(s, 1, 0, 20, false));
	assert_ok(add(s, 2, 0, 20, false));
	assert_ok(store_again_add(s, id_of(1).b, id_of(1).b, 1, 1001));
	assert_ok(store_again_add(s, id_of(2).b, id_of(1).b, 1, 1002));
	assert_ok(store_sent_prune(s, 1002));
	assert_false(has(s, 1));
	assert_true(has(s, 2));
	assert_ok(store_again_get(s, id_of(1).b, id_of(1).b, 1, &n));
	assert_int_equal(n, 0);
	assert_ok(store_again_get(s, id_of(2).b, id_of(1).b, 1, &n));
	assert_int_equal(n, 1);
}

static void
test_store_again__counts_a_device(void **state)
{
	struct store *s = store_of(state);
	uint32_t n;

	assert_ok(store_again_add(s, id_of(1).b, id_of(8).b, 1, 5));
	assert_ok(store_again_add(s, id_of(1).b, id_of(8).b, 1, 6));
	assert_ok(store_again_add(s, id_of(1).b, id_of(8).b, 2, 6));
	assert_ok(store_again_get(s, id_of(1).b, id_of(8).b, 1, &n));
	assert_int_equal(n, 2);
	assert_ok(store_again_get(s, id_of(1).b, id_of(8).b, 2, &n));
	assert_int_equal(n, 1);
	assert_ok(store_again_get(s, id_of(1).b, id_of(9).b, 1, &n));
	assert_int_equal(n, 0);
	assert_ok(store_again_get(s, id_of(2).b, id_of(8).b, 1, &n));
	assert_int_equal(n, 0);
}

static int
get_step(void *arg)
{
	struct store_sent v;
	int r = store_sent_get(arg, id_of(7).b, NULL, &v);

	if (r == 0)
		store_sent_clear(&v);
	return r;
}

static void
test_store_sent__every_allocation_fails_once(void **state)
{
	assert_ok(add(store_of(state), 7, 0, 20, false));
	assert_true(alloc_sweep(get_step, store_of(state)) > 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_new, fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_store_sent__is_found_by_whom_it_was_for),
	    T(test_store_sent__the_newest_about_the_same),
	    T(test_store_sent__only_so_many_rows),
	    T(test_store_sent__only_so_many_bytes),
	    T(test_store_sent__goes_with_its_message),
	    T(test_store_sent__is_forgotten_with_age),
	    T(test_store_again__counts_a_device),
	    T(test_store_sent__every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
