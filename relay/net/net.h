/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net.h — the relay's sockets: one loop per core with its own listeners and
 * connections. It knows Noise, frames and deadlines; what a method does is the
 * business of the handlers it is given.
 *
 * Rules of the loops
 *   1. A connection lives on one loop and is touched by that loop's thread
 *      only. Whoever wants something of a connection elsewhere posts a mail.
 *   2. A struct conn pointer is good until the handler returns. Keep its
 *      slab_ref and ask conn_of() later.
 *   3. Nothing is written to a socket within a handler: output gathers and
 *      leaves at the end of the turn, sealed and written at once.
 *   4. conn_close() and conn_goodbye() call conn_gone() at once, exactly once.
 */
#ifndef RELAY_NET_NET_H
#define RELAY_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>
#include <uv.h>

#include "common/base.h"
#include "common/log.h"
#include "common/noise/noise.h"
#include "common/proto/relay.pb-c.h"
#include "relay/abuse/clock.h"
#include "relay/abuse/limit.h"
#include "relay/abuse/net_addr.h"
#include "relay/admin/conf.h"
#include "relay/admin/metrics.h"
#include "relay/net/dispatch.h"
#include "relay/net/list.h"
#include "relay/net/slab.h"

#define NET_LOOPS_MAX	    64
#define NET_WHY_MAX	    320
#define NET_BACKLOG	    4096
#define NET_OUT_HIGH	    ((size_t)256 * 1024) /* bytes waiting: read no more */
#define NET_OUT_MAX	    ((size_t)4 * 1024 * 1024) /* bytes waiting: close */
#define NET_INFLIGHT_MAX    256 /* requests of a connection not answered yet */
#define NET_GUEST_BYTES	    ((size_t)8 * 1024 * 1024) /* guests' frames, a loop */
#define NET_LINGER_MS	    2000 /* for the peer to read our last words */
#define NET_RETRY_SPREAD_MS 5000 /* a drain asks to come back within */

struct net; /* heap, owned by the relay */
struct net_loop;
struct conn;

/* What is built on top. Each is called on the loop's thread. */
struct net_ops {
	const struct net_rule *rules; /* borrowed */
	size_t nrules;
	size_t session_size; /* bytes with every connection, zeroed */
	/* A loop begins; *user is for net_user(), set as soon as there is
	 * something to close and free, also on error. Its uv loop runs later.
	 * On the thread of net_new(). 0 or an error. */
	int (*loop_open)(void *arg, struct net_loop *l, void **user);
	/* After net_set_conf(); conf is a reference the loop holds. */
	void (*loop_conf)(struct net_loop *l, struct relay_conf *conf);
	/* Draining, and no connection is left: let go of what would submit
	 * more work. */
	void (*loop_quiet)(struct net_loop *l);
	/* The end: close uv handles; the loop runs until they are gone. */
	void (*loop_close)(struct net_loop *l);
	/* Once the loop's thread has ended or if it never ran. */
	void (*loop_free)(void *user);
	/* The end of a turn, before output leaves. */
	void (*turn)(struct net_loop *l);
	/* Somebody called net_wake(). */
	void (*wake)(struct net_loop *l);
	/* Noise is done, the peer's key is known; requests wait until
	 * conn_ready(), which may be called later. */
	void (*conn_open)(struct conn *c);
	/* The peer has proven its key in this very connection. */
	void (*conn_confirmed)(struct conn *c);
	/* May this peer make one more request? 0, or ERR_RATE. */
	int (*allow)(struct conn *c, uint16_t method, uint32_t *retry_after_ms);
	/* No event can be sent to it any more. After conn_open() only. */
	void (*conn_gone)(struct conn *c);
};

struct net_env {
	const struct net_ops *ops; /* borrowed */
	void *arg; /* for loop_open */
	struct relay_conf *conf; /* a reference is taken */
	const struct noise_keypair *key; /* borrowed */
	struct limit *limit; /* borrowed */
	const struct log *log; /* borrowed; its sink is thread-safe */
	const struct relay_clock *clock; /* borrowed */
};

/* Why net_new() failed, for the operator. */
struct net_why {
	char text[NET_WHY_MAX];
};

/*
 * Make the loops and bind every address of conf->listen; nothing is accepted
 * before net_run(). sodium_init() has been called, SIGPIPE is ignored.
 * Returns 0; ERR_CONFIG bad address or network; ERR_SYS cannot listen; what
 * loop_open() returned; ERR_NOMEM. why is set on error.
 */
int net_new(
    struct net **out, const struct net_env *env, struct net_why *why) MUST_USE;

/* Start the loops' threads. 0 or ERR_SYS; then net_free() is all that is left
 * to do. */
int net_run(struct net *n) MUST_USE;

/*
 * Stop accepting and reading, answer what is under way, say goodbye, close;
 * after conf->drain_timeout_ms whatever is left is closed. quiet() is called
 * on some loop's thread when the last connection is gone; again calls do
 * nothing. Any thread.
 */
void net_drain(struct net *n, void (*quiet)(void *arg), void *arg);

/* Close every connection now. Any thread, after net_drain(). */
void net_force(struct net *n);

/* End the loops and join their threads. After quiet(). */
void net_join(struct net *n);
void net_free(struct net *n);

/* New settings for every loop. Any thread. 0 or ERR_NOMEM. */
int net_set_conf(struct net *n, struct relay_conf *conf) MUST_USE;

/* The port of the i-th address, of conf->listen. */
uint16_t net_port(const struct net *n, size_t i);

size_t net_loops(const struct net *n);
struct net_loop *net_loop_at(struct net *n, size_t i);
size_t net_connections(const struct net *n);

/* ---- loops ------------------------------------------------------------------- */

size_t net_index(const struct net_loop *l);
void *net_user(const struct net_loop *l);
uv_loop_t *net_uv(struct net_loop *l);
struct relay_conf *net_conf(const struct net_loop *l); /* borrowed */
bool net_draining(const struct net_loop *l);

/* Have ops->wake() called on the loop's thread, soon. Any thread. */
void net_wake(struct net_loop *l);

/* A message to a loop, run on its thread; belongs to fn from then on. */
struct net_mail {
	struct list link; /* zero */
	void (*fn)(struct net_loop *l, struct net_mail *m);
};

/*
 * Give a mail away. from is the loop whose thread this is (its mails leave at
 * the end of the turn, in order, one wake-up for each loop), or NULL.
 */
void net_post(struct net_loop *from, struct net_loop *to, struct net_mail *m);

/* ---- connections --------------------------------------------------------------- */

/* The connection, or NULL when it can be told nothing any more. */
struct conn *conn_of(struct net_loop *l, struct slab_ref ref);

/* False: it is leaving; answers still go out, nothing else. */
bool conn_live(const struct conn *c);

struct slab_ref conn_ref(const struct conn *c);
struct net_loop *conn_loop(const struct conn *c);
void *conn_session(struct conn *c); /* session_size bytes */
const struct noise_public *conn_key(const struct conn *c); /* borrowed */
const struct net_addr *conn_peer(const struct conn *c); /* borrowed */
bool conn_confirmed(const struct conn *c);

/*
 * Who the peer is: requests go on under its new state (enum method_state bits;
 * 0: only early ones). A ST_DEVICE is no guest any more: other deadlines hold.
 */
void conn_ready(struct conn *c, uint8_t state);
uint8_t conn_state(const struct conn *c);

/* The answer to a request, exactly one; c is conn_of() its conn. */
void conn_reply(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
/* text NULL: err_str(err). */
void conn_refuse(struct conn *c, const struct net_request *rq, int err,
    const char *text, uint32_t retry_after_ms);

/* The same with all that an Error can say. */
void conn_error(
    struct conn *c, const struct net_request *rq, const Sotto__Relay__Error *e);

/* Send an event. 0; ERR_CLOSED it is leaving; ERR_FULL the peer does not read
 * or memory is out: it was closed. Nothing was sent on error. */
int conn_event(struct conn *c, uint16_t event, const ProtobufCMessage *msg);

/* Bytes that wait for the peer to read. */
size_t conn_pending(const struct conn *c);

/* Tell the peer why, and close once it could read that. */
void conn_goodbye(struct conn *c, enum close_reason why);

/* Close now. */
void conn_close(struct conn *c, enum close_reason why);

#endif
