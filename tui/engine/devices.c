/* SPDX-License-Identifier: GPL-3.0-or-later */
/* devices.c — the list of our own devices: kept, signed, published. What people
 * do with them: devices_cmd.c. */
#include "tui/engine/devices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/proto/method.h"
#include "common/text.h"
#include "tui/engine/event.h"
#include "tui/engine/history.h"
#include "tui/engine/linking.h"
#include "tui/store/store_setting.h"

#define LIST_PUBLISHED "device_list_published"
#define LIST_VERSION   "device_list_version"
#define SECRET	       "account_secret"

/* ---- the secret and the names ------------------------------------------------------- */

int
devices_secret_put(struct engine *e, const struct device_secret *s)
{
	char hex[2 * sizeof(s->k) + 1];
	int r;

	sodium_bin2hex(hex, sizeof(hex), s->k, sizeof(s->k));
	r = store_setting_put(e->store, SECRET, hex);
	sodium_memzero(hex, sizeof(hex));
	return r;
}

static int
secret_new(struct engine *e, struct device_secret *s)
{
	if (e->self.device != DEVICELIST_PRIMARY)
		return ERR_NOTFOUND;
	randombytes_buf(s->k, sizeof(s->k));
	return devices_secret_put(e, s);
}

int
devices_secret(struct engine *e, struct device_secret *s)
{
	char *hex = NULL;
	size_t len;
	int r = store_setting_get(e->store, SECRET, &hex);

	if (r == ERR_NOTFOUND)
		return secret_new(e, s);
	if (r != 0)
		return r;
	if (sodium_hex2bin(
		s->k, sizeof(s->k), hex, strlen(hex), NULL, &len, NULL) != 0 ||
	    len != sizeof(s->k))
		r = ERR_FORMAT;
	sodium_memzero(hex, strlen(hex));
	free(hex);
	return r;
}

#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN	  crypto_aead_xchacha20poly1305_ietf_ABYTES
#define NAME_LEN  (NONCE_LEN + DEVICE_NAME_MAX + TAG_LEN)
_Static_assert(NAME_LEN <= DEVICELIST_NAME_MAX, "a sealed name fits");

/* Whose name it is, so that two cannot be exchanged. */
#define CONTEXT	    "sotto device name" /* with its NUL */
#define CONTEXT_LEN (sizeof(CONTEXT) + STORE_ID_LEN + 4)

static void
name_context(uint8_t out[static CONTEXT_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device)
{
	memcpy(out, CONTEXT, sizeof(CONTEXT));
	memcpy(out + sizeof(CONTEXT), account, STORE_ID_LEN);
	put_be32(out + sizeof(CONTEXT) + STORE_ID_LEN, device);
}

void
device_name_seal(struct devicelist_entry *v,
    const uint8_t account[static STORE_ID_LEN], const struct device_secret *s,
    const char *name)
{
	uint8_t plain[DEVICE_NAME_MAX] = {0}, ad[CONTEXT_LEN];
	char clean[DEVICE_NAME_MAX + 1];

	text_sanitize(clean, sizeof(clean), name, strlen(name), TEXT_LINE);
	memcpy(plain, clean, strlen(clean));
	name_context(ad, account, v->device);
	randombytes_buf(v->name, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(v->name + NONCE_LEN, NULL,
	    plain, sizeof(plain), ad, sizeof(ad), NULL, v->name, s->k);
	v->name_len = NAME_LEN;
}

void
device_name_open(char out[static DEVICE_NAME_MAX + 1],
    const struct devicelist_entry *v,
    const uint8_t account[static STORE_ID_LEN], const struct device_secret *s)
{
	uint8_t plain[DEVICE_NAME_MAX], ad[CONTEXT_LEN];

	out[0] = '\0';
	name_context(ad, account, v->device);
	if (v->name_len != NAME_LEN ||
	    crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
		v->name + NONCE_LEN, NAME_LEN - NONCE_LEN, ad, sizeof(ad),
		v->name, s->k) != 0)
		return;
	text_sanitize(out, DEVICE_NAME_MAX + 1, (const char *)plain,
	    strnlen((const char *)plain, sizeof(plain)), TEXT_LINE);
}

/* ---- who is in it -------------------------------------------------------------------- */

int
devices_others(struct engine *e, bool *yes)
{
	struct store_device *v = NULL;
	size_t i, n = 0;
	int r = store_device_list(e->store, e->self.account, &v, &n);

	*yes = false;
	for (i = 0; r == 0 && i < n; i++)
		*yes |= v[i].active && v[i].device != e->self.device;
	free(v);
	return r;
}

int
devices_primary(struct engine *e, struct identity_pk *pk)
{
	struct store_contact c;
	int r;

	if (e->self.device == DEVICELIST_PRIMARY) {
		*pk = e->keys->identity.pk;
		return 0;
	}
	r = store_contact_get(e->store, e->self.account, &c);
	if (r == 0 && !c.has_identity)
		r = ERR_NOTFOUND;
	return r == 0 ? identity_pk_get(pk, c.identity, sizeof(c.identity)) : r;
}

int
devices_begin(struct engine *e, const struct identity_pk *primary)
{
	struct store_contact c;
	int r = contact_ensure(e, e->keys->row.account, NULL, NULL, &c);

	if (r != 0)
		return r;
	identity_pk_put(c.identity, primary);
	c.has_identity = true;
	r = store_contact_put(e->store, &c);
	if (r == 0)
		r = store_setting_put_int(e->store, LIST_PUBLISHED, 0);
	return r;
}

/* Until it is named otherwise the first device has the machine's name. */
static void
name_first(struct engine *e, struct devicelist_entry *v)
{
	char host[DEVICE_NAME_MAX + 1] = "";
	struct device_secret s;

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0' ||
	    devices_secret(e, &s) != 0)
		return;
	device_name_seal(v, e->self.account, &s, host);
	sodium_memzero(&s, sizeof(s));
}

/* A primary that has signed none yet is alone. */
static void
list_of_one(struct engine *e, struct devicelist *l)
{
	*l = (struct devicelist){.n = 1};
	memcpy(l->account, e->self.account, sizeof(l->account));
	l->v[0] = (struct devicelist_entry){
	    .device = e->self.device,
	    .identity = e->keys->identity.pk,
	    .added_ms = engine_now_ms(),
	};
	name_first(e, &l->v[0]);
}

int
devices_list(struct engine *e, struct devicelist *l)
{
	struct identity_pk primary;
	uint8_t *p = NULL;
	size_t len = 0;
	int r =
	    store_contact_get_device_list(e->store, e->self.account, &p, &len);

	if (r == 0)
		r = devicelist_open(l, e->self.account, p, len);
	free(p);
	if (r == 0)
		r = devices_primary(e, &primary);
	/* of a registration before this one */
	if (r == 0 && !identity_pk_equal(&primary,
			  &devicelist_find(l, DEVICELIST_PRIMARY)->identity))
		r = ERR_NOTFOUND;
	if (r == ERR_NOTFOUND && e->self.device == DEVICELIST_PRIMARY) {
		list_of_one(e, l);
		r = 0;
	}
	return r;
}

static int
remember(struct engine *e, const struct devicelist_entry *v)
{
	struct store_device d, was;
	int r = store_device_get(e->store, e->self.account, v->device, &was);

	d = (struct store_device){
	    .device = v->device, .active = true, .added_ms = v->added_ms};
	memcpy(d.account, e->self.account, STORE_ID_LEN);
	identity_pk_put(d.identity, &v->identity);
	if (r == 0 && was.active &&
	    memcmp(was.identity, d.identity, STORE_PUB_LEN) == 0)
		return 0;
	return r == 0 || r == ERR_NOTFOUND ? store_device_put(e->store, &d) : r;
}

int
devices_take(struct engine *e, const struct devicelist *l)
{
	struct store_device *v = NULL;
	size_t i, n = 0;
	int r = store_device_list(e->store, e->self.account, &v, &n);

	for (i = 0; r == 0 && i < n; i++)
		if (devicelist_find(l, v[i].device) == NULL) {
			r = store_device_delete(
			    e->store, e->self.account, v[i].device);
			if (r == 0)
				r = history_device_gone(e, v[i].device);
		}
	for (i = 0; r == 0 && i < l->n; i++)
		if (l->v[i].device != e->self.device)
			r = remember(e, &l->v[i]);
	free(v);
	return r;
}

/* ---- signing and publishing ------------------------------------------------------------ */

/*
 * Versions come from the clock, so that they grow across registrations too
 * (docs/adr/0011-device-list-version.md), but never stand still or fall.
 */
static int
next_version(struct engine *e, uint64_t now_ms, uint32_t *version)
{
	int64_t last = 0, next = (int64_t)(now_ms / 1000);
	int r = store_setting_get_int(e->store, LIST_VERSION, 0, &last);

	if (r != 0)
		return r;
	if (next <= last)
		next = last + 1;
	*version = (uint32_t)next;
	return store_setting_put_int(e->store, LIST_VERSION, next);
}

static int
keep(struct engine *e, uint32_t version, const struct buf *signed_list)
{
	struct store_contact c;
	int r = contact_ensure(e, e->self.account, NULL, NULL, &c);

	if (r == 0)
		r = store_contact_put_device_list(e->store, e->self.account,
		    version, signed_list->p, signed_list->len);
	if (r == 0)
		r = store_setting_put_int(e->store, LIST_PUBLISHED, 0);
	return r;
}

int
devices_sign(struct engine *e, struct devicelist *l)
{
	struct buf b;
	int r;

	if (e->self.device != DEVICELIST_PRIMARY)
		return ERR_DENIED;
	l->issued_ms = engine_now_ms();
	r = next_version(e, l->issued_ms, &l->version);
	if (r != 0)
		return r;
	buf_init(&b, DEVICELIST_MAX);
	r = devicelist_sign(&b, l, &e->keys->identity, &signal_rng_system);
	if (r == 0)
		r = keep(e, l->version, &b);
	if (r == 0)
		r = devices_take(e, l);
	buf_clear(&b);
	return r;
}

static int
list_set(struct engine *e)
{
	int64_t version = 0;
	int r = store_setting_get_int(e->store, LIST_VERSION, 0, &version);

	/* a later one has been signed meanwhile, or is on its way */
	if (r != 0 || (uint32_t)version != e->list_sent || e->list_waits > 0)
		return r;
	return store_setting_put_int(e->store, LIST_PUBLISHED, 1);
}

static void
on_list_set(void *ctx, const struct link_reply *reply)
{
	struct engine *e = ctx;
	uint64_t tag = e->list_tag;
	int r = reply->err;

	e->list_tag = 0;
	e->list_waits--;
	if (r != 0 && !reply->from_relay) {
		if (tag != 0) /* the next connection brings it */
			reply_done(e, tag);
		return;
	}
	if (r == 0)
		r = list_set(e);
	if (r == ERR_IO && reply->err == 0)
		event_post_fatal(e, ERR_IO, store_error(e->store));
	if (tag != 0 && r == 0)
		reply_done(e, tag);
	else if (tag != 0)
		reply_error(e, tag, r,
		    "The list of devices is changed here, but the relay does "
		    "not have it yet: %s.",
		    err_str(r));
	linking_published(e, r);
}

/* The list as it was signed last; one of this device alone if none was. */
static int
signed_list(struct engine *e, struct devicelist *l, uint8_t **p, size_t *len)
{
	int r = devices_list(e, l);

	if (r == 0 && l->version == 0) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, devices_sign(e, l));
	}
	return r == 0 ? store_contact_get_device_list(
			    e->store, e->self.account, p, len)
		      : r;
}

int
devices_publish(struct engine *e)
{
	Sotto__Relay__SetDeviceListRequest req =
	    SOTTO__RELAY__SET_DEVICE_LIST_REQUEST__INIT;
	int64_t published = 0;
	struct devicelist l;
	uint8_t *p = NULL;
	size_t len = 0;
	int r;

	if (e->self.device != DEVICELIST_PRIMARY)
		return 0;
	r = store_setting_get_int(e->store, LIST_PUBLISHED, 0, &published);
	if (r != 0 || published)
		return r;
	r = signed_list(e, &l, &p, &len);
	if (r == 0) {
		req.device_list = (ProtobufCBinaryData){len, p};
		r = ask_relay(
		    e, METHOD_SET_DEVICE_LIST, &req.base, on_list_set, e);
		e->list_sent = l.version;
		e->list_waits += r == 0;
	}
	free(p);
	return r;
}

int
devices_upkeep(struct engine *e)
{
	int r;

	if (e->self.device == DEVICELIST_PRIMARY)
		return devices_publish(e);
	r = keys_fetch_list(e, e->self.account, NULL);
	return r == ERR_CLOSED ? 0 : r;
}
