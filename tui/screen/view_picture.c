/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_picture.c — pictures over the whole screen: zoom, pan, the next one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

#define WHOLE 65536u

/* A part of the picture, in halves of its size: 1 is all of it. */
static const unsigned zooms[] = {2, 3, 4, 6, 8, 12, 16, 24, 32};

static const struct picture_item *
item(const struct app *a)
{
	return &a->vs->picture.v[a->vs->picture.at];
}

static void
whole(struct picture_full *v)
{
	v->zoom = 0;
	v->x = v->y = WHOLE / 2;
}

/* The part that is shown: around the middle, inside the picture. */
static struct preview_part
part_of(const struct picture_full *v)
{
	uint32_t size = WHOLE * 2 / zooms[v->zoom], half = size / 2;
	uint32_t x = v->x < half ? half : v->x, y = v->y < half ? half : v->y;

	x = x > WHOLE - half ? WHOLE - half : x;
	y = y > WHOLE - half ? WHOLE - half : y;
	return (struct preview_part){x - half, y - half, size, size};
}

void
picture_begin(
    struct app *a, const struct picture_item *items, size_t n, size_t at)
{
	struct picture_full *v = &a->vs->picture;

	if (n < 1)
		return;
	app_close(a, &view_picture);
	v->n = n < PICTURE_ITEMS_MAX ? n : PICTURE_ITEMS_MAX;
	v->v = calloc(v->n, sizeof(v->v[0]));
	if (v->v == NULL) {
		app_notice(a, ST_ERROR, "Not done: %s.", err_str(ERR_NOMEM));
		return;
	}
	memcpy(v->v, items, v->n * sizeof(items[0]));
	v->at = at < v->n ? at : 0;
	whole(v);
	app_push(a, &view_picture);
}

/* Names of files are as their makers wanted them. */
static void
item_of_path(struct picture_item *it, const char *path)
{
	const char *name = strrchr(path, '/');
	char clean[TEXT_SANITIZE_CAP(256)];
	size_t n;

	name = name != NULL ? name + 1 : path;
	n = strlen(name);
	text_sanitize(clean, sizeof(clean), name, n < 256 ? n : 256, TEXT_LINE);
	text_elide(it->name, sizeof(it->name), clean, strlen(clean), 100, NULL);
	snprintf(it->path, sizeof(it->path), "%s", path);
	it->key = pictures_file_key(path);
}

static void
on_chosen(struct app *a, const char *const *paths, size_t n, int64_t arg)
{
	struct picture_item *v = calloc(n, sizeof(*v));
	size_t i;

	(void)arg;
	if (v == NULL) {
		app_notice(a, ST_ERROR, "Not done: %s.", err_str(ERR_NOMEM));
		return;
	}
	for (i = 0; i < n; i++)
		item_of_path(&v[i], paths[i]);
	picture_begin(a, v, n, 0);
	free(v);
}

void
look_begin(struct app *a)
{
	files_begin(a, "Look at pictures", FILES_MAX, on_chosen, 0);
}

static void
picture_close(struct app *a)
{
	free(a->vs->picture.v);
	memset(&a->vs->picture, 0, sizeof(a->vs->picture));
}

static void
picture_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_PICTURE;
	out[1] = CTX_NONE;
}

static void
draw_head(struct app *a, struct box b)
{
	const struct picture_full *v = &a->vs->picture;
	char right[64];
	int n;

	draw_fill(a->draw, b, ST_HEADER);
	n = v->n > 1
		? snprintf(right, sizeof(right), "%zu of %zu", v->at + 1, v->n)
		: snprintf(right, sizeof(right), "%s", "");
	if (v->zoom > 0)
		snprintf(right + n, sizeof(right) - (size_t)n,
		    "%s%u.%u\xc3\x97", n > 0 ? "  " : "", zooms[v->zoom] / 2,
		    zooms[v->zoom] % 2 * 5);
	n = draw_right(a->draw, b.y, b.x + 1, b.w - 2, right, ST_HEADER_DIM);
	draw_elide(a->draw, b.y, b.x + 1, b.w - 3 - n, item(a)->name,
	    ST_HEADER_STRONG);
}

static void
picture_draw(struct app *a, struct box b)
{
	struct picture_full *v = &a->vs->picture;
	struct picture_view pv = {.key = item(a)->key,
	    .path = item(a)->path[0] != '\0' ? item(a)->path : NULL,
	    .box = {b.y + 1, b.x, b.h - 1, b.w}};

	if (v->zoom > 0)
		pv.part = part_of(v);
	draw_fill(a->draw, b, ST_TEXT);
	draw_head(a, (struct box){b.y, b.x, 1, b.w});
	if (pictures_are_off(a->pictures))
		draw_wrapped(a->draw, pv.box,
		    "Pictures are off (F4). The system's viewer shows it: o.",
		    ST_DIM);
	else if (pictures_draw(a->pictures, a->draw, &pv) == PICTURE_FAILED)
		v->zoom = 0;
	draw_cursor(a->draw, b.y, b.x);
}

static void
turn(struct app *a, int by)
{
	struct picture_full *v = &a->vs->picture;
	size_t to = v->at + (size_t)by;

	if (to >= v->n) /* also below the first */
		return;
	v->at = to;
	whole(v);
}

static uint32_t
moved(uint32_t at, int by, uint32_t step, uint32_t half)
{
	int64_t to = (int64_t)at + (int64_t)by * step;

	if (to < half)
		return half;
	return to > WHOLE - half ? WHOLE - half : (uint32_t)to;
}

/* A quarter of what is shown; a whole picture is left by it. */
static void
pan(struct app *a, int dx, int dy)
{
	struct picture_full *v = &a->vs->picture;
	uint32_t size = WHOLE * 2 / zooms[v->zoom];

	if (v->zoom == 0) {
		turn(a, dx + dy);
		return;
	}
	v->x = moved(v->x, dx, size / 4, size / 2);
	v->y = moved(v->y, dy, size / 4, size / 2);
}

static void
zoom(struct app *a, int by)
{
	struct picture_full *v = &a->vs->picture;
	int to = v->zoom + by;

	if (to >= 0 && to < (int)ARRAY_LEN(zooms))
		v->zoom = to;
	if (v->zoom == 0)
		whole(v);
}

static void
open_elsewhere(struct app *a)
{
	if (item(a)->path[0] != '\0')
		a->host->open_file(a->host_ctx, item(a)->path);
	else
		app_notice(a, ST_WARN, "It is not a file on this machine yet.");
}

static bool
picture_act(struct app *a, enum action act, int digit)
{
	(void)digit;
	switch (act) {
	case ACT_PICTURE_IN:
		zoom(a, 1);
		return true;
	case ACT_PICTURE_OUT:
		zoom(a, -1);
		return true;
	case ACT_PICTURE_WHOLE:
		whole(&a->vs->picture);
		return true;
	case ACT_PICTURE_LEFT:
		pan(a, -1, 0);
		return true;
	case ACT_PICTURE_RIGHT:
		pan(a, 1, 0);
		return true;
	case ACT_PICTURE_UP:
		pan(a, 0, -1);
		return true;
	case ACT_PICTURE_DOWN:
		pan(a, 0, 1);
		return true;
	case ACT_PICTURE_NEXT:
		turn(a, 1);
		return true;
	case ACT_PICTURE_PREV:
		turn(a, -1);
		return true;
	case ACT_PICTURE_OPEN:
		open_elsewhere(a);
		return true;
	case ACT_PICTURE_CLOSE:
		app_close(a, &view_picture);
		return true;
	default:
		return false;
	}
}

static bool
picture_offers(const struct app *a, enum action act)
{
	if (act == ACT_PICTURE_NEXT)
		return a->vs->picture.n > 1;
	if (act == ACT_PICTURE_WHOLE)
		return a->vs->picture.zoom > 0;
	return act != ACT_PICTURE_OPEN || item(a)->path[0] != '\0';
}

const struct view_ops view_picture = {
    .name = "picture",
    .offers = picture_offers,
    .contexts = picture_contexts,
    .draw = picture_draw,
    .act = picture_act,
    .close = picture_close,
};
