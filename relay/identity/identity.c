/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.c — registration, step by step.
 *
 *	register: limits -> [account?] -> attempt stored -> code sent -> answer
 *	          withheld or re-registration: answer -> [code sent]
 *	verify:   limits -> REGISTER in the store -> answer
 *
 * Lifetimes
 *   1. A request lives until its last step has come back, even when nobody
 *      waits for its answer any more.
 *   2. The identity lives until it is closed, its timer handle is closed, no
 *      request lives and every driver it ever had is closed.
 */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "relay/admin/metrics.h"
#include "relay/identity/identity.h"
#include "relay/identity/otp.h"
#include "relay/keys/upload.h"

#define CODES	 1000000 /* 10^IDENTITY_CODE_DIGITS */
#define CODE_LEN IDENTITY_CODE_DIGITS

static_assert(IDENTITY_CODE_DIGITS <= OTP_CODE_MAX, "drivers take the code");

struct request {
	struct identity *id;
	struct request *next, *prev;
	struct request *next_soon;
	identity_register_fn *registered; /* one of the two; both NULL: */
	identity_verify_fn *verified; /* nobody waits any more */
	void *arg;
	bool moves; /* of account, which wants this number */
	struct account_id account;
	bool must_exist; /* a code only for a number that has an account */
	int err; /* for the answer that comes soon */
	struct identity_fail fail;
	struct identity_attempt attempt;
	char phone[E164_CAP];
	char invite[STORE_INVITE_MAX + 1];
	char code[CODE_LEN + 1];
	void *keys; /* what op.reg borrows from */
	union {
		struct store_op head;
		struct op_account_get account;
		struct op_otp_put put;
		struct op_register reg;
	} op;
};

struct identity {
	struct identity_env env;
	struct relay_conf *conf;
	struct otp *otps; /* the first is in force, the others end */
	uint8_t key[crypto_generichash_KEYBYTES]; /* of code hashes */
	uint8_t pin_key[crypto_generichash_KEYBYTES];
	uv_timer_t timer; /* for answers that come soon */
	bool timer_open;
	bool closed;
	struct request *requests;
	struct request *soon, **soon_tail;
	size_t pending;
};

/* ---- lifetimes ----------------------------------------------------------------------- */

static void
identity_free_if_over(struct identity *id)
{
	if (!id->closed || id->timer_open || id->requests != NULL ||
	    id->otps != NULL)
		return;
	relay_conf_unref(id->conf);
	sodium_memzero(id->key, sizeof(id->key));
	sodium_memzero(id->pin_key, sizeof(id->pin_key));
	free(id);
}

static void
request_free(struct request *q)
{
	struct identity *id = q->id;

	if (q->prev != NULL)
		q->prev->next = q->next;
	else
		id->requests = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	id->pending--;
	free(q->keys);
	sodium_memzero(q, sizeof(*q));
	free(q);
	identity_free_if_over(id);
}

/* NULL: too many, or no memory; *err says which. */
static struct request *
request_new(struct identity *id, void *arg, int *err)
{
	struct request *q;

	if (id->closed || id->pending >= IDENTITY_PENDING_MAX) {
		*err = id->closed ? ERR_CLOSED : ERR_BUSY;
		return NULL;
	}
	q = calloc(1, sizeof(*q));
	if (q == NULL) {
		*err = ERR_NOMEM;
		return NULL;
	}
	q->id = id;
	q->arg = arg;
	q->next = id->requests;
	if (q->next != NULL)
		q->next->prev = q;
	id->requests = q;
	id->pending++;
	return q;
}

/* ---- answers -------------------------------------------------------------------------- */

/* Tell whoever waits, once. a, d: with err 0. */
static void
answer(struct request *q, int err, const struct identity_attempt *a,
    const struct identity_device *d)
{
	identity_register_fn *registered = q->registered;
	identity_verify_fn *verified = q->verified;

	q->registered = NULL;
	q->verified = NULL;
	if (err != 0 && q->fail.text == NULL)
		q->fail.text = err_str(err);
	if (registered != NULL)
		registered(q->arg, err, err == 0 ? a : NULL, &q->fail);
	else if (verified != NULL)
		verified(q->arg, err, err == 0 ? d : NULL, &q->fail);
}

/* End a request with an error; text NULL: err_str(). */
static void
fail(struct request *q, int err, const char *text)
{
	q->fail.text = text;
	answer(q, err, NULL, NULL);
	request_free(q);
}

static void
on_soon(uv_timer_t *t)
{
	struct identity *id = t->data;
	struct request *q, *next;

	q = id->soon;
	id->soon = NULL;
	id->soon_tail = &id->soon;
	for (; q != NULL; q = next) {
		next = q->next_soon;
		fail(q, q->err, q->fail.text);
	}
}

/* The same on the loop's next turn, for what is known within the call. */
static void
fail_soon(struct request *q, int err, const char *text)
{
	struct identity *id = q->id;

	q->err = err;
	q->fail.text = text;
	*id->soon_tail = q;
	id->soon_tail = &q->next_soon;
	/* Cannot fail: the callback is no NULL, the handle is open. */
	(void)uv_timer_start(&id->timer, on_soon, 0, 0);
}

struct text_row {
	int err;
	const char *text;
};

/* The row's text, NULL when there is none. */
static const char *
text_of(const struct text_row *v, size_t n, int err)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].err == err)
			return v[i].text;
	return NULL;
}

/* ---- codes ------------------------------------------------------------------------------ */

/* randombytes_uniform() rejects instead of folding: no digit is likelier. */
static void
make_code(char code[static CODE_LEN + 1])
{
	uint32_t n = randombytes_uniform(CODES);
	int i;

	for (i = CODE_LEN - 1; i >= 0; i--) {
		code[i] = (char)('0' + n % 10);
		n /= 10;
	}
	code[CODE_LEN] = '\0';
	sodium_memzero(&n, sizeof(n));
}

/* Keyed, so that the store's file alone does not give a million codes away. */
static void
hash_code(const struct identity *id,
    const uint8_t token[static STORE_TOKEN_LEN],
    const char code[static CODE_LEN], uint8_t out[static STORE_CODE_HASH_LEN])
{
	crypto_generichash_state st;

	(void)crypto_generichash_init(
	    &st, id->key, sizeof(id->key), STORE_CODE_HASH_LEN);
	(void)crypto_generichash_update(&st, token, STORE_TOKEN_LEN);
	(void)crypto_generichash_update(&st, (const uint8_t *)code, CODE_LEN);
	(void)crypto_generichash_final(&st, out, STORE_CODE_HASH_LEN);
	sodium_memzero(&st, sizeof(st));
}

static bool
is_code(const char *s)
{
	size_t i;

	for (i = 0; i < CODE_LEN; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return s[CODE_LEN] == '\0';
}

int
identity_code_hash(const struct identity *id, const ProtobufCBinaryData *token,
    const char *code, uint8_t out[static STORE_CODE_HASH_LEN])
{
	if (token->len != STORE_TOKEN_LEN || !is_code(code))
		return ERR_FORMAT;
	hash_code(id, token->data, code, out);
	return 0;
}

void
identity_pin_hash(const struct identity *id,
    const uint8_t proof[static IDENTITY_PROOF_LEN],
    uint8_t out[static STORE_PIN_HASH_LEN])
{
	(void)crypto_generichash(out, STORE_PIN_HASH_LEN, proof,
	    IDENTITY_PROOF_LEN, id->pin_key, sizeof(id->pin_key));
}

/* ---- register ----------------------------------------------------------------------------- */

static void
note_withheld(const struct request *q)
{
	metrics_add1(METRIC_otp, OTP_WITHHELD, 1);
	log_info(q->id->env.log, "one-time code withheld",
	    LOG_PHONE("phone", q->phone),
	    LOG_STR(
		"policy", registration_policy_str(q->id->conf->registration)));
}

/* The answer had to wait for the driver. */
static void
on_sent(void *arg, int err)
{
	static const struct text_row texts[] = {
	    {ERR_IO, "the code could not be sent, try again later"},
	    {ERR_TIMEOUT, "the code could not be sent, try again later"},
	    {ERR_BUSY, "the relay is busy, try again later"},
	};
	struct request *q = arg;

	metrics_add1(METRIC_otp, err == 0 ? OTP_SENT : OTP_FAILED, 1);
	if (err == 0)
		log_info(q->id->env.log, "one-time code sent",
		    LOG_PHONE("phone", q->phone));
	q->fail.text = text_of(texts, ARRAY_LEN(texts), err);
	answer(q, err, &q->attempt, NULL);
	request_free(q);
}

static void
on_attempt_stored(struct store_op *op)
{
	static const struct text_row texts[] = {
	    {ERR_NOTFOUND, "there is no such invite"},
	    {ERR_EXPIRED, "that invite is too old"},
	    {ERR_FULL, "that invite has been used up"},
	};
	struct request *q = op->ctx;
	int r = q->id->closed ? ERR_CLOSED : op->result;

	/* A ban is nobody's business but the operator's. */
	if (r == ERR_DENIED) {
		q->attempt.withheld = true;
		r = 0;
	}
	if (r != 0) {
		fail(q, r, text_of(texts, ARRAY_LEN(texts), r));
		return;
	}
	/* Whether a code goes out must not show: answer first. */
	if (q->must_exist || q->attempt.withheld)
		answer(q, 0, &q->attempt, NULL);
	if (q->attempt.withheld) {
		note_withheld(q);
		request_free(q);
		return;
	}
	otp_send(q->id->otps, q->phone, q->code, on_sent, q);
}

static void
store_attempt(struct request *q)
{
	struct identity *id = q->id;
	struct op_otp_put *o = &q->op.put;

	randombytes_buf(q->attempt.token, sizeof(q->attempt.token));
	q->attempt.expires_ms =
	    relay_clock_wall(id->env.clock) + id->conf->otp_ttl_ms;
	q->attempt.code_digits = CODE_LEN;
	q->attempt.resend_after_ms =
	    (uint32_t)id->conf->rates.r[LIMIT_RESEND][LIMIT_BY_NUMBER].per_ms;
	store_op_init(
	    &o->op, STORE_OTP_PUT, id->env.sink, on_attempt_stored, q);
	memcpy(o->token, q->attempt.token, sizeof(o->token));
	(void)snprintf(o->phone, sizeof(o->phone), "%s", q->phone);
	(void)snprintf(o->invite, sizeof(o->invite), "%s", q->invite);
	o->expires_ms = q->attempt.expires_ms;
	o->attempts = id->conf->otp_attempts;
	o->moves = q->moves;
	o->account = q->account;
	make_code(q->code);
	hash_code(id, o->token, q->code, o->code_hash);
	if (q->attempt.withheld) /* a hash that no code has */
		randombytes_buf(o->code_hash, sizeof(o->code_hash));
	store_submit(id->env.store, &o->op);
}

static void
on_account_known(struct store_op *op)
{
	struct request *q = op->ctx;
	int r = op->result;

	if (q->id->closed) /* the store may be gone by now */
		r = ERR_CLOSED;
	if (r != 0 && r != ERR_NOTFOUND) {
		fail(q, r, NULL);
		return;
	}
	q->attempt.withheld = r == ERR_NOTFOUND;
	store_attempt(q);
}

/* 0, or the error with its text. */
static int
check_register(const Sotto__Relay__RegisterRequest *req, const char **text)
{
	if (!e164_valid(req->phone)) {
		*text = "the number must begin with + and the country code";
		return ERR_FORMAT;
	}
	if (strlen(req->device_name) > IDENTITY_NAME_MAX ||
	    !text_is_utf8(req->device_name, strlen(req->device_name))) {
		*text = "the device's name is too long";
		return ERR_FORMAT;
	}
	if (strlen(req->invite) > STORE_INVITE_MAX) {
		*text = "there is no such invite";
		return ERR_NOTFOUND;
	}
	return 0;
}

static int
take_register_limits(
    struct identity *id, const struct net_addr *peer, struct request *q)
{
	struct limit_key keys[2] = {
	    limit_key_address(peer), limit_key_number(q->phone)};
	uint64_t now = relay_clock_mono(id->env.clock);
	uint32_t *after = &q->fail.retry_after_ms;
	int r;

	r = limit_take_all(
	    id->env.limit, LIMIT_REGISTER, keys, 2, 1, now, after);
	if (r != 0)
		return r;
	r = limit_take(id->env.limit, LIMIT_RESEND, &keys[1], 1, now, after);
	if (r != 0) {
		limit_refund(id->env.limit, LIMIT_REGISTER, &keys[0], 1, now);
		limit_refund(id->env.limit, LIMIT_REGISTER, &keys[1], 1, now);
	}
	return r;
}

void
identity_register(struct identity *id, const struct net_addr *peer,
    const Sotto__Relay__RegisterRequest *req, const struct account_id *mover,
    identity_register_fn *done, void *arg)
{
	struct identity_fail none = {.text = NULL};
	const char *text = NULL;
	struct request *q;
	bool invited;
	int r;

	q = request_new(id, arg, &r);
	if (q == NULL) {
		none.text = err_str(r);
		done(arg, r, NULL, &none);
		return;
	}
	q->registered = done;
	r = check_register(req, &text);
	if (r != 0) {
		fail_soon(q, r, text);
		return;
	}
	if (!otp_can_send(id->otps)) {
		fail_soon(q, ERR_STATE,
		    "this relay cannot send codes: its operator has to set "
		    "otp-driver");
		return;
	}
	(void)snprintf(q->phone, sizeof(q->phone), "%s", req->phone);
	r = take_register_limits(id, peer, q);
	if (r != 0) {
		metrics_add1(METRIC_rate_limited, LIMIT_REGISTER, 1);
		fail_soon(q, r, "too many codes were asked for, wait a while");
		return;
	}
	q->moves = mover != NULL;
	if (mover != NULL)
		q->account = *mover;
	invited = !q->moves && id->conf->registration == REGISTRATION_INVITE &&
		  req->invite[0] != '\0';
	if (invited)
		(void)snprintf(q->invite, sizeof(q->invite), "%s", req->invite);
	q->must_exist = !invited && !q->moves &&
			id->conf->registration != REGISTRATION_OPEN;
	if (!q->must_exist) {
		store_attempt(q);
		return;
	}
	store_op_init(
	    &q->op.head, STORE_ACCOUNT_GET, id->env.sink, on_account_known, q);
	q->op.account.phone = q->phone;
	store_submit(id->env.store, &q->op.head);
}

/* ---- verify ------------------------------------------------------------------------------- */

/* Only who has the right code comes here. */
static void
fail_locked(struct request *q, const struct store_lock *l)
{
	q->fail.lock = l;
	q->fail.retry_after_ms =
	    l->wait_ms < UINT32_MAX ? (uint32_t)l->wait_ms : UINT32_MAX;
	fail(q, ERR_AUTH,
	    l->tries_left == 0 ? "too many wrong PINs, wait a day"
			       : "this number is locked with a PIN");
}

static void
on_registered(struct store_op *op)
{
	static const struct text_row texts[] = {
	    {ERR_AUTH, "that code is not right"},
	    {ERR_EXPIRED, "that code is no good any more, ask for a new one"},
	    {ERR_EXISTS, "this key is a device of another account"},
	    {ERR_DUP, "choose another registration id"},
	    {ERR_FULL, "the invite has been used up meanwhile"},
	    {ERR_DENIED, "this number may not register here"},
	    {ERR_FORMAT, "the keys are not well formed"},
	    {ERR_RANGE, "the keys are not well formed"},
	};
	struct request *q = op->ctx;
	const struct op_register *o = &q->op.reg;
	struct identity_device d;
	int r = op->result;

	if (r == ERR_NOTFOUND ||
	    (r == ERR_AUTH && o->attempts_left == 0 && !o->lock.locked))
		r = ERR_EXPIRED;
	metrics_code(METRIC_registrations, r);
	if (r == ERR_AUTH && o->lock.locked) {
		fail_locked(q, &o->lock);
		return;
	}
	if (r != 0) {
		fail(q, r, text_of(texts, ARRAY_LEN(texts), r));
		return;
	}
	d = (struct identity_device){.account = o->account,
	    .device_id = o->device_id,
	    .dev = o->dev,
	    .replaced = o->replaced,
	    .gone = &o->gone};
	log_info(q->id->env.log, "device registered",
	    LOG_HEX("account", o->account.b, sizeof(o->account.b)),
	    LOG_BOOL("replaced", o->replaced));
	answer(q, 0, NULL, &d);
	request_free(q);
}

/* Check the request and copy it into the operation. */
static int
fill_verify(struct request *q, const uint8_t *noise_key,
    const Sotto__Relay__VerifyOtpRequest *req, const char **text)
{
	struct op_register *o = &q->op.reg;

	store_op_init(
	    &o->op, STORE_REGISTER, q->id->env.sink, on_registered, q);
	*text = "the request is not well formed";
	if (req->token.len != sizeof(o->token) || req->registration_id == 0 ||
	    !upload_identity_ok(&req->identity_key) || req->pre_keys == NULL ||
	    (req->pin_proof.len != 0 &&
		req->pin_proof.len != IDENTITY_PROOF_LEN))
		return ERR_FORMAT;
	if (!is_code(req->code)) {
		*text = "a code has six digits";
		return ERR_FORMAT;
	}
	memcpy(o->token, req->token.data, sizeof(o->token));
	memcpy(o->noise_pk, noise_key, sizeof(o->noise_pk));
	memcpy(o->identity_pk, req->identity_key.data, sizeof(o->identity_pk));
	o->registration_id = req->registration_id;
	randombytes_buf(o->new_account.b, sizeof(o->new_account.b));
	hash_code(q->id, o->token, req->code, o->code_hash);
	o->has_pin = req->pin_proof.len != 0;
	if (o->has_pin)
		identity_pin_hash(q->id, req->pin_proof.data, o->pin_hash);
	return upload_copy(req->pre_keys, &o->keys, &q->keys, text);
}

void
identity_verify(struct identity *id, const struct net_addr *peer,
    const uint8_t noise_key[static STORE_NOISE_PK_LEN],
    const Sotto__Relay__VerifyOtpRequest *req, identity_verify_fn *done,
    void *arg)
{
	struct identity_fail none = {.text = NULL};
	struct limit_key key = limit_key_address(peer);
	const char *text = NULL;
	struct request *q;
	int r;

	q = request_new(id, arg, &r);
	if (q == NULL) {
		none.text = err_str(r);
		done(arg, r, NULL, &none);
		return;
	}
	q->verified = done;
	r = fill_verify(q, noise_key, req, &text);
	if (r != 0) {
		fail_soon(q, r, text);
		return;
	}
	r = limit_take(id->env.limit, LIMIT_VERIFY, &key, 1,
	    relay_clock_mono(id->env.clock), &q->fail.retry_after_ms);
	if (r != 0) {
		metrics_add1(METRIC_rate_limited, LIMIT_VERIFY, 1);
		fail_soon(q, r, "too many codes were tried, wait a while");
		return;
	}
	store_submit(id->env.store, &q->op.head);
}

size_t
identity_pending(const struct identity *id)
{
	return id->pending;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void
on_otp_over(void *arg)
{
	identity_free_if_over(arg);
}

int
identity_new(struct identity **out, const struct identity_env *env)
{
	struct identity *id;
	int r;

	id = calloc(1, sizeof(*id));
	if (id == NULL)
		return ERR_NOMEM;
	r = otp_new(&id->otps, env->loop, env->conf, env->log, on_otp_over, id);
	if (r != 0) {
		free(id);
		return r;
	}
	id->env = *env;
	id->env.secret = NULL; /* only what is made of it is kept */
	id->conf = relay_conf_ref(env->conf);
	static_assert(IDENTITY_SECRET_LEN == crypto_kdf_KEYBYTES, "");
	(void)crypto_kdf_derive_from_key(
	    id->key, sizeof(id->key), 1, "otp-hash", env->secret);
	(void)crypto_kdf_derive_from_key(
	    id->pin_key, sizeof(id->pin_key), 2, "pin-hash", env->secret);
	id->soon_tail = &id->soon;
	(void)uv_timer_init(env->loop, &id->timer);
	id->timer.data = id;
	id->timer_open = true;
	*out = id;
	return 0;
}

int
identity_set_conf(struct identity *id, struct relay_conf *conf)
{
	struct otp *old = id->otps;
	int r;

	r = otp_new(
	    &id->otps, id->env.loop, conf, id->env.log, on_otp_over, id);
	if (r != 0)
		return r;
	otp_close(old, false);
	relay_conf_ref(conf);
	relay_conf_unref(id->conf);
	id->conf = conf;
	return 0;
}

static void
on_timer_closed(uv_handle_t *h)
{
	struct identity *id = h->data;

	id->timer_open = false;
	identity_free_if_over(id);
}

void
identity_close(struct identity *id)
{
	struct request *q, *next;
	struct otp *o, *o_next;

	if (id == NULL || id->closed)
		return;
	id->closed = true;
	for (q = id->soon; q != NULL; q = next) {
		next = q->next_soon;
		fail(q, q->err, q->fail.text);
	}
	id->soon = NULL;
	/* A callback may free its own things, never another request. */
	for (q = id->requests; q != NULL; q = q->next)
		answer(q, ERR_CLOSED, NULL, NULL);
	/* The timer is still open, so nothing here frees the identity. */
	for (o = id->otps; o != NULL; o = o_next) {
		o_next = otp_next(o);
		otp_close(o, true);
	}
	uv_close((uv_handle_t *)&id->timer, on_timer_closed);
}
