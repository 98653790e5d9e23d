/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_offer.c — a text for somebody else's device: a QR code, and to copy. */
#include <stdio.h>
#include <string.h>

#include "tui/screen/views.h"

void
offer_begin(
    struct app *a, const char *title, const char *words, const char *text)
{
	struct offer_view *v = &a->vs->offer;

	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	snprintf(v->words, sizeof(v->words), "%s", words);
	snprintf(v->text, sizeof(v->text), "%s", text);
	app_push(a, &view_offer);
}

static void
offer_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_OFFER;
	out[1] = CTX_NONE;
}

static void
offer_draw(struct app *a, struct box b)
{
	const struct offer_view *v = &a->vs->offer;
	/* Every row counts for the code. */
	struct box in = b.h < 14 || b.w < 50 ? popup(a, b, b.w, b.h, v->title)
					     : draw_frame(a->draw, b, v->title);
	int n;

	draw_cursor(a->draw, in.y, in.x);
	in = qr_box(a, in, v->text, v->inverse);
	n = draw_wrapped(a->draw, in, v->words, ST_TEXT);
	in.y += n + (in.h > 8);
	in.h -= n + (in.h > 8);
	if (in.h > 0)
		draw_wrapped(a->draw, in, v->text, ST_STRONG);
}

static bool
offer_act(struct app *a, enum action act, int digit)
{
	struct offer_view *v = &a->vs->offer;

	(void)digit;
	switch (act) {
	case ACT_OFFER_INVERSE:
		v->inverse = !v->inverse;
		return true;
	case ACT_OFFER_COPY:
		a->host->copy(a->host_ctx, v->text, strlen(v->text));
		app_notice(a, ST_TEXT, "Copied.");
		return true;
	case ACT_OFFER_CLOSE:
		app_close(a, &view_offer);
		return true;
	default:
		return false;
	}
}

const struct view_ops view_offer = {
    .name = "offer",
    .contexts = offer_contexts,
    .draw = offer_draw,
    .act = offer_act,
};
