/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices come and go, numbers change, accounts end: through a real relay. */
#include <dirent.h>
#include <signal.h>
#include <sodium.h>

#include "relay/link/mailbox.h"
#include "tests/lib/relay_calls.h"
#include "tests/unit/test.h"

enum { ANN, BOB, PEOPLE };

struct fixture {
	struct rig g;
	struct who p[PEOPLE];
};

static const char *const flags[] = {
    "--report-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE", NULL};

static int
setup(void **state)
{
	static struct fixture f;
	unsigned i;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rig_start(&f.g, flags);
	for (i = 0; i < PEOPLE; i++)
		who_make(&f.g, &f.p[i], i);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	unsigned i;

	for (i = 0; i < PEOPLE; i++)
		who_clear(&f->p[i]);
	rig_clear(&f->g);
	return 0;
}

static struct rc *
come(struct fixture *f, const struct who *w)
{
	return rig_connect(&f->g, &w->p);
}

/* ---- mailboxes ---------------------------------------------------------------------------- */

static Sotto__Relay__LinkOpenResponse *
open_box(struct rc *c)
{
	Sotto__Relay__LinkOpenRequest req =
	    SOTTO__RELAY__LINK_OPEN_REQUEST__INIT;
	Sotto__Relay__LinkOpenResponse *resp;

	assert_ok(calls_ask(c, METHOD_LINK_OPEN, &req.base,
	    &sotto__relay__link_open_response__descriptor, &resp));
	assert_int_equal(resp->mailbox.len, 16);
	return resp;
}

static int
open_again(struct rc *c, ProtobufCBinaryData box, uint32_t after)
{
	Sotto__Relay__LinkOpenRequest req =
	    SOTTO__RELAY__LINK_OPEN_REQUEST__INIT;

	req.mailbox = box;
	req.after = after;
	return calls_do(c, METHOD_LINK_OPEN, &req.base);
}

static int
put(struct rc *c, ProtobufCBinaryData box, const char *text)
{
	Sotto__Relay__LinkSendRequest req =
	    SOTTO__RELAY__LINK_SEND_REQUEST__INIT;

	req.mailbox = box;
	req.blob = calls_bytes(text, strlen(text));
	return calls_do(c, METHOD_LINK_SEND, &req.base);
}

static int
authorize(struct rc *c, ProtobufCBinaryData box, uint32_t *id)
{
	Sotto__Relay__LinkAuthorizeRequest req =
	    SOTTO__RELAY__LINK_AUTHORIZE_REQUEST__INIT;
	Sotto__Relay__LinkAuthorizeResponse *resp;
	int r;

	req.mailbox = box;
	r = calls_ask(c, METHOD_LINK_AUTHORIZE, &req.base,
	    &sotto__relay__link_authorize_response__descriptor, &resp);
	if (r != 0)
		return r;
	*id = resp->device_id;
	calls_free(resp);
	return 0;
}

static void
expect_blob(struct rc *c, uint32_t number, const char *text)
{
	Sotto__Relay__LinkEvent *ev;
	struct rc_frame f;

	assert_ok(rc_event(c, EVENT_LINK, &f));
	ev = sotto__relay__link_event__unpack(NULL, f.len, f.body);
	assert_non_null(ev);
	assert_int_equal(ev->number, number);
	assert_int_equal(ev->blob.len, strlen(text));
	assert_memory_equal(ev->blob.data, text, strlen(text));
	calls_free(ev);
}

static void
test_mailbox__two_sides_and_nobody_else(void **state)
{
	struct fixture *f = *state;
	struct rc_person fresh, stranger;
	struct rc *new, *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]);
	struct rc *other;
	Sotto__Relay__LinkOpenResponse *box;
	uint32_t id;

	rc_person_make(&fresh, 50);
	rc_person_make(&stranger, 51);
	new = rig_connect(&f->g, &fresh);
	other = rig_connect(&f->g, &stranger);
	box = open_box(new);
	assert_err(put(new, box->mailbox, "too soon"), ERR_STATE);
	assert_err(put(other, box->mailbox, "a guest"), ERR_NOTFOUND);
	assert_err(authorize(ann, box->mailbox, &id), ERR_NOTFOUND);
	assert_ok(put(ann, box->mailbox, "one"));
	expect_blob(new, 1, "one");
	assert_ok(put(new, box->mailbox, "two"));
	expect_blob(ann, 1, "two");
	/* The sides are taken. */
	assert_err(put(bob, box->mailbox, "me too"), ERR_NOTFOUND);
	assert_err(open_again(bob, box->mailbox, 0), ERR_NOTFOUND);
	assert_err(authorize(bob, box->mailbox, &id), ERR_NOTFOUND);
	assert_err(open_again(other, box->mailbox, 0), ERR_NOTFOUND);
	/* Cut off, and back. */
	rc_close(new);
	assert_ok(put(ann, box->mailbox, "three"));
	new = rig_connect(&f->g, &fresh);
	assert_ok(open_again(new, box->mailbox, 1));
	expect_blob(new, 2, "three");
	assert_ok(put(ann, box->mailbox, "four"));
	expect_blob(new, 3, "four");
	assert_int_equal(metrics_get(METRIC_link_mailboxes), 1);
	rc_close(new);
	rc_close(other);
	rc_close(ann);
	rc_close(bob);
	calls_free(box);
}

static void
test_mailbox__malformed(void **state)
{
	struct fixture *f = *state;
	struct rc_person fresh;
	struct rc *new, *ann = come(f, &f->p[ANN]);
	Sotto__Relay__LinkSendRequest send =
	    SOTTO__RELAY__LINK_SEND_REQUEST__INIT;
	Sotto__Relay__LinkFinishRequest fin =
	    SOTTO__RELAY__LINK_FINISH_REQUEST__INIT;
	Sotto__Relay__LinkOpenRequest open =
	    SOTTO__RELAY__LINK_OPEN_REQUEST__INIT;
	Sotto__Relay__LinkOpenResponse *box;
	uint8_t *large = calloc(1, MAILBOX_BLOB_MAX + 1);
	uint32_t id;
	int i;

	assert_non_null(large);
	rc_person_make(&fresh, 50);
	new = rig_connect(&f->g, &fresh);
	box = open_box(new);
	assert_err(calls_do(ann, METHOD_LINK_OPEN, &open.base), ERR_STATE);
	send.mailbox = calls_bytes(box->mailbox.data, 15);
	assert_err(calls_do(ann, METHOD_LINK_SEND, &send.base), ERR_FORMAT);
	assert_err(open_again(new, send.mailbox, 0), ERR_FORMAT);
	assert_err(authorize(ann, send.mailbox, &id), ERR_FORMAT);
	send.mailbox = box->mailbox;
	assert_err(calls_do(ann, METHOD_LINK_SEND, &send.base), ERR_RANGE);
	send.blob = calls_bytes(large, MAILBOX_BLOB_MAX + 1);
	assert_err(calls_do(ann, METHOD_LINK_SEND, &send.base), ERR_RANGE);
	send.blob.len--;
	for (i = 0; i < MAILBOX_BYTES / MAILBOX_BLOB_MAX; i++)
		assert_ok(calls_do(ann, METHOD_LINK_SEND, &send.base));
	assert_err(calls_do(ann, METHOD_LINK_SEND, &send.base), ERR_FULL);
	/* Nobody let it in. */
	fin.registration_id = 7;
	fin.identity_key = calls_bytes(fresh.identity, 33);
	assert_err(calls_do(new, METHOD_LINK_FINISH, &fin.base), ERR_FORMAT);
	fin.pre_keys = rc_keys_make(1, 1, false);
	assert_err(calls_do(new, METHOD_LINK_FINISH, &fin.base), ERR_FORMAT);
	rc_keys_free(fin.pre_keys);
	fin.pre_keys = rc_keys_make(1, 1, true);
	assert_err(calls_do(new, METHOD_LINK_FINISH, &fin.base), ERR_NOTFOUND);
	fin.identity_key.len = 32;
	assert_err(calls_do(new, METHOD_LINK_FINISH, &fin.base), ERR_FORMAT);
	fin.identity_key.len = 33;
	fin.registration_id = 0;
	assert_err(calls_do(new, METHOD_LINK_FINISH, &fin.base), ERR_FORMAT);
	fin.registration_id = 7;
	assert_err(calls_do(ann, METHOD_LINK_FINISH, &fin.base), ERR_STATE);
	rc_keys_free(fin.pre_keys);
	free(large);
	calls_free(box);
	rc_close(new);
	rc_close(ann);
}

/* ---- devices ---------------------------------------------------------------------------------- */

static Sotto__Relay__OwnDevicesResponse *
own(struct rc *c)
{
	Sotto__Relay__OwnDevicesRequest req =
	    SOTTO__RELAY__OWN_DEVICES_REQUEST__INIT;
	Sotto__Relay__OwnDevicesResponse *resp;

	assert_ok(calls_ask(c, METHOD_OWN_DEVICES, &req.base,
	    &sotto__relay__own_devices_response__descriptor, &resp));
	return resp;
}

static size_t
served(struct rc *c, const struct who *w)
{
	Sotto__Relay__GetKeysRequest req = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;
	Sotto__Relay__GetKeysResponse *resp;
	size_t n;

	req.account_id = calls_bytes(w->p.account, 16);
	assert_ok(calls_ask(c, METHOD_GET_KEYS, &req.base,
	    &sotto__relay__get_keys_response__descriptor, &resp));
	n = resp->n_bundles;
	calls_free(resp);
	return n;
}

static int
remove_device(struct rc *c, uint32_t id)
{
	Sotto__Relay__RemoveDeviceRequest req =
	    SOTTO__RELAY__REMOVE_DEVICE_REQUEST__INIT;

	req.device_id = id;
	return calls_do(c, METHOD_REMOVE_DEVICE, &req.base);
}

static void
test_link__is_there_for_nobody_until_a_list_names_it(void **state)
{
	struct fixture *f = *state;
	struct rc *ann, *ann2, *bob = come(f, &f->p[BOB]);
	const struct who *both[2] = {&f->p[ANN]};
	Sotto__Relay__OwnDevicesResponse *o;
	Sotto__Relay__SendResponse *resp;
	struct who two, forged;

	who_link(&f->g, &f->p[ANN], &two, false);
	both[1] = &two;
	assert_int_equal(two.p.device_id, 2);
	assert_int_equal(metrics_get(METRIC_devices_linked), 1);
	ann = come(f, &f->p[ANN]);
	ann2 = come(f, &two);
	assert_false(rc_hello(ann2)->device_listed);
	assert_int_equal(rc_hello(ann2)->device_id, 2);
	o = own(ann);
	assert_int_equal(o->n_devices, 2);
	assert_true(o->devices[0]->listed);
	assert_false(o->devices[1]->listed);
	assert_true(o->devices[1]->added_ms > 0);
	assert_true(o->devices[1]->seen_ms >= o->devices[1]->added_ms);
	calls_free(o);
	assert_int_equal(served(bob, &f->p[ANN]), 1);
	assert_ok(rc_send(bob, &f->p[ANN].p, NULL, "x", 1, false, &resp));
	assert_int_equal(resp->n_stale, 0);
	calls_free(resp);
	assert_err(
	    rc_send(ann2, &f->p[BOB].p, NULL, "x", 1, false, NULL), ERR_STATE);
	/* A list with another identity key is another device. */
	forged = two;
	forged.p.identity[5] ^= 1;
	both[1] = &forged;
	assert_ok(calls_list(ann, &f->p[ANN], both, 2));
	assert_int_equal(served(bob, &f->p[ANN]), 1);
	both[1] = &two;
	assert_ok(calls_list(ann, &f->p[ANN], both, 2));
	assert_int_equal(served(bob, &f->p[ANN]), 2);
	assert_ok(rc_send(bob, &f->p[ANN].p, NULL, "x", 1, false, &resp));
	assert_int_equal(resp->n_stale, 1);
	assert_int_equal(resp->stale[0]->n_missing, 1);
	assert_int_equal(resp->stale[0]->missing[0], 2);
	calls_free(resp);
	assert_ok(rc_send(ann2, &f->p[BOB].p, NULL, "x", 1, false, NULL));
	rc_close(ann);
	rc_close(ann2);
	rc_close(bob);
	who_clear(&two);
}

static void
test_remove__closes_and_forgets(void **state)
{
	struct fixture *f = *state;
	struct rc *ann, *ann2, *ann3;
	struct who two, three;
	char reason[16];

	who_link(&f->g, &f->p[ANN], &two, false);
	who_link(&f->g, &f->p[ANN], &three, false);
	ann = come(f, &f->p[ANN]);
	ann2 = come(f, &two);
	ann3 = come(f, &three);
	assert_int_equal(three.p.device_id, 3);
	assert_err(remove_device(ann2, 3), ERR_DENIED);
	assert_err(remove_device(ann2, 1), ERR_DENIED);
	assert_err(remove_device(ann, 1), ERR_DENIED);
	assert_err(remove_device(ann, 9), ERR_NOTFOUND);
	assert_ok(remove_device(ann, 3));
	assert_ok(rc_wait_closed(ann3, reason, sizeof(reason)));
	assert_string_equal(reason, "revoked");
	rc_close(ann3);
	ann3 = come(f, &three);
	assert_true(rc_hello(ann3)->device_removed);
	rc_close(ann3);
	assert_ok(remove_device(ann2, 2)); /* itself */
	assert_ok(rc_wait_closed(ann2, reason, sizeof(reason)));
	rc_close(ann2);
	rc_close(ann);
	who_clear(&three);
	who_link(&f->g, &f->p[ANN], &three, false);
	assert_int_equal(three.p.device_id, 4); /* never 2 or 3 again */
	who_clear(&two);
	who_clear(&three);
}

/* ---- the registration lock ----------------------------------------------------------------------- */

struct
try {
	int result;
	bool locked;
	uint32_t tries_left, retry_after_ms;
	uint8_t account[16];
};

static Sotto__Relay__RegisterResponse *
ask_code(struct rc *c, const char *phone, bool change)
{
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	Sotto__Relay__RegisterResponse *resp;
	char name[] = "test";

	req.phone = (char *)(uintptr_t)phone;
	req.device_name = name;
	req.change_number = change;
	assert_ok(calls_ask(c, METHOD_REGISTER, &req.base,
	    &sotto__relay__register_response__descriptor, &resp));
	return resp;
}

static struct try
verify(struct rc *c, struct rc_person *p, ProtobufCBinaryData token, char *code,
    const uint8_t *proof)
{
	Sotto__Relay__VerifyOtpRequest req =
	    SOTTO__RELAY__VERIFY_OTP_REQUEST__INIT;
	Sotto__Relay__Error *e;
	struct try t = {0};
	struct rc_frame f;

	req.token = token;
	req.code = code;
	req.registration_id = p->registration_id;
	req.identity_key = calls_bytes(p->identity, 33);
	req.pre_keys = rc_keys_make(1, 1, true);
	if (proof != NULL)
		req.pin_proof = calls_bytes(proof, 32);
	t.result = rc_call(c, METHOD_VERIFY_OTP, &req.base, &f);
	rc_keys_free(req.pre_keys);
	if (t.result == 0)
		return t;
	e = sotto__relay__error__unpack(NULL, f.len, f.body);
	assert_non_null(e);
	t.retry_after_ms = e->retry_after_ms;
	t.locked = e->lock != NULL;
	if (t.locked) {
		t.tries_left = e->lock->tries_left;
		assert_int_equal(e->lock->account_id.len, 16);
		memcpy(t.account, e->lock->account_id.data, 16);
		assert_true(e->lock->lapses_ms > 0);
	}
	calls_free(e);
	return t;
}

static void
set_pin(struct rc *c, const uint8_t *proof)
{
	Sotto__Relay__SetPinRequest req = SOTTO__RELAY__SET_PIN_REQUEST__INIT;

	if (proof != NULL)
		req.proof = calls_bytes(proof, 32);
	assert_ok(calls_do(c, METHOD_SET_PIN, &req.base));
}

/* Nobody could begin a post-quantum session with such a device. */
static void
test_register__without_a_key_of_last_resort_is_refused(void **state)
{
	Sotto__Relay__VerifyOtpRequest req =
	    SOTTO__RELAY__VERIFY_OTP_REQUEST__INIT;
	Sotto__Relay__RegisterResponse *resp;
	struct fixture *f = *state;
	Sotto__Relay__KyberPreKey *last;
	struct rc_person anew;
	struct rc *c;
	char code[7];

	rc_person_make(&anew, 90);
	c = rig_connect(&f->g, &anew);
	resp = ask_code(c, anew.phone, false);
	assert_ok(rig_code(&f->g, code));
	req.token = resp->token;
	req.code = code;
	req.registration_id = anew.registration_id;
	req.identity_key = calls_bytes(anew.identity, 33);
	req.pre_keys = rc_keys_make(1, 1, true);
	last = req.pre_keys->kyber_last_resort;
	req.pre_keys->kyber_last_resort = NULL;
	assert_err(calls_do(c, METHOD_VERIFY_OTP, &req.base), ERR_FORMAT);
	req.pre_keys->kyber_last_resort = last;
	assert_ok(calls_do(c, METHOD_VERIFY_OTP, &req.base));
	rc_keys_free(req.pre_keys);
	calls_free(resp);
	rc_close(c);
}

static void
test_pin__stops_who_has_only_the_code(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *thief;
	Sotto__Relay__SetPinRequest bad = SOTTO__RELAY__SET_PIN_REQUEST__INIT;
	Sotto__Relay__RegisterResponse *resp;
	uint8_t proof[32], wrong[32] = {1};
	struct rc_person again;
	char code[7];
	struct try t;
	uint32_t left;

	randombytes_buf(proof, sizeof(proof));
	bad.proof = calls_bytes(proof, 31);
	assert_err(calls_do(ann, METHOD_SET_PIN, &bad.base), ERR_FORMAT);
	set_pin(ann, proof);
	rc_person_make(&again, ANN);
	thief = rig_connect(&f->g, &again);
	resp = ask_code(thief, again.phone, false);
	assert_ok(rig_code(&f->g, code));
	t = verify(thief, &again, resp->token, code, NULL);
	assert_int_equal(t.result, ERR_AUTH);
	assert_true(t.locked);
	assert_int_equal(t.tries_left, 5);
	assert_memory_equal(t.account, f->p[ANN].p.account, 16);
	for (left = 4; left > 0; left--) {
		t = verify(thief, &again, resp->token, code, wrong);
		assert_int_equal(t.result, ERR_AUTH);
		assert_int_equal(t.tries_left, left);
		assert_int_equal(t.retry_after_ms, 0);
	}
	t = verify(thief, &again, resp->token, code, wrong);
	assert_int_equal(t.tries_left, 0);
	assert_true(t.retry_after_ms > 86000000);
	t = verify(thief, &again, resp->token, code, proof); /* too late */
	assert_int_equal(t.result, ERR_AUTH);
	assert_int_equal(t.tries_left, 0);
	/* Its owner is still there, and may lift it. */
	set_pin(ann, NULL);
	t = verify(thief, &again, resp->token, code, NULL);
	assert_int_equal(t.result, 0);
	calls_free(resp);
	rc_close(ann);
	rc_close(thief);
}

static void
test_pin__lets_its_owner_in_once(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *new;
	Sotto__Relay__RegisterResponse *resp;
	struct rc_person again;
	uint8_t proof[32];
	char code[7];
	struct try t;

	randombytes_buf(proof, sizeof(proof));
	set_pin(ann, proof);
	rc_person_make(&again, ANN);
	new = rig_connect(&f->g, &again);
	resp = ask_code(new, again.phone, false);
	assert_ok(rig_code(&f->g, code));
	code[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
	t = verify(new, &again, resp->token, code, proof);
	assert_int_equal(t.result, ERR_AUTH);
	assert_false(t.locked); /* a wrong code learns nothing of the PIN */
	code[0] = code[0] == '0' ? '9' : (char)(code[0] - 1);
	t = verify(new, &again, resp->token, code, proof);
	assert_int_equal(t.result, 0);
	calls_free(resp);
	/* The PIN went with the old devices. */
	rc_close(new);
	rc_person_make(&again, ANN);
	new = rig_connect(&f->g, &again);
	assert_ok(rc_register(new, &again, NULL, rig_code, &f->g, 1));
	rc_close(new);
	rc_close(ann);
}

/* ---- change of number -------------------------------------------------------------------------- */

static int
change_number(struct rc *c, ProtobufCBinaryData token, char *code)
{
	Sotto__Relay__ChangeNumberRequest req =
	    SOTTO__RELAY__CHANGE_NUMBER_REQUEST__INIT;

	req.token = token;
	req.code = code;
	return calls_do(c, METHOD_CHANGE_NUMBER, &req.base);
}

static bool
has_account(struct rc *c, const char *phone, const uint8_t *account)
{
	Sotto__Relay__LookupRequest req = SOTTO__RELAY__LOOKUP_REQUEST__INIT;
	Sotto__Relay__LookupResponse *resp;
	char *phones[1] = {(char *)(uintptr_t)phone};
	bool found;

	req.phones = phones;
	req.n_phones = 1;
	assert_ok(calls_ask(c, METHOD_LOOKUP, &req.base,
	    &sotto__relay__lookup_response__descriptor, &resp));
	found = resp->n_entries == 1 &&
		memcmp(resp->entries[0]->account_id.data, account, 16) == 0;
	calls_free(resp);
	return found;
}

static void
test_number__moves_with_its_account(void **state)
{
	static const char there[] = "+491719999999";
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]), *bob = come(f, &f->p[BOB]),
		  *guest;
	Sotto__Relay__RegisterResponse *resp;
	char code[7], wrong[7] = "abcdef";
	struct rc_person fresh;
	struct try t;

	resp = ask_code(ann, there, true);
	assert_ok(rig_code(&f->g, code));
	/* Good for nothing else and for nobody else. */
	rc_person_make(&fresh, 60);
	guest = rig_connect(&f->g, &fresh);
	t = verify(guest, &fresh, resp->token, code, NULL);
	assert_int_equal(t.result, ERR_EXPIRED);
	assert_err(change_number(bob, resp->token, code), ERR_EXPIRED);
	assert_err(change_number(ann, resp->token, wrong), ERR_FORMAT);
	assert_ok(change_number(ann, resp->token, code));
	assert_true(has_account(bob, there, f->p[ANN].p.account));
	assert_false(has_account(bob, f->p[ANN].p.phone, f->p[ANN].p.account));
	assert_err(change_number(ann, resp->token, code), ERR_EXPIRED);
	calls_free(resp);
	/* Somebody has that one. */
	resp = ask_code(ann, f->p[BOB].p.phone, true);
	assert_ok(rig_code(&f->g, code));
	assert_err(change_number(ann, resp->token, code), ERR_EXISTS);
	calls_free(resp);
	/* A code for a registration moves nobody. */
	resp = ask_code(guest, fresh.phone, false);
	assert_ok(rig_code(&f->g, code));
	assert_err(change_number(ann, resp->token, code), ERR_EXPIRED);
	calls_free(resp);
	rc_close(guest);
	rc_close(ann);
	rc_close(bob);
}

/* ---- the end of an account ---------------------------------------------------------------------- */

/* Whether any file of the relay holds these bytes. */
static bool
on_disk(const struct rig *g, const void *what, size_t len)
{
	char path[512], dir[96];
	struct dirent *e;
	bool found = false;
	char *text;
	size_t n;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/d", g->dir);
	d = opendir(dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		text = read_text_file(path, &n);
		found |= memmem(text, n, what, len) != NULL;
		free(text);
	}
	closedir(d);
	return found;
}

static int
delete_account(struct rc *c, const char *phone)
{
	Sotto__Relay__DeleteAccountRequest req =
	    SOTTO__RELAY__DELETE_ACCOUNT_REQUEST__INIT;

	req.phone = (char *)(uintptr_t)phone;
	return calls_do(c, METHOD_DELETE_ACCOUNT, &req.base);
}

static void
test_delete__leaves_nothing_on_the_disk(void **state)
{
	static const char secret[] = "a message that waits for her devices";
	struct fixture *f = *state;
	struct rc *ann, *ann2, *bob = come(f, &f->p[BOB]);
	Sotto__Relay__RegisterResponse *resp;
	struct who two;
	uint8_t id[16], proof[32];
	char reason[16], other[] = "+491718888888";

	who_link(&f->g, &f->p[ANN], &two, false);
	assert_ok(rc_send(
	    bob, &f->p[ANN].p, NULL, secret, sizeof(secret), false, NULL));
	ann = come(f, &f->p[ANN]);
	ann2 = come(f, &two);
	randombytes_buf(proof, sizeof(proof));
	set_pin(ann, proof);
	calls_create(ann, &f->p[ANN], NULL, 0, id);
	resp = ask_code(ann, other, true);
	calls_free(resp);
	assert_err(delete_account(ann2, f->p[ANN].p.phone), ERR_DENIED);
	assert_err(delete_account(ann, f->p[BOB].p.phone), ERR_DENIED);
	assert_err(delete_account(ann, "+49"), ERR_DENIED);
	assert_err(delete_account(ann, "0170"), ERR_FORMAT);
	assert_ok(delete_account(ann, f->p[ANN].p.phone));
	assert_ok(rc_wait_closed(ann, reason, sizeof(reason)));
	assert_ok(rc_wait_closed(ann2, reason, sizeof(reason)));
	rc_close(ann);
	rc_close(ann2);
	assert_false(has_account(bob, f->p[ANN].p.phone, f->p[ANN].p.account));
	ann = come(f, &f->p[ANN]);
	assert_false(rc_hello(ann)->device_removed); /* as if never here */
	rc_close(ann);
	rc_close(bob);
	rig_stop(&f->g);
	assert_true(on_disk(&f->g, f->p[BOB].p.account, 16));
	assert_false(on_disk(&f->g, f->p[ANN].p.account, 16));
	assert_false(on_disk(&f->g, f->p[ANN].p.identity + 1, 32));
	assert_false(on_disk(&f->g, two.p.identity + 1, 32));
	assert_false(on_disk(&f->g, f->p[ANN].p.key.pk.b, 32));
	assert_false(on_disk(&f->g, two.p.key.pk.b, 32));
	assert_false(on_disk(&f->g, id, 16));
	assert_false(on_disk(&f->g, secret, sizeof(secret)));
	who_clear(&two);
}

/* ---- reports -------------------------------------------------------------------------------------- */

static void
test_report__is_kept_for_the_operator(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = come(f, &f->p[ANN]);
	Sotto__Relay__ReportRequest req = SOTTO__RELAY__REPORT_REQUEST__INIT;
	uint8_t *large = calloc(1, STORE_REPORT_MAX + 1);

	assert_int_equal(rc_hello(ann)->report_key.len, 32);
	assert_int_equal(rc_hello(ann)->report_key.data[31], 1);
	assert_err(calls_do(ann, METHOD_REPORT, &req.base), ERR_RANGE);
	req.blob = calls_bytes(large, STORE_REPORT_MAX + 1);
	assert_err(calls_do(ann, METHOD_REPORT, &req.base), ERR_RANGE);
	req.blob.len--;
	assert_ok(calls_do(ann, METHOD_REPORT, &req.base));
	assert_int_equal(metrics_get(METRIC_reports), 1);
	rc_close(ann);
	rig_stop(&f->g);
	rig_start(&f->g, NULL); /* no key */
	ann = come(f, &f->p[ANN]);
	assert_int_equal(rc_hello(ann)->report_key.len, 0);
	assert_err(calls_do(ann, METHOD_REPORT, &req.base), ERR_STATE);
	rc_close(ann);
	free(large);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_mailbox__two_sides_and_nobody_else),
	    T(test_mailbox__malformed),
	    T(test_link__is_there_for_nobody_until_a_list_names_it),
	    T(test_remove__closes_and_forgets),
	    T(test_register__without_a_key_of_last_resort_is_refused),
	    T(test_pin__stops_who_has_only_the_code),
	    T(test_pin__lets_its_owner_in_once),
	    T(test_number__moves_with_its_account),
	    T(test_delete__leaves_nothing_on_the_disk),
	    T(test_report__is_kept_for_the_operator),
	};

	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
