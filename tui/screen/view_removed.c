/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_removed.c — this device is no part of the account any more. */
#include <stdio.h>

#include "tui/screen/app_int.h"

void
removed_begin(struct app *a, const char *why)
{
	struct removed_view *v = &a->vs->removed;

	v->tag = 0;
	snprintf(v->why, sizeof(v->why), "%s",
	    why != NULL ? why : "This device was removed from the account.");
	app_push(a, &view_removed);
}

static void
removed_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_REMOVED;
	out[1] = CTX_NONE;
}

static void
removed_draw(struct app *a, struct box b)
{
	const struct removed_view *v = &a->vs->removed;
	struct box in = popup(a, b, 64, 11, "This device was removed");
	int n;

	draw_cursor(a->draw, in.y, in.x);
	n = draw_wrapped(a->draw, in, v->why, ST_WARN);
	in.y += n + (in.h > 5);
	in.h -= n + (in.h > 5);
	if (in.h > 0)
		draw_wrapped(a->draw, in,
		    "It can send and receive nothing more. What it has is "
		    "still "
		    "here: w destroys it, Esc keeps it to be read.",
		    ST_TEXT);
}

static void
wipe_yes(struct app *a, int64_t arg)
{
	struct removed_view *v = &a->vs->removed;

	(void)arg;
	v->tag = app_tag(a);
	app_asked(a, a->be->wipe(a->e, v->tag));
}

static bool
removed_act(struct app *a, enum action act, int digit)
{
	(void)digit;
	switch (act) {
	case ACT_REMOVED_WIPE:
		ask_begin(a, "Destroy everything here?", wipe_yes, 0,
		    "All messages, contacts and keys on this device are "
		    "destroyed. This cannot be undone.");
		return true;
	case ACT_REMOVED_KEEP:
		app_close(a, &view_removed);
		if (a->nviews == 0)
			app_begin(a);
		return true;
	default:
		return false;
	}
}

static void
removed_event(struct app *a, const struct engine_event *ev)
{
	struct removed_view *v = &a->vs->removed;

	if (ev->tag == 0 || ev->tag != v->tag || ev->kind != EV_DONE)
		return;
	v->tag = 0;
	app_forget(a);
	first_run_begin(a, false);
	app_notice(a, ST_TEXT, "Everything here is destroyed.");
}

const struct view_ops view_removed = {
    .name = "removed",
    .contexts = removed_contexts,
    .draw = removed_draw,
    .act = removed_act,
    .event = removed_event,
};
