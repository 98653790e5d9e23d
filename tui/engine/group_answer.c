/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_answer.c — our messages to groups, afterwards: sent again to who asks,
 * and told by whom they were got and read. */
#include <stdlib.h>
#include <string.h>

#include "tui/engine/draft.h"
#include "tui/engine/group.h"
#include "tui/engine/group_receive.h"
#include "tui/engine/group_send.h"
#include "tui/engine/repair.h"
#include "tui/store/store_sender_key.h"
#include "tui/store/store_sent.h"

/* ---- again ------------------------------------------------------------------- */

/* Were they in it when it was sent, and are they still? */
static int
was_member(struct engine *e, const struct store_group_sent *sent,
    const uint8_t *account, bool *yes)
{
	struct group_member m;
	struct group_view v;
	int r = group_view_get(e, sent->group, &v);

	*yes = false;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	*yes =
	    group_public_find(&v.pub, account, &m) && m.since <= sent->version;
	group_view_clear(&v);
	return 0;
}

static int
send_text_again(struct engine *e, int64_t id, const uint8_t *wire,
    const struct outbox_for *to)
{
	struct store_message m;
	int r = store_message_get(e->store, id, &m);

	if (r != 0)
		return r;
	r = m.kind == STORE_MSG_DELETED ? ERR_NOTFOUND
					: draft_send_text(e, &m, wire, to);
	store_message_clear(&m);
	return r;
}

static int
send_content_again(struct engine *e, const struct store_group_sent *sent,
    const uint8_t *wire, const struct outbox_for *to)
{
	struct store_sent row;
	struct buf b;
	int r = store_sent_get(e->store, sent->message_id, sent->group, &row);

	if (r != 0)
		return r;
	b = (struct buf){.p = row.content, .len = row.len};
	r = outbox_add(e, to, &b, wire);
	store_sent_clear(&row);
	return r;
}

/* Pairwise, to that account: what was sent once is sealed for all. */
static int
send_again(struct engine *e, const struct repair_from *from,
    const struct store_group_sent *sent, uint32_t times)
{
	const struct outbox_for to = {
	    .account = from->account, .group = sent->group};
	uint8_t wire[STORE_ID_LEN];
	int64_t id;
	int r = store_message_find(
	    e->store, e->self.account, sent->message_id, &id);

	repair_wire_id(wire, sent->message_id, times + 1);
	if (repair_under_way(e, wire))
		return 0;
	if (r == 0)
		return send_text_again(e, id, wire, &to);
	return r == ERR_NOTFOUND ? send_content_again(e, sent, wire, &to) : r;
}

static int
answer(struct engine *e, const struct repair_from *from,
    const struct store_group_sent *sent, bool *found)
{
	uint32_t times = 0;
	bool yes = false;
	int r = was_member(e, sent, from->account, &yes);

	if (r == 0 && yes)
		r = repair_may_have(e, from, sent->sent_ms, &yes);
	if (r == 0 && yes)
		r = store_again_get(e->store, sent->message_id, from->account,
		    from->device, &times);
	if (r != 0 || !yes || times >= REPAIR_RESENDS_MAX)
		return r;
	r = store_again_add(e->store, sent->message_id, from->account,
	    from->device, engine_now_ms());
	/* What they could not open the next one they can. */
	if (r == 0)
		r = group_send_key_lost(
		    e, sent->group, from->account, from->device);
	if (r == 0)
		r = send_again(e, from, sent, times);
	*found = r != ERR_NOTFOUND;
	return *found ? r : 0;
}

int
group_receive_asked(struct engine *e, const struct repair_from *from,
    const uint8_t message_id[static STORE_ID_LEN], bool *ours)
{
	struct store_group_sent sent;
	int r = store_group_sent_get(e->store, message_id, &sent);

	*ours = r == 0;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	return answer(e, from, &sent, ours);
}

/* ---- receipts ---------------------------------------------------------------- */

/* How many others are in it who were when it was sent. */
static size_t
count_others(
    const struct engine *e, const struct group_view *v, uint32_t version)
{
	struct group_member m;
	size_t i, n = 0;

	for (i = 0; i < v->pub.n_members; i++) {
		group_public_member(&v->pub, i, &m);
		n += m.since <= version && !own_account(e, m.account);
	}
	return n;
}

/* Of those, how many have told so? Receipts are by account. */
static size_t
count_told(const struct engine *e, const struct group_view *v, uint32_t version,
    const struct store_receipt *rc, size_t n, bool read)
{
	const uint8_t *last = NULL;
	struct group_member m;
	size_t i, told = 0;

	for (i = 0; i < n; i++) {
		if (rc[i].read_ms == 0 && (read || rc[i].delivered_ms == 0))
			continue;
		if ((last != NULL &&
			memcmp(last, rc[i].account, STORE_ID_LEN) == 0) ||
		    own_account(e, rc[i].account) ||
		    !group_public_find(&v->pub, rc[i].account, &m) ||
		    m.since > version)
			continue;
		last = rc[i].account;
		told++;
	}
	return told;
}

/* The message moves on when everybody has it, and when everybody saw it. */
static int
move_on(struct engine *e, const struct group_receipt *rc,
    const struct group_view *v, uint32_t version)
{
	struct store_receipt *list = NULL;
	bool missing, moved = false;
	size_t n = 0, others = count_others(e, v, version);
	enum store_msg_state to;
	int r = store_receipt_list(e->store, rc->message, &list, &n);

	if (r != 0 || others == 0) {
		free(list);
		return r;
	}
	to = STORE_MSG_READ;
	missing = count_told(e, v, version, list, n, true) < others;
	if (missing) {
		to = STORE_MSG_DELIVERED;
		missing = count_told(e, v, version, list, n, false) < others;
	}
	free(list);
	if (missing)
		return 0;
	r = store_message_set_state(e->store, rc->message, to, &moved);
	return r == 0 && moved ? message_moved(e, rc->message) : r;
}

int
group_receive_receipt(struct engine *e, const struct group_receipt *rc)
{
	struct store_group_sent sent;
	struct group_view v;
	int r = store_group_sent_get(e->store, rc->message_id, &sent);

	if (r == 0)
		r = group_view_get(e, rc->group, &v);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (group_public_find(&v.pub, rc->account, NULL)) {
		r = store_receipt_note(e->store, rc->message, rc->account,
		    rc->device, rc->state, rc->when_ms);
		if (r == 0)
			r = move_on(e, rc, &v, sent.version);
	}
	group_view_clear(&v);
	return r == ERR_STATE ? 0 : r;
}
