/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inbox.c — what arrives. A batch of the queue is one transaction: plaintext,
 * ratchets, spent pre-keys, receipts to send, and the ids already seen. Only
 * when it is on disk is it acknowledged and shown.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/text.h"
#include "tui/engine/account_care.h"
#include "tui/engine/action.h"
#include "tui/engine/arrive.h"
#include "tui/engine/content.h"
#include "tui/engine/group.h"
#include "tui/engine/group_receive.h"
#include "tui/engine/history.h"
#include "tui/engine/peer_session.h"
#include "tui/engine/prekeys.h"
#include "tui/engine/receipt.h"
#include "tui/engine/repair.h"
#include "tui/engine/status.h"
#include "tui/engine/sync.h"
#include "tui/engine/timer.h"
#include "tui/store/store_action.h"
#include "tui/store/store_due.h"
#include "tui/store/store_message.h"
#include "tui/store/store_prekey.h"

#define SYNC_SHOW 50 /* a longer queue shows its progress */
#define HELD_MAX  (4u << 20) /* bytes of deliveries that wait for a list */

typedef Sotto__Relay__DeliverEvent__Item item;

struct batch {
	struct engine *e;
	bool owes; /* receipts, requests to send again, answers to those */
	bool claims; /* an unknown number was claimed */
	bool held; /* it stopped at a device that only a list can vouch for */
};

/* ---- messages ----------------------------------------------------------------------- */

/* Theirs, in the conversation with them. */
static int
place(struct batch *b, const item *it, struct store_message *m)
{
	memcpy(m->account, it->sender_account.data, STORE_ID_LEN);
	m->device = it->sender_device;
	m->dir = STORE_IN;
	m->received_ms = engine_now_ms();
	if (it->group_id.len == STORE_ID_LEN)
		return group_chat(b->e, it->group_id.data, &m->chat);
	return store_chat_open(b->e->store, STORE_CHAT_PERSON, m->account,
	    m->received_ms, &m->chat);
}

static struct repair_from
from_of(const item *it, const uint8_t *message_id)
{
	return (struct repair_from){.account = it->sender_account.data,
	    .device = it->sender_device,
	    .message_id = message_id,
	    .group =
		it->group_id.len == STORE_ID_LEN ? it->group_id.data : NULL};
}

static int
owe_receipt(struct batch *b, const item *it, const uint8_t *message_id)
{
	b->owes = true;
	return store_due_put(b->e->store, it->sender_account.data, message_id,
	    STORE_DUE_DELIVERED);
}

static int
add_text(struct batch *b, const item *it, const Sotto__Content__Content *c)
{
	struct store_message m = {.state = STORE_MSG_RECEIVED};
	int r = place(b, it, &m);

	return r == 0 ? arrive_text(b->e, &m, c) : r;
}

static int
on_text(struct batch *b, const item *it, const Sotto__Content__Content *c)
{
	const struct repair_from from = from_of(it, c->message_id.data);
	bool known = false;
	int r = repair_text(b->e, &from, &known);

	if (r == 0 && !known)
		r = add_text(b, it, c);
	if (r == 0)
		presence_typing(b->e, it->sender_account.data, false);
	return r == 0 ? owe_receipt(b, it, c->message_id.data) : r;
}

/* Shown as waiting: better than a hole that nobody sees. */
static int
on_unreadable(struct batch *b, const item *it)
{
	const struct repair_from from = from_of(it, it->message_id.data);
	static const struct arrive_with nothing = {.quote = NULL};
	struct store_message m = {.kind = STORE_MSG_TEXT,
	    .state = STORE_MSG_WAITING,
	    .sent_ms = it->server_time_ms};
	bool show;
	int r = repair_unreadable(b->e, &from, &show);

	b->owes = true;
	if (r != 0 || !show)
		return r;
	memcpy(m.message_id, it->message_id.data, STORE_ID_LEN);
	r = place(b, it, &m);
	return r == 0 ? arrive(b->e, &m, &nothing) : r;
}

/* In the conversation with whoever acted; without one there is nothing. */
static int
on_action(struct batch *b, const item *it, const Sotto__Content__Content *c)
{
	struct action_by by = {
	    .account = it->sender_account.data, .sent_ms = c->sent_ms};
	int r = store_chat_find(
	    b->e->store, STORE_CHAT_PERSON, it->sender_account.data, &by.chat);

	if (r == ERR_NOTFOUND)
		by.chat = 0; /* what comes early may still make one */
	else if (r != 0)
		return r;
	return action_take(b->e, &by, c);
}

/* Theirs counts as that of the conversation with them. */
static int
on_timer(struct batch *b, const item *it, const Sotto__Content__Timer *t)
{
	const struct timer_set set = {
	    it->sender_account.data, t->expire_s, t->stamp};
	int64_t chat;
	int r = store_chat_open(b->e->store, STORE_CHAT_PERSON,
	    it->sender_account.data, engine_now_ms(), &chat);

	return r == 0 ? timer_take(b->e, chat, &set) : r;
}

/* Of somebody who is blocked nothing is kept, and they are told nothing. What
 * keeps sessions working goes on. */
static int
is_dropped(struct engine *e, const item *it, const Sotto__Content__Content *c,
    bool *dropped)
{
	struct store_contact k;
	int r;

	*dropped = false;
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_RESET ||
	    c->body_case == SOTTO__CONTENT__CONTENT__BODY_RETRY)
		return 0;
	r = store_contact_get(e->store, it->sender_account.data, &k);
	*dropped = r == 0 && k.blocked;
	return r == ERR_NOTFOUND ? 0 : r;
}

/* What came of something for a group. */
static int
took(struct batch *b, const item *it, const struct group_took *t)
{
	b->owes |= t->owes;
	b->claims |= t->claims;
	return t->unreadable ? on_unreadable(b, it) : 0;
}

/* Over a session, about a group. */
static int
on_group_content(
    struct batch *b, const item *it, const Sotto__Content__Content *c)
{
	struct group_took t = {.owes = false};
	int r = group_receive_content(b->e, it, c, &t);

	return r == 0 ? took(b, it, &t) : r;
}

static bool
is_status(const Sotto__Content__Content *c)
{
	return c->body_case == SOTTO__CONTENT__CONTENT__BODY_STATUS ||
	       (c->body_case == SOTTO__CONTENT__CONTENT__BODY_SENDER_KEY &&
		   c->sender_key->status);
}

static int
on_content(struct batch *b, const item *it, const Sotto__Content__Content *c)
{
	const struct repair_from from = from_of(it, c->message_id.data);
	const struct sync_from us = {it->sender_device, it->message_id.data};
	const bool own = own_account(b->e, it->sender_account.data);
	bool known = false;
	int r = 0;

	if (!content_is_message(c))
		r = repair_other(b->e, &from, it->message_id.data, &known);
	if (r != 0 || known)
		return r;
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_GROUP) {
		b->owes = true;
		return c->sync != NULL ? 0
				       : group_content_take(b->e,
					     it->sender_account.data, c->group);
	}
	if (c->group_id.len != 0)
		return on_group_content(b, it, c);
	if (c->sync != NULL)
		return own ? sync_take(b->e, &us, c) : 0;
	if (is_status(c))
		return status_receive_content(b->e, it, c);
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_HISTORY) {
		b->owes |= own;
		return own ? history_take(b->e, it->sender_device, c->history)
			   : 0;
	}
	if (own && c->body_case != SOTTO__CONTENT__CONTENT__BODY_RESET &&
	    c->body_case != SOTTO__CONTENT__CONTENT__BODY_RETRY)
		return 0;
	r = is_dropped(b->e, it, c, &known);
	if (r != 0 || known)
		return r;
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_TEXT:
	case SOTTO__CONTENT__CONTENT__BODY_MEDIA:
		return on_text(b, it, c);
	case SOTTO__CONTENT__CONTENT__BODY_RECEIPT:
		return receipt_take(b->e, it->sender_account.data,
		    it->sender_device, c->receipt);
	case SOTTO__CONTENT__CONTENT__BODY_EDIT:
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
		return on_action(b, it, c);
	case SOTTO__CONTENT__CONTENT__BODY_TIMER:
		return on_timer(b, it, c->timer);
	case SOTTO__CONTENT__CONTENT__BODY_NUMBER_CHANGED:
		return number_claimed(b->e, it->sender_account.data,
		    c->number_changed->phone, &b->claims);
	case SOTTO__CONTENT__CONTENT__BODY_TYPING:
		presence_typing(
		    b->e, it->sender_account.data, c->typing->started);
		return 0;
	case SOTTO__CONTENT__CONTENT__BODY_RESET:
		return repair_nothing(b->e, &from);
	case SOTTO__CONTENT__CONTENT__BODY_RETRY:
		b->owes = true;
		return repair_answer(b->e, &from, c->retry);
	default:
		return 0;
	}
}

/* ---- opening ------------------------------------------------------------------------ */

static int
save_device(struct engine *e, const item *it, const struct session_opened *o)
{
	struct store_device d = {.device = it->sender_device,
	    .registration_id = o->registration_id,
	    .active = true,
	    .added_ms = engine_now_ms()};
	struct store_device old;
	int r;

	if (!o->new_session)
		return 0;
	r = store_device_get(
	    e->store, it->sender_account.data, it->sender_device, &old);
	if (r == 0)
		d.added_ms = old.added_ms;
	else if (r != ERR_NOTFOUND)
		return r;
	memcpy(d.account, it->sender_account.data, STORE_ID_LEN);
	identity_pk_put(d.identity, &o->identity);
	return store_device_put(e->store, &d);
}

static int
save_opened(struct batch *b, const item *it, const struct session_opened *o,
    const Sotto__Content__Content *c)
{
	const struct repair_from from = from_of(it, it->message_id.data);
	struct engine *e = b->e;
	const bool own = own_account(e, it->sender_account.data);
	const Sotto__Content__Profile *who =
	    c != NULL && !own ? c->profile : NULL;
	struct store_contact contact;
	int r = prekeys_spend(e, o);

	if (r == ERR_DUP)
		return 0; /* a handshake played again; nothing has changed */
	if (r == 0)
		r = peer_session_put(
		    e, it->sender_account.data, it->sender_device, &o->record);
	if (r == 0)
		r = save_device(e, it, o);
	if (r == 0 && o->new_session) {
		b->owes = true;
		r = repair_session(e, &from);
	}
	if (r != 0 || c == NULL)
		return r; /* says nothing we know, but the ratchet moves */
	r = contact_ensure(e, it->sender_account.data,
	    who != NULL ? who->phone : NULL, who != NULL ? who->name : NULL,
	    &contact);
	if (r == 0 && it->sender_device == DEVICELIST_PRIMARY && !own)
		r = contact_identity(e, &contact, &o->identity);
	if (r == 0 && !contact.phone_known && contact.phone[0] != '\0')
		b->claims = true;
	return r == 0 ? on_content(b, it, c) : r;
}

static int
decrypt(struct engine *e, const item *it, struct session_opened *o)
{
	struct signal_local local = engine_local(e);
	struct signal_prekeys keys = prekeys_lender(e);
	struct session_info info;
	struct buf rec;
	int r = peer_session_get(
	    e, it->sender_account.data, it->sender_device, &rec, &info);

	if (r == 0)
		r = session_decrypt(&local, rec.p, rec.len, &keys,
		    (enum signal_type)it->type, it->ciphertext.data,
		    it->ciphertext.len, o);
	buf_clear(&rec);
	return r;
}

/* An old session must not bring back the identity key of a device that has
 * another one since. */
static int
check_identity(struct engine *e, const item *it, const struct session_opened *o)
{
	uint8_t key[STORE_PUB_LEN];
	struct store_device d;
	int r;

	if (o->new_session)
		return 0;
	r = store_device_get(
	    e->store, it->sender_account.data, it->sender_device, &d);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	identity_pk_put(key, &o->identity);
	return memcmp(key, d.identity, sizeof(key)) == 0 ? 0 : ERR_AUTH;
}

/* Is it from a device of that account? ERR_NOTFOUND: only its list can tell,
 * and has not been asked. */
static int
check_device(struct engine *e, const item *it, const struct session_opened *o)
{
	int r = keys_vouched(
	    e, it->sender_account.data, it->sender_device, &o->identity);

	if (r == ERR_NOTFOUND && e->doubt.settled &&
	    e->doubt.device == it->sender_device &&
	    memcmp(e->doubt.account, it->sender_account.data, STORE_ID_LEN) ==
		0)
		r = ERR_AUTH; /* the list does not know it either */
	if (r == ERR_NOTFOUND) {
		memcpy(e->doubt.account, it->sender_account.data, STORE_ID_LEN);
		e->doubt.device = it->sender_device;
		e->doubt.settled = false;
	}
	return r;
}

/* A store that fails is ours to report, whatever the message was. */
static bool
store_trouble(int r)
{
	return r == ERR_IO || r == ERR_NOMEM || r == ERR_FULL || r == ERR_SYS;
}

/* *opened: false when it has to come again to be read. */
static int
open_item(struct batch *b, const item *it, bool *opened)
{
	Sotto__Content__Content *c = NULL;
	struct session_opened o;
	int r = decrypt(b->e, it, &o), doubt = 0;

	if (r == 0) {
		r = check_identity(b->e, it, &o);
		if (r == 0)
			doubt = check_device(b->e, it, &o);
		if (r != 0 || doubt != 0)
			session_opened_clear(&o);
	}
	*opened = r == 0;
	if (doubt == ERR_NOTFOUND)
		b->held = true;
	/* nobody of that account has written it: not a word of it is shown */
	if (doubt != 0)
		return doubt == ERR_NOTFOUND || doubt == ERR_AUTH ? 0 : doubt;
	/* A ratchet that has seen it (ERR_DUP), under an id that we have not,
	 * is one that went back in time: theirs or ours. */
	if (r != 0)
		return store_trouble(r) ? r
		       : it->seq == 0	? 0
					: on_unreadable(b, it);
	if (content_open(o.plaintext.p, o.plaintext.len, &c) != 0)
		c = NULL;
	r = save_opened(b, it, &o, c);
	session_opened_clear(&o);
	content_free(c);
	presence_heard(b->e, it->sender_account.data);
	return r;
}

/* To a group. *opened: as of open_item(). */
static int
open_group_item(struct batch *b, const item *it, bool *opened)
{
	struct group_took t = {.owes = false};
	int r;

	*opened = true;
	r = group_receive_item(b->e, it, &t);
	*opened = !t.unreadable;
	if (r == 0 && !t.refused)
		presence_heard(b->e, it->sender_account.data);
	return r == 0 ? took(b, it, &t) : r;
}

/* A status post: nothing stands for one that does not open. */
static int
open_status_item(struct batch *b, const item *it, bool *opened)
{
	struct repair_from from = from_of(it, it->message_id.data);
	bool unreadable, show;
	int r = status_receive_item(b->e, it, &unreadable);

	*opened = r != 0 || !unreadable;
	if (r != 0)
		return r;
	presence_heard(b->e, it->sender_account.data);
	if (!unreadable)
		return 0;
	from.quiet = true;
	b->owes = true;
	return repair_unreadable(b->e, &from, &show);
}

static int
open_any(struct batch *b, const item *it, bool *opened)
{
	if (it->group_id.len > 0)
		return open_group_item(b, it, opened);
	return it->type == SIGNAL_SENDER_KEY_MESSAGE
		   ? open_status_item(b, it, opened)
		   : open_item(b, it, opened);
}

static bool
item_sound(const struct engine *e, const item *it)
{
	return it->sender_account.len == STORE_ID_LEN &&
	       it->message_id.len == STORE_ID_LEN && it->sender_device >= 1 &&
	       it->sender_device <= 127 &&
	       !(it->sender_device == e->self.device &&
		   own_account(e, it->sender_account.data));
}

static int
take_item(struct batch *b, const item *it)
{
	struct engine *e = b->e;
	bool seen = false, opened;
	int r;

	if (!item_sound(e, it))
		return 0; /* no sender to show it under */
	if (it->type == GROUP_ITEM_ENTRY)
		return it->group_id.len == GROUP_ID_LEN
			   ? group_entry_take(e, it->group_id.data,
				 it->ciphertext.data, it->ciphertext.len)
			   : 0;
	if (it->seq == 0)
		return open_any(b, it, &opened);
	r = store_inbox_has(e->store, it->sender_account.data,
	    it->sender_device, it->message_id.data, &seen);
	if (r != 0 || seen)
		return r;
	r = open_any(b, it, &opened);
	if (r == 0 && opened && !b->held)
		r = store_inbox_add(e->store, it->sender_account.data,
		    it->sender_device, it->message_id.data, engine_now_ms());
	return r;
}

static void
post_sync(struct engine *e, uint32_t done, uint32_t total)
{
	struct engine_event *ev = event_new(e, EV_SYNC, 0);

	if (ev == NULL)
		return;
	ev->done = done;
	ev->total = total;
	event_post(e, ev);
}

void
inbox_drained(struct engine *e)
{
	if (!e->drained)
		post_sync(e, 0, 0);
	e->drained = true;
	e->sync_total = 0;
	history_upkeep(e);
}

static void
tell_sync(struct engine *e, size_t n, bool empty)
{
	if (empty) {
		inbox_drained(e);
		return;
	}
	if (e->drained || e->sync_total <= SYNC_SHOW)
		return;
	e->sync_done += (uint32_t)n;
	if (e->sync_done <= e->sync_total)
		post_sync(e, e->sync_done, e->sync_total);
}

static void
acknowledge(struct engine *e, uint64_t seq)
{
	Sotto__Relay__AckEvent ack = SOTTO__RELAY__ACK_EVENT__INIT;
	uint8_t body[16];
	size_t len;

	if (seq == 0 || !connection_online(e))
		return;
	ack.seq = seq;
	len = sotto__relay__ack_event__pack(&ack, body);
	/* If it cannot leave, the relay sends again and we have seen it. */
	if (link_event(e->link, EVENT_ACK, body, len) != 0)
		link_retry_now(e->link);
}

static int
take_batch(struct batch *b, const Sotto__Relay__DeliverEvent *d, uint64_t *seq)
{
	size_t i;
	int r = 0;

	*seq = 0;
	for (i = 0; r == 0 && !b->held && i < d->n_items; i++) {
		r = take_item(b, d->items[i]);
		if (!b->held && d->items[i]->seq > *seq)
			*seq = d->items[i]->seq;
	}
	return r;
}

/* ---- deliveries that wait for a list of devices --------------------------------------- */

static bool
keep_body(struct engine *e, const uint8_t *body, size_t len)
{
	struct held *h = NULL;

	if (e->held_bytes + len <= HELD_MAX)
		h = malloc(sizeof(*h) + len);
	if (h == NULL)
		return false;
	h->next = NULL;
	h->len = len;
	memcpy(h->body, body, len);
	if (e->held == NULL)
		e->held_tail = &e->held;
	*e->held_tail = h;
	e->held_tail = &h->next;
	e->held_bytes += len;
	return true;
}

void
inbox_link_lost(struct engine *e)
{
	struct held *h;

	while ((h = e->held) != NULL) {
		e->held = h->next;
		free(h);
	}
	e->held_bytes = 0;
}

/* The list has come, or will not: go on where it stopped. */
static void
on_list(struct engine *e, int r)
{
	struct held *h = e->held, *next;

	if (r != 0 && r != ERR_AUTH && r != ERR_FORMAT && r != ERR_NOTFOUND) {
		inbox_link_lost(e); /* our own trouble: it comes again */
		if (connection_online(e))
			link_hold(e->link, 0);
		return;
	}
	/* what is not vouched for now is dropped */
	e->held = NULL;
	e->held_bytes = 0;
	e->doubt.settled = true;
	for (; h != NULL; h = next) {
		next = h->next;
		inbox_deliver(e, h->body, h->len);
		free(h);
	}
	if (e->held == NULL)
		e->doubt.settled = false;
}

/* Nothing behind it may pass, so that order and acknowledgements stay right. */
static void
hold(struct engine *e, const uint8_t *body, size_t len, bool first)
{
	if (!keep_body(e, body, len) ||
	    (first && keys_fetch_list(e, e->doubt.account, on_list) != 0)) {
		inbox_link_lost(e);
		link_hold(e->link, 0); /* it comes again */
	}
}

/* Returns false when it waits for a list: deliver it again then. */
static bool
take_delivery(struct engine *e, const uint8_t *body, size_t len)
{
	Sotto__Relay__DeliverEvent *d =
	    sotto__relay__deliver_event__unpack(NULL, len, body);
	struct batch b = {.e = e};
	uint64_t seq;
	int r;

	if (d == NULL)
		return true;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, take_batch(&b, d, &seq));
	if (r == 0) {
		acknowledge(e, seq);
		timer_run(e);
		if (!b.held)
			tell_sync(e, d->n_items, d->queue_empty);
		if (b.owes)
			outbox_wake(e);
		if (b.claims)
			contacts_confirm(e);
	} else if (!e->failed) {
		/* Nothing was kept, nothing is acknowledged: come again. */
		link_hold(e->link, 0);
	}
	sotto__relay__deliver_event__free_unpacked(d, NULL);
	return r != 0 || !b.held;
}

void
inbox_deliver(struct engine *e, const uint8_t *body, size_t len)
{
	if (e->held != NULL)
		hold(e, body, len, false);
	else if (!take_delivery(e, body, len))
		hold(e, body, len, true);
}
