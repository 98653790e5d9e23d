/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/child.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef SOTTO_LIBEXECDIR
#define SOTTO_LIBEXECDIR "/usr/local/libexec/sotto"
#endif

void
child_path(const char *program, char path[static CHILD_PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, CHILD_PATH_MAX - 1);
	size_t len = strlen(program) + 1;
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL &&
		    (size_t)(slash - path) + 1 + len <= CHILD_PATH_MAX) {
			memcpy(slash + 1, program, len);
			if (access(path, X_OK) == 0)
				return;
		}
	}
	snprintf(path, CHILD_PATH_MAX, "%s/%s", SOTTO_LIBEXECDIR, program);
}
