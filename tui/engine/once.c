/* SPDX-License-Identifier: GPL-3.0-or-later */
/* once.c — texts that can be looked at once. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/media_int.h"
#include "tui/engine/once.h"
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
static struct engine_event *
answer(struct engine *e, uint64_t tag, struct store_message *m, char **text)
{
	struct engine_event *ev = event_new(e, EV_ONCE, tag);

	if (ev == NULL)
		return NULL;
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
	return ev;
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

/* Its text; data with it: a file's bytes, taken. */
static void
open_and_answer(struct engine *e, uint64_t tag, struct store_message *m,
    uint8_t **data, size_t len)
{
	struct engine_event *ev;
	char *text = NULL;
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, open_now(e, m, &text));
	ev = r == 0 ? answer(e, tag, m, &text) : NULL;
	if (ev != NULL && data != NULL) {
		ev->data = *data;
		ev->data_len = len;
		*data = NULL;
	}
	if (ev != NULL)
		event_post(e, ev);
	else
		reply_error(e, tag, r != 0 ? r : ERR_NOMEM, NULL);
	outbox_kick(e);
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
}

void
once_media(
    struct engine *e, uint64_t tag, int64_t message, uint8_t **data, size_t len)
{
	struct store_message m;
	int r = store_message_get(e->store, message, &m);

	if (r != 0) {
		reply_error(e, tag, r, "That message is gone.");
		return;
	}
	if (can_open(e, tag, &m))
		open_and_answer(e, tag, &m, data, len);
	store_message_clear(&m);
}

/* One with a file: it is opened first, as it may turn out not to be there. */
static bool
has_media(struct engine *e, uint64_t tag, int64_t message)
{
	struct store_media row;
	int r = store_media_get(e->store, message, &row);

	if (r == ERR_NOTFOUND)
		return false;
	if (r == 0 && row.state != STORE_MEDIA_HERE)
		reply_error(e, tag, ERR_STATE, "%s",
		    row.state == STORE_MEDIA_GONE
			? row.why
			: "That file is not here: fetch it first.");
	else if (r == 0 && row.size > ENGINE_READ_MAX)
		reply_error(e, tag, ERR_RANGE, "It is too large to be shown.");
	else if (r == 0)
		r = media_read_start(e, tag, &row, true, NULL);
	if (r != 0)
		reply_error(e, tag, r, NULL);
	sodium_memzero(&row, sizeof(row));
	return true;
}

void
cmd_open_once(struct engine *e, struct cmd *c)
{
	struct store_message m;
	int r = store_message_get(e->store, c->id, &m);

	if (r != 0) {
		reply_error(e, c->tag, r, "That message is gone.");
		return;
	}
	if (can_open(e, c->tag, &m) && !has_media(e, c->tag, m.id))
		open_and_answer(e, c->tag, &m, NULL, 0);
	store_message_clear(&m);
}
