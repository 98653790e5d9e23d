/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upkeep.c — what the relay must have of us: pre-keys, and the signed device
 * list. Looked after whenever the connection opens.
 */
#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/devices.h"
#include "tui/engine/prekeys.h"
#include "tui/engine/repair.h"
#include "tui/store/store_action.h"
#include "tui/store/store_message.h"
#include "tui/store/store_once.h"
#include "tui/store/store_prekey.h"
#include "tui/store/store_sender_key.h"

/* The relay forgets messages sooner, so no repeat can come later. */
#define INBOX_KEEP_MS (60ull * 24 * 3600 * 1000)

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
	if (r == 0 && now > INBOX_KEEP_MS)
		r = store_early_prune(e->store, now - INBOX_KEEP_MS);
	if (r == 0 && now > REPAIR_AGE_MS)
		r = store_once_prune(e->store, now - REPAIR_AGE_MS);
	if (r == 0 && now > REPAIR_AGE_MS)
		r = store_group_sent_prune(e->store, now - REPAIR_AGE_MS);
	if (r == 0 && now > REPAIR_AGE_MS)
		r = store_group_content_prune(e->store, now - REPAIR_AGE_MS);
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
	int r = devices_upkeep(e);

	if (r == 0)
		r = publish_keys(e);
	if (r == ERR_IO)
		event_post_fatal(e, r, store_error(e->store));
}
