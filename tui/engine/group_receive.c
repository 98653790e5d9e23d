/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_receive.c — messages of groups, on their way in. Who asks for ours
 * again, and who tells that they got them: group_answer.c. */
#include "tui/engine/group_receive.h"

#include <stdlib.h>
#include <string.h>

#include "tui/engine/action.h"
#include "tui/engine/arrive.h"
#include "tui/engine/content.h"
#include "tui/engine/group_room.h"
#include "tui/engine/repair.h"
#include "tui/store/store_due.h"

/* Who sent something to which group, and by which device. */
struct sender {
	const uint8_t *group, *account; /* STORE_ID_LEN bytes, borrowed */
	uint32_t device;
	const uint8_t *wire_id; /* the relay's */
	uint64_t received_ms;
	bool own; /* another device of ours */
};

enum verdict {
	VERDICT_MEMBER,
	VERDICT_STRANGER,
	VERDICT_LATER, /* only changes that we do not have can tell */
};

/* ---- may they write here? ---------------------------------------------------- */

static bool
head_sound(const Sotto__Content__GroupHead *h)
{
	return h != NULL && h->hash.len == GROUP_HASH_LEN;
}

static int
judge(struct engine *e, const struct sender *s,
    const Sotto__Content__GroupHead *head, enum verdict *out)
{
	enum group_place place = GROUP_SAME;
	struct group_view v;
	bool member;
	int r = group_view_get(e, s->group, &v);

	if (r == ERR_NOTFOUND) {
		*out = VERDICT_LATER;
		return 0;
	}
	if (r != 0)
		return r;
	member = group_public_find(&v.pub, s->account, NULL);
	group_view_clear(&v);
	if (head_sound(head))
		r = group_head_seen(e, s->group, s->account, head, &place);
	if (r != 0 && r != ERR_NOTFOUND && r != ERR_FORMAT)
		return r;
	*out = member			   ? VERDICT_MEMBER
	       : place == GROUP_THEY_AHEAD ? VERDICT_LATER
					   : VERDICT_STRANGER;
	return 0;
}

/* ---- what it says ------------------------------------------------------------ */

static int
add_text(struct engine *e, const struct sender *s,
    const Sotto__Content__Content *c, int64_t chat)
{
	struct store_message m = {.chat = chat,
	    .device = s->device,
	    .dir = s->own ? STORE_OUT : STORE_IN,
	    .state = s->own ? STORE_MSG_SENT : STORE_MSG_RECEIVED,
	    .received_ms = s->received_ms};

	memcpy(m.account, s->account, STORE_ID_LEN);
	return arrive_text(e, &m, c);
}

/* Another device of ours has sent it: whose receipts count is known here too. */
static int
note_own(
    struct engine *e, const struct sender *s, const Sotto__Content__Content *c)
{
	struct store_group_sent sent = {.sent_ms = s->received_ms,
	    .version = c->group_head != NULL ? c->group_head->version : 0};

	memcpy(sent.group, s->group, STORE_ID_LEN);
	memcpy(sent.message_id, c->message_id.data, STORE_ID_LEN);
	return store_group_sent_put(e->store, &sent);
}

/* In a large group nobody is told of every device that a message got to. */
static int
owe_delivered(struct engine *e, const struct sender *s, const uint8_t *id,
    struct group_took *took)
{
	struct store_contact c;
	struct group_view v;
	bool small;
	int r = group_view_get(e, s->group, &v);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	small = v.pub.n_members <= GROUP_RECEIPTS_MAX;
	group_view_clear(&v);
	if (!small)
		return 0;
	r = store_contact_get(e->store, s->account, &c);
	if (r != 0 || c.blocked)
		return r == ERR_NOTFOUND ? 0 : r;
	took->owes = true;
	return store_due_put(e->store, s->account, id, STORE_DUE_DELIVERED);
}

static int
on_text(struct engine *e, const struct sender *s,
    const Sotto__Content__Content *c, int64_t chat, struct group_took *took)
{
	const struct repair_from from = {.account = s->account,
	    .device = s->device,
	    .message_id = c->message_id.data,
	    .group = s->group};
	bool known = false;
	int r = repair_text(e, &from, &known);

	if (r == 0 && !known)
		r = add_text(e, s, c, chat);
	if (r != 0)
		return r;
	if (s->own)
		return note_own(e, s, c);
	presence_typing_in(e, s->account, s->group, false);
	return owe_delivered(e, s, c->message_id.data, took);
}

static int
deliver(struct engine *e, const struct sender *s,
    const Sotto__Content__Content *c, struct group_took *took)
{
	struct action_by by = {.account = s->account, .sent_ms = c->sent_ms};
	int r = group_chat(e, s->group, &by.chat);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_TEXT:
	case SOTTO__CONTENT__CONTENT__BODY_MEDIA:
		return on_text(e, s, c, by.chat, took);
	case SOTTO__CONTENT__CONTENT__BODY_EDIT:
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
		return action_take(e, &by, c);
	case SOTTO__CONTENT__CONTENT__BODY_TYPING:
		if (!s->own)
			presence_typing_in(
			    e, s->account, s->group, c->typing->started);
		return 0;
	default: /* a later client's, or nothing for a group */
		return 0;
	}
}

/* ---- until they can be judged ------------------------------------------------ */

static int
hold_content(
    struct engine *e, const struct sender *s, const Sotto__Content__Content *c)
{
	struct store_group_content held = {
	    .device = s->device, .received_ms = s->received_ms};
	struct buf b;
	int r;

	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_TYPING)
		return 0;
	memcpy(held.group, s->group, STORE_ID_LEN);
	memcpy(held.account, s->account, STORE_ID_LEN);
	memcpy(held.wire_id, s->wire_id, STORE_ID_LEN);
	buf_init(&b, CONTENT_MAX);
	r = content_seal(&b, c);
	if (r == 0) {
		held.content = b.p;
		held.len = b.len;
		r = store_group_content_add(e->store, &held);
	}
	buf_clear(&b);
	return r == ERR_FULL ? 0 : r; /* somebody floods us: it is lost */
}

static int
take(struct engine *e, const struct sender *s, const Sotto__Content__Content *c,
    struct group_took *took)
{
	enum verdict v;
	int r = judge(e, s, c->group_head, &v);

	if (r != 0)
		return r;
	switch (v) {
	case VERDICT_MEMBER:
		return deliver(e, s, c, took);
	case VERDICT_LATER:
		return hold_content(e, s, c);
	case VERDICT_STRANGER:
		took->refused = true;
		break;
	}
	return 0;
}

/* Has its group moved on since it was looked at? */
static bool
worth_a_look(struct engine *e, const uint8_t *group)
{
	struct group_room *g = group_room_get(e, group);
	struct store_group peek;

	if (g == NULL || store_group_peek(e->store, group, &peek) != 0)
		return false;
	return g->judged != (((uint64_t)peek.version << 8) | peek.standing);
}

static void
looked_at(struct engine *e, const uint8_t *group)
{
	struct group_room *g = group_room_get(e, group);
	struct store_group peek;

	if (g != NULL && store_group_peek(e->store, group, &peek) == 0)
		g->judged = ((uint64_t)peek.version << 8) | peek.standing;
}

static int
release(struct engine *e, const struct store_group_content *h,
    struct group_took *took)
{
	const struct sender s = {.group = h->group,
	    .account = h->account,
	    .device = h->device,
	    .wire_id = h->wire_id,
	    .received_ms = h->received_ms,
	    .own = own_account(e, h->account)};
	Sotto__Content__Content *c = NULL;
	enum verdict v = VERDICT_STRANGER;
	int r = content_open(h->content, h->len, &c);

	if (r == 0)
		r = judge(e, &s, c->group_head, &v);
	if (r == 0 && v == VERDICT_MEMBER)
		r = deliver(e, &s, c, took);
	if ((r == 0 && v != VERDICT_LATER) || r == ERR_FORMAT)
		r = store_group_content_delete(e->store, h->id);
	content_free(c);
	return r;
}

void
group_receive_held(struct engine *e)
{
	struct group_took took = {.owes = false};
	struct store_group_content h;
	int64_t after = 0;
	int r = 0;

	while (r == 0 && !e->failed &&
	       store_group_content_next(e->store, after, &h) == 0) {
		after = h.id;
		if (worth_a_look(e, h.group)) {
			r = txn_begin(e);
			if (r == 0)
				r = txn_end(e, release(e, &h, &took));
		}
		store_group_content_clear(&h);
	}
	for (after = 0; r == 0 && !e->failed &&
			store_group_content_next(e->store, after, &h) == 0;) {
		after = h.id;
		looked_at(e, h.group);
		store_group_content_clear(&h);
	}
}

/* ---- what came --------------------------------------------------------------- */

static struct sender
sender_of(const struct engine *e, const group_item *it, const uint8_t *group)
{
	return (struct sender){.group = group,
	    .account = it->sender_account.data,
	    .device = it->sender_device,
	    .wire_id = it->message_id.data,
	    .received_ms = engine_now_ms(),
	    .own = own_account(e, it->sender_account.data)};
}

static int
know_sender(struct engine *e, const struct sender *s,
    const Sotto__Content__Content *c, struct group_took *took)
{
	const Sotto__Content__Profile *who = s->own ? NULL : c->profile;
	struct store_contact contact;
	int r = contact_ensure(e, s->account, who != NULL ? who->phone : NULL,
	    who != NULL ? who->name : NULL, &contact);

	if (r == 0 && !contact.phone_known && contact.phone[0] != '\0')
		took->claims = true;
	return r;
}

static bool
is_for(const Sotto__Content__Content *c, const uint8_t *group)
{
	return c->group_id.len == STORE_ID_LEN && c->sync == NULL &&
	       memcmp(c->group_id.data, group, STORE_ID_LEN) == 0;
}

static int
take_opened(struct engine *e, const struct sender *s, const struct buf *pt,
    struct group_took *took)
{
	Sotto__Content__Content *c = NULL;
	int r;

	if (content_open(pt->p, pt->len, &c) != 0)
		return 0; /* says nothing we know, but the chain has moved */
	if (!is_for(c, s->group)) {
		took->refused = true; /* a relay has put it elsewhere */
		content_free(c);
		return 0;
	}
	r = know_sender(e, s, c, took);
	if (r == 0)
		r = take(e, s, c, took);
	content_free(c);
	return r;
}

/* A store that fails is ours to report, whatever the message was. */
static bool
store_trouble(int r)
{
	return r == ERR_IO || r == ERR_NOMEM || r == ERR_FULL || r == ERR_SYS;
}

/* It did not open. Shown so if they may write here; the relay names them. */
static int
not_opened(struct engine *e, const struct sender *s, struct group_took *took)
{
	enum verdict v;
	int r = judge(e, s, NULL, &v);

	if (r == 0 && v == VERDICT_MEMBER)
		took->unreadable = true;
	return r;
}

int
group_receive_item(
    struct engine *e, const group_item *it, struct group_took *took)
{
	const struct sender_keys_of of = {
	    it->sender_account.data, it->sender_device, it->group_id.data};
	struct sender s;
	struct buf pt;
	int r;

	if (it->group_id.len != STORE_ID_LEN ||
	    it->type != SIGNAL_SENDER_KEY_MESSAGE) {
		took->refused = true;
		return 0;
	}
	s = sender_of(e, it, it->group_id.data);
	r = sender_keys_open(
	    e, &of, it->ciphertext.data, it->ciphertext.len, &pt);
	if (r == ERR_DENIED) {
		took->refused = true;
		return 0;
	}
	if (r != 0)
		return store_trouble(r) ? r
		       : it->seq == 0	? 0
					: not_opened(e, &s, took);
	r = take_opened(e, &s, &pt, took);
	buf_clear(&pt);
	return r;
}

/* Their key. Of somebody who is no member, as far as we know, it is not kept.
 * Whether they are is asked anew for each message. */
static int
take_key(
    struct engine *e, const struct sender *s, const Sotto__Content__Content *c)
{
	const struct sender_keys_of of = {s->account, s->device, s->group};
	enum verdict v;
	int r = judge(e, s, c->group_head, &v);

	if (r != 0 || v == VERDICT_STRANGER)
		return r;
	r = sender_keys_take(e, &of, c->sender_key->distribution.data,
	    c->sender_key->distribution.len);
	return store_trouble(r) ? r : 0;
}

int
group_receive_content(struct engine *e, const group_item *it,
    const Sotto__Content__Content *c, struct group_took *took)
{
	struct sender s;

	if (c->group_id.len != STORE_ID_LEN || c->sync != NULL)
		return 0;
	s = sender_of(e, it, c->group_id.data);
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_SENDER_KEY:
		return take_key(e, &s, c);
	case SOTTO__CONTENT__CONTENT__BODY_TYPING:
		return 0; /* not over a session */
	default:
		return take(e, &s, c, took);
	}
}
