/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_backup_set.c — where backups are kept, and how often one is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/app_int.h"

static const char *const every_words[] = {"day", "week", "month"};
static const uint32_t every_days[] = {1, 7, 30};

static int
choice_of(uint32_t days)
{
	int i = 0;

	while (i + 1 < (int)ARRAY_LEN(every_days) && every_days[i] < days)
		i++;
	return i;
}

void
backup_set_begin(struct app *a)
{
	const struct backup_view *now = &a->vs->backup;
	struct backup_set_view *v = &a->vs->backup_set;
	char keep[16];

	if (app_is_open(a, &view_backup_set))
		return;
	memset(v, 0, sizeof(*v));
	v->fields[BS_PLACE] = (struct field){.label = "Keep them in",
	    .hint = "A folder; https://... (WebDAV); or "
		    "s3+https://host/bucket/...?region=... Empty: no more."};
	v->fields[BS_SECRET] = (struct field){.label = "Credentials",
	    .hint = "Of a URL: a file that only you can read, with user and "
		    "secret on a line each."};
	v->fields[BS_EVERY] = (struct field){.label = "One every",
	    .kind = FIELD_CHOICE,
	    .choices = every_words,
	    .nchoices = (int)ARRAY_LEN(every_words),
	    .choice = choice_of(now->every_days),
	    .hint = "While sotto runs; what was missed is made up for."};
	v->fields[BS_KEEP] = (struct field){.label = "Keep the newest",
	    .digits = 3,
	    .hint = "Older ones of this device are removed."};
	form_init(&v->form, v->fields, BS_FIELDS);
	snprintf(keep, sizeof(keep), "%u", now->keep);
	form_focus(&v->form, BS_KEEP);
	if (!form_paste(&v->form, keep, strlen(keep)))
		v->form.status[0] = '\0';
	form_focus(&v->form, BS_SECRET);
	if (!form_paste(&v->form, now->credentials, strlen(now->credentials)))
		v->form.status[0] = '\0';
	form_focus(&v->form, BS_PLACE);
	if (!form_paste(&v->form, now->to, strlen(now->to)))
		v->form.status[0] = '\0';
	app_push(a, &view_backup_set);
}

static void
set_close(struct app *a)
{
	form_clear(&a->vs->backup_set.form);
}

static void
set_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	int n = 0;

	if (form_is_choice(&a->vs->backup_set.form))
		out[n++] = CTX_CHOICE;
	out[n++] = CTX_FORM;
	out[n++] = CTX_DIALOG;
	out[n++] = CTX_EDIT;
	out[n] = CTX_NONE;
}

static void
set_draw(struct app *a, struct box b)
{
	struct box in = popup(a, b, 70, 12, "Where and how often");

	form_draw(a->draw, &a->vs->backup_set.form, in, NULL,
	    "They are sealed before they leave this machine.");
}

static void
submit(struct app *a)
{
	struct backup_set_view *v = &a->vs->backup_set;
	const char *place = form_text(&v->form, BS_PLACE);
	const char *secret = form_text(&v->form, BS_SECRET);
	uint32_t days = every_days[v->fields[BS_EVERY].choice];
	unsigned long keep = strtoul(form_text(&v->form, BS_KEEP), NULL, 10);

	if (v->form.busy)
		return;
	if (keep < 1) {
		form_status(&v->form, ST_ERROR, "One at least stays.");
		form_focus(&v->form, BS_KEEP);
		return;
	}
	v->tag = app_tag(a);
	if (app_asked(a,
		a->be->backup_set(a->e, v->tag, place[0] != '\0' ? place : NULL,
		    secret[0] != '\0' ? secret : NULL, days, (uint32_t)keep)))
		v->form.busy = true;
}

static bool
set_act(struct app *a, enum action act, int digit)
{
	(void)digit;
	switch (act) {
	case ACT_FORM_ENTER:
		submit(a);
		return true;
	case ACT_FORM_CANCEL:
		app_close(a, &view_backup_set);
		return true;
	default:
		return form_act(&a->vs->backup_set.form, act);
	}
}

static bool
set_type(struct app *a, uint32_t cp)
{
	return form_type(&a->vs->backup_set.form, cp);
}

static bool
set_paste(struct app *a, const char *s, size_t n)
{
	return form_paste(&a->vs->backup_set.form, s, n);
}

static void
set_event(struct app *a, const struct engine_event *ev)
{
	struct backup_set_view *v = &a->vs->backup_set;
	char why[APP_NOTICE_CAP];

	if (v->tag == 0 || ev->tag != v->tag)
		return;
	v->tag = 0;
	v->form.busy = false;
	a->claimed = true;
	if (ev->kind == EV_ERROR)
		form_status(&v->form, ST_ERROR, "%s",
		    app_sentence(ev, why, sizeof(why)));
	else
		app_close(a, &view_backup_set);
}

static const char *
set_enter(const struct app *a)
{
	(void)a;
	return "keep";
}

const struct view_ops view_backup_set = {
    .name = "backup-set",
    .contexts = set_contexts,
    .enter = set_enter,
    .draw = set_draw,
    .act = set_act,
    .type = set_type,
    .paste = set_paste,
    .event = set_event,
    .close = set_close,
};
