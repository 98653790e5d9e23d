/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_read.c — a text over the rest of the screen, to be read and closed:
 * details of a message, a text that can be looked at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/views.h"

#define BOX_W 72
#define BOX_H 20

void
read_begin(struct app *a, const char *title, const char *text)
{
	struct read_view *v = &a->vs->read;
	char *copy = strdup(text);

	if (copy == NULL) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	app_close(a, &view_read);
	v->text = copy;
	snprintf(v->title, sizeof(v->title), "%s", title);
	app_push(a, &view_read);
}

static void
read_close(struct app *a)
{
	struct read_view *v = &a->vs->read;

	if (v->text != NULL)
		sodium_memzero(v->text, strlen(v->text));
	free(v->text);
	memset(v, 0, sizeof(*v));
}

static void
read_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_READ;
	out[1] = CTX_NONE;
}

static void
read_draw(struct app *a, struct box b)
{
	struct read_view *v = &a->vs->read;
	int w = b.w < 50 ? b.w - 2 : BOX_W - 4, lines, i = 0;
	size_t len = strlen(v->text);
	struct text_wrap wr;
	struct text_line l;
	struct box in;

	lines = (int)text_wrap_count(v->text, len, w);
	in =
	    popup(a, b, BOX_W, lines + 2 < BOX_H ? lines + 2 : BOX_H, v->title);
	v->lines = (int)text_wrap_count(v->text, len, in.w);
	v->view = in.h;
	if (v->top > v->lines - v->view)
		v->top = v->lines > v->view ? v->lines - v->view : 0;
	draw_cursor(a->draw, in.y, in.x);
	text_wrap_init(&wr, v->text, len, in.w);
	for (; i < v->top + in.h && text_wrap_next(&wr, &l); i++) {
		if (i >= v->top)
			draw_text(a->draw, in.y + i - v->top, in.x, in.w,
			    v->text + l.start, l.len, ST_TEXT);
	}
	if (v->top + in.h < v->lines && in.h > 1)
		draw_right(a->draw, in.y + in.h - 1, in.x, in.w,
		    theme_sign(draw_theme(a->draw), SIGN_DOWN), ST_HINT);
}

static bool
read_act(struct app *a, enum action act, int digit)
{
	struct read_view *v = &a->vs->read;
	int page = v->view > 2 ? v->view - 1 : 1;

	(void)digit;
	switch (act) {
	case ACT_READ_UP:
		v->top--;
		break;
	case ACT_READ_DOWN:
		v->top++;
		break;
	case ACT_READ_PAGE_UP:
		v->top -= page;
		break;
	case ACT_READ_PAGE_DOWN:
		v->top += page;
		break;
	case ACT_READ_CLOSE:
		app_close(a, &view_read);
		return true;
	default:
		return false;
	}
	if (v->top > v->lines - v->view)
		v->top = v->lines - v->view;
	if (v->top < 0)
		v->top = 0;
	return true;
}

const struct view_ops view_read = {
    .name = "read",
    .contexts = read_contexts,
    .draw = read_draw,
    .act = read_act,
    .close = read_close,
};
