/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/arrive.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/engine/action.h"
#include "tui/engine/media.h"
#include "tui/engine/timer.h"
#include "tui/store/store_action.h"
#include "tui/store/store_once.h"
#include "tui/store/store_status.h"

static bool
quote_sound(const Sotto__Content__Quote *q)
{
	return q != NULL && q->author_account.len == STORE_ID_LEN &&
	       q->message_id.len == STORE_ID_LEN;
}

/* What can be looked at once is not in a quote either. */
static int
quotes_once(struct engine *e, const struct store_quote *q, bool *yes)
{
	struct store_message m;
	int64_t id;
	int r = store_message_find(e->store, q->account, q->message_id, &id);

	*yes = false;
	if (r == 0)
		r = store_message_get(e->store, id, &m);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	*yes = m.kind == STORE_MSG_ONCE;
	store_message_clear(&m);
	return 0;
}

/* Nor is a post that is over. */
static int
quotes_past(struct engine *e, const struct store_quote *q, bool *yes)
{
	int64_t id;
	int r = store_status_find(e->store, q->account, q->message_id, &id);

	*yes = r == ERR_NOTFOUND;
	return *yes ? 0 : r;
}

static int
add_quote(struct engine *e, int64_t id, const Sotto__Content__Quote *q)
{
	struct store_quote out;
	bool bare;
	int r;

	memcpy(out.account, q->author_account.data, STORE_ID_LEN);
	memcpy(out.message_id, q->message_id.data, STORE_ID_LEN);
	out.status = q->status;
	text_sanitize(
	    out.text, sizeof(out.text), q->text, strlen(q->text), TEXT_MULTI);
	r = out.status ? quotes_past(e, &out, &bare)
		       : quotes_once(e, &out, &bare);
	if (r == 0 && bare)
		memset(out.text, 0, sizeof(out.text));
	return r == 0 ? store_quote_put(e->store, id, &out) : r;
}

/* A copy of what we sent has been running since then. */
static int
start_own(struct engine *e, const struct store_message *m, int64_t id)
{
	uint64_t now_ms = engine_now_ms();

	if (m->dir != STORE_OUT || m->expire_s == 0)
		return 0;
	return store_message_start_timer(
	    e->store, id, m->sent_ms < now_ms ? m->sent_ms : now_ms);
}

int
arrive(struct engine *e, const struct store_message *m,
    const struct arrive_with *with)
{
	int64_t id;
	int r = store_message_add(e->store, m, &id);

	if (r == 0 && (m->flags & STORE_MSG_QUOTES) != 0)
		r = add_quote(e, id, with->quote);
	if (r == 0 && with->once != NULL)
		r = store_once_put(e->store, id, with->once);
	if (r == 0 && with->media != NULL)
		r = media_arrived(e, m, id, with->media);
	if (r == 0 && (m->flags & STORE_MSG_MENTIONS) != 0)
		r = store_mention_set(e->store, id, with->mentions->v,
		    with->mentions->n, (m->flags & STORE_MSG_MENTIONS_ME) != 0);
	if (r == 0)
		r = start_own(e, m, id);
	if (r == 0)
		r = message_added(e, id);
	if (r == 0)
		r = action_arrived(e, id);
	return r == 0 ? chat_changed(e, m->chat) : r;
}

/* A timer that was set elsewhere, and whose own message did not come. */
static int
learn_timer(struct engine *e, const struct store_message *m,
    const Sotto__Content__Content *c)
{
	const struct timer_set set = {m->account, c->expire_s, c->expire_stamp};

	return timer_take(e, m->chat, &set);
}

/* Whom a text names. */
static int
learn_mentions(struct engine *e, struct store_message *m,
    const Sotto__Content__Content *c, struct mentions *out)
{
	bool me = false;
	int r = 0;

	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_TEXT &&
	    m->kind == STORE_MSG_TEXT)
		r = mentions_of_wire(e, m->chat, c->text->text, m->text,
		    c->text->mentions, c->text->n_mentions, out, &me);
	if (r == 0 && out->n > 0)
		m->flags |= STORE_MSG_MENTIONS;
	if (r == 0 && me && m->dir == STORE_IN)
		m->flags |= STORE_MSG_MENTIONS_ME;
	return r;
}

static void
wipe(char *text)
{
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
}

/* What a text and a file have in common. */
struct said {
	const char *text;
	const Sotto__Content__Quote *quote;
	const Sotto__Content__Media *media;
	bool forwarded, view_once;
};

static struct said
said_of(const Sotto__Content__Content *c)
{
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_MEDIA)
		return (struct said){c->media->caption, c->media->quote,
		    c->media, c->media->forwarded, c->media->view_once};
	return (struct said){c->text->text, c->text->quote, NULL,
	    c->text->forwarded, c->text->view_once};
}

int
arrive_text(
    struct engine *e, struct store_message *m, const Sotto__Content__Content *c)
{
	const struct said said = said_of(c);
	struct arrive_with with = {.quote = said.quote, .media = said.media};
	char *text = clean_text(said.text, STORE_TEXT_MAX, TEXT_MULTI);
	struct mentions names = {.n = 0};
	int r;

	if (text == NULL)
		return ERR_NOMEM;
	m->sent_ms = c->sent_ms;
	m->expire_s = c->expire_s < ENGINE_EXPIRE_MAX_S ? c->expire_s
							: ENGINE_EXPIRE_MAX_S;
	memcpy(m->message_id, c->message_id.data, STORE_ID_LEN);
	if (said.forwarded)
		m->flags |= STORE_MSG_FORWARDED;
	if (said.view_once) {
		m->kind = STORE_MSG_ONCE;
		m->flags |= STORE_MSG_VIEW_ONCE;
		with.once = m->dir == STORE_IN ? text : NULL;
	} else {
		m->kind = said.media != NULL ? STORE_MSG_MEDIA : STORE_MSG_TEXT;
		m->text = text;
		if (quote_sound(said.quote))
			m->flags |= STORE_MSG_QUOTES;
	}
	r = learn_timer(e, m, c);
	if (r == 0)
		r = learn_mentions(e, m, c, &names);
	with.mentions = &names;
	if (r == 0)
		r = arrive(e, m, &with);
	m->text = NULL;
	wipe(text);
	store_message_clear(m);
	return r;
}
