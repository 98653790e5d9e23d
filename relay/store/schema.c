/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/store/schema.h"

#include <stdio.h>
#include <stdlib.h>

#define APPLICATION_ID "1399813236" /* "Sott", so that file(1) can tell */

/*
 * account.row, device.dev and seqs never come back: AUTOINCREMENT, and
 * meta.seq_limit. Numbers are the phone's digits. Of a device that is gone
 * only its Noise key stays, so that it can be told.
 *
 * A message is first in fresh, a log in order of seq: new rows go to its end,
 * whomever they are for, and acknowledging one is a note in queue_state. What
 * is not acknowledged soon settles into a table clustered by device. body is
 * NULL where many rows share one (groups). recent holds the tags of recent.h,
 * a row a commit.
 */
const struct schema_step schema_steps[] = {
    {"first",
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('seq_limit', 0),"
	" ('recent_key', randomblob(16));"

	"CREATE TABLE account ("
	" row INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),"
	" phone INTEGER NOT NULL UNIQUE,"
	" created_ms INTEGER NOT NULL,"
	" banned INTEGER NOT NULL DEFAULT 0,"
	" next_device INTEGER NOT NULL DEFAULT 2,"
	" list_version INTEGER NOT NULL DEFAULT 0,"
	" device_list BLOB);"

	"CREATE TABLE device ("
	" dev INTEGER PRIMARY KEY AUTOINCREMENT,"
	" account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
	" device_id INTEGER NOT NULL CHECK (device_id BETWEEN 1 AND 127),"
	" registration_id INTEGER NOT NULL,"
	" noise_pk BLOB NOT NULL UNIQUE CHECK (length(noise_pk) = 32),"
	" identity_pk BLOB NOT NULL CHECK (length(identity_pk) = 33),"
	" created_ms INTEGER NOT NULL,"
	" signed_id INTEGER NOT NULL DEFAULT 0,"
	" signed_pk BLOB, signed_sig BLOB,"
	" kyber_id INTEGER NOT NULL DEFAULT 0," /* the last resort */
	" kyber_pk BLOB, kyber_sig BLOB,"
	" one_time_high INTEGER NOT NULL DEFAULT -1," /* ids ever uploaded */
	" kyber_high INTEGER NOT NULL DEFAULT -1,"
	" UNIQUE (account, device_id));"

	"CREATE TABLE revoked ("
	" noise_pk BLOB PRIMARY KEY,"
	" account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
	" revoked_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX revoked_account ON revoked (account);"

	"CREATE TABLE one_time_key ("
	" dev INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
	" id INTEGER NOT NULL, pk BLOB NOT NULL,"
	" PRIMARY KEY (dev, id)) WITHOUT ROWID;"

	"CREATE TABLE kyber_key ("
	" row INTEGER PRIMARY KEY,"
	" dev INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
	" id INTEGER NOT NULL, pk BLOB NOT NULL, sig BLOB NOT NULL,"
	" UNIQUE (dev, id));"

	"CREATE TABLE shared_body ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" refs INTEGER NOT NULL, body BLOB NOT NULL);"

	"CREATE TABLE fresh ("
	" seq INTEGER PRIMARY KEY,"
	" dev INTEGER NOT NULL," /* no key: deletions would walk it */
	" sent_ms INTEGER NOT NULL,"
	" sender_account BLOB NOT NULL,"
	" sender_device INTEGER NOT NULL,"
	" message_id BLOB NOT NULL,"
	" type INTEGER NOT NULL,"
	" body BLOB,"
	" shared_body INTEGER REFERENCES shared_body);"

	"CREATE TABLE settled ("
	" dev INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,"
	" seq INTEGER NOT NULL,"
	" sent_ms INTEGER NOT NULL,"
	" sender_account BLOB NOT NULL,"
	" sender_device INTEGER NOT NULL,"
	" message_id BLOB NOT NULL,"
	" type INTEGER NOT NULL,"
	" body BLOB,"
	" shared_body INTEGER REFERENCES shared_body,"
	" PRIMARY KEY (dev, seq)) WITHOUT ROWID;"

	"CREATE TABLE queue_state ("
	" dev INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,"
	" acked INTEGER NOT NULL DEFAULT 0," /* of fresh: up to here */
	" rows INTEGER NOT NULL DEFAULT 0," /* in settled */
	" bytes INTEGER NOT NULL DEFAULT 0);"

	"CREATE TABLE recent (first INTEGER PRIMARY KEY,"
	" entries BLOB NOT NULL);"

	"CREATE TABLE otp ("
	" row INTEGER PRIMARY KEY AUTOINCREMENT,"
	" token BLOB NOT NULL UNIQUE,"
	" phone INTEGER NOT NULL,"
	" invite TEXT NOT NULL,"
	" code_hash BLOB NOT NULL,"
	" expires_ms INTEGER NOT NULL,"
	" attempts_left INTEGER NOT NULL);"
	"CREATE INDEX otp_phone ON otp (phone);"
	"CREATE INDEX otp_expires ON otp (expires_ms);"

	"CREATE TABLE invite ("
	" row INTEGER PRIMARY KEY AUTOINCREMENT,"
	" token TEXT NOT NULL UNIQUE,"
	" note TEXT NOT NULL,"
	" uses INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0,"
	" created_ms INTEGER NOT NULL,"
	" expires_ms INTEGER NOT NULL," /* 0: never */
	" issuer INTEGER REFERENCES account ON DELETE SET NULL);"
	"CREATE INDEX invite_issuer ON invite (issuer);"
	"CREATE INDEX invite_expires ON invite (expires_ms);"},

    /* shared_body.refs: how many it was for; whether rows are left is found
     * by the indexes. A member that is no account of ours has no row. */
    {"devices, groups and reports",
	"ALTER TABLE device ADD COLUMN listed INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE device ADD COLUMN seen_ms INTEGER NOT NULL DEFAULT 0;"
	"UPDATE device SET seen_ms = created_ms;"
	"ALTER TABLE account ADD COLUMN pin_hash BLOB;"
	"ALTER TABLE account ADD COLUMN pin_wrong INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN pin_wait_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE otp ADD COLUMN account BLOB;" /* to change its number */
	"CREATE INDEX otp_account ON otp (account) WHERE account IS NOT NULL;"

	"CREATE TABLE linking ("
	" noise_pk BLOB PRIMARY KEY CHECK (length(noise_pk) = 32),"
	" account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
	" device_id INTEGER NOT NULL,"
	" expires_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX linking_account ON linking (account);"
	"CREATE INDEX linking_expires ON linking (expires_ms);"

	"ALTER TABLE shared_body ADD COLUMN group_id BLOB;"
	"ALTER TABLE shared_body ADD COLUMN expires_ms INTEGER NOT NULL"
	" DEFAULT 0;"
	"CREATE INDEX shared_expires ON shared_body (expires_ms)"
	" WHERE expires_ms > 0;"
	"CREATE INDEX fresh_shared ON fresh (shared_body)"
	" WHERE shared_body IS NOT NULL;"
	"CREATE INDEX settled_shared ON settled (shared_body)"
	" WHERE shared_body IS NOT NULL;"

	"CREATE TABLE grp ("
	" row INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),"
	" version INTEGER NOT NULL,"
	" record BLOB NOT NULL);"
	"CREATE TABLE group_entry ("
	" grp INTEGER NOT NULL REFERENCES grp ON DELETE CASCADE,"
	" version INTEGER NOT NULL, entry BLOB NOT NULL,"
	" PRIMARY KEY (grp, version)) WITHOUT ROWID;"
	"CREATE TABLE group_member ("
	" account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
	" grp INTEGER NOT NULL REFERENCES grp ON DELETE CASCADE,"
	" PRIMARY KEY (account, grp)) WITHOUT ROWID;"
	"CREATE INDEX group_member_grp ON group_member (grp);"

	"CREATE TABLE report ("
	" row INTEGER PRIMARY KEY AUTOINCREMENT,"
	" received_ms INTEGER NOT NULL, blob BLOB NOT NULL);"},

    /* The bytes are elsewhere and outlive the account: the row tells. */
    {"blobs", "CREATE TABLE blob ("
	      " locator BLOB PRIMARY KEY CHECK (length(locator) = 16),"
	      " account INTEGER REFERENCES account ON DELETE SET NULL,"
	      " size INTEGER NOT NULL,"
	      " created_ms INTEGER NOT NULL,"
	      " expires_ms INTEGER NOT NULL,"
	      " stored INTEGER NOT NULL DEFAULT 0,"
	      " upload TEXT NOT NULL) WITHOUT ROWID;"
	      "CREATE INDEX blob_account ON blob (account, size);"
	      "CREATE INDEX blob_expires ON blob (expires_ms);"},
};
const size_t schema_step_count = ARRAY_LEN(schema_steps);

static int
complain(sqlite3 *db, struct store_why *why, const char *doing)
{
	int rc = sqlite3_errcode(db);

	snprintf(
	    why->text, sizeof(why->text), "%s: %s", doing, sqlite3_errmsg(db));
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return ERR_FORMAT;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

/* The single number a query yields. */
static int
number(sqlite3 *db, const char *sql, int64_t *v, struct store_why *why)
{
	sqlite3_stmt *st;
	int r = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return complain(db, why, "cannot read the store");
	if (sqlite3_step(st) == SQLITE_ROW)
		*v = sqlite3_column_int64(st, 0);
	else
		r = complain(db, why, "cannot read the store");
	sqlite3_finalize(st);
	return r;
}

int
schema_version(sqlite3 *db, struct store_why *why)
{
	int64_t app = 0, tables = 0, version = 0;
	int r;

	r = number(db, "SELECT count(*) FROM sqlite_schema", &tables, why);
	if (r != 0 || tables == 0)
		return r;
	r = number(db, "PRAGMA application_id", &app, why);
	if (r != 0)
		return r;
	if (app != strtoll(APPLICATION_ID, NULL, 10)) {
		snprintf(why->text, sizeof(why->text),
		    "the file is another program's database");
		return ERR_FORMAT;
	}
	r = number(db, "SELECT max(version) FROM migration", &version, why);
	return r != 0 ? r : (int)version;
}

static int
exec(sqlite3 *db, const char *sql, struct store_why *why, const char *doing)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : complain(db, why, doing);
}

static int
note_step(sqlite3 *db, const char *name, size_t version, uint64_t now_ms,
    struct store_why *why)
{
	char *sql =
	    sqlite3_mprintf("INSERT INTO migration VALUES (%lld, %Q, %lld)",
		(long long)version, name, (long long)now_ms);
	int r;

	if (sql == NULL)
		return ERR_NOMEM;
	r = exec(db, sql, why, name);
	sqlite3_free(sql);
	return r;
}

static int
apply_step(sqlite3 *db, const struct schema_step *step, size_t version,
    uint64_t now_ms, struct store_why *why)
{
	int r;

	r = exec(db, "BEGIN IMMEDIATE", why, step->name);
	if (r != 0)
		return r;
	if (version == 1)
		r = exec(db,
		    "PRAGMA application_id = " APPLICATION_ID ";"
		    "CREATE TABLE migration (version INTEGER PRIMARY KEY,"
		    " name TEXT NOT NULL, applied_ms INTEGER NOT NULL)",
		    why, step->name);
	if (r == 0)
		r = exec(db, step->sql, why, step->name);
	if (r == 0)
		r = note_step(db, step->name, version, now_ms, why);
	if (r == 0)
		r = exec(db, "COMMIT", why, step->name);
	if (r != 0)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int
schema_apply(sqlite3 *db, const struct schema_step *steps, size_t n,
    uint64_t now_ms, struct store_why *why)
{
	int r, version;
	size_t i;

	version = schema_version(db, why);
	if (version < 0)
		return version;
	if ((size_t)version > n) {
		snprintf(why->text, sizeof(why->text),
		    "the store has version %d and this relay knows %zu: "
		    "it was made by a newer sotto-relay",
		    version, n);
		return ERR_VERSION;
	}
	for (i = (size_t)version; i < n; i++) {
		r = apply_step(db, &steps[i], i + 1, now_ms, why);
		if (r != 0)
			return r;
	}
	return 0;
}
