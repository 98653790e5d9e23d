/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real relay and peers that do not behave. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/relay_rig.h"
#include "tests/unit/test.h"

enum { ANN, BOB, PEOPLE };

struct fixture {
	struct rig g;
	struct rc_person p[PEOPLE];
	struct rc_person stranger;
};

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rc_person_make(&f.stranger, 99);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rig_clear(&f->g);
	return 0;
}

static void
start(struct fixture *f, const char *const *args)
{
	unsigned i;

	rig_start(&f->g, args);
	for (i = 0; i < PEOPLE; i++)
		rig_person(&f->g, &f->p[i], i, 0);
}

/* The relay lives and does what it should. */
static void
assert_alive(struct fixture *f)
{
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);

	assert_ok(rc_call(ann, METHOD_PING, NULL, NULL));
	rc_close(ann);
}

/* ---- frames --------------------------------------------------------------------------- */

/* One frame on a fresh connection: the error that comes back, or it closes. */
static const struct bad_frame {
	const char *what, *hex;
	bool device;
	int want; /* of the answer; ERR_CLOSED: none */
} bad_frames[] = {
    {"a response", "00000000 02 0002 00000001", true, ERR_CLOSED},
    {"an error", "00000000 03 0002 00000001", true, ERR_CLOSED},
    {"kind 0", "00000000 00 0002 00000001", true, ERR_CLOSED},
    {"kind 9", "00000000 09 0002 00000001", true, ERR_CLOSED},
    {"request without id", "00000000 01 0002 00000000", true, ERR_CLOSED},
    {"event with id", "00000000 04 0065 00000001", true, ERR_CLOSED},
    {"over all limits", "00100001 01 001e 00000001", true, ERR_CLOSED},
    {"the relay's event", "00000000 04 0064 00000000", true, ERR_CLOSED},
    {"unknown event", "00000000 04 03e7 00000000", true, ERR_CLOSED},
    {"ACK that is none", "00000001 04 0065 00000000 ff", true, ERR_CLOSED},
    {"ACK too long", "00000021 04 0065 00000000", true, ERR_CLOSED},
    {"ACK of a guest", "00000000 04 0065 00000000", false, ERR_CLOSED},
    {"unknown method", "00000000 01 03e7 00000001", true, ERR_VERSION},
    {"event as request", "00000000 01 0065 00000001", true, ERR_VERSION},
    {"SEND of a guest", "00000000 01 001e 00000001", false, ERR_STATE},
    {"LOOKUP of a guest", "00000000 01 0014 00000001", false, ERR_STATE},
    {"HELLO again", "00000002 01 0001 00000001 1001", true, ERR_STATE},
    {"PING too long", "00000041 01 0002 00000001", true, ERR_RANGE},
    {"HELLO too long", "00000101 01 0001 00000001", true, ERR_RANGE},
    {"GET_KEYS too long", "00000801 01 0015 00000001", true, ERR_RANGE},
    {"SEND malformed", "00000002 01 001e 00000001 0aff", true, ERR_FORMAT},
    {"SEND empty", "00000000 01 001e 00000001", true, ERR_FORMAT},
    {"LOOKUP empty", "00000000 01 0014 00000001", true, ERR_RANGE},
    {"GET_KEYS empty", "00000000 01 0015 00000001", true, ERR_FORMAT},
    {"PUT_KEYS empty", "00000000 01 0016 00000001", true, ERR_FORMAT},
    {"device list empty", "00000000 01 0017 00000001", true, ERR_FORMAT},
    {"presence of a bad id", "00000003 01 0028 00000001 1a0161", true,
	ERR_FORMAT},
    {"watching a bad id", "00000003 01 0029 00000001 0a0161", true, ERR_FORMAT},
    {"REGISTER empty", "00000000 01 000a 00000001", false, ERR_FORMAT},
    {"VERIFY_OTP empty", "00000000 01 000b 00000001", false, ERR_FORMAT},
};

static int
try_frame(struct fixture *f, const struct bad_frame *row)
{
	struct rc *c =
	    rig_connect(&f->g, row->device ? &f->p[BOB] : &f->stranger);
	Sotto__Relay__Error *e;
	struct rc_frame fr;
	uint8_t b[64];
	size_t n = hex_bytes(row->hex, b, sizeof(b));
	int r;

	assert_ok(rc_put_bytes(c, b, n));
	while ((r = rc_next(c, &fr)) == 0 && fr.kind == FRAME_EVENT)
		;
	if (r == 0) {
		assert_int_equal(fr.kind, FRAME_ERROR);
		assert_int_equal(fr.id, 1);
		e = sotto__relay__error__unpack(NULL, fr.len, fr.body);
		r = e->code;
		assert_true(strlen(e->text) > 0);
		sotto__relay__error__free_unpacked(e, NULL);
	}
	/* An answer does not end the conversation. */
	if (r != ERR_CLOSED && r != ERR_RANGE)
		assert_ok(rc_call(c, METHOD_PING, NULL, NULL));
	rc_close(c);
	return r;
}

static void
test_frames__bad_ones_are_answered_or_end_it(void **state)
{
	struct fixture *f = *state;
	size_t i;
	int r;

	start(f, NULL);
	for (i = 0; i < ARRAY_LEN(bad_frames); i++) {
		r = try_frame(f, &bad_frames[i]);
		if (r != bad_frames[i].want)
			fail_msg("%s: %s", bad_frames[i].what, err_name(r));
	}
	assert_true(metrics_get(METRIC_frames_refused) >= 18);
	rig_wait_metric1(METRIC_closed, CLOSE_BAD_FRAME, 12);
	assert_int_equal(metrics_get(METRIC_messages_accepted), 0);
	assert_alive(f);
}

static void
test_frames__a_refused_body_is_skipped_not_kept(void **state)
{
	static uint8_t big[FRAME_HEADER + FRAME_BODY_MAX];
	struct fixture *f = *state;
	struct rc *c;

	start(f, NULL);
	c = rig_connect(&f->g, &f->p[ANN]);
	hex_bytes("00100000 01 0014 00000001", big, sizeof(big)); /* LOOKUP */
	assert_ok(rc_put_bytes(c, big, sizeof(big)));
	assert_ok(rc_call(c, METHOD_PING, NULL, NULL));
	rc_close(c);
	assert_alive(f);
}

static void
test_frames__nothing_goes_before_hello(void **state)
{
	const struct rc_opts silent = {.no_hello = true};
	struct fixture *f = *state;
	Sotto__Relay__HelloRequest h = SOTTO__RELAY__HELLO_REQUEST__INIT;
	struct rc *c;

	start(f, NULL);
	assert_ok(rig_open(&f->g, &c, &f->p[ANN], silent));
	assert_ok(rc_call(c, METHOD_PING, NULL, NULL));
	assert_err(rc_call(c, METHOD_SEND, NULL, NULL), ERR_STATE);
	h.protocol = 2;
	assert_err(rc_call(c, METHOD_HELLO, &h.base, NULL), ERR_VERSION);
	h.protocol = 1;
	assert_ok(rc_call(c, METHOD_HELLO, &h.base, NULL));
	assert_err(rc_call(c, METHOD_SEND, NULL, NULL), ERR_FORMAT);
	rc_close(c);
}

static void
test_frames__byte_by_byte_is_fine(void **state)
{
	struct fixture *f = *state;
	uint8_t b[64];
	struct rc_frame fr;
	struct rc *c;
	size_t i, n;

	start(f, NULL);
	c = rig_connect(&f->g, &f->p[ANN]);
	n = hex_bytes("00000005 01 0002 00000007 0a03616263", b, sizeof(b));
	for (i = 0; i < n; i++)
		assert_ok(rc_put_bytes(c, b + i, 1));
	do
		assert_ok(rc_next(c, &fr));
	while (fr.kind == FRAME_EVENT);
	assert_int_equal(fr.id, 7);
	assert_memory_equal(fr.body, b + FRAME_HEADER, 5);
	rc_close(c);
}

/* ---- the first bytes -------------------------------------------------------------------- */

/* A TCP connection and nothing else. */
static int
dial(const struct fixture *f, const char *from)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct sockaddr_in me = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	inet_pton(AF_INET, from, &me.sin_addr);
	assert_ok(bind(fd, (struct sockaddr *)(void *)&me, sizeof(me)));
	inet_pton(AF_INET, "127.0.0.1", &sa.sin_addr);
	sa.sin_port = htons(rig_port(&f->g));
	assert_ok(connect(fd, (struct sockaddr *)(void *)&sa, sizeof(sa)));
	return fd;
}

/* True when the other side closes within 20 s. */
static bool
closes(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&p, 1, 20000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void
test_handshake__garbage_is_hung_up_on(void **state)
{
	static const struct {
		const char *what, *hex;
	} rows[] = {
	    {"HTTP", "474554202f20485454502f312e310d0a0d0a"},
	    {"version 2", "53540202 0060"},
	    {"mode 7", "53540107 0060"},
	    {"a short record", "53540101 0001 00"},
	    {"a long record", "53540101 ffff"},
	    {"a key of order 1",
		"53540101 0020 0000000000000000000000000000000000000000000000"
		"000000000000000000"},
	    {"PROXY", "0d0a0d0a000d0a515549540a 20 00 0000"},
	};
	struct fixture *f = *state;
	uint8_t b[128];
	size_t i, n;
	int fd;

	start(f, NULL);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		n = hex_bytes(rows[i].hex, b, sizeof(b));
		fd = dial(f, "127.0.0.1");
		assert_int_equal(send(fd, b, n, 0), n);
		if (!closes(fd))
			fail_msg("%s", rows[i].what);
		close(fd);
	}
	rig_wait_metric1(
	    METRIC_closed, CLOSE_HANDSHAKE_FAILED, ARRAY_LEN(rows));
	assert_alive(f);
}

static void
test_record__a_forged_one_ends_it(void **state)
{
	static const uint8_t forged[2 + 30] = {0, 30, 1, 2, 3};
	struct fixture *f = *state;
	struct rc *c;

	start(f, NULL);
	c = rig_connect(&f->g, &f->p[ANN]);
	assert_ok(rc_put_raw(c, forged, sizeof(forged)));
	assert_ok(rc_wait_closed(c, NULL, 0));
	rc_close(c);
	rig_wait_metric1(METRIC_closed, CLOSE_BAD_RECORD, 1);
	assert_alive(f);
}

static void
test_handshake__slow_ones_run_out_of_time(void **state)
{
	static const char *const args[] = {
	    "--handshake-timeout", "200ms", NULL};
	enum { N = 20 };
	struct fixture *f = *state;
	int fd[N], i;

	start(f, args);
	for (i = 0; i < N; i++) {
		fd[i] = dial(f, "127.0.0.1");
		assert_int_equal(
		    send(fd[i], "ST\1\1\0\40abc", i % 9, 0), i % 9);
	}
	for (i = 0; i < N; i++) {
		assert_true(closes(fd[i]));
		close(fd[i]);
	}
	rig_wait_metric1(METRIC_closed, CLOSE_HANDSHAKE_TIMEOUT, N);
	assert_alive(f);
}

static void
test_guest__has_its_time(void **state)
{
	static const char *const args[] = {"--guest-timeout", "300ms", NULL};
	struct fixture *f = *state;
	struct rc *guest, *ann;

	start(f, args);
	guest = rig_connect(&f->g, &f->stranger);
	ann = rig_connect(&f->g, &f->p[ANN]);
	assert_ok(rc_wait_closed(guest, NULL, 0));
	assert_int_equal(metrics_get1(METRIC_closed, CLOSE_GUEST_TIMEOUT), 1);
	assert_ok(rc_call(ann, METHOD_PING, NULL, NULL)); /* no guest */
	rc_close(guest);
	rc_close(ann);
}

static void
test_device__is_closed_when_silent(void **state)
{
	static const char *const args[] = {"--idle-timeout", "1s", NULL};
	struct fixture *f = *state;
	struct rc *ann;

	start(f, args);
	ann = rig_connect(&f->g, &f->p[ANN]);
	assert_ok(rc_wait_closed(ann, NULL, 0));
	assert_int_equal(metrics_get1(METRIC_closed, CLOSE_IDLE), 1);
	rc_close(ann);
}

/* ---- floods ------------------------------------------------------------------------------ */

static void
test_flood__an_address_has_so_many_guests(void **state)
{
	static const char *const args[] = {"--guests-per-address", "4", NULL};
	struct fixture *f = *state;
	struct rc *ann;
	int fd[5], i;

	start(f, args);
	rig_wait_metric(METRIC_guests, 0);
	for (i = 0; i < 5; i++)
		fd[i] = dial(f, "127.0.0.1");
	/* One of them is hung up on, and only one. */
	rig_wait_metric1(METRIC_closed, CLOSE_FULL, 1);
	rig_wait_metric(METRIC_guests, 4);
	/* Devices and other addresses are not concerned. */
	close(dial(f, "127.0.0.2"));
	for (i = 0; i < 5; i++)
		close(fd[i]);
	rig_wait_metric(METRIC_guests, 0);
	ann = rig_connect(&f->g, &f->p[ANN]);
	rc_close(ann);
	assert_int_equal(metrics_get1(METRIC_closed, CLOSE_FULL), 1);
}

static void
test_flood__the_oldest_guest_makes_place(void **state)
{
	static const char *const args[] = {
	    "--guests-max", "8", "--threads", "1", NULL};
	struct fixture *f = *state;
	struct rc *ann;
	char from[16];
	int fd[20], i;

	start(f, args);
	rig_wait_metric(METRIC_guests, 0);
	ann = rig_connect(&f->g, &f->p[ANN]);
	rig_wait_metric(METRIC_guests, 0);
	for (i = 0; i < 20; i++) {
		snprintf(from, sizeof(from), "127.0.1.%d", i + 1);
		fd[i] = dial(f, from);
	}
	rig_wait_metric1(METRIC_closed, CLOSE_FULL, 12);
	for (i = 0; i < 12; i++)
		assert_true(closes(fd[i]));
	rig_wait_metric(METRIC_guests, 8);
	assert_ok(rc_call(ann, METHOD_PING, NULL, NULL));
	assert_alive(f);
	for (i = 0; i < 20; i++)
		close(fd[i]);
	rc_close(ann);
}

static void
test_flood__handshakes_of_an_address_are_limited_before_they_cost(void **state)
{
	static const char *const args[] = {
	    "--limit-handshake-address", "5/1h", NULL};
	const struct rc_opts from = {.from = "127.0.0.3"};
	struct fixture *f = *state;
	int64_t done;
	struct rc *c;
	int i;

	start(f, args); /* from 127.0.0.1: 2 of 5 */
	done = metrics_get(METRIC_handshakes);
	for (i = 0; i < 5; i++) {
		assert_ok(rig_open(&f->g, &c, &f->stranger, from));
		rc_close(c);
	}
	for (i = 0; i < 5; i++)
		assert_err(rig_open(&f->g, &c, &f->stranger, from), ERR_CLOSED);
	assert_int_equal(metrics_get(METRIC_handshakes), done + 5);
	assert_int_equal(metrics_get1(METRIC_closed, CLOSE_RATE), 5);
	assert_int_equal(metrics_get1(METRIC_rate_limited, LIMIT_HANDSHAKE), 5);
	assert_alive(f); /* the third of 127.0.0.1 */
}

static void
test_flood__connections_of_an_address_are_limited(void **state)
{
	static const char *const args[] = {
	    "--limit-connect-address", "5/1h", NULL};
	struct fixture *f = *state;
	int i, fd;

	start(f, args);
	for (i = 0; i < 8; i++) {
		fd = dial(f, "127.0.0.4");
		if (i >= 5)
			assert_true(closes(fd));
		close(fd);
	}
	rig_wait_metric1(METRIC_closed, CLOSE_RATE, 3);
	assert_alive(f);
}

static void
test_flood__requests_are_limited_by_account(void **state)
{
	static const char *const args[] = {
	    "--limit-any-account", "10/1h", NULL};
	struct fixture *f = *state;
	Sotto__Relay__Error *e;
	struct rc_frame fr;
	struct rc *c;
	int i, r = 0;

	start(f, args);
	c = rig_connect(&f->g, &f->p[ANN]);
	for (i = 0; i < 20 && r == 0; i++)
		r = rc_call(c, METHOD_PING, NULL, &fr);
	assert_int_equal(r, ERR_RATE);
	assert_true(i >= 9 && i <= 11);
	e = sotto__relay__error__unpack(NULL, fr.len, fr.body);
	assert_true(e->retry_after_ms > 60000);
	sotto__relay__error__free_unpacked(e, NULL);
	rc_close(c);
	c = rig_connect(&f->g, &f->p[BOB]);
	assert_ok(rc_call(c, METHOD_PING, NULL, NULL));
	rc_close(c);
}

static void
test_flood__guests_share_a_budget_for_unfinished_frames(void **state)
{
	static uint8_t part[FRAME_HEADER + 400 * 1024];
	static const char *const args[] = {"--threads", "1",
	    "--guests-per-address", "100", "--limit-handshake-address",
	    "1000/1m", "--guest-timeout", "5m", "--handshake-timeout", "60s",
	    NULL};
	enum { N = 40 };
	struct fixture *f = *state;
	struct rc *c[N];
	int i;

	start(f, args);
	/* VERIFY_OTP of 512 KiB, of which 400 come. */
	hex_bytes("00080000 01 000b 00000001", part, sizeof(part));
	/* All are there before the first sends: who comes when the budget is
	 * used up may be closed while it shakes hands. */
	for (i = 0; i < N; i++)
		c[i] = rig_connect(&f->g, &f->stranger);
	for (i = 0; i < N; i++)
		(void)!rc_put_bytes(c[i], part, sizeof(part));
	/* Nobody new is asked for until they are gone: a device is a guest too
	 * until it has shaken hands. */
	rig_wait_metric1_at_least(METRIC_closed, CLOSE_FULL, N / 2);
	for (i = 0; i < N; i++)
		rc_close(c[i]);
	assert_alive(f);
}

/* A peer that asks and never reads is not read from any more. */
static void
test_back_pressure__whoever_does_not_read_must_wait(void **state)
{
	const struct rc_opts narrow = {.rcvbuf = 4096};
	struct fixture *f = *state;
	Sotto__Relay__PingRequest ping = SOTTO__RELAY__PING_REQUEST__INIT;
	uint8_t echo[60] = {0};
	struct rc_frame fr;
	uint32_t sent = 1000, got;
	struct pollfd p;
	struct rc *c;

	start(f, NULL);
	assert_ok(rig_open(&f->g, &c, &f->stranger, narrow));
	ping.echo.data = echo;
	ping.echo.len = sizeof(echo);
	p = (struct pollfd){.fd = rc_fd(c), .events = POLLOUT};
	/* Some 70 bytes each: the sockets' buffers and 256 KiB of ours fill
	 * long before this ends. */
	while (sent < 1000000 && poll(&p, 1, 500) == 1)
		assert_ok(
		    rc_put(c, FRAME_REQUEST, METHOD_PING, ++sent, &ping.base));
	assert_true(sent < 1000000);
	for (got = 1000; got < sent; got++) {
		assert_ok(rc_next(c, &fr));
		assert_int_equal(fr.id, got + 1);
	}
	assert_ok(rc_call(c, METHOD_PING, NULL, NULL));
	rc_close(c);
	assert_alive(f);
}

/* ---- balancers ---------------------------------------------------------------------------- */

static void
test_proxy__tells_who_is_behind_it(void **state)
{
	static const char *const args[] = {"--proxy-trusted", "127.0.7.0/24",
	    "--limit-handshake-address", "3/1h", NULL};
	struct fixture *f = *state;
	uint8_t header[32];
	struct rc_opts via = {.from = "127.0.7.1", .before = header};
	struct rc *c;
	int i;

	start(f, args);
	via.before_len = hex_bytes("0d0a0d0a000d0a515549540a 21 11 000c"
				   "c0000207 c6336401 c738 01bb",
	    header, sizeof(header));
	for (i = 0; i < 3; i++) {
		assert_ok(rig_open(&f->g, &c, &f->p[ANN], via));
		rc_close(c);
	}
	/* 192.0.2.7 has used up its handshakes, 192.0.2.8 has not. */
	assert_err(rig_open(&f->g, &c, &f->p[ANN], via), ERR_CLOSED);
	header[19]++;
	assert_ok(rig_open(&f->g, &c, &f->p[ANN], via));
	rc_close(c);
	/* No header, no conversation. */
	via.before_len = 0;
	assert_err(rig_open(&f->g, &c, &f->p[ANN], via), ERR_CLOSED);
	rig_wait_metric1(METRIC_closed, CLOSE_BAD_PROXY, 1);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void
test_drain__is_bounded_whatever_peers_do(void **state)
{
	static const char *const args[] = {"--drain-timeout", "300ms", NULL};
	const struct rc_opts narrow = {.rcvbuf = 4096};
	static uint8_t body[200000];
	struct fixture *f = *state;
	struct rc *ann, *bob, *guest;
	int fd, i;

	start(f, args);
	ann = rig_connect(&f->g, &f->p[ANN]);
	guest = rig_connect(&f->g, &f->stranger);
	/* Bob reads nothing of what fills his socket. */
	assert_ok(rig_open(&f->g, &bob, &f->p[BOB], narrow));
	for (i = 0; i < 8; i++)
		assert_ok(rc_send(
		    ann, &f->p[BOB], NULL, body, sizeof(body), false, NULL));
	fd = dial(f, "127.0.0.1");
	rig_stop(&f->g); /* returns */
	assert_int_equal(metrics_get(METRIC_connections), 0);
	assert_int_equal(metrics_get(METRIC_guests), 0);
	assert_int_equal(metrics_get(METRIC_devices_online), 0);
	close(fd);
	rc_close(guest);
	rc_close(bob);
	rc_close(ann);
}

/* What the relay has read it answers, what it has answered it keeps. */
static void
test_drain__answers_what_is_under_way(void **state)
{
	Sotto__Relay__SendRequest req = SOTTO__RELAY__SEND_REQUEST__INIT;
	Sotto__Relay__AccountEnvelopes acc, *accs = &acc;
	Sotto__Relay__DeviceEnvelope env, *envs = &env;
	struct fixture *f = *state;
	uint8_t id[RC_ID_LEN] = {0};
	struct rc *ann, *bob;
	struct rc_frame fr;
	uint32_t answered = 0;
	int i, r, last = 0;

	start(f, NULL);
	sotto__relay__account_envelopes__init(&acc);
	sotto__relay__device_envelope__init(&env);
	req.message_id.data = env.ciphertext.data = id;
	req.message_id.len = env.ciphertext.len = sizeof(id);
	req.accounts = &accs;
	req.n_accounts = acc.n_devices = 1;
	acc.account_id.data = f->p[BOB].account;
	acc.account_id.len = RC_ACCOUNT_LEN;
	acc.devices = &envs;
	env.device_id = 1;
	env.registration_id = f->p[BOB].registration_id;
	ann = rig_connect(&f->g, &f->p[ANN]);
	for (i = 0; i < 200; i++) {
		memcpy(id, &i, sizeof(i));
		assert_ok(rc_put(ann, FRAME_REQUEST, METHOD_SEND,
		    100 + (uint32_t)i, &req.base));
	}
	assert_ok(rc_next(ann, &fr)); /* the queue is empty */
	assert_ok(rc_next(ann, &fr)); /* the first answer */
	answered = fr.kind == FRAME_RESPONSE;
	relay_drain(f->g.relay, NULL, NULL);
	while ((r = rc_next(ann, &fr)) == 0) {
		answered += fr.kind == FRAME_RESPONSE;
		last = fr.method;
	}
	assert_int_equal(r, ERR_CLOSED);
	assert_int_equal(last, EVENT_GOODBYE);
	rc_close(ann);
	rig_stop(&f->g);
	assert_int_equal(metrics_get(METRIC_messages_accepted), answered);
	rig_start(&f->g, NULL);
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_int_equal(rc_hello(bob)->queued_messages, answered);
	rc_close(bob);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_frames__bad_ones_are_answered_or_end_it),
	    T(test_frames__a_refused_body_is_skipped_not_kept),
	    T(test_frames__nothing_goes_before_hello),
	    T(test_frames__byte_by_byte_is_fine),
	    T(test_handshake__garbage_is_hung_up_on),
	    T(test_record__a_forged_one_ends_it),
	    T(test_handshake__slow_ones_run_out_of_time),
	    T(test_guest__has_its_time),
	    T(test_device__is_closed_when_silent),
	    T(test_flood__an_address_has_so_many_guests),
	    T(test_flood__the_oldest_guest_makes_place),
	    T(test_flood__handshakes_of_an_address_are_limited_before_they_cost),
	    T(test_flood__connections_of_an_address_are_limited),
	    T(test_flood__requests_are_limited_by_account),
	    T(test_flood__guests_share_a_budget_for_unfinished_frames),
	    T(test_back_pressure__whoever_does_not_read_must_wait),
	    T(test_proxy__tells_who_is_behind_it),
	    T(test_drain__is_bounded_whatever_peers_do),
	    T(test_drain__answers_what_is_under_way),
	};

	if (sodium_init() < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
