/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sync_take.c — what our other devices tell us. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/engine/account_care.h"
#include "tui/engine/action.h"
#include "tui/engine/arrive.h"
#include "tui/engine/chat.h"
#include "tui/engine/devices.h"
#include "tui/engine/repair.h"
#include "tui/engine/status.h"
#include "tui/engine/sync.h"
#include "tui/engine/timer.h"
#include "tui/store/store_action.h"
#include "tui/store/store_clock.h"

/* Not fit to be stored: a later client's, or nonsense. */
static int
passable(int r)
{
	return r == ERR_NOTFOUND || r == ERR_RANGE || r == ERR_STATE ||
		       r == ERR_EXISTS
		   ? 0
		   : r;
}

/* The conversation with an account; its contact is made when it is new. */
static int
open_chat(struct engine *e, const ProtobufCBinaryData *account, int64_t *chat)
{
	struct store_contact c;
	int r;

	if (account->len != STORE_ID_LEN)
		return ERR_NOTFOUND;
	r = contact_ensure(e, account->data, NULL, NULL, &c);
	return r != 0 ? r
		      : store_chat_open(e->store, STORE_CHAT_PERSON,
			    account->data, engine_now_ms(), chat);
}

static int
find_chat(struct engine *e, const ProtobufCBinaryData *account, int64_t *chat)
{
	if (account->len != STORE_ID_LEN)
		return ERR_NOTFOUND;
	return store_chat_find(
	    e->store, STORE_CHAT_PERSON, account->data, chat);
}

static int
find_group(struct engine *e, const ProtobufCBinaryData *group, int64_t *chat)
{
	if (group->len != STORE_ID_LEN)
		return ERR_NOTFOUND;
	return store_chat_find(e->store, STORE_CHAT_GROUP, group->data, chat);
}

/* ---- copies ------------------------------------------------------------------------ */

static int
add_text(struct engine *e, const struct sync_from *from, int64_t chat,
    const Sotto__Content__Content *c)
{
	struct store_message m = {.chat = chat,
	    .device = from->device,
	    .dir = STORE_OUT,
	    .state = STORE_MSG_SENT,
	    .received_ms = engine_now_ms()};

	memcpy(m.account, e->self.account, STORE_ID_LEN);
	return passable(arrive_text(e, &m, c));
}

static int
take_text(struct engine *e, const struct sync_from *from,
    const Sotto__Content__Content *c)
{
	const struct repair_from rf = {.account = e->self.account,
	    .device = from->device,
	    .message_id = c->message_id.data};
	bool known = false;
	int64_t chat;
	int r = open_chat(e, &c->chat_account, &chat);

	if (r != 0)
		return passable(r);
	r = repair_text(e, &rf, &known);
	return r != 0 || known ? r : add_text(e, from, chat, c);
}

static uint64_t
not_later(uint64_t ms)
{
	uint64_t now_ms = engine_now_ms();

	return ms < now_ms ? ms : now_ms;
}

/* What is done to a message that may not have come. */
static int
take_early(struct engine *e, enum store_early_kind kind,
    const ProtobufCBinaryData *author, const ProtobufCBinaryData *message_id,
    uint64_t when_ms, const char *text)
{
	struct store_early a = {.kind = kind, .when_ms = when_ms};
	char own[8] = "";

	if (author->len != STORE_ID_LEN || message_id->len != STORE_ID_LEN)
		return 0;
	memcpy(a.author, author->data, STORE_ID_LEN);
	memcpy(a.message_id, message_id->data, STORE_ID_LEN);
	memcpy(a.actor, e->self.account, STORE_ID_LEN);
	snprintf(own, sizeof(own), "%s", text);
	a.text = own;
	return passable(action_do(e, &a, 0));
}

/* An edit, a deletion, a reaction of ours. */
static int
take_action(struct engine *e, const Sotto__Content__Content *c)
{
	struct action_by by = {
	    .account = e->self.account, .sent_ms = c->sent_ms};
	int r = open_chat(e, &c->chat_account, &by.chat);

	return r == 0 ? action_take(e, &by, c) : passable(r);
}

/* ---- syncs -------------------------------------------------------------------------- */

/* A view-once text was opened there. */
static int
take_viewed(struct engine *e, const Sotto__Content__Viewed *v)
{
	return take_early(e, STORE_EARLY_VIEWED, &v->author_account,
	    &v->message_id, engine_now_ms(), "");
}

static int
take_timer(struct engine *e, const Sotto__Content__Content *c)
{
	const struct timer_set set = {
	    e->self.account, c->timer->expire_s, c->timer->stamp};
	int64_t chat;
	int r = open_chat(e, &c->chat_account, &chat);

	return r == 0 ? timer_take(e, chat, &set) : passable(r);
}

static int
take_read(
    struct engine *e, const Sotto__Content__SyncRead *rd, uint64_t read_ms)
{
	int64_t chat, id;
	int r = rd->group ? find_group(e, &rd->chat_account, &chat)
			  : find_chat(e, &rd->chat_account, &chat);

	if (r == 0 && (rd->author_account.len != STORE_ID_LEN ||
			  rd->message_id.len != STORE_ID_LEN))
		r = ERR_NOTFOUND;
	if (r == 0)
		r = store_message_find(e->store, rd->author_account.data,
		    rd->message_id.data, &id);
	if (r == 0) /* the other device has told the sender */
		r = store_message_mark_read(e->store, chat, id, NULL);
	if (r == 0)
		r = store_message_start_read(
		    e->store, chat, not_later(read_ms));
	return r == 0 ? chat_changed(e, chat) : passable(r);
}

static bool
set_field(char *field, size_t cap, const char *text)
{
	char clean[STORE_NAME_MAX];

	text_sanitize(clean, sizeof(clean), text, strlen(text), TEXT_LINE);
	if (strlen(clean) >= cap || strcmp(field, clean) == 0)
		return false;
	memset(field, 0, cap);
	memcpy(field, clean, strlen(clean));
	return true;
}

/* They have compared it; that counts here for the same key only. */
static void
take_verified(struct store_contact *c, const ProtobufCBinaryData *key)
{
	struct identity_pk pk;

	if (key->len != STORE_PUB_LEN ||
	    identity_pk_get(&pk, key->data, key->len) != 0)
		return;
	if (!c->has_identity) {
		memcpy(c->identity, key->data, STORE_PUB_LEN);
		c->has_identity = true;
	}
	if (memcmp(c->identity, key->data, STORE_PUB_LEN) != 0 ||
	    c->trust == STORE_TRUST_VERIFIED)
		return;
	c->trust = STORE_TRUST_VERIFIED;
	c->verified_ms = engine_now_ms();
}

/* Of two devices that name or block somebody the later one counts. */
static int
take_stamped(struct engine *e, struct store_contact *c,
    const Sotto__Content__SyncContacts__Contact *m)
{
	bool newer;
	int r = store_clock_take(
	    e->store, c->account, STORE_CLOCK_NAME, m->name_stamp, &newer);

	if (r == 0 && (newer || (m->name_stamp == 0 && c->name[0] == '\0')))
		set_field(c->name, sizeof(c->name), m->name);
	if (r == 0)
		r = store_clock_take(e->store, c->account, STORE_CLOCK_BLOCKED,
		    m->blocked_stamp, &newer);
	if (r == 0 && newer)
		c->blocked = m->blocked;
	return r;
}

static int
take_contact(struct engine *e, const Sotto__Content__SyncContacts__Contact *m)
{
	struct store_contact c;
	int64_t chat;
	int r;

	if (m->account_id.len != STORE_ID_LEN ||
	    own_account(e, m->account_id.data))
		return 0;
	r = contact_ensure(e, m->account_id.data, NULL, NULL, &c);
	if (r != 0)
		return r;
	r = take_stamped(e, &c, m);
	if (r != 0)
		return r;
	if (m->profile_name[0] != '\0')
		set_field(
		    c.profile_name, sizeof(c.profile_name), m->profile_name);
	if (!c.phone_known && e164_valid(m->phone)) {
		set_field(c.phone, sizeof(c.phone), m->phone);
		c.phone_known = true;
	}
	take_verified(&c, &m->verified_key);
	r = store_contact_put(e->store, &c);
	if (r == 0 && c.blocked)
		r = status_blocked(e, c.account);
	if (r == 0)
		r = find_chat(e, &m->account_id, &chat);
	return r == 0 ? chat_changed(e, chat) : passable(r);
}

static int
take_contacts(struct engine *e, const Sotto__Content__SyncContacts *list)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->n_contacts; i++)
		r = take_contact(e, list->contacts[i]);
	return r;
}

static int
take_chat(struct engine *e, const Sotto__Content__SyncChats__Chat *m)
{
	const struct {
		enum store_chat_setting what;
		enum store_clock_what clock;
		uint64_t value, stamp;
	} v[] = {
	    {STORE_CHAT_MUTED_UNTIL_MS, STORE_CLOCK_MUTED, m->muted_until_ms,
		m->muted_stamp},
	    {STORE_CHAT_PINNED_MS, STORE_CLOCK_PINNED, m->pinned_ms,
		m->pinned_stamp},
	    {STORE_CHAT_ARCHIVED, STORE_CLOCK_ARCHIVED, m->archived,
		m->archived_stamp},
	    {STORE_CHAT_UNREAD_MARK, STORE_CLOCK_UNREAD, m->unread,
		m->unread_stamp},
	    /* of a group the group tells it */
	    {STORE_CHAT_EXPIRE_S, STORE_CLOCK_TIMER, m->expire_s,
		m->group ? 0 : m->expire_stamp},
	};
	int64_t chat;
	bool newer;
	size_t i;
	int r = m->group ? find_group(e, &m->account_id, &chat)
			 : open_chat(e, &m->account_id, &chat);

	if (r != 0)
		return passable(r);
	for (i = 0; r == 0 && i < ARRAY_LEN(v); i++) {
		r = store_clock_take(e->store, m->account_id.data, v[i].clock,
		    v[i].stamp, &newer);
		if (r == 0 && newer)
			r = passable(store_chat_set(
			    e->store, chat, v[i].what, v[i].value));
	}
	return r == 0 ? chat_changed(e, chat) : r;
}

static int
clear_chat(struct engine *e, int64_t chat, const Sotto__Content__SyncClear *m)
{
	int64_t last = 0;
	int r = 0;

	if (m->author_account.len == STORE_ID_LEN &&
	    m->message_id.len == STORE_ID_LEN)
		r = store_message_find(e->store, m->author_account.data,
		    m->message_id.data, &last);
	return r == 0 || r == ERR_NOTFOUND
		   ? chat_clear(e, chat, last, m->up_to_ms, m->chat)
		   : r;
}

static int
take_clear(struct engine *e, const Sotto__Content__SyncClear *m)
{
	int64_t chat;
	int r = m->group ? find_group(e, &m->account_id, &chat)
			 : find_chat(e, &m->account_id, &chat);

	return passable(r == 0 ? clear_chat(e, chat, m) : r);
}

static int
take_chats(struct engine *e, const Sotto__Content__SyncChats *list)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->n_chats; i++)
		r = take_chat(e, list->chats[i]);
	return r;
}

static int
take_draft(struct engine *e, const Sotto__Content__SyncDraft *m)
{
	bool newer = false;
	char *text;
	int64_t chat;
	int r = m->group ? find_group(e, &m->chat_account, &chat)
			 : find_chat(e, &m->chat_account, &chat);

	if (r == 0)
		r = store_clock_take(e->store, m->chat_account.data,
		    STORE_CLOCK_DRAFT, m->stamp, &newer);
	if (r != 0 || !newer)
		return passable(r);
	text = clean_text(m->text, STORE_TEXT_MAX, TEXT_MULTI);
	if (text == NULL)
		return ERR_NOMEM;
	r = store_chat_set_draft(e->store, chat, text, engine_now_ms());
	free(text);
	return r == 0 ? chat_changed(e, chat) : passable(r);
}

static int
take_profile(struct engine *e, const Sotto__Content__SyncProfile *m)
{
	struct store_account *row = &e->keys->row;
	bool newer = false;
	int r = store_clock_take(
	    e->store, e->self.account, STORE_CLOCK_PROFILE, m->stamp, &newer);

	if (r != 0 || !newer || m->name[0] == '\0' ||
	    !set_field(row->name, sizeof(row->name), m->name))
		return r;
	r = account_save(e);
	return r == 0 ? self_load(e) : r;
}

static int
take_secret(struct engine *e, const struct sync_from *from,
    const Sotto__Content__SyncSecret *m)
{
	struct device_secret s;
	int r;

	if (from->device != DEVICELIST_PRIMARY ||
	    m->account_secret.len != sizeof(s.k))
		return 0;
	memcpy(s.k, m->account_secret.data, sizeof(s.k));
	r = devices_secret_put(e, &s);
	sodium_memzero(&s, sizeof(s));
	return r;
}

static int
take_star(struct engine *e, const Sotto__Content__SyncStar *m)
{
	return take_early(e, STORE_EARLY_STAR, &m->author_account,
	    &m->message_id, m->stamp, m->on ? "1" : "");
}

static int
take_forget(struct engine *e, const Sotto__Content__SyncForget *m)
{
	return take_early(e, STORE_EARLY_FORGET, &m->author_account,
	    &m->message_id, engine_now_ms(), "");
}

/* A device came or went, and we have not heard of it. */
static int
ask_list(struct engine *e, uint32_t version)
{
	struct store_contact us;
	int r = store_contact_get(e->store, e->self.account, &us);

	if (r == 0 && version > us.list_version &&
	    e->self.device != DEVICELIST_PRIMARY)
		r = keys_fetch_list(e, e->self.account, NULL);
	return r == ERR_CLOSED || r == ERR_NOTFOUND ? 0 : r;
}

static int
take_sync(struct engine *e, const struct sync_from *from,
    const Sotto__Content__Content *c)
{
	const Sotto__Content__Sync *s = c->sync;
	int r = ask_list(e, s->list_version);

	if (r != 0)
		return r;
	switch (s->what_case) {
	case SOTTO__CONTENT__SYNC__WHAT_READ:
		return take_read(e, s->read, c->sent_ms);
	case SOTTO__CONTENT__SYNC__WHAT_CONTACTS:
		return take_contacts(e, s->contacts);
	case SOTTO__CONTENT__SYNC__WHAT_CHATS:
		return take_chats(e, s->chats);
	case SOTTO__CONTENT__SYNC__WHAT_DRAFT:
		return take_draft(e, s->draft);
	case SOTTO__CONTENT__SYNC__WHAT_NUMBER:
		return from->device == DEVICELIST_PRIMARY
			   ? number_taken(e, s->number->phone)
			   : 0;
	case SOTTO__CONTENT__SYNC__WHAT_PROFILE:
		return take_profile(e, s->profile);
	case SOTTO__CONTENT__SYNC__WHAT_SECRET:
		return take_secret(e, from, s->secret);
	case SOTTO__CONTENT__SYNC__WHAT_STAR:
		return take_star(e, s->star);
	case SOTTO__CONTENT__SYNC__WHAT_FORGET:
		return take_forget(e, s->forget);
	case SOTTO__CONTENT__SYNC__WHAT_CLEAR:
		return take_clear(e, s->clear);
	case SOTTO__CONTENT__SYNC__WHAT_STATUS:
		return status_sync_take(e, s->status);
	case SOTTO__CONTENT__SYNC__WHAT_STATUS_POST:
		return status_sync_take_post(e, s->status_post);
	default: /* a later client's */
		return 0;
	}
}

int
sync_take(struct engine *e, const struct sync_from *from,
    const Sotto__Content__Content *c)
{
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY__NOT_SET:
		return take_sync(e, from, c);
	case SOTTO__CONTENT__CONTENT__BODY_TEXT:
	case SOTTO__CONTENT__CONTENT__BODY_MEDIA:
		return take_text(e, from, c);
	case SOTTO__CONTENT__CONTENT__BODY_EDIT:
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
		return take_action(e, c);
	case SOTTO__CONTENT__CONTENT__BODY_TIMER:
		return take_timer(e, c);
	case SOTTO__CONTENT__CONTENT__BODY_VIEWED:
		return take_viewed(e, c->viewed);
	default:
		return 0;
	}
}
