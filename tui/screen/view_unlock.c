/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_unlock.c — the passphrase of the store. */
#include <string.h>

#include <sodium.h>

#include "tui/screen/views.h"

static void
unlock(struct app *a, const struct engine_key *key)
{
	struct unlock_view *u = &a->vs->unlock;

	u->tag = app_tag(a);
	if (!app_asked(a, a->be->unlock(a->e, u->tag, key))) {
		u->tag = 0;
		return;
	}
	u->form.busy = true;
	form_status(&u->form, ST_TEXT, "Unlocking...");
}

void
unlock_begin(struct app *a, const struct engine_key *key)
{
	struct unlock_view *u = &a->vs->unlock;

	app_close(a, &view_unlock);
	memset(u, 0, sizeof(*u));
	u->fields[0] =
	    (struct field){.label = "Passphrase", .kind = FIELD_SECRET};
	form_init(&u->form, u->fields, 1);
	app_root(a, &view_unlock);
	u->by_key = key != NULL;
	if (key == NULL)
		return;
	unlock(a, key);
	app_ask_chats(a); /* the engine need not wait for us in between */
}

static void
unlock_close(struct app *a)
{
	form_clear(&a->vs->unlock.form);
}

static void
unlock_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_FORM;
	out[1] = CTX_SECRET;
	out[2] = CTX_EDIT;
	out[3] = CTX_NONE;
}

static void
unlock_draw(struct app *a, struct box b)
{
	struct box in = popup(a, b, 60, 9, "Sotto");

	form_draw(a->draw, &a->vs->unlock.form, in,
	    "Your messages are encrypted on this device.", NULL);
}

static bool
unlock_act(struct app *a, enum action act, int digit)
{
	struct unlock_view *u = &a->vs->unlock;
	struct engine_key key = {0};

	(void)digit;
	if (act != ACT_FORM_ENTER)
		return form_act(&u->form, act);
	if (u->form.busy)
		return true;
	if (edit_len(&u->fields[0].edit) == 0) {
		form_status(&u->form, ST_WARN, "Type your passphrase.");
		return true;
	}
	key.passphrase = form_text(&u->form, 0);
	unlock(a, &key);
	return true;
}

static bool
unlock_type(struct app *a, uint32_t cp)
{
	struct form *f = &a->vs->unlock.form;

	if (form_type(f, cp))
		f->status[0] = '\0';
	return true;
}

static bool
unlock_paste(struct app *a, const char *s, size_t n)
{
	return form_paste(&a->vs->unlock.form, s, n);
}

static void
refused(struct app *a, const struct engine_event *ev)
{
	struct unlock_view *u = &a->vs->unlock;
	char why[APP_NOTICE_CAP];

	u->form.busy = false;
	if (edit_set(&u->fields[0].edit, "", 0) != 0)
		edit_clear(&u->fields[0].edit);
	if (ev->code == ERR_AUTH && !u->by_key)
		form_status(&u->form, ST_ERROR, "Wrong passphrase. Try again.");
	else
		form_status(&u->form, ST_ERROR, "%s",
		    app_sentence(ev, why, sizeof(why)));
	u->by_key = false;
}

static void
unlock_event(struct app *a, const struct engine_event *ev)
{
	struct unlock_view *u = &a->vs->unlock;

	if (u->tag == 0 || ev->tag != u->tag)
		return;
	u->tag = 0;
	a->claimed = true;
	if (ev->kind == EV_UNLOCKED && ev->self.registered)
		app_begin(a);
	else if (ev->kind == EV_UNLOCKED)
		first_run_begin(a, true);
	else
		refused(a, ev);
}

/* One field: there is no next one. */
static bool
unlock_offers(const struct app *a, enum action act)
{
	(void)a;
	return act != ACT_FORM_NEXT;
}

static const char *
unlock_enter(const struct app *a)
{
	(void)a;
	return "unlock";
}

const struct view_ops view_unlock = {
    .name = "unlock",
    .contexts = unlock_contexts,
    .enter = unlock_enter,
    .offers = unlock_offers,
    .draw = unlock_draw,
    .act = unlock_act,
    .type = unlock_type,
    .paste = unlock_paste,
    .event = unlock_event,
    .close = unlock_close,
};
