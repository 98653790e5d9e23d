/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SPQR between two of ours: every step, loss and disorder over thousands of
 * messages, forgeries, records. The state is written and read again
 * between any two calls.
 */
#include <sodium.h>

#include "common/signal/spqr.h"
#include "tests/unit/test.h"

#define STATE_MAX (256 * 1024)

/* Choices and randomness: the same in every run. */
static uint32_t
pick(uint32_t n)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(x >> 33) % n;
}

static void
fill(void *ctx, void *out, size_t n)
{
	uint8_t seed[randombytes_SEEDBYTES] = {0};
	uint32_t *counter = ctx;

	put_be32(seed, ++*counter);
	randombytes_buf_deterministic(out, n, seed);
}

static uint32_t drawn;
static const struct signal_rng rng = {fill, &drawn};

struct side {
	struct buf state;
	uint64_t epochs; /* completed, counted by the chain */
	unsigned steps; /* bit set of those seen */
};

struct sent {
	uint8_t p[SPQR_MESSAGE_MAX];
	size_t len;
	struct spqr_key key;
};

/* What does not belong to the step is gone from memory, not only unstored. */
static void
assert_wiped(const struct spqr *q)
{
	const struct spqr_shape *shape = spqr_shape(q->step);
	const struct {
		const uint8_t *p;
		size_t len;
		bool kept;
	} parts[] = {
	    {q->out, sizeof(q->out), shape->out > 0},
	    {q->seed, sizeof(q->seed), shape->parts & SPQR_SEED},
	    {q->ct1, sizeof(q->ct1), shape->parts & SPQR_CT1_KEPT},
	    {q->hdr, sizeof(q->hdr), shape->parts & SPQR_HDR_KEPT},
	    {q->m, sizeof(q->m), shape->parts & SPQR_M},
	    {q->ct2, sizeof(q->ct2), shape->parts & SPQR_CT2_KEPT},
	    {q->in[0].b, CHUNK_LEN, shape->in > 0},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(parts); i++)
		assert_int_equal(sodium_is_zero(parts[i].p, parts[i].len),
		    !parts[i].kept ||
			(parts[i].p == q->in[0].b && q->in_n == 0));
}

static void
put(struct side *s, struct spqr *q)
{
	struct buf made, again;

	assert_wiped(q);
	buf_init(&made, STATE_MAX);
	buf_init(&again, STATE_MAX);
	assert_ok(spqr_store(q, &made));
	s->steps |= 1u << q->step;
	s->epochs = q->chain.newest;
	spqr_clear(q);
	/* what was read is written the same */
	assert_ok(spqr_load(q, made.p, made.len));
	assert_ok(spqr_store(q, &again));
	assert_int_equal(again.len, made.len);
	assert_memory_equal(again.p, made.p, made.len);
	spqr_clear(q);
	buf_clear(&again);
	buf_clear(&s->state);
	s->state = made;
}

static void
get(const struct side *s, struct spqr *q)
{
	assert_ok(spqr_load(q, s->state.p, s->state.len));
}

static void
begin(struct side *a, struct side *b, bool optional_a, bool optional_b)
{
	uint8_t secret[KDF_LEN];
	struct spqr q;

	fill(&drawn, secret, sizeof(secret));
	*a = *b = (struct side){.epochs = 0};
	spqr_init(&q, true, optional_a, secret);
	put(a, &q);
	spqr_init(&q, false, optional_b, secret);
	put(b, &q);
}

static void
end(struct side *a, struct side *b)
{
	buf_clear(&a->state);
	buf_clear(&b->state);
}

static struct sent
send(struct side *s)
{
	struct sent m;
	struct spqr q;

	get(s, &q);
	assert_ok(spqr_send(&q, &rng, m.p, &m.len, &m.key));
	put(s, &q);
	return m;
}

static int
try(struct side *s, const struct sent *m)
{
	struct spqr_key key;
	struct spqr q;
	int r;

	get(s, &q);
	r = spqr_recv(&q, m->p, m->len, &key);
	if (r != 0) {
		spqr_clear(&q);
		return r;
	}
	assert_int_equal(key.has, m->key.has);
	if (key.has)
		assert_memory_equal(key.b, m->key.b, KDF_LEN);
	put(s, &q);
	return 0;
}

static void
deliver(struct side *s, struct sent m)
{
	assert_ok(try(s, &m));
}

static enum spqr_step
step_of(const struct side *s)
{
	enum spqr_step step;
	struct spqr q;

	get(s, &q);
	step = q.step;
	spqr_clear(&q);
	return step;
}

static enum spqr_type
type_of(const struct sent *m)
{
	struct spqr_message got;

	assert_ok(spqr_message_get(&got, m->p, m->len));
	return got.type;
}

/* Send, expect a type; deliver, or not. */
static void
turn(struct side *from, struct side *to, enum spqr_type type)
{
	struct sent m = send(from);

	assert_int_equal(type_of(&m), type);
	if (to != NULL)
		deliver(to, m);
}

static void
turns(struct side *from, struct side *to, enum spqr_type type, int n)
{
	while (n-- > 0)
		turn(from, to, type);
}

/* One epoch as it goes when the key is there before the ciphertext. */
static void
test_spqr__every_step_key_first(void **state)
{
	struct side a, b;

	begin(&a, &b, false, false);
	assert_int_equal(step_of(&a), SPQR_KEYS_UNSAMPLED);
	turn(&b, &a, SPQR_NONE);
	assert_int_equal(step_of(&a), SPQR_KEYS_UNSAMPLED);
	turns(&a, &b, SPQR_HDR, 2);
	assert_int_equal(step_of(&a), SPQR_KEYS_SAMPLED);
	assert_int_equal(step_of(&b), SPQR_NO_HEADER_RECEIVED);
	turn(&a, NULL, SPQR_HDR);
	turn(&a, &b, SPQR_HDR); /* the fourth stands for the third */
	assert_int_equal(step_of(&b), SPQR_HEADER_RECEIVED);
	assert_int_equal(b.epochs, 0);
	turn(&b, &a, SPQR_CT1);
	assert_int_equal(step_of(&b), SPQR_CT1_SAMPLED);
	assert_int_equal(b.epochs, 1);
	assert_int_equal(step_of(&a), SPQR_HEADER_SENT);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS - 1);
	assert_int_equal(step_of(&b), SPQR_CT1_SAMPLED);
	turn(&a, &b, SPQR_EK);
	assert_int_equal(step_of(&b), SPQR_EK_RECEIVED_CT1_SAMPLED);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS - 2);
	assert_int_equal(step_of(&a), SPQR_HEADER_SENT);
	turn(&a, &b, SPQR_EK); /* one too many */
	turn(&b, &a, SPQR_CT1);
	assert_int_equal(step_of(&a), SPQR_CT1_RECEIVED);
	turn(&b, &a, SPQR_CT1);
	assert_int_equal(step_of(&a), SPQR_CT1_RECEIVED);
	turn(&a, &b, SPQR_EK_CT1_ACK);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	turn(&b, &a, SPQR_CT2);
	assert_int_equal(step_of(&a), SPQR_EK_SENT_CT1_RECEIVED);
	turn(&a, &b, SPQR_CT1_ACK);
	turns(&b, &a, SPQR_CT2, SPQR_CT2_CHUNKS - 2);
	assert_int_equal(a.epochs, 0);
	turn(&b, &a, SPQR_CT2);
	assert_int_equal(a.epochs, 1);
	assert_int_equal(step_of(&a), SPQR_NO_HEADER_RECEIVED);
	turn(&b, &a, SPQR_CT2); /* of an epoch that is done */
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	turn(&a, &b, SPQR_NONE);
	assert_int_equal(step_of(&b), SPQR_KEYS_UNSAMPLED);
	turn(&b, &a, SPQR_HDR);
	assert_int_equal(step_of(&b), SPQR_KEYS_SAMPLED);
	end(&a, &b);
}

/* The ciphertext's first half is there before the key. */
static void
test_spqr__every_step_ciphertext_first(void **state)
{
	struct side a, b;

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, SPQR_HDR_CHUNKS);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS);
	assert_int_equal(step_of(&a), SPQR_CT1_RECEIVED);
	turn(&a, &b, SPQR_EK_CT1_ACK);
	assert_int_equal(step_of(&b), SPQR_CT1_ACKNOWLEDGED);
	turn(&b, &a, SPQR_NONE);
	turns(&a, &b, SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS - 2);
	assert_int_equal(step_of(&b), SPQR_CT1_ACKNOWLEDGED);
	turn(&a, &b, SPQR_EK_CT1_ACK);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	turns(&b, &a, SPQR_CT2, SPQR_CT2_CHUNKS);
	assert_int_equal(step_of(&a), SPQR_NO_HEADER_RECEIVED);
	assert_int_equal(a.epochs, 1);
	end(&a, &b);
}

/* The last chunk of the key brings the acknowledgement along; one of ct2's
 * acknowledgements is lost; a late chunk of the key comes without one. */
static void
test_spqr__every_step_both_at_once(void **state)
{
	struct side a, b;
	struct sent late;

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, SPQR_HDR_CHUNKS);
	turn(&b, &a, SPQR_CT1);
	late = send(&a);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS - 1);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS - 1);
	turn(&a, &b, SPQR_EK_CT1_ACK);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	deliver(&b, late);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	end(&a, &b);

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, SPQR_HDR_CHUNKS);
	turn(&b, &a, SPQR_CT1);
	late = send(&a);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS - 1);
	turns(&a, &b, SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS - 1);
	assert_int_equal(step_of(&b), SPQR_CT1_ACKNOWLEDGED);
	assert_int_equal(type_of(&late), SPQR_EK);
	deliver(&b, late);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	end(&a, &b);

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, SPQR_HDR_CHUNKS);
	turn(&b, &a, SPQR_CT1);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS - 1);
	/* nothing of ct2 comes before the acknowledgement */
	turn(&b, &a, SPQR_CT1);
	turn(&a, &b, SPQR_EK_CT1_ACK);
	turns(&b, &a, SPQR_CT2, 1);
	turn(&a, &b, SPQR_CT1_ACK);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	end(&a, &b);
}

#define WIRE 48

/* Thousands of messages, a part lost and all in disorder. */
static void
disorder(int rounds, uint32_t loss, uint64_t want, bool optional)
{
	struct sent wire[2][WIRE];
	size_t n[2] = {0, 0}, k;
	struct side s[2];
	uint32_t to;
	int i, r, gone = 0;

	begin(&s[0], &s[1], optional, optional);
	for (i = 0; i < rounds; i++) {
		to = pick(2);
		if (n[to] < WIRE && pick(2) == 0) {
			/* the first word is the initiator's */
			if (to == 0 && i < 20)
				continue;
			wire[to][n[to]++] = send(&s[1 - to]);
			continue;
		}
		if (n[to] == 0)
			continue;
		k = pick(4) == 0 ? pick((uint32_t)n[to]) : 0;
		if (pick(100) >= loss) {
			r = try(&s[to], &wire[to][k]);
			/* so late that its epoch is gone: never without loss */
			if (r == ERR_DUP && loss > 0)
				gone++;
			else
				assert_ok(r);
			if (r == 0 && wire[to][k].key.has)
				assert_err(try(&s[to], &wire[to][k]), ERR_DUP);
		}
		memmove(&wire[to][k], &wire[to][k + 1],
		    (n[to] - k - 1) * sizeof(wire[0][0]));
		n[to]--;
	}
	assert_true(s[0].epochs >= want && s[1].epochs >= want);
	assert_true(gone < rounds / 100);
	/* both have been in every role; bits 1 to 11 are the steps */
	if (want >= 9) {
		assert_int_equal(s[0].steps, 0xffe);
		assert_int_equal(s[1].steps, 0xffe);
	}
	end(&s[0], &s[1]);
}

static void
test_spqr__disorder(void **state)
{
	disorder(6000, 0, 12, false);
}

static void
test_spqr__disorder_and_loss(void **state)
{
	disorder(8000, 30, 9, false);
	disorder(8000, 70, 2, false);
}

static void
test_spqr__disorder_while_negotiating(void **state)
{
	disorder(3000, 10, 5, true);
}

/* Whoever may do without SPQR uses no key before the peer has shown it. */
static void
test_spqr__negotiation(void **state)
{
	struct side a, b;
	struct sent m, first;

	begin(&a, &b, true, false);
	first = send(&a);
	assert_false(first.key.has);
	m = send(&a);
	assert_false(m.key.has);
	deliver(&b, m);
	m = send(&b);
	assert_true(m.key.has);
	deliver(&a, m);
	m = send(&a);
	assert_true(m.key.has);
	deliver(&b, m);
	deliver(&b, first); /* late, and still without a key */
	end(&a, &b);
	begin(&a, &b, false, true);
	m = send(&a);
	assert_true(m.key.has);
	deliver(&b, m);
	m = send(&b);
	assert_true(m.key.has);
	deliver(&a, m);
	end(&a, &b);
}

/* One whole epoch without loss; `key` sends the key. */
static void
epoch(struct side *key, struct side *ct)
{
	turns(key, ct, SPQR_HDR, SPQR_HDR_CHUNKS);
	turns(ct, key, SPQR_CT1, SPQR_CT1_CHUNKS);
	turns(key, ct, SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS);
	turns(ct, key, SPQR_CT2, SPQR_CT2_CHUNKS);
	assert_int_equal(step_of(key), SPQR_NO_HEADER_RECEIVED);
}

/* A message without a key is of epoch 1, and is too late when that is gone. */
static void
test_spqr__no_keyless_message_after_its_epoch(void **state)
{
	const struct spqr_message f = {.epoch = 1, .type = SPQR_NONE};
	struct side a, b;
	struct sent m = {.key.has = false};

	begin(&a, &b, false, false);
	m.len = spqr_message_put(m.p, &f);
	deliver(&b, m);
	epoch(&a, &b);
	turn(&a, &b, SPQR_NONE);
	epoch(&b, &a);
	deliver(&b, m); /* epochs 0, 1 and 2 are there */
	turn(&b, &a, SPQR_NONE);
	assert_err(try(&b, &m), ERR_DUP);
	end(&a, &b);
}

/* ---- forgeries ------------------------------------------------------------ */

/* A peer that knows the keys goes on to the next epoch before we have sent in
 * it: three epochs are there when our own step adds another. */
static void
test_spqr_send__a_header_that_comes_too_early(void **state)
{
	const struct spqr_message f = {
	    .epoch = 4, .number = 1, .type = SPQR_NONE};
	struct spqr_key key;
	struct side a, b;
	struct spqr q;
	struct sent m;

	begin(&a, &b, false, false);
	epoch(&a, &b);
	turn(&a, &b, SPQR_NONE);
	epoch(&b, &a);
	turn(&b, &a, SPQR_NONE);
	epoch(&a, &b);
	get(&b, &q);
	m.len = spqr_message_put(m.p, &f);
	assert_ok(spqr_recv(&q, m.p, m.len, &key));
	put(&b, &q);
	turns(&b, &a, SPQR_HDR, SPQR_HDR_CHUNKS);
	assert_int_equal(step_of(&a), SPQR_HEADER_RECEIVED);
	turn(&a, NULL, SPQR_CT1);
	assert_int_equal(a.epochs, 4);
	end(&a, &b);
}

/* Damage the chunk of a message on its way. */
static struct sent
damaged(struct sent m)
{
	m.p[m.len - 3] ^= 0x10;
	return m;
}

static void
test_spqr_recv__forged_parts_are_refused(void **state)
{
	struct side a, b;
	struct sent m;

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, 2);
	m = damaged(send(&a));
	assert_err(try(&b, &m), ERR_AUTH);
	turn(&a, &b, SPQR_HDR);
	turn(&b, &a, SPQR_CT1);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS - 1);
	m = damaged(send(&a)); /* not the header's key */
	assert_err(try(&b, &m), ERR_FORMAT);
	turn(&a, &b, SPQR_EK);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS - 1);
	turn(&a, &b, SPQR_EK_CT1_ACK);
	turns(&b, &a, SPQR_CT2, SPQR_CT2_CHUNKS - 1);
	m = damaged(send(&b));
	assert_err(try(&a, &m), ERR_AUTH);
	turn(&b, &a, SPQR_CT2);
	assert_int_equal(a.epochs, 1);
	end(&a, &b);
	/* a chunk of ct1 that was forged shows with the MAC of the whole */
	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, 3);
	turns(&b, &a, SPQR_CT1, 5);
	m = damaged(send(&b));
	deliver(&a, m);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS - 6);
	turns(&a, &b, SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS);
	turns(&b, &a, SPQR_CT2, SPQR_CT2_CHUNKS - 1);
	m = send(&b);
	assert_err(try(&a, &m), ERR_AUTH);
	end(&a, &b);
}

static void
test_spqr_recv__epochs_that_cannot_be(void **state)
{
	struct spqr_message f = {.epoch = 2, .number = 1, .type = SPQR_NONE};
	struct side a, b;
	struct sent m = {.key.has = true};

	begin(&a, &b, false, false);
	m.len = spqr_message_put(m.p, &f);
	assert_err(try(&a, &m), ERR_AUTH);
	assert_err(try(&b, &m), ERR_AUTH);
	f.epoch = UINT64_MAX;
	m.len = spqr_message_put(m.p, &f);
	assert_err(try(&b, &m), ERR_AUTH);
	f.epoch = 1;
	f.number = CHAIN_JUMP_MAX + 1;
	m.len = spqr_message_put(m.p, &f);
	assert_err(try(&b, &m), ERR_RANGE);
	m.p[0] = 2;
	assert_err(try(&b, &m), ERR_VERSION);
	m.p[0] = 1;
	assert_err(try(&b, &(struct sent){.len = 0}), ERR_FORMAT);
	/* epoch 2 may begin for who waits in Ct2Sampled; 3 may not */
	turns(&a, &b, SPQR_HDR, 3);
	turns(&b, &a, SPQR_CT1, SPQR_CT1_CHUNKS);
	turns(&a, &b, SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS);
	assert_int_equal(step_of(&b), SPQR_CT2_SAMPLED);
	f.epoch = 3;
	f.number = 1;
	m.len = spqr_message_put(m.p, &f);
	assert_err(try(&b, &m), ERR_AUTH);
	end(&a, &b);
}

/* So many messages without an answer that the line is at its end. */
static void
test_spqr_send__the_end_of_a_line(void **state)
{
	uint8_t msg[SPQR_MESSAGE_MAX];
	struct spqr_key key;
	struct side a, b;
	struct spqr q;
	size_t len = 7;

	begin(&a, &b, false, false);
	get(&a, &q);
	q.chain.send[0].counter = UINT32_MAX - 1;
	assert_ok(spqr_send(&q, &rng, msg, &len, &key));
	len = 7;
	assert_err(spqr_send(&q, &rng, msg, &len, &key), ERR_FULL);
	assert_int_equal(len, 7);
	spqr_clear(&q);
	end(&a, &b);
}

/* ---- records -------------------------------------------------------------- */

/* Nor the next before the peer can have all of this one. */
static void
test_spqr_recv__the_next_epoch_too_early(void **state)
{
	const struct spqr_message f = {
	    .epoch = 2, .number = 1, .type = SPQR_NONE};
	struct side a, b;
	struct sent m = {.key.has = true};

	m.len = spqr_message_put(m.p, &f);
	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, SPQR_HDR_CHUNKS);
	assert_err(try(&b, &m), ERR_AUTH);
	turn(&b, &a, SPQR_CT1); /* from here the chain has the epoch */
	assert_int_equal(step_of(&b), SPQR_CT1_SAMPLED);
	assert_err(try(&b, &m), ERR_AUTH);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS);
	assert_int_equal(step_of(&b), SPQR_EK_RECEIVED_CT1_SAMPLED);
	assert_err(try(&b, &m), ERR_AUTH);
	end(&a, &b);
}

/* A chunk of an older epoch is no chunk of this one. */
static void
test_spqr_recv__a_chunk_two_epochs_late(void **state)
{
	struct side a, b;
	struct sent late;
	struct spqr q;

	begin(&a, &b, false, false);
	late = send(&a);
	assert_int_equal(type_of(&late), SPQR_HDR);
	epoch(&a, &b);
	turn(&a, &b, SPQR_NONE);
	epoch(&b, &a);
	assert_int_equal(step_of(&b), SPQR_NO_HEADER_RECEIVED);
	deliver(&b, late); /* it has its key */
	get(&b, &q);
	assert_int_equal(q.in_n, 0);
	spqr_clear(&q);
	end(&a, &b);
}

/* An acknowledgement without a chunk counts as one with. */
static void
test_spqr_recv__a_bare_acknowledgement(void **state)
{
	struct spqr_message f = {.epoch = 1, .type = SPQR_CT1_ACK};
	struct spqr_key key;
	struct side a, b;
	struct spqr q;
	uint8_t p[SPQR_MESSAGE_MAX];

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, SPQR_HDR_CHUNKS);
	turn(&b, &a, SPQR_CT1);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS);
	get(&b, &q);
	f.number = q.chain.recv[0].counter + 1;
	assert_ok(spqr_recv(&q, p, spqr_message_put(p, &f), &key));
	assert_int_equal(q.step, SPQR_CT2_SAMPLED);
	spqr_clear(&q);
	end(&a, &b);
}

/* The epoch's secret goes into the authenticator, on both sides. */
static void
test_spqr__later_macs_need_the_epochs_secret(void **state)
{
	struct spqr_auth first, of_a;
	struct side a, b;
	struct spqr q;

	begin(&a, &b, false, false);
	get(&a, &q);
	first = q.auth;
	spqr_clear(&q);
	epoch(&a, &b);
	get(&a, &q);
	of_a = q.auth;
	spqr_clear(&q);
	get(&b, &q);
	assert_memory_equal(&q.auth, &of_a, sizeof(of_a));
	spqr_clear(&q);
	assert_memory_not_equal(of_a.root, first.root, KDF_LEN);
	assert_memory_not_equal(of_a.mac, first.mac, KDF_LEN);
	end(&a, &b);
}

/* Both sides, loaded and changed, must be refused. */
static void
refuse_changed(const struct side *s, void (*change)(struct spqr *q), int err)
{
	struct buf out;
	struct spqr q;

	buf_init(&out, STATE_MAX);
	get(s, &q);
	change(&q);
	assert_ok(spqr_store(&q, &out));
	spqr_clear(&q);
	assert_err(spqr_load(&q, out.p, out.len), err);
	buf_clear(&out);
}

static void
no_epoch(struct spqr *q)
{
	q->epoch = 0;
}

static void
other_epoch(struct spqr *q)
{
	q->epoch++;
}

static void
sending_ahead(struct spqr *q)
{
	q->chain.sending = q->chain.newest + 1;
}

static void
newest_too_low(struct spqr *q)
{
	q->chain.n = 2;
	skipped_init(&q->chain.send[1].skipped);
	skipped_init(&q->chain.recv[1].skipped);
}

static void
receiving_closed(struct spqr *q)
{
	q->chain.recv[0].open = false;
}

static void
sending_closed(struct spqr *q)
{
	q->chain.send[0].open = false;
}

static void
negotiating_later(struct spqr *q)
{
	q->negotiating = true;
}

static void
sending_before(struct spqr *q)
{
	q->chain.sending--;
	q->chain.send[0].open = true;
}

static void
sending_open(struct spqr *q)
{
	q->chain.send[0].open = true;
}

/* Two epochs before the one that is sent with. */
static void
one_epoch_more(struct spqr *q)
{
	q->chain.n++;
	q->chain.send[2] = q->chain.send[1];
	q->chain.recv[2] = q->chain.recv[1];
	skipped_init(&q->chain.send[2].skipped);
	skipped_init(&q->chain.recv[2].skipped);
	q->chain.send[1].open = false;
}

static void
same_chunk_twice(struct spqr *q)
{
	q->in[1] = q->in[0];
	q->in_n = 2;
}

static void
too_many_chunks(struct spqr *q)
{
	q->in[1].x = 1000;
	q->in[2].x = 1001;
	q->in_n = 3;
}

static void
test_spqr_load__refuses_what_cannot_be(void **state)
{
	struct side a, b;
	struct spqr q;
	uint8_t *p;
	size_t n;

	begin(&a, &b, false, false);
	turn(&a, &b, SPQR_HDR);
	refuse_changed(&b, no_epoch, ERR_FORMAT);
	refuse_changed(&b, other_epoch, ERR_FORMAT);
	refuse_changed(&b, sending_ahead, ERR_FORMAT);
	refuse_changed(&b, newest_too_low, ERR_FORMAT);
	refuse_changed(&b, receiving_closed, ERR_FORMAT);
	refuse_changed(&b, sending_closed, ERR_FORMAT);
	refuse_changed(&b, same_chunk_twice, ERR_FORMAT);
	refuse_changed(&b, too_many_chunks, ERR_FORMAT);
	turns(&a, &b, SPQR_HDR, 2);
	turn(&b, &a, SPQR_CT1);
	for (n = 0; n < b.state.len; n++) {
		p = malloc(n > 0 ? n : 1);
		assert_non_null(p);
		memcpy(p, b.state.p, n);
		assert_true(spqr_load(&q, p, n) < 0);
		free(p);
	}
	b.state.p[1] = 2;
	assert_err(spqr_load(&q, b.state.p, b.state.len), ERR_VERSION);
	b.state.p[1] = 1;
	b.state.p[3] = 12;
	assert_err(spqr_load(&q, b.state.p, b.state.len), ERR_FORMAT);
	b.state.p[3] = SPQR_NO_HEADER_RECEIVED; /* has other parts */
	assert_err(spqr_load(&q, b.state.p, b.state.len), ERR_FORMAT);
	end(&a, &b);
}

/* The chain's epochs against the step's. */
static void
test_spqr_load__refuses_epochs_that_do_not_fit(void **state)
{
	struct side a, b;

	begin(&a, &b, false, false);
	epoch(&a, &b);
	turn(&a, &b, SPQR_NONE);
	turn(&b, &a, SPQR_HDR);
	assert_int_equal(step_of(&b), SPQR_KEYS_SAMPLED);
	refuse_changed(&b, negotiating_later, ERR_FORMAT);
	refuse_changed(&b, sending_before, ERR_FORMAT);
	refuse_changed(&b, sending_open, ERR_FORMAT);
	turns(&b, &a, SPQR_HDR, SPQR_HDR_CHUNKS - 1);
	turns(&a, &b, SPQR_CT1, SPQR_CT1_CHUNKS);
	turns(&b, &a, SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS);
	turns(&a, &b, SPQR_CT2, SPQR_CT2_CHUNKS);
	turn(&b, &a, SPQR_NONE); /* epochs 1 and 2, sending with 2 */
	refuse_changed(&b, one_epoch_more, ERR_FORMAT);
	end(&a, &b);
}

/* Three epochs with all the late keys they may have: what a session makes room
 * for (common/signal/state.c). */
static void
test_spqr_store__the_largest_state(void **state)
{
	uint8_t key[KDF_LEN] = {1};
	struct side a, b;
	struct buf out;
	struct spqr q;
	uint32_t k;
	size_t i;

	begin(&a, &b, false, false);
	turns(&a, &b, SPQR_HDR, 3);
	turn(&b, &a, SPQR_CT1);
	turns(&a, &b, SPQR_EK, SPQR_EK_CHUNKS - 1);
	assert_int_equal(step_of(&b), SPQR_CT1_SAMPLED);
	get(&b, &q);
	while (q.chain.n < SPQR_EPOCHS_MAX)
		assert_ok(spqr_chain_add(&q.chain, key));
	for (i = 0; i < SPQR_EPOCHS_MAX; i++) {
		buf_clear(&q.chain.recv[i].skipped);
		for (k = 0; k < CHAIN_SKIPPED_MAX; k++)
			assert_ok(
			    skipped_add(&q.chain.recv[i].skipped, k, key));
		assert_err(
		    skipped_add(&q.chain.recv[i].skipped, k, key), ERR_FULL);
	}
	buf_init(&out, STATE_MAX);
	assert_ok(spqr_store(&q, &out));
	assert_true(out.len > 3 * CHAIN_SKIPPED_MAX * SKIPPED_ENTRY);
	spqr_clear(&q);
	buf_clear(&out);
	end(&a, &b);
}

/* One message from a state to a state, with keys put aside. */
static int
one_message(void *arg)
{
	struct side *s = arg;
	uint8_t msg[SPQR_MESSAGE_MAX];
	struct spqr_message f = {.epoch = 1, .number = 40, .type = SPQR_NONE};
	struct spqr_key key;
	struct spqr q;
	struct buf out;
	size_t len = spqr_message_put(msg, &f);
	int r;

	r = spqr_load(&q, s->state.p, s->state.len);
	if (r != 0)
		return r;
	buf_init(&out, STATE_MAX);
	r = spqr_recv(&q, msg, len, &key);
	if (r == 0)
		r = spqr_send(&q, &rng, msg, &len, &key);
	if (r == 0)
		r = spqr_store(&q, &out);
	spqr_clear(&q);
	buf_clear(&out);
	return r;
}

static void
test_spqr__allocation_failures(void **state)
{
	struct side a, b;

	begin(&a, &b, false, false);
	turns(&a, NULL, SPQR_HDR, 9);
	turns(&a, &b, SPQR_HDR, 3);
	turn(&b, &a, SPQR_CT1);
	turn(&a, &b, SPQR_EK);
	assert_true(alloc_sweep(one_message, &b) > 3);
	end(&a, &b);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_spqr__every_step_key_first),
	    T(test_spqr__every_step_ciphertext_first),
	    T(test_spqr__every_step_both_at_once),
	    T(test_spqr__disorder),
	    T(test_spqr__disorder_and_loss),
	    T(test_spqr__disorder_while_negotiating),
	    T(test_spqr__negotiation),
	    T(test_spqr__no_keyless_message_after_its_epoch),
	    T(test_spqr_send__a_header_that_comes_too_early),
	    T(test_spqr_recv__forged_parts_are_refused),
	    T(test_spqr_recv__epochs_that_cannot_be),
	    T(test_spqr_recv__the_next_epoch_too_early),
	    T(test_spqr_recv__a_chunk_two_epochs_late),
	    T(test_spqr_recv__a_bare_acknowledgement),
	    T(test_spqr__later_macs_need_the_epochs_secret),
	    T(test_spqr_send__the_end_of_a_line),
	    T(test_spqr_load__refuses_what_cannot_be),
	    T(test_spqr_load__refuses_epochs_that_do_not_fit),
	    T(test_spqr_store__the_largest_state),
	    T(test_spqr__allocation_failures),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
