/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "tui/net/mux.h"

void
mux_init(struct mux *m)
{
	m->first = NULL;
	m->end = &m->first;
	m->n = 0;
	m->deadline_ms = MUX_NEVER;
}

void
mux_clear(struct mux *m)
{
	struct request *r;

	while ((r = mux_take_first(m)) != NULL)
		free(r);
	m->deadline_ms = MUX_NEVER;
}

int
mux_add(struct mux *m, const struct request *r)
{
	struct request *own;

	if (m->n >= LINK_INFLIGHT_MAX)
		return ERR_FULL;
	own = malloc(sizeof(*own));
	if (own == NULL)
		return ERR_NOMEM;
	*own = *r;
	own->next = NULL;
	*m->end = own;
	m->end = &own->next;
	m->n++;
	if (r->deadline_ms < m->deadline_ms)
		m->deadline_ms = r->deadline_ms;
	return 0;
}

static struct request *
take_at(struct mux *m, struct request **at)
{
	struct request *r = *at;

	*at = r->next;
	if (m->end == &r->next)
		m->end = at;
	m->n--;
	r->next = NULL;
	return r;
}

struct request *
mux_take(struct mux *m, uint32_t id)
{
	struct request **at;

	for (at = &m->first; *at != NULL; at = &(*at)->next)
		if ((*at)->id == id)
			return take_at(m, at);
	return NULL;
}

struct request *
mux_take_first(struct mux *m)
{
	return m->first != NULL ? take_at(m, &m->first) : NULL;
}

struct request *
mux_take_expired(struct mux *m, uint64_t now_ms)
{
	uint64_t earliest = MUX_NEVER;
	struct request **at;

	if (m->deadline_ms > now_ms)
		return NULL;
	for (at = &m->first; *at != NULL; at = &(*at)->next) {
		if ((*at)->deadline_ms <= now_ms)
			return take_at(m, at);
		if ((*at)->deadline_ms < earliest)
			earliest = (*at)->deadline_ms;
	}
	m->deadline_ms = earliest; /* it was that of one answered in time */
	return NULL;
}

void
mux_move(struct mux *to, struct mux *from)
{
	if (from->first == NULL)
		return;
	*to->end = from->first;
	to->end = from->end;
	to->n += from->n;
	if (from->deadline_ms < to->deadline_ms)
		to->deadline_ms = from->deadline_ms;
	mux_init(from);
}

void
mux_forget(struct mux *m, const void *ctx)
{
	struct request *r;

	for (r = m->first; r != NULL; r = r->next)
		if (r->ctx == ctx)
			r->cb = NULL;
}
