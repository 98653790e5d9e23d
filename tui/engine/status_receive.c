/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status_receive.c — posts on their way in, and who saw ours. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/content.h"
#include "tui/engine/repair.h"
#include "tui/engine/sender_keys.h"
#include "tui/engine/status.h"

typedef Sotto__Relay__DeliverEvent__Item item;

/* Who posted something, and by which device. */
struct sender {
	const uint8_t *account; /* STORE_ID_LEN bytes, borrowed */
	uint32_t device;
	uint64_t expires_ms; /* by the relay's clock; 0: it says nothing */
	bool own; /* another device of ours */
};

static struct sender
sender_of(const struct engine *e, const item *it)
{
	return (struct sender){.account = it->sender_account.data,
	    .device = it->sender_device,
	    .expires_ms = it->expires_ms,
	    .own = own_account(e, it->sender_account.data)};
}

/* Posts of strangers, and of whom we have blocked, are none to us. */
static int
is_welcome(struct engine *e, const struct sender *s, bool *yes)
{
	struct store_status_person p;
	int r;

	*yes = s->own;
	if (s->own)
		return 0;
	r = store_status_person(e->store, s->account, &p);
	*yes = r == 0 && p.contact;
	return r;
}

/* A store that fails is ours to report, whatever the post was. */
static bool
store_trouble(int r)
{
	return r == ERR_IO || r == ERR_NOMEM || r == ERR_SYS;
}

/* ---- what it says ---------------------------------------------------------------- */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * 24 hours after it was posted; after it came, if their clock is ahead of ours;
 * when it ends on the relay, if that is sooner. A relay that gives out what is
 * over by our clock has another one: it says nothing about this.
 */
static void
date(struct store_status *st, const struct sender *s, uint64_t sent_ms)
{
	uint64_t now_ms = engine_now_ms();

	st->expires_ms = least(sent_ms, now_ms) + STORE_STATUS_LIFE_MS;
	if (s->expires_ms > now_ms)
		st->expires_ms = least(st->expires_ms, s->expires_ms);
	st->posted_ms = st->expires_ms - STORE_STATUS_LIFE_MS;
}

static int
take_post(struct engine *e, const struct sender *s,
    const Sotto__Content__Content *c, const Sotto__Content__StatusPost *p)
{
	struct store_status st = {.device = s->device,
	    .state = s->own ? STORE_STATUS_SENT : STORE_STATUS_RECEIVED,
	    .kind = p->kind,
	    .seen = s->own};
	int64_t id;
	int r;

	date(&st, s, c->sent_ms);
	if (st.expires_ms <= engine_now_ms())
		return 0;
	memcpy(st.account, s->account, STORE_ID_LEN);
	memcpy(st.message_id, c->message_id.data, STORE_ID_LEN);
	st.text = clean_text(p->text, STORE_STATUS_TEXT_MAX, TEXT_MULTI);
	r = st.text == NULL ? ERR_NOMEM : store_status_add(e->store, &st, &id);
	store_status_clear(&st);
	if (r == 0)
		r = status_added(e, id, 0);
	/* there already; more of one account than anybody looks at */
	return r == ERR_EXISTS || r == ERR_FULL ? 0 : r;
}

static int
take_gone(struct engine *e, const struct sender *s,
    const Sotto__Content__StatusGone *g)
{
	int64_t id;
	int r;

	if (g->message_id.len != STORE_ID_LEN)
		return 0;
	r = store_status_find(e->store, s->account, g->message_id.data, &id);
	if (r == 0)
		r = status_remove(e, id);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* Only those it went to can have seen it. */
static int
take_view(struct engine *e, const struct sender *s,
    const uint8_t message_id[static STORE_ID_LEN], uint64_t when_ms)
{
	struct store_viewer v = {.viewed_ms = least(when_ms, engine_now_ms())};
	bool had = false, news = false;
	int64_t id;
	int r = store_status_find(e->store, e->self.account, message_id, &id);

	if (r == 0)
		r = store_status_audience_has(e->store, id, s->account, &had);
	if (r != 0 || !had)
		return r == ERR_NOTFOUND ? 0 : r;
	memcpy(v.account, s->account, STORE_ID_LEN);
	r = store_status_view_put(e->store, id, &v, &news);
	return r == 0 && news ? status_changed(e, id) : r;
}

static int
take_seen(struct engine *e, const struct sender *s,
    const Sotto__Content__StatusSeen *seen)
{
	size_t i;
	int r = 0;

	for (i = 0;
	     r == 0 && i < seen->n_message_ids && i < STORE_STATUS_VIEW_IDS;
	     i++)
		if (seen->message_ids[i].len == STORE_ID_LEN)
			r = take_view(
			    e, s, seen->message_ids[i].data, seen->when_ms);
	return r;
}

static int
take(struct engine *e, const struct sender *s, const Sotto__Content__Content *c)
{
	const Sotto__Content__Status *m = c->status;

	switch (m->what_case) {
	case SOTTO__CONTENT__STATUS__WHAT_POST:
		return take_post(e, s, c, m->post);
	case SOTTO__CONTENT__STATUS__WHAT_GONE:
		return take_gone(e, s, m->gone);
	default: /* a later client's, or a view, which comes over a session */
		return 0;
	}
}

/* ---- what came --------------------------------------------------------------------- */

static int
take_opened(struct engine *e, const struct sender *s, const struct buf *pt)
{
	Sotto__Content__Content *c = NULL;
	int r = 0;

	if (content_open(pt->p, pt->len, &c) != 0)
		return 0; /* says nothing we know, but the chain has moved */
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_STATUS &&
	    c->group_id.len == 0 && c->sync == NULL)
		r = take(e, s, c);
	content_free(c);
	return r;
}

int
status_receive_item(struct engine *e, const item *it, bool *unreadable)
{
	const struct sender s = sender_of(e, it);
	const struct sender_keys_of of = {
	    s.account, s.device, store_status_list};
	struct buf pt;
	bool yes;
	int r = is_welcome(e, &s, &yes);

	*unreadable = false;
	if (r != 0 || !yes)
		return r;
	r = sender_keys_open(
	    e, &of, it->ciphertext.data, it->ciphertext.len, &pt);
	if (r == ERR_DENIED)
		return 0; /* nobody wrote it */
	if (r != 0) {
		*unreadable = !store_trouble(r) && it->seq != 0;
		return store_trouble(r) ? r : 0;
	}
	r = take_opened(e, &s, &pt);
	buf_clear(&pt);
	return r;
}

int
status_receive_content(
    struct engine *e, const item *it, const Sotto__Content__Content *c)
{
	const struct sender s = sender_of(e, it);
	const struct sender_keys_of of = {
	    s.account, s.device, store_status_list};
	bool yes;
	int r;

	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_STATUS &&
	    c->status->what_case == SOTTO__CONTENT__STATUS__WHAT_SEEN)
		return s.own ? 0 : take_seen(e, &s, c->status->seen);
	r = is_welcome(e, &s, &yes);
	if (r != 0 || !yes)
		return r;
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_STATUS)
		return take(e, &s, c);
	r = sender_keys_take(e, &of, c->sender_key->distribution.data,
	    c->sender_key->distribution.len);
	return store_trouble(r) ? r : 0;
}
