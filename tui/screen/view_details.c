/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_details.c — a chat as a list of what it is and what can be set. */
#include <stdio.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/screen/fact.h"

#define BOX_W 60

void
details_begin(struct app *a, int64_t chat)
{
	struct details_view *v = &a->vs->details;

	memset(v, 0, sizeof(*v));
	v->chat = chat;
	app_push(a, &view_details);
}

static void
details_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_DETAILS;
	out[1] = CTX_NONE;
}

/* ---- what the lines say ----------------------------------------------------------- */

static enum style
value_phone(const struct fact_of *of, char *out, size_t cap)
{
	const struct chat *c = of->chat;
	char shown[E164_FORMAT_CAP];

	snprintf(out, cap, "%s", e164_format(shown, c->phone));
	return ST_TEXT;
}

static enum style
value_safety(const struct fact_of *of, char *out, size_t cap)
{
	const struct chat *c = of->chat;

	if (c->trust == TRUST_CHANGED) {
		snprintf(out, cap, "changed: nothing is sent");
		return ST_WARN;
	}
	snprintf(out, cap, "%s",
	    c->trust == TRUST_VERIFIED ? "compared" : "never compared");
	return c->trust == TRUST_VERIFIED ? ST_GOOD : ST_TEXT;
}

static enum style
value_unread(const struct fact_of *of, char *out, size_t cap)
{
	const struct chat *c = of->chat;

	if (c->unread > 0)
		snprintf(out, cap, "%u messages", c->unread);
	else
		fact_yes_no(c->marked_unread, out, cap);
	return ST_TEXT;
}

static enum style
value_block(const struct fact_of *of, char *out, size_t cap)
{
	const struct chat *c = of->chat;

	fact_yes_no(c->blocked, out, cap);
	return c->blocked ? ST_WARN : ST_TEXT;
}

static bool
of_others(const struct fact_of *of)
{
	return !of->chat->to_self;
}

static const struct fact facts[] = {
    {ACT_CHAT_RENAME, "Name", "Name", fact_name, of_others},
    {ACT_NONE, "Number", "Number", value_phone, NULL},
    {ACT_CHAT_VERIFY, "Safety number", "Safety", value_safety, of_others},
    {ACT_CHAT_TIMER, "Disappearing", "Timer", fact_timer, NULL},
    {ACT_CHAT_MUTE, "Notifications", "Notices", fact_mute, NULL},
    {ACT_CHAT_PIN, "Pinned", "Pinned", fact_pin, NULL},
    {ACT_CHAT_ARCHIVE, "Archived", "Archived", fact_archive, NULL},
    {ACT_CHAT_UNREAD, "Unread", "Unread", value_unread, NULL},
    {ACT_CHAT_STARRED, "Starred messages", "Starred", NULL, NULL},
    {ACT_CHAT_BLOCK, "Blocked", "Blocked", value_block, of_others},
    {ACT_CHAT_CLEAR, "Delete its messages", "Clear", NULL, NULL},
    {ACT_CHAT_DELETE, "Delete this chat", "Delete", NULL, NULL},
};

/* ---- drawing ------------------------------------------------------------------------ */

static int
count(const struct fact_of *of)
{
	return fact_count(facts, ARRAY_LEN(facts), of);
}

static void
details_draw(struct app *a, struct box b)
{
	struct details_view *v = &a->vs->details;
	const struct fact_of of = {
	    .app = a, .chat = model_find(&a->m, v->chat)};
	struct box in;
	int i, n;

	if (of.chat == NULL)
		return;
	n = count(&of);
	in = popup(a, b, BOX_W, n + 2, of.chat->title);
	v->view = in.h;
	list_move(&v->marked, &v->top, n, in.h, 0);
	for (i = v->top; i < v->top + in.h && i < n; i++)
		fact_draw(a, (struct box){in.y + i - v->top, in.x, 1, in.w},
		    fact_at(facts, ARRAY_LEN(facts), &of, i), &of,
		    i == v->marked);
	draw_cursor(a->draw, in.y + v->marked - v->top, in.x);
}

/* ---- keys ----------------------------------------------------------------------------- */

static bool
details_act(struct app *a, enum action act, int digit)
{
	struct details_view *v = &a->vs->details;
	const struct chat *c = model_find(&a->m, v->chat);
	const struct fact_of of = {.app = a, .chat = c};
	const struct fact *f;
	int by = list_step(act, v->view > 1 ? v->view - 1 : 1);

	(void)digit;
	if (act == ACT_DETAILS_CLOSE || c == NULL) {
		app_close(a, &view_details);
		return true;
	}
	if (by != 0) {
		list_move(&v->marked, &v->top, count(&of), v->view, by);
		return true;
	}
	f = fact_at(facts, ARRAY_LEN(facts), &of, v->marked);
	if (act == ACT_DETAILS_TAKE && f != NULL)
		act = f->act;
	return chat_act(a, act);
}

static bool
details_offers(const struct app *a, enum action act)
{
	const struct chat *c = model_find(&a->m, a->vs->details.chat);

	switch (act) {
	case ACT_CHAT_BLOCK:
	case ACT_CHAT_RENAME:
	case ACT_CHAT_VERIFY:
		return c != NULL && !c->to_self;
	default:
		return true;
	}
}

static void
details_event(struct app *a, const struct engine_event *ev)
{
	if (ev->kind == EV_CHAT_GONE && ev->chat == a->vs->details.chat)
		app_close(a, &view_details);
}

const struct view_ops view_details = {
    .name = "details",
    .offers = details_offers,
    .contexts = details_contexts,
    .draw = details_draw,
    .act = details_act,
    .event = details_event,
};
