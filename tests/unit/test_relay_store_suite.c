/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conformance suite, run against every backend there is. */
#include <sodium.h>

#include "tests/unit/relay_store_suite.h"

static const struct suite_backend backends[] = {
    {"relay store on SQLite", rig_init},
};

int
main(void)
{
	int failed = 0;
	size_t i;

	if (sodium_init() < 0)
		return 1;
	for (i = 0; i < ARRAY_LEN(backends); i++) {
		failed += relay_store_suite(&backends[i]);
		failed += relay_store_accounts(&backends[i]);
		failed += relay_store_groups(&backends[i]);
		failed += relay_store_blobs(&backends[i]);
	}
	return failed;
}
