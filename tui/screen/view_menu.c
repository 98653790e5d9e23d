/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_menu.c — one of a few words. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

void
menu_begin(struct app *a, const char *title, const char *const *words, int n,
    int marked, chosen_fn *done, int64_t arg)
{
	struct menu_view *v = &a->vs->menu;
	int i;

	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	v->n = n < MENU_MAX ? n : MENU_MAX;
	for (i = 0; i < v->n; i++)
		snprintf(v->words[i], sizeof(v->words[i]), "%s", words[i]);
	v->marked = marked;
	v->done = done;
	v->arg = arg;
	app_push(a, &view_menu);
}

static void
menu_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_MENU;
	out[1] = CTX_NONE;
}

static void
menu_draw(struct app *a, struct box b)
{
	struct menu_view *v = &a->vs->menu;
	struct box in, line;
	int i, w = text_width(v->title, strlen(v->title)) + 8, n;
	enum style st;

	for (i = 0; i < v->n; i++) {
		n = text_width(v->words[i], strlen(v->words[i])) + 8;
		w = n > w ? n : w;
	}
	in = popup(a, b, w < 30 ? 30 : w, v->n + 2, v->title);
	list_move(&v->marked, &v->top, v->n, in.h, 0);
	for (i = 0; i < in.h && v->top + i < v->n; i++) {
		st = v->top + i == v->marked ? ST_LIST_MARK : ST_TEXT;
		line = (struct box){in.y + i, in.x, 1, in.w};
		draw_fill(a->draw, line, st);
		draw_elide(a->draw, line.y, line.x + 2, line.w - 2,
		    v->words[v->top + i], st);
		if (st != ST_LIST_MARK)
			continue;
		draw_sign(a->draw, line.y, line.x, SIGN_MARK, st);
		draw_cursor(a->draw, line.y, line.x);
	}
}

static bool
menu_act(struct app *a, enum action act, int digit)
{
	struct menu_view *v = &a->vs->menu;
	chosen_fn *done = v->done;
	int marked = v->marked, by = list_step(act, 0);
	int64_t arg = v->arg;

	(void)digit;
	if (by != 0) {
		list_move(&v->marked, &v->top, v->n, 0, by);
		return true;
	}
	switch (act) {
	case ACT_MENU_TAKE:
		app_close(a, &view_menu);
		done(a, marked, arg);
		return true;
	case ACT_MENU_CLOSE:
		app_close(a, &view_menu);
		return true;
	default:
		return false;
	}
}

const struct view_ops view_menu = {
    .name = "menu",
    .contexts = menu_contexts,
    .draw = menu_draw,
    .act = menu_act,
};
