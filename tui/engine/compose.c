/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose.c — what a person or the engine itself says: text, receipts, typing,
 * and the second try of what failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/text.h"
#include "tui/engine/compose.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group_send.h"
#include "tui/engine/media.h"
#include "tui/engine/seal.h"
#include "tui/engine/sync.h"
#include "tui/store/store_action.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_due.h"
#include "tui/store/store_message.h"
#include "tui/store/store_once.h"

#define TYPING_EVERY_MS 4000
#define TYPING_HEARD_MS (2 * 60 * 1000) /* silent for longer: do not tell */

/* ---- text -------------------------------------------------------------------------- */

static int
send_text(struct engine *e, const struct store_message *m,
    const struct store_chat *chat)
{
	const struct outbox_for whom = outbox_for_chat(e, chat, m->id);

	return draft_send_text(e, m, m->message_id, &whom);
}

/* What is answered, as it looks now. */
static int
quote_of(struct engine *e, int64_t chat, int64_t id, struct store_quote *q)
{
	char words[MEDIA_WORDS] = "";
	struct store_message m;
	int r = store_message_get(e->store, id, &m);

	if (r != 0)
		return r;
	if (m.chat != chat || m.dir == STORE_NOTE ||
	    m.kind == STORE_MSG_DELETED || m.kind == STORE_MSG_ONCE)
		r = ERR_NOTFOUND;
	memcpy(q->account, m.account, STORE_ID_LEN);
	memcpy(q->message_id, m.message_id, STORE_ID_LEN);
	if (m.kind == STORE_MSG_MEDIA && m.text != NULL && m.text[0] == '\0')
		media_words_of(e, id, words);
	if (words[0] != '\0')
		snprintf(q->text, sizeof(q->text), "%s", words);
	else if (m.text != NULL)
		text_sanitize(q->text, sizeof(q->text), m.text, strlen(m.text),
		    TEXT_MULTI);
	store_message_clear(&m);
	return r;
}

/* There is nobody to wait for. */
static int
notes_sent(struct engine *e, struct store_message *m)
{
	int r = store_once_drop(e->store, m->id);

	return r == 0 && m->expire_s > 0
		   ? store_message_start_timer(e->store, m->id, m->sent_ms)
		   : r;
}

int
compose_add(struct engine *e, const struct store_chat *chat,
    const struct own_text *own, struct store_message *m)
{
	const bool notes =
	    chat->kind == STORE_CHAT_PERSON && own_account(e, chat->peer);
	const bool waits =
	    own->media != NULL && (own->media->flags & STORE_MEDIA_BLOB) != 0;
	struct store_quote quote = {.text = ""};
	int r;

	*m = (struct store_message){.chat = chat->id,
	    .flags = own->flags,
	    .device = e->self.device,
	    .dir = STORE_OUT,
	    .kind = own->once		 ? STORE_MSG_ONCE
		    : own->media != NULL ? STORE_MSG_MEDIA
					 : STORE_MSG_TEXT,
	    .state = notes && !waits ? STORE_MSG_SENT : STORE_MSG_PENDING,
	    .sent_ms = engine_now_ms(),
	    .expire_s = chat->expire_s,
	    .text = own->once ? NULL : own->text};
	m->received_ms = m->sent_ms;
	memcpy(m->account, e->self.account, STORE_ID_LEN);
	randombytes_buf(m->message_id, sizeof(m->message_id));
	if (own->answers != 0) {
		r = quote_of(e, chat->id, own->answers, &quote);
		if (r != 0)
			return r;
		m->flags |= STORE_MSG_QUOTES;
	} else if (own->quote != NULL) {
		quote = *own->quote;
		m->flags |= STORE_MSG_QUOTES;
	}
	r = store_message_add(e->store, m, &m->id);
	if (r == 0 && (m->flags & STORE_MSG_QUOTES) != 0)
		r = store_quote_put(e->store, m->id, &quote);
	if (r == 0 && own->once)
		r = store_once_put(e->store, m->id, own->text);
	if (r == 0 && own->mentions != NULL && own->mentions->n > 0) {
		m->flags |= STORE_MSG_MENTIONS;
		r = store_mention_set(
		    e->store, m->id, own->mentions->v, own->mentions->n, false);
	}
	if (r == 0 && own->media != NULL) {
		own->media->message = m->id;
		r = store_media_add(e->store, own->media);
	}
	if (r == 0 && !waits)
		r = send_text(e, m, chat);
	if (r == 0 && !waits && notes)
		r = notes_sent(e, m);
	if (r == 0 && !own->keep_draft)
		r = store_chat_set_draft(e->store, chat->id, NULL, m->sent_ms);
	if (r == 0 && !own->keep_draft && chat->draft[0] != '\0')
		r = sync_draft_sent(e, chat);
	return r == 0 ? chat_changed(e, chat->id) : r;
}

int
compose_leave(struct engine *e, const struct store_message *m)
{
	struct store_message copy = *m;
	struct store_chat chat;
	int r = store_chat_get(e->store, m->chat, &chat);

	if (r != 0)
		return r;
	r = send_text(e, m, &chat);
	if (r == 0 && chat.kind == STORE_CHAT_PERSON &&
	    own_account(e, chat.peer)) {
		r = store_message_set_state(
		    e->store, m->id, STORE_MSG_SENT, NULL);
		if (r == 0)
			r = notes_sent(e, &copy);
		if (r == 0)
			r = message_moved(e, m->id);
	}
	store_chat_clear(&chat);
	return r;
}

static void
answer_sent(struct engine *e, uint64_t tag, const struct store_message *m)
{
	struct engine_event *ev = event_new(e, EV_SENT_LOCALLY, tag);

	if (ev == NULL)
		return;
	ev->chat = m->chat;
	ev->msg_id = m->id;
	ev->msgs = calloc(1, sizeof(*ev->msgs));
	if (ev->msgs != NULL && msg_row_from(e, ev->msgs, m) == 0)
		ev->n = 1;
	event_post(e, ev);
}

void
compose_send(struct engine *e, struct cmd *c, const struct own_text *own)
{
	struct store_message m;
	struct store_chat chat;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	if (!may_write(e, c->tag, &chat))
		goto out;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, compose_add(e, &chat, own, &m));
	if (r == 0) {
		answer_sent(e, c->tag, &m);
		if (!own->keep_draft)
			sync_draft_told(e, chat.id);
		outbox_kick(e);
	} else {
		reply_error(e, c->tag, r, NULL);
	}
out:
	store_chat_clear(&chat);
}

/* Whom the text names, in this chat. */
static int
read_mentions(struct engine *e, const struct cmd *c, struct mentions *m)
{
	struct store_chat chat = {0};
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r == 0)
		r = mentions_of_text(e, &chat, c->s[0], m);
	store_chat_clear(&chat);
	return r;
}

void
cmd_send_text(struct engine *e, struct cmd *c)
{
	struct mentions m = {.n = 0};
	struct own_text own = {.text = c->s[0],
	    .answers = c->id,
	    .flags = c->flag[0] ? STORE_MSG_VIEW_ONCE : 0,
	    .once = c->flag[0] != 0,
	    .mentions = &m};
	int r = own.once ? 0 : read_mentions(e, c, &m);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	if (m.text != NULL)
		own.text = m.text;
	compose_send(e, c, &own);
	mentions_clear(&m);
}

static int
retry_message(struct engine *e, const struct store_message *m)
{
	struct store_chat chat;
	bool moved = false, waits = false;
	int r = store_chat_get(e->store, m->chat, &chat);

	if (r != 0)
		return r;
	r = store_message_set_state(e->store, m->id, STORE_MSG_PENDING, &moved);
	if (r == 0 && !moved)
		r = ERR_STATE;
	if (r == 0)
		r = media_retry(e, m->id, &waits);
	if (r == 0 && !waits)
		r = send_text(e, m, &chat);
	if (r == 0)
		r = message_moved(e, m->id);
	store_chat_clear(&chat);
	return r;
}

void
cmd_retry(struct engine *e, struct cmd *c)
{
	struct store_message m;
	int r = store_message_get(e->store, c->id, &m);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, retry_message(e, &m));
	store_message_clear(&m);
	if (r != 0) {
		reply_error(e, c->tag, r, "%s",
		    r == ERR_STATE ? "Only a message that failed is sent again."
				   : err_str(r));
		return;
	}
	reply_done(e, c->tag);
	outbox_kick(e);
}

/* ---- receipts ---------------------------------------------------------------------- */

/* The newest of them are owed a receipt; older ones are behind these. */
static int
owe_read(struct engine *e, const struct store_messages *newly)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < newly->n; i++)
		if (newly->v[i].state == STORE_MSG_RECEIVED)
			r = store_due_put(e->store, newly->v[i].account,
			    newly->v[i].message_id, STORE_DUE_READ);
	return r;
}

static int
unread_mark_clear(struct engine *e, const struct store_chat *chat)
{
	int r = store_chat_set(e->store, chat->id, STORE_CHAT_UNREAD_MARK, 0);

	if (r == 0)
		r = store_clock_tick(e->store, chat->peer, STORE_CLOCK_UNREAD,
		    engine_now_ms(), e->self.device);
	if (r == 0)
		r = sync_chat(e, chat->id);
	return r == 0 ? chat_changed(e, chat->id) : r;
}

static int
mark_read(struct engine *e, struct cmd *c)
{
	struct store_messages newly;
	struct store_chat chat;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r != 0)
		return r;
	r = store_message_mark_read(e->store, c->chat, c->id, &newly);
	if (r != 0)
		goto out;
	if (newly.n > 0)
		r = chat_changed(e, c->chat);
	if (r == 0)
		r = store_message_start_read(
		    e->store, c->chat, engine_now_ms());
	if (r == 0 && chat.unread_mark)
		r = unread_mark_clear(e, &chat);
	if (r == 0 && e->self.read_receipts && !chat.blocked)
		r = owe_read(e, &newly);
	if (r == 0)
		r = sync_read(e, c->chat, &newly);
	store_messages_clear(&newly);
out:
	store_chat_clear(&chat);
	return r;
}

void
cmd_mark_read(struct engine *e, struct cmd *c)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, mark_read(e, c));
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	reply_done(e, c->tag);
	outbox_wake(e);
}

/* ---- typing -------------------------------------------------------------------------- */

static void
on_typing_sent(void *ctx, const struct link_reply *reply)
{
	(void)ctx; /* nobody waits for it: it may get lost */
	(void)reply;
}

static int
seal_typing(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    struct buf *request)
{
	Sotto__Content__Outgoing *o = calloc(1, sizeof(*o));
	Sotto__Content__Typing typing = SOTTO__CONTENT__TYPING__INIT;
	struct draft d = {0};
	struct buf b;
	int r = ERR_NOMEM;

	if (o == NULL)
		return ERR_NOMEM;
	sotto__content__outgoing__init(o);
	buf_init(&b, CONTENT_MAX);
	draft_init(&d);
	typing.started = true;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_TYPING;
	d.c.typing = &typing;
	r = content_seal(&b, &d.c);
	if (r != 0)
		goto out;
	o->account_id.data = malloc(STORE_ID_LEN);
	if (o->account_id.data == NULL) {
		r = ERR_NOMEM;
		goto out;
	}
	memcpy(o->account_id.data, account, STORE_ID_LEN);
	o->account_id.len = STORE_ID_LEN;
	buf_detach(&b, &o->content.data, &o->content.len);
	r = seal_missing(e, o);
	if (r == 0)
		r = seal_request(request, o, d.id, true);
out:
	buf_clear(&b);
	sotto__content__outgoing__free_unpacked(o, NULL);
	return r;
}

/* Typing is told to those who share their presence with us or who wrote a
 * moment ago; each costs a step of the ratchet. */
static bool
tell_typing(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	struct peer_presence *p = presence_get(e, account);
	uint64_t now = engine_now_ms();

	if (p == NULL || !e->self.share_presence || !connection_online(e) ||
	    now < p->typed_ms + TYPING_EVERY_MS)
		return false;
	if (!p->online && now > p->heard_ms + TYPING_HEARD_MS)
		return false;
	p->typed_ms = now;
	return true;
}

static void
tell_group_typing(struct engine *e, const uint8_t *group, struct buf *b)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, group_send_typing(e, group, b));
	if (r == 0 && b->len > 0 &&
	    link_request(e->link, METHOD_SEND_GROUP, b->p, b->len, REQUEST_MS,
		on_typing_sent, e) != 0)
		link_retry_now(e->link);
}

void
cmd_typing(struct engine *e, struct cmd *c)
{
	struct store_chat chat;
	struct buf b;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	buf_init(&b, FRAME_BODY_MAX);
	if (chat.kind == STORE_CHAT_GROUP) {
		if (e->self.share_presence && connection_online(e))
			tell_group_typing(e, chat.peer, &b);
	} else if (chat.trust != STORE_TRUST_CHANGED && !chat.blocked &&
		   !own_account(e, chat.peer) && tell_typing(e, chat.peer)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, seal_typing(e, chat.peer, &b));
		if (r == 0 && link_request(e->link, METHOD_SEND, b.p, b.len,
				  REQUEST_MS, on_typing_sent, e) != 0)
			link_retry_now(e->link);
	}
	buf_clear(&b);
	store_chat_clear(&chat);
	reply_done(e, c->tag);
}
