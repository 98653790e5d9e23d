/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powercut.c — what a power cut may leave of a database. */
#include "tests/unit/powercut.h"

#include <dirent.h>
#include <stdbool.h>

#define FILES_MAX 8
#define SECTOR	  512

enum event_kind {
	EV_CREATE,
	EV_WRITE,
	EV_TRUNCATE,
	EV_SYNC,
	EV_DELETE,
	EV_MARK
};

struct event {
	enum event_kind kind;
	int file;
	int n; /* bytes; DELETE: the folder is synced with it */
	sqlite3_int64 off; /* or size, or mark */
	uint8_t *p;
};

struct content {
	bool exists;
	uint8_t *p;
	size_t len, cap;
};

struct cut {
	char names[FILES_MAX][64];
	struct content base[FILES_MAX];
	int files;
	struct event *v;
	size_t n, cap;
};

static void
path_of(char path[static 512], const char *dir, const char *name)
{
	snprintf(path, 512, "%s/%s", dir, name);
}

static void
write_file(const char *dir, const char *name, const void *p, size_t len)
{
	char path[512];
	FILE *f;

	path_of(path, dir, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0)
		fail_msg("cannot write %s", path);
}

struct cut *
cut_new(void)
{
	struct cut *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	return c;
}

void
cut_free(struct cut *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].p);
	for (int i = 0; i < c->files; i++)
		free(c->base[i].p);
	free(c->v);
	free(c);
}

/* The number of a file, by the end of its path. */
static int
file_of(struct cut *c, const char *path)
{
	const char *name = strrchr(path, '/');
	int i;

	name = name != NULL ? name + 1 : path;
	for (i = 0; i < c->files && strcmp(c->names[i], name) != 0; i++)
		;
	assert_true(i < FILES_MAX);
	if (i == c->files) {
		snprintf(c->names[i], sizeof(c->names[i]), "%s", name);
		c->files++;
	}
	return i;
}

void
cut_base(struct cut *c, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		struct content *k;

		if (e->d_name[0] == '.')
			continue;
		k = &c->base[file_of(c, e->d_name)];
		path_of(path, dir, e->d_name);
		k->p = (uint8_t *)read_text_file(path, &k->len);
		k->exists = true;
	}
	closedir(d);
}

static void
push(struct cut *c, enum event_kind kind, int file, const void *p, int n,
    sqlite3_int64 off)
{
	struct event *e;

	if (c->n == c->cap) {
		c->cap = c->cap == 0 ? 256 : 2 * c->cap;
		c->v = realloc(c->v, c->cap * sizeof(*c->v));
		assert_non_null(c->v);
	}
	e = &c->v[c->n++];
	*e = (struct event){kind, file, n, off, NULL};
	if (p != NULL) {
		e->p = malloc((size_t)n);
		assert_non_null(e->p);
		memcpy(e->p, p, (size_t)n);
	}
}

int
cut_record(void *ctx, const struct tap_op *op)
{
	struct cut *c = ctx;
	int file = file_of(c, op->name);

	switch (op->kind) {
	case TAP_OPEN:
		push(c, EV_CREATE, file, NULL, 0, 0);
		break;
	case TAP_WRITE:
		push(c, EV_WRITE, file, op->p, op->n, op->off);
		break;
	case TAP_TRUNCATE:
		push(c, EV_TRUNCATE, file, NULL, 0, op->off);
		break;
	case TAP_SYNC:
		push(c, EV_SYNC, file, NULL, 0, 0);
		return TAP_SWALLOW; /* no disk needs to wait */
	case TAP_DELETE:
		push(c, EV_DELETE, file, NULL, op->n, 0);
		break;
	case TAP_READ:
		break;
	}
	return SQLITE_OK;
}

void
cut_mark(struct cut *c, int64_t n)
{
	push(c, EV_MARK, 0, NULL, 0, n);
}

size_t
cut_events(const struct cut *c)
{
	return c->n;
}

/* ---- images ------------------------------------------------------------------ */

/* How unsynced changes fare in one image. */
struct fate {
	uint64_t x; /* randomness */
	unsigned keep; /* percent of sectors that made it */
};

static bool
luck(struct fate *f, unsigned percent)
{
	f->x ^= f->x >> 12;
	f->x ^= f->x << 25;
	f->x ^= f->x >> 27;
	return (f->x * 0x2545f4914f6cdd1dull >> 33) % 100 < percent;
}

static void
resize(struct content *k, size_t len)
{
	/* A file grows page by page: not a copy of all of it each time. */
	if (len + 1 > k->cap) {
		k->cap = 2 * len + 1;
		k->p = realloc(k->p, k->cap);
		assert_non_null(k->p);
	}
	if (len > k->len)
		memset(k->p + k->len, 0, len - k->len);
	k->len = len;
}

static void
put(struct content *k, size_t off, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	if (off + n > k->len)
		resize(k, off + n);
	memcpy(k->p + off, p, n);
}

/* Sector by sector, each on its own. */
static void
put_some(struct content *k, const struct event *e, struct fate *f)
{
	size_t at = 0, off = (size_t)e->off, n;

	while (at < (size_t)e->n) {
		n = SECTOR - (off + at) % SECTOR;
		if (n > (size_t)e->n - at)
			n = (size_t)e->n - at;
		if (luck(f, f->keep))
			put(k, off + at, e->p + at, n);
		at += n;
	}
}

/* fate NULL: it is on disk for certain. */
static void
apply(struct content *k, const struct event *e, struct fate *f)
{
	switch (e->kind) {
	case EV_CREATE:
		if (f == NULL || luck(f, 50))
			k->exists = true;
		break;
	case EV_WRITE:
		if (f == NULL)
			put(k, (size_t)e->off, e->p, (size_t)e->n);
		else
			put_some(k, e, f);
		break;
	case EV_TRUNCATE:
		if (f == NULL || luck(f, f->keep))
			resize(k, (size_t)e->off);
		break;
	case EV_DELETE:
		if (f == NULL || luck(f, 50)) {
			k->exists = false;
			resize(k, 0);
		}
		break;
	case EV_SYNC:
	case EV_MARK:
		break;
	}
}

/* A file's last event before `at` that puts all before it on disk. */
static size_t
last_sync(const struct cut *c, size_t at, int file)
{
	size_t last = 0;

	for (size_t i = 0; i < at; i++) {
		const struct event *e = &c->v[i];

		if (e->file == file &&
		    (e->kind == EV_SYNC || (e->kind == EV_DELETE && e->n != 0)))
			last = i + 1;
	}
	return last;
}

static void
make_file(
    const struct cut *c, size_t at, int file, struct fate *f, const char *dir)
{
	size_t synced = last_sync(c, at, file);
	struct content k = {.exists = c->base[file].exists};

	put(&k, 0, c->base[file].p, c->base[file].len);
	for (size_t i = 0; i < at; i++) {
		const struct event *e = &c->v[i];

		if (e->file == file && e->kind != EV_MARK)
			apply(&k, e, i < synced ? NULL : f);
	}
	if (k.exists)
		write_file(dir, c->names[file], k.p, k.len);
	free(k.p);
}

int64_t
cut_image(const struct cut *c, size_t at, uint64_t seed, const char *dir)
{
	static const unsigned keep[] = {0, 10, 50, 90, 100};
	struct fate f = {.x = seed * 2 + 1, .keep = keep[seed % 5]};
	int64_t mark = 0;

	for (int i = 0; i < 20; i++)
		(void)luck(&f, 50);
	for (int i = 0; i < c->files; i++)
		make_file(c, at, i, &f, dir);
	for (size_t i = 0; i < at; i++) {
		if (c->v[i].kind == EV_MARK)
			mark = c->v[i].off;
	}
	return mark;
}
