/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What SPQR puts into a message: what is read comes back the same after it is
 * written again, in no more bytes; what is refused changes nothing.
 */
#include "common/signal/spqr_message.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct spqr_message m, again, was;
	uint8_t out[SPQR_MESSAGE_MAX];
	size_t n;

	memset(&m, 0x55, sizeof(m));
	memcpy(&was, &m, sizeof(was));
	if (spqr_message_get(&m, data, len) != 0) {
		fuzz_need(memcmp(&m, &was, sizeof(m)) == 0);
		return 0;
	}
	fuzz_need(m.epoch > 0 && m.type <= SPQR_CT2);
	n = spqr_message_put(out, &m);
	fuzz_need(n <= len);
	fuzz_need(spqr_message_get(&again, out, n) == 0);
	fuzz_need(again.epoch == m.epoch && again.number == m.number &&
		  again.type == m.type && again.chunk.x == m.chunk.x);
	fuzz_need(memcmp(again.chunk.b, m.chunk.b, CHUNK_LEN) == 0);
	return 0;
}
