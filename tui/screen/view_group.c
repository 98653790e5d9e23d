/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_group.c — a group: what it is, what can be set, who is in it. */
#include <stdio.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/screen/fact.h"

#define BOX_W 64

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

static enum style
value_about(const struct fact_of *of, char *out, size_t cap)
{
	const struct group_row *g = of->group;

	snprintf(out, cap, "%s", g->about != NULL ? g->about : "");
	return ST_TEXT;
}

static enum style
value_standing(const struct fact_of *of, char *out, size_t cap)
{
	const struct group_row *g = of->group;
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
value_permit(const struct fact_of *of, char *out, size_t cap)
{
	const struct group_row *g = of->group;

	snprintf(out, cap, "write: %s, name: %s, add: %s",
	    g->admins_send ? "admins" : "all",
	    g->admins_edit ? "admins" : "all",
	    g->admins_add ? "admins" : "all");
	return ST_TEXT;
}

static enum style
value_link(const struct fact_of *of, char *out, size_t cap)
{
	const struct group_row *g = of->group;

	snprintf(out, cap, "%s",
	    !g->has_link       ? "none"
	    : g->link_approval ? "yes; an admin lets in"
			       : "yes; who has it joins");
	return ST_TEXT;
}

/* What is under way, or why it was not made; the alarm. */
static enum style
value_pending(const struct fact_of *of, char *out, size_t cap)
{
	const struct group_row *g = of->group;

	if (g->pending > 0)
		snprintf(out, cap, "%u of yours: when the relay is there",
		    g->pending);
	else
		snprintf(out, cap, "not made: %s", g->failed);
	return ST_WARN;
}

static enum style
value_alarm(const struct fact_of *of, char *out, size_t cap)
{
	const struct group_row *g = of->group;

	snprintf(
	    out, cap, "%s%s", g->alarm_accepted ? "(accepted) " : "", g->alarm);
	return ST_WARN;
}

static bool
has_alarm(const struct fact_of *of)
{
	const struct group_row *g = of->group;

	return g->alarm != NULL;
}

static bool
has_pending(const struct fact_of *of)
{
	const struct group_row *g = of->group;

	return g->pending > 0 || (g->failed != NULL && g->failed[0] != '\0');
}

static bool
is_in(const struct fact_of *of)
{
	const struct group_row *g = of->group;

	return g->standing == GROUP_IS_MEMBER || g->standing == GROUP_IS_MAKING;
}

static const struct fact facts[] = {
    {ACT_GROUP_ACCEPT, "ALARM", "ALARM", value_alarm, has_alarm},
    {ACT_NONE, "Changes", "Changes", value_pending, has_pending},
    {ACT_CHAT_RENAME, "Name", "Name", fact_name, NULL},
    {ACT_GROUP_ABOUT, "Description", "About", value_about, NULL},
    {ACT_NONE, "You are", "You are", value_standing, NULL},
    {ACT_CHAT_TIMER, "Disappearing", "Timer", fact_timer, NULL},
    {ACT_GROUP_PERMIT, "Who may", "Who may", value_permit, is_in},
    {ACT_GROUP_LINK, "Invite link", "Link", value_link, is_in},
    {ACT_CHAT_MUTE, "Notifications", "Notices", fact_mute, NULL},
    {ACT_CHAT_PIN, "Pinned", "Pinned", fact_pin, NULL},
    {ACT_CHAT_ARCHIVE, "Archived", "Archived", fact_archive, NULL},
    {ACT_CHAT_STARRED, "Starred messages", "Starred", NULL, NULL},
    {ACT_GROUP_LEAVE, "Leave the group", "Leave", NULL, is_in},
    {ACT_CHAT_CLEAR, "Delete its messages", "Clear", NULL, NULL},
    {ACT_CHAT_DELETE, "Delete this chat", "Delete", NULL, NULL},
    {ACT_GROUP_ADD, "Add members", "Add", NULL, is_in},
};

/* ---- drawing ------------------------------------------------------------------------- */

static void
draw_member(
    struct app *a, struct box b, const struct group_member_row *m, bool marked)
{
	enum style st = marked ? ST_LIST_MARK : ST_TEXT;
	enum style dim = marked ? ST_LIST_MARK_DIM : ST_DIM;
	const char *role = m->asks ? "asks to join" : m->admin ? "admin" : "";
	char shown[E164_FORMAT_CAP];
	int x = b.x + 4, n;

	fact_ground(a, b, marked);
	n = draw_elide(a->draw, b.y, x, b.w - 5, m->you ? "You" : m->name,
	    m->asks && !marked ? ST_WARN : st);
	if (role[0] != '\0' && n + 8 < b.w)
		n += 2 + draw_elide(a->draw, b.y, x + n + 2, b.w - n - 7, role,
			     m->asks && !marked ? ST_WARN : dim);
	if (m->phone[0] != '\0' && n + 24 < b.w)
		draw_right(
		    a->draw, b.y, b.x, b.w, e164_format(shown, m->phone), dim);
}

static struct fact_of
facts_of(const struct app *a)
{
	const struct group_view *v = &a->vs->group;

	return (struct fact_of){
	    .app = a, .chat = model_find(&a->m, v->g.chat), .group = &v->g};
}

/* How many facts; the members stand behind them. */
static int
count_facts(const struct fact_of *of)
{
	return fact_count(facts, ARRAY_LEN(facts), of);
}

static void
group_draw(struct app *a, struct box b)
{
	struct group_view *v = &a->vs->group;
	const struct fact_of of = facts_of(a);
	struct box in, line;
	char title[120];
	int i, n, count;

	if (of.chat == NULL)
		return;
	n = count_facts(&of);
	count = n + (int)v->g.n_rows;
	snprintf(title, sizeof(title), "%.80s: %u members", of.chat->title,
	    v->g.n_members);
	in = popup(a, b, BOX_W, count + 2, title);
	v->view = in.h;
	list_move(&v->marked, &v->top, count, in.h, 0);
	for (i = v->top; i < v->top + in.h && i < count; i++) {
		line = (struct box){in.y + i - v->top, in.x, 1, in.w};
		if (i < n)
			fact_draw(a, line,
			    fact_at(facts, ARRAY_LEN(facts), &of, i), &of,
			    i == v->marked);
		else
			draw_member(
			    a, line, &v->g.members[i - n], i == v->marked);
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
	const struct fact_of of = facts_of(a);
	const struct fact *f = fact_at(facts, ARRAY_LEN(facts), &of, v->marked);
	int at = v->marked - count_facts(&of);

	if (f != NULL)
		do_act(a, f->act);
	else if (at >= 0 && (size_t)at < v->g.n_rows)
		room_member(a, &v->g.members[at]);
}

static bool
group_view_act(struct app *a, enum action act, int digit)
{
	struct group_view *v = &a->vs->group;
	const struct fact_of of = facts_of(a);
	int by = list_step(act, v->view > 1 ? v->view - 1 : 1);

	(void)digit;
	if (by != 0) {
		list_move(&v->marked, &v->top,
		    count_facts(&of) + (int)v->g.n_rows, v->view, by);
		return true;
	}
	switch (act) {
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
