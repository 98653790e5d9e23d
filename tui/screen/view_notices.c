/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_notices.c — the relay's key to be trusted or not, and the end of it
 * all; with the box they and others are drawn in. */
#include <stdio.h>

#include "common/text.h"
#include "tui/screen/views.h"

#define SMALL_H 11 /* below, boxes take the whole screen */
#define SMALL_W 40

struct box
popup(struct app *a, struct box b, int w, int h, const char *title)
{
	if (b.h < SMALL_H || b.w < SMALL_W) {
		/* No room for a frame: everything, below a line. */
		draw_fill(a->draw, b, ST_BOX);
		draw_fill(a->draw, (struct box){b.y, b.x, 1, b.w}, ST_HEADER);
		draw_elide(
		    a->draw, b.y, b.x + 1, b.w - 2, title, ST_HEADER_STRONG);
		return (struct box){b.y + 1, b.x + 1, b.h - 1, b.w - 2};
	}
	if (w > b.w - 4)
		w = b.w < 50 ? b.w : b.w - 4;
	if (h > b.h - 2)
		h = b.h < 14 ? b.h : b.h - 2;
	b.x += (b.w - w) / 2;
	b.y += (b.h - h) / 3;
	b.w = w;
	b.h = h;
	return draw_frame(a->draw, b, title);
}

/* ---- the relay's key ------------------------------------------------------------- */

static void
question_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_QUESTION;
	out[1] = CTX_NONE;
}

static void
relay_key_draw(struct app *a, struct box b)
{
	const struct relay_key_view *v = &a->vs->relay_key;
	struct box in = popup(a, b, 64, 11,
	    v->changed ? "The relay's key has changed" : "A new relay");
	int n;

	draw_cursor(a->draw, in.y, in.x);
	n = draw_wrapped(a->draw, in,
	    v->changed
		? "The relay shows another key than before. Somebody may stand "
		  "between you and it. Ask its operator before you say yes."
		: "The link did not say which key the relay has. This is the "
		  "one it shows; compare it with its operator if you can:",
	    v->changed ? ST_WARN : ST_TEXT);
	in.y += n + 1;
	in.h -= n + 1;
	n = draw_wrapped(a->draw, in, v->text, ST_STRONG);
	in.y += n + 1;
	in.h -= n + 1;
	if (in.h > 0)
		draw_wrapped(a->draw, in,
		    "Trust this key? y yes, n no (no connection).", ST_TEXT);
}

static bool
relay_key_act(struct app *a, enum action act, int digit)
{
	bool yes = act == ACT_QUESTION_YES;

	(void)digit;
	if (!yes && act != ACT_QUESTION_NO)
		return false;
	app_asked(a, a->be->relay_key(a->e, APP_TAG_NONE, yes));
	app_close(a, &view_relay_key);
	return true;
}

const struct view_ops view_relay_key = {
    .name = "relay key",
    .contexts = question_contexts,
    .draw = relay_key_draw,
    .act = relay_key_act,
};

/* ---- nothing works any more ---------------------------------------------------------- */

static void
dead_draw(struct app *a, struct box b)
{
	struct box in = popup(a, b, 64, 10, "Sotto cannot go on");
	int n = draw_wrapped(a->draw, in, a->vs->dead.text, ST_ERROR);

	draw_cursor(a->draw, in.y, in.x);
	in.y += n + 1;
	in.h -= n + 1;
	if (in.h > 0)
		draw_wrapped(a->draw, in, "Ctrl-Q quits.", ST_TEXT);
}

const struct view_ops view_dead = {
    .name = "dead",
    .draw = dead_draw,
};
