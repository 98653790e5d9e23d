/* SPDX-License-Identifier: GPL-3.0-or-later */
/* once.c — texts that can be looked at once. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/sync.h"
#include "tui/store/store_once.h"

static int
open_now(struct engine *e, const struct store_message *m, char **text)
{
	bool changed = false;
	int r = store_once_get(e->store, m->id, text);

	if (r == 0)
		r = store_once_opened(e->store, m->id, &changed);
	if (r == 0)
		r = sync_viewed(e, m);
	return r == 0 ? message_changed(e, m->id) : r;
}

/* The text exists in this event alone by now. */
static void
answer(struct engine *e, uint64_t tag, struct store_message *m, char **text)
{
	struct engine_event *ev = event_new(e, EV_ONCE, tag);

	if (ev == NULL)
		return;
	ev->chat = m->chat;
	ev->msg_id = m->id;
	ev->msgs = calloc(1, sizeof(*ev->msgs));
	m->flags |= STORE_MSG_VIEWED;
	if (ev->msgs != NULL && msg_row_from(e, ev->msgs, m) == 0) {
		free(ev->msgs->text);
		ev->msgs->text = *text;
		*text = NULL;
		ev->n = 1;
	}
	event_post(e, ev);
}

static bool
can_open(struct engine *e, uint64_t tag, const struct store_message *m)
{
	if (m->kind != STORE_MSG_ONCE || m->dir != STORE_IN)
		reply_error(e, tag, ERR_STATE,
		    "That is no message of somebody else's to be viewed once.");
	else if ((m->flags & STORE_MSG_VIEWED) != 0)
		reply_error(e, tag, ERR_STATE,
		    "You have viewed that message; nothing is left of it.");
	else
		return true;
	return false;
}

void
cmd_open_once(struct engine *e, struct cmd *c)
{
	struct store_message m;
	char *text = NULL;
	int r = store_message_get(e->store, c->id, &m);

	if (r != 0) {
		reply_error(e, c->tag, r, "That message is gone.");
		return;
	}
	if (can_open(e, c->tag, &m)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, open_now(e, &m, &text));
		if (r == 0)
			answer(e, c->tag, &m, &text);
		else
			reply_error(e, c->tag, r, NULL);
		outbox_kick(e);
	}
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
	store_message_clear(&m);
}
