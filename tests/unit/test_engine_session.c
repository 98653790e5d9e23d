/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine promises about sessions beyond one record: how much an
 * account may take, and that no handshake counts twice. */
#include <sodium.h>

#include "tests/unit/engine_rig.h"
#include "tui/engine/peer_session.h"
#include "tui/engine/prekeys.h"
#include "tui/store/store_prekey.h"
#include "tui/store/store_session.h"

struct fixture {
	struct er_net net;
	struct er_person *anna, *ben;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	er_init(&f->net);
	f->anna = er_add(&f->net, 1);
	f->ben = er_add(&f->net, 2);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->anna->fatal + f->ben->fatal, 0);
	er_clear(&f->net);
	free(f);
	return 0;
}

static int
has_session(struct fixture *f, uint32_t device)
{
	struct buf rec;
	int r;

	buf_init(&rec, SESSION_RECORD_MAX);
	r = store_session_get(f->anna->e->store, f->ben->account, device, &rec);
	buf_clear(&rec);
	return r;
}

/* Records as large as they come: the fifth is over, and the one used the
 * longest time ago goes; that of another account does not count. */
static void
test_peer_session_put__an_account_has_a_bound(void **state)
{
	struct fixture *f = *state;
	struct buf rec;
	uint32_t device;

	buf_init(&rec, SESSION_RECORD_MAX);
	assert_ok(buf_reserve(&rec, SESSION_RECORD_MAX));
	memset(rec.p, 0x5a, SESSION_RECORD_MAX);
	rec.len = SESSION_RECORD_MAX;
	assert_int_equal(PEER_SESSIONS_MAX, 4 * SESSION_RECORD_MAX);
	assert_ok(peer_session_put(f->anna->e, f->anna->account, 9, &rec));
	for (device = 1; device <= 4; device++)
		assert_ok(peer_session_put(
		    f->anna->e, f->ben->account, device, &rec));
	assert_ok(has_session(f, 1));
	assert_ok(peer_session_put(f->anna->e, f->ben->account, 5, &rec));
	assert_err(has_session(f, 1), ERR_NOTFOUND);
	for (device = 2; device <= 5; device++)
		assert_ok(has_session(f, device));
	buf_clear(&rec);
}

static uint32_t
last_resort(struct engine *e)
{
	struct store_prekey *v;
	uint32_t id = 0;
	size_t i, n;

	assert_ok(
	    store_prekey_list(e->store, STORE_PREKEY_KYBER, false, &v, &n));
	for (i = 0; i < n; i++)
		if (v[i].last_resort)
			id = v[i].id;
	free(v);
	assert_int_not_equal(id, 0);
	return id;
}

/* The key stays, so what used it is remembered. */
static void
test_prekeys_spend__a_last_resort_key_serves_a_handshake_once(void **state)
{
	struct fixture *f = *state;
	struct session_opened o = {.new_session = true, .used_kyber = true};

	o.kyber_id = last_resort(f->anna->e);
	o.signed_id = 1;
	o.base_key.u[0] = 9;
	assert_ok(prekeys_spend(f->anna->e, &o));
	assert_err(prekeys_spend(f->anna->e, &o), ERR_DUP);
	o.base_key.u[0] = 10;
	assert_ok(prekeys_spend(f->anna->e, &o));
	o.new_session = false; /* a message of the session it made */
	assert_ok(prekeys_spend(f->anna->e, &o));
}

/* A one-time key goes with its first use, and a second finds none. */
static void
test_prekeys_spend__a_one_time_key_is_gone(void **state)
{
	struct fixture *f = *state;
	struct session_opened o = {.new_session = true, .used_one_time = true};
	struct store_prekey *v;
	size_t n;

	assert_ok(store_prekey_list(
	    f->anna->e->store, STORE_PREKEY_ONE_TIME, false, &v, &n));
	assert_true(n > 0);
	o.one_time_id = v[0].id;
	free(v);
	assert_ok(prekeys_spend(f->anna->e, &o));
	assert_err(prekeys_spend(f->anna->e, &o), ERR_NOTFOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_peer_session_put__an_account_has_a_bound),
	    T(test_prekeys_spend__a_last_resort_key_serves_a_handshake_once),
	    T(test_prekeys_spend__a_one_time_key_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
