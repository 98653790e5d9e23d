/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records read in place, beside protobuf-c's decoder. The first byte says as
 * which type. */
#include "tests/fuzz/pb_same.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool taken;

	if (len == 0)
		return 0;
	fuzz_need(pb_same(
	    pb_same_types[data[0] % PB_SAME_TYPES], data + 1, len - 1, &taken));
	return 0;
}
