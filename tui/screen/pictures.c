/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "tui/screen/pictures.h"

/* One picture at one size. */
struct shown {
	uint64_t key;
	char *path; /* heap; NULL: the key says all */
	struct preview_part part;
	int cols, rows; /* room it was drawn for */
	struct raster *r; /* NULL: not drawn yet */
	struct raster *small; /* of the tiny one, meanwhile */
	uint32_t w, h; /* pixels, once known */
	uint64_t used; /* frame it was last in view */
	int failed; /* why it cannot be shown; 0 */
	bool tiny_only; /* its file is not wanted now */
};

struct pictures {
	const struct picture_host *host;
	void *ctx;
	struct raster_ground g;
	bool asked_terminal, known; /* what it can */
	struct shown v[PICTURES_MAX];
	size_t n;
	uint64_t frame;
	uint32_t next_id;
	/* What is under way: one at a time. */
	bool busy;
	struct shown want;
	unsigned ground, want_ground; /* counts what the terminal was */
	struct buf unsend; /* kitty is to forget these */
};

/* Keys of paths are out of the way of message ids. */
#define PATH_KEY   (1ull << 63)
#define UNSEND_MAX 16384

int
pictures_new(struct pictures **out, const struct picture_host *host, void *ctx)
{
	struct pictures *ps = calloc(1, sizeof(*ps));

	if (ps == NULL)
		return ERR_NOMEM;
	ps->host = host;
	ps->ctx = ctx;
	ps->next_id = 0x501001; /* not where other programs begin to count */
	buf_init(&ps->unsend, UNSEND_MAX);
	*out = ps;
	return 0;
}

/* ---- what is kept -------------------------------------------------------------------- */

static void
to_unsend(void *ctx, const void *p, size_t len)
{
	struct pictures *ps = ctx;

	if (buf_put(&ps->unsend, p, len) != 0)
		return; /* it forgets by itself when it has too many */
}

static void
drop_rasters(struct pictures *ps, struct shown *s)
{
	if (s->r != NULL)
		raster_unsend(s->r, to_unsend, ps);
	raster_free(s->r);
	raster_free(s->small);
	s->r = s->small = NULL;
}

static void
drop(struct pictures *ps, size_t i)
{
	drop_rasters(ps, &ps->v[i]);
	free(ps->v[i].path);
	ps->v[i] = ps->v[--ps->n];
}

void
pictures_free(struct pictures *ps)
{
	if (ps == NULL)
		return;
	while (ps->n > 0)
		drop(ps, 0);
	buf_clear(&ps->unsend);
	free(ps);
}

static size_t
bytes_of(const struct pictures *ps)
{
	size_t i, n = 0;

	for (i = 0; i < ps->n; i++)
		n += ps->v[i].r != NULL ? raster_bytes(ps->v[i].r) : 0;
	return n;
}

/* The one that was out of view longest goes; false when all are in view. */
static bool
evict(struct pictures *ps)
{
	size_t i, oldest = 0;

	for (i = 1; i < ps->n; i++)
		if (ps->v[i].used < ps->v[oldest].used)
			oldest = i;
	if (ps->n == 0 || ps->v[oldest].used == ps->frame)
		return false;
	drop(ps, oldest);
	return true;
}

static bool
is_part(const struct preview_part *a, const struct preview_part *b)
{
	return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

static struct shown *
find(struct pictures *ps, const struct shown *like)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (ps->v[i].key == like->key && ps->v[i].cols == like->cols &&
		    ps->v[i].rows == like->rows &&
		    is_part(&ps->v[i].part, &like->part))
			return &ps->v[i];
	return NULL;
}

static struct shown *
find_or_add(struct pictures *ps, const struct shown *like, const char *path)
{
	struct shown *s = find(ps, like);

	if (s != NULL)
		return s;
	if (ps->n == PICTURES_MAX && !evict(ps))
		return NULL;
	s = &ps->v[ps->n];
	*s = *like;
	s->path = path != NULL ? strdup(path) : NULL;
	if (path != NULL && s->path == NULL)
		return NULL;
	ps->n++;
	return s;
}

/* ---- the terminal ---------------------------------------------------------------------- */

void
pictures_lost(struct pictures *ps)
{
	buf_reset(&ps->unsend);
	while (ps->n > 0)
		drop(ps, 0);
	buf_reset(&ps->unsend); /* it has lost them already */
}

void
pictures_set_ground(struct pictures *ps, const struct raster_ground *g)
{
	bool same = ps->known && ps->g.mode == g->mode &&
		    ps->g.colours == g->colours && ps->g.cell_w == g->cell_w &&
		    ps->g.cell_h == g->cell_h && ps->g.rgb == g->rgb &&
		    ps->g.tmux == g->tmux;

	ps->g = *g;
	ps->known = true;
	if (same)
		return;
	ps->ground++;
	while (ps->n > 0)
		drop(ps, 0);
	ps->host->changed(ps->ctx);
}

bool
pictures_are_off(const struct pictures *ps)
{
	return ps->known && ps->g.mode == PICTURE_OFF;
}

uint64_t
pictures_file_key(const char *path)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *path != '\0'; path++)
		h = (h ^ (uint8_t)*path) * 0x100000001b3;
	return h | PATH_KEY;
}

void
pictures_fit(const struct pictures *ps, uint32_t w, uint32_t h, int max_cols,
    int max_rows, int *cols, int *rows)
{
	int cw = ps->known ? ps->g.cell_w : 10,
	    ch = ps->known ? ps->g.cell_h : 20;

	preview_fit(w > 0 ? w : 1, h > 0 ? h : 1, cw, ch,
	    max_cols > 0 ? max_cols : 1, max_rows > 0 ? max_rows : 1, cols,
	    rows);
}

/* ---- a frame ---------------------------------------------------------------------------- */

void
pictures_begin(struct pictures *ps)
{
	ps->frame++;
}

/* In the middle of the box, as far as it is in view. */
static void
put_raster(struct draw *d, const struct picture_view *v, struct raster *r)
{
	int top = (v->box.h - raster_rows(r)) / 2;
	int left = (v->box.w - raster_cols(r)) / 2;
	int from = v->skip > top ? v->skip - top : 0;
	int y = v->box.y + (v->skip > top ? 0 : top - v->skip);
	int end = v->box.y + (v->h > 0 ? v->h : v->box.h - v->skip);

	if (y < end)
		draw_raster(d, y, v->box.x + left, end - y, r, from);
}

static void
put_word(struct draw *d, const struct picture_view *v, const char *word)
{
	int y = v->box.h / 2 - v->skip, w = (int)strlen(word);
	int x = w < v->box.w ? (v->box.w - w) / 2 : 0;

	if (y >= 0 && (v->h == 0 || y < v->h))
		draw_elide(
		    d, v->box.y + y, v->box.x + x, v->box.w - x, word, ST_DIM);
}

static const char *
word_of(int code)
{
	switch (code) {
	case ERR_FORMAT:
		return "no picture that can be shown";
	case ERR_RANGE:
		return "too large to be shown";
	case ERR_NOTFOUND:
	case ERR_SYS:
		return "the file is not there";
	default:
		return "it could not be shown";
	}
}

/* The small one, over the cells that the large one will take. */
static struct raster *
small_of(struct pictures *ps, struct shown *s, const struct tiny *t)
{
	int cols, rows;

	if (s->small == NULL && t != NULL && ps->known) {
		preview_fit((uint32_t)t->w * 1000, (uint32_t)t->h * 1000,
		    ps->g.cell_w, ps->g.cell_h, s->cols, s->rows, &cols, &rows);
		if (raster_of_tiny(
			&s->small, &ps->g, ++ps->next_id, t, cols, rows) != 0)
			s->small = NULL;
	}
	return s->small;
}

enum picture_state
pictures_draw(struct pictures *ps, struct draw *d, const struct picture_view *v)
{
	struct shown like = {
	    .key = v->key, .part = v->part, .cols = v->box.w, .rows = v->box.h};
	struct shown *s;

	if (v->box.w < 1 || v->box.h < 1 || pictures_are_off(ps))
		return PICTURE_COMING;
	if (!ps->asked_terminal) {
		ps->asked_terminal = true;
		ps->host->ask_terminal(ps->ctx);
	}
	s = find_or_add(ps, &like, v->path);
	if (s == NULL)
		return PICTURE_COMING;
	s->used = ps->frame;
	s->tiny_only = v->tiny_only;
	if (s->r != NULL)
		put_raster(d, v, s->r);
	else if (s->failed != 0)
		put_word(d, v, word_of(s->failed));
	else if (small_of(ps, s, v->tiny) != NULL)
		put_raster(d, v, s->small);
	else
		put_word(d, v, "...");
	return s->r != NULL	? PICTURE_SHOWN
	       : s->failed != 0 ? PICTURE_FAILED
				: PICTURE_COMING;
}

/* The first in view that is missing is what comes next. */
static void
want_next(struct pictures *ps)
{
	size_t i;

	for (i = 0; !ps->busy && ps->known && i < ps->n; i++) {
		if (ps->v[i].used != ps->frame || ps->v[i].r != NULL ||
		    ps->v[i].failed != 0 || ps->v[i].tiny_only)
			continue;
		ps->busy = true;
		ps->want = ps->v[i];
		ps->want_ground = ps->ground;
		ps->host->load(ps->ctx, ps->want.key, ps->want.path);
	}
}

void
pictures_end(struct pictures *ps, struct draw *d)
{
	if (!pictures_are_off(ps))
		want_next(ps);
	while (bytes_of(ps) > PICTURES_BYTES_MAX && evict(ps))
		;
	if (ps->unsend.len > 0 &&
	    draw_later(d, ps->unsend.p, ps->unsend.len) == 0)
		buf_reset(&ps->unsend);
}

bool
pictures_size(const struct pictures *ps, uint64_t key, uint32_t *w, uint32_t *h)
{
	size_t i;

	for (i = 0; i < ps->n; i++) {
		if (ps->v[i].key == key && ps->v[i].w > 0) {
			*w = ps->v[i].w;
			*h = ps->v[i].h;
			return true;
		}
	}
	return false;
}

/* ---- answers ------------------------------------------------------------------------------ */

static void
done(struct pictures *ps, int code, struct raster *r, uint32_t w, uint32_t h)
{
	struct shown *s = find(ps, &ps->want);

	ps->busy = false;
	if (s == NULL || s->r != NULL) { /* nobody wants it any more */
		raster_free(r);
	} else {
		s->r = r;
		s->failed = code;
		s->w = w;
		s->h = h;
		raster_free(s->small);
		s->small = NULL;
	}
	ps->host->changed(ps->ctx);
}

void
pictures_file(
    struct pictures *ps, uint64_t key, const uint8_t *p, size_t len, int code)
{
	struct preview_ask ask = {.file = p, .len = len, .part = ps->want.part};
	int r = code;

	if (!ps->busy || key != ps->want.key)
		return;
	if (r == 0) {
		ps->want_ground = ps->ground;
		raster_ask(&ps->g, ps->want.cols, ps->want.rows, &ask);
		r = ps->host->ask(ps->ctx, &ask);
	}
	if (r != 0)
		done(ps, r, NULL, 0, 0);
}

void
pictures_answer(struct pictures *ps, int code, struct preview_answer *answer)
{
	struct raster *r = NULL;
	uint32_t w = 0, h = 0;

	if (!ps->busy)
		return;
	if (ps->want_ground != ps->ground) { /* it was for another one */
		ps->busy = false;
		ps->host->changed(ps->ctx);
		return;
	}
	if (answer != NULL) {
		w = answer->width;
		h = answer->height;
		code = raster_new(&r, &ps->g, ++ps->next_id, answer);
	}
	done(ps, code, r, w, h);
}
