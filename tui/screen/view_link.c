/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_link.c — taking a new device into the account: its text, the code that
 * both show, yes or no. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/link/offer.h"
#include "tui/screen/app_int.h"

static void
answer(struct app *a, const char *text)
{
	struct link_view *v = &a->vs->link;

	memset(v, 0, sizeof(*v));
	v->tag = app_tag(a);
	if (app_asked(a, a->be->link_answer(a->e, v->tag, text)))
		app_push(a, &view_link);
}

static void
offered(struct app *a, const char *text, int64_t arg)
{
	(void)arg;
	answer(a, text);
}

static bool
is_offer(const char *text)
{
	return strncasecmp(
		   text, LINK_OFFER_PREFIX, strlen(LINK_OFFER_PREFIX)) == 0;
}

/* ---- its code in a picture, before the camera ------------------------------------------ */

static const char *
why_not(int code)
{
	switch (code) {
	case 0:
		return "The code in this picture is not one of a new device.";
	case ERR_NOTFOUND:
		return "There is no code in this picture.";
	case ERR_FORMAT:
		return "This is no picture that can be read.";
	case ERR_RANGE:
		return "This picture is too large.";
	case ERR_SYS:
		return "This file cannot be read.";
	default:
		return "The picture could not be looked at.";
	}
}

void
app_qr(struct app *a, int code, const char *text)
{
	struct link_view *v = &a->vs->link;

	if (!v->reads || app_is_open(a, &view_link))
		return;
	v->reads = false;
	if (code == 0 && text != NULL && is_offer(text))
		answer(a, text);
	else
		app_notice(a, ST_ERROR, "%s", why_not(code));
}

static void
chosen(struct app *a, const char *const *paths, size_t n, int64_t arg)
{
	(void)n;
	(void)arg;
	a->vs->link.reads = true;
	app_notice(a, ST_TEXT, "Looking for its code...");
	a->host->read_qr(a->host_ctx, paths[0]);
}

static bool
seen(struct app *a, const char *text)
{
	if (!is_offer(text))
		return false;
	app_close(a, &view_camera);
	answer(a, text);
	return true;
}

static bool
otherwise(struct app *a, enum action act)
{
	switch (act) {
	case ACT_LINK_FILE:
		app_close(a, &view_prompt);
		files_begin(a, "A picture of its code", 1, chosen, 0);
		return true;
	case ACT_LINK_CAMERA:
		app_close(a, &view_prompt);
		camera_begin(a, "The new device's code", seen);
		return true;
	default:
		return false;
	}
}

void
link_view_begin(struct app *a)
{
	prompt_begin(a, "Link a new device", "Its text",
	    "On the new device: sotto, then F6. Paste the text that it shows. "
	    "F2 reads its code from a picture file, F3 with a camera.",
	    "", offered, 0);
	prompt_keys(a, CTX_LINKING, otherwise);
}

static void
link_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_QUESTION;
	out[1] = CTX_NONE;
}

static bool
link_offers(const struct app *a, enum action act)
{
	return act != ACT_QUESTION_YES || a->vs->link.code[0] != '\0';
}

static void
link_draw(struct app *a, struct box b)
{
	const struct link_view *v = &a->vs->link;
	struct box in = popup(a, b, 60, 11, "Link a new device");
	char text[200];
	int n;

	draw_cursor(a->draw, in.y, in.x);
	if (v->error[0] != '\0') {
		draw_wrapped(a->draw, in, v->error, ST_ERROR);
		return;
	}
	if (v->code[0] == '\0' || v->confirming) {
		draw_wrapped(a->draw, in,
		    v->confirming ? "Linking..." : "Asking the new device...",
		    ST_TEXT);
		return;
	}
	draw_printf(a->draw, in.y, in.x, in.w, ST_STRONG, "%.3s %s", v->code,
	    v->code + 3);
	in.y += in.h > 5 ? 2 : 1;
	in.h -= in.h > 5 ? 2 : 1;
	snprintf(text, sizeof(text),
	    "Does the new device, %.64s, show the same code?",
	    v->name[0] != '\0' ? v->name : "without a name");
	n = draw_wrapped(a->draw, in, text, ST_TEXT);
	in.y += n + (in.h > 5);
	in.h -= n + (in.h > 5);
	if (in.h > 0)
		draw_wrapped(a->draw, in,
		    "Whoever has it reads and writes as you. y links it, n "
		    "does "
		    "not.",
		    ST_WARN);
}

static bool
link_act(struct app *a, enum action act, int digit)
{
	struct link_view *v = &a->vs->link;

	(void)digit;
	if (act == ACT_QUESTION_YES) {
		if (v->code[0] == '\0' || v->confirming || v->error[0] != '\0')
			return true;
		v->tag = app_tag(a);
		v->confirming =
		    app_asked(a, a->be->link_confirm(a->e, v->tag, true));
		return true;
	}
	if (act != ACT_QUESTION_NO)
		return false;
	app_close(a, &view_link);
	return true;
}

/* Closed before its end: called off. */
static void
link_close(struct app *a)
{
	struct link_view *v = &a->vs->link;

	if (v->ended)
		return;
	if (v->code[0] != '\0' && !v->confirming)
		app_asked(a, a->be->link_confirm(a->e, APP_TAG_NONE, false));
	else
		app_asked(a, a->be->link_cancel(a->e, APP_TAG_NONE));
	v->ended = true;
}

static void
done(struct app *a, uint32_t device)
{
	struct link_view *v = &a->vs->link;

	v->ended = true;
	app_close(a, &view_link);
	devices_view_begin(a);
	app_notice(a, ST_GOOD, "Linked.");
	devices_view_offer(a, device);
}

static void
link_event(struct app *a, const struct engine_event *ev)
{
	struct link_view *v = &a->vs->link;
	bool ours = ev->tag != 0 && ev->tag == v->tag;

	if (ours && ev->kind == EV_LINK_CODE) {
		snprintf(v->code, sizeof(v->code), "%s",
		    ev->text != NULL ? ev->text : "");
		snprintf(v->name, sizeof(v->name), "%s",
		    ev->name != NULL ? ev->name : "");
	} else if (ours && ev->kind == EV_DONE) {
		done(a, ev->device);
	} else if ((ours && ev->kind == EV_ERROR) ||
		   ev->kind == EV_LINK_ENDED) {
		app_sentence(ev, v->error, sizeof(v->error));
		v->ended = true;
		a->claimed = true;
	}
}

const struct view_ops view_link = {
    .name = "link",
    .contexts = link_contexts,
    .offers = link_offers,
    .draw = link_draw,
    .act = link_act,
    .event = link_event,
    .close = link_close,
};
