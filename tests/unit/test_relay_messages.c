/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages through a real relay: sent, queued, delivered, acknowledged. */
#include <signal.h>
#include <sodium.h>

#include "tests/lib/relay_rig.h"
#include "tests/unit/test.h"

enum { ANN, BOB, CID, PEOPLE };

struct fixture {
	struct rig g;
	struct rc_person p[PEOPLE];
};

static int
setup(void **state)
{
	static struct fixture f;
	unsigned i;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rig_start(&f.g, NULL);
	for (i = 0; i < PEOPLE; i++)
		rig_person(&f.g, &f.p[i], i, 0);
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

typedef Sotto__Relay__DeliverEvent deliver_event;
typedef Sotto__Relay__SendResponse send_response;

static deliver_event *
next_delivery(struct rc *c)
{
	deliver_event *ev;

	assert_ok(rc_deliver(c, &ev));
	return ev;
}

static void
done_with(deliver_event *ev)
{
	sotto__relay__deliver_event__free_unpacked(ev, NULL);
}

/* Nothing waits: the first event says so. */
static void
assert_queue_empty(struct rc *c)
{
	deliver_event *ev = next_delivery(c);

	assert_int_equal(ev->n_items, 0);
	assert_true(ev->queue_empty);
	done_with(ev);
}

/* The next message has this text; returns its seq. */
static uint64_t
assert_text(struct rc *c, const char *text)
{
	deliver_event *ev = next_delivery(c);
	uint64_t seq;

	assert_int_equal(ev->n_items, 1);
	assert_int_equal(ev->items[0]->ciphertext.len, strlen(text));
	assert_memory_equal(ev->items[0]->ciphertext.data, text, strlen(text));
	seq = ev->items[0]->seq;
	done_with(ev);
	return seq;
}

static void
send_text(struct rc *c, const struct rc_person *to, const char *text)
{
	assert_ok(rc_send(c, to, NULL, text, strlen(text), false, NULL));
}

/* A round trip: whatever was sent before has been looked at. */
static void
ping(struct rc *c)
{
	assert_ok(rc_call(c, METHOD_PING, NULL, NULL));
}

static void
test_send__reaches_who_is_connected(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct rc *bob = rig_connect(&f->g, &f->p[BOB]);
	uint8_t id[RC_ID_LEN] = "0123456789abcde";
	deliver_event *ev;

	assert_int_equal(rc_hello(bob)->queued_messages, 0);
	assert_queue_empty(bob);
	assert_ok(rc_send(ann, &f->p[BOB], id, "hello", 5, false, NULL));
	ev = next_delivery(bob);
	assert_int_equal(ev->n_items, 1);
	assert_true(ev->queue_empty);
	assert_memory_equal(ev->items[0]->message_id.data, id, sizeof(id));
	assert_memory_equal(ev->items[0]->sender_account.data,
	    f->p[ANN].account, RC_ACCOUNT_LEN);
	assert_int_equal(ev->items[0]->sender_device, 1);
	assert_int_equal(ev->items[0]->type, 2);
	assert_int_equal(ev->items[0]->ciphertext.len, 5);
	assert_true(ev->items[0]->server_time_ms > 1700000000000);
	assert_ok(rc_ack(bob, ev->items[0]->seq));
	done_with(ev);
	rig_wait_metric(METRIC_messages_acked, 1);
	rc_close(bob);
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_queue_empty(bob);
	rc_close(bob);
	rc_close(ann);
}

static void
test_queue__keeps_what_was_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]), *bob;
	deliver_event *ev;

	send_text(ann, &f->p[BOB], "one");
	send_text(ann, &f->p[BOB], "two");
	send_text(ann, &f->p[BOB], "three");
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_int_equal(rc_hello(bob)->queued_messages, 3);
	ev = next_delivery(bob);
	assert_int_equal(ev->n_items, 3);
	assert_true(ev->queue_empty);
	assert_memory_equal(ev->items[0]->ciphertext.data, "one", 3);
	assert_memory_equal(ev->items[2]->ciphertext.data, "three", 5);
	assert_ok(rc_ack(bob, ev->items[1]->seq));
	done_with(ev);
	rig_wait_metric(METRIC_messages_acked, 2);
	rc_close(bob);
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_int_equal(rc_hello(bob)->queued_messages, 1);
	(void)assert_text(bob, "three");
	rc_close(bob);
	rc_close(ann);
}

static void
test_ack__counts_only_for_what_was_handed_out(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct rc *bob = rig_connect(&f->g, &f->p[BOB]);
	uint64_t seq;

	assert_queue_empty(bob);
	assert_ok(rc_ack(bob, UINT64_MAX));
	ping(bob);
	send_text(ann, &f->p[BOB], "one");
	seq = assert_text(bob, "one");
	assert_ok(rc_ack(bob, seq + 1000000));
	rig_wait_metric(METRIC_messages_acked, 1);
	/* The seqs between were not acknowledged in advance. */
	send_text(ann, &f->p[BOB], "two");
	assert_true(assert_text(bob, "two") > seq);
	rc_close(bob);
	bob = rig_connect(&f->g, &f->p[BOB]);
	(void)assert_text(bob, "two");
	rc_close(bob);
	rc_close(ann);
}

static void
test_connection__the_newer_one_replaces_the_older(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct rc *old = rig_connect(&f->g, &f->p[BOB]), *new;
	char reason[16];
	int i;

	assert_queue_empty(old);
	for (i = 0; i < 8; i++) { /* on either loop */
		new = rig_connect(&f->g, &f->p[BOB]);
		assert_ok(rc_wait_closed(old, reason, sizeof(reason)));
		assert_string_equal(reason, "replaced");
		assert_queue_empty(new);
		rc_close(old);
		old = new;
	}
	send_text(ann, &f->p[BOB], "still here");
	(void)assert_text(old, "still here");
	rc_close(old);
	rc_close(ann);
}

/* An IK opening that somebody has recorded and sends again. */
static void
test_connection__a_replayed_opening_replaces_nobody(void **state)
{
	const struct rc_opts replay = {.no_confirm = true};
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct rc *bob = rig_connect(&f->g, &f->p[BOB]), *fake;

	assert_queue_empty(bob);
	assert_ok(rig_open(&f->g, &fake, &f->p[BOB], replay));
	assert_int_equal(rc_hello(fake)->device_id, 1);
	ping(bob);
	send_text(ann, &f->p[BOB], "for the real one");
	(void)assert_text(bob, "for the real one");
	/* With its first record it proves to be real, and takes over. */
	ping(fake);
	(void)assert_text(fake, "for the real one");
	assert_ok(rc_wait_closed(bob, NULL, 0));
	rc_close(fake);
	rc_close(bob);
	rc_close(ann);
}

static void
test_send__a_wrong_device_set_delivers_nothing_and_says_what(void **state)
{
	static const struct {
		const char *what;
		uint32_t device, reg_off;
		uint8_t account_xor;
		size_t missing, extra, rereg;
		bool gone;
	} rows[] = {
	    {"another registration id", 1, 1, 0, 0, 0, 1, false},
	    {"another device", 2, 0, 0, 1, 1, 0, false},
	    {"no such account", 1, 0, 0xff, 0, 0, 0, true},
	};
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct rc *bob = rig_connect(&f->g, &f->p[BOB]);
	struct rc_person to;
	send_response *resp;
	size_t i;

	assert_queue_empty(bob);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		to = f->p[BOB];
		to.device_id = rows[i].device;
		to.registration_id += rows[i].reg_off;
		to.account[0] ^= rows[i].account_xor;
		assert_ok(rc_send(ann, &to, NULL, "x", 1, i == 1, &resp));
		assert_int_equal(resp->n_stale, 1);
		assert_int_equal(resp->stale[0]->gone, rows[i].gone);
		assert_int_equal(resp->stale[0]->n_missing, rows[i].missing);
		assert_int_equal(resp->stale[0]->n_extra, rows[i].extra);
		assert_int_equal(resp->stale[0]->n_reregistered, rows[i].rereg);
		assert_memory_equal(resp->stale[0]->account_id.data, to.account,
		    RC_ACCOUNT_LEN);
		sotto__relay__send_response__free_unpacked(resp, NULL);
	}
	send_text(ann, &f->p[BOB], "the first");
	(void)assert_text(bob, "the first");
	assert_int_equal(metrics_get(METRIC_messages_accepted), 1);
	rc_close(bob);
	rc_close(ann);
}

static void
test_send__the_same_id_waits_once(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]), *bob;
	const uint8_t id[RC_ID_LEN] = "again and again";
	deliver_event *ev;
	int i;

	for (i = 0; i < 3; i++)
		assert_ok(rc_send(ann, &f->p[BOB], id, "once", 4, false, NULL));
	bob = rig_connect(&f->g, &f->p[BOB]);
	ev = next_delivery(bob);
	assert_int_equal(ev->n_items, 1);
	done_with(ev);
	assert_ok(rc_send(ann, &f->p[BOB], id, "once", 4, false, NULL));
	send_text(ann, &f->p[BOB], "next");
	(void)assert_text(bob, "next");
	rc_close(bob);
	rc_close(ann);
}

static void
test_send__ephemeral_never_rests(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]), *bob;

	assert_ok(rc_send(ann, &f->p[BOB], NULL, "typing", 6, true, NULL));
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_int_equal(rc_hello(bob)->queued_messages, 0);
	assert_queue_empty(bob);
	assert_ok(rc_send(ann, &f->p[BOB], NULL, "typing", 6, true, NULL));
	assert_int_equal(assert_text(bob, "typing"), 0);
	rc_close(bob);
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_queue_empty(bob);
	rc_close(bob);
	rc_close(ann);
}

/* What job_new() refuses, over the wire: nothing is queued. */
static void
test_send__refuses_what_cannot_be(void **state)
{
	static uint8_t big[300 * 1024];
	static const struct {
		const char *what;
		size_t id_len, account_len, body_len;
		uint32_t device;
		size_t accounts, devices;
		int want;
	} rows[] = {
	    {"no id", 0, 16, 1, 1, 1, 1, ERR_FORMAT},
	    {"long id", 17, 16, 1, 1, 1, 1, ERR_FORMAT},
	    {"short account", 16, 15, 1, 1, 1, 1, ERR_FORMAT},
	    {"device 0", 16, 16, 1, 0, 1, 1, ERR_FORMAT},
	    {"device 128", 16, 16, 1, 128, 1, 1, ERR_FORMAT},
	    {"empty body", 16, 16, 0, 1, 1, 1, ERR_FORMAT},
	    {"large body", 16, 16, sizeof(big), 1, 1, 1, ERR_RANGE},
	    {"nobody", 16, 16, 1, 1, 0, 1, ERR_RANGE},
	    {"too many", 16, 16, 1, 1, 1025, 0, ERR_RANGE},
	    {"too many devices", 16, 16, 1, 1, 1, 128, ERR_RANGE},
	    {"an account twice", 16, 16, 1, 1, 2, 1, ERR_RANGE},
	    {"a device twice", 16, 16, 1, 1, 1, 2, ERR_RANGE},
	};
	Sotto__Relay__SendRequest req;
	Sotto__Relay__AccountEnvelopes acc, *accs[1025];
	Sotto__Relay__DeviceEnvelope env, *envs[128];
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]), *bob;
	uint8_t id[32] = "some message id";
	size_t i, k;

	for (k = 0; k < ARRAY_LEN(accs); k++)
		accs[k] = &acc;
	for (k = 0; k < ARRAY_LEN(envs); k++)
		envs[k] = &env;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		sotto__relay__send_request__init(&req);
		sotto__relay__account_envelopes__init(&acc);
		sotto__relay__device_envelope__init(&env);
		req.message_id.data = id;
		req.message_id.len = rows[i].id_len;
		req.accounts = accs;
		req.n_accounts = rows[i].accounts;
		acc.account_id.data = f->p[BOB].account;
		acc.account_id.len = rows[i].account_len;
		acc.devices = envs;
		acc.n_devices = rows[i].devices;
		env.device_id = rows[i].device;
		env.registration_id = f->p[BOB].registration_id;
		env.type = 2;
		env.ciphertext.data = big;
		env.ciphertext.len = rows[i].body_len;
		if (rc_call(ann, METHOD_SEND, &req.base, NULL) != rows[i].want)
			fail_msg("%s", rows[i].what);
	}
	bob = rig_connect(&f->g, &f->p[BOB]);
	assert_queue_empty(bob);
	assert_int_equal(metrics_get(METRIC_messages_accepted), 0);
	rc_close(bob);
	rc_close(ann);
}

/* Bob reads nothing and acknowledges nothing while much more than a window is
 * sent; then he takes it all, page by page, in order. */
static void
test_delivery__a_slow_reader_gets_all_in_order(void **state)
{
	enum { N = 600, LEN = 4000 };
	const struct rc_opts narrow = {.rcvbuf = 4096};
	static uint8_t body[LEN];
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]), *bob;
	uint64_t got = 0, last = 0;
	uint32_t n;
	size_t i;

	assert_ok(rig_open(&f->g, &bob, &f->p[BOB], narrow));
	for (n = 0; n < N; n++) {
		memcpy(body, &n, sizeof(n));
		assert_ok(rc_send(
		    ann, &f->p[BOB], NULL, body, sizeof(body), false, NULL));
	}
	/* No more than a window has left the queue. */
	assert_true(metrics_get(METRIC_messages_delivered) < 100);
	while (got < N) {
		deliver_event *ev = next_delivery(bob);

		for (i = 0; i < ev->n_items; i++) {
			memcpy(&n, ev->items[i]->ciphertext.data, sizeof(n));
			assert_int_equal(n, got);
			assert_true(ev->items[i]->seq > last);
			last = ev->items[i]->seq;
			got++;
		}
		if (got == N)
			assert_true(ev->queue_empty);
		if (ev->n_items > 0)
			assert_ok(rc_ack(bob, last));
		done_with(ev);
	}
	rig_wait_metric(METRIC_messages_acked, N);
	send_text(ann, &f->p[BOB], "as it comes");
	(void)assert_text(bob, "as it comes");
	rc_close(bob);
	rc_close(ann);
}

/* Two senders on different loops, one receiver: nothing overtaken is lost. */
struct sender {
	struct fixture *f;
	unsigned who, n;
	int err;
};

static void *
send_many(void *arg)
{
	struct sender *s = arg;
	struct rc *c = rig_connect(&s->f->g, &s->f->p[s->who]);
	uint32_t i;

	for (i = 0; i < s->n && s->err == 0; i++) {
		uint32_t body[2] = {s->who, i};

		s->err = rc_send(
		    c, &s->f->p[BOB], NULL, body, sizeof(body), false, NULL);
	}
	rc_close(c);
	return NULL;
}

static void
test_delivery__two_loops_send_to_one_device(void **state)
{
	enum { N = 400 };
	struct fixture *f = *state;
	struct sender s[2] = {{f, ANN, N, 0}, {f, CID, N, 0}};
	struct rc *bob = rig_connect(&f->g, &f->p[BOB]);
	uint32_t next[PEOPLE] = {0};
	uint64_t last = 0;
	pthread_t t[2];
	size_t i;

	for (i = 0; i < 2; i++)
		assert_ok(pthread_create(&t[i], NULL, send_many, &s[i]));
	while (next[ANN] < N || next[CID] < N) {
		deliver_event *ev = next_delivery(bob);

		for (i = 0; i < ev->n_items; i++) {
			uint32_t body[2];

			memcpy(
			    body, ev->items[i]->ciphertext.data, sizeof(body));
			assert_int_equal(body[1], next[body[0]]);
			next[body[0]]++;
			assert_true(ev->items[i]->seq > last);
			last = ev->items[i]->seq;
		}
		if (ev->n_items > 0)
			assert_ok(rc_ack(bob, last));
		done_with(ev);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(s[i].err, 0);
	}
	rig_wait_metric(METRIC_messages_acked, 2 * N);
	rc_close(bob);
}

static void
test_kick__says_why_and_closes(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct store_devs gone = {.n = 0};
	char reason[16];
	store_dev dev;

	ping(ann);
	/* Devs are small numbers: name all that may be. */
	for (dev = 1; dev < 20; dev++)
		gone.v[gone.n++] = dev;
	relay_kick(f->g.relay, &gone, "banned");
	assert_ok(rc_wait_closed(ann, reason, sizeof(reason)));
	assert_string_equal(reason, "banned");
	rc_close(ann);
}

static void
test_restart__what_was_promised_is_there(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->p[ANN]);
	struct noise_public key = *relay_key(f->g.relay);
	char reason[16];
	struct rc *bob;

	send_text(ann, &f->p[BOB], "before");
	relay_drain(f->g.relay, NULL, NULL);
	assert_ok(rc_wait_closed(ann, reason, sizeof(reason)));
	assert_string_equal(reason, "drain");
	rc_close(ann);
	rig_stop(&f->g);
	rig_start(&f->g, NULL);
	assert_memory_equal(&key, relay_key(f->g.relay), sizeof(key));
	bob = rig_connect(&f->g, &f->p[BOB]);
	(void)assert_text(bob, "before");
	rc_close(bob);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_send__reaches_who_is_connected),
	    T(test_queue__keeps_what_was_not_acknowledged),
	    T(test_ack__counts_only_for_what_was_handed_out),
	    T(test_connection__the_newer_one_replaces_the_older),
	    T(test_connection__a_replayed_opening_replaces_nobody),
	    T(test_send__a_wrong_device_set_delivers_nothing_and_says_what),
	    T(test_send__the_same_id_waits_once),
	    T(test_send__ephemeral_never_rests),
	    T(test_send__refuses_what_cannot_be),
	    T(test_delivery__a_slow_reader_gets_all_in_order),
	    T(test_delivery__two_loops_send_to_one_device),
	    T(test_kick__says_why_and_closes),
	    T(test_restart__what_was_promised_is_there),
	};

	if (sodium_init() < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
