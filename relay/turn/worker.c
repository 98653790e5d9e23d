/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.c — one thread's loop: events, timers, slots. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "relay/admin/metrics.h"
#include "relay/turn/priv.h"

#define EVENTS_MAX 64
#define PLACES_MIN 256
/* Not a multiple of a page: the first bytes of slots shall not all lie at the
 * same place of the processor's cache. Only touched pages are memory. */
#define SLOT_STRIDE (SLOT_HEAD + SLOT_MAX + 4096 + 192)

uint16_t
slot_take(struct worker *w)
{
	return w->n_free > 0 ? w->free[--w->n_free] : SLOT_NONE;
}

void
slot_give(struct worker *w, uint16_t slot)
{
	if (slot != SLOT_NONE)
		w->free[w->n_free++] = slot;
}

uint8_t *
slot_bytes(const struct worker *w, uint16_t slot)
{
	return w->area + (size_t)slot * SLOT_STRIDE + SLOT_HEAD;
}

/* ---- events ------------------------------------------------------------------------ */

static int
control(struct worker *w, int op, struct watch *h, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = h};

	return epoll_ctl(w->epoll, op, h->fd, &ev) == 0 ? 0 : ERR_SYS;
}

int
worker_watch(struct worker *w, struct watch *h, uint32_t events)
{
	return control(w, EPOLL_CTL_ADD, h, events);
}

void
worker_rewatch(struct worker *w, struct watch *h, uint32_t events)
{
	(void)control(w, EPOLL_CTL_MOD, h, events);
}

/* Closing takes it out of epoll: nobody else has the file. */
void
worker_unwatch(struct worker *w, struct watch *h)
{
	(void)w;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

static void
woken(struct worker *w)
{
	uint64_t n;

	(void)!read(w->wake.fd, &n, sizeof(n));
}

static void
event(struct worker *w, struct watch *h, uint32_t events)
{
	if (h->fd < 0) /* it died in this very turn */
		return;
	switch (h->kind) {
	case WATCH_WAKE:
		woken(w);
		break;
	case WATCH_UDP:
		udp_readable(w, (struct listener *)(void *)h);
		break;
	case WATCH_TCP:
		stream_accept(w, (struct listener *)(void *)h);
		break;
	case WATCH_STREAM:
		stream_event(w, (struct stream *)(void *)h, events);
		break;
	case WATCH_PEERS:
		path_from_peers(w, (struct alloc *)(void *)h);
		break;
	}
}

/* ---- timers ------------------------------------------------------------------------- */

void
timer_set(struct worker *w, struct timer *t, uint64_t delay_ms)
{
	wheel_set(&w->wheel, &t->node, w->now_ms, delay_ms);
}

static void
fired(void *ctx, struct wheel_node *n)
{
	struct timer *t = LIST_OF(n, struct timer, node);

	t->fire(ctx, t);
}

static void
tell_time(struct worker *w)
{
	w->now_ms = relay_clock_mono(w->t->clock);
	w->now_s = (uint32_t)(w->now_ms / 1000);
}

/* ---- the loop ------------------------------------------------------------------------ */

void
worker_bury(struct worker *w)
{
	struct list *n;

	while ((n = list_pop(&w->graves)) != NULL)
		free(LIST_OF(n, struct alloc, grave));
	while ((n = list_pop(&w->stream_graves)) != NULL)
		free(LIST_OF(n, struct stream, grave));
}

static void
tell_counts(struct worker *w)
{
	struct counts *c = &w->counts;

#define X(name)                                                                \
	if (c->name != 0)                                                      \
		metrics_add(METRIC_##name, c->name);
	TURN_COUNTS(X)
#undef X
	memset(c, 0, sizeof(*c));
}

static void
turn_once(struct worker *w)
{
	struct epoll_event ev[EVENTS_MAX];
	int i, n;

	n = epoll_wait(w->epoll, ev, EVENTS_MAX,
	    w->wheel.armed > 0 ? WHEEL_TICK_MS : 1000);
	tell_time(w);
	wheel_run(&w->wheel, w->now_ms, fired, w); /* what is over is over */
	for (i = 0; i < n; i++)
		event(w, ev[i].data.ptr, ev[i].events);
	udp_flush(w);
	worker_bury(w);
	tell_counts(w);
	if (w == &w->t->workers[0] && w->now_s != w->expired_s) {
		w->expired_s = w->now_s;
		port_expire(w->t, w->now_ms);
	}
}

void *
worker_main(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load_explicit(&w->t->stop, memory_order_acquire))
		turn_once(w);
	return NULL;
}

/* ---- coming and going ------------------------------------------------------------------ */

static int
open_files(struct worker *w)
{
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->wake.kind = WATCH_WAKE;
	w->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll < 0 || w->wake.fd < 0)
		return ERR_SYS;
	return worker_watch(w, &w->wake, EPOLLIN);
}

static int
open_memory(struct worker *w)
{
	void *area =
	    mmap(NULL, (size_t)SLOTS * SLOT_STRIDE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint16_t i;

	w->area = area != MAP_FAILED ? area : NULL;
	w->places = PLACES_MIN;
	w->table = calloc(w->places, sizeof(struct alloc *));
	w->rbuf = malloc(2 * (size_t)SLOT_MAX);
	if (w->area == NULL || w->table == NULL || w->rbuf == NULL)
		return ERR_NOMEM;
	for (i = 0; i < SLOTS; i++)
		slot_give(w, i);
	return 0;
}

int
worker_init(struct worker *w, struct turn *t)
{
	int r;

	w->t = t;
	w->epoll = w->wake.fd = -1;
	list_init(&w->graves);
	list_init(&w->stream_graves);
	list_init(&w->streams);
	list_init(&w->dirty);
	tell_time(w);
	wheel_init(&w->wheel, w->now_ms);
	randombytes_buf(w->seed, sizeof(w->seed));
	randombytes_buf(w->guard.seed, sizeof(w->guard.seed));
	r = open_files(w);
	return r != 0 ? r : open_memory(w);
}

/* After its thread has ended. */
void
worker_clear(struct worker *w)
{
	struct list *n;
	size_t i;

	if (w->t == NULL)
		return;
	while (!list_empty(&w->streams)) {
		n = w->streams.next;
		stream_close(w, LIST_OF(n, struct stream, link));
	}
	for (i = 0; w->table != NULL && i < w->places; i++)
		while (w->table[i] != NULL)
			alloc_free(w, w->table[i]);
	worker_bury(w);
	tell_counts(w);
	for (i = 0; i < w->n_listeners; i++)
		worker_unwatch(w, &w->listeners[i].w);
	worker_unwatch(w, &w->wake);
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->area != NULL)
		munmap(w->area, (size_t)SLOTS * SLOT_STRIDE);
	free(w->table);
	free(w->rbuf);
	free(w->listeners);
}
