/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/screen/fact.h"

#include <stdio.h>

#include "tui/screen/when.h"

#define LABEL_W	  15
#define LABEL_MIN 9
#define VALUE_CAP 300

/* ---- what they say ------------------------------------------------------------- */

enum style
fact_yes_no(bool yes, char *out, size_t cap)
{
	snprintf(out, cap, "%s", yes ? "yes" : "no");
	return ST_TEXT;
}

enum style
fact_name(const struct fact_of *of, char *out, size_t cap)
{
	snprintf(out, cap, "%s", of->chat->title);
	return ST_STRONG;
}

enum style
fact_timer(const struct fact_of *of, char *out, size_t cap)
{
	uint32_t s =
	    of->group != NULL ? of->group->timer_s : of->chat->expire_s;
	char span[WHEN_CAP];

	if (s == 0)
		snprintf(out, cap, "messages stay");
	else
		snprintf(
		    out, cap, "%s after they were seen", when_span(span, s));
	return ST_TEXT;
}

enum style
fact_mute(const struct fact_of *of, char *out, size_t cap)
{
	const struct chat *c = of->chat;
	char when[WHEN_CAP];
	bool today = when_same_day(c->muted_until_ms, of->app->wall);

	if (!model_is_muted(c, of->app->wall))
		snprintf(out, cap, "on");
	else if (c->muted_until_ms == ENGINE_EVER)
		snprintf(out, cap, "muted");
	else
		snprintf(out, cap, "muted until %s",
		    today ? when_clock(when, c->muted_until_ms)
			  : when_date(when, c->muted_until_ms));
	return ST_TEXT;
}

enum style
fact_pin(const struct fact_of *of, char *out, size_t cap)
{
	return fact_yes_no(of->chat->pinned_ms != 0, out, cap);
}

enum style
fact_archive(const struct fact_of *of, char *out, size_t cap)
{
	return fact_yes_no(of->chat->archived, out, cap);
}

/* ---- the list ------------------------------------------------------------------ */

const struct fact *
fact_at(const struct fact *v, size_t len, const struct fact_of *of, int n)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (v[i].shown != NULL && !v[i].shown(of))
			continue;
		if (n-- == 0)
			return &v[i];
	}
	return NULL;
}

int
fact_count(const struct fact *v, size_t len, const struct fact_of *of)
{
	int n = 0;

	while (fact_at(v, len, of, n) != NULL)
		n++;
	return n;
}

/* ---- drawing ------------------------------------------------------------------- */

void
fact_ground(struct app *a, struct box line, bool marked)
{
	draw_fill(a->draw, line, marked ? ST_LIST_MARK : ST_TEXT);
	if (marked)
		draw_sign(a->draw, line.y, line.x, SIGN_MARK, ST_LIST_MARK);
}

void
fact_draw(struct app *a, struct box b, const struct fact *f,
    const struct fact_of *of, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_TEXT, vst;
	bool little = b.w < 30;
	int label = little ? LABEL_MIN : LABEL_W, x = b.x + 2;
	const char *word = little ? f->brief : f->label;
	char key[KEYS_NAME_CAP], value[VALUE_CAP];

	fact_ground(a, b, marked);
	if (f->act != ACT_NONE)
		draw_str(a->draw, b.y, x, 2, keymap_short(key, f->act),
		    marked ? st : ST_PROMPT);
	x += 2;
	if (f->value == NULL) {
		draw_elide(a->draw, b.y, x, b.x + b.w - x, word, st);
		return;
	}
	draw_elide(
	    a->draw, b.y, x, label, word, marked ? ST_LIST_MARK_DIM : ST_DIM);
	vst = f->value(of, value, sizeof(value));
	x += label;
	draw_elide(a->draw, b.y, x, b.x + b.w - x, value, marked ? st : vst);
}
