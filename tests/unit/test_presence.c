/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/presence/presence.h"
#include "tests/unit/test.h"

#include <sodium.h>

#define TOLD_MAX 64

/* What was told since the last look. */
struct told {
	size_t n;
	struct {
		uint32_t watcher; /* slot */
		uint8_t account; /* first byte */
		struct presence_view view;
	} v[TOLD_MAX];
};

static void
tell(void *arg, const struct route_place *watcher,
    const struct account_id *account, const struct presence_view *view)
{
	struct told *t = arg;

	assert_true(t->n < TOLD_MAX);
	t->v[t->n].watcher = watcher->conn.slot;
	t->v[t->n].account = account->b[0];
	t->v[t->n].view = *view;
	t->n++;
}

static struct account_id
acc(uint8_t n)
{
	return (struct account_id){{n}};
}

static struct route_place
conn(uint32_t slot)
{
	return (struct route_place){.conn = {slot, 1}};
}

struct fixture {
	struct presence *p;
	struct told t;
};

static void
set(struct fixture *f, uint8_t who, uint32_t slot, bool share, bool seen,
    uint8_t allow, bool away, uint64_t now)
{
	struct account_id me = acc(who), other = acc(allow);
	struct route_place c = conn(slot);
	struct presence_rules r = {.share = share,
	    .share_last_seen = seen,
	    .allowed = &other,
	    .n_allowed = allow != 0};

	f->t.n = 0;
	assert_ok(presence_set(f->p, &me, &c, &r, away, now, tell, &f->t));
}

static void
watch(struct fixture *f, uint8_t who, uint32_t slot, uint8_t whom)
{
	struct account_id me = acc(who), other = acc(whom);
	struct route_place c = conn(slot);

	f->t.n = 0;
	assert_ok(
	    presence_watch(f->p, &me, &c, &other, whom != 0, tell, &f->t));
}

static void
gone(struct fixture *f, uint8_t who, uint32_t slot, uint64_t now)
{
	struct account_id me = acc(who);
	struct route_place c = conn(slot);

	f->t.n = 0;
	presence_gone(f->p, &me, &c, now, tell, &f->t);
}

#define assert_told(f, slot, who, is_online, seen)                             \
	do {                                                                   \
		assert_int_equal((f)->t.n, 1);                                 \
		assert_int_equal((f)->t.v[0].watcher, (slot));                 \
		assert_int_equal((f)->t.v[0].account, (who));                  \
		assert_int_equal((f)->t.v[0].view.online, (is_online));        \
		assert_int_equal((f)->t.v[0].view.last_seen_ms, (seen));       \
	} while (0)

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	*state = &f;
	return presence_new(&f.p);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	presence_free(f->p);
	return 0;
}

enum { ANN = 1, BOB = 2, EVE = 3 };
enum { ANN_1 = 11, ANN_2 = 12, BOB_1 = 21, EVE_1 = 31 };

static void
test_presence__only_the_allowed_are_told(void **state)
{
	struct fixture *f = *state;

	watch(f, BOB, BOB_1, ANN);
	watch(f, EVE, EVE_1, ANN);
	assert_int_equal(f->t.n, 0);
	set(f, ANN, ANN_1, true, false, BOB, false, 1000);
	assert_told(f, BOB_1, ANN, true, 0);
	gone(f, ANN, ANN_1, 2000);
	assert_told(f, BOB_1, ANN, false, 0); /* last seen stays hidden */
}

static void
test_presence__shares_nothing_unless_asked_to(void **state)
{
	struct fixture *f = *state;

	watch(f, BOB, BOB_1, ANN);
	set(f, ANN, ANN_1, false, true, BOB, false, 1000);
	assert_int_equal(f->t.n, 0);
	gone(f, ANN, ANN_1, 2000);
	assert_int_equal(f->t.n, 0);
}

static void
test_presence__last_seen_when_shared(void **state)
{
	struct fixture *f = *state;

	set(f, ANN, ANN_1, true, true, BOB, false, 1000);
	gone(f, ANN, ANN_1, 2000);
	watch(f, BOB, BOB_1, ANN); /* afterwards */
	assert_told(f, BOB_1, ANN, false, 2000);
	set(f, ANN, ANN_2, true, true, BOB, true, 3000);
	assert_int_equal(f->t.n, 0); /* connected, nobody looks */
	set(f, ANN, ANN_2, true, true, BOB, false, 4000);
	assert_told(f, BOB_1, ANN, true, 0);
}

static void
test_presence__online_as_long_as_one_device_is(void **state)
{
	struct fixture *f = *state;

	watch(f, BOB, BOB_1, ANN);
	set(f, ANN, ANN_1, true, true, BOB, false, 1000);
	set(f, ANN, ANN_2, true, true, BOB, false, 1100);
	assert_int_equal(f->t.n, 0);
	gone(f, ANN, ANN_1, 2000);
	assert_int_equal(f->t.n, 0);
	set(f, ANN, ANN_2, true, true, BOB, true, 3000);
	assert_told(f, BOB_1, ANN, false, 3000);
}

static void
test_presence__taking_it_back_is_seen(void **state)
{
	struct fixture *f = *state;

	watch(f, BOB, BOB_1, ANN);
	set(f, ANN, ANN_1, true, true, BOB, false, 1000);
	set(f, ANN, ANN_1, true, true, EVE, false, 1100);
	assert_told(f, BOB_1, ANN, false, 0);
	set(f, ANN, ANN_1, true, true, BOB, false, 1200);
	assert_told(f, BOB_1, ANN, true, 0);
	set(f, ANN, ANN_1, false, true, BOB, false, 1300);
	assert_told(f, BOB_1, ANN, false, 0);
}

static void
test_presence_watch__replaces_what_was_watched(void **state)
{
	struct fixture *f = *state;

	watch(f, BOB, BOB_1, ANN);
	watch(f, BOB, BOB_1, EVE);
	set(f, ANN, ANN_1, true, true, BOB, false, 1000);
	assert_int_equal(f->t.n, 0);
	set(f, EVE, EVE_1, true, true, BOB, false, 1000);
	assert_told(f, BOB_1, EVE, true, 0);
	watch(f, BOB, BOB_1, 0);
	gone(f, EVE, EVE_1, 2000);
	assert_int_equal(f->t.n, 0);
}

static void
test_presence__forgets_who_asks_and_shares_nothing(void **state)
{
	struct fixture *f = *state;

	watch(f, BOB, BOB_1, ANN);
	set(f, ANN, ANN_1, true, false, BOB, false, 1000);
	assert_int_equal(presence_entries(f->p), 2);
	gone(f, ANN, ANN_1, 1100);
	gone(f, BOB, BOB_1, 1200);
	assert_int_equal(presence_entries(f->p), 0);
	gone(f, BOB, BOB_1, 1300);
	set(f, ANN, ANN_1, true, true, BOB, false, 1000);
	gone(f, ANN, ANN_1, 1400);
	assert_int_equal(presence_entries(f->p), 1); /* a last seen is kept */
}

static void
test_presence__refuses_too_many(void **state)
{
	static struct account_id many[PRESENCE_WATCHED_MAX + 1];
	struct account_id me = acc(ANN);
	struct route_place c = conn(ANN_1);
	struct presence_rules r = {
	    .share = true, .allowed = many, .n_allowed = ARRAY_LEN(many)};
	struct fixture *f = *state;

	assert_err(
	    presence_watch(f->p, &me, &c, many, ARRAY_LEN(many), tell, &f->t),
	    ERR_RANGE);
	assert_err(
	    presence_set(f->p, &me, &c, &r, false, 1, tell, &f->t), ERR_RANGE);
	assert_int_equal(presence_entries(f->p), 0);
}

static int
use(void *arg)
{
	struct account_id me = acc(ANN), other = acc(BOB);
	struct route_place c = conn(ANN_1);
	struct presence_rules rules = {
	    .share = true, .allowed = &other, .n_allowed = 1};
	struct told t = {0};
	struct presence *p;
	int r;

	(void)arg;
	r = presence_new(&p);
	if (r != 0)
		return r;
	r = presence_watch(p, &me, &c, &other, 1, tell, &t);
	if (r == 0)
		r = presence_set(p, &me, &c, &rules, false, 1, tell, &t);
	if (r != 0) /* unchanged: going works as before */
		presence_gone(p, &me, &c, 2, tell, &t);
	if (r != 0 && presence_entries(p) != 0)
		r = ERR_STATE;
	presence_free(p);
	return r;
}

static void
test_presence__survives_running_out_of_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(use, NULL) >= 7);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_presence__only_the_allowed_are_told),
	    T(test_presence__shares_nothing_unless_asked_to),
	    T(test_presence__last_seen_when_shared),
	    T(test_presence__online_as_long_as_one_device_is),
	    T(test_presence__taking_it_back_is_seen),
	    T(test_presence_watch__replaces_what_was_watched),
	    T(test_presence__forgets_who_asks_and_shares_nothing),
	    T(test_presence__refuses_too_many),
	    cmocka_unit_test(test_presence__survives_running_out_of_memory),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
