/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * when.h — times as people read them, in the local time zone. Times are Unix
 * milliseconds; "now" is handed in.
 */
#ifndef TUI_SCREEN_WHEN_H
#define TUI_SCREEN_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_CAP 48

/* "14:02" */
const char *when_clock(char out[static WHEN_CAP], uint64_t ms);
/* For a list: "14:02", "Yest.", "Tue", "24 Nov", "2025"; at most 6 cells. */
const char *when_short(char out[static WHEN_CAP], uint64_t ms, uint64_t now);
/* For a separator: "Today", "Yesterday", "Tuesday 24 November", with the year
 * when it is another one. */
const char *when_day(char out[static WHEN_CAP], uint64_t ms, uint64_t now);
/* "24 November 2026, 14:02:07" */
const char *when_full(char out[static WHEN_CAP], uint64_t ms);
/* "24 November" */
const char *when_date(char out[static WHEN_CAP], uint64_t ms);
/* "today at 14:02", "on 24 November" */
const char *when_seen(char out[static WHEN_CAP], uint64_t ms, uint64_t now);

/* "30 seconds", "1 week": how long something lasts. */
const char *when_span(char out[static WHEN_CAP], uint64_t seconds);
/* "8h", "2 days", "30": seconds alone; "off" is 0. False: it is none. */
bool when_parse_span(const char *s, uint64_t *seconds);

/* True when both are on the same local day. */
bool when_same_day(uint64_t a, uint64_t b);

#endif
