/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_group.c — a group: what it is, what can be set, who is in it. */
#include <stdio.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

#define BOX_W	  64
#define LABEL_W	  15
#define LABEL_MIN 9

static void
ask(struct app *a)
{
	struct group_view *v = &a->vs->group;

	v->tag = app_tag(a);
	app_asked(a, a->be->group(a->e, v->tag, v->g.chat));
}

void
group_view_begin(struct app *a, int64_t chat)
{
	struct group_view *v = &a->vs->group;

	app_close(a, &view_group);
	v->g.chat = chat;
	v->marked = v->top = 0;
	app_push(a, &view_group);
	ask(a);
}

static void
group_close(struct app *a)
{
	struct group_view *v = &a->vs->group;

	room_row_clear(&v->g);
	v->tag = 0;
}

static void
group_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_GROUP;
	out[1] = CTX_DETAILS;
	out[2] = CTX_NONE;
}

/* ---- lines ----------------------------------------------------------------------------- */

typedef enum style value_fn(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap);

static enum style
value_name(const struct app *a, const struct group_row *g, const struct chat *c,
    char *out, size_t cap)
{
	(void)a;
	(void)g;
	snprintf(out, cap, "%s", c->title);
	return ST_STRONG;
}

static enum style
value_about(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	(void)a;
	(void)c;
	snprintf(out, cap, "%s", g->about != NULL ? g->about : "");
	return ST_TEXT;
}

static enum style
value_standing(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	static const char *const words[] = {
	    [GROUP_IS_MAKING] = "is being made",
	    [GROUP_IS_MEMBER] = "a member",
	    [GROUP_IS_ADDED] = "added; its name is on its way",
	    [GROUP_IS_ASKED] = "waiting for an admin",
	    [GROUP_IS_LEFT] = "you have left",
	    [GROUP_IS_REMOVED] = "you were removed",
	    [GROUP_IS_FAILED] = "it was never made",
	    [GROUP_IS_JOINING] = "about to join",
	};

	(void)a;
	(void)c;
	if (g->standing == GROUP_IS_MEMBER)
		snprintf(out, cap, "%s%s", g->admin ? "an admin" : "a member",
		    g->catching_up ? "; changes are on their way" : "");
	else
		snprintf(out, cap, "%s",
		    (size_t)g->standing < ARRAY_LEN(words) ? words[g->standing]
							   : "?");
	return g->standing == GROUP_IS_MEMBER ? ST_TEXT : ST_WARN;
}

static enum style
value_timer(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	char span[WHEN_CAP];

	(void)a;
	(void)c;
	if (g->timer_s == 0)
		snprintf(out, cap, "messages stay");
	else
		snprintf(out, cap, "%s after they were seen",
		    when_span(span, g->timer_s));
	return ST_TEXT;
}

static enum style
value_permit(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	(void)a;
	(void)c;
	snprintf(out, cap, "write: %s, name: %s, add: %s",
	    g->admins_send ? "admins" : "all",
	    g->admins_edit ? "admins" : "all",
	    g->admins_add ? "admins" : "all");
	return ST_TEXT;
}

static enum style
value_link(const struct app *a, const struct group_row *g, const struct chat *c,
    char *out, size_t cap)
{
	(void)a;
	(void)c;
	snprintf(out, cap, "%s",
	    !g->has_link       ? "none"
	    : g->link_approval ? "yes; an admin lets in"
			       : "yes; who has it joins");
	return ST_TEXT;
}

static enum style
value_mute(const struct app *a, const struct group_row *g, const struct chat *c,
    char *out, size_t cap)
{
	(void)g;
	snprintf(out, cap, "%s", model_is_muted(c, a->wall) ? "muted" : "on");
	return ST_TEXT;
}

static enum style
value_pin(const struct app *a, const struct group_row *g, const struct chat *c,
    char *out, size_t cap)
{
	(void)a;
	(void)g;
	snprintf(out, cap, "%s", c->pinned_ms != 0 ? "yes" : "no");
	return ST_TEXT;
}

static enum style
value_archive(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	(void)a;
	(void)g;
	snprintf(out, cap, "%s", c->archived ? "yes" : "no");
	return ST_TEXT;
}

/* What is under way, or why it was not made; the alarm. */
static enum style
value_pending(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	(void)a;
	(void)c;
	if (g->pending > 0)
		snprintf(out, cap, "%u of yours: when the relay is there",
		    g->pending);
	else
		snprintf(out, cap, "not made: %s", g->failed);
	return ST_WARN;
}

static enum style
value_alarm(const struct app *a, const struct group_row *g,
    const struct chat *c, char *out, size_t cap)
{
	(void)a;
	(void)c;
	snprintf(
	    out, cap, "%s%s", g->alarm_accepted ? "(accepted) " : "", g->alarm);
	return ST_WARN;
}

static bool
has_alarm(const struct group_row *g)
{
	return g->alarm != NULL;
}

static bool
has_pending(const struct group_row *g)
{
	return g->pending > 0 || (g->failed != NULL && g->failed[0] != '\0');
}

static bool
is_in(const struct group_row *g)
{
	return g->standing == GROUP_IS_MEMBER || g->standing == GROUP_IS_MAKING;
}

static const struct line {
	enum action act; /* what Enter does */
	const char *label;
	const char *brief; /* where there is little room */
	value_fn *value; /* may be NULL */
	bool (*shown)(const struct group_row *g); /* NULL: always */
} lines[] = {
    {ACT_GROUP_ACCEPT, "ALARM", "ALARM", value_alarm, has_alarm},
    {ACT_NONE, "Changes", "Changes", value_pending, has_pending},
    {ACT_CHAT_RENAME, "Name", "Name", value_name, NULL},
    {ACT_GROUP_ABOUT, "Description", "About", value_about, NULL},
    {ACT_NONE, "You are", "You are", value_standing, NULL},
    {ACT_CHAT_TIMER, "Disappearing", "Timer", value_timer, NULL},
    {ACT_GROUP_PERMIT, "Who may", "Who may", value_permit, is_in},
    {ACT_GROUP_LINK, "Invite link", "Link", value_link, is_in},
    {ACT_CHAT_MUTE, "Notifications", "Notices", value_mute, NULL},
    {ACT_CHAT_PIN, "Pinned", "Pinned", value_pin, NULL},
    {ACT_CHAT_ARCHIVE, "Archived", "Archived", value_archive, NULL},
    {ACT_GROUP_LEAVE, "Leave the group", "Leave", NULL, is_in},
    {ACT_CHAT_CLEAR, "Delete its messages", "Clear", NULL, NULL},
    {ACT_CHAT_DELETE, "Delete this chat", "Delete", NULL, NULL},
    {ACT_GROUP_ADD, "Add members", "Add", NULL, is_in},
};

/* The nth line that this group has; NULL behind the last: the members. */
static const struct line *
line_at(const struct group_row *g, int n)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		if (lines[i].shown != NULL && !lines[i].shown(g))
			continue;
		if (n-- == 0)
			return &lines[i];
	}
	return NULL;
}

static int
line_count(const struct group_row *g)
{
	int n = 0;

	while (line_at(g, n) != NULL)
		n++;
	return n;
}

/* ---- drawing ------------------------------------------------------------------------- */

static void
draw_line(struct app *a, struct box b, const struct chat *c,
    const struct line *l, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_TEXT, vst;
	bool little = b.w < 30;
	int label = little ? LABEL_MIN : LABEL_W, x = b.x + 2;
	const char *word = little ? l->brief : l->label;
	char key[KEYS_NAME_CAP], value[300];

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
	vst = l->value(a, &a->vs->group.g, c, value, sizeof(value));
	x += label;
	draw_elide(a->draw, b.y, x, b.x + b.w - x, value, marked ? st : vst);
}

static void
draw_member(
    struct app *a, struct box b, const struct group_member_row *m, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_TEXT;
	enum style dim = marked ? ST_LIST_MARK_DIM : ST_DIM;
	const char *role = m->asks ? "asks to join" : m->admin ? "admin" : "";
	char shown[E164_FORMAT_CAP];
	int x = b.x + 4, n;

	n = draw_elide(a->draw, b.y, x, b.w - 5, m->you ? "You" : m->name,
	    m->asks && !marked ? ST_WARN : st);
	if (role[0] != '\0' && n + 8 < b.w)
		n += 2 + draw_elide(a->draw, b.y, x + n + 2, b.w - n - 7, role,
			     m->asks && !marked ? ST_WARN : dim);
	if (m->phone[0] != '\0' && n + 24 < b.w)
		draw_right(
		    a->draw, b.y, b.x, b.w, e164_format(shown, m->phone), dim);
}

static void
group_draw(struct app *a, struct box b)
{
	struct group_view *v = &a->vs->group;
	const struct chat *c = model_find(&a->m, v->g.chat);
	int i, n, members, count;
	char title[120];
	struct box in, line;
	bool on;

	if (c == NULL)
		return;
	n = line_count(&v->g);
	members = (int)v->g.n_rows;
	count = n + members;
	snprintf(title, sizeof(title), "%.80s: %u members", c->title,
	    v->g.n_members);
	in = popup(a, b, BOX_W, count + 2, title);
	v->view = in.h;
	list_move(&v->marked, &v->top, count, in.h, 0);
	for (i = v->top; i < v->top + in.h && i < count; i++) {
		on = i == v->marked;
		line = (struct box){in.y + i - v->top, in.x, 1, in.w};
		draw_fill(a->draw, line, on ? ST_LIST_MARK : ST_TEXT);
		if (on)
			draw_sign(
			    a->draw, line.y, line.x, SIGN_MARK, ST_LIST_MARK);
		if (i < n)
			draw_line(a, line, c, line_at(&v->g, i), on);
		else
			draw_member(a, line, &v->g.members[i - n], on);
	}
	draw_cursor(a->draw, in.y + v->marked - v->top, in.x);
}

/* ---- keys ----------------------------------------------------------------------------- */

static const struct {
	enum action act;
	void (*go)(struct app *a);
} acts[] = {
    {ACT_GROUP_ADD, room_add},
    {ACT_GROUP_ABOUT, room_about},
    {ACT_GROUP_PERMIT, room_permit},
    {ACT_GROUP_LINK, room_link},
    {ACT_GROUP_LEAVE, room_leave},
    {ACT_GROUP_ACCEPT, room_accept},
};

static bool
do_act(struct app *a, enum action act)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(acts); i++) {
		if (acts[i].act == act) {
			acts[i].go(a);
			return true;
		}
	}
	return chat_act(a, act);
}

static void
take(struct app *a)
{
	struct group_view *v = &a->vs->group;
	const struct line *l = line_at(&v->g, v->marked);
	int at = v->marked - line_count(&v->g);

	if (l != NULL)
		do_act(a, l->act);
	else if (at >= 0 && (size_t)at < v->g.n_rows)
		room_member(a, &v->g.members[at]);
}

static bool
group_view_act(struct app *a, enum action act, int digit)
{
	struct group_view *v = &a->vs->group;
	int page = v->view > 1 ? v->view - 1 : 1;
	int count = line_count(&v->g) + (int)v->g.n_rows;

	(void)digit;
	switch (act) {
	case ACT_DETAILS_UP:
		list_move(&v->marked, &v->top, count, v->view, -1);
		return true;
	case ACT_DETAILS_DOWN:
		list_move(&v->marked, &v->top, count, v->view, 1);
		return true;
	case ACT_DETAILS_PAGE_UP:
		list_move(&v->marked, &v->top, count, v->view, -page);
		return true;
	case ACT_DETAILS_PAGE_DOWN:
		list_move(&v->marked, &v->top, count, v->view, page);
		return true;
	case ACT_DETAILS_TAKE:
		take(a);
		return true;
	case ACT_DETAILS_CLOSE:
		app_close(a, &view_group);
		return true;
	default:
		return do_act(a, act);
	}
}

static bool
group_offers(const struct app *a, enum action act)
{
	const struct group_row *g = &a->vs->group.g;

	switch (act) {
	case ACT_CHAT_BLOCK:
	case ACT_CHAT_VERIFY:
		return false;
	case ACT_GROUP_ACCEPT:
		return g->alarm != NULL && !g->alarm_accepted;
	case ACT_GROUP_ADD:
		return g->may_add;
	case ACT_GROUP_ABOUT:
		return g->may_edit;
	case ACT_GROUP_PERMIT:
	case ACT_GROUP_LINK:
		return g->admin;
	default:
		return true;
	}
}

static void
group_event(struct app *a, const struct engine_event *ev)
{
	struct group_view *v = &a->vs->group;
	const struct group_row *g =
	    ev->kind == EV_GROUP && ev->n > 0 ? &ev->groups[0] : NULL;

	if (ev->kind == EV_CHAT_GONE && ev->chat == v->g.chat) {
		app_close(a, &view_group);
		return;
	}
	if (g == NULL || g->chat != v->g.chat)
		return;
	if (!room_row_take(&v->g, g)) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	if (ev->tag != 0 && ev->tag == v->tag)
		v->tag = 0;
	else if (g->members == NULL && v->tag == 0)
		ask(a);
}

const struct view_ops view_group = {
    .name = "group",
    .offers = group_offers,
    .contexts = group_contexts,
    .draw = group_draw,
    .act = group_view_act,
    .event = group_event,
    .close = group_close,
};
