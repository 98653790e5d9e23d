/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wheel.h — many coarse deadlines at the price of one timer. Setting,
 * moving and dropping a deadline are a few pointer writes. A deadline further
 * away than one turn of the wheel waits in its slot and is looked at once a
 * turn. Reads no clock.
 */
#ifndef RELAY_NET_WHEEL_H
#define RELAY_NET_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/net/list.h"

#define WHEEL_SLOTS   512 /* a power of two */
#define WHEEL_TICK_MS 100

struct wheel_node {
	struct list link;
	uint32_t due; /* tick */
};

struct wheel {
	struct list slot[WHEEL_SLOTS];
	uint64_t start_ms;
	uint32_t now; /* the last tick that was run */
	uint32_t armed; /* nodes in the wheel */
};

void wheel_init(struct wheel *w, uint64_t now_ms);

/* The tick of a time; counted from wheel_init(). */
uint32_t wheel_tick(const struct wheel *w, uint64_t now_ms);

/* Fire after at least delay_ms from now_ms, which is not before the last
 * wheel_run(). Moves a node that is set already. */
void wheel_set(
    struct wheel *w, struct wheel_node *n, uint64_t now_ms, uint64_t delay_ms);

/* Drop the deadline; fine when there is none. */
void wheel_del(struct wheel *w, struct wheel_node *n);

/*
 * Call fire() for every node due by now. It may set, drop or free any node;
 * nodes are out of the wheel when they fire.
 */
void wheel_run(struct wheel *w, uint64_t now_ms,
    void (*fire)(void *ctx, struct wheel_node *n), void *ctx);

#endif
