/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hist_layout.c — how many lines a message takes, and what stands on them. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/hist.h"
#include "tui/screen/hist_media.h"
#include "tui/screen/when.h"

#define META_TIME   5 /* cells of "14:02" */
#define META_TICKS  4 /* a blank and up to three signs */
#define META_EDITED 6 /* "edited" */
#define FORWARDED   11 /* a sign, "forwarded" */
#define NARROW	    44 /* below, bubbles take the whole width */
#define BUBBLE_MAX  96

int
hist_meta_width(const struct item *it, bool brief)
{
	int w = META_TIME + (it->outgoing ? META_TICKS : 0);
	int each = brief ? 0 : 1; /* blanks between the marks */
	int marks = 0;

	if (it->edited)
		marks += brief ? 1 : META_EDITED + each;
	if (it->starred)
		marks += 1 + each;
	if (it->expire_s != 0)
		marks += 1 + HIST_LEFT_CELLS + each;
	return w + marks + (brief && marks > 0 ? 1 : 0);
}

const char *
hist_left(
    char out[static HIST_LEFT_CELLS + 1], const struct item *it, uint64_t now)
{
	static const struct {
		uint64_t s;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	uint64_t left = it->expire_s, n;
	size_t i = 0;

	if (it->expires_ms != 0)
		left = it->expires_ms > now
			   ? (it->expires_ms - now + 999) / 1000
			   : 0;
	while (i < ARRAY_LEN(units) - 1 && left < units[i].s)
		i++;
	n = left / units[i].s;
	snprintf(out, HIST_LEFT_CELLS + 1, "%u%c", (unsigned)(n > 99 ? 99 : n),
	    units[i].unit);
	return out;
}

static int
wrap_width(const struct hist *h)
{
	int w = h->width < NARROW ? h->width - 3 : h->width * 3 / 4;

	if (w > BUBBLE_MAX)
		w = BUBBLE_MAX;
	return w < 4 ? 4 : w;
}

bool
hist_is_line(const struct item *it)
{
	/* one of our own calm lines */
	return it->kind != MSG_TEXT && it->kind != MSG_ONCE &&
	       it->kind != MSG_MEDIA;
}

static int
cells(const char *s)
{
	return text_width(s, strlen(s));
}

static int
at_most(int v, int max)
{
	return v < max ? v : max;
}

/* What stands above the text. Returns the cells of the widest line. */
static int
layout_above(const struct item *it, struct layout *l)
{
	int widest = 0, w;

	if (l->from)
		widest = cells(it->from);
	if (it->forwarded) {
		l->forwarded = 1;
		widest = widest > FORWARDED ? widest : FORWARDED;
	}
	if (it->quote != NULL) { /* a sign, who, ": ", what */
		l->quote = 1;
		w = 1 + cells(it->quote_from) + 2 + cells(it->quote);
		widest = w > widest ? w : widest;
	}
	return at_most(widest, l->wrap);
}

/* The file: its picture, what it is, how far it is. Returns the cells of the
 * widest line; *last of the last one. */
static int
layout_media(
    const struct hist *h, const struct item *it, struct layout *l, int *last)
{
	char text[HIST_MEDIA_CAP];
	struct text_wrap w;
	struct text_line line;
	int widest, cols, rows;

	hist_media_title(text, it->media);
	widest = at_most(cells(text), l->wrap);
	l->media = 1;
	hist_media_detail(text, it->media, it->outgoing);
	text_wrap_init(&w, text, strlen(text), l->wrap);
	while (text_wrap_next(&w, &line)) {
		l->media++;
		*last = line.width;
		widest = line.width > widest ? line.width : widest;
	}
	cols = hist_media_bars(it->media, l->wrap);
	l->bars = cols > 0;
	widest = cols > widest ? cols : widest;
	if (h->pictures && it->kind == MSG_MEDIA &&
	    hist_media_box(it->media, l->wrap, &cols, &rows)) {
		l->picture = rows;
		l->picture_cols = cols;
		widest = cols > widest ? cols : widest;
	}
	return widest;
}

static void
layout_text(const struct hist *h, const struct item *it, struct layout *l)
{
	int meta, last = 0, widest, cols;
	struct text_wrap w;
	struct text_line line;

	l->wrap = wrap_width(h);
	l->brief = hist_meta_width(it, false) > l->wrap;
	meta = hist_meta_width(it, l->brief);
	widest = layout_above(it, l);
	if (it->media != NULL) {
		cols = layout_media(h, it, l, &last);
		widest = cols > widest ? cols : widest;
	}
	text_wrap_init(&w, it->text, it->len, l->wrap);
	while (
	    (it->media == NULL || it->len > 0) && text_wrap_next(&w, &line)) {
		l->lines++;
		last = line.width;
		if (line.width > widest)
			widest = line.width;
	}
	if (it->reactions != NULL) {
		l->reactions = 1;
		last = at_most(cells(it->reactions), l->wrap);
		widest = last > widest ? last : widest;
	}
	if (last + 2 + meta <= l->wrap) {
		l->inner = last + 2 + meta > widest ? last + 2 + meta : widest;
	} else {
		l->meta = 1;
		l->inner = widest > meta ? widest : meta;
	}
	l->note = it->state == MSG_FAILED ? 1 : 0;
}

/* Its writer is named where the one before is of somebody else. */
static bool
names_writer(
    const struct item *it, const struct item *prev, const struct layout *l)
{
	return it->from != NULL && !hist_is_line(it) &&
	       (prev == NULL || l->date || l->marker || prev->from == NULL ||
		   hist_is_line(prev) ||
		   memcmp(prev->author, it->author, ENGINE_ID_LEN) != 0);
}

void
hist_layout(const struct hist *h, size_t i, struct layout *l)
{
	const struct item *it = &h->v[i], *prev = i > 0 ? it - 1 : NULL;

	memset(l, 0, sizeof(*l));
	if (h->v == NULL)
		return;
	l->date = prev == NULL || !when_same_day(prev->ms, it->ms);
	l->marker = h->marker != 0 && it->id == h->marker;
	l->from = names_writer(it, prev, l);
	l->gap = h->roomy && prev != NULL && !l->date && !l->marker &&
		 (hist_is_line(it) || hist_is_line(prev) ||
		     prev->outgoing != it->outgoing || l->from);
	if (hist_is_line(it)) {
		l->wrap = h->width > 8 ? h->width - 4 : h->width;
		l->lines = (int)text_wrap_count(it->text, it->len, l->wrap);
		l->inner = l->wrap;
	} else {
		layout_text(h, it, l);
	}
	l->height = l->date + l->marker + l->gap + l->from + l->forwarded +
		    l->quote + l->picture + l->media + l->bars + l->lines +
		    l->reactions + l->meta + l->note;
}
