/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * register.c — from a phone number to a device of an account: REGISTER, the
 * code, VERIFY_OTP with the first pre-keys. docs/protocol.md §4.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/text.h"
#include "tui/engine/account_care.h"
#include "tui/engine/linking.h"
#include "tui/engine/prekeys.h"
#include "tui/store/store_setting.h"

#define LOCKED                                                                 \
	"This number has a registration lock. Enter its PIN to go on; "        \
	"without "                                                             \
	"it, the lock ends a week after the account was last used."
#define WRONG_PIN "That is not the PIN of this number."
#define NO_TRIES                                                               \
	"Too many wrong PINs were tried. The number stays locked for a day."

/* The answer a waiting register or verify command gets. */
static void
refuse(struct engine *e, int err, uint32_t retry_ms, const char *text)
{
	struct engine_event *ev;
	uint64_t tag = e->reg.tag;

	e->reg.tag = 0;
	if (tag == 0)
		return;
	ev = event_new(e, EV_ERROR, tag);
	if (ev == NULL)
		return;
	ev->code = err;
	ev->retry_after_ms = retry_ms;
	ev->text = sentence_of(text);
	event_post(e, ev);
}

/* The code is right; the PIN was wrong, or not given. */
static void
refuse_locked(struct engine *e, const struct link_reply *reply)
{
	const struct link_lock *lock = &reply->lock;
	struct engine_event *ev = event_new(e, EV_ERROR, e->reg.tag);
	bool tried = e->relock.due;

	e->reg.tag = 0;
	e->reg.locked = true;
	memcpy(e->reg.lock_account, lock->account, STORE_ID_LEN);
	sodium_memzero(&e->relock, sizeof(e->relock));
	if (ev == NULL)
		return;
	ev->code = ERR_AUTH;
	ev->locked = true;
	ev->tries_left = lock->tries_left;
	ev->lapses_ms = lock->lapses_ms;
	ev->retry_after_ms = reply->retry_after_ms;
	ev->text = strdup(lock->tries_left == 0 ? NO_TRIES
			  : tried		? WRONG_PIN
						: LOCKED);
	event_post(e, ev);
}

/* ---- asking for the code ------------------------------------------------------ */

static void
on_code_sent(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__RegisterResponse *res;
	struct engine_event *ev;
	struct engine *e = ctx;

	if (reply->err != 0) {
		refuse(e, reply->err, reply->retry_after_ms, reply->text);
		return;
	}
	res = sotto__relay__register_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL || res->token.len == 0 ||
	    res->token.len > sizeof(e->reg.token)) {
		refuse(e, ERR_FORMAT, 0, "The relay's answer makes no sense.");
		goto out;
	}
	memcpy(e->reg.token, res->token.data, res->token.len);
	e->reg.token_len = res->token.len;
	ev = event_new(e, EV_CODE_SENT, e->reg.tag);
	e->reg.tag = 0;
	if (ev == NULL)
		goto out;
	ev->digits = res->code_digits;
	ev->expires_ms = res->expires_ms;
	ev->resend_after_ms = res->resend_after_ms;
	/* The relay does not tell who has an account, so it cannot say it. */
	if (e->reg.by_invite && e->reg.uri.invite[0] == '\0')
		ev->text = strdup(
		    "This relay takes new people by invite only, and the "
		    "address has no invite: a code comes only if this number "
		    "has an account already.");
	event_post(e, ev);
out:
	if (res != NULL)
		sotto__relay__register_response__free_unpacked(res, NULL);
}

void
register_link_open(struct engine *e)
{
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	char device[] = "sotto";
	int r;

	if (!e->reg.active || e->reg.sent || e->reg.tag == 0)
		return;
	req.phone = e->reg.phone;
	req.invite = e->reg.uri.invite;
	req.device_name = device;
	r = ask_relay(e, METHOD_REGISTER, &req.base, on_code_sent, e);
	if (r != 0)
		refuse(e, r, 0, err_str(r));
	else
		e->reg.sent = true;
}

void
register_link_failed(struct engine *e, int err, const char *reason)
{
	char text[512];

	e->reg.sent = false;
	if (!e->reg.active || e->reg.tag == 0 || err == ERR_UNTRUSTED)
		return;
	if (err == 0)
		err = ERR_CLOSED;
	snprintf(text, sizeof(text),
	    "Cannot reach the relay at %s: %s. Check the address and the "
	    "network, then try again.",
	    e->reg.uri.host, reason[0] != '\0' ? reason : err_str(err));
	refuse(e, err, 0, text);
	link_stop(e->link);
}

static int
read_form(struct engine *e, struct cmd *c)
{
	struct registration reg = {.active = true, .tag = c->tag};
	enum e164_reason bad;
	const char *why;
	char phone[E164_CAP];

	if (uri_parse(c->s[0], &reg.uri, &why) != 0) {
		reply_error(
		    e, c->tag, ERR_FORMAT, "The relay's address: %s.", why);
		return ERR_FORMAT;
	}
	if (e164_parse(phone, c->s[1], e->home, &bad) != 0) {
		reply_error(e, c->tag, ERR_FORMAT, "The phone number: %s.",
		    e164_reason_str(bad));
		return ERR_FORMAT;
	}
	memcpy(reg.phone, phone, sizeof(phone));
	text_sanitize(reg.name, sizeof(reg.name), c->s[2] ? c->s[2] : "",
	    c->s[2] ? strlen(c->s[2]) : 0, TEXT_LINE);
	e->reg = reg;
	return 0;
}

void
cmd_register(struct engine *e, struct cmd *c)
{
	int r;

	if (e->self.registered) {
		reply_error(e, c->tag, ERR_STATE,
		    "This profile is registered already, as %s.",
		    e->self.phone);
		return;
	}
	if (e->reg.tag != 0)
		refuse(e, ERR_CLOSED, 0, "Another attempt was started.");
	if (e->linking != NULL)
		linking_end(e, ERR_CLOSED, "Registering was begun instead.");
	if (read_form(e, c) != 0)
		return;
	r = connection_open(e, &e->reg.uri);
	if (r != 0)
		refuse(e, r, 0, err_str(r));
}

/* ---- giving the code ----------------------------------------------------------- */

static int
become(struct engine *e, const Sotto__Relay__VerifyOtpResponse *res)
{
	struct store_account *row = &e->keys->row;
	struct uri u = e->reg.uri;
	struct buf uri;
	int r;

	u.invite[0] = '\0';
	buf_init(&uri, STORE_URI_MAX - 1);
	r = uri_format(&u, &uri);
	if (r != 0)
		goto out;
	row->registered = true;
	memcpy(row->account, res->account_id.data, STORE_ID_LEN);
	row->device = res->device_id;
	memcpy(row->phone, e->reg.phone, sizeof(row->phone));
	memcpy(row->name, e->reg.name, sizeof(row->name));
	memset(row->relay_uri, 0, sizeof(row->relay_uri));
	memcpy(row->relay_uri, uri.p, uri.len);
	row->has_relay_key = u.has_key;
	memcpy(row->relay_key, u.key, sizeof(row->relay_key));
	r = txn_begin(e);
	if (r == 0) {
		r = account_save(e);
		if (r == 0)
			r = prekeys_uploaded(e);
		if (r == 0)
			r = devices_begin(e, &e->keys->identity.pk);
		if (r == 0) /* registering has lifted it */
			r = store_setting_put_int(e->store, "pin_set", 0);
		if (r == 0)
			r = lock_again_later(e);
		r = txn_end(e, r);
	}
	if (r != 0)
		row->registered = false;
out:
	buf_clear(&uri);
	return r;
}

static void
on_verified(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__VerifyOtpResponse *res;
	struct engine *e = ctx;
	uint64_t tag;
	int r;

	if (reply->err != 0 && reply->lock.set) {
		refuse_locked(e, reply);
		return;
	}
	if (reply->err != 0) {
		refuse(e, reply->err, reply->retry_after_ms, reply->text);
		return;
	}
	res = sotto__relay__verify_otp_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL || res->account_id.len != STORE_ID_LEN ||
	    res->device_id < 1 || res->device_id > 127) {
		refuse(e, ERR_FORMAT, 0, "The relay's answer makes no sense.");
		goto out;
	}
	r = become(e, res);
	if (r == 0)
		r = self_load(e);
	if (r != 0) {
		refuse(e, r, 0, err_str(r));
		goto out;
	}
	tag = e->reg.tag;
	e->reg.tag = 0;
	e->reg.active = false;
	self_post(e, EV_REGISTERED, tag);
	/* The key is a device from now on: come back as one. */
	link_stop(e->link);
	link_start(e->link);
out:
	if (res != NULL)
		sotto__relay__verify_otp_response__free_unpacked(res, NULL);
}

static int
send_code(struct engine *e, char *code)
{
	Sotto__Relay__VerifyOtpRequest req =
	    SOTTO__RELAY__VERIFY_OTP_REQUEST__INIT;
	struct store_account *row = &e->keys->row;
	struct prekeys_upload up;
	int r;

	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, prekeys_make(e, PREKEYS_POOL));
	if (r != 0)
		return r;
	r = prekeys_collect(e, &up);
	if (r != 0)
		return r;
	req.token = (ProtobufCBinaryData){e->reg.token_len, e->reg.token};
	req.code = code;
	req.registration_id = row->registration_id;
	req.identity_key =
	    (ProtobufCBinaryData){STORE_PUB_LEN, row->identity_public};
	req.pre_keys = &up.msg;
	if (e->relock.due)
		req.pin_proof =
		    (ProtobufCBinaryData){PIN_PROOF_LEN, e->relock.proof};
	r = ask_relay(e, METHOD_VERIFY_OTP, &req.base, on_verified, e);
	prekeys_release(&up);
	return r;
}

static void
verify(struct engine *e, const struct cmd *c)
{
	int r;

	e->reg.tag = c->tag;
	r = send_code(e, c->s[0]);
	if (r == ERR_CLOSED)
		refuse(e, r, 0,
		    "The connection to the relay is gone. Ask for a new code.");
	else if (r != 0)
		refuse(e, r, 0, err_str(r));
}

static bool
has_token(struct engine *e, const struct cmd *c)
{
	if (e->reg.active && e->reg.token_len > 0)
		return true;
	reply_error(e, c->tag, ERR_STATE,
	    "Ask for a code first: no number was given yet.");
	return false;
}

void
cmd_verify(struct engine *e, struct cmd *c)
{
	if (!has_token(e, c))
		return;
	sodium_memzero(&e->relock, sizeof(e->relock));
	verify(e, c);
}

/* The salt came with the refusal of the code alone. */
void
cmd_verify_pin(struct engine *e, struct cmd *c)
{
	int r = 0;

	if (!has_token(e, c))
		return;
	sodium_memzero(&e->relock, sizeof(e->relock));
	if (e->reg.locked) {
		memcpy(e->relock.account, e->reg.lock_account, STORE_ID_LEN);
		r = pin_proof(e, e->relock.account, c->s[1], e->relock.proof);
		e->relock.due = r == 0;
	}
	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		verify(e, c);
}

/* ---- the relay's own key ----------------------------------------------------- */

void
cmd_relay_key(struct engine *e, struct cmd *c)
{
	struct store_account *row = &e->keys->row;
	int r = 0;

	if (!e->offered_set || e->link == NULL) {
		reply_error(e, c->tag, ERR_STATE, "No key waits for you.");
		return;
	}
	e->offered_set = false;
	if (c->n == 0) {
		refuse(e, ERR_UNTRUSTED, 0, "The relay's key was refused.");
		if (!e->self.registered && e->linking != NULL)
			linking_end(
			    e, ERR_UNTRUSTED, "The relay's key was refused.");
		reply_done(e, c->tag);
		return;
	}
	e->reg.uri.has_key = true;
	memcpy(e->reg.uri.key, e->offered.b, sizeof(e->reg.uri.key));
	if (e->self.registered) {
		row->has_relay_key = true;
		memcpy(row->relay_key, e->offered.b, sizeof(row->relay_key));
		r = account_save(e);
	}
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	link_set_relay_key(e->link, &e->offered);
	link_start(e->link);
	reply_done(e, c->tag);
}
