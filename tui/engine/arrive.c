/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/arrive.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/engine/action.h"
#include "tui/store/store_action.h"

static bool
quote_sound(const Sotto__Content__Quote *q)
{
	return q != NULL && q->author_account.len == STORE_ID_LEN &&
	       q->message_id.len == STORE_ID_LEN;
}

static int
add_quote(struct engine *e, int64_t id, const Sotto__Content__Quote *q)
{
	struct store_quote out;

	memcpy(out.account, q->author_account.data, STORE_ID_LEN);
	memcpy(out.message_id, q->message_id.data, STORE_ID_LEN);
	text_sanitize(
	    out.text, sizeof(out.text), q->text, strlen(q->text), TEXT_MULTI);
	return store_quote_put(e->store, id, &out);
}

int
arrive(struct engine *e, const struct store_message *m,
    const Sotto__Content__Quote *quote)
{
	int64_t id;
	int r = store_message_add(e->store, m, &id);

	if (r == 0 && (m->flags & STORE_MSG_QUOTES) != 0)
		r = add_quote(e, id, quote);
	if (r == 0)
		r = message_added(e, id);
	if (r == 0)
		r = action_arrived(e, id);
	return r == 0 ? chat_changed(e, m->chat) : r;
}

int
arrive_text(
    struct engine *e, struct store_message *m, const Sotto__Content__Content *c)
{
	int r;

	m->text = clean_text(c->text->text, STORE_TEXT_MAX, TEXT_MULTI);
	if (m->text == NULL)
		return ERR_NOMEM;
	m->kind = STORE_MSG_TEXT;
	m->sent_ms = c->sent_ms;
	memcpy(m->message_id, c->message_id.data, STORE_ID_LEN);
	if (c->text->forwarded)
		m->flags |= STORE_MSG_FORWARDED;
	if (quote_sound(c->text->quote))
		m->flags |= STORE_MSG_QUOTES;
	r = arrive(e, m, c->text->quote);
	store_message_clear(m);
	return r;
}
