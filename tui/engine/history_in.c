/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_in.c — history that comes in, part by part. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/backup/dump.h"
#include "tui/engine/action.h"
#include "tui/engine/devices.h"
#include "tui/engine/history.h"

int
history_confirm(struct engine *e, const struct store_transfer *t, bool again)
{
	Sotto__Content__History h = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryGot got = SOTTO__CONTENT__HISTORY_GOT__INIT;

	got.number = t->part;
	got.again = again;
	h.step_case = SOTTO__CONTENT__HISTORY__STEP_GOT;
	h.got = &got;
	return history_tell(e, t->device, t->id, &h);
}

/* ---- records ------------------------------------------------------------------------------ */

/* Not to be taken, however often it comes. */
static bool
is_bad(int r)
{
	return r == ERR_FORMAT || r == ERR_VERSION || r == ERR_DENIED ||
	       r == ERR_RANGE || r == ERR_STATE || r == ERR_NOTFOUND ||
	       r == ERR_EXISTS;
}

struct chats { /* that have changed in this part */
	int64_t v[64];
	size_t n;
};

static int
note_chat(struct engine *e, struct chats *c, int64_t chat)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i] == chat)
			return 0;
	if (c->n == ARRAY_LEN(c->v))
		return chat_changed(e, chat); /* so many: rather twice */
	c->v[c->n++] = chat;
	return 0;
}

static int
take_record(struct engine *e, struct restore_count *n, struct chats *chats,
    const uint8_t *p, size_t len)
{
	int r = restore_record(e->store, e->self.account, p, len, n);

	if (r == 0 && !n->partial)
		return ERR_FORMAT; /* a backup: not what was asked for */
	if (r != 0 || n->id == 0)
		return r;
	r = action_arrived(e, n->id);
	return r == 0 ? note_chat(e, chats, n->chat) : r;
}

/* All records that are whole. *used: their bytes. */
static int
take_records(struct engine *e, struct restore_count *n, const uint8_t *p,
    size_t len, size_t *used)
{
	struct chats chats = {.n = 0};
	size_t size, at = 0, i;
	int r = 0;

	while (r == 0 && len - at >= 4) {
		size = get_be32(p + at);
		if (size == 0 || size > BACKUP_RECORD_MAX)
			return ERR_FORMAT;
		if (len - at - 4 < size)
			break;
		r = take_record(e, n, &chats, p + at + 4, size);
		at += 4 + size;
	}
	for (i = 0; r == 0 && i < chats.n; i++)
		r = chat_changed(e, chats.v[i]);
	*used = at;
	return r;
}

/* The data behind what was left of the part before. */
static int
take_data(struct engine *e, struct store_transfer *t,
    const ProtobufCBinaryData *data, bool last)
{
	struct restore_count n = {.begun = t->part > 0,
	    .partial = t->part > 0,
	    .messages = t->done,
	    .contacts = t->contacts};
	size_t used = 0, len = t->rest_len + data->len;
	uint8_t *p;
	int r;

	if (len > STORE_TRANSFER_REST_MAX || data->len > HISTORY_PART_MAX)
		return ERR_FORMAT;
	p = malloc(len + 1);
	if (p == NULL)
		return ERR_NOMEM;
	if (t->rest_len > 0)
		memcpy(p, t->rest, t->rest_len);
	if (data->len > 0)
		memcpy(p + t->rest_len, data->data, data->len);
	r = take_records(e, &n, p, len, &used);
	if (r == 0 && last && (!n.ended || used != len))
		r = ERR_FORMAT;
	t->done = n.messages;
	t->contacts = n.contacts;
	if (t->rest != NULL)
		sodium_memzero(t->rest, t->rest_len);
	free(t->rest);
	memmove(p, p + used, len - used);
	t->rest = p;
	t->rest_len = len - used;
	return r;
}

/* ---- parts --------------------------------------------------------------------------------- */

static int
next_part(struct engine *e, struct store_transfer *t,
    const Sotto__Content__HistoryPart *m)
{
	int r = take_data(e, t, &m->data, m->last);

	if (is_bad(r))
		return history_end(
		    e, t, "What came of it makes no sense here.", true);
	if (r != 0)
		return r;
	t->state = m->last ? STORE_TRANSFER_WHOLE : STORE_TRANSFER_RECEIVING;
	t->total = m->total;
	t->part++;
	r = history_confirm(e, t, false);
	return r == 0 ? history_keep(e, t) : r;
}

static int
refuse(struct engine *e, uint32_t device, const uint8_t id[static STORE_ID_LEN])
{
	Sotto__Content__History h = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryEnd end = SOTTO__CONTENT__HISTORY_END__INIT;
	char text[] = "The other device has not asked for it.";

	end.text = text;
	h.step_case = SOTTO__CONTENT__HISTORY__STEP_END;
	h.end = &end;
	return history_tell(e, device, id, &h);
}

/* The first part of one that we do not know. */
static int
begin(struct engine *e, uint32_t device, const uint8_t id[static STORE_ID_LEN],
    const Sotto__Content__HistoryPart *m)
{
	struct store_transfer t = {.device = device,
	    .incoming = true,
	    .state = STORE_TRANSFER_RECEIVING,
	    .days = m->days,
	    .messages = m->messages};
	int r;

	/* Only its list says who is ours: a companion could make up a past. */
	if (device != DEVICELIST_PRIMARY)
		return m->number == 0 ? refuse(e, device, id) : 0;
	if (m->number != 0)
		return 0;
	memcpy(t.id, id, sizeof(t.id));
	r = next_part(e, &t, m);
	store_transfer_clear(&t);
	return r;
}

static int
take_part(struct engine *e, struct store_transfer *t,
    const Sotto__Content__HistoryPart *m)
{
	if (t->state == STORE_TRANSFER_ENDED)
		return m->number == 0 || m->last ? refuse(e, t->device, t->id)
						 : 0;
	if (m->number < t->part)
		return history_confirm(e, t, false); /* it was not heard */
	if (m->number > t->part || t->state == STORE_TRANSFER_WHOLE)
		return 0; /* one is missing: history_upkeep() asks for it */
	return next_part(e, t, m);
}

int
history_part(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN], const Sotto__Content__HistoryPart *m)
{
	struct store_transfer t;
	int r = store_transfer_get(e->store, device, true, &t);

	if (r == ERR_NOTFOUND)
		return begin(e, device, id, m);
	if (r != 0)
		return r;
	if (memcmp(t.id, id, sizeof(t.id)) == 0)
		r = take_part(e, &t, m);
	else
		r = begin(e, device, id, m);
	store_transfer_clear(&t);
	return r;
}
