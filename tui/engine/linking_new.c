/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linking_new.c — the new device's side: show an offer, be granted an account,
 * become a device of it. */
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/proto/method.h"
#include "common/text.h"
#include "tui/engine/event.h"
#include "tui/engine/linking.h"
#include "tui/engine/prekeys.h"

#define NONSENSE "What the other device says makes no sense. Begin anew."

/* ---- the offer ----------------------------------------------------------------------- */

static void
show_offer(struct engine *e)
{
	struct linking *k = e->linking;
	struct engine_event *ev;
	struct link_offer o;
	struct buf text;
	int r;

	buf_init(&text, LINK_OFFER_MAX);
	r = link_ask(&k->channel, k->mailbox, &noise_rng_system, &o);
	if (r == 0)
		r = link_offer_format(&o, &text);
	if (r == 0)
		r = buf_put_u8(&text, 0);
	if (r != 0) {
		linking_end(e, r, err_str(r));
	} else if ((ev = event_new(e, EV_LINK_OFFER, k->tag)) != NULL) {
		k->tag = 0;
		k->step = LINKING_SHOWN;
		ev->text = strdup((const char *)text.p);
		ev->expires_ms = k->until_ms;
		event_post(e, ev);
	}
	buf_clear(&text);
}

static void
on_mailbox(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__LinkOpenResponse *res = NULL;
	struct engine *e = *(struct engine **)ctx;
	struct linking *k = e->linking;

	if (k == NULL || k->step != LINKING_OPENING)
		return;
	if (reply->err != 0) {
		linking_end(e, reply->err,
		    reply->text[0] != '\0' ? reply->text : err_str(reply->err));
		return;
	}
	res = sotto__relay__link_open_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL || res->mailbox.len != LINK_MAILBOX_LEN) {
		linking_end(
		    e, ERR_FORMAT, "The relay's answer makes no sense.");
	} else {
		memcpy(k->mailbox, res->mailbox.data, LINK_MAILBOX_LEN);
		k->has_mailbox = true;
		show_offer(e);
	}
	if (res != NULL)
		sotto__relay__link_open_response__free_unpacked(res, NULL);
}

void
linking_new_open(struct engine *e)
{
	linking_open(e, on_mailbox);
}

/* Each attempt has a Noise key of its own: what an earlier one left behind on
 * a relay is another device's. */
static int
renew_noise(struct engine *e)
{
	struct store_account *row = &e->keys->row;

	connection_close(e); /* it borrows the key */
	noise_keypair_make(&e->keys->noise, &noise_rng_system);
	memcpy(row->noise_secret, e->keys->noise.sk.b, NOISE_KEY_LEN);
	memcpy(row->noise_public, e->keys->noise.pk.b, NOISE_KEY_LEN);
	return account_save(e);
}

void
cmd_link_begin(struct engine *e, struct cmd *c)
{
	const char *why, *name = c->s[1] != NULL ? c->s[1] : "";
	struct uri uri;
	int r;

	if (e->self.registered) {
		reply_error(e, c->tag, ERR_STATE,
		    "This profile is registered already, as %s.",
		    e->self.phone);
		return;
	}
	if (uri_parse(c->s[0], &uri, &why) != 0) {
		reply_error(
		    e, c->tag, ERR_FORMAT, "The relay's address: %s.", why);
		return;
	}
	if (!linking_start(e, c->tag, LINKING_OPENING))
		return;
	text_sanitize(e->linking->name, sizeof(e->linking->name), name,
	    strlen(name), TEXT_LINE);
	e->reg = (struct registration){.uri = uri}; /* for cmd_relay_key() */
	r = renew_noise(e);
	if (r == 0)
		r = connection_open(e, &uri);
	if (r != 0)
		linking_end(e, r, err_str(r));
}

/* ---- becoming a device ------------------------------------------------------------------ */

static int
store_account_row(struct engine *e)
{
	struct store_account *row = &e->keys->row;
	const struct linking *k = e->linking;
	struct uri u = e->reg.uri;
	struct buf uri;
	int r;

	u.invite[0] = '\0';
	buf_init(&uri, STORE_URI_MAX - 1);
	r = uri_format(&u, &uri);
	if (r == 0) {
		row->registered = true;
		memcpy(row->account, k->account, STORE_ID_LEN);
		row->device = k->device;
		memcpy(row->phone, k->phone, sizeof(row->phone));
		memcpy(row->name, k->profile, sizeof(row->name));
		memset(row->relay_uri, 0, sizeof(row->relay_uri));
		memcpy(row->relay_uri, uri.p, uri.len);
		row->has_relay_key = u.has_key;
		memcpy(row->relay_key, u.key, sizeof(row->relay_key));
		r = account_save(e);
	}
	buf_clear(&uri);
	return r;
}

static int
keep_list(
    struct engine *e, const struct devicelist *l, const void *p, size_t len)
{
	int r = store_contact_put_device_list(
	    e->store, e->self.account, l->version, p, len);

	return r == 0 ? devices_take(e, l) : r;
}

static int
become(struct engine *e, const struct devicelist *l,
    const ProtobufCBinaryData *list)
{
	const struct linking *k = e->linking;
	int r = txn_begin(e);

	if (r != 0)
		return r;
	r = store_account_row(e);
	if (r == 0)
		r = self_load(e);
	if (r == 0)
		r = prekeys_uploaded(e);
	if (r == 0)
		r = devices_begin(e, &k->primary);
	if (r == 0)
		r = devices_secret_put(e, &k->secret);
	if (r == 0)
		r = keep_list(e, l, list->data, list->len);
	r = txn_end(e, r);
	if (r != 0) {
		e->keys->row.registered = false;
		e->self.registered = false;
	}
	return r;
}

/* Does the list name us, as the primary that we were granted by signed it? */
static int
check_list(
    struct engine *e, struct devicelist *l, const ProtobufCBinaryData *list)
{
	const struct linking *k = e->linking;
	const struct devicelist_entry *me;
	int r;

	if (list->len == 0)
		return ERR_NOTFOUND;
	r = devicelist_open(l, k->account, list->data, list->len);
	if (r != 0)
		return r;
	if (!identity_pk_equal(
		&devicelist_find(l, DEVICELIST_PRIMARY)->identity, &k->primary))
		return ERR_AUTH;
	me = devicelist_find(l, k->device);
	if (me == NULL)
		return ERR_NOTFOUND;
	return identity_pk_equal(&me->identity, &e->keys->identity.pk)
		   ? 0
		   : ERR_AUTH;
}

static void
take_list(struct engine *e, const Sotto__Relay__GetKeysResponse *res)
{
	struct devicelist l;
	int r = check_list(e, &l, &res->device_list);

	if (r == ERR_NOTFOUND) { /* not yet */
		linking_wait(e, LINKING_POLL_MS);
		return;
	}
	if (r == 0)
		r = become(e, &l, &res->device_list);
	if (r == ERR_AUTH || r == ERR_FORMAT) {
		linking_end(e, r,
		    "The relay shows a list of devices that your other device "
		    "has not signed. This device was not linked.");
	} else if (r != 0) {
		linking_end(e, r, err_str(r));
	} else {
		linking_done(e);
		self_post(e, EV_REGISTERED, 0);
		/* The key is a device from now on: come back as one. */
		link_stop(e->link);
		link_start(e->link);
	}
}

static void
on_list(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__GetKeysResponse *res = NULL;
	struct engine *e = *(struct engine **)ctx;

	if (e->linking == NULL || e->linking->step != LINKING_LISTING)
		return;
	if (reply->err == 0)
		res = sotto__relay__get_keys_response__unpack(
		    NULL, reply->len, reply->body);
	if (res == NULL) {
		linking_wait(e, LINKING_POLL_MS);
		return;
	}
	take_list(e, res);
	sotto__relay__get_keys_response__free_unpacked(res, NULL);
}

void
linking_new_poll(struct engine *e)
{
	Sotto__Relay__GetKeysRequest req = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;

	req.account_id =
	    (ProtobufCBinaryData){STORE_ID_LEN, e->linking->account};
	req.list_only = true;
	if (ask_relay(e, METHOD_GET_KEYS, &req.base, on_list, &e->link_ctx) !=
	    0)
		linking_wait(e, LINKING_POLL_MS);
}

static void
countersign(struct engine *e)
{
	Sotto__Link__LinkMessage m = SOTTO__LINK__LINK_MESSAGE__INIT;
	Sotto__Link__Done done = SOTTO__LINK__DONE__INIT;
	const struct linking *k = e->linking;
	uint8_t sig[SIGNATURE_LEN];
	struct link_bond bond = {.device = k->device,
	    .primary = k->primary,
	    .companion = e->keys->identity.pk};

	memcpy(bond.account, k->account, STORE_ID_LEN);
	link_bond_sign(sig, &bond, &e->keys->identity, &signal_rng_system);
	done.countersignature = (ProtobufCBinaryData){sizeof(sig), sig};
	m.body_case = SOTTO__LINK__LINK_MESSAGE__BODY_DONE;
	m.done = &done;
	e->linking->step = LINKING_LISTING;
	linking_say(e, &m);
	if (e->linking != NULL)
		linking_wait(e, LINKING_POLL_MS);
}

static void
on_finished(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__LinkFinishResponse *res = NULL;
	struct engine *e = *(struct engine **)ctx;
	const struct linking *k = e->linking;

	if (k == NULL || k->step != LINKING_FINISHING)
		return;
	if (reply->err != 0) {
		linking_end(e, reply->err,
		    reply->from_relay && reply->text[0] != '\0'
			? reply->text
			: "The connection broke in the middle of linking. "
			  "Begin anew.");
		return;
	}
	res = sotto__relay__link_finish_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL || res->account_id.len != STORE_ID_LEN ||
	    memcmp(res->account_id.data, k->account, STORE_ID_LEN) != 0 ||
	    res->device_id != k->device)
		linking_end(e, ERR_AUTH,
		    "The relay and your other device do not agree on the "
		    "account. This device was not linked.");
	else
		countersign(e);
	if (res != NULL)
		sotto__relay__link_finish_response__free_unpacked(res, NULL);
}

static int
finish(struct engine *e)
{
	Sotto__Relay__LinkFinishRequest req =
	    SOTTO__RELAY__LINK_FINISH_REQUEST__INIT;
	struct store_account *row = &e->keys->row;
	struct prekeys_upload up;
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, prekeys_make(e, PREKEYS_POOL));
	if (r == 0)
		r = prekeys_collect(e, &up);
	if (r != 0)
		return r;
	req.registration_id = row->registration_id;
	req.identity_key =
	    (ProtobufCBinaryData){STORE_PUB_LEN, row->identity_public};
	req.pre_keys = &up.msg;
	e->linking->step = LINKING_FINISHING;
	r = ask_relay(
	    e, METHOD_LINK_FINISH, &req.base, on_finished, &e->link_ctx);
	prekeys_release(&up);
	return r;
}

/* ---- what the other device says ----------------------------------------------------------- */

static int
read_grant(struct engine *e, const Sotto__Link__Grant *g)
{
	struct linking *k = e->linking;
	struct uri uri;

	if (g->account_id.len != STORE_ID_LEN || g->device_id < 2 ||
	    g->device_id > 127 ||
	    g->account_secret.len != sizeof(k->secret.k) ||
	    !e164_valid(g->phone) ||
	    identity_pk_get(&k->primary, g->primary_identity_key.data,
		g->primary_identity_key.len) != 0 ||
	    uri_parse(g->relay_uri, &uri, NULL) != 0)
		return ERR_FORMAT;
	/* The trusted device knows which relay this must be. */
	if (uri.has_key && e->reg.uri.has_key &&
	    memcmp(uri.key, e->reg.uri.key, sizeof(uri.key)) != 0)
		return ERR_UNTRUSTED;
	memcpy(k->account, g->account_id.data, STORE_ID_LEN);
	memcpy(k->secret.k, g->account_secret.data, sizeof(k->secret.k));
	snprintf(k->phone, sizeof(k->phone), "%s", g->phone);
	text_sanitize(k->profile, sizeof(k->profile), g->profile_name,
	    strlen(g->profile_name), TEXT_LINE);
	k->device = g->device_id;
	return 0;
}

static void
take_grant(struct engine *e, const Sotto__Link__Grant *g)
{
	int r = read_grant(e, g);

	if (r == 0)
		r = finish(e);
	if (r == ERR_UNTRUSTED)
		linking_end(e, r,
		    "This device has reached a relay with another key than "
		    "your other device knows. It was not linked.");
	else if (r != 0)
		linking_end(e, r, r == ERR_FORMAT ? NONSENSE : err_str(r));
}

/* The first message has come: answer with who we are. */
static void
introduce(struct engine *e)
{
	Sotto__Link__LinkMessage m = SOTTO__LINK__LINK_MESSAGE__INIT;
	Sotto__Link__Device d = SOTTO__LINK__DEVICE__INIT;
	char client[] = "sotto " SOTTO_VERSION;

	d.name = e->linking->name;
	d.identity_key =
	    (ProtobufCBinaryData){STORE_PUB_LEN, e->keys->row.identity_public};
	d.client = client;
	m.body_case = SOTTO__LINK__LINK_MESSAGE__BODY_DEVICE;
	m.device = &d;
	e->linking->step = LINKING_COMPARED;
	linking_say(e, &m);
	if (e->linking != NULL)
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
			: "The other device has refused.");
	else if (m->body_case == SOTTO__LINK__LINK_MESSAGE__BODY_GRANT &&
		 step == LINKING_COMPARED)
		take_grant(e, m->grant);
	else if (m->body_case == SOTTO__LINK__LINK_MESSAGE__BODY_LISTED &&
		 step == LINKING_LISTING)
		linking_new_poll(e);
	else if (m->body_case != SOTTO__LINK__LINK_MESSAGE__BODY__NOT_SET)
		linking_end(e, ERR_FORMAT, NONSENSE);
}

void
linking_new_message(struct engine *e, const uint8_t *p, size_t len)
{
	Sotto__Link__LinkMessage *m;

	if (e->linking->step == LINKING_SHOWN) {
		introduce(e);
		return;
	}
	m = sotto__link__link_message__unpack(NULL, len, p);
	if (m == NULL) {
		linking_end(e, ERR_FORMAT, NONSENSE);
		return;
	}
	take_message(e, m);
	if (m->body_case == SOTTO__LINK__LINK_MESSAGE__BODY_GRANT &&
	    m->grant->account_secret.len > 0)
		sodium_memzero(m->grant->account_secret.data,
		    m->grant->account_secret.len);
	sotto__link__link_message__free_unpacked(m, NULL);
}
