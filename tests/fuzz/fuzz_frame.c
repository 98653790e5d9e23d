/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_frame.c — a stream of frames: what is read is written as the same bytes
 * and lies within them; with any byte of it missing, more is asked for; what is
 * refused changes nothing. First byte: the largest body, times 8.
 */
#include <assert.h>
#include <string.h>

#include "common/proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
comes_back(const struct frame *f, const uint8_t *p, size_t used)
{
	struct buf again;

	buf_init(&again, used);
	assert(frame_put(&again, f) == 0);
	assert(again.len == used && memcmp(again.p, p, used) == 0);
	buf_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct frame f, was, part;
	size_t used, n, max, cut;
	int r;

	if (len == 0)
		return 0;
	max = (size_t)data[0] * 8;
	data++;
	for (len--;; data += used, len -= used) {
		memset(&f, 0x33, sizeof(f));
		memcpy(&was, &f, sizeof(was));
		used = 77;
		r = frame_get(data, len, max, &f, &used);
		if (r != 0)
			break;
		assert(used <= len && f.len <= max);
		assert(f.body == data + FRAME_HEADER);
		comes_back(&f, data, used);
		for (n = 0; n < used; n++)
			assert(
			    frame_get(data, n, max, &part, &cut) == ERR_AGAIN);
	}
	assert(used == 77 && memcmp(&f, &was, sizeof(f)) == 0);
	assert(r == ERR_AGAIN || r == ERR_FORMAT || r == ERR_RANGE);
	return 0;
}
