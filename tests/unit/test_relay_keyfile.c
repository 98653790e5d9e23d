/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/keyfile.h"
#include "tests/unit/test.h"

struct fixture {
	char dir[64];
	char path[96];
	char why[256];
	struct noise_keypair kp;
};

static int
setup(void **state)
{
	static struct fixture f;
	const char *tmp = getenv("TMPDIR");

	snprintf(f.dir, sizeof(f.dir), "%s/sotto-keyfile-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.path, sizeof(f.path), "%s/%s", f.dir, KEYFILE_NAME);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->path);
	return rmdir(f->dir);
}

static int
load(struct fixture *f)
{
	memset(f->why, 0, sizeof(f->why));
	return keyfile_load(f->dir, &f->kp, f->why, sizeof(f->why));
}

static void
write_text(const struct fixture *f, const char *text, size_t len)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void
test_keyfile_load__makes_it_once(void **state)
{
	struct fixture *f = *state;
	struct noise_keypair first;
	struct stat st;

	assert_ok(load(f));
	first = f->kp;
	assert_ok(stat(f->path, &st));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_nlink, 1);
	memset(&f->kp, 0, sizeof(f->kp));
	assert_ok(load(f));
	assert_memory_equal(&f->kp, &first, sizeof(first));
}

static void
test_keyfile_load__refuses_what_others_can_read(void **state)
{
	struct fixture *f = *state;

	assert_ok(load(f));
	assert_ok(chmod(f->path, 0640));
	assert_err(load(f), ERR_DENIED);
	assert_non_null(strstr(f->why, f->path));
}

static void
test_keyfile_load__refuses_what_is_no_key(void **state)
{
	static const char good[] =
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
	struct fixture *f = *state;
	char text[64];
	size_t len = sizeof(good) - 1;

	write_text(f, good, len);
	assert_ok(load(f));
	write_text(f, good, len - 1); /* without line end */
	assert_ok(load(f));
	write_text(f, good, len - 2);
	assert_err(load(f), ERR_FORMAT);
	write_text(f, "", 0);
	assert_err(load(f), ERR_FORMAT);
	memcpy(text, good, len);
	text[5] = '!';
	write_text(f, text, len);
	assert_err(load(f), ERR_FORMAT);
	memcpy(text, good, len);
	memcpy(text + len, "more", 4);
	write_text(f, text, len + 4);
	assert_err(load(f), ERR_FORMAT);
	assert_true(f->why[0] != '\0');
}

static void
test_keyfile_load__follows_no_link(void **state)
{
	struct fixture *f = *state;

	assert_ok(symlink("/etc/passwd", f->path));
	assert_err(load(f), ERR_SYS);
	assert_ok(unlink(f->path));
	assert_ok(mkdir(f->path, 0700));
	assert_int_not_equal(load(f), 0);
	assert_ok(rmdir(f->path));
}

static void
test_keyfile_load__needs_a_folder(void **state)
{
	struct fixture *f = *state;

	assert_err(
	    keyfile_load("/nonexistent/folder", &f->kp, f->why, sizeof(f->why)),
	    ERR_SYS);
	assert_true(f->why[0] != '\0');
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_keyfile_load__makes_it_once),
	    T(test_keyfile_load__refuses_what_others_can_read),
	    T(test_keyfile_load__refuses_what_is_no_key),
	    T(test_keyfile_load__follows_no_link),
	    T(test_keyfile_load__needs_a_folder),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
