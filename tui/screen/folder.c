/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/screen/folder.h"

static void
entries_free(struct folder_entry *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(v[i].name);
	free(v);
}

void
folder_clear(struct folder *f)
{
	entries_free(f->v, f->n);
	memset(f, 0, sizeof(*f));
}

static int
by_name(const void *a, const void *b)
{
	const struct folder_entry *x = a, *y = b;
	int r;

	if (x->is_dir != y->is_dir)
		return x->is_dir ? -1 : 1;
	r = strcasecmp(x->name, y->name);
	return r != 0 ? r : strcmp(x->name, y->name);
}

/* Files and folders only: reading a pipe or a device would wait. */
static bool
look_at(int dir, const char *name, struct folder_entry *e)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    fstatat(dir, name, &st, 0) != 0 ||
	    (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return false;
	e->is_dir = S_ISDIR(st.st_mode);
	e->bytes = (uint64_t)st.st_size;
	e->mtime_s = (int64_t)st.st_mtime;
	return true;
}

static int
read_all(DIR *d, struct folder_entry **out, size_t *n, bool *cut)
{
	struct folder_entry *v = calloc(FOLDER_MAX, sizeof(*v)), *fit;
	struct dirent *de;

	*n = 0;
	*cut = false;
	while (v != NULL && (de = readdir(d)) != NULL) {
		if (*n == FOLDER_MAX) {
			*cut = true;
			break;
		}
		if (!look_at(dirfd(d), de->d_name, &v[*n]))
			continue;
		v[*n].name = strdup(de->d_name);
		if (v[*n].name == NULL) {
			entries_free(v, *n);
			return ERR_NOMEM;
		}
		(*n)++;
	}
	if (v == NULL)
		return ERR_NOMEM;
	qsort(v, *n, sizeof(v[0]), by_name);
	fit = realloc(v, (*n > 0 ? *n : 1) * sizeof(*v));
	*out = fit != NULL ? fit : v;
	return 0;
}

static int
full_path(
    const struct folder *f, const char *path, char out[static FOLDER_PATH_CAP])
{
	const char *home = getenv("HOME");
	int n;

	if (home == NULL || home[0] != '/')
		home = "/";
	if (path[0] == '\0' || strcmp(path, "~") == 0)
		n = snprintf(out, FOLDER_PATH_CAP, "%s", home);
	else if (strncmp(path, "~/", 2) == 0)
		n = snprintf(out, FOLDER_PATH_CAP, "%s/%s", home, path + 2);
	else if (path[0] == '/')
		n = snprintf(out, FOLDER_PATH_CAP, "%s", path);
	else
		return folder_join(f, path, out);
	return n < FOLDER_PATH_CAP ? 0 : ERR_RANGE;
}

int
folder_join(
    const struct folder *f, const char *name, char out[static FOLDER_PATH_CAP])
{
	int n = snprintf(out, FOLDER_PATH_CAP, "%s%s%s", f->path,
	    strcmp(f->path, "/") == 0 ? "" : "/", name);

	return n < FOLDER_PATH_CAP ? 0 : ERR_RANGE;
}

int
folder_read(struct folder *f, const char *path)
{
	char want[FOLDER_PATH_CAP], *real = NULL;
	struct folder_entry *v = NULL;
	DIR *d = NULL;
	size_t n = 0;
	bool cut = false;
	int r = full_path(f, path, want);

	if (r == 0)
		real = realpath(want, NULL);
	if (r == 0 && real == NULL)
		r = ERR_SYS;
	if (r == 0 && strlen(real) >= FOLDER_PATH_CAP)
		r = ERR_RANGE;
	if (r == 0) {
		d = opendir(real);
		r = d == NULL ? ERR_SYS : read_all(d, &v, &n, &cut);
	}
	if (d != NULL)
		closedir(d);
	if (r == 0) {
		entries_free(f->v, f->n);
		snprintf(f->path, sizeof(f->path), "%s", real);
		f->v = v;
		f->n = n;
		f->cut = cut;
	}
	free(real);
	return r;
}
