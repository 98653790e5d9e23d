/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relay/admin/http.h"
#include "relay/blobs/blobs.h"
#include "relay/keyfile.h"
#include "relay/link/mailbox.h"
#include "relay/methods.h"
#include "relay/presence/methods.h"
#include "relay/queue/queue.h"
#include "relay/relay.h"
#include "relay/turn/turn.h"
#include "relay/upkeep.h"

struct relay {
	struct service sv;
	struct net_ops ops;
	struct relay_conf *conf;
	struct noise_keypair *key; /* sodium_malloc, read-only */
	uint8_t secret[IDENTITY_SECRET_LEN]; /* of the identity module */
	struct upkeep *upkeep; /* on loop 0 */
	bool running;
	bool draining;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool quiet; /* under lock */
	void (*on_quiet)(void *arg);
	void *on_quiet_arg;
};

/* ---- loops ------------------------------------------------------------------------------ */

static struct service_loop *
user_of(const struct net_loop *l)
{
	return net_user(l);
}

static void
wake_loop(void *ctx)
{
	net_wake(ctx);
}

static int
open_identity(struct relay *r, struct service_loop *sl)
{
	const struct identity_env env = {
	    .loop = net_uv(sl->net),
	    .store = r->sv.store,
	    .sink = &sl->sink,
	    .limit = r->sv.limit,
	    .log = r->sv.log,
	    .clock = r->sv.clock,
	    .secret = r->secret,
	    .conf = r->conf,
	};

	return identity_new(&sl->identity, &env);
}

/* What is made here is freed by loop_free(), also after an error. */
static int
fill_loop(struct relay *r, struct service_loop *sl)
{
	int rc;

	rc = queue_loop_new(&sl->queue);
	if (rc == 0)
		rc = open_identity(r, sl);
	if (rc == 0 && net_index(sl->net) == 0)
		rc = upkeep_new(&r->upkeep, sl);
	return rc;
}

static int
loop_open(void *arg, struct net_loop *l, void **user)
{
	struct relay *r = arg;
	struct service_loop *sl = calloc(1, sizeof(*sl));
	int rc;

	if (sl == NULL)
		return ERR_NOMEM;
	sl->sv = &r->sv;
	sl->net = l;
	rc = store_sink_init(&sl->sink, wake_loop, l);
	if (rc != 0) {
		free(sl);
		return rc;
	}
	*user = sl;
	return fill_loop(r, sl);
}

static void
loop_conf(struct net_loop *l, struct relay_conf *conf)
{
	struct service_loop *sl = user_of(l);
	int rc;

	if (sl->identity == NULL)
		return;
	rc = identity_set_conf(sl->identity, conf);
	if (rc != 0)
		log_warn(sl->sv->log, "the settings of registration stay",
		    LOG_ERR("why", rc));
}

static struct relay *
relay_of(const struct service_loop *sl)
{
	return (void *)((char *)sl->sv - offsetof(struct relay, sv));
}

static void
loop_quiet(struct net_loop *l)
{
	struct service_loop *sl = user_of(l);

	identity_close(sl->identity);
	sl->identity = NULL;
	if (net_index(l) == 0)
		upkeep_stop(relay_of(sl)->upkeep);
}

static void
loop_close(struct net_loop *l)
{
	struct service_loop *sl = user_of(l);

	loop_quiet(l);
	if (net_index(l) == 0) {
		upkeep_close(relay_of(sl)->upkeep);
		relay_of(sl)->upkeep = NULL;
	}
	/* The store has ended: these are the last ones. */
	store_sink_drain(&sl->sink);
}

static void
loop_free(void *user)
{
	struct service_loop *sl = user;

	queue_loop_free(sl->queue);
	store_sink_clear(&sl->sink);
	free(sl);
}

static void
loop_wake(struct net_loop *l)
{
	store_sink_drain(&user_of(l)->sink);
}

/* ---- sessions ----------------------------------------------------------------------------- */

static void
on_offline(struct conn *c, struct session *s)
{
	queue_offline(c, s);
	presence_offline(c, s);
}

static const struct service_hooks hooks = {
    .online = queue_online,
    .offline = on_offline,
};

static struct net_ops
make_ops(void)
{
	return (struct net_ops){
	    .rules = relay_rules,
	    .nrules = relay_rules_n,
	    .session_size = sizeof(struct session),
	    .loop_open = loop_open,
	    .loop_conf = loop_conf,
	    .loop_quiet = loop_quiet,
	    .loop_close = loop_close,
	    .loop_free = loop_free,
	    .turn = queue_turn,
	    .wake = loop_wake,
	    .conn_open = session_open,
	    .conn_confirmed = session_confirmed,
	    .allow = session_allow,
	    .conn_gone = session_gone,
	};
}

/* ---- start -------------------------------------------------------------------------------- */

/* Told on the store's thread. */
static void
on_trouble(void *ctx, const char *reason)
{
	struct relay *r = ctx;

	health_set(HEALTH_STORE_FAILING, reason != NULL);
	metrics_set(METRIC_store_failing, reason != NULL);
	if (reason != NULL)
		log_error(r->sv.log, "the store cannot write",
		    LOG_STR("why", reason));
	else
		log_info(r->sv.log, "the store writes again", LOG_NONE);
}

static uint64_t
store_now(void *ctx)
{
	const struct relay *r = ctx;

	return relay_clock_wall(r->sv.clock);
}

static int
open_store(struct relay *r, struct relay_why *why)
{
	const struct store_opts opts = {
	    .dir = r->conf->data_dir,
	    .now_ms = store_now,
	    .ctx = r,
	    .queue_ttl_ms = r->conf->message_ttl_ms,
	    .queue_max = r->conf->queue_max,
	    .trouble = on_trouble,
	};
	struct store_why sw;
	int rc;

	rc = store_open(&r->sv.store, &opts, &sw);
	if (rc != 0)
		snprintf(why->text, sizeof(why->text), "%s: %s",
		    r->conf->data_dir, sw.text);
	return rc;
}

/* After the store: it makes the folder, and lets only one of us in. */
static int
open_key(struct relay *r, struct relay_why *why)
{
	static const uint8_t label[] = "sotto relay identity secret";
	int rc;

	r->key = sodium_malloc(sizeof(*r->key));
	if (r->key == NULL)
		return ERR_NOMEM;
	rc = keyfile_load(
	    r->conf->data_dir, r->key, why->text, sizeof(why->text));
	if (rc != 0)
		return rc;
	crypto_generichash(r->secret, sizeof(r->secret), label, sizeof(label),
	    r->key->sk.b, sizeof(r->key->sk.b));
	sodium_mprotect_readonly(r->key);
	return 0;
}

/* After the key, which its own secret comes from. */
static int
open_blobs(struct relay *r, struct relay_why *why)
{
	static const uint8_t label[] = "sotto relay blob secret";
	uint8_t secret[BLOB_SECRET_LEN];
	const struct blobs_env env = {
	    .conf = r->conf,
	    .secret = secret,
	    .store = r->sv.store,
	    .log = r->sv.log,
	    .clock = r->sv.clock,
	};
	int rc;

	crypto_generichash(secret, sizeof(secret), label, sizeof(label),
	    r->key->sk.b, sizeof(r->key->sk.b));
	rc = blobs_start(&r->sv.blobs, &env, why->text);
	sodium_memzero(secret, sizeof(secret));
	return rc;
}

static int
open_turn(struct relay *r, struct relay_why *why)
{
	static const uint8_t label[] = "sotto relay turn secret";
	uint8_t secret[TURN_SECRET_LEN];
	const struct turn_env env = {
	    .conf = r->conf,
	    .secret = secret,
	    .log = r->sv.log,
	    .clock = r->sv.clock,
	};
	int rc;

	crypto_generichash(secret, sizeof(secret), label, sizeof(label),
	    r->key->sk.b, sizeof(r->key->sk.b));
	rc = turn_start(&r->sv.turn, &env, why->text);
	sodium_memzero(secret, sizeof(secret));
	return rc;
}

static int
make_tables(struct relay *r)
{
	int rc;

	rc = limit_new(&r->sv.limit, r->conf->limit_entries);
	if (rc != 0)
		return rc;
	limit_set_rates(r->sv.limit, &r->conf->rates);
	rc = route_new(&r->sv.route);
	if (rc == 0)
		rc = mailboxes_new(&r->sv.mailboxes);
	return rc != 0 ? rc : presence_new(&r->sv.presence);
}

static int
open_net(struct relay *r, struct relay_why *why)
{
	const struct net_env env = {
	    .ops = &r->ops,
	    .arg = r,
	    .conf = r->conf,
	    .key = r->key,
	    .limit = r->sv.limit,
	    .log = r->sv.log,
	    .clock = r->sv.clock,
	};
	struct net_why nw;
	int rc;

	r->ops = make_ops();
	rc = net_new(&r->sv.net, &env, &nw);
	if (rc == 0)
		rc = net_run(r->sv.net);
	else
		snprintf(why->text, sizeof(why->text), "%s", nw.text);
	r->running = rc == 0;
	return rc;
}

int
relay_start(
    struct relay **out, const struct relay_env *env, struct relay_why *why)
{
	struct relay *r = calloc(1, sizeof(*r));
	int rc;

	why->text[0] = '\0';
	if (r == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->cond, NULL);
	r->conf = relay_conf_ref(env->conf);
	r->sv.log = env->log;
	r->sv.clock = env->clock != NULL ? env->clock : &relay_clock_system;
	r->sv.hooks = &hooks;
	rc = make_tables(r);
	if (rc == 0)
		rc = open_store(r, why);
	if (rc == 0)
		rc = open_key(r, why);
	if (rc == 0)
		rc = open_blobs(r, why);
	if (rc == 0)
		rc = open_turn(r, why);
	if (rc == 0)
		rc = open_net(r, why);
	if (rc != 0) {
		if (why->text[0] == '\0')
			snprintf(
			    why->text, sizeof(why->text), "%s", err_str(rc));
		relay_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

int
relay_set_conf(struct relay *r, struct relay_conf *conf)
{
	limit_set_rates(r->sv.limit, &conf->rates);
	return net_set_conf(r->sv.net, conf);
}

/* ---- stop --------------------------------------------------------------------------------- */

static void
became_quiet(void *arg)
{
	struct relay *r = arg;
	void (*tell)(void *) = r->on_quiet;
	void *tell_arg = r->on_quiet_arg;

	pthread_mutex_lock(&r->lock);
	r->quiet = true;
	pthread_cond_signal(&r->cond);
	pthread_mutex_unlock(&r->lock);
	/* r may be gone by now. */
	if (tell != NULL)
		tell(tell_arg);
}

void
relay_drain(struct relay *r, void (*quiet)(void *arg), void *arg)
{
	if (r->draining)
		return;
	r->draining = true;
	r->on_quiet = quiet;
	r->on_quiet_arg = arg;
	health_set(HEALTH_DRAINING, true);
	metrics_set(METRIC_draining, 1);
	net_drain(r->sv.net, became_quiet, r);
}

void
relay_force(struct relay *r)
{
	net_force(r->sv.net);
}

static void
wait_until_quiet(struct relay *r)
{
	relay_drain(r, NULL, NULL);
	pthread_mutex_lock(&r->lock);
	while (!r->quiet)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void
relay_free(struct relay *r)
{
	if (r == NULL)
		return;
	if (r->running)
		wait_until_quiet(r);
	blobs_stop(r->sv.blobs);
	store_free(r->sv.store);
	if (r->sv.net != NULL)
		net_free(r->sv.net);
	blobs_free(r->sv.blobs);
	turn_free(r->sv.turn);
	presence_free(r->sv.presence);
	mailboxes_free(r->sv.mailboxes);
	route_free(r->sv.route);
	limit_free(r->sv.limit);
	sodium_free(r->key);
	sodium_memzero(r->secret, sizeof(r->secret));
	relay_conf_unref(r->conf);
	pthread_cond_destroy(&r->cond);
	pthread_mutex_destroy(&r->lock);
	health_set(HEALTH_DRAINING, false);
	metrics_set(METRIC_draining, 0);
	free(r);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static enum close_reason
reason_of(const char *word)
{
	return strcmp(word, "banned") == 0 ? CLOSE_BANNED : CLOSE_REVOKED;
}

void
relay_kick(struct relay *r, const struct store_devs *gone, const char *reason)
{
	session_kick(&r->sv, NULL, gone, reason_of(reason));
}

struct store *
relay_store(struct relay *r)
{
	return r->sv.store;
}

const struct noise_public *
relay_key(const struct relay *r)
{
	return &r->key->pk;
}

uint16_t
relay_port(const struct relay *r, size_t i)
{
	return net_port(r->sv.net, i);
}

uint16_t
relay_blobs_port(const struct relay *r)
{
	return blobs_port(r->sv.blobs);
}

uint16_t
relay_turn_port(const struct relay *r)
{
	return turn_port(r->sv.turn, 0);
}

/* An operation the calling thread waits for. */
struct wait {
	struct store_sink sink;
	struct op_stats op;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool woken;
};

static void
wake_waiter(void *ctx)
{
	struct wait *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->woken = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static void
nothing(struct store_op *op)
{
	(void)op;
}

static void
set_gauges(const struct op_stats *op)
{
	metrics_set(METRIC_accounts, (int64_t)op->accounts);
	metrics_set(METRIC_devices, (int64_t)op->devices);
	metrics_set(METRIC_queued_messages, (int64_t)op->queued);
	metrics_set(METRIC_store_bytes, (int64_t)op->disk_bytes);
}

static void
set_counters(struct store *store)
{
	struct store_metrics m;

	store_metrics(store, &m);
	metrics_set(METRIC_store_operations, (int64_t)m.ops);
	metrics_set(METRIC_store_commits, (int64_t)m.commits);
	metrics_set(METRIC_store_commits_failed, (int64_t)m.failed_commits);
	metrics_set(
	    METRIC_store_commit_microseconds, (int64_t)m.commit_us_total);
	metrics_set(METRIC_store_rows_written, (int64_t)m.rows_in);
}

void
relay_refresh_metrics(struct relay *r)
{
	struct wait w = {.woken = false};

	if (store_sink_init(&w.sink, wake_waiter, &w) != 0)
		return;
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.cond, NULL);
	store_op_init(&w.op.op, STORE_STATS, &w.sink, nothing, NULL);
	store_submit(r->sv.store, &w.op.op);
	pthread_mutex_lock(&w.lock);
	while (!w.woken)
		pthread_cond_wait(&w.cond, &w.lock);
	pthread_mutex_unlock(&w.lock);
	store_sink_drain(&w.sink);
	if (w.op.op.result == 0)
		set_gauges(&w.op);
	set_counters(r->sv.store);
	pthread_cond_destroy(&w.cond);
	pthread_mutex_destroy(&w.lock);
	store_sink_clear(&w.sink);
}
