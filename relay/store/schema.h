/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.h — the tables, as a list of steps from nothing to now. A step that
 * has been released is never edited; the next one changes what it made.
 */
#ifndef RELAY_STORE_SCHEMA_H
#define RELAY_STORE_SCHEMA_H

#include <sqlite3.h>

#include "relay/store/store.h"

struct schema_step {
	const char *name;
	const char *sql;
};

/* The relay's steps; version n is the schema after the first n. */
extern const struct schema_step schema_steps[];
extern const size_t schema_step_count;

/*
 * Bring db to version n by the steps it lacks, each in a transaction of its
 * own together with its row in the table "migration".
 * Returns 0; ERR_VERSION db is newer than n; ERR_FORMAT a database of somebody
 * else; ERR_IO. After an error the steps before the failing one have been
 * applied. why is set on error.
 */
int schema_apply(sqlite3 *db, const struct schema_step *steps, size_t n,
    uint64_t now_ms, struct store_why *why) MUST_USE;

/* The version of db; 0 empty; negative as above. */
int schema_version(sqlite3 *db, struct store_why *why) MUST_USE;

#endif
