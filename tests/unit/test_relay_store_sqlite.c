/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only the embedded backend promises: its folder, its schema, its plans,
 * and what it does when memory or disk run out. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/store/folder.h"
#include "relay/store/schema.h"
#include "relay/store/sqlite.h"
#include "tests/unit/relay_store_help.h"

static int
setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	*state = &rig;
	return 0;
}

static int
teardown(void **state)
{
	rig_clear(*state);
	return 0;
}

#define INIT(r, o, KIND) rig_init_op((r), &(o)->op, STORE_##KIND)

static const char *
in_dir(const struct rig *r, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	return path;
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_ok(stat(path, &st));
	return st.st_mode & 0777;
}

/* ---- the folder ----------------------------------------------------------------- */

static void
test_open__everything_is_private(void **state)
{
	struct rig *r = *state;
	struct person a;

	assert_ok(rmdir(r->dir));
	umask(0);
	rig_open(r);
	umask(022);
	join(r, &a, 1, 1);
	assert_int_equal(mode_of(r->dir), 0700);
	assert_int_equal(mode_of(in_dir(r, "relay.db")), 0600);
	assert_int_equal(mode_of(in_dir(r, "relay.db-wal")), 0600);
	assert_int_equal(mode_of(in_dir(r, "relay.db-shm")), 0600);
	assert_int_equal(mode_of(in_dir(r, "relay.lock")), 0600);
	rig_close(r);
	assert_ok(chmod(in_dir(r, "relay.db"), 0644));
	rig_open(r);
	assert_int_equal(mode_of(in_dir(r, "relay.db")), 0600);
}

static void
test_open__refuses_a_folder_others_may_enter(void **state)
{
	struct rig *r = *state;
	struct store_why why;
	struct store *s = NULL;

	assert_ok(chmod(r->dir, 0750));
	assert_err(store_open(&s, &r->opts, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "chmod 700"));
	assert_non_null(strstr(why.text, "750"));
	assert_null(s);
	assert_int_equal(mode_of(r->dir), 0750);
	assert_err(access(in_dir(r, "relay.lock"), F_OK), -1);
}

static void
test_open__refuses_what_is_no_folder(void **state)
{
	struct rig *r = *state;
	struct store_opts o = r->opts;
	struct store_why why;
	struct store *s = NULL;

	o.dir = "/dev/null";
	assert_err(store_open(&s, &o, &why), ERR_DENIED);
	assert_string_equal(why.text, "/dev/null is not a folder");
	o.dir = "/dev/null/sub";
	assert_err(store_open(&s, &o, &why), ERR_SYS);
	assert_non_null(strstr(why.text, "/dev/null/sub"));
	assert_ok(symlink("/dev/null", in_dir(r, "relay.lock")));
	assert_err(store_open(&s, &r->opts, &why), ERR_SYS);
	assert_non_null(strstr(why.text, "relay.lock"));
	assert_ok(unlink(in_dir(r, "relay.lock")));
	assert_ok(symlink("/dev/null", in_dir(r, "relay.db")));
	assert_err(store_open(&s, &r->opts, &why), ERR_SYS);
	assert_non_null(strstr(why.text, "relay.db"));
}

static void
test_open__one_relay_a_folder(void **state)
{
	struct rig *r = *state;
	struct store_why why;
	struct store *s = NULL;
	char pid[32];

	rig_open(r);
	assert_err(store_open(&s, &r->opts, &why), ERR_BUSY);
	snprintf(pid, sizeof(pid), "(process %ld)", (long)getpid());
	assert_non_null(strstr(why.text, pid));
	assert_non_null(strstr(why.text, r->dir));
	assert_null(s);
	rig_close(r);
	rig_open(r);
}

/* ---- the schema ----------------------------------------------------------------- */

static void
run_sql(const char *path, const char *text)
{
	sqlite3 *db;
	char *e = NULL;

	assert_ok(sqlite3_open(path, &db));
	if (sqlite3_exec(db, text, NULL, NULL, &e) != SQLITE_OK)
		fail_msg("%s: %s", text, e);
	sqlite3_close(db);
}

static void
test_open__refuses_a_newer_store(void **state)
{
	struct rig *r = *state;
	struct store_why why;
	struct store *s = NULL;

	rig_open(r);
	rig_close(r);
	run_sql(in_dir(r, "relay.db"),
	    "INSERT INTO migration VALUES (99, 'future', 0)");
	assert_err(store_open(&s, &r->opts, &why), ERR_VERSION);
	assert_non_null(strstr(why.text, "version 99"));
	assert_null(s);
	run_sql(
	    in_dir(r, "relay.db"), "DELETE FROM migration WHERE version = 99");
	rig_open(r);
}

static void
test_open__refuses_what_is_not_ours(void **state)
{
	struct rig *r = *state;
	struct store_why why;
	struct store *s = NULL;
	char junk[8192];
	int fd;

	run_sql(in_dir(r, "relay.db"), "CREATE TABLE songs (name)");
	assert_err(store_open(&s, &r->opts, &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "another program's"));
	memset(junk, 'j', sizeof(junk));
	fd = open(in_dir(r, "relay.db"), O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	close(fd);
	assert_err(store_open(&s, &r->opts, &why), ERR_FORMAT);
	assert_true(why.text[0] != '\0');
	assert_null(s);
}

static int
count_rows(sqlite3 *db, const char *text)
{
	sqlite3_stmt *q;
	int n;

	assert_ok(sqlite3_prepare_v2(db, text, -1, &q, NULL));
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return n;
}

static void
test_schema__steps_are_applied_once_in_order(void **state)
{
	static const struct schema_step steps[] = {
	    {"one", "CREATE TABLE t (a); INSERT INTO t VALUES (1)"},
	    {"two", "ALTER TABLE t ADD b; UPDATE t SET b = a + 1"},
	    {"three", "INSERT INTO t VALUES (7, 8)"},
	};
	struct store_why why;
	sqlite3 *db;

	(void)state;
	assert_ok(sqlite3_open(":memory:", &db));
	assert_int_equal(schema_version(db, &why), 0);
	assert_ok(schema_apply(db, steps, 1, 5, &why));
	assert_int_equal(schema_version(db, &why), 1);
	assert_ok(schema_apply(db, steps, 3, 6, &why));
	assert_ok(schema_apply(db, steps, 3, 7, &why));
	assert_int_equal(schema_version(db, &why), 3);
	assert_int_equal(count_rows(db, "SELECT sum(b) FROM t"), 10);
	assert_int_equal(
	    count_rows(db, "SELECT count(*) FROM migration WHERE applied_ms"
			   " = 6 AND name IN ('two', 'three')"),
	    2);
	assert_err(schema_apply(db, steps, 2, 8, &why), ERR_VERSION);
	sqlite3_close(db);
}

static void
test_schema__a_failing_step_changes_nothing(void **state)
{
	static const struct schema_step steps[] = {
	    {"good", "CREATE TABLE t (a)"},
	    {"bad", "INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (1)"},
	};
	struct store_why why;
	sqlite3 *db;

	(void)state;
	assert_ok(sqlite3_open(":memory:", &db));
	assert_err(schema_apply(db, steps, 2, 5, &why), ERR_IO);
	assert_non_null(strstr(why.text, "bad: "));
	assert_int_equal(schema_version(db, &why), 1);
	assert_int_equal(count_rows(db, "SELECT count(*) FROM t"), 0);
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	sqlite3_close(db);
}

/* ---- plans ---------------------------------------------------------------------- */

static const char *const sql_names[] = {
#define X(name, text) #name,
    SQL_LIST(X)
#undef X
};
static const char *const sql_texts[] = {
#define X(name, text) text,
    SQL_LIST(X)
#undef X
};

/* Reads the whole log, at opening; asks SQLite, not tables. */
static bool
may_scan(const char *name)
{
	return strcmp(name, "FRESH_ALL") == 0 ||
	       strcmp(name, "REPORT_COUNT") == 0 || /* bounded */
	       strcmp(name, "FREE_PAGES") == 0;
}

/*
 * No statement of the writer looks at rows it does not need: a table walked
 * from end to end passes every other test and fails with a full queue.
 */
static void
test_plans__no_statement_scans_or_sorts(void **state)
{
	struct rig *r = *state;
	struct store_why why;
	sqlite3_stmt *q;
	sqlite3 *db;
	char text[1024];
	size_t i, plans = 0;

	rig_open(r);
	rig_close(r);
	assert_ok(sqlite_connect(in_dir(r, "relay.db"), &db, &why));
	for (i = 0; i < ARRAY_LEN(sql_texts); i++) {
		snprintf(
		    text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql_texts[i]);
		assert_ok(sqlite3_prepare_v2(db, text, -1, &q, NULL));
		while (sqlite3_step(q) == SQLITE_ROW) {
			const char *p = (const char *)sqlite3_column_text(q, 3);

			plans++;
			if (may_scan(sql_names[i]))
				continue;
			if (strstr(p, "SCAN") != NULL ||
			    strstr(p, "TEMP B-TREE") != NULL)
				fail_msg("%s: %s", sql_names[i], p);
		}
		sqlite3_finalize(q);
	}
	assert_true(plans > 30);
	sqlite3_close(db);
}

static void
test_connect__settings_hold(void **state)
{
	struct rig *r = *state;
	struct store_why why;
	sqlite3 *db;

	rig_open(r);
	assert_ok(sqlite_connect(in_dir(r, "relay.db"), &db, &why));
	assert_int_equal(count_rows(db, "PRAGMA synchronous"), 2);
	assert_int_equal(count_rows(db, "PRAGMA cache_spill"), 0);
	assert_int_equal(count_rows(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(count_rows(db, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(count_rows(db, "PRAGMA secure_delete"), 2);
	assert_int_equal(count_rows(db, "SELECT journal_mode = 'wal'"
					" FROM pragma_journal_mode"),
	    1);
	sqlite3_close(db);
}

/* ---- the disk is full ----------------------------------------------------------- */

#define BIG_LEN 100000

static void
limit_files(rlim_t bytes)
{
	struct rlimit l;

	assert_ok(getrlimit(RLIMIT_FSIZE, &l));
	l.rlim_cur = bytes;
	assert_ok(setrlimit(RLIMIT_FSIZE, &l));
}

struct big_send {
	struct op_send o;
	struct store_target t;
	struct store_envelope v;
};

static void
big_init(struct rig *r, struct big_send *s, const struct person *from,
    const struct person *to, uint8_t id, const uint8_t *body)
{
	memset(s, 0, sizeof(*s));
	INIT(r, &s->o, SEND);
	s->o.sender = from->dev;
	memset(s->o.message_id, id, sizeof(s->o.message_id));
	s->o.v = &s->t;
	s->o.n = 1;
	s->t.account = to->id;
	s->t.v = &s->v;
	s->t.n = 1;
	s->v.device_id = to->device_id;
	s->v.registration_id = to->registration_id;
	s->v.body = body;
	s->v.len = BIG_LEN;
}

/* Submit n together, wait for all. */
static void
big_batch(struct rig *r, struct big_send *s, size_t n)
{
	struct op_keys_count c;
	size_t i;

	rig_gate_close(r);
	INIT(r, &c, KEYS_COUNT);
	rig_submit(r, &c.op);
	rig_gate_wait(r);
	for (i = 0; i < n; i++)
		rig_submit(r, &s[i].o.op);
	rig_gate_open(r);
	for (i = 0; i < n; i++)
		rig_wait(r, &s[i].o.op);
}

/* Nobody waits for an acknowledgement to be on disk: it is no commit of its own
 * while others come, and one soon when none do. */
static void
test_queue_ack__shares_the_commit_of_what_comes_next(void **state)
{
	struct rig *r = *state;
	struct store_metrics before, after;
	struct op_keys_count count;
	struct op_queue_ack o;
	struct timespec now;
	struct person a;
	unsigned i, waited = 0;
	long until;

	rig_open(r);
	join(r, &a, 1, 0);
	store_metrics(r->s, &before);
	for (i = 0; i < 40; i++) {
		INIT(r, &o, QUEUE_ACK);
		o.dev = a.dev;
		rig_submit(r, &o.op);
		clock_gettime(CLOCK_MONOTONIC, &now);
		until = now.tv_sec * 1000000 + now.tv_nsec / 1000 + 1000;
		do
			clock_gettime(CLOCK_MONOTONIC, &now);
		while (now.tv_sec * 1000000 + now.tv_nsec / 1000 < until);
		waited += store_waiting(r->s) == 1;
		INIT(r, &count, KEYS_COUNT);
		count.dev = a.dev;
		assert_ok(rig_call(r, &count.op));
		rig_wait(r, &o.op);
		assert_ok(o.op.result);
	}
	store_metrics(r->s, &after);
	/* A busy machine may keep us from the processor for longer. */
	assert_true(waited >= 10);
	assert_true(after.commits - before.commits <= 80 - waited);
	ack(r, a.dev, 0); /* alone */
	rig_close(r);
}

static void
test_disk_full__the_batch_fails_and_service_goes_on(void **state)
{
	struct rig *r = *state;
	struct op_keys_take take;
	struct op_keys_count count;
	struct op_queue_ack fine;
	struct big_send s[8];
	struct store_metrics m;
	struct op_check check;
	struct person a, b;
	uint64_t first;
	uint8_t *body;
	struct stat st;
	size_t i;

	body = calloc(1, BIG_LEN);
	assert_non_null(body);
	rig_open(r);
	join(r, &a, 1, 0);
	join(r, &b, 2, 2);
	assert_ok(send_one(r, &a, &b, 100, &first));
	for (i = 0; i < 8; i++)
		big_init(r, &s[i], &a, &b, (uint8_t)(i + 1), body);

	signal(SIGXFSZ, SIG_IGN);
	assert_ok(stat(in_dir(r, "relay.db-wal"), &st));
	limit_files((rlim_t)st.st_size + 65536);
	big_batch(r, s, 8);
	for (i = 0; i < 8; i++)
		assert_err(s[i].o.op.result, ERR_IO);
	assert_int_equal(r->troubles, 1);
	assert_true(r->trouble[0] != '\0');
	assert_int_equal(queue_count(r, b.dev), 1); /* reading goes on */
	big_batch(r, s, 8);
	for (i = 0; i < 8; i++)
		assert_err(s[i].o.op.result, ERR_IO);
	assert_int_equal(queue_count(r, b.dev), 1);
	INIT(r, &fine, QUEUE_ACK); /* in one batch with what fails */
	fine.dev = b.dev;
	fine.seq = first;
	rig_gate_close(r);
	INIT(r, &count, KEYS_COUNT);
	rig_submit(r, &count.op);
	rig_gate_wait(r);
	rig_submit(r, &fine.op);
	rig_submit(r, &s[0].o.op);
	rig_gate_open(r);
	rig_wait(r, &s[0].o.op);
	assert_err(fine.op.result, ERR_IO);
	assert_err(s[0].o.op.result, ERR_IO);
	assert_int_equal(queue_count(r, b.dev), 1);

	limit_files(RLIM_INFINITY);
	big_batch(r, s, 8); /* the same again: no repeat, the chain is whole */
	for (i = 0; i < 8; i++) {
		assert_ok(s[i].o.op.result);
		assert_false(s[i].v.repeat);
		assert_int_equal(
		    s[i].v.prev_seq, i == 0 ? first : s[i - 1].v.seq);
	}
	assert_string_equal(r->trouble, "");
	assert_true(r->troubles >= 2);
	store_metrics(r->s, &m);
	assert_true(m.failed_commits >= 2);
	assert_int_equal(m.rows_in, 9);
	INIT(r, &take, KEYS_TAKE);
	take.account = b.id;
	assert_ok(rig_call(r, &take.op));
	assert_int_equal(take.v[0].one_time.id, 1);
	store_op_clear(&take.op);
	rig_reopen(r);
	assert_int_equal(queue_count(r, b.dev), 9);
	INIT(r, &check, CHECK);
	assert_ok(rig_call(r, &check.op));
	free(body);
}

/* ---- memory runs out ------------------------------------------------------------ */

static int
step_open(void *arg)
{
	struct rig *r = arg;
	struct store_why why;
	int e;

	e = store_open(&r->s, &r->opts, &why);
	if (e == 0)
		rig_close(r);
	else
		assert_non_null(strstr(why.text, err_str(e)));
	return e;
}

static void
test_open__survives_every_failing_allocation(void **state)
{
	assert_true(alloc_sweep(step_open, *state) >= 10);
}

/* The backend on this thread, where allocations can be made to fail. */
struct direct {
	struct backend *b;
	struct store_seq seq;
	struct person a;
	int (*run)(struct direct *d);
};

static int
run_direct(struct direct *d, struct store_op *op)
{
	int e;

	e = sqlite_backend.begin(d->b);
	if (e == 0)
		e = sqlite_backend.run(d->b, op);
	if (e == 0)
		e = sqlite_backend.commit(d->b);
	else
		sqlite_backend.rollback(d->b);
	return e != 0 ? e : op->result;
}

static uint32_t
keys_left(struct direct *d)
{
	struct op_keys_count c = {.dev = d->a.dev};

	c.op.kind = STORE_KEYS_COUNT;
	assert_ok(run_direct(d, &c.op));
	assert_int_equal(c.one_time_left, c.kyber_left);
	return c.one_time_left;
}

static int
direct_take(struct direct *d)
{
	struct op_keys_take o;
	uint32_t before = keys_left(d);
	int e;

	store_op_init(&o.op, STORE_KEYS_TAKE, NULL, NULL, NULL);
	o.account = d->a.id;
	e = run_direct(d, &o.op);
	store_op_clear(&o.op);
	assert_int_equal(keys_left(d), e == 0 ? before - 1 : before);
	return e;
}

static int
direct_devices(struct direct *d)
{
	struct op_devices o;
	int e;

	store_op_init(&o.op, STORE_DEVICES, NULL, NULL, NULL);
	o.account = d->a.id;
	e = run_direct(d, &o.op);
	if (e == 0)
		assert_int_equal(o.device_list.len, 4);
	store_op_clear(&o.op);
	return e;
}

static int
direct_list_set(struct direct *d)
{
	struct op_device_list_set o;

	store_op_init(&o.op, STORE_DEVICE_LIST_SET, NULL, NULL, NULL);
	o.account = d->a.id;
	o.version = 1;
	o.list = (const uint8_t *)"list";
	o.len = 4;
	return run_direct(d, &o.op);
}

static int
direct_read(struct direct *d)
{
	struct op_queue_read o;
	int e;

	store_op_init(&o.op, STORE_QUEUE_READ, NULL, NULL, NULL);
	o.dev = d->a.dev;
	o.max_rows = 10;
	o.max_bytes = 1000;
	e = run_direct(d, &o.op);
	if (e == 0)
		assert_int_equal(o.n, 3);
	store_op_clear(&o.op);
	return e;
}

static int
direct_invites(struct direct *d)
{
	struct op_invite_list o;

	store_op_init(&o.op, STORE_INVITE_LIST, NULL, NULL, NULL);
	o.max = 5;
	sqlite_backend.read(d->b, &o.op);
	store_op_clear(&o.op);
	return o.op.result;
}

static int
direct_accounts(struct direct *d)
{
	struct op_account_list o;

	store_op_init(&o.op, STORE_ACCOUNT_LIST, NULL, NULL, NULL);
	o.max = 5;
	sqlite_backend.read(d->b, &o.op);
	store_op_clear(&o.op);
	return o.op.result;
}

static int
step_direct(void *arg)
{
	struct direct *d = arg;

	return d->run(d);
}

static void
test_ops__survive_every_failing_allocation(void **state)
{
	static const struct {
		int (*run)(struct direct *d);
		int least;
	} steps[] = {
	    {direct_devices, 1},
	    {direct_list_set, 1},
	    {direct_read, 2},
	    {direct_invites, 1},
	    {direct_accounts, 1},
	    {direct_take, 3},
	};
	struct rig *r = *state;
	struct store_opts o;
	struct store_why why;
	struct direct d = {0};
	struct op_device_list_set l;
	size_t i;
	uint8_t m;

	rig_open(r);
	join(r, &d.a, 1, 20);
	for (m = 1; m <= 3; m++) {
		struct person b;

		join(r, &b, (uint8_t)(m + 1), 0);
		assert_ok(send_one(r, &b, &d.a, m, NULL));
	}
	INIT(r, &l, DEVICE_LIST_SET);
	l.account = d.a.id;
	l.version = 1;
	l.list = (const uint8_t *)"list";
	l.len = 4;
	assert_ok(rig_call(r, &l.op));
	rig_close(r);
	o = r->opts;
	o.queue_max = 100;
	assert_ok(sqlite_backend.open(&d.b, &o, &d.seq, &why));
	for (i = 0; i < ARRAY_LEN(steps); i++) {
		d.run = steps[i].run;
		assert_true(alloc_sweep(step_direct, &d) >= steps[i].least);
	}
	sqlite_backend.close(d.b);
}

/* ---- backup --------------------------------------------------------------------- */

static void
test_backup__is_a_store(void **state)
{
	struct rig *r = *state, copy;
	struct op_device_by_key k;
	struct op_backup o;
	struct person a, b;
	char path[128];

	rig_open(r);
	join(r, &a, 1, 3);
	join(r, &b, 2, 3);
	assert_ok(send_one(r, &a, &b, 77, NULL));
	rig_init(&copy);
	snprintf(path, sizeof(path), "%s/relay.db", copy.dir);
	INIT(r, &o, BACKUP);
	o.path = path;
	umask(0);
	assert_ok(rig_call(r, &o.op));
	umask(022);
	assert_true(o.bytes > 4096);
	assert_int_equal(mode_of(path), 0600);
	assert_err(rig_call(r, &o.op), ERR_EXISTS);

	rig_open(&copy);
	assert_ok(by_key(&copy, &b, &k));
	assert_int_equal(k.queued, 1);
	assert_int_equal(k.one_time_left, 3);
	assert_ok(send_one(&copy, &a, &b, 78, NULL));
	rig_clear(&copy);

	o.path = "/dev/null/x";
	assert_err(rig_call(r, &o.op), ERR_SYS);
}

static void
test_backup__a_failed_one_leaves_no_file(void **state)
{
	struct rig *r = *state;
	struct op_backup o;
	char path[128];

	rig_open(r);
	snprintf(path, sizeof(path), "%s/copy", r->dir);
	signal(SIGXFSZ, SIG_IGN);
	limit_files(8192);
	INIT(r, &o, BACKUP);
	o.path = path;
	assert_err(rig_call(r, &o.op), ERR_IO);
	limit_files(RLIM_INFINITY);
	assert_err(access(path, F_OK), -1);
	assert_ok(rig_call(r, &o.op));
}

static void
test_check__finds_damage(void **state)
{
	struct rig *r = *state;
	struct op_check o;
	struct person a;

	rig_open(r);
	join(r, &a, 1, 3);
	rig_close(r);
	run_sql(in_dir(r, "relay.db"),
	    "PRAGMA foreign_keys = OFF;"
	    "INSERT INTO one_time_key VALUES (4711, 1, x'00')");
	rig_open(r);
	INIT(r, &o, CHECK);
	assert_err(rig_call(r, &o.op), ERR_FORMAT);
	assert_string_equal(o.text, "orphan in one_time_key");
}

static void
test_sweep__gives_the_disk_back(void **state)
{
	struct rig *r = *state;
	struct big_send s[60];
	struct op_stats before, after;
	struct op_sweep sweep;
	struct person a, b;
	uint8_t *body;
	size_t i;

	body = calloc(1, BIG_LEN);
	assert_non_null(body);
	rig_open(r);
	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	for (i = 0; i < 60; i++)
		big_init(r, &s[i], &a, &b, (uint8_t)i, body);
	big_batch(r, s, 60);
	stats(r, &before);
	assert_true(before.disk_bytes > 60 * BIG_LEN);
	ack(r, b.dev, s[59].v.seq);
	r->now_ms += 60000;
	INIT(r, &sweep, SWEEP);
	for (i = 0; i < 20; i++) {
		assert_ok(rig_call(r, &sweep.op));
		if (!sweep.more)
			break;
	}
	assert_in_range(i, 1, 19);
	stats(r, &after);
	assert_true(after.disk_bytes < before.disk_bytes / 4 + 4 * 1024 * 1024);
	free(body);
}

/* ---- many messages ---------------------------------------------------------------- */

#define WIDE  100 /* devices */
#define ROUND 1200 /* messages to each */

struct wide {
	struct op_send o;
	struct store_target t;
	struct store_envelope v[WIDE];
};

static void
wide_init(struct rig *r, struct wide *w, const struct person *from,
    const struct person to[WIDE], uint32_t id)
{
	uint32_t i;

	memset(w, 0, sizeof(*w));
	INIT(r, &w->o, SEND);
	w->o.sender = from->dev;
	put_be32(w->o.message_id, id);
	w->o.v = &w->t;
	w->o.n = 1;
	w->t.account = to[0].id;
	w->t.v = w->v;
	w->t.n = WIDE;
	for (i = 0; i < WIDE; i++) {
		w->v[i].device_id = to[i].device_id;
		w->v[i].registration_id = to[i].registration_id;
		w->v[i].body = (const uint8_t *)"wide";
		w->v[i].len = 4;
	}
}

static void
wide_people(struct rig *r, struct person *from, struct person to[WIDE])
{
	uint32_t i;

	join(r, from, 1, 0);
	join(r, &to[0], 2, 0);
	for (i = 1; i < WIDE; i++)
		join_device(r, &to[0], &to[i], (uint8_t)(i + 2));
}

/* The device has exactly the messages from first on, in order. */
static void
expect_seqs(struct rig *r, const struct person *p, uint64_t (*seq)[WIDE],
    uint32_t first, uint32_t device)
{
	struct op_queue_read o;
	uint32_t m = first;
	size_t k;

	assert_int_equal(queue_count(r, p->dev), ROUND - first);
	INIT(r, &o, QUEUE_READ);
	o.dev = p->dev;
	o.max_rows = 700;
	o.max_bytes = 1 << 20;
	do {
		assert_ok(rig_call(r, &o.op));
		for (k = 0; k < o.n; k++, m++)
			assert_int_equal(o.v[k].seq, seq[m][device]);
		o.after_seq = o.upto;
	} while (o.more);
	assert_int_equal(m, ROUND);
	store_op_clear(&o.op);
}

/* More messages than the log may hold: they settle by themselves, and nobody
 * sees it. */
static void
test_settle__under_pressure_nothing_is_lost(void **state)
{
	static uint64_t seq[ROUND][WIDE];
	struct rig *r = *state;
	struct person a, b[WIDE];
	struct op_check check;
	struct store_why why;
	static struct wide w;
	int fresh, most = 0;
	uint32_t m, i, n;
	sqlite3 *db;

	rig_open(r);
	wide_people(r, &a, b);
	assert_ok(sqlite_connect(in_dir(r, "relay.db"), &db, &why));
	for (m = 0; m < ROUND; m++) {
		wide_init(r, &w, &a, b, m);
		assert_ok(rig_call(r, &w.o.op));
		for (i = 0; i < WIDE; i++) {
			assert_int_equal(
			    w.v[i].prev_seq, m == 0 ? 0 : seq[m - 1][i]);
			seq[m][i] = w.v[i].seq;
		}
		if (m % 100 == 50) { /* one device keeps up, half-way */
			ack(r, b[7].dev, seq[m - 25][7]);
			fresh = count_rows(db, "SELECT count(*) FROM fresh");
			most = fresh > most ? fresh : most;
		}
	}
	sqlite3_close(db);
	assert_in_range(most, 40000, HOT_MANY + 1000);
	for (n = 0; n < 2; n++) {
		INIT(r, &check, CHECK);
		assert_ok(rig_call(r, &check.op));
		for (i = 0; i < WIDE; i++)
			expect_seqs(r, &b[i], seq, i == 7 ? ROUND - 74 : 0, i);
		rig_reopen(r);
	}
}

/* One commit brings more than the log has places for. */
static void
test_settle__within_a_batch(void **state)
{
	static struct wide w[700];
	struct rig *r = *state;
	struct person a, b[WIDE];
	struct op_check check;
	struct op_keys_count c;
	size_t i;

	r->opts.recent_rows = 131072;
	rig_open(r);
	wide_people(r, &a, b);
	rig_gate_close(r);
	INIT(r, &c, KEYS_COUNT);
	rig_submit(r, &c.op);
	rig_gate_wait(r);
	for (i = 0; i < ARRAY_LEN(w); i++) {
		wide_init(r, &w[i], &a, b, (uint32_t)i);
		rig_submit(r, &w[i].o.op);
	}
	rig_gate_open(r);
	for (i = 0; i < ARRAY_LEN(w); i++)
		rig_wait(r, &w[i].o.op);
	for (i = 0; i < ARRAY_LEN(w); i++)
		assert_ok(w[i].o.op.result);
	for (i = 0; i < WIDE; i++)
		assert_int_equal(queue_count(r, b[i].dev), ARRAY_LEN(w));
	rig_reopen(r);
	for (i = 0; i < WIDE; i++)
		assert_int_equal(queue_count(r, b[i].dev), ARRAY_LEN(w));
	INIT(r, &check, CHECK);
	assert_ok(rig_call(r, &check.op));
}

/* ---- the log is copied back ------------------------------------------------------ */

static void
test_wal__does_not_grow_without_end(void **state)
{
	struct rig *r = *state;
	struct big_send s[16];
	struct person a, b;
	uint8_t *body, round;
	struct stat st;
	size_t i;

	body = calloc(1, BIG_LEN);
	assert_non_null(body);
	rig_open(r);
	join(r, &a, 1, 0);
	join(r, &b, 2, 0);
	for (round = 0; round < 60; round++) { /* 94 MiB of messages */
		for (i = 0; i < 16; i++) {
			big_init(r, &s[i], &a, &b, round, body);
			s[i].o.message_id[0] = (uint8_t)i;
		}
		big_batch(r, s, 16);
		for (i = 0; i < 16; i++)
			assert_ok(s[i].o.op.result);
		ack(r, b.dev, s[15].v.seq);
	}
	assert_ok(stat(in_dir(r, "relay.db-wal"), &st));
	assert_true(st.st_size < 48 * 1024 * 1024);
	free(body);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest cases[] = {
	    CASE(test_open__everything_is_private),
	    CASE(test_open__refuses_a_folder_others_may_enter),
	    CASE(test_open__refuses_what_is_no_folder),
	    CASE(test_open__one_relay_a_folder),
	    CASE(test_open__refuses_a_newer_store),
	    CASE(test_open__refuses_what_is_not_ours),
	    CASE(test_queue_ack__shares_the_commit_of_what_comes_next),
	    cmocka_unit_test(test_schema__steps_are_applied_once_in_order),
	    cmocka_unit_test(test_schema__a_failing_step_changes_nothing),
	    CASE(test_plans__no_statement_scans_or_sorts),
	    CASE(test_connect__settings_hold),
	    CASE(test_disk_full__the_batch_fails_and_service_goes_on),
	    CASE(test_open__survives_every_failing_allocation),
	    CASE(test_ops__survive_every_failing_allocation),
	    CASE(test_backup__is_a_store),
	    CASE(test_backup__a_failed_one_leaves_no_file),
	    CASE(test_check__finds_damage),
	    CASE(test_sweep__gives_the_disk_back),
	    CASE(test_settle__under_pressure_nothing_is_lost),
	    CASE(test_settle__within_a_batch),
	    CASE(test_wal__does_not_grow_without_end),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
