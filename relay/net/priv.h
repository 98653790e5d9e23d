/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * priv.h — what the files of relay/net share: the structs behind net.h.
 */
#ifndef RELAY_NET_PRIV_H
#define RELAY_NET_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/buf.h"
#include "common/noise/pipe.h"
#include "relay/net/arena.h"
#include "relay/net/guests.h"
#include "relay/net/inbox.h"
#include "relay/net/net.h"
#include "relay/net/proxy.h"
#include "relay/net/wheel.h"

#define NET_READ_MAX	    ((size_t)128 * 1024) /* one read, with what was kept */
#define NET_KEPT_MAX	    ((size_t)PIPE_RECORD_MAX + 4) /* an unfinished record */
#define NET_ACCEPT_MAX	    64 /* connections taken in one go */
#define NET_IO_POOL	    256 /* idle struct conn_io kept by a loop */
#define NET_IO_KEEP	    ((size_t)16 * 1024) /* with buffers up to this */
#define NET_USER_TIMEOUT_MS 60000

enum conn_phase {
	PHASE_PROXY = 1, /* waits for the balancer's header */
	PHASE_HANDSHAKE,
	PHASE_WAIT, /* for conn_ready() */
	PHASE_OPEN,
	PHASE_LEAVE, /* answers what is under way, then GOODBYE */
	PHASE_LINGER, /* all is said; what comes is thrown away */
	PHASE_CLOSED, /* until libuv lets go of the handle */
};

enum conn_flag {
	CF_COUNTED = 1, /* its address is counted as a guest's */
	CF_CONFIRMED = 2,
	CF_TOLD = 4, /* GOODBYE is in the output */
	CF_TRIED = 8, /* the handshake has begun */
	CF_SESSION = 16, /* conn_open() was called, conn_gone() is owed */
};

/* Everything a connection needs only while bytes are on their way. */
struct conn_io {
	struct list link; /* in the loop's pool */
	struct buf record; /* an unfinished Noise record */
	struct inbox inbox;
	struct buf plain; /* frames to be sealed */
	struct buf tx; /* sealed, the socket did not take it yet */
	size_t guest_bytes; /* counted in the loop's */
};

struct conn {
	struct slab_item item;
	uv_poll_t poll;
	struct pipe pipe;
	struct conn_io *io; /* NULL while idle */
	struct wheel_node timer;
	struct list guest; /* in the loop's guests, the oldest first */
	struct list dirty; /* in the loop's dirty */
	struct net_addr peer;
	uint16_t inflight; /* requests that wait for their answer */
	uint32_t heard; /* wheel tick of the last bytes */
	int fd;
	uint8_t phase; /* enum conn_phase */
	uint8_t state; /* enum method_state */
	uint8_t flags; /* enum conn_flag */
	uint8_t events; /* that libuv watches for us */
	uint8_t why; /* enum close_reason, from PHASE_LEAVE on */
	_Alignas(8) uint8_t session[];
};

struct listener {
	uv_poll_t poll;
	struct net_loop *loop;
	int fd;
};

/* A loop as other threads see it. */
struct mailbox {
	pthread_mutex_t lock;
	struct list in;
};

struct net_loop {
	struct net *net;
	size_t index;
	void *user;
	struct relay_conf *conf;
	pthread_t thread;
	bool started; /* thread is valid */
	bool uv_live, handles; /* uv and its handles are */
	bool opened; /* user is valid */

	uv_loop_t uv;
	uv_async_t async;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t tick;
	struct listener *listeners;
	size_t nlisteners;

	struct mailbox box;
	atomic_bool woken;
	struct net_mail drain, force, stop;
	struct list mine; /* mails from this loop to itself */
	struct list *outbox; /* mails to the others, by index */

	struct slab conns;
	struct wheel wheel;
	struct list guests;
	size_t nguests;
	struct list dirty;
	bool paused; /* accepting, until the next tick: no descriptors left */
	bool draining, quiet, closing;
	uint64_t drain_end_ms;

	struct arena arena;
	struct buf plain, wr; /* of the read and the write under way */
	uint8_t *rd; /* NET_READ_MAX bytes */
	struct list pool; /* struct conn_io */
	size_t npool;
	size_t guest_bytes; /* kept for guests */
};

struct net {
	const struct net_ops *ops;
	struct net_env env;
	struct dispatch dispatch;
	struct guests *guests;
	atomic_size_t connections;
	atomic_size_t busy; /* loops that are not quiet */
	atomic_bool draining, forced;
	bool joined;
	void (*quiet)(void *arg);
	void *quiet_arg;
	uint16_t *ports;
	size_t nports;
	size_t nloops;
	struct net_loop loops[];
};

/* ---- listen.c ---- */

/* Bind one address for every loop. 0; ERR_CONFIG, ERR_SYS, ERR_NOMEM. */
int listen_bind(struct net *n, const char *addr, uint16_t *port,
    struct net_why *why) MUST_USE;
/* Watch or stop watching the listeners of a loop. */
void listen_start(struct net_loop *l);
void listen_stop(struct net_loop *l);
/* Close them; twice is fine. */
void listen_close(struct net_loop *l);

/* ---- conn.c ---- */

/* A socket that was just accepted; it is closed when there is no place. */
void conn_accept(struct net_loop *l, int fd, const struct net_addr *peer);
/* Its address is known: may it go on? 0 or why not. */
int conn_admit(struct conn *c, enum close_reason *why) MUST_USE;
/* Its deadline has come. */
void conn_expire(struct conn *c);
/* Something of it has to be done at the end of the turn. */
void conn_touch(struct conn *c);
static inline struct net_loop *
loop_of(const struct conn *c)
{
	return c->poll.loop->data;
}
/* The buffers; NULL: out of memory. */
struct conn_io *conn_io(struct conn *c);
void conn_io_drop(struct conn *c);
void conn_io_free(struct conn_io *io);
/* Empty it; small storage stays. */
void buf_recycle(struct buf *b);
/* libuv's callback. */
void conn_on_poll(uv_poll_t *p, int status, int events);
/* The drain begins. */
void conn_drain(struct conn *c);

/* ---- conn_in.c ---- */

void conn_readable(struct conn *c);
/* Take what had to wait. */
void conn_resume(struct conn *c);
/* True while requests may be read. */
bool conn_reads(const struct conn *c);

/* ---- conn_out.c ---- */

/* Append a frame; false: the connection is closed. */
bool conn_put(struct conn *c, enum frame_kind kind, uint16_t method,
    uint32_t id, const ProtobufCMessage *msg);
/* Seal and write what there is, go on to the next phase when it is out. */
void conn_flush(struct conn *c);
/* Watch for what is of use now. */
void conn_watch(struct conn *c);

/* ---- loop.c ---- */

int loop_init(struct net *n, struct net_loop *l, size_t index) MUST_USE;
int loop_run(struct net_loop *l) MUST_USE;
/* Ask a loop, by mail. */
void loop_drain(struct net_loop *l);
void loop_force(struct net_loop *l);
/* There are deadlines: see that the wheel turns. */
void loop_tick(struct net_loop *l);
/* A connection has been freed. */
void loop_conn_freed(struct net_loop *l);
/* End it, and its thread. */
void loop_join(struct net_loop *l);
void loop_clear(struct net_loop *l);
int loop_set_conf(struct net_loop *l, struct relay_conf *conf) MUST_USE;

#endif
