/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chatlist.c — the list of chats: one or two lines each, by the room there is. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"
#include "tui/screen/when.h"

#define TALL 16 /* rows from which a chat has two lines */

static int
lines_each(const struct box *b)
{
	return b->h >= TALL ? 2 : 1;
}

static int
marked_index(const struct app *a)
{
	size_t i = model_index(&a->m, a->marked);

	return i < a->m.n ? (int)i : 0;
}

void
list_move(int *marked, int *top, int n, int view, int by)
{
	*marked += by;
	if (*marked >= n)
		*marked = n - 1;
	if (*marked < 0)
		*marked = 0;
	if (*marked < *top)
		*top = *marked;
	if (view > 0 && *marked >= *top + view)
		*top = *marked - view + 1;
	if (*top > n - view)
		*top = n - view;
	if (*top < 0)
		*top = 0;
}

enum sign
sign_of(enum msg_state state)
{
	switch (state) {
	case MSG_SENT:
		return SIGN_SENT;
	case MSG_DELIVERED:
		return SIGN_DELIVERED;
	case MSG_READ:
		return SIGN_READ;
	case MSG_FAILED:
		return SIGN_FAILED;
	default:
		return SIGN_PENDING;
	}
}

/* ---- one chat ----------------------------------------------------------------- */

struct look { /* styles by whether the chat is open or marked */
	enum style text, strong, dim;
	bool flat; /* one background: other styles would break it */
};

static struct look
look_of(const struct app *a, const struct chat *c, bool focus)
{
	if (focus && c->id == a->marked)
		return (struct look){
		    ST_LIST_MARK, ST_LIST_MARK, ST_LIST_MARK_DIM, true};
	if (c->id == a->open)
		return (struct look){
		    ST_LIST_OPEN, ST_LIST_OPEN, ST_LIST_OPEN_DIM, true};
	return (struct look){ST_TEXT, ST_STRONG, ST_DIM, false};
}

/* The number in its box at the right end; returns the cells taken. */
static int
draw_unread(struct app *a, int y, int end, const struct chat *c)
{
	char text[16];
	int w;

	if (c->unread == 0)
		return 0;
	w = c->unread > 999 ? snprintf(text, sizeof(text), " 999+ ")
			    : snprintf(text, sizeof(text), " %u ", c->unread);
	draw_str(a->draw, y, end - w, w, text, ST_UNREAD);
	return w + 1;
}

/* "✓" when verified, "!" when the key has changed. */
static int
draw_trust(
    struct app *a, int y, int x, const struct chat *c, const struct look *l)
{
	if (c->trust == TRUST_VERIFIED)
		return 1 + draw_sign(a->draw, y, x + 1, SIGN_VERIFIED,
			       l->flat ? l->strong : ST_GOOD);
	if (c->trust == TRUST_CHANGED)
		return 1 + draw_sign(a->draw, y, x + 1, SIGN_CHANGED,
			       l->flat ? l->strong : ST_WARN);
	return 0;
}

/* What the second line says. */
static int
draw_last(struct app *a, int y, int x, int w, const struct chat *c,
    const struct look *l)
{
	int used = 0;

	if (c->typing_until != 0)
		return draw_elide(a->draw, y, x, w, "typing...",
		    l->flat ? l->dim : ST_TYPING);
	if (c->draft[0] != '\0' && c->id != a->open) {
		used = draw_str(
		    a->draw, y, x, w, "Draft: ", l->flat ? l->dim : ST_DRAFT);
		return used + draw_elide(a->draw, y, x + used, w - used,
				  c->draft, l->dim);
	}
	if (c->last_outgoing && c->last_text[0] != '\0') {
		used = draw_sign(a->draw, y, x, sign_of(c->last_state),
		    l->flat			  ? l->dim
		    : c->last_state == MSG_READ	  ? ST_READ
		    : c->last_state == MSG_FAILED ? ST_ERROR
						  : l->dim);
		used++;
	}
	return used + draw_elide(a->draw, y, x + used, w - used, c->last_text,
			  c->unread > 0 && !l->flat ? ST_TEXT : l->dim);
}

/* The title and its marks in w cells. */
static void
draw_title(struct app *a, int y, int x, int w, const struct chat *c,
    const struct look *l)
{
	int room = w - (c->trust != TRUST_FIRST_USE ? 2 : 0), used;

	used = draw_elide(a->draw, y, x, room, c->title, l->strong);
	draw_trust(a, y, x + used, c, l);
}

static void
draw_two(
    struct app *a, struct box b, const struct chat *c, const struct look *l)
{
	char when[WHEN_CAP] = "";
	int w, x = b.x + 1, end = b.x + b.w - 1;

	if (c->last_ms != 0)
		when_short(when, c->last_ms, a->wall);
	w = text_width(when, strlen(when));
	draw_str(a->draw, b.y, end - w, w, when,
	    c->unread > 0 && !l->flat ? ST_GOOD : l->dim);
	if (c->online)
		x += draw_sign(a->draw, b.y, x, SIGN_ONLINE,
			 l->flat ? l->strong : ST_GOOD) +
		     1;
	draw_title(a, b.y, x, end - w - 1 - x, c, l);
	x = b.x + 1;
	w = draw_unread(a, b.y + 1, end, c);
	draw_last(a, b.y + 1, x, end - w - x, c, l);
}

static void
draw_one(
    struct app *a, struct box b, const struct chat *c, const struct look *l)
{
	char when[WHEN_CAP] = "";
	int x = b.x + 1, end = b.x + b.w - 1, w;

	end -= draw_unread(a, b.y, end, c);
	if (c->last_ms != 0 && b.w >= 24) {
		when_short(when, c->last_ms, a->wall);
		w = text_width(when, strlen(when));
		draw_str(a->draw, b.y, end - w, w, when,
		    c->unread > 0 && !l->flat ? ST_GOOD : l->dim);
		end -= w + 1;
	}
	if (c->typing_until != 0)
		draw_elide(a->draw, b.y, x, end - x, "typing...",
		    l->flat ? l->strong : ST_TYPING);
	else
		draw_title(a, b.y, x, end - x, c, l);
}

/* ---- the list ------------------------------------------------------------------ */

static void
draw_empty(struct app *a, struct box b)
{
	b.x++;
	b.w -= 2;
	b.y++;
	b.h--;
	draw_wrapped(a->draw, b,
	    "No chats yet.\n\nF2 starts one with a phone number.", ST_DIM);
}

void
chatlist_draw(struct app *a, struct box b, bool focus)
{
	int each = lines_each(&b), n = b.h / each, at = marked_index(a), i;
	struct look l;
	struct box line;

	draw_fill(a->draw, b, ST_TEXT);
	if (a->m.n == 0) {
		draw_empty(a, b);
		return;
	}
	if (a->marked == 0)
		a->marked = a->m.v[0]->id;
	list_move(&at, &a->list_top, (int)a->m.n, n, 0);
	for (i = 0; i < n && a->list_top + i < (int)a->m.n; i++) {
		const struct chat *c = a->m.v[a->list_top + i];

		l = look_of(a, c, focus);
		line = (struct box){b.y + i * each, b.x, each, b.w};
		draw_fill(a->draw, line, l.text);
		if (focus && c->id == a->marked) {
			draw_sign(a->draw, line.y, line.x, SIGN_MARK, l.text);
			draw_cursor(a->draw, line.y, line.x);
		}
		if (each == 2)
			draw_two(a, line, c, &l);
		else
			draw_one(a, line, c, &l);
	}
}

int64_t
chatlist_at(struct app *a, struct box b, int y)
{
	int i = (y - b.y) / lines_each(&b) + a->list_top;

	return y >= b.y && i >= 0 && i < (int)a->m.n ? a->m.v[i]->id : 0;
}

bool
chatlist_act(struct app *a, enum action act)
{
	int at = marked_index(a), n = (int)a->m.n, rows, cols, page;

	draw_size(a->draw, &rows, &cols);
	page = rows >= TALL + 2 ? (rows - 2) / 2 : rows - 2;
	switch (act) {
	case ACT_CL_UP:
		at--;
		break;
	case ACT_CL_DOWN:
		at++;
		break;
	case ACT_CL_PAGE_UP:
		at -= page;
		break;
	case ACT_CL_PAGE_DOWN:
		at += page;
		break;
	case ACT_CL_FIRST:
		at = 0;
		break;
	case ACT_CL_LAST:
		at = n - 1;
		break;
	default:
		return false;
	}
	list_move(&at, &a->list_top, n, page, 0);
	if (n > 0)
		a->marked = a->m.v[at]->id;
	return true;
}
