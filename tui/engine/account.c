/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account.c — who we are: opening the store, the profile, the keyring. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/account_care.h"
#include "tui/engine/backups.h"
#include "tui/engine/group.h"
#include "tui/engine/group_send.h"
#include "tui/engine/linking.h"
#include "tui/engine/media.h"
#include "tui/engine/sync.h"
#include "tui/engine/timer.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_setting.h"

#define REGISTRATION_ID_MAX 16380 /* 1..; 14 bits, as Signal has it */

/* ---- keyring --------------------------------------------------------------- */

static void
keyring_make(struct keyring *k)
{
	struct store_account *row = &k->row;

	identity_generate(&k->identity, &signal_rng_system);
	noise_keypair_make(&k->noise, &noise_rng_system);
	memcpy(row->identity_secret, k->identity.sk.k, EC_LEN);
	identity_pk_put(row->identity_public, &k->identity.pk);
	memcpy(row->noise_secret, k->noise.sk.b, NOISE_KEY_LEN);
	memcpy(row->noise_public, k->noise.pk.b, NOISE_KEY_LEN);
	row->registration_id = 1 + randombytes_uniform(REGISTRATION_ID_MAX);
}

static int
keyring_read(struct keyring *k)
{
	struct noise_secret sk;
	int r = identity_from_private(&k->identity, k->row.identity_secret);

	if (r != 0)
		return r;
	memcpy(sk.b, k->row.noise_secret, sizeof(sk.b));
	r = noise_keypair_of(&k->noise, &sk);
	sodium_memzero(&sk, sizeof(sk));
	return r;
}

/* The account's row and keys; made at the first opening. */
static int
keyring_load(struct engine *e)
{
	int r;

	e->keys = sodium_malloc(sizeof(*e->keys));
	if (e->keys == NULL)
		return ERR_NOMEM;
	sodium_memzero(e->keys, sizeof(*e->keys));
	r = store_account_get(e->store, &e->keys->row);
	if (r == 0)
		return keyring_read(e->keys);
	if (r != ERR_NOTFOUND)
		return r;
	keyring_make(e->keys);
	return store_account_put(e->store, &e->keys->row);
}

int
account_save(struct engine *e)
{
	return store_account_put(e->store, &e->keys->row);
}

void
account_close(struct engine *e)
{
	backups_close(e);
	media_close(e);
	linking_close(e);
	groups_close(e);
	inbox_link_lost(e);
	group_send_close(e);
	keys_lock(e);
	free(e->self.phone);
	free(e->self.name);
	free(e->self.relay);
	free(e->self.relay_name);
	e->self = (struct engine_self){.registered = false};
	free(e->peers);
	e->peers = NULL;
	e->n_peers = 0;
	sodium_free(e->keys);
	e->keys = NULL;
	store_close(e->store);
	e->store = NULL;
}

/* ---- self ------------------------------------------------------------------ */

static int
set_string(char **to, const char *from)
{
	char *copy = strdup(from);

	if (copy == NULL)
		return ERR_NOMEM;
	free(*to);
	*to = copy;
	return 0;
}

int
self_load(struct engine *e)
{
	const struct store_account *row = &e->keys->row;
	struct engine_self *s = &e->self;
	int64_t receipts = 1, presence = 0, pin = 0;
	int r;

	s->registered = row->registered;
	memcpy(s->account, row->account, sizeof(s->account));
	s->device = row->device;
	r = set_string(&s->phone, row->phone);
	if (r == 0)
		r = set_string(&s->name, row->name);
	if (r == 0)
		r = set_string(&s->relay, row->relay_uri);
	if (r == 0)
		r = set_string(&s->relay_name, row->relay_name);
	if (r == 0)
		r = store_setting_get_int(
		    e->store, "read_receipts", 1, &receipts);
	if (r == 0)
		r = store_setting_get_int(
		    e->store, "share_presence", 0, &presence);
	if (r == 0)
		r = store_setting_get_int(e->store, "pin_set", 0, &pin);
	s->pin_set = pin != 0;
	if (r == 0)
		r = pin_ask_due(e, &s->pin_ask);
	s->read_receipts = receipts != 0;
	s->share_presence = presence != 0;
	return r;
}

void
self_post(struct engine *e, enum engine_event_kind kind, uint64_t tag)
{
	struct engine_event *ev = event_new(e, kind, tag);
	const struct engine_self *s = &e->self;

	if (ev == NULL)
		return;
	ev->self = *s;
	ev->self.phone = strdup(s->phone);
	ev->self.name = strdup(s->name);
	ev->self.relay = strdup(s->relay);
	ev->self.relay_name = strdup(s->relay_name);
	if (ev->self.phone == NULL || ev->self.name == NULL ||
	    ev->self.relay == NULL || ev->self.relay_name == NULL) {
		engine_event_free(ev);
		reply_error(e, tag, ERR_NOMEM, NULL);
		return;
	}
	event_post_later(e, ev);
}

void
cmd_self(struct engine *e, struct cmd *c)
{
	self_post(e, EV_SELF, c->tag);
}

static int
save_profile(struct engine *e, struct cmd *c)
{
	int r = 0;

	if (c->s[0] != NULL) {
		memset(e->keys->row.name, 0, sizeof(e->keys->row.name));
		memcpy(e->keys->row.name, c->s[0], strlen(c->s[0]));
		r = account_save(e);
		if (r == 0)
			r = store_clock_tick(e->store, e->self.account,
			    STORE_CLOCK_PROFILE, engine_now_ms(),
			    e->self.device);
		if (r == 0)
			r = sync_profile(e);
	}
	if (r == 0)
		r = store_setting_put_int(
		    e->store, "read_receipts", c->flag[0] != 0);
	if (r == 0)
		r = store_setting_put_int(
		    e->store, "share_presence", c->flag[1] != 0);
	return r;
}

void
cmd_set_profile(struct engine *e, struct cmd *c)
{
	int r;

	if (c->s[0] != NULL && strlen(c->s[0]) >= STORE_NAME_MAX) {
		reply_error(e, c->tag, ERR_RANGE, "That name is too long.");
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, save_profile(e, c));
	if (r == 0)
		r = self_load(e);
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	if (connection_online(e))
		presence_start(e);
	outbox_wake(e);
	self_post(e, EV_SELF, c->tag);
}

/* ---- opening ----------------------------------------------------------------- */

bool
engine_exists(const struct engine_opts *opts)
{
	return store_exists(opts->dir);
}

void
cmd_unlock(struct engine *e, struct cmd *c)
{
	struct store_key key = {
	    .passphrase = c->s[0], .command = c->s[1], .key_file = c->s[2]};
	struct store_opts opts = {
	    .lock = e->profile_lock, .fast_kdf = e->opts.fast_kdf};
	int r = store_open(e->dir, &key, &opts, &e->store);

	if (r != 0) {
		e->store = NULL;
		reply_error(e, c->tag, r, "%s", store_error(NULL));
		return;
	}
	r = keyring_load(e);
	if (r == 0)
		r = self_load(e);
	if (r != 0) {
		account_close(e);
		reply_error(e, c->tag, r,
		    "The store opens, but not its "
		    "account: %s.",
		    err_str(r));
		return;
	}
	timer_run(e); /* what expired meanwhile is never shown */
	self_post(e, EV_UNLOCKED, c->tag);
	backups_arm(e);
	media_open(e);
	if (e->self.registered)
		connection_dial(e);
}

void
cmd_change_passphrase(struct engine *e, struct cmd *c)
{
	struct store_key before = {.passphrase = c->s[0]};
	struct store_key after = {.passphrase = c->s[1]};
	int r = store_change_key(e->store, &before, &after);

	if (r != 0)
		reply_error(e, c->tag, r, "%s", store_error(e->store));
	else
		reply_done(e, c->tag);
}
