/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/chat.h"

#include <string.h>

#include "common/text.h"
#include "tui/engine/status.h"
#include "tui/engine/sync.h"
#include "tui/store/store_clear.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_due.h"
#include "tui/store/store_message.h"

typedef int act_fn(
    struct engine *e, const struct cmd *c, const struct store_chat *chat);

/* The frame of each command below: find, act in one transaction, answer. */
static bool
run(struct engine *e, struct cmd *c, act_fn *act)
{
	struct store_chat chat;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r == 0) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, act(e, c, &chat));
		store_chat_clear(&chat);
	}
	if (r != 0)
		reply_error(e, c->tag, r, "%s",
		    r == ERR_NOTFOUND ? "That chat is gone." : err_str(r));
	else
		reply_done(e, c->tag);
	outbox_kick(e);
	return r == 0;
}

/* ---- settings ----------------------------------------------------------------------- */

static int
put(struct engine *e, const struct store_chat *chat,
    enum store_chat_setting what, enum store_clock_what clock, uint64_t value)
{
	int r = store_chat_set(e->store, chat->id, what, value);

	return r == 0 ? store_clock_tick(e->store, chat->peer, clock,
			    engine_now_ms(), e->self.device)
		      : r;
}

static int
told(struct engine *e, const struct store_chat *chat, int r)
{
	if (r == 0)
		r = sync_chat(e, chat->id);
	return r == 0 ? chat_changed(e, chat->id) : r;
}

static int
mute(struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	uint64_t until = c->ms < STORE_MUTED_EVER ? c->ms : STORE_MUTED_EVER;

	return told(e, chat,
	    put(e, chat, STORE_CHAT_MUTED_UNTIL_MS, STORE_CLOCK_MUTED, until));
}

static int
pin(struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	return told(e, chat,
	    put(e, chat, STORE_CHAT_PINNED_MS, STORE_CLOCK_PINNED,
		c->n != 0 ? engine_now_ms() : 0));
}

static int
archive(struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	int r =
	    put(e, chat, STORE_CHAT_ARCHIVED, STORE_CLOCK_ARCHIVED, c->n != 0);

	if (r == 0 && c->n != 0 && chat->pinned_ms != 0)
		r = put(e, chat, STORE_CHAT_PINNED_MS, STORE_CLOCK_PINNED, 0);
	return told(e, chat, r);
}

static int
mark_unread(
    struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	return told(e, chat,
	    put(e, chat, STORE_CHAT_UNREAD_MARK, STORE_CLOCK_UNREAD,
		c->n != 0));
}

void
cmd_mute(struct engine *e, struct cmd *c)
{
	run(e, c, mute);
}

void
cmd_pin(struct engine *e, struct cmd *c)
{
	run(e, c, pin);
}

void
cmd_archive(struct engine *e, struct cmd *c)
{
	run(e, c, archive);
}

void
cmd_mark_unread(struct engine *e, struct cmd *c)
{
	run(e, c, mark_unread);
}

/* ---- the person --------------------------------------------------------------------- */

static int
save_contact(struct engine *e, struct store_contact *k,
    const struct store_chat *chat, enum store_clock_what clock)
{
	int r = store_contact_put(e->store, k);

	if (r == 0)
		r = store_clock_tick(e->store, k->account, clock,
		    engine_now_ms(), e->self.device);
	if (r == 0)
		r = sync_contact(e, k);
	return r == 0 ? chat_changed(e, chat->id) : r;
}

/* Receipts that are owed would tell that we are here. */
int
chat_block(struct engine *e, const struct store_chat *chat, bool on)
{
	struct store_contact k;
	int r = store_contact_get(e->store, chat->peer, &k);

	if (r != 0 || k.blocked == on)
		return r;
	k.blocked = on;
	if (on)
		r = store_due_drop(e->store, k.account);
	if (r == 0 && on)
		r = status_blocked(e, k.account);
	return r == 0 ? save_contact(e, &k, chat, STORE_CLOCK_BLOCKED) : r;
}

static int
block(struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	return chat_block(e, chat, c->n != 0);
}

static int
rename_contact(
    struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	struct store_contact k;
	int r = store_contact_get(e->store, chat->peer, &k);

	if (r != 0)
		return r;
	memset(k.name, 0, sizeof(k.name));
	text_sanitize(
	    k.name, sizeof(k.name), c->s[0], strlen(c->s[0]), TEXT_LINE);
	return save_contact(e, &k, chat, STORE_CLOCK_NAME);
}

/* Somebody else, and one person? */
static bool
is_person(struct engine *e, const struct cmd *c)
{
	struct store_chat chat;
	bool yes;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r != 0) {
		reply_error(e, c->tag, r, "That chat is gone.");
		return false;
	}
	yes = chat.kind == STORE_CHAT_PERSON && !own_account(e, chat.peer);
	store_chat_clear(&chat);
	if (!yes)
		reply_error(e, c->tag, ERR_STATE,
		    "That is done to a person, not to this chat.");
	return yes;
}

void
cmd_block(struct engine *e, struct cmd *c)
{
	if (is_person(e, c) && run(e, c, block))
		presence_start(e);
}

void
cmd_rename_contact(struct engine *e, struct cmd *c)
{
	if (is_person(e, c))
		run(e, c, rename_contact);
}

/* ---- deletion ----------------------------------------------------------------------- */

static int
post_chat(struct engine *e, enum engine_event_kind kind, int64_t chat)
{
	struct engine_event *ev = event_new(e, kind, 0);

	if (ev == NULL)
		return ERR_NOMEM;
	ev->chat = chat;
	event_post_later(e, ev);
	return 0;
}

static int
drop_chat(struct engine *e, int64_t chat)
{
	int r = store_chat_delete(e->store, chat);

	if (r == ERR_STATE) /* something else has come */
		return chat_changed(e, chat);
	return r == 0 ? post_chat(e, EV_CHAT_GONE, chat) : r;
}

int
chat_clear(
    struct engine *e, int64_t chat, int64_t last, uint64_t up_to_ms, bool gone)
{
	int r = store_chat_clear_messages(e->store, chat, last, up_to_ms);

	if (r == 0)
		r = post_chat(e, EV_CHAT_CLEARED, chat);
	if (r == 0)
		r = gone ? drop_chat(e, chat) : chat_changed(e, chat);
	return r;
}

/* What is unread is read by that, on the other devices too; nobody is told. */
static int
read_all(struct engine *e, int64_t chat, int64_t last)
{
	struct store_messages newly;
	int r = store_message_mark_read(e->store, chat, last, &newly);

	if (r != 0)
		return r;
	r = sync_read(e, chat, &newly);
	store_messages_clear(&newly);
	return r;
}

static int
clear(struct engine *e, const struct store_chat *chat, bool gone)
{
	uint64_t now_ms = engine_now_ms(), up_to_ms = 0;
	int64_t last = 0;
	int r = store_chat_latest(e->store, chat->id, &last, &up_to_ms);

	if (up_to_ms < now_ms)
		up_to_ms = now_ms;
	if (r == 0 && last != 0)
		r = read_all(e, chat->id, last);
	if (r == 0)
		r = sync_clear(e, chat, last, up_to_ms, gone);
	return r == 0 ? chat_clear(e, chat->id, last, up_to_ms, gone) : r;
}

static int
clear_chat(struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	(void)c;
	return clear(e, chat, false);
}

static int
delete_chat(
    struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	(void)c;
	return clear(e, chat, true);
}

void
cmd_clear_chat(struct engine *e, struct cmd *c)
{
	run(e, c, clear_chat);
}

void
cmd_delete_chat(struct engine *e, struct cmd *c)
{
	run(e, c, delete_chat);
}

/* ---- oneself ------------------------------------------------------------------------ */

static int
open_notes(struct engine *e, int64_t *chat)
{
	struct store_contact us;
	int r = contact_ensure(e, e->self.account, NULL, NULL, &us);

	if (r == 0)
		r = store_chat_open(e->store, STORE_CHAT_PERSON,
		    e->self.account, engine_now_ms(), chat);
	return r == 0 ? chat_changed(e, *chat) : r;
}

void
chat_to_self(struct engine *e, uint64_t tag)
{
	struct engine_event *ev;
	int64_t chat = 0;
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, open_notes(e, &chat));
	if (r != 0) {
		reply_error(e, tag, r, NULL);
		return;
	}
	ev = event_new(e, EV_CONTACT, tag);
	if (ev == NULL)
		return;
	ev->chat = chat;
	event_post(e, ev);
}

void
cmd_to_self(struct engine *e, struct cmd *c)
{
	chat_to_self(e, c->tag);
}
