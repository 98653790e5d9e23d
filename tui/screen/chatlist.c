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

/* ---- lines of the list: chats, and one that archived ones are behind --------- */

static int
line_count(const struct app *a)
{
	size_t shown = model_shown(&a->m), rest = a->m.n - shown;

	return (int)(shown + (rest > 0) + (a->unfolded ? rest : 0));
}

/* The chat, or LIST_ARCHIVE. */
static int64_t
line_id(const struct app *a, int i)
{
	size_t shown = model_shown(&a->m), at = (size_t)i;

	if (at == shown)
		return LIST_ARCHIVE;
	return a->m.v[at < shown ? at : at - 1]->id;
}

static int
marked_index(const struct app *a)
{
	int i, n = line_count(a);

	for (i = 0; i < n; i++) {
		if (line_id(a, i) == a->marked)
			return i;
	}
	return 0;
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

int
list_step(enum action act, int page)
{
	switch (act) {
	case ACT_LIST_UP:
	case ACT_DETAILS_UP:
	case ACT_DEVICE_UP:
	case ACT_MENU_UP:
		return -1;
	case ACT_LIST_DOWN:
	case ACT_DETAILS_DOWN:
	case ACT_DEVICE_DOWN:
	case ACT_MENU_DOWN:
		return 1;
	case ACT_LIST_PAGE_UP:
	case ACT_DETAILS_PAGE_UP:
		return -page;
	case ACT_LIST_PAGE_DOWN:
	case ACT_DETAILS_PAGE_DOWN:
		return page;
	default:
		return 0;
	}
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

static int
sign_width(const struct app *a, enum sign sign)
{
	const char *s = theme_sign(draw_theme(a->draw), sign);

	return text_width(s, strlen(s));
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

	if (c->unread == 0 && !c->marked_unread)
		return 0;
	if (c->mentioned && c->unread > 0) {
		w = snprintf(text, sizeof(text), " @%u ", c->unread);
		draw_str(a->draw, y, end - w, w, text, ST_UNREAD);
		return w + 1;
	}
	w = c->unread == 0    ? snprintf(text, sizeof(text), "   ")
	    : c->unread > 999 ? snprintf(text, sizeof(text), " 999+ ")
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

/* Pinned and muted, right-aligned; returns the cells taken. */
static int
draw_signs(
    struct app *a, int y, int end, const struct chat *c, const struct look *l)
{
	int x = end;

	if (model_is_muted(c, a->wall)) {
		x -= sign_width(a, SIGN_MUTED);
		draw_sign(a->draw, y, x, SIGN_MUTED, l->dim);
		x--;
	}
	if (c->pinned_ms != 0) {
		x -= sign_width(a, SIGN_PINNED);
		draw_sign(a->draw, y, x, SIGN_PINNED, l->dim);
		x--;
	}
	return end - x;
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
	int room = w - (c->trust != TRUST_FIRST_USE ? 2 : 0), used = 0;

	if (c->group && room > 4) {
		used = draw_sign(a->draw, y, x, SIGN_GROUP, l->dim) + 1;
		x += used;
		room -= used;
	}
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
	w += draw_signs(a, b.y + 1, end - w, c, l);
	draw_last(a, b.y + 1, x, end - w - x, c, l);
}

static void
draw_one(
    struct app *a, struct box b, const struct chat *c, const struct look *l)
{
	char when[WHEN_CAP] = "";
	int x = b.x + 1, end = b.x + b.w - 1, w;

	end -= draw_unread(a, b.y, end, c);
	end -= draw_signs(a, b.y, end, c, l);
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

/* "▸ Archived", how many, and what is unread in them. */
static void
draw_archive(struct app *a, struct box b, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_DIM;
	size_t shown = model_shown(&a->m), i;
	unsigned unread = 0;
	char text[64];
	int n;

	for (i = shown; i < a->m.n; i++)
		unread += a->m.v[i]->unread;
	if (unread > 0)
		snprintf(text, sizeof(text), "Archived %zu, %u new",
		    a->m.n - shown, unread);
	else
		snprintf(text, sizeof(text), "Archived %zu", a->m.n - shown);
	draw_fill(a->draw, b, st);
	n = draw_sign(a->draw, b.y, b.x + 1,
	    a->unfolded ? SIGN_UNFOLDED : SIGN_FOLDED, st);
	draw_elide(a->draw, b.y, b.x + n + 2, b.w - n - 3, text, st);
	if (!marked)
		return;
	draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	draw_cursor(a->draw, b.y, b.x);
}

static void
draw_chat(struct app *a, struct box b, const struct chat *c, bool focus)
{
	struct look l = look_of(a, c, focus);

	draw_fill(a->draw, b, l.text);
	if (focus && c->id == a->marked) {
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, l.text);
		draw_cursor(a->draw, b.y, b.x);
	}
	if (b.h == 2)
		draw_two(a, b, c, &l);
	else
		draw_one(a, b, c, &l);
}

void
chatlist_draw(struct app *a, struct box b, bool focus)
{
	int each = lines_each(&b), at = marked_index(a), i, n;
	int count = line_count(a);
	struct box line;
	int64_t id;

	draw_fill(a->draw, b, ST_TEXT);
	strip_draw(a, b);
	b.h -= strip_rows(a, b);
	n = b.h / each;
	if (a->m.n == 0) {
		draw_empty(a, b);
		return;
	}
	if (a->marked == 0)
		a->marked = line_id(a, 0);
	list_move(&at, &a->list_top, count, n, 0);
	for (i = 0; i < n && a->list_top + i < count; i++) {
		id = line_id(a, a->list_top + i);
		line = (struct box){b.y + i * each, b.x, each, b.w};
		if (id == LIST_ARCHIVE)
			draw_archive(a, line, focus && id == a->marked);
		else
			draw_chat(a, line, model_find(&a->m, id), focus);
	}
}

int64_t
chatlist_at(struct app *a, struct box b, int y)
{
	int i = (y - b.y) / lines_each(&b) + a->list_top;

	if (strip_rows(a, b) > 0 && y == b.y + b.h - 1)
		return LIST_STATUS;
	return y >= b.y && i >= 0 && i < line_count(a) ? line_id(a, i) : 0;
}

bool
chatlist_act(struct app *a, enum action act)
{
	int at = marked_index(a), n = line_count(a), rows, cols, page;

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
		a->marked = line_id(a, at);
	return true;
}
