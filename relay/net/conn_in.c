/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn_in.c — bytes of a peer: balancer's header, records, frames, handlers. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "relay/net/priv.h"

bool
conn_reads(const struct conn *c)
{
	return c->phase == PHASE_OPEN && c->inflight < NET_INFLIGHT_MAX &&
	       conn_pending(c) <= NET_OUT_HIGH;
}

/* ---- frames -------------------------------------------------------------------- */

static bool
may_take(void *ctx)
{
	return conn_reads(ctx);
}

static uint8_t
peer_state(void *ctx)
{
	const struct conn *c = ctx;

	/* Until it has proven its key here it may be somebody's recording. */
	return conn_confirmed(c) ? c->state : 0;
}

static struct net_request
new_request(const struct conn *c, const struct frame *f)
{
	return (struct net_request){
	    .conn = conn_ref(c),
	    .start_us = uv_hrtime() / 1000,
	    .id = f->id,
	    .method = f->method,
	};
}

static void
refuse_frame(void *ctx, const struct frame *head, int err)
{
	struct conn *c = ctx;
	struct net_request rq = new_request(c, head);

	metrics_code(METRIC_frames_refused, err);
	c->inflight++;
	conn_refuse(c, &rq, err, NULL, 0);
}

static void
bad_body(struct conn *c, const struct frame *f, int err)
{
	if (f->kind == FRAME_REQUEST) {
		refuse_frame(c, f, err);
		return;
	}
	metrics_code(METRIC_frames_refused, err);
	conn_close(c, err == ERR_NOMEM ? CLOSE_ERROR : CLOSE_BAD_FRAME);
}

/* True when a rate limit lets the request pass; it is answered otherwise. */
static bool
within_rate(struct conn *c, const struct net_request *rq)
{
	uint32_t retry = 0;
	int r = loop_of(c)->net->ops->allow(c, rq->method, &retry);

	if (r != 0)
		conn_refuse(c, rq, r, NULL, retry);
	return r == 0;
}

static void
take_frame(void *ctx, const struct net_rule *rule, const struct frame *f)
{
	struct conn *c = ctx;
	struct net_loop *l = loop_of(c);
	struct net_request rq;
	ProtobufCMessage *msg;
	int r;

	r = dispatch_decode(rule, f, &l->arena, &msg);
	if (r != 0) {
		bad_body(c, f, r);
	} else if (f->kind == FRAME_EVENT) {
		rule->fn(c, NULL, msg);
	} else {
		rq = new_request(c, f);
		c->inflight++;
		if (within_rate(c, &rq))
			rule->fn(c, &rq, msg);
	}
	arena_reset(&l->arena);
}

static const struct inbox_ops inbox_ops = {
    .ready = may_take,
    .state = peer_state,
    .take = take_frame,
    .refuse = refuse_frame,
};

/* Guests share a budget for what they leave unfinished. */
static void
count_guest(struct conn *c)
{
	struct net_loop *l = loop_of(c);
	struct conn_io *io = c->io;
	size_t now;

	if (io == NULL || !list_linked(&c->guest))
		return;
	now = io->inbox.part.cap + io->record.cap;
	l->guest_bytes += now - io->guest_bytes;
	io->guest_bytes = now;
	if (l->guest_bytes > NET_GUEST_BYTES)
		conn_close(c, CLOSE_FULL);
}

static void
take_frames(struct conn *c, const uint8_t *p, size_t len)
{
	struct conn_io *io = conn_io(c);
	int r;

	if (io == NULL) {
		conn_close(c, CLOSE_ERROR);
		return;
	}
	r = inbox_feed(
	    &io->inbox, &loop_of(c)->net->dispatch, p, len, &inbox_ops, c);
	if (r == ERR_NOMEM) {
		conn_close(c, CLOSE_ERROR);
	} else if (r != 0) {
		metrics_code(METRIC_frames_refused, r);
		conn_close(c, CLOSE_BAD_FRAME);
	}
	count_guest(c);
	conn_touch(c);
}

void
conn_resume(struct conn *c)
{
	if (c->io != NULL && c->io->inbox.part.len > 0 && conn_reads(c))
		take_frames(c, NULL, 0);
}

/* ---- records ------------------------------------------------------------------- */

static bool
may_shake_hands(struct conn *c)
{
	const struct net_env *env = &loop_of(c)->net->env;
	struct limit_key key = limit_key_address(&c->peer);

	if (limit_take(env->limit, LIMIT_HANDSHAKE, &key, 1,
		relay_clock_mono(env->clock), NULL) == 0)
		return true;
	metrics_add1(METRIC_rate_limited, LIMIT_HANDSHAKE, 1);
	return false;
}

static void
pipe_broke(struct conn *c, bool was_open, int err)
{
	enum close_reason why = CLOSE_BAD_RECORD;

	if (!was_open) {
		metrics_code(METRIC_handshakes, err);
		(void)may_shake_hands(c); /* a failed one costs double */
		why = CLOSE_HANDSHAKE_FAILED;
	}
	conn_close(c, err == ERR_NOMEM ? CLOSE_ERROR : why);
}

static void
pipe_opened(struct conn *c)
{
	struct net_loop *l = loop_of(c);

	metrics_code(METRIC_handshakes, 0);
	c->phase = PHASE_WAIT;
	c->flags |= CF_SESSION;
	wheel_set(
	    &l->wheel, &c->timer, uv_now(&l->uv), l->conf->guest_timeout_ms);
	l->net->ops->conn_open(c);
}

/* What has changed by the records just read. */
static void
note_progress(struct conn *c, bool was_open)
{
	bool confirmed = pipe_confirmed(&c->pipe);

	if (!was_open && pipe_state(&c->pipe) == PIPE_OPEN)
		pipe_opened(c);
	if (!confirmed || (c->flags & CF_CONFIRMED) != 0 || !conn_live(c))
		return;
	c->flags |= CF_CONFIRMED;
	loop_of(c)->net->ops->conn_confirmed(c);
}

/* Keep what is no whole record yet. */
static int
keep_record(struct conn *c, const uint8_t *p, size_t len)
{
	struct conn_io *io = c->io;

	if (len == 0) {
		if (io != NULL)
			buf_recycle(&io->record);
		return 0;
	}
	io = conn_io(c);
	if (io == NULL)
		return ERR_NOMEM;
	buf_reset(&io->record);
	return buf_put(&io->record, p, len);
}

static void
take_records(struct conn *c, const uint8_t *p, size_t len)
{
	struct net_loop *l = loop_of(c);
	bool was_open = pipe_state(&c->pipe) == PIPE_OPEN;
	struct buf *out = &l->wr; /* an open pipe writes nothing here */
	size_t used = 0;
	int r;

	buf_reset(&l->plain);
	if (!was_open) {
		if (conn_io(c) == NULL) {
			conn_close(c, CLOSE_ERROR);
			return;
		}
		out = &c->io->tx;
	}
	r = pipe_input(&c->pipe, p, len, &used, &l->plain, out);
	if (r != 0) {
		pipe_broke(c, was_open, r);
		return;
	}
	if (keep_record(c, p + used, len - used) != 0) {
		conn_close(c, CLOSE_ERROR);
		return;
	}
	note_progress(c, was_open);
	if (l->plain.len > 0 && c->phase != PHASE_CLOSED)
		take_frames(c, l->plain.p, l->plain.len);
	count_guest(c);
	conn_touch(c);
}

/* ---- the first bytes ------------------------------------------------------------- */

static void
take_handshake(struct conn *c, const uint8_t *p, size_t len)
{
	/* Before any of it costs a curve operation. */
	if ((c->flags & CF_TRIED) == 0 && !may_shake_hands(c)) {
		conn_close(c, CLOSE_RATE);
		return;
	}
	c->flags |= CF_TRIED;
	take_records(c, p, len);
}

static void
take_proxy(struct conn *c, const uint8_t *p, size_t len)
{
	enum close_reason why = CLOSE_BAD_PROXY;
	struct proxy_header h;
	size_t used;
	int r;

	r = proxy_parse(p, len, &h, &used);
	if (r == ERR_AGAIN && keep_record(c, p, len) == 0) {
		conn_touch(c);
		return;
	}
	if (r == 0 && keep_record(c, NULL, 0) == 0) {
		if (h.known)
			c->peer = h.peer;
		r = conn_admit(c, &why);
	}
	if (r != 0) {
		conn_close(c, why);
		return;
	}
	c->phase = PHASE_HANDSHAKE;
	if (len > used)
		take_handshake(c, p + used, len - used);
	else
		conn_touch(c);
}

static void
take_bytes(struct conn *c, const uint8_t *p, size_t len)
{
	switch (c->phase) {
	case PHASE_PROXY:
		take_proxy(c, p, len);
		break;
	case PHASE_HANDSHAKE:
		take_handshake(c, p, len);
		break;
	case PHASE_WAIT:
	case PHASE_OPEN:
		take_records(c, p, len);
		break;
	default: /* nobody listens any more */
		break;
	}
}

void
conn_readable(struct conn *c)
{
	struct net_loop *l = loop_of(c);
	size_t kept = c->io != NULL ? c->io->record.len : 0;
	ssize_t n;

	n = recv(c->fd, l->rd + kept, NET_READ_MAX - kept, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_close(c, CLOSE_PEER);
		return;
	}
	metrics_add(METRIC_received_bytes, n);
	c->heard = wheel_tick(&l->wheel, uv_now(&l->uv));
	if (kept > 0)
		memcpy(l->rd, c->io->record.p, kept);
	take_bytes(c, l->rd, kept + (size_t)n);
}
