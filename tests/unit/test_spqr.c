/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SPQR between two of ours: known answers of its parts, every step, loss and
 * disorder over thousands of messages. The state is written and read again
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

static const uint8_t *
count_up(uint8_t *out, size_t n, unsigned from, unsigned modulus)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)((from + i) % modulus);
	return out;
}

static void
assert_key(const uint8_t key[static KDF_LEN], const char *hex)
{
	uint8_t want[KDF_LEN];

	assert_int_equal(hex_bytes(hex, want, sizeof(want)), KDF_LEN);
	assert_memory_equal(key, want, KDF_LEN);
}

/* ---- parts ---------------------------------------------------------------- */

/* Computed by an independent implementation (Python's hmac). */
static void
test_spqr_chain__known_answers(void **state)
{
	uint8_t secret[KDF_LEN], key[KDF_LEN];
	struct spqr_chain a, b;
	uint32_t n;

	count_up(secret, KDF_LEN, 0, 256);
	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	assert_ok(spqr_chain_send(&a, 0, &n, key));
	assert_int_equal(n, 1);
	assert_key(key, "4e95e19749223cd40e0790a3f65f4265a51834cdc72602a6eab133"
			"b015ed48d9");
	assert_ok(spqr_chain_recv(&b, 0, 2, key));
	assert_key(key, "9b631c6f2fb62b8af5bfed5e62b63a19ea39306e8a72a458ad298f"
			"ef4c18ebbc");
	assert_ok(spqr_chain_recv(&a, 0, 1, key));
	assert_key(key, "68a3239cc4fcb46bb4ce02eabb6d0656df3887c66ac6c8c12b49d8"
			"9f80ebd844");
	count_up(secret, KDF_LEN, 100, 256);
	assert_ok(spqr_chain_add(&b, secret));
	assert_ok(spqr_chain_send(&b, 1, &n, key));
	assert_int_equal(n, 1);
	assert_key(key, "cbd10e42e23d597edd81dd5eccdc1e196b3b3140c18416c0160dd1"
			"9d78eb28f4");
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
}

static void
test_spqr_auth__known_answers(void **state)
{
	uint8_t secret[KDF_LEN], second[KDF_LEN], mac[SPQR_MAC_LEN];
	uint8_t hdr[MLKEM768_HDR], ct1[MLKEM768_CT1], ct2[MLKEM768_CT2];
	struct spqr_auth a;

	spqr_auth_init(&a, count_up(secret, KDF_LEN, 0, 256));
	spqr_auth_header(mac, &a, 1, count_up(hdr, sizeof(hdr), 0, 256));
	assert_key(mac, "888b0ef96a09d169bb39ebf4966459bba6da4385116ce4d3eff917"
			"0e540b99ed");
	spqr_auth_update(&a, 1, count_up(second, KDF_LEN, 100, 256));
	spqr_auth_ciphertext(mac, &a, 1, count_up(ct1, sizeof(ct1), 0, 256),
	    count_up(ct2, sizeof(ct2), 0, 251));
	assert_key(mac, "14015c254cd80c44d60bbd0c89b4b5e3eeebddf41dd9053adb92ca"
			"797ceb399f");
	spqr_epoch_secret(mac, 258, secret);
	assert_key(mac, "3a8f58162a0b6a54265b89ccdb18dfc2951d388687bc1d4b399ce7"
			"1fe488264a");
}

static void
test_spqr_chain__limits(void **state)
{
	uint8_t secret[KDF_LEN] = {1}, key[KDF_LEN], other[KDF_LEN];
	struct spqr_chain a, b;
	uint32_t n, i;

	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	assert_err(spqr_chain_recv(&b, 0, CHAIN_JUMP_MAX + 1, key), ERR_RANGE);
	assert_err(spqr_chain_recv(&b, 0, 0, key), ERR_DUP);
	assert_err(spqr_chain_recv(&b, 1, 1, key), ERR_AUTH);
	assert_ok(spqr_chain_recv(&b, 0, CHAIN_JUMP_MAX, key));
	for (i = 0; i < CHAIN_JUMP_MAX; i++)
		assert_ok(spqr_chain_send(&a, 0, &n, other));
	assert_int_equal(n, CHAIN_JUMP_MAX);
	assert_memory_equal(key, other, KDF_LEN);
	assert_err(spqr_chain_recv(&b, 0, n, key), ERR_DUP);
	/* 2,000 before it are kept, each once */
	n -= CHAIN_SKIPPED_MAX;
	assert_err(spqr_chain_recv(&b, 0, n - 1, key), ERR_DUP);
	assert_ok(spqr_chain_recv(&b, 0, n, key));
	assert_err(spqr_chain_recv(&b, 0, n, key), ERR_DUP);
	assert_ok(spqr_chain_recv(&b, 0, CHAIN_JUMP_MAX - 1, key));
	a.send[0].counter = UINT32_MAX;
	assert_err(spqr_chain_send(&a, 0, &n, key), ERR_FULL);
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
}

static void
test_spqr_chain__epochs_come_and_go(void **state)
{
	uint8_t secret[KDF_LEN] = {1}, key[KDF_LEN], other[KDF_LEN];
	struct spqr_chain a, b;
	uint32_t n;

	spqr_chain_init(&a, true, secret);
	spqr_chain_init(&b, false, secret);
	assert_err(spqr_chain_send(&a, 1, &n, key), ERR_STATE);
	assert_ok(spqr_chain_send(&a, 0, &n, key)); /* late */
	assert_ok(spqr_chain_add(&a, secret));
	assert_ok(spqr_chain_add(&b, secret));
	assert_ok(spqr_chain_send(&a, 0, &n, other));
	assert_ok(spqr_chain_send(&a, 1, &n, other));
	assert_err(spqr_chain_send(&a, 0, &n, other), ERR_STATE);
	assert_ok(spqr_chain_recv(&b, 1, 1, key));
	assert_memory_equal(key, other, KDF_LEN);
	assert_ok(spqr_chain_recv(&b, 0, 1, key));
	/* sending in epoch 1, the lines of 0 still receive */
	assert_ok(spqr_chain_send(&b, 1, &n, other));
	assert_ok(spqr_chain_recv(&b, 0, 2, key));
	assert_ok(spqr_chain_add(&b, secret));
	assert_err(spqr_chain_add(&b, secret), ERR_STATE);
	assert_ok(spqr_chain_recv(&b, 0, 3, key));
	assert_ok(spqr_chain_send(&b, 2, &n, other));
	assert_err(spqr_chain_recv(&b, 0, 4, key), ERR_DUP);
	assert_ok(spqr_chain_recv(&b, 1, 2, key));
	spqr_chain_clear(&a);
	spqr_chain_clear(&b);
}

/* As libsignal writes them, tests/vectors/signal/v4_pqxdh_spqr.json. */
static void
test_spqr_message__known_bytes(void **state)
{
	static const struct {
		const char *hex;
		uint64_t epoch;
		uint32_t number;
		enum spqr_type type;
	} rows[] = {
	    {"01010100", 1, 1, SPQR_NONE},
	    {"0101070106"
	     "4555f72612db5e7a9b0b2afc7923331ba7cf5f37f237d9e5f092c4be982dcde9",
		1, 7, SPQR_HDR},
	    {"01808001ffffffff0f04", 16384, UINT32_MAX, SPQR_CT1_ACK},
	    {"01ffffffffffffffffff010005ffff03"
	     "4555f72612db5e7a9b0b2afc7923331ba7cf5f37f237d9e5f092c4be982dcde9",
		UINT64_MAX, 0, SPQR_CT1},
	};
	uint8_t p[128], out[SPQR_MESSAGE_MAX];
	struct spqr_message m, was;
	size_t i, n, len;

	memset(&was, 0x5a, sizeof(was));
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		len = hex_bytes(rows[i].hex, p, sizeof(p) - 1);
		assert_ok(spqr_message_get(&m, p, len));
		assert_true(m.epoch == rows[i].epoch);
		assert_int_equal(m.number, rows[i].number);
		assert_int_equal(m.type, rows[i].type);
		assert_int_equal(spqr_message_put(out, &m), len);
		assert_memory_equal(out, p, len);
		p[len] = 0x77; /* what follows is for the future */
		assert_ok(spqr_message_get(&m, p, len + 1));
		for (n = 0; n < len; n++) {
			m = was;
			assert_err(spqr_message_get(&m, p, n), ERR_FORMAT);
			assert_memory_equal(&m, &was, sizeof(m));
		}
	}
}

static void
test_spqr_message__refused(void **state)
{
	static const struct {
		const char *hex;
		int err;
	} rows[] = {
	    {"", ERR_FORMAT}, {"00010100", ERR_VERSION},
	    {"02010100", ERR_VERSION},
	    {"01000100", ERR_FORMAT}, /* there is no epoch 0 */
	    {"01010107", ERR_FORMAT}, /* no such type */
	    {"0101808080801000", ERR_FORMAT}, /* over 32 bits */
	    {"01ffffffffffffffffff020100", ERR_FORMAT}, /* over 64 */
	    {"01ffffffffffffffffffff010100", ERR_FORMAT},
	    {"010101018080044555f72612db5e7a9b0b2afc7923331ba7cf5f37f237d9e5f0"
	     "92c4be982dcde9",
		ERR_FORMAT}, /* chunk 65536 */
	};
	struct spqr_message m;
	uint8_t p[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_err(spqr_message_get(
			       &m, p, hex_bytes(rows[i].hex, p, sizeof(p))),
		    rows[i].err);
}

/* ---- two sides ------------------------------------------------------------ */

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

static void
put(struct side *s, struct spqr *q)
{
	struct buf made, again;

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
	assert_true(alloc_sweep(one_message, &b) > 4);
	end(&a, &b);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_spqr_chain__known_answers),
	    T(test_spqr_auth__known_answers),
	    T(test_spqr_chain__limits),
	    T(test_spqr_chain__epochs_come_and_go),
	    T(test_spqr_message__known_bytes),
	    T(test_spqr_message__refused),
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
