/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linking_trusted.c — the primary's side: answer an offer, let the person
 * compare, grant, sign the new list. */
#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "common/text.h"
#include "tui/engine/event.h"
#include "tui/engine/linking.h"
#include "tui/engine/sync.h"

#define NONSENSE "What the new device says makes no sense. Nothing was shared."

/* ---- the offer -------------------------------------------------------------------------- */

void
cmd_link_answer(struct engine *e, struct cmd *c)
{
	struct link_offer o;
	const char *why;
	int r;

	if (e->self.device != DEVICELIST_PRIMARY) {
		reply_error(e, c->tag, ERR_DENIED,
		    "Only the device that registered the number can link "
		    "others.");
		return;
	}
	if (link_offer_parse(c->s[0], &o, &why) != 0) {
		reply_error(e, c->tag, ERR_FORMAT, "%s", why);
		return;
	}
	if (!connection_online(e)) {
		reply_error(e, c->tag, ERR_CLOSED,
		    "Linking needs the relay, and it is not connected.");
		return;
	}
	if (!linking_start(e, c->tag, LINKING_ANSWERED))
		return;
	memcpy(e->linking->mailbox, o.mailbox, LINK_MAILBOX_LEN);
	e->linking->has_mailbox = true;
	r = link_answer(&e->linking->channel, &o, &noise_rng_system);
	if (r != 0)
		linking_end(e, r, err_str(r));
	else
		linking_say(e, NULL);
}

/* ---- letting it in ------------------------------------------------------------------------ */

static int
fill_uri(struct engine *e, struct buf *out)
{
	const struct store_account *row = &e->keys->row;
	struct uri u;
	int r = uri_parse(row->relay_uri, &u, NULL);

	if (r != 0)
		return r;
	u.has_key = row->has_relay_key;
	memcpy(u.key, row->relay_key, sizeof(u.key));
	u.invite[0] = '\0';
	r = uri_format(&u, out);
	return r == 0 ? buf_put_u8(out, 0) : r;
}

static void
say_grant(struct engine *e, const struct buf *uri, struct device_secret *s)
{
	Sotto__Link__LinkMessage m = SOTTO__LINK__LINK_MESSAGE__INIT;
	Sotto__Link__Grant g = SOTTO__LINK__GRANT__INIT;

	g.account_id = (ProtobufCBinaryData){STORE_ID_LEN, e->self.account};
	g.device_id = e->linking->device;
	g.phone = e->self.phone;
	g.profile_name = e->self.name;
	g.primary_identity_key =
	    (ProtobufCBinaryData){STORE_PUB_LEN, e->keys->row.identity_public};
	g.account_secret = (ProtobufCBinaryData){sizeof(s->k), s->k};
	g.relay_uri = (char *)uri->p;
	m.body_case = SOTTO__LINK__LINK_MESSAGE__BODY_GRANT;
	m.grant = &g;
	e->linking->step = LINKING_GRANTED;
	linking_say(e, &m);
}

static void
grant(struct engine *e)
{
	struct device_secret s;
	struct buf uri;
	int r = devices_secret(e, &s);

	buf_init(&uri, STORE_URI_MAX);
	if (r == 0)
		r = fill_uri(e, &uri);
	if (r == 0)
		say_grant(e, &uri, &s);
	else
		linking_end(e, r, err_str(r));
	buf_clear(&uri);
	sodium_memzero(&s, sizeof(s));
}

static void
on_authorized(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__LinkAuthorizeResponse *res = NULL;
	struct engine *e = *(struct engine **)ctx;

	if (e->linking == NULL || e->linking->step != LINKING_AUTHORIZING)
		return;
	if (reply->err != 0) {
		linking_end(e, reply->err,
		    reply->text[0] != '\0' ? reply->text : err_str(reply->err));
		return;
	}
	res = sotto__relay__link_authorize_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL || res->device_id < 2 || res->device_id > 127) {
		linking_end(
		    e, ERR_FORMAT, "The relay's answer makes no sense.");
	} else {
		e->linking->device = res->device_id;
		grant(e);
	}
	if (res != NULL)
		sotto__relay__link_authorize_response__free_unpacked(res, NULL);
}

static void
authorize(struct engine *e)
{
	Sotto__Relay__LinkAuthorizeRequest req =
	    SOTTO__RELAY__LINK_AUTHORIZE_REQUEST__INIT;
	int r;

	req.mailbox =
	    (ProtobufCBinaryData){LINK_MAILBOX_LEN, e->linking->mailbox};
	e->linking->step = LINKING_AUTHORIZING;
	r = ask_relay(
	    e, METHOD_LINK_AUTHORIZE, &req.base, on_authorized, &e->link_ctx);
	if (r != 0)
		linking_end(e, r, err_str(r));
}

void
cmd_link_confirm(struct engine *e, struct cmd *c)
{
	struct linking *k = e->linking;

	if (k == NULL || k->step != LINKING_ASKING) {
		reply_error(
		    e, c->tag, ERR_STATE, "No device waits for your answer.");
		return;
	}
	if (c->n == 0) {
		linking_refuse(e, c->tag, "The other device has refused.");
		return;
	}
	k->tag = c->tag;
	authorize(e);
}

/* ---- the list ------------------------------------------------------------------------------- */

static int
add_entry(struct engine *e, struct devicelist *l,
    const uint8_t countersignature[static SIGNATURE_LEN])
{
	const struct linking *k = e->linking;
	struct devicelist_entry *v;
	struct device_secret s;
	int r;

	if (l->n >= DEVICELIST_DEVICES_MAX ||
	    devicelist_find(l, k->device) != NULL)
		return ERR_FULL;
	r = devices_secret(e, &s);
	if (r != 0)
		return r;
	v = &l->v[l->n++];
	*v = (struct devicelist_entry){.device = k->device,
	    .identity = k->identity,
	    .added_ms = engine_now_ms()};
	memcpy(v->countersignature, countersignature, SIGNATURE_LEN);
	device_name_seal(v, e->self.account, &s, k->name);
	sodium_memzero(&s, sizeof(s));
	return 0;
}

static int
sign_with_it(
    struct engine *e, const uint8_t countersignature[static SIGNATURE_LEN])
{
	struct devicelist l;
	int r = devices_list(e, &l);

	if (r == 0)
		r = add_entry(e, &l, countersignature);
	if (r == 0)
		r = devices_sign(e, &l);
	/* sealed as soon as its keys have been fetched */
	return r == 0 ? sync_all(e) : r;
}

static void
take_done(struct engine *e, const Sotto__Link__Done *done)
{
	struct linking *k = e->linking;
	struct link_bond bond = {.device = k->device,
	    .primary = e->keys->identity.pk,
	    .companion = k->identity};
	int r = ERR_AUTH;

	memcpy(bond.account, e->self.account, STORE_ID_LEN);
	if (done->countersignature.len == SIGNATURE_LEN)
		r = link_bond_verify(done->countersignature.data, &bond);
	if (r == ERR_AUTH) {
		linking_end(e, r,
		    "The new device has not signed that it joins this "
		    "account. It was not linked.");
		return;
	}
	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, sign_with_it(e, done->countersignature.data));
	if (r == 0) {
		k->listed = k->device;
		k->device = 0; /* it is in the list: nothing to undo */
		k->step = LINKING_PUBLISHING;
		r = devices_publish(e);
	}
	if (r == ERR_CLOSED && k->step == LINKING_PUBLISHING)
		return; /* the next connection brings it */
	if (r != 0)
		linking_end(e, r,
		    r == ERR_FULL ? "This account has as many devices as it "
				    "can. Remove one first."
				  : err_str(r));
}

static void
answer_linked(struct engine *e, uint64_t tag, uint32_t device)
{
	struct engine_event *ev = event_new(e, EV_DONE, tag);

	if (ev == NULL)
		return;
	ev->device = device;
	event_post(e, ev);
}

void
linking_trusted_published(struct engine *e, int r)
{
	Sotto__Link__LinkMessage m = SOTTO__LINK__LINK_MESSAGE__INIT;
	Sotto__Link__Listed listed = SOTTO__LINK__LISTED__INIT;
	uint64_t tag = e->linking->tag;
	uint32_t device = e->linking->listed;

	if (r != 0) {
		linking_end(
		    e, r, "The relay does not take the new list of devices.");
		return;
	}
	m.body_case = SOTTO__LINK__LINK_MESSAGE__BODY_LISTED;
	m.listed = &listed;
	e->linking->tag = 0;
	linking_say(e, &m); /* it looks by itself if this gets lost */
	if (e->linking != NULL)
		linking_done(e);
	answer_linked(e, tag, device);
	outbox_kick(e);
}

static void
on_undone(void *ctx, const struct link_reply *reply)
{
	(void)ctx; /* not in the list, so it is nobody's anyway */
	(void)reply;
}

void
linking_trusted_undo(struct engine *e)
{
	Sotto__Relay__RemoveDeviceRequest req =
	    SOTTO__RELAY__REMOVE_DEVICE_REQUEST__INIT;
	int r;

	req.device_id = e->linking->device;
	e->linking->device = 0;
	r = ask_relay(e, METHOD_REMOVE_DEVICE, &req.base, on_undone, e);
	(void)r;
}

/* ---- what the new device says ---------------------------------------------------------------- */

static void
meet(struct engine *e, const Sotto__Link__Device *d)
{
	struct linking *k = e->linking;

	if (identity_pk_get(
		&k->identity, d->identity_key.data, d->identity_key.len) != 0) {
		linking_end(e, ERR_FORMAT, NONSENSE);
		return;
	}
	text_sanitize(
	    k->name, sizeof(k->name), d->name, strlen(d->name), TEXT_LINE);
	k->step = LINKING_ASKING;
	linking_show_code(e);
}

static void
take_message(struct engine *e, const Sotto__Link__LinkMessage *m)
{
	const enum linking_step step = e->linking->step;

	if (m->body_case == SOTTO__LINK__LINK_MESSAGE__BODY_REFUSED)
		linking_end(e, ERR_DENIED,
		    m->refused->text[0] != '\0'
			? m->refused->text
			: "The new device has refused.");
	else if (m->body_case == SOTTO__LINK__LINK_MESSAGE__BODY_DEVICE &&
		 step == LINKING_ANSWERED)
		meet(e, m->device);
	else if (m->body_case == SOTTO__LINK__LINK_MESSAGE__BODY_DONE &&
		 step == LINKING_GRANTED)
		take_done(e, m->done);
	else if (m->body_case != SOTTO__LINK__LINK_MESSAGE__BODY__NOT_SET)
		linking_end(e, ERR_FORMAT, NONSENSE);
}

void
linking_trusted_message(struct engine *e, const uint8_t *p, size_t len)
{
	Sotto__Link__LinkMessage *m =
	    sotto__link__link_message__unpack(NULL, len, p);

	if (m == NULL) {
		linking_end(e, ERR_FORMAT, NONSENSE);
		return;
	}
	take_message(e, m);
	sotto__link__link_message__free_unpacked(m, NULL);
}
