/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/noise/pipe.h"
#include "tests/unit/test.h"

/* The keys of tests/vectors/noise/generate.py. */
static struct noise_keypair alice, bob, old_bob;
static uint8_t alice_e[32], bob_e[32];

static void
labelled(const char *label, uint8_t out[static 32])
{
	char text[100];

	snprintf(text, sizeof(text), "sotto test vector: %s", label);
	crypto_hash_sha256(out, (const uint8_t *)text, strlen(text));
}

static void
labelled_pair(const char *label, struct noise_keypair *kp)
{
	struct noise_secret sk;

	labelled(label, sk.b);
	assert_ok(noise_keypair_of(kp, &sk));
}

static int
make_keys(void **state)
{
	(void)state;
	labelled_pair("alice static", &alice);
	labelled_pair("bob static", &bob);
	labelled_pair("bob static of last year", &old_bob);
	labelled("alice ephemeral", alice_e);
	labelled("bob ephemeral", bob_e);
	return 0;
}

static void
fill_fixed(void *ctx, void *out, size_t n)
{
	memcpy(out, ctx, n);
}

static const struct noise_rng alice_rng = {fill_fixed, alice_e};
static const struct noise_rng bob_rng = {fill_fixed, bob_e};

/* ---- a client and a relay with their buffers ---- */

struct end {
	struct pipe p;
	struct buf plain, out;
};

struct duo {
	struct end client, relay;
};

#define EARLY "early bytes"

static void
end_init(struct end *e)
{
	memset(&e->p, 0, sizeof(e->p));
	buf_init(&e->plain, 1 << 20);
	buf_init(&e->out, 1 << 20);
}

static void
end_clear(struct end *e)
{
	pipe_clear(&e->p);
	buf_clear(&e->plain);
	buf_clear(&e->out);
}

static void
duo_init(struct duo *d, const struct noise_public *known)
{
	end_init(&d->client);
	end_init(&d->relay);
	assert_ok(pipe_init_client(&d->client.p, &alice, known, EARLY,
	    strlen(EARLY), &alice_rng, &d->client.out));
	assert_ok(pipe_init_server(&d->relay.p, &bob, &bob_rng));
}

static void
duo_clear(struct duo *d)
{
	end_clear(&d->client);
	end_clear(&d->relay);
}

static int
input(struct end *to, const void *p, size_t len, size_t *used)
{
	return pipe_input(&to->p, p, len, used, &to->plain, &to->out);
}

/* Everything from has to say reaches to, at once. */
static int
pass(struct end *from, struct end *to)
{
	size_t used;
	int r = input(to, from->out.p, from->out.len, &used);

	if (r == 0)
		assert_int_equal(used, from->out.len);
	buf_reset(&from->out);
	return r;
}

static void
assert_plain(struct end *e, const char *want)
{
	assert_int_equal(e->plain.len, strlen(want));
	if (e->plain.len > 0)
		assert_memory_equal(e->plain.p, want, strlen(want));
	buf_reset(&e->plain);
}

static void
assert_failed(struct end *e)
{
	static const struct pipe wiped;
	size_t used = 9;

	assert_int_equal(pipe_state(&e->p), PIPE_FAILED);
	assert_memory_equal(&e->p, &wiped, sizeof(wiped));
	assert_err(input(e, "x", 1, &used), ERR_STATE);
	assert_int_equal(used, 0);
	assert_err(pipe_seal(&e->p, "x", 1, &e->out), ERR_STATE);
	assert_err(pipe_accept(&e->p, &e->out), ERR_STATE);
	assert_int_equal(e->plain.len + e->out.len, 0);
}

/* Run the handshake to its end. */
static void
duo_open(struct duo *d, const struct noise_public *known)
{
	duo_init(d, known);
	assert_ok(pass(&d->client, &d->relay));
	assert_ok(pass(&d->relay, &d->client));
	if (pipe_state(&d->client.p) == PIPE_JUDGE)
		assert_ok(pipe_accept(&d->client.p, &d->client.out));
	assert_ok(pass(&d->client, &d->relay));
	assert_int_equal(pipe_state(&d->client.p), PIPE_OPEN);
	assert_int_equal(pipe_state(&d->relay.p), PIPE_OPEN);
	assert_plain(&d->relay, EARLY);
}

static void
assert_talks(struct duo *d)
{
	assert_ok(pipe_seal(&d->client.p, "to relay", 8, &d->client.out));
	assert_ok(pass(&d->client, &d->relay));
	assert_plain(&d->relay, "to relay");
	assert_ok(pipe_seal(&d->relay.p, "to client", 9, &d->relay.out));
	assert_ok(pass(&d->relay, &d->client));
	assert_plain(&d->client, "to client");
}

static void
assert_peers(const struct duo *d)
{
	assert_memory_equal(pipe_remote_static(&d->client.p), &bob.pk, 32);
	assert_memory_equal(pipe_remote_static(&d->relay.p), &alice.pk, 32);
}

/* ---- the three handshakes ---- */

static void
test_pipe_xx__early_bytes_wait_for_the_verdict(void **state)
{
	struct duo d;
	size_t used;

	(void)state;
	duo_init(&d, NULL);
	assert_null(pipe_remote_static(&d.client.p));
	assert_ok(pass(&d.client, &d.relay));
	assert_int_equal(pipe_state(&d.relay.p), PIPE_HANDSHAKE);
	assert_plain(&d.relay, "");
	assert_ok(pass(&d.relay, &d.client));
	assert_int_equal(pipe_state(&d.client.p), PIPE_JUDGE);
	assert_int_equal(d.client.out.len, 0);
	assert_memory_equal(pipe_remote_static(&d.client.p), &bob.pk, 32);
	assert_err(pipe_seal(&d.client.p, "x", 1, &d.client.out), ERR_STATE);
	/* what comes before the verdict has to wait */
	assert_ok(input(&d.client, "\0\20", 2, &used));
	assert_int_equal(used, 0);
	assert_null(pipe_remote_static(&d.relay.p));
	assert_false(pipe_confirmed(&d.client.p));

	assert_ok(pipe_accept(&d.client.p, &d.client.out));
	assert_err(pipe_accept(&d.client.p, &d.client.out), ERR_STATE);
	assert_ok(pass(&d.client, &d.relay));
	assert_plain(&d.relay, EARLY);
	assert_peers(&d);
	assert_true(pipe_confirmed(&d.client.p));
	assert_true(pipe_confirmed(&d.relay.p));
	assert_false(pipe_used_fallback(&d.client.p));
	assert_talks(&d);
	duo_clear(&d);
}

static void
test_pipe_ik__opens_in_one_round_trip_and_proves_itself(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, &bob.pk);
	assert_ok(pass(&d.client, &d.relay));
	assert_int_equal(pipe_state(&d.relay.p), PIPE_OPEN);
	assert_plain(&d.relay, EARLY);
	assert_false(pipe_confirmed(&d.relay.p));
	assert_ok(pass(&d.relay, &d.client));
	assert_int_equal(pipe_state(&d.client.p), PIPE_OPEN);
	/* the empty record that proves the client to be here, now */
	assert_int_equal(d.client.out.len, PIPE_OVERHEAD);
	assert_ok(pass(&d.client, &d.relay));
	assert_true(pipe_confirmed(&d.relay.p));
	assert_plain(&d.relay, "");
	assert_peers(&d);
	assert_false(pipe_used_fallback(&d.relay.p));
	assert_talks(&d);
	duo_clear(&d);
}

static void
test_pipe_fallback__tells_the_client_that_the_key_changed(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, &old_bob.pk);
	assert_ok(pass(&d.client, &d.relay));
	assert_plain(&d.relay, "");
	assert_int_equal(pipe_state(&d.relay.p), PIPE_HANDSHAKE);
	assert_null(pipe_remote_static(&d.relay.p));
	assert_ok(pass(&d.relay, &d.client));
	assert_int_equal(pipe_state(&d.client.p), PIPE_JUDGE);
	assert_true(pipe_used_fallback(&d.client.p));
	assert_true(pipe_used_fallback(&d.relay.p));
	assert_int_equal(d.client.out.len, 0);
	assert_ok(pipe_accept(&d.client.p, &d.client.out));
	assert_ok(pass(&d.client, &d.relay));
	assert_plain(&d.relay, EARLY);
	assert_peers(&d);
	assert_true(pipe_confirmed(&d.relay.p));
	assert_talks(&d);
	duo_clear(&d);
}

static void
test_pipe_ik__a_replayed_opening_is_never_confirmed(void **state)
{
	struct buf recorded;
	struct end second;
	struct duo d;
	size_t used;

	(void)state;
	duo_init(&d, &bob.pk);
	buf_init(&recorded, 4096);
	assert_ok(buf_put(&recorded, d.client.out.p, d.client.out.len));
	assert_ok(pass(&d.client, &d.relay));
	assert_ok(pass(&d.relay, &d.client));
	assert_ok(buf_put(&recorded, d.client.out.p, d.client.out.len));

	/* both the opening and what followed it, to a relay with a new e */
	end_init(&second);
	assert_ok(pipe_init_server(&second.p, &bob, NULL));
	assert_err(input(&second, recorded.p, recorded.len, &used), ERR_AUTH);
	assert_int_equal(pipe_state(&second.p), PIPE_FAILED);
	assert_false(pipe_confirmed(&second.p));
	end_clear(&second);
	buf_clear(&recorded);
	duo_clear(&d);
}

/* ---- pieces ---- */

/* Byte by byte, as the caller's input buffer grows. */
static void
trickle(struct end *from, struct end *to)
{
	size_t i, done = 0, used;

	for (i = 1; i <= from->out.len; i++) {
		assert_ok(input(to, from->out.p + done, i - done, &used));
		done += used;
	}
	assert_int_equal(done, from->out.len);
	buf_reset(&from->out);
}

static void
test_pipe_input__any_cut_of_the_stream_is_the_same(void **state)
{
	const struct noise_public *known[] = {NULL, &bob.pk, &old_bob.pk};
	struct duo d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(known); i++) {
		duo_init(&d, known[i]);
		trickle(&d.client, &d.relay);
		trickle(&d.relay, &d.client);
		if (pipe_state(&d.client.p) == PIPE_JUDGE)
			assert_ok(pipe_accept(&d.client.p, &d.client.out));
		assert_ok(pipe_seal(&d.client.p, " and", 4, &d.client.out));
		assert_ok(pipe_seal(&d.client.p, " more", 5, &d.client.out));
		trickle(&d.client, &d.relay);
		assert_plain(&d.relay, EARLY " and more");
		duo_clear(&d);
	}
}

static void
test_pipe_input__the_client_may_send_on_with_its_last_message(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, NULL);
	assert_ok(pass(&d.client, &d.relay));
	assert_ok(pass(&d.relay, &d.client));
	assert_ok(pipe_accept(&d.client.p, &d.client.out));
	assert_ok(pipe_seal(&d.client.p, "+1", 2, &d.client.out));
	assert_ok(pass(&d.client, &d.relay)); /* one piece of bytes */
	assert_plain(&d.relay, EARLY "+1");
	duo_clear(&d);
}

static void
test_pipe_seal__long_data_takes_as_many_records_as_it_needs(void **state)
{
	static const size_t lens[] = {0, 1, PIPE_PLAIN_MAX, PIPE_PLAIN_MAX + 1,
	    2 * PIPE_PLAIN_MAX, 3 * PIPE_PLAIN_MAX + 7};
	static uint8_t data[3 * PIPE_PLAIN_MAX + 7];
	struct duo d;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	duo_open(&d, &bob.pk);
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		assert_ok(pipe_seal(&d.client.p, data, lens[i], &d.client.out));
		n = lens[i] == 0
			? 1
			: (lens[i] + PIPE_PLAIN_MAX - 1) / PIPE_PLAIN_MAX;
		assert_int_equal(d.client.out.len, lens[i] + n * PIPE_OVERHEAD);
		assert_int_equal(pipe_sealed_len(lens[i]), d.client.out.len);
		assert_ok(pass(&d.client, &d.relay));
		assert_int_equal(d.relay.plain.len, lens[i]);
		if (lens[i] > 0)
			assert_memory_equal(d.relay.plain.p, data, lens[i]);
		buf_reset(&d.relay.plain);
	}
	duo_clear(&d);
}

static void
test_pipe_seal__without_room_or_nonces_nothing_happens(void **state)
{
	static const uint8_t long_data[PIPE_PLAIN_MAX + 1];
	struct pipe before;
	struct buf small;
	struct duo d;

	(void)state;
	duo_open(&d, NULL);
	before = d.client.p;
	buf_init(&small, PIPE_OVERHEAD + 4);
	assert_err(pipe_seal(&d.client.p, "hello", 5, &small), ERR_FULL);
	assert_int_equal(small.len, 0);
	assert_memory_equal(&before, &d.client.p, sizeof(before));
	d.client.p.tx.n = UINT64_MAX;
	assert_err(pipe_seal(&d.client.p, "hell", 4, &small), ERR_STATE);
	assert_int_equal(small.len, 0);
	d.client.p.tx.n = UINT64_MAX - 1; /* one record left, two needed */
	assert_err(
	    pipe_seal(&d.client.p, long_data, sizeof(long_data), &d.client.out),
	    ERR_STATE);
	assert_int_equal(d.client.out.len, 0);
	buf_clear(&small);
	duo_clear(&d);
}

static void
test_pipe_input__waits_while_the_reader_has_no_room(void **state)
{
	struct buf small;
	struct duo d;
	size_t used;

	(void)state;
	duo_open(&d, &bob.pk);
	assert_ok(pipe_seal(&d.client.p, "one", 3, &d.client.out));
	assert_ok(pipe_seal(&d.client.p, "two", 3, &d.client.out));
	buf_init(&small, 4);
	assert_err(pipe_input(&d.relay.p, d.client.out.p, d.client.out.len,
		       &used, &small, &d.relay.out),
	    ERR_FULL);
	assert_int_equal(used, PIPE_OVERHEAD + 3);
	assert_memory_equal(small.p, "one", 3);
	buf_reset(&small);
	assert_ok(pipe_input(&d.relay.p, d.client.out.p + used,
	    d.client.out.len - used, &used, &small, &d.relay.out));
	assert_memory_equal(small.p, "two", 3);
	buf_clear(&small);
	duo_clear(&d);
}

/* ---- hostile bytes ---- */

static void
test_pipe_server__refuses_a_stranger_by_its_first_bytes(void **state)
{
	static const struct {
		const char *hex;
		size_t fed; /* refused when this much is seen */
		int want;
	} rows[] = {
	    {"474554", 1, ERR_FORMAT}, /* GET */
	    {"5347", 2, ERR_FORMAT},
	    {"535402", 3, ERR_VERSION},
	    {"535400", 3, ERR_VERSION},
	    {"53540100", 4, ERR_FORMAT},
	    {"53540103", 4, ERR_FORMAT}, /* XXfallback is the relay's to say */
	    {"53540101 001f", 6, ERR_RANGE}, /* XX: 32 bytes, no more */
	    {"53540101 0021", 6, ERR_RANGE},
	    {"53540102 005f", 6, ERR_RANGE}, /* IK: 96, and 512 early */
	    {"53540102 0261", 6, ERR_RANGE},
	    {"53540102 ffff", 6, ERR_RANGE},
	};
	uint8_t bytes[16];
	struct end relay;
	size_t i, n, used;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		hex_bytes(rows[i].hex, bytes, sizeof(bytes));
		end_init(&relay);
		assert_ok(pipe_init_server(&relay.p, &bob, NULL));
		for (n = 0; n < rows[i].fed; n++)
			if (n < 4 || rows[i].fed == 4) {
				assert_ok(input(&relay, bytes, n, &used));
				if (n < 4)
					assert_int_equal(used, 0);
			}
		assert_err(input(&relay, bytes, n, &used), rows[i].want);
		assert_failed(&relay);
		end_clear(&relay);
	}
}

static void
test_pipe_client__refuses_an_answer_it_did_not_ask_for(void **state)
{
	static const struct {
		bool ik;
		const char *hex;
		int want;
	} rows[] = {
	    {false, "00", ERR_FORMAT},
	    {false, "02", ERR_FORMAT},
	    {false, "03", ERR_FORMAT},
	    {true, "01", ERR_FORMAT},
	    {true, "53", ERR_FORMAT},
	    {false, "01 0061", ERR_RANGE},
	    {false, "01 005f", ERR_RANGE},
	    {true, "02 002f", ERR_RANGE},
	    {true, "02 0031", ERR_RANGE},
	    {true, "03 0061", ERR_RANGE},
	    {true, "03 ffff", ERR_RANGE},
	};
	uint8_t bytes[16];
	size_t i, n, used;
	struct duo d;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		duo_init(&d, rows[i].ik ? &bob.pk : NULL);
		buf_reset(&d.client.out);
		n = hex_bytes(rows[i].hex, bytes, sizeof(bytes));
		assert_err(input(&d.client, bytes, n, &used), rows[i].want);
		assert_failed(&d.client);
		duo_clear(&d);
	}
}

/* One bit of message `step` flipped on its way; what the reader says. */
static int
flipped(const struct noise_public *known, int step, size_t bit, struct end *at)
{
	struct end *from, *to;
	struct duo d;
	size_t used;
	int i, r = 0;

	duo_init(&d, known);
	for (i = 0; i <= step && r == 0; i++) {
		from = i % 2 == 0 ? &d.client : &d.relay;
		to = i % 2 == 0 ? &d.relay : &d.client;
		if (i == step)
			from->out.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = input(to, from->out.p, from->out.len, &used);
		buf_reset(&from->out);
		if (pipe_state(&d.client.p) == PIPE_JUDGE)
			assert_ok(pipe_accept(&d.client.p, &d.client.out));
	}
	if (step % 2 == 0) {
		*at = d.relay;
		end_clear(&d.client);
	} else {
		*at = d.client;
		end_clear(&d.relay);
	}
	return r;
}

static void
test_pipe_input__every_flipped_bit_of_the_answers_is_refused(void **state)
{
	const struct {
		const struct noise_public *known;
		int step;
		size_t len;
	} rows[] = {
	    {NULL, 1, 99},
	    {NULL, 2, 2 + 64 + strlen(EARLY)},
	    {&bob.pk, 1, 51},
	    {&bob.pk, 2, PIPE_OVERHEAD},
	    {&old_bob.pk, 1, 99},
	    {&old_bob.pk, 2, 2 + 64 + strlen(EARLY)},
	};
	struct end at;
	size_t i, bit;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		for (bit = 0; bit < 8 * rows[i].len; bit += 3) {
			r = flipped(rows[i].known, rows[i].step, bit, &at);
			/* a longer record is waited for; nothing is believed */
			if (r == 0)
				assert_true(
				    pipe_state(&at.p) == PIPE_HANDSHAKE ||
				    !pipe_confirmed(&at.p));
			else
				assert_true(r == ERR_AUTH || r == ERR_RANGE ||
					    r == ERR_FORMAT);
			if (at.plain.len > 0) /* IK's early bytes, step 0 */
				assert_plain(&at, EARLY);
			end_clear(&at);
		}
}

static void
test_pipe_server__a_bent_ik_opening_ends_in_the_fallback(void **state)
{
	struct end at;
	size_t bit;
	int r;

	(void)state;
	for (bit = 8 * 6; bit < 8 * (6 + 96 + strlen(EARLY)); bit += 5) {
		r = flipped(&bob.pk, 0, bit, &at);
		assert_ok(r);
		assert_true(pipe_used_fallback(&at.p));
		assert_int_equal(pipe_state(&at.p), PIPE_HANDSHAKE);
		assert_null(pipe_remote_static(&at.p));
		assert_int_equal(at.plain.len, 0);
		assert_int_equal(at.out.p[0], 3);
		end_clear(&at);
	}
}

static void
test_pipe_client__a_lying_fallback_shows_the_true_key(void **state)
{
	struct duo d;

	(void)state;
	/* somebody bends the opening: the client sees that the key is the
	 * same, and that its early bytes were not read by anyone */
	duo_init(&d, &bob.pk);
	d.client.out.p[50] ^= 1;
	assert_ok(pass(&d.client, &d.relay));
	assert_ok(pass(&d.relay, &d.client));
	assert_true(pipe_used_fallback(&d.client.p));
	assert_memory_equal(pipe_remote_static(&d.client.p), &bob.pk, 32);
	duo_clear(&d);
}

static void
test_pipe_input__open_records_cannot_be_bent_cut_or_repeated(void **state)
{
	uint8_t rec[PIPE_OVERHEAD + 5];
	struct duo d;
	size_t bit, used;
	int r;

	(void)state;
	for (bit = 0; bit < 8 * sizeof(rec); bit++) {
		duo_open(&d, &bob.pk);
		assert_ok(pipe_seal(&d.client.p, "hello", 5, &d.client.out));
		memcpy(rec, d.client.out.p, sizeof(rec));
		buf_reset(&d.client.out);
		rec[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = input(&d.relay, rec, sizeof(rec), &used);
		assert_int_equal(d.relay.plain.len, 0);
		if (r == 0) /* a longer record: waits for its end */
			assert_int_equal(used, 0);
		else
			assert_failed(&d.relay);
		rec[bit / 8] ^= (uint8_t)(1 << bit % 8);
		duo_clear(&d);
	}
	duo_open(&d, &bob.pk);
	assert_ok(pipe_seal(&d.client.p, "hello", 5, &d.client.out));
	memcpy(rec, d.client.out.p, sizeof(rec));
	assert_ok(pass(&d.client, &d.relay));
	assert_plain(&d.relay, "hello");
	assert_err(input(&d.relay, rec, sizeof(rec), &used), ERR_AUTH);
	assert_failed(&d.relay);
	duo_clear(&d);
}

static void
test_pipe_input__a_record_below_a_tag_is_refused_by_its_length(void **state)
{
	struct duo d;
	size_t used;

	(void)state;
	duo_open(&d, &bob.pk);
	assert_err(input(&d.relay, "\x00\x0f", 2, &used), ERR_RANGE);
	assert_failed(&d.relay);
	duo_clear(&d);
}

static void
test_pipe_input__early_bytes_have_a_limit(void **state)
{
	uint8_t early[PIPE_EARLY_MAX + 1] = {0};
	struct end client, relay;

	(void)state;
	end_init(&client);
	assert_err(pipe_init_client(&client.p, &alice, &bob.pk, early,
		       sizeof(early), NULL, &client.out),
	    ERR_RANGE);
	assert_failed(&client);
	assert_ok(pipe_init_client(&client.p, &alice, &bob.pk, early,
	    PIPE_EARLY_MAX, NULL, &client.out));
	end_init(&relay);
	assert_ok(pipe_init_server(&relay.p, &bob, NULL));
	assert_ok(pass(&client, &relay));
	assert_int_equal(relay.plain.len, PIPE_EARLY_MAX);
	end_clear(&client);
	end_clear(&relay);
}

static void
test_pipe_init_client__refuses_a_key_of_small_order(void **state)
{
	static const struct noise_public zero;
	struct end client;

	(void)state;
	end_init(&client);
	assert_err(pipe_init_client(
		       &client.p, &alice, &zero, NULL, 0, NULL, &client.out),
	    ERR_AUTH);
	assert_failed(&client);
	end_clear(&client);
}

static void
test_pipe_server__a_small_order_ephemeral_is_refused(void **state)
{
	uint8_t opening[4 + 2 + 32] = {'S', 'T', 1, 1, 0, 32};
	struct end relay;
	size_t used;

	(void)state;
	end_init(&relay);
	assert_ok(pipe_init_server(&relay.p, &bob, NULL));
	assert_err(input(&relay, opening, sizeof(opening), &used), ERR_AUTH);
	assert_failed(&relay);
	end_clear(&relay);
}

/* ---- memory ---- */

static int
whole_session(void *arg)
{
	const struct noise_public *known = arg;
	struct end client, relay;
	size_t used;
	int r;

	end_init(&client);
	end_init(&relay);
	r = pipe_init_client(
	    &client.p, &alice, known, EARLY, strlen(EARLY), NULL, &client.out);
	if (r == 0)
		r = pipe_init_server(&relay.p, &bob, NULL);
	if (r == 0)
		r = input(&relay, client.out.p, client.out.len, &used);
	if (r == 0)
		buf_reset(&client.out);
	if (r == 0)
		r = input(&client, relay.out.p, relay.out.len, &used);
	if (r == 0 && pipe_state(&client.p) == PIPE_JUDGE)
		r = pipe_accept(&client.p, &client.out);
	if (r == 0)
		r = pipe_seal(&client.p, "x", 1, &client.out);
	if (r == 0)
		r = input(&relay, client.out.p, client.out.len, &used);
	end_clear(&client);
	end_clear(&relay);
	return r;
}

static void
test_pipe__survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(alloc_sweep(whole_session, NULL) >= 4);
	assert_true(alloc_sweep(whole_session, &bob.pk) >= 4);
	assert_true(alloc_sweep(whole_session, &old_bob.pk) >= 4);
}

/* relay's n-th allocation from now fails; then it gets the same bytes again. */
static void
starve(struct duo *d, const struct noise_public *known, long n)
{
	size_t used;
	int r;

	duo_init(d, known);
	alloc_fail_at(n);
	r = input(&d->relay, d->client.out.p, d->client.out.len, &used);
	assert_int_equal(r, alloc_failed() ? ERR_NOMEM : 0);
	alloc_fail_at(-1);
	buf_drop(&d->client.out, used);
	assert_ok(pass(&d->client, &d->relay));
	assert_ok(pass(&d->relay, &d->client));
	if (pipe_state(&d->client.p) == PIPE_JUDGE)
		assert_ok(pipe_accept(&d->client.p, &d->client.out));
	assert_ok(pass(&d->client, &d->relay));
	assert_plain(&d->relay, EARLY);
	assert_talks(d);
}

static void
test_pipe_input__goes_on_where_memory_failed(void **state)
{
	const struct noise_public *known[] = {NULL, &bob.pk, &old_bob.pk};
	struct duo d;
	size_t i;
	long n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(known); i++)
		for (n = 0; n < 4; n++) {
			starve(&d, known[i], n);
			duo_clear(&d);
		}
}

static void
test_pipe__keeps_two_ciphers_and_a_key(void **state)
{
	struct pipe moved;
	struct duo d;

	(void)state;
	assert_true(sizeof(struct pipe) <= 120);
	duo_open(&d, NULL);
	/* moved by plain copy: no pointer into itself, none to the heap */
	moved = d.client.p;
	memset(&d.client.p, 0xff, sizeof(moved));
	d.client.p = moved;
	assert_talks(&d);
	pipe_clear(&d.client.p);
	pipe_clear(&d.client.p);
	assert_failed(&d.client);
	duo_clear(&d);
}

/* ---- the examples of docs/protocol.md ---- */

static void
assert_example(struct end *e, const char *name)
{
	char path[200], *text, *hex;
	static uint8_t want[2048];
	size_t n;

	snprintf(path, sizeof(path), "tests/vectors/protocol/%s.hex", name);
	text = read_text_file(path, NULL);
	for (hex = text; *hex == '#'; hex++)
		hex = strchr(hex, '\n');
	n = hex_bytes(hex, want, sizeof(want));
	free(text);
	assert_int_equal(e->out.len, n);
	assert_memory_equal(e->out.p, want, n);
}

static size_t
hello_frame(uint8_t *out, size_t cap)
{
	return hex_bytes("0000000f 01 0001 00000001 0a0b 736f74746f20302e312e30"
			 "1001",
	    out, cap);
}

static void
run_example(const struct noise_public *known, const char *const names[4])
{
	uint8_t hello[64];
	struct duo d;
	size_t n = hello_frame(hello, sizeof(hello));

	end_init(&d.client);
	end_init(&d.relay);
	assert_ok(pipe_init_client(
	    &d.client.p, &alice, known, hello, n, &alice_rng, &d.client.out));
	assert_ok(pipe_init_server(&d.relay.p, &bob, &bob_rng));
	assert_example(&d.client, names[0]);
	assert_ok(pass(&d.client, &d.relay));
	assert_example(&d.relay, names[1]);
	assert_ok(pass(&d.relay, &d.client));
	if (pipe_state(&d.client.p) == PIPE_JUDGE) {
		assert_ok(pipe_accept(&d.client.p, &d.client.out));
	} else {
		hex_bytes("00000005 01 0002 00000007 0a03616263", hello, 64);
		assert_ok(pipe_seal(&d.client.p, hello, 16, &d.client.out));
	}
	assert_example(&d.client, names[2]);
	assert_ok(pass(&d.client, &d.relay));
	if (names[3] != NULL) {
		hex_bytes("00000005 02 0002 00000007 0a03616263", hello, 64);
		assert_ok(pipe_seal(&d.relay.p, hello, 16, &d.relay.out));
		assert_example(&d.relay, names[3]);
	}
	duo_clear(&d);
}

static void
test_pipe__speaks_the_bytes_of_the_document(void **state)
{
	static const char *const xx[] = {
	    "xx_1_client", "xx_2_relay", "xx_3_client", NULL};
	static const char *const ik[] = {
	    "ik_1_client", "ik_2_relay", "ik_3_client", "ik_4_relay"};
	static const char *const fallback[] = {
	    "fallback_1_client", "fallback_2_relay", "fallback_3_client", NULL};

	(void)state;
	run_example(NULL, xx);
	run_example(&bob.pk, ik);
	run_example(&old_bob.pk, fallback);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pipe_xx__early_bytes_wait_for_the_verdict),
	    cmocka_unit_test(
		test_pipe_ik__opens_in_one_round_trip_and_proves_itself),
	    cmocka_unit_test(
		test_pipe_fallback__tells_the_client_that_the_key_changed),
	    cmocka_unit_test(
		test_pipe_ik__a_replayed_opening_is_never_confirmed),
	    cmocka_unit_test(
		test_pipe_input__any_cut_of_the_stream_is_the_same),
	    cmocka_unit_test(
		test_pipe_input__the_client_may_send_on_with_its_last_message),
	    cmocka_unit_test(
		test_pipe_seal__long_data_takes_as_many_records_as_it_needs),
	    cmocka_unit_test(
		test_pipe_seal__without_room_or_nonces_nothing_happens),
	    cmocka_unit_test(
		test_pipe_input__waits_while_the_reader_has_no_room),
	    cmocka_unit_test(
		test_pipe_server__refuses_a_stranger_by_its_first_bytes),
	    cmocka_unit_test(
		test_pipe_client__refuses_an_answer_it_did_not_ask_for),
	    cmocka_unit_test(
		test_pipe_input__every_flipped_bit_of_the_answers_is_refused),
	    cmocka_unit_test(
		test_pipe_server__a_bent_ik_opening_ends_in_the_fallback),
	    cmocka_unit_test(
		test_pipe_client__a_lying_fallback_shows_the_true_key),
	    cmocka_unit_test(
		test_pipe_input__open_records_cannot_be_bent_cut_or_repeated),
	    cmocka_unit_test(
		test_pipe_input__a_record_below_a_tag_is_refused_by_its_length),
	    cmocka_unit_test(test_pipe_input__early_bytes_have_a_limit),
	    cmocka_unit_test(
		test_pipe_init_client__refuses_a_key_of_small_order),
	    cmocka_unit_test(
		test_pipe_server__a_small_order_ephemeral_is_refused),
	    cmocka_unit_test(test_pipe__survives_every_failed_allocation),
	    cmocka_unit_test(test_pipe_input__goes_on_where_memory_failed),
	    cmocka_unit_test(test_pipe__keeps_two_ciphers_and_a_key),
	    cmocka_unit_test(test_pipe__speaks_the_bytes_of_the_document),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, make_keys, NULL);
}
