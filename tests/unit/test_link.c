/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link against a relay and a proxy of the test's own, over real sockets. */
#include <curl/curl.h>
#include <sodium.h>

#include "common/proto/method.h"
#include "tests/unit/net_peer.h"
#include "tests/unit/test.h"
#include "tui/net/link.h"

#define PATIENCE_MS 20000 /* a test that waits longer has failed */

static struct noise_keypair me, relay_keys, other_keys;

/* What the engine would see. */
struct seen {
	int states[LINK_OFFLINE + 1]; /* on_state calls */
	int err; /* these three: the last time it was off */
	char reason[256];
	uint32_t retry_ms;
	int hellos, events, keys;
	uint16_t event;
	bool changed;
	bool accept; /* the verdict on_relay_key gives */
	struct noise_public key;
	bool hello_first; /* on_hello came before LINK_OPEN was told */
};

struct fixture {
	uv_loop_t loop;
	uv_timer_t watchdog;
	struct peer peer;
	struct proxy proxy;
	struct link *link;
	struct link_opts opts;
	struct seen seen;
	/* replies */
	int replies, errs[64];
	char bodies[64][16];
	bool from_relay;
	uint32_t retry_after_ms;
};

static struct fixture *fx;

/* ---- events ---- */

static void
on_state(void *ctx, const struct link_status *st)
{
	struct fixture *f = ctx;

	assert_int_equal(st->state, link_state(f->link));
	f->seen.states[st->state]++;
	if (st->state == LINK_OFFLINE || st->state == LINK_STOPPED) {
		f->seen.err = st->err;
		f->seen.retry_ms = st->retry_ms;
		snprintf(
		    f->seen.reason, sizeof(f->seen.reason), "%s", st->reason);
	}
	uv_stop(&f->loop); /* until() looks, before the loop waits again */
}

static void
on_hello(void *ctx, const uint8_t *body, size_t len)
{
	struct fixture *f = ctx;

	f->seen.hellos++;
	assert_int_equal(len, 7);
	assert_memory_equal(body, "welcome", 7);
	f->seen.hello_first = f->seen.states[LINK_OPEN] < f->seen.hellos;
}

static void
on_event(void *ctx, uint16_t method, const uint8_t *body, size_t len)
{
	struct fixture *f = ctx;

	(void)body;
	(void)len;
	f->seen.events++;
	f->seen.event = method;
}

static bool
on_relay_key(void *ctx, const struct noise_public *key, bool changed)
{
	struct fixture *f = ctx;

	/* nothing of ours has left */
	assert_false(f->peer.client_known);
	f->seen.keys++;
	f->seen.changed = changed;
	f->seen.key = *key;
	return f->seen.accept;
}

static const struct link_events events = {
    .on_state = on_state,
    .on_hello = on_hello,
    .on_event = on_event,
    .on_relay_key = on_relay_key,
};

static void
on_reply(void *ctx, const struct link_reply *reply)
{
	int i = fx->replies++;

	(void)ctx;
	uv_stop(&fx->loop);
	if (i >= 64)
		return;
	fx->errs[i] = reply->err;
	fx->from_relay = reply->from_relay;
	fx->retry_after_ms = reply->retry_after_ms;
	snprintf(fx->bodies[i], sizeof(fx->bodies[i]), "%.*s", (int)reply->len,
	    reply->len > 0 ? (const char *)reply->body : "");
}

/* ---- the loop ---- */

static NORETURN void
on_watchdog(uv_timer_t *t)
{
	(void)t;
	print_error("the test waits in vain\n");
	abort();
}

#define until(cond)                                                            \
	do {                                                                   \
		while (!(cond))                                                \
			uv_run(&fx->loop, UV_RUN_ONCE);                        \
	} while (0)

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fx = f;
	*state = f;
	uv_loop_init(&f->loop);
	uv_timer_init(&f->loop, &f->watchdog);
	uv_timer_start(&f->watchdog, on_watchdog, PATIENCE_MS, 0);
	uv_unref((uv_handle_t *)&f->watchdog);
	f->peer.keys = relay_keys;
	if (peer_listen(&f->peer, &f->loop, "127.0.0.1", 0) != 0)
		return -1;
	f->opts = (struct link_opts){
	    .host = "127.0.0.1",
	    .port = (uint16_t)f->peer.port,
	    .me = &me,
	    .relay = &relay_keys.pk,
	    .hello = "hi",
	    .hello_len = 2,
	    .times = {.retry_first = 2, .retry_max = 8},
	};
	f->seen.accept = true;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	link_free(f->link);
	peer_close(&f->peer);
	if (f->proxy.listener != NULL)
		proxy_close(&f->proxy);
	uv_close((uv_handle_t *)&f->watchdog, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&f->loop) != 0)
		return -1;
	free(f);
	fx = NULL;
	return 0;
}

static void
start(void)
{
	assert_ok(link_new(&fx->link, &fx->loop, &fx->opts, &events, fx));
	assert_int_equal(link_state(fx->link), LINK_STOPPED);
	link_start(fx->link);
}

static void
start_open(void)
{
	start();
	until(fx->seen.states[LINK_OPEN] == 1);
}

static int
ask(const char *body, uint32_t timeout_ms)
{
	return link_request(fx->link, METHOD_LOOKUP, body, strlen(body),
	    timeout_ms, on_reply, fx);
}

/* Dial through the proxy. */
static void
through(const char *scheme)
{
	static char url[100];

	if (fx->proxy.listener == NULL)
		assert_int_equal(proxy_listen(&fx->proxy, &fx->loop), 0);
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d", scheme, fx->proxy.port);
	fx->opts.proxy = url;
}

/* ---- handshakes ---- */

static void
test_link__first_contact_asks_and_the_next_is_ik(void **state)
{
	(void)state;
	fx->opts.relay = NULL;
	start();
	until(fx->seen.states[LINK_OPEN] == 1);
	assert_int_equal(fx->seen.keys, 1);
	assert_false(fx->seen.changed);
	assert_memory_equal(&fx->seen.key, &relay_keys.pk, 32);
	assert_int_equal(fx->peer.mode, 1);
	assert_memory_equal(&fx->peer.client, &me.pk, 32);
	assert_true(fx->seen.hello_first);
	assert_int_equal(fx->seen.hellos, 1);
	assert_int_equal(fx->peer.hellos, 1);

	peer_hang_up(&fx->peer);
	until(fx->seen.states[LINK_OPEN] == 2);
	assert_int_equal(fx->peer.mode, 2);
	assert_int_equal(fx->seen.keys, 1);
	assert_int_equal(fx->peer.hellos, 2);
	assert_int_equal(fx->seen.states[LINK_CONNECTING], 2);
	assert_int_equal(fx->seen.states[LINK_OFFLINE], 1);
}

static void
test_link__a_known_relay_is_not_asked_about(void **state)
{
	(void)state;
	start_open();
	assert_int_equal(fx->peer.mode, 2);
	assert_int_equal(fx->seen.keys, 0);
	assert_int_equal(fx->peer.fallbacks, 0);
}

static void
test_link__a_changed_key_is_told_and_may_be_accepted(void **state)
{
	(void)state;
	fx->opts.relay = &other_keys.pk;
	start_open();
	assert_int_equal(fx->seen.keys, 1);
	assert_true(fx->seen.changed);
	assert_memory_equal(&fx->seen.key, &relay_keys.pk, 32);
	assert_true(fx->peer.fallbacks > 0);
	assert_int_equal(fx->peer.hellos, 1);
	peer_hang_up(&fx->peer);
	until(fx->seen.states[LINK_OPEN] == 2);
	assert_int_equal(fx->seen.keys, 1);
}

static void
refuse_key(const struct noise_public *known)
{
	fx->opts.relay = known;
	fx->seen.accept = false;
	start();
	until(fx->seen.states[LINK_STOPPED] == 1);
	assert_int_equal(fx->seen.err, ERR_UNTRUSTED);
	assert_true(strlen(fx->seen.reason) > 10);
	assert_int_equal(fx->seen.states[LINK_OFFLINE], 0);
	/* what was sent is one key made for the occasion */
	until(peer_last(&fx->peer) == NULL);
	assert_false(fx->peer.client_known);
	assert_int_equal(fx->peer.hellos, 0);

	/* the person has looked at it meanwhile */
	link_set_relay_key(fx->link, &fx->seen.key);
	link_start(fx->link);
	until(fx->seen.states[LINK_OPEN] == 1);
	assert_int_equal(fx->seen.keys, 1);
	assert_int_equal(fx->peer.mode, 2);
}

static void
test_link__an_unknown_key_refused_stops_the_link(void **state)
{
	(void)state;
	refuse_key(NULL);
}

static void
test_link__a_changed_key_refused_stops_the_link(void **state)
{
	(void)state;
	refuse_key(&other_keys.pk);
}

/* ---- requests ---- */

static uint32_t held_ids[8];
static int held;

/* Keeps three requests and answers them backwards. */
static void
hold_three(struct peer_conn *c, const struct frame *f)
{
	static const char *const bodies[] = {"a", "b", "c"};

	assert_int_equal(f->id, held + 2); /* 1 was HELLO's */
	held_ids[held++] = f->id;
	if (held < 3)
		return;
	while (held-- > 0)
		peer_send(c, FRAME_RESPONSE, METHOD_LOOKUP, held_ids[held],
		    bodies[held], 1);
}

static void
test_link_request__answers_come_in_any_order(void **state)
{
	(void)state;
	held = 0;
	fx->peer.on_frame = hold_three;
	start_open();
	assert_ok(ask("1", 0));
	assert_ok(ask("2", 5000));
	assert_ok(ask("3", 0));
	assert_int_equal(link_inflight(fx->link), 3);
	assert_true(link_pending_bytes(fx->link) > 3 * FRAME_HEADER);
	assert_int_equal(fx->replies, 0);
	until(fx->replies == 3);
	assert_string_equal(fx->bodies[0], "c");
	assert_string_equal(fx->bodies[1], "b");
	assert_string_equal(fx->bodies[2], "a");
	assert_int_equal(fx->errs[0] + fx->errs[1] + fx->errs[2], 0);
	assert_int_equal(link_inflight(fx->link), 0);
	assert_int_equal(link_pending_bytes(fx->link), 0);
}

static void
refuse_request(struct peer_conn *c, const struct frame *f)
{
	/* {code -17, text "slow", retry_after_ms 1500} */
	static const uint8_t e[] = {0x08, 0xef, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0x01, 0x12, 0x04, 's', 'l', 'o', 'w', 0x18, 0xdc,
	    0x0b};

	peer_send(c, FRAME_ERROR, f->method, f->id, e, sizeof(e));
}

static void
test_link_request__a_refusal_is_told_with_its_time(void **state)
{
	(void)state;
	fx->peer.on_frame = refuse_request;
	start_open();
	assert_ok(ask("1", 0));
	until(fx->replies == 1);
	assert_int_equal(fx->errs[0], ERR_RATE);
	assert_true(fx->from_relay);
	assert_int_equal(fx->retry_after_ms, 1500);
	assert_int_equal(link_state(fx->link), LINK_OPEN);
}

static uint32_t late_id;

static void
keep_first(struct peer_conn *c, const struct frame *f)
{
	if (late_id == 0) {
		late_id = f->id;
		return;
	}
	/* the first's answer comes after its time, then the second's */
	peer_send(c, FRAME_RESPONSE, f->method, late_id, "late", 4);
	peer_send(c, FRAME_RESPONSE, f->method, f->id, "now", 3);
}

static void
test_link_request__a_late_answer_is_dropped(void **state)
{
	(void)state;
	late_id = 0;
	fx->peer.on_frame = keep_first;
	start_open();
	assert_ok(ask("1", 5));
	until(fx->replies == 1);
	assert_int_equal(fx->errs[0], ERR_TIMEOUT);
	assert_false(fx->from_relay);
	assert_ok(ask("2", 0));
	until(fx->replies == 2);
	assert_int_equal(fx->errs[1], 0);
	assert_string_equal(fx->bodies[1], "now");
	assert_int_equal(link_state(fx->link), LINK_OPEN);
}

static void
hang_up_on_request(struct peer_conn *c, const struct frame *f)
{
	(void)f;
	if (c->peer->frames == 2)
		peer_hang_up(c->peer);
}

static void
test_link_request__fails_when_the_connection_dies(void **state)
{
	(void)state;
	fx->peer.on_frame = hang_up_on_request;
	start_open();
	assert_ok(ask("1", 0));
	assert_ok(ask("2", 0));
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->replies, 2); /* before the state */
	assert_int_equal(fx->errs[0], ERR_CLOSED);
	assert_int_equal(fx->errs[1], ERR_CLOSED);
	assert_int_equal(fx->seen.err, ERR_CLOSED);
	assert_err(ask("3", 0), ERR_STATE);
	until(fx->seen.states[LINK_OPEN] == 2);
	assert_ok(ask("4", 0));
}

static void
test_link_stop__fails_requests_and_tells_later(void **state)
{
	(void)state;
	start_open();
	assert_ok(ask("1", 0));
	link_stop(fx->link);
	assert_int_equal(link_state(fx->link), LINK_STOPPED);
	assert_int_equal(fx->replies, 0);
	assert_int_equal(fx->seen.states[LINK_STOPPED], 0);
	until(fx->seen.states[LINK_STOPPED] == 1);
	assert_int_equal(fx->replies, 1);
	assert_int_equal(fx->errs[0], ERR_CLOSED);
	assert_int_equal(fx->seen.err, 0);
	link_start(fx->link);
	until(fx->seen.states[LINK_OPEN] == 2);
}

static void
test_link_forget__nobody_is_called_for_it(void **state)
{
	(void)state;
	start_open();
	assert_ok(ask("1", 0));
	link_forget(fx->link, fx);
	link_stop(fx->link);
	until(fx->seen.states[LINK_STOPPED] == 1);
	assert_int_equal(fx->replies, 0);
}

static void
on_reply_free(void *ctx, const struct link_reply *reply)
{
	(void)ctx;
	assert_memory_equal(reply->body, "b", 1);
	link_free(fx->link);
	fx->link = NULL;
	/* the body stays while the callback runs */
	assert_memory_equal(reply->body, "b", 1);
	fx->replies++;
}

static void
answer_twice(struct peer_conn *c, const struct frame *f)
{
	peer_send(c, FRAME_RESPONSE, f->method, f->id, "b", 1);
	peer_send(c, FRAME_EVENT, EVENT_DELIVER, 0, "x", 1);
}

static void
test_link_free__is_allowed_in_a_callback(void **state)
{
	(void)state;
	fx->peer.on_frame = answer_twice;
	start_open();
	assert_ok(link_request(
	    fx->link, METHOD_LOOKUP, "1", 1, 0, on_reply_free, NULL));
	until(fx->replies == 1);
	until(peer_last(&fx->peer) == NULL);
	assert_int_equal(fx->seen.events, 0);
}

static void
test_link_request__has_limits(void **state)
{
	static const uint8_t big[FRAME_BODY_MAX + 1];
	int i, r = 0;

	(void)state;
	start_open();
	assert_err(link_request(fx->link, METHOD_SEND, big, sizeof(big), 0,
		       on_reply, fx),
	    ERR_RANGE);
	assert_err(link_request(fx->link, METHOD_SEND, big,
		       LINK_PENDING_MAX + 1, 0, on_reply, fx),
	    ERR_RANGE);
	assert_int_equal(link_inflight(fx->link), 0);
	for (i = 0; i < LINK_INFLIGHT_MAX; i++)
		assert_ok(ask("x", 0));
	assert_err(ask("x", 0), ERR_FULL);
	assert_ok(link_event(fx->link, EVENT_ACK, "x", 1));
	link_stop(fx->link);
	until(fx->replies == LINK_INFLIGHT_MAX);

	/* a relay that does not read */
	link_start(fx->link);
	until(fx->seen.states[LINK_OPEN] == 2);
	peer_read(&fx->peer, false);
	for (i = 0; i < 100 && r == 0; i++) {
		r = link_event(fx->link, EVENT_ACK, big, FRAME_BODY_MAX);
		uv_run(&fx->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(r, ERR_FULL);
	assert_true(link_pending_bytes(fx->link) <= LINK_PENDING_MAX + 4096);
	assert_true(link_pending_bytes(fx->link) >
		    LINK_PENDING_MAX - 2 * FRAME_BODY_MAX);
	fx->peer.frames = 0;
	peer_read(&fx->peer, true);
	until(link_pending_bytes(fx->link) == 0);
	until(fx->peer.frames == i - 1);
}

static void
answer_big(struct peer_conn *c, const struct frame *f)
{
	static uint8_t big[FRAME_BODY_MAX];

	memset(big, 'z', sizeof(big));
	peer_send(c, FRAME_RESPONSE, f->method, f->id, big, sizeof(big));
}

static void
on_big_reply(void *ctx, const struct link_reply *reply)
{
	size_t i;

	(void)ctx;
	assert_int_equal(reply->err, 0);
	assert_int_equal(reply->len, FRAME_BODY_MAX);
	for (i = 0; i < reply->len; i++)
		if (reply->body[i] != 'z')
			fail_msg("byte %zu", i);
	fx->replies++;
}

static void
test_link_request__the_largest_frames_pass(void **state)
{
	static uint8_t big[FRAME_BODY_MAX];
	int i;

	(void)state;
	fx->peer.on_frame = answer_big;
	start_open();
	for (i = 0; i < 3; i++)
		assert_ok(link_request(fx->link, METHOD_SEND, big, sizeof(big),
		    0, on_big_reply, fx));
	until(fx->replies == 3);
}

static void
echo_event(struct peer_conn *c, const struct frame *f)
{
	assert_int_equal(f->kind, FRAME_EVENT);
	assert_int_equal(f->method, EVENT_ACK);
	assert_int_equal(f->id, 0);
	peer_send(c, FRAME_EVENT, EVENT_DELIVER, 0, f->body, f->len);
}

static void
test_link_event__goes_both_ways(void **state)
{
	(void)state;
	fx->peer.on_frame = echo_event;
	start_open();
	assert_ok(link_event(fx->link, EVENT_ACK, "seq", 3));
	until(fx->seen.events == 1);
	assert_int_equal(fx->seen.event, EVENT_DELIVER);
	link_stop(fx->link);
	assert_err(link_event(fx->link, EVENT_ACK, "seq", 3), ERR_STATE);
}

/* ---- when the relay misbehaves ---- */

static void
wrong_id(struct peer_conn *c, const struct frame *f)
{
	peer_send(c, FRAME_RESPONSE, f->method, f->id + 1, NULL, 0);
}

static void
wrong_method(struct peer_conn *c, const struct frame *f)
{
	peer_send(c, FRAME_RESPONSE, METHOD_SEND, f->id, NULL, 0);
}

static void
request_of_its_own(struct peer_conn *c, const struct frame *f)
{
	peer_send(c, FRAME_REQUEST, f->method, 5, NULL, 0);
}

static void
damaged_frame(struct peer_conn *c, const struct frame *f)
{
	static const uint8_t kind9[] = {0, 0, 0, 0, 9, 0, 1, 0, 0, 0, 1};

	(void)f;
	if (pipe_seal(&c->pipe, kind9, sizeof(kind9), &c->out) == 0)
		peer_send_raw(c, c->out.p, c->out.len);
	buf_reset(&c->out);
}

static void
damaged_record(struct peer_conn *c, const struct frame *f)
{
	(void)f;
	peer_send_raw(c, "\0\20aaaaaaaaaaaaaaaa", 18);
}

static void
test_link__a_relay_out_of_line_is_left_and_dialled_again(void **state)
{
	static const struct {
		peer_frame_fn *fn;
		int err;
	} rows[] = {
	    {wrong_id, ERR_FORMAT},
	    {wrong_method, ERR_FORMAT},
	    {request_of_its_own, ERR_FORMAT},
	    {damaged_frame, ERR_FORMAT},
	    {damaged_record, ERR_AUTH},
	};
	size_t i;

	(void)state;
	start();
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		until(fx->seen.states[LINK_OPEN] == (int)i + 1);
		fx->peer.on_frame = rows[i].fn;
		assert_ok(ask("1", 0));
		until(fx->seen.states[LINK_OFFLINE] == (int)i + 1);
		assert_int_equal(fx->seen.err, rows[i].err);
		if (rows[i].err == ERR_AUTH)
			assert_non_null(strstr(fx->seen.reason, "damaged"));
		assert_int_equal(fx->replies, i + 1);
		assert_true(
		    fx->errs[i] == ERR_CLOSED || fx->errs[i] == ERR_FORMAT);
	}
}

static void
test_link__a_stranger_in_the_relays_place_is_told(void **state)
{
	static const struct {
		const char *p;
		size_t len;
	} garbage[] = {
	    {"HTTP/1.1 400 Bad Request\r\n\r\n", 28},
	    {"SSH-2.0-x\r\n", 11},
	    {"\1", 1}, /* XX, which was not asked for */
	    {"\2\0\1", 3}, /* a record too short */
	    {"\2\0\x30"
	     "012345678901234567890123456789012345678901234567",
		51},
	};
	size_t i;

	(void)state;
	start();
	for (i = 0; i < ARRAY_LEN(garbage); i++) {
		fx->peer.mute = true;
		fx->peer.garbage = garbage[i].p;
		fx->peer.garbage_len = garbage[i].len;
		until(fx->seen.states[LINK_OFFLINE] == (int)i + 1);
		assert_non_null(strstr(fx->seen.reason, "no Sotto relay"));
		assert_int_equal(fx->peer.hellos, 0);
	}
	fx->peer.garbage = NULL;
	fx->peer.mute = false;
	until(fx->seen.states[LINK_OPEN] == 1);
}

static void
test_link__a_relay_that_closes_at_once_is_told(void **state)
{
	(void)state;
	fx->peer.slam = true;
	start();
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->seen.err, ERR_CLOSED);
	assert_string_equal(
	    fx->seen.reason, "the relay closed the connection at once");
}

static void
test_link__a_bent_opening_is_no_changed_key(void **state)
{
	(void)state;
	through("socks5h");
	fx->proxy.bend = true;
	start_open();
	assert_false(fx->proxy.bend);
	assert_true(fx->peer.fallbacks > 0);
	assert_int_equal(fx->seen.keys, 0);
	assert_int_equal(fx->peer.hellos, 1);
}

static void
test_link__a_refused_hello_is_told_and_waited_for(void **state)
{
	(void)state;
	fx->peer.hello_error = ERR_VERSION;
	start();
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->seen.err, ERR_VERSION);
	/* the terminal is safe from it */
	assert_string_equal(fx->seen.reason, "no\xe2\x90\x9b[31m entry");
	assert_int_equal(fx->seen.retry_ms, 7654);
	assert_int_equal(fx->seen.hellos, 0);
	fx->peer.hello_error = 0;
	link_retry_now(fx->link);
	until(fx->seen.states[LINK_OPEN] == 1);
}

static void
test_link__a_handshake_has_its_time(void **state)
{
	(void)state;
	fx->peer.mute = true;
	fx->opts.times.handshake = 5;
	start();
	until(fx->seen.states[LINK_OFFLINE] == 2);
	assert_int_equal(fx->seen.err, ERR_TIMEOUT);
	assert_int_equal(fx->seen.states[LINK_OPEN], 0);
	assert_true(fx->peer.accepted >= 2);
}

/* ---- alive ---- */

static void
test_link__silence_is_asked_about(void **state)
{
	(void)state;
	fx->opts.times.ping = 3;
	start_open();
	until(fx->peer.pings >= 3);
	assert_int_equal(link_state(fx->link), LINK_OPEN);
	assert_int_equal(fx->seen.states[LINK_OFFLINE], 0);
}

static void
test_link__whatever_comes_shows_that_the_relay_lives(void **state)
{
	(void)state;
	fx->opts.times.ping = 3;
	fx->opts.times.pong = 300;
	fx->peer.no_pong = fx->peer.chatty = true;
	start_open();
	until(fx->peer.pings == 2);
	assert_int_equal(link_state(fx->link), LINK_OPEN);
	assert_int_equal(fx->seen.states[LINK_OFFLINE], 0);
	assert_true(fx->seen.events >= 1);
}

static void
test_link__a_silent_relay_is_given_up(void **state)
{
	(void)state;
	fx->opts.times.ping = 3;
	fx->opts.times.pong = 3;
	fx->peer.no_pong = true;
	start_open();
	assert_ok(ask("1", 0));
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->seen.err, ERR_TIMEOUT);
	assert_int_equal(fx->errs[0], ERR_CLOSED);
	assert_int_equal(fx->peer.pings, 1);
}

static void
test_link_retry_now__asks_an_open_relay(void **state)
{
	(void)state;
	start_open();
	link_retry_now(fx->link);
	link_retry_now(fx->link); /* one question is enough */
	until(fx->peer.pings == 1);
	assert_ok(ask("1", 0));
	until(fx->peer.frames == 1);
	assert_int_equal(fx->peer.pings, 1);
}

/* ---- dialling again ---- */

static void
test_link__dials_again_with_longer_pauses(void **state)
{
	uint32_t most = 0;
	int i;

	(void)state;
	peer_unlisten(&fx->peer);
	start();
	for (i = 1; i <= 6; i++) {
		until(fx->seen.states[LINK_OFFLINE] == i);
		assert_true(fx->seen.retry_ms >= (i < 3 ? 1u : 4u));
		assert_true(
		    fx->seen.retry_ms <= (i < 3 ? 2u * (unsigned)i : 8u));
		if (fx->seen.retry_ms > most)
			most = fx->seen.retry_ms;
		assert_non_null(strstr(fx->seen.reason, "cannot be reached"));
	}
	assert_true(most >= 4);
	assert_int_equal(
	    peer_listen(&fx->peer, &fx->loop, "127.0.0.1", fx->peer.port), 0);
	until(fx->seen.states[LINK_OPEN] == 1);
	i = fx->seen.states[LINK_OFFLINE];
	peer_hang_up(&fx->peer);
	until(fx->seen.states[LINK_OFFLINE] > i);
	assert_true(fx->seen.retry_ms <= 2); /* success begins anew */
}

static void
test_link__pauses_have_a_limit(void **state)
{
	(void)state;
	fx->opts.times.retry_first = 3600 * 1000;
	fx->opts.times.retry_max = 4;
	peer_unlisten(&fx->peer);
	start();
	until(fx->seen.states[LINK_OFFLINE] == 2);
	assert_true(fx->seen.retry_ms >= 2 && fx->seen.retry_ms <= 4);
}

static void
test_link_retry_now__does_not_wait(void **state)
{
	(void)state;
	fx->opts.times.retry_first = fx->opts.times.retry_max = 3600 * 1000;
	start_open();
	peer_hang_up(&fx->peer);
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_true(fx->seen.retry_ms >= 1800 * 1000);
	link_retry_now(fx->link);
	until(fx->seen.states[LINK_OPEN] == 2);
}

static void
test_link_hold__stays_away_as_long_as_told(void **state)
{
	(void)state;
	start_open();
	assert_ok(ask("1", 0));
	link_hold(fx->link, 1234567);
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->seen.retry_ms, 1234567);
	assert_int_equal(fx->seen.err, 0);
	assert_int_equal(fx->replies, 1);
	until(peer_last(&fx->peer) == NULL);
	link_retry_now(fx->link);
	until(fx->seen.states[LINK_OPEN] == 2);
	link_hold(fx->link, 0);
	until(fx->seen.states[LINK_OPEN] == 3);
}

static void
goodbye_first(struct peer_conn *c, const struct frame *f)
{
	peer_send(c, FRAME_EVENT, EVENT_GOODBYE, 0, NULL, 0);
	(void)f;
	peer_hang_up(c->peer);
}

static void
test_link__goodbye_arrives_before_the_end(void **state)
{
	(void)state;
	fx->peer.on_frame = goodbye_first;
	start_open();
	assert_ok(ask("1", 0));
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->seen.events, 1);
	assert_int_equal(fx->seen.event, EVENT_GOODBYE);
}

/* ---- the way there ---- */

static void
test_link__a_name_with_two_addresses_finds_the_listening_one(void **state)
{
	(void)state;
	fx->opts.host = "localhost"; /* ::1 too, where nobody listens */
	start_open();
}

static void
test_link__ipv6_needs_no_brackets(void **state)
{
	(void)state;
	peer_unlisten(&fx->peer);
	if (peer_listen(&fx->peer, &fx->loop, "::1", 0) != 0)
		skip(); /* no IPv6 on this machine */
	fx->opts.host = "::1";
	fx->opts.port = (uint16_t)fx->peer.port;
	start_open();
}

static void
test_link__socks5_resolves_at_the_proxy(void **state)
{
	char want[64];

	(void)state;
	through("socks5h");
	fx->opts.host = "relay.invalid";
	setenv("no_proxy", "*", 1); /* what is set here counts, not that */
	start_open();
	unsetenv("no_proxy");
	snprintf(want, sizeof(want), "relay.invalid:%d", fx->peer.port);
	assert_string_equal(fx->proxy.target, want);
	assert_int_equal(fx->proxy.used, 1);
}

static void
test_link__http_proxies_are_tunnelled_through(void **state)
{
	char want[64];

	(void)state;
	through("http");
	fx->opts.host = "relay.invalid";
	start_open();
	snprintf(want, sizeof(want), "relay.invalid:%d", fx->peer.port);
	assert_string_equal(fx->proxy.target, want);
	assert_int_equal(fx->proxy.used, 1);
	fx->peer.on_frame = answer_big;
	assert_ok(
	    link_request(fx->link, METHOD_SEND, "x", 1, 0, on_big_reply, fx));
	until(fx->replies == 1);
}

static void
test_link__what_the_proxy_does_is_told(void **state)
{
	(void)state;
	through("socks5h");
	fx->proxy.refuse = true;
	start();
	until(fx->seen.states[LINK_OFFLINE] == 1);
	assert_int_equal(fx->seen.err, ERR_DENIED);
	assert_non_null(strstr(fx->seen.reason, "proxy"));
	link_free(fx->link);

	through("http");
	start();
	until(fx->seen.states[LINK_OFFLINE] == 2);
	assert_int_equal(fx->seen.err, ERR_DENIED);
	link_free(fx->link);

	fx->proxy.ask_password = true;
	start();
	until(fx->seen.states[LINK_OFFLINE] == 3);
	assert_int_equal(fx->seen.err, ERR_DENIED);
	assert_non_null(strstr(fx->seen.reason, "password"));
	link_free(fx->link);

	fx->opts.proxy = "http://127.0.0.1:1";
	start();
	until(fx->seen.states[LINK_OFFLINE] == 4);
	assert_int_equal(fx->seen.err, ERR_IO);
	assert_string_equal(fx->seen.reason, "the proxy cannot be reached");
	assert_int_equal(fx->peer.accepted, 0);
}

static void
test_link__the_environment_names_no_proxy(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "socks5h://127.0.0.1:1", 1);
	start_open();
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* ---- arguments and memory ---- */

static void
test_link_new__refuses_what_cannot_be_dialled(void **state)
{
	struct link_opts o;
	char name[300];

	(void)state;
	o = fx->opts;
	o.port = 0;
	assert_err(link_new(&fx->link, &fx->loop, &o, &events, fx), ERR_RANGE);
	o = fx->opts;
	o.host = "";
	assert_err(link_new(&fx->link, &fx->loop, &o, &events, fx), ERR_RANGE);
	o.host = NULL;
	assert_err(link_new(&fx->link, &fx->loop, &o, &events, fx), ERR_RANGE);
	memset(name, 'h', sizeof(name));
	name[254] = '\0';
	o.host = name;
	assert_err(link_new(&fx->link, &fx->loop, &o, &events, fx), ERR_RANGE);
	o = fx->opts;
	o.hello_len = LINK_HELLO_MAX + 1;
	assert_err(link_new(&fx->link, &fx->loop, &o, &events, fx), ERR_RANGE);
	assert_null(fx->link);
}

static void
answer_echo(struct peer_conn *c, const struct frame *f)
{
	peer_send(c, FRAME_RESPONSE, f->method, f->id, "b", 1);
}

/* Whichever allocation fails, once: the link opens and answers in the end. */
static void
test_link__recovers_from_every_failed_allocation(void **state)
{
	int r, hit = 1, opened;
	long n;

	(void)state;
	fx->peer.on_frame = answer_echo;
	fx->opts.relay = NULL;
	for (n = 0; hit && n < 1000; n++) {
		opened = fx->seen.states[LINK_OPEN];
		fx->replies = 0;
		fx->peer.client_known = false;
		alloc_fail_at(n);
		r = link_new(&fx->link, &fx->loop, &fx->opts, &events, fx);
		if (r != 0) {
			assert_int_equal(r, ERR_NOMEM);
			continue;
		}
		link_start(fx->link);
		until(fx->seen.states[LINK_OPEN] > opened);
		while (fx->replies == 0 || fx->errs[fx->replies - 1] != 0) {
			fx->replies = 0;
			r = ask("1", 0);
			assert_true(r == 0 || r == ERR_NOMEM || r == ERR_STATE);
			if (r == 0)
				until(fx->replies == 1);
			else
				uv_run(&fx->loop, UV_RUN_NOWAIT);
		}
		hit = alloc_failed();
		alloc_fail_at(-1);
		link_free(fx->link);
		fx->link = NULL;
		until(peer_last(&fx->peer) == NULL);
	}
	assert_true(n > 12);
}

/* ---- */

static void
make_keys(void)
{
	noise_keypair_make(&me, &noise_rng_system);
	noise_keypair_make(&relay_keys, &noise_rng_system);
	noise_keypair_make(&other_keys, &noise_rng_system);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_link__first_contact_asks_and_the_next_is_ik),
	    T(test_link__a_known_relay_is_not_asked_about),
	    T(test_link__a_changed_key_is_told_and_may_be_accepted),
	    T(test_link__an_unknown_key_refused_stops_the_link),
	    T(test_link__a_changed_key_refused_stops_the_link),
	    T(test_link_request__answers_come_in_any_order),
	    T(test_link_request__a_refusal_is_told_with_its_time),
	    T(test_link_request__a_late_answer_is_dropped),
	    T(test_link_request__fails_when_the_connection_dies),
	    T(test_link_stop__fails_requests_and_tells_later),
	    T(test_link_forget__nobody_is_called_for_it),
	    T(test_link_free__is_allowed_in_a_callback),
	    T(test_link_request__has_limits),
	    T(test_link_request__the_largest_frames_pass),
	    T(test_link_event__goes_both_ways),
	    T(test_link__a_relay_out_of_line_is_left_and_dialled_again),
	    T(test_link__a_stranger_in_the_relays_place_is_told),
	    T(test_link__a_relay_that_closes_at_once_is_told),
	    T(test_link__a_bent_opening_is_no_changed_key),
	    T(test_link__a_refused_hello_is_told_and_waited_for),
	    T(test_link__a_handshake_has_its_time),
	    T(test_link__silence_is_asked_about),
	    T(test_link__whatever_comes_shows_that_the_relay_lives),
	    T(test_link__a_silent_relay_is_given_up),
	    T(test_link_retry_now__asks_an_open_relay),
	    T(test_link__dials_again_with_longer_pauses),
	    T(test_link__pauses_have_a_limit),
	    T(test_link_retry_now__does_not_wait),
	    T(test_link_hold__stays_away_as_long_as_told),
	    T(test_link__goodbye_arrives_before_the_end),
	    T(test_link__a_name_with_two_addresses_finds_the_listening_one),
	    T(test_link__ipv6_needs_no_brackets),
	    T(test_link__socks5_resolves_at_the_proxy),
	    T(test_link__http_proxies_are_tunnelled_through),
	    T(test_link__what_the_proxy_does_is_told),
	    T(test_link__the_environment_names_no_proxy),
	    T(test_link_new__refuses_what_cannot_be_dialled),
	    T(test_link__recovers_from_every_failed_allocation),
	};

	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 1;
	make_keys();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
