/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_vfs.c — the sealing VFS: its format by fixed vectors and by a second
 * implementation, what SQLite asks of it, what must never be on disk, what is
 * detected, and what it refuses. Pitfalls are numbered in docs/store.md §7.
 */
#include <fcntl.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/unit/tapvfs.h"
#include "tests/unit/vfs_help.h"
#include "tui/store/vfs_int.h"

#define VECTORS "tests/vectors/store/"

/* A little of everything: tables, an index, blobs over several pages. */
static void
fill(sqlite3 *db, int rows)
{
	sql_run(db, "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b, c);"
		    "CREATE INDEX IF NOT EXISTS t_b ON t(b)");
	sql_run(db,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < %d) INSERT INTO t(b, c)"
	    " SELECT printf('row %%d', i), zeroblob(i * 37 %% 9000) FROM n",
	    rows);
}

/* ---- format ------------------------------------------------------------------ */

/* docs/store.md §3 once more, from libsodium alone. */
static void
second_key(uint8_t out[32], const char *role, const uint8_t *salt)
{
	char text[64];
	uint8_t in[64 + 16];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "sotto store%c%s", 0, role) +
	    1;
	memcpy(in, text, n);
	memcpy(in + n, salt, 16);
	crypto_generichash(out, 32, in, n + 16, key_a, 32);
}

static int
second_open(uint8_t *out, const uint8_t *sealed, size_t len, const uint8_t *ad,
    size_t adlen, const uint8_t key[32])
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, NULL,
	    sealed, len, sealed + len + 24, ad, adlen, sealed + len, key);
}

static void
test_vfs_format__pages_are_sealed_as_documented(void **state)
{
	static const char magic[] = "\x10\x00\x02\x02\x28\x40\x20\x20";
	uint8_t key[32], ad[21], page[4096];
	size_t len;
	char *file;
	uint8_t *db;

	(void)state;
	file = read_text_file(VECTORS "sealed.db", &len);
	db = (uint8_t *)file;
	assert_int_equal(len % 4096, 0);
	second_key(key, "db", db);
	for (uint32_t n = 1; n <= len / 4096; n++) {
		uint8_t *p = db + (n - 1) * 4096;
		size_t skip = n == 1 ? 16 : 0;

		ad[0] = 1;
		put_be32(ad + 1, n);
		memcpy(ad + 5, db, 16);
		assert_int_equal(second_open(page + skip, p + skip, 4056 - skip,
				     ad, 21, key),
		    0);
		if (n == 1)
			assert_memory_equal(page + 16, magic, 8);
	}
	free(file);
}

static void
test_vfs_format__frames_are_sealed_as_documented(void **state)
{
	uint8_t key[32], ad[13], head[24], page[4056];
	size_t dblen, len;
	char *dbfile = read_text_file(VECTORS "sealed.db", &dblen);
	char *file = read_text_file(VECTORS "sealed.db-wal", &len);
	uint8_t *wal = (uint8_t *)file;

	(void)state;
	assert_int_equal((len - 32) % 4160, 0);
	assert_true(len > 32);
	assert_int_equal(get_be32(wal), 0x377f0682);
	second_key(key, "wal", (uint8_t *)dbfile);
	for (uint32_t i = 0; i < (len - 32) / 4160; i++) {
		uint8_t *f = wal + 32 + i * 4160;

		ad[0] = 2;
		put_be32(ad + 1, i);
		memcpy(ad + 5, wal + 16, 8);
		assert_int_equal(second_open(head, f, 24, ad, 13, key), 0);
		assert_memory_equal(head + 8, wal + 16, 8);
		ad[0] = 3;
		assert_int_equal(
		    second_open(page, f + 64, 4056, ad, 13, key), 0);
	}
	free(dbfile);
	free(file);
}

static void
test_vfs_format__records_are_sealed_as_documented(void **state)
{
	uint8_t key[32], sum_key[32], ad[21], page[4096] = {0}, sum[4];
	size_t dblen, len;
	char *dbfile = read_text_file(VECTORS "hot.db", &dblen);
	char *file = read_text_file(VECTORS "hot.db-journal", &len);
	uint8_t *j = (uint8_t *)file;
	uint32_t records, want;

	(void)state;
	second_key(key, "journal", (uint8_t *)dbfile);
	second_key(sum_key, "journal sum", (uint8_t *)dbfile);
	records = get_be32(j + 8);
	assert_true(records > 0);
	assert_true(len >= 512 + records * 4104);
	for (uint32_t i = 0; i < records; i++) {
		uint8_t *r = j + 512 + i * 4104;

		ad[0] = 4;
		memcpy(ad + 1, r, 4);
		memcpy(ad + 5, dbfile, 16);
		assert_int_equal(
		    second_open(page, r + 4, 4056, ad, 21, key), 0);
		/* SQLite's sum: the start value and every 200th byte. */
		want = get_be32(j + 12);
		for (int at = 4096 - 200; at > 0; at -= 200)
			want += page[at];
		crypto_stream_xchacha20_xor(
		    sum, r + 4100, 4, r + 4 + 4056, sum_key);
		assert_int_equal(get_be32(sum), want);
	}
	free(dbfile);
	free(file);
}

/* What was written once opens for ever, log and journal included. */
static void
test_vfs_format__old_files_open(void **state)
{
	const struct db_opts truncate = {.journal = "TRUNCATE"};
	char *dir = dir_new();
	sqlite3 *db;

	(void)state;
	file_copy(VECTORS "sealed.db", dir_file(dir, "sealed.db"));
	file_copy(VECTORS "sealed.db-wal", dir_file(dir, "sealed.db-wal"));
	file_copy(VECTORS "hot.db", dir_file(dir, "hot.db"));
	file_copy(VECTORS "hot.db-journal", dir_file(dir, "hot.db-journal"));
	assert_ok(vfs_probe(dir_file(dir, "sealed.db"), key_a));
	db = db_open(dir_file(dir, "sealed.db"), key_a, NULL);
	assert_int_equal(sql_int(db, "SELECT sum(a) FROM t"), 1 + 2 + 3);
	assert_int_equal(
	    sql_int(db, "SELECT count(*) FROM t WHERE b = 'from the log'"), 1);
	db_close(db);
	/* Rolled back to what was there before. */
	db = db_open(dir_file(dir, "hot.db"), key_a, &truncate);
	assert_int_equal(sql_int(db, "SELECT count(*) FROM t"), 2);
	assert_int_equal(
	    sql_int(db, "SELECT count(*) FROM t WHERE b = 'before'"), 2);
	db_close(db);
	dir_free(dir);
}

static void
test_vfs_format__every_write_has_a_new_nonce(void **state)
{
	struct vfs_keys k = {.salted = false};
	struct nonce_pool pool = {.left = 0};
	uint8_t salt[16] = {1}, page[4096] = {2}, a[4096], b[4096];
	uint8_t seen[200][NONCE_LEN];

	(void)state;
	assert_true(sodium_init() >= 0);
	keys_derive(&k, salt);
	memset(page + PAGE_TEXT, 0, VFS_RESERVE);
	page_seal(a, page, 2, &k, &pool);
	page_seal(b, page, 2, &k, &pool);
	assert_memory_not_equal(a, b, 64);
	assert_memory_not_equal(a + PAGE_TEXT, b + PAGE_TEXT, NONCE_LEN);
	assert_ok(page_unseal(a, 2, &k));
	assert_memory_equal(a, page, 4096);
	assert_err(page_unseal(b, 3, &k), ERR_AUTH);
	for (size_t i = 0; i < 200; i++) { /* over the pool's size */
		nonce_take(&pool, seen[i]);
		for (size_t n = 0; n < i; n++)
			assert_memory_not_equal(seen[i], seen[n], NONCE_LEN);
	}
}

/* A child that goes on using what it inherited must not repeat a nonce. */
static void
test_vfs_format__nonces_do_not_survive_fork(void **state)
{
	struct nonce_pool pool = {.left = 0};
	uint8_t ours[NONCE_LEN], theirs[NONCE_LEN];
	int fds[2], st = 0;
	pid_t pid;

	(void)state;
	nonce_take(&pool, ours);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		nonce_take(&pool, theirs);
		_exit(write(fds[1], theirs, NONCE_LEN) != NONCE_LEN);
	}
	assert_true(pid > 0);
	nonce_take(&pool, ours);
	assert_int_equal(read(fds[0], theirs, NONCE_LEN), NONCE_LEN);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
	assert_memory_not_equal(ours, theirs, NONCE_LEN);
	close(fds[0]);
	close(fds[1]);
}

/* ---- what SQLite asks ---------------------------------------------------------- */

/* Offsets within a page, frame or file; -1: any. */
struct pattern {
	int type;
	enum tap_kind kind;
	int n;
	int in;
};

/* The whole of docs/store.md §3, "calls". */
static const struct pattern white[] = {
    {SQLITE_OPEN_MAIN_DB, TAP_READ, 100, 0},
    {SQLITE_OPEN_MAIN_DB, TAP_READ, 16, 24},
    {SQLITE_OPEN_MAIN_DB, TAP_READ, 4096, 0},
    {SQLITE_OPEN_MAIN_DB, TAP_READ, -1, 0}, /* overflow pages, from 3.4x on */
    {SQLITE_OPEN_MAIN_DB, TAP_WRITE, 4096, 0},
    {SQLITE_OPEN_WAL, TAP_READ, 32, -1}, /* header, at 0 */
    {SQLITE_OPEN_WAL, TAP_READ, 8, -1}, /* a checksum */
    {SQLITE_OPEN_WAL, TAP_READ, 4120, 0},
    {SQLITE_OPEN_WAL, TAP_READ, 4096, 24},
    {SQLITE_OPEN_WAL, TAP_WRITE, 32, -1},
    {SQLITE_OPEN_WAL, TAP_WRITE, 24, 0},
    {SQLITE_OPEN_WAL, TAP_WRITE, 4096, 24},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_READ, 1, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_READ, 4, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_READ, 8, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_READ, 4096, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_WRITE, 1, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_WRITE, 4, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_WRITE, 12, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_WRITE, 28, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_WRITE, 512, -1},
    {SQLITE_OPEN_MAIN_JOURNAL, TAP_WRITE, 4096, -1},
};

struct calls {
	unsigned seen[ARRAY_LEN(white)];
	unsigned strange;
	char what[128];
};

static int
offset_in(const struct tap_op *op)
{
	if (op->type == SQLITE_OPEN_MAIN_DB)
		return (int)(op->off % 4096);
	if (op->type == SQLITE_OPEN_WAL && op->off >= 32)
		return (int)((op->off - 32) % 4120);
	return -1;
}

static int
count_call(void *ctx, const struct tap_op *op)
{
	struct calls *c = ctx;

	if (op->kind != TAP_READ && op->kind != TAP_WRITE)
		return SQLITE_OK;
	for (size_t i = 0; i < ARRAY_LEN(white); i++) {
		const struct pattern *w = &white[i];

		if (w->type == op->type && w->kind == op->kind &&
		    (w->n == op->n || (w->n == -1 && op->n < 4096)) &&
		    (w->in == -1 || w->in == offset_in(op))) {
			c->seen[i]++;
			return SQLITE_OK;
		}
	}
	c->strange++;
	snprintf(c->what, sizeof(c->what), "type %x kind %d: %d at %lld",
	    (unsigned)op->type, op->kind, op->n, op->off);
	return SQLITE_OK;
}

static void
exercise(sqlite3 *db)
{
	fill(db, 60);
	sql_run(db, "BEGIN; DELETE FROM t WHERE a %% 3 = 0; SAVEPOINT s;"
		    "UPDATE t SET b = 'x'; ROLLBACK TO s; RELEASE s; COMMIT");
	sql_run(db, "BEGIN; UPDATE t SET b = b || 'y'; ROLLBACK");
	sql_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	fill(db, 200);
	sql_run(db, "VACUUM; PRAGMA incremental_vacuum");
	assert_int_equal(sql_int(db, "SELECT sum(length(c)) > 0 FROM t"), 1);
	assert_true(db_sound(db));
}

/* Small caches that spill bring out the rare calls: the store turns spilling
 * off, the format does not depend on it. */
static void
test_vfs_calls__are_all_known(void **state)
{
	static const struct db_opts modes[] = {
	    {.vfs = "tap-above"},
	    {.vfs = "tap-above",
		.pragmas = "PRAGMA cache_spill=ON; PRAGMA cache_size=10"},
	    {.vfs = "tap-above", .journal = "TRUNCATE"},
	    {.vfs = "tap-above",
		.journal = "TRUNCATE",
		.pragmas = "PRAGMA cache_spill=ON; PRAGMA cache_size=10"},
	    {.vfs = "tap-above",
		.journal = "DELETE",
		.pragmas = "PRAGMA auto_vacuum=INCREMENTAL"},
	    {.vfs = "tap-above", .journal = "PERSIST"},
	};
	struct calls c = {.strange = 0};
	char *dir = dir_new();

	(void)state;
	assert_ok(vfs_register(VFS_NAME, NULL));
	tap_register("tap-above", sqlite3_vfs_find(VFS_NAME), count_call, &c);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		char name[16];
		sqlite3 *db;

		snprintf(name, sizeof(name), "m%zu.db", i);
		db = db_open(dir_file(dir, name), key_a, &modes[i]);
		exercise(db);
		db_close(db);
		db = db_open(dir_file(dir, name), key_a, &modes[i]);
		assert_int_equal(
		    sql_int(db, "SELECT count(*) > 100 FROM t"), 1);
		db_close(db);
	}
	tap_register("tap-above", NULL, NULL, NULL);
	if (c.strange != 0)
		fail_msg(
		    "%u calls nobody has translated: %s", c.strange, c.what);
	assert_true(c.seen[0] > 0); /* the header at opening */
	assert_true(c.seen[11] > 0); /* frames */
	assert_true(c.seen[15] > 0); /* journal records read back */
	dir_free(dir);
}

/* Pitfall 14: a header that is rewritten is not written with its page. */
static int
wal_sizes(void *ctx, const struct tap_op *op)
{
	unsigned *bad = ctx;

	if (op->kind == TAP_WRITE && op->type == SQLITE_OPEN_WAL &&
	    op->n != 32 && op->n != 64 && op->n != 4096)
		++*bad;
	return SQLITE_OK;
}

static void
test_vfs_calls__header_and_page_are_two_writes(void **state)
{
	const struct db_opts o = {.vfs = "over-tap-below",
	    .pragmas = "PRAGMA cache_spill=ON; PRAGMA cache_size=10"};
	char *dir = dir_new();
	unsigned bad = 0;
	sqlite3 *db;

	(void)state;
	tap_register("tap-below", NULL, wal_sizes, &bad);
	assert_ok(
	    vfs_register("over-tap-below", sqlite3_vfs_find("tap-below")));
	db = db_open(dir_file(dir, "a.db"), key_a, &o);
	fill(db, 300);
	sql_run(
	    db, "BEGIN; UPDATE t SET b = 'x'; UPDATE t SET b = 'y'; COMMIT");
	assert_true(db_sound(db));
	db_close(db);
	tap_register("tap-below", NULL, NULL, NULL);
	assert_int_equal(bad, 0);
	dir_free(dir);
}

/* Pitfall 7: what would stay behind a zeroed header is not there to be read as
 * records. */
static void
test_vfs_calls__a_zeroed_journal_is_emptied(void **state)
{
	const struct db_opts o = {.journal = "PERSIST"};
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, &o);
	size_t len = 1;

	(void)state;
	fill(db, 50);
	sql_run(db, "UPDATE t SET b = 'x'");
	free(read_text_file(dir_file(dir, "a.db-journal"), &len));
	assert_int_equal(len, 0);
	db_close(db);
	dir_free(dir);
}

/* ---- what must not be on disk ----------------------------------------------------- */

static void
assert_nothing_shows(const char *dir)
{
	static const char *const words[] = {"CANARY", "canary", "SQLite format",
	    "CREATE TABLE", "secret_table"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (dir_contains(dir, words[i]))
			fail_msg("\"%s\" is in the clear", words[i]);
	}
}

static void
test_vfs_disk__shows_nothing_in_any_mode(void **state)
{
	static const struct db_opts modes[] = {
	    {.journal = "WAL"},
	    {.pragmas = "PRAGMA cache_spill=ON; PRAGMA cache_size=10"},
	    {.journal = "TRUNCATE",
		.pragmas = "PRAGMA cache_spill=ON; PRAGMA cache_size=10"},
	    {.journal = "PERSIST"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		char *dir = dir_new();
		sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, &modes[i]);

		sql_run(db, "CREATE TABLE secret_table(a, b);"
			    "CREATE VIRTUAL TABLE f USING fts5(x)");
		for (int n = 0; n < 40; n++)
			sql_run(db,
			    "INSERT INTO secret_table VALUES(%d,"
			    " 'CANARY ' || hex(randomblob(2000)))",
			    n);
		sql_run(db, "INSERT INTO f VALUES('canary in the mine')");
		assert_nothing_shows(dir);
		/* The middle of a large transaction. */
		sql_run(db, "BEGIN; UPDATE secret_table SET b = b || 'CANARY'");
		assert_nothing_shows(dir);
		sql_run(db, "COMMIT; DELETE FROM secret_table");
		assert_nothing_shows(dir);
		db_close(db);
		assert_nothing_shows(dir);
		dir_free(dir);
	}
}

/* Checksums over plaintext stand in frame headers: those are sealed too. The
 * salts, which every plain frame header repeats, give one away. */
static void
test_vfs_disk__frame_headers_do_not_show(void **state)
{
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);
	char *wal;
	size_t len;

	(void)state;
	fill(db, 20);
	wal = read_text_file(dir_file(dir, "a.db-wal"), &len);
	assert_true(len > 32 + 4160);
	assert_null(memmem(wal + 32, len - 32, wal + 16, 8));
	free(wal);
	db_close(db);
	dir_free(dir);
}

/* ---- tampering --------------------------------------------------------------------- */

/* Does all of the database still read? 1 or 0. */
static int
reads(const char *path)
{
	sqlite3 *db;
	int ok = 0;

	if (vfs_probe(path, key_a) == 0 &&
	    db_try(path, key_a, NULL, &db) == SQLITE_OK) {
		ok = db_sound(db) &&
		     sql_try(db, "SELECT sum(length(c)), max(b) FROM t") ==
			 SQLITE_OK;
		sqlite3_close(db);
	}
	return ok;
}

static void
make_closed(const char *path)
{
	sqlite3 *db = db_open(path, key_a, NULL);

	fill(db, 150);
	sql_run(db, "VACUUM");
	assert_int_equal(sql_int(db, "PRAGMA freelist_count"), 0);
	db_close(db);
}

static void
test_vfs_tamper__a_flipped_bit_anywhere_in_the_database(void **state)
{
	static const long places[] = {
	    0, 15, 16, 99, 2048, 4055, 4056, 4079, 4080, 4095};
	char *dir = dir_new(), path[256];
	size_t len;
	char *file;

	(void)state;
	snprintf(path, sizeof(path), "%s", dir_file(dir, "a.db"));
	make_closed(path);
	assert_int_equal(reads(path), 1);
	file = read_text_file(path, &len);
	assert_true(len >= 10 * 4096);
	for (long page = 0; page < (long)(len / 4096);
	     page += page < 4 ? 1 : 7) {
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			file_flip(path, page * 4096 + places[i], (int)(i % 8));
			if (reads(path))
				fail_msg("page %ld byte %ld", page, places[i]);
			file_write(path, file, len);
		}
	}
	assert_int_equal(reads(path), 1);
	free(file);
	dir_free(dir);
}

static void
test_vfs_tamper__pages_swapped_zeroed_cut_or_of_another_file(void **state)
{
	char *dir = dir_new(), path[256], page[4096];
	size_t len, len2;
	char *file, *other, *copy;

	(void)state;
	make_closed(dir_file(dir, "b.db"));
	other = read_text_file(dir_file(dir, "b.db"), &len2);
	snprintf(path, sizeof(path), "%s", dir_file(dir, "a.db"));
	make_closed(path);
	file = read_text_file(path, &len);
	copy = malloc(len);
	assert_non_null(copy);
	/* swapped */
	memcpy(copy, file, len);
	memcpy(copy + 4096, file + 2 * 4096, 4096);
	memcpy(copy + 2 * 4096, file + 4096, 4096);
	file_write(path, copy, len);
	assert_int_equal(reads(path), 0);
	/* zeroed */
	memcpy(copy, file, len);
	memset(page, 0, sizeof(page));
	memcpy(copy + 3 * 4096, page, 4096);
	file_write(path, copy, len);
	assert_int_equal(reads(path), 0);
	/* the same page of another file under the same key */
	memcpy(copy, file, len);
	memcpy(copy + 4096, other + 4096, 4096);
	file_write(path, copy, len);
	assert_int_equal(reads(path), 0);
	/* cut, at a page and inside one */
	file_write(path, file, len - 4096);
	assert_int_equal(reads(path), 0);
	file_write(path, file, len - 100);
	assert_int_equal(reads(path), 0);
	file_write(path, file, 4096);
	assert_int_equal(reads(path), 0);
	file_write(path, file, len);
	assert_int_equal(reads(path), 1);
	free(file);
	free(other);
	free(copy);
	dir_free(dir);
}

/* A log with ten commits in it, and its database, copied while hot. */
static void
make_hot(const char *dir, const char *to)
{
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);

	sql_run(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)");
	sql_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	for (int i = 1; i <= 10; i++)
		sql_run(db, "INSERT INTO t VALUES(%d, 'x', zeroblob(5000))", i);
	dir_copy(dir, to);
	db_close(db);
}

/* As in stock SQLite a bad frame ends the log: what was before it stays. */
static void
test_vfs_tamper__a_bad_frame_ends_the_log(void **state)
{
	char *from = dir_new(), *hot = dir_new(), *dir = dir_new();
	int64_t n, before = 0;
	sqlite3 *db;
	size_t len;

	(void)state;
	make_hot(from, hot);
	free(read_text_file(dir_file(hot, "a.db-wal"), &len));
	for (long at = 32 + 70; at < (long)len; at += 4160 * 3 + 931) {
		dir_copy(hot, dir);
		file_flip(dir_file(dir, "a.db-wal"), at, 3);
		assert_ok(vfs_probe(dir_file(dir, "a.db"), key_a));
		db = db_open(dir_file(dir, "a.db"), key_a, NULL);
		assert_true(db_sound(db));
		n = sql_int(db, "SELECT count(*) FROM t");
		assert_int_equal(sql_int(db, "SELECT total(a) FROM t"),
		    n * (n + 1) / 2); /* the first n */
		assert_true(n < 10 && n >= before);
		before = n;
		db_close(db);
	}
	assert_true(before > 5);
	dir_free(from);
	dir_free(hot);
	dir_free(dir);
}

/* Once this handle has written, a frame that does not open is an error: the
 * checksums of a transaction that spilled are made from what is on disk. */
static void
test_vfs_tamper__recomputed_checksums_seal_no_hole(void **state)
{
	const struct db_opts o = {
	    .pragmas = "PRAGMA cache_spill=ON; PRAGMA cache_size=10;"
		       "PRAGMA wal_autocheckpoint=0"};
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, &o);
	size_t len;
	char *wal;

	(void)state;
	fill(db, 100);
	sql_run(db, "BEGIN; UPDATE t SET b = 'one'; UPDATE t SET b = 'two'");
	wal = read_text_file(dir_file(dir, "a.db-wal"), &len);
	free(wal);
	/* The last frame is of this transaction, and long out of the cache. */
	file_flip(dir_file(dir, "a.db-wal"), (long)len - 2000, 1);
	assert_int_not_equal(sql_try(db, "COMMIT"), SQLITE_OK);
	sqlite3_close(db);
	dir_free(dir);
}

static void
test_vfs_tamper__a_forged_journal_record_is_an_error(void **state)
{
	const struct db_opts o = {.journal = "TRUNCATE"};
	char *dir = dir_new(), path[256];
	sqlite3 *db;

	(void)state;
	snprintf(path, sizeof(path), "%s", dir_file(dir, "hot.db"));
	for (int i = 0; i < 3; i++) {
		/* page, its tag, the page number */
		static const long at[] = {512 + 4 + 100, 512 + 4 + 4090, 515};

		file_copy(VECTORS "hot.db", path);
		file_copy(
		    VECTORS "hot.db-journal", dir_file(dir, "hot.db-journal"));
		file_flip(dir_file(dir, "hot.db-journal"), at[i], 0);
		if (db_try(path, key_a, &o, &db) == SQLITE_OK) {
			assert_int_not_equal(
			    sql_try(db, "SELECT count(*) FROM t"), SQLITE_OK);
			sqlite3_close(db);
		}
		/* Nothing was thrown away. */
		assert_true(file_exists(dir_file(dir, "hot.db-journal")));
	}
	dir_free(dir);
}

/* ---- keys ---------------------------------------------------------------------------- */

static void
test_vfs_probe__proves_the_key_on_any_piece(void **state)
{
	char *from = dir_new(), *dir = dir_new(), path[256];
	uint8_t junk[4096];

	(void)state;
	make_hot(from, dir);
	snprintf(path, sizeof(path), "%s", dir_file(dir, "a.db"));
	assert_ok(vfs_probe(path, key_a));
	assert_err(vfs_probe(path, key_b), ERR_AUTH);
	assert_err(vfs_probe(dir_file(dir, "none"), key_a), ERR_NOTFOUND);
	/* Every page of the database torn: the log still knows. */
	for (long at = 100; at < 2 * 4096; at += 4096)
		file_flip(path, at, 0);
	assert_ok(vfs_probe(path, key_a));
	assert_err(vfs_probe(path, key_b), ERR_AUTH);
	file_write(path, "", 0);
	assert_err(vfs_probe(path, key_a), ERR_NOTFOUND);
	randombytes_buf(junk, sizeof(junk));
	file_write(path, junk, sizeof(junk));
	assert_err(vfs_probe(path, key_a), ERR_AUTH);
	/* The journal's records, when the database is in pieces. */
	file_copy(VECTORS "hot.db", path);
	file_copy(VECTORS "hot.db-journal", dir_file(dir, "a.db-journal"));
	assert_int_equal(unlink(dir_file(dir, "a.db-wal")), 0);
	file_flip(path, 100, 0);
	file_flip(path, 4096 + 100, 0);
	assert_ok(vfs_probe(path, key_a));
	assert_err(vfs_probe(path, key_b), ERR_AUTH);
	dir_free(from);
	dir_free(dir);
}

static int
probe_step(void *arg)
{
	int r = vfs_probe(arg, key_a);

	return r != 0 ? r : vfs_keep_bad_wal(arg, key_a);
}

static void
test_vfs_probe__runs_out_of_memory_cleanly(void **state)
{
	char *from = dir_new(), *dir = dir_new(), path[256];

	(void)state;
	make_hot(from, dir);
	snprintf(path, sizeof(path), "%s", dir_file(dir, "a.db"));
	assert_true(alloc_sweep(probe_step, path) >= 2);
	dir_free(from);
	dir_free(dir);
}

/* Pitfall 1: the store with a key file of another, and a hot log. */
static void
test_vfs_keys__a_wrong_key_changes_no_byte_of_a_hot_log(void **state)
{
	char *a = dir_new(), *b = dir_new(), *hot = dir_new();
	struct store *s = store_at(a), *t = NULL;
	char *before, *after;
	size_t n, m;

	(void)state;
	add_text(s, chat_with(s, 1), STORE_IN, 1, 1, "still here");
	dir_copy(a, hot);
	store_close(s);
	store_close(store_at(b));
	file_copy(dir_file(b, "store.key"), dir_file(hot, "store.key"));
	before = read_text_file(dir_file(hot, "store.db-wal"), &n);
	assert_err(store_open(hot, &pass_key, &fast, &t), ERR_AUTH);
	after = read_text_file(dir_file(hot, "store.db-wal"), &m);
	assert_int_equal(n, m);
	assert_memory_equal(before, after, n);
	assert_false(file_exists(dir_file(hot, "store.db-wal.kept")));
	free(before);
	free(after);
	file_copy(dir_file(a, "store.key"), dir_file(hot, "store.key"));
	s = store_at(hot);
	assert_false(file_exists(dir_file(hot, "store.db-wal.kept")));
	assert_ok(store_check(s));
	assert_int_equal(chat_with(s, 1), 1);
	store_close(s);
	dir_free(a);
	dir_free(b);
	dir_free(hot);
}

/* Pitfall 17. */
static void
test_vfs_keys__a_log_with_bad_frames_is_kept(void **state)
{
	char *a = dir_new(), *hot = dir_new();
	struct store *s = store_at(a);
	char *bad, *kept;
	size_t n, m;

	(void)state;
	add_text(s, chat_with(s, 1), STORE_IN, 1, 1, "one");
	dir_copy(a, hot);
	store_close(s);
	file_flip(dir_file(hot, "store.db-wal"), 32 + 100, 0);
	bad = read_text_file(dir_file(hot, "store.db-wal"), &n);
	s = store_at(hot);
	kept = read_text_file(dir_file(hot, "store.db-wal.kept"), &m);
	assert_int_equal(n, m);
	assert_memory_equal(bad, kept, n);
	free(bad);
	free(kept);
	store_close(s);
	dir_free(a);
	dir_free(hot);
}

static void
test_vfs_keys__come_by_number_and_go(void **state)
{
	char *dir = dir_new(), uri[512];
	uint32_t n, m, many[70];
	sqlite3 *db = NULL;
	size_t i;

	(void)state;
	assert_ok(vfs_register(VFS_NAME, NULL));
	assert_ok(vfs_key_add(key_a, &n));
	vfs_key_drop(n);
	assert_ok(vfs_key_add(key_a, &m));
	assert_int_not_equal(n, m);
	vfs_key_drop(m);
	vfs_key_drop(m);
	vfs_key_drop(0);
	/* A number that is gone, and none at all. */
	assert_ok(
	    vfs_uri(VFS_NAME, dir_file(dir, "a.db"), n, uri, sizeof(uri)));
	assert_int_equal(
	    sqlite3_open_v2(uri, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
		NULL),
	    SQLITE_CANTOPEN);
	sqlite3_close(db);
	assert_int_equal(
	    sqlite3_open_v2(dir_file(dir, "a.db"), &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, VFS_NAME),
	    SQLITE_CANTOPEN);
	sqlite3_close(db);
	assert_false(file_exists(dir_file(dir, "a.db")));
	for (i = 0; i < ARRAY_LEN(many) && vfs_key_add(key_a, &many[i]) == 0;
	     i++)
		;
	assert_true(i >= 32 && i < ARRAY_LEN(many));
	while (i-- > 0)
		vfs_key_drop(many[i]);
	dir_free(dir);
}

static void
test_vfs_uri__escapes_paths(void **state)
{
	char *dir = dir_new(), uri[256], shorter[20];
	sqlite3 *db;

	(void)state;
	assert_ok(vfs_uri("v", "/a b?c#%\xc3\xa4.db", 7, uri, sizeof(uri)));
	assert_string_equal(uri, "file:/a%20b%3fc%23%25%c3%a4.db?vfs=v&key=7");
	assert_err(vfs_uri("v", "/a", 7, shorter, 10), ERR_FULL);
	assert_err(vfs_uri("v", "/abcdefghijklmnop", 7, shorter, 20), ERR_FULL);
	db = db_open(dir_file(dir, "a b?key=0#%41.db"), key_a, NULL);
	fill(db, 3);
	db_close(db);
	assert_true(file_exists(dir_file(dir, "a b?key=0#%41.db")));
	dir_free(dir);
}

/* ---- refusals ------------------------------------------------------------------------- */

static void
attach(sqlite3 *db, const char *path, const uint8_t *key, bool reserve)
{
	int bytes = VFS_RESERVE;
	char uri[512];
	uint32_t n;

	assert_ok(vfs_key_add(key, &n));
	assert_ok(vfs_uri(VFS_NAME, path, n, uri, sizeof(uri)));
	sql_run(db, "ATTACH '%s' AS other", uri);
	vfs_key_drop(n);
	if (reserve)
		assert_int_equal(sqlite3_file_control(db, "other",
				     SQLITE_FCNTL_RESERVE_BYTES, &bytes),
		    SQLITE_OK);
}

/* The sealed file under an open connection. */
static sqlite3_file *
file_of(sqlite3 *db, int op)
{
	sqlite3_file *f = NULL;

	assert_int_equal(sqlite3_file_control(db, "main", op, &f), SQLITE_OK);
	return f;
}

/* Pitfalls 4, 5, 13. */
static void
test_vfs_refuse__reads_and_writes_out_of_shape(void **state)
{
	static const struct {
		int n;
		sqlite3_int64 off;
	} bad_reads[] = {
	    {200, 4000}, {4096, 100}, {8192, 0}, {0, 0}, {2, 4095}};
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);
	uint8_t page[8192], whole[4096];
	sqlite3_file *f;
	sqlite3_int64 size = 0;

	(void)state;
	fill(db, 30);
	sql_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	f = file_of(db, SQLITE_FCNTL_FILE_POINTER);
	assert_int_equal(f->pMethods->iVersion, 1);
	for (size_t i = 0; i < ARRAY_LEN(bad_reads); i++)
		assert_int_equal(f->pMethods->xRead(
				     f, page, bad_reads[i].n, bad_reads[i].off),
		    SQLITE_IOERR_READ);
	/* Parts of a page are the page's. */
	assert_int_equal(f->pMethods->xRead(f, whole, 4096, 4096), SQLITE_OK);
	for (int in = 0; in < 4096; in += 500) {
		assert_int_equal(
		    f->pMethods->xRead(f, page, 90, 4096 + in), SQLITE_OK);
		assert_memory_equal(page, whole + in, 90);
	}
	assert_int_equal(f->pMethods->xRead(f, page, 100, 0), SQLITE_OK);
	assert_memory_equal(page, "SQLite format 3", 16);
	/* Beyond the end: zeros and SHORT_READ. */
	assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
	memset(page, 0xee, sizeof(page));
	assert_int_equal(
	    f->pMethods->xRead(f, page, 4096, size), SQLITE_IOERR_SHORT_READ);
	assert_true(sodium_is_zero(page, 4096));
	/* Writes: whole pages, a clean reserve, a header that has it. */
	assert_int_equal(
	    f->pMethods->xWrite(f, whole, 100, 4096), SQLITE_IOERR_WRITE);
	assert_int_equal(
	    f->pMethods->xWrite(f, whole, 4096, 4097), SQLITE_IOERR_WRITE);
	memcpy(page, whole, 4096);
	page[4095] = 1;
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 4096, 4096), SQLITE_IOERR_WRITE);
	assert_int_equal(
	    f->pMethods->xWrite(f, whole, 4096, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(f->pMethods->xRead(f, page, 4096, 0), SQLITE_OK);
	page[20] = 0; /* says it has no reserve */
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 4096, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(
	    f->pMethods->xTruncate(f, 5000), SQLITE_IOERR_TRUNCATE);
	assert_true(db_sound(db));
	assert_int_equal(f->pMethods->xDeviceCharacteristics(f) &
			     ~SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN,
	    SQLITE_IOCAP_POWERSAFE_OVERWRITE);
	db_close(db);
	dir_free(dir);
}

/* A page that is only partly there is damage, not an empty page. */
static void
test_vfs_refuse__a_partly_present_page(void **state)
{
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);
	sqlite3_int64 size = 0;
	sqlite3_file *f;
	uint8_t page[4096];

	(void)state;
	fill(db, 30);
	sql_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	f = file_of(db, SQLITE_FCNTL_FILE_POINTER);
	assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
	assert_int_equal(truncate(dir_file(dir, "a.db"), size - 1), 0);
	assert_int_equal(
	    f->pMethods->xRead(f, page, 4096, size - 4096), SQLITE_IOERR_DATA);
	assert_int_equal(
	    f->pMethods->xRead(f, page, 10, size - 4096), SQLITE_IOERR_DATA);
	sqlite3_close(db);
	dir_free(dir);
}

static void
test_vfs_refuse__journal_and_log_out_of_shape(void **state)
{
	const struct db_opts o = {.journal = "TRUNCATE"};
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, &o);
	uint8_t page[8192] = {0};
	sqlite3_int64 size = 0;
	sqlite3_file *f;

	(void)state;
	fill(db, 3);
	f = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 4096, 516), SQLITE_IOERR_WRITE);
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 100, 0), SQLITE_IOERR_WRITE);
	page[3] = 2;
	assert_int_equal(f->pMethods->xWrite(f, page, 4, 512), SQLITE_OK);
	page[3] = 0;
	assert_int_equal(f->pMethods->xWrite(f, page, 4096, 516), SQLITE_OK);
	/* A checksum belongs here: no other four bytes go out in the clear. */
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 4, 9000), SQLITE_IOERR_WRITE);
	assert_int_equal(f->pMethods->xRead(f, page, 4096, 516),
	    SQLITE_IOERR_READ); /* of which page? */
	assert_int_equal(f->pMethods->xRead(f, page, 77, 0), SQLITE_IOERR_READ);
	page[0] = 1;
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 28, 0), SQLITE_IOERR_WRITE);
	assert_int_equal(f->pMethods->xTruncate(f, 0), SQLITE_OK);
	db_close(db);
	db = db_open(dir_file(dir, "b.db"), key_a, NULL);
	fill(db, 3);
	f = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
	memset(page, 0, sizeof(page));
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 4120, 32), SQLITE_IOERR_WRITE);
	assert_int_equal(
	    f->pMethods->xWrite(f, page, 23, 32), SQLITE_IOERR_WRITE);
	assert_int_equal(
	    f->pMethods->xRead(f, page, 100, 40), SQLITE_IOERR_READ);
	assert_int_equal(f->pMethods->xRead(f, page, 10, 0), SQLITE_IOERR_READ);
	/* A part of a page and of a header. */
	assert_int_equal(f->pMethods->xRead(f, page, 20, 32 + 24), SQLITE_OK);
	assert_int_equal(f->pMethods->xRead(f, page, 8, 32 + 8), SQLITE_OK);
	assert_int_equal(
	    f->pMethods->xRead(f, page + 8, 8, 16), SQLITE_IOERR_READ);
	/* A limit inside a frame keeps the frame. */
	assert_int_equal(f->pMethods->xTruncate(f, 32 + 4120 + 1), SQLITE_OK);
	assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
	assert_int_equal(size, 32 + 2 * 4120);
	sqlite3_close(db);
	dir_free(dir);
}

/* Pitfall 8: nothing goes into temporary files. */
static void
test_vfs_refuse__temporary_files(void **state)
{
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);

	(void)state;
	fill(db, 50);
	sql_run(db, "CREATE TEMP TABLE x AS SELECT * FROM t");
	sql_run(db, "SELECT * FROM t ORDER BY c, b");
	sql_run(db, "DROP TABLE x; PRAGMA temp_store=FILE;"
		    "PRAGMA cache_spill=ON; PRAGMA temp.cache_size=5");
	assert_int_equal(sql_try(db, "CREATE TEMP TABLE y AS SELECT * FROM t"),
	    SQLITE_CANTOPEN);
	assert_true(db_sound(db));
	sqlite3_close(db);
	dir_free(dir);
}

/* A commit over two files needs a file that names both: in WAL mode it does
 * not, in the others it is refused, whole. */
static void
test_vfs_refuse__super_journals(void **state)
{
	const struct db_opts o = {
	    .journal = "TRUNCATE", .pragmas = "PRAGMA synchronous=FULL"};
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, &o);

	(void)state;
	fill(db, 10);
	attach(db, dir_file(dir, "b.db"), key_b, true);
	sql_run(db, "PRAGMA other.journal_mode=TRUNCATE;"
		    "PRAGMA other.locking_mode=EXCLUSIVE;"
		    "PRAGMA other.synchronous=FULL;"
		    "CREATE TABLE other.t AS SELECT * FROM main.t");
	assert_int_not_equal(sql_try(db, "BEGIN; DELETE FROM main.t;"
					 "DELETE FROM other.t; COMMIT"),
	    SQLITE_OK);
	(void)sql_try(db, "ROLLBACK");
	assert_int_equal(sql_int(db, "SELECT count(*) FROM main.t"), 10);
	assert_int_equal(sql_int(db, "SELECT count(*) FROM other.t"), 10);
	db_close(db);
	db = db_open(dir_file(dir, "b.db"), key_b, &o);
	assert_int_equal(sql_int(db, "SELECT count(*) FROM t"), 10);
	db_close(db);
	dir_free(dir);
}

/* Pitfall 12: a new database without its reserve fails closed. */
static void
test_vfs_refuse__a_database_without_reserve(void **state)
{
	const struct db_opts o = {.no_reserve = true};
	char *dir = dir_new();
	sqlite3 *db;

	(void)state;
	if (db_try(dir_file(dir, "a.db"), key_a, &o, &db) == SQLITE_OK) {
		assert_int_not_equal(
		    sql_try(db, "CREATE TABLE t(a)"), SQLITE_OK);
		sqlite3_close(db);
	}
	assert_false(dir_contains(dir, "SQLite"));
	dir_free(dir);
}

/* ---- the rest of SQLite -------------------------------------------------------------- */

static void
test_vfs_sqlite__attach_with_another_key(void **state)
{
	char *dir = dir_new();
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);

	(void)state;
	fill(db, 40);
	attach(db, dir_file(dir, "b.db"), key_b, true);
	sql_run(db, "PRAGMA other.journal_mode=WAL;"
		    "CREATE TABLE other.t AS SELECT * FROM main.t;"
		    "BEGIN; DELETE FROM main.t WHERE a = 1;"
		    "DELETE FROM other.t WHERE a = 1; COMMIT");
	sql_run(db, "DETACH other");
	attach(db, dir_file(dir, "c.db"), key_b, false);
	assert_int_not_equal(
	    sql_try(db, "CREATE TABLE other.t AS SELECT * FROM main.t"),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_ok(vfs_probe(dir_file(dir, "b.db"), key_b));
	assert_err(vfs_probe(dir_file(dir, "b.db"), key_a), ERR_AUTH);
	db = db_open(dir_file(dir, "b.db"), key_b, NULL);
	assert_int_equal(sql_int(db, "SELECT count(*) FROM t"), 39);
	db_close(db);
	dir_free(dir);
}

static void
test_vfs_sqlite__vacuum_into_is_a_new_key(void **state)
{
	char *dir = dir_new(), uri[512];
	sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, NULL);
	uint32_t n;

	(void)state;
	fill(db, 100);
	assert_ok(vfs_key_add(key_b, &n));
	assert_ok(
	    vfs_uri(VFS_NAME, dir_file(dir, "b.db"), n, uri, sizeof(uri)));
	sql_run(db, "VACUUM INTO '%s'", uri);
	vfs_key_drop(n);
	db_close(db);
	assert_err(vfs_probe(dir_file(dir, "b.db"), key_a), ERR_AUTH);
	db = db_open(dir_file(dir, "b.db"), key_b, NULL);
	assert_int_equal(sql_int(db, "SELECT count(*) FROM t"), 100);
	assert_true(db_sound(db));
	db_close(db);
	dir_free(dir);
}

static void
test_vfs_sqlite__backup_between_sealed_files(void **state)
{
	char *dir = dir_new();
	sqlite3 *a = db_open(dir_file(dir, "a.db"), key_a, NULL);
	sqlite3 *b = db_open(dir_file(dir, "b.db"), key_b, NULL);
	sqlite3_backup *job;

	(void)state;
	fill(a, 200);
	for (int round = 0; round < 5; round++) {
		sql_run(a, "DELETE FROM t WHERE a %% 5 = %d", round);
		fill(a, 30 * (round + 1));
		job = sqlite3_backup_init(b, "main", a, "main");
		assert_non_null(job);
		while (sqlite3_backup_step(job, 7) == SQLITE_OK)
			;
		assert_int_equal(sqlite3_backup_finish(job), SQLITE_OK);
		assert_true(db_sound(b));
		assert_int_equal(sql_int(a, "SELECT count(*) FROM t"),
		    sql_int(b, "SELECT count(*) FROM t"));
	}
	db_close(a);
	db_close(b);
	dir_free(dir);
}

static void
test_vfs_sqlite__vacuum_and_full_text(void **state)
{
	static const struct db_opts modes[] = {
	    {.pragmas = "PRAGMA auto_vacuum=FULL"},
	    {.pragmas = "PRAGMA auto_vacuum=INCREMENTAL",
		.journal = "TRUNCATE"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		char *dir = dir_new();
		sqlite3 *db = db_open(dir_file(dir, "a.db"), key_a, &modes[i]);

		fill(db, 150);
		sql_run(db,
		    "CREATE VIRTUAL TABLE w USING fts5(x, tokenize='unicode61"
		    " remove_diacritics 2');"
		    "CREATE VIRTUAL TABLE g USING fts5(x, tokenize='trigram');"
		    "INSERT INTO w SELECT b FROM t;"
		    "INSERT INTO g SELECT b FROM t");
		sql_run(db, "DELETE FROM t WHERE a > 30;"
			    "PRAGMA incremental_vacuum; VACUUM");
		assert_int_equal(
		    sql_int(db, "SELECT count(*) FROM w('140')"), 1);
		assert_int_equal(
		    sql_int(
			db, "SELECT count(*) FROM g WHERE x LIKE '%%w 14%%'"),
		    11);
		assert_true(db_sound(db));
		db_close(db);
		db = db_open(dir_file(dir, "a.db"), key_a, &modes[i]);
		assert_int_equal(sql_int(db, "SELECT count(*) FROM t"), 30);
		db_close(db);
		dir_free(dir);
	}
}

/* A second connection of any process waits outside. */
static void
test_vfs_sqlite__a_second_opener_is_busy(void **state)
{
	char *dir = dir_new();
	sqlite3 *a = db_open(dir_file(dir, "a.db"), key_a, NULL), *b;

	(void)state;
	fill(a, 3);
	assert_int_equal(
	    db_try(dir_file(dir, "a.db"), key_a, NULL, &b) & 0xff, SQLITE_BUSY);
	db_close(a);
	a = db_open(dir_file(dir, "a.db"), key_a, NULL);
	assert_int_equal(sql_int(a, "SELECT count(*) FROM t"), 3);
	db_close(a);
	dir_free(dir);
}

/* ---- memory ---------------------------------------------------------------------------- */

static int
open_step(void *arg)
{
	sqlite3 *db = NULL;
	int rc = db_try(arg, key_a, NULL, &db);

	if (rc == SQLITE_OK)
		rc = sql_try(db, "INSERT INTO t(b) VALUES('x')");
	sqlite3_close(db);
	return rc == SQLITE_OK ? 0 : ERR_NOMEM;
}

static void
test_vfs_open__runs_out_of_memory_cleanly(void **state)
{
	char *dir = dir_new(), path[256];
	sqlite3 *db;

	(void)state;
	snprintf(path, sizeof(path), "%s", dir_file(dir, "a.db"));
	db = db_open(path, key_a, NULL);
	fill(db, 3);
	db_close(db);
	assert_true(alloc_sweep(open_step, path) >= 4);
	db = db_open(path, key_a, NULL);
	assert_true(db_sound(db));
	db_close(db);
	dir_free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vfs_format__pages_are_sealed_as_documented),
	    cmocka_unit_test(test_vfs_format__frames_are_sealed_as_documented),
	    cmocka_unit_test(test_vfs_format__records_are_sealed_as_documented),
	    cmocka_unit_test(test_vfs_format__old_files_open),
	    cmocka_unit_test(test_vfs_format__every_write_has_a_new_nonce),
	    cmocka_unit_test(test_vfs_format__nonces_do_not_survive_fork),
	    cmocka_unit_test(test_vfs_calls__are_all_known),
	    cmocka_unit_test(test_vfs_calls__header_and_page_are_two_writes),
	    cmocka_unit_test(test_vfs_calls__a_zeroed_journal_is_emptied),
	    cmocka_unit_test(test_vfs_disk__shows_nothing_in_any_mode),
	    cmocka_unit_test(test_vfs_disk__frame_headers_do_not_show),
	    cmocka_unit_test(
		test_vfs_tamper__a_flipped_bit_anywhere_in_the_database),
	    cmocka_unit_test(
		test_vfs_tamper__pages_swapped_zeroed_cut_or_of_another_file),
	    cmocka_unit_test(test_vfs_tamper__a_bad_frame_ends_the_log),
	    cmocka_unit_test(
		test_vfs_tamper__recomputed_checksums_seal_no_hole),
	    cmocka_unit_test(
		test_vfs_tamper__a_forged_journal_record_is_an_error),
	    cmocka_unit_test(test_vfs_probe__proves_the_key_on_any_piece),
	    cmocka_unit_test(test_vfs_probe__runs_out_of_memory_cleanly),
	    cmocka_unit_test(
		test_vfs_keys__a_wrong_key_changes_no_byte_of_a_hot_log),
	    cmocka_unit_test(test_vfs_keys__a_log_with_bad_frames_is_kept),
	    cmocka_unit_test(test_vfs_keys__come_by_number_and_go),
	    cmocka_unit_test(test_vfs_uri__escapes_paths),
	    cmocka_unit_test(test_vfs_refuse__reads_and_writes_out_of_shape),
	    cmocka_unit_test(test_vfs_refuse__a_partly_present_page),
	    cmocka_unit_test(test_vfs_refuse__journal_and_log_out_of_shape),
	    cmocka_unit_test(test_vfs_refuse__temporary_files),
	    cmocka_unit_test(test_vfs_refuse__super_journals),
	    cmocka_unit_test(test_vfs_refuse__a_database_without_reserve),
	    cmocka_unit_test(test_vfs_sqlite__attach_with_another_key),
	    cmocka_unit_test(test_vfs_sqlite__vacuum_into_is_a_new_key),
	    cmocka_unit_test(test_vfs_sqlite__backup_between_sealed_files),
	    cmocka_unit_test(test_vfs_sqlite__vacuum_and_full_text),
	    cmocka_unit_test(test_vfs_sqlite__a_second_opener_is_busy),
	    cmocka_unit_test(test_vfs_open__runs_out_of_memory_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
