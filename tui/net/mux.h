/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mux.h — the requests of one connection that wait for their answers, oldest
 * first. No I/O, no clock.
 */
#ifndef TUI_NET_MUX_H
#define TUI_NET_MUX_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "tui/net/link.h"

#define MUX_NEVER UINT64_MAX

struct request {
	struct request *next;
	link_reply_fn *cb; /* NULL: forgotten */
	void *ctx;
	uint64_t deadline_ms; /* MUX_NEVER: none */
	uint32_t id;
	uint16_t method;
};

struct mux {
	struct request *first, **end; /* owned */
	size_t n;
	uint64_t deadline_ms; /* no later than the earliest of all */
};

void mux_init(struct mux *m);

/* Forget everything without a callback. */
void mux_clear(struct mux *m);

/*
 * Add a request behind the others.
 * Returns 0; ERR_FULL LINK_INFLIGHT_MAX reached; ERR_NOMEM.
 */
int mux_add(struct mux *m, const struct request *r) MUST_USE;

/* Take out the request with this id (or the oldest); the caller frees it. NULL:
 * there is none. */
struct request *mux_take(struct mux *m, uint32_t id);
struct request *mux_take_first(struct mux *m);

/* Take out one whose deadline has come; NULL when none has. */
struct request *mux_take_expired(struct mux *m, uint64_t now_ms);

/* Put all requests of from behind those of to. */
void mux_move(struct mux *to, struct mux *from);

/* Callbacks with this ctx will not be called. */
void mux_forget(struct mux *m, const void *ctx);

#endif
