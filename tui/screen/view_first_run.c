/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_first_run.c — from nothing to the first chat on one screen: relay,
 * number, name, passphrase; then the code the relay sends. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/e164.h"
#include "common/text.h"
#include "common/uri.h"
#include "tui/screen/strength.h"
#include "tui/screen/views.h"

static const struct field blank[FR_FIELDS] = {
    [FR_RELAY] = {.label = "Relay",
	.hint = "The invite link you were given, or the relay's address: "
		"sotto://host:port/#key"},
    [FR_PHONE] = {.label = "Phone",
	.hint = "Your number with its country code, for example "
		"+49 170 1234567. Others find you by it."},
    [FR_NAME] = {.label = "Your name",
	.hint = "What others see before they give you a name of their own."},
    [FR_PASS] = {.label = "Passphrase",
	.kind = FIELD_SECRET,
	.hint = "Encrypts everything on this device. Nobody can restore it: "
		"several words you do not forget are best."},
    [FR_AGAIN] = {.label = "Again",
	.kind = FIELD_SECRET,
	.hint = "The same passphrase once more."},
    [FR_CODE] = {.label = "Code",
	.hidden = true,
	.digits = FORM_DIGITS_MAX,
	.hint = "The digits sent to your number. Ctrl-R asks for a new one; "
		"to change the number, go up and press Enter there."},
};

void
first_run_begin(struct app *a, bool opened)
{
	struct first_run_view *v = &a->vs->first_run;

	app_close(a, &view_first_run);
	memset(v, 0, sizeof(*v));
	memcpy(v->fields, blank, sizeof(blank));
	form_init(&v->form, v->fields, FR_FIELDS);
	v->opened = opened;
	v->fields[FR_PASS].hidden = opened;
	v->fields[FR_AGAIN].hidden = opened;
	app_root(a, &view_first_run);
}

static void
first_run_close(struct app *a)
{
	form_clear(&a->vs->first_run.form);
}

static void
first_run_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	const struct first_run_view *v = &a->vs->first_run;
	int n = 0;

	out[n++] = CTX_FORM;
	if (form_has_secret(&v->form))
		out[n++] = CTX_SECRET;
	if (v->step == FR_TYPE_CODE)
		out[n++] = CTX_CODE;
	if (v->step == FR_FILL)
		out[n++] = CTX_NEWCOMER;
	out[n++] = CTX_EDIT;
	out[n] = CTX_NONE;
}

/* ---- remarks beside the fields --------------------------------------------------- */

static void
set_side(struct field *f, const char *text, enum style st)
{
	f->side = text;
	f->side_style = st;
}

static void
strength_side(struct app *a, struct first_run_view *v)
{
	static const enum style styles[] = {
	    ST_DIM, ST_ERROR, ST_WARN, ST_GOOD, ST_GOOD};
	const struct theme *t = draw_theme(a->draw);
	const char *s = form_text(&v->form, FR_PASS);
	enum strength st = strength_of(s, strlen(s));
	size_t n = 0;
	int i;

	v->strength[0] = '\0';
	for (i = 0; st != STRENGTH_NONE && i < 4; i++)
		n += (size_t)snprintf(v->strength + n, sizeof(v->strength) - n,
		    "%s", theme_sign(t, i < (int)st ? SIGN_FULL : SIGN_EMPTY));
	snprintf(
	    v->strength + n, sizeof(v->strength) - n, " %s", strength_word(st));
	set_side(&v->fields[FR_PASS], v->strength, styles[st]);
}

/* What can be said while it is being typed. */
static void
update_sides(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;
	const char *pass = form_text(&v->form, FR_PASS);
	const char *again = form_text(&v->form, FR_AGAIN);

	strength_side(a, v);
	if (again[0] == '\0')
		set_side(&v->fields[FR_AGAIN], NULL, ST_DIM);
	else if (strcmp(pass, again) == 0)
		set_side(&v->fields[FR_AGAIN], "equal", ST_GOOD);
	else
		set_side(&v->fields[FR_AGAIN], "not equal", ST_WARN);
}

/* ---- checking before anything is asked -------------------------------------------- */

static bool
wrong(struct first_run_view *v, int field, const char *why)
{
	form_focus(&v->form, field);
	form_status(&v->form, ST_ERROR, "%s", why);
	return false;
}

static bool
is_link(const char *s)
{
	return strncasecmp(s, URI_SCHEME, strlen(URI_SCHEME)) == 0;
}

static bool
check_passphrase(struct first_run_view *v)
{
	const char *pass = form_text(&v->form, FR_PASS);
	char why[96];

	if (v->opened)
		return true;
	if (text_width(pass, strlen(pass)) < STRENGTH_MIN_CHARS) {
		snprintf(why, sizeof(why),
		    "The passphrase needs at least %d characters.",
		    STRENGTH_MIN_CHARS);
		return wrong(v, FR_PASS, why);
	}
	if (strcmp(pass, form_text(&v->form, FR_AGAIN)) != 0)
		return wrong(v, FR_AGAIN, "The two passphrases differ.");
	return true;
}

static bool
check(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;
	char number[E164_CAP], text[128];
	enum e164_reason reason;
	const char *why = NULL;
	struct uri uri;

	if (form_text(&v->form, FR_RELAY)[0] == '\0')
		return wrong(v, FR_RELAY,
		    "Paste the invite link or the relay's address here.");
	if (uri_parse(form_text(&v->form, FR_RELAY), &uri, &why) != 0)
		return wrong(v, FR_RELAY, why);
	if (e164_parse(
		number, form_text(&v->form, FR_PHONE), a->home, &reason) != 0) {
		snprintf(text, sizeof(text), "The phone number: %s.",
		    e164_reason_str(reason));
		return wrong(v, FR_PHONE, text);
	}
	if (is_link(form_text(&v->form, FR_NAME)))
		return wrong(v, FR_NAME,
		    "That is a relay's link. Type the name others will see.");
	if (form_text(&v->form, FR_NAME)[0] == '\0')
		return wrong(v, FR_NAME, "Type the name others will see.");
	return check_passphrase(v);
}

/* ---- the steps ---------------------------------------------------------------------- */

static void
go(struct first_run_view *v, enum first_run_step step, const char *status)
{
	v->step = step;
	v->form.busy = step == FR_MAKING || step == FR_CHECKING;
	form_status(&v->form, ST_TEXT, "%s", status);
}

static void
ask_code(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;
	struct form *f = &v->form;
	int r;

	v->tag = app_tag(a);
	r = a->be->start(a->e, v->tag, form_text(f, FR_RELAY),
	    form_text(f, FR_PHONE), form_text(f, FR_NAME));
	if (!app_asked(a, r))
		return;
	go(v, FR_ASKING, "Asking the relay for a code...");
	/* The code may be there before the relay's answer: it can be typed. */
	v->eager = false;
	v->fields[FR_CODE].hidden = false;
	v->fields[FR_CODE].digits = FORM_DIGITS_MAX;
	edit_clear(&v->fields[FR_CODE].edit);
	form_focus(f, FR_CODE);
}

static void
make_store(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;
	struct engine_key key = {.passphrase = form_text(&v->form, FR_PASS)};

	v->tag = app_tag(a);
	if (app_asked(a, a->be->unlock(a->e, v->tag, &key)))
		go(v, FR_MAKING, "Making the encrypted store...");
}

static void
send_code(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;
	const char *code = form_text(&v->form, FR_CODE);

	if (code[0] == '\0') {
		form_status(&v->form, ST_WARN, "Type the code you were sent.");
		return;
	}
	/* A slip costs none of the few attempts. */
	if (v->digits > 0 && strlen(code) != v->digits) {
		form_status(&v->form, ST_WARN,
		    "The code has %u digits; these are %zu.", v->digits,
		    strlen(code));
		return;
	}
	v->tag = app_tag(a);
	if (app_asked(a, a->be->verify(a->e, v->tag, code)))
		go(v, FR_CHECKING, "Checking the code...");
}

static void
submit(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;

	if (v->form.busy)
		return;
	if (v->step == FR_ASKING) {
		v->eager = form_text(&v->form, FR_CODE)[0] != '\0';
		return;
	}
	if (v->step == FR_TYPE_CODE && v->form.focus == FR_CODE) {
		send_code(a);
		return;
	}
	/* Enter goes through the fields; the last one sends the form. */
	if (v->step == FR_FILL && !v->opened && !form_at_last(&v->form)) {
		form_act(&v->form, ACT_FORM_NEXT);
		return;
	}
	if (!check(a))
		return;
	if (v->opened)
		ask_code(a);
	else
		make_store(a);
}

/* ---- answers -------------------------------------------------------------------------- */

static void
code_sent(struct app *a, const struct engine_event *ev)
{
	struct first_run_view *v = &a->vs->first_run;

	v->digits = ev->digits <= FORM_DIGITS_MAX ? ev->digits : 0;
	if (v->digits > 0)
		v->fields[FR_CODE].digits = v->digits;
	v->resend_at = a->mono + ev->resend_after_ms;
	v->coded = true;
	go(v, FR_TYPE_CODE, "");
	if (ev->text != NULL) /* it may not come at all */
		form_status(&v->form, ST_WARN, "%s", ev->text);
	else
		form_status(&v->form, ST_GOOD,
		    "A code of %u digits is on its way to %s.", ev->digits,
		    form_text(&v->form, FR_PHONE));
	if (v->eager)
		send_code(a);
}

static void
failed(struct app *a, const struct engine_event *ev)
{
	struct first_run_view *v = &a->vs->first_run;
	char why[APP_NOTICE_CAP];

	v->step = v->coded ? FR_TYPE_CODE : FR_FILL;
	if (!v->coded) {
		v->fields[FR_CODE].hidden = true;
		v->form.focus = FR_RELAY; /* most often it is the relay */
	}
	v->form.busy = false;
	app_sentence(ev, why, sizeof(why));
	form_status(&v->form, ST_ERROR, "%s", why);
	if (ev->retry_after_ms > 0)
		v->resend_at = a->mono + ev->retry_after_ms;
}

/* The code is right, but the number has a PIN. */
static void
pin_typed(struct app *a, const char *pin, int64_t arg)
{
	struct first_run_view *v = &a->vs->first_run;

	(void)arg;
	v->tag = app_tag(a);
	if (app_asked(a, a->be->verify_pin(
			     a->e, v->tag, form_text(&v->form, FR_CODE), pin)))
		go(v, FR_CHECKING, "Checking the PIN...");
}

static void
ask_pin(struct app *a)
{
	prompt_begin(a, "Your number has a PIN", "PIN",
	    "The registration lock that you have set. Without it: wait until "
	    "it "
	    "lapses.",
	    "", pin_typed, 0);
	prompt_secret(a);
}

static void
first_run_event(struct app *a, const struct engine_event *ev)
{
	struct first_run_view *v = &a->vs->first_run;

	if (v->tag == 0 || ev->tag != v->tag)
		return;
	v->tag = 0;
	a->claimed = true;
	switch (ev->kind) {
	case EV_UNLOCKED:
		v->opened = true;
		/* What has been used is not kept in memory. */
		v->fields[FR_PASS].hidden = v->fields[FR_AGAIN].hidden = true;
		edit_clear(&v->fields[FR_PASS].edit);
		edit_clear(&v->fields[FR_AGAIN].edit);
		form_focus(&v->form, FR_NAME);
		if (ev->self.registered)
			app_begin(a);
		else
			ask_code(a);
		break;
	case EV_CODE_SENT:
		code_sent(a, ev);
		break;
	case EV_REGISTERED:
		app_begin(a);
		app_notice(a, ST_GOOD,
		    "Welcome. F2 starts a chat, F1 shows the keys.");
		break;
	default:
		failed(a, ev);
		if (ev->locked && ev->tries_left > 0)
			ask_pin(a);
		break;
	}
}

uint64_t
first_run_tick(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;
	uint64_t left, shown = 0, next = 0;

	if (v->step == FR_TYPE_CODE && v->resend_at > a->mono) {
		left = v->resend_at - a->mono;
		shown = (left + 999) / 1000;
		next = a->mono + (left - 1) % 1000 + 1;
	}
	if (shown != v->resend_shown)
		a->dirty = true;
	v->resend_shown = shown;
	return next;
}

/* ---- keys, drawing ---------------------------------------------------------------------- */

static void
resend(struct app *a)
{
	struct first_run_view *v = &a->vs->first_run;

	if (v->resend_shown > 0)
		form_status(&v->form, ST_WARN,
		    "A new code can be asked for in %u seconds.",
		    (unsigned)v->resend_shown);
	else if (!v->form.busy)
		ask_code(a);
}

static bool
first_run_act(struct app *a, enum action act, int digit)
{
	struct first_run_view *v = &a->vs->first_run;
	bool done = true;

	(void)digit;
	if (act == ACT_FORM_ENTER)
		submit(a);
	else if (act == ACT_FORM_RESEND)
		resend(a);
	else if (act == ACT_LINK_HERE)
		link_new_view_begin(
		    a, form_text(&v->form, FR_RELAY), v->opened);
	else
		done = form_act(&v->form, act);
	update_sides(a);
	return done;
}

static bool
first_run_type(struct app *a, uint32_t cp)
{
	struct first_run_view *v = &a->vs->first_run;

	if (form_type(&v->form, cp) &&
	    (v->step == FR_FILL || v->form.status_style == ST_WARN))
		v->form.status[0] = '\0';
	update_sides(a);
	return true;
}

static bool
first_run_paste(struct app *a, const char *s, size_t n)
{
	struct first_run_view *v = &a->vs->first_run;
	int was = v->form.focus;
	bool stray = n >= strlen(URI_SCHEME) && is_link(s) && !v->form.busy &&
		     (was == FR_PHONE || was == FR_NAME || was == FR_CODE);
	bool done;

	/* A link belongs to one field only. */
	if (stray)
		form_focus(&v->form, FR_RELAY);
	if (stray && edit_set(&v->fields[FR_RELAY].edit, "", 0) != 0)
		return true;
	done = form_paste(&v->form, s, n);
	if (stray)
		form_status(&v->form, ST_TEXT,
		    "That is a relay's link, so it went to the first field.");
	update_sides(a);
	return done;
}

static const char *
what_next(const struct first_run_view *v)
{
	if (v->step == FR_TYPE_CODE || v->step == FR_CHECKING)
		return "Next: your chats. The code shows the relay that the "
		       "number is yours.";
	return "Next: the relay sends a code to your number; you type it here "
	       "and can write at once. The relay passes on only what it "
	       "cannot read.";
}

static void
first_run_draw(struct app *a, struct box b)
{
	struct first_run_view *v = &a->vs->first_run;
	struct box in = popup(a, b, 78, 22, "Sotto: set up this device");

	if (v->resend_shown > 0 && v->step == FR_TYPE_CODE) {
		snprintf(v->strength, sizeof(v->strength), "new in %us",
		    (unsigned)v->resend_shown);
		set_side(&v->fields[FR_CODE], v->strength, ST_DIM);
	} else {
		set_side(&v->fields[FR_CODE], NULL, ST_DIM);
	}
	form_draw(a->draw, &v->form, in,
	    "Messages only the two of you can read. This takes a minute.",
	    what_next(v));
}

/* What Enter does; submit() is the other half. */
static const char *
first_run_enter(const struct app *a)
{
	const struct first_run_view *v = &a->vs->first_run;

	if (v->step == FR_ASKING)
		return "send the code";
	if (v->step == FR_TYPE_CODE)
		return v->form.focus == FR_CODE ? "send the code" : "new code";
	if (v->step == FR_FILL && !v->opened && form_at_last(&v->form))
		return "set up";
	return "go on";
}

const struct view_ops view_first_run = {
    .name = "first run",
    .contexts = first_run_contexts,
    .enter = first_run_enter,
    .draw = first_run_draw,
    .act = first_run_act,
    .type = first_run_type,
    .paste = first_run_paste,
    .event = first_run_event,
    .close = first_run_close,
};
