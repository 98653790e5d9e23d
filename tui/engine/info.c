/* SPDX-License-Identifier: GPL-3.0-or-later */
/* info.c — all that is known of one message, and messages by their marks. */
#include <stdlib.h>
#include <string.h>

#include "tui/engine/row.h"
#include "tui/store/store_action.h"
#include "tui/store/store_message.h"

/* ---- who has it --------------------------------------------------------------- */

/* The earliest of its devices. */
static void
earlier(uint64_t *ms, uint64_t told_ms)
{
	if (told_ms != 0 && (*ms == 0 || told_ms < *ms))
		*ms = told_ms;
}

static struct receipt_row *
receipt_of(struct msg_info *info, const uint8_t account[static STORE_ID_LEN])
{
	struct receipt_row *v;
	size_t i;

	for (i = 0; i < info->n_receipts; i++)
		if (memcmp(info->receipts[i].account, account, STORE_ID_LEN) ==
		    0)
			return &info->receipts[i];
	v = realloc(
	    info->receipts, (info->n_receipts + 1) * sizeof(*info->receipts));
	if (v == NULL)
		return NULL;
	info->receipts = v;
	v += info->n_receipts++;
	*v = (struct receipt_row){.name = NULL};
	memcpy(v->account, account, STORE_ID_LEN);
	return v;
}

static int
add_receipts(
    struct engine *e, const struct store_message *m, struct msg_info *info)
{
	struct store_receipt *v = NULL;
	struct receipt_row *row;
	char name[STORE_NAME_MAX];
	size_t n = 0, i;
	int r = store_receipt_list(e->store, m->id, &v, &n);

	for (i = 0; r == 0 && i < n; i++) {
		row = receipt_of(info, v[i].account);
		r = row == NULL ? ERR_NOMEM : 0;
		if (r == 0) {
			earlier(&row->delivered_ms, v[i].delivered_ms);
			earlier(&row->read_ms, v[i].read_ms);
		}
	}
	for (i = 0; r == 0 && i < info->n_receipts; i++) {
		row = &info->receipts[i];
		/* read by one device, delivered to another: as one account */
		earlier(&row->delivered_ms, row->read_ms);
		row->name = strdup(account_name(e, row->account, name));
		r = row->name == NULL ? ERR_NOMEM : 0;
	}
	free(v);
	return r;
}

/* ---- what it said before ---------------------------------------------------------- */

static int
add_edits(
    struct engine *e, const struct store_message *m, struct msg_info *info)
{
	struct store_edit *v = NULL;
	size_t n = 0;
	int r = store_edit_list(e->store, m->id, &v, &n);

	if (r != 0)
		return r;
	info->edits = calloc(n + 1, sizeof(*info->edits));
	if (info->edits == NULL)
		r = ERR_NOMEM;
	for (; r == 0 && info->n_edits < n; info->n_edits++) {
		info->edits[info->n_edits].written_ms =
		    v[info->n_edits].written_ms;
		info->edits[info->n_edits].text = v[info->n_edits].text;
		v[info->n_edits].text = NULL;
	}
	info->edited_ms = m->edited_ms;
	store_edits_free(v, n);
	return r;
}

static int
fill(struct engine *e, const struct store_message *m, struct engine_event *ev)
{
	int r;

	ev->chat = m->chat;
	ev->msg_id = m->id;
	ev->msgs = calloc(1, sizeof(*ev->msgs));
	ev->info = calloc(1, sizeof(*ev->info));
	if (ev->msgs == NULL || ev->info == NULL)
		return ERR_NOMEM;
	r = msg_row_from(e, ev->msgs, m);
	if (r != 0)
		return r;
	ev->n = 1;
	if (m->dir == STORE_OUT)
		r = add_receipts(e, m, ev->info);
	return r == 0 ? add_edits(e, m, ev->info) : r;
}

void
cmd_msg_info(struct engine *e, struct cmd *c)
{
	struct engine_event *ev;
	struct store_message m;
	int r = store_message_get(e->store, c->id, &m);

	if (r != 0) {
		reply_error(e, c->tag, r, "That message is gone.");
		return;
	}
	ev = event_new(e, EV_MSG_INFO, c->tag);
	r = ev == NULL ? ERR_NOMEM : fill(e, &m, ev);
	store_message_clear(&m);
	if (r == 0) {
		event_post(e, ev);
		return;
	}
	engine_event_free(ev);
	reply_error(e, c->tag, r, NULL);
}

/* ---- finding ------------------------------------------------------------------------ */

void
cmd_find_message(struct engine *e, struct cmd *c)
{
	struct store_messages page = {.v = NULL};
	struct store_message m;
	int64_t id = 0;
	int r = c->flag[0]
		    ? store_message_find(e->store, c->key[1], c->key[0], &id)
		    : store_message_find_any(e->store, c->key[0], &id);

	if (r == 0)
		r = store_message_get(e->store, id, &m);
	if (r != 0) {
		reply_error(e, c->tag, r, "There is no such message here.");
		return;
	}
	page.v = &m;
	page.n = 1;
	c->chat = m.chat;
	answer_rows(e, c, &page);
	store_message_clear(&m);
}

static int
starred_row(
    struct engine *e, struct hit_row *out, const struct store_message *m)
{
	struct store_chat chat;
	struct chat_row row;
	int r = store_chat_get(e->store, m->chat, &chat);

	if (r != 0)
		return r;
	r = chat_row_from(e, &row, &chat);
	store_chat_clear(&chat);
	if (r != 0)
		return r;
	r = msg_row_from(e, &out->msg, m);
	if (r == 0) {
		out->title = row.title;
		row.title = NULL;
	}
	chat_row_clear(&row);
	return r;
}

void
cmd_starred(struct engine *e, struct cmd *c)
{
	struct engine_event *ev = event_new(e, EV_HITS, c->tag);
	struct store_messages list = {.v = NULL};
	size_t i;
	int r;

	if (ev == NULL)
		return;
	r = store_message_starred(e->store, c->chat, c->id, c->n, &list);
	if (r == 0) {
		ev->hits = calloc(list.n + 1, sizeof(*ev->hits));
		r = ev->hits == NULL ? ERR_NOMEM : 0;
	}
	for (i = 0; r == 0 && i < list.n; i++) {
		r = starred_row(e, &ev->hits[i], &list.v[i]);
		ev->n += r == 0;
	}
	ev->chat = c->chat;
	ev->more_before = list.more_before;
	store_messages_clear(&list);
	if (r != 0) {
		engine_event_free(ev);
		reply_error(e, c->tag, r, NULL);
		return;
	}
	event_post(e, ev);
}
