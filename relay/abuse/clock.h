/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h — the relay's two clocks, handed to whatever needs the time.
 */
#ifndef RELAY_ABUSE_CLOCK_H
#define RELAY_ABUSE_CLOCK_H

#include <stdint.h>

struct relay_clock {
	uint64_t (*wall_ms)(void *arg); /* since 1970 UTC; may jump */
	uint64_t (*mono_ms)(void *arg); /* never goes back; any start */
	void *arg;
};

/* The system's clocks. */
extern const struct relay_clock relay_clock_system;

static inline uint64_t
relay_clock_wall(const struct relay_clock *c)
{
	return c->wall_ms(c->arg);
}

static inline uint64_t
relay_clock_mono(const struct relay_clock *c)
{
	return c->mono_ms(c->arg);
}

#endif
