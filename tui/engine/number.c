/* SPDX-License-Identifier: GPL-3.0-or-later */
/* number.c — the account moves to another number, and contacts hear of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/account_care.h"
#include "tui/engine/devicelist.h"
#include "tui/engine/draft.h"
#include "tui/engine/event.h"
#include "tui/engine/sync.h"
#include "tui/store/store_setting.h"

#define MOVING "moving_to" /* the relay may have done it; we do not know */
#define WAS    "number_was." /* and the account: what a claim has replaced */

/* ---- ours: the new number ---------------------------------------------------------- */

static int
set_own(struct engine *e, const char *phone)
{
	struct store_account *row = &e->keys->row;
	int r;

	memset(row->phone, 0, sizeof(row->phone));
	memcpy(row->phone, phone, strlen(phone));
	r = account_save(e);
	return r == 0 ? self_load(e) : r;
}

static int
tell_one(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	Sotto__Content__NumberChanged m = SOTTO__CONTENT__NUMBER_CHANGED__INIT;
	const struct outbox_for whom = {.account = account};
	struct draft d = {0};

	draft_init(&d);
	draft_introduce(e, &d);
	m.phone = e->self.phone;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_NUMBER_CHANGED;
	d.c.number_changed = &m;
	return draft_send(e, &d, &whom);
}

/* Those who have ever had a conversation with us, and are not blocked. */
static int
tell_contacts(struct engine *e)
{
	struct store_chats chats = {0};
	struct store_contact c;
	size_t i;
	int r = store_chat_list(e->store, &chats);

	for (i = 0; r == 0 && i < chats.n; i++) {
		const struct store_chat *chat = &chats.v[i];

		if (chat->kind != STORE_CHAT_PERSON || chat->last_ms == 0 ||
		    own_account(e, chat->peer))
			continue;
		r = store_contact_get(e->store, chat->peer, &c);
		if (r == 0 && !c.blocked)
			r = tell_one(e, chat->peer);
		r = r == ERR_NOTFOUND ? 0 : r;
	}
	store_chats_clear(&chats);
	return r;
}

/* It is ours now. In a transaction. */
static int
moved(struct engine *e, const char *phone)
{
	int r = set_own(e, phone);

	if (r == 0)
		r = store_setting_put(e->store, MOVING, NULL);
	if (r == 0)
		r = sync_number(e);
	return r == 0 ? tell_contacts(e) : r;
}

static void
finish(struct engine *e, uint64_t tag, const char *phone)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, moved(e, phone));
	if (r != 0) {
		(void)!self_load(e);
		reply_error(e, tag, r, NULL);
		return;
	}
	sodium_memzero(&e->moving, sizeof(e->moving));
	self_post(e, EV_SELF, tag);
	outbox_kick(e);
}

int
number_taken(struct engine *e, const char *phone)
{
	int r;

	if (!e164_valid(phone) || strcmp(phone, e->self.phone) == 0)
		return 0;
	r = set_own(e, phone);
	if (r == 0)
		self_post(e, EV_SELF, 0);
	return r;
}

/* ---- ours: with the relay ------------------------------------------------------------- */

static void
refuse(struct engine *e, const struct link_reply *reply)
{
	uint64_t tag = e->moving.tag;
	struct engine_event *ev;

	e->moving.tag = 0;
	ev = event_new(e, EV_ERROR, tag);
	if (ev == NULL)
		return;
	ev->code = reply->err;
	ev->retry_after_ms = reply->retry_after_ms;
	ev->text = sentence_of(
	    reply->text[0] != '\0' ? reply->text : err_str(reply->err));
	event_post(e, ev);
}

static void
on_code_sent(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__RegisterResponse *res = NULL;
	struct engine_event *ev;
	struct engine *e = ctx;
	uint64_t tag = e->moving.tag;

	if (reply->err != 0) {
		refuse(e, reply);
		return;
	}
	res = sotto__relay__register_response__unpack(
	    NULL, reply->len, reply->body);
	e->moving.tag = 0;
	if (res == NULL || res->token.len == 0 ||
	    res->token.len > sizeof(e->moving.token)) {
		reply_error(
		    e, tag, ERR_FORMAT, "The relay's answer makes no sense.");
	} else if ((ev = event_new(e, EV_CODE_SENT, tag)) != NULL) {
		memcpy(e->moving.token, res->token.data, res->token.len);
		e->moving.token_len = res->token.len;
		ev->digits = res->code_digits;
		ev->expires_ms = res->expires_ms;
		ev->resend_after_ms = res->resend_after_ms;
		event_post(e, ev);
	}
	if (res != NULL)
		sotto__relay__register_response__free_unpacked(res, NULL);
}

static bool
may_move(struct engine *e, const struct cmd *c)
{
	if (e->self.device != DEVICELIST_PRIMARY)
		reply_error(e, c->tag, ERR_DENIED,
		    "Only the device that registered the number can change "
		    "it.");
	else if (!connection_online(e))
		reply_error(e, c->tag, ERR_CLOSED,
		    "Changing the number needs the relay, and it is not "
		    "connected.");
	else
		return true;
	return false;
}

void
cmd_change_number(struct engine *e, struct cmd *c)
{
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	enum e164_reason bad;
	char phone[E164_CAP], device[] = "sotto";
	int r;

	if (!may_move(e, c))
		return;
	if (e164_parse(phone, c->s[0], e->home, &bad) != 0) {
		reply_error(e, c->tag, ERR_FORMAT, "The phone number: %s.",
		    e164_reason_str(bad));
		return;
	}
	if (strcmp(phone, e->self.phone) == 0) {
		reply_error(e, c->tag, ERR_RANGE,
		    "That is the number this account has.");
		return;
	}
	if (e->moving.tag != 0)
		reply_error(e, e->moving.tag, ERR_CLOSED,
		    "Another attempt was started.");
	sodium_memzero(&e->moving, sizeof(e->moving));
	memcpy(e->moving.phone, phone, strlen(phone));
	e->moving.tag = c->tag;
	req.phone = phone;
	req.device_name = device;
	req.change_number = true;
	r = ask_relay(e, METHOD_REGISTER, &req.base, on_code_sent, e);
	if (r != 0) {
		e->moving.tag = 0;
		reply_error(e, c->tag, r, NULL);
	}
}

static void
on_moved(void *ctx, const struct link_reply *reply)
{
	struct engine *e = ctx;
	uint64_t tag = e->moving.tag;

	if (reply->err == 0) {
		finish(e, tag, e->moving.phone);
		return;
	}
	if (reply->from_relay) {
		(void)!store_setting_put(e->store, MOVING, NULL);
		refuse(e, reply);
		return;
	}
	e->moving.tag = 0; /* number_ask() looks at it */
	reply_error(e, tag, reply->err,
	    "The connection broke before the relay's answer. Whether the "
	    "number has changed shows when it is back.");
}

void
cmd_change_number_code(struct engine *e, struct cmd *c)
{
	Sotto__Relay__ChangeNumberRequest req =
	    SOTTO__RELAY__CHANGE_NUMBER_REQUEST__INIT;
	int r;

	if (!may_move(e, c))
		return;
	if (e->moving.token_len == 0 || e->moving.tag != 0) {
		reply_error(e, c->tag, ERR_STATE,
		    "Ask for a code first: no number was given yet.");
		return;
	}
	req.token = (ProtobufCBinaryData){e->moving.token_len, e->moving.token};
	req.code = c->s[0];
	r = store_setting_put(e->store, MOVING, e->moving.phone);
	if (r == 0)
		r = ask_relay(e, METHOD_CHANGE_NUMBER, &req.base, on_moved, e);
	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		e->moving.tag = c->tag;
}

/* ---- ours: was it done? ------------------------------------------------------------------ */

static void
on_looked(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__LookupResponse *res = NULL;
	struct engine *e = ctx;
	char *phone = NULL;
	bool ours;

	if (reply->err != 0 || store_setting_get(e->store, MOVING, &phone) != 0)
		return; /* asked again on the next connection */
	res = sotto__relay__lookup_response__unpack(
	    NULL, reply->len, reply->body);
	ours = res != NULL && res->n_entries == 1 &&
	       res->entries[0]->account_id.len == STORE_ID_LEN &&
	       strcmp(res->entries[0]->phone, phone) == 0 &&
	       own_account(e, res->entries[0]->account_id.data);
	if (ours && e164_valid(phone))
		finish(e, 0, phone);
	else if (res != NULL)
		(void)!store_setting_put(e->store, MOVING, NULL);
	if (res != NULL)
		sotto__relay__lookup_response__free_unpacked(res, NULL);
	free(phone);
}

void
number_ask(struct engine *e)
{
	Sotto__Relay__LookupRequest req = SOTTO__RELAY__LOOKUP_REQUEST__INIT;
	char *phone = NULL;

	if (e->moving.tag != 0 ||
	    store_setting_get(e->store, MOVING, &phone) != 0)
		return;
	req.phones = &phone;
	req.n_phones = 1;
	(void)!ask_relay(e, METHOD_LOOKUP, &req.base, on_looked, e);
	free(phone);
}

/* ---- theirs ------------------------------------------------------------------------------ */

#define KEY_CAP (sizeof(WAS) + 2 * STORE_ID_LEN)

static void
key_of(char out[static KEY_CAP], const uint8_t account[static STORE_ID_LEN])
{
	memcpy(out, WAS, sizeof(WAS) - 1);
	sodium_bin2hex(
	    out + sizeof(WAS) - 1, 2 * STORE_ID_LEN + 1, account, STORE_ID_LEN);
}

int
number_claimed(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const char *phone, bool *ask)
{
	struct store_contact c;
	char key[KEY_CAP];
	int r = store_contact_get(e->store, account, &c);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (!e164_valid(phone) || !c.phone_known || strcmp(phone, c.phone) == 0)
		return 0;
	key_of(key, account);
	r = store_setting_put(e->store, key, c.phone);
	if (r != 0)
		return r;
	memset(c.phone, 0, sizeof(c.phone));
	memcpy(c.phone, phone, strlen(phone));
	c.phone_known = false;
	*ask = true;
	return store_contact_put(e->store, &c);
}

static int
note_number(struct engine *e, const struct store_contact *c, const char *was)
{
	const char *name = c->name[0] != '\0'		? c->name
			   : c->profile_name[0] != '\0' ? c->profile_name
							: was;
	char text[STORE_NAME_MAX + 2 * E164_CAP + 32];
	int64_t chat;
	int r = store_chat_find(e->store, STORE_CHAT_PERSON, c->account, &chat);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	snprintf(text, sizeof(text), "%s has a new number: %s", name, c->phone);
	return note_add(e, chat, STORE_MSG_NOTE, text);
}

int
number_settled(struct engine *e, struct store_contact *c, bool is_true)
{
	char key[KEY_CAP], *was = NULL;
	int r;

	key_of(key, c->account);
	r = store_setting_get(e->store, key, &was);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (is_true) {
		r = note_number(e, c, was);
	} else if (strlen(was) < sizeof(c->phone)) {
		memset(c->phone, 0, sizeof(c->phone));
		memcpy(c->phone, was, strlen(was));
		c->phone_known = true;
	}
	free(was);
	return r == 0 ? store_setting_put(e->store, key, NULL) : r;
}
