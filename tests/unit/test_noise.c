/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/noise/noise.h"
#include "tests/interop/noise_case.h"
#include "tests/unit/test.h"

/* ---- vectors of our own: tests/vectors/noise/generate.py ---- */

static void
case_bytes_of(struct case_bytes *b, const char *hex)
{
	b->len = strcmp(hex, "-") == 0 ? 0 : hex_bytes(hex, b->p, sizeof(b->p));
}

static void
case_line(struct noise_case *nc, char *line)
{
	static const struct {
		const char *name;
		size_t off;
	} keys[] = {
	    {"alice_static", offsetof(struct noise_case, alice_static)},
	    {"alice_ephemeral", offsetof(struct noise_case, alice_ephemeral)},
	    {"bob_static", offsetof(struct noise_case, bob_static)},
	    {"bob_ephemeral", offsetof(struct noise_case, bob_ephemeral)},
	    {"alice_knows", offsetof(struct noise_case, alice_knows)},
	    {"handshake_hash", offsetof(struct noise_case, hash)},
	};
	char *save = NULL, *word = strtok_r(line, " ", &save);
	char *a = strtok_r(NULL, " ", &save), *b = strtok_r(NULL, " ", &save);
	size_t i;

	if (word == NULL || word[0] == '#')
		return;
	if (strcmp(word, "pattern") == 0)
		nc->pattern = strcmp(a, "XX") == 0   ? NOISE_XX
			      : strcmp(a, "IK") == 0 ? NOISE_IK
						     : NOISE_XXFALLBACK;
	else if (strcmp(word, "prologue") == 0)
		case_bytes_of(&nc->prologue, a == NULL ? "-" : a);
	else if (strcmp(word, "message") == 0) {
		case_bytes_of(&nc->msgs[nc->n_msgs].payload, a);
		case_bytes_of(&nc->msgs[nc->n_msgs++].wire, b);
	}
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(word, keys[i].name) == 0)
			hex_bytes(
			    a, (uint8_t *)nc + keys[i].off, NOISE_KEY_LEN);
}

static void
replay(const char *path, size_t messages)
{
	static struct noise_case nc;
	char *text = read_text_file(path, NULL), *save = NULL, *line;
	char why[200] = "";

	memset(&nc, 0, sizeof(nc));
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		case_line(&nc, line);
	free(text);
	assert_int_equal(nc.n_msgs, messages);
	if (noise_case_run(&nc, why, sizeof(why)) != 0)
		fail_msg("%s: %s", path, why);
	/* the runner sees a wrong byte */
	nc.msgs[messages - 1].wire.p[0] ^= 1;
	assert_int_equal(noise_case_run(&nc, why, sizeof(why)), -1);
}

static void
test_noise_xx__our_vector_replays(void **state)
{
	(void)state;
	replay("tests/vectors/noise/xx.txt", 8);
}

static void
test_noise_ik__our_vector_replays(void **state)
{
	(void)state;
	replay("tests/vectors/noise/ik.txt", 9);
}

static void
test_noise_xxfallback__our_vector_replays(void **state)
{
	(void)state;
	replay("tests/vectors/noise/xxfallback.txt", 8);
}

/* ---- two sides ---- */

struct duo {
	struct noise_keypair alice_s, bob_s;
	struct noise_handshake alice, bob;
	struct buf wire, pt;
};

static struct noise_params
params_of(const struct duo *d, enum noise_pattern pattern, enum noise_role role)
{
	bool first = role == NOISE_INITIATOR;

	return (struct noise_params){
	    .pattern = pattern,
	    .role = role,
	    .prologue = "p",
	    .prologue_len = 1,
	    .s = first ? &d->alice_s : &d->bob_s,
	    .rs = first && pattern == NOISE_IK ? &d->bob_s.pk : NULL,
	};
}

static void
duo_init(struct duo *d, enum noise_pattern pattern)
{
	struct noise_params a, b;

	memset(d, 0, sizeof(*d));
	noise_keypair_make(&d->alice_s, &noise_rng_system);
	noise_keypair_make(&d->bob_s, &noise_rng_system);
	a = params_of(d, pattern, NOISE_INITIATOR);
	b = params_of(d, pattern, NOISE_RESPONDER);
	assert_ok(noise_init(&d->alice, &a));
	assert_ok(noise_init(&d->bob, &b));
	buf_init(&d->wire, NOISE_MSG_MAX + 1);
	buf_init(&d->pt, NOISE_MSG_MAX + 1);
}

static void
duo_clear(struct duo *d)
{
	noise_clear(&d->alice);
	noise_clear(&d->bob);
	buf_clear(&d->wire);
	buf_clear(&d->pt);
}

/* from writes into d->wire, emptied before. */
static void
say(struct duo *d, struct noise_handshake *from, const char *payload)
{
	buf_reset(&d->wire);
	assert_ok(noise_write(from, payload, strlen(payload), &d->wire));
}

static int
hear(struct duo *d, struct noise_handshake *to)
{
	buf_reset(&d->pt);
	return noise_read(to, d->wire.p, d->wire.len, &d->pt);
}

static void
open_duo(struct duo *d, struct noise_cipher *tx, struct noise_cipher *rx)
{
	struct noise_cipher unused;

	duo_init(d, NOISE_IK);
	say(d, &d->alice, "");
	assert_ok(hear(d, &d->bob));
	say(d, &d->bob, "");
	assert_ok(hear(d, &d->alice));
	assert_ok(noise_split(&d->alice, tx, &unused));
	assert_ok(noise_split(&d->bob, &unused, rx));
}

static void
test_noise_overhead__is_what_a_message_adds(void **state)
{
	static const struct {
		enum noise_pattern pattern;
		size_t want[4];
	} rows[] = {{NOISE_XX, {32, 96, 64, 0}}, {NOISE_IK, {96, 48, 0}}};
	struct noise_handshake *from, *to;
	struct duo d;
	size_t i, m;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		duo_init(&d, rows[i].pattern);
		for (m = 0; rows[i].want[m] != 0; m++) {
			from = m % 2 == 0 ? &d.alice : &d.bob;
			to = m % 2 == 0 ? &d.bob : &d.alice;
			assert_true(noise_my_turn(from));
			assert_false(noise_my_turn(to));
			assert_int_equal(noise_overhead(from), rows[i].want[m]);
			assert_int_equal(noise_overhead(to), rows[i].want[m]);
			say(&d, from, "four");
			assert_int_equal(d.wire.len, rows[i].want[m] + 4);
			assert_ok(hear(&d, to));
			assert_int_equal(d.pt.len, 4);
			assert_memory_equal(d.pt.p, "four", 4);
		}
		assert_true(noise_done(&d.alice) && noise_done(&d.bob));
		assert_int_equal(noise_overhead(&d.alice), 0);
		duo_clear(&d);
	}
}

static void
test_noise_init__refuses_what_the_pattern_does_not_take(void **state)
{
	struct noise_handshake hs, before;
	struct noise_params p;
	struct duo d;

	(void)state;
	duo_init(&d, NOISE_XX);
	memset(&hs, 0x5a, sizeof(hs));
	before = hs;
	p = params_of(&d, NOISE_XX, NOISE_INITIATOR);
	p.rs = &d.bob_s.pk;
	assert_err(noise_init(&hs, &p), ERR_STATE);
	p = params_of(&d, NOISE_IK, NOISE_INITIATOR);
	p.rs = NULL;
	assert_err(noise_init(&hs, &p), ERR_STATE);
	p = params_of(&d, NOISE_IK, NOISE_RESPONDER);
	p.rs = &d.bob_s.pk;
	assert_err(noise_init(&hs, &p), ERR_STATE);
	p = params_of(&d, NOISE_XX, NOISE_INITIATOR);
	p.pattern = NOISE_XXFALLBACK;
	assert_err(noise_init(&hs, &p), ERR_STATE);
	p = params_of(&d, NOISE_XX, NOISE_INITIATOR);
	p.s = NULL;
	assert_err(noise_init(&hs, &p), ERR_STATE);
	assert_memory_equal(&hs, &before, sizeof(hs));
	duo_clear(&d);
}

static void
test_noise_write__out_of_turn_or_room_changes_nothing(void **state)
{
	struct noise_handshake before;
	struct buf small;
	uint8_t big[8] = {0};
	struct duo d;

	(void)state;
	duo_init(&d, NOISE_IK);
	before = d.alice;
	assert_err(noise_read(&d.alice, big, 8, &d.pt), ERR_STATE);
	assert_err(
	    noise_write(&d.alice, big, NOISE_MSG_MAX, &d.wire), ERR_RANGE);
	buf_init(&small, 95);
	assert_err(noise_write(&d.alice, NULL, 0, &small), ERR_FULL);
	alloc_fail_at(0);
	assert_err(noise_write(&d.alice, NULL, 0, &d.wire), ERR_NOMEM);
	alloc_fail_at(-1);
	assert_memory_equal(&before, &d.alice, sizeof(before));
	assert_int_equal(d.wire.len + small.len, 0);
	assert_err(noise_write(&d.bob, NULL, 0, &d.wire), ERR_STATE);
	say(&d, &d.alice, "payload");

	before = d.bob;
	buf_init(&small, 6);
	assert_err(noise_read(&d.bob, d.wire.p, d.wire.len, &small), ERR_FULL);
	assert_memory_equal(&before, &d.bob, sizeof(before));
	assert_ok(hear(&d, &d.bob));
	buf_clear(&small);
	duo_clear(&d);
}

static void
test_noise_read__every_truncation_and_flip_fails_for_good(void **state)
{
	struct noise_handshake start;
	struct duo d;
	size_t i;
	int e;

	(void)state;
	duo_init(&d, NOISE_XX);
	say(&d, &d.alice, "");
	assert_ok(hear(&d, &d.bob));
	say(&d, &d.bob, "secret");
	start = d.alice;
	for (i = 0; i < d.wire.len; i++) {
		d.alice = start;
		buf_reset(&d.pt);
		e = noise_read(&d.alice, d.wire.p, i, &d.pt);
		assert_true(e == (i < 96 ? ERR_RANGE : ERR_AUTH));
		assert_err(hear(&d, &d.alice), ERR_STATE);
		assert_null(noise_remote_static(&d.alice));
	}
	for (i = 0; i < 8 * d.wire.len; i++) {
		if (i == 31 * 8 + 7)
			continue; /* the top bit of a public key is ignored, */
		d.alice = start; /* but hashed: see below */
		d.wire.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_err(hear(&d, &d.alice), ERR_AUTH);
		assert_int_equal(d.pt.len, 0);
		assert_err(hear(&d, &d.alice), ERR_STATE);
		assert_err(noise_write(&d.alice, NULL, 0, &d.pt), ERR_STATE);
		assert_err(noise_fallback(&d.alice, NULL, 0), ERR_STATE);
		d.wire.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	d.alice = start;
	d.wire.p[31] ^= 0x80;
	assert_err(hear(&d, &d.alice), ERR_AUTH);
	d.wire.p[31] ^= 0x80;
	d.alice = start;
	assert_ok(hear(&d, &d.alice));
	assert_memory_equal(noise_remote_static(&d.alice), &d.bob_s.pk, 32);
	duo_clear(&d);
}

static void
test_noise_read__another_prologue_does_not_authenticate(void **state)
{
	struct noise_params p;
	struct duo d;

	(void)state;
	duo_init(&d, NOISE_XX);
	p = params_of(&d, NOISE_XX, NOISE_RESPONDER);
	p.prologue = "q";
	assert_ok(noise_init(&d.bob, &p));
	say(&d, &d.alice, "");
	assert_ok(hear(&d, &d.bob));
	say(&d, &d.bob, "");
	assert_err(hear(&d, &d.alice), ERR_AUTH);
	duo_clear(&d);
}

static void
test_noise_read__keys_of_small_order_are_refused(void **state)
{
	/* u = 0, 1, -1 and a point of order 8: RFC 7748 §7, libsodium's list */
	static const char *const points[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	};
	struct noise_params p;
	struct noise_public pk;
	struct duo d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(points); i++) {
		hex_bytes(points[i], pk.b, sizeof(pk.b));
		duo_init(&d, NOISE_XX);
		say(&d, &d.alice, "");
		memcpy(d.wire.p, pk.b, NOISE_KEY_LEN);
		assert_ok(hear(&d, &d.bob));
		buf_reset(&d.wire);
		assert_err(noise_write(&d.bob, "x", 1, &d.wire), ERR_AUTH);
		assert_int_equal(d.wire.len, 0);
		assert_err(noise_write(&d.bob, "x", 1, &d.wire), ERR_STATE);

		p = params_of(&d, NOISE_IK, NOISE_INITIATOR);
		p.rs = &pk;
		assert_ok(noise_init(&d.alice, &p));
		assert_err(noise_write(&d.alice, "x", 1, &d.wire), ERR_AUTH);
		assert_int_equal(d.wire.len, 0);
		duo_clear(&d);
	}
}

static void
test_noise_fallback__only_after_the_first_ik_message(void **state)
{
	static const uint8_t too_long[NOISE_MSG_MAX + 1] = {9};
	struct duo d;

	(void)state;
	duo_init(&d, NOISE_IK);
	assert_err(noise_fallback(&d.alice, "p", 1), ERR_STATE);
	assert_err(noise_fallback(&d.bob, "p", 1), ERR_STATE);
	say(&d, &d.alice, "early");
	/* too short to hold the key the fallback needs */
	assert_err(noise_read(&d.bob, d.wire.p, 31, &d.pt), ERR_RANGE);
	assert_err(noise_fallback(&d.bob, "p", 1), ERR_STATE);
	duo_clear(&d);

	duo_init(&d, NOISE_IK);
	assert_err(
	    noise_read(&d.bob, too_long, sizeof(too_long), &d.pt), ERR_RANGE);
	assert_err(noise_fallback(&d.bob, "p", 1), ERR_STATE);
	duo_clear(&d);

	duo_init(&d, NOISE_IK);
	say(&d, &d.alice, "early");
	d.wire.p[40] ^= 1;
	assert_err(hear(&d, &d.bob), ERR_AUTH);
	assert_err(noise_write(&d.bob, NULL, 0, &d.wire), ERR_STATE);
	assert_ok(noise_fallback(&d.bob, "p", 1));
	assert_ok(noise_fallback(&d.alice, "p", 1));
	assert_err(noise_fallback(&d.alice, "p", 1), ERR_STATE);
	assert_null(noise_remote_static(&d.alice));
	say(&d, &d.bob, "");
	assert_ok(hear(&d, &d.alice));
	say(&d, &d.alice, "late");
	assert_ok(hear(&d, &d.bob));
	assert_memory_equal(d.pt.p, "late", 4);
	assert_true(noise_done(&d.alice) && noise_done(&d.bob));
	assert_memory_equal(noise_remote_static(&d.bob), &d.alice_s.pk, 32);
	duo_clear(&d);
}

static void
test_noise_split__needs_an_end_and_wipes(void **state)
{
	static const struct noise_handshake zero;
	uint8_t h[NOISE_HASH_LEN] = {9};
	struct noise_cipher tx = {.n = 7}, rx = {.n = 7};
	struct duo d;

	(void)state;
	duo_init(&d, NOISE_IK);
	assert_err(noise_split(&d.alice, &tx, &rx), ERR_STATE);
	assert_err(noise_hash(&d.alice, h), ERR_STATE);
	assert_int_equal(tx.n + rx.n + h[0], 23);
	say(&d, &d.alice, "");
	assert_ok(hear(&d, &d.bob));
	say(&d, &d.bob, "");
	assert_ok(noise_hash(&d.bob, h));
	assert_ok(noise_split(&d.bob, &tx, &rx));
	assert_memory_equal(d.bob.ck, zero.ck, sizeof(zero.ck));
	assert_memory_equal(&d.bob.e, &zero.e, sizeof(zero.e));
	assert_err(noise_split(&d.bob, &tx, &rx), ERR_STATE);
	duo_clear(&d);
}

static void
test_noise_decrypt__what_fails_changes_nothing(void **state)
{
	uint8_t ct[5 + NOISE_TAG_LEN], pt[5 + NOISE_TAG_LEN];
	struct noise_cipher tx, rx, before;
	struct duo d;
	size_t i;

	(void)state;
	open_duo(&d, &tx, &rx);
	before = rx;
	assert_ok(noise_encrypt(&tx, "ad", 2, (const uint8_t *)"hello", 5, ct));
	for (i = 0; i < 8 * sizeof(ct); i++) {
		ct[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_err(
		    noise_decrypt(&rx, "ad", 2, ct, sizeof(ct), pt), ERR_AUTH);
		ct[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < sizeof(ct); i++)
		assert_err(noise_decrypt(&rx, "ad", 2, ct, i, pt),
		    i < NOISE_TAG_LEN ? ERR_RANGE : ERR_AUTH);
	assert_err(noise_decrypt(&rx, "aD", 2, ct, sizeof(ct), pt), ERR_AUTH);
	assert_memory_equal(&rx, &before, sizeof(rx));
	assert_ok(noise_decrypt(&rx, "ad", 2, ct, sizeof(ct), pt));
	assert_memory_equal(pt, "hello", 5);
	/* a replay */
	assert_err(noise_decrypt(&rx, "ad", 2, ct, sizeof(ct), pt), ERR_AUTH);
	duo_clear(&d);
}

static void
test_noise_encrypt__works_in_place_up_to_the_limit(void **state)
{
	static uint8_t m[NOISE_MSG_MAX + 1];
	struct noise_cipher tx, rx;
	struct duo d;
	size_t i;

	(void)state;
	open_duo(&d, &tx, &rx);
	memset(m, 'm', NOISE_DATA_MAX);
	assert_err(
	    noise_encrypt(&tx, NULL, 0, m, NOISE_DATA_MAX + 1, m), ERR_RANGE);
	assert_ok(noise_encrypt(&tx, NULL, 0, m, NOISE_DATA_MAX, m));
	assert_err(
	    noise_decrypt(&rx, NULL, 0, m, NOISE_MSG_MAX + 1, m), ERR_RANGE);
	assert_ok(noise_decrypt(&rx, NULL, 0, m, NOISE_MSG_MAX, m));
	for (i = 0; i < NOISE_DATA_MAX; i++)
		assert_int_equal(m[i], 'm');
	duo_clear(&d);
}

static void
test_noise_encrypt__the_last_nonce_is_never_used(void **state)
{
	uint8_t ct[NOISE_TAG_LEN] = {0}, zero[NOISE_TAG_LEN] = {0};
	struct noise_cipher tx, rx;
	struct duo d;

	(void)state;
	open_duo(&d, &tx, &rx);
	tx.n = rx.n = UINT64_MAX - 1;
	assert_ok(noise_encrypt(&tx, NULL, 0, NULL, 0, ct));
	assert_ok(noise_decrypt(&rx, NULL, 0, ct, sizeof(ct), NULL));
	memset(ct, 0, sizeof(ct));
	assert_err(noise_encrypt(&tx, NULL, 0, NULL, 0, ct), ERR_STATE);
	assert_err(
	    noise_decrypt(&rx, NULL, 0, ct, sizeof(ct), NULL), ERR_STATE);
	assert_true(tx.n == UINT64_MAX);
	tx.n = 0;
	noise_cipher_clear(&tx);
	assert_err(noise_encrypt(&tx, NULL, 0, NULL, 0, ct), ERR_STATE);
	assert_memory_equal(ct, zero, sizeof(ct));
	assert_memory_equal(tx.key, zero, sizeof(zero));
	duo_clear(&d);
}

static void
test_noise_keypair_of__derives_the_public_key(void **state)
{
	/* RFC 7748 §6.1, Alice */
	struct noise_keypair kp = {.pk.b = {7}};
	struct noise_secret sk = {{0}};
	uint8_t want[NOISE_KEY_LEN];

	(void)state;
	assert_err(noise_keypair_of(&kp, &sk), ERR_FORMAT);
	assert_int_equal(kp.pk.b[0], 7);
	hex_bytes(
	    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	    sk.b, sizeof(sk.b));
	hex_bytes(
	    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	    want, sizeof(want));
	assert_ok(noise_keypair_of(&kp, &sk));
	assert_memory_equal(kp.pk.b, want, sizeof(want));
	assert_memory_equal(&kp.sk, &sk, sizeof(sk));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_noise_xx__our_vector_replays),
	    cmocka_unit_test(test_noise_ik__our_vector_replays),
	    cmocka_unit_test(test_noise_xxfallback__our_vector_replays),
	    cmocka_unit_test(test_noise_overhead__is_what_a_message_adds),
	    cmocka_unit_test(
		test_noise_init__refuses_what_the_pattern_does_not_take),
	    cmocka_unit_test(
		test_noise_write__out_of_turn_or_room_changes_nothing),
	    cmocka_unit_test(
		test_noise_read__every_truncation_and_flip_fails_for_good),
	    cmocka_unit_test(
		test_noise_read__another_prologue_does_not_authenticate),
	    cmocka_unit_test(test_noise_read__keys_of_small_order_are_refused),
	    cmocka_unit_test(
		test_noise_fallback__only_after_the_first_ik_message),
	    cmocka_unit_test(test_noise_split__needs_an_end_and_wipes),
	    cmocka_unit_test(test_noise_decrypt__what_fails_changes_nothing),
	    cmocka_unit_test(
		test_noise_encrypt__works_in_place_up_to_the_limit),
	    cmocka_unit_test(test_noise_encrypt__the_last_nonce_is_never_used),
	    cmocka_unit_test(test_noise_keypair_of__derives_the_public_key),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
