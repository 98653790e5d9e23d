/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_pick.c — one chat or several, found by a few letters. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/palette.h"
#include "tui/screen/views.h"

#define BOX_W 56
#define BOX_H 18

static bool
fits(const struct app *a, int64_t chat)
{
	const struct chat *c = model_find(&a->m, chat);

	return c != NULL && (!a->vs->pick.people || (!c->group && !c->to_self));
}

static void
refill(struct app *a)
{
	struct pick_view *p = &a->vs->pick;
	int n = palette_rank(p->v, &a->m, 0, edit_text(&p->edit)), i;

	for (p->n = i = 0; i < n; i++) { /* chats only */
		if (p->v[i].kind == PALETTE_CHAT && fits(a, p->v[i].chat))
			p->v[p->n++] = p->v[i];
	}
	p->marked = p->top = 0;
}

static void
begin(
    struct app *a, const char *title, size_t max, picked_fn *done, bool people)
{
	struct pick_view *p = &a->vs->pick;

	memset(p, 0, sizeof(*p));
	snprintf(p->title, sizeof(p->title), "%s", title);
	edit_init(&p->edit, 200, 0);
	p->max = max < PICK_MAX ? max : PICK_MAX;
	p->done = done;
	p->people = people;
	refill(a);
	app_push(a, &view_pick);
}

void
pick_begin(struct app *a, const char *title, size_t max, picked_fn *done)
{
	begin(a, title, max, done, false);
}

void
people_begin(struct app *a, const char *title, size_t max, picked_fn *done)
{
	begin(a, title, max, done, true);
}

static void
pick_close(struct app *a)
{
	edit_clear(&a->vs->pick.edit);
}

static void
pick_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_PICK;
	out[1] = CTX_LIST;
	out[2] = CTX_EDIT;
	out[3] = CTX_NONE;
}

static size_t
picked_at(const struct pick_view *p, int64_t chat)
{
	size_t i;

	for (i = 0; i < p->npicked; i++) {
		if (p->picked[i] == chat)
			break;
	}
	return i;
}

static void
draw_row(struct app *a, struct box b, int64_t chat, bool marked)
{
	const struct pick_view *p = &a->vs->pick;
	enum style st = marked ? ST_LIST_MARK : ST_TEXT;
	const struct chat *c = model_find(&a->m, chat);
	bool on = picked_at(p, chat) < p->npicked;

	draw_fill(a->draw, b, st);
	if (marked)
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	draw_str(a->draw, b.y, b.x + 2, 4, on ? "[x]" : "[ ]", st);
	if (c != NULL)
		draw_elide(a->draw, b.y, b.x + 6, b.w - 7, c->title, st);
}

static void
pick_draw(struct app *a, struct box b)
{
	struct pick_view *p = &a->vs->pick;
	int rows = p->n > 0 ? p->n : 1, x, i;
	char title[112];
	struct box in;

	if (p->npicked > 0)
		snprintf(
		    title, sizeof(title), "%s (%zu)", p->title, p->npicked);
	else
		snprintf(title, sizeof(title), "%s", p->title);
	in = popup(a, b, BOX_W, rows + 3 < BOX_H ? rows + 3 : BOX_H, title);
	x = in.x + draw_sign(a->draw, in.y, in.x, SIGN_PROMPT, ST_PROMPT) + 1;
	field_draw_edit(
	    a->draw, in.y, x, in.x + in.w - x, &p->edit, false, true);
	in.y++;
	in.h--;
	list_move(&p->marked, &p->top, p->n, in.h, 0);
	for (i = 0; i < in.h && p->top + i < p->n; i++)
		draw_row(a, (struct box){in.y + i, in.x, 1, in.w},
		    p->v[p->top + i].chat, p->top + i == p->marked);
	if (p->n == 0)
		draw_wrapped(a->draw, in, "Nobody is called so.", ST_DIM);
}

static void
toggle(struct app *a)
{
	struct pick_view *p = &a->vs->pick;
	int64_t chat;
	size_t at;

	if (p->n == 0)
		return;
	chat = p->v[p->marked].chat;
	at = picked_at(p, chat);
	if (at < p->npicked) {
		p->npicked--;
		memmove(&p->picked[at], &p->picked[at + 1],
		    (p->npicked - at) * sizeof(p->picked[0]));
	} else if (p->npicked == p->max) {
		app_notice(a, ST_WARN, "No more than %zu at once.", p->max);
	} else {
		p->picked[p->npicked++] = chat;
		list_move(&p->marked, &p->top, p->n, 0, 1);
	}
}

static void
done(struct app *a)
{
	struct pick_view *p = &a->vs->pick;

	if (p->npicked == 0 && p->n > 0) /* the marked one */
		p->picked[p->npicked++] = p->v[p->marked].chat;
	if (p->npicked == 0)
		return;
	app_close(a, &view_pick);
	p->done(a, p->picked, p->npicked);
}

static bool
pick_act(struct app *a, enum action act, int digit)
{
	struct pick_view *p = &a->vs->pick;
	int by = list_step(act, 10);

	(void)digit;
	if (by != 0) {
		list_move(&p->marked, &p->top, p->n, 0, by);
		return true;
	}
	switch (act) {
	case ACT_PICK_TOGGLE:
		toggle(a);
		return true;
	case ACT_PICK_DONE:
		done(a);
		return true;
	case ACT_LIST_CLOSE:
		app_close(a, &view_pick);
		return true;
	default:
		if (!edit_act(&p->edit, act))
			return false;
		refill(a);
		return true;
	}
}

static bool
pick_type(struct app *a, uint32_t cp)
{
	if (edit_type(&a->vs->pick.edit, cp) == 0)
		refill(a);
	return true;
}

static bool
pick_offers(const struct app *a, enum action act)
{
	(void)a;
	return act != ACT_LIST_PICK; /* Enter is PICK_DONE */
}

const struct view_ops view_pick = {
    .name = "pick",
    .offers = pick_offers,
    .contexts = pick_contexts,
    .draw = pick_draw,
    .act = pick_act,
    .type = pick_type,
    .close = pick_close,
};
