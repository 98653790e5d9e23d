/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sock.h — a stream socket dialled by libcurl on a uv loop: happy eyeballs,
 * SOCKS4/5 and HTTP(S) proxies are its work (CURLOPT_CONNECT_ONLY).
 *
 * Rules of lifetime: both callbacks may call sock_free(); nothing touches the
 * sock after a callback. The memory goes when its handles have closed, one
 * turn of the loop later.
 */
#ifndef TUI_NET_SOCK_H
#define TUI_NET_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base.h"

struct sock; /* heap, owned by who dialled */

/* The dial has ended: err 0, or a code and a sentence (static storage). */
typedef void sock_done_fn(void *ctx, int err, const char *reason);

/* The socket is readable or writable, as asked by sock_watch(). */
typedef void sock_ready_fn(void *ctx);

struct sock_target {
	const char *host; /* without brackets */
	uint16_t port;
	const char *proxy; /* NULL or "": none, not even the environment's */
	uint32_t timeout_ms; /* for name, connection and proxy together */
};

/*
 * Begin to dial; done is called later, exactly once unless freed before.
 * Returns 0; ERR_NOMEM; ERR_CONFIG libcurl refuses the proxy's address;
 * ERR_VERSION there is no libcurl, or it is too old.
 */
int sock_dial(struct sock **out, uv_loop_t *loop,
    const struct sock_target *target, sock_done_fn *done, sock_ready_fn *ready,
    void *ctx) MUST_USE;

/* Close and free; NULL is fine. No callback comes after it. */
void sock_free(struct sock *s);

/*
 * Call ready when the socket is readable, or also when it is writable.
 * 0, or ERR_SYS.
 */
int sock_watch(struct sock *s, bool writable) MUST_USE;

/*
 * *n bytes have been sent, or received; more than 0 on success.
 * Returns 0; ERR_AGAIN; ERR_CLOSED (recv: end of stream); ERR_IO.
 */
int sock_send(struct sock *s, const void *p, size_t len, size_t *n) MUST_USE;
int sock_recv(struct sock *s, void *p, size_t cap, size_t *n) MUST_USE;

#endif
