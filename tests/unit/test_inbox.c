/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/proto/relay.pb-c.h"
#include "relay/net/inbox.h"
#include "tests/unit/test.h"

static void
no_handler(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	(void)c;
	(void)rq;
	(void)msg;
}

static const struct net_rule rules[] = {
    {FRAME_REQUEST, METHOD_PING, ST_ANY, true, 64,
	&sotto__relay__ping_request__descriptor, no_handler},
    {FRAME_REQUEST, METHOD_LOOKUP, ST_DEVICE, false, 4096,
	&sotto__relay__lookup_request__descriptor, no_handler},
    {FRAME_REQUEST, METHOD_SEND, ST_DEVICE, false, FRAME_BODY_MAX,
	&sotto__relay__send_request__descriptor, no_handler},
    {FRAME_EVENT, EVENT_ACK, ST_DEVICE, false, 32,
	&sotto__relay__ack_event__descriptor, no_handler},
};

struct fixture {
	struct dispatch d;
	struct inbox b;
	uint8_t state;
	unsigned may_take;
	unsigned taken, refused;
	struct frame last; /* without body */
	uint8_t body[64];
	int err;
};

static bool
ready(void *ctx)
{
	struct fixture *f = ctx;

	return f->may_take > 0;
}

static uint8_t
state_of(void *ctx)
{
	struct fixture *f = ctx;

	return f->state;
}

static void
take(void *ctx, const struct net_rule *rule, const struct frame *fr)
{
	struct fixture *f = ctx;

	assert_int_equal(rule->number, fr->method);
	f->may_take--;
	f->taken++;
	f->last = *fr;
	memset(f->body, 0, sizeof(f->body));
	if (fr->len <= sizeof(f->body))
		memcpy(f->body, fr->body, fr->len);
}

static void
refuse(void *ctx, const struct frame *head, int err)
{
	struct fixture *f = ctx;

	f->refused++;
	f->last = *head;
	f->err = err;
}

static const struct inbox_ops ops = {ready, state_of, take, refuse};

static int
feed(struct fixture *f, const void *p, size_t len)
{
	return inbox_feed(&f->b, &f->d, p, len, &ops, f);
}

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	dispatch_init(&f.d, rules, ARRAY_LEN(rules));
	inbox_init(&f.b);
	f.may_take = 1000;
	f.state = ST_DEVICE;
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	inbox_clear(&f->b);
	return 0;
}

static const char two_frames[] = "00000003 01 0002 00000007 616263"
				 "00000000 01 0014 00000008";

static void
test_inbox_feed__cuts_do_not_matter(void **state)
{
	struct fixture *f = *state;
	uint8_t b[64];
	size_t len = hex_bytes(two_frames, b, sizeof(b)), cut;

	for (cut = 0; cut <= len; cut++) {
		f->taken = 0;
		assert_ok(feed(f, b, cut));
		assert_ok(feed(f, b + cut, len - cut));
		assert_int_equal(f->taken, 2);
		assert_int_equal(f->last.id, 8);
		assert_int_equal(f->b.part.len, 0);
		assert_null(f->b.part.p); /* nothing kept while idle */
	}
	for (cut = 0, f->taken = 0; cut < len; cut++)
		assert_ok(feed(f, b + cut, 1));
	assert_int_equal(f->taken, 2);
}

static void
test_inbox_feed__waits_when_told_to(void **state)
{
	struct fixture *f = *state;
	uint8_t b[64];
	size_t len = hex_bytes(two_frames, b, sizeof(b));

	f->may_take = 0;
	assert_ok(feed(f, b, len));
	assert_int_equal(f->taken, 0);
	f->may_take = 1;
	assert_ok(feed(f, NULL, 0));
	assert_int_equal(f->taken, 1);
	assert_memory_equal(f->body, "abc", 3);
	f->may_take = 5;
	assert_ok(feed(f, b, len));
	assert_int_equal(f->taken, 4);
	assert_int_equal(f->last.id, 8);
}

static void
test_inbox_feed__refuses_by_the_header_and_skips_the_body(void **state)
{
	static const struct {
		const char *head;
		uint32_t body;
		uint8_t state;
		int want;
	} bad[] = {
	    {"00000005 01 03e7 00000001", 5, ST_DEVICE, ERR_VERSION},
	    {"00000005 01 ffff 00000001", 5, ST_DEVICE, ERR_VERSION},
	    {"00000005 01 0065 00000001", 5, ST_DEVICE, ERR_VERSION}, /* ACK */
	    {"00000005 01 0014 00000001", 5, ST_GUEST, ERR_STATE},
	    {"00000005 01 0014 00000001", 5, 0, ERR_STATE},
	    {"00000041 01 0002 00000001", 65, ST_GUEST, ERR_RANGE},
	    {"00001001 01 0014 00000001", 4097, ST_DEVICE, ERR_RANGE},
	    {"00100000 01 0014 00000001", 1 << 20, ST_DEVICE, ERR_RANGE},
	};
	static uint8_t body[1 << 20];
	struct fixture *f = *state;
	uint8_t b[64], ping[64];
	size_t i, n, ping_len, done, step;

	ping_len = hex_bytes("00000000 01 0002 00000009", ping, sizeof(ping));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		f->taken = f->refused = 0;
		f->state = bad[i].state;
		n = hex_bytes(bad[i].head, b, sizeof(b));
		assert_ok(feed(f, b, n));
		assert_int_equal(f->refused, 1);
		assert_int_equal(f->err, bad[i].want);
		assert_int_equal(f->last.id, 1);
		for (done = 0; done < bad[i].body; done += step) {
			step = bad[i].body - done;
			step = step > 1000 ? 1000 : step;
			assert_ok(feed(f, body, step));
			assert_null(f->b.part.p); /* never buffered */
		}
		assert_ok(feed(f, ping, ping_len));
		assert_int_equal(f->taken, 1);
		assert_int_equal(f->last.id, 9);
	}
}

static void
test_inbox_feed__closes_on_what_no_peer_may_send(void **state)
{
	static const struct {
		const char *hex;
		uint8_t state;
	} bad[] = {
	    {"00000000 02 0002 00000001", ST_DEVICE}, /* a response */
	    {"00000000 03 0002 00000001", ST_DEVICE}, /* an error */
	    {"00000000 00 0002 00000001", ST_DEVICE},
	    {"00000000 05 0002 00000001", ST_DEVICE},
	    {"00000000 01 0002 00000000", ST_DEVICE}, /* request without id */
	    {"00000000 04 0065 00000001", ST_DEVICE}, /* event with one */
	    {"00100001 01 001e 00000001", ST_DEVICE}, /* over all limits */
	    {"00000000 04 0064 00000000", ST_DEVICE}, /* the relay's event */
	    {"00000000 04 0002 00000000", ST_DEVICE}, /* no event at all */
	    {"00000000 04 0065 00000000", ST_GUEST}, /* ACK of a guest */
	    {"00000021 04 0065 00000000", ST_DEVICE}, /* ACK too long */
	};
	struct fixture *f = *state;
	uint8_t b[64];
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		f->state = bad[i].state;
		n = hex_bytes(bad[i].hex, b, sizeof(b));
		assert_err(feed(f, b, n), ERR_FORMAT);
	}
	assert_int_equal(f->taken, 0);
	assert_int_equal(f->refused, 0);
}

static void
test_inbox_feed__early_methods_come_first(void **state)
{
	struct fixture *f = *state;
	uint8_t b[64];
	size_t len = hex_bytes(two_frames, b, sizeof(b));

	f->state = 0;
	assert_ok(feed(f, b, len));
	assert_int_equal(f->taken, 1); /* PING */
	assert_int_equal(f->refused, 1); /* LOOKUP */
	assert_int_equal(f->err, ERR_STATE);
}

static void
test_dispatch_decode__tells_malformed_from_too_much(void **state)
{
	struct frame fr = {.kind = FRAME_REQUEST, .method = METHOD_SEND};
	static uint8_t many[200000];
	const struct net_rule *send = &rules[2];
	ProtobufCMessage *msg;
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1024 * 1024);
	fr.body = (const uint8_t *)"\x0a\x05"
				   "ab";
	fr.len = 4;
	assert_err(dispatch_decode(send, &fr, &a, &msg), ERR_FORMAT);
	arena_reset(&a);
	/* 100,000 empty recipients: two bytes each here, a struct there. */
	for (i = 0; i < sizeof(many); i += 2)
		many[i] = 0x12;
	fr.body = many;
	fr.len = sizeof(many);
	assert_err(dispatch_decode(send, &fr, &a, &msg), ERR_RANGE);
	arena_reset(&a);
	fr.len = 20;
	assert_ok(dispatch_decode(send, &fr, &a, &msg));
	assert_int_equal(
	    ((Sotto__Relay__SendRequest *)(void *)msg)->n_accounts, 10);
	arena_clear(&a);
}

static int
decode(void *arg)
{
	static const uint8_t body[] = {0x0a, 3, 'a', 'b', 'c'};
	struct frame fr = {.body = body, .len = sizeof(body)};
	ProtobufCMessage *msg;
	struct arena a;
	int r;

	(void)arg;
	arena_init(&a, 1024 * 1024);
	r = dispatch_decode(&rules[0], &fr, &a, &msg);
	arena_clear(&a);
	return r;
}

static int
keep(void *arg)
{
	struct fixture *f = arg;
	uint8_t b[64];
	size_t len = hex_bytes(two_frames, b, sizeof(b));
	int r;

	r = feed(f, b, len - 1);
	if (r == 0)
		r = feed(f, b + len - 1, 1);
	inbox_clear(&f->b);
	return r;
}

static void
test_inbox__survives_running_out_of_memory(void **state)
{
	assert_true(alloc_sweep(decode, NULL) >= 1);
	assert_true(alloc_sweep(keep, *state) >= 1);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_inbox_feed__cuts_do_not_matter),
	    T(test_inbox_feed__waits_when_told_to),
	    T(test_inbox_feed__refuses_by_the_header_and_skips_the_body),
	    T(test_inbox_feed__closes_on_what_no_peer_may_send),
	    T(test_inbox_feed__early_methods_come_first),
	    T(test_dispatch_decode__tells_malformed_from_too_much),
	    T(test_inbox__survives_running_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
