/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turn.c — starting, stopping, credentials. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <sodium.h>

#include "relay/turn/priv.h"

/* ---- start and stop ------------------------------------------------------------- */

static void
make_secrets(struct turn *t, const uint8_t *secret)
{
	static const uint8_t label[] = "sotto relay turn nonce";

	if (t->conf->turn_secret != NULL)
		snprintf(
		    t->secret, sizeof(t->secret), "%s", t->conf->turn_secret);
	else
		sodium_bin2hex(
		    t->secret, sizeof(t->secret), secret, TURN_SECRET_LEN);
	crypto_generichash(t->nonce_key, sizeof(t->nonce_key), label,
	    sizeof(label), secret, TURN_SECRET_LEN);
}

static int
start_threads(struct turn *t)
{
	struct worker *w;

	for (w = t->workers; w < t->workers + t->n_workers; w++) {
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			return ERR_SYS;
		w->running = true;
	}
	return 0;
}

static int
start_server(struct turn *t, char why[static TURN_WHY_CAP])
{
	size_t i;
	int r;

	t->n_workers = t->conf->turn_threads;
	t->workers = calloc(t->n_workers, sizeof(*t->workers));
	if (t->workers == NULL)
		return ERR_NOMEM;
	for (i = 0; i < t->n_workers; i++) {
		r = worker_init(&t->workers[i], t);
		if (r != 0)
			return r;
	}
	r = listen_addresses(t, why);
	if (r == 0)
		r = tls_open(t, why);
	if (r == 0)
		r = listen_open(t, why);
	return r != 0 ? r : start_threads(t);
}

int
turn_start(struct turn **out, const struct turn_env *env,
    char why[static TURN_WHY_CAP])
{
	struct turn *t;
	size_t i;
	int r = 0;

	*out = NULL;
	why[0] = '\0';
	if (env->conf->turn_listen.n == 0 && env->conf->turn_server.n == 0)
		return 0;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return ERR_NOMEM;
	t->conf = env->conf;
	t->log = env->log;
	t->clock = env->clock;
	t->realm = env->conf->turn_realm;
	pthread_mutex_init(&t->lock, NULL);
	for (i = 0; i < RESERVATIONS_MAX; i++)
		t->reserved[i].fd = -1;
	make_secrets(t, env->secret);
	if (env->conf->turn_listen.n > 0)
		r = start_server(t, why);
	if (r != 0) {
		if (why[0] == '\0')
			snprintf(why, TURN_WHY_CAP, "TURN: %s", err_str(r));
		turn_free(t);
		return r;
	}
	*out = t;
	return 0;
}

static void
join(struct worker *w)
{
	uint64_t one = 1;

	if (!w->running)
		return;
	(void)!write(w->wake.fd, &one, sizeof(one));
	(void)pthread_join(w->thread, NULL);
}

void
turn_free(struct turn *t)
{
	size_t i;

	if (t == NULL)
		return;
	atomic_store_explicit(&t->stop, true, memory_order_release);
	for (i = 0; t->workers != NULL && i < t->n_workers; i++)
		join(&t->workers[i]);
	for (i = 0; t->workers != NULL && i < t->n_workers; i++)
		worker_clear(&t->workers[i]);
	for (i = 0; i < RESERVATIONS_MAX; i++)
		if (t->reserved[i].fd >= 0)
			close(t->reserved[i].fd);
	tls_free(t);
	free(t->workers);
	free(t->own);
	pthread_mutex_destroy(&t->lock);
	sodium_memzero(t->secret, sizeof(t->secret));
	sodium_memzero(t->nonce_key, sizeof(t->nonce_key));
	free(t);
}

uint16_t
turn_port(const struct turn *t, size_t i)
{
	return t != NULL && i < t->n_ports ? t->ports[i] : 0;
}

/* ---- credentials ------------------------------------------------------------------ */

static void
add_url(struct turn_credentials *c, const char *scheme, const char *host,
    uint16_t port, const char *transport)
{
	bool v6 = strchr(host, ':') != NULL;

	if (c->n_urls < TURN_URLS_MAX)
		snprintf(c->urls[c->n_urls++], TURN_URL_CAP,
		    "%s:%s%s%s:%u?transport=%s", scheme, v6 ? "[" : "", host,
		    v6 ? "]" : "", port, transport);
}

/* Where clients reach the i-th address: turn-host, or where it listens; empty:
 * where they reach the relay. */
static void
own_url(const struct turn *t, size_t i, struct turn_credentials *c)
{
	char host[CONF_HOST_CAP] = "";
	uint16_t port;

	if (t->conf->turn_host != NULL)
		snprintf(host, sizeof(host), "%s", t->conf->turn_host);
	else if (conf_addr_split(t->conf->turn_listen.v[i], host, &port) != 0 ||
		 strcmp(host, "*") == 0)
		host[0] = '\0';
	add_url(c, "turn", host, t->ports[i], "udp");
	add_url(c, "turn", host, t->ports[i], "tcp");
	if (t->tls != NULL)
		add_url(c, "turns", host, t->ports[i], "tcp");
}

void
turn_credentials(const struct turn *t,
    const uint8_t account[static TURN_ACCOUNT_LEN],
    struct turn_credentials *out)
{
	const struct conf_list *l = &t->conf->turn_server;
	uint64_t now_s = relay_clock_wall(t->clock) / 1000;
	char who[2 * 12 + 1];
	uint8_t hash[16];
	size_t i;

	memset(out, 0, sizeof(*out));
	crypto_generichash(hash, sizeof(hash), account, TURN_ACCOUNT_LEN,
	    t->nonce_key, sizeof(t->nonce_key));
	sodium_bin2hex(who, sizeof(who), hash, 12);
	out->ttl_s = (uint32_t)(t->conf->turn_ttl_ms / 1000);
	/* cannot be too long */
	(void)!turn_cred_name(out->name, now_s + out->ttl_s, who);
	turn_cred_password(out->password, t->secret, strlen(t->secret),
	    out->name, strlen(out->name));
	for (i = 0; i < l->n && out->n_urls < TURN_URLS_MAX; i++)
		snprintf(out->urls[out->n_urls++], TURN_URL_CAP, "%s", l->v[i]);
	for (i = 0; i < t->n_ports && l->n == 0; i++)
		own_url(t, i, out);
}
