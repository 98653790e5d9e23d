/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h — the client's connection to its relay: dialled through libcurl
 * (happy eyeballs, SOCKS5, HTTP proxies), encrypted by Noise Pipes, many
 * requests in flight, kept alive and dialled again when it dies.
 * Wire: docs/protocol.md §2 and §3.
 *
 * A link lives on one uv loop; every function is called on that loop's thread
 * and every callback comes from it, never from within the call that caused it
 * (but for link_free(), which makes none). Any callback may call any function
 * here, link_free() too. Nothing blocks: names are resolved by libcurl's
 * threads. The program has called sodium_init().
 */
#ifndef TUI_NET_LINK_H
#define TUI_NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base.h"
#include "common/noise/noise.h"

#define LINK_INFLIGHT_MAX 1024 /* requests waiting for their reply */
#define LINK_PENDING_MAX  (4 * 1024 * 1024) /* bytes waiting to be sent */
#define LINK_HELLO_MAX	  256 /* bytes in the HELLO body */

struct link; /* heap, owned by the engine */

enum link_state {
	LINK_STOPPED, /* as born, by link_stop(), or the relay's key refused */
	LINK_CONNECTING, /* dialling, handshake, HELLO */
	LINK_OPEN, /* requests may be made */
	LINK_OFFLINE, /* waits for the next attempt */
};

struct link_status {
	enum link_state state;
	int err; /* OFFLINE, STOPPED: why (common/err.h), 0 when asked for */
	const char *reason; /* the same as a sentence, borrowed; "" for none */
	uint32_t retry_ms; /* OFFLINE: the next attempt is made in so long */
};

/* VERIFY_OTP: the code was right, but the number has a PIN. */
struct link_lock {
	bool set;
	uint8_t account[16];
	uint32_t tries_left;
	uint64_t lapses_ms;
};

struct link_reply {
	int err; /* 0: body is the response */
	bool from_relay; /* err is the relay's answer, not our own trouble */
	const uint8_t *body; /* borrowed during the callback */
	size_t len;
	const char
	    *text; /* the relay's words, unsanitised, or ours; never NULL */
	uint32_t retry_after_ms; /* from the relay; 0: it names no time */
	struct link_lock lock;
};

/*
 * Called once for every request that link_request() took. Our own codes:
 * ERR_CLOSED the connection died before the answer came (the relay may or may
 * not have done it: ask again), ERR_TIMEOUT, ERR_NOMEM.
 */
typedef void link_reply_fn(void *ctx, const struct link_reply *reply);

struct link_events {
	/* The state has changed. Requests in flight have failed by then. */
	void (*on_state)(void *ctx, const struct link_status *status);
	/* The relay's HelloResponse; LINK_OPEN follows at once. */
	void (*on_hello)(void *ctx, const uint8_t *body, size_t len);
	/* A one-way message of the relay (enum event in method.h). */
	void (*on_event)(
	    void *ctx, uint16_t method, const uint8_t *body, size_t len);
	/*
	 * The relay shows a key we do not expect: first contact (changed false)
	 * or another key than the known one (changed true). Nothing of ours has
	 * left yet. true: trust it, the link goes on and expects it from now
	 * on; remember it. false: the link stops with ERR_UNTRUSTED; show it to
	 * the person, then link_set_relay_key() and link_start().
	 */
	bool (*on_relay_key)(
	    void *ctx, const struct noise_public *key, bool changed);
};

/* Milliseconds; 0 takes the default. */
struct link_times {
	uint32_t dial; /* until the socket is connected, 15 s */
	uint32_t handshake; /* from there to the answer to HELLO, 15 s */
	uint32_t ping; /* silence of the relay before we ask, 60 s */
	uint32_t pong; /* and how long it has to answer, 20 s */
	uint32_t retry_first; /* first pause after a failure, 1 s */
	uint32_t retry_max; /* it doubles up to this, 60 s */
};

/* Everything is copied, but for me, which is borrowed until link_free(). */
struct link_opts {
	const char *host; /* name, IPv4 or IPv6 (without brackets) */
	uint16_t port;
	const char *proxy; /* libcurl's form: "socks5h://127.0.0.1:9050",
			    * "http://user:pw@host:3128"; NULL: none, also not
			    * from the environment */
	const struct noise_keypair *me;
	const struct noise_public *relay; /* NULL: none known yet */
	const void *hello; /* HelloRequest, 0..LINK_HELLO_MAX bytes */
	size_t hello_len;
	struct link_times times;
};

/*
 * A stopped link. All of events must be set.
 * Returns 0; ERR_NOMEM; ERR_RANGE hello too long, host missing or over 253
 * bytes, port 0. *out is written on success only.
 */
int link_new(struct link **out, uv_loop_t *loop, const struct link_opts *opts,
    const struct link_events *events, void *ctx) MUST_USE;

/*
 * Close at once, without a callback: requests in flight are forgotten. The
 * memory goes when the loop has run once more, which it must.
 */
void link_free(struct link *l);

/* Dial and keep dialling. Does nothing unless stopped. */
void link_start(struct link *l);

/* Close, fail what is in flight, stay so. */
void link_stop(struct link *l);

/* Dial now if the link waits for its next attempt (the network came back);
 * if open, ask at once whether the relay still answers. */
void link_retry_now(struct link *l);

/* Close and stay away for ms, as the relay asked in GOODBYE or by a rate
 * limit; 0: for the usual pause. */
void link_hold(struct link *l, uint32_t ms);

/* The key to expect from the next connection on; NULL: none is known. */
void link_set_relay_key(struct link *l, const struct noise_public *key);

enum link_state link_state(const struct link *l);

/*
 * Send a request. body is copied; cb gets the reply, exactly once, later.
 *   timeout_ms  0: none but the connection's own
 * Returns 0; ERR_STATE not open; ERR_FULL LINK_INFLIGHT_MAX or
 * LINK_PENDING_MAX reached (wait for replies); ERR_RANGE body over
 * FRAME_BODY_MAX; ERR_NOMEM. cb is not called on error.
 */
int link_request(struct link *l, uint16_t method, const void *body, size_t len,
    uint32_t timeout_ms, link_reply_fn *cb, void *ctx) MUST_USE;

/* Drop the callbacks of every request made with this ctx: its owner is gone.
 * The requests themselves go on. */
void link_forget(struct link *l, const void *ctx);

/* Send a one-way message. 0; ERR_STATE, ERR_FULL, ERR_RANGE, ERR_NOMEM. */
int link_event(
    struct link *l, uint16_t method, const void *body, size_t len) MUST_USE;

/* Bytes that still wait for the socket. */
size_t link_pending_bytes(const struct link *l);

/* Requests that wait for their reply. */
size_t link_inflight(const struct link *l);

#endif
