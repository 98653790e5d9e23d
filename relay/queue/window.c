/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "relay/queue/window.h"

bool
window_open(const struct window *w)
{
	return w->bytes < WINDOW_BYTES && w->messages < WINDOW_MESSAGES;
}

bool
window_half(const struct window *w)
{
	return w->bytes <= WINDOW_BYTES / 2 &&
	       w->messages <= WINDOW_MESSAGES / 2;
}

uint32_t
window_room_bytes(const struct window *w)
{
	return w->bytes < WINDOW_BYTES ? WINDOW_BYTES - w->bytes : 0;
}

uint32_t
window_room_messages(const struct window *w)
{
	return w->messages < WINDOW_MESSAGES ? WINDOW_MESSAGES - w->messages
					     : 0;
}

static struct window_mark *
mark_at(struct window *w, unsigned i)
{
	return &w->mark[(w->head + i) % WINDOW_MARKS];
}

void
window_add(struct window *w, uint64_t seq, uint32_t bytes, uint32_t messages)
{
	struct window_mark *m;

	assert(w->n == 0 || mark_at(w, w->n - 1u)->seq < seq);
	w->bytes += bytes;
	w->messages += messages;
	if (w->n < WINDOW_MARKS) {
		m = mark_at(w, w->n++);
		*m = (struct window_mark){seq, bytes, messages};
		return;
	}
	m = mark_at(w, w->n - 1u);
	m->seq = seq;
	m->bytes += bytes;
	m->messages += messages;
}

void
window_ack(struct window *w, uint64_t seq)
{
	while (w->n > 0 && w->mark[w->head].seq <= seq) {
		w->bytes -= w->mark[w->head].bytes;
		w->messages -= w->mark[w->head].messages;
		w->head = (uint16_t)((w->head + 1u) % WINDOW_MARKS);
		w->n--;
	}
}
