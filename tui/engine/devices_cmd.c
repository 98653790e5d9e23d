/* SPDX-License-Identifier: GPL-3.0-or-later */
/* devices_cmd.c — what people do with their devices: look, rename, remove. */
#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "tui/engine/devices.h"
#include "tui/engine/event.h"
#include "tui/engine/linking.h"
#include "tui/engine/media.h"
#include "tui/engine/sync.h"

/* ---- looking ------------------------------------------------------------------------- */

static struct device_row *
row_of(struct engine_event *ev, uint32_t device)
{
	size_t i;

	for (i = 0; i < ev->n; i++)
		if (ev->devices[i].id == device)
			return &ev->devices[i];
	return NULL;
}

static int
add_row(struct engine *e, struct engine_event *ev, uint32_t device,
    const char *name, uint64_t added_ms)
{
	struct device_row *v = &ev->devices[ev->n];

	*v = (struct device_row){.id = device,
	    .name = strdup(name),
	    .added_ms = added_ms,
	    .this_one = device == e->self.device};
	if (v->name == NULL)
		return ERR_NOMEM;
	ev->n++;
	return 0;
}

static int
add_listed(struct engine *e, struct engine_event *ev)
{
	char name[DEVICE_NAME_MAX + 1];
	struct device_secret secret;
	struct devicelist l;
	size_t i;
	int known = devices_secret(e, &secret), r = devices_list(e, &l);

	for (i = 0; r == 0 && i < l.n; i++) {
		name[0] = '\0';
		if (known == 0)
			device_name_open(
			    name, &l.v[i], e->self.account, &secret);
		r = add_row(e, ev, l.v[i].device, name, l.v[i].added_ms);
		if (r == 0)
			ev->devices[ev->n - 1].listed = true;
	}
	sodium_memzero(&secret, sizeof(secret));
	return r == ERR_NOTFOUND ? 0 : r;
}

/* What the relay knows, beside what was signed. */
static int
add_relays(struct engine *e, struct engine_event *ev,
    const Sotto__Relay__OwnDevicesResponse *res)
{
	struct device_row *v;
	size_t i;
	int r = 0;

	for (i = 0; i < ev->n; i++)
		ev->devices[i].gone = true;
	for (i = 0; r == 0 && i < res->n_devices; i++) {
		v = row_of(ev, res->devices[i]->device_id);
		if (v == NULL) {
			r = add_row(e, ev, res->devices[i]->device_id, "",
			    res->devices[i]->added_ms);
			v = &ev->devices[ev->n - 1];
		}
		if (r == 0) {
			v->gone = false;
			v->seen_ms = res->devices[i]->seen_ms;
		}
	}
	return r;
}

static int
by_id(const void *a, const void *b)
{
	const struct device_row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void
answer_devices(
    struct engine *e, uint64_t tag, const Sotto__Relay__OwnDevicesResponse *res)
{
	struct engine_event *ev = event_new(e, EV_DEVICES, tag);
	size_t cap = DEVICELIST_DEVICES_MAX + 1;
	int r;

	if (ev == NULL)
		return;
	if (res != NULL)
		cap += res->n_devices;
	ev->devices = calloc(cap, sizeof(*ev->devices));
	r = ev->devices == NULL ? ERR_NOMEM : add_listed(e, ev);
	if (r == 0 && res != NULL)
		r = add_relays(e, ev, res);
	if (r != 0) {
		engine_event_free(ev);
		reply_error(e, tag, r, NULL);
		return;
	}
	qsort(ev->devices, ev->n, sizeof(*ev->devices), by_id);
	event_post(e, ev);
}

struct asking { /* a request to the relay for a command */
	struct engine *e;
	uint64_t tag;
	uint32_t device;
};

static void
on_own_devices(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__OwnDevicesResponse *res = NULL;
	struct asking *q = ctx;

	if (reply->err == 0)
		res = sotto__relay__own_devices_response__unpack(
		    NULL, reply->len, reply->body);
	answer_devices(q->e, q->tag, res);
	if (res != NULL)
		sotto__relay__own_devices_response__free_unpacked(res, NULL);
	free(q);
}

static int
ask(struct engine *e, const struct cmd *c, uint16_t method,
    const ProtobufCMessage *m, link_reply_fn *cb)
{
	struct asking *q = calloc(1, sizeof(*q));
	int r;

	if (q == NULL)
		return ERR_NOMEM;
	*q = (struct asking){.e = e, .tag = c->tag, .device = c->n};
	r = ask_relay(e, method, m, cb, q);
	if (r != 0)
		free(q);
	return r;
}

void
cmd_devices(struct engine *e, struct cmd *c)
{
	Sotto__Relay__OwnDevicesRequest req =
	    SOTTO__RELAY__OWN_DEVICES_REQUEST__INIT;

	if (ask(e, c, METHOD_OWN_DEVICES, &req.base, on_own_devices) != 0)
		answer_devices(e, c->tag, NULL);
}

/* ---- changing the list ------------------------------------------------------------------- */

/* It is signed and kept; the command is answered once the relay has it, or at
 * once when the next connection will bring it. */
static void
publish_for(struct engine *e, uint64_t tag)
{
	int r = devices_publish(e);

	if (r != 0) {
		reply_done(e, tag);
		return;
	}
	if (e->list_tag != 0) /* the newer list says both */
		reply_done(e, e->list_tag);
	e->list_tag = tag;
}

static int
rename_in(struct engine *e, struct devicelist *l, const struct cmd *c)
{
	struct device_secret s;
	size_t i;
	int r;

	for (i = 0; i < l->n && l->v[i].device != c->n; i++)
		;
	if (i == l->n)
		return ERR_NOTFOUND;
	r = devices_secret(e, &s);
	if (r != 0)
		return r;
	device_name_seal(&l->v[i], e->self.account, &s, c->s[0]);
	sodium_memzero(&s, sizeof(s));
	return devices_sign(e, l);
}

void
cmd_device_rename(struct engine *e, struct cmd *c)
{
	struct devicelist l;
	int r;

	if (e->self.device != DEVICELIST_PRIMARY) {
		reply_error(e, c->tag, ERR_DENIED,
		    "Only the device that registered the number can name "
		    "devices.");
		return;
	}
	r = devices_list(e, &l);
	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, rename_in(e, &l, c));
	if (r == ERR_NOTFOUND)
		reply_error(e, c->tag, r, "There is no device %u.", c->n);
	else if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		publish_for(e, c->tag);
}

/* ---- removing ------------------------------------------------------------------------------ */

/* Names are sealed anew: the removed device knew what opened the old ones. */
static int
reseal(struct engine *e, struct devicelist *l)
{
	char name[DEVICE_NAME_MAX + 1];
	struct device_secret was, now;
	size_t i;
	int r = devices_secret(e, &was);

	if (r != 0)
		return r;
	randombytes_buf(now.k, sizeof(now.k));
	for (i = 0; i < l->n; i++) {
		device_name_open(name, &l->v[i], e->self.account, &was);
		if (name[0] != '\0')
			device_name_seal(&l->v[i], e->self.account, &now, name);
		else
			l->v[i].name_len = 0;
	}
	r = devices_secret_put(e, &now);
	sodium_memzero(&was, sizeof(was));
	sodium_memzero(&now, sizeof(now));
	return r;
}

static int
sign_without(struct engine *e, uint32_t device)
{
	struct devicelist l;
	size_t i;
	int r = devices_list(e, &l);

	for (i = 0; r == 0 && i < l.n && l.v[i].device != device; i++)
		;
	if (r != 0 || i == l.n)
		return r; /* it was never listed */
	memmove(&l.v[i], &l.v[i + 1], (l.n - i - 1) * sizeof(l.v[0]));
	l.n--;
	r = reseal(e, &l);
	if (r == 0)
		r = devices_sign(e, &l);
	return r == 0 ? sync_secret(e) : r;
}

static void
removed(struct engine *e, const struct asking *q)
{
	int r;

	if (e->self.device != DEVICELIST_PRIMARY) {
		reply_done(e, q->tag); /* ourselves: EV_REMOVED follows */
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, sign_without(e, q->device));
	if (r != 0) {
		reply_error(e, q->tag, r, NULL);
		return;
	}
	publish_for(e, q->tag);
	outbox_kick(e);
}

static void
on_removed(void *ctx, const struct link_reply *reply)
{
	struct asking *q = ctx;
	struct engine *e = q->e;
	char *text;

	if (reply->err == 0 ||
	    (reply->from_relay && reply->err == ERR_NOTFOUND)) {
		removed(e, q);
	} else {
		text = sentence_of(reply->text);
		reply_error(e, q->tag, reply->err, "Not removed: %s",
		    text != NULL && text[0] != '\0' ? text
						    : err_str(reply->err));
		free(text);
	}
	free(q);
}

void
cmd_device_remove(struct engine *e, struct cmd *c)
{
	Sotto__Relay__RemoveDeviceRequest req =
	    SOTTO__RELAY__REMOVE_DEVICE_REQUEST__INIT;
	const bool primary = e->self.device == DEVICELIST_PRIMARY;
	int r;

	if (c->n == DEVICELIST_PRIMARY || c->n < 1 || c->n > 127) {
		reply_error(e, c->tag, ERR_DENIED,
		    c->n == DEVICELIST_PRIMARY
			? "The device that registered the number stays; "
			  "register anew elsewhere to replace it."
			: "There is no such device.");
		return;
	}
	if (!primary && c->n != e->self.device) {
		reply_error(e, c->tag, ERR_DENIED,
		    "Only the device that registered the number can remove "
		    "others.");
		return;
	}
	req.device_id = c->n;
	r = ask(e, c, METHOD_REMOVE_DEVICE, &req.base, on_removed);
	if (r == ERR_CLOSED)
		reply_error(e, c->tag, r,
		    "Removing a device needs the relay, and it is not "
		    "connected.");
	else if (r != 0)
		reply_error(e, c->tag, r, NULL);
}

/* ---- wiping this one ------------------------------------------------------------------------ */

static void
forget_all(struct engine *e)
{
	size_t i;

	connection_close(e); /* no answer comes any more */
	uv_timer_stop(&e->timer);
	uv_timer_stop(&e->kick);
	for (i = 0; i < OUTBOX_INFLIGHT; i++)
		free(e->sending[i].text);
	memset(e->sending, 0, sizeof(e->sending));
	keys_lock(e);
	memset(e->drafting, 0, sizeof(e->drafting));
	e->reg = (struct registration){.active = false};
	e->upkeep_busy = e->confirm_busy = false;
	e->list_tag = 0;
	e->list_waits = 0;
	account_close(e);
}

void
cmd_wipe(struct engine *e, struct cmd *c)
{
	int r;

	forget_all(e);
	r = store_wipe(e->dir, e->profile_lock);
	if (r == 0)
		media_wipe(e);
	if (r != 0)
		reply_error(e, c->tag, r, "%s", store_error(NULL));
	else
		reply_done(e, c->tag);
}
