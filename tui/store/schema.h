/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.h — what is in the store, as a list of steps. A step is one
 * transaction; a released one is never changed, only followed by another.
 */
#ifndef TUI_STORE_SCHEMA_H
#define TUI_STORE_SCHEMA_H

#include <stddef.h>

#include "tui/store/store.h"

struct migration {
	int version; /* what PRAGMA user_version is afterwards; 1, 2, 3, ... */
	const char *const *sql; /* scripts, NULL at the end */
};

extern const struct migration store_migrations[];
extern const size_t store_migrations_len;

/*
 * Take the store from its version to the last of the steps.
 * Returns 0; ERR_VERSION it is newer than that; other errors of the store, and
 * then it is still as it was before the step that failed.
 */
int schema_migrate(
    struct store *s, const struct migration *steps, size_t n) MUST_USE;

#endif
