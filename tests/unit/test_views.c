/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/screen_rig.h"

/* What is drawn, at three sizes. */

static void
at_sizes(const char *name, void (*go)(struct rig *r))
{
	static const struct {
		int rows, cols;
	} sizes[] = {{6, 20}, {24, 80}, {60, 200}};
	char golden[64];
	struct rig r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		rig_open(&r, sizes[i].rows, sizes[i].cols, NULL);
		go(&r);
		snprintf(golden, sizeof(golden), "%s-%dx%d", name,
		    sizes[i].cols, sizes[i].rows);
		rig_golden(&r, golden);
		rig_close(&r);
	}
}

static void
test_views__chats_and_conversation(void **state)
{
	(void)state;
	at_sizes("main", rig_main);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_views__chats_and_conversation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
