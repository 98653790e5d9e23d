/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_status.c — status posts: kept for a day, for whom, seen by whom. */
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/store_action.h"
#include "tui/store/store_contact.h"
#include "tui/store/store_message.h"
#include "tui/store/store_outbox.h"
#include "tui/store/store_search.h"
#include "tui/store/store_status.h"

#define DAY STORE_STATUS_LIFE_MS
#define NOW (20000 * DAY)

static const uint8_t one[1][STORE_ID_LEN] = {{5, 5}};

static int
try_add(struct store *s, unsigned who, unsigned id, uint64_t ms, int64_t *row)
{
	struct store_status st = {.device = 1,
	    .state = who == 9 ? STORE_STATUS_PENDING : STORE_STATUS_RECEIVED,
	    .text = lit("at the lake"),
	    .posted_ms = ms,
	    .expires_ms = ms + DAY};

	memcpy(st.account, id_of(who).b, STORE_ID_LEN);
	memcpy(st.message_id, id_of(id).b, STORE_ID_LEN);
	return store_status_add(s, &st, row);
}

/* 9: we. */
static int64_t
post(struct store *s, unsigned who, unsigned id, uint64_t ms)
{
	int64_t row = 0;

	assert_ok(try_add(s, who, id, ms, &row));
	assert_true(row > 0);
	return row;
}

static bool
is_there(struct store *s, int64_t id)
{
	struct store_status st;
	int r = store_status_get(s, id, &st);

	if (r == ERR_NOTFOUND)
		return false;
	assert_ok(r);
	store_status_clear(&st);
	return true;
}

static void
contact(struct store *s, unsigned who, const char *name, enum store_trust trust,
    bool blocked)
{
	struct store_contact c = {.trust = trust, .blocked = blocked};

	memcpy(c.account, id_of(who).b, STORE_ID_LEN);
	memcpy(c.name, name, strlen(name));
	assert_ok(store_contact_put(s, &c));
}

static struct store_status_person
person(struct store *s, unsigned who)
{
	struct store_status_person p;

	assert_ok(store_status_person(s, id_of(who).b, &p));
	return p;
}

/* ---- posts ------------------------------------------------------------------ */

static void
test_store_status__is_as_it_was_put(void **state)
{
	struct store *s = store_of(state);
	struct store_status st;
	int64_t id = post(s, 1, 70, NOW), found = 0;

	assert_ok(store_status_get(s, id, &st));
	assert_memory_equal(st.account, id_of(1).b, STORE_ID_LEN);
	assert_memory_equal(st.message_id, id_of(70).b, STORE_ID_LEN);
	assert_string_equal(st.text, "at the lake");
	assert_int_equal(st.state, STORE_STATUS_RECEIVED);
	assert_int_equal(st.posted_ms, NOW);
	assert_int_equal(st.expires_ms, NOW + DAY);
	assert_null(st.media);
	assert_false(st.seen);
	store_status_clear(&st);
	assert_ok(store_status_find(s, id_of(1).b, id_of(70).b, &found));
	assert_int_equal(found, id);
	assert_err(store_status_find(s, id_of(2).b, id_of(70).b, &found),
	    ERR_NOTFOUND);
	assert_err(try_add(s, 1, 70, NOW, &found), ERR_EXISTS);
	assert_int_equal(found, id); /* unchanged */
}

static void
test_store_status__media_stay(void **state)
{
	struct store *s = store_of(state);
	uint8_t media[3] = {1, 0, 2};
	struct store_status st = {
	    .kind = 3, .media = media, .media_len = 3, .expires_ms = NOW};
	int64_t id;

	assert_ok(store_status_add(s, &st, &id));
	assert_ok(store_status_get(s, id, &st));
	assert_int_equal(st.kind, 3);
	assert_int_equal(st.media_len, 3);
	assert_memory_equal(st.media, media, 3);
	assert_string_equal(st.text, "");
	store_status_clear(&st);
}

static void
test_store_status__no_unfit_text(void **state)
{
	struct store_status st = {.text = lit("\xff"), .expires_ms = 1};
	char *big = calloc(1, STORE_STATUS_TEXT_MAX + 2);
	int64_t id = 5;

	assert_non_null(big);
	memset(big, 'a', STORE_STATUS_TEXT_MAX + 1);
	assert_err(store_status_add(store_of(state), &st, &id), ERR_RANGE);
	st.text = big;
	assert_err(store_status_add(store_of(state), &st, &id), ERR_RANGE);
	big[STORE_STATUS_TEXT_MAX] = '\0';
	assert_int_equal(id, 5);
	assert_ok(store_status_add(store_of(state), &st, &id));
	free(big);
}

static void
test_store_status__nobody_fills_the_store(void **state)
{
	struct store *s = store_of(state);
	int64_t id;
	unsigned i;

	for (i = 0; i < STORE_STATUS_OF_ONE_MAX; i++)
		(void)post(s, 1, 100 + i, NOW);
	assert_err(try_add(s, 1, 99, NOW, &id), ERR_FULL);
	(void)post(s, 2, 99, NOW);
}

static void
test_store_status__page_is_by_person_and_time(void **state)
{
	struct store *s = store_of(state);
	struct store_statuses l;
	int64_t b = post(s, 2, 70, NOW), a2 = post(s, 1, 71, NOW + 5),
		a1 = post(s, 1, 72, NOW + 4);

	(void)post(s, 1, 73, NOW - DAY); /* is over */
	assert_ok(store_status_page(s, NOW, &l));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[0].id, a1);
	assert_int_equal(l.v[1].id, a2);
	assert_int_equal(l.v[2].id, b);
	store_statuses_clear(&l);
}

static void
test_store_status__a_state_goes_forward(void **state)
{
	struct store *s = store_of(state);
	int64_t id = post(s, 9, 70, NOW), in = post(s, 1, 71, NOW);
	bool moved = false;

	assert_ok(store_status_set_state(s, id, STORE_STATUS_FAILED, &moved));
	assert_true(moved);
	assert_ok(store_status_set_state(s, id, STORE_STATUS_SENT, &moved));
	assert_false(moved);
	assert_ok(store_status_set_state(s, id, STORE_STATUS_PENDING, &moved));
	assert_true(moved);
	assert_ok(store_status_set_state(s, id, STORE_STATUS_SENT, NULL));
	assert_ok(store_status_set_state(s, id, STORE_STATUS_FAILED, &moved));
	assert_false(moved);
	assert_ok(store_status_set_state(s, in, STORE_STATUS_SENT, &moved));
	assert_false(moved);
	assert_err(store_status_set_state(s, 77, STORE_STATUS_SENT, &moved),
	    ERR_NOTFOUND);
}

static void
test_store_status__is_seen_once(void **state)
{
	struct store *s = store_of(state);
	int64_t id = post(s, 1, 70, NOW);
	bool news = false;

	assert_ok(store_status_see(s, id, &news));
	assert_true(news);
	assert_ok(store_status_see(s, id, &news));
	assert_false(news);
	assert_err(store_status_see(s, id + 1, &news), ERR_NOTFOUND);
}

/* ---- their end -------------------------------------------------------------- */

static void
test_store_status__is_over_after_a_day(void **state)
{
	struct store *s = store_of(state);
	int64_t old = post(s, 1, 70, NOW - 5), id = 0;
	uint64_t ms = 1, last = 1;

	(void)post(s, 1, 71, NOW);
	assert_ok(store_status_next_expiry(s, &ms, &last));
	assert_int_equal(ms, NOW - 5 + DAY);
	assert_int_equal(last, NOW + DAY);
	assert_err(store_status_expired(s, NOW + DAY - 6, &id), ERR_NOTFOUND);
	assert_ok(store_status_expired(s, NOW + DAY - 5, &id));
	assert_int_equal(id, old);
	assert_ok(store_status_delete(s, id));
	assert_err(store_status_delete(s, id), ERR_NOTFOUND);
	assert_err(store_status_expired(s, NOW + DAY - 5, &id), ERR_NOTFOUND);
	assert_ok(store_status_next_expiry(s, &ms, &last));
	assert_int_equal(ms, NOW + DAY);
}

static void
test_store_status__no_clock_makes_it_live_longer(void **state)
{
	struct store *s = store_of(state);
	int64_t ahead = post(s, 1, 70, NOW + 7 * DAY),
		now = post(s, 1, 71, NOW);
	struct store_status st;

	assert_ok(store_status_clamp(s, NOW));
	assert_ok(store_status_get(s, ahead, &st));
	assert_int_equal(st.expires_ms, NOW + DAY);
	assert_int_equal(st.posted_ms, NOW);
	store_status_clear(&st);
	assert_ok(store_status_clamp(s, NOW + 1));
	assert_ok(store_status_get(s, now, &st));
	assert_int_equal(st.expires_ms, NOW + DAY);
	store_status_clear(&st);
}

/* Nothing of a post is left: not in its row, not in what quotes it, and it was
 * never among messages. */
static void
test_store_status__leaves_nothing(void **state)
{
	struct store_fixture *f = *state;
	struct store *s = f->s;
	struct store_quote q = {.text = "at the lake", .status = true}, got;
	int64_t id = post(s, 1, 70, NOW), chat = chat_with(s, 1), m;
	struct store_viewer v = {.viewed_ms = NOW};
	struct store_hits hits;
	bool news;

	m = add_text(s, chat, STORE_OUT, 80, NOW, "cold?");
	memcpy(q.account, id_of(1).b, STORE_ID_LEN);
	memcpy(q.message_id, id_of(70).b, STORE_ID_LEN);
	assert_ok(store_quote_put(s, m, &q));
	assert_ok(store_status_audience_put(s, id, one, 1));
	assert_ok(store_status_view_put(s, id, &v, &news));
	assert_ok(store_search(s, 0, "lake", 0, 10, &hits));
	assert_int_equal(hits.n, 0);
	store_hits_clear(&hits);
	assert_ok(store_status_delete(s, id));
	assert_ok(store_quote_get(s, m, &got));
	assert_true(got.status);
	assert_string_equal(got.text, "");
	assert_false(is_there(s, id));
}

/* A message's quote is none of a post's. */
static void
test_store_status__other_quotes_stay(void **state)
{
	struct store *s = store_of(state);
	struct store_quote q = {.text = "at the lake"};
	int64_t id = post(s, 1, 70, NOW), m;

	m = add_text(s, chat_with(s, 1), STORE_OUT, 80, NOW, "cold?");
	memcpy(q.account, id_of(1).b, STORE_ID_LEN);
	memcpy(q.message_id, id_of(70).b, STORE_ID_LEN);
	assert_ok(store_quote_put(s, m, &q));
	assert_ok(store_status_delete(s, id));
	assert_ok(store_quote_get(s, m, &q));
	assert_false(q.status);
	assert_string_equal(q.text, "at the lake");
}

/* ---- for whom, seen by whom --------------------------------------------------- */

static void
test_store_status__whom_it_went_to(void **state)
{
	struct store *s = store_of(state);
	const uint8_t to[3][STORE_ID_LEN] = {{3}, {1}, {2}};
	int64_t id = post(s, 9, 70, NOW), sent = post(s, 9, 71, NOW);
	uint8_t(*v)[STORE_ID_LEN] = NULL;
	struct store_status st;
	bool has = false;
	size_t n = 0;

	assert_ok(store_status_audience_put(s, id, to, 3));
	assert_ok(store_status_audience_put(s, sent, to, 3));
	assert_ok(store_status_set_state(s, sent, STORE_STATUS_SENT, NULL));
	assert_ok(store_status_audience(s, id, &v, &n));
	assert_int_equal(n, 3);
	assert_memory_equal(v[0], to[1], STORE_ID_LEN);
	assert_memory_equal(v[2], to[0], STORE_ID_LEN);
	free(v);
	/* what has left, has left */
	assert_ok(store_status_audience_drop(s, to[0]));
	assert_ok(store_status_audience_has(s, id, to[0], &has));
	assert_false(has);
	assert_ok(store_status_audience_has(s, sent, to[0], &has));
	assert_true(has);
	assert_ok(store_status_get(s, id, &st));
	assert_int_equal(st.audience, 2);
	store_status_clear(&st);
}

static void
test_store_status__who_saw_it(void **state)
{
	struct store *s = store_of(state);
	struct store_viewer a = {.account = {1}, .viewed_ms = 5},
			    b = {.account = {2}, .viewed_ms = 7}, *v = NULL;
	int64_t id = post(s, 9, 70, NOW);
	struct store_status st;
	bool news = false;
	size_t n = 0;

	assert_ok(store_status_view_put(s, id, &a, &news));
	assert_true(news);
	assert_ok(store_status_view_put(s, id, &b, &news));
	a.viewed_ms = 9;
	assert_ok(store_status_view_put(s, id, &a, &news));
	assert_false(news); /* the first time counts */
	assert_ok(store_status_views(s, id, &v, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(v[0].account, b.account, STORE_ID_LEN);
	assert_int_equal(v[1].viewed_ms, 5);
	free(v);
	assert_ok(store_status_get(s, id, &st));
	assert_int_equal(st.views, 2);
	store_status_clear(&st);
}

static void
row_of_line(struct store *s, unsigned who, int64_t *id)
{
	struct store_outgoing o = {
	    .line = STORE_LINE_VIEW, .request = (uint8_t *)lit("x"), .len = 1};

	memcpy(o.account, id_of(who).b, STORE_ID_LEN);
	memcpy(o.message_id, id_of(500).b, STORE_ID_LEN);
	assert_ok(store_outbox_add(s, &o, id));
}

static void
test_store_status__views_are_owed_once(void **state)
{
	struct store *s = store_of(state);
	uint8_t who[STORE_ID_LEN], ids[2][STORE_ID_LEN];
	int64_t row;
	size_t n = 0;

	assert_err(store_status_owed(s, who), ERR_NOTFOUND);
	assert_ok(store_status_owe(s, id_of(1).b, id_of(70).b));
	assert_ok(store_status_owe(s, id_of(1).b, id_of(71).b));
	assert_ok(store_status_owe(s, id_of(1).b, id_of(72).b));
	assert_ok(store_status_owe(s, id_of(1).b, id_of(70).b));
	assert_ok(store_status_owed(s, who));
	assert_memory_equal(who, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_status_take_owed(s, who, ids, 2, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(ids[1], id_of(71).b, STORE_ID_LEN);
	row_of_line(s, 1, &row); /* the next ones wait for that row */
	assert_err(store_status_owed(s, who), ERR_NOTFOUND);
	assert_ok(store_outbox_delete(s, row));
	assert_ok(store_status_owed(s, who));
	assert_ok(store_status_take_owed(s, who, ids, 2, &n));
	assert_int_equal(n, 1);
	assert_ok(store_status_take_owed(s, who, ids, 2, &n));
	assert_int_equal(n, 0);
}

/* ---- people -------------------------------------------------------------------- */

static void
test_store_status__who_is_a_contact(void **state)
{
	struct store *s = store_of(state);
	struct store_status_person *v = NULL;
	int64_t chat;
	size_t n = 0;

	contact(s, 1, "Anna", STORE_TRUST_FIRST_USE, false);
	contact(s, 2, "Ben", STORE_TRUST_FIRST_USE, true); /* blocked */
	contact(s, 3, "", STORE_TRUST_VERIFIED, false);
	contact(s, 4, "", STORE_TRUST_FIRST_USE, false); /* wrote to us */
	contact(s, 5, "", STORE_TRUST_FIRST_USE, false);
	(void)add_text(s, chat_with(s, 4), STORE_IN, 80, NOW, "hi stranger");
	chat = chat_with(s, 5);
	assert_ok(store_message_delete(
	    s, add_text(s, chat, STORE_OUT, 81, NOW, "gone by now")));
	assert_true(person(s, 1).contact);
	assert_false(person(s, 2).contact);
	assert_true(person(s, 3).contact);
	assert_false(person(s, 4).contact);
	assert_true(person(s, 5).contact);
	assert_false(person(s, 6).contact); /* nobody */
	assert_ok(store_status_people(s, &v, &n));
	assert_int_equal(n, 3);
	free(v);
}

static void
test_store_status__lists_and_mutes(void **state)
{
	struct store *s = store_of(state);
	const uint8_t(*nobody)[STORE_ID_LEN] = NULL;
	uint8_t two[2][STORE_ID_LEN];

	contact(s, 1, "Anna", STORE_TRUST_FIRST_USE, false);
	contact(s, 2, "Ben", STORE_TRUST_FIRST_USE, false);
	memcpy(two[0], id_of(1).b, STORE_ID_LEN);
	memcpy(two[1], id_of(2).b, STORE_ID_LEN);
	assert_ok(store_status_mark(s, two[0], STORE_STATUS_MUTED, true));
	assert_ok(store_status_list_put(
	    s, STORE_STATUS_BUT, (const uint8_t(*)[STORE_ID_LEN])two, 2));
	assert_ok(store_status_list_put(
	    s, STORE_STATUS_ONLY, (const uint8_t(*)[STORE_ID_LEN])two + 1, 1));
	assert_true(person(s, 1).but && person(s, 2).but);
	assert_true(!person(s, 1).only && person(s, 2).only);
	assert_true(person(s, 1).muted && !person(s, 2).muted);
	assert_ok(store_status_list_put(s, STORE_STATUS_BUT, nobody, 0));
	assert_false(person(s, 1).but);
	assert_true(person(s, 2).only && person(s, 1).muted);
	assert_ok(store_status_mark(s, two[0], STORE_STATUS_MUTED, false));
	assert_false(person(s, 1).muted);
}

/* ---- short of memory -------------------------------------------------------------- */

static int
page_step(void *arg)
{
	struct store_status_person *p = NULL;
	uint8_t(*to)[STORE_ID_LEN] = NULL;
	struct store_viewer *v = NULL;
	struct store_statuses l = {.n = 0};
	size_t n;
	int r = store_status_page(arg, NOW, &l);

	if (r == 0)
		r = store_status_people(arg, &p, &n);
	if (r == 0)
		r = store_status_audience(arg, l.v[0].id, &to, &n);
	if (r == 0)
		r = store_status_views(arg, l.v[0].id, &v, &n);
	store_statuses_clear(&l);
	free(p);
	free(to);
	free(v);
	return r;
}

static void
test_store_status__every_allocation_fails_once(void **state)
{
	struct store *s = store_of(state);
	struct store_viewer v = {.viewed_ms = NOW};
	int64_t id = post(s, 9, 70, NOW);
	bool news;

	contact(s, 1, "Anna", STORE_TRUST_FIRST_USE, false);
	assert_ok(store_status_audience_put(s, id, one, 1));
	assert_ok(store_status_view_put(s, id, &v, &news));
	assert_true(alloc_sweep(page_step, s) > 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_new, fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_store_status__is_as_it_was_put),
	    T(test_store_status__media_stay),
	    T(test_store_status__no_unfit_text),
	    T(test_store_status__nobody_fills_the_store),
	    T(test_store_status__page_is_by_person_and_time),
	    T(test_store_status__a_state_goes_forward),
	    T(test_store_status__is_seen_once),
	    T(test_store_status__is_over_after_a_day),
	    T(test_store_status__no_clock_makes_it_live_longer),
	    T(test_store_status__leaves_nothing),
	    T(test_store_status__other_quotes_stay),
	    T(test_store_status__whom_it_went_to),
	    T(test_store_status__who_saw_it),
	    T(test_store_status__views_are_owed_once),
	    T(test_store_status__who_is_a_contact),
	    T(test_store_status__lists_and_mutes),
	    T(test_store_status__every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
