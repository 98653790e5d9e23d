/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Group messages, distribution messages and records: outputs are untouched on
 * error; a key that was taken makes a record that can be read again, and taking
 * it twice is taking it once. The first byte chooses what the rest is.
 */
#include "common/signal/sender_key.h"
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

static void
take(const uint8_t *record, size_t record_len, const uint8_t *msg, size_t len)
{
	struct sender_key_result once, twice, was;

	memset(&once, 0x33, sizeof(once));
	memcpy(&was, &once, sizeof(was));
	if (sender_key_process(&NAME, record, record_len, msg, len, &once) !=
	    0) {
		fuzz_need(memcmp(&once, &was, sizeof(was)) == 0);
		return;
	}
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

	memset(&got, 0x33, sizeof(got));
	memcpy(&was, &got, sizeof(was));
	if (sender_key_decrypt(
		&NAME, key->record.p, key->record.len, ct, len, &got) != 0) {
		fuzz_need(memcmp(&got, &was, sizeof(was)) == 0);
		return;
	}
	/* and not a second time */
	fuzz_need(sender_key_decrypt(&NAME, got.record.p, got.record.len, ct,
		      len, &was) == ERR_DUP);
	sender_key_result_clear(&got);
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
	static struct sender_key_result key;
	uint32_t counter;
	struct signal_rng rng = fixed_rng(&counter);

	if (key.record.p == NULL) {
		fuzz_need(sodium_init() >= 0);
		fuzz_need(
		    sender_key_distribute(&NAME, NULL, 0, &rng, &key) == 0);
	}
	if (len == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		take(NULL, 0, data + 1, len - 1);
		break;
	case 1:
		open_message(&key, data + 1, len - 1);
		break;
	case 2:
		use_record(data + 1, len - 1, &rng);
		break;
	default:
		take(data + 1, len - 1, key.bytes.p, key.bytes.len);
	}
	return 0;
}
