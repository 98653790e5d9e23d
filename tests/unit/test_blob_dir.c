/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/blobs/dir.h"
#include "relay/blobs/url.h"
#include "tests/unit/test.h"

struct folder {
	char path[64];
	struct blob_dir *d;
};

static const struct blob_locator one = {{0x01, 0x23, 0x45}},
				 two = {{0x02, 0x34, 0x56}};

static int
setup(void **state)
{
	static struct folder f;

	(void)snprintf(f.path, sizeof(f.path), "/tmp/sotto-blobs-XXXXXX");
	assert_non_null(mkdtemp(f.path));
	assert_ok(blob_dir_open(&f.d, f.path));
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct folder *f = *state;
	char cmd[100];

	blob_dir_close(f->d);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", f->path);
	return system(cmd);
}

/* Append a text as one part; what ending it says. */
static int
part(struct folder *f, const struct blob_locator *l, uint64_t size,
    uint64_t offset, const char *text, bool *whole)
{
	struct blob_put *p;
	uint64_t at;
	int r;

	r = blob_put_begin(f->d, l, size, offset, &p, &at);
	if (r != 0)
		return r;
	assert_ok(blob_put_write(p, text, strlen(text)));
	r = blob_put_end(p, whole, &at);
	assert_int_equal(at, offset + strlen(text));
	return r;
}

static void
expect_there(
    struct folder *f, const struct blob_locator *l, uint64_t bytes, bool whole)
{
	uint64_t n;
	bool w;

	assert_ok(blob_dir_look(f->d, l, &n, &w));
	assert_int_equal(n, bytes);
	assert_int_equal(w, whole);
}

static void
test_blob_put__goes_on_where_it_ended(void **state)
{
	struct folder *f = *state;
	char text[16] = "";
	uint64_t size;
	bool whole;
	int fd;

	expect_there(f, &one, 0, false);
	assert_err(blob_dir_read(f->d, &one, &fd, &size), ERR_NOTFOUND);
	assert_ok(part(f, &one, 10, 0, "0123", &whole));
	assert_false(whole);
	expect_there(f, &one, 4, false);
	assert_err(blob_dir_read(f->d, &one, &fd, &size), ERR_NOTFOUND);
	/* Another process. */
	blob_dir_close(f->d);
	assert_ok(blob_dir_open(&f->d, f->path));
	expect_there(f, &one, 4, false);
	assert_ok(part(f, &one, 10, 4, "456789", &whole));
	assert_true(whole);
	expect_there(f, &one, 10, true);
	assert_ok(blob_dir_read(f->d, &one, &fd, &size));
	assert_int_equal(size, 10);
	assert_int_equal(read(fd, text, sizeof(text)), 10);
	assert_string_equal(text, "0123456789");
	close(fd);
}

static void
test_blob_put__refuses_gaps_and_more_than_was_said(void **state)
{
	struct folder *f = *state;
	struct blob_put *p;
	uint64_t at;
	bool whole;

	assert_ok(part(f, &one, 10, 0, "0123", &whole));
	assert_err(blob_put_begin(f->d, &one, 10, 3, &p, &at), ERR_RANGE);
	assert_int_equal(at, 4);
	assert_err(blob_put_begin(f->d, &one, 10, 5, &p, &at), ERR_RANGE);
	assert_err(blob_put_begin(f->d, &one, 3, 4, &p, &at), ERR_RANGE);
	assert_ok(blob_put_begin(f->d, &one, 10, 4, &p, &at));
	assert_err(blob_put_write(p, "4567890", 7), ERR_RANGE);
	assert_ok(blob_put_write(p, "45", 2));
	blob_put_leave(p);
	expect_there(f, &one, 6, false);
}

static void
test_blob_put__one_at_a_time_and_never_again(void **state)
{
	struct folder *f = *state;
	struct blob_put *p, *q;
	uint64_t at;
	bool whole;

	assert_ok(blob_put_begin(f->d, &one, 4, 0, &p, &at));
	assert_err(blob_put_begin(f->d, &one, 4, 0, &q, &at), ERR_BUSY);
	assert_ok(blob_put_begin(f->d, &two, 4, 0, &q, &at));
	blob_put_leave(q);
	assert_ok(blob_put_write(p, "abcd", 4));
	assert_ok(blob_put_end(p, &whole, &at));
	assert_true(whole);
	assert_err(blob_put_begin(f->d, &one, 4, 0, &p, &at), ERR_EXISTS);
	assert_err(blob_put_begin(f->d, &one, 4, 4, &p, &at), ERR_EXISTS);
}

static void
test_blob_put__a_full_disk_is_told_and_passes(void **state)
{
	struct folder *f = *state;
	struct rlimit was, lim;
	struct blob_put *p;
	static char big[8192];
	uint64_t at;
	bool whole;

	assert_err(
	    blob_put_begin(f->d, &one, UINT64_MAX / 2, 0, &p, &at), ERR_FULL);
	signal(SIGXFSZ, SIG_IGN);
	assert_ok(blob_put_begin(f->d, &one, sizeof(big), 0, &p, &at));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	lim = was;
	lim.rlim_cur = 5000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	assert_err(blob_put_write(p, big, sizeof(big)), ERR_FULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	blob_put_leave(p);
	expect_there(f, &one, 5000, false);
	assert_ok(blob_put_begin(f->d, &one, sizeof(big), 5000, &p, &at));
	assert_ok(blob_put_write(p, big, sizeof(big) - 5000));
	assert_ok(blob_put_end(p, &whole, &at));
	assert_true(whole);
}

static void
test_blob_dir__holds_nothing_for_others(void **state)
{
	struct folder *f = *state;
	char path[128], name[BLOB_NAME_CAP];
	struct stat st;
	bool whole;

	assert_ok(part(f, &one, 4, 0, "abcd", &whole));
	blob_name(&one, name);
	(void)snprintf(path, sizeof(path), "%s/01/%s", f->path, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	(void)snprintf(path, sizeof(path), "%s/01", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void
test_blob_dir__follows_no_link(void **state)
{
	struct folder *f = *state;
	char path[128], name[BLOB_NAME_CAP];
	struct blob_put *p;
	uint64_t at;

	blob_name(&one, name);
	(void)snprintf(path, sizeof(path), "%s/tmp/%s", f->path, name);
	assert_int_equal(symlink("/tmp/sotto-elsewhere", path), 0);
	assert_err(blob_put_begin(f->d, &one, 4, 0, &p, &at), ERR_IO);
	assert_true(access("/tmp/sotto-elsewhere", F_OK) != 0);
}

static void
test_blob_dir_remove__takes_both(void **state)
{
	struct folder *f = *state;
	bool whole;

	assert_ok(part(f, &one, 4, 0, "abcd", &whole));
	assert_ok(part(f, &two, 4, 0, "ab", &whole));
	assert_ok(blob_dir_remove(f->d, &one));
	assert_ok(blob_dir_remove(f->d, &two));
	assert_ok(blob_dir_remove(f->d, &two));
	expect_there(f, &one, 0, false);
	expect_there(f, &two, 0, false);
}

static void
count(void *arg, const struct blob_locator *l)
{
	unsigned *n = arg;

	assert_true(l->b[0] == 1 || l->b[0] == 2);
	++*n;
}

static void
test_blob_dir_walk__finds_what_is_ours_and_old(void **state)
{
	struct folder *f = *state;
	char path[128];
	unsigned n = 0;
	bool whole;
	FILE *odd;

	assert_ok(part(f, &one, 4, 0, "abcd", &whole));
	assert_ok(part(f, &two, 4, 0, "ab", &whole));
	(void)snprintf(path, sizeof(path), "%s/01/README", f->path);
	odd = fopen(path, "w");
	assert_non_null(odd);
	(void)fclose(odd);
	assert_ok(blob_dir_walk(f->d, 1000, count, &n));
	assert_int_equal(n, 0);
	assert_ok(blob_dir_walk(f->d, UINT64_MAX, count, &n));
	assert_int_equal(n, 2);
}

static void
test_blob_dir_open__says_when_it_cannot(void **state)
{
	struct blob_dir *d = NULL;

	(void)state;
	assert_err(blob_dir_open(&d, "/proc/nothing/here"), ERR_SYS);
	assert_err(blob_dir_open(&d, "/etc/passwd"), ERR_SYS);
	assert_null(d);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_blob_put__goes_on_where_it_ended),
	    CASE(test_blob_put__refuses_gaps_and_more_than_was_said),
	    CASE(test_blob_put__one_at_a_time_and_never_again),
	    CASE(test_blob_put__a_full_disk_is_told_and_passes),
	    CASE(test_blob_dir__holds_nothing_for_others),
	    CASE(test_blob_dir__follows_no_link),
	    CASE(test_blob_dir_remove__takes_both),
	    CASE(test_blob_dir_walk__finds_what_is_ours_and_old),
	    cmocka_unit_test(test_blob_dir_open__says_when_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
