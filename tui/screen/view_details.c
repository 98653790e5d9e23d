/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_details.c — a chat as a list of what it is and what can be set. */
#include <stdio.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

#define BOX_W	  60
#define LABEL_W	  15
#define LABEL_MIN 9

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

typedef enum style value_fn(
    const struct app *a, const struct chat *c, char *out, size_t cap);

static enum style
yes_no(bool yes, char *out, size_t cap)
{
	snprintf(out, cap, "%s", yes ? "yes" : "no");
	return ST_TEXT;
}

static enum style
value_phone(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	char shown[E164_FORMAT_CAP];

	(void)a;
	snprintf(out, cap, "%s", e164_format(shown, c->phone));
	return ST_TEXT;
}

static enum style
value_name(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	(void)a;
	snprintf(out, cap, "%s", c->title);
	return ST_STRONG;
}

static enum style
value_safety(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	(void)a;
	if (c->trust == TRUST_CHANGED) {
		snprintf(out, cap, "changed: nothing is sent");
		return ST_WARN;
	}
	snprintf(out, cap, "%s",
	    c->trust == TRUST_VERIFIED ? "compared" : "never compared");
	return c->trust == TRUST_VERIFIED ? ST_GOOD : ST_TEXT;
}

static enum style
value_mute(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	char when[WHEN_CAP];
	bool today = when_same_day(c->muted_until_ms, a->wall);

	if (!model_is_muted(c, a->wall))
		snprintf(out, cap, "on");
	else if (c->muted_until_ms == ENGINE_EVER)
		snprintf(out, cap, "muted");
	else
		snprintf(out, cap, "muted until %s",
		    today ? when_clock(when, c->muted_until_ms)
			  : when_date(when, c->muted_until_ms));
	return ST_TEXT;
}

static enum style
value_timer(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	char span[WHEN_CAP];

	(void)a;
	if (c->expire_s == 0)
		snprintf(out, cap, "messages stay");
	else
		snprintf(out, cap, "%s after they were seen",
		    when_span(span, c->expire_s));
	return ST_TEXT;
}

static enum style
value_pin(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	(void)a;
	return yes_no(c->pinned_ms != 0, out, cap);
}

static enum style
value_archive(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	(void)a;
	return yes_no(c->archived, out, cap);
}

static enum style
value_unread(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	(void)a;
	if (c->unread > 0)
		snprintf(out, cap, "%u messages", c->unread);
	else
		yes_no(c->marked_unread, out, cap);
	return ST_TEXT;
}

static enum style
value_block(const struct app *a, const struct chat *c, char *out, size_t cap)
{
	(void)a;
	yes_no(c->blocked, out, cap);
	return c->blocked ? ST_WARN : ST_TEXT;
}

static bool
of_others(const struct chat *c)
{
	return !c->to_self;
}

static const struct line {
	enum action act; /* what Enter does */
	const char *label;
	const char *brief; /* where there is little room */
	value_fn *value; /* may be NULL */
	bool (*shown)(const struct chat *c); /* NULL: always */
} lines[] = {
    {ACT_CHAT_RENAME, "Name", "Name", value_name, of_others},
    {ACT_NONE, "Number", "Number", value_phone, NULL},
    {ACT_CHAT_VERIFY, "Safety number", "Safety", value_safety, of_others},
    {ACT_CHAT_TIMER, "Disappearing", "Timer", value_timer, NULL},
    {ACT_CHAT_MUTE, "Notifications", "Notices", value_mute, NULL},
    {ACT_CHAT_PIN, "Pinned", "Pinned", value_pin, NULL},
    {ACT_CHAT_ARCHIVE, "Archived", "Archived", value_archive, NULL},
    {ACT_CHAT_UNREAD, "Unread", "Unread", value_unread, NULL},
    {ACT_CHAT_BLOCK, "Blocked", "Blocked", value_block, of_others},
    {ACT_CHAT_CLEAR, "Delete its messages", "Clear", NULL, NULL},
    {ACT_CHAT_DELETE, "Delete this chat", "Delete", NULL, NULL},
};

/* The nth line that this chat has; NULL behind the last. */
static const struct line *
line_at(const struct chat *c, int n)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		if (lines[i].shown != NULL && !lines[i].shown(c))
			continue;
		if (n-- == 0)
			return &lines[i];
	}
	return NULL;
}

static int
line_count(const struct chat *c)
{
	int n = 0;

	while (line_at(c, n) != NULL)
		n++;
	return n;
}

/* ---- drawing ------------------------------------------------------------------------ */

static void
draw_line(struct app *a, struct box b, const struct chat *c,
    const struct line *l, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_TEXT, vst;
	bool little = b.w < 30;
	int label = little ? LABEL_MIN : LABEL_W, x = b.x + 2;
	const char *word = little ? l->brief : l->label;
	char key[KEYS_NAME_CAP], value[200];

	draw_fill(a->draw, b, st);
	if (marked)
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	if (l->act != ACT_NONE)
		draw_str(a->draw, b.y, x, 2, keymap_short(key, l->act),
		    marked ? st : ST_PROMPT);
	x += 2;
	if (l->value == NULL) {
		draw_elide(a->draw, b.y, x, b.x + b.w - x, word, st);
		return;
	}
	draw_elide(
	    a->draw, b.y, x, label, word, marked ? ST_LIST_MARK_DIM : ST_DIM);
	vst = l->value(a, c, value, sizeof(value));
	x += label;
	draw_elide(a->draw, b.y, x, b.x + b.w - x, value, marked ? st : vst);
}

static void
details_draw(struct app *a, struct box b)
{
	struct details_view *v = &a->vs->details;
	const struct chat *c = model_find(&a->m, v->chat);
	struct box in;
	int i, n;

	if (c == NULL)
		return;
	n = line_count(c);
	in = popup(a, b, BOX_W, n + 2, c->title);
	v->view = in.h;
	list_move(&v->marked, &v->top, n, in.h, 0);
	for (i = 0; i < in.h && v->top + i < n; i++)
		draw_line(a, (struct box){in.y + i, in.x, 1, in.w}, c,
		    line_at(c, v->top + i), v->top + i == v->marked);
	draw_cursor(a->draw, in.y + v->marked - v->top, in.x);
}

/* ---- keys ----------------------------------------------------------------------------- */

static bool
move(struct details_view *v, int n, enum action act)
{
	int page = v->view > 1 ? v->view - 1 : 1;
	int by = act == ACT_DETAILS_UP		? -1
		 : act == ACT_DETAILS_DOWN	? 1
		 : act == ACT_DETAILS_PAGE_UP	? -page
		 : act == ACT_DETAILS_PAGE_DOWN ? page
						: 0;

	if (by != 0)
		list_move(&v->marked, &v->top, n, v->view, by);
	return by != 0;
}

static bool
details_act(struct app *a, enum action act, int digit)
{
	struct details_view *v = &a->vs->details;
	const struct chat *c = model_find(&a->m, v->chat);
	const struct line *l;

	(void)digit;
	if (act == ACT_DETAILS_CLOSE || c == NULL) {
		app_close(a, &view_details);
		return true;
	}
	if (move(v, line_count(c), act))
		return true;
	l = line_at(c, v->marked);
	if (act == ACT_DETAILS_TAKE && l != NULL)
		act = l->act;
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
		return c != NULL && of_others(c);
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
