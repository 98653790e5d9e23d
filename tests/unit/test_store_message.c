/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_message.c — chats, messages, pages, states, receipts, search. */
#include "common/buf.h"
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/store_search.h"

static struct store_chat
chat_row(struct store *s, int64_t chat)
{
	struct store_chat c;

	assert_ok(store_chat_get(s, chat, &c));
	return c;
}

/* One number of a chat's row. */
#define assert_chat(f, id, field, want)                                        \
	do {                                                                   \
		struct store_chat c_ = chat_row((f)->s, (id));                 \
		assert_int_equal(c_.field, (want));                            \
		store_chat_clear(&c_);                                         \
	} while (0)

/* ---- chats ---------------------------------------------------------------------- */

static void
test_store_chat_open__is_the_same_chat_again(void **state)
{
	struct store_fixture *f = *state;
	int64_t id = 0;

	assert_int_equal(chat_with(f->s, 1), f->chat);
	assert_ok(store_chat_open(f->s, STORE_CHAT_GROUP, id_of(1).b, 5, &id));
	assert_true(id != f->chat);
	assert_ok(store_chat_find(f->s, STORE_CHAT_PERSON, id_of(1).b, &id));
	assert_int_equal(id, f->chat);
	assert_err(store_chat_find(f->s, STORE_CHAT_PERSON, id_of(2).b, &id),
	    ERR_NOTFOUND);
	assert_err(
	    store_chat_get(f->s, 999, &(struct store_chat){0}), ERR_NOTFOUND);
}

static void
test_store_chat_list__last_activity_first_with_all_of_a_row(void **state)
{
	struct store_fixture *f = *state;
	struct store_contact k = {.phone = "+491", .profile_name = "their"};
	int64_t b = chat_with(f->s, 2), c = chat_with(f->s, 3);
	struct store_chats l;

	memcpy(k.account, id_of(1).b, 16);
	k.trust = STORE_TRUST_CHANGED;
	k.blocked = true;
	k.seen_ms = 44;
	assert_ok(store_contact_put(f->s, &k));
	add_text(f->s, c, STORE_OUT, 1, 9000, "newest");
	add_text(f->s, f->chat, STORE_IN, 2, 8000, "hello\nthere");
	assert_ok(store_chat_set_draft(f->s, f->chat, "dear", 1));
	assert_ok(store_chat_list(f->s, &l));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].id, c);
	assert_int_equal(l.v[1].id, f->chat);
	assert_int_equal(l.v[2].id, b);
	assert_int_equal(l.v[0].last_dir, STORE_OUT);
	assert_int_equal(l.v[0].last_state, STORE_MSG_PENDING);
	assert_int_equal(l.v[0].unread, 0);
	assert_string_equal(l.v[0].title, "");
	assert_string_equal(l.v[1].title, "their");
	assert_string_equal(l.v[1].phone, "+491");
	assert_string_equal(l.v[1].last_text, "hello\nthere");
	assert_string_equal(l.v[1].draft, "dear");
	assert_int_equal(l.v[1].unread, 1);
	assert_int_equal(l.v[1].last_ms, 8000);
	assert_int_equal(l.v[1].trust, STORE_TRUST_CHANGED);
	assert_int_equal(l.v[1].seen_ms, 44);
	assert_true(l.v[1].blocked);
	assert_int_equal(l.v[2].last_id, 0);
	assert_string_equal(l.v[2].last_text, "");
	store_chats_clear(&l);
	assert_ok(store_chat_top(f->s, 2, &l));
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0].id, c);
	assert_int_equal(l.v[1].id, f->chat);
	assert_string_equal(l.v[1].title, "their");
	assert_string_equal(l.v[1].draft, "dear");
	store_chats_clear(&l);
	assert_ok(store_chat_top(f->s, 9, &l));
	assert_int_equal(l.n, 3);
	store_chats_clear(&l);
	/* The person's own name comes before theirs, the phone last. */
	snprintf(k.name, sizeof(k.name), "mine");
	assert_ok(store_contact_put(f->s, &k));
	assert_chat(f, f->chat, title[0], 'm');
	k.name[0] = k.profile_name[0] = '\0';
	assert_ok(store_contact_put(f->s, &k));
	assert_chat(f, f->chat, title[0], '+');
}

static void
test_store_chat__long_last_text_is_cut_between_characters(void **state)
{
	struct store_fixture *f = *state;
	char text[STORE_LAST_MAX + 60];
	struct store_chat c;

	memset(text, 'a', sizeof(text));
	memcpy(text + STORE_LAST_MAX - 2, "\xf0\x9f\x90\xb1", 4);
	text[sizeof(text) - 1] = '\0';
	add_text(f->s, f->chat, STORE_IN, 1, 1, text);
	c = chat_row(f->s, f->chat);
	assert_int_equal(strlen(c.last_text), STORE_LAST_MAX - 2);
	store_chat_clear(&c);
}

/* The list shows when it was written, unless that clock is ahead of ours. */
static void
test_store_chat__last_time_is_never_in_the_future(void **state)
{
	struct store_fixture *f = *state;
	struct store_message m = {.chat = f->chat, .dir = STORE_IN};
	int64_t id;

	m.received_ms = 5000;
	m.sent_ms = 4000;
	memcpy(m.message_id, id_of(1).b, 16);
	assert_ok(store_message_add(f->s, &m, &id));
	assert_chat(f, f->chat, last_ms, 4000);
	m.sent_ms = 9000;
	memcpy(m.message_id, id_of(2).b, 16);
	assert_ok(store_message_add(f->s, &m, &id));
	assert_chat(f, f->chat, last_ms, 5000);
}

static void
test_store_chat_set_draft__survives_and_goes(void **state)
{
	struct store_fixture *f = *state;
	char *big = malloc(STORE_TEXT_MAX + 2);
	struct store_chat c;

	assert_non_null(big);
	memset(big, 'x', STORE_TEXT_MAX + 1);
	big[STORE_TEXT_MAX + 1] = '\0';
	assert_err(store_chat_set_draft(f->s, f->chat, big, 1), ERR_RANGE);
	assert_err(store_chat_set_draft(f->s, f->chat, "\xff", 1), ERR_RANGE);
	assert_err(store_chat_set_draft(f->s, 99, "x", 1), ERR_NOTFOUND);
	assert_ok(store_chat_set_draft(f->s, f->chat, "one", 1));
	assert_ok(store_chat_set_draft(f->s, f->chat, "two", 1));
	c = chat_row(f->s, f->chat);
	assert_string_equal(c.draft, "two");
	store_chat_clear(&c);
	assert_ok(store_chat_set_draft(f->s, f->chat, "", 1));
	assert_ok(store_chat_set_draft(f->s, f->chat, NULL, 1));
	c = chat_row(f->s, f->chat);
	assert_string_equal(c.draft, "");
	store_chat_clear(&c);
	free(big);
}

/* ---- adding and finding --------------------------------------------------------- */

static void
test_store_message_add__comes_back_whole(void **state)
{
	struct store_fixture *f = *state;
	struct store_message m = {
	    .chat = f->chat,
	    .device = 3,
	    .dir = STORE_IN,
	    .kind = STORE_MSG_TEXT,
	    .state = STORE_MSG_WAITING,
	    .sent_ms = 11,
	    .received_ms = 22,
	};
	struct store_message got;
	char text[] = "multi\nline \xf0\x9f\x90\xb1";
	int64_t id = 0, found = 0;

	m.text = text;
	memcpy(m.message_id, id_of(7).b, 16);
	memcpy(m.account, id_of(1).b, 16);
	assert_ok(store_message_add(f->s, &m, &id));
	assert_ok(store_message_get(f->s, id, &got));
	assert_int_equal(got.id, id);
	assert_int_equal(got.chat, f->chat);
	assert_memory_equal(got.message_id, m.message_id, 16);
	assert_memory_equal(got.account, m.account, 16);
	assert_int_equal(got.device, 3);
	assert_int_equal(got.state, STORE_MSG_WAITING);
	assert_int_equal(got.sent_ms, 11);
	assert_int_equal(got.received_ms, 22);
	assert_string_equal(got.text, text);
	store_message_clear(&got);
	assert_ok(store_message_find(f->s, id_of(1).b, id_of(7).b, &found));
	assert_int_equal(found, id);
	assert_err(store_message_find(f->s, id_of(2).b, id_of(7).b, &found),
	    ERR_NOTFOUND);
	assert_err(store_message_get(f->s, 999, &got), ERR_NOTFOUND);
}

static void
test_store_message_add__refuses_what_does_not_fit(void **state)
{
	struct store_fixture *f = *state;
	struct store_message m = {.chat = f->chat, .dir = STORE_IN};
	char *big = malloc(STORE_TEXT_MAX + 2);
	char bad[] = "a\xc0\xaf";
	int64_t id = 42;

	assert_non_null(big);
	memset(big, 'x', STORE_TEXT_MAX + 1);
	big[STORE_TEXT_MAX + 1] = '\0';
	m.text = big;
	assert_err(store_message_add(f->s, &m, &id), ERR_RANGE);
	m.text = bad;
	assert_err(store_message_add(f->s, &m, &id), ERR_RANGE);
	m.text = NULL;
	m.sent_ms = UINT64_MAX;
	assert_err(store_message_add(f->s, &m, &id), ERR_RANGE);
	m.sent_ms = 0;
	m.chat = 99;
	assert_err(store_message_add(f->s, &m, &id), ERR_NOTFOUND);
	m.chat = f->chat;
	assert_int_equal(id, 42);
	assert_ok(store_message_add(f->s, &m, &id));
	assert_err(store_message_add(f->s, &m, &id), ERR_EXISTS);
	assert_chat(f, f->chat, unread, 1);
	/* Notes have no id of a sender's. */
	m.dir = STORE_NOTE;
	assert_ok(store_message_add(f->s, &m, &id));
	assert_ok(store_message_add(f->s, &m, &id));
	assert_chat(f, f->chat, unread, 1);
	big[STORE_TEXT_MAX] = '\0';
	m.text = big;
	assert_ok(store_message_add(f->s, &m, &id));
	free(big);
}

/* A clock set back does not shuffle a conversation. */
static void
test_store_message__order_is_that_of_arrival(void **state)
{
	struct store_fixture *f = *state;
	struct store_messages p;
	int64_t a, b, c;

	a = add_text(f->s, f->chat, STORE_IN, 1, 5000, "a");
	b = add_text(f->s, f->chat, STORE_OUT, 2, 1000, "b");
	c = add_text(f->s, f->chat, STORE_IN, 3, 1000, "c");
	assert_ok(store_message_before(f->s, f->chat, 0, 10, &p));
	assert_int_equal(p.n, 3);
	assert_int_equal(p.v[0].id, a);
	assert_int_equal(p.v[1].id, b);
	assert_int_equal(p.v[2].id, c);
	store_messages_clear(&p);
}

static void
test_store_message__ids_are_never_reused(void **state)
{
	struct store_fixture *f = *state;
	int64_t a = add_text(f->s, f->chat, STORE_IN, 1, 1, "a");

	assert_ok(store_message_delete(f->s, a));
	assert_true(add_text(f->s, f->chat, STORE_IN, 2, 2, "b") > a);
}

/* ---- states ---------------------------------------------------------------------- */

static void
test_store_message_set_state__only_forward(void **state)
{
	/* from, to, moves */
	static const struct {
		enum store_msg_state from, to;
		bool moves;
	} cases[] = {
	    {STORE_MSG_PENDING, STORE_MSG_PENDING, false},
	    {STORE_MSG_PENDING, STORE_MSG_SENT, true},
	    {STORE_MSG_PENDING, STORE_MSG_READ, true},
	    {STORE_MSG_PENDING, STORE_MSG_FAILED, true},
	    {STORE_MSG_SENT, STORE_MSG_PENDING, false},
	    {STORE_MSG_SENT, STORE_MSG_SENT, false},
	    {STORE_MSG_SENT, STORE_MSG_DELIVERED, true},
	    {STORE_MSG_SENT, STORE_MSG_FAILED, false},
	    {STORE_MSG_DELIVERED, STORE_MSG_SENT, false},
	    {STORE_MSG_DELIVERED, STORE_MSG_READ, true},
	    {STORE_MSG_READ, STORE_MSG_DELIVERED, false},
	    {STORE_MSG_READ, STORE_MSG_FAILED, false},
	    {STORE_MSG_FAILED, STORE_MSG_PENDING, true},
	    {STORE_MSG_FAILED, STORE_MSG_SENT, true},
	    {STORE_MSG_FAILED, STORE_MSG_FAILED, false},
	};
	struct store_fixture *f = *state;
	struct store_message got;
	char sql[80];
	int64_t id = add_text(f->s, f->chat, STORE_OUT, 1, 1, "x");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool moved = !cases[i].moves;

		snprintf(sql, sizeof(sql),
		    "UPDATE message SET state = %d;"
		    "UPDATE chat SET last_state = %d",
		    cases[i].from, cases[i].from);
		assert_ok(store_exec(f->s, sql));
		assert_ok(
		    store_message_set_state(f->s, id, cases[i].to, &moved));
		if (moved != cases[i].moves)
			fail_msg("case %zu", i);
		assert_ok(store_message_get(f->s, id, &got));
		assert_int_equal(
		    got.state, moved ? cases[i].to : cases[i].from);
		store_message_clear(&got);
		assert_chat(f, f->chat, last_state,
		    moved ? cases[i].to : cases[i].from);
	}
}

static void
test_store_message_set_state__is_for_what_we_send(void **state)
{
	struct store_fixture *f = *state;
	int64_t in = add_text(f->s, f->chat, STORE_IN, 1, 1, "x");
	int64_t out = add_text(f->s, f->chat, STORE_OUT, 2, 2, "y");
	bool moved = true;

	assert_err(store_message_set_state(f->s, in, STORE_MSG_SENT, &moved),
	    ERR_STATE);
	assert_err(store_message_set_state(f->s, 99, STORE_MSG_SENT, &moved),
	    ERR_NOTFOUND);
	assert_err(store_message_set_state(f->s, out, STORE_MSG_WAITING, NULL),
	    ERR_STATE);
	assert_true(moved);
	/* An older message does not change the chat's line. */
	assert_ok(store_message_set_state(f->s, out, STORE_MSG_SENT, NULL));
	add_text(f->s, f->chat, STORE_OUT, 3, 3, "z");
	assert_ok(store_message_set_state(f->s, out, STORE_MSG_READ, NULL));
	assert_chat(f, f->chat, last_state, STORE_MSG_PENDING);
}

static void
test_store_message_fill__turns_waiting_into_received(void **state)
{
	struct store_fixture *f = *state;
	struct store_message m = {.chat = f->chat,
	    .dir = STORE_IN,
	    .state = STORE_MSG_WAITING,
	    .received_ms = 10,
	    .sent_ms = 10};
	struct store_message got;
	struct store_hits h;
	struct store_chat c;
	int64_t id;

	assert_ok(store_message_add(f->s, &m, &id));
	assert_ok(store_message_fill(f->s, id, STORE_MSG_TEXT, "at last", 7));
	assert_ok(store_message_get(f->s, id, &got));
	assert_int_equal(got.state, STORE_MSG_RECEIVED);
	assert_string_equal(got.text, "at last");
	assert_int_equal(got.sent_ms, 7);
	store_message_clear(&got);
	c = chat_row(f->s, f->chat);
	assert_string_equal(c.last_text, "at last");
	assert_int_equal(c.last_state, STORE_MSG_RECEIVED);
	assert_int_equal(c.unread, 1);
	store_chat_clear(&c);
	assert_ok(store_search(f->s, 0, "last", 0, 5, &h));
	assert_int_equal(h.n, 1);
	store_hits_clear(&h);
	assert_err(
	    store_message_fill(f->s, id, STORE_MSG_TEXT, "no", 7), ERR_STATE);
	assert_err(store_message_fill(f->s, 99, STORE_MSG_TEXT, "no", 7),
	    ERR_NOTFOUND);
	assert_err(
	    store_message_fill(f->s, id, STORE_MSG_TEXT, "\xff", 7), ERR_RANGE);
}

static void
test_store_message_delete__mends_the_chat(void **state)
{
	struct store_fixture *f = *state;
	int64_t a = add_text(f->s, f->chat, STORE_IN, 1, 100, "alpha");
	int64_t b = add_text(f->s, f->chat, STORE_IN, 2, 200, "beta");
	int64_t c = add_text(f->s, f->chat, STORE_OUT, 3, 300, "gamma");
	struct store_receipt *v = NULL;
	struct store_hits h;
	struct store_chat row;
	size_t n;

	assert_ok(store_receipt_put(
	    f->s, c, id_of(1).b, 1, STORE_MSG_DELIVERED, 5, NULL));
	assert_ok(store_message_mark_read(f->s, f->chat, a, NULL));
	assert_chat(f, f->chat, unread, 1);
	assert_ok(store_message_delete(f->s, c));
	row = chat_row(f->s, f->chat);
	assert_int_equal(row.last_id, b);
	assert_string_equal(row.last_text, "beta");
	assert_int_equal(row.last_ms, 200);
	store_chat_clear(&row);
	assert_ok(store_receipt_list(f->s, c, &v, &n));
	assert_int_equal(n, 0);
	free(v);
	assert_ok(store_message_delete(f->s, a)); /* was read */
	assert_chat(f, f->chat, unread, 1);
	assert_ok(store_message_delete(f->s, b)); /* was not */
	assert_chat(f, f->chat, unread, 0);
	assert_chat(f, f->chat, last_id, 0);
	assert_err(store_message_delete(f->s, b), ERR_NOTFOUND);
	assert_ok(store_search(f->s, 0, "alpha", 0, 5, &h));
	assert_int_equal(h.n, 0);
	store_hits_clear(&h);
}

/* ---- pages ------------------------------------------------------------------------ */

/* Messages 1..25 here, strangers' in between in another chat. */
static void
fill_25(struct store_fixture *f, int64_t ids[26])
{
	int64_t other = chat_with(f->s, 2);
	char text[16];

	assert_ok(store_begin(f->s));
	for (unsigned i = 1; i <= 25; i++) {
		snprintf(text, sizeof(text), "m%u", i);
		ids[i] = add_text(f->s, f->chat, i % 2 ? STORE_IN : STORE_OUT,
		    i, 100 + i / 5, text); /* five share a time */
		add_text(f->s, other, STORE_IN, 100 + i, 100 + i, "other");
	}
	assert_ok(store_commit(f->s));
}

static void
check_page(const struct store_messages *p, const int64_t *ids, unsigned first,
    size_t n, bool before, bool after)
{
	assert_int_equal(p->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p->v[i].id, ids[first + i]);
	assert_int_equal(p->more_before, before);
	assert_int_equal(p->more_after, after);
}

static void
test_store_message_pages__meet_without_gap_or_overlap(void **state)
{
	struct store_fixture *f = *state;
	struct store_messages p;
	int64_t ids[26];

	fill_25(f, ids);
	assert_ok(store_message_before(f->s, f->chat, 0, 10, &p));
	check_page(&p, ids, 16, 10, true, false);
	store_messages_clear(&p);
	assert_ok(store_message_before(f->s, f->chat, ids[16], 10, &p));
	check_page(&p, ids, 6, 10, true, true);
	store_messages_clear(&p);
	assert_ok(store_message_before(f->s, f->chat, ids[6], 10, &p));
	check_page(&p, ids, 1, 5, false, true);
	store_messages_clear(&p);
	assert_ok(store_message_after(f->s, f->chat, ids[5], 10, &p));
	check_page(&p, ids, 6, 10, true, true);
	store_messages_clear(&p);
	assert_ok(store_message_after(f->s, f->chat, ids[15], 10, &p));
	check_page(&p, ids, 16, 10, true, false);
	store_messages_clear(&p);
	assert_ok(store_message_after(f->s, f->chat, 0, 5, &p));
	check_page(&p, ids, 1, 5, false, true);
	store_messages_clear(&p);
	assert_ok(store_message_around(f->s, f->chat, ids[13], 5, &p));
	check_page(&p, ids, 11, 5, true, true);
	store_messages_clear(&p);
	assert_ok(store_message_around(f->s, f->chat, ids[1], 6, &p));
	check_page(&p, ids, 1, 3, false, true);
	store_messages_clear(&p);
	assert_ok(store_message_around(f->s, f->chat, ids[25], 6, &p));
	check_page(&p, ids, 22, 4, true, false);
	store_messages_clear(&p);
}

static void
test_store_message_pages__refuse_strange_places(void **state)
{
	struct store_fixture *f = *state;
	struct store_messages p = {.n = 77};
	int64_t ids[26], other = chat_with(f->s, 3);

	fill_25(f, ids);
	assert_err(
	    store_message_before(f->s, other, ids[3], 5, &p), ERR_NOTFOUND);
	assert_err(
	    store_message_after(f->s, f->chat, 9999, 5, &p), ERR_NOTFOUND);
	assert_err(
	    store_message_around(f->s, other, ids[3], 5, &p), ERR_NOTFOUND);
	assert_err(store_message_before(f->s, other, 0, 0, &p), ERR_RANGE);
	assert_err(store_message_after(f->s, other, 0, STORE_PAGE_MAX + 1, &p),
	    ERR_RANGE);
	assert_err(store_message_incoming(f->s, 0, 0, &p), ERR_RANGE);
	assert_int_equal(p.n, 77);
	assert_ok(store_message_before(f->s, other, 0, 5, &p));
	assert_int_equal(p.n, 0);
	assert_false(p.more_before);
	store_messages_clear(&p);
}

static void
test_store_message_incoming__walks_all_chats_by_id(void **state)
{
	struct store_fixture *f = *state;
	struct store_messages p;
	int64_t ids[26], last = 0;
	size_t seen = 0;
	bool more = true;

	fill_25(f, ids);
	while (more) {
		assert_ok(store_message_incoming(f->s, last, 7, &p));
		for (size_t i = 0; i < p.n; i++) {
			assert_int_equal(p.v[i].dir, STORE_IN);
			assert_true(p.v[i].id > last);
			last = p.v[i].id;
		}
		seen += p.n;
		more = p.more_after;
		store_messages_clear(&p);
	}
	assert_int_equal(seen, 13 + 25);
}

static void
test_store_message_mark_read__counts_and_never_goes_back(void **state)
{
	struct store_fixture *f = *state;
	struct store_messages newly;
	int64_t ids[26];
	uint64_t all = 0;

	fill_25(f, ids);
	assert_chat(f, f->chat, unread, 13);
	assert_ok(store_chat_unread(f->s, &all));
	assert_int_equal(all, 38);
	assert_ok(store_message_mark_read(f->s, f->chat, ids[10], &newly));
	assert_int_equal(newly.n, 5); /* 1 3 5 7 9 */
	assert_int_equal(newly.v[0].id, ids[1]);
	assert_int_equal(newly.v[4].id, ids[9]);
	assert_memory_equal(newly.v[4].message_id, id_of(9).b, 16);
	assert_memory_equal(newly.v[4].account, id_of(1).b, 16);
	assert_false(newly.more_before);
	store_messages_clear(&newly);
	assert_chat(f, f->chat, unread, 8);
	assert_chat(f, f->chat, read_up_to, ids[10]);
	assert_ok(store_message_mark_read(f->s, f->chat, ids[4], &newly));
	assert_int_equal(newly.n, 0);
	store_messages_clear(&newly);
	assert_chat(f, f->chat, read_up_to, ids[10]);
	assert_ok(store_message_mark_read(f->s, f->chat, ids[25], NULL));
	assert_chat(f, f->chat, unread, 0);
	assert_err(
	    store_message_mark_read(f->s, f->chat, 9999, NULL), ERR_NOTFOUND);
	assert_ok(store_chat_unread(f->s, &all));
	assert_int_equal(all, 25);
	add_text(f->s, f->chat, STORE_IN, 500, 1, "late clock");
	assert_chat(f, f->chat, unread, 1);
}

static void
test_store_message_mark_read__gives_at_most_a_page(void **state)
{
	struct store_fixture *f = *state;
	struct store_messages newly;
	int64_t id = 0;

	assert_ok(store_begin(f->s));
	for (unsigned i = 0; i < STORE_PAGE_MAX + 5; i++)
		id = add_text(f->s, f->chat, STORE_IN, 1000 + i, i, "x");
	assert_ok(store_commit(f->s));
	assert_ok(store_message_mark_read(f->s, f->chat, id, &newly));
	assert_int_equal(newly.n, STORE_PAGE_MAX);
	assert_true(newly.more_before);
	assert_int_equal(newly.v[STORE_PAGE_MAX - 1].id, id);
	store_messages_clear(&newly);
	assert_chat(f, f->chat, unread, 0);
}

/* ---- receipts, inbox --------------------------------------------------------------- */

static void
test_store_receipt__per_device_first_time_stays(void **state)
{
	struct store_fixture *f = *state;
	int64_t out = add_text(f->s, f->chat, STORE_OUT, 1, 1, "x");
	int64_t in = add_text(f->s, f->chat, STORE_IN, 2, 2, "y");
	struct store_receipt *v;
	struct id16 a = id_of(1);
	bool moved = false;
	size_t n;

	assert_ok(store_receipt_put(
	    f->s, out, a.b, 2, STORE_MSG_DELIVERED, 10, &moved));
	assert_true(moved);
	assert_ok(
	    store_receipt_put(f->s, out, a.b, 1, STORE_MSG_READ, 20, &moved));
	assert_true(moved);
	assert_ok(store_receipt_put(
	    f->s, out, a.b, 1, STORE_MSG_DELIVERED, 30, &moved));
	assert_false(moved);
	assert_ok(
	    store_receipt_put(f->s, out, a.b, 1, STORE_MSG_READ, 40, NULL));
	assert_ok(store_receipt_list(f->s, out, &v, &n));
	assert_int_equal(n, 2);
	assert_int_equal(v[0].device, 1);
	assert_int_equal(v[0].read_ms, 20);
	assert_int_equal(v[0].delivered_ms, 30);
	assert_int_equal(v[1].device, 2);
	assert_int_equal(v[1].delivered_ms, 10);
	assert_int_equal(v[1].read_ms, 0);
	free(v);
	assert_err(store_receipt_put(f->s, in, a.b, 1, STORE_MSG_READ, 1, NULL),
	    ERR_STATE);
	assert_err(store_receipt_put(f->s, 99, a.b, 1, STORE_MSG_READ, 1, NULL),
	    ERR_NOTFOUND);
	assert_err(
	    store_receipt_put(f->s, out, a.b, 1, STORE_MSG_SENT, 1, NULL),
	    ERR_STATE);
}

static void
test_store_inbox__knows_what_was_there(void **state)
{
	struct store_fixture *f = *state;
	struct id16 a = id_of(1), m = id_of(5);
	bool has = true;

	assert_ok(store_inbox_has(f->s, a.b, 1, m.b, &has));
	assert_false(has);
	assert_ok(store_inbox_add(f->s, a.b, 1, m.b, 100));
	assert_err(store_inbox_add(f->s, a.b, 1, m.b, 200), ERR_DUP);
	assert_ok(store_inbox_add(f->s, a.b, 2, m.b, 200));
	assert_ok(store_inbox_has(f->s, a.b, 1, m.b, &has));
	assert_true(has);
	assert_ok(store_inbox_prune(f->s, 150));
	assert_ok(store_inbox_has(f->s, a.b, 1, m.b, &has));
	assert_false(has);
	assert_ok(store_inbox_has(f->s, a.b, 2, m.b, &has));
	assert_true(has);
}

/* ---- search ------------------------------------------------------------------------ */

static void
check_expr(const char *query, int64_t chat, const char *want)
{
	struct buf b;

	buf_init(&b, 8192);
	assert_ok(store_search_expr(query, chat, &b));
	assert_ok(buf_put_u8(&b, 0));
	assert_string_equal((char *)b.p, want);
	buf_clear(&b);
}

static void
test_store_search_expr__what_is_typed_is_never_syntax(void **state)
{
	(void)state;
	check_expr("", 0, "");
	check_expr("  \n ", 0, "");
	check_expr("!!! --", 5, "");
	check_expr("hello", 0, "{text} : (\"hello\"*)");
	check_expr(" a  bc ", 0, "{text} : (\"a\" AND \"bc\"*)");
	check_expr("\"old friend\" x", 7,
	    "{text} : (\"old friend\" AND \"x\") AND {chat} : \"7\"");
	check_expr("NOT OR (x* NEAR", 0,
	    "{text} : (\"NOT\"* AND \"OR\"* AND \"(x*\"* AND \"NEAR\"*)");
	check_expr(
	    "it's {text}:a^b", 0, "{text} : (\"it's\"* AND \"{text}:a^b\"*)");
	check_expr("ab\"cd", 0, "{text} : (\"ab\"* AND \"cd\")");
	check_expr("\"", 0, "");
	check_expr("\xc3\xa4", 0, "{text} : (\"\xc3\xa4\")");
	check_expr("\xc3\xa4\xc3\xb6", 0, "{text} : (\"\xc3\xa4\xc3\xb6\"*)");
}

/* Search and compare the hits' ids, newest first, ending with 0. */
static void
check_search(struct store_fixture *f, int64_t chat, const char *query,
    const int64_t *want)
{
	struct store_hits h;
	int r = store_search(f->s, chat, query, 0, 50, &h);

	if (r != 0)
		fail_msg("%s: %s", query, store_error(f->s));
	for (size_t i = 0; i < h.n; i++) {
		if (h.v[i].msg.id != want[i])
			fail_msg(
			    "%s: hit %zu is %d", query, i, (int)h.v[i].msg.id);
	}
	assert_int_equal(want[h.n], 0);
	store_hits_clear(&h);
}

#define IDS(...) ((const int64_t[]){__VA_ARGS__, 0})

static void
test_store_search__finds_as_people_type(void **state)
{
	struct store_fixture *f = *state;
	int64_t other = chat_with(f->s, 2), a, b, c, d;

	a = add_text(f->s, f->chat, STORE_IN, 1, 1, "Caf\xc3\xa9 at noon?");
	b = add_text(f->s, other, STORE_OUT, 2, 2, "the CAFE is closed");
	c = add_text(f->s, f->chat, STORE_IN, 3, 3, "noon at the cafeteria");
	d = add_text(f->s, other, STORE_IN, 4, 4,
	    "\xd0\x9f\xd1\x80\xd0\xb8"
	    "\xd0\xb2\xd0\xb5\xd1\x82 1");
	check_search(f, 0, "cafe", IDS(c, b, a));
	check_search(f, 0, "caf\xc3\xa9", IDS(c, b, a));
	check_search(f, 0, "\"cafe\"", IDS(b, a));
	check_search(f, f->chat, "cafe", IDS(c, a));
	check_search(f, other, "cafe", IDS(b));
	check_search(f, 0, "noon cafe", IDS(c, a));
	check_search(f, 0, "\"at noon\"", IDS(a));
	check_search(f, 0, "at no", IDS(c, a));
	check_search(f, 0, "n", IDS(0)); /* one letter: the whole word only */
	check_search(f, 0, "closed!", IDS(b));
	check_search(f, 0, "closed !!!", IDS(b));
	check_search(f, 0, "\xd0\xbf\xd1\x80\xd0\xb8", IDS(d)); /* case */
	check_search(f, 0, "1", IDS(d)); /* not the chat's number */
	check_search(f, 0, "chat", IDS(0));
	check_search(f, 0, "", IDS(0));
	check_search(f, 0, "\xf0\x9f\x90\xb1", IDS(0));
	check_search(f, 0, "cafe OR closed", IDS(0));
	check_search(f, 0, "*", IDS(0));
}

static void
test_store_search__pages_and_marks(void **state)
{
	struct store_fixture *f = *state;
	struct store_contact k = {.name = "Bea"};
	struct store_hits h;
	int64_t ids[26], odd;

	memcpy(k.account, id_of(1).b, 16);
	assert_ok(store_contact_put(f->s, &k));
	assert_ok(store_begin(f->s));
	for (unsigned i = 1; i <= 25; i++)
		ids[i] = add_text(f->s, f->chat, STORE_IN, i, i,
		    "so \xc3\xbc"
		    "ber Word here, word");
	assert_ok(store_commit(f->s));
	assert_ok(store_search(f->s, 0, "wor", 0, 10, &h));
	assert_int_equal(h.n, 10);
	assert_true(h.more);
	assert_int_equal(h.v[0].msg.id, ids[25]);
	assert_int_equal(h.v[9].msg.id, ids[16]);
	assert_string_equal(h.v[0].title, "Bea");
	assert_int_equal(h.v[0].mark_off, 9);
	assert_int_equal(h.v[0].mark_len, 4);
	store_hits_clear(&h);
	assert_ok(store_search(f->s, f->chat, "wor", ids[16], 15, &h));
	assert_int_equal(h.n, 15);
	assert_false(h.more);
	assert_int_equal(h.v[0].msg.id, ids[15]);
	store_hits_clear(&h);
	assert_ok(store_search(f->s, 0, "ueber", 0, 10, &h));
	assert_int_equal(h.n, 0);
	store_hits_clear(&h);
	/* A text that contains the marks itself. */
	odd = add_text(f->s, f->chat, STORE_IN, 90, 90,
	    "\x01\x02"
	    "foo bar");
	assert_ok(store_search(f->s, 0, "\"foo bar\"", 0, 1, &h));
	assert_int_equal(h.v[0].msg.id, odd);
	assert_int_equal(h.v[0].mark_off, 2);
	assert_int_equal(h.v[0].mark_len, 7);
	store_hits_clear(&h);
}

static void
test_store_search__refuses_what_is_no_query(void **state)
{
	struct store_fixture *f = *state;
	char big[STORE_QUERY_MAX + 2];
	struct store_hits h = {.n = 77};

	memset(big, '(', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_err(store_search(f->s, 0, big, 0, 5, &h), ERR_RANGE);
	assert_err(store_search(f->s, 0, "\xff", 0, 5, &h), ERR_RANGE);
	assert_err(store_search(f->s, 0, "a", 0, 0, &h), ERR_RANGE);
	assert_int_equal(h.n, 77);
	for (size_t i = 0; i < STORE_QUERY_MAX; i++)
		big[i] = i % 2 ? 'x' : ' '; /* more words than are looked at */
	big[STORE_QUERY_MAX] = '\0';
	assert_ok(store_search(f->s, 0, big, 0, 5, &h));
	store_hits_clear(&h);
}

/* ---- memory ------------------------------------------------------------------------ */

static int
use_messages(void *arg)
{
	struct store_fixture *f = arg;
	struct store_messages a = {0}, b = {0}, c = {0};
	struct store_chats l = {0};
	struct store_hits h = {0};
	struct store_chat one = {0};
	struct store_message m = {0};
	int r;

	r = store_message_before(f->s, f->chat, 0, 20, &a);
	if (r == 0)
		r = store_message_around(f->s, f->chat, 5, 20, &b);
	if (r == 0)
		r = store_message_incoming(f->s, 0, 3, &c);
	if (r == 0)
		r = store_chat_list(f->s, &l);
	if (r == 0)
		r = store_chat_get(f->s, f->chat, &one);
	if (r == 0)
		r = store_message_get(f->s, 1, &m);
	if (r == 0)
		r = store_search(f->s, 0, "m1", 0, 3, &h);
	store_messages_clear(&a);
	store_messages_clear(&b);
	store_messages_clear(&c);
	store_chats_clear(&l);
	store_chat_clear(&one);
	store_message_clear(&m);
	store_hits_clear(&h);
	return r;
}

static void
test_store_message__runs_out_of_memory_cleanly(void **state)
{
	struct store_fixture *f = *state;
	int64_t ids[26];

	fill_25(f, ids);
	assert_true(alloc_sweep(use_messages, f) > 40);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    name, fixture_new_with_chat, fixture_end)
	const struct CMUnitTest tests[] = {
	    T(test_store_chat_open__is_the_same_chat_again),
	    T(test_store_chat_list__last_activity_first_with_all_of_a_row),
	    T(test_store_chat__long_last_text_is_cut_between_characters),
	    T(test_store_chat__last_time_is_never_in_the_future),
	    T(test_store_chat_set_draft__survives_and_goes),
	    T(test_store_message_add__comes_back_whole),
	    T(test_store_message_add__refuses_what_does_not_fit),
	    T(test_store_message__order_is_that_of_arrival),
	    T(test_store_message__ids_are_never_reused),
	    T(test_store_message_set_state__only_forward),
	    T(test_store_message_set_state__is_for_what_we_send),
	    T(test_store_message_fill__turns_waiting_into_received),
	    T(test_store_message_delete__mends_the_chat),
	    T(test_store_message_pages__meet_without_gap_or_overlap),
	    T(test_store_message_pages__refuse_strange_places),
	    T(test_store_message_incoming__walks_all_chats_by_id),
	    T(test_store_message_mark_read__counts_and_never_goes_back),
	    T(test_store_message_mark_read__gives_at_most_a_page),
	    T(test_store_receipt__per_device_first_time_stays),
	    T(test_store_inbox__knows_what_was_there),
	    cmocka_unit_test(
		test_store_search_expr__what_is_typed_is_never_syntax),
	    T(test_store_search__finds_as_people_type),
	    T(test_store_search__pages_and_marks),
	    T(test_store_search__refuses_what_is_no_query),
	    T(test_store_message__runs_out_of_memory_cleanly),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
