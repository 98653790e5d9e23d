/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop_camera.c — a camera for the screen. A thread waits for a frame, the child
 * looks for a code in it and draws it, then the next one is waited for: one
 * frame at a time, as fast as the slowest of them.
 */
#include <stdlib.h>
#include <string.h>

#include "media/camera.h"
#include "tui/screen/loop.h"

#define WAIT_MS	   500 /* then the thread looks whether it is still wanted */
#define SILENT_MAX 10 /* times that nothing came: the camera is broken */

/* SOTTO_CAMERA names the source where there are several. */
#define SOURCE_VAR "SOTTO_CAMERA"

struct seeing {
	uv_work_t work;
	struct loop *l;
	struct camera *camera; /* the thread's while it works */
	struct preview_ask look; /* how a frame is drawn */
	struct buf frame;
	uint64_t asked; /* the child, 0: nothing */
	int code, silent;
	bool works; /* the thread does */
	bool stop;
};

static void step(struct seeing *s);

static void
seeing_free(struct seeing *s)
{
	camera_free(s->camera);
	buf_clear(&s->frame);
	free(s);
}

static void
ended(struct seeing *s, int code)
{
	struct loop *l = s->l;

	l->seeing = NULL;
	seeing_free(s);
	app_camera_ended(l->app, code);
}

/* On a thread of libuv's. */
static void
see(uv_work_t *w)
{
	struct seeing *s = w->data;

	s->code =
	    s->camera != NULL ? 0 : camera_open(&s->camera, getenv(SOURCE_VAR));
	if (s->code == 0)
		s->code = camera_frame(s->camera, WAIT_MS, &s->frame);
}

static void
on_drawn(void *ctx, uint64_t id, int code, struct preview_answer *answer)
{
	struct seeing *s = ctx;

	(void)id;
	s->asked = 0;
	if (code == 0)
		app_camera_picture(s->l->app, answer);
	step(s);
}

static void
on_read(void *ctx, uint64_t id, int code, struct preview_answer *answer)
{
	struct seeing *s = ctx;
	struct loop *l = s->l;
	int r;

	(void)id;
	s->asked = 0;
	if (code == 0 && app_camera_text(l->app, answer->text))
		return; /* the view is closed, and s is no more */
	if (code != 0 && code != ERR_NOTFOUND && code != ERR_FORMAT &&
	    code != ERR_TIMEOUT && code != ERR_CLOSED) {
		ended(s, code);
		return;
	}
	s->look.file = s->frame.p;
	s->look.len = s->frame.len;
	r = loop_ask_child(l, &s->look, on_drawn, s, &s->asked);
	if (r != 0)
		ended(s, r);
}

static void
seen(uv_work_t *w, int status)
{
	struct seeing *s = w->data;
	struct preview_ask ask = {.what = PREVIEW_READ_QR};
	int r = status != 0 ? ERR_SYS : s->code;

	s->works = false;
	if (s->stop) {
		seeing_free(s);
		return;
	}
	if (r == ERR_TIMEOUT && ++s->silent < SILENT_MAX) {
		step(s);
		return;
	}
	if (r == 0) {
		s->silent = 0;
		ask.file = s->frame.p;
		ask.len = s->frame.len;
		r = loop_ask_child(s->l, &ask, on_read, s, &s->asked);
	}
	if (r != 0)
		ended(s, r);
}

static void
step(struct seeing *s)
{
	s->works = true;
	s->work.data = s;
	uv_queue_work(&s->l->uv, &s->work, see, seen);
}

void
loop_camera(struct loop *l, const struct preview_ask *ask)
{
	struct seeing *s;

	loop_camera_stop(l);
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		app_camera_ended(l->app, ERR_NOMEM);
		return;
	}
	s->l = l;
	s->look = *ask;
	buf_init(&s->frame, CAMERA_FRAME_MAX);
	l->seeing = s;
	step(s);
}

void
loop_camera_stop(struct loop *l)
{
	struct seeing *s = l->seeing;

	l->seeing = NULL;
	if (s == NULL)
		return;
	if (s->asked != 0 && l->preview != NULL)
		preview_cancel(l->preview, s->asked);
	if (s->works)
		s->stop = true; /* seen() frees it */
	else
		seeing_free(s);
}
