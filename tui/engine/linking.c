/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/linking.h"

#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "tui/engine/event.h"

static bool
is_trusted(const struct linking *k)
{
	return k->step >= LINKING_ANSWERED;
}

/* ---- beginning and end --------------------------------------------------------------- */

static void
on_timer(uv_timer_t *timer)
{
	struct engine *e = timer->data;
	struct linking *k = e->linking;

	if (k == NULL)
		return;
	if (engine_now_ms() >= k->until_ms)
		linking_end(e, ERR_EXPIRED,
		    "The ten minutes for linking are over. Begin anew.");
	else if (k->step == LINKING_LISTING)
		linking_new_poll(e);
	else
		linking_wait(e, LINKING_MS);
}

void
linking_wait(struct engine *e, uint64_t ms)
{
	uint64_t now = engine_now_ms(), left;

	left = e->linking->until_ms > now ? e->linking->until_ms - now : 0;
	uv_timer_start(&e->link_timer, on_timer, ms < left ? ms : left, 0);
}

bool
linking_start(struct engine *e, uint64_t tag, enum linking_step step)
{
	struct linking *k;

	if (e->linking != NULL)
		linking_end(e, ERR_CLOSED, "Another linking was begun.");
	k = sodium_malloc(sizeof(*k));
	if (k == NULL) {
		reply_error(e, tag, ERR_NOMEM, NULL);
		return false;
	}
	sodium_memzero(k, sizeof(*k));
	k->e = e;
	k->step = step;
	k->tag = tag;
	k->until_ms = engine_now_ms() + LINKING_MS;
	e->link_ctx = e;
	e->linking = k;
	linking_wait(e, LINKING_MS);
	return true;
}

static void
wipe(struct engine *e)
{
	uv_timer_stop(&e->link_timer);
	link_clear(&e->linking->channel);
	sodium_free(e->linking); /* which wipes it */
	e->linking = NULL;
	if (!e->self.registered)
		connection_close(e);
	else if (e->link != NULL)
		link_forget(e->link, &e->link_ctx);
}

void
linking_end(struct engine *e, int code, const char *text)
{
	struct linking *k = e->linking;
	struct engine_event *ev;

	if (is_trusted(k) && k->device != 0)
		linking_trusted_undo(e);
	ev = event_new(e, k->tag != 0 ? EV_ERROR : EV_LINK_ENDED, k->tag);
	wipe(e);
	if (ev == NULL)
		return;
	ev->code = code;
	ev->text = sentence_of(text);
	event_post(e, ev);
}

void
linking_done(struct engine *e)
{
	wipe(e);
}

void
linking_close(struct engine *e)
{
	if (e->linking != NULL)
		wipe(e);
}

/* ---- the mailbox ------------------------------------------------------------------------ */

static void
on_carried(void *ctx, const struct link_reply *reply)
{
	struct engine *e = *(struct engine **)ctx;

	if (e->linking != NULL && e->linking->step == LINKING_REFUSING) {
		reply_done(e, e->linking->tag);
		linking_done(e);
	}
	if (e->linking == NULL || reply->err == 0)
		return;
	if (reply->from_relay && reply->err == ERR_NOTFOUND)
		linking_end(e, ERR_NOTFOUND,
		    "That code is not valid any more, or was used already. "
		    "Show a new one on the new device.");
	else if (reply->from_relay)
		linking_end(e, reply->err, reply->text);
	else /* it may have arrived: the channel would not fit any more */
		linking_end(e, reply->err,
		    "The connection broke in the middle of linking. Begin "
		    "anew.");
}

static int
carry(struct engine *e, const struct buf *sealed)
{
	Sotto__Relay__LinkSendRequest req =
	    SOTTO__RELAY__LINK_SEND_REQUEST__INIT;

	req.mailbox =
	    (ProtobufCBinaryData){LINK_MAILBOX_LEN, e->linking->mailbox};
	req.blob = (ProtobufCBinaryData){sealed->len, sealed->p};
	return ask_relay(
	    e, METHOD_LINK_SEND, &req.base, on_carried, &e->link_ctx);
}

void
linking_say(struct engine *e, const Sotto__Link__LinkMessage *m)
{
	struct buf plain, sealed;
	int r = 0;

	buf_init(&plain, LINK_PAYLOAD_MAX);
	buf_init(&sealed, LINK_PAYLOAD_MAX + 1024);
	if (m != NULL)
		r = pack_into(&plain, &m->base);
	if (r == 0)
		r = link_write(
		    &e->linking->channel, plain.p, plain.len, &sealed);
	if (r == 0)
		r = carry(e, &sealed);
	if (plain.len > 0)
		sodium_memzero(plain.p, plain.len);
	buf_clear(&plain);
	buf_clear(&sealed);
	if (r == ERR_CLOSED)
		linking_end(e, r, "The relay is not connected. Begin anew.");
	else if (r != 0)
		linking_end(e, r, err_str(r));
}

void
linking_refuse(struct engine *e, uint64_t tag, const char *text)
{
	Sotto__Link__LinkMessage m = SOTTO__LINK__LINK_MESSAGE__INIT;
	Sotto__Link__Refused no = SOTTO__LINK__REFUSED__INIT;

	no.text = (char *)(uintptr_t)text;
	m.body_case = SOTTO__LINK__LINK_MESSAGE__BODY_REFUSED;
	m.refused = &no;
	e->linking->step = LINKING_REFUSING;
	e->linking->tag = tag;
	linking_say(e, &m);
}

void
linking_open(struct engine *e, link_reply_fn *cb)
{
	Sotto__Relay__LinkOpenRequest req =
	    SOTTO__RELAY__LINK_OPEN_REQUEST__INIT;
	struct linking *k = e->linking;
	int r;

	if (k->has_mailbox) {
		req.mailbox =
		    (ProtobufCBinaryData){LINK_MAILBOX_LEN, k->mailbox};
		req.after = k->number;
	}
	r = ask_relay(e, METHOD_LINK_OPEN, &req.base, cb, &e->link_ctx);
	if (r != 0)
		linking_end(e, r, err_str(r));
}

/* ---- the code --------------------------------------------------------------------------- */

void
linking_show_code(struct engine *e)
{
	struct linking *k = e->linking;
	struct engine_event *ev = event_new(e, EV_LINK_CODE, k->tag);
	char code[LINK_CODE_LEN + 1];

	if (ev == NULL)
		return;
	if (link_code(&k->channel, code) != 0) {
		engine_event_free(ev);
		linking_end(e, ERR_STATE, err_str(ERR_STATE));
		return;
	}
	k->tag = 0;
	ev->text = strdup(code);
	ev->name = strdup(k->name);
	ev->expires_ms = k->until_ms;
	sodium_memzero(code, sizeof(code));
	event_post(e, ev);
}

/* ---- what happens ------------------------------------------------------------------------- */

static void
on_reopened(void *ctx, const struct link_reply *reply)
{
	struct engine *e = *(struct engine **)ctx;

	if (e->linking != NULL && reply->err != 0 && reply->from_relay)
		linking_end(e, reply->err,
		    "The relay has given the linking up. Begin anew.");
}

void
linking_link_open(struct engine *e)
{
	struct linking *k = e->linking;

	if (k == NULL)
		return;
	if (k->step == LINKING_OPENING)
		linking_new_open(e);
	else if (k->step == LINKING_LISTING)
		linking_new_poll(e);
	else
		linking_open(e, on_reopened);
}

void
linking_link_lost(struct engine *e, int err, const char *reason)
{
	char text[512];

	if (e->linking == NULL || e->linking->step != LINKING_OPENING ||
	    err == ERR_UNTRUSTED)
		return; /* it comes back, or the time will be over */
	if (err == 0)
		err = ERR_CLOSED;
	snprintf(text, sizeof(text),
	    "Cannot reach the relay: %s. Check the address and the network, "
	    "then try again.",
	    reason[0] != '\0' ? reason : err_str(err));
	linking_end(e, err, text);
}

static void
take_blob(struct engine *e, const ProtobufCBinaryData *blob)
{
	struct buf plain;
	int r;

	buf_init(&plain, LINK_PAYLOAD_MAX);
	r = link_read(&e->linking->channel, blob->data, blob->len, &plain);
	if (r == ERR_NOMEM)
		linking_end(e, r, err_str(r));
	else if (r != 0)
		linking_end(e, ERR_AUTH,
		    "What came through the relay is not from the other "
		    "device. Nothing was shared. Begin anew.");
	else if (is_trusted(e->linking))
		linking_trusted_message(e, plain.p, plain.len);
	else
		linking_new_message(e, plain.p, plain.len);
	if (plain.len > 0)
		sodium_memzero(plain.p, plain.len);
	buf_clear(&plain);
}

void
linking_event(struct engine *e, const uint8_t *body, size_t len)
{
	Sotto__Relay__LinkEvent *ev;
	struct linking *k = e->linking;

	if (k == NULL || !k->has_mailbox)
		return;
	ev = sotto__relay__link_event__unpack(NULL, len, body);
	if (ev == NULL)
		return; /* no memory: it will not go on, and ends with time */
	if (ev->mailbox.len == LINK_MAILBOX_LEN &&
	    memcmp(ev->mailbox.data, k->mailbox, LINK_MAILBOX_LEN) == 0 &&
	    ev->number == k->number + 1) {
		k->number++;
		take_blob(e, &ev->blob);
	}
	sotto__relay__link_event__free_unpacked(ev, NULL);
}

void
linking_published(struct engine *e, int r)
{
	if (e->linking != NULL && e->linking->step == LINKING_PUBLISHING)
		linking_trusted_published(e, r);
}

void
cmd_link_cancel(struct engine *e, struct cmd *c)
{
	const struct linking *k = e->linking;

	if (k != NULL && connection_online(e) &&
	    (k->step == LINKING_COMPARED || k->step == LINKING_ASKING)) {
		linking_refuse(
		    e, c->tag, "It was called off on the other device.");
		return;
	}
	if (k != NULL)
		linking_end(e, ERR_CLOSED, "Linking was called off.");
	reply_done(e, c->tag);
}
