/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_camera.c — what the camera sees, in half blocks, until there is a code
 * in it that is looked for. */
#include <stdio.h>
#include <string.h>

#include "media/camera.h"
#include "tui/screen/app_int.h"
#include "tui/screen/picture_caps.h"

#define BOX_W	 76 /* at most */
#define BOX_H	 22
#define COLS_MAX 64
#define ROWS_MAX 18
#define WORDS	 "Hold the code before the camera. It is read by itself."

/* Half blocks in any terminal: they are quick, and it is there to aim by. */
static void
ground_of(struct app *a, struct raster_ground *g)
{
	const struct theme *t = draw_theme(a->draw);
	struct picture_caps none = {0};

	picture_caps_ground(
	    &none, PICTURE_BLOCKS, t->depth, false, t->ascii, g);
}

void
camera_begin(struct app *a, const char *title, seen_fn *seen)
{
	struct camera_view *v = &a->vs->camera;
	struct preview_ask ask = {0};
	struct raster_ground g;

	app_close(a, &view_camera);
	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	v->seen = seen;
	ground_of(a, &g);
	raster_ask(&g, COLS_MAX, ROWS_MAX, &ask);
	app_push(a, &view_camera);
	a->host->camera(a->host_ctx, &ask);
}

static void
camera_close(struct app *a)
{
	struct camera_view *v = &a->vs->camera;

	a->host->camera_stop(a->host_ctx);
	raster_free(v->shown);
	memset(v, 0, sizeof(*v));
}

static void
camera_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_CAMERA;
	out[1] = CTX_NONE;
}

static void
camera_draw(struct app *a, struct box b)
{
	struct camera_view *v = &a->vs->camera;
	struct box in = popup(a, b, BOX_W, BOX_H, v->title);
	const char *words = v->said[0] != '\0' ? v->said : WORDS;
	enum style st = v->ended ? ST_ERROR : ST_TEXT;
	int x, n;

	draw_cursor(a->draw, in.y, in.x);
	n = draw_wrapped(a->draw, in, words, st);
	in.y += n;
	in.h -= n;
	if (v->shown == NULL || in.h < 1)
		return;
	x = in.w - raster_cols(v->shown);
	draw_raster(
	    a->draw, in.y, in.x + (x > 0 ? x / 2 : 0), in.h, v->shown, 0);
}

static bool
camera_act(struct app *a, enum action act, int digit)
{
	(void)digit;
	if (act != ACT_CAMERA_CLOSE)
		return false;
	app_close(a, &view_camera);
	return true;
}

/* ---- what comes -------------------------------------------------------------------- */

bool
app_camera_text(struct app *a, const char *text)
{
	struct camera_view *v = &a->vs->camera;

	if (!app_is_open(a, &view_camera))
		return false;
	if (v->seen(a, text))
		return true;
	snprintf(v->said, sizeof(v->said),
	    "There is a code, but not one of a new device.");
	a->dirty = true;
	return false;
}

void
app_camera_picture(struct app *a, struct preview_answer *answer)
{
	struct camera_view *v = &a->vs->camera;
	struct raster_ground g;
	struct raster *r = NULL;

	if (!app_is_open(a, &view_camera))
		return;
	ground_of(a, &g);
	if (raster_new(&r, &g, 1, answer) != 0)
		return; /* the next one, perhaps */
	raster_free(v->shown);
	v->shown = r;
	a->dirty = true;
}

void
app_camera_ended(struct app *a, int code)
{
	struct camera_view *v = &a->vs->camera;
	struct engine_event ev = {.code = code};
	char words[sizeof(v->said)];

	if (!app_is_open(a, &view_camera))
		return;
	snprintf(words, sizeof(words), "%s", camera_sentence(code));
	ev.text = words;
	app_sentence(&ev, v->said, sizeof(v->said));
	v->ended = true;
	a->dirty = true;
}

const struct view_ops view_camera = {
    .name = "camera",
    .contexts = camera_contexts,
    .draw = camera_draw,
    .act = camera_act,
    .close = camera_close,
};
