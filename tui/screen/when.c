/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <time.h>

#include "tui/screen/when.h"

static const char *const months[] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday"};

static struct tm
local(uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm = {0};

	localtime_r(&t, &tm);
	return tm;
}

/* Days since a fixed one, of the local calendar. */
static long
day_number(const struct tm *tm)
{
	long y = tm->tm_year + 1900L - (tm->tm_mon < 2);
	long m = (tm->tm_mon + 10) % 12; /* from March on */

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 +
	       tm->tm_mday;
}

static long
days_ago(const struct tm *then, uint64_t now)
{
	struct tm tm = local(now);

	return day_number(&tm) - day_number(then);
}

bool
when_same_day(uint64_t a, uint64_t b)
{
	struct tm tm = local(a);

	return days_ago(&tm, b) == 0;
}

const char *
when_clock(char out[static WHEN_CAP], uint64_t ms)
{
	struct tm tm = local(ms);

	snprintf(out, WHEN_CAP, "%02d:%02d", tm.tm_hour, tm.tm_min);
	return out;
}

const char *
when_short(char out[static WHEN_CAP], uint64_t ms, uint64_t now)
{
	struct tm tm = local(ms), today = local(now);
	long ago = days_ago(&tm, now);

	if (ago <= 0)
		return when_clock(out, ms);
	if (ago == 1)
		snprintf(out, WHEN_CAP, "Yest.");
	else if (ago < 7)
		snprintf(out, WHEN_CAP, "%.3s", days[tm.tm_wday]);
	else if (tm.tm_year == today.tm_year)
		snprintf(
		    out, WHEN_CAP, "%d %.3s", tm.tm_mday, months[tm.tm_mon]);
	else
		snprintf(out, WHEN_CAP, "%d", tm.tm_year + 1900);
	return out;
}

const char *
when_day(char out[static WHEN_CAP], uint64_t ms, uint64_t now)
{
	struct tm tm = local(ms), today = local(now);
	long ago = days_ago(&tm, now);

	if (ago == 0)
		snprintf(out, WHEN_CAP, "Today");
	else if (ago == 1)
		snprintf(out, WHEN_CAP, "Yesterday");
	else if (tm.tm_year == today.tm_year)
		snprintf(out, WHEN_CAP, "%s %d %s", days[tm.tm_wday],
		    tm.tm_mday, months[tm.tm_mon]);
	else
		snprintf(out, WHEN_CAP, "%d %s %d", tm.tm_mday,
		    months[tm.tm_mon], tm.tm_year + 1900);
	return out;
}

const char *
when_full(char out[static WHEN_CAP], uint64_t ms)
{
	struct tm tm = local(ms);

	snprintf(out, WHEN_CAP, "%d %s %d, %02d:%02d:%02d", tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	return out;
}

const char *
when_date(char out[static WHEN_CAP], uint64_t ms)
{
	struct tm tm = local(ms);

	snprintf(out, WHEN_CAP, "%d %s", tm.tm_mday, months[tm.tm_mon]);
	return out;
}

const char *
when_seen(char out[static WHEN_CAP], uint64_t ms, uint64_t now)
{
	struct tm tm = local(ms);
	long ago = days_ago(&tm, now);

	if (ago <= 1)
		snprintf(out, WHEN_CAP, "%s at %02d:%02d",
		    ago == 1 ? "yesterday" : "today", tm.tm_hour, tm.tm_min);
	else
		snprintf(
		    out, WHEN_CAP, "on %d %s", tm.tm_mday, months[tm.tm_mon]);
	return out;
}
