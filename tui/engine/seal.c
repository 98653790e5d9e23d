/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/content.h"
#include "tui/engine/peer_session.h"
#include "tui/engine/seal.h"

typedef Sotto__Content__Outgoing__Envelope envelope;

static void
envelope_free(envelope *v)
{
	if (v != NULL)
		protobuf_c_message_free_unpacked(&v->base, NULL);
}

static envelope *
envelope_of(const Sotto__Content__Outgoing *o, uint32_t device)
{
	size_t i;

	for (i = 0; i < o->n_envelopes; i++)
		if (o->envelopes[i]->device_id == device)
			return o->envelopes[i];
	return NULL;
}

void
seal_drop(Sotto__Content__Outgoing *o, uint32_t device)
{
	size_t i;

	for (i = 0; i < o->n_envelopes; i++) {
		if (o->envelopes[i]->device_id != device)
			continue;
		envelope_free(o->envelopes[i]);
		o->envelopes[i] = o->envelopes[--o->n_envelopes];
		o->ready = false;
		return;
	}
}

static int
envelope_add(Sotto__Content__Outgoing *o, uint32_t device,
    const struct session_sealed *sealed)
{
	envelope **v =
	    realloc(o->envelopes, (o->n_envelopes + 1) * sizeof(*o->envelopes));
	envelope *one;

	if (v == NULL)
		return ERR_NOMEM;
	o->envelopes = v;
	one = malloc(sizeof(*one));
	if (one == NULL)
		return ERR_NOMEM;
	sotto__content__outgoing__envelope__init(one);
	one->ciphertext.data = malloc(sealed->ciphertext.len);
	if (one->ciphertext.data == NULL) {
		free(one);
		return ERR_NOMEM;
	}
	memcpy(
	    one->ciphertext.data, sealed->ciphertext.p, sealed->ciphertext.len);
	one->ciphertext.len = sealed->ciphertext.len;
	one->device_id = device;
	one->registration_id = sealed->registration_id;
	one->type = sealed->type;
	o->envelopes[o->n_envelopes++] = one;
	return 0;
}

/* ---- devices ------------------------------------------------------------------ */

static int
session_usable(struct engine *e, const struct store_device *d)
{
	struct session_info info;
	struct buf rec;
	int r = peer_session_get(e, d->account, d->device, &rec, &info);

	buf_clear(&rec);
	return r != 0 || peer_session_usable(&info) ? r : ERR_NOTFOUND;
}

/* A session that cannot be sent with, whatever its record looked like. */
static bool
unusable(int r)
{
	return r == ERR_FORMAT || r == ERR_VERSION || r == ERR_EXPIRED ||
	       r == ERR_FULL || r == ERR_NOTFOUND;
}

/* For a device that this is not for: the relay wants one for each, and learns
 * no more from it than its size. */
static int
nothing(struct buf *out)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;
	uint8_t id[STORE_ID_LEN];

	randombytes_buf(id, sizeof(id));
	c.message_id = (ProtobufCBinaryData){sizeof(id), id};
	return content_seal(out, &c);
}

static int
encrypt(struct signal_local *local, const struct buf *rec,
    const Sotto__Content__Outgoing *o, uint32_t device,
    struct session_sealed *sealed)
{
	struct buf b;
	int r;

	if (o->only_device == 0 || o->only_device == device)
		return session_encrypt(local, rec->p, rec->len, o->content.data,
		    o->content.len, sealed);
	buf_init(&b, CONTENT_MAX);
	r = nothing(&b);
	if (r == 0)
		r = session_encrypt(
		    local, rec->p, rec->len, b.p, b.len, sealed);
	buf_clear(&b);
	return r;
}

static int
seal_one(
    struct engine *e, Sotto__Content__Outgoing *o, const struct store_device *d)
{
	struct signal_local local = engine_local(e);
	struct session_sealed sealed;
	struct session_info info;
	struct buf rec;
	int r = peer_session_get(e, d->account, d->device, &rec, &info);

	if (r != 0)
		return r;
	r = encrypt(&local, &rec, o, d->device, &sealed);
	buf_clear(&rec);
	if (unusable(r)) {
		r = peer_session_archive(e, d->account, d->device);
		return r == 0 ? ERR_NOTFOUND : r;
	}
	if (r != 0)
		return r;
	r = peer_session_put(e, d->account, d->device, &sealed.record);
	if (r == 0)
		r = envelope_add(o, d->device, &sealed);
	session_sealed_clear(&sealed);
	return r;
}

/* Does this device get an envelope? */
static bool
wanted(const struct engine *e, const struct store_device *d)
{
	return d->active &&
	       !(d->device == e->self.device && own_account(e, d->account));
}

bool
seal_waits(struct engine *e, const Sotto__Content__Outgoing *o,
    uint32_t ids[static SEAL_DEVICES_MAX], size_t *n)
{
	struct store_device *v = NULL;
	size_t i, known = 0, active = 0;

	*n = 0;
	if (store_device_list(e->store, o->account_id.data, &v, &known) != 0)
		return false;
	for (i = 0; i < known && *n < SEAL_DEVICES_MAX; i++) {
		if (!wanted(e, &v[i]))
			continue;
		active++;
		if (envelope_of(o, v[i].device) == NULL &&
		    session_usable(e, &v[i]) != 0)
			ids[(*n)++] = v[i].device;
	}
	free(v);
	return *n > 0 || (active == 0 && !own_account(e, o->account_id.data));
}

static bool
account_behind(struct engine *e, const Sotto__Content__Outgoing *o)
{
	struct store_device *v = NULL;
	bool behind = false;
	size_t i, n = 0;

	if (store_device_list(e->store, o->account_id.data, &v, &n) != 0)
		return false;
	for (i = 0; i < n && !behind; i++)
		behind =
		    wanted(e, &v[i]) && envelope_of(o, v[i].device) == NULL;
	free(v);
	return behind;
}

bool
seal_behind(struct engine *e, const Sotto__Content__Outgoing *o)
{
	return account_behind(e, o) ||
	       (o->own != NULL && account_behind(e, o->own));
}

static void
drop_stale(Sotto__Content__Outgoing *o, const struct store_device *v, size_t n)
{
	const envelope *env;
	size_t i, j;

	for (i = o->n_envelopes; i-- > 0;) {
		env = o->envelopes[i];
		for (j = 0; j < n; j++)
			if (v[j].active && v[j].device == env->device_id &&
			    v[j].registration_id == env->registration_id)
				break;
		if (j == n)
			seal_drop(o, env->device_id);
	}
}

/* The envelopes of one account. */
static int
seal_account(struct engine *e, Sotto__Content__Outgoing *o)
{
	struct store_device *v = NULL;
	size_t i, n = 0, active = 0;
	int r;

	if (o->account_id.len != STORE_ID_LEN)
		return ERR_FORMAT;
	r = store_device_list(e->store, o->account_id.data, &v, &n);
	if (r != 0)
		return r;
	drop_stale(o, v, n);
	for (i = 0; r == 0 && i < n; i++) {
		if (!wanted(e, &v[i]))
			continue;
		active++;
		if (envelope_of(o, v[i].device) == NULL)
			r = session_usable(e, &v[i]);
	}
	/* A relay tells when there are devices that we do not know. */
	if (r == 0 && active == 0 && !own_account(e, o->account_id.data))
		r = ERR_NOTFOUND;
	for (i = 0; r == 0 && i < n; i++)
		if (wanted(e, &v[i]) && envelope_of(o, v[i].device) == NULL)
			r = seal_one(e, o, &v[i]);
	free(v);
	if (r == 0)
		o->ready = true;
	return r;
}

int
seal_missing(struct engine *e, Sotto__Content__Outgoing *o)
{
	int r = seal_account(e, o), own = 0;

	if (o->own != NULL && (r == 0 || r == ERR_NOTFOUND))
		own = seal_account(e, o->own);
	o->ready = r == 0 && own == 0;
	return own != 0 && own != ERR_NOTFOUND ? own : r != 0 ? r : own;
}

/* ---- the request ---------------------------------------------------------------- */

/* The envelopes of one account, as the relay takes them; the arrays are the
 * caller's to free, also after an error. */
static int
account_envelopes(
    Sotto__Relay__AccountEnvelopes *acc, const Sotto__Content__Outgoing *o)
{
	Sotto__Relay__DeviceEnvelope *v;
	size_t i;

	sotto__relay__account_envelopes__init(acc);
	acc->account_id = o->account_id;
	acc->devices = calloc(o->n_envelopes + 1, sizeof(*acc->devices));
	v = calloc(o->n_envelopes + 1, sizeof(*v));
	if (acc->devices == NULL || v == NULL) {
		free(v);
		return ERR_NOMEM;
	}
	acc->devices[0] = v;
	for (i = 0; i < o->n_envelopes; i++) {
		sotto__relay__device_envelope__init(&v[i]);
		v[i].device_id = o->envelopes[i]->device_id;
		v[i].registration_id = o->envelopes[i]->registration_id;
		v[i].type = o->envelopes[i]->type;
		v[i].ciphertext = o->envelopes[i]->ciphertext;
		acc->devices[i] = &v[i];
	}
	acc->n_devices = o->n_envelopes;
	return 0;
}

static void
account_free(Sotto__Relay__AccountEnvelopes *acc)
{
	if (acc->devices != NULL)
		free(acc->devices[0]);
	free(acc->devices);
}

int
seal_request(struct buf *out, const Sotto__Content__Outgoing *o,
    const uint8_t message_id[static STORE_ID_LEN], bool ephemeral)
{
	Sotto__Relay__SendRequest req = SOTTO__RELAY__SEND_REQUEST__INIT;
	Sotto__Relay__AccountEnvelopes acc[2] = {{.devices = NULL}};
	Sotto__Relay__AccountEnvelopes *accounts[2] = {&acc[0], &acc[1]};
	uint8_t id[STORE_ID_LEN];
	int r = account_envelopes(&acc[0], o);

	if (r == 0 && o->own != NULL)
		r = account_envelopes(&acc[1], o->own);
	if (r == 0) {
		memcpy(id, message_id, sizeof(id));
		req.message_id = (ProtobufCBinaryData){sizeof(id), id};
		req.accounts = accounts;
		req.n_accounts = o->own != NULL ? 2 : 1;
		req.ephemeral = ephemeral;
		r = pack_into(out, &req.base);
	}
	account_free(&acc[0]);
	account_free(&acc[1]);
	return r;
}
