/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever is taken for a picture file: what comes out is not much longer, and
 * has nothing left that would go. */
#include <stdlib.h>
#include <string.h>

#include "media/preview/strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;
	int r;

	buf_init(&once, size + 64);
	buf_init(&twice, size + 128);
	r = strip_file(data, size, &once);
	if (r == ERR_FULL || (r == 0 && once.len > size + 64))
		abort();
	if (r == 0 && (strip_file(once.p, once.len, &twice) != 0 ||
			  twice.len != once.len ||
			  memcmp(twice.p, once.p, once.len) != 0))
		abort();
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
