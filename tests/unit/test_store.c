/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store.c — opening, transactions, keys, checks, exports, migrations. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/schema.h"
#include "tui/store/store_account.h"
#include "tui/store/store_outbox.h"
#include "tui/store/store_search.h"
#include "tui/store/store_setting.h"

/* ---- opening ------------------------------------------------------------------ */

static void
test_store_open__makes_a_store_that_opens_again(void **state)
{
	char *dir = dir_new(), *v = NULL;
	struct store *s;

	(void)state;
	assert_false(store_exists(dir));
	s = store_at(dir);
	assert_true(store_exists(dir));
	assert_ok(store_setting_put(s, "greeting", "hello"));
	store_close(s);
	assert_false(file_exists(dir_file(dir, "store.db-wal")));
	assert_false(file_exists(dir_file(dir, "store.db.new")));
	s = store_at(dir);
	assert_ok(store_setting_get(s, "greeting", &v));
	assert_string_equal(v, "hello");
	free(v);
	assert_ok(store_check(s));
	store_close(s);
	dir_free(dir);
}

static void
test_store_open__files_are_private(void **state)
{
	static const char *const names[] = {
	    "store.key", "store.db", "store.db-wal", "lock"};
	char *dir = dir_new();
	struct store *s;
	struct stat st;

	(void)state;
	umask(0);
	s = store_at(dir);
	assert_ok(store_setting_put(s, "a", "b"));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(stat(dir_file(dir, names[i]), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	store_close(s);
	dir_free(dir);
}

static void
test_store_open__in_truncate_mode_leaves_no_wal(void **state)
{
	const struct store_opts o = {
	    .fast_kdf = true, .journal = STORE_TRUNCATE};
	char *dir = dir_new();
	struct store *s = NULL;

	(void)state;
	assert_ok(store_open(dir, &pass_key, &o, &s));
	for (int i = 0; i < 20; i++)
		assert_ok(store_setting_put_int(s, "n", i));
	assert_false(file_exists(dir_file(dir, "store.db-wal")));
	assert_ok(store_check(s));
	store_close(s);
	/* Modes change from one open to the next. */
	s = store_at(dir);
	assert_ok(store_setting_put_int(s, "n", 7));
	assert_true(file_exists(dir_file(dir, "store.db-wal")));
	store_close(s);
	dir_free(dir);
}

static void
test_store_open__wrong_passphrase_says_so(void **state)
{
	const struct store_key wrong = {.passphrase = "wrong horse"};
	char *dir = dir_new();
	struct store *s = NULL;

	(void)state;
	store_close(store_at(dir));
	assert_err(store_open(dir, &wrong, &fast, &s), ERR_AUTH);
	assert_string_equal(store_error(NULL), "wrong passphrase");
	assert_null(s);
	dir_free(dir);
}

static void
test_store_open__a_second_process_is_told_who(void **state)
{
	char *dir = dir_new(), want[64];
	struct store *s = store_at(dir), *t = NULL;
	struct lock *l = NULL;
	int pid = 0;

	(void)state;
	assert_err(store_open(dir, &pass_key, &fast, &t), ERR_BUSY);
	snprintf(want, sizeof(want), "in use by process %d", (int)getpid());
	assert_non_null(strstr(store_error(NULL), want));
	assert_err(store_wipe(dir, NULL), ERR_BUSY);
	assert_err(lock_take(dir, &l, &pid), ERR_BUSY);
	assert_int_equal(pid, getpid());
	store_close(s);
	/* A lock that the caller holds already serves. */
	assert_ok(lock_take(dir, &l, NULL));
	assert_ok(store_open(dir, &pass_key,
	    &(struct store_opts){.lock = l, .fast_kdf = true}, &t));
	store_close(t);
	assert_err(store_open(dir, &pass_key, &fast, &t), ERR_BUSY);
	lock_free(l);
	store_close(store_at(dir));
	dir_free(dir);
}

static void
test_store_open__no_create_finds_nothing(void **state)
{
	const struct store_opts o = {.fast_kdf = true, .no_create = true};
	char *dir = dir_new();
	struct store *s = NULL;

	(void)state;
	assert_err(store_open(dir, &pass_key, &o, &s), ERR_NOTFOUND);
	assert_false(store_exists(dir));
	assert_err(store_open("/nonexistent/x", &pass_key, &o, &s), ERR_SYS);
	dir_free(dir);
}

/* Pitfall 16: a database that is gone is not a new one. */
static void
test_store_open__a_missing_or_empty_database_is_an_error(void **state)
{
	char *dir = dir_new();
	struct store *s = NULL;

	(void)state;
	store_close(store_at(dir));
	assert_int_equal(unlink(dir_file(dir, "store.db")), 0);
	assert_err(store_open(dir, &pass_key, &fast, &s), ERR_NOTFOUND);
	file_write(dir_file(dir, "store.db"), "", 0);
	assert_err(store_open(dir, &pass_key, &fast, &s), ERR_NOTFOUND);
	assert_non_null(strstr(store_error(NULL), "missing or empty"));
	dir_free(dir);
}

static void
test_store_open__a_database_without_key_file_is_left_alone(void **state)
{
	char *dir = dir_new();
	struct store *s = NULL;
	struct stat before, after;

	(void)state;
	store_close(store_at(dir));
	assert_int_equal(unlink(dir_file(dir, "store.key")), 0);
	assert_int_equal(stat(dir_file(dir, "store.db"), &before), 0);
	assert_err(store_open(dir, &pass_key, &fast, &s), ERR_EXISTS);
	assert_int_equal(stat(dir_file(dir, "store.db"), &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	dir_free(dir);
}

static void
test_store_open__a_key_file_of_another_store_is_refused(void **state)
{
	char *a = dir_new(), *b = dir_new();
	struct store *s = NULL;

	(void)state;
	store_close(store_at(a));
	store_close(store_at(b));
	file_copy(dir_file(b, "store.key"), dir_file(a, "store.key"));
	assert_err(store_open(a, &pass_key, &fast, &s), ERR_AUTH);
	assert_non_null(strstr(store_error(NULL), "does not open"));
	dir_free(a);
	dir_free(b);
}

/* A crash between key file and rename, and one before the key file. */
static void
test_store_open__finishes_a_creation_that_was_cut_short(void **state)
{
	char *dir = dir_new();
	struct store *s;

	(void)state;
	s = store_at(dir);
	assert_ok(store_setting_put(s, "a", "b"));
	store_close(s);
	assert_int_equal(
	    rename(dir_file(dir, "store.db"), dir_file(dir, "store.db.new")),
	    0);
	s = store_at(dir);
	assert_false(file_exists(dir_file(dir, "store.db.new")));
	store_close(s);
	assert_int_equal(
	    rename(dir_file(dir, "store.db"), dir_file(dir, "store.db.new")),
	    0);
	assert_int_equal(unlink(dir_file(dir, "store.key")), 0);
	s = store_at(dir);
	assert_false(file_exists(dir_file(dir, "store.db.new")));
	store_close(s);
	dir_free(dir);
}

static int
sweep_open(void *arg)
{
	struct store *s = NULL;
	int r = store_open(arg, &pass_key, &fast, &s);

	store_close(s);
	return r;
}

static int
sweep_create(void *arg)
{
	int r = sweep_open(arg);
	int w = store_wipe(arg, NULL);

	return r != 0 ? r : w;
}

static void
test_store_open__runs_out_of_memory_cleanly(void **state)
{
	char *dir = dir_new();

	(void)state;
	assert_true(alloc_sweep(sweep_create, dir) > 5);
	store_close(store_at(dir));
	assert_true(alloc_sweep(sweep_open, dir) > 5);
	store_close(store_at(dir));
	dir_free(dir);
}

/* ---- transactions --------------------------------------------------------------- */

static void
test_store_begin__nesting_is_refused(void **state)
{
	char *dir = dir_new();
	struct store *s = store_at(dir);

	(void)state;
	assert_err(store_commit(s), ERR_STATE);
	assert_ok(store_begin(s));
	assert_true(store_in_transaction(s));
	assert_err(store_begin(s), ERR_STATE);
	assert_ok(store_setting_put(s, "a", "1"));
	assert_ok(store_commit(s));
	assert_false(store_in_transaction(s));
	store_close(s);
	dir_free(dir);
}

static void
test_store_rollback__undoes_all(void **state)
{
	char *dir = dir_new(), *v = NULL;
	struct store *s = store_at(dir);

	(void)state;
	assert_ok(store_setting_put(s, "a", "1"));
	assert_ok(store_begin(s));
	assert_ok(store_setting_put(s, "a", "2"));
	assert_ok(store_setting_put(s, "b", "2"));
	store_rollback(s);
	assert_ok(store_setting_get(s, "a", &v));
	assert_string_equal(v, "1");
	free(v);
	assert_err(store_setting_get(s, "b", &v), ERR_NOTFOUND);
	store_rollback(s); /* none is open: fine */
	store_close(s);
	dir_free(dir);
}

/* Closing with a transaction open is a rollback. */
static void
test_store_close__rolls_back(void **state)
{
	char *dir = dir_new(), *v = NULL;
	struct store *s = store_at(dir);

	(void)state;
	assert_ok(store_begin(s));
	assert_ok(store_setting_put(s, "a", "2"));
	store_close(s);
	s = store_at(dir);
	assert_err(store_setting_get(s, "a", &v), ERR_NOTFOUND);
	store_close(s);
	store_close(NULL);
	dir_free(dir);
}

/* A refusal before the first change leaves the transaction usable; a failure
 * after it does not. */
static void
test_store_commit__after_a_half_done_change_is_refused(void **state)
{
	char *dir = dir_new();
	struct store *s = store_at(dir);
	int64_t chat = chat_with(s, 1), id = 0;
	struct store_message m = {.chat = chat, .received_ms = 5};
	bool moved = true;

	(void)state;
	add_text(s, chat, STORE_IN, 1, 1, "one");
	assert_ok(store_begin(s));
	memcpy(m.message_id, id_of(1).b, 16);
	memcpy(m.account, id_of(1).b, 16);
	assert_err(store_message_add(s, &m, &id), ERR_EXISTS);
	assert_err(store_message_set_state(s, 12345, STORE_MSG_SENT, &moved),
	    ERR_NOTFOUND);
	add_text(s, chat, STORE_IN, 2, 2, "two");
	assert_ok(store_commit(s));
	/* The message goes in, then the chat's row refuses. */
	assert_ok(store_exec(s, "CREATE TRIGGER no BEFORE UPDATE ON chat BEGIN"
				" SELECT raise(ABORT, 'no'); END"));
	assert_ok(store_begin(s));
	memcpy(m.message_id, id_of(3).b, 16);
	assert_err(store_message_add(s, &m, &id), ERR_RANGE);
	assert_err(store_commit(s), ERR_RANGE);
	assert_false(store_in_transaction(s));
	assert_ok(store_exec(s, "DROP TRIGGER no"));
	assert_err(
	    store_message_find(s, m.account, m.message_id, &id), ERR_NOTFOUND);
	assert_ok(store_check(s));
	store_close(s);
	dir_free(dir);
}

/* ---- keys ----------------------------------------------------------------------- */

static void
test_store_change_key__old_goes_new_comes(void **state)
{
	const struct store_key next = {.passphrase = "another horse"};
	char *dir = dir_new(), *db, *db2;
	struct store *s = store_at(dir), *t = NULL;
	size_t len, len2;

	(void)state;
	assert_ok(store_setting_put(s, "a", "1"));
	assert_ok(store_checkpoint(s));
	db = read_text_file(dir_file(dir, "store.db"), &len);
	assert_err(store_change_key(s, &next, &next), ERR_AUTH);
	assert_ok(store_change_key(s, &pass_key, &next));
	db2 = read_text_file(dir_file(dir, "store.db"), &len2);
	assert_int_equal(len, len2);
	assert_memory_equal(db, db2, len); /* only the wrap changed */
	free(db);
	free(db2);
	store_close(s);
	assert_err(store_open(dir, &pass_key, &fast, &t), ERR_AUTH);
	assert_ok(store_open(dir, &next, &fast, &t));
	store_close(t);
	dir_free(dir);
}

static void
test_store_wipe__leaves_nothing(void **state)
{
	char *dir = dir_new();
	struct store *s = store_at(dir);

	(void)state;
	assert_ok(store_setting_put(s, "a", "1"));
	store_close(s);
	file_write(dir_file(dir, "store.db-wal.kept"), "x", 1);
	assert_ok(store_wipe(dir, NULL));
	assert_false(store_exists(dir));
	assert_false(file_exists(dir_file(dir, "store.db")));
	assert_false(file_exists(dir_file(dir, "store.db-wal.kept")));
	assert_ok(store_wipe(dir, NULL)); /* nothing there: fine */
	store_close(store_at(dir));
	dir_free(dir);
}

/* ---- checks --------------------------------------------------------------------- */

static void
test_store_check__finds_what_does_not_fit(void **state)
{
	static const struct {
		const char *spoil, *mend, *says;
	} cases[] = {
	    {"UPDATE chat SET unread = 7", "UPDATE chat SET unread = 1",
		"unread count"},
	    {"UPDATE chat SET last_id = 0", "UPDATE chat SET last_id = 1",
		"last message"},
	    {"UPDATE chat SET last_state = 0", "UPDATE chat SET last_state = 5",
		"state of the last message"},
	    {"PRAGMA foreign_keys=OFF; INSERT INTO draft VALUES(99, 'x', 0)",
		"DELETE FROM draft", "references"},
	    {"INSERT INTO message_fts(rowid, text, chat) VALUES(77, 'x', 1)",
		"INSERT INTO message_fts(message_fts) VALUES('rebuild')",
		"search index"},
	};
	char *dir = dir_new();
	struct store *s = store_at(dir);

	(void)state;
	assert_int_equal(
	    add_text(s, chat_with(s, 1), STORE_IN, 1, 1, "hello there"), 1);
	assert_ok(store_check(s));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ok(store_exec(s, cases[i].spoil));
		assert_err(store_check(s), ERR_FORMAT);
		if (strstr(store_error(s), cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].says, store_error(s));
		assert_ok(store_exec(s, cases[i].mend));
		assert_ok(store_check(s));
	}
	store_idle(s);
	store_close(s);
	dir_free(dir);
}

/* ---- exports -------------------------------------------------------------------- */

static int
sink_buf(void *ctx, const void *p, size_t len)
{
	return buf_put(ctx, p, len);
}

static int
sink_fails(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	(void)p;
	(void)len;
	return ERR_IO;
}

static void
test_store_export_json__one_object_a_line(void **state)
{
	static const char want[] =
	    "{\"id\":1,\"chat\":1,\"message_id\":"
	    "\"abcd0000000000000000000000000001\",\"direction\":\"in\","
	    "\"state\":\"received\",\"sent_ms\":5,\"received_ms\":5,"
	    "\"phone\":\"+4915100\",\"name\":\"Zo\xc3\xab\","
	    "\"text\":\"a \\\"b\\\"\\nc\\u0007\\\\\"}\n"
	    "{\"id\":2,\"chat\":1,\"message_id\":"
	    "\"abcd0000000000000000000000000002\",\"direction\":\"out\","
	    "\"state\":\"pending\",\"sent_ms\":6,\"received_ms\":6,"
	    "\"phone\":\"+4915100\",\"name\":\"Zo\xc3\xab\","
	    "\"text\":\"\"}\n";
	struct store_contact k = {.phone = "+4915100", .name = "Zo\xc3\xab"};
	char *dir = dir_new();
	struct store *s = store_at(dir);
	int64_t chat = chat_with(s, 1);
	struct buf b;

	(void)state;
	memcpy(k.account, id_of(1).b, 16);
	assert_ok(store_contact_put(s, &k));
	add_text(s, chat, STORE_IN, 1, 5, "a \"b\"\nc\a\\");
	add_text(s, chat, STORE_OUT, 2, 6, "");
	buf_init(&b, 1 << 20);
	assert_ok(store_export_json(s, sink_buf, &b));
	assert_ok(buf_put_u8(&b, 0));
	assert_string_equal((char *)b.p, want);
	buf_clear(&b);
	assert_err(store_export_json(s, sink_fails, NULL), ERR_IO);
	assert_err(store_export_sql(s, sink_fails, NULL), ERR_IO);
	store_close(s);
	dir_free(dir);
}

static int64_t
plain_int(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* Plain SQLite reads it back, search index and all. */
static void
test_store_export_sql__is_a_database(void **state)
{
	char *dir = dir_new();
	struct store *s = store_at(dir);
	int64_t chat = chat_with(s, 1);
	sqlite3 *db = NULL;
	struct buf b;

	(void)state;
	add_text(s, chat, STORE_IN, 1, 5, "it's \xf0\x9f\x90\xb1 'quoted'");
	add_text(s, chat, STORE_OUT, 2, 6, "second");
	assert_ok(store_message_delete(
	    s, add_text(s, chat, STORE_OUT, 3, 7, "gone again")));
	assert_ok(store_setting_put(s, "a", "b"));
	buf_init(&b, 1 << 20);
	assert_ok(store_export_sql(s, sink_buf, &b));
	assert_ok(buf_put_u8(&b, 0));
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	if (sqlite3_exec(db, (char *)b.p, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(plain_int(db, "SELECT count(*) FROM message"), 2);
	assert_int_equal(plain_int(db, "SELECT length(text) FROM message"), 15);
	assert_int_equal(plain_int(db, "SELECT count(*) FROM setting"), 1);
	assert_int_equal(
	    plain_int(db, "SELECT rowid FROM message_fts('second')"), 2);
	assert_int_equal(plain_int(db, "SELECT unread FROM chat"), 1);
	assert_int_equal(plain_int(db, "SELECT seq FROM sqlite_sequence"
				       " WHERE name = 'message'"),
	    3);
	assert_int_equal(sqlite3_exec(db,
			     "UPDATE message SET text = 'third'"
			     " WHERE id = 2",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    plain_int(db, "SELECT count(*) FROM message_fts('second')"), 0);
	sqlite3_close(db);
	buf_clear(&b);
	store_close(s);
	dir_free(dir);
}

/* ---- migrations ----------------------------------------------------------------- */

static const char *const add_table[] = {
    "CREATE TABLE extra(a INTEGER)", "INSERT INTO extra VALUES(1)", NULL};
static const char *const broken[] = {
    "CREATE TABLE more(a INTEGER)", "INSERT INTO missing VALUES(1)", NULL};

static void
test_schema_migrate__steps_once_and_wholly(void **state)
{
	int last = store_migrations[store_migrations_len - 1].version;
	struct migration steps[] = {
	    store_migrations[0], {last + 1, add_table}, {last + 2, broken}};
	char *dir = dir_new();
	struct store *s = store_at(dir), *t = NULL;

	(void)state;
	add_text(s, chat_with(s, 1), STORE_IN, 1, 1, "kept");
	assert_err(schema_migrate(s, steps, 3), ERR_INTERNAL);
	assert_int_equal(plain_int(s->db, "PRAGMA user_version"), last + 1);
	assert_int_equal(plain_int(s->db, "SELECT count(*) FROM extra"), 1);
	assert_int_equal(plain_int(s->db, "SELECT count(*) FROM sqlite_schema"
					  " WHERE name = 'more'"),
	    0);
	assert_ok(schema_migrate(s, steps, 2)); /* nothing to do */
	assert_int_equal(plain_int(s->db, "SELECT count(*) FROM extra"), 1);
	store_close(s);
	/* This version of ours knows less. */
	assert_err(store_open(dir, &pass_key, &fast, &t), ERR_VERSION);
	assert_non_null(strstr(store_error(NULL), "newer"));
	dir_free(dir);
}

/* Every step from a store as version 1 left it, with rows in every table. */
static void
test_schema_migrate__from_version_1(void **state)
{
	struct store plain = {0}, *s = &plain;
	struct store_account a;
	struct store_chats list;
	struct store_hits hits;
	struct store_outgoing o;
	char *sql;

	(void)state;
	sql = read_text_file("tests/vectors/store/version-1.sql", NULL);
	assert_int_equal(sqlite3_open(":memory:", &s->db), SQLITE_OK);
	assert_ok(store_exec(s, sql));
	free(sql);
	assert_ok(store_exec(s, "PRAGMA user_version=1"));
	assert_ok(schema_migrate(s, store_migrations, store_migrations_len));
	assert_int_equal(plain_int(s->db, "PRAGMA user_version"),
	    store_migrations[store_migrations_len - 1].version);
	assert_ok(store_check(s));
	assert_ok(store_account_get(s, &a));
	assert_string_equal(a.phone, "+4915550001");
	store_account_clear(&a);
	assert_ok(store_chat_list(s, &list));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[0].title, "Bea");
	assert_int_equal(list.v[0].unread, 1);
	assert_string_equal(list.v[0].draft, "not yet");
	store_chats_clear(&list);
	assert_ok(store_search(s, 0, "lighthouse", 0, 10, &hits));
	assert_int_equal(hits.n, 1);
	store_hits_clear(&hits);
	assert_ok(store_outbox_next(s, 0, 1u << 30, &o));
	store_outgoing_clear(&o);
	store_cache_clear(s);
	sqlite3_close(s->db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_store_open__makes_a_store_that_opens_again),
	    cmocka_unit_test(test_store_open__files_are_private),
	    cmocka_unit_test(test_store_open__in_truncate_mode_leaves_no_wal),
	    cmocka_unit_test(test_store_open__wrong_passphrase_says_so),
	    cmocka_unit_test(test_store_open__a_second_process_is_told_who),
	    cmocka_unit_test(test_store_open__no_create_finds_nothing),
	    cmocka_unit_test(
		test_store_open__a_missing_or_empty_database_is_an_error),
	    cmocka_unit_test(
		test_store_open__a_database_without_key_file_is_left_alone),
	    cmocka_unit_test(
		test_store_open__a_key_file_of_another_store_is_refused),
	    cmocka_unit_test(
		test_store_open__finishes_a_creation_that_was_cut_short),
	    cmocka_unit_test(test_store_open__runs_out_of_memory_cleanly),
	    cmocka_unit_test(test_store_begin__nesting_is_refused),
	    cmocka_unit_test(test_store_rollback__undoes_all),
	    cmocka_unit_test(test_store_close__rolls_back),
	    cmocka_unit_test(
		test_store_commit__after_a_half_done_change_is_refused),
	    cmocka_unit_test(test_store_change_key__old_goes_new_comes),
	    cmocka_unit_test(test_store_wipe__leaves_nothing),
	    cmocka_unit_test(test_store_check__finds_what_does_not_fit),
	    cmocka_unit_test(test_store_export_json__one_object_a_line),
	    cmocka_unit_test(test_store_export_sql__is_a_database),
	    cmocka_unit_test(test_schema_migrate__steps_once_and_wholly),
	    cmocka_unit_test(test_schema_migrate__from_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
