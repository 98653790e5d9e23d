/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_new_chat.c — F2: a chat with a phone number. */
#include <string.h>

#include "common/text.h"
#include "tui/screen/views.h"

enum { NC_PHONE, NC_NAME };

void
new_chat_begin(struct app *a, const char *phone)
{
	struct new_chat_view *v = &a->vs->new_chat;

	if (app_is_open(a, &view_new_chat))
		return;
	memset(v, 0, sizeof(*v));
	v->fields[NC_PHONE] = (struct field){.label = "Phone",
	    .hint = "With the country code, for example +49 170 1234567."};
	v->fields[NC_NAME] = (struct field){.label = "Name",
	    .hint = "What you call them; may stay empty. Only you see it."};
	form_init(&v->form, v->fields, 2);
	if (phone != NULL && !form_paste(&v->form, phone, strlen(phone)))
		v->form.status[0] = '\0';
	app_push(a, &view_new_chat);
}

static void
new_chat_close(struct app *a)
{
	form_clear(&a->vs->new_chat.form);
	a->vs->new_chat.tag = 0;
}

static void
new_chat_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_FORM;
	out[1] = CTX_DIALOG;
	out[2] = CTX_EDIT;
	out[3] = CTX_NONE;
}

static void
new_chat_draw(struct app *a, struct box b)
{
	struct box in = popup(a, b, 60, 10, "New chat");

	form_draw(a->draw, &a->vs->new_chat.form, in, NULL, NULL);
}

static void
submit(struct app *a)
{
	struct new_chat_view *v = &a->vs->new_chat;
	const char *name = form_text(&v->form, NC_NAME);

	if (v->form.busy)
		return;
	if (form_text(&v->form, NC_PHONE)[0] == '\0') {
		form_focus(&v->form, NC_PHONE);
		form_status(&v->form, ST_WARN, "Type a phone number.");
		return;
	}
	v->tag = app_tag(a);
	if (!app_asked(
		a, a->be->contact(a->e, v->tag, form_text(&v->form, NC_PHONE),
		       name[0] != '\0' ? name : NULL)))
		return;
	v->form.busy = true;
	form_status(&v->form, ST_TEXT, "Looking for this number...");
}

static bool
new_chat_act(struct app *a, enum action act, int digit)
{
	(void)digit;
	switch (act) {
	case ACT_FORM_ENTER:
		submit(a);
		return true;
	case ACT_FORM_CANCEL:
		app_close(a, &view_new_chat);
		return true;
	default:
		return form_act(&a->vs->new_chat.form, act);
	}
}

static bool
new_chat_type(struct app *a, uint32_t cp)
{
	if (form_type(&a->vs->new_chat.form, cp))
		a->vs->new_chat.form.status[0] = '\0';
	return true;
}

static bool
new_chat_paste(struct app *a, const char *s, size_t n)
{
	return form_paste(&a->vs->new_chat.form, s, n);
}

static void
new_chat_event(struct app *a, const struct engine_event *ev)
{
	struct new_chat_view *v = &a->vs->new_chat;
	char why[APP_NOTICE_CAP];

	if (v->tag == 0 || ev->tag != v->tag)
		return;
	v->tag = 0;
	v->form.busy = false;
	a->claimed = true;
	if (ev->kind == EV_CONTACT) {
		app_close(a, &view_new_chat);
		app_open_chat(a, ev->chat);
		/* Its row may still be on its way. */
		if (a->open_when_known != 0)
			app_asked(a, a->be->chats(a->e, app_tag(a)));
	} else {
		form_focus(&v->form, NC_PHONE);
		form_status(&v->form, ST_ERROR, "%s",
		    app_sentence(ev, why, sizeof(why)));
	}
}

static const char *
new_chat_enter(const struct app *a)
{
	(void)a;
	return "start";
}

const struct view_ops view_new_chat = {
    .name = "new chat",
    .contexts = new_chat_contexts,
    .enter = new_chat_enter,
    .draw = new_chat_draw,
    .act = new_chat_act,
    .type = new_chat_type,
    .paste = new_chat_paste,
    .event = new_chat_event,
    .close = new_chat_close,
};
