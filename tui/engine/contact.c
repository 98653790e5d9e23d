/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contact.c — people: finding them by number, their identity key and whether
 * it is trusted, safety numbers.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/signal/fingerprint.h"
#include "common/text.h"
#include "tui/engine/account_care.h"
#include "tui/engine/chat.h"
#include "tui/engine/devices.h"
#include "tui/engine/sync.h"
#include "tui/store/store_clock.h"

#define CONFIRM_MAX 16 /* claimed numbers asked about in one request */

/* ---- making a contact -------------------------------------------------------- */

/* A fixed text field; true when it changed. */
static bool
set_field(char *field, size_t cap, const char *text)
{
	size_t len = strlen(text);

	if (len >= cap || strcmp(field, text) == 0)
		return false;
	memset(field, 0, cap);
	memcpy(field, text, len);
	return true;
}

/* What a message says of its sender; true when that is news. */
static bool
set_claims(
    struct store_contact *c, const char *phone_claim, const char *name_claim)
{
	char name[STORE_NAME_MAX];
	bool news = false;

	if (!c->phone_known && phone_claim != NULL && e164_valid(phone_claim))
		news = set_field(c->phone, sizeof(c->phone), phone_claim);
	if (name_claim != NULL && name_claim[0] != '\0') {
		text_sanitize(name, sizeof(name), name_claim,
		    strlen(name_claim), TEXT_LINE);
		news |=
		    set_field(c->profile_name, sizeof(c->profile_name), name);
	}
	return news;
}

/* Their chat may have another title now. */
static int
retitled(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	int64_t chat;
	int r = store_chat_find(e->store, STORE_CHAT_PERSON, account, &chat);

	return r == 0 ? chat_changed(e, chat) : r == ERR_NOTFOUND ? 0 : r;
}

int
contact_ensure(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const char *phone_claim, const char *name_claim, struct store_contact *out)
{
	struct store_contact c = {0};
	int r = store_contact_get(e->store, account, &c);
	bool fresh = r == ERR_NOTFOUND, claims;

	if (fresh) {
		memcpy(c.account, account, STORE_ID_LEN);
		c.created_ms = engine_now_ms();
	} else if (r != 0) {
		return r;
	}
	claims = set_claims(&c, phone_claim, name_claim);
	r = fresh || claims ? store_contact_put(e->store, &c) : 0;
	if (r == 0 && claims)
		r = retitled(e, account);
	if (r == 0)
		*out = c;
	return r;
}

static int
note_key_change(struct engine *e, const struct store_contact *c)
{
	int64_t chat;
	int r = store_chat_find(e->store, STORE_CHAT_PERSON, c->account, &chat);

	if (r == ERR_NOTFOUND)
		return 0; /* no conversation yet: nothing to be calm about */
	if (r == 0)
		r = note_add(e, chat, STORE_MSG_KEY_CHANGED,
		    c->trust == STORE_TRUST_CHANGED
			? "Their safety number has changed since you compared "
			  "it. Nothing is sent until you look at it."
			: "Their safety number has changed: a new device, or "
			  "they registered again.");
	return r == 0 ? chat_changed(e, chat) : r;
}

int
contact_identity(struct engine *e, struct store_contact *c,
    const struct identity_pk *identity)
{
	uint8_t key[EC_PUBLIC_LEN];
	bool first = !c->has_identity;
	int r;

	identity_pk_put(key, identity);
	if (!first && memcmp(key, c->identity, sizeof(key)) == 0)
		return 0;
	memcpy(c->identity, key, sizeof(key));
	c->has_identity = true;
	if (!first) {
		c->key_changed_ms = engine_now_ms();
		if (c->trust == STORE_TRUST_VERIFIED)
			c->trust = STORE_TRUST_CHANGED;
	}
	r = store_contact_put(e->store, c);
	return r != 0 || first ? r : note_key_change(e, c);
}

/* ---- finding somebody -------------------------------------------------------- */

struct lookup {
	struct engine *e;
	uint64_t tag;
	char phone[E164_CAP];
	char name[STORE_NAME_MAX];
};

static int
open_chat(
    struct engine *e, struct store_contact *c, const char *name, int64_t *chat)
{
	int r = 0;

	if (name[0] != '\0' && set_field(c->name, sizeof(c->name), name)) {
		r = store_contact_put(e->store, c);
		if (r == 0)
			r = store_clock_tick(e->store, c->account,
			    STORE_CLOCK_NAME, engine_now_ms(), e->self.device);
		if (r == 0)
			r = sync_contact(e, c);
	}
	if (r == 0)
		r = store_chat_open(e->store, STORE_CHAT_PERSON, c->account,
		    engine_now_ms(), chat);
	return r == 0 ? chat_changed(e, *chat) : r;
}

static void
answer_contact(struct engine *e, uint64_t tag, int r, int64_t chat)
{
	struct engine_event *ev;

	if (r != 0) {
		reply_error(e, tag, r, NULL);
		return;
	}
	ev = event_new(e, EV_CONTACT, tag);
	if (ev == NULL)
		return;
	ev->chat = chat;
	event_post(e, ev);
}

static void
found(struct lookup *l, const uint8_t account[static STORE_ID_LEN])
{
	struct engine *e = l->e;
	struct store_contact c;
	int64_t chat = 0;
	int r;

	if (own_account(e, account)) {
		chat_to_self(e, l->tag);
		return;
	}
	r = txn_begin(e);
	if (r == 0) {
		r = contact_ensure(e, account, NULL, NULL, &c);
		if (r == 0 && !c.phone_known) {
			(void)set_field(c.phone, sizeof(c.phone), l->phone);
			c.phone_known = true;
			r = number_settled(e, &c, true);
			if (r == 0)
				r = store_contact_put(e->store, &c);
			if (r == 0) /* so that they can name the chat */
				r = sync_contact(e, &c);
		}
		if (r == 0)
			r = open_chat(e, &c, l->name, &chat);
		r = txn_end(e, r);
	}
	answer_contact(e, l->tag, r, chat);
	if (r == 0) {
		presence_start(e);
		outbox_wake(e);
	}
}

static void
on_lookup(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__LookupResponse *res = NULL;
	struct lookup *l = ctx;

	if (reply->err != 0) {
		char *text = sentence_of(reply->text);

		reply_error(l->e, l->tag, reply->err, "%s",
		    text != NULL ? text : err_str(reply->err));
		free(text);
		goto out;
	}
	res = sotto__relay__lookup_response__unpack(
	    NULL, reply->len, reply->body);
	if (res != NULL && res->n_entries == 1 &&
	    res->entries[0]->account_id.len == STORE_ID_LEN &&
	    strcmp(res->entries[0]->phone, l->phone) == 0)
		found(l, res->entries[0]->account_id.data);
	else
		reply_error(l->e, l->tag, ERR_NOTFOUND,
		    "Nobody with the number %s is on this relay.", l->phone);
out:
	if (res != NULL)
		sotto__relay__lookup_response__free_unpacked(res, NULL);
	free(l);
}

static int
ask_lookup(
    struct engine *e, char *phones[], size_t n, link_reply_fn *cb, void *ctx)
{
	Sotto__Relay__LookupRequest req = SOTTO__RELAY__LOOKUP_REQUEST__INIT;

	req.phones = phones;
	req.n_phones = n;
	return ask_relay(e, METHOD_LOOKUP, &req.base, cb, ctx);
}

static void
look_up(struct engine *e, uint64_t tag, const char *phone, const char *name)
{
	struct lookup *l = calloc(1, sizeof(*l));
	char *phones[1];
	int r = ERR_NOMEM;

	if (l == NULL)
		goto fail;
	l->e = e;
	l->tag = tag;
	memcpy(l->phone, phone, strlen(phone));
	text_sanitize(l->name, sizeof(l->name), name, strlen(name), TEXT_LINE);
	phones[0] = l->phone;
	r = ask_lookup(e, phones, 1, on_lookup, l);
	if (r == 0)
		return;
	free(l);
fail:
	if (r == ERR_CLOSED)
		reply_error(e, tag, r,
		    "Looking up a new number needs the relay, and it is not "
		    "connected.");
	else
		reply_error(e, tag, r, NULL);
}

void
cmd_contact(struct engine *e, struct cmd *c)
{
	const char *name = c->s[1] != NULL ? c->s[1] : "";
	struct store_contact contact;
	enum e164_reason why;
	char phone[E164_CAP];
	int64_t chat = 0;
	int r;

	if (e164_parse(phone, c->s[0], e->home, &why) != 0) {
		reply_error(e, c->tag, ERR_FORMAT, "The phone number: %s.",
		    e164_reason_str(why));
		return;
	}
	if (strlen(name) >= STORE_NAME_MAX) {
		reply_error(e, c->tag, ERR_RANGE, "That name is too long.");
		return;
	}
	if (strcmp(phone, e->self.phone) == 0) {
		chat_to_self(e, c->tag);
		return;
	}
	r = store_contact_by_phone(e->store, phone, &contact);
	if (r == ERR_NOTFOUND || (r == 0 && !contact.phone_known)) {
		look_up(e, c->tag, phone, name);
		return;
	}
	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, open_chat(e, &contact, name, &chat));
	answer_contact(e, c->tag, r, chat);
}

/* ---- claimed numbers ---------------------------------------------------------- */

static bool
entry_says(
    const Sotto__Relay__LookupResponse *res, const struct store_contact *c)
{
	size_t i;

	for (i = 0; i < res->n_entries; i++)
		if (res->entries[i]->account_id.len == STORE_ID_LEN &&
		    strcmp(res->entries[i]->phone, c->phone) == 0 &&
		    memcmp(res->entries[i]->account_id.data, c->account,
			STORE_ID_LEN) == 0)
			return true;
	return false;
}

static int
settle_claim(struct engine *e, struct store_contact *c, bool is_true)
{
	int64_t chat;
	int r;

	c->phone_known = is_true;
	if (!is_true)
		memset(c->phone, 0, sizeof(c->phone));
	r = number_settled(e, c, is_true);
	if (r == 0)
		r = store_contact_put(e->store, c);
	if (r == 0)
		r = store_chat_find(
		    e->store, STORE_CHAT_PERSON, c->account, &chat);
	if (r == 0)
		r = chat_changed(e, chat);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* Unconfirmed contacts that claim a number, at most CONFIRM_MAX. */
static int
claimants(struct engine *e, struct store_contact **v, size_t *n)
{
	size_t i, all = 0, kept = 0;
	int r = store_contact_list(e->store, v, &all);

	for (i = 0; r == 0 && i < all && kept < CONFIRM_MAX; i++)
		if (!(*v)[i].phone_known && (*v)[i].phone[0] != '\0')
			(*v)[kept++] = (*v)[i];
	*n = kept;
	return r;
}

struct confirm {
	struct engine *e;
	struct store_contact *v; /* who was asked about */
	size_t n;
};

static int
settle_all(struct confirm *q, const Sotto__Relay__LookupResponse *res)
{
	struct store_contact now;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < q->n; i++) {
		r = store_contact_get(q->e->store, q->v[i].account, &now);
		/* A claim made anew meanwhile is for the next round. */
		if (r == 0 && strcmp(now.phone, q->v[i].phone) == 0)
			r = settle_claim(q->e, &now, entry_says(res, &now));
	}
	return r;
}

static void
on_confirmed(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__LookupResponse *res = NULL;
	struct confirm *q = ctx;
	struct engine *e = q->e;
	int r;

	e->confirm_busy = false;
	if (reply->err == 0)
		res = sotto__relay__lookup_response__unpack(
		    NULL, reply->len, reply->body);
	if (res != NULL) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, settle_all(q, res));
		sotto__relay__lookup_response__free_unpacked(res, NULL);
		if (r == 0)
			contacts_confirm(e);
	}
	free(q->v);
	free(q);
}

void
contacts_confirm(struct engine *e)
{
	char *phones[CONFIRM_MAX];
	struct confirm *q;
	size_t i;

	if (e->confirm_busy || !connection_online(e))
		return;
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return; /* asked again at the next chance */
	q->e = e;
	if (claimants(e, &q->v, &q->n) == 0 && q->n > 0) {
		for (i = 0; i < q->n; i++)
			phones[i] = q->v[i].phone;
		e->confirm_busy =
		    ask_lookup(e, phones, q->n, on_confirmed, q) == 0;
	}
	if (!e->confirm_busy) {
		free(q->v);
		free(q);
	}
}

/* ---- safety numbers ------------------------------------------------------------ */

static int
contact_of_chat(struct engine *e, int64_t chat, struct store_contact *c)
{
	struct store_chat row;
	int r = store_chat_get(e->store, chat, &row);

	if (r != 0)
		return r;
	r = store_contact_get(e->store, row.peer, c);
	store_chat_clear(&row);
	return r;
}

static int
digits_of(struct engine *e, const struct store_contact *c,
    char out[static FINGERPRINT_DIGITS + 1])
{
	struct fingerprint_side me = {
	    .id = e->self.account, .idlen = STORE_ID_LEN};
	struct fingerprint_side them = {
	    .id = c->account, .idlen = STORE_ID_LEN};
	int r = identity_pk_get(&them.key, c->identity, STORE_PUB_LEN);

	if (r == 0)
		r = devices_primary(e, &me.key);
	return r != 0 ? r
		      : fingerprint_display(
			    out, &me, &them, FINGERPRINT_ITERATIONS);
}

static void
answer_safety(struct engine *e, uint64_t tag, const struct store_contact *c)
{
	struct engine_event *ev = event_new(e, EV_SAFETY, tag);
	int r;

	if (ev == NULL)
		return;
	ev->trust = (enum trust)c->trust;
	r = digits_of(e, c, ev->safety);
	if (r != 0) {
		engine_event_free(ev);
		reply_error(e, tag, r, NULL);
		return;
	}
	event_post(e, ev);
}

static bool
has_identity(struct engine *e, struct cmd *c, struct store_contact *contact)
{
	int r = contact_of_chat(e, c->chat, contact);

	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else if (!contact->has_identity)
		reply_error(e, c->tag, ERR_STATE,
		    "There is no safety number yet: it comes with the first "
		    "message between you.");
	return r == 0 && contact->has_identity;
}

void
cmd_safety(struct engine *e, struct cmd *c)
{
	struct store_contact contact;

	if (has_identity(e, c, &contact))
		answer_safety(e, c->tag, &contact);
}

void
cmd_set_trust(struct engine *e, struct cmd *c)
{
	struct store_contact contact;
	int r;

	if (!has_identity(e, c, &contact))
		return;
	contact.trust = (enum store_trust)c->n;
	contact.verified_ms =
	    contact.trust == STORE_TRUST_VERIFIED ? engine_now_ms() : 0;
	r = txn_begin(e);
	if (r == 0) {
		r = store_contact_put(e->store, &contact);
		if (r == 0)
			r = chat_changed(e, c->chat);
		if (r == 0)
			r = sync_contact(e, &contact);
		r = txn_end(e, r);
	}
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	answer_safety(e, c->tag, &contact);
	outbox_kick(e); /* what was held back may go */
}
