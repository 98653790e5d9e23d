/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_out.c — history on its way out: parts, as many as may be. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/backup/dump.h"
#include "tui/engine/history.h"
#include "tui/store/store_history.h"

#define DAY_MS (24ull * 3600 * 1000)

/* ---- beginning ------------------------------------------------------------------------- */

static int
since_of(struct engine *e, const struct store_transfer *t, uint64_t *since_ms)
{
	uint64_t now_ms = engine_now_ms();

	*since_ms = 0;
	if (t->messages > 0)
		return store_history_newest(e->store, t->messages, since_ms);
	if (t->days > 0 && now_ms > t->days * DAY_MS)
		*since_ms = now_ms - t->days * DAY_MS;
	return 0;
}

int
history_begin(struct engine *e, struct store_transfer *t)
{
	int r = since_of(e, t, &t->since_ms);

	if (r == 0)
		r = store_part_drop(e->store, t->device, UINT32_MAX);
	if (r == 0)
		r = store_history_last(e->store, &t->until_id);
	if (r == 0)
		r = store_history_count(e->store, t->since_ms, &t->total);
	if (r == 0)
		r = history_keep(e, t);
	if (r == 0)
		e->history_busy = true;
	return r;
}

/* ---- parts ------------------------------------------------------------------------------ */

/* Records behind the rest of the last part, until there is enough. *over: that
 * was all. */
static int
fill(struct store_transfer *t, struct dump *d, struct buf *bytes, bool *over)
{
	struct dump_at at;
	struct buf rec;
	int r = 0;

	buf_init(&rec, BACKUP_RECORD_MAX);
	while (r == 0 && bytes->len < HISTORY_PART_MAX) {
		r = dump_next(d, &rec);
		if (r == 0)
			r = buf_put_u32(bytes, (uint32_t)rec.len);
		if (r == 0)
			r = buf_put(bytes, rec.p, rec.len);
	}
	*over = r == ERR_NOTFOUND;
	at = dump_tell(d);
	t->stage = at.stage;
	t->contacts = at.contacts;
	t->done = at.messages;
	t->last_id = at.last_id;
	buf_clear(&rec);
	return *over ? 0 : r;
}

static int
send_part(struct engine *e, struct store_transfer *t, uint32_t number,
    const uint8_t *p, size_t len, bool last)
{
	Sotto__Content__History h = SOTTO__CONTENT__HISTORY__INIT;
	Sotto__Content__HistoryPart m = SOTTO__CONTENT__HISTORY_PART__INIT;

	m.number = number;
	m.data = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)p};
	m.done = t->done;
	m.total = t->total;
	m.last = last;
	m.days = t->days;
	m.messages = t->messages;
	h.step_case = SOTTO__CONTENT__HISTORY__STEP_PART;
	h.part = &m;
	return history_tell(e, t->device, t->id, &h);
}

/* What is sent again has to know whether it was the last. */
static int
keep_part(struct engine *e, const struct store_transfer *t, const uint8_t *p,
    size_t len, bool last)
{
	struct buf b;
	int r;

	buf_init(&b, HISTORY_PART_MAX + 1);
	r = buf_put_u8(&b, last);
	if (r == 0)
		r = buf_put(&b, p, len);
	if (r == 0)
		r = store_part_put(e->store, t->device, t->part, b.p, b.len);
	buf_clear(&b);
	return r;
}

static int
set_rest(struct store_transfer *t, const struct buf *bytes, size_t from)
{
	size_t len = bytes->len - from;
	uint8_t *p = malloc(len + 1);

	if (p == NULL)
		return ERR_NOMEM;
	if (len > 0)
		memcpy(p, bytes->p + from, len);
	if (t->rest != NULL)
		sodium_memzero(t->rest, t->rest_len);
	free(t->rest);
	t->rest = p;
	t->rest_len = len;
	return 0;
}

static int
make_part(struct engine *e, struct store_transfer *t, struct buf *bytes)
{
	const struct dump_opts opts = {.now_ms = engine_now_ms(),
	    .since_ms = t->since_ms,
	    .until_id = t->until_id,
	    .partial = true};
	const struct dump_at at = {.stage = t->stage,
	    .contacts = t->contacts,
	    .messages = t->done,
	    .last_id = t->last_id};
	struct dump *d = NULL;
	bool over = false, last;
	size_t len;
	int r = dump_new(&d, e->store, &opts);

	if (r != 0)
		return r;
	dump_seek(d, &at);
	if (t->rest_len > 0)
		r = buf_put(bytes, t->rest, t->rest_len);
	if (r == 0)
		r = fill(t, d, bytes, &over);
	dump_free(d);
	if (r != 0)
		return r;
	len = bytes->len < HISTORY_PART_MAX ? bytes->len : HISTORY_PART_MAX;
	last = over && len == bytes->len;
	r = send_part(e, t, t->part, bytes->p, len, last);
	if (r == 0)
		r = keep_part(e, t, bytes->p, len, last);
	if (r == 0)
		r = set_rest(t, bytes, len);
	t->part++;
	if (last)
		t->until_id = -1; /* nothing more to make */
	return r == 0 ? history_keep(e, t) : r;
}

/* ---- as many as may be -------------------------------------------------------------------- */

static bool
may_send(const struct store_transfer *t)
{
	return !t->incoming && t->state == STORE_TRANSFER_SENDING &&
	       t->until_id >= 0 && t->part - t->acked < HISTORY_WINDOW;
}

static int
one_part(struct engine *e, uint32_t device)
{
	struct store_transfer t;
	struct buf bytes;
	int r = store_transfer_get(e->store, device, false, &t);

	if (r != 0)
		return r;
	buf_init(&bytes, STORE_TRANSFER_REST_MAX);
	r = make_part(e, &t, &bytes);
	if (bytes.len > 0)
		sodium_memzero(bytes.p, bytes.len);
	buf_clear(&bytes);
	store_transfer_clear(&t);
	return r;
}

void
history_flush(struct engine *e)
{
	struct store_transfer *v = NULL;
	size_t i, n = 0;
	int r;

	if (!e->history_busy)
		return;
	e->history_busy = false;
	if (store_transfer_list(e->store, &v, &n) != 0)
		return;
	for (i = 0; i < n && !may_send(&v[i]); i++)
		;
	if (i < n) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, one_part(e, v[i].device));
		/* another turn, so that what people do comes between */
		e->history_busy = r == 0;
		if (r == 0)
			outbox_wake(e);
	}
	free(v);
}

/* ---- what the receiver says ---------------------------------------------------------------- */

int
history_again(struct engine *e, struct store_transfer *t, uint32_t n)
{
	struct buf b;
	uint32_t i;
	int r = 0;

	buf_init(&b, HISTORY_PART_MAX + 1);
	for (i = t->acked; r == 0 && i < t->part && i - t->acked < n; i++) {
		buf_reset(&b);
		r = store_part_get(e->store, t->device, i, &b);
		if (r == 0 && b.len > 0)
			r = send_part(e, t, i, b.p + 1, b.len - 1, b.p[0] != 0);
	}
	if (b.len > 0)
		sodium_memzero(b.p, b.len);
	buf_clear(&b);
	return r == ERR_NOTFOUND ? 0 : r;
}

int
history_got(struct engine *e, struct store_transfer *t,
    const Sotto__Content__HistoryGot *got)
{
	uint64_t quiet_ms = engine_now_ms() - t->touched_ms;
	int r;

	if (got->number > t->part)
		return 0; /* of something that we have not sent */
	if (got->number <= t->acked) {
		if (!got->again || quiet_ms < HISTORY_QUIET_MS)
			return 0;
		r = history_again(e, t, HISTORY_WINDOW);
		t->touched_ms = engine_now_ms();
		return r == 0 ? store_transfer_put(e->store, t) : r;
	}
	t->acked = got->number;
	r = store_part_drop(e->store, t->device, t->acked);
	if (t->acked == t->part && t->until_id < 0)
		t->state = STORE_TRANSFER_WHOLE;
	if (r == 0)
		r = history_keep(e, t);
	if (r == 0)
		e->history_busy = true;
	return r;
}
