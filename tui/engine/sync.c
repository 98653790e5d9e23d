/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sync.c — what we tell our other devices. What they tell us: sync_take.c. */
#include "tui/engine/sync.h"
#include "tui/backup/media_record.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/content.h"
#include "tui/engine/devices.h"
#include "tui/engine/draft.h"
#include "tui/engine/group.h"
#include "tui/engine/status.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_clock.h"

#define AGAIN_MS 5000 /* after an error of ours */

/* protobuf-c's bytes are not const; it only reads them. */
static ProtobufCBinaryData
bytes_of(const uint8_t *p, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)p};
}

/* ---- copies -------------------------------------------------------------------- */

/* What a person did, and wants to see everywhere. */
static bool
is_copied(const Sotto__Content__Content *c)
{
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_TEXT:
	case SOTTO__CONTENT__CONTENT__BODY_MEDIA:
	case SOTTO__CONTENT__CONTENT__BODY_EDIT:
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
	case SOTTO__CONTENT__CONTENT__BODY_TIMER:
		return true;
	default:
		return false;
	}
}

static int
seal_copy(struct buf *out, Sotto__Content__Content *c,
    const ProtobufCBinaryData *chat)
{
	Sotto__Content__Sync sync = SOTTO__CONTENT__SYNC__INIT;
	const ProtobufCBinaryData was = c->chat_account;
	Sotto__Content__Profile *profile = c->profile;
	Sotto__Content__Media bare, *media = NULL;
	char *once = NULL, nothing[1] = "";
	int r;

	c->sync = &sync;
	c->chat_account = *chat;
	c->profile = NULL;
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_TEXT &&
	    c->text->view_once) { /* not even we see it again */
		once = c->text->text;
		c->text->text = nothing;
	}
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_MEDIA &&
	    c->media->view_once) {
		bare = *c->media;
		media_record_bare(&bare);
		media = c->media;
		c->media = &bare;
	}
	r = content_seal(out, c);
	if (once != NULL)
		c->text->text = once;
	if (media != NULL)
		c->media = media;
	c->sync = NULL;
	c->chat_account = was;
	c->profile = profile;
	return r;
}

static int
add_own(struct engine *e, Sotto__Content__Outgoing *o, struct buf *content)
{
	Sotto__Content__Outgoing *own = malloc(sizeof(*own));

	if (own == NULL)
		return ERR_NOMEM;
	sotto__content__outgoing__init(own);
	own->account_id.data = malloc(STORE_ID_LEN);
	if (own->account_id.data == NULL) {
		free(own);
		return ERR_NOMEM;
	}
	memcpy(own->account_id.data, e->self.account, STORE_ID_LEN);
	own->account_id.len = STORE_ID_LEN;
	buf_detach(content, &own->content.data, &own->content.len);
	o->own = own;
	return 0;
}

int
sync_copy(struct engine *e, Sotto__Content__Outgoing *o)
{
	Sotto__Content__Content *c = NULL;
	struct buf copy;
	int r;

	if (own_account(e, o->account_id.data))
		return 0;
	r = content_open(o->content.data, o->content.len, &c);
	if (r != 0)
		return r == ERR_FORMAT ? ERR_NOMEM : r; /* we made it */
	buf_init(&copy, CONTENT_MAX);
	if (is_copied(c) && c->sync == NULL && c->group_id.len == 0) {
		r = seal_copy(&copy, c, &o->account_id);
		if (r == 0)
			r = add_own(e, o, &copy);
	}
	buf_clear(&copy);
	content_free(c);
	return r;
}

/* ---- syncs ------------------------------------------------------------------------ */

static int
tell(struct engine *e, Sotto__Content__Sync *s)
{
	const struct outbox_for whom = {.account = e->self.account};
	struct store_contact us;
	struct draft d = {0};

	draft_init(&d);
	if (store_contact_get(e->store, e->self.account, &us) == 0)
		s->list_version = us.list_version;
	d.c.sync = s;
	return draft_send(e, &d, &whom);
}

/* *yes: is there anybody to tell? */
static int
others(struct engine *e, bool *yes)
{
	return e->self.registered ? devices_others(e, yes) : (*yes = false, 0);
}

int
sync_tell(struct engine *e, Sotto__Content__Sync *s)
{
	bool any;
	int r = others(e, &any);

	return r != 0 || !any ? r : tell(e, s);
}

int
sync_read(struct engine *e, int64_t chat, const struct store_messages *newly)
{
	Sotto__Content__SyncRead rd = SOTTO__CONTENT__SYNC_READ__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	const struct store_message *last = NULL;
	struct store_chat row;
	bool any;
	size_t i;
	int r = others(e, &any);

	for (i = 0; i < newly->n; i++)
		if (newly->v[i].state == STORE_MSG_RECEIVED)
			last = &newly->v[i];
	if (r != 0 || !any || last == NULL)
		return r;
	r = store_chat_get(e->store, chat, &row);
	if (r != 0)
		return r;
	rd.chat_account = bytes_of(row.peer, STORE_ID_LEN);
	rd.group = row.kind == STORE_CHAT_GROUP;
	rd.author_account = bytes_of(last->account, STORE_ID_LEN);
	rd.message_id = bytes_of(last->message_id, STORE_ID_LEN);
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_READ;
	s.read = &rd;
	r = tell(e, &s);
	store_chat_clear(&row);
	return r;
}

static int
fill_contact(struct engine *e, Sotto__Content__SyncContacts__Contact *m,
    const struct store_contact *c)
{
	int r;

	sotto__content__sync_contacts__contact__init(m);
	m->account_id = bytes_of(c->account, STORE_ID_LEN);
	m->phone = (char *)(uintptr_t)c->phone;
	m->name = (char *)(uintptr_t)c->name;
	m->profile_name = (char *)(uintptr_t)c->profile_name;
	m->blocked = c->blocked;
	r = store_clock_get(
	    e->store, c->account, STORE_CLOCK_NAME, &m->name_stamp);
	if (r == 0)
		r = store_clock_get(e->store, c->account, STORE_CLOCK_BLOCKED,
		    &m->blocked_stamp);
	if (c->trust == STORE_TRUST_VERIFIED && c->has_identity)
		m->verified_key = bytes_of(c->identity, STORE_PUB_LEN);
	return r;
}

static int
tell_contacts(struct engine *e, const struct store_contact *c, size_t n)
{
	Sotto__Content__SyncContacts__Contact v[SYNC_ROWS], *p[SYNC_ROWS];
	Sotto__Content__SyncContacts list = SOTTO__CONTENT__SYNC_CONTACTS__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		if (own_account(e, c[i].account))
			continue;
		p[list.n_contacts] = &v[list.n_contacts];
		r = fill_contact(e, &v[list.n_contacts++], &c[i]);
	}
	if (r != 0 || list.n_contacts == 0)
		return r;
	list.contacts = p;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_CONTACTS;
	s.contacts = &list;
	return tell(e, &s);
}

int
sync_contact(struct engine *e, const struct store_contact *c)
{
	bool any;
	int r = others(e, &any);

	return r != 0 || !any ? r : tell_contacts(e, c, 1);
}

static int
fill_chat(struct engine *e, Sotto__Content__SyncChats__Chat *m,
    const struct store_chat *c)
{
	const struct {
		enum store_clock_what what;
		uint64_t *stamp;
	} v[] = {
	    {STORE_CLOCK_MUTED, &m->muted_stamp},
	    {STORE_CLOCK_PINNED, &m->pinned_stamp},
	    {STORE_CLOCK_ARCHIVED, &m->archived_stamp},
	    {STORE_CLOCK_TIMER, &m->expire_stamp},
	    {STORE_CLOCK_UNREAD, &m->unread_stamp},
	};
	size_t i;
	int r = 0;

	sotto__content__sync_chats__chat__init(m);
	m->account_id = bytes_of(c->peer, STORE_ID_LEN);
	m->group = c->kind == STORE_CHAT_GROUP;
	m->muted_until_ms = c->muted_until_ms;
	m->pinned_ms = c->pinned_ms;
	m->archived = c->archived;
	m->expire_s = c->expire_s;
	m->unread = c->unread_mark;
	for (i = 0; r == 0 && i < ARRAY_LEN(v); i++)
		r = store_clock_get(e->store, c->peer, v[i].what, v[i].stamp);
	return r;
}

static int
tell_chats(struct engine *e, const struct store_chat *c, size_t n)
{
	Sotto__Content__SyncChats__Chat v[SYNC_ROWS], *p[SYNC_ROWS];
	Sotto__Content__SyncChats list = SOTTO__CONTENT__SYNC_CHATS__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		p[list.n_chats] = &v[list.n_chats];
		r = fill_chat(e, &v[list.n_chats++], &c[i]);
	}
	if (r != 0 || list.n_chats == 0)
		return r;
	list.chats = p;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_CHATS;
	s.chats = &list;
	return tell(e, &s);
}

int
sync_chat(struct engine *e, int64_t chat)
{
	struct store_chat row;
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	r = store_chat_get(e->store, chat, &row);
	if (r != 0)
		return r;
	r = tell_chats(e, &row, 1);
	store_chat_clear(&row);
	return r;
}

/* When it was made; what was made before there were stamps, is made now. */
static int
stamp_of(struct engine *e, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t *stamp)
{
	int r = store_clock_get(e->store, id, what, stamp);

	if (r != 0 || *stamp != 0)
		return r;
	r = store_clock_tick(
	    e->store, id, what, engine_now_ms(), e->self.device);
	return r == 0 ? store_clock_get(e->store, id, what, stamp) : r;
}

int
sync_profile(struct engine *e)
{
	Sotto__Content__SyncProfile p = SOTTO__CONTENT__SYNC_PROFILE__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	r = stamp_of(e, e->self.account, STORE_CLOCK_PROFILE, &p.stamp);
	p.name = e->keys->row.name;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_PROFILE;
	s.profile = &p;
	return r == 0 ? tell(e, &s) : r;
}

int
sync_number(struct engine *e)
{
	Sotto__Content__SyncNumber m = SOTTO__CONTENT__SYNC_NUMBER__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	m.phone = e->keys->row.phone;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_NUMBER;
	s.number = &m;
	return tell(e, &s);
}

int
sync_secret(struct engine *e)
{
	Sotto__Content__SyncSecret m = SOTTO__CONTENT__SYNC_SECRET__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	struct device_secret secret;
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	r = devices_secret(e, &secret);
	if (r != 0)
		return r;
	m.account_secret = bytes_of(secret.k, sizeof(secret.k));
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_SECRET;
	s.secret = &m;
	r = tell(e, &s);
	sodium_memzero(&secret, sizeof(secret));
	return r;
}

int
sync_star(struct engine *e, const struct store_message *m, bool on)
{
	Sotto__Content__SyncStar st = SOTTO__CONTENT__SYNC_STAR__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	st.author_account = bytes_of(m->account, STORE_ID_LEN);
	st.message_id = bytes_of(m->message_id, STORE_ID_LEN);
	st.on = on;
	r = store_clock_get(
	    e->store, m->message_id, STORE_CLOCK_STAR, &st.stamp);
	if (r != 0)
		return r;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_STAR;
	s.star = &st;
	return tell(e, &s);
}

int
sync_forget(struct engine *e, const struct store_message *m)
{
	Sotto__Content__SyncForget f = SOTTO__CONTENT__SYNC_FORGET__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	f.author_account = bytes_of(m->account, STORE_ID_LEN);
	f.message_id = bytes_of(m->message_id, STORE_ID_LEN);
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_FORGET;
	s.forget = &f;
	return tell(e, &s);
}

int
sync_viewed(struct engine *e, const struct store_message *m)
{
	Sotto__Content__Viewed v = SOTTO__CONTENT__VIEWED__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	const struct outbox_for whom = {.account = e->self.account};
	struct draft d = {0};
	bool any;
	int r = others(e, &any);

	if (r != 0 || !any)
		return r;
	draft_init(&d);
	v.author_account = bytes_of(m->account, STORE_ID_LEN);
	v.message_id = bytes_of(m->message_id, STORE_ID_LEN);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_VIEWED;
	d.c.viewed = &v;
	d.c.sync = &s;
	return draft_send(e, &d, &whom);
}

int
sync_clear(struct engine *e, const struct store_chat *chat, int64_t last,
    uint64_t up_to_ms, bool gone)
{
	Sotto__Content__SyncClear c = SOTTO__CONTENT__SYNC_CLEAR__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	struct store_message m = {0};
	bool any;
	int r = others(e, &any);

	if (r == 0 && any && last != 0)
		r = store_message_get(e->store, last, &m);
	if (r != 0 || !any)
		return r;
	c.account_id = bytes_of(chat->peer, STORE_ID_LEN);
	c.group = chat->kind == STORE_CHAT_GROUP;
	c.up_to_ms = up_to_ms;
	c.chat = gone;
	if (last != 0) {
		c.author_account = bytes_of(m.account, STORE_ID_LEN);
		c.message_id = bytes_of(m.message_id, STORE_ID_LEN);
	}
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_CLEAR;
	s.clear = &c;
	r = tell(e, &s);
	store_message_clear(&m);
	return r;
}

/* ---- for a new device ---------------------------------------------------------------- */

static size_t
part(size_t n, size_t at)
{
	return n - at < SYNC_ROWS ? n - at : SYNC_ROWS;
}

int
sync_all(struct engine *e)
{
	struct store_contact *c = NULL;
	struct store_chats chats = {0};
	size_t i, n = 0, n_chats;
	int r = store_contact_list(e->store, &c, &n);

	if (r == 0)
		r = store_chat_list(e->store, &chats);
	n = n < SYNC_CONTACTS_MAX ? n : SYNC_CONTACTS_MAX;
	n_chats = chats.n < SYNC_CONTACTS_MAX ? chats.n : SYNC_CONTACTS_MAX;
	for (i = 0; r == 0 && i < n; i += SYNC_ROWS)
		r = tell_contacts(e, c + i, part(n, i));
	for (i = 0; r == 0 && i < n_chats; i += SYNC_ROWS)
		r = tell_chats(e, chats.v + i, part(n_chats, i));
	if (r == 0)
		r = sync_profile(e);
	if (r == 0)
		r = groups_tell_own(e);
	if (r == 0)
		r = status_sync_all(e);
	store_chats_clear(&chats);
	free(c);
	return r;
}

/* ---- drafts ---------------------------------------------------------------------------- */

static int
tell_draft(struct engine *e, int64_t chat)
{
	Sotto__Content__SyncDraft dr = SOTTO__CONTENT__SYNC_DRAFT__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	struct store_chat row;
	int r = store_chat_get(e->store, chat, &row);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	dr.chat_account = bytes_of(row.peer, STORE_ID_LEN);
	dr.group = row.kind == STORE_CHAT_GROUP;
	dr.text = row.draft;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_DRAFT;
	s.draft = &dr;
	r = stamp_of(e, row.peer, STORE_CLOCK_DRAFT, &dr.stamp);
	if (r == 0)
		r = tell(e, &s);
	store_chat_clear(&row);
	return r;
}

int
sync_anew(struct engine *e, const Sotto__Content__Sync *s)
{
	int64_t chat;
	int r;

	switch (s->what_case) {
	case SOTTO__CONTENT__SYNC__WHAT_PROFILE:
		return sync_profile(e);
	case SOTTO__CONTENT__SYNC__WHAT_SECRET:
		return sync_secret(e);
	case SOTTO__CONTENT__SYNC__WHAT_DRAFT:
		r = store_chat_find(e->store,
		    s->draft->group ? STORE_CHAT_GROUP : STORE_CHAT_PERSON,
		    s->draft->chat_account.data, &chat);
		if (r == 0)
			r = tell_draft(e, chat);
		return r == ERR_NOTFOUND ? 0 : r;
	default:
		return 0;
	}
}

int
sync_draft_made(struct engine *e, const uint8_t peer[static STORE_ID_LEN])
{
	return store_clock_tick(
	    e->store, peer, STORE_CLOCK_DRAFT, engine_now_ms(), e->self.device);
}

int
sync_draft_sent(struct engine *e, const struct store_chat *chat)
{
	int r = sync_draft_made(e, chat->peer);

	return r == 0 ? tell_draft(e, chat->id) : r;
}

void
sync_draft_told(struct engine *e, int64_t chat)
{
	size_t i;

	for (i = 0; i < SYNC_DRAFTS; i++)
		if (e->drafting[i].chat == chat)
			e->drafting[i].chat = 0;
}

void
sync_draft_later(struct engine *e, int64_t chat)
{
	struct drafting *d = NULL;
	bool any = false;
	size_t i;

	if (others(e, &any) != 0 || !any)
		return;
	for (i = 0; i < SYNC_DRAFTS; i++)
		if (e->drafting[i].chat == chat || e->drafting[i].chat == 0) {
			d = &e->drafting[i];
			break;
		}
	if (d == NULL)
		return; /* so many at once: the next change tells it */
	if (d->chat == 0)
		d->due_ms = engine_now_ms() + SYNC_DRAFT_MS;
	d->chat = chat;
	outbox_wake(e);
}

uint64_t
sync_flush(struct engine *e)
{
	uint64_t now_ms = engine_now_ms(), wait_ms = 0;
	size_t i;
	int r;

	for (i = 0; i < SYNC_DRAFTS && !e->failed; i++) {
		struct drafting *d = &e->drafting[i];

		if (d->chat == 0)
			continue;
		if (d->due_ms > now_ms && d->due_ms - now_ms <= SYNC_DRAFT_MS) {
			wait_ms = d->due_ms - now_ms;
			continue;
		}
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, tell_draft(e, d->chat));
		if (r != 0)
			return AGAIN_MS;
		d->chat = 0;
	}
	return wait_ms;
}

void
sync_drafts_now(struct engine *e)
{
	size_t i;

	for (i = 0; i < SYNC_DRAFTS; i++)
		e->drafting[i].due_ms = 0;
	(void)sync_flush(e); /* what fails stays on this device */
}
