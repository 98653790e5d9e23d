/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upkeep.c — what the relay must have of us: pre-keys, and the signed device
 * list. Looked after whenever the connection opens.
 */
#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/engine/prekeys.h"
#include "tui/engine/repair.h"
#include "tui/store/store_message.h"
#include "tui/store/store_prekey.h"
#include "tui/store/store_setting.h"

#define LIST_PUBLISHED "device_list_published"
#define LIST_VERSION   "device_list_version"
/* The relay forgets messages sooner, so no repeat can come later. */
#define INBOX_KEEP_MS (60ull * 24 * 3600 * 1000)

/* ---- device list ------------------------------------------------------------- */

static void
on_list_set(void *ctx, const struct link_reply *reply)
{
	struct engine *e = ctx;

	if (reply->err == 0 &&
	    store_setting_put_int(e->store, LIST_PUBLISHED, 1) == ERR_IO)
		event_post_fatal(e, ERR_IO, store_error(e->store));
}

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
publish_list(struct engine *e)
{
	Sotto__Relay__SetDeviceListRequest req =
	    SOTTO__RELAY__SET_DEVICE_LIST_REQUEST__INIT;
	struct devicelist l = {.issued_ms = engine_now_ms(), .n = 1};
	int64_t published = 0;
	struct buf b;
	int r;

	r = store_setting_get_int(e->store, LIST_PUBLISHED, 0, &published);
	if (r != 0 || published)
		return r;
	r = next_version(e, l.issued_ms, &l.version);
	if (r != 0)
		return r;
	memcpy(l.account, e->self.account, sizeof(l.account));
	l.v[0] = (struct devicelist_entry){
	    .device = e->self.device,
	    .identity = e->keys->identity.pk,
	    .added_ms = l.issued_ms,
	};
	buf_init(&b, DEVICELIST_MAX);
	r = devicelist_sign(&b, &l, &e->keys->identity, &signal_rng_system);
	if (r == 0) {
		req.device_list = (ProtobufCBinaryData){b.len, b.p};
		r = ask_relay(
		    e, METHOD_SET_DEVICE_LIST, &req.base, on_list_set, e);
	}
	buf_clear(&b);
	return r;
}

/* ---- pre-keys ---------------------------------------------------------------- */

static void
on_keys_put(void *ctx, const struct link_reply *reply)
{
	struct engine *e = ctx;

	(void)reply; /* what got lost is made good at the next connection */
	e->upkeep_busy = false;
}

static int
make_keys(struct engine *e)
{
	bool low =
	    e->one_time_left < PREKEYS_LOW || e->kyber_left < PREKEYS_LOW;
	uint32_t pool = low ? PREKEYS_POOL : 0;
	uint64_t now = engine_now_ms();
	int r = txn_begin(e);

	if (r != 0)
		return r;
	r = prekeys_make(e, pool);
	if (r == 0 && now > INBOX_KEEP_MS)
		r = store_inbox_prune(e->store, now - INBOX_KEEP_MS);
	if (r == 0)
		r = repair_upkeep(e);
	return txn_end(e, r);
}

static int
publish_keys(struct engine *e)
{
	Sotto__Relay__PutKeysRequest req = SOTTO__RELAY__PUT_KEYS_REQUEST__INIT;
	struct prekeys_upload up;
	int r;

	if (e->upkeep_busy)
		return 0;
	r = make_keys(e);
	if (r == 0)
		r = prekeys_collect(e, &up);
	if (r != 0)
		return r;
	if (prekeys_nothing(&up))
		goto out;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, prekeys_uploaded(e));
	if (r != 0)
		goto out;
	req.pre_keys = &up.msg;
	r = ask_relay(e, METHOD_PUT_KEYS, &req.base, on_keys_put, e);
	e->upkeep_busy = r == 0;
out:
	prekeys_release(&up);
	return r;
}

void
account_upkeep(struct engine *e)
{
	int r = publish_list(e);

	if (r == 0)
		r = publish_keys(e);
	if (r == ERR_IO)
		event_post_fatal(e, r, store_error(e->store));
}
