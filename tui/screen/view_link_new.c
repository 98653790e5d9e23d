/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_link_new.c — this device becomes another one of an account: a form, the
 * code for the trusted device to read, and the digits to compare. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "common/text.h"
#include "common/uri.h"
#include "tui/screen/app_int.h"
#include "tui/screen/strength.h"

void
link_new_view_begin(struct app *a, const char *relay, bool opened)
{
	struct link_new_view *v = &a->vs->link_new;
	char host[ENGINE_DEVICE_NAME_MAX] = "";
	struct field *f = v->fields;

	memset(v, 0, sizeof(*v));
	f[LN_RELAY] = (struct field){.label = "Relay",
	    .hint =
		"The relay your account is on: sotto://host:port/#key. Your "
		"other device shows it in its settings."};
	f[LN_NAME] = (struct field){.label = "This device",
	    .hint = "What you call it. Only your own devices see it."};
	f[LN_PASS] = (struct field){.label = "Passphrase",
	    .kind = FIELD_SECRET,
	    .hint = "Encrypts everything on this device; it may be another one "
		    "than on your other devices. Nobody can restore it.",
	    .hidden = opened};
	f[LN_AGAIN] = (struct field){.label = "Again",
	    .kind = FIELD_SECRET,
	    .hint = "The same passphrase once more.",
	    .hidden = opened};
	form_init(&v->form, f, LN_FIELDS);
	v->opened = opened;
	if (gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0' &&
	    edit_set(&f[LN_NAME].edit, host, strlen(host)) != 0)
		app_asked(a, ERR_NOMEM);
	if (relay[0] != '\0')
		form_paste(&v->form, relay, strlen(relay));
	v->form.status[0] = '\0';
	app_push(a, &view_link_new);
}

static void
link_new_close(struct app *a)
{
	struct link_new_view *v = &a->vs->link_new;

	if (v->step != LN_FILL && v->step != LN_MAKING && v->step != LN_LINKED)
		app_asked(a, a->be->link_cancel(a->e, APP_TAG_NONE));
	form_clear(&v->form);
	sodium_memzero(v->offer, sizeof(v->offer));
	v->tag = 0;
	v->step = LN_FILL;
}

static void
link_new_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	const struct link_new_view *v = &a->vs->link_new;
	int n = 0;

	if (v->step == LN_FILL || v->step == LN_MAKING) {
		out[n++] = CTX_FORM;
		if (form_has_secret(&v->form))
			out[n++] = CTX_SECRET;
		out[n++] = CTX_DIALOG;
		out[n++] = CTX_EDIT;
	} else {
		out[n++] = CTX_OFFER;
	}
	out[n] = CTX_NONE;
}

static bool
link_new_offers(const struct app *a, enum action act)
{
	return (act != ACT_OFFER_INVERSE && act != ACT_OFFER_COPY) ||
	       a->vs->link_new.step == LN_OFFER;
}

/* ---- the form ----------------------------------------------------------------------- */

static bool
wrong(struct link_new_view *v, int field, const char *why)
{
	form_focus(&v->form, field);
	form_status(&v->form, ST_ERROR, "%s", why);
	return false;
}

static bool
check(struct link_new_view *v)
{
	const char *pass = form_text(&v->form, LN_PASS), *why = NULL;
	struct uri uri;

	if (form_text(&v->form, LN_RELAY)[0] == '\0')
		return wrong(v, LN_RELAY, "Type or paste the relay's address.");
	if (uri_parse(form_text(&v->form, LN_RELAY), &uri, &why) != 0)
		return wrong(v, LN_RELAY, why);
	if (v->opened)
		return true;
	if (text_width(pass, strlen(pass)) < STRENGTH_MIN_CHARS)
		return wrong(v, LN_PASS, "The passphrase is too short.");
	if (strcmp(pass, form_text(&v->form, LN_AGAIN)) != 0)
		return wrong(v, LN_AGAIN, "The two passphrases differ.");
	return true;
}

static void
ask_offer(struct app *a)
{
	struct link_new_view *v = &a->vs->link_new;

	v->tag = app_tag(a);
	if (!app_asked(a,
		a->be->link_begin(a->e, v->tag, form_text(&v->form, LN_RELAY),
		    form_text(&v->form, LN_NAME))))
		return;
	v->step = LN_MAKING;
	v->form.busy = true;
	form_status(&v->form, ST_TEXT, "Asking the relay...");
}

static void
submit(struct app *a)
{
	struct link_new_view *v = &a->vs->link_new;
	struct engine_key key = {.passphrase = form_text(&v->form, LN_PASS)};

	if (v->form.busy)
		return;
	if (!v->opened && !form_at_last(&v->form)) {
		form_act(&v->form, ACT_FORM_NEXT);
		return;
	}
	if (!check(v))
		return;
	if (v->opened) {
		ask_offer(a);
		return;
	}
	v->tag = app_tag(a);
	if (!app_asked(a, a->be->unlock(a->e, v->tag, &key)))
		return;
	v->step = LN_MAKING;
	v->form.busy = true;
	form_status(&v->form, ST_TEXT, "Making the encrypted store...");
}

/* ---- drawing ------------------------------------------------------------------------ */

static void
draw_offer(struct app *a, struct box b)
{
	const struct link_new_view *v = &a->vs->link_new;
	/* Every row counts: 21 are for the code. */
	struct box in = b.h < 14 || b.w < 50
			    ? popup(a, b, b.w, b.h, "Link this device")
			    : draw_frame(a->draw, b, "Link this device");
	int n;

	draw_cursor(a->draw, in.y, in.x);
	in = qr_box(a, in, v->offer, v->inverse);
	n = draw_wrapped(a->draw, in,
	    "On the device that registered your number: F6, l. Let it read "
	    "this "
	    "code, or paste this text:",
	    ST_TEXT);
	in.y += n + (in.h > 8);
	in.h -= n + (in.h > 8);
	if (in.h < 1)
		return;
	n = draw_wrapped(a->draw, in, v->offer, ST_STRONG);
	in.y += n + 1;
	in.h -= n + 1;
	if (in.h > 0)
		draw_wrapped(a->draw, in,
		    "It is good for ten minutes and for one device.", ST_DIM);
}

static void
draw_code(struct app *a, struct box b)
{
	const struct link_new_view *v = &a->vs->link_new;
	struct box in = popup(a, b, 60, 8, "Link this device");

	draw_cursor(a->draw, in.y, in.x);
	draw_printf(a->draw, in.y, in.x, in.w, ST_STRONG, "%.3s %s", v->code,
	    v->code + 3);
	in.y += in.h > 4 ? 2 : 1;
	in.h -= in.h > 4 ? 2 : 1;
	draw_wrapped(a->draw, in,
	    "Compare it with the code on your other device, and say yes there.",
	    ST_TEXT);
}

static void
link_new_draw(struct app *a, struct box b)
{
	struct link_new_view *v = &a->vs->link_new;

	if (v->step == LN_OFFER)
		draw_offer(a, b);
	else if (v->step == LN_COMPARE)
		draw_code(a, b);
	else
		form_draw(a->draw, &v->form,
		    popup(a, b, 78, 22, "Link this device to your account"),
		    "Your account's other device takes this one in. What you "
		    "send and read is on both from then on.",
		    "Next: a code for your other device to read.");
}

/* ---- keys --------------------------------------------------------------------------- */

static bool
link_new_act(struct app *a, enum action act, int digit)
{
	struct link_new_view *v = &a->vs->link_new;

	(void)digit;
	switch (act) {
	case ACT_FORM_ENTER:
		submit(a);
		return true;
	case ACT_FORM_CANCEL:
	case ACT_OFFER_CLOSE:
		app_close(a, &view_link_new);
		if (v->opened && app_is_open(a, &view_first_run))
			first_run_begin(a, true);
		return true;
	case ACT_OFFER_INVERSE:
		v->inverse = !v->inverse;
		return true;
	case ACT_OFFER_COPY:
		a->host->copy(a->host_ctx, v->offer, strlen(v->offer));
		app_notice(a, ST_TEXT, "Copied.");
		return true;
	default:
		return form_act(&v->form, act);
	}
}

static bool
link_new_type(struct app *a, uint32_t cp)
{
	struct link_new_view *v = &a->vs->link_new;

	if (v->step == LN_FILL && form_type(&v->form, cp))
		v->form.status[0] = '\0';
	return true;
}

static bool
link_new_paste(struct app *a, const char *s, size_t n)
{
	struct link_new_view *v = &a->vs->link_new;

	return v->step == LN_FILL && form_paste(&v->form, s, n);
}

/* ---- events ------------------------------------------------------------------------- */

static void
failed(struct app *a, const struct engine_event *ev)
{
	struct link_new_view *v = &a->vs->link_new;
	char why[APP_NOTICE_CAP];

	v->step = LN_FILL;
	v->form.busy = false;
	form_focus(&v->form, LN_RELAY);
	form_status(
	    &v->form, ST_ERROR, "%s", app_sentence(ev, why, sizeof(why)));
	a->claimed = true;
}

static void
unlocked(struct app *a, const struct engine_event *ev)
{
	struct link_new_view *v = &a->vs->link_new;

	v->opened = true;
	v->fields[LN_PASS].hidden = v->fields[LN_AGAIN].hidden = true;
	edit_clear(&v->fields[LN_PASS].edit);
	edit_clear(&v->fields[LN_AGAIN].edit);
	form_focus(&v->form, LN_NAME);
	if (ev->self.registered)
		app_begin(a);
	else
		ask_offer(a);
}

static void
link_new_event(struct app *a, const struct engine_event *ev)
{
	struct link_new_view *v = &a->vs->link_new;
	bool ours = ev->tag != 0 && ev->tag == v->tag;

	if (ours && ev->kind == EV_UNLOCKED) {
		unlocked(a, ev);
	} else if (ours && ev->kind == EV_LINK_OFFER && ev->text != NULL) {
		snprintf(v->offer, sizeof(v->offer), "%s", ev->text);
		v->step = LN_OFFER;
	} else if (ev->kind == EV_LINK_CODE && v->step == LN_OFFER &&
		   ev->text != NULL) {
		snprintf(v->code, sizeof(v->code), "%s", ev->text);
		v->step = LN_COMPARE;
	} else if (ev->kind == EV_REGISTERED) {
		v->step = LN_LINKED;
		app_begin(a);
		app_notice(a, ST_GOOD,
		    "Linked. New messages come here too; F6 shows your "
		    "devices.");
	} else if ((ours && ev->kind == EV_ERROR) ||
		   ev->kind == EV_LINK_ENDED) {
		failed(a, ev);
	}
}

static const char *
link_new_enter(const struct app *a)
{
	const struct link_new_view *v = &a->vs->link_new;

	return v->opened || form_at_last(&v->form) ? "show the code" : "go on";
}

const struct view_ops view_link_new = {
    .name = "link new",
    .enter = link_new_enter,
    .contexts = link_new_contexts,
    .offers = link_new_offers,
    .draw = link_new_draw,
    .act = link_new_act,
    .type = link_new_type,
    .paste = link_new_paste,
    .event = link_new_event,
    .close = link_new_close,
};
