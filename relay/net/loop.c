/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.c — one core's loop: turns, mails, deadlines, its beginning and end. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "relay/net/priv.h"

#define ROUNDS_MAX 16 /* of one turn, before sockets get their turn again */

/* ---- mails --------------------------------------------------------------------- */

static void
wake(struct net_loop *l)
{
	uv_async_send(&l->async);
}

void
net_wake(struct net_loop *l)
{
	/* One system call for many wake-ups. */
	if (!atomic_exchange(&l->woken, true))
		wake(l);
}

/* Hand a list of mails over to another thread. */
static void
hand_over(struct net_loop *to, struct list *mails)
{
	bool first;

	pthread_mutex_lock(&to->box.lock);
	first = list_empty(&to->box.in);
	list_splice(&to->box.in, mails);
	pthread_mutex_unlock(&to->box.lock);
	if (first)
		wake(to);
}

void
net_post(struct net_loop *from, struct net_loop *to, struct net_mail *m)
{
	struct list one;

	if (from == to) {
		list_add(&to->mine, &m->link);
	} else if (from != NULL) {
		list_add(&from->outbox[to->index], &m->link);
	} else {
		list_init(&one);
		list_add(&one, &m->link);
		hand_over(to, &one);
	}
}

static void
run_mails(struct net_loop *l, struct list *mails)
{
	struct list *node;

	while ((node = list_pop(mails)) != NULL) {
		struct net_mail *m = LIST_OF(node, struct net_mail, link);

		m->fn(l, m);
	}
}

static void
collect(struct net_loop *l)
{
	struct list got;

	list_init(&got);
	pthread_mutex_lock(&l->box.lock);
	list_splice(&got, &l->box.in);
	pthread_mutex_unlock(&l->box.lock);
	run_mails(l, &got);
}

static void
send_mails(struct net_loop *l)
{
	size_t i;

	for (i = 0; i < l->net->nloops; i++)
		if (!list_empty(&l->outbox[i]))
			hand_over(&l->net->loops[i], &l->outbox[i]);
}

static void
on_async(uv_async_t *a)
{
	struct net_loop *l = a->loop->data;

	if (atomic_exchange(&l->woken, false))
		l->net->ops->wake(l);
	collect(l);
}

/* ---- turns --------------------------------------------------------------------- */

static void
flush_dirty(struct net_loop *l)
{
	struct list todo;
	struct list *node;

	list_init(&todo);
	list_splice(&todo, &l->dirty);
	while ((node = list_pop(&todo)) != NULL)
		conn_flush(LIST_OF(node, struct conn, dirty));
}

/*
 * The end of a turn: what handlers left to do, until nothing is left. Runs
 * before the loop sleeps and after it has worked.
 */
static void
end_turn(struct net_loop *l)
{
	int i;

	for (i = 0; i < ROUNDS_MAX; i++) {
		struct list mine;

		list_init(&mine);
		list_splice(&mine, &l->mine);
		run_mails(l, &mine);
		l->net->ops->turn(l);
		flush_dirty(l);
		if (list_empty(&l->mine) && list_empty(&l->dirty))
			break;
	}
	send_mails(l);
	if (i == ROUNDS_MAX)
		wake(l);
}

static void
on_prepare(uv_prepare_t *p)
{
	end_turn(p->loop->data);
}

static void
on_check(uv_check_t *c)
{
	end_turn(c->loop->data);
}

/* ---- deadlines ------------------------------------------------------------------ */

static void
on_due(void *ctx, struct wheel_node *n)
{
	(void)ctx;
	conn_expire(LIST_OF(n, struct conn, timer));
}

static void
on_tick(uv_timer_t *t)
{
	struct net_loop *l = t->loop->data;

	wheel_run(&l->wheel, uv_now(&l->uv), on_due, l);
	if (l->paused && !l->draining) {
		l->paused = false;
		listen_start(l);
	}
	if (l->draining && uv_now(&l->uv) >= l->drain_end_ms)
		loop_force(l);
	if (l->wheel.armed == 0 && !l->paused && !l->draining)
		uv_timer_stop(t);
}

void
loop_tick(struct net_loop *l)
{
	if (!uv_is_active((uv_handle_t *)&l->tick) && !l->closing)
		uv_timer_start(&l->tick, on_tick, WHEEL_TICK_MS, WHEEL_TICK_MS);
}

/* ---- drain --------------------------------------------------------------------- */

static void
become_quiet(struct net_loop *l)
{
	struct net *n = l->net;

	if (l->quiet)
		return;
	l->quiet = true;
	n->ops->loop_quiet(l);
	if (atomic_fetch_sub(&n->busy, 1) == 1 && n->quiet != NULL)
		n->quiet(n->quiet_arg);
}

void
loop_conn_freed(struct net_loop *l)
{
	if (l->draining && l->conns.used == 0)
		become_quiet(l);
}

static void
each_conn(struct net_loop *l, void (*fn)(struct conn *c))
{
	struct conn *c;
	uint32_t slot;

	for (slot = 0; (c = slab_next(&l->conns, &slot)) != NULL; slot++)
		fn(c);
}

static void
close_one(struct conn *c)
{
	conn_close(c, CLOSE_DRAIN);
}

void
loop_force(struct net_loop *l)
{
	each_conn(l, close_one);
}

void
loop_drain(struct net_loop *l)
{
	if (l->draining)
		return;
	l->draining = true;
	l->drain_end_ms = uv_now(&l->uv) + l->conf->drain_timeout_ms;
	listen_close(l);
	each_conn(l, conn_drain);
	loop_tick(l);
	if (l->conns.used == 0)
		become_quiet(l);
}

/* ---- life ---------------------------------------------------------------------- */

struct conf_mail {
	struct net_mail mail;
	struct relay_conf *conf;
};

static void
on_conf(struct net_loop *l, struct net_mail *m)
{
	struct conf_mail *cm = (void *)m;

	relay_conf_unref(l->conf);
	l->conf = cm->conf;
	free(cm);
	l->net->ops->loop_conf(l, l->conf);
}

int
loop_set_conf(struct net_loop *l, struct relay_conf *conf)
{
	struct conf_mail *cm = calloc(1, sizeof(*cm));

	if (cm == NULL)
		return ERR_NOMEM;
	cm->mail.fn = on_conf;
	cm->conf = relay_conf_ref(conf);
	net_post(NULL, l, &cm->mail);
	return 0;
}

static int
init_memory(struct net_loop *l)
{
	size_t i, n = l->net->nloops;

	arena_init(&l->arena, DISPATCH_ARENA_MAX);
	buf_init(&l->plain, NET_READ_MAX);
	buf_init(&l->wr, pipe_sealed_len(NET_OUT_MAX));
	slab_init(&l->conns, sizeof(struct conn) + l->net->ops->session_size);
	l->outbox = calloc(n, sizeof(*l->outbox));
	l->rd = malloc(NET_READ_MAX);
	if (l->outbox == NULL || l->rd == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n; i++)
		list_init(&l->outbox[i]);
	return 0;
}

static int
init_uv(struct net_loop *l)
{
	if (uv_loop_init(&l->uv) != 0)
		return ERR_NOMEM;
	l->uv.data = l;
	l->uv_live = true;
	if (uv_async_init(&l->uv, &l->async, on_async) != 0)
		return ERR_SYS;
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_timer_init(&l->uv, &l->tick);
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
	l->handles = true;
	return 0;
}

int
loop_init(struct net *n, struct net_loop *l, size_t index)
{
	int r;

	l->net = n;
	l->index = index;
	l->conf = relay_conf_ref(n->env.conf);
	pthread_mutex_init(&l->box.lock, NULL);
	list_init(&l->box.in);
	list_init(&l->mine);
	list_init(&l->guests);
	list_init(&l->dirty);
	list_init(&l->pool);
	r = init_memory(l);
	if (r == 0)
		r = init_uv(l);
	if (r != 0)
		return r;
	wheel_init(&l->wheel, uv_now(&l->uv));
	r = n->ops->loop_open(n->env.arg, l, &l->user);
	l->opened = l->user != NULL;
	return r;
}

static void
close_handles(struct net_loop *l)
{
	l->closing = true;
	loop_force(l);
	if (l->opened)
		l->net->ops->loop_close(l);
	listen_close(l);
	if (!l->handles)
		return;
	uv_close((uv_handle_t *)&l->tick, NULL);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->async, NULL);
}

static void
on_stop(struct net_loop *l, struct net_mail *m)
{
	(void)m;
	collect(l);
	close_handles(l);
}

static void *
loop_main(void *arg)
{
	struct net_loop *l = arg;
	char name[16];

	snprintf(name, sizeof(name), "loop-%zu", l->index);
	(void)pthread_setname_np(pthread_self(), name);
	uv_update_time(&l->uv);
	listen_start(l);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	return NULL;
}

int
loop_run(struct net_loop *l)
{
	sigset_t all, old;
	int r;

	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&l->thread, NULL, loop_main, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	l->started = r == 0;
	return r == 0 ? 0 : ERR_SYS;
}

void
loop_join(struct net_loop *l)
{
	if (l->started) {
		l->stop.fn = on_stop;
		net_post(NULL, l, &l->stop);
		pthread_join(l->thread, NULL);
		l->started = false;
	} else if (l->uv_live) {
		close_handles(l);
		uv_run(&l->uv, UV_RUN_DEFAULT);
	}
}

static void
free_pool(struct net_loop *l)
{
	struct list *node;

	while ((node = list_pop(&l->pool)) != NULL)
		conn_io_free(LIST_OF(node, struct conn_io, link));
}

void
loop_clear(struct net_loop *l)
{
	int r;

	if (l->net == NULL)
		return;
	if (l->opened)
		l->net->ops->loop_free(l->user);
	if (l->uv_live) {
		r = uv_loop_close(&l->uv);
		assert(r == 0);
		(void)r;
	}
	free_pool(l);
	slab_clear(&l->conns);
	arena_clear(&l->arena);
	buf_clear(&l->plain);
	buf_clear(&l->wr);
	free(l->rd);
	free(l->outbox);
	free(l->listeners);
	pthread_mutex_destroy(&l->box.lock);
	relay_conf_unref(l->conf);
}
