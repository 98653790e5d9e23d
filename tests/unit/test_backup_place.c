/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where backups are kept, and the schedule; servers: tests/e2e. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store_help.h"
#include "tui/backup/place_int.h"
#include "tui/backup/schedule.h"
#include "tui/store/store_account.h"

#define DAY_MS (24ull * 3600 * 1000)

struct fixture {
	char *dir, *to;
	struct store *s;
};

static int
setup(void **state)
{
	struct store_account self = {
	    .registered = true, .device = 1, .phone = "+4915550000001"};
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->dir = dir_new();
	f->to = dir_new();
	f->s = store_at(f->dir);
	memcpy(self.account, id_of(90).b, STORE_ID_LEN);
	assert_ok(store_account_put(f->s, &self));
	add_text(f->s, chat_with(f->s, 1), STORE_IN, 10, 1000, "keep me");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	dir_free(f->dir);
	dir_free(f->to);
	free(f);
	return 0;
}

static void
set(struct fixture *f, const char *to, uint32_t keep)
{
	struct backup_schedule sc;

	assert_ok(backup_schedule_get(f->s, &sc));
	snprintf(sc.to, sizeof(sc.to), "%s", to);
	sc.keep = keep;
	backup_code_make(&sc.code, &backup_rng_system);
	sc.has_code = true;
	assert_ok(backup_schedule_put(f->s, &sc));
}

static void
test_place_open__says_what_is_wrong(void **state)
{
	static const struct {
		const char *to;
		int err;
	} bad[] = {
	    {"folder", ERR_FORMAT},
	    {"ftp://host/", ERR_FORMAT},
	    {"http://example.org/dav", ERR_DENIED},
	    {"http://127.0.0.1.example.org/", ERR_DENIED},
	    {"s3+http://example.org/bucket", ERR_DENIED},
	    {"https://me:secret@host/", ERR_FORMAT},
	    {"https://host/?x", ERR_FORMAT},
	    {"s3+https://host/bucket", ERR_AUTH},
	    {"s3+https://host/bucket?x=y", ERR_FORMAT},
	    {"s3+https://host/bucket?region=", ERR_FORMAT},
	    {"s3+https://host/bucket?region=a&x", ERR_FORMAT},
	    {"s3+https://me:it@host/bucket?region=a", ERR_FORMAT},
	};
	char why[PLACE_WHY_MAX];
	struct place *p = NULL;
	size_t i;

	(void)state;
	unsetenv("SOTTO_BACKUP_USER");
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		why[0] = '\0';
		assert_err(place_open(&p, bad[i].to, NULL, why), bad[i].err);
		assert_null(p);
		assert_true(why[0] != '\0');
	}
	assert_ok(place_open(&p, "http://127.0.0.1:80/dav", NULL, why));
	place_free(p);
}

static void
test_place_open__credentials_are_for_their_owner(void **state)
{
	struct fixture *f = *state;
	char path[PLACE_URL_MAX], why[PLACE_WHY_MAX];
	struct place *p = NULL;
	FILE *out;

	snprintf(path, sizeof(path), "%s/secret", f->to);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "me\nsecret\n");
	fclose(out);
	chmod(path, 0644);
	assert_err(place_open(&p, "https://host/x", path, why), ERR_DENIED);
	chmod(path, 0600);
	assert_ok(place_open(&p, "https://host/x", path, why));
	place_free(p);
	assert_int_equal(truncate(path, 3), 0);
	assert_err(place_open(&p, "https://host/x", path, why), ERR_FORMAT);
}

static void
test_place_open__knows_the_region(void **state)
{
	static const struct {
		const char *to, *region, *url;
	} rows[] = {
	    {"s3+https://host/b", "us-east-1", "https://host/b"},
	    {"s3+https://host/b/c/?region=fr-par", "fr-par",
		"https://host/b/c"},
	    {"s3+https://s3.eu-central-1.amazonaws.com/b", "eu-central-1",
		"https://s3.eu-central-1.amazonaws.com/b"},
	    {"s3+https://s3.amazonaws.com/b", "us-east-1",
		"https://s3.amazonaws.com/b"},
	};
	struct fixture *f = *state;
	char path[PLACE_URL_MAX], why[PLACE_WHY_MAX];
	struct place *p = NULL;
	FILE *out;
	size_t i;

	snprintf(path, sizeof(path), "%s/secret", f->to);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "me\nsecret\n");
	fclose(out);
	chmod(path, 0600);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(place_open(&p, rows[i].to, path, why));
		assert_string_equal(p->region, rows[i].region);
		assert_string_equal(p->url, rows[i].url);
		place_free(p);
	}
}

static void
touch(const struct fixture *f, const char *name)
{
	char file[PLACE_URL_MAX];

	snprintf(file, sizeof(file), "%s/%s", f->to, name);
	close(open(file, O_CREAT | O_WRONLY, 0600));
}

/* By time whatever the device, and only of the account. */
static void
test_backup_list__knows_whose_they_are(void **state)
{
	static const char *const names[] = {
	    "sotto-0000000a-1-20260102T030405Z.backup",
	    "sotto-0000000a-2-20260101T000000Z.backup",
	    "sotto-0000000a-20251231T235959Z.backup", /* an early one */
	    "sotto-0000000b-1-20270101T000000Z.backup",
	    "sotto-0000000a-1-2026.backup",
	    "sotto-0000000a-x-20260102T030405Z.backup",
	    "sotto-0000000a-999-20260102T030405Z.backup",
	    "sotto-mine.backup",
	};
	struct fixture *f = *state;
	struct backup_job job = {.path = NULL};
	struct backup_found *v = NULL;
	char why[PLACE_WHY_MAX], file[PLACE_URL_MAX];
	struct place *p = NULL;
	size_t i, n = 0;

	for (i = 0; i < ARRAY_LEN(names); i++)
		touch(f, names[i]);
	assert_ok(place_open(&p, f->to, NULL, why));
	assert_ok(backup_list(&job, p, "0000000a", &v, &n));
	assert_int_equal(n, 3);
	assert_string_equal(v[0].name, names[2]);
	assert_int_equal(v[0].device, 0);
	assert_string_equal(v[1].name, names[1]);
	assert_string_equal(v[2].name, names[0]);
	assert_int_equal(v[2].device, 1);
	assert_int_equal(v[2].made_ms, 1767323045000);
	free(v);
	assert_ok(backup_list(&job, p, NULL, &v, &n));
	assert_int_equal(n, 4);
	free(v);
	snprintf(file, sizeof(file), "%s/fetched", f->dir);
	assert_err(backup_fetch(&job, p, NULL, 0, NULL, file), ERR_EXISTS);
	assert_non_null(strstr(job.why, "0000000b"));
	assert_err(
	    backup_fetch(&job, p, "0000000c", 0, NULL, file), ERR_NOTFOUND);
	assert_int_not_equal(access(file, F_OK), 0);
	assert_ok(backup_fetch(&job, p, "0000000a", 0, NULL, file));
	place_free(p);
}

/* The newest stay, others' files too, and the newest comes back. */
static void
test_backup_run__keeps_the_newest(void **state)
{
	struct fixture *f = *state;
	struct backup_job job = {.path = NULL};
	struct restore_count n = {0};
	struct backup_schedule sc;
	char name[PLACE_NAME_MAX], why[PLACE_WHY_MAX], file[PLACE_URL_MAX];
	char hex[9], other[PLACE_NAME_MAX];
	struct place *p = NULL;
	char(*v)[PLACE_NAME_MAX] = NULL;
	uint64_t now = 1000 * DAY_MS;
	size_t len = 0;
	int i;

	set(f, f->to, 2);
	snprintf(file, sizeof(file), "%s/mine.backup", f->to);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	backup_account_hex(hex, id_of(90).b); /* another device's stays */
	snprintf(
	    other, sizeof(other), "sotto-%s-2-19700101T000000Z.backup", hex);
	touch(f, other);
	for (i = 0; i < 4; i++)
		assert_ok(backup_run(
		    &job, f->s, f->dir, now + (uint64_t)i * DAY_MS, name));
	assert_ok(place_open(&p, f->to, NULL, why));
	assert_ok(place_list(p, "sotto-", &v, &len));
	assert_int_equal(len, 3);
	assert_string_equal(v[1], name);
	assert_string_equal(v[2], other);
	free(v);
	assert_int_equal(access(file, F_OK), 0);
	assert_ok(backup_schedule_get(f->s, &sc));
	assert_int_equal(sc.last_ms, now + 3 * DAY_MS);
	assert_int_equal(backup_schedule_next(&sc), now + 4 * DAY_MS);
	snprintf(file, sizeof(file), "%s/again", f->to);
	assert_ok(backup_fetch(&job, p, NULL, 0, NULL, file));
	job.path = file;
	job.key = &(struct backup_key){.kind = BACKUP_CODE, .code = &sc.code};
	assert_ok(backup_verify(&job, &n));
	assert_int_equal(n.messages, 1);
	place_free(p);
}

/* It is said, and what there was stays. */
static void
test_backup_run__a_failure_is_noted(void **state)
{
	struct fixture *f = *state;
	struct backup_job job = {.path = NULL};
	struct backup_schedule sc;
	char name[PLACE_NAME_MAX];

	assert_err(backup_run(&job, f->s, f->dir, 5, name), ERR_STATE);
	set(f, "/nowhere/at/all", 2);
	assert_int_not_equal(backup_run(&job, f->s, f->dir, 5, name), 0);
	assert_ok(backup_schedule_get(f->s, &sc));
	assert_int_equal(sc.failed_ms, 5);
	assert_non_null(strstr(sc.why, "/nowhere"));
	assert_int_equal(sc.last_ms, 0);
	set(f, f->to, 2);
	assert_ok(backup_run(&job, f->s, f->dir, 6, name));
	assert_ok(backup_schedule_get(f->s, &sc));
	assert_int_equal(sc.failed_ms, 0);
	assert_string_equal(sc.why, "");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_place_open__says_what_is_wrong),
	    T(test_place_open__credentials_are_for_their_owner),
	    T(test_place_open__knows_the_region),
	    T(test_backup_list__knows_whose_they_are),
	    T(test_backup_run__keeps_the_newest),
	    T(test_backup_run__a_failure_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
