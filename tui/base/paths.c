/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "tui/base/paths.h"

#define APP "sotto"

static const struct {
	const char *var;
	const char *word;
	const char *under_home;
} kinds[] = {
#define X(name, word, home) {"XDG_" #name "_HOME", (word), (home)},
    PATHS_KINDS(X)
#undef X
};

static int PRINTF(3, 4)
    refuse(struct paths_err *why, int code, const char *fmt, ...)
{
	char text[PATHS_ERR_MAX];
	va_list ap;
	int n;

	if (why == NULL)
		return code;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	text_sanitize(why->text, sizeof(why->text), text, (size_t)n, TEXT_LINE);
	return code;
}

/* The value of a variable; NULL when it is unset or empty. */
static const char *
env_get(char *const *env, const char *name)
{
	const size_t n = strlen(name);

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return (*env)[n + 1] == '\0' ? NULL : *env + n + 1;
	return NULL;
}

/* Relative folders are to be ignored, says the XDG specification. */
static const char *
env_folder(char *const *env, const char *name)
{
	const char *s = env_get(env, name);

	return s != NULL && s[0] == '/' ? s : NULL;
}

static int PRINTF(2, 3) format(char out[static PATHS_CAP], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, PATHS_CAP, fmt, ap);
	va_end(ap);
	return n < 0 || n >= PATHS_CAP ? ERR_RANGE : 0;
}

static int
home_folder(char *const *env, char out[static PATHS_CAP])
{
	const char *home = env_folder(env, "HOME");
	struct passwd pw, *found = NULL;
	char space[4096];

	if (home == NULL &&
	    getpwuid_r(getuid(), &pw, space, sizeof(space), &found) == 0 &&
	    found != NULL && found->pw_dir[0] == '/')
		home = found->pw_dir;
	return home == NULL ? ERR_NOTFOUND : format(out, "%s", home);
}

static bool
profile_ok(const char *s)
{
	const size_t n = strlen(s);

	return n > 0 && n <= PATHS_PROFILE_MAX && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

/* The folder of one kind, from $HOME and the XDG variables. */
static int
xdg_folder(const struct paths *p, enum paths_kind kind, const char *home,
    char *const *env, char out[static PATHS_CAP])
{
	const char *base = env_folder(
	    env, kind == PATHS_RUNTIME ? "XDG_RUNTIME_DIR" : kinds[kind].var);

	if (base != NULL)
		return format(out, "%s/" APP "/%s", base, p->profile);
	if (kind == PATHS_RUNTIME)
		return format(out, "%s/run", p->dir[PATHS_STATE]);
	return format(
	    out, "%s/%s/" APP "/%s", home, kinds[kind].under_home, p->profile);
}

int
paths_init(struct paths *p, const char *profile, char *const *env,
    struct paths_err *why)
{
	const char *own = env_get(env, "SOTTO_HOME");
	struct paths new = {.profile = ""};
	char home[PATHS_CAP] = "";
	int kind, r;

	if (profile == NULL)
		profile = PATHS_DEFAULT;
	if (!profile_ok(profile))
		return refuse(why, ERR_FORMAT,
		    "%.64s: a profile's name has up to %d of a-z, 0-9, - and _",
		    profile, PATHS_PROFILE_MAX);
	snprintf(new.profile, sizeof(new.profile), "%s", profile);
	if (own != NULL && own[0] != '/')
		return refuse(why, ERR_NOTFOUND,
		    "SOTTO_HOME must begin with /: %.512s", own);
	if (own == NULL && home_folder(env, home) != 0)
		return refuse(why, ERR_NOTFOUND, "HOME is not set");
	for (kind = 0; kind < PATHS_KIND_COUNT; kind++) {
		r = own != NULL ? format(new.dir[kind], "%s/%s/%s", own,
				      kinds[kind].word, profile)
				: xdg_folder(&new, (enum paths_kind)kind, home,
				      env, new.dir[kind]);
		if (r != 0)
			return refuse(why, r,
			    "the path of the %s folder is "
			    "too long",
			    kinds[kind].word);
	}
	*p = new;
	if (why != NULL)
		why->text[0] = '\0';
	return 0;
}

/* ---- making -------------------------------------------------------------- */

/* mkdir -p, 0700 for what is new. */
static int
make_with_parents(const char *dir)
{
	char path[PATHS_CAP];
	size_t i, n = strlen(dir);

	memcpy(path, dir, n + 1);
	for (i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return ERR_SYS;
		path[i] = dir[i];
	}
	return 0;
}

static int
check_own(const char *dir, const struct stat *st, struct paths_err *why)
{
	if (!S_ISDIR(st->st_mode))
		return refuse(why, ERR_DENIED, "%s is no folder", dir);
	if (st->st_uid != geteuid())
		return refuse(
		    why, ERR_DENIED, "%s belongs to somebody else", dir);
	if ((st->st_mode & 077) != 0)
		return refuse(why, ERR_DENIED,
		    "%s is open to others; close it with: chmod 700 '%s'", dir,
		    dir);
	return 0;
}

/* Who may write above could put another folder in our place. */
static int
check_above(const char *dir, struct paths_err *why)
{
	char path[PATHS_CAP];
	struct stat st;
	char *slash;

	memcpy(path, dir, strlen(dir) + 1);
	slash = strrchr(path, '/');
	if (slash == path)
		return 0;
	*slash = '\0';
	if (stat(path, &st) != 0)
		return refuse(why, ERR_SYS, "%s: %s", path, strerror(errno));
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
	    ((st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0))
		return refuse(why, ERR_DENIED,
		    "others may write to %s; close it with: chmod go-w '%s'",
		    path, path);
	return 0;
}

int
paths_make(const struct paths *p, enum paths_kind kind, struct paths_err *why)
{
	const char *dir = p->dir[kind];
	struct stat st;
	int r;

	if (make_with_parents(dir) != 0 || lstat(dir, &st) != 0)
		return refuse(why, ERR_SYS, "%s: %s", dir, strerror(errno));
	r = check_own(dir, &st, why);
	return r != 0 ? r : check_above(dir, why);
}

int
paths_make_all(const struct paths *p, struct paths_err *why)
{
	int kind, r = 0;

	for (kind = 0; r == 0 && kind < PATHS_KIND_COUNT; kind++)
		r = paths_make(p, (enum paths_kind)kind, why);
	return r;
}

int
paths_file(const struct paths *p, enum paths_kind kind, const char *name,
    char out[static PATHS_CAP])
{
	return format(out, "%s/%s", p->dir[kind], name);
}

/* ---- listing ------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool
is_folder(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

int
paths_profiles(
    const struct paths *p, char (*out)[PATHS_PROFILE_MAX + 1], size_t cap)
{
	char path[PATHS_CAP];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	memcpy(path, p->dir[PATHS_DATA], sizeof(path));
	*strrchr(path, '/') = '\0';
	d = opendir(path);
	if (d == NULL)
		return errno == ENOENT ? 0 : ERR_SYS;
	while ((e = readdir(d)) != NULL) {
		if (!profile_ok(e->d_name) || !is_folder(dirfd(d), e->d_name))
			continue;
		if (n < cap)
			memcpy(out[n], e->d_name, strlen(e->d_name) + 1);
		n++;
	}
	closedir(d);
	qsort(out, n < cap ? n : cap, sizeof(*out), by_name);
	return (int)n;
}

/* XDG_DOWNLOAD_DIR="$HOME/Loads" -> HOME/Loads; false for other lines. */
static bool
user_dir_line(char *line, const char *home, char out[static PATHS_CAP])
{
	static const char start[] = "XDG_DOWNLOAD_DIR=\"";
	char *s = line + sizeof(start) - 1, *end;

	if (strncmp(line, start, sizeof(start) - 1) != 0)
		return false;
	end = strrchr(s, '"');
	if (end == NULL)
		return false;
	*end = '\0';
	if (s[0] == '/')
		return format(out, "%s", s) == 0;
	return strncmp(s, "$HOME/", 6) == 0 &&
	       format(out, "%s/%s", home, s + 6) == 0;
}

static bool
user_dirs(char *const *env, const char *home, char out[static PATHS_CAP])
{
	const char *config = env_folder(env, "XDG_CONFIG_HOME");
	char path[PATHS_CAP], line[PATHS_CAP + 64];
	bool found = false;
	FILE *f;

	if ((config != NULL
		    ? format(path, "%s/user-dirs.dirs", config)
		    : format(path, "%s/.config/user-dirs.dirs", home)) != 0)
		return false;
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = user_dir_line(line, home, out);
	fclose(f);
	return found;
}

int
paths_downloads(char *const *env, char out[static PATHS_CAP])
{
	const char *set = env_folder(env, "XDG_DOWNLOAD_DIR");
	char home[PATHS_CAP], found[PATHS_CAP];
	int r;

	if (set != NULL)
		return format(out, "%s", set);
	r = home_folder(env, home);
	if (r != 0)
		return r;
	if (user_dirs(env, home, found))
		return format(out, "%s", found);
	return format(out, "%s/Downloads", home);
}
