/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forward.c — texts of one chat into others. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "tui/engine/compose.h"
#include "tui/engine/draft.h"
#include "tui/engine/media.h"

/* The row of a text that may go elsewhere; else the command is answered. */
static bool
get_text(struct engine *e, uint64_t tag, int64_t id, struct store_message *m)
{
	int r = store_message_get(e->store, id, m);

	if (r != 0) {
		reply_error(e, tag, r, "That message is gone.");
		return false;
	}
	if (m->dir != STORE_NOTE &&
	    (m->kind == STORE_MSG_TEXT || m->kind == STORE_MSG_MEDIA) &&
	    m->state != STORE_MSG_WAITING)
		return true;
	reply_error(e, tag, ERR_STATE,
	    m->kind == STORE_MSG_ONCE
		? "What can be viewed once is not forwarded."
		: "There is no text in that message to forward.");
	store_message_clear(m);
	return false;
}

/* A file that goes on: it is sealed and sent anew, so that nobody can tell that
 * two chats have the same. ERR_NOTFOUND there is none; ERR_STATE not here. */
static int
get_media(
    struct engine *e, const struct store_message *m, struct store_media *row)
{
	int r = m->kind == STORE_MSG_MEDIA
		    ? store_media_get(e->store, m->id, row)
		    : ERR_NOTFOUND;

	if (r != 0)
		return r;
	row->has_album = false;
	row->why[0] = '\0';
	row->flags &= STORE_MEDIA_BLOB;
	randombytes_buf(row->file, sizeof(row->file));
	sodium_memzero(row->key, sizeof(row->key));
	sodium_memzero(row->locator, sizeof(row->locator));
	if (row->flags == 0)
		return row->state == STORE_MEDIA_HERE ? 0 : ERR_STATE;
	if (row->state != STORE_MEDIA_HERE)
		return ERR_STATE;
	row->state = STORE_MEDIA_PREPARED;
	snprintf(row->source, sizeof(row->source), "=%" PRId64, m->id);
	return 0;
}

static bool
can_forward(struct engine *e, uint64_t tag, const struct store_message *m)
{
	struct store_media row;
	int r = get_media(e, m, &row);

	sodium_memzero(&row, sizeof(row));
	if (r == 0 || r == ERR_NOTFOUND)
		return true;
	reply_error(e, tag, r, "%s",
	    r == ERR_STATE ? "That file is not here: fetch it first."
			   : err_str(r));
	return false;
}

void
cmd_forward(struct engine *e, struct cmd *c)
{
	struct own_text own = {.flags = STORE_MSG_FORWARDED};
	struct store_message m;
	struct store_media row;

	if (!get_text(e, c->tag, c->id, &m))
		return;
	if (can_forward(e, c->tag, &m)) {
		own.text = m.text;
		own.media = get_media(e, &m, &row) == 0 ? &row : NULL;
		compose_send(e, c, &own);
	}
	store_message_clear(&m);
}

/* ---- several ---------------------------------------------------------------- */

/* All of it, looked up before anything is done. */
struct forward {
	struct store_message *msgs;
	struct store_chat *chats;
	size_t n_msgs, n_chats;
};

static void
forward_clear(struct forward *f)
{
	while (f->n_msgs > 0)
		store_message_clear(&f->msgs[--f->n_msgs]);
	while (f->n_chats > 0)
		store_chat_clear(&f->chats[--f->n_chats]);
	free(f->msgs);
	free(f->chats);
}

static bool
get_chat(struct engine *e, uint64_t tag, int64_t id, struct store_chat *chat)
{
	int r = store_chat_get(e->store, id, chat);

	if (r != 0) {
		reply_error(e, tag, r, "That chat is gone.");
		return false;
	}
	if (may_write(e, tag, chat))
		return true;
	store_chat_clear(chat);
	return false;
}

static bool
gather(struct engine *e, const struct cmd *c, struct forward *f)
{
	struct store_message *m;

	f->msgs = calloc(c->n_ids, sizeof(*f->msgs));
	f->chats = calloc(c->n_chats, sizeof(*f->chats));
	if (f->msgs == NULL || f->chats == NULL) {
		reply_error(e, c->tag, ERR_NOMEM, NULL);
		return false;
	}
	while (f->n_msgs < c->n_ids) {
		m = &f->msgs[f->n_msgs];
		if (!get_text(e, c->tag, c->ids[f->n_msgs], m))
			return false;
		f->n_msgs++;
		if (!can_forward(e, c->tag, m))
			return false;
	}
	for (; f->n_chats < c->n_chats; f->n_chats++)
		if (!get_chat(e, c->tag, c->ids[c->n_ids + f->n_chats],
			&f->chats[f->n_chats]))
			return false;
	return true;
}

static int
forward_now(struct engine *e, const struct forward *f)
{
	struct own_text own = {.flags = STORE_MSG_FORWARDED};
	struct store_message m;
	struct store_media row;
	size_t i, k;
	int r = 0;

	for (k = 0; r == 0 && k < f->n_chats; k++)
		for (i = 0; r == 0 && i < f->n_msgs; i++) {
			own.text = f->msgs[i].text;
			own.keep_draft = true;
			r = get_media(e, &f->msgs[i], &row);
			own.media = r == 0 ? &row : NULL;
			if (r != 0 && r != ERR_NOTFOUND)
				return r;
			r = compose_add(e, &f->chats[k], &own, &m);
			if (r == 0)
				r = message_added(e, m.id);
		}
	return r;
}

void
cmd_forward_all(struct engine *e, struct cmd *c)
{
	struct forward f = {.msgs = NULL};
	struct engine_event *ev;
	int r;

	if (gather(e, c, &f)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, forward_now(e, &f));
		ev = r == 0 ? event_new(e, EV_FORWARDED, c->tag) : NULL;
		if (ev != NULL) {
			ev->total = (uint32_t)(f.n_msgs * f.n_chats);
			event_post(e, ev);
		} else if (r != 0) {
			reply_error(e, c->tag, r, NULL);
		}
		outbox_kick(e);
	}
	forward_clear(&f);
}
