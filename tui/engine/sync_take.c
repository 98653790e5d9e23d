/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sync_take.c — what our other devices tell us. */
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/engine/action.h"
#include "tui/engine/arrive.h"
#include "tui/engine/devices.h"
#include "tui/engine/repair.h"
#include "tui/engine/sync.h"
#include "tui/store/store_action.h"

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

static int
take_read(struct engine *e, const Sotto__Content__SyncRead *rd)
{
	int64_t chat, id;
	int r = find_chat(e, &rd->chat_account, &chat);

	if (r == 0 && (rd->author_account.len != STORE_ID_LEN ||
			  rd->message_id.len != STORE_ID_LEN))
		r = ERR_NOTFOUND;
	if (r == 0)
		r = store_message_find(e->store, rd->author_account.data,
		    rd->message_id.data, &id);
	if (r == 0) /* the other device has told the sender */
		r = store_message_mark_read(e->store, chat, id, NULL);
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
	set_field(c.name, sizeof(c.name), m->name);
	if (m->profile_name[0] != '\0')
		set_field(
		    c.profile_name, sizeof(c.profile_name), m->profile_name);
	if (!c.phone_known && e164_valid(m->phone)) {
		set_field(c.phone, sizeof(c.phone), m->phone);
		c.phone_known = true;
	}
	c.blocked = m->blocked;
	take_verified(&c, &m->verified_key);
	r = store_contact_put(e->store, &c);
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
		uint64_t value;
	} v[] = {
	    {STORE_CHAT_MUTED_UNTIL_MS, m->muted_until_ms},
	    {STORE_CHAT_PINNED_MS, m->pinned_ms},
	    {STORE_CHAT_ARCHIVED, m->archived},
	    {STORE_CHAT_EXPIRE_S, m->expire_s},
	};
	int64_t chat;
	size_t i;
	int r = open_chat(e, &m->account_id, &chat);

	if (r != 0)
		return passable(r);
	for (i = 0; r == 0 && i < ARRAY_LEN(v); i++)
		r = passable(
		    store_chat_set(e->store, chat, v[i].what, v[i].value));
	return r == 0 ? chat_changed(e, chat) : r;
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
	char *text;
	int64_t chat;
	int r = find_chat(e, &m->chat_account, &chat);

	if (r != 0)
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
	int r;

	if (m->name[0] == '\0' ||
	    !set_field(row->name, sizeof(row->name), m->name))
		return 0;
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
	int64_t id;
	int r;

	if (m->author_account.len != STORE_ID_LEN ||
	    m->message_id.len != STORE_ID_LEN)
		return 0;
	r = store_message_find(
	    e->store, m->author_account.data, m->message_id.data, &id);
	if (r == 0)
		r = store_message_star(e->store, id, m->on);
	if (r == 0)
		r = message_changed(e, id);
	return passable(r);
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
    const Sotto__Content__Sync *s)
{
	int r = ask_list(e, s->list_version);

	if (r != 0)
		return r;
	switch (s->what_case) {
	case SOTTO__CONTENT__SYNC__WHAT_READ:
		return take_read(e, s->read);
	case SOTTO__CONTENT__SYNC__WHAT_CONTACTS:
		return take_contacts(e, s->contacts);
	case SOTTO__CONTENT__SYNC__WHAT_CHATS:
		return take_chats(e, s->chats);
	case SOTTO__CONTENT__SYNC__WHAT_DRAFT:
		return take_draft(e, s->draft);
	case SOTTO__CONTENT__SYNC__WHAT_PROFILE:
		return take_profile(e, s->profile);
	case SOTTO__CONTENT__SYNC__WHAT_SECRET:
		return take_secret(e, from, s->secret);
	case SOTTO__CONTENT__SYNC__WHAT_STAR:
		return take_star(e, s->star);
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
		return take_sync(e, from, c->sync);
	case SOTTO__CONTENT__CONTENT__BODY_TEXT:
		return take_text(e, from, c);
	case SOTTO__CONTENT__CONTENT__BODY_EDIT:
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
		return take_action(e, c);
	default:
		return 0;
	}
}
