/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "tui/engine/draft.h"
#include "tui/engine/group_receive.h"
#include "tui/engine/receipt.h"
#include "tui/store/store_due.h"
#include "tui/store/store_message.h"
#include "tui/store/store_once.h"

#define AGAIN_MS 5000 /* after an error of ours */

/* ---- theirs ----------------------------------------------------------------------- */

static int
take_one(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const uint8_t id[static STORE_ID_LEN],
    enum store_msg_state state, uint64_t when_ms)
{
	struct store_chat chat;
	struct store_message m;
	bool theirs, once, moved = false;
	int64_t msg;
	int r = store_message_find(e->store, e->self.account, id, &msg);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = store_message_get(e->store, msg, &m);
	if (r != 0)
		return r;
	once = m.kind == STORE_MSG_ONCE;
	r = store_chat_get(e->store, m.chat, &chat);
	store_message_clear(&m);
	if (r != 0)
		return r;
	once &= chat.kind == STORE_CHAT_PERSON;
	theirs = memcmp(chat.peer, account, STORE_ID_LEN) == 0;
	if (chat.kind == STORE_CHAT_GROUP) {
		const struct group_receipt gr = {
		    msg, id, chat.peer, account, device, state, when_ms};

		theirs = false;
		r = group_receive_receipt(e, &gr);
	}
	store_chat_clear(&chat);
	if (r != 0)
		return r;
	if (!theirs)
		return 0;
	r = store_receipt_put(
	    e->store, msg, account, device, state, when_ms, &moved);
	if (r == 0 && once) /* they have it: not needed any more */
		r = store_once_drop(e->store, msg);
	return r == 0 && moved ? message_moved(e, msg) : r;
}

int
receipt_take(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const Sotto__Content__Receipt *rc)
{
	enum store_msg_state state =
	    rc->kind == SOTTO__CONTENT__RECEIPT__KIND__READ
		? STORE_MSG_READ
		: STORE_MSG_DELIVERED;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < rc->n_message_ids; i++)
		if (rc->message_ids[i].len == STORE_ID_LEN)
			r = take_one(e, account, device,
			    rc->message_ids[i].data, state, rc->when_ms);
	return r;
}

/* ---- ours ------------------------------------------------------------------------- */

static int
send_receipt(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    enum store_due_kind kind, uint8_t (*ids)[STORE_ID_LEN], size_t n)
{
	Sotto__Content__Receipt rc = SOTTO__CONTENT__RECEIPT__INIT;
	const struct outbox_for whom = {
	    .account = account, .line = STORE_LINE_RECEIPT};
	ProtobufCBinaryData v[RECEIPT_IDS_MAX];
	struct draft d = {0};
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = (ProtobufCBinaryData){STORE_ID_LEN, ids[i]};
	draft_init(&d);
	rc.kind = kind == STORE_DUE_READ
		      ? SOTTO__CONTENT__RECEIPT__KIND__READ
		      : SOTTO__CONTENT__RECEIPT__KIND__DELIVERED;
	rc.message_ids = v;
	rc.n_message_ids = n;
	rc.when_ms = d.c.sent_ms;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RECEIPT;
	d.c.receipt = &rc;
	return draft_send(e, &d, &whom);
}

static int
flush_one(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	uint8_t ids[RECEIPT_IDS_MAX][STORE_ID_LEN];
	enum store_due_kind kind;
	size_t n;
	int r =
	    store_due_take(e->store, account, &kind, ids, RECEIPT_IDS_MAX, &n);

	return r == 0 && n > 0 ? send_receipt(e, account, kind, ids, n) : r;
}

/* A token bucket, kept as the time by which it is full again. */
static uint64_t
wait_for_room(struct engine *e, uint64_t now_ms)
{
	const uint64_t depth = (uint64_t)RECEIPT_BURST * RECEIPT_MS;

	if (e->receipts_full_ms > now_ms + depth) /* the clock went back */
		e->receipts_full_ms = now_ms + depth;
	if (e->receipts_full_ms + RECEIPT_MS > now_ms + depth)
		return e->receipts_full_ms + RECEIPT_MS - depth - now_ms;
	if (e->receipts_full_ms < now_ms)
		e->receipts_full_ms = now_ms;
	e->receipts_full_ms += RECEIPT_MS;
	return 0;
}

uint64_t
receipts_flush(struct engine *e)
{
	uint8_t account[STORE_ID_LEN];
	uint64_t wait_ms;
	int r;

	for (;;) {
		if (e->failed || store_due_account(e->store, account) != 0)
			return 0;
		wait_ms = wait_for_room(e, engine_now_ms());
		if (wait_ms > 0)
			return wait_ms;
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, flush_one(e, account));
		if (r != 0)
			return AGAIN_MS;
	}
}
