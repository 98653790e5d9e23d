/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_help.c — profiles in a folder of their own, for the store's tests. */
#include "tests/unit/store_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"

const struct store_key pass_key = {.passphrase = PASS};
const struct store_opts fast = {.fast_kdf = true};

char *
dir_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[256];
	char *dir;

	snprintf(path, sizeof(path), "%s/sotto-store-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(path) == NULL)
		fail_msg("mkdtemp: %s", strerror(errno));
	dir = strdup(path);
	assert_non_null(dir);
	return dir;
}

const char *
dir_file(const char *dir, const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

/* Call fn(path, name, arg) for each plain file; stops at a non-zero answer. */
static int
each_file(
    const char *dir, int (*fn)(const char *, const char *, void *), void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	const char *path;
	int r = 0;

	if (d == NULL)
		fail_msg("opendir %s: %s", dir, strerror(errno));
	while (r == 0 && (e = readdir(d)) != NULL) {
		path = dir_file(dir, e->d_name);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			r = fn(path, e->d_name, arg);
	}
	closedir(d);
	return r;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
dir_free(char *dir)
{
	assert_ok(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS));
	free(dir);
}

void
file_write(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0)
		fail_msg("cannot write %s", path);
}

void
file_copy(const char *from, const char *to)
{
	size_t len;
	char *p = read_text_file(from, &len);

	file_write(to, p, len);
	free(p);
}

static int
copy_one(const char *path, const char *name, void *arg)
{
	char from[512];

	snprintf(from, sizeof(from), "%s", path);
	file_copy(from, dir_file(arg, name));
	return 0;
}

void
dir_copy(const char *from, const char *to)
{
	char dest[512];

	snprintf(dest, sizeof(dest), "%s", to);
	each_file(from, copy_one, dest);
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int
contains_one(const char *path, const char *name, void *arg)
{
	const char *text = arg;
	size_t len;
	char *p = read_text_file(path, &len);
	int found = memmem(p, len, text, strlen(text)) != NULL;

	(void)name;
	free(p);
	return found;
}

bool
dir_contains(const char *dir, const char *text)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	return each_file(dir, contains_one, copy) != 0;
}

void
file_flip(const char *path, long at, int bit)
{
	FILE *f = fopen(path, "r+b");
	int c;

	if (f == NULL || fseek(f, at, SEEK_SET) != 0)
		fail_msg("cannot open %s", path);
	c = fgetc(f);
	if (c == EOF || fseek(f, at, SEEK_SET) != 0 ||
	    fputc(c ^ (1 << bit), f) == EOF)
		fail_msg("cannot change %s at %ld", path, at);
	fclose(f);
}

struct store *
store_at(const char *dir)
{
	struct store *s = NULL;
	int r = store_open(dir, &pass_key, &fast, &s);

	if (r != 0)
		fail_msg("store_open: %s: %s", err_name(r), store_error(NULL));
	return s;
}

struct id16
id_of(unsigned n)
{
	struct id16 id = {{0}};

	put_be32(id.b, 0xabcd0000u);
	put_be32(id.b + 12, n);
	return id;
}

int64_t
chat_with(struct store *s, unsigned n)
{
	int64_t chat = 0;

	assert_ok(
	    store_chat_open(s, STORE_CHAT_PERSON, id_of(n).b, 1000, &chat));
	return chat;
}

int64_t
add_text(struct store *s, int64_t chat, enum store_dir dir, unsigned id,
    uint64_t ms, const char *text)
{
	struct store_message m = {
	    .chat = chat,
	    .device = 1,
	    .dir = dir,
	    .state = dir == STORE_IN ? STORE_MSG_RECEIVED : STORE_MSG_PENDING,
	    .sent_ms = ms,
	    .received_ms = ms,
	};
	int64_t row = 0;
	int r;

	m.text = strdup(text);
	assert_non_null(m.text);
	memcpy(m.message_id, id_of(id).b, STORE_ID_LEN);
	memcpy(m.account, id_of(dir == STORE_OUT ? 9999 : 1).b, STORE_ID_LEN);
	r = store_message_add(s, &m, &row);
	free(m.text);
	if (r != 0)
		fail_msg("store_message_add: %s", store_error(s));
	return row;
}

int
fixture_new(void **state)
{
	struct store_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->dir = dir_new();
	f->s = store_at(f->dir);
	*state = f;
	return 0;
}

int
fixture_new_with_chat(void **state)
{
	struct store_fixture *f;

	fixture_new(state);
	f = *state;
	f->chat = chat_with(f->s, 1);
	return 0;
}

struct store *
store_of(void **state)
{
	return ((struct store_fixture *)*state)->s;
}

void
store_reopen(void **state)
{
	struct store_fixture *f = *state;

	store_close(f->s);
	f->s = store_at(f->dir);
}

int
fixture_end(void **state)
{
	struct store_fixture *f = *state;

	if (store_check(f->s) != 0)
		fail_msg("store_check: %s", store_error(f->s));
	store_close(f->s);
	dir_free(f->dir);
	free(f);
	return 0;
}
