/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_palette.c — Ctrl-K: chats, people and commands by a few letters. */
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "common/text_fuzzy.h"
#include "tui/screen/palette.h"
#include "tui/screen/views.h"
#include "tui/screen/when.h"

#define BOX_W	    64
#define BOX_H	    20
#define RECENT_PART 30 /* a chat's recency adds at most so much to a score */

/* ---- ranking -------------------------------------------------------------------- */

/* Recency as a bonus: the first in the order of visits most, then less. */
static int
recency_bonus(const struct model *m, const struct chat *c)
{
	uint64_t ago;

	if (c->visited == 0)
		return 0;
	ago = m->visits - c->visited;
	return ago < RECENT_PART ? RECENT_PART - (int)ago : 1;
}

static void
try_chat(struct palette_entry *e, const struct model *m,
    const struct fuzzy_query *q, const struct chat *c)
{
	int by_name = fuzzy_match(q, c->title, strlen(c->title), NULL);
	int by_phone = fuzzy_match(q, c->phone, strlen(c->phone), NULL);

	*e = (struct palette_entry){.kind = PALETTE_CHAT, .chat = c->id};
	e->score = by_name > by_phone ? by_name : by_phone;
	/* A visit counts before a message, a message before none. */
	e->recent = c->visited > 0 ? UINT64_MAX / 2 + c->visited : c->sort_ms;
	if (e->score > 0 && q->n > 0)
		e->score += recency_bonus(m, c);
}

static int
by_rank(const void *a, const void *b)
{
	const struct palette_entry *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->recent != y->recent)
		return x->recent > y->recent ? -1 : 1;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind
				  : (int)x->command - (int)y->command;
}

/* Keep the best PALETTE_MAX: a full list gives up its worst. */
static void
keep(struct palette_entry *v, int *n, const struct palette_entry *e)
{
	int i, worst = 0;

	if (*n < PALETTE_MAX) {
		v[(*n)++] = *e;
		return;
	}
	for (i = 1; i < *n; i++) {
		if (by_rank(&v[i], &v[worst]) > 0)
			worst = i;
	}
	if (by_rank(e, &v[worst]) < 0)
		v[worst] = *e;
}

/* At least four digits, and nothing but what belongs to a number. */
static bool
looks_like_number(const char *s)
{
	int digits = 0;

	for (; *s != '\0'; s++) {
		if (*s >= '0' && *s <= '9')
			digits++;
		else if (strchr("+ -()/.", *s) == NULL)
			return false;
	}
	return digits >= 4;
}

int
palette_rank(struct palette_entry *v, const struct model *m, int64_t open,
    const char *query)
{
	struct palette_entry e;
	struct fuzzy_query q;
	size_t i;
	int n = 0;

	fuzzy_prepare(&q, query, strlen(query));
	for (i = 0; i < m->n; i++) {
		try_chat(&e, m, &q, m->v[i]);
		/* Where one is already comes last in the list of the recent. */
		if (q.n == 0 && m->v[i]->id == open)
			e.recent = 1;
		if (e.score > 0)
			keep(v, &n, &e);
	}
	for (i = 0; i < ncommands; i++) {
		e = (struct palette_entry){
		    .kind = PALETTE_COMMAND, .command = i};
		e.score = fuzzy_match(
		    &q, commands[i].help, strlen(commands[i].help), NULL);
		if (e.score == 0)
			e.score = fuzzy_match(&q, commands[i].word,
			    strlen(commands[i].word), NULL);
		if (e.score > 0)
			keep(v, &n, &e);
	}
	if (looks_like_number(query)) {
		e = (struct palette_entry){.kind = PALETTE_NUMBER};
		keep(v, &n, &e);
	}
	qsort(v, (size_t)n, sizeof(v[0]), by_rank);
	return n;
}

/* ---- the view --------------------------------------------------------------------- */

static void
refill(struct app *a)
{
	struct palette_view *p = &a->vs->palette;

	p->n = palette_rank(p->v, &a->m, a->open, edit_text(&p->edit));
	p->marked = p->top = 0;
}

void
palette_begin(struct app *a, uint32_t cp)
{
	struct palette_view *p = &a->vs->palette;

	edit_clear(&p->edit);
	edit_init(&p->edit, 200, 0);
	if (cp != 0 && edit_type(&p->edit, cp) != 0)
		return;
	refill(a);
	app_push(a, &view_palette);
}

static void
palette_close(struct app *a)
{
	edit_clear(&a->vs->palette.edit);
}

static void
palette_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_LIST;
	out[1] = CTX_EDIT;
	out[2] = CTX_NONE;
}

/* The text with the letters that match in another style. */
static void
draw_matches(struct app *a, int y, int x, int w, const char *s,
    const char *query, enum style st)
{
	struct fuzzy_query q;
	struct fuzzy_match m = {0};
	size_t at = 0, len = text_cut(s, strlen(s), w, NULL), n, k = 0;
	int used;

	fuzzy_prepare(&q, query, strlen(query));
	if (q.n == 0 || fuzzy_match(&q, s, strlen(s), &m) == 0)
		m.n = 0;
	for (; at < len; at += n, x += used) {
		n = text_next(s, len, at) - at;
		while (k < m.n && m.at[k] < at)
			k++;
		used = draw_text(a->draw, y, x, w, s + at, n,
		    k < m.n && m.at[k] == at ? ST_MATCH : st);
	}
}

static void
draw_entry(
    struct app *a, struct box b, const struct palette_entry *e, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_TEXT;
	enum style dim = marked ? ST_LIST_MARK_DIM : ST_DIM;
	const char *query = edit_text(&a->vs->palette.edit);
	char phone[E164_FORMAT_CAP];
	const struct chat *c;
	int x = b.x + 2, room = b.w - 3, n;

	draw_fill(a->draw, b, st);
	if (marked)
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	if (e->kind == PALETTE_NUMBER) {
		draw_printf(
		    a->draw, b.y, x, room, st, "Start a chat with %s", query);
		return;
	}
	if (e->kind == PALETTE_COMMAND) {
		n = (int)strlen(commands[e->command].word) + 2;
		draw_matches(a, b.y, x, room - n - 1, commands[e->command].help,
		    query, st);
		draw_printf(a->draw, b.y, b.x + b.w - n, n, dim, "/%s",
		    commands[e->command].word);
		return;
	}
	c = model_find(&a->m, e->chat);
	if (c == NULL)
		return;
	e164_format(phone, c->phone);
	n = text_width(phone, strlen(phone)) + 1;
	if (n + 16 < room && strcmp(phone, c->title) != 0) {
		draw_str(a->draw, b.y, b.x + b.w - n, n - 1, phone, dim);
		room -= n;
	}
	draw_matches(a, b.y, x, room - 1, c->title, query, st);
}

static void
palette_draw(struct app *a, struct box b)
{
	struct palette_view *p = &a->vs->palette;
	int i, x, rows = p->n > 0 ? p->n : 2;
	struct box in =
	    popup(a, b, BOX_W, rows + 3 < BOX_H ? rows + 3 : BOX_H, "Go to");

	x = in.x;

	x += draw_sign(a->draw, in.y, x, SIGN_PROMPT, ST_PROMPT) + 1;
	field_draw_edit(
	    a->draw, in.y, x, in.x + in.w - x, &p->edit, false, true);
	in.y++;
	in.h--;
	list_move(&p->marked, &p->top, p->n, in.h, 0);
	for (i = 0; i < in.h && p->top + i < p->n; i++)
		draw_entry(a, (struct box){in.y + i, in.x, 1, in.w},
		    &p->v[p->top + i], p->top + i == p->marked);
	if (p->n == 0)
		draw_wrapped(a->draw, in,
		    "Nothing is called so. A number starts a new chat.",
		    ST_DIM);
}

static void
pick(struct app *a)
{
	struct palette_view *p = &a->vs->palette;
	struct palette_entry e;
	char query[256];

	if (p->n == 0)
		return;
	e = p->v[p->marked];
	text_elide(query, sizeof(query), edit_text(&p->edit),
	    edit_len(&p->edit), 200, NULL);
	app_close(a, &view_palette);
	if (e.kind == PALETTE_CHAT)
		app_open_chat(a, e.chat);
	else if (e.kind == PALETTE_NUMBER)
		new_chat_begin(a, query);
	else
		app_do(a, commands[e.command].action, 0);
}

static bool
palette_act(struct app *a, enum action act, int digit)
{
	struct palette_view *p = &a->vs->palette;
	int by = list_step(act, 10);

	(void)digit;
	if (by != 0) {
		list_move(&p->marked, &p->top, p->n, 0, by);
		return true;
	}
	switch (act) {
	case ACT_LIST_PICK:
		pick(a);
		return true;
	case ACT_LIST_CLOSE:
		app_close(a, &view_palette);
		return true;
	default:
		if (!edit_act(&p->edit, act))
			return false;
		refill(a);
		return true;
	}
}

static bool
palette_type(struct app *a, uint32_t cp)
{
	if (edit_type(&a->vs->palette.edit, cp) == 0)
		refill(a);
	return true;
}

static bool
palette_paste(struct app *a, const char *s, size_t n)
{
	if (edit_paste(&a->vs->palette.edit, s, n) == 0)
		refill(a);
	return true;
}

static void
palette_event(struct app *a, const struct engine_event *ev)
{
	if (ev->kind == EV_CHATS)
		refill(a);
}

const struct view_ops view_palette = {
    .name = "palette",
    .contexts = palette_contexts,
    .draw = palette_draw,
    .act = palette_act,
    .type = palette_type,
    .paste = palette_paste,
    .event = palette_event,
    .close = palette_close,
};
