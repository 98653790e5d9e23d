/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room.c — the group of the open chat, as far as the conversation needs it, and
 * copies of what the engine tells of groups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "tui/screen/app_int.h"

void
room_row_clear(struct group_row *g)
{
	size_t i;

	for (i = 0; i < g->n_rows && g->members != NULL; i++) {
		free(g->members[i].name);
		free(g->members[i].phone);
	}
	free(g->members);
	free(g->name);
	free(g->about);
	free(g->link);
	free(g->failed);
	free(g->alarm);
	memset(g, 0, sizeof(*g));
}

static bool
copy(char **out, const char *s)
{
	*out = s != NULL ? strdup(s) : NULL;
	return s == NULL || *out != NULL;
}

static bool
copy_members(struct group_row *to, const struct group_row *from)
{
	bool ok = true;
	size_t i;

	to->members = NULL;
	to->n_rows = 0;
	if (from->members == NULL || from->n_rows == 0)
		return true;
	to->members = calloc(from->n_rows, sizeof(*to->members));
	if (to->members == NULL)
		return false;
	for (i = 0; i < from->n_rows; i++) {
		to->members[i] = from->members[i];
		ok &= copy(&to->members[i].name, from->members[i].name);
		ok &= copy(&to->members[i].phone, from->members[i].phone);
		to->n_rows++;
	}
	return ok;
}

/* Without members in from, those of to stay. */
bool
room_row_take(struct group_row *to, const struct group_row *from)
{
	struct group_row g = *from;
	bool ok = copy_members(&g, from);

	ok &= copy(&g.name, from->name);
	ok &= copy(&g.about, from->about);
	ok &= copy(&g.link, from->link);
	ok &= copy(&g.failed, from->failed);
	ok &= copy(&g.alarm, from->alarm);
	if (!ok) {
		room_row_clear(&g);
		return false;
	}
	if (g.members == NULL) {
		g.members = to->members;
		g.n_rows = to->n_rows;
		to->members = NULL;
		to->n_rows = 0;
	}
	room_row_clear(to);
	*to = g;
	return true;
}

/* ---- the open chat's ---------------------------------------------------------------- */

static void
ask(struct app *a)
{
	a->room_tag = app_tag(a);
	app_asked(a, a->be->group(a->e, a->room_tag, a->open));
}

void
room_open(struct app *a)
{
	const struct chat *c = app_chat(a);

	room_row_clear(&a->room);
	a->room_tag = 0;
	if (c != NULL && c->group)
		ask(a);
}

void
room_take(struct app *a, const struct engine_event *ev)
{
	const struct group_row *g = ev->n > 0 ? &ev->groups[0] : NULL;

	if (g == NULL || g->chat != a->open)
		return;
	if (!room_row_take(&a->room, g)) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	if (ev->tag != 0 && ev->tag == a->room_tag)
		a->room_tag = 0;
	else if (g->members == NULL && a->room_tag == 0)
		ask(a); /* who is in it has changed, perhaps */
}

bool
room_alarm(const struct app *a)
{
	return a->room.chat == a->open && a->room.alarm != NULL &&
	       !a->room.alarm_accepted;
}

/* Behind the title. */
void
room_words(const struct app *a, char *out, size_t cap)
{
	if (a->room.chat == a->open && a->room.n_members > 0)
		snprintf(out, cap, "%u members", a->room.n_members);
}

/* Why nothing can be written; NULL: it can. */
const char *
room_silent(const struct app *a)
{
	static const char *const words[] = {
	    [GROUP_IS_ADDED] = "You were added; the group is on its way",
	    [GROUP_IS_ASKED] = "An admin has to let you in",
	    [GROUP_IS_LEFT] = "You have left this group",
	    [GROUP_IS_REMOVED] = "You were removed from this group",
	    [GROUP_IS_FAILED] = "This group was never made",
	    [GROUP_IS_JOINING] = "You are about to join",
	};
	const struct chat *c = app_chat(a);
	const struct group_row *g = &a->room;

	if (c == NULL || !c->group || g->chat != c->id)
		return NULL;
	if ((size_t)g->standing < ARRAY_LEN(words) &&
	    words[g->standing] != NULL)
		return words[g->standing];
	if (room_alarm(a))
		return "The relay tells two stories: see Alt-I";
	return g->may_send || g->standing == GROUP_IS_MAKING
		   ? NULL
		   : "Only admins write here";
}

/* ---- mentions ---------------------------------------------------------------------- */

/* s begins with the n bytes; ASCII letters in either case. */
static bool
starts(const char *s, const char *with, size_t n)
{
	return strncasecmp(s, with, n) == 0;
}

/* "@An" -> "@Ann Example " where the cursor is; false: there is no "@". */
bool
room_complete(struct app *a)
{
	struct edit *e = &a->comp.edit;
	const char *s = edit_text(e);
	const struct group_member_row *found = NULL, *m;
	size_t at = e->cur, i, n;
	char name[200];
	int len;

	while (
	    at > 0 && s[at - 1] != '@' && s[at - 1] != '\n' && e->cur - at < 60)
		at--;
	if (at == 0 || s[at - 1] != '@' ||
	    (at > 1 && s[at - 2] != ' ' && s[at - 2] != '\n') ||
	    a->room.chat != a->open)
		return false;
	n = e->cur - at;
	for (i = 0; i < a->room.n_rows; i++) {
		m = &a->room.members[i];
		if (m->asks || m->you || !starts(m->name, s + at, n))
			continue;
		if (found != NULL) {
			app_notice(a, ST_TEXT,
			    "%.60s, %.60s, ... go on typing.", found->name,
			    m->name);
			return true;
		}
		found = m;
	}
	if (found == NULL)
		return false;
	len = snprintf(name, sizeof(name), "@%.180s ", found->name);
	if (edit_replace(e, at - 1, e->cur, name, (size_t)len) == 0)
		app_text_changed(a);
	return true;
}
