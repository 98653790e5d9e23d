/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/text.h"
#include "tui/net/conn.h"
#include "tui/net/link.h"
#include "tui/net/mux.h"

#define HELLO_ID 1 /* the first request of every connection */
#define HOST_MAX 253
#define DIAL_SLACK_MS                                                          \
	1000 /* libcurl's own time-out knows more: it goes first */

static const struct link_times default_times = {
    .dial = 15000,
    .handshake = 15000,
    .ping = 60000,
    .pong = 20000,
    .retry_first = 1000,
    .retry_max = 60000,
};

struct link {
	uv_loop_t *loop;
	uv_timer_t timer; /* the earliest of all deadlines */
	uv_prepare_t prepare; /* runs before the loop waits, when asked for */
	int handles; /* of the two, how many are not closed */
	bool freed;
	bool have_relay;
	bool untold; /* status has changed since on_state */
	bool asked; /* whether the relay lives; it has until pong */

	struct link_events events;
	void *ctx;
	char *proxy;
	const struct noise_keypair *me;
	struct noise_public relay;
	size_t hello_len;
	uint8_t hello[LINK_HELLO_MAX];
	struct link_times times;

	struct link_status status;
	struct conn *conn; /* CONNECTING, OPEN */
	struct mux mux; /* in flight on conn */
	struct mux dead; /* of connections gone; their callbacks are due */
	uint64_t ping_sent_ms;
	uint64_t ping_heard; /* conn_heard_count() then */
	uint64_t deadline_ms; /* CONNECTING: give up; OFFLINE: dial */
	uint64_t armed_ms; /* what the timer is set to; MUX_NEVER: nothing */
	uint32_t last_id;
	uint32_t ping_id; /* 0: none in flight */
	unsigned failures; /* since the link was open */
	uint16_t port;
	char host[HOST_MAX + 1];
	char reason[256];
};

static void on_timer(uv_timer_t *t);
static void on_prepare(uv_prepare_t *p);

static uint64_t
now_ms(const struct link *l)
{
	return uv_now(l->loop);
}

/* ---- deadlines ---- */

static uint64_t
next_deadline(const struct link *l)
{
	uint64_t alive;

	switch (l->status.state) {
	case LINK_STOPPED:
		return MUX_NEVER;
	case LINK_CONNECTING:
	case LINK_OFFLINE:
		return l->deadline_ms;
	case LINK_OPEN:
		break;
	}
	alive = l->asked ? l->ping_sent_ms + l->times.pong
			 : conn_heard_ms(l->conn) + l->times.ping;
	return alive < l->mux.deadline_ms ? alive : l->mux.deadline_ms;
}

static void
rearm(struct link *l)
{
	uint64_t at = next_deadline(l), now = now_ms(l);

	if (at == l->armed_ms)
		return;
	l->armed_ms = at;
	if (at == MUX_NEVER)
		uv_timer_stop(&l->timer);
	else
		uv_timer_start(&l->timer, on_timer, at > now ? at - now : 0, 0);
}

/* ---- telling ---- */

static void
wake(struct link *l)
{
	uv_prepare_start(&l->prepare, on_prepare);
}

static void
set_status(struct link *l, enum link_state state, int err, const char *reason,
    uint32_t retry_ms)
{
	text_sanitize(
	    l->reason, sizeof(l->reason), reason, strlen(reason), TEXT_LINE);
	l->status = (struct link_status){
	    .state = state,
	    .err = err,
	    .reason = l->reason,
	    .retry_ms = retry_ms,
	};
	l->untold = true;
	rearm(l);
	wake(l);
}

static void
answer(struct request *r, const struct link_reply *reply)
{
	if (r->cb != NULL)
		r->cb(r->ctx, reply);
	free(r);
}

static void
answer_ourselves(struct request *r, int err, const char *text)
{
	const struct link_reply reply = {.err = err, .text = text};

	answer(r, &reply);
}

static void
tell(struct link *l)
{
	const char *why = "the connection to the relay was lost";
	struct request *r;

	while (!l->freed && (r = mux_take_first(&l->dead)) != NULL)
		answer_ourselves(r, ERR_CLOSED, why);
	if (l->freed || !l->untold)
		return;
	l->untold = false;
	l->events.on_state(l->ctx, &l->status);
}

/* Once before the loop waits: what is due to be told or sent. */
static void
on_prepare(uv_prepare_t *p)
{
	struct link *l = p->data;

	uv_prepare_stop(p);
	do {
		tell(l);
		if (!l->freed && l->status.state == LINK_OPEN)
			conn_flush(l->conn);
	} while (!l->freed && (l->untold || l->dead.n > 0));
}

/* ---- states ---- */

static void
drop_conn(struct link *l)
{
	conn_free(l->conn);
	l->conn = NULL;
	l->asked = false;
	l->ping_id = 0;
	mux_move(&l->dead, &l->mux);
}

/* Half of it at least, the rest by chance: a relay that restarts is not met by
 * all its clients at once. */
static uint32_t
backoff_ms(const struct link *l)
{
	uint64_t ms = l->times.retry_first;
	unsigned i;

	for (i = 0; i < l->failures && ms < l->times.retry_max; i++)
		ms *= 2;
	if (ms > l->times.retry_max)
		ms = l->times.retry_max;
	return (uint32_t)(ms / 2) + randombytes_uniform((uint32_t)(ms / 2) + 1);
}

static void
go_offline(struct link *l, int err, const char *reason, uint32_t hold_ms)
{
	uint32_t ms = hold_ms > 0 ? hold_ms : backoff_ms(l);

	drop_conn(l);
	l->failures++;
	l->deadline_ms = now_ms(l) + ms;
	set_status(l, LINK_OFFLINE, err, reason, ms);
}

static void
stop_as(struct link *l, int err, const char *reason)
{
	drop_conn(l);
	set_status(l, LINK_STOPPED, err, reason, 0);
}

static void
send_ping(struct link *l)
{
	struct frame f = {.kind = FRAME_REQUEST, .method = METHOD_PING};
	int r;

	f.id = l->last_id + 1;
	r = conn_send(l->conn, &f);
	if (r != 0 && r != ERR_FULL) {
		go_offline(l, r, err_str(r), 0);
		return;
	}
	/* ERR_FULL: the answers to what waits there do as well */
	l->ping_id = r == 0 ? ++l->last_id : 0;
	l->asked = true;
	l->ping_sent_ms = now_ms(l);
	l->ping_heard = conn_heard_count(l->conn);
	wake(l);
}

/* ---- frames ---- */

static void
violation(struct link *l)
{
	go_offline(l, ERR_FORMAT, "the relay does not keep to the protocol", 0);
}

static void
read_lock(struct link_lock *out, const Sotto__Relay__RegistrationLock *m)
{
	if (m == NULL || m->account_id.len != sizeof(out->account))
		return;
	out->set = true;
	memcpy(out->account, m->account_id.data, sizeof(out->account));
	out->tries_left = m->tries_left;
	out->lapses_ms = m->lapses_ms;
}

/* The relay's Error as a reply; *e owns the text. */
static struct link_reply
error_reply(const struct frame *f, Sotto__Relay__Error **e)
{
	struct link_reply reply = {
	    .err = ERR_FORMAT,
	    .from_relay = true,
	    .text = "",
	};

	*e = sotto__relay__error__unpack(NULL, f->len, f->body);
	if (*e == NULL)
		return reply;
	reply.err = (*e)->code < 0 ? (*e)->code : ERR_INTERNAL;
	reply.text = (*e)->text;
	reply.retry_after_ms = (*e)->retry_after_ms;
	read_lock(&reply.lock, (*e)->lock);
	return reply;
}

static void
free_error(Sotto__Relay__Error *e)
{
	if (e != NULL)
		sotto__relay__error__free_unpacked(e, NULL);
}

/* The handshake is over and the relay knows us. */
static void
on_hello_answer(struct link *l, const struct frame *f)
{
	Sotto__Relay__Error *e = NULL;
	struct link_reply reply;

	if (f->method != METHOD_HELLO) {
		violation(l);
		return;
	}
	if (f->kind == FRAME_ERROR) {
		reply = error_reply(f, &e);
		go_offline(l, reply.err,
		    reply.text[0] != '\0' ? reply.text : err_str(reply.err),
		    reply.retry_after_ms);
		free_error(e);
		return;
	}
	l->failures = 0;
	set_status(l, LINK_OPEN, 0, "", 0);
	l->events.on_hello(l->ctx, f->body, f->len);
	if (!l->freed && l->status.state == LINK_OPEN)
		tell(l);
}

static void
on_answer(struct link *l, const struct frame *f)
{
	struct link_reply reply = {.body = f->body, .len = f->len, .text = ""};
	Sotto__Relay__Error *e = NULL;
	struct request *r;

	if (f->id == l->ping_id) {
		l->ping_id = 0;
		l->asked = false;
		rearm(l);
		return;
	}
	if (f->id > l->last_id) {
		violation(l);
		return;
	}
	r = mux_take(&l->mux, f->id);
	if (r == NULL) /* late: its time-out has been told */
		return;
	if (r->method != f->method) {
		answer_ourselves(r, ERR_FORMAT, err_str(ERR_FORMAT));
		if (!l->freed && l->conn != NULL)
			violation(l);
		return;
	}
	if (f->kind == FRAME_ERROR)
		reply = error_reply(f, &e);
	answer(r, &reply);
	free_error(e);
}

static void
on_frame(void *ctx, const struct frame *f)
{
	struct link *l = ctx;
	bool hello = l->status.state == LINK_CONNECTING;
	bool answers = f->kind == FRAME_RESPONSE || f->kind == FRAME_ERROR;

	if (answers && !hello)
		on_answer(l, f);
	else if (answers && f->id == HELLO_ID)
		on_hello_answer(l, f);
	else if (f->kind == FRAME_EVENT &&
		 (!hello || f->method == EVENT_GOODBYE))
		l->events.on_event(l->ctx, f->method, f->body, f->len);
	else
		violation(l);
}

/* ---- the connection ---- */

static void
on_connected(void *ctx)
{
	struct link *l = ctx;

	l->deadline_ms = now_ms(l) + l->times.handshake;
	rearm(l);
}

static bool
on_judge(void *ctx, const struct noise_public *key)
{
	const struct noise_public shown = *key;
	struct link *l = ctx;

	if (!l->events.on_relay_key(l->ctx, &shown, l->have_relay))
		return false;
	l->relay = shown;
	l->have_relay = true;
	return true;
}

static void
on_closed(void *ctx, int err, const char *reason)
{
	struct link *l = ctx;

	if (err == ERR_UNTRUSTED)
		stop_as(l, err, reason);
	else
		go_offline(l, err, reason, 0);
}

static void
dial(struct link *l)
{
	static const struct conn_events events = {
	    .on_connected = on_connected,
	    .on_judge = on_judge,
	    .on_frame = on_frame,
	    .on_closed = on_closed,
	};
	const struct frame hello = {
	    .kind = FRAME_REQUEST,
	    .method = METHOD_HELLO,
	    .id = HELLO_ID,
	    .body = l->hello,
	    .len = l->hello_len,
	};
	const struct conn_opts opts = {
	    .target = {l->host, l->port, l->proxy, l->times.dial},
	    .me = l->me,
	    .relay = l->have_relay ? &l->relay : NULL,
	    .first = &hello,
	};
	int r;

	l->last_id = HELLO_ID;
	l->deadline_ms = now_ms(l) + l->times.dial + DIAL_SLACK_MS;
	set_status(l, LINK_CONNECTING, 0, "", 0);
	r = conn_new(&l->conn, l->loop, &opts, &events, l);
	if (r != 0)
		go_offline(l, r,
		    r == ERR_CONFIG    ? "the proxy's address is wrong"
		    : r == ERR_VERSION ? "libcurl is missing or too old"
				       : err_str(r),
		    0);
}

static void
check_open(struct link *l)
{
	uint64_t now = now_ms(l);
	struct request *r;

	while (l->status.state == LINK_OPEN &&
	       (r = mux_take_expired(&l->mux, now)) != NULL) {
		answer_ourselves(
		    r, ERR_TIMEOUT, "the relay did not answer in time");
		if (l->freed)
			return;
	}
	if (l->status.state != LINK_OPEN)
		return;
	if (l->asked && conn_heard_count(l->conn) != l->ping_heard)
		l->asked = false; /* something else came: it lives */
	if (l->asked && now >= l->ping_sent_ms + l->times.pong)
		go_offline(l, ERR_TIMEOUT, "the relay has fallen silent", 0);
	else if (!l->asked && now >= conn_heard_ms(l->conn) + l->times.ping)
		send_ping(l);
}

static void
on_timer(uv_timer_t *t)
{
	struct link *l = t->data;
	bool due;

	l->armed_ms = MUX_NEVER;
	tell(l); /* no state is passed over */
	if (l->freed)
		return;
	due = now_ms(l) >= l->deadline_ms;
	if (l->status.state == LINK_OPEN)
		check_open(l);
	else if (l->status.state == LINK_OFFLINE && due)
		dial(l);
	else if (l->status.state == LINK_CONNECTING && due)
		go_offline(l, ERR_TIMEOUT, "the relay does not answer", 0);
	if (!l->freed)
		rearm(l);
}

/* ---- birth and death ---- */

static void
take_times(struct link_times *t, const struct link_times *given)
{
	*t = default_times;
#define TAKE(field)                                                            \
	if (given->field != 0)                                                 \
	t->field = given->field
	TAKE(dial);
	TAKE(handshake);
	TAKE(ping);
	TAKE(pong);
	TAKE(retry_first);
	TAKE(retry_max);
#undef TAKE
}

int
link_new(struct link **out, uv_loop_t *loop, const struct link_opts *opts,
    const struct link_events *events, void *ctx)
{
	struct link *l;

	if (opts->host == NULL || opts->host[0] == '\0' || opts->port == 0 ||
	    strlen(opts->host) > HOST_MAX || opts->hello_len > LINK_HELLO_MAX)
		return ERR_RANGE;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR_NOMEM;
	l->proxy = strdup(opts->proxy != NULL ? opts->proxy : "");
	if (l->proxy == NULL) {
		free(l);
		return ERR_NOMEM;
	}
	l->loop = loop;
	l->events = *events;
	l->ctx = ctx;
	snprintf(l->host, sizeof(l->host), "%s", opts->host);
	l->port = opts->port;
	l->me = opts->me;
	link_set_relay_key(l, opts->relay);
	if (opts->hello_len > 0)
		memcpy(l->hello, opts->hello, opts->hello_len);
	l->hello_len = opts->hello_len;
	take_times(&l->times, &opts->times);
	mux_init(&l->mux);
	mux_init(&l->dead);
	l->armed_ms = MUX_NEVER;
	l->status = (struct link_status){.state = LINK_STOPPED, .reason = ""};
	uv_timer_init(loop, &l->timer);
	uv_prepare_init(loop, &l->prepare);
	l->timer.data = l->prepare.data = l;
	l->handles = 2;
	*out = l;
	return 0;
}

static void
on_handle_closed(uv_handle_t *h)
{
	struct link *l = h->data;

	if (--l->handles > 0)
		return;
	free(l->proxy);
	free(l);
}

void
link_free(struct link *l)
{
	if (l == NULL || l->freed)
		return;
	l->freed = true;
	drop_conn(l);
	mux_clear(&l->dead);
	uv_close((uv_handle_t *)&l->timer, on_handle_closed);
	uv_close((uv_handle_t *)&l->prepare, on_handle_closed);
}

/* ---- what the engine asks ---- */

void
link_start(struct link *l)
{
	if (l->status.state != LINK_STOPPED)
		return;
	l->failures = 0;
	dial(l);
}

void
link_stop(struct link *l)
{
	if (l->status.state != LINK_STOPPED)
		stop_as(l, 0, "");
}

void
link_retry_now(struct link *l)
{
	if (l->status.state == LINK_OFFLINE)
		dial(l);
	else if (l->status.state == LINK_OPEN && !l->asked)
		send_ping(l);
	rearm(l);
}

void
link_hold(struct link *l, uint32_t ms)
{
	if (l->status.state != LINK_STOPPED)
		go_offline(l, 0, "", ms);
}

void
link_set_relay_key(struct link *l, const struct noise_public *key)
{
	l->have_relay = key != NULL;
	if (key != NULL)
		l->relay = *key;
}

enum link_state
link_state(const struct link *l)
{
	return l->status.state;
}

int
link_request(struct link *l, uint16_t method, const void *body, size_t len,
    uint32_t timeout_ms, link_reply_fn *cb, void *ctx)
{
	const struct request req = {
	    .id = l->last_id + 1,
	    .method = method,
	    .cb = cb,
	    .ctx = ctx,
	    .deadline_ms = timeout_ms > 0 ? now_ms(l) + timeout_ms : MUX_NEVER,
	};
	const struct frame f = {
	    .kind = FRAME_REQUEST,
	    .method = method,
	    .id = req.id,
	    .body = body,
	    .len = len,
	};
	int r;

	if (l->status.state != LINK_OPEN || req.id == 0)
		return ERR_STATE;
	r = mux_add(&l->mux, &req);
	if (r != 0)
		return r;
	r = conn_send(l->conn, &f);
	if (r != 0) {
		free(mux_take(&l->mux, req.id));
		return r;
	}
	l->last_id++;
	rearm(l);
	wake(l);
	return 0;
}

void
link_forget(struct link *l, const void *ctx)
{
	mux_forget(&l->mux, ctx);
	mux_forget(&l->dead, ctx);
}

int
link_event(struct link *l, uint16_t method, const void *body, size_t len)
{
	const struct frame f = {
	    .kind = FRAME_EVENT,
	    .method = method,
	    .body = body,
	    .len = len,
	};
	int r;

	if (l->status.state != LINK_OPEN)
		return ERR_STATE;
	r = conn_send(l->conn, &f);
	if (r == 0)
		wake(l);
	return r;
}

size_t
link_pending_bytes(const struct link *l)
{
	return l->conn != NULL ? conn_pending(l->conn) : 0;
}

size_t
link_inflight(const struct link *l)
{
	return l->mux.n;
}
