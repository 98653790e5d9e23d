/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tui/engine/draft.h"
#include "tui/engine/group_receive.h"
#include "tui/engine/peer_session.h"
#include "tui/engine/receipt.h"
#include "tui/engine/repair.h"
#include "tui/engine/sentlog.h"
#include "tui/engine/status.h"
#include "tui/store/store_due.h"
#include "tui/store/store_message.h"
#include "tui/store/store_repair.h"
#include "tui/store/store_sent.h"

#define AGAIN_MS 5000 /* after an error of ours */

/* ---- what did not open -------------------------------------------------------- */

/* *has: there is a conversation to show it in. */
static int
has_chat(struct engine *e, const struct repair_from *from, bool *has)
{
	int64_t chat;
	int r = from->group != NULL
		    ? store_chat_find(
			  e->store, STORE_CHAT_GROUP, from->group, &chat)
		    : store_chat_find(
			  e->store, STORE_CHAT_PERSON, from->account, &chat);

	*has = r == 0;
	return r == ERR_NOTFOUND ? 0 : r;
}

static int
is_blocked(struct engine *e, const uint8_t *account, bool *blocked)
{
	struct store_contact c;
	int r = store_contact_get(e->store, account, &c);

	*blocked = r == 0 && c.blocked;
	return r == ERR_NOTFOUND ? 0 : r;
}

/* May one more of this sender wait? */
static int
admit(struct engine *e, const uint8_t *account, bool known, bool *yes)
{
	uint64_t theirs, all;
	bool blocked;
	int r = is_blocked(e, account, &blocked);

	if (r == 0)
		r = store_unreadable_count(e->store, account, &theirs, &all);
	if (r != 0)
		return r;
	if (known)
		*yes = !blocked && theirs < REPAIR_WAITING_MAX;
	else
		*yes = !blocked && theirs < REPAIR_STRANGER_MAX &&
		       all < REPAIR_STRANGERS_MAX;
	return 0;
}

/* What is stored of a message: its local id (0: nothing), chat and state. */
struct stored {
	int64_t id, chat;
	enum store_msg_state state;
};

static int
find(struct engine *e, const uint8_t *account, const uint8_t *message_id,
    struct stored *out)
{
	struct store_message m;
	int r;

	*out = (struct stored){.id = 0};
	r = store_message_find(e->store, account, message_id, &out->id);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = store_message_get(e->store, out->id, &m);
	if (r != 0)
		return r;
	out->chat = m.chat;
	out->state = m.state;
	store_message_clear(&m);
	return 0;
}

void
repair_wire_id(uint8_t out[static STORE_ID_LEN],
    const uint8_t id[static STORE_ID_LEN], uint32_t n)
{
	memcpy(out, id, STORE_ID_LEN);
	out[STORE_ID_LEN - 1] = (uint8_t)(out[STORE_ID_LEN - 1] + n);
}

bool
repair_under_way(struct engine *e, const uint8_t wire_id[static STORE_ID_LEN])
{
	int64_t row;

	return store_outbox_find(e->store, wire_id, &row) == 0;
}

/*
 * The message that this one is, or is another try of: its id, and what is
 * stored of it. What has nothing to show is known by being asked for.
 */
static int
find_try(struct engine *e, const struct repair_from *from,
    uint8_t id[static STORE_ID_LEN], struct stored *m)
{
	bool asked = false;
	uint32_t n;
	int r;

	for (n = 0; n <= REPAIR_RESENDS_MAX; n++) {
		repair_wire_id(id, from->message_id, 0u - n);
		r = find(e, from->account, id, m);
		if (r == 0 && m->id == 0)
			r = store_unreadable_has(
			    e->store, from->account, id, &asked);
		if (r != 0 || m->id != 0 || asked)
			return r;
	}
	memcpy(id, from->message_id, STORE_ID_LEN);
	return 0;
}

static int
note_unreadable(struct engine *e, const struct repair_from *from,
    const uint8_t id[static STORE_ID_LEN])
{
	struct store_unreadable u = {
	    .device = from->device, .first_ms = engine_now_ms()};

	memcpy(u.account, from->account, STORE_ID_LEN);
	memcpy(u.message_id, id, STORE_ID_LEN);
	return store_unreadable_add(e->store, &u, REPAIR_ASKS_MAX);
}

int
repair_unreadable(struct engine *e, const struct repair_from *from, bool *show)
{
	uint8_t id[STORE_ID_LEN];
	const bool own = own_account(e, from->account);
	bool has = true, yes = true;
	struct stored m;
	int r = find_try(e, from, id, &m);

	*show = false;
	if (r == 0 && m.id == 0) {
		if (!from->quiet)
			r = has_chat(e, from, &has);
		if (r == 0)
			r = admit(e, from->account, has || own, &yes);
		/* of our own devices only the copy knows the conversation;
		 * another try of what waits is shown already */
		*show = r == 0 && yes && has && !own && !from->quiet &&
			memcmp(id, from->message_id, STORE_ID_LEN) == 0;
	} else if (r == 0) { /* a repeat; if it waits, it is asked for again */
		yes = m.state == STORE_MSG_WAITING;
	}
	return r == 0 && yes ? note_unreadable(e, from, id) : r;
}

static int
drop_waiting(
    struct engine *e, const struct repair_from *from, const struct stored *m)
{
	int r = store_unreadable_remove(
	    e->store, from->account, from->message_id, NULL);

	if (r == 0 && m->id != 0 && m->state == STORE_MSG_WAITING) {
		r = store_message_delete(e->store, m->id);
		if (r == 0)
			r = message_gone(e, m->chat, m->id);
	}
	return r;
}

int
repair_text(struct engine *e, const struct repair_from *from, bool *known)
{
	struct stored m;
	int r = find(e, from->account, from->message_id, &m);

	if (r != 0)
		return r;
	*known = m.id != 0 && m.state != STORE_MSG_WAITING;
	return drop_waiting(e, from, &m);
}

int
repair_nothing(struct engine *e, const struct repair_from *from)
{
	struct stored m;
	int r = find(e, from->account, from->message_id, &m);

	return r == 0 ? drop_waiting(e, from, &m) : r;
}

int
repair_other(struct engine *e, const struct repair_from *from,
    const uint8_t wire_id[static STORE_ID_LEN], bool *known)
{
	int r;

	*known = false;
	if (memcmp(wire_id, from->message_id, STORE_ID_LEN) == 0)
		return 0; /* the first try: the inbox knows its id */
	r = store_inbox_has(
	    e->store, from->account, from->device, from->message_id, known);
	if (r == 0 && !*known)
		r = store_inbox_add(e->store, from->account, from->device,
		    from->message_id, engine_now_ms());
	return r == 0 ? repair_nothing(e, from) : r;
}

int
repair_session(struct engine *e, const struct repair_from *from)
{
	return store_unreadable_again(e->store, from->account, from->device,
	    REPAIR_ASKS_MAX, engine_now_ms() + 1);
}

int
repair_upkeep(struct engine *e)
{
	uint64_t now_ms = engine_now_ms();
	int r = 0;

	if (now_ms < REPAIR_AGE_MS)
		return 0; /* a clock that was never set */
	r = store_unreadable_prune(e->store, now_ms - REPAIR_AGE_MS);
	if (r == 0)
		r = store_sent_prune(e->store, now_ms - REPAIR_AGE_MS);
	if (r == 0)
		r = store_unreadable_again(e->store, NULL, 0, REPAIR_ASKS_MAX,
		    now_ms - REPAIR_WINDOW_MS);
	return r;
}

/* ---- what was done for a device --------------------------------------------------- */

static int
account_of_work(struct engine *e, const uint8_t *account, uint32_t device,
    struct store_repair *rp)
{
	uint64_t now_ms = engine_now_ms();
	int r = store_repair_get(e->store, account, device, rp);

	if (r != 0)
		return r;
	if (rp->since_ms > now_ms || now_ms - rp->since_ms > REPAIR_WINDOW_MS) {
		rp->since_ms = now_ms;
		rp->asks = rp->answers = 0;
	}
	if (rp->renewed_ms > now_ms)
		rp->renewed_ms = 0; /* the clock went back */
	return 0;
}

/* What is sent from now on waits for a fresh session, unless one was begun a
 * moment ago. */
static int
renew(struct engine *e, const uint8_t *account, uint32_t device,
    struct store_repair *rp)
{
	uint64_t now_ms = engine_now_ms();

	if (now_ms - rp->renewed_ms < REPAIR_RENEW_MS)
		return 0;
	rp->renewed_ms = now_ms;
	return peer_session_archive(e, account, device);
}

/* ---- asking ------------------------------------------------------------------------ */

static int
send_request(struct engine *e, const struct store_asking *whom,
    uint8_t (*ids)[STORE_ID_LEN], size_t n, uint32_t asked)
{
	Sotto__Content__RetryRequest rq = SOTTO__CONTENT__RETRY_REQUEST__INIT;
	const struct outbox_for to = {.account = whom->account,
	    .line = STORE_LINE_RETRY,
	    .device = whom->device};
	ProtobufCBinaryData v[REPAIR_IDS_MAX];
	struct draft d = {0};
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = (ProtobufCBinaryData){STORE_ID_LEN, ids[i]};
	draft_init(&d);
	rq.message_ids = v;
	rq.n_message_ids = n;
	rq.count = asked;
	rq.device_id = whom->device;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RETRY;
	d.c.retry = &rq;
	return draft_send(e, &d, &to);
}

static int
ask(struct engine *e, const struct store_asking *whom)
{
	uint8_t ids[REPAIR_IDS_MAX][STORE_ID_LEN];
	struct store_repair rp;
	uint32_t asked;
	size_t n;
	int r = account_of_work(e, whom->account, whom->device, &rp);

	if (r != 0 || rp.asks >= REPAIR_ASKS)
		return r; /* in the next window */
	rp.asks++;
	r = renew(e, whom->account, whom->device, &rp);
	if (r == 0)
		r = store_repair_put(
		    e->store, whom->account, whom->device, &rp);
	if (r == 0)
		r = store_unreadable_take(e->store, whom, engine_now_ms(), ids,
		    REPAIR_IDS_MAX, &n, &asked);
	return r == 0 && n > 0 ? send_request(e, whom, ids, n, asked) : r;
}

uint64_t
repair_flush(struct engine *e)
{
	struct store_asking at, last;
	const struct store_asking *after = NULL;
	int r;

	while (
	    !e->failed && store_unreadable_device(e->store, after, &at) == 0) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, ask(e, &at));
		if (r != 0)
			return AGAIN_MS;
		last = at;
		after = &last;
	}
	return 0;
}

/* ---- answering ----------------------------------------------------------------------- */

/* Nothing to show under this id: a receipt, or a message that was deleted. */
static int
answer_nothing(struct engine *e, const struct repair_from *from,
    const uint8_t id[static STORE_ID_LEN])
{
	Sotto__Content__SessionReset reset =
	    SOTTO__CONTENT__SESSION_RESET__INIT;
	const struct outbox_for to = {.account = from->account};
	uint8_t wire[STORE_ID_LEN];
	struct draft d = {0};

	draft_init(&d);
	memcpy(wire, d.id, STORE_ID_LEN);
	memcpy(d.id, id, STORE_ID_LEN);
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RESET;
	d.c.reset = &reset;
	return draft_send_as(e, &d, wire, &to);
}

int
repair_may_have(struct engine *e, const struct repair_from *from,
    uint64_t when_ms, bool *yes)
{
	uint64_t now_ms = engine_now_ms();
	struct store_contact c;
	struct store_device d;
	int r = store_contact_get(e->store, from->account, &c);

	*yes = false;
	if (r == 0)
		r = store_device_get(e->store, from->account, from->device, &d);
	*yes = r == 0 && !c.blocked && when_ms >= c.key_changed_ms &&
	       when_ms + REPAIR_AGE_MS > now_ms &&
	       (from->device == DEVICELIST_PRIMARY || when_ms >= d.added_ms);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* Did this message go to them, and to the keys they have now? */
static int
is_theirs(struct engine *e, const struct repair_from *from,
    const struct store_message *m, bool *yes)
{
	struct store_chat chat;
	int r = store_chat_get(e->store, m->chat, &chat);

	*yes = false;
	if (r != 0)
		return r;
	*yes = chat.kind == STORE_CHAT_PERSON &&
	       (own_account(e, from->account) ||
		   memcmp(chat.peer, from->account, STORE_ID_LEN) == 0);
	store_chat_clear(&chat);
	return *yes ? repair_may_have(e, from, m->received_ms, yes) : 0;
}

/* What is still in the outbox was sealed for a session they do not have. */
static int
send_again(struct engine *e, const struct repair_from *from,
    const struct store_message *m)
{
	const bool own = own_account(e, from->account);
	struct outbox_for to = {
	    .account = from->account, .message = own ? 0 : m->id};
	uint8_t id[STORE_ID_LEN];
	struct store_chat chat;
	uint32_t times = 0;
	int r = store_resent_get(e->store, m->id, from->device, &times);

	if (r != 0 || times >= REPAIR_RESENDS_MAX)
		return r;
	r = store_resent_add(e->store, m->id, from->device);
	if (r == 0 && !own)
		r = store_outbox_drop_message(e->store, m->id);
	if (r == 0)
		r = store_chat_get(e->store, m->chat, &chat);
	if (r != 0)
		return r;
	if (own)
		to.chat = chat.peer;
	repair_wire_id(id, m->message_id, times + 1);
	r = repair_under_way(e, id) ? 0 : draft_send_text(e, m, id, &to);
	store_chat_clear(&chat);
	/* It could be viewed once, and they have had it. */
	return r == ERR_NOTFOUND ? answer_nothing(e, from, m->message_id) : r;
}

static int
answer_one(struct engine *e, const struct repair_from *from,
    const uint8_t id[static STORE_ID_LEN], bool *lost)
{
	struct store_message m;
	bool theirs, found;
	int64_t row;
	int r = group_receive_asked(e, from, id, &found);

	if (r == 0 && !found)
		r = status_send_asked(e, from, id, &found);
	if (r == 0 && !found)
		r = sentlog_answer(e, from, id, &found);
	if (r != 0 || found)
		return r;
	r = store_message_find(e->store, e->self.account, id, &row);
	if (r == ERR_NOTFOUND) {
		*lost = true;
		return answer_nothing(e, from, id);
	}
	if (r == 0)
		r = store_message_get(e->store, row, &m);
	if (r != 0)
		return r;
	r = is_theirs(e, from, &m, &theirs);
	if (r == 0 && theirs)
		r = send_again(e, from, &m);
	store_message_clear(&m);
	return r;
}

/* What had nothing to show may have been a receipt: the newest of their
 * messages get theirs again. */
static int
owe_again(struct engine *e, const struct repair_from *from)
{
	struct store_messages page;
	int64_t chat;
	size_t i;
	int r =
	    store_chat_find(e->store, STORE_CHAT_PERSON, from->account, &chat);

	if (r == 0)
		r = store_message_before(
		    e->store, chat, 0, RECEIPT_IDS_MAX, &page);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	for (i = 0; r == 0 && i < page.n; i++)
		if (page.v[i].dir == STORE_IN &&
		    page.v[i].state == STORE_MSG_RECEIVED)
			r = store_due_put(e->store, from->account,
			    page.v[i].message_id, STORE_DUE_DELIVERED);
	store_messages_clear(&page);
	return r;
}

static int
answer_all(struct engine *e, const struct repair_from *from,
    const Sotto__Content__RetryRequest *rq, struct store_repair *rp)
{
	bool lost = false;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < rq->n_message_ids && i < REPAIR_IDS_MAX &&
		    rp->answers < REPAIR_ANSWERS;
	     i++) {
		if (rq->message_ids[i].len != STORE_ID_LEN)
			continue;
		rp->answers++;
		r = answer_one(e, from, rq->message_ids[i].data, &lost);
	}
	return r == 0 && lost ? owe_again(e, from) : r;
}

int
repair_answer(struct engine *e, const struct repair_from *from,
    const Sotto__Content__RetryRequest *rq)
{
	struct store_repair rp;
	int r;

	if (rq->device_id != e->self.device)
		return 0; /* another device of ours has sent it */
	r = account_of_work(e, from->account, from->device, &rp);
	/* They came to us by a session that works; if what we send over it does
	 * not, ours may be at fault. */
	if (r == 0 && rq->count > 2)
		r = renew(e, from->account, from->device, &rp);
	if (r == 0)
		r = answer_all(e, from, rq, &rp);
	return r == 0 ? store_repair_put(
			    e->store, from->account, from->device, &rp)
		      : r;
}
