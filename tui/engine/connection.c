/* SPDX-License-Identifier: GPL-3.0-or-later */
/* connection.c — the engine's side of the relay link: who is told what when
 * it comes and goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/text.h"
#include "tui/engine/account_care.h"
#include "tui/engine/event.h"
#include "tui/engine/group.h"
#include "tui/engine/linking.h"
#include "tui/engine/media.h"
#include "tui/net/libcurl.h"

#define GOODBYE_HOLD_MS 1000 /* when the relay names no time */
#define HOLD_BACK_NS	(150 * 1000000ull) /* a picture is given so long */

static enum conn_state
conn_of(enum link_state s)
{
	switch (s) {
	case LINK_OPEN:
		return CONN_ONLINE;
	case LINK_CONNECTING:
		return CONN_CONNECTING;
	case LINK_STOPPED:
	case LINK_OFFLINE:
		break;
	}
	return CONN_OFFLINE;
}

static void
tell_state(struct engine *e, const struct link_status *st)
{
	struct engine_event *ev = event_new(e, EV_CONN, 0);

	if (ev == NULL)
		return;
	ev->conn = conn_of(st->state);
	ev->code = st->err;
	ev->text = sentence_of(st->reason);
	ev->retry_after_ms = st->retry_ms;
	event_post(e, ev);
}

static void
on_state(void *ctx, const struct link_status *st)
{
	struct engine *e = ctx;

	if (e->stopping) {
		if (st->state == LINK_STOPPED)
			engine_finish(e);
		return;
	}
	if (e->self.registered)
		tell_state(e, st);
	if (st->state == LINK_OPEN) {
		linking_link_open(e);
		if (!e->self.registered) {
			register_link_open(e);
			return;
		}
		account_upkeep(e);
		account_care_open(e);
		contacts_confirm(e);
		presence_start(e);
		groups_online(e);
		media_link_open(e);
		outbox_kick(e);
		if (e->sync_total == 0)
			inbox_drained(e);
		return;
	}
	outbox_link_lost(e);
	groups_link_lost(e);
	inbox_link_lost(e);
	presence_link_lost(e);
	if (st->state != LINK_CONNECTING) {
		linking_link_lost(e, st->err, st->reason);
		register_link_failed(e, st->err, st->reason);
	}
}

static void
device_removed(struct engine *e)
{
	struct engine_event *ev = event_new(e, EV_REMOVED, 0);

	link_stop(e->link);
	if (ev == NULL)
		return;
	ev->text = strdup("This device is no longer part of the account, or "
			  "the account is gone. What it holds can be wiped; "
			  "register or link it again to go on.");
	event_post(e, ev);
}

static void
on_hello(void *ctx, const uint8_t *body, size_t len)
{
	Sotto__Relay__HelloResponse *h =
	    sotto__relay__hello_response__unpack(NULL, len, body);
	struct engine *e = ctx;

	if (h == NULL)
		return;
	free(e->self.relay_name);
	e->self.relay_name = sentence_of(h->relay_name);
	e->reg.by_invite = strcmp(h->registration, "invite") == 0;
	e->one_time_left = h->one_time_pre_keys_left;
	e->kyber_left = h->kyber_pre_keys_left;
	e->has_report_key = h->report_key.len == sizeof(e->report_key);
	if (e->has_report_key)
		memcpy(
		    e->report_key, h->report_key.data, sizeof(e->report_key));
	e->sync_done = 0;
	e->drained = false;
	e->sync_total = h->queued_messages > UINT32_MAX
			    ? UINT32_MAX
			    : (uint32_t)h->queued_messages;
	if (e->self.registered &&
	    (h->device_removed || h->account_id.len == 0 ||
		h->device_id != e->self.device))
		device_removed(e);
	sotto__relay__hello_response__free_unpacked(h, NULL);
}

static void
on_goodbye(struct engine *e, const uint8_t *body, size_t len)
{
	Sotto__Relay__GoodbyeEvent *g =
	    sotto__relay__goodbye_event__unpack(NULL, len, body);
	uint32_t hold;

	if (g == NULL)
		return;
	hold = g->retry_after_ms > 0 ? g->retry_after_ms : GOODBYE_HOLD_MS;
	if (strcmp(g->reason, "revoked") == 0)
		device_removed(e);
	else
		link_hold(e->link, hold);
	sotto__relay__goodbye_event__free_unpacked(g, NULL);
}

static void
on_event(void *ctx, uint16_t method, const uint8_t *body, size_t len)
{
	struct engine *e = ctx;

	if (e->failed)
		return;
	if (method == EVENT_LINK)
		linking_event(e, body, len);
	if (!e->self.registered)
		return;
	switch (method) {
	case EVENT_DELIVER:
		inbox_deliver(e, body, len);
		break;
	case EVENT_PRESENCE:
		presence_event(e, body, len);
		break;
	case EVENT_GOODBYE:
		on_goodbye(e, body, len);
		break;
	default: /* a later relay's; not for us */
		break;
	}
}

/* Show the person the key and wait for engine_relay_key(). */
static bool
on_relay_key(void *ctx, const struct noise_public *key, bool changed)
{
	struct engine_event *ev;
	struct engine *e = ctx;
	char hex[2 * NOISE_KEY_LEN + 1];

	e->offered = *key;
	e->offered_set = true;
	sodium_bin2hex(hex, sizeof(hex), key->b, sizeof(key->b));
	ev = event_new(e, EV_RELAY_KEY, 0);
	if (ev == NULL)
		return false;
	ev->changed = changed;
	ev->text = strdup(hex);
	event_post(e, ev);
	return false;
}

static size_t
hello_body(uint8_t *out, size_t cap)
{
	Sotto__Relay__HelloRequest h = SOTTO__RELAY__HELLO_REQUEST__INIT;
	char client[] = "sotto " SOTTO_VERSION;

	h.client = client;
	h.protocol = 1;
	if (sotto__relay__hello_request__get_packed_size(&h) > cap)
		return 0;
	return sotto__relay__hello_request__pack(&h, out);
}

int
connection_open(struct engine *e, const struct uri *u)
{
	static const struct link_events events = {
	    .on_state = on_state,
	    .on_hello = on_hello,
	    .on_event = on_event,
	    .on_relay_key = on_relay_key,
	};
	uint8_t hello[LINK_HELLO_MAX];
	struct noise_public relay;
	struct link_opts o = {
	    .host = u->host,
	    .port = u->port,
	    .proxy = e->proxy,
	    .me = &e->keys->noise,
	    .hello = hello,
	};
	int r;

	o.hello_len = hello_body(hello, sizeof(hello));
	if (u->has_key) {
		memcpy(relay.b, u->key, sizeof(relay.b));
		o.relay = &relay;
	}
	connection_close(e);
	r = link_new(&e->link, &e->loop, &o, &events, e);
	if (r == 0 && !e->opts.offline)
		link_start(e->link);
	return r;
}

/* ---- the first dial -------------------------------------------------------- */

static void
dial_home(struct engine *e)
{
	const struct store_account *row = &e->keys->row;
	struct uri u;
	int r = uri_parse(row->relay_uri, &u, NULL);

	if (r == 0) {
		u.has_key = row->has_relay_key;
		memcpy(u.key, row->relay_key, sizeof(u.key));
		r = connection_open(e, &u);
	}
	if (r != 0)
		reply_error(e, 0, r, "The relay's address is not usable: %s.",
		    err_str(r));
}

/*
 * Thirty libraries come with libcurl: a core's work for 20 ms, and page tables
 * that all threads share. The picture goes first, unless it takes long: the
 * person's passphrase does.
 */
static void
hold_back(struct engine *e)
{
	uint64_t until = uv_hrtime() + HOLD_BACK_NS, now;

	uv_mutex_lock(&e->lock);
	while (!e->shown && !e->stop && (now = uv_hrtime()) < until)
		uv_cond_timedwait(&e->showing, &e->lock, until - now);
	uv_mutex_unlock(&e->lock);
}

static void
load(void *arg)
{
	struct engine *e = arg;

	if (e->opts.picture_first)
		hold_back(e);
	(void)libcurl_get(); /* whether it worked, the first dial tells */
	uv_mutex_lock(&e->lock);
	e->loaded = true;
	uv_mutex_unlock(&e->lock);
	uv_async_send(&e->async);
}

void
connection_prepare(struct engine *e)
{
	e->loading =
	    !e->opts.offline && uv_thread_create(&e->loader, load, e) == 0;
}

void
connection_shown(struct engine *e)
{
	if (!e->loading)
		return;
	uv_mutex_lock(&e->lock);
	e->shown = true;
	uv_cond_signal(&e->showing);
	uv_mutex_unlock(&e->lock);
}

void
connection_unprepare(struct engine *e)
{
	if (e->loading)
		uv_thread_join(&e->loader);
	e->loading = false;
	e->dial_when_loaded = false;
}

void
connection_loaded(struct engine *e)
{
	bool loaded, dial = e->dial_when_loaded && !e->stopping;

	uv_mutex_lock(&e->lock);
	loaded = e->loaded;
	uv_mutex_unlock(&e->lock);
	if (!loaded || !e->loading)
		return;
	connection_unprepare(e);
	if (dial)
		dial_home(e);
}

void
connection_dial(struct engine *e)
{
	if (e->loading)
		e->dial_when_loaded = true;
	else
		dial_home(e);
}

void
connection_close(struct engine *e)
{
	link_free(e->link);
	e->link = NULL;
}

bool
connection_online(const struct engine *e)
{
	return e->link != NULL && link_state(e->link) == LINK_OPEN;
}

void
cmd_reconnect(struct engine *e, struct cmd *c)
{
	if (e->link != NULL && !e->opts.offline) {
		if (link_state(e->link) == LINK_STOPPED)
			link_start(e->link);
		else
			link_retry_now(e->link);
	}
	reply_done(e, c->tag);
}
