/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox.c — everything that leaves goes through here: rows written in the
 * transaction that moved the ratchets, sent in order, a window at a time, and
 * deleted when the relay has them.
 *
 * A row whose recipient's keys are not known waits for keys_fetch(); so do
 * rows for somebody whose verified key has changed, until the person decides.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "tui/engine/group.h"
#include "tui/engine/group_receive.h"
#include "tui/engine/group_send.h"
#include "tui/engine/history.h"
#include "tui/engine/receipt.h"
#include "tui/engine/repair.h"
#include "tui/engine/seal.h"
#include "tui/engine/status.h"
#include "tui/engine/sync.h"
#include "tui/engine/timer.h"
#include "tui/store/store_action.h"
#include "tui/store/store_due.h"
#include "tui/store/store_session.h"

#define REFUSALS_MAX   5 /* stale device lists in a row for one message */
#define RETRY_LATER_MS 5000
#define GONE	       "They have left this relay: the message was not sent."

/* ---- rows as bytes --------------------------------------------------------------- */

static int
outgoing_pack(struct buf *out, const Sotto__Content__Outgoing *o)
{
	buf_init(out, OUTGOING_MAX);
	return pack_into(out, &o->base);
}

static Sotto__Content__Outgoing *
outgoing_read(const struct store_outgoing *row)
{
	return sotto__content__outgoing__unpack(NULL, row->len, row->request);
}

static int
outgoing_save(struct engine *e, int64_t id, const Sotto__Content__Outgoing *o)
{
	struct buf b;
	int r = outgoing_pack(&b, o);

	if (r == 0)
		r = store_outbox_replace(e->store, id, b.p, b.len);
	buf_clear(&b);
	return r;
}

static int
outgoing_begin(Sotto__Content__Outgoing *o, const uint8_t *account,
    const struct buf *content)
{
	o->account_id.data = malloc(STORE_ID_LEN);
	o->content.data = malloc(content->len);
	if (o->account_id.data == NULL || o->content.data == NULL)
		return ERR_NOMEM;
	memcpy(o->account_id.data, account, STORE_ID_LEN);
	o->account_id.len = STORE_ID_LEN;
	memcpy(o->content.data, content->p, content->len);
	o->content.len = content->len;
	return 0;
}

int
outbox_add(struct engine *e, const struct outbox_for *whom,
    const struct buf *content, const uint8_t message_id[static STORE_ID_LEN])
{
	Sotto__Content__Outgoing *o = malloc(sizeof(*o));
	struct store_outgoing row = {.message = whom->message,
	    .line = whom->line,
	    .device = whom->device,
	    .created_ms = engine_now_ms()};
	struct buf b;
	int64_t id;
	int r;

	if (o == NULL)
		return ERR_NOMEM;
	sotto__content__outgoing__init(o);
	buf_init(&b, OUTGOING_MAX);
	r = outgoing_begin(o, whom->account, content);
	o->only_device = whom->only_device;
	if (r == 0)
		r = sync_copy(e, o);
	if (r == 0)
		r = seal_missing(e, o);
	if (r == 0 || r == ERR_NOTFOUND)
		r = outgoing_pack(&b, o);
	if (r == 0) {
		memcpy(row.account, whom->account, STORE_ID_LEN);
		memcpy(row.message_id, message_id, STORE_ID_LEN);
		row.request = b.p;
		row.len = b.len;
		r = store_outbox_add(e->store, &row, &id);
	}
	buf_clear(&b);
	sotto__content__outgoing__free_unpacked(o, NULL);
	return r;
}

/* ---- answers ------------------------------------------------------------------------ */

static void kick_in(struct engine *e, uint64_t ms);

static int
row_done(struct engine *e, const struct store_outgoing *row)
{
	bool moved = false;
	int r = store_outbox_delete(e->store, row->id);

	if (r == 0 && row->line == STORE_LINE_STATUS)
		r = status_send_ended(e, row, STORE_STATUS_SENT);
	if (r == 0 && row->message != 0)
		r = store_message_set_state(
		    e->store, row->message, STORE_MSG_SENT, &moved);
	if (r == 0 && moved)
		r = store_message_start_timer(
		    e->store, row->message, engine_now_ms());
	if (r == ERR_NOTFOUND)
		return 0; /* it was deleted here meanwhile */
	return r == 0 && moved ? message_moved(e, row->message) : r;
}

/* It will not leave by itself any more; the message says so. */
static int
row_failed(struct engine *e, const struct store_outgoing *row)
{
	bool moved = false;
	int r = store_outbox_delete(e->store, row->id);

	if (r == 0)
		r = group_send_row_failed(e, row->id, row->account);
	if (r == 0 && row->line == STORE_LINE_STATUS)
		r = status_send_ended(e, row, STORE_STATUS_FAILED);
	if (r == 0 && row->message != 0)
		r = store_message_set_state(
		    e->store, row->message, STORE_MSG_FAILED, &moved);
	if (r == ERR_NOTFOUND)
		return 0;
	return r == 0 && moved ? message_moved(e, row->message) : r;
}

static int
settle_one(struct engine *e, struct sending *s)
{
	struct store_outgoing row;
	int r = store_outbox_get(e->store, s->row, &row);

	if (r == ERR_NOTFOUND)
		return 0;
	if (r != 0)
		return r;
	r = s->err == 0 ? row_done(e, &row) : row_failed(e, &row);
	store_outgoing_clear(&row);
	return r;
}

static void
slot_free(struct sending *s)
{
	free(s->text);
	*s = (struct sending){.e = s->e};
}

/* All answers that came in one turn of the loop share one transaction. */
static void
settle_answers(struct engine *e)
{
	size_t i, n = 0;
	int r;

	for (i = 0; i < OUTBOX_INFLIGHT; i++)
		n += e->sending[i].answered;
	if (n == 0)
		return;
	r = txn_begin(e);
	if (r == 0) {
		for (i = 0; r == 0 && i < OUTBOX_INFLIGHT; i++)
			if (e->sending[i].answered)
				r = settle_one(e, &e->sending[i]);
		r = txn_end(e, r);
	}
	for (i = 0; i < OUTBOX_INFLIGHT; i++) {
		if (!e->sending[i].answered)
			continue;
		if (e->sending[i].err != 0)
			reply_error(e, 0, e->sending[i].err, "Not sent: %s",
			    e->sending[i].text != NULL
				? e->sending[i].text
				: err_str(e->sending[i].err));
		slot_free(&e->sending[i]);
	}
	if (r != 0) /* the rows are still there, and the relay knows them */
		outbox_hold(e, 0);
}

/* The relay's view of a device list replaces ours. In a transaction. */
static int
apply_stale(struct engine *e, Sotto__Content__Outgoing *o,
    const Sotto__Relay__StaleDevices *st)
{
	const uint8_t *account = o->account_id.data;
	struct store_device d;
	size_t i;
	int r = 0;

	o->ready = false;
	for (i = 0; r == 0 && i < st->n_extra; i++) {
		seal_drop(o, st->extra[i]);
		r = store_device_get(e->store, account, st->extra[i], &d);
		if (r == 0) {
			d.active = false;
			r = store_device_put(e->store, &d);
		}
		r = r == ERR_NOTFOUND ? 0 : r;
	}
	for (i = 0; r == 0 && i < st->n_reregistered; i++) {
		seal_drop(o, st->reregistered[i]);
		r = store_device_delete(e->store, account, st->reregistered[i]);
	}
	return r;
}

static bool
is_of(const Sotto__Content__Outgoing *o, const ProtobufCBinaryData *account)
{
	return o != NULL && o->account_id.len == STORE_ID_LEN &&
	       account->len == STORE_ID_LEN &&
	       memcmp(o->account_id.data, account->data, STORE_ID_LEN) == 0;
}

/* The envelopes that an answer is about: the recipient's, or our own copies. */
static Sotto__Content__Outgoing *
part_of(Sotto__Content__Outgoing *o, const Sotto__Relay__StaleDevices *st)
{
	if (is_of(o, &st->account_id))
		return o;
	return is_of(o->own, &st->account_id) ? o->own : NULL;
}

static int
refused_row(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, const Sotto__Relay__SendResponse *res)
{
	Sotto__Content__Outgoing *part;
	bool gone = false;
	size_t i;
	int r = 0;

	for (i = 0; i < res->n_stale; i++)
		gone |= res->stale[i]->gone;
	if (gone || o->refusals >= REFUSALS_MAX) {
		r = gone ? store_due_drop(e->store, o->account_id.data) : 0;
		return r == 0 ? row_failed(e, row) : r;
	}
	for (i = 0; r == 0 && i < res->n_stale; i++) {
		part = part_of(o, res->stale[i]);
		if (part != NULL)
			r = apply_stale(e, part, res->stale[i]);
	}
	o->ready = false;
	o->refusals++;
	return r == 0 ? outgoing_save(e, row->id, o) : r;
}

static void
fetch_missing(struct engine *e, const Sotto__Relay__StaleDevices *st)
{
	uint32_t ids[2 * 127];
	size_t i, n = 0;

	for (i = 0; i < st->n_missing && n < ARRAY_LEN(ids); i++)
		ids[n++] = st->missing[i];
	for (i = 0; i < st->n_reregistered && n < ARRAY_LEN(ids); i++)
		ids[n++] = st->reregistered[i];
	if (n > 0 && !st->gone)
		keys_fetch(e, st->account_id.data, ids, n);
}

/* What the relay says is gone must be off their list, too: else that is told. */
static void
look_after_extra(struct engine *e, const Sotto__Relay__StaleDevices *st)
{
	if (st->n_extra == 0 || st->gone || own_account(e, st->account_id.data))
		return;
	if (keys_fetch_list(e, st->account_id.data, NULL) != 0)
		return; /* there is no connection: the row goes again, too */
}

/* Whom it is for has no account any more. */
static bool
is_gone(
    const Sotto__Content__Outgoing *o, const Sotto__Relay__SendResponse *res)
{
	size_t i;

	for (i = 0; i < res->n_stale; i++)
		if (res->stale[i]->gone && is_of(o, &res->stale[i]->account_id))
			return true;
	return false;
}

static void
on_stale(
    struct engine *e, struct sending *s, const Sotto__Relay__SendResponse *res)
{
	Sotto__Content__Outgoing *o = NULL;
	struct store_outgoing row;
	size_t i;
	int r = store_outbox_get(e->store, s->row, &row);

	if (r != 0)
		return;
	o = outgoing_read(&row);
	if (o != NULL && is_gone(o, res)) {
		outbox_account_gone(e, o->account_id.data, GONE);
	} else if (o != NULL) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, refused_row(e, &row, o, res));
		for (i = 0; r == 0 && i < res->n_stale; i++) {
			if (part_of(o, res->stale[i]) == NULL)
				continue;
			fetch_missing(e, res->stale[i]);
			look_after_extra(e, res->stale[i]);
		}
	}
	if (o != NULL)
		sotto__content__outgoing__free_unpacked(o, NULL);
	store_outgoing_clear(&row);
}

/* The same for a group: its devices are asked for, the row is made anew. */
static int
refused_group(struct engine *e, const struct store_outgoing *row,
    const Sotto__Relay__SendGroupResponse *res)
{
	Sotto__Content__Outgoing *o = outgoing_read(row);
	int r;

	if (o == NULL)
		return ERR_NOMEM;
	r = o->status ? status_send_stale(e, row, o, res)
		      : group_send_stale(e, row, o, res);
	if (r == ERR_DENIED)
		r = row_failed(e, row);
	sotto__content__outgoing__free_unpacked(o, NULL);
	return r;
}

static void
on_group_stale(struct engine *e, struct sending *s,
    const Sotto__Relay__SendGroupResponse *res)
{
	struct store_outgoing row;
	int r = store_outbox_get(e->store, s->row, &row);

	if (r != 0)
		return;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, refused_group(e, &row, res));
	store_outgoing_clear(&row);
	if (r != 0 && !e->failed)
		outbox_hold(e, 0);
}

static void
group_sent_or_stale(
    struct engine *e, struct sending *s, const struct link_reply *rep)
{
	Sotto__Relay__SendGroupResponse *res =
	    sotto__relay__send_group_response__unpack(
		NULL, rep->len, rep->body);

	if (res != NULL && !res->stale) {
		s->answered = true;
	} else {
		if (res != NULL)
			on_group_stale(e, s, res);
		slot_free(s);
		e->outbox_cursor = 0;
	}
	if (res != NULL)
		sotto__relay__send_group_response__free_unpacked(res, NULL);
}

static void
sent_or_stale(struct engine *e, struct sending *s, const struct link_reply *rep)
{
	Sotto__Relay__SendResponse *res =
	    sotto__relay__send_response__unpack(NULL, rep->len, rep->body);

	if (res != NULL && res->n_stale == 0) {
		s->answered = true;
	} else {
		if (res != NULL)
			on_stale(e, s, res);
		slot_free(s);
		e->outbox_cursor = 0;
	}
	if (res != NULL)
		sotto__relay__send_response__free_unpacked(res, NULL);
}

static void
on_sent(void *ctx, const struct link_reply *rep)
{
	struct sending *s = ctx;
	struct engine *e = s->e;

	if (rep->err == 0) {
		if (s->group)
			group_sent_or_stale(e, s, rep);
		else
			sent_or_stale(e, s, rep);
		kick_in(e, 0);
	} else if (rep->from_relay && rep->err == ERR_RATE && s->status) {
		slot_free(s); /* there may be few posts, but many messages */
		status_send_hold(e, rep->retry_after_ms);
	} else if (rep->from_relay && rep->err == ERR_RATE) {
		slot_free(s);
		outbox_hold(e, rep->retry_after_ms);
	} else if (rep->from_relay && rep->err != ERR_IO &&
		   rep->err != ERR_BUSY && rep->err != ERR_NOMEM) {
		s->answered = true;
		s->err = rep->err;
		s->text = sentence_of(rep->text);
		kick_in(e, 0);
	} else {
		/* Ours or the relay's passing trouble: same bytes, later. */
		slot_free(s);
		e->outbox_cursor = 0;
		kick_in(e, RETRY_LATER_MS);
	}
}

/* ---- sending ------------------------------------------------------------------------ */

bool
outbox_sending(const struct engine *e, int64_t row)
{
	size_t i;

	for (i = 0; i < OUTBOX_INFLIGHT; i++)
		if (e->sending[i].row == row)
			return true;
	return false;
}

static struct sending *
slot_get(struct engine *e)
{
	size_t i;

	for (i = 0; i < OUTBOX_INFLIGHT; i++) {
		if (e->sending[i].row != 0)
			continue;
		e->sending[i].e = e;
		return &e->sending[i];
	}
	return NULL;
}

static int
send_row(struct engine *e, struct sending *s, const struct store_outgoing *row,
    const Sotto__Content__Outgoing *o)
{
	struct buf b;
	int r;

	buf_init(&b, FRAME_BODY_MAX);
	r = seal_request(&b, o, row->message_id, false);
	if (r == 0)
		r = link_request(
		    e->link, METHOD_SEND, b.p, b.len, REQUEST_MS, on_sent, s);
	if (r == 0)
		s->row = row->id;
	buf_clear(&b);
	return r;
}

/* True when nothing may go to this account now. */
static bool
held_back(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	struct store_contact c;

	return keys_fetching(e, account) ||
	       (store_contact_get(e->store, account, &c) == 0 &&
		   c.trust == STORE_TRUST_CHANGED);
}

/* Ask for the keys that this part lacks: all, when no device is known. */
static bool
part_waits(struct engine *e, const Sotto__Content__Outgoing *o)
{
	uint32_t ids[SEAL_DEVICES_MAX];
	size_t n;

	if (!seal_waits(e, o, ids, &n))
		return false;
	keys_fetch(e, o->account_id.data, ids, n);
	return true;
}

/* Are there keys to wait for? They are asked for. A thousand rows may wait, and
 * are looked at whenever keys come: nothing is written for that. */
static bool
row_waits(struct engine *e, const Sotto__Content__Outgoing *o)
{
	bool theirs = part_waits(e, o);

	return (o->own != NULL && part_waits(e, o->own)) || theirs;
}

/* Seal now: its keys have come. */
static int
make_ready(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o)
{
	bool lacking;
	int r;

	if (row_waits(e, o))
		return ERR_NOTFOUND;
	r = txn_begin(e);
	if (r != 0)
		return r;
	r = seal_missing(e, o);
	lacking = r == ERR_NOTFOUND; /* a session was no good */
	if (r == 0 || lacking)
		r = outgoing_save(e, row->id, o);
	r = txn_end(e, r);
	if (r == 0 && lacking)
		row_waits(e, o);
	return r == 0 && lacking ? ERR_NOTFOUND : r;
}

/* Nothing goes to them for a reason that will not pass. */
static int
group_row_refused(
    struct engine *e, const struct store_outgoing *row, const char *why)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, row_failed(e, row));
	if (r == 0 && row->message != 0)
		reply_error(e, 0, ERR_DENIED, "Not sent: %s",
		    why != NULL ? why : err_str(ERR_DENIED));
	return r;
}

static int
try_group_row(struct engine *e, struct sending *s,
    const struct store_outgoing *row, Sotto__Content__Outgoing *o)
{
	const char *why = NULL;
	struct buf b;
	bool ready;
	int r = o->status ? status_send_ready(e, row, o, &ready)
			  : group_send_ready(e, row, o, &ready, &why);

	if (r == ERR_DENIED)
		return group_row_refused(e, row, why);
	if (r != 0 || !ready)
		return 0; /* it is looked at again */
	buf_init(&b, FRAME_BODY_MAX);
	r = o->status ? status_send_request(e, row, o, &b)
		      : group_send_request(e, row, o, &b);
	if (r == 0)
		r = link_request(e->link,
		    o->status ? METHOD_SEND_STATUS : METHOD_SEND_GROUP, b.p,
		    b.len, REQUEST_MS, on_sent, s);
	if (r == 0) {
		s->row = row->id;
		s->group = true;
		s->status = o->status;
	}
	buf_clear(&b);
	return r;
}

/* One row. Returns ERR_FULL when no more can leave now. */
static int
try_row(struct engine *e, const struct store_outgoing *row)
{
	Sotto__Content__Outgoing *o;
	struct sending *s = slot_get(e);
	int r = 0;

	if (s == NULL)
		return ERR_FULL;
	o = outgoing_read(row);
	if (o != NULL && (o->group_id.len != 0 || o->status)) {
		r = try_group_row(e, s, row, o);
		goto out;
	}
	if (o == NULL || o->account_id.len != STORE_ID_LEN)
		goto out; /* ours alone: damaged rows fail store_check() */
	if (held_back(e, o->account_id.data) ||
	    (o->own != NULL && keys_fetching(e, e->self.account)))
		goto out;
	if ((!o->ready || seal_behind(e, o)) && make_ready(e, row, o) != 0)
		goto out;
	r = send_row(e, s, row, o);
out:
	if (o != NULL)
		sotto__content__outgoing__free_unpacked(o, NULL);
	return r;
}

static void
send_window(struct engine *e)
{
	struct store_outgoing row;
	int r = 0;

	while (r == 0 && connection_online(e) && !e->failed) {
		r = store_outbox_next(
		    e->store, e->outbox_cursor, engine_now_ms(), &row);
		if (r != 0)
			return;
		if (!outbox_sending(e, row.id))
			r = try_row(e, &row);
		if (r == 0)
			e->outbox_cursor = row.id;
		store_outgoing_clear(&row);
	}
}

bool
outbox_crowded(const struct engine *e)
{
	size_t i, sends = 0, fetches = 0;

	for (i = 0; i < OUTBOX_INFLIGHT; i++)
		sends += e->sending[i].row != 0;
	for (i = 0; i < FETCHES_MAX; i++)
		fetches += e->fetches[i].used;
	return sends >= OUTBOX_INFLIGHT / 2 || fetches >= FETCHES_MAX / 2;
}

/* Is anything on its way, or about to be? */
static bool
is_busy(const struct engine *e)
{
	size_t i;

	for (i = 0; i < OUTBOX_INFLIGHT; i++)
		if (e->sending[i].row != 0)
			return true;
	for (i = 0; i < FETCHES_MAX; i++)
		if (e->fetches[i].used)
			return true;
	return group_send_busy(e) || (connection_online(e) && groups_busy(e));
}

static void
answer_flush(struct engine *e)
{
	uint64_t tag = e->flush_tag;

	if (tag == 0 || is_busy(e))
		return;
	e->flush_tag = 0;
	reply_done(e, tag);
}

void
cmd_flush(struct engine *e, struct cmd *c)
{
	if (e->flush_tag != 0)
		reply_done(e, e->flush_tag);
	e->flush_tag = c->tag;
	sync_drafts_now(e);
	outbox_kick(e);
}

static void
on_kick(uv_timer_t *timer)
{
	struct engine *e = timer->data;
	uint64_t now_ms, later_ms = 0, repair_ms = 0, sync_ms = 0, group_ms = 0;
	uint64_t status_ms = 0;

	if (e->store == NULL || e->failed)
		return;
	settle_answers(e);
	keys_turn(e);
	group_receive_held(e);
	timer_run(e);
	now_ms = engine_now_ms();
	if (now_ms < e->outbox_hold_ms) { /* woken by something else */
		kick_in(e, e->outbox_hold_ms - now_ms);
		return;
	}
	if (group_send_turn(e))
		e->outbox_cursor = 0;
	if (connection_online(e)) {
		later_ms = receipts_flush(e);
		repair_ms = repair_flush(e);
		sync_ms = sync_flush(e);
		group_ms = groups_flush(e);
		status_ms = status_flush(e);
		history_flush(e);
	}
	send_window(e);
	answer_flush(e);
	if (group_ms > 0)
		kick_in(e, group_ms);
	if (status_ms > 0)
		kick_in(e, status_ms);
	if (sync_ms > 0)
		kick_in(e, sync_ms);
	if (repair_ms > 0)
		kick_in(e, repair_ms);
	if (later_ms > 0)
		kick_in(e, later_ms);
}

static void
kick_in(struct engine *e, uint64_t ms)
{
	/* A turn that is due sooner stays. */
	if (!uv_is_active((uv_handle_t *)&e->kick) ||
	    uv_timer_get_due_in(&e->kick) > ms)
		uv_timer_start(&e->kick, on_kick, ms, 0);
}

void
outbox_kick(struct engine *e)
{
	e->outbox_cursor = 0;
	kick_in(e, 0);
}

void
outbox_wake(struct engine *e)
{
	kick_in(e, 0);
}

void
outbox_wake_in(struct engine *e, uint64_t ms)
{
	kick_in(e, ms);
}

void
outbox_hold(struct engine *e, uint32_t ms)
{
	if (ms == 0)
		ms = RETRY_LATER_MS;
	e->outbox_cursor = 0;
	e->outbox_hold_ms = engine_now_ms() + ms;
	kick_in(e, ms);
}

void
outbox_link_lost(struct engine *e)
{
	group_send_link_lost(e);
	e->outbox_cursor = 0;
}

/* ---- somebody who cannot be written to ------------------------------------------------ */

/* *written: something that a person wrote is among them. */
static int
fail_rows(
    struct engine *e, const uint8_t account[static STORE_ID_LEN], bool *written)
{
	Sotto__Content__Outgoing *o;
	struct store_outgoing row;
	int64_t after = 0;
	int r;

	for (;;) {
		r = store_outbox_next(e->store, after, UINT64_MAX, &row);
		if (r != 0)
			return r == ERR_NOTFOUND ? 0 : r;
		after = row.id;
		o = outgoing_read(&row);
		if (o != NULL && o->account_id.len == STORE_ID_LEN &&
		    memcmp(o->account_id.data, account, STORE_ID_LEN) == 0) {
			*written |= row.message != 0;
			r = row_failed(e, &row);
		}
		if (o != NULL)
			sotto__content__outgoing__free_unpacked(o, NULL);
		store_outgoing_clear(&row);
		if (r != 0)
			return r;
	}
}

void
outbox_account_gone(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], const char *why)
{
	bool written = false;
	int64_t chat;
	int r = txn_begin(e);

	if (r != 0)
		return;
	r = fail_rows(e, account, &written);
	if (r == 0)
		r = store_due_drop(e->store, account);
	if (r == 0 && written)
		r = store_chat_find(
		    e->store, STORE_CHAT_PERSON, account, &chat);
	if (r == 0 && written)
		r = note_add(e, chat, STORE_MSG_NOTE, why);
	r = txn_end(e, r == ERR_NOTFOUND ? 0 : r);
	if (r != 0 && !e->failed)
		reply_error(e, 0, r, NULL);
}
