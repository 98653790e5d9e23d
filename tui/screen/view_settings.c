/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_settings.c — F4: what others learn, what notifications say, the look. */
#include <string.h>

#include "tui/screen/raster.h"
#include "tui/screen/views.h"

static const char *const no_yes[] = {"no", "yes"};
static const char *const notify_words[] = {"nothing", "bell only",
    "bell and \"New message\"", "bell and sender", "bell, sender and text"};
static const char *const theme_words[] = {
    "as the terminal", "dark", "light", "no colour"};

/* One for each mode. */
#define X(name, word) +1
#define MODES	      (0 PICTURE_MODES(X))

void
settings_begin(struct app *a)
{
	struct settings_view *v = &a->vs->settings;
	const struct engine_self *self = &a->m.self;
	const char *name = a->m.has_self ? self->name : "";

	if (app_is_open(a, &view_settings))
		return;
	memset(v, 0, sizeof(*v));
	v->fields[SET_NAME] =
	    (struct field){.label = "Your name", .hint = "What others see."};
	v->fields[SET_RECEIPTS] = (struct field){.label = "Read receipts",
	    .kind = FIELD_CHOICE,
	    .choices = no_yes,
	    .nchoices = 2,
	    .choice = self->read_receipts,
	    .hint = "Tell others that you have read their messages."};
	v->fields[SET_PRESENCE] = (struct field){.label = "Online state",
	    .kind = FIELD_CHOICE,
	    .choices = no_yes,
	    .nchoices = 2,
	    .choice = self->share_presence,
	    .hint = "Show your contacts when you are online or typing."};
	v->fields[SET_NOTIFY] = (struct field){.label = "Notify by",
	    .kind = FIELD_CHOICE,
	    .choices = notify_words,
	    .nchoices = (int)ARRAY_LEN(notify_words),
	    .choice = a->prefs.notify,
	    .hint = "What a notification tells of a new message."};
	v->fields[SET_THEME] = (struct field){.label = "Colours",
	    .kind = FIELD_CHOICE,
	    .choices = theme_words,
	    .nchoices = (int)ARRAY_LEN(theme_words),
	    .choice = a->prefs.theme,
	    .hint = "NO_COLOR in the environment turns colours off too."};
	v->fields[SET_PICTURES] = (struct field){.label = "Pictures",
	    .kind = FIELD_CHOICE,
	    .choices = prefs_picture_words,
	    .nchoices = MODES,
	    .choice = a->prefs.pictures,
	    .hint = "auto: as well as the terminal says it can."};
	v->fields[SET_MOUSE] = (struct field){.label = "Mouse",
	    .kind = FIELD_CHOICE,
	    .choices = no_yes,
	    .nchoices = 2,
	    .choice = a->prefs.mouse,
	    .hint = "Wheel and clicks; hold Shift to mark text."};
	form_init(&v->form, v->fields, SET_FIELDS);
	if (!form_paste(&v->form, name, strlen(name)))
		v->form.status[0] = '\0';
	app_push(a, &view_settings);
}

static void
settings_close(struct app *a)
{
	form_clear(&a->vs->settings.form);
}

static void
settings_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	int n = 0;

	if (form_is_choice(&a->vs->settings.form))
		out[n++] = CTX_CHOICE;
	out[n++] = CTX_FORM;
	out[n++] = CTX_DIALOG;
	out[n++] = CTX_EDIT;
	out[n] = CTX_NONE;
}

static void
settings_draw(struct app *a, struct box b)
{
	struct box in = popup(a, b, 66, 14, "Settings");

	form_draw(a->draw, &a->vs->settings.form, in, NULL,
	    "Enter keeps the changes, Esc forgets them.");
}

static void
keep_screen(struct app *a)
{
	struct settings_view *v = &a->vs->settings;
	struct prefs was = a->prefs;

	a->prefs.notify = v->fields[SET_NOTIFY].choice;
	a->prefs.theme = v->fields[SET_THEME].choice;
	a->prefs.pictures = v->fields[SET_PICTURES].choice;
	a->prefs.mouse = v->fields[SET_MOUSE].choice == 1;
	if (was.notify == a->prefs.notify && was.theme == a->prefs.theme &&
	    was.pictures == a->prefs.pictures && was.mouse == a->prefs.mouse)
		return;
	if (was.mouse != a->prefs.mouse)
		a->host->mouse(a->host_ctx, a->prefs.mouse);
	if (was.theme != a->prefs.theme || was.pictures != a->prefs.pictures)
		a->host->retheme(a->host_ctx);
	a->host->save_prefs(a->host_ctx);
}

static void
submit(struct app *a)
{
	struct settings_view *v = &a->vs->settings;
	const struct engine_self *self = &a->m.self;
	const char *name = form_text(&v->form, SET_NAME);
	bool receipts = v->fields[SET_RECEIPTS].choice == 1;
	bool presence = v->fields[SET_PRESENCE].choice == 1;

	if (v->form.busy)
		return;
	keep_screen(a);
	if (!a->m.has_self || name[0] == '\0' ||
	    (strcmp(name, self->name) == 0 && receipts == self->read_receipts &&
		presence == self->share_presence)) {
		app_close(a, &view_settings);
		return;
	}
	v->tag = app_tag(a);
	if (app_asked(
		a, a->be->set_profile(a->e, v->tag, name, receipts, presence)))
		v->form.busy = true;
}

static bool
settings_act(struct app *a, enum action act, int digit)
{
	(void)digit;
	switch (act) {
	case ACT_FORM_ENTER:
		submit(a);
		return true;
	case ACT_FORM_CANCEL:
		app_close(a, &view_settings);
		return true;
	default:
		return form_act(&a->vs->settings.form, act);
	}
}

static bool
settings_type(struct app *a, uint32_t cp)
{
	return form_type(&a->vs->settings.form, cp);
}

static bool
settings_paste(struct app *a, const char *s, size_t n)
{
	return form_paste(&a->vs->settings.form, s, n);
}

static void
settings_event(struct app *a, const struct engine_event *ev)
{
	struct settings_view *v = &a->vs->settings;
	char why[APP_NOTICE_CAP];

	if (v->tag == 0 || ev->tag != v->tag)
		return;
	v->tag = 0;
	v->form.busy = false;
	a->claimed = true;
	if (ev->kind == EV_ERROR) {
		form_status(&v->form, ST_ERROR, "%s",
		    app_sentence(ev, why, sizeof(why)));
		return;
	}
	app_close(a, &view_settings);
	app_notice(a, ST_GOOD, "Saved.");
}

static const char *
settings_enter(const struct app *a)
{
	(void)a;
	return "keep";
}

const struct view_ops view_settings = {
    .name = "settings",
    .contexts = settings_contexts,
    .enter = settings_enter,
    .draw = settings_draw,
    .act = settings_act,
    .type = settings_type,
    .paste = settings_paste,
    .event = settings_event,
    .close = settings_close,
};
