/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn.c — a connection's life: accepted, admitted, known, closed. */
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "relay/net/priv.h"

/* ---- buffers ------------------------------------------------------------------ */

static void
io_init(struct conn_io *io)
{
	*io = (struct conn_io){0};
	buf_init(&io->record, NET_KEPT_MAX + NET_READ_MAX);
	inbox_init(&io->inbox);
	buf_init(&io->plain, NET_OUT_MAX);
	buf_init(&io->tx, pipe_sealed_len(NET_OUT_MAX) + PIPE_RECORD_MAX);
}

void
buf_recycle(struct buf *b)
{
	if (b->cap > NET_IO_KEEP)
		buf_clear(b);
	else
		buf_reset(b);
}

struct conn_io *
conn_io(struct conn *c)
{
	struct net_loop *l = loop_of(c);
	struct list *node;

	if (c->io != NULL)
		return c->io;
	node = list_pop(&l->pool);
	if (node != NULL) {
		l->npool--;
		c->io = LIST_OF(node, struct conn_io, link);
		return c->io;
	}
	c->io = malloc(sizeof(*c->io));
	if (c->io != NULL)
		io_init(c->io);
	return c->io;
}

void
conn_io_drop(struct conn *c)
{
	struct net_loop *l = loop_of(c);
	struct conn_io *io = c->io;

	if (io == NULL)
		return;
	c->io = NULL;
	l->guest_bytes -= io->guest_bytes;
	io->guest_bytes = 0;
	buf_recycle(&io->record);
	buf_recycle(&io->plain);
	buf_recycle(&io->tx);
	inbox_clear(&io->inbox);
	if (l->npool < NET_IO_POOL) {
		list_add(&l->pool, &io->link);
		l->npool++;
		return;
	}
	conn_io_free(io);
}

void
conn_io_free(struct conn_io *io)
{
	buf_clear(&io->record);
	buf_clear(&io->plain);
	buf_clear(&io->tx);
	inbox_clear(&io->inbox);
	free(io);
}

/* ---- accept ------------------------------------------------------------------- */

static struct conn *
conn_of_poll(uv_poll_t *p)
{
	return (void *)((char *)p - offsetof(struct conn, poll));
}

void
conn_on_poll(uv_poll_t *p, int status, int events)
{
	struct conn *c = conn_of_poll(p);

	if (status < 0) {
		conn_close(c, CLOSE_PEER);
		return;
	}
	if (events & UV_WRITABLE)
		conn_touch(c);
	if (events & UV_READABLE)
		conn_readable(c);
}

/* A new peer, by its address. */
static int
admit(struct net_loop *l, const struct net_addr *peer, enum close_reason *why)
{
	struct net *n = l->net;
	struct limit_key key = limit_key_address(peer);

	if (limit_take(n->env.limit, LIMIT_CONNECT, &key, 1,
		relay_clock_mono(n->env.clock), NULL) != 0) {
		metrics_add1(METRIC_rate_limited, LIMIT_CONNECT, 1);
		*why = CLOSE_RATE;
		return ERR_RATE;
	}
	*why = CLOSE_FULL;
	return guests_enter(n->guests, peer, l->conf->guests_per_address);
}

int
conn_admit(struct conn *c, enum close_reason *why)
{
	int r = admit(loop_of(c), &c->peer, why);

	if (r == 0)
		c->flags |= CF_COUNTED;
	return r;
}

static void
set_options(int fd)
{
	int on = 1, ms = NET_USER_TIMEOUT_MS;

	/* Either may be refused by an odd kernel: we do without. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#ifdef TCP_USER_TIMEOUT
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
#else
	(void)ms;
#endif
}

/* Room for one more guest: the oldest makes place, as it is the likeliest to
 * be there for nothing. */
static void
make_place(struct net_loop *l)
{
	size_t max = l->conf->guests_max / l->net->nloops;

	if (l->nguests < (max > 0 ? max : 1))
		return;
	conn_close(LIST_OF(l->guests.next, struct conn, guest), CLOSE_FULL);
}

static int
conn_start(struct net_loop *l, struct conn *c)
{
	int r;

	r = pipe_init_server(&c->pipe, l->net->env.key, NULL);
	if (r != 0)
		return r;
	if (uv_poll_init(&l->uv, &c->poll, c->fd) != 0) {
		pipe_clear(&c->pipe);
		return ERR_SYS;
	}
	return 0;
}

static struct conn *
conn_new(struct net_loop *l, int fd, const struct net_addr *peer)
{
	struct conn *c = slab_new(&l->conns);

	if (c == NULL)
		return NULL;
	c->fd = fd;
	c->peer = *peer;
	if (conn_start(l, c) != 0) {
		slab_free(&l->conns, c);
		return NULL;
	}
	set_options(fd);
	make_place(l);
	list_add(&l->guests, &c->guest);
	l->nguests++;
	atomic_fetch_add(&l->net->connections, 1);
	metrics_add(METRIC_connections, 1);
	metrics_add(METRIC_guests, 1);
	wheel_set(&l->wheel, &c->timer, uv_now(&l->uv),
	    l->conf->handshake_timeout_ms);
	loop_tick(l);
	return c;
}

static void
turn_away(int fd, enum close_reason why)
{
	close(fd);
	metrics_add1(METRIC_closed, why, 1);
}

void
conn_accept(struct net_loop *l, int fd, const struct net_addr *peer)
{
	bool proxied = relay_conf_proxy_trusted(l->conf, peer);
	enum close_reason why;
	struct conn *c;

	metrics_add(METRIC_accepted, 1);
	if (atomic_load(&l->net->connections) >= l->conf->connections_max) {
		turn_away(fd, CLOSE_FULL);
		return;
	}
	if (!proxied && admit(l, peer, &why) != 0) {
		turn_away(fd, why);
		return;
	}
	c = conn_new(l, fd, peer);
	if (c == NULL) {
		if (!proxied)
			guests_leave(l->net->guests, peer);
		turn_away(fd, CLOSE_ERROR);
		return;
	}
	c->flags = proxied ? 0 : CF_COUNTED;
	c->phase = proxied ? PHASE_PROXY : PHASE_HANDSHAKE;
	conn_watch(c);
}

/* ---- close -------------------------------------------------------------------- */

static void
on_closed(uv_handle_t *h)
{
	struct conn *c = conn_of_poll((uv_poll_t *)h);
	struct net_loop *l = loop_of(c);

	pipe_clear(&c->pipe);
	conn_io_drop(c);
	slab_free(&l->conns, c);
	atomic_fetch_sub(&l->net->connections, 1);
	metrics_add(METRIC_connections, -1);
	loop_conn_freed(l);
}

/* It is the connection of a device, or none at all, from now on. */
static void
no_guest(struct conn *c)
{
	struct net_loop *l = loop_of(c);

	if (c->flags & CF_COUNTED)
		guests_leave(l->net->guests, &c->peer);
	c->flags &= (uint8_t)~CF_COUNTED;
	if (!list_linked(&c->guest))
		return;
	list_del(&c->guest);
	l->nguests--;
	metrics_add(METRIC_guests, -1);
	if (c->io != NULL) {
		l->guest_bytes -= c->io->guest_bytes;
		c->io->guest_bytes = 0;
	}
}

static const char *const reason_words[] = {
#define X(name, word) word,
    CLOSE_REASONS(X)
#undef X
};

static void
log_close(const struct conn *c, enum close_reason why)
{
	const struct log *log = loop_of(c)->net->env.log;
	char peer[NET_ADDR_CAP];

	if (log_enabled(log, LOG_LEVEL_DEBUG))
		log_debug(log, "connection closed",
		    LOG_STR("why", reason_words[why]),
		    LOG_ADDR("peer", net_addr_text(&c->peer, peer)),
		    LOG_U64("phase", c->phase));
}

static void
tell_gone(struct conn *c)
{
	if ((c->flags & CF_SESSION) == 0)
		return;
	c->flags &= (uint8_t)~CF_SESSION;
	loop_of(c)->net->ops->conn_gone(c);
}

void
conn_close(struct conn *c, enum close_reason why)
{
	if (c->phase == PHASE_CLOSED)
		return;
	if (c->phase == PHASE_LEAVE || c->phase == PHASE_LINGER)
		why = c->why;
	log_close(c, why);
	c->phase = PHASE_CLOSED;
	tell_gone(c);
	no_guest(c);
	list_del(&c->dirty);
	wheel_del(&loop_of(c)->wheel, &c->timer);
	metrics_add1(METRIC_closed, why, 1);
	uv_close((uv_handle_t *)&c->poll, on_closed);
	close(c->fd);
	c->fd = -1;
}

void
conn_goodbye(struct conn *c, enum close_reason why)
{
	struct net_loop *l = loop_of(c);

	if (c->phase == PHASE_PROXY || c->phase == PHASE_HANDSHAKE)
		conn_close(c, why);
	if (c->phase != PHASE_WAIT && c->phase != PHASE_OPEN)
		return;
	c->phase = PHASE_LEAVE;
	c->why = (uint8_t)why;
	tell_gone(c);
	wheel_set(&l->wheel, &c->timer, uv_now(&l->uv), NET_LINGER_MS);
	conn_touch(c);
}

void
conn_drain(struct conn *c)
{
	struct net_loop *l = loop_of(c);

	conn_goodbye(c, CLOSE_DRAIN);
	/* What is under way may take as long as the drain may. */
	if (c->phase == PHASE_LEAVE && c->inflight > 0)
		wheel_set(&l->wheel, &c->timer, uv_now(&l->uv),
		    l->conf->drain_timeout_ms);
}

/* ---- deadlines ------------------------------------------------------------------ */

static void
expire_open(struct conn *c)
{
	struct net_loop *l = loop_of(c);
	uint64_t idle = l->conf->idle_timeout_ms;
	uint32_t now = wheel_tick(&l->wheel, uv_now(&l->uv));
	uint64_t silent = (uint64_t)(now - c->heard) * WHEEL_TICK_MS;

	if ((c->state & ST_DEVICE) == 0) {
		conn_close(c, CLOSE_GUEST_TIMEOUT);
	} else if (idle == 0 || silent < idle || c->inflight > 0) {
		/* Silence while we owe an answer is our own. */
		wheel_set(&l->wheel, &c->timer, uv_now(&l->uv),
		    idle > silent ? idle - silent : WHEEL_TICK_MS * 10);
	} else {
		conn_close(c, CLOSE_IDLE);
	}
}

void
conn_expire(struct conn *c)
{
	switch (c->phase) {
	case PHASE_PROXY:
	case PHASE_HANDSHAKE:
		conn_close(c, CLOSE_HANDSHAKE_TIMEOUT);
		break;
	case PHASE_OPEN:
		expire_open(c);
		break;
	default:
		conn_close(c, CLOSE_GUEST_TIMEOUT);
		break;
	}
}

/* ---- for the handlers ------------------------------------------------------------ */

void
conn_ready(struct conn *c, uint8_t state)
{
	struct net_loop *l = loop_of(c);

	if (c->phase != PHASE_WAIT && c->phase != PHASE_OPEN)
		return;
	c->phase = PHASE_OPEN;
	if ((state & ST_DEVICE) != 0 && (c->state & ST_DEVICE) == 0) {
		no_guest(c);
		wheel_set(&l->wheel, &c->timer, uv_now(&l->uv),
		    l->conf->idle_timeout_ms);
	}
	c->state = state;
	conn_touch(c);
}

struct conn *
conn_of(struct net_loop *l, struct slab_ref ref)
{
	struct conn *c = slab_get(&l->conns, ref);

	if (c == NULL || c->phase == PHASE_CLOSED || c->phase == PHASE_LINGER)
		return NULL;
	return c;
}

bool
conn_live(const struct conn *c)
{
	return c->phase == PHASE_WAIT || c->phase == PHASE_OPEN;
}

void
conn_touch(struct conn *c)
{
	if (c->phase != PHASE_CLOSED && !list_linked(&c->dirty))
		list_add(&loop_of(c)->dirty, &c->dirty);
}

struct slab_ref
conn_ref(const struct conn *c)
{
	return slab_ref(c);
}

struct net_loop *
conn_loop(const struct conn *c)
{
	return loop_of(c);
}

void *
conn_session(struct conn *c)
{
	return c->session;
}

const struct noise_public *
conn_key(const struct conn *c)
{
	return pipe_remote_static(&c->pipe);
}

const struct net_addr *
conn_peer(const struct conn *c)
{
	return &c->peer;
}

bool
conn_confirmed(const struct conn *c)
{
	return (c->flags & CF_CONFIRMED) != 0;
}

uint8_t
conn_state(const struct conn *c)
{
	return c->state;
}

size_t
conn_pending(const struct conn *c)
{
	return c->io != NULL ? c->io->plain.len + c->io->tx.len : 0;
}
