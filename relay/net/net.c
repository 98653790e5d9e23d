/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "relay/net/priv.h"

/* Room for what a reload may bring. */
#define GUEST_ADDRESSES(max) ((max) < 4096 ? (size_t)8192 : (size_t)(max)*2)

static size_t
count_loops(const struct relay_conf *conf)
{
	size_t n = conf->threads;

	if (n == 0)
		n = uv_available_parallelism();
	return n > NET_LOOPS_MAX ? NET_LOOPS_MAX : n;
}

static int
init_loops(struct net *n)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n->nloops; i++)
		r = loop_init(n, &n->loops[i], i);
	return r;
}

static int
bind_addresses(struct net *n, struct net_why *why)
{
	const struct conf_list *listen = &n->env.conf->listen;
	size_t i;
	int r = 0;

	n->nports = listen->n;
	n->ports = calloc(listen->n + 1, sizeof(*n->ports));
	if (n->ports == NULL)
		return ERR_NOMEM;
	for (i = 0; r == 0 && i < listen->n; i++)
		r = listen_bind(n, listen->v[i], &n->ports[i], why);
	return r;
}

int
net_new(struct net **out, const struct net_env *env, struct net_why *why)
{
	size_t nloops = count_loops(env->conf);
	struct net *n;
	int r;

	n = calloc(1, sizeof(*n) + nloops * sizeof(n->loops[0]));
	why->text[0] = '\0';
	if (n == NULL)
		return ERR_NOMEM;
	n->env = *env;
	n->ops = env->ops;
	n->nloops = nloops;
	n->env.conf = relay_conf_ref(env->conf);
	atomic_init(&n->busy, nloops);
	dispatch_init(&n->dispatch, env->ops->rules, env->ops->nrules);
	r = guests_new(&n->guests, GUEST_ADDRESSES(env->conf->guests_max));
	if (r == 0)
		r = init_loops(n);
	if (r == 0)
		r = bind_addresses(n, why);
	if (r != 0) {
		if (why->text[0] == '\0')
			snprintf(
			    why->text, sizeof(why->text), "%s", err_str(r));
		net_free(n);
		return r;
	}
	*out = n;
	return 0;
}

int
net_run(struct net *n)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n->nloops; i++)
		r = loop_run(&n->loops[i]);
	return r;
}

static void
on_drain(struct net_loop *l, struct net_mail *m)
{
	(void)m;
	loop_drain(l);
}

void
net_drain(struct net *n, void (*quiet)(void *arg), void *arg)
{
	size_t i;

	if (atomic_exchange(&n->draining, true))
		return;
	n->quiet = quiet;
	n->quiet_arg = arg;
	for (i = 0; i < n->nloops; i++) {
		n->loops[i].drain.fn = on_drain;
		net_post(NULL, &n->loops[i], &n->loops[i].drain);
	}
}

static void
on_force(struct net_loop *l, struct net_mail *m)
{
	(void)m;
	loop_force(l);
}

void
net_force(struct net *n)
{
	size_t i;

	if (atomic_exchange(&n->forced, true))
		return;
	for (i = 0; i < n->nloops; i++) {
		n->loops[i].force.fn = on_force;
		net_post(NULL, &n->loops[i], &n->loops[i].force);
	}
}

void
net_join(struct net *n)
{
	size_t i;

	for (i = 0; i < n->nloops; i++)
		loop_join(&n->loops[i]);
	n->joined = true;
}

void
net_free(struct net *n)
{
	size_t i;

	if (n == NULL)
		return;
	if (!n->joined)
		net_join(n);
	for (i = 0; i < n->nloops; i++)
		loop_clear(&n->loops[i]);
	guests_free(n->guests);
	relay_conf_unref(n->env.conf);
	free(n->ports);
	free(n);
}

int
net_set_conf(struct net *n, struct relay_conf *conf)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n->nloops; i++)
		r = loop_set_conf(&n->loops[i], conf);
	return r;
}

uint16_t
net_port(const struct net *n, size_t i)
{
	return i < n->nports ? n->ports[i] : 0;
}

size_t
net_loops(const struct net *n)
{
	return n->nloops;
}

struct net_loop *
net_loop_at(struct net *n, size_t i)
{
	return &n->loops[i];
}

size_t
net_connections(const struct net *n)
{
	return atomic_load(&n->connections);
}

size_t
net_index(const struct net_loop *l)
{
	return l->index;
}

void *
net_user(const struct net_loop *l)
{
	return l->user;
}

uv_loop_t *
net_uv(struct net_loop *l)
{
	return &l->uv;
}

struct relay_conf *
net_conf(const struct net_loop *l)
{
	return l->conf;
}

bool
net_draining(const struct net_loop *l)
{
	return l->draining;
}
