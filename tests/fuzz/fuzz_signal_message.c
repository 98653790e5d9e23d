/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signal messages: what parses comes back the same after it is written again,
 * as protobuf-c would write it; decrypting changes nothing unless it succeeds.
 */
#include "common/signal/message.h"
#include "tests/fuzz/pb_same.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
round_trip(const struct signal_message *m)
{
	static const uint8_t key[32] = {1};
	static const struct mac_parties who;
	struct signal_message again;
	struct buf out;

	buf_init(&out, SIGNAL_MESSAGE_MAX);
	fuzz_need(signal_message_put(&out, m, key, &who) == 0);
	fuzz_need(pb_same_written(&sotto__signal__signal_message__descriptor,
	    out.p + 1, out.len - 1 - SIGNAL_MAC_LEN));
	fuzz_need(signal_message_parse(&again, out.p, out.len) == 0);
	fuzz_need(signal_message_check(&again, key, &who) == 0);
	fuzz_need(again.version == m->version && again.counter == m->counter &&
		  again.previous_counter == m->previous_counter);
	fuzz_need(ec_pk_equal(&again.ratchet_key, &m->ratchet_key));
	fuzz_need(
	    again.ciphertext_len == m->ciphertext_len &&
	    memcmp(again.ciphertext, m->ciphertext, m->ciphertext_len) == 0);
	fuzz_need(again.pq_ratchet_len == m->pq_ratchet_len);
	signal_message_clear(&again);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_pair pair3, pair4;
	static int ready;
	struct signal_message m;

	if (!ready) {
		fuzz_pair_init(&pair3, false);
		fuzz_pair_init(&pair4, true);
		ready = 1;
	}
	if (signal_message_parse(&m, data, len) == 0) {
		/* within the bytes that were read */
		fuzz_need(m.mac + SIGNAL_MAC_LEN == data + len);
		round_trip(&m);
		signal_message_clear(&m);
	}
	fuzz_decrypt(&pair3, &pair3.bob_record, SIGNAL_MESSAGE, data, len);
	fuzz_decrypt(&pair4, &pair4.bob_record, SIGNAL_MESSAGE, data, len);
	return 0;
}
