/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presence.c — who is here and who types. Opt-in both ways: only who shares
 * asks. Kept in memory alone, but for the last time somebody was seen.
 */
#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"

#define TYPING_SHOWN_MS 8000
#define SUBSCRIBE_MAX	1000

struct peer_presence *
presence_get(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	struct peer_presence *v;
	size_t i;

	for (i = 0; i < e->n_peers; i++)
		if (memcmp(e->peers[i].account, account, STORE_ID_LEN) == 0)
			return &e->peers[i];
	v = realloc(e->peers, (e->n_peers + 1) * sizeof(*v));
	if (v == NULL)
		return NULL;
	e->peers = v;
	v += e->n_peers++;
	*v = (struct peer_presence){0};
	memcpy(v->account, account, STORE_ID_LEN);
	return v;
}

const struct peer_presence *
presence_of(const struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	size_t i;

	for (i = 0; i < e->n_peers; i++)
		if (memcmp(e->peers[i].account, account, STORE_ID_LEN) == 0)
			return &e->peers[i];
	return NULL;
}

static void
show_chat(struct engine *e, enum store_chat_kind kind,
    const uint8_t peer[static STORE_ID_LEN])
{
	int64_t chat;

	if (store_chat_find(e->store, kind, peer, &chat) == 0 &&
	    chat_changed(e, chat) == ERR_IO)
		event_post_fatal(e, ERR_IO, store_error(e->store));
}

/* The row is drawn anew where there is a chat; also that of the group in which
 * they type, or did. */
static void
show(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	const struct peer_presence *p = presence_of(e, account);

	show_chat(e, STORE_CHAT_PERSON, account);
	if (p != NULL && p->typing_in_group)
		show_chat(e, STORE_CHAT_GROUP, p->group);
}

/* ---- ours ----------------------------------------------------------------------- */

static void
on_set(void *ctx, const struct link_reply *reply)
{
	(void)ctx; /* done anew at the next connection */
	(void)reply;
}

static void
subscribe(struct engine *e, ProtobufCBinaryData *accounts, size_t n)
{
	Sotto__Relay__SubscribePresenceRequest sub =
	    SOTTO__RELAY__SUBSCRIBE_PRESENCE_REQUEST__INIT;
	Sotto__Relay__SetPresenceRequest set =
	    SOTTO__RELAY__SET_PRESENCE_REQUEST__INIT;

	set.share = e->self.share_presence;
	set.share_last_seen = e->self.share_presence;
	set.allowed = accounts;
	set.n_allowed = n;
	sub.accounts = accounts;
	sub.n_accounts = n;
	if (ask_relay(e, METHOD_SET_PRESENCE, &set.base, on_set, e) == 0 &&
	    e->self.share_presence && n > 0 &&
	    ask_relay(e, METHOD_SUBSCRIBE_PRESENCE, &sub.base, on_set, e) != 0)
		link_retry_now(e->link);
}

void
presence_start(struct engine *e)
{
	ProtobufCBinaryData accounts[SUBSCRIBE_MAX];
	struct store_contact *v = NULL;
	size_t i, n = 0, kept = 0;

	if (!connection_online(e) || !e->self.registered)
		return;
	if (store_contact_list(e->store, &v, &n) != 0)
		return;
	for (i = 0; i < n && kept < SUBSCRIBE_MAX; i++)
		if (!v[i].blocked)
			accounts[kept++] =
			    (ProtobufCBinaryData){STORE_ID_LEN, v[i].account};
	subscribe(e, accounts, kept);
	free(v);
}

/* ---- theirs ----------------------------------------------------------------------- */

static void
event_item(struct engine *e, const Sotto__Relay__PresenceEvent__Item *it)
{
	struct peer_presence *p;

	if (it->account_id.len != STORE_ID_LEN || !e->self.share_presence)
		return;
	p = presence_get(e, it->account_id.data);
	if (p == NULL)
		return;
	p->online = it->online;
	p->last_seen_ms = it->last_seen_ms;
	if (!it->online)
		p->typing_until_ms = 0;
	/* ERR_NOTFOUND: somebody who is no contact (any more) */
	if (it->last_seen_ms != 0 &&
	    store_contact_set_seen(
		e->store, it->account_id.data, it->last_seen_ms) == ERR_IO)
		event_post_fatal(e, ERR_IO, store_error(e->store));
	show(e, it->account_id.data);
}

void
presence_event(struct engine *e, const uint8_t *body, size_t len)
{
	Sotto__Relay__PresenceEvent *pe =
	    sotto__relay__presence_event__unpack(NULL, len, body);
	size_t i;

	if (pe == NULL)
		return;
	for (i = 0; i < pe->n_items; i++)
		event_item(e, pe->items[i]);
	sotto__relay__presence_event__free_unpacked(pe, NULL);
}

void
presence_link_lost(struct engine *e)
{
	size_t i;
	bool was;

	for (i = 0; i < e->n_peers; i++) {
		was = e->peers[i].online || e->peers[i].typing_until_ms != 0;
		e->peers[i].online = false;
		e->peers[i].typing_until_ms = 0;
		if (was && e->store != NULL)
			show(e, e->peers[i].account);
	}
}

void
presence_heard(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	struct peer_presence *p = presence_get(e, account);

	if (p != NULL)
		p->heard_ms = engine_now_ms();
}

/* ---- typing ------------------------------------------------------------------------- */

static void typing_timer(struct engine *e);

static void
on_typing_timer(uv_timer_t *timer)
{
	struct engine *e = timer->data;
	uint64_t now = engine_now_ms();
	size_t i;

	for (i = 0; i < e->n_peers; i++) {
		if (e->peers[i].typing_until_ms == 0 ||
		    e->peers[i].typing_until_ms > now)
			continue;
		e->peers[i].typing_until_ms = 0;
		show(e, e->peers[i].account);
	}
	typing_timer(e);
}

/* Runs only while somebody types: an idle client does not wake up. */
static void
typing_timer(struct engine *e)
{
	uint64_t now = engine_now_ms(), next = UINT64_MAX;
	size_t i;

	for (i = 0; i < e->n_peers; i++)
		if (e->peers[i].typing_until_ms != 0 &&
		    e->peers[i].typing_until_ms < next)
			next = e->peers[i].typing_until_ms;
	if (next == UINT64_MAX)
		uv_timer_stop(&e->timer);
	else
		uv_timer_start(
		    &e->timer, on_typing_timer, next > now ? next - now : 0, 0);
}

bool
presence_types_in(
    const struct engine *e, const uint8_t group[static STORE_ID_LEN])
{
	size_t i;

	for (i = 0; i < e->n_peers; i++)
		if (e->peers[i].typing_until_ms != 0 &&
		    e->peers[i].typing_in_group &&
		    memcmp(e->peers[i].group, group, STORE_ID_LEN) == 0)
			return true;
	return false;
}

static void
end_typing(struct engine *e, struct peer_presence *p)
{
	p->typing_until_ms = 0;
	show(e, p->account);
	p->typing_in_group = false;
}

void
presence_typing_in(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const uint8_t group[static STORE_ID_LEN], bool started)
{
	struct peer_presence *p = presence_get(e, account);
	bool here;

	if (p == NULL)
		return;
	here = p->typing_until_ms != 0 && p->typing_in_group &&
	       memcmp(p->group, group, STORE_ID_LEN) == 0;
	if (!started && !here)
		return;
	if (p->typing_until_ms != 0 && (!here || !started))
		end_typing(e, p);
	if (started) {
		p->typing_until_ms = engine_now_ms() + TYPING_SHOWN_MS;
		p->typing_in_group = true;
		memcpy(p->group, group, STORE_ID_LEN);
		if (!here)
			show(e, account);
	}
	typing_timer(e);
}

void
presence_typing(
    struct engine *e, const uint8_t account[static STORE_ID_LEN], bool started)
{
	struct peer_presence *p = presence_get(e, account);
	bool was;

	if (p == NULL)
		return;
	was = p->typing_until_ms != 0 && !p->typing_in_group;
	if (p->typing_in_group && !started)
		return; /* that is elsewhere */
	if (p->typing_in_group && p->typing_until_ms != 0)
		end_typing(e, p);
	p->typing_in_group = false;
	p->typing_until_ms = started ? engine_now_ms() + TYPING_SHOWN_MS : 0;
	if (was != started)
		show(e, account);
	typing_timer(e);
}
