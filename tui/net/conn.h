/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn.h — one connection to a relay, from the dial to its end: frames over a
 * Noise pipe over a sock. It has no patience of its own: deadlines are the
 * link's.
 */
#ifndef TUI_NET_CONN_H
#define TUI_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base.h"
#include "common/noise/noise.h"
#include "common/proto/frame.h"
#include "tui/net/link.h"
#include "tui/net/sock.h"

#define CONN_PENDING_MAX LINK_PENDING_MAX /* bytes waiting to be sent */

struct conn; /* heap, owned by the link */

/* Every callback may call conn_free(). */
struct conn_events {
	/* The socket stands, the handshake begins. */
	void (*on_connected)(void *ctx);
	/* First contact, or another key than the one given: go on with it? */
	bool (*on_judge)(void *ctx, const struct noise_public *key);
	/* A frame of the relay; its body is borrowed during the callback. */
	void (*on_frame)(void *ctx, const struct frame *f);
	/* The end, once: a code and a sentence (static storage). Nothing but
	 * conn_free() is of use afterwards. */
	void (*on_closed)(void *ctx, int err, const char *reason);
};

struct conn_opts {
	struct sock_target target; /* borrowed during conn_new() */
	const struct noise_keypair *me; /* borrowed until conn_free() */
	const struct noise_public *relay; /* copied; NULL: not known */
	const struct frame *first; /* copied; the early bytes (pipe.h) */
};

/*
 * Begin to dial; every callback comes later.
 * Returns 0; ERR_NOMEM; ERR_RANGE first does not fit; ERR_CONFIG the proxy.
 */
int conn_new(struct conn **out, uv_loop_t *loop, const struct conn_opts *opts,
    const struct conn_events *events, void *ctx) MUST_USE;

/* Close; NULL is fine. No callback comes after it. */
void conn_free(struct conn *c);

/*
 * Queue a frame; it leaves with the next conn_flush().
 * Returns 0; ERR_STATE not open; ERR_FULL CONN_PENDING_MAX; ERR_RANGE;
 * ERR_NOMEM.
 */
int conn_send(struct conn *c, const struct frame *f) MUST_USE;

/* Seal what is queued, in as few records as possible, and send what the socket
 * takes. May call on_closed. */
void conn_flush(struct conn *c);

/* Bytes queued or sealed that the socket has not taken. */
size_t conn_pending(const struct conn *c);

/* When the relay was last heard, in uv_now()'s time, and how often so far. */
uint64_t conn_heard_ms(const struct conn *c);
uint64_t conn_heard_count(const struct conn *c);

#endif
