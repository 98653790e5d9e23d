/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/edit.h"

#define KILL_MAX ((size_t)64 * 1024)

void
edit_init(struct edit *e, size_t max, unsigned flags)
{
	memset(e, 0, sizeof(*e));
	buf_init(&e->text, max + 1);
	buf_init(&e->kill, KILL_MAX);
	e->flags = flags;
	e->goal = -1;
}

const char *
edit_text(const struct edit *e)
{
	return e->text.p != NULL ? (const char *)e->text.p : "";
}

size_t
edit_len(const struct edit *e)
{
	return e->text.len;
}

/* ---- undo steps ------------------------------------------------------------- */

static void
bytes_free(char *p, size_t n)
{
	if (p != NULL)
		sodium_memzero(p, n);
	free(p);
}

static void
step_clear(struct edit *e, struct edit_step *s)
{
	e->step_bytes -= s->ndel + s->nins;
	bytes_free(s->del, s->ndel);
	bytes_free(s->ins, s->nins);
	memset(s, 0, sizeof(*s));
}

static void
steps_cut(struct edit *e, size_t n)
{
	while (e->nsteps > n)
		step_clear(e, &e->steps[--e->nsteps]);
	if (e->done > n)
		e->done = n;
}

static void
steps_drop_oldest(struct edit *e)
{
	step_clear(e, &e->steps[0]);
	memmove(
	    &e->steps[0], &e->steps[1], (e->nsteps - 1) * sizeof(e->steps[0]));
	memset(&e->steps[--e->nsteps], 0, sizeof(e->steps[0]));
	e->done--;
}

void
edit_clear(struct edit *e)
{
	size_t max = e->text.max > 0 ? e->text.max - 1 : 0;

	steps_cut(e, 0);
	free(e->steps);
	buf_clear(&e->text);
	buf_clear(&e->kill);
	edit_init(e, max, e->flags);
}

static char *
bytes_dup(const char *s, size_t n)
{
	char *p = malloc(n + 1);

	if (p != NULL) {
		memcpy(p, s, n);
		p[n] = '\0';
	}
	return p;
}

/* Typing on: one more character joins the step of those before it, until a
 * word begins. */
static bool
step_joins(
    const struct edit *e, size_t pos, size_t del, const char *ins, size_t n)
{
	const struct edit_step *s;

	if (e->sealed || e->done == 0 || e->done != e->nsteps || del > 0 ||
	    n == 0 || n > 4)
		return false;
	s = &e->steps[e->done - 1];
	return s->ndel == 0 && s->nins > 0 && s->nins < 256 &&
	       pos == s->pos + s->nins &&
	       !(s->ins[s->nins - 1] == ' ' && ins[0] != ' ');
}

static int
step_join(struct edit *e, const char *ins, size_t n)
{
	struct edit_step *s = &e->steps[e->done - 1];
	char *p = malloc(s->nins + n + 1);

	if (p == NULL)
		return ERR_NOMEM;
	memcpy(p, s->ins, s->nins);
	memcpy(p + s->nins, ins, n);
	p[s->nins + n] = '\0';
	bytes_free(s->ins, s->nins);
	s->ins = p;
	s->nins += n;
	e->step_bytes += n;
	return 0;
}

/* Remember that del bytes at pos became ins. */
static int
step_add(struct edit *e, size_t pos, const char *del, size_t ndel,
    const char *ins, size_t nins)
{
	struct edit_step s = {.pos = pos, .cur = e->cur};

	if (e->steps == NULL) {
		e->steps = calloc(EDIT_UNDO_MAX, sizeof(e->steps[0]));
		if (e->steps == NULL)
			return ERR_NOMEM;
	}
	s.del = bytes_dup(del, ndel);
	s.ins = bytes_dup(ins, nins);
	if (s.del == NULL || s.ins == NULL) {
		bytes_free(s.del, ndel);
		bytes_free(s.ins, nins);
		return ERR_NOMEM;
	}
	s.ndel = ndel;
	s.nins = nins;
	steps_cut(e, e->done); /* what was undone is gone now */
	while (e->nsteps == EDIT_UNDO_MAX ||
	       (e->nsteps > 0 &&
		   e->step_bytes + ndel + nins > EDIT_UNDO_BYTES_MAX))
		steps_drop_oldest(e);
	e->steps[e->nsteps++] = s;
	e->done = e->nsteps;
	e->step_bytes += ndel + nins;
	return 0;
}

/* ---- changing the text ------------------------------------------------------- */

static size_t
grown(size_t from, size_t to)
{
	return to > from ? to - from : 0;
}

/* Room for n more bytes and the NUL. */
static int
reserve(struct edit *e, size_t n)
{
	int r = buf_reserve(&e->text, n + 1);

	if (r == 0)
		e->text.p[e->text.len] = '\0';
	return r;
}

/* Cut del bytes at pos, put n there. The room has been reserved. */
static void
splice(struct edit *e, size_t pos, size_t del, const char *s, size_t n)
{
	uint8_t *p = e->text.p;
	size_t tail = e->text.len - pos - del;

	memmove(p + pos + n, p + pos + del, tail);
	if (n > 0)
		memcpy(p + pos, s, n);
	if (n < del)
		sodium_memzero(p + pos + n + tail, del - n);
	e->text.len = e->text.len - del + n;
	p[e->text.len] = '\0';
}

/* A cursor inside a cluster (an accent was typed after its letter) goes to
 * the cluster's end. */
static size_t
snap(const struct edit *e, size_t pos)
{
	const char *s = edit_text(e);
	size_t start;

	if (pos == 0 || pos >= e->text.len)
		return pos;
	start = text_prev(s, e->text.len, pos);
	return text_next(s, e->text.len, start);
}

static int
change(struct edit *e, size_t pos, size_t del, const char *s, size_t n)
{
	int r;

	if (n > del && n - del > e->text.max - 1 - e->text.len)
		return ERR_FULL;
	r = reserve(e, grown(del, n));
	if (r == 0 && !(e->flags & EDIT_SECRET)) {
		if (step_joins(e, pos, del, s, n))
			r = step_join(e, s, n);
		else
			r = step_add(
			    e, pos, (const char *)e->text.p + pos, del, s, n);
	}
	if (r != 0)
		return r;
	splice(e, pos, del, s, n);
	e->cur = snap(e, pos + n);
	e->sealed = false;
	e->killing = false;
	e->goal = -1;
	return 0;
}

int
edit_replace(struct edit *e, size_t from, size_t to, const char *s, size_t n)
{
	e->sealed = true;
	return change(e, from, to - from, s, n);
}

int
edit_type(struct edit *e, uint32_t cp)
{
	char utf8[4];
	size_t n = text_encode(utf8, cp);

	if (n == 0 || (cp < ' ' && !(cp == '\n' && (e->flags & EDIT_MULTI))) ||
	    (cp >= 0x7f && cp < 0xa0))
		return ERR_FORMAT;
	return change(e, e->cur, 0, utf8, n);
}

static int
clean(const struct edit *e, const char *s, size_t n, char **out, size_t *len)
{
	size_t cap = TEXT_SANITIZE_CAP(n);

	*out = malloc(cap);
	if (*out == NULL)
		return ERR_NOMEM;
	*len = text_sanitize(
	    *out, cap, s, n, e->flags & EDIT_MULTI ? TEXT_MULTI : TEXT_LINE);
	return 0;
}

int
edit_paste(struct edit *e, const char *s, size_t n)
{
	char *p;
	size_t len;
	int r = clean(e, s, n, &p, &len);

	if (r != 0)
		return r;
	r = edit_replace(e, e->cur, e->cur, p, len);
	e->sealed = true;
	sodium_memzero(p, len);
	free(p);
	return r;
}

int
edit_set(struct edit *e, const char *s, size_t n)
{
	char *p;
	size_t len;
	int r = clean(e, s, n, &p, &len);

	if (r != 0)
		return r;
	if (len > e->text.max - 1)
		r = ERR_FULL;
	else
		r = reserve(e, grown(e->text.len, len));
	if (r == 0) {
		steps_cut(e, 0);
		splice(e, 0, e->text.len, p, len);
		e->cur = len;
		e->sealed = true;
		e->killing = false;
		e->goal = -1;
	}
	sodium_memzero(p, len);
	free(p);
	return r;
}

/* ---- places --------------------------------------------------------------------- */

static size_t
line_start(const struct edit *e, size_t pos)
{
	const char *s = edit_text(e);

	while (pos > 0 && s[pos - 1] != '\n')
		pos--;
	return pos;
}

static size_t
line_end(const struct edit *e, size_t pos)
{
	const char *s = edit_text(e);

	while (pos < e->text.len && s[pos] != '\n')
		pos++;
	return pos;
}

static void
go(struct edit *e, size_t pos)
{
	e->cur = pos;
	e->sealed = true;
	e->killing = false;
	e->goal = -1;
}

/* ---- cutting ---------------------------------------------------------------------- */

/* Keep what is cut: behind what was cut just before, or in front of it. */
static void
kill_keep(struct edit *e, const char *s, size_t n, bool before)
{
	struct buf *k = &e->kill;

	if (!e->killing)
		buf_reset(k);
	if (buf_put(k, s, n) != 0) {
		buf_reset(k);
		return;
	}
	if (before && k->len > n) {
		memmove(k->p + n, k->p, k->len - n);
		memcpy(k->p, s, n);
	}
}

static void
kill_range(struct edit *e, size_t from, size_t to, bool before)
{
	if (from >= to)
		return;
	if (!(e->flags & EDIT_SECRET))
		kill_keep(e, edit_text(e) + from, to - from, before);
	e->err = edit_replace(e, from, to, "", 0);
	e->killing = e->err == 0;
	e->sealed = true;
}

static void
delete_range(struct edit *e, size_t from, size_t to)
{
	if (from < to)
		e->err = edit_replace(e, from, to, "", 0);
	e->sealed = true;
}

/* ---- actions ---------------------------------------------------------------------- */

static void
transpose(struct edit *e)
{
	const char *s = edit_text(e);
	size_t a, b, end;
	char swap[256];

	b = e->cur == e->text.len ? text_prev(s, e->text.len, e->cur) : e->cur;
	a = text_prev(s, e->text.len, b);
	end = text_next(s, e->text.len, b);
	if (b == 0 || a == b || end - a > sizeof(swap) || s[a] == '\n' ||
	    s[b] == '\n')
		return;
	memcpy(swap, s + b, end - b);
	memcpy(swap + (end - b), s + a, b - a);
	e->err = edit_replace(e, a, end, swap, end - a);
	e->sealed = true;
}

static void
undo(struct edit *e)
{
	const struct edit_step *s;

	if (e->done == 0)
		return;
	s = &e->steps[e->done - 1];
	if (reserve(e, grown(s->nins, s->ndel)) != 0)
		return;
	splice(e, s->pos, s->nins, s->del, s->ndel);
	e->done--;
	go(e, s->cur);
}

static void
redo(struct edit *e)
{
	const struct edit_step *s;

	if (e->done == e->nsteps)
		return;
	s = &e->steps[e->done];
	if (reserve(e, grown(s->ndel, s->nins)) != 0)
		return;
	splice(e, s->pos, s->ndel, s->ins, s->nins);
	e->done++;
	go(e, snap(e, s->pos + s->nins));
}

static bool
act_move(struct edit *e, enum action a)
{
	const char *s = edit_text(e);
	size_t len = e->text.len, cur = e->cur;

	switch (a) {
	case ACT_LINE_START:
		go(e, line_start(e, cur));
		return true;
	case ACT_LINE_END:
		go(e, line_end(e, cur));
		return true;
	case ACT_LEFT:
		go(e, text_prev(s, len, cur));
		return true;
	case ACT_RIGHT:
		go(e, text_next(s, len, cur));
		return true;
	case ACT_WORD_LEFT:
		go(e, text_word_prev(s, len, cur));
		return true;
	case ACT_WORD_RIGHT:
		go(e, text_word_next(s, len, cur));
		return true;
	default:
		return false;
	}
}

static bool
act_kill(struct edit *e, enum action a)
{
	const char *s = edit_text(e);
	size_t len = e->text.len, cur = e->cur, end = line_end(e, cur);

	switch (a) {
	case ACT_KILL_END:
		if (cur == len)
			return false;
		kill_range(e, cur, end > cur ? end : end + 1, false);
		return true;
	case ACT_KILL_START:
		kill_range(e, line_start(e, cur), cur, true);
		return true;
	case ACT_KILL_BLANK:
		kill_range(e, text_blank_prev(s, len, cur), cur, true);
		return true;
	case ACT_KILL_WORD_LEFT:
		kill_range(e, text_word_prev(s, len, cur), cur, true);
		return true;
	case ACT_KILL_WORD_RIGHT:
		kill_range(e, cur, text_word_next(s, len, cur), false);
		return true;
	default:
		return false;
	}
}

bool
edit_act(struct edit *e, enum action a)
{
	const char *s = edit_text(e);
	size_t len = e->text.len;

	e->err = 0;
	if (act_move(e, a) || act_kill(e, a))
		return true;
	switch (a) {
	case ACT_BACKSPACE:
		delete_range(e, text_prev(s, len, e->cur), e->cur);
		return true;
	case ACT_DELETE:
		delete_range(e, e->cur, text_next(s, len, e->cur));
		return true;
	case ACT_YANK:
		if (e->kill.len > 0)
			e->err =
			    edit_paste(e, (const char *)e->kill.p, e->kill.len);
		return true;
	case ACT_TRANSPOSE:
		transpose(e);
		return true;
	case ACT_UNDO:
		undo(e);
		return true;
	case ACT_REDO:
		redo(e);
		return true;
	default:
		return false;
	}
}

/* ---- lines as wrapped ---------------------------------------------------------------- */

/* The wrapped line with that number; the last one when there are fewer. */
static int
row_line(const struct edit *e, int width, int row, struct text_line *line)
{
	struct text_wrap w;
	int i;

	text_wrap_init(&w, edit_text(e), e->text.len, width);
	for (i = -1; i < row && text_wrap_next(&w, line); i++)
		;
	return i;
}

/* The last place in a line a cursor can be: before the \n, or before the
 * first cluster of the next line when the line was only wrapped. */
static size_t
row_last(const struct edit *e, const struct text_line *l)
{
	const char *s = edit_text(e);

	if (!l->hard)
		return text_prev(s, e->text.len, l->next);
	return l->next > l->start && s[l->next - 1] == '\n' ? l->next - 1
							    : l->next;
}

void
edit_where(const struct edit *e, int width, int *row, int *col)
{
	const char *s = edit_text(e);
	struct text_wrap w;
	struct text_line l;

	text_wrap_init(&w, s, e->text.len, width);
	*row = -1;
	while (text_wrap_next(&w, &l)) {
		++*row;
		if (e->cur < l.next || (l.hard && e->cur <= row_last(e, &l)))
			break;
	}
	*col = text_width(s + l.start, e->cur - l.start);
}

void
edit_point(struct edit *e, int width, int row, int col)
{
	const char *s = edit_text(e);
	struct text_line l;
	size_t pos, last;

	row_line(e, width, row < 0 ? 0 : row, &l);
	pos = l.start + text_cut(s + l.start, l.next - l.start, col, NULL);
	last = row_last(e, &l);
	go(e, pos > last ? last : pos);
}

bool
edit_row(struct edit *e, int width, int dir)
{
	int row, col, goal, rows;
	struct text_line l;

	edit_where(e, width, &row, &col);
	goal = e->goal >= 0 ? e->goal : col;
	rows = (int)text_wrap_count(edit_text(e), e->text.len, width);
	if (row + dir < 0 || row + dir >= rows)
		return false;
	row_line(e, width, row + dir, &l);
	edit_point(e, width, row + dir, goal);
	e->goal = goal;
	return true;
}
