/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Group messages, distribution messages and records: outputs are untouched on
 * error; a key that was taken makes a record that can be read again, and taking
 * it twice is taking it once; what is taken or opened was for this distribution
 * at first sight. The first byte chooses what the rest is.
 */
#include "common/proto/signal.pb-c.h"
#include "common/signal/kdf.h"
#include "common/signal/pb.h"
#include "common/signal/sender_key.h"
#include "common/signal/xeddsa.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct sender_key_name NAME = {
    .account = {1}, .device = 1, .distribution = {{2}}};

static struct signal_rng
fixed_rng(uint32_t *counter)
{
	*counter = 0;
	return (struct signal_rng){fuzz_fill, counter};
}

/* What tells the distribution before anything is believed. */
static bool
peeks(int (*peek)(const uint8_t *, size_t, struct distribution_id *),
    const uint8_t *p, size_t len)
{
	struct distribution_id id, was;

	memset(&id, 0x33, sizeof(id));
	was = id;
	if (peek(p, len, &id) != 0) {
		fuzz_need(memcmp(&id, &was, sizeof(id)) == 0);
		return false;
	}
	return memcmp(&id, &NAME.distribution, sizeof(id)) == 0;
}

static void
take(const uint8_t *record, size_t record_len, const uint8_t *msg, size_t len)
{
	struct sender_key_result once, twice, was;

	const bool ours = peeks(sender_key_distribution_peek, msg, len);

	memset(&once, 0x33, sizeof(once));
	memcpy(&was, &once, sizeof(was));
	if (sender_key_process(&NAME, record, record_len, msg, len, &once) !=
	    0) {
		fuzz_need(memcmp(&once, &was, sizeof(was)) == 0);
		return;
	}
	fuzz_need(ours);
	fuzz_need(sender_key_process(&NAME, once.record.p, once.record.len, msg,
		      len, &twice) == 0);
	fuzz_need(once.record.len == twice.record.len &&
		  memcmp(once.record.p, twice.record.p, once.record.len) == 0);
	sender_key_result_clear(&once);
	sender_key_result_clear(&twice);
}

static void
open_message(const struct sender_key_result *key, const uint8_t *ct, size_t len)
{
	struct sender_key_result got, was;

	const bool ours = peeks(sender_key_message_peek, ct, len);

	memset(&got, 0x33, sizeof(got));
	memcpy(&was, &got, sizeof(was));
	if (sender_key_decrypt(
		&NAME, key->record.p, key->record.len, ct, len, &got) != 0) {
		fuzz_need(memcmp(&got, &was, sizeof(was)) == 0);
		return;
	}
	fuzz_need(ours);
	/* and not a second time */
	fuzz_need(sender_key_decrypt(&NAME, got.record.p, got.record.len, ct,
		      len, &was) == ERR_DUP);
	sender_key_result_clear(&got);
}

/* A member signs what it likes: version || protobuf. */
static void
open_signed(const struct sender_key_result *key,
    const struct identity_key_pair *signer, const uint8_t *body, size_t len,
    const struct signal_rng *rng)
{
	uint8_t *ct = malloc(len + SIGNATURE_LEN);

	fuzz_need(ct != NULL);
	memcpy(ct, body, len);
	xeddsa_sign(ct + len, signer, ct, len, rng);
	open_message(key, ct, len + SIGNATURE_LEN);
	free(ct);
}

/* A member's key, made by hand: we know the private half. */
static void
member(struct sender_key_result *out, const struct identity_key_pair *signer)
{
	Sotto__Signal__SenderKeyDistributionMessage pb =
	    SOTTO__SIGNAL__SENDER_KEY_DISTRIBUTION_MESSAGE__INIT;
	uint8_t key[EC_PUBLIC_LEN], msg[256] = {0x33};
	size_t n;

	identity_pk_put(key, &signer->pk);
	pb.distribution_uuid =
	    pb_bytes(NAME.distribution.b, DISTRIBUTION_ID_LEN);
	pb.chain_id = 7;
	pb.chain_key = pb_bytes(key, KDF_LEN);
	pb.signing_key = pb_bytes(key, sizeof(key));
	n = sotto__signal__sender_key_distribution_message__pack(&pb, msg + 1);
	fuzz_need(sender_key_process(&NAME, NULL, 0, msg, 1 + n, out) == 0);
}

static void
use_record(const uint8_t *record, size_t len, const struct signal_rng *rng)
{
	struct sender_key_result got, key;

	if (sender_key_encrypt(
		&NAME, record, len, (const uint8_t *)"x", 1, rng, &got) != 0)
		return;
	/* what can write can also tell others its key */
	fuzz_need(sender_key_distribute(
		      &NAME, got.record.p, got.record.len, rng, &key) == 0);
	sender_key_result_clear(&got);
	sender_key_result_clear(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sender_key_result key, members;
	static struct identity_key_pair signer;
	uint32_t counter;
	struct signal_rng rng = fixed_rng(&counter);

	if (key.record.p == NULL) {
		fuzz_need(sodium_init() >= 0);
		fuzz_need(
		    sender_key_distribute(&NAME, NULL, 0, &rng, &key) == 0);
		identity_generate(&signer, &rng);
		member(&members, &signer);
	}
	if (len == 0)
		return 0;
	switch (data[0] % 5) {
	case 0:
		take(NULL, 0, data + 1, len - 1);
		break;
	case 1:
		open_message(&key, data + 1, len - 1);
		break;
	case 2:
		use_record(data + 1, len - 1, &rng);
		break;
	case 3:
		open_signed(&members, &signer, data + 1, len - 1, &rng);
		break;
	default:
		take(data + 1, len - 1, key.bytes.p, key.bytes.len);
	}
	return 0;
}
