/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.h — how much a device may have on its way to it without having
 * acknowledged it. Remembers what was handed out as a few marks; the newest
 * are lumped together when there are too many. No I/O, no allocation.
 */
#ifndef RELAY_QUEUE_WINDOW_H
#define RELAY_QUEUE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_MARKS	32
#define WINDOW_BYTES	((uint32_t)256 * 1024) /* bodies, see WINDOW_ROW */
#define WINDOW_MESSAGES 1000
#define WINDOW_ROW	64 /* bytes a message counts beside its body */

struct window_mark {
	uint64_t seq; /* the last one of it */
	uint32_t bytes, messages;
};

/* Zeroed: nothing is on its way. */
struct window {
	uint32_t bytes, messages; /* the sum of the marks */
	uint16_t head, n;
	struct window_mark mark[WINDOW_MARKS];
};

/* May one more message be handed out as it comes? */
bool window_open(const struct window *w);

/* Is at most half of it on its way, so that a page is worth reading? */
bool window_half(const struct window *w);

/* Room for a page, at least 1 when window_half(). */
uint32_t window_room_bytes(const struct window *w);
uint32_t window_room_messages(const struct window *w);

/* Messages up to seq, which grows from call to call, are on their way. */
void window_add(
    struct window *w, uint64_t seq, uint32_t bytes, uint32_t messages);

/* All up to seq have arrived. */
void window_ack(struct window *w, uint64_t seq);

#endif
