/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real TURN server on loopback, and a client that can be wrong. */
#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "relay/admin/metrics.h"
#include "tests/unit/test.h"
#include "tests/unit/turn_client.h"

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define PEER "127.0.0.2"

struct fixture {
	struct ts s;
	struct tc ann, bob;
	int peer;
	uint16_t peer_port;
};

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.peer = peer_open(&f.peer_port);
	f.ann.fd = f.bob.fd = -1;
	metrics_reset();
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	tc_close(&f->ann);
	tc_close(&f->bob);
	close(f->peer);
	ts_stop(&f->s);
	assert_int_equal(metrics_get(METRIC_turn_allocations), 0);
	assert_int_equal(metrics_get(METRIC_turn_streams), 0);
	return 0;
}

static void
start(struct fixture *f, const char *const *args)
{
	ts_start(&f->s, args);
	tc_open(&f->ann, &f->s, "ann");
	tc_open(&f->bob, &f->s, "bob");
}

/* Ask things until it has that value: the server counts after each turn. */
static void
wait_metric(struct fixture *f, enum metric m, int64_t want)
{
	int i;

	for (i = 0; i < 5000 && metrics_get(m) != want; i++) {
		tc_begin(&f->bob, STUN_BINDING);
		(void)tc_plain(&f->bob);
	}
	assert_int_equal(metrics_get(m), want);
}

/* The same without a word to the server. */
static void
until(enum metric m, int64_t want)
{
	long i;

	for (i = 0; i < 10000000 && metrics_get(m) != want; i++)
		sched_yield();
	assert_int_equal(metrics_get(m), want);
}

static void
later(struct fixture *f, uint64_t seconds)
{
	atomic_fetch_add(&f->s.now_ms, seconds * 1000);
}

/* The last thing ann got is data of that kind, with this text. */
static void
is_data(struct tc *c, size_t n, const char *text)
{
	struct stun_attr a;

	assert_ok(stun_read(&c->m, c->in, n));
	assert_int_equal(c->m.method, STUN_DATA);
	assert_true(stun_find(&c->m, STUN_ATTR_DATA_BYTES, &a));
	assert_int_equal(a.len, strlen(text));
	assert_memory_equal(a.v, text, a.len);
}

/* ---- Binding ------------------------------------------------------------------------ */

static void
test_turn_binding__says_where_one_comes_from(void **state)
{
	struct fixture *f = *state;
	struct stun_addr addr;
	struct stun_attr a;

	start(f, NULL);
	tc_begin(&f->ann, STUN_BINDING);
	stun_put_fingerprint(&f->ann.o);
	assert_int_equal(tc_plain(&f->ann), 0);
	assert_true(f->ann.m.fingerprint);
	assert_true(stun_find(&f->ann.m, STUN_ATTR_XOR_MAPPED_ADDRESS, &a));
	assert_ok(stun_get_addr(&f->ann.m, &a, &addr));
	assert_int_equal(addr.port, f->ann.port);
	assert_int_equal(addr.ip[0], 127);
	tc_begin(&f->ann, STUN_BINDING);
	stun_put(&f->ann.o, 0x7ffe, NULL, 0);
	assert_int_equal(tc_plain(&f->ann), 420);
	assert_true(stun_find(&f->ann.m, STUN_ATTR_UNKNOWN_ATTRIBUTES, &a));
	assert_int_equal(a.v[0] << 8 | a.v[1], 0x7ffe);
}

/* What libnice sends to find its own address (RFC 3489). */
static void
test_turn_binding__without_cookie(void **state)
{
	static const uint8_t old[STUN_HEADER] = {0, 1, 0, 0, 1, 2, 3, 4, 5};
	struct fixture *f = *state;
	struct stun_attr a;

	start(f, NULL);
	tc_put(&f->ann, old, sizeof(old));
	assert_ok(stun_read(&f->ann.m, f->ann.in, tc_get(&f->ann)));
	assert_memory_equal(stun_tid(&f->ann.m), old + 4, STUN_TID_LEN);
	assert_true(stun_find(&f->ann.m, STUN_ATTR_MAPPED_ADDRESS, &a));
	assert_int_equal(a.v[2] << 8 | a.v[3], f->ann.port);
	assert_int_equal(a.v[4], 127);
}

/* ---- allocations ----------------------------------------------------------------------- */

static void
test_turn_allocate__a_port_of_the_range_once(void **state)
{
	static const char *const args[] = {"--turn-ports=50000-50100", NULL};
	struct fixture *f = *state;
	uint16_t port;
	size_t len;

	start(f, args);
	assert_int_equal(tc_allocate(&f->ann), 0);
	port = tc_relayed(&f->ann);
	assert_in_range(port, 50000, 50100);
	len = f->ann.o.len;
	/* the same again: its answer may have been lost */
	tc_put(&f->ann, f->ann.out, len);
	assert_ok(stun_read(&f->ann.m, f->ann.in, tc_get(&f->ann)));
	assert_int_equal(f->ann.m.class, STUN_SUCCESS);
	assert_int_equal(tc_relayed(&f->ann), port);
	assert_int_equal(tc_allocate(&f->ann), 437);
	assert_int_equal(tc_refresh(&f->ann, 0), 0);
	assert_int_equal(tc_refresh(&f->ann, 600), 437);
	assert_int_equal(tc_allocate(&f->ann), 0);
}

static void
put_transport(struct tc *c, unsigned protocol)
{
	stun_put_u32(
	    &c->o, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)protocol << 24);
}

static void
test_turn_allocate__what_it_refuses(void **state)
{
	static const struct {
		unsigned protocol; /* 0: none */
		uint16_t
		    type[2]; /* more attributes, of 4 bytes but token's 8 */
		uint32_t value[2];
		unsigned code;
	} bad[] = {
	    {0, {0}, {0}, 400},
	    {6, {0}, {0}, 442},
	    {17, {STUN_ATTR_REQUESTED_FAMILY}, {2u << 24}, 440},
	    {17, {STUN_ATTR_REQUESTED_FAMILY}, {3u << 24}, 440},
	    {17, {STUN_ATTR_RESERVATION_TOKEN}, {1}, 508},
	    {17, {STUN_ATTR_RESERVATION_TOKEN, STUN_ATTR_EVEN_PORT}, {1, 0},
		400},
	    {17, {STUN_ATTR_RESERVATION_TOKEN, STUN_ATTR_REQUESTED_FAMILY},
		{1, 1u << 24}, 400},
	    {17, {STUN_ATTR_ADDITIONAL_FAMILY, STUN_ATTR_REQUESTED_FAMILY},
		{2u << 24, 1u << 24}, 400},
	    {17, {STUN_ATTR_ADDITIONAL_FAMILY, STUN_ATTR_EVEN_PORT},
		{2u << 24, 0x80u << 24}, 400},
	    {17, {0x7ffe}, {0}, 420},
	};
	struct fixture *f = *state;
	const uint8_t token[8] = {1};
	size_t i, j;

	start(f, NULL);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		tc_begin(&f->ann, STUN_ALLOCATE);
		if (bad[i].protocol != 0)
			put_transport(&f->ann, bad[i].protocol);
		for (j = 0; j < 2; j++)
			if (bad[i].type[j] == STUN_ATTR_RESERVATION_TOKEN)
				stun_put(&f->ann.o, bad[i].type[j], token, 8);
			else if (bad[i].type[j] != 0)
				stun_put_u32(
				    &f->ann.o, bad[i].type[j], bad[i].value[j]);
		assert_int_equal(tc_call(&f->ann), bad[i].code);
	}
	assert_int_equal(tc_allocate(&f->ann), 0);
}

static void
test_turn_allocate__a_pair_of_ports(void **state)
{
	struct fixture *f = *state;
	const uint8_t both[1] = {0x80}, one[1] = {0};
	uint8_t token[8];
	struct stun_attr a;
	uint16_t port;
	int i;

	start(f, NULL);
	tc_begin(&f->ann, STUN_ALLOCATE);
	put_transport(&f->ann, 17);
	stun_put(&f->ann.o, STUN_ATTR_EVEN_PORT, both, 1);
	assert_int_equal(tc_call(&f->ann), 0);
	port = tc_relayed(&f->ann);
	assert_int_equal(port % 2, 0);
	assert_true(stun_find(&f->ann.m, STUN_ATTR_RESERVATION_TOKEN, &a));
	memcpy(token, a.v, sizeof(token));
	tc_begin(&f->bob, STUN_ALLOCATE);
	put_transport(&f->bob, 17);
	stun_put(&f->bob.o, STUN_ATTR_RESERVATION_TOKEN, token, 8);
	assert_int_equal(tc_call(&f->bob), 0);
	assert_int_equal(tc_relayed(&f->bob), port + 1);
	for (i = 0; i < 10; i++) { /* not by chance */
		assert_int_equal(tc_refresh(&f->ann, 0), 0);
		tc_begin(&f->ann, STUN_ALLOCATE);
		put_transport(&f->ann, 17);
		stun_put(&f->ann.o, STUN_ATTR_EVEN_PORT, one, 1);
		assert_int_equal(tc_call(&f->ann), 0);
		assert_int_equal(tc_relayed(&f->ann) % 2, 0);
	}
	/* it is gone now */
	assert_int_equal(tc_refresh(&f->bob, 0), 0);
	tc_begin(&f->bob, STUN_ALLOCATE);
	put_transport(&f->bob, 17);
	stun_put(&f->bob.o, STUN_ATTR_RESERVATION_TOKEN, token, 8);
	assert_int_equal(tc_call(&f->bob), 508);
}

static void
test_turn_allocate__within_quotas(void **state)
{
	static const char *const args[] = {
	    "--turn-quota=1", "--turn-allocations=2", NULL};
	struct fixture *f = *state;
	struct tc again, third;

	start(f, args);
	tc_open(&again, &f->s, "ann");
	tc_open(&third, &f->s, "cam");
	assert_int_equal(tc_allocate(&f->ann), 0);
	assert_int_equal(tc_allocate(&again), 486);
	assert_int_equal(tc_allocate(&f->bob), 0);
	assert_int_equal(tc_allocate(&third), 508);
	assert_int_equal(tc_refresh(&f->ann, 0), 0);
	assert_int_equal(tc_allocate(&again), 0);
	tc_close(&again);
	tc_close(&third);
}

/* ---- credentials ---------------------------------------------------------------------------- */

static void
test_turn_auth__wrong_ones(void **state)
{
	struct fixture *f = *state;
	struct stun_attr a;

	start(f, NULL);
	f->ann.password[0] ^= 1;
	assert_int_equal(tc_allocate(&f->ann), 401);
	f->ann.password[0] ^= 1;
	assert_int_equal(tc_allocate(&f->ann), 0);
	/* somebody else's allocation */
	memcpy(f->ann.name, f->bob.name, sizeof(f->ann.name));
	memcpy(f->ann.password, f->bob.password, sizeof(f->ann.password));
	assert_int_equal(tc_refresh(&f->ann, 600), 441);
	/* a name without time */
	snprintf(f->bob.name, sizeof(f->bob.name), "bob");
	assert_int_equal(tc_allocate(&f->bob), 401);
	/* a code, and nothing it could be of */
	tc_begin(&f->bob, STUN_ALLOCATE);
	stun_put_mac(&f->bob.o, (const uint8_t *)"x", 1);
	assert_int_equal(tc_plain(&f->bob), 400);
	assert_false(stun_find(&f->bob.m, STUN_ATTR_NONCE, &a));
}

static void
test_turn_auth__sha256(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	f->ann.sha256 = true;
	assert_int_equal(tc_allocate(&f->ann), 0);
	assert_int_not_equal(f->ann.m.mac256, 0);
	assert_int_equal(tc_refresh(&f->ann, 600), 0);
}

/* The nonce after an hour, and the name after its time: who has an allocation
 * keeps it. */
static void
test_turn_auth__times_go_by(void **state)
{
	struct fixture *f = *state;
	char nonce[sizeof(f->ann.nonce)];

	start(f, NULL);
	assert_int_equal(tc_allocate(&f->ann), 0);
	assert_int_equal(tc_refresh(&f->ann, 100000), 0);
	memcpy(nonce, f->ann.nonce, sizeof(nonce));
	later(f, 3550);
	assert_int_equal(tc_refresh(&f->ann, 3600), 0);
	assert_string_equal(f->ann.nonce, nonce);
	later(f, 100);
	assert_int_equal(tc_refresh(&f->ann, 3600), 0);
	assert_string_not_equal(f->ann.nonce, nonce);
	assert_int_equal(tc_allocate(&f->bob), 401);
}

static void
test_turn_guard__answers_strangers_so_often(void **state)
{
	static const char *const args[] = {"--turn-unauthenticated=3/1m", NULL};
	struct fixture *f = *state;
	int i;

	start(f, args);
	for (i = 0; i < 4; i++) {
		tc_begin(&f->ann, STUN_BINDING);
		tc_put(&f->ann, f->ann.out, stun_end(&f->ann.o));
		if (i < 3)
			(void)tc_get(&f->ann);
	}
	until(METRIC_turn_requests, 4);
	until(METRIC_turn_rate_limited, 1);
	assert_int_equal(
	    recv(f->ann.fd, f->ann.in, sizeof(f->ann.in), MSG_DONTWAIT), -1);
	later(f, 60);
	tc_begin(&f->ann, STUN_BINDING);
	assert_int_equal(tc_plain(&f->ann), 0);
}

/* ---- peers -------------------------------------------------------------------------------------- */

static void
test_turn_permission__not_to_these(void **state)
{
	static const char *const bad[] = {"10.1.2.3", "127.0.0.3", "0.0.0.0",
	    "100.64.0.1", "169.254.1.1", "172.31.255.255", "192.168.0.1",
	    "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255",
	    "192.0.2.1", "240.0.0.1", "8.8.8.8"};
	static const char *const args[] = {
	    "--turn-peers-deny=8.8.0.0/16", NULL};
	struct fixture *f = *state;
	size_t i;

	start(f, args);
	assert_int_equal(tc_permit(&f->ann, PEER), 437);
	assert_int_equal(tc_allocate(&f->ann), 0);
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(tc_permit(&f->ann, bad[i]), 403);
	assert_int_equal(tc_permit(&f->ann, "2001:500::1"), 443);
	assert_int_equal(tc_permit(&f->ann, PEER), 0);
	assert_int_equal(tc_permit(&f->ann, "9.9.9.9"), 0);
	/* our own: relay ports only */
	assert_int_equal(tc_permit(&f->ann, "127.0.0.1"), 0);
	assert_int_equal(tc_bind(&f->ann, 0x4000, "127.0.0.1", 22), 403);
	assert_int_equal(tc_bind(&f->ann, 0x4000, "127.0.0.1", 60000), 0);
	tc_begin(&f->ann, STUN_CREATE_PERMISSION);
	assert_int_equal(tc_call(&f->ann), 400);
	/* one that is refused, and none is made */
	tc_begin(&f->ann, STUN_CREATE_PERMISSION);
	tc_put_peer(&f->ann, "9.9.9.10", 1);
	tc_put_peer(&f->ann, "10.0.0.1", 1);
	assert_int_equal(tc_call(&f->ann), 403);
}

static void
test_turn_send__with_permission_only(void **state)
{
	struct fixture *f = *state;
	uint16_t port;

	start(f, NULL);
	assert_int_equal(tc_allocate(&f->ann), 0);
	port = tc_relayed(&f->ann);
	tc_send(&f->ann, f->peer_port, "too early");
	peer_put(f->peer, port, "uninvited");
	wait_metric(f, METRIC_turn_dropped, 2);
	tc_begin(&f->ann, STUN_CREATE_PERMISSION);
	tc_put_peer(&f->ann, "9.9.9.9", 1);
	tc_put_peer(&f->ann, PEER, 1);
	assert_int_equal(tc_call(&f->ann), 0);
	tc_send(&f->ann, f->peer_port, "hello");
	assert_int_equal(peer_expect(f->peer, "hello"), port);
	peer_put(f->peer, port, "good day");
	is_data(&f->ann, tc_get(&f->ann), "good day");
	later(f, 301);
	tc_send(&f->ann, f->peer_port, "too late");
	peer_put(f->peer, port, "too late");
	wait_metric(f, METRIC_turn_dropped, 4);
	tc_expect_nothing(&f->ann);
}

static void
test_turn_channel__both_ways(void **state)
{
	static const uint8_t msg[] = {0x40, 1, 0, 2, 'h', 'i'},
			     cut[] = {0x40, 1, 0, 9, 'h', 'i'};
	struct fixture *f = *state;
	uint16_t port;

	start(f, NULL);
	assert_int_equal(tc_allocate(&f->ann), 0);
	port = tc_relayed(&f->ann);
	assert_int_equal(tc_bind(&f->ann, 0x3fff, PEER, f->peer_port), 400);
	assert_int_equal(tc_bind(&f->ann, 0x8000, PEER, f->peer_port), 400);
	assert_int_equal(tc_bind(&f->ann, 0x4001, PEER, f->peer_port), 0);
	assert_int_equal(tc_bind(&f->ann, 0x4001, PEER, f->peer_port), 0);
	assert_int_equal(tc_bind(&f->ann, 0x4001, PEER, 4711), 400);
	assert_int_equal(tc_bind(&f->ann, 0x4002, PEER, f->peer_port), 400);
	assert_int_equal(tc_bind(&f->ann, 0x7ffe, PEER, 4711), 0);
	tc_put(&f->ann, cut, sizeof(cut));
	tc_put(&f->ann, msg, sizeof(msg));
	assert_int_equal(peer_expect(f->peer, "hi"), port);
	peer_put(f->peer, port, "ho");
	assert_int_equal(tc_get(&f->ann), 6);
	assert_memory_equal(f->ann.in, "\x40\x01\x00\x02ho", 6);
	/* the permission goes first, then the channel */
	later(f, 301);
	peer_put(f->peer, port, "late");
	wait_metric(f, METRIC_turn_dropped, 1);
	tc_put(&f->ann, msg, sizeof(msg));
	(void)peer_expect(f->peer, "hi");
	later(f, 298);
	assert_int_equal(tc_permit(&f->ann, PEER), 0);
	peer_put(f->peer, port, "ho");
	assert_int_equal(tc_get(&f->ann), 6);
	later(f, 2);
	assert_int_equal(tc_refresh(&f->ann, 600), 437);
	wait_metric(f, METRIC_turn_allocations, 0);
	wait_metric(f, METRIC_turn_malformed, 1);
}

/* Two who are both relayed meet at our relay ports. */
static void
test_turn_channel__between_two_of_us(void **state)
{
	static const uint8_t msg[] = {0x40, 0, 0, 2, 'h', 'i'};
	struct fixture *f = *state;
	uint16_t a, b;

	start(f, NULL);
	assert_int_equal(tc_allocate(&f->ann), 0);
	a = tc_relayed(&f->ann);
	assert_int_equal(tc_allocate(&f->bob), 0);
	b = tc_relayed(&f->bob);
	assert_int_equal(tc_bind(&f->ann, 0x4000, "127.0.0.1", b), 0);
	assert_int_equal(tc_bind(&f->bob, 0x4123, "127.0.0.1", a), 0);
	tc_put(&f->ann, msg, sizeof(msg));
	assert_int_equal(tc_get(&f->bob), 6);
	assert_memory_equal(f->bob.in, "\x41\x23\x00\x02hi", 6);
}

/* Behind a router all see its address, and still meet. */
static void
test_turn_channel__by_the_external_address(void **state)
{
	static const char *const args[] = {
	    "--turn-external-address=203.0.113.7", NULL};
	static const uint8_t msg[] = {0x40, 0, 0, 2, 'h', 'i'};
	struct fixture *f = *state;
	struct stun_addr addr;
	struct stun_attr a;
	uint16_t port;

	start(f, args);
	assert_int_equal(tc_allocate(&f->bob), 0);
	port = tc_relayed(&f->bob);
	assert_int_equal(tc_permit(&f->bob, "203.0.113.7"), 0);
	assert_int_equal(tc_allocate(&f->ann), 0);
	assert_true(stun_find(&f->ann.m, STUN_ATTR_XOR_RELAYED_ADDRESS, &a));
	assert_ok(stun_get_addr(&f->ann.m, &a, &addr));
	assert_memory_equal(addr.ip, "\xcb\x00\x71\x07", 4);
	assert_int_equal(tc_bind(&f->ann, 0x4000, "203.0.113.7", port), 0);
	tc_put(&f->ann, msg, sizeof(msg));
	is_data(&f->bob, tc_get(&f->bob), "hi");
	assert_true(stun_find(&f->bob.m, STUN_ATTR_XOR_PEER_ADDRESS, &a));
	assert_ok(stun_get_addr(&f->bob.m, &a, &addr));
	assert_memory_equal(addr.ip, "\xcb\x00\x71\x07", 4);
}

/* Bound to no address: answers come from the one that was asked. */
static void
test_turn_listen__on_every_address(void **state)
{
	static const char *const args[] = {"--turn-listen=*:0", NULL};
	static const uint8_t msg[] = {0x40, 0, 0, 2, 'h', 'i'};
	struct fixture *f = *state;
	uint16_t port;

	f->s.listen = 1;
	start(f, args);
	assert_int_equal(tc_allocate(&f->ann), 0);
	port = tc_relayed(&f->ann);
	assert_int_equal(tc_bind(&f->ann, 0x4000, PEER, f->peer_port), 0);
	tc_put(&f->ann, msg, sizeof(msg));
	assert_int_equal(peer_expect(f->peer, "hi"), port);
	peer_put(f->peer, port, "ho");
	assert_int_equal(tc_get(&f->ann), 6);
}

static void
test_turn_allocate__of_ipv6(void **state)
{
	static const char *const args[] = {
	    "--turn-relay-address=127.0.0.1", "--turn-relay-address=::1", NULL};
	struct fixture *f = *state;
	struct stun_addr addr;
	struct stun_attr a;
	unsigned code;

	start(f, args);
	tc_begin(&f->ann, STUN_ALLOCATE);
	put_transport(&f->ann, 17);
	stun_put_u32(&f->ann.o, STUN_ATTR_REQUESTED_FAMILY, 2u << 24);
	code = tc_call(&f->ann);
	if (code == 508) /* this machine has none */
		return;
	assert_int_equal(code, 0);
	assert_true(stun_find(&f->ann.m, STUN_ATTR_XOR_RELAYED_ADDRESS, &a));
	assert_ok(stun_get_addr(&f->ann.m, &a, &addr));
	assert_int_equal(addr.family, STUN_IPV6);
	assert_int_equal(addr.ip[15], 1);
	assert_int_equal(tc_permit(&f->ann, PEER), 443);
	assert_int_equal(tc_permit(&f->ann, "::2"), 403);
	assert_int_equal(tc_permit(&f->ann, "fe80::1"), 403);
	assert_int_equal(tc_permit(&f->ann, "fd00::1"), 403);
	assert_int_equal(tc_permit(&f->ann, "64:ff9b::7f00:1"), 403);
	assert_int_equal(tc_permit(&f->ann, "2002:7f00:1::"), 403);
	assert_int_equal(tc_permit(&f->ann, "::ffff:127.0.0.1"), 403);
	assert_int_equal(tc_permit(&f->ann, "2a00::1"), 0);
	assert_int_equal(tc_permit(&f->ann, "::1"), 0); /* our relay ports */
}

/* Bursts of equal lengths leave as one; all arrive, in order. */
static void
test_turn_channel__bursts(void **state)
{
	struct fixture *f = *state;
	uint8_t msg[104] = {0x40, 1, 0, 100};
	char text[101] = "";
	uint16_t port;
	int i, round;

	start(f, NULL);
	assert_int_equal(tc_allocate(&f->ann), 0);
	port = tc_relayed(&f->ann);
	assert_int_equal(tc_bind(&f->ann, 0x4001, PEER, f->peer_port), 0);
	memset(text, 'x', 100);
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 20; i++) {
			snprintf(text, 3, "%02d", i);
			text[2] = 'x';
			memcpy(msg + 4, text, 100);
			tc_put(&f->ann, msg, sizeof(msg));
			peer_put(f->peer, port, text);
		}
		for (i = 0; i < 20; i++) {
			snprintf(text, 3, "%02d", i);
			text[2] = 'x';
			(void)peer_expect(f->peer, text);
			assert_int_equal(tc_get(&f->ann), sizeof(msg));
			assert_memory_equal(f->ann.in + 4, text, 100);
		}
	}
}

static void
test_turn_channel__within_the_bandwidth(void **state)
{
	static const char *const args[] = {"--turn-bandwidth=100", NULL};
	static const uint8_t msg[64] = {0x40, 1, 0, 60};
	struct fixture *f = *state;

	start(f, args);
	assert_int_equal(tc_allocate(&f->ann), 0);
	assert_int_equal(tc_bind(&f->ann, 0x4001, PEER, f->peer_port), 0);
	tc_put(&f->ann, msg, sizeof(msg));
	tc_put(&f->ann, msg, sizeof(msg));
	tc_put(&f->ann, msg, sizeof(msg));
	wait_metric(f, METRIC_turn_dropped, 2);
	later(f, 1);
	tc_put(&f->ann, msg, sizeof(msg));
	wait_metric(f, METRIC_turn_relayed_packets, 2);
}

/* ---- streams --------------------------------------------------------------------------------------- */

static void
test_turn_stream__messages_in_pieces(void **state)
{
	static const uint8_t msg[] = {
	    0x40, 1, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
	struct fixture *f = *state;
	uint16_t port;
	struct tc c;
	size_t i;

	start(f, NULL);
	tc_open_tcp(&c, &f->s, "cam");
	assert_int_equal(tc_allocate(&c), 0);
	port = tc_relayed(&c);
	assert_int_equal(tc_bind(&c, 0x4001, PEER, f->peer_port), 0);
	for (i = 0; i < sizeof(msg); i++)
		tc_put(&c, msg + i, 1);
	(void)peer_expect(f->peer, "hello");
	peer_put(f->peer, port, "ho");
	assert_int_equal(tc_get(&c), 8); /* padded */
	assert_memory_equal(c.in, "\x40\x01\x00\x02ho\0\0", 8);
	/* with the connection goes the allocation */
	tc_close(&c);
	wait_metric(f, METRIC_turn_allocations, 0);
	wait_metric(f, METRIC_turn_streams, 0);
}

static void
closes_after(struct fixture *f, const void *p, size_t len)
{
	struct tc c;

	tc_open_tcp(&c, &f->s, "cam");
	errno = 0;
	tc_put(&c, p, len);
	assert_true(recv(c.fd, c.in, sizeof(c.in), 0) <= 0);
	assert_int_not_equal(errno, EAGAIN); /* that is silence */
	tc_close(&c);
}

static void
test_turn_stream__nonsense_ends_it(void **state)
{
	static const uint8_t tls[] = {22, 3, 1, 0, 5, 1, 0, 0, 1, 0};
	struct fixture *f = *state;
	struct tc c;

	start(f, NULL);
	closes_after(f, "\x00\x01\x00\x03", 4); /* no multiple of 4 */
	closes_after(f, "\xff\xff\xff\xff", 4);
	closes_after(f, tls, sizeof(tls)); /* there is no certificate */
	/* and silence, too */
	until(METRIC_turn_streams, 0);
	tc_open_tcp(&c, &f->s, "cam");
	wait_metric(f, METRIC_turn_streams, 1);
	later(f, 31);
	assert_int_equal(recv(c.fd, c.in, sizeof(c.in), 0), 0);
	tc_close(&c);
}

static void
test_turn_stream__no_more_than_allocations(void **state)
{
	static const char *const args[] = {"--turn-allocations=1", NULL};
	struct fixture *f = *state;
	struct tc one, two;

	start(f, args);
	tc_open_tcp(&one, &f->s, "cam");
	assert_int_equal(tc_allocate(&one), 0);
	tc_open_tcp(&two, &f->s, "dan");
	errno = 0;
	assert_true(recv(two.fd, two.in, sizeof(two.in), 0) <= 0);
	assert_int_not_equal(errno, EAGAIN);
	tc_close(&two);
	assert_int_equal(tc_refresh(&one, 0), 0);
	tc_close(&one);
	wait_metric(f, METRIC_turn_streams, 0);
	tc_open_tcp(&two, &f->s, "dan");
	assert_int_equal(tc_allocate(&two), 0);
	tc_close(&two);
}

/* ---- nonsense ---------------------------------------------------------------------------------------- */

static void
test_turn__drops_and_counts_what_is_malformed(void **state)
{
	struct fixture *f = *state;
	uint8_t junk[64];
	int i;

	start(f, NULL);
	assert_int_equal(tc_allocate(&f->ann), 0);
	for (i = 0; i < 64; i++) {
		randombytes_buf(junk, sizeof(junk));
		junk[0] |= 0x80;
		tc_put(&f->ann, junk, (size_t)i);
	}
	wait_metric(f, METRIC_turn_malformed, 64);
	tc_expect_nothing(&f->ann);
	assert_int_equal(tc_refresh(&f->ann, 600), 0);
}

/* ---- memory -------------------------------------------------------------------------- */

static int
start_and_end(void *arg)
{
	static const uint8_t secret[TURN_SECRET_LEN];
	struct fixture *f = arg;
	const struct turn_env env = {f->s.conf, secret, &f->s.log, &f->s.clock};
	char why[TURN_WHY_CAP];
	struct turn *t;
	int r;

	r = turn_start(&t, &env, why);
	assert_true(r == 0 || t == NULL);
	turn_free(t);
	return r;
}

static void
test_turn_start__out_of_memory(void **state)
{
	struct fixture *f = *state;

	start(f, NULL);
	assert_true(alloc_sweep(start_and_end, f) >= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_turn_binding__says_where_one_comes_from),
	    T(test_turn_binding__without_cookie),
	    T(test_turn_allocate__a_port_of_the_range_once),
	    T(test_turn_allocate__what_it_refuses),
	    T(test_turn_allocate__a_pair_of_ports),
	    T(test_turn_allocate__within_quotas),
	    T(test_turn_auth__wrong_ones),
	    T(test_turn_auth__sha256),
	    T(test_turn_auth__times_go_by),
	    T(test_turn_guard__answers_strangers_so_often),
	    T(test_turn_permission__not_to_these),
	    T(test_turn_send__with_permission_only),
	    T(test_turn_channel__both_ways),
	    T(test_turn_channel__between_two_of_us),
	    T(test_turn_channel__by_the_external_address),
	    T(test_turn_listen__on_every_address),
	    T(test_turn_allocate__of_ipv6),
	    T(test_turn_channel__bursts),
	    T(test_turn_channel__within_the_bandwidth),
	    T(test_turn_stream__messages_in_pieces),
	    T(test_turn_stream__nonsense_ends_it),
	    T(test_turn_stream__no_more_than_allocations),
	    T(test_turn__drops_and_counts_what_is_malformed),
	    T(test_turn_start__out_of_memory),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
