/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_action.c — edits, deletion for everyone, reactions, quotes, stars,
 * timers, and actions that came before their message. */
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"

struct one_text {
	struct store_fixture in;
	int64_t msg; /* "first", written at 1000 */
};

static int
setup(void **state)
{
	struct one_text *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->in.dir = dir_new();
	f->in.s = store_at(f->in.dir);
	f->in.chat = chat_with(f->in.s, 1);
	f->msg = add_text(f->in.s, f->in.chat, STORE_IN, 1, 1000, "first");
	*state = f;
	return 0;
}

static void
assert_text(struct one_text *f, const char *text, uint64_t edited_ms)
{
	struct store_message m;
	struct store_chat c;

	assert_ok(store_message_get(f->in.s, f->msg, &m));
	assert_string_equal(m.text, text);
	assert_int_equal(m.edited_ms, edited_ms);
	store_message_clear(&m);
	assert_ok(store_chat_get(f->in.s, f->in.chat, &c));
	assert_string_equal(c.last_text, text);
	store_chat_clear(&c);
}

/* Former texts, joined by a bar. */
static void
assert_history(struct one_text *f, const char *want)
{
	struct store_edit *v = NULL;
	char got[256] = "";
	size_t n = 0, i;

	assert_ok(store_edit_list(f->in.s, f->msg, &v, &n));
	for (i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
		    i > 0 ? "|" : "", v[i].text);
	store_edits_free(v, n);
	assert_string_equal(got, want);
}

/* ---- edits ------------------------------------------------------------------------ */

static void
test_store_message_edit__shows_the_newest_and_keeps_all(void **state)
{
	struct one_text *f = *state;
	bool changed = false;

	assert_ok(
	    store_message_edit(f->in.s, f->msg, "second", 2000, &changed));
	assert_true(changed);
	assert_text(f, "second", 2000);
	assert_history(f, "first");
	assert_ok(
	    store_message_edit(f->in.s, f->msg, "fourth", 4000, &changed));
	assert_ok(store_message_edit(f->in.s, f->msg, "third", 3000, &changed));
	assert_false(changed);
	assert_text(f, "fourth", 4000);
	assert_history(f, "first|second|third");
	/* The same one again. */
	assert_ok(
	    store_message_edit(f->in.s, f->msg, "fourth", 4000, &changed));
	assert_false(changed);
	assert_text(f, "fourth", 4000);
}

static void
test_store_message_edit__refuses(void **state)
{
	struct one_text *f = *state;
	bool changed = true;

	assert_err(store_message_edit(f->in.s, 999, "x", 2000, &changed),
	    ERR_NOTFOUND);
	assert_err(store_message_edit(f->in.s, f->msg, "\xff", 2000, &changed),
	    ERR_RANGE);
	assert_ok(store_message_retract(f->in.s, f->msg));
	assert_err(store_message_edit(f->in.s, f->msg, "x", 2000, &changed),
	    ERR_STATE);
	assert_true(changed);
}

/* ---- deletion for everyone ----------------------------------------------------------- */

static void
test_store_message_retract__leaves_nothing_but_a_line(void **state)
{
	struct one_text *f = *state;
	struct store_quote quote = {.text = "what was said"};
	struct store_reaction *v = NULL;
	struct store_message m;
	size_t n = 9;

	assert_ok(store_message_edit(f->in.s, f->msg, "second", 2000, NULL));
	assert_ok(store_quote_put(f->in.s, f->msg, &quote));
	assert_ok(store_message_star(f->in.s, f->msg, true));
	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "x", 1, NULL));
	assert_ok(store_message_retract(f->in.s, f->msg));
	assert_ok(store_message_retract(f->in.s, f->msg)); /* once more */
	assert_ok(store_message_get(f->in.s, f->msg, &m));
	assert_int_equal(m.kind, STORE_MSG_DELETED);
	assert_string_equal(m.text, "");
	assert_int_equal(m.edited_ms, 0);
	assert_int_equal(m.reactions, 0);
	assert_false(m.starred);
	store_message_clear(&m);
	assert_history(f, "");
	assert_ok(store_reaction_list(f->in.s, f->msg, &v, &n));
	assert_int_equal(n, 0);
	free(v);
	assert_err(store_quote_get(f->in.s, f->msg, &quote), ERR_NOTFOUND);
	assert_err(store_message_retract(f->in.s, 999), ERR_NOTFOUND);
	assert_err(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "x", 9, NULL),
	    ERR_STATE);
	assert_err(store_quote_put(f->in.s, f->msg, &quote), ERR_STATE);
}

/* ---- reactions ------------------------------------------------------------------------ */

/* Emoji in their order. */
static void
assert_reactions(struct one_text *f, const char *want)
{
	struct store_reaction *v = NULL;
	struct store_message m;
	char got[512] = "";
	size_t n = 0, i;

	assert_ok(store_reaction_list(f->in.s, f->msg, &v, &n));
	for (i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s",
		    v[i].emoji);
	free(v);
	assert_string_equal(got, want);
	assert_ok(store_message_get(f->in.s, f->msg, &m));
	assert_int_equal(m.reactions, n);
	store_message_clear(&m);
}

static void
test_store_reaction_put__one_an_account_and_the_newest_counts(void **state)
{
	struct one_text *f = *state;
	bool changed = false;

	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "a", 20, &changed));
	assert_true(changed);
	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(3).b, "b", 10, NULL));
	assert_reactions(f, "ba");
	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "c", 15, &changed));
	assert_false(changed);
	assert_reactions(f, "ba");
	/* Taken back, and an older one that comes late. */
	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "", 30, NULL));
	assert_reactions(f, "b");
	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "c", 25, NULL));
	assert_reactions(f, "b");
	assert_ok(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "d", 31, NULL));
	assert_reactions(f, "bd");
	assert_err(store_reaction_put(f->in.s, 999, id_of(2).b, "d", 31, NULL),
	    ERR_NOTFOUND);
	assert_err(
	    store_reaction_put(f->in.s, f->msg, id_of(2).b, "\xc3", 32, NULL),
	    ERR_RANGE);
}

/* ---- quotes, stars ---------------------------------------------------------------------- */

static void
test_store_quote__is_kept_beside_the_message(void **state)
{
	struct one_text *f = *state;
	struct store_quote quote = {.text = "what was said"}, got;

	memcpy(quote.account, id_of(5).b, STORE_ID_LEN);
	memcpy(quote.message_id, id_of(6).b, STORE_ID_LEN);
	assert_err(store_quote_get(f->in.s, f->msg, &got), ERR_NOTFOUND);
	assert_ok(store_quote_put(f->in.s, f->msg, &quote));
	assert_ok(store_quote_get(f->in.s, f->msg, &got));
	assert_string_equal(got.text, "what was said");
	assert_memory_equal(got.account, quote.account, STORE_ID_LEN);
	assert_memory_equal(got.message_id, quote.message_id, STORE_ID_LEN);
	assert_err(store_quote_put(f->in.s, 999, &quote), ERR_NOTFOUND);
	memcpy(quote.text, "\xff", 2);
	assert_err(store_quote_put(f->in.s, f->msg, &quote), ERR_RANGE);
}

static void
test_store_message_star__lists_newest_first(void **state)
{
	struct one_text *f = *state;
	int64_t other = chat_with(f->in.s, 2);
	int64_t b = add_text(f->in.s, f->in.chat, STORE_OUT, 2, 2000, "b");
	int64_t c = add_text(f->in.s, other, STORE_IN, 3, 3000, "c");
	struct store_messages l;

	assert_ok(store_message_star(f->in.s, f->msg, true));
	assert_ok(store_message_star(f->in.s, b, true));
	assert_ok(store_message_star(f->in.s, c, true));
	assert_ok(store_message_starred(f->in.s, 0, 0, 10, &l));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].id, c);
	assert_true(l.v[0].starred);
	store_messages_clear(&l);
	assert_ok(store_message_star(f->in.s, b, false));
	assert_ok(store_message_starred(f->in.s, f->in.chat, 0, 10, &l));
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].id, f->msg);
	store_messages_clear(&l);
	assert_err(store_message_star(f->in.s, 999, true), ERR_NOTFOUND);
	assert_err(store_message_starred(f->in.s, 0, 0, 0, &l), ERR_RANGE);
}

/* ---- timers ------------------------------------------------------------------------------- */

static int64_t
add_timed(struct one_text *f, unsigned id, uint32_t expire_s)
{
	struct store_message m = {
	    .chat = f->in.chat,
	    .dir = STORE_IN,
	    .state = STORE_MSG_RECEIVED,
	    .received_ms = 5000 + id,
	    .text = (char *)(uintptr_t) "soon gone",
	    .expire_s = expire_s,
	    .flags = STORE_MSG_FORWARDED,
	};
	int64_t row = 0;

	memcpy(m.message_id, id_of(id).b, STORE_ID_LEN);
	memcpy(m.account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_message_add(f->in.s, &m, &row));
	return row;
}

static void
test_store_message_timer__starts_once_and_ends(void **state)
{
	struct one_text *f = *state;
	int64_t a = add_timed(f, 10, 60), b = add_timed(f, 11, 5);
	struct store_messages l;
	struct store_message m;
	uint64_t next = 1;

	assert_ok(store_message_next_expiry(f->in.s, &next));
	assert_int_equal(next, 0);
	assert_ok(store_message_start_timer(f->in.s, a, 100000));
	assert_ok(store_message_start_timer(f->in.s, a, 900000)); /* too late */
	assert_ok(store_message_start_timer(f->in.s, b, 100000));
	assert_ok(
	    store_message_start_timer(f->in.s, f->msg, 100000)); /* none */
	assert_ok(store_message_get(f->in.s, a, &m));
	assert_int_equal(m.expires_ms, 160000);
	assert_int_equal(m.expire_s, 60);
	assert_int_equal(m.flags, STORE_MSG_FORWARDED);
	store_message_clear(&m);
	assert_ok(store_message_next_expiry(f->in.s, &next));
	assert_int_equal(next, 105000);
	assert_ok(store_message_expired(f->in.s, 104999, 10, &l));
	assert_int_equal(l.n, 0);
	store_messages_clear(&l);
	assert_ok(store_message_expired(f->in.s, 160000, 10, &l));
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0].id, b);
	assert_int_equal(l.v[1].id, a);
	assert_string_equal(l.v[1].text, "");
	store_messages_clear(&l);
	assert_err(store_message_start_timer(f->in.s, 999, 1), ERR_NOTFOUND);
}

/* ---- before their message -------------------------------------------------------------------- */

static struct store_early
early_of(
    enum store_early_kind kind, unsigned msg, uint64_t ms, const char *text)
{
	struct store_early e = {
	    .kind = kind, .when_ms = ms, .text = (char *)(uintptr_t)text};

	memcpy(e.author, id_of(1).b, STORE_ID_LEN);
	memcpy(e.message_id, id_of(msg).b, STORE_ID_LEN);
	memcpy(e.actor, id_of(2).b, STORE_ID_LEN);
	return e;
}

static void
put_early(struct one_text *f, struct store_early e, uint64_t now_ms)
{
	assert_ok(store_early_put(f->in.s, &e, now_ms));
}

static void
test_store_early__waits_for_its_message(void **state)
{
	struct one_text *f = *state;
	struct store_early *v = NULL;
	size_t n = 0;

	put_early(f, early_of(STORE_EARLY_EDIT, 50, 30, "newer"), 1);
	put_early(f, early_of(STORE_EARLY_EDIT, 50, 20, "older"), 2);
	put_early(f, early_of(STORE_EARLY_REACTION, 50, 10, "x"), 3);
	put_early(f, early_of(STORE_EARLY_REACTION, 51, 10, "y"), 4);
	assert_ok(store_early_take(f->in.s, id_of(1).b, id_of(50).b, &v, &n));
	assert_int_equal(n, 2);
	assert_int_equal(v[0].kind, STORE_EARLY_REACTION);
	assert_string_equal(v[0].text, "x");
	assert_int_equal(v[1].kind, STORE_EARLY_EDIT);
	assert_string_equal(v[1].text, "newer");
	assert_memory_equal(v[1].actor, id_of(2).b, STORE_ID_LEN);
	store_earlies_free(v, n);
	assert_ok(store_early_take(f->in.s, id_of(1).b, id_of(50).b, &v, &n));
	assert_int_equal(n, 0);
	store_earlies_free(v, n);
	assert_ok(store_early_prune(f->in.s, 5));
	assert_ok(store_early_take(f->in.s, id_of(1).b, id_of(51).b, &v, &n));
	assert_int_equal(n, 0);
	store_earlies_free(v, n);
}

static void
test_store_early__one_account_cannot_fill_the_store(void **state)
{
	struct one_text *f = *state;
	struct store_early *v = NULL;
	size_t n = 0;
	unsigned i;

	assert_ok(store_begin(f->in.s));
	for (i = 0; i < STORE_EARLY_MAX + 3; i++)
		put_early(
		    f, early_of(STORE_EARLY_REACTION, 100 + i, 1, "x"), i);
	assert_ok(store_commit(f->in.s));
	for (i = 0; i < 5; i++) {
		assert_ok(store_early_take(
		    f->in.s, id_of(1).b, id_of(100 + i).b, &v, &n));
		assert_int_equal(n, i < 3 ? 0 : 1);
		store_earlies_free(v, n);
	}
}

/* ---- chats --------------------------------------------------------------------------------------- */

static void
test_store_chat_set__pinned_chats_come_first(void **state)
{
	struct one_text *f = *state;
	int64_t b = chat_with(f->in.s, 2), c = chat_with(f->in.s, 3);
	struct store_chats l;

	add_text(f->in.s, c, STORE_IN, 5, 9000, "newest");
	assert_ok(store_chat_set(f->in.s, b, STORE_CHAT_PINNED_MS, 7));
	assert_ok(store_chat_set(
	    f->in.s, b, STORE_CHAT_MUTED_UNTIL_MS, STORE_MUTED_EVER));
	assert_ok(store_chat_set(f->in.s, b, STORE_CHAT_ARCHIVED, 5));
	assert_ok(store_chat_set(f->in.s, b, STORE_CHAT_EXPIRE_S, 3600));
	assert_ok(store_chat_list(f->in.s, &l));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].id, b);
	assert_int_equal(l.v[0].pinned_ms, 7);
	assert_int_equal(l.v[0].muted_until_ms, STORE_MUTED_EVER);
	assert_true(l.v[0].archived);
	assert_int_equal(l.v[0].expire_s, 3600);
	assert_int_equal(l.v[1].id, c);
	assert_int_equal(l.v[1].pinned_ms, 0);
	assert_false(l.v[1].archived);
	store_chats_clear(&l);
	assert_err(
	    store_chat_set(f->in.s, 999, STORE_CHAT_ARCHIVED, 1), ERR_NOTFOUND);
	assert_err(store_chat_set(f->in.s, b, STORE_CHAT_PINNED_MS, UINT64_MAX),
	    ERR_RANGE);
	assert_err(
	    store_chat_set(f->in.s, b, STORE_CHAT_EXPIRE_S, UINT64_C(1) << 32),
	    ERR_RANGE);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_end)
	const struct CMUnitTest tests[] = {
	    T(test_store_message_edit__shows_the_newest_and_keeps_all),
	    T(test_store_message_edit__refuses),
	    T(test_store_message_retract__leaves_nothing_but_a_line),
	    T(test_store_reaction_put__one_an_account_and_the_newest_counts),
	    T(test_store_quote__is_kept_beside_the_message),
	    T(test_store_message_star__lists_newest_first),
	    T(test_store_message_timer__starts_once_and_ends),
	    T(test_store_early__waits_for_its_message),
	    T(test_store_early__one_account_cannot_fill_the_store),
	    T(test_store_chat_set__pinned_chats_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
