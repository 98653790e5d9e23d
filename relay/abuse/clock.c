/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <time.h>

#include "relay/abuse/clock.h"

static uint64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		return 0; /* cannot happen: both clocks exist on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t
system_wall(void *arg)
{
	(void)arg;
	return read_ms(CLOCK_REALTIME);
}

static uint64_t
system_mono(void *arg)
{
	(void)arg;
	return read_ms(CLOCK_MONOTONIC);
}

const struct relay_clock relay_clock_system = {
    .wall_ms = system_wall,
    .mono_ms = system_mono,
    .arg = NULL,
};
