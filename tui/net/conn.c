/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/noise/pipe.h"
#include "tui/net/conn.h"

#define READ_BYTES  (64 * 1024)
#define READ_ROUNDS 16 /* then others on the loop have their turn */
#define IN_MAX	    (PIPE_RECORD_MAX + 4 + READ_BYTES)
#define PLAIN_MAX   (FRAME_HEADER + FRAME_BODY_MAX + IN_MAX)
#define OUT_MAX	    (CONN_PENDING_MAX + 64 * 1024)
#define KEEP_BYTES  4096 /* an empty buffer above this is given back */

struct conn {
	uv_loop_t *loop;
	const struct conn_events *events;
	void *ctx;
	struct sock *sock;
	struct pipe pipe;
	const struct noise_keypair *me;
	struct noise_public relay;
	bool have_relay;
	bool open; /* the handshake is over */
	bool writable_watched;
	bool closed; /* on_closed was called, or conn_free() */
	bool freed;
	unsigned busy; /* frames of ours on the stack that still use it */
	uint64_t heard_ms, heard;
	struct buf first; /* the early frame, until the handshake begins */
	struct buf in, plain; /* read: not yet opened, not yet parsed */
	struct buf tx, out; /* to send: not yet sealed, not yet taken */
};

static void
destroy(struct conn *c)
{
	buf_clear(&c->first);
	buf_clear(&c->in);
	buf_clear(&c->plain);
	buf_clear(&c->tx);
	buf_clear(&c->out);
	pipe_clear(&c->pipe);
	free(c);
}

static void
leave(struct conn *c)
{
	if (--c->busy == 0 && c->freed)
		destroy(c);
}

void
conn_free(struct conn *c)
{
	if (c == NULL || c->freed)
		return;
	c->freed = c->closed = true;
	sock_free(c->sock);
	c->sock = NULL;
	if (c->busy == 0)
		destroy(c);
}

/* ---- the end, in words ---- */

static const struct {
	int err;
	bool open; /* after the handshake, or before its end */
	const char *reason;
} ends[] = {
    {ERR_CLOSED, false, "the relay closed the connection at once"},
    {ERR_AUTH, false, "what answers there is no Sotto relay"},
    {ERR_FORMAT, false, "what answers there is no Sotto relay"},
    {ERR_RANGE, false, "what answers there is no Sotto relay"},
    {ERR_UNTRUSTED, false, "the relay's key has not been accepted"},
    {ERR_CLOSED, true, "the relay closed the connection"},
    {ERR_AUTH, true, "what came over the connection is damaged"},
    {ERR_FORMAT, true, "what came over the connection is damaged"},
    {ERR_RANGE, true, "what came over the connection is damaged"},
};

static const char *
end_of(const struct conn *c, int err)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(ends); i++)
		if (ends[i].err == err && ends[i].open == c->open)
			return ends[i].reason;
	return err == ERR_NOMEM ? "out of memory" : "the connection broke";
}

static void
close_as(struct conn *c, int err, const char *reason)
{
	if (c->closed)
		return;
	c->closed = true;
	sock_free(c->sock);
	c->sock = NULL;
	c->events->on_closed(c->ctx, err, reason);
}

/* ---- writing ---- */

static void
give_back(struct buf *b)
{
	if (b->len == 0 && b->cap > KEEP_BYTES)
		buf_clear(b);
}

static int
write_out(struct conn *c)
{
	size_t done = 0, n;
	int r = 0;

	while (r == 0 && done < c->out.len) {
		r = sock_send(c->sock, c->out.p + done, c->out.len - done, &n);
		done += n;
	}
	if (r != 0 && r != ERR_AGAIN)
		return r;
	buf_drop(&c->out, done);
	give_back(&c->out);
	if (c->writable_watched == (c->out.len > 0))
		return 0;
	c->writable_watched = c->out.len > 0;
	return sock_watch(c->sock, c->writable_watched);
}

int
conn_send(struct conn *c, const struct frame *f)
{
	if (c->closed || !c->open)
		return ERR_STATE;
	if (f->len > FRAME_BODY_MAX)
		return ERR_RANGE;
	if (conn_pending(c) + FRAME_HEADER + f->len > CONN_PENDING_MAX)
		return ERR_FULL;
	return frame_put(&c->tx, f);
}

void
conn_flush(struct conn *c)
{
	int r = 0;

	if (c->closed)
		return;
	c->busy++;
	if (c->tx.len > 0)
		r = pipe_seal(&c->pipe, c->tx.p, c->tx.len, &c->out);
	if (r == 0) {
		buf_reset(&c->tx);
		give_back(&c->tx);
		r = write_out(c);
	}
	if (r != 0)
		close_as(c, r, end_of(c, r));
	leave(c);
}

size_t
conn_pending(const struct conn *c)
{
	return c->tx.len + c->out.len;
}

uint64_t
conn_heard_ms(const struct conn *c)
{
	return c->heard_ms;
}

uint64_t
conn_heard_count(const struct conn *c)
{
	return c->heard;
}

/* ---- reading ---- */

/* Every whole frame of c->plain, which is ours during the callbacks. */
static int
dispatch(struct conn *c)
{
	struct buf plain = c->plain;
	size_t off = 0, used;
	struct frame f;
	int r = 0;

	buf_init(&c->plain, PLAIN_MAX);
	while (r == 0 && !c->closed) {
		r = frame_get(
		    plain.p + off, plain.len - off, FRAME_BODY_MAX, &f, &used);
		if (r != 0)
			break;
		off += used;
		c->events->on_frame(c->ctx, &f);
	}
	if (r == ERR_AGAIN && !c->closed) {
		buf_drop(&plain, off);
		give_back(&plain);
		c->plain = plain;
		return 0;
	}
	buf_clear(&plain);
	return c->closed ? 0 : r;
}

/* First contact, or the fallback: is this the relay we want? */
static int
judge(struct conn *c)
{
	const struct noise_public *key = pipe_remote_static(&c->pipe);
	bool same = c->have_relay &&
		    sodium_memcmp(key->b, c->relay.b, sizeof(key->b)) == 0;

	if (!same && !c->events->on_judge(c->ctx, key))
		return c->closed ? 0 : ERR_UNTRUSTED;
	if (c->closed)
		return 0;
	c->open = true;
	return pipe_accept(&c->pipe, &c->out);
}

static int
take_in(struct conn *c)
{
	size_t used;
	int r;

	r = pipe_input(&c->pipe, c->in.p, c->in.len, &used, &c->plain, &c->out);
	buf_drop(&c->in, used);
	c->open = c->open || pipe_state(&c->pipe) == PIPE_OPEN;
	if (r == 0 && pipe_state(&c->pipe) == PIPE_JUDGE)
		r = judge(c);
	if (r == 0 && !c->closed && c->out.len > 0)
		r = write_out(c);
	if (r == 0 && !c->closed && c->plain.len > 0)
		r = dispatch(c);
	return r;
}

static int
read_some(struct conn *c)
{
	size_t n;
	int i, r = 0;

	for (i = 0; i < READ_ROUNDS && r == 0 && !c->closed; i++) {
		r = buf_reserve(&c->in, READ_BYTES);
		if (r != 0)
			return r;
		r = sock_recv(c->sock, c->in.p + c->in.len, READ_BYTES, &n);
		if (r != 0)
			break;
		c->in.len += n;
		c->heard_ms = uv_now(c->loop);
		c->heard++;
		r = take_in(c);
	}
	return r == ERR_AGAIN ? 0 : r;
}

static void
on_ready(void *ctx)
{
	struct conn *c = ctx;
	int r = 0;

	c->busy++;
	if (c->out.len > 0)
		r = write_out(c);
	if (r == 0)
		r = read_some(c);
	if (!c->closed)
		give_back(&c->in);
	if (r != 0)
		close_as(c, r, end_of(c, r));
	leave(c);
}

/* ---- the beginning ---- */

static void
on_dialled(void *ctx, int err, const char *reason)
{
	struct conn *c = ctx;

	c->busy++;
	if (err != 0) {
		close_as(c, err, reason);
		leave(c);
		return;
	}
	c->heard_ms = uv_now(c->loop);
	err =
	    pipe_init_client(&c->pipe, c->me, c->have_relay ? &c->relay : NULL,
		c->first.p, c->first.len, NULL, &c->out);
	buf_clear(&c->first);
	if (err == 0)
		err = sock_watch(c->sock, false);
	if (err == 0)
		err = write_out(c);
	if (err != 0)
		close_as(c, err, end_of(c, err));
	else
		c->events->on_connected(c->ctx);
	leave(c);
}

int
conn_new(struct conn **out, uv_loop_t *loop, const struct conn_opts *opts,
    const struct conn_events *events, void *ctx)
{
	struct conn *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return ERR_NOMEM;
	c->loop = loop;
	c->events = events;
	c->ctx = ctx;
	c->me = opts->me;
	c->have_relay = opts->relay != NULL;
	if (c->have_relay)
		c->relay = *opts->relay;
	buf_init(&c->first, PIPE_EARLY_MAX);
	buf_init(&c->in, IN_MAX);
	buf_init(&c->plain, PLAIN_MAX);
	buf_init(&c->tx, CONN_PENDING_MAX);
	buf_init(&c->out, OUT_MAX);
	r = frame_put(&c->first, opts->first);
	if (r == 0)
		r = sock_dial(
		    &c->sock, loop, &opts->target, on_dialled, on_ready, c);
	if (r != 0) {
		destroy(c);
		return r == ERR_FULL ? ERR_RANGE : r;
	}
	*out = c;
	return 0;
}
