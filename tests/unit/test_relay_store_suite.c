/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conformance suite, run against every backend there is. */
#include "tests/unit/relay_store_suite.h"

static const struct suite_backend backends[] = {
    {"relay store on SQLite", rig_init},
};

int
main(void)
{
	int failed = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(backends); i++)
		failed += relay_store_suite(&backends[i]);
	return failed;
}
