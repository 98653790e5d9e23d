/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_words.c — changes of a group as calm lines, and alarms. */
#include <stdlib.h>
#include <string.h>

#include "tui/engine/group_int.h"

#define NAMED_MAX 3 /* accounts that a line names */
#define WORDS_MAX 4096

/* ---- alarms -------------------------------------------------------------------- */

static const struct {
	int alarm;
	const char *text;
} alarms[] = {
    {GROUP_WHY_FORK,
	"Warning: this relay shows different changes of the group to "
	"different members. Nothing is sent until you decide."},
    {GROUP_ALARM_HIDDEN,
	"Warning: a member has seen changes of this group that the relay "
	"does not give out. Nothing is sent until you decide."},
    {GROUP_ALARM_RECORD,
	"Warning: the relay's list of members is not the one that a member "
	"of the group has. Nothing is sent until you decide."},
    {GROUP_WHY_NO_DEVICE,
	"Warning: the relay shows a change of this group by a device that "
	"nobody knows. It does not count. Nothing is sent until you decide."},
    {GROUP_WHY_SIGNATURE,
	"Warning: the relay shows a change of this group with a wrong "
	"signature. It does not count. Nothing is sent until you decide."},
    {GROUP_WHY_UNKNOWN_KIND,
	"This group was changed by a newer version of Sotto. Update to "
	"follow it; nothing is sent until you decide."},
};

const char *
group_alarm_text(int alarm)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(alarms); i++)
		if (alarms[i].alarm == alarm)
			return alarms[i].text;
	return "Warning: the relay shows a change of this group that is not "
	       "valid. It does not count. Nothing is sent until you decide.";
}

/* ---- names ------------------------------------------------------------------------ */

struct line {
	struct engine *e;
	struct buf b;
	int r;
};

static void
put(struct line *l, const char *text)
{
	if (l->r == 0)
		l->r = buf_put(&l->b, text, strlen(text));
}

static void
put_actor(struct line *l, const struct group_entry *en)
{
	char who[GROUP_WHO_MAX];

	put(l, group_who(l->e, en->actor, who));
}

static void
put_account(struct line *l, const uint8_t *account)
{
	char who[GROUP_WHO_MAX];

	put(l,
	    own_account(l->e, account) ? "you" : group_who(l->e, account, who));
}

static const uint8_t *
named(const struct group_entry *en, size_t i)
{
	return i < en->n_accounts
		   ? en->accounts + i * GROUP_ACCOUNT_LEN
		   : en->admins + (i - en->n_accounts) * GROUP_ACCOUNT_LEN;
}

/* "Ben", "Ben and Cem", "Ben, Cem, Dora and 4 others"; oneself first. */
static void
put_named(struct line *l, const struct group_entry *en)
{
	size_t n = en->n_accounts + en->n_admins, i, shown = 0, own = n;
	char more[48];

	for (i = 0; i < n; i++)
		if (own_account(l->e, named(en, i)))
			own = i;
	if (own < n) {
		put(l, "you");
		shown++;
	}
	for (i = 0; i < n && shown < NAMED_MAX; i++) {
		if (i == own)
			continue;
		if (shown > 0)
			put(l, shown + 1 == n ? " and " : ", ");
		put_account(l, named(en, i));
		shown++;
	}
	if (shown < n) {
		snprintf(more, sizeof(more), " and %zu other%s", n - shown,
		    n - shown == 1 ? "" : "s");
		put(l, more);
	}
}

/* ---- kinds --------------------------------------------------------------------------- */

/* "A did B." */
static void
did(struct line *l, const struct group_entry *en, const char *verb,
    const char *end)
{
	put_actor(l, en);
	put(l, verb);
	put_named(l, en);
	put(l, end);
}

static void
alone(struct line *l, const struct group_entry *en, const char *what)
{
	put_actor(l, en);
	put(l, what);
}

static void
say_permissions(struct line *l, const struct group_view *before,
    const struct group_view *after)
{
	const struct group_permissions *was = &before->pub.permissions;
	const struct group_permissions *is = &after->pub.permissions;
	const struct {
		bool changed;
		enum group_who now;
		const char *what;
	} v[] = {
	    {was->send != is->send, is->send, "write"},
	    {was->edit != is->edit, is->edit, "change name and description"},
	    {was->add != is->add, is->add, "add people"},
	};
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(v); i++) {
		if (!v[i].changed)
			continue;
		if (any)
			put(l, " ");
		any = true;
		put(l, v[i].now == GROUP_ADMINS ? "Only admins may "
						: "Everybody may ");
		put(l, v[i].what);
		put(l, " now.");
	}
}

static void
put_duration(struct line *l, uint32_t s)
{
	static const struct {
		uint32_t s;
		const char *one, *many;
	} units[] = {
	    {7 * 86400, "week", "weeks"},
	    {86400, "day", "days"},
	    {3600, "hour", "hours"},
	    {60, "minute", "minutes"},
	    {1, "second", "seconds"},
	};
	char text[32];
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(units) && s % units[i].s != 0)
		i++;
	snprintf(text, sizeof(text), "%u %s", s / units[i].s,
	    s / units[i].s == 1 ? units[i].one : units[i].many);
	put(l, text);
}

static void
say_timer(struct line *l, const struct group_entry *en, uint32_t s)
{
	if (s == 0) {
		alone(l, en, " turned disappearing messages off.");
		return;
	}
	alone(l, en, " set messages to disappear after ");
	put_duration(l, s);
	put(l, ".");
}

static void
say_name(struct line *l, const struct group_entry *en, const char *name)
{
	char *clean = clean_text(name, STORE_TEXT_MAX, TEXT_LINE);

	if (clean == NULL) {
		l->r = ERR_NOMEM;
		return;
	}
	alone(l, en, " named the group “");
	put(l, clean);
	put(l, "”.");
	free(clean);
}

static void
say_edit(struct line *l, const struct group_entry *en,
    const struct group_view *before, const struct group_view *after)
{
	const struct group_meta *was = &before->meta, *is = &after->meta;
	const size_t start = l->b.len;

	if (!after->meta_current || before->meta_version == 0) {
		alone(l, en, " changed the group.");
		return;
	}
	if (strcmp(was->name, is->name) != 0)
		say_name(l, en, is->name);
	if (strcmp(was->about, is->about) != 0) {
		put(l, l->b.len > start ? " " : "");
		alone(l, en, " changed the description.");
	}
	if (was->picture_len != is->picture_len ||
	    memcmp(was->picture, is->picture, is->picture_len) != 0) {
		put(l, l->b.len > start ? " " : "");
		alone(l, en, " changed the picture.");
	}
	if (was->timer_s != is->timer_s) {
		put(l, l->b.len > start ? " " : "");
		say_timer(l, en, is->timer_s);
	}
}

static void
say_link(struct line *l, const struct group_entry *en)
{
	alone(l, en,
	    en->link_key == NULL ? " withdrew the invite link."
	    : en->approval ? " made an invite link; an admin lets people in."
			   : " made an invite link.");
}

static void
say(struct line *l, const struct group_entry *en,
    const struct group_view *before, const struct group_view *after)
{
	const bool admin =
	    group_public_is_admin(&after->pub, l->e->self.account);

	switch (en->kind) {
	case GROUP_CREATE:
		alone(l, en, " created the group.");
		break;
	case GROUP_ADD:
		did(l, en, " added ", ".");
		break;
	case GROUP_REMOVE:
		did(l, en, " removed ", ".");
		break;
	case GROUP_LEAVE:
		alone(l, en, " left.");
		break;
	case GROUP_PROMOTE:
		did(l, en, " made ", " admin.");
		break;
	case GROUP_DEMOTE:
		did(l, en, " took the admin's rights from ", ".");
		break;
	case GROUP_PERMIT:
		if (before != NULL)
			say_permissions(l, before, after);
		break;
	case GROUP_LINK:
		say_link(l, en);
		break;
	case GROUP_JOIN:
		alone(l, en, " joined by the invite link.");
		break;
	case GROUP_REQUEST:
		if (admin || own_account(l->e, en->actor))
			alone(l, en, " asked to be let in.");
		break;
	case GROUP_APPROVE:
		did(l, en, " let ", " in.");
		break;
	case GROUP_DECLINE:
		if (admin)
			did(l, en, " did not let ", " in.");
		break;
	case GROUP_EDIT:
		if (before != NULL)
			say_edit(l, en, before, after);
		break;
	case GROUP_REKEY: /* nothing that a person would see */
		break;
	}
}

char *
group_sentence(struct engine *e, const struct group_entry *en,
    const struct group_view *before, const struct group_view *after)
{
	struct line l = {.e = e};
	char *text = NULL;

	buf_init(&l.b, WORDS_MAX);
	say(&l, en, before, after);
	if (l.r == 0 || l.r == ERR_FULL)
		text = l.b.len > 0 ? strndup((const char *)l.b.p, l.b.len)
				   : strdup("");
	buf_clear(&l.b);
	return text;
}
