/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vfs_help.h — databases under the sealing VFS, without a store around them. */
#ifndef TESTS_UNIT_VFS_HELP_H
#define TESTS_UNIT_VFS_HELP_H

#include <sqlite3.h>

#include "tests/unit/store_help.h"
#include "tui/store/vfs.h"

extern const uint8_t key_a[VFS_KEY_LEN]; /* 0, 1, 2, ... */
extern const uint8_t key_b[VFS_KEY_LEN];

struct db_opts {
	const char *vfs; /* NULL: VFS_NAME */
	bool plain; /* no key: vfs is not a sealing one */
	const char *journal; /* NULL: WAL; TRUNCATE, PERSIST, DELETE */
	const char *pragmas; /* more of them, may be NULL; by default nothing
			      * is synced */
	bool no_reserve;
};

/* Open or make; SQLITE_OK or the first error, then *db is NULL. */
int db_try(const char *path, const uint8_t *key, const struct db_opts *o,
    sqlite3 **db);
/* The same, and fail the test when it cannot. */
sqlite3 *db_open(const char *path, const uint8_t *key, const struct db_opts *o);
void db_close(sqlite3 *db);

/* Run SQL; its result code. */
int sql_try(sqlite3 *db, const char *sql);
/* Run SQL that must work. */
void sql_run(sqlite3 *db, const char *fmt, ...) PRINTF(2, 3);
/* First column of the first row; fails the test when there is none. */
int64_t sql_int(sqlite3 *db, const char *fmt, ...) PRINTF(2, 3);
/* Everything must be readable and make sense: integrity_check. 1 or 0. */
int db_sound(sqlite3 *db);

#endif
