/* SPDX-License-Identifier: GPL-3.0-or-later */
/* when_span.c — how long something lasts, in words and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base.h"
#include "tui/screen/when.h"

static const struct {
	uint64_t s;
	const char *word;
} units[] = {
    {604800, "week"},
    {86400, "day"},
    {3600, "hour"},
    {60, "minute"},
    {1, "second"},
};

const char *
when_span(char out[static WHEN_CAP], uint64_t seconds)
{
	uint64_t n;
	size_t i = 0;

	/* The largest unit that says it exactly. */
	while (i < ARRAY_LEN(units) - 1 &&
	       (seconds < units[i].s || seconds % units[i].s != 0))
		i++;
	n = seconds / units[i].s;
	snprintf(out, WHEN_CAP, "%llu %s%s", (unsigned long long)n,
	    units[i].word, n == 1 ? "" : "s");
	return out;
}

/* "d", "day", "days". */
static bool
is_unit(const char *s, size_t len, const char *word)
{
	if (len > 1 && len <= strlen(word) + 1 && s[len - 1] == 's' &&
	    strncmp(s, word, len - 1) == 0)
		return true;
	return strncmp(s, word, len) == 0;
}

bool
when_parse_span(const char *s, uint64_t *seconds)
{
	unsigned long long n;
	char *end;
	size_t i, len;

	if (strcmp(s, "off") == 0 || strcmp(s, "0") == 0) {
		*seconds = 0;
		return true;
	}
	if (s[0] < '1' || s[0] > '9')
		return false;
	n = strtoull(s, &end, 10);
	end += strspn(end, " ");
	len = strlen(end);
	if (n > 1000000)
		return false;
	for (i = 0; i < ARRAY_LEN(units); i++) {
		/* nothing at all: seconds */
		if ((len == 0 && units[i].s != 1) ||
		    !is_unit(end, len, units[i].word))
			continue;
		*seconds = n * units[i].s;
		return true;
	}
	return false;
}
