/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_store_blobs.c — the part of the conformance suite about blobs: whose
 * they are, how many bytes an account may have, and when they are over. */
#include "tests/unit/relay_store_suite.h"

#define QUOTA	10000
#define HOUR_MS (UINT64_C(3600) * 1000)

struct shelf {
	struct rig rig;
	struct person ann, bob;
};

static const struct suite_backend *backend;

static int
setup(void **state)
{
	static struct shelf s;

	memset(&s, 0, sizeof(s));
	backend->fresh(&s.rig);
	rig_open(&s.rig);
	join(&s.rig, &s.ann, 1, 0);
	join(&s.rig, &s.bob, 2, 0);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct shelf *s = *state;

	rig_clear(&s->rig);
	return 0;
}

/* ---- acting ------------------------------------------------------------------- */

#define INIT(s, o, KIND) rig_init_op(&(s)->rig, &(o)->op, STORE_##KIND)

static struct blob_locator
locator(uint8_t n)
{
	struct blob_locator l;

	memset(l.b, n, sizeof(l.b));
	return l;
}

static int
add(struct shelf *s, const struct person *p, uint8_t n, uint64_t size)
{
	struct op_blob_add o;
	int r;

	INIT(s, &o, BLOB_ADD);
	o.quota = QUOTA;
	o.account = p->id;
	o.blob.locator = locator(n);
	o.blob.size = size;
	o.blob.expires_ms = s->rig.now_ms + HOUR_MS;
	(void)snprintf(o.blob.upload, sizeof(o.blob.upload), "an upload");
	r = rig_call(&s->rig, &o.op);
	if (r == ERR_FULL)
		assert_true(o.used + size > QUOTA);
	return r;
}

static int
get(struct shelf *s, const struct person *p, uint8_t n, struct op_blob_get *o)
{
	INIT(s, o, BLOB_GET);
	o->locator = locator(n);
	o->asks = p->id;
	return rig_call(&s->rig, &o->op);
}

static int
stored(struct shelf *s, const struct person *p, uint8_t n, int checked)
{
	struct op_blob_stored o;

	INIT(s, &o, BLOB_STORED);
	o.checked = checked;
	o.locator = locator(n);
	o.account = p->id;
	o.expires_ms = s->rig.now_ms + 10 * HOUR_MS;
	return rig_call(&s->rig, &o.op);
}

static int
delivered(
    struct shelf *s, const struct person *p, uint8_t n, uint64_t expires_ms)
{
	struct op_blob_delivered o;

	INIT(s, &o, BLOB_DELIVERED);
	o.expires_ms = expires_ms;
	o.locator = locator(n);
	o.account = p->id;
	return rig_call(&s->rig, &o.op);
}

static int
del(struct shelf *s, const struct person *p, uint8_t n)
{
	struct op_blob_del o;

	INIT(s, &o, BLOB_DEL);
	o.locator = locator(n);
	o.account = p->id;
	return rig_call(&s->rig, &o.op);
}

static size_t
expired(struct shelf *s, struct op_blob_expired *o)
{
	INIT(s, o, BLOB_EXPIRED);
	assert_ok(rig_call(&s->rig, &o->op));
	return o->n;
}

/* ---- cases -------------------------------------------------------------------- */

static void
test_blob_add__counts_what_an_account_has(void **state)
{
	struct shelf *s = *state;

	assert_err(add(s, &s->ann, 1, 0), ERR_RANGE);
	assert_err(add(s, &s->ann, 1, QUOTA + 1), ERR_FULL);
	assert_err(add(s, &s->ann, 1, UINT64_MAX), ERR_RANGE);
	assert_ok(add(s, &s->ann, 1, 6000));
	assert_err(add(s, &s->ann, 2, 4001), ERR_FULL);
	assert_ok(add(s, &s->ann, 2, 4000));
	assert_err(add(s, &s->ann, 3, 1), ERR_FULL);
	assert_ok(add(s, &s->bob, 3, QUOTA)); /* his own */
	assert_ok(del(s, &s->ann, 1));
	assert_ok(add(s, &s->ann, 1, 6000));
}

static void
test_blob_add__no_locator_twice(void **state)
{
	struct shelf *s = *state;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_err(add(s, &s->bob, 1, 10), ERR_EXISTS);
	assert_err(add(s, &s->ann, 1, 10), ERR_EXISTS);
}

static void
test_blob_get__tells_what_was_kept(void **state)
{
	struct shelf *s = *state;
	struct op_blob_get o;

	assert_err(get(s, &s->ann, 1, &o), ERR_NOTFOUND);
	assert_ok(add(s, &s->ann, 1, 10));
	assert_ok(get(s, &s->ann, 1, &o));
	assert_true(o.own);
	assert_false(o.blob.stored);
	assert_int_equal(o.blob.size, 10);
	assert_int_equal(o.blob.expires_ms, s->rig.now_ms + HOUR_MS);
	assert_string_equal(o.blob.upload, "an upload");
	assert_memory_equal(o.blob.locator.b, locator(1).b, STORE_LOCATOR_LEN);
	assert_ok(get(s, &s->bob, 1, &o));
	assert_false(o.own);
}

static void
test_blob_stored__only_by_its_owner_and_once(void **state)
{
	struct shelf *s = *state;
	struct op_blob_get o;
	uint64_t until = s->rig.now_ms + 10 * HOUR_MS;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_err(stored(s, &s->bob, 1, 0), ERR_NOTFOUND);
	assert_err(stored(s, &s->ann, 1, ERR_AGAIN), ERR_AGAIN);
	assert_ok(get(s, &s->ann, 1, &o));
	assert_false(o.blob.stored);
	assert_ok(stored(s, &s->ann, 1, 0));
	s->rig.now_ms += 5 * HOUR_MS;
	assert_ok(stored(s, &s->ann, 1, 0)); /* lives no longer for it */
	assert_ok(get(s, &s->ann, 1, &o));
	assert_true(o.blob.stored);
	assert_int_equal(o.blob.expires_ms, until);
}

static void
test_blob_delivered__only_shortens_its_life(void **state)
{
	struct shelf *s = *state;
	uint64_t soon = s->rig.now_ms + 2 * HOUR_MS;
	struct op_blob_get o;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_err(delivered(s, &s->ann, 1, soon), ERR_NOTFOUND);
	assert_ok(stored(s, &s->ann, 1, 0));
	assert_err(delivered(s, &s->bob, 1, soon), ERR_NOTFOUND);
	assert_ok(delivered(s, &s->ann, 1, soon));
	assert_ok(delivered(s, &s->ann, 1, soon + HOUR_MS));
	assert_ok(get(s, &s->ann, 1, &o));
	assert_int_equal(o.blob.expires_ms, soon);
}

static void
test_blob_del__only_by_its_owner(void **state)
{
	struct shelf *s = *state;
	struct op_blob_get o;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_err(del(s, &s->bob, 1), ERR_NOTFOUND);
	assert_ok(get(s, &s->ann, 1, &o));
	assert_ok(del(s, &s->ann, 1));
	assert_err(del(s, &s->ann, 1), ERR_NOTFOUND);
	assert_err(get(s, &s->ann, 1, &o), ERR_NOTFOUND);
}

static void
test_blob_expired__takes_what_is_over(void **state)
{
	struct shelf *s = *state;
	struct op_blob_expired o;
	struct op_blob_get g;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_ok(add(s, &s->ann, 2, 10));
	assert_ok(stored(s, &s->ann, 2, 0));
	assert_int_equal(expired(s, &o), 0);
	s->rig.now_ms += HOUR_MS;
	/* Over is over, also before somebody has cleaned up. */
	assert_err(get(s, &s->ann, 1, &g), ERR_NOTFOUND);
	assert_err(stored(s, &s->ann, 1, 0), ERR_NOTFOUND);
	assert_int_equal(expired(s, &o), 1);
	assert_memory_equal(o.v[0].locator.b, locator(1).b, STORE_LOCATOR_LEN);
	assert_false(o.v[0].stored);
	assert_string_equal(o.v[0].upload, "an upload");
	assert_int_equal(expired(s, &o), 0);
	assert_ok(get(s, &s->ann, 2, &g));
	s->rig.now_ms += 9 * HOUR_MS;
	assert_int_equal(expired(s, &o), 1);
	assert_true(o.v[0].stored);
}

static void
test_blob_expired__takes_what_an_account_leaves_behind(void **state)
{
	struct shelf *s = *state;
	struct op_account_delete d;
	struct op_blob_expired o;
	struct op_blob_get g;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_ok(stored(s, &s->ann, 1, 0));
	INIT(s, &d, ACCOUNT_DELETE);
	d.id = s->ann.id;
	assert_ok(rig_call(&s->rig, &d.op));
	assert_err(get(s, &s->bob, 1, &g), ERR_NOTFOUND);
	assert_int_equal(expired(s, &o), 1);
	assert_int_equal(expired(s, &o), 0);
}

static void
test_blob_expired__comes_in_pieces(void **state)
{
	struct shelf *s = *state;
	struct op_blob_expired o;
	unsigned i;

	for (i = 0; i < STORE_BLOBS_GONE_MAX + 3; i++)
		assert_ok(add(s, &s->ann, (uint8_t)i, 1));
	s->rig.now_ms += HOUR_MS;
	assert_int_equal(expired(s, &o), STORE_BLOBS_GONE_MAX);
	assert_int_equal(expired(s, &o), 3);
}

static void
test_blobs__are_there_after_a_restart(void **state)
{
	struct shelf *s = *state;
	struct op_blob_get o;

	assert_ok(add(s, &s->ann, 1, 10));
	assert_ok(stored(s, &s->ann, 1, 0));
	rig_reopen(&s->rig);
	assert_ok(get(s, &s->ann, 1, &o));
	assert_true(o.own && o.blob.stored);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
relay_store_blobs(const struct suite_backend *b)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_blob_add__counts_what_an_account_has),
	    CASE(test_blob_add__no_locator_twice),
	    CASE(test_blob_get__tells_what_was_kept),
	    CASE(test_blob_stored__only_by_its_owner_and_once),
	    CASE(test_blob_delivered__only_shortens_its_life),
	    CASE(test_blob_del__only_by_its_owner),
	    CASE(test_blob_expired__takes_what_is_over),
	    CASE(test_blob_expired__takes_what_an_account_leaves_behind),
	    CASE(test_blob_expired__comes_in_pieces),
	    CASE(test_blobs__are_there_after_a_restart),
	};

	backend = b;
	return cmocka_run_group_tests_name(b->name, tests, NULL, NULL);
}
