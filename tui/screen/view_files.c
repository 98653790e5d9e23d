/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_files.c — one file or several of this machine, found by a few letters,
 * with a look at the marked one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/text_fuzzy.h"
#include "tui/screen/hist_media.h"
#include "tui/screen/views.h"

#define BOX_W	   96
#define BOX_H	   26
#define PREVIEW_AT 60 /* cells of the inside from which there is room for it */
#define NAME_MAX_  256

/* ---- what is in the list ------------------------------------------------------------ */

struct rank {
	uint16_t at;
	int score;
};

static int
by_score(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (int)x->at - (int)y->at;
}

/* Hidden ones are there for who asks for them. */
static void
refill(struct app *a)
{
	struct files_view *v = &a->vs->files;
	const char *query = edit_text(&v->edit), *name;
	struct rank *ranks = calloc(FOLDER_MAX, sizeof(*ranks));
	struct fuzzy_query q;
	size_t i;

	v->n = v->marked = v->top = 0;
	fuzzy_prepare(&q, query, strlen(query));
	for (i = 0; ranks != NULL && i < v->folder.n; i++) {
		name = v->folder.v[i].name;
		if (name[0] == '.' && query[0] != '.')
			continue;
		ranks[v->n] = (struct rank){
		    (uint16_t)i, fuzzy_match(&q, name, strlen(name), NULL)};
		if (ranks[v->n].score > 0)
			v->n++;
	}
	if (ranks != NULL && q.n > 0)
		qsort(ranks, (size_t)v->n, sizeof(ranks[0]), by_score);
	for (i = 0; i < (size_t)v->n; i++)
		v->v[i] = ranks[i].at;
	free(ranks);
}

static const struct folder_entry *
marked(const struct files_view *v)
{
	return v->n > 0 ? &v->folder.v[v->v[v->marked]] : NULL;
}

/* The folder we have just left is where the mark goes. */
static void
mark_name(struct files_view *v, const char *name)
{
	int i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->folder.v[v->v[i]].name, name) == 0)
			v->marked = i;
}

static void
enter(struct app *a, const char *path)
{
	struct files_view *v = &a->vs->files;
	char from[FOLDER_PATH_CAP];
	int r;

	snprintf(from, sizeof(from), "%s", v->folder.path);
	r = folder_read(&v->folder, path);
	if (r != 0) {
		app_notice(a, ST_WARN, "That folder cannot be read: %s.",
		    r == ERR_SYS ? strerror(errno) : err_str(r));
		return;
	}
	edit_clear(&v->edit);
	edit_init(&v->edit, 200, 0);
	refill(a);
	if (strcmp(path, "..") == 0 && strrchr(from, '/') != NULL)
		mark_name(v, strrchr(from, '/') + 1);
	snprintf(a->folder, sizeof(a->folder), "%s", v->folder.path);
}

void
files_begin(
    struct app *a, const char *title, size_t max, files_fn *done, int64_t arg)
{
	struct files_view *v = &a->vs->files;

	app_close(a, &view_files);
	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	v->max = max < 1 ? 1 : max < FILES_MAX ? max : FILES_MAX;
	v->done = done;
	v->arg = arg;
	edit_init(&v->edit, 200, 0);
	/* where one was last, or else at home */
	if (folder_read(&v->folder, a->folder) != 0 &&
	    folder_read(&v->folder, "~") != 0 &&
	    folder_read(&v->folder, "/") != 0)
		return;
	refill(a);
	app_push(a, &view_files);
}

static void
files_close(struct app *a)
{
	struct files_view *v = &a->vs->files;

	while (v->npicked > 0)
		free(v->picked[--v->npicked]);
	edit_clear(&v->edit);
	folder_clear(&v->folder);
	v->n = 0;
}

static void
files_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_FILES;
	out[1] = CTX_LIST;
	out[2] = CTX_EDIT;
	out[3] = CTX_NONE;
}

/* ---- drawing ------------------------------------------------------------------------- */

static size_t
picked_at(const struct files_view *v, const char *path)
{
	size_t i;

	for (i = 0; i < v->npicked; i++)
		if (strcmp(v->picked[i], path) == 0)
			break;
	return i;
}

static void
clean_name(char out[static TEXT_SANITIZE_CAP(NAME_MAX_)], const char *name)
{
	size_t n = strlen(name);

	text_sanitize(out, TEXT_SANITIZE_CAP(NAME_MAX_), name,
	    n < NAME_MAX_ ? n : NAME_MAX_, TEXT_LINE);
}

static void
draw_entry(struct app *a, struct box b, int i)
{
	const struct files_view *v = &a->vs->files;
	const struct folder_entry *e = &v->folder.v[v->v[i]];
	enum style st = i == v->marked ? ST_LIST_MARK : ST_TEXT;
	enum style dim = i == v->marked ? ST_LIST_MARK_DIM : ST_DIM;
	char name[TEXT_SANITIZE_CAP(NAME_MAX_)], size[24] = "";
	char path[FOLDER_PATH_CAP];
	int x = b.x + 2, n = 0;

	draw_fill(a->draw, b, st);
	if (i == v->marked)
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	if (v->max > 1 && !e->is_dir &&
	    folder_join(&v->folder, e->name, path) == 0)
		draw_str(a->draw, b.y, x, 4,
		    picked_at(v, path) < v->npicked ? "[x]" : "[ ]", st);
	x += v->max > 1 ? 4 : 0;
	if (!e->is_dir)
		hist_size(size, e->bytes);
	if (b.w > 36)
		n = draw_right(a->draw, b.y, b.x, b.w - 1, size, dim) + 1;
	clean_name(name, e->name);
	n = draw_elide(a->draw, b.y, x, b.x + b.w - n - x - 2, name, st);
	if (e->is_dir)
		draw_str(a->draw, b.y, x + n, 1, "/", st);
}

/* Names are enough to guess: what is none says so itself. */
static bool
is_picture(const char *name)
{
	static const char *const endings[] = {".jpg", ".jpeg", ".png", ".gif",
	    ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"};
	size_t i, n = strlen(name), k;

	for (i = 0; i < ARRAY_LEN(endings); i++) {
		k = strlen(endings[i]);
		if (n > k && strcasecmp(name + n - k, endings[i]) == 0)
			return true;
	}
	return false;
}

static void
draw_preview(struct app *a, struct box b)
{
	const struct files_view *v = &a->vs->files;
	const struct folder_entry *e = marked(v);
	struct picture_view pv = {.box = b};
	char path[FOLDER_PATH_CAP], size[24];

	if (e == NULL || e->is_dir ||
	    folder_join(&v->folder, e->name, path) != 0)
		return;
	if (is_picture(e->name) && !pictures_are_off(a->pictures)) {
		pv.key = pictures_file_key(path);
		pv.path = path;
		pictures_draw(a->pictures, a->draw, &pv);
	} else {
		hist_size(size, e->bytes);
		draw_str(a->draw, b.y + b.h / 2, b.x + (b.w - 8) / 2, 10, size,
		    ST_DIM);
	}
}

static int
draw_head(struct app *a, struct box in)
{
	struct files_view *v = &a->vs->files;
	char where[TEXT_SANITIZE_CAP(FOLDER_PATH_CAP)];
	size_t from;
	int x;

	text_sanitize(where, sizeof(where), v->folder.path,
	    strlen(v->folder.path), TEXT_LINE);
	from = text_cut_left(where, strlen(where), in.w, NULL);
	draw_str(a->draw, in.y, in.x, in.w, where + from, ST_DIM);
	x = in.x + draw_sign(a->draw, in.y + 1, in.x, SIGN_PROMPT, ST_PROMPT) +
	    1;
	field_draw_edit(
	    a->draw, in.y + 1, x, in.x + in.w - x, &v->edit, false, true);
	return 2;
}

static void
files_draw(struct app *a, struct box b)
{
	struct files_view *v = &a->vs->files;
	char title[112];
	struct box in, list;
	int i, n;

	if (v->npicked > 0)
		snprintf(
		    title, sizeof(title), "%s (%zu)", v->title, v->npicked);
	else
		snprintf(title, sizeof(title), "%s", v->title);
	in = popup(a, b, BOX_W, BOX_H, title);
	n = draw_head(a, in);
	list = (struct box){in.y + n, in.x, in.h - n, in.w};
	if (in.w >= PREVIEW_AT) {
		list.w = in.w / 2;
		draw_preview(a, (struct box){list.y, in.x + list.w + 1, list.h,
				    in.w - list.w - 1});
	}
	list_move(&v->marked, &v->top, v->n, list.h, 0);
	for (i = 0; i < list.h && v->top + i < v->n; i++)
		draw_entry(
		    a, (struct box){list.y + i, list.x, 1, list.w}, v->top + i);
	if (v->n == 0)
		draw_wrapped(
		    a->draw, list, "Nothing here is called so.", ST_DIM);
	else if (v->folder.cut && list.h > v->n)
		draw_str(a->draw, list.y + v->n, list.x + 2, list.w - 2, "...",
		    ST_DIM);
}

/* ---- keys -------------------------------------------------------------------------------- */

static void
toggle(struct app *a)
{
	struct files_view *v = &a->vs->files;
	const struct folder_entry *e = marked(v);
	char path[FOLDER_PATH_CAP];
	size_t at;

	if (e == NULL || e->is_dir || v->max == 1 ||
	    folder_join(&v->folder, e->name, path) != 0)
		return;
	at = picked_at(v, path);
	if (at < v->npicked) {
		free(v->picked[at]);
		v->npicked--;
		memmove(&v->picked[at], &v->picked[at + 1],
		    (v->npicked - at) * sizeof(v->picked[0]));
	} else if (v->npicked == v->max) {
		app_notice(a, ST_WARN, "No more than %zu at once.", v->max);
	} else if ((v->picked[v->npicked] = strdup(path)) != NULL) {
		v->npicked++;
		list_move(&v->marked, &v->top, v->n, 0, 1);
	}
}

/* The picked ones, or the marked one; a marked folder is entered. */
static void
done(struct app *a)
{
	struct files_view *v = &a->vs->files;
	const struct folder_entry *e = marked(v);
	char *paths[FILES_MAX], path[FOLDER_PATH_CAP];
	files_fn *fn = v->done;
	int64_t arg = v->arg;
	size_t n = v->npicked, i;

	if (n == 0 && e == NULL)
		return;
	if (e != NULL && e->is_dir && (n == 0 || edit_len(&v->edit) > 0)) {
		snprintf(path, sizeof(path), "%s", e->name);
		enter(a, path);
		return;
	}
	if (n == 0) {
		if (folder_join(&v->folder, e->name, path) != 0 ||
		    (paths[0] = strdup(path)) == NULL)
			return;
		n = 1;
	} else {
		memcpy(paths, v->picked, n * sizeof(paths[0]));
		v->npicked = 0; /* they are ours now */
	}
	app_close(a, &view_files);
	fn(a, (const char *const *)paths, n, arg);
	for (i = 0; i < n; i++)
		free(paths[i]);
}

static void
enter_marked(struct app *a)
{
	const struct folder_entry *e = marked(&a->vs->files);
	char name[FOLDER_PATH_CAP];

	if (e == NULL || !e->is_dir)
		return;
	snprintf(name, sizeof(name), "%s", e->name);
	enter(a, name);
}

/* A look at the marked one in full. */
static void
look(struct app *a)
{
	struct files_view *v = &a->vs->files;
	const struct folder_entry *e = marked(v);
	char clean[TEXT_SANITIZE_CAP(NAME_MAX_)];
	struct picture_item it = {0};

	if (e == NULL || e->is_dir || !is_picture(e->name) ||
	    folder_join(&v->folder, e->name, it.path) != 0)
		return;
	it.key = pictures_file_key(it.path);
	clean_name(clean, e->name);
	text_elide(it.name, sizeof(it.name), clean, strlen(clean), 100, NULL);
	picture_begin(a, &it, 1, 0);
}

static bool
has_folder(const struct files_view *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->folder.n; i++)
		if (v->folder.v[i].is_dir &&
		    strcmp(v->folder.v[i].name, name) == 0)
			return true;
	return false;
}

/* A path is walked as it is typed: "/", then "srv/"; "~/"; "../". */
static bool
typed_path(struct app *a)
{
	struct files_view *v = &a->vs->files;
	const char *s = edit_text(&v->edit);
	char path[256];
	size_t n = strlen(s);

	if (n < 1 || n >= sizeof(path) || s[n - 1] != '/')
		return false;
	memcpy(path, s, n + 1);
	if (n > 1)
		path[n - 1] = '\0';
	if (s[0] != '/' && s[0] != '~' && strcmp(path, "..") != 0 &&
	    !has_folder(v, path))
		return false;
	enter(a, path);
	return true;
}

static bool
files_act(struct app *a, enum action act, int digit)
{
	struct files_view *v = &a->vs->files;
	int by = list_step(act, 10);

	(void)digit;
	if (by != 0) {
		list_move(&v->marked, &v->top, v->n, 0, by);
		return true;
	}
	switch (act) {
	case ACT_FILES_DONE:
		done(a);
		return true;
	case ACT_FILES_TOGGLE:
		toggle(a);
		return true;
	case ACT_FILES_UP:
		enter(a, "..");
		return true;
	case ACT_FILES_INTO:
		enter_marked(a);
		return true;
	case ACT_FILES_LOOK:
		look(a);
		return true;
	case ACT_LIST_CLOSE:
		app_close(a, &view_files);
		return true;
	default:
		if (!edit_act(&v->edit, act))
			return false;
		refill(a);
		return true;
	}
}

static bool
files_type(struct app *a, uint32_t cp)
{
	if (edit_type(&a->vs->files.edit, cp) == 0 && !typed_path(a))
		refill(a);
	return true;
}

static bool
files_paste(struct app *a, const char *s, size_t n)
{
	if (edit_paste(&a->vs->files.edit, s, n) == 0 && !typed_path(a))
		refill(a);
	return true;
}

static bool
files_offers(const struct app *a, enum action act)
{
	const struct files_view *v = &a->vs->files;
	const struct folder_entry *e = marked(v);

	if (act == ACT_FILES_TOGGLE)
		return v->max > 1 && e != NULL && !e->is_dir;
	if (act == ACT_FILES_LOOK)
		return e != NULL && !e->is_dir && is_picture(e->name);
	return act != ACT_LIST_PICK; /* Enter is FILES_DONE */
}

const struct view_ops view_files = {
    .name = "files",
    .offers = files_offers,
    .contexts = files_contexts,
    .draw = files_draw,
    .act = files_act,
    .type = files_type,
    .paste = files_paste,
    .close = files_close,
};
