/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn_out.c — answers and events: gathered, sealed and written once a turn. */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include <sodium.h>

#include "common/proto/relay.pb-c.h"
#include "relay/net/priv.h"

/* ---- frames -------------------------------------------------------------------- */

static int
append_frame(struct buf *b, enum frame_kind kind, uint16_t method, uint32_t id,
    const ProtobufCMessage *msg, size_t len)
{
	uint8_t h[FRAME_HEADER];
	int r;

	r = buf_reserve(b, FRAME_HEADER + len);
	if (r != 0)
		return r;
	put_be32(h, (uint32_t)len);
	h[4] = (uint8_t)kind;
	put_be16(h + 5, method);
	put_be32(h + 7, id);
	r = buf_put(b, h, sizeof(h));
	if (r != 0)
		return r;
	protobuf_c_message_pack(msg, b->p + b->len);
	b->len += len;
	return 0;
}

bool
conn_put(struct conn *c, enum frame_kind kind, uint16_t method, uint32_t id,
    const ProtobufCMessage *msg)
{
	size_t len = protobuf_c_message_get_packed_size(msg);
	struct conn_io *io = conn_io(c);
	int r = ERR_NOMEM;

	assert(len <= FRAME_BODY_MAX);
	if (conn_pending(c) > NET_OUT_MAX - FRAME_HEADER - len)
		r = ERR_FULL;
	else if (io != NULL)
		r = append_frame(&io->plain, kind, method, id, msg, len);
	if (r != 0) {
		conn_close(c, r == ERR_FULL ? CLOSE_SLOW_READER : CLOSE_ERROR);
		return false;
	}
	conn_touch(c);
	return true;
}

static void
answered(struct conn *c, const struct net_request *rq, int err)
{
	assert(c->inflight > 0);
	c->inflight--;
	metrics_request(rq->method, err, uv_hrtime() / 1000 - rq->start_us);
	conn_touch(c);
}

void
conn_reply(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	answered(c, rq, 0);
	(void)conn_put(c, FRAME_RESPONSE, rq->method, rq->id, msg);
}

void
conn_refuse(struct conn *c, const struct net_request *rq, int err,
    const char *text, uint32_t retry_after_ms)
{
	Sotto__Relay__Error e = SOTTO__RELAY__ERROR__INIT;

	e.code = err;
	/* protobuf-c's strings are not const; it only reads them. */
	e.text = (char *)(uintptr_t)(text != NULL ? text : err_str(err));
	e.retry_after_ms = retry_after_ms;
	conn_error(c, rq, &e);
}

void
conn_error(
    struct conn *c, const struct net_request *rq, const Sotto__Relay__Error *e)
{
	answered(c, rq, e->code);
	(void)conn_put(c, FRAME_ERROR, rq->method, rq->id, &e->base);
}

int
conn_event(struct conn *c, uint16_t event, const ProtobufCMessage *msg)
{
	if (!conn_live(c))
		return ERR_CLOSED;
	return conn_put(c, FRAME_EVENT, event, 0, msg) ? 0 : ERR_FULL;
}

/* ---- goodbye ------------------------------------------------------------------- */

static const char *const last_words[CLOSE_REASON_COUNT] = {
    [CLOSE_DRAIN] = "drain",
    [CLOSE_REPLACED] = "replaced",
    [CLOSE_REVOKED] = "revoked",
    [CLOSE_BANNED] = "banned",
};

/* PHASE_LEAVE, nothing is owed any more. */
static void
say_goodbye(struct conn *c)
{
	Sotto__Relay__GoodbyeEvent g = SOTTO__RELAY__GOODBYE_EVENT__INIT;
	const char *text = last_words[c->why];

	c->flags |= CF_TOLD;
	g.reason = (char *)(uintptr_t)(text != NULL ? text : "closed");
	/* Not all at once. */
	g.retry_after_ms = c->why == CLOSE_DRAIN
			       ? 500 + randombytes_uniform(NET_RETRY_SPREAD_MS)
			       : 0;
	(void)conn_put(c, FRAME_EVENT, EVENT_GOODBYE, 0, &g.base);
}

static void
hang_up(struct conn *c)
{
	struct net_loop *l = loop_of(c);

	c->phase = PHASE_LINGER;
	(void)shutdown(c->fd, SHUT_WR);
	wheel_set(&l->wheel, &c->timer, uv_now(&l->uv), NET_LINGER_MS);
}

/* ---- writing ------------------------------------------------------------------- */

/* Write p[0..len); *done tells how much went. 0, or the connection is dead. */
static int
write_some(struct conn *c, const uint8_t *p, size_t len, size_t *done)
{
	ssize_t n;

	*done = 0;
	n = send(c->fd, p, len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : ERR_SYS;
	metrics_add(METRIC_sent_bytes, n);
	*done = (size_t)n;
	return 0;
}

static int
write_tx(struct conn *c)
{
	struct buf *tx = &c->io->tx;
	size_t done;

	if (tx->len == 0)
		return 0;
	if (write_some(c, tx->p, tx->len, &done) != 0)
		return ERR_SYS;
	buf_drop(tx, done);
	return 0;
}

/* Seal what has gathered, unless sealed bytes still wait: one record for many
 * frames costs less. */
static int
write_plain(struct conn *c)
{
	struct net_loop *l = loop_of(c);
	struct conn_io *io = c->io;
	size_t done;
	int r;

	if (io->plain.len == 0 || io->tx.len > 0)
		return 0;
	buf_reset(&l->wr);
	r = pipe_seal(&c->pipe, io->plain.p, io->plain.len, &l->wr);
	if (r != 0)
		return r;
	buf_recycle(&io->plain);
	r = write_some(c, l->wr.p, l->wr.len, &done);
	if (r == 0 && done < l->wr.len)
		r = buf_put(&io->tx, l->wr.p + done, l->wr.len - done);
	buf_recycle(&l->wr);
	return r;
}

static bool
io_is_empty(const struct conn_io *io)
{
	return io->record.len == 0 && io->inbox.part.len == 0 &&
	       io->inbox.skip == 0 && io->plain.len == 0 && io->tx.len == 0;
}

void
conn_watch(struct conn *c)
{
	int events = 0;

	if (c->phase != PHASE_WAIT && (c->phase != PHASE_OPEN || conn_reads(c)))
		events |= UV_READABLE;
	if (c->io != NULL && c->io->tx.len > 0)
		events |= UV_WRITABLE;
	if (events == c->events)
		return;
	c->events = (uint8_t)events;
	if (uv_poll_start(&c->poll, events, conn_on_poll) != 0)
		conn_close(c, CLOSE_ERROR);
}

static int
write_all(struct conn *c)
{
	int r;

	if (c->io == NULL)
		return 0;
	r = write_tx(c);
	if (r == 0)
		r = write_plain(c);
	if (r == 0 && io_is_empty(c->io))
		conn_io_drop(c);
	return r;
}

void
conn_flush(struct conn *c)
{
	conn_resume(c);
	if (c->phase == PHASE_LEAVE && c->inflight == 0 &&
	    (c->flags & CF_TOLD) == 0) {
		if (c->io != NULL) {
			buf_clear(&c->io->record);
			inbox_clear(&c->io->inbox);
		}
		say_goodbye(c);
	}
	if (c->phase == PHASE_CLOSED)
		return;
	if (write_all(c) != 0) {
		conn_close(c, CLOSE_PEER);
		return;
	}
	if (c->phase == PHASE_LEAVE && (c->flags & CF_TOLD) != 0 &&
	    conn_pending(c) == 0)
		hang_up(c);
	conn_watch(c);
}
