/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/form.h"

#define LABEL_MIN_W   34 /* narrower: labels go above their fields */
#define FIELD_MAX_W   46
#define FIELD_ALONE_W 36 /* up to here a field leaves no room beside it */

void
form_init(struct form *f, struct field *fields, int n)
{
	int i;

	memset(f, 0, sizeof(*f));
	f->f = fields;
	f->n = n;
	for (i = 0; i < n; i++)
		edit_init(&fields[i].edit, FORM_TEXT_MAX,
		    fields[i].kind == FIELD_SECRET ? EDIT_SECRET : 0);
}

void
form_clear(struct form *f)
{
	int i;

	for (i = 0; i < f->n; i++)
		edit_clear(&f->f[i].edit);
	f->n = 0;
	f->status[0] = '\0';
}

void
form_status(struct form *f, enum style st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->status, sizeof(f->status), fmt, ap);
	va_end(ap);
	f->status_style = st;
}

const char *
form_text(const struct form *f, int field)
{
	return edit_text(&f->f[field].edit);
}

bool
form_is_choice(const struct form *f)
{
	return f->n > 0 && f->f[f->focus].kind == FIELD_CHOICE;
}

bool
form_has_secret(const struct form *f)
{
	int i;

	for (i = 0; i < f->n; i++) {
		if (f->f[i].kind == FIELD_SECRET && !f->f[i].hidden)
			return true;
	}
	return false;
}

void
form_focus(struct form *f, int field)
{
	if (!f->f[field].hidden)
		f->focus = field;
}

static void
step(struct form *f, int dir)
{
	int i = f->focus;

	do
		i = (i + dir + f->n) % f->n;
	while (f->f[i].hidden && i != f->focus);
	f->focus = i;
}

bool
form_at_last(const struct form *f)
{
	int i;

	for (i = f->focus + 1; i < f->n; i++) {
		if (!f->f[i].hidden)
			return false;
	}
	return true;
}

bool
form_act(struct form *f, enum action act)
{
	struct field *fd = &f->f[f->focus];

	switch (act) {
	case ACT_FORM_NEXT:
		step(f, 1);
		return true;
	case ACT_FORM_PREV:
		step(f, -1);
		return true;
	case ACT_FORM_REVEAL:
		f->reveal = !f->reveal;
		return true;
	case ACT_CHOICE_NEXT:
	case ACT_CHOICE_PREV:
		if (!f->busy)
			fd->choice =
			    (fd->choice + (act == ACT_CHOICE_NEXT ? 1 : -1) +
				fd->nchoices) %
			    fd->nchoices;
		return true;
	default:
		if (fd->kind == FIELD_CHOICE || f->busy)
			return false;
		return edit_act(&fd->edit, act);
	}
}

/* Into a field that takes digits only. */
static bool
put_digits(struct form *f, const char *s, size_t n)
{
	struct field *fd = &f->f[f->focus];
	char digits[FORM_DIGITS_MAX + 1];
	int r = text_digits(digits, sizeof(digits), s, n);

	if (r == 0 && edit_len(&fd->edit) + strlen(digits) > fd->digits)
		r = ERR_RANGE;
	if (r == ERR_RANGE)
		form_status(
		    f, ST_WARN, "There are %u digits, not more.", fd->digits);
	else if (r != 0)
		form_status(f, ST_WARN, "Only digits belong here.");
	return r == 0 && digits[0] != '\0' &&
	       edit_paste(&fd->edit, digits, strlen(digits)) == 0;
}

bool
form_type(struct form *f, uint32_t cp)
{
	struct field *fd = &f->f[f->focus];
	char c = cp < 0x80 ? (char)cp : '?';

	if (f->busy || fd->kind == FIELD_CHOICE)
		return false;
	return fd->digits > 0 ? put_digits(f, &c, 1)
			      : edit_type(&fd->edit, cp) == 0;
}

bool
form_paste(struct form *f, const char *s, size_t n)
{
	struct field *fd = &f->f[f->focus];

	/* A line copied whole brings its end along. */
	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == ' '))
		n--;
	if (f->busy || fd->kind == FIELD_CHOICE)
		return false;
	return fd->digits > 0 ? put_digits(f, s, n)
			      : edit_paste(&fd->edit, s, n) == 0;
}

/* ---- drawing ------------------------------------------------------------------ */

/* What a secret looks like: a sign per cluster. */
static int
draw_secret(
    struct draw *d, int y, int x, int w, const struct edit *e, enum style st)
{
	const char *s = edit_text(e);
	size_t len = edit_len(e), at = 0;
	int clusters = 0, cursor = 0, i, skip;

	for (; at < len; clusters++) {
		if (at < e->cur)
			cursor++;
		at = text_next(s, len, at);
	}
	skip = cursor >= w ? cursor - w + 1 : 0;
	for (i = 0; i < w && i + skip < clusters; i++)
		draw_sign(d, y, x + i, SIGN_SECRET, st);
	return cursor - skip;
}

/* The part around the cursor; returns the cursor's column. */
static int
draw_line(struct draw *d, int y, int x, int w, const struct edit *e,
    enum style st, bool focus)
{
	const char *s = edit_text(e);
	size_t from = 0, len = edit_len(e);
	int before = text_width(s, e->cur);

	if (!focus)
		return draw_elide(d, y, x, w, s, st);
	if (before >= w)
		from = text_cut_left(s, e->cur, w * 2 / 3, NULL);
	draw_text(d, y, x, w, s + from, len - from, st);
	return text_width(s + from, e->cur - from);
}

void
field_draw_edit(struct draw *d, int y, int x, int w, const struct edit *e,
    bool secret, bool focus)
{
	enum style st = focus ? ST_FIELD_FOCUS : ST_FIELD;
	int col;

	if (w < 1)
		return;
	draw_fill(d, (struct box){y, x, 1, w}, st);
	if (secret)
		col = draw_secret(d, y, x, w, e, st);
	else
		col = draw_line(d, y, x, w, e, st, focus);
	if (focus)
		draw_cursor(d, y, x + (col < w ? col : w - 1));
}

static void
draw_choice(
    struct draw *d, int y, int x, int w, const struct field *fd, bool focus)
{
	enum style st = focus ? ST_FIELD_FOCUS : ST_FIELD;

	draw_fill(d, (struct box){y, x, 1, w}, st);
	if (!focus) {
		draw_elide(d, y, x, w, fd->choices[fd->choice], st);
		return;
	}
	draw_elide(d, y, x, w - 4, fd->choices[fd->choice], st);
	draw_right(d, y, x, w, "< >", st); /* there are others */
	draw_cursor(d, y, x);
}

static int
label_width(const struct form *f)
{
	int i, w, max = 0;

	for (i = 0; i < f->n; i++) {
		w = text_width(f->f[i].label, strlen(f->f[i].label));
		if (w > max)
			max = w;
	}
	return max;
}

struct plan { /* where things are */
	struct box b; /* the fields' part */
	bool beside; /* labels */
	int label, field; /* widths */
	int each; /* lines of a field */
};

static void
draw_field(
    struct draw *d, const struct form *f, int i, const struct plan *p, int line)
{
	const struct field *fd = &f->f[i];
	bool focus = i == f->focus;
	int y = p->b.y + line, x = p->b.x, w = p->field;
	int end = p->b.y + p->b.h;

	if (p->beside) {
		if (y >= p->b.y && y < end)
			draw_elide(d, y, x, p->label, fd->label,
			    focus ? ST_STRONG : ST_TEXT);
		x += p->label + 2;
	} else {
		if (y >= p->b.y && y < end)
			draw_elide(d, y, x, p->b.w, fd->label,
			    focus ? ST_STRONG : ST_TEXT);
		y++;
	}
	if (y < p->b.y || y >= end)
		return;
	if (fd->kind == FIELD_CHOICE)
		draw_choice(d, y, x, w, fd, focus);
	else
		field_draw_edit(d, y, x, w, &fd->edit,
		    fd->kind == FIELD_SECRET && !f->reveal, focus);
	if (fd->side != NULL)
		draw_elide(d, y, x + w + 1, p->b.x + p->b.w - x - w - 1,
		    fd->side, fd->side_style);
}

static int
visible(const struct form *f)
{
	int i, n = 0;

	for (i = 0; i < f->n; i++)
		n += !f->f[i].hidden;
	return n;
}

static struct plan
plan_fields(const struct form *f, struct box b, int n)
{
	struct plan p = {.b = b, .beside = b.w >= LABEL_MIN_W};
	int label = label_width(f), room;

	p.label = label;
	room = p.beside ? b.w - label - 2 : b.w;
	p.field = room;
	if (p.beside && room > FIELD_ALONE_W) /* leave room for remarks */
		p.field = room - 18 < FIELD_MAX_W ? room - 18 : FIELD_MAX_W;
	p.each = p.beside ? 1 : 2;
	if (p.beside && b.h >= 2 * n + 6)
		p.each = 2;
	return p;
}

static int
lines_of(const char *s, int w)
{
	return s == NULL || s[0] == '\0'
		   ? 0
		   : (int)text_wrap_count(s, strlen(s), w);
}

/* Keep the focused field between the edges. */
static void
scroll_to_focus(struct form *f, const struct plan *p)
{
	int i, line = 0;

	for (i = 0; i < f->focus; i++)
		line += f->f[i].hidden ? 0 : p->each;
	if (line < f->top)
		f->top = line;
	if (line + (p->beside ? 1 : 2) > f->top + p->b.h)
		f->top = line + (p->beside ? 1 : 2) - p->b.h;
	if (f->top < 0)
		f->top = 0;
}

/* The remark of the focused field, when there is no room beside it. */
static const char *
remark(const struct form *f, int w)
{
	bool beside =
	    w >= LABEL_MIN_W && w - label_width(f) - 2 > FIELD_ALONE_W;

	return beside ? NULL : f->f[f->focus].side;
}

/* Status, remark and hint come before fields that are out of sight anyway. */
static int
lines_below(const struct form *f, const struct box *b, int n)
{
	int below = lines_of(f->status, b->w) + (remark(f, b->w) != NULL);

	if (below == 0 || b->h >= n + 6)
		below += lines_of(f->f[f->focus].hint, b->w);
	return below <= b->h - 2 ? below : b->h > 2 ? b->h - 2 : 0;
}

static void
put_text(struct draw *d, struct box *b, const char *s, enum style st)
{
	int n;

	if (s == NULL || s[0] == '\0' || b->h <= 0)
		return;
	n = draw_wrapped(d, *b, s, st);
	b->y += n;
	b->h -= n;
}

static void
draw_fields(struct draw *d, struct form *f, const struct plan *p)
{
	int i, at = 0;

	scroll_to_focus(f, p);
	for (i = 0; i < f->n; i++) {
		if (f->f[i].hidden)
			continue;
		draw_field(d, f, i, p, at - f->top);
		at += p->each;
	}
}

void
form_draw(struct draw *d, struct form *f, struct box b, const char *intro,
    const char *foot)
{
	const struct field *focus = &f->f[f->focus];
	int n = visible(f), below = lines_below(f, &b, n);
	int top = lines_of(intro, b.w) + 1;
	struct plan p;

	if (intro != NULL && top + n + below + 1 <= b.h) {
		draw_wrapped(d, b, intro, ST_TEXT);
		b.y += top;
		b.h -= top;
	}
	p = plan_fields(f, b, n);
	if (p.b.h > n * p.each)
		p.b.h = n * p.each;
	if (p.b.h > b.h - below)
		p.b.h = b.h - below;
	draw_fields(d, f, &p);
	b.h -= p.b.h;
	b.y += p.b.h;
	if (b.h > below && p.each == 1) {
		b.y++;
		b.h--;
	}
	put_text(d, &b, remark(f, b.w), focus->side_style);
	put_text(d, &b, f->status, f->status_style);
	put_text(d, &b, focus->hint, ST_HINT);
	if (lines_of(foot, b.w) < b.h) {
		b.y++;
		b.h--;
		put_text(d, &b, foot, ST_DIM);
	}
}
