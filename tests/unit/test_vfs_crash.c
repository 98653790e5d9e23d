/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_vfs_crash.c — what a power cut, kill -9 or a failing disk leaves: every
 * transaction whole or not at all, and each that was acknowledged still there.
 * SOTTO_CUTS=n makes n images of each kind instead of a few.
 */
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/powercut.h"
#include "tests/unit/vfs_help.h"

#define ACCOUNTS 8
#define KEPT	 20 /* rows of the log */
#define TXNS	 40

/* Money moves between accounts, a log grows and is cut: every transaction
 * touches several pages, none changes the sum. */
static void
make_base(sqlite3 *db)
{
	sql_run(db, "CREATE TABLE acct(id INTEGER PRIMARY KEY, v INTEGER, x);"
		    "CREATE TABLE log(n INTEGER PRIMARY KEY, b)");
	for (int i = 1; i <= ACCOUNTS; i++)
		sql_run(
		    db, "INSERT INTO acct VALUES(%d, 100, zeroblob(900))", i);
}

/* One transaction; the result of its COMMIT. */
static int
move(sqlite3 *db, int n)
{
	char sql[640];

	if (n == TXNS * 5 / 8) /* the whole file is written anew */
		(void)sql_try(db, "VACUUM");
	snprintf(sql, sizeof(sql),
	    "BEGIN IMMEDIATE;"
	    "UPDATE acct SET v = v - %d WHERE id = %d;"
	    "INSERT INTO log VALUES(%d, randomblob(%d));"
	    "SAVEPOINT s; UPDATE acct SET x = zeroblob(1000);"
	    "DELETE FROM log WHERE n %% 2 = 0; %s RELEASE s;"
	    "UPDATE acct SET v = v + %d WHERE id = %d;"
	    "DELETE FROM log WHERE n <= %d; COMMIT",
	    n, n % ACCOUNTS + 1, n, n * 331 % 5000, "ROLLBACK TO s;", n,
	    (n * 3 + 1) % ACCOUNTS + 1, n - KEPT);
	return sql_try(db, sql);
}

/* The last transaction that is there; fails the test when half of one is. */
static int64_t
check_state(sqlite3 *db, const char *what, size_t image)
{
	int64_t n;

	if (!db_sound(db))
		fail_msg("%s, image %zu: integrity", what, image);
	if (sql_int(db, "SELECT sum(v) FROM acct") != ACCOUNTS * 100)
		fail_msg("%s, image %zu: half a transaction", what, image);
	n = sql_int(db, "SELECT coalesce(max(n), 0) FROM log");
	if (sql_int(db, "SELECT count(*) FROM log") != (n < KEPT ? n : KEPT))
		fail_msg("%s, image %zu: the log has holes", what, image);
	return n;
}

/* ---- power cuts ----------------------------------------------------------------- */

struct power {
	const char *name;
	const char *journal;
	const char *sync;
	bool plain; /* the control: SQLite without the seal */
	int64_t may_lose; /* acknowledged transactions */
};

static size_t
images(void)
{
	const char *n = getenv("SOTTO_CUTS");

	return n != NULL ? strtoul(n, NULL, 10) : 50;
}

/* Run the work with a recorder below, then make and open images of cuts. */
static struct cut *
record(const struct power *p, const char *dir)
{
	struct db_opts o = {.journal = p->journal, .plain = p->plain};
	struct cut *c = cut_new();
	sqlite3 *db;

	tap_register("tap-cut", NULL, NULL, NULL);
	assert_ok(vfs_register("sealed-cut", sqlite3_vfs_find("tap-cut")));
	o.vfs = p->plain ? "tap-cut" : "sealed-cut";
	db = db_open(dir_file(dir, "a.db"), key_a, &o);
	make_base(db);
	db_close(db);
	cut_base(c, dir);
	tap_register("tap-cut", NULL, cut_record, c);
	o.pragmas = p->sync;
	db = db_open(dir_file(dir, "a.db"), key_a, &o);
	for (int n = 1; n <= TXNS; n++) {
		if (move(db, n) != SQLITE_OK)
			fail_msg("%s: %s", p->name, sqlite3_errmsg(db));
		cut_mark(c, n);
	}
	db_close(db);
	tap_register("tap-cut", NULL, NULL, NULL);
	return c;
}

static void
cut_and_look(const struct power *p)
{
	const struct db_opts o = {.journal = p->journal, .plain = p->plain};
	char *dir = dir_new();
	struct cut *c = record(p, dir);
	size_t total = images();
	int64_t worst = 0;

	for (size_t i = 0; i < total; i++) {
		size_t at = cut_events(c) * (i + 1) / total;
		char *image = dir_new();
		int64_t mark, n;
		sqlite3 *db;

		mark = cut_image(c, at, i * 7 + 1, image);
		db = db_open(dir_file(image, "a.db"), key_a, &o);
		n = check_state(db, p->name, i);
		if (n + p->may_lose < mark || n > mark + 1)
			fail_msg("%s, image %zu: %d acknowledged, %d there",
			    p->name, i, (int)mark, (int)n);
		if (mark - n > worst)
			worst = mark - n;
		db_close(db);
		dir_free(image);
	}
	print_message("%s: %zu images of %zu events, at most %d lost\n",
	    p->name, total, cut_events(c), (int)worst);
	cut_free(c);
	dir_free(dir);
}

#define FULL   "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=15"
#define NORMAL "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=15"

static void
test_power_cut__full_loses_nothing(void **state)
{
	static const struct power runs[] = {
	    {"sealed WAL FULL", "WAL", FULL, false, 0},
	    {"plain WAL FULL", "WAL", FULL, true, 0},
	    {"sealed TRUNCATE FULL", "TRUNCATE", FULL, false, 0},
	    {"plain TRUNCATE FULL", "TRUNCATE", FULL, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		cut_and_look(&runs[i]);
}

/* NORMAL syncs at checkpoints only: the last ones may be gone, never a part. */
static void
test_power_cut__normal_loses_only_the_last(void **state)
{
	static const struct power runs[] = {
	    {"sealed WAL NORMAL", "WAL", NORMAL, false, 12},
	    {"plain WAL NORMAL", "WAL", NORMAL, true, 12},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		cut_and_look(&runs[i]);
}

/* ---- a failing disk -------------------------------------------------------------- */

struct faults {
	long left; /* calls that still work */
	bool forever; /* from then on, or once */
	bool hit;
};

static int
maybe_fail(void *ctx, const struct tap_op *op)
{
	static const int codes[] = {
	    [TAP_OPEN] = SQLITE_CANTOPEN,
	    [TAP_READ] = SQLITE_IOERR_READ,
	    [TAP_WRITE] = SQLITE_FULL,
	    [TAP_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
	    [TAP_SYNC] = SQLITE_IOERR_FSYNC,
	    [TAP_DELETE] = SQLITE_IOERR_DELETE,
	};
	struct faults *f = ctx;

	if (f->left-- > 0 || (f->hit && !f->forever))
		return op->kind == TAP_SYNC ? TAP_SWALLOW : SQLITE_OK;
	f->hit = true;
	return codes[op->kind];
}

/* Work until something fails; the last acknowledged transaction. */
static int
work_until_fault(const char *path, const struct db_opts *o)
{
	int done = 0;
	sqlite3 *db;

	if (db_try(path, key_a, o, &db) != SQLITE_OK)
		return 0;
	for (int n = 1; n <= 12; n++) {
		if (move(db, n) != SQLITE_OK)
			break;
		done = n;
	}
	sqlite3_close(db);
	return done;
}

static void
fail_everywhere(const char *journal, bool forever)
{
	const struct db_opts clean = {.journal = journal};
	const struct db_opts o = {.journal = journal,
	    .vfs = "sealed-fault",
	    .pragmas = "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=15"};
	struct faults f = {.hit = true};
	char *base = dir_new(), *dir;
	unsigned runs = 0;
	sqlite3 *db;
	int done;

	db = db_open(dir_file(base, "a.db"), key_a, &clean);
	make_base(db);
	db_close(db);
	for (long at = 0; f.hit; at += at < 30 ? 3 : 11) {
		dir = dir_new();
		dir_copy(base, dir);
		f = (struct faults){.left = at, .forever = forever};
		tap_register("tap-fault", NULL, maybe_fail, &f);
		assert_ok(vfs_register(
		    "sealed-fault", sqlite3_vfs_find("tap-fault")));
		done = work_until_fault(dir_file(dir, "a.db"), &o);
		tap_register("tap-fault", NULL, NULL, NULL);
		db = db_open(dir_file(dir, "a.db"), key_a, &clean);
		if (check_state(db, journal, (size_t)at) < done)
			fail_msg("%s: call %ld failed, %d is lost", journal, at,
			    done);
		db_close(db);
		dir_free(dir);
		runs++;
	}
	assert_true(runs > 20);
	dir_free(base);
}

static void
test_io_fault__loses_nothing_acknowledged(void **state)
{
	(void)state;
	fail_everywhere("WAL", false);
	fail_everywhere("WAL", true);
	fail_everywhere("TRUNCATE", false);
	fail_everywhere("TRUNCATE", true);
}

static int
disk_full(void *ctx, const struct tap_op *op)
{
	const bool *full = ctx;

	return *full && op->kind == TAP_WRITE ? SQLITE_FULL : SQLITE_OK;
}

/* The store says what happened, and goes on when the disk does. */
static void
test_io_fault__the_store_says_so(void **state)
{
	const struct store_opts o = {.fast_kdf = true, .vfs = "sealed-fault"};
	bool full = false;
	char *dir = dir_new();
	struct store_message m = {.dir = STORE_IN, .received_ms = 2};
	struct store *s = NULL;
	int64_t id = 0;

	(void)state;
	tap_register("tap-fault", NULL, disk_full, &full);
	assert_ok(vfs_register("sealed-fault", sqlite3_vfs_find("tap-fault")));
	assert_ok(store_open(dir, &pass_key, &o, &s));
	m.chat = chat_with(s, 1);
	full = true;
	assert_err(store_message_add(s, &m, &id), ERR_FULL);
	assert_string_equal(store_error(s), "the disk is full");
	assert_false(store_in_transaction(s));
	assert_ok(store_begin(s));
	assert_int_not_equal(
	    store_message_add(s, &m, &id) == 0 ? store_commit(s) : ERR_IO, 0);
	store_rollback(s);
	full = false;
	assert_ok(store_message_add(s, &m, &id));
	assert_ok(store_check(s));
	store_close(s);
	tap_register("tap-fault", NULL, NULL, NULL);
	s = store_at(dir);
	assert_ok(store_check(s));
	store_close(s);
	dir_free(dir);
}

static int
no_reads(void *ctx, const struct tap_op *op)
{
	const bool *broken = ctx;

	return *broken && op->kind == TAP_READ ? SQLITE_IOERR_READ : SQLITE_OK;
}

/* A page that cannot be read ends a transaction inside SQLite: what the caller
 * does next must not go to disk on its own. */
static void
test_io_fault__nothing_slips_out_of_a_failed_transaction(void **state)
{
	const struct store_opts o = {
	    .fast_kdf = true, .vfs = "sealed-fault", .cache_kib = 64};
	struct store_message m;
	char *dir = dir_new();
	struct store *s = NULL;
	bool broken = false;
	int64_t chat, id;

	(void)state;
	tap_register("tap-fault", NULL, no_reads, &broken);
	assert_ok(vfs_register("sealed-fault", sqlite3_vfs_find("tap-fault")));
	assert_ok(store_open(dir, &pass_key, &o, &s));
	chat = chat_with(s, 1);
	assert_ok(store_begin(s));
	for (unsigned i = 1; i <= 2000; i++)
		add_text(s, chat, STORE_IN, i, i, "far more than the cache");
	assert_ok(store_commit(s));
	store_idle(s); /* nothing is in the cache now */
	assert_ok(store_begin(s));
	id = add_text(s, chat, STORE_IN, 9001, 9001, "in the transaction");
	broken = true;
	assert_err(store_message_get(s, 1, &m), ERR_IO);
	broken = false;
	assert_err(store_message_set_state(s, 2, STORE_MSG_SENT, NULL), ERR_IO);
	assert_err(
	    store_chat_set_draft(s, chat, "after the failure", 1), ERR_IO);
	assert_true(store_in_transaction(s));
	assert_err(store_commit(s), ERR_IO);
	assert_false(store_in_transaction(s));
	assert_err(store_message_get(s, id, &m), ERR_NOTFOUND);
	assert_ok(store_check(s));
	store_close(s);
	tap_register("tap-fault", NULL, NULL, NULL);
	dir_free(dir);
}

/* ---- kill -9 ---------------------------------------------------------------------- */

/* In the child: add messages for ever, telling each once it is on disk. */
static NORETURN void
write_for_ever(const char *dir, int fd)
{
	struct store_message m = {.dir = STORE_OUT, .received_ms = 5};
	struct store *s = NULL;
	int64_t id;

	/* The kernel keeps what it was given: no need to wait for the disk. */
	if (store_open(dir, &pass_key,
		&(struct store_opts){.fast_kdf = true, .sync_normal = true},
		&s) != 0)
		_exit(1);
	for (;;) {
		m.chat = 1;
		randombytes_buf(m.message_id, sizeof(m.message_id));
		if (store_begin(s) != 0)
			_exit(2);
		if (store_message_add(s, &m, &id) != 0 || store_commit(s) != 0)
			_exit(4);
		if (write(fd, &id, sizeof(id)) != sizeof(id))
			_exit(5);
	}
}

/* Read some acknowledgements, kill, read what was still on its way. */
static int64_t
run_and_kill(const char *dir, int count)
{
	int fds[2], st = 0;
	int64_t id, last = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		write_for_ever(dir, fds[1]);
	}
	close(fds[1]);
	while (read(fds[0], &id, sizeof(id)) == sizeof(id)) {
		last = id;
		if (count-- == 0)
			kill(pid, SIGKILL);
	}
	close(fds[0]);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
	return last;
}

static void
test_kill__loses_nothing_acknowledged(void **state)
{
	char *dir = dir_new();
	struct store *s = store_at(dir);
	struct store_messages p;
	int64_t last;

	(void)state;
	assert_int_equal(chat_with(s, 1), 1);
	store_close(s);
	for (int round = 0; round < 8; round++) {
		last = run_and_kill(dir, round * 13 % 40);
		s = store_at(dir);
		assert_ok(store_check(s));
		assert_ok(store_message_before(s, 1, 0, 1, &p));
		assert_int_equal(p.n, 1);
		assert_true(p.v[0].id >= last);
		store_messages_clear(&p);
		store_close(s);
	}
	dir_free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_power_cut__full_loses_nothing),
	    cmocka_unit_test(test_power_cut__normal_loses_only_the_last),
	    cmocka_unit_test(test_io_fault__loses_nothing_acknowledged),
	    cmocka_unit_test(test_io_fault__the_store_says_so),
	    cmocka_unit_test(
		test_io_fault__nothing_slips_out_of_a_failed_transaction),
	    cmocka_unit_test(test_kill__loses_nothing_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
