/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.c — where backups are kept. A folder's part; URLs: place_url.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/backup/place_int.h"

#define SUFFIX	 ".backup"
#define LIST_MAX 10000

int
place_fail(struct place *p, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	return r;
}

const char *
place_error(const struct place *p)
{
	return p->why;
}

void
place_watch(struct place *p, place_watch_fn *fn, void *ctx)
{
	p->watch = fn;
	p->watch_ctx = ctx;
}

const char *
place_folder(const struct place *p)
{
	return p->kind == PLACE_FOLDER ? p->url : NULL;
}

void
place_free(struct place *p)
{
	if (p == NULL)
		return;
	sodium_memzero(p, sizeof(*p));
	free(p);
}

/* ---- credentials --------------------------------------------------------------------- */

static int
read_secret(struct place *p, const char *path)
{
	struct stat st;
	FILE *in = fopen(path, "rbe");
	int r = 0;

	if (in == NULL)
		return place_fail(
		    p, ERR_SYS, "cannot read %s: %s", path, strerror(errno));
	if (fstat(fileno(in), &st) != 0 || (st.st_mode & 077) != 0)
		r = place_fail(p, ERR_DENIED,
		    "%s can be read by others: chmod 600 it", path);
	else if (fgets(p->user, sizeof(p->user), in) == NULL ||
		 fgets(p->secret, sizeof(p->secret), in) == NULL)
		r = place_fail(p, ERR_FORMAT,
		    "%s needs a line with the user and one with the secret",
		    path);
	fclose(in);
	p->user[strcspn(p->user, "\r\n")] = '\0';
	p->secret[strcspn(p->secret, "\r\n")] = '\0';
	return r;
}

static int
find_secret(struct place *p, const char *credentials)
{
	const char *user = getenv("SOTTO_BACKUP_USER");
	const char *secret = getenv("SOTTO_BACKUP_SECRET");

	if (p->kind == PLACE_FOLDER)
		return 0;
	if (user != NULL && secret != NULL) {
		if (strlen(user) >= sizeof(p->user) ||
		    strlen(secret) >= sizeof(p->secret))
			return place_fail(
			    p, ERR_RANGE, "the credentials are too long");
		memcpy(p->user, user, strlen(user) + 1);
		memcpy(p->secret, secret, strlen(secret) + 1);
		return 0;
	}
	if (credentials != NULL)
		return read_secret(p, credentials);
	return p->kind == PLACE_S3
		   ? place_fail(p, ERR_AUTH, "S3 needs a file of credentials")
		   : 0;
}

/* ---- what it is ------------------------------------------------------------------------ */

static bool
is_loopback(const char *host)
{
	static const char *const here[] = {"127.0.0.1", "localhost", "[::1]"};
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(here); i++) {
		n = strlen(here[i]);
		if (strncmp(host, here[i], n) == 0 &&
		    (host[n] == ':' || host[n] == '/' || host[n] == '\0'))
			return true;
	}
	return false;
}

/* At the end of an S3 URL, and cut off there. */
static int
take_region(struct place *p, char *url)
{
	static const char key[] = "?region=";
	static const char host[] = "://s3.", amazon[] = ".amazonaws.com";
	static const char ours[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *r = "us-east-1", *at;
	size_t n = strlen(r);
	char *q = strchr(url, '?');

	if (q != NULL) {
		r = q + strlen(key);
		if (strncmp(q, key, strlen(key)) != 0 || *r == '\0' ||
		    strspn(r, ours) != strlen(r) ||
		    strlen(r) >= sizeof(p->region))
			return place_fail(p, ERR_FORMAT,
			    "after a ? only region= and its name, please");
		n = strlen(r);
	} else if ((at = strstr(url, host)) != NULL) {
		at += strlen(host);
		if (strspn(at, ours) > 0 && strspn(at, ours) < 64 &&
		    strncmp(at + strspn(at, ours), amazon, strlen(amazon)) ==
			0) {
			r = at;
			n = strspn(at, ours);
		}
	}
	memset(p->region, 0, sizeof(p->region));
	memcpy(p->region, r, n);
	if (q != NULL)
		*q = '\0';
	return 0;
}

static int
take_url(struct place *p, const char *to)
{
	static const struct {
		const char *scheme;
		enum place_kind kind;
		bool open; /* without TLS */
	} kinds[] = {
	    {"https://", PLACE_DAV, false},
	    {"http://", PLACE_DAV, true},
	    {"s3+https://", PLACE_S3, false},
	    {"s3+http://", PLACE_S3, true},
	};
	size_t i, n;

	if (strlen(to) >= sizeof(p->url))
		return place_fail(p, ERR_RANGE, "that place is too long");
	if (to[0] == '/') {
		p->kind = PLACE_FOLDER;
		memcpy(p->url, to, strlen(to) + 1);
		return 0;
	}
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		n = strlen(kinds[i].scheme);
		if (strncmp(to, kinds[i].scheme, n) != 0)
			continue;
		if (kinds[i].open && !is_loopback(to + n))
			return place_fail(p, ERR_DENIED,
			    "http:// is for this machine alone: use https://");
		p->kind = kinds[i].kind;
		to += p->kind == PLACE_S3 ? 3 : 0; /* without "s3+" */
		memcpy(p->url, to, strlen(to) + 1);
		if (p->kind == PLACE_S3 && take_region(p, p->url) != 0)
			return ERR_FORMAT;
		if (strpbrk(p->url, "?# \"<>") != NULL || strchr(p->url, '@'))
			return place_fail(p, ERR_FORMAT,
			    "no user, query or fragment in the URL, please");
		n = strlen(p->url);
		while (n > 0 && p->url[n - 1] == '/')
			p->url[--n] = '\0';
		return 0;
	}
	return place_fail(p, ERR_FORMAT,
	    "%s is no folder (from /), and no https:// or s3+https:// URL", to);
}

int
place_open(struct place **out, const char *to, const char *credentials,
    char why[static PLACE_WHY_MAX])
{
	struct place *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL) {
		snprintf(why, PLACE_WHY_MAX, "%s", err_str(ERR_NOMEM));
		return ERR_NOMEM;
	}
	r = take_url(p, to);
	if (r == 0)
		r = find_secret(p, credentials);
	if (r != 0) {
		memcpy(why, p->why, PLACE_WHY_MAX);
		place_free(p);
		return r;
	}
	*out = p;
	return 0;
}

/* ---- names --------------------------------------------------------------------------------- */

int
place_add_name(
    struct place_names *l, const char *prefix, const char *name, size_t len)
{
	char(*v)[PLACE_NAME_MAX];
	size_t i;

	if (len >= PLACE_NAME_MAX || len <= strlen(prefix) + strlen(SUFFIX) ||
	    strncmp(name, prefix, strlen(prefix)) != 0 ||
	    strncmp(name + len - strlen(SUFFIX), SUFFIX, strlen(SUFFIX)) != 0)
		return 0;
	for (i = 0; i < l->n; i++)
		if (strlen(l->v[i]) == len && strncmp(l->v[i], name, len) == 0)
			return 0;
	if (l->n == LIST_MAX)
		return ERR_FULL;
	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	l->v = v;
	memset(v[l->n], 0, sizeof(*v));
	memcpy(v[l->n++], name, len);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
list_folder(struct place *p, const char *prefix, struct place_names *l)
{
	DIR *d = opendir(p->url);
	struct dirent *e;
	int r = 0;

	if (d == NULL)
		return place_fail(
		    p, ERR_SYS, "cannot read %s: %s", p->url, strerror(errno));
	while (r == 0 && (e = readdir(d)) != NULL)
		r = place_add_name(l, prefix, e->d_name, strlen(e->d_name));
	closedir(d);
	return r;
}

int
place_list(
    struct place *p, const char *prefix, char (**v)[PLACE_NAME_MAX], size_t *n)
{
	struct place_names l = {.v = NULL};
	int r = p->kind == PLACE_FOLDER ? list_folder(p, prefix, &l)
					: place_url_list(p, prefix, &l);

	if (r != 0) {
		free(l.v);
		return r;
	}
	if (l.n > 0)
		qsort(l.v, l.n, sizeof(*l.v), by_name);
	*v = l.v;
	*n = l.n;
	return 0;
}

/* ---- files in a folder ------------------------------------------------------------------------ */

static int
copy(struct place *p, FILE *in, int fd)
{
	uint8_t part[65536];
	size_t n, at;
	ssize_t w;

	while ((n = fread(part, 1, sizeof(part), in)) > 0)
		for (at = 0; at < n; at += (size_t)w) {
			w = write(fd, part + at, n - at);
			if (w < 0 && errno != EINTR)
				return place_fail(p, ERR_SYS,
				    "cannot write to %s: %s", p->url,
				    strerror(errno));
			w = w < 0 ? 0 : w;
		}
	if (ferror(in) || fsync(fd) != 0)
		return place_fail(
		    p, ERR_SYS, "cannot copy: %s", strerror(errno));
	return 0;
}

/* Beside its place, then there in one step. */
static int
copy_to(struct place *p, const char *from, const char *to)
{
	char tmp[PLACE_URL_MAX + PLACE_NAME_MAX + 8];
	FILE *in = fopen(from, "rbe");
	int fd, r;

	if (in == NULL)
		return place_fail(p, errno == ENOENT ? ERR_NOTFOUND : ERR_SYS,
		    "cannot read %s: %s", from, strerror(errno));
	snprintf(tmp, sizeof(tmp), "%s.part", to);
	fd = open(
	    tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		fclose(in);
		return place_fail(
		    p, ERR_SYS, "cannot write %s: %s", tmp, strerror(errno));
	}
	r = copy(p, in, fd);
	fclose(in);
	close(fd);
	if (r == 0 && rename(tmp, to) != 0)
		r = place_fail(
		    p, ERR_SYS, "cannot move %s: %s", tmp, strerror(errno));
	if (r != 0)
		unlink(tmp);
	return r;
}

int
place_put(struct place *p, const char *file, const char *name)
{
	char to[PLACE_URL_MAX + PLACE_NAME_MAX];

	if (p->kind != PLACE_FOLDER)
		return place_url_put(p, file, name);
	snprintf(to, sizeof(to), "%s/%s", p->url, name);
	return copy_to(p, file, to);
}

int
place_get(struct place *p, const char *name, const char *file)
{
	char from[PLACE_URL_MAX + PLACE_NAME_MAX];

	if (p->kind != PLACE_FOLDER)
		return place_url_get(p, name, file);
	snprintf(from, sizeof(from), "%s/%s", p->url, name);
	return copy_to(p, from, file);
}

int
place_drop(struct place *p, const char *name)
{
	char path[PLACE_URL_MAX + PLACE_NAME_MAX];

	if (p->kind != PLACE_FOLDER)
		return place_url_drop(p, name);
	snprintf(path, sizeof(path), "%s/%s", p->url, name);
	if (unlink(path) != 0 && errno != ENOENT)
		return place_fail(
		    p, ERR_SYS, "cannot remove %s: %s", path, strerror(errno));
	return 0;
}
