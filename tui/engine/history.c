/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.c — what people decide about history for a device, and who is told.
 * The sending side: history_out.c; the other: history_in.c. */
#include "tui/engine/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/draft.h"
#include "tui/engine/event.h"

/* ---- telling ---------------------------------------------------------------------- */

int
history_tell(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN], const Sotto__Content__History *h)
{
	const struct outbox_for whom = {
	    .account = e->self.account, .only_device = device};
	Sotto__Content__History m = *h;
	struct draft d = {0};

	draft_init(&d);
	m.transfer_id =
	    (ProtobufCBinaryData){STORE_ID_LEN, (uint8_t *)(uintptr_t)id};
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_HISTORY;
	d.c.history = &m;
	return draft_send(e, &d, &whom);
}

static int
row_of(struct history_row *v, const struct store_transfer *t)
{
	*v = (struct history_row){.device = t->device,
	    .incoming = t->incoming,
	    .state = (enum history_state)t->state,
	    .amount = {.days = t->days, .messages = t->messages},
	    .done = t->done,
	    .total = t->total};
	if (t->state != STORE_TRANSFER_ENDED)
		return 0;
	v->text = strdup(t->why);
	return v->text == NULL ? ERR_NOMEM : 0;
}

static int
post(struct engine *e, uint64_t tag, const struct store_transfer *v, size_t n)
{
	struct engine_event *ev = event_new(e, EV_HISTORY, tag);
	int r = 0;

	if (ev == NULL)
		return ERR_NOMEM;
	ev->history = calloc(n + 1, sizeof(*ev->history));
	if (ev->history == NULL)
		r = ERR_NOMEM;
	while (r == 0 && ev->n < n) {
		r = row_of(&ev->history[ev->n], &v[ev->n]);
		ev->n += r == 0;
	}
	if (r == 0)
		event_post_later(e, ev);
	else
		engine_event_free(ev);
	return r;
}

int
history_keep(struct engine *e, struct store_transfer *t)
{
	int r;

	t->touched_ms = engine_now_ms();
	r = store_transfer_put(e->store, t);
	return r == 0 ? post(e, 0, t, 1) : r;
}

int
history_end(
    struct engine *e, struct store_transfer *t, const char *why, bool tell)
{
	Sotto__Content__History h = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryEnd end = SOTTO__CONTENT__HISTORY_END__INIT;
	int r = 0;

	t->state = STORE_TRANSFER_ENDED;
	t->rest_len = 0;
	text_sanitize(t->why, sizeof(t->why), why, strlen(why), TEXT_LINE);
	if (!t->incoming)
		r = store_part_drop(e->store, t->device, UINT32_MAX);
	if (r == 0 && tell) {
		end.text = t->why;
		h.step_case = SOTTO__CONTENT__HISTORY__STEP_END;
		h.end = &end;
		r = history_tell(e, t->device, t->id, &h);
	}
	return r == 0 ? history_keep(e, t) : r;
}

/* ---- what the other side says -------------------------------------------------------- */

static int
take_ask(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN], const Sotto__Content__HistoryAsk *a)
{
	struct store_transfer t = {.device = device,
	    .state = STORE_TRANSFER_ASKED,
	    .days = a->days,
	    .messages = a->messages};
	int r = store_part_drop(e->store, device, UINT32_MAX);

	memcpy(t.id, id, sizeof(t.id));
	return r == 0 ? history_keep(e, &t) : r;
}

/* The one that is under way with this device by this name. ERR_NOTFOUND. */
static int
find(struct engine *e, uint32_t device, bool incoming,
    const uint8_t id[static STORE_ID_LEN], struct store_transfer *t)
{
	int r = store_transfer_get(e->store, device, incoming, t);

	if (r == 0 && (memcmp(t->id, id, sizeof(t->id)) != 0 ||
			  t->state == STORE_TRANSFER_ENDED)) {
		store_transfer_clear(t);
		r = ERR_NOTFOUND;
	}
	return r;
}

static int
take_end(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN], const Sotto__Content__HistoryEnd *m)
{
	struct store_transfer t;
	int side, r = 0;

	for (side = 0; r == 0 && side < 2; side++) {
		r = find(e, device, side == 1, id, &t);
		if (r == 0) {
			if (t.state != STORE_TRANSFER_WHOLE)
				r = history_end(e, &t, m->text, false);
			store_transfer_clear(&t);
		}
		r = r == ERR_NOTFOUND ? 0 : r;
	}
	return r;
}

static int
take_got(struct engine *e, uint32_t device,
    const uint8_t id[static STORE_ID_LEN], const Sotto__Content__HistoryGot *m)
{
	struct store_transfer t;
	int r = find(e, device, false, id, &t);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (t.state == STORE_TRANSFER_SENDING)
		r = history_got(e, &t, m);
	store_transfer_clear(&t);
	return r;
}

int
history_take(
    struct engine *e, uint32_t device, const Sotto__Content__History *h)
{
	const uint8_t *id = h->transfer_id.data;

	if (h->transfer_id.len != STORE_ID_LEN)
		return 0;
	switch (h->step_case) {
	case SOTTO__CONTENT__HISTORY__STEP_ASK:
		return take_ask(e, device, id, h->ask);
	case SOTTO__CONTENT__HISTORY__STEP_PART:
		return history_part(e, device, id, h->part);
	case SOTTO__CONTENT__HISTORY__STEP_GOT:
		return take_got(e, device, id, h->got);
	case SOTTO__CONTENT__HISTORY__STEP_END:
		return take_end(e, device, id, h->end);
	default: /* a later client's */
		return 0;
	}
}

/* ---- what gets stuck --------------------------------------------------------------------- */

/* A message that did not open and was not sent again, or one that lay on the
 * relay for too long. */
static int
nudge(struct engine *e, const struct store_transfer *row)
{
	struct store_transfer t;
	int r = store_transfer_get(e->store, row->device, row->incoming, &t);

	if (r != 0)
		return r;
	if (t.incoming)
		r = history_confirm(e, &t, true);
	else
		r = history_again(e, &t, 1);
	if (r == 0) {
		t.touched_ms = engine_now_ms();
		r = store_transfer_put(e->store, &t);
	}
	store_transfer_clear(&t);
	return r;
}

/* The receiver asks soon; the sender, whose queue at the relay may just be
 * full of what nobody has fetched yet, hardly ever. */
static bool
is_stuck(const struct store_transfer *t, uint64_t now_ms)
{
	uint64_t quiet_ms = now_ms - t->touched_ms;

	if (t->state == STORE_TRANSFER_RECEIVING)
		return quiet_ms >= HISTORY_QUIET_MS;
	return t->state == STORE_TRANSFER_SENDING &&
	       quiet_ms >= HISTORY_SILENT_MS;
}

void
history_upkeep(struct engine *e)
{
	struct store_transfer *v = NULL;
	uint64_t now_ms = engine_now_ms();
	size_t i, n = 0;
	int r = store_transfer_list(e->store, &v, &n);

	for (i = 0; r == 0 && i < n; i++) {
		if (v[i].state == STORE_TRANSFER_SENDING)
			e->history_busy = true;
		if (!is_stuck(&v[i], now_ms))
			continue;
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, nudge(e, &v[i]));
	}
	free(v);
	outbox_wake(e);
}

int
history_device_gone(struct engine *e, uint32_t device)
{
	int r = store_part_drop(e->store, device, UINT32_MAX);

	if (r == 0)
		r = store_transfer_delete(e->store, device, false);
	return r == 0 ? store_transfer_delete(e->store, device, true) : r;
}

/* ---- commands ------------------------------------------------------------------------------ */

/* Another device of ours; else the command is answered. */
static bool
is_ours(struct engine *e, const struct cmd *c)
{
	struct store_device d;

	if (c->n != e->self.device &&
	    store_device_get(e->store, e->self.account, c->n, &d) == 0 &&
	    d.active)
		return true;
	reply_error(
	    e, c->tag, ERR_NOTFOUND, "There is no other device %u.", c->n);
	return false;
}

static void
answer(struct engine *e, const struct cmd *c, int r)
{
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	reply_done(e, c->tag);
	outbox_kick(e);
}

static int
send_to(struct engine *e, const struct cmd *c)
{
	struct store_transfer was = {.rest = NULL};
	struct store_transfer t = {.device = c->n,
	    .state = STORE_TRANSFER_SENDING,
	    .days = (uint32_t)c->id,
	    .messages = (uint32_t)c->chat};
	int r = store_transfer_get(e->store, c->n, false, &was);

	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	randombytes_buf(t.id, sizeof(t.id));
	if (r == 0 && was.state == STORE_TRANSFER_ASKED)
		memcpy(t.id, was.id, sizeof(t.id)); /* its answer */
	store_transfer_clear(&was);
	return history_begin(e, &t);
}

void
cmd_history_send(struct engine *e, struct cmd *c)
{
	int r;

	if (!is_ours(e, c))
		return;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, send_to(e, c));
	answer(e, c, r);
}

static int
ask_for(struct engine *e, const struct cmd *c)
{
	Sotto__Content__History h = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryAsk ask = SOTTO__CONTENT__HISTORY_ASK__INIT;
	struct store_transfer t = {.device = c->n,
	    .incoming = true,
	    .state = STORE_TRANSFER_ASKING,
	    .days = (uint32_t)c->id,
	    .messages = (uint32_t)c->chat};
	int r;

	randombytes_buf(t.id, sizeof(t.id));
	ask.days = t.days;
	ask.messages = t.messages;
	h.step_case = SOTTO__CONTENT__HISTORY__STEP_ASK;
	h.ask = &ask;
	r = history_tell(e, t.device, t.id, &h);
	return r == 0 ? history_keep(e, &t) : r;
}

void
cmd_history_ask(struct engine *e, struct cmd *c)
{
	int r;

	if (!is_ours(e, c))
		return;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, ask_for(e, c));
	answer(e, c, r);
}

static int
cancel(struct engine *e, uint32_t device, bool incoming)
{
	struct store_transfer t;
	int r = store_transfer_get(e->store, device, incoming, &t);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (t.state == STORE_TRANSFER_ASKED)
		r = history_end(e, &t, "The other device has refused.", true);
	else if (t.state < STORE_TRANSFER_WHOLE)
		r = history_end(e, &t, "It was called off.", true);
	store_transfer_clear(&t);
	return r;
}

void
cmd_history_cancel(struct engine *e, struct cmd *c)
{
	int r = txn_begin(e);

	if (r == 0) {
		r = cancel(e, c->n, false);
		if (r == 0)
			r = cancel(e, c->n, true);
		r = txn_end(e, r);
	}
	answer(e, c, r);
}

void
cmd_history(struct engine *e, struct cmd *c)
{
	struct store_transfer *v = NULL;
	size_t n = 0;
	int r = store_transfer_list(e->store, &v, &n);

	if (r == 0)
		r = post(e, c->tag, v, n);
	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	free(v);
}
