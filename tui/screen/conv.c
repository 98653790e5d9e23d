/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv.c — drawing the conversation: bubbles, separators, ticks. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/app_int.h"
#include "tui/screen/conv_media.h"
#include "tui/screen/when.h"

/* ---- the line above ------------------------------------------------------------ */

static void
presence_text(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	char when[WHEN_CAP];

	out[0] = '\0';
	if (c->typing_until != 0)
		snprintf(out, cap, "typing...");
	else if (c->group)
		room_words(a, out, cap);
	else if (c->online)
		snprintf(out, cap, "online");
	else if (c->last_seen_ms != 0)
		snprintf(out, cap, "seen %s",
		    when_seen(when, c->last_seen_ms, a->wall));
}

static int
draw_trust(struct app *a, int y, int x, int w, const struct chat *c)
{
	const struct theme *t = draw_theme(a->draw);
	char text[64];

	if (c->trust == TRUST_VERIFIED) {
		snprintf(text, sizeof(text), "%s verified",
		    theme_sign(t, SIGN_VERIFIED));
		return draw_elide(a->draw, y, x, w, text, ST_HEADER_GOOD);
	}
	if (c->trust == TRUST_CHANGED)
		return draw_elide(a->draw, y, x, w, "! safety number changed",
		    ST_HEADER_WARN);
	return 0;
}

/* The timer of new messages, muted, blocked. Returns the cells taken. */
static int
draw_state(struct app *a, int y, int x, int w, const struct chat *c)
{
	struct item timer = {.expire_s = c->expire_s};
	char left[HIST_LEFT_CELLS + 1];
	int n = 0;

	if (c->group && room_alarm(a) && w > 9)
		n += draw_str(a->draw, y, x, w, "! alarm", ST_HEADER_WARN) + 2;
	if (c->blocked && w > 9)
		n += draw_str(a->draw, y, x, w, "blocked", ST_HEADER_WARN) + 2;
	if (c->expire_s != 0 && w - n > 6) {
		n += draw_sign(a->draw, y, x + n, SIGN_TIMER, ST_HEADER);
		n += draw_str(a->draw, y, x + n, HIST_LEFT_CELLS,
			 hist_left(left, &timer, 0), ST_HEADER) +
		     2;
	}
	if (model_is_muted(c, a->wall) && w - n > 4)
		n += draw_sign(a->draw, y, x + n, SIGN_MUTED, ST_HEADER) + 2;
	return n;
}

void
conv_header(struct app *a, int y, int x, int w)
{
	const struct chat *c = app_chat(a);
	char seen[80];
	int end = x + w - 1, n;

	draw_fill(a->draw, (struct box){y, x, 1, w}, ST_HEADER);
	if (c == NULL)
		return;
	x++;
	presence_text(a, c, seen, sizeof(seen));
	n = text_width(seen, strlen(seen));
	if (n > 0 && n + 20 < w) {
		draw_str(a->draw, y, end - n, n, seen,
		    c->typing_until != 0 ? ST_HEADER_GOOD : ST_HEADER_DIM);
		end -= n + 2;
	}
	x += draw_sign(a->draw, y, x,
	    c->trust == TRUST_CHANGED ? SIGN_LOCK_OPEN : SIGN_LOCK, ST_HEADER);
	x++;
	n = draw_elide(a->draw, y, x, end - x > 2 ? end - x : 0, c->title,
	    ST_HEADER_STRONG);
	x += n + 2;
	x += draw_state(a, y, x, end - x, c);
	if (end - x > 8)
		draw_trust(a, y, x, end - x, c);
}

/* ---- one message ----------------------------------------------------------------- */

struct pen { /* the lines of the box still to be drawn */
	struct box b;
	int y; /* of the next line; may be above the box */
};

static bool
in_box(const struct pen *p)
{
	return p->y >= p->b.y && p->y < p->b.y + p->b.h;
}

/* "──── text ────" over the whole width. */
static void
separator(struct app *a, struct pen *p, const char *text, enum style st)
{
	int w = text_width(text, strlen(text)), x;

	if (in_box(p)) {
		if (w > p->b.w - 4)
			w = p->b.w - 4;
		x = p->b.x + (p->b.w - w) / 2;
		draw_hline(a->draw, p->y, p->b.x + 1, x - 2 - p->b.x, st);
		draw_elide(a->draw, p->y, x, w, text, st);
		draw_hline(a->draw, p->y, x + w + 1,
		    p->b.x + p->b.w - 1 - (x + w + 1), st);
	}
	p->y++;
}

static void
draw_separators(
    struct app *a, struct pen *p, const struct item *it, const struct layout *l)
{
	char text[WHEN_CAP];

	if (l->date)
		separator(a, p, when_day(text, it->ms, a->wall), ST_DATE);
	if (l->marker) {
		snprintf(text, sizeof(text), "%u new", a->hist.marker_count);
		separator(a, p, text, ST_MARKER);
	}
	p->y += l->gap;
}

static void
draw_note_line(
    struct app *a, struct pen *p, const struct item *it, const struct layout *l)
{
	struct text_wrap w;
	struct text_line line;
	int x;

	text_wrap_init(&w, it->text, it->len, l->wrap);
	for (; text_wrap_next(&w, &line); p->y++) {
		if (!in_box(p))
			continue;
		x = p->b.x + (p->b.w - line.width) / 2;
		draw_text(a->draw, p->y, x, l->wrap, it->text + line.start,
		    line.len, it->kind == MSG_KEY_CHANGED ? ST_WARN : ST_NOTE);
		if (it->id != a->hist.selected)
			continue;
		draw_sign(a->draw, p->y, x > p->b.x + 1 ? x - 2 : p->b.x,
		    SIGN_MARK, ST_PROMPT);
		if (a->selecting)
			draw_cursor(a->draw, p->y, p->b.x);
	}
}

/* How a text looks from `at` on, and up to where at most. */
static enum style
style_at(const struct hist *h, const struct item *it, size_t at, enum style st,
    size_t *end)
{
	size_t from = h->mark_off, to = from + h->mark_len;
	const struct mention_row *m;

	if (it->id == h->selected && at < to) {
		if (at >= from) {
			*end = to;
			return ST_MATCH;
		}
		*end = from;
	}
	for (size_t i = 0; i < it->n_mentions; i++) {
		m = &it->mentions[i];
		if (at >= (size_t)m->off + m->len)
			continue;
		if (at < m->off) {
			*end = m->off < *end ? m->off : *end;
			return st;
		}
		to = (size_t)m->off + m->len;
		*end = to < *end ? to : *end;
		return m->me	      ? ST_UNREAD
		       : it->outgoing ? ST_OWN_READ
				      : ST_TITLE;
	}
	return st;
}

/* Part of a line: the found text, and who is named, in other styles. */
static void
draw_marked(struct app *a, int y, int x, int w, const struct item *it,
    const struct text_line *l, enum style st)
{
	size_t at = l->start, last = l->start + l->len, end;
	enum style now;
	int used;

	for (; at < last && w > 0; at = end, x += used, w -= used) {
		end = last;
		now = style_at(&a->hist, it, at, st, &end);
		end = end < last ? end : last;
		used =
		    draw_text(a->draw, y, x, w, it->text + at, end - at, now);
	}
}

/* "edited", the star, the timer. Returns the cell behind them. */
static int
draw_marks(struct app *a, int y, int x, const struct item *it, bool brief,
    enum style st)
{
	char left[HIST_LEFT_CELLS + 1];
	int from = x, each = brief ? 0 : 1;

	if (it->edited && brief)
		x += draw_sign(a->draw, y, x, SIGN_EDITED, st);
	else if (it->edited)
		x += draw_str(a->draw, y, x, 6, "edited", st) + each;
	if (it->starred)
		x += draw_sign(a->draw, y, x, SIGN_STAR, st) + each;
	if (it->expire_s != 0) {
		x += draw_sign(a->draw, y, x, SIGN_TIMER, st);
		draw_str(a->draw, y, x, HIST_LEFT_CELLS,
		    hist_left(left, it, a->wall), st);
		x += HIST_LEFT_CELLS + each;
	}
	return x > from && brief ? x + 1 : x;
}

static void
draw_meta(struct app *a, int y, int end, const struct item *it, bool brief,
    enum style st)
{
	char clock[WHEN_CAP];
	int x = end - hist_meta_width(it, brief);
	enum style tick = st;

	x = draw_marks(a, y, x, it, brief, st);
	draw_str(a->draw, y, x, 5, when_clock(clock, it->ms), st);
	if (!it->outgoing)
		return;
	if (it->state == MSG_READ)
		tick = ST_OWN_READ;
	else if (it->state == MSG_FAILED)
		tick = ST_OWN_FAILED;
	draw_sign(a->draw, y, x + 6, sign_of(it->state), tick);
}

static void
draw_quote(
    struct app *a, int y, int x, int w, const struct item *it, enum style st)
{
	int n = draw_sign(a->draw, y, x, SIGN_QUOTE, st);

	n += draw_elide(a->draw, y, x + n, w - n, it->quote_from, st);
	n += draw_str(a->draw, y, x + n, w - n, ": ", st);
	draw_elide(a->draw, y, x + n, w - n, it->quote, st);
}

/* A colour that stays with its writer; the name says it, too. */
static enum style
who_style(const struct item *it)
{
	unsigned sum = 0;
	size_t i;

	for (i = 0; i < sizeof(it->author); i++)
		sum += it->author[i];
	return (enum style)(ST_WHO_1 + sum % 6);
}

/* One line of a bubble: its number counted from the top. */
static void
draw_part(struct app *a, int y, int x, const struct item *it,
    const struct layout *l, int i, const struct text_line *line)
{
	enum style st = it->outgoing ? ST_OWN : ST_THEIRS;
	enum style dim = it->outgoing ? ST_OWN_META : ST_DIM;
	int n;

	if (i < l->from) {
		draw_elide(a->draw, y, x, l->inner, it->from, who_style(it));
		return;
	}
	i -= l->from;
	if (i >= l->forwarded + l->quote && line == NULL &&
	    i < l->forwarded + l->quote + conv_media_lines(l)) {
		i -= l->forwarded + l->quote + l->picture;
		conv_media_line(a, y, x, it, l, i);
	} else if (i < l->forwarded) {
		n = draw_sign(a->draw, y, x, SIGN_FORWARDED, dim);
		draw_elide(
		    a->draw, y, x + n + 1, l->inner - n - 1, "forwarded", dim);
	} else if (i < l->forwarded + l->quote) {
		draw_quote(a, y, x, l->inner, it, dim);
	} else if (line != NULL) {
		draw_marked(a, y, x, l->inner, it, line,
		    it->state == MSG_WAITING || it->kind == MSG_ONCE ? ST_NOTE
								     : st);
	} else if (i < l->forwarded + l->quote + conv_media_lines(l) +
			   l->lines + l->reactions) {
		draw_elide(a->draw, y, x, l->inner, it->reactions, st);
	}
}

static void
draw_bubble(
    struct app *a, struct pen *p, const struct item *it, const struct layout *l)
{
	enum style st = it->outgoing ? ST_OWN : ST_THEIRS;
	enum style meta = it->outgoing ? ST_OWN_META : ST_DIM;
	int above = l->from + l->forwarded + l->quote + conv_media_lines(l);
	int i = 0, w = l->inner + 2, top = p->y + above - conv_media_lines(l);
	int last = above + l->lines + l->reactions + l->meta - 1;
	int x = it->outgoing ? p->b.x + p->b.w - w : p->b.x;
	bool selected = it->id == a->hist.selected;
	struct text_wrap wr;
	struct text_line line;

	text_wrap_init(&wr, it->text, it->len, l->wrap);
	for (; i <= last; i++, p->y++) {
		bool text = i >= above && i < above + l->lines &&
			    text_wrap_next(&wr, &line);

		if (!in_box(p))
			continue;
		draw_fill(a->draw, (struct box){p->y, x, 1, w}, st);
		if (selected)
			draw_sign(a->draw, p->y, x, SIGN_MARK, ST_PROMPT);
		draw_part(a, p->y, x + 1, it, l, i, text ? &line : NULL);
		if (i == last)
			draw_meta(a, p->y, x + w - 1, it, l->brief, meta);
		if (it->picked)
			draw_sign(
			    a->draw, p->y, x + w - 1, SIGN_PICKED, ST_PROMPT);
		if (selected && (i == 0 || p->y == p->b.y) && a->selecting)
			draw_cursor(a->draw, p->y, x);
	}
	if (l->picture > 0)
		conv_media_picture(a, &p->b, top, x + 1, it, l);
}

static void
draw_failed(struct app *a, struct pen *p)
{
	if (in_box(p))
		draw_right(a->draw, p->y, p->b.x, p->b.w - 1,
		    "not sent; Alt-R tries again", ST_ERROR);
	p->y++;
}

static void
draw_item(struct app *a, struct pen *p, size_t i)
{
	const struct item *it = &a->hist.v[i];
	struct layout l;

	hist_layout(&a->hist, i, &l);
	draw_separators(a, p, it, &l);
	if (hist_is_line(it))
		draw_note_line(a, p, it, &l);
	else
		draw_bubble(a, p, it, &l);
	if (l.note)
		draw_failed(a, p);
}

/* ---- all of them ------------------------------------------------------------------ */

static void
draw_empty(struct app *a, struct box b)
{
	const struct chat *c = app_chat(a);
	char text[400];

	b.x += 2;
	b.w -= 4;
	b.y++;
	b.h--;
	if (c == NULL)
		snprintf(text, sizeof(text), "%s",
		    a->m.n > 0 ? "Choose a chat in the list and press Enter, "
				 "or go to one by a few letters with Ctrl-K. "
				 "F2 starts a new one."
			       : "Welcome. F2 starts a chat with a phone "
				 "number, F1 shows the keys.");
	else if (a->hist.want != WANT_NOTHING)
		text[0] = '\0';
	else
		snprintf(text, sizeof(text),
		    "This is the beginning of your conversation with %.120s."
		    "\n\nMessages are encrypted from your device to theirs. "
		    "F3 shows the safety number to compare.",
		    c->title);
	draw_wrapped(a->draw, b, text, ST_DIM);
}

/* How much lies below the view. */
static void
draw_below(struct app *a, struct box b)
{
	char text[48];
	const struct chat *c = app_chat(a);
	const char *down = theme_sign(draw_theme(a->draw), SIGN_DOWN);

	if (hist_at_end(&a->hist) || b.h < 4)
		return;
	if (c != NULL && c->unread > 0)
		snprintf(text, sizeof(text), " %s %u new, Alt-End ", down,
		    c->unread);
	else
		snprintf(text, sizeof(text), " %s Alt-End ", down);
	draw_right(a->draw, b.y + b.h - 1, b.x, b.w, text, ST_LIST_OPEN_DIM);
}

void
conv_draw(struct app *a, struct box b)
{
	struct hist *h = &a->hist;
	struct pen p = {.b = b};
	size_t i;
	int line;

	draw_fill(a->draw, b, ST_TEXT);
	hist_set_pictures(h, !pictures_are_off(a->pictures));
	hist_resize(h, b.w, b.h);
	if (!hist_first_in_view(h, &i, &line)) {
		draw_empty(a, b);
		return;
	}
	/* Few messages stand at the bottom, where the next one comes. */
	for (p.y = b.y + line; i < h->n && p.y < b.y + b.h; i++)
		draw_item(a, &p, i);
	draw_below(a, b);
}
