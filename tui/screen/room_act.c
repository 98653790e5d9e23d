/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room_act.c — making, joining and changing groups: what is asked of the
 * person before the engine is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

#define MEMBERS_MAX 1023 /* besides oneself */

/* The accounts of chats with people; heap, NULL: no memory (said). */
static uint8_t (*accounts_of(struct app *a, const int64_t *chats, size_t n,
    size_t *count))[ENGINE_ID_LEN]
{
	uint8_t(*v)[ENGINE_ID_LEN] = calloc(n + 1, sizeof(*v));
	const struct chat *c;
	size_t i;

	*count = 0;
	for (i = 0; v != NULL && i < n; i++) {
		c = model_find(&a->m, chats[i]);
		if (c != NULL && !c->group && !c->to_self)
			memcpy(v[(*count)++], c->account, ENGINE_ID_LEN);
	}
	if (v == NULL)
		app_asked(a, ERR_NOMEM);
	return v;
}

/* ---- a new one ----------------------------------------------------------------------- */

static void
members_picked(struct app *a, const int64_t *chats, size_t n)
{
	size_t count;
	uint8_t(*v)[ENGINE_ID_LEN] = accounts_of(a, chats, n, &count);

	if (v == NULL)
		return;
	a->group_tag = app_tag(a);
	app_asked(a, a->be->group_create(a->e, a->group_tag, a->group_name, "",
			 0, (const uint8_t(*)[ENGINE_ID_LEN])v, count));
	free(v);
}

static void
named(struct app *a, const char *name, int64_t arg)
{
	char title[80];

	(void)arg;
	if (name[0] == '\0') {
		app_notice(a, ST_WARN, "A group needs a name.");
		return;
	}
	snprintf(a->group_name, sizeof(a->group_name), "%s", name);
	snprintf(title, sizeof(title), "Who is in %.40s?", name);
	people_begin(a, title, MEMBERS_MAX, members_picked);
}

void
room_new(struct app *a, const char *name)
{
	if (name[0] != '\0')
		named(a, name, 0);
	else
		prompt_begin(a, "New group", "Name",
		    "Its members see it. Next: who is in it.", "", named, 0);
}

static void
join(struct app *a, const char *link, int64_t arg)
{
	(void)arg;
	if (link[0] == '\0')
		return;
	a->group_tag = app_tag(a);
	if (app_asked(a, a->be->group_join(a->e, a->group_tag, link)))
		app_notice(a, ST_TEXT, "Asking to be let in...");
}

void
room_join(struct app *a, const char *link)
{
	if (link[0] != '\0')
		join(a, link, 0);
	else
		prompt_begin(a, "Join a group", "Link",
		    "The invite link that a member has given you.", "", join,
		    0);
}

/* ---- members -------------------------------------------------------------------------- */

static void
added(struct app *a, const int64_t *chats, size_t n)
{
	size_t count;
	uint8_t(*v)[ENGINE_ID_LEN] = accounts_of(a, chats, n, &count);

	if (v == NULL)
		return;
	app_asked(a,
	    a->be->group_act(a->e, app_tag(a), a->vs->group.g.chat,
		ENGINE_GROUP_ADD, (const uint8_t(*)[ENGINE_ID_LEN])v, count));
	free(v);
}

void
room_add(struct app *a)
{
	people_begin(a, "Add to the group", MEMBERS_MAX, added);
}

static void
act_on(struct app *a, enum engine_group_act act)
{
	struct group_view *v = &a->vs->group;

	app_asked(a, a->be->group_act(a->e, app_tag(a), v->g.chat, act,
			 (const uint8_t(*)[ENGINE_ID_LEN])v->account, 1));
}

static void
remove_yes(struct app *a, int64_t arg)
{
	(void)arg;
	act_on(a, ENGINE_GROUP_REMOVE);
}

static void
write_to(struct app *a, const struct group_member_row *m)
{
	const struct chat *c = model_person(&a->m, m->account);

	if (c == NULL && m->phone[0] == '\0') {
		app_notice(a, ST_TEXT, "Their number is not known here.");
		return;
	}
	app_close(a, &view_group);
	if (c != NULL)
		app_open_chat(a, c->id);
	else
		new_chat_begin(a, m->phone);
}

/* The member the menu was opened for; it may have gone meanwhile. */
static const struct group_member_row *
chosen(const struct app *a)
{
	const struct group_view *v = &a->vs->group;
	size_t i;

	for (i = 0; i < v->g.n_rows; i++) {
		if (memcmp(v->g.members[i].account, v->account,
			ENGINE_ID_LEN) == 0)
			return &v->g.members[i];
	}
	return NULL;
}

static void
member_chosen(struct app *a, int i, int64_t arg)
{
	const struct group_member_row *m = chosen(a);

	(void)arg;
	if (m == NULL)
		return;
	if (m->asks) {
		act_on(a, i == 0 ? ENGINE_GROUP_APPROVE : ENGINE_GROUP_DECLINE);
		return;
	}
	if (i == 0)
		write_to(a, m);
	else if (i == 1)
		act_on(
		    a, m->admin ? ENGINE_GROUP_DEMOTE : ENGINE_GROUP_PROMOTE);
	else
		ask_begin(a, "Remove from the group?", remove_yes, 0,
		    "%.100s reads nothing that is written from now on.",
		    m->name);
}

void
room_member(struct app *a, const struct group_member_row *m)
{
	static const char *const asks[] = {"Let them in", "Decline"};
	static const char *const admin[] = {
	    "Write to them", "No admin any more", "Remove from the group"};
	static const char *const member[] = {
	    "Write to them", "Make them an admin", "Remove from the group"};
	struct group_view *v = &a->vs->group;

	if (m->you) {
		app_notice(a, ST_TEXT, "That is you.");
		return;
	}
	memcpy(v->account[0], m->account, ENGINE_ID_LEN);
	if (m->asks)
		menu_begin(
		    a, m->name, asks, v->g.admin ? 2 : 0, 0, member_chosen, 0);
	else
		menu_begin(a, m->name, m->admin ? admin : member,
		    v->g.admin ? 3 : 1, 0, member_chosen, 0);
}

/* ---- the group itself -------------------------------------------------------------------- */

static void
edit(struct app *a, int64_t chat, const char *name, const char *about,
    uint32_t timer_s)
{
	struct engine_group_edit e = {
	    .name = name, .about = about, .timer_s = timer_s};

	app_asked(a, a->be->group_edit(a->e, app_tag(a), chat, &e));
}

void
room_rename(struct app *a, const char *name, int64_t chat)
{
	if (name[0] != '\0')
		edit(a, chat, name, NULL, ENGINE_GROUP_AS_IS);
}

void
room_set_timer(struct app *a, int64_t chat, uint32_t seconds)
{
	edit(a, chat, NULL, NULL, seconds);
}

static void
described(struct app *a, const char *about, int64_t chat)
{
	edit(a, chat, NULL, about, ENGINE_GROUP_AS_IS);
}

void
room_about(struct app *a)
{
	const struct group_row *g = &a->vs->group.g;

	prompt_begin(a, "Description", "About", "All members see it.",
	    g->about != NULL ? g->about : "", described, g->chat);
}

static void
leave_yes(struct app *a, int64_t chat)
{
	app_asked(a, a->be->group_act(
			 a->e, app_tag(a), chat, ENGINE_GROUP_LEAVE, NULL, 0));
}

void
room_leave(struct app *a)
{
	const struct group_row *g = &a->vs->group.g;

	ask_begin(a, "Leave the group?", leave_yes, g->chat,
	    "You read nothing that is written from now on. What is here "
	    "stays. The others see that you have left.");
}

static void
accept_yes(struct app *a, int64_t chat)
{
	app_asked(a, a->be->group_accept(a->e, app_tag(a), chat));
}

void
room_accept(struct app *a)
{
	const struct group_row *g = &a->vs->group.g;

	if (g->alarm == NULL)
		app_notice(a, ST_TEXT, "There is no alarm.");
	else
		ask_begin(a, "Go on in spite of it?", accept_yes, g->chat,
		    "%.120s. Sotto goes on with the members and keys that it "
		    "knows itself. Ask another member first, in person, "
		    "whether they see the same.",
		    g->alarm);
}

static void
permit_chosen(struct app *a, int i, int64_t chat)
{
	const struct group_row *g = &a->vs->group.g;

	app_asked(
	    a, a->be->group_permit(a->e, app_tag(a), chat,
		   i == 0 ? !g->admins_send : -1, i == 1 ? !g->admins_edit : -1,
		   i == 2 ? !g->admins_add : -1));
}

void
room_permit(struct app *a)
{
	const struct group_row *g = &a->vs->group.g;
	const char *const words[] = {
	    g->admins_send ? "Write: admins only" : "Write: everybody",
	    g->admins_edit ? "Name, timer: admins only"
			   : "Name, timer: everybody",
	    g->admins_add ? "Add: admins only" : "Add: everybody",
	};

	menu_begin(a, "Who may (Enter changes it)", words,
	    (int)ARRAY_LEN(words), 0, permit_chosen, g->chat);
}

static void
link_chosen(struct app *a, int i, int64_t chat)
{
	static const enum engine_group_link links[] = {
	    ENGINE_LINK_ASK, ENGINE_LINK_OPEN, ENGINE_LINK_OFF};
	const struct group_row *g = &a->vs->group.g;

	if (g->link != NULL && i-- == 0) {
		offer_begin(a, "Invite link",
		    g->link_approval
			? "Who has it can ask to be let in; an admin decides."
			: "Who has it can join at once.",
		    g->link);
		return;
	}
	app_asked(a, a->be->group_link(a->e, app_tag(a), chat, links[i]));
}

void
room_link(struct app *a)
{
	const struct group_row *g = &a->vs->group.g;
	static const char *const words[] = {"Show the link",
	    "A new link: an admin lets in", "A new link: who has it joins",
	    "No link"};
	int skip = g->link == NULL;

	menu_begin(a, "Invite link", words + skip, (int)ARRAY_LEN(words) - skip,
	    0, link_chosen, g->chat);
}
