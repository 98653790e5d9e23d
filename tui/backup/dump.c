/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dump.c — a store as records. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/backup.pb-c.h"
#include "tui/backup/dump_int.h"
#include "tui/backup/media_record.h"
#include "tui/store/store_account.h"
#include "tui/store/store_action.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_contact.h"
#include "tui/store/store_history.h"
#include "tui/store/store_mention.h"

#define PAGE 500 /* messages read at once */

/* On disk with history that is on its way. */
enum stage { HEAD, CONTACTS, CHATS, MESSAGES, TAIL, OVER, MORE };

/* A chat's name on the other side. */
struct chat_key {
	int64_t id;
	enum store_chat_kind kind;
	uint8_t peer[STORE_ID_LEN];
};

struct dump {
	struct store *s;
	struct dump_opts opts;
	enum stage stage;
	struct store_account self;
	struct store_contact *contacts;
	size_t n_contacts;
	struct store_chats chats;
	struct dump_more *more; /* not when partial */
	struct store_messages page;
	size_t next; /* in contacts, chats or page */
	int64_t last_id; /* of the last message looked at */
	uint64_t total, done, put_contacts;
};

ProtobufCBinaryData
dump_bytes(const void *p, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)p};
}

int
dump_pack(const Sotto__Backup__Record *rec, struct buf *out)
{
	size_t len = sotto__backup__record__get_packed_size(rec);
	int r;

	buf_reset(out);
	r = buf_reserve(out, len);
	if (r == 0)
		out->len = sotto__backup__record__pack(rec, out->p);
	return r;
}

int
dump_new(struct dump **out, struct store *s, const struct dump_opts *opts)
{
	struct dump *d = calloc(1, sizeof(*d));
	int r;

	if (d == NULL)
		return ERR_NOMEM;
	d->s = s;
	d->opts = *opts;
	r = store_account_get(s, &d->self);
	if (r == ERR_NOTFOUND || (r == 0 && !d->self.registered))
		r = ERR_STATE;
	if (r == 0)
		r = store_contact_list(s, &d->contacts, &d->n_contacts);
	if (r == 0)
		r = store_chat_list(s, &d->chats);
	if (r == 0 && !opts->partial)
		r = dump_more_new(&d->more, s);
	if (r == 0)
		r = store_history_count(s, opts->since_ms, &d->total);
	if (r != 0) {
		dump_free(d);
		return r;
	}
	*out = d;
	return 0;
}

static int
put_head(struct dump *d, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Head head = SOTTO__BACKUP__HEAD__INIT;

	head.version = 1;
	head.client = (char *)(uintptr_t) "sotto " SOTTO_VERSION;
	head.created_ms = d->opts.now_ms;
	head.account_id = dump_bytes(d->self.account, STORE_ID_LEN);
	head.phone = d->self.phone;
	head.name = d->self.name;
	head.messages = d->total;
	head.partial = d->opts.partial;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_HEAD;
	rec.head = &head;
	return dump_pack(&rec, out);
}

static int
put_contact(struct dump *d, struct store_contact *c, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Contact k = SOTTO__BACKUP__CONTACT__INIT;

	k.account_id = dump_bytes(c->account, STORE_ID_LEN);
	k.phone = c->phone;
	k.phone_known = c->phone_known;
	k.name = c->name;
	k.profile_name = c->profile_name;
	k.created_ms = c->created_ms;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_CONTACT;
	rec.contact = &k;
	d->put_contacts++;
	if (d->opts.partial)
		return dump_pack(&rec, out);
	if (c->has_identity)
		k.identity_key = dump_bytes(c->identity, STORE_PUB_LEN);
	k.trust = c->trust;
	k.key_changed_ms = c->key_changed_ms;
	k.verified_ms = c->verified_ms;
	k.blocked = c->blocked;
	k.list_version = c->list_version;
	return dump_pack(&rec, out);
}

static int
put_chat(const struct store_chat *c, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Chat k = SOTTO__BACKUP__CHAT__INIT;

	k.kind = c->kind;
	k.peer = dump_bytes(c->peer, STORE_ID_LEN);
	k.created_ms = c->created_ms;
	k.muted_until_ms = c->muted_until_ms;
	k.pinned_ms = c->pinned_ms;
	k.archived = c->archived;
	k.expire_s = c->expire_s;
	k.draft = c->draft;
	k.marked_unread = c->unread_mark;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_CHAT;
	rec.chat = &k;
	return dump_pack(&rec, out);
}

/* ---- messages --------------------------------------------------------------------- */

/* What hangs on a message, and the protobuf structs that point into it. */
struct extras {
	struct store_edit *edits;
	struct store_reaction *reactions;
	struct store_receipt *receipts;
	struct store_quote quote;
	size_t n_edits, n_reactions, n_receipts;
	Sotto__Backup__Message__Edit *edit_v, **edit_p;
	Sotto__Backup__Message__Reaction *reaction_v, **reaction_p;
	Sotto__Backup__Message__Receipt *receipt_v, **receipt_p;
	Sotto__Backup__Message__Quote quote_v;
	struct buf media; /* packed; empty: none */
	struct store_mention mentions[STORE_MENTIONS_MAX];
	size_t n_mentions;
	Sotto__Backup__Message__Mention mention_v[STORE_MENTIONS_MAX];
	Sotto__Backup__Message__Mention *mention_p[STORE_MENTIONS_MAX];
};

static void
extras_free(struct extras *x)
{
	store_edits_free(x->edits, x->n_edits);
	free(x->reactions);
	free(x->edit_v);
	free(x->edit_p);
	free(x->reaction_v);
	free(x->reaction_p);
	free(x->receipts);
	free(x->receipt_v);
	free(x->receipt_p);
	if (x->media.p != NULL)
		sodium_memzero(x->media.p, x->media.len);
	buf_clear(&x->media);
}

static int
load_extras(struct store *s, const struct store_message *m, bool partial,
    struct extras *x)
{
	int r = 0;

	if (m->edited_ms > 0)
		r = store_edit_list(s, m->id, &x->edits, &x->n_edits);
	if (r == 0 && (m->flags & STORE_MSG_MENTIONS) != 0)
		r = store_mention_get(s, m->id, x->mentions, &x->n_mentions);
	if (r == 0 && m->reactions > 0)
		r = store_reaction_list(
		    s, m->id, &x->reactions, &x->n_reactions);
	if (r == 0 && (m->flags & STORE_MSG_QUOTES) != 0)
		r = store_quote_get(s, m->id, &x->quote);
	if (r == 0 && m->dir == STORE_OUT && !partial)
		r = store_receipt_list(s, m->id, &x->receipts, &x->n_receipts);
	buf_init(&x->media, MEDIA_RECORD_MAX);
	if (r == 0 && m->kind == STORE_MSG_MEDIA)
		r = media_record_pack(s, m->id, &x->media);
	return r;
}

static int
point_edits(struct extras *x, Sotto__Backup__Message *k)
{
	size_t i;

	if (x->n_edits == 0)
		return 0;
	x->edit_v = calloc(x->n_edits, sizeof(*x->edit_v));
	x->edit_p = calloc(x->n_edits, sizeof(*x->edit_p));
	if (x->edit_v == NULL || x->edit_p == NULL)
		return ERR_NOMEM;
	for (i = 0; i < x->n_edits; i++) {
		sotto__backup__message__edit__init(&x->edit_v[i]);
		x->edit_v[i].written_ms = x->edits[i].written_ms;
		x->edit_v[i].text = x->edits[i].text;
		x->edit_p[i] = &x->edit_v[i];
	}
	k->edits = x->edit_p;
	k->n_edits = x->n_edits;
	return 0;
}

static void
point_mentions(struct extras *x, Sotto__Backup__Message *k)
{
	for (size_t i = 0; i < x->n_mentions; i++) {
		sotto__backup__message__mention__init(&x->mention_v[i]);
		x->mention_v[i].account_id =
		    dump_bytes(x->mentions[i].account, STORE_ID_LEN);
		x->mention_v[i].start = x->mentions[i].start;
		x->mention_v[i].length = x->mentions[i].len;
		x->mention_p[i] = &x->mention_v[i];
	}
	k->mentions = x->mention_p;
	k->n_mentions = x->n_mentions;
}

static int
point_reactions(struct extras *x, Sotto__Backup__Message *k)
{
	size_t i;

	if (x->n_reactions == 0)
		return 0;
	x->reaction_v = calloc(x->n_reactions, sizeof(*x->reaction_v));
	x->reaction_p = calloc(x->n_reactions, sizeof(*x->reaction_p));
	if (x->reaction_v == NULL || x->reaction_p == NULL)
		return ERR_NOMEM;
	for (i = 0; i < x->n_reactions; i++) {
		sotto__backup__message__reaction__init(&x->reaction_v[i]);
		x->reaction_v[i].account_id =
		    dump_bytes(x->reactions[i].account, STORE_ID_LEN);
		x->reaction_v[i].emoji = x->reactions[i].emoji;
		x->reaction_v[i].when_ms = x->reactions[i].when_ms;
		x->reaction_p[i] = &x->reaction_v[i];
	}
	k->reactions = x->reaction_p;
	k->n_reactions = x->n_reactions;
	return 0;
}

static int
point_receipts(struct extras *x, Sotto__Backup__Message *k)
{
	size_t i;

	if (x->n_receipts == 0)
		return 0;
	x->receipt_v = calloc(x->n_receipts, sizeof(*x->receipt_v));
	x->receipt_p = calloc(x->n_receipts, sizeof(*x->receipt_p));
	if (x->receipt_v == NULL || x->receipt_p == NULL)
		return ERR_NOMEM;
	for (i = 0; i < x->n_receipts; i++) {
		sotto__backup__message__receipt__init(&x->receipt_v[i]);
		x->receipt_v[i].account_id =
		    dump_bytes(x->receipts[i].account, STORE_ID_LEN);
		x->receipt_v[i].device_id = x->receipts[i].device;
		x->receipt_v[i].delivered_ms = x->receipts[i].delivered_ms;
		x->receipt_v[i].read_ms = x->receipts[i].read_ms;
		x->receipt_p[i] = &x->receipt_v[i];
	}
	k->receipts = x->receipt_p;
	k->n_receipts = x->n_receipts;
	return 0;
}

static void
point_quote(
    struct extras *x, const struct store_message *m, Sotto__Backup__Message *k)
{
	if ((m->flags & STORE_MSG_QUOTES) == 0)
		return;
	if (x->quote.status) /* of a day; a file is for longer */
		memset(x->quote.text, 0, sizeof(x->quote.text));
	sotto__backup__message__quote__init(&x->quote_v);
	x->quote_v.account_id = dump_bytes(x->quote.account, STORE_ID_LEN);
	x->quote_v.message_id = dump_bytes(x->quote.message_id, STORE_ID_LEN);
	x->quote_v.text = x->quote.text;
	x->quote_v.status = x->quote.status;
	k->quote = &x->quote_v;
}

static const struct store_chat *
chat_of(const struct dump *d, int64_t id)
{
	size_t i;

	for (i = 0; i < d->chats.n; i++)
		if (d->chats.v[i].id == id)
			return &d->chats.v[i];
	return NULL; /* a chat that is younger than this dump */
}

static void
plain_columns(Sotto__Backup__Message *k, const struct store_message *m,
    const struct store_chat *c)
{
	k->chat_kind = c->kind;
	k->chat_peer = dump_bytes(c->peer, STORE_ID_LEN);
	k->message_id = dump_bytes(m->message_id, STORE_ID_LEN);
	k->account_id = dump_bytes(m->account, STORE_ID_LEN);
	k->device_id = m->device;
	k->direction = m->dir;
	k->kind = m->kind;
	k->state = m->state;
	k->sent_ms = m->sent_ms;
	k->received_ms = m->received_ms;
	k->text = m->text;
	k->flags = m->flags & ~(uint32_t)STORE_MSG_HISTORY;
	k->expire_s = m->expire_s;
	k->expires_ms = m->expires_ms;
	k->edited_ms = m->edited_ms;
	k->starred = m->starred;
}

static int
put_message(struct dump *d, const struct store_message *m,
    const struct store_chat *c, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Message k = SOTTO__BACKUP__MESSAGE__INIT;
	struct extras x = {0};
	bool unread = false;
	int r = load_extras(d->s, m, d->opts.partial, &x);

	if (r == 0 && d->opts.partial && m->dir == STORE_IN)
		r = store_history_unread(d->s, m, &unread);
	k.unread = unread;
	if (r == 0)
		r = point_edits(&x, &k);
	if (r == 0)
		r = point_reactions(&x, &k);
	if (r == 0)
		r = point_receipts(&x, &k);
	if (r == 0) {
		point_mentions(&x, &k);
		point_quote(&x, m, &k);
		k.media = dump_bytes(x.media.p, x.media.len);
		plain_columns(&k, m, c);
		rec.body_case = SOTTO__BACKUP__RECORD__BODY_MESSAGE;
		rec.message = &k;
		r = dump_pack(&rec, out);
	}
	extras_free(&x);
	return r;
}

/* The next message that has a chat; ERR_NOTFOUND: no more. */
static int
next_message(struct dump *d, struct buf *out)
{
	const struct store_message *m;
	const struct store_chat *c;
	int r;

	for (;;) {
		if (d->next == d->page.n) {
			store_messages_clear(&d->page);
			d->next = 0;
			r = store_history_page(
			    d->s, d->last_id, d->opts.since_ms, PAGE, &d->page);
			if (r != 0)
				return r;
			if (d->page.n == 0)
				return ERR_NOTFOUND;
		}
		m = &d->page.v[d->next++];
		d->last_id = m->id;
		if (d->opts.until_id > 0 && m->id > d->opts.until_id)
			return ERR_NOTFOUND;
		c = chat_of(d, m->chat);
		if (c == NULL ||
		    (d->opts.partial && m->state == STORE_MSG_WAITING))
			continue;
		r = put_message(d, m, c, out);
		if (r == 0)
			d->done++;
		return r;
	}
}

static int
put_tail(struct dump *d, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Tail tail = SOTTO__BACKUP__TAIL__INIT;

	tail.messages = d->done;
	tail.chats = d->opts.partial ? 0 : d->chats.n;
	tail.contacts = d->put_contacts;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_TAIL;
	rec.tail = &tail;
	return dump_pack(&rec, out);
}

static void
go_to(struct dump *d, enum stage stage)
{
	d->stage = stage;
	d->next = 0;
}

int
dump_next(struct dump *d, struct buf *out)
{
	int r;

	if (d->stage == HEAD) {
		go_to(d, CONTACTS);
		return put_head(d, out);
	}
	if (d->stage == CONTACTS) {
		if (d->next < d->n_contacts)
			return put_contact(d, &d->contacts[d->next++], out);
		go_to(d, d->opts.partial ? MESSAGES : CHATS);
	}
	if (d->stage == CHATS) {
		if (d->next < d->chats.n)
			return put_chat(&d->chats.v[d->next++], out);
		go_to(d, MORE);
	}
	if (d->stage == MORE) {
		r = dump_more_next(d->more, out);
		if (r != ERR_NOTFOUND)
			return r;
		go_to(d, MESSAGES);
	}
	if (d->stage == MESSAGES) {
		r = next_message(d, out);
		if (r != ERR_NOTFOUND)
			return r;
		go_to(d, TAIL);
	}
	if (d->stage == TAIL) {
		go_to(d, OVER);
		return put_tail(d, out);
	}
	return ERR_NOTFOUND;
}

struct dump_at
dump_tell(const struct dump *d)
{
	return (struct dump_at){.stage = d->stage,
	    .contacts = d->put_contacts,
	    .messages = d->done,
	    .last_id = d->last_id};
}

void
dump_seek(struct dump *d, const struct dump_at *at)
{
	go_to(d, at->stage <= OVER ? (enum stage)at->stage : OVER);
	d->put_contacts = at->contacts;
	d->done = at->messages;
	d->last_id = at->last_id;
	if (d->stage == CONTACTS) /* one more or less by now does not matter */
		d->next = at->contacts < d->n_contacts ? (size_t)at->contacts
						       : d->n_contacts;
}

void
dump_progress(const struct dump *d, uint64_t *done, uint64_t *total)
{
	*done = d->done;
	*total = d->total;
}

void
dump_free(struct dump *d)
{
	if (d == NULL)
		return;
	store_account_clear(&d->self);
	free(d->contacts);
	store_chats_clear(&d->chats);
	store_messages_clear(&d->page);
	dump_more_free(d->more);
	free(d);
}
