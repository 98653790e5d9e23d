/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_proxy.c — the balancer's header: whole or not, it is read the same. */
#include <stdlib.h>

#include "relay/net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct proxy_header h = {.known = false};
	size_t used = 0, cut;
	int r, whole;

	whole = proxy_parse(data, len, &h, &used);
	if (whole == 0 && (used < PROXY_FIXED || used > len))
		abort();
	/* A prefix asks for more, or says what the whole says. */
	for (cut = 0; cut < len && cut < 64; cut++) {
		size_t n = 0;

		r = proxy_parse(data, cut, &h, &n);
		if (r == 0 ? (whole != 0 || n != used)
			   : (r != ERR_AGAIN && r != whole))
			abort();
	}
	return 0;
}
