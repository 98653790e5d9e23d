/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_search.c — Ctrl-S: full text in this chat or everywhere; a hit is
 * jumped to, Esc in the conversation comes back. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/views.h"
#include "tui/screen/when.h"

#define BOX_W	90
#define BOX_H	40
#define CONTEXT 24 /* cells before the match in its line */

void
hit_clear(struct hit *h)
{
	free(h->title);
	if (h->text != NULL)
		sodium_memzero(h->text, strlen(h->text));
	free(h->text);
	memset(h, 0, sizeof(*h));
}

int
hit_from(struct hit *h, const struct hit_row *r)
{
	*h = (struct hit){
	    .title = strdup(r->title != NULL ? r->title : ""),
	    .text = strdup(r->msg.text != NULL ? r->msg.text : ""),
	    .chat = r->msg.chat,
	    .msg = r->msg.id,
	    .off = r->mark_off,
	    .len = r->mark_len,
	    .ms = r->msg.sent_ms,
	    .outgoing = r->msg.outgoing,
	    .starred = r->msg.starred,
	};
	if (h->title != NULL && h->text != NULL)
		return 0;
	hit_clear(h);
	return ERR_NOMEM;
}

static void
hits_clear(struct search_view *s)
{
	int i;

	for (i = 0; i < s->n; i++)
		hit_clear(&s->v[i]);
	s->n = s->marked = s->top = 0;
}

void
search_forget(struct app *a)
{
	hits_clear(&a->vs->search);
	edit_clear(&a->vs->search.edit);
}

/* One question at a time: what is typed meanwhile is asked afterwards. */
static void
ask(struct app *a)
{
	struct search_view *s = &a->vs->search;
	const char *words = edit_text(&s->edit);

	if (s->tag != 0) {
		s->again = true;
		return;
	}
	s->again = false;
	if (words[strspn(words, " ")] == '\0') {
		hits_clear(s);
		s->asked = false;
		return;
	}
	s->tag = app_tag(a);
	if (!app_asked(a,
		a->be->search(a->e, s->tag, s->chat, words, SEARCH_HITS_MAX)))
		s->tag = 0;
}

void
search_begin(struct app *a, const char *words)
{
	struct search_view *s = &a->vs->search;

	/* After a jump the same search is there again, with its hits. */
	if (words != NULL || !a->back.valid || s->n == 0) {
		edit_clear(&s->edit);
		edit_init(&s->edit, 300, 0);
		hits_clear(s);
		s->chat = a->open;
		s->asked = s->failed = false;
		if (words != NULL &&
		    edit_set(&s->edit, words, strlen(words)) != 0)
			return;
	}
	app_push(a, &view_search);
	if (words != NULL)
		ask(a);
}

static void
search_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_SEARCH;
	out[1] = CTX_LIST;
	out[2] = CTX_EDIT;
	out[3] = CTX_NONE;
}

/* ---- drawing --------------------------------------------------------------------- */

/* A text of several lines as one, beginning a little before the match. */
static void
draw_excerpt(
    struct app *a, int y, int x, int w, const struct hit *h, enum style st)
{
	size_t len = strlen(h->text), off = h->off, mark = h->len, from, n;
	char line[512];
	int used = 0;

	if (off > len)
		off = len;
	if (mark > len - off)
		mark = len - off;
	from = text_cut_left(
	    h->text, off, w / 3 < CONTEXT ? w / 3 : CONTEXT, NULL);
	if (from > 0) {
		used = draw_sign(a->draw, y, x, SIGN_ELLIPSIS, st);
	}
	n = text_sanitize(
	    line, sizeof(line), h->text + from, off - from, TEXT_LINE);
	used += draw_text(a->draw, y, x + used, w - used, line, n, st);
	n = text_sanitize(line, sizeof(line), h->text + off, mark, TEXT_LINE);
	used += draw_text(a->draw, y, x + used, w - used, line, n, ST_MATCH);
	text_sanitize(line, sizeof(line), h->text + off + mark,
	    len - off - mark < 400 ? len - off - mark : 400, TEXT_LINE);
	draw_elide(a->draw, y, x + used, w - used, line, st);
}

void
hit_draw(struct app *a, struct box b, const struct hit *h, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_STRONG;
	enum style dim = marked ? ST_LIST_MARK_DIM : ST_DIM;
	const struct chat *c = model_find(&a->m, h->chat);
	const char *who = c != NULL ? c->title : h->title;
	char when[WHEN_CAP];
	int w;

	draw_fill(a->draw, b, marked ? ST_LIST_MARK : ST_TEXT);
	if (marked)
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	when_short(when, h->ms, a->wall);
	w = text_width(when, strlen(when));
	draw_str(a->draw, b.y, b.x + b.w - w, w, when, dim);
	if (h->starred) {
		w += 2;
		draw_sign(a->draw, b.y, b.x + b.w - w, SIGN_STAR, dim);
	}
	draw_elide(
	    a->draw, b.y, b.x + 2, b.w - w - 3, h->outgoing ? "You" : who, st);
	if (h->outgoing)
		draw_printf(
		    a->draw, b.y, b.x + 6, b.w - w - 7, dim, "to %s", who);
	draw_excerpt(a, b.y + 1, b.x + 2, b.w - 2, h,
	    marked ? ST_LIST_MARK_DIM : ST_TEXT);
}

static void
draw_nothing(struct app *a, struct box b)
{
	const struct search_view *s = &a->vs->search;
	const char *text = "Type a few words, or only their beginnings.";

	if (s->failed)
		text = "The search failed.";
	else if (s->asked && s->chat != 0)
		text = "Nothing found here. Tab searches everywhere.";
	else if (s->asked)
		text = "Nothing found.";
	draw_wrapped(a->draw, b, text, ST_DIM);
}

static void
search_draw(struct app *a, struct box b)
{
	struct search_view *s = &a->vs->search;
	const struct chat *c = s->chat != 0 ? model_find(&a->m, s->chat) : NULL;
	struct box in;
	char title[160];
	int i, view, x;

	snprintf(title, sizeof(title), "Search %s%.120s",
	    c != NULL ? "in " : "everywhere", c != NULL ? c->title : "");
	in = popup(a, b, BOX_W, BOX_H, title);
	x = in.x + draw_sign(a->draw, in.y, in.x, SIGN_PROMPT, ST_PROMPT) + 1;
	field_draw_edit(
	    a->draw, in.y, x, in.x + in.w - x, &s->edit, false, true);
	in.y++;
	in.h--;
	view = in.h / HIT_ROWS;
	if (s->n == 0) {
		draw_nothing(a, in);
		return;
	}
	list_move(&s->marked, &s->top, s->n, view, 0);
	for (i = 0; i < view && s->top + i < s->n; i++)
		hit_draw(a,
		    (struct box){in.y + i * HIT_ROWS, in.x, HIT_ROWS, in.w},
		    &s->v[s->top + i], s->top + i == s->marked);
}

/* ---- keys, answers ------------------------------------------------------------------ */

static void
pick(struct app *a)
{
	struct search_view *s = &a->vs->search;
	const struct hit *h;

	if (s->n == 0)
		return;
	h = &s->v[s->marked];
	app_close(a, &view_search);
	app_jump(a, h->chat, h->msg, h->off, h->len);
}

static bool
search_act(struct app *a, enum action act, int digit)
{
	struct search_view *s = &a->vs->search;
	int by = list_step(act, 5);

	(void)digit;
	if (by != 0) {
		list_move(&s->marked, &s->top, s->n, 0, by);
		return true;
	}
	switch (act) {
	case ACT_SEARCH_SCOPE:
		s->chat = s->chat == 0 ? a->open : 0;
		ask(a);
		return true;
	case ACT_LIST_PICK:
		pick(a);
		return true;
	case ACT_LIST_CLOSE:
		app_close(a, &view_search);
		return true;
	default:
		if (!edit_act(&s->edit, act))
			return false;
		ask(a);
		return true;
	}
}

static bool
search_type(struct app *a, uint32_t cp)
{
	if (edit_type(&a->vs->search.edit, cp) == 0)
		ask(a);
	return true;
}

static bool
search_paste(struct app *a, const char *s, size_t n)
{
	if (edit_paste(&a->vs->search.edit, s, n) == 0)
		ask(a);
	return true;
}

static void
take_hits(struct app *a, const struct engine_event *ev)
{
	struct search_view *s = &a->vs->search;
	size_t i;

	hits_clear(s);
	for (i = 0; i < ev->n && s->n < SEARCH_HITS_MAX; i++) {
		if (hit_from(&s->v[s->n], &ev->hits[i]) != 0) {
			app_asked(a, ERR_NOMEM);
			return;
		}
		s->n++;
	}
}

static void
search_event(struct app *a, const struct engine_event *ev)
{
	struct search_view *s = &a->vs->search;

	if (s->tag == 0 || ev->tag != s->tag)
		return;
	s->tag = 0;
	s->asked = true;
	s->failed = ev->kind == EV_ERROR;
	a->claimed = true;
	if (ev->kind == EV_HITS)
		take_hits(a, ev);
	if (s->again)
		ask(a);
}

static void
search_close(struct app *a)
{
	struct search_view *s = &a->vs->search;

	s->tag = 0;
	s->again = false;
}

const struct view_ops view_search = {
    .name = "search",
    .contexts = search_contexts,
    .draw = search_draw,
    .act = search_act,
    .type = search_type,
    .paste = search_paste,
    .event = search_event,
    .close = search_close,
};
