/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/signal_side.h"

const uint8_t side_text[SIDE_TEXT_LEN] =
    "A message as people write them: about a hundred bytes, "
    "sometimes more, most of the time less, seldom";

double
side_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
side_must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "failed: %s\n", what);
	exit(1);
}

static void
answer(const struct side_row *rows, size_t n, const char *name, unsigned count)
{
	struct side_result out = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(rows[i].name, name) == 0)
			break;
	}
	side_must(i < n, name);
	rows[i].run(count, &out);
	printf("%.9f %.9f %.0f\n", out.first_s, out.second_s, out.bytes);
	fflush(stdout);
}

int
side_serve(const struct side_row *rows, size_t n)
{
	char line[64], *space;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		space = strchr(line, ' ');
		side_must(space != NULL, "a row and a count");
		*space = '\0';
		answer(rows, n, line, (unsigned)strtoul(space + 1, NULL, 10));
	}
	return 0;
}
