/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vfs_help.c — databases under the sealing VFS, without a store around them. */
#include "tests/unit/vfs_help.h"

const uint8_t key_a[VFS_KEY_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
const uint8_t key_b[VFS_KEY_LEN] = {0xb0, 0xb1};

static int
open_uri(
    const char *path, const uint8_t *key, const struct db_opts *o, sqlite3 **db)
{
	char uri[1024];
	uint32_t number;
	int rc;

	const char *vfs = o->vfs != NULL ? o->vfs : VFS_NAME;
	int flags =
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;

	if (o->plain)
		return sqlite3_open_v2(path, db, flags, o->vfs);
	assert_ok(vfs_register(VFS_NAME, NULL));
	assert_ok(vfs_key_add(key, &number));
	assert_ok(vfs_uri(vfs, path, number, uri, sizeof(uri)));
	rc = sqlite3_open_v2(uri, db, flags, NULL);
	vfs_key_drop(number);
	return rc;
}

int
db_try(
    const char *path, const uint8_t *key, const struct db_opts *o, sqlite3 **db)
{
	static const struct db_opts none;
	int reserve = VFS_RESERVE, rc;
	char sql[512];

	if (o == NULL)
		o = &none;
	*db = NULL;
	rc = open_uri(path, key, o, db);
	if (rc == SQLITE_OK && !o->no_reserve && !o->plain)
		rc = sqlite3_file_control(
		    *db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	snprintf(sql, sizeof(sql),
	    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY;"
	    "PRAGMA cache_spill=OFF; PRAGMA secure_delete=ON;"
	    "PRAGMA synchronous=OFF; %s; PRAGMA journal_mode=%s",
	    o->pragmas != NULL ? o->pragmas : "",
	    o->journal != NULL ? o->journal : "WAL");
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*db, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return rc;
}

sqlite3 *
db_open(const char *path, const uint8_t *key, const struct db_opts *o)
{
	sqlite3 *db;
	int rc = db_try(path, key, o, &db);

	if (rc != SQLITE_OK)
		fail_msg("%s: %s", path, sqlite3_errstr(rc));
	return db;
}

void
db_close(sqlite3 *db)
{
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int
sql_try(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

void
sql_run(sqlite3 *db, const char *fmt, ...)
{
	char sql[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sql_try(db, sql) != SQLITE_OK)
		fail_msg("%s: %s (%d)", sql, sqlite3_errmsg(db),
		    sqlite3_extended_errcode(db));
}

int64_t
sql_int(sqlite3 *db, const char *fmt, ...)
{
	sqlite3_stmt *st = NULL;
	char sql[1024];
	int64_t v = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

int
db_sound(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int ok = 0;

	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(st, 0);

		ok = text != NULL && strcmp((const char *)text, "ok") == 0;
	}
	if (sqlite3_finalize(st) != SQLITE_OK)
		ok = 0;
	return ok;
}
