/* SPDX-License-Identifier: GPL-3.0-or-later */
/* action.c — edits, deletion for everyone, reactions: theirs and ours. */
#include "tui/engine/action.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/engine/draft.h"
#include "tui/engine/group.h"
#include "tui/engine/mention.h"
#include "tui/engine/sync.h"
#include "tui/store/store_action.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_once.h"

/* ---- theirs ----------------------------------------------------------------------- */

/* An action without what the wire says about it. */
static int
read_action(struct store_early *a, const struct action_by *by,
    const Sotto__Content__Content *c)
{
	const ProtobufCBinaryData *id = NULL, *author = NULL;

	*a = (struct store_early){.when_ms = by->sent_ms};
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_EDIT:
		a->kind = STORE_EARLY_EDIT;
		id = &c->edit->message_id;
		a->text = clean_text(c->edit->text, STORE_TEXT_MAX, TEXT_MULTI);
		break;
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
		a->kind = STORE_EARLY_RETRACT;
		id = &c->retract->message_id;
		a->text = strdup("");
		break;
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
		a->kind = STORE_EARLY_REACTION;
		id = &c->reaction->message_id;
		author = &c->reaction->author_account;
		a->text =
		    clean_text(c->reaction->emoji, STORE_EMOJI_MAX, TEXT_LINE);
		break;
	default:
		return ERR_FORMAT;
	}
	if (a->text == NULL)
		return ERR_NOMEM;
	if (id->len != STORE_ID_LEN ||
	    (author != NULL && author->len != STORE_ID_LEN))
		return ERR_FORMAT;
	memcpy(a->message_id, id->data, STORE_ID_LEN);
	memcpy(a->author, author != NULL ? author->data : by->account,
	    STORE_ID_LEN);
	memcpy(a->actor, by->account, STORE_ID_LEN);
	return 0;
}

static bool
from_own_device(const struct store_early *a)
{
	return a->kind >= STORE_EARLY_VIEWED;
}

/* A text, or the caption of a file. */
static bool
can_edit(enum store_msg_kind kind)
{
	return kind == STORE_MSG_TEXT || kind == STORE_MSG_MEDIA;
}

/* Do it to a message that is there. *changed: the row looks different now. */
static int
apply(struct engine *e, const struct store_early *a,
    const struct store_message *m, bool *changed)
{
	int r = ERR_STATE;

	*changed = false;
	switch (a->kind) {
	case STORE_EARLY_EDIT:
		if (can_edit(m->kind) &&
		    a->when_ms <= m->sent_ms + ACTION_EDIT_MS)
			r = store_message_edit(
			    e->store, m->id, a->text, a->when_ms, changed);
		if (r == 0 && *changed) /* those of the former text */
			r = store_mention_set(e->store, m->id, NULL, 0, false);
		break;
	case STORE_EARLY_RETRACT:
		r = store_message_retract(e->store, m->id);
		*changed = r == 0 && m->kind != STORE_MSG_DELETED;
		break;
	case STORE_EARLY_REACTION:
		r = store_reaction_put(
		    e->store, m->id, a->actor, a->text, a->when_ms, changed);
		break;
	case STORE_EARLY_VIEWED:
		r = store_once_opened(e->store, m->id, changed);
		break;
	case STORE_EARLY_FORGET:
		r = store_message_delete(e->store, m->id);
		break;
	case STORE_EARLY_STAR:
		r = store_clock_take(e->store, m->message_id, STORE_CLOCK_STAR,
		    a->when_ms, changed);
		if (r == 0 && *changed)
			r = store_message_star(
			    e->store, m->id, a->text[0] != '\0');
		break;
	}
	return r == ERR_STATE || r == ERR_RANGE ? 0 : r;
}

/* In this chat only: whoever shares one with us cannot reach into another. But
 * our own devices may. */
static int
apply_in(
    struct engine *e, const struct store_early *a, int64_t id, int64_t chat)
{
	struct store_message m;
	bool changed = false;
	int r = store_message_get(e->store, id, &m);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r; /* the one before took it */
	if ((m.chat == chat || from_own_device(a)) && m.dir != STORE_NOTE)
		r = apply(e, a, &m, &changed);
	if (r == 0 && a->kind == STORE_EARLY_FORGET)
		r = message_gone(e, m.chat, id);
	store_message_clear(&m);
	return r == 0 && changed ? message_changed(e, id) : r;
}

int
action_do(struct engine *e, const struct store_early *a, int64_t chat)
{
	int64_t id;
	int r = store_message_find(e->store, a->author, a->message_id, &id);

	if (r == ERR_NOTFOUND)
		return store_early_put(e->store, a, engine_now_ms());
	return r == 0 ? apply_in(e, a, id, chat) : r;
}

/* Whom the new text names, once it is the text. */
static int
take_mentions(struct engine *e, const struct store_early *a, int64_t chat,
    const Sotto__Content__Edit *edit)
{
	struct store_message m;
	struct mentions names;
	bool me = false;
	int64_t id;
	int r = store_message_find(e->store, a->author, a->message_id, &id);

	if (r == 0)
		r = store_message_get(e->store, id, &m);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r; /* it waits, without them */
	if (m.chat == chat && m.kind == STORE_MSG_TEXT &&
	    m.edited_ms == a->when_ms && m.text != NULL &&
	    strcmp(m.text, a->text) == 0) {
		r = mentions_of_wire(e, chat, edit->text, a->text,
		    edit->mentions, edit->n_mentions, &names, &me);
		if (r == 0)
			r = store_mention_set(e->store, id, names.v, names.n,
			    me && m.dir == STORE_IN);
		if (r == 0 && names.n > 0)
			r = message_changed(e, id);
	}
	store_message_clear(&m);
	return r;
}

int
action_take(struct engine *e, const struct action_by *by,
    const Sotto__Content__Content *c)
{
	struct store_early a;
	int r = read_action(&a, by, c);

	if (r == 0)
		r = action_do(e, &a, by->chat);
	if (r == 0 && a.kind == STORE_EARLY_EDIT)
		r = take_mentions(e, &a, by->chat, c->edit);
	free(a.text);
	return r == ERR_FORMAT ? 0 : r;
}

/* Those who may act in a chat of two are the two, in a group its members. */
static bool
may_act(struct engine *e, const struct store_chat *chat,
    const struct store_early *a)
{
	struct group_view v;
	bool in;

	if (memcmp(a->actor, e->self.account, STORE_ID_LEN) == 0)
		return true;
	if (chat->kind == STORE_CHAT_PERSON)
		return memcmp(a->actor, chat->peer, STORE_ID_LEN) == 0;
	if (group_view_get(e, chat->peer, &v) != 0)
		return false;
	in = group_public_find(&v.pub, a->actor, NULL);
	group_view_clear(&v);
	return in;
}

int
action_arrived(struct engine *e, int64_t id)
{
	struct store_early *v = NULL;
	struct store_message m;
	struct store_chat chat;
	size_t n = 0, i;
	int r = store_message_get(e->store, id, &m);

	if (r != 0)
		return r;
	r = store_early_take(e->store, m.account, m.message_id, &v, &n);
	if (r == 0 && n > 0) {
		r = store_chat_get(e->store, m.chat, &chat);
		for (i = 0; r == 0 && i < n; i++)
			if (may_act(e, &chat, &v[i]))
				r = apply_in(e, &v[i], id, m.chat);
		if (r == 0)
			store_chat_clear(&chat);
	}
	store_earlies_free(v, n);
	store_message_clear(&m);
	return r;
}

/* ---- ours --------------------------------------------------------------------------- */

/* A message and its chat, for a command. */
struct target {
	struct store_message m;
	struct store_chat chat;
};

static int
target_get(struct engine *e, int64_t id, struct target *t)
{
	int r = store_message_get(e->store, id, &t->m);

	if (r != 0)
		return r;
	r = store_chat_get(e->store, t->m.chat, &t->chat);
	if (r != 0)
		store_message_clear(&t->m);
	return r;
}

static void
target_clear(struct target *t)
{
	store_message_clear(&t->m);
	store_chat_clear(&t->chat);
}

static int
tell(struct engine *e, const struct target *t, struct draft *d)
{
	return draft_send_in(e, d, &t->chat, 0);
}

typedef int act_fn(struct engine *e, struct cmd *c, struct target *t);
static act_fn star;

/* The frame of each command below: find, act in one transaction, answer. */
static void
run(struct engine *e, struct cmd *c, act_fn *act)
{
	struct target t;
	int r = target_get(e, c->id, &t);

	if (r != 0) {
		reply_error(e, c->tag, r, "That message is gone.");
		return;
	}
	if (t.m.dir == STORE_NOTE || t.m.kind == STORE_MSG_DELETED) {
		reply_error(e, c->tag, ERR_STATE,
		    "There is nothing left of that message to do it to.");
	} else if (act == star || may_write(e, c->tag, &t.chat)) {
		r = act(e, c, &t);
		if (r == 0)
			reply_done(e, c->tag);
		else if (r != ERR_STATE) /* that one has been explained */
			reply_error(e, c->tag, r, NULL);
		outbox_kick(e);
	}
	target_clear(&t);
}

static int
explain(struct engine *e, struct cmd *c, const char *sentence)
{
	reply_error(e, c->tag, ERR_DENIED, "%s", sentence);
	return ERR_STATE;
}

/* What the text is from now on, and whom it names. */
static int
edit_with(struct engine *e, const struct target *t, char *text,
    const struct mentions *names)
{
	Sotto__Content__Edit edit = SOTTO__CONTENT__EDIT__INIT;
	struct mentions_wire w;
	struct draft d = {0};
	bool changed = false;
	int r;

	draft_init(&d);
	edit.message_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)t->m.message_id};
	edit.text = text;
	mentions_write(&w, names->v, names->n);
	edit.mentions = w.list;
	edit.n_mentions = names->n;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_EDIT;
	d.c.edit = &edit;
	r = store_message_edit(e->store, t->m.id, text, d.c.sent_ms, &changed);
	if (r == 0 && changed)
		r = store_mention_set(
		    e->store, t->m.id, names->v, names->n, false);
	if (r == 0 && changed)
		r = tell(e, t, &d);
	return r == 0 && changed ? message_changed(e, t->m.id) : r;
}

static int
edit_now(struct engine *e, struct cmd *c, const struct target *t)
{
	struct mentions names = {.n = 0};
	int r = t->m.kind != STORE_MSG_TEXT
		    ? 0
		    : mentions_of_text(e, &t->chat, c->s[0], &names);

	if (r == 0)
		r = edit_with(
		    e, t, names.text != NULL ? names.text : c->s[0], &names);
	mentions_clear(&names);
	return r;
}

static int
edit(struct engine *e, struct cmd *c, struct target *t)
{
	int r;

	if (t->m.dir != STORE_OUT || !can_edit(t->m.kind))
		return explain(e, c, "Only your own texts can be edited.");
	if (engine_now_ms() > t->m.sent_ms + ACTION_EDIT_MS)
		return explain(e, c,
		    "A message can be edited for 15 minutes. Write a new one.");
	r = txn_begin(e);
	return r == 0 ? txn_end(e, edit_now(e, c, t)) : r;
}

static int
retract_now(struct engine *e, const struct target *t)
{
	Sotto__Content__Retract retract = SOTTO__CONTENT__RETRACT__INIT;
	struct draft d = {0};
	int r;

	draft_init(&d);
	retract.message_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)t->m.message_id};
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_RETRACT;
	d.c.retract = &retract;
	r = store_message_retract(e->store, t->m.id);
	if (r == 0)
		r = tell(e, t, &d);
	return r == 0 ? message_changed(e, t->m.id) : r;
}

static int
retract(struct engine *e, struct cmd *c, struct target *t)
{
	int r;

	if (t->m.dir != STORE_OUT)
		return explain(e, c,
		    "Only your own messages can be deleted for everyone.");
	r = txn_begin(e);
	return r == 0 ? txn_end(e, retract_now(e, t)) : r;
}

static int
react_now(struct engine *e, struct cmd *c, const struct target *t)
{
	Sotto__Content__Reaction reaction = SOTTO__CONTENT__REACTION__INIT;
	struct draft d = {0};
	bool changed = false;
	int r;

	draft_init(&d);
	reaction.author_account = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)t->m.account};
	reaction.message_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)t->m.message_id};
	reaction.emoji = c->s[0];
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_REACTION;
	d.c.reaction = &reaction;
	r = store_reaction_put(
	    e->store, t->m.id, e->self.account, c->s[0], d.c.sent_ms, &changed);
	if (r == 0 && changed)
		r = tell(e, t, &d);
	return r == 0 && changed ? message_changed(e, t->m.id) : r;
}

/* One grapheme cluster that shows something, or nothing: taken back. */
static bool
is_reaction(const char *text)
{
	size_t len = strlen(text);

	return len == 0 || (len <= STORE_EMOJI_MAX && text_is_utf8(text, len) &&
			       text_grapheme(text, len, 0, NULL) == len &&
			       text_width(text, len) > 0);
}

static int
react(struct engine *e, struct cmd *c, struct target *t)
{
	int r;

	if (!is_reaction(c->s[0]))
		return explain(
		    e, c, "A reaction is one emoji, or one character.");
	r = txn_begin(e);
	return r == 0 ? txn_end(e, react_now(e, c, t)) : r;
}

static int
star_now(struct engine *e, const struct cmd *c, const struct target *t)
{
	int r = store_message_star(e->store, t->m.id, c->n != 0);

	if (r == 0)
		r = store_clock_tick(e->store, t->m.message_id,
		    STORE_CLOCK_STAR, engine_now_ms(), e->self.device);
	if (r == 0)
		r = sync_star(e, &t->m, c->n != 0);
	return r == 0 ? message_changed(e, t->m.id) : r;
}

static int
star(struct engine *e, struct cmd *c, struct target *t)
{
	int r;

	if (t->m.kind == STORE_MSG_ONCE)
		return explain(e, c, "What can be looked at once is not kept.");
	r = txn_begin(e);
	return r == 0 ? txn_end(e, star_now(e, c, t)) : r;
}

void
cmd_edit(struct engine *e, struct cmd *c)
{
	run(e, c, edit);
}

void
cmd_retract(struct engine *e, struct cmd *c)
{
	run(e, c, retract);
}

void
cmd_react(struct engine *e, struct cmd *c)
{
	run(e, c, react);
}

void
cmd_star(struct engine *e, struct cmd *c)
{
	run(e, c, star);
}

/* For this account only, and for ever. */
static int
forget_now(struct engine *e, const struct store_message *m)
{
	int r = store_message_delete(e->store, m->id);

	if (r == 0 && m->dir != STORE_NOTE)
		r = sync_forget(e, m);
	return r == 0 ? message_gone(e, m->chat, m->id) : r;
}

void
cmd_forget(struct engine *e, struct cmd *c)
{
	struct store_message m;
	int r = store_message_get(e->store, c->id, &m);

	if (r != 0) {
		reply_error(e, c->tag, r, "That message is gone.");
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, forget_now(e, &m));
	store_message_clear(&m);
	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		reply_done(e, c->tag);
	outbox_kick(e);
}
