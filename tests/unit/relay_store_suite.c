/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_store_suite.c — the conformance suite: written against store.h alone,
 * so that every backend can be held to it. Each case gets an empty store.
 */
#include "tests/unit/relay_store_suite.h"

#include <sys/stat.h>
#include <unistd.h>

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

/* Prepare an operation of this kind named o. */
#define INIT(r, o, KIND) rig_init_op((r), &(o)->op, STORE_##KIND)

/* ---- lookup --------------------------------------------------------------------- */

static void
test_lookup__finds_registered_numbers_only(void **state)
{
	struct rig *r = *state;
	struct person p;
	struct store_lookup v[] = {{.phone = "+4917000001"},
	    {.phone = "+4917000002"}, {.phone = "4917000001"},
	    {.phone = "+49x"}, {.phone = "+"}, {.phone = "+1234567890123456"},
	    {.phone = ""}};
	struct op_lookup o;
	size_t i;

	join(r, &p, 1, 0);
	snprintf(v[0].phone, sizeof(v[0].phone), "%s", p.phone);
	INIT(r, &o, LOOKUP);
	o.v = v;
	o.n = ARRAY_LEN(v);
	assert_ok(rig_call(r, &o.op));
	assert_true(v[0].found);
	assert_memory_equal(&v[0].account, &p.id, sizeof(p.id));
	for (i = 1; i < ARRAY_LEN(v); i++)
		assert_false(v[i].found);
	o.n = STORE_LOOKUP_MAX + 1;
	assert_err(rig_call(r, &o.op), ERR_RANGE);
}

static void
test_lookup__longest_number(void **state)
{
	struct rig *r = *state;
	struct op_account_get g;
	struct op_register o;

	assert_ok(put_attempt(r, "+999999999999999", 1, ""));
	fill_register(r, &o, 1, 1);
	assert_ok(rig_call(r, &o.op));
	INIT(r, &g, ACCOUNT_GET);
	g.id = o.account;
	assert_ok(rig_call(r, &g.op));
	assert_string_equal(g.account.phone, "+999999999999999");
	assert_int_equal(g.account.created_ms, RIG_START_MS);
	assert_int_equal(g.account.devices, 1);
	assert_false(g.account.banned);
	g.phone = "+1";
	assert_err(rig_call(r, &g.op), ERR_NOTFOUND);
	g.phone = "1";
	assert_err(rig_call(r, &g.op), ERR_FORMAT);
}

static void
test_device_by_key__live_revoked_unknown(void **state)
{
	struct rig *r = *state;
	struct op_device_revoke rev;
	struct op_device_by_key o;
	struct person p, q, nobody = {0};

	join(r, &p, 1, 3);
	join_device(r, &p, &q, 2);
	assert_ok(by_key(r, &p, &o));
	assert_false(o.revoked);
	assert_int_equal(o.device_id, 1);
	assert_int_equal(o.registration_id, 1001);
	assert_int_equal(o.dev, p.dev);
	assert_int_equal(o.one_time_left, 3);
	assert_int_equal(o.kyber_left, 3);
	assert_int_equal(o.queued, 0);
	assert_memory_equal(&o.account, &p.id, sizeof(p.id));
	assert_err(by_key(r, &nobody, &o), ERR_NOTFOUND);

	INIT(r, &rev, DEVICE_REVOKE);
	rev.account = p.id;
	rev.device_id = q.device_id;
	assert_ok(rig_call(r, &rev.op));
	assert_int_equal(rev.dev, q.dev);
	assert_ok(by_key(r, &q, &o));
	assert_true(o.revoked);
	assert_memory_equal(&o.account, &p.id, sizeof(p.id));
	assert_err(rig_call(r, &rev.op), ERR_NOTFOUND);
}

/* ---- codes ---------------------------------------------------------------------- */

static int
check_code(struct rig *r, uint8_t token, uint8_t code, struct op_otp_check *o)
{
	INIT(r, o, OTP_CHECK);
	memset(o->token, token, sizeof(o->token));
	memset(o->code_hash, code, sizeof(o->code_hash));
	return rig_call(r, &o->op);
}

static void
test_otp__right_code_counts_once(void **state)
{
	struct rig *r = *state;
	struct op_otp_check o;

	assert_ok(put_attempt(r, "+4912345", 7, ""));
	assert_ok(check_code(r, 7, 7, &o));
	assert_string_equal(o.phone, "+4912345");
	assert_string_equal(o.invite, "");
	assert_err(check_code(r, 7, 7, &o), ERR_NOTFOUND);
}

static void
test_otp__wrong_codes_are_counted_durably(void **state)
{
	struct rig *r = *state;
	struct op_otp_check o;

	assert_ok(put_attempt(r, "+4912345", 7, ""));
	assert_err(check_code(r, 7, 8, &o), ERR_AUTH);
	assert_int_equal(o.attempts_left, 2);
	rig_reopen(r);
	assert_err(check_code(r, 7, 8, &o), ERR_AUTH);
	assert_int_equal(o.attempts_left, 1);
	assert_err(check_code(r, 7, 8, &o), ERR_AUTH);
	assert_int_equal(o.attempts_left, 0);
	assert_err(check_code(r, 7, 7, &o), ERR_NOTFOUND);
}

static void
test_otp__register_counts_wrong_codes_too(void **state)
{
	struct rig *r = *state;
	struct op_register o;
	int i;

	assert_ok(put_attempt(r, "+4912345", 7, ""));
	for (i = 2; i >= 0; i--) {
		fill_register(r, &o, 7, 1);
		o.code_hash[31] ^= 1;
		assert_err(rig_call(r, &o.op), ERR_AUTH);
		assert_int_equal(o.attempts_left, i);
	}
	fill_register(r, &o, 7, 1);
	assert_err(rig_call(r, &o.op), ERR_NOTFOUND);
}

static void
test_otp__expires(void **state)
{
	struct rig *r = *state;
	struct op_otp_check o;
	struct op_sweep s;

	assert_ok(put_attempt(r, "+4912345", 7, ""));
	r->now_ms += 599999;
	assert_err(check_code(r, 7, 8, &o), ERR_AUTH);
	r->now_ms += 1;
	assert_err(check_code(r, 7, 7, &o), ERR_EXPIRED);
	INIT(r, &s, SWEEP);
	assert_ok(rig_call(r, &s.op));
	assert_int_equal(s.attempts, 1);
	assert_err(check_code(r, 7, 7, &o), ERR_NOTFOUND);
}

static void
test_otp__three_attempts_a_number(void **state)
{
	struct rig *r = *state;
	struct op_otp_check o;
	uint8_t t;

	for (t = 1; t <= 4; t++)
		assert_ok(put_attempt(r, "+4912345", t, ""));
	assert_ok(put_attempt(r, "+4912346", 9, ""));
	assert_err(check_code(r, 1, 1, &o), ERR_NOTFOUND);
	for (t = 2; t <= 4; t++)
		assert_ok(check_code(r, t, t, &o));
	assert_ok(check_code(r, 9, 9, &o));
}

static void
test_otp__refusals(void **state)
{
	struct rig *r = *state;
	struct op_otp_put o;

	assert_err(put_attempt(r, "4912345", 1, ""), ERR_FORMAT);
	assert_err(put_attempt(r, "+0912345", 1, ""), ERR_FORMAT);
	assert_err(put_attempt(r, "+4912345", 1, "nope"), ERR_NOTFOUND);
	assert_ok(put_attempt(r, "+4912345", 1, ""));
	assert_err(put_attempt(r, "+4912345", 1, ""), ERR_EXISTS);
	INIT(r, &o, OTP_PUT);
	snprintf(o.phone, sizeof(o.phone), "+4912345");
	assert_err(rig_call(r, &o.op), ERR_RANGE);
}

/* ---- register ------------------------------------------------------------------- */

static int
add_invite(struct rig *r, const char *token, uint32_t uses, uint64_t expires)
{
	struct op_invite_add o;

	INIT(r, &o, INVITE_ADD);
	snprintf(o.invite.token, sizeof(o.invite.token), "%s", token);
	snprintf(o.invite.note, sizeof(o.invite.note), "for %s", token);
	o.invite.uses = uses;
	o.invite.expires_ms = expires;
	return rig_call(r, &o.op);
}

static void
test_register__uses_up_invites(void **state)
{
	struct rig *r = *state;
	struct op_invite_list l;
	struct op_register o;

	assert_ok(add_invite(r, "one", 1, 0));
	assert_ok(put_attempt(r, "+491", 1, "one"));
	assert_ok(put_attempt(r, "+492", 2, "one"));
	fill_register(r, &o, 1, 1);
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.device_id, 1);
	assert_false(o.replaced);
	assert_memory_equal(&o.account, &o.new_account, sizeof(o.account));
	fill_register(r, &o, 2, 2);
	assert_err(rig_call(r, &o.op), ERR_FULL);
	assert_err(put_attempt(r, "+493", 3, "one"), ERR_FULL);
	INIT(r, &l, INVITE_LIST);
	l.max = 10;
	assert_ok(rig_call(r, &l.op));
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].used, 1);
	store_op_clear(&l.op);
}

static void
test_register__invite_void_meanwhile(void **state)
{
	struct rig *r = *state;
	struct op_invite_revoke v;
	struct op_register o;
	struct op_stats s;

	assert_ok(add_invite(r, "gone", 5, 0));
	assert_ok(add_invite(r, "late", 5, RIG_START_MS + 10));
	assert_ok(put_attempt(r, "+491", 1, "gone"));
	assert_ok(put_attempt(r, "+492", 2, "late"));
	INIT(r, &v, INVITE_REVOKE);
	snprintf(v.token, sizeof(v.token), "gone");
	assert_ok(rig_call(r, &v.op));
	r->now_ms += 10;
	fill_register(r, &o, 1, 1);
	assert_err(rig_call(r, &o.op), ERR_FULL);
	fill_register(r, &o, 2, 2);
	assert_err(rig_call(r, &o.op), ERR_FULL);
	assert_err(put_attempt(r, "+493", 3, "late"), ERR_EXPIRED);
	stats(r, &s);
	assert_int_equal(s.accounts, 0);
}

static void
test_register__bad_keys_leave_the_code(void **state)
{
	struct rig *r = *state;
	struct store_key one[2];
	struct op_register o;

	assert_ok(put_attempt(r, "+491", 1, ""));
	fill_register(r, &o, 1, 1);
	o.keys.signed_key.pk = NULL;
	assert_err(rig_call(r, &o.op), ERR_FORMAT);
	fill_register(r, &o, 1, 1);
	o.keys.last_resort.sig = NULL;
	assert_err(rig_call(r, &o.op), ERR_RANGE);
	fill_register(r, &o, 1, 1);
	o.keys.signed_key.pk_len = STORE_KEY_MAX + 1;
	assert_err(rig_call(r, &o.op), ERR_RANGE);
	fill_register(r, &o, 1, 1);
	fake_keys(&o.keys, one, 2, NULL, 0, 1);
	one[1].id = one[0].id;
	assert_err(rig_call(r, &o.op), ERR_FORMAT);
	fill_register(r, &o, 1, 1);
	o.keys.n_one_time = STORE_POOL_MAX + 1;
	assert_err(rig_call(r, &o.op), ERR_RANGE);
	fill_register(r, &o, 1, 1);
	assert_ok(rig_call(r, &o.op));
}

static void
test_register__again_replaces_the_account(void **state)
{
	struct rig *r = *state;
	struct op_device_by_key k;
	struct op_queue_count c;
	struct person p, q, other;
	struct op_register o;
	struct op_devices d;
	struct op_stats s;

	join(r, &p, 1, 5);
	join_device(r, &p, &q, 2);
	join(r, &other, 3, 0);
	assert_ok(send_to(r, &other, 9, (const struct person *[]){&p, &q}, 2,
	    (struct store_envelope[2]){{0}}));
	assert_ok(put_attempt(r, p.phone, 4, ""));
	assert_ok(put_attempt(r, p.phone, 5, ""));
	fill_register(r, &o, 4, 4);
	assert_ok(rig_call(r, &o.op));
	assert_true(o.replaced);
	assert_memory_equal(&o.account, &p.id, sizeof(p.id));
	assert_int_equal(o.device_id, 1);
	assert_true(o.dev > q.dev);
	assert_int_equal(o.gone.n, 2);
	assert_int_equal(o.gone.v[0], p.dev);
	assert_int_equal(o.gone.v[1], q.dev);

	assert_ok(by_key(r, &p, &k));
	assert_true(k.revoked);
	assert_ok(by_key(r, &q, &k));
	assert_true(k.revoked);
	INIT(r, &c, QUEUE_COUNT);
	c.dev = p.dev;
	assert_err(rig_call(r, &c.op), ERR_NOTFOUND);
	INIT(r, &d, DEVICES);
	d.account = p.id;
	assert_ok(rig_call(r, &d.op));
	assert_int_equal(d.n, 1);
	assert_int_equal(d.v[0].registration_id, 1004);
	assert_int_equal(d.device_list.len, 0);
	store_op_clear(&d.op);
	stats(r, &s);
	assert_int_equal(s.queued, 0);
	assert_int_equal(s.one_time_keys, 0);
	assert_int_equal(s.kyber_keys, 0);
	assert_int_equal(s.attempts, 0); /* the other code is void as well */
}

static void
test_register__same_registration_id_is_refused(void **state)
{
	struct rig *r = *state;
	struct op_device_by_key k;
	struct op_register o;
	struct person p;

	join(r, &p, 1, 0);
	assert_ok(put_attempt(r, p.phone, 4, ""));
	fill_register(r, &o, 4, 4);
	o.registration_id = p.registration_id;
	assert_err(rig_call(r, &o.op), ERR_DUP);
	assert_ok(by_key(r, &p, &k));
	assert_false(k.revoked);
	o.registration_id++;
	assert_ok(rig_call(r, &o.op));
}

static void
test_register__noise_keys_belong_to_one_account(void **state)
{
	struct rig *r = *state;
	struct op_device_by_key k;
	struct op_register o;
	struct person p, q;
	struct op_stats s;

	join(r, &p, 1, 0);
	join(r, &q, 2, 0);
	assert_ok(add_invite(r, "inv", 1, 0));
	assert_ok(put_attempt(r, q.phone, 4, "inv"));
	fill_register(r, &o, 4, 4);
	memcpy(o.noise_pk, p.noise_pk, sizeof(o.noise_pk));
	assert_err(rig_call(r, &o.op), ERR_EXISTS);
	assert_ok(by_key(r, &q, &k)); /* nothing happened */
	assert_false(k.revoked);
	assert_ok(put_attempt(r, "+4999", 5, "")); /* the invite is unused */
	fill_register(r, &o, 5, 5);
	memcpy(o.noise_pk, p.noise_pk, sizeof(o.noise_pk));
	assert_err(rig_call(r, &o.op), ERR_EXISTS);

	/* One's own key may come back, from a live and from a revoked device. */
	fill_register(r, &o, 4, 4);
	memcpy(o.noise_pk, q.noise_pk, sizeof(o.noise_pk));
	assert_ok(rig_call(r, &o.op));
	assert_ok(by_key(r, &q, &k));
	assert_false(k.revoked);
	assert_int_equal(k.dev, o.dev);
	stats(r, &s);
	assert_int_equal(s.accounts, 2);
	assert_int_equal(s.devices, 2);
}

static void
test_link__ids_never_come_back(void **state)
{
	struct rig *r = *state;
	struct op_device_revoke rev;
	struct person p, q, nobody = {0};
	uint32_t id;

	join(r, &p, 1, 0);
	for (id = 2; id <= 127; id++) {
		join_device(r, &p, &q, (uint8_t)id);
		assert_int_equal(q.device_id, id);
		INIT(r, &rev, DEVICE_REVOKE);
		rev.account = p.id;
		rev.device_id = id;
		if (id % 2 == 0)
			assert_ok(rig_call(r, &rev.op));
	}
	assert_err(reserve_device(r, &p, 200, &id), ERR_FULL);
	assert_err(reserve_device(r, &p, 1, &id), ERR_EXISTS);
	assert_err(reserve_device(r, &nobody, 201, &id), ERR_NOTFOUND);
}

/* ---- keys ----------------------------------------------------------------------- */

static int
take(struct rig *r, const struct person *p, struct op_keys_take *o)
{
	INIT(r, o, KEYS_TAKE);
	o->account = p->id;
	return rig_call(r, &o->op);
}

static void
test_keys_take__each_key_once_then_the_last_resort(void **state)
{
	struct rig *r = *state;
	struct op_keys_take o;
	struct person p;
	uint32_t i;

	join(r, &p, 1, 3);
	for (i = 1; i <= 3; i++) {
		assert_ok(take(r, &p, &o));
		assert_int_equal(o.n, 1);
		assert_int_equal(o.v[0].device_id, 1);
		assert_int_equal(o.v[0].registration_id, 1001);
		assert_int_equal(o.v[0].identity_pk[32], 1);
		assert_int_equal(o.v[0].signed_key.id, 1);
		assert_int_equal(o.v[0].signed_key.pk_len, 33);
		assert_int_equal(o.v[0].one_time.id, i);
		assert_int_equal(o.v[0].kyber.id, i);
		assert_int_equal(o.v[0].kyber.pk_len, 1569);
		store_op_clear(&o.op);
		rig_reopen(r);
	}
	assert_ok(take(r, &p, &o));
	assert_null(o.v[0].one_time.pk);
	assert_int_equal(o.v[0].kyber.id, 2); /* fake_keys: the last resort */
	store_op_clear(&o.op);
}

static void
test_keys_take__bytes_come_back_as_they_went(void **state)
{
	struct store_key one[2], kyber[2];
	struct rig *r = *state;
	struct op_keys_take o;
	struct store_keys k;
	struct person p, q;
	size_t i;

	join(r, &p, 1, 2);
	join_device(r, &p, &q, 2);
	fake_keys(&k, one, 2, kyber, 2, 1);
	assert_ok(take(r, &p, &o));
	assert_int_equal(o.n, 2);
	for (i = 0; i < 2; i++) {
		struct store_bundle *v = &o.v[i];
		const struct store_key *ky = i == 0 ? kyber : &k.last_resort;

		assert_memory_equal(v->signed_key.pk, k.signed_key.pk, 33);
		assert_memory_equal(v->signed_key.sig, k.signed_key.sig, 64);
		assert_memory_equal(v->kyber.pk, ky->pk, 1569);
		assert_memory_equal(v->kyber.sig, ky->sig, 64);
	}
	assert_memory_equal(o.v[0].one_time.pk, one[0].pk, 33);
	assert_int_equal(o.v[0].one_time.sig_len, 0);
	assert_int_equal(o.v[1].one_time.pk_len, 0);
	assert_int_equal(o.v[1].dev, q.dev);
	store_op_clear(&o.op);
}

static void
test_keys_take__chosen_devices(void **state)
{
	struct rig *r = *state;
	struct op_keys_take o;
	struct person p, q, x;

	join(r, &p, 1, 0);
	join_device(r, &p, &q, 2);
	join_device(r, &p, &x, 3);
	INIT(r, &o, KEYS_TAKE);
	o.account = p.id;
	o.devices.w[0] = 1 << 3 | 1 << 9;
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.n, 1);
	assert_int_equal(o.v[0].dev, x.dev);
	o.devices.w[0] = 0;
	o.but = q.dev; /* the same op again: its memory is reused */
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.n, 2);
	assert_int_equal(o.v[0].dev, p.dev);
	assert_int_equal(o.v[1].dev, x.dev);
	memset(&o.account, 77, sizeof(o.account));
	assert_err(rig_call(r, &o.op), ERR_NOTFOUND);
	store_op_clear(&o.op);
}

static int
put_keys(struct rig *r, store_dev dev, uint32_t first, size_t n,
    struct op_keys_put *o)
{
	static struct store_key one[STORE_POOL_MAX], kyber[STORE_POOL_MAX];

	INIT(r, o, KEYS_PUT);
	o->dev = dev;
	fake_keys(&o->keys, one, n, kyber, n, first);
	return rig_call(r, &o->op);
}

static void
test_keys_put__a_repeated_upload_revives_nothing(void **state)
{
	struct rig *r = *state;
	struct op_keys_take t;
	struct op_keys_put o;
	struct person p;

	join(r, &p, 1, 0);
	assert_ok(put_keys(r, p.dev, 10, 3, &o));
	assert_int_equal(o.one_time_left, 3);
	assert_int_equal(o.kyber_left, 3);
	assert_ok(take(r, &p, &t));
	assert_int_equal(t.v[0].one_time.id, 10);
	store_op_clear(&t.op);
	assert_ok(put_keys(r, p.dev, 10, 3, &o));
	assert_int_equal(o.one_time_left, 2);
	assert_int_equal(o.kyber_left, 2);
	assert_ok(put_keys(r, p.dev, 12, 3, &o)); /* 12 is known, 13, 14 new */
	assert_int_equal(o.one_time_left, 4);
	assert_ok(take(r, &p, &t));
	assert_int_equal(t.v[0].one_time.id, 11);
	assert_int_equal(t.v[0].signed_key.id, 12); /* renewed */
	store_op_clear(&t.op);
}

static void
test_keys_put__pool_is_bounded(void **state)
{
	struct rig *r = *state;
	struct op_keys_count c;
	struct op_keys_put o;
	struct person p;

	join(r, &p, 1, 0);
	assert_ok(put_keys(r, p.dev, 1, STORE_POOL_MAX, &o));
	assert_err(put_keys(r, p.dev, 5000, 1, &o), ERR_FULL);
	INIT(r, &c, KEYS_COUNT);
	c.dev = p.dev;
	assert_ok(rig_call(r, &c.op));
	assert_int_equal(c.one_time_left, STORE_POOL_MAX);
	assert_int_equal(c.kyber_left, STORE_POOL_MAX);
	assert_err(put_keys(r, p.dev + 1, 1, 1, &o), ERR_NOTFOUND);
}

static void
test_keys_put__parts_leave_the_rest(void **state)
{
	struct rig *r = *state;
	struct op_keys_take t;
	struct op_keys_put o;
	struct person p;

	join(r, &p, 1, 0);
	INIT(r, &o, KEYS_PUT);
	o.dev = p.dev;
	assert_ok(rig_call(r, &o.op)); /* nothing at all */
	fake_keys(&o.keys, NULL, 0, NULL, 0, 50);
	o.keys.signed_key.pk = NULL;
	assert_ok(rig_call(r, &o.op));
	assert_ok(take(r, &p, &t));
	assert_int_equal(t.v[0].signed_key.id, 1);
	assert_int_equal(t.v[0].kyber.id, 51);
	store_op_clear(&t.op);
}

#define TAKES 150

struct taker {
	struct rig *r;
	const struct person *p;
	struct store_sink sink;
	uint32_t ids[TAKES];
};

static void *
taker_main(void *arg)
{
	struct taker *t = arg;
	struct op_keys_take o;
	int i;

	for (i = 0; i < TAKES; i++) {
		INIT(t->r, &o, KEYS_TAKE);
		o.op.sink = &t->sink;
		o.account = t->p->id;
		rig_submit(t->r, &o.op);
		rig_wait_done(t->r, &t->sink, &o.op);
		if (o.op.result == 0 && o.n == 1 && o.v[0].one_time.pk != NULL)
			t->ids[i] = o.v[0].one_time.id;
		store_op_clear(&o.op);
	}
	return NULL;
}

static void
test_keys_take__two_threads_get_no_key_twice(void **state)
{
	bool seen[2 * TAKES + 1] = {false};
	struct rig *r = *state;
	struct taker t[2];
	pthread_t thread[2];
	struct person p;
	int i, k;

	join(r, &p, 1, 2 * TAKES - 20);
	for (i = 0; i < 2; i++) {
		memset(&t[i], 0, sizeof(t[i]));
		t[i].r = r;
		t[i].p = &p;
		assert_ok(rig_sink_init(r, &t[i].sink));
	}
	for (i = 0; i < 2; i++)
		assert_ok(pthread_create(&thread[i], NULL, taker_main, &t[i]));
	for (i = 0; i < 2; i++)
		assert_ok(pthread_join(thread[i], NULL));
	for (i = 0; i < 2; i++) {
		for (k = 0; k < TAKES; k++) {
			assert_false(t[i].ids[k] != 0 && seen[t[i].ids[k]]);
			seen[t[i].ids[k]] = true;
		}
		store_sink_clear(&t[i].sink);
	}
	for (i = 1; i <= 2 * TAKES - 20; i++)
		assert_true(seen[i]);
}

/* ---- device lists --------------------------------------------------------------- */

static int
set_list(
    struct rig *r, const struct person *p, uint32_t version, const char *text)
{
	struct op_device_list_set o;

	INIT(r, &o, DEVICE_LIST_SET);
	o.account = p->id;
	o.version = version;
	o.list = (const uint8_t *)text;
	o.len = strlen(text);
	return rig_call(r, &o.op);
}

static void
test_device_list__versions_only_grow(void **state)
{
	struct rig *r = *state;
	struct person p, nobody = {0};
	struct op_keys_take t;
	struct op_devices d;

	join(r, &p, 1, 0);
	assert_ok(set_list(r, &p, 3, "three"));
	assert_ok(set_list(r, &p, 3, "three"));
	assert_err(set_list(r, &p, 3, "THREE"), ERR_STATE);
	assert_err(set_list(r, &p, 2, "two"), ERR_STATE);
	assert_err(set_list(r, &p, 4, ""), ERR_RANGE);
	assert_err(set_list(r, &nobody, 4, "x"), ERR_NOTFOUND);
	assert_ok(set_list(r, &p, 4, "four"));
	INIT(r, &d, DEVICES);
	d.account = p.id;
	assert_ok(rig_call(r, &d.op));
	assert_int_equal(d.device_list.len, 4);
	assert_memory_equal(d.device_list.p, "four", 4);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.v[0].dev, p.dev);
	store_op_clear(&d.op);
	assert_ok(take(r, &p, &t));
	assert_int_equal(t.device_list.len, 4);
	assert_memory_equal(t.device_list.p, "four", 4);
	store_op_clear(&t.op);
	d.account = nobody.id;
	assert_err(rig_call(r, &d.op), ERR_NOTFOUND);
}

/* ---- send ----------------------------------------------------------------------- */

struct send {
	struct op_send o;
	struct store_target t[3];
	struct store_envelope v[3][4];
};

static void
send_init(struct rig *r, struct send *s, const struct person *from, uint8_t id)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	INIT(r, &s->o, SEND);
	s->o.sender = from->dev;
	memset(s->o.message_id, id, sizeof(s->o.message_id));
	s->o.v = s->t;
	for (i = 0; i < 3; i++)
		s->t[i].v = s->v[i];
}

static void
send_add(struct send *s, size_t target, const struct person *to)
{
	struct store_target *t = &s->t[target];
	struct store_envelope *e = &t->v[t->n++];

	t->account = to->id;
	if (s->o.n <= target)
		s->o.n = target + 1;
	e->device_id = to->device_id;
	e->registration_id = to->registration_id;
	e->body = (const uint8_t *)"body";
	e->len = 4;
}

static void
test_send__stale_sets_are_told_and_nothing_is_queued(void **state)
{
	struct rig *r = *state;
	struct person a, a2, b, b2, b3, c, none;
	struct op_device_revoke rev;
	struct op_stats st;
	struct send s;

	join(r, &a, 1, 0);
	join_device(r, &a, &a2, 2);
	join(r, &b, 3, 0);
	join_device(r, &b, &b2, 4);
	join_device(r, &b, &b3, 5);
	join(r, &c, 6, 0);
	INIT(r, &rev, DEVICE_REVOKE);
	rev.account = b.id;
	rev.device_id = b2.device_id;
	assert_ok(rig_call(r, &rev.op));
	none = c;
	memset(&none.id, 0xee, sizeof(none.id));

	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	send_add(&s, 0, &b2); /* gone: extra; b3 is missing */
	s.v[0][0].registration_id++; /* b registered anew meanwhile */
	send_add(&s, 1, &c);
	send_add(&s, 2, &none);
	assert_err(rig_call(r, &s.o.op), ERR_STATE);
	assert_true(s.t[0].stale && !s.t[0].gone);
	assert_int_equal(s.t[0].missing.w[0], 1 << b3.device_id);
	assert_int_equal(s.t[0].extra.w[0], 1 << b2.device_id);
	assert_int_equal(s.t[0].reregistered.w[0], 1 << 1);
	assert_false(s.t[1].stale);
	assert_true(s.t[2].stale && s.t[2].gone);

	/* One's own account: the other device, not this one. */
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &a);
	assert_err(rig_call(r, &s.o.op), ERR_STATE);
	assert_int_equal(s.t[0].missing.w[0], 1 << a2.device_id);
	assert_int_equal(s.t[0].extra.w[0], 1 << 1);
	stats(r, &st);
	assert_int_equal(st.queued, 0);
}

static void
test_send__one_row_a_device(void **state)
{
	struct rig *r = *state;
	struct person a, a2, b, b2;
	struct send s;

	join(r, &a, 1, 0);
	join_device(r, &a, &a2, 2);
	join(r, &b, 3, 0);
	join_device(r, &b, &b2, 4);
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	send_add(&s, 0, &b2);
	send_add(&s, 1, &a2);
	r->now_ms += 17;
	assert_ok(rig_call(r, &s.o.op));
	assert_int_equal(s.o.server_ms, RIG_START_MS + 17);
	assert_memory_equal(&s.o.sender_account, &a.id, sizeof(a.id));
	assert_int_equal(s.o.sender_device, 1);
	assert_int_equal(s.v[0][0].dev, b.dev);
	assert_int_equal(s.v[0][1].dev, b2.dev);
	assert_int_equal(s.v[1][0].dev, a2.dev);
	assert_true(s.v[0][0].seq > 0);
	assert_true(s.v[0][1].seq > s.v[0][0].seq);
	assert_true(s.v[1][0].seq > s.v[0][1].seq);
	assert_int_equal(s.v[0][0].prev_seq, 0);
	assert_int_equal(queue_count(r, b.dev), 1);
	assert_int_equal(queue_count(r, b2.dev), 1);
	assert_int_equal(queue_count(r, a2.dev), 1);
	assert_int_equal(queue_count(r, a.dev), 0);
}

static void
test_send__chains_what_a_queue_has(void **state)
{
	struct rig *r = *state;
	struct person a, b, c;
	uint64_t first, last = 0;
	struct send s;
	uint8_t i;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join(r, &c, 3, 0);
	for (i = 1; i <= 5; i++) {
		send_init(r, &s, i % 2 ? &a : &c, i);
		send_add(&s, 0, &b);
		assert_ok(rig_call(r, &s.o.op));
		assert_int_equal(s.v[0][0].prev_seq, last);
		assert_true(s.v[0][0].seq > last);
		last = s.v[0][0].seq;
		assert_ok(send_one(r, &a, &c, i, NULL));
	}
	first = last;
	rig_reopen(r); /* found on disk */
	send_init(r, &s, &a, 20);
	send_add(&s, 0, &b);
	assert_ok(rig_call(r, &s.o.op));
	assert_int_equal(s.v[0][0].prev_seq, first);
}

static void
test_send__check_only_queues_nothing(void **state)
{
	struct rig *r = *state;
	struct person a, b;
	struct send s;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	s.o.check_only = true;
	assert_ok(rig_call(r, &s.o.op));
	assert_int_equal(s.v[0][0].dev, b.dev);
	assert_int_equal(queue_count(r, b.dev), 0);
	s.v[0][0].registration_id++;
	assert_err(rig_call(r, &s.o.op), ERR_STATE);
}

static void
test_send__repeats_are_one_message(void **state)
{
	struct rig *r = *state;
	struct person a, b, b2, c;
	uint64_t seq;
	struct send s;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join(r, &c, 3, 0);
	assert_ok(send_one(r, &a, &b, 9, &seq));
	send_init(r, &s, &a, 9);
	send_add(&s, 0, &b);
	assert_ok(rig_call(r, &s.o.op));
	assert_true(s.v[0][0].repeat);
	assert_int_equal(s.v[0][0].seq, seq);
	assert_int_equal(s.v[0][0].prev_seq, 0);
	assert_int_equal(queue_count(r, b.dev), 1);

	rig_reopen(r); /* it waits, so it is known */
	assert_ok(rig_call(r, &s.o.op));
	assert_true(s.v[0][0].repeat);

	/* The same id of somebody else is another message. */
	assert_ok(send_one(r, &c, &b, 9, NULL));
	assert_int_equal(queue_count(r, b.dev), 2);

	/* A device that came meanwhile gets it, the others not again. */
	join_device(r, &b, &b2, 4);
	send_add(&s, 0, &b2);
	assert_ok(rig_call(r, &s.o.op));
	assert_true(s.v[0][0].repeat);
	assert_false(s.v[0][1].repeat);
	assert_int_equal(queue_count(r, b.dev), 2);
	assert_int_equal(queue_count(r, b2.dev), 1);
}

static void
test_send__repeats_are_known_after_the_ack(void **state)
{
	struct rig *r = *state;
	struct person a, b;
	uint64_t seq;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(send_one(r, &a, &b, 9, &seq));
	ack(r, b.dev, seq);
	assert_ok(send_one(r, &a, &b, 9, NULL));
	assert_int_equal(queue_count(r, b.dev), 0);
	rig_reopen(r);
	assert_ok(send_one(r, &a, &b, 9, NULL));
	assert_int_equal(queue_count(r, b.dev), 0);
}

/* 1,024 in this rig. What falls out is queued again, nothing else is. */
static void
test_send__repeats_are_known_among_the_newest(void **state)
{
	struct rig *r = *state;
	struct person a, a2, b, b2;
	struct send s;
	int i;

	join(r, &a, 1, 0);
	join_device(r, &a, &a2, 2);
	join(r, &b, 3, 0);
	join_device(r, &b, &b2, 4);
	for (i = 0; i < 1300 / 2; i++) {
		send_init(r, &s, &a, 0);
		put_be32(s.o.message_id, (uint32_t)i);
		send_add(&s, 0, &b);
		send_add(&s, 0, &b2);
		assert_ok(rig_call(r, &s.o.op));
	}
	rig_reopen(r);
	send_init(r, &s, &a, 0);
	put_be32(s.o.message_id, 650 - 500);
	send_add(&s, 0, &b);
	send_add(&s, 0, &b2);
	assert_ok(rig_call(r, &s.o.op));
	assert_true(s.v[0][0].repeat && s.v[0][1].repeat);
	put_be32(s.o.message_id, 3);
	assert_ok(rig_call(r, &s.o.op));
	assert_false(s.v[0][0].repeat || s.v[0][1].repeat);
}

static void
test_send__queues_are_bounded(void **state)
{
	struct rig *r = *state;
	struct person a, b, b2;
	struct op_queue_ack k;
	uint64_t first;
	struct send s;
	uint8_t i;

	r->opts.queue_max = 3;
	rig_reopen(r);
	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	for (i = 1; i <= 3; i++)
		assert_ok(send_one(r, &a, &b, i, i == 1 ? &first : NULL));
	assert_err(send_one(r, &a, &b, 4, NULL), ERR_FULL);
	rig_reopen(r);
	assert_err(send_one(r, &a, &b, 4, NULL), ERR_FULL);
	join_device(r, &b, &b2, 3);
	send_init(r, &s, &a, 5);
	send_add(&s, 0, &b2);
	send_add(&s, 0, &b);
	assert_err(rig_call(r, &s.o.op), ERR_FULL); /* neither gets it */
	assert_int_equal(queue_count(r, b2.dev), 0);
	INIT(r, &k, QUEUE_ACK);
	k.dev = b.dev;
	k.seq = first;
	assert_ok(rig_call(r, &k.op));
	assert_int_equal(k.deleted, 1);
	assert_ok(rig_call(r, &s.o.op));
	assert_int_equal(queue_count(r, b.dev), 3);
}

static void
test_send__refusals(void **state)
{
	struct rig *r = *state;
	struct person a, b, ghost;
	struct op_stats st;
	struct send s;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	ghost = a;
	ghost.dev = 999;
	assert_err(send_one(r, &ghost, &b, 1, NULL), ERR_NOTFOUND);
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	send_add(&s, 0, &b); /* a device twice */
	assert_err(rig_call(r, &s.o.op), ERR_RANGE);
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	send_add(&s, 1, &b); /* an account twice */
	assert_err(rig_call(r, &s.o.op), ERR_RANGE);
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	s.v[0][0].device_id = 128;
	assert_err(rig_call(r, &s.o.op), ERR_RANGE);
	s.v[0][0].device_id = 0;
	assert_err(rig_call(r, &s.o.op), ERR_RANGE);
	s.v[0][0].device_id = 1;
	s.v[0][0].len = STORE_BODY_MAX + 1;
	assert_err(rig_call(r, &s.o.op), ERR_RANGE);
	s.o.n = STORE_ACCOUNTS_MAX + 1;
	assert_err(rig_call(r, &s.o.op), ERR_RANGE);
	stats(r, &st);
	assert_int_equal(st.queued, 0);
}

static int
ban(struct rig *r, const struct person *p, bool on, struct op_account_ban *o)
{
	INIT(r, o, ACCOUNT_BAN);
	o->phone = p->phone;
	o->ban = on;
	return rig_call(r, &o->op);
}

/* An account that changed is read anew and takes new room; the memory is full
 * in the middle of a send. */
static void
test_send__to_more_devices_than_are_remembered(void **state)
{
	const struct person *to[122];
	struct store_envelope v[122];
	struct person a, b, big[121];
	struct op_account_ban o;
	struct rig *r = *state;
	uint8_t round;
	size_t i;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join(r, &big[0], 3, 0);
	to[0] = &b;
	to[1] = &big[0];
	for (i = 1; i < 121; i++) {
		join_device(r, &big[0], &big[i], (uint8_t)(3 + i));
		to[1 + i] = &big[i];
	}
	for (round = 1; round <= 12; round++) {
		assert_ok(ban(r, &big[0], true, &o));
		assert_int_equal(o.gone.n, 121);
		assert_ok(ban(r, &big[0], false, &o));
		assert_ok(send_to(r, &a, round, to, ARRAY_LEN(to), v));
		for (i = 0; i < ARRAY_LEN(to); i++)
			assert_int_equal(v[i].dev, to[i]->dev);
		assert_int_equal(queue_count(r, b.dev), round);
		assert_int_equal(queue_count(r, big[120].dev), round);
	}
}

/* ---- queues --------------------------------------------------------------------- */

static int
read_queue(struct rig *r, store_dev dev, uint64_t after, uint32_t rows,
    uint32_t bytes, struct op_queue_read *o)
{
	o->dev = dev;
	o->after_seq = after;
	o->max_rows = rows;
	o->max_bytes = bytes;
	return rig_call(r, &o->op);
}

static void
test_queue_read__in_order_and_bounded(void **state)
{
	struct rig *r = *state;
	struct op_queue_read o;
	struct person a, b, c;
	uint64_t seq[9];
	uint8_t i;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join(r, &c, 3, 0);
	for (i = 1; i <= 8; i++) { /* bodies of i bytes */
		r->now_ms++;
		assert_ok(send_one(r, &a, &b, i, &seq[i]));
		assert_ok(send_one(r, &a, &c, i, NULL));
	}
	INIT(r, &o, QUEUE_READ);
	assert_ok(read_queue(r, b.dev, 0, 100, 1 << 20, &o));
	assert_int_equal(o.n, 8);
	assert_false(o.more);
	assert_int_equal(o.upto, seq[8]);
	for (i = 1; i <= 8; i++) {
		struct store_row *v = &o.v[i - 1];

		assert_int_equal(v->seq, seq[i]);
		assert_int_equal(v->server_ms, RIG_START_MS + i);
		assert_memory_equal(&v->sender_account, &a.id, sizeof(a.id));
		assert_int_equal(v->sender_device, 1);
		assert_int_equal(v->type, 2);
		assert_int_equal(v->message_id[15], i);
		assert_int_equal(v->len, i);
	}
	assert_ok(read_queue(r, b.dev, seq[2], 3, 1 << 20, &o));
	assert_int_equal(o.n, 3);
	assert_int_equal(o.v[0].seq, seq[3]);
	assert_true(o.more);
	assert_int_equal(o.upto, seq[5]);
	assert_ok(read_queue(r, b.dev, seq[2], 100, 12, &o));
	assert_int_equal(o.n, 3); /* 3 + 4 + 5 bytes */
	assert_true(o.more);
	assert_ok(read_queue(r, b.dev, seq[7], 100, 1, &o));
	assert_int_equal(o.n, 1); /* one at least */
	assert_false(o.more);
	assert_ok(read_queue(r, b.dev, seq[8], 100, 1, &o));
	assert_int_equal(o.n, 0);
	assert_int_equal(o.upto, seq[8]);
	assert_err(read_queue(r, b.dev, 0, 0, 1, &o), ERR_RANGE);
	assert_err(
	    read_queue(r, b.dev, 0, STORE_PAGE_MAX + 1, 1, &o), ERR_RANGE);
	assert_err(read_queue(r, 999, 0, 1, 1, &o), ERR_NOTFOUND);
	store_op_clear(&o.op);
}

static void
test_queue_read__tells_how_far_it_looked(void **state)
{
	struct rig *r = *state;
	struct op_queue_read o;
	struct person a, b;
	uint64_t seq;
	struct send s;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(send_one(r, &a, &b, 1, &seq));
	ack(r, b.dev, seq);
	INIT(r, &o, QUEUE_READ);
	assert_ok(read_queue(r, b.dev, 0, 10, 100, &o));
	assert_int_equal(o.n, 0);
	assert_int_equal(o.upto, seq); /* so prev_seq of the next is known */
	store_op_clear(&o.op);
	send_init(r, &s, &a, 2);
	send_add(&s, 0, &b);
	assert_ok(rig_call(r, &s.o.op));
	assert_int_equal(s.v[0][0].prev_seq, seq);
}

static void
test_queue_read__large_and_empty_bodies(void **state)
{
	struct rig *r = *state;
	struct op_queue_read o;
	struct person a, b;
	struct send s;
	uint8_t *big;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	big = malloc(STORE_BODY_MAX);
	assert_non_null(big);
	memset(big, 0x5a, STORE_BODY_MAX);
	send_init(r, &s, &a, 1);
	send_add(&s, 0, &b);
	s.v[0][0].body = big;
	s.v[0][0].len = STORE_BODY_MAX;
	assert_ok(rig_call(r, &s.o.op));
	send_init(r, &s, &a, 2);
	send_add(&s, 0, &b);
	s.v[0][0].body = NULL;
	s.v[0][0].len = 0;
	assert_ok(rig_call(r, &s.o.op));
	INIT(r, &o, QUEUE_READ);
	assert_ok(read_queue(r, b.dev, 0, 10, 0, &o));
	assert_int_equal(o.n, 1);
	assert_int_equal(o.v[0].len, STORE_BODY_MAX);
	assert_memory_equal(o.v[0].body, big, STORE_BODY_MAX);
	assert_ok(read_queue(r, b.dev, o.v[0].seq, 10, 0, &o));
	assert_int_equal(o.n, 1);
	assert_int_equal(o.v[0].len, 0);
	store_op_clear(&o.op);
	free(big);
}

static void
test_queue_ack__deletes_up_to_and_only_there(void **state)
{
	struct rig *r = *state;
	struct op_queue_ack k;
	struct person a, b, c;
	uint64_t seq[6];
	uint8_t i;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join(r, &c, 3, 0);
	for (i = 1; i <= 5; i++) {
		assert_ok(send_one(r, &a, &c, i, NULL));
		assert_ok(send_one(r, &a, &b, i, &seq[i]));
	}
	INIT(r, &k, QUEUE_ACK);
	k.dev = b.dev;
	k.seq = seq[3];
	assert_ok(rig_call(r, &k.op));
	assert_int_equal(k.deleted, 3);
	assert_ok(rig_call(r, &k.op));
	assert_int_equal(k.deleted, 0);
	assert_int_equal(queue_count(r, b.dev), 2);
	assert_int_equal(queue_count(r, c.dev), 5);
	k.seq = UINT64_MAX; /* all there is now, not what comes later */
	assert_ok(rig_call(r, &k.op));
	assert_int_equal(k.deleted, 2);
	assert_int_equal(queue_count(r, c.dev), 5);
	assert_ok(send_one(r, &a, &b, 6, NULL));
	rig_reopen(r);
	assert_int_equal(queue_count(r, b.dev), 1);
	k.dev = 999;
	assert_ok(rig_call(r, &k.op));
}

static void
test_seq__never_comes_back(void **state)
{
	struct rig *r = *state;
	struct person a, b;
	uint64_t seq, last = 0, taken;
	uint8_t i;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	for (i = 1; i <= 6; i++) {
		assert_ok(send_one(r, &a, &b, i, &seq));
		assert_true(seq > last);
		last = seq;
		ack(r, b.dev, seq); /* the queue is empty */
		if (i % 2 == 0)
			rig_reopen(r);
		assert_ok(store_seq_take(r->s, 5, &taken));
		assert_true(taken > last);
		last = taken + 4;
	}
	assert_err(store_seq_take(r->s, 0, &taken), ERR_RANGE);
	assert_err(store_seq_take(r->s, UINT32_MAX, &taken), ERR_AGAIN);
}

static void
test_seq__reserve_grows_with_commits(void **state)
{
	struct rig *r = *state;
	struct person a, b;
	uint64_t taken, n = 0;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	while (n < 4000000 && store_seq_take(r->s, 4096, &taken) == 0)
		n += 4096;
	assert_in_range(n, 500000, 3999999);
	assert_ok(send_one(r, &a, &b, 1, NULL)); /* beyond it, and durable */
	assert_ok(store_seq_take(r->s, 4096, &taken));
	rig_reopen(r);
	assert_ok(store_seq_take(r->s, 1, &n));
	assert_true(n >= taken + 4096);
}

static void
fill_put(struct rig *r, struct op_queue_put *o, const struct person *to,
    const struct person *from, uint64_t seq, uint8_t id)
{
	INIT(r, o, QUEUE_PUT);
	o->dev = to->dev;
	o->seq = seq;
	o->sender_account = from->id;
	o->sender_device = from->device_id;
	memset(o->message_id, id, sizeof(o->message_id));
	o->type = 3;
	o->body = (const uint8_t *)"early";
	o->len = 5;
	o->server_ms = r->now_ms;
}

static void
test_queue_put__a_row_that_was_handed_out_first(void **state)
{
	struct rig *r = *state;
	struct op_queue_read o;
	struct op_queue_put p;
	struct person a, b, ghost = {.dev = 999};
	uint64_t seq;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(store_seq_take(r->s, 2, &seq));
	fill_put(r, &p, &b, &a, seq, 1);
	assert_ok(rig_call(r, &p.op));
	assert_err(rig_call(r, &p.op), ERR_DUP);
	fill_put(r, &p, &b, &a, seq, 2); /* not above what is there */
	assert_err(rig_call(r, &p.op), ERR_RANGE);
	fill_put(r, &p, &b, &a, seq + 1000, 3); /* one nobody took */
	assert_err(rig_call(r, &p.op), ERR_RANGE);
	fill_put(r, &p, &b, &a, 0, 3);
	assert_err(rig_call(r, &p.op), ERR_RANGE);
	fill_put(r, &p, &ghost, &a, seq + 1, 3);
	assert_err(rig_call(r, &p.op), ERR_NOTFOUND);
	assert_ok(send_one(r, &a, &b, 1, NULL)); /* a repeat */
	INIT(r, &o, QUEUE_READ);
	assert_ok(read_queue(r, b.dev, 0, 10, 100, &o));
	assert_int_equal(o.n, 1);
	assert_int_equal(o.v[0].seq, seq);
	assert_int_equal(o.v[0].type, 3);
	assert_memory_equal(o.v[0].body, "early", 5);
	store_op_clear(&o.op);
}

/* ---- waiting, cancelling, waking ------------------------------------------------ */

static void
test_cancel__what_waits_never_happens(void **state)
{
	struct rig *r = *state;
	struct op_queue_put p[4];
	struct op_queue_count c;
	struct person a, b;
	uint64_t seq;
	uint8_t i;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(store_seq_take(r->s, 4, &seq));
	rig_gate_close(r);
	INIT(r, &c, QUEUE_COUNT);
	c.dev = b.dev;
	rig_submit(r, &c.op);
	rig_gate_wait(r);
	for (i = 0; i < 4; i++) {
		fill_put(r, &p[i], &b, &a, seq + i, i);
		rig_submit(r, &p[i].op);
	}
	assert_int_equal(store_waiting(r->s), 4);
	assert_false(store_op_cancel(r->s, &c.op)); /* it has been taken */
	assert_true(store_op_cancel(r->s, &p[1].op)); /* the middle, */
	assert_true(store_op_cancel(r->s, &p[3].op)); /* the end, */
	assert_true(store_op_cancel(r->s, &p[0].op)); /* the front */
	assert_false(store_op_cancel(r->s, &p[0].op));
	assert_int_equal(store_waiting(r->s), 1);
	rig_submit(r, &p[3].op);
	rig_gate_open(r);
	rig_wait(r, &p[3].op);
	assert_ok(p[3].op.result);
	assert_true(rig_done(&p[2].op));
	assert_false(rig_done(&p[0].op));
	assert_false(rig_done(&p[1].op));
	assert_false(store_op_cancel(r->s, &p[2].op));
	assert_int_equal(queue_count(r, b.dev), 2);
}

static unsigned order[8], n_order;

static void
note_order(struct store_op *op)
{
	order[n_order++] = (unsigned)(uintptr_t)op->ctx;
}

static void
test_batch__one_commit_and_one_wake_up_a_sink(void **state)
{
	struct rig *r = *state;
	struct store_metrics before, after;
	struct op_queue_put p[8];
	struct op_queue_count c;
	struct store_sink other;
	struct person a, b;
	unsigned wakes;
	uint64_t seq;
	uint8_t i;

	assert_ok(rig_sink_init(r, &other));
	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(store_seq_take(r->s, 8, &seq));
	rig_gate_close(r);
	INIT(r, &c, QUEUE_COUNT);
	c.dev = b.dev;
	rig_submit(r, &c.op);
	rig_gate_wait(r);
	for (i = 0; i < 8; i++) {
		fill_put(r, &p[i], &b, &a, seq + i, i);
		p[i].op.done = note_order;
		p[i].op.ctx = (void *)(uintptr_t)i;
		if (i % 2 == 1)
			p[i].op.sink = &other;
		store_submit(r->s, &p[i].op);
	}
	store_metrics(r->s, &before);
	wakes = r->wakes;
	rig_gate_open(r);
	rig_close(r); /* finishes all */
	n_order = 0;
	assert_int_equal(store_sink_drain(&other), 4);
	assert_int_equal(store_sink_drain(&r->sink), 5);
	assert_int_equal(store_sink_drain(&r->sink), 0);
	/* One for the batch at the gate; the sink was not empty after it. */
	assert_int_equal(r->wakes - wakes, 2);
	for (i = 0; i < 4; i++) {
		assert_int_equal(order[i], 2 * i + 1);
		assert_int_equal(order[4 + i], 2 * i);
	}
	rig_open(r);
	assert_int_equal(queue_count(r, b.dev), 8);
	store_metrics(r->s, &after);
	assert_int_equal(after.failed_commits, 0);
	assert_int_equal(before.rows_in, 0);
	store_sink_clear(&other);
}

static void
test_batch__is_bounded_and_counted(void **state)
{
	struct store_metrics m0, m1;
	struct op_queue_put p[10];
	struct rig *r = *state;
	struct op_queue_count c;
	struct person a, b;
	uint64_t seq;
	uint8_t i;

	r->opts.batch_ops = 4;
	rig_reopen(r);
	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	assert_ok(store_seq_take(r->s, 10, &seq));
	store_metrics(r->s, &m0);
	rig_gate_close(r);
	INIT(r, &c, QUEUE_COUNT);
	c.dev = b.dev;
	rig_submit(r, &c.op);
	rig_gate_wait(r);
	for (i = 0; i < 10; i++) {
		fill_put(r, &p[i], &b, &a, seq + i, i);
		rig_submit(r, &p[i].op);
	}
	rig_gate_open(r);
	rig_wait(r, &p[9].op);
	store_metrics(r->s, &m1);
	assert_int_equal(m1.ops - m0.ops, 11);
	assert_int_equal(m1.commits - m0.commits, 1 + 3); /* 4, 4, 2 */
	assert_int_equal(m1.rows_in - m0.rows_in, 10);
	assert_int_equal(queue_count(r, b.dev), 10);
	ack(r, b.dev, seq + 9);
	store_metrics(r->s, &m1);
	assert_int_equal(m1.rows_acked, 10);
}

static void
test_names__are_the_rows(void **state)
{
	(void)state;
	assert_string_equal(store_op_name(STORE_SEND), "SEND");
	assert_string_equal(store_op_name(STORE_CHECK), "CHECK");
	assert_string_equal(store_op_name(STORE_KINDS), "?");
}

/* ---- upkeep --------------------------------------------------------------------- */

static void
test_sweep__expires_in_pieces(void **state)
{
	struct rig *r = *state;
	struct person a, b;
	struct op_sweep o;
	uint8_t i;

	r->opts.queue_ttl_ms = 1000;
	rig_reopen(r);
	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	for (i = 1; i <= 7; i++) {
		assert_ok(send_one(r, &a, &b, i, NULL));
		r->now_ms += 100;
	}
	INIT(r, &o, SWEEP);
	o.max_rows = 3;
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.messages, 0);
	assert_false(o.more);
	r->now_ms = RIG_START_MS + 1000 + 401; /* five are too old */
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.messages, 3);
	assert_true(o.more);
	assert_int_equal(queue_count(r, b.dev), 4);
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.messages, 2);
	assert_false(o.more);
	assert_int_equal(queue_count(r, b.dev), 2);
	rig_reopen(r);
	assert_int_equal(queue_count(r, b.dev), 2);
}

static void
sweep_all(struct rig *r)
{
	struct op_sweep o;

	INIT(r, &o, SWEEP);
	do
		assert_ok(rig_call(r, &o.op));
	while (o.more);
}

/* Read the queue in pages of two rows; expects the messages first..last. */
static void
expect_queue(struct rig *r, const struct person *p, uint8_t first, uint8_t last)
{
	struct op_queue_read o;
	uint64_t after = 0;
	uint8_t m = first;
	size_t i;

	INIT(r, &o, QUEUE_READ);
	do {
		assert_ok(read_queue(r, p->dev, after, 2, 1 << 20, &o));
		for (i = 0; i < o.n; i++, m++) {
			assert_true(o.v[i].seq > after);
			after = o.v[i].seq;
			assert_int_equal(o.v[i].message_id[0], m);
			assert_int_equal(o.v[i].len, m);
		}
		assert_true(o.upto == after || (o.n == 0 && o.upto > after));
	} while (o.more);
	assert_int_equal(m, last + 1);
	assert_int_equal(queue_count(r, p->dev), last + 1 - first);
	store_op_clear(&o.op);
}

/* Upkeep between any two steps changes nothing that a device can see. */
static void
test_sweep__moves_nothing_out_of_sight(void **state)
{
	struct rig *r = *state;
	struct person a, b, c;
	uint64_t seq[21];
	struct op_stats st;
	uint8_t m;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join(r, &c, 3, 0);
	for (m = 1; m <= 10; m++) {
		assert_ok(send_one(r, &a, &b, m, &seq[m]));
		assert_ok(send_one(r, &a, &c, m, NULL));
	}
	r->now_ms += 60000;
	sweep_all(r);
	expect_queue(r, &b, 1, 10);
	for (; m <= 15; m++) {
		assert_ok(send_one(r, &a, &b, m, &seq[m]));
		assert_ok(send_one(r, &a, &c, m, NULL));
	}
	expect_queue(r, &b, 1, 15);
	ack(r, b.dev, seq[3]); /* among the old */
	expect_queue(r, &b, 4, 15);
	rig_reopen(r);
	expect_queue(r, &b, 4, 15);
	ack(r, b.dev, seq[12]); /* all the old, some of the new */
	expect_queue(r, &b, 13, 15);
	rig_reopen(r);
	expect_queue(r, &b, 13, 15);
	for (; m <= 18; m++)
		assert_ok(send_one(r, &a, &b, m, &seq[m]));
	expect_queue(r, &b, 13, 18);
	r->now_ms += 60000;
	sweep_all(r);
	rig_reopen(r);
	expect_queue(r, &b, 13, 18);
	expect_queue(r, &c, 1, 15);
	stats(r, &st);
	assert_int_equal(st.queued, 6 + 15);
	assert_int_equal(st.queued_bytes, 13 + 14 + 15 + 16 + 17 + 18 + 120);
	assert_int_equal(st.oldest_ms, RIG_START_MS);
	ack(r, b.dev, seq[18]);
	expect_queue(r, &b, 1, 0);
	expect_queue(r, &c, 1, 15);
	stats(r, &st);
	assert_int_equal(st.queued_bytes, 120);
}

static void
test_sweep__old_messages_expire_device_by_device(void **state)
{
	struct rig *r = *state;
	struct person a, b[3];
	struct op_sweep o;
	uint8_t m, i;

	r->opts.queue_ttl_ms = 100000;
	rig_reopen(r);
	join(r, &a, 1, 0);
	for (i = 0; i < 3; i++)
		join(r, &b[i], (uint8_t)(i + 2), 0);
	for (m = 1; m <= 6; m++) {
		for (i = 0; i < 3; i++)
			assert_ok(send_one(r, &a, &b[i], m, NULL));
		r->now_ms += 10000;
	}
	sweep_all(r);
	r->now_ms = RIG_START_MS + 130001; /* the first four of each */
	INIT(r, &o, SWEEP);
	o.max_rows = 5;
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.messages, 5);
	assert_true(o.more);
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.messages, 5);
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.messages, 2);
	assert_false(o.more);
	for (i = 0; i < 3; i++)
		expect_queue(r, &b[i], 5, 6);
}

static void
test_delete__old_and_new_messages_go(void **state)
{
	struct op_device_revoke rev;
	struct rig *r = *state;
	struct op_register reg;
	struct person a, b, b2;
	struct op_check check;
	struct op_stats st;
	uint8_t m;

	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	join_device(r, &b, &b2, 3);
	for (m = 1; m <= 6; m++) {
		assert_ok(send_to(r, &a, m, (const struct person *[]){&b, &b2},
		    2, (struct store_envelope[2]){{0}}));
		if (m == 3) {
			r->now_ms += 60000;
			sweep_all(r);
		}
	}
	INIT(r, &rev, DEVICE_REVOKE);
	rev.account = b.id;
	rev.device_id = b2.device_id;
	assert_ok(rig_call(r, &rev.op));
	stats(r, &st);
	assert_int_equal(st.queued, 6);
	assert_ok(put_attempt(r, b.phone, 9, ""));
	fill_register(r, &reg, 9, 9);
	assert_ok(rig_call(r, &reg.op));
	stats(r, &st);
	assert_int_equal(st.queued, 0);
	INIT(r, &check, CHECK);
	assert_ok(rig_call(r, &check.op));
	r->now_ms += 60000;
	sweep_all(r);
	rig_reopen(r);
	assert_ok(rig_call(r, &check.op));
	stats(r, &st);
	assert_int_equal(st.queued, 0);
}

static void
test_invites__add_list_revoke_expire(void **state)
{
	struct rig *r = *state;
	struct op_invite_revoke v;
	struct op_invite_list l;
	struct op_invite_add o;
	struct op_sweep s;
	char token[8];
	int i;

	for (i = 0; i < 5; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		r->now_ms++;
		assert_ok(add_invite(r, token, 2, i == 4 ? r->now_ms + 5 : 0));
	}
	assert_err(add_invite(r, "t1", 2, 0), ERR_EXISTS);
	assert_err(add_invite(r, "", 2, 0), ERR_RANGE);
	assert_err(add_invite(r, "t9", 0, 0), ERR_RANGE);
	INIT(r, &o, INVITE_ADD);
	memset(o.invite.token, 'x', sizeof(o.invite.token));
	o.invite.uses = 1;
	assert_err(rig_call(r, &o.op), ERR_RANGE);

	INIT(r, &l, INVITE_LIST);
	l.max = 3;
	assert_ok(rig_call(r, &l.op));
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].token, "t0");
	assert_string_equal(l.v[0].note, "for t0");
	assert_int_equal(l.v[0].uses, 2);
	assert_int_equal(l.v[0].created_ms, RIG_START_MS + 1);
	assert_true(l.next > 0);
	l.after = l.next;
	assert_ok(rig_call(r, &l.op));
	assert_int_equal(l.n, 2);
	assert_int_equal(l.next, 0);
	l.max = 0;
	assert_err(rig_call(r, &l.op), ERR_RANGE);

	INIT(r, &v, INVITE_REVOKE);
	snprintf(v.token, sizeof(v.token), "t0");
	assert_ok(rig_call(r, &v.op));
	assert_err(rig_call(r, &v.op), ERR_NOTFOUND);
	r->now_ms += 5;
	INIT(r, &s, SWEEP);
	assert_ok(rig_call(r, &s.op));
	assert_int_equal(s.invites, 1);
	l.after = 0;
	l.max = STORE_PAGE_MAX;
	assert_ok(rig_call(r, &l.op));
	assert_int_equal(l.n, 3);
	store_op_clear(&l.op);
}

static void
test_ban__shuts_out_until_lifted(void **state)
{
	struct rig *r = *state;
	struct op_device_by_key k;
	struct op_keys_take t;
	struct op_account_ban o;
	struct person a, b, nobody = {.phone = "+4900"};
	struct op_lookup l;
	struct store_lookup v;
	struct send s;

	join(r, &a, 1, 0);
	join(r, &b, 2, 1);
	assert_ok(send_one(r, &a, &b, 1, NULL));
	assert_ok(ban(r, &b, true, &o));
	assert_int_equal(o.gone.n, 1);
	assert_int_equal(o.gone.v[0], b.dev);
	assert_err(ban(r, &nobody, true, &o), ERR_NOTFOUND);
	assert_ok(by_key(r, &b, &k));
	assert_true(k.banned && !k.revoked);
	assert_err(take(r, &b, &t), ERR_NOTFOUND);
	store_op_clear(&t.op);
	assert_err(send_one(r, &b, &a, 1, NULL), ERR_NOTFOUND);
	send_init(r, &s, &a, 2);
	send_add(&s, 0, &b);
	assert_err(rig_call(r, &s.o.op), ERR_STATE);
	assert_true(s.t[0].gone);
	assert_err(put_attempt(r, b.phone, 9, ""), ERR_DENIED);
	INIT(r, &l, LOOKUP);
	memcpy(v.phone, b.phone, sizeof(v.phone));
	l.v = &v;
	l.n = 1;
	assert_ok(rig_call(r, &l.op));
	assert_false(v.found);

	rig_reopen(r);
	assert_ok(by_key(r, &b, &k));
	assert_true(k.banned);
	assert_ok(ban(r, &b, false, &o));
	assert_ok(by_key(r, &b, &k));
	assert_false(k.banned);
	assert_int_equal(k.queued, 1); /* its mail has waited */
	assert_int_equal(k.one_time_left, 1);
	assert_ok(send_one(r, &b, &a, 1, NULL));
}

static void
test_ban__a_code_sent_before_is_void(void **state)
{
	struct rig *r = *state;
	struct op_account_ban o;
	struct op_register reg;
	struct person a;

	join(r, &a, 1, 0);
	assert_ok(put_attempt(r, a.phone, 9, ""));
	assert_ok(ban(r, &a, true, &o));
	fill_register(r, &reg, 9, 9);
	assert_err(rig_call(r, &reg.op), ERR_DENIED);
}

static void
test_delete__leaves_no_row(void **state)
{
	struct rig *r = *state;
	struct op_account_delete o;
	struct op_device_by_key k;
	struct op_device_revoke rev;
	struct person a, a2, b, again;
	struct op_stats s;

	join(r, &a, 1, 4);
	join_device(r, &a, &a2, 2);
	join(r, &b, 3, 0);
	assert_ok(set_list(r, &a, 2000, "list"));
	list_devices(r, &a, 2001);
	assert_ok(send_to(r, &b, 1, (const struct person *[]){&a, &a2}, 2,
	    (struct store_envelope[2]){{0}}));
	assert_ok(send_one(r, &a2, &b, 2, NULL));
	INIT(r, &rev, DEVICE_REVOKE);
	rev.account = a.id;
	rev.device_id = a2.device_id;
	assert_ok(rig_call(r, &rev.op));
	assert_ok(put_attempt(r, a.phone, 7, ""));

	INIT(r, &o, ACCOUNT_DELETE);
	o.id = a.id;
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.gone.n, 1);
	assert_int_equal(o.gone.v[0], a.dev);
	assert_err(rig_call(r, &o.op), ERR_NOTFOUND);
	assert_err(by_key(r, &a, &k), ERR_NOTFOUND);
	assert_err(by_key(r, &a2, &k), ERR_NOTFOUND); /* no tombstone either */
	stats(r, &s);
	assert_int_equal(s.accounts, 1);
	assert_int_equal(s.devices, 1);
	assert_int_equal(s.one_time_keys, 0);
	assert_int_equal(s.kyber_keys, 0);
	assert_int_equal(s.attempts, 0);
	assert_int_equal(s.queued, 1); /* what b has not read yet is b's */
	assert_err(send_one(r, &a, &b, 3, NULL), ERR_NOTFOUND);

	join(r, &again, 1, 0); /* the number is free, the dev is not reused */
	assert_true(again.dev > b.dev);
	assert_int_equal(queue_count(r, again.dev), 0);
}

static void
test_account_list__pages(void **state)
{
	struct rig *r = *state;
	struct op_account_list o;
	struct op_account_ban ban_op;
	struct person p[5], q;
	uint8_t i;

	for (i = 0; i < 5; i++)
		join(r, &p[i], (uint8_t)(i + 1), 0);
	join_device(r, &p[1], &q, 9);
	assert_ok(ban(r, &p[2], true, &ban_op));
	INIT(r, &o, ACCOUNT_LIST);
	o.max = 3;
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.n, 3);
	for (i = 0; i < 3; i++) {
		assert_memory_equal(&o.v[i].id, &p[i].id, sizeof(p[i].id));
		assert_string_equal(o.v[i].phone, p[i].phone);
		assert_int_equal(o.v[i].devices, i == 1 ? 2 : 1);
		assert_int_equal(o.v[i].banned, i == 2);
	}
	o.after = o.next;
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.n, 2);
	assert_int_equal(o.next, 0);
	assert_string_equal(o.v[1].phone, p[4].phone);
	o.max = STORE_PAGE_MAX + 1;
	assert_err(rig_call(r, &o.op), ERR_RANGE);
	store_op_clear(&o.op);
}

static void
test_stats__count_everything(void **state)
{
	struct op_account_ban ban_op;
	struct rig *r = *state;
	struct person a, b;
	struct op_stats s;

	join(r, &a, 1, 2);
	join(r, &b, 2, 3);
	assert_ok(send_one(r, &a, &b, 10, NULL));
	r->now_ms += 5;
	assert_ok(send_one(r, &a, &b, 20, NULL));
	assert_ok(add_invite(r, "i", 1, 0));
	assert_ok(put_attempt(r, "+4999", 9, ""));
	assert_ok(ban(r, &b, true, &ban_op));
	stats(r, &s);
	assert_int_equal(s.accounts, 2);
	assert_int_equal(s.banned, 1);
	assert_int_equal(s.devices, 2);
	assert_int_equal(s.queued, 2);
	assert_int_equal(s.queued_bytes, 30);
	assert_int_equal(s.oldest_ms, RIG_START_MS);
	assert_int_equal(s.one_time_keys, 5);
	assert_int_equal(s.kyber_keys, 5);
	assert_int_equal(s.invites, 1);
	assert_int_equal(s.attempts, 1);
	assert_true(s.disk_bytes > 0);
	assert_true(s.schema_version >= 1);
}

static void
test_check__sound(void **state)
{
	struct rig *r = *state;
	struct op_check o;
	struct person a, b;

	join(r, &a, 1, 2);
	join(r, &b, 2, 2);
	assert_ok(send_one(r, &a, &b, 10, NULL));
	INIT(r, &o, CHECK);
	assert_ok(rig_call(r, &o.op));
	assert_string_equal(o.text, "");
}

/* ---- the list ------------------------------------------------------------------- */

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
relay_store_suite(const struct suite_backend *b)
{
	const struct CMUnitTest cases[] = {
	    CASE(test_lookup__finds_registered_numbers_only),
	    CASE(test_lookup__longest_number),
	    CASE(test_device_by_key__live_revoked_unknown),
	    CASE(test_otp__right_code_counts_once),
	    CASE(test_otp__wrong_codes_are_counted_durably),
	    CASE(test_otp__register_counts_wrong_codes_too),
	    CASE(test_otp__expires),
	    CASE(test_otp__three_attempts_a_number),
	    CASE(test_otp__refusals),
	    CASE(test_register__uses_up_invites),
	    CASE(test_register__invite_void_meanwhile),
	    CASE(test_register__bad_keys_leave_the_code),
	    CASE(test_register__again_replaces_the_account),
	    CASE(test_register__same_registration_id_is_refused),
	    CASE(test_register__noise_keys_belong_to_one_account),
	    CASE(test_link__ids_never_come_back),
	    CASE(test_keys_take__each_key_once_then_the_last_resort),
	    CASE(test_keys_take__bytes_come_back_as_they_went),
	    CASE(test_keys_take__chosen_devices),
	    CASE(test_keys_put__a_repeated_upload_revives_nothing),
	    CASE(test_keys_put__pool_is_bounded),
	    CASE(test_keys_put__parts_leave_the_rest),
	    CASE(test_keys_take__two_threads_get_no_key_twice),
	    CASE(test_device_list__versions_only_grow),
	    CASE(test_send__stale_sets_are_told_and_nothing_is_queued),
	    CASE(test_send__one_row_a_device),
	    CASE(test_send__chains_what_a_queue_has),
	    CASE(test_send__check_only_queues_nothing),
	    CASE(test_send__repeats_are_one_message),
	    CASE(test_send__repeats_are_known_after_the_ack),
	    CASE(test_send__repeats_are_known_among_the_newest),
	    CASE(test_send__queues_are_bounded),
	    CASE(test_send__refusals),
	    CASE(test_send__to_more_devices_than_are_remembered),
	    CASE(test_queue_read__in_order_and_bounded),
	    CASE(test_queue_read__tells_how_far_it_looked),
	    CASE(test_queue_read__large_and_empty_bodies),
	    CASE(test_queue_ack__deletes_up_to_and_only_there),
	    CASE(test_seq__never_comes_back),
	    CASE(test_seq__reserve_grows_with_commits),
	    CASE(test_queue_put__a_row_that_was_handed_out_first),
	    CASE(test_cancel__what_waits_never_happens),
	    CASE(test_batch__one_commit_and_one_wake_up_a_sink),
	    CASE(test_batch__is_bounded_and_counted),
	    CASE(test_names__are_the_rows),
	    CASE(test_sweep__expires_in_pieces),
	    CASE(test_sweep__moves_nothing_out_of_sight),
	    CASE(test_sweep__old_messages_expire_device_by_device),
	    CASE(test_delete__old_and_new_messages_go),
	    CASE(test_invites__add_list_revoke_expire),
	    CASE(test_ban__shuts_out_until_lifted),
	    CASE(test_ban__a_code_sent_before_is_void),
	    CASE(test_delete__leaves_no_row),
	    CASE(test_account_list__pages),
	    CASE(test_stats__count_everything),
	    CASE(test_check__sound),
	};

	backend = b;
	return cmocka_run_group_tests_name(b->name, cases, NULL, NULL);
}
