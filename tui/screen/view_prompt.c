/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_prompt.c — one line of text is asked for. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/views.h"

void
prompt_begin(struct app *a, const char *title, const char *label,
    const char *hint, const char *text, prompted_fn *done, int64_t arg)
{
	struct prompt_view *v = &a->vs->prompt;

	app_close(a, &view_prompt);
	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	v->fields[0] = (struct field){.label = label, .hint = hint};
	form_init(&v->form, v->fields, 1);
	if (text[0] != '\0')
		form_paste(&v->form, text, strlen(text));
	v->form.status[0] = '\0';
	v->done = done;
	v->arg = arg;
	app_push(a, &view_prompt);
}

void
prompt_secret(struct app *a)
{
	a->vs->prompt.fields[0].kind = FIELD_SECRET;
}

void
prompt_keys(struct app *a, enum key_ctx keys,
    bool (*act)(struct app *a, enum action act))
{
	a->vs->prompt.keys = keys;
	a->vs->prompt.act = act;
}

static void
prompt_close(struct app *a)
{
	form_clear(&a->vs->prompt.form);
}

static void
prompt_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	int n = 0;

	if (a->vs->prompt.keys != CTX_NONE)
		out[n++] = a->vs->prompt.keys;
	out[n++] = CTX_FORM;
	if (form_has_secret(&a->vs->prompt.form))
		out[n++] = CTX_SECRET;
	out[n++] = CTX_DIALOG;
	out[n++] = CTX_EDIT;
	out[n] = CTX_NONE;
}

static bool
prompt_offers(const struct app *a, enum action act)
{
	(void)a;
	return act != ACT_FORM_NEXT;
}

static void
prompt_draw(struct app *a, struct box b)
{
	struct prompt_view *v = &a->vs->prompt;

	form_draw(a->draw, &v->form, popup(a, b, 64, 7, v->title), NULL, NULL);
}

static bool
prompt_act(struct app *a, enum action act, int digit)
{
	struct prompt_view *v = &a->vs->prompt;
	prompted_fn *done = v->done;
	char text[FORM_TEXT_MAX];
	int64_t arg = v->arg;

	(void)digit;
	switch (act) {
	case ACT_FORM_ENTER:
		snprintf(text, sizeof(text), "%s", form_text(&v->form, 0));
		app_close(a, &view_prompt);
		done(a, text, arg);
		sodium_memzero(text, sizeof(text));
		return true;
	case ACT_FORM_CANCEL:
		app_close(a, &view_prompt);
		return true;
	default:
		return (v->act != NULL && v->act(a, act)) ||
		       form_act(&v->form, act);
	}
}

static bool
prompt_type(struct app *a, uint32_t cp)
{
	form_type(&a->vs->prompt.form, cp);
	return true;
}

static bool
prompt_paste(struct app *a, const char *s, size_t n)
{
	return form_paste(&a->vs->prompt.form, s, n);
}

const struct view_ops view_prompt = {
    .name = "prompt",
    .contexts = prompt_contexts,
    .offers = prompt_offers,
    .draw = prompt_draw,
    .act = prompt_act,
    .type = prompt_type,
    .paste = prompt_paste,
    .close = prompt_close,
};
