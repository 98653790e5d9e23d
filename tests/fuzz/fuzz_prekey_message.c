/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pre-key messages: what parses comes back the same after it is written again;
 * decrypting, with a session and without one, changes nothing unless it
 * succeeds.
 */
#include "common/signal/message.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
round_trip(const struct pre_key_message *m)
{
	struct pre_key_message again;
	struct buf out;

	buf_init(&out, SIGNAL_MESSAGE_MAX);
	/* what was read may be shorter than what we write: one field more */
	if (pre_key_message_put(&out, m) == 0) {
		fuzz_need(pre_key_message_parse(&again, out.p, out.len) == 0);
		fuzz_need(again.version == m->version &&
			  again.has_one_time == m->has_one_time &&
			  again.one_time_id == m->one_time_id &&
			  again.signed_id == m->signed_id &&
			  again.registration_id == m->registration_id &&
			  again.has_kyber == m->has_kyber &&
			  again.kyber_id == m->kyber_id);
		fuzz_need(ec_pk_equal(&again.base_key, &m->base_key));
		fuzz_need(identity_pk_equal(&again.identity, &m->identity));
		fuzz_need(again.message_len == m->message_len);
		pre_key_message_clear(&again);
	}
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_pair pair3, pair4;
	static int ready;
	struct buf none = {.p = NULL};
	struct pre_key_message m;

	if (!ready) {
		fuzz_pair_init(&pair3, false);
		fuzz_pair_init(&pair4, true);
		ready = 1;
	}
	if (pre_key_message_parse(&m, data, len) == 0) {
		fuzz_need(m.has_kyber == (m.version >= 4));
		round_trip(&m);
		pre_key_message_clear(&m);
	}
	fuzz_decrypt(&pair3, &none, SIGNAL_PRE_KEY_MESSAGE, data, len);
	fuzz_decrypt(
	    &pair3, &pair3.bob_record, SIGNAL_PRE_KEY_MESSAGE, data, len);
	fuzz_decrypt(
	    &pair4, &pair4.bob_record, SIGNAL_PRE_KEY_MESSAGE, data, len);
	return 0;
}
