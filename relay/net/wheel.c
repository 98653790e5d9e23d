/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/net/wheel.h"

void
wheel_init(struct wheel *w, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < WHEEL_SLOTS; i++)
		list_init(&w->slot[i]);
	w->start_ms = now_ms;
	w->now = 0;
	w->armed = 0;
}

uint32_t
wheel_tick(const struct wheel *w, uint64_t now_ms)
{
	return (uint32_t)((now_ms - w->start_ms) / WHEEL_TICK_MS);
}

static void
put(struct wheel *w, struct wheel_node *n)
{
	list_add(&w->slot[n->due % WHEEL_SLOTS], &n->link);
	w->armed++;
}

void
wheel_set(
    struct wheel *w, struct wheel_node *n, uint64_t now_ms, uint64_t delay_ms)
{
	uint64_t ticks = (delay_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;

	if (ticks > UINT32_MAX / 2)
		ticks = UINT32_MAX / 2;
	wheel_del(w, n);
	/* One more: the tick we are in has partly gone by. */
	n->due = wheel_tick(w, now_ms) + (uint32_t)ticks + 1;
	put(w, n);
}

void
wheel_del(struct wheel *w, struct wheel_node *n)
{
	if (!list_linked(&n->link))
		return;
	list_del(&n->link);
	w->armed--;
}

/* Ticks wrap around after 13 years; differences stay right. */
static bool
is_due(const struct wheel_node *n, uint32_t now)
{
	return (int32_t)(now - n->due) >= 0;
}

static void
run_slot(struct wheel *w, struct list *slot,
    void (*fire)(void *ctx, struct wheel_node *n), void *ctx)
{
	struct list todo;
	struct list *l;

	list_init(&todo);
	list_splice(&todo, slot);
	while ((l = list_pop(&todo)) != NULL) {
		struct wheel_node *n = LIST_OF(l, struct wheel_node, link);

		w->armed--;
		if (is_due(n, w->now))
			fire(ctx, n);
		else
			put(w, n);
	}
}

void
wheel_run(struct wheel *w, uint64_t now_ms,
    void (*fire)(void *ctx, struct wheel_node *n), void *ctx)
{
	uint32_t target = wheel_tick(w, now_ms);
	uint32_t steps = target - w->now;

	if ((int32_t)steps <= 0)
		return;
	/* After a long sleep one turn sees every slot. */
	if (steps > WHEEL_SLOTS) {
		w->now = target - WHEEL_SLOTS;
		steps = WHEEL_SLOTS;
	}
	while (steps-- > 0) {
		w->now++;
		run_slot(w, &w->slot[w->now % WHEEL_SLOTS], fire, ctx);
	}
}
