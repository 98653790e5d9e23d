/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_ask.c — a question that is answered by yes or no. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/screen/views.h"

void
ask_begin(struct app *a, const char *title, yes_fn *yes, int64_t arg,
    const char *fmt, ...)
{
	struct ask_view *v = &a->vs->ask;
	va_list ap;

	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
	v->yes = yes;
	v->arg = arg;
	app_push(a, &view_ask);
}

static void
ask_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_QUESTION;
	out[1] = CTX_NONE;
}

static void
ask_draw(struct app *a, struct box b)
{
	const struct ask_view *v = &a->vs->ask;
	struct box in = popup(a, b, 60, 9, v->title);
	int n = draw_wrapped(a->draw, in, v->text, ST_TEXT);

	draw_cursor(a->draw, in.y, in.x);
	in.y += n + 1;
	in.h -= n + 1;
	if (in.h > 0)
		draw_wrapped(a->draw, in, "y yes, n no", ST_STRONG);
}

static bool
ask_act(struct app *a, enum action act, int digit)
{
	struct ask_view v = a->vs->ask;

	(void)digit;
	if (act != ACT_QUESTION_YES && act != ACT_QUESTION_NO)
		return false;
	app_close(a, &view_ask);
	if (act == ACT_QUESTION_YES)
		v.yes(a, v.arg);
	return true;
}

const struct view_ops view_ask = {
    .name = "ask",
    .contexts = ask_contexts,
    .draw = ask_draw,
    .act = ask_act,
};
