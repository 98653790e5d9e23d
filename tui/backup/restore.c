/* SPDX-License-Identifier: GPL-3.0-or-later */
/* restore.c — records back into a store. What is there stays as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "common/proto/backup.pb-c.h"
#include "common/text.h"
#include "tui/backup/dump_int.h"
#include "tui/backup/media_record.h"
#include "tui/store/store_action.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_contact.h"
#include "tui/store/store_history.h"
#include "tui/store/store_mention.h"

static int
get_id(uint8_t out[static STORE_ID_LEN], const ProtobufCBinaryData *b)
{
	if (b->len != STORE_ID_LEN)
		return ERR_FORMAT;
	memcpy(out, b->data, STORE_ID_LEN);
	return 0;
}

/* protobuf strings are UTF-8 or nothing; the store checks that. */
static int
get_text(char *out, size_t cap, const char *text)
{
	size_t n = strlen(text);

	if (n >= cap)
		return ERR_FORMAT;
	memcpy(out, text, n + 1);
	return 0;
}

static int
restore_head(const Sotto__Backup__Head *h,
    const uint8_t self[static STORE_ID_LEN], struct restore_count *count)
{
	uint8_t account[STORE_ID_LEN];

	if (h->version > 1)
		return ERR_VERSION;
	if (count->begun || h->version != 1 ||
	    get_id(account, &h->account_id) != 0)
		return ERR_FORMAT;
	if (!sodium_is_zero(self, STORE_ID_LEN) &&
	    memcmp(account, self, STORE_ID_LEN) != 0)
		return ERR_DENIED;
	count->begun = true;
	count->total = h->messages;
	count->created_ms = h->created_ms;
	count->partial = h->partial;
	return 0;
}

/* ---- contacts ------------------------------------------------------------------------ */

static int
read_contact(struct store_contact *c, const Sotto__Backup__Contact *k)
{
	if (get_id(c->account, &k->account_id) != 0 ||
	    get_text(c->phone, sizeof(c->phone), k->phone) != 0 ||
	    get_text(c->name, sizeof(c->name), k->name) != 0 ||
	    get_text(c->profile_name, sizeof(c->profile_name),
		k->profile_name) != 0 ||
	    k->trust > STORE_TRUST_CHANGED ||
	    (k->identity_key.len != 0 && k->identity_key.len != STORE_PUB_LEN))
		return ERR_FORMAT;
	c->has_identity = k->identity_key.len != 0;
	if (c->has_identity)
		memcpy(c->identity, k->identity_key.data, STORE_PUB_LEN);
	c->phone_known = k->phone_known;
	c->trust = (enum store_trust)k->trust;
	c->key_changed_ms = k->key_changed_ms;
	c->verified_ms = k->verified_ms;
	c->blocked = k->blocked;
	c->created_ms = k->created_ms;
	c->list_version = k->list_version;
	return 0;
}

/* A text of a device that may lie. */
static void
clean_field(char *field, size_t cap)
{
	char clean[STORE_NAME_MAX];

	text_sanitize(clean, sizeof(clean), field, strlen(field), TEXT_LINE);
	memset(field, 0, cap);
	memcpy(field, clean, strlen(clean) < cap ? strlen(clean) : 0);
}

/* Only who they are: what they are to us is here already, or a matter of
 * comparing and asking. */
static void
only_names(struct store_contact *c)
{
	const struct store_contact was = *c;

	*c = (struct store_contact){.created_ms = was.created_ms};
	memcpy(c->account, was.account, sizeof(c->account));
	memcpy(c->name, was.name, sizeof(c->name));
	memcpy(c->profile_name, was.profile_name, sizeof(c->profile_name));
	clean_field(c->name, sizeof(c->name));
	clean_field(c->profile_name, sizeof(c->profile_name));
	if (e164_valid(was.phone)) {
		memcpy(c->phone, was.phone, sizeof(c->phone));
		c->phone_known = was.phone_known;
	}
}

static int
restore_contact(struct store *s, const Sotto__Backup__Contact *k, bool partial)
{
	struct store_contact c = {0}, there;
	int r = read_contact(&c, k);

	if (r != 0 || s == NULL)
		return r;
	if (partial)
		only_names(&c);
	r = store_contact_get(s, c.account, &there);
	if (r == ERR_NOTFOUND)
		return store_contact_put(s, &c);
	if (r != 0)
		return r;
	/* Known by now; what the person called them and verified comes back
	 * as long as the key is the same. */
	if (there.name[0] == '\0')
		memcpy(there.name, c.name, sizeof(there.name));
	there.blocked = there.blocked || c.blocked;
	if (there.trust == STORE_TRUST_FIRST_USE && c.has_identity &&
	    there.has_identity &&
	    memcmp(there.identity, c.identity, STORE_PUB_LEN) == 0) {
		there.trust = c.trust;
		there.verified_ms = c.verified_ms;
	}
	return store_contact_put(s, &there);
}

/* ---- chats ----------------------------------------------------------------------------- */

static int
open_chat(struct store *s, uint32_t kind, const ProtobufCBinaryData *peer,
    uint64_t created_ms, int64_t *chat)
{
	uint8_t id[STORE_ID_LEN];

	if ((kind != STORE_CHAT_PERSON && kind != STORE_CHAT_GROUP) ||
	    get_id(id, peer) != 0)
		return ERR_FORMAT;
	if (s == NULL)
		return 0;
	return store_chat_open(
	    s, (enum store_chat_kind)kind, id, created_ms, chat);
}

static int
restore_chat(struct store *s, const Sotto__Backup__Chat *k)
{
	const struct {
		enum store_chat_setting what;
		uint64_t value;
	} sets[] = {
	    {STORE_CHAT_MUTED_UNTIL_MS, k->muted_until_ms},
	    {STORE_CHAT_PINNED_MS, k->pinned_ms},
	    {STORE_CHAT_ARCHIVED, k->archived},
	    {STORE_CHAT_EXPIRE_S, k->expire_s},
	    {STORE_CHAT_UNREAD_MARK, k->marked_unread},
	};
	int64_t chat = 0;
	size_t i;
	int r = open_chat(s, k->kind, &k->peer, k->created_ms, &chat);

	if (s == NULL)
		return r;
	for (i = 0; r == 0 && i < ARRAY_LEN(sets); i++)
		if (sets[i].value != 0)
			r = store_chat_set(
			    s, chat, sets[i].what, sets[i].value);
	if (r == 0 && k->draft[0] != '\0')
		r = store_chat_set_draft(s, chat, k->draft, k->created_ms);
	return r;
}

/* ---- messages ---------------------------------------------------------------------------- */

static int
read_message(struct store_message *m, const Sotto__Backup__Message *k)
{
	if (get_id(m->message_id, &k->message_id) != 0 ||
	    get_id(m->account, &k->account_id) != 0 ||
	    k->direction > STORE_NOTE || k->kind > STORE_MSG_MEDIA ||
	    k->state > STORE_MSG_WAITING)
		return ERR_FORMAT;
	m->device = k->device_id;
	m->dir = (enum store_dir)k->direction;
	m->kind = (enum store_msg_kind)k->kind;
	m->state = (enum store_msg_state)k->state;
	m->sent_ms = k->sent_ms;
	m->received_ms = k->received_ms;
	m->text = k->text;
	m->flags = k->flags;
	m->expire_s = k->expire_s;
	m->expires_ms = k->expires_ms;
	m->edited_ms = k->edited_ms;
	m->starred = k->starred;
	/* its text is in no backup */
	if (k->kind == STORE_MSG_ONCE)
		m->flags |= STORE_MSG_VIEW_ONCE | STORE_MSG_VIEWED;
	return 0;
}

/* protobuf-c frees what stands there then. */
static int
clean_string(char **text)
{
	size_t len = strlen(*text), cap = TEXT_SANITIZE_CAP(len);
	char *clean;

	if (cap > STORE_TEXT_MAX + 1)
		cap = STORE_TEXT_MAX + 1;
	clean = malloc(cap);
	if (clean == NULL)
		return ERR_NOMEM;
	text_sanitize(clean, cap, *text, len, TEXT_MULTI);
	free(*text); /* not empty, so not protobuf-c's own */
	*text = clean;
	return 0;
}

/* Of a device that may lie. */
static int
clean_texts(Sotto__Backup__Message *k)
{
	size_t i;
	int r = k->text[0] != '\0' ? clean_string(&k->text) : 0;

	for (i = 0; r == 0 && i < k->n_edits; i++)
		if (k->edits[i]->text[0] != '\0')
			r = clean_string(&k->edits[i]->text);
	if (r == 0 && k->quote != NULL && k->quote->text[0] != '\0')
		r = clean_string(&k->quote->text);
	return r;
}

static int
restore_quote(
    struct store *s, int64_t id, const Sotto__Backup__Message__Quote *k)
{
	struct store_quote q = {.status = k->status};

	if (get_id(q.account, &k->account_id) != 0 ||
	    get_id(q.message_id, &k->message_id) != 0 ||
	    get_text(q.text, sizeof(q.text), k->text) != 0)
		return ERR_FORMAT;
	return store_quote_put(s, id, &q);
}

static int
restore_receipt(
    struct store *s, int64_t id, const Sotto__Backup__Message__Receipt *k)
{
	uint8_t account[STORE_ID_LEN];
	int r = get_id(account, &k->account_id);

	if (r == 0 && k->delivered_ms != 0)
		r = store_receipt_note(s, id, account, k->device_id,
		    STORE_MSG_DELIVERED, k->delivered_ms);
	if (r == 0 && k->read_ms != 0)
		r = store_receipt_note(
		    s, id, account, k->device_id, STORE_MSG_READ, k->read_ms);
	return r;
}

/* Where they are is looked at whenever they are shown. */
static int
restore_mentions(struct store *s, int64_t id, const Sotto__Backup__Message *k)
{
	struct store_mention v[STORE_MENTIONS_MAX];
	int r = k->n_mentions > STORE_MENTIONS_MAX ? ERR_FORMAT : 0;

	for (size_t i = 0; r == 0 && i < k->n_mentions; i++) {
		r = get_id(v[i].account, &k->mentions[i]->account_id);
		v[i].start = k->mentions[i]->start;
		v[i].len = k->mentions[i]->length;
	}
	return r == 0 ? store_mention_set(s, id, v, k->n_mentions,
			    (k->flags & STORE_MSG_MENTIONS_ME) != 0)
		      : r;
}

static int
restore_extras(
    struct store *s, int64_t id, const Sotto__Backup__Message *k, bool partial)
{
	uint8_t account[STORE_ID_LEN];
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < k->n_edits; i++)
		r = store_message_edit(
		    s, id, k->edits[i]->text, k->edits[i]->written_ms, NULL);
	for (i = 0; r == 0 && i < k->n_reactions; i++) {
		r = get_id(account, &k->reactions[i]->account_id);
		if (r == 0)
			r = store_reaction_put(s, id, account,
			    k->reactions[i]->emoji, k->reactions[i]->when_ms,
			    NULL);
	}
	if (r == 0 && k->n_mentions > 0)
		r = restore_mentions(s, id, k);
	if (r == 0 && k->quote != NULL)
		r = restore_quote(s, id, k->quote);
	if (r == 0 && k->kind == STORE_MSG_MEDIA)
		r = media_record_unpack(s, id, k->media.data, k->media.len);
	for (i = 0; r == 0 && !partial && i < k->n_receipts; i++)
		r = restore_receipt(s, id, k->receipts[i]);
	return r;
}

static int
restore_message(
    struct store *s, Sotto__Backup__Message *k, struct restore_count *count)
{
	struct store_message m = {0};
	int64_t id = 0;
	int r = 0;

	if (k->kind > STORE_MSG_MEDIA)
		return 0; /* of a newer sotto, and not to be shown here */
	if (count->partial)
		r = clean_texts(k);
	if (r == 0)
		r = read_message(&m, k);
	if (r == 0)
		r = open_chat(
		    s, k->chat_kind, &k->chat_peer, k->received_ms, &m.chat);
	if (r != 0 || s == NULL)
		return r;
	r = store_history_add(s, &m, count->partial && k->unread, &id);
	if (r == ERR_EXISTS)
		return 0;
	if (r == 0)
		r = restore_extras(s, id, k, count->partial);
	if (r == 0) {
		count->added++;
		count->chat = m.chat;
		count->id = id;
	}
	return r;
}

static int
restore_tail(const Sotto__Backup__Tail *t, struct restore_count *count)
{
	if (t->messages != count->messages || t->chats != count->chats ||
	    t->contacts != count->contacts)
		return ERR_FORMAT;
	count->ended = true;
	return 0;
}

static int
restore_body(struct store *s, const uint8_t self[static STORE_ID_LEN],
    const Sotto__Backup__Record *rec, struct restore_count *count)
{
	bool head = rec->body_case == SOTTO__BACKUP__RECORD__BODY_HEAD;

	if (count->ended || (!head && !count->begun))
		return ERR_FORMAT;
	switch (rec->body_case) {
	case SOTTO__BACKUP__RECORD__BODY_HEAD:
		return restore_head(rec->head, self, count);
	case SOTTO__BACKUP__RECORD__BODY_CONTACT:
		count->contacts++;
		return restore_contact(s, rec->contact, count->partial);
	case SOTTO__BACKUP__RECORD__BODY_CHAT:
		count->chats++;
		return count->partial ? ERR_FORMAT : restore_chat(s, rec->chat);
	case SOTTO__BACKUP__RECORD__BODY_MESSAGE:
		count->messages++;
		return restore_message(s, rec->message, count);
	case SOTTO__BACKUP__RECORD__BODY_GROUP:
		return count->partial ? ERR_FORMAT
				      : restore_group(s, rec->group);
	case SOTTO__BACKUP__RECORD__BODY_PERSON:
		return count->partial ? ERR_FORMAT
				      : restore_person(s, rec->person);
	case SOTTO__BACKUP__RECORD__BODY_SETTING:
		return count->partial ? ERR_FORMAT
				      : restore_setting(s, rec->setting);
	case SOTTO__BACKUP__RECORD__BODY_TAIL:
		return restore_tail(rec->tail, count);
	default:
		return 0; /* of a newer sotto, and not needed */
	}
}

int
restore_record(struct store *s, const uint8_t self[static STORE_ID_LEN],
    const uint8_t *p, size_t len, struct restore_count *count)
{
	Sotto__Backup__Record *rec =
	    sotto__backup__record__unpack(NULL, len, p);
	struct restore_count next = *count;
	int r;

	if (rec == NULL)
		return ERR_FORMAT;
	next.chat = next.id = 0;
	r = restore_body(s, self, rec, &next);
	if (r == 0)
		*count = next;
	sotto__backup__record__free_unpacked(rec, NULL);
	return r;
}
