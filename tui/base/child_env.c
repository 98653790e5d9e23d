/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child_env.c — what a program started for the person need not know. */
#include "tui/base/child_env.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const withheld[] = {
    "GNUTLS_NO_IMPLICIT_INIT=",
    "SOTTO_PASSPHRASE=",
    "SOTTO_PIN=",
    "SOTTO_BACKUP_PASSWORD=",
    "SOTTO_BACKUP_CODE=",
};

void
child_env_lean(void)
{
	/* Without memory for it, it is only the megabyte. */
	(void)setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 1);
}

static bool
is_withheld(const char *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(withheld); i++) {
		if (strncmp(entry, withheld[i], strlen(withheld[i])) == 0)
			return true;
	}
	return false;
}

char **
child_env(char *const *env)
{
	size_t n = 0, kept = 0;
	char **out;

	while (env[n] != NULL)
		n++;
	out = calloc(n + 1, sizeof(*out));
	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!is_withheld(env[i]))
			out[kept++] = env[i];
	}
	return out;
}
