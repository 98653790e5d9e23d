/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_help.c — F1: the keys that work where one was, then all others, from
 * the one table. */
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

#define KEYS_W 30 /* cells for the keys */

static void
help_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_HELP;
	out[1] = CTX_NONE;
}

struct page { /* lines go into the box from line top on */
	struct app *a;
	struct box b;
	int line; /* of the whole text */
};

static int
page_y(const struct page *p)
{
	int y = p->line - p->a->vs->help.top;

	return y >= 0 && y < p->b.h ? p->b.y + y : -1;
}

static void
put_row(struct page *p, const struct keymap_row *r)
{
	int y = page_y(p), keys = p->b.w >= 60 ? KEYS_W : p->b.w;
	struct text_wrap w;
	struct text_line l;

	draw_elide(p->a->draw, y, p->b.x, keys, r->keys, ST_STRONG);
	if (keys == p->b.w)
		p->line++;
	text_wrap_init(&w, r->help, strlen(r->help),
	    keys < p->b.w ? p->b.w - keys - 1 : p->b.w - 2);
	while (text_wrap_next(&w, &l)) {
		draw_text(p->a->draw, page_y(p),
		    keys < p->b.w ? p->b.x + keys + 1 : p->b.x + 2, p->b.w,
		    r->help + l.start, l.len, ST_TEXT);
		p->line++;
	}
}

static void
put_context(struct page *p, enum key_ctx ctx)
{
	size_t i;

	draw_elide(p->a->draw, page_y(p), p->b.x, p->b.w, keymap_ctx_title(ctx),
	    ST_TITLE);
	p->line++;
	for (i = 0; i < keymap_nrows; i++) {
		if (keymap_rows[i].ctx == ctx)
			put_row(p, &keymap_rows[i]);
	}
	p->line++;
}

/* The contexts of the view below this one come first. */
static void
put_all(struct page *p)
{
	struct app *a = p->a;
	enum key_ctx here[APP_CONTEXTS_MAX] = {CTX_NONE}, ctx;
	bool done[CTX_HELP + 1] = {false};
	int i;

	if (a->nviews > 1 && a->views[a->nviews - 2]->contexts != NULL)
		a->views[a->nviews - 2]->contexts(a, here);
	for (i = 0; here[i] != CTX_NONE; i++) {
		put_context(p, here[i]);
		done[here[i]] = true;
	}
	for (ctx = CTX_GLOBAL; ctx <= CTX_HELP; ctx++) {
		if (!done[ctx])
			put_context(p, ctx);
	}
}

static void
help_draw(struct app *a, struct box b)
{
	struct help_view *h = &a->vs->help;
	struct page p = {.a = a};

	p.b = popup(a, b, 100, b.h, "Keys");
	draw_cursor(a->draw, p.b.y, p.b.x);
	put_all(&p);
	h->lines = p.line - 1;
	h->view = p.b.h;
	if (h->top > h->lines - h->view) { /* the window has grown */
		h->top = h->lines > h->view ? h->lines - h->view : 0;
		draw_fill(a->draw, p.b, ST_BOX);
		p.line = 0;
		put_all(&p);
	}
}

static bool
help_act(struct app *a, enum action act, int digit)
{
	struct help_view *h = &a->vs->help;
	int page = h->view > 2 ? h->view - 1 : 1;

	(void)digit;
	switch (act) {
	case ACT_HELP_UP:
		h->top--;
		break;
	case ACT_HELP_DOWN:
		h->top++;
		break;
	case ACT_HELP_PAGE_UP:
		h->top -= page;
		break;
	case ACT_HELP_PAGE_DOWN:
		h->top += page;
		break;
	case ACT_HELP_CLOSE:
		app_close(a, &view_help);
		return true;
	default:
		return false;
	}
	if (h->top > h->lines - h->view)
		h->top = h->lines - h->view;
	if (h->top < 0)
		h->top = 0;
	return true;
}

static void
help_close(struct app *a)
{
	a->vs->help.top = 0;
}

const struct view_ops view_help = {
    .name = "help",
    .contexts = help_contexts,
    .draw = help_draw,
    .act = help_act,
    .close = help_close,
};
