/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account_care.c — the lock, and the end; the number: number.c. */
#include "tui/engine/account_care.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/backups.h"
#include "tui/engine/devicelist.h"
#include "tui/engine/event.h"
#include "tui/store/store_setting.h"

#define PIN_SET	   "pin_set"
#define RELOCK	   "pin_relock" /* a proof that is to hold again */
#define PIN_CHECK  "pin_check" /* what a right PIN comes to */
#define PIN_ASK_MS "pin_ask_ms" /* when it is asked for */
#define PIN_STEP   "pin_ask_step"
#define PIN_PASSES 4
#define PIN_MEMORY (64u * 1024 * 1024) /* bytes */

_Static_assert(crypto_pwhash_SALTBYTES == STORE_ID_LEN, "the account is it");

int
pin_proof(const struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const char *pin, uint8_t out[static PIN_PROOF_LEN])
{
	bool fast = e->opts.fast_kdf;

	if (strlen(pin) > ENGINE_PIN_MAX)
		return ERR_RANGE;
	return crypto_pwhash(out, PIN_PROOF_LEN, pin, strlen(pin), account,
		   fast ? crypto_pwhash_OPSLIMIT_MIN : PIN_PASSES,
		   fast ? crypto_pwhash_MEMLIMIT_MIN : PIN_MEMORY,
		   crypto_pwhash_ALG_ARGON2ID13) == 0
		   ? 0
		   : ERR_NOMEM;
}

/* A request of a command, until it is answered. */
struct asking {
	struct engine *e;
	uint64_t tag;
	bool on;
	uint8_t proof[PIN_PROOF_LEN]; /* of a PIN that is set */
};

/* proof: what is to be remembered when it is done; or NULL. */
static int
ask(struct engine *e, uint64_t tag, const uint8_t *proof, uint16_t method,
    const ProtobufCMessage *m, link_reply_fn *cb)
{
	struct asking *q = calloc(1, sizeof(*q));
	int r;

	if (q == NULL)
		return ERR_NOMEM;
	*q = (struct asking){.e = e, .tag = tag, .on = proof != NULL};
	if (proof != NULL)
		memcpy(q->proof, proof, sizeof(q->proof));
	r = ask_relay(e, method, m, cb, q);
	if (r != 0)
		free(q);
	return r;
}

static void
not_asked(struct engine *e, uint64_t tag, int r)
{
	if (r == ERR_CLOSED)
		reply_error(e, tag, r,
		    "That needs the relay, and it is not connected.");
	else
		reply_error(e, tag, r, NULL);
}

static void
refused(struct engine *e, uint64_t tag, const struct link_reply *reply)
{
	char *text = sentence_of(reply->text);

	reply_error(e, tag, reply->err, "%s",
	    text != NULL && text[0] != '\0' ? text : err_str(reply->err));
	free(text);
}

static bool
is_first(struct engine *e, uint64_t tag)
{
	if (e->self.device == DEVICELIST_PRIMARY)
		return true;
	reply_error(e, tag, ERR_DENIED,
	    "Only the device that registered the number can do that.");
	return false;
}

/* ---- the lock ------------------------------------------------------------------------ */

/* A PIN that is never typed is forgotten, and then nobody can help. */
static const uint32_t ask_hours[] = {12, 24, 3 * 24, 7 * 24, 14 * 24};

int
pin_ask_due(struct engine *e, bool *due)
{
	int64_t at = 0;
	int r = store_setting_get_int(e->store, PIN_ASK_MS, 0, &at);

	*due = r == 0 && at > 0 && (uint64_t)at <= engine_now_ms();
	return r;
}

static int
ask_again(struct engine *e, size_t step)
{
	uint64_t ms;
	int r;

	if (step >= ARRAY_LEN(ask_hours))
		step = ARRAY_LEN(ask_hours) - 1;
	ms = engine_now_ms() + ask_hours[step] * 3600ull * 1000;
	r = store_setting_put_int(e->store, PIN_STEP, (int64_t)step);
	return r == 0 ? store_setting_put_int(e->store, PIN_ASK_MS, (int64_t)ms)
		      : r;
}

/* What is kept to compare with: not what the relay has. */
static void
check_of(const uint8_t proof[static PIN_PROOF_LEN],
    char hex[static 2 * PIN_PROOF_LEN + 1])
{
	static const char label[] = "sotto pin check";
	uint8_t h[PIN_PROOF_LEN];

	crypto_generichash(h, sizeof(h), proof, PIN_PROOF_LEN,
	    (const uint8_t *)label, sizeof(label) - 1);
	sodium_bin2hex(hex, 2 * PIN_PROOF_LEN + 1, h, sizeof(h));
	sodium_memzero(h, sizeof(h));
}

static int
remember_pin(struct engine *e, const struct asking *q)
{
	char hex[2 * PIN_PROOF_LEN + 1];
	int r;

	if (!q->on) {
		r = store_setting_put(e->store, PIN_CHECK, NULL);
		return r == 0 ? store_setting_put(e->store, PIN_ASK_MS, NULL)
			      : r;
	}
	check_of(q->proof, hex);
	r = store_setting_put(e->store, PIN_CHECK, hex);
	sodium_memzero(hex, sizeof(hex));
	return r == 0 ? ask_again(e, 0) : r;
}

static int
compare_pin(struct engine *e, const char *pin, bool *right)
{
	uint8_t proof[PIN_PROOF_LEN];
	char hex[2 * PIN_PROOF_LEN + 1] = "", *kept = NULL;
	int64_t step = 0;
	int r = store_setting_get(e->store, PIN_CHECK, &kept);

	if (r == 0)
		r = pin_proof(e, e->self.account, pin, proof);
	if (r == 0)
		check_of(proof, hex);
	*right = r == 0 && strlen(kept) == strlen(hex) &&
		 sodium_memcmp(kept, hex, strlen(hex)) == 0;
	if (r == 0)
		r = store_setting_get_int(e->store, PIN_STEP, 0, &step);
	if (r == 0)
		r = ask_again(e, *right ? (size_t)step + 1 : 0);
	if (kept != NULL)
		sodium_memzero(kept, strlen(kept));
	free(kept);
	sodium_memzero(proof, sizeof(proof));
	sodium_memzero(hex, sizeof(hex));
	return r;
}

void
cmd_check_pin(struct engine *e, struct cmd *c)
{
	bool right = false;
	int r = compare_pin(e, c->s[0], &right);

	if (r == 0)
		r = self_load(e);
	if (r == ERR_NOTFOUND)
		reply_error(e, c->tag, ERR_STATE,
		    "This device does not know the PIN: set it anew.");
	else if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else if (!right)
		reply_error(e, c->tag, ERR_AUTH,
		    "That is not the PIN. If it is forgotten, set another one "
		    "now, while this device still can.");
	else
		self_post(e, EV_SELF, c->tag);
}

static void
on_pin_set(void *ctx, const struct link_reply *reply)
{
	struct asking *q = ctx;
	struct engine *e = q->e;
	int r = reply->err;

	if (r != 0) {
		if (q->tag != 0)
			refused(e, q->tag, reply);
		free(q);
		return;
	}
	r = store_setting_put_int(e->store, PIN_SET, q->on);
	if (r == 0)
		r = store_setting_put(e->store, RELOCK, NULL);
	if (r == 0)
		r = remember_pin(e, q);
	sodium_memzero(q->proof, sizeof(q->proof));
	if (r == 0)
		r = self_load(e);
	if (r != 0)
		reply_error(e, q->tag, r, NULL);
	else
		self_post(e, EV_SELF, q->tag);
	free(q);
}

static int
send_proof(struct engine *e, uint64_t tag, const uint8_t *proof)
{
	Sotto__Relay__SetPinRequest req = SOTTO__RELAY__SET_PIN_REQUEST__INIT;

	if (proof != NULL)
		req.proof = (ProtobufCBinaryData){
		    PIN_PROOF_LEN, (uint8_t *)(uintptr_t)proof};
	return ask(e, tag, proof, METHOD_SET_PIN, &req.base, on_pin_set);
}

void
cmd_set_pin(struct engine *e, struct cmd *c)
{
	uint8_t proof[PIN_PROOF_LEN];
	const char *pin = c->s[0];
	int r = 0;

	if (!is_first(e, c->tag))
		return;
	if (pin != NULL && strlen(pin) < ENGINE_PIN_MIN) {
		reply_error(e, c->tag, ERR_RANGE,
		    "A PIN has at least %d characters.", ENGINE_PIN_MIN);
		return;
	}
	if (pin != NULL && connection_online(e))
		r = pin_proof(e, e->self.account, pin, proof);
	if (r == 0)
		r = send_proof(e, c->tag, pin != NULL ? proof : NULL);
	sodium_memzero(proof, sizeof(proof));
	if (r != 0)
		not_asked(e, c->tag, r);
}

int
lock_again_later(struct engine *e)
{
	char hex[2 * PIN_PROOF_LEN + 1];
	int r = 0;

	/* of another account, the salt is another one */
	if (e->relock.due && memcmp(e->relock.account, e->keys->row.account,
				 STORE_ID_LEN) == 0) {
		sodium_bin2hex(
		    hex, sizeof(hex), e->relock.proof, sizeof(e->relock.proof));
		r = store_setting_put(e->store, RELOCK, hex);
		sodium_memzero(hex, sizeof(hex));
	}
	sodium_memzero(&e->relock, sizeof(e->relock));
	return r;
}

static void
lock_again(struct engine *e)
{
	uint8_t proof[PIN_PROOF_LEN];
	char *hex = NULL;
	size_t len = 0;

	if (store_setting_get(e->store, RELOCK, &hex) != 0)
		return;
	/* if it cannot leave now, the next connection does it */
	if (sodium_hex2bin(proof, sizeof(proof), hex, strlen(hex), NULL, &len,
		NULL) == 0 &&
	    len == sizeof(proof))
		(void)!send_proof(e, 0, proof);
	sodium_memzero(hex, strlen(hex));
	sodium_memzero(proof, sizeof(proof));
	free(hex);
}

void
account_care_open(struct engine *e)
{
	lock_again(e);
	number_ask(e);
	backups_arm(e); /* the machine may have slept */
}

/* ---- the end ------------------------------------------------------------------------- */

static void
on_deleted(void *ctx, const struct link_reply *reply)
{
	struct asking *q = ctx;
	struct engine *e = q->e;
	struct engine_event *ev;

	if (reply->err != 0) {
		refused(e, q->tag, reply);
		free(q);
		return;
	}
	reply_done(e, q->tag);
	free(q);
	link_stop(e->link);
	ev = event_new(e, EV_REMOVED, 0);
	if (ev == NULL)
		return;
	ev->text = strdup("The account is deleted; the relay has nothing of it "
			  "any more. What this device holds can be wiped.");
	event_post(e, ev);
}

void
cmd_delete_account(struct engine *e, struct cmd *c)
{
	Sotto__Relay__DeleteAccountRequest req =
	    SOTTO__RELAY__DELETE_ACCOUNT_REQUEST__INIT;
	enum e164_reason why;
	char phone[E164_CAP];
	int r;

	if (!is_first(e, c->tag))
		return;
	if (c->s[0] == NULL || e164_parse(phone, c->s[0], e->home, &why) != 0 ||
	    strcmp(phone, e->self.phone) != 0) {
		reply_error(e, c->tag, ERR_DENIED,
		    "That is not the number of this account. Nothing was "
		    "deleted.");
		return;
	}
	req.phone = phone;
	r = ask(e, c->tag, NULL, METHOD_DELETE_ACCOUNT, &req.base, on_deleted);
	if (r != 0)
		not_asked(e, c->tag, r);
}
