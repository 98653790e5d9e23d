/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_settings.c — which device's setting counts, texts to be viewed
 * once, and chats that are deleted. */
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"
#include "tui/store/store_clear.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_once.h"
#include "tui/store/store_search.h"

/* ---- clock ------------------------------------------------------------------ */

static bool
take(struct store_fixture *f, enum store_clock_what what, uint64_t stamp)
{
	bool newer;

	assert_ok(store_clock_take(f->s, id_of(1).b, what, stamp, &newer));
	return newer;
}

static void
test_store_clock__the_latest_counts(void **state)
{
	struct store_fixture *f = *state;
	uint64_t stamp = 7;

	assert_ok(store_clock_get(f->s, id_of(1).b, STORE_CLOCK_MUTED, &stamp));
	assert_int_equal(stamp, 0);
	assert_false(take(f, STORE_CLOCK_MUTED, 0));
	assert_true(take(f, STORE_CLOCK_MUTED, 200));
	assert_false(take(f, STORE_CLOCK_MUTED, 199));
	assert_false(take(f, STORE_CLOCK_MUTED, 200));
	assert_true(take(f, STORE_CLOCK_PINNED, 1)); /* another one */
	assert_false(take(f, STORE_CLOCK_MUTED, UINT64_MAX));
	assert_true(take(f, STORE_CLOCK_MUTED, 201));
}

static void
test_store_clock__a_tick_counts_whatever_came_before(void **state)
{
	struct store_fixture *f = *state;
	uint64_t stamp;

	assert_ok(
	    store_clock_tick(f->s, id_of(1).b, STORE_CLOCK_NAME, 1000, 2));
	assert_ok(store_clock_get(f->s, id_of(1).b, STORE_CLOCK_NAME, &stamp));
	assert_int_equal(stamp, 1000 * 128 + 2);
	/* ours is behind theirs */
	assert_true(take(f, STORE_CLOCK_NAME, 5000 * 128 + 3));
	assert_ok(
	    store_clock_tick(f->s, id_of(1).b, STORE_CLOCK_NAME, 1001, 2));
	assert_ok(store_clock_get(f->s, id_of(1).b, STORE_CLOCK_NAME, &stamp));
	assert_int_equal(stamp, 5001 * 128 + 2);
}

/* ---- once -------------------------------------------------------------------- */

static int64_t
add_once(struct store_fixture *f, enum store_dir dir, const char *text)
{
	struct store_message m = {.chat = f->chat,
	    .dir = dir,
	    .kind = STORE_MSG_ONCE,
	    .state = dir == STORE_IN ? STORE_MSG_RECEIVED : STORE_MSG_SENT,
	    .flags = STORE_MSG_VIEW_ONCE,
	    .sent_ms = 1000,
	    .received_ms = 1000};
	int64_t id;

	memcpy(m.message_id, id_of(50 + (unsigned)dir).b, STORE_ID_LEN);
	assert_ok(store_message_add(f->s, &m, &id));
	assert_ok(store_once_put(f->s, id, text));
	return id;
}

static void
assert_gone(struct store_fixture *f, int64_t id)
{
	char *text = NULL;

	assert_err(store_once_get(f->s, id, &text), ERR_NOTFOUND);
	assert_null(text);
}

static void
test_store_once__is_in_no_list_and_no_search(void **state)
{
	struct store_fixture *f = *state;
	struct store_hits hits;
	struct store_message m;
	struct store_chat c;
	char *text;
	int64_t id = add_once(f, STORE_IN, "glimpse");
	int64_t plain = add_text(f->s, f->chat, STORE_IN, 60, 2000, "plain");

	assert_ok(store_once_get(f->s, id, &text));
	assert_string_equal(text, "glimpse");
	free(text);
	assert_ok(store_message_get(f->s, id, &m));
	assert_string_equal(m.text, "");
	store_message_clear(&m);
	assert_ok(store_search(f->s, 0, "glimpse", 0, 10, &hits));
	assert_int_equal(hits.n, 0);
	store_hits_clear(&hits);
	assert_ok(store_chat_get(f->s, f->chat, &c));
	assert_null(strstr(c.last_text, "glimpse"));
	store_chat_clear(&c);
	assert_err(store_once_put(f->s, plain, "x"), ERR_NOTFOUND);
	assert_err(store_once_put(f->s, id, "\xff"), ERR_RANGE);
}

static void
test_store_once__goes_when_it_is_opened_taken_back_or_deleted(void **state)
{
	struct store_fixture *f = *state;
	int64_t in = add_once(f, STORE_IN, "glimpse");
	int64_t out = add_once(f, STORE_OUT, "ours");
	struct store_message m;
	bool changed;

	assert_ok(store_once_opened(f->s, in, &changed));
	assert_true(changed);
	assert_gone(f, in);
	assert_ok(store_message_get(f->s, in, &m));
	assert_int_equal(m.flags, STORE_MSG_VIEW_ONCE | STORE_MSG_VIEWED);
	store_message_clear(&m);
	assert_ok(store_once_opened(f->s, in, &changed));
	assert_false(changed);
	assert_ok(store_message_retract(f->s, out));
	assert_gone(f, out);
	assert_ok(store_message_delete(f->s, out));
	out = add_once(f, STORE_OUT, "ours again");
	assert_ok(store_once_prune(f->s, 1000));
	assert_ok(store_once_prune(f->s, 1001));
	assert_gone(f, out);
}

/* ---- clearing ---------------------------------------------------------------- */

static size_t
count(struct store_fixture *f)
{
	struct store_messages page;
	size_t n;

	assert_ok(store_message_before(f->s, f->chat, 0, 100, &page));
	n = page.n;
	store_messages_clear(&page);
	return n;
}

static void
test_store_clear__what_came_later_stays(void **state)
{
	struct store_fixture *f = *state;
	int64_t last, up;
	uint64_t ms;
	struct store_chat c;

	add_text(f->s, f->chat, STORE_IN, 1, 100, "one");
	add_text(f->s, f->chat, STORE_OUT, 2, 200, "two");
	up = add_text(f->s, f->chat, STORE_IN, 3, 300, "three");
	add_text(f->s, f->chat, STORE_OUT, 4, 400, "four");
	add_text(f->s, f->chat, STORE_IN, 5, 500, "five");
	assert_ok(store_chat_latest(f->s, f->chat, &last, &ms));
	assert_int_equal(ms, 400);
	assert_err(store_chat_delete(f->s, f->chat), ERR_STATE);
	assert_ok(store_chat_clear_messages(f->s, f->chat, up, 250));
	assert_int_equal(count(f), 2); /* four, five */
	assert_ok(store_chat_get(f->s, f->chat, &c));
	assert_int_equal(c.unread, 1);
	assert_string_equal(c.last_text, "five");
	store_chat_clear(&c);
	/* not known up to where: nothing that is unread */
	assert_ok(store_chat_clear_messages(f->s, f->chat, 0, 1000));
	assert_int_equal(count(f), 1);
	assert_ok(store_chat_clear_messages(f->s, f->chat, last, 1000));
	assert_int_equal(count(f), 0);
	assert_ok(store_chat_delete(f->s, f->chat));
	assert_err(store_chat_get(f->s, f->chat, &c), ERR_NOTFOUND);
	f->chat = chat_with(f->s, 1);
}

static void
test_store_chat__something_new_ends_the_archive(void **state)
{
	struct store_fixture *f = *state;
	struct store_chat c;

	assert_ok(store_chat_set(f->s, f->chat, STORE_CHAT_ARCHIVED, 1));
	assert_ok(store_chat_set(
	    f->s, f->chat, STORE_CHAT_MUTED_UNTIL_MS, STORE_MUTED_EVER));
	add_text(f->s, f->chat, STORE_IN, 1, 100, "muted");
	assert_ok(store_chat_get(f->s, f->chat, &c));
	assert_true(c.archived);
	store_chat_clear(&c);
	assert_ok(
	    store_chat_set(f->s, f->chat, STORE_CHAT_MUTED_UNTIL_MS, 150));
	add_text(f->s, f->chat, STORE_IN, 2, 200, "muted no more");
	assert_ok(store_chat_get(f->s, f->chat, &c));
	assert_false(c.archived);
	store_chat_clear(&c);
}

/* ---- timers, quotes ------------------------------------------------------------ */

static void
test_store_timer__runs_from_when_it_was_read(void **state)
{
	struct store_fixture *f = *state;
	struct store_message m = {.chat = f->chat,
	    .dir = STORE_IN,
	    .state = STORE_MSG_RECEIVED,
	    .expire_s = 10,
	    .sent_ms = 100,
	    .received_ms = 100};
	int64_t a, b;

	memcpy(m.message_id, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_message_add(f->s, &m, &a));
	memcpy(m.message_id, id_of(2).b, STORE_ID_LEN);
	assert_ok(store_message_add(f->s, &m, &b));
	assert_ok(store_message_mark_read(f->s, f->chat, a, NULL));
	assert_ok(store_message_start_read(f->s, f->chat, 1000));
	assert_ok(store_message_start_read(f->s, f->chat, 2000));
	assert_ok(store_message_get(f->s, a, &m));
	assert_int_equal(m.expires_ms, 11000);
	store_message_clear(&m);
	assert_ok(store_message_get(f->s, b, &m));
	assert_int_equal(m.expires_ms, 0);
	store_message_clear(&m);
}

static void
test_store_quote__has_no_words_of_what_was_taken_back(void **state)
{
	struct store_fixture *f = *state;
	int64_t id = add_text(f->s, f->chat, STORE_IN, 1, 100, "secret");
	int64_t answer = add_text(f->s, f->chat, STORE_OUT, 2, 200, "so?");
	struct store_quote q = {.text = "secret"};
	struct store_message m;

	assert_ok(store_message_get(f->s, id, &m));
	memcpy(q.account, m.account, STORE_ID_LEN);
	memcpy(q.message_id, m.message_id, STORE_ID_LEN);
	store_message_clear(&m);
	assert_ok(store_quote_put(f->s, answer, &q));
	assert_ok(store_message_retract(f->s, id));
	assert_ok(store_quote_get(f->s, answer, &q));
	assert_string_equal(q.text, "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, fixture_new_with_chat, fixture_end)
	    T(test_store_clock__the_latest_counts),
	    T(test_store_clock__a_tick_counts_whatever_came_before),
	    T(test_store_once__is_in_no_list_and_no_search),
	    T(test_store_once__goes_when_it_is_opened_taken_back_or_deleted),
	    T(test_store_clear__what_came_later_stays),
	    T(test_store_chat__something_new_ends_the_archive),
	    T(test_store_timer__runs_from_when_it_was_read),
	    T(test_store_quote__has_no_words_of_what_was_taken_back),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
