/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_starred.c — the starred messages of all chats or of one: to be jumped
 * to, as the hits of a search are. One whose star was taken off stays listed
 * until the view closes, so that it can have it back. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/views.h"

#define BOX_W 90
#define BOX_H 40

void
starred_forget(struct app *a)
{
	struct starred_view *v = &a->vs->starred;

	while (v->n > 0)
		hit_clear(&v->v[--v->n]);
	free(v->v);
	memset(v, 0, sizeof(*v));
}

static void
ask(struct app *a)
{
	struct starred_view *v = &a->vs->starred;
	const int64_t before = v->n > 0 ? v->v[v->n - 1].msg : 0;

	v->tag = app_tag(a);
	if (!app_asked(
		a, a->be->starred(a->e, v->tag, v->chat, before, STARRED_PAGE)))
		v->tag = 0;
}

/* From the first one on. */
static void
ask_afresh(struct app *a, int64_t chat, int64_t at)
{
	struct starred_view *v = &a->vs->starred;

	starred_forget(a);
	v->chat = chat;
	v->at = at;
	ask(a);
}

void
starred_begin(struct app *a, int64_t chat)
{
	/* After a jump the mark is where it was. */
	const int64_t at = a->back.valid ? a->vs->starred.at : 0;

	app_close(a, &view_starred);
	app_push(a, &view_starred);
	ask_afresh(a, chat, at);
}

static void
starred_close(struct app *a)
{
	const int64_t at = a->vs->starred.at;

	starred_forget(a);
	a->vs->starred.at = at;
}

static void
starred_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_STARRED;
	out[1] = CTX_LIST;
	out[2] = CTX_NONE;
}

static struct hit *
marked(const struct app *a)
{
	const struct starred_view *v = &a->vs->starred;

	return v->marked < v->n ? &v->v[v->marked] : NULL;
}

static bool
starred_offers(const struct app *a, enum action act)
{
	const struct hit *h = marked(a);

	switch (act) {
	case ACT_LIST_PICK:
		return h != NULL;
	case ACT_STARRED_OFF:
		return h != NULL && h->starred;
	case ACT_STARRED_UNDO:
		return a->vs->starred.undo != 0;
	default:
		return true;
	}
}

/* ---- drawing ------------------------------------------------------------------- */

static const char *
nothing(const struct starred_view *v)
{
	if (v->failed)
		return "The starred messages cannot be read.";
	if (v->tag != 0)
		return "One moment...";
	if (v->chat != 0)
		return "Nothing is starred here. Tab looks everywhere.";
	return "Nothing is starred. Ctrl-Up selects a message, s stars it.";
}

static void
starred_draw(struct app *a, struct box b)
{
	struct starred_view *v = &a->vs->starred;
	const struct chat *c = v->chat != 0 ? model_find(&a->m, v->chat) : NULL;
	char title[160];
	struct box in;
	int i, view;

	snprintf(title, sizeof(title), "Starred messages%s%.120s",
	    c != NULL ? " in " : "", c != NULL ? c->title : "");
	in = popup(a, b, BOX_W, BOX_H, title);
	draw_cursor(a->draw, in.y, in.x);
	if (v->n == 0) {
		draw_wrapped(a->draw, in, nothing(v), ST_DIM);
		return;
	}
	view = in.h / HIT_ROWS;
	list_move(&v->marked, &v->top, v->n, view, 0);
	for (i = 0; i < view && v->top + i < v->n; i++)
		hit_draw(a,
		    (struct box){in.y + i * HIT_ROWS, in.x, HIT_ROWS, in.w},
		    &v->v[v->top + i], v->top + i == v->marked);
	draw_cursor(a->draw, in.y + (v->marked - v->top) * HIT_ROWS, in.x);
}

/* ---- what is done ---------------------------------------------------------------- */

static void
pick(struct app *a)
{
	const struct hit *h = marked(a);
	int64_t chat, msg;

	if (h == NULL)
		return;
	chat = h->chat;
	msg = h->msg;
	a->vs->starred.at = msg;
	app_close(a, &view_details);
	app_close(a, &view_group);
	app_close(a, &view_starred);
	app_jump(a, chat, msg, 0, 0);
}

static struct hit *
find(struct starred_view *v, int64_t msg)
{
	int i;

	for (i = 0; i < v->n; i++) {
		if (v->v[i].msg == msg)
			return &v->v[i];
	}
	return NULL;
}

/* What the engine says of it draws the star, or no star. */
static void
take_off(struct app *a)
{
	const struct hit *h = marked(a);

	if (h == NULL || !h->starred ||
	    !app_asked(a, a->be->star(a->e, app_tag(a), h->msg, false)))
		return;
	a->vs->starred.undo = h->msg;
	app_notice(a, ST_TEXT, "No longer starred; u stars it again.");
}

static void
undo(struct app *a)
{
	struct starred_view *v = &a->vs->starred;
	const struct hit *h = find(v, v->undo);

	if (h == NULL ||
	    !app_asked(a, a->be->star(a->e, app_tag(a), h->msg, true)))
		return;
	v->marked = (int)(h - v->v);
	v->undo = 0;
	app_notice(a, ST_TEXT, "Starred again.");
}

static void
step(struct app *a, int by)
{
	struct starred_view *v = &a->vs->starred;

	list_move(&v->marked, &v->top, v->n, 0, by);
	if (v->more && v->tag == 0 && v->marked == v->n - 1)
		ask(a);
}

static bool
starred_act(struct app *a, enum action act, int digit)
{
	struct starred_view *v = &a->vs->starred;
	int by = list_step(act, 5);

	(void)digit;
	if (by != 0) {
		step(a, by);
		return true;
	}
	switch (act) {
	case ACT_STARRED_OFF:
		take_off(a);
		return true;
	case ACT_STARRED_UNDO:
		undo(a);
		return true;
	case ACT_STARRED_SCOPE:
		ask_afresh(a, v->chat == 0 ? a->open : 0, 0);
		return true;
	case ACT_LIST_PICK:
		pick(a);
		return true;
	case ACT_LIST_CLOSE:
		app_close(a, &view_starred);
		return true;
	default:
		return false;
	}
}

/* ---- events ------------------------------------------------------------------------ */

static void
append(struct app *a, const struct engine_event *ev)
{
	struct starred_view *v = &a->vs->starred;
	struct hit *grown;
	size_t i;

	grown = reallocarray(v->v, (size_t)v->n + ev->n + 1, sizeof(*grown));
	if (grown == NULL) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	v->v = grown;
	for (i = 0; i < ev->n; i++) {
		if (hit_from(&v->v[v->n], &ev->hits[i]) != 0) {
			app_asked(a, ERR_NOMEM);
			return;
		}
		if (v->v[v->n].msg == v->at)
			v->marked = v->n;
		v->n++;
	}
	v->more = ev->more_before && ev->n > 0;
}

static void
drop(struct starred_view *v, int i)
{
	hit_clear(&v->v[i]);
	memmove(
	    &v->v[i], &v->v[i + 1], (size_t)(v->n - i - 1) * sizeof(v->v[0]));
	v->n--;
	if (v->marked > i || v->marked == v->n)
		v->marked -= v->marked > 0;
}

static void
changed(struct app *a, const struct msg_row *row)
{
	struct hit *h = find(&a->vs->starred, row->id);
	char *text;

	if (h == NULL)
		return;
	text = strdup(row->text != NULL ? row->text : "");
	if (text == NULL) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	sodium_memzero(h->text, strlen(h->text));
	free(h->text);
	h->text = text;
	h->starred = row->starred;
}

static void
gone(struct starred_view *v, int64_t chat, int64_t msg)
{
	int i;

	for (i = v->n - 1; i >= 0; i--) {
		if (v->v[i].chat == chat && (msg == 0 || v->v[i].msg == msg))
			drop(v, i);
	}
	if (find(v, v->undo) == NULL)
		v->undo = 0;
}

static void
answered(struct app *a, const struct engine_event *ev)
{
	struct starred_view *v = &a->vs->starred;

	v->tag = 0;
	v->failed = ev->kind != EV_HITS;
	a->claimed = true;
	if (ev->kind == EV_HITS)
		append(a, ev);
}

static void
starred_event(struct app *a, const struct engine_event *ev)
{
	struct starred_view *v = &a->vs->starred;
	size_t i;

	if (v->tag != 0 && ev->tag == v->tag) {
		answered(a, ev);
		return;
	}
	switch (ev->kind) {
	case EV_MSG_CHANGED:
		for (i = 0; i < ev->n; i++)
			changed(a, &ev->msgs[i]);
		break;
	case EV_MSG_GONE:
		gone(v, ev->chat, ev->msg_id);
		break;
	case EV_CHAT_CLEARED:
	case EV_CHAT_GONE:
		gone(v, ev->chat, 0);
		break;
	default:
		break;
	}
}

const struct view_ops view_starred = {
    .name = "starred",
    .contexts = starred_contexts,
    .offers = starred_offers,
    .draw = starred_draw,
    .act = starred_act,
    .event = starred_event,
    .close = starred_close,
};
