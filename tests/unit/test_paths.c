/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/tree.h"
#include "tests/unit/test.h"
#include "tui/base/paths.h"

/* An environment of literals. */
#define ENV(...)                                                               \
	((char *const *)(const void *)(const char *const[]){__VA_ARGS__, NULL})

static char root[64]; /* of the running test */

static int
make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/sotto-paths-XXXXXX");
	return mkdtemp(root) == NULL;
}

static int
remove_root(void **state)
{
	(void)state;
	return tree_remove(root);
}

static void
test_paths_init__follows_xdg_and_home(void **state)
{
	struct paths p;
	struct paths_err why;

	(void)state;
	assert_ok(paths_init(&p, NULL, ENV("HOME=/h"), &why));
	assert_string_equal(p.profile, "default");
	assert_string_equal(p.dir[PATHS_CONFIG], "/h/.config/sotto/default");
	assert_string_equal(p.dir[PATHS_DATA], "/h/.local/share/sotto/default");
	assert_string_equal(p.dir[PATHS_CACHE], "/h/.cache/sotto/default");
	assert_string_equal(
	    p.dir[PATHS_STATE], "/h/.local/state/sotto/default");
	assert_string_equal(
	    p.dir[PATHS_RUNTIME], "/h/.local/state/sotto/default/run");
	assert_ok(paths_init(&p, "work",
	    ENV("XDG_CONFIG_HOME=/c", "XDG_DATA_HOME=/d", "XDG_CACHE_HOME=rel",
		"XDG_STATE_HOME=", "XDG_RUNTIME_DIR=/run/user/1", "HOME=/h"),
	    NULL));
	assert_string_equal(p.dir[PATHS_CONFIG], "/c/sotto/work");
	assert_string_equal(p.dir[PATHS_DATA], "/d/sotto/work");
	assert_string_equal(p.dir[PATHS_CACHE], "/h/.cache/sotto/work");
	assert_string_equal(p.dir[PATHS_STATE], "/h/.local/state/sotto/work");
	assert_string_equal(p.dir[PATHS_RUNTIME], "/run/user/1/sotto/work");
	assert_ok(paths_init(&p, "a",
	    ENV("SOTTO_HOME=/s", "HOME=/h", "XDG_DATA_HOME=/d"), NULL));
	assert_string_equal(p.dir[PATHS_DATA], "/s/data/a");
	assert_string_equal(p.dir[PATHS_RUNTIME], "/s/run/a");
}

static void
test_paths_init__refuses_bad_names_and_homes(void **state)
{
	static const char *const bad[] = {"", "-a", "A", "a/b", "..", "a b",
	    "a.b", "123456789012345678901234567890123", "\xc3\xa9"};
	char big[PATHS_CAP + 16];
	struct paths p, before;
	struct paths_err why;
	size_t i;

	(void)state;
	memset(&p, 0x5a, sizeof(p));
	before = p;
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_err(
		    paths_init(&p, bad[i], ENV("HOME=/h"), &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "a profile's name has up to 32"));
	assert_err(
	    paths_init(&p, NULL, ENV("SOTTO_HOME=x"), &why), ERR_NOTFOUND);
	snprintf(big, sizeof(big), "HOME=/%0*d", PATHS_CAP - 20, 0);
	assert_err(paths_init(&p, NULL, ENV(big), &why), ERR_RANGE);
	assert_memory_equal(&p, &before, sizeof(p));
	/* 32 letters are fine */
	assert_ok(paths_init(
	    &p, "12345678901234567890123456789012", ENV("HOME=/h"), NULL));
}

static void
init_here(struct paths *p)
{
	char env[128];

	snprintf(env, sizeof(env), "SOTTO_HOME=%s/s", root);
	assert_ok(paths_init(p, "me", ENV(env), NULL));
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (unsigned)st.st_mode & 07777;
}

static void
test_paths_make__private_and_repeatable(void **state)
{
	const mode_t old = umask(0);
	struct paths p;
	char path[PATHS_CAP];
	int kind;

	(void)state;
	init_here(&p);
	assert_ok(paths_make_all(&p, NULL));
	for (kind = 0; kind < PATHS_KIND_COUNT; kind++)
		assert_int_equal(mode_of(p.dir[kind]), 0700);
	snprintf(path, sizeof(path), "%s/s", root);
	assert_int_equal(mode_of(path), 0700);
	assert_ok(paths_make_all(&p, NULL));
	assert_ok(paths_file(&p, PATHS_DATA, "store.db", path));
	assert_int_equal(strlen(path), strlen(p.dir[PATHS_DATA]) + 9);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_err(paths_file(&p, PATHS_DATA, path, path), ERR_RANGE);
	umask(old);
}

static void
test_paths_make__refuses_what_others_can_read_or_replace(void **state)
{
	struct paths p;
	struct paths_err why;
	char above[PATHS_CAP];

	(void)state;
	init_here(&p);
	assert_ok(paths_make(&p, PATHS_DATA, &why));
	assert_int_equal(chmod(p.dir[PATHS_DATA], 0750), 0);
	assert_err(paths_make(&p, PATHS_DATA, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "chmod 700"));
	assert_int_equal(chmod(p.dir[PATHS_DATA], 0704), 0);
	assert_err(paths_make(&p, PATHS_DATA, NULL), ERR_DENIED);
	assert_int_equal(chmod(p.dir[PATHS_DATA], 0700), 0);
	snprintf(above, sizeof(above), "%s/s/data", root);
	assert_int_equal(chmod(above, 0777), 0);
	assert_err(paths_make(&p, PATHS_DATA, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "chmod go-w"));
	assert_int_equal(chmod(above, 01777), 0); /* sticky, as /tmp */
	assert_ok(paths_make(&p, PATHS_DATA, &why));
	assert_int_equal(chmod(above, 0755), 0);
	assert_ok(paths_make(&p, PATHS_DATA, &why));
}

static void
test_paths_make__refuses_links_and_files_in_its_place(void **state)
{
	struct paths p;
	struct paths_err why;
	char above[PATHS_CAP];
	FILE *f;

	(void)state;
	init_here(&p);
	assert_ok(paths_make(&p, PATHS_CACHE, &why));
	assert_int_equal(rmdir(p.dir[PATHS_CACHE]), 0);
	assert_int_equal(symlink(root, p.dir[PATHS_CACHE]), 0);
	assert_err(paths_make(&p, PATHS_CACHE, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "is no folder"));
	/* a file where a parent should be */
	snprintf(above, sizeof(above), "%s/s/data", root);
	f = fopen(above, "w");
	assert_non_null(f);
	fclose(f);
	errno = 0;
	assert_err(paths_make(&p, PATHS_DATA, &why), ERR_SYS);
	assert_non_null(strstr(why.text, strerror(ENOTDIR)));
}

static void
test_paths_profiles__lists_what_has_data(void **state)
{
	char names[8][PATHS_PROFILE_MAX + 1], path[PATHS_CAP];
	struct paths p;

	(void)state;
	init_here(&p);
	assert_int_equal(paths_profiles(&p, names, 8), 0);
	assert_ok(paths_make(&p, PATHS_DATA, NULL));
	snprintf(path, sizeof(path), "%s/s/data/able", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/s/data/Not.One", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/s/data/link", root);
	assert_int_equal(symlink(root, path), 0);
	assert_int_equal(paths_profiles(&p, names, 8), 2);
	assert_string_equal(names[0], "able");
	assert_string_equal(names[1], "me");
	assert_int_equal(paths_profiles(&p, names, 1), 2);
}

static void
test_paths_downloads__asks_the_desktop(void **state)
{
	char home[128], path[PATHS_CAP], out[PATHS_CAP], want[PATHS_CAP];
	FILE *f;

	(void)state;
	snprintf(home, sizeof(home), "HOME=%s", root);
	assert_ok(paths_downloads(ENV(home, "XDG_DOWNLOAD_DIR=/dl"), out));
	assert_string_equal(out, "/dl");
	assert_ok(paths_downloads(ENV(home), out));
	snprintf(want, sizeof(want), "%s/Downloads", root);
	assert_string_equal(out, want);
	snprintf(path, sizeof(path), "%s/.config", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/.config/user-dirs.dirs", root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("# x\nXDG_DESKTOP_DIR=\"$HOME/Desk\"\n"
	      "XDG_DOWNLOAD_DIR=\"$HOME/Loads\"\n",
	    f);
	fclose(f);
	assert_ok(paths_downloads(ENV(home), out));
	snprintf(want, sizeof(want), "%s/Loads", root);
	assert_string_equal(out, want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths_init__follows_xdg_and_home),
	    cmocka_unit_test(test_paths_init__refuses_bad_names_and_homes),
	    cmocka_unit_test_setup_teardown(
		test_paths_make__private_and_repeatable, make_root,
		remove_root),
	    cmocka_unit_test_setup_teardown(
		test_paths_make__refuses_what_others_can_read_or_replace,
		make_root, remove_root),
	    cmocka_unit_test_setup_teardown(
		test_paths_make__refuses_links_and_files_in_its_place,
		make_root, remove_root),
	    cmocka_unit_test_setup_teardown(
		test_paths_profiles__lists_what_has_data, make_root,
		remove_root),
	    cmocka_unit_test_setup_teardown(
		test_paths_downloads__asks_the_desktop, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
