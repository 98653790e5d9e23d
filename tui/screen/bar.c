/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bar.c — the line at the bottom. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

/* The connection in words; returns its style. */
static enum style
conn_words(struct app *a, char *out, size_t cap, bool brief)
{
	const struct theme *t = draw_theme(a->draw);
	const struct model *m = &a->m;

	out[0] = '\0';
	if (!m->has_self || !m->self.registered)
		return ST_BAR;
	if (m->conn == CONN_ONLINE && m->sync_total > 0) {
		snprintf(out, cap, "%s receiving %u of %u",
		    theme_sign(t, SIGN_ONLINE), m->sync_done, m->sync_total);
		return ST_BAR_GOOD;
	}
	if (m->conn == CONN_ONLINE) {
		snprintf(out, cap, "%s%s", theme_sign(t, SIGN_ONLINE),
		    brief ? "" : " online");
		return ST_BAR_GOOD;
	}
	if (m->conn == CONN_CONNECTING) {
		snprintf(out, cap, "%s%s", theme_sign(t, SIGN_CONNECTING),
		    brief ? "" : " connecting");
		return ST_BAR_WARN;
	}
	if (a->countdown > 0)
		snprintf(out, cap, "%s%s %us", theme_sign(t, SIGN_OFFLINE),
		    brief ? "" : " offline, again in", (unsigned)a->countdown);
	else
		snprintf(out, cap, "%s%s", theme_sign(t, SIGN_OFFLINE),
		    brief ? "" : " offline");
	return ST_BAR_WARN;
}

/* One key and its label; false when there is no room. */
static bool
draw_key(struct app *a, int y, int *x, int end, const struct keymap_row *r)
{
	const struct view_ops *v = a->views[a->nviews - 1];
	const char *label = r->label;
	char key[KEYS_NAME_CAP];
	int w;

	if (r->action == ACT_FORM_ENTER && v->enter != NULL)
		label = v->enter(a);
	keymap_short(key, r->action);
	w = text_width(key, strlen(key)) + 1 + text_width(label, strlen(label));
	if (*x + w > end)
		return false;
	*x += draw_str(a->draw, y, *x, end - *x, key, ST_BAR_KEY) + 1;
	*x += draw_str(a->draw, y, *x, end - *x, label, ST_BAR) + 2;
	return true;
}

/* Labels of the live keys, as many as fit, help before all. */
static void
draw_keys(struct app *a, int y, int x, int end)
{
	enum key_ctx ctx[APP_CONTEXTS_MAX + 1] = {CTX_NONE};
	const struct view_ops *v = a->views[a->nviews - 1];
	const struct keymap_row *r;
	size_t i, n = 0;

	if (v->contexts != NULL)
		v->contexts(a, ctx);
	while (ctx[n] != CTX_NONE)
		n++;
	ctx[n] = CTX_GLOBAL;
	if (v != &view_help)
		draw_key(a, y, &x, end, &keymap_rows[ACT_HELP - 1]);
	for (n = 0; ctx[n] != CTX_NONE; n++) {
		for (i = 0; i < keymap_nrows; i++) {
			r = &keymap_rows[i];
			if (r->ctx != ctx[n] || r->label[0] == '\0' ||
			    r->action == ACT_HELP ||
			    (v->offers != NULL && !v->offers(a, r->action)))
				continue;
			if (!draw_key(a, y, &x, end, r))
				return;
		}
	}
}

static enum style
on_bar(enum style st)
{
	switch (st) {
	case ST_ERROR:
	case ST_WARN:
		return ST_BAR_WARN;
	case ST_GOOD:
		return ST_BAR_GOOD;
	default:
		return ST_BAR_KEY;
	}
}

void
bar_draw(struct app *a, int y)
{
	char conn[64];
	enum style st;
	int rows, cols, w;

	draw_size(a->draw, &rows, &cols);
	draw_fill(a->draw, (struct box){y, 0, 1, cols}, ST_BAR);
	st = conn_words(a, conn, sizeof(conn), cols < 50);
	w = text_width(conn, strlen(conn));
	if (w > 0 && w + 8 < cols) {
		draw_str(a->draw, y, cols - w - 1, w, conn, st);
		cols -= w + 2;
	}
	if (a->notice[0] != '\0')
		draw_elide(a->draw, y, 1, cols - 1, a->notice,
		    on_bar(a->notice_style));
	else if (a->nviews > 0)
		draw_keys(a, y, 1, cols);
}
