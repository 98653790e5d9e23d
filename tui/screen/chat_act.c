/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chat_act.c — what a person sets for a chat: from its details, and by
 * /commands. */
#include <stdio.h>
#include <string.h>

#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

#define HOUR_S 3600u
#define DAY_S  86400u
#define WEEK_S (7 * DAY_S)

struct chat *
chat_target(const struct app *a)
{
	int64_t id = a->open;

	if (app_is_open(a, &view_group))
		id = a->vs->group.g.chat;
	else if (app_is_open(a, &view_details))
		id = a->vs->details.chat;
	else if (a->focus_list || a->show_list)
		id = a->marked;
	return model_find(&a->m, id);
}

/* ---- muting, timers -------------------------------------------------------------- */

static const char *const mute_words[] = {
    "On", "Muted for 8 hours", "Muted for a week", "Muted until you say so"};
static const uint64_t mute_s[] = {0, 8 * HOUR_S, WEEK_S, UINT64_MAX};

static void
mute(struct app *a, int64_t chat, uint64_t seconds)
{
	uint64_t until = seconds == 0		 ? 0
			 : seconds == UINT64_MAX ? ENGINE_EVER
						 : a->wall + seconds * 1000;

	if (!app_asked(a, a->be->mute(a->e, app_tag(a), chat, until)))
		return;
	app_notice(a, ST_TEXT,
	    seconds == 0 ? "You are told of its messages again."
			 : "Muted. Messages still come.");
}

static void
mute_chosen(struct app *a, int i, int64_t chat)
{
	mute(a, chat, mute_s[i]);
}

static void
ask_mute(struct app *a, const struct chat *c)
{
	menu_begin(a, "Notifications", mute_words, (int)ARRAY_LEN(mute_words),
	    c->muted_until_ms == ENGINE_EVER ? 3 : 0, mute_chosen, c->id);
}

static const uint32_t timer_s[] = {
    0, 30, 300, HOUR_S, 8 * HOUR_S, DAY_S, WEEK_S, 4 * WEEK_S};
#define TIMERS ((int)ARRAY_LEN(timer_s))

static void
set_timer(struct app *a, const struct chat *c, uint32_t seconds)
{
	if (c != NULL && c->group)
		room_set_timer(a, c->id, seconds);
	else if (c != NULL)
		app_asked(
		    a, a->be->set_timer(a->e, app_tag(a), c->id, seconds));
}

static void
timer_chosen(struct app *a, int i, int64_t chat)
{
	set_timer(a, model_find(&a->m, chat), timer_s[i]);
}

static void
act_timer(struct app *a, struct chat *c)
{
	char spans[TIMERS][WHEN_CAP];
	const char *words[TIMERS];
	int i, at = 0;

	for (i = 0; i < TIMERS; i++) {
		words[i] =
		    i == 0 ? "They stay" : when_span(spans[i], timer_s[i]);
		if (timer_s[i] == c->expire_s)
			at = i;
	}
	menu_begin(a, "New messages disappear after", words, TIMERS, at,
	    timer_chosen, c->id);
}

/* ---- what is asked first ------------------------------------------------------------ */

static void
block_yes(struct app *a, int64_t chat)
{
	app_asked(a, a->be->block(a->e, app_tag(a), chat, true));
}

static void
clear_yes(struct app *a, int64_t chat)
{
	app_asked(a, a->be->clear_chat(a->e, app_tag(a), chat));
}

static void
delete_yes(struct app *a, int64_t chat)
{
	app_close(a, &view_details);
	app_asked(a, a->be->delete_chat(a->e, app_tag(a), chat));
}

static void
renamed(struct app *a, const char *name, int64_t chat)
{
	const struct chat *c = model_find(&a->m, chat);

	if (c != NULL && c->group)
		room_rename(a, name, chat);
	else
		app_asked(
		    a, a->be->rename_contact(a->e, app_tag(a), chat, name));
}

/* ---- the actions -------------------------------------------------------------------- */

static void
act_mute(struct app *a, struct chat *c)
{
	if (model_is_muted(c, a->wall))
		mute(a, c->id, 0);
	else
		ask_mute(a, c);
}

static void
act_pin(struct app *a, struct chat *c)
{
	app_asked(a, a->be->pin(a->e, app_tag(a), c->id, c->pinned_ms == 0));
}

static void
act_archive(struct app *a, struct chat *c)
{
	if (app_asked(a, a->be->archive(a->e, app_tag(a), c->id, !c->archived)))
		app_notice(a, ST_TEXT,
		    c->archived ? "Back in the list."
				: "Archived: at the end of the list.");
}

static void
act_unread(struct app *a, struct chat *c)
{
	bool on = c->unread == 0 && !c->marked_unread;

	if (!on && c->unread > 0)
		app_notice(a, ST_TEXT, "It has unread messages.");
	else
		app_asked(a, a->be->mark_unread(a->e, app_tag(a), c->id, on));
}

static void
act_verify(struct app *a, struct chat *c)
{
	if (c->to_self || c->group)
		app_notice(a, ST_TEXT, "That is for chats with a person.");
	else
		safety_begin(a, c->id);
}

static void
act_rename(struct app *a, struct chat *c)
{
	if (c->group) {
		prompt_begin(a, "Name of the group", "Name",
		    "All members see it.", c->title, room_rename, c->id);
		return;
	}
	prompt_begin(a, "Name", "Name", "Only you see it; empty: their own.",
	    c->title, renamed, c->id);
}

static void
act_block(struct app *a, struct chat *c)
{
	if (c->to_self || c->group)
		app_notice(a, ST_TEXT, "Only a person can be blocked.");
	else if (c->blocked)
		app_asked(a, a->be->block(a->e, app_tag(a), c->id, false));
	else
		ask_begin(a, "Block?", block_yes, c->id,
		    "Nothing that %.100s sends will come, and you cannot send "
		    "to them. They are not told.",
		    c->title);
}

static void
act_clear(struct app *a, struct chat *c)
{
	ask_begin(a, "Delete all messages?", clear_yes, c->id,
	    "All messages with %.100s are deleted from your devices. This "
	    "cannot be undone. The others keep theirs.",
	    c->title);
}

static void
act_delete(struct app *a, struct chat *c)
{
	ask_begin(a, "Delete this chat?", delete_yes, c->id,
	    "The chat with %.100s and all its messages are deleted from your "
	    "devices. This cannot be undone. The others keep theirs.",
	    c->title);
}

static void
act_details(struct app *a, struct chat *c)
{
	if (c->group)
		group_view_begin(a, c->id);
	else
		details_begin(a, c->id);
}

static void
act_starred(struct app *a, struct chat *c)
{
	starred_begin(a, c->id);
}

static const struct {
	enum action act;
	void (*go)(struct app *a, struct chat *c);
} acts[] = {
    {ACT_CHAT_MUTE, act_mute},
    {ACT_CHAT_PIN, act_pin},
    {ACT_CHAT_ARCHIVE, act_archive},
    {ACT_CHAT_TIMER, act_timer},
    {ACT_CHAT_UNREAD, act_unread},
    {ACT_CHAT_VERIFY, act_verify},
    {ACT_CHAT_RENAME, act_rename},
    {ACT_CHAT_BLOCK, act_block},
    {ACT_CHAT_CLEAR, act_clear},
    {ACT_CHAT_DELETE, act_delete},
    {ACT_CHAT_STARRED, act_starred},
    {ACT_DETAILS, act_details},
};

static bool
is_chat_act(enum action act)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(acts); i++) {
		if (acts[i].act == act)
			return true;
	}
	return false;
}

bool
chat_act(struct app *a, enum action act)
{
	struct chat *c = chat_target(a);
	size_t i;

	if (act == ACT_NOTES) {
		/* EV_CONTACT opens it */
		a->notes_tag = app_tag(a);
		app_asked(a, a->be->to_self(a->e, a->notes_tag));
		return true;
	}
	if (!is_chat_act(act))
		return false;
	if (c == NULL) {
		app_notice(a, ST_WARN, "Open a chat first.");
		return true;
	}
	for (i = 0; i < ARRAY_LEN(acts); i++) {
		if (acts[i].act == act)
			acts[i].go(a, c);
	}
	return true;
}

/* ---- with words behind a /command ------------------------------------------------------ */

static void
timer_by_words(struct app *a, struct chat *c, const char *words)
{
	uint64_t s;

	if (!when_parse_span(words, &s) || s > ENGINE_EXPIRE_MAX_S)
		app_notice(a, ST_WARN, "30s, 5m, 8h, 1d, 4w at most, or off.");
	else
		set_timer(a, c, (uint32_t)s);
}

static void
mute_by_words(struct app *a, struct chat *c, const char *words)
{
	uint64_t s;

	if (!when_parse_span(words, &s))
		app_notice(a, ST_WARN, "8h, 1d, 1w, or off.");
	else
		mute(a, c->id, s);
}

static void
rename_by_words(struct app *a, struct chat *c, const char *words)
{
	renamed(a, words, c->id);
}

static void
once_by_words(struct app *a, struct chat *c, const char *words)
{
	(void)c;
	app_send_once(a, words);
}

static const struct {
	enum action act;
	void (*go)(struct app *a, struct chat *c, const char *words);
} worded[] = {
    {ACT_CHAT_TIMER, timer_by_words},
    {ACT_CHAT_MUTE, mute_by_words},
    {ACT_CHAT_RENAME, rename_by_words},
    {ACT_SEND_ONCE, once_by_words},
};

bool
chat_command(struct app *a, enum action act, const char *words)
{
	struct chat *c = app_chat(a);
	size_t i;

	if (words[0] == '\0' || c == NULL)
		return false;
	for (i = 0; i < ARRAY_LEN(worded); i++) {
		if (worded[i].act == act) {
			worded[i].go(a, c, words);
			return true;
		}
	}
	return false;
}
