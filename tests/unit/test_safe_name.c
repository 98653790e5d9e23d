/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that others give their files, and the files that get them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/safe_name.h"
#include "tests/unit/test.h"

static void
test_safe_name__is_harmless(void **state)
{
	static const struct {
		const char *from, *mime, *to;
	} v[] = {
	    {"holiday.jpg", NULL, "holiday.jpg"},
	    {"Gr\xc3\xbc\xc3\x9f"
	     "e aus K\xc3\xb6ln.pdf",
		NULL,
		"Gr\xc3\xbc\xc3\x9f"
		"e aus K\xc3\xb6ln.pdf"},
	    {"archive.tar.gz", NULL, "archive.tar.gz"},
	    /* paths */
	    {"../../.ssh/authorized_keys", NULL, "authorized_keys"},
	    {"/etc/passwd", NULL, "passwd"},
	    {"C:\\Windows\\x.dll", NULL, "x.dll"},
	    {"..", NULL, "file"},
	    {"folder/", NULL, "file"},
	    {"", NULL, "file"},
	    {"...", NULL, "file"},
	    {".bashrc", NULL, "bashrc"},
	    {"-rf", NULL, "rf"},
	    /* controls, and what is not seen */
	    {"a\033]0;x\007.txt", NULL, "a\xe2\x90\x9b]0_x\xe2\x90\x87.txt"},
	    {"a\nb.txt", NULL, "a b.txt"},
	    {"photo\xe2\x80\xaegpj.exe", NULL, "photogpj.exe"},
	    {"a\xe2\x80\x8b.txt", NULL, "a.txt"},
	    {"bad\xff.txt", NULL, "bad\xef\xbf\xbd.txt"},
	    /* shells and other systems */
	    {"a$(reboot)`b`;c.txt", NULL, "a_(reboot)_b__c.txt"},
	    {"what?.txt", NULL, "what_.txt"},
	    {"CON", NULL, "_CON"},
	    {"nul.txt", NULL, "_nul.txt"},
	    {"COM1.log", NULL, "_COM1.log"},
	    {"COMMON.log", NULL, "COMMON.log"},
	    {"name. . .", NULL, "name"},
	    /* endings that hide */
	    {"photo.jpg.exe", NULL, "photo_jpg.exe"},
	    {"invoice.pdf.desktop", NULL, "invoice_pdf.desktop"},
	    {"photo.jpg                    .exe", NULL, "photo_jpg.exe"},
	    {"a.b.c.SH", NULL, "a_b_c.SH"},
	    {"script.sh", NULL, "script.sh"},
	    /* what its sender says it is */
	    {"IMG_1", "image/jpeg", "IMG_1.jpg"},
	    {"", "audio/opus", "file.opus"},
	    {"photo.exe", "image/png", "photo_exe.png"},
	    {"photo.jpeg", "image/png", "photo.jpeg"},
	    {"x", "no/such", "x"},
	    {"version 1.2 of it all together", "application/pdf",
		"version 1.2 of it all together.pdf"},
	};
	char out[SAFE_NAME_CAP];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		safe_name(out, v[i].from, strlen(v[i].from), v[i].mime);
		assert_string_equal(out, v[i].to);
	}
	safe_name(out, NULL, 0, NULL);
	assert_string_equal(out, "file");
	safe_name(out, "a\0b.txt", 7, NULL);
	assert_string_equal(out, "a\xe2\x90\x80"
				 "b.txt");
}

static void
test_safe_name__long_ones_keep_their_ending(void **state)
{
	char in[1000], out[SAFE_NAME_CAP];
	size_t i;

	(void)state;
	for (i = 0; i + 2 < sizeof(in) - 4; i += 2)
		memcpy(in + i, "\xc3\xa4", 2);
	memcpy(in + i, ".jpg", 4);
	safe_name(out, in, i + 4, NULL);
	assert_true(strlen(out) <= SAFE_NAME_MAX);
	assert_true(strlen(out) > SAFE_NAME_MAX - 4);
	assert_string_equal(out + strlen(out) - 4, ".jpg");
	safe_name(out, in, i, "image/png");
	assert_true(strlen(out) <= SAFE_NAME_MAX);
	assert_string_equal(out + strlen(out) - 4, ".png");
}

static int
create(int dir, char name[static SAFE_NAME_CAP])
{
	int fd = -1, r = safe_name_create(dir, name, &fd);

	if (r == 0)
		close(fd);
	return r;
}

static void
test_safe_name_create__never_over_another(void **state)
{
	char path[] = "/tmp/sotto-name-XXXXXX", name[SAFE_NAME_CAP];
	char longest[SAFE_NAME_CAP];
	struct stat st;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	snprintf(name, sizeof(name), "a.jpg");
	assert_ok(create(dir, name));
	assert_string_equal(name, "a.jpg");
	assert_ok(fstatat(dir, "a.jpg", &st, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(create(dir, name));
	assert_string_equal(name, "a (1).jpg");
	snprintf(name, sizeof(name), "a.jpg");
	assert_ok(create(dir, name));
	assert_string_equal(name, "a (2).jpg");
	/* a link that leads elsewhere is a taken name */
	assert_ok(symlinkat("/tmp/sotto-elsewhere", dir, "b.jpg"));
	snprintf(name, sizeof(name), "b.jpg");
	assert_ok(create(dir, name));
	assert_string_equal(name, "b (1).jpg");
	assert_true(access("/tmp/sotto-elsewhere", F_OK) != 0);
	/* the longest name has room for its number */
	memset(longest, 'x', SAFE_NAME_MAX);
	memcpy(longest + SAFE_NAME_MAX - 4, ".jpg", 5);
	snprintf(name, sizeof(name), "%s", longest);
	assert_ok(create(dir, name));
	snprintf(name, sizeof(name), "%s", longest);
	assert_ok(create(dir, name));
	assert_string_equal(name + SAFE_NAME_MAX - 9, "x (1).jpg");
	unlinkat(dir, name, 0);
	unlinkat(dir, longest, 0);
	unlinkat(dir, "a.jpg", 0);
	unlinkat(dir, "a (1).jpg", 0);
	unlinkat(dir, "a (2).jpg", 0);
	unlinkat(dir, "b.jpg", 0);
	unlinkat(dir, "b (1).jpg", 0);
	close(dir);
	assert_ok(rmdir(path));
	errno = 0;
	assert_err(create(-1, name), ERR_SYS);
	assert_int_equal(errno, EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_safe_name__is_harmless),
	    cmocka_unit_test(test_safe_name__long_ones_keep_their_ending),
	    cmocka_unit_test(test_safe_name_create__never_over_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
