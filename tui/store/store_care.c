/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_care.c — keys, checks, memory, and the end of a store. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/store/fileio.h"
#include "tui/store/query.h"
#include "tui/store/store_files.h"

/* ---- files ------------------------------------------------------------------------ */

int
store_files_init(struct store_files *f, const char *dir)
{
	f->key = path_join(dir, STORE_KEY_NAME);
	f->db = path_join(dir, STORE_DB_NAME);
	f->fresh = path_join(dir, STORE_DB_NAME ".new");
	return f->key != NULL && f->db != NULL && f->fresh != NULL ? 0
								   : ERR_NOMEM;
}

void
store_files_clear(struct store_files *f)
{
	free(f->key);
	free(f->db);
	free(f->fresh);
	memset(f, 0, sizeof(*f));
}

/* Remove path and what SQLite keeps beside it. 0 or ERR_SYS, ERR_NOMEM. */
static int
remove_db(const char *path)
{
	static const char *const suffixes[] = {
	    "-wal", "-wal.kept", "-journal", ""};
	size_t n = strlen(path) + 16;
	char *name = malloc(n);
	int r = 0;

	if (name == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(name, n, "%s%s", path, suffixes[i]);
		if (unlink(name) != 0 && errno != ENOENT)
			r = ERR_SYS;
	}
	free(name);
	return r;
}

int
store_files_remove_new(const struct store_files *f)
{
	return remove_db(f->fresh);
}

bool
store_exists(const char *dir)
{
	char *path = path_join(dir, STORE_KEY_NAME);
	bool yes = path != NULL && file_size(path) >= 0;

	free(path);
	return yes;
}

/* Overwrite in place first: on some disks that helps, on none it hurts. */
static int
shred_key(const char *path)
{
	uint8_t noise[4096];
	off_t size = file_size(path);
	int fd, r = 0;

	if (size < 0)
		return 0;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ERR_SYS;
	randombytes_buf(noise, sizeof(noise));
	if (size > (off_t)sizeof(noise))
		size = sizeof(noise);
	if (pwrite(fd, noise, (size_t)size, 0) != size || fsync(fd) != 0)
		r = ERR_SYS;
	close(fd);
	if (unlink(path) != 0)
		r = ERR_SYS;
	if (r == 0)
		r = file_sync_dir(path);
	return r;
}

int
store_wipe(const char *dir, struct lock *lock)
{
	struct store_files f = {0};
	struct lock *own = NULL;
	int r;

	r = store_lock_dir(dir, lock, &own);
	if (r != 0)
		return r;
	r = store_files_init(&f, dir);
	if (r == 0)
		r = shred_key(f.key);
	if (r == 0)
		r = remove_db(f.db);
	if (r == 0)
		r = remove_db(f.fresh);
	if (r == 0)
		r = file_sync_dir(f.db);
	if (r != 0)
		store_open_fail(r, "cannot remove the profile: %s",
		    r == ERR_SYS ? strerror(errno) : err_str(r));
	store_files_clear(&f);
	lock_free(own);
	return r;
}

/* ---- keys ------------------------------------------------------------------------- */

int
store_change_key(struct store *s, const struct store_key *old_key,
    const struct store_key *new_key)
{
	char why[160] = "";
	int r;

	r = keyfile_verify(s->key_path, old_key, why, sizeof(why));
	if (r == 0)
		r = keyfile_write(s->key_path, s->keyfile, new_key, s->fast_kdf,
		    why, sizeof(why));
	return r == 0 ? 0 : store_fail(s, r, "%s", why[0] ? why : err_str(r));
}

/* ---- checks ----------------------------------------------------------------------- */

/* Each finds nothing in a sound store; the first column says what is wrong. */
static const struct {
	const char *what;
	const char *sql;
} checks[] = {
    {"pages and rows", "SELECT integrity_check FROM pragma_integrity_check"
		       " WHERE integrity_check <> 'ok'"},
    {"references", "SELECT \"table\" FROM pragma_foreign_key_check"},
    {"unread count",
	"SELECT id FROM chat AS c WHERE unread <> (SELECT count(*) FROM message"
	" WHERE chat = c.id AND dir = 0"
	" AND (sort, id) > (c.read_sort, c.read_id))"},
    {"last message",
	"SELECT id FROM chat AS c WHERE last_id <> coalesce((SELECT id FROM"
	" message WHERE chat = c.id ORDER BY sort DESC, id DESC LIMIT 1), 0)"},
    {"state of the last message",
	"SELECT c.id FROM chat AS c JOIN message AS m ON m.id = c.last_id"
	" WHERE (c.last_state, c.last_sort, c.last_dir, c.last_kind)"
	" <> (m.state, m.sort, m.dir, m.kind)"},
};

static int
check_one(struct store *s, size_t i)
{
	char text[160];
	struct query q;
	bool bad;
	int r;

	q_begin(&q, s, checks[i].sql);
	bad = q_row(&q);
	if (bad)
		snprintf(text, sizeof(text), "%s",
		    (const char *)sqlite3_column_text(q.st, 0));
	r = q_end(&q);
	return r == 0 && bad
		   ? store_fail(s, ERR_FORMAT, "%s: %s", checks[i].what, text)
		   : r;
}

int
store_check(struct store *s)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks) && r == 0; i++)
		r = check_one(s, i);
	if (r != 0)
		return r;
	r = store_exec(s, "INSERT INTO message_fts(message_fts, rank)"
			  " VALUES('integrity-check', 1)");
	return r == ERR_FORMAT
		   ? store_fail(
			 s, r, "search index: it does not match the messages")
		   : r;
}

void
store_idle(struct store *s)
{
	sqlite3_db_release_memory(s->db);
	malloc_trim(0);
}

int
store_checkpoint(struct store *s)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_sql_error(s, rc);
}
