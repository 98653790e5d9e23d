/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, keys, device lists, presence and settings through a real relay. */
#include <signal.h>
#include <sodium.h>

#include "common/proto/content.pb-c.h"
#include "tests/lib/relay_rig.h"
#include "tests/unit/test.h"

enum { ANN, BOB, CID, PEOPLE };
enum { KEYS = 24 };

struct fixture {
	struct rig g;
	struct rc_person p[PEOPLE];
};

static int
setup(void **state)
{
	static struct fixture f;
	unsigned i;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rig_start(&f.g, NULL);
	for (i = 0; i < PEOPLE; i++)
		rig_person(&f.g, &f.p[i], i, i == BOB ? KEYS : 0);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rig_clear(&f->g);
	return 0;
}

static Sotto__Relay__GetKeysResponse *
get_keys(struct rc *c, const struct rc_person *p, bool list_only)
{
	Sotto__Relay__GetKeysRequest req = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;
	Sotto__Relay__GetKeysResponse *resp;
	struct rc_frame f;

	req.account_id.data = (uint8_t *)(uintptr_t)p->account;
	req.account_id.len = sizeof(p->account);
	req.list_only = list_only;
	assert_ok(rc_call(c, METHOD_GET_KEYS, &req.base, &f));
	resp = sotto__relay__get_keys_response__unpack(NULL, f.len, f.body);
	assert_non_null(resp);
	return resp;
}

static void
free_keys(Sotto__Relay__GetKeysResponse *r)
{
	sotto__relay__get_keys_response__free_unpacked(r, NULL);
}

/* ---- keys --------------------------------------------------------------------------- */

struct taker {
	struct fixture *f;
	unsigned who;
	unsigned n;
	uint32_t one_time[KEYS], kyber[KEYS];
};

static void *
take_keys(void *arg)
{
	struct taker *t = arg;
	struct rc *c = rig_connect(&t->f->g, &t->f->p[t->who]);
	unsigned i;

	for (i = 0; i < t->n; i++) {
		Sotto__Relay__GetKeysResponse *r =
		    get_keys(c, &t->f->p[BOB], false);

		t->one_time[i] = r->bundles[0]->one_time_pre_key->id;
		t->kyber[i] = r->bundles[0]->kyber_pre_key->id;
		free_keys(r);
	}
	rc_close(c);
	return NULL;
}

static void
test_get_keys__each_one_time_key_goes_out_once(void **state)
{
	struct fixture *f = *state;
	struct taker t[2] = {
	    {.f = f, .who = ANN, .n = KEYS / 2},
	    {.f = f, .who = CID, .n = KEYS / 2},
	};
	unsigned one_time[KEYS + 1] = {0}, kyber[KEYS + 1] = {0}, i, k;
	Sotto__Relay__GetKeysResponse *r;
	pthread_t thread[2];
	struct rc *c;

	for (i = 0; i < 2; i++)
		assert_ok(pthread_create(&thread[i], NULL, take_keys, &t[i]));
	for (i = 0; i < 2; i++)
		assert_ok(pthread_join(thread[i], NULL));
	for (i = 0; i < 2; i++) {
		for (k = 0; k < t[i].n; k++) {
			assert_in_range(t[i].one_time[k], 1, KEYS);
			assert_in_range(t[i].kyber[k], 1, KEYS);
			assert_int_equal(one_time[t[i].one_time[k]]++, 0);
			assert_int_equal(kyber[t[i].kyber[k]]++, 0);
		}
	}
	/* The pools are empty: no one-time key, the last resort for Kyber. */
	c = rig_connect(&f->g, &f->p[ANN]);
	r = get_keys(c, &f->p[BOB], false);
	assert_int_equal(r->n_bundles, 1);
	assert_null(r->bundles[0]->one_time_pre_key);
	assert_int_equal(r->bundles[0]->kyber_pre_key->id, KEYS + 1);
	assert_memory_equal(r->bundles[0]->identity_key.data,
	    f->p[BOB].identity, sizeof(f->p[BOB].identity));
	assert_int_equal(
	    r->bundles[0]->registration_id, f->p[BOB].registration_id);
	free_keys(r);
	rc_close(c);
	c = rig_connect(&f->g, &f->p[BOB]);
	assert_int_equal(rc_hello(c)->one_time_pre_keys_left, 0);
	rc_close(c);
}

static void
test_get_keys__a_list_spends_nothing(void **state)
{
	struct fixture *f = *state;
	struct rc *c = rig_connect(&f->g, &f->p[ANN]);
	Sotto__Relay__GetKeysResponse *r = get_keys(c, &f->p[BOB], true);

	assert_int_equal(r->n_bundles, 0);
	assert_int_equal(r->n_device_ids, 1);
	assert_int_equal(r->device_ids[0], 1);
	free_keys(r);
	rc_close(c);
	c = rig_connect(&f->g, &f->p[BOB]);
	assert_int_equal(rc_hello(c)->one_time_pre_keys_left, KEYS);
	/* Of one's own account: the other devices, of which there are none. */
	r = get_keys(c, &f->p[BOB], false);
	assert_int_equal(r->n_bundles, 0);
	free_keys(r);
	rc_close(c);
}

static void
test_get_keys__of_nobody(void **state)
{
	Sotto__Relay__GetKeysRequest req = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;
	struct fixture *f = *state;
	struct rc *c = rig_connect(&f->g, &f->p[ANN]);
	uint32_t ids[2] = {1, 128};
	uint8_t id[16] = {1};

	req.account_id.data = id;
	req.account_id.len = 16;
	assert_err(rc_call(c, METHOD_GET_KEYS, &req.base, NULL), ERR_NOTFOUND);
	req.list_only = true;
	assert_err(rc_call(c, METHOD_GET_KEYS, &req.base, NULL), ERR_NOTFOUND);
	req.device_ids = ids;
	req.n_device_ids = 2;
	assert_err(rc_call(c, METHOD_GET_KEYS, &req.base, NULL), ERR_FORMAT);
	rc_close(c);
}

static int
put(struct rc *c, Sotto__Relay__PreKeys *k, uint32_t *left)
{
	Sotto__Relay__PutKeysRequest req = SOTTO__RELAY__PUT_KEYS_REQUEST__INIT;
	Sotto__Relay__PutKeysResponse *resp;
	struct rc_frame f;
	int r;

	req.pre_keys = k;
	r = rc_call(c, METHOD_PUT_KEYS, &req.base, &f);
	if (r != 0)
		return r;
	resp = sotto__relay__put_keys_response__unpack(NULL, f.len, f.body);
	assert_non_null(resp);
	*left = resp->one_time_pre_keys_left;
	sotto__relay__put_keys_response__free_unpacked(resp, NULL);
	return 0;
}

static void
test_put_keys__adds_and_refuses_shapes(void **state)
{
	struct fixture *f = *state;
	struct rc *c = rig_connect(&f->g, &f->p[BOB]);
	Sotto__Relay__PreKeys *k = rc_keys_make(100, 5, true);
	uint32_t left = 0;

	assert_ok(put(c, k, &left));
	assert_int_equal(left, KEYS + 5);
	rc_keys_free(k);
	k = rc_keys_make(200, 5, true);
	k->one_time_pre_keys[4]->public_key.data[0] = 0x06;
	assert_err(put(c, k, &left), ERR_FORMAT);
	k->one_time_pre_keys[4]->public_key.data[0] = 0x05;
	k->signed_pre_key->signature.len = 63;
	assert_err(put(c, k, &left), ERR_FORMAT);
	k->signed_pre_key->signature.len = 64;
	k->kyber_pre_keys[0]->public_key.len = 0;
	assert_err(put(c, k, &left), ERR_FORMAT);
	k->kyber_pre_keys[0]->public_key.len = 1569;
	k->kyber_last_resort->signature.len = 1;
	assert_err(put(c, k, &left), ERR_FORMAT);
	rc_keys_free(k);
	k = rc_keys_make(300, 0, false);
	assert_ok(put(c, k, &left));
	assert_int_equal(left, KEYS + 5); /* nothing of what was refused */
	rc_keys_free(k);
	rc_close(c);
}

/* ---- accounts ----------------------------------------------------------------------- */

static void
test_lookup__finds_who_has_an_account(void **state)
{
	Sotto__Relay__LookupRequest req = SOTTO__RELAY__LOOKUP_REQUEST__INIT;
	Sotto__Relay__LookupResponse *resp;
	struct fixture *f = *state;
	struct rc *c = rig_connect(&f->g, &f->p[ANN]);
	char none[] = "+491709999999", junk[] = "a very long text, no number";
	char *phones[4] = {f->p[BOB].phone, none, junk, f->p[CID].phone};
	char *many[257];
	struct rc_frame fr;
	size_t i;

	req.phones = phones;
	req.n_phones = 4;
	assert_ok(rc_call(c, METHOD_LOOKUP, &req.base, &fr));
	resp = sotto__relay__lookup_response__unpack(NULL, fr.len, fr.body);
	assert_int_equal(resp->n_entries, 2);
	assert_string_equal(resp->entries[0]->phone, f->p[BOB].phone);
	assert_memory_equal(resp->entries[0]->account_id.data,
	    f->p[BOB].account, RC_ACCOUNT_LEN);
	assert_memory_equal(resp->entries[1]->account_id.data,
	    f->p[CID].account, RC_ACCOUNT_LEN);
	sotto__relay__lookup_response__free_unpacked(resp, NULL);
	for (i = 0; i < ARRAY_LEN(many); i++)
		many[i] = none;
	req.phones = many;
	req.n_phones = ARRAY_LEN(many);
	assert_err(rc_call(c, METHOD_LOOKUP, &req.base, NULL), ERR_RANGE);
	rc_close(c);
}

static int
set_list(struct rc *c, const struct rc_person *p, uint32_t version)
{
	Sotto__Relay__SetDeviceListRequest req =
	    SOTTO__RELAY__SET_DEVICE_LIST_REQUEST__INIT;
	Sotto__Content__SignedDeviceList sl =
	    SOTTO__CONTENT__SIGNED_DEVICE_LIST__INIT;
	Sotto__Content__DeviceList l = SOTTO__CONTENT__DEVICE_LIST__INIT;
	uint8_t list[256], bytes[512], sig[64] = {7};

	l.account_id.data = (uint8_t *)(uintptr_t)p->account;
	l.account_id.len = sizeof(p->account);
	l.version = version;
	sl.list.data = list;
	sl.list.len = sotto__content__device_list__pack(&l, list);
	sl.signature.data = sig;
	sl.signature.len = sizeof(sig);
	req.device_list.data = bytes;
	req.device_list.len =
	    sotto__content__signed_device_list__pack(&sl, bytes);
	return rc_call(c, METHOD_SET_DEVICE_LIST, &req.base, NULL);
}

static void
test_device_list__only_grows_and_is_ones_own(void **state)
{
	struct fixture *f = *state;
	struct rc *c = rig_connect(&f->g, &f->p[BOB]);
	Sotto__Relay__GetKeysResponse *r;

	assert_ok(set_list(c, &f->p[BOB], 10));
	assert_ok(set_list(c, &f->p[BOB], 11));
	assert_err(set_list(c, &f->p[BOB], 10), ERR_STATE);
	assert_err(set_list(c, &f->p[ANN], 12), ERR_FORMAT);
	assert_err(set_list(c, &f->p[BOB], 0), ERR_FORMAT);
	rc_close(c);
	c = rig_connect(&f->g, &f->p[ANN]);
	r = get_keys(c, &f->p[BOB], true);
	assert_true(r->device_list.len > 64);
	free_keys(r);
	rc_close(c);
}

static void
test_register__again_removes_the_old_device(void **state)
{
	struct fixture *f = *state;
	struct rc_person again = f->p[BOB];
	struct rc *old = rig_connect(&f->g, &f->p[BOB]), *new, *ann;
	Sotto__Relay__SendResponse *resp;
	char reason[16];

	rc_person_make(&again, BOB); /* the same number */
	new = rig_connect(&f->g, &again);
	assert_int_equal(rc_hello(new)->account_id.len, 0);
	assert_ok(rc_register(new, &again, NULL, rig_code, &f->g, 3));
	assert_memory_equal(again.account, f->p[BOB].account, 16);
	assert_ok(rc_wait_closed(old, reason, sizeof(reason)));
	assert_string_equal(reason, "revoked");
	rc_close(old);
	old = rig_connect(&f->g, &f->p[BOB]);
	assert_true(rc_hello(old)->device_removed);
	assert_int_equal(rc_hello(old)->device_id, 0);
	assert_err(rc_call(old, METHOD_LOOKUP, NULL, NULL), ERR_STATE);
	rc_close(old);
	/* The connection that registered is a device from then on. */
	ann = rig_connect(&f->g, &f->p[ANN]);
	assert_ok(rc_send(ann, &f->p[BOB], NULL, "x", 1, false, &resp));
	assert_int_equal(resp->n_stale, 1);
	assert_int_equal(resp->stale[0]->n_reregistered, 1);
	sotto__relay__send_response__free_unpacked(resp, NULL);
	assert_ok(rc_send(ann, &again, NULL, "hi", 2, false, &resp));
	assert_int_equal(resp->n_stale, 0);
	sotto__relay__send_response__free_unpacked(resp, NULL);
	{
		Sotto__Relay__DeliverEvent *ev;

		assert_ok(rc_deliver(new, &ev)); /* nothing waits */
		sotto__relay__deliver_event__free_unpacked(ev, NULL);
		assert_ok(rc_deliver(new, &ev));
		assert_int_equal(ev->n_items, 1);
		sotto__relay__deliver_event__free_unpacked(ev, NULL);
	}
	rc_close(ann);
	rc_close(new);
}

static int
wrong_code(void *arg, char out[static 7])
{
	int r = rig_code(arg, out);

	out[5] = (char)('0' + (out[5] - '0' + 1) % 10);
	return r;
}

static void
test_register__a_wrong_code_makes_no_device(void **state)
{
	struct fixture *f = *state;
	struct rc_person p;
	struct rc *c;

	rc_person_make(&p, 77);
	c = rig_connect(&f->g, &p);
	assert_err(rc_register(c, &p, NULL, wrong_code, &f->g, 0), ERR_AUTH);
	assert_err(rc_call(c, METHOD_LOOKUP, NULL, NULL), ERR_STATE);
	rc_close(c);
}

/* ---- presence and settings -------------------------------------------------------------- */

static int
share(struct rc *c, const struct rc_person *with)
{
	Sotto__Relay__SetPresenceRequest req =
	    SOTTO__RELAY__SET_PRESENCE_REQUEST__INIT;
	ProtobufCBinaryData id = {
	    .len = RC_ACCOUNT_LEN, .data = (uint8_t *)(uintptr_t)with->account};

	req.share = true;
	req.allowed = &id;
	req.n_allowed = 1;
	return rc_call(c, METHOD_SET_PRESENCE, &req.base, NULL);
}

static int
subscribe(struct rc *c, const struct rc_person *to)
{
	Sotto__Relay__SubscribePresenceRequest req =
	    SOTTO__RELAY__SUBSCRIBE_PRESENCE_REQUEST__INIT;
	ProtobufCBinaryData id = {
	    .len = RC_ACCOUNT_LEN, .data = (uint8_t *)(uintptr_t)to->account};

	req.accounts = &id;
	req.n_accounts = 1;
	return rc_call(c, METHOD_SUBSCRIBE_PRESENCE, &req.base, NULL);
}

static void
assert_presence(struct rc *c, const struct rc_person *who, bool online)
{
	Sotto__Relay__PresenceEvent *ev;
	struct rc_frame f;

	assert_ok(rc_event(c, EVENT_PRESENCE, &f));
	ev = sotto__relay__presence_event__unpack(NULL, f.len, f.body);
	assert_int_equal(ev->n_items, 1);
	assert_memory_equal(ev->items[0]->account_id.data, who->account, 16);
	assert_int_equal(ev->items[0]->online, online);
	sotto__relay__presence_event__free_unpacked(ev, NULL);
}

static void
test_presence__comes_and_goes(void **state)
{
	struct fixture *f = *state;
	struct rc *bob = rig_connect(&f->g, &f->p[BOB]);
	struct rc *cid = rig_connect(&f->g, &f->p[CID]), *ann;
	struct rc_frame fr;
	int i;

	assert_ok(subscribe(bob, &f->p[ANN]));
	assert_ok(subscribe(cid, &f->p[ANN]));
	for (i = 0; i < 4; i++) { /* on either loop */
		ann = rig_connect(&f->g, &f->p[ANN]);
		assert_ok(share(ann, &f->p[BOB]));
		assert_presence(bob, &f->p[ANN], true);
		rc_close(ann);
		assert_presence(bob, &f->p[ANN], false);
	}
	/* Cid was not named, and has heard nothing but his empty queue. */
	assert_ok(rc_call(cid, METHOD_PING, NULL, NULL));
	assert_ok(rc_put(cid, FRAME_REQUEST, METHOD_PING, 99, NULL));
	while (rc_next(cid, &fr) == 0 && fr.id != 99)
		assert_int_not_equal(fr.method, EVENT_PRESENCE);
	rc_close(cid);
	rc_close(bob);
}

static void
test_set_conf__reaches_every_loop(void **state)
{
	static const char *const args[] = {"--name", "Another Name", NULL};
	struct fixture *f = *state;
	struct relay_conf *conf = rig_conf(&f->g, args);
	struct rc *c;
	int i;

	assert_ok(relay_set_conf(f->g.relay, conf));
	relay_conf_unref(conf);
	for (i = 0; i < 8; i++) {
		c = rig_connect(&f->g, &f->p[ANN]);
		assert_string_equal(rc_hello(c)->relay_name, "Another Name");
		assert_string_equal(rc_hello(c)->registration, "open");
		rc_close(c);
	}
}

static void
test_refresh_metrics__asks_the_store(void **state)
{
	struct fixture *f = *state;

	relay_refresh_metrics(f->g.relay);
	assert_int_equal(metrics_get(METRIC_accounts), PEOPLE);
	assert_int_equal(metrics_get(METRIC_devices), PEOPLE);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_get_keys__each_one_time_key_goes_out_once),
	    T(test_get_keys__a_list_spends_nothing),
	    T(test_get_keys__of_nobody),
	    T(test_put_keys__adds_and_refuses_shapes),
	    T(test_lookup__finds_who_has_an_account),
	    T(test_device_list__only_grows_and_is_ones_own),
	    T(test_register__again_removes_the_old_device),
	    T(test_register__a_wrong_code_makes_no_device),
	    T(test_presence__comes_and_goes),
	    T(test_set_conf__reaches_every_loop),
	    T(test_refresh_metrics__asks_the_store),
	};

	if (sodium_init() < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
