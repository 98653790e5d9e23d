/* SPDX-License-Identifier: GPL-3.0-or-later */
/* external.c — files and programs outside: settings, the person's editor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/base/child_env.h"
#include "tui/screen/loop.h"

#define PREFS_FILE	"screen.conf"
#define PREFS_MAX	(64 * 1024)
#define EDITOR_READ_MAX (2 * ENGINE_TEXT_MAX)

/* ---- files ------------------------------------------------------------------------ */

/* A whole file of at most max bytes; heap, NUL-terminated. 0, ERR_NOTFOUND,
 * ERR_RANGE, ERR_SYS, ERR_NOMEM. */
static int
read_file(const char *path, size_t max, char **out, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	char *p = malloc(max + 1);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	else if (p == NULL)
		r = ERR_NOMEM;
	while (r == 0 && got > 0 && n <= max) {
		got = read(fd, p + n, max + 1 - n);
		if (got < 0)
			r = ERR_SYS;
		else
			n += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	if (r == 0 && n > max)
		r = ERR_RANGE;
	if (r != 0) {
		free(p);
		return r;
	}
	p[n] = '\0';
	*out = p;
	*len = n;
	return 0;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t put;

	while (n > 0) {
		put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return ERR_SYS;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/* ---- settings ------------------------------------------------------------------------ */

void
external_load_prefs(struct loop *l)
{
	char path[PATHS_CAP], why[320] = "", *text = NULL;
	size_t len;
	int r = paths_file(&l->paths, PATHS_CONFIG, PREFS_FILE, path);

	if (r == 0)
		r = read_file(path, PREFS_MAX, &text, &len);
	if (r == ERR_NOTFOUND)
		return;
	if (r == 0)
		r = prefs_parse(
		    &l->app->prefs, PREFS_FILE, text, len, why, sizeof(why));
	if (r != 0)
		app_notice(
		    l->app, ST_WARN, "%s", why[0] != '\0' ? why : err_str(r));
	free(text);
}

void
external_save_prefs(struct loop *l)
{
	char path[PATHS_CAP], fresh[PATHS_CAP + 8];
	struct buf b;
	int fd = -1, r;

	buf_init(&b, PREFS_MAX);
	r = prefs_write(&l->app->prefs, &b);
	if (r == 0)
		r = paths_make(&l->paths, PATHS_CONFIG, NULL);
	if (r == 0)
		r = paths_file(&l->paths, PATHS_CONFIG, PREFS_FILE, path);
	if (r == 0) {
		snprintf(fresh, sizeof(fresh), "%s.new", path);
		fd =
		    open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		r = fd < 0 ? ERR_SYS : write_all(fd, (const char *)b.p, b.len);
	}
	if (fd >= 0 && close(fd) != 0)
		r = ERR_SYS;
	if (r == 0 && rename(fresh, path) != 0)
		r = ERR_SYS;
	if (r != 0)
		app_notice(l->app, ST_ERROR,
		    "The settings could not be saved: %s.", err_str(r));
	buf_clear(&b);
}

/* ---- the editor ----------------------------------------------------------------------- */

/* Overwrite and remove: the text is a secret. */
void
external_forget(struct loop *l)
{
	static const char zeros[4096];
	struct stat st;
	off_t left;
	int fd;

	if (l->editor_file[0] == '\0')
		return;
	fd = open(l->editor_file, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		for (left = st.st_size; left > 0;
		     left -= (off_t)sizeof(zeros)) {
			if (write_all(fd, zeros, sizeof(zeros)) != 0)
				break;
		}
		fsync(fd);
	}
	if (fd >= 0)
		close(fd);
	unlink(l->editor_file);
	l->editor_file[0] = '\0';
}

static int
make_file(struct loop *l, const char *text)
{
	struct paths_err why;
	int fd, r;

	r = paths_make(&l->paths, PATHS_RUNTIME, &why);
	if (r == 0)
		r = paths_file(&l->paths, PATHS_RUNTIME, "message-XXXXXX.txt",
		    l->editor_file);
	if (r != 0) {
		l->editor_file[0] = '\0';
		return r;
	}
	fd = mkostemps(l->editor_file, 4, O_CLOEXEC);
	if (fd < 0) {
		l->editor_file[0] = '\0';
		return ERR_SYS;
	}
	r = write_all(fd, text, strlen(text));
	if (close(fd) != 0)
		r = ERR_SYS;
	if (r != 0)
		external_forget(l);
	return r;
}

static void
back_from_editor(struct loop *l, bool ok)
{
	char *text = NULL;
	size_t len = 0;
	int r = ERR_SYS;

	if (ok)
		r = read_file(l->editor_file, EDITOR_READ_MAX, &text, &len);
	external_forget(l);
	tty_enter(l->tty);
	pictures_lost(l->app->pictures);
	loop_listen(l, true);
	app_edited(l->app, text, len);
	if (!ok)
		app_notice(l->app, ST_WARN,
		    "The editor failed; the text is as it was.");
	else if (r != 0)
		app_notice(l->app, ST_ERROR,
		    "The edited text cannot be read: %s.", err_str(r));
	if (text != NULL)
		sodium_memzero(text, len);
	free(text);
}

static void
on_exit_(uv_process_t *p, int64_t status, int sig)
{
	struct loop *l = p->data;

	uv_close((uv_handle_t *)p, NULL);
	back_from_editor(l, status == 0 && sig == 0);
}

static const char *
editor_of(void)
{
	static const char *const names[] = {"VISUAL", "EDITOR"};
	const char *v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		v = getenv(names[i]);
		if (v != NULL && v[0] != '\0')
			return v;
	}
	return "vi";
}

void
external_editor(struct loop *l, const char *text)
{
	char script[512];
	/* Through the shell: $EDITOR may have arguments. */
	char sh[] = "sh", flag[] = "-c";
	char *args[] = {sh, flag, script, sh, l->editor_file, NULL};
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_INHERIT_FD, .data.fd = STDIN_FILENO},
	    {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
	    {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
	};
	uv_process_options_t o = {.file = "sh",
	    .args = args,
	    .exit_cb = on_exit_,
	    .stdio = stdio,
	    .stdio_count = 3};
	int r;

	if (l->editor_file[0] != '\0')
		return;
	if (snprintf(script, sizeof(script), "exec %s \"$1\"", editor_of()) >=
	    (int)sizeof(script)) {
		app_notice(l->app, ST_ERROR, "$EDITOR is too long.");
		return;
	}
	r = make_file(l, text);
	if (r != 0) {
		app_notice(l->app, ST_ERROR,
		    "No file to edit in could be made: %s.", err_str(r));
		return;
	}
	app_flush(l->app);
	loop_listen(l, false);
	tty_leave(l->tty);
	l->app->editing = true;
	l->editor.data = l;
	o.env = child_env(environ);
	r = o.env == NULL ? UV_ENOMEM : uv_spawn(&l->uv, &l->editor, &o);
	free(o.env);
	if (r != 0) {
		uv_close((uv_handle_t *)&l->editor, NULL);
		back_from_editor(l, false);
	}
}
