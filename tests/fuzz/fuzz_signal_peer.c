/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A peer that knows the session's keys and writes what it likes: the MAC is
 * right whatever the post-quantum part says. Such a message opens exactly when
 * that part is accepted, and then has the text that was sealed.
 *     counter || length of the text || text || post-quantum part
 */
#include "common/signal/message.h"
#include "common/signal/ratchet.h"
#include "common/signal/spqr.h"
#include "common/signal/state.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
current(struct state *s, const struct buf *record)
{
	ProtobufCBinaryData packed;
	struct record rec;

	fuzz_need(record_load(&rec, record->p, record->len) == 0);
	packed = record_session(&rec, 0);
	fuzz_need(state_load(s, packed.data, packed.len) == 0);
	record_clear(&rec);
}

/* What Bob's own state says to the post-quantum part. */
static int
accepted(const struct state *bob, const uint8_t *pq, size_t len,
    struct spqr_key *key)
{
	struct spqr q;
	int r;

	key->has = false;
	if (len == 0)
		return ERR_VERSION;
	fuzz_need(spqr_load(&q, bob->pq.p, bob->pq.left) == 0);
	r = spqr_recv(&q, pq, len, key);
	spqr_clear(&q);
	return r;
}

static void
seal(struct buf *out, const struct state *alice, uint8_t counter,
    const struct cur *text, const struct cur *pq, const struct spqr_key *key)
{
	const struct mac_parties who = {alice->local, alice->remote};
	struct signal_message m = {
	    .version = alice->version,
	    .ratchet_key = alice->ratchet.pk,
	    .counter = counter,
	    .pq_ratchet = pq->p,
	    .pq_ratchet_len = pq->left,
	};
	struct message_seed seed;
	struct message_keys mk;
	struct chain chain;
	struct buf ct;

	/* her chain is at number 1: Bob has read number 0 */
	chain_init(&chain, &alice->sending, 1);
	fuzz_need(chain_take(&chain, counter, &seed) == 0);
	chain_clear(&chain);
	kdf_message_keys(&mk, &seed, key->has ? key->b : NULL);
	buf_init(&ct, text->left + CBC_BLOCK);
	fuzz_need(cbc_seal(&ct, mk.cipher, mk.iv, text->p, text->left) == 0);
	m.ciphertext = ct.p;
	m.ciphertext_len = ct.len;
	fuzz_need(signal_message_put(out, &m, mk.mac, &who) == 0);
	buf_clear(&ct);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_pair pair;
	static struct state alice, bob;
	struct cur pq = cur_of(data, len), text;
	struct signal_prekeys keys = fuzz_keys(&pair);
	struct session_opened got;
	struct spqr_key key;
	uint8_t counter, n;
	struct buf msg;
	int want, r;

	if (pair.bob_record.len == 0) {
		fuzz_pair_init(&pair, true);
		current(&alice, &pair.alice_record);
		current(&bob, &pair.bob_record);
	}
	if (cur_get_u8(&pq, &counter) != 0 || counter == 0 ||
	    cur_get_u8(&pq, &n) != 0 || cur_borrow(&pq, &data, n) != 0)
		return 0;
	text = cur_of(data, n);
	want = accepted(&bob, pq.p, pq.left, &key);
	buf_init(&msg, SIGNAL_MESSAGE_MAX);
	seal(&msg, &alice, counter, &text, &pq, &key);
	r = fuzz_decrypt(
	    &pair, &pair.bob_record, SIGNAL_MESSAGE, msg.p, msg.len);
	fuzz_need(r == want);
	if (r == 0) {
		fuzz_need(session_decrypt(&pair.bob, pair.bob_record.p,
			      pair.bob_record.len, &keys, SIGNAL_MESSAGE, msg.p,
			      msg.len, &got) == 0);
		fuzz_need(got.plaintext.len == n &&
			  (n == 0 || memcmp(got.plaintext.p, data, n) == 0));
		session_opened_clear(&got);
	}
	buf_clear(&msg);
	return 0;
}
