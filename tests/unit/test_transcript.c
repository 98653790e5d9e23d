/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conversations recorded with libsignal-client (tests/vectors/signal), replayed
 * in Bob's role: every message decrypts, and with the recorded ratchet keys
 * handed in as randomness every message we send is the same bytes. Only what
 * Bob drew for SPQR was not recorded: there the chunk, and with it the MAC, is
 * another one.
 */
#include <jansson.h>
#include <sodium.h>

#include "common/signal/message.h"
#include "common/signal/session.h"
#include "common/signal/spqr_message.h"
#include "tests/unit/test.h"

/* Randomness that was recorded: one private key, handed out once. */
struct tape {
	uint8_t key[EC_LEN];
	int left;
};

static void
tape_fill(void *ctx, void *out, size_t n)
{
	struct tape *t = ctx;

	assert_int_equal(n, EC_LEN);
	assert_true(t->left > 0);
	t->left--;
	memcpy(out, t->key, n);
}

struct bob {
	struct identity_key_pair identity;
	struct signed_pre_key signed_key;
	struct one_time_pre_key one_time;
	struct kyber_pre_key kyber;
	int has_one_time, has_kyber;
	struct identity_pk alice; /* once seen */
	struct buf record;
	int handshakes;
};

static size_t
json_hex(json_t *o, const char *name, uint8_t *out, size_t cap)
{
	const char *hex = json_string_value(json_object_get(o, name));

	if (hex == NULL)
		return 0;
	return hex_bytes(hex, out, cap);
}

static uint32_t
json_u32(json_t *o, const char *name)
{
	return (uint32_t)json_integer_value(json_object_get(o, name));
}

static int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	struct bob *b = ctx;

	if (id != b->signed_key.id)
		return ERR_NOTFOUND;
	*out = b->signed_key;
	return 0;
}

static int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	struct bob *b = ctx;

	if (!b->has_one_time || id != b->one_time.id)
		return ERR_NOTFOUND;
	*out = b->one_time;
	return 0;
}

static int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	struct bob *b = ctx;

	if (!b->has_kyber || id != b->kyber.id)
		return ERR_NOTFOUND;
	*out = b->kyber;
	return 0;
}

static void
bob_setup(struct bob *b, json_t *doc)
{
	json_t *bundle = json_object_get(doc, "bob_bundle");
	json_t *priv = json_object_get(doc, "bob_private");
	uint8_t k[EC_LEN], pub[EC_PUBLIC_LEN], want[EC_PUBLIC_LEN];

	memset(b, 0, sizeof(*b));
	assert_int_equal(json_hex(priv, "identity", k, sizeof(k)), EC_LEN);
	assert_ok(identity_from_private(&b->identity, k));
	identity_pk_put(pub, &b->identity.pk);
	assert_int_equal(
	    json_hex(bundle, "identity", want, sizeof(want)), EC_PUBLIC_LEN);
	assert_memory_equal(pub, want, EC_PUBLIC_LEN);
	assert_int_equal(json_hex(priv, "spre", k, sizeof(k)), EC_LEN);
	assert_ok(ec_from_private(&b->signed_key.pair, k));
	b->signed_key.id = json_u32(bundle, "spreid");
	if (json_hex(priv, "pre", k, sizeof(k)) > 0) {
		assert_ok(ec_from_private(&b->one_time.pair, k));
		b->one_time.id = json_u32(bundle, "preid");
		b->has_one_time = 1;
	}
	if (json_hex(priv, "kyber", b->kyber.sk.b, KEM_SECRET_LEN) > 0) {
		json_hex(bundle, "kyber", b->kyber.pk.b, KEM_PUBLIC_LEN);
		b->kyber.id = json_u32(bundle, "kyid");
		b->has_kyber = 1;
	}
}

/* The bundle that was published carries signatures we accept. */
static void
check_bundle(json_t *doc)
{
	json_t *j = json_object_get(doc, "bob_bundle");
	uint8_t pub[EC_PUBLIC_LEN];
	struct pre_key_bundle b = {0};

	json_hex(j, "identity", pub, sizeof(pub));
	assert_ok(identity_pk_get(&b.identity, pub, sizeof(pub)));
	json_hex(j, "spre", pub, sizeof(pub));
	assert_ok(ec_pk_get(&b.signed_key, pub, sizeof(pub)));
	json_hex(j, "spresig", b.signed_sig, SIGNATURE_LEN);
	b.has_kyber = json_hex(j, "kyber", b.kyber.b, KEM_PUBLIC_LEN) > 0;
	json_hex(j, "kybersig", b.kyber_sig, SIGNATURE_LEN);
	assert_ok(pre_key_bundle_check(&b));
	b.signed_sig[7] ^= 1;
	assert_err(pre_key_bundle_check(&b), ERR_AUTH);
}

static void
receive(struct bob *b, struct signal_local *local, struct tape *tape,
    json_t *step, uint8_t version)
{
	const struct signal_prekeys keys = {
	    signed_get, one_time_get, kyber_get, b};
	enum signal_type type = SIGNAL_MESSAGE;
	uint8_t ct[8192], want[256];
	struct session_opened got;
	size_t n, want_len;

	if (json_u32(step, "type") == SIGNAL_PRE_KEY_MESSAGE)
		type = SIGNAL_PRE_KEY_MESSAGE;
	n = json_hex(step, "ct", ct, sizeof(ct));
	want_len = json_hex(step, "plaintext", want, sizeof(want));
	tape->left = (int)json_hex(json_object_get(step, "bob_ratchet_after"),
			 "priv", tape->key, EC_LEN) > 0;
	assert_ok(session_decrypt(
	    local, b->record.p, b->record.len, &keys, type, ct, n, &got));
	assert_int_equal(got.plaintext.len, want_len);
	assert_memory_equal(got.plaintext.p, want, want_len);
	assert_int_equal(got.version, version);
	if (got.new_session) {
		b->handshakes++;
		b->alice = got.identity;
		assert_int_equal(got.signed_id, b->signed_key.id);
		assert_int_equal(got.used_one_time, b->has_one_time);
		assert_int_equal(got.used_kyber, b->has_kyber);
	}
	assert_true(identity_pk_equal(&got.identity, &b->alice));
	buf_clear(&b->record);
	b->record = got.record;
	buf_init(&got.record, 0);
	session_opened_clear(&got);
}

/* How many bytes at a message's end come from what was not recorded. */
static size_t
unrecorded(const uint8_t *p, size_t len)
{
	struct spqr_message pq = {.type = SPQR_NONE};
	struct signal_message m;

	assert_ok(signal_message_parse(&m, p, len));
	if (m.pq_ratchet != NULL)
		assert_ok(
		    spqr_message_get(&pq, m.pq_ratchet, m.pq_ratchet_len));
	signal_message_clear(&m);
	return pq.type == SPQR_CT1 ? CHUNK_LEN + SIGNAL_MAC_LEN : 0;
}

/* Returns whether it is the recorded message to the last byte. */
static bool
send(struct bob *b, struct signal_local *local, struct tape *tape, json_t *step)
{
	uint8_t pt[256], want[8192];
	struct session_sealed got;
	size_t n, want_len, open;

	n = json_hex(step, "plaintext", pt, sizeof(pt));
	want_len = json_hex(step, "ct", want, sizeof(want));
	open = unrecorded(want, want_len);
	tape->left = open > 0; /* any bytes will do */
	assert_ok(
	    session_encrypt(local, b->record.p, b->record.len, pt, n, &got));
	assert_int_equal(got.type, json_u32(step, "type"));
	assert_int_equal(got.ciphertext.len, want_len);
	assert_memory_equal(got.ciphertext.p, want, want_len - open);
	buf_clear(&b->record);
	b->record = got.record;
	buf_init(&got.record, 0);
	session_sealed_clear(&got);
	return open == 0;
}

/* spqr: whether Alice does it. exact: messages of ours that are the same. */
static void
replay(const char *path, uint8_t version, bool spqr, size_t exact)
{
	struct tape tape = {.left = 0};
	const struct signal_rng rng = {tape_fill, &tape};
	struct signal_local local = {.rng = &rng, .now_ms = 1};
	struct bob b;
	json_t *doc, *step;
	struct session_info info;
	size_t i, sent = 0;

	doc = json_load_file(path, 0, NULL);
	assert_non_null(doc);
	check_bundle(doc);
	bob_setup(&b, doc);
	local.identity = &b.identity;
	local.registration_id =
	    json_u32(json_object_get(doc, "bob_bundle"), "reg");
	local.min_version = version;
	local.spqr_optional = !spqr;
	json_array_foreach(json_object_get(doc, "steps"), i, step)
	{
		const char *op = json_string_value(json_object_get(step, "op"));

		if (strcmp(op, "bob_recv") == 0) {
			receive(&b, &local, &tape, step, version);
		} else {
			exact -= send(&b, &local, &tape, step);
			sent++;
		}
	}
	assert_int_equal(i, 11);
	assert_int_equal(sent, 4);
	assert_int_equal(exact, 0);
	assert_ok(session_info(b.record.p, b.record.len, &info));
	assert_int_equal(info.post_quantum, spqr);
	assert_int_equal(b.handshakes, 1);
	buf_clear(&b.record);
	json_decref(doc);
}

static void
test_transcript__v3_with_a_one_time_key(void **state)
{
	replay("tests/vectors/signal/v3_x3dh.json", 3, false, 4);
}

static void
test_transcript__v3_without_a_one_time_key(void **state)
{
	replay("tests/vectors/signal/v3_x3dh_noonetime.json", 3, false, 4);
}

static void
test_transcript__v4_pqxdh(void **state)
{
	replay("tests/vectors/signal/v4_pqxdh.json", 4, false, 4);
}

static void
test_transcript__v4_pqxdh_spqr(void **state)
{
	replay("tests/vectors/signal/v4_pqxdh_spqr.json", 4, true, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transcript__v3_with_a_one_time_key),
	    cmocka_unit_test(test_transcript__v3_without_a_one_time_key),
	    cmocka_unit_test(test_transcript__v4_pqxdh),
	    cmocka_unit_test(test_transcript__v4_pqxdh_spqr),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
