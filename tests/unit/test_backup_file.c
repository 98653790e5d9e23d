/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_backup_file.c — backups on disk: whole or not at all. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store_help.h"
#include "tui/backup/file.h"
#include "tui/store/store_account.h"

#define MESSAGES 1200 /* several transactions of a restore */

static const uint8_t raw[BACKUP_RAW_LEN] = "thirty-two bytes of a raw key..";
static const struct backup_key by_raw = {.kind = BACKUP_RAW, .raw = raw};

struct fixture {
	char *dir, *dir2;
	struct store *s;
	char path[512];
};

static void
register_as(struct store *s, unsigned account)
{
	struct store_account self = {.registered = true, .device = 1};

	memcpy(self.account, id_of(account).b, STORE_ID_LEN);
	assert_ok(store_account_put(s, &self));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int64_t chat;
	unsigned i;

	assert_non_null(f);
	f->dir = dir_new();
	f->dir2 = dir_new();
	f->s = store_at(f->dir);
	snprintf(f->path, sizeof(f->path), "%s/backup", f->dir2);
	register_as(f->s, 90);
	chat = chat_with(f->s, 1);
	assert_ok(store_begin(f->s));
	for (i = 0; i < MESSAGES; i++)
		add_text(f->s, chat, STORE_IN, 100 + i, 1000 + i,
		    "a text that takes some room, so that chunks get full");
	assert_ok(store_commit(f->s));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	unlink(f->path);
	dir_free(f->dir);
	dir_free(f->dir2);
	free(f);
	return 0;
}

static struct backup_job
job_of(struct fixture *f)
{
	return (struct backup_job){.path = f->path, .key = &by_raw};
}

static void
test_backup_create__is_verified_and_restored(void **state)
{
	struct fixture *f = *state;
	struct backup_job job = job_of(f);
	struct restore_count n;
	enum backup_kind kind;
	char *dir = dir_new();
	struct store *s = store_at(dir);
	struct stat st;

	assert_ok(backup_create(&job, f->s, 7));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(dir_contains(f->dir2, "some room"));
	assert_ok(backup_kind_of(&job, &kind));
	assert_int_equal(kind, BACKUP_RAW);
	assert_ok(backup_verify(&job, &n));
	assert_int_equal(n.messages, MESSAGES);
	assert_int_equal(n.added, 0);
	assert_int_equal(n.created_ms, 7);
	assert_err(backup_restore(&job, s, &n), ERR_STATE);
	assert_non_null(strstr(job.why, "register first"));
	register_as(s, 90);
	assert_ok(backup_restore(&job, s, &n));
	assert_int_equal(n.added, MESSAGES);
	assert_ok(backup_restore(&job, s, &n));
	assert_int_equal(n.added, 0);
	assert_ok(store_check(s));
	store_close(s);
	dir_free(dir);
}

/* A damaged file changes nothing, wherever the damage is. */
static void
test_backup_restore__a_damaged_file_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct backup_job job = job_of(f);
	struct restore_count n;
	struct store_chats l;
	char *dir = dir_new();
	struct store *s = store_at(dir);
	struct stat st;
	int r;

	register_as(s, 90);
	assert_ok(backup_create(&job, f->s, 7));
	assert_int_equal(stat(f->path, &st), 0);
	file_flip(f->path, st.st_size - 40, 3);
	r = backup_restore(&job, s, &n);
	assert_err(r, ERR_AUTH);
	assert_non_null(strstr(job.why, "damaged"));
	file_flip(f->path, st.st_size - 40, 3);
	assert_int_equal(truncate(f->path, st.st_size - 1), 0);
	assert_err(backup_restore(&job, s, &n), ERR_AUTH);
	assert_non_null(strstr(job.why, "cut off"));
	assert_ok(store_chat_list(s, &l));
	assert_int_equal(l.n, 0);
	store_chats_clear(&l);
	store_close(s);
	dir_free(dir);
}

static void
test_backup__sentences_for_what_goes_wrong(void **state)
{
	struct fixture *f = *state;
	struct backup_key wrong = {.kind = BACKUP_RAW,
	    .raw = (const uint8_t *)"another thirty-two bytes ......."};
	struct backup_job job = job_of(f);
	struct restore_count n;
	enum backup_kind kind;

	assert_err(backup_verify(&job, &n), ERR_SYS);
	assert_non_null(strstr(job.why, f->path));
	file_write(f->path, "no backup at all", 16);
	assert_err(backup_kind_of(&job, &kind), ERR_FORMAT);
	assert_non_null(strstr(job.why, "no backup"));
	assert_ok(backup_create(&job, f->s, 7));
	job.key = &wrong;
	assert_err(backup_verify(&job, &n), ERR_AUTH);
	assert_non_null(strstr(job.why, "does not open"));
	register_as(f->s, 91);
	job = job_of(f);
	assert_err(backup_restore(&job, f->s, &n), ERR_DENIED);
	assert_non_null(strstr(job.why, "another account"));
	job.path = "/nonexistent/backup";
	assert_err(backup_create(&job, f->s, 7), ERR_SYS);
	assert_non_null(strstr(job.why, "/nonexistent/backup"));
}

/* A file as the first format had it: nothing about groups, settings, receipts. */
static void
test_backup_restore__of_an_older_sotto(void **state)
{
	static const uint8_t account[STORE_ID_LEN] = {0xc5, 0x12, 0x84, 0xb2,
	    0xbe, 0x60, 0xb2, 0x3b, 0xc8, 0x32, 0xb5, 0x3e, 0xa2, 0x33, 0x17,
	    0xfb};
	static const char digits[] = "1542 3469 6659 6948 7616 2659 4839 0746 "
				     "5856 3984 6280 3149 5739 6033 4101 0588";
	struct store_account self = {.registered = true, .device = 1};
	struct fixture *f = *state;
	struct backup_code code;
	struct backup_key key = {.kind = BACKUP_CODE, .code = &code};
	struct backup_job job = {
	    .path = "tests/vectors/backup/version-1.backup", .key = &key};
	struct restore_count n;
	struct store_chats l;

	assert_ok(backup_code_read(&code, digits, NULL));
	memcpy(self.account, account, sizeof(account));
	assert_ok(store_account_put(f->s, &self));
	assert_ok(backup_restore(&job, f->s, &n));
	assert_int_equal(n.added, 2);
	assert_ok(store_chat_list(f->s, &l));
	assert_int_equal(l.n, 2);
	assert_string_equal(
	    l.v[0].last_text, "an answer \xe2\x9d\xa4\xef\xb8\x8f");
	store_chats_clear(&l);
	/* and of a newer one: a sentence, and nothing else */
	file_copy(job.path, f->path);
	file_flip(f->path, 8, 1); /* version 1 becomes 3 */
	job.path = f->path;
	assert_err(backup_restore(&job, f->s, &n), ERR_VERSION);
	assert_non_null(strstr(job.why, "newer sotto"));
}

static bool
stop_at_once(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	return done + 1 < total / 2;
}

/* Interrupted: the backup before it is still there, and no rest of this. */
static void
test_backup_create__interrupted_leaves_the_old_one(void **state)
{
	struct fixture *f = *state;
	struct backup_job job = job_of(f);
	char part[600];

	file_write(f->path, "the old one", 11);
	job.progress = stop_at_once;
	assert_err(backup_create(&job, f->s, 7), ERR_CLOSED);
	assert_true(dir_contains(f->dir2, "the old one"));
	snprintf(part, sizeof(part), "%s.part", f->path);
	assert_false(file_exists(part));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_backup_create__is_verified_and_restored),
	    T(test_backup_restore__a_damaged_file_changes_nothing),
	    T(test_backup__sentences_for_what_goes_wrong),
	    T(test_backup_restore__of_an_older_sotto),
	    T(test_backup_create__interrupted_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
