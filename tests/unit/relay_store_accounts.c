/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_store_accounts.c — the part of the conformance suite about what comes
 * and goes with an account: linked devices, the registration lock, another
 * number, and reports.
 */
#include "tests/unit/relay_store_suite.h"

#define DAY_MS UINT64_C(86400000)

static const struct suite_backend *backend;

static int
setup(void **state)
{
	static struct rig rig;

	backend->fresh(&rig);
	rig_open(&rig);
	*state = &rig;
	return 0;
}

static int
teardown(void **state)
{
	rig_clear(*state);
	return 0;
}

#define INIT(r, o, KIND) rig_init_op((r), &(o)->op, STORE_##KIND)

/* ---- linking -------------------------------------------------------------------------------- */

static void
test_link__in_time_and_once(void **state)
{
	struct rig *r = *state;
	struct person a, b, q;
	uint32_t id, again;
	struct op_sweep s;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_err(finish_device(r, &a, &q, 10), ERR_NOTFOUND);
	assert_ok(reserve_device(r, &a, 10, &id));
	assert_int_equal(id, 2);
	assert_ok(reserve_device(r, &a, 10, &again)); /* the answer was lost */
	assert_int_equal(again, 2);
	rig_reopen(r);
	assert_ok(finish_device(r, &a, &q, 10));
	assert_int_equal(q.device_id, 2);
	assert_err(finish_device(r, &a, &q, 10), ERR_NOTFOUND);
	/* Only the first device lets others in. */
	assert_err(reserve_device(r, &q, 11, &id), ERR_DENIED);
	/* Too late. */
	assert_ok(reserve_device(r, &a, 12, &id));
	assert_int_equal(id, 3);
	r->now_ms += 600000;
	assert_err(finish_device(r, &a, &q, 12), ERR_EXPIRED);
	INIT(r, &s, SWEEP);
	assert_ok(rig_call(r, &s.op));
	assert_err(finish_device(r, &a, &q, 12), ERR_NOTFOUND);
	/* Of two accounts that want one key the later has it. */
	assert_ok(reserve_device(r, &a, 13, &id));
	assert_int_equal(id, 4);
	assert_ok(reserve_device(r, &b, 13, &id));
	assert_int_equal(id, 2);
	assert_ok(finish_device(r, &b, &q, 13));
	assert_int_equal(q.device_id, 2);
}

static int
take(struct rig *r, const struct person *p, struct op_keys_take *o)
{
	INIT(r, o, KEYS_TAKE);
	o->account = p->id;
	return rig_call(r, &o->op);
}

static void
test_link__unlisted_is_there_for_nobody(void **state)
{
	struct rig *r = *state;
	struct op_device_by_key k;
	struct op_keys_take t;
	struct op_own_devices own;
	struct op_devices d;
	struct person a, b, q;
	uint32_t id;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(reserve_device(r, &a, 10, &id));
	assert_ok(finish_device(r, &a, &q, 10));
	assert_ok(by_key(r, &q, &k));
	assert_false(k.listed);
	assert_ok(take(r, &a, &t));
	assert_int_equal(t.n, 1);
	store_op_clear(&t.op);
	INIT(r, &d, DEVICES);
	d.account = a.id;
	assert_ok(rig_call(r, &d.op));
	assert_int_equal(d.n, 1);
	store_op_clear(&d.op);
	assert_ok(send_one(r, &b, &a, 1, NULL)); /* complete without it */
	assert_err(send_one(r, &b, &q, 2, NULL), ERR_STATE);
	assert_err(send_one(r, &q, &b, 3, NULL), ERR_DENIED);
	INIT(r, &own, OWN_DEVICES);
	own.account = a.id;
	assert_ok(rig_call(r, &own.op));
	assert_int_equal(own.n, 2);
	assert_true(own.v[0].listed);
	assert_false(own.v[1].listed);
	assert_int_equal(own.v[1].added_ms, RIG_START_MS);
	list_devices(r, &a, 5);
	assert_ok(by_key(r, &q, &k));
	assert_true(k.listed);
	assert_ok(take(r, &a, &t));
	assert_int_equal(t.n, 2);
	store_op_clear(&t.op);
	assert_err(send_one(r, &b, &a, 4, NULL), ERR_STATE);
	assert_ok(send_one(r, &q, &b, 5, NULL));
	memset(&own.account, 99, sizeof(own.account));
	assert_err(rig_call(r, &own.op), ERR_NOTFOUND);
}

static void
seen(struct rig *r, const struct person *p)
{
	struct op_device_seen o;

	INIT(r, &o, DEVICE_SEEN);
	o.dev = p->dev;
	assert_ok(rig_call(r, &o.op));
}

static uint64_t
seen_ms(struct rig *r, const struct person *p)
{
	struct op_own_devices own;

	INIT(r, &own, OWN_DEVICES);
	own.account = p->id;
	assert_ok(rig_call(r, &own.op));
	return own.v[0].seen_ms;
}

static void
test_seen__to_the_hour(void **state)
{
	struct rig *r = *state;
	struct person a, nobody = {.dev = 4711};

	join(r, &a, 1, 0);
	r->now_ms += STORE_SEEN_MS - 1;
	seen(r, &a);
	assert_int_equal(seen_ms(r, &a), RIG_START_MS);
	r->now_ms += 1;
	seen(r, &a);
	assert_int_equal(seen_ms(r, &a), RIG_START_MS + STORE_SEEN_MS);
	seen(r, &nobody);
}

/* ---- the registration lock ---------------------------------------------------------------------- */

static int
pin_set(struct rig *r, const struct person *p, int pin)
{
	struct op_pin_set o;

	INIT(r, &o, PIN_SET);
	o.primary = p->dev;
	o.has_pin = pin != 0;
	memset(o.hash, pin, sizeof(o.hash));
	return rig_call(r, &o.op);
}

/* Register the number of p again with the keys of who and a code that is right;
 * pin 0: none. */
static int
again(struct rig *r, const struct person *p, uint8_t who, int pin,
    struct op_register *o)
{
	static uint8_t token = 100;

	token++;
	assert_ok(put_attempt(r, p->phone, token, ""));
	fill_register(r, o, token, who);
	o->has_pin = pin != 0;
	memset(o->pin_hash, pin, sizeof(o->pin_hash));
	return rig_call(r, &o->op);
}

static void
test_pin__five_tries_and_a_day(void **state)
{
	struct rig *r = *state;
	struct op_register o;
	struct person a, nobody = {.dev = 4711};
	uint32_t i;

	join(r, &a, 1, 0);
	assert_err(pin_set(r, &nobody, 7), ERR_NOTFOUND);
	assert_ok(pin_set(r, &a, 7));
	assert_err(again(r, &a, 50, 0, &o), ERR_AUTH);
	assert_true(o.lock.locked);
	assert_int_equal(o.lock.tries_left, 5);
	assert_memory_equal(&o.lock.account, &a.id, sizeof(a.id));
	assert_int_equal(o.lock.lapses_ms, RIG_START_MS + STORE_PIN_LAPSE_MS);
	for (i = 0; i < 4; i++) {
		assert_err(again(r, &a, 50, 8, &o), ERR_AUTH);
		assert_int_equal(o.lock.tries_left, 4 - i);
		assert_int_equal(o.lock.wait_ms, 0);
		rig_reopen(r); /* it was counted durably */
	}
	assert_err(again(r, &a, 50, 8, &o), ERR_AUTH);
	assert_int_equal(o.lock.tries_left, 0);
	assert_int_equal(o.lock.wait_ms, DAY_MS);
	r->now_ms += DAY_MS - 1;
	assert_err(again(r, &a, 50, 7, &o), ERR_AUTH);
	assert_int_equal(o.lock.wait_ms, 1);
	r->now_ms += 1;
	assert_err(again(r, &a, 50, 8, &o), ERR_AUTH);
	assert_int_equal(o.lock.tries_left, 4);
	assert_ok(again(r, &a, 50, 7, &o));
	assert_true(o.replaced);
	a.dev = o.dev;
	assert_ok(again(r, &a, 51, 0, &o)); /* it lifted the lock */
}

static void
test_pin__lapses_when_nobody_is_there(void **state)
{
	struct rig *r = *state;
	struct op_register o;
	struct person a;

	join(r, &a, 1, 0);
	assert_ok(pin_set(r, &a, 7));
	r->now_ms += 3 * DAY_MS;
	seen(r, &a);
	r->now_ms += STORE_PIN_LAPSE_MS - 1;
	assert_err(again(r, &a, 50, 0, &o), ERR_AUTH);
	r->now_ms += 1;
	assert_ok(again(r, &a, 50, 0, &o));
}

/* ---- another number -------------------------------------------------------------------------------- */

static int
put_move(
    struct rig *r, const struct person *p, const char *phone, uint8_t token)
{
	struct op_otp_put o;

	INIT(r, &o, OTP_PUT);
	memset(o.token, token, sizeof(o.token));
	memset(o.code_hash, token, sizeof(o.code_hash));
	snprintf(o.phone, sizeof(o.phone), "%s", phone);
	o.expires_ms = r->now_ms + 600000;
	o.attempts = 2;
	o.moves = true;
	o.account = p->id;
	return rig_call(r, &o.op);
}

static int
move(struct rig *r, const struct person *p, uint8_t token, uint8_t code,
    struct op_account_move *o)
{
	INIT(r, o, ACCOUNT_MOVE);
	o->primary = p->dev;
	memset(o->token, token, sizeof(o->token));
	memset(o->code_hash, code, sizeof(o->code_hash));
	return rig_call(r, &o->op);
}

static void
test_move__with_a_code_of_its_own(void **state)
{
	struct rig *r = *state;
	struct op_account_get g;
	struct op_account_move o;
	struct op_register reg;
	struct person a, b, a2;
	uint32_t id;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(reserve_device(r, &a, 9, &id));
	assert_ok(finish_device(r, &a, &a2, 9));
	assert_ok(put_move(r, &a, "+4912345", 7));
	assert_err(move(r, &a, 7, 8, &o), ERR_AUTH);
	assert_int_equal(o.attempts_left, 1);
	assert_err(move(r, &b, 7, 7, &o), ERR_NOTFOUND);
	assert_false(o.gone);
	assert_err(move(r, &a2, 7, 7, &o), ERR_DENIED);
	fill_register(r, &reg, 7, 30);
	assert_err(rig_call(r, &reg.op), ERR_NOTFOUND);
	assert_ok(move(r, &a, 7, 7, &o));
	assert_err(move(r, &a, 7, 7, &o), ERR_NOTFOUND);
	INIT(r, &g, ACCOUNT_GET);
	g.id = a.id;
	assert_ok(rig_call(r, &g.op));
	assert_string_equal(g.account.phone, "+4912345");
	assert_int_equal(g.account.devices, 2);
	/* A number somebody has; the code is not lost by that. */
	assert_ok(put_move(r, &a, b.phone, 8));
	assert_err(move(r, &a, 8, 8, &o), ERR_EXISTS);
	assert_err(move(r, &a, 8, 8, &o), ERR_EXISTS);
	/* A code to register with moves nobody. */
	assert_ok(put_attempt(r, "+4954321", 9, ""));
	assert_err(move(r, &a, 9, 9, &o), ERR_NOTFOUND);
	a.dev = 4711;
	assert_err(move(r, &a, 8, 8, &o), ERR_NOTFOUND);
	assert_true(o.gone);
}

static void
test_delete__both_names_must_match(void **state)
{
	struct rig *r = *state;
	struct op_account_delete o;
	struct op_stats s;
	struct person a, b;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(put_move(r, &a, "+4912345", 7));
	INIT(r, &o, ACCOUNT_DELETE);
	o.phone = b.phone;
	o.id = a.id;
	o.both = true;
	assert_err(rig_call(r, &o.op), ERR_DENIED);
	o.phone = a.phone;
	assert_ok(rig_call(r, &o.op));
	stats(r, &s);
	assert_int_equal(s.accounts, 1);
	assert_int_equal(s.attempts, 0);
}

/* ---- reports -------------------------------------------------------------------------------------------- */

static int
report(struct rig *r, const void *p, size_t len)
{
	struct op_report_add o;

	INIT(r, &o, REPORT_ADD);
	o.blob = p;
	o.len = len;
	return rig_call(r, &o.op);
}

static void
test_reports__kept_listed_dropped(void **state)
{
	struct rig *r = *state;
	struct op_report_list l;
	struct op_report_get g;
	struct op_report_del d;
	struct op_stats s;
	int i;

	assert_err(report(r, "", 0), ERR_RANGE);
	for (i = 0; i < STORE_REPORTS_MAX; i++)
		assert_ok(report(r, "sealed", 6));
	assert_err(report(r, "sealed", 6), ERR_FULL);
	stats(r, &s);
	assert_int_equal(s.reports, STORE_REPORTS_MAX);
	INIT(r, &l, REPORT_LIST);
	l.max = 3;
	assert_ok(rig_call(r, &l.op));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.v[1].len, 6);
	assert_int_equal(l.v[1].received_ms, RIG_START_MS);
	assert_int_equal(l.next, l.v[2].id);
	INIT(r, &g, REPORT_GET);
	g.id = l.v[1].id;
	assert_ok(rig_call(r, &g.op));
	assert_int_equal(g.blob.len, 6);
	assert_memory_equal(g.blob.p, "sealed", 6);
	INIT(r, &d, REPORT_DEL);
	d.id = g.id;
	assert_ok(rig_call(r, &d.op));
	assert_err(rig_call(r, &d.op), ERR_NOTFOUND);
	assert_err(rig_call(r, &g.op), ERR_NOTFOUND);
	assert_ok(report(r, "sealed", 6));
	l.max = 0;
	assert_err(rig_call(r, &l.op), ERR_RANGE);
	store_op_clear(&l.op);
	store_op_clear(&g.op);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
relay_store_accounts(const struct suite_backend *b)
{
	const struct CMUnitTest cases[] = {
	    CASE(test_link__in_time_and_once),
	    CASE(test_link__unlisted_is_there_for_nobody),
	    CASE(test_seen__to_the_hour),
	    CASE(test_pin__five_tries_and_a_day),
	    CASE(test_pin__lapses_when_nobody_is_there),
	    CASE(test_move__with_a_code_of_its_own),
	    CASE(test_delete__both_names_must_match),
	    CASE(test_reports__kept_listed_dropped),
	};

	backend = b;
	return cmocka_run_group_tests_name(b->name, cases, NULL, NULL);
}
