/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/backup/media_record.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group.h"
#include "tui/engine/group_send.h"
#include "tui/engine/mention.h"
#include "tui/engine/sentlog.h"
#include "tui/store/store_action.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_once.h"

void
draft_init(struct draft *d)
{
	sotto__content__content__init(&d->c);
	randombytes_buf(d->id, sizeof(d->id));
	d->c.message_id = (ProtobufCBinaryData){sizeof(d->id), d->id};
	d->c.sent_ms = engine_now_ms();
}

void
draft_introduce(struct engine *e, struct draft *d)
{
	sotto__content__profile__init(&d->profile);
	d->profile.phone = e->self.phone;
	d->profile.name = e->self.name;
	d->c.profile = &d->profile;
}

/* Pairwise, about a group: with how far we are in its chain. */
static int
send_about_group(struct engine *e, struct draft *d, const uint8_t *wire_id,
    const struct outbox_for *whom)
{
	Sotto__Content__GroupHead head = SOTTO__CONTENT__GROUP_HEAD__INIT;
	struct outbox_for to = *whom;
	struct group_view v;
	int r = group_view_get(e, whom->group, &v);

	if (r != 0)
		return r;
	to.group = NULL;
	head.version = v.pub.version;
	head.hash = (ProtobufCBinaryData){
	    GROUP_HASH_LEN, (uint8_t *)(uintptr_t)v.pub.head};
	d->c.group_head = &head;
	r = draft_send_as(e, d, wire_id, &to);
	d->c.group_head = NULL;
	group_view_clear(&v);
	return r;
}

/* To the group: group_send.h seals it. */
static int
send_to_group(struct engine *e, const struct draft *d, const uint8_t *wire_id,
    const struct outbox_for *whom)
{
	struct buf b;
	int r;

	buf_init(&b, CONTENT_MAX);
	r = content_seal(&b, &d->c);
	if (r == 0)
		r = group_send_add(e, whom->group, &b, whom->message, wire_id);
	buf_clear(&b);
	return r;
}

int
draft_send_as(struct engine *e, struct draft *d,
    const uint8_t wire_id[static STORE_ID_LEN], const struct outbox_for *whom)
{
	Sotto__Content__Sync sync = SOTTO__CONTENT__SYNC__INIT;
	struct buf b;
	int r;

	if (whom->group != NULL) {
		d->c.group_id = (ProtobufCBinaryData){
		    STORE_ID_LEN, (uint8_t *)(uintptr_t)whom->group};
		return whom->account != NULL
			   ? send_about_group(e, d, wire_id, whom)
			   : send_to_group(e, d, wire_id, whom);
	}
	buf_init(&b, CONTENT_MAX);
	if (whom->chat != NULL) {
		d->c.sync = &sync;
		d->c.chat_account = (ProtobufCBinaryData){
		    STORE_ID_LEN, (uint8_t *)(uintptr_t)whom->chat};
	}
	r = content_seal(&b, &d->c);
	if (r == 0 && whom->message == 0 && whom->line == STORE_LINE_NONE)
		r = sentlog_note(e, &d->c, whom->account);
	if (whom->chat != NULL)
		d->c.sync = NULL; /* it ends with this call */
	if (r == 0)
		r = outbox_add(e, whom, &b, wire_id);
	buf_clear(&b);
	return r;
}

int
draft_send(struct engine *e, struct draft *d, const struct outbox_for *whom)
{
	return draft_send_as(e, d, d->id, whom);
}

/* Notes to ourselves are for our other devices, as copies are. */
struct outbox_for
outbox_for_chat(
    const struct engine *e, const struct store_chat *chat, int64_t message)
{
	const bool notes =
	    chat->kind == STORE_CHAT_PERSON && own_account(e, chat->peer);

	if (chat->kind == STORE_CHAT_GROUP)
		return (struct outbox_for){
		    .group = chat->peer, .message = message};
	return (struct outbox_for){.account = chat->peer,
	    .message = notes ? 0 : message,
	    .chat = notes ? chat->peer : NULL};
}

int
draft_send_in(struct engine *e, struct draft *d, const struct store_chat *chat,
    int64_t message)
{
	const struct outbox_for whom = outbox_for_chat(e, chat, message);

	return draft_send(e, d, &whom);
}

/* Before the relay has made it, or let us in, what is written waits. */
static bool
may_write_group(struct engine *e, uint64_t tag, const uint8_t *group)
{
	const char *why = NULL;
	int r = group_may_send(e, group, &why);

	if (r == 0 || r == ERR_STATE)
		return true;
	if (why != NULL)
		reply_error(e, tag, r, "%s", why);
	else
		reply_error(e, tag, r, NULL);
	return false;
}

bool
may_write(struct engine *e, uint64_t tag, const struct store_chat *chat)
{
	if (chat->kind == STORE_CHAT_GROUP)
		return may_write_group(e, tag, chat->peer);
	if (chat->trust == STORE_TRUST_CHANGED)
		reply_error(e, tag, ERR_UNTRUSTED,
		    "Their safety number has changed since you compared it. "
		    "Look at it and accept it before you write.");
	else if (chat->blocked)
		reply_error(e, tag, ERR_DENIED,
		    "You have blocked them. Unblock them before you write.");
	else
		return true;
	return false;
}

/* When the timer that a message carries was set. */
static int
timer_stamp(struct engine *e, const struct store_message *m, uint64_t *stamp)
{
	struct store_chat chat;
	int r = store_chat_get(e->store, m->chat, &chat);

	if (r != 0)
		return r;
	*stamp = 0;
	if (chat.kind == STORE_CHAT_PERSON && chat.expire_s == m->expire_s)
		r = store_clock_get(
		    e->store, chat.peer, STORE_CLOCK_TIMER, stamp);
	store_chat_clear(&chat);
	return r;
}

static int
get_media(struct engine *e, int64_t id, struct store_media *row, bool *there)
{
	int r = store_media_get(e->store, id, row);

	*there = r == 0;
	return r == ERR_NOTFOUND ? 0 : r;
}

/* The same with a file: the body is another. own: for our own devices. */
static void
put_media(struct draft *d, struct media_record *rec, struct store_media *row,
    bool own)
{
	const Sotto__Content__Text *text = d->c.text;

	media_record_write(rec, row);
	rec->m.caption = text->text;
	rec->m.quote = text->quote;
	rec->m.forwarded = text->forwarded;
	rec->m.view_once = text->view_once;
	if (own && text->view_once)
		media_record_bare(&rec->m);
	d->c.body_case = SOTTO__CONTENT__CONTENT__BODY_MEDIA;
	d->c.media = &rec->m;
}

int
draft_send_text(struct engine *e, const struct store_message *m,
    const uint8_t wire_id[static STORE_ID_LEN], const struct outbox_for *whom)
{
	Sotto__Content__Text text = SOTTO__CONTENT__TEXT__INIT;
	Sotto__Content__Quote quote = SOTTO__CONTENT__QUOTE__INIT;
	struct media_record rec;
	struct store_media row;
	struct store_mention named[STORE_MENTIONS_MAX];
	struct mentions_wire names;
	struct store_quote q;
	struct draft d = {0};
	bool media = false;
	char *once = NULL, nothing[1] = ""; /* not for our own devices */
	int r;

	if ((m->flags & STORE_MSG_QUOTES) != 0) {
		r = store_quote_get(e->store, m->id, &q);
		if (r != 0)
			return r;
		quote.author_account =
		    (ProtobufCBinaryData){STORE_ID_LEN, q.account};
		quote.message_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, q.message_id};
		quote.text = q.text;
		quote.status = q.status;
		text.quote = &quote;
	}
	if ((m->flags & STORE_MSG_MENTIONS) != 0) {
		r = store_mention_get(e->store, m->id, named, &text.n_mentions);
		if (r != 0)
			return r;
		mentions_write(&names, named, text.n_mentions);
		text.mentions = names.list;
	}
	text.forwarded = (m->flags & STORE_MSG_FORWARDED) != 0;
	text.view_once = m->kind == STORE_MSG_ONCE;
	draft_init(&d);
	memcpy(d.id, m->message_id, sizeof(d.id));
	d.c.sent_ms = m->sent_ms;
	d.c.expire_s = m->expire_s;
	r = timer_stamp(e, m, &d.c.expire_stamp);
	if (r == 0 && (text.view_once || m->kind == STORE_MSG_MEDIA))
		r = get_media(e, m->id, &row, &media);
	if (r == 0 && text.view_once && whom->chat == NULL)
		r = store_once_get(e->store, m->id, &once);
	if (r != 0)
		return r;
	text.text = once != NULL ? once : text.view_once ? nothing : m->text;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_TEXT;
	d.c.text = &text;
	if (media)
		put_media(&d, &rec, &row, whom->chat != NULL);
	draft_introduce(e, &d);
	r = draft_send_as(e, &d, wire_id, whom);
	if (media)
		sodium_memzero(&row, sizeof(row));
	if (once != NULL)
		sodium_memzero(once, strlen(once));
	free(once);
	return r;
}
