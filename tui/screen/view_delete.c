/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_delete.c — deleting messages: here, or from everybody. */
#include <stdio.h>
#include <string.h>

#include "tui/screen/app_int.h"

void
delete_begin(struct app *a, const int64_t *ids, size_t n)
{
	struct delete_view *v = &a->vs->delete;
	const struct item *it;
	size_t i;

	memset(v, 0, sizeof(*v));
	memcpy(v->ids, ids, n * sizeof(ids[0]));
	v->n = n;
	v->all = true;
	for (i = 0; i < n; i++) {
		it = hist_find(&a->hist, ids[i]);
		v->all &= it != NULL && it->outgoing && !hist_is_line(it);
	}
	app_push(a, &view_delete);
}

static void
delete_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_DELETE;
	out[1] = CTX_NONE;
}

static bool
delete_offers(const struct app *a, enum action act)
{
	return act != ACT_DELETE_ALL || a->vs->delete.all;
}

static void
delete_draw(struct app *a, struct box b)
{
	const struct delete_view *v = &a->vs->delete;
	char title[48], text[300];
	struct box in;

	if (v->n == 1)
		snprintf(title, sizeof(title), "Delete this message?");
	else
		snprintf(title, sizeof(title), "Delete %zu messages?", v->n);
	snprintf(text, sizeof(text), "%s",
	    v->all ? "m  for me: from your own devices\n"
		     "e  for everyone: it leaves a line that says so. Who has "
		     "seen it has seen it.\n\nEsc keeps it."
		   : "m  for me: from your own devices. The others keep it."
		     "\n\nEsc keeps it.");
	in = popup(a, b, 60, v->all ? 8 : 6, title);
	draw_cursor(a->draw, in.y, in.x);
	draw_wrapped(a->draw, in, text, ST_TEXT);
}

static void
for_everyone(struct app *a)
{
	const struct delete_view *v = &a->vs->delete;
	size_t i;

	for (i = 0; i < v->n; i++)
		app_asked(a, a->be->retract(a->e, app_tag(a), v->ids[i]));
}

/* The mark goes to the message before, or else the one after. */
static void
mark_next(struct app *a)
{
	int64_t id = hist_neighbour(&a->hist, -1);

	if (hist_npicked(&a->hist) > 0)
		select_end(a);
	else if (a->selecting)
		a->hist.selected = id != 0 ? id : hist_neighbour(&a->hist, 1);
}

static bool
delete_act(struct app *a, enum action act, int digit)
{
	struct delete_view *v = &a->vs->delete;

	(void)digit;
	switch (act) {
	case ACT_DELETE_HERE:
		app_close(a, &view_delete);
		mark_next(a);
		forgetting_begin(a, v->ids, v->n);
		return true;
	case ACT_DELETE_ALL:
		if (!v->all) {
			app_notice(a, ST_TEXT,
			    "Only what you wrote can be deleted for everyone.");
			return true;
		}
		for_everyone(a);
		app_close(a, &view_delete);
		hist_unpick(&a->hist);
		return true;
	case ACT_DELETE_NO:
		app_close(a, &view_delete);
		return true;
	default:
		return false;
	}
}

const struct view_ops view_delete = {
    .name = "delete",
    .offers = delete_offers,
    .contexts = delete_contexts,
    .draw = delete_draw,
    .act = delete_act,
};
