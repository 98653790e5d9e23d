/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_react.c — a reaction: one of a handful, or whatever is typed. */
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

static const char *const common[] = {"\xf0\x9f\x91\x8d",
    "\xe2\x9d\xa4\xef\xb8\x8f", "\xf0\x9f\x98\x82", "\xf0\x9f\x98\xae",
    "\xf0\x9f\x98\xa2", "\xf0\x9f\x99\x8f", "\xf0\x9f\x8e\x89",
    "\xf0\x9f\x94\xa5",
    "\xf0\x9f\x91\x80"}; /* thumb, heart, laugh, wow, tear, thanks, party,
			  * fire, eyes */
#define NCOMMON ((int)ARRAY_LEN(common))
#define CELL_W	6 /* "1 x" and what keeps it apart */

void
react_begin(struct app *a, int64_t msg)
{
	struct react_view *v = &a->vs->react;

	memset(v, 0, sizeof(*v));
	v->msg = msg;
	edit_init(&v->edit, 64, 0);
	app_push(a, &view_react);
}

static void
react_close(struct app *a)
{
	edit_clear(&a->vs->react.edit);
}

static void
react_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	out[0] = CTX_REACT;
	out[1] = edit_len(&a->vs->react.edit) > 0 ? CTX_EDIT : CTX_NONE;
	out[2] = CTX_NONE;
}

static void
react_draw(struct app *a, struct box b)
{
	struct react_view *v = &a->vs->react;
	bool typed = edit_len(&v->edit) > 0;
	struct box in = popup(a, b, NCOMMON * CELL_W + 4, 6, "React");
	int per = in.w / CELL_W, i, x, y, rows;

	per = per < 1 ? 1 : per > NCOMMON ? NCOMMON : per;
	rows = (NCOMMON + per - 1) / per;
	for (i = 0; i < NCOMMON && i / per < in.h; i++) {
		bool on = i == v->marked && !typed;

		y = in.y + i / per;
		x = in.x + i % per * CELL_W;
		draw_fill(a->draw, (struct box){y, x, 1, CELL_W - 1},
		    on ? ST_LIST_MARK : ST_TEXT);
		draw_printf(
		    a->draw, y, x, 2, on ? ST_LIST_MARK : ST_DIM, "%d", i + 1);
		draw_str(a->draw, y, x + 2, 2, common[i],
		    on ? ST_LIST_MARK : ST_TEXT);
		if (on) {
			draw_sign(a->draw, y, x + 1, SIGN_MARK, ST_LIST_MARK);
			draw_cursor(a->draw, y, x);
		}
	}
	if (rows + 1 > in.h)
		return;
	y = in.y + in.h - 1;
	x = draw_str(a->draw, y, in.x, in.w - 4,
	    in.w < 30 ? "Other: " : "Or type one: ", ST_DIM);
	field_draw_edit(a->draw, y, in.x + x, in.w - x, &v->edit, false, typed);
}

static void
react(struct app *a, const char *emoji)
{
	int64_t msg = a->vs->react.msg;
	char one[65];
	size_t n = text_grapheme(emoji, strlen(emoji), 0, NULL);

	memcpy(one, emoji, n);
	one[n] = '\0';
	app_asked(a, a->be->react(a->e, app_tag(a), msg, one));
	app_close(a, &view_react);
	select_end(a);
}

/* What is typed counts before the marked one. */
static void
react_pick(struct app *a)
{
	struct react_view *v = &a->vs->react;
	char typed[65];
	const char *s = edit_text(&v->edit);

	s += strspn(s, " ");
	if (*s == '\0') {
		react(a, common[v->marked]);
		return;
	}
	if (text_next(s, strlen(s), 0) != strlen(s)) {
		app_notice(a, ST_WARN, "One emoji or character.");
		return;
	}
	memcpy(typed, s, strlen(s) + 1);
	react(a, typed);
}

static bool
react_act(struct app *a, enum action act, int digit)
{
	struct react_view *v = &a->vs->react;
	bool typed = edit_len(&v->edit) > 0;

	switch (act) {
	case ACT_REACT_PICK:
		react_pick(a);
		return true;
	case ACT_REACT_N:
		if (typed || digit < 1 || digit > NCOMMON)
			return false;
		react(a, common[digit - 1]);
		return true;
	case ACT_REACT_NONE:
		if (typed)
			return false;
		react(a, "");
		return true;
	case ACT_REACT_LEFT:
	case ACT_REACT_RIGHT:
		if (typed)
			return false;
		v->marked += act == ACT_REACT_LEFT ? NCOMMON - 1 : 1;
		v->marked %= NCOMMON;
		return true;
	case ACT_REACT_CLOSE:
		app_close(a, &view_react);
		return true;
	default:
		return edit_act(&v->edit, act);
	}
}

static bool
react_type(struct app *a, uint32_t cp)
{
	return edit_type(&a->vs->react.edit, cp) == 0;
}

static bool
react_paste(struct app *a, const char *s, size_t n)
{
	return edit_paste(&a->vs->react.edit, s, n) == 0;
}

const struct view_ops view_react = {
    .name = "react",
    .contexts = react_contexts,
    .draw = react_draw,
    .act = react_act,
    .type = react_type,
    .paste = react_paste,
    .close = react_close,
};
