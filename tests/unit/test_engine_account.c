/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The account itself: registration lock, number, end. */
#include "common/proto/method.h"
#include "tests/unit/engine_rig.h"
#include "tui/engine/account_care.h"
#include "tui/store/store_setting.h"

#define NEW_NUMBER "+4915550000777"

struct home {
	struct er_net net;
	struct er_person *anna, *ben, *laptop;
};

/* ---- what the relay knows of accounts ------------------------------------------------ */

static struct {
	uint8_t proof[PIN_PROOF_LEN], other[PIN_PROOF_LEN];
	bool has_proof;
	char number[32]; /* who asks for it gets Anna */
	bool lose; /* the answer to CHANGE_NUMBER */
	bool deny; /* wrong codes */
	unsigned deleted;
	uint8_t account[STORE_ID_LEN]; /* Anna's */
} relay;

static void
do_register(struct buf *out)
{
	Sotto__Relay__RegisterResponse res =
	    SOTTO__RELAY__REGISTER_RESPONSE__INIT;
	uint8_t token[] = {1, 2, 3};

	res.token = (ProtobufCBinaryData){sizeof(token), token};
	res.code_digits = 6;
	assert_ok(pack_into(out, &res.base));
}

static void
do_pin(struct er_request *rq)
{
	Sotto__Relay__SetPinRequest *m =
	    sotto__relay__set_pin_request__unpack(NULL, rq->len, rq->body);

	assert_non_null(m);
	relay.has_proof = m->proof.len > 0;
	if (relay.has_proof) {
		assert_int_equal(m->proof.len, PIN_PROOF_LEN);
		memcpy(relay.proof, m->proof.data, PIN_PROOF_LEN);
	}
	sotto__relay__set_pin_request__free_unpacked(m, NULL);
}

static void
do_move(struct er_request *rq, struct link_reply *rep)
{
	Sotto__Relay__ChangeNumberRequest *m =
	    sotto__relay__change_number_request__unpack(
		NULL, rq->len, rq->body);

	assert_non_null(m);
	assert_int_equal(m->token.len, 3);
	rep->err = strcmp(m->code, "123456") != 0 ? ERR_AUTH : 0;
	if (rep->err == 0)
		snprintf(relay.number, sizeof(relay.number), NEW_NUMBER);
	if (rep->err == 0 && relay.lose)
		rep->err = ERR_CLOSED;
	sotto__relay__change_number_request__free_unpacked(m, NULL);
}

static void
do_lookup(struct er_request *rq, struct buf *out)
{
	Sotto__Relay__LookupResponse res = SOTTO__RELAY__LOOKUP_RESPONSE__INIT;
	Sotto__Relay__LookupResponse__Entry
	    v = SOTTO__RELAY__LOOKUP_RESPONSE__ENTRY__INIT,
	    *p = &v;
	Sotto__Relay__LookupRequest *m =
	    sotto__relay__lookup_request__unpack(NULL, rq->len, rq->body);

	assert_non_null(m);
	if (m->n_phones == 1 && strcmp(m->phones[0], relay.number) == 0) {
		v.phone = relay.number;
		v.account_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, relay.account};
		res.entries = &p;
		res.n_entries = 1;
	}
	assert_ok(pack_into(out, &res.base));
	sotto__relay__lookup_request__free_unpacked(m, NULL);
}

static void
do_verify(struct er_request *rq, struct link_reply *rep, struct buf *out)
{
	Sotto__Relay__VerifyOtpResponse res =
	    SOTTO__RELAY__VERIFY_OTP_RESPONSE__INIT;
	Sotto__Relay__VerifyOtpRequest *m =
	    sotto__relay__verify_otp_request__unpack(NULL, rq->len, rq->body);

	assert_non_null(m);
	if (relay.has_proof &&
	    (m->pin_proof.len != PIN_PROOF_LEN ||
		memcmp(m->pin_proof.data, relay.proof, PIN_PROOF_LEN) != 0)) {
		rep->err = ERR_AUTH;
		rep->lock = (struct link_lock){
		    .set = true, .tries_left = 4, .lapses_ms = 99};
		memcpy(rep->lock.account, relay.account, STORE_ID_LEN);
	} else {
		relay.has_proof = false;
		res.account_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, relay.account};
		res.device_id = 1;
		assert_ok(pack_into(out, &res.base));
	}
	sotto__relay__verify_otp_request__free_unpacked(m, NULL);
}

static void
on_account(struct er_net *net, struct er_request *rq, struct link_reply *rep,
    struct buf *out)
{
	(void)net;
	switch (rq->method) {
	case METHOD_REGISTER:
		do_register(out);
		break;
	case METHOD_VERIFY_OTP:
		do_verify(rq, rep, out);
		break;
	case METHOD_SET_PIN:
		do_pin(rq);
		break;
	case METHOD_CHANGE_NUMBER:
		do_move(rq, rep);
		break;
	case METHOD_LOOKUP:
		do_lookup(rq, out);
		break;
	case METHOD_DELETE_ACCOUNT:
		relay.deleted++;
		break;
	default:
		fail();
	}
}

/* ---- ------------------------------------------------------------------------------------ */

static void
begin(struct home *h)
{
	memset(h, 0, sizeof(*h));
	memset(&relay, 0, sizeof(relay));
	er_init(&h->net);
	h->net.account = on_account;
	h->anna = er_add(&h->net, 1);
	h->ben = er_add(&h->net, 2);
	memcpy(relay.account, h->anna->account, STORE_ID_LEN);
	snprintf(
	    relay.number, sizeof(relay.number), "%s", h->anna->e->self.phone);
	h->laptop = er_add_blank(&h->net, 3);
	er_link(&h->net, h->laptop, h->anna, "laptop");
	assert_true(er_say(h->anna, h->ben, "hello"));
	er_run(&h->net);
}

static void
end(struct home *h)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (h->net.p[i].e != NULL) {
			assert_int_equal(h->net.p[i].fatal, 0);
			assert_ok(store_check(h->net.p[i].e->store));
		}
	er_clear(&h->net);
}

static void
test_pin__is_a_proof_salted_with_the_account(void **state)
{
	uint8_t proof[PIN_PROOF_LEN], other[PIN_PROOF_LEN];
	struct home h;

	(void)state;
	begin(&h);
	assert_false(h.anna->e->self.pin_set);
	er_cmd(h.anna, CMD_SET_PIN, "4711", NULL, 0, 0);
	er_run(&h.net);
	assert_true(relay.has_proof);
	assert_true(h.anna->e->self.pin_set);
	assert_ok(pin_proof(h.anna->e, h.anna->account, "4711", proof));
	assert_memory_equal(proof, relay.proof, sizeof(proof));
	assert_ok(pin_proof(h.anna->e, h.ben->account, "4711", other));
	assert_memory_not_equal(proof, other, sizeof(proof));
	er_cmd(h.anna, CMD_SET_PIN, "12", NULL, 0, 0);
	assert_string_equal(h.anna->why, "A PIN has at least 4 characters.");
	er_cmd(h.laptop, CMD_SET_PIN, "4711", NULL, 0, 0);
	assert_string_equal(h.laptop->why,
	    "Only the device that registered the number can do that.");
	er_cmd(h.anna, CMD_SET_PIN, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_false(relay.has_proof);
	assert_false(h.anna->e->self.pin_set);
	er_online(h.anna, false);
	er_cmd(h.anna, CMD_SET_PIN, "4711", NULL, 0, 0);
	assert_string_equal(
	    h.anna->why, "That needs the relay, and it is not connected.");
	end(&h);
}

static int64_t
hours_until_asked(struct home *h)
{
	int64_t at = 0;

	assert_ok(
	    store_setting_get_int(h->anna->e->store, "pin_ask_ms", 0, &at));
	return (at - (int64_t)engine_now_ms() + 1800000) / 3600000;
}

/* After half a day, then after longer and longer; a wrong one begins anew. */
static void
test_pin__is_asked_for_now_and_then(void **state)
{
	struct store *s;
	struct home h;

	(void)state;
	begin(&h);
	s = h.anna->e->store;
	er_cmd(h.anna, CMD_CHECK_PIN, "4711", NULL, 0, 0);
	assert_non_null(strstr(h.anna->why, "set it anew"));
	er_cmd(h.anna, CMD_SET_PIN, "4711", NULL, 0, 0);
	er_run(&h.net);
	assert_false(h.anna->e->self.pin_ask);
	assert_int_equal(hours_until_asked(&h), 12);
	assert_ok(store_setting_put_int(s, "pin_ask_ms", 1));
	assert_ok(self_load(h.anna->e));
	assert_true(h.anna->e->self.pin_ask);
	er_cmd(h.anna, CMD_CHECK_PIN, "4711", NULL, 0, 0);
	assert_false(h.anna->e->self.pin_ask);
	assert_int_equal(hours_until_asked(&h), 24);
	er_cmd(h.anna, CMD_CHECK_PIN, "4711", NULL, 0, 0);
	assert_int_equal(hours_until_asked(&h), 3 * 24);
	er_cmd(h.anna, CMD_CHECK_PIN, "4712", NULL, 0, 0);
	assert_non_null(strstr(h.anna->why, "That is not the PIN."));
	assert_int_equal(hours_until_asked(&h), 12);
	er_cmd(h.anna, CMD_SET_PIN, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_ok(self_load(h.anna->e));
	assert_false(h.anna->e->self.pin_ask);
	end(&h);
}

/* As somebody does who moves to a new machine. */
static void
test_register__asks_for_the_pin_and_keeps_it(void **state)
{
	struct er_person *fresh;
	struct home h;

	(void)state;
	begin(&h);
	er_cmd(h.anna, CMD_SET_PIN, "4711", NULL, 0, 0);
	er_run(&h.net);
	fresh = er_add_blank(&h.net, 4);
	er_cmd(fresh, CMD_REGISTER, "sotto://127.0.0.1:1/", "+4915550000001", 0,
	    0);
	er_online(fresh, true);
	er_run(&h.net);
	er_cmd(fresh, CMD_VERIFY_PIN, "123456", "4711", 0, 0);
	er_run(&h.net);
	assert_false(fresh->e->self.registered); /* the salt was not known */
	assert_int_equal(fresh->locked, 4);
	er_cmd(fresh, CMD_VERIFY_PIN, "123456", "4712", 0, 0);
	er_run(&h.net);
	assert_string_equal(fresh->why, "That is not the PIN of this number.");
	assert_false(fresh->e->self.registered);
	er_cmd(fresh, CMD_VERIFY_PIN, "123456", "4711", 0, 0);
	er_run(&h.net);
	assert_true(fresh->e->self.registered);
	assert_false(relay.has_proof); /* registering lifts it */
	memcpy(fresh->account, relay.account, STORE_ID_LEN);
	fresh->device = 1;
	h.anna->device = 0;
	er_online(fresh, true);
	er_run(&h.net);
	assert_true(relay.has_proof);
	assert_true(fresh->e->self.pin_set);
	end(&h);
}

static void
move(struct home *h)
{
	er_cmd(h->anna, CMD_CHANGE_NUMBER, NEW_NUMBER, NULL, 0, 0);
	er_run(&h->net);
	er_cmd(h->anna, CMD_CHANGE_NUMBER_CODE, "123456", NULL, 0, 0);
	er_run(&h->net);
}

static void
know(struct home *h)
{
	struct store_contact c;

	assert_ok(store_contact_get(h->ben->e->store, h->anna->account, &c));
	snprintf(c.phone, sizeof(c.phone), "%s", h->anna->e->self.phone);
	snprintf(c.name, sizeof(c.name), "Anna");
	c.phone_known = true;
	assert_ok(store_contact_put(h->ben->e->store, &c));
}

static void
assert_number(struct er_person *p, const struct er_person *of, const char *n)
{
	struct store_contact c;

	assert_ok(store_contact_get(p->e->store, of->account, &c));
	assert_string_equal(c.phone, n);
	assert_true(c.phone_known);
}

static void
assert_last(struct er_person *p, const struct er_person *with, const char *text)
{
	struct store_messages l;

	assert_ok(
	    store_message_before(p->e->store, er_chat(p, with), 0, 1, &l));
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].text, text);
	store_messages_clear(&l);
}

static void
test_number__contacts_and_devices_hear_of_it(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	know(&h);
	er_cmd(h.anna, CMD_CHANGE_NUMBER, NEW_NUMBER, NULL, 0, 0);
	er_run(&h.net);
	er_cmd(h.anna, CMD_CHANGE_NUMBER_CODE, "000000", NULL, 0, 0);
	er_run(&h.net);
	assert_string_not_equal(h.anna->e->self.phone, NEW_NUMBER);
	er_cmd(h.anna, CMD_CHANGE_NUMBER_CODE, "123456", NULL, 0, 0);
	er_run(&h.net);
	assert_string_equal(h.anna->e->self.phone, NEW_NUMBER);
	assert_string_equal(h.laptop->e->self.phone, NEW_NUMBER);
	assert_number(h.ben, h.anna, NEW_NUMBER);
	assert_last(h.ben, h.anna, "Anna has a new number: " NEW_NUMBER);
	er_cmd(h.laptop, CMD_CHANGE_NUMBER, NEW_NUMBER, NULL, 0, 0);
	assert_string_equal(h.laptop->why,
	    "Only the device that registered the number can change it.");
	end(&h);
}

/* Without the relay's word the number of before stays. */
static void
test_number__a_false_claim_changes_nothing(void **state)
{
	char was[32];
	struct home h;

	(void)state;
	begin(&h);
	know(&h);
	snprintf(was, sizeof(was), "%s", h.anna->e->self.phone);
	er_online(h.ben, false);
	move(&h);
	snprintf(relay.number, sizeof(relay.number), "%s", was);
	er_online(h.ben, true);
	er_run(&h.net);
	assert_number(h.ben, h.anna, was);
	assert_last(h.ben, h.anna, "hello");
	end(&h);
}

/* The relay has done it, and the answer got lost. */
static void
test_number__a_lost_answer_is_made_good(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	know(&h);
	relay.lose = true;
	move(&h);
	assert_string_not_equal(h.anna->e->self.phone, NEW_NUMBER);
	er_stop(h.anna);
	er_start(h.anna);
	er_run(&h.net);
	assert_string_equal(h.anna->e->self.phone, NEW_NUMBER);
	assert_number(h.ben, h.anna, NEW_NUMBER);
	end(&h);
}

static void
test_delete__wants_the_number_and_ends_the_profile(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	er_cmd(h.anna, CMD_DELETE_ACCOUNT, "+4915550000009", NULL, 0, 0);
	er_run(&h.net);
	assert_int_equal(relay.deleted, 0);
	er_cmd(h.laptop, CMD_DELETE_ACCOUNT, h.anna->e->self.phone, NULL, 0, 0);
	er_run(&h.net);
	assert_int_equal(relay.deleted, 0);
	er_cmd(h.anna, CMD_DELETE_ACCOUNT, h.anna->e->self.phone, NULL, 0, 0);
	er_run(&h.net);
	assert_int_equal(relay.deleted, 1);
	assert_int_equal(h.anna->was_removed, 1);
	end(&h);
}

/* Who writes to them sees why it does not arrive. */
static void
test_delete__contacts_see_it_at_their_next_send(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	er_stop(h.anna);
	er_stop(h.laptop);
	h.net.gone = h.anna->account;
	assert_true(er_say(h.ben, h.anna, "are you there?"));
	er_run(&h.net);
	assert_shows(h.ben, h.anna,
	    "received:hello failed:are you there? "
	    "note:");
	assert_last(h.ben, h.anna,
	    "They have left this relay: the message was not sent.");
	h.net.gone = NULL;
	end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pin__is_a_proof_salted_with_the_account),
	    cmocka_unit_test(test_register__asks_for_the_pin_and_keeps_it),
	    cmocka_unit_test(test_pin__is_asked_for_now_and_then),
	    cmocka_unit_test(test_number__contacts_and_devices_hear_of_it),
	    cmocka_unit_test(test_number__a_false_claim_changes_nothing),
	    cmocka_unit_test(test_number__a_lost_answer_is_made_good),
	    cmocka_unit_test(
		test_delete__wants_the_number_and_ends_the_profile),
	    cmocka_unit_test(test_delete__contacts_see_it_at_their_next_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
