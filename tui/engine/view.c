/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c — what fronts see of the store: chat rows, pages of messages, hits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/engine/media.h"
#include "tui/engine/row.h"
#include "tui/engine/sync.h"
#include "tui/store/store_mention.h"
#include "tui/store/store_message.h"
#include "tui/store/store_search.h"
#include "tui/store/store_setting.h"

#define CURSOR "recv_cursor"

/* ---- rows --------------------------------------------------------------------------- */

static char *
title_of(const struct engine *e, const struct store_chat *c)
{
	char shown[E164_FORMAT_CAP];

	if (c->kind == STORE_CHAT_PERSON && own_account(e, c->peer))
		return strdup("Note to self");
	if (c->title != NULL && c->title[0] != '\0' &&
	    strcmp(c->title, c->phone) != 0)
		return strdup(c->title);
	if (c->kind == STORE_CHAT_GROUP)
		return strdup("Group");
	if (c->phone[0] == '\0')
		return strdup("Unknown number");
	return strdup(e164_format(shown, c->phone));
}

/* "Photo", or "Photo: at the lake". */
static char *
last_media(struct engine *e, const struct store_chat *c)
{
	char words[MEDIA_WORDS], *text, *line;
	size_t len;

	media_words_of(e, c->last_id, words);
	if (c->last_text == NULL || c->last_text[0] == '\0')
		return strdup(words);
	text = clean_text(c->last_text, STORE_TEXT_MAX, TEXT_LINE);
	if (text == NULL)
		return NULL;
	len = strlen(words) + strlen(text) + 3;
	line = malloc(len);
	if (line != NULL)
		snprintf(line, len, "%s: %s", words, text);
	free(text);
	return line;
}

static char *
last_text(struct engine *e, const struct store_chat *c)
{
	const char *text = c->last_state == STORE_MSG_WAITING && c->last_id != 0
			       ? "Waiting for this message"
			   : c->last_kind == STORE_MSG_DELETED ? "Deleted"
			   : c->last_kind == STORE_MSG_ONCE
			       ? "Message to be viewed once"
			   : c->last_text != NULL ? c->last_text
						  : "";

	if (c->last_kind == STORE_MSG_MEDIA && c->last_id != 0)
		return last_media(e, c);
	return clean_text(text, STORE_TEXT_MAX, TEXT_LINE);
}

/* In a group: who wrote it, "Ben: "; else "". */
static void
last_author(struct engine *e, const struct store_chat *c,
    char out[static STORE_NAME_MAX + 2])
{
	struct store_message m;
	char who[STORE_NAME_MAX];

	out[0] = '\0';
	if (c->kind != STORE_CHAT_GROUP || c->last_id == 0 ||
	    c->last_dir != STORE_IN ||
	    store_message_get(e->store, c->last_id, &m) != 0)
		return;
	snprintf(
	    out, STORE_NAME_MAX + 2, "%s: ", account_name(e, m.account, who));
	store_message_clear(&m);
}

static char *
last_line(struct engine *e, const struct store_chat *c)
{
	char who[STORE_NAME_MAX + 2], *text = last_text(e, c), *line;
	size_t len;

	last_author(e, c, who);
	if (text == NULL || who[0] == '\0')
		return text;
	len = strlen(who) + strlen(text) + 1;
	line = malloc(len);
	if (line != NULL)
		snprintf(line, len, "%s%s", who, text);
	free(text);
	return line;
}

int
chat_row_from(
    struct engine *e, struct chat_row *out, const struct store_chat *c)
{
	const struct peer_presence *p = presence_of(e, c->peer);

	*out = (struct chat_row){
	    .chat = c->id,
	    .title = title_of(e, c),
	    .phone = strdup(c->phone),
	    .trust = (enum trust)c->trust,
	    .unread = c->unread,
	    .last_ms = c->last_ms,
	    .last_text = last_line(e, c),
	    .last_outgoing = c->last_dir == STORE_OUT,
	    .last_state = (enum msg_state)c->last_state,
	    .draft = strdup(c->draft != NULL ? c->draft : ""),
	    .online = p != NULL && p->online,
	    .last_seen_ms = e->self.share_presence ? c->seen_ms : 0,
	    .typing = c->kind == STORE_CHAT_GROUP
			  ? presence_types_in(e, c->peer)
			  : p != NULL && p->typing_until_ms != 0 &&
				!p->typing_in_group,
	    .group = c->kind == STORE_CHAT_GROUP,
	    .to_self = c->kind == STORE_CHAT_PERSON && own_account(e, c->peer),
	    .blocked = c->blocked,
	    .archived = c->archived,
	    .marked_unread = c->unread_mark,
	    .pinned_ms = c->pinned_ms,
	    .muted_until_ms = c->muted_until_ms == STORE_MUTED_EVER
				  ? ENGINE_EVER
				  : c->muted_until_ms,
	    .expire_s = c->expire_s,
	};
	memcpy(out->account, c->peer, sizeof(out->account));
	if (out->group && out->unread > 0 &&
	    store_mention_unread(e->store, c->id, &out->mentions_me) != 0)
		out->mentions_me = false; /* who asks next will see why */
	if (out->title != NULL && out->phone != NULL &&
	    out->last_text != NULL && out->draft != NULL)
		return 0;
	chat_row_clear(out);
	return ERR_NOMEM;
}

/* ---- events about one row -------------------------------------------------------------- */

int
chat_changed(struct engine *e, int64_t chat)
{
	struct engine_event *ev;
	struct store_chat c;
	int r = store_chat_get(e->store, chat, &c);

	if (r != 0)
		return r;
	ev = event_new(e, EV_CHAT, 0);
	if (ev != NULL)
		ev->chats = calloc(1, sizeof(*ev->chats));
	r = ev == NULL || ev->chats == NULL ? ERR_NOMEM
					    : chat_row_from(e, ev->chats, &c);
	store_chat_clear(&c);
	if (r != 0) {
		engine_event_free(ev);
		return r;
	}
	ev->n = 1;
	ev->chat = chat;
	event_post_later(e, ev);
	return 0;
}

/* The whole row in an event. */
static int
post_row(
    struct engine *e, enum engine_event_kind kind, int64_t id, int64_t *chat)
{
	struct engine_event *ev;
	struct store_message m;
	int r = store_message_get(e->store, id, &m);

	if (r != 0)
		return r;
	*chat = m.chat;
	ev = event_new(e, kind, 0);
	if (ev != NULL)
		ev->msgs = calloc(1, sizeof(*ev->msgs));
	r = ev == NULL || ev->msgs == NULL ? ERR_NOMEM
					   : msg_row_from(e, ev->msgs, &m);
	if (r == 0) {
		ev->n = 1;
		ev->chat = m.chat;
		ev->msg_id = id;
		event_post_later(e, ev);
	} else {
		engine_event_free(ev);
	}
	store_message_clear(&m);
	return r;
}

int
message_added(struct engine *e, int64_t id)
{
	int64_t chat;

	return post_row(e, EV_MSG_NEW, id, &chat);
}

int
message_changed(struct engine *e, int64_t id)
{
	int64_t chat = 0;
	int r = post_row(e, EV_MSG_CHANGED, id, &chat);

	return r == 0 ? chat_changed(e, chat) : r;
}

int
message_moved(struct engine *e, int64_t id)
{
	struct engine_event *ev;
	struct store_message m;
	int64_t chat;
	int r = store_message_get(e->store, id, &m);

	if (r != 0)
		return r;
	chat = m.chat;
	ev = event_new(e, EV_MSG_STATE, 0);
	if (ev == NULL) {
		store_message_clear(&m);
		return ERR_NOMEM;
	}
	ev->msg_id = id;
	ev->chat = chat;
	ev->state = (enum msg_state)m.state;
	if (m.kind == STORE_MSG_MEDIA)
		media_delivered(e);
	store_message_clear(&m);
	event_post_later(e, ev);
	return chat_changed(e, chat);
}

int
message_gone(struct engine *e, int64_t chat, int64_t id)
{
	struct engine_event *ev = event_new(e, EV_MSG_GONE, 0);

	if (ev == NULL)
		return ERR_NOMEM;
	ev->msg_id = id;
	ev->chat = chat;
	event_post_later(e, ev);
	return chat_changed(e, chat);
}

int
note_add(
    struct engine *e, int64_t chat, enum store_msg_kind kind, const char *text)
{
	struct store_message m = {.chat = chat,
	    .dir = STORE_NOTE,
	    .kind = kind,
	    .state = STORE_MSG_RECEIVED,
	    .sent_ms = engine_now_ms()};
	int64_t id;
	int r;

	m.received_ms = m.sent_ms;
	m.text = strdup(text);
	if (m.text == NULL)
		return ERR_NOMEM;
	r = store_message_add(e->store, &m, &id);
	free(m.text);
	return r == 0 ? message_added(e, id) : r;
}

/* ---- the chat list ---------------------------------------------------------------------- */

void
cmd_chats(struct engine *e, struct cmd *c)
{
	struct engine_event *ev = event_new(e, EV_CHATS, c->tag);
	struct store_chats chats = {0};
	size_t i;
	int r;

	if (ev == NULL)
		return;
	r = c->n > 0 ? store_chat_top(e->store, c->n, &chats)
		     : store_chat_list(e->store, &chats);
	if (r == 0) {
		ev->chats = calloc(chats.n + 1, sizeof(*ev->chats));
		r = ev->chats == NULL ? ERR_NOMEM : 0;
	}
	for (i = 0; r == 0 && i < chats.n; i++) {
		r = chat_row_from(e, &ev->chats[i], &chats.v[i]);
		ev->n += r == 0;
	}
	ev->more_after = c->n > 0 && chats.n == c->n;
	store_chats_clear(&chats);
	if (r != 0) {
		engine_event_free(ev);
		reply_error(e, c->tag, r, NULL);
		return;
	}
	event_post(e, ev);
}

/* ---- pages ------------------------------------------------------------------------------- */

void
answer_rows(struct engine *e, struct cmd *c, const struct store_messages *page)
{
	struct engine_event *ev = event_new(e, EV_PAGE, c->tag);
	size_t i;
	int r = ev == NULL ? ERR_NOMEM : 0;

	if (r == 0) {
		ev->chat = c->chat;
		ev->more_before = page->more_before;
		ev->more_after = page->more_after;
		ev->msgs = calloc(page->n + 1, sizeof(*ev->msgs));
		r = ev->msgs == NULL ? ERR_NOMEM : 0;
	}
	for (i = 0; r == 0 && i < page->n; i++) {
		r = msg_row_from(e, &ev->msgs[i], &page->v[i]);
		ev->n += r == 0;
	}
	if (r == 0) {
		event_post(e, ev);
		return;
	}
	engine_event_free(ev);
	reply_error(e, c->tag, r, NULL);
}

static void
answer_page(struct engine *e, struct cmd *c, int r, struct store_messages *page)
{
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	answer_rows(e, c, page);
	connection_shown(e);
	store_messages_clear(page);
}

void
cmd_page_before(struct engine *e, struct cmd *c)
{
	struct store_messages page = {0};
	int r = store_message_before(e->store, c->chat, c->id, c->n, &page);

	answer_page(e, c, r, &page);
}

void
cmd_page_after(struct engine *e, struct cmd *c)
{
	struct store_messages page = {0};
	int r = store_message_after(e->store, c->chat, c->id, c->n, &page);

	answer_page(e, c, r, &page);
}

void
cmd_page_around(struct engine *e, struct cmd *c)
{
	struct store_messages page = {0};
	int r = store_message_around(e->store, c->chat, c->id, c->n, &page);

	answer_page(e, c, r, &page);
}

void
cmd_incoming_after(struct engine *e, struct cmd *c)
{
	struct store_messages page = {0};
	int64_t after = c->id;
	int r = 0;

	if (after == ENGINE_SAVED_CURSOR)
		r = store_setting_get_int(e->store, CURSOR, 0, &after);
	if (r == 0)
		r = store_message_incoming(e->store, after, c->n, &page);
	answer_page(e, c, r, &page);
}

void
cmd_set_cursor(struct engine *e, struct cmd *c)
{
	int r = store_setting_put_int(e->store, CURSOR, c->id);

	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		reply_done(e, c->tag);
}

/* ---- search and drafts ---------------------------------------------------------------------- */

static int
hit_row_from(struct engine *e, struct hit_row *out, const struct store_hit *h)
{
	int r = msg_row_from(e, &out->msg, &h->msg);

	if (r != 0)
		return r;
	out->title = strdup(h->title != NULL ? h->title : "");
	if (out->msg.n_mentions == 0) { /* else it is shown with other names */
		out->mark_off = h->mark_off;
		out->mark_len = h->mark_len;
	}
	if (out->title != NULL)
		return 0;
	msg_row_clear(&out->msg);
	return ERR_NOMEM;
}

void
cmd_search(struct engine *e, struct cmd *c)
{
	struct engine_event *ev = event_new(e, EV_HITS, c->tag);
	struct store_hits hits = {0};
	size_t i;
	int r;

	if (ev == NULL)
		return;
	r = store_search(e->store, c->chat, c->s[0], 0, c->n, &hits);
	if (r == 0) {
		ev->hits = calloc(hits.n + 1, sizeof(*ev->hits));
		r = ev->hits == NULL ? ERR_NOMEM : 0;
	}
	for (i = 0; r == 0 && i < hits.n; i++) {
		r = hit_row_from(e, &ev->hits[i], &hits.v[i]);
		ev->n += r == 0;
	}
	ev->chat = c->chat;
	ev->more_before = hits.more;
	store_hits_clear(&hits);
	if (r != 0) {
		engine_event_free(ev);
		reply_error(e, c->tag, r, NULL);
		return;
	}
	event_post(e, ev);
}

static int
set_draft(struct engine *e, const struct cmd *c)
{
	struct store_chat row = {0};
	int r =
	    store_chat_set_draft(e->store, c->chat, c->s[0], engine_now_ms());

	if (r == 0)
		r = store_chat_get(e->store, c->chat, &row);
	if (r == 0)
		r = sync_draft_made(e, row.peer);
	store_chat_clear(&row);
	return r == 0 ? chat_changed(e, c->chat) : r;
}

void
cmd_set_draft(struct engine *e, struct cmd *c)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, set_draft(e, c));
	if (r == 0)
		sync_draft_later(e, c->chat);
	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		reply_done(e, c->tag);
}
