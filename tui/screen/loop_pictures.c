/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop_pictures.c — what pictures need of the world: the terminal's answers,
 * files, the child, the system's viewer. Nothing here is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/base/child_env.h"
#include "tui/screen/loop.h"

#ifdef __APPLE__
#define OPENER "open"
#else
#define OPENER "xdg-open"
#endif

/* ---- the terminal ----------------------------------------------------------------------- */

void
loop_ground(struct loop *l)
{
	const struct tty_caps *c = tty_caps(l->tty);
	const struct theme *t = draw_theme(l->draw);
	struct raster_ground g;

	if (!c->pictures.asked ||
	    (l->app->prefs.pictures == PICTURE_AUTO && !l->asked_enough &&
		!picture_caps_complete(&c->pictures)))
		return;
	picture_caps_ground(&c->pictures,
	    (enum picture_mode)l->app->prefs.pictures, t->depth,
	    l->app->prefs.theme == THEME_LIGHT ||
		(l->app->prefs.theme != THEME_DARK && c->light),
	    t->ascii, &g);
	pictures_set_ground(l->app->pictures, &g);
}

/* What has not been answered by now is not known; it may still come. */
static void
on_asked(uv_timer_t *t)
{
	struct loop *l = t->data;

	l->asked_enough = true;
	loop_ground(l);
}

void
loop_ask_terminal(struct loop *l)
{
	/* One that takes a question for text writes it somewhere. */
	draw_redraw(l->draw);
	if (l->app->prefs.pictures != PICTURE_AUTO) {
		(void)tty_ask_pictures(l->tty); /* for the size of a cell */
		loop_ground(l);
	} else if (tty_ask_pictures(l->tty)) {
		uv_timer_start(&l->asked, on_asked, PICTURE_ASK_MS, 0);
	} else {
		loop_ground(l);
	}
}

/* ---- the child, for anybody ---------------------------------------------------------------- */

int
loop_ask_child(struct loop *l, const struct preview_ask *ask,
    preview_done_fn *done, void *ctx, uint64_t *id)
{
	int r = l->preview != NULL ? 0 : preview_new(&l->preview, &l->uv);

	return r != 0 ? r : preview_ask(l->preview, ask, done, ctx, id);
}

/* ---- files -------------------------------------------------------------------------------- */

struct reading {
	uv_work_t work;
	struct loop *l;
	uint64_t key;
	bool for_qr; /* no picture to be shown: its code is wanted */
	char *path;
	struct buf file;
	int code;
};

/* A plain file, and none that reading would wait for. 0, ERR_SYS, ERR_RANGE. */
static int
read_plain(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = 1;
	int r = 0;

	if (fd < 0)
		return ERR_SYS;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = ERR_FORMAT;
	else if (st.st_size < 1 || st.st_size > PREVIEW_FILE_MAX)
		r = ERR_RANGE;
	if (r == 0)
		r = buf_reserve(b, (size_t)st.st_size);
	while (r == 0 && n > 0 && b->len < b->cap) {
		n = read(fd, b->p + b->len, b->cap - b->len);
		if (n > 0)
			b->len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			r = ERR_SYS;
	}
	close(fd);
	return r;
}

/* On a thread of libuv's. */
static void
read_work(uv_work_t *w)
{
	struct reading *rd = w->data;

	rd->code = read_plain(rd->path, &rd->file);
}

static void
on_qr(void *ctx, uint64_t id, int code, struct preview_answer *answer)
{
	struct loop *l = ctx;

	(void)id;
	app_qr(l->app, code, answer != NULL ? answer->text : NULL);
}

static void
ask_qr(struct reading *rd, int code)
{
	struct preview_ask ask = {
	    .what = PREVIEW_READ_QR, .file = rd->file.p, .len = rd->file.len};

	if (code == 0)
		code = loop_ask_child(rd->l, &ask, on_qr, rd->l, NULL);
	if (code != 0)
		app_qr(rd->l->app, code, NULL);
}

static void
read_done(uv_work_t *w, int status)
{
	struct reading *rd = w->data;

	if (rd->l->app != NULL && rd->for_qr)
		ask_qr(rd, status != 0 ? ERR_SYS : rd->code);
	else if (rd->l->app != NULL) /* else the program ends */
		pictures_file(rd->l->app->pictures, rd->key, rd->file.p,
		    rd->file.len, status != 0 ? ERR_SYS : rd->code);
	buf_clear(&rd->file);
	free(rd->path);
	free(rd);
}

/* NULL without memory. */
static struct reading *
start_reading(struct loop *l, const char *path)
{
	struct reading *rd = calloc(1, sizeof(*rd));

	if (rd != NULL)
		rd->path = strdup(path);
	if (rd == NULL || rd->path == NULL) {
		free(rd);
		return NULL;
	}
	rd->l = l;
	rd->work.data = rd;
	buf_init(&rd->file, PREVIEW_FILE_MAX);
	uv_queue_work(&l->uv, &rd->work, read_work, read_done);
	return rd;
}

void
loop_load_picture(struct loop *l, uint64_t key, const char *path)
{
	struct reading *rd = path != NULL ? start_reading(l, path) : NULL;

	if (rd == NULL)
		pictures_file(l->app->pictures, key, NULL, 0,
		    path != NULL ? ERR_NOMEM : ERR_NOTFOUND);
	else
		rd->key = key;
}

void
loop_read_qr(struct loop *l, const char *path)
{
	struct reading *rd = start_reading(l, path);

	if (rd == NULL)
		app_qr(l->app, ERR_NOMEM, NULL);
	else
		rd->for_qr = true;
}

/* ---- the child ------------------------------------------------------------------------------ */

static void
on_answer(void *ctx, uint64_t id, int code, struct preview_answer *answer)
{
	struct loop *l = ctx;

	(void)id;
	pictures_answer(l->app->pictures, code, answer);
}

int
loop_ask_picture(struct loop *l, const struct preview_ask *ask)
{
	return loop_ask_child(l, ask, on_answer, l, NULL);
}

/* ---- the system's viewer ---------------------------------------------------------------------- */

static void
opener_closed(uv_handle_t *h)
{
	free(h);
}

static void
opener_ended(uv_process_t *p, int64_t status, int sig)
{
	struct loop *l = p->data;

	if ((status != 0 || sig != 0) && l->app != NULL)
		app_notice(l->app, ST_WARN, OPENER " could not open it.");
	uv_close((uv_handle_t *)p, opener_closed);
}

/* The shell ends at once, what it has started lives on without us. The path is
 * absolute: it cannot be taken for an option. */
void
loop_open_file(struct loop *l, const char *path)
{
	char sh[] = "sh", flag[] = "-c";
	char script[] = "command -v " OPENER " >/dev/null || exit 1; " OPENER
			" \"$1\" </dev/null >/dev/null 2>&1 &";
	char *full = realpath(path, NULL);
	char *args[] = {sh, flag, script, sh, full, NULL};
	char **env = child_env(environ);
	uv_process_t *p = malloc(sizeof(*p));
	uv_process_options_t o = {.file = "sh",
	    .args = args,
	    .env = env,
	    .flags = UV_PROCESS_DETACHED,
	    .exit_cb = opener_ended};

	if (full == NULL || env == NULL || p == NULL) {
		app_notice(l->app, ST_WARN, "The file is not there.");
		free(p);
	} else {
		p->data = l;
		if (uv_spawn(&l->uv, p, &o) != 0)
			uv_close((uv_handle_t *)p, opener_closed);
	}
	free(env);
	free(full);
}
