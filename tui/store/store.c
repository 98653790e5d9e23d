/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c — opening, closing and transactions. docs/store.md §1. */
#include "tui/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/store/fileio.h"
#include "tui/store/query.h"
#include "tui/store/schema.h"
#include "tui/store/store_files.h"
#include "tui/store/vfs.h"

#define CACHE_KIB 16384 /* with less, the pages of a busy chat do not fit */
#define URI_MAX	  8192
#define APP_ID	  "0x536f7474" /* "Sott" */

/* What a failed store_open() or store_wipe() of this thread had to say. */
static _Thread_local char open_error[256];

int
store_open_fail(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(open_error, sizeof(open_error), fmt, ap);
	va_end(ap);
	return code;
}

const char *
store_error(const struct store *s)
{
	return s != NULL ? s->error : open_error;
}

/* ---- SQLite as the sealed format needs it -------------------------------------- */

/* Run a PRAGMA that answers with one word, and insist on the word. */
static int
expect(struct store *s, const char *sql, const char *word)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	int r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		r = store_sql_error(s, rc);
	else if (strcmp((const char *)sqlite3_column_text(st, 0), word) != 0)
		r = store_fail(s, ERR_INTERNAL, "SQLite refuses %s", sql);
	sqlite3_finalize(st);
	return r;
}

/*
 * docs/store.md §3 says why each is as it is. Exclusive locking comes first:
 * without shared memory a log can be opened in no other way. cache_spill=OFF
 * also keeps us away from a fault of SQLite before 3.50, which loses commits
 * after a spill, a ROLLBACK TO and a crash.
 */
static int
set_pragmas(struct store *s, const struct store_opts *o)
{
	bool wal = o->journal == STORE_WAL;
	char sql[256];
	int r;

	r = expect(s, "PRAGMA locking_mode=EXCLUSIVE", "exclusive");
	if (r == 0)
		r = store_exec(s, "PRAGMA temp_store=MEMORY;"
				  "PRAGMA cache_spill=OFF;"
				  "PRAGMA secure_delete=ON;"
				  "PRAGMA mmap_size=0;"
				  "PRAGMA foreign_keys=ON;"
				  "PRAGMA wal_autocheckpoint=1000;"
				  "PRAGMA journal_size_limit=16777216");
	if (r != 0)
		return r;
	snprintf(sql, sizeof(sql),
	    "PRAGMA cache_size=-%u;PRAGMA synchronous=%s",
	    o->cache_kib != 0 ? o->cache_kib : CACHE_KIB,
	    o->sync_normal && wal ? "NORMAL" : "FULL");
	r = store_exec(s, sql);
	if (r == 0)
		r = expect(s,
		    wal ? "PRAGMA journal_mode=WAL"
			: "PRAGMA journal_mode=TRUNCATE",
		    wal ? "wal" : "truncate");
	return r;
}

static void
set_config(sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
}

/* Open the file at path under the store's key; the registry forgets it. */
static int
open_db(struct store *s, const struct store_opts *o, const char *path)
{
	const char *vfs = o->vfs != NULL ? o->vfs : VFS_NAME;
	int reserve = VFS_RESERVE;
	char uri[URI_MAX];
	uint32_t number;
	int r, rc;

	r = vfs_register(VFS_NAME, NULL);
	if (r == 0)
		r = vfs_key_add(s->keyfile->key, &number);
	if (r != 0)
		return store_fail(s, r, "%s", err_str(r));
	r = vfs_uri(vfs, path, number, uri, sizeof(uri));
	if (r != 0) {
		vfs_key_drop(number);
		return store_fail(
		    s, ERR_RANGE, "the profile's path is too long");
	}
	rc = sqlite3_open_v2(uri, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_PRIVATECACHE,
	    NULL);
	vfs_key_drop(number);
	if (rc != SQLITE_OK)
		return s->db == NULL ? ERR_NOMEM : store_sql_error(s, rc);
	set_config(s->db);
	/* Counts for a new file; an old one says it itself. */
	sqlite3_file_control(
	    s->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	return set_pragmas(s, o);
}

static int
close_db(struct store *s)
{
	int rc;

	store_cache_clear(s);
	rc = s->db != NULL ? sqlite3_close(s->db) : SQLITE_OK;
	s->db = NULL;
	return rc == SQLITE_OK ? 0 : ERR_IO;
}

/* ---- a new store ---------------------------------------------------------------- */

/* SQLite would make the file readable for others. */
static int
make_empty(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 || close(fd) != 0 ? ERR_SYS : 0;
}

static int
fill_new(struct store *s, const struct store_opts *o, const char *path)
{
	struct query q;
	int r = open_db(s, o, path);

	if (r == 0)
		r = store_exec(s, "PRAGMA application_id=" APP_ID);
	if (r == 0)
		r = schema_migrate(s, store_migrations, store_migrations_len);
	if (r == 0) {
		q_begin(&q, s, "INSERT INTO meta VALUES('store_id', ?)");
		q_blob(&q, s->keyfile->id, KEYFILE_ID_LEN);
		r = q_run(&q);
	}
	/* Closing moves the log into the file. */
	if (close_db(s) != 0 && r == 0)
		r = store_fail(s, ERR_IO, "cannot write the store");
	return r;
}

/*
 * The database is made whole under another name; the key file then makes the
 * store exist, and open_existing() moves the database where it belongs. A crash
 * in between leaves either no store or one that opens.
 */
static int
create(struct store *s, const struct store_opts *o, const struct store_key *key,
    const struct store_files *f)
{
	char why[160] = "";
	int r;

	if (file_size(f->db) > 0)
		return store_fail(s, ERR_EXISTS,
		    "there is a store, but its key file %s is "
		    "missing",
		    f->key);
	r = store_files_remove_new(f);
	if (r != 0)
		return store_fail(s, r, "cannot write to the profile");
	unlink(f->db); /* empty, or not there */
	randombytes_buf(s->keyfile->id, KEYFILE_ID_LEN);
	randombytes_buf(s->keyfile->key, KEYFILE_KEY_LEN);
	r = make_empty(f->fresh);
	if (r != 0)
		return store_fail(
		    s, r, "cannot write to the profile: %s", strerror(errno));
	r = fill_new(s, o, f->fresh);
	if (r == 0)
		r = file_sync_dir(f->fresh);
	if (r == 0) {
		r = keyfile_write(
		    f->key, s->keyfile, key, o->fast_kdf, why, sizeof(why));
		if (r != 0)
			store_fail(s, r, "%s", why[0] ? why : err_str(r));
	}
	/* Once the key file is there, so must be what it opens. */
	if (r != 0 && file_size(f->key) < 0 && store_files_remove_new(f) != 0) {
		/* What stays is noise: no key file opens it. */
	}
	return r;
}

/* ---- a store that is there ------------------------------------------------------ */

/* Nothing SQLite does to the files may happen before the key is proven. */
static int
prove(struct store *s, const struct store_files *f)
{
	const uint8_t *key = s->keyfile->key;
	int r;

	/* A crash between key file and rename: finish it. */
	if (file_size(f->db) <= 0 && file_size(f->fresh) > 0) {
		r = vfs_probe(f->fresh, key);
		if (r == 0 && rename(f->fresh, f->db) != 0)
			r = ERR_SYS;
		if (r == 0)
			r = file_sync_dir(f->db);
		if (r != 0 && r != ERR_AUTH)
			return store_fail(s, r, "cannot finish the profile");
	}
	r = vfs_probe(f->db, key);
	if (r == ERR_NOTFOUND)
		return store_fail(s, r,
		    "the database %s of this profile is missing "
		    "or empty",
		    f->db);
	if (r == ERR_AUTH)
		return store_fail(s, r,
		    "the database does not open under its key "
		    "file: damaged, or of another profile");
	if (r == 0)
		r = vfs_keep_bad_wal(f->db, key);
	return r < 0 ? store_fail(s, r, "cannot read the database: %s",
			   strerror(errno))
		     : 0;
}

static int
check_id(struct store *s)
{
	uint8_t id[KEYFILE_ID_LEN] = {0};
	struct query q;
	int r;

	q_begin(&q, s, "SELECT value FROM meta WHERE name = 'store_id'");
	if (q_row(&q))
		q_get_bytes(&q, 0, id, sizeof(id));
	r = q_end(&q);
	if (r == 0 && memcmp(id, s->keyfile->id, sizeof(id)) != 0)
		r = store_fail(
		    s, ERR_AUTH, "the database belongs to another key file");
	return r;
}

static int
open_existing(
    struct store *s, const struct store_opts *o, const struct store_files *f)
{
	int r;

	r = prove(s, f);
	if (r == 0)
		r = open_db(s, o, f->db);
	if (r == 0)
		r = check_id(s);
	if (r == 0)
		r = schema_migrate(s, store_migrations, store_migrations_len);
	/* A journal's removal that is not on disk yet would come back and undo
	 * the switch to WAL. */
	if (r == 0) {
		r = file_sync_dir(f->db);
		if (r != 0)
			store_fail(s, r, "cannot sync the profile");
	}
	return r;
}

/* ---- open, close ------------------------------------------------------------------ */

int
store_lock_dir(const char *dir, struct lock *held, struct lock **own)
{
	int pid = 0;
	int r;

	*own = NULL;
	if (held != NULL)
		return 0;
	r = lock_take(dir, own, &pid);
	if (r == ERR_BUSY && pid != 0)
		return store_open_fail(
		    r, "the profile is in use by process %d", pid);
	if (r == ERR_BUSY)
		return store_open_fail(r, "the profile is in use");
	if (r != 0)
		return store_open_fail(r, "cannot lock the profile: %s",
		    r == ERR_SYS ? strerror(errno) : err_str(r));
	return 0;
}

static struct store *
store_new(void)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->keyfile = sodium_malloc(sizeof(*s->keyfile));
	if (s->keyfile == NULL) {
		free(s);
		return NULL;
	}
	memset(s->keyfile, 0, sizeof(*s->keyfile));
	return s;
}

static int
unlock(struct store *s, const struct store_key *key, const char *path)
{
	char why[160] = "";
	int r = keyfile_read(path, key, s->keyfile, why, sizeof(why));

	return r == 0 ? 0 : store_fail(s, r, "%s", why[0] ? why : err_str(r));
}

static int
open_or_create(struct store *s, const struct store_key *key,
    const struct store_opts *o, const struct store_files *f)
{
	int r;

	s->fast_kdf = o->fast_kdf;
	s->key_path = strdup(f->key);
	if (s->key_path == NULL)
		return store_fail(s, ERR_NOMEM, "out of memory");
	if (file_size(f->key) >= 0)
		r = unlock(s, key, f->key);
	else if (o->no_create)
		r = store_fail(s, ERR_NOTFOUND, "there is no profile here");
	else
		r = create(s, o, key, f);
	return r == 0 ? open_existing(s, o, f) : r;
}

int
store_open(const char *dir, const struct store_key *key,
    const struct store_opts *opts, struct store **out)
{
	static const struct store_opts none;
	const struct store_opts *o = opts != NULL ? opts : &none;
	struct store_files f = {0};
	struct lock *own = NULL;
	struct store *s;
	int r;

	if (sodium_init() < 0)
		return store_open_fail(ERR_INTERNAL, "libsodium fails");
	r = store_lock_dir(dir, o->lock, &own);
	if (r != 0)
		return r;
	s = store_new();
	r = s == NULL ? ERR_NOMEM : store_files_init(&f, dir);
	if (r == 0)
		r = open_or_create(s, key, o, &f);
	store_files_clear(&f);
	if (r == 0) {
		s->lock = own;
		*out = s;
		return 0;
	}
	store_open_fail(
	    r, "%s", s != NULL && s->error[0] ? s->error : err_str(r));
	store_close(s);
	lock_free(own);
	return r;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL)
		store_rollback(s);
	close_db(s);
	lock_free(s->lock);
	sodium_free(s->keyfile);
	free(s->key_path);
	sodium_memzero(s, sizeof(*s));
	free(s);
}

/* ---- transactions ------------------------------------------------------------------ */

int
store_begin(struct store *s)
{
	int r;

	if (s->in_tx)
		return store_fail(s, ERR_STATE, "a transaction is open");
	r = store_exec(s, "BEGIN IMMEDIATE");
	if (r != 0)
		return r;
	s->in_tx = true;
	s->tx_error = 0;
	return 0;
}

int
store_commit(struct store *s)
{
	int r;

	if (!s->in_tx)
		return store_fail(s, ERR_STATE, "no transaction is open");
	r = s->tx_error != 0
		? store_fail(s, s->tx_error,
		      "the transaction failed before: %s", err_str(s->tx_error))
		: store_exec(s, "COMMIT");
	if (r != 0) {
		store_rollback(s);
		return r;
	}
	s->in_tx = false;
	return 0;
}

void
store_rollback(struct store *s)
{
	if (!s->in_tx)
		return;
	s->in_tx = false;
	s->tx_error = 0;
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

bool
store_in_transaction(const struct store *s)
{
	return s->in_tx;
}

void
store_no_dumps(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#ifdef PR_SET_DUMPABLE
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
