/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdatomic.h>
#include <sys/statvfs.h>

#include "relay/admin/http.h"

static atomic_uint raised; /* bit 1 << flag */

static const char *const texts[] = {
#define X(name, text) text,
    HEALTH_FLAGS(X)
#undef X
};

void
health_set(enum health_flag f, bool on)
{
	if (on)
		atomic_fetch_or(&raised, 1U << f);
	else
		atomic_fetch_and(&raised, ~(1U << f));
}

const char *
health_reason(void)
{
	unsigned now = atomic_load(&raised);
	size_t i;

	for (i = 0; i < HEALTH_FLAG_COUNT; i++)
		if (now & 1U << i)
			return texts[i];
	return NULL;
}

void
health_check_disk(const char *dir, uint64_t min)
{
	struct statvfs st;

	/* A disk that cannot be asked is the store's to complain about. */
	if (statvfs(dir, &st) == 0)
		health_set(HEALTH_DISK_FULL,
		    (uint64_t)st.f_bavail * st.f_frsize < min);
}
