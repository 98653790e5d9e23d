/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_safety.c — the safety number of a chat: shown, compared, accepted. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

#define BOX_W	64
#define BOX_H	12 /* until it is known what is in it */
#define BLOCK	5 /* digits */
#define BLOCKS	(ENGINE_SAFETY_LEN / BLOCK)
#define BLOCK_W (BLOCK + 2)

void
safety_begin(struct app *a, int64_t chat)
{
	struct safety_view *s = &a->vs->safety;

	memset(s, 0, sizeof(*s));
	s->chat = chat;
	s->tag = app_tag(a);
	if (app_asked(a, a->be->safety(a->e, s->tag, chat)))
		app_push(a, &view_safety);
}

static void
safety_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_SAFETY;
	out[1] = CTX_NONE;
}

static int
block_step(int w)
{
	return w < 4 * BLOCK_W ? BLOCK + 1 : BLOCK_W;
}

/* As many in a row as fit: 6, 4, 3 or 2. */
static int
blocks_per_row(int w)
{
	static const int per_row[] = {6, 4, 3, 2};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(per_row) && per_row[i] * block_step(w) - 1 > w)
		i++;
	return per_row[i];
}

/* Blocks of five; returns the rows. */
static int
draw_digits(struct app *a, struct box b, const char *digits)
{
	int n = blocks_per_row(b.w), step = block_step(b.w), k, x0;

	x0 = b.x + (b.w - (n * step - (step - BLOCK))) / 2;
	for (k = 0; k < BLOCKS && k / n < b.h; k++)
		draw_text(a->draw, b.y + k / n, x0 + k % n * step, BLOCK,
		    digits + k * BLOCK, BLOCK, ST_STRONG);
	return (BLOCKS + n - 1) / n;
}

static void
explain(const struct safety_view *s, const char *who, char *out, size_t cap)
{
	if (s->trust == TRUST_CHANGED)
		snprintf(out, cap,
		    "The safety number of %.80s has changed: a new device, or "
		    "somebody in between. Sending is stopped until you compare "
		    "it (v) or accept it unseen (a).",
		    who);
	else if (s->trust == TRUST_VERIFIED)
		snprintf(out, cap,
		    "You have compared this number with %.80s. If it changes, "
		    "sending stops and you are told.",
		    who);
	else
		snprintf(out, cap,
		    "Compare it with %.80s, in person or on the phone. If the "
		    "numbers are equal, nobody can read along: press v.",
		    who);
}

/* The lines of the box with its frame: digits, a blank, "verified", the text. */
static int
box_height(const struct safety_view *s, const char *text, int w)
{
	int n = blocks_per_row(w);

	if (s->error[0] != '\0')
		return 2 + (int)text_wrap_count(s->error, strlen(s->error), w);
	if (s->digits[0] == '\0')
		return BOX_H;
	return 2 + (BLOCKS + n - 1) / n + 1 +
	       (s->trust == TRUST_VERIFIED ? 2 : 0) +
	       (int)text_wrap_count(text, strlen(text), w);
}

static void
safety_draw(struct app *a, struct box b)
{
	const struct safety_view *s = &a->vs->safety;
	const struct chat *c = model_find(&a->m, s->chat);
	const char *who = c != NULL ? c->title : "?";
	char title[160], text[400];
	struct box in;
	int n;

	snprintf(title, sizeof(title), "Safety number with %.100s", who);
	explain(s, who, text, sizeof(text));
	in = popup(a, b, BOX_W,
	    box_height(s, text, (BOX_W < b.w - 4 ? BOX_W : b.w - 4) - 4),
	    title);
	draw_cursor(a->draw, in.y, in.x);
	if (s->error[0] != '\0') {
		draw_wrapped(a->draw, in, s->error, ST_ERROR);
		return;
	}
	if (s->digits[0] == '\0')
		return;
	n = draw_digits(a, in, s->digits);
	n += in.h > n + 2; /* a blank line, where there is room for one */
	in.y += n;
	in.h -= n;
	if (in.h < 1)
		return;
	if (s->trust == TRUST_VERIFIED && in.h > 2) {
		n = draw_sign(a->draw, in.y, in.x, SIGN_VERIFIED, ST_GOOD);
		draw_str(a->draw, in.y, in.x + n + 1, in.w - n - 1, "verified",
		    ST_GOOD);
		in.y += 2;
		in.h -= 2;
	}
	draw_wrapped(
	    a->draw, in, text, s->trust == TRUST_CHANGED ? ST_WARN : ST_TEXT);
}

static void
set_trust(struct app *a, enum trust trust)
{
	struct safety_view *s = &a->vs->safety;

	if (s->digits[0] == '\0')
		return;
	s->tag = app_tag(a);
	app_asked(a, a->be->set_trust(a->e, s->tag, s->chat, trust));
}

static bool
safety_act(struct app *a, enum action act, int digit)
{
	const struct safety_view *s = &a->vs->safety;

	(void)digit;
	switch (act) {
	case ACT_SAFETY_VERIFY:
		if (s->trust != TRUST_VERIFIED)
			set_trust(a, TRUST_VERIFIED);
		return true;
	case ACT_SAFETY_ACCEPT:
		if (s->trust == TRUST_CHANGED)
			set_trust(a, TRUST_FIRST_USE);
		else
			app_notice(a, ST_TEXT, "There is nothing to accept.");
		return true;
	case ACT_SAFETY_UNVERIFY:
		if (s->trust == TRUST_VERIFIED)
			set_trust(a, TRUST_FIRST_USE);
		return true;
	case ACT_SAFETY_CLOSE:
		app_close(a, &view_safety);
		return true;
	default:
		return false;
	}
}

static void
safety_event(struct app *a, const struct engine_event *ev)
{
	struct safety_view *s = &a->vs->safety;
	enum trust was = s->trust;
	bool shown = s->digits[0] != '\0';

	if (ev->tag == 0 || ev->tag != s->tag)
		return;
	a->claimed = true;
	if (ev->kind == EV_ERROR) {
		app_sentence(ev, s->error, sizeof(s->error));
		return;
	}
	if (ev->kind != EV_SAFETY)
		return;
	memcpy(s->digits, ev->safety, sizeof(s->digits));
	s->trust = ev->trust;
	if (shown && was != s->trust)
		app_notice(a, ST_GOOD,
		    s->trust == TRUST_VERIFIED ? "Marked as verified."
		    : was == TRUST_CHANGED ? "Accepted. You can write again."
					   : "No longer marked as verified.");
}

static bool
safety_offers(const struct app *a, enum action act)
{
	enum trust trust = a->vs->safety.trust;

	switch (act) {
	case ACT_SAFETY_VERIFY:
		return trust != TRUST_VERIFIED;
	case ACT_SAFETY_ACCEPT:
		return trust == TRUST_CHANGED;
	case ACT_SAFETY_UNVERIFY:
		return trust == TRUST_VERIFIED;
	default:
		return true;
	}
}

const struct view_ops view_safety = {
    .name = "safety",
    .offers = safety_offers,
    .contexts = safety_contexts,
    .draw = safety_draw,
    .act = safety_act,
    .event = safety_event,
};
