/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SPQR's state as bytes: what is read is written the same, and as protobuf-c
 * would write it; every state that is read can send, can take any kind of
 * message, and is read again afterwards.
 */
#include "common/signal/spqr.h"
#include "tests/fuzz/pb_same.h"
#include "tests/fuzz/signal_pair.h"

#define STATE_MAX (512 * 1024)
#define EPOCH_END (UINT64_MAX - 2) /* nobody gets there: not read again */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Written, and read and written again: the same. */
static void
stable(const struct spqr *q)
{
	struct buf once, twice;
	struct spqr again;

	if (q->epoch > EPOCH_END)
		return;
	buf_init(&once, STATE_MAX);
	buf_init(&twice, STATE_MAX);
	fuzz_need(spqr_store(q, &once) == 0);
	fuzz_need(pb_same_written(
	    &sotto__signal__pq_ratchet__descriptor, once.p, once.len));
	fuzz_need(spqr_load(&again, once.p, once.len) == 0);
	fuzz_need(again.step == q->step && again.epoch == q->epoch);
	fuzz_need(spqr_store(&again, &twice) == 0);
	spqr_clear(&again);
	fuzz_need(
	    once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);
	buf_clear(&once);
	buf_clear(&twice);
}

static void
sends(const uint8_t *data, size_t len)
{
	uint8_t out[SPQR_MESSAGE_MAX];
	struct spqr_message m;
	struct spqr_key key;
	uint32_t counter = 0;
	struct signal_rng rng = {fuzz_fill, &counter};
	struct spqr q;
	size_t n;
	int r;

	fuzz_need(spqr_load(&q, data, len) == 0);
	r = spqr_send(&q, &rng, out, &n, &key);
	fuzz_need(r == 0 || r == ERR_FULL);
	if (r == 0) {
		fuzz_need(spqr_message_get(&m, out, n) == 0);
		fuzz_need(m.epoch == q.epoch);
		fuzz_need(m.type == spqr_shape(q.step)->sends);
		stable(&q);
	}
	spqr_clear(&q);
}

/* A message of this type for the state's own epoch, or the next. */
static void
takes(const uint8_t *data, size_t len, enum spqr_type type, unsigned later)
{
	struct spqr_message m = {.type = type, .chunk = {.x = 0x1234}};
	uint8_t in[SPQR_MESSAGE_MAX];
	struct spqr_key key;
	struct spqr q;
	size_t n;
	int r;

	fuzz_need(spqr_load(&q, data, len) == 0);
	m.epoch = q.epoch + later;
	n = m.epoch - 1 - (q.chain.newest - (q.chain.n - 1));
	if (n < q.chain.n)
		m.number = q.chain.recv[n].counter + 2;
	n = spqr_message_put(in, &m);
	r = spqr_recv(&q, in, n, &key);
	fuzz_need(r != ERR_STATE && r != ERR_VERSION);
	if (r == 0)
		stable(&q);
	spqr_clear(&q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct spqr q;
	unsigned type;

	if (spqr_load(&q, data, len) != 0)
		return 0;
	stable(&q);
	spqr_clear(&q);
	sends(data, len);
	for (type = SPQR_NONE; type <= SPQR_CT2; type++) {
		takes(data, len, (enum spqr_type)type, 0);
		takes(data, len, (enum spqr_type)type, 1);
	}
	return 0;
}
